/* Rectifier, y = max(x, 0), f'(0) = 0; NaN passes. */
#include "math/vec.h"
#include "nn/layer.h"

IPL_CLONES
static void relu_value(const void *self, float *y, const float *x, size_t n)
{
    (void)self;
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] < 0.0f ? 0.0f : x[i];
}

IPL_CLONES
static void relu_slope(const void *self, float *g, const float *x, const float *y, size_t n)
{
    (void)self;
    (void)x;
    for (size_t i = 0; i < n; i++)
        g[i] = y[i] > 0.0f ? g[i] : 0.0f;
}

const ipl_layer_ops ipl_layer_relu = {
    .row = {.name = "relu", .summary = "max(x, 0)"},
    .example = "",
    .low = 0.0,
    .high = IPL_UNBOUNDED,
    .monotone = true,
    .value = relu_value,
    .slope = relu_slope,
};
