#include "info/rows.h"

#include "info/columns.h"
#include "math/vec.h"

#include <string.h>

bool ipl_rows_stream(size_t n, size_t widest)
{
    return n >= IPL_STREAM_ROWS && n / IPL_STREAM_RATIO >= widest;
}

size_t ipl_rows_step(const ipl_var *v)
{
    return v->streams ? IPL_ROWS_AT_ONCE : v->n;
}

ipl_status ipl_rows_reserve(double **room, const ipl_var *v, size_t which, ipl_work *work,
                            ipl_error *err)
{
    ipl_status st = IPL_OK;

    if (v->streams)
        st = ipl_buffer_reserve(&work->rows[which], 1,
                                ipl_panels_size(IPL_ROWS_AT_ONCE, v->d), err);
    *room = work->rows[which].p;
    return st;
}

/* Number `at` of the samples as given. */
static double given(const ipl_cmat *x, size_t at)
{
    return x->f64 ? x->f64[at] : (double)x->f32[at];
}

typedef double eight __attribute__((vector_size(8 * IPL_PANEL)));
/* The same anywhere in memory, and eight floats. */
typedef double loose __attribute__((vector_size(8 * IPL_PANEL), aligned(8), may_alias));
typedef float floats __attribute__((vector_size(4 * IPL_PANEL), aligned(4), may_alias));

/* A row as it was given, less shift (d, whole panels); the row `next` is on its way then. */
IPL_INLINE void take_row(double *out, size_t stride, const ipl_var *v, size_t row,
                         size_t next, const double *shift)
{
    const size_t at = (v->order ? v->order[row] : row) * v->d;
    const size_t ahead = (v->order ? v->order[next] : next) * v->d;
    const size_t done = v->d / IPL_PANEL * IPL_PANEL;
    const float *f = v->from.f32;
    const double *x = v->from.f64;

    for (size_t j = 0; j < done; j += IPL_PANEL, out += stride) {
        const eight by = *(const loose *)(shift + j);

        if (x) {
            __builtin_prefetch(x + ahead + j);
            *(loose *)out = *(const loose *)(x + at + j) - by;
        } else {
            __builtin_prefetch(f + ahead + j);
            *(loose *)out =
                __builtin_convertvector(*(const floats *)(f + at + j), eight) - by;
        }
    }
    for (size_t j = done; j < ipl_panels_up(v->d); j++)
        out[j - done] = j < v->d ? given(&v->from, at + j) - shift[j] : 0.0;
}

enum { TASK_ROWS = 64 }; /* least that is worth a task of reading */

typedef struct take_job {
    double *out;
    size_t stride, first, count, step; /* step: rows of a task */
    const ipl_var *v;
    const double *shift;
} take_job;

IPL_CLONES
static void take_rows(void *arg, size_t task, size_t thread)
{
    const take_job *job = arg;
    const size_t from = task * job->step, left = job->count - from;
    const size_t end = from + (left < job->step ? left : job->step);

    (void)thread;
    for (size_t i = from; i < end; i++)
        take_row(job->out + i * IPL_PANEL, job->stride, job->v, job->first + i,
                 job->first + (i + 1 < end ? i + 1 : i), job->shift);
}

void ipl_rows_take(double *out, size_t stride, const ipl_var *v, size_t first, size_t count,
                   const double *shift, ipl_pool *pool)
{
    take_job job = {
        .stride = stride, .v = v, .first = first, .count = count, .shift = shift};

    job.out = out;
    job.step = IPL_ROWS_TASK / (v->d + 1) + TASK_ROWS;
    ipl_pool_run(pool, (count + job.step - 1) / job.step, take_rows, &job);
}

void ipl_rows_one(double *out, const ipl_var *v, size_t row)
{
    for (size_t j = 0; j < v->d; j++)
        out[j] = ipl_rows_at(v, row, j);
}

/* A panel a task, less the rest of its means. */
typedef struct rest_job {
    double *out;
    const double *rest;
    size_t stride, count;
} rest_job;

static void take_rest(void *arg, size_t task, size_t thread)
{
    const rest_job *job = arg;
    double *z = job->out + task * job->stride;

    (void)thread;
    for (size_t i = 0; i < job->count; i++)
        for (size_t j = 0; j < IPL_PANEL; j++)
            z[i * IPL_PANEL + j] -= job->rest[task * IPL_PANEL + j];
}

/* The centred rows of a variable that streams. */
static void read_again(double *out, size_t stride, const ipl_var *v, size_t first,
                       size_t count, ipl_pool *pool)
{
    rest_job job = {.rest = v->rest.p, .stride = stride, .count = count};

    ipl_rows_take(out, stride, v, first, count, v->mean.p, pool);
    job.out = out;
    if (v->far)
        ipl_pool_run(pool, ipl_panels_count(v->d), take_rest, &job);
}

