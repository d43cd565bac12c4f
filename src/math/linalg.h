/**
 * Dense linear algebra. The only file that includes cblas.h or calls LAPACK.
 *
 * BLAS runs on one thread; parallelism is ours. Every function that takes a pool splits its
 * output into tiles whose size depends on the shape alone, and each number is summed by one
 * task: the bytes are the same at any thread count.
 */
#ifndef IPL_LINALG_H
#define IPL_LINALG_H

#include "base/pool.h"
#include "ipl/status.h"

#include <stdbool.h>
#include <stddef.h>

/** Hold BLAS to one thread in the calling thread; the start function of every pool. */
void ipl_blas_start(void);

/**
 * Hold the address space that BLAS will want for so many threads, until the first call of it:
 * where that is limited (ulimit -v) OpenBLAS would ask for ever for what is not there.
 *
 * errors  IPL_E_NOMEM  it is not there; the message says what to do
 */
ipl_status ipl_blas_reserve(size_t threads, ipl_error *err) IPL_NODISCARD;

/** A pool whose threads call BLAS; errors of ipl_blas_reserve() and ipl_pool_create(). */
ipl_status ipl_blas_pool_create(ipl_pool **out, size_t threads,
                                ipl_error *err) IPL_NODISCARD;

/** Build of the BLAS, its processor kernels and its threading, for run.json. */
void ipl_blas_describe(char *out, size_t size);

/** Which operands of a product are transposed: N as stored, T transposed. */
typedef enum ipl_trans { IPL_NN, IPL_NT, IPL_TN } ipl_trans;

/**
 * C (m, n) = alpha op(A) op(B) + beta C in float, row-major and contiguous, k the inner size.
 *
 * IPL_NN  A (m, k), B (k, n)      IPL_NT  A (m, k), B (n, k)      IPL_TN  A (k, m), B (k, n)
 * With beta = 0 the old C is not read.
 */
void ipl_gemm(ipl_trans trans, size_t m, size_t n, size_t k, float alpha, const float *a,
              const float *b, float beta, float *c);

/**
 * Rows [first, first + rows) of C (m, n) = alpha A' B + beta C: one tile of a weight
 * gradient, A (k, m), B (k, n).
 */
void ipl_gemm_tn_rows(size_t first, size_t rows, size_t m, size_t n, size_t k, float alpha,
                      const float *a, const float *b, float beta, float *c);

/**
 * Lower triangle of G (n, n) = beta G + alpha Z Z', Z (n, d) row-major. The upper triangle is
 * not touched. Of samples in panels: ipl_panels_gram_rows().
 *
 * cost    n^2 d
 */
void ipl_gram_rows(double *g, const double *z, size_t n, size_t d, double alpha,
                   double beta, ipl_pool *pool);

/**
 * Rows of C (m, n) = A B' that are `stride` doubles apart, A (m, k), B (n, k). One thread,
 * for use within a task.
 *
 * cost    2 k m n
 */
void ipl_dgemm_nt(double *c, size_t stride, const double *a, const double *b, size_t m,
                  size_t n, size_t k);

/**
 * Cholesky factor of a symmetric positive definite matrix, A = L L'.
 *
 * shapes  a (n, n) row-major, lower triangle read, L written over it
 * errors  IPL_E_NUMERIC  a is not positive definite or has a NaN; a is destroyed
 * cost    n^3 / 3
 */
ipl_status ipl_cholesky(double *a, size_t n, ipl_pool *pool, ipl_error *err) IPL_NODISCARD;

/** log det(L L') = 2 sum log L_ii of a factor L (n, n). */
double ipl_cholesky_logdet(const double *l, size_t n);

/**
 * B = L^-1 B, L (m, m) lower, B (m, n) overwritten.
 *
 * cost    m^2 n
 */
void ipl_solve_lower(double *b, const double *l, size_t m, size_t n, ipl_pool *pool);

/**
 * log det(I + Z' Z) by Householder QR of [Z; I], Z (n, d): nothing is squared, so that a
 * condition number of 1e16 costs half of the digits at worst, and none when it comes from the
 * scales of the columns. Works on the smaller side.
 *
 * shapes  z (n, d), unchanged
 * errors  IPL_E_NOMEM; IPL_E_NUMERIC when z has a NaN or Inf, or rounding may have cost more
 *         than 1e-6 max(1, log det): columns far above 1 that are dependent but for rounding
 * cost    (2 n + 2 d + min(n, d) / 3) min(n, d)^2, one thread
 */
ipl_status ipl_logdet_qr(double *out, const double *z, size_t n, size_t d,
                         ipl_error *err) IPL_NODISCARD;

/**
 * log det of a general square matrix by LU with its sign.
 *
 * shapes  a (n, n), overwritten
 * errors  IPL_E_NUMERIC  the determinant is zero, negative or not a number
 */
ipl_status ipl_logdet_lu(double *out, double *a, size_t n, ipl_error *err) IPL_NODISCARD;

/** Doubles of scratch that ipl_eigenvalues() wants for an order. */
size_t ipl_eigenvalues_scratch(size_t order);

/**
 * Eigenvalues of a symmetric matrix in ascending order (tridiagonal form, then QL). One
 * thread, no allocation: for use within a task.
 *
 * shapes  values (n); a (n, n), lower triangle read, destroyed; scratch as above
 * errors  IPL_E_NUMERIC  a has a NaN or Inf, or the iteration did not converge
 * cost    4/3 n^3
 */
ipl_status ipl_eigenvalues(double *values, double *a, size_t n, double *scratch,
                           ipl_error *err) IPL_NODISCARD;

#endif /* IPL_LINALG_H */
