/* infoplane analyze: measure a run again from its recorded activations or checkpoints. */
#include "base/alloc.h"
#include "cli/command.h"
#include "cli/print.h"
#include "cli/progress.h"
#include "run/activations.h"
#include "run/analysis.h"
#include "run/estimator_texts.h"
#include "run/experiment.h"
#include "run/plot_run.h"
#include "run/replay.h"
#include "run/run_dir.h"

#include <stdio.h>
#include <string.h>

/* Words of --unit; the first is the run's own. */
enum { UNIT_OF_RUN };

typedef struct analyze_opts {
    char estimators[16384]; /* separated by blanks */
    int unit;
    char layers[1024], split[16], out[IPL_PATH_MAX];
    size_t rows, null_repeats, threads;
    bool allow_changed_data, quiet;
} analyze_opts;

static const char *const unit_words[] = {[UNIT_OF_RUN] = "run",
                                         [1 + IPL_UNIT_NATURAL] = "natural",
                                         [1 + IPL_UNIT_NATS] = "nats",
                                         [1 + IPL_UNIT_BITS] = "bits",
                                         NULL};

/* clang-format off */
static const ipl_opt analyze_rows[] = {
    {.name = "estimator", IPL_OPT_FIELD(analyze_opts, estimators), .type = IPL_OPT_TEXT,
     .text = "", .repeat = true,
     .help = "text, may be given again; {1,10} stands for both values (default: the run's)"},
    IPL_OPT_WORD(analyze_opts, unit, "unit", unit_words, UNIT_OF_RUN,
                 "unit of entropies; run: as the run has it"),
    IPL_OPT_STRING(analyze_opts, layers, "layers", "",
                   "names, in this order: fc1,fc2 (default: all that were recorded)"),
    IPL_OPT_STRING(analyze_opts, split, "split", "",
                   "probe: train, test or all (default: those that were recorded)"),
    IPL_OPT_NUMBER(analyze_opts, rows, "rows", 0, 1 << 30, 0,
                   "measure so many samples of each probe, drawn by class; 0: all"),
    IPL_OPT_NUMBER(analyze_opts, null_repeats, "null", 0, 100000, 0,
                   "shuffles of the null baseline; 0: as the run has it"),
    IPL_OPT_STRING(analyze_opts, out, "out", "", "folder (default: RUN/analysis-1, -2 ...)"),
    IPL_OPT_NUMBER(analyze_opts, threads, "threads", 0, 1024, 0,
                   "threads; 0: as SLURM_CPUS_PER_TASK or OMP_NUM_THREADS say, else one per processor; same result"),
    IPL_OPT_FLAG(analyze_opts, allow_changed_data, "allow-changed-data", 0,
                 "go on, with a warning, when the data has changed since training"),
    IPL_OPT_FLAG(analyze_opts, quiet, "quiet", 0, "print nothing but faults"),
    IPL_OPT_END,
};
/* clang-format on */

enum { SPLITS_MAX = 3 };

/* What an analysis is made of. */
typedef struct analysis {
    const analyze_opts *opts;
    const char *run;
    ipl_experiment *exp; /* of the run, then with what was chosen here */
    ipl_estimator_texts estimators;
    ipl_stack stacks[SPLITS_MAX];
    size_t n_stacks;
    bool replay; /* nothing was recorded: measure checkpoints */
    ipl_replay_size size;
    ipl_text information, experiment;
    char *training, *layers;
    char out[IPL_PATH_MAX];
    ipl_progress bar;
} analysis;

static void on_progress(void *self, size_t done, size_t all)
{
    analysis *a = self;

    ipl_progress_draw(&a->bar, done, all);
}

static void on_warning(void *self, const char *text)
{
    analysis *a = self;

    ipl_progress_clear(&a->bar);
    if (!a->opts->quiet)
        ipl_print_error("infoplane: warning: %s\n", text);
}

static ipl_status read_experiment(analysis *a, ipl_error *err)
{
    char path[IPL_PATH_MAX];
    ipl_status st = ipl_run_dir_check(a->run, err);

    if (st == IPL_OK)
        st = ipl_path_join(path, a->run, "experiment.ini", err);
    if (st != IPL_OK)
        return st;
    ipl_opt_init(a->exp, ipl_experiment_opts);
    return ipl_experiment_read(a->exp, path, err);
}

/* Set a field of the experiment by its option's name. */
static ipl_status set(ipl_experiment *exp, const char *name, const char *value,
                      ipl_error *err)
{
    return ipl_opt_set(exp, ipl_opt_find(ipl_experiment_opts, name), value, err);
}

