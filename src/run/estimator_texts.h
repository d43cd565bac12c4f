/**
 * Estimator texts: those with braces stand for all their combinations.
 *
 *     logdet:scale={cov,corr},beta={1,10}
 *
 * is logdet:scale=cov,beta=1  logdet:scale=cov,beta=10  logdet:scale=corr,beta=1 ...
 */
#ifndef IPL_ESTIMATOR_TEXTS_H
#define IPL_ESTIMATOR_TEXTS_H

#include "ipl/status.h"

#include <stddef.h>

enum { IPL_ESTIMATOR_TEXTS_MAX = 64, IPL_ESTIMATOR_TEXT_MAX = 256 };

typedef struct ipl_estimator_texts {
    const char *texts[IPL_ESTIMATOR_TEXTS_MAX]; /* into store */
    size_t n;
    char *store; /* owned */
} ipl_estimator_texts;

/**
 * Expand texts that are separated by blanks, the last brace of a text changing fastest.
 *
 * owner   out is to be released; empty on error
 * errors  IPL_E_FORMAT  a brace is not closed, stands in another one or has an empty
 *                       alternative; no text, or more than IPL_ESTIMATOR_TEXTS_MAX
 *         IPL_E_NOMEM
 */
ipl_status ipl_estimator_texts_create(ipl_estimator_texts *out, const char *texts,
                                      ipl_error *err) IPL_NODISCARD;

/** Free what a list owns and leave it empty; an empty one is allowed. */
void ipl_estimator_texts_release(ipl_estimator_texts *list);

#endif /* IPL_ESTIMATOR_TEXTS_H */
