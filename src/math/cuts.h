/** How the double half of linalg.h cuts its work into tasks: by shapes alone. */
#ifndef IPL_CUTS_H
#define IPL_CUTS_H

#include <assert.h>
#include <limits.h>
#include <stddef.h>

/** Equal cuts of 0 ... total: `count` of them, all `step` long but the last. */
typedef struct cuts {
    size_t total, step, count;
} cuts;

static inline cuts cut_by(size_t total, size_t step)
{
    const cuts c = {total, step, (total + step - 1) / step};

    return c;
}

static inline size_t cut_length(const cuts *c, size_t i)
{
    const size_t at = i * c->step;

    return c->total - at < c->step ? c->total - at : c->step;
}

/** A size as BLAS counts. */
static inline int blas_int(size_t n)
{
    assert(n <= INT_MAX);
    return (int)n;
}

#endif /* IPL_CUTS_H */
