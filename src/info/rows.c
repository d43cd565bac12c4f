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
        st = ipl_buffer_reserve(&work->rows[which], IPL_ROWS_AT_ONCE, v->d, err);
    *room = work->rows[which].p;
    return st;
}

IPL_CLONES
static void promote(double *out, const float *x, size_t n)
{
    for (size_t j = 0; j < n; j++)
        out[j] = (double)x[j];
}

IPL_CLONES
static void promote_less(double *out, const float *x, const double *shift, size_t n)
{
    for (size_t j = 0; j < n; j++)
        out[j] = (double)x[j] - shift[j];
}

/* Columns [first, first + width) of a row as it was given, less shift when there is one. */
static void read_part(double *out, const ipl_var *v, size_t row, size_t first, size_t width,
                      const double *shift)
{
    const size_t at = (v->order ? v->order[row] : row) * v->d + first;

    if (v->from.f64) {
        memcpy(out, v->from.f64 + at, width * sizeof *out);
        for (size_t j = 0; shift && j < width; j++)
            out[j] -= shift[j];
    } else if (shift) {
        promote_less(out, v->from.f32 + at, shift, width);
    } else {
        promote(out, v->from.f32 + at, width);
    }
}

const double *ipl_rows_one(const ipl_var *v, size_t row, double *room)
{
    if (!v->streams)
        return v->z.p + row * v->d;
    read_part(room, v, row, 0, v->d, v->mean.p);
    return room;
}

enum { TASK_ROWS = 64 }; /* of a block, read by one task */

typedef struct read_job {
    const ipl_var *v;
    double *room;
    size_t first, count;
} read_job;

static void read_rows(void *arg, size_t task, size_t thread)
{
    const read_job *job = arg;
    const size_t from = task * TASK_ROWS, left = job->count - from;

    (void)thread;
    for (size_t i = from; i < from + (left < TASK_ROWS ? left : TASK_ROWS); i++)
        read_part(job->room + i * job->v->d, job->v, job->first + i, 0, job->v->d,
                  job->v->mean.p);
}

const double *ipl_rows_get(const ipl_var *v, size_t first, size_t count, double *room,
                           ipl_pool *pool)
{
    read_job job = {.v = v, .first = first, .count = count};

    if (!v->streams)
        return v->z.p + first * v->d;
    job.room = room;
    ipl_pool_run(pool, (count + TASK_ROWS - 1) / TASK_ROWS, read_rows, &job);
    return room;
}

/* A block of rows, a task per block of columns. */
typedef struct study_job {
    ipl_var *v;
    double *room;
    size_t first, count;
    int pass; /* the sum about the first row, about the mean, the sum of squares */
} study_job;

/* Add what the rows say of a block of columns: v->ss collects it. */
static void study_columns(void *arg, size_t task, size_t thread)
{
    const study_job *job = arg;
    ipl_var *v = job->v;
    const ipl_columns block = ipl_columns_block(job->room, job->count, v->d, task);
    const double *mean = v->mean.p + block.first;
    double part[IPL_COLUMNS];

    (void)thread;
    for (size_t i = 0; i < block.n; i++)
        read_part(job->room + i * v->d + block.first, v, job->first + i, block.first,
                  block.width, NULL);
    for (size_t i = 0; job->pass == 0 && i < block.n; i++)
        for (size_t j = 0; j < block.width; j++)
            if (job->room[i * v->d + block.first + j] != mean[j])
                v->s.p[block.first + j] = 1.0;
    if (job->pass == 2)
        ipl_columns_centre(part, &block, mean);
    else
        ipl_columns_rest(part, &block, mean);
    for (size_t j = 0; j < block.width; j++)
        v->ss.p[block.first + j] += part[j];
}

static void study(ipl_var *v, double *room, int pass, ipl_pool *pool)
{
    study_job job = {.v = v, .pass = pass};

    job.room = room;
    memset(v->ss.p, 0, v->d * sizeof *v->ss.p);
    for (; job.first < v->n; job.first += IPL_ROWS_AT_ONCE) {
        const size_t left = v->n - job.first;

        job.count = left < IPL_ROWS_AT_ONCE ? left : IPL_ROWS_AT_ONCE;
        ipl_pool_run(pool, ipl_columns_blocks(v->d), study_columns, &job);
    }
}

void ipl_rows_study(ipl_var *v, double *room, ipl_pool *pool)
{
    /* About the first row: a column that never differs from it is constant. */
    read_part(v->mean.p, v, 0, 0, v->d, NULL);
    memset(v->s.p, 0, v->d * sizeof *v->s.p);
    for (int pass = 0; pass < 2; pass++) {
        study(v, room, pass, pool);
        for (size_t j = 0; j < v->d; j++)
            if (v->s.p[j] != 0.0)
                v->mean.p[j] += v->ss.p[j] / (double)v->n;
    }
    study(v, room, 2, pool);
}
