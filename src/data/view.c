#include "data/view.h"

#include "base/alloc.h"
#include "base/rng.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_SHARE 0.8

static const char *const part_name[] = {[IPL_TRAIN] = "training", [IPL_TEST] = "test"};

/* Empty view with room for n rows. */
static ipl_status reserve(ipl_view *view, const ipl_store *store, size_t n, ipl_error *err)
{
    view->store = store;
    view->n = 0;
    view->rows = ipl_array(n, 1, sizeof *view->rows, err);
    view->labels = ipl_array(n, 1, sizeof *view->labels, err);
    return view->rows && view->labels ? IPL_OK : IPL_E_NOMEM;
}

void ipl_view_release(ipl_view *view)
{
    ipl_free(view->rows);
    ipl_free(view->labels);
    *view = (ipl_view){0};
}

/* The numbers 0 ... n-1 in random order, for ipl_free(). */
static uint32_t *permutation(ipl_rng rng, size_t n, ipl_error *err)
{
    uint32_t *index = ipl_array(n, 1, sizeof *index, err);

    for (size_t i = 0; index && i < n; i++)
        index[i] = (uint32_t)i;
    if (index)
        ipl_rng_shuffle(&rng, index, n);
    return index;
}

/* ---- classes ---- */

/* Class of a name; n_classes when none has it. */
static size_t find_name(const ipl_samples *samples, const char *name, size_t len)
{
    size_t k = 0;

    while (k < samples->n_classes && (strlen(samples->class_names[k]) != len ||
                                      memcmp(samples->class_names[k], name, len) != 0))
        k++;
    return k;
}

/* Whether names of classes are numbers, so that a number is a name. */
static bool names_are_numbers(const ipl_samples *samples)
{
    for (size_t k = 0; k < samples->n_classes; k++) {
        uint64_t number;

        if (ipl_count_parse(&number, samples->class_names[k]))
            return true;
    }
    return false;
}

static ipl_status no_class(const ipl_samples *samples, const char *word, size_t len,
                           const char *name, ipl_error *err)
{
    enum { SHOWN = 5 };
    ipl_text known = {0};

    for (size_t k = 0; k < samples->n_classes && k < SHOWN; k++)
        ipl_text_add(&known, "%s%.40s", k ? ", " : "", samples->class_names[k]);
    if (samples->n_classes > SHOWN)
        ipl_text_add(&known, ", ... (%zu)", samples->n_classes);
    (void)ipl_fail(err, IPL_E_ARG, "classes: %s has no class '%.*s'; there are %s", name,
                   (int)(len < 60 ? len : 60), word, known.s ? known.s : "none");
    ipl_text_release(&known);
    return IPL_E_ARG;
}

/* Class of one word of the list: a name where classes have names, else a number. */
static ipl_status find_class(size_t *out, const ipl_samples *samples, const char *text,
                             size_t len, const char *name, ipl_error *err)
{
    const bool named = samples->class_names != NULL;
    char word[16];
    uint64_t k = 0;

    *out = named ? find_name(samples, text, len) : samples->n_classes;
    if (*out < samples->n_classes)
        return IPL_OK;
    if (named && names_are_numbers(samples))
        return no_class(samples, text, len, name, err);
    if (len < sizeof word) {
        memcpy(word, text, len);
        word[len] = '\0';
    }
    if (len >= sizeof word || !ipl_count_parse(&k, word))
        return named
                   ? no_class(samples, text, len, name, err)
                   : ipl_fail(err, IPL_E_ARG,
                              "classes: '%.*s' is not a number, want a list such as 0,1,7",
                              (int)(len < 60 ? len : 60), text);
    if (k >= samples->n_classes)
        return ipl_fail(err, IPL_E_ARG, "classes: %s has no class %s, want 0 ... %zu", name,
                        word, samples->n_classes - 1);
    *out = (size_t)k;
    return IPL_OK;
}

/* Read "0,1,7" or "cat,dog": map[old] = new, the others stay -1; *n = how many. */
static ipl_status parse_classes(int32_t *map, size_t *n, const char *text,
                                const ipl_samples *samples, const char *name,
                                ipl_error *err)
{
    *n = 0;
    for (;;) {
        const size_t len = strcspn(text, ",");
        size_t k;
        const ipl_status st = find_class(&k, samples, text, len, name, err);

        if (st != IPL_OK)
            return st;
        if (map[k] >= 0)
            return ipl_fail(err, IPL_E_ARG, "classes: %.*s is given twice",
                            (int)(len < 60 ? len : 60), text);
        map[k] = (int32_t)(*n)++;
        if (text[len] == '\0')
            return IPL_OK;
        text += len + 1;
    }
}

