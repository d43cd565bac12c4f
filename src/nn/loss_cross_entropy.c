/*
 * Softmax cross-entropy, l = log sum_j e^(z_j - m) - (z_y - m), m = max z; the mean over the
 * rows of the batch. dL/dz = (softmax(z) - onehot(y)) / n. As PyTorch's CrossEntropyLoss.
 */
#include "math/vec.h"
#include "nn/loss.h"

#include <math.h>

#define ENOUGH 1e280 /* times 2^24 outputs is still a number */

static ipl_status cross_entropy_check(const void *self, const ipl_loss_sizes *sizes,
                                      ipl_error *err)
{
    (void)self;
    return ipl_loss_check_classes(sizes, err);
}

/* out = z - max(z), which keeps exp() in range. NaN in z is NaN in out. */
static void shift(float *out, const float *z, size_t n)
{
    float top = z[0];

    for (size_t i = 1; i < n; i++)
        top = z[i] > top ? z[i] : top;
    for (size_t i = 0; i < n; i++)
        out[i] = z[i] - top;
}

/* dz from e = e^(z - max z) in its place; returns the sum of e. */
static double slope(float *dz, size_t n, size_t label, float share)
{
    double sum = 0.0;
    float factor;

    for (size_t i = 0; i < n; i++)
        sum += (double)dz[i];
    factor = share / (float)sum;
    for (size_t i = 0; i < n; i++)
        dz[i] *= factor;
    dz[label] -= share;
    return sum;
}

static double cross_entropy_apply(size_t *correct, const void *self, const ipl_loss_pass *p)
{
    const size_t U = p->outputs;
    const float share = 1.0f / (float)p->n;
    double loss = 0.0, all = 1.0; /* product of the sums, log of which is due */

    (void)self;
    *correct = 0;
    for (size_t r = 0; r < p->rows; r++) {
        float *e = p->dz + r * U;

        shift(e, p->z + r * U, U);
        loss -= (double)e[p->y[r]];
        *correct += ipl_loss_hit(p->z + r * U, U, p->y[r]);
    }
    ipl_vec_exp(p->dz, p->dz, p->rows * U);
    for (size_t r = 0; r < p->rows; r++) {
        all *= slope(p->dz + r * U, U, (size_t)p->y[r], share);
        if (!(all < ENOUGH)) { /* 1 <= sum <= U, as the largest term is exp(0) */
            loss += log(all);
            all = 1.0;
        }
    }
    return loss + log(all);
}

const ipl_loss_ops ipl_loss_cross_entropy = {
    .row = {.name = "cross-entropy",
            .summary = "softmax cross-entropy, mean over the rows"},
    .logits = true,
    .check = cross_entropy_check,
    .apply = cross_entropy_apply,
};
