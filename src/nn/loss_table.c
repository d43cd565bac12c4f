#include "nn/loss.h"

const ipl_loss_ops *const ipl_loss_table[] = {
    &ipl_loss_cross_entropy,
    &ipl_loss_mse,
    NULL,
};

const ipl_row *ipl_loss_row(size_t i)
{
    return ipl_loss_table[i] ? &ipl_loss_table[i]->row : NULL;
}

bool ipl_loss_hit(const float *z, size_t n, int32_t y)
{
    const float top = z[y];
    unsigned hit = 1;

    /* No branches: which output is largest cannot be foreseen. */
    for (size_t i = 0; i < n; i++)
        hit &= (unsigned)(z[i] <= top) & (unsigned)((z[i] < top) | (i >= (size_t)y));
    return hit;
}

ipl_status ipl_loss_check_classes(const ipl_loss_sizes *sizes, ipl_error *err)
{
    if (sizes->n_classes == 0)
        return ipl_fail(err, IPL_E_SHAPE, "the data has no labels");
    if (sizes->outputs != sizes->n_classes)
        return ipl_fail(err, IPL_E_SHAPE,
                        "the net ends in %zu outputs, the data has %zu classes",
                        sizes->outputs, sizes->n_classes);
    return IPL_OK;
}
