#include "run/replicates.h"

#include "base/alloc.h"
#include "ipl/estimator.h"
#include "math/stats.h"
#include "run/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { UNITS_MAX = 64, KEYS_MAX = 8 };

static const char *const information_keys[] = {"split",     "layer", "name",
                                               "estimator", "unit",  NULL};
static const char *const training_keys[] = {NULL};
static const char *const training_units[] = {
    "train_loss", "train_accuracy", "test_loss", "test_accuracy", "lr", NULL};
static const char *const layers_keys[] = {"layer", "name", NULL};
static const char *const layers_units[] = {
    "weight_norm",   "gradient_mean", "gradient_sd", "gradient_snr",   "activation_mean",
    "activation_sd", "saturated",     "dead",        "effective_rank", NULL};
static const char *const score_units[] = {"I_XT_first",
                                          "I_XT_max",
                                          "I_XT_max_epoch",
                                          "I_XT_end",
                                          "compression_end",
                                          "I_XT_last50",
                                          "compression_last50",
                                          "turning_epoch",
                                          "I_TY_end",
                                          "I_TY_cond_end",
                                          "I_prev_first",
                                          "I_prev_end",
                                          "gradient_transition_epoch",
                                          "train_loss",
                                          "train_accuracy",
                                          "test_loss",
                                          "test_accuracy",
                                          NULL};

const ipl_mean_table ipl_mean_tables[] = {
    {.file = "information.csv",
     .out = "mean.csv",
     .epochs = true,
     .keys = information_keys,
     .what = "measure"},
    {.file = "training.csv",
     .out = "training-mean.csv",
     .epochs = true,
     .keys = training_keys,
     .units = training_units,
     .what = "measure"},
    {.file = "layers.csv",
     .out = "layers-mean.csv",
     .epochs = true,
     .keys = layers_keys,
     .units = layers_units,
     .what = "measure"},
    {.file = "summary.csv",
     .out = "summary.csv",
     .keys = information_keys,
     .units = score_units,
     .what = "score"},
    {.file = NULL},
};

void ipl_mean_print_header(ipl_text *out, const ipl_mean_table *table)
{
    ipl_text_add(out, "point%s", table->epochs ? ",epoch" : "");
    for (const char *const *key = table->keys; *key; key++)
        ipl_text_add(out, ",%s", *key);
    ipl_text_add(out, ",%s,n,mean,sd,q05,q25,median,q75,q95\n", table->what);
}

/* A row of a table of one run. */
typedef struct row {
    double epoch;
    size_t key, run, at; /* index of its key; of the run; of the row */
} row;

/* Everything that is read. */
typedef struct gathering {
    const ipl_mean_table *table;
    const char *units[UNITS_MAX];
    size_t n_units, n_keys, n_runs;
    ipl_text *keys; /* (n_keys) texts "split,layer,..." as they are written */
    size_t n_texts, texts_capacity, hint;
    row *rows;
    size_t n_rows, rows_capacity;
    double **columns; /* (n_runs, n_units), NULL: the run has it not */
    double *values;   /* (n_runs) of one row and quantity */
} gathering;

/* Double the capacity of an array when it is full. */
static ipl_status grow(void **array, size_t *capacity, size_t n, size_t size,
                       ipl_error *err)
{
    const size_t wanted = *capacity ? 2 * *capacity : 256;
    void *more;

    if (n < *capacity)
        return IPL_OK;
    more = ipl_array(wanted, 1, size, err);
    if (!more)
        return IPL_E_NOMEM;
    if (n > 0)
        memcpy(more, *array, n * size);
    ipl_free(*array);
    *array = more;
    *capacity = wanted;
    return IPL_OK;
}

/* Index of a key: rows come in the same order in every epoch, so the next is tried first. */
static ipl_status find_key(size_t *index, gathering *g, const char *key, ipl_error *err)
{
    void *keys = g->keys;
    ipl_status st;

    for (size_t k = 0; k < g->n_texts; k++) {
        *index = (g->hint + k) % g->n_texts;
        if (strcmp(g->keys[*index].s, key) == 0) {
            g->hint = *index + 1;
            return IPL_OK;
        }
    }
    st = grow(&keys, &g->texts_capacity, g->n_texts, sizeof *g->keys, err);
    g->keys = keys;
    if (st != IPL_OK)
        return st;
    *index = g->n_texts++;
    g->hint = g->n_texts;
    g->keys[*index] = (ipl_text){0};
    ipl_text_add(&g->keys[*index], "%s", key);
    return ipl_text_status(&g->keys[*index], err);
}

/* Rows of one table: their epochs and keys. */
static ipl_status read_rows(gathering *g, size_t run, const ipl_table *table,
                            ipl_error *err)
{
    const size_t n = ipl_table_rows(table);
    size_t columns[KEYS_MAX] = {0};
    double *epochs = NULL;
    ipl_text key = {0};
    ipl_status st = IPL_OK;

    if (g->table->epochs)
        st = ipl_table_numbers(&epochs, table, "epoch", err);
    for (size_t k = 0; k < g->n_keys && st == IPL_OK; k++)
        st = ipl_table_column(&columns[k], table, g->table->keys[k], err);
    for (size_t i = 0; i < n && st == IPL_OK; i++) {
        void *rows = g->rows;
        row *one;

        ipl_text_clear(&key);
        ipl_text_add(&key, "%s", "");
        for (size_t k = 0; k < g->n_keys; k++) {
            ipl_text_add(&key, "%s", k ? "," : "");
            ipl_text_add_field(&key, ipl_table_text(table, i, columns[k]));
        }
        st = ipl_text_status(&key, err);
        if (st == IPL_OK)
            st = grow(&rows, &g->rows_capacity, g->n_rows, sizeof *g->rows, err);
        g->rows = rows;
        if (st != IPL_OK)
            break;
        one = &g->rows[g->n_rows++];
        *one = (row){.epoch = epochs ? epochs[i] : 0.0, .run = run, .at = i};
        st = find_key(&one->key, g, key.s, err);
    }
    ipl_text_release(&key);
    ipl_free(epochs);
    return st;
}

