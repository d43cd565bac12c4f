#include "info/pair.h"

#include "info/logdet.h"
#include "info/rows.h"
#include "math/linalg.h"

#include <math.h>
#include <string.h>

/* Multiplications of R of B (n, q) given A (n, p) and of its determinant. */
static double schur_cost(double n, double p, double q, bool rows)
{
    const double last = q * q * q / 6.0;

    return rows ? n * n * q / 2.0 + n * q * q / 2.0 + last
                : n * p * q + p * p * q / 2.0 + p * q * q / 2.0 + last;
}

/* Multiplications of the sum of two Gram matrices of order n and of its determinant. */
static double sum_cost(double n, double p, bool lasting, double q)
{
    const double a = lasting || p > n ? 0.0 : n * n * p / 2.0;
    const double b = q > n ? 0.0 : n * n * q / 2.0;

    return n * n * n / 6.0 + a + b;
}

ipl_form ipl_pair_form(size_t n, size_t p, bool lasting, size_t q)
{
    const double N = (double)n, P = (double)p, Q = (double)q;
    double best;
    ipl_form form = IPL_JOINT_ROWS;

    if (p + q <= IPL_SMALL && p + q <= n)
        return IPL_JOINT_COLS;
    if (n <= IPL_SMALL)
        return IPL_JOINT_ROWS;
    best = sum_cost(N, P, lasting, Q);
    if (q <= n) {
        if (p <= n && schur_cost(N, P, Q, false) < best) {
            best = schur_cost(N, P, Q, false);
            form = IPL_SCHUR_COLS;
        }
        if ((lasting || p > n) && schur_cost(N, P, Q, true) < best) {
            best = schur_cost(N, P, Q, true);
            form = IPL_SCHUR_ROWS;
        }
    }
    /* Exchanged, R depends on the weight of B, of which rules have one each: must win by 2. */
    if (p <= n && 2.0 * schur_cost(N, Q, P, q > n) < best)
        form = q > n ? IPL_SCHUR_ROWS_SWAPPED : IPL_SCHUR_COLS_SWAPPED;
    return form;
}

void ipl_pair_begin(ipl_pair *pair, ipl_var *a, ipl_var *b, ipl_var *spare, bool ordered)
{
    pair->a = a;
    pair->b = b;
    pair->spare = spare;
    pair->ordered = ordered;
    pair->crossed = false;
    pair->next_residual = 0;
    for (size_t k = 0; k < IPL_RESIDUALS; k++)
        pair->residual[k].used = false;
}

void ipl_pair_release(ipl_pair *pair)
{
    for (size_t k = 0; k < IPL_RESIDUALS; k++)
        ipl_buffer_release(&pair->residual[k].r);
    ipl_buffer_release(&pair->cross);
}

static ipl_form form_of(const ipl_pair *pair)
{
    const ipl_var *a = pair->a, *b = pair->b;
    const ipl_form form = ipl_pair_form(a->n, a->d, a->lasting, b->d);

    if (!pair->ordered || form == IPL_JOINT_COLS || a->n <= IPL_SMALL)
        return form;
    return a->d <= a->n ? IPL_SCHUR_COLS : IPL_SCHUR_ROWS;
}

ipl_status ipl_pair_cross(ipl_pair *pair, ipl_work *work, ipl_error *err)
{
    const ipl_var *a = pair->a, *b = pair->b;
    const size_t step_a = ipl_rows_step(a), step_b = ipl_rows_step(b);
    const size_t step = step_a < step_b ? step_a : step_b;
    double *room_a, *room_b;
    ipl_status st;

    if (pair->crossed)
        return IPL_OK;
    st = ipl_buffer_reserve(&pair->cross, a->d, b->d, err);
    if (st != IPL_OK)
        return st;
    st = ipl_rows_reserve(&room_a, a, 0, work, err);
    if (st == IPL_OK)
        st = ipl_rows_reserve(&room_b, b, 1, work, err);
    if (st != IPL_OK)
        return st;
    for (size_t first = 0; first < a->n; first += step) {
        const size_t count = a->n - first < step ? a->n - first : step;
        const ipl_panels za = ipl_rows_get(a, first, count, room_a, work->pool);
        const ipl_panels zb = ipl_rows_get(b, first, count, room_b, work->pool);

        ipl_panels_product(pair->cross.p, &za, &zb, first > 0, work->pool);
    }
    pair->crossed = true;
    return IPL_OK;
}

typedef struct cross_job {
    double *v;
    const ipl_pair *pair;
    const double *s;
    bool swapped;
} cross_job;

