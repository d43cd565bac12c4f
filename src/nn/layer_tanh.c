/* Hyperbolic tangent, f' = 1 - y^2. */
#include "math/vec.h"
#include "nn/layer.h"

static void tanh_value(const void *self, float *y, const float *x, size_t n)
{
    (void)self;
    ipl_vec_tanh(y, x, n);
}

IPL_CLONES
static void tanh_slope(const void *self, float *g, const float *x, const float *y, size_t n)
{
    (void)self;
    (void)x;
    for (size_t i = 0; i < n; i++)
        g[i] *= 1.0f - y[i] * y[i];
}

const ipl_layer_ops ipl_layer_tanh = {
    .row = {.name = "tanh", .summary = "hyperbolic tangent"},
    .example = "",
    .low = -1.0,
    .high = 1.0,
    .monotone = true,
    .value = tanh_value,
    .slope = tanh_slope,
};
