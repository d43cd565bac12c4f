#include "base/jobs.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/guard.h"
#include "base/program.h"
#include "base/stop.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#    include <sys/prctl.h>
#endif

enum { EXEC_FAILED = 127, LOG_BYTES_MAX = 1 << 26 };

/* A process that runs. */
typedef struct slot {
    pid_t pid; /* 0: free */
    size_t job;
    double start; /* clock */
    bool told;    /* a signal was passed on to it */
} slot;

typedef struct session {
    const ipl_jobs *jobs;
    slot *slots; /* (at_once) */
    size_t next, running;
    sigset_t waited, before; /* signals that are waited for; the mask of the caller */
    int signal;
    double told; /* clock when a signal was last passed on */
} session;

/* In the child: calls that are safe between fork and exec, then the program. */
static void become(const session *s, char *const *argv, int log, pid_t parent)
{
    const int null = open("/dev/null", O_RDONLY);

    (void)setpgid(0, 0);
#ifdef __linux__
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
#endif
    if (getppid() != parent)
        _exit(EXEC_FAILED); /* the caller is dead already */
    (void)signal(SIGPIPE, SIG_DFL);
    (void)signal(SIGXFSZ, SIG_DFL);
    (void)sigprocmask(SIG_SETMASK, &s->before, NULL);
    if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 &&
        (log < 0 || (dup2(log, STDOUT_FILENO) >= 0 && dup2(log, STDERR_FILENO) >= 0)))
        (void)execvp(argv[0], argv);
    _exit(EXEC_FAILED);
}

/* The log of a job, opened; -1 when it has none. */
static ipl_status open_log(int *fd, const ipl_jobs *jobs, size_t i, ipl_error *err)
{
    const char *path = jobs->log ? jobs->log(jobs->self, i) : NULL;

    *fd = -1;
    if (!path)
        return IPL_OK;
    *fd = ipl_file_open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW);
    return *fd >= 0
               ? IPL_OK
               : ipl_fail(err, IPL_E_CANTCREATE, "%s: %s", path, ipl_file_reason(errno));
}

static ipl_status start_next(session *s, ipl_error *err)
{
    const size_t job = s->next++;
    char *const *argv = s->jobs->argv(s->jobs->self, job);
    const pid_t parent = getpid();
    slot *free_slot = s->slots;
    int log;
    ipl_status st = open_log(&log, s->jobs, job, err);

    if (st != IPL_OK)
        return st;
    while (free_slot->pid != 0)
        free_slot++;
    *free_slot = (slot){.job = job, .start = ipl_clock()};
    free_slot->pid = fork();
    if (free_slot->pid == 0)
        become(s, argv, log, parent);
    if (log >= 0)
        (void)close(log);
    if (free_slot->pid < 0) {
        free_slot->pid = 0;
        return ipl_fail(err, IPL_E_IO, "%s: cannot be started: %s", argv[0],
                        strerror(errno));
    }
    (void)setpgid(free_slot->pid, free_slot->pid); /* the child does it too: who is first */
    s->running++;
    return IPL_OK;
}

/* Take note of every process that has ended. */
static void reap(session *s)
{
    for (size_t k = 0; k < s->jobs->at_once; k++) {
        slot *one = &s->slots[k];
        ipl_job_end end = {0};
        int status = 0;

        if (one->pid == 0 || waitpid(one->pid, &status, WNOHANG) != one->pid)
            continue;
        end.seconds = ipl_clock() - one->start;
        end.stopped = one->told;
        if (WIFSIGNALED(status))
            end.signal = WTERMSIG(status);
        else
            end.status = WEXITSTATUS(status);
        one->pid = 0;
        s->running--;
        if (s->jobs->ended)
            s->jobs->ended(s->jobs->self, one->job, &end);
    }
}

/* A signal that belongs to the one before is the same to the programs, too. */
static void pass_on(session *s, int number)
{
    const double now = ipl_clock();

    if (s->signal != 0 && ipl_stop_belongs(number, s->told, now))
        return;
    if (s->signal == 0)
        s->signal = number;
    s->told = now;
    for (size_t k = 0; k < s->jobs->at_once; k++)
        if (s->slots[k].pid != 0) {
            (void)kill(s->slots[k].pid, s->jobs->stop_by ? s->jobs->stop_by : number);
            s->slots[k].told = true;
        }
}

/* Only its being there matters: a signal that is ignored is not waited for everywhere. */
static void nothing(int number)
{
    (void)number;
}

/* Hold the signals back, to be waited for, which would be heard even when it is ignored. */
static void hold_signals(session *s, struct sigaction *child_before)
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = nothing;
    (void)sigemptyset(&action.sa_mask);
    (void)sigemptyset(&s->waited);
    (void)sigaddset(&s->waited, SIGCHLD);
    for (const int *number = ipl_stop_signals; *number; number++)
        if (ipl_stop_is_heard(*number))
            (void)sigaddset(&s->waited, *number);
    (void)sigprocmask(SIG_BLOCK, &s->waited, &s->before);
    (void)sigaction(SIGCHLD, &action, child_before);
}

ipl_status ipl_jobs_run(int *signal_out, const ipl_jobs *jobs, ipl_error *err)
{
    session s = {.jobs = jobs, .slots = ipl_array(jobs->at_once, 1, sizeof *s.slots, err)};
    struct sigaction child_before;
    ipl_status st = IPL_OK;

    *signal_out = 0;
    if (!s.slots)
        return IPL_E_NOMEM;
    hold_signals(&s, &child_before);
    for (;;) {
        int number = 0;

        while (st == IPL_OK && s.signal == 0 && s.next < jobs->n &&
               s.running < jobs->at_once)
            st = start_next(&s, err);
        if (s.running == 0)
            break;
        if (sigwait(&s.waited, &number) != 0)
            continue;
        if (number != SIGCHLD)
            pass_on(&s, number);
        reap(&s);
    }
    (void)sigaction(SIGCHLD, &child_before, NULL);
    (void)sigprocmask(SIG_SETMASK, &s.before, NULL);
    ipl_free(s.slots);
    *signal_out = s.signal;
    return st;
}

bool ipl_job_has_failed(const ipl_job_end *end)
{
    return end->status != 0 || (end->signal != 0 && !end->stopped);
}

ipl_status ipl_job_status(const ipl_job_end *end)
{
    for (int st = IPL_OK; end->signal == 0 && st < IPL_STATUS_COUNT; st++)
        if (ipl_status_exit((ipl_status)st) == end->status)
            return (ipl_status)st;
    return IPL_E_IO;
}

void ipl_job_fault(char *out, size_t size, const char *log)
{
    static const char mark[] = "infoplane: ";
    char *text = NULL, *line;
    size_t len;

    *out = '\0';
    if (ipl_file_read(&text, &len, log, LOG_BYTES_MAX, NULL) != IPL_OK)
        return;
    for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        if (strncmp(line, mark, sizeof mark - 1) == 0 &&
            strncmp(line, "infoplane: warning: ", 20) != 0)
            (void)snprintf(out, size, "%s", line + sizeof mark - 1);
    ipl_free(text);
}

ipl_status ipl_jobs_self(char *out, const char *fallback, ipl_error *err)
{
    if (ipl_program_path(out) && ipl_file_exists(out)) /* not one replaced meanwhile */
        return IPL_OK;
    return ipl_text_copy(out, IPL_PATH_MAX, fallback, strlen(fallback), "program", err);
}
