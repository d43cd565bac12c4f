/*
 * Cholesky factors and triangular solves of linalg.h.
 *
 * Nearly all the arithmetic of a large factor is products of BLAS. Its triangular solver is
 * left out: on blocks of 32 to 64 columns it is five to ten times slower than they are. LAPACK
 * is column-major: a row-major lower triangle is its upper one.
 */
#include "base/alloc.h"
#include "math/blas_turn.h"
#include "math/cuts.h"
#include "math/linalg.h"
#include "math/vec.h"

#include <cblas.h>
#include <math.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

extern void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info);

enum {
    TILE_MIN = 128,     /* the serial part of a factor is one tile of each column */
    TILE_MAX = 256,     /* a wider tile has a faster product */
    TILES = 8,          /* columns of tiles of a factor, between these bounds */
    BASE = 16,          /* order of a triangle that is solved by substitution, */
    LANES = 48,         /* so many right-hand sides at a time */
    SOLVE_TILES = 4,    /* column tiles of a triangular solve */
    SOLVE_MIN = 192,    /* right-hand sides below which another tile costs more */
    SOLVE_MAX = 512,    /* columns of such a tile at most */
    SPIN_ROUNDS = 1000, /* looks at a flag before giving the processor away */
    DONE_ROOM = 64      /* rows of tiles without an allocation: orders up to 16384 */
};

/* x = L^-1 x, L (n, n) with rows ld apart. */
IPL_CLONES
static void substitute(double (*x)[LANES], const double *l, size_t n, size_t ld)
{
    for (size_t i = 0; i < n; i++) {
        const double *row = l + i * ld;
        double rest[LANES];

        memcpy(rest, x[i], sizeof rest);
        for (size_t k = 0; k < i; k++)
            for (size_t c = 0; c < LANES; c++)
                rest[c] -= row[k] * x[k][c];
        for (size_t c = 0; c < LANES; c++)
            x[i][c] = rest[c] / row[i];
    }
}

/* B = B L^-T, B (m, n) and L (n, n), both with rows ld apart; n <= BASE. */
static void base_right(double *b, const double *l, size_t m, size_t n, size_t ld)
{
    double x[BASE][LANES] = {{0}};

    for (size_t first = 0; first < m; first += LANES, b += LANES * ld) {
        const size_t rows = m - first < LANES ? m - first : LANES;

        for (size_t r = 0; r < rows; r++)
            for (size_t i = 0; i < n; i++)
                x[i][r] = b[r * ld + i];
        substitute(x, l, n, ld);
        for (size_t r = 0; r < rows; r++)
            for (size_t i = 0; i < n; i++)
                b[r * ld + i] = x[i][r];
    }
}

/* B = L^-1 B, B (m, n) with rows ldb apart, L (m, m) with rows ldl apart; m <= BASE. */
static void base_left(double *b, size_t ldb, const double *l, size_t ldl, size_t m,
                      size_t n)
{
    double x[BASE][LANES] = {{0}};

    for (size_t first = 0; first < n; first += LANES, b += LANES) {
        const size_t size = (n - first < LANES ? n - first : LANES) * sizeof *b;

        for (size_t i = 0; i < m; i++)
            memcpy(x[i], b + i * ldb, size);
        substitute(x, l, m, ldl);
        for (size_t i = 0; i < m; i++)
            memcpy(b + i * ldb, x[i], size);
    }
}

/*
 * What the columns solved so far, up to `end`, take from the next ones at once: as many as the
 * largest power of two of bases that divides `end`. So every product is as square as can be,
 * and column c has had all of [0, c) taken away when its turn comes:
 * [0, 5) = [0, 4) when 4 were solved, [4, 5) when 5 were.
 */
static size_t step_of(size_t end)
{
    const size_t bases = end / BASE;

    return (bases & (~bases + 1)) * BASE;
}

/* base_right() for any n. */
static void solve_right(double *b, const double *l, size_t m, size_t n, size_t ld)
{
    for (size_t first = 0, end = BASE; first < n; first = end, end += BASE) {
        const size_t step = step_of(end), left = end < n ? n - end : 0;

        base_right(b + first, l + first * ld + first, m, end < n ? BASE : n - first, ld);
        if (left > 0)
            cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, blas_int(m),
                        blas_int(left < step ? left : step), blas_int(step), -1.0,
                        b + end - step, blas_int(ld), l + end * ld + end - step,
                        blas_int(ld), 1.0, b + end, blas_int(ld));
    }
}