double ipl_rows_at(const ipl_var *v, size_t row, size_t column)
{
    if (!v->streams)
        return v->z.p[column / IPL_PANEL * ipl_panels_pitch(v->n) * IPL_PANEL +
                      row * IPL_PANEL + column % IPL_PANEL];
    return given(&v->from, (v->order ? v->order[row] : row) * v->d + column) -
           v->mean.p[column] - (v->far ? v->rest.p[column] : 0.0);
}

typedef struct copy_job {
    double *out;
    size_t stride;
    ipl_panels z;
} copy_job;

static void copy_panel(void *arg, size_t task, size_t thread)
{
    const copy_job *job = arg;

    (void)thread;
    memcpy(job->out + task * job->stride, job->z.p + task * job->z.stride,
           job->z.rows * IPL_PANEL * sizeof *job->out);
}

void ipl_rows_read(double *out, size_t stride, const ipl_var *v, size_t first, size_t count,
                   ipl_pool *pool)
{
    copy_job job = {.stride = stride};

    if (v->streams) {
        read_again(out, stride, v, first, count, pool);
        return;
    }
    job.out = out;
    job.z = ipl_panels_of(v->z.p, v->n, v->d, first, count);
    ipl_pool_run(pool, ipl_panels_count(v->d), copy_panel, &job);
}

ipl_panels ipl_rows_get(const ipl_var *v, size_t first, size_t count, double *room,
                        ipl_pool *pool)
{
    const ipl_panels out = ipl_panels_of(room, IPL_ROWS_AT_ONCE, v->d, 0, count);

    if (!v->streams)
        return ipl_panels_of(v->z.p, v->n, v->d, first, count);
    ipl_rows_read(room, out.stride, v, first, count, pool);
    return out;
}

/* A block of rows, a panel a task. */
typedef struct study_job {
    ipl_var *v;
    double *room;
    size_t stride, count;
    int pass; /* the sum about the first row, about the mean, the sum of squares */
} study_job;

/* Add what the rows say of a panel, which is less the mean: v->ss collects it. */
static void study_panel(void *arg, size_t task, size_t thread)
{
    static const double zero[IPL_PANEL];
    const study_job *job = arg;
    ipl_var *v = job->v;
    const size_t first = task * IPL_PANEL;
    double *z = job->room + task * job->stride, part[IPL_PANEL];

    (void)thread;
    for (size_t i = 0; job->pass == 0 && i < job->count; i++)
        for (size_t j = 0; j < IPL_PANEL; j++)
            if (z[i * IPL_PANEL + j] != 0.0)
                v->s.p[first + j] = 1.0;
    if (job->pass == 2)
        ipl_columns_centre(part, z, job->count, zero);
    else
        ipl_columns_rest(part, z, job->count, zero);
    for (size_t j = 0; j < IPL_PANEL; j++)
        v->ss.p[first + j] += part[j];
}

static void study(ipl_var *v, double *room, int pass, ipl_pool *pool)
{
    study_job job = {
        .v = v, .stride = ipl_panels_pitch(IPL_ROWS_AT_ONCE) * IPL_PANEL, .pass = pass};

    job.room = room;
    memset(v->ss.p, 0, ipl_panels_up(v->d) * sizeof *v->ss.p);
    for (size_t first = 0; first < v->n; first += IPL_ROWS_AT_ONCE) {
        const size_t left = v->n - first;

        job.count = left < IPL_ROWS_AT_ONCE ? left : IPL_ROWS_AT_ONCE;
        read_again(room, job.stride, v, first, job.count, pool);
        ipl_pool_run(pool, ipl_panels_count(v->d), study_panel, &job);
    }
}

void ipl_rows_study(ipl_var *v, double *room, ipl_pool *pool)
{
    /* About the first row: a column that never differs from it is constant. */
    for (size_t j = 0; j < ipl_panels_up(v->d); j++)
        v->mean.p[j] =
            j < v->d ? given(&v->from, (v->order ? v->order[0] : 0) * v->d + j) : 0.0;
    memset(v->s.p, 0, ipl_panels_up(v->d) * sizeof *v->s.p);
    memset(v->rest.p, 0, ipl_panels_up(v->d) * sizeof *v->rest.p);
    v->far = false;
    for (int pass = 0; pass < 2; pass++) {
        study(v, room, pass, pool);
        for (size_t j = 0; j < v->d; j++)
            if (v->s.p[j] != 0.0) {
                const double before = v->mean.p[j], more = v->ss.p[j] / (double)v->n;

                v->mean.p[j] += more;
                v->rest.p[j] = more - (v->mean.p[j] - before);
            }
    }
    study(v, room, 2, pool);
    for (size_t j = 0; j < v->d; j++)
        v->far =
            v->far || (v->s.p[j] != 0.0 && ipl_rows_far(v->mean.p[j], v->ss.p[j], v->n));
    if (v->far)
        study(v, room, 2, pool);
}
