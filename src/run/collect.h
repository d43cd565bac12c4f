/**
 * Collections: many runs as tables, with means over replicates and their scores.
 *
 * Runs whose experiments differ in nothing but seed, name and what is recorded are replicates
 * of one point. The keys that differ between points are the columns of sweep.csv, options
 * inside of texts among them (optimiser.lr).
 *
 *     sweep.csv          a row per run: folder, state, point, seed, the keys that differ, last
 *                        epoch, loss and accuracy, both compression scores of every layer and
 *                        their means
 *     mean.csv           information.csv over the replicates of each point; see replicates.h
 *     training-mean.csv, layers-mean.csv    training.csv and layers.csv likewise
 *     summary.csv        the scores of the runs' summary.csv likewise
 *     sweep.txt          the same for people: scores with their spread, roles of layers, and
 *                        Spearman's correlation between compression and test accuracy
 *
 * Means and correlations are over the runs that are done.
 */
#ifndef IPL_COLLECT_H
#define IPL_COLLECT_H

#include "base/text.h"
#include "run/runs.h"
#include "run/track.h"

/** Quantities of the last row of training.csv. */
enum {
    IPL_SCORE_EPOCH,
    IPL_SCORE_TRAIN_LOSS,
    IPL_SCORE_TRAIN_ACCURACY,
    IPL_SCORE_TEST_LOSS,
    IPL_SCORE_TEST_ACCURACY,
    IPL_SCORE_TRAINING
};

/** The two compression scores of summary.csv. */
typedef enum ipl_compression {
    IPL_COMPRESSION_END,    /* by the end point */
    IPL_COMPRESSION_LAST50, /* by the mean of the last 50 epochs */
    IPL_COMPRESSIONS
} ipl_compression;

/** Columns of the scores: "compression_end", "compression_last50". */
extern const char *const ipl_compression_names[IPL_COMPRESSIONS];

/** What summary.csv says of a layer, of its first split and estimator. */
typedef struct ipl_layer_scores {
    char name[IPL_TRACK_NAME_MAX];
    double x_max, x_end, compression[IPL_COMPRESSIONS]; /* of I(X;T) */
    double y_end;                                       /* of I(T;Y) */
    double prev_first, prev_end;                        /* of I(T_prev;T) */
} ipl_layer_scores;

/** One run of a collection. */
typedef struct ipl_collected {
    const ipl_found_run *run; /* borrowed */
    size_t point;
    char seed[24], name[128];            /* of its experiment */
    double training[IPL_SCORE_TRAINING]; /* NaN: not there yet */
    char split[16], estimator[256], unit[16];
    ipl_layer_scores *layers; /* (n_layers), owned */
    size_t n_layers;
    double compression[IPL_COMPRESSIONS]; /* mean over the layers that have one, or NaN */
    ipl_text flat; /* lines "key=value" of what makes the point; owned */
    uint64_t hash; /* of flat */
} ipl_collected;

/** Replicates. */
typedef struct ipl_point {
    ipl_text label; /* "activation=tanh optimiser.lr=0.1"; owned */
    size_t n_runs, n_done;
} ipl_point;

typedef struct ipl_collection {
    ipl_collected *runs; /* (n_runs), owned */
    size_t n_runs;
    ipl_point *points; /* (n_points), owned, in the order of their first runs */
    size_t n_points;
    char **keys; /* (n_keys) keys that differ between points, owned */
    size_t n_keys;
    size_t n_layers; /* most layers of a run */
} ipl_collection;

/**
 * Read what runs came to.
 *
 * owner   out borrows runs and is to be released; empty on error
 * errors  IPL_E_FORMAT   an experiment or a table is damaged; the message names it
 *         IPL_E_NOINPUT, IPL_E_IO, IPL_E_NOMEM
 */
ipl_status ipl_collection_read(ipl_collection *out, const ipl_runs *runs,
                               ipl_error *err) IPL_NODISCARD;

/** Free what a collection owns and leave it empty; an empty one is allowed. */
void ipl_collection_release(ipl_collection *c);

/** Value of a key in a run, "" when it has none; len gets its length. */
const char *ipl_collected_value(size_t *len, const ipl_collected *run, const char *key);

/** Write the files above into a folder, which is created; errors of files, IPL_E_FORMAT. */
ipl_status ipl_collection_write(const ipl_collection *c, const char *folder,
                                ipl_error *err) IPL_NODISCARD;

/** Append sweep.txt. */
ipl_status ipl_collection_print(ipl_text *out, const ipl_collection *c,
                                ipl_error *err) IPL_NODISCARD;

#endif /* IPL_COLLECT_H */
