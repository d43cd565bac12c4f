#include "math/npy.h"

#include "base/alloc.h"
#include "math/npy_header.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = 8192, /* elements converted at a time */
    WIDEST = 8    /* bytes of an element, at most */
};

/* The bytes of one element, most significant first. */
static uint64_t element_bits(const unsigned char *p, size_t width, bool big_endian)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < width; i++)
        bits = bits << 8 | p[big_endian ? i : width - 1 - i];
    return bits;
}

/* IEEE 754 half precision: 1 sign, 5 exponent, 10 fraction bits. */
static double half_value(uint64_t bits)
{
    const int exponent = (int)(bits >> 10 & 0x1f);
    const double fraction = (double)(bits & 0x3ff);
    double v;

    if (exponent == 0x1f)
        v = fraction == 0.0 ? (double)INFINITY : (double)NAN;
    else if (exponent == 0)
        v = ldexp(fraction, -24);
    else
        v = ldexp(fraction + 1024.0, exponent - 25);
    return bits & 0x8000 ? -v : v;
}

static double float_value(uint64_t bits, size_t width)
{
    const uint32_t low = (uint32_t)bits;
    float single;
    double v;

    if (width == 2)
        return half_value(bits);
    if (width == 4) {
        memcpy(&single, &low, sizeof single);
        return (double)single;
    }
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* One element as a double; false for an integer that a double cannot hold. */
static bool element_value(double *out, uint64_t bits, const ipl_npy_layout *l)
{
    const uint64_t exact = (uint64_t)1 << 53;
    const bool negative = l->kind == 'i' && bits >> (8 * l->width - 1) != 0;
    uint64_t size = bits;

    if (l->kind == 'f') {
        *out = float_value(bits, l->width);
        return true;
    }
    if (l->kind == 'V') { /* bfloat16: the upper half of a float32 */
        *out = float_value(bits << 16, 4);
        return true;
    }
    if (l->kind == 'b') {
        *out = bits != 0;
        return true;
    }
    if (negative) /* two's complement of `width` bytes */
        size = (l->width == 8 ? 0 : (uint64_t)1 << 8 * l->width) - bits;
    *out = negative ? -(double)size : (double)size;
    return size <= exact;
}

/* Where element number `index[]` of a Fortran-ordered array lies in C order; then count on. */
static size_t next_in_fortran_order(size_t *index, const ipl_npy_layout *l)
{
    size_t at = 0;

    for (size_t i = 0; i < l->n_dims; i++)
        at = at * l->dims[i] + index[i];
    for (size_t i = 0; i < l->n_dims; i++) {
        if (++index[i] < l->dims[i])
            break;
        index[i] = 0;
    }
    return at;
}

static ipl_status read_elements(double *data, const ipl_npy_layout *l, ipl_npy_file *file,
                                const char *path, ipl_error *err)
{
    unsigned char block[BLOCK * WIDEST];
    size_t index[IPL_NPY_MAX_DIMS] = {0};

    assert(l->width >= 1 && l->width <= WIDEST);
    for (size_t done = 0; done < l->count;) {
        const size_t n = l->count - done < BLOCK ? l->count - done : BLOCK;
        const ipl_status st = ipl_npy_take(block, n * l->width, file, path, err);

        if (st != IPL_OK)
            return st;
        for (size_t i = 0; i < n; i++, done++) {
            const size_t at = l->fortran ? next_in_fortran_order(index, l) : done;
            const uint64_t bits =
                element_bits(block + i * l->width, l->width, l->big_endian);

            if (!element_value(&data[at], bits, l))
                return ipl_fail(err, IPL_E_FORMAT,
                                "%s: element %zu is beyond 2^53, no double can hold it",
                                path, at);
        }
    }
    return file->gzipped ? ipl_gzip_expect_end(file->gzipped, err) : IPL_OK;
}

/* Shape and dtype of the file as the caller sees them. */
static void describe(ipl_npy *out, const ipl_npy_layout *l)
{
    out->n_dims = l->n_dims;
    memcpy(out->dims, l->dims, sizeof out->dims);
    memcpy(out->dtype, l->dtype, sizeof out->dtype);
    out->rows = l->n_dims ? l->dims[0] : 1;
    out->cols = l->count / out->rows;
}

ipl_status ipl_npy_read(ipl_npy *out, const char *path, ipl_error *err)
{
    ipl_npy_layout l;
    ipl_npy a = {0};
    ipl_npy_file file;
    ipl_status st = ipl_npy_open(&file, &l, path, err);

    *out = (ipl_npy){0};
    if (st != IPL_OK)
        return st;
    a.data = ipl_array(l.count, 1, sizeof *a.data, err);
    if (!a.data) {
        st = IPL_E_NOMEM;
        goto done;
    }
    st = read_elements(a.data, &l, &file, path, err);
    if (st != IPL_OK)
        goto done;
    describe(&a, &l);
    *out = a;
    a.data = NULL; /* now the caller's */
done:
    ipl_free(a.data);
    ipl_npy_close(&file);
    return st;
}

size_t ipl_npy_stem(const char *name)
{
    static const char *const endings[] = {".npy", ".npy.gz"};
    const size_t len = strlen(name);

    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        const size_t n = strlen(endings[i]);

        if (len > n && strcmp(name + len - n, endings[i]) == 0)
            return len - n;
    }
    return 0;
}

