#include "base/alloc.h"
#include "cli/command.h"
#include "cli/live.h"
#include "cli/print.h"
#include "run/runs.h"

#include <stdio.h>

static void say(void *context, ipl_plot_line kind, const char *line)
{
    (void)context;
    if (kind == IPL_PLOT_FIGURE)
        ipl_print("%s\n", line);
    else
        ipl_print_error("infoplane: %s\n", line);
}

typedef struct live_opts {
    int live; /* ipl_live_mode */
} live_opts;

static const ipl_opt live_rows[] = {IPL_OPT_LIVE(live_opts, live), IPL_OPT_END};

static ipl_status follow(const ipl_plot_opts *opts, ipl_live_mode mode,
                         const ipl_args *args, ipl_error *err)
{
    ipl_live live = {.plot = *opts, .frame = true, .alone = true};
    const char **runs;
    ipl_status st = ipl_paths_once(&runs, &live.n_runs, args->words, args->n_words, err);

    live.runs = runs;
    if (st != IPL_OK)
        return st;
    if ((opts->kind != IPL_PLOT_ALL && opts->kind != IPL_PLOT_PLANE) ||
        *opts->out != '\0' || opts->format != 0)
        st = ipl_fail(err, IPL_E_ARG,
                      "--live shows the plane and writes nothing: give no --kind, --format "
                      "or --out");
    if (st == IPL_OK)
        st = ipl_live_choose(&live, mode, err);
    live.plot.kind = IPL_PLOT_PLANE;
    if (st == IPL_OK)
        st = ipl_live_follow(&live, -1, err);
    ipl_free(runs);
    return st;
}

static ipl_status run(void *opts, const ipl_args *args, ipl_error *err)
{
    live_opts live = {IPL_LIVE_NO};

    for (size_t i = 0; i < args->n_later; i++) {
        const ipl_status st =
            ipl_opt_set(&live, args->later[i].row, args->later[i].value, err);

        if (st != IPL_OK)
            return st;
    }
    if (live.live != IPL_LIVE_NO)
        return follow(opts, (ipl_live_mode)live.live, args, err);
    return ipl_plot_runs(opts, args->words, args->n_words, say, NULL, err);
}

const ipl_command ipl_cmd_plot = {
    .name = "plot",
    .summary = "draw the figures of one run, or of several side by side",
    .usage = "RUN...",
    .details =
        "kinds:\n"
        "  plane      I(T;Y) over I(X;T): dots by epoch, a line joins the layers of one "
        "epoch\n"
        "  grid       the same with a panel for each layer and a row for each run\n"
        "  ltc        I(T;Y) over I(T_{l-1};T_l), the layer transmission capacity\n"
        "  curves     I(X;T), I(T;Y) and H(T) over epochs\n"
        "  dashboard  loss, accuracy, gradients, I(X;T), I(T;Y) and the plane on one page\n"
        "  sweep      a plane for each estimator of the table, each with its own axes; of\n"
        "             several runs a row for each run and a column for each estimator\n"
        "  movie      the plane and the accuracy over epochs, an animated GIF below 1.5 "
        "MB\n"
        "  estimators I(X;T) over epochs as each estimator of the table sees it: a row for "
        "each\n"
        "             estimator, runs side by side on the same axes\n"
        "\n"
        "Runs that differ in nothing but their seed are replicates: they share a panel, "
        "with\n"
        "means and bands of one standard deviation. An axis whose layers differ much is "
        "cut\n"
        "or logarithmic (--xscale, --yscale). Figures show at most 240 epochs, spread "
        "over\n"
        "their logarithm. A run that is still training can be plotted.\n"
        "\n"
        "--live follows runs that are being trained, or shows finished ones, and writes\n"
        "nothing: the plane in a window of gnuplot where there is a display, as a sixel\n"
        "picture where the terminal draws them, otherwise as text.\n"
        "\n"
        "Data, settings and gnuplot scripts are written beside the figures: edit the *.gp\n"
        "files and run 'sh plot.sh' there to draw again. Without gnuplot they are all "
        "that\n"
        "is written.\n"
        "\n"
        "examples:\n"
        "  infoplane plot results/demo-tanh\n"
        "  infoplane plot results/demo-tanh results/demo-relu --kind plane --format pdf\n"
        "  infoplane plot results/demo-tanh results/demo-relu --kind movie\n"
        "  infoplane plot results/szt-tanh --split test --estimator logdet:beta=own\n",
    .min_words = 1,
    .max_words = IPL_RUNS_NAMED_MAX,
    .size = sizeof(ipl_plot_opts),
    .opts = ipl_plot_opt_table,
    .later = live_rows,
    .run = run,
};
