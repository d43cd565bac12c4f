/*
 * LogDet: H = 1/2 log det(I + beta S), I(A;B) = H(A) + H(B) - H(A,B).
 *
 * S is the covariance (divided by n) or the correlation matrix over the columns that are not
 * constant. The rule of beta says with which weight every variable of a pair enters:
 *
 *     rd      100 d_X everywhere
 *     sum     100 (d_A + d_B) of the pair at hand: H_X, H_T, H_XT of (X, T); H_Y, H_TY and
 *             all forms of I(T;Y) of (T, Y); I_prev of (T_{l-1}, T_l)
 *     own     100 d of each variable, 100 K for K classes
 *     number  the same number everywhere
 *
 * I_prev of the first layer is its I_XT: T_0 = X and the rule is the same.
 */
#include "info/est.h"
#include "info/released.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define BETA_PER_COLUMN 100.0 /* 1 / 0.1^2: the rate at a distortion of 0.1 */

typedef enum rule { RULE_RD, RULE_SUM, RULE_OWN, RULE_NUMBER } rule;

enum { RELEASED = IPL_SCALES }; /* third scale */

typedef struct logdet {
    int scale;     /* an ipl_scale, or RELEASED */
    char beta[40]; /* a rule's name or a number */
    rule rule;     /* what it says; set by check() */
    double number;
} logdet;

static const char *const scale_names[] = {
    [IPL_COV] = "cov", [IPL_CORR] = "corr", [RELEASED] = "corr-ref", NULL};
static const char *const rule_names[] = {
    [RULE_RD] = "rd", [RULE_SUM] = "sum", [RULE_OWN] = "own", NULL};

static const ipl_opt logdet_opts[] = {
    IPL_OPT_WORD(logdet, scale, "scale", scale_names, IPL_COV,
                 "covariance, correlation, or the released code's correlation"),
    IPL_OPT_STRING(logdet, beta, "beta", "rd",
                   "weight: rd (100 d_X), sum (100 (d_A + d_B)), own (100 d) or a number"),
    IPL_OPT_END,
};

static ipl_status logdet_check(void *self, ipl_error *err)
{
    logdet *o = self;
    double number;

    for (int i = 0; rule_names[i]; i++)
        if (strcmp(o->beta, rule_names[i]) == 0) {
            o->rule = (rule)i;
            return IPL_OK;
        }
    if (!ipl_number_parse(&number, o->beta) || number < 0.0)
        return ipl_fail(err, IPL_E_FORMAT,
                        "estimator 'logdet': beta: '%s' is not rd, sum, own or a number "
                        "that is not negative",
                        o->beta);
    o->rule = RULE_NUMBER;
    o->number = fabs(number); /* no -0 */
    ipl_number_print(o->beta, sizeof o->beta, o->number);
    return IPL_OK;
}

/* The weights of a pair of widths d_a and d_b. */
static void weights(double *beta_a, double *beta_b, const logdet *o, size_t d_x, size_t d_a,
                    size_t d_b)
{
    switch (o->rule) {
    case RULE_RD:
        *beta_a = *beta_b = BETA_PER_COLUMN * (double)d_x;
        return;
    case RULE_SUM:
        *beta_a = *beta_b = BETA_PER_COLUMN * (double)(d_a + d_b);
        return;
    case RULE_OWN:
        *beta_a = BETA_PER_COLUMN * (double)d_a;
        *beta_b = BETA_PER_COLUMN * (double)d_b;
        return;
    case RULE_NUMBER:
        *beta_a = *beta_b = o->number;
        return;
    }
}

static ipl_status measure_pair(ipl_joint *out, const logdet *o, ipl_pair *pair,
                               ipl_work *work, double beta_a, double beta_b, ipl_error *err)
{
    if (o->scale == RELEASED)
        return ipl_released_pair(out, pair, beta_a, beta_b, work, err);
    return ipl_pair_measure(out, pair, (ipl_scale)o->scale, beta_a, beta_b, work, err);
}

