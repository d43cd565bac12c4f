#include "run/replicates.h"

#include "base/alloc.h"
#include "base/file.h"
#include "ipl/estimator.h"
#include "math/stats.h"
#include "run/table.h"

#include <math.h>
#include <stdio.h>
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

static void print_header(ipl_text *out, const ipl_mean_table *table)
{
    ipl_text_add(out, "point%s", table->epochs ? ",epoch" : "");
    for (const char *const *key = table->keys; *key; key++)
        ipl_text_add(out, ",%s", *key);
    ipl_text_add(out, ",%s,n,mean,sd,q05,q25,median,q75,q95\n", table->what);
}

/* The table of one run, as far as it is read. */
typedef struct source {
    ipl_table_reader reader;
    ipl_table *piece; /* NULL: at the end */
    size_t row;       /* the next of the piece */
    double *epochs;   /* of the piece; NULL: all rows belong together */
    double **columns; /* (n_units) of the piece, NULL: the run has it not */
    size_t keys[KEYS_MAX], units[UNITS_MAX]; /* columns of the table */
} source;

/* A number as text. */
typedef char number[32];

/* Values of the rows with one key at one epoch. */
typedef struct group {
    ipl_text key;   /* "split,layer,..." as it is written */
    double *values; /* (n_units, n_runs) */
    size_t *n;      /* (n_units) of these that are defined */
    number *first;  /* (n_units) the first of them as it stands in its table */
    bool any;
} group;

