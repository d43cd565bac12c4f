/**
 * Expected against obtained. The LogDet paper's verification experiments: data whose entropy
 * or information is known, measured by every estimator, with what must be seen as checks. And
 * the published nets: trained, and compared with what their authors and others found.
 *
 *     const ipl_verify_opts opts = {.quick = true, .out = "results/verify"};
 *     ipl_verdicts sum;
 *
 *     st = ipl_verify_run(&sum, &opts, NULL, 0, say, NULL, &err);
 *
 * Every experiment writes NAME.csv and a figure of it, and all checks go to verdicts.csv.
 *
 * source  Zhouyin and Liu, arXiv:2105.03705, the comparable experiments
 */
#ifndef IPL_VERIFY_H
#define IPL_VERIFY_H

#include "ipl/status.h"

#include <stdbool.h>
#include <stddef.h>

struct ipl_pool;

typedef struct ipl_verify_opts {
    bool quick;      /* fewer dimensions, steps, samples and repetitions */
    const char *out; /* folder of CSV files, figures and runs */
    size_t nets;     /* trained for each experiment with nets; 0: as many as it says */
    size_t epochs;   /* of each net; 0: as many as the experiment says */
    struct ipl_pool
        *pool; /* threads, borrowed; NULL: one. The bytes do not depend on them */
} ipl_verify_opts;

/** How many checks ended how. */
typedef struct ipl_verdicts {
    size_t passed, failed, skipped; /* a row that agrees has passed, else failed */
    size_t unreached;
} ipl_verdicts;

/** Called with one line of the tables, without line break. */
typedef void (*ipl_verify_say)(void *context, const char *line);

/** An experiment, for people. */
typedef struct ipl_verify_about {
    const char *name, *summary;
    bool nets; /* trains the nets of the preset of that name: run only when named */
} ipl_verify_about;

/** About experiment i, false past the last. */
bool ipl_verify_describe(ipl_verify_about *out, size_t i);

/**
 * Run experiments and check what they show.
 *
 * names   of the experiments, (n_names); none: all of them that train no nets
 * errors  IPL_E_ARG      no experiment has this name; nothing is run
 *         IPL_E_NUMERIC  a check failed or a row disagrees; everything is run and written
 *                        all the same; or a net diverged
 *         IPL_E_CANTCREATE, IPL_E_IO, IPL_E_NOMEM
 * Without gnuplot the data and the scripts are written and a line says so.
 */
ipl_status ipl_verify_run(ipl_verdicts *out, const ipl_verify_opts *opts,
                          const char *const *names, size_t n_names, ipl_verify_say say,
                          void *context, ipl_error *err) IPL_NODISCARD;

#endif /* IPL_VERIFY_H */
