#include "run/collect.h"

#include "base/alloc.h"
#include "math/stats.h"
#include "run/experiment_keys.h"
#include "run/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LAYERS_MAX = 1000 };

static const char *const training_columns[IPL_SCORE_TRAINING] = {
    "epoch", "train_loss", "train_accuracy", "test_loss", "test_accuracy"};

const char *const ipl_compression_names[IPL_COMPRESSIONS] = {"compression_end",
                                                             "compression_last50"};

/* Keys in which replicates may differ. */
static bool is_individual(const char *key)
{
    static const char *const keys[] = {"seed", "name", "record", "pictures"};

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

static void add_line(void *self, const char *key, const char *value)
{
    ipl_collected *c = self;

    if (strcmp(key, "seed") == 0)
        (void)snprintf(c->seed, sizeof c->seed, "%s", value);
    if (strcmp(key, "name") == 0)
        (void)snprintf(c->name, sizeof c->name, "%s", value);
    if (!is_individual(key))
        ipl_text_add(&c->flat, "%s=%s\n", key, value);
}

static ipl_status read_experiment(ipl_collected *c, ipl_experiment *exp, ipl_error *err)
{
    ipl_status st;

    ipl_opt_init(exp, ipl_experiment_opts);
    st = ipl_experiment_read(exp, c->run->experiment, err);
    if (st == IPL_OK)
        st = ipl_experiment_each(exp, add_line, c, err);
    c->hash = 1469598103934665603u; /* FNV-1a */
    for (size_t i = 0; i < c->flat.len; i++)
        c->hash = (c->hash ^ (unsigned char)c->flat.s[i]) * 1099511628211u;
    return st == IPL_OK ? ipl_text_status(&c->flat, err) : st;
}

/* The last row of training.csv. */
static ipl_status read_training(ipl_collected *c, ipl_error *err)
{
    ipl_table *table;
    ipl_status st = ipl_table_read_begun(&table, c->run->path, "training.csv", err);

    for (size_t k = 0; k < IPL_SCORE_TRAINING; k++)
        c->training[k] = (double)NAN;
    if (!table)
        return st;
    for (size_t k = 0; k < IPL_SCORE_TRAINING && st == IPL_OK; k++) {
        double *column;

        st = ipl_table_numbers(&column, table, training_columns[k], err);
        if (st != IPL_OK)
            break;
        c->training[k] = column[ipl_table_rows(table) - 1];
        ipl_free(column);
    }
    ipl_table_destroy(table);
    return st;
}

/* Number in a field of summary.csv. */
static double number_at(const ipl_table *table, size_t row, const char *name)
{
    size_t column;
    double v;

    if (ipl_table_column(&column, table, name, NULL) != IPL_OK ||
        !ipl_number_parse(&v, ipl_table_text(table, row, column)))
        return (double)NAN;
    return v;
}

static ipl_status copy_field(char *out, size_t size, const ipl_table *table, size_t column,
                             const char *what, ipl_error *err)
{
    const char *text = ipl_table_text(table, 0, column);

    return ipl_text_copy(out, size, text, strlen(text), what, err);
}

static ipl_status read_layers(ipl_collected *c, const ipl_table *table, ipl_error *err)
{
    const size_t rows = ipl_table_rows(table);
    size_t split, estimator, unit, name;
    ipl_status st = ipl_table_column(&split, table, "split", err);

    if (st == IPL_OK)
        st = ipl_table_column(&estimator, table, "estimator", err);
    if (st == IPL_OK)
        st = ipl_table_column(&unit, table, "unit", err);
    if (st == IPL_OK)
        st = ipl_table_column(&name, table, "name", err);
    if (st == IPL_OK)
        st = copy_field(c->split, sizeof c->split, table, split, "split", err);
    if (st == IPL_OK)
        st = copy_field(c->estimator, sizeof c->estimator, table, estimator, "estimator",
                        err);
    if (st == IPL_OK)
        st = copy_field(c->unit, sizeof c->unit, table, unit, "unit", err);
    if (st != IPL_OK)
        return st;
    c->layers = ipl_array(rows, 1, sizeof *c->layers, err);
    if (!c->layers)
        return IPL_E_NOMEM;
    for (size_t i = 0; i < rows && c->n_layers < LAYERS_MAX; i++) {
        ipl_layer_scores *l = &c->layers[c->n_layers];

        if (strcmp(ipl_table_text(table, i, split), c->split) != 0 ||
            strcmp(ipl_table_text(table, i, estimator), c->estimator) != 0)
            continue;
        (void)snprintf(l->name, sizeof l->name, "%.*s", (int)sizeof l->name - 1,
                       ipl_table_text(table, i, name));
        l->x_max = number_at(table, i, "I_XT_max");
        l->x_end = number_at(table, i, "I_XT_end");
        for (size_t k = 0; k < IPL_COMPRESSIONS; k++)
            l->compression[k] = number_at(table, i, ipl_compression_names[k]);
        l->y_end = number_at(table, i, "I_TY_end");
        l->prev_first = number_at(table, i, "I_prev_first");
        l->prev_end = number_at(table, i, "I_prev_end");
        c->n_layers++;
    }
    return IPL_OK;
}

/* Mean of a compression score over the layers that have one. */
static double mean_compression(const ipl_collected *c, size_t k)
{
    double sum = 0.0;
    size_t n = 0;

    for (size_t l = 0; l < c->n_layers; l++)
        if (isfinite(c->layers[l].compression[k])) {
            sum += c->layers[l].compression[k];
            n++;
        }
    return n > 0 ? sum / (double)n : (double)NAN;
}

static ipl_status read_summary(ipl_collected *c, ipl_error *err)
{
    ipl_table *table;
    ipl_status st = ipl_table_read_begun(&table, c->run->path, "summary.csv", err);

    if (table)
        st = read_layers(c, table, err);
    ipl_table_destroy(table);
    for (size_t k = 0; k < IPL_COMPRESSIONS; k++)
        c->compression[k] = mean_compression(c, k);
    return st;
}

static ipl_status read_runs(ipl_collection *c, const ipl_runs *runs, ipl_error *err)
{
    ipl_experiment *exp = ipl_array(1, 1, sizeof *exp, err);
    ipl_status st = exp ? IPL_OK : IPL_E_NOMEM;

    c->runs = ipl_array(runs->n, 1, sizeof *c->runs, err);
    if (!c->runs)
        st = IPL_E_NOMEM;
    for (size_t r = 0; r < runs->n && st == IPL_OK; r++) {
        ipl_collected *one = &c->runs[c->n_runs++];

        one->run = &runs->list[r];
        st = read_experiment(one, exp, err);
        if (st == IPL_OK)
            st = read_training(one, err);
        if (st == IPL_OK)
            st = read_summary(one, err);
        if (one->n_layers > c->n_layers)
            c->n_layers = one->n_layers;
    }
    ipl_free(exp);
    return st;
}

const char *ipl_collected_value(size_t *len, const ipl_collected *run, const char *key)
{
    const size_t n = strlen(key);

    for (const char *s = run->flat.s; s && *s != '\0'; s += strcspn(s, "\n") + 1)
        if (strncmp(s, key, n) == 0 && s[n] == '=') {
            *len = strcspn(s + n + 1, "\n");
            return s + n + 1;
        }
    *len = 0;
    return "";
}

static bool same_point(const ipl_collected *a, const ipl_collected *b)
{
    return a->hash == b->hash && strcmp(a->flat.s, b->flat.s) == 0;
}

/* Put replicates into points. */
static ipl_status find_points(ipl_collection *c, ipl_error *err)
{
    size_t *first = ipl_array(c->n_runs, 1, sizeof *first, err); /* run of each point */

    c->points = ipl_array(c->n_runs, 1, sizeof *c->points, err);
    if (!first || !c->points) {
        ipl_free(first);
        return IPL_E_NOMEM;
    }
    for (size_t r = 0; r < c->n_runs; r++) {
        size_t p = 0;

        while (p < c->n_points && !same_point(&c->runs[first[p]], &c->runs[r]))
            p++;
        if (p == c->n_points) {
            first[p] = r;
            c->n_points++;
        }
        c->runs[r].point = p;
        c->points[p].n_runs++;
        c->points[p].n_done += c->runs[r].run->state == IPL_RUN_DONE;
    }
    ipl_free(first);
    return IPL_OK;
}

/* Whether a key has different values among the runs that have it. */
static bool differs(const ipl_collection *c, const char *key)
{
    const char *seen = NULL;
    size_t seen_len = 0;

    for (size_t r = 0; r < c->n_runs; r++) {
        size_t len;
        const char *value = ipl_collected_value(&len, &c->runs[r], key);

        if (*value == '\0') /* every value is followed by its line break: there is none */
            continue;
        if (seen && (len != seen_len || memcmp(value, seen, len) != 0))
            return true;
        seen = value;
        seen_len = len;
    }
    return false;
}

/* Whether a key is in the list. */
static bool is_known(const ipl_collection *c, const char *key, size_t len)
{
    for (size_t k = 0; k < c->n_keys; k++)
        if (strlen(c->keys[k]) == len && memcmp(c->keys[k], key, len) == 0)
            return true;
    return false;
}

/* Add a key to the list, whose capacity grows by steps. */
static ipl_status add_key(ipl_collection *c, size_t *capacity, const char *key, size_t len,
                          ipl_error *err)
{
    char **keys = c->keys;

    if (c->n_keys == *capacity) {
        keys = ipl_array(*capacity + 64, 1, sizeof *keys, err);
        if (!keys)
            return IPL_E_NOMEM;
        if (c->n_keys > 0)
            memcpy(keys, c->keys, c->n_keys * sizeof *keys);
        ipl_free(c->keys);
        c->keys = keys;
        *capacity += 64;
    }
    keys[c->n_keys] = ipl_array(len + 1, 1, 1, err);
    if (!keys[c->n_keys])
        return IPL_E_NOMEM;
    memcpy(keys[c->n_keys++], key, len);
    return IPL_OK;
}

/* Keys that differ. The first run of each point has all that there are. */
static ipl_status find_keys(ipl_collection *c, ipl_error *err)
{
    size_t capacity = 0, next = 0, kept = 0;
    ipl_status st = IPL_OK;

    for (size_t r = 0; r < c->n_runs && st == IPL_OK && c->n_points > 1; r++) {
        if (c->runs[r].point != next)
            continue;
        next++;
        for (const char *s = c->runs[r].flat.s; *s != '\0' && st == IPL_OK;
             s += strcspn(s, "\n") + 1) {
            const size_t len = strcspn(s, "=");

            if (!is_known(c, s, len))
                st = add_key(c, &capacity, s, len, err);
        }
    }
    for (size_t k = 0; k < c->n_keys; k++) {
        if (differs(c, c->keys[k]))
            c->keys[kept++] = c->keys[k];
        else
            ipl_free(c->keys[k]);
    }
    c->n_keys = kept;
    return st;
}

/* Name the points by the keys that differ; the only one has the name of its experiment. */
static ipl_status name_points(ipl_collection *c, ipl_error *err)
{
    for (size_t r = 0; r < c->n_runs; r++) {
        ipl_text *label = &c->points[c->runs[r].point].label;
        bool any = false;

        if (label->len > 0)
            continue;
        for (size_t k = 0; k < c->n_keys; k++) {
            size_t len;
            const char *value = ipl_collected_value(&len, &c->runs[r], c->keys[k]);

            if (len > 0)
                ipl_text_add(label, "%s%s=%.*s", any ? " " : "", c->keys[k], (int)len,
                             value);
            any = any || len > 0;
        }
        if (!any)
            ipl_text_add(label, "%s", *c->runs[r].name ? c->runs[r].name : "all");
        if (ipl_text_status(label, err) != IPL_OK)
            return IPL_E_NOMEM;
    }
    return IPL_OK;
}

ipl_status ipl_collection_read(ipl_collection *out, const ipl_runs *runs, ipl_error *err)
{
    ipl_collection c = {0};
    ipl_status st = read_runs(&c, runs, err);

    *out = (ipl_collection){0};
    if (st == IPL_OK)
        st = find_points(&c, err);
    if (st == IPL_OK)
        st = find_keys(&c, err);
    if (st == IPL_OK)
        st = name_points(&c, err);
    if (st == IPL_OK) {
        *out = c;
        c = (ipl_collection){0}; /* now the caller's */
    }
    ipl_collection_release(&c);
    return st;
}

void ipl_collection_release(ipl_collection *c)
{
    for (size_t r = 0; r < c->n_runs; r++) {
        ipl_free(c->runs[r].layers);
        ipl_text_release(&c->runs[r].flat);
    }
    for (size_t p = 0; p < c->n_points; p++)
        ipl_text_release(&c->points[p].label);
    for (size_t k = 0; k < c->n_keys; k++)
        ipl_free(c->keys[k]);
    ipl_free(c->keys);
    ipl_free(c->points);
    ipl_free(c->runs);
    *c = (ipl_collection){0};
}
