/*
 * Largest value under a window, as PyTorch's nn.MaxPool2d: padding never wins, the gradient
 * goes to the first of equal maxima in row-major order, NaN wins over every number.
 *
 * Which cell of the window won is kept for the way back. There, every pixel gathers from the
 * windows over it, so that dx is written once.
 *
 * Channels are taken four at a time, as vectors; the last four may overlap those before.
 */
#include "math/vec.h"
#include "nn/window.h"

enum { LANES = 4 };

typedef float lanes __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t bits __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

static size_t maxpool_n_keep(const void *self)
{
    return ipl_shape_size(((const ipl_window *)self)->out);
}

/* First of LANES channels that end at C or before, from c on. */
static inline size_t lanes_at(size_t c, size_t C)
{
    return c + LANES > C ? C - LANES : c;
}

static inline lanes choose(bits mask, lanes a, lanes b)
{
    return (lanes)((mask & (bits)a) | (~mask & (bits)b));
}

/* Number of the cell at (i, j) of the map in a window whose spans these are. */
static inline float cell_at(const ipl_window *l, ipl_window_span rows, ipl_window_span cols,
                            size_t i, size_t j)
{
    return (float)((i - rows.first + rows.skipped) * l->size + j - cols.first +
                   cols.skipped);
}

/* One place of the window, LANES channels; x is the map of one sample. */
static inline void max_lanes(float *y, float *won, const float *x, const ipl_window *l,
                             ipl_window_span rows, ipl_window_span cols)
{
    const size_t C = l->in.c, W = l->in.w;
    lanes most = *(const lanes *)(x + (rows.first * W + cols.first) * C);
    lanes cell = (lanes){0} + cell_at(l, rows, cols, rows.first, cols.first);

    for (size_t i = rows.first; i < rows.end; i++)
        for (size_t j = cols.first; j < cols.end; j++) {
            const lanes v = *(const lanes *)(x + (i * W + j) * C);
            const bits better = (v > most) | ~(v <= (lanes){0} + INFINITY); /* or NaN */

            most = choose(better, v, most);
            cell = choose(better, (lanes){0} + cell_at(l, rows, cols, i, j), cell);
        }
    *(lanes *)y = most;
    *(lanes *)won = cell;
}

/* The same for one channel. */
static inline void max_one(float *y, float *won, const float *x, const ipl_window *l,
                           ipl_window_span rows, ipl_window_span cols)
{
    const size_t C = l->in.c, W = l->in.w;

    *y = x[(rows.first * W + cols.first) * C];
    *won = cell_at(l, rows, cols, rows.first, cols.first);
    for (size_t i = rows.first; i < rows.end; i++)
        for (size_t j = cols.first; j < cols.end; j++) {
            const float v = x[(i * W + j) * C];

            if (v > *y || v != v) {
                *y = v;
                *won = cell_at(l, rows, cols, i, j);
            }
        }
}

IPL_CLONES
static void maps_max(float *y, float *won, const float *x, const ipl_window *l, size_t n)
{
    const size_t C = l->in.c, D = ipl_shape_size(l->in), pixels = l->out.h * l->out.w;

    for (size_t r = 0; r < n; r++, x += D)
        for (size_t p = 0; p < pixels; p++, y += C, won += C) {
            const ipl_window_span rows = ipl_window_at(l, p / l->out.w, l->in.h);
            const ipl_window_span cols = ipl_window_at(l, p % l->out.w, l->in.w);

            for (size_t c = 0; C < LANES && c < C; c++)
                max_one(y + c, won + c, x + c, l, rows, cols);
            for (size_t c = 0; C >= LANES && c < C; c += LANES) {
                const size_t at = lanes_at(c, C);

                max_lanes(y + at, won + at, x + at, l, rows, cols);
            }
        }
}

static void maxpool_forward(const void *self, ipl_shape in, ipl_shape out,
                            const ipl_pass *p)
{
    (void)in;
    (void)out;
    maps_max(p->y, p->keep, p->x, self, p->rows);
}

