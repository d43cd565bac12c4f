/* Anyone's data: NumPy arrays. */
#include "base/alloc.h"
#include "base/file.h"
#include "data/source.h"
#include "math/npy.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { CLASSES_MAX = 65536 };

typedef struct npy_source {
    char x[IPL_PATH_MAX], y[IPL_PATH_MAX];
    char x_test[IPL_PATH_MAX], y_test[IPL_PATH_MAX];
} npy_source;

static const ipl_opt npy_opts[] = {
    IPL_OPT_STRING(npy_source, x, "x", "", "samples: n x d, n x H x W or n x C x H x W"),
    IPL_OPT_STRING(npy_source, y, "y", "",
                   "labels: n whole numbers from 0 (none: no classes)"),
    IPL_OPT_STRING(npy_source, x_test, "xtest", "", "samples of a test part (none: split)"),
    IPL_OPT_STRING(npy_source, y_test, "ytest", "", "labels of the test part"),
    IPL_OPT_END,
};

static ipl_status shape_of(ipl_shape *out, const ipl_npy *a, const char *path,
                           ipl_error *err)
{
    switch (a->n_dims) {
    case 1:
    case 2:
        *out = (ipl_shape){a->cols, 1, 1};
        break;
    case 3:
        *out = (ipl_shape){1, a->dims[1], a->dims[2]};
        break;
    case 4:
        *out = (ipl_shape){a->dims[1], a->dims[2], a->dims[3]};
        break;
    default:
        return ipl_fail(err, IPL_E_SHAPE,
                        "%s: %zu dimensions, want n x d, n x H x W or n x C x H x W", path,
                        a->n_dims);
    }
    if (a->rows > UINT32_MAX)
        return ipl_fail(err, IPL_E_SHAPE, "%s: %zu samples, at most %u", path, a->rows,
                        UINT32_MAX);
    return IPL_OK;
}

/* Keep the samples as bytes when they are an image's, else as floats. */
static ipl_status keep_samples(ipl_store *part, bool pixels, const ipl_npy *a,
                               const char *path, ipl_error *err)
{
    const size_t count = a->rows * a->cols;

    part->n = a->rows;
    part->labels = ipl_array(a->rows, 1, sizeof *part->labels, err);
    if (!part->labels)
        return IPL_E_NOMEM;
    if (pixels) {
        part->bytes = ipl_array(a->rows, a->cols, 1, err);
        for (size_t i = 0; part->bytes && i < count; i++)
            part->bytes[i] = (uint8_t)a->data[i];
        return part->bytes ? IPL_OK : IPL_E_NOMEM;
    }
    part->values = ipl_array(a->rows, a->cols, sizeof *part->values, err);
    if (!part->values)
        return IPL_E_NOMEM;
    for (size_t i = 0; i < count; i++) {
        if (fabs(a->data[i]) > (double)FLT_MAX)
            return ipl_fail(err, IPL_E_FORMAT,
                            "%s: %g at row %zu, column %zu does not fit in a float", path,
                            a->data[i], i / a->cols, i % a->cols);
        part->values[i] = (float)a->data[i];
    }
    return IPL_OK;
}

static ipl_status read_samples(ipl_samples *out, ipl_split split, const char *path,
                               ipl_error *err)
{
    ipl_npy a;
    ipl_shape shape = {0};
    bool pixels;
    ipl_status st = ipl_npy_read(&a, path, err);

    if (st != IPL_OK)
        return st;
    st = shape_of(&shape, &a, path, err);
    if (st == IPL_OK)
        st = ipl_npy_check_finite(&a, path, err);
    if (st != IPL_OK)
        goto done;
    pixels = a.n_dims >= 3 && strcmp(a.dtype + 1, "u1") == 0;
    if (split == IPL_TEST &&
        (shape.c != out->shape.c || shape.h != out->shape.h || shape.w != out->shape.w)) {
        st = ipl_fail(err, IPL_E_SHAPE,
                      "%s: samples of %zu x %zu x %zu, those for training are "
                      "%zu x %zu x %zu",
                      path, shape.c, shape.h, shape.w, out->shape.c, out->shape.h,
                      out->shape.w);
        goto done;
    }
    if (split == IPL_TEST && pixels != out->pixels) {
        st = ipl_fail(err, IPL_E_FORMAT,
                      "%s: dtype %s, but x has %s: both must be 8-bit images or neither",
                      path, a.dtype, pixels ? "another" : "|u1");
        goto done;
    }
    out->shape = shape;
    out->pixels = pixels;
    st = keep_samples(&out->part[split], pixels, &a, path, err);
    if (st == IPL_OK)
        st = ipl_samples_add_file(out, path, err);
done:
    ipl_npy_release(&a);
    return st;
}

static ipl_status read_labels(ipl_samples *out, ipl_split split, const char *path,
                              ipl_error *err)
{
    ipl_store *part = &out->part[split];
    ipl_npy a;
    ipl_status st = ipl_npy_read(&a, path, err);

    if (st != IPL_OK)
        return st;
    if (a.rows != part->n)
        st = ipl_fail(err, IPL_E_SHAPE, "%s: %zu labels for the %zu samples of %.200s",
                      path, a.rows, part->n, out->files[out->n_files - 1].path);
    else
        st = ipl_npy_labels(part->labels, &a, path, err);
    for (size_t i = 0; i < part->n && st == IPL_OK; i++) {
        if (part->labels[i] < 0 || part->labels[i] >= CLASSES_MAX)
            st = ipl_fail(err, IPL_E_FORMAT, "%s: label %d at row %zu, want 0 ... %d", path,
                          part->labels[i], i, CLASSES_MAX - 1);
        else if ((size_t)part->labels[i] >= out->n_classes)
            out->n_classes = (size_t)part->labels[i] + 1;
    }
    if (st == IPL_OK)
        st = ipl_samples_add_file(out, path, err);
    ipl_npy_release(&a);
    return st;
}

static ipl_status load_npy(ipl_samples *out, const void *self, uint64_t seed,
                           ipl_error *err)
{
    const npy_source *s = self;
    const bool has_test = *s->x_test != '\0', labelled = *s->y != '\0';
    ipl_status st;

    (void)seed; /* nothing is drawn */
    if (*s->x == '\0')
        return ipl_fail(err, IPL_E_FORMAT, "npy: want x=FILE, as in npy:x=X.npy,y=y.npy");
    if (*s->y_test != '\0' && !has_test)
        return ipl_fail(err, IPL_E_FORMAT, "npy: ytest wants xtest=FILE too");
    if (has_test && labelled != (*s->y_test != '\0'))
        return ipl_fail(err, IPL_E_FORMAT, "npy: %s is missing, both parts need labels",
                        labelled ? "ytest" : "y");
    st = read_samples(out, IPL_TRAIN, s->x, err);
    if (st == IPL_OK && labelled)
        st = read_labels(out, IPL_TRAIN, s->y, err);
    if (st == IPL_OK && has_test)
        st = read_samples(out, IPL_TEST, s->x_test, err);
    if (st == IPL_OK && has_test && labelled)
        st = read_labels(out, IPL_TEST, s->y_test, err);
    if (st == IPL_OK && out->pixels)
        ipl_text_add(&out->note, "8-bit images: values are taken as pixels 0 ... 255");
    return st == IPL_OK ? ipl_text_status(&out->note, err) : st;
}

const ipl_source_ops ipl_source_npy = {
    .row = {.name = "npy",
            .summary = "NumPy arrays, npy:x=X.npy,y=y.npy; numbers of any type",
            .source = NULL,
            .size = sizeof(npy_source),
            .opts = npy_opts},
    .load = load_npy,
};
