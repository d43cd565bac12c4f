/* infoplane sweep: every combination of some values, here or by another engine. */
#include "cli/experiment_args.h"
#include "cli/study_command.h"

#include <stdio.h>
#include <string.h>

typedef struct sweep_opts {
    char grid[8192];
    char seeds[1024];
    char preset[IPL_PRESET_NAME_MAX];
    char out[IPL_PATH_MAX];
    size_t jobs, threads;
    int engine; /* ipl_engine */
    char engine_options[1024];
    bool dry_run, force, quiet;
} sweep_opts;

static const char *const engines[] = {"local", "parallel", "slurm", NULL};

static const ipl_opt sweep_rows[] = {
    {.name = "grid",
     IPL_OPT_FIELD(sweep_opts, grid),
     .type = IPL_OPT_TEXT,
     .text = "",
     .repeat = true,
     .help = "KEY=VALUE,VALUE...; may be given several times"},
    IPL_OPT_STRING(sweep_opts, seeds, "seeds", "",
                   "replicates of every point: 1-50 or 1,2,5-9"),
    IPL_OPT_STRING(sweep_opts, preset, "preset", "",
                   "published experiment; see 'infoplane list presets'"),
    IPL_OPT_STRING(sweep_opts, out, "out", "", "folder; default: results/NAME-sweep"),
    IPL_OPT_NUMBER(sweep_opts, jobs, "jobs", 0, 4096, 0,
                   "runs at a time; 0: as many as processors, or the engine's choice"),
    IPL_OPT_NUMBER(sweep_opts, threads, "threads", 0, 1024, 0,
                   "threads of a run; 0: what the processors leave, 1 for an engine"),
    IPL_OPT_WORD(sweep_opts, engine, "engine", engines, IPL_ENGINE_LOCAL, "who runs it"),
    IPL_OPT_STRING(sweep_opts, engine_options, "engine-options", "",
                   "='WORDS' for the engine, quoted as for a shell; see below"),
    IPL_OPT_FLAG(sweep_opts, dry_run, "dry-run", 0,
                 "write the experiments and the scripts, run nothing"),
    IPL_OPT_FLAG(sweep_opts, force, "force", 0, "replace runs that are there"),
    IPL_OPT_FLAG(sweep_opts, quiet, "quiet", 0, "print nothing but faults"),
    IPL_OPT_END,
};

static const char details[] =
    "A key of the grid is one of the options above from --data on, or TEXT.OPTION for an "
    "option\n"
    "inside of a text: optimiser.lr, data.path; OPTION alone will do when it is clear.\n"
    "Values are separated by commas, or by semicolons when they have commas themselves.\n"
    "\n"
    "examples:\n"
    "  infoplane sweep --preset szt-tanh --grid activation=tanh,relu --seeds 1-20\n"
    "  infoplane sweep FILE.ini --grid lr=0.1,0.01 --grid batch=64,256 --epochs 30\n"
    "  infoplane sweep FILE.ini --grid 'optimiser=sgd:lr=0.1,momentum=0.9;adam:lr=0.001'\n"
    "  infoplane sweep FILE.ini --grid lr=0.1,0.01 --engine parallel \\\n"
    "      --engine-options='--sshlogin 4/alpha,8/beta'\n"
    "  infoplane sweep FILE.ini --grid lr=0.1,0.01 --threads 4 --engine slurm \\\n"
    "      --engine-options='--time=1:00:00 --partition=short'\n"
    "\n"
    "The same command goes on where it was stopped; more values add points. The folder "
    "gets\n"
    "sweep.csv (a row per run), mean.csv, summary.csv (spread over the seeds), sweep.txt, "
    "and\n"
    "job.sh, parallel.sh and slurm.sh to run it elsewhere by hand; more jobs than an array "
    "of\n"
    "Slurm may have are in slurm-2.sh and so on. Exit status: that of the first run that\n"
    "failed, after all others have ended.\n";

/* --out, or results/NAME-sweep; the name is not that of an activation that varies. */
static ipl_status choose_name(char *path, ipl_experiment *exp, const sweep_opts *opts,
                              ipl_error *err)
{
    char folder[sizeof exp->name + 16];
    const char *base = *opts->preset ? opts->preset : exp->data;
    ipl_status st = IPL_OK;

    if (*exp->name == '\0')
        st = ipl_text_copy(exp->name, sizeof exp->name, base, strcspn(base, ":"), "name",
                           err);
    if (st == IPL_OK)
        st = ipl_experiment_name(exp, NULL, err); /* is it one? */
    if (st != IPL_OK)
        return st;
    if (*opts->out)
        return ipl_text_copy(path, IPL_PATH_MAX, opts->out, strlen(opts->out), "out", err);
    (void)snprintf(folder, sizeof folder, "%s-sweep", exp->name);
    return ipl_path_join(path, "results", folder, err);
}

/* Options of an engine are words as a shell reads them; the local engine has none. */
static ipl_status check_engine_options(const sweep_opts *opts, ipl_error *err)
{
    const char *rest = opts->engine_options;
    ipl_error why = {0};
    ipl_text word = {0};
    bool more = true;
    ipl_status st = IPL_OK;

    if (*rest && opts->engine == IPL_ENGINE_LOCAL)
        return ipl_fail(err, IPL_E_ARG,
                        "--engine-options are for --engine parallel or slurm");
    while (more && st == IPL_OK)
        st = ipl_text_take_shell_word(&word, &more, &rest, &why);
    ipl_text_release(&word);
    return st == IPL_OK ? st : ipl_fail(err, st, "engine-options: %s", why.msg);
}

static ipl_status run(void *self, const ipl_args *args, ipl_error *err)
{
    const sweep_opts *opts = self;
    static ipl_experiment exp; /* large, and used once */
    char path[IPL_PATH_MAX];
    const ipl_study_command command = {
        .exp = &exp,
        .path = path,
        .grid = opts->grid,
        .seeds = opts->seeds,
        .jobs = opts->jobs,
        .threads = opts->threads,
        .force = opts->force,
        .quiet = opts->quiet,
        .dry_run = opts->dry_run,
        .engine = (ipl_engine)opts->engine,
        .engine_options = opts->engine_options,
        .args = args,
    };
    ipl_status st = ipl_experiment_resolve(&exp, opts->preset, args, err);

    if (st == IPL_OK)
        st = check_engine_options(opts, err);
    if (st == IPL_OK)
        st = choose_name(path, &exp, opts, err);
    return st == IPL_OK ? ipl_study_command_run(&command, err) : st;
}

const ipl_command ipl_cmd_sweep = {
    .name = "sweep",
    .summary = "train every combination of some values, here or on a cluster",
    .usage = "[FILE.ini]",
    .details = details,
    .max_words = 1,
    .size = sizeof(sweep_opts),
    .opts = sweep_rows,
    .later = ipl_experiment_opts,
    .run = run,
};
