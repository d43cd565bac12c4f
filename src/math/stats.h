/**
 * Statistics of a few numbers: quantiles, ranks and Spearman's correlation with its p-value.
 *
 *     double rho, p;
 *
 *     st = ipl_spearman(&rho, &p, compression, accuracy, n, &err);
 */
#ifndef IPL_STATS_H
#define IPL_STATS_H

#include "ipl/status.h"

#include <stddef.h>

/** Mean of n numbers; NaN for none. */
double ipl_mean(const double *x, size_t n);

/** Standard deviation of a sample, with n - 1; 0 for a single number, NaN for none. */
double ipl_deviation(const double *x, size_t n);

/** Sort n numbers, none of them NaN, in ascending order. */
void ipl_sort(double *x, size_t n);

/**
 * Quantile q (0 ... 1) of n sorted numbers, NaN for none:
 *
 *     x_h + (h - floor h) (x_{h+1} - x_h)  at  h = (n - 1) q, counted from 0
 *
 * source  Hyndman & Fan 1996, type 7: the default of R and NumPy
 */
double ipl_quantile(const double *sorted, size_t n, double q);

/**
 * Ranks 1 ... n of n numbers; equal numbers share the mean of their ranks.
 *
 * shapes  rank (n), x (n), none of them NaN
 * errors  IPL_E_NOMEM
 * cost    O(n log n)
 */
ipl_status ipl_ranks(double *rank, const double *x, size_t n, ipl_error *err) IPL_NODISCARD;

/**
 * Spearman's rank correlation: Pearson's correlation of the mean ranks.
 *
 *     rho = sum (r_i - m)(s_i - m) / sqrt(sum (r_i - m)^2 sum (s_i - m)^2),  m = (n + 1) / 2
 *
 * p, two-sided, against independence: for n <= 8 the share of all n! orders with |rho| at
 * least as large, ties included; above, Student's t = rho sqrt((n - 2) / (1 - rho^2)) with
 * n - 2 degrees of freedom.
 *
 * units   rho and p are NaN when n < 3 or all numbers of one side are equal
 * errors  IPL_E_NOMEM
 */
ipl_status ipl_spearman(double *rho, double *p, const double *x, const double *y, size_t n,
                        ipl_error *err) IPL_NODISCARD;

/**
 * Two-sided probability of |T| >= |t| for Student's T.
 *
 *     I_{v / (v + t^2)}(v / 2, 1 / 2)
 *
 * source  the regularised incomplete beta function by Lentz's continued fraction
 *         (Abramowitz & Stegun 26.5.8)
 */
double ipl_student_p(double t, double degrees);

#endif /* IPL_STATS_H */
