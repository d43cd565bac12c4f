/* Parameters of a net: drawing, files, norms and the statistics of their gradients. */
#include "base/alloc.h"
#include "base/file.h"
#include "math/npy.h"
#include "nn/initialiser.h"
#include "nn/net_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Array k of layer i; *first is where it starts in the parameters of the layer. */
static bool layer_param(ipl_param *out, size_t *first, const net_layer *l, size_t k)
{
    *first = 0;
    if (!l->ops->param)
        return false;
    for (size_t j = 0; l->ops->param(out, l->spec.self, j); j++) {
        if (j == k)
            return true;
        *first += ipl_param_size(out);
    }
    return false;
}

bool ipl_net_param(ipl_param_view *out, ipl_net *net, size_t k)
{
    for (size_t i = 0; i < net->n_layers; i++) {
        const net_layer *l = &net->layers[i];
        ipl_param param;
        size_t first;

        for (size_t j = 0; layer_param(&param, &first, l, j); j++, k--)
            if (k == 0) {
                *out = (ipl_param_view){.layer = i,
                                        .name = param.name,
                                        .data = l->w + first,
                                        .grad = l->dw + first,
                                        .n_dims = param.n_dims};
                memcpy(out->dims, param.dims, sizeof out->dims);
                return true;
            }
    }
    return false;
}

static size_t view_size(const ipl_param_view *view)
{
    size_t n = 1;

    for (size_t i = 0; i < view->n_dims; i++)
        n *= view->dims[i];
    return n;
}

ipl_status ipl_net_draw_params(ipl_net *net, const char *init, ipl_error *err)
{
    ipl_spec spec = {0};
    ipl_status st = ipl_initialiser_create(&spec, init, err);

    for (size_t i = 0; st == IPL_OK && i < net->n_layers; i++) {
        const net_layer *l = &net->layers[i];
        ipl_param param;
        size_t first;

        for (size_t k = 0; st == IPL_OK && layer_param(&param, &first, l, k); k++) {
            ipl_rng rng = ipl_rng_at(net->seed, IPL_RNG_INIT, (uint32_t)i, (uint32_t)k);

            st = ipl_initialiser_draw(&spec, l->w + first, ipl_param_size(&param), &param,
                                      &rng, err);
        }
    }
    if (st == IPL_OK && ipl_initialiser_table[spec.index]->folder)
        st = ipl_net_read_params(net, ipl_initialiser_table[spec.index]->folder(spec.self),
                                 err);
    ipl_spec_release(&spec);
    return st;
}

/* FOLDER/<layer>.<name>.npy */
static ipl_status param_path(char *out, const char *folder, const ipl_param_view *view,
                             ipl_error *err)
{
    char name[64];

    (void)snprintf(name, sizeof name, "%zu.%.32s.npy", view->layer, view->name);
    return ipl_path_join(out, folder, name, err);
}

ipl_status ipl_net_write_params(ipl_net *net, const char *folder, ipl_error *err)
{
    char path[IPL_PATH_MAX];
    ipl_param_view view;
    ipl_status st = ipl_folder_create(folder, err);

    for (size_t k = 0; st == IPL_OK && ipl_net_param(&view, net, k); k++) {
        st = param_path(path, folder, &view, err);
        if (st == IPL_OK)
            st = ipl_npy_write_f32(path, view.data, view.dims, view.n_dims, err);
    }
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
static ipl_status check_file(const ipl_npy *a, const ipl_param_view *view, const char *path,
                             ipl_error *err)
{
    if (a->n_dims != view->n_dims ||
        memcmp(a->dims, view->dims, view->n_dims * sizeof *a->dims) != 0) {
        char got[128], want[128];

        print_dims(got, sizeof got, a->dims, a->n_dims);
        print_dims(want, sizeof want, view->dims, view->n_dims);
        return ipl_fail(err, IPL_E_SHAPE, "%s: shape %s, layer %zu wants %s", path, got,
                        view->layer, want);
    }
    for (size_t i = 0; i < view_size(view); i++)
        if (!isfinite((float)a->data[i]))
            return ipl_fail(err, IPL_E_FORMAT, "%s: value %zu is %g, want a finite float",
                            path, i, a->data[i]);
    return IPL_OK;
}

static ipl_status read_param(float *out, const char *folder, const ipl_param_view *view,
                             ipl_error *err)
{
    char path[IPL_PATH_MAX];
    ipl_npy a = {0};
    ipl_status st = param_path(path, folder, view, err);

    if (st == IPL_OK)
        st = ipl_npy_read(&a, path, err);
    if (st == IPL_OK)
        st = check_file(&a, view, path, err);
    for (size_t i = 0; st == IPL_OK && i < view_size(view); i++)
        out[i] = (float)a.data[i];
    ipl_npy_release(&a);
    return st;
}

ipl_status ipl_net_read_params(ipl_net *net, const char *folder, ipl_error *err)
{
    ipl_param_view view;
    ipl_status st = IPL_OK;

    /* Into the gradients first, which mean nothing for other parameters: on error the
     * parameters are as they were. */
    for (size_t k = 0; st == IPL_OK && ipl_net_param(&view, net, k); k++) {
        net_layer *l = &net->layers[view.layer];

        st = read_param(l->dw + (view.data - l->w), folder, &view, err);
    }
    for (size_t i = 0; i < net->n_layers; i++) {
        net_layer *l = &net->layers[i];
        const size_t bytes = l->info.n_params * sizeof *l->w;

        if (bytes == 0)
            continue;
        if (st == IPL_OK)
            memcpy(l->w, l->dw, bytes);
        memset(l->dw, 0, bytes);
    }
    return st;
}

/* Weights of a layer: *first and the number of values, 0 when it has none. */
static size_t weights_of(size_t *first, const net_layer *l)
{
    ipl_param param;

    for (size_t k = 0; layer_param(&param, first, l, k); k++)
        if (param.kind == IPL_PARAM_WEIGHT)
            return ipl_param_size(&param);
    return 0;
}

double ipl_net_weight_norm(const ipl_net *net, size_t layer)
{
    const net_layer *l = &net->layers[layer];
    size_t first;
    const size_t n = weights_of(&first, l);
    double sum = 0.0;

    for (size_t i = first; i < first + n; i++)
        sum += (double)l->w[i] * (double)l->w[i];
    return n > 0 ? sqrt(sum) : (double)NAN;
}

ipl_status ipl_net_follow_gradients(ipl_net *net, bool on, ipl_error *err)
{
    if (on && !net->follow) {
        double *sum = ipl_array(net->n_params, 1, sizeof *sum, err);

        if (!sum)
            return IPL_E_NOMEM;
        net->follow = sum;
        for (size_t i = 0; i < net->n_layers; i++) {
            net->layers[i].sum = sum;
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
    double *sum = l->sum + piece->first, square[8] = {0};
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
    const net_layer *l = &net->layers[layer];
    const double steps = (double)net->followed;
    size_t first;
    const size_t n = weights_of(&first, l);
    double sum = 0.0, square = 0.0, variance;

    *mean = *sd = (double)NAN;
    if (n == 0 || net->followed == 0)
        return;
    for (size_t i = first; i < first + n; i++)
        sum += l->sum[i] * l->sum[i];
    for (size_t k = 0; k < net->n_pieces; k++)
        if (net->pieces[k].layer == layer)
            square += net->pieces[k].square;
    *mean = sqrt(sum) / steps;
    variance = square / steps - *mean * *mean;
    *sd = variance > 0.0 ? sqrt(variance) : 0.0; /* rounding */
}
