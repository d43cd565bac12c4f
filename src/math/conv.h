/**
 * Convolution of maps, cross-correlation as in PyTorch's nn.Conv2d, in float.
 *
 *     y[n][i][j][f] = b[f] + sum over u, v, c of x[n][i s + u - p][j s + v - p][c] w[u][v][c][f]
 *
 * with stride s, padding p and x = 0 outside the map. Maps are stored channels last,
 * (n, h, w, c), weights as (kh, kw, c, f): the sum over v and c runs along memory in both,
 * and neighbouring filters fill a vector register.
 *
 *     const ipl_conv g = {.c = 3, .h = 32, .w = 32, .filters = 8, .kh = 3, .kw = 3,
 *                         .stride = 1, .pad = 1};
 *
 *     ipl_conv_forward(y, x, w, b, scratch, &g, n);
 *
 * Every output is summed by one thread in an order that depends on g alone: the bytes are
 * the same however the images are cut into calls. They depend on the processor, because the
 * kernels use the widest vectors it has, with fused multiply-add where it has that.
 *
 * Where few channels make several pixels one vector, a number of x or dy that is not finite may
 * also spoil the pixels beside those that see it: it is multiplied by zero there.
 *
 * Each kernel has a naive twin, *_ref, for tests and benchmarks.
 */
#ifndef IPL_CONV_H
#define IPL_CONV_H

#include "ipl/matrix.h"

#include <stddef.h>

/** Sizes of one convolution; the map with its padding is not smaller than the kernel. */
typedef struct ipl_conv {
    size_t c, h, w;     /* input map */
    size_t filters;     /* f */
    size_t kh, kw;      /* kernel */
    size_t stride, pad; /* the same in both directions */
} ipl_conv;

/** Output map, {filters, (h + 2 pad - kh) / stride + 1, (w + 2 pad - kw) / stride + 1}. */
ipl_shape ipl_conv_out(const ipl_conv *g);

/** Floats of scratch that any of the kernels below needs. */
size_t ipl_conv_scratch(const ipl_conv *g);

/**
 * Write y.
 *
 * shapes  y (n, output map), x (n, input map), w (kh, kw, c, filters), b (filters) or NULL
 * cost    2 kh kw c multiply-adds for each number of y
 */
void ipl_conv_forward(float *y, const float *x, const float *w, const float *b,
                      float *scratch, const ipl_conv *g, size_t n);

/** Write dx (n, input map) = dL/dx from dy (n, output map) = dL/dy. */
void ipl_conv_backward(float *dx, const float *dy, const float *w, float *scratch,
                       const ipl_conv *g, size_t n);

/** Add dL/dw to dw (kh kw c, filters), and dL/db to db (filters) or NULL, over n images. */
void ipl_conv_add_gradient(float *dw, float *db, const float *x, const float *dy,
                           float *scratch, const ipl_conv *g, size_t n);

/**
 * Write rows [first, first + rows) of dw (kh kw c, filters) = dL/dw, summed over n images.
 *
 * shapes  dw points at row 0; db (filters) = dL/db, or NULL: not wanted
 */
void ipl_conv_gradient(float *dw, float *db, const float *x, const float *dy,
                       float *scratch, const ipl_conv *g, size_t n, size_t first,
                       size_t rows);

/** The naive twins: plain loops, sums in double. */
void ipl_conv_forward_ref(float *y, const float *x, const float *w, const float *b,
                          const ipl_conv *g, size_t n);
void ipl_conv_backward_ref(float *dx, const float *dy, const float *w, const ipl_conv *g,
                           size_t n);
void ipl_conv_gradient_ref(float *dw, float *db, const float *x, const float *dy,
                           const ipl_conv *g, size_t n);

/** Which kernels this processor runs: "avx512", "avx2" or "plain". */
const char *ipl_conv_kernels(void);

#endif /* IPL_CONV_H */
