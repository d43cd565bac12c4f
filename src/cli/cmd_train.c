/* infoplane train: run an experiment and show how it goes. */
#include "base/stop.h"
#include "cli/command.h"
#include "cli/experiment_args.h"
#include "cli/links.h"
#include "cli/live.h"
#include "cli/study_command.h"
#include "cli/train_screen.h"
#include "run/run_dir.h"
#include "run/runs.h"
#include "run/trainer.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct train_opts {
    char preset[IPL_PRESET_NAME_MAX];
    char out[IPL_PATH_MAX], resume[IPL_PATH_MAX];
    size_t threads;
    bool overlap, force, quiet, verbose, json;
    int live; /* ipl_live_mode */
    char seeds[1024];
    size_t jobs;
} train_opts;

static const ipl_opt train_rows[] = {
    IPL_OPT_STRING(train_opts, preset, "preset", "",
                   "published experiment; see 'infoplane list presets'"),
    IPL_OPT_STRING(train_opts, out, "out", "",
                   "run directory; default: results/NAME-seedSEED"),
    IPL_OPT_STRING(train_opts, resume, "resume", "",
                   "go on with the run in this folder; auto: with --out, or start it"),
    IPL_OPT_NUMBER(train_opts, threads, "threads", 0, 1024, 0,
                   "threads; 0: as SLURM_CPUS_PER_TASK or OMP_NUM_THREADS say, else one "
                   "per processor; same result"),
    IPL_OPT_FLAG(
        train_opts, overlap, "overlap", 0,
        "measure an epoch beside the training of the next; the result is the same"),
    IPL_OPT_FLAG(train_opts, force, "force", 0, "replace a run that is there"),
    IPL_OPT_FLAG(train_opts, quiet, "quiet", 0, "print nothing but faults"),
    IPL_OPT_FLAG(train_opts, verbose, "verbose", 0,
                 "print the experiment, and epochs that are not measured too"),
    IPL_OPT_FLAG(train_opts, json, "json", 0, "print one JSON object per epoch instead"),
    IPL_OPT_LIVE(train_opts, live),
    IPL_OPT_STRING(train_opts, seeds, "seeds", "",
                   "replicates side by side, 1-50 or 1,2,5-9, in results/NAME"),
    IPL_OPT_NUMBER(train_opts, jobs, "jobs", 0, 4096, 0,
                   "replicates at a time; 0: as many as processors"),
    IPL_OPT_END,
};

static const char details[] =
    "examples:\n"
    "  infoplane train --preset logdet-fnn-tanh --epochs 30\n"
    "  infoplane train --data fashion-mnist --net 784-256-20-10 --activation relu\n"
    "  infoplane train results/RUN/experiment.ini --seed 2\n"
    "  infoplane train --preset szt-tanh --seeds 1-20     # then: infoplane plot "
    "results/szt-tanh\n"
    "  infoplane train --resume results/RUN\n"
    "  infoplane train --preset logdet-fnn-tanh --resume auto     # for job scripts\n"
    "\n"
    "Options given here win over the file or preset. The run directory gets the resolved\n"
    "experiment, so that 'infoplane train results/RUN/experiment.ini' repeats it.\n"
    "\n"
    "Of the two losses and accuracies of an epoch line the first is that of the training\n"
    "part, a mean over the batches of the epoch while the net moved; the second is that\n"
    "of the test part, by the net after the epoch.\n"
    "\n"
    "A run may be interrupted at any time. --resume goes on from its last checkpoint and "
    "ends\n"
    "with the same bytes; with 'auto' one command line starts, goes on, or says that the "
    "run\n"
    "is done. Ctrl-C, TERM, HUP, USR1, USR2 and XCPU end the run after the batch, a "
    "checkpoint\n"
    "written. Another signal, more than a second later, gives up a measurement that is "
    "made;\n"
    "a third, or Ctrl-C again, ends the run at once.\n";

