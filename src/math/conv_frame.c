#include "math/conv_frame.h"

#include <assert.h>
#include <string.h>

enum {
    BLOCK_IMAGES = 4, /* worked on together at least */
    BLOCK_PIXELS = 1024,
    BLOCK_FLOATS = 1 << 18 /* of their padded maps at most, unless one image has more */
};

bool ipl_conv_is_bare(const conv_frame *f)
{
    return ipl_shape_size(f->map) == ipl_shape_size(f->padded);
}

conv_frame ipl_conv_padded(const ipl_conv *g)
{
    return (conv_frame){
        .map = {.c = g->c, .h = g->h, .w = g->w},
        .padded = {.c = g->c, .h = g->h + 2 * g->pad, .w = g->w + 2 * g->pad},
        .top = g->pad,
        .left = g->pad};
}

size_t ipl_conv_block(const conv_frame *f)
{
    const size_t wanted =
        conv_max(BLOCK_IMAGES, conv_ceil_div(BLOCK_PIXELS, f->map.h * f->map.w));
    const size_t floats = ipl_shape_size(f->padded);

    assert(floats > 0);
    return conv_max(1, conv_min(wanted, BLOCK_FLOATS / floats));
}

size_t ipl_conv_block_floats(const conv_frame *f)
{
    return ipl_conv_is_bare(f) ? 0 : ipl_conv_block(f) * ipl_shape_size(f->padded);
}

/* One image into its frame. */
static void pad_image(float *to, const float *from, const conv_frame *f)
{
    const size_t C = f->padded.c, row = f->padded.w * C, c = f->map.c;
    const size_t after = f->padded.w - f->left - f->map.w;

    memset(to, 0, f->top * row * sizeof *to);
    to += f->top * row;
    for (size_t i = 0; i < f->map.h; i++, to += row) {
        memset(to, 0, f->left * C * sizeof *to);
        if (c == C)
            memcpy(to + f->left * C, from, f->map.w * C * sizeof *to);
        for (size_t j = 0; c < C && j < f->map.w; j++) {
            memcpy(to + (f->left + j) * C, from + j * c, c * sizeof *to);
            memset(to + (f->left + j) * C + c, 0, (C - c) * sizeof *to);
        }
        memset(to + row - after * C, 0, after * C * sizeof *to);
        from += f->map.w * c;
    }
    memset(to, 0, (f->padded.h - f->top - f->map.h) * row * sizeof *to);
}

const float *ipl_conv_framed(float *scratch, const float *from, const conv_frame *f,
                             size_t images)
{
    if (ipl_conv_is_bare(f))
        return from;
    for (size_t n = 0; n < images; n++)
        pad_image(scratch + n * ipl_shape_size(f->padded),
                  from + n * ipl_shape_size(f->map), f);
    return scratch;
}

conv_grid ipl_conv_grid(ipl_shape map, size_t step)
{
    return (conv_grid){
        .image = ipl_shape_size(map), .row = step * map.w * map.c, .col = step * map.c};
}
