/*
 * Closed form of Gaussian data, the yardstick: differential entropies
 *
 *     h = d/2 log(2 pi e) + 1/2 log det S_a,   S_a = (1 - a) S + a m I
 *
 * with the covariance S shrunk by a in [0, 1] toward its mean variance m = tr S / d (the
 * target of Ledoit and Wolf; a is a constant here). In a joint entropy every variable keeps
 * its own m and the cross-covariance is multiplied by 1 - a, so that I >= 0. As
 *
 *     S_a = a m (I + beta S),   beta = (1 - a) / (a m)
 *
 * this is LogDet with one beta per variable, plus a constant: I is LogDet's. Within a class
 * the covariance is shrunk toward the m of the whole. Without shrinkage (a = 0) the Cholesky
 * factor of the correlation matrix is taken.
 *
 * Cost n d^2 + d^3. No ceiling. Equal samples do no harm as such. For a = 0 there is no
 * number when the covariance is singular: n <= d (n_c <= d for the labels, n <= d_X + d_T
 * for the joint entropy), a constant column, or one that follows from the others to ten
 * digits; then NaN with the reason.
 */
#include "info/columns.h"
#include "info/est.h"
#include "info/rows.h"
#include "math/linalg.h"

#include <math.h>
#include <string.h>

#define TWO_PI_E 17.079468445347132466
#define PIVOT_MIN 1e-10 /* share of a column's variance that the ones before leave */

typedef struct gauss {
    double shrink;
} gauss;

static const ipl_opt gauss_opts[] = {
    IPL_OPT_NUMBER(gauss, shrink, "shrink", 0, 1, 0,
                   "weight of the mean variance against the covariance"),
    IPL_OPT_END,
};

/* h of n samples of d columns less log det S / 2. */
static double base(size_t d)
{
    return 0.5 * (double)d * log(TWO_PI_E);
}

/*
 * 1/2 log det of a covariance m (order, order), lower triangle, destroyed; its square roots
 * of variances go to scratch. NaN with a fault naming `what` when it is singular.
 */
static ipl_status half_logdet(double *h, double *m, size_t order, double *scratch,
                              const char *what, ipl_work *work, ipl_error *err)
{
    double sum = 0.0, least = 1.0;
    ipl_error why = {0};
    ipl_status st = IPL_OK;

    *h = (double)NAN;
    for (size_t i = 0; i < order; i++) {
        scratch[i] = sqrt(m[i * order + i]);
        sum += log(scratch[i]);
    }
    for (size_t i = 0; i < order; i++)
        for (size_t j = 0; j <= i; j++)
            m[i * order + j] /= scratch[i] * scratch[j];
    if (isfinite(sum))
        st = ipl_cholesky(m, order, work->pool, &why);
    if (st != IPL_OK && st != IPL_E_NUMERIC)
        return ipl_fail(err, st, "%s", why.msg);
    for (size_t i = 0; i < order && st == IPL_OK; i++)
        least = fmin(least, m[i * order + i] * m[i * order + i]);
    if (st != IPL_OK || !isfinite(sum) || least < PIVOT_MIN) {
        ipl_work_fault(work,
                       "%s: the covariance is singular, a column is constant or follows "
                       "from the others; shrink > 0 gives a number",
                       what);
        return IPL_OK;
    }
    *h = sum + 0.5 * ipl_cholesky_logdet(m, order);
    return IPL_OK;
}

/* Whether n samples can have a covariance of this order; a fault when not. */
static bool enough(size_t n, size_t order, const char *what, ipl_work *work)
{
    if (n > order)
        return true;
    ipl_work_fault(work,
                   "%s: %zu samples of %zu columns have a singular covariance; shrink > 0 "
                   "gives a number",
                   what, n, order);
    return false;
}

/* The covariance of one variable into rows and columns [at, at + d) of m. */
static void place(double *m, size_t order, size_t at, const ipl_var *v)
{
    const size_t d = v->d;
    const double n = (double)v->n;

    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j < i; j++)
            m[(at + i) * order + at + j] = v->cols.a.p[j * d + i] / n;
        m[(at + i) * order + at + i] = v->cols.diag.p[i] / n;
    }
}

