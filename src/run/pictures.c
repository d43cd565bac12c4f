#include "run/pictures.h"

#include "base/alloc.h"
#include "base/file.h"
#include "run/classify.h"
#include "run/picture.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const ipl_picture_words[IPL_PICTURE_COUNT] = {
    [IPL_PICTURE_FILTERS] = "filters",
    [IPL_PICTURE_FEATURES] = "features",
    [IPL_PICTURE_CONFUSION] = "confusion",
    [IPL_PICTURE_WRONG] = "wrong",
};

/* Everything the pictures are made of. */
typedef struct job {
    const char *folder;
    ipl_net *net;
    const ipl_dataset *ds;
    const ipl_data_info *info;
    ipl_split part;
    size_t epoch, image, batch, n_layers;
    bool *written;
} job;

static bool is_image(ipl_shape shape)
{
    return (shape.c == 1 || shape.c == 3) && shape.h > 1 && shape.w > 1;
}

/* Write a canvas under its name and release it. */
static ipl_status finish(const job *j, ipl_picture_kind kind, ipl_canvas *canvas,
                         ipl_error *err)
{
    char name[64], path[IPL_PATH_MAX];
    ipl_status st;

    (void)snprintf(name, sizeof name, "%s-%zu.png", ipl_picture_words[kind], j->epoch);
    st = ipl_path_join(path, j->folder, name, err);
    if (st == IPL_OK)
        st = ipl_canvas_write(canvas, path, err);
    if (st == IPL_OK)
        j->written[kind] = true;
    ipl_canvas_release(canvas);
    return st;
}

/* ---- filters ---- */

/* The first weights, array *k seen as (n, c, h, w); false when they see no images. */
static bool first_weights(ipl_param_view *out, size_t *k, ipl_shape *shape, const job *j)
{
    for (*k = 0; ipl_net_param(out, j->net, *k); ++*k) {
        if (strcmp(out->name, "weight") != 0 || out->n_dims < 2)
            continue;
        if (out->n_dims == 4) {
            *shape = (ipl_shape){out->dims[1], out->dims[2], out->dims[3]};
            return true;
        }
        *shape = j->info->shape; /* dense on the pixels */
        return is_image(*shape) && out->dims[1] == ipl_shape_size(*shape);
    }
    return false;
}

static ipl_status draw_filters(const job *j, ipl_error *err)
{
    ipl_param_view view;
    ipl_canvas canvas;
    ipl_shape shape;
    char title[160];
    float *w;
    size_t k;
    ipl_status st;

    if (!first_weights(&view, &k, &shape, j))
        return IPL_OK;
    w = ipl_array(view.dims[0], ipl_shape_size(shape), sizeof *w, err);
    if (!w)
        return IPL_E_NOMEM;
    (void)ipl_net_copy_param(w, j->net, k); /* k is there: its view was just had */
    (void)snprintf(title, sizeof title, "filters of %.64s, epoch %zu",
                   ipl_net_layer(j->net, view.layer)->name, j->epoch);
    st = ipl_picture_filters(&canvas, title, w, view.dims[0], shape, err);
    ipl_free(w);
    return st == IPL_OK ? finish(j, IPL_PICTURE_FILTERS, &canvas, err) : st;
}

/* ---- features ---- */

/* Rows from `first` on of the part, as a batch of the net. */
typedef struct rows {
    const job *j;
    size_t first;
} rows;

static void fill(float *x, int32_t *y, const void *source, size_t first, size_t n)
{
    const rows *r = source;

    ipl_dataset_gather(x, y, r->j->ds, r->j->part, NULL, r->first + first, n);
}

