/** PNG pictures, 8-bit grey or RGB. The only file that includes png.h of libpng. */
#ifndef IPL_PNG_H
#define IPL_PNG_H

#include "ipl/status.h"

#include <stddef.h>
#include <stdint.h>

/** Longest side of a picture. */
enum { IPL_PNG_SIDE_MAX = 16384 };

/** Most pixels of a picture that is read: 48 MiB as RGB. */
#define IPL_PNG_PIXELS_MAX ((size_t)1 << 24)

/** Picture: (height, width, channels) bytes, row-major, channels 1 (grey) or 3 (RGB). */
typedef struct ipl_picture {
    uint8_t *pixels; /* owned */
    size_t height, width, channels;
} ipl_picture;

/**
 * Write a picture, atomically.
 *
 * shapes  pixels (height, width, channels), channels 1 or 3
 * errors  IPL_E_SHAPE       a side is 0 or longer than IPL_PNG_SIDE_MAX, or another number of
 *                           channels
 *         IPL_E_CANTCREATE, IPL_E_IO, IPL_E_NOMEM
 */
ipl_status ipl_png_write(const char *path, const uint8_t *pixels, size_t height,
                         size_t width, size_t channels, ipl_error *err) IPL_NODISCARD;

/**
 * Read a picture of any PNG type as 8-bit grey or RGB: a palette becomes RGB, 16 bits are
 * rounded to 8, fewer are stretched to 0 ... 255, interlacing is undone, alpha is dropped,
 * gamma and colour profiles are ignored.
 *
 * owner   out holds the pixels on success and is empty on error
 * errors  IPL_E_NOINPUT  no such file
 *         IPL_E_FORMAT   not a PNG, damaged, truncated, a side longer than
 *                        IPL_PNG_SIDE_MAX, more than IPL_PNG_PIXELS_MAX pixels, or more
 *                        than the file can hold
 *         IPL_E_IO, IPL_E_NOMEM
 */
ipl_status ipl_png_read(ipl_picture *out, const char *path, ipl_error *err) IPL_NODISCARD;

/**
 * Encode a picture in memory for a small file: with 16 levels of each channel, 8 or 4 when that
 * is more than 256 colours.
 *
 * owner   *out (len bytes) belongs to the caller, for ipl_free(); NULL on error
 * errors  IPL_E_NOMEM
 */
ipl_status ipl_png_pack(char **out, size_t *len, const ipl_picture *picture,
                        ipl_error *err) IPL_NODISCARD;

/** Free the pixels and leave picture empty; an empty picture is allowed. */
void ipl_picture_release(ipl_picture *picture);

#endif /* IPL_PNG_H */
