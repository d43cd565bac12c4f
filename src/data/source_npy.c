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
    int layout;
} npy_source;

enum { CHANNELS_FIRST, CHANNELS_LAST };
static const char *const layout_words[] = {
    [CHANNELS_FIRST] = "nchw", [CHANNELS_LAST] = "nhwc", [CHANNELS_LAST + 1] = NULL};

/* How the values of an array are to be taken. */
typedef struct range {
    bool whole;       /* integers */
    double low, high; /* of its values */
} range;

static const ipl_opt npy_opts[] = {
    IPL_OPT_STRING(npy_source, x, "x", "", "samples: n x d, n x H x W or n x C x H x W"),
    IPL_OPT_STRING(npy_source, y, "y", "",
                   "labels: n whole numbers from 0 (none: no classes)"),
    IPL_OPT_STRING(npy_source, x_test, "xtest", "", "samples of a test part (none: split)"),
    IPL_OPT_STRING(npy_source, y_test, "ytest", "", "labels of the test part"),
    IPL_OPT_WORD(npy_source, layout, "layout", layout_words, CHANNELS_FIRST,
                 "order of four dimensions: nchw, or nhwc with the channels last"),
    IPL_OPT_END,
};

static ipl_status shape_of(ipl_shape *out, const ipl_npy *a, int layout, const char *path,
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
        *out = layout == CHANNELS_LAST ? (ipl_shape){a->dims[3], a->dims[1], a->dims[2]}
                                       : (ipl_shape){a->dims[1], a->dims[2], a->dims[3]};
        break;
    default:
        return ipl_fail(err, IPL_E_SHAPE,
                        "%s: %zu dimensions, want n x d, n x H x W or n x C x H x W", path,
                        a->n_dims);
    }
    if (layout == CHANNELS_LAST && a->n_dims != 4)
        return ipl_fail(err, IPL_E_SHAPE,
                        "%s: %zu dimensions, layout=nhwc wants n x H x W x C", path,
                        a->n_dims);
    if (a->rows > UINT32_MAX)
        return ipl_fail(err, IPL_E_SHAPE, "%s: %zu samples, at most %u", path, a->rows,
                        UINT32_MAX);
    return IPL_OK;
}

/* Whether the last dimension looks like channels, and the first does not. */
static bool looks_channels_last(const ipl_npy *a)
{
    const size_t first = a->dims[1], last = a->dims[3];

    return (last == 1 || last == 3 || last == 4) && first != 1 && first != 3 && first != 4;
}

/* Index in a row of the file of pixel i of channel c. */
static size_t place(size_t c, size_t i, ipl_shape shape, int layout)
{
    return layout == CHANNELS_LAST ? i * shape.c + c : c * shape.h * shape.w + i;
}

static range measure(const ipl_npy *a)
{
    range r = {
        .whole = strchr("biu", a->dtype[1]) != NULL, .low = a->data[0], .high = a->data[0]};

    for (size_t i = 0; i < a->rows * a->cols; i++) {
        r.low = a->data[i] < r.low ? a->data[i] : r.low;
        r.high = a->data[i] > r.high ? a->data[i] : r.high;
    }
    return r;
}

/* The rule of scale unit: integers of any width that go beyond 1 and not beyond 255. */
static bool are_pixels(range r)
{
    return r.whole && r.low >= 0.0 && r.high > 1.0 && r.high <= 255.0;
}

/* What the values of the training part are decides for both parts. */
static ipl_status choose_white(ipl_samples *out, range *train, ipl_split split,
                               const ipl_npy *a, const char *path, ipl_error *err)
{
    const range r = measure(a);

    if (split == IPL_TRAIN) {
        *train = r;
        out->white = are_pixels(r) ? 255.0f : 1.0f;
        out->low = (float)r.low;
        out->high = (float)r.high;
        if (out->white > 1.0f)
            ipl_text_add(ipl_samples_note(out),
                         "integers %g ... %g are taken as pixels 0 ... 255, scale 1/255",
                         r.low, r.high);
    } else if (r.whole != train->whole && (are_pixels(r) || are_pixels(*train))) {
        return ipl_fail(err, IPL_E_FORMAT,
                        "%s: %s of %g ... %g, x has %s of %g ... %g: both must be integers "
                        "or both floats",
                        path, r.whole ? "integers" : "floats", r.low, r.high,
                        train->whole ? "integers" : "floats", train->low, train->high);
    } else if (are_pixels(*train) && (r.low < 0.0 || r.high > 255.0)) {
        ipl_text_add(ipl_samples_note(out),
                     "the test part's values are %g ... %g and divided by 255 as those for "
                     "training",
                     r.low, r.high);
    }
    return IPL_OK;
}

