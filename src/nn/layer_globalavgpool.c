/* Mean of every channel over the whole map. */
#include "math/vec.h"
#include "nn/layer.h"

enum { CHANNELS = 64 }; /* sums kept at a time */

static ipl_status globalavgpool_bind(void *self, ipl_shape in, ipl_shape *out,
                                     ipl_error *err)
{
    (void)self;
    (void)err;
    *out = (ipl_shape){.c = in.c, .h = 1, .w = 1};
    return IPL_OK;
}

/* y (count) = means of that many of the C channels of x. */
IPL_CLONES
static void channel_means(float *y, const float *x, size_t count, size_t pixels, size_t C)
{
    double sum[CHANNELS] = {0};

    for (size_t i = 0; i < pixels; i++)
        for (size_t c = 0; c < count; c++)
            sum[c] += (double)x[i * C + c];
    for (size_t c = 0; c < count; c++)
        y[c] = (float)(sum[c] / (double)pixels);
}

static void globalavgpool_forward(const void *self, ipl_shape in, ipl_shape out,
                                  const ipl_pass *p)
{
    const size_t C = in.c, pixels = in.h * in.w;

    (void)self;
    (void)out;
    for (size_t r = 0; r < p->rows; r++)
        for (size_t c = 0; c < C; c += CHANNELS)
            channel_means(p->y + r * C + c, p->x + r * pixels * C + c,
                          C - c < CHANNELS ? C - c : CHANNELS, pixels, C);
}

static void globalavgpool_backward(const void *self, ipl_shape in, ipl_shape out,
                                   const ipl_pass *p)
{
    const size_t C = in.c, pixels = in.h * in.w;
    const float factor = 1.0f / (float)pixels;

    (void)self;
    (void)out;
    for (size_t r = 0; r < p->rows; r++)
        for (size_t i = 0; i < pixels; i++)
            for (size_t c = 0; c < C; c++)
                p->dx[(r * pixels + i) * C + c] = p->dy[r * C + c] * factor;
}

const ipl_layer_ops ipl_layer_globalavgpool = {
    .row = {.name = "globalavgpool", .summary = "mean of every channel over the map"},
    .example = "",
    .tag = "pool",
    .unmeasured = true,
    .low = IPL_UNBOUNDED,
    .high = IPL_UNBOUNDED,
    .keeps_range = true,
    .bind = globalavgpool_bind,
    .forward = globalavgpool_forward,
    .backward = globalavgpool_backward,
};
