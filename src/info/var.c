#include "info/var.h"

#include "info/columns.h"
#include "info/logdet.h"
#include "info/rows.h"

#include <assert.h>
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Below this a sum of squares has lost digits to the smallest double. */
#define SQUARE_MIN (DBL_MIN / DBL_EPSILON)

void ipl_work_release(ipl_work *work)
{
    ipl_buffer_release(&work->signs);
    ipl_buffer_release(&work->rows[1]);
    ipl_buffer_release(&work->rows[0]);
    ipl_buffer_release(&work->copy);
    ipl_buffer_release(&work->panel);
    ipl_buffer_release(&work->matrix);
}

void ipl_work_fault(ipl_work *work, const char *fmt, ...)
{
    char why[256];
    va_list ap;

    if (work->fault[0] != '\0')
        return;
    va_start(ap, fmt);
    (void)vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    (void)snprintf(work->fault, sizeof work->fault, "%.200s: %s",
                   work->estimator ? work->estimator : "", why);
}

/* varies[j]: column j of the panel has two different numbers. */
static void find_constant(bool *varies, const double *z, size_t n)
{
    size_t left = IPL_PANEL;

    memset(varies, 0, IPL_PANEL * sizeof *varies);
    for (size_t i = 1; i < n && left > 0; i++)
        for (size_t j = 0; j < IPL_PANEL; j++)
            if (!varies[j] && z[i * IPL_PANEL + j] != z[j]) {
                varies[j] = true;
                left--;
            }
}

/*
 * A mean is rounded to a double, and what it misses stays in the centred column. Where the mean
 * is far above the spread that is taken off, too.
 */
static void centre_rest(double *ss, double *z, size_t n, const double *mean)
{
    double rest[IPL_PANEL];
    bool far = false;

    for (size_t j = 0; j < IPL_PANEL; j++)
        far = far || ipl_rows_far(mean[j], ss[j], n);
    if (!far)
        return;
    ipl_columns_mean(rest, z, n);
    ipl_columns_centre(ss, z, n, rest);
}

/* Mean, sum of squares and scaling of a panel, which is centred. */
static void import_panel(ipl_var *v, size_t first)
{
    double *z = v->z.p + first * ipl_panels_pitch(v->n), shift[IPL_PANEL];
    double *mean = v->mean.p + first, *s = v->s.p + first;
    bool varies[IPL_PANEL];

    find_constant(varies, z, v->n);
    ipl_columns_mean(mean, z, v->n);
    for (size_t j = 0; j < IPL_PANEL; j++) {
        s[j] = varies[j] ? 1.0 : 0.0;          /* finish_columns() makes it the scaling */
        shift[j] = varies[j] ? mean[j] : z[j]; /* exactly zero */
    }
    ipl_columns_centre(v->ss.p + first, z, v->n, shift);
    centre_rest(v->ss.p + first, z, v->n, shift);
}

typedef struct import_job {
    ipl_var *v;
    size_t step; /* columns of a task */
} import_job;

static void import_columns(void *arg, size_t task, size_t thread)
{
    const import_job *job = arg;
    const size_t first = task * job->step, end = first + job->step;

    (void)thread;
    for (size_t j = first; j < end && j < job->v->d; j += IPL_PANEL)
        import_panel(job->v, j);
}

/* All columns of a variable that is kept. */
static void import(ipl_var *v, ipl_pool *pool)
{
    import_job job = {v, ipl_panels_up(IPL_ROWS_TASK / v->n + 1)};

    memset(v->mean.p, 0, ipl_panels_up(v->d) * sizeof *v->mean.p);
    ipl_rows_take(v->z.p, ipl_panels_pitch(v->n) * IPL_PANEL, v, 0, v->n, v->mean.p, pool);
    ipl_pool_run(pool, (v->d + job.step - 1) / job.step, import_columns, &job);
}

/* The samples as they came, in order. */
static void import_given(void *arg, size_t task, size_t thread)
{
    ipl_var *v = arg;
    const size_t at = (v->order ? v->order[task] : task) * v->d;

    (void)thread;
    for (size_t j = 0; j < v->d; j++)
        v->given.p[task * v->d + j] =
            v->from.f64 ? v->from.f64[at + j] : (double)v->from.f32[at + j];
}

static ipl_status check_finite(const ipl_var *v, ipl_cmat x, ipl_error *err)
{
    for (size_t i = 0; i < x.rows * x.cols; i++) {
        const double value = x.f64 ? x.f64[i] : (double)x.f32[i];

        if (!isfinite(value))
            return ipl_fail(err, IPL_E_NUMERIC, "%s: row %zu, column %zu is %s", v->name,
                            i / x.cols, i % x.cols, isnan(value) ? "NaN" : "infinite");
    }
    return IPL_OK;
}

/* 1 / standard deviation of a column whose squares leave the range of a double. */
static double inverse_deviation(const ipl_var *v, size_t j)
{
    double top = 0.0, sum = 0.0;

    for (size_t i = 0; i < v->n; i++)
        top = fmax(top, fabs(ipl_rows_at(v, i, j)));
    for (size_t i = 0; i < v->n; i++) {
        const double r = ipl_rows_at(v, i, j) / top;

        sum += r * r;
    }
    return 1.0 / top / sqrt(sum / (double)v->n);
}

