/**
 * Samples abreast: sixteen of them side by side, so that a vector holds one number of each.
 *
 *     rows       (N, D)            x[n D + d]
 *     abreast    (N / 16, D, 16)   x[(n / 16 D + d) 16 + n % 16]
 *
 * In layers too narrow to fill a vector with the numbers of one sample, every lane works so.
 * Functions of single numbers run over either layout alike. A last block that samples do not
 * fill holds copies of the last one.
 *
 * The products are those of narrow.h, and numbers of Y and dX have the same bytes as there.
 */
#ifndef IPL_ABREAST_H
#define IPL_ABREAST_H

#include <stddef.h>

enum { IPL_ABREAST = 16 };

/** N up to whole blocks. */
static inline size_t ipl_abreast_up(size_t N)
{
    return (N + IPL_ABREAST - 1) / IPL_ABREAST * IPL_ABREAST;
}

/** Rows (N, D) to samples abreast; out holds ipl_abreast_up(N) of them. */
void ipl_abreast(float *out, const float *rows, size_t N, size_t D);

/** The way back: N rows. */
void ipl_abreast_rows(float *rows, const float *x, size_t N, size_t D);

/** Y = X W' + 1 b' for N samples abreast, N a multiple of 16; w (U, D), b (U), and D and U as
 * ipl_narrow_fits() wants them. */
void ipl_abreast_forward(float *y, const float *x, const float *w, const float *b, size_t N,
                         size_t D, size_t U);

/** dX = dY W. */
void ipl_abreast_backward(float *dx, const float *dy, const float *w, size_t N, size_t D,
                          size_t U);

/** dW = dY' X, db = dY' 1; dw (U, D), db (U). */
void ipl_abreast_gradient(float *dw, float *db, const float *dy, const float *x, size_t N,
                          size_t D, size_t U);

#endif /* IPL_ABREAST_H */
