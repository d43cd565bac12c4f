/*
 * Mutual information of Kraskov, Stoegbauer and Grassberger from neighbours in the joint
 * space with the maximum norm.
 *
 *     variant 1   psi(k) + psi(n) - <psi(n_x + 1) + psi(n_t + 1)>
 *                 n_x: samples closer in X than the k-th joint neighbour is, strictly
 *     variant 2   psi(k) - 1/k + psi(n) - <psi(n_x) + psi(n_t)>
 *                 n_x: samples within the largest X distance of the k neighbours, and of
 *                 those at the same distance as the k-th: their order does not matter
 *
 * The labels have no distances, so I(T;Y) is H(T) - sum_c n_c/n H(T|Y=c) of `kl` with the
 * maximum norm and the same k.
 *
 * Cost n^2 (d_X + d_T). Ceiling: psi(n) - psi(k) + a little, about ln n, wherever the true
 * information is larger. The counts are of samples, so equal ones in X or in T alone are
 * harmless; k + 1 pairs that coincide leave no neighbourhood: NaN with the reason. Constant
 * columns have no effect; for n < d all neighbours are far and I is near 0.
 */
#include "info/est.h"
#include "info/knn.h"

#include <math.h>

typedef struct ksg {
    size_t k, variant, n;
} ksg;

static const ipl_opt ksg_opts[] = {
    IPL_OPT_NUMBER(ksg, k, "k", 1, 1000000, 3, "neighbours; less than the samples"),
    IPL_OPT_NUMBER(ksg, variant, "variant", 1, 2, 1, "algorithm 1 or 2 of the paper"),
    IPL_OPT_NUMBER(ksg, n, "n", 0, 1e9, IPL_SAMPLES,
                   "samples to look at, drawn by class; 0: all"),
    IPL_OPT_END,
};

typedef struct ksg_job {
    const ipl_distance *x, *t;
    size_t k, variant;
    double *table_x, *table_t; /* scratch of every thread */
    double *joint, *nearest;
    const double *psi; /* (n + 1) psi(m) */
    double *sum;       /* (n) psi of the counts, NaN: no neighbourhood */
} ksg_job;

/* Largest X and T distance of the samples within joint distance e. */
static void radii(double *ex, double *et, const ksg_job *job, const double *x,
                  const double *t, const double *joint, double e, size_t self)
{
    *ex = *et = 0.0;
    for (size_t j = 0; j < job->x->n; j++)
        if (j != self && joint[j] <= e) {
            *ex = fmax(*ex, x[j]);
            *et = fmax(*et, t[j]);
        }
}

/* psi(n_x [+ 1]) + psi(n_t [+ 1]) of sample i. */
static double counts(const ksg_job *job, const double *x, const double *t, double *joint,
                     double *nearest, size_t i)
{
    const size_t n = job->x->n;
    size_t nx = 0, nt = 0;
    double e, ex, et;

    for (size_t j = 0; j < n; j++)
        joint[j] = x[j] > t[j] ? x[j] : t[j];
    e = ipl_kth_smallest(joint, 0, n, i, job->k, nearest);
    if (e == 0.0)
        return (double)NAN;
    if (job->variant == 1) {
        for (size_t j = 0; j < n; j++) {
            nx += x[j] < e;
            nt += t[j] < e;
        }
        return job->psi[nx] + job->psi[nt]; /* the sample itself is the + 1 */
    }
    radii(&ex, &et, job, x, t, joint, e, i);
    for (size_t j = 0; j < n; j++) {
        nx += x[j] <= ex;
        nt += t[j] <= et;
    }
    return job->psi[nx - 1] + job->psi[nt - 1];
}

static void ksg_block(void *arg, size_t task, size_t thread)
{
    const ksg_job *job = arg;
    const size_t n = job->x->n;
    const double *x = ipl_distance_rows(job->x, job->table_x, thread, task);
    const double *t = ipl_distance_rows(job->t, job->table_t, thread, task);
    size_t first, end;

    ipl_distance_range(&first, &end, job->x, task);
    for (size_t i = first; i < end; i++, x += n, t += n)
        job->sum[i] = counts(job, x, t, job->joint + thread * ipl_thread_stride(n),
                             job->nearest + thread * ipl_thread_stride(job->k), i);
}

