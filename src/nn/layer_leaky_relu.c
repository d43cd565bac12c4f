/* Leaky rectifier, y = x for x > 0, else a x; f'(0) = a as in PyTorch. */
#include "math/vec.h"
#include "nn/layer.h"

typedef struct leaky_relu {
    double slope; /* a */
} leaky_relu;

static const ipl_opt leaky_relu_opts[] = {
    IPL_OPT_NUMBER(leaky_relu, slope, "slope", 0, 1, 0.01, "slope for x < 0"),
    IPL_OPT_END,
};

IPL_CLONES
static void leaky_relu_value(const void *self, float *y, const float *x, size_t n)
{
    const float a = (float)((const leaky_relu *)self)->slope;

    for (size_t i = 0; i < n; i++)
        y[i] = x[i] > 0.0f ? x[i] : a * x[i];
}

IPL_CLONES
static void leaky_relu_slope(const void *self, float *g, const float *x, const float *y,
                             size_t n)
{
    const float a = (float)((const leaky_relu *)self)->slope;

    (void)y;
    for (size_t i = 0; i < n; i++)
        g[i] = x[i] > 0.0f ? g[i] : a * g[i];
}

const ipl_layer_ops ipl_layer_leaky_relu = {
    .row = {.name = "leaky-relu",
            .summary = "x for x > 0, else slope x",
            .size = sizeof(leaky_relu),
            .opts = leaky_relu_opts},
    .example = "",
    .low = IPL_UNBOUNDED,
    .high = IPL_UNBOUNDED,
    .monotone = true,
    .value = leaky_relu_value,
    .slope = leaky_relu_slope,
};
