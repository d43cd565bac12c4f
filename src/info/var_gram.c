/* Gram matrices of a variable, their factors, and the entropies that follow from them. */
#include "info/columns.h"
#include "info/logdet.h"
#include "info/rows.h"
#include "info/var.h"
#include "math/linalg.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Rows [first, end) in blocks; Z'Z of them, lower triangle. */
static void gram_by_blocks(double *g, const ipl_var *v, size_t first, size_t end,
                           double *room, ipl_pool *pool)
{
    const size_t step = ipl_rows_step(v);

    for (size_t i = first; i < end; i += step) {
        const ipl_panels z =
            ipl_rows_get(v, i, end - i < step ? end - i : step, room, pool);

        ipl_panels_gram(g, &z, 1.0, i > first, pool);
    }
}

typedef struct part_job {
    const ipl_var *v;
    ipl_panels z;
    double *sum, *g;
} part_job;

static void sum_panel(void *arg, size_t task, size_t thread)
{
    static const double zero[IPL_PANEL];
    const part_job *job = arg;
    double part[IPL_PANEL];

    (void)thread;
    ipl_columns_rest(part, job->z.p + task * job->z.stride, job->z.rows, zero);
    for (size_t j = 0; j < IPL_PANEL; j++)
        job->sum[task * IPL_PANEL + j] += part[j];
}

/* Z'Z and the sums of the rows of one part. */
static void gram_of_part(part_job *job, size_t part, double *room, ipl_pool *pool)
{
    const ipl_var *v = job->v;
    const size_t first = v->start[part], end = v->start[part + 1], d = v->d;
    const size_t step = ipl_rows_step(v);

    job->sum = v->part_sum.p + part * ipl_panels_up(d);
    memset(job->sum, 0, ipl_panels_up(d) * sizeof *job->sum);
    for (size_t i = first; i < end; i += step) {
        job->z = ipl_rows_get(v, i, end - i < step ? end - i : step, room, pool);
        ipl_panels_gram(v->part_gram.p + part * d * d, &job->z, 1.0, i > first, pool);
        ipl_pool_run(pool, ipl_panels_count(d), sum_panel, job);
    }
}

/* A row of the sum of the Gram matrices of all parts. */
static void add_parts(void *arg, size_t task, size_t thread)
{
    const part_job *job = arg;
    const size_t d = job->v->d;

    (void)thread;
    memset(job->g + task * d, 0, (task + 1) * sizeof *job->g);
    for (size_t c = 0; c < job->v->parts; c++)
        for (size_t j = 0; j <= task; j++)
            job->g[task * d + j] += job->v->part_gram.p[(c * d + task) * d + j];
}

/* Z'Z, lower triangle. */
static ipl_status gram_of_columns(double *g, ipl_var *v, ipl_work *work, ipl_error *err)
{
    part_job job = {.v = v, .g = g};
    double *room;
    ipl_status st = ipl_rows_reserve(&room, v, 0, work, err);

    if (st == IPL_OK && v->parts > 0)
        st = ipl_buffer_reserve(&v->part_gram, v->parts * v->d, v->d, err);
    if (st == IPL_OK && v->parts > 0)
        st = ipl_buffer_reserve(&v->part_sum, v->parts, ipl_panels_up(v->d), err);
    if (st != IPL_OK)
        return st;
    if (v->parts == 0)
        gram_by_blocks(g, v, 0, v->n, room, work->pool);
    for (size_t c = 0; c < v->parts; c++)
        gram_of_part(&job, c, room, work->pool);
    if (v->parts > 0)
        ipl_pool_run(work->pool, v->d, add_parts, &job);
    return IPL_OK;
}

/* D X' of a panel, its columns scaled. */
static void scale_panel(double *out, const double *z, const double *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < IPL_PANEL; j++)
            out[i * IPL_PANEL + j] = s[j] * z[i * IPL_PANEL + j];
}

/* X D^2 X', lower triangle. */
static ipl_status gram_of_rows(double *g, const ipl_var *v, ipl_scale scale, ipl_work *work,
                               ipl_error *err)
{
    const size_t copy = scale == IPL_CORR ? ipl_panels_size(v->n, v->d) : 0;
    const double *s = ipl_var_scaling(v, scale);
    ipl_panels z = ipl_panels_of(v->z.p, v->n, v->d, 0, v->n);
    const ipl_status st =
        ipl_buffer_reserve(&work->copy, 1, copy + ipl_panels_room(v->n, v->d), err);

    if (st != IPL_OK)
        return st;
    for (size_t p = 0; s && p < ipl_panels_count(v->d); p++)
        scale_panel(work->copy.p + p * z.stride, z.p + p * z.stride, s + p * IPL_PANEL,
                    v->n);
    if (s)
        z.p = work->copy.p;
    ipl_panels_gram_rows(g, &z, 1.0, work->copy.p + copy, work->pool);
    return IPL_OK;
}

ipl_status ipl_var_gram(ipl_var *v, ipl_side side, ipl_scale scale, ipl_work *work,
                        ipl_error *err)
{
    ipl_square *sq = side == IPL_COLS ? &v->cols : &v->rows[scale];
    ipl_status st;

    assert(side == IPL_COLS || !v->streams);
    if (sq->filled)
        return IPL_OK;
    st = ipl_square_reserve(sq, side == IPL_COLS ? v->d : v->n, err);
    if (st == IPL_OK)
        st = side == IPL_COLS ? gram_of_columns(sq->a.p, v, work, err)
                              : gram_of_rows(sq->a.p, v, scale, work, err);
    if (st == IPL_OK)
        ipl_square_lift(sq, work->pool);
    return st;
}

