#include "run/canvas.h"

#include "base/alloc.h"
#include "data/png.h"
#include "run/glyphs.h"

#include <math.h>
#include <string.h>

#define NOT_A_NUMBER 0xd01010u

enum { CHANNELS = 3, MIDDLE = 128 };

ipl_status ipl_canvas_init(ipl_canvas *out, size_t height, size_t width, uint32_t colour,
                           ipl_error *err)
{
    ipl_canvas canvas = {.height = height, .width = width};

    *out = (ipl_canvas){0};
    if (height == 0 || width == 0 || height > IPL_PNG_SIDE_MAX || width > IPL_PNG_SIDE_MAX)
        return ipl_fail(err, IPL_E_SHAPE,
                        "a picture of %zu x %zu pixels cannot be drawn, sides are 1 ... %d",
                        height, width, IPL_PNG_SIDE_MAX);
    canvas.pixels = ipl_array(height, width * CHANNELS, 1, err);
    if (!canvas.pixels)
        return IPL_E_NOMEM;
    *out = canvas;
    ipl_canvas_fill(out, 0, 0, height, width, colour);
    return IPL_OK;
}

void ipl_canvas_release(ipl_canvas *canvas)
{
    ipl_free(canvas->pixels);
    *canvas = (ipl_canvas){0};
}

void ipl_canvas_fill(ipl_canvas *canvas, size_t top, size_t left, size_t height,
                     size_t width, uint32_t colour)
{
    for (size_t y = top; y < top + height && y < canvas->height; y++)
        for (size_t x = left; x < left + width && x < canvas->width; x++) {
            uint8_t *to = canvas->pixels + (y * canvas->width + x) * CHANNELS;

            to[0] = (uint8_t)(colour >> 16);
            to[1] = (uint8_t)(colour >> 8);
            to[2] = (uint8_t)colour;
        }
}

/* Brightness of a value, 0 ... 255; a range of nothing is grey. */
static uint32_t brightness(double v, double low, double high)
{
    const double t = (v - low) / (high - low);

    if (!(high > low))
        return MIDDLE;
    return t >= 1.0 ? 255 : t > 0.0 ? (uint32_t)(255.0 * t + 0.5) : 0;
}

/* Colour of pixel i of an image. */
static uint32_t colour_of(const float *x, ipl_shape shape, size_t i, double low,
                          double high)
{
    uint32_t colour = 0;

    for (size_t c = 0; c < CHANNELS; c++) {
        const double v = (double)x[(shape.c == CHANNELS ? c * shape.h * shape.w : 0) + i];

        if (isnan(v))
            return NOT_A_NUMBER;
        colour = colour << 8 | brightness(v, low, high);
    }
    return colour;
}

void ipl_canvas_blit(ipl_canvas *canvas, size_t top, size_t left, size_t zoom,
                     const float *x, ipl_shape shape, double low, double high)
{
    for (size_t i = 0; i < shape.h; i++)
        for (size_t j = 0; j < shape.w; j++)
            ipl_canvas_fill(canvas, top + i * zoom, left + j * zoom, zoom, zoom,
                            colour_of(x, shape, i * shape.w + j, low, high));
}

void ipl_canvas_text(ipl_canvas *canvas, size_t top, size_t left, const char *text,
                     size_t zoom, uint32_t colour, ipl_text_run run)
{
    size_t start = 0;

    for (; *text != '\0'; text++) {
        const uint8_t *rows = ipl_glyph(*text);

        if (((unsigned char)*text & 0xc0) == 0x80)
            continue; /* a letter of several bytes is drawn once */
        for (size_t i = 0; i < IPL_GLYPH_H; i++)
            for (size_t j = 0; j < IPL_GLYPH_W; j++) {
                const size_t along = (start + j) * zoom, across = i * zoom;

                if (!(rows[i] >> (IPL_GLYPH_W - 1 - j) & 1))
                    continue;
                if (run == IPL_TEXT_RIGHT)
                    ipl_canvas_fill(canvas, top + across, left + along, zoom, zoom, colour);
                else if (along + zoom <= top)
                    ipl_canvas_fill(canvas, top - along - zoom, left + across, zoom, zoom,
                                    colour);
            }
        start += IPL_GLYPH_STEP;
    }
}

size_t ipl_canvas_text_width(const char *text, size_t zoom)
{
    size_t letters = 0;

    for (; *text != '\0'; text++)
        letters += ((unsigned char)*text & 0xc0) != 0x80;
    return letters * IPL_GLYPH_STEP * zoom;
}

size_t ipl_canvas_text_height(size_t zoom)
{
    return IPL_GLYPH_H * zoom;
}

ipl_status ipl_canvas_write(const ipl_canvas *canvas, const char *path, ipl_error *err)
{
    return ipl_png_write(path, canvas->pixels, canvas->height, canvas->width, CHANNELS,
                         err);
}
