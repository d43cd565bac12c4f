/*
 * What this machine can do, and how long the program takes to start.
 *
 *     build/release/tests/bench/bench_machine [--csv FILE] [--only ROW] [--quick]
 *
 * from the project's root. The ceilings are those of BLAS and of memory, one independent call
 * per thread: GFLOP/s of sgemm, dgemm, ssyrk and dpotrf, GB/s of a = b + s c. The rest is the
 * wall clock of ./infoplane run as a user would, median of REPEATS.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "bench.h"
#include "math/linalg.h"

#include <cblas.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REPEATS = 5, PEAK = 1024, TRIAD = 1 << 22, ARGUMENTS = 24 };

#define SLICE_SECONDS 0.15

/* ---- ceilings ---- */

extern void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info);

/* What the threads work on: (threads, 3, area) numbers of one kind. */
typedef struct arena {
    size_t area;
    float *single;
    double *twice;
} arena;

static void single_product(void *arg, size_t task, size_t thread)
{
    const arena *a = arg;
    float *m = a->single + 3 * task * a->area;

    (void)thread;
    ipl_gemm(IPL_NN, PEAK, PEAK, PEAK, 1.0f, m, m + a->area, 0.0f, m + 2 * a->area);
}

static void double_product(void *arg, size_t task, size_t thread)
{
    const arena *a = arg;
    double *m = a->twice + 3 * task * a->area;

    (void)thread;
    ipl_dgemm_nt(m, PEAK, m + a->area, m + 2 * a->area, PEAK, PEAK, PEAK);
}

static void single_gram(void *arg, size_t task, size_t thread)
{
    const arena *a = arg;
    float *m = a->single + 3 * task * a->area;

    (void)thread;
    cblas_ssyrk(CblasRowMajor, CblasLower, CblasTrans, PEAK, PEAK, 1.0f, m, PEAK, 0.0f,
                m + a->area, PEAK);
}

/* Factor 4 I + 1e-4 ones, written anew each time: n^2 beside n^3 / 3. */
static void factor(void *arg, size_t task, size_t thread)
{
    const arena *a = arg;
    double *m = a->twice + 3 * task * a->area;
    const char lower = 'L';
    const int n = PEAK;
    int info = 0;

    (void)thread;
    for (size_t i = 0; i < a->area; i++)
        m[i] = i % (PEAK + 1) == 0 ? 4.0 : 1e-4;
    dpotrf_(&lower, &n, m, &n, &info);
    if (info != 0)
        bench_die("dpotrf failed");
}

static void triad(void *arg, size_t task, size_t thread)
{
    const arena *a = arg;
    double *m = a->twice + 3 * task * a->area;

    (void)thread;
    for (size_t i = 0; i < a->area; i++)
        m[i] = m[a->area + i] + 0.5 * m[2 * a->area + i];
}

static const struct ceiling {
    const char *name, *unit;
    ipl_task task;
    size_t area;
    bool twice;
    double work; /* of one call, in 1e9 of the unit's */
} ceilings[] = {
    {"sgemm", "gflops", single_product, (size_t)PEAK *PEAK, false, 2e-9 * PEAK *PEAK *PEAK},
    {"dgemm", "gflops", double_product, (size_t)PEAK *PEAK, true, 2e-9 * PEAK *PEAK *PEAK},
    {"ssyrk", "gflops", single_gram, (size_t)PEAK *PEAK, false, 1e-9 * PEAK *PEAK *PEAK},
    {"dpotrf", "gflops", factor, (size_t)PEAK *PEAK, true, 1e-9 / 3.0 * PEAK *PEAK *PEAK},
    {"triad", "gigabytes_per_second", triad, TRIAD, true, 24e-9 * TRIAD},
};

static double speed_of(const struct ceiling *c, ipl_pool *pool, size_t t)
{
    const size_t n = 3 * (t + 1) * c->area;
    arena a = {.area = c->area};
    const bool twice = c->twice;
    double start, seconds;
    size_t rounds = 0;

    if (twice)
        a.twice = bench_array(n, sizeof *a.twice);
    else
        a.single = bench_array(n, sizeof *a.single);
    for (size_t i = 0; i < n; i++)
        if (twice)
            a.twice[i] = 0.01 * (double)(i % 7);
        else
            a.single[i] = 0.01f * (float)(i % 7);
    ipl_pool_run(pool, t + 1, c->task, &a);
    bench_rest();
    start = bench_clock(t);
    do {
        ipl_pool_run(pool, t + 1, c->task, &a);
        rounds++;
        seconds = bench_clock(t) - start;
    } while (seconds < SLICE_SECONDS);
    ipl_free(a.single);
    ipl_free(a.twice);
    return c->work * (double)(rounds * (t + 1)) / seconds;
}

