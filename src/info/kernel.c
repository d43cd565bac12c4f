#include "info/kernel.h"

#include "math/linalg.h"
#include "math/vec.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum {
    GRID = 75,  /* widths that alignment tries */
    CHUNK = 256 /* exponentials computed at once */
};

#define LEAST (-300.0) /* exponent: nothing beside a diagonal of ones, its square normal */
#define GRID_LOW 0.1
#define GRID_HIGH 10.0 /* times the mean distance */
#define SILVERMAN 5.0
#define NEAR_ONE 0.1 /* orders within this of 1 get a form without cancellation */

ipl_metric ipl_kernel_metric(ipl_kernel kernel)
{
    return kernel == IPL_RBF_AUTHORS ? IPL_EUCLID_UNIT : IPL_EUCLID;
}

double ipl_kernel_rate(ipl_kernel kernel, double width)
{
    switch (kernel) {
    case IPL_RBF2:
        return 1.0 / (2.0 * width * width);
    case IPL_RBF:
        return 1.0 / (width * width);
    case IPL_RBF_AUTHORS:
    case IPL_KERNELS:
        break;
    }
    return 1.0 / width;
}

double ipl_width_silverman(size_t n, size_t d)
{
    return SILVERMAN * pow((double)n, -1.0 / (4.0 + (double)d));
}

double ipl_width_authors(size_t n, size_t d)
{
    return 2.0 * sqrt((double)d) * pow((double)n, -1.0 / (4.0 + (double)d));
}

/* A table of the threads when the distances are not kept; count of them. */
static ipl_status reserve_tables(size_t count, const ipl_distance *dist, ipl_work *work,
                                 ipl_error *err)
{
    if (dist->n <= IPL_DISTANCE_KEPT)
        return IPL_OK;
    return ipl_buffer_reserve(&work->panel,
                              count * ipl_pool_threads(work->pool) * IPL_DISTANCE_BLOCK,
                              dist->n, err);
}

/* Rows of a block, from the kept table or into the thread's scratch of `which`. */
static const double *block_rows(const ipl_distance *dist, const ipl_work *work,
                                size_t which, size_t block, size_t thread)
{
    return ipl_distance_rows(dist, work->panel.p,
                             which * ipl_pool_threads(work->pool) + thread, block);
}

typedef struct align_job {
    const ipl_distance *dist;
    const ipl_subset *subset;
    const ipl_work *work;
    double rate[GRID];
    double *mean; /* (n) sums of distances, below the diagonal as all others */
    double *own;  /* (n, GRID) sums of K over pairs with one label */
    double *all;  /* (n, GRID) sums of K^2 over all pairs */
} align_job;

static void sum_distances(void *arg, size_t task, size_t thread)
{
    const align_job *job = arg;
    const size_t n = job->dist->n;
    const double *row = block_rows(job->dist, job->work, 0, task, thread);
    size_t first, end;

    ipl_distance_range(&first, &end, job->dist, task);
    for (size_t i = first; i < end; i++, row += n) {
        job->mean[i] = 0.0;
        for (size_t j = 0; j < i; j++)
            job->mean[i] += sqrt(row[j]);
    }
}

/* Add K^2 of columns [at, end), at most CHUNK, to *all and K of those behind `from` to *own. */
static void add_aligned(double *all, double *own, const double *row, double rate, size_t at,
                        size_t end, size_t from)
{
    double k[CHUNK];
    const size_t n = end - at, skip = at < from ? from - at : 0;

    assert(n > 0 && n <= CHUNK);
    ipl_vec_decay(k, row + at, rate, LEAST, n);
    if (skip < n)
        *own += ipl_vec_sum(k + skip, n - skip);
    for (size_t j = 0; j < n; j++)
        k[j] *= k[j];
    *all += ipl_vec_sum(k, n);
}

static void align_block(void *arg, size_t task, size_t thread)
{
    const align_job *job = arg;
    const size_t n = job->dist->n;
    const double *row = block_rows(job->dist, job->work, 0, task, thread);
    size_t first, end;

    ipl_distance_range(&first, &end, job->dist, task);
    for (size_t i = first; i < end; i++, row += n) {
        const size_t from = job->subset->start[ipl_subset_class(job->subset, i)];

        for (size_t g = 0; g < GRID; g++) {
            double *all = &job->all[i * GRID + g], *own = &job->own[i * GRID + g];

            *all = *own = 0.0;
            for (size_t at = 0; at < i; at += CHUNK)
                add_aligned(all, own, row, job->rate[g], at,
                            i - at < CHUNK ? i : at + CHUNK, from);
        }
    }
}