/* Keep one row, channel after channel, from `at` on; false when the value at `*from` of the
 * row does not fit in a float. */
static bool keep_row(size_t *from, ipl_store *part, size_t at, const double *row,
                     ipl_shape shape, int layout)
{
    for (size_t c = 0; c < shape.c; c++)
        for (size_t i = 0; i < shape.h * shape.w; i++, at++) {
            *from = place(c, i, shape, layout);
            if (fabs(row[*from]) > (double)FLT_MAX)
                return false;
            if (part->bytes)
                part->bytes[at] = (uint8_t)row[*from];
            else
                part->values[at] = (float)row[*from];
        }
    return true;
}

/* Keep the samples as bytes where the file has these, else as floats. */
static ipl_status keep_samples(ipl_store *part, ipl_shape shape, int layout,
                               const ipl_npy *a, const char *path, ipl_error *err)
{
    const size_t d = a->cols;
    size_t from = 0;

    part->n = a->rows;
    part->labels = ipl_array(a->rows, 1, sizeof *part->labels, err);
    if (strcmp(a->dtype + 1, "u1") == 0)
        part->bytes = ipl_array(a->rows, d, 1, err);
    else
        part->values = ipl_array(a->rows, d, sizeof *part->values, err);
    if (!part->labels || (!part->bytes && !part->values))
        return IPL_E_NOMEM;
    for (size_t i = 0; i < a->rows; i++)
        if (!keep_row(&from, part, i * d, a->data + i * d, shape, layout))
            return ipl_fail(err, IPL_E_FORMAT,
                            "%s: %g at row %zu, column %zu does not fit in a float", path,
                            a->data[i * d + from], i, from);
    return IPL_OK;
}

static ipl_status read_samples(ipl_samples *out, range *train, ipl_split split, int layout,
                               const char *path, ipl_error *err)
{
    ipl_npy a;
    ipl_shape shape = {0};
    ipl_status st = ipl_npy_read(&a, path, err);

    if (st != IPL_OK)
        return st;
    st = shape_of(&shape, &a, layout, path, err);
    if (st == IPL_OK)
        st = ipl_npy_check_finite(&a, path, err);
    if (st != IPL_OK)
        goto done;
    if (split == IPL_TEST &&
        (shape.c != out->shape.c || shape.h != out->shape.h || shape.w != out->shape.w)) {
        st = ipl_fail(err, IPL_E_SHAPE,
                      "%s: samples of %zu x %zu x %zu, those for training are "
                      "%zu x %zu x %zu",
                      path, shape.c, shape.h, shape.w, out->shape.c, out->shape.h,
                      out->shape.w);
        goto done;
    }
    out->shape = shape;
    st = choose_white(out, train, split, &a, path, err);
    if (st == IPL_OK)
        st = keep_samples(&out->part[split], shape, layout, &a, path, err);
    if (st == IPL_OK)
        st = ipl_samples_add_file(out, path, err);
    if (split == IPL_TRAIN && layout == CHANNELS_FIRST && a.n_dims == 4 &&
        looks_channels_last(&a))
        ipl_text_add(ipl_samples_note(out),
                     "taken as %zu channels of %zu x %zu; if the channels come last, give "
                     "layout=nhwc",
                     shape.c, shape.h, shape.w);
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
    range train;
    ipl_status st;

    (void)seed; /* nothing is drawn */
    if (*s->x == '\0')
        return ipl_fail(err, IPL_E_FORMAT, "npy: want x=FILE, as in npy:x=X.npy,y=y.npy");
    if (*s->y_test != '\0' && !has_test)
        return ipl_fail(err, IPL_E_FORMAT, "npy: ytest wants xtest=FILE too");
    if (has_test && labelled != (*s->y_test != '\0'))
        return ipl_fail(err, IPL_E_FORMAT, "npy: %s is missing, both parts need labels",
                        labelled ? "ytest" : "y");
    st = read_samples(out, &train, IPL_TRAIN, s->layout, s->x, err);
    if (st == IPL_OK && labelled)
        st = read_labels(out, IPL_TRAIN, s->y, err);
    if (st == IPL_OK && has_test)
        st = read_samples(out, &train, IPL_TEST, s->layout, s->x_test, err);
    if (st == IPL_OK && has_test && labelled)
        st = read_labels(out, IPL_TEST, s->y_test, err);
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
