/*
 * Cost of measuring, in turn with the plain NumPy formulation and with dgemm.
 *
 *     build/release/tests/bench/bench_measure [--csv FILE] [--only WORKLOAD] [--quick]
 *
 * from the project's root. Seconds to measure every layer of a net once (H(T), I(X;T),
 * I(T;Y) in both forms, layer transmission capacity) on n samples whose activations are
 * there; for "probes" also to run the net on both probe sets, as training does after an
 * epoch. Every figure is the median of repeats that take turns; one thread is timed by its
 * processor time, two by the wall clock. The arithmetic is the least that any of the known
 * formulations needs, see pair_flop(); shares are of it to dgemm on as many threads. Memory
 * is the largest resident set of a process that makes the activations and measures once.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "bench.h"
#include "ipl/estimator.h"
#include "ipl/net.h"

#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#    include <malloc.h>
#endif
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    REPEATS = 3,
    LAYERS_MAX = 8,
    ESTIMATORS_MAX = 2,
    CLASSES_MAX = 10,
    PEER_SAMPLES = 10000, /* more would need gigabytes and minutes there */
    BATCH = 100           /* of making activations: a small net beside what is measured */
};

#define PEER_SECONDS 2.0      /* a peer slower than this is asked once, */
#define PEER_SECONDS_MAX 20.0 /* and on one thread not at all */

typedef struct workload {
    const char *name, *net, *measured;
    ipl_shape input;
    size_t n_classes, n;
    const char *estimators[ESTIMATORS_MAX + 1];
    bool probes; /* both probe sets and the forward passes, without a peer */
    bool slow;   /* not tried when it is to be quick */
} workload;

#define FNN "784-1024-20-20-20-10"
#define CAL_BLOCK(F) "conv2d:filters=" F ",size=3 layernorm tanh maxpool:size=3,stride=2 "
#define CAL(F, G, H) CAL_BLOCK(F) CAL_BLOCK(G) CAL_BLOCK(H) "adaptiveavgpool:size=6 dense"
#define BLOCKS "conv1,conv2,conv3,logits"
#define RD "logdet:scale=cov,beta=rd"
#define OWN "logdet:scale=cov,beta=own"
#define CORR "logdet:scale=corr,beta=rd"

static const workload workloads[] = {
    {"fnn", FNN, "", {784, 1, 1}, 10, 3000, {RD}, false, false},
    {"fnn-rd-own", FNN, "", {784, 1, 1}, 10, 3000, {RD, OWN}, false, false},
    {"fnn-cov-corr", FNN, "", {784, 1, 1}, 10, 3000, {RD, CORR}, false, false},
    {"fnn-probes", FNN, "", {784, 1, 1}, 10, 3000, {RD, OWN}, true, false},
    {"cal-8-16-32",
     CAL("8", "16", "32"),
     BLOCKS,
     {3, 32, 32},
     10,
     2000,
     {RD},
     false,
     false},
    {"cal-8-16-32", CAL("8", "16", "32"), BLOCKS, {3, 32, 32}, 10, 5000, {RD}, false, true},
    {"cal-32-64-128",
     CAL("32", "64", "128"),
     BLOCKS,
     {3, 32, 32},
     10,
     5000,
     {RD},
     false,
     true},
    {"szt", "12-10-7-5-4-3-2", "", {12, 1, 1}, 2, 4096, {RD}, false, false},
    {"streaming", "784-1024-10", "", {784, 1, 1}, 10, 60000, {RD}, false, true},
};

/* ---- what is measured ---- */

/* Input, labels, and the activations of the measured layers. */
typedef struct subject {
    const workload *w;
    size_t d_X, n_layers;
    size_t width[LAYERS_MAX];
    float *x, *t[LAYERS_MAX];
    int32_t *y;
} subject;

typedef struct part {
    const subject *s;
    size_t first;
} part;

static void fill(float *x, int32_t *y, const void *source, size_t first, size_t n)
{
    const part *p = source;

    if (x)
        memcpy(x, p->s->x + (p->first + first) * p->s->d_X, n * p->s->d_X * sizeof *x);
    if (y)
        memcpy(y, p->s->y + p->first + first, n * sizeof *y);
}

