#include "run/analysis.h"

#include "base/alloc.h"
#include "base/pool.h"
#include "math/linalg.h"
#include "math/npy_view.h"
#include "run/probe.h"
#include "run/run_dir.h"

#include <stdio.h>
#include <string.h>

#define PLANES_BYTES_MAX 4e9 /* of planes side by side */

/* What came of one epoch. */
typedef struct outcome {
    ipl_text rows;
    ipl_text fault; /* why a measure is NaN */
    ipl_text doubt; /* why one may be meaningless */
    ipl_status st;
    ipl_error err;
} outcome;

/* One stack while it is measured. */
typedef struct job {
    const ipl_stack *stack;
    const ipl_analysis_opts *opts;
    size_t n;           /* samples that are measured */
    size_t n_have;      /* samples of the files */
    uint32_t *row;      /* (n) which of them; NULL: all */
    size_t *widths;     /* (n_layers) */
    ipl_cmat x;         /* (n, d_X) */
    int32_t *labels;    /* NULL: none */
    ipl_plane **planes; /* one for each thread, made when it is first needed */
    size_t n_planes;
    ipl_pool *inside;  /* threads of one plane; NULL: the epochs have them */
    size_t first;      /* epoch of task 0 */
    outcome *outcomes; /* (n_epochs) */
} job;

/* ---- one epoch ---- */

/* Samples of one file as the plane wants them. */
static ipl_status open_layer(ipl_npy_view *t, const job *j, const char *path, size_t width,
                             ipl_error *err)
{
    ipl_status st = ipl_npy_view_open(t, path, err);

    if (st != IPL_OK)
        return st;
    if (t->rows.rows != j->n_have)
        return ipl_fail(err, IPL_E_SHAPE, "%s has %zu samples, %s has %zu", path,
                        t->rows.rows, j->stack->x, j->n_have);
    if (t->rows.cols != width)
        return ipl_fail(err, IPL_E_SHAPE, "%s has %zu columns, %s has %zu", path,
                        t->rows.cols, j->stack->files[0], width);
    st = ipl_npy_view_check_finite(t, path, err);
    return st == IPL_OK && j->row ? ipl_npy_view_take(t, j->row, j->n, err) : st;
}

static void print_rows(ipl_text *out, const job *j, size_t e, const ipl_plane *plane,
                       const ipl_measures *m)
{
    const ipl_stack *stack = j->stack;

    for (size_t l = 0; l < stack->n_layers; l++) {
        const ipl_layer_row row = {.when = stack->when[e],
                                   .split = stack->split,
                                   .layer = l + 1,
                                   .name = stack->names[l],
                                   .width = j->widths[l]};

        ipl_run_dir_print_layer(out, &row, plane, m + l * j->opts->n_estimators,
                                j->opts->n_estimators);
    }
}

static ipl_status measure_epoch(outcome *out, const job *j, size_t e, ipl_plane *plane,
                                ipl_error *err)
{
    const size_t n_layers = j->stack->n_layers;
    ipl_npy_view *files = ipl_array(n_layers, 1, sizeof *files, err);
    ipl_cmat *t = ipl_array(n_layers, 1, sizeof *t, err);
    ipl_measures *m = ipl_array(n_layers, j->opts->n_estimators, sizeof *m, err);
    ipl_error why = {0};
    ipl_status st = files && t && m ? IPL_OK : IPL_E_NOMEM;

    for (size_t l = 0; l < n_layers && st == IPL_OK; l++) {
        st = open_layer(&files[l], j, j->stack->files[e * n_layers + l], j->widths[l], err);
        t[l] = files[l].rows;
    }
    if (st != IPL_OK)
        goto done;
    st = ipl_plane_measure(m, plane, t, n_layers, &why);
    for (size_t l = 0; l < n_layers; l++)
        if (ipl_npy_view_check_unchanged(&files[l], j->stack->files[e * n_layers + l],
                                         &why) != IPL_OK)
            st = IPL_E_IO;
    if (st != IPL_OK) {
        st = ipl_fail(err, st, "epoch %g: %s", j->stack->epochs[e], why.msg);
        goto done;
    }
    print_rows(&out->rows, j, e, plane, m);
    ipl_text_add(&out->fault, "%s", ipl_plane_fault(plane));
    ipl_text_add(&out->doubt, "%s", ipl_plane_doubt(plane));
    st = ipl_text_status(&out->rows, err);
done:
    for (size_t l = 0; files && l < n_layers; l++)
        ipl_npy_view_close(&files[l]);
    ipl_free(m);
    ipl_free(t);
    ipl_free(files);
    return st;
}

