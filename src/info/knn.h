/**
 * Nearest neighbours: the Kozachenko-Leonenko entropy and what KSG shares with it.
 *
 *     H = psi(n) - psi(k) + log c_d + d/n sum_i log e_i
 *
 * e_i is the distance of sample i to its k-th neighbour, itself left out, c_d the volume of
 * the unit ball: 2^d of the maximum norm, pi^(d/2) / Gamma(1 + d/2) of the Euclidean one.
 */
#ifndef IPL_KNN_H
#define IPL_KNN_H

#include "info/distance.h"

/** psi(n), the derivative of log Gamma at a whole number n >= 1. */
double ipl_digamma(size_t n);

/**
 * The k-th smallest of x[from ... to), x[self] left out; there are k of them at least.
 *
 * scratch  k doubles
 */
double ipl_kth_smallest(const double *x, size_t from, size_t to, size_t self, size_t k,
                        double *scratch);

/**
 * H of the samples behind dist in nats, and H(.|Y) = sum_c p_c H(.|c) of their classes.
 *
 * Where k + 1 samples coincide H is minus infinity, and a class of k samples or fewer has no
 * k-th neighbour: then NaN with a fault in work.
 *
 * shapes  h_within may be NULL: not wanted; else the subset has labels
 * errors  IPL_E_NOMEM
 * cost    n^2 comparisons beyond the distances
 */
ipl_status ipl_knn_entropy(double *h, double *h_within, const ipl_distance *dist,
                           const ipl_subset *subset, size_t k, ipl_work *work,
                           ipl_error *err) IPL_NODISCARD;

/** Fail with IPL_E_FORMAT unless k < n, as option k of an estimator. */
ipl_status ipl_knn_check(const char *estimator, size_t k, size_t limit, size_t n,
                         ipl_error *err) IPL_NODISCARD;

#endif /* IPL_KNN_H */