ipl_status ipl_width_aligned(double *width, const ipl_distance *dist, ipl_kernel kernel,
                             const ipl_subset *subset, ipl_work *work, ipl_error *err)
{
    const size_t n = dist->n;
    align_job job = {.dist = dist, .subset = subset, .work = work};
    double mean = 0.0, best = -1.0, grid[GRID];
    ipl_status st = ipl_buffer_reserve(&work->matrix, n, 1 + 2 * GRID, err);

    *width = (double)NAN;
    if (st == IPL_OK)
        st = reserve_tables(1, dist, work, err);
    if (st != IPL_OK)
        return st;
    job.mean = work->matrix.p;
    job.own = job.mean + n;
    job.all = job.own + n * GRID;
    ipl_pool_run(work->pool, ipl_distance_blocks(dist), sum_distances, &job);
    for (size_t i = 0; i < n; i++)
        mean += job.mean[i];
    mean *= 2.0 / ((double)n * (double)n);
    for (size_t g = 0; g < GRID; g++) {
        grid[g] = GRID_LOW + (GRID_HIGH * mean - GRID_LOW) * (double)g / (double)(GRID - 1);
        job.rate[g] = ipl_kernel_rate(kernel, grid[g]);
    }
    ipl_pool_run(work->pool, ipl_distance_blocks(dist), align_block, &job);
    for (size_t g = 0; g < GRID; g++) {
        double own = (double)n, all = (double)n; /* the diagonal is one */

        for (size_t i = 0; i < n; i++) {
            own += 2.0 * job.own[i * GRID + g];
            all += 2.0 * job.all[i * GRID + g];
        }
        if (grid[g] > 0.0 && own / sqrt(all) > best) { /* |L| is the same for all */
            best = own / sqrt(all);
            *width = grid[g];
        }
    }
    return IPL_OK;
}

/* Columns [from, i] of row i of K / n. */
static void form_row(double *out, const ipl_product *k, const double *a, const double *b,
                     size_t from, size_t i)
{
    const double scale = 1.0 / (double)k->a->n;

    for (; from <= i; from += CHUNK, out += CHUNK) {
        const size_t n = i + 1 - from < CHUNK ? i + 1 - from : CHUNK;
        double x[CHUNK];

        for (size_t j = 0; j < n; j++)
            x[j] = -(k->rate_a * a[from + j] + (b ? k->rate_b * b[from + j] : 0.0));
        ipl_vec_exp_double(out, x, n);
        for (size_t j = 0; j < n; j++)
            out[j] *= scale;
    }
}

/* Eigenvalues of the lower triangle m (order, order), all NaN when it fails. */
static void solve(double *values, double *m, size_t order, double *scratch)
{
    const ipl_status st = ipl_eigenvalues(values, m, order, scratch, NULL);

    for (size_t i = 0; i < order && st != IPL_OK; i++)
        values[i] = (double)NAN;
}

/* Say so when a solver failed: its values are NaN all of them. */
static void note_failure(const double *values, const char *name, ipl_work *work)
{
    if (isnan(values[0]))
        ipl_work_fault(work, "%s: the eigenvalues of its kernel matrix cannot be had",
                       name);
}

typedef struct spectra_job {
    const ipl_product *k;
    const ipl_work *work;
    double *m; /* matrices of order n, one after the other */
    double *const *values;
    double *scratch; /* of every thread */
} spectra_job;

static void form_block(void *arg, size_t task, size_t thread)
{
    const spectra_job *job = arg;
    const size_t blocks = ipl_distance_blocks(job->k->a), which = task / blocks;
    const ipl_product *k = &job->k[which];
    const size_t n = k->a->n, block = task % blocks;
    const double *a = block_rows(k->a, job->work, 0, block, thread);
    const double *b = k->b ? block_rows(k->b, job->work, 1, block, thread) : NULL;
    double *m = job->m + which * n * n;
    size_t first, end;

    ipl_distance_range(&first, &end, k->a, block);
    for (size_t i = first; i < end; i++)
        form_row(m + i * n, k, a + (i - first) * n, b ? b + (i - first) * n : NULL, 0, i);
}

