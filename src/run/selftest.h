/** Every estimator and every activation against closed forms, within a second. */
#ifndef IPL_SELFTEST_H
#define IPL_SELFTEST_H

#include "ipl/status.h"

#include <stdbool.h>
#include <stddef.h>

/** One comparison. */
typedef struct ipl_selftest_row {
    const char *estimator, *what; /* text, or activation; data with the measure */
    double expected, obtained, tolerance;
    bool passed;
} ipl_selftest_row;

/** Called with every row, in order. */
typedef void (*ipl_selftest_say)(void *context, const ipl_selftest_row *row);

/**
 * Make all comparisons; an estimator or activation that has none is a failure too.
 *
 * counts  rows that passed and failed
 * errors  IPL_E_NUMERIC  a comparison failed, IPL_E_NOMEM
 */
ipl_status ipl_selftest(size_t *passed, size_t *failed, ipl_selftest_say say, void *context,
                        ipl_error *err) IPL_NODISCARD;

#endif /* IPL_SELFTEST_H */
