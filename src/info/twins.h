/**
 * Samples with equal rows of X. Estimators that take T as a function of X set
 * I(X;T) = H(T): a layer that differs between such samples contradicts that.
 */
#ifndef IPL_TWINS_H
#define IPL_TWINS_H

#include "ipl/matrix.h"
#include "ipl/status.h"

#include <stdbool.h>
#include <stdint.h>

/** Two samples of equal x. */
typedef struct ipl_twin {
    uint32_t a, b;
} ipl_twin;

typedef struct ipl_twins {
    ipl_twin *pair; /* each sample with an earlier equal one; owned */
    size_t n;
} ipl_twins;

/**
 * Find the samples of x that are equal, by a hash of their numbers.
 *
 * owner   *out belongs to the caller, for ipl_twins_release(), also on error
 * cost    n d; errors IPL_E_NOMEM
 */
ipl_status ipl_twins_find(ipl_twins *out, const ipl_cmat *x, ipl_error *err) IPL_NODISCARD;

/** Release the list; an empty one is allowed. */
void ipl_twins_release(ipl_twins *twins);

/** Whether t differs between samples of equal x by more than the rounding of float32. */
bool ipl_twins_differ(const ipl_twins *twins, const ipl_cmat *t);

#endif /* IPL_TWINS_H */
