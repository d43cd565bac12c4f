/* A map as a vector, in the order channels, lines, columns; as PyTorch's nn.Flatten. */
#include "nn/layer.h"

static ipl_status flatten_bind(void *self, ipl_shape in, ipl_shape *out, ipl_error *err)
{
    (void)self;
    (void)err;
    *out = (ipl_shape){.c = ipl_shape_size(in), .h = 1, .w = 1};
    return IPL_OK;
}

static void flatten_forward(const void *self, ipl_shape in, ipl_shape out,
                            const ipl_pass *p)
{
    (void)self;
    (void)out;
    ipl_channels_first(p->y, p->x, in, p->rows);
}

static void flatten_backward(const void *self, ipl_shape in, ipl_shape out,
                             const ipl_pass *p)
{
    (void)self;
    (void)out;
    ipl_channels_last(p->dx, p->dy, in, p->rows);
}

const ipl_layer_ops ipl_layer_flatten = {
    .row = {.name = "flatten", .summary = "a map as a vector (a dense layer needs none)"},
    .example = "",
    .low = IPL_UNBOUNDED,
    .high = IPL_UNBOUNDED,
    .keeps_range = true,
    .bind = flatten_bind,
    .forward = flatten_forward,
    .backward = flatten_backward,
};
