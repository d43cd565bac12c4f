#include "run/activations.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"
#include "math/npy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { HEADER_BYTES = 128, TABLE_BYTES = 64, NAME_ROOM = 512 };

struct ipl_activations {
    const ipl_net *net;
    const ipl_probe *probes[2];
    size_t n_probes;
    bool half;
    bool *keep; /* (measured layers) */
    size_t n_layers;
    char folder[IPL_PATH_MAX];
    ipl_appender index;
};

/* ---- the text ---- */

/* Go past a word if the text starts with it. */
static bool accept(const char **text, const char *word)
{
    const size_t len = strlen(word);

    if (strncmp(*text, word, len) != 0)
        return false;
    *text += len;
    return true;
}

static const ipl_layer_info *layer_info(const ipl_activations *rec, size_t l)
{
    return ipl_net_layer(rec->net, ipl_probe_layer(rec->probes[0], l));
}

/* A layer that is not measured: name those that are. */
static ipl_status no_layer(const ipl_activations *rec, const char *name, size_t len,
                           ipl_error *err)
{
    ipl_text names = {0};
    ipl_status st;

    for (size_t l = 0; l < rec->n_layers; l++)
        ipl_text_add(&names, "%s%s", l ? ", " : "", layer_info(rec, l)->name);
    st = ipl_fail(err, IPL_E_FORMAT, "record: no measured layer '%.*s'; choose from %s",
                  (int)(len < 60 ? len : 60), name, names.s ? names.s : "others");
    ipl_text_release(&names);
    return st;
}

/* Mark the measured layer of that name. */
static ipl_status keep_layer(ipl_activations *rec, const char *name, size_t len,
                             ipl_error *err)
{
    for (size_t l = 0; l < rec->n_layers; l++) {
        const char *known = layer_info(rec, l)->name;

        if (strlen(known) == len && strncmp(known, name, len) == 0) {
            rec->keep[l] = true;
            return IPL_OK;
        }
    }
    return no_layer(rec, name, len, err);
}

/* "fc1+fc2", joined by pluses: a comma starts the next option. */
static ipl_status keep_layers(ipl_activations *rec, const char *text, ipl_error *err)
{
    for (;;) {
        const size_t len = strcspn(text, "+");
        const ipl_status st = keep_layer(rec, text, len, err);

        if (st != IPL_OK || text[len] == '\0')
            return st;
        text += len + 1;
    }
}

/* The options after "activations". */
static ipl_status parse(ipl_activations *rec, const char *text, ipl_error *err)
{
    const char *at = text;

    if (accept(&at, "activations")) {
        if (accept(&at, "=float16"))
            rec->half = true;
        else
            (void)accept(&at, "=float32"); /* the default */
        if (accept(&at, ",layers="))
            return keep_layers(rec, at, err);
        for (size_t l = 0; l < rec->n_layers; l++)
            rec->keep[l] = true;
    }
    if (at == text || *at != '\0')
        return ipl_fail(err, IPL_E_FORMAT,
                        "record: '%.60s' in '%.60s'; want none or "
                        "activations[=float32|float16][,layers=NAME+NAME]",
                        at, text);
    return IPL_OK;
}

ipl_status ipl_activations_create(ipl_activations **out, const char *text,
                                  const ipl_net *net, const ipl_probe *const *probes,
                                  size_t n_probes, ipl_error *err)
{
    ipl_activations *rec = NULL;
    ipl_status st = IPL_E_NOMEM;

    *out = NULL;
    if (strcmp(text, "none") == 0)
        return IPL_OK;
    if (n_probes == 0)
        return ipl_fail(err, IPL_E_ARG,
                        "record: nothing is measured, so nothing would be recorded");
    rec = ipl_array(1, 1, sizeof *rec, err);
    if (!rec)
        goto done;
    *rec = (ipl_activations){.net = net,
                             .n_probes = n_probes,
                             .n_layers = ipl_probe_n_layers(probes[0]),
                             .index = {.fd = -1}};
    for (size_t p = 0; p < n_probes; p++)
        rec->probes[p] = probes[p];
    rec->keep = ipl_array(rec->n_layers, 1, sizeof *rec->keep, err);
    if (!rec->keep)
        goto done;
    st = parse(rec, text, err);
    if (st != IPL_OK)
        goto done;
    *out = rec;
    rec = NULL; /* now the caller's */
done:
    ipl_activations_destroy(rec);
    return st;
}

