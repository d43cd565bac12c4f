/* Gaussian error linear unit, y = x Phi(x), f' = Phi(x) + x phi(x): the exact form. */
#include "math/vec.h"
#include "nn/layer.h"

enum { CHUNK = 256 }; /* numbers of scratch on the stack */

#define INV_SQRT_2PI 0.398942280f

static void gelu_value(const void *self, float *y, const float *x, size_t n)
{
    (void)self;
    ipl_vec_normal(y, x, n);
    for (size_t i = 0; i < n; i++)
        y[i] *= x[i];
}

static void gelu_slope(const void *self, float *g, const float *x, const float *y, size_t n)
{
    float cdf[CHUNK], pdf[CHUNK], exponent[CHUNK];

    (void)self;
    (void)y;
    for (size_t first = 0; first < n; first += CHUNK) {
        const size_t m = n - first < CHUNK ? n - first : CHUNK;
        const float *z = x + first;

        for (size_t i = 0; i < m; i++)
            exponent[i] = -0.5f * z[i] * z[i];
        ipl_vec_exp(pdf, exponent, m);
        ipl_vec_normal(cdf, z, m);
        for (size_t i = 0; i < m; i++)
            g[first + i] *= cdf[i] + z[i] * (INV_SQRT_2PI * pdf[i]);
    }
}

const ipl_layer_ops ipl_layer_gelu = {
    .row = {.name = "gelu",
            .summary = "x Phi(x), Phi the normal distribution function",
            .source = "Hendrycks and Gimpel 2016, arXiv 1606.08415"},
    .example = "",
    .low = -0.17,
    .high = IPL_UNBOUNDED,
    .value = gelu_value,
    .slope = gelu_slope,
};
