/** What the experiments of `infoplane verify` share: data, measuring, comparing. */
#ifndef IPL_VERIFY_TOOLS_H
#define IPL_VERIFY_TOOLS_H

#include "base/pool.h"
#include "ipl/matrix.h"
#include "ipl/status.h"

#include <stddef.h>
#include <stdint.h>

/** Standard normal values; the stream is (array, row) of the experiments' seed. */
void ipl_verify_normal(double *out, size_t n, uint32_t array, uint32_t row);

/**
 * Entropy of samples by several estimators, each in its own unit; NaN where it fails.
 *
 * shapes  t (n, d), out (n_texts), at most 8
 */
ipl_status ipl_verify_entropies(double *out, const char *const *texts, size_t n_texts,
                                ipl_cmat t, ipl_error *err) IPL_NODISCARD;

/** I(X;T) by several estimators; as above. */
ipl_status ipl_verify_information(double *out, const char *const *texts, size_t n_texts,
                                  ipl_cmat x, ipl_cmat t, ipl_error *err) IPL_NODISCARD;

/** One point of an experiment, computed on its own; writes what belongs to i only. */
typedef ipl_status (*ipl_verify_point)(void *job, size_t i, ipl_error *err);

/** Compute points 0 ... n-1 on the pool; the fault is that of the first point with one. */
ipl_status ipl_verify_sweep(ipl_pool *pool, size_t n, ipl_verify_point point, void *job,
                            ipl_error *err) IPL_NODISCARD;

/** Eigenvalues of a covariance matrix: value[k], count[k] times. */
typedef struct ipl_spectrum {
    double value[2];
    size_t count[2];
} ipl_spectrum;

/** 1/2 log det(I + beta S) of a covariance with this spectrum. */
double ipl_spectrum_entropy(const ipl_spectrum *spectrum, double beta);

/**
 * What the same gives, to leading order, for the covariance of n Gaussian samples:
 *
 *     1/2 [ sum log(1 + beta l / (1 + e)) + m log(1 + e) - m e / (1 + e) ],   m = n - 1,
 *     e = 1/m sum beta l / (1 + beta l / (1 + e))
 *
 * The difference from ipl_spectrum_entropy() is the bias of a small sample.
 * source  deterministic equivalents of random matrices: Couillet and Debbah, Random Matrix
 *         Methods for Wireless Communications, 2011, chapter 6; m for the centring
 */
double ipl_spectrum_sampled(const ipl_spectrum *spectrum, double beta, size_t n);

/** Pearson's correlation of two curves over the points where both are finite; NaN when one
 * is constant. */
double ipl_verify_likeness(const double *a, const double *b, size_t n);

/**
 * Steps v[i] -> v[i+1] that go up, or at most this share of the range down; strictly up with
 * no slack. ipl_verify_falls() is the same for the steps down.
 */
size_t ipl_verify_rises(const double *v, size_t n, double slack);
size_t ipl_verify_falls(const double *v, size_t n, double slack);

/** max - min; largest step divided by that (NaN when it is 0); largest |a - b|. */
double ipl_verify_range(const double *v, size_t n);
double ipl_verify_jump(const double *v, size_t n);
double ipl_verify_apart(const double *a, const double *b, size_t n);

/** The larger of two errors; NaN when one is NaN, which fmax() would pass over. */
double ipl_verify_worse(double a, double b);

/** The n values from a to b, evenly spaced. */
void ipl_verify_grid(double *out, size_t n, double a, double b);

#endif /* IPL_VERIFY_TOOLS_H */
