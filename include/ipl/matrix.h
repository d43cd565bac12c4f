/** Views of arrays that somebody else owns, and the shape of a sample. */
#ifndef IPL_MATRIX_H
#define IPL_MATRIX_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One sample, channels first; a plain vector is {d, 1, 1}. */
typedef struct ipl_shape {
    size_t c, h, w;
} ipl_shape;

/** Numbers in one sample. */
static inline size_t ipl_shape_size(ipl_shape shape)
{
    return shape.c * shape.h * shape.w;
}

/**
 * Read-only view of a row-major matrix, one sample per row. It owns nothing. Exactly one of
 * f32 and f64 is set; estimators promote to double.
 */
typedef struct ipl_cmat {
    const float *f32;  /* (rows, cols), contiguous, or NULL */
    const double *f64; /* (rows, cols), contiguous, or NULL */
    size_t rows, cols;
} ipl_cmat;

/** View of floats. */
static inline ipl_cmat ipl_cmat_f32(const float *data, size_t rows, size_t cols)
{
    const ipl_cmat view = {data, NULL, rows, cols};

    return view;
}

/** View of doubles. */
static inline ipl_cmat ipl_cmat_f64(const double *data, size_t rows, size_t cols)
{
    const ipl_cmat view = {NULL, data, rows, cols};

    return view;
}

#ifdef __cplusplus
}
#endif

#endif /* IPL_MATRIX_H */
