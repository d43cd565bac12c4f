/**
 * Distances between all samples of a variable, row block by row block.
 *
 * A table of n^2 distances is kept when n <= IPL_DISTANCE_KEPT (128 MiB), for every text that
 * looks at the same layer; beyond it each block is computed where it is wanted and memory
 * stays at IPL_DISTANCE_BLOCK n doubles per thread. A number depends on the samples alone,
 * not on the thread nor on what was asked before.
 */
#ifndef IPL_DISTANCE_H
#define IPL_DISTANCE_H

#include "info/subset.h"
#include "info/var.h"

typedef enum ipl_metric {
    IPL_EUCLID,      /* sum (a - b)^2: squared */
    IPL_EUCLID_UNIT, /* the same of columns divided by (their norm + 1e-8) */
    IPL_CHEBYSHEV,   /* max |a - b|, of the samples as given: ties stay ties */
    IPL_METRICS
} ipl_metric;

/** Which columns of a row are asked for. */
typedef enum ipl_part {
    IPL_BELOW, /* up to the row's own: each pair once */
    IPL_WHOLE
} ipl_part;

enum {
    IPL_DISTANCE_KEPT = 4096, /* samples of a table that is kept */
    IPL_DISTANCE_BLOCK = 32   /* rows of a task */
};

typedef struct ipl_distance {
    const ipl_var *v;    /* whose samples; borrowed */
    ipl_metric metric;   /* how far apart is meant */
    const uint32_t *row; /* (n) the subset's rows of v; borrowed */
    size_t n;            /* samples at hand, 0: none */
    ipl_part part;       /* of the rows that is at hand */
    bool sound;          /* no number is too large for its square */
    ipl_buffer rows;     /* (n, d) samples, centred or scaled; or panels of them */
    ipl_buffer norm2;    /* (n) sums of squares */
    ipl_buffer kept;     /* (n, n), while n <= IPL_DISTANCE_KEPT */
} ipl_distance;

/**
 * Turn to a variable that was just set (or is about to be) with its samples as given; nothing
 * is computed.
 */
void ipl_distance_begin(ipl_distance *dist, const ipl_var *v, ipl_metric metric);

/**
 * Make the distances of a subset available unless they are.
 *
 * A difference of squares |a|^2 + |b|^2 - 2ab, by GEMM, has an error of rounding that is
 * relative to the samples' norms: where the distance is below a thousandth of them it is
 * summed again from differences of the samples as given. So every distance has 12 digits,
 * and that of equal samples is 0 exactly.
 *
 * subset  its rows are read again by ipl_distance_rows() when no table is kept
 * errors  IPL_E_NOMEM; a distance that overflows is a fault in work and dist->sound false
 * cost    n^2 d operations for a table that is kept; else at every reading n^2 d (Euclid,
 *         IPL_BELOW) or twice that
 */
ipl_status ipl_distance_set(ipl_distance *dist, const ipl_subset *subset, ipl_part part,
                            ipl_work *work, ipl_error *err) IPL_NODISCARD;

/** Release the buffers; an empty one is allowed. */
void ipl_distance_release(ipl_distance *dist);

/** Row blocks: the number of tasks. */
size_t ipl_distance_blocks(const ipl_distance *dist);

/** Rows [*first, *end) of a block. */
void ipl_distance_range(size_t *first, size_t *end, const ipl_distance *dist, size_t block);

/**
 * Distances of a block's rows to all samples, (end - first, n); of IPL_BELOW, what stands to
 * the right of the diagonal is undefined.
 *
 * tables   scratch of the threads, IPL_DISTANCE_BLOCK * n doubles each; not looked at, and may
 *          be NULL, when a table is kept
 * returns  the scratch of this thread, or the kept table
 */
const double *ipl_distance_rows(const ipl_distance *dist, double *tables, size_t thread,
                                size_t block);

#endif /* IPL_DISTANCE_H */
