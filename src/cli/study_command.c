#include "cli/study_command.h"

#include "base/clock.h"
#include "base/pool.h"
#include "cli/progress.h"
#include "run/collect.h"
#include "run/study.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FAILURES_SHOWN = 20 };

/* What is shown while a study runs. */
typedef struct screen {
    bool quiet;
    double start; /* clock */
    ipl_text failures;
    size_t n_failures;
} screen;

/* "[ 3/20] seed3   done in 12.3s, 2m05s left" */
static void on_end(void *self, const ipl_study_end *e)
{
    screen *s = self;
    const int wide = snprintf(NULL, 0, "%zu", e->all);
    char spent[16], left[16];

    ipl_clock_print(spent, sizeof spent, e->end.seconds);
    ipl_clock_print(left, sizeof left,
                    (ipl_clock() - s->start) / (double)e->ended *
                        (double)(e->all - e->ended));
    if (!s->quiet) {
        printf("[%*zu/%zu] %s: %s after %s", wide, e->ended, e->all, e->job->name,
               ipl_run_state_name(e->job->state), spent);
        if (*e->fault != '\0')
            printf(" (%s)", e->fault);
        else if (e->ended < e->all)
            printf(", %s left", left);
        printf("\n");
        (void)fflush(stdout);
    }
    if (e->end.status == 0 && *e->fault == '\0')
        return;
    if (s->n_failures++ >= FAILURES_SHOWN)
        return;
    if (e->end.signal != 0)
        ipl_text_add(&s->failures, "  %s: killed by signal %d", e->job->name,
                     e->end.signal);
    else
        ipl_text_add(&s->failures, "  %s: exit status %d", e->job->name, e->end.status);
    ipl_text_add(&s->failures, "%s%s\n", *e->fault ? ": " : "", e->fault);
}

/* The status whose exit status a run had. */
static ipl_status status_of(int exit_status)
{
    for (int s = IPL_OK + 1; s < IPL_STATUS_COUNT; s++)
        if (ipl_status_exit((ipl_status)s) == exit_status)
            return (ipl_status)s;
    return IPL_E_IO;
}

/* Gather what there is; a study of which nothing has started has nothing to gather. */
static ipl_status gather(const ipl_study_command *c, ipl_error *err)
{
    const char *const folders[] = {c->path};
    ipl_collection collection = {0};
    ipl_runs runs;
    ipl_status st = ipl_runs_find(&runs, folders, 1, err);

    if (st == IPL_OK)
        st = ipl_collection_read(&collection, &runs, err);
    if (st == IPL_OK)
        st = ipl_collection_write(&collection, c->path, err);
    ipl_collection_release(&collection);
    ipl_runs_release(&runs);
    return st;
}

static void say_plan(const ipl_study_command *c, const ipl_study *study)
{
    const size_t open = ipl_study_n_open(study);
    size_t at_once = c->jobs, threads = c->threads;

    if (c->quiet)
        return;
    ipl_study_share(&at_once, &threads, open, ipl_cpu_count());
    printf("study      %s: %zu run%s, %zu to do", study->path, study->n,
           study->n == 1 ? "" : "s", open);
    if (c->engine == IPL_ENGINE_LOCAL && open > 0)
        printf("; %zu at a time with %zu thread%s each", at_once, threads,
               threads == 1 ? "" : "s");
    printf("\n");
    (void)fflush(stdout);
}

/* Where the tables are, and the command that draws them. */
static void say_gathered(const ipl_study_command *c, const char *what)
{
    ipl_text word = {0};

    ipl_text_add_word(&word, c->path);
    printf("\n%s: %s/sweep.txt, sweep.csv, mean.csv\nplot it with: infoplane plot %s\n",
           what, c->path, word.s ? word.s : c->path);
    ipl_text_release(&word);
}

/* What came of it, for people and as a status. */
static ipl_status report(const ipl_study_command *c, screen *s, const ipl_study *study,
                         const ipl_study_result *result, ipl_error *err)
{
    size_t diverged = 0;

    for (size_t i = 0; i < study->n; i++)
        diverged += study->jobs[i].state == IPL_RUN_DIVERGED;
    if (result->failed > 0) {
        fprintf(stderr, "%zu of %zu runs failed:\n%s", result->failed, study->n,
                s->failures.s ? s->failures.s : "");
        if (s->n_failures > FAILURES_SHOWN)
            fprintf(stderr, "  and %zu more, see %s/jobs.csv\n",
                    s->n_failures - FAILURES_SHOWN, study->path);
    }
    if (!c->quiet && result->signal == 0)
        say_gathered(c, result->failed > 0 ? "gathered" : "done");
    if (!c->quiet && result->signal != 0)
        printf("\nstopped; the same command goes on\n");
    if (result->failed > 0)
        return ipl_fail(err, status_of(result->failure_status),
                        "%zu of %zu runs failed; their output is in %s/logs",
                        result->failed, study->n, c->path);
    if (diverged > 0 && result->signal == 0)
        return ipl_fail(err, IPL_E_NUMERIC,
                        "%zu of %zu runs diverged before; --force runs them again",
                        diverged, study->n);
    return IPL_OK;
}