/* How --resume says to begin, and whether the other options agree. */
static ipl_status choose_resume(ipl_train_resume *out, const train_opts *opts,
                                const ipl_args *args, ipl_error *err)
{
    *out = *opts->resume == '\0'               ? IPL_RESUME_NO
           : strcmp(opts->resume, "auto") == 0 ? IPL_RESUME_AUTO
                                               : IPL_RESUME_RUN;
    if (*out != IPL_RESUME_NO && opts->force)
        return ipl_fail(err, IPL_E_ARG,
                        "--resume goes on with a run, --force replaces it: give one");
    if (*out == IPL_RESUME_RUN && (*opts->preset || *opts->out || args->n_words > 0))
        return ipl_fail(
            err, IPL_E_ARG,
            "--resume %s has its experiment and place: give no file, --preset or "
            "--out",
            opts->resume);
    return IPL_OK;
}

/* Defaults, then the file, preset or run, then the command line. */
static ipl_status resolve(ipl_experiment *exp, const train_opts *opts, const ipl_args *args,
                          ipl_train_resume resume, ipl_error *err)
{
    char path[IPL_PATH_MAX];
    ipl_status st;

    if (resume == IPL_RESUME_RUN) {
        st = ipl_path_join(path, opts->resume, "experiment.ini", err);
        if (st == IPL_OK && !ipl_file_exists(path))
            st = ipl_fail(err, IPL_E_NOINPUT, "%s: no run (no experiment.ini)",
                          opts->resume);
        ipl_opt_init(exp, ipl_experiment_opts);
        if (st == IPL_OK)
            st = ipl_experiment_read(exp, path, err);
        if (st == IPL_OK)
            st = ipl_experiment_apply(exp, args, err);
    } else {
        st = ipl_experiment_resolve(exp, opts->preset, args, err);
    }
    if (st == IPL_OK)
        st = ipl_experiment_name(exp, *opts->preset ? opts->preset : NULL, err);
    return st;
}

/* The run's own folder, --out, or results/NAME-seedSEED. */
static ipl_status choose_path(char *path, const train_opts *opts, const ipl_experiment *exp,
                              ipl_train_resume resume, ipl_error *err)
{
    const char *given = resume == IPL_RESUME_RUN ? opts->resume : opts->out;
    char folder[sizeof exp->name + 32];

    if (resume == IPL_RESUME_RUN && ipl_link_follow_aloud(path, given))
        return IPL_OK;
    if (*given) {
        size_t len = strlen(given);

        while (len > 1 && given[len - 1] == '/')
            len--;
        return ipl_text_copy(path, IPL_PATH_MAX, given, len, "out", err);
    }
    (void)snprintf(folder, sizeof folder, "%s-seed%llu", exp->name,
                   (unsigned long long)exp->seed);
    return ipl_path_join(path, "results", folder, err);
}

/* --seeds: a study whose points differ by the seed alone. */
static ipl_status train_seeds(const train_opts *opts, const ipl_experiment *exp,
                              const ipl_args *args, ipl_error *err)
{
    char path[IPL_PATH_MAX];
    const ipl_study_command command = {
        .exp = exp,
        .path = path,
        .grid = "",
        .seeds = opts->seeds,
        .jobs = opts->jobs,
        .threads = opts->threads,
        .force = opts->force,
        .quiet = opts->quiet,
        .engine_options = "",
        .args = args,
    };
    ipl_status st;

    if (*opts->resume)
        return ipl_fail(err, IPL_E_ARG, "--seeds goes on by itself: give no --resume");
    if (opts->overlap)
        return ipl_fail(err, IPL_E_ARG,
                        "--seeds keeps the processors busy with runs side by side: give no "
                        "--overlap");
    if (opts->json || opts->verbose || opts->live)
        return ipl_fail(err, IPL_E_ARG,
                        "--seeds prints a line per run: no --json, --verbose, --live");
    st = *opts->out
             ? ipl_text_copy(path, sizeof path, opts->out, strlen(opts->out), "out", err)
             : ipl_path_join(path, "results", exp->name, err);
    return st == IPL_OK ? ipl_study_command_run(&command, err) : st;
}

