/*
 * What an estimator costs over n and d, in turn with plain NumPy and SciPy.
 *
 *     build/release/tests/bench/bench_estimators [--csv FILE] [--only ESTIMATOR] [--quick]
 *
 * from the project's root. Seconds to measure one layer (I(X;T), I(T;Y) and what belongs to
 * them) of n samples; the input and the layer have d columns each, 10 classes. What depends
 * on X alone is computed before the clock starts, as in a run, on both sides. Every figure is
 * the median of repeats that take turns; one thread is timed by its processor time, two by
 * the wall clock. The last columns compare I(X;T) and I(T;Y) of both sides.
 */
#include "base/alloc.h"
#include "base/rng.h"
#include "bench.h"
#include "ipl/estimator.h"
#include "math/linalg.h"

#include <stdlib.h>
#include <string.h>

enum { REPEATS = 3, CLASSES = 10, ESTIMATORS = 8 };

#define PEER_SECONDS 1.0      /* a peer slower than this is asked once, */
#define PEER_SECONDS_MAX 15.0 /* and on one thread not at all */

/* name: the peer's word for the text, and what --only chooses */
static const struct bench {
    const char *name, *text;
    size_t most; /* n times d it is tried with */
} benches[ESTIMATORS] = {
    {"logdet", "logdet", SIZE_MAX},
    {"gauss", "gauss:shrink=0.1", SIZE_MAX},
    {"renyi", "renyi:n=0", SIZE_MAX},
    {"renyi2", "renyi:alpha=2,n=0", SIZE_MAX},
    {"kde", "kde:n=0", SIZE_MAX},
    {"ksg", "ksg:n=0", 600000}, /* a tree of 1000 dimensions takes minutes */
    {"binning", "binning", SIZE_MAX},
    {"quantile", "binning:rule=quantile", SIZE_MAX},
};
static const struct shape {
    size_t n, d;
} shapes[] = {{1000, 20}, {1000, 200}, {3000, 20}, {3000, 200}, {3000, 1000}};

/* One shape and its data. */
typedef struct scene {
    size_t n, d;
    float *x, *t;
    int32_t *y;
} scene;

static scene scene_of(size_t n, size_t d)
{
    ipl_rng rng = ipl_rng_at(1, IPL_RNG_DATA, 0, 0);
    scene s = {.n = n, .d = d, .x = bench_array(n * d, sizeof *s.x)};

    s.t = bench_array(n * d, sizeof *s.t);
    s.y = bench_array(n, sizeof *s.y);
    for (size_t i = 0; i < n; i++) {
        s.y[i] = (int32_t)(i % CLASSES);
        for (size_t j = 0; j < d; j++) {
            const double shift = (size_t)s.y[i] == j ? 2.0 : 0.0;

            s.x[i * d + j] = (float)(ipl_rng_normal(&rng) + shift);
            s.t[i * d + j] = tanhf(s.x[i * d + j] + (float)ipl_rng_normal(&rng));
        }
    }
    return s;
}

static void scene_release(scene *s)
{
    ipl_free(s->y);
    ipl_free(s->t);
    ipl_free(s->x);
}

typedef struct result {
    double ours[BENCH_THREADS], peer[BENCH_THREADS]; /* seconds */
    double apart[2]; /* of I(X;T) and I(T;Y), relative; NaN: no peer */
} result;

static ipl_plane *plane_of(const char *text, const scene *s, ipl_pool *pool)
{
    const ipl_plane_opts opts = {.estimators = &text,
                                 .n_estimators = 1,
                                 .n_layers = 1,
                                 .widths = &s->d,
                                 .pool = pool};
    ipl_plane *plane;
    ipl_error err;

    if (ipl_plane_create(&plane, &opts, ipl_cmat_f32(s->x, s->n, s->d), s->y, &err) !=
        IPL_OK)
        bench_die(err.msg);
    return plane;
}

static double measure_once(ipl_measures *m, ipl_plane *plane, const scene *s, size_t t)
{
    const ipl_cmat layer = ipl_cmat_f32(s->t, s->n, s->d);
    const double start = bench_clock(t);
    ipl_error err;

    if (ipl_plane_measure(m, plane, &layer, 1, &err) != IPL_OK)
        bench_die(err.msg);
    return bench_clock(t) - start;
}

static double ask(bench_peer *peer, const char *what, const struct bench *b, size_t t)
{
    char question[64];

    (void)snprintf(question, sizeof question, "%s %s %zu", what, b->name, t + 1);
    return bench_peer_ask(peer, question);
}

