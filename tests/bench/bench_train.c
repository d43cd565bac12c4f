/*
 * Speed of training, in turn with PyTorch and with the matrix product of this machine.
 *
 *     build/release/tests/bench/bench_train [--csv FILE] [--only WORKLOAD] [--quick]
 *
 * from the project's root. Images a second of whole training steps (forward, backward,
 * update) on samples in memory. Every figure is the median of REPEATS slices; ours, sgemm and
 * PyTorch in each of its settings take turns within a repeat, so that a slow second of the
 * machine falls on all. A setting of PyTorch that is less than half as fast as its best is
 * asked once. One thread is timed by its processor time, two by the wall clock.
 */
#include "base/alloc.h"
#include "bench.h"
#include "ipl/net.h"

#include <stdlib.h>
#include <string.h>

enum { REPEATS = 3, LAYOUTS = 2 };

#define SLICE_SECONDS 0.25
#define SAMPLE_FLOATS 8e6 /* of all samples, about: more than the caches hold */

typedef struct workload {
    const char *name, *net, *activation, *optimiser, *peer; /* peer: its word for the net */
    ipl_shape input;
    size_t n_classes, batch;
} workload;

#define FNN "784-1024-20-20-20-10"
#define CAL_BLOCK(F) "conv2d:filters=" F ",size=3 layernorm tanh maxpool:size=3,stride=2 "
#define CAL(F, G, H) CAL_BLOCK(F) CAL_BLOCK(G) CAL_BLOCK(H) "adaptiveavgpool:size=6 dense"
#define VGG_CONV(F) "conv2d:filters=" F ",size=3,padding=1 relu "
#define MOMENTUM "sgd:lr=0.001,momentum=0.9"

static const workload workloads[] = {
    {"fnn-sgd-512", FNN, "tanh", MOMENTUM, "fnn", {784, 1, 1}, 10, 512},
    {"fnn-adam-128", FNN, "tanh", "adam:lr=0.0004", "fnn", {784, 1, 1}, 10, 128},
    {"szt-256", "12-10-7-5-4-3-2", "tanh", "adam:lr=0.0004", "szt", {12, 1, 1}, 2, 256},
    {"lenet-128",
     "conv2d:filters=6,size=5,padding=2 relu maxpool conv2d:filters=16,size=5 relu maxpool "
     "dense:units=120 relu dense:units=84 relu dense:units=10",
     "tanh",
     MOMENTUM,
     "lenet",
     {1, 28, 28},
     10,
     128},
    {"cal-8-16-32", CAL("8", "16", "32"), "tanh", MOMENTUM, "cal8", {3, 32, 32}, 10, 512},
    {"cal-32-64-128",
     CAL("32", "64", "128"),
     "tanh",
     MOMENTUM,
     "cal32",
     {3, 32, 32},
     10,
     512},
    {"vgg-128",
     VGG_CONV("32") VGG_CONV("32") "maxpool " VGG_CONV("64")
         VGG_CONV("64") "maxpool dense:units=256 relu dense:units=10",
     "tanh",
     MOMENTUM,
     "vgg",
     {3, 32, 32},
     10,
     128},
};

/* Samples in memory, a batch at a time. */
typedef struct samples {
    size_t n, d, n_classes;
    float *x;
    int32_t *y;
    size_t at; /* first sample of the present batch */
} samples;

static void fill(float *x, int32_t *y, const void *source, size_t first, size_t n)
{
    const samples *s = source;

    if (x)
        memcpy(x, s->x + (s->at + first) * s->d, n * s->d * sizeof *x);
    if (y)
        memcpy(y, s->y + s->at + first, n * sizeof *y);
}

static void samples_init(samples *s, const workload *w)
{
    uint32_t state = 1;

    s->d = ipl_shape_size(w->input);
    s->n_classes = w->n_classes;
    s->n = w->batch * ((size_t)(SAMPLE_FLOATS / (double)(s->d * w->batch)) + 1);
    s->n = s->n > 256 * w->batch ? 256 * w->batch : s->n;
    s->x = bench_array(s->n * s->d, sizeof *s->x);
    s->y = bench_array(s->n, sizeof *s->y);
    s->at = 0;
    for (size_t i = 0; i < s->n * s->d; i++) {
        state = state * 1664525u + 1013904223u;
        s->x[i] = (float)(state >> 8) / 16777216.0f;
    }
    for (size_t i = 0; i < s->n; i++)
        s->y[i] = (int32_t)(i % s->n_classes);
}

static void samples_release(samples *s)
{
    ipl_free(s->x);
    ipl_free(s->y);
}

/* A net on t + 1 threads. */
static ipl_net *build(const workload *w, ipl_pool *pool)
{
    const ipl_net_opts opts = {.text = w->net,
                               .activation = w->activation,
                               .loss = "cross-entropy",
                               .optimiser = w->optimiser,
                               .init = "default",
                               .input = w->input,
                               .n_classes = w->n_classes,
                               .batch = w->batch,
                               .seed = 1,
                               .pool = pool};
    ipl_net *net;
    ipl_error err;

    if (ipl_net_create(&net, &opts, &err) != IPL_OK)
        bench_die(err.msg);
    return net;
}

