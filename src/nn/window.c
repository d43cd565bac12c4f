#include "nn/window.h"

const ipl_opt ipl_window_opts[] = {
    IPL_OPT_NUMBER(ipl_window, size, "size", 1, 4096, 2, "side of the window, in pixels"),
    IPL_OPT_NUMBER(ipl_window, stride, "stride", 0, 4096, 0, "step in pixels; 0: the size"),
    IPL_OPT_NUMBER(ipl_window, padding, "padding", 0, 2048, 0, "pixels around the map"),
    IPL_OPT_END,
};

ipl_status ipl_window_bind(void *self, ipl_shape in, ipl_shape *out, ipl_error *err)
{
    ipl_window *l = self;
    const size_t h = in.h + 2 * l->padding, w = in.w + 2 * l->padding;

    if (l->stride == 0)
        l->stride = l->size;
    if (l->padding > l->size / 2)
        return ipl_fail(err, IPL_E_SHAPE,
                        "padding %zu is more than half the window %zux%zu", l->padding,
                        l->size, l->size);
    *out = (ipl_shape){.c = in.c,
                       .h = h < l->size ? 0 : (h - l->size) / l->stride + 1,
                       .w = w < l->size ? 0 : (w - l->size) / l->stride + 1};
    if (out->h == 0 || out->w == 0)
        return ipl_fail(err, IPL_E_SHAPE,
                        "nothing is left, the output would be %zux%zux%zu: the window is "
                        "%zux%zu",
                        out->c, out->h, out->w, l->size, l->size);
    l->in = in;
    l->out = *out;
    return IPL_OK;
}

double ipl_window_flops(const void *self)
{
    const ipl_window *l = self;

    return (double)(l->size * l->size) * (double)ipl_shape_size(l->out);
}
