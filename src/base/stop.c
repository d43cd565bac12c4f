#include "base/stop.h"

#include "base/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

const int ipl_stop_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU, 0};

volatile sig_atomic_t ipl_stop_signal;

/* Signals that counted; of them those of INT; when the last one came. Any thread may be the
 * one that handles a signal, and two may do so at the same time. */
static atomic_int counted, interrupts;
static atomic_ulong last; /* milliseconds; wraps around */

enum { TOGETHER = 1000 /* milliseconds */ };

bool ipl_stop_is_urgent(void)
{
    return atomic_load(&counted) > 1;
}

bool ipl_stop_belongs(int number, double before, double now)
{
    return number != SIGINT && now - before < 1e-3 * TOGETHER;
}

/* Safe in a handler, as is everything it calls. */
static unsigned long milliseconds(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (unsigned long)now.tv_sec * 1000 + (unsigned long)now.tv_nsec / 1000000;
}

static bool is_of_the_kernel(const siginfo_t *info)
{
#ifdef SI_KERNEL
    return info->si_code == SI_KERNEL;
#else
    (void)info;
    return false;
#endif
}

static void end_now(int number)
{
    (void)signal(number, SIG_DFL);
    (void)raise(number); /* takes effect when the handler returns */
}

static void on_signal(int number, siginfo_t *info, void *context)
{
    const unsigned long now = milliseconds();
    int before = atomic_load(&counted);

    (void)context;
    if (number == SIGINT && atomic_fetch_add(&interrupts, 1) > 0) {
        end_now(number);
        return;
    }
    if (before > 0 && (now - atomic_load(&last) < TOGETHER ||
                       (number == SIGXCPU && is_of_the_kernel(info))))
        return;
    atomic_store(&last, now);
    if (!atomic_compare_exchange_strong(&counted, &before, before + 1))
        return; /* another thread counts one that came together with this one */
    if (before == 0)
        ipl_stop_signal = number;
    else if (before > 1)
        end_now(number);
}

bool ipl_stop_is_heard(int number)
{
    struct sigaction action;

    return number != SIGHUP || sigaction(number, NULL, &action) != 0 ||
           action.sa_handler != SIG_IGN;
}

/* At the hard limit of processor time comes KILL, and XCPU only if the soft one is below. */
static void want_warning(void)
{
    enum { SHARE = 10, SECONDS_MAX = 60 };
    struct rlimit limit;
    rlim_t margin;

    if (getrlimit(RLIMIT_CPU, &limit) != 0 || limit.rlim_max == RLIM_INFINITY ||
        limit.rlim_cur < limit.rlim_max || limit.rlim_max < 2)
        return;
    margin = limit.rlim_max / SHARE;
    margin = margin < 1 ? 1 : margin > SECONDS_MAX ? SECONDS_MAX : margin;
    limit.rlim_cur = limit.rlim_max - margin;
    (void)setrlimit(RLIMIT_CPU, &limit);
}

void ipl_stop_catch(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    (void)sigemptyset(&action.sa_mask);
    for (const int *number = ipl_stop_signals; *number; number++)
        (void)sigaddset(&action.sa_mask, *number);
    for (const int *number = ipl_stop_signals; *number; number++)
        if (ipl_stop_is_heard(*number))
            (void)sigaction(*number, &action, NULL);
    want_warning();
}

void ipl_stop_end_by(int number)
{
    (void)fflush(stdout);
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}
