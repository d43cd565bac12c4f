/**
 * The header of a .npy file: what it says of the array, compared with the size of the file
 * before anything is allocated for its data. Private to the readers of this folder.
 */
#ifndef IPL_NPY_HEADER_H
#define IPL_NPY_HEADER_H

#include "math/npy.h"

#include <stdbool.h>
#include <stdio.h>

typedef struct ipl_npy_layout {
    char kind; /* b, i, u, f */
    size_t width;
    bool big_endian, fortran;
    size_t n_dims, dims[IPL_NPY_MAX_DIMS], count;
    char dtype[8];
    size_t start; /* offset of the first element in the file */
} ipl_npy_layout;

/**
 * Open a file and read its header; the stream stands at the first element.
 *
 * owner   *fp belongs to the caller; NULL on error
 * errors  those of ipl_npy_read()
 */
ipl_status ipl_npy_open(FILE **fp, ipl_npy_layout *out, const char *path,
                        ipl_error *err) IPL_NODISCARD;

#endif /* IPL_NPY_HEADER_H */
