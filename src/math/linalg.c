#include "math/linalg.h"

#include "base/alloc.h"
#include "math/blas_turn.h"

#include <assert.h>
#include <cblas.h>
#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
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
static atomic_bool held; /* address space, for the first calls */

/* The first call is near: OpenBLAS takes the address space that was held for it. */
static void give_back(void)
{
    atomic_store(&held, false);
    if (ipl_space_hold(0, NULL) != IPL_OK)
        return; /* giving back cannot fail */
}

/* What OpenBLAS takes for each thread that calls it, and a thread for its stack. It asks for
 * it again and again when it is not there. */
static const size_t workspace = ((size_t)128 << 20) + ((size_t)8 << 20);

ipl_status ipl_blas_pool_create(ipl_pool **out, size_t threads, ipl_error *err)
{
    ipl_status st = ipl_blas_reserve(threads, err);

    *out = NULL;
    if (st == IPL_OK)
        st = ipl_pool_create(out, threads, ipl_blas_start, err);
    if (st != IPL_OK)
        give_back();
    return st;
}

ipl_status ipl_blas_reserve(size_t threads, ipl_error *err)
{
    const ipl_status st = ipl_space_hold(threads * workspace, err);

    atomic_store(&held, st == IPL_OK);
    return st;
}

void ipl_blas_enter(void)
{
    if (atomic_load_explicit(&held, memory_order_relaxed))
        give_back();
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
