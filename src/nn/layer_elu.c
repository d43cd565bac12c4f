/* Exponential linear unit, y = x for x > 0, else e^x - 1. */
#include "math/vec.h"
#include "nn/layer.h"

static void elu_value(const void *self, float *y, const float *x, size_t n)
{
    (void)self;
    ipl_vec_expm1(y, x, n);
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] > 0.0f ? x[i] : y[i];
}

static void elu_slope(const void *self, float *g, const float *x, const float *y, size_t n)
{
    (void)self;
    (void)x;
    for (size_t i = 0; i < n; i++)
        g[i] *= y[i] > 0.0f ? 1.0f : y[i] + 1.0f;
}

const ipl_layer_ops ipl_layer_elu = {
    .row = {.name = "elu",
            .summary = "x for x > 0, else e^x - 1",
            .source = "Clevert et al., ICLR 2016"},
    .example = "",
    .low = -1.0,
    .high = IPL_UNBOUNDED,
    .monotone = true,
    .value = elu_value,
    .slope = elu_slope,
};