/* Let the experiment say what is measured here. */
static ipl_status adapt_experiment(analysis *a, ipl_error *err)
{
    const analyze_opts *o = a->opts;
    ipl_text texts = {0};
    ipl_status st;

    for (size_t k = 0; k < a->estimators.n; k++)
        ipl_text_add(&texts, "%s%s", k ? " " : "", a->estimators.texts[k]);
    st = ipl_text_status(&texts, err);
    if (st == IPL_OK)
        st = set(a->exp, "estimator", texts.s, err);
    if (st == IPL_OK && *o->layers != '\0')
        st = set(a->exp, "measure-layers", o->layers, err);
    if (st == IPL_OK)
        st = set(a->exp, "record", "none", err);
    if (o->unit != UNIT_OF_RUN)
        a->exp->unit = o->unit - 1;
    if (o->null_repeats > 0)
        a->exp->null_repeats = o->null_repeats;
    ipl_text_release(&texts);
    if (st != IPL_OK)
        return st;
    ipl_text_add(&a->experiment, "# Measured again from the %s of %s\n",
                 a->replay ? "checkpoints" : "activations", a->run);
    if (*o->split != '\0')
        ipl_text_add(&a->experiment, "# split: %s\n", o->split);
    if (o->rows > 0)
        ipl_text_add(&a->experiment, "# rows: %zu of each probe, drawn by class\n",
                     o->rows);
    ipl_experiment_print(&a->experiment, a->exp);
    return ipl_text_status(&a->experiment, err);
}

static ipl_status open_stacks(analysis *a, ipl_error *err)
{
    static const char *const splits[SPLITS_MAX] = {"train", "test", "all"};
    ipl_status st = IPL_OK;

    for (size_t s = 0; s < SPLITS_MAX && st == IPL_OK; s++) {
        char path[IPL_PATH_MAX], file[64];

        if (*a->opts->split != '\0' && strcmp(a->opts->split, splits[s]) != 0)
            continue;
        (void)snprintf(file, sizeof file, IPL_ACTIVATIONS "/%s-x.npy", splits[s]);
        st = ipl_path_join(path, a->run, file, err);
        if (st != IPL_OK || (*a->opts->split == '\0' && !ipl_file_exists(path)))
            continue; /* this run has no such probe */
        st = ipl_stack_of_run(&a->stacks[a->n_stacks], a->run, splits[s], a->opts->layers,
                              err);
        a->n_stacks += st == IPL_OK;
    }
    if (st == IPL_OK && a->n_stacks == 0 && *a->opts->split != '\0')
        return ipl_fail(err, IPL_E_ARG, "split: '%s' is not train, test or all",
                        a->opts->split);
    if (st == IPL_OK && a->n_stacks == 0) /* says what is missing */
        st = ipl_stack_of_run(&a->stacks[0], a->run, "train", a->opts->layers, err);
    return st;
}

static ipl_status read_tables(analysis *a, ipl_error *err)
{
    enum { TABLE_MAX = 1 << 30 };
    char path[IPL_PATH_MAX];
    size_t len;
    ipl_status st = ipl_path_join(path, a->run, "training.csv", err);

    if (st == IPL_OK)
        st = ipl_file_read_text(&a->training, &len, path, TABLE_MAX, err);
    if (st == IPL_OK)
        st = ipl_path_join(path, a->run, "layers.csv", err);
    if (st == IPL_OK)
        st = ipl_file_read_text(&a->layers, &len, path, TABLE_MAX, err);
    return st;
}

/* --out, or the first RUN/analysis-<k> that is free. */
static ipl_status choose_out(analysis *a, ipl_error *err)
{
    const char *out = a->opts->out;

    if (*out != '\0') {
        if (ipl_file_exists(out))
            return ipl_fail(err, IPL_E_CANTCREATE, "%s: exists; name another --out", out);
        return ipl_text_copy(a->out, sizeof a->out, out, strlen(out), "out", err);
    }
    for (size_t k = 1;; k++) {
        char name[48];
        ipl_status st;

        (void)snprintf(name, sizeof name, "analysis-%zu", k);
        st = ipl_path_join(a->out, a->run, name, err);
        if (st != IPL_OK || !ipl_file_exists(a->out))
            return st;
    }
}

static void say(void *context, ipl_plot_line kind, const char *line)
{
    const analysis *a = context;

    if (kind == IPL_PLOT_NOTE)
        ipl_print_error("infoplane: %s\n", line);
    else if (!a->opts->quiet)
        ipl_print("%s\n", line);
}

/* A plane for each of several estimators. */
static ipl_status draw(analysis *a, ipl_error *err)
{
    const char *const runs[] = {a->out};
    ipl_plot_opts opts;
    char title[IPL_LABEL_MAX];

    if (a->estimators.n < 2)
        return IPL_OK;
    ipl_opt_init(&opts, ipl_plot_opt_table);
    opts.kind = IPL_PLOT_SWEEP;
    ipl_plot_label(title, sizeof title, a->run);
    (void)snprintf(opts.title, sizeof opts.title, "%s", title);
    return ipl_plot_runs(&opts, runs, 1, say, a, err);
}

/* Whether to measure checkpoints: nothing was recorded, and there are some. */
static ipl_status choose_source(analysis *a, ipl_error *err)
{
    char path[IPL_PATH_MAX];
    ipl_checkpoint_place *places = NULL;
    size_t n = 0;
    ipl_status st = ipl_path_join(path, a->run, IPL_ACTIVATIONS, err);

    if (st == IPL_OK && !ipl_file_exists(path))
        st = ipl_checkpoint_list(&places, &n, a->run, err);
    ipl_free(places);
    a->replay = n > 0;
    return st;
}

