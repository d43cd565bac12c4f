#include "info/square.h"

#include "base/alloc.h"

enum { BLOCK = 32 }; /* two blocks of doubles fit in the L1 cache while one is transposed */

ipl_status ipl_buffer_reserve(ipl_buffer *buffer, size_t rows, size_t cols, ipl_error *err)
{
    size_t size;

    if (!ipl_mul_overflows(&size, rows, cols) && size <= buffer->size)
        return IPL_OK;
    ipl_buffer_release(buffer);
    buffer->p = ipl_array(rows, cols, sizeof *buffer->p, err);
    if (!buffer->p)
        return IPL_E_NOMEM;
    buffer->size = size;
    return IPL_OK;
}

void ipl_buffer_release(ipl_buffer *buffer)
{
    ipl_free(buffer->p);
    *buffer = (ipl_buffer){0};
}

ipl_status ipl_square_reserve(ipl_square *sq, size_t order, ipl_error *err)
{
    ipl_status st = ipl_buffer_reserve(&sq->a, order, order, err);

    sq->filled = false;
    sq->order = order;
    if (st == IPL_OK)
        st = ipl_buffer_reserve(&sq->diag, order, 1, err);
    return st;
}

void ipl_square_release(ipl_square *sq)
{
    ipl_buffer_release(&sq->diag);
    ipl_buffer_release(&sq->a);
    *sq = (ipl_square){0};
}

/* What is done with an entry below the diagonal and its mirror image. */
typedef enum pass { PASS_LIFT, PASS_FORM, PASS_ADD } pass;

typedef struct square_job {
    pass what;
    double *m;
    ipl_square *lifted;
    const ipl_square *sq;
    const double *s;
    double weight;
    size_t order;
} square_job;

static void lift_block(const square_job *job, size_t i0, size_t i1, size_t j0, size_t j1)
{
    const size_t n = job->order;
    double *a = job->m;

    for (size_t i = i0; i < i1; i++)
        for (size_t j = j0; j < j1 && j < i; j++)
            a[j * n + i] = a[i * n + j];
}

static void form_block(const square_job *job, size_t i0, size_t i1, size_t j0, size_t j1)
{
    const size_t n = job->order;
    const double *g = job->sq->a.p;

    for (size_t i = i0; i < i1; i++) {
        const double scale = job->s ? job->weight * job->s[i] : job->weight;
        double *m = job->m + i * n;

        if (job->what == PASS_ADD)
            for (size_t j = j0; j < j1 && j < i; j++)
                m[j] += job->weight * g[j * n + i];
        else if (job->s)
            for (size_t j = j0; j < j1 && j < i; j++)
                m[j] = scale * job->s[j] * g[j * n + i];
        else
            for (size_t j = j0; j < j1 && j < i; j++)
                m[j] = scale * g[j * n + i];
    }
}

/* One block of rows, with its part of the diagonal. */
static void square_rows(void *arg, size_t task, size_t thread)
{
    const square_job *job = arg;
    const size_t n = job->order, i0 = task * BLOCK, i1 = i0 + BLOCK < n ? i0 + BLOCK : n;

    (void)thread;
    for (size_t j0 = 0; j0 < i1; j0 += BLOCK)
        if (job->what == PASS_LIFT)
            lift_block(job, i0, i1, j0, j0 + BLOCK);
        else
            form_block(job, i0, i1, j0, j0 + BLOCK);
    for (size_t i = i0; i < i1; i++) {
        double *m = &job->m[i * n + i];

        if (job->what == PASS_LIFT)
            job->lifted->diag.p[i] = *m;
        else if (job->what == PASS_ADD)
            *m += job->weight * job->sq->diag.p[i];
        else
            *m = 1.0 +
                 job->weight * (job->s ? job->s[i] * job->s[i] : 1.0) * job->sq->diag.p[i];
    }
}

static void run(square_job *job, ipl_pool *pool)
{
    ipl_pool_run(pool, (job->order + BLOCK - 1) / BLOCK, square_rows, job);
}

void ipl_square_lift(ipl_square *sq, ipl_pool *pool)
{
    square_job job = {.what = PASS_LIFT, .m = sq->a.p, .lifted = sq, .order = sq->order};

    run(&job, pool);
    sq->filled = true;
}

void ipl_square_form(double *m, const ipl_square *sq, const double *s, double weight,
                     ipl_pool *pool)
{
    square_job job = {
        .what = PASS_FORM, .sq = sq, .s = s, .weight = weight, .order = sq->order};

    job.m = m;
    run(&job, pool);
}

void ipl_square_add(double *m, const ipl_square *sq, double weight, ipl_pool *pool)
{
    square_job job = {.what = PASS_ADD, .sq = sq, .weight = weight, .order = sq->order};

    job.m = m;
    run(&job, pool);
}

double ipl_square_norm2(const ipl_square *sq)
{
    double sum = 0.0;

    for (size_t i = 0; i < sq->order; i++) {
        const double *row = sq->a.p + i * sq->order;
        double off = 0.0;

        for (size_t j = i + 1; j < sq->order; j++)
            off += row[j] * row[j];
        sum += 2.0 * off + sq->diag.p[i] * sq->diag.p[i];
    }
    return sum;
}
