/* Writing .npy files, format 1.0. */
#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"
#include "math/npy.h"

#include <math.h>
#include <string.h>

#define MAGIC "\x93NUMPY\x01\x00" /* and the version */

enum { MAGIC_LEN = sizeof MAGIC - 1 };

/* Magic, version 1.0, length and the dictionary, padded to a multiple of 64 bytes. */
static void make_header(ipl_text *out, const char *dtype, const size_t *dims, size_t n_dims)
{
    ipl_text_add(out, "{'descr': '%s', 'fortran_order': False, 'shape': (", dtype);
    for (size_t i = 0; i < n_dims; i++)
        ipl_text_add(out, "%s%zu", i ? ", " : "", dims[i]);
    ipl_text_add(out, "%s), }", n_dims == 1 ? "," : "");
    while ((MAGIC_LEN + 2 + out->len + 1) % 64 != 0 && !out->failed)
        ipl_text_add(out, " ");
    ipl_text_add(out, "\n");
}

/* Element i of data as little endian bytes; a loop that compilers turn into a copy. */
static void put_little_endian(unsigned char *out, const void *data, size_t i, size_t width)
{
    uint64_t bits;
    uint32_t low;
    uint16_t half;

    if (width == 2) {
        memcpy(&half, (const char *)data + 2 * i, 2);
        bits = half;
    } else if (width == 4) {
        memcpy(&low, (const char *)data + 4 * i, 4);
        bits = low;
    } else {
        memcpy(&bits, (const char *)data + 8 * i, 8);
    }
    for (size_t b = 0; b < width; b++)
        out[b] = (unsigned char)(bits >> 8 * b);
}

static ipl_status write_array(const char *path, const void *data, const char *dtype,
                              size_t width, const size_t *dims, size_t n_dims,
                              ipl_error *err)
{
    ipl_text header = {0};
    unsigned char *bytes = NULL;
    size_t count = 1, size, start;
    ipl_status st;

    if (n_dims > IPL_NPY_MAX_DIMS)
        return ipl_fail(err, IPL_E_ARG, "%s: %zu dimensions, at most %d", path, n_dims,
                        IPL_NPY_MAX_DIMS);
    for (size_t i = 0; i < n_dims; i++)
        if (ipl_mul_overflows(&count, count, dims[i]))
            return ipl_fail(err, IPL_E_NOMEM, "%s: shape overflows", path);
    make_header(&header, dtype, dims, n_dims);
    st = ipl_text_status(&header, err);
    if (st != IPL_OK)
        goto done;
    start = MAGIC_LEN + 2 + header.len;
    if (ipl_mul_overflows(&size, count, width) || size > SIZE_MAX - start) {
        st = ipl_fail(err, IPL_E_NOMEM, "%s: shape overflows", path);
        goto done;
    }
    bytes = ipl_array(1, start + size, 1, err);
    if (!bytes) {
        st = IPL_E_NOMEM;
        goto done;
    }
    memcpy(bytes, MAGIC, MAGIC_LEN);
    bytes[MAGIC_LEN] = (unsigned char)(header.len & 0xff);
    bytes[MAGIC_LEN + 1] = (unsigned char)(header.len >> 8);
    memcpy(bytes + MAGIC_LEN + 2, header.s, header.len);
    for (size_t i = 0; i < count; i++)
        put_little_endian(bytes + start + i * width, data, i, width);
    st = ipl_file_replace(path, bytes, start + size, err);
done:
    ipl_free(bytes);
    ipl_text_release(&header);
    return st;
}

ipl_status ipl_npy_write_f32(const char *path, const float *data, const size_t *dims,
                             size_t n_dims, ipl_error *err)
{
    return write_array(path, data, "<f4", sizeof *data, dims, n_dims, err);
}

uint16_t ipl_half_bits(float value)
{
    enum { MANTISSA = 23, SHIFT = 13, LEAST_NORMAL = 113 };
    uint32_t bits, size, shift, rest, half;

    memcpy(&bits, &value, sizeof bits);
    size = bits & 0x7fffffff;
    if (size > 0x7f800000) { /* NaN */
        half = 0x7e00;
    } else if (size >= 0x47800000) { /* 2^16 and more, and infinity */
        half = 0x7c00;
    } else {
        /* Cut off `shift` bits; of a subnormal half, which has no hidden one, more. */
        const uint32_t exponent = size >> MANTISSA;

        if (exponent >= LEAST_NORMAL) {
            shift = SHIFT;
            size -= (uint32_t)(LEAST_NORMAL - 1) << MANTISSA;
        } else {
            shift = SHIFT + LEAST_NORMAL - exponent;
            shift = shift < 31 ? shift : 31;
            size = (size & 0x7fffff) | 0x800000;
        }
        half = size >> shift;
        rest = size & (((uint32_t)1 << shift) - 1);
        /* To nearest, ties to even; a carry moves on into the exponent, as it should. */
        if (rest > (uint32_t)1 << (shift - 1) ||
            (rest == (uint32_t)1 << (shift - 1) && half % 2 == 1))
            half++;
    }
    return (uint16_t)(half | (bits >> 16 & 0x8000));
}

ipl_status ipl_npy_write_f16(const char *path, const float *data, const size_t *dims,
                             size_t n_dims, ipl_error *err)
{
    size_t count = 1;
    uint16_t *halves;
    ipl_status st;

    for (size_t i = 0; i < n_dims; i++)
        if (ipl_mul_overflows(&count, count, dims[i]))
            return ipl_fail(err, IPL_E_NOMEM, "%s: shape overflows", path);
    halves = ipl_array(count, 1, sizeof *halves, err);
    if (!halves)
        return IPL_E_NOMEM;
    for (size_t i = 0; i < count; i++) {
        halves[i] = ipl_half_bits(data[i]);
        if ((halves[i] & 0x7fff) == 0x7c00 && isfinite(data[i])) {
            st =
                ipl_fail(err, IPL_E_NUMERIC, "%s: element %zu is %g, float16 ends at 65504",
                         path, i, (double)data[i]);
            goto done;
        }
    }
    st = write_array(path, halves, "<f2", sizeof *halves, dims, n_dims, err);
done:
    ipl_free(halves);
    return st;
}

ipl_status ipl_npy_write_f64(const char *path, const double *data, const size_t *dims,
                             size_t n_dims, ipl_error *err)
{
    return write_array(path, data, "<f8", sizeof *data, dims, n_dims, err);
}

ipl_status ipl_npy_write_i64(const char *path, const int64_t *data, const size_t *dims,
                             size_t n_dims, ipl_error *err)
{
    return write_array(path, data, "<i8", sizeof *data, dims, n_dims, err);
}