static ipl_net *build(const workload *w, size_t batch, ipl_pool *pool)
{
    const ipl_net_opts opts = {.text = w->net,
                               .activation = "tanh",
                               .loss = "cross-entropy",
                               .optimiser = "sgd:lr=0.0001,momentum=0.9",
                               .init = "default",
                               .input = w->input,
                               .n_classes = w->n_classes,
                               .batch = batch,
                               .seed = 1,
                               .pool = pool};
    ipl_net *net;
    ipl_error err;

    if (ipl_net_create(&net, &opts, &err) != IPL_OK ||
        ipl_net_measure(net, w->measured, &err) != IPL_OK)
        bench_die(err.msg);
    return net;
}

/* Run the net on all samples, batch by batch. */
static void probe(const subject *s, ipl_net *net, size_t batch)
{
    const size_t n_layers = ipl_net_n_layers(net), n = s->w->n;
    float **taps = bench_array(n_layers, sizeof *taps);

    for (size_t first = 0; first < n; first += batch) {
        const part p = {s, first};
        const ipl_batch b = {
            .n = n - first < batch ? n - first : batch, .fill = fill, .source = &p};
        size_t l = 0;

        for (size_t i = 0; i < n_layers; i++)
            if (ipl_net_layer(net, i)->measured) {
                taps[i] = s->t[l] + first * s->width[l];
                l++;
            }
        ipl_net_probe(taps, net, &b);
    }
    ipl_free(taps);
}

/* Smooth grey levels with noise: neighbours are correlated, as pixels are. */
static void draw_samples(subject *s)
{
    uint32_t state = 1;

    for (size_t i = 0; i < s->w->n; i++) {
        const double rate = 1e-3 * (double)(1 + i % 97), phase = 0.1 * (double)(i % 61);

        for (size_t j = 0; j < s->d_X; j++) {
            state = state * 1664525u + 1013904223u;
            s->x[i * s->d_X + j] = (float)(0.5 + 0.3 * sin(phase + rate * (double)j) +
                                           0.2 * ((double)state / 4294967296.0 - 0.5));
        }
        s->y[i] = (int32_t)((state >> 16) % s->w->n_classes);
    }
}

static void subject_init(subject *s, const workload *w)
{
    ipl_net *net = build(w, BATCH, NULL);

    *s = (subject){.w = w, .d_X = ipl_shape_size(w->input)};
    s->x = bench_array(w->n * s->d_X, sizeof *s->x);
    s->y = bench_array(w->n, sizeof *s->y);
    draw_samples(s);
    for (size_t i = 0; i < ipl_net_n_layers(net); i++) {
        const ipl_layer_info *info = ipl_net_layer(net, i);

        if (!info->measured)
            continue;
        if (s->n_layers == LAYERS_MAX)
            bench_die("too many layers");
        s->width[s->n_layers] = ipl_shape_size(info->out);
        s->t[s->n_layers] = bench_array(w->n * s->width[s->n_layers], sizeof **s->t);
        s->n_layers++;
    }
    probe(s, net, BATCH);
    ipl_net_destroy(net);
}

static void subject_release(subject *s)
{
    for (size_t l = 0; l < s->n_layers; l++)
        ipl_free(s->t[l]);
    ipl_free(s->y);
    ipl_free(s->x);
}

static size_t count_estimators(const workload *w)
{
    size_t n = 0;

    while (w->estimators[n])
        n++;
    return n;
}

static ipl_plane_opts opts_of(const subject *s, ipl_pool *pool)
{
    return (ipl_plane_opts){.estimators = s->w->estimators,
                            .n_estimators = count_estimators(s->w),
                            .n_layers = s->n_layers,
                            .widths = s->width,
                            .x_stays = true,
                            .pool = pool};
}

