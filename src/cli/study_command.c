#include "cli/study_command.h"

#include "base/clock.h"
#include "base/pool.h"
#include "base/stop.h"
#include "cli/print.h"
#include "cli/terminal.h"
#include "run/collect.h"
#include "run/study.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
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
        ipl_print("[%*zu/%zu] %s: %s after %s", wide, e->ended, e->all, e->job->name,
                  ipl_run_state_name(e->job->state), spent);
        if (*e->fault != '\0')
            ipl_print(" (%s)", e->fault);
        else if (e->failed && e->end.signal != 0)
            ipl_print(" (killed by signal %d)", e->end.signal);
        else if (e->ended < e->all)
            ipl_print(", %s left", left);
        ipl_print("\n");
        (void)fflush(stdout);
    }
    if (!e->failed || s->n_failures++ >= FAILURES_SHOWN)
        return;
    if (e->end.signal != 0)
        ipl_text_add(&s->failures, "  %s: killed by signal %d", e->job->name,
                     e->end.signal);
    else
        ipl_text_add(&s->failures, "  %s: exit status %d", e->job->name, e->end.status);
    ipl_text_add(&s->failures, "%s%s\n", *e->fault ? ": " : "", e->fault);
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
    ipl_study_share(&at_once, &threads, open, ipl_threads_for(0).n);
    ipl_print("study      %s: %zu run%s, %zu to do", study->path, study->n,
              study->n == 1 ? "" : "s", open);
    if (c->engine == IPL_ENGINE_LOCAL && open > 0)
        ipl_print("; %zu at a time with %zu thread%s each", at_once, threads,
                  threads == 1 ? "" : "s");
    ipl_print("\n");
    (void)fflush(stdout);
}

/* Where the tables are, and the command that draws them. */
static void say_gathered(const ipl_study_command *c, const char *word)
{
    ipl_print("\n%s: %s/sweep.txt, sweep.csv, mean.csv\nplot it with: ", word, c->path);
    ipl_print_command("plot", c->path);
    ipl_print("\n");
}