static void solve_matrix(void *arg, size_t task, size_t thread)
{
    const spectra_job *job = arg;
    const size_t n = job->k->a->n;

    solve(job->values[task], job->m + task * n * n, n,
          job->scratch + thread * ipl_thread_stride(ipl_eigenvalues_scratch(n)));
}

ipl_status ipl_spectra(double *const *values, const ipl_product *k, size_t count,
                       ipl_work *work, ipl_error *err)
{
    const size_t n = k->a->n, threads = ipl_pool_threads(work->pool);
    spectra_job job = {.k = k, .work = work, .values = values};
    ipl_status st = reserve_tables(2, k->a, work, err);

    if (st == IPL_OK)
        st = ipl_buffer_reserve(&work->matrix, count * n, n, err);
    if (st == IPL_OK)
        st = ipl_buffer_reserve(&work->copy, threads,
                                ipl_thread_stride(ipl_eigenvalues_scratch(n)), err);
    if (st != IPL_OK)
        return st;
    job.m = work->matrix.p;
    job.scratch = work->copy.p;
    ipl_pool_run(work->pool, count * ipl_distance_blocks(k->a), form_block, &job);
    ipl_pool_run(work->pool, count, solve_matrix, &job);
    for (size_t i = 0; i < count; i++)
        note_failure(values[i], (k[i].b ? k[i].b : k[i].a)->v->name, work);
    return IPL_OK;
}

typedef struct label_job {
    const ipl_subset *subset;
    const ipl_work *work;
    ipl_product k;
    double *m, *scratch, *values; /* m and scratch of every thread */
    size_t order;                 /* of the largest class */
} label_job;

/* One class: its block of K / n and the eigenvalues of it. */
static void solve_class(void *arg, size_t task, size_t thread)
{
    const label_job *job = arg;
    const ipl_distance *dist = job->k.a;
    const size_t from = job->subset->start[task], to = job->subset->start[task + 1];
    double *m = job->m + thread * ipl_thread_stride(job->order * job->order);

    for (size_t i = from; i < to;) {
        const size_t block = i / IPL_DISTANCE_BLOCK;
        const double *rows = block_rows(dist, job->work, 0, block, thread);
        size_t first, end;

        ipl_distance_range(&first, &end, dist, block);
        for (; i < end && i < to; i++)
            form_row(m + (i - from) * (to - from), &job->k, rows + (i - first) * dist->n,
                     NULL, from, i);
    }
    solve(job->values + from, m, to - from,
          job->scratch + thread * ipl_thread_stride(ipl_eigenvalues_scratch(job->order)));
}

ipl_status ipl_label_spectrum(double *values, const ipl_distance *dist, double rate,
                              const ipl_subset *subset, ipl_work *work, ipl_error *err)
{
    label_job job = {
        .subset = subset, .work = work, .k = {.a = dist, .rate_a = rate}, .values = values};
    size_t threads = ipl_pool_threads(work->pool);
    ipl_status st = reserve_tables(1, dist, work, err);

    for (size_t c = 0; c < subset->k; c++)
        if (ipl_subset_size(subset, c) > job.order)
            job.order = ipl_subset_size(subset, c);
    if (2 * job.order > dist->n)
        threads = 1; /* a matrix for every thread would be much for little */
    if (st == IPL_OK)
        st = ipl_buffer_reserve(&work->matrix, threads,
                                ipl_thread_stride(job.order * job.order), err);
    if (st == IPL_OK)
        st = ipl_buffer_reserve(&work->copy, threads,
                                ipl_thread_stride(ipl_eigenvalues_scratch(job.order)), err);
    if (st != IPL_OK)
        return st;
    job.m = work->matrix.p;
    job.scratch = work->copy.p;
    ipl_pool_run(threads > 1 ? work->pool : NULL, subset->k, solve_class, &job);
    for (size_t c = 0; c < subset->k; c++)
        note_failure(values + subset->start[c], dist->v->name, work);
    return IPL_OK;
}

