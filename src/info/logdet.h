/**
 * Half log-determinants that are right or NaN.
 *
 * Cholesky squares nothing that the Gram matrix has not squared already, but that is enough
 * to lose digits when a matrix is badly conditioned. Here a small factor is checked against
 * its own inverse; a large one is not tried beyond IPL_TRUST_BOUND. A caller that gets NaN
 * turns to the QR factorisation of the samples themselves (ipl_logdet_qr).
 */
#ifndef IPL_LOGDET_H
#define IPL_LOGDET_H

#include "base/pool.h"
#include "ipl/status.h"

#include <stddef.h>

/** Orders up to this one have their accuracy estimated. */
enum { IPL_SMALL = 128 };

/** Largest 1 + weight * trace for which a Cholesky factor is tried. */
#define IPL_TRUST_BOUND 1e12

/**
 * 1/2 log det M of a symmetric matrix by Cholesky; NaN when M is not positive definite or,
 * for an order of at most IPL_SMALL, when rounding may have cost more than about
 * 1e-11 max(1, H):
 *
 *     error ~ eps sum_i p_i (M^-1)_ii
 *
 * shapes  m (order, order), lower triangle read and replaced by its factor; p (order) the
 *         diagonal of the numbers M was summed from, NULL: that of M
 * errors  IPL_E_NOMEM
 */
ipl_status ipl_half_logdet(double *h, double *m, const double *p, size_t order,
                           ipl_pool *pool, ipl_error *err) IPL_NODISCARD;

#endif /* IPL_LOGDET_H */
