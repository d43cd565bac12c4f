/* How many signals it takes to stop a program, and which of them are one. */
#include "base/stop.h"

#include "test.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Wait until a signal is another one. */
static void wait_longer(void)
{
    const struct timespec pause = {1, 200000000};

    (void)nanosleep(&pause, NULL);
}

/* Two signals that wait together reach the handler one right after the other. */
static void send_both(int a, int b)
{
    sigset_t both, before;

    (void)sigemptyset(&both);
    (void)sigaddset(&both, a);
    (void)sigaddset(&both, b);
    (void)sigprocmask(SIG_BLOCK, &both, &before);
    (void)raise(a);
    (void)raise(b);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
}

/* What a program of our own does, in a process of its own; its wait status. */
static int status_of(void (*program)(void))
{
    const pid_t child = fork();
    int status = 0;

    if (child == 0) {
        program();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void expect(bool holds)
{
    if (!holds)
        _exit(1);
}

static void three_times(void)
{
    ipl_stop_catch();
    (void)raise(SIGTERM);
    (void)raise(SIGTERM);
    expect(ipl_stop_signal == SIGTERM && !ipl_stop_is_urgent());
    send_both(SIGUSR2, SIGXCPU);
    expect(ipl_stop_signal == SIGTERM && !ipl_stop_is_urgent());
    wait_longer();
    send_both(SIGUSR1, SIGHUP);
    expect(ipl_stop_signal == SIGTERM && ipl_stop_is_urgent());
    wait_longer();
    (void)raise(SIGUSR2);
}

static void the_third_ends_it_and_those_that_come_together_are_one(void **state)
{
    const int status = status_of(three_times);

    (void)state;
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGUSR2);
}

static void typed_twice(void)
{
    ipl_stop_catch();
    (void)raise(SIGINT);
    expect(ipl_stop_signal == SIGINT);
    (void)raise(SIGINT);
}

static void a_second_int_ends_it_at_once(void **state)
{
    const int status = status_of(typed_twice);

    (void)state;
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGINT);
}

/* Burns processor time until the kernel has told of the limit several times. */
static void beyond_the_limit(void)
{
    const struct rlimit limit = {1, RLIM_INFINITY};
    struct rusage used;

    expect(setrlimit(RLIMIT_CPU, &limit) == 0);
    ipl_stop_catch();
    do {
        for (volatile size_t i = 0; i < 1000000; i++) {
        }
        (void)getrusage(RUSAGE_SELF, &used);
    } while (used.ru_utime.tv_sec + used.ru_stime.tv_sec < 4);
    expect(ipl_stop_signal == SIGXCPU && !ipl_stop_is_urgent());
}

static void a_limit_of_processor_time_is_told_once(void **state)
{
    (void)state;
    assert_int_equal(status_of(beyond_the_limit), 0);
}

static void limited_as_by_ulimit(void)
{
    struct rlimit limit = {3600, 3600};

    expect(setrlimit(RLIMIT_CPU, &limit) == 0);
    ipl_stop_catch();
    expect(getrlimit(RLIMIT_CPU, &limit) == 0);
    expect(limit.rlim_cur < 3600 && limit.rlim_cur >= 3500 && limit.rlim_max == 3600);
}

static void a_limit_that_kills_is_told_before(void **state)
{
    (void)state;
    assert_int_equal(status_of(limited_as_by_ulimit), 0);
}

static void hung_up_under_nohup(void)
{
    (void)signal(SIGHUP, SIG_IGN);
    ipl_stop_catch();
    (void)raise(SIGHUP);
    expect(ipl_stop_signal == 0);
}

static void a_hang_up_that_is_ignored_stays_so(void **state)
{
    (void)state;
    assert_int_equal(status_of(hung_up_under_nohup), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_third_ends_it_and_those_that_come_together_are_one),
        cmocka_unit_test(a_second_int_ends_it_at_once),
        cmocka_unit_test(a_limit_of_processor_time_is_told_once),
        cmocka_unit_test(a_limit_that_kills_is_told_before),
        cmocka_unit_test(a_hang_up_that_is_ignored_stays_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
