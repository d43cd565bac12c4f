/*
 * Convolution, as PyTorch's nn.Conv2d; the formula is in math/conv.h.
 *
 * Parameters: W (kh, kw, C, F), then b (F). Maps are channels last.
 *
 * The gradient is summed in one of two ways, whichever reads less memory. A small W: the
 * batch is cut into groups of images, each sums a whole gradient of its own, and the groups
 * are added in their order. A large W: each tile is some rows of it over the whole batch.
 */
#include "math/conv.h"
#include "nn/layer.h"

#include <limits.h>
#include <string.h>

enum {
    N_TILES = 16,
    GROUP_FLOATS = 1 << 16 /* largest W that is summed by groups of images */
};

typedef struct conv2d {
    size_t filters, size, stride, padding;
    bool bias;
    ipl_conv g; /* set by bind */
} conv2d;

static const ipl_opt conv2d_opts[] = {
    IPL_OPT_NUMBER(conv2d, filters, "filters", 1, 1 << 16, 8, "number of output channels"),
    IPL_OPT_NUMBER(conv2d, size, "size", 1, 64, 3, "side of the kernel, pixels"),
    IPL_OPT_NUMBER(conv2d, stride, "stride", 1, 64, 1, "step of the kernel, pixels"),
    IPL_OPT_NUMBER(conv2d, padding, "padding", 0, 64, 0, "zeros around the map, pixels"),
    IPL_OPT_FLAG(conv2d, bias, "bias", true, "add a number to each channel"),
    IPL_OPT_END,
};

/* Rows of W, a row for each input of a kernel. */
static size_t rows_of(const conv2d *l)
{
    return l->g.kh * l->g.kw * l->g.c;
}

static size_t n_params(const conv2d *l)
{
    return (rows_of(l) + (l->bias ? 1 : 0)) * l->filters;
}

static ipl_status conv2d_bind(void *self, ipl_shape in, ipl_shape *out, ipl_error *err)
{
    conv2d *l = self;
    const size_t side = l->size, border = 2 * l->padding;

    if (in.h + border < side || in.w + border < side) {
        if (l->padding == 0)
            return ipl_fail(err, IPL_E_SHAPE,
                            "%zux%zu map is smaller than its %zux%zu kernel", in.h, in.w,
                            side, side);
        return ipl_fail(err, IPL_E_SHAPE,
                        "%zux%zu map with padding %zu is smaller than its %zux%zu kernel",
                        in.h, in.w, l->padding, side, side);
    }
    if (in.c > (INT_MAX / l->filters - 1) / (side * side))
        return ipl_fail(err, IPL_E_SHAPE,
                        "%zu x %zu x %zu x %zu weights: at most %d parameters", l->filters,
                        in.c, side, side, INT_MAX);
    l->g = (ipl_conv){.c = in.c,
                      .h = in.h,
                      .w = in.w,
                      .filters = l->filters,
                      .kh = side,
                      .kw = side,
                      .stride = l->stride,
                      .pad = l->padding};
    *out = ipl_conv_out(&l->g);
    return IPL_OK;
}

static bool conv2d_param(ipl_param *out, const void *self, size_t k)
{
    const conv2d *l = self;
    const size_t taps = l->g.kh * l->g.kw;
    const size_t order[4] = {2, 3, 1, 0}; /* kh, kw, C, F */

    *out = (ipl_param){
        .fan_in = taps * l->g.c, .fan_out = taps * l->filters, .dims = {l->filters}};
    if (k == 0) {
        out->name = "weight";
        out->kind = IPL_PARAM_WEIGHT;
        out->n_dims = 4;
        out->dims[1] = l->g.c;
        out->dims[2] = l->g.kh;
        out->dims[3] = l->g.kw;
        memcpy(out->axes, out->dims, sizeof out->axes);
        memcpy(out->order, order, sizeof out->order);
    } else {
        out->name = "bias";
        out->kind = IPL_PARAM_BIAS;
        out->n_dims = 1;
    }
    return k == 0 || (k == 1 && l->bias);
}

