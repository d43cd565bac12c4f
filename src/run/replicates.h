/**
 * Means over replicates: rows of a table that many runs have, aggregated over the runs.
 *
 * Every row that at least one run has becomes a row for each of its quantities:
 *
 *     point,epoch,split,layer,name,estimator,unit,measure,n,mean,sd,q05,q25,median,q75,q95
 *
 * n is the number of runs in which the value is defined, sd the deviation with n - 1 (0 for
 * n = 1), quantiles are those of ipl_quantile(). What no run defines is left out.
 */
#ifndef IPL_REPLICATES_H
#define IPL_REPLICATES_H

#include "base/text.h"
#include "run/runs.h"

/** A table of the runs and what becomes of it. */
typedef struct ipl_mean_table {
    const char *file;         /* in each run: "information.csv" */
    const char *out;          /* in the collection: "mean.csv" */
    bool epochs;              /* rows have an epoch */
    const char *const *keys;  /* columns that name a row, NULL-terminated */
    const char *const *units; /* quantities, NULL-terminated; NULL: ipl_measure_table */
    const char *what;         /* heading of the column with the quantity's name */
} ipl_mean_table;

/** The tables of a collection, NULL-terminated by their file. */
extern const ipl_mean_table ipl_mean_tables[];

/**
 * Write the table of a collection.
 *
 * points  (n_points) labels
 * runs    the runs of each point, one after another, n[p] of them; a run without the table is
 *         passed over
 * errors  IPL_E_FORMAT  a table is damaged, or its epochs go back; IPL_E_NOMEM
 *         IPL_E_CANTCREATE, IPL_E_IO
 * cost    linear in the rows. The tables are read side by side in pieces of whole rows and
 *         written as they come: memory is that of one epoch of all runs of a point
 */
ipl_status ipl_mean_write(const char *folder, const ipl_mean_table *table,
                          const char *const *points, size_t n_points,
                          const ipl_found_run *const *runs, const size_t *n,
                          ipl_error *err) IPL_NODISCARD;

#endif /* IPL_REPLICATES_H */