/* The scaling and the traces, from the sums of squares. */
static void finish_columns(ipl_var *v)
{
    v->trace[IPL_COV] = v->trace[IPL_CORR] = 0.0;
    v->underflow = false;
    for (size_t j = 0; j < v->d; j++) {
        const double ss = v->ss.p[j];

        v->trace[IPL_COV] += ss / (double)v->n;
        if (v->s.p[j] == 0.0)
            continue;
        v->trace[IPL_CORR] += 1.0;
        if (ss >= SQUARE_MIN) {
            v->s.p[j] = 1.0 / sqrt(ss / (double)v->n);
            continue;
        }
        v->underflow = true;
        v->s.p[j] = inverse_deviation(v, j);
    }
}

/* Forget what belonged to the old samples, keep the memory. */
static void forget(ipl_var *v)
{
    v->cols.filled = false;
    for (size_t k = 0; k < IPL_SCALES; k++) {
        v->rows[k].filled = false;
        v->row_factor[k].used = false;
    }
    for (size_t k = 0; k < IPL_FACTORS; k++)
        v->factor[k].used = false;
    v->next_factor = 0;
    v->n_entropies = 0;
}

/* Room for the samples and what belongs to their columns. */
static ipl_status reserve_samples(ipl_var *v, size_t n, size_t d, ipl_error *err)
{
    ipl_status st = IPL_OK;

    v->n = n;
    v->d = d;
    if (!v->streams)
        st = ipl_buffer_reserve(&v->z, 1, ipl_panels_size(n, d), err);
    if (st == IPL_OK && v->keep_given)
        st = ipl_buffer_reserve(&v->given, n, d, err);
    if (st == IPL_OK)
        st = ipl_buffer_reserve(&v->mean, ipl_panels_up(d), 1, err);
    if (st == IPL_OK)
        st = ipl_buffer_reserve(&v->ss, ipl_panels_up(d), 1, err);
    if (st == IPL_OK)
        st = ipl_buffer_reserve(&v->s, ipl_panels_up(d), 1, err);
    if (st == IPL_OK && v->streams)
        st = ipl_buffer_reserve(&v->rest, ipl_panels_up(d), 1, err);
    return st;
}

ipl_status ipl_var_set(ipl_var *v, ipl_cmat x, const uint32_t *order, ipl_work *work,
                       ipl_error *err)
{
    bool finite = true;
    double *room;
    ipl_status st;

    forget(v);
    if (x.rows > INT_MAX / 2 || x.cols > INT_MAX / 2)
        return ipl_fail(err, IPL_E_SHAPE, "%s: %zu x %zu is too large to measure", v->name,
                        x.rows, x.cols);
    st = reserve_samples(v, x.rows, x.cols, err);
    v->from = x;
    v->order = order;
    if (st == IPL_OK)
        st = ipl_rows_reserve(&room, v, 0, work, err);
    if (st != IPL_OK)
        return st;

    if (v->streams)
        ipl_rows_study(v, room, work->pool);
    else
        import(v, work->pool);
    if (v->keep_given)
        ipl_pool_run(work->pool, v->n, import_given, v);
    for (size_t j = 0; j < v->d; j++) /* a NaN or Inf anywhere makes the mean one */
        finite = finite && isfinite(v->mean.p[j]);
    if (!finite) {
        st = check_finite(v, x, err);
        if (st != IPL_OK)
            return st;
    }
    finish_columns(v);
    return IPL_OK;
}

static void shuffle_rows(double *out, const double *in, const uint32_t *row, size_t n,
                         size_t d)
{
    for (size_t i = 0; i < n; i++)
        memcpy(out + i * d, in + row[i] * d, d * sizeof *out);
}

/* G'_ij = G_row[i],row[j] of a Gram matrix of the samples. */
static ipl_status shuffle_square(ipl_square *out, const ipl_square *sq, const uint32_t *row,
                                 ipl_error *err)
{
    const size_t n = sq->order;
    const ipl_status st = ipl_square_reserve(out, n, err);

    if (st != IPL_OK)
        return st;
    for (size_t j = 0; j < n; j++) {
        out->diag.p[j] = sq->diag.p[row[j]];
        for (size_t i = j + 1; i < n; i++) {
            const size_t low = row[i] < row[j] ? row[i] : row[j];
            const size_t high = row[i] < row[j] ? row[j] : row[i];

            out->a.p[j * n + i] = sq->a.p[low * n + high];
        }
    }
    out->filled = true;
    return IPL_OK;
}

/* Both Gram matrices of the columns; the order of samples is not seen. */
static ipl_status copy_square(ipl_square *out, const ipl_square *sq, ipl_error *err)
{
    const size_t d = sq->order;
    const ipl_status st = ipl_square_reserve(out, d, err);

    if (st != IPL_OK)
        return st;
    memcpy(out->diag.p, sq->diag.p, d * sizeof *out->diag.p);
    for (size_t j = 0; j < d; j++)
        memcpy(out->a.p + j * d + j, sq->a.p + j * d + j, (d - j) * sizeof *out->a.p);
    out->filled = true;
    return IPL_OK;
}

