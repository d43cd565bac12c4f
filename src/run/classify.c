#include "run/classify.h"

#include "base/alloc.h"
#include "base/file.h"
#include "data/png.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

bool ipl_net_classifies(const ipl_net *net, const ipl_dataset *ds)
{
    const size_t K = ipl_dataset_info(ds)->n_classes;

    return K > 0 && !strstr(ipl_net_loss_text(net), "target=input") &&
           ipl_shape_size(ipl_net_layer(net, ipl_net_n_layers(net) - 1)->out) == K;
}

void ipl_class_name(char *out, size_t size, const ipl_dataset *ds, size_t k)
{
    const ipl_data_info *info = ipl_dataset_info(ds);

    if (info->class_names)
        (void)snprintf(out, size, "%s", info->class_names[k]);
    else
        (void)snprintf(out, size, "%zu", k);
}

/* "28 x 28 in grey" */
static void print_shape(char *out, size_t size, size_t h, size_t w, size_t c)
{
    if (c == 1 || c == 3)
        (void)snprintf(out, size, "%zu x %zu in %s", h, w, c == 1 ? "grey" : "colour");
    else
        (void)snprintf(out, size, "%zu x %zu with %zu channels", h, w, c);
}

/* Brightness (c, h, w) of a picture as a sample has it, channel after channel. */
static ipl_status read_pixels(uint16_t *out, bool *alpha, const ipl_data_info *info,
                              const char *path, bool invert, ipl_error *err)
{
    const ipl_shape shape = info->shape;
    const size_t plane = shape.h * shape.w;
    ipl_background background;
    ipl_picture p;
    ipl_status st;

    memcpy(background.rgb, info->background, sizeof background.rgb);
    st = ipl_png_read_over(&p, path, &background, err);
    if (st != IPL_OK)
        return st;
    if (p.height != shape.h || p.width != shape.w || p.channels != shape.c) {
        char has[64], wants[64];

        print_shape(has, sizeof has, p.height, p.width, p.channels);
        print_shape(wants, sizeof wants, shape.h, shape.w, shape.c);
        st = ipl_fail(err, IPL_E_SHAPE, "%.300s: a picture of %s; the net wants %s", path,
                      has, wants);
        goto done;
    }
    for (size_t c = 0; c < shape.c; c++)
        for (size_t i = 0; i < plane; i++) {
            const uint16_t v = ipl_picture_value(&p, i * shape.c + c);

            out[c * plane + i] = invert ? (uint16_t)(65535 - v) : v;
        }
    *alpha = p.alpha;
done:
    ipl_picture_release(&p);
    return st;
}

void ipl_classified_name(char *out, size_t size, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t len = strlen(name);

    if (len > 4 && strcmp(name + len - 4, ".png") == 0)
        len -= 4;
    (void)snprintf(out, size, "%.*s", (int)len, name);
}

/* Outputs to probabilities, if the loss makes them that, and the largest. */
static void judge(ipl_classified *out, bool shares)
{
    const float *z = out->maps.output;
    double sum = 0.0, most = (double)z[0];

    out->shares = shares;
    for (size_t k = 1; k < out->n_classes; k++)
        if ((double)z[k] > most) {
            most = (double)z[k];
            out->best = k;
        }
    for (size_t k = 0; k < out->n_classes; k++) {
        out->p[k] = shares ? exp((double)z[k] - most) : (double)z[k];
        sum += out->p[k];
    }
    for (size_t k = 0; shares && k < out->n_classes; k++)
        out->p[k] /= sum;
}

static ipl_status check(const ipl_net *net, const ipl_dataset *ds, ipl_error *err)
{
    const ipl_data_info *info = ipl_dataset_info(ds);

    if (!ipl_net_classifies(net, ds))
        return ipl_fail(err, IPL_E_ARG,
                        "a net with the loss %.60s and %zu outputs names no classes",
                        ipl_net_loss_text(net),
                        ipl_shape_size(ipl_net_layer(net, ipl_net_n_layers(net) - 1)->out));
    if (!info->pixels)
        return ipl_fail(err, IPL_E_ARG,
                        "the net was trained on %s, whose samples are no pictures",
                        info->name);
    return IPL_OK;
}

ipl_status ipl_classify(ipl_classified *out, ipl_net *net, const ipl_dataset *ds,
                        const char *path, bool invert, ipl_error *err)
{
    const ipl_data_info *info = ipl_dataset_info(ds);
    const size_t d = ipl_shape_size(info->shape);
    uint16_t *pixels = NULL;
    float *x = NULL;
    ipl_status st = check(net, ds, err);

    *out = (ipl_classified){.n_classes = info->n_classes};
    if (st != IPL_OK)
        return st;
    ipl_classified_name(out->name, sizeof out->name, path);
    pixels = ipl_array(d, 1, sizeof *pixels, err);
    out->p = ipl_array(info->n_classes, 1, sizeof *out->p, err);
    out->pixels = ipl_array(d, 1, sizeof *out->pixels, err);
    x = ipl_array(d, 1, sizeof *x, err);
    if (!pixels || !out->p || !out->pixels || !x) {
        st = IPL_E_NOMEM;
        goto done;
    }
    st = read_pixels(pixels, &out->alpha, info, path, invert, err);
    if (st != IPL_OK)
        goto done;
    for (size_t i = 0; i < d; i++)
        out->pixels[i] = (float)pixels[i] / 65535.0f;
    ipl_dataset_scale(x, ds, pixels);
    st = ipl_feature_maps_of(&out->maps, net, x, err);
    if (st == IPL_OK)
        judge(out, strncmp(ipl_net_loss_text(net), "cross-entropy", 13) == 0);
done:
    ipl_free(x);
    ipl_free(pixels);
    return st;
}

/* One picture of some layers. */
static ipl_status write_layers(const ipl_classified *seen, const ipl_dataset *ds,
                               const ipl_feature *layers, size_t n, const char *folder,
                               const char *name, ipl_error *err)
{
    char path[IPL_PATH_MAX], label[64], class[48];
    ipl_feature input = {label, ipl_dataset_info(ds)->shape, seen->pixels};
    ipl_canvas canvas;
    ipl_status st = ipl_path_join(path, folder, name, err);

    ipl_class_name(class, sizeof class, ds, seen->best);
    (void)snprintf(label, sizeof label, "seen as %s", class);
    if (st == IPL_OK)
        st = ipl_picture_features(&canvas, seen->name, &input, layers, n, err);
    if (st != IPL_OK)
        return st;
    st = ipl_canvas_write(&canvas, path, err);
    ipl_canvas_release(&canvas);
    return st;
}

ipl_status ipl_classified_write(const ipl_classified *seen, const ipl_dataset *ds,
                                const char *folder, ipl_error *err)
{
    const ipl_feature_maps *m = &seen->maps;
    char name[256];
    ipl_status st = ipl_folder_create(folder, err);

    (void)snprintf(name, sizeof name, "%s-maps.png", seen->name);
    if (st == IPL_OK)
        st = write_layers(seen, ds, m->layers, m->n, folder, name, err);
    for (size_t i = 0; st == IPL_OK && i < m->n; i++) {
        (void)snprintf(name, sizeof name, "%s-%.64s.png", seen->name, m->layers[i].name);
        st = write_layers(seen, ds, &m->layers[i], 1, folder, name, err);
    }
    return st;
}

void ipl_classified_release(ipl_classified *seen)
{
    ipl_feature_maps_release(&seen->maps);
    ipl_free(seen->pixels);
    ipl_free(seen->p);
    *seen = (ipl_classified){0};
}
