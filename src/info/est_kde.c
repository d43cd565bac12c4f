/*
 * Bounds of Kolchinsky and Tracey on the entropy of T + Z, Z ~ N(0, v I): every sample is
 * the centre of a Gaussian of a mixture.
 *
 *     H(T)   = d/2 log(2 pi e v) + I(X;T)
 *     I(X;T) = -1/n sum_i log 1/n sum_j exp(-|t_i - t_j|^2 / (a v))
 *
 * with a = 2 for the upper (Kullback-Leibler) and a = 8 for the lower (Bhattacharyya) bound.
 * The net is taken for deterministic, H(T|X) = h(Z), so that I(X;T) says nothing of how T
 * follows from X: shuffling the pairs does not change it. I(T;Y) = H(T) - sum_c p_c H(T|c).
 *
 * Every inner sum has its own sample with exp(0) = 1, the largest term, so it is between 1
 * and n and needs no shift of the exponent.
 *
 * Cost n^2 d. 0 <= lower <= upper <= ln n, I(T;Y) <= H(Y); it sits at ln n as soon as samples
 * are further apart than the noise. Equal samples count as one with their share, constant
 * columns only shift H; n < d does no harm but all are far apart.
 */
#include "info/distance.h"
#include "info/est.h"
#include "math/vec.h"

#include <math.h>

#define TWO_PI_E 17.079468445347132466

typedef struct kde {
    double var;
    int bound;
    size_t n;
} kde;

enum { BOUND_UPPER, BOUND_LOWER };
static const char *const bound_names[] = {
    [BOUND_UPPER] = "upper", [BOUND_LOWER] = "lower", NULL};
static const double bound_factor[] = {[BOUND_UPPER] = 2.0, [BOUND_LOWER] = 8.0};

static const ipl_opt kde_opts[] = {
    IPL_OPT_NUMBER(kde, var, "var", 0, 1e300, 0.1, "variance of the noise, above 0"),
    IPL_OPT_WORD(kde, bound, "bound", bound_names, BOUND_UPPER,
                 "Kullback-Leibler (upper) or Bhattacharyya (lower)"),
    IPL_OPT_NUMBER(kde, n, "n", 0, 1e9, IPL_SAMPLES, "first samples to look at; 0: all"),
    IPL_OPT_END,
};

typedef struct kde_job {
    const ipl_distance *dist;
    const ipl_subset *subset;
    double rate;       /* 1 / (a v) */
    double *table;     /* scratch of every thread */
    double *all, *own; /* (n) log of the mean of exp among all, within the class */
} kde_job;

/* Sum of exp(-rate d_j) over [from, to). */
static double sum_exp(const double *row, size_t from, size_t to, double rate)
{
    enum { CHUNK = 256, LANES = 8 };
    double x[CHUNK], y[CHUNK], lane[LANES] = {0}, sum = 0.0;

    for (; from < to; from += CHUNK) {
        const size_t n = to - from < CHUNK ? to - from : CHUNK, whole = n / LANES * LANES;

        for (size_t j = 0; j < n; j++)
            x[j] = -rate * row[from + j];
        ipl_vec_exp_double(y, x, n);
        for (size_t j = 0; j < whole; j += LANES)
            for (size_t k = 0; k < LANES; k++)
                lane[k] += y[j + k];
        for (size_t j = whole; j < n; j++)
            sum += y[j];
    }
    for (size_t k = 0; k < LANES; k++)
        sum += lane[k];
    return sum;
}

static void kde_block(void *arg, size_t task, size_t thread)
{
    const kde_job *job = arg;
    const ipl_subset *subset = job->subset;
    const size_t n = job->dist->n;
    const double *row = ipl_distance_rows(job->dist, job->table, thread, task);
    size_t first, end;

    ipl_distance_range(&first, &end, job->dist, task);
    for (size_t i = first; i < end; i++, row += n) {
        size_t from = 0, to = n;
        double own, rest = 0.0;

        if (subset->k > 0) {
            const size_t c = ipl_subset_class(subset, i);

            from = subset->start[c];
            to = subset->start[c + 1];
        }
        own = sum_exp(row, from, to, job->rate);
        rest = sum_exp(row, 0, from, job->rate) + sum_exp(row, to, n, job->rate);
        job->own[i] = log(own / (double)(to - from));
        job->all[i] = log((own + rest) / (double)n);
    }
}

/* -sum of logs / n; a sum of n equal samples is 0, not -0. */
static double minus_mean(const double *logs, size_t n)
{
    double sum = 0.0;

    for (size_t i = 0; i < n; i++)
        sum += logs[i];
    return 0.0 - sum / (double)n;
}

static ipl_status kde_check(void *self, ipl_error *err)
{
    const kde *o = self;

    if (!isfinite(1.0 / (2.0 * o->var)))
        return ipl_fail(err, IPL_E_FORMAT,
                        "estimator 'kde': var: %g is not a variance above 0", o->var);
    return IPL_OK;
}

static ipl_status kde_measure(ipl_measures *out, const void *self, ipl_scene *scene,
                              ipl_error *err)
{
    const kde *o = self;
    ipl_subset *subset = &scene->subset;
    ipl_work *work = &scene->work;
    const double noise = 0.5 * (double)scene->t->d * log(TWO_PI_E * o->var);
    kde_job job = {.dist = &scene->dt[IPL_EUCLID],
                   .subset = subset,
                   .rate = 1.0 / (bound_factor[o->bound] * o->var)};
    ipl_status st = ipl_subset_take(subset, o->n, scene->x->n, scene->groups, err);
    const size_t n = subset->n;

    if (st == IPL_OK)
        st = ipl_distance_set(&scene->dt[IPL_EUCLID], subset, work, err);
    if (st == IPL_OK)
        st = ipl_buffer_reserve(&work->matrix, 2, n, err);
    if (st == IPL_OK && n > IPL_DISTANCE_KEPT)
        st = ipl_buffer_reserve(&work->panel,
                                ipl_pool_threads(work->pool) * IPL_DISTANCE_BLOCK, n, err);
    if (st != IPL_OK || !job.dist->sound)
        return st;
    job.table = work->panel.p;
    job.all = work->matrix.p;
    job.own = work->matrix.p + n;
    ipl_pool_run(work->pool, ipl_distance_blocks(job.dist), kde_block, &job);

    out->I_XT = minus_mean(job.all, n);
    out->H_T = noise + out->I_XT;
    if (subset->k == 0)
        return IPL_OK;
    out->H_Y = ipl_subset_label_entropy(subset);
    out->H_T_given_Y = noise + minus_mean(job.own, n);
    out->I_TY = out->I_TY_cond = out->I_XT - minus_mean(job.own, n);
    return IPL_OK;
}

const ipl_estimator_ops ipl_est_kde = {
    .row = {.name = "kde",
            .summary = "bounds on the entropy of a mixture of Gaussians, one per sample",
            .source = "Kolchinsky and Tracey, Entropy 19 (2017)",
            .size = sizeof(kde),
            .opts = kde_opts},
    .unit = "nats",
    .ceiling = "I(X;T) <= ln n, I(T;Y) <= H(Y)",
    .cost = "n^2 d",
    .limits = "equal samples count as one; constant columns shift H alone; n < d: at ln n",
    .wants_given = true,
    .check = kde_check,
    .measure = kde_measure,
};