static void measure_ceilings(const bench_options *opts)
{
    bench_pools pools;
    char cpu[128], blas[256];

    bench_pools_init(&pools);
    ipl_cpu_name(cpu, sizeof cpu);
    ipl_blas_describe(blas, sizeof blas);
    printf("machine: %s, %zu processors; %s\n\n", cpu, ipl_cpu_count(), blas);
    printf("%-10s %10s %10s\n", "ceiling", "1 thread", "2 threads");
    for (size_t k = 0; k < sizeof ceilings / sizeof *ceilings; k++) {
        const struct ceiling *c = &ceilings[k];

        if (!bench_wanted(opts, c->name))
            continue;
        printf("%-10s", c->name);
        for (size_t t = 0; t < bench_threads(opts); t++) {
            bench_sample s = {.n = 0};

            for (size_t r = 0; r < REPEATS; r++)
                bench_add(&s, speed_of(c, pools.of[t], t));
            bench_print(10, 1, bench_median(&s));
            bench_record(opts, c->name, c->unit, t + 1, bench_median(&s));
        }
        printf("  %s\n", strcmp(c->unit, "gflops") == 0 ? "GFLOP/s" : "GB/s");
        (void)fflush(stdout);
    }
    bench_pools_release(&pools);
}

/* ---- the program ---- */

#define RUN "build/bench-run"

/* Processor time of all children that have ended. */
static double children(void)
{
    struct rusage u;

    (void)getrusage(RUSAGE_CHILDREN, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

/* Seconds of ./infoplane with these words, and of its processor time; NaN when it fails. */
static double seconds_of(double *used, const char *const *words)
{
    const char *argv[ARGUMENTS + 2] = {"./infoplane"};
    const double start = ipl_clock(), before = children();
    int status = 0;
    pid_t pid;

    for (size_t i = 0; i < ARGUMENTS && words[i]; i++)
        argv[i + 1] = words[i];
    (void)fflush(NULL);
    pid = fork();
    if (pid < 0)
        bench_die("no process");
    if (pid == 0) {
        const int nowhere = open("/dev/null", O_WRONLY);
        char *own[ARGUMENTS + 2];

        (void)dup2(nowhere, STDOUT_FILENO);
        (void)dup2(nowhere, STDERR_FILENO);
        memcpy(own, argv, sizeof own);
        (void)execv(own[0], own);
        _exit(127);
    }
    if (waitpid(pid, &status, 0) != pid || status != 0)
        return *used = (double)NAN;
    *used = children() - before;
    return ipl_clock() - start;
}

static const struct action {
    const char *name, *what;
    double want; /* seconds */
    const char *words[ARGUMENTS];
} actions[] = {
    {"help", "infoplane --help", 0.010, {"--help"}},
    {"first-batch",
     "start, MNIST from its gzip files, one batch, end",
     0.3,
     {"train", "--data", "mnist", "--net", "784-10", "--batch", "128", "--train-samples",
      "128", "--test-samples", "128", "--epochs", "1", "--measure", "none", "--out", RUN,
      "--force", "--quiet"}},
    {"szt-run",
     "100 epochs of SZT, each measured",
     0,
     {"train", "--data", "szt", "--net", "12-10-7-5-4-3-2", "--batch", "256", "--epochs",
      "100", "--out", RUN, "--force", "--quiet"}},
    {"figure", "all figures of that run", 0, {"plot", RUN}},
};

static void measure_program(const bench_options *opts)
{
    printf("\n%-12s %9s %9s %9s  %s\n", "program", "seconds", "processor", "target",
           "what");
    for (size_t k = 0; k < sizeof actions / sizeof *actions; k++) {
        const struct action *a = &actions[k];
        bench_sample s = {.n = 0}, cpu = {.n = 0};

        if (!bench_wanted(opts, a->name))
            continue;
        for (size_t r = 0; r < REPEATS; r++) {
            double used;

            bench_add(&s, seconds_of(&used, a->words));
            bench_add(&cpu, used);
        }
        printf("%-12s", a->name);
        bench_print(9, 4, bench_median(&s));
        bench_print(9, 4, bench_median(&cpu));
        bench_print(9, 3, a->want > 0.0 ? a->want : (double)NAN);
        printf("  %s%s\n", a->what, s.n == 0 ? " (failed: data or gnuplot missing?)" : "");
        (void)fflush(stdout);
        bench_record(opts, a->name, "seconds", 0, bench_median(&s));
        bench_record(opts, a->name, "processor_seconds", 0, bench_median(&cpu));
    }
}

int main(int argc, char **argv)
{
    bench_options opts;

    bench_options_read(&opts, "machine", argc, argv);
    measure_ceilings(&opts);
    if (!opts.quick)
        measure_program(&opts);
    return bench_options_close(&opts);
}
