/**
 * Arrays of a .npy file as a matrix with one sample per row, without a copy where that is
 * possible: float32 and float64 in C order and in the machine's byte order are mapped into
 * memory, everything else is promoted to double.
 *
 *     ipl_npy_view t;
 *
 *     if (ipl_npy_view_open(&t, "epoch3/fc1.npy", &err) == IPL_OK)
 *         st = ipl_plane_measure(m, plane, &t.rows, 1, &err);
 *     ipl_npy_view_close(&t);
 *
 * A mapped file that another program writes in place changes under the view, and a page that
 * it has cut off is SIGBUS: the program catches that (cli/bus_error.h), the library does not.
 * ipl_npy_view_check_unchanged() tells whether what was read is what was opened.
 */
#ifndef IPL_NPY_VIEW_H
#define IPL_NPY_VIEW_H

#include "ipl/matrix.h"
#include "math/npy.h"

#include <sys/stat.h>

typedef struct ipl_npy_view {
    ipl_cmat rows; /* further dimensions flattened; 0-d: 1 x 1, 1-d: n x 1 */
    void *map;     /* the whole file, NULL: not mapped */
    size_t map_bytes;
    double *copy;       /* owned, NULL: mapped */
    struct stat opened; /* the file as it was then */
} ipl_npy_view;

/**
 * Open a file as a matrix.
 *
 * owner   out is to be closed; empty on error
 * errors  those of ipl_npy_read()
 */
ipl_status ipl_npy_view_open(ipl_npy_view *out, const char *path,
                             ipl_error *err) IPL_NODISCARD;

/**
 * Leave only some rows of a view, in memory.
 *
 * row     (n) ascending, below view->rows.rows
 * errors  IPL_E_NOMEM
 */
ipl_status ipl_npy_view_take(ipl_npy_view *view, const uint32_t *row, size_t n,
                             ipl_error *err) IPL_NODISCARD;

/** IPL_E_FORMAT naming path, row and column of the first value that is NaN or Inf. */
ipl_status ipl_npy_view_check_finite(const ipl_npy_view *view, const char *path,
                                     ipl_error *err) IPL_NODISCARD;

/**
 * Check, after a view was read, that nobody has written to its file since it was opened. One
 * that was replaced or removed is as it was.
 *
 * errors  IPL_E_IO  it was written to
 */
ipl_status ipl_npy_view_check_unchanged(const ipl_npy_view *view, const char *path,
                                        ipl_error *err) IPL_NODISCARD;

/** Close a view and leave it empty; an empty one is allowed. */
void ipl_npy_view_close(ipl_npy_view *view);

/**
 * Rows and columns of a file from its header alone.
 *
 * errors  those of ipl_npy_read()
 */
ipl_status ipl_npy_shape(size_t *rows, size_t *cols, const char *path,
                         ipl_error *err) IPL_NODISCARD;

#endif /* IPL_NPY_VIEW_H */