void ipl_activations_destroy(ipl_activations *rec)
{
    if (!rec)
        return;
    if (ipl_appender_close(&rec->index, NULL) != IPL_OK)
        rec->index.fd = -1; /* every row was checked when it was written */
    ipl_free(rec->keep);
    ipl_free(rec);
}

/* ---- sizes ---- */

double ipl_activations_bytes(const ipl_activations *rec, size_t measurements)
{
    double one = 0.0, once = 0.0;

    if (!rec)
        return 0.0;
    for (size_t p = 0; p < rec->n_probes; p++) {
        const double n = (double)ipl_probe_n(rec->probes[p]);
        const ipl_layer_info *first = ipl_net_layer(rec->net, 0);

        once += 2.0 * HEADER_BYTES +
                n * (4.0 * (double)ipl_shape_size(first->in) + (double)sizeof(int64_t));
        for (size_t l = 0; l < rec->n_layers; l++)
            if (rec->keep[l])
                one += HEADER_BYTES + n * (rec->half ? 2.0 : 4.0) *
                                          (double)ipl_shape_size(layer_info(rec, l)->out);
    }
    return once + (double)measurements * (one + TABLE_BYTES);
}

/* ---- writing ---- */

/* Dimensions of n samples of a shape, channels first; returns how many there are. */
static size_t dims_of(size_t dims[4], size_t n, ipl_shape shape)
{
    dims[0] = n;
    dims[1] = shape.c;
    dims[2] = shape.h;
    dims[3] = shape.w;
    return shape.h == 1 && shape.w == 1 ? 2 : 4;
}

static ipl_status write_samples(const ipl_activations *rec, const ipl_probe *probe,
                                ipl_error *err)
{
    const size_t n = ipl_probe_n(probe);
    const ipl_shape shape = ipl_net_layer(rec->net, 0)->in;
    char path[IPL_PATH_MAX], file[NAME_ROOM];
    size_t dims[4];
    const size_t n_dims = dims_of(dims, n, shape);
    float *x = ipl_array(n, ipl_shape_size(shape), sizeof *x, err);
    int32_t *y = ipl_array(n, 1, sizeof *y, err);
    int64_t *wide = ipl_array(n, 1, sizeof *wide, err);
    ipl_status st = IPL_E_NOMEM;

    if (!x || !y || !wide)
        goto done;
    ipl_probe_samples(x, y, probe);
    for (size_t i = 0; i < n; i++)
        wide[i] = y[i];
    (void)snprintf(file, sizeof file, "%s-x.npy", ipl_probe_name(probe));
    st = ipl_path_join(path, rec->folder, file, err);
    if (st == IPL_OK)
        st = ipl_npy_write_f32(path, x, dims, n_dims, err);
    if (st != IPL_OK || !ipl_probe_has_labels(probe))
        goto done;
    (void)snprintf(file, sizeof file, "%s-y.npy", ipl_probe_name(probe));
    st = ipl_path_join(path, rec->folder, file, err);
    if (st == IPL_OK)
        st = ipl_npy_write_i64(path, wide, &n, 1, err);
done:
    ipl_free(wide);
    ipl_free(y);
    ipl_free(x);
    return st;
}

static ipl_status write_layers(const ipl_activations *rec, ipl_error *err)
{
    char path[IPL_PATH_MAX];
    ipl_text out = {0};
    size_t n = 0;
    ipl_status st = ipl_path_join(path, rec->folder, IPL_ACTIVATIONS_LAYERS, err);

    ipl_text_add(&out, "layer,name,c,h,w\n");
    for (size_t l = 0; l < rec->n_layers; l++) {
        const ipl_layer_info *info = layer_info(rec, l);

        if (!rec->keep[l])
            continue;
        ipl_text_add(&out, "%zu,", ++n);
        ipl_text_add_field(&out, info->name);
        ipl_text_add(&out, ",%zu,%zu,%zu\n", info->out.c, info->out.h, info->out.w);
    }
    if (st == IPL_OK)
        st = ipl_text_status(&out, err);
    if (st == IPL_OK)
        st = ipl_file_replace(path, out.s, out.len, err);
    ipl_text_release(&out);
    return st;
}

/* A folder in one that is there: a run that was removed does not come back. */
static ipl_status create_folder(const char *path, ipl_error *err)
{
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return ipl_fail(err, IPL_E_CANTCREATE, "%s: %s", path, strerror(errno));
    return IPL_OK;
}