/* What came of it, for people and as a status. */
static ipl_status report(const ipl_study_command *c, screen *s, const ipl_study *study,
                         const ipl_study_result *result, ipl_error *err)
{
    size_t diverged = 0;

    for (size_t i = 0; i < study->n; i++)
        diverged += study->jobs[i].state == IPL_RUN_DIVERGED;
    if (result->failed > 0) {
        ipl_print_error("%zu of %zu runs failed:\n%s", result->failed, study->n,
                        s->failures.s ? s->failures.s : "");
        if (s->n_failures > FAILURES_SHOWN)
            ipl_print_error("  and %zu more, see %s/jobs.csv\n",
                            s->n_failures - FAILURES_SHOWN, study->path);
    }
    if (!c->quiet && result->signal == 0)
        say_gathered(c, result->failed > 0 ? "gathered" : "done");
    if (!c->quiet && result->signal != 0)
        ipl_print("\nstopped; the same command goes on\n");
    if (result->failed > 0)
        return ipl_fail(err, result->failure,
                        "%zu of %zu runs failed; their output is in %s/logs",
                        result->failed, study->n, c->path);
    if (diverged > 0 && result->signal == 0)
        return ipl_fail(err, IPL_E_NUMERIC,
                        "%zu of %zu runs diverged before; --force runs them again",
                        diverged, study->n);
    return IPL_OK;
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
        ipl_stop_end_by(result.signal);
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

/* Run a program with its script and wait; *signal: of ours, that ended it. */
static ipl_status hand_over(int *signal, submission *s, ipl_error *err)
{
    const ipl_jobs jobs = {.n = 1,
                           .at_once = 1,
                           .stop_by = SIGTERM, /* others mean something else to parallel */
                           .self = s,
                           .argv = submission_argv,
                           .ended = submission_ended};

    return ipl_jobs_run(signal, &jobs, err);
}

/* The path of a script in the folder of a study, which no program takes for an option. */
static ipl_status script_path(char *out, const ipl_study_command *c, const char *name,
                              ipl_error *err)
{
    char path[IPL_PATH_MAX];
    const ipl_status st = ipl_path_join(path, c->path, name, err);

    if (st != IPL_OK)
        return st;
    return *path == '-' ? ipl_path_join(out, ".", path, err)
                        : ipl_text_copy(out, IPL_PATH_MAX, path, strlen(path), "out", err);
}

/* What sbatch came to. */
static ipl_status judge_slurm(const ipl_job_end *end, const char *script, size_t before,
                              size_t arrays, ipl_error *err)
{
    if (end->status == 127)
        return ipl_fail(err, IPL_E_NOINPUT,
                        "sbatch cannot be started: install Slurm, or run %s elsewhere",
                        script);
    if (end->status == 0 && end->signal == 0)
        return IPL_OK;
    if (arrays == 1)
        return ipl_fail(err, IPL_E_IO, "sbatch %s: exit status %d", script, end->status);
    return ipl_fail(
        err, IPL_E_IO,
        "sbatch %s: exit status %d; %zu of %zu arrays are submitted, submit the "
        "others by hand",
        script, end->status, before, arrays);
}

/* `sbatch slurm.sh`, which does not wait, and the same for the other arrays. */
static ipl_status submit_slurm(const ipl_study_command *c, size_t arrays, ipl_error *err)
{
    static char sbatch[] = "sbatch";
    int number = 0;
    ipl_status st = IPL_OK;

    for (size_t k = 0; k < arrays && st == IPL_OK && number == 0; k++) {
        char name[IPL_SLURM_NAME_MAX], script[IPL_PATH_MAX];
        submission s = {.words = {sbatch, script, NULL}};

        ipl_study_slurm_name(name, k);
        st = script_path(script, c, name, err);
        if (st == IPL_OK)
            st = hand_over(&number, &s, err);
        if (st == IPL_OK)
            st = judge_slurm(&s.end, script, k, arrays, err);
    }
    if (number != 0)
        ipl_stop_end_by(number);
    if (st == IPL_OK && !c->quiet) {
        ipl_print("submitted; afterwards gather with: ");
        ipl_print_command("collect", c->path);
        ipl_print("\n");
    }
    return st;
}

/* What GNU parallel came to: its exit status counts the jobs that failed, up to 101. */
static ipl_status judge_parallel(const ipl_job_end *end, const ipl_study_command *c,
                                 ipl_error *err)
{
    enum { COUNTED = 101 };
    ipl_status st;

    if (end->status == 127)
        return ipl_fail(err, IPL_E_NOINPUT,
                        "parallel cannot be started: install GNU parallel, or run "
                        "%s/parallel.sh elsewhere",
                        c->path);
    if (end->stopped)
        return IPL_OK; /* and the caller ends by that signal */
    if (end->signal != 0 || end->status > COUNTED)
        return ipl_fail(err, IPL_E_IO, "parallel failed, exit status %d",
                        end->signal != 0 ? 128 + end->signal : end->status);
    st = gather(c, err);
    if (st == IPL_OK && end->status != 0)
        return ipl_fail(err, IPL_E_NUMERIC, "%s%d run%s failed, see %s/parallel.log",
                        end->status == COUNTED ? "at least " : "", end->status,
                        end->status == 1 ? "" : "s", c->path);
    if (st == IPL_OK && !c->quiet)
        say_gathered(c, "done");
    return st;
}

/* `sh parallel.sh`, which waits. */
static ipl_status submit_parallel(const ipl_study_command *c, ipl_error *err)
{
    static char sh[] = "sh";
    char script[IPL_PATH_MAX];
    submission s = {.words = {sh, script, NULL}};
    int number = 0;
    ipl_status st = script_path(script, c, "parallel.sh", err);

    if (st == IPL_OK)
        st = hand_over(&number, &s, err);
    if (st == IPL_OK)
        st = judge_parallel(&s.end, c, err);
    if (number != 0)
        ipl_stop_end_by(number);
    return st;
}

/* Read "MaxArraySize = 1001" from a line. */
static bool read_array_end(size_t *end, char *line)
{
    static const char key[] = "MaxArraySize";
    char *value = strchr(line, '=');
    uint64_t number;

    if (strncmp(line, key, sizeof key - 1) != 0 || !value)
        return false;
    value += 1 + strspn(value + 1, " ");
    value[strcspn(value, " \n")] = '\0';
    if (!ipl_count_parse(&number, value) || number > SIZE_MAX)
        return false;
    *end = (size_t)number;
    return true;
}

static char *const *scontrol_words(void *self, size_t i)
{
    static char program[] = "scontrol", show[] = "show", config[] = "config";
    static char *const words[] = {program, show, config, NULL};

    (void)self;
    (void)i;
    return words;
}

static const char *scontrol_log(void *self, size_t i)
{
    (void)i;
    return self;
}

/* MaxArraySize as Slurm tells it; its default where there is none to ask. */
static size_t ask_array_end(void)
{
    char log[] = "/tmp/infoplane-scontrol-XXXXXX", line[512];
    const ipl_jobs jobs = {
        .n = 1, .at_once = 1, .self = log, .argv = scontrol_words, .log = scontrol_log};
    const int fd = mkstemp(log);
    size_t end = IPL_SLURM_ARRAY_END;
    FILE *told = fd >= 0 ? fdopen(fd, "r") : NULL;
    int stopped;

    if (told && ipl_jobs_run(&stopped, &jobs, NULL) == IPL_OK)
        while (fgets(line, sizeof line, told))
            (void)read_array_end(&end, line);
    if (told)
        (void)fclose(told); /* read only: nothing to lose */
    else if (fd >= 0)
        (void)close(fd);
    if (fd >= 0)
        (void)unlink(log);
    return end;
}

/* Words of the user for an engine, if that is the one that was chosen. */
static const char *words_for(const ipl_study_command *c, ipl_engine engine)
{
    return c->engine == engine ? c->engine_options : "";
}

static void say_written(const ipl_study_command *c, size_t arrays)
{
    char last[IPL_SLURM_NAME_MAX];

    ipl_print("written: %s/experiments, jobs.txt, job.sh, parallel.sh, slurm.sh", c->path);
    ipl_study_slurm_name(last, arrays > 0 ? arrays - 1 : 0);
    if (arrays > 1)
        ipl_print(" ... %s", last);
    ipl_print("\n");
}

static ipl_status run_study(const ipl_study_command *c, ipl_study *study, ipl_error *err)
{
    char program[IPL_PATH_MAX];
    const ipl_engine_opts engine = {
        .program = program,
        .parallel = words_for(c, IPL_ENGINE_PARALLEL),
        .slurm = words_for(c, IPL_ENGINE_SLURM),
        .at_once = c->jobs,
        .threads = c->threads,
        .array_end = c->engine == IPL_ENGINE_SLURM ? ask_array_end() : IPL_SLURM_ARRAY_END};
    const bool open = ipl_study_n_open(study) > 0;
    size_t arrays = 0;
    ipl_status st = ipl_jobs_self(program, c->args->argv[0], err);

    say_plan(c, study);
    if (st == IPL_OK && open)
        st = ipl_study_write_scripts(&arrays, study, &engine, err);
    if (st != IPL_OK)
        return st;
    if (c->dry_run && !c->quiet)
        say_written(c, arrays);
    if (c->dry_run)
        return IPL_OK;
    if (c->engine == IPL_ENGINE_LOCAL || !open)
        return run_here(c, study, program, err);
    return c->engine == IPL_ENGINE_SLURM ? submit_slurm(c, arrays, err)
                                         : submit_parallel(c, err);
}

/* A seed given by itself would be that of no run. */
static ipl_status check_seed(const ipl_study_command *c, ipl_error *err)
{
    for (size_t i = 0; *c->seeds != '\0' && i < c->args->n_later; i++)
        if (strcmp(c->args->later[i].row->name, "seed") == 0)
            return ipl_fail(err, IPL_E_ARG,
                            "--seeds %s has the seeds of all runs: give no --seed",
                            c->seeds);
    return IPL_OK;
}

ipl_status ipl_study_command_run(const ipl_study_command *c, ipl_error *err)
{
    ipl_study study = {0};
    ipl_grid grid = {0};
    ipl_status st = check_seed(c, err);

    if (st == IPL_OK)
        st = ipl_grid_create(&grid, c->grid, c->seeds, c->exp, err);
    if (st == IPL_OK)
        st = ipl_study_create(&study, c->path, c->exp, &grid, c->force, err);
    if (st == IPL_OK)
        st = run_study(c, &study, err);
    ipl_study_release(&study);
    ipl_grid_release(&grid);
    return st;
}
