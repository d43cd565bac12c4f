/* Activations that another program wrote: what the names of its files say. */
#include "run/stack.h"

#include "base/alloc.h"
#include "base/text.h"
#include "math/npy_view.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* One file. */
typedef struct entry {
    const char *path; /* borrowed */
    double epoch;
    char layer[IPL_STACK_NAME_MAX];
    size_t rank; /* of the layer in the stack */
    bool whole;  /* every layer of its epoch is there and can be read */
} entry;

/* ---- names ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits at *s without zeros in front, and how many; *s goes past them. */
static size_t take_digits(const char **from, const char **s)
{
    while (**s == '0' && is_digit((*s)[1]))
        ++*s;
    *from = *s;
    while (is_digit(**s))
        ++*s;
    return (size_t)(*s - *from);
}

/* Order of names in which layer2 comes before layer10. */
static int compare_names(const char *a, const char *b)
{
    while (*a != '\0' && *b != '\0') {
        if (is_digit(*a) && is_digit(*b)) {
            const char *p, *q;
            const size_t n = take_digits(&p, &a), m = take_digits(&q, &b);
            const int order = n == m ? strncmp(p, q, n) : n < m ? -1 : 1;

            if (order != 0)
                return order;
        } else if (*a != *b) {
            return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
        } else {
            a++;
            b++;
        }
    }
    return (*a != '\0') - (*b != '\0');
}

/* "epoch3", "Epoch-3", "epoch=3": the number; false for other texts. */
static bool parse_epoch(double *epoch, const char *text, size_t len)
{
    static const char word[] = "epoch";
    char number[64];

    if (len < sizeof word || strncasecmp(text, word, sizeof word - 1) != 0)
        return false;
    text += sizeof word - 1;
    len -= sizeof word - 1;
    if (strchr("-_=. ", *text)) {
        text++;
        len--;
    }
    return ipl_text_copy(number, sizeof number, text, len, word, NULL) == IPL_OK &&
           ipl_number_parse(epoch, number) && *epoch >= 0.0;
}

/* Where the number of "fc1-12", "fc1-epoch12" or "fc1_epoch12" parts from the name, or 0. */
static size_t parse_suffix(double *epoch, const char *base, size_t len)
{
    char number[64];

    for (size_t i = 1; i < len; i++)
        if ((base[i] == '-' || base[i] == '_') &&
            parse_epoch(epoch, base + i + 1, len - i - 1))
            return i;
    for (size_t i = len; i-- > 1;)
        if (base[i] == '-')
            return ipl_text_copy(number, sizeof number, base + i + 1, len - i - 1, "epoch",
                                 NULL) == IPL_OK &&
                           ipl_number_parse(epoch, number) /* it has no minus */
                       ? i
                       : 0;
    return 0;
}

/* Layer and epoch that a path stands for. */
static ipl_status parse_path(entry *out, const char *path, ipl_error *err)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    const char *folder = slash ? slash : path;
    size_t len = ipl_npy_is_name(base) ? ipl_npy_stem(base) : strlen(base);

    out->path = path;
    while (folder > path && folder[-1] != '/')
        folder--;
    if (!slash || !parse_epoch(&out->epoch, folder, (size_t)(slash - folder)))
        len = parse_suffix(&out->epoch, base, len);
    if (len == 0)
        return ipl_fail(err, IPL_E_FORMAT,
                        "%s: no epoch in its name; want epoch<e>/<layer>.npy or "
                        "<layer>-<e>.npy",
                        path);
    return ipl_text_copy(out->layer, sizeof out->layer, base, len, path, err);
}

/* ---- from files to a stack ---- */

static int by_layer(const void *a, const void *b)
{
    const char *p = ((const entry *)a)->layer, *q = ((const entry *)b)->layer;
    const int order = compare_names(p, q);

    return order != 0 ? order : strcmp(p, q); /* "fc1" and "fc01" */
}

static int by_epoch_and_rank(const void *a, const void *b)
{
    const entry *p = a, *q = b;

    if (p->epoch != q->epoch)
        return p->epoch < q->epoch ? -1 : 1;
    return (p->rank > q->rank) - (p->rank < q->rank);
}