ipl_status ipl_activations_begin(ipl_activations *rec, const char *run, ipl_error *err)
{
    static const char header[] = "epoch,step\n";
    char path[IPL_PATH_MAX];
    ipl_status st = ipl_path_join(rec->folder, run, IPL_ACTIVATIONS, err);

    if (st == IPL_OK)
        st = create_folder(rec->folder, err);
    if (st == IPL_OK)
        st = write_layers(rec, err);
    for (size_t p = 0; p < rec->n_probes && st == IPL_OK; p++)
        st = write_samples(rec, rec->probes[p], err);
    if (st == IPL_OK)
        st = ipl_path_join(path, rec->folder, IPL_ACTIVATIONS_INDEX, err);
    if (st == IPL_OK)
        st = ipl_appender_open(&rec->index, path, NULL, err);
    if (st == IPL_OK)
        st = ipl_appender_write(&rec->index, header, sizeof header - 1, err);
    return st;
}

ipl_status ipl_activations_resume(ipl_activations *rec, const char *run,
                                  const ipl_file_mark *mark, ipl_error *err)
{
    char path[IPL_PATH_MAX];
    ipl_status st = ipl_appender_close(&rec->index, err);

    if (st == IPL_OK)
        st = ipl_path_join(rec->folder, run, IPL_ACTIVATIONS, err);
    if (st == IPL_OK)
        st = ipl_path_join(path, rec->folder, IPL_ACTIVATIONS_INDEX, err);
    return st == IPL_OK ? ipl_appender_open(&rec->index, path, mark, err) : st;
}

ipl_status ipl_activations_sync(ipl_file_mark *out, const ipl_activations *rec,
                                ipl_error *err)
{
    *out = rec->index.mark;
    return ipl_appender_sync(&rec->index, err);
}

/* One layer of one probe; what float16 cannot hold is written as float32, with a note. */
static ipl_status write_layer(char *note, const ipl_activations *rec, const char *folder,
                              const ipl_probe *probe, size_t l, ipl_error *err)
{
    const ipl_cmat t = ipl_probe_activations(probe, l);
    const ipl_layer_info *info = layer_info(rec, l);
    char path[IPL_PATH_MAX], file[NAME_ROOM];
    size_t dims[4];
    const size_t n_dims = dims_of(dims, t.rows, info->out);
    ipl_error why = {0};
    ipl_status st;

    (void)snprintf(file, sizeof file, "%s-%.400s.npy", ipl_probe_name(probe), info->name);
    st = ipl_path_join(path, folder, file, err);
    if (st != IPL_OK)
        return st;
    if (!rec->half)
        return ipl_npy_write_f32(path, t.f32, dims, n_dims, err);
    st = ipl_npy_write_f16(path, t.f32, dims, n_dims, &why);
    if (st != IPL_E_NUMERIC)
        return st == IPL_OK ? st : ipl_fail(err, st, "%s", why.msg);
    (void)snprintf(note, IPL_NOTE_MAX, "%.440s; written as float32", why.msg);
    return ipl_npy_write_f32(path, t.f32, dims, n_dims, err);
}

ipl_status ipl_activations_write(char *note, ipl_activations *rec, const char *when,
                                 ipl_error *err)
{
    char folder[IPL_PATH_MAX], name[NAME_ROOM];
    ipl_text row = {0};
    ipl_status st;

    *note = '\0';
    (void)snprintf(name, sizeof name, "epoch-%.*s", (int)strcspn(when, ","), when);
    st = ipl_path_join(folder, rec->folder, name, err);
    if (st != IPL_OK)
        return st;
    st = create_folder(folder, err);
    for (size_t p = 0; p < rec->n_probes; p++)
        for (size_t l = 0; l < rec->n_layers && st == IPL_OK; l++)
            if (rec->keep[l])
                st = write_layer(note, rec, folder, rec->probes[p], l, err);
    if (st == IPL_OK) {
        ipl_text_add(&row, "%s\n", when);
        st = ipl_text_status(&row, err);
    }
    if (st == IPL_OK)
        st = ipl_appender_write(&rec->index, row.s, row.len, err);
    ipl_text_release(&row);
    if (st != IPL_OK && ipl_folder_remove(folder, NULL) != IPL_OK)
        return st; /* the disk that failed once fails again; the index has no row of it */
    return st;
}
