/*
 * Batch normalisation, as PyTorch's nn.BatchNorm2d: every channel to mean 0 and variance 1
 * over the pixels of all rows of the batch, then scaled and shifted.
 *
 *     y = w (x - m) / sqrt(v + eps) + b,  m and v (biased) over the batch
 *     running = (1 - momentum) running + momentum (m or unbiased v)
 *
 * In training every channel needs two values: a batch of one row of one pixel is refused.
 * In evaluation mode m and v are the running ones. The sums over the batch come from the net:
 * forward sum x, sum x^2; backward sum dy, sum dy xn with xn = (x - m) / sqrt(v + eps).
 */
#include "math/vec.h"
#include "nn/layer.h"

#include <float.h>

typedef struct batchnorm {
    double momentum, eps;
    bool affine;
    size_t C, pixels; /* set by bind */
} batchnorm;

static const ipl_opt batchnorm_opts[] = {
    IPL_OPT_NUMBER(batchnorm, momentum, "momentum", 0, 1, 0.1,
                   "share of the batch in the running mean and variance"),
    IPL_OPT_NUMBER(batchnorm, eps, "eps", 0, DBL_MAX, 1e-5, "added to the variance"),
    IPL_OPT_FLAG(batchnorm, affine, "affine", true,
                 "learn a scale and a shift per channel"),
    IPL_OPT_END,
};

static ipl_status batchnorm_bind(void *self, ipl_shape in, ipl_shape *out, ipl_error *err)
{
    batchnorm *l = self;

    (void)err;
    *out = in;
    l->C = in.c;
    l->pixels = in.h * in.w;
    return IPL_OK;
}

static bool batchnorm_param(ipl_param *out, const void *self, size_t k)
{
    const batchnorm *l = self;

    *out = (ipl_param){.name = k == 0 ? "weight" : "bias",
                       .kind = k == 0 ? IPL_PARAM_ONE : IPL_PARAM_ZERO,
                       .fan_in = l->C,
                       .fan_out = l->C,
                       .n_dims = 1,
                       .dims = {l->C}};
    return l->affine && k < 2;
}

static bool batchnorm_running(ipl_param *out, const void *self, size_t k)
{
    const batchnorm *l = self;

    *out = (ipl_param){.name = k == 0 ? "running_mean" : "running_var",
                       .kind = k == 0 ? IPL_PARAM_ZERO : IPL_PARAM_ONE,
                       .n_dims = 1,
                       .dims = {l->C}};
    return k < 2;
}

static size_t batchnorm_n_sums(const void *self)
{
    return 2 * ((const batchnorm *)self)->C;
}

static size_t batchnorm_n_scratch(const void *self)
{
    return 5 * ((const batchnorm *)self)->C;
}

/* The variance of one value is 0: it says nothing of a channel and would shrink the running
 * variance. */
static size_t batchnorm_least_batch(const void *self)
{
    return ((const batchnorm *)self)->pixels > 1 ? 1 : 2;
}

static double batchnorm_flops(const void *self)
{
    const batchnorm *l = self;

    return 2.0 * (double)l->C * (double)l->pixels;
}

/* Mean and biased variance of channel c over the batch. */
static void moments(double *mean, double *variance, const batchnorm *l, const ipl_pass *p,
                    size_t c)
{
    const double n = (double)p->batch * (double)l->pixels;

    *mean = p->sums[c] / n;
    *variance = p->sums[l->C + c] / n - *mean * *mean;
    if (*variance < 0.0)
        *variance = 0.0; /* rounding */
}

/* high + low (C) = mean of every channel, factor (C) = 1 / sqrt(v + eps). */
static void centre_and_factor(float *high, float *low, float *factor, const batchnorm *l,
                              const ipl_pass *p)
{
    for (size_t c = 0; c < l->C; c++) {
        double mean, variance;

        if (p->training) {
            moments(&mean, &variance, l, p, c);
        } else {
            mean = (double)p->running[c];
            variance = (double)p->running[l->C + c];
        }
        high[c] = (float)mean;
        low[c] = (float)(mean - (double)high[c]);
        factor[c] = (float)(1.0 / sqrt(variance + l->eps));
    }
}

IPL_CLONES
static void add_moments(double *restrict sum, double *restrict square,
                        const float *restrict x, size_t n, size_t C)
{
    for (size_t i = 0; i < n; i++, x += C)
        for (size_t c = 0; c < C; c++) {
            const double v = (double)x[c];

            sum[c] += v;
            square[c] += v * v;
        }
}

static void batchnorm_sum_forward(const void *self, double *sums, const ipl_pass *p)
{
    const batchnorm *l = self;

    add_moments(sums, sums + l->C, p->x, p->rows * l->pixels, l->C);
}

/* y = (x - mean) factor + shift, for n pixels. */
IPL_CLONES
static void normalise(float *restrict y, const float *restrict x,
                      const float *restrict high, const float *restrict low,
                      const float *restrict factor, const float *restrict shift, size_t n,
                      size_t C)
{
    for (size_t i = 0; i < n; i++, x += C, y += C)
        for (size_t c = 0; c < C; c++)
            y[c] = ((x[c] - high[c]) - low[c]) * factor[c] + shift[c];
}

