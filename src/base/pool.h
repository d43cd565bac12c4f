/**
 * Threads: run the tasks 0 ... n-1 of one job on a fixed number of threads.
 *
 * Which thread runs a task is not defined, so a result must not depend on it: a task writes
 * only what belongs to its number. Then the bytes are the same at any thread count.
 *
 *     ipl_pool_run(pool, n_shards, forward_shard, &job);
 */
#ifndef IPL_POOL_H
#define IPL_POOL_H

#include "base/cpu.h"
#include "ipl/status.h"

#include <stddef.h>

typedef struct ipl_pool ipl_pool;

/** One task of a job; thread is 0 ... threads-1, for scratch that is never shared. */
typedef void (*ipl_task)(void *job, size_t task, size_t thread);

/**
 * Start threads - 1 workers; the caller of ipl_pool_run() is the last thread.
 *
 * start   run once in every worker before its first task (NULL: nothing)
 * owner   *out belongs to the caller, for ipl_pool_destroy()
 * errors  IPL_E_ARG    threads is 0 or above 1024
 *         IPL_E_NOMEM  a thread or its memory could not be had
 */
ipl_status ipl_pool_create(ipl_pool **out, size_t threads, void (*start)(void),
                           ipl_error *err) IPL_NODISCARD;

/** Stop the workers and release the pool; NULL is allowed. */
void ipl_pool_destroy(ipl_pool *pool);

/** Number of threads; 1 for NULL. */
size_t ipl_pool_threads(const ipl_pool *pool);

/**
 * Run fn(job, task, thread) for task = 0 ... n_tasks-1 and wait for all of them. A NULL
 * pool runs them in order on the caller. Tasks must not call this function on their pool.
 * Workers spin for some microseconds after a job, then sleep.
 */
void ipl_pool_run(ipl_pool *pool, size_t n_tasks, ipl_task fn, void *job);

/**
 * Let the jobs that start from now on run on so many threads, at least 1 and at most those of
 * the pool; the others sleep until the limit is raised. Any thread may call this at any time,
 * also while a job runs. ipl_pool_threads() stays what it is.
 */
void ipl_pool_limit(ipl_pool *pool, size_t threads);

/**
 * Doubles from one thread's part of a workspace to the next one's, for parts of n: each begins
 * on a cache line (64 bytes). Kernels of BLAS and LAPACK round otherwise at another alignment,
 * and which thread runs a task is not defined.
 */
static inline size_t ipl_thread_stride(size_t n)
{
    return (n + 7) / 8 * 8;
}

#endif /* IPL_POOL_H */
