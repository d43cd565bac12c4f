/**
 * LogDet as the released code of Zhouyin and Liu computes it in correlation mode:
 *
 *     R_ij = x_i'x_j / (|x_i| |x_j| + 1e-8),   H = 1/2 log det(I + beta R)
 *
 * over the centred columns, the whole matrix by LU. The 1e-8 makes R indefinite when columns
 * of very different norms are parallel: then there is no H. It is here for comparison.
 *
 * source  arXiv:2105.03705, utils/LogDet.py of the released code
 */
#ifndef IPL_RELEASED_H
#define IPL_RELEASED_H

#include "info/pair.h"

/** H of one variable in nats; NaN with a fault when the determinant is not positive. */
ipl_status ipl_released_entropy(double *h, ipl_var *v, double beta, ipl_work *work,
                                ipl_error *err) IPL_NODISCARD;

/** The same for a pair, from the matrix of both, a weight for each. */
ipl_status ipl_released_pair(ipl_joint *out, ipl_pair *pair, double beta_a, double beta_b,
                             ipl_work *work, ipl_error *err) IPL_NODISCARD;

#endif /* IPL_RELEASED_H */
