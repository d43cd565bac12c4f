/**
 * Matrices in panels: eight columns side by side, so that sums over rows need no packing.
 *
 *     Z (n, d)    panels (d / 8 rounded up, N, 8)    p[(j / 8 N + i) 8 + j % 8] = Z_ij
 *
 * with zeros where the last panel has no column, and N = ipl_panels_pitch(n). A product A'B
 * takes eight numbers of a row of A and up to 24 of a row of B at a time, which lie together,
 * and keeps their products in registers; BLAS would copy both operands into such panels for
 * every strip of the result.
 *
 * Tiles of a result depend on its shape alone and each number is summed by one task in the
 * order of the rows, so that the bytes are the same at any thread count. The kernels use
 * the widest vectors the processor has, with fused multiply-add where it has that.
 */
#ifndef IPL_PANELS_H
#define IPL_PANELS_H

#include "base/pool.h"

#include <stdbool.h>
#include <stddef.h>

enum { IPL_PANEL = 8 };

/** Some rows of a matrix in panels. */
typedef struct ipl_panels {
    const double *p; /* the first of them in the first panel; borrowed */
    size_t rows, d;  /* how many rows; columns */
    size_t stride;   /* doubles from one panel to the next */
} ipl_panels;

/** Panels of d columns. */
static inline size_t ipl_panels_count(size_t d)
{
    return (d + IPL_PANEL - 1) / IPL_PANEL;
}

/** d up to whole panels. */
static inline size_t ipl_panels_up(size_t d)
{
    return ipl_panels_count(d) * IPL_PANEL;
}

/**
 * Rows from one panel to the next: n, or a few more where panels would begin so many bytes
 * apart that all of them compete for the same few lines of a cache.
 */
static inline size_t ipl_panels_pitch(size_t n)
{
    return n % 128 == 0 ? n + IPL_PANEL : n;
}

/** Doubles of a matrix (n, d) in panels. */
static inline size_t ipl_panels_size(size_t n, size_t d)
{
    return ipl_panels_up(d) * ipl_panels_pitch(n);
}

/** Rows [first, first + rows) of p, panels of n rows and d columns. */
static inline ipl_panels ipl_panels_of(const double *p, size_t n, size_t d, size_t first,
                                       size_t rows)
{
    const ipl_panels z = {p + first * IPL_PANEL, rows, d, ipl_panels_pitch(n) * IPL_PANEL};

    return z;
}

/** out (d) = row i. */
void ipl_panels_row(double *out, const ipl_panels *z, size_t i);

/** Fill panels with the rows of x (n, d), row-major; out holds ipl_panels_size(n, d). */
void ipl_panels_fill(double *out, const double *x, size_t n, size_t d, ipl_pool *pool);

/** x (rows, d), row-major, = the panels. */
void ipl_panels_empty(double *x, const ipl_panels *z, ipl_pool *pool);

/**
 * Panels of columns [first, first + count) of Z turned round: out are those of a matrix
 * (count, rows) whose columns are the rows of Z, ipl_panels_size(count, rows) doubles. first is
 * a multiple of 8.
 */
void ipl_panels_turn(double *out, const ipl_panels *z, size_t first, size_t count,
                     ipl_pool *pool);

/**
 * C (a->d, b->d) = A'B, or C + A'B.
 *
 * shapes  c row-major; A and B with the same number of rows
 * cost    2 rows a->d b->d
 */
void ipl_panels_product(double *c, const ipl_panels *a, const ipl_panels *b, bool add,
                        ipl_pool *pool);

/**
 * Lower triangle of G (d, d) = alpha Z'Z, or G + alpha Z'Z. The upper triangle is not touched.
 *
 * cost    rows d^2
 */
void ipl_panels_gram(double *g, const ipl_panels *z, double alpha, bool add,
                     ipl_pool *pool);

/** Doubles of room that ipl_panels_gram_rows() wants for Z (rows, d). */
size_t ipl_panels_room(size_t rows, size_t d);

/**
 * Lower triangle of G (rows, rows) = alpha Z Z'.
 *
 * cost    rows^2 d
 */
void ipl_panels_gram_rows(double *g, const ipl_panels *z, double alpha, double *room,
                          ipl_pool *pool);

/** Doubles of room that ipl_panels_solve() wants for a factor of order n. */
size_t ipl_panels_solve_room(size_t n);

/**
 * B = L^-1 B.
 *
 * shapes  b (n, d) in panels, overwritten; l (n, n) row-major, the lower triangle read
 * cost    n^2 d
 */
void ipl_panels_solve(double *b, const double *l, size_t n, size_t d, double *room,
                      ipl_pool *pool);

/** Which kernels this processor runs: "avx512", "avx2" or "plain". */
const char *ipl_panels_kernels(void);

/** Naive twins: triple loops. */
void ipl_panels_product_ref(double *c, const ipl_panels *a, const ipl_panels *b, bool add);
void ipl_panels_gram_ref(double *g, const ipl_panels *z, double alpha, bool add);
void ipl_panels_solve_ref(double *b, const double *l, size_t n, size_t d);

#endif /* IPL_PANELS_H */