/* A plane for each thread: what they share of the input is computed by each. */
static ipl_plane_opts plane_opts(const job *j)
{
    return (ipl_plane_opts){.estimators = j->opts->estimators,
                            .n_estimators = j->opts->n_estimators,
                            .unit = j->opts->unit,
                            .null_repeats = j->opts->null_repeats,
                            .null_seed = j->opts->null_seed,
                            .n_layers = j->stack->n_layers,
                            .widths = j->widths,
                            .pool = j->inside,
                            .x_stays = true};
}

static ipl_status create_plane(ipl_plane **out, const job *j, ipl_error *err)
{
    const ipl_plane_opts opts = plane_opts(j);

    return ipl_plane_create(out, &opts, j->x, j->labels, err);
}

static void measure_task(void *context, size_t task, size_t thread)
{
    job *j = context;
    outcome *out = &j->outcomes[j->first + task];

    if (!j->planes[thread])
        out->st = create_plane(&j->planes[thread], j, &out->err);
    if (out->st == IPL_OK)
        out->st = measure_epoch(out, j, j->first + task, j->planes[thread], &out->err);
}

/* ---- one stack ---- */

/* Labels of the stack's y, one for each of the files' samples. */
static ipl_status read_labels(int32_t **out, const job *j, ipl_error *err)
{
    const char *path = j->stack->y;
    int32_t *y = NULL;
    ipl_npy a;
    ipl_status st = ipl_npy_read(&a, path, err);

    *out = NULL;
    if (st != IPL_OK)
        return st;
    if (a.rows != j->n_have) {
        st = ipl_fail(err, IPL_E_SHAPE, "%s has %zu samples, %s has %zu", path, a.rows,
                      j->stack->x, j->n_have);
        goto done;
    }
    y = ipl_array(a.rows, 1, sizeof *y, err);
    if (!y) {
        st = IPL_E_NOMEM;
        goto done;
    }
    st = ipl_npy_classes(y, &a, path, err);
    if (st != IPL_OK)
        goto done;
    *out = y;
    y = NULL; /* now the caller's */
done:
    ipl_free(y);
    ipl_npy_release(&a);
    return st;
}

/* Widths of the layers, and how many samples there are and are wanted. */
static ipl_status read_shapes(job *j, const ipl_npy_view *x, ipl_error *err)
{
    ipl_status st = IPL_OK;
    size_t rows;

    j->n_have = x->rows.rows;
    j->n = j->opts->rows > 0 ? j->opts->rows : j->n_have;
    if (j->n > j->n_have)
        return ipl_fail(err, IPL_E_SHAPE, "rows: %zu asked for, %s has %zu", j->n,
                        j->stack->x, j->n_have);
    j->widths = ipl_array(j->stack->n_layers, 1, sizeof *j->widths, err);
    if (!j->widths)
        return IPL_E_NOMEM;
    for (size_t l = 0; l < j->stack->n_layers && st == IPL_OK; l++)
        st = ipl_npy_shape(&rows, &j->widths[l], j->stack->files[l], err);
    return st;
}

