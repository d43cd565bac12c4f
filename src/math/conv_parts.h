/**
 * The inside of the convolutions: what the drivers in conv.c and conv_gradient.c ask of the
 * inner loops.
 *
 * The inner loops are written once, in conv_tile.h, and compiled for several instruction
 * sets: conv_plain.c, conv_avx2.c, conv_avx512.c. conv_kernels.c chooses.
 */
#ifndef IPL_CONV_PARTS_H
#define IPL_CONV_PARTS_H

#include <assert.h>
#include <stddef.h>

/** A grid of pixels; strides in floats. */
typedef struct conv_grid {
    size_t image, row, col; /* from one image, row, pixel to the next */
} conv_grid;

/**
 * Some output channels of many pixels:
 *
 *     y[pixel][f] = bias[f] + sum over t < taps, k < span of
 *                   x[pixel][t tap + k] panel[t][k][f]          f < count
 */
typedef struct conv_sweep {
    float *y;       /* of pixel 0 */
    const float *x; /* first tap of pixel 0 */
    conv_grid at_y, at_x;
    size_t images, rows, cols; /* pixels */
    size_t taps, tap, span;
    const float *panel; /* (taps, span, width), zero from column count on */
    size_t panel_tap;   /* floats from one tap of the panel to the next */
    const float *bias;  /* (width); NULL: the sum goes on from what y holds */
    size_t count;       /* channels, at most the width of the kernel */
} conv_sweep;

/**
 * Some columns of the weight gradient:
 *
 *     dw[t span + k][f] += sum over pixels of x[pixel][t tap + k] dy[pixel][f]
 *                                              t < taps, k < span, f < count
 */
typedef struct conv_fold {
    float *dw;       /* row 0 */
    const float *x;  /* of pixel 0 */
    const float *dy; /* of pixel 0; columns from count to the width are read too */
    conv_grid at_x, at_dy;
    size_t images, rows, cols;
    size_t taps, tap, span;
    size_t dw_row; /* floats from one row of dw to the next */
    size_t count;
} conv_fold;

/** Inner loops for `width` output channels at a time. */
typedef struct conv_kernel {
    size_t width; /* a multiple of 8 */
    void (*sweep)(const conv_sweep *s);
    void (*fold)(const conv_fold *f);
    void (*total)(const conv_fold *f); /* one row of dw, for x = 1 */
} conv_kernel;

/** Kernels of one instruction set. */
typedef struct conv_kernels {
    const char *name;
    size_t n;
    const conv_kernel *list;                  /* widest first */
    const struct conv_kernels *const *narrow; /* go on there; NULL: the last is 8 wide */
} conv_kernels;

/** NULL where the compiler does not know the instructions. */
extern const conv_kernels *const ipl_conv_plain;
extern const conv_kernels *const ipl_conv_avx2;
extern const conv_kernels *const ipl_conv_avx512;

/** The kernel for the next output channels, of which `left` remain: the widest they fill but
 * for less than 8. */
const conv_kernel *ipl_conv_kernel_for(size_t left);

/** Pixels of so many channels that are joined, at most; their taps along a row lie `step`
 * apart. */
size_t ipl_conv_most_joined(size_t channels, size_t taps, size_t step);

static inline size_t conv_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline size_t conv_max(size_t a, size_t b)
{
    return a > b ? a : b;
}

static inline size_t conv_ceil_div(size_t a, size_t b)
{
    assert(b > 0);
    return (a + b - 1) / b;
}

#endif /* IPL_CONV_PARTS_H */
