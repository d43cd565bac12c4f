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

/* What OpenBLAS takes for each thread inside it, and a thread for its stack. It asks for it
 * again and again when it is not there, and keeps it. */
static const size_t workspace = ((size_t)128 << 20) + ((size_t)8 << 20);

/* Where address space is limited: threads inside BLAS now, and the most there were, for which
 * it has its workspaces; pieces that are held for more. */
static atomic_bool limited;
static atomic_size_t inside, most;
static size_t reserved;

ipl_status ipl_blas_reserve(size_t threads, ipl_error *err)
{
    ipl_status st;

    if (threads <= reserved || !ipl_space_is_limited())
        return IPL_OK;
    st = ipl_space_hold(threads - reserved, workspace, err);
    if (st != IPL_OK)
        return st;
    reserved = threads;
    atomic_store(&limited, true);
    return IPL_OK;
}

ipl_status ipl_blas_pool_create(ipl_pool **out, size_t threads, ipl_error *err)
{
    const ipl_status st = ipl_blas_reserve(threads, err);

    *out = NULL;
    return st == IPL_OK ? ipl_pool_create(out, threads, ipl_blas_start, err) : st;
}

/* One more thread than ever before: OpenBLAS takes a workspace now, where a piece was held. */
static void make_room(void)
{
    const size_t now = atomic_fetch_add(&inside, 1) + 1;
    size_t before = atomic_load(&most);

    while (now > before && !atomic_compare_exchange_weak(&most, &before, now)) {
    }
    if (now > before)
        ipl_space_give();
}

void ipl_blas_enter(void)
{
    if (atomic_load_explicit(&limited, memory_order_relaxed))
        make_room();
    if (openblas_get_parallel() == SEQUENTIAL)
        (void)pthread_mutex_lock(&turn);
}

void ipl_blas_leave(void)
{
    if (atomic_load_explicit(&limited, memory_order_relaxed))
        (void)atomic_fetch_sub(&inside, 1);
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