/* With --rows, draw the rows of the probe and leave only those of X and the labels. */
static ipl_status draw_rows(job *j, ipl_npy_view *x, ipl_error *err)
{
    ipl_status st;

    if (j->opts->rows == 0)
        return IPL_OK;
    j->row = ipl_array(j->n, 1, sizeof *j->row, err);
    if (!j->row)
        return IPL_E_NOMEM;
    st = ipl_probe_draw(j->row, j->n, j->labels, j->n_have, j->opts->null_seed, err);
    for (size_t i = 0; i < j->n && j->labels && st == IPL_OK; i++)
        j->labels[i] = j->labels[j->row[i]];
    return st == IPL_OK ? ipl_npy_view_take(x, j->row, j->n, err) : st;
}

/* Texts that mean the same would give the same rows twice. */
static ipl_status check_different(const ipl_plane *plane, size_t n, ipl_error *err)
{
    for (size_t k = 1; k < n; k++)
        for (size_t i = 0; i < k; i++)
            if (strcmp(ipl_plane_estimator(plane, i), ipl_plane_estimator(plane, k)) == 0)
                return ipl_fail(err, IPL_E_ARG, "estimator '%.100s' is given twice",
                                ipl_plane_estimator(plane, k));
    return IPL_OK;
}

static void warn(const ipl_analysis_opts *opts, const char *text)
{
    if (opts->warning && text && *text != '\0')
        opts->warning(opts->self, text);
}

/* Doubts about bias, for the first layer that has any. */
static void caution(const job *j)
{
    for (size_t l = 0; l < j->stack->n_layers; l++) {
        const char *text = ipl_plane_caution(j->planes[0], j->widths[l]);
        ipl_text line = {0};

        if (*text == '\0')
            continue;
        ipl_text_add(&line, "%s: %s", j->stack->names[l], text);
        warn(j->opts, line.s);
        ipl_text_release(&line);
        return;
    }
}

/*
 * Whether threads measure epochs side by side, each on a plane of its own: the faster way,
 * unless there are fewer epochs than threads or so many planes need too much memory.
 */
static bool side_by_side(const job *j, const ipl_npy_view *x, size_t threads)
{
    const ipl_plane_opts opts = plane_opts(j);
    const double plane = (double)ipl_plane_memory(&opts, j->n, x->rows.cols);

    return j->stack->n_epochs >= threads && plane * (double)threads <= PLANES_BYTES_MAX;
}

/* Measure every epoch, as many at a time as there are threads. */
static ipl_status measure_all(job *j, ipl_pool *pool, size_t done, size_t all,
                              ipl_error *err)
{
    const size_t n = j->stack->n_epochs, at_once = ipl_pool_threads(pool);

    for (j->first = 0; j->first < n; j->first += at_once) {
        const size_t left = n - j->first, now = left < at_once ? left : at_once;

        ipl_pool_run(pool, now, measure_task, j);
        for (size_t e = j->first; e < j->first + now; e++)
            if (j->outcomes[e].st != IPL_OK)
                return ipl_fail(err, j->outcomes[e].st, "%s", j->outcomes[e].err.msg);
        if (j->opts->progress)
            j->opts->progress(j->opts->self, done + j->first + now, all);
    }
    return IPL_OK;
}

