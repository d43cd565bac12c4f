/*
 * Stochastic gradient descent with momentum mu and weight decay d (L2 form), as PyTorch's SGD
 * without dampening:
 *
 *     g' = g + d w,  v = mu v + g',  w -= lr v;  Nesterov: w -= lr (g' + mu v)
 *
 * v starts as zero, so that the first step has v = g'.
 */
#include "math/vec.h"
#include "nn/moment.h"
#include "nn/optimiser.h"

#include <float.h>

typedef struct sgd {
    double lr, momentum, weight_decay;
    bool nesterov;
} sgd;

static const ipl_opt sgd_opts[] = {
    IPL_OPT_NUMBER(sgd, lr, "lr", 0, DBL_MAX, 0.01, "learning rate"),
    IPL_OPT_NUMBER(sgd, momentum, "momentum", 0, 1, 0, "share of the last step kept"),
    IPL_OPT_FLAG(sgd, nesterov, "nesterov", false, "look ahead by the momentum"),
    IPL_OPT_NUMBER(sgd, weight_decay, "weight-decay", 0, DBL_MAX, 0,
                   "times the parameters, added to the gradient"),
    IPL_OPT_END,
};

static size_t sgd_n_state(const void *self)
{
    return ((const sgd *)self)->momentum > 0.0 ? 1 : 0;
}

IPL_CLONES
static void plain(float *w, const float *g, size_t n, float lr, float d)
{
    for (size_t i = 0; i < n; i++)
        w[i] -= lr * (g[i] + d * w[i]);
}

IPL_CLONES
static void heavy_ball(float *w, float *v, const float *g, size_t n, float lr, float mu,
                       float d)
{
    for (size_t i = 0; i < n; i++) {
        const float v1 = ipl_flush(mu * v[i] + (g[i] + d * w[i]));

        v[i] = v1;
        w[i] -= lr * v1;
    }
}

IPL_CLONES
static void nesterov(float *w, float *v, const float *g, size_t n, float lr, float mu,
                     float d)
{
    for (size_t i = 0; i < n; i++) {
        const float g1 = g[i] + d * w[i], v1 = ipl_flush(mu * v[i] + g1);

        v[i] = v1;
        w[i] -= lr * (g1 + mu * v1);
    }
}

static void sgd_update(const void *self, const ipl_update *u)
{
    const sgd *o = self;
    const float lr = (float)u->lr, mu = (float)o->momentum, d = (float)o->weight_decay;

    if (o->momentum == 0.0) /* Nesterov without momentum is plain descent */
        plain(u->w, u->g, u->n, lr, d);
    else if (o->nesterov)
        nesterov(u->w, u->state[0], u->g, u->n, lr, mu, d);
    else
        heavy_ball(u->w, u->state[0], u->g, u->n, lr, mu, d);
}

const ipl_optimiser_ops ipl_optimiser_sgd = {
    .row = {.name = "sgd",
            .summary = "stochastic gradient descent, momentum, Nesterov",
            .source = "Sutskever et al., ICML 2013 (as in PyTorch)",
            .size = sizeof(sgd),
            .opts = sgd_opts},
    .n_state = sgd_n_state,
    .update = sgd_update,
};
