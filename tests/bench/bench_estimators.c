/*
 * What an estimator costs: median seconds of one measuring over n and d.
 *
 *     build/release/tests/bench/bench_estimators [--full] >cost.csv
 *
 * CSV on stdout, a table on stderr. The input and the layer have d columns each, 10 classes;
 * X is measured before the clock starts, as in a run. --full goes to n = 5000.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/rng.h"
#include "ipl/estimator.h"
#include "math/linalg.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPEATS = 3, CLASSES = 10 };

static const struct bench {
    const char *text;
    size_t most; /* samples it is tried with */
} benches[] = {
    {"logdet", 5000},
    {"gauss:shrink=0.1", 5000},
    {"renyi:n=0", 2000},
    {"renyi:alpha=2,n=0", 5000},
    {"kde:n=0", 5000},
    {"kl:n=0", 5000},
    {"ksg:n=0", 5000},
    {"binning", 5000},
    {"binning:rule=quantile", 5000},
};
static const size_t sizes[] = {500, 1000, 2000, 5000};
static const size_t widths[] = {20, 200, 1000};

enum {
    TEXTS = sizeof benches / sizeof benches[0],
    SIZES = sizeof sizes / sizeof sizes[0],
    WIDTHS = sizeof widths / sizeof widths[0]
};

/* One shape and its data. */
typedef struct scene {
    size_t n, d;
    float *x, *t;
    int32_t *y;
} scene;

static ipl_status scene_create(scene *out, size_t n, size_t d, ipl_error *err)
{
    ipl_rng rng = ipl_rng_at(1, IPL_RNG_DATA, 0, 0);

    *out = (scene){.n = n, .d = d};
    out->x = ipl_array(n, d, sizeof *out->x, err);
    out->t = ipl_array(n, d, sizeof *out->t, err);
    out->y = ipl_array(n, 1, sizeof *out->y, err);
    if (!out->x || !out->t || !out->y)
        return IPL_E_NOMEM;
    for (size_t i = 0; i < n * d; i++) {
        out->x[i] = (float)ipl_rng_normal(&rng);
        out->t[i] = tanhf(out->x[i] + (float)ipl_rng_normal(&rng));
    }
    for (size_t i = 0; i < n; i++)
        out->y[i] = (int32_t)(i % CLASSES);
    return IPL_OK;
}

static void scene_release(scene *s)
{
    ipl_free(s->y);
    ipl_free(s->t);
    ipl_free(s->x);
}

static int by_value(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;

    return a < b ? -1 : a > b;
}

static ipl_status time_text(double *seconds, const char *text, const scene *s,
                            ipl_pool *pool, ipl_error *err)
{
    const ipl_plane_opts opts = {.estimators = &text, .n_estimators = 1, .pool = pool};
    const ipl_cmat t = ipl_cmat_f32(s->t, s->n, s->d);
    double times[REPEATS];
    ipl_measures m;
    ipl_plane *plane = NULL;
    ipl_status st =
        ipl_plane_create(&plane, &opts, ipl_cmat_f32(s->x, s->n, s->d), s->y, err);

    if (st == IPL_OK)
        st = ipl_plane_measure(&m, plane, &t, 1, err); /* not counted: X, buffers */
    for (size_t r = 0; r < REPEATS && st == IPL_OK; r++) {
        const double start = ipl_clock();

        st = ipl_plane_measure(&m, plane, &t, 1, err);
        times[r] = ipl_clock() - start;
    }
    ipl_plane_destroy(plane);
    if (st != IPL_OK)
        return st;
    qsort(times, REPEATS, sizeof times[0], by_value);
    *seconds = times[REPEATS / 2];
    return IPL_OK;
}

static ipl_status bench_shape(size_t n, size_t d, ipl_pool *pool, ipl_error *err)
{
    scene s;
    ipl_status st = scene_create(&s, n, d, err);

    fprintf(stderr, "%6zu %6zu", n, d);
    for (size_t k = 0; k < TEXTS && st == IPL_OK; k++) {
        double seconds = 0.0;

        if (n > benches[k].most) {
            fprintf(stderr, " %9s", "-");
            continue;
        }
        st = time_text(&seconds, benches[k].text, &s, pool, err);
        printf("\"%s\",%zu,%zu,%zu,%.6f\n", benches[k].text, n, d, ipl_pool_threads(pool),
               seconds);
        (void)fflush(stdout);
        fprintf(stderr, " %9.4f", seconds);
    }
    fprintf(stderr, "\n");
    scene_release(&s);
    return st;
}

int main(int argc, char **argv)
{
    const bool full = argc > 1 && strcmp(argv[1], "--full") == 0;
    ipl_pool *pool = NULL;
    ipl_error err = {0};
    ipl_status st = ipl_pool_create(&pool, ipl_cpu_count(), ipl_blas_start, &err);

    printf("estimator,n,d,threads,seconds\n");
    for (size_t k = 0; k < TEXTS; k++)
        fprintf(stderr, "%zu: %s\n", k + 1, benches[k].text);
    fprintf(stderr, "     n      d");
    for (size_t k = 0; k < TEXTS; k++)
        fprintf(stderr, " %8zu:", k + 1);
    fprintf(stderr, "\n");
    for (size_t i = 0; i < SIZES && st == IPL_OK; i++)
        for (size_t j = 0; j < WIDTHS && st == IPL_OK; j++)
            if (full || sizes[i] <= 1000)
                st = bench_shape(sizes[i], widths[j], pool, &err);
    ipl_pool_destroy(pool);
    if (st != IPL_OK)
        fprintf(stderr, "bench_estimators: %s\n", err.msg);
    return ipl_status_exit(st);
}