static ipl_plane *plane_of(const subject *s, ipl_pool *pool)
{
    const ipl_plane_opts opts = opts_of(s, pool);
    ipl_plane *plane;
    ipl_error err;

    if (ipl_plane_create(&plane, &opts, ipl_cmat_f32(s->x, s->w->n, s->d_X), s->y, &err) !=
        IPL_OK)
        bench_die(err.msg);
    return plane;
}

/* Measure all layers once; out: the first estimator's I(X;T) of the first layer. */
static double measure_once(const subject *s, ipl_plane *plane)
{
    ipl_measures out[LAYERS_MAX * ESTIMATORS_MAX];
    ipl_cmat t[LAYERS_MAX];
    ipl_error err;

    for (size_t l = 0; l < s->n_layers; l++)
        t[l] = ipl_cmat_f32(s->t[l], s->w->n, s->width[l]);
    if (ipl_plane_measure(out, plane, t, s->n_layers, &err) != IPL_OK)
        bench_die(err.msg);
    if (*ipl_plane_fault(plane))
        (void)fprintf(stderr, "bench: %s: %s\n", s->w->name, ipl_plane_fault(plane));
    return out[0].I_XT;
}

/* ---- arithmetic ---- */

static double least(double a, double b)
{
    return b < a ? b : a;
}

/*
 * Operations of I(A;B), A (n, a) and B (n, b), when the factors of A and the Gram matrices of
 * both are there: the least of eliminating A on either side, the same exchanged, and a sum
 * of Gram matrices of order n.
 */
static double pair_flop(double n, double a, double b)
{
    const double cols = 2.0 * n * a * b + a * a * b + a * b * b + b * b * b / 3.0;
    const double swap = 2.0 * n * a * b + b * b * a + b * a * a + a * a * a / 3.0;
    const double rows = n * n * b + n * b * b + b * b * b / 3.0;
    const double sum = n * n + n * n * n / 3.0;

    return least(least(cols, swap), least(rows, sum));
}

/* Gram matrix of the smaller side and its factor. */
static double entropy_flop(double n, double d)
{
    const double m = least(n, d);

    return n * d * m + m * m * m / 3.0;
}

/*
 * Least operations of measuring with one weight: H(T), I(X;T), I(T';T), and I(T;Y) from class
 * by class Gram matrices, which for d < n / classes add up to that of all samples.
 */
static double floor_flop(const subject *s)
{
    const double n = (double)s->w->n, K = (double)s->w->n_classes;
    double flop = 0.0, before = 0.0;

    for (size_t l = 0; l < s->n_layers; l++) {
        const double d = (double)s->width[l], m = least(n / K, d);

        flop += entropy_flop(n, d) + pair_flop(n, (double)s->d_X, d);
        if (l > 0)
            flop += pair_flop(n, before, d);
        flop += K * m * m * m / 3.0 + (d > n / K ? n * d * n / K : 0.0);
        before = d;
    }
    return flop;
}

/* ---- the peer ---- */

static void give(bench_peer *peer, const subject *s)
{
    const bench_samples samples = {.n = s->w->n,
                                   .d_X = s->d_X,
                                   .x = s->x,
                                   .y = s->y,
                                   .n_layers = s->n_layers,
                                   .widths = s->width,
                                   .t = (const float *const *)s->t};

    bench_peer_give(peer, &samples);
}

/* ---- measuring ---- */

typedef struct result {
    double flop, memory, predicted;
    double ours[BENCH_THREADS], dgemm[BENCH_THREADS];
    double peer[BENCH_THREADS]; /* seconds */
    double error;               /* relative, of a value */
    double epoch;               /* seconds of an epoch of training; NaN: not asked */
} result;

