/*
 * The double half of linalg.h but for factors and solves, which are in linalg_cholesky.c.
 *
 * Each function cuts its output into tiles by shape alone and lets the pool compute them
 * with one-thread BLAS calls, so no number depends on who computed it. LAPACK is
 * column-major: a row-major lower triangle is its upper one.
 */
#include "base/alloc.h"
#include "math/blas_turn.h"
#include "math/cuts.h"
#include "math/linalg.h"

#include <cblas.h>
#include <float.h>
#include <math.h>
#include <string.h>

/* OpenBLAS exports LAPACK's Fortran names, but Debian's package ships no lapacke.h. */
extern void dgeqrf_(const int *m, const int *n, double *a, const int *lda, double *tau,
                    double *work, const int *lwork, int *info);
extern void dtrtri_(const char *uplo, const char *diag, const int *n, double *a,
                    const int *lda, int *info);
extern void dgetrf_(const int *m, const int *n, double *a, const int *lda, int *pivots,
                    int *info);
extern void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a,
                    const int *lda, double *w, double *work, const int *lwork, int *iwork,
                    const int *liwork, int *info);

enum {
    STRIPS = 4,         /* strips of a Gram matrix, */
    TRIANGLE_MIN = 192, /* less below so many rows for each, */
    STRIP_MAX = 400,    /* more above */
    QR_BLOCK = 64,      /* workspace columns of dgeqrf */
    EIGEN_BLOCK = 66    /* workspace columns of dsyevd: 64 for a block of dsytrd */
};

void ipl_dgemm_nt(double *c, size_t stride, const double *a, const double *b, size_t m,
                  size_t n, size_t k)
{
    ipl_blas_enter();
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, blas_int(m), blas_int(n),
                blas_int(k), 1.0, a, blas_int(k), b, blas_int(k), 0.0, c, blas_int(stride));
    ipl_blas_leave();
}

typedef struct gram_job {
    double *g;
    const double *z;
    size_t n, d;
    double alpha, beta;
    size_t strips;
} gram_job;

/*
 * Strips of a triangle, all of nearly the same area: the upper ones are high, and what is
 * below the diagonal of the lower ones is wide, which are the shapes that BLAS is fastest at.
 */
static size_t triangle_strips(size_t order)
{
    const size_t few = order / TRIANGLE_MIN, many = order / STRIP_MAX;
    const size_t want = few < STRIPS ? few : STRIPS;

    return want < 1 ? 1 : want > many ? want : many;
}

/* The row where strip i begins. */
static size_t triangle_edge(const gram_job *job, size_t i)
{
    const double share = sqrt((double)i / (double)job->strips);

    return i == job->strips ? job->n : (size_t)lround(share * (double)job->n / 8.0) * 8;
}

/* One strip below the diagonal and its tile on it. */
static void gram_strip(void *arg, size_t i, size_t thread)
{
    const gram_job *job = arg;
    const size_t first = triangle_edge(job, i);
    const int rows = blas_int(triangle_edge(job, i + 1) - first);
    const int d = blas_int(job->d), ld = blas_int(job->n);
    const double *z = job->z + first * job->d;
    double *g = job->g + first * job->n;

    (void)thread;
    ipl_blas_enter();
    if (first > 0)
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, blas_int(first), d,
                    job->alpha, z, d, job->z, d, job->beta, g, ld);
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, rows, d, job->alpha, z, d,
                job->beta, g + first, ld);
    ipl_blas_leave();
}

void ipl_gram_rows(double *g, const double *z, size_t n, size_t d, double alpha,
                   double beta, ipl_pool *pool)
{
    gram_job job = {.z = z, .n = n, .d = d, .alpha = alpha, .beta = beta};

    job.g = g;
    job.strips = triangle_strips(n);
    ipl_pool_run(pool, job.strips, gram_strip, &job);
}

/*
 * Column-major [Z; I] (rows, side) for d <= n, [Z'; I] else: the same determinant.
 * side = min(n, d), rows = n + d.
 */
static void stack_identity(double *q, const double *z, size_t n, size_t d)
{
    const size_t rows = n + d, side = n < d ? n : d, top = rows - side;

    for (size_t j = 0; j < side; j++) {
        double *col = q + j * rows;

        if (n < d)
            memcpy(col, z + j * d, d * sizeof *col);
        else
            for (size_t i = 0; i < n; i++)
                col[i] = z[i * d + j];
        memset(col + top, 0, side * sizeof *col);
        col[top + j] = 1.0;
    }
}

#define QR_ACCURACY 1e-6 /* of max(1, log det) */
#define QR_SLACK 16.0    /* roundings behind one entry of R */

