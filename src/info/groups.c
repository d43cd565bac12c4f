#include "info/groups.h"

#include "base/alloc.h"
#include "info/columns.h"
#include "info/logdet.h"
#include "info/rows.h"
#include "math/linalg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct tagged {
    int32_t label;
    uint32_t row;
} tagged;

static int by_label(const void *left, const void *right)
{
    const tagged *a = left, *b = right;

    if (a->label != b->label)
        return a->label < b->label ? -1 : 1;
    return a->row < b->row ? -1 : a->row > b->row;
}

/* order, start and the counts from sorted labels. */
static void take_order(ipl_groups *out, const tagged *sorted)
{
    out->k = 0;
    out->least = out->n;
    for (size_t i = 0; i < out->n; i++) {
        if (i == 0 || sorted[i].label != sorted[i - 1].label)
            out->start[out->k++] = i;
        out->order[i] = sorted[i].row;
    }
    out->start[out->k] = out->n;
    for (size_t c = 0; c < out->k; c++)
        if (ipl_groups_size(out, c) < out->least)
            out->least = ipl_groups_size(out, c);
}

static ipl_status set_one_hot(ipl_groups *out, ipl_work *work, ipl_error *err)
{
    float *hot = ipl_array(out->n, out->k, sizeof *hot, err);
    ipl_status st;

    if (!hot)
        return IPL_E_NOMEM;
    for (size_t c = 0; c < out->k; c++)
        for (size_t i = out->start[c]; i < out->start[c + 1]; i++)
            hot[i * out->k + c] = 1.0f;
    out->y.name = "Y";
    out->y.lasting = true;
    st = ipl_var_set(&out->y, ipl_cmat_f32(hot, out->n, out->k), NULL, work, err);
    ipl_free(hot);
    return st;
}

ipl_status ipl_groups_set(ipl_groups *out, const int32_t *labels, size_t n, ipl_work *work,
                          ipl_error *err)
{
    tagged *sorted = ipl_array(n, 1, sizeof *sorted, err);
    ipl_status st = IPL_E_NOMEM;

    out->n = n;
    out->order = ipl_array(n, 1, sizeof *out->order, err);
    out->start = ipl_array(n + 1, 1, sizeof *out->start, err);
    if (!sorted || !out->order || !out->start)
        goto done;
    for (size_t i = 0; i < n; i++)
        sorted[i] = (tagged){labels[i], (uint32_t)i};
    qsort(sorted, n, sizeof *sorted, by_label);
    take_order(out, sorted);

    out->at = ipl_array(out->k + 1, 1, sizeof *out->at, err);
    out->h = ipl_array(out->k, 1, sizeof *out->h, err);
    out->fate = ipl_array(out->k, 1, sizeof *out->fate, err);
    if (!out->at || !out->h || !out->fate)
        goto done;
    st = set_one_hot(out, work, err);
done:
    ipl_free(sorted);
    return st;
}

void ipl_groups_release(ipl_groups *groups)
{
    ipl_buffer_release(&groups->mean);
    ipl_buffer_release(&groups->scratch);
    for (size_t k = 0; k < IPL_SCALES; k++)
        ipl_buffer_release(&groups->gram[k]);
    ipl_buffer_release(&groups->z);
    ipl_var_release(&groups->y);
    ipl_free(groups->fate);
    ipl_free(groups->h);
    ipl_free(groups->at);
    ipl_free(groups->start);
    ipl_free(groups->order);
    *groups = (ipl_groups){0};
}

void ipl_groups_begin(ipl_groups *groups, ipl_var *t)
{
    groups->t = t;
    t->start = groups->start;
    t->parts = t->streams && groups->least >= t->d ? groups->k : 0;
    groups->centred = false;
    for (size_t k = 0; k < IPL_SCALES; k++)
        groups->filled[k] = false;
}

/* What is done for every class at once. */
typedef struct group_job {
    ipl_groups *groups;
    ipl_scale scale;
    double beta;
    size_t stride;   /* of the scratch of one thread */
    bool about_zero; /* from the sums of T about its mean, not of a class about its own */
    ipl_pool *inner; /* threads within a class; NULL: one */
} group_job;

/*
 * Run a task per class: side by side where there are enough classes for the threads, and
 * enough to do that waking them pays.
 */
static void run_groups(group_job *job, ipl_task task, ipl_pool *pool)
{
    const size_t k = job->groups->k;

    if (job->groups->n * job->groups->t->d < IPL_ROWS_TASK)
        pool = NULL;
    if (k >= ipl_pool_threads(pool)) {
        ipl_pool_run(pool, k, task, job);
        return;
    }
    job->inner = pool;
    for (size_t c = 0; c < k; c++)
        task(job, c, 0);
}

