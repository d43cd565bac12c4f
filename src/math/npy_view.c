#include "math/npy_view.h"

#include "base/alloc.h"
#include "math/npy_header.h"

#include <errno.h>
#include <math.h>
#include <sys/mman.h>

/* Whether the first byte of a number in memory is its highest. */
static const bool machine_is_big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

/* Whether the bytes of the file are the array as C sees it. */
static bool is_plain(const ipl_npy_layout *l)
{
    return l->kind == 'f' && l->width >= sizeof(float) && l->start % l->width == 0 &&
           l->big_endian == machine_is_big_endian && (!l->fortran || l->n_dims < 2);
}

/* Map the file; false where that cannot be done (a file system without mapping). */
static bool map_file(ipl_npy_view *out, const ipl_npy_layout *l, FILE *fp)
{
    const size_t bytes = l->start + l->count * l->width;
    const size_t rows = l->n_dims ? l->dims[0] : 1, cols = l->count / rows;
    void *map = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, fileno(fp), 0);
    const void *data;

    if (map == MAP_FAILED)
        return false;
    data = (const char *)map + l->start;
    *out =
        (ipl_npy_view){.map = map,
                       .map_bytes = bytes,
                       .rows = l->width == sizeof(float) ? ipl_cmat_f32(data, rows, cols)
                                                         : ipl_cmat_f64(data, rows, cols)};
    return true;
}

ipl_status ipl_npy_view_open(ipl_npy_view *out, const char *path, ipl_error *err)
{
    ipl_npy_layout l;
    ipl_npy a;
    ipl_npy_file file;
    struct stat opened = {0}; /* and so, of no file, where the system does not tell */
    bool mapped;
    int known;
    ipl_status st = ipl_npy_open(&file, &l, path, err);

    *out = (ipl_npy_view){0};
    if (st != IPL_OK)
        return st;
    known = file.plain ? fstat(fileno(file.plain), &opened) : stat(path, &opened);
    (void)known;
    mapped = file.plain && is_plain(&l) && map_file(out, &l, file.plain);
    ipl_npy_close(&file); /* a map stays */
    if (!mapped) {
        st = ipl_npy_read(&a, path, err);
        if (st != IPL_OK)
            return st;
        *out = (ipl_npy_view){.copy = a.data, .rows = ipl_cmat_f64(a.data, a.rows, a.cols)};
    }
    out->opened = opened;
    return IPL_OK;
}

ipl_status ipl_npy_view_check_unchanged(const ipl_npy_view *view, const char *path,
                                        ipl_error *err)
{
    const struct stat *then = &view->opened;
    struct stat now;

    if (stat(path, &now) != 0 || now.st_dev != then->st_dev || now.st_ino != then->st_ino)
        return IPL_OK;
    if (now.st_size == then->st_size && now.st_mtim.tv_sec == then->st_mtim.tv_sec &&
        now.st_mtim.tv_nsec == then->st_mtim.tv_nsec)
        return IPL_OK;
    return ipl_fail(err, IPL_E_IO,
                    "%s: was written to while it was measured; let its writer rename a "
                    "finished file",
                    path);
}

ipl_status ipl_npy_view_take(ipl_npy_view *view, const uint32_t *row, size_t n,
                             ipl_error *err)
{
    const ipl_cmat from = view->rows;
    const size_t d = from.cols;
    double *copy = view->copy ? view->copy : ipl_array(n, d, sizeof *copy, err);

    if (!copy)
        return IPL_E_NOMEM;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < d; j++)
            copy[i * d + j] =
                from.f64 ? from.f64[row[i] * d + j] : (double)from.f32[row[i] * d + j];
    view->copy = copy;
    view->rows = ipl_cmat_f64(copy, n, d);
    return IPL_OK;
}

ipl_status ipl_npy_view_check_finite(const ipl_npy_view *view, const char *path,
                                     ipl_error *err)
{
    const ipl_cmat *m = &view->rows;

    for (size_t i = 0; i < m->rows * m->cols; i++) {
        const double v = m->f32 ? (double)m->f32[i] : m->f64[i];

        if (!isfinite(v))
            return ipl_fail(err, IPL_E_FORMAT, "%s: %s at row %zu, column %zu", path,
                            isnan(v) ? "NaN" : "Inf", i / m->cols, i % m->cols);
    }
    return IPL_OK;
}

void ipl_npy_view_close(ipl_npy_view *view)
{
    if (view->map)
        (void)munmap(view->map, view->map_bytes); /* ours, and whole */
    ipl_free(view->copy);
    *view = (ipl_npy_view){0};
}

ipl_status ipl_npy_shape(size_t *rows, size_t *cols, const char *path, ipl_error *err)
{
    ipl_npy_layout l;
    ipl_npy_file file;
    const ipl_status st = ipl_npy_open(&file, &l, path, err);

    if (st != IPL_OK)
        return st;
    ipl_npy_close(&file);
    *rows = l.n_dims ? l.dims[0] : 1;
    *cols = l.count / *rows;
    return IPL_OK;
}
