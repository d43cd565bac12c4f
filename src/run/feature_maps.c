#include "run/feature_maps.h"

#include "base/alloc.h"

#include <string.h>

/* The sample as a batch of one row. */
typedef struct sample {
    const float *x;
    size_t d;
} sample;

static void fill(float *x, int32_t *y, const void *source, size_t first, size_t n)
{
    const sample *s = source;

    (void)first; /* 0, and n is 1 */
    if (x)
        memcpy(x, s->x, n * s->d * sizeof *x);
    if (y)
        memset(y, 0, n * sizeof *y);
}

ipl_status ipl_feature_maps_of(ipl_feature_maps *out, ipl_net *net, const float *x,
                               ipl_error *err)
{
    const sample s = {x, ipl_shape_size(ipl_net_layer(net, 0)->in)};
    const ipl_batch batch = {.n = 1, .fill = fill, .source = &s};
    const size_t n = ipl_net_n_layers(net);

    *out = (ipl_feature_maps){.n_taps = n};
    out->layers = ipl_array(n, 1, sizeof *out->layers, err);
    out->taps = ipl_array(n, 1, sizeof *out->taps, err);
    if (!out->layers || !out->taps)
        return IPL_E_NOMEM;
    for (size_t i = 0; i < n; i++) {
        const ipl_layer_info *layer = ipl_net_layer(net, i);

        if (!layer->measured && i + 1 < n)
            continue;
        out->taps[i] = ipl_array(1, ipl_shape_size(layer->out), sizeof *out->taps[i], err);
        if (!out->taps[i])
            return IPL_E_NOMEM;
        out->output = out->taps[i];
        out->n_outputs = ipl_shape_size(layer->out);
        /* Flattened maps are the same numbers in the same order. */
        if (layer->measured)
            out->layers[out->n++] = (ipl_feature){
                layer->name, strcmp(layer->kind, "flatten") == 0 ? layer->in : layer->out,
                out->taps[i]};
    }
    ipl_net_probe(out->taps, net, &batch);
    return IPL_OK;
}

void ipl_feature_maps_release(ipl_feature_maps *maps)
{
    for (size_t i = 0; maps->taps && i < maps->n_taps; i++)
        ipl_free(maps->taps[i]);
    ipl_free(maps->taps);
    ipl_free(maps->layers);
    *maps = (ipl_feature_maps){0};
}