/* Whether len characters at word are a name. */
static bool is_name(const char *name, const char *word, size_t len)
{
    return strlen(name) == len && strncmp(name, word, len) == 0;
}

/* Place of a layer in "fc1,fc2", counted from 1; 0: not there. */
static size_t place_in(const char *layers, const char *name)
{
    size_t place = 1;

    while (*layers != '\0') {
        const size_t len = strcspn(layers, ",");

        if (is_name(name, layers, len))
            return place;
        place++;
        layers += len + (layers[len] == ',');
    }
    return 0;
}

/* Every word of the text must be a layer, once. */
static ipl_status check_layers(const char *layers, const entry *files, size_t n,
                               ipl_error *err)
{
    size_t place = 1;

    for (const char *at = layers; *at != '\0'; place++) {
        const size_t len = strcspn(at, ",");
        size_t i = 0;

        while (i < n && !is_name(files[i].layer, at, len))
            i++;
        if (i == n)
            return ipl_fail(err, IPL_E_FORMAT, "layers: no file of layer '%.*s'",
                            (int)(len < 60 ? len : 60), at);
        if (place_in(layers, files[i].layer) != place)
            return ipl_fail(err, IPL_E_FORMAT, "layers: '%.60s' is given twice",
                            files[i].layer);
        at += len + (at[len] == ',');
    }
    return IPL_OK;
}

/* Give every layer its rank; drop the files of layers that are not wanted. */
static ipl_status rank_layers(size_t *n_layers, entry *files, size_t *n, const char *layers,
                              ipl_error *err)
{
    size_t kept = 0;
    ipl_status st = check_layers(layers, files, *n, err);

    *n_layers = 0;
    if (st != IPL_OK)
        return st;
    qsort(files, *n, sizeof *files, by_layer);
    for (size_t i = 0; i < *n; i++) {
        const bool first = i == 0 || strcmp(files[i].layer, files[i - 1].layer) != 0;
        const size_t place = place_in(layers, files[i].layer);

        *n_layers += first && (*layers == '\0' || place > 0);
        files[i].rank = *layers == '\0' ? *n_layers - 1 : place - 1;
    }
    for (size_t i = 0; i < *n; i++)
        if (*layers == '\0' || place_in(layers, files[i].layer) > 0)
            files[kept++] = files[i];
    *n = kept;
    if (*n_layers == 0)
        return ipl_fail(err, IPL_E_NOINPUT, "no file of a layer");
    if (*n_layers > IPL_STACK_LAYERS_MAX)
        return ipl_fail(err, IPL_E_FORMAT, "%s: more than %d layers", files[0].path,
                        IPL_STACK_LAYERS_MAX);
    return IPL_OK;
}

/* Name of the layer of that rank. */
static const char *layer_of(const entry *files, size_t n, size_t rank)
{
    size_t i = 0;

    while (i + 1 < n && files[i].rank != rank)
        i++;
    return files[i].layer;
}

/* Files sorted by epoch and rank must be a full table. */
static ipl_status check_table(const entry *files, size_t n, size_t n_layers, ipl_error *err)
{
    for (size_t i = 0; i < n; i++) {
        const size_t want = i % n_layers;
        const entry *f = &files[i];

        if (i > 0 && f->epoch == f[-1].epoch && f->rank == f[-1].rank)
            return ipl_fail(err, IPL_E_FORMAT, "%.200s and %.200s: both are '%s' at %g",
                            f[-1].path, f->path, f->layer, f->epoch);
        if (f->rank != want || (want > 0 && f->epoch != f[-1].epoch))
            return ipl_fail(err, IPL_E_NOINPUT, "epoch %g: layer '%s' is missing",
                            want > 0 ? f[-1].epoch : f->epoch, layer_of(files, n, want));
    }
    if (n % n_layers != 0)
        return ipl_fail(err, IPL_E_NOINPUT, "epoch %g: layer '%s' is missing",
                        files[n - 1].epoch, layer_of(files, n, n % n_layers));
    return IPL_OK;
}

/* Whether n files, all of one epoch, are every layer and whole arrays; else why not. */
static bool is_whole(ipl_error *why, const entry *files, size_t n, size_t n_layers)
{
    size_t rows, cols;

    for (size_t i = 0; i < n; i++)
        if (ipl_npy_shape(&rows, &cols, files[i].path, why) != IPL_OK)
            return false;
    if (n < n_layers)
        (void)ipl_fail(why, IPL_E_NOINPUT, "it has %zu of %zu layers", n, n_layers);
    return n >= n_layers;
}

