#include "bench.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "math/linalg.h"
#include "math/npy.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PEAK = 1024 };

#define PEAK_SECONDS 0.1

void bench_die(const char *what)
{
    (void)fprintf(stderr, "bench: %s\n", what);
    exit(EXIT_FAILURE);
}

_Noreturn static void usage(const char *name)
{
    (void)fprintf(stderr, "usage: %s [--csv FILE] [--only WORKLOAD] [--quick]\n", name);
    exit(2);
}

void bench_options_read(bench_options *out, const char *program, int argc, char **argv)
{
    const char *path = NULL;

    *out = (bench_options){.program = program};
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--quick") == 0)
            out->quick = true;
        else if (strcmp(argv[i], "--csv") == 0 && i + 1 < argc)
            path = argv[++i];
        else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc)
            out->only = argv[++i];
        else
            usage(argv[0]);
    if (!path)
        return;
    out->csv = fopen(path, "a");
    if (!out->csv || fseek(out->csv, 0, SEEK_END) != 0)
        bench_die("the CSV file cannot be written");
    if (ftell(out->csv) == 0)
        (void)fputs("program,workload,measure,threads,value\n", out->csv);
}

void bench_record(const bench_options *opts, const char *workload, const char *measure,
                  size_t threads, double value)
{
    if (!opts->csv || isnan(value))
        return;
    (void)fprintf(opts->csv, "%s,%s,%s,%zu,%.6g\n", opts->program, workload, measure,
                  threads, value);
    (void)fflush(opts->csv); /* a long run may be stopped */
}

size_t bench_threads(const bench_options *opts)
{
    return opts->quick ? 1 : BENCH_THREADS;
}

bool bench_wanted(const bench_options *opts, const char *name)
{
    return !opts->only || strcmp(opts->only, name) == 0;
}