/* A panel of v = D C, the rows of C scaled by s; C is A'B, or its transpose when swapped. */
static void cross_panel(void *arg, size_t task, size_t thread)
{
    const cross_job *job = arg;
    const size_t p = job->pair->a->d, q = job->pair->b->d, first = task * IPL_PANEL;
    const size_t rows = job->swapped ? q : p, cols = (job->swapped ? p : q) - first;
    const double *c = job->pair->cross.p + (job->swapped ? first * q : first);
    const size_t down = job->swapped ? 1 : q, right = job->swapped ? q : 1;
    double *v = job->v + first * ipl_panels_pitch(rows);

    (void)thread;
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < IPL_PANEL; j++)
            v[i * IPL_PANEL + j] =
                j < cols ? (job->s ? job->s[i] : 1.0) * c[i * down + j * right] : 0.0;
}

/* v = D C in panels. */
static void scaled_cross(double *v, const ipl_pair *pair, const double *s, bool swapped,
                         ipl_pool *pool)
{
    cross_job job = {.pair = pair, .s = s, .swapped = swapped};

    job.v = v;
    ipl_pool_run(pool, ipl_panels_count(swapped ? pair->a->d : pair->b->d), cross_panel,
                 &job);
}

/* Room in work->panel for V (n, q) in panels and for a factor's turn. */
static ipl_status reserve_panel(ipl_work *work, size_t n, size_t q, ipl_error *err)
{
    return ipl_buffer_reserve(&work->panel, 1,
                              ipl_panels_size(n, q) + ipl_panels_solve_room(n), err);
}

/* R = add R + weight V'V, V = L^-1 V in work->panel (n, q). */
static void add_solved(double *r, const double *l, size_t n, size_t q, double weight,
                       bool add, ipl_work *work)
{
    const ipl_panels v = ipl_panels_of(work->panel.p, n, q, 0, n);

    ipl_panels_solve(work->panel.p, l, n, q, work->panel.p + ipl_panels_size(n, q),
                     work->pool);
    ipl_panels_gram(r, &v, weight, add, work->pool);
}

/* The lower triangle of r becomes the Gram matrix of sq. */
static void copy_gram(double *r, const ipl_square *sq, ipl_pool *pool)
{
    ipl_square_form(r, sq, NULL, 1.0, pool);
    for (size_t i = 0; i < sq->order; i++)
        r[i * sq->order + i] = sq->diag.p[i];
}

/* R = B'B - w V'V, V = L^-1 D A'B, for the variable `gone` that is eliminated. */
static ipl_status residual_by_cols(double *r, const double *l, ipl_pair *pair,
                                   const ipl_residual *key, ipl_work *work, ipl_error *err)
{
    ipl_var *gone = key->swapped ? pair->b : pair->a;
    ipl_var *left = key->swapped ? pair->a : pair->b;
    ipl_status st = ipl_pair_cross(pair, work, err);

    if (st == IPL_OK)
        st = ipl_var_gram(left, IPL_COLS, IPL_COV, work, err);
    if (st == IPL_OK)
        st = reserve_panel(work, gone->d, left->d, err);
    if (st != IPL_OK)
        return st;
    scaled_cross(work->panel.p, pair, ipl_var_scaling(gone, key->scale), key->swapped,
                 work->pool);
    copy_gram(r, &left->cols, work->pool);
    add_solved(r, l, gone->d, left->d, -key->beta / (double)gone->n, true, work);
    return IPL_OK;
}

/* R = V'V, V = L^-1 B with L of order n. */
static ipl_status residual_by_rows(double *r, const double *l, const ipl_var *left,
                                   ipl_work *work, ipl_error *err)
{
    const ipl_status st = reserve_panel(work, left->n, left->d, err);

    if (st != IPL_OK)
        return st;
    ipl_rows_read(work->panel.p, ipl_panels_pitch(left->n) * IPL_PANEL, left, 0, left->n,
                  work->pool);
    add_solved(r, l, left->n, left->d, 1.0, false, work);
    return IPL_OK;
}

static ipl_residual *find_residual(ipl_pair *pair, bool swapped, ipl_scale scale,
                                   double beta)
{
    ipl_residual *r;

    for (size_t k = 0; k < IPL_RESIDUALS; k++) {
        r = &pair->residual[k];
        if (r->used && r->swapped == swapped && r->scale == scale && r->beta == beta)
            return r;
    }
    r = &pair->residual[pair->next_residual];
    pair->next_residual = (pair->next_residual + 1) % IPL_RESIDUALS;
    r->used = false;
    r->swapped = swapped;
    r->scale = scale;
    r->beta = beta;
    return r;
}