ipl_status ipl_var_shuffle(ipl_var *out, const ipl_var *v, const uint32_t *row,
                           ipl_error *err)
{
    const size_t n = v->n, d = v->d;
    ipl_status st;

    forget(out);
    assert(!v->streams);
    out->keep_given = v->keep_given;
    st = reserve_samples(out, n, d, err);
    if (st != IPL_OK)
        return st;
    for (size_t p = 0; p < ipl_panels_count(d); p++) {
        const size_t at = p * ipl_panels_pitch(n) * IPL_PANEL;

        shuffle_rows(out->z.p + at, v->z.p + at, row, n, IPL_PANEL);
    }
    if (v->keep_given)
        shuffle_rows(out->given.p, v->given.p, row, n, d);
    memcpy(out->mean.p, v->mean.p, d * sizeof *out->mean.p);
    memcpy(out->ss.p, v->ss.p, d * sizeof *out->ss.p);
    memcpy(out->s.p, v->s.p, d * sizeof *out->s.p);
    memcpy(out->trace, v->trace, sizeof out->trace);
    out->underflow = v->underflow;
    for (size_t k = 0; k < v->n_entropies && k < IPL_ENTROPIES; k++)
        if (v->entropy[k].kind < IPL_OF_SUBSET)
            ipl_var_note(out, v->entropy[k].kind, v->entropy[k].key, v->entropy[k].h);
    if (v->cols.filled)
        st = copy_square(&out->cols, &v->cols, err);
    for (size_t k = 0; k < IPL_SCALES && st == IPL_OK; k++)
        if (v->rows[k].filled)
            st = shuffle_square(&out->rows[k], &v->rows[k], row, err);
    return st;
}

void ipl_var_release(ipl_var *v)
{
    for (size_t k = 0; k < IPL_FACTORS; k++)
        ipl_buffer_release(&v->factor[k].own);
    for (size_t k = 0; k < IPL_SCALES; k++)
        ipl_square_release(&v->rows[k]);
    ipl_square_release(&v->cols);
    ipl_buffer_release(&v->part_sum);
    ipl_buffer_release(&v->part_gram);
    ipl_buffer_release(&v->s);
    ipl_buffer_release(&v->ss);
    ipl_buffer_release(&v->rest);
    ipl_buffer_release(&v->mean);
    ipl_buffer_release(&v->given);
    ipl_buffer_release(&v->z);
}

void ipl_var_drop_columns(ipl_var *v)
{
    for (size_t k = 0; k < IPL_FACTORS; k++) {
        v->factor[k].used = false;
        ipl_buffer_release(&v->factor[k].own);
    }
    v->next_factor = 0;
    ipl_square_release(&v->cols);
}

const double *ipl_var_scaling(const ipl_var *v, ipl_scale scale)
{
    return scale == IPL_CORR ? v->s.p : NULL;
}

ipl_side ipl_var_side(const ipl_var *v)
{
    return v->d <= v->n ? IPL_COLS : IPL_ROWS;
}

double ipl_var_bound(const ipl_var *v, ipl_scale scale, double beta)
{
    if (scale == IPL_CORR && v->underflow)
        return fmax(2.0 * IPL_ROWS_BOUND, 1.0 + beta * v->trace[scale]);
    return 1.0 + beta * v->trace[scale];
}

double ipl_side_bound(ipl_side side)
{
    return side == IPL_ROWS ? IPL_ROWS_BOUND : IPL_TRUST_BOUND;
}

void ipl_var_weigh(double *out, size_t stride, size_t at, const ipl_var *v, ipl_scale scale,
                   double beta)
{
    const double weight = sqrt(beta / (double)v->n);
    const double *s = ipl_var_scaling(v, scale);

    for (size_t i = 0; i < v->n; i++) {
        double *row = out + i * stride + at;

        ipl_rows_one(row, v, i);
        for (size_t j = 0; j < v->d; j++)
            row[j] = weight * (s ? s[j] * row[j] : row[j]);
    }
}

static bool is_entropy(const ipl_entropy *e, int kind, const double key[IPL_KEYS])
{
    bool same = e->kind == kind;

    for (size_t k = 0; k < IPL_KEYS; k++)
        same = same && e->key[k] == key[k];
    return same;
}

bool ipl_var_recall(double *h, const ipl_var *v, int kind, const double key[IPL_KEYS])
{
    for (size_t k = 0; k < v->n_entropies && k < IPL_ENTROPIES; k++)
        if (is_entropy(&v->entropy[k], kind, key)) {
            *h = v->entropy[k].h;
            return true;
        }
    return false;
}

void ipl_var_note(ipl_var *v, int kind, const double key[IPL_KEYS], double h)
{
    ipl_entropy *e = &v->entropy[v->n_entropies % IPL_ENTROPIES];

    e->kind = kind;
    memcpy(e->key, key, sizeof e->key);
    e->h = h;
    v->n_entropies++;
}
