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
 * Cost n^2 d, and n^2 / 2 exponentials: each pair counts for both of its samples.
 * 0 <= lower <= upper <= ln n, I(T;Y) <= H(Y); it sits at ln n as soon as samples are further
 * apart than the noise. Equal samples count as one with their share, constant columns only
 * shift H; n < d does no harm but all are far apart.
 */
#include "info/distance.h"
#include "info/est.h"
#include "math/vec.h"

#include <math.h>
#include <string.h>

#define TWO_PI_E 17.079468445347132466
#define LEAST (-600.0) /* exponent: nothing beside one, and no subnormal number */

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
    IPL_OPT_NUMBER(kde, n, "n", 0, 1e9, IPL_SAMPLES,
                   "samples to look at, drawn by class; 0: all"),
    IPL_OPT_END,
};

/* Rows are cut into stripes of equal work, each with sums of its own: the same numbers, added
 * in the same order, on any number of threads. */
enum { STRIPES = 32 };

typedef struct kde_job {
    const ipl_distance *dist;
    const ipl_subset *subset;
    double rate;        /* 1 / (a v) */
    double *table;      /* scratch of every thread */
    double *own, *rest; /* (STRIPES, n) sums of exp within the class, over the others */
} kde_job;

/* First block of a stripe: the work up to a row grows with its square. */
static size_t stripe_start(const ipl_distance *dist, size_t stripe)
{
    return (size_t)((double)ipl_distance_blocks(dist) *
                    sqrt((double)stripe / (double)STRIPES));
}

/* Sum of e_j = exp(-rate d_j) for j < n, each of which is added to column j, too. */
static double add_exp(double *columns, const double *row, size_t n, double rate)
{
    enum { CHUNK = 256 };
    double e[CHUNK], sum = 0.0;

    for (size_t from = 0; from < n; from += CHUNK) {
        const size_t m = n - from < CHUNK ? n - from : CHUNK;

        ipl_vec_decay(e, row + from, rate, LEAST, m);
        for (size_t j = 0; j < m; j++)
            columns[from + j] += e[j];
        sum += ipl_vec_sum(e, m);
    }
    return sum;
}

static void kde_stripe(void *arg, size_t task, size_t thread)
{
    const kde_job *job = arg;
    const size_t n = job->dist->n, last = stripe_start(job->dist, task + 1);
    double *own = job->own + task * n, *rest = job->rest + task * n;

    memset(own, 0, n * sizeof *own);
    memset(rest, 0, n * sizeof *rest);
    for (size_t block = stripe_start(job->dist, task); block < last; block++) {
        const double *row = ipl_distance_rows(job->dist, job->table, thread, block);
        size_t i, end;

        for (ipl_distance_range(&i, &end, job->dist, block); i < end; i++, row += n) {
            const size_t from = job->subset->k > 0
                                    ? job->subset->start[ipl_subset_class(job->subset, i)]
                                    : 0;

            rest[i] += add_exp(rest, row, from, job->rate);
            own[i] += 1.0 + add_exp(own + from, row + from, i - from, job->rate);
        }
    }
}

/* Means over the samples of -log of the mean of exp: among all, and within the class. */
static void kde_entropies(double *all, double *own, const kde_job *job)
{
    const size_t n = job->dist->n;
    double sum_all = 0.0, sum_own = 0.0;

    for (size_t i = 0; i < n; i++) {
        const size_t members =
            job->subset->k > 0
                ? ipl_subset_size(job->subset, ipl_subset_class(job->subset, i))
                : n;
        double inside = 0.0, outside = 0.0;

        for (size_t s = 0; s < STRIPES; s++) {
            inside += job->own[s * n + i];
            outside += job->rest[s * n + i];
        }
        sum_own += log(inside / (double)members);
        sum_all += log((inside + outside) / (double)n);
    }
    *all = 0.0 - sum_all / (double)n; /* n equal samples have 0, not -0 */
    *own = 0.0 - sum_own / (double)n;
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
    ipl_status st =
        ipl_subset_take(subset, o->n, scene->x->n, scene->groups, scene->seed, err);
    const size_t n = subset->n;
    double own;

    if (st == IPL_OK)
        st = ipl_distance_set(&scene->dt[IPL_EUCLID], subset, IPL_BELOW, work, err);
    if (st == IPL_OK)
        st = ipl_buffer_reserve(&work->matrix, (size_t)2 * STRIPES, n, err);
    if (st == IPL_OK && n > IPL_DISTANCE_KEPT)
        st = ipl_buffer_reserve(&work->panel,
                                ipl_pool_threads(work->pool) * IPL_DISTANCE_BLOCK, n, err);
    if (st != IPL_OK || !job.dist->sound)
        return st;
    job.table = work->panel.p;
    job.own = work->matrix.p;
    job.rest = job.own + (size_t)STRIPES * n;
    ipl_pool_run(work->pool, STRIPES, kde_stripe, &job);
    kde_entropies(&out->I_XT, &own, &job);
    out->H_T = noise + out->I_XT;
    if (subset->k == 0)
        return IPL_OK;
    out->H_Y = ipl_subset_label_entropy(subset);
    out->H_T_given_Y = noise + own;
    out->I_TY = out->I_TY_cond = out->I_XT - own;
    return IPL_OK;
}

const ipl_estimator_ops ipl_est_kde = {
    .row = {.name = "kde",
            .summary = "bounds on the entropy of a mixture of Gaussians, one per sample",
            .source = "Kolchinsky and Tracey, Entropy 19 (2017)",
            .size = sizeof(kde),
            .opts = kde_opts},
    .unit = "nats",
    .takes_map = true,
    .shannon = true,
    .ceiling = "I(X;T) <= ln n, I(T;Y) <= H(Y)",
    .cost = "n^2 d",
    .limits = "equal samples count as one; constant columns shift H alone; n < d: at ln n; "
              "I(X;T) is H(T): X is not looked at, T must be a function of it",
    .wants_given = true,
    .check = kde_check,
    .measure = kde_measure,
};
