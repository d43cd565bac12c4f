/*
 * The weight gradient of convolutions, by folds: rows of dw, each the sum over all pixels of a
 * number of x times a vector of dy.
 *
 * Pixels are joined as in a sweep (conv.c). The products of a pixel of x with a pixel of dy that
 * does not see it are made, too, and left out when the sums are added to dw.
 */
#include "math/conv.h"

#include "math/conv_frame.h"
#include "math/conv_parts.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

/* dy with its channels filled up to whole vectors. */
static conv_frame filled_frame(const ipl_conv *g)
{
    conv_frame f = {.map = ipl_conv_out(g)};

    f.padded = f.map;
    f.padded.c = conv_ceil_div(g->filters, 8) * 8;
    return f;
}

/* A fold reads whole vectors of dy, so that the last 8 floats are only read in a copy. */
static size_t tail_images(const conv_frame *filled)
{
    return ipl_conv_is_bare(filled) ? 0 : conv_ceil_div(8, ipl_shape_size(filled->map));
}

/* Floats in a row of x that m joined pixels see. */
static size_t joined_span(const ipl_conv *g, size_t m)
{
    return (g->kw + (m - 1) * g->stride) * g->c;
}

/* Sums of a fold of joined pixels. */
static size_t joined_floats(const ipl_conv *g)
{
    const size_t m = ipl_conv_most_joined(g->filters, g->kw, g->stride);

    return m > 1 ? g->kh * joined_span(g, m) * m * g->filters : 0;
}

size_t ipl_conv_gradient_scratch(const ipl_conv *g)
{
    const conv_frame in = ipl_conv_padded(g), filled = filled_frame(g);

    return ipl_conv_block_floats(&in) +
           tail_images(&filled) * ipl_shape_size(filled.padded) + joined_floats(g);
}

/* Rows [first, first + rows) of dw, `span` of a tap, += their sum over the images of `whole`. */
static void fold_all(const conv_fold *whole, size_t span, size_t first, size_t rows)
{
    for (size_t o = 0; o < whole->dw_row;) {
        const conv_kernel *kernel = ipl_conv_kernel_for(whole->dw_row - o);
        conv_fold f = *whole;

        f.count = conv_min(kernel->width, whole->dw_row - o);
        f.dy = whole->dy + o;
        for (size_t k = first; k < first + rows; k += f.taps * f.span) {
            const size_t left = first + rows - k;

            f.span = conv_min(span - k % span, left);
            f.taps = f.span == span ? left / span : 1;
            f.x = whole->x + k / span * f.tap + k % span;
            f.dw = whole->dw + k * whole->dw_row + o;
            kernel->fold(&f);
        }
        o += f.count;
    }
}

/* dw += the sums over groups of m pixels: each pixel has its columns and is a step further. */
static void add_joined(float *dw, const float *sums, const ipl_conv *g, size_t m)
{
    const size_t F = g->filters, K = g->kw * g->c, span = joined_span(g, m);

    for (size_t t = 0; t < g->kh; t++, sums += span * m * F)
        for (size_t k = 0; k < K; k++, dw += F)
            for (size_t q = 0; q < m; q++) {
                const float *row = sums + (k + q * g->stride * g->c) * m * F + q * F;

                for (size_t f = 0; f < F; f++)
                    dw[f] += row[f];
            }
}

/* dw += its sum over the images of `whole`, pixels joined as in a sweep. */
static void fold_joined(const conv_fold *whole, const ipl_conv *g, float *sums)
{
    const size_t most = ipl_conv_most_joined(g->filters, g->kw, g->stride);

    for (size_t first = 0; first < whole->cols;) {
        const size_t m = conv_min(most, whole->cols - first);
        const size_t span = joined_span(g, m), rows = g->kh * span;
        conv_fold f = *whole;

        assert(m > 0);
        f.x += first * f.at_x.col;
        f.dy += first * f.at_dy.col;
        f.cols = (whole->cols - first) / m;
        f.at_x.col *= m;
        f.at_dy.col *= m;
        f.dw_row *= m;
        if (m > 1) {
            f.dw = sums;
            memset(sums, 0, rows * f.dw_row * sizeof *sums);
        }
        fold_all(&f, span, 0, rows);
        if (m > 1)
            add_joined(whole->dw, sums, g, m);
        first += f.cols * m;
    }
}

/* db += the sum of dy over the images of `whole`. */
static void total_all(float *db, const conv_fold *whole, const ipl_conv *g)
{
    for (size_t o = 0; o < g->filters;) {
        const conv_kernel *kernel = ipl_conv_kernel_for(g->filters - o);
        conv_fold f = *whole;

        f.count = conv_min(kernel->width, g->filters - o);
        f.dy = whole->dy + o;
        f.dw = db + o;
        kernel->total(&f);
        o += f.count;
    }
}

/* Rows [first, first + rows) of dw, and db, += their sums over n images. `join`, where these
 * are all rows: over joined pixels. */
static void add_gradient(float *dw, float *db, const float *x, const float *dy,
                         float *scratch, const ipl_conv *g, size_t n, size_t first,
                         size_t rows, bool join)
{
    const conv_frame in = ipl_conv_padded(g), filled = filled_frame(g);
    const size_t block = conv_min(ipl_conv_block(&in), ipl_conv_block(&filled)),
                 F = g->filters;
    float *sums = scratch + ipl_conv_block_floats(&in), *copy = sums + joined_floats(g);
    const size_t tail = tail_images(&filled), span = g->kw * g->c;
    size_t images;

    assert(first + rows <= g->kh * span);
    for (size_t m = 0; m < n; m += images) {
        const bool by_copy = n - m <= tail;
        const float *dy_m = dy + m * ipl_shape_size(filled.map);
        conv_fold f = {
            .at_dy = ipl_conv_grid(by_copy ? filled.padded : filled.map, 1),
            .at_x = ipl_conv_grid(in.padded, g->stride),
            .rows = filled.map.h,
            .cols = filled.map.w,
            .tap = in.padded.w * g->c,
            .dw_row = F,
        };

        images = conv_min(block, by_copy ? n - m : n - m - tail);
        f.dw = dw;
        f.images = images;
        f.dy = by_copy ? ipl_conv_framed(copy, dy_m, &filled, images) : dy_m;
        f.x = ipl_conv_framed(scratch, x + m * ipl_shape_size(in.map), &in, images);
        if (join && !by_copy)
            fold_joined(&f, g, sums);
        else
            fold_all(&f, span, first, rows);
        if (db)
            total_all(db, &f, g);
    }
}

void ipl_conv_add_gradient(float *dw, float *db, const float *x, const float *dy,
                           float *scratch, const ipl_conv *g, size_t n)
{
    add_gradient(dw, db, x, dy, scratch, g, n, 0, g->kh * g->kw * g->c, true);
}

void ipl_conv_gradient(float *dw, float *db, const float *x, const float *dy,
                       float *scratch, const ipl_conv *g, size_t n, size_t first,
                       size_t rows)
{
    memset(dw + first * g->filters, 0, rows * g->filters * sizeof *dw);
    if (db)
        memset(db, 0, g->filters * sizeof *db);
    add_gradient(dw, db, x, dy, scratch, g, n, first, rows, false);
}