/* Class c of T in groups->z. */
static ipl_panels rows_of_group(const ipl_groups *groups, size_t c)
{
    return ipl_panels_of(groups->z.p, groups->n, groups->t->d, groups->start[c],
                         ipl_groups_size(groups, c));
}

/* A panel scaled, about its mean. */
static void centre_panel(double *z, size_t n, const double *s)
{
    double mean[IPL_PANEL], ss[IPL_PANEL];

    for (size_t i = 0; s && i < n; i++)
        for (size_t j = 0; j < IPL_PANEL; j++)
            z[i * IPL_PANEL + j] *= s[j];
    ipl_columns_mean(mean, z, n);
    ipl_columns_centre(ss, z, n, mean);
}

/* Rows of class c of T, scaled, about their mean. */
static void centre_group(void *arg, size_t c, size_t thread)
{
    const group_job *job = arg;
    ipl_groups *groups = job->groups;
    const ipl_var *t = groups->t;
    const ipl_panels z = rows_of_group(groups, c);
    const double *s = ipl_var_scaling(t, job->scale);
    double *out = groups->z.p + groups->start[c] * IPL_PANEL;

    (void)thread;
    ipl_rows_read(out, z.stride, t, groups->start[c], z.rows, job->inner);
    for (size_t p = 0; p < ipl_panels_count(t->d); p++)
        centre_panel(out + p * z.stride, z.rows, s ? s + p * IPL_PANEL : NULL);
}

ipl_status ipl_groups_centre(ipl_groups *groups, ipl_scale scale, ipl_work *work,
                             ipl_error *err)
{
    group_job job = {.groups = groups, .scale = scale};
    ipl_status st;

    if (groups->centred && groups->scale == scale)
        return IPL_OK;
    st = ipl_buffer_reserve(&groups->z, 1, ipl_panels_size(groups->n, groups->t->d), err);
    if (st != IPL_OK)
        return st;
    run_groups(&job, centre_group, work->pool);
    groups->centred = true;
    groups->scale = scale;
    return IPL_OK;
}

/* Order of the Gram matrix of class c: its smaller side. */
static size_t group_order(const ipl_groups *groups, size_t c)
{
    const size_t n = ipl_groups_size(groups, c), d = groups->t->d;

    return n < d ? n : d;
}

static void gram_group(void *arg, size_t c, size_t thread)
{
    const group_job *job = arg;
    ipl_groups *groups = job->groups;
    const ipl_panels z = rows_of_group(groups, c);
    double *g = groups->gram[job->scale].p + groups->at[c];

    if (z.rows < z.d)
        ipl_panels_gram_rows(g, &z, 1.0, groups->scratch.p + thread * job->stride,
                             job->inner);
    else
        ipl_panels_gram(g, &z, 1.0, false, job->inner);
}

/* A block of rows of one class, a task per panel. */
typedef struct class_job {
    double *z, *mean; /* panels; (d) of the class, and (d) where it was before the pass */
    const double *s;
    size_t count, up, stride;
    double share; /* weight of the sum of what is left in the mean; 0: centre z */
} class_job;

static void class_panel(void *arg, size_t task, size_t thread)
{
    const class_job *job = arg;
    double *z = job->z + task * job->stride, *mean = job->mean + task * IPL_PANEL;
    double part[IPL_PANEL];

    (void)thread;
    for (size_t i = 0; job->s && i < job->count; i++)
        for (size_t j = 0; j < IPL_PANEL; j++)
            z[i * IPL_PANEL + j] *= job->s[task * IPL_PANEL + j];
    if (job->share == 0.0) {
        ipl_columns_centre(part, z, job->count, mean);
        return;
    }
    ipl_columns_rest(part, z, job->count, mean + job->up);
    for (size_t j = 0; j < IPL_PANEL; j++)
        mean[j] += job->share * part[j];
}

/*
 * Gram matrix of class c of a T that streams: two passes for its mean, the second over what
 * is left, and one for the products.
 */
