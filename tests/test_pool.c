#include "test.h"

#include "base/alloc.h"
#include "base/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

enum { MOST_THREADS = 8, MOST_TASKS = 300 };

typedef struct tally {
    atomic_uint runs[MOST_TASKS];
    atomic_size_t highest_thread;
    atomic_uint inside[MOST_THREADS]; /* tasks running as this thread number now */
    atomic_bool shared;               /* two tasks had one thread number at a time */
} tally;

static void count_task(void *job, size_t task, size_t thread)
{
    tally *t = job;

    if (atomic_fetch_add(&t->inside[thread], 1) != 0)
        atomic_store(&t->shared, true);
    atomic_fetch_add(&t->runs[task], 1);
    for (size_t h = atomic_load(&t->highest_thread); h < thread;)
        if (atomic_compare_exchange_weak(&t->highest_thread, &h, thread))
            break;
    atomic_fetch_sub(&t->inside[thread], 1);
}

static void check_every_task_once(ipl_pool *pool, size_t threads, size_t n)
{
    tally t = {0};

    ipl_pool_run(pool, n, count_task, &t);
    for (size_t i = 0; i < MOST_TASKS; i++)
        assert_int_equal(atomic_load(&t.runs[i]), i < n);
    assert_true(atomic_load(&t.highest_thread) < threads);
    assert_false(atomic_load(&t.shared));
}

static void every_task_runs_exactly_once(void **state)
{
    static const size_t counts[] = {0, 1, 2, 3, 7, 8, 9, 64, MOST_TASKS};

    (void)state;
    check_every_task_once(NULL, 1, MOST_TASKS);
    for (size_t threads = 1; threads <= MOST_THREADS; threads++) {
        ipl_pool *pool;

        assert_int_equal(ipl_pool_create(&pool, threads, NULL, NULL), IPL_OK);
        assert_int_equal(ipl_pool_threads(pool), threads);
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
            check_every_task_once(pool, threads, counts[i]);
        ipl_pool_destroy(pool);
    }
}

static void add_one(void *job, size_t task, size_t thread)
{
    (void)thread;
    ((uint32_t *)job)[task]++; /* plain memory: the pool orders one job after the other */
}

static void ten_thousand_jobs_follow_each_other(void **state)
{
    (void)state;
    for (size_t threads = 2; threads <= 4; threads++) {
        uint32_t sum[5] = {0};
        ipl_pool *pool;

        assert_int_equal(ipl_pool_create(&pool, threads, NULL, NULL), IPL_OK);
        for (uint32_t i = 0; i < 10000; i++) {
            ipl_pool_run(pool, 5, add_one, sum);
            assert_true(sum[0] == i + 1 && sum[4] == i + 1);
        }
        for (size_t i = 0; i < 5; i++)
            assert_int_equal(sum[i], 10000);
        ipl_pool_destroy(pool);
    }
}

static void sleeping_workers_wake_up(void **state)
{
    uint32_t sum[4] = {0};
    ipl_pool *pool;

    (void)state;
    assert_int_equal(ipl_pool_create(&pool, 4, NULL, NULL), IPL_OK);
    for (size_t i = 0; i < 20; i++) {
        const struct timespec pause = {.tv_nsec = 2000000}; /* far past spinning */

        (void)nanosleep(&pause, NULL);
        ipl_pool_run(pool, 4, add_one, sum);
    }
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(sum[i], 20);
    ipl_pool_destroy(pool);
}

static void work_with_numbers(void *job, size_t task, size_t thread)
{
    double *out = job;
    double x = (double)task + 1.0;

    (void)thread;
    for (int i = 0; i < 200; i++)
        x = sqrt(x + (double)i) + 1.0 / (x + 1.0);
    out[task] = x;
}