/* Megabytes of a child that makes the subject and measures it once on all threads. */
static double peak_memory(const workload *w)
{
    int end[2];
    double megabytes = (double)NAN;
    pid_t pid;

    if (pipe(end) != 0)
        bench_die("no pipe");
#ifdef __GLIBC__
    (void)malloc_trim(0); /* what was freed would be counted with the child */
#endif
    (void)fflush(NULL);
    pid = fork();
    if (pid < 0)
        bench_die("no process");
    if (pid == 0) {
        struct rusage usage;
        bench_pools pools;
        ipl_plane *plane;
        subject s;

        bench_pools_init(&pools);
        subject_init(&s, w);
        plane = plane_of(&s, pools.of[BENCH_THREADS - 1]);
        (void)measure_once(&s, plane);
        (void)getrusage(RUSAGE_SELF, &usage);
        megabytes = (double)usage.ru_maxrss / 1024.0;
        _exit(write(end[1], &megabytes, sizeof megabytes) == (ssize_t)sizeof megabytes ? 0
                                                                                       : 1);
    }
    (void)close(end[1]);
    if (read(end[0], &megabytes, sizeof megabytes) != (ssize_t)sizeof megabytes)
        megabytes = (double)NAN;
    (void)close(end[0]);
    (void)waitpid(pid, NULL, 0);
    return megabytes;
}

/* Seconds of one measuring of the subject on t + 1 threads; short ones are repeated. */
static double seconds_of(const subject *s, ipl_plane *plane, ipl_net *net, size_t parts,
                         size_t t)
{
    double start, seconds;
    size_t rounds = 0;

    bench_rest();
    start = bench_clock(t);
    do {
        for (size_t p = 0; p < parts; p++) {
            if (net)
                probe(s, net, 512);
            (void)measure_once(s, plane);
        }
        rounds++;
        seconds = bench_clock(t) - start;
    } while (seconds < 0.1);
    return seconds / (double)rounds;
}

/* Seconds of an epoch of 60,000 samples. */
static double epoch_of(const subject *s, ipl_net *net)
{
    const part p = {s, 0};
    const ipl_batch batch = {.n = 512, .fill = fill, .source = &p};
    const double start = ipl_clock();
    size_t steps = 0;
    double seconds;

    do {
        ipl_batch_sums sums;
        ipl_error err;

        if (ipl_net_train_batch(&sums, net, &batch, 1e-4, 0, 0, &err) != IPL_OK)
            bench_die(err.msg);
        steps++;
        seconds = ipl_clock() - start;
    } while (seconds < 0.3);
    return seconds / (double)(steps * batch.n) * 60000.0;
}

/* What takes turns within a repeat, on t + 1 threads. */
typedef struct lane {
    ipl_plane *plane;
    ipl_net *net; /* NULL: activations are there */
    bench_sample ours, dgemm;
} lane;

/* Ask the peer in repeat r, as often as its slowness allows. */
static void ask(bench_sample *theirs, bench_peer *peer, size_t r)
{
    if (r == 0 || bench_median(&theirs[1]) < PEER_SECONDS)
        bench_add(&theirs[1], bench_peer_ask(peer, "measure 2"));
    if (bench_median(&theirs[1]) < (r == 0 ? PEER_SECONDS_MAX : PEER_SECONDS))
        bench_add(&theirs[0], bench_peer_ask(peer, "measure 1"));
}

static void take_turns(result *out, const subject *s, const bench_pools *pools,
                       bench_peer *peer, size_t threads)
{
    const bool probes = s->w->probes;
    lane lanes[BENCH_THREADS] = {{0}};
    bench_sample theirs[BENCH_THREADS] = {0}, epoch = {0};

    for (size_t t = 0; t < threads; t++) {
        lanes[t].plane = plane_of(s, pools->of[t]);
        lanes[t].net = probes ? build(s->w, 512, pools->of[t]) : NULL;
        (void)measure_once(s, lanes[t].plane);
    }
    for (size_t r = 0; r < REPEATS; r++) {
        for (size_t t = 0; t < threads; t++) {
            lane *k = &lanes[t];

            bench_add(&k->ours, seconds_of(s, k->plane, k->net, probes ? 2 : 1, t));
            bench_add(&k->dgemm, bench_dgemm(pools, t));
        }
        if (probes)
            bench_add(&epoch, epoch_of(s, lanes[threads - 1].net));
        else
            ask(theirs, peer, r);
    }
    for (size_t t = 0; t < BENCH_THREADS; t++) {
        out->ours[t] = bench_median(&lanes[t].ours);
        out->dgemm[t] = bench_median(&lanes[t].dgemm);
        out->peer[t] = bench_median(&theirs[t]);
        ipl_plane_destroy(lanes[t].plane);
        ipl_net_destroy(lanes[t].net);
    }
    out->epoch = bench_median(&epoch);
}