/* A run that replaces what is there may not replace the folder of the file it is told by. */
static ipl_status check_force(const train_opts *opts, const char *path,
                              const ipl_args *args, ipl_error *err)
{
    char folder[IPL_PATH_MAX];
    const char *slash = args->n_words > 0 ? strrchr(args->words[0], '/') : NULL;
    ipl_place file, out;

    if (!opts->force || args->n_words == 0)
        return IPL_OK;
    (void)snprintf(folder, sizeof folder, "%.*s",
                   slash ? (int)(slash - args->words[0]) + 1 : 1,
                   slash ? args->words[0] : ".");
    file = ipl_place_of(folder);
    out = ipl_place_of(path);
    if (!out.known || file.device != out.device || file.inode != out.inode)
        return IPL_OK;
    return ipl_fail(err, IPL_E_CANTCREATE,
                    "%.300s: %.300s lies there, so it is not replaced; give another --out",
                    path, args->words[0]);
}

static ipl_status run_train(void *self, const ipl_args *args, ipl_error *err)
{
    const train_opts *opts = self;
    static ipl_experiment exp; /* large, and used once */
    char path[IPL_PATH_MAX];
    const char *const shown = path;
    ipl_live live = {.plot = {.kind = IPL_PLOT_PLANE},
                     .frame = !opts->quiet && !opts->json,
                     .runs = &shown,
                     .n_runs = 1,
                     .fresh = true};
    ipl_live_view view = {0};
    ipl_train_screen screen;
    ipl_train_opts run = {
        .exp = &exp,
        .path = path,
        .force = opts->force,
        .threads = opts->threads,
        .overlap = opts->overlap,
        .argc = args->argc,
        .argv = args->argv,
        .watcher = ipl_train_screen_watcher(&screen),
        .stop = &ipl_stop_signal,
        .hurry = ipl_stop_is_urgent,
    };
    ipl_status st = choose_resume(&run.resume, opts, args, err);

    if (st == IPL_OK)
        st = resolve(&exp, opts, args, run.resume, err);
    if (st == IPL_OK && opts->jobs > 0 && *opts->seeds == '\0')
        st = ipl_fail(err, IPL_E_ARG, "--jobs are replicates at a time: give --seeds");
    if (st == IPL_OK && *opts->seeds)
        return train_seeds(opts, &exp, args, err);
    if (st == IPL_OK)
        st = choose_path(path, opts, &exp, run.resume, err);
    if (st == IPL_OK)
        st = check_force(opts, path, args, err);
    if (st == IPL_OK)
        st = ipl_live_choose(&live, (ipl_live_mode)opts->live, err);
    if (st == IPL_OK && opts->json && ipl_live_owns_terminal(&live) &&
        live.fd == STDOUT_FILENO)
        st = ipl_fail(err, IPL_E_ARG,
                      "--json and --live want the same terminal: redirect the output");
    if (st == IPL_OK)
        st = ipl_live_start(&view, &live, err);
    if (st != IPL_OK)
        return st;
    run.link_latest = *opts->out == '\0' &&
                      (run.resume != IPL_RESUME_RUN || ipl_run_dir_has_latest(path));
    ipl_train_screen_init(&screen, path, &exp, opts->threads, opts->quiet, opts->verbose,
                          opts->json);
    ipl_train_screen_begin_view(&screen, &view, ipl_live_owns_terminal(&live));
    ipl_stop_catch();
    st = ipl_train(&run, err);
    ipl_train_screen_clear(&screen);
    ipl_train_screen_end_view(&screen);
    if (st == IPL_OK && ipl_stop_signal)
        ipl_stop_end_by(ipl_stop_signal);
    return st;
}

const ipl_command ipl_cmd_train = {
    .name = "train",
    .summary = "train a net and measure its information plane",
    .usage = "[FILE.ini]",
    .details = details,
    .max_words = 1,
    .size = sizeof(train_opts),
    .opts = train_rows,
    .later = ipl_experiment_opts,
    .run = run_train,
};
