/*
 * Fully connected layer, Y = X W' + 1 b'.
 *
 * Parameters: W (U, D) row-major, its columns in the order of the input, then b (U). Conventions are those of PyTorch's nn.Linear.
 */
#include "math/abreast.h"
#include "math/linalg.h"
#include "math/narrow.h"
#include "math/vec.h"
#include "nn/layer.h"

#include <limits.h>
#include <string.h>

enum {
    TILE_FLOATS = 100000, /* of dW in one tile, about: a few tiles for the widest layers */
    BIAS_COLUMNS = 64     /* sums kept at a time */
};

typedef struct dense {
    size_t units;  /* U */
    size_t inputs; /* D, set by bind */
    ipl_shape in;
} dense;

static const ipl_opt dense_opts[] = {
    IPL_OPT_NUMBER(dense, units, "units", 1, 1 << 24, 10, "number of outputs"),
    IPL_OPT_END,
};

static ipl_status dense_bind(void *self, ipl_shape in, ipl_shape *out, ipl_error *err)
{
    dense *l = self;

    l->inputs = ipl_shape_size(in);
    l->in = in;
    if (l->inputs > (INT_MAX - l->units) / l->units)
        return ipl_fail(err, IPL_E_SHAPE, "%zu x %zu weights: at most %d parameters",
                        l->units, l->inputs, INT_MAX);
    *out = (ipl_shape){.c = l->units, .h = 1, .w = 1};
    return IPL_OK;
}

static bool dense_param(ipl_param *out, const void *self, size_t k)
{
    const dense *l = self;

    *out = (ipl_param){.fan_in = l->inputs, .fan_out = l->units, .dims = {l->units}};
    if (k == 0) {
        out->name = "weight";
        out->kind = IPL_PARAM_WEIGHT;
        out->n_dims = 2;
        out->dims[1] = l->inputs;
        if (ipl_shape_turns(l->in))
            ipl_param_turn(out, l->units, l->in);
    } else {
        out->name = "bias";
        out->kind = IPL_PARAM_BIAS;
        out->n_dims = 1;
    }
    return k < 2;
}

static double dense_flops(const void *self)
{
    const dense *l = self;

    return 2.0 * (double)l->units * (double)l->inputs;
}

/* N rows of b (U) below each other: what is there is copied, twice as much each time. */
static void repeat(float *y, const float *b, size_t N, size_t U)
{
    size_t done = 1;

    memcpy(y, b, U * sizeof *b);
    for (; 2 * done <= N; done *= 2)
        memcpy(y + done * U, y, done * U * sizeof *y);
    memcpy(y + done * U, y, (N - done) * U * sizeof *y);
}

static void dense_forward(const void *self, ipl_shape in, ipl_shape out, const ipl_pass *p)
{
    const dense *l = self;
    const size_t N = p->rows, D = l->inputs, U = l->units;
    const float *W = p->w, *b = p->w + U * D;

    (void)in;
    (void)out;
    /* Y = 1 b' + X W' */
    if (p->abreast) {
        ipl_abreast_forward(p->y, p->x, W, b, N, D, U);
        return;
    }
    if (ipl_narrow_fits(D, U)) {
        ipl_narrow_forward(p->y, p->x, W, b, N, D, U);
        return;
    }
    repeat(p->y, b, N, U);
    ipl_gemm(IPL_NT, N, U, D, 1.0f, p->x, W, 1.0f, p->y);
}

static void dense_backward(const void *self, ipl_shape in, ipl_shape out, const ipl_pass *p)
{
    const dense *l = self;

    (void)in;
    (void)out;
    /* dX = dY W */
    if (p->abreast)
        ipl_abreast_backward(p->dx, p->dy, p->w, p->rows, l->inputs, l->units);
    else if (ipl_narrow_fits(l->inputs, l->units))
        ipl_narrow_backward(p->dx, p->dy, p->w, p->rows, l->inputs, l->units);
    else
        ipl_gemm(IPL_NN, p->rows, l->inputs, l->units, 1.0f, p->dy, p->w, 0.0f, p->dx);
}

static bool dense_takes_abreast(const void *self)
{
    const dense *l = self;

    return ipl_narrow_fits(l->inputs, l->units);
}

/* Rows of dW in one tile: a multiple of 16, so that tiles fill the registers of a product. */
static size_t tile_rows(const dense *l)
{
    return (TILE_FLOATS / l->inputs / 16 + 1) * 16;
}

static size_t dense_n_tiles(const void *self)
{
    const dense *l = self;

    return (l->units - 1) / tile_rows(l) + 1;
}

/* db[u] = sum over n of dY[n][u] for u = first ... first + count - 1. */
IPL_CLONES
static void bias_gradient(float *db, const float *dy, size_t N, size_t U, size_t first,
                          size_t count)
{
    for (size_t u = first; u < first + count; u += BIAS_COLUMNS) {
        const size_t m =
            first + count - u < BIAS_COLUMNS ? first + count - u : BIAS_COLUMNS;
        double sum[BIAS_COLUMNS] = {0};

        for (size_t n = 0; n < N; n++)
            for (size_t i = 0; i < m; i++)
                sum[i] += (double)dy[n * U + u + i];
        for (size_t i = 0; i < m; i++)
            db[u + i] = (float)sum[i];
    }
}

static void dense_gradient(const void *self, size_t tile, const ipl_pass *p)
{
    const dense *l = self;
    const size_t D = l->inputs, U = l->units, first = tile * tile_rows(l);
    const size_t rows = U - first < tile_rows(l) ? U - first : tile_rows(l);

    /* dW = dY' X; a narrow layer is one tile */
    if (p->abreast) {
        ipl_abreast_gradient(p->dw, p->dw + U * D, p->dy, p->x, p->rows, D, U);
        return;
    }
    if (ipl_narrow_fits(D, U)) {
        ipl_narrow_gradient(p->dw, p->dw + U * D, p->dy, p->x, p->rows, D, U);
        return;
    }
    ipl_gemm_tn_rows(first, rows, U, D, p->rows, 1.0f, p->dy, p->x, 0.0f, p->dw);
    bias_gradient(p->dw + U * D, p->dy, p->rows, U, first, rows);
}

const ipl_layer_ops ipl_layer_dense = {
    .row = {.name = "dense",
            .summary = "fully connected, Y = X W' + b",
            .size = sizeof(dense),
            .opts = dense_opts},
    .example = "units=3",
    .tag = "fc",
    .whole_shard = true,
    .low = IPL_UNBOUNDED,
    .high = IPL_UNBOUNDED,
    .bind = dense_bind,
    .param = dense_param,
    .flops = dense_flops,
    .forward = dense_forward,
    .backward = dense_backward,
    .takes_abreast = dense_takes_abreast,
    .n_tiles = dense_n_tiles,
    .gradient = dense_gradient,
};