static ipl_status read_run(gathering *g, size_t run, const char *folder, ipl_error *err)
{
    ipl_table *table;
    size_t column;
    ipl_status st = ipl_table_read_begun(&table, folder, g->table->file, err);

    if (!table)
        return st;
    st = read_rows(g, run, table, err);
    for (size_t u = 0; u < g->n_units && st == IPL_OK; u++)
        if (ipl_table_column(&column, table, g->units[u], NULL) == IPL_OK)
            st = ipl_table_numbers(&g->columns[run * g->n_units + u], table, g->units[u],
                                   err);
    ipl_table_destroy(table);
    return st;
}

static int by_epoch_and_key(const void *a, const void *b)
{
    const row *p = a, *q = b;

    if (p->epoch != q->epoch)
        return p->epoch < q->epoch ? -1 : 1;
    if (p->key != q->key)
        return p->key < q->key ? -1 : 1;
    return (p->run > q->run) - (p->run < q->run);
}

/* Rows first ... end - 1 stand for the same thing in several runs. */
static void print_group(ipl_text *out, const gathering *g, const char *point, size_t first,
                        size_t end)
{
    static const double shares[] = {0.05, 0.25, 0.5, 0.75, 0.95};

    for (size_t u = 0; u < g->n_units; u++) {
        size_t n = 0;

        for (size_t i = first; i < end; i++) {
            const double *column = g->columns[g->rows[i].run * g->n_units + u];

            if (column && isfinite(column[g->rows[i].at]) && n < g->n_runs)
                g->values[n++] = column[g->rows[i].at];
        }
        if (n == 0)
            continue;
        ipl_text_add_field(out, point);
        if (g->table->epochs) {
            ipl_text_add(out, ",");
            ipl_text_add_number(out, g->rows[first].epoch);
        }
        if (g->n_keys > 0)
            ipl_text_add(out, ",%s", g->keys[g->rows[first].key].s);
        ipl_text_add(out, ",%s,%zu,", g->units[u], n);
        ipl_text_add_number(out, ipl_mean(g->values, n));
        ipl_text_add(out, ",");
        ipl_text_add_number(out, ipl_deviation(g->values, n));
        ipl_sort(g->values, n);
        for (size_t q = 0; q < sizeof shares / sizeof shares[0]; q++) {
            ipl_text_add(out, ",");
            ipl_text_add_number(out, ipl_quantile(g->values, n, shares[q]));
        }
        ipl_text_add(out, "\n");
    }
}

static void print_rows(ipl_text *out, gathering *g, const char *point)
{
    size_t end;

    if (g->n_rows > 0)
        qsort(g->rows, g->n_rows, sizeof *g->rows, by_epoch_and_key);
    for (size_t first = 0; first < g->n_rows; first = end) {
        end = first + 1;
        while (end < g->n_rows && g->rows[end].epoch == g->rows[first].epoch &&
               g->rows[end].key == g->rows[first].key)
            end++;
        print_group(out, g, point, first, end);
    }
}

/* Names of the quantities, and how many columns name a row. */
static void name_columns(gathering *g)
{
    const char *const *units = g->table->units;

    while (g->table->keys[g->n_keys])
        g->n_keys++;
    if (units)
        for (; units[g->n_units]; g->n_units++)
            g->units[g->n_units] = units[g->n_units];
    else
        for (; ipl_measure_table[g->n_units].name; g->n_units++)
            g->units[g->n_units] = ipl_measure_table[g->n_units].name;
}

ipl_status ipl_mean_print_rows(ipl_text *out, const ipl_mean_table *table,
                               const char *point, const ipl_found_run *const *runs,
                               size_t n, ipl_error *err)
{
    gathering g = {.table = table, .n_runs = n};
    ipl_status st = IPL_E_NOMEM;

    name_columns(&g);
    g.columns = ipl_array(n, g.n_units, sizeof *g.columns, err);
    g.values = ipl_array(n, 1, sizeof *g.values, err);
    if (!g.columns || !g.values)
        goto done;
    st = IPL_OK;
    for (size_t r = 0; r < n && st == IPL_OK; r++)
        st = read_run(&g, r, runs[r]->path, err);
    if (st == IPL_OK) {
        print_rows(out, &g, point);
        st = ipl_text_status(out, err);
    }
done:
    for (size_t k = 0; g.columns && k < n * g.n_units; k++)
        ipl_free(g.columns[k]);
    for (size_t k = 0; k < g.n_texts; k++)
        ipl_text_release(&g.keys[k]);
    ipl_free(g.values);
    ipl_free(g.columns);
    ipl_free(g.rows);
    ipl_free(g.keys);
    return st;
}
