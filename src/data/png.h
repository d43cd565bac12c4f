/** PNG pictures, grey or RGB, of 8 or 16 bits. The only file that includes png.h of libpng. */
#ifndef IPL_PNG_H
#define IPL_PNG_H

#include "ipl/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Longest side of a picture. */
enum { IPL_PNG_SIDE_MAX = 16384 };

/** Most pixels of a picture that is read, 48 MiB as RGB; fewer when a pixel, with its alpha,
 *  has more than 3 bytes. */
#define IPL_PNG_PIXELS_MAX ((size_t)1 << 24)

/** Picture: (height, width, channels) values, row-major, channels 1 (grey) or 3 (RGB). */
typedef struct ipl_picture {
    uint8_t *pixels; /* a byte for each value, two when wide; owned */
    size_t height, width, channels;
    bool wide;  /* 16 bits a value, the higher byte first */
    bool alpha; /* not opaque everywhere in the file: composed over a background */
} ipl_picture;

/** Red, green and blue of what pictures with alpha lie on. */
typedef struct ipl_background {
    uint8_t rgb[3];
} ipl_background;

/**
 * Read a background: white, black, a level of grey 0 ... 255, or a colour RRGGBB of six
 * hexadecimal digits, with or without # in front.
 *
 * errors  IPL_E_ARG
 */
ipl_status ipl_background_parse(ipl_background *out, const char *text,
                                ipl_error *err) IPL_NODISCARD;

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
 * Read a picture of any PNG type as grey or RGB: a palette becomes RGB, 16 bits are kept,
 * fewer than 8 are stretched to 0 ... 255, interlacing is undone, gamma and colour profiles
 * are ignored. Alpha, of a channel, a palette or a transparent colour, composes the stored
 * values over the background, rounded: (value alpha + behind (most - alpha)) / most.
 *
 * owner   out holds the pixels on success and is empty on error
 * errors  IPL_E_NOINPUT  no such file
 *         IPL_E_FORMAT   not a PNG, damaged (the checksum of any chunk is wrong), truncated,
 *                        a side longer than IPL_PNG_SIDE_MAX, more than IPL_PNG_PIXELS_MAX
 *                        pixels, or more than the file can hold
 *         IPL_E_SHAPE    a grey picture with alpha over a background that is not grey
 *         IPL_E_IO, IPL_E_NOMEM
 */
ipl_status ipl_png_read_over(ipl_picture *out, const char *path,
                             const ipl_background *background,
                             ipl_error *err) IPL_NODISCARD;

/** ipl_png_read_over() white. */
ipl_status ipl_png_read(ipl_picture *out, const char *path, ipl_error *err) IPL_NODISCARD;

/** Brightness 0 ... 65535 of value i; of 8 bits 257 times the value, which is exact. */
uint16_t ipl_picture_value(const ipl_picture *picture, size_t i);

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
