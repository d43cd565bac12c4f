/* Sine, y = sin(x), f' = cos(x): the activation of periodic nets (Sitzmann et al. 2020). */
#include "nn/layer.h"

static void sine_value(const void *self, float *y, const float *x, size_t n)
{
    (void)self;
    for (size_t i = 0; i < n; i++)
        y[i] = sinf(x[i]);
}

static void sine_slope(const void *self, float *g, const float *x, const float *y, size_t n)
{
    (void)self;
    (void)y;
    for (size_t i = 0; i < n; i++)
        g[i] *= cosf(x[i]);
}

const ipl_layer_ops ipl_layer_sine = {
    .row = {.name = "sine", .summary = "sin(x)", .source = "Sitzmann et al., NeurIPS 2020"},
    .example = "",
    .low = -1.0,
    .high = 1.0,
    .value = sine_value,
    .slope = sine_slope,
};
