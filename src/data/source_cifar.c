/* CIFAR-10: binary batches, rows of a label and 3 x 32 x 32 pixels. */
#include "base/alloc.h"
#include "base/file.h"
#include "data/locate.h"
#include "data/source.h"

#include <stdio.h>
#include <string.h>

#define FILE_MAX ((size_t)1 << 30)
#define NAMES_MAX ((size_t)1 << 16)

enum {
    SIDE = 32,
    PIXELS = 3 * SIDE * SIDE,
    ROW = 1 + PIXELS,
    N_CLASSES = 10,
    N_BATCHES = 5
};

static const char test_file[] = "test_batch.bin", names_file[] = "batches.meta.txt";
static const char remedy[] =
    "unpack cifar-10-binary.tar.gz of https://www.cs.toronto.edu/~kriz/cifar.html there";

/* Names the folder goes by: ours, and the one in the archive. */
static const char *const folders[] = {"cifar10", "cifar-10-batches-bin"};

typedef struct cifar {
    char path[IPL_PATH_MAX]; /* folder; "": search */
} cifar;

static const ipl_opt cifar_opts[] = {
    IPL_OPT_STRING(cifar, path, "path", "", "folder of the batches (else: search)"),
    IPL_OPT_END,
};

/* ---- where the batches are ---- */

/* Path of a file; false when it is not there. */
static bool find_file(char *out, const char *folder, const char *name)
{
    return ipl_path_join(out, folder, name, NULL) == IPL_OK && ipl_file_exists(out);
}

/* Path of training batch k = 1 ... 5; false when it is not there. */
static bool find_batch(char *out, const char *folder, unsigned k)
{
    char name[32];

    (void)snprintf(name, sizeof name, "data_batch_%u.bin", k);
    return find_file(out, folder, name);
}

/* Training batches in folder; *has_test: whether the test batch is there. */
static unsigned count_batches(bool *has_test, const char *folder)
{
    char path[IPL_PATH_MAX];
    unsigned n = 0;

    for (unsigned k = 1; k <= N_BATCHES; k++)
        n += find_batch(path, folder, k);
    *has_test = find_file(path, folder, test_file);
    return n;
}

/* IPL_OK when folder has a training batch and the test batch; the message says what not. */
static ipl_status check_folder(const char *folder, ipl_error *err)
{
    bool has_test;
    const unsigned n = count_batches(&has_test, folder);

    if (n > 0 && has_test)
        return IPL_OK;
    return ipl_fail(err, IPL_E_NOINPUT, "%.200s: no %s%s%s; %s", folder,
                    n == 0 ? "data_batch_1.bin ... data_batch_5.bin" : "",
                    n == 0 && !has_test ? " and no " : "", has_test ? "" : test_file,
                    remedy);
}

/* Candidate i of the search, both names of a root before the next; false past the last. */
static bool candidate(char *out, size_t i)
{
    const size_t n = sizeof folders / sizeof folders[0];

    return ipl_data_folder(out, i / n, folders[i % n]);
}

static ipl_status find_folder(char *out, const char *given, ipl_error *err)
{
    char partial[IPL_PATH_MAX] = "";

    if (*given != '\0') {
        memcpy(out, given, strlen(given) + 1);
        return ipl_file_is_folder(given)
                   ? check_folder(given, err)
                   : ipl_fail(err, IPL_E_NOINPUT, "%.200s: no such folder; %s", given,
                              remedy);
    }
    for (size_t i = 0; candidate(out, i); i++) {
        bool has_test;
        unsigned n;

        if (*out == '\0')
            continue;
        n = count_batches(&has_test, out);
        if (n > 0 && has_test)
            return IPL_OK;
        if ((n > 0 || has_test) && *partial == '\0')
            memcpy(partial, out, sizeof partial);
    }
    if (*partial != '\0') /* some are there: say what is not */
        return check_folder(partial, err);
    return ipl_fail(err, IPL_E_NOINPUT,
                    "cifar10: no folder cifar10 or cifar-10-batches-bin with batches in "
                    "$INFOPLANE_DATASETS, datasets (here or beside the program) or "
                    "/usr/share/datasets; %s",
                    remedy);
}

/* ---- reading ---- */

/* Make room for n rows more. */
static ipl_status grow(ipl_store *part, size_t n, ipl_error *err)
{
    uint8_t *bytes = ipl_array(part->n + n, PIXELS, 1, err);
    int32_t *labels = ipl_array(part->n + n, 1, sizeof *labels, err);

    if (!bytes || !labels) {
        ipl_free(bytes);
        ipl_free(labels);
        return IPL_E_NOMEM;
    }
    if (part->n > 0) {
        memcpy(bytes, part->bytes, part->n * PIXELS);
        memcpy(labels, part->labels, part->n * sizeof *labels);
    }
    ipl_free(part->bytes);
    ipl_free(part->labels);
    part->bytes = bytes;
    part->labels = labels;
    return IPL_OK;
}

