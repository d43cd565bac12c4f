/* Parameters of a net: drawing, files, norms and the statistics of their gradients. */
#include "base/alloc.h"
#include "base/file.h"
#include "math/npy.h"
#include "nn/initialiser.h"
#include "nn/net_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* An array of a layer and where it lies: parameters first, then the running ones. */
typedef struct place {
    ipl_param param;
    float *data, *grad; /* grad: NULL for a running array */
} place;

/* Array k of layer l. */
static bool layer_array(place *out, const net_layer *l, size_t k)
{
    const void *self = l->spec.self;
    size_t first = 0, j = 0;

    *out = (place){0};
    for (; l->ops->param && l->ops->param(&out->param, self, j); j++) {
        if (j == k) {
            out->data = l->w + first;
            out->grad = l->dw + first;
            return true;
        }
        first += ipl_param_size(&out->param);
    }
    first = 0;
    for (size_t i = 0; l->ops->running && l->ops->running(&out->param, self, i); i++) {
        if (i + j == k) {
            out->data = l->running + first;
            return true;
        }
        first += ipl_param_size(&out->param);
    }
    return false;
}

/* Parameter array k of the net; *layer is whose. */
static bool net_param(place *out, size_t *layer, const ipl_net *net, size_t k)
{
    for (*layer = 0; *layer < net->n_layers; (*layer)++)
        for (size_t j = 0; layer_array(out, &net->layers[*layer], j) && out->grad; j++, k--)
            if (k == 0)
                return true;
    return false;
}

bool ipl_net_param(ipl_param_view *out, ipl_net *net, size_t k)
{
    size_t layer;
    place at;

    if (!out || !net || !net_param(&at, &layer, net, k))
        return false;
    *out = (ipl_param_view){.layer = layer,
                            .name = at.param.name,
                            .data = at.data,
                            .grad = at.grad,
                            .n_dims = at.param.n_dims};
    memcpy(out->dims, at.param.dims, sizeof out->dims);
    return true;
}

bool ipl_net_copy_param(float *out, const ipl_net *net, size_t k)
{
    size_t layer;
    place at;

    if (!out || !net || !net_param(&at, &layer, net, k))
        return false;
    ipl_param_load(out, at.data, &at.param);
    return true;
}

bool ipl_net_copy_gradient(float *out, const ipl_net *net, size_t k)
{
    size_t layer;
    place at;

    if (!out || !net || !net_param(&at, &layer, net, k))
        return false;
    ipl_param_load(out, at.grad, &at.param);
    return true;
}

/* Draw one array in the order of its dims and store it. */
static ipl_status draw_array(const ipl_spec *spec, const place *at, ipl_rng *rng,
                             ipl_error *err)
{
    const size_t n = ipl_param_size(&at->param);
    float *values = ipl_array(n, 1, sizeof *values, err);
    ipl_status st;

    if (!values)
        return IPL_E_NOMEM;
    st = ipl_initialiser_draw(spec, values, n, &at->param, rng, err);
    if (st == IPL_OK)
        ipl_param_store(at->data, values, &at->param);
    ipl_free(values);
    return st;
}

ipl_status ipl_net_draw_params(ipl_net *net, const char *init, ipl_error *err)
{
    ipl_spec spec = {0};
    ipl_status st = ipl_initialiser_create(&spec, init, err);
    place at;

    for (size_t i = 0; st == IPL_OK && i < net->n_layers; i++)
        for (size_t k = 0; st == IPL_OK && layer_array(&at, &net->layers[i], k); k++) {
            ipl_rng rng = ipl_rng_at(net->seed, IPL_RNG_INIT, (uint32_t)i, (uint32_t)k);

            st = draw_array(&spec, &at, &rng, err);
        }
    if (st == IPL_OK && ipl_initialiser_table[spec.index]->folder)
        st = ipl_net_read_params(net, ipl_initialiser_table[spec.index]->folder(spec.self),
                                 err);
    ipl_spec_release(&spec);
    return st;
}