static void measure(result *out, const workload *w, bench_peer *peer, size_t threads)
{
    const bool compared = !w->probes && !w->estimators[1] && w->n <= PEER_SAMPLES;
    bench_peer nobody = {0};
    ipl_plane_opts opts;
    bench_pools pools;
    subject s;

    *out = (result){.memory = peak_memory(w), .error = (double)NAN};
    bench_pools_init(&pools);
    subject_init(&s, w);
    if (compared)
        give(peer, &s);
    /* Two estimators: the two betas and both scalings have no plain twin here. */
    take_turns(out, &s, &pools, compared ? peer : &nobody, threads);
    if (compared) {
        ipl_plane *plane = plane_of(&s, pools.of[BENCH_THREADS - 1]);
        const double ours = measure_once(&s, plane), theirs = bench_peer_ask(peer, "I_XT");

        out->error = fabs(ours - theirs) / fabs(theirs);
        ipl_plane_destroy(plane);
    }
    out->flop = floor_flop(&s);
    opts = opts_of(&s, NULL);
    out->predicted = (double)ipl_plane_memory(&opts, w->n, s.d_X) / (1024.0 * 1024.0);
    subject_release(&s);
    bench_pools_release(&pools);
}

/* ---- output ---- */

static void print_head(const bench_peer *peer)
{
    printf("measuring, seconds; NumPy: %s\n", peer->note);
    printf(
        "  share: of dgemm on as many threads; error: of I(X;T) of the first layer\n"
        "  against NumPy; MiB: of the process, and what the plane was predicted to take\n"
        "  fnn-probes: both probe sets through the net and measured, beside an epoch\n\n");
    printf("%-18s %5s %8s %9s %9s %8s %8s %6s %6s %8s %6s %6s %6s %7s %8s\n", "workload",
           "n", "GFLOP", "ours 1t", "ours 2t", "NumPy 1t", "NumPy 2t", "ratio", "best",
           "error", "share", "share", "MiB", "plane", "epoch");
}

static void record(const bench_options *opts, const workload *w, const result *m,
                   double flop, double one, double ratio)
{
    char name[64];

    (void)snprintf(name, sizeof name, "%s-n%zu", w->name, w->n);
    for (size_t t = 0; t < BENCH_THREADS; t++) {
        bench_record(opts, name, "seconds", t + 1, m->ours[t]);
        bench_record(opts, name, "gflops", t + 1, 1e-9 * flop / m->ours[t]);
        bench_record(opts, name, "ceiling_gflops", t + 1, m->dgemm[t]);
        bench_record(opts, name, "share", t + 1, 1e-9 * flop / m->ours[t] / m->dgemm[t]);
        bench_record(opts, name, "numpy_seconds", t + 1, m->peer[t]);
    }
    bench_record(opts, name, "flop", 0, flop);
    bench_record(opts, name, "ratio", 1, one);
    bench_record(opts, name, "ratio", 0, ratio);
    bench_record(opts, name, "error", 0, m->error);
    bench_record(opts, name, "process_mebibytes", 0, m->memory);
    bench_record(opts, name, "predicted_mebibytes", 0, m->predicted);
    bench_record(opts, name, "epoch_seconds", 0, m->epoch);
}

