#include "base/pool.h"

#include "base/alloc.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

enum {
    THREADS_MAX = 1024,
    STACK = 2 << 20 /* bytes that a worker has at least */
};

#define SPIN_ROUNDS 2000 /* some microseconds: the gap between two jobs of a train step */

typedef struct worker {
    ipl_pool *pool;
    size_t thread;
    pthread_t id;
} worker;

struct ipl_pool {
    size_t threads;
    void (*start)(void);

    /* The job: written by ipl_pool_run() before it bumps `round`, read after seeing it. */
    ipl_task fn;
    void *job;
    size_t n_tasks;

    atomic_size_t next;    /* next task to hand out */
    atomic_size_t running; /* workers that have not finished the round */
    atomic_ullong
        round; /* number of jobs so far, and the threads of this one: round_of() */
    atomic_size_t limit; /* threads of the jobs to come */
    atomic_bool stop;

    pthread_mutex_t lock; /* for sleeping only */
    pthread_cond_t work, done, parked;
    size_t sleeping; /* workers inside `work`, under lock */

    size_t started; /* workers that exist */
    worker *workers;
};

/* Tell the processor that this is a spin loop. */
static inline void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

/* Take tasks until none is left. */
static void work_off(ipl_pool *pool, size_t thread)
{
    for (;;) {
        const size_t task = atomic_fetch_add(&pool->next, 1);

        if (task >= pool->n_tasks)
            return;
        pool->fn(pool->job, task, thread);
    }
}

/* The round after another, of so many threads. Being one number they are read together. */
static unsigned long long round_of(unsigned long long before, size_t threads)
{
    return (before / (THREADS_MAX + 1) + 1) * (THREADS_MAX + 1) + threads;
}

/* Whether a thread has to do with a round that is not the one it has seen. */
static bool concerns(unsigned long long round, unsigned long long seen, size_t thread)
{
    return round != seen && thread < round % (THREADS_MAX + 1);
}

/*
 * Wait for a round after `seen` that concerns a thread: spin first, then sleep. A thread above
 * the limit neither spins nor is woken by the rounds of the others. Returns the new round.
 */
static unsigned long long wait_for_work(ipl_pool *pool, unsigned long long seen,
                                        size_t thread)
{
    unsigned long long now;

    for (int i = 0; i < SPIN_ROUNDS && thread < atomic_load(&pool->limit); i++) {
        now = atomic_load(&pool->round);
        if (concerns(now, seen, thread))
            return now;
        relax();
    }
    (void)pthread_mutex_lock(&pool->lock);
    while (!concerns(now = atomic_load(&pool->round), seen, thread)) {
        if (thread >= atomic_load(&pool->limit)) {
            (void)pthread_cond_wait(&pool->parked, &pool->lock);
            continue;
        }
        pool->sleeping++;
        (void)pthread_cond_wait(&pool->work, &pool->lock);
        pool->sleeping--;
    }
    (void)pthread_mutex_unlock(&pool->lock);
    return now;
}

static void *worker_main(void *arg)
{
    const worker *self = arg;
    ipl_pool *pool = self->pool;
    unsigned long long seen = 0;

    if (pool->start)
        pool->start();
    for (;;) {
        seen = wait_for_work(pool, seen, self->thread);
        if (atomic_load(&pool->stop))
            return NULL;
        work_off(pool, self->thread);
        if (atomic_fetch_sub(&pool->running, 1) == 1) {
            (void)pthread_mutex_lock(&pool->lock);
            (void)pthread_cond_signal(&pool->done);
            (void)pthread_mutex_unlock(&pool->lock);
        }
    }
}

/* Publish a new round of so many threads and wake those who sleep. */
static void start_round(ipl_pool *pool, size_t threads)
{
    (void)pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->running, threads - 1);
    atomic_store(&pool->round, round_of(atomic_load(&pool->round), threads));
    if (pool->sleeping > 0)
        (void)pthread_cond_broadcast(&pool->work);
    (void)pthread_mutex_unlock(&pool->lock);
}

