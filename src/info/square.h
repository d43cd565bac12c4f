/**
 * Square matrices of the estimators: a Gram matrix above the diagonal, a factor below it.
 *
 * A Gram matrix is needed again and again (other weights, other scalings, sums with other
 * Gram matrices) while its Cholesky factor fills one triangle only, so both live in one
 * array and the memory of the n x n forms is halved. Buffers only grow: a second epoch
 * allocates nothing.
 */
#ifndef IPL_SQUARE_H
#define IPL_SQUARE_H

#include "base/pool.h"
#include "ipl/status.h"

#include <stdbool.h>
#include <stddef.h>

/** An array of doubles that is kept for the next use; {0} is empty. */
typedef struct ipl_buffer {
    double *p;   /* owned */
    size_t size; /* doubles there is room for */
} ipl_buffer;

/** Make room for rows * cols doubles; what the buffer held may be lost. IPL_E_NOMEM. */
ipl_status ipl_buffer_reserve(ipl_buffer *buffer, size_t rows, size_t cols,
                              ipl_error *err) IPL_NODISCARD;

/** Free the memory; an empty buffer is allowed. */
void ipl_buffer_release(ipl_buffer *buffer);

/** A Gram matrix G (order, order) and room for a factor of the same order. */
typedef struct ipl_square {
    ipl_buffer a;    /* G_ij at [j][i] for i > j; the lower triangle is free */
    ipl_buffer diag; /* G_ii */
    size_t order;
    bool filled; /* G is there */
} ipl_square;

/** Make room for an order; G is forgotten. */
ipl_status ipl_square_reserve(ipl_square *sq, size_t order, ipl_error *err) IPL_NODISCARD;

/** Free the memory; an empty square is allowed. */
void ipl_square_release(ipl_square *sq);

/** Take G from the lower triangle of sq->a, where a Gram function left it. */
void ipl_square_lift(ipl_square *sq, ipl_pool *pool);

/**
 * Write weight * D G D into the lower triangle of m, plus the identity.
 *
 *     m_ij = [i = j] + weight s_i s_j G_ij,  i >= j
 *
 * shapes  m (order, order), may be sq->a.p; s (order), or NULL for ones
 */
void ipl_square_form(double *m, const ipl_square *sq, const double *s, double weight,
                     ipl_pool *pool);

/** m_ij += weight G_ij, i >= j; m (order, order), may be sq->a.p. */
void ipl_square_add(double *m, const ipl_square *sq, double weight, ipl_pool *pool);

/** Sum of all G_ij^2. */
double ipl_square_norm2(const ipl_square *sq);

#endif /* IPL_SQUARE_H */
