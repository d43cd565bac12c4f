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

#define WHITE_8 255.0f /* of pictures of 8 and of 16 bits */
#define WHITE_16 65535.0f

enum { CLASSES_MAX = 65536, IMAGES_MAX = 10000000, FIRST_ROOM = 64 };

/* Names of the folder of the test part, the first that is there is taken. */
static const char *const test_names[] = {"test", "val", "valid", "validation"};
enum { N_TEST_NAMES = sizeof test_names / sizeof test_names[0] };

/* What systems leave in folders, besides hidden files. */
static const char *const system_names[] = {"__MACOSX", "Thumbs.db", "ehthumbs.db",
                                           "desktop.ini", "@eaDir"};

typedef struct png_source {
    char path[IPL_PATH_MAX];
} png_source;

static const ipl_opt png_opts[] = {
    IPL_OPT_STRING(png_source, path, "path", "",
                   "folder of <class>/*.png, or of train/ and test/ or val/ with these"),
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

/* Classes: 2 before 10. */
static int by_number(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;

    return ipl_natural_order(*x, *y);
}

static int by_spelling(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;

    return strcmp(*x, *y);
}

static bool is_png(const char *name)
{
    const size_t len = strlen(name);

    return len > 4 && strcasecmp(name + len - 4, ".png") == 0;
}

static bool is_of_system(const char *name)
{
    for (size_t i = 0; i < sizeof system_names / sizeof system_names[0]; i++)
        if (strcasecmp(name, system_names[i]) == 0)
            return true;
    return *name == '.';
}

/* Entries that were left out. */
typedef struct left_out {
    size_t others; /* files that are no .png */
    size_t system; /* hidden ones, and those of an operating system */
} left_out;

/* What is listed: folders or .png files, at most so many. */
typedef struct wanted {
    bool folders;
    size_t limit;
} wanted;

/* Take an entry of a folder if it is wanted, else count it. */
static ipl_status take_entry(names *out, left_out *left, const char *folder,
                             const char *name, wanted want, ipl_error *err)
{
    char path[IPL_PATH_MAX];
    bool is_folder;
    ipl_status st;

    if (is_of_system(name)) {
        left->system += strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
        return IPL_OK;
    }
    st = ipl_path_join(path, folder, name, err);
    if (st != IPL_OK)
        return st;
    is_folder = ipl_file_is_folder(path);
    if (want.folders ? !is_folder : is_folder || !is_png(name)) {
        left->others += !is_folder;
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

/* What is wanted of a folder, sorted. */
static ipl_status list(names *out, left_out *left, const char *folder, wanted want,
                       ipl_error *err)
{
    const struct dirent *entry = NULL;
    ipl_status st = IPL_OK;
    DIR *dir = ipl_folder_open(folder);

    *out = (names){0};
    if (!dir)
        return ipl_fail(err, IPL_E_NOINPUT, "%s: %s", folder, strerror(errno));
    while (st == IPL_OK && (entry = next_entry(dir)))
        st = take_entry(out, left, folder, entry->d_name, want, err);
    if (st == IPL_OK && errno != 0)
        st = ipl_fail(err, IPL_E_IO, "%s: %s", folder, strerror(errno));
    (void)closedir(dir);
    if (st != IPL_OK)
        release_names(out);
    else if (out->n > 0)
        qsort(out->s, out->n, sizeof *out->s, want.folders ? by_number : by_spelling);
    return st;
}

/* ---- what there is to read ---- */

/* The files of one part, class by class. */
typedef struct part_files {
    char folder[IPL_PATH_MAX];
    const char *prefix; /* its folder below the data set's: "train"; "": that itself */
    names classes;
    names *images; /* (classes.n) owned */
    size_t n;      /* of all classes */
} part_files;

typedef struct tree {
    part_files part[2];
    size_t n_parts; /* 1: to be split */
    left_out left;
    size_t n_alpha, n_wide; /* pictures with alpha; of 16 bits */
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

/* Folder `name` of path; false when there is none. */
static bool find_folder(char *out, const char *path, const char *name)
{
    return ipl_path_join(out, path, name, NULL) == IPL_OK && ipl_file_is_folder(out);
}

/* Whether a folder has folders, which may be classes, and pictures. */
static ipl_status look_into(bool *folders, bool *pictures, const char *folder,
                            ipl_error *err)
{
    names found;
    left_out left = {0};
    ipl_status st = list(&found, &left, folder, (wanted){true, CLASSES_MAX}, err);

    *folders = found.n > 0;
    release_names(&found);
    if (st != IPL_OK)
        return st;
    st = list(&found, &left, folder, (wanted){false, IMAGES_MAX}, err);
    *pictures = found.n > 0;
    release_names(&found);
    return st;
}

/* Folder of the test part: the first that has folders; *taken = N_TEST_NAMES without one. */
static ipl_status find_test(size_t *taken, char *folder, const char *path, ipl_error *err)
{
    ipl_status st = IPL_OK;
    bool folders = false, pictures;
    size_t k = 0;

    for (; k < N_TEST_NAMES && st == IPL_OK; k++) {
        if (find_folder(folder, path, test_names[k]))
            st = look_into(&folders, &pictures, folder, err);
        if (folders)
            break;
    }
    *taken = k;
    return st;
}

/* A part without the other is no class: it has classes itself, and no picture. */
static ipl_status check_lone(const char *path, const char *name, ipl_error *err)
{
    char folder[IPL_PATH_MAX];
    bool folders, pictures;
    ipl_status st;

    if (!find_folder(folder, path, name))
        return IPL_OK;
    st = look_into(&folders, &pictures, folder, err);
    if (st == IPL_OK && folders && !pictures)
        st = ipl_fail(err, IPL_E_FORMAT,
                      "%.200s: %s/ has classes, want train/ and test/ or val/ with classes "
                      "side by side; path=%.200s has it split",
                      path, name, folder);
    return st;
}

/* Find out whether path has folders of a training and a test part, or classes. */
static ipl_status find_parts(tree *t, const char *path, ipl_error *err)
{
    part_files *train = &t->part[IPL_TRAIN], *test = &t->part[IPL_TEST];
    const bool has_train = find_folder(train->folder, path, "train");
    size_t k = N_TEST_NAMES;
    ipl_status st = has_train ? find_test(&k, test->folder, path, err) : IPL_OK;

    t->n_parts = k < N_TEST_NAMES ? 2 : 1;
    train->prefix = t->n_parts == 2 ? "train" : "";
    test->prefix = t->n_parts == 2 ? test_names[k] : "";
    if (t->n_parts == 2 || st != IPL_OK)
        return st;
    memcpy(train->folder, path, strlen(path) + 1);
    st = check_lone(path, "train", err);
    for (k = 0; k < N_TEST_NAMES && st == IPL_OK; k++)
        st = check_lone(path, test_names[k], err);
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
            st = list(&part->images[k], &t->left, folder,
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
        list(&part->classes, &t->left, part->folder, (wanted){true, CLASSES_MAX}, err);

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
        const int order = !a ? 1 : !b ? -1 : ipl_natural_order(a, b);

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

/* Pixels of so many bytes each must not be more than are read. */
static ipl_status check_total(const tree *t, ipl_shape shape, size_t size, ipl_error *err)
{
    const size_t n = t->part[IPL_TRAIN].n + t->part[IPL_TEST].n;
    const size_t bytes = ipl_shape_size(shape) * size;
    size_t total;

    if (ipl_mul_overflows(&total, n, bytes) || total > BYTES_MAX)
        return ipl_fail(err, IPL_E_SHAPE,
                        "%.300s: %zu pictures of %zu bytes are more than the %zu GiB that "
                        "are read",
                        t->part[IPL_TRAIN].folder, n, bytes, BYTES_MAX >> 30);
    return IPL_OK;
}

/* The first picture decides the shape of all. */
static ipl_status find_shape(ipl_samples *out, const tree *t, ipl_error *err)
{
    char path[IPL_PATH_MAX];
    ipl_picture picture;
    ipl_status st = image_path(path, &t->part[IPL_TRAIN], 0, 0, err);

    if (st == IPL_OK)
        st = ipl_png_read_over(&picture, path, &out->background, err);
    if (st != IPL_OK)
        return st;
    out->shape = (ipl_shape){picture.channels, picture.height, picture.width};
    out->white = picture.wide ? WHITE_16 : WHITE_8;
    ipl_picture_release(&picture);
    return check_total(t, out->shape, out->white > WHITE_8 ? sizeof(float) : 1, err);
}

/* Room for the pixels of a part: bytes, or floats when there are 16 bits. */
static ipl_status reserve_pixels(ipl_store *part, size_t n, const ipl_samples *samples,
                                 ipl_error *err)
{
    const size_t d = ipl_shape_size(samples->shape);

    if (samples->white > WHITE_8) {
        part->values = ipl_array(n, d, sizeof *part->values, err);
        return part->values ? IPL_OK : IPL_E_NOMEM;
    }
    part->bytes = ipl_array(n, d, 1, err);
    return part->bytes ? IPL_OK : IPL_E_NOMEM;
}

/* The first picture of 16 bits among others: what was read is taken to 0 ... 65535 too. */
static ipl_status widen(ipl_samples *out, const tree *t, ipl_error *err)
{
    const size_t d = ipl_shape_size(out->shape);
    ipl_status st = check_total(t, out->shape, sizeof(float), err);

    out->white = WHITE_16;
    for (size_t p = 0; p < t->n_parts && st == IPL_OK; p++) {
        ipl_store *part = &out->part[p];

        if (!part->bytes)
            continue; /* not yet begun */
        st = reserve_pixels(part, t->part[p].n, out, err);
        for (size_t i = 0; i < part->n * d && st == IPL_OK; i++)
            part->values[i] = 257.0f * (float)part->bytes[i];
        ipl_free(part->bytes);
        part->bytes = NULL;
    }
    return st;
}

/* (height, width, channels) to (channels, height, width), behind what the part has. */
static void to_planes(ipl_store *part, const ipl_picture *p)
{
    const size_t n = p->height * p->width, start = part->n * n * p->channels;

    for (size_t c = 0; c < p->channels; c++)
        for (size_t i = 0; i < n; i++) {
            const size_t from = i * p->channels + c, to = start + c * n + i;

            if (part->bytes)
                part->bytes[to] = p->pixels[from];
            else
                part->values[to] = (float)ipl_picture_value(p, from);
        }
}

static ipl_status read_image(ipl_samples *out, ipl_store *part, tree *t, const char *path,
                             ipl_error *err)
{
    const ipl_shape shape = out->shape;
    ipl_picture p;
    ipl_status st = ipl_png_read_over(&p, path, &out->background, err);

    if (st != IPL_OK)
        return st;
    if (p.height != shape.h || p.width != shape.w || p.channels != shape.c)
        st = ipl_fail(
            err, IPL_E_SHAPE,
            "%s: a picture of %zu x %zu in %s, the first is one of %zu x %zu in %s", path,
            p.height, p.width, p.channels == 3 ? "colour" : "grey", shape.h, shape.w,
            shape.c == 3 ? "colour" : "grey");
    else if (p.wide && out->white < WHITE_16)
        st = widen(out, t, err);
    if (st == IPL_OK)
        to_planes(part, &p);
    t->n_alpha += p.alpha;
    t->n_wide += p.wide;
    ipl_picture_release(&p);
    return st;
}

/* Read a part; `sums` gets a line for each file, as sha256sum prints it. */
static ipl_status read_part(ipl_samples *samples, ipl_text *sums, tree *t, size_t p,
                            ipl_error *err)
{
    const part_files *part = &t->part[p];
    ipl_store *out = &samples->part[p];
    char path[IPL_PATH_MAX], hash[65];
    ipl_status st = reserve_pixels(out, part->n, samples, err);

    out->labels = ipl_array(part->n, 1, sizeof *out->labels, err);
    if (st != IPL_OK || !out->labels)
        return IPL_E_NOMEM;
    for (size_t k = 0; k < part->classes.n; k++)
        for (size_t i = 0; i < part->images[k].n; i++) {
            st = image_path(path, part, k, i, err);
            if (st == IPL_OK)
                st = read_image(samples, out, t, path, err);
            if (st == IPL_OK)
                st = ipl_file_sha256(hash, path, err);
            if (st != IPL_OK)
                return st;
            out->labels[out->n++] = (int32_t)k;
            ipl_text_add(sums, "%s  %s%s%s/%s\n", hash, part->prefix,
                         *part->prefix != '\0' ? "/" : "", part->classes.s[k],
                         part->images[k].s[i]);
        }
    return IPL_OK;
}

/* Say which folder the test part is, when others might be. */
static void note_test(ipl_samples *out, const tree *t, const char *path)
{
    char folder[IPL_PATH_MAX];

    for (size_t k = 0; t->n_parts == 2 && k < N_TEST_NAMES; k++)
        if (strcmp(test_names[k], t->part[IPL_TEST].prefix) != 0 &&
            find_folder(folder, path, test_names[k]))
            ipl_text_add(ipl_samples_note(out), "the test part is %s/, %s/ was left out",
                         t->part[IPL_TEST].prefix, test_names[k]);
}

/* Say what was left out, and how pictures were read. */
static void add_notes(ipl_samples *out, const tree *t, const char *path)
{
    const names *classes = &t->part[IPL_TRAIN].classes;
    const size_t n = t->part[IPL_TRAIN].n + t->part[IPL_TEST].n;
    const uint8_t *rgb = out->background.rgb;
    size_t k = 1;

    note_test(out, t, path);
    if (t->left.others > 0)
        ipl_text_add(ipl_samples_note(out), "%zu files are no .png and were left out",
                     t->left.others);
    if (t->left.system > 0)
        ipl_text_add(ipl_samples_note(out),
                     "%zu hidden or system files or folders were left out", t->left.system);
    if (t->n_alpha > 0)
        ipl_text_add(
            ipl_samples_note(out),
            "%zu of %zu pictures have alpha and lie on the background %02x%02x%02x",
            t->n_alpha, n, rgb[0], rgb[1], rgb[2]);
    if (t->n_wide > 0)
        ipl_text_add(ipl_samples_note(out),
                     "%zu of %zu pictures have 16 bits, read at full depth, scale 1/65535",
                     t->n_wide, n);
    while (k < classes->n && strcmp(classes->s[k - 1], classes->s[k]) < 0)
        k++;
    if (k < classes->n)
        ipl_text_add(
            ipl_samples_note(out),
            "classes are numbered in natural order, %.40s before %.40s, and not by "
            "spelling as torchvision's ImageFolder has it",
            classes->s[k - 1], classes->s[k]);
}

/* Record the folder, its hash being that of the list of its files' hashes. */
static ipl_status record(ipl_samples *out, const char *path, const ipl_text *sums,
                         ipl_error *err)
{
    ipl_status st = ipl_text_status(sums, err);

    if (st == IPL_OK)
        st = ipl_samples_add_file(out, path, err);
    if (st == IPL_OK)
        ipl_bytes_sha256(out->files[out->n_files - 1].sha256, sums->s, sums->len);
    return st;
}

static ipl_status load_tree(ipl_samples *out, tree *t, const char *path, ipl_error *err)
{
    const names *classes = &t->part[IPL_TRAIN].classes;
    ipl_text sums = {0};
    ipl_status st = find_shape(out, t, err);

    if (st != IPL_OK)
        return st;
    out->n_classes = classes->n;
    st = ipl_samples_name_classes(out, (const char *const *)classes->s, err);
    for (size_t p = 0; p < t->n_parts && st == IPL_OK; p++)
        st = read_part(out, &sums, t, p, err);
    if (st == IPL_OK)
        st = record(out, path, &sums, err);
    if (st == IPL_OK) {
        add_notes(out, t, path);
        st = ipl_text_status(&out->note, err);
    }
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
