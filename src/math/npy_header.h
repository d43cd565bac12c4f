/**
 * The header of a .npy file: what it says of the array, compared with the size of the file
 * before anything is allocated for its data. Private to the readers of this folder.
 */
#ifndef IPL_NPY_HEADER_H
#define IPL_NPY_HEADER_H

#include "base/gzip.h"
#include "math/npy.h"

#include <stdbool.h>
#include <stdio.h>

typedef struct ipl_npy_layout {
    char kind; /* b, i, u, f; V: bfloat16 */
    size_t width;
    bool big_endian, fortran;
    size_t n_dims, dims[IPL_NPY_MAX_DIMS], count;
    char dtype[8];
    size_t start; /* offset of the first element in the file */
} ipl_npy_layout;

/** A file of an array, plain or compressed with gzip, whatever its name is. */
typedef struct ipl_npy_file {
    FILE *plain;       /* NULL: compressed, or not open */
    ipl_gzip *gzipped; /* NULL: plain, or not open */
} ipl_npy_file;

/**
 * Open a file and read its header; the file stands at the first element.
 *
 * owner   *out is to be closed; empty on error
 * errors  those of ipl_npy_read()
 */
ipl_status ipl_npy_open(ipl_npy_file *out, ipl_npy_layout *layout, const char *path,
                        ipl_error *err) IPL_NODISCARD;

/** Read exactly len bytes; IPL_E_FORMAT when the file ends before, IPL_E_IO. */
ipl_status ipl_npy_take(void *out, size_t len, ipl_npy_file *file, const char *path,
                        ipl_error *err) IPL_NODISCARD;

/** Close a file and leave it empty; an empty one is allowed. */
void ipl_npy_close(ipl_npy_file *file);

#endif /* IPL_NPY_HEADER_H */
