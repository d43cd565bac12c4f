/*
 * Layer normalisation: every sample to mean 0 and variance 1 over all its values, then
 * scaled and shifted value by value if asked for. As PyTorch's nn.LayerNorm([C, H, W]).
 *
 *     y = w (x - m) / sqrt(v + eps) + b,  m and v (biased) over the sample
 *
 * Sums are in double: a small variance beside a large mean keeps its digits. A mean does not
 * fit a float then, so it is kept as the sum of two.
 */
#include "math/vec.h"
#include "nn/layer.h"

#include <float.h>

enum {
    LANES = 32,
    STEPS = 4, /* terms added in float before they join a sum in double */
    N_KEEP = 3,
    COLUMNS = 64
};

typedef struct layernorm {
    double eps;
    bool affine;
    ipl_shape in; /* set by bind */
    size_t n;     /* values of a sample */
} layernorm;

static const ipl_opt layernorm_opts[] = {
    IPL_OPT_NUMBER(layernorm, eps, "eps", 0, DBL_MAX, 1e-5, "added to the variance"),
    IPL_OPT_FLAG(layernorm, affine, "affine", false, "learn a scale and a shift per value"),
    IPL_OPT_END,
};

static ipl_status layernorm_bind(void *self, ipl_shape in, ipl_shape *out, ipl_error *err)
{
    layernorm *l = self;

    (void)err;
    l->in = *out = in;
    l->n = ipl_shape_size(in);
    return IPL_OK;
}

static bool layernorm_param(ipl_param *out, const void *self, size_t k)
{
    const layernorm *l = self;

    if (!l->affine || k > 1)
        return false;
    *out = (ipl_param){.name = k == 0 ? "weight" : "bias",
                       .kind = k == 0 ? IPL_PARAM_ONE : IPL_PARAM_ZERO,
                       .fan_in = l->n,
                       .fan_out = l->n,
                       .n_dims = l->in.h * l->in.w > 1 ? 3 : 1,
                       .dims = {l->in.c, l->in.h, l->in.w}};
    if (ipl_shape_turns(l->in))
        ipl_param_turn(out, 1, l->in);
    return true;
}

static size_t layernorm_n_keep(const void *self)
{
    (void)self;
    return N_KEEP;
}

static double layernorm_flops(const void *self)
{
    return 7.0 * (double)((const layernorm *)self)->n;
}

/* keep = m as a sum of two floats, 1 / sqrt(v + eps). Differences from the first value have
 * the same variance and sums without large terms. */
IPL_CLONES
static void moments(float *keep, const float *x, size_t n, double eps)
{
    const double pivot = (double)x[0];
    double a[LANES] = {0}, b[LANES] = {0}, sum = 0.0, square = 0.0, mean, variance;
    size_t i = 0;

    for (; i + LANES <= n; i += LANES)
        for (size_t k = 0; k < LANES; k++) {
            const double d = (double)x[i + k] - pivot;

            a[k] += d;
            b[k] += d * d;
        }
    for (; i < n; i++) {
        const double d = (double)x[i] - pivot;

        a[0] += d;
        b[0] += d * d;
    }
    for (size_t k = 0; k < LANES; k++) {
        sum += a[k];
        square += b[k];
    }
    mean = sum / (double)n;
    variance = square / (double)n - mean * mean;
    if (variance < 0.0)
        variance = 0.0; /* rounding */
    keep[0] = (float)(pivot + mean);
    keep[1] = (float)(pivot - (double)keep[0] + mean);
    keep[2] = (float)(1.0 / sqrt(variance + eps));
}

IPL_CLONES
static void normalise(float *restrict y, const float *restrict x, const float *keep,
                      size_t n)
{
    const float high = keep[0], low = keep[1], factor = keep[2];

    for (size_t i = 0; i < n; i++)
        y[i] = ((x[i] - high) - low) * factor;
}

static void layernorm_forward(const void *self, ipl_shape in, ipl_shape out,
                              const ipl_pass *p)
{
    const layernorm *l = self;
    const size_t n = l->n;

    (void)in;
    (void)out;
    for (size_t r = 0; r < p->rows; r++) {
        float *y = p->y + r * n, *keep = p->keep + r * N_KEEP;

        moments(keep, p->x + r * n, n, l->eps);
        normalise(y, p->x + r * n, keep, n);
        for (size_t i = 0; l->affine && i < n; i++)
            y[i] = y[i] * p->w[i] + p->w[n + i];
    }
}

/* g = w dy at i; w NULL: g = dy. */
static inline float scaled(const float *dy, const float *w, size_t i)
{
    return w ? dy[i] * w[i] : dy[i];
}

