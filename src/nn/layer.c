#include "nn/layer.h"

#include <string.h>

void ipl_layer_forward(const ipl_layer_ops *ops, const void *self, ipl_shape in,
                       ipl_shape out, const ipl_pass *p)
{
    if (ops->value)
        ops->value(self, p->y, p->x, p->rows * ipl_shape_size(out));
    else
        ops->forward(self, in, out, p);
}

void ipl_layer_backward(const ipl_layer_ops *ops, const void *self, ipl_shape in,
                        ipl_shape out, const ipl_pass *p)
{
    const size_t n = p->rows * ipl_shape_size(in);

    if (!ops->slope) {
        ops->backward(self, in, out, p);
        return;
    }
    if (p->dx != p->dy)
        memcpy(p->dx, p->dy, n * sizeof *p->dx);
    ops->slope(self, p->dx, p->x, p->y, n);
}
