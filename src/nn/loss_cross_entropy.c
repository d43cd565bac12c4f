/*
 * Softmax cross-entropy, l = log sum_j e^(z_j - m) - (z_y - m), m = max z; the mean over the
 * rows of the batch. dL/dz = (softmax(z) - onehot(y)) / n. As PyTorch's CrossEntropyLoss.
 */
#include "math/abreast.h"
#include "math/vec.h"
#include "nn/loss.h"

#include <math.h>
#include <string.h>

#define ENOUGH 1e280 /* times 2^24 outputs is still a number */

enum { LANES = IPL_ABREAST };

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

/*
 * Samples abreast: a lane is a sample, and a block of LANES of them is worked on at a time.
 */
typedef struct block {
    int32_t y[LANES];   /* -1: no sample */
    float share[LANES]; /* 1 / n, or zero */
} block;

static void read_block(block *b, const ipl_loss_pass *p, size_t r)
{
    for (size_t i = 0; i < LANES; i++) {
        const bool there = r + i < p->rows;

        b->y[i] = there ? p->y[r + i] : -1;
        b->share[i] = there ? 1.0f / (float)p->n : 0.0f;
    }
}

/* Outputs z to e = z - max z of each sample; adds to loss what they have of it before the
 * logarithm, and to hits the samples whose largest is theirs. */
IPL_CLONES
static void shift_block(float *e, double *loss, uint32_t *hits, const float *z,
                        const block *b, size_t U)
{
    float top[LANES], own[LANES] = {0};
    uint32_t hit[LANES];

    memcpy(top, z, sizeof top);
    for (size_t u = 0; u < U; u++)
        for (size_t i = 0; i < LANES; i++) {
            const float at = z[u * LANES + i];

            top[i] = at > top[i] ? at : top[i];
            own[i] = b->y[i] == (int32_t)u ? at : own[i];
        }
    for (size_t i = 0; i < LANES; i++)
        hit[i] = b->y[i] >= 0;
    for (size_t u = 0; u < U; u++)
        for (size_t i = 0; i < LANES; i++) {
            const float at = z[u * LANES + i];

            hit[i] &= (uint32_t)(at <= own[i]) &
                      ((uint32_t)(at < own[i]) | (uint32_t)(b->y[i] <= (int32_t)u));
            e[u * LANES + i] = at - top[i];
        }
    for (size_t i = 0; i < LANES; i++) {
        loss[i] -= b->y[i] >= 0 ? (double)(own[i] - top[i]) : 0.0;
        hits[i] += hit[i];
    }
}

/* dz from e^(z - max z) in its place; all is multiplied by their sum. */
IPL_CLONES
static void slope_block(float *dz, double *all, const block *b, size_t U)
{
    float sum[LANES] = {0}, factor[LANES];

    for (size_t u = 0; u < U; u++)
        for (size_t i = 0; i < LANES; i++)
            sum[i] += dz[u * LANES + i];
    for (size_t i = 0; i < LANES; i++) {
        factor[i] = b->share[i] / sum[i];
        all[i] *= b->y[i] >= 0 ? (double)sum[i] : 1.0;
    }
    for (size_t u = 0; u < U; u++)
        for (size_t i = 0; i < LANES; i++)
            dz[u * LANES + i] = dz[u * LANES + i] * factor[i] -
                                (b->y[i] == (int32_t)u ? b->share[i] : 0.0f);
}

static double apply_abreast(size_t *correct, const ipl_loss_pass *p)
{
    const size_t U = p->outputs, N = ipl_abreast_up(p->rows);
    double part[LANES] = {0}, all[LANES], loss = 0.0;
    uint32_t hits[LANES] = {0};
    block b;

    for (size_t i = 0; i < LANES; i++)
        all[i] = 1.0;
    for (size_t r = 0; r < N; r += LANES) {
        read_block(&b, p, r);
        shift_block(p->dz + r * U, part, hits, p->z + r * U, &b, U);
    }
    ipl_vec_exp(p->dz, p->dz, N * U);
    for (size_t r = 0; r < N; r += LANES) {
        read_block(&b, p, r);
        slope_block(p->dz + r * U, all, &b, U);
        for (size_t i = 0; i < LANES; i++)
            if (!(all[i] < ENOUGH)) {
                loss += log(all[i]);
                all[i] = 1.0;
            }
    }
    *correct = 0;
    for (size_t i = 0; i < LANES; i++) {
        loss += part[i] + log(all[i]);
        *correct += hits[i];
    }
    return loss;
}

static double cross_entropy_apply(size_t *correct, const void *self, const ipl_loss_pass *p)
{
    const size_t U = p->outputs;
    const float share = 1.0f / (float)p->n;
    double loss = 0.0, all = 1.0; /* product of the sums, log of which is due */

    (void)self;
    if (p->abreast)
        return apply_abreast(correct, p);
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
    .takes_abreast = true,
    .check = cross_entropy_check,
    .apply = cross_entropy_apply,
};