/* dx = (g - mean(g) - xn mean(g xn)) / sqrt(v + eps), xn = normalised x. Inlined with w NULL
 * where there is none. */
IPL_INLINE void back(float *restrict dx, const float *restrict dy, const float *restrict w,
                     const float *restrict x, const float *keep, size_t n)
{
    const float high = keep[0], low = keep[1], factor = keep[2];
    double a[LANES] = {0}, b[LANES] = {0}, sum = 0.0, product = 0.0;
    float mean, slope;
    const size_t together = (size_t)STEPS * LANES;
    size_t i = 0;

    for (; i + together <= n; i += together) {
        float some[LANES] = {0}, products[LANES] = {0};

        for (size_t j = i; j < i + together; j += LANES)
            for (size_t k = 0; k < LANES; k++) {
                const float g = scaled(dy, w, j + k);

                some[k] += g;
                products[k] += g * (((x[j + k] - high) - low) * factor);
            }
        for (size_t k = 0; k < LANES; k++) {
            a[k] += (double)some[k];
            b[k] += (double)products[k];
        }
    }
    for (; i < n; i++) {
        const float g = scaled(dy, w, i);

        a[0] += (double)g;
        b[0] += (double)(g * (((x[i] - high) - low) * factor));
    }
    for (size_t k = 0; k < LANES; k++) {
        sum += a[k];
        product += b[k];
    }
    mean = (float)(sum / (double)n);
    slope = (float)(product / (double)n);
    for (i = 0; i < n; i++) {
        const float xn = ((x[i] - high) - low) * factor;

        dx[i] = (scaled(dy, w, i) - mean - xn * slope) * factor;
    }
}

IPL_CLONES
static void rows_back(const layernorm *l, const ipl_pass *p)
{
    const size_t n = l->n;

    for (size_t r = 0; r < p->rows; r++) {
        const float *dy = p->dy + r * n, *x = p->x + r * n, *keep = p->keep + r * N_KEEP;

        if (l->affine)
            back(p->dx + r * n, dy, p->w, x, keep, n);
        else
            back(p->dx + r * n, dy, NULL, x, keep, n);
    }
}

static void layernorm_backward(const void *self, ipl_shape in, ipl_shape out,
                               const ipl_pass *p)
{
    (void)in;
    (void)out;
    rows_back(self, p);
}

static size_t layernorm_n_tiles(const void *self)
{
    const layernorm *l = self;

    return l->affine ? (l->n - 1) / IPL_TILE_FLOATS + 1 : 0;
}

/* dw[i] = sum of dy xn, db[i] = sum of dy over the rows, for i = first ... first + m - 1. */
static void sum_columns(float *dw, float *db, const ipl_pass *p, size_t n, size_t first,
                        size_t m)
{
    double weight[COLUMNS] = {0}, bias[COLUMNS] = {0};

    for (size_t r = 0; r < p->rows; r++) {
        const float *dy = p->dy + r * n + first, *x = p->x + r * n + first;
        const float *keep = p->keep + r * N_KEEP;

        for (size_t i = 0; i < m; i++) {
            weight[i] += (double)(dy[i] * (((x[i] - keep[0]) - keep[1]) * keep[2]));
            bias[i] += (double)dy[i];
        }
    }
    for (size_t i = 0; i < m; i++) {
        dw[first + i] = (float)weight[i];
        db[first + i] = (float)bias[i];
    }
}

static void layernorm_gradient(const void *self, size_t tile, const ipl_pass *p)
{
    const layernorm *l = self;
    const size_t n = l->n, first = tile * IPL_TILE_FLOATS;
    const size_t end = n - first < IPL_TILE_FLOATS ? n : first + IPL_TILE_FLOATS;

    for (size_t i = first; i < end; i += COLUMNS)
        sum_columns(p->dw, p->dw + n, p, n, i, end - i < COLUMNS ? end - i : COLUMNS);
}

const ipl_layer_ops ipl_layer_layernorm = {
    .row = {.name = "layernorm",
            .summary = "every sample to mean 0 and variance 1",
            .source = "Ba, Kiros & Hinton 2016",
            .size = sizeof(layernorm),
            .opts = layernorm_opts},
    .example = "affine=yes",
    .low = IPL_UNBOUNDED,
    .high = IPL_UNBOUNDED,
    .bind = layernorm_bind,
    .param = layernorm_param,
    .n_keep = layernorm_n_keep,
    .flops = layernorm_flops,
    .forward = layernorm_forward,
    .backward = layernorm_backward,
    .n_tiles = layernorm_n_tiles,
    .gradient = layernorm_gradient,
};
