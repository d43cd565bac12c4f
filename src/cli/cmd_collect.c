/* infoplane collect: tables of many runs. */
#include "base/alloc.h"
#include "cli/command.h"
#include "cli/print.h"
#include "run/collect.h"

#include <string.h>

typedef struct collect_opts {
    char out[IPL_PATH_MAX];
    bool quiet;
} collect_opts;

static const ipl_opt collect_rows[] = {
    IPL_OPT_STRING(collect_opts, out, "out", "",
                   "folder of the tables; default: the folder, if it is one and no run"),
    IPL_OPT_FLAG(collect_opts, quiet, "quiet", 0, "print nothing but faults"),
    IPL_OPT_END,
};

static ipl_status choose_folder(char *out, const collect_opts *opts,
                                const char *const *folders, size_t n, ipl_error *err)
{
    const char *folder = *opts->out ? opts->out : folders[0];

    if (!*opts->out && (n > 1 || ipl_is_run(folder)))
        return ipl_fail(err, IPL_E_ARG, "several folders, or a single run: give --out");
    return ipl_text_copy(out, IPL_PATH_MAX, folder, strlen(folder), "out", err);
}

static ipl_status run(void *self, const ipl_args *args, ipl_error *err)
{
    const collect_opts *opts = self;
    char folder[IPL_PATH_MAX];
    ipl_collection collection = {0};
    ipl_text text = {0};
    ipl_runs runs = {0};
    const char **folders;
    size_t n;
    ipl_status st = ipl_paths_once(&folders, &n, args->words, args->n_words, err);

    if (st == IPL_OK)
        st = choose_folder(folder, opts, folders, n, err);
    if (st == IPL_OK)
        st = ipl_runs_find(&runs, folders, n, err);
    if (st == IPL_OK)
        st = ipl_collection_read(&collection, &runs, err);
    if (st == IPL_OK)
        st = ipl_collection_write(&collection, folder, err);
    if (st == IPL_OK && !opts->quiet)
        st = ipl_collection_print(&text, &collection, err);
    if (st == IPL_OK && !opts->quiet)
        ipl_print("%s\nwritten: %s/sweep.csv, sweep.txt, mean.csv, training-mean.csv, "
                  "layers-mean.csv, summary.csv\n",
                  text.s, folder);
    ipl_text_release(&text);
    ipl_collection_release(&collection);
    ipl_runs_release(&runs);
    ipl_free(folders);
    return st;
}

const ipl_command ipl_cmd_collect = {
    .name = "collect",
    .summary = "gather runs: a table of them, means over seeds, scores, correlations",
    .usage = "FOLDER...",
    .details =
        "Folders are runs, or hold runs at any depth; they may come from other machines.\n"
        "Runs that differ in nothing but their seed are replicates of one point.\n"
        "\n"
        "  sweep.csv          a row per run: state, what differs, accuracy, compression\n"
        "  mean.csv           mean, s.d., n and quantiles of every measure, epoch and "
        "layer\n"
        "  training-mean.csv  the same for loss and accuracy; layers-mean.csv for "
        "gradients\n"
        "  summary.csv        the same for the scores of the runs' summaries\n"
        "  sweep.txt          for people, with Spearman's correlation between compression\n"
        "                     and test accuracy\n"
        "\n"
        "compression_end is (max - end) / max of I(X;T), end the value at the last "
        "measured\n"
        "epoch: 0 for a layer that only rose. compression_last50 has the mean over the "
        "last\n"
        "50 epochs for the end, as published (NaN for shorter runs); it lags, and is above "
        "0\n"
        "for a layer that still rises. train_loss and train_accuracy are means over the\n"
        "batches of an epoch, while the net moved; test_loss and test_accuracy are of the\n"
        "net after it.\n"
        "\n"
        "examples:\n"
        "  infoplane collect results/szt-tanh-sweep\n"
        "  infoplane collect results/A results/B /mnt/cluster/C --out results/all\n",
    .min_words = 1,
    .max_words = IPL_RUNS_NAMED_MAX,
    .size = sizeof(collect_opts),
    .opts = collect_rows,
    .run = run,
};