/* base_left() for any m. */
static void solve_left(double *b, size_t ldb, const double *l, size_t ldl, size_t m,
                       size_t n)
{
    for (size_t first = 0, end = BASE; first < m; first = end, end += BASE) {
        const size_t step = step_of(end), left = end < m ? m - end : 0;

        base_left(b + first * ldb, ldb, l + first * ldl + first, ldl,
                  end < m ? BASE : m - first, n);
        if (left > 0)
            cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans,
                        blas_int(left < step ? left : step), blas_int(n), blas_int(step),
                        -1.0, l + end * ldl + end - step, blas_int(ldl),
                        b + (end - step) * ldb, blas_int(ldb), 1.0, b + end * ldb,
                        blas_int(ldb));
    }
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

/* Tile k of the diagonal, whose row of tiles begins at `row`. */
static void diagonal_tile(cholesky_job *job, double *row, size_t k)
{
    const char upper = 'U';
    const size_t ld = job->side.total;
    const int order = blas_int(cut_length(&job->side, k)), stride = blas_int(ld);
    double *a = row + k * job->side.step;
    int info = 0;

    ipl_blas_enter();
    if (k > 0)
        cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, order,
                    blas_int(k * job->side.step), -1.0, row, stride, 1.0, a, stride);
    if (!atomic_load(&job->failed))
        dpotrf_(&upper, &order, a, &stride, &info);
    ipl_blas_leave();
    for (int r = 0; r < order && info == 0; r++)
        if (!(a[(size_t)r * ld + (size_t)r] > 0.0))
            info = r + 1; /* a NaN, which some builds of dpotrf let pass */
    if (info != 0)
        atomic_store(&job->failed, true);
}

static void cholesky_tile(void *arg, size_t task, size_t thread)
{
    cholesky_job *job = arg;
    const size_t ld = job->side.total;
    size_t i, k, rows, cols, before;
    double *row_i, *row_k;

    (void)thread;
    column_tile(&i, &k, task, job->side.count);
    before = k * job->side.step;
    row_i = job->a + i * job->side.step * ld;
    row_k = job->a + k * job->side.step * ld;
    rows = cut_length(&job->side, i);
    cols = cut_length(&job->side, k);

    wait_for(&job->done[i], k);
    if (i == k) {
        diagonal_tile(job, row_k, k);
    } else {
        wait_for(&job->done[k], k);
        ipl_blas_enter();
        if (k > 0 && !atomic_load(&job->failed))
            cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, blas_int(rows),
                        blas_int(cols), blas_int(before), -1.0, row_i, blas_int(ld), row_k,
                        blas_int(ld), 1.0, row_i + before, blas_int(ld));
        ipl_blas_leave();
        wait_for(&job->done[k], k + 1);
        ipl_blas_enter();
        if (!atomic_load(&job->failed))
            solve_right(row_i + before, row_k + before, rows, cols, ld);
        ipl_blas_leave();
    }
    atomic_store_explicit(&job->done[i], k + 1, memory_order_release);
}

/* Tiles by the order alone, not by the threads: so are the roundings. */
static cuts cut_tiles(size_t n)
{
    const size_t want = (n / TILES + BASE - 1) / BASE * BASE;

    return cut_by(n, want < TILE_MIN ? TILE_MIN : want > TILE_MAX ? TILE_MAX : want);
}

ipl_status ipl_cholesky(double *a, size_t n, ipl_pool *pool, ipl_error *err)
{
    cholesky_job job;
    atomic_size_t few[DONE_ROOM], *many = NULL;
    ipl_status st = IPL_OK;

    job.a = a;
    job.side = cut_tiles(n);
    job.done = few;
    if (job.side.count > DONE_ROOM) {
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
    solve_left(job->b + task * job->cols.step, job->n, job->l, job->m, job->m,
               cut_length(&job->cols, task));
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
