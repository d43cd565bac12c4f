/*
 * Products of matrices in panels, and triangular solves, which are mostly products.
 *
 * A task makes a block of the result, SIDE_ROWS x SIDE_COLS at most. DEPTH rows of the panels
 * it needs of B stay in the cache of the core while those of A pass, and a panel of A stays
 * in the nearest one while the tiles of its rows are made.
 */
#include "math/panels.h"

#include "math/panel_tile.h"
#include "math/vec.h"

#include <assert.h>
#include <string.h>

enum {
    DEPTH = 128,     /* rows at a time */
    SIDE_ROWS = 192, /* of a block; */
    SIDE_COLS = 264, /* whole tiles */
    TILE = PANEL_GROUP * IPL_PANEL,
    COLUMNS = 512,   /* turned round at a time */
    SOLVE_COLS = 48, /* of a task of a solve, at least */
    SOLVE_TASKS = 4  /* unless there are as many anyway */
};

static const panel_kernels *find_kernels(void)
{
#if defined(__GNUC__) && defined(__x86_64__)
    if (ipl_panels_avx512 && __builtin_cpu_supports("avx512f"))
        return ipl_panels_avx512;
    if (ipl_panels_avx2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return ipl_panels_avx2;
#endif
    return ipl_panels_plain;
}

const char *ipl_panels_kernels(void)
{
    return find_kernels()->name;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* A side of the result in blocks of nearly equal size, whole panels each. */
typedef struct side {
    size_t step, count; /* columns of A or B in a block; blocks */
} side;

static side cut_side(size_t d, size_t most, size_t whole)
{
    const size_t count = (d + most - 1) / most;
    const size_t step = ((d + count - 1) / count + whole - 1) / whole * whole;

    return (side){step, (d + step - 1) / step};
}

typedef struct product_job {
    double *c;
    const ipl_panels *a, *b;
    double alpha;
    bool add, lower; /* only what is not above the diagonal */
    side rows, cols;
    const panel_kernels *set;
} product_job;

/* One block of the result. */
typedef struct block {
    size_t i0, i1, j0, j1; /* rows and columns */
    size_t width;          /* columns, whole panels */
    size_t tile;           /* columns of a tile */
    double *sums;          /* tile after tile, panel of A after panel */
} block;

/* Where the columns end that are wanted of row i. */
static size_t row_end(const product_job *job, const block *b, size_t i)
{
    return job->lower ? least(b->j1, i + 1) : b->j1;
}

/* Row k of the panel of column j. */
static const double *panel_at(const ipl_panels *z, size_t j, size_t k)
{
    return z->p + j / IPL_PANEL * z->stride + k * IPL_PANEL;
}

/* The sums of the tile at (i, j): 8 rows, as wide as the tile is. */
static double *sums_of(const block *b, size_t i, size_t j)
{
    return b->sums + (i - b->i0) * b->width + (j - b->j0) * IPL_PANEL;
}

/*
 * What tile number `tile` of panel i of A has fetched meanwhile: the first the next panel of
 * A, the others that share of the next rows of B that falls to this panel of A.
 */
static const double *ahead_of(const product_job *job, const block *b, size_t i, size_t tile,
                              size_t first)
{
    const size_t panels = b->width / IPL_PANEL, count = ipl_panels_count(b->i1 - b->i0);
    const size_t q = (i - b->i0) / IPL_PANEL;
    const size_t p = q * panels / count + tile - 1, end = (q + 1) * panels / count;

    if (tile == 0)
        return i + IPL_PANEL < b->i1 ? panel_at(job->a, i + IPL_PANEL, first)
                                     : panel_at(job->a, b->i0, first + DEPTH);
    return p < end ? panel_at(job->b, b->j0 + p * IPL_PANEL, first + DEPTH) : NULL;
}

/* Add rows [first, first + DEPTH) of A and B to all tiles of the block. */
static void add_rows(const product_job *job, const block *b, size_t first)
{
    panel_tile t = {.hop = job->b->stride, .k = least(DEPTH, job->a->rows - first)};

    for (size_t i = b->i0; i < b->i1; i += IPL_PANEL) {
        const size_t end = row_end(job, b, i + IPL_PANEL - 1);

        t.a = panel_at(job->a, i, first);
        for (size_t j = b->j0, tile = 0; j < end; j += b->tile, tile++) {
            t.b = panel_at(job->b, j, first);
            t.sums = sums_of(b, i, j);
            t.ahead = ahead_of(job, b, i, tile, first);
            if (!t.ahead)
                t.ahead = t.a;
            job->set->tile[ipl_panels_count(least(b->tile, end - j)) - 1](&t);
        }
    }
}

/* c (n) = alpha s, or c + alpha s. */
IPL_CLONES
static void write_row(double *restrict c, const double *restrict s, size_t n, double alpha,
                      bool add)
{
    if (add)
        for (size_t j = 0; j < n; j++)
            c[j] += alpha * s[j];
    else
        for (size_t j = 0; j < n; j++)
            c[j] = alpha * s[j];
}

/* C = alpha S, or C + alpha S, where it is wanted. */
static void write_block(const product_job *job, const block *b)
{
    for (size_t i = b->i0; i < b->i1; i += IPL_PANEL) {
        const size_t last = row_end(job, b, i + IPL_PANEL - 1);

        for (size_t j = b->j0; j < last; j += b->tile) {
            const size_t width = ipl_panels_up(least(b->tile, last - j));
            const double *s = sums_of(b, i, j);

            for (size_t r = i; r < least(i + IPL_PANEL, b->i1); r++, s += width) {
                const size_t end = least(j + width, row_end(job, b, r));

                if (end > j)
                    write_row(job->c + r * job->b->d + j, s, end - j, job->alpha, job->add);
            }
        }
    }
}

static void product_block(void *arg, size_t task, size_t thread)
{
    const product_job *job = arg;
    _Alignas(64) double sums[SIDE_ROWS * SIDE_COLS];
    block b = {.tile = job->set->group * IPL_PANEL, .sums = sums};

    (void)thread;
    b.i0 = task / job->cols.count * job->rows.step;
    b.j0 = task % job->cols.count * job->cols.step;
    b.i1 = least(b.i0 + job->rows.step, job->a->d);
    b.j1 = least(b.j0 + job->cols.step, job->b->d);
    if (job->lower && b.j0 >= b.i1)
        return;
    b.width = ipl_panels_up(b.j1 - b.j0);
    memset(sums, 0, ipl_panels_up(b.i1 - b.i0) * b.width * sizeof *sums);
    for (size_t first = 0; first < job->a->rows; first += DEPTH)
        add_rows(job, &b, first);
    write_block(job, &b);
}

static void run_product(product_job *job, ipl_pool *pool)
{
    job->set = find_kernels();
    job->rows = cut_side(job->a->d, SIDE_ROWS, IPL_PANEL);
    job->cols = cut_side(job->b->d, SIDE_COLS, TILE);
    ipl_pool_run(pool, job->rows.count * job->cols.count, product_block, job);
}

void ipl_panels_product(double *c, const ipl_panels *a, const ipl_panels *b, bool add,
                        ipl_pool *pool)
{
    product_job job = {.a = a, .b = b, .alpha = 1.0, .add = add};

    assert(a->rows == b->rows);
    job.c = c;
    run_product(&job, pool);
}

void ipl_panels_gram(double *g, const ipl_panels *z, double alpha, bool add, ipl_pool *pool)
{
    product_job job = {.a = z, .b = z, .alpha = alpha, .add = add, .lower = true};

    job.c = g;
    run_product(&job, pool);
}

size_t ipl_panels_room(size_t rows, size_t d)
{
    return ipl_panels_size(least(d, COLUMNS), rows);
}

void ipl_panels_gram_rows(double *g, const ipl_panels *z, double alpha, double *room,
                          ipl_pool *pool)
{
    for (size_t first = 0; first < z->d; first += COLUMNS) {
        const size_t count = least(COLUMNS, z->d - first);
        const ipl_panels turned = ipl_panels_of(room, count, z->rows, 0, count);

        ipl_panels_turn(room, z, first, count, pool);
        ipl_panels_gram(g, &turned, alpha, first > 0, pool);
    }
}

/* B = L^-1 B, SIDE_ROWS rows at a time. */
typedef struct solve_job {
    product_job sums; /* A' of L's rows from `at` on and columns before it, times B */
    double *b, *packed;
    const double *l;
    size_t order, at, rows; /* of L; the first of the rows in hand, and how many */
} solve_job;

/* Eight rows of L up to their last column, turned round. */
static void pack_rows(void *arg, size_t task, size_t thread)
{
    const solve_job *job = arg;
    const size_t i = task * IPL_PANEL, rows = least(IPL_PANEL, job->rows - i);
    const double *l = job->l + (job->at + i) * job->order;
    double *out = job->packed + task * job->sums.a->stride;

    (void)thread;
    for (size_t k = 0; k < job->at + i; k++)
        for (size_t r = 0; r < IPL_PANEL; r++)
            out[k * IPL_PANEL + r] = r < rows ? l[r * job->order + k] : 0.0;
}

/* x = L^-1 (x - s) for some rows of a panel, at most 8; rows of s are `width` apart. */
IPL_CLONES
static void substitute(double *x, const double *s, size_t width, const double *l, size_t ld,
                       size_t rows)
{
    for (size_t r = 0; r < rows; r++, s += width, l += ld) {
        const double inverse = 1.0 / l[r];
        double rest[IPL_PANEL];

        for (size_t c = 0; c < IPL_PANEL; c++)
            rest[c] = x[r * IPL_PANEL + c] - s[c];
        for (size_t k = 0; k < r; k++)
            for (size_t c = 0; c < IPL_PANEL; c++)
                rest[c] -= l[k] * x[k * IPL_PANEL + c];
        for (size_t c = 0; c < IPL_PANEL; c++)
            x[r * IPL_PANEL + c] = rest[c] * inverse;
    }
}

/* Eight rows, from row i of those in hand on, of a tile whose rows before are solved. */
static void solve_tile(const solve_job *job, const block *b, size_t i, size_t j)
{
    const product_job *p = &job->sums;
    const size_t width = ipl_panels_up(least(b->tile, b->j1 - j)), row = job->at + i;
    panel_tile t = {.hop = p->b->stride, .k = i};

    t.sums = sums_of(b, i, j);
    t.a = t.ahead = panel_at(p->a, i, job->at);
    t.b = panel_at(p->b, j, job->at);
    p->set->tile[width / IPL_PANEL - 1](&t);
    for (size_t c = 0; c < width; c += IPL_PANEL)
        substitute(job->b + (j + c) / IPL_PANEL * p->b->stride + row * IPL_PANEL,
                   t.sums + c, width, job->l + row * job->order + row, job->order,
                   least(IPL_PANEL, job->rows - i));
}

static void solve_block(void *arg, size_t task, size_t thread)
{
    const solve_job *job = arg;
    const product_job *p = &job->sums;
    _Alignas(64) double sums[SIDE_ROWS * SIDE_COLS];
    block b = {.i1 = job->rows, .tile = p->set->group * IPL_PANEL, .sums = sums};

    (void)thread;
    b.j0 = task * p->cols.step;
    b.j1 = least(b.j0 + p->cols.step, p->b->d);
    b.width = ipl_panels_up(b.j1 - b.j0);
    memset(sums, 0, ipl_panels_up(job->rows) * b.width * sizeof *sums);
    for (size_t first = 0; first < job->at; first += DEPTH)
        add_rows(p, &b, first);
    for (size_t i = 0; i < job->rows; i += IPL_PANEL)
        for (size_t j = b.j0; j < b.j1; j += b.tile)
            solve_tile(job, &b, i, j);
}

size_t ipl_panels_solve_room(size_t n)
{
    return ipl_panels_size(n, SIDE_ROWS);
}

void ipl_panels_solve(double *b, const double *l, size_t n, size_t d, double *room,
                      ipl_pool *pool)
{
    const ipl_panels B = ipl_panels_of(b, n, d, 0, n);
    ipl_panels A = ipl_panels_of(room, n, SIDE_ROWS, 0, 0);
    const size_t few = least(SOLVE_TASKS, d / SOLVE_COLS);
    solve_job job = {.sums = {.a = &A, .b = &B, .set = find_kernels()}, .l = l, .order = n};

    job.b = b;
    job.packed = room;
    job.sums.cols =
        cut_side(d, few > 1 ? least(SIDE_COLS, (d + few - 1) / few) : SIDE_COLS, TILE);
    for (; job.at < n; job.at += SIDE_ROWS) {
        job.rows = least(SIDE_ROWS, n - job.at);
        A.rows = job.at;
        ipl_pool_run(pool, ipl_panels_count(job.rows), pack_rows, &job);
        ipl_pool_run(pool, job.sums.cols.count, solve_block, &job);
    }
}