/* Say which class got which number. */
static ipl_status note_classes(ipl_samples *samples, ipl_error *err)
{
    enum { SHOWN = 10 };
    ipl_text *note = ipl_samples_note(samples);

    ipl_text_add(note, "class");
    for (size_t k = 0; k < samples->n_classes && k < SHOWN; k++)
        ipl_text_add(note, "%s %zu is %.40s", k ? "," : "", k, samples->class_names[k]);
    if (samples->n_classes > SHOWN)
        ipl_text_add(note, ", and %zu more", samples->n_classes - SHOWN);
    return ipl_text_status(note, err);
}

/* Name the kept classes after what they were. */
static ipl_status rename_classes(ipl_samples *samples, const int32_t *map, size_t n,
                                 ipl_error *err)
{
    char **names = ipl_array(n, 1, sizeof *names, err);

    if (!names)
        return IPL_E_NOMEM;
    for (size_t k = 0; k < samples->n_classes; k++) {
        char number[24];

        if (map[k] < 0)
            continue;
        (void)snprintf(number, sizeof number, "%zu", k);
        names[map[k]] =
            ipl_string_copy(samples->class_names ? samples->class_names[k] : number, err);
        if (!names[map[k]]) {
            ipl_names_free(names, n);
            return IPL_E_NOMEM;
        }
    }
    ipl_names_free(samples->class_names, samples->n_classes);
    samples->class_names = names;
    samples->n_classes = n;
    return IPL_OK;
}

/* Drop the rows whose class is not in the map and renumber the others. */
static void keep_classes(ipl_view *view, const int32_t *map)
{
    size_t n = 0;

    for (size_t i = 0; i < view->n; i++) {
        const int32_t label = map[view->labels[i]];

        if (label < 0)
            continue;
        view->rows[n] = view->rows[i];
        view->labels[n++] = label;
    }
    view->n = n;
}

static ipl_status choose_classes(ipl_view view[2], ipl_samples *samples, const char *text,
                                 const char *name, ipl_error *err)
{
    int32_t *map;
    size_t n;
    ipl_status st;

    if (!text || *text == '\0' || strcmp(text, "all") == 0)
        return IPL_OK;
    if (samples->n_classes == 0)
        return ipl_fail(err, IPL_E_ARG, "classes: %s has no labels", name);
    map = ipl_array(samples->n_classes, 1, sizeof *map, err);
    if (!map)
        return IPL_E_NOMEM;
    for (size_t k = 0; k < samples->n_classes; k++)
        map[k] = -1;
    st = parse_classes(map, &n, text, samples, name, err);
    if (st == IPL_OK) {
        keep_classes(&view[IPL_TRAIN], map);
        keep_classes(&view[IPL_TEST], map);
        st = rename_classes(samples, map, n, err);
    }
    if (st == IPL_OK)
        st = note_classes(samples, err);
    ipl_free(map);
    return st;
}

/* ---- split and subset ---- */

/* Move a random 1 - share of the training view to the test view; both are shuffled. */
static ipl_status split(ipl_view view[2], double share, uint64_t seed, ipl_error *err)
{
    ipl_view all = view[IPL_TRAIN];
    size_t n_train = (size_t)(share * (double)all.n + 0.5);
    uint32_t *order = permutation(ipl_rng_at(seed, IPL_RNG_SPLIT, 0, 0), all.n, err);
    ipl_status st = order ? IPL_OK : IPL_E_NOMEM;

    if (n_train == 0)
        n_train = 1;
    view[IPL_TRAIN] = (ipl_view){0};
    ipl_view_release(&view[IPL_TEST]);
    if (st == IPL_OK)
        st = reserve(&view[IPL_TRAIN], all.store, n_train, err);
    if (st == IPL_OK)
        st = reserve(&view[IPL_TEST], all.store, all.n - n_train, err);
    for (size_t i = 0; i < all.n && st == IPL_OK; i++) {
        ipl_view *part = &view[i < n_train ? IPL_TRAIN : IPL_TEST];

        part->rows[part->n] = all.rows[order[i]];
        part->labels[part->n++] = all.labels[order[i]];
    }
    ipl_free(order);
    ipl_view_release(&all);
    return st;
}