/* R of one variable given the other, made when it is not there; NULL as in pair.h. */
static ipl_status get_residual(const double **out, ipl_pair *pair, bool swapped, bool rows,
                               ipl_scale scale, double beta, ipl_work *work, ipl_error *err)
{
    ipl_var *gone = swapped ? pair->b : pair->a, *left = swapped ? pair->a : pair->b;
    ipl_residual *key = find_residual(pair, swapped, scale, beta);
    const double *l = NULL;
    ipl_status st;

    *out = key->used && key->sound ? key->r.p : NULL;
    if (key->used)
        return IPL_OK;
    st = ipl_var_factor(&l, gone, rows ? IPL_ROWS : IPL_COLS, scale, beta, work, err);
    if (st == IPL_OK)
        st = ipl_buffer_reserve(&key->r, left->d, left->d, err);
    if (st != IPL_OK)
        return st;
    if (l && rows)
        st = residual_by_rows(key->r.p, l, left, work, err);
    else if (l)
        st = residual_by_cols(key->r.p, l, pair, key, work, err);
    if (st != IPL_OK)
        return st;
    key->sound = l != NULL;
    key->used = true;
    *out = l ? key->r.p : NULL;
    return IPL_OK;
}

ipl_status ipl_pair_residual(const double **r, ipl_pair *pair, ipl_scale scale,
                             double beta_a, ipl_work *work, ipl_error *err)
{
    return get_residual(r, pair, false, pair->a->d > pair->a->n, scale, beta_a, work, err);
}

/* 1/2 log det(I + weight D R D) of one variable given the other; NaN: not to be had so. */
static ipl_status entropy_left(double *h, ipl_pair *pair, ipl_form form, ipl_scale scale,
                               double beta_a, double beta_b, ipl_work *work, ipl_error *err)
{
    const bool rows = form == IPL_SCHUR_ROWS || form == IPL_SCHUR_ROWS_SWAPPED;
    const bool swapped = form == IPL_SCHUR_COLS_SWAPPED || form == IPL_SCHUR_ROWS_SWAPPED;
    const ipl_var *left = swapped ? pair->a : pair->b;
    const double weight = (swapped ? beta_a : beta_b) / (double)left->n;
    const double *s = ipl_var_scaling(left, scale), *r = NULL;
    const size_t q = left->d;
    double *m, *p;
    ipl_status st =
        get_residual(&r, pair, swapped, rows, scale, swapped ? beta_b : beta_a, work, err);

    *h = (double)NAN;
    if (st != IPL_OK || !r)
        return st;
    st = ipl_buffer_reserve(&work->matrix, q + 1, q, err);
    if (st != IPL_OK)
        return st;
    m = work->matrix.p;
    p = m + q * q; /* before what the other variable explains is taken away */
    for (size_t i = 0; i < q; i++) {
        const double w = s ? weight * s[i] : weight;

        p[i] = 1.0 + w * (s ? s[i] : 1.0) * left->ss.p[i];
        for (size_t j = 0; j <= i; j++)
            m[i * q + j] = w * (s ? s[j] : 1.0) * r[i * q + j];
        m[i * q + i] += 1.0;
    }
    return ipl_half_logdet(
        h, &(ipl_definite){.m = m, .p = rows ? NULL : p, .order = q, .residual = !rows},
        &work->signs, work->pool, err);
}

/* H(A,B) from the whole matrix of order p + q. */
static ipl_status joint_by_cols(double *h, ipl_pair *pair, ipl_scale scale, double beta_a,
                                double beta_b, ipl_work *work, ipl_error *err)
{
    ipl_var *a = pair->a, *b = pair->b;
    const size_t p = a->d, q = b->d, order = p + q;
    const double n = (double)a->n, weight = sqrt(beta_a) * sqrt(beta_b) / n;
    const double *sa = ipl_var_scaling(a, scale), *sb = ipl_var_scaling(b, scale);
    double *m;
    ipl_status st = ipl_var_gram(a, IPL_COLS, scale, work, err);

    if (st == IPL_OK)
        st = ipl_var_gram(b, IPL_COLS, scale, work, err);
    if (st == IPL_OK)
        st = ipl_pair_cross(pair, work, err);
    if (st == IPL_OK)
        st = ipl_buffer_reserve(&work->matrix, order, order, err);
    if (st != IPL_OK)
        return st;
    m = work->matrix.p;
    for (size_t i = 0; i < p; i++)
        for (size_t j = 0; j <= i; j++)
            m[i * order + j] = beta_a / n * (sa ? sa[i] * sa[j] : 1.0) *
                               (i == j ? a->cols.diag.p[i] : a->cols.a.p[j * p + i]);
    for (size_t i = 0; i < q; i++) {
        double *row = m + (p + i) * order;

        for (size_t j = 0; j < p; j++)
            row[j] = weight * (sa ? sa[j] * sb[i] : 1.0) * pair->cross.p[j * q + i];
        for (size_t j = 0; j <= i; j++)
            row[p + j] = beta_b / n * (sb ? sb[i] * sb[j] : 1.0) *
                         (i == j ? b->cols.diag.p[i] : b->cols.a.p[j * q + i]);
    }
    for (size_t i = 0; i < order; i++)
        m[i * order + i] += 1.0;
    return ipl_half_logdet(h, &(ipl_definite){.m = m, .order = order}, NULL, work->pool,
                           err);
}

