/*
 * Mean squared error, the mean of (z - t)^2 over all elements of the batch; t is the label in
 * one-hot form or the input. As PyTorch's MSELoss.
 */
#include "nn/loss.h"

enum { ONEHOT, INPUT };

typedef struct mse {
    int target;
} mse;

static const char *const targets[] = {"onehot", "input", NULL};

static const ipl_opt mse_opts[] = {
    IPL_OPT_WORD(mse, target, "target", targets, ONEHOT,
                 "what the outputs should be: the label as 0 and 1, or the input"),
    IPL_OPT_END,
};

static ipl_status mse_check(const void *self, const ipl_loss_sizes *sizes, ipl_error *err)
{
    const mse *l = self;

    if (l->target == ONEHOT)
        return ipl_loss_check_classes(sizes, err);
    if (sizes->outputs != ipl_shape_size(sizes->input))
        return ipl_fail(
            err, IPL_E_SHAPE,
            "the net ends in %zu outputs, its target is the input of %zu numbers",
            sizes->outputs, ipl_shape_size(sizes->input));
    return IPL_OK;
}

static double mse_apply(size_t *correct, const void *self, const ipl_loss_pass *p)
{
    const mse *l = self;
    const size_t U = p->outputs;
    const double scale = 2.0 / ((double)p->n * (double)U);
    double sum = 0.0;

    *correct = 0;
    for (size_t r = 0; r < p->rows; r++) {
        const float *z = p->z + r * U, *x = p->x + r * p->inputs;
        float *dz = p->dz + r * U;

        for (size_t i = 0; i < U; i++) {
            const double t = l->target == INPUT ? (double)x[i] : i == (size_t)p->y[r];
            const double d = (double)z[i] - t;

            sum += d * d;
            dz[i] = (float)(d * scale);
        }
        if (l->target == ONEHOT)
            *correct += ipl_loss_hit(z, U, p->y[r]);
    }
    return sum / (double)U;
}

const ipl_loss_ops ipl_loss_mse = {
    .row = {.name = "mse",
            .summary = "mean squared error over all outputs",
            .size = sizeof(mse),
            .opts = mse_opts},
    .check = mse_check,
    .apply = mse_apply,
};
