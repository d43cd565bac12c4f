/**
 * Sweeps: estimator texts with braces stand for all their combinations.
 *
 *     logdet:scale={cov,corr},beta={1,10}
 *
 * is logdet:scale=cov,beta=1  logdet:scale=cov,beta=10  logdet:scale=corr,beta=1 ...
 */
#ifndef IPL_SWEEP_H
#define IPL_SWEEP_H

#include "ipl/status.h"

#include <stddef.h>

enum { IPL_SWEEP_MAX = 64, IPL_SWEEP_TEXT_MAX = 256 };

typedef struct ipl_sweep {
    const char *texts[IPL_SWEEP_MAX]; /* into store */
    size_t n;
    char *store; /* owned */
} ipl_sweep;

/**
 * Expand texts that are separated by blanks, the last brace of a text changing fastest.
 *
 * owner   out is to be released; empty on error
 * errors  IPL_E_FORMAT  a brace is not closed, stands in another one or has an empty
 *                       alternative; no text, or more than IPL_SWEEP_MAX
 *         IPL_E_NOMEM
 */
ipl_status ipl_sweep_create(ipl_sweep *out, const char *texts,
                            ipl_error *err) IPL_NODISCARD;

/** Free what a sweep owns and leave it empty; an empty one is allowed. */
void ipl_sweep_release(ipl_sweep *sweep);

#endif /* IPL_SWEEP_H */
