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

/* out (count) = numbers [at, at + count) of the samples as given. */
IPL_INLINE void take(double *out, const ipl_cmat *x, size_t at, const size_t count)
{
    for (size_t j = 0; j < count; j++)
        out[j] = x->f64 ? x->f64[at + j] : (double)x->f32[at + j];
}

/* Panels [p0, p1) of a row as it was given, `stride` doubles apart. */
IPL_INLINE void take_panels(double *out, size_t stride, const ipl_var *v, size_t row,
                            size_t p0, size_t p1)
{
    const size_t at = (v->order ? v->order[row] : row) * v->d;

    for (size_t p = p0; p < p1; p++, out += stride) {
        const size_t first = p * IPL_PANEL;

        if (first + IPL_PANEL <= v->d) {
            take(out, &v->from, at + first, IPL_PANEL);
        } else {
            memset(out, 0, IPL_PANEL * sizeof *out);
            take(out, &v->from, at + first, v->d - first);
        }
    }
}

IPL_CLONES
void ipl_rows_take(double *out, size_t stride, const ipl_var *v, size_t first, size_t count,
                   size_t p0, size_t p1)
{
    for (size_t i = 0; i < count; i++)
        take_panels(out + i * IPL_PANEL, stride, v, first + i, p0, p1);
}

void ipl_rows_one(double *out, const ipl_var *v, size_t row)
{
    for (size_t j = 0; j < v->d; j++)
        out[j] = ipl_rows_at(v, row, j);
}

double ipl_rows_at(const ipl_var *v, size_t row, size_t column)
{
    double x;

    if (!v->streams)
        return v->z.p[column / IPL_PANEL * ipl_panels_pitch(v->n) * IPL_PANEL +
                      row * IPL_PANEL + column % IPL_PANEL];
    take(&x, &v->from, (v->order ? v->order[row] : row) * v->d + column, 1);
    return x - v->mean.p[column];
}

enum { TASK_PANELS = 8 }; /* read by one task: whole lines of the cache */

typedef struct read_job {
    const ipl_var *v;
    double *out;
    size_t stride, first, count;
} read_job;

static void read_panels(void *arg, size_t task, size_t thread)
{
    const read_job *job = arg;
    const ipl_var *v = job->v;
    const size_t p0 = task * TASK_PANELS, all = ipl_panels_count(v->d);
    const size_t p1 = p0 + TASK_PANELS < all ? p0 + TASK_PANELS : all;
    const size_t hop = ipl_panels_pitch(v->n) * IPL_PANEL;
    double ss[IPL_PANEL];

    (void)thread;
    if (v->streams)
        ipl_rows_take(job->out + p0 * job->stride, job->stride, v, job->first, job->count,
                      p0, p1);
    for (size_t p = p0; p < p1; p++) {
        double *out = job->out + p * job->stride;

        if (v->streams)
            ipl_columns_centre(ss, out, job->count, v->mean.p + p * IPL_PANEL);
        else
            memcpy(out, v->z.p + p * hop + job->first * IPL_PANEL,
                   job->count * IPL_PANEL * sizeof *out);
    }
}

void ipl_rows_read(double *out, size_t stride, const ipl_var *v, size_t first, size_t count,
                   ipl_pool *pool)
{
    read_job job = {.v = v, .stride = stride, .first = first, .count = count};

    job.out = out;
    ipl_pool_run(pool, (ipl_panels_count(v->d) + TASK_PANELS - 1) / TASK_PANELS,
                 read_panels, &job);
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

/* A block of rows, some panels a task. */
typedef struct study_job {
    ipl_var *v;
    double *room;
    size_t first, count;
    int pass; /* the sum about the first row, about the mean, the sum of squares */
} study_job;

/* Add what the rows say of a panel: v->ss collects it. */
static void study_panel(const study_job *job, double *z, size_t first)
{
    ipl_var *v = job->v;
    const double *mean = v->mean.p + first;
    double part[IPL_PANEL];

    for (size_t i = 0; job->pass == 0 && i < job->count; i++)
        for (size_t j = 0; j < IPL_PANEL; j++)
            if (z[i * IPL_PANEL + j] != mean[j])
                v->s.p[first + j] = 1.0;
    if (job->pass == 2)
        ipl_columns_centre(part, z, job->count, mean);
    else
        ipl_columns_rest(part, z, job->count, mean);
    for (size_t j = 0; j < IPL_PANEL; j++)
        v->ss.p[first + j] += part[j];
}

static void study_panels(void *arg, size_t task, size_t thread)
{
    const study_job *job = arg;
    const size_t p0 = task * TASK_PANELS, all = ipl_panels_count(job->v->d);
    const size_t p1 = p0 + TASK_PANELS < all ? p0 + TASK_PANELS : all;
    const size_t stride = ipl_panels_pitch(IPL_ROWS_AT_ONCE) * IPL_PANEL;

    (void)thread;
    ipl_rows_take(job->room + p0 * stride, stride, job->v, job->first, job->count, p0, p1);
    for (size_t p = p0; p < p1; p++)
        study_panel(job, job->room + p * stride, p * IPL_PANEL);
}

static void study(ipl_var *v, double *room, int pass, ipl_pool *pool)
{
    study_job job = {.v = v, .pass = pass};

    job.room = room;
    memset(v->ss.p, 0, ipl_panels_up(v->d) * sizeof *v->ss.p);
    for (; job.first < v->n; job.first += IPL_ROWS_AT_ONCE) {
        const size_t left = v->n - job.first;

        job.count = left < IPL_ROWS_AT_ONCE ? left : IPL_ROWS_AT_ONCE;
        ipl_pool_run(pool, (ipl_panels_count(v->d) + TASK_PANELS - 1) / TASK_PANELS,
                     study_panels, &job);
    }
}

void ipl_rows_study(ipl_var *v, double *room, ipl_pool *pool)
{
    /* About the first row: a column that never differs from it is constant. */
    take_panels(v->mean.p, IPL_PANEL, v, 0, 0, ipl_panels_count(v->d));
    memset(v->s.p, 0, ipl_panels_up(v->d) * sizeof *v->s.p);
    for (int pass = 0; pass < 2; pass++) {
        study(v, room, pass, pool);
        for (size_t j = 0; j < v->d; j++)
            if (v->s.p[j] != 0.0)
                v->mean.p[j] += v->ss.p[j] / (double)v->n;
    }
    study(v, room, 2, pool);
}
