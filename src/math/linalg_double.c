/*
 * The double half of linalg.h: what the estimators need.
 *
 * Each function cuts its output into tiles by shape alone and lets the pool compute them
 * with one-thread BLAS calls, so no number depends on who computed it. LAPACK is
 * column-major: a row-major lower triangle is its upper one.
 */
#include "base/alloc.h"
#include "math/blas_turn.h"
#include "math/linalg.h"

#include <assert.h>
#include <cblas.h>
#include <limits.h>
#include <math.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

/* OpenBLAS exports LAPACK's Fortran names, but Debian's package ships no lapacke.h. */
extern void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info);
extern void dgeqrf_(const int *m, const int *n, double *a, const int *lda, double *tau,
                    double *work, const int *lwork, int *info);
extern void dgetrf_(const int *m, const int *n, double *a, const int *lda, int *pivots,
                    int *info);
extern void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a,
                    const int *lda, double *w, double *work, const int *lwork, int *iwork,
                    const int *liwork, int *info);

enum {
    STRIPS = 6,          /* strips that a product is cut into at least, */
    STRIP_MIN = 64,      /* if they have so many rows, */
    STRIP_MAX = 256,     /* and this many at most */
    NARROW = 48,         /* columns of a product that is computed transposed */
    SOLVE_BASE = 64,     /* rows of a block of a triangular solve */
    CHOLESKY_TILE = 128, /* the serial part is one factor of this order per column */
    SOLVE_TILES = 8,     /* column tiles of a triangular solve */
    SOLVE_MIN = 96,      /* right-hand sides below which another tile costs more */
    SOLVE_MAX = 256,     /* columns of such a tile at most */
    SPIN_ROUNDS = 1000,  /* looks at a flag before giving the processor away */
    QR_BLOCK = 64,       /* workspace columns of dgeqrf */
    EIGEN_BLOCK = 66     /* workspace columns of dsyevd: 64 for a block of dsytrd */
};

/* Sizes become int here and nowhere else. */
static int blas_int(size_t n)
{
    assert(n <= INT_MAX);
    return (int)n;
}

/* Equal cuts of 0 ... total: `count` of them, all `step` long but the last. */
typedef struct cuts {
    size_t total, step, count;
} cuts;

static cuts cut_by(size_t total, size_t step)
{
    const cuts c = {total, step, (total + step - 1) / step};

    return c;
}

/*
 * The rows of a product, in strips of nearly equal size and a multiple of 8. A strip is as wide
 * as the product: what is read by columns is then packed once and used for many rows.
 */
static cuts cut_side(size_t total)
{
    size_t want = total / STRIPS, strips;

    want = want < STRIP_MIN ? STRIP_MIN : want > STRIP_MAX ? STRIP_MAX : want;
    strips = (total + want - 1) / want;
    strips = strips ? strips : 1;
    return cut_by(total, ((total + strips - 1) / strips + 7) / 8 * 8);
}

static size_t cut_length(const cuts *c, size_t i)
{
    const size_t at = i * c->step;

    return c->total - at < c->step ? c->total - at : c->step;
}

typedef struct product_job {
    double *c;
    const double *a, *b;
    size_t m, n, k;
    double beta;
    cuts rows;
} product_job;

static void product_strip(void *arg, size_t task, size_t thread)
{
    const product_job *job = arg;
    const size_t first = task * job->rows.step;

    (void)thread;
    /* C_i = A_i' B + beta C_i */
    ipl_blas_enter();
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans,
                blas_int(cut_length(&job->rows, task)), blas_int(job->n), blas_int(job->k),
                1.0, job->a + first, blas_int(job->m), job->b, blas_int(job->n), job->beta,
                job->c + first * job->n, blas_int(job->n));
    ipl_blas_leave();
}

/* A strip of a narrow product by way of its transpose, n rows of which are a better shape. */
static void narrow_strip(void *arg, size_t task, size_t thread)
{
    const product_job *job = arg;
    const size_t first = task * job->rows.step, rows = cut_length(&job->rows, task);
    double turned[NARROW * STRIP_MAX], *c = job->c + first * job->n;

    (void)thread;
    ipl_blas_enter();
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, blas_int(job->n), blas_int(rows),
                blas_int(job->k), 1.0, job->b, blas_int(job->n), job->a + first,
                blas_int(job->m), 0.0, turned, blas_int(rows));
    ipl_blas_leave();
    for (size_t i = 0; i < rows; i++, c += job->n)
        for (size_t j = 0; j < job->n; j++)
            c[j] = turned[j * rows + i] + (job->beta > 0.0 ? job->beta * c[j] : 0.0);
}

void ipl_dgemm_tn(double *c, const double *a, const double *b, size_t m, size_t n, size_t k,
                  double beta, ipl_pool *pool)
{
    product_job job = {.a = a, .b = b, .m = m, .n = n, .k = k, .beta = beta};

    job.c = c;
    if (n <= NARROW && n < m) {
        job.rows = cut_by(m, STRIP_MAX);
        ipl_pool_run(pool, job.rows.count, narrow_strip, &job);
        return;
    }
    job.rows = cut_side(m);
    ipl_pool_run(pool, job.rows.count, product_strip, &job);
}

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
    size_t inner, stride; /* length of a sum, columns of z */
    double alpha, beta;
    CBLAS_TRANSPOSE first, second; /* G = op1(Z) op2(Z) */
    size_t hop; /* from one vector of the Gram matrix to the next, in z */
    cuts side;
} gram_job;

