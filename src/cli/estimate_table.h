/** infoplane estimate for many files: a table like a run's, on stdout or in a folder. */
#ifndef IPL_ESTIMATE_TABLE_H
#define IPL_ESTIMATE_TABLE_H

#include "cli/command.h"
#include "ipl/estimator.h"
#include "run/estimator_texts.h"

typedef struct ipl_estimate_table {
    const char *x, *y;        /* files; y "": no labels */
    const char *const *files; /* (n_files) of layers */
    size_t n_files;
    const char *run;    /* folder of such files instead; "": none */
    const char *layers; /* names in their order; "": all, by name */
    const char *out;    /* folder to write; "": the table goes to stdout */
    const ipl_estimator_texts *estimators;
    ipl_unit unit;
    size_t null_repeats; /* shuffles of the null baseline; 0: none */
    uint64_t null_seed;
    size_t threads;
    const ipl_args *args; /* for the record */
} ipl_estimate_table;

/**
 * Measure and print or write the table.
 *
 * errors  those of ipl_stack_of_files(), ipl_stack_of_folder(), ipl_analysis_measure() and
 *         ipl_analysis_write()
 */
ipl_status ipl_estimate_table_run(const ipl_estimate_table *job,
                                  ipl_error *err) IPL_NODISCARD;

#endif /* IPL_ESTIMATE_TABLE_H */
