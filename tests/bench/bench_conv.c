/*
 * Speed of the convolutions on one thread, next to the matrix product of this machine.
 *
 *     build/release/tests/bench/bench_conv [--csv FILE] [--only LAYER]
 *
 * Every figure is the median of REPEATS runs; the kernels take turns, so that a slow second
 * of the machine falls on all of them. The peak is that of sgemm, 1024 x 1024 x 1024.
 */
#include "base/alloc.h"
#include "bench.h"
#include "math/conv.h"
#include "math/linalg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REPEATS = 9, PEAK = 1024 };

#define RUN_FLOPS 4e8 /* of one run, about */

typedef struct bench_case {
    const char *name;
    ipl_conv g;
} bench_case;

#define CASE(word, C, H, F, K, S, P)                                                       \
    {                                                                                      \
        word,                                                                              \
        {                                                                                  \
            .c = (C), .h = (H), .w = (H), .filters = (F), .kh = (K), .kw = (K),            \
            .stride = (S), .pad = (P)                                                      \
        }                                                                                  \
    }

static const bench_case cases[] = {
    CASE("vgg c1", 3, 32, 32, 3, 1, 1),        CASE("vgg c2", 32, 32, 32, 3, 1, 1),
    CASE("vgg c3", 32, 16, 64, 3, 1, 1),       CASE("vgg c4", 64, 16, 64, 3, 1, 1),
    CASE("cal8 c1", 3, 32, 8, 3, 1, 0),        CASE("cal8 c2", 8, 14, 16, 3, 1, 0),
    CASE("cal8 c3", 16, 5, 32, 3, 1, 0),       CASE("cal32 c1", 3, 32, 32, 3, 1, 0),
    CASE("cal32 c2", 32, 14, 64, 3, 1, 0),     CASE("cal32 c3", 64, 5, 128, 3, 1, 0),
    CASE("lenet c1", 1, 32, 6, 5, 1, 0),       CASE("lenet c2", 6, 14, 16, 5, 1, 0),
    CASE("resnet 64", 64, 32, 64, 3, 1, 1),    CASE("resnet 512", 512, 4, 512, 3, 1, 1),
    CASE("resnet down", 64, 32, 128, 3, 2, 1), CASE("resnet skip", 64, 32, 128, 1, 2, 0),
    CASE("alexnet c1", 3, 227, 64, 11, 4, 0),
};

enum { FORWARD, BACKWARD, GRADIENT, SGEMM, KERNELS };

/* Buffers of one case. */
typedef struct layer_bench {
    const ipl_conv *g;
    size_t n;
    float *x, *y, *w, *b, *dx, *dw, *scratch, *peak;
} layer_bench;

static float *buffer(size_t n)
{
    float *p = ipl_array(n, 1, sizeof *p, NULL);

    if (!p) {
        fputs("bench_conv: out of memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    for (size_t i = 0; i < n; i++)
        p[i] = 0.01f * (float)(i % 7) - 0.03f;
    return p;
}

/* Processor time of this thread: others may be using the machine. */
static double seconds_used(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double run(const layer_bench *t, int kernel)
{
    const double start = seconds_used();

    switch (kernel) {
    case FORWARD:
        ipl_conv_forward(t->y, t->x, t->w, t->b, t->scratch, t->g, t->n);
        break;
    case BACKWARD:
        ipl_conv_backward(t->dx, t->y, t->w, t->scratch, t->g, t->n);
        break;
    case GRADIENT:
        ipl_conv_gradient(t->dw, t->b, t->x, t->y, t->scratch, t->g, t->n, 0,
                          t->g->kh * t->g->kw * t->g->c);
        break;
    default:
        ipl_gemm(IPL_NN, PEAK, PEAK, PEAK, 1.0f, t->peak, t->peak + (size_t)PEAK * PEAK,
                 0.0f, t->peak + (size_t)2 * PEAK * PEAK);
        break;
    }
    return seconds_used() - start;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Median GFLOP/s of the four kernels. */
static void measure(double speed[KERNELS], layer_bench *t)
{
    const ipl_conv *g = t->g;
    const ipl_shape out = ipl_conv_out(g);
    const size_t K = g->kh * g->kw * g->c, U = ipl_shape_size(out);
    const double flops = 2.0 * (double)K * (double)U;
    double seconds[KERNELS][REPEATS];

    t->n = (size_t)(RUN_FLOPS / flops) + 1;
    t->n = t->n > 128 ? 128 : t->n < 16 ? 16 : t->n;
    t->x = buffer(t->n * g->c * g->h * g->w);
    t->dx = buffer(t->n * g->c * g->h * g->w);
    t->y = buffer(t->n * U);
    t->w = buffer(K * g->filters);
    t->dw = buffer(K * g->filters);
    t->b = buffer(g->filters);
    t->scratch = buffer(ipl_conv_scratch(g));
    for (int r = -1; r < REPEATS; r++)
        for (int k = 0; k < KERNELS; k++) {
            const double s = run(t, k);

            if (r >= 0)
                seconds[k][r] = s;
        }
    for (int k = 0; k < KERNELS; k++) {
        qsort(seconds[k], REPEATS, sizeof seconds[k][0], ascending);
        speed[k] = 1e-9 / seconds[k][REPEATS / 2] *
                   (k == SGEMM ? 2.0 * PEAK * PEAK * PEAK : flops * (double)t->n);
    }
    ipl_free(t->x);
    ipl_free(t->dx);
    ipl_free(t->y);
    ipl_free(t->w);
    ipl_free(t->dw);
    ipl_free(t->b);
    ipl_free(t->scratch);
}

static void print_row(const bench_options *opts, const bench_case *c, size_t n,
                      const double *speed)
{
    static const char *const words[KERNELS] = {"forward_gflops", "backward_gflops",
                                               "gradient_gflops", "ceiling_gflops"};
    const ipl_conv *g = &c->g;
    char shape[64];

    (void)snprintf(shape, sizeof shape, "%zux%zux%zu k%zu s%zu p%zu -> %zu", g->c, g->h,
                   g->w, g->kh, g->stride, g->pad, g->filters);
    printf("%-12s %-26s %4zu %8.1f %8.1f %8.1f %8.1f\n", c->name, shape, n, speed[FORWARD],
           speed[BACKWARD], speed[GRADIENT], speed[SGEMM]);
    (void)fflush(stdout);
    for (size_t k = 0; k < KERNELS; k++)
        bench_record(opts, c->name, words[k], 1, speed[k]);
}

int main(int argc, char **argv)
{
    layer_bench t = {.peak = buffer((size_t)3 * PEAK * PEAK)};
    bench_options opts;

    bench_options_read(&opts, "conv", argc, argv);
    ipl_blas_start();
    printf("convolutions: kernels %s; GFLOP/s on one thread, medians of %d\n\n",
           ipl_conv_kernels(), REPEATS);
    printf("%-12s %-26s %4s %8s %8s %8s %8s\n", "layer", "map, kernel -> filters", "n",
           "forward", "backward", "gradient", "sgemm");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (bench_wanted(&opts, cases[i].name)) {
            double speed[KERNELS];

            t.g = &cases[i].g;
            measure(speed, &t);
            print_row(&opts, &cases[i], t.n, speed);
        }
    ipl_free(t.peak);
    return bench_options_close(&opts);
}