ipl_status ipl_npy_check_finite(const ipl_npy *a, const char *path, ipl_error *err)
{
    for (size_t i = 0; i < a->rows * a->cols; i++)
        if (!isfinite(a->data[i]))
            return ipl_fail(err, IPL_E_FORMAT, "%s: %s at row %zu, column %zu", path,
                            isnan(a->data[i]) ? "NaN" : "Inf", i / a->cols, i % a->cols);
    return IPL_OK;
}

/* Labels of one-hot rows: the column of the 1 among zeros. */
static ipl_status one_hot_labels(int32_t *y, const ipl_npy *a, const char *path,
                                 ipl_error *err)
{
    for (size_t i = 0; i < a->rows; i++) {
        size_t ones = 0, others = 0;

        for (size_t j = 0; j < a->cols; j++) {
            const double v = a->data[i * a->cols + j];

            if (v == 1.0) {
                ones++;
                y[i] = (int32_t)j;
            } else {
                others += v != 0.0;
            }
        }
        if (ones != 1 || others > 0)
            return ipl_fail(
                err, IPL_E_FORMAT,
                "%s: %zu columns, and row %zu is not one-hot (a 1 among zeros); "
                "want one label per row, or one-hot rows",
                path, a->cols, i);
    }
    return IPL_OK;
}

ipl_status ipl_npy_labels(int32_t *y, const ipl_npy *a, const char *path, ipl_error *err)
{
    if (a->cols != 1)
        return one_hot_labels(y, a, path, err);
    for (size_t i = 0; i < a->rows; i++) {
        const double v = a->data[i];

        if (!(v >= INT32_MIN && v <= INT32_MAX) || v != floor(v))
            return ipl_fail(err, IPL_E_FORMAT,
                            "%s: row %zu is %g, labels are whole numbers of 32 bits", path,
                            i, v);
        y[i] = (int32_t)v;
    }
    return IPL_OK;
}

static int by_value(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;

    return a < b ? -1 : a > b;
}

/* The different values of sorted (n >= 1) at its beginning; returns how many there are. */
static size_t keep_different(double *sorted, size_t n)
{
    size_t k = 1;

    for (size_t i = 1; i < n; i++)
        if (sorted[i] != sorted[k - 1])
            sorted[k++] = sorted[i];
    return k;
}

ipl_status ipl_npy_classes(int32_t *y, const ipl_npy *a, const char *path, ipl_error *err)
{
    double *sorted = NULL;
    size_t k;
    ipl_status st = IPL_OK;

    if (a->cols != 1)
        return one_hot_labels(y, a, path, err);
    for (size_t i = 0; i < a->rows && st == IPL_OK; i++)
        if (!isfinite(a->data[i]) || a->data[i] != floor(a->data[i]))
            st = ipl_fail(err, IPL_E_FORMAT, "%s: row %zu is %g, labels are whole numbers",
                          path, i, a->data[i]);
    if (st != IPL_OK)
        return st;
    sorted = ipl_array(a->rows, 1, sizeof *sorted, err);
    if (!sorted)
        return IPL_E_NOMEM;
    memcpy(sorted, a->data, a->rows * sizeof *sorted);
    qsort(sorted, a->rows, sizeof *sorted, by_value);
    k = keep_different(sorted, a->rows);
    for (size_t i = 0; i < a->rows; i++) {
        const double *at = bsearch(&a->data[i], sorted, k, sizeof *sorted, by_value);

        y[i] = (int32_t)(at - sorted);
    }
    ipl_free(sorted);
    return IPL_OK;
}

void ipl_npy_release(ipl_npy *a)
{
    ipl_free(a->data);
    *a = (ipl_npy){0};
}
