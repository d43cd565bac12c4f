/* PNG pictures of one size, a folder for each class. */
#include "base/alloc.h"
#include "base/file.h"
#include "data/png.h"
#include "data/source.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BYTES_MAX ((size_t)16 << 30) /* of the pixels of both parts */

enum { CLASSES_MAX = 65536, IMAGES_MAX = 10000000, FIRST_ROOM = 64 };

static const char *const part_folder[] = {[IPL_TRAIN] = "train", [IPL_TEST] = "test"};

typedef struct png_source {
    char path[IPL_PATH_MAX];
} png_source;

static const ipl_opt png_opts[] = {
    IPL_OPT_STRING(png_source, path, "path", "",
                   "folder of <class>/*.png, or of train/ and test/ with these"),
    IPL_OPT_END,
};

/* ---- names in a folder ---- */

typedef struct names {
    char **s; /* (n) owned, each too */
    size_t n, room;
} names;

static void release_names(names *list)
{
    ipl_names_free(list->s, list->n);
    *list = (names){0};
}

static ipl_status add_name(names *list, const char *name, ipl_error *err)
{
    char *copy;

    if (list->n == list->room) {
        const size_t room = list->room ? 2 * list->room : FIRST_ROOM;
        char **grown = ipl_array(room, 1, sizeof *grown, err);

        if (!grown)
            return IPL_E_NOMEM;
        if (list->n > 0)
            memcpy(grown, list->s, list->n * sizeof *grown);
        ipl_free(list->s);
        list->s = grown;
        list->room = room;
    }
    copy = ipl_string_copy(name, err);
    if (!copy)
        return IPL_E_NOMEM;
    list->s[list->n++] = copy;
    return IPL_OK;
}

static int by_name(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;

    return strcmp(*x, *y);
}

static bool is_png(const char *name)
{
    const size_t len = strlen(name);

    return len > 4 && strcasecmp(name + len - 4, ".png") == 0;
}

/* What is listed: folders or .png files, at most so many. */
typedef struct wanted {
    bool folders;
    size_t limit;
} wanted;

/* Take an entry of a folder if it is wanted; *others counts the files that are not. */
static ipl_status take_entry(names *out, size_t *others, const char *folder,
                             const char *name, wanted want, ipl_error *err)
{
    char path[IPL_PATH_MAX];
    bool is_folder;
    ipl_status st;

    if (*name == '.') /* hidden */
        return IPL_OK;
    st = ipl_path_join(path, folder, name, err);
    if (st != IPL_OK)
        return st;
    is_folder = ipl_file_is_folder(path);
    if (want.folders ? !is_folder : is_folder || !is_png(name)) {
        *others += !is_folder;
        return IPL_OK;
    }
    if (out->n == want.limit)
        return ipl_fail(err, IPL_E_SHAPE, "%s: more than %zu %s", folder, want.limit,
                        want.folders ? "classes" : "pictures");
    return add_name(out, name, err);
}

static const struct dirent *next_entry(DIR *dir)
{
    errno = 0;
    return readdir(dir);
}

/* What is wanted of a folder, sorted by the bytes of the names. */
static ipl_status list(names *out, size_t *others, const char *folder, wanted want,
                       ipl_error *err)
{
    const struct dirent *entry = NULL;
    ipl_status st = IPL_OK;
    DIR *dir = ipl_folder_open(folder);

    *out = (names){0};
    if (!dir)
        return ipl_fail(err, IPL_E_NOINPUT, "%s: %s", folder, strerror(errno));
    while (st == IPL_OK && (entry = next_entry(dir)))
        st = take_entry(out, others, folder, entry->d_name, want, err);
    if (st == IPL_OK && errno != 0)
        st = ipl_fail(err, IPL_E_IO, "%s: %s", folder, strerror(errno));
    (void)closedir(dir);
    if (st != IPL_OK)
        release_names(out);
    else if (out->n > 0)
        qsort(out->s, out->n, sizeof *out->s, by_name);
    return st;
}

/* ---- what there is to read ---- */

/* The files of one part, class by class. */
typedef struct part_files {
    char folder[IPL_PATH_MAX];
    const char *prefix; /* of its paths below the data set's folder: "train/", "" */
    names classes;
    names *images; /* (classes.n) owned */
    size_t n;      /* of all classes */
} part_files;

typedef struct tree {
    part_files part[2];
    size_t n_parts; /* 1: to be split */
    size_t others;  /* files that are no pictures */
} tree;

static void release_tree(tree *t)
{
    for (size_t p = 0; p < 2; p++) {
        for (size_t k = 0; t->part[p].images && k < t->part[p].classes.n; k++)
            release_names(&t->part[p].images[k]);
        ipl_free(t->part[p].images);
        release_names(&t->part[p].classes);
    }
    ipl_free(t);
}