static ipl_status stream_group(ipl_groups *groups, size_t c, ipl_scale scale,
                               ipl_work *work, ipl_error *err)
{
    const ipl_var *t = groups->t;
    const size_t n = ipl_groups_size(groups, c), d = t->d, first = groups->start[c];
    const size_t step =
        n < d ? n : IPL_ROWS_AT_ONCE; /* rows of a wide class are needed whole */
    const size_t up = ipl_panels_up(d), size = ipl_panels_size(step, d);
    double *g = groups->gram[scale].p + groups->at[c];
    class_job job = {.s = ipl_var_scaling(t, scale), .up = up};
    ipl_status st = ipl_buffer_reserve(&groups->mean, 2, up, err);

    if (st == IPL_OK)
        st = ipl_buffer_reserve(&work->rows[0], 1, size + ipl_panels_room(n < d ? n : 0, d),
                                err);
    if (st != IPL_OK)
        return st;
    job.mean = groups->mean.p;
    job.z = work->rows[0].p;
    job.stride = ipl_panels_pitch(step) * IPL_PANEL;
    memset(job.mean, 0, 2 * up * sizeof *job.mean);
    for (int pass = 0; pass < 3; pass++) {
        job.share = pass < 2 ? 1.0 / (double)n : 0.0;
        memcpy(job.mean + up, job.mean, up * sizeof *job.mean);
        for (size_t i = 0; i < n; i += step) {
            const ipl_panels z =
                ipl_panels_of(job.z, step, d, 0, n - i < step ? n - i : step);

            job.count = z.rows;
            ipl_rows_read(job.z, job.stride, t, first + i, z.rows, work->pool);
            ipl_pool_run(work->pool, ipl_panels_count(d), class_panel, &job);
            if (pass == 2 && n < d)
                ipl_panels_gram_rows(g, &z, 1.0, job.z + size, work->pool);
            else if (pass == 2)
                ipl_panels_gram(g, &z, 1.0, i > 0, work->pool);
        }
    }
    return IPL_OK;
}

/* Room for one thread to turn the rows of a class. */
static size_t turning_room(const ipl_groups *groups)
{
    const size_t d = groups->t->d;
    size_t most = 0;

    for (size_t c = 0; c < groups->k; c++) {
        const size_t n = ipl_groups_size(groups, c),
                     room = n < d ? ipl_panels_room(n, d) : 0;

        most = room > most ? room : most;
    }
    return most;
}

/* Gram matrices of all classes, unless they are there. */
static ipl_status gram_groups(ipl_groups *groups, ipl_scale scale, ipl_work *work,
                              ipl_error *err)
{
    group_job job = {.groups = groups, .scale = scale};
    ipl_status st;

    for (size_t c = 0; c < groups->k; c++) {
        const size_t m = group_order(groups, c);

        groups->at[c + 1] = groups->at[c] + m * m;
    }
    if (groups->filled[scale])
        return IPL_OK;
    st = ipl_buffer_reserve(&groups->gram[scale], groups->at[groups->k], 1, err);
    for (size_t c = 0; groups->t->streams && st == IPL_OK && c < groups->k; c++)
        st = stream_group(groups, c, scale, work, err);
    if (st == IPL_OK && !groups->t->streams)
        st = ipl_groups_centre(groups, scale, work, err);
    if (st != IPL_OK)
        return st;
    if (!groups->t->streams) {
        job.stride = ipl_thread_stride(turning_room(groups));
        st = ipl_buffer_reserve(&groups->scratch, ipl_pool_threads(work->pool), job.stride,
                                err);
        if (st != IPL_OK)
            return st;
        run_groups(&job, gram_group, work->pool);
    }
    groups->filled[scale] = true;
    return IPL_OK;
}

/* m = I + weight G of the lower triangles; returns weight times the trace of G. */
static double weigh_gram(double *m, const double *g, size_t order, double weight)
{
    double trace = 0.0;

    for (size_t i = 0; i < order; i++) {
        for (size_t j = 0; j <= i; j++)
            m[i * order + j] = weight * g[i * order + j];
        trace += m[i * order + i];
        m[i * order + i] += 1.0;
    }
    return trace;
}

/*
 * The same from sums that are not about the mean of the class: with S of n rows z and their
 * sum t, the Gram matrix of the class is S - t t' / n. p (d) becomes what M's diagonal was
 * summed from, so that digits lost by the difference are noticed; returns its sum.
 */
static double weigh_sums(double *m, double *p, const ipl_var *t, size_t c, ipl_scale scale,
                         double weight, double n)
{
    const size_t d = t->d;
    const double *g = t->part_gram.p + c * d * d,
                 *sum = t->part_sum.p + c * ipl_panels_up(d);
    const double *s = ipl_var_scaling(t, scale);
    double trace = 0.0;

    for (size_t i = 0; i < d; i++) {
        const double w = weight * (s ? s[i] : 1.0);

        for (size_t j = 0; j <= i; j++)
            m[i * d + j] = w * (s ? s[j] : 1.0) * (g[i * d + j] - sum[i] * (sum[j] / n));
        m[i * d + i] += 1.0;
        p[i] = 1.0 + w * (s ? s[i] : 1.0) * g[i * d + i];
        trace += p[i] - 1.0;
    }
    return trace;
}

