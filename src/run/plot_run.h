/** Runs as the figures see them: read, one estimator chosen, replicates averaged. */
#ifndef IPL_PLOT_RUN_H
#define IPL_PLOT_RUN_H

#include "base/text.h"
#include "info/ib.h"
#include "run/plot.h"
#include "run/track.h"

enum { IPL_LABEL_MAX = 128, IPL_ESTIMATOR_MAX = 256 };

/** Fields of the track `info`. */
enum {
    IPL_INFO_XT,
    IPL_INFO_TY,
    IPL_INFO_PREV,
    IPL_INFO_T,
    IPL_INFO_XT_NULL, /* baselines of shuffled pairs */
    IPL_INFO_TY_NULL,
    IPL_INFO_FIELDS
};
/** Fields of the track `training`. */
enum { IPL_TRAINING_LOSS, IPL_TRAINING_ACCURACY = 2, IPL_TRAINING_FIELDS = 4 };
/** Fields of the track `layers`: as in layers.csv. */
enum { IPL_LAYERS_NORM, IPL_LAYERS_MEAN, IPL_LAYERS_SD, IPL_LAYERS_FIELDS };

/** Three tables of a run. */
typedef struct ipl_plot_tracks {
    ipl_track info, training, layers;
} ipl_plot_tracks;

typedef struct ipl_plot_run {
    char label[IPL_LABEL_MAX]; /* last part of its path */
    size_t folder;             /* which of the folders that were asked for */
    ipl_text experiment;       /* what replicates have in common */
    char estimator[IPL_ESTIMATOR_MAX];
    char unit[16];
    ipl_plot_tracks own;
} ipl_plot_run;

/** A run, or several replicates. */
typedef struct ipl_plot_group {
    char label[IPL_LABEL_MAX];
    size_t n_members;
    const ipl_plot_run **members; /* (n_members), borrowed */
    ipl_plot_tracks mean, sd;
    ipl_plot_tracks low, high; /* quantiles 0.05 and 0.95: bands on logarithmic axes */
} ipl_plot_group;

/** Everything a figure is drawn from. */
typedef struct ipl_plot_data {
    ipl_plot_run *runs;
    size_t n_runs;
    ipl_plot_group *groups;
    size_t n_groups;
    ipl_ib_curve ib; /* to draw on the planes, owned; empty: none */
} ipl_plot_data;

/** Read runs and group them; errors of ipl_plot_runs(). */
ipl_status ipl_plot_data_read(ipl_plot_data *out, const ipl_plot_opts *opts,
                              const char *const *runs, size_t n_runs,
                              ipl_error *err) IPL_NODISCARD;

/** Free what the data own; empty data are allowed. */
void ipl_plot_data_release(ipl_plot_data *data);

/**
 * Turn the name of a point of a sweep, "activation=tanh_optimiser.lr=0.1", into what figures
 * say of it, "tanh lr=0.1", in place. Names without '=' stay.
 */
void ipl_plot_prettify(char *label);

/**
 * Last part of a path, without slashes at its end; "." and ".." stay. A replicate, "seed3",
 * has the part before it too; a link (results/latest) is called what it points to.
 */
void ipl_plot_label(char *out, size_t size, const char *path);

/**
 * Whether an estimator's text is what the user means: the same text, a beginning of it, or
 * its name and some of its options ("logdet:beta=rd").
 */
bool ipl_estimator_fits(const char *text, const char *wanted);

#endif /* IPL_PLOT_RUN_H */