/* FOLDER/<layer>.<name>.npy */
static ipl_status array_path(char *out, const char *folder, size_t layer, const place *at,
                             ipl_error *err)
{
    char name[64];

    (void)snprintf(name, sizeof name, "%zu.%.32s.npy", layer, at->param.name);
    return ipl_path_join(out, folder, name, err);
}

static ipl_status write_array(const char *folder, size_t layer, const place *at,
                              ipl_error *err)
{
    float *values = ipl_array(ipl_param_size(&at->param), 1, sizeof *values, err);
    char path[IPL_PATH_MAX];
    ipl_status st;

    if (!values)
        return IPL_E_NOMEM;
    ipl_param_load(values, at->data, &at->param);
    st = array_path(path, folder, layer, at, err);
    if (st == IPL_OK)
        st = ipl_npy_write_f32(path, values, at->param.dims, at->param.n_dims, err);
    ipl_free(values);
    return st;
}

ipl_status ipl_net_write_params(ipl_net *net, const char *folder, ipl_error *err)
{
    ipl_status st;
    place at;

    if (!net || !folder)
        return ipl_fail(err, IPL_E_ARG, "%s is NULL", net ? "the folder" : "the net");
    st = ipl_folder_create(folder, err);
    for (size_t i = 0; i < net->n_layers; i++)
        for (size_t k = 0; st == IPL_OK && layer_array(&at, &net->layers[i], k); k++)
            st = write_array(folder, i, &at, err);
    return st;
}

/* Shape as "20x784". */
static void print_dims(char *out, size_t size, const size_t *dims, size_t n_dims)
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < n_dims && len < size; i++)
        len += (size_t)snprintf(out + len, size - len, "%s%zu", i ? "x" : "", dims[i]);
}

/* Whether a file fits its place in the net, and every number fits a float. */
static ipl_status check_file(const ipl_npy *a, const ipl_param *param, size_t layer,
                             const char *path, ipl_error *err)
{
    const size_t n = ipl_param_size(param);

    if (a->n_dims != param->n_dims ||
        memcmp(a->dims, param->dims, param->n_dims * sizeof *a->dims) != 0) {
        char got[128], want[128];

        print_dims(got, sizeof got, a->dims, a->n_dims);
        print_dims(want, sizeof want, param->dims, param->n_dims);
        return ipl_fail(err, IPL_E_SHAPE, "%s: shape %s, layer %zu wants %s", path, got,
                        layer, want);
    }
    for (size_t i = 0; i < n; i++)
        if (!isfinite((float)a->data[i]))
            return ipl_fail(err, IPL_E_FORMAT, "%s: value %zu is %g, want a finite float",
                            path, i, a->data[i]);
    return IPL_OK;
}

/* Read the file of one array, in the order of its dims. */
static ipl_status read_array(float *out, const char *folder, size_t layer, const place *at,
                             ipl_error *err)
{
    const size_t n = ipl_param_size(&at->param);
    char path[IPL_PATH_MAX];
    ipl_npy a = {0};
    ipl_status st = array_path(path, folder, layer, at, err);

    if (st == IPL_OK)
        st = ipl_npy_read(&a, path, err);
    if (st == IPL_OK)
        st = check_file(&a, &at->param, layer, path, err);
    for (size_t i = 0; st == IPL_OK && i < n; i++)
        out[i] = (float)a.data[i];
    ipl_npy_release(&a);
    return st;
}

/* Read all files, one array after another. */
static ipl_status read_all(float *values, const ipl_net *net, const char *folder,
                           ipl_error *err)
{
    ipl_status st = IPL_OK;
    place at;

    for (size_t i = 0; i < net->n_layers; i++)
        for (size_t k = 0; st == IPL_OK && layer_array(&at, &net->layers[i], k); k++) {
            st = read_array(values, folder, i, &at, err);
            values += ipl_param_size(&at.param);
        }
    return st;
}

static void store_all(const float *values, const ipl_net *net)
{
    place at;

    for (size_t i = 0; i < net->n_layers; i++)
        for (size_t k = 0; layer_array(&at, &net->layers[i], k); k++) {
            ipl_param_store(at.data, values, &at.param);
            values += ipl_param_size(&at.param);
        }
}