/* h_c by Cholesky; NaN when it cannot be trusted. */
static void entropy_of_group(void *arg, size_t c, size_t thread)
{
    const group_job *job = arg;
    ipl_groups *groups = job->groups;
    const size_t order = group_order(groups, c);
    const bool rows = ipl_groups_size(groups, c) < groups->t->d;
    double *m = groups->scratch.p + thread * job->stride, *p = m + order * order;
    ipl_buffer room = {.p = p + order, .size = IPL_SIGNS_ROOM * order};
    const double n = (double)ipl_groups_size(groups, c), weight = job->beta / n;
    const double trace =
        job->about_zero
            ? weigh_sums(m, p, groups->t, c, job->scale, weight, n)
            : weigh_gram(m, groups->gram[job->scale].p + groups->at[c], order, weight);
    const ipl_definite matrix = {
        .m = m, .p = job->about_zero ? p : NULL, .order = order, .centred = rows};

    groups->h[c] = (double)NAN;
    groups->fate[c] = IPL_OK;
    if (1.0 + trace <= ipl_side_bound(rows ? IPL_ROWS : IPL_COLS))
        groups->fate[c] = ipl_half_logdet(&groups->h[c], &matrix, &room, job->inner, NULL);
}

ipl_status ipl_groups_entropy_qr(double *h, const ipl_groups *groups, size_t first,
                                 size_t n, double beta, ipl_work *work, ipl_error *err)
{
    const size_t d = groups->t->d;
    const double weight = sqrt(beta / (double)n);
    const ipl_panels z = ipl_panels_of(groups->z.p, groups->n, d, first, n);
    ipl_error why = {0};
    ipl_status st = ipl_buffer_reserve(&work->copy, n, d, err);

    *h = (double)NAN;
    if (st != IPL_OK)
        return st;
    ipl_panels_empty(work->copy.p, &z, work->pool);
    for (size_t i = 0; i < n * d; i++)
        work->copy.p[i] *= weight;
    st = ipl_logdet_qr(h, work->copy.p, n, d, &why);
    *h *= 0.5;
    if (st != IPL_E_NUMERIC)
        return st == IPL_OK ? IPL_OK : ipl_fail(err, st, "%s", why.msg);
    *h = (double)NAN;
    ipl_work_fault(work, "H(%s|Y): %s", groups->t->name, why.msg);
    return IPL_OK;
}

/* h of every class, from one kind of sums or the other. */
static ipl_status entropies(ipl_groups *groups, group_job *job, ipl_work *work,
                            ipl_error *err)
{
    size_t order = 0;
    ipl_status st = job->about_zero ? ipl_var_gram(groups->t, IPL_COLS, IPL_COV, work, err)
                                    : gram_groups(groups, job->scale, work, err);

    for (size_t c = 0; c < groups->k; c++)
        order = group_order(groups, c) > order ? group_order(groups, c) : order;
    job->stride = ipl_thread_stride(order * (order + 1 + IPL_SIGNS_ROOM));
    if (st == IPL_OK)
        st = ipl_buffer_reserve(&groups->scratch, ipl_pool_threads(work->pool), job->stride,
                                err);
    if (st != IPL_OK)
        return st;
    run_groups(job, entropy_of_group, work->pool);
    for (size_t c = 0; c < groups->k; c++)
        if (groups->fate[c] != IPL_OK)
            return ipl_fail(err, groups->fate[c], "out of memory within class %zu", c);
    return IPL_OK;
}

static bool any_unknown(const ipl_groups *groups)
{
    bool unknown = false;

    for (size_t c = 0; c < groups->k; c++)
        unknown = unknown || isnan(groups->h[c]);
    return unknown;
}

ipl_status ipl_groups_conditional(double *h, ipl_groups *groups, ipl_scale scale,
                                  double beta, ipl_work *work, ipl_error *err)
{
    group_job job = {
        .groups = groups, .scale = scale, .beta = beta, .about_zero = groups->t->parts > 0};
    double sum = 0.0;
    ipl_status st = entropies(groups, &job, work, err);

    *h = (double)NAN;
    if (st == IPL_OK && job.about_zero && any_unknown(groups)) {
        job.about_zero = false;
        st = entropies(groups, &job, work, err);
    }
    if (st != IPL_OK)
        return st;
    for (size_t c = 0; c < groups->k; c++) {
        const size_t n = ipl_groups_size(groups, c);

        if (isnan(groups->h[c])) {
            st = ipl_groups_centre(groups, scale, work, err);
            if (st == IPL_OK)
                st = ipl_groups_entropy_qr(&groups->h[c], groups, groups->start[c], n, beta,
                                           work, err);
            if (st != IPL_OK)
                return st;
        }
        sum += (double)n / (double)groups->n * groups->h[c];
    }
    *h = sum;
    return IPL_OK;
}
