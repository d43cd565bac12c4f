/** Parts of the self test, each a file of its own. */
#ifndef IPL_SELFTEST_PARTS_H
#define IPL_SELFTEST_PARTS_H

#include "run/selftest.h"

#include "ipl/estimator.h"

/** Where rows go, and how many passed. */
typedef struct ipl_selftest_sink {
    ipl_selftest_say say; /* NULL: nobody listens */
    void *context;
    size_t passed, failed;
} ipl_selftest_sink;

/** Judge a row, count it and hand it on. */
void ipl_selftest_tell(ipl_selftest_sink *sink, ipl_selftest_row *row);

/** The measure of that name; NaN when there is none. */
double ipl_selftest_get(const ipl_measures *m, const char *measure);

/** Entry (i, j) of a Hadamard matrix: columns are orthogonal, with mean 0 and variance 1 but
 * for column 0. */
double ipl_selftest_hadamard(size_t i, size_t j);

/**
 * LogDet of two variables by each of its forms, and of three in a row.
 *
 * errors  IPL_E_NOMEM
 */
ipl_status ipl_selftest_pairs(ipl_selftest_sink *sink, ipl_error *err) IPL_NODISCARD;

/**
 * Outputs and one step of a net with each activation; an activation that has no formula here
 * fails.
 *
 * errors  IPL_E_NOMEM
 */
ipl_status ipl_selftest_nets(ipl_selftest_sink *sink, ipl_error *err) IPL_NODISCARD;

#endif /* IPL_SELFTEST_PARTS_H */