static ipl_status exact_entropy(double *h, ipl_var *v, ipl_work *work, ipl_error *err)
{
    const double key[IPL_KEYS] = {0.0};
    const size_t d = v->d;
    ipl_status st;

    *h = (double)NAN;
    if (ipl_var_recall(h, v, IPL_OF_GAUSS, key) || !enough(v->n, d, v->name, work))
        return IPL_OK;
    st = ipl_var_gram(v, IPL_COLS, IPL_COV, work, err);
    if (st == IPL_OK)
        st = ipl_buffer_reserve(&work->matrix, d + 1, d, err);
    if (st != IPL_OK)
        return st;
    place(work->matrix.p, d, 0, v);
    st = half_logdet(h, work->matrix.p, d, work->matrix.p + d * d, v->name, work, err);
    if (st != IPL_OK || isnan(*h))
        return st;
    *h += base(d);
    ipl_var_note(v, IPL_OF_GAUSS, key, *h);
    return IPL_OK;
}

static ipl_status exact_pair(ipl_joint *out, ipl_pair *pair, ipl_work *work, ipl_error *err)
{
    ipl_var *a = pair->a, *b = pair->b;
    const size_t p = a->d, q = b->d, order = p + q;
    double *m;
    ipl_status st;

    *out = (ipl_joint){.h_b = (double)NAN, .h_ab = (double)NAN, .mi = (double)NAN};
    st = exact_entropy(&out->h_a, a, work, err);
    if (st == IPL_OK)
        st = exact_entropy(&out->h_b, b, work, err);
    if (st != IPL_OK || isnan(out->h_a + out->h_b) || !enough(a->n, order, b->name, work))
        return st;
    st = ipl_var_gram(a, IPL_COLS, IPL_COV, work, err); /* the entropies may be known */
    if (st == IPL_OK)
        st = ipl_var_gram(b, IPL_COLS, IPL_COV, work, err);
    if (st == IPL_OK)
        st = ipl_pair_cross(pair, work, err);
    if (st == IPL_OK)
        st = ipl_buffer_reserve(&work->matrix, order + 1, order, err);
    if (st != IPL_OK)
        return st;
    m = work->matrix.p;
    place(m, order, 0, a);
    place(m, order, p, b);
    for (size_t i = 0; i < q; i++)
        for (size_t j = 0; j < p; j++)
            m[(p + i) * order + j] = pair->cross.p[j * q + i] / (double)a->n;
    st = half_logdet(&out->h_ab, m, order, m + order * order, b->name, work, err);
    out->h_ab += base(order);
    out->mi = out->h_a + out->h_b - out->h_ab;
    return st;
}

/* 1/2 log det of one class's covariance; its samples are rows [from, to) of t. */
static ipl_status class_entropy(double *h, const ipl_var *t, size_t from, size_t to,
                                ipl_work *work, ipl_error *err)
{
    const size_t n = to - from, d = t->d;
    double mean[IPL_PANEL], ss[IPL_PANEL];
    ipl_panels z;
    ipl_status st = ipl_buffer_reserve(&work->copy, 1, ipl_panels_size(n, d), err);

    if (st == IPL_OK)
        st = ipl_buffer_reserve(&work->matrix, d + 1, d, err);
    if (st != IPL_OK)
        return st;
    z = ipl_panels_of(work->copy.p, n, d, 0, n);
    ipl_rows_read(work->copy.p, z.stride, t, from, n, work->pool);
    for (size_t p = 0; p < ipl_panels_count(d); p++) {
        ipl_columns_mean(mean, work->copy.p + p * z.stride, n);
        ipl_columns_centre(ss, work->copy.p + p * z.stride, n, mean);
    }
    ipl_panels_gram(work->matrix.p, &z, 1.0 / (double)n, false, work->pool);
    return half_logdet(h, work->matrix.p, d, work->matrix.p + d * d, "H(T|Y)", work, err);
}

static ipl_status exact_within(double *h, const ipl_scene *scene, ipl_work *work,
                               ipl_error *err)
{
    const ipl_groups *groups = scene->groups;
    const ipl_var *t = scene->t;
    double sum = base(t->d);

    *h = (double)NAN;
    if (!enough(groups->least, t->d, "H(T|Y), the smallest class", work))
        return IPL_OK;
    for (size_t c = 0; c < groups->k; c++) {
        const size_t from = groups->start[c], to = groups->start[c + 1];
        double one;
        const ipl_status st = class_entropy(&one, t, from, to, work, err);

        if (st != IPL_OK)
            return st;
        sum += (double)(to - from) / (double)t->n * one;
    }
    *h = sum;
    return IPL_OK;
}

