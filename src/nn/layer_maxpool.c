/*
 * Largest value under a window, as PyTorch's nn.MaxPool2d: padding never wins, the gradient
 * goes to the first of equal maxima in row-major order, NaN wins over every number.
 *
 * Which cell of the window won is kept for the way back, where each place adds its gradient to
 * that cell, in the order of the places.
 *
 * Channels are taken four at a time, as vectors; the last four may overlap those before.
 */
#include "math/vec.h"
#include "nn/window.h"

#include <string.h>

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

/* What of the map and of the window one place sees; x is row-major with `line` floats a row. */
typedef struct view {
    size_t rows, cols; /* cells of the window on the map */
    size_t first;      /* number of the first of them in the window */
    size_t size;       /* of the window */
    size_t line, C;
} view;

/* One place of the window, LANES channels from x on. Inlined with a constant view where the
 * window is a common one. */
IPL_INLINE void max_lanes(float *y, float *won, const float *x, view v)
{
    const float start = (float)v.first;
    lanes most = *(const lanes *)x, cell = (lanes){0} + start;

    for (size_t i = 0; i < v.rows; i++)
        for (size_t j = 0; j < v.cols; j++) {
            const lanes at = *(const lanes *)(x + i * v.line + j * v.C);
            const float number = (float)(v.first + i * v.size + j);
            const bits better = (at > most) | ~(at <= (lanes){0} + INFINITY); /* or NaN */

            most = choose(better, at, most);
            cell = choose(better, (lanes){0} + number, cell);
        }
    *(lanes *)y = most;
    *(lanes *)won = cell;
}

/* The same for one channel. */
IPL_INLINE void max_one(float *y, float *won, const float *x, view v)
{
    *y = *x;
    *won = (float)v.first;
    for (size_t i = 0; i < v.rows; i++)
        for (size_t j = 0; j < v.cols; j++) {
            const float at = x[i * v.line + j * v.C];

            if (at > *y || at != at) {
                *y = at;
                *won = (float)(v.first + i * v.size + j);
            }
        }
}

/* All channels of one place. */
IPL_INLINE void max_place(float *y, float *won, const float *x, view v)
{
    for (size_t c = 0; v.C < LANES && c < v.C; c++)
        max_one(y + c, won + c, x + c, v);
    for (size_t c = 0; v.C >= LANES && c < v.C; c += LANES) {
        const size_t at = lanes_at(c, v.C);

        max_lanes(y + at, won + at, x + at, v);
    }
}

/* LANES channels of the gradient of one place: dy goes to the cell that won. */
IPL_INLINE void back_lanes(float *dx, const float *dy, const float *won, view v)
{
    const lanes g = *(const lanes *)dy, cell = *(const lanes *)won;

    for (size_t i = 0; i < v.rows; i++)
        for (size_t j = 0; j < v.cols; j++) {
            const float number = (float)(v.first + i * v.size + j);
            lanes *at = (lanes *)(dx + i * v.line + j * v.C);

            *at += (lanes)((cell == (lanes){0} + number) & (bits)g);
        }
}

IPL_INLINE void back_place(float *dx, const float *dy, const float *won, view v)
{
    const size_t whole = v.C / LANES * LANES;

    for (size_t c = 0; c < whole; c += LANES)
        back_lanes(dx + c, dy + c, won + c, v);
    for (size_t c = whole; c < v.C; c++) {
        const size_t cell = (size_t)won[c] - v.first;

        dx[cell / v.size * v.line + cell % v.size * v.C + c] += dy[c];
    }
}

/* Where the window lies at place (rows, cols), and its first cell on the map. */
static inline view see(size_t *at, const ipl_window *l, ipl_window_span rows,
                       ipl_window_span cols)
{
    *at = (rows.first * l->in.w + cols.first) * l->in.c;
    return (view){.rows = rows.end - rows.first,
                  .cols = cols.end - cols.first,
                  .first = rows.skipped * l->size + cols.skipped,
                  .size = l->size,
                  .line = l->in.w * l->in.c,
                  .C = l->in.c};
}

/* A view of which the compiler knows the window: k x k cells, all on the map. */
IPL_INLINE view known(view v, size_t k)
{
    return (view){.rows = k, .cols = k, .first = 0, .size = k, .line = v.line, .C = v.C};
}

static inline bool is_whole(view v, size_t k)
{
    return v.size == k && v.rows == k && v.cols == k;
}

IPL_CLONES
static void maps_max(float *y, float *won, const float *x, const ipl_window *l, size_t n)
{
    const size_t C = l->in.c, D = ipl_shape_size(l->in);

    for (size_t r = 0; r < n; r++, x += D)
        for (size_t i = 0; i < l->out.h; i++)
            for (size_t j = 0; j < l->out.w; j++, y += C, won += C) {
                size_t at;
                const view v =
                    see(&at, l, ipl_window_at(l, i, l->in.h), ipl_window_at(l, j, l->in.w));

                if (is_whole(v, 2))
                    max_place(y, won, x + at, known(v, 2));
                else if (is_whole(v, 3))
                    max_place(y, won, x + at, known(v, 3));
                else
                    max_place(y, won, x + at, v);
            }
}

static void maxpool_forward(const void *self, ipl_shape in, ipl_shape out,
                            const ipl_pass *p)
{
    (void)in;
    (void)out;
    maps_max(p->y, p->keep, p->x, self, p->rows);
}

IPL_CLONES
static void maps_back(float *dx, const float *dy, const float *won, const ipl_window *l,
                      size_t n)
{
    const size_t C = l->in.c, D = ipl_shape_size(l->in);

    for (size_t r = 0; r < n; r++, dx += D) {
        memset(dx, 0, D * sizeof *dx);
        for (size_t i = 0; i < l->out.h; i++)
            for (size_t j = 0; j < l->out.w; j++, dy += C, won += C) {
                size_t at;
                const view v =
                    see(&at, l, ipl_window_at(l, i, l->in.h), ipl_window_at(l, j, l->in.w));

                if (is_whole(v, 2))
                    back_place(dx + at, dy, won, known(v, 2));
                else if (is_whole(v, 3))
                    back_place(dx + at, dy, won, known(v, 3));
                else
                    back_place(dx + at, dy, won, v);
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
    .picks_largest = true,
    .bind = ipl_window_bind,
    .n_keep = maxpool_n_keep,
    .flops = ipl_window_flops,
    .forward = maxpool_forward,
    .backward = maxpool_backward,
};
