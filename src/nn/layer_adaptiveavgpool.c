/*
 * Mean over cells that cut the map into size x size: cell i covers floor(i in / out) ...
 * ceil((i + 1) in / out), so cells overlap where sizes do not divide and repeat where the map
 * is smaller than size. As PyTorch's nn.AdaptiveAvgPool2d.
 */
#include "math/vec.h"
#include "nn/layer.h"

#include <string.h>

typedef struct adaptiveavgpool {
    size_t size;
    ipl_shape in, out; /* set by bind */
} adaptiveavgpool;

static const ipl_opt adaptiveavgpool_opts[] = {
    IPL_OPT_NUMBER(adaptiveavgpool, size, "size", 1, 4096, 1, "side of the output"),
    IPL_OPT_END,
};

static ipl_status adaptiveavgpool_bind(void *self, ipl_shape in, ipl_shape *out,
                                       ipl_error *err)
{
    adaptiveavgpool *l = self;

    (void)err;
    l->in = in;
    l->out = *out = (ipl_shape){.c = in.c, .h = l->size, .w = l->size};
    return IPL_OK;
}

/* Cells of an axis. */
static size_t first_of(size_t i, size_t in, size_t out)
{
    return i * in / out;
}

static size_t end_of(size_t i, size_t in, size_t out)
{
    return ((i + 1) * in - 1) / out + 1;
}

static double adaptiveavgpool_flops(const void *self)
{
    const adaptiveavgpool *l = self;
    const size_t h = end_of(0, l->in.h, l->out.h), w = end_of(0, l->in.w, l->out.w);

    return (double)(h * w) * (double)ipl_shape_size(l->out);
}

IPL_CLONES
static void maps_mean(float *y, const float *x, const adaptiveavgpool *l, size_t n)
{
    const size_t C = l->in.c, H = l->in.h, W = l->in.w, S = l->size;

    memset(y, 0, n * ipl_shape_size(l->out) * sizeof *y);
    for (size_t r = 0; r < n; r++, x += H * W * C)
        for (size_t p = 0; p < S * S; p++, y += C) {
            const size_t top = first_of(p / S, H, S), bottom = end_of(p / S, H, S);
            const size_t left = first_of(p % S, W, S), right = end_of(p % S, W, S);
            const float factor = 1.0f / (float)((bottom - top) * (right - left));

            for (size_t i = top; i < bottom; i++)
                for (size_t j = left; j < right; j++)
                    for (size_t c = 0; c < C; c++)
                        y[c] += x[(i * W + j) * C + c];
            for (size_t c = 0; c < C; c++)
                y[c] *= factor;
        }
}

static void adaptiveavgpool_forward(const void *self, ipl_shape in, ipl_shape out,
                                    const ipl_pass *p)
{
    (void)in;
    (void)out;
    maps_mean(p->y, p->x, self, p->rows);
}

IPL_CLONES
static void maps_back(float *dx, const float *dy, const adaptiveavgpool *l, size_t n)
{
    const size_t C = l->in.c, H = l->in.h, W = l->in.w, S = l->size;

    memset(dx, 0, n * H * W * C * sizeof *dx);
    for (size_t r = 0; r < n; r++, dx += H * W * C)
        for (size_t p = 0; p < S * S; p++, dy += C) {
            const size_t top = first_of(p / S, H, S), bottom = end_of(p / S, H, S);
            const size_t left = first_of(p % S, W, S), right = end_of(p % S, W, S);
            const float factor = 1.0f / (float)((bottom - top) * (right - left));

            for (size_t i = top; i < bottom; i++)
                for (size_t j = left; j < right; j++)
                    for (size_t c = 0; c < C; c++)
                        dx[(i * W + j) * C + c] += dy[c] * factor;
        }
}

static void adaptiveavgpool_backward(const void *self, ipl_shape in, ipl_shape out,
                                     const ipl_pass *p)
{
    (void)in;
    (void)out;
    maps_back(p->dx, p->dy, self, p->rows);
}

const ipl_layer_ops ipl_layer_adaptiveavgpool = {
    .row = {.name = "adaptiveavgpool",
            .summary = "means over cells that cut the map into size x size",
            .size = sizeof(adaptiveavgpool),
            .opts = adaptiveavgpool_opts},
    .example = "size=2",
    .tag = "pool",
    .unmeasured = true,
    .low = IPL_UNBOUNDED,
    .high = IPL_UNBOUNDED,
    .keeps_range = true,
    .bind = adaptiveavgpool_bind,
    .flops = adaptiveavgpool_flops,
    .forward = adaptiveavgpool_forward,
    .backward = adaptiveavgpool_backward,
};
