/* Sigmoid linear unit, y = x s(x), f' = s (1 + x (1 - s)). */
#include "math/vec.h"
#include "nn/layer.h"

enum { CHUNK = 256 }; /* numbers of scratch on the stack */

static void silu_value(const void *self, float *y, const float *x, size_t n)
{
    (void)self;
    ipl_vec_sigmoid(y, x, n);
    for (size_t i = 0; i < n; i++)
        y[i] *= x[i];
}

static void silu_slope(const void *self, float *g, const float *x, const float *y, size_t n)
{
    float s[CHUNK];

    (void)self;
    (void)y;
    for (size_t first = 0; first < n; first += CHUNK) {
        const size_t m = n - first < CHUNK ? n - first : CHUNK;

        ipl_vec_sigmoid(s, x + first, m);
        for (size_t i = 0; i < m; i++)
            g[first + i] *= s[i] * (1.0f + x[first + i] * (1.0f - s[i]));
    }
}

const ipl_layer_ops ipl_layer_silu = {
    .row = {.name = "silu",
            .summary = "x / (1 + e^-x), also called swish",
            .source = "Elfwing et al., Neural Networks 2018"},
    .example = "",
    .low = -0.279,
    .high = IPL_UNBOUNDED,
    .value = silu_value,
    .slope = silu_slope,
};