static void batchnorm_forward(const void *self, ipl_shape in, ipl_shape out,
                              const ipl_pass *p)
{
    const batchnorm *l = self;
    const size_t C = l->C;
    float *high = p->scratch, *low = high + C, *factor = low + C, *shift = factor + C;

    (void)in;
    (void)out;
    centre_and_factor(high, low, factor, l, p);
    for (size_t c = 0; c < C; c++) {
        factor[c] *= l->affine ? p->w[c] : 1.0f;
        shift[c] = l->affine ? p->w[C + c] : 0.0f;
    }
    normalise(p->y, p->x, high, low, factor, shift, p->rows * l->pixels, C);
}

IPL_CLONES
static void add_products(double *restrict sum, double *restrict product,
                         const float *restrict dy, const float *restrict x,
                         const float *restrict high, const float *restrict low,
                         const float *restrict factor, size_t n, size_t C)
{
    for (size_t i = 0; i < n; i++, x += C, dy += C)
        for (size_t c = 0; c < C; c++) {
            sum[c] += (double)dy[c];
            product[c] += (double)(dy[c] * (((x[c] - high[c]) - low[c]) * factor[c]));
        }
}

static void batchnorm_sum_backward(const void *self, double *sums, const ipl_pass *p)
{
    const batchnorm *l = self;
    const size_t C = l->C;
    float *high = p->scratch, *low = high + C, *factor = low + C;

    centre_and_factor(high, low, factor, l, p);
    add_products(sums, sums + C, p->dy, p->x, high, low, factor, p->rows * l->pixels, C);
}

/* dx = (dy - mean(dy)) a - (x - m) b, a and b (C). */
IPL_CLONES
static void back(float *restrict dx, const float *restrict dy, const float *restrict x,
                 const float *restrict high, const float *restrict low,
                 const float *restrict mean, const float *restrict a,
                 const float *restrict b, size_t n, size_t C)
{
    for (size_t i = 0; i < n; i++, x += C, dx += C, dy += C)
        for (size_t c = 0; c < C; c++)
            dx[c] = (dy[c] - mean[c]) * a[c] - ((x[c] - high[c]) - low[c]) * b[c];
}

static void batchnorm_backward(const void *self, ipl_shape in, ipl_shape out,
                               const ipl_pass *p)
{
    const batchnorm *l = self;
    const size_t C = l->C;
    const double n = (double)p->batch * (double)l->pixels, *sums = p->sums + 2 * C;
    float *high = p->scratch, *low = high + C, *factor = low + C;
    float *mean = factor + C, *slope = mean + C;

    (void)in;
    (void)out;
    /* dx = w f (dy - mean(dy) - xn mean(dy xn)), xn = (x - m) f */
    centre_and_factor(high, low, factor, l, p);
    for (size_t c = 0; c < C; c++) {
        const float w = l->affine ? p->w[c] : 1.0f;

        mean[c] = (float)(sums[c] / n);
        slope[c] = w * factor[c] * factor[c] * (float)(sums[C + c] / n);
        factor[c] *= w;
    }
    back(p->dx, p->dy, p->x, high, low, mean, factor, slope, p->rows * l->pixels, C);
}

static size_t batchnorm_n_tiles(const void *self)
{
    return ((const batchnorm *)self)->affine;
}

/* dw = sum dy xn, db = sum dy. */
static void batchnorm_gradient(const void *self, size_t tile, const ipl_pass *p)
{
    const batchnorm *l = self;
    const size_t C = l->C;

    (void)tile;
    for (size_t c = 0; c < C; c++) {
        p->dw[c] = (float)p->sums[3 * C + c];
        p->dw[C + c] = (float)p->sums[2 * C + c];
    }
}

static void batchnorm_remember(const void *self, const ipl_pass *p)
{
    const batchnorm *l = self;
    const double n = (double)p->batch * (double)l->pixels;

    for (size_t c = 0; c < l->C; c++) {
        float *mean = &p->running[c], *variance = &p->running[l->C + c];
        double m, v;

        moments(&m, &v, l, p, c);
        v *= n / (n - 1.0);
        *mean = (float)((1.0 - l->momentum) * (double)*mean + l->momentum * m);
        *variance = (float)((1.0 - l->momentum) * (double)*variance + l->momentum * v);
    }
}

const ipl_layer_ops ipl_layer_batchnorm = {
    .row = {.name = "batchnorm",
            .summary = "every channel to mean 0 and variance 1 over the batch",
            .source = "Ioffe & Szegedy 2015",
            .size = sizeof(batchnorm),
            .opts = batchnorm_opts},
    .example = "",
    .low = IPL_UNBOUNDED,
    .high = IPL_UNBOUNDED,
    .bind = batchnorm_bind,
    .param = batchnorm_param,
    .n_scratch = batchnorm_n_scratch,
    .flops = batchnorm_flops,
    .forward = batchnorm_forward,
    .backward = batchnorm_backward,
    .n_tiles = batchnorm_n_tiles,
    .gradient = batchnorm_gradient,
    .least_batch = batchnorm_least_batch,
    .n_sums = batchnorm_n_sums,
    .sum_forward = batchnorm_sum_forward,
    .sum_backward = batchnorm_sum_backward,
    .running = batchnorm_running,
    .remember = batchnorm_remember,
};