/* beta and the constant h - H_beta of one variable; false with a fault when it has none. */
static bool shrunk(double *beta, double *offset, const gauss *o, const ipl_var *v,
                   ipl_work *work)
{
    const double floor = o->shrink * v->trace[IPL_COV] / (double)v->d;

    *beta = (1.0 - o->shrink) / floor;
    *offset = base(v->d) + 0.5 * (double)v->d * log(floor);
    if (isfinite(*beta) && isfinite(*offset))
        return true;
    ipl_work_fault(work, "%s: all columns are constant, or shrink is too small", v->name);
    return false;
}

static ipl_status shrunk_entropy(double *h, ipl_var *v, double beta, double offset,
                                 ipl_work *work, ipl_error *err)
{
    const ipl_status st = ipl_var_entropy(h, v, IPL_COV, beta, work, err);

    *h += offset;
    return st;
}

static ipl_status gauss_pair(ipl_joint *out, const gauss *o, ipl_pair *pair, ipl_work *work,
                             ipl_error *err)
{
    double beta_a, beta_b, offset_a, offset_b;
    bool a, b;
    ipl_status st;

    if (o->shrink == 0.0)
        return exact_pair(out, pair, work, err);
    *out = (ipl_joint){(double)NAN, (double)NAN, (double)NAN, (double)NAN};
    a = shrunk(&beta_a, &offset_a, o, pair->a, work);
    b = shrunk(&beta_b, &offset_b, o, pair->b, work);
    if (a != b) /* the one that is not constant has an entropy */
        return shrunk_entropy(a ? &out->h_a : &out->h_b, a ? pair->a : pair->b,
                              a ? beta_a : beta_b, a ? offset_a : offset_b, work, err);
    if (!a)
        return IPL_OK;
    st = ipl_pair_measure(out, pair, IPL_COV, beta_a, beta_b, work, err);
    out->h_a += offset_a;
    out->h_b += offset_b;
    out->h_ab += offset_a + offset_b;
    return st;
}

static ipl_status gauss_within(double *h, const gauss *o, ipl_scene *scene, ipl_error *err)
{
    double beta, offset;
    ipl_status st;

    if (o->shrink == 0.0)
        return exact_within(h, scene, &scene->work, err);
    if (!shrunk(&beta, &offset, o, scene->t, &scene->work))
        return IPL_OK;
    st = ipl_groups_conditional(h, scene->groups, IPL_COV, beta, &scene->work, err);
    *h += offset;
    return st;
}

static ipl_status gauss_measure(ipl_measures *out, const void *self, ipl_scene *scene,
                                ipl_error *err)
{
    const gauss *o = self;
    ipl_joint pair;
    ipl_status st = IPL_OK;

    if (scene->before != scene->x) {
        st = gauss_pair(&pair, o, &scene->bt, &scene->work, err);
        if (st != IPL_OK)
            return st;
        out->I_prev = pair.mi;
    }
    st = gauss_pair(&pair, o, &scene->xt, &scene->work, err);
    if (st != IPL_OK)
        return st;
    out->H_X = pair.h_a;
    out->H_T = pair.h_b;
    out->H_XT = pair.h_ab;
    out->I_XT = pair.mi;
    out->H_X_given_T = pair.h_ab - pair.h_b;
    if (scene->before == scene->x)
        out->I_prev = pair.mi;
    if (!scene->groups)
        return IPL_OK;
    st = gauss_within(&out->H_T_given_Y, o, scene, err);
    out->I_TY = out->I_TY_cond = out->H_T - out->H_T_given_Y;
    return st;
}

const ipl_estimator_ops ipl_est_gauss = {
    .row = {.name = "gauss",
            .summary = "closed form of Gaussian data, covariance with shrinkage",
            .source = "Ledoit and Wolf, J. Multivar. Anal. 88 (2004), for the shrinkage",
            .size = sizeof(gauss),
            .opts = gauss_opts},
    .unit = "nats",
    .ceiling = "none, H may be negative",
    .cost = "n d^2 + d^3",
    .limits = "shrink=0: NaN for n <= d and for constant columns; equal samples: no harm",
    .measure = gauss_measure,
};
