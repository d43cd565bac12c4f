/* Softplus, y = log(1 + e^x); f' is the logistic function. */
#include "math/vec.h"
#include "nn/layer.h"

enum { CHUNK = 256 }; /* numbers of scratch on the stack */

static void softplus_value(const void *self, float *y, const float *x, size_t n)
{
    (void)self;
    ipl_vec_softplus(y, x, n);
}

static void softplus_slope(const void *self, float *g, const float *x, const float *y,
                           size_t n)
{
    float s[CHUNK];

    (void)self;
    (void)y;
    for (size_t first = 0; first < n; first += CHUNK) {
        const size_t m = n - first < CHUNK ? n - first : CHUNK;

        ipl_vec_sigmoid(s, x + first, m);
        for (size_t i = 0; i < m; i++)
            g[first + i] *= s[i];
    }
}

const ipl_layer_ops ipl_layer_softplus = {
    .row = {.name = "softplus", .summary = "log(1 + e^x)"},
    .example = "",
    .low = 0.0,
    .high = IPL_UNBOUNDED,
    .monotone = true,
    .value = softplus_value,
    .slope = softplus_slope,
};
