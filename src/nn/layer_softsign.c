/* Softsign, y = x / (1 + |x|), f' = 1 / (1 + |x|)^2. */
#include "math/vec.h"
#include "nn/layer.h"

IPL_CLONES
static void softsign_value(const void *self, float *y, const float *x, size_t n)
{
    (void)self;
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] / (1.0f + fabsf(x[i]));
}

IPL_CLONES
static void softsign_slope(const void *self, float *g, const float *x, const float *y,
                           size_t n)
{
    (void)self;
    (void)y;
    for (size_t i = 0; i < n; i++) {
        const float s = 1.0f / (1.0f + fabsf(x[i]));

        g[i] *= s * s;
    }
}

const ipl_layer_ops ipl_layer_softsign = {
    .row = {.name = "softsign", .summary = "x / (1 + |x|)"},
    .example = "",
    .low = -1.0,
    .high = 1.0,
    .monotone = true,
    .value = softsign_value,
    .slope = softsign_slope,
};