static void print_row(const bench_options *opts, const workload *w, const result *m)
{
    const double one = m->peer[0] / m->ours[0];
    const double ratio = fmin(m->peer[0], m->peer[1]) / fmin(m->ours[0], m->ours[1]);
    /* The floor is that of one weight and one set of activations. */
    const double flop = w->estimators[1] ? (double)NAN : m->flop;

    printf("%-18s %5zu", w->name, w->n);
    bench_print(8, 3, 1e-9 * flop);
    bench_print(9, 4, m->ours[0]);
    bench_print(9, 4, m->ours[1]);
    bench_print(8, 3, m->peer[0]);
    bench_print(8, 3, m->peer[1]);
    bench_print(6, 1, one);
    bench_print(6, 1, ratio);
    if (isnan(m->error))
        printf(" %8s", "-");
    else
        printf(" %8.0e", m->error);
    for (size_t t = 0; t < BENCH_THREADS; t++)
        bench_print(6, 2, 1e-9 * flop / m->ours[t] / m->dgemm[t]);
    bench_print(6, 0, m->memory);
    bench_print(7, 0, m->predicted);
    bench_print(8, 3, m->epoch);
    printf("\n");
    (void)fflush(stdout);
    record(opts, w, m, flop, one, ratio);
}

/* ---- cost over one size ---- */

enum { CURVE_MAX = 7 };

/*
 * An input of 784 columns and one layer: of 256 units on n samples, which grows with n, or of
 * d units on 2000 samples, which grows with d^2 to d^3 and from d = n on not at all but by
 * the sum of products of the samples.
 */
static const struct curve {
    const char *name, *size;
    size_t at[CURVE_MAX];
} curves[] = {
    {"scale-samples", "n", {500, 1000, 2000, 4000, 8000, 16000, 32000}},
    {"scale-columns", "d", {10, 32, 100, 320, 1000, 2000, 4000}},
};

static void print_point(const bench_options *opts, size_t size, const result *m)
{
    char name[32];

    (void)snprintf(name, sizeof name, "%zu", size);
    printf("%-8s", name);
    for (size_t t = 0; t < BENCH_THREADS; t++)
        bench_print(9, 4, m->ours[t]);
    for (size_t t = 0; t < BENCH_THREADS; t++)
        bench_print(8, 1, 1e-9 * m->flop / m->ours[t]);
    bench_print(7, 0, m->memory);
    bench_print(7, 0, m->predicted);
    printf("\n");
    (void)fflush(stdout);
    for (size_t t = 0; t < BENCH_THREADS; t++) {
        bench_record(opts, name, "seconds", t + 1, m->ours[t]);
        bench_record(opts, name, "gflops", t + 1, 1e-9 * m->flop / m->ours[t]);
    }
    bench_record(opts, name, "process_mebibytes", 0, m->memory);
}

static void draw_curve(const bench_options *opts, const struct curve *c)
{
    const bool widths = strcmp(c->size, "d") == 0;
    bench_options as = *opts;
    bench_peer nobody = {0};

    as.program = c->name;
    printf("\n%-8s %9s %9s %7s %7s %6s %6s\n", c->size, "seconds 1t", "2t", "GF/s 1t", "2t",
           "MiB", "plane");
    for (size_t i = 0; i < CURVE_MAX && c->at[i] > 0; i++) {
        workload w = workloads[0];
        char net[32];
        result m;

        (void)snprintf(net, sizeof net, "784-%zu-10", widths ? c->at[i] : 256);
        w.net = net;
        w.measured = "fc1";
        w.n = widths ? 2000 : c->at[i];
        measure(&m, &w, &nobody, bench_threads(opts));
        print_point(&as, c->at[i], &m);
    }
}

int main(int argc, char **argv)
{
    bench_options opts;
    bench_peer peer;

    bench_options_read(&opts, "measure", argc, argv);
    bench_peer_start(&peer, "numpy_measure.py", &opts);
    print_head(&peer);
    for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++)
        if (bench_wanted(&opts, workloads[i].name) && !(opts.quick && workloads[i].slow)) {
            result m;

            measure(&m, &workloads[i], &peer, bench_threads(&opts));
            print_row(&opts, &workloads[i], &m);
        }
    bench_peer_stop(&peer);
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++)
        if (bench_wanted(&opts, curves[i].name) && !opts.quick)
            draw_curve(&opts, &curves[i]);
    return bench_options_close(&opts);
}
