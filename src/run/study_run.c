/* Running a study on this machine: one process for each run. */
#include "run/study.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/pool.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WORDS = 12 };

/* A study that runs. */
typedef struct session {
    ipl_study *study;
    const ipl_study_run_opts *opts;
    ipl_study_result *result;
    size_t *todo; /* (n) jobs of the study */
    size_t n, ended;
    char threads[24];
    char experiment[IPL_PATH_MAX], run[IPL_PATH_MAX], log[IPL_PATH_MAX];
    char *words[WORDS];
    int joblog; /* descriptor of jobs.csv */
} session;

/* exec takes writable strings, for the sake of old programs, and leaves them alone. */
static char train_word[] = "train", out_word[] = "--out", threads_word[] = "--threads",
            quiet_word[] = "--quiet", force_word[] = "--force",
            resume_word[] = IPL_STUDY_RESUME;

static ipl_study_job *job_of(const session *s, size_t i)
{
    return &s->study->jobs[s->todo[i]];
}

/* The paths of a job fitted when the study was made; they are as long here. */
static void print_path(char *out, const session *s, const char *part, const char *name,
                       const char *ending)
{
    (void)snprintf(out, IPL_PATH_MAX, "%.*s%s/%.*s%s", IPL_PATH_MAX / 2, s->study->path,
                   part, IPL_PATH_MAX / 3, name, ending);
}

static char *const *argv_of(void *self, size_t i)
{
    session *s = self;
    const ipl_study_job *job = job_of(s, i);
    size_t n = 1; /* words[0] is the program */

    print_path(s->experiment, s, "/experiments", job->name, ".ini");
    print_path(s->run, s, "", job->name, "");
    s->words[n++] = train_word;
    s->words[n++] = s->experiment;
    s->words[n++] = out_word;
    s->words[n++] = s->run;
    s->words[n++] = threads_word;
    s->words[n++] = s->threads;
    s->words[n++] = quiet_word;
    s->words[n++] = s->study->force ? force_word : resume_word;
    s->words[n] = NULL;
    return s->words;
}

static const char *log_of(void *self, size_t i)
{
    session *s = self;
    char *slash;

    print_path(s->log, s, "/logs", job_of(s, i)->name, ".log");
    slash = strrchr(s->log, '/');
    *slash = '\0';
    if (ipl_folder_create(s->log, NULL) != IPL_OK)
        return NULL; /* it prints to our stderr then */
    *slash = '/';
    return s->log;
}

static void log_end(session *s, const ipl_study_end *e)
{
    char stamp[32];
    ipl_text row = {0};

    ipl_clock_stamp(stamp, sizeof stamp);
    ipl_text_add(&row, "%zu,", e->job->line);
    ipl_text_add_field(&row, e->job->name);
    ipl_text_add(&row, ",%s,%.3f,%d,%d,%s\n", stamp, e->end.seconds, e->end.status,
                 e->end.signal, ipl_run_state_name(e->job->state));
    if (!row.failed)
        (void)!write(s->joblog, row.s, row.len); /* the runs tell their states themselves */
    ipl_text_release(&row);
}

static void on_end(void *self, size_t i, const ipl_job_end *end)
{
    session *s = self;
    ipl_study_job *job = job_of(s, i);
    ipl_study_end e = {.job = job, .end = *end, .ended = ++s->ended, .all = s->n};

    print_path(s->run, s, "", job->name, "");
    job->state = ipl_run_state_of(s->run);
    e.failed = ipl_job_has_failed(end);
    if (e.failed) {
        print_path(s->log, s, "/logs", job->name, ".log");
        if (end->status !=
            0) /* one that was killed said nothing: that would be an old line */
            ipl_job_fault(e.fault, sizeof e.fault, s->log);
        if (s->result->failed++ == 0)
            s->result->failure = ipl_job_status(end);
        if (job->state == IPL_RUN_PENDING)
            job->state = IPL_RUN_FAILED;
    }
    log_end(s, &e);
    if (s->opts->ended)
        s->opts->ended(s->opts->self, &e);
}

/* jobs.csv, to be appended to by every call. */
static ipl_status open_joblog(session *s, ipl_error *err)
{
    static const char header[] = "job,folder,end,seconds,exit_status,signal,state\n";
    char path[IPL_PATH_MAX];
    struct stat info;
    ipl_status st = ipl_path_join(path, s->study->path, "jobs.csv", err);

    if (st != IPL_OK)
        return st;
    s->joblog = ipl_file_open(path, O_WRONLY | O_CREAT | O_APPEND);
    if (s->joblog < 0)
        return ipl_fail(err, IPL_E_CANTCREATE, "%s: %s", path, ipl_file_reason(errno));
    if (fstat(s->joblog, &info) == 0 && info.st_size == 0 &&
        write(s->joblog, header, sizeof header - 1) != (ssize_t)sizeof header - 1)
        return ipl_fail(err, IPL_E_IO, "%s: %s", path, strerror(errno));
    return IPL_OK;
}

static void choose(session *s)
{
    for (size_t i = 0; i < s->study->n; i++)
        if (ipl_study_is_open(s->study, &s->study->jobs[i]))
            s->todo[s->n++] = i;
}

ipl_status ipl_study_run(ipl_study_result *result, ipl_study *study,
                         const ipl_study_run_opts *opts, ipl_error *err)
{
    size_t threads = opts->threads, at_once = opts->at_once;
    session s = {.study = study, .opts = opts, .result = result, .joblog = -1};
    char program[IPL_PATH_MAX];
    ipl_jobs jobs = {.self = &s, .argv = argv_of, .log = log_of, .ended = on_end};
    ipl_lock lock = {.fd = -1};
    ipl_status st;

    *result = (ipl_study_result){0};
    s.todo = ipl_array(study->n, 1, sizeof *s.todo, err);
    st = s.todo ? IPL_OK : IPL_E_NOMEM;
    if (st == IPL_OK)
        st = ipl_lock_take(&lock, study->path, "runs this study", err);
    if (st == IPL_OK)
        st = open_joblog(&s, err);
    if (st == IPL_OK)
        st = ipl_text_copy(program, sizeof program, opts->program, strlen(opts->program),
                           "program", err);
    if (st != IPL_OK)
        goto done;
    choose(&s);
    ipl_study_share(&at_once, &threads, s.n, ipl_threads_for(0).n);
    (void)snprintf(s.threads, sizeof s.threads, "%zu", threads);
    s.words[0] = program;
    jobs.n = s.n;
    jobs.at_once = at_once;
    st = ipl_jobs_run(&result->signal, &jobs, err);
done:
    if (s.joblog >= 0)
        (void)close(s.joblog);
    ipl_lock_give(&lock);
    ipl_free(s.todo);
    return st;
}