/*
 * What rounding may have cost the log-determinant of A'A = R'R. The factor is exact for A + E,
 * every column of E some roundings of that of A, independent of the others, and
 * d log det(A'A) = 2 tr(A^+ E), so that
 *
 *     error ~ 2 eps (sum_j |a_j|^2 |row j of R^-1|^2)^1/2,  |a_j| = |column j of R|
 *
 * shapes  q (side, rows) column-major with R above the diagonal, replaced by its inverse;
 *         norm (side) is scratch
 */
static double qr_loss(double *q, double *norm, size_t rows, size_t side)
{
    const char upper = 'U', no = 'N';
    const int k = blas_int(side), ld = blas_int(rows);
    double sum = 0.0;
    int info = 0;

    for (size_t j = 0; j < side; j++)
        norm[j] = cblas_dnrm2(blas_int(j + 1), q + j * rows, 1);
    dtrtri_(&upper, &no, &k, q, &ld, &info);
    for (size_t j = 0; j < side; j++)
        sum = hypot(sum, norm[j] * cblas_dnrm2(blas_int(side - j), q + j * rows + j, ld));
    return info == 0 ? 2.0 * QR_SLACK * DBL_EPSILON * sum : HUGE_VAL;
}

ipl_status ipl_logdet_qr(double *out, const double *z, size_t n, size_t d, ipl_error *err)
{
    const size_t rows = n + d, side = n < d ? n : d, space = side * QR_BLOCK;
    double *q = ipl_array(rows, side, sizeof *q, err);
    double *tau = ipl_array(side, 1, sizeof *tau, err);
    double *work = ipl_array(space, 1, sizeof *work, err);
    double loss;
    ipl_status st = IPL_E_NOMEM;
    int info = 0;

    if (!q || !tau || !work)
        goto done;
    stack_identity(q, z, n, d);
    {
        const int m = blas_int(rows), k = blas_int(side), lwork = blas_int(space);

        ipl_blas_enter();
        dgeqrf_(&m, &k, q, &m, tau, work, &lwork, &info);
        ipl_blas_leave();
    }
    *out = 0.0;
    for (size_t j = 0; j < side; j++)
        *out += 2.0 * log(fabs(q[j * rows + j]));
    st = IPL_OK;
    if (info != 0 || !isfinite(*out)) {
        st = ipl_fail(
            err, IPL_E_NUMERIC,
            "a matrix of %zu x %zu has a value too large to measure, or no number", n, d);
        goto done;
    }
    ipl_blas_enter();
    loss = qr_loss(q, tau, rows, side);
    ipl_blas_leave();
    if (!(loss <= QR_ACCURACY * fmax(1.0, *out)))
        st = ipl_fail(err, IPL_E_NUMERIC,
                      "a matrix of %zu x %zu, large and singular but for rounding: its "
                      "log-determinant is uncertain by %.2g",
                      n, d, loss);
done:
    ipl_free(work);
    ipl_free(tau);
    ipl_free(q);
    return st;
}

ipl_status ipl_logdet_lu(double *out, double *a, size_t n, ipl_error *err)
{
    const int order = blas_int(n);
    int *pivots = ipl_array(n, 1, sizeof *pivots, err);
    int info = 0;
    bool negative = false;
    double sum = 0.0;

    if (!pivots)
        return IPL_E_NOMEM;
    ipl_blas_enter();
    dgetrf_(&order, &order, a, &order, pivots, &info); /* det A' = det A */
    ipl_blas_leave();
    for (size_t i = 0; i < n; i++) {
        const double u = a[i * n + i];

        negative ^= (pivots[i] != (int)i + 1) ^ (u < 0.0);
        sum += log(fabs(u));
    }
    ipl_free(pivots);
    if (info != 0 || !isfinite(sum))
        return ipl_fail(err, IPL_E_NUMERIC,
                        "the determinant of a matrix of order %zu is zero or not a number",
                        n);
    if (negative)
        return ipl_fail(err, IPL_E_NUMERIC,
                        "the determinant of a matrix of order %zu is negative", n);
    *out = sum;
    return IPL_OK;
}

size_t ipl_eigenvalues_scratch(size_t order)
{
    return EIGEN_BLOCK * order + 1;
}

ipl_status ipl_eigenvalues(double *values, double *a, size_t n, double *scratch,
                           ipl_error *err)
{
    const char none = 'N', upper = 'U';
    const int order = blas_int(n), space = blas_int(ipl_eigenvalues_scratch(n)), one = 1;
    int info = 0, unused;

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++)
            if (!isfinite(a[i * n + j]))
                return ipl_fail(err, IPL_E_NUMERIC,
                                "a matrix of order %zu has a NaN or Inf in row %zu", n, i);
    ipl_blas_enter();
    dsyevd_(&none, &upper, &order, a, &order, values, scratch, &space, &unused, &one,
            &info);
    ipl_blas_leave();
    if (info != 0)
        return ipl_fail(err, IPL_E_NUMERIC,
                        "the eigenvalues of a matrix of order %zu did not converge", n);
    return IPL_OK;
}
