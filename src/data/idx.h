/**
 * IDX files, the format of MNIST: unsigned bytes in a few dimensions, plain or gzip.
 *
 *     0, 0, 8 (unsigned byte), number of dimensions
 *     each dimension, 4 bytes, most significant first
 *     the bytes, last dimension fastest
 */
#ifndef IPL_IDX_H
#define IPL_IDX_H

#include "ipl/status.h"

#include <stddef.h>
#include <stdint.h>

enum { IPL_IDX_MAX_DIMS = 3 };

/** An array read from a file. */
typedef struct ipl_idx {
    uint8_t *bytes; /* product of dims; owned */
    size_t n_dims, dims[IPL_IDX_MAX_DIMS];
} ipl_idx;

/**
 * Read an array of n_dims dimensions, at most IPL_IDX_MAX_DIMS.
 *
 * owner   out holds the bytes on success and is empty on error
 * errors  IPL_E_NOINPUT  no such file
 *         IPL_E_FORMAT   wrong magic number, a dimension that is 0, more than 4 GiB,
 *                        truncated, damaged, or longer than its header says
 *         IPL_E_IO, IPL_E_NOMEM
 * Memory grows as data arrives: a header cannot make it allocate more than four times what
 * the file really holds (1 MiB at least).
 */
ipl_status ipl_idx_read(ipl_idx *out, const char *path, size_t n_dims,
                        ipl_error *err) IPL_NODISCARD;

/** Free the bytes and leave idx empty; an empty one is allowed. */
void ipl_idx_release(ipl_idx *idx);

#endif /* IPL_IDX_H */
