/*
 * Convolution, as PyTorch's nn.Conv2d; the formula is in math/conv.h.
 *
 * Parameters: W (kh, kw, C, F), then b (F). Maps are channels last.
 *
 * The gradient of a small W is summed on the way back, image by image. A large W would be read
 * and written too often: each tile of it is some rows over the whole batch.
 */
#include "math/conv.h"
#include "nn/layer.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

enum {
    N_TILES = 16,
    ADDED_FLOATS = 1 << 16 /* most parameters whose gradient is summed on the way back */
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

static bool conv2d_adds(const void *self)
{
    return n_params(self) <= ADDED_FLOATS;
}

static void conv2d_add_gradient(const void *self, const ipl_pass *p)
{
    const conv2d *l = self;

    ipl_conv_add_gradient(p->dw, l->bias ? p->dw + rows_of(l) * l->filters : NULL, p->x,
                          p->dy, p->scratch, &l->g, p->rows);
}

static size_t conv2d_n_tiles(const void *self)
{
    const size_t K = rows_of(self);

    return conv2d_adds(self) ? 0 : K > N_TILES ? N_TILES : K;
}

static void conv2d_gradient(const void *self, size_t tile, const ipl_pass *p)
{
    const conv2d *l = self;
    const size_t K = rows_of(l), n = conv2d_n_tiles(l);
    size_t first, end;

    assert(tile < n);
    first = K * tile / n;
    end = K * (tile + 1) / n;
    ipl_conv_gradient(p->dw, l->bias && tile == 0 ? p->dw + K * l->filters : NULL, p->x,
                      p->dy, p->scratch, &l->g, p->rows, first, end - first);
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
    .gradient = conv2d_gradient,
    .adds = conv2d_adds,
    .add_gradient = conv2d_add_gradient,
};