double ipl_renyi_entropy(const double *values, size_t n, double alpha)
{
    const double bits = 1.0 / log(2.0), order = alpha - 1.0;
    double top = 0.0, sum = 0.0;

    for (size_t i = 0; i < n; i++) {
        if (isnan(values[i]))
            return (double)NAN;
        top = values[i] > top ? values[i] : top;
    }
    if (fabs(order) < NEAR_ONE) { /* sum p^a = 1 + sum p (p^(a-1) - 1) */
        for (size_t i = 0; i < n; i++)
            if (values[i] > 0.0)
                sum += values[i] *
                       (order == 0.0 ? log(values[i]) : expm1(order * log(values[i])));
        return 0.0 - bits * (order == 0.0 ? sum : log1p(sum) / order);
    }
    for (size_t i = 0; i < n; i++)
        if (values[i] > 0.0)
            sum += pow(values[i] / top, alpha);
    return 0.0 - bits * (alpha * log(top) + log(sum)) / order;
}

typedef struct squares_job {
    const ipl_product *k;
    const ipl_subset *subset;
    const ipl_work *work;
    ipl_kernel_sums *rows; /* (n) */
} squares_job;

/* Add the pairs of one row with columns [at, end), at most CHUNK; those of its class, of which
 * none stands behind it, begin at `from`. */
static void add_squares(ipl_kernel_sums *sum, const ipl_product *k, const double *a,
                        const double *b, size_t at, size_t end, size_t from)
{
    double ka[CHUNK], kb[CHUNK];
    const size_t n = end - at, skip = at < from ? from - at : 0;

    assert(n > 0 && n <= CHUNK);
    ipl_vec_decay(ka, a + at, 2.0 * k->rate_a, LEAST, n);
    ipl_vec_decay(kb, b + at, 2.0 * k->rate_b, LEAST, n);
    sum->a += ipl_vec_sum(ka, n);
    sum->b += ipl_vec_sum(kb, n);
    if (skip < n)
        sum->b_within += ipl_vec_sum(kb + skip, n - skip);
    for (size_t j = 0; j < n; j++)
        ka[j] *= kb[j];
    sum->ab += ipl_vec_sum(ka, n);
}

static void squares_block(void *arg, size_t task, size_t thread)
{
    const squares_job *job = arg;
    const ipl_product *k = job->k;
    const size_t n = k->a->n;
    const double *a = block_rows(k->a, job->work, 0, task, thread);
    const double *b = block_rows(k->b, job->work, 1, task, thread);
    size_t first, end;

    ipl_distance_range(&first, &end, k->a, task);
    for (size_t i = first; i < end; i++, a += n, b += n) {
        const size_t from =
            job->subset->k > 0 ? job->subset->start[ipl_subset_class(job->subset, i)] : n;
        ipl_kernel_sums sum = {0};

        for (size_t at = 0; at < i; at += CHUNK)
            add_squares(&sum, k, a, b, at, i - at < CHUNK ? i : at + CHUNK, from);
        job->rows[i] = sum;
    }
}

ipl_status ipl_kernel_squares(ipl_kernel_sums *out, const ipl_product *k,
                              const ipl_subset *subset, ipl_work *work, ipl_error *err)
{
    const size_t n = k->a->n;
    squares_job job = {.k = k, .subset = subset, .work = work};
    ipl_status st = reserve_tables(2, k->a, work, err);

    *out = (ipl_kernel_sums){0};
    if (st == IPL_OK)
        st = ipl_buffer_reserve(&work->matrix, n, sizeof *job.rows / sizeof(double), err);
    if (st != IPL_OK)
        return st;
    job.rows = (ipl_kernel_sums *)(void *)work->matrix.p;
    ipl_pool_run(work->pool, ipl_distance_blocks(k->a), squares_block, &job);
    for (size_t i = 0; i < n; i++) { /* twice those below the diagonal, and its ones */
        out->a += 1.0 + 2.0 * job.rows[i].a;
        out->b += 1.0 + 2.0 * job.rows[i].b;
        out->ab += 1.0 + 2.0 * job.rows[i].ab;
        out->b_within += 1.0 + 2.0 * job.rows[i].b_within;
    }
    return IPL_OK;
}
