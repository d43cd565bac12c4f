/* The entropy about the class means: from the samples, from the labels' residual, by rows. */
#include "info/groups.h"
#include "info/logdet.h"
#include "math/panels.h"

#include <math.h>
#include <string.h>

/* H_W from the pooled Gram matrix on its smaller side. */
static ipl_status pooled_directly(double *h, ipl_groups *groups, double beta,
                                  ipl_work *work, ipl_error *err)
{
    const size_t n = groups->n, d = groups->t->d, order = n < d ? n : d;
    const double weight = beta / (double)n;
    const ipl_panels z = ipl_panels_of(groups->z.p, n, d, 0, n);
    double *m;
    ipl_status st = ipl_buffer_reserve(
        &work->matrix, 1, (order * order + 7) / 8 * 8 + ipl_panels_room(n < d ? n : 0, d),
        err);

    if (st != IPL_OK)
        return st;
    m = work->matrix.p;
    if (n < d)
        ipl_panels_gram_rows(m, &z, weight, m + (order * order + 7) / 8 * 8, work->pool);
    else
        ipl_panels_gram(m, &z, weight, false, work->pool);
    for (size_t i = 0; i < order; i++)
        m[i * order + i] += 1.0;
    return ipl_half_logdet(h, &(ipl_definite){.m = m, .order = order, .centred = n < d},
                           NULL, work->pool, err);
}

/* H_W from H and R; NaN when R cannot be had. */
static ipl_status pooled_by_residual(double *h, ipl_groups *groups, ipl_pair *ty,
                                     ipl_scale scale, double beta, ipl_work *work,
                                     ipl_error *err)
{
    const size_t k = groups->k;
    const double n = (double)groups->n;
    const double *r = NULL;
    double whole, *m, *ones;
    ipl_status st = ipl_pair_residual(&r, ty, scale, beta, work, err);

    if (st != IPL_OK || !r)
        return st;
    st = ipl_var_entropy(&whole, ty->a, scale, beta, work, err);
    if (st == IPL_OK)
        st = ipl_buffer_reserve(&work->matrix, k + 1, k, err);
    if (st != IPL_OK)
        return st;
    m = work->matrix.p;
    ones = m + k * k;
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j <= i; j++) {
            const double ci = (double)ipl_groups_size(groups, i),
                         cj = (double)ipl_groups_size(groups, j);

            m[i * k + j] = (r[i * k + j] + ci * cj / n) / sqrt(ci * cj);
        }
    for (size_t i = 0; i < k; i++)
        ones[i] = 1.0;
    st = ipl_half_logdet(h, &(ipl_definite){.m = m, .p = ones, .order = k}, &work->signs,
                         work->pool, err);
    *h += whole;
    return st;
}

/* What is taken off a Gram matrix of the rows to centre every class of them. */
typedef struct centring {
    const ipl_groups *groups;
    const ipl_square *gram;
    double *m;
    double *by_row, *by_class; /* (n, k) mean of row i over class c; (k, k) of these */
    double weight, lifted;
} centring;

static double gram_at(const ipl_square *g, size_t i, size_t j)
{
    if (i == j)
        return g->diag.p[i];
    return i > j ? g->a.p[j * g->order + i] : g->a.p[i * g->order + j];
}

static void mean_rows(void *arg, size_t c, size_t thread)
{
    const centring *job = arg;
    const ipl_groups *groups = job->groups;
    const size_t n = groups->n, k = groups->k;

    (void)thread;
    for (size_t i = 0; i < n; i++)
        job->by_row[i * k + c] = 0.0;
    for (size_t j = groups->start[c]; j < groups->start[c + 1]; j++)
        for (size_t i = 0; i < n; i++)
            job->by_row[i * k + c] +=
                gram_at(job->gram, i, j) / (double)ipl_groups_size(groups, c);
}

/*
 * Rows of class c: I + weight (Gram matrix about the class means), and the eigenvalue 1 along
 * the members of every class lifted as ipl_half_logdet() does for one.
 */
