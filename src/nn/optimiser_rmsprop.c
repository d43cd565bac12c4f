/*
 * RMSprop, as PyTorch's: eps outside the root, weight decay d in L2 form,
 *
 *     g' = g + d w,  s = a s + (1 - a) g'^2,  centered: c = a c + (1 - a) g', else c = 0
 *     v = mu v + g' / (sqrt(s - c^2) + eps),  w -= lr v
 */
#include "math/vec.h"
#include "nn/moment.h"
#include "nn/optimiser.h"

#include <float.h>
#include <math.h>

typedef struct rmsprop {
    double lr, alpha, eps, momentum, weight_decay;
    bool centered;
} rmsprop;

#define BELOW_ONE (1.0 - DBL_EPSILON)

static const ipl_opt rmsprop_opts[] = {
    IPL_OPT_NUMBER(rmsprop, lr, "lr", 0, DBL_MAX, 0.01, "learning rate"),
    IPL_OPT_NUMBER(rmsprop, alpha, "alpha", 0, BELOW_ONE, 0.99, "decay of the mean square"),
    IPL_OPT_NUMBER(rmsprop, eps, "eps", 0, DBL_MAX, 1e-8, "added to the root"),
    IPL_OPT_NUMBER(rmsprop, momentum, "momentum", 0, 1, 0, "share of the last step kept"),
    IPL_OPT_FLAG(rmsprop, centered, "centered", false, "take the mean off the mean square"),
    IPL_OPT_NUMBER(rmsprop, weight_decay, "weight-decay", 0, DBL_MAX, 0,
                   "times the parameters, added to the gradient"),
    IPL_OPT_END,
};

static size_t rmsprop_n_state(const void *self)
{
    const rmsprop *o = self;

    return o->centered ? 3 : 2;
}

/* The numbers of one step. */
typedef struct rates {
    float lr, a, b, eps, mu, d; /* b = 1 - a */
} rates;

IPL_CLONES
static void plain(float *w, float *s, float *v, const float *g, size_t n, rates r)
{
    for (size_t i = 0; i < n; i++) {
        const float g1 = g[i] + r.d * w[i];
        const float s1 = ipl_flush(r.a * s[i] + r.b * (g1 * g1));
        const float v1 = ipl_flush(r.mu * v[i] + g1 / (ipl_quick_sqrt(s1) + r.eps));

        s[i] = s1;
        v[i] = v1;
        w[i] -= r.lr * v1;
    }
}

IPL_CLONES
static void centered(float *w, float *s, float *v, float *c, const float *g, size_t n,
                     rates r)
{
    for (size_t i = 0; i < n; i++) {
        const float g1 = g[i] + r.d * w[i];
        const float s1 = ipl_flush(r.a * s[i] + r.b * (g1 * g1));
        const float c1 = ipl_flush(r.a * c[i] + r.b * g1);
        const float var = s1 - c1 * c1;
        const float root = ipl_quick_sqrt(var < FLT_MIN ? 0.0f : var); /* < 0: rounding */
        const float v1 = ipl_flush(r.mu * v[i] + g1 / (root + r.eps));

        s[i] = s1;
        c[i] = c1;
        v[i] = v1;
        w[i] -= r.lr * v1;
    }
}

static void rmsprop_update(const void *self, const ipl_update *u)
{
    const rmsprop *o = self;
    const rates r = {(float)u->lr,  (float)o->alpha,    (float)(1.0 - o->alpha),
                     (float)o->eps, (float)o->momentum, (float)o->weight_decay};

    if (o->centered)
        centered(u->w, u->state[0], u->state[1], u->state[2], u->g, u->n, r);
    else
        plain(u->w, u->state[0], u->state[1], u->g, u->n, r);
}

const ipl_optimiser_ops ipl_optimiser_rmsprop = {
    .row = {.name = "rmsprop",
            .summary = "steps scaled by the mean square of the gradient",
            .source = "Hinton, Coursera lecture 6e, 2012 (as in PyTorch)",
            .size = sizeof(rmsprop),
            .opts = rmsprop_opts},
    .n_state = rmsprop_n_state,
    .update = rmsprop_update,
};
