/**
 * Gaussian kernel matrices: their widths and their matrix entropies.
 *
 *     K_ij = exp(-rate d_ij^2),   A = K / n (trace 1),
 *     S_a(A) = 1/(1-a) log2 sum lambda^a,   a -> 1: -sum lambda log2 lambda
 *
 * Three conventions of the exponent are in use, for a width s:
 *
 *     rbf2     exp(-d^2 / (2 s^2))
 *     rbf      exp(-d^2 / s^2)
 *     authors  exp(-d^2 / s), columns divided by their norm
 */
#ifndef IPL_KERNEL_H
#define IPL_KERNEL_H

#include "info/distance.h"

typedef enum ipl_kernel { IPL_RBF2, IPL_RBF, IPL_RBF_AUTHORS, IPL_KERNELS } ipl_kernel;

/** The distances a kernel is made of. */
ipl_metric ipl_kernel_metric(ipl_kernel kernel);

/** The factor of d^2 in the exponent, without its sign. */
double ipl_kernel_rate(ipl_kernel kernel, double width);

/** Silverman's rule with h = 5, as Yu and Principe use it: 5 n^(-1/(4+d)). */
double ipl_width_silverman(size_t n, size_t d);

/** The rule of the LogDet authors: 2 sqrt(d) n^(-1/(4+d)). */
double ipl_width_authors(size_t n, size_t d);

/**
 * The width of 75, evenly from 0.1 to 10 times the mean distance, whose kernel matrix is
 * aligned best with that of the labels:
 *
 *     <K, L> / (|K| |L|),   L_ij = 1 for equal labels, else 0
 *
 * The first of equals wins. Each measuring chooses anew: nothing is smoothed over epochs.
 *
 * shapes  the subset has labels; *width is NaN when no width gives a number
 * errors  IPL_E_NOMEM
 * cost    75 n^2 / 2 exponentials
 * source  Wickstrom et al., arXiv:1909.11396
 */
ipl_status ipl_width_aligned(double *width, const ipl_distance *dist, ipl_kernel kernel,
                             const ipl_subset *subset, ipl_work *work,
                             ipl_error *err) IPL_NODISCARD;

/** One or two kernels whose product (entry by entry) is meant; b NULL: one. */
typedef struct ipl_product {
    const ipl_distance *a, *b;
    double rate_a, rate_b;
} ipl_product;

enum { IPL_SPECTRA = 3 }; /* matrices that are solved at once */

/**
 * Eigenvalues of K / n, in any order.
 *
 * shapes  values[i] (n) for k[i], count <= IPL_SPECTRA; n = k[i].a->n
 * errors  IPL_E_NOMEM; a solver that fails makes the values NaN, with a fault
 * cost    4/3 n^3 and n^2 doubles each, one thread each
 */
ipl_status ipl_spectra(double *const *values, const ipl_product *k, size_t count,
                       ipl_work *work, ipl_error *err) IPL_NODISCARD;

/**
 * Eigenvalues of (K o L) / n with the kernel L of the labels: those of its blocks.
 *
 * shapes  values (n); the subset has labels
 * errors  as above
 * cost    4/3 sum of n_c^3
 */
ipl_status ipl_label_spectrum(double *values, const ipl_distance *dist, double rate,
                              const ipl_subset *subset, ipl_work *work,
                              ipl_error *err) IPL_NODISCARD;

/** S_a in bits of eigenvalues or shares; what rounding put below 0 counts as 0. */
double ipl_renyi_entropy(const double *values, size_t n, double alpha);

/** Sums of squares of kernels, over all pairs; S_2 = -log2(sum / n^2). */
typedef struct ipl_kernel_sums {
    double a, b, ab, b_within; /* K_a, K_b, their product, K_b of pairs with one label; the
                                  last without a meaning when there are no labels */
} ipl_kernel_sums;

/** The sums of k.a, k.b and their product, without a matrix. IPL_E_NOMEM. */
ipl_status ipl_kernel_squares(ipl_kernel_sums *out, const ipl_product *k,
                              const ipl_subset *subset, ipl_work *work,
                              ipl_error *err) IPL_NODISCARD;

#endif /* IPL_KERNEL_H */
