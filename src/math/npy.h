/**
 * NumPy's .npy files: read any numeric dtype, write float16, float32, float64 and int64.
 *
 * source  numpy.lib.format, versions 1.0, 2.0 and 3.0
 */
#ifndef IPL_NPY_H
#define IPL_NPY_H

#include "ipl/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { IPL_NPY_MAX_DIMS = 8 };

/** An array read from a file: C order, promoted to double. */
typedef struct ipl_npy {
    double *data; /* product of dims values; owned */
    size_t n_dims, dims[IPL_NPY_MAX_DIMS];
    size_t rows, cols; /* dims[0] and the product of the others; 0-d: 1 x 1, 1-d: n x 1 */
    char dtype[8];     /* as in the file: "<f4" */
} ipl_npy;

/**
 * Read an array of bool, signed or unsigned integers (1 to 8 bytes), floats (2, 4 or 8 bytes)
 * or bfloat16 (written as V2 by ml_dtypes and JAX), either byte order, C or Fortran order, at
 * most 8 dimensions; plain or compressed with gzip (.npy.gz).
 *
 * owner   out holds the data on success and is empty on error
 * errors  IPL_E_NOINPUT  no such file
 *         IPL_E_FORMAT   not such an array; truncated, trailing bytes, zero size, a shape
 *                        that overflows or is larger than the file, object or complex
 *                        dtype; integers beyond 2^53 that a double cannot hold
 *         IPL_E_NOMEM
 * The header is compared with the size of the file before anything is allocated. NaN and
 * Inf pass: ipl_npy_check_finite() refuses them.
 */
ipl_status ipl_npy_read(ipl_npy *out, const char *path, ipl_error *err) IPL_NODISCARD;

/** Length of a name without .npy or .npy.gz; 0: it is not called so. */
size_t ipl_npy_stem(const char *name);

/** Whether a file is called NAME.npy or NAME.npy.gz. */
static inline bool ipl_npy_is_name(const char *name)
{
    return ipl_npy_stem(name) > 0;
}

/** IPL_E_FORMAT naming path, row and column of the first value that is NaN or Inf. */
ipl_status ipl_npy_check_finite(const ipl_npy *a, const char *path,
                                ipl_error *err) IPL_NODISCARD;

/**
 * Labels: whole numbers within int32, one per row, or one-hot rows of several columns.
 *
 * shapes  y (a->rows), written
 * errors  IPL_E_FORMAT  a value is not a whole number or does not fit, or a row of several
 *                       columns is not one-hot; the message names path and row
 */
ipl_status ipl_npy_labels(int32_t *y, const ipl_npy *a, const char *path,
                          ipl_error *err) IPL_NODISCARD;

/**
 * Classes of labels, whole numbers of any size: 0, 1, ... in the order of their values; of
 * one-hot rows the columns.
 *
 * shapes  y (a->rows), written
 * errors  IPL_E_FORMAT  a value is not a whole number, or a row of several columns is not
 *                       one-hot; the message names path and row
 *         IPL_E_NOMEM
 */
ipl_status ipl_npy_classes(int32_t *y, const ipl_npy *a, const char *path,
                           ipl_error *err) IPL_NODISCARD;

/** Free the data and leave a empty; an empty array is allowed. */
void ipl_npy_release(ipl_npy *a);

/** Write a float32 array, C order, little endian, format 1.0, atomically. */
ipl_status ipl_npy_write_f32(const char *path, const float *data, const size_t *dims,
                             size_t n_dims, ipl_error *err) IPL_NODISCARD;

/**
 * The same as float16, rounded to nearest, ties to even.
 *
 * errors  IPL_E_NUMERIC  a finite value is beyond the range of float16 (65504): the message
 *                        names it, and nothing is written
 */
ipl_status ipl_npy_write_f16(const char *path, const float *data, const size_t *dims,
                             size_t n_dims, ipl_error *err) IPL_NODISCARD;

/** IEEE 754 half precision of a value, to nearest, ties to even; infinity beyond 65520. */
uint16_t ipl_half_bits(float value);

/** The same for float64. */
ipl_status ipl_npy_write_f64(const char *path, const double *data, const size_t *dims,
                             size_t n_dims, ipl_error *err) IPL_NODISCARD;

/** The same for int64. */
ipl_status ipl_npy_write_i64(const char *path, const int64_t *data, const size_t *dims,
                             size_t n_dims, ipl_error *err) IPL_NODISCARD;

#endif /* IPL_NPY_H */