/* Measure a stack into outcomes (n_epochs). */
static ipl_status measure_stack(outcome *outcomes, const ipl_stack *stack,
                                const ipl_analysis_opts *opts, ipl_pool *pool, size_t done,
                                size_t all, ipl_error *err)
{
    job j = {.stack = stack, .opts = opts, .outcomes = outcomes};
    ipl_npy_view x;
    bool told = false, doubted = false;
    ipl_status st = ipl_npy_view_open(&x, stack->x, err);

    if (st == IPL_OK)
        st = ipl_npy_view_check_finite(&x, stack->x, err);
    if (st == IPL_OK)
        st = read_shapes(&j, &x, err);
    if (st == IPL_OK && *stack->y != '\0')
        st = read_labels(&j.labels, &j, err);
    if (st == IPL_OK)
        st = draw_rows(&j, &x, err);
    if (st != IPL_OK)
        goto done;
    if (!side_by_side(&j, &x, ipl_pool_threads(pool))) {
        j.inside = pool;
        pool = NULL;
    }
    j.n_planes = ipl_pool_threads(pool);
    j.x = x.rows;
    j.planes = ipl_array(j.n_planes, 1, sizeof(ipl_plane *), err);
    st = j.planes ? create_plane(&j.planes[0], &j, err) : IPL_E_NOMEM;
    if (st == IPL_OK)
        st = check_different(j.planes[0], opts->n_estimators, err);
    if (st != IPL_OK)
        goto done;
    caution(&j);
    st = measure_all(&j, pool, done, all, err);
    if (ipl_npy_view_check_unchanged(&x, stack->x, err) != IPL_OK)
        st = IPL_E_IO;
    for (size_t e = 0; e < stack->n_epochs && !told; e++) {
        told = outcomes[e].fault.len > 0;
        warn(opts, outcomes[e].fault.s);
    }
    for (size_t e = 0; e < stack->n_epochs && !doubted; e++) {
        doubted = outcomes[e].doubt.len > 0;
        warn(opts, outcomes[e].doubt.s);
    }
done:
    for (size_t k = 0; j.planes && k < j.n_planes; k++)
        ipl_plane_destroy(j.planes[k]);
    ipl_free(j.planes);
    ipl_free(j.labels);
    ipl_free(j.row);
    ipl_free(j.widths);
    ipl_npy_view_close(&x);
    return st;
}

/* ---- all stacks ---- */

/* Stacks are the probes of one run: they must have been measured together. */
static ipl_status check_epochs(const ipl_stack *stacks, size_t n_stacks, ipl_error *err)
{
    for (size_t s = 1; s < n_stacks; s++) {
        bool same = stacks[s].n_epochs == stacks[0].n_epochs;

        for (size_t e = 0; same && e < stacks[0].n_epochs; e++)
            same = strcmp(stacks[s].when[e], stacks[0].when[e]) == 0;
        if (!same)
            return ipl_fail(err, IPL_E_ARG, "%s and %s have different epochs",
                            stacks[0].split, stacks[s].split);
    }
    return IPL_OK;
}

ipl_status ipl_analysis_measure(ipl_text *out, const ipl_stack *stacks, size_t n_stacks,
                                const ipl_analysis_opts *opts, ipl_error *err)
{
    const size_t n = stacks[0].n_epochs;
    outcome *outcomes = ipl_array(n_stacks, n, sizeof *outcomes, err);
    ipl_pool *pool = NULL;
    ipl_status st = outcomes ? check_epochs(stacks, n_stacks, err) : IPL_E_NOMEM;

    ipl_blas_start();
    if (st == IPL_OK)
        st = ipl_blas_pool_create(&pool, ipl_threads_for(opts->threads).n, err);
    for (size_t s = 0; s < n_stacks && st == IPL_OK; s++)
        st = measure_stack(outcomes + s * n, &stacks[s], opts, pool, s * n, n_stacks * n,
                           err);
    if (st != IPL_OK)
        goto done;
    ipl_run_dir_print_header(out, IPL_TABLE_INFORMATION);
    for (size_t e = 0; e < n; e++)
        for (size_t s = 0; s < n_stacks; s++)
            ipl_text_add(out, "%s", outcomes[s * n + e].rows.s);
    st = ipl_text_status(out, err);
done:
    for (size_t i = 0; outcomes && i < n_stacks * n; i++) {
        ipl_text_release(&outcomes[i].rows);
        ipl_text_release(&outcomes[i].fault);
        ipl_text_release(&outcomes[i].doubt);
    }
    ipl_free(outcomes);
    ipl_pool_destroy(pool);
    return st;
}