/* Everything that is read of one point. */
typedef struct gathering {
    const ipl_mean_table *table;
    const char *units[UNITS_MAX];
    size_t n_units, n_keys, n_runs;
    source *sources; /* (n_runs) */
    group *groups;
    size_t n_groups, groups_capacity, hint;
    ipl_text row_key; /* of the row that is looked at */
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

static ipl_status add_group(gathering *g, ipl_error *err)
{
    void *groups = g->groups;
    group *one;
    ipl_status st = grow(&groups, &g->groups_capacity, g->n_groups, sizeof *g->groups, err);

    g->groups = groups;
    if (st != IPL_OK)
        return st;
    one = &g->groups[g->n_groups++];
    *one = (group){0};
    ipl_text_add(&one->key, "%s", g->row_key.s);
    one->values = ipl_array(g->n_units, g->n_runs, sizeof *one->values, err);
    one->n = ipl_array(g->n_units, 1, sizeof *one->n, err);
    one->first = ipl_array(g->n_units, 1, sizeof *one->first, err);
    return one->values && one->n && one->first ? ipl_text_status(&one->key, err)
                                               : IPL_E_NOMEM;
}

/* Group of the row's key: rows come in the same order in every epoch, so the next is tried
 * first. */
static ipl_status find_group(size_t *index, gathering *g, ipl_error *err)
{
    for (size_t k = 0; k < g->n_groups; k++) {
        *index = (g->hint + k) % g->n_groups;
        if (strcmp(g->groups[*index].key.s, g->row_key.s) == 0) {
            g->hint = *index + 1;
            return IPL_OK;
        }
    }
    *index = g->n_groups;
    g->hint = g->n_groups + 1;
    return add_group(g, err);
}

static void release_piece(source *s, size_t n_units)
{
    for (size_t u = 0; s->columns && u < n_units; u++) {
        ipl_free(s->columns[u]);
        s->columns[u] = NULL;
    }
    ipl_free(s->epochs);
    ipl_table_destroy(s->piece);
    s->epochs = NULL;
    s->piece = NULL;
}

/* Go to the next row of a run; its piece is NULL at the end. */
static ipl_status next_row(const gathering *g, source *s, ipl_error *err)
{
    ipl_status st;

    if (s->piece && ++s->row < ipl_table_rows(s->piece))
        return IPL_OK;
    release_piece(s, g->n_units);
    s->row = 0;
    st = ipl_table_reader_next(&s->piece, &s->reader, err);
    if (st != IPL_OK || !s->piece)
        return st;
    if (g->table->epochs)
        st = ipl_table_numbers(&s->epochs, s->piece, "epoch", err);
    for (size_t k = 0; k < g->n_keys && st == IPL_OK; k++)
        st = ipl_table_column(&s->keys[k], s->piece, g->table->keys[k], err);
    for (size_t u = 0; u < g->n_units && st == IPL_OK; u++)
        if (ipl_table_column(&s->units[u], s->piece, g->units[u], NULL) == IPL_OK)
            st = ipl_table_numbers(&s->columns[u], s->piece, g->units[u], err);
    return st;
}

static double epoch_of(const source *s)
{
    return s->epochs ? s->epochs[s->row] : 0.0;
}

/* Keep a number as it is written, unless that is longer than it need be. */
static void keep_text(number out, double value, const char *text)
{
    const size_t size = strlen(text) + 1;

    if (size <= sizeof(number))
        memcpy(out, text, size);
    else
        ipl_number_print(out, sizeof(number), value);
}

/* Put the values of the row of a run into the group of its key. */
static ipl_status take_row(gathering *g, const source *s, ipl_error *err)
{
    group *one;
    size_t at;
    ipl_status st;

    ipl_text_clear(&g->row_key);
    ipl_text_add(&g->row_key, "%s", "");
    for (size_t k = 0; k < g->n_keys; k++) {
        ipl_text_add_string(&g->row_key, k ? "," : "");
        ipl_text_add_field(&g->row_key, ipl_table_text(s->piece, s->row, s->keys[k]));
    }
    st = ipl_text_status(&g->row_key, err);
    if (st == IPL_OK)
        st = find_group(&at, g, err);
    if (st != IPL_OK)
        return st;
    one = &g->groups[at];
    one->any = true;
    for (size_t u = 0; u < g->n_units; u++) {
        const double v = s->columns[u] ? s->columns[u][s->row] : (double)NAN;

        if (!isfinite(v) || one->n[u] == g->n_runs)
            continue;
        if (one->n[u] == 0)
            keep_text(one->first[u], v, ipl_table_text(s->piece, s->row, s->units[u]));
        one->values[u * g->n_runs + one->n[u]++] = v;
    }
    return IPL_OK;
}

/* Take all rows of an epoch from the run that is at it. */
static ipl_status take_epoch(gathering *g, source *s, double epoch, ipl_error *err)
{
    ipl_status st = IPL_OK;

    while (st == IPL_OK && s->piece && epoch_of(s) == epoch) {
        st = take_row(g, s, err);
        if (st == IPL_OK)
            st = next_row(g, s, err);
    }
    if (st == IPL_OK && s->piece && !(epoch_of(s) > epoch))
        st = ipl_fail(err, IPL_E_FORMAT, "%s:%zu: epoch %g after epoch %g",
                      ipl_table_path(s->piece), ipl_table_line(s->piece, s->row),
                      epoch_of(s), epoch);
    return st;
}

/* Mean, deviation and quantiles; all but the deviation of a single value are the value. */
static void print_numbers(ipl_text *out, double *values, size_t n, const char *single)
{
    static const double shares[] = {0.05, 0.25, 0.5, 0.75, 0.95};
    number text;

    if (n > 1)
        ipl_number_print(text, sizeof text, ipl_mean(values, n));
    ipl_text_add_string(out, n > 1 ? text : single);
    ipl_text_add_string(out, ",");
    ipl_text_add_number(out, ipl_deviation(values, n));
    ipl_sort(values, n);
    for (size_t q = 0; q < sizeof shares / sizeof shares[0]; q++) {
        if (n > 1)
            ipl_number_print(text, sizeof text, ipl_quantile(values, n, shares[q]));
        ipl_text_add_string(out, ",");
        ipl_text_add_string(out, n > 1 ? text : single);
    }
    ipl_text_add_string(out, "\n");
}

/* The rows of one key at one epoch; the group is empty again. */
static void print_group(ipl_text *out, const gathering *g, group *one, const char *point,
                        double epoch)
{
    ipl_text start = {0};
    char count[24] = "";
    size_t counted = 0;

    ipl_text_add_field(&start, point);
    if (g->table->epochs) {
        ipl_text_add(&start, ",");
        ipl_text_add_number(&start, epoch);
    }
    if (g->n_keys > 0)
        ipl_text_add(&start, ",%s", one->key.s);
    for (size_t u = 0; u < g->n_units; u++) {
        if (one->n[u] == 0)
            continue;
        ipl_text_add_string(out, start.s ? start.s : "");
        ipl_text_add_string(out, ",");
        ipl_text_add_string(out, g->units[u]);
        ipl_text_add_string(out, ",");
        if (one->n[u] != counted) {
            counted = one->n[u];
            (void)snprintf(count, sizeof count, "%zu,", counted);
        }
        ipl_text_add_string(out, count);
        print_numbers(out, one->values + u * g->n_runs, one->n[u], one->first[u]);
        one->n[u] = 0;
    }
    one->any = false;
    out->failed = out->failed || start.failed;
    ipl_text_release(&start);
}

/* Write what has been printed, and forget it. */
static ipl_status flush(ipl_file_writer *w, ipl_text *text, ipl_error *err)
{
    ipl_status st = ipl_text_status(text, err);

    if (st == IPL_OK && text->len > 0)
        st = ipl_file_writer_add(w, text->s, text->len, err);
    ipl_text_clear(text);
    return st;
}

/* All epochs of a point, those that the runs are at first. */
static ipl_status merge(ipl_file_writer *w, gathering *g, const char *point, ipl_error *err)
{
    enum { FLUSH_BYTES = 1 << 16 };
    ipl_text text = {0};
    ipl_status st = IPL_OK;

    for (;;) {
        double epoch = HUGE_VAL;

        for (size_t r = 0; r < g->n_runs; r++)
            if (g->sources[r].piece)
                epoch = fmin(epoch, epoch_of(&g->sources[r]));
        for (size_t r = 0; r < g->n_runs && st == IPL_OK; r++)
            if (g->sources[r].piece)
                st = take_epoch(g, &g->sources[r], epoch, err);
        if (st != IPL_OK || !isfinite(epoch))
            break;
        for (size_t k = 0; k < g->n_groups; k++)
            if (g->groups[k].any)
                print_group(&text, g, &g->groups[k], point, epoch);
        if (text.len > FLUSH_BYTES)
            st = flush(w, &text, err);
    }
    if (st == IPL_OK)
        st = flush(w, &text, err);
    ipl_text_release(&text);
    return st;
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

/* Begin with the tables of all runs, in pieces that together take no more than a share. */
static ipl_status open_sources(gathering *g, const ipl_found_run *const *runs,
                               ipl_error *err)
{
    enum { ALL_BYTES = 1 << 25, BLOCK_MIN = 1 << 13, BLOCK_MAX = 1 << 20 };
    const size_t share = ALL_BYTES / (g->n_runs > 0 ? g->n_runs : 1);
    const size_t block = share < BLOCK_MIN   ? BLOCK_MIN
                         : share > BLOCK_MAX ? BLOCK_MAX
                                             : share;
    ipl_status st = IPL_OK;

    g->sources = ipl_array(g->n_runs, 1, sizeof *g->sources, err);
    if (!g->sources)
        return IPL_E_NOMEM;
    for (size_t r = 0; r < g->n_runs && st == IPL_OK; r++) {
        source *s = &g->sources[r];

        st = ipl_table_reader_init(&s->reader, runs[r]->path, g->table->file, block, err);
        if (st == IPL_OK)
            s->columns = ipl_array(g->n_units, 1, sizeof *s->columns, err);
        if (st == IPL_OK && !s->columns)
            st = IPL_E_NOMEM;
        if (st == IPL_OK)
            st = next_row(g, s, err);
    }
    return st;
}

static void gathering_release(gathering *g)
{
    for (size_t r = 0; g->sources && r < g->n_runs; r++) {
        release_piece(&g->sources[r], g->n_units);
        ipl_free(g->sources[r].columns);
        ipl_table_reader_release(&g->sources[r].reader);
    }
    for (size_t k = 0; k < g->n_groups; k++) {
        ipl_text_release(&g->groups[k].key);
        ipl_free(g->groups[k].values);
        ipl_free(g->groups[k].n);
        ipl_free(g->groups[k].first);
    }
    ipl_text_release(&g->row_key);
    ipl_free(g->groups);
    ipl_free(g->sources);
}

/* The rows of one point. */
static ipl_status write_point(ipl_file_writer *w, const ipl_mean_table *table,
                              const char *point, const ipl_found_run *const *runs, size_t n,
                              ipl_error *err)
{
    gathering g = {.table = table, .n_runs = n};
    ipl_status st;

    name_columns(&g);
    st = open_sources(&g, runs, err);
    if (st == IPL_OK)
        st = merge(w, &g, point, err);
    gathering_release(&g);
    return st;
}

ipl_status ipl_mean_write(const char *folder, const ipl_mean_table *table,
                          const char *const *points, size_t n_points,
                          const ipl_found_run *const *runs, const size_t *n, ipl_error *err)
{
    char path[IPL_PATH_MAX];
    ipl_file_writer w;
    ipl_text text = {0};
    ipl_status st = ipl_path_join(path, folder, table->out, err);

    if (st == IPL_OK)
        st = ipl_file_writer_open(&w, path, err);
    if (st != IPL_OK)
        return st;
    print_header(&text, table);
    st = flush(&w, &text, err);
    for (size_t p = 0; p < n_points && st == IPL_OK; p++) {
        if (n[p] > 0)
            st = write_point(&w, table, points[p], runs, n[p], err);
        runs += n[p];
    }
    ipl_text_release(&text);
    return ipl_file_writer_close(&w, NULL, st, err);
}