/* H(A,B) from the sum of the Gram matrices of order n. */
static ipl_status joint_by_rows(double *h, ipl_pair *pair, ipl_scale scale, double beta_a,
                                double beta_b, ipl_work *work, ipl_error *err)
{
    ipl_var *a = pair->a, *b = pair->b;
    /* A variable wider than n has its own factor there; the spare one's is done with. */
    ipl_var *home = b->d > b->n ? pair->spare : b;
    double *m;
    ipl_status st = ipl_var_gram(a, IPL_ROWS, scale, work, err);

    if (st == IPL_OK)
        st = ipl_var_gram(b, IPL_ROWS, scale, work, err);
    if (st == IPL_OK)
        st = ipl_var_borrow(&m, home, scale, a->n, err);
    if (st != IPL_OK)
        return st;
    ipl_square_form(m, &a->rows[scale], NULL, beta_a / (double)a->n, work->pool);
    ipl_square_add(m, &b->rows[scale], beta_b / (double)b->n, work->pool);
    return ipl_half_logdet(h, &(ipl_definite){.m = m, .order = a->n, .centred = true},
                           &work->signs, work->pool, err);
}

/* H(A,B) from the samples side by side. */
static ipl_status joint_by_qr(double *h, ipl_pair *pair, ipl_scale scale, double beta_a,
                              double beta_b, ipl_work *work, ipl_error *err)
{
    const ipl_var *a = pair->a, *b = pair->b;
    const size_t d = a->d + b->d;
    ipl_error why = {0};
    ipl_status st = ipl_buffer_reserve(&work->copy, a->n, d, err);

    *h = (double)NAN;
    if (st != IPL_OK)
        return st;
    ipl_var_weigh(work->copy.p, d, 0, a, scale, beta_a);
    ipl_var_weigh(work->copy.p, d, a->d, b, scale, beta_b);
    st = ipl_logdet_qr(h, work->copy.p, a->n, d, &why);
    *h *= 0.5;
    if (st != IPL_E_NUMERIC)
        return st == IPL_OK ? IPL_OK : ipl_fail(err, st, "%s", why.msg);
    *h = (double)NAN;
    ipl_work_fault(work, "H(%s,%s): %s", a->name, b->name, why.msg);
    return IPL_OK;
}

/* The largest bound for which a form is tried. */
static double bound_of(ipl_form form)
{
    const bool rows =
        form == IPL_JOINT_ROWS || form == IPL_SCHUR_ROWS || form == IPL_SCHUR_ROWS_SWAPPED;

    return ipl_side_bound(rows ? IPL_ROWS : IPL_COLS);
}

ipl_status ipl_pair_measure(ipl_joint *out, ipl_pair *pair, ipl_scale scale, double beta_a,
                            double beta_b, ipl_work *work, ipl_error *err)
{
    ipl_var *a = pair->a, *b = pair->b;
    const ipl_form form = form_of(pair);
    const double bound = ipl_var_bound(a, scale, beta_a) + ipl_var_bound(b, scale, beta_b);
    double left = (double)NAN;
    ipl_status st;

    *out = (ipl_joint){.h_ab = (double)NAN, .mi = (double)NAN};
    st = ipl_var_entropy(&out->h_a, a, scale, beta_a, work, err);
    if (st == IPL_OK)
        st = ipl_var_entropy(&out->h_b, b, scale, beta_b, work, err);
    if (st != IPL_OK || isnan(out->h_a) || isnan(out->h_b))
        return st;

    if (bound <= bound_of(form)) {
        if (form == IPL_JOINT_COLS)
            st = joint_by_cols(&out->h_ab, pair, scale, beta_a, beta_b, work, err);
        else if (form == IPL_JOINT_ROWS)
            st = joint_by_rows(&out->h_ab, pair, scale, beta_a, beta_b, work, err);
        else
            st = entropy_left(&left, pair, form, scale, beta_a, beta_b, work, err);
        if (st != IPL_OK)
            return st;
    }
    if (form == IPL_SCHUR_COLS_SWAPPED || form == IPL_SCHUR_ROWS_SWAPPED) {
        out->mi = out->h_a - left;
        out->h_ab = out->h_b + left;
    } else if (form == IPL_SCHUR_COLS || form == IPL_SCHUR_ROWS) {
        out->mi = out->h_b - left;
        out->h_ab = out->h_a + left;
    }
    if (isnan(out->h_ab)) {
        st = joint_by_qr(&out->h_ab, pair, scale, beta_a, beta_b, work, err);
        out->mi = (double)NAN;
    }
    if (isnan(out->mi))
        out->mi = out->h_a + out->h_b - out->h_ab;
    return st;
}