/* The slot with this factor, or the one to put it in: *found says which. */
static ipl_factor *find_factor(bool *found, ipl_var *v, ipl_side side, ipl_scale scale,
                               double beta)
{
    ipl_factor *f = &v->row_factor[scale];

    *found = false;
    if (side == IPL_ROWS) {
        *found = f->used && f->beta == beta;
        return f;
    }
    for (size_t k = 0; k < IPL_FACTORS; k++) {
        f = &v->factor[k];
        if (f->used && f->scale == scale && f->beta == beta) {
            *found = true;
            return f;
        }
    }
    f = &v->factor[v->next_factor];
    v->next_factor = (v->next_factor + 1) % IPL_FACTORS;
    return f;
}

/* Factor into slot f. */
static ipl_status make_factor(ipl_factor *f, ipl_var *v, ipl_side side, ipl_scale scale,
                              double beta, ipl_work *work, ipl_error *err)
{
    ipl_square *sq = side == IPL_COLS ? &v->cols : &v->rows[scale];
    const double *s = side == IPL_COLS ? ipl_var_scaling(v, scale) : NULL;
    ipl_status st = ipl_var_gram(v, side, scale, work, err);

    f->used = false;
    if (st != IPL_OK)
        return st;
    f->l = sq->a.p;
    if (side == IPL_COLS && f != &v->factor[0]) {
        st = ipl_buffer_reserve(&f->own, v->d, v->d, err);
        if (st != IPL_OK)
            return st;
        f->l = f->own.p;
    }
    ipl_square_form(f->l, sq, s, beta / (double)v->n, work->pool);
    st = ipl_half_logdet(
        &f->h, &(ipl_definite){.m = f->l, .order = sq->order, .centred = side == IPL_ROWS},
        &work->signs, work->pool, err);
    if (st != IPL_OK)
        return st;
    f->scale = scale;
    f->beta = beta;
    f->used = true;
    return IPL_OK;
}

/* The factor with its h, made when it is not there. */
static ipl_status get_factor(ipl_factor **out, ipl_var *v, ipl_side side, ipl_scale scale,
                             double beta, ipl_work *work, ipl_error *err)
{
    bool found;

    *out = find_factor(&found, v, side, scale, beta);
    return found ? IPL_OK : make_factor(*out, v, side, scale, beta, work, err);
}

ipl_status ipl_var_factor(const double **l, ipl_var *v, ipl_side side, ipl_scale scale,
                          double beta, ipl_work *work, ipl_error *err)
{
    ipl_factor *f = NULL;
    ipl_status st;

    *l = NULL;
    if (!(ipl_var_bound(v, scale, beta) <= ipl_side_bound(side)))
        return IPL_OK;
    st = get_factor(&f, v, side, scale, beta, work, err);
    if (st == IPL_OK && !isnan(f->h))
        *l = f->l;
    return st;
}

ipl_status ipl_var_borrow(double **m, ipl_var *v, ipl_scale scale, size_t n, ipl_error *err)
{
    ipl_square *sq = &v->rows[scale];
    ipl_status st = IPL_OK;

    v->row_factor[scale].used = false;
    if (!sq->filled)
        st = ipl_square_reserve(sq, n, err);
    *m = sq->a.p;
    return st;
}

/* H from the samples themselves, without a Gram matrix. */
static ipl_status entropy_by_qr(double *h, ipl_var *v, ipl_scale scale, double beta,
                                ipl_work *work, ipl_error *err)
{
    ipl_error why = {0};
    ipl_status st = ipl_buffer_reserve(&work->copy, v->n, v->d, err);

    if (st != IPL_OK)
        return st;
    ipl_var_weigh(work->copy.p, v->d, 0, v, scale, beta);
    st = ipl_logdet_qr(h, work->copy.p, v->n, v->d, &why);
    *h *= 0.5;
    if (st != IPL_E_NUMERIC)
        return st == IPL_OK ? IPL_OK : ipl_fail(err, st, "%s", why.msg);
    *h = (double)NAN;
    ipl_work_fault(work, "H(%s): %s", v->name, why.msg);
    return IPL_OK;
}

ipl_status ipl_var_entropy(double *h, ipl_var *v, ipl_scale scale, double beta,
                           ipl_work *work, ipl_error *err)
{
    const double bound = ipl_var_bound(v, scale, beta), key[IPL_KEYS] = {beta};
    const int kind = IPL_OF_LOGDET + (int)scale;
    ipl_factor *f = NULL;
    ipl_status st = IPL_OK;

    if (ipl_var_recall(h, v, kind, key))
        return IPL_OK;
    *h = (double)NAN;
    if (!isfinite(bound)) {
        ipl_work_fault(work, "H(%s): beta times the variance overflows", v->name);
        return IPL_OK;
    }
    if (bound <= ipl_side_bound(ipl_var_side(v))) {
        st = get_factor(&f, v, ipl_var_side(v), scale, beta, work, err);
        if (st == IPL_OK)
            *h = f->h;
    }
    if (st == IPL_OK && isnan(*h))
        st = entropy_by_qr(h, v, scale, beta, work, err);
    if (st == IPL_OK)
        ipl_var_note(v, kind, key, *h);
    return st;
}