int bench_options_close(bench_options *opts)
{
    return opts->csv && fclose(opts->csv) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

void *bench_array(size_t n, size_t size)
{
    ipl_error err;
    void *p = ipl_array(n, 1, size, &err);

    if (!p)
        bench_die(err.msg);
    return p;
}

void bench_pools_init(bench_pools *pools)
{
    ipl_error err;

    ipl_blas_start();
    *pools = (bench_pools){{NULL}};
    for (size_t t = 1; t < BENCH_THREADS; t++)
        if (ipl_pool_create(&pools->of[t], t + 1, ipl_blas_start, &err) != IPL_OK)
            bench_die(err.msg);
}

void bench_pools_release(bench_pools *pools)
{
    for (size_t t = 0; t < BENCH_THREADS; t++)
        ipl_pool_destroy(pools->of[t]);
    *pools = (bench_pools){{NULL}};
}

void bench_add(bench_sample *s, double value)
{
    if (s->n < BENCH_REPEATS_MAX && !isnan(value))
        s->v[s->n++] = value;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double bench_median(const bench_sample *s)
{
    double v[BENCH_REPEATS_MAX];

    if (s->n == 0)
        return (double)NAN;
    memcpy(v, s->v, sizeof v);
    qsort(v, s->n, sizeof *v, ascending);
    return 0.5 * (v[(s->n - 1) / 2] + v[s->n / 2]);
}

double bench_best(const double *v, size_t n)
{
    double best = (double)NAN;

    for (size_t i = 0; i < n; i++)
        best = fmax(best, v[i]); /* a NaN loses */
    return best;
}

void bench_rest(void)
{
    const struct timespec nap = {.tv_nsec = 40000000};

    (void)nanosleep(&nap, NULL);
}

double bench_clock(size_t t)
{
    struct timespec now;

    if (t > 0)
        return ipl_clock();
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ---- ceilings ---- */

/* Matrices of every thread. */
typedef struct peak_job {
    float *single;
    double *twice;
} peak_job;

static void single_product(void *arg, size_t task, size_t thread)
{
    const peak_job *job = arg;
    const size_t area = (size_t)PEAK * PEAK;
    float *m = job->single + 3 * task * area;

    (void)thread;
    ipl_gemm(IPL_NN, PEAK, PEAK, PEAK, 1.0f, m, m + area, 0.0f, m + 2 * area);
}

static void double_product(void *arg, size_t task, size_t thread)
{
    const peak_job *job = arg;
    const size_t area = (size_t)PEAK * PEAK;
    double *m = job->twice + 3 * task * area;

    (void)thread;
    ipl_dgemm_nt(m, PEAK, m + area, m + 2 * area, PEAK, PEAK, PEAK); /* one call of BLAS */
}

/* GFLOP/s of one product per thread at a time, for some tenths of a second. */
static double products(ipl_pool *pool, size_t threads, ipl_task product, void *job)
{
    double start, seconds;
    size_t rounds = 0;

    ipl_pool_run(pool, threads, product, job);
    start = bench_clock(threads - 1);
    do {
        ipl_pool_run(pool, threads, product, job);
        rounds++;
        seconds = bench_clock(threads - 1) - start;
    } while (seconds < PEAK_SECONDS);
    return 2e-9 * PEAK * PEAK * PEAK * (double)(rounds * threads) / seconds;
}

double bench_sgemm(const bench_pools *pools, size_t t)
{
    const size_t n = (t + 1) * 3 * PEAK * PEAK;
    peak_job job = {.single = bench_array(n, sizeof *job.single)};
    double speed;

    for (size_t i = 0; i < n; i++)
        job.single[i] = 0.01f * (float)(i % 7);
    speed = products(pools->of[t], t + 1, single_product, &job);
    ipl_free(job.single);
    return speed;
}

double bench_dgemm(const bench_pools *pools, size_t t)
{
    const size_t n = (t + 1) * 3 * PEAK * PEAK;
    peak_job job = {.twice = bench_array(n, sizeof *job.twice)};
    double speed;

    for (size_t i = 0; i < n; i++)
        job.twice[i] = 0.01 * (double)(i % 7);
    speed = products(pools->of[t], t + 1, double_product, &job);
    ipl_free(job.twice);
    return speed;
}

/* ---- peer ---- */

/* In the child: become the peer. */
_Noreturn static void become(const char *script, int in, int out)
{
    const char *python = getenv("PYTHON");
    char path[256];

    (void)snprintf(path, sizeof path, "tests/bench/%s", script);
    (void)unsetenv("OPENBLAS_CORETYPE");
    (void)unsetenv("OPENBLAS_L2_SIZE");
    (void)dup2(in, STDIN_FILENO);
    (void)dup2(out, STDOUT_FILENO);
    (void)close(in);
    (void)close(out);
    python = python && *python ? python : "/usr/bin/python3";
    (void)execlp(python, python, path, (char *)NULL);
    (void)printf("absent: no %s\n", python);
    (void)fflush(stdout);
    _exit(EXIT_FAILURE);
}

/* Read a line without its end; false at the end of the file. */
static bool read_line(char *line, size_t size, FILE *from)
{
    if (!fgets(line, (int)size, from))
        return false;
    line[strcspn(line, "\n")] = '\0';
    return true;
}

void bench_peer_start(bench_peer *peer, const char *script, const bench_options *opts)
{
    int ask[2], answer[2];
    pid_t pid;

    if (opts->quick) {
        *peer = (bench_peer){.note = "not asked"};
        return;
    }

    *peer = (bench_peer){.note = "absent: no answer"};
    (void)signal(SIGPIPE, SIG_IGN);
    if (pipe(ask) != 0 || pipe(answer) != 0)
        bench_die("no pipe");
    (void)fflush(NULL);
    pid = fork();
    if (pid < 0)
        bench_die("no process");
    if (pid == 0) {
        (void)close(ask[1]);
        (void)close(answer[0]);
        become(script, ask[0], answer[1]);
    }
    (void)close(ask[0]);
    (void)close(answer[1]);
    peer->pid = pid;
    peer->to = fdopen(ask[1], "w");
    peer->from = fdopen(answer[0], "r");
    if (!peer->to || !peer->from)
        bench_die("no pipe");
    if (!read_line(peer->note, sizeof peer->note, peer->from) ||
        strncmp(peer->note, "ready", 5) != 0)
        bench_peer_stop(peer);
}

double bench_peer_ask(bench_peer *peer, const char *question)
{
    char line[160], *end;
    double value;

    if (peer->pid == 0)
        return (double)NAN;
    if (fprintf(peer->to, "%s\n", question) < 0 || fflush(peer->to) != 0 ||
        !read_line(line, sizeof line, peer->from)) {
        (void)snprintf(peer->note, sizeof peer->note, "absent: it died of '%s'", question);
        bench_peer_stop(peer);
        return (double)NAN;
    }
    value = strtod(line, &end);
    if (end != line && *end == '\0')
        return value;
    (void)fprintf(stderr, "bench: peer: %s: %s\n", question, line);
    return (double)NAN;
}

static void write_matrix(const char *folder, const char *name, const float *data, size_t n,
                         size_t d)
{
    const size_t dims[] = {n, d};
    char path[256];
    ipl_error err;

    (void)snprintf(path, sizeof path, "%s/%s.npy", folder, name);
    if (ipl_npy_write_f32(path, data, dims, 2, &err) != IPL_OK)
        bench_die(err.msg);
}

void bench_peer_give(bench_peer *peer, const bench_samples *s)
{
    char folder[] = "build/bench-XXXXXX", name[32], question[160];
    float *y;

    if (peer->pid == 0)
        return;
    if (!mkdtemp(folder))
        bench_die("no folder in build/");
    y = bench_array(s->n, sizeof *y);
    for (size_t i = 0; i < s->n; i++)
        y[i] = (float)s->y[i];
    write_matrix(folder, "x", s->x, s->n, s->d_X);
    write_matrix(folder, "y", y, s->n, 1);
    for (size_t l = 0; l < s->n_layers; l++) {
        (void)snprintf(name, sizeof name, "t%zu", l);
        write_matrix(folder, name, s->t[l], s->n, s->widths[l]);
    }
    (void)snprintf(question, sizeof question, "load %s %zu", folder, s->n_layers);
    (void)bench_peer_ask(peer, question);
    ipl_free(y);
}

void bench_peer_stop(bench_peer *peer)
{
    if (peer->pid == 0)
        return;
    (void)fclose(peer->to);
    (void)fclose(peer->from);
    (void)waitpid(peer->pid, NULL, 0);
    peer->pid = 0;
}

/* ---- output ---- */

void bench_print(int width, int digits, double value)
{
    if (isnan(value))
        (void)printf(" %*s", width, "-");
    else
        (void)printf(" %*.*f", width, digits, value);
}
