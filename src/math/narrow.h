/**
 * Products of many short rows with a small matrix, in float: dense layers up to
 * IPL_NARROW_MAX wide, where packing and calling a matrix product costs more than it does.
 *
 * A row of the result is one or two vectors that stay in registers. Each number is summed in
 * an order that depends on the shape alone; like the convolutions, with fused multiply-add
 * where the processor has it.
 *
 * Each kernel has a naive twin, *_ref, for tests.
 */
#ifndef IPL_NARROW_H
#define IPL_NARROW_H

#include <stdbool.h>
#include <stddef.h>

enum { IPL_NARROW_MAX = 32 };

/** Whether the kernels below take a D x U layer. */
bool ipl_narrow_fits(size_t D, size_t U);

/** Y = X W' + 1 b'; y (N, U), x (N, D), w (U, D), b (U). */
void ipl_narrow_forward(float *y, const float *x, const float *w, const float *b, size_t N,
                        size_t D, size_t U);

/** dX = dY W; dx (N, D), dy (N, U), w (U, D). */
void ipl_narrow_backward(float *dx, const float *dy, const float *w, size_t N, size_t D,
                         size_t U);

/** dW = dY' X, db = dY' 1; dw (U, D), db (U), dy (N, U), x (N, D). */
void ipl_narrow_gradient(float *dw, float *db, const float *dy, const float *x, size_t N,
                         size_t D, size_t U);

/** The naive twins: plain loops, sums in double. */
void ipl_narrow_forward_ref(float *y, const float *x, const float *w, const float *b,
                            size_t N, size_t D, size_t U);
void ipl_narrow_backward_ref(float *dx, const float *dy, const float *w, size_t N, size_t D,
                             size_t U);
void ipl_narrow_gradient_ref(float *dw, float *db, const float *dy, const float *x,
                             size_t N, size_t D, size_t U);

#endif /* IPL_NARROW_H */