/*
 * Arithmetic of one sample forward and backward: every product of a layer is done again for
 * the gradient of its weights and for that of its input, which the first layer does not need.
 */
static double flop_per_sample(const ipl_net *net)
{
    double flop = 0.0, ways = 2.0;

    for (size_t i = 0; i < ipl_net_n_layers(net); i++) {
        const ipl_layer_info *l = ipl_net_layer(net, i);

        if (l->n_params > 0) {
            flop += ways * l->flops;
            ways = 3.0;
        }
    }
    return flop;
}

static void step(ipl_net *net, const workload *w, samples *s)
{
    const ipl_batch batch = {.n = w->batch, .fill = fill, .source = s};
    ipl_batch_sums sums;
    ipl_error err;

    if (ipl_net_train_batch(&sums, net, &batch, ipl_net_learning_rate(net), 0, 0, &err) !=
        IPL_OK)
        bench_die(err.msg);
    s->at = (s->at + w->batch) % s->n;
}

/* Images a second of a slice on t + 1 threads. */
static double train(ipl_net *net, const workload *w, samples *s, size_t t)
{
    double start, seconds;
    size_t steps = 0;

    bench_rest();
    step(net, w, s);
    start = bench_clock(t);
    do {
        step(net, w, s);
        steps++;
        seconds = bench_clock(t) - start;
    } while (seconds < SLICE_SECONDS);
    return (double)(steps * w->batch) / seconds;
}

/* Medians of one workload, [t] on t + 1 threads. */
typedef struct result {
    double flop, memory;
    double ours[BENCH_THREADS], sgemm[BENCH_THREADS];
    double peer[LAYOUTS][BENCH_THREADS];
} result;

/* Whether a setting may be the best of the peer: yes until it was asked. */
static bool worth_asking(const bench_sample *s, const double *best)
{
    return s->n == 0 || bench_median(s) > 0.5 * *best;
}

static double ask(bench_peer *peer, const workload *w, size_t n, size_t layout, size_t t,
                  double *best)
{
    double speed;
    char question[160];

    (void)snprintf(question, sizeof question, "%s %zu %zu %s %zu %zu %g", w->peer, w->batch,
                   n, strncmp(w->optimiser, "adam", 4) == 0 ? "adam" : "sgd", layout, t + 1,
                   SLICE_SECONDS);
    speed = bench_peer_ask(peer, question);
    *best = fmax(*best, speed);
    return speed;
}

static void measure(result *out, const workload *w, const bench_pools *pools,
                    bench_peer *peer, size_t threads)
{
    bench_sample ours[BENCH_THREADS] = {0}, sgemm[BENCH_THREADS] = {0};
    bench_sample theirs[LAYOUTS][BENCH_THREADS] = {0};
    ipl_net *net[BENCH_THREADS];
    samples s;
    double best = 0.0;

    samples_init(&s, w);
    for (size_t t = 0; t < BENCH_THREADS; t++)
        net[t] = build(w, pools->of[t]);
    for (size_t r = 0; r < REPEATS; r++)
        for (size_t t = 0; t < threads; t++) {
            bench_add(&ours[t], train(net[t], w, &s, t));
            bench_add(&sgemm[t], bench_sgemm(pools, t));
            for (size_t layout = 0; layout < LAYOUTS; layout++)
                if (worth_asking(&theirs[layout][t], &best))
                    bench_add(&theirs[layout][t], ask(peer, w, s.n, layout, t, &best));
        }
    *out =
        (result){.flop = flop_per_sample(net[0]), .memory = (double)ipl_net_memory(net[0])};
    for (size_t t = 0; t < BENCH_THREADS; t++) {
        out->ours[t] = bench_median(&ours[t]);
        out->sgemm[t] = bench_median(&sgemm[t]);
        for (size_t layout = 0; layout < LAYOUTS; layout++)
            out->peer[layout][t] = bench_median(&theirs[layout][t]);
        ipl_net_destroy(net[t]);
    }
    samples_release(&s);
}

static void print_head(const bench_peer *peer)
{
    printf("training, images/s; PyTorch: %s\n", peer->note);
    printf(
        "  a: as it comes; b: nets of maps channels last, others with one update for all\n"
        "  arrays; ratio: our best to its best; share: of sgemm on as many threads; MiB: "
        "all\n"
        "  arrays of the net\n\n");
    printf("%-14s %8s %10s %10s %9s %9s %9s %9s %6s %6s %7s %7s %6s %6s %6s\n", "workload",
           "kFLOP", "ours 1t", "ours 2t", "a 1t", "a 2t", "b 1t", "b 2t", "ratio", "best",
           "GF/s 1t", "GF/s 2t", "share", "share", "MiB");
}

