#include "run/grid.h"

#include "base/alloc.h"
#include "run/experiment_keys.h"
#include "run/seeds.h"

#include <stdio.h>
#include <string.h>

enum { NAME_VALUE_MAX = 40, DIGITS = 6 };

static bool is_seed(const ipl_grid_axis *axis)
{
    return strcmp(axis->key, "seed") == 0;
}

/* Length of a key at s that is followed by '='; 0 when there is none. */
static size_t key_length(const char *s)
{
    const size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "0123456789._-");

    return s[n] == '=' ? n : 0;
}

/* Length of the axis at s: up to a blank behind which another axis starts. */
static size_t axis_length(const char *s)
{
    size_t i = 0, end = 0;

    for (;;) {
        i += strcspn(s + i, " ");
        end = i;
        i += strspn(s + i, " ");
        if (s[i] == '\0' || key_length(s + i) > 0)
            return end;
    }
}

/* Seeds as values. */
static ipl_status add_seeds(ipl_grid_axis *axis, const char *text, ipl_error *err)
{
    enum { SEED_CHARACTERS = 21 };
    uint64_t *seeds;
    size_t n;
    ipl_status st = ipl_seeds_parse(&seeds, &n, text, err);

    if (st != IPL_OK)
        return st;
    axis->store = ipl_array(n, SEED_CHARACTERS, 1, err);
    axis->values = ipl_array(n, 1, sizeof *axis->values, err);
    if (!axis->store || !axis->values) {
        st = IPL_E_NOMEM;
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        char *value = axis->store + i * SEED_CHARACTERS;

        (void)snprintf(value, SEED_CHARACTERS, "%llu", (unsigned long long)seeds[i]);
        axis->values[i] = value;
    }
    axis->n = n;
done:
    ipl_free(seeds);
    return st;
}

/* Values between commas, or semicolons when there is one. */
static ipl_status add_values(ipl_grid_axis *axis, const char *text, size_t len,
                             ipl_error *err)
{
    const char mark = memchr(text, ';', len) ? ';' : ',';
    char *value;

    axis->store = ipl_array(len + 1, 1, 1, err);
    axis->values = ipl_array(len + 1, 1, sizeof *axis->values, err);
    if (!axis->store || !axis->values)
        return IPL_E_NOMEM;
    memcpy(axis->store, text, len);
    value = axis->store;
    while (value) {
        char *next = strchr(value, mark);

        if (next)
            *next++ = '\0';
        value += strspn(value, " ");
        if (*value == '\0')
            return ipl_fail(err, IPL_E_ARG, "grid: an empty value of %s", axis->key);
        for (size_t i = 0; i < axis->n; i++)
            if (strcmp(axis->values[i], value) == 0)
                return ipl_fail(err, IPL_E_ARG, "grid: %s=%.60s is given twice", axis->key,
                                value);
        axis->values[axis->n++] = value;
        value = next;
    }
    return IPL_OK;
}

/* Read one axis, len characters, into the next place. */
static ipl_status add_axis(ipl_grid *grid, const char *text, size_t len,
                           const ipl_experiment *base, ipl_error *err)
{
    const size_t key = key_length(text);
    ipl_grid_axis *axis = &grid->axes[grid->n_axes];
    char word[IPL_GRID_KEY_MAX];
    ipl_status st;

    if (key == 0 || key + 1 >= len)
        return ipl_fail(err, IPL_E_ARG, "grid: '%.*s' is not key=value,value",
                        (int)(len < 60 ? len : 60), text);
    if (grid->n_axes == IPL_GRID_AXES_MAX)
        return ipl_fail(err, IPL_E_ARG, "grid: more than %d keys", IPL_GRID_AXES_MAX);
    grid->n_axes++; /* from here on the axis is released with the grid */
    st = ipl_text_copy(word, sizeof word, text, key, "grid: key", err);
    if (st == IPL_OK)
        st = ipl_experiment_key(axis->key, sizeof axis->key, base, word, err);
    if (st != IPL_OK)
        return ipl_fail(err, IPL_E_ARG, "grid: %s", err ? err->msg : "");
    if (strcmp(axis->key, "name") == 0)
        return ipl_fail(err, IPL_E_ARG, "grid: name is no key to vary; give --out");
    for (size_t i = 0; i + 1 < grid->n_axes; i++)
        if (strcmp(grid->axes[i].key, axis->key) == 0)
            return ipl_fail(err, IPL_E_ARG, "grid: %s is given twice", axis->key);
    if (is_seed(axis)) {
        char *seeds = ipl_array(len - key, 1, 1, err);

        if (!seeds)
            return IPL_E_NOMEM;
        memcpy(seeds, text + key + 1, len - key - 1);
        st = add_seeds(axis, seeds, err);
        ipl_free(seeds);
        return st;
    }
    return add_values(axis, text + key + 1, len - key - 1, err);
}

