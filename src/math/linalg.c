#include "math/linalg.h"

#include "math/blas_turn.h"

#include <assert.h>
#include <cblas.h>
#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* Builds of OpenBLAS, as openblas_get_parallel() numbers them. */
enum { SEQUENTIAL = 0, PTHREADS = 1, OPENMP = 2 };

static void hold_pthreads(void)
{
    openblas_set_num_threads(1);
}

/* An OpenMP build asks the runtime it was linked with, per calling thread. */
static void hold_openmp(void)
{
    void *program = dlopen(NULL, RTLD_LAZY);
    void *symbol = program ? dlsym(program, "omp_set_num_threads") : NULL;
    void (*set_num_threads)(int);

    if (symbol) {
        memcpy(&set_num_threads, &symbol, sizeof symbol);
        set_num_threads(1);
    }
    if (program)
        (void)dlclose(program);
}

void ipl_blas_start(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, hold_pthreads);
    if (openblas_get_parallel() == OPENMP)
        hold_openmp();
}

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

void ipl_blas_enter(void)
{
    if (openblas_get_parallel() == SEQUENTIAL)
        (void)pthread_mutex_lock(&turn);
}

void ipl_blas_leave(void)
{
    if (openblas_get_parallel() == SEQUENTIAL)
        (void)pthread_mutex_unlock(&turn);
}

void ipl_blas_describe(char *out, size_t size)
{
    static const char *const threading[] = {
        [SEQUENTIAL] = "sequential", [PTHREADS] = "pthreads", [OPENMP] = "openmp"};
    const int parallel = openblas_get_parallel();

    (void)snprintf(out, size, "%s; kernels %s; %s", openblas_get_config(),
                   openblas_get_corename(),
                   parallel >= SEQUENTIAL && parallel <= OPENMP ? threading[parallel]
                                                                : "unknown threading");
}

/* The place where a size becomes a BLAS int; callers reject larger ones. */
static int blas_int(size_t n)
{
    assert(n <= INT_MAX);
    return (int)n;
}

void ipl_gemm(ipl_trans trans, size_t m, size_t n, size_t k, float alpha, const float *a,
              const float *b, float beta, float *c)
{
    const int lda = blas_int(trans == IPL_TN ? m : k);
    const int ldb = blas_int(trans == IPL_NT ? k : n);

    ipl_blas_enter();
    cblas_sgemm(CblasRowMajor, trans == IPL_TN ? CblasTrans : CblasNoTrans,
                trans == IPL_NT ? CblasTrans : CblasNoTrans, blas_int(m), blas_int(n),
                blas_int(k), alpha, a, lda, b, ldb, beta, c, blas_int(n));
    ipl_blas_leave();
}

void ipl_gemm_tn_rows(size_t first, size_t rows, size_t m, size_t n, size_t k, float alpha,
                      const float *a, const float *b, float beta, float *c)
{
    assert(first + rows <= m);
    ipl_blas_enter();
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, blas_int(rows), blas_int(n),
                blas_int(k), alpha, a + first, blas_int(m), b, blas_int(n), beta,
                c + first * n, blas_int(n));
    ipl_blas_leave();
}
