/**
 * Figures of finished and of running experiments.
 *
 *     const char *runs[] = {"results/demo-tanh", "results/demo-relu"};
 *     const ipl_plot_opts opts = {.kind = IPL_PLOT_PLANE};
 *
 *     st = ipl_plot_runs(&opts, runs, 2, say, NULL, &err);
 *
 * A figure is tidy CSV files, a settings file and the gnuplot scripts that draw them, all in
 * one folder: whoever wants it otherwise edits them and runs plot.sh there. gnuplot is run on
 * them when there is one.
 */
#ifndef IPL_PLOT_H
#define IPL_PLOT_H

#include "base/file.h"
#include "base/opt.h"
#include "ipl/status.h"

#include <stddef.h>

typedef enum ipl_plot_kind {
    IPL_PLOT_ALL,
    IPL_PLOT_PLANE,      /* I(T;Y) over I(X;T), all layers in one panel */
    IPL_PLOT_GRID,       /* the same, a panel for each layer, a row for each run */
    IPL_PLOT_LTC,        /* I(T;Y) over I(T_{l-1};T_l), the layer transmission capacity */
    IPL_PLOT_CURVES,     /* I(X;T), I(T;Y) and H(T) over epochs */
    IPL_PLOT_DASHBOARD,  /* loss, accuracy, gradients, I(X;T), I(T;Y), plane */
    IPL_PLOT_SWEEP,      /* a plane for each estimator of the runs; not part of ALL */
    IPL_PLOT_SCORES,     /* test accuracy over compression, a dot for each run */
    IPL_PLOT_ESTIMATORS, /* I(X;T) over epochs, a panel for each estimator; nor is this */
    IPL_PLOT_MOVIE,      /* the plane over the epochs as an animated GIF; nor is this */
    IPL_PLOT_KINDS
} ipl_plot_kind;

/** What to draw; all zero is a good default. The fields have rows in ipl_plot_opt_table. */
typedef struct ipl_plot_opts {
    int kind;            /* ipl_plot_kind */
    int format;          /* 0 png, 1 pdf, 2 svg */
    int split;           /* 0 the first in the table, 1 train, 2 test, 3 all */
    int labels;          /* I(T;Y) with labels 0 one-hot, 1 class by class, 2 pooled */
    int score;           /* ipl_compression, of the scores */
    int palette;         /* 0 viridis, 1 classic */
    int xscale, yscale;  /* ipl_scale, of the planes */
    char estimator[256]; /* text, its beginning, or name and some options; "": the first */
    char title[256];     /* "": names of the runs */
    char ib[IPL_PATH_MAX]; /* table of a bottleneck curve to draw on the planes; "": none */
    char out[IPL_PATH_MAX]; /* folder of the figures; "": see ipl_plot_folder() */
} ipl_plot_opts;

struct ipl_plot_data;

/** Rows of ipl_plot_opts. */
extern const ipl_opt ipl_plot_opt_table[];

typedef enum ipl_plot_line {
    IPL_PLOT_FIGURE, /* path of a figure that was drawn */
    IPL_PLOT_NOTE    /* something to tell the user */
} ipl_plot_line;

/** Called with one line of text, without line break. */
typedef void (*ipl_plot_say)(void *context, ipl_plot_line kind, const char *line);

/**
 * Draw the figures of one run, or of several side by side. Runs whose experiments differ in
 * nothing but seed, name, output folder and threads are replicates: they share a panel, with
 * means and bands of a standard deviation. A folder that holds runs, such as a study, stands
 * for those of them that are done.
 *
 * errors  IPL_E_NOINPUT     a run is no run folder; the message says what is missing
 *         IPL_E_FORMAT      a table is damaged, or has no rows yet
 *         IPL_E_ARG         no estimator, or several, fit opts->estimator
 *         IPL_E_SHAPE       runs with different units, replicates with different layers
 *         IPL_E_CANTCREATE  the folder of the figures, or a file in it
 *         IPL_E_IO          gnuplot failed; data and scripts remain
 *         IPL_E_NOMEM
 * Without gnuplot the data and the scripts are written, a note says how to run them, and the
 * result is IPL_OK.
 */
ipl_status ipl_plot_runs(const ipl_plot_opts *opts, const char *const *runs, size_t n_runs,
                         ipl_plot_say say, void *context, ipl_error *err) IPL_NODISCARD;

/**
 * Write the scripts, data and settings of one figure of data that were read, and draw nothing:
 * `gnuplot -d -c figure.gp KIND FORMAT` in the folder does that.
 *
 * kind    not IPL_PLOT_ALL
 * errors  IPL_E_CANTCREATE, IPL_E_IO, IPL_E_NOINPUT (a script is not installed), IPL_E_NOMEM
 */
ipl_status ipl_plot_files(const char *folder, ipl_plot_kind kind, const ipl_plot_opts *opts,
                          const struct ipl_plot_data *data, ipl_error *err) IPL_NODISCARD;

/**
 * Folder of the figures, IPL_PATH_MAX bytes: opts->out; for one run RUN/figures; for several
 * compare-A+B/figures beside the first.
 */
ipl_status ipl_plot_folder(char *out, const ipl_plot_opts *opts, const char *const *runs,
                           size_t n_runs, ipl_error *err) IPL_NODISCARD;

/** Whether a plot writes a file of that name into its folder. */
bool ipl_plot_writes(const char *name);

#endif /* IPL_PLOT_H */