/* Ask the peer in repeat r, as often as its slowness allows. */
static void ask_turn(bench_sample *theirs, bench_peer *peer, const struct bench *b,
                     size_t r)
{
    if (r == 0 || bench_median(&theirs[1]) < PEER_SECONDS)
        bench_add(&theirs[1], ask(peer, "measure", b, 1));
    if (bench_median(&theirs[1]) < (r == 0 ? PEER_SECONDS_MAX : PEER_SECONDS))
        bench_add(&theirs[0], ask(peer, "measure", b, 0));
}

static double apart(double ours, double theirs)
{
    return fabs(ours - theirs) / fmax(1.0, fabs(theirs));
}

static void take_turns(result *out, const struct bench *b, const scene *s,
                       const bench_pools *pools, bench_peer *peer, size_t threads)
{
    bench_sample ours[BENCH_THREADS] = {0}, theirs[BENCH_THREADS] = {0};
    ipl_plane *plane[BENCH_THREADS] = {NULL};
    ipl_measures m = {0};

    for (size_t t = 0; t < threads; t++) {
        plane[t] = plane_of(b->text, s, pools->of[t]);
        (void)measure_once(&m, plane[t], s, t); /* not counted: buffers */
    }
    for (size_t r = 0; r < REPEATS; r++) {
        for (size_t t = 0; t < threads; t++)
            bench_add(&ours[t], measure_once(&m, plane[t], s, t));
        ask_turn(theirs, peer, b, r);
    }
    for (size_t t = 0; t < BENCH_THREADS; t++) {
        out->ours[t] = bench_median(&ours[t]);
        out->peer[t] = bench_median(&theirs[t]);
        ipl_plane_destroy(plane[t]);
    }
    out->apart[0] = apart(m.I_XT, ask(peer, "I_XT", b, 0));
    out->apart[1] = apart(m.I_TY, ask(peer, "I_TY", b, 0));
}

static void print_row(const bench_options *opts, const struct bench *b, const scene *s,
                      const result *m)
{
    const double all[] = {m->ours[0],
                          m->ours[1],
                          m->peer[0],
                          m->peer[1],
                          m->peer[0] / m->ours[0],
                          fmin(m->peer[0], m->peer[1]) / fmin(m->ours[0], m->ours[1]),
                          m->apart[0],
                          m->apart[1]};
    char name[64];

    printf("%-24s %5zu %5zu", b->text, s->n, s->d);
    for (size_t i = 0; i < 4; i++)
        bench_print(10, 4, all[i]);
    for (size_t i = 4; i < 6; i++)
        bench_print(8, 1, all[i]);
    for (size_t i = 6; i < 8; i++)
        if (isnan(all[i]))
            printf("%9s", "-");
        else
            printf("%9.0e", all[i]);
    printf("\n");
    (void)fflush(stdout);
    (void)snprintf(name, sizeof name, "%s-n%zu-d%zu", b->name, s->n, s->d);
    for (size_t t = 0; t < BENCH_THREADS; t++) {
        bench_record(opts, name, "seconds", t + 1, m->ours[t]);
        bench_record(opts, name, "numpy_seconds", t + 1, m->peer[t]);
    }
    bench_record(opts, name, "ratio", 1, all[4]);
    bench_record(opts, name, "ratio", 0, all[5]);
}

static void print_head(const bench_peer *peer)
{
    printf("estimators, seconds; NumPy: %s\n", peer->note);
    printf("%-24s %5s %5s%10s%10s%10s%10s%8s%8s%9s%9s\n", "text", "n", "d", "ours 1",
           "ours 2", "NumPy 1", "NumPy 2", "ratio 1", "ratio", "I(X;T)", "I(T;Y)");
}

int main(int argc, char **argv)
{
    bench_options opts;
    bench_pools pools;
    bench_peer peer;

    bench_options_read(&opts, "estimators", argc, argv);
    bench_pools_init(&pools);
    bench_peer_start(&peer, "numpy_estimators.py", &opts);
    print_head(&peer);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        scene s = scene_of(shapes[i].n, shapes[i].d);
        const float *t[] = {s.t};
        const bench_samples samples = {.n = s.n,
                                       .d_X = s.d,
                                       .n_layers = 1,
                                       .x = s.x,
                                       .y = s.y,
                                       .widths = &s.d,
                                       .t = t};

        bench_peer_give(&peer, &samples);
        for (size_t k = 0; k < ESTIMATORS; k++)
            if (bench_wanted(&opts, benches[k].name) && s.n * s.d <= benches[k].most) {
                result m;

                take_turns(&m, &benches[k], &s, &pools, &peer, bench_threads(&opts));
                print_row(&opts, &benches[k], &s, &m);
            }
        scene_release(&s);
    }
    bench_peer_stop(&peer);
    bench_pools_release(&pools);
    return bench_options_close(&opts);
}