static void form_rows(void *arg, size_t c, size_t thread)
{
    const centring *job = arg;
    const ipl_groups *groups = job->groups;
    const size_t k = groups->k;
    const double lift = (job->lifted - 1.0) / (double)ipl_groups_size(groups, c);

    (void)thread;
    for (size_t i = groups->start[c]; i < groups->start[c + 1]; i++)
        for (size_t b = 0; b <= c; b++)
            for (size_t j = groups->start[b]; j < groups->start[b + 1] && j <= i; j++)
                job->m[i * groups->n + j] =
                    (i == j ? 1.0 : 0.0) + (b == c ? lift : 0.0) +
                    job->weight * (gram_at(job->gram, i, j) - job->by_row[i * k + b] -
                                   job->by_row[j * k + c] + job->by_class[c * k + b]);
}

/* H_W of a T wider than n from the Gram matrix of its rows. */
static ipl_status pooled_by_rows(double *h, ipl_groups *groups, ipl_pair *ty,
                                 ipl_scale scale, double beta, ipl_work *work,
                                 ipl_error *err)
{
    const size_t n = groups->n, k = groups->k;
    centring job = {.groups = groups,
                    .gram = &ty->a->rows[scale],
                    .weight = beta / (double)n,
                    .lifted = 1.0};
    ipl_status st = ipl_var_gram(ty->a, IPL_ROWS, scale, work, err);

    if (st == IPL_OK)
        st = ipl_var_borrow(&job.m, ty->spare, scale, n, err);
    if (st == IPL_OK)
        st = ipl_buffer_reserve(&work->panel, n + k, k, err);
    if (st != IPL_OK)
        return st;
    job.by_row = work->panel.p;
    job.by_class = job.by_row + n * k;
    ipl_pool_run(work->pool, k, mean_rows, &job);
    memset(job.by_class, 0, k * k * sizeof *job.by_class);
    for (size_t c = 0; c < k; c++)
        for (size_t i = groups->start[c]; i < groups->start[c + 1]; i++)
            for (size_t b = 0; b < k; b++)
                job.by_class[c * k + b] +=
                    job.by_row[i * k + b] / (double)ipl_groups_size(groups, c);
    for (size_t i = 0; i < n; i++)
        job.lifted += job.weight * job.gram->diag.p[i] / (double)n;
    ipl_pool_run(work->pool, k, form_rows, &job);
    st = ipl_half_logdet(h, &(ipl_definite){.m = job.m, .order = n}, &work->signs,
                         work->pool, err);
    *h -= 0.5 * (double)k * log(job.lifted);
    return st;
}

ipl_status ipl_groups_pooled(double *h, ipl_groups *groups, ipl_pair *ty, ipl_scale scale,
                             double beta, ipl_work *work, ipl_error *err)
{
    const ipl_var *t = groups->t;
    const bool small = !t->streams && (t->n < t->d ? t->n : t->d) <= IPL_SMALL;
    const double bound = ipl_var_bound(t, scale, beta);
    ipl_status st = IPL_OK;

    *h = (double)NAN;
    if (!isfinite(bound)) {
        ipl_work_fault(work, "H(%s): beta times the variance overflows", t->name);
        return IPL_OK;
    }
    if (small)
        st = ipl_groups_centre(groups, scale, work, err);
    if (st == IPL_OK && bound <= ipl_side_bound(ipl_var_side(t)))
        st = small ? pooled_directly(h, groups, beta, work, err)
                   : pooled_by_residual(h, groups, ty, scale, beta, work, err);
    if (st == IPL_OK && isnan(*h) && !small && t->d > t->n && bound <= IPL_ROWS_BOUND)
        st = pooled_by_rows(h, groups, ty, scale, beta, work, err);
    if (st != IPL_OK || !isnan(*h))
        return st;
    st = ipl_groups_centre(groups, scale, work, err);
    if (st == IPL_OK)
        st = ipl_groups_entropy_qr(h, groups, 0, groups->n, beta, work, err);
    return st;
}
