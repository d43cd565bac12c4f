#include "ipl/dataset.h"

#include "base/alloc.h"
#include "base/file.h"
#include "data/scaler.h"
#include "data/source.h"
#include "data/view.h"

#include <string.h>

struct ipl_dataset {
    ipl_samples samples;
    ipl_view view[2];
    ipl_scaler scaler;
    ipl_data_info info;
};

static void fill_info(ipl_dataset *ds, const char *name)
{
    ds->info = (ipl_data_info){
        .name = name,
        .shape = ds->samples.shape,
        .n_classes = ds->samples.n_classes,
        .n = {ds->view[IPL_TRAIN].n, ds->view[IPL_TEST].n},
        .pixels = ds->samples.white > 1.0f,
        .white = ds->samples.white,
        .class_names = (const char *const *)ds->samples.class_names,
        .files = ds->samples.files,
        .n_files = ds->samples.n_files,
        .note = ds->samples.note.s ? ds->samples.note.s : "",
    };
    memcpy(ds->info.background, ds->samples.background.rgb, sizeof ds->info.background);
}

/* Say what to do where values that are not divided go beyond 1. */
static ipl_status note_range(ipl_dataset *ds, ipl_scaling scaling, ipl_error *err)
{
    const ipl_samples *s = &ds->samples;
    ipl_text *note;

    if (scaling != IPL_SCALE_UNIT || s->white > 1.0f ||
        (s->low >= -1.0f && s->high <= 1.0f))
        return IPL_OK;
    note = ipl_samples_note(&ds->samples);
    ipl_text_add(note,
                 "scale unit leaves these values of %g ... %g as they are: it divides "
                 "integers of 0 ... 255 alone; scale feature or channel standardises",
                 (double)s->low, (double)s->high);
    return ipl_text_status(note, err);
}

ipl_status ipl_dataset_open(ipl_dataset **out, const ipl_data_opts *opts, ipl_error *err)
{
    ipl_spec spec;
    ipl_dataset *ds = NULL;
    ipl_status st;

    if (!out || !opts || !opts->text)
        return ipl_fail(err, IPL_E_ARG, "ipl_dataset_open: %s is NULL",
                        !out    ? "out"
                        : !opts ? "opts"
                                : "the text");
    *out = NULL;
    st = ipl_spec_create(&spec, "dataset", ipl_source_row, opts->text, err);
    if (st != IPL_OK)
        return st;
    ds = ipl_array(1, 1, sizeof *ds, err);
    if (!ds) {
        st = IPL_E_NOMEM;
        goto done;
    }
    ds->samples.white = 1.0f;
    st = ipl_background_parse(
        &ds->samples.background,
        opts->background && *opts->background != '\0' ? opts->background : "white", err);
    if (st == IPL_OK)
        st = ipl_source_table[spec.index]->load(&ds->samples, spec.self, opts->seed, err);
    if (st == IPL_OK)
        st = ipl_view_build(ds->view, &ds->samples, opts, spec.row->name, err);
    if (st == IPL_OK)
        st = ipl_scaler_fit(&ds->scaler, opts->scaling, &ds->view[IPL_TRAIN],
                            ds->samples.shape, ds->samples.white, err);
    if (st == IPL_OK)
        st = note_range(ds, opts->scaling, err);
    if (st != IPL_OK)
        goto done;
    fill_info(ds, spec.row->name);
    *out = ds;
    ds = NULL; /* now the caller's */
done:
    ipl_dataset_destroy(ds);
    ipl_spec_release(&spec);
    return st;
}

void ipl_dataset_destroy(ipl_dataset *ds)
{
    if (!ds)
        return;
    ipl_scaler_release(&ds->scaler);
    ipl_view_release(&ds->view[IPL_TEST]);
    ipl_view_release(&ds->view[IPL_TRAIN]);
    ipl_samples_release(&ds->samples);
    ipl_free(ds);
}

const ipl_data_info *ipl_dataset_info(const ipl_dataset *ds)
{
    return ds ? &ds->info : NULL;
}

ipl_status ipl_dataset_hash(ipl_dataset *ds, ipl_error *err)
{
    ipl_status st = IPL_OK;

    if (!ds)
        return ipl_fail(err, IPL_E_ARG, "the data set is NULL");
    for (size_t i = 0; i < ds->info.n_files && st == IPL_OK; i++)
        if (ds->info.files[i].sha256[0] == '\0') /* else the source knows better */
            st = ipl_file_sha256(ds->info.files[i].sha256, ds->info.files[i].path, err);
    return st;
}

/* A part of a data set; NULL: there is no such part. */
static const ipl_view *part_of(const ipl_dataset *ds, ipl_split split)
{
    return ds && (split == IPL_TRAIN || split == IPL_TEST) ? &ds->view[split] : NULL;
}

void ipl_dataset_gather(float *x, int32_t *y, const ipl_dataset *ds, ipl_split split,
                        const uint32_t *rows, size_t first, size_t n)
{
    const ipl_view *view = part_of(ds, split);
    const size_t d = view ? ds->scaler.d : 0;

    for (size_t i = 0; view && i < n; i++) {
        const size_t row = rows ? rows[i] : first + i;

        if (row >= view->n) {
            if (x)
                memset(x + i * d, 0, d * sizeof *x);
            if (y)
                y[i] = -1;
            continue;
        }
        if (x)
            ipl_scaler_apply(x + i * d, &ds->scaler, view->store, view->rows[row]);
        if (y)
            y[i] = view->labels[row];
    }
}

void ipl_dataset_black(float *x, const ipl_dataset *ds)
{
    const ipl_scaler *s = ds ? &ds->scaler : NULL;

    for (size_t k = 0; x && s && k < s->d; k++)
        x[k] = s->mean ? (float)((0.0 - s->mean[k]) * s->factor[k]) : 0.0f;
}

void ipl_dataset_scale(float *x, const ipl_dataset *ds, const uint16_t *brightness)
{
    const ipl_scaler *s = ds ? &ds->scaler : NULL;

    for (size_t k = 0; x && brightness && s && k < s->d; k++) {
        const double stored = brightness[k] * (double)ds->info.white / 65535.0;

        x[k] = (float)(stored / (double)s->white);
        if (s->mean)
            x[k] = (float)(((double)x[k] - s->mean[k]) * s->factor[k]);
    }
}

void ipl_dataset_unscaled(float *x, const ipl_dataset *ds, ipl_split split, size_t row)
{
    const ipl_view *view = part_of(ds, split);
    const size_t d = view ? ds->scaler.d : 0;
    float white;
    size_t at;

    if (!x || !view || row >= view->n) {
        if (x && view)
            memset(x, 0, d * sizeof *x);
        return;
    }
    white = ds->info.white;
    at = view->rows[row] * d;
    for (size_t k = 0; k < d; k++)
        x[k] = view->store->bytes ? (float)view->store->bytes[at + k] / white
                                  : view->store->values[at + k] / white;
}

int32_t ipl_dataset_label(const ipl_dataset *ds, ipl_split split, size_t row)
{
    const ipl_view *view = part_of(ds, split);

    return view && row < view->n ? view->labels[row] : -1;
}
