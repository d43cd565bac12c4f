#include "info/released.h"

#include "math/linalg.h"

#include <math.h>

#define NORM_ADDED 1e-8 /* to every product of norms, in the released code */

/* Rows and columns [at, at + d) of m (order, order): beta R of one variable. */
static void place(double *m, size_t order, size_t at, const ipl_var *v, double beta)
{
    const size_t d = v->d;
    const double *norm2 = v->cols.diag.p;

    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j <= i; j++) {
            const double dot = i == j ? norm2[i] : v->cols.a.p[j * d + i];
            const double r = beta * dot / (sqrt(norm2[i]) * sqrt(norm2[j]) + NORM_ADDED);

            m[(at + i) * order + at + j] = r;
            m[(at + j) * order + at + i] = r;
        }
}

/* The blocks of A and B, of A'B and its transpose. */
static void place_cross(double *m, size_t order, const ipl_pair *pair, double beta)
{
    const size_t p = pair->a->d, q = pair->b->d;
    const double *na = pair->a->cols.diag.p, *nb = pair->b->cols.diag.p;

    for (size_t i = 0; i < p; i++)
        for (size_t j = 0; j < q; j++) {
            const double r =
                beta * pair->cross.p[i * q + j] / (sqrt(na[i]) * sqrt(nb[j]) + NORM_ADDED);

            m[i * order + p + j] = r;
            m[(p + j) * order + i] = r;
        }
}

/* 1/2 log det(I + m), m destroyed; NaN with a fault naming `what` when there is none. */
static ipl_status half_logdet(double *h, double *m, size_t order, const char *what,
                              ipl_work *work, ipl_error *err)
{
    ipl_error why = {0};
    ipl_status st;

    for (size_t i = 0; i < order; i++)
        m[i * order + i] += 1.0;
    st = ipl_logdet_lu(h, m, order, &why);
    *h = st == IPL_OK ? 0.5 * *h : (double)NAN;
    if (st == IPL_E_NUMERIC) {
        ipl_work_fault(work, "%s: %s; the released formula has no value here", what,
                       why.msg);
        return IPL_OK;
    }
    return st == IPL_OK ? IPL_OK : ipl_fail(err, st, "%s", why.msg);
}

ipl_status ipl_released_entropy(double *h, ipl_var *v, double beta, ipl_work *work,
                                ipl_error *err)
{
    const double key[IPL_KEYS] = {beta};
    ipl_status st;

    if (ipl_var_recall(h, v, IPL_OF_RELEASED, key))
        return IPL_OK;
    st = ipl_var_gram(v, IPL_COLS, IPL_COV, work, err);
    if (st == IPL_OK)
        st = ipl_buffer_reserve(&work->matrix, v->d, v->d, err);
    if (st != IPL_OK)
        return st;
    place(work->matrix.p, v->d, 0, v, beta);
    st = half_logdet(h, work->matrix.p, v->d, v->name, work, err);
    if (st == IPL_OK)
        ipl_var_note(v, IPL_OF_RELEASED, key, *h);
    return st;
}

ipl_status ipl_released_pair(ipl_joint *out, ipl_pair *pair, double beta_a, double beta_b,
                             ipl_work *work, ipl_error *err)
{
    const size_t order = pair->a->d + pair->b->d;
    ipl_status st;

    *out = (ipl_joint){.h_ab = (double)NAN, .mi = (double)NAN};
    st = ipl_released_entropy(&out->h_a, pair->a, beta_a, work, err);
    if (st == IPL_OK)
        st = ipl_released_entropy(&out->h_b, pair->b, beta_b, work, err);
    if (st == IPL_OK) /* the entropies may be known from before */
        st = ipl_var_gram(pair->a, IPL_COLS, IPL_COV, work, err);
    if (st == IPL_OK)
        st = ipl_var_gram(pair->b, IPL_COLS, IPL_COV, work, err);
    if (st == IPL_OK)
        st = ipl_pair_cross(pair, work, err);
    if (st == IPL_OK)
        st = ipl_buffer_reserve(&work->matrix, order, order, err);
    if (st != IPL_OK)
        return st;
    place(work->matrix.p, order, 0, pair->a, beta_a);
    place(work->matrix.p, order, pair->a->d, pair->b, beta_b);
    place_cross(work->matrix.p, order, pair, sqrt(beta_a) * sqrt(beta_b));
    st = half_logdet(&out->h_ab, work->matrix.p, order, pair->b->name, work, err);
    out->mi = out->h_a + out->h_b - out->h_ab;
    return st;
}