void ipl_pool_limit(ipl_pool *pool, size_t threads)
{
    (void)pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->limit, threads < pool->threads ? threads : pool->threads);
    (void)pthread_cond_broadcast(&pool->parked);
    (void)pthread_mutex_unlock(&pool->lock);
}

void ipl_pool_run(ipl_pool *pool, size_t n_tasks, ipl_task fn, void *job)
{
    const size_t threads = pool ? atomic_load(&pool->limit) : 1;

    if (threads == 1 || n_tasks <= 1) {
        for (size_t task = 0; task < n_tasks; task++)
            fn(job, task, 0);
        return;
    }
    pool->fn = fn;
    pool->job = job;
    pool->n_tasks = n_tasks;
    atomic_store(&pool->next, 0);
    start_round(pool, threads);
    work_off(pool, 0);

    for (int i = 0; i < SPIN_ROUNDS && atomic_load(&pool->running) > 0; i++)
        relax();
    if (atomic_load(&pool->running) == 0)
        return;
    (void)pthread_mutex_lock(&pool->lock);
    while (atomic_load(&pool->running) > 0)
        (void)pthread_cond_wait(&pool->done, &pool->lock);
    (void)pthread_mutex_unlock(&pool->lock);
}

/* Start a thread with room for the blocks that tasks keep on their stacks. */
static int start_worker(worker *w)
{
    pthread_attr_t attributes;
    size_t size = 0;
    int fault = pthread_attr_init(&attributes);

    if (fault != 0)
        return fault;
    if (pthread_attr_getstacksize(&attributes, &size) == 0 && size < STACK)
        (void)pthread_attr_setstacksize(&attributes, STACK);
    fault = pthread_create(&w->id, &attributes, worker_main, w);
    (void)pthread_attr_destroy(&attributes);
    return fault;
}

ipl_status ipl_pool_create(ipl_pool **out, size_t threads, void (*start)(void),
                           ipl_error *err)
{
    ipl_pool *pool = NULL;
    ipl_status st = IPL_E_NOMEM;

    *out = NULL;
    if (threads == 0 || threads > THREADS_MAX)
        return ipl_fail(err, IPL_E_ARG, "%zu threads: want 1 to %d", threads, THREADS_MAX);
    pool = ipl_array(1, 1, sizeof *pool, err);
    if (!pool)
        return IPL_E_NOMEM;
    (void)pthread_mutex_init(&pool->lock, NULL);
    (void)pthread_cond_init(&pool->work, NULL);
    (void)pthread_cond_init(&pool->done, NULL);
    (void)pthread_cond_init(&pool->parked, NULL);
    pool->threads = threads;
    atomic_store(&pool->limit, threads);
    pool->start = start;
    pool->workers = ipl_array(threads, 1, sizeof *pool->workers, err);
    if (!pool->workers)
        goto done;

    for (size_t i = 0; i + 1 < threads; i++) {
        worker *w = &pool->workers[i];
        int fault;

        *w = (worker){.pool = pool, .thread = i + 1};
        fault = start_worker(w);
        if (fault != 0) {
            st = ipl_fail(err, IPL_E_NOMEM, "cannot start thread %zu of %zu: %s", i + 2,
                          threads, strerror(fault));
            goto done;
        }
        pool->started++;
    }
    *out = pool;
    pool = NULL; /* now the caller's */
    st = IPL_OK;
done:
    ipl_pool_destroy(pool);
    return st;
}

void ipl_pool_destroy(ipl_pool *pool)
{
    if (!pool)
        return;
    ipl_pool_limit(pool, pool->threads);
    atomic_store(&pool->stop, true);
    start_round(pool, pool->threads);
    for (size_t i = 0; i < pool->started; i++)
        (void)pthread_join(pool->workers[i].id, NULL);
    (void)pthread_cond_destroy(&pool->parked);
    (void)pthread_cond_destroy(&pool->done);
    (void)pthread_cond_destroy(&pool->work);
    (void)pthread_mutex_destroy(&pool->lock);
    ipl_free(pool->workers);
    ipl_free(pool);
}

size_t ipl_pool_threads(const ipl_pool *pool)
{
    return pool ? pool->threads : 1;
}
