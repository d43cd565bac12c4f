/**
 * What the benchmarks share: medians, the ceilings of the machine, and a peer program that is
 * asked in turn with our code.
 *
 * A peer is a Python script that answers lines: it first says "ready" or "absent: why", then
 * a number (or "error: why") for every question.
 */
#ifndef IPL_BENCH_H
#define IPL_BENCH_H

#include "base/pool.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

enum { BENCH_THREADS = 2, BENCH_REPEATS_MAX = 9 };

/** Threads t + 1 for t = 0, 1: a pool for each, NULL for one thread. */
typedef struct bench_pools {
    ipl_pool *of[BENCH_THREADS];
} bench_pools;

/** Print what went wrong and leave. */
_Noreturn void bench_die(const char *what);

/** What was said on the command line. */
typedef struct bench_options {
    const char *program; /* "train": names its lines in the CSV */
    FILE *csv;           /* NULL: none */
    const char *only;    /* name of the one workload to run; NULL: all */
    bool quick;          /* one thread, no peers, small workloads: for bench-check */
} bench_options;

/**
 * Read [--csv FILE] [--only WORKLOAD] [--quick], or leave with the usage. Lines are added to
 * the file, so that all programs can write one.
 */
void bench_options_read(bench_options *out, const char *program, int argc, char **argv);

/** Whether a workload is wanted. */
bool bench_wanted(const bench_options *opts, const char *name);

/** One line of the CSV: program,workload,measure,threads,value. Nothing for NaN. */
void bench_record(const bench_options *opts, const char *workload, const char *measure,
                  size_t threads, double value);

/** Threads to try: all of BENCH_THREADS, or one when it is to be quick. */
size_t bench_threads(const bench_options *opts);

/** Close the CSV file; the exit status of the program. */
int bench_options_close(bench_options *opts);

/** An array of zeros or the end of the program. */
void *bench_array(size_t n, size_t size);

void bench_pools_init(bench_pools *pools);
void bench_pools_release(bench_pools *pools);

/** Values that were measured, in the order of time. */
typedef struct bench_sample {
    double v[BENCH_REPEATS_MAX];
    size_t n;
} bench_sample;

void bench_add(bench_sample *s, double value);

/** Median, NaN of nothing. */
double bench_median(const bench_sample *s);

/** The largest of some numbers, NaN when all of them are. */
double bench_best(const double *v, size_t n);

/** Let the threads of others fall asleep. */
void bench_rest(void);

/**
 * Seconds for t + 1 threads: for one, the processor time of the calling thread, since others
 * may be using the machine; for more, the wall clock.
 */
double bench_clock(size_t t);

/** GFLOP/s of a square product of order 1024 in float, or in double, on t + 1 threads. */
double bench_sgemm(const bench_pools *pools, size_t t);
double bench_dgemm(const bench_pools *pools, size_t t);

typedef struct bench_peer {
    pid_t pid; /* 0: absent */
    FILE *to, *from;
    char note[256]; /* what it is, or why it is absent */
} bench_peer;

/**
 * Start tests/bench/<script> with $PYTHON (/usr/bin/python3), its own choice of BLAS kernels.
 * Whatever goes wrong makes the peer absent, and so does --quick.
 */
void bench_peer_start(bench_peer *peer, const char *script, const bench_options *opts);

/** Ask one line; NaN when the peer is absent or has no answer. */
double bench_peer_ask(bench_peer *peer, const char *question);

/** Samples for a peer: x (n, d_X), y (n), t[l] (n, widths[l]). */
typedef struct bench_samples {
    size_t n, d_X, n_layers;
    const float *x;
    const int32_t *y;
    const size_t *widths;
    const float *const *t;
} bench_samples;

/** Say "load FOLDER n_layers" of x, y, t0, t1, ... .npy, which the peer removes. */
void bench_peer_give(bench_peer *peer, const bench_samples *s);

void bench_peer_stop(bench_peer *peer);

/** One column of the table: the number, "-" when it is NaN. */
void bench_print(int width, int digits, double value);

#endif /* IPL_BENCH_H */
