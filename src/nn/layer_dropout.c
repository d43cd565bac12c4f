/*
 * Inverted dropout: in training a value is 0 with probability p, else divided by 1 - p; in
 * evaluation mode nothing happens. As PyTorch's nn.Dropout.
 *
 * The draws of a row are named by seed, step, layer and its place in the batch. The factors
 * are kept for the way back.
 */
#include "base/rng.h"
#include "nn/layer.h"

#include <string.h>

typedef struct dropout {
    double p;
    size_t n; /* values of a sample, set by bind */
} dropout;

static const ipl_opt dropout_opts[] = {
    IPL_OPT_NUMBER(dropout, p, "p", 0, 1, 0.5, "probability of a value to be dropped"),
    IPL_OPT_END,
};

static ipl_status dropout_bind(void *self, ipl_shape in, ipl_shape *out, ipl_error *err)
{
    dropout *l = self;

    (void)err;
    l->n = ipl_shape_size(in);
    *out = in;
    return IPL_OK;
}

static size_t dropout_n_keep(const void *self)
{
    return ((const dropout *)self)->n;
}

static void dropout_forward(const void *self, ipl_shape in, ipl_shape out,
                            const ipl_pass *p)
{
    const dropout *l = self;
    const float factor = l->p < 1.0 ? (float)(1.0 / (1.0 - l->p)) : 0.0f;

    (void)in;
    (void)out;
    if (!p->training) {
        memcpy(p->y, p->x, p->rows * l->n * sizeof *p->y);
        return;
    }
    for (size_t r = 0; r < p->rows; r++) {
        const uint32_t row = (uint32_t)(p->layer << 24) + (uint32_t)(p->first + r);
        ipl_rng rng = ipl_rng_at(p->seed, IPL_RNG_DROPOUT, (uint32_t)p->step, row);
        const float *x = p->x + r * l->n;
        float *y = p->y + r * l->n, *keep = p->keep + r * l->n;

        for (size_t i = 0; i < l->n; i++) {
            keep[i] = (double)ipl_rng_unit(&rng) < l->p ? 0.0f : factor;
            y[i] = x[i] * keep[i];
        }
    }
}

static void dropout_backward(const void *self, ipl_shape in, ipl_shape out,
                             const ipl_pass *p)
{
    const dropout *l = self;

    (void)in;
    (void)out;
    for (size_t i = 0; i < p->rows * l->n; i++)
        p->dx[i] = p->dy[i] * p->keep[i];
}

const ipl_layer_ops ipl_layer_dropout = {
    .row = {.name = "dropout",
            .summary = "drops values at random while training",
            .source = "Srivastava et al., JMLR 2014",
            .size = sizeof(dropout),
            .opts = dropout_opts},
    .example = "p=0.25",
    .low = IPL_UNBOUNDED,
    .high = IPL_UNBOUNDED,
    .keeps_range = true,
    .bind = dropout_bind,
    .n_keep = dropout_n_keep,
    .forward = dropout_forward,
    .backward = dropout_backward,
};