/* Places of the window along an axis, first ... end - 1. */
typedef struct places {
    size_t first, end;
} places;

/* Move on to the places that cover pixel i: call it for i = 0, 1, 2 ... */
static inline void cover(places *at, const ipl_window *l, size_t i, size_t n)
{
    while (at->end < n && at->end * l->stride <= i + l->padding)
        at->end++;
    while (at->first < at->end && at->first * l->stride + l->size <= i + l->padding)
        at->first++;
}

/* dx of LANES channels of pixel (i, j) from the windows over it; dy and won of one sample. */
static inline void gather_lanes(float *dx, const float *dy, const float *won,
                                const ipl_window *l, places rows, places cols, size_t i,
                                size_t j)
{
    const size_t C = l->in.c, W = l->out.w;
    lanes sum = {0};

    for (size_t a = rows.first; a < rows.end; a++)
        for (size_t b = cols.first; b < cols.end; b++) {
            const size_t place = (a * W + b) * C;
            const float cell = (float)((i + l->padding - a * l->stride) * l->size + j +
                                       l->padding - b * l->stride);
            const bits mine = *(const lanes *)(won + place) == (lanes){0} + cell;

            sum += (lanes)(mine & (bits) * (const lanes *)(dy + place));
        }
    *(lanes *)dx = sum;
}

/* The same for one channel. */
static inline void gather_one(float *dx, const float *dy, const float *won,
                              const ipl_window *l, places rows, places cols, size_t i,
                              size_t j)
{
    const size_t C = l->in.c, W = l->out.w;
    float sum = 0.0f;

    for (size_t a = rows.first; a < rows.end; a++)
        for (size_t b = cols.first; b < cols.end; b++) {
            const size_t place = (a * W + b) * C;
            const float cell = (float)((i + l->padding - a * l->stride) * l->size + j +
                                       l->padding - b * l->stride);

            sum += won[place] == cell ? dy[place] : 0.0f;
        }
    *dx = sum;
}

/* One line of dx. */
static inline void line_back(float *dx, const float *dy, const float *won,
                             const ipl_window *l, places rows, size_t i)
{
    const size_t C = l->in.c;
    places cols = {0, 0};

    for (size_t j = 0; j < l->in.w; j++, dx += C) {
        cover(&cols, l, j, l->out.w);
        for (size_t c = 0; C < LANES && c < C; c++)
            gather_one(dx + c, dy + c, won + c, l, rows, cols, i, j);
        for (size_t c = 0; C >= LANES && c < C; c += LANES) {
            const size_t at = lanes_at(c, C);

            gather_lanes(dx + at, dy + at, won + at, l, rows, cols, i, j);
        }
    }
}

IPL_CLONES
static void maps_back(float *dx, const float *dy, const float *won, const ipl_window *l,
                      size_t n)
{
    const size_t line = l->in.w * l->in.c, U = ipl_shape_size(l->out);

    for (size_t r = 0; r < n; r++, dy += U, won += U) {
        places rows = {0, 0};

        for (size_t i = 0; i < l->in.h; i++, dx += line) {
            cover(&rows, l, i, l->out.h);
            line_back(dx, dy, won, l, rows, i);
        }
    }
}

static void maxpool_backward(const void *self, ipl_shape in, ipl_shape out,
                             const ipl_pass *p)
{
    (void)in;
    (void)out;
    maps_back(p->dx, p->dy, p->keep, self, p->rows);
}

const ipl_layer_ops ipl_layer_maxpool = {
    .row = {.name = "maxpool",
            .summary = "largest value under a window",
            .size = sizeof(ipl_window),
            .opts = ipl_window_opts},
    .example = "size=3,stride=2,padding=1",
    .low = IPL_UNBOUNDED,
    .high = IPL_UNBOUNDED,
    .keeps_range = true,
    .bind = ipl_window_bind,
    .n_keep = maxpool_n_keep,
    .flops = ipl_window_flops,
    .forward = maxpool_forward,
    .backward = maxpool_backward,
};