static void results_do_not_depend_on_the_number_of_threads(void **state)
{
    double want[MOST_TASKS], got[MOST_TASKS];

    (void)state;
    ipl_pool_run(NULL, MOST_TASKS, work_with_numbers, want);
    for (size_t threads = 1; threads <= MOST_THREADS; threads++) {
        ipl_pool *pool;

        memset(got, 0, sizeof got);
        assert_int_equal(ipl_pool_create(&pool, threads, NULL, NULL), IPL_OK);
        ipl_pool_run(pool, MOST_TASKS, work_with_numbers, got);
        ipl_pool_destroy(pool);
        assert_memory_equal(got, want, sizeof got);
    }
}

static atomic_uint started;
static _Thread_local bool hooked;

static void mark_thread(void)
{
    hooked = true;
    atomic_fetch_add(&started, 1);
}

static void note_hook(void *job, size_t task, size_t thread)
{
    (void)task;
    if (thread > 0 && !hooked)
        atomic_store((atomic_bool *)job, true);
}

static void the_hook_runs_once_in_every_worker_before_its_tasks(void **state)
{
    atomic_bool missed = false;
    ipl_pool *pool;

    (void)state;
    atomic_store(&started, 0);
    assert_int_equal(ipl_pool_create(&pool, 5, mark_thread, NULL), IPL_OK);
    for (size_t i = 0; i < 100; i++)
        ipl_pool_run(pool, 50, note_hook, &missed);
    assert_int_equal(atomic_load(&started), 4); /* a job waits for every worker */
    ipl_pool_destroy(pool);
    assert_false(atomic_load(&missed));
    assert_false(hooked); /* never in the caller */
}

static double processor_seconds(void)
{
    struct timespec now;

    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now), 0);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Before its first job and between two jobs. */
static void an_idle_pool_takes_no_processor_time(void **state)
{
    const struct timespec soon = {.tv_nsec = 50000000}, idle = {.tv_nsec = 300000000};
    uint32_t runs[MOST_TASKS] = {0};
    ipl_pool *pool;

    (void)state;
    assert_int_equal(ipl_pool_create(&pool, MOST_THREADS, NULL, NULL), IPL_OK);
    for (int jobs = 0; jobs < 2; jobs++) {
        double start;

        (void)nanosleep(&soon, NULL); /* all have fallen asleep */
        start = processor_seconds();
        (void)nanosleep(&idle, NULL);
        assert_true(processor_seconds() - start < 0.01);
        ipl_pool_run(pool, MOST_TASKS, add_one, runs);
    }
    ipl_pool_destroy(pool);
}

static void a_pool_that_never_works_can_be_destroyed(void **state)
{
    (void)state;
    ipl_pool_destroy(NULL);
    for (size_t i = 0; i < 200; i++) {
        ipl_pool *pool;

        assert_int_equal(ipl_pool_create(&pool, 3, NULL, NULL), IPL_OK);
        ipl_pool_destroy(pool);
    }
}

static void a_pool_without_threads_is_refused(void **state)
{
    ipl_pool *pool;
    ipl_error err = {0};

    (void)state;
    assert_int_equal(ipl_pool_create(&pool, 0, NULL, &err), IPL_E_ARG);
    assert_null(pool);
    assert_int_equal(ipl_pool_create(&pool, 1025, NULL, &err), IPL_E_ARG);
    assert_null(pool);
    assert_non_null(strstr(err.msg, "1025"));
}

static void a_pool_without_memory_is_refused(void **state)
{
    (void)state;
    for (long n = 0; n < 2; n++) {
        ipl_pool *pool;
        ipl_error err = {0};

        ipl_alloc_fail_after(n);
        assert_int_equal(ipl_pool_create(&pool, 4, NULL, &err), IPL_E_NOMEM);
        assert_null(pool);
    }
    ipl_alloc_fail_after(-1);
}

static void the_processor_is_counted_and_named(void **state)
{
    char name[64], tiny[8];

    (void)state;
    assert_true(ipl_cpu_count() >= 1 && ipl_cpu_count() < 100000);
    ipl_cpu_name(name, sizeof name);
    assert_true(strlen(name) > 0 && !strchr(name, '\n'));
    ipl_cpu_name(tiny, sizeof tiny);
    assert_int_equal(strncmp(name, tiny, strlen(tiny)), 0);
}

