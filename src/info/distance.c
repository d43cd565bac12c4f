#include "info/distance.h"

#include "math/linalg.h"
#include "math/vec.h"

#include <math.h>
#include <string.h>

enum { LANES = 32 }; /* samples of a panel: their maxima stay in registers and L1 */

#define NORM_ADDED 1e-8 /* to the norm of a column, in the released code */
#define NEAR 1e-3       /* share of the norms below which differences are summed */

void ipl_distance_begin(ipl_distance *dist, const ipl_var *v, ipl_metric metric)
{
    dist->v = v;
    dist->metric = metric;
    dist->n = 0;
}

void ipl_distance_release(ipl_distance *dist)
{
    ipl_buffer_release(&dist->kept);
    ipl_buffer_release(&dist->norm2);
    ipl_buffer_release(&dist->rows);
    *dist = (ipl_distance){0};
}

size_t ipl_distance_blocks(const ipl_distance *dist)
{
    return (dist->n + IPL_DISTANCE_BLOCK - 1) / IPL_DISTANCE_BLOCK;
}

void ipl_distance_range(size_t *first, size_t *end, const ipl_distance *dist, size_t block)
{
    *first = block * IPL_DISTANCE_BLOCK;
    *end = *first + IPL_DISTANCE_BLOCK < dist->n ? *first + IPL_DISTANCE_BLOCK : dist->n;
}

/* Divide every column by its norm and a little. */
static void scale_columns(double *x, size_t n, size_t d, double *norm)
{
    memset(norm, 0, d * sizeof *norm);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < d; j++)
            norm[j] += x[i * d + j] * x[i * d + j];
    for (size_t j = 0; j < d; j++)
        norm[j] = sqrt(norm[j]) + NORM_ADDED;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < d; j++)
            x[i * d + j] /= norm[j];
}

static ipl_status take_rows(ipl_distance *dist, const ipl_subset *subset, ipl_work *work,
                            ipl_error *err)
{
    const ipl_var *v = dist->v;
    const size_t n = subset->n, d = v->d;
    const double *x = dist->metric == IPL_EUCLID ? v->z.p : v->given.p;
    ipl_status st = ipl_buffer_reserve(&dist->rows, n, d, err);

    if (st == IPL_OK)
        st = ipl_buffer_reserve(&dist->norm2, n, 1, err);
    if (st == IPL_OK && dist->metric == IPL_EUCLID_UNIT)
        st = ipl_buffer_reserve(&work->panel, d, 1, err);
    if (st != IPL_OK)
        return st;
    for (size_t i = 0; i < n; i++)
        memcpy(dist->rows.p + i * d, x + subset->row[i] * d, d * sizeof *x);
    if (dist->metric == IPL_EUCLID_UNIT)
        scale_columns(dist->rows.p, n, d, work->panel.p);
    for (size_t i = 0; i < n; i++) {
        const double *row = dist->rows.p + i * d;
        double sum = 0.0;

        for (size_t j = 0; j < d; j++)
            sum += row[j] * row[j];
        dist->norm2.p[i] = sum;
        dist->sound = dist->sound && isfinite(4.0 * sum);
    }
    return IPL_OK;
}

/* Panels of LANES samples, (d, LANES) each; the last one is padded with zeros. */
static ipl_status take_panels(ipl_distance *dist, const ipl_subset *subset, ipl_error *err)
{
    const size_t n = subset->n, d = dist->v->d, panels = (n + LANES - 1) / LANES;
    const ipl_status st = ipl_buffer_reserve(&dist->rows, panels * LANES, d, err);

    if (st != IPL_OK)
        return st;
    for (size_t i = 0; i < panels * LANES; i++) {
        double *panel = dist->rows.p + i / LANES * d * LANES + i % LANES;
        const double *x = i < n ? dist->v->given.p + subset->row[i] * d : NULL;

        for (size_t j = 0; j < d; j++) {
            panel[j * LANES] = x ? x[j] : 0.0;
            dist->sound = dist->sound && isfinite(2.0 * panel[j * LANES]);
        }
    }
    return IPL_OK;
}

static double sum_of_differences(const double *a, const double *b, size_t d)
{
    double sum = 0.0;

    for (size_t j = 0; j < d; j++)
        sum += (a[j] - b[j]) * (a[j] - b[j]);
    return sum;
}

/* |x_i|^2 + |x_j|^2 - 2 x_i x_j from the products; returns how many lost their digits. */
IPL_CLONES
static size_t from_products(double *row, const double *norm2, double own, size_t n)
{
    size_t near = 0;

    for (size_t j = 0; j < n; j++) {
        const double norms = own + norm2[j];

        row[j] = norms - 2.0 * row[j];
        near += !(row[j] >= NEAR * norms);
    }
    return near;
}

/* Row i of products with the first n samples becomes one of distances. */
static void finish_row(double *row, const ipl_distance *dist, size_t i, size_t n)
{
    const size_t d = dist->v->d;
    const double *norm2 = dist->norm2.p;
    const bool scaled = dist->metric == IPL_EUCLID_UNIT;
    const double *given = scaled ? dist->rows.p : dist->v->given.p;
    size_t near = from_products(row, norm2, norm2[i], n);

    for (size_t j = 0; near > 0 && j < n; j++)
        if (!(row[j] >= NEAR * (norm2[i] + norm2[j]))) {
            row[j] = sum_of_differences(given + (scaled ? i : dist->row[i]) * d,
                                        given + (scaled ? j : dist->row[j]) * d, d);
            near--;
        }
}

