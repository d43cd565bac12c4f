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

/* out (cols, rows) = x (rows, cols) transposed. */
static void transpose(float *out, const float *x, size_t rows, size_t cols)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < cols; j++)
            out[j * rows + i] = x[i * cols + j];
}

void ipl_channels_last(float *out, const float *x, ipl_shape shape, size_t rows)
{
    const size_t size = ipl_shape_size(shape);

    for (size_t r = 0; r < rows; r++)
        transpose(out + r * size, x + r * size, shape.c, shape.h * shape.w);
}

void ipl_channels_first(float *out, const float *x, ipl_shape shape, size_t rows)
{
    const size_t size = ipl_shape_size(shape);

    for (size_t r = 0; r < rows; r++)
        transpose(out + r * size, x + r * size, shape.h * shape.w, shape.c);
}

size_t ipl_param_size(const ipl_param *param)
{
    size_t n = 1;

    for (size_t i = 0; i < param->n_dims; i++)
        n *= param->dims[i];
    return n;
}

void ipl_param_turn(ipl_param *param, size_t rows, ipl_shape shape)
{
    const size_t axes[4] = {rows, shape.c, shape.h, shape.w}, order[4] = {0, 2, 3, 1};

    memcpy(param->axes, axes, sizeof axes);
    memcpy(param->order, order, sizeof order);
}

/* Where value i, counted in the order of the dims, is stored. */
static size_t place(const ipl_param *param, size_t i)
{
    size_t at[4], stored = 0;

    for (size_t k = 4; k-- > 0; i /= param->axes[k])
        at[k] = i % param->axes[k];
    for (size_t k = 0; k < 4; k++)
        stored = stored * param->axes[param->order[k]] + at[param->order[k]];
    return stored;
}

void ipl_param_store(float *stored, const float *values, const ipl_param *param)
{
    const size_t n = ipl_param_size(param);

    if (param->axes[0] == 0)
        memcpy(stored, values, n * sizeof *stored);
    for (size_t i = 0; param->axes[0] > 0 && i < n; i++)
        stored[place(param, i)] = values[i];
}

void ipl_param_load(float *values, const float *stored, const ipl_param *param)
{
    const size_t n = ipl_param_size(param);

    if (param->axes[0] == 0)
        memcpy(values, stored, n * sizeof *values);
    for (size_t i = 0; param->axes[0] > 0 && i < n; i++)
        values[i] = stored[place(param, i)];
}
