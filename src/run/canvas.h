/**
 * Canvas: RGB pixels to draw on. Whatever reaches over its edge is cut off.
 *
 * Colours are 0xRRGGBB; places are (top, left) in pixels from the upper left corner.
 */
#ifndef IPL_CANVAS_H
#define IPL_CANVAS_H

#include "ipl/matrix.h"
#include "ipl/status.h"

#include <stdint.h>

typedef struct ipl_canvas {
    uint8_t *pixels; /* (height, width, 3) owned */
    size_t height, width;
} ipl_canvas;

/**
 * A canvas of one colour.
 *
 * owner   out owns its pixels, for ipl_canvas_release(); empty on error
 * errors  IPL_E_SHAPE  a side is 0 or longer than a PNG's may be; IPL_E_NOMEM
 */
ipl_status ipl_canvas_init(ipl_canvas *out, size_t height, size_t width, uint32_t colour,
                           ipl_error *err) IPL_NODISCARD;

/** Free the pixels and leave canvas empty; an empty canvas is allowed. */
void ipl_canvas_release(ipl_canvas *canvas);

/** Fill a rectangle. */
void ipl_canvas_fill(ipl_canvas *canvas, size_t top, size_t left, size_t height,
                     size_t width, uint32_t colour);

/**
 * Draw an image, each pixel a square of zoom pixels: low ... high become black ... white,
 * beyond is cut off, NaN is red. Equal low and high give grey.
 *
 * shapes  x (c, h, w): in colour when c is 3, else its first channel in grey
 */
void ipl_canvas_blit(ipl_canvas *canvas, size_t top, size_t left, size_t zoom,
                     const float *x, ipl_shape shape, double low, double high);

/** Which way a text runs. */
typedef enum ipl_text_run { IPL_TEXT_RIGHT, IPL_TEXT_UP } ipl_text_run;

/**
 * Draw a line of text. (top, left) is the upper left corner of its first letter, lower left
 * for a text that runs up.
 */
void ipl_canvas_text(ipl_canvas *canvas, size_t top, size_t left, const char *text,
                     size_t zoom, uint32_t colour, ipl_text_run run);

/** Pixels from the start to the end of a text, and of its letters' height. */
size_t ipl_canvas_text_width(const char *text, size_t zoom);
size_t ipl_canvas_text_height(size_t zoom);

/** Write as PNG; errors of ipl_png_write(). */
ipl_status ipl_canvas_write(const ipl_canvas *canvas, const char *path,
                            ipl_error *err) IPL_NODISCARD;

#endif /* IPL_CANVAS_H */