/* One strip below the diagonal and its tile on it, the longest strip first. */
static void gram_strip(void *arg, size_t task, size_t thread)
{
    const gram_job *job = arg;
    const size_t i = job->side.count - 1 - task, first = i * job->side.step;
    const int rows = blas_int(cut_length(&job->side, i)), inner = blas_int(job->inner);
    const int ld = blas_int(job->side.total), ldz = blas_int(job->stride);
    const double *z = job->z + first * job->hop;
    double *g = job->g + first * job->side.total;

    (void)thread;
    ipl_blas_enter();
    if (i > 0)
        cblas_dgemm(CblasRowMajor, job->first, job->second, rows, blas_int(first), inner,
                    job->alpha, z, ldz, job->z, ldz, job->beta, g, ld);
    cblas_dsyrk(CblasRowMajor, CblasLower, job->first, rows, inner, job->alpha, z, ldz,
                job->beta, g + first, ld);
    ipl_blas_leave();
}

void ipl_gram_cols(double *g, const double *z, size_t n, size_t d, double alpha,
                   double beta, ipl_pool *pool)
{
    gram_job job = {.z = z,
                    .inner = n,
                    .stride = d,
                    .alpha = alpha,
                    .beta = beta,
                    .first = CblasTrans,
                    .second = CblasNoTrans,
                    .hop = 1};

    job.g = g;
    job.side = cut_side(d);
    ipl_pool_run(pool, job.side.count, gram_strip, &job);
}

void ipl_gram_rows(double *g, const double *z, size_t n, size_t d, double alpha,
                   double beta, ipl_pool *pool)
{
    gram_job job = {.z = z,
                    .inner = d,
                    .stride = d,
                    .alpha = alpha,
                    .beta = beta,
                    .first = CblasNoTrans,
                    .second = CblasTrans,
                    .hop = d};

    job.g = g;
    job.side = cut_side(n);
    ipl_pool_run(pool, job.side.count, gram_strip, &job);
}

/*
 * Left-looking tiles. Task (i, k) owns tile (i, k) of L:
 *
 *     A_ik -= sum_{j<k} L_ij L_kj',  then  L_kk = chol(A_kk)  or  L_ik = A_ik L_kk^-T
 *
 * Tasks go column by column, so what one waits for was handed out before it: with any number
 * of threads, one included, somebody is at work on it or it is done.
 */
typedef struct cholesky_job {
    double *a;
    cuts side;
    atomic_size_t *done; /* per tile row: columns finished */
    atomic_bool failed;
} cholesky_job;

static void wait_for(atomic_size_t *done, size_t columns)
{
    for (int i = 0; atomic_load_explicit(done, memory_order_acquire) < columns; i++)
        if (i >= SPIN_ROUNDS)
            (void)sched_yield();
}

/* Tile column k and row i of task number `task`: column 0 has all rows, the next one less. */
static void column_tile(size_t *i, size_t *k, size_t task, size_t count)
{
    *k = 0;
    while (task >= count - *k) {
        task -= count - *k;
        ++*k;
    }
    *i = *k + task;
}

/*
 * Triangular solves by blocks of SOLVE_BASE: what is known is taken away by a product, which
 * is three times as fast as the solver of BLAS, and the solver is left with the diagonal.
 */

/* B = B L^-T, B (m, n), L (n, n), both with rows `ld` apart. */
static void solve_right(double *b, const double *l, size_t m, size_t n, size_t ld)
{
    for (size_t j = 0; j < n; j += SOLVE_BASE / 2) {
        const size_t width = n - j < SOLVE_BASE / 2 ? n - j : SOLVE_BASE / 2;

        /* B_j -= B_0 ... B_j-1 L_j' */
        if (j > 0)
            cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, blas_int(m),
                        blas_int(width), blas_int(j), -1.0, b, blas_int(ld), l + j * ld,
                        blas_int(ld), 1.0, b + j, blas_int(ld));
        cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit,
                    blas_int(m), blas_int(width), 1.0, l + j * ld + j, blas_int(ld), b + j,
                    blas_int(ld));
    }
}

/* B = L^-1 B, B (m, n) with rows `ldb` apart, L (m, m). */
static void solve_left(double *b, const double *l, size_t m, size_t n, size_t ldb)
{
    for (size_t i = 0; i < m; i += SOLVE_BASE) {
        const size_t rows = m - i < SOLVE_BASE ? m - i : SOLVE_BASE;

        /* B_i -= L_i (B_0; ...; B_i-1) */
        if (i > 0)
            cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, blas_int(rows),
                        blas_int(n), blas_int(i), -1.0, l + i * m, blas_int(m), b,
                        blas_int(ldb), 1.0, b + i * ldb, blas_int(ldb));
        cblas_dtrsm(CblasRowMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit,
                    blas_int(rows), blas_int(n), 1.0, l + i * m + i, blas_int(m),
                    b + i * ldb, blas_int(ldb));
    }
}

