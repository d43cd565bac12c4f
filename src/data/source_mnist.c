/* MNIST and the sets that came after it in the same files: four IDX arrays. */
#include "base/alloc.h"
#include "data/idx.h"
#include "data/locate.h"
#include "data/source.h"

#include <string.h>

enum { N_FILES = 4, N_CLASSES = 10 };

/* Images and labels of the training part, then of the test part. */
static const char *const files[N_FILES] = {
    "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte"};

typedef struct mnist {
    char path[IPL_PATH_MAX]; /* folder; "": search */
} mnist;

static const ipl_opt mnist_opts[] = {
    IPL_OPT_STRING(mnist, path, "path", "", "folder of the four IDX files (else: search)"),
    IPL_OPT_END,
};

/* Images: samples of the part, and their shape. */
static ipl_status read_images(ipl_samples *out, ipl_split split, const char *path,
                              ipl_error *err)
{
    ipl_store *part = &out->part[split];
    ipl_idx idx;
    ipl_status st = ipl_idx_read(&idx, path, 3, err);

    if (st != IPL_OK)
        return st;
    part->bytes = idx.bytes;
    part->n = idx.dims[0];
    if (split == IPL_TEST && (idx.dims[1] != out->shape.h || idx.dims[2] != out->shape.w))
        return ipl_fail(err, IPL_E_SHAPE,
                        "%s: images of %zu x %zu, those for training are %zu x %zu", path,
                        idx.dims[1], idx.dims[2], out->shape.h, out->shape.w);
    out->shape = (ipl_shape){1, idx.dims[1], idx.dims[2]};
    return ipl_samples_add_file(out, path, err);
}

static ipl_status read_labels(ipl_samples *out, ipl_split split, const char *path,
                              ipl_error *err)
{
    ipl_store *part = &out->part[split];
    ipl_idx idx;
    ipl_status st = ipl_idx_read(&idx, path, 1, err);

    if (st != IPL_OK)
        return st;
    if (idx.dims[0] != part->n) {
        st = ipl_fail(err, IPL_E_SHAPE, "%s: %zu labels for the %zu images of %.200s", path,
                      idx.dims[0], part->n, out->files[out->n_files - 1].path);
        goto done;
    }
    part->labels = ipl_array(part->n, 1, sizeof *part->labels, err);
    if (!part->labels) {
        st = IPL_E_NOMEM;
        goto done;
    }
    for (size_t i = 0; i < part->n; i++) {
        if (idx.bytes[i] >= N_CLASSES) {
            st = ipl_fail(err, IPL_E_FORMAT, "%s: label %zu is %d, want 0 ... %d", path, i,
                          idx.bytes[i], N_CLASSES - 1);
            goto done;
        }
        part->labels[i] = idx.bytes[i];
    }
    st = ipl_samples_add_file(out, path, err);
done:
    ipl_idx_release(&idx);
    return st;
}

/* Read the four files of a set. */
static ipl_status load_set(ipl_samples *out, const ipl_wanted *want, const mnist *self,
                           ipl_error *err)
{
    char paths[N_FILES][IPL_PATH_MAX];
    ipl_status st = ipl_data_locate(paths, want, self->path, err);

    out->n_classes = N_CLASSES;
    out->white = 255.0f;
    if (st == IPL_OK)
        st = read_images(out, IPL_TRAIN, paths[0], err);
    if (st == IPL_OK)
        st = read_labels(out, IPL_TRAIN, paths[1], err);
    if (st == IPL_OK)
        st = read_images(out, IPL_TEST, paths[2], err);
    if (st == IPL_OK)
        st = read_labels(out, IPL_TEST, paths[3], err);
    return st;
}

static ipl_status load_mnist(ipl_samples *out, const void *self, uint64_t seed,
                             ipl_error *err)
{
    static const ipl_wanted want = {
        .name = "mnist",
        .files = files,
        .n_files = N_FILES,
        .remedy = "run 'scripts/fetch_datasets.sh mnist'",
    };

    (void)seed; /* nothing is drawn */
    return load_set(out, &want, self, err);
}

static ipl_status load_fashion(ipl_samples *out, const void *self, uint64_t seed,
                               ipl_error *err)
{
    static const ipl_wanted want = {
        .name = "fashion-mnist",
        .files = files,
        .n_files = N_FILES,
        .remedy = "run 'scripts/fetch_datasets.sh fashion-mnist', or 'apt-get install "
                  "dataset-fashion-mnist' on Debian",
    };
    static const char *const names[N_CLASSES] = {
        "T-shirt/top", "trouser", "pullover", "dress", "coat",
        "sandal",      "shirt",   "sneaker",  "bag",   "ankle boot"};
    const ipl_status st = load_set(out, &want, self, err);

    (void)seed; /* nothing is drawn */
    return st == IPL_OK ? ipl_samples_name_classes(out, names, err) : st;
}

const ipl_source_ops ipl_source_mnist = {
    .row = {.name = "mnist",
            .summary = "handwritten digits, 60000 + 10000 grey images of 28 x 28",
            .source = "LeCun, Bottou, Bengio, Haffner, Proc. IEEE 86, 1998",
            .size = sizeof(mnist),
            .opts = mnist_opts},
    .load = load_mnist,
};

const ipl_source_ops ipl_source_fashion_mnist = {
    .row = {.name = "fashion-mnist",
            .summary = "clothes by Zalando, 60000 + 10000 grey images of 28 x 28",
            .source = "Xiao, Rasul, Vollgraf, arXiv 1708.07747, 2017",
            .size = sizeof(mnist),
            .opts = mnist_opts},
    .load = load_fashion,
};
