/* Hard tanh, y = min(max(x, -1), 1); f' = 1 inside (-1, 1), 0 at its ends and outside. */
#include "math/vec.h"
#include "nn/layer.h"

IPL_CLONES
static void hard_tanh_value(const void *self, float *y, const float *x, size_t n)
{
    (void)self;
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] < -1.0f ? -1.0f : x[i] > 1.0f ? 1.0f : x[i];
}

IPL_CLONES
static void hard_tanh_slope(const void *self, float *g, const float *x, const float *y,
                            size_t n)
{
    (void)self;
    (void)y;
    for (size_t i = 0; i < n; i++)
        g[i] = fabsf(x[i]) < 1.0f ? g[i] : 0.0f;
}

const ipl_layer_ops ipl_layer_hard_tanh = {
    .row = {.name = "hard-tanh", .summary = "x cut off at -1 and 1"},
    .example = "",
    .low = -1.0,
    .high = 1.0,
    .monotone = true,
    .value = hard_tanh_value,
    .slope = hard_tanh_slope,
};