/* Append the rows of one batch to a part. */
static ipl_status read_batch(ipl_samples *out, ipl_split split, const char *path,
                             ipl_error *err)
{
    ipl_store *part = &out->part[split];
    char *rows = NULL;
    size_t len, n;
    ipl_status st = ipl_file_read(&rows, &len, path, FILE_MAX, err);

    if (st != IPL_OK)
        return st;
    n = len / ROW;
    if (n == 0 || len % ROW != 0) {
        st = ipl_fail(err, IPL_E_FORMAT,
                      "%s: %zu bytes are no whole number of rows of %d (a label and 3 x 32 "
                      "x 32 pixels)",
                      path, len, ROW);
        goto done;
    }
    st = grow(part, n, err);
    for (size_t i = 0; i < n && st == IPL_OK; i++) {
        const uint8_t label = (uint8_t)rows[i * ROW];

        if (label >= N_CLASSES)
            st = ipl_fail(err, IPL_E_FORMAT, "%s: label %d at row %zu, want 0 ... %d", path,
                          label, i, N_CLASSES - 1);
        memcpy(part->bytes + part->n * PIXELS, rows + i * ROW + 1, PIXELS);
        part->labels[part->n++] = label;
    }
    if (st == IPL_OK)
        st = ipl_samples_add_file(out, path, err);
done:
    ipl_free(rows);
    return st;
}

/* Training batches in the order of their numbers. */
static ipl_status read_training(ipl_samples *out, const char *folder, ipl_error *err)
{
    char path[IPL_PATH_MAX];
    unsigned n = 0;
    ipl_status st = IPL_OK;

    for (unsigned k = 1; k <= N_BATCHES && st == IPL_OK; k++)
        if (find_batch(path, folder, k)) {
            st = read_batch(out, IPL_TRAIN, path, err);
            n++;
        }
    if (st == IPL_OK && n < N_BATCHES) {
        ipl_text_add(&out->note, "%u of %d training batches", n, N_BATCHES);
        st = ipl_text_status(&out->note, err);
    }
    return st;
}

/* Cut text into its lines that are not blank, in place; returns how many, at most n + 1. */
static size_t cut_lines(const char **lines, size_t n, char *text)
{
    size_t found = 0;

    for (char *at = text + strspn(text, "\r\n"); *at != '\0' && found <= n;) {
        const size_t len = strcspn(at, "\r\n");
        const bool last = at[len] == '\0';

        at[len] = '\0';
        if (found < n)
            lines[found] = at;
        found++;
        at += last ? len : len + 1 + strspn(at + len + 1, "\r\n");
    }
    return found;
}

/* Names of the classes, when their file is there. */
static ipl_status read_names(ipl_samples *out, const char *folder, ipl_error *err)
{
    const char *names[N_CLASSES];
    char path[IPL_PATH_MAX], *text;
    size_t len, n;
    ipl_status st;

    if (!find_file(path, folder, names_file))
        return IPL_OK;
    st = ipl_file_read_text(&text, &len, path, NAMES_MAX, err);
    if (st != IPL_OK)
        return st;
    n = cut_lines(names, N_CLASSES, text);
    if (n != N_CLASSES)
        st = ipl_fail(err, IPL_E_FORMAT, "%s: %s%zu names of classes, want %d", path,
                      n > N_CLASSES ? "more than " : "", n > N_CLASSES ? N_CLASSES : n,
                      N_CLASSES);
    else
        st = ipl_samples_name_classes(out, names, err);
    if (st == IPL_OK)
        st = ipl_samples_add_file(out, path, err);
    ipl_free(text);
    return st;
}

static ipl_status load_cifar(ipl_samples *out, const void *self, uint64_t seed,
                             ipl_error *err)
{
    const cifar *s = self;
    char folder[IPL_PATH_MAX], path[IPL_PATH_MAX];
    ipl_status st = find_folder(folder, s->path, err);

    (void)seed; /* nothing is drawn */
    if (st != IPL_OK)
        return st;
    out->shape = (ipl_shape){3, SIDE, SIDE};
    out->n_classes = N_CLASSES;
    out->white = 255.0f;
    st = read_training(out, folder, err);
    if (st == IPL_OK)
        st = ipl_path_join(path, folder, test_file, err);
    if (st == IPL_OK)
        st = read_batch(out, IPL_TEST, path, err);
    if (st == IPL_OK)
        st = read_names(out, folder, err);
    return st;
}

const ipl_source_ops ipl_source_cifar = {
    .row = {.name = "cifar10",
            .summary = "small photographs, 50000 + 10000 of 3 x 32 x 32, or some batches",
            .source = "Krizhevsky, Learning multiple layers of features from tiny images, "
                      "2009",
            .size = sizeof(cifar),
            .opts = cifar_opts},
    .load = load_cifar,
};
