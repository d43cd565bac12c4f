/* End of a residual block, the sum of its two ways: see layer_skip.c. */
#include "nn/layer.h"

#include <string.h>

static void add_forward(const void *self, ipl_shape in, ipl_shape out, const ipl_pass *p)
{
    const size_t n = p->rows * ipl_shape_size(in);

    (void)self;
    (void)out;
    for (size_t i = 0; i < n; i++)
        p->y[i] = p->x[i] + p->x2[i];
}

/* Both inputs get dy; dx may be dy itself. */
static void add_backward(const void *self, ipl_shape in, ipl_shape out, const ipl_pass *p)
{
    const size_t bytes = p->rows * ipl_shape_size(in) * sizeof *p->dy;

    (void)self;
    (void)out;
    if (p->dx && p->dx != p->dy)
        memcpy(p->dx, p->dy, bytes);
    if (p->dx2)
        memcpy(p->dx2, p->dy, bytes);
}

const ipl_layer_ops ipl_layer_add = {
    .row = {.name = "add",
            .summary = "ends a residual block: the sum of its two ways",
            .source = "He et al. 2016"},
    .example = "",
    .tag = "add",
    .low = IPL_UNBOUNDED,
    .high = IPL_UNBOUNDED,
    .role = IPL_LAYER_ADD,
    .forward = add_forward,
    .backward = add_backward,
};