ipl_status ipl_net_read_params(ipl_net *net, const char *folder, ipl_error *err)
{
    size_t n;
    float *values;
    ipl_status st;

    if (!net || !folder)
        return ipl_fail(err, IPL_E_ARG, "%s is NULL", net ? "the folder" : "the net");
    n = net->n_params;
    /* All files first: on error the parameters are as they were. */
    for (size_t i = 0; i < net->n_layers; i++)
        n += net->layers[i].n_running;
    values = ipl_array(n, 1, sizeof *values, err);
    if (!values)
        return IPL_E_NOMEM;
    st = read_all(values, net, folder, err);
    if (st == IPL_OK)
        store_all(values, net);
    ipl_free(values);
    return st;
}

/* Weights of a layer: *first and the number of values, 0 when it has none. */
static size_t weights_of(size_t *first, const net_layer *l)
{
    place at;

    *first = 0;
    for (size_t k = 0; layer_array(&at, l, k) && at.grad; k++)
        if (at.param.kind == IPL_PARAM_WEIGHT) {
            *first = (size_t)(at.data - l->w);
            return ipl_param_size(&at.param);
        }
    return 0;
}

double ipl_net_weight_norm(const ipl_net *net, size_t layer)
{
    const net_layer *l = net && layer < net->n_layers ? &net->layers[layer] : NULL;
    size_t first = 0;
    const size_t n = l ? weights_of(&first, l) : 0;
    double sum = 0.0;

    for (size_t i = first; i < first + n; i++)
        sum += (double)l->w[i] * (double)l->w[i];
    return n > 0 ? sqrt(sum) : (double)NAN;
}

ipl_status ipl_net_follow_gradients(ipl_net *net, bool on, ipl_error *err)
{
    if (!net)
        return ipl_fail(err, IPL_E_ARG, "the net is NULL");
    if (on && !net->follow) {
        double *sum = ipl_array(net->n_params, 1, sizeof *sum, err);

        if (!sum)
            return IPL_E_NOMEM;
        net->follow = sum;
        for (size_t i = 0; i < net->n_layers; i++) {
            net->layers[i].follow = sum;
            sum += net->layers[i].info.n_params;
        }
    }
    net->following = on;
    if (!on)
        return IPL_OK;
    memset(net->follow, 0, net->n_params * sizeof *net->follow);
    for (size_t k = 0; k < net->n_pieces; k++)
        net->pieces[k].square = 0.0;
    net->followed = 0;
    return IPL_OK;
}

void ipl_net_follow_piece(ipl_net *net, net_piece *piece)
{
    const net_layer *l = &net->layers[piece->layer];
    const float *g = l->dw + piece->first;
    double *sum = l->follow + piece->first, square[8] = {0};
    size_t i = 0;

    /* Independent partial sums let the compiler use vectors. */
    for (; i + 8 <= piece->n; i += 8)
        for (size_t k = 0; k < 8; k++) {
            sum[i + k] += (double)g[i + k];
            square[k] += (double)g[i + k] * (double)g[i + k];
        }
    for (; i < piece->n; i++) {
        sum[i] += (double)g[i];
        square[0] += (double)g[i] * (double)g[i];
    }
    for (size_t k = 0; k < 8; k++)
        piece->square += square[k];
}

void ipl_net_gradient(double *mean, double *sd, const ipl_net *net, size_t layer)
{
    const net_layer *l = net && layer < net->n_layers ? &net->layers[layer] : NULL;
    size_t first = 0;
    const size_t n = l ? weights_of(&first, l) : 0;
    double steps, sum = 0.0, square = 0.0, variance;

    *mean = *sd = (double)NAN;
    if (n == 0 || net->followed == 0)
        return;
    steps = (double)net->followed;
    for (size_t i = first; i < first + n; i++)
        sum += l->follow[i] * l->follow[i];
    for (size_t k = 0; k < net->n_pieces; k++)
        if (net->pieces[k].layer == layer)
            square += net->pieces[k].square;
    *mean = sqrt(sum) / steps;
    variance = square / steps - *mean * *mean;
    *sd = variance > 0.0 ? sqrt(variance) : 0.0; /* rounding */
}