/* Rows [first, end) against the first m samples. */
static void euclid_rows(double *out, const ipl_distance *dist, size_t first, size_t end,
                        size_t m)
{
    const size_t n = dist->n, d = dist->v->d;
    const double *x = dist->rows.p;

    ipl_dgemm_nt(out, n, x + first * d, x, end - first, m, d);
    for (size_t i = first; i < end; i++)
        finish_row(out + (i - first) * n, dist, i, m);
}

/* Rows [first, end) against the first m samples and those of the same panel. */
static void chebyshev_rows(double *out, const ipl_distance *dist, size_t first, size_t end,
                           size_t m)
{
    const size_t n = dist->n, d = dist->v->d;

    for (size_t p = 0; p * LANES < m; p++) {
        const double *panel = dist->rows.p + p * d * LANES;
        const size_t width = n - p * LANES < LANES ? n - p * LANES : LANES;

        for (size_t i = first; i < end; i++) {
            const double *own = dist->rows.p + i / LANES * d * LANES + i % LANES;
            double top[LANES] = {0};

            for (size_t k = 0; k < d; k++) {
                const double a = own[k * LANES], *b = panel + k * LANES;

                for (size_t j = 0; j < LANES; j++) {
                    const double far = fabs(a - b[j]);

                    top[j] = far > top[j] ? far : top[j];
                }
            }
            memcpy(out + (i - first) * n + p * LANES, top, width * sizeof *top);
        }
    }
}

/* One block of a table that is kept, up to the diagonal; of Euclid it has the products. */
static void keep_block(void *arg, size_t task, size_t thread)
{
    ipl_distance *dist = arg;
    size_t first, end;

    (void)thread;
    ipl_distance_range(&first, &end, dist, task);
    if (dist->metric == IPL_CHEBYSHEV)
        chebyshev_rows(dist->kept.p + first * dist->n, dist, first, end, end);
    else
        for (size_t i = first; i < end; i++)
            finish_row(dist->kept.p + i * dist->n, dist, i, i + 1);
}

/* The part above the diagonal is the mirror image of the one below: a block of rows of it. */
static void mirror_block(void *arg, size_t task, size_t thread)
{
    ipl_distance *dist = arg;
    const size_t n = dist->n;
    double *table = dist->kept.p;
    size_t first, end;

    (void)thread;
    ipl_distance_range(&first, &end, dist, task);
    for (size_t j0 = 0; j0 < end; j0 += LANES)
        for (size_t i = first; i < end; i++)
            for (size_t j = j0; j < i && j < j0 + LANES; j++)
                table[j * n + i] = table[i * n + j];
}

ipl_status ipl_distance_set(ipl_distance *dist, const ipl_subset *subset, ipl_part part,
                            ipl_work *work, ipl_error *err)
{
    const bool kept = subset->n <= IPL_DISTANCE_KEPT;
    ipl_status st;

    dist->row = subset->row;
    if (dist->n != subset->n) {
        dist->n = 0;
        dist->sound = true;
        st = dist->metric == IPL_CHEBYSHEV ? take_panels(dist, subset, err)
                                           : take_rows(dist, subset, work, err);
        if (st == IPL_OK && kept)
            st = ipl_buffer_reserve(&dist->kept, subset->n, subset->n, err);
        if (st != IPL_OK)
            return st;
        dist->n = subset->n;
        dist->part = IPL_BELOW;
        if (kept) {
            if (dist->metric != IPL_CHEBYSHEV)
                ipl_gram_rows(dist->kept.p, dist->rows.p, dist->n, dist->v->d, 1.0, 0.0,
                              work->pool);
            ipl_pool_run(work->pool, ipl_distance_blocks(dist), keep_block, dist);
        }
    }
    if (kept && part == IPL_WHOLE && dist->part == IPL_BELOW)
        ipl_pool_run(work->pool, ipl_distance_blocks(dist), mirror_block, dist);
    if (!kept || part == IPL_WHOLE)
        dist->part = part;
    if (!dist->sound)
        ipl_work_fault(work, "%s: distances between its samples overflow", dist->v->name);
    return IPL_OK;
}

const double *ipl_distance_rows(const ipl_distance *dist, double *tables, size_t thread,
                                size_t block)
{
    double *scratch;
    size_t first, end, m;

    ipl_distance_range(&first, &end, dist, block);
    if (dist->n <= IPL_DISTANCE_KEPT)
        return dist->kept.p + first * dist->n;
    scratch = tables + thread * IPL_DISTANCE_BLOCK * dist->n;
    m = dist->part == IPL_WHOLE ? dist->n : end;
    if (dist->metric == IPL_CHEBYSHEV)
        chebyshev_rows(scratch, dist, first, end, m);
    else
        euclid_rows(scratch, dist, first, end, m);
    return scratch;
}
