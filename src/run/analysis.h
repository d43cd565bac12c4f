/**
 * Measuring recorded activations: the rows of information.csv without a net.
 *
 *     ipl_text rows = {0};
 *     const ipl_analysis_opts opts = {.estimators = texts, .n_estimators = 2};
 *
 *     if (ipl_stack_of_run(&stack, run, "train", "", &err) == IPL_OK &&
 *         ipl_analysis_measure(&rows, &stack, 1, &opts, &err) == IPL_OK)
 *         st = ipl_analysis_write("results/again", &files, &err);
 */
#ifndef IPL_ANALYSIS_H
#define IPL_ANALYSIS_H

#include "base/text.h"
#include "ipl/estimator.h"
#include "run/stack.h"

typedef struct ipl_analysis_opts {
    const char *const *estimators; /* texts, different from each other */
    size_t n_estimators;
    ipl_unit unit;
    size_t null_repeats; /* shuffles of the null baseline; 0: none */
    uint64_t null_seed;
    size_t rows;    /* draw so many samples of each stack; 0: all */
    size_t threads; /* 0: as many as processors; the result is the same */
    void *self;     /* of the functions below, which may be NULL */
    void (*progress)(void *self, size_t done, size_t all); /* measurements */
    void (*warning)(void *self, const char *text);
} ipl_analysis_opts;

/**
 * Measure every layer of some stacks at every epoch; a stack is one probe, and all have the
 * same epochs.
 *
 * out     the table information.csv with its header: for each epoch, the rows of each stack
 * errors  IPL_E_FORMAT   an array is damaged, has a NaN or Inf, or labels are not integers;
 *                        an estimator text is wrong; the message names the file or word
 *         IPL_E_SHAPE    arrays do not fit together, or fewer samples than asked for
 *         IPL_E_NOINPUT  a file is missing
 *         IPL_E_ARG      two texts name the same estimator, two stacks other epochs
 *         IPL_E_NOMEM
 * Bytes do not depend on the number of threads.
 */
ipl_status ipl_analysis_measure(ipl_text *out, const ipl_stack *stacks, size_t n_stacks,
                                const ipl_analysis_opts *opts,
                                ipl_error *err) IPL_NODISCARD;

/** The files of a folder that looks like a run to plot and info; NULL texts: none. */
typedef struct ipl_analysis_files {
    const char *experiment;  /* experiment.ini */
    const char *information; /* information.csv */
    const char *training;    /* training.csv; NULL: epochs without numbers, from stack */
    const char *layers;      /* layers.csv; NULL: the same */
    const ipl_stack *stack;  /* epochs and names of layers */
    const char *source;      /* what was measured, for run.json */
    int argc;                /* command line, for run.json */
    char *const *argv;
} ipl_analysis_files;

/**
 * Write the folder, which must not exist.
 *
 * errors  IPL_E_CANTCREATE  it exists, or cannot be created
 *         IPL_E_IO, IPL_E_NOMEM: nothing is left of it
 */
ipl_status ipl_analysis_write(const char *folder, const ipl_analysis_files *files,
                              ipl_error *err) IPL_NODISCARD;

#endif /* IPL_ANALYSIS_H */
