/*
 * Mean under a window; padding counts as zeros, as PyTorch's nn.AvgPool2d.
 */
#include "math/vec.h"
#include "nn/window.h"

#include <string.h>

IPL_CLONES
static void maps_mean(float *y, const float *x, const ipl_window *l, size_t n)
{
    const size_t C = l->in.c, W = l->in.w, D = ipl_shape_size(l->in);
    const float factor = 1.0f / (float)(l->size * l->size);

    memset(y, 0, n * ipl_shape_size(l->out) * sizeof *y);
    for (size_t r = 0; r < n; r++, x += D)
        for (size_t p = 0; p < l->out.h * l->out.w; p++, y += C) {
            const ipl_window_span rows = ipl_window_at(l, p / l->out.w, l->in.h);
            const ipl_window_span cols = ipl_window_at(l, p % l->out.w, W);

            for (size_t i = rows.first; i < rows.end; i++)
                for (size_t j = cols.first; j < cols.end; j++)
                    for (size_t c = 0; c < C; c++)
                        y[c] += x[(i * W + j) * C + c];
            for (size_t c = 0; c < C; c++)
                y[c] *= factor;
        }
}

static void avgpool_forward(const void *self, ipl_shape in, ipl_shape out,
                            const ipl_pass *p)
{
    (void)in;
    (void)out;
    maps_mean(p->y, p->x, self, p->rows);
}

IPL_CLONES
static void maps_back(float *dx, const float *dy, const ipl_window *l, size_t n)
{
    const size_t C = l->in.c, W = l->in.w, D = ipl_shape_size(l->in);
    const float factor = 1.0f / (float)(l->size * l->size);

    memset(dx, 0, n * D * sizeof *dx);
    for (size_t r = 0; r < n; r++, dx += D)
        for (size_t p = 0; p < l->out.h * l->out.w; p++, dy += C) {
            const ipl_window_span rows = ipl_window_at(l, p / l->out.w, l->in.h);
            const ipl_window_span cols = ipl_window_at(l, p % l->out.w, W);

            for (size_t i = rows.first; i < rows.end; i++)
                for (size_t j = cols.first; j < cols.end; j++)
                    for (size_t c = 0; c < C; c++)
                        dx[(i * W + j) * C + c] += dy[c] * factor;
        }
}

static void avgpool_backward(const void *self, ipl_shape in, ipl_shape out,
                             const ipl_pass *p)
{
    (void)in;
    (void)out;
    maps_back(p->dx, p->dy, self, p->rows);
}

const ipl_layer_ops ipl_layer_avgpool = {
    .row = {.name = "avgpool",
            .summary = "mean under a window, padding counts as zeros",
            .size = sizeof(ipl_window),
            .opts = ipl_window_opts},
    .example = "size=3,stride=2,padding=1",
    .low = IPL_UNBOUNDED,
    .high = IPL_UNBOUNDED,
    .keeps_range = true,
    .bind = ipl_window_bind,
    .flops = ipl_window_flops,
    .forward = avgpool_forward,
    .backward = avgpool_backward,
};