/*
 * Leave out the epochs that another program has not written whole, while they are fewer than
 * half: more of them are no accident, and are a fault further on.
 */
static void drop_unfinished(entry *files, size_t *n, size_t n_layers, ipl_text *notes)
{
    size_t kept = 0, epochs = 0, dropped = 0, next;
    ipl_text lines = {0};

    for (size_t i = 0; i < *n; i = next, epochs++) {
        ipl_error why = {0};
        bool whole;

        for (next = i + 1; next < *n && files[next].epoch == files[i].epoch;)
            next++;
        whole = is_whole(&why, files + i, next - i, n_layers);
        for (size_t k = i; k < next; k++)
            files[k].whole = whole;
        if (!whole) {
            dropped++;
            ipl_text_add(&lines, "%sepoch %g is left out: %s", lines.len > 0 ? "\n" : "",
                         files[i].epoch, why.msg);
        }
    }
    if (dropped > 0 && 2 * dropped < epochs) {
        for (size_t i = 0; i < *n; i++)
            if (files[i].whole)
                files[kept++] = files[i];
        *n = kept;
        ipl_text_add(notes, "%s%s", notes->len > 0 ? "\n" : "", lines.s);
    }
    ipl_text_release(&lines);
}

static ipl_status fill(ipl_stack *stack, const entry *files, ipl_error *err)
{
    const size_t n_layers = stack->n_layers;

    for (size_t i = 0; i < stack->n_epochs * n_layers; i++) {
        const size_t size = strlen(files[i].path) + 1;

        stack->files[i] = ipl_array(size, 1, 1, err);
        if (!stack->files[i])
            return IPL_E_NOMEM;
        memcpy(stack->files[i], files[i].path, size);
    }
    for (size_t l = 0; l < n_layers; l++)
        memcpy(stack->names[l], files[l].layer, sizeof files[l].layer);
    for (size_t e = 0; e < stack->n_epochs; e++) {
        char number[32];

        stack->epochs[e] = files[e * n_layers].epoch;
        ipl_number_print(number, sizeof number, stack->epochs[e]);
        (void)snprintf(stack->when[e], IPL_STACK_WHEN_MAX, "%s,NaN", number);
    }
    return IPL_OK;
}

/* Files to a stack; with notes, unfinished epochs are left out. */
static ipl_status make_stack(ipl_stack *out, const char *const *paths, size_t n,
                             const char *layers, ipl_text *notes, ipl_error *err)
{
    entry *files = ipl_array(n, 1, sizeof *files, err);
    ipl_stack stack = {.split = "train"};
    size_t n_layers = 1;
    ipl_status st = files ? IPL_OK : IPL_E_NOMEM;

    *out = (ipl_stack){0};
    for (size_t i = 0; i < n && st == IPL_OK; i++)
        st = parse_path(&files[i], paths[i], err);
    if (st == IPL_OK)
        st = rank_layers(&n_layers, files, &n, layers, err);
    if (st != IPL_OK)
        goto done;
    assert(n_layers > 0);
    qsort(files, n, sizeof *files, by_epoch_and_rank);
    if (notes)
        drop_unfinished(files, &n, n_layers, notes);
    st = check_table(files, n, n_layers, err);
    if (st == IPL_OK)
        st = ipl_stack_allocate(&stack, n / n_layers, n_layers, err);
    if (st == IPL_OK)
        st = fill(&stack, files, err);
    if (st != IPL_OK)
        goto done;
    *out = stack;
    stack = (ipl_stack){0}; /* now the caller's */
done:
    ipl_free(files);
    ipl_stack_release(&stack);
    return st;
}

ipl_status ipl_stack_of_files(ipl_stack *out, const char *const *paths, size_t n,
                              const char *layers, ipl_error *err)
{
    return make_stack(out, paths, n, layers, NULL, err);
}

/* ---- a folder ---- */

/* Paths that were found; each is owned. */
typedef struct paths {
    char **at;
    size_t n, room;
} paths;