/* Find out whether path has a train and a test folder, or classes. */
static ipl_status find_parts(tree *t, const char *path, ipl_error *err)
{
    ipl_status st = IPL_OK;

    t->n_parts = 2;
    for (size_t p = 0; p < 2 && st == IPL_OK; p++) {
        t->part[p].prefix = p == IPL_TRAIN ? "train/" : "test/";
        st = ipl_path_join(t->part[p].folder, path, part_folder[p], err);
        if (st == IPL_OK && !ipl_file_is_folder(t->part[p].folder))
            t->n_parts = 1;
    }
    if (st == IPL_OK && t->n_parts == 1) {
        t->part[IPL_TRAIN].prefix = "";
        memcpy(t->part[IPL_TRAIN].folder, path, strlen(path) + 1);
    }
    return st;
}

static ipl_status list_images(tree *t, part_files *part, ipl_error *err)
{
    ipl_status st = IPL_OK;

    part->images = ipl_array(part->classes.n, 1, sizeof *part->images, err);
    if (!part->images)
        return IPL_E_NOMEM;
    for (size_t k = 0; k < part->classes.n && st == IPL_OK; k++) {
        char folder[IPL_PATH_MAX];

        st = ipl_path_join(folder, part->folder, part->classes.s[k], err);
        if (st == IPL_OK)
            st = list(&part->images[k], &t->others, folder,
                      (wanted){false, IMAGES_MAX - part->n}, err);
        if (st == IPL_OK && part->images[k].n == 0)
            st = ipl_fail(err, IPL_E_FORMAT, "%s: no .png there, every class needs images",
                          folder);
        part->n += part->images[k].n;
    }
    return st;
}

static ipl_status list_part(tree *t, part_files *part, ipl_error *err)
{
    const ipl_status st =
        list(&part->classes, &t->others, part->folder, (wanted){true, CLASSES_MAX}, err);

    if (st != IPL_OK)
        return st;
    if (part->classes.n == 0)
        return ipl_fail(err, IPL_E_FORMAT,
                        "%s: no folder of a class there; want <class>/*.png, or "
                        "train/<class>/*.png and test/<class>/*.png",
                        part->folder);
    return list_images(t, part, err);
}

/* Both parts must have the same classes. */
static ipl_status compare_classes(const part_files *train, const part_files *test,
                                  ipl_error *err)
{
    size_t i = 0, j = 0;

    while (i < train->classes.n || j < test->classes.n) {
        const char *a = i < train->classes.n ? train->classes.s[i] : NULL;
        const char *b = j < test->classes.n ? test->classes.s[j] : NULL;
        const int order = !a ? 1 : !b ? -1 : strcmp(a, b);

        if (order != 0)
            return ipl_fail(err, IPL_E_SHAPE, "%.200s: no class '%.60s', %.200s has it",
                            order < 0 ? test->folder : train->folder, order < 0 ? a : b,
                            order < 0 ? train->folder : test->folder);
        i++;
        j++;
    }
    return IPL_OK;
}

static ipl_status find_files(tree *t, const char *path, ipl_error *err)
{
    ipl_status st = find_parts(t, path, err);

    for (size_t p = 0; p < t->n_parts && st == IPL_OK; p++)
        st = list_part(t, &t->part[p], err);
    if (st == IPL_OK && t->n_parts == 2)
        st = compare_classes(&t->part[IPL_TRAIN], &t->part[IPL_TEST], err);
    return st;
}

/* ---- reading ---- */

/* <part>/<class k>/<image i> */
static ipl_status image_path(char *out, const part_files *part, size_t k, size_t i,
                             ipl_error *err)
{
    char folder[IPL_PATH_MAX];
    const ipl_status st = ipl_path_join(folder, part->folder, part->classes.s[k], err);

    return st == IPL_OK ? ipl_path_join(out, folder, part->images[k].s[i], err) : st;
}

/* The first picture decides the shape of all. */
static ipl_status find_shape(ipl_shape *out, const tree *t, ipl_error *err)
{
    char path[IPL_PATH_MAX];
    ipl_picture picture;
    size_t d, total;
    ipl_status st = image_path(path, &t->part[IPL_TRAIN], 0, 0, err);

    if (st == IPL_OK)
        st = ipl_png_read(&picture, path, err);
    if (st != IPL_OK)
        return st;
    *out = (ipl_shape){picture.channels, picture.height, picture.width};
    ipl_picture_release(&picture);
    d = ipl_shape_size(*out);
    if (ipl_mul_overflows(&total, t->part[IPL_TRAIN].n + t->part[IPL_TEST].n, d) ||
        total > BYTES_MAX)
        return ipl_fail(err, IPL_E_SHAPE,
                        "%.300s: %zu pictures of %zu bytes are more than the %zu GiB that "
                        "are read",
                        t->part[IPL_TRAIN].folder,
                        t->part[IPL_TRAIN].n + t->part[IPL_TEST].n, d, BYTES_MAX >> 30);
    return IPL_OK;
}