/* Raise a signal again: whoever sent it learns how we ended. */
static void end_by(int number)
{
    (void)fflush(stdout);
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

static ipl_status run_here(const ipl_study_command *c, ipl_study *study,
                           const char *program, ipl_error *err)
{
    screen s = {.quiet = c->quiet, .start = ipl_clock()};
    const ipl_study_run_opts opts = {.program = program,
                                     .at_once = c->jobs,
                                     .threads = c->threads,
                                     .self = &s,
                                     .ended = on_end};
    ipl_study_result result;
    ipl_status st = ipl_study_run(&result, study, &opts, err);

    if (st == IPL_OK)
        st = gather(c, err);
    if (st == IPL_OK)
        st = report(c, &s, study, &result, err);
    ipl_text_release(&s.failures);
    if (result.signal != 0)
        end_by(result.signal);
    return st;
}

/* The one job of handing a script to an engine. */
typedef struct submission {
    char *words[3];
    ipl_job_end end;
} submission;

static char *const *submission_argv(void *self, size_t i)
{
    (void)i;
    return ((submission *)self)->words;
}

static void submission_ended(void *self, size_t i, const ipl_job_end *end)
{
    (void)i;
    ((submission *)self)->end = *end;
}

/* Run `sh parallel.sh` and wait, or `sbatch slurm.sh`, which does not. */
static ipl_status submit(const ipl_study_command *c, ipl_error *err)
{
    static char sh[] = "sh", sbatch[] = "sbatch";
    const bool slurm = c->engine == IPL_ENGINE_SLURM;
    char script[IPL_PATH_MAX];
    submission s = {.words = {slurm ? sbatch : sh, script, NULL}};
    const ipl_jobs jobs = {.n = 1,
                           .at_once = 1,
                           .self = &s,
                           .argv = submission_argv,
                           .ended = submission_ended};
    int number = 0;
    ipl_status st = ipl_path_join(script, c->path, slurm ? "slurm.sh" : "parallel.sh", err);

    if (st == IPL_OK)
        st = ipl_jobs_run(&number, &jobs, err);
    if (st != IPL_OK)
        return st;
    if (s.end.status == 127)
        st = ipl_fail(
            err, IPL_E_NOINPUT, "%s cannot be started: install %s, or run %s elsewhere",
            slurm ? "sbatch" : "parallel", slurm ? "Slurm" : "GNU parallel", script);
    else if (slurm && (s.end.status != 0 || s.end.signal != 0))
        st = ipl_fail(err, IPL_E_IO, "sbatch %s: exit status %d", script, s.end.status);
    else if (slurm)
        printf("submitted; afterwards gather with: infoplane collect %s\n", c->path);
    else
        st = gather(c, err);
    if (st == IPL_OK && !slurm && number == 0 && s.end.status != 0)
        st = ipl_fail(err, IPL_E_NUMERIC, "%d runs failed, see %s/parallel.log",
                      s.end.status, c->path);
    if (st == IPL_OK && !slurm && number == 0 && !c->quiet)
        say_gathered(c, "done");
    if (number != 0)
        end_by(number);
    return st;
}

static ipl_status run_study(const ipl_study_command *c, ipl_study *study, ipl_error *err)
{
    char program[IPL_PATH_MAX];
    const ipl_engine_opts engine = {.program = program,
                                    .options = c->engine_options,
                                    .at_once = c->jobs,
                                    .threads = c->threads};
    const bool open = ipl_study_n_open(study) > 0;
    ipl_status st = ipl_jobs_self(program, c->args->argv[0], err);

    say_plan(c, study);
    if (st == IPL_OK && open)
        st = ipl_study_write_scripts(study, &engine, err);
    if (st != IPL_OK)
        return st;
    if (c->dry_run) {
        printf("written: %s/experiments, jobs.txt, job.sh, parallel.sh, slurm.sh\n",
               c->path);
        return IPL_OK;
    }
    return c->engine == IPL_ENGINE_LOCAL || !open ? run_here(c, study, program, err)
                                                  : submit(c, err);
}

ipl_status ipl_study_command_run(const ipl_study_command *c, ipl_error *err)
{
    ipl_study study = {0};
    ipl_grid grid;
    ipl_status st = ipl_grid_create(&grid, c->grid, c->seeds, c->exp, err);

    if (st == IPL_OK)
        st = ipl_study_create(&study, c->path, c->exp, &grid, c->force, err);
    if (st == IPL_OK)
        st = run_study(c, &study, err);
    ipl_study_release(&study);
    ipl_grid_release(&grid);
    return st;
}