static double conv2d_flops(const void *self)
{
    const conv2d *l = self;

    return 2.0 * (double)rows_of(l) * (double)ipl_shape_size(ipl_conv_out(&l->g));
}

static size_t conv2d_n_scratch(const void *self)
{
    const conv2d *l = self;

    return ipl_conv_scratch(&l->g);
}

static void conv2d_forward(const void *self, ipl_shape in, ipl_shape out, const ipl_pass *p)
{
    const conv2d *l = self;

    (void)in;
    (void)out;
    ipl_conv_forward(p->y, p->x, p->w, l->bias ? p->w + rows_of(l) * l->filters : NULL,
                     p->scratch, &l->g, p->rows);
}

static void conv2d_backward(const void *self, ipl_shape in, ipl_shape out,
                            const ipl_pass *p)
{
    const conv2d *l = self;

    (void)in;
    (void)out;
    ipl_conv_backward(p->dx, p->dy, p->w, p->scratch, &l->g, p->rows);
}

static bool by_groups(const conv2d *l)
{
    return n_params(l) <= GROUP_FLOATS;
}

static size_t conv2d_n_tiles(const void *self)
{
    const conv2d *l = self;

    return by_groups(l) || rows_of(l) > N_TILES ? N_TILES : rows_of(l);
}

static size_t conv2d_n_partial(const void *self)
{
    const conv2d *l = self;

    return by_groups(l) ? N_TILES * n_params(l) : 0;
}

/* The gradient over group `tile` of the images. */
static void group_gradient(const conv2d *l, size_t tile, const ipl_pass *p)
{
    const size_t D = l->g.c * l->g.h * l->g.w, U = ipl_shape_size(ipl_conv_out(&l->g));
    const size_t first = p->rows * tile / N_TILES, end = p->rows * (tile + 1) / N_TILES;
    float *dw = p->partial + tile * n_params(l);

    ipl_conv_gradient(dw, l->bias ? dw + rows_of(l) * l->filters : NULL, p->x + first * D,
                      p->dy + first * U, p->scratch, &l->g, end - first, 0, rows_of(l));
}

static void conv2d_gradient(const void *self, size_t tile, const ipl_pass *p)
{
    const conv2d *l = self;
    const size_t K = rows_of(l), n = conv2d_n_tiles(l);
    const size_t first = K * tile / n, end = K * (tile + 1) / n;

    if (by_groups(l))
        group_gradient(l, tile, p);
    else
        ipl_conv_gradient(p->dw, l->bias && tile == 0 ? p->dw + K * l->filters : NULL, p->x,
                          p->dy, p->scratch, &l->g, p->rows, first, end - first);
}

/* One part of dw: the groups, added in their order. */
static void conv2d_reduce(const void *self, size_t tile, const ipl_pass *p)
{
    const conv2d *l = self;
    const size_t n = n_params(l), first = n * tile / N_TILES;
    const size_t count = n * (tile + 1) / N_TILES - first;
    float *dw = p->dw + first;

    if (!by_groups(l))
        return;
    memcpy(dw, p->partial + first, count * sizeof *dw);
    for (size_t group = 1; group < N_TILES; group++) {
        const float *from = p->partial + group * n + first;

        for (size_t i = 0; i < count; i++)
            dw[i] += from[i];
    }
}

const ipl_layer_ops ipl_layer_conv2d = {
    .row = {.name = "conv2d",
            .summary = "convolution of a map, zeros around it",
            .size = sizeof(conv2d),
            .opts = conv2d_opts},
    .example = "filters=3,size=2,stride=2,padding=1",
    .tag = "conv",
    .low = IPL_UNBOUNDED,
    .high = IPL_UNBOUNDED,
    .bind = conv2d_bind,
    .param = conv2d_param,
    .flops = conv2d_flops,
    .n_scratch = conv2d_n_scratch,
    .forward = conv2d_forward,
    .backward = conv2d_backward,
    .n_tiles = conv2d_n_tiles,
    .n_partial = conv2d_n_partial,
    .gradient = conv2d_gradient,
    .reduce = conv2d_reduce,
};
