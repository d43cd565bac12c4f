/*
 * Adam and AdamW, as PyTorch's: bias correction by 1 - beta^t, eps outside the root,
 *
 *     m = b1 m + (1 - b1) g,  s = b2 s + (1 - b2) g^2
 *     w -= lr / (1 - b1^t) m / (sqrt(s) / sqrt(1 - b2^t) + eps)
 *
 * Weight decay d: Adam adds d w to g (L2 form), AdamW first shrinks w by 1 - lr d.
 */
#include "math/vec.h"
#include "nn/moment.h"
#include "nn/optimiser.h"

#include <float.h>
#include <math.h>

typedef struct adam {
    double lr, beta1, beta2, eps, weight_decay;
} adam;

#define BELOW_ONE (1.0 - DBL_EPSILON)

/* clang-format off */
#define ADAM_OPTS(decay, decay_help) {                                                     \
    IPL_OPT_NUMBER(adam, lr, "lr", 0, DBL_MAX, 0.001, "learning rate"),                    \
    IPL_OPT_NUMBER(adam, beta1, "beta1", 0, BELOW_ONE, 0.9, "decay of the mean gradient"), \
    IPL_OPT_NUMBER(adam, beta2, "beta2", 0, BELOW_ONE, 0.999, "decay of the mean square"), \
    IPL_OPT_NUMBER(adam, eps, "eps", 0, DBL_MAX, 1e-8, "added to the root"),               \
    IPL_OPT_NUMBER(adam, weight_decay, "weight-decay", 0, DBL_MAX, decay, decay_help),     \
    IPL_OPT_END}
/* clang-format on */

static const ipl_opt adam_opts[] =
    ADAM_OPTS(0, "times the parameters, added to the gradient");
static const ipl_opt adamw_opts[] =
    ADAM_OPTS(0.01, "parameters shrink by lr times this each step");

static size_t adam_n_state(const void *self)
{
    (void)self;
    return 2;
}

/* The numbers of one step; the fraction above is multiplied by sqrt(1 - b2^t). */
typedef struct rates {
    float b1, c1, b2, c2; /* c = 1 - b */
    float step, eps;      /* lr sqrt(1 - b2^t) / (1 - b1^t), eps sqrt(1 - b2^t) */
    float add, keep;      /* g += add w, w *= keep */
} rates;

IPL_CLONES
static void adam_step(float *w, float *m, float *s, const float *g, size_t n, rates r)
{
    for (size_t i = 0; i < n; i++) {
        const float g1 = g[i] + r.add * w[i];
        const float m1 = ipl_flush(r.b1 * m[i] + r.c1 * g1);
        const float s1 = ipl_flush(r.b2 * s[i] + r.c2 * (g1 * g1));

        m[i] = m1;
        s[i] = s1;
        w[i] = r.keep * w[i] - r.step * (m1 / (ipl_quick_sqrt(s1) + r.eps));
    }
}

static rates rates_of(const adam *o, const ipl_update *u)
{
    const double t = (double)u->t + 1.0, root = sqrt(1.0 - pow(o->beta2, t));

    return (rates){
        .b1 = (float)o->beta1,
        .c1 = (float)(1.0 - o->beta1),
        .b2 = (float)o->beta2,
        .c2 = (float)(1.0 - o->beta2),
        .step = (float)(u->lr * root / (1.0 - pow(o->beta1, t))),
        .eps = (float)(o->eps * root),
        .add = 0.0f,
        .keep = 1.0f,
    };
}

static void adam_update(const void *self, const ipl_update *u)
{
    const adam *o = self;
    rates r = rates_of(o, u);

    r.add = (float)o->weight_decay;
    adam_step(u->w, u->state[0], u->state[1], u->g, u->n, r);
}

static void adamw_update(const void *self, const ipl_update *u)
{
    const adam *o = self;
    rates r = rates_of(o, u);

    r.keep = (float)(1.0 - u->lr * o->weight_decay);
    adam_step(u->w, u->state[0], u->state[1], u->g, u->n, r);
}

const ipl_optimiser_ops ipl_optimiser_adam = {
    .row = {.name = "adam",
            .summary = "steps scaled by mean and mean square of the gradient",
            .source = "Kingma and Ba, ICLR 2015 (as in PyTorch)",
            .size = sizeof(adam),
            .opts = adam_opts},
    .n_state = adam_n_state,
    .update = adam_update,
};

const ipl_optimiser_ops ipl_optimiser_adamw = {
    .row = {.name = "adamw",
            .summary = "Adam with weight decay apart from the gradient",
            .source = "Loshchilov and Hutter, ICLR 2019 (as in PyTorch)",
            .size = sizeof(adam),
            .opts = adamw_opts},
    .n_state = adam_n_state,
    .update = adamw_update,
};