/* Keep `wanted` random rows in their order; 0: all. */
static ipl_status take(ipl_view *view, ipl_split part, size_t wanted, uint64_t seed,
                       const char *name, ipl_error *err)
{
    uint32_t *order;
    uint8_t *chosen;
    size_t n = 0;

    if (wanted == 0 || wanted == view->n)
        return IPL_OK;
    if (wanted > view->n)
        return ipl_fail(err, IPL_E_SHAPE, "%s: %zu %s samples asked for, there are %zu",
                        name, wanted, part_name[part], view->n);
    order = permutation(ipl_rng_at(seed, IPL_RNG_SUBSET, part, 0), view->n, err);
    chosen = ipl_array(view->n, 1, 1, err);
    if (order && chosen) {
        for (size_t i = 0; i < wanted; i++)
            chosen[order[i]] = 1;
        for (size_t i = 0; i < view->n; i++)
            if (chosen[i]) {
                view->rows[n] = view->rows[i];
                view->labels[n++] = view->labels[i];
            }
        view->n = n;
    }
    ipl_free(chosen);
    ipl_free(order);
    return n == wanted ? IPL_OK : IPL_E_NOMEM;
}

/* Give a random share of the rows a uniformly random label; it may be the one they had. */
static ipl_status randomise(ipl_view *view, double share, size_t n_classes, uint64_t seed,
                            ipl_error *err)
{
    const size_t n = (size_t)(share * (double)view->n + 0.5);
    ipl_rng labels = ipl_rng_at(seed, IPL_RNG_LABELS, 1, 0);
    uint32_t *order = permutation(ipl_rng_at(seed, IPL_RNG_LABELS, 0, 0), view->n, err);

    if (!order)
        return IPL_E_NOMEM;
    for (size_t i = 0; i < n; i++) /* a larger share changes these labels and more */
        view->labels[order[i]] = (int32_t)ipl_rng_below(&labels, n_classes);
    ipl_free(order);
    return IPL_OK;
}

/* ---- all of it ---- */

static ipl_status take_all(ipl_view *view, const ipl_store *store, ipl_error *err)
{
    const ipl_status st = reserve(view, store, store->n, err);

    if (st != IPL_OK)
        return st;
    for (size_t i = 0; i < store->n; i++)
        view->rows[i] = (uint32_t)i;
    if (store->n > 0)
        memcpy(view->labels, store->labels, store->n * sizeof *view->labels);
    view->n = store->n;
    return IPL_OK;
}

static ipl_status check_options(const ipl_data_opts *opts, size_t n_classes,
                                const char *name, ipl_error *err)
{
    if (!(opts->train_share >= 0.0 && opts->train_share <= 1.0))
        return ipl_fail(err, IPL_E_ARG, "train-share: %g is not in 0 ... 1",
                        opts->train_share);
    if (!(opts->random_labels >= 0.0 && opts->random_labels <= 1.0))
        return ipl_fail(err, IPL_E_ARG, "random-labels: %g is not in 0 ... 1",
                        opts->random_labels);
    if (opts->random_labels > 0.0 && n_classes == 0)
        return ipl_fail(err, IPL_E_ARG, "random-labels: %s has no labels", name);
    return IPL_OK;
}

ipl_status ipl_view_build(ipl_view view[2], ipl_samples *samples, const ipl_data_opts *opts,
                          const char *name, ipl_error *err)
{
    const double share = opts->train_share > 0.0 ? opts->train_share : DEFAULT_SHARE;
    ipl_view *train = &view[IPL_TRAIN], *test = &view[IPL_TEST];
    ipl_status st = check_options(opts, samples->n_classes, name, err);

    if (st == IPL_OK)
        st = take_all(train, &samples->part[IPL_TRAIN], err);
    if (st == IPL_OK)
        st = take_all(test, &samples->part[IPL_TEST], err);
    if (st == IPL_OK)
        st = choose_classes(view, samples, opts->classes, name, err);
    if (st == IPL_OK && train->n == 0)
        st = ipl_fail(err, IPL_E_SHAPE, "%s: no sample to train on", name);
    if (st == IPL_OK && samples->part[IPL_TEST].n == 0 && share < 1.0)
        st = split(view, share, opts->seed, err);
    if (st == IPL_OK)
        st = take(train, IPL_TRAIN, opts->n_train, opts->seed, name, err);
    if (st == IPL_OK)
        st = take(test, IPL_TEST, opts->n_test, opts->seed, name, err);
    if (st == IPL_OK && opts->random_labels > 0.0)
        st = randomise(train, opts->random_labels, samples->n_classes, opts->seed, err);
    return st;
}
