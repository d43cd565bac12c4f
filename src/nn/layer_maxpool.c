/*
 * Largest value under a window, as PyTorch's nn.MaxPool2d: padding never wins, the gradient
 * goes to the first of equal maxima in row-major order, NaN wins over every number.
 *
 * Which cell of the window won is kept for the way back, where each place adds its gradient to
 * that cell, in the order of the places.
 *
 * Channels are taken as vectors of LANES. The last of a place may hang over into what is behind
 * it, which is written again when it is its turn; at the end of an array, where nothing is
 * behind, channels go one by one.
 */
#include "math/vec.h"
#include "nn/window.h"

#include <assert.h>
#include <string.h>

enum { LANES = 16, HALF = 8 };

/* Anywhere in memory. */
typedef float lanes __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t bits __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef float half __attribute__((vector_size(4 * HALF), aligned(4), may_alias));
typedef int32_t half_bits __attribute__((vector_size(4 * HALF), aligned(4), may_alias));

static size_t maxpool_n_keep(const void *self)
{
    return ipl_shape_size(((const ipl_window *)self)->out);
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
IPL_INLINE void max_lanes(float *restrict y, float *restrict won, const float *restrict x,
                          view v)
{
    float most[LANES], cell[LANES];

    for (size_t k = 0; k < LANES; k++) {
        most[k] = x[k];
        cell[k] = (float)v.first;
    }
    for (size_t i = 0; i < v.rows; i++)
        for (size_t j = 0; j < v.cols; j++) {
            const float number = (float)(v.first + i * v.size + j);

            for (size_t k = 0; k < LANES; k++) {
                const float at = x[i * v.line + j * v.C + k];
                const int better = (at > most[k]) | !(at <= INFINITY); /* or NaN */

                most[k] = better ? at : most[k];
                cell[k] = better ? number : cell[k];
            }
        }
    for (size_t k = 0; k < LANES; k++)
        y[k] = most[k];
    for (size_t k = 0; k < LANES; k++)
        won[k] = cell[k];
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
IPL_INLINE void max_place(float *y, float *won, const float *x, view v, bool at_end)
{
    for (size_t c = 0; !at_end && c < v.C; c += LANES)
        max_lanes(y + c, won + c, x + c, v);
    for (size_t c = 0; at_end && c < v.C; c++)
        max_one(y + c, won + c, x + c, v);
}

/* Add the gradient of one place: dy goes to the cell that won. */
IPL_INLINE void back_place(float *dx, const float *dy, const float *won, view v)
{
    const size_t whole = v.C / HALF * HALF;

    for (size_t c = 0; c < whole; c += HALF)
        for (size_t i = 0; i < v.rows; i++)
            for (size_t j = 0; j < v.cols; j++) {
                const float number = (float)(v.first + i * v.size + j);
                const half_bits here = *(const half *)(won + c) == (half){0} + number;

                *(half *)(dx + i * v.line + j * v.C + c) +=
                    (half)(here & (half_bits) * (const half *)(dy + c));
            }
    for (size_t c = whole; c < v.C; c++) {
        const size_t cell = (size_t)won[c] - v.first;

        assert(v.size > 0);
        dx[cell / v.size * v.line + cell % v.size * v.C + c] += dy[c];
    }
}

/* Write the gradient of `places` places side by side, of their cells on one line of the map;
 * `first` is the number of the first cell of the line. */
IPL_INLINE void back_line(float *dx, const float *dy, const float *won, size_t places,
                          size_t C, const size_t size, size_t first, bool at_end)
{
    for (size_t j = 0; j < places; j++, dy += C, won += C)
        for (size_t k = first; k < first + size; k++, dx += C) {
            const bool alone = at_end && (places - j) * C < C + LANES;

            for (size_t c = 0; !alone && c < C; c += LANES)
                *(lanes *)(dx + c) =
                    (lanes)((*(const lanes *)(won + c) == (lanes){0} + (float)k) &
                            (bits) * (const lanes *)(dy + c));
            for (size_t c = 0; alone && c < C; c++)
                dx[c] = won[c] == (float)k ? dy[c] : 0.0f;
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
    const size_t C = l->in.c, D = ipl_shape_size(l->in), U = ipl_shape_size(l->out);
    const float *x_end = x + n * D, *y_end = y + n * U;

    for (size_t r = 0; r < n; r++, x += D)
        for (size_t i = 0; i < l->out.h; i++) {
            const ipl_window_span rows = ipl_window_at(l, i, l->in.h);

            for (size_t j = 0; j < l->out.w; j++, y += C, won += C) {
                size_t at;
                const view v = see(&at, l, rows, ipl_window_at(l, j, l->in.w));
                const float *last = x + at + (v.rows - 1) * v.line + (v.cols - 1) * C;
                const size_t behind = (C + LANES - 1) / LANES * LANES;
                const bool at_end =
                    (size_t)(x_end - last) < behind || (size_t)(y_end - y) < behind;

                if (is_whole(v, 2))
                    max_place(y, won, x + at, known(v, 2), at_end);
                else if (is_whole(v, 3))
                    max_place(y, won, x + at, known(v, 3), at_end);
                else
                    max_place(y, won, x + at, v, at_end);
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

IPL_CLONES
static void maps_back(float *dx, const float *dy, const float *won, const ipl_window *l,
                      size_t n)
{
    const size_t C = l->in.c, D = ipl_shape_size(l->in);

    for (size_t r = 0; r < n; r++, dx += D) {
        memset(dx, 0, D * sizeof *dx);
        for (size_t i = 0; i < l->out.h; i++) {
            const ipl_window_span rows = ipl_window_at(l, i, l->in.h);

            for (size_t j = 0; j < l->out.w; j++, dy += C, won += C) {
                size_t at;
                const view v = see(&at, l, rows, ipl_window_at(l, j, l->in.w));

                if (is_whole(v, 2))
                    back_place(dx + at, dy, won, known(v, 2));
                else if (is_whole(v, 3))
                    back_place(dx + at, dy, won, known(v, 3));
                else
                    back_place(dx + at, dy, won, v);
            }
        }
    }
}

/* The same where every cell of the map belongs to one place: line by line, nothing is read. */
IPL_CLONES
static void maps_back_apart(float *dx, const float *dy, const float *won,
                            const ipl_window *l, size_t n)
{
    const size_t C = l->in.c, S = l->size, places = l->out.w, lines = n * l->out.h;

    for (size_t i = 0; i < lines; i++, dy += places * C, won += places * C)
        for (size_t k = 0; k < S; k++, dx += S * places * C) {
            const bool at_end = (lines - i - 1) * places * C < LANES;

            if (S == 2)
                back_line(dx, dy, won, places, C, 2, 2 * k, at_end);
            else
                back_line(dx, dy, won, places, C, S, S * k, at_end);
        }
}

static bool is_cut_apart(const ipl_window *l)
{
    return l->stride == l->size && l->padding == 0 && l->in.h == l->out.h * l->size &&
           l->in.w == l->out.w * l->size;
}

static void maxpool_backward(const void *self, ipl_shape in, ipl_shape out,
                             const ipl_pass *p)
{
    (void)in;
    (void)out;
    if (is_cut_apart(self))
        maps_back_apart(p->dx, p->dy, p->keep, self, p->rows);
    else
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