static void cholesky_tile(void *arg, size_t task, size_t thread)
{
    cholesky_job *job = arg;
    const size_t ld = job->side.total;
    size_t i, k;
    double *row_i, *row_k, *a;
    int rows, cols;

    (void)thread;
    column_tile(&i, &k, task, job->side.count);
    row_i = job->a + i * job->side.step * ld;
    row_k = job->a + k * job->side.step * ld;
    a = row_i + k * job->side.step;
    rows = blas_int(cut_length(&job->side, i));
    cols = blas_int(cut_length(&job->side, k));

    wait_for(&job->done[i], k);
    if (i == k) {
        const char upper = 'U';
        const int stride = blas_int(ld);
        int info = 0;

        ipl_blas_enter();
        if (k > 0)
            cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, rows,
                        blas_int(k * job->side.step), -1.0, row_i, stride, 1.0, a, stride);
        if (!atomic_load(&job->failed))
            dpotrf_(&upper, &rows, a, &stride, &info);
        ipl_blas_leave();
        for (int r = 0; r < rows && info == 0; r++)
            if (!(a[(size_t)r * ld + (size_t)r] > 0.0))
                info = r + 1; /* a NaN, which some builds of dpotrf let pass */
        if (info != 0)
            atomic_store(&job->failed, true);
    } else {
        wait_for(&job->done[k], k);
        ipl_blas_enter();
        if (k > 0 && !atomic_load(&job->failed))
            cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, cols,
                        blas_int(k * job->side.step), -1.0, row_i, blas_int(ld), row_k,
                        blas_int(ld), 1.0, a, blas_int(ld));
        ipl_blas_leave();
        wait_for(&job->done[k], k + 1);
        ipl_blas_enter();
        if (!atomic_load(&job->failed))
            solve_right(a, row_k + k * job->side.step, cut_length(&job->side, i),
                        cut_length(&job->side, k), ld);
        ipl_blas_leave();
    }
    atomic_store_explicit(&job->done[i], k + 1, memory_order_release);
}

ipl_status ipl_cholesky(double *a, size_t n, ipl_pool *pool, ipl_error *err)
{
    cholesky_job job;
    atomic_size_t few[64], *many = NULL; /* no allocation below an order of 8192 */
    ipl_status st = IPL_OK;

    job.a = a;
    job.side = cut_by(n, CHOLESKY_TILE);
    job.done = few;
    if (job.side.count > sizeof few / sizeof few[0]) {
        many = ipl_array(job.side.count, 1, sizeof *many, err);
        if (!many)
            return IPL_E_NOMEM;
        job.done = many;
    }
    for (size_t i = 0; i < job.side.count; i++)
        atomic_init(&job.done[i], 0);
    atomic_init(&job.failed, false);
    ipl_pool_run(pool, job.side.count * (job.side.count + 1) / 2, cholesky_tile, &job);
    if (atomic_load(&job.failed))
        st = ipl_fail(err, IPL_E_NUMERIC,
                      "a matrix of order %zu is not positive definite in double precision",
                      n);
    ipl_free(many);
    return st;
}

double ipl_cholesky_logdet(const double *l, size_t n)
{
    double sum = 0.0;

    for (size_t i = 0; i < n; i++)
        sum += log(l[i * n + i]);
    return 2.0 * sum;
}

typedef struct solve_job {
    double *b;
    const double *l;
    size_t m, n;
    cuts cols;
} solve_job;

static void solve_tile(void *arg, size_t task, size_t thread)
{
    const solve_job *job = arg;

    (void)thread;
    /* B_j = L^-1 B_j */
    ipl_blas_enter();
    solve_left(job->b + task * job->cols.step, job->l, job->m, cut_length(&job->cols, task),
               job->n);
    ipl_blas_leave();
}

void ipl_solve_lower(double *b, const double *l, size_t m, size_t n, ipl_pool *pool)
{
    solve_job job = {.l = l, .m = m, .n = n};
    size_t tiles = n / SOLVE_MIN;

    job.b = b;
    tiles = tiles < 1 ? 1 : tiles > SOLVE_TILES ? SOLVE_TILES : tiles;
    job.cols = cut_by(n, (n + tiles - 1) / tiles);
    if (job.cols.step > SOLVE_MAX)
        job.cols = cut_by(n, SOLVE_MAX);
    ipl_pool_run(pool, job.cols.count, solve_tile, &job);
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

ipl_status ipl_logdet_qr(double *out, const double *z, size_t n, size_t d, ipl_error *err)
{
    const size_t rows = n + d, side = n < d ? n : d, space = side * QR_BLOCK;
    double *q = ipl_array(rows, side, sizeof *q, err);
    double *tau = ipl_array(side, 1, sizeof *tau, err);
    double *work = ipl_array(space, 1, sizeof *work, err);
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
    if (info != 0 || !isfinite(*out))
        st = ipl_fail(
            err, IPL_E_NUMERIC,
            "a matrix of %zu x %zu has a value too large to measure, or no number", n, d);
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
