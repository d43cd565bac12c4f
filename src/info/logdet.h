/**
 * Half log-determinants that are right or NaN.
 *
 * Cholesky squares nothing that the Gram matrix has not squared already, but that is enough
 * to lose digits when a matrix is badly conditioned. So a factor is checked against its own
 * inverse unless the trace alone says that rounding cannot matter, and not tried beyond a
 * bound of the trace. A caller that gets NaN turns to the QR factorisation of the samples
 * themselves (ipl_logdet_qr).
 */
#ifndef IPL_LOGDET_H
#define IPL_LOGDET_H

#include "base/pool.h"
#include "info/square.h"
#include "ipl/status.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    IPL_SMALL = 128,    /* orders up to this one always have their accuracy estimated */
    IPL_SIGNS_ROOM = 17 /* doubles per row of the room ipl_half_logdet() may need */
};

/** Largest 1 + weight * trace for which a factor of order d or a Schur complement is tried. */
#define IPL_TRUST_BOUND 1e12

/** The same for I + W Z Z' of order n, which ipl_half_logdet() rids of its smallest eigenvalue. */
#define IPL_ROWS_BOUND 1e18

/** A symmetric matrix of which the determinant is wanted. */
typedef struct ipl_definite {
    double *m; /* (order, order), lower triangle read and replaced by its factor */
    const double
        *p; /* (order) diagonal of the numbers M was summed from; NULL: that of M */
    size_t order;
    bool centred; /* M 1 = 1: M is I + W Z Z' with columns of Z that sum to zero */
    bool
        residual; /* M is left of a difference of the numbers p: that cannot be had better */
} ipl_definite;

/**
 * 1/2 log det M by Cholesky; NaN when M is not positive definite or when rounding may have
 * cost more than about 1e-11 max(1, H), or 1e-6 for a large order or a residual:
 *
 *     error ~ eps sum_i p_i (M^-1)_ii
 *
 * computed for an order up to IPL_SMALL, and beyond it estimated from 16 random signs
 * (Hutchinson 1989), unless sum_i p_i is so small (1e9) that the error cannot reach 1e-6.
 *
 * A centred M has the eigenvalue 1 along (1, ..., 1), often far below all others. What is
 * factored is M' = M + (c - 1) 1 1' / n with c the mean of M's diagonal: log det M' =
 * log det M + log c, and M'^-1 Z = M^-1 Z, so the factor serves as that of M.
 *
 * room    grows to IPL_SIGNS_ROOM order; NULL: a large M that would be checked is NaN
 * errors  IPL_E_NOMEM
 */
ipl_status ipl_half_logdet(double *h, const ipl_definite *matrix, ipl_buffer *room,
                           ipl_pool *pool, ipl_error *err) IPL_NODISCARD;

#endif /* IPL_LOGDET_H */