static ipl_status measure_checkpoints(analysis *a, ipl_error *err)
{
    const ipl_replay_opts opts = {.run = a->run,
                                  .exp = a->exp,
                                  .split = a->opts->split,
                                  .rows = a->opts->rows,
                                  .allow_changed_data = a->opts->allow_changed_data,
                                  .threads = a->opts->threads,
                                  .self = a,
                                  .progress = on_progress,
                                  .warning = on_warning};

    return ipl_replay_measure(&a->information, &a->size, &opts, err);
}

static ipl_status measure_stacks(analysis *a, ipl_error *err)
{
    const ipl_analysis_opts opts = {.estimators = a->estimators.texts,
                                    .n_estimators = a->estimators.n,
                                    .unit = (ipl_unit)a->exp->unit,
                                    .null_repeats = a->exp->null_repeats,
                                    .null_seed = a->exp->seed,
                                    .rows = a->opts->rows,
                                    .threads = a->opts->threads,
                                    .self = a,
                                    .progress = on_progress,
                                    .warning = on_warning};

    a->size = (ipl_replay_size){a->stacks[0].n_epochs, a->stacks[0].n_layers};
    return ipl_analysis_measure(&a->information, a->stacks, a->n_stacks, &opts, err);
}

static ipl_status measure(analysis *a, ipl_error *err)
{
    ipl_status st;

    ipl_progress_start(&a->bar, "measuring", a->opts->quiet);
    st = a->replay ? measure_checkpoints(a, err) : measure_stacks(a, err);
    ipl_progress_clear(&a->bar);
    return st;
}

static ipl_status analyze(analysis *a, const ipl_args *args, ipl_error *err)
{
    const char *texts = a->opts->estimators;
    ipl_analysis_files files = {
        .stack = &a->stacks[0], .source = a->run, .argc = args->argc, .argv = args->argv};
    ipl_status st = read_experiment(a, err);

    if (st == IPL_OK)
        st = ipl_estimator_texts_create(&a->estimators,
                                        *texts != '\0' ? texts : a->exp->estimator, err);
    if (st == IPL_OK)
        st = choose_source(a, err);
    if (st == IPL_OK)
        st = adapt_experiment(a, err);
    if (st == IPL_OK && !a->replay)
        st = open_stacks(a, err);
    if (st == IPL_OK)
        st = read_tables(a, err);
    if (st == IPL_OK)
        st = choose_out(a, err);
    if (st == IPL_OK)
        st = measure(a, err);
    if (st != IPL_OK)
        return st;
    files.experiment = a->experiment.s;
    files.information = a->information.s;
    files.training = a->training;
    files.layers = a->layers;
    st = ipl_analysis_write(a->out, &files, err);
    if (st == IPL_OK)
        st = draw(a, err);
    if (st == IPL_OK && !a->opts->quiet)
        ipl_print("%zu epoch%s, %zu layer%s, %zu estimator%s: %s\n", a->size.epochs,
                  a->size.epochs == 1 ? "" : "s", a->size.layers,
                  a->size.layers == 1 ? "" : "s", a->estimators.n,
                  a->estimators.n == 1 ? "" : "s", a->out);
    return st;
}

static ipl_status run_analyze(void *self, const ipl_args *args, ipl_error *err)
{
    static ipl_experiment exp; /* large, and used once */
    analysis a = {.opts = self, .run = args->words[0], .exp = &exp};
    const ipl_status st = analyze(&a, args, err);

    ipl_free(a.layers);
    ipl_free(a.training);
    ipl_text_release(&a.experiment);
    ipl_text_release(&a.information);
    for (size_t s = 0; s < SPLITS_MAX; s++)
        ipl_stack_release(&a.stacks[s]);
    ipl_estimator_texts_release(&a.estimators);
    return st;
}

const ipl_command ipl_cmd_analyze = {
    .name = "analyze",
    .summary = "measure a run again, from activations or checkpoints, without training",
    .usage = "RUN",
    .details =
        "RUN was trained with --record activations, or with --checkpoint ...,keep=: then "
        "the\n"
        "epochs that have a checkpoint are measured. The result is a folder that plot, "
        "info\n"
        "and other programs read like a run: information.csv is measured anew, "
        "training.csv\n"
        "and layers.csv are those of the run. I_prev belongs to the layers chosen here.\n"
        "\n"
        "Braces stand for several texts, several braces for all their combinations. With\n"
        "more than one estimator a figure shows a plane for each ('plot --kind sweep').\n"
        "\n"
        "examples:\n"
        "  infoplane analyze results/latest --estimator logdet:beta=own\n"
        "  infoplane analyze results/latest --estimator 'logdet:beta={1,10,100,1000}'\n"
        "  infoplane analyze results/latest --layers fc1,fc2 --split test --rows 500\n",
    .min_words = 1,
    .max_words = 1,
    .size = sizeof(analyze_opts),
    .opts = analyze_rows,
    .run = run_analyze,
};
