#include "info/knn.h"

#include <math.h>

#define LOG_2 0.69314718055994530942
#define LOG_PI 1.14472988584940017414

double ipl_digamma(size_t n)
{
    double x = (double)n, shift = 0.0, w;

    while (x < 10.0) { /* psi(x) = psi(x + 1) - 1/x */
        shift += 1.0 / x;
        x += 1.0;
    }
    w = 1.0 / (x * x);
    /* log x - 1/(2x) - sum of Bernoulli numbers B_2m / (2m x^2m) */
    return log(x) - 0.5 / x -
           w * (1.0 / 12 -
                w * (1.0 / 120 -
                     w * (1.0 / 252 -
                          w * (1.0 / 240 - w * (1.0 / 132 - w * 691 / 32760))))) -
           shift;
}

double ipl_kth_smallest(const double *x, size_t from, size_t to, size_t self, size_t k,
                        double *scratch)
{
    size_t held = 0;

    for (size_t j = from; j < to; j++) {
        size_t at;

        if (j == self || (held == k && x[j] >= scratch[k - 1]))
            continue;
        at = held < k ? held++ : k - 1;
        for (; at > 0 && scratch[at - 1] > x[j]; at--)
            scratch[at] = scratch[at - 1];
        scratch[at] = x[j];
    }
    return scratch[k - 1];
}

typedef struct knn_job {
    const ipl_distance *dist;
    const ipl_subset *subset;
    size_t k;
    bool within;
    double *table, *nearest; /* scratch of every thread */
    double *all, *own;       /* (n) log e_i among all, within the class */
} knn_job;

/* log of a distance as the table has it. */
static double log_of(const ipl_distance *dist, double e)
{
    return dist->metric == IPL_CHEBYSHEV ? log(e) : 0.5 * log(e);
}

static void knn_block(void *arg, size_t task, size_t thread)
{
    const knn_job *job = arg;
    const ipl_subset *subset = job->subset;
    const size_t n = job->dist->n;
    const double *row = ipl_distance_rows(job->dist, job->table, thread, task);
    double *nearest = job->nearest + thread * ipl_thread_stride(job->k), e;
    size_t first, end;

    ipl_distance_range(&first, &end, job->dist, task);
    for (size_t i = first; i < end; i++, row += n) {
        e = ipl_kth_smallest(row, 0, n, i, job->k, nearest);
        job->all[i] = log_of(job->dist, e);
        if (job->within) {
            const size_t c = ipl_subset_class(subset, i);

            e = ipl_kth_smallest(row, subset->start[c], subset->start[c + 1], i, job->k,
                                 nearest);
            job->own[i] = log_of(job->dist, e);
        }
    }
}

/* The formula for the samples [from, to) and their log e. */
static double entropy_of(const double *log_e, size_t from, size_t to,
                         const ipl_distance *dist, size_t k)
{
    const double n = (double)(to - from), d = (double)dist->v->d;
    const double ball = dist->metric == IPL_CHEBYSHEV
                            ? d * LOG_2
                            : 0.5 * d * LOG_PI - lgamma(1.0 + 0.5 * d);
    double sum = 0.0;

    for (size_t i = from; i < to; i++)
        sum += log_e[i];
    return ipl_digamma(to - from) - ipl_digamma(k) + ball + d * (sum / n);
}

/* Minus infinity is no number: NaN, and say why. */
static double finite_or_nan(double h, const ipl_distance *dist, size_t k, const char *given,
                            ipl_work *work)
{
    if (isfinite(h))
        return h;
    ipl_work_fault(work,
                   "H(%s%s): %zu samples or more are equal, so that the distance to "
                   "neighbour %zu is 0 and the entropy minus infinity",
                   dist->v->name, given, k + 1, k);
    return (double)NAN;
}

ipl_status ipl_knn_entropy(double *h, double *h_within, const ipl_distance *dist,
                           const ipl_subset *subset, size_t k, ipl_work *work,
                           ipl_error *err)
{
    knn_job job = {.dist = dist, .subset = subset, .k = k};
    const size_t n = subset->n, threads = ipl_pool_threads(work->pool);
    double sum = 0.0;
    ipl_status st = ipl_buffer_reserve(&work->matrix, 2, n, err);

    *h = (double)NAN;
    if (h_within)
        *h_within = (double)NAN;
    if (st == IPL_OK && n > IPL_DISTANCE_KEPT)
        st = ipl_buffer_reserve(&work->panel, threads * IPL_DISTANCE_BLOCK, n, err);
    if (st == IPL_OK)
        st = ipl_buffer_reserve(&work->copy, threads, ipl_thread_stride(k), err);
    if (st != IPL_OK || !dist->sound)
        return st;
    if (h_within && subset->least <= k)
        ipl_work_fault(work, "H(%s|Y): a class has %zu samples, neighbour %zu wants more",
                       dist->v->name, subset->least, k);
    job.within = h_within && subset->least > k;
    job.table = work->panel.p;
    job.nearest = work->copy.p;
    job.all = work->matrix.p;
    job.own = work->matrix.p + n;
    ipl_pool_run(work->pool, ipl_distance_blocks(dist), knn_block, &job);

    *h = finite_or_nan(entropy_of(job.all, 0, n, dist, k), dist, k, "", work);
    if (!h_within || !job.within)
        return IPL_OK;
    for (size_t c = 0; c < subset->k; c++)
        sum += (double)ipl_subset_size(subset, c) / (double)n *
               entropy_of(job.own, subset->start[c], subset->start[c + 1], dist, k);
    *h_within = finite_or_nan(sum, dist, k, "|Y", work);
    return IPL_OK;
}

ipl_status ipl_knn_check(const char *estimator, size_t k, size_t limit, size_t n,
                         ipl_error *err)
{
    const size_t used = limit == 0 || limit > n ? n : limit;

    if (k < used)
        return IPL_OK;
    return ipl_fail(err, IPL_E_FORMAT,
                    "estimator '%s': k=%zu neighbours want more than %zu samples, there "
                    "are %zu",
                    estimator, k, k, used);
}
