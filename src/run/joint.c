#include "run/joint.h"

#include "base/alloc.h"
#include "base/text.h"
#include "ipl/dataset.h"
#include "math/npy_view.h"
#include "run/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void ipl_joint_release(ipl_joint *joint)
{
    ipl_free(joint->p);
    *joint = (ipl_joint){0};
}

/* Refuse what is no mass. */
static ipl_status check(const ipl_joint *joint, const char *path, size_t first_line,
                        ipl_error *err)
{
    for (size_t i = 0; i < joint->n_x * joint->n_y; i++)
        if (!isfinite(joint->p[i]) || joint->p[i] < 0.0)
            return ipl_fail(err, IPL_E_FORMAT,
                            "%.300s: row %zu: %g is no probability and no count", path,
                            i / joint->n_y + first_line, joint->p[i]);
    return IPL_OK;
}

static ipl_status read_npy(ipl_joint *out, const char *path, ipl_error *err)
{
    ipl_npy_view view;
    ipl_status st = ipl_npy_view_open(&view, path, err);

    if (st != IPL_OK)
        return st;
    out->n_x = view.rows.rows;
    out->n_y = view.rows.cols;
    out->p = ipl_array(out->n_x, out->n_y, sizeof *out->p, err);
    for (size_t i = 0; out->p && i < out->n_x * out->n_y; i++)
        out->p[i] = view.rows.f64 ? view.rows.f64[i] : (double)view.rows.f32[i];
    st = ipl_npy_view_check_unchanged(&view, path, err);
    ipl_npy_view_close(&view);
    if (!out->p)
        return IPL_E_NOMEM;
    return st == IPL_OK ? check(out, path, 0, err) : st;
}

static ipl_status read_csv(ipl_joint *out, const char *path, ipl_error *err)
{
    ipl_table *table = NULL;
    ipl_status st = ipl_table_read_finished(&table, path, err);

    if (st != IPL_OK)
        return st;
    out->n_x = ipl_table_rows(table);
    out->n_y = ipl_table_columns(table);
    out->p = ipl_array(out->n_x, out->n_y, sizeof *out->p, err);
    st = out->p ? IPL_OK : IPL_E_NOMEM;
    for (size_t i = 0; i < out->n_x * out->n_y && st == IPL_OK; i++) {
        const size_t row = i / out->n_y;
        const char *word = ipl_table_text(table, row, i % out->n_y);

        if (!ipl_number_parse(&out->p[i], word))
            st = ipl_fail(err, IPL_E_FORMAT, "%.300s:%zu: '%.40s' is no number", path,
                          ipl_table_line(table, row), word);
    }
    if (st == IPL_OK)
        st = check(out, path, 1, err);
    ipl_table_destroy(table);
    return st;
}

ipl_status ipl_joint_read(ipl_joint *out, const char *path, ipl_error *err)
{
    ipl_status st;

    *out = (ipl_joint){0};
    st = ipl_npy_is_name(path) ? read_npy(out, path, err) : read_csv(out, path, err);
    if (st == IPL_OK && out->n_x * out->n_y == 0)
        st = ipl_fail(err, IPL_E_FORMAT, "%.300s: it has no entries", path);
    if (st != IPL_OK)
        ipl_joint_release(out);
    return st;
}

/* A sample while samples are sorted. */
typedef struct sample {
    const float *x;
    size_t d;
    int32_t y;
} sample;

static int compare_samples(const void *a, const void *b)
{
    const sample *s = a, *t = b;

    return memcmp(s->x, t->x, s->d * sizeof *s->x);
}

/* One row of counts for each different sample, of n sorted ones. */
static ipl_status count(ipl_joint *out, const sample *samples, size_t n, ipl_error *err)
{
    for (size_t i = 0; i < n; i++)
        out->n_x += i == 0 || compare_samples(&samples[i - 1], &samples[i]) != 0;
    out->p = ipl_array(out->n_x, out->n_y, sizeof *out->p, err);
    if (!out->p)
        return IPL_E_NOMEM;
    for (size_t i = 0, x = 0; i < n; i++) {
        x += i > 0 && compare_samples(&samples[i - 1], &samples[i]) != 0;
        out->p[x * out->n_y + (size_t)samples[i].y] += 1.0;
    }
    return IPL_OK;
}

ipl_status ipl_joint_count(ipl_joint *out, const char *data, ipl_error *err)
{
    const ipl_data_opts opts = {.text = data, .train_share = 1.0, .seed = 1};
    ipl_dataset *ds = NULL;
    const ipl_data_info *info;
    sample *samples = NULL;
    float *x = NULL;
    size_t n, d;
    ipl_status st = ipl_dataset_open(&ds, &opts, err);

    *out = (ipl_joint){0};
    if (st != IPL_OK)
        return st;
    info = ipl_dataset_info(ds);
    n = info->n[IPL_TRAIN] + info->n[IPL_TEST];
    d = ipl_shape_size(info->shape);
    out->n_y = info->n_classes;
    if (out->n_y == 0) {
        st = ipl_fail(err, IPL_E_SHAPE, "%s has no labels, so there is no Y", info->name);
        goto done;
    }
    st = IPL_E_NOMEM;
    x = ipl_array(n, d, sizeof *x, err);
    samples = ipl_array(n, 1, sizeof *samples, err);
    if (!x || !samples)
        goto done;
    for (size_t i = 0; i < n; i++) {
        const ipl_split part = i < info->n[IPL_TRAIN] ? IPL_TRAIN : IPL_TEST;

        samples[i] = (sample){.x = x + i * d, .d = d};
        ipl_dataset_gather(x + i * d, &samples[i].y, ds, part, NULL,
                           part == IPL_TRAIN ? i : i - info->n[IPL_TRAIN], 1);
    }
    qsort(samples, n, sizeof *samples, compare_samples);
    st = count(out, samples, n, err);
done:
    ipl_free(samples);
    ipl_free(x);
    ipl_dataset_destroy(ds);
    if (st != IPL_OK)
        ipl_joint_release(out);
    return st;
}