static void a_limit_holds_until_it_is_raised(void **state)
{
    ipl_pool *pool;

    (void)state;
    assert_int_equal(ipl_pool_create(&pool, 4, NULL, NULL), IPL_OK);
    for (size_t round = 0; round < 200; round++) {
        const size_t limit = round * 7 % 6 + 1; /* up to 6: no more than there are */

        ipl_pool_limit(pool, limit);
        assert_int_equal(ipl_pool_threads(pool), 4);
        for (size_t k = 0; k < 3; k++)
            check_every_task_once(pool, limit < 4 ? limit : 4, MOST_TASKS);
    }
    ipl_pool_limit(pool, 1);
    ipl_pool_destroy(pool); /* while three of them are parked */
}

/* Two threads meet in the tasks of one job, or wait in vain. */
typedef struct meeting {
    atomic_uint there;
    atomic_bool met;
} meeting;

static void meet(void *job, size_t task, size_t thread)
{
    meeting *m = job;

    (void)task;
    (void)thread;
    atomic_fetch_add(&m->there, 1);
    for (int i = 0; i < 10000 && atomic_load(&m->there) < 2; i++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    if (atomic_load(&m->there) == 2)
        atomic_store(&m->met, true);
}

static void threads_come_back_when_a_limit_is_raised(void **state)
{
    ipl_pool *pool;

    (void)state;
    assert_int_equal(ipl_pool_create(&pool, 2, NULL, NULL), IPL_OK);
    for (size_t round = 0; round < 20; round++) {
        meeting m = {0};

        ipl_pool_limit(pool, 1);
        check_every_task_once(pool, 1, MOST_TASKS);
        ipl_pool_limit(pool, 2);
        ipl_pool_run(pool, 2, meet, &m);
        assert_true(atomic_load(&m.met));
    }
    ipl_pool_destroy(pool);
}

/* Raises and lowers the limit until it is told to stop. */
typedef struct fidget {
    ipl_pool *pool;
    atomic_bool stop;
} fidget;

static void *change_limit(void *arg)
{
    fidget *f = arg;

    for (size_t k = 0; !atomic_load(&f->stop); k++)
        ipl_pool_limit(f->pool, k * 5 % 4 + 1);
    return NULL;
}

static void a_limit_may_change_while_jobs_run(void **state)
{
    uint32_t sum[5] = {0};
    fidget f = {0};
    pthread_t id;

    (void)state;
    assert_int_equal(ipl_pool_create(&f.pool, 4, NULL, NULL), IPL_OK);
    assert_int_equal(pthread_create(&id, NULL, change_limit, &f), 0);
    for (uint32_t job = 0; job < 5000; job++)
        ipl_pool_run(f.pool, 5, add_one, sum);
    atomic_store(&f.stop, true);
    assert_int_equal(pthread_join(id, NULL), 0);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(sum[i], 5000);
    ipl_pool_destroy(f.pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_runs_exactly_once),
        cmocka_unit_test(ten_thousand_jobs_follow_each_other),
        cmocka_unit_test(sleeping_workers_wake_up),
        cmocka_unit_test(a_limit_holds_until_it_is_raised),
        cmocka_unit_test(threads_come_back_when_a_limit_is_raised),
        cmocka_unit_test(a_limit_may_change_while_jobs_run),
        cmocka_unit_test(results_do_not_depend_on_the_number_of_threads),
        cmocka_unit_test(the_hook_runs_once_in_every_worker_before_its_tasks),
        cmocka_unit_test(an_idle_pool_takes_no_processor_time),
        cmocka_unit_test(a_pool_that_never_works_can_be_destroyed),
        cmocka_unit_test(a_pool_without_threads_is_refused),
        cmocka_unit_test(a_pool_without_memory_is_refused),
        cmocka_unit_test(the_processor_is_counted_and_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