/* Let the axis of seeds be the last, and count the points. */
static ipl_status finish(ipl_grid *grid, ipl_error *err)
{
    for (size_t i = 0; i + 1 < grid->n_axes; i++)
        if (is_seed(&grid->axes[i])) {
            const ipl_grid_axis seeds = grid->axes[i];

            grid->axes[i] = grid->axes[i + 1];
            grid->axes[i + 1] = seeds;
        }
    grid->n_points = 1;
    for (size_t i = 0; i < grid->n_axes; i++) {
        if (grid->axes[i].n > IPL_GRID_POINTS_MAX / grid->n_points)
            return ipl_fail(err, IPL_E_ARG, "grid: more than %d points",
                            IPL_GRID_POINTS_MAX);
        grid->n_points *= grid->axes[i].n;
    }
    return IPL_OK;
}

ipl_status ipl_grid_create(ipl_grid *out, const char *text, const char *seeds,
                           const ipl_experiment *base, ipl_error *err)
{
    ipl_grid grid = {0};
    ipl_status st = IPL_OK;

    *out = (ipl_grid){0};
    while (st == IPL_OK && *(text += strspn(text, " ")) != '\0') {
        const size_t len = axis_length(text);

        st = add_axis(&grid, text, len, base, err);
        text += len;
    }
    if (st == IPL_OK && *seeds != '\0') {
        ipl_text axis = {0};

        ipl_text_add(&axis, "seed=%s", seeds);
        st = ipl_text_status(&axis, err);
        if (st == IPL_OK)
            st = add_axis(&grid, axis.s, axis.len, base, err);
        ipl_text_release(&axis);
    }
    if (st == IPL_OK && grid.n_axes == 0)
        st = ipl_fail(err, IPL_E_ARG,
                      "grid: nothing to vary; give --grid KEY=VALUE,VALUE or --seeds 1-5");
    if (st == IPL_OK)
        st = finish(&grid, err);
    if (st == IPL_OK) {
        *out = grid;
        grid = (ipl_grid){0}; /* now the caller's */
    }
    ipl_grid_release(&grid);
    return st;
}

void ipl_grid_release(ipl_grid *grid)
{
    for (size_t i = 0; i < grid->n_axes; i++) {
        ipl_free(grid->axes[i].values);
        ipl_free(grid->axes[i].store);
    }
    *grid = (ipl_grid){0};
}

const char *ipl_grid_value(const ipl_grid *grid, size_t point, size_t axis)
{
    for (size_t i = grid->n_axes; i-- > axis + 1;)
        point /= grid->axes[i].n;
    return grid->axes[axis].values[point % grid->axes[axis].n];
}

ipl_status ipl_grid_apply(ipl_experiment *exp, const ipl_grid *grid, size_t point,
                          ipl_error *err)
{
    ipl_status st = IPL_OK;

    for (int dotted = 0; dotted < 2; dotted++)
        for (size_t i = 0; i < grid->n_axes && st == IPL_OK; i++)
            if ((strchr(grid->axes[i].key, '.') != NULL) == (dotted == 1))
                st = ipl_experiment_set(exp, grid->axes[i].key,
                                        ipl_grid_value(grid, point, i), err);
    return st;
}

/* A value as part of a folder's name. */
static void print_value(ipl_text *out, const char *value)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789.+-";
    const size_t len = strlen(value);
    char digest[65];

    if (len <= NAME_VALUE_MAX && strspn(value, plain) == len) {
        ipl_text_add(out, "%s", value);
        return;
    }
    for (size_t i = 0; i < len && i < NAME_VALUE_MAX; i++)
        ipl_text_add(out, "%c", strchr(plain, value[i]) ? value[i] : '-');
    ipl_bytes_sha256(digest, value, len);
    ipl_text_add(out, "-%.*s", DIGITS, digest);
}

void ipl_grid_print_name(ipl_text *out, const ipl_grid *grid, size_t point)
{
    bool any = false;

    for (size_t i = 0; i < grid->n_axes; i++) {
        const ipl_grid_axis *axis = &grid->axes[i];

        if (is_seed(axis)) {
            ipl_text_add(out, "%sseed%s", any ? "/" : "", ipl_grid_value(grid, point, i));
            continue;
        }
        ipl_text_add(out, "%s%s=", any ? "_" : "", axis->key);
        print_value(out, ipl_grid_value(grid, point, i));
        any = true;
    }
}