/* Scratch of the threads in panel, sums and psi in matrix. */
static ipl_status reserve(ksg_job *job, size_t n, ipl_work *work, ipl_error *err)
{
    const size_t threads = ipl_pool_threads(work->pool);
    const size_t tables = n > IPL_DISTANCE_KEPT ? threads * IPL_DISTANCE_BLOCK * n : 0;
    const size_t each = ipl_thread_stride(n) + ipl_thread_stride(job->k);
    double *psi;
    ipl_status st = ipl_buffer_reserve(&work->panel, 2 * tables + threads * each, 1, err);

    if (st == IPL_OK)
        st = ipl_buffer_reserve(&work->matrix, 2 * n + 1, 1, err);
    if (st != IPL_OK)
        return st;
    job->table_x = work->panel.p;
    job->table_t = job->table_x + tables;
    job->joint = job->table_t + tables;
    job->nearest = job->joint + threads * ipl_thread_stride(n);
    job->sum = work->matrix.p;
    psi = work->matrix.p + n;
    for (size_t m = 1; m <= n; m++)
        psi[m] = ipl_digamma(m);
    job->psi = psi;
    return IPL_OK;
}

static ipl_status information(double *mi, const ksg *o, ipl_scene *scene, ipl_error *err)
{
    const size_t n = scene->subset.n;
    ksg_job job = {.x = &scene->dx[IPL_CHEBYSHEV],
                   .t = &scene->dt[IPL_CHEBYSHEV],
                   .k = o->k,
                   .variant = o->variant};
    double sum = 0.0;
    const ipl_status st = reserve(&job, n, &scene->work, err);

    if (st != IPL_OK || !job.x->sound || !job.t->sound)
        return st;
    ipl_pool_run(scene->work.pool, ipl_distance_blocks(job.x), ksg_block, &job);
    for (size_t i = 0; i < n; i++)
        sum += job.sum[i];
    if (isnan(sum)) {
        ipl_work_fault(&scene->work,
                       "I(X;%s): %zu samples or more are equal in both, neighbour %zu is "
                       "at distance 0",
                       scene->t->name, o->k + 1, o->k);
        return IPL_OK;
    }
    *mi = ipl_digamma(o->k) + ipl_digamma(n) - sum / (double)n;
    if (o->variant == 2)
        *mi -= 1.0 / (double)o->k;
    return IPL_OK;
}

static ipl_status ksg_prepare(const void *self, ipl_scene *scene, ipl_error *err)
{
    const ksg *o = self;

    return ipl_knn_check("ksg", o->k, o->n, scene->x->n, err);
}

static ipl_status ksg_measure(ipl_measures *out, const void *self, ipl_scene *scene,
                              ipl_error *err)
{
    const ksg *o = self;
    ipl_subset *subset = &scene->subset;
    ipl_distance *t = &scene->dt[IPL_CHEBYSHEV];
    ipl_status st =
        ipl_subset_take(subset, o->n, scene->x->n, scene->groups, scene->seed, err);

    if (st == IPL_OK)
        st = ipl_distance_set(&scene->dx[IPL_CHEBYSHEV], subset, IPL_WHOLE, &scene->work,
                              err);
    if (st == IPL_OK)
        st = ipl_distance_set(t, subset, IPL_WHOLE, &scene->work, err);
    if (st == IPL_OK)
        st = information(&out->I_XT, o, scene, err);
    if (st != IPL_OK || subset->k == 0)
        return st;
    out->H_Y = ipl_subset_label_entropy(subset);
    st = ipl_knn_entropy(&out->H_T, &out->H_T_given_Y, t, subset, o->k, &scene->work, err);
    out->I_TY = out->I_TY_cond = out->H_T - out->H_T_given_Y;
    return st;
}

const ipl_estimator_ops ipl_est_ksg = {
    .row = {.name = "ksg",
            .summary = "mutual information from counts of neighbours, maximum norm",
            .source = "Kraskov, Stoegbauer and Grassberger, Phys. Rev. E 69 (2004)",
            .size = sizeof(ksg),
            .opts = ksg_opts},
    .unit = "nats",
    .shannon = true,
    .ceiling = "I(X;T) about ln n",
    .cost = "n^2 (d_X + d_T)",
    .limits = "k+1 equal pairs: NaN; constant columns: no effect; n < d: near 0",
    .wants_given = true,
    .prepare = ksg_prepare,
    .measure = ksg_measure,
};