/* The conditional and the pooled form, which the released code does not have. */
static ipl_status measure_within(ipl_measures *out, const logdet *o, ipl_scene *scene,
                                 double beta, ipl_error *err)
{
    const ipl_scale scale = (ipl_scale)o->scale;
    double h, pooled;
    ipl_status st = ipl_var_entropy(&h, scene->t, scale, beta, &scene->work, err);

    if (st == IPL_OK)
        st = ipl_groups_conditional(&out->H_T_given_Y, scene->groups, scale, beta,
                                    &scene->work, err);
    if (st == IPL_OK)
        st = ipl_groups_pooled(&pooled, scene->groups, &scene->ty, scale, beta,
                               &scene->work, err);
    if (st != IPL_OK)
        return st;
    out->I_TY_cond = h - out->H_T_given_Y;
    out->I_TY_pooled = h - pooled;
    return IPL_OK;
}

static ipl_status measure_labels(ipl_measures *out, const logdet *o, ipl_scene *scene,
                                 ipl_error *err)
{
    ipl_joint ty;
    double beta_t = 0.0, beta_y = 0.0;
    ipl_status st;

    weights(&beta_t, &beta_y, o, scene->x->d, scene->t->d, scene->groups->k);
    st = measure_pair(&ty, o, &scene->ty, &scene->work, beta_t, beta_y, err);
    if (st != IPL_OK)
        return st;
    out->H_Y = ty.h_b;
    out->H_TY = ty.h_ab;
    out->I_TY = ty.mi;
    return o->scale == RELEASED ? IPL_OK : measure_within(out, o, scene, beta_t, err);
}

static ipl_status logdet_measure(ipl_measures *out, const void *self, ipl_scene *scene,
                                 ipl_error *err)
{
    const logdet *o = self;
    const size_t d_x = scene->x->d, d_t = scene->t->d, d_b = scene->before->d;
    double beta_b = 0.0, beta_t = 0.0;
    ipl_joint pair;
    ipl_status st = IPL_OK;

    /* Before (X, T): that one may use up the factor of the layer before. */
    if (scene->before != scene->x) {
        weights(&beta_b, &beta_t, o, d_x, d_b, d_t);
        st = measure_pair(&pair, o, &scene->bt, &scene->work, beta_b, beta_t, err);
        if (st != IPL_OK)
            return st;
        out->I_prev = pair.mi;
    }
    weights(&out->beta_X, &out->beta_T, o, d_x, d_x, d_t);
    st = measure_pair(&pair, o, &scene->xt, &scene->work, out->beta_X, out->beta_T, err);
    if (st != IPL_OK)
        return st;
    out->H_X = pair.h_a;
    out->H_T = pair.h_b;
    out->H_XT = pair.h_ab;
    out->I_XT = pair.mi;
    out->H_X_given_T = pair.h_ab - pair.h_b;
    if (scene->before == scene->x)
        out->I_prev = pair.mi;
    return scene->groups ? measure_labels(out, o, scene, err) : IPL_OK;
}

/* H(X), and with it the factor of X, when its weight does not depend on the layer. */
static ipl_status logdet_prepare(const void *self, ipl_scene *scene, ipl_error *err)
{
    const logdet *o = self;
    double beta = 0.0, same = 0.0, h;

    if (o->rule == RULE_SUM)
        return IPL_OK;
    weights(&beta, &same, o, scene->x->d, scene->x->d, scene->x->d);
    if (o->scale == RELEASED)
        return ipl_released_entropy(&h, scene->x, beta, &scene->work, err);
    return ipl_var_entropy(&h, scene->x, (ipl_scale)o->scale, beta, &scene->work, err);
}

const ipl_estimator_ops ipl_est_logdet = {
    .row = {.name = "logdet",
            .summary = "matrix entropy 1/2 log det(I + beta S)",
            .source = "Zhouyin and Liu, arXiv:2105.03705",
            .size = sizeof(logdet),
            .opts = logdet_opts},
    .unit = "nats",
    .ceiling = "I <= min(H_X, H_T)",
    .cost = "n d min(n, d)",
    .limits = "equal samples, constant columns: no harm; n < d_X + d_T: biased upwards",
    .may_stream = true,
    .check = logdet_check,
    .prepare = logdet_prepare,
    .measure = logdet_measure,
};
