/**
 * What a run recorded, as an array: fields over epochs and layers. Replicates of a run are
 * averaged here, and long runs thinned out for drawing.
 */
#ifndef IPL_TRACK_H
#define IPL_TRACK_H

#include "run/table.h"

#include <stdbool.h>
#include <stddef.h>

enum { IPL_TRACK_NAME_MAX = 256 };

typedef struct ipl_track {
    size_t n_epochs, n_layers, n_fields;
    double *epochs;                    /* (n_epochs), ascending */
    double *values;                    /* (n_epochs, n_layers, n_fields), NaN: undefined */
    char (*names)[IPL_TRACK_NAME_MAX]; /* (n_layers) */
} ipl_track;

/** What to take from a table. */
typedef struct ipl_track_query {
    const char *const *fields; /* columns, (n_fields); NULL: undefined everywhere */
    size_t n_fields;
    bool layers;           /* the table has the columns layer and name */
    const char *split;     /* rows with this text in column split; NULL: all */
    const char *estimator; /* the same for column estimator; NULL: all */
} ipl_track_query;

/**
 * Take a track out of a table. The last epoch is left out while layers of it are missing.
 *
 * owner   *out owns its arrays, for ipl_track_release(); empty on error
 * errors  IPL_E_FORMAT  no row fits the query, a column is missing, epochs go back, a layer is
 *                       no number from 1; the message names file and line
 *         IPL_E_NOMEM
 */
ipl_status ipl_track_read(ipl_track *out, const ipl_table *table,
                          const ipl_track_query *query, ipl_error *err) IPL_NODISCARD;

/** Largest number that can be drawn: differences and squares of such stay finite. */
#define IPL_DRAWABLE_MAX 1e100

/**
 * The same for a figure.
 *
 * errors  as above; IPL_E_FORMAT also for a number beyond IPL_DRAWABLE_MAX, with its place
 */
ipl_status ipl_track_read_drawable(ipl_track *out, const ipl_table *table,
                                   const ipl_track_query *query,
                                   ipl_error *err) IPL_NODISCARD;

/** Free what a track owns and leave it empty; an empty track is allowed. */
void ipl_track_release(ipl_track *track);

/** Value of a field at epoch i and layer l, counted from 0. */
static inline double ipl_track_get(const ipl_track *t, size_t i, size_t l, size_t field)
{
    return t->values[(i * t->n_layers + l) * t->n_fields + field];
}

/**
 * Mean and standard deviation (n - 1) over n >= 1 runs at the epochs that all of them have;
 * NaN where one of them is. The deviation of a single run is 0.
 *
 * owner   mean and sd own their arrays; empty on error
 * errors  IPL_E_SHAPE  the runs have different layers, or no epoch in common
 *         IPL_E_NOMEM
 */
ipl_status ipl_track_mean(ipl_track *mean, ipl_track *sd, const ipl_track *const *runs,
                          size_t n, ipl_error *err) IPL_NODISCARD;

/**
 * Quantile q (0 ... 1) over the runs at the same epochs, of the runs in which the value is
 * defined; NaN where it is in none.
 *
 * owner, errors  as above
 */
ipl_status ipl_track_quantile(ipl_track *out, const ipl_track *const *runs, size_t n,
                              double q, ipl_error *err) IPL_NODISCARD;

/**
 * Mark at most `limit` >= 2 of n ascending epochs, spread evenly over log(1 + epoch / unit),
 * where unit is the first epoch above 0; the first and the last are always among them.
 */
void ipl_track_spread(bool *keep, const double *epochs, size_t n, size_t limit);

/** Keep only the epochs that ipl_track_spread() marks. */
ipl_status ipl_track_thin(ipl_track *track, size_t limit, ipl_error *err) IPL_NODISCARD;

#endif /* IPL_TRACK_H */
