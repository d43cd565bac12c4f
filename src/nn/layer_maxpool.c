/*
 * Largest value under a window, as PyTorch's nn.MaxPool2d: padding never wins, the gradient
 * goes to the first of equal maxima in row-major order, NaN wins over every number.
 *
 * Which cell of the window won is kept for the way back.
 */
#include "math/vec.h"
#include "nn/window.h"

#include <string.h>

static size_t maxpool_n_keep(const void *self)
{
    return ipl_shape_size(((const ipl_window *)self)->out);
}

/* One place of the window: y, won (C) over the cells of x, the map of one sample. */
static inline void place_max(float *restrict y, float *restrict won,
                             const float *restrict x, const ipl_window *l,
                             ipl_window_span rows, ipl_window_span cols, size_t C)
{
    const size_t W = l->in.w;
    float cell = (float)(rows.skipped * l->size + cols.skipped);

    for (size_t c = 0; c < C; c++) {
        y[c] = x[(rows.first * W + cols.first) * C + c];
        won[c] = cell;
    }
    for (size_t i = rows.first; i < rows.end; i++)
        for (size_t j = cols.first; j < cols.end; j++) {
            const float *v = x + (i * W + j) * C;

            cell = (float)((i - rows.first + rows.skipped) * l->size + j - cols.first +
                           cols.skipped);
            for (size_t c = 0; c < C; c++) {
                const int better = (v[c] > y[c]) | (v[c] != v[c]);

                won[c] = better ? cell : won[c];
                y[c] = better ? v[c] : y[c];
            }
        }
}

static inline void map_max(float *y, float *won, const float *x, const ipl_window *l,
                           size_t C)
{
    for (size_t i = 0; i < l->out.h; i++) {
        const ipl_window_span rows = ipl_window_at(l, i, l->in.h);

        for (size_t j = 0; j < l->out.w; j++) {
            place_max(y, won, x, l, rows, ipl_window_at(l, j, l->in.w), C);
            y += C;
            won += C;
        }
    }
}

/* Few channels are worth loops of their own: the compiler unrolls a constant number. */
IPL_CLONES
static void maps_max(float *y, float *won, const float *x, const ipl_window *l, size_t n)
{
    const size_t D = ipl_shape_size(l->in), U = ipl_shape_size(l->out);

    for (size_t r = 0; r < n; r++, x += D, y += U, won += U)
        if (l->in.c == 8)
            map_max(y, won, x, l, 8);
        else if (l->in.c == 16)
            map_max(y, won, x, l, 16);
        else
            map_max(y, won, x, l, l->in.c);
}

static void maxpool_forward(const void *self, ipl_shape in, ipl_shape out,
                            const ipl_pass *p)
{
    (void)in;
    (void)out;
    maps_max(p->y, p->keep, p->x, self, p->rows);
}

/* Give dy (C) of one place to the cells that won. */
static inline void place_back(float *restrict dx, const float *restrict dy,
                              const float *restrict won, const ipl_window *l,
                              ipl_window_span rows, ipl_window_span cols, size_t C)
{
    for (size_t i = rows.first; i < rows.end; i++)
        for (size_t j = cols.first; j < cols.end; j++) {
            const float cell = (float)((i - rows.first + rows.skipped) * l->size + j -
                                       cols.first + cols.skipped);
            float *to = dx + (i * l->in.w + j) * C;

            for (size_t c = 0; c < C; c++)
                to[c] += won[c] == cell ? dy[c] : 0.0f;
        }
}

static inline void map_back(float *dx, const float *dy, const float *won,
                            const ipl_window *l, size_t C)
{
    for (size_t i = 0; i < l->out.h; i++) {
        const ipl_window_span rows = ipl_window_at(l, i, l->in.h);

        for (size_t j = 0; j < l->out.w; j++) {
            place_back(dx, dy, won, l, rows, ipl_window_at(l, j, l->in.w), C);
            dy += C;
            won += C;
        }
    }
}

IPL_CLONES
static void maps_back(float *dx, const float *dy, const float *won, const ipl_window *l,
                      size_t n)
{
    const size_t D = ipl_shape_size(l->in), U = ipl_shape_size(l->out);

    for (size_t r = 0; r < n; r++, dx += D, dy += U, won += U) {
        memset(dx, 0, D * sizeof *dx);
        if (l->in.c == 8)
            map_back(dx, dy, won, l, 8);
        else if (l->in.c == 16)
            map_back(dx, dy, won, l, 16);
        else
            map_back(dx, dy, won, l, l->in.c);
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