static ipl_status draw_features(const job *j, ipl_error *err)
{
    const size_t d = ipl_shape_size(j->info->shape);
    ipl_feature input = {NULL, j->info->shape, NULL};
    ipl_feature_maps maps = {0};
    float *x = NULL;
    char name[96] = "input", title[96], label[64];
    ipl_canvas canvas;
    ipl_status st = IPL_E_NOMEM;

    if (!is_image(j->info->shape))
        return IPL_OK;
    x = ipl_array(1, d, sizeof *x, err);
    if (!x)
        goto done;
    ipl_dataset_gather(x, NULL, j->ds, j->part, NULL, j->image, 1);
    st = ipl_feature_maps_of(&maps, j->net, x, err);
    if (st != IPL_OK || maps.n == 0)
        goto done;
    ipl_dataset_unscaled(x, j->ds, j->part, j->image);
    if (j->info->n_classes > 0) {
        ipl_class_name(label, sizeof label, j->ds,
                       (size_t)ipl_dataset_label(j->ds, j->part, j->image));
        (void)snprintf(name, sizeof name, "label %s", label);
    }
    input.name = name;
    input.x = x;
    (void)snprintf(title, sizeof title, "image %zu through the layers, epoch %zu", j->image,
                   j->epoch);
    st = ipl_picture_features(&canvas, title, &input, maps.layers, maps.n, err);
    if (st == IPL_OK)
        st = finish(j, IPL_PICTURE_FEATURES, &canvas, err);
done:
    ipl_feature_maps_release(&maps);
    ipl_free(x);
    return st;
}

/* ---- confusion and most wrong ---- */

/* What the net says of the whole part. */
typedef struct verdict {
    size_t *count; /* (K, K) label, prediction; owned */
    struct worst {
        size_t row;
        int32_t label, prediction;
        double loss;
    } worst[IPL_WRONG_MAX]; /* largest loss first */
    size_t n_worst;
} verdict;

/* Loss of one row as the net's loss defines it: -log softmax, or the mean square. */
static double row_loss(const float *z, size_t K, int32_t label, bool entropy)
{
    double sum = 0.0, most = (double)z[0];

    for (size_t k = 0; k < K; k++)
        most = (double)z[k] > most ? (double)z[k] : most;
    for (size_t k = 0; k < K; k++) {
        const double off = (double)z[k] - (k == (size_t)label ? 1.0 : 0.0);

        sum += entropy ? exp((double)z[k] - most) : off * off;
    }
    sum = entropy ? log(sum) + most - (double)z[label] : sum / (double)K;
    return isnan(sum) ? (double)INFINITY : sum;
}

/* Take a row into the list of the worst when it belongs there; equal ones in their order. */
static void rank(verdict *v, const struct worst *row)
{
    size_t at = v->n_worst;

    while (at > 0 && !(v->worst[at - 1].loss >= row->loss))
        at--;
    if (at == IPL_WRONG_MAX)
        return;
    if (v->n_worst < IPL_WRONG_MAX)
        v->n_worst++;
    memmove(&v->worst[at + 1], &v->worst[at], (v->n_worst - at - 1) * sizeof v->worst[0]);
    v->worst[at] = *row;
}

/* The largest output, the first of equal ones. */
static int32_t largest(const float *z, size_t K)
{
    size_t best = 0;

    for (size_t k = 1; k < K; k++)
        if (z[k] > z[best])
            best = k;
    return (int32_t)best;
}

/* Run the net over the part. */
static ipl_status judge(verdict *v, const job *j, ipl_error *err)
{
    const size_t K = j->info->n_classes, n = j->info->n[j->part];
    const bool entropy = strncmp(ipl_net_loss_text(j->net), "cross-entropy", 13) == 0;
    float *z = ipl_array(j->batch, K, sizeof *z, err);
    float **taps = ipl_array(j->n_layers, 1, sizeof *taps, err);
    ipl_status st = IPL_E_NOMEM;

    v->count = ipl_array(K, K, sizeof *v->count, err);
    if (!z || !taps || !v->count)
        goto done;
    st = IPL_OK;
    taps[j->n_layers - 1] = z;
    for (size_t first = 0; first < n; first += j->batch) {
        const rows r = {j, first};
        const ipl_batch batch = {
            .n = n - first < j->batch ? n - first : j->batch, .fill = fill, .source = &r};

        ipl_net_probe(taps, j->net, &batch);
        for (size_t i = 0; i < batch.n; i++) {
            struct worst row = {.row = first + i,
                                .label = ipl_dataset_label(j->ds, j->part, first + i),
                                .prediction = largest(z + i * K, K)};

            row.loss = row_loss(z + i * K, K, row.label, entropy);
            v->count[(size_t)row.label * K + (size_t)row.prediction]++;
            rank(v, &row);
        }
    }
done:
    ipl_free(taps);
    ipl_free(z);
    return st;
}

