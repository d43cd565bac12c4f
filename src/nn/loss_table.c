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
    size_t best = 0;

    for (size_t i = 0; i < n; i++) {
        if (z[i] != z[i])
            return false;
        if (z[i] > z[best])
            best = i;
    }
    return best == (size_t)y;
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
