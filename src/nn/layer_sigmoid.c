/* Logistic function, y = 1 / (1 + e^-x), f' = y (1 - y). */
#include "math/vec.h"
#include "nn/layer.h"

static void sigmoid_value(const void *self, float *y, const float *x, size_t n)
{
    (void)self;
    ipl_vec_sigmoid(y, x, n);
}

IPL_CLONES
static void sigmoid_slope(const void *self, float *g, const float *x, const float *y,
                          size_t n)
{
    (void)self;
    (void)x;
    for (size_t i = 0; i < n; i++)
        g[i] *= y[i] * (1.0f - y[i]);
}

const ipl_layer_ops ipl_layer_sigmoid = {
    .row = {.name = "sigmoid", .summary = "logistic function 1 / (1 + e^-x)"},
    .example = "",
    .low = 0.0,
    .high = 1.0,
    .monotone = true,
    .value = sigmoid_value,
    .slope = sigmoid_slope,
};