static void print_row(const bench_options *opts, const workload *w, const result *m)
{
    const double one = m->ours[0] / fmax(m->peer[0][0], m->peer[1][0]);
    const double ratio = bench_best(m->ours, BENCH_THREADS) /
                         bench_best(&m->peer[0][0], (size_t)LAYOUTS * BENCH_THREADS);
    const double mebibytes = m->memory / (1024.0 * 1024.0);

    printf("%-14s %8.1f", w->name, 1e-3 * m->flop);
    for (size_t t = 0; t < BENCH_THREADS; t++)
        bench_print(10, 0, m->ours[t]);
    for (size_t layout = 0; layout < LAYOUTS; layout++)
        for (size_t t = 0; t < BENCH_THREADS; t++)
            bench_print(9, 0, m->peer[layout][t]);
    bench_print(6, 2, one);
    bench_print(6, 2, ratio);
    for (size_t t = 0; t < BENCH_THREADS; t++)
        bench_print(7, 1, 1e-9 * m->flop * m->ours[t]);
    for (size_t t = 0; t < BENCH_THREADS; t++)
        bench_print(6, 2, 1e-9 * m->flop * m->ours[t] / m->sgemm[t]);
    bench_print(6, 0, mebibytes);
    printf("\n");
    (void)fflush(stdout);

    bench_record(opts, w->name, "flop_per_image", 0, m->flop);
    bench_record(opts, w->name, "mebibytes", 0, mebibytes);
    for (size_t t = 0; t < BENCH_THREADS; t++) {
        bench_record(opts, w->name, "images_per_second", t + 1, m->ours[t]);
        bench_record(opts, w->name, "gflops", t + 1, 1e-9 * m->flop * m->ours[t]);
        bench_record(opts, w->name, "ceiling_gflops", t + 1, m->sgemm[t]);
        bench_record(opts, w->name, "share", t + 1,
                     1e-9 * m->flop * m->ours[t] / m->sgemm[t]);
        bench_record(opts, w->name, "pytorch_images_per_second", t + 1, m->peer[0][t]);
        bench_record(opts, w->name, "pytorch_other_images_per_second", t + 1,
                     m->peer[1][t]);
    }
    bench_record(opts, w->name, "ratio", 1, one);
    bench_record(opts, w->name, "ratio", 0, ratio);
}

/* ---- cost over one size ---- */

enum { CURVE_MAX = 6 };

/* The rest is that of a wide layer: 784-1024-20-20-20-10, or 784-W-10 in batches of 128. */
static const struct curve {
    const char *name, *size;
    size_t at[CURVE_MAX];
} curves[] = {
    {"scale-batch", "batch", {8, 32, 128, 512, 2048}},
    {"scale-width", "width", {64, 256, 1024, 4096}},
};

static void print_point(const bench_options *opts, size_t size, const result *m)
{
    char name[32];

    (void)snprintf(name, sizeof name, "%zu", size);
    printf("%-8s", name);
    for (size_t t = 0; t < BENCH_THREADS; t++)
        bench_print(10, 0, m->ours[t]);
    for (size_t t = 0; t < BENCH_THREADS; t++)
        bench_print(8, 1, 1e-9 * m->flop * m->ours[t]);
    printf("\n");
    (void)fflush(stdout);
    for (size_t t = 0; t < BENCH_THREADS; t++) {
        bench_record(opts, name, "images_per_second", t + 1, m->ours[t]);
        bench_record(opts, name, "gflops", t + 1, 1e-9 * m->flop * m->ours[t]);
    }
}

static void draw_curve(const bench_options *opts, const struct curve *c,
                       const bench_pools *pools)
{
    const bool widths = strcmp(c->size, "width") == 0;
    bench_options as = *opts;
    bench_peer nobody = {0};

    as.program = c->name;
    printf("\n%-8s %9s %9s %7s %7s\n", c->size, "images/s 1t", "2t", "GF/s 1t", "2t");
    for (size_t i = 0; i < CURVE_MAX && c->at[i] > 0; i++) {
        workload w = workloads[0];
        char net[32];
        result m;

        (void)snprintf(net, sizeof net, "784-%zu-10", c->at[i]);
        w.net = widths ? net : FNN;
        w.batch = widths ? 128 : c->at[i];
        measure(&m, &w, pools, &nobody, bench_threads(opts));
        print_point(&as, c->at[i], &m);
    }
}

int main(int argc, char **argv)
{
    bench_options opts;
    bench_pools pools;
    bench_peer peer;

    bench_options_read(&opts, "train", argc, argv);
    bench_peer_start(&peer, "torch_train.py", &opts);
    bench_pools_init(&pools);
    print_head(&peer);
    for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++)
        if (bench_wanted(&opts, workloads[i].name)) {
            result m;

            measure(&m, &workloads[i], &pools, &peer, bench_threads(&opts));
            print_row(&opts, &workloads[i], &m);
        }
    bench_peer_stop(&peer);
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++)
        if (bench_wanted(&opts, curves[i].name) && !opts.quick)
            draw_curve(&opts, &curves[i], &pools);
    bench_pools_release(&pools);
    return bench_options_close(&opts);
}