static void paths_release(paths *list)
{
    for (size_t i = 0; i < list->n; i++)
        ipl_free(list->at[i]);
    ipl_free(list->at);
}

static ipl_status paths_add(paths *list, const char *path, ipl_error *err)
{
    const size_t size = strlen(path) + 1;

    if (list->n == list->room) {
        const size_t room = list->room > 0 ? 2 * list->room : 64;
        char **more = ipl_array(room, 1, sizeof *more, err);

        if (!more)
            return IPL_E_NOMEM;
        if (list->n > 0)
            memcpy(more, list->at, list->n * sizeof *more);
        ipl_free(list->at);
        list->at = more;
        list->room = room;
    }
    list->at[list->n] = ipl_array(size, 1, 1, err);
    if (!list->at[list->n])
        return IPL_E_NOMEM;
    memcpy(list->at[list->n++], path, size);
    return IPL_OK;
}

/* Whether two paths lead to one file. */
static bool same_file(const char *a, const char *b)
{
    struct stat p, q;

    return stat(a, &p) == 0 && stat(b, &q) == 0 && p.st_dev == q.st_dev &&
           p.st_ino == q.st_ino;
}

/* What is being looked for, and what else was there. */
typedef struct search {
    paths *found, *others;
    const char *x, *y;
} search;

static bool is_epoch_folder(const char *name, const char *path)
{
    double epoch;

    return parse_epoch(&epoch, name, strlen(name)) && ipl_file_is_folder(path);
}

/* Arrays of a folder, and of those below it that are called epoch... */
/* NOLINTNEXTLINE(misc-no-recursion): one level deep */
static ipl_status look_into(const search *s, const char *folder, bool below, ipl_error *err)
{
    DIR *dir = ipl_folder_open(folder);
    struct dirent *item;
    ipl_status st = IPL_OK;

    if (!dir)
        return ipl_fail(err, IPL_E_NOINPUT, "%s: %s", folder, strerror(errno));
    while (st == IPL_OK && (item = readdir(dir))) {
        const char *name = item->d_name;
        char path[IPL_PATH_MAX];

        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        st = ipl_path_join(path, folder, name, err);
        if (st != IPL_OK || same_file(path, s->x) || same_file(path, s->y))
            continue;
        if (below && is_epoch_folder(name, path))
            st = look_into(s, path, false, err); /* no deeper than this */
        else
            st = paths_add(name[0] != '.' && ipl_npy_is_name(name) ? s->found : s->others,
                           path, err);
    }
    (void)closedir(dir);
    return st;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One line that names what is no array of an epoch. */
static void note_others(ipl_text *notes, const paths *others)
{
    enum { SHOWN = 5 };

    if (others->n == 0)
        return;
    qsort(others->at, others->n, sizeof *others->at, by_text);
    ipl_text_add(notes, "left out, for they are no epoch<e>/<layer>.npy and no "
                        "<layer>-<e>.npy:");
    for (size_t i = 0; i < others->n && i < SHOWN; i++)
        ipl_text_add(notes, " %s", others->at[i]);
    if (others->n > SHOWN)
        ipl_text_add(notes, " and %zu more", others->n - SHOWN);
}

ipl_status ipl_stack_of_folder(ipl_stack *out, const char *folder, const char *x,
                               const char *y, const char *layers, ipl_error *err)
{
    paths found = {0}, others = {0};
    const search s = {&found, &others, x, y};
    ipl_text notes = {0};
    ipl_status st = look_into(&s, folder, true, err);

    *out = (ipl_stack){0};
    if (st == IPL_OK && found.n == 0)
        st = ipl_fail(err, IPL_E_NOINPUT,
                      "%s: no epoch<e>/<layer>.npy and no <layer>-<e>.npy in it", folder);
    note_others(&notes, &others);
    if (st == IPL_OK)
        st = make_stack(out, (const char *const *)found.at, found.n, layers, &notes, err);
    if (st == IPL_OK) {
        st = ipl_text_status(&notes, err);
        out->notes = notes;
        notes = (ipl_text){0}; /* now the stack's */
    }
    if (st != IPL_OK)
        ipl_stack_release(out);
    ipl_text_release(&notes);
    paths_release(&found);
    paths_release(&others);
    return st;
}
