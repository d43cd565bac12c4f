/* In and out of panels. */
#include "math/panels.h"

#include <assert.h>
#include <string.h>

enum { TURN = 64 }; /* rows or columns that a task takes */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

void ipl_panels_row(double *out, const ipl_panels *z, size_t i)
{
    for (size_t j = 0; j < z->d; j += IPL_PANEL)
        memcpy(out + j, z->p + j / IPL_PANEL * z->stride + i * IPL_PANEL,
               least(IPL_PANEL, z->d - j) * sizeof *out);
}

typedef struct copy_job {
    double *out;
    const double *x;
    const ipl_panels *z;
    size_t n, d, first, count;
} copy_job;

static void fill_rows(void *arg, size_t task, size_t thread)
{
    const copy_job *job = arg;
    const size_t d = job->d, end = least((task + 1) * TURN, job->n);

    (void)thread;
    for (size_t i = task * TURN; i < end; i++)
        for (size_t j = 0; j < d; j += IPL_PANEL) {
            double *out = job->out + j * ipl_panels_pitch(job->n) + i * IPL_PANEL;
            const size_t some = least(IPL_PANEL, d - j);

            memcpy(out, job->x + i * d + j, some * sizeof *out);
            memset(out + some, 0, (IPL_PANEL - some) * sizeof *out);
        }
}

void ipl_panels_fill(double *out, const double *x, size_t n, size_t d, ipl_pool *pool)
{
    copy_job job = {.x = x, .n = n, .d = d};

    job.out = out;
    ipl_pool_run(pool, (n + TURN - 1) / TURN, fill_rows, &job);
}

static void empty_rows(void *arg, size_t task, size_t thread)
{
    const copy_job *job = arg;
    const size_t end = least((task + 1) * TURN, job->z->rows);

    (void)thread;
    for (size_t i = task * TURN; i < end; i++)
        ipl_panels_row(job->out + i * job->z->d, job->z, i);
}

void ipl_panels_empty(double *x, const ipl_panels *z, ipl_pool *pool)
{
    copy_job job = {.z = z};

    job.out = x;
    ipl_pool_run(pool, (z->rows + TURN - 1) / TURN, empty_rows, &job);
}

/* Some panels of the turned matrix: eight samples each. */
static void turn_rows(void *arg, size_t task, size_t thread)
{
    const copy_job *job = arg;
    const ipl_panels *z = job->z;

    (void)thread;
    for (size_t i = task * TURN; i < (task + 1) * TURN && i < z->rows; i += IPL_PANEL) {
        const size_t rows = least(IPL_PANEL, z->rows - i);

        for (size_t j = 0; j < job->count; j += IPL_PANEL) {
            const double *from =
                z->p + (job->first + j) / IPL_PANEL * z->stride + i * IPL_PANEL;
            double *out = job->out + i * ipl_panels_pitch(job->count) + j * IPL_PANEL;
            const size_t cols = least(IPL_PANEL, job->count - j);

            for (size_t l = 0; l < cols; l++)
                for (size_t r = 0; r < IPL_PANEL; r++)
                    out[l * IPL_PANEL + r] = r < rows ? from[r * IPL_PANEL + l] : 0.0;
        }
    }
}

void ipl_panels_turn(double *out, const ipl_panels *z, size_t first, size_t count,
                     ipl_pool *pool)
{
    copy_job job = {.z = z, .first = first, .count = count};

    assert(first % IPL_PANEL == 0 && first + count <= z->d);
    job.out = out;
    ipl_pool_run(pool, (z->rows + TURN - 1) / TURN, turn_rows, &job);
}