static ipl_status draw_confusion(const job *j, const verdict *v, ipl_error *err)
{
    ipl_canvas canvas;
    char title[96];
    ipl_status st;

    if (j->info->n_classes > IPL_CONFUSION_MAX)
        return IPL_OK;
    (void)snprintf(title, sizeof title, "%s, epoch %zu",
                   j->part == IPL_TEST ? "test" : "training samples", j->epoch);
    st = ipl_picture_confusion(&canvas, title, v->count, j->info->n_classes,
                               j->info->class_names, err);
    return st == IPL_OK ? finish(j, IPL_PICTURE_CONFUSION, &canvas, err) : st;
}

static ipl_status draw_wrong(const job *j, const verdict *v, ipl_error *err)
{
    const size_t d = ipl_shape_size(j->info->shape);
    const double white = j->info->pixels ? 1.0 : 0.0; /* else the range of each image */
    ipl_wrong wrong[IPL_WRONG_MAX];
    ipl_canvas canvas;
    char title[96];
    float *x;
    ipl_status st;

    if (!is_image(j->info->shape))
        return IPL_OK;
    x = ipl_array(v->n_worst, d, sizeof *x, err);
    if (!x)
        return IPL_E_NOMEM;
    for (size_t i = 0; i < v->n_worst; i++) {
        ipl_dataset_unscaled(x + i * d, j->ds, j->part, v->worst[i].row);
        wrong[i] = (ipl_wrong){x + i * d, v->worst[i].label, v->worst[i].prediction,
                               v->worst[i].loss};
    }
    (void)snprintf(title, sizeof title, "largest losses, %s, epoch %zu",
                   j->part == IPL_TEST ? "test" : "training samples", j->epoch);
    st = ipl_picture_wrong(&canvas, title, wrong, v->n_worst, j->info->shape, 0.0, white,
                           j->info->class_names, err);
    ipl_free(x);
    return st == IPL_OK ? finish(j, IPL_PICTURE_WRONG, &canvas, err) : st;
}

static ipl_status draw_verdict(const job *j, ipl_error *err)
{
    verdict v = {0};
    ipl_status st;

    if (!ipl_net_classifies(j->net, j->ds))
        return IPL_OK;
    st = judge(&v, j, err);
    if (st == IPL_OK)
        st = draw_confusion(j, &v, err);
    if (st == IPL_OK)
        st = draw_wrong(j, &v, err);
    ipl_free(v.count);
    return st;
}

ipl_status ipl_pictures_write(bool written[IPL_PICTURE_COUNT], const char *folder,
                              ipl_net *net, const ipl_dataset *ds, size_t epoch,
                              const ipl_pictures_opts *opts, ipl_error *err)
{
    const ipl_data_info *info = ipl_dataset_info(ds);
    bool drawn[IPL_PICTURE_COUNT] = {false};
    const job j = {
        .folder = folder,
        .net = net,
        .ds = ds,
        .info = info,
        .part = info->n[IPL_TEST] > 0 ? IPL_TEST : IPL_TRAIN,
        .epoch = epoch,
        .image = opts->image,
        .batch = opts->batch ? opts->batch : 1,
        .n_layers = ipl_net_n_layers(net),
        .written = drawn,
    };
    ipl_status st;

    if (j.image >= info->n[j.part])
        st = ipl_fail(err, IPL_E_ARG, "image %zu: there are %zu %s samples", j.image,
                      info->n[j.part], j.part == IPL_TEST ? "test" : "training");
    else
        st = ipl_folder_create(folder, err);
    if (st == IPL_OK)
        st = draw_filters(&j, err);
    if (st == IPL_OK)
        st = draw_features(&j, err);
    if (st == IPL_OK)
        st = draw_verdict(&j, err);
    if (written)
        memcpy(written, drawn, sizeof drawn);
    return st;
}