/* (height, width, channels) to (channels, height, width). */
static void to_planes(uint8_t *x, const ipl_picture *p)
{
    const size_t n = p->height * p->width;

    for (size_t c = 0; c < p->channels; c++)
        for (size_t i = 0; i < n; i++)
            x[c * n + i] = p->pixels[i * p->channels + c];
}

static ipl_status read_image(uint8_t *x, ipl_shape shape, const char *path, ipl_error *err)
{
    ipl_picture p;
    ipl_status st = ipl_png_read(&p, path, err);

    if (st != IPL_OK)
        return st;
    if (p.height == shape.h && p.width == shape.w && p.channels == shape.c)
        to_planes(x, &p);
    else
        st = ipl_fail(
            err, IPL_E_SHAPE,
            "%s: a picture of %zu x %zu in %s, the first is one of %zu x %zu in %s", path,
            p.height, p.width, p.channels == 3 ? "colour" : "grey", shape.h, shape.w,
            shape.c == 3 ? "colour" : "grey");
    ipl_picture_release(&p);
    return st;
}

/* Read a part; `sums` gets a line for each file, as sha256sum prints it. */
static ipl_status read_part(ipl_store *out, ipl_text *sums, const part_files *part,
                            ipl_shape shape, ipl_error *err)
{
    const size_t d = ipl_shape_size(shape);
    char path[IPL_PATH_MAX], hash[65];
    ipl_status st = IPL_OK;

    out->bytes = ipl_array(part->n, d, 1, err);
    out->labels = ipl_array(part->n, 1, sizeof *out->labels, err);
    if (!out->bytes || !out->labels)
        return IPL_E_NOMEM;
    for (size_t k = 0; k < part->classes.n; k++)
        for (size_t i = 0; i < part->images[k].n; i++) {
            st = image_path(path, part, k, i, err);
            if (st == IPL_OK)
                st = read_image(out->bytes + out->n * d, shape, path, err);
            if (st == IPL_OK)
                st = ipl_file_sha256(hash, path, err);
            if (st != IPL_OK)
                return st;
            out->labels[out->n++] = (int32_t)k;
            ipl_text_add(sums, "%s  %s%s/%s\n", hash, part->prefix, part->classes.s[k],
                         part->images[k].s[i]);
        }
    return IPL_OK;
}

/* Record the folder, its hash being that of the list of its files' hashes. */
static ipl_status record(ipl_samples *out, const char *path, const ipl_text *sums,
                         size_t others, ipl_error *err)
{
    ipl_status st = ipl_text_status(sums, err);

    if (st == IPL_OK)
        st = ipl_samples_add_file(out, path, err);
    if (st != IPL_OK)
        return st;
    ipl_bytes_sha256(out->files[out->n_files - 1].sha256, sums->s, sums->len);
    if (others > 0)
        ipl_text_add(&out->note, "%zu files are no .png and were left out", others);
    return ipl_text_status(&out->note, err);
}

static ipl_status load_tree(ipl_samples *out, const tree *t, const char *path,
                            ipl_error *err)
{
    const names *classes = &t->part[IPL_TRAIN].classes;
    ipl_text sums = {0};
    ipl_status st = find_shape(&out->shape, t, err);

    if (st != IPL_OK)
        return st;
    out->pixels = true;
    out->n_classes = classes->n;
    st = ipl_samples_name_classes(out, (const char *const *)classes->s, err);
    for (size_t p = 0; p < t->n_parts && st == IPL_OK; p++)
        st = read_part(&out->part[p], &sums, &t->part[p], out->shape, err);
    if (st == IPL_OK)
        st = record(out, path, &sums, t->others, err);
    ipl_text_release(&sums);
    return st;
}

static ipl_status load_png(ipl_samples *out, const void *self, uint64_t seed,
                           ipl_error *err)
{
    const png_source *s = self;
    tree *t;
    ipl_status st;

    (void)seed; /* nothing is drawn */
    if (*s->path == '\0')
        return ipl_fail(err, IPL_E_FORMAT, "png: want path=FOLDER, as in png:path=FOLDER");
    t = ipl_array(1, 1, sizeof *t, err);
    if (!t)
        return IPL_E_NOMEM;
    st = find_files(t, s->path, err);
    if (st == IPL_OK)
        st = load_tree(out, t, s->path, err);
    release_tree(t);
    return st;
}

const ipl_source_ops ipl_source_png = {
    .row = {.name = "png",
            .summary = "PNG pictures of one size, a folder for each class, png:path=FOLDER",
            .source = NULL,
            .size = sizeof(png_source),
            .opts = png_opts},
    .load = load_png,
};
