#include "run/report_run.h"

#include "base/alloc.h"
#include "base/file.h"
#include "run/run_dir.h"
#include "run/series.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BLOCKS_MAX = 64, TEXT_BYTES_MAX = 1 << 20 };

static const char *const training_fields[] = {"train_loss", "test_loss", "train_accuracy",
                                              "test_accuracy", NULL};
static const char *const layer_fields[] = {"weight_norm", "gradient_mean", "gradient_sd",
                                           NULL};
static const char *const information_fields[] = {
    "I_XT", "I_TY",      "I_TY_cond", "I_TY_pooled",    "I_prev", "H_T",
    "H_Y",  "I_XT_null", "I_TY_null", "I_TY_cond_null", NULL};

/* ---- tables ---- */

/* Take those of the fields that the table has. */
static ipl_status take(ipl_html_table *out, const ipl_table *table,
                       const char *const *fields, bool layers, const char *split,
                       const char *estimator, ipl_error *err)
{
    ipl_track_query query = {
        .layers = layers, .split = split, .estimator = estimator, .fields = out->fields};
    ipl_status st;

    for (size_t f = 0; fields[f]; f++) {
        size_t column;

        if (ipl_table_column(&column, table, fields[f], NULL) == IPL_OK)
            out->fields[query.n_fields++] = fields[f];
    }
    st = ipl_track_read_drawable(&out->track, table, &query, err);
    out->measured = out->track.n_epochs;
    return st;
}

static ipl_status read_plain(ipl_html_table *out, const char *folder, const char *name,
                             const char *const *fields, bool layers, ipl_error *err)
{
    ipl_table *table;
    ipl_status st = ipl_table_read_begun(&table, folder, name, err);

    if (st == IPL_OK && table)
        st = take(out, table, fields, layers, NULL, NULL, err);
    ipl_table_destroy(table);
    return st;
}

/* Place of a field in a table, or n_fields. */
static size_t find_field(const ipl_html_table *table, const char *name)
{
    size_t f = 0;

    while (f < table->track.n_fields && strcmp(table->fields[f], name) != 0)
        f++;
    return f;
}

/* ---- information ---- */

/* Columns that say which block a row belongs to. */
typedef struct keys {
    size_t split, estimator, unit, n;
    bool has_n;
} keys;

static ipl_status find_keys(keys *k, const ipl_table *table, ipl_error *err)
{
    ipl_status st = ipl_table_column(&k->split, table, "split", err);

    if (st == IPL_OK)
        st = ipl_table_column(&k->estimator, table, "estimator", err);
    if (st == IPL_OK)
        st = ipl_table_column(&k->unit, table, "unit", err);
    k->has_n = ipl_table_column(&k->n, table, "n", NULL) == IPL_OK;
    return st;
}

/* Begin a block for a row, unless there is one for its probe and estimator. */
static ipl_status add_block(ipl_html_run *run, const ipl_table *table, const keys *k,
                            size_t row, ipl_error *err)
{
    const char *split = ipl_table_text(table, row, k->split);
    const char *estimator = ipl_table_text(table, row, k->estimator);
    const char *unit = ipl_table_text(table, row, k->unit);
    ipl_html_block *b;
    ipl_status st;

    for (size_t i = 0; i < run->n_blocks; i++)
        if (strcmp(run->blocks[i].split, split) == 0 &&
            strcmp(run->blocks[i].estimator, estimator) == 0)
            return IPL_OK;
    if (run->n_blocks == BLOCKS_MAX)
        return ipl_fail(err, IPL_E_FORMAT, "%s: more than %d probes and estimators",
                        ipl_table_path(table), BLOCKS_MAX);
    b = &run->blocks[run->n_blocks++];
    st = ipl_text_copy(b->split, sizeof b->split, split, strlen(split), "split", err);
    if (st == IPL_OK)
        st = ipl_text_copy(b->estimator, sizeof b->estimator, estimator, strlen(estimator),
                           "estimator", err);
    if (st == IPL_OK)
        st = ipl_text_copy(b->unit, sizeof b->unit, unit, strlen(unit), "unit", err);
    if (st == IPL_OK && k->has_n)
        (void)snprintf(b->samples, sizeof b->samples, "%s",
                       ipl_table_text(table, row, k->n));
    return st;
}

/* Courses of a field, layer by layer, before epochs are thinned out; NULL: no such field. */
static ipl_status describe(ipl_course **out, const ipl_html_table *table, const char *name,
                           ipl_error *err)
{
    const size_t field = find_field(table, name);

    if (field == table->track.n_fields)
        return IPL_OK;
    *out = ipl_array(table->track.n_layers, 1, sizeof **out, err);
    if (!*out)
        return IPL_E_NOMEM;
    for (size_t l = 0; l < table->track.n_layers; l++)
        (*out)[l] = ipl_course_of(&table->track, l, field);
    return IPL_OK;
}

static ipl_status read_information(ipl_html_run *run, ipl_error *err)
{
    ipl_table *table;
    keys k = {0};
    ipl_status st = ipl_table_read_begun(&table, run->folder, "information.csv", err);

    if (st != IPL_OK || !table)
        return st;
    run->blocks = ipl_array(BLOCKS_MAX, 1, sizeof *run->blocks, err);
    st = run->blocks ? find_keys(&k, table, err) : IPL_E_NOMEM;
    for (size_t i = 0; st == IPL_OK && i < ipl_table_rows(table); i++)
        st = add_block(run, table, &k, i, err);
    for (size_t i = 0; st == IPL_OK && i < run->n_blocks; i++) {
        ipl_html_block *b = &run->blocks[i];

        st = take(&b->table, table, information_fields, true, b->split, b->estimator, err);
        if (st == IPL_OK)
            st = describe(&b->xt, &b->table, "I_XT", err);
        if (st == IPL_OK)
            st = describe(&b->ty, &b->table, "I_TY", err);
    }
    ipl_table_destroy(table);
    return st;
}

/* ---- gradients and texts ---- */

static ipl_status read_layers(ipl_html_run *run, ipl_error *err)
{
    const ipl_html_table *t = &run->layers;
    ipl_status st =
        read_plain(&run->layers, run->folder, "layers.csv", layer_fields, true, err);
    const size_t mean = find_field(t, "gradient_mean"), sd = find_field(t, "gradient_sd");

    if (st != IPL_OK || mean == t->track.n_fields || sd == t->track.n_fields)
        return st;
    run->transition = ipl_array(t->track.n_layers, 1, sizeof *run->transition, err);
    if (!run->transition)
        return IPL_E_NOMEM;
    for (size_t l = 0; l < t->track.n_layers; l++)
        run->transition[l] = ipl_transition_epoch(&t->track, l, mean, sd);
    return IPL_OK;
}

/* A text file of the run; *out stays NULL when it is not there. */
static ipl_status read_text(char **out, const char *folder, const char *name,
                            ipl_error *err)
{
    char path[IPL_PATH_MAX];
    size_t len;
    ipl_status st = ipl_path_join(path, folder, name, err);

    if (st == IPL_OK && ipl_file_exists(path))
        st = ipl_file_read_text(out, &len, path, TEXT_BYTES_MAX, err);
    return st;
}

ipl_status ipl_html_run_read(ipl_html_run *out, const char *folder, bool texts,
                             ipl_error *err)
{
    ipl_status st;

    *out = (ipl_html_run){0};
    st = ipl_run_dir_check(folder, err);
    if (st != IPL_OK)
        return st;
    st = ipl_text_copy(out->folder, sizeof out->folder, folder, strlen(folder), "run", err);
    ipl_plot_label(out->label, sizeof out->label, folder);
    if (st == IPL_OK && texts)
        st = read_text(&out->experiment, folder, "experiment.ini", err);
    if (st == IPL_OK && texts)
        st = read_text(&out->provenance, folder, "run.json", err);
    if (st == IPL_OK && texts)
        st = read_text(&out->summary, folder, "summary.txt", err);
    if (st == IPL_OK)
        st =
            read_plain(&out->training, folder, "training.csv", training_fields, false, err);
    if (st == IPL_OK)
        st = read_layers(out, err);
    if (st == IPL_OK)
        st = read_information(out, err);
    if (st == IPL_OK && out->n_blocks == 0 && out->training.track.n_epochs == 0)
        st = ipl_fail(err, IPL_E_FORMAT,
                      "%.300s: nothing measured yet; wait for the first epoch to end",
                      folder);
    return st;
}

/* ---- size ---- */

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

size_t ipl_html_run_width(const ipl_html_run *run)
{
    size_t n = run->training.track.n_fields +
               run->layers.track.n_fields * run->layers.track.n_layers;

    for (size_t i = 0; i < run->n_blocks; i++)
        n += run->blocks[i].table.track.n_fields * run->blocks[i].table.track.n_layers;
    return n;
}

static size_t epochs_of(const ipl_html_table *table, bool left)
{
    return left ? table->track.n_epochs : table->measured;
}

size_t ipl_html_run_epochs(const ipl_html_run *run, bool left)
{
    size_t n = larger(epochs_of(&run->training, left), epochs_of(&run->layers, left));

    for (size_t i = 0; i < run->n_blocks; i++)
        n = larger(n, epochs_of(&run->blocks[i].table, left));
    return n;
}

static ipl_status thin(ipl_html_table *table, size_t limit, ipl_error *err)
{
    return table->track.n_epochs > 0 ? ipl_track_thin(&table->track, limit, err) : IPL_OK;
}

ipl_status ipl_html_run_thin(ipl_html_run *run, size_t limit, ipl_error *err)
{
    ipl_status st = thin(&run->training, limit, err);

    if (st == IPL_OK)
        st = thin(&run->layers, limit, err);
    for (size_t i = 0; st == IPL_OK && i < run->n_blocks; i++)
        st = thin(&run->blocks[i].table, limit, err);
    return st;
}

/* ---- JSON ---- */

/* A number of JSON, which has no NaN, to six digits. */
static void add_number(ipl_text *out, double value)
{
    if (isfinite(value))
        ipl_text_add(out, "%.6g", value);
    else
        ipl_text_add(out, "null");
}

static void add_member(ipl_text *out, const char *name, const char *text)
{
    ipl_text_add(out, "\"%s\":", name);
    if (text)
        ipl_text_add_json(out, text);
    else
        ipl_text_add(out, "null");
}

/* Whether a field has a value at all. */
static bool is_defined(const ipl_track *t, size_t field)
{
    for (size_t k = 0; k < t->n_epochs * t->n_layers; k++)
        if (isfinite(t->values[k * t->n_fields + field]))
            return true;
    return false;
}

/* Entropy of the labels, which is the same for all layers and epochs; NaN: not measured. */
static double label_entropy(const ipl_html_table *table)
{
    const size_t field = find_field(table, "H_Y");

    return field < table->track.n_fields && table->track.n_epochs > 0
               ? ipl_track_get(&table->track, 0, 0, field)
               : (double)NAN;
}

/* "measured":..,"epochs":[..],"layers":[..],"series":{"I_XT":[..a series for each layer..]} */
static void add_table(ipl_text *out, const ipl_html_table *table)
{
    const ipl_track *t = &table->track;
    bool any = false;

    ipl_text_add(out, "\"measured\":%zu,\"epochs\":[", table->measured);
    for (size_t i = 0; i < t->n_epochs; i++) {
        ipl_text_add(out, "%s", i ? "," : "");
        add_number(out, t->epochs[i]);
    }
    ipl_text_add(out, "],\"layers\":[");
    for (size_t l = 0; l < t->n_layers; l++) {
        ipl_text_add(out, "%s", l ? "," : "");
        ipl_text_add_json(out, t->names[l]);
    }
    ipl_text_add(out, "],\"series\":{");
    for (size_t f = 0; f < t->n_fields; f++) {
        if (!is_defined(t, f) || strcmp(table->fields[f], "H_Y") == 0)
            continue;
        ipl_text_add(out, "%s\"%s\":[", any ? "," : "", table->fields[f]);
        for (size_t l = 0; l < t->n_layers; l++) {
            ipl_text_add(out, "%s", l ? "," : "");
            ipl_series_add(out, t->values + l * t->n_fields + f, t->n_epochs,
                           t->n_layers * t->n_fields);
        }
        ipl_text_add(out, "]");
        any = true;
    }
    ipl_text_add(out, "}");
}

/* "xt":[[first, max, its epoch, end, compression, last 50, compression, turned], ...] */
static void add_courses(ipl_text *out, const char *name, const ipl_course *c, size_t n)
{
    ipl_text_add(out, ",\"%s\":[", name);
    for (size_t l = 0; c && l < n; l++) {
        const double v[] = {
            c[l].first,           c[l].max,    c[l].max_epoch,          c[l].end,
            c[l].compression_end, c[l].last50, c[l].compression_last50, c[l].turning_epoch};

        ipl_text_add(out, "%s", l ? ",[" : "[");
        for (size_t i = 0; i < sizeof v / sizeof v[0]; i++) {
            ipl_text_add(out, "%s", i ? "," : "");
            add_number(out, v[i]);
        }
        ipl_text_add(out, "]");
    }
    ipl_text_add(out, "]");
}

static void add_block_json(ipl_text *out, const ipl_html_block *b)
{
    ipl_text_add(out, "{");
    add_member(out, "split", b->split);
    ipl_text_add(out, ",");
    add_member(out, "estimator", b->estimator);
    ipl_text_add(out, ",");
    add_member(out, "unit", b->unit);
    ipl_text_add(out, ",");
    add_member(out, "n", b->samples);
    ipl_text_add(out, ",\"H_Y\":");
    add_number(out, label_entropy(&b->table));
    ipl_text_add(out, ",");
    add_table(out, &b->table);
    add_courses(out, "xt", b->xt, b->table.track.n_layers);
    add_courses(out, "ty", b->ty, b->table.track.n_layers);
    ipl_text_add(out, "}");
}

void ipl_html_run_print(ipl_text *out, const ipl_html_run *run)
{
    add_member(out, "name", run->label);
    ipl_text_add(out, ",");
    add_member(out, "folder", run->folder);
    ipl_text_add(out, ",");
    add_member(out, "experiment", run->experiment);
    ipl_text_add(out, ",");
    add_member(out, "provenance", run->provenance);
    ipl_text_add(out, ",");
    add_member(out, "summary", run->summary);
    ipl_text_add(out, ",\n\"training\":{");
    add_table(out, &run->training);
    ipl_text_add(out, "},\n\"gradients\":{");
    add_table(out, &run->layers);
    ipl_text_add(out, ",\"transition\":[");
    for (size_t l = 0; run->transition && l < run->layers.track.n_layers; l++) {
        ipl_text_add(out, "%s", l ? "," : "");
        add_number(out, run->transition[l]);
    }
    ipl_text_add(out, "]},\n\"blocks\":[");
    for (size_t i = 0; i < run->n_blocks; i++) {
        ipl_text_add(out, "%s", i ? ",\n" : "");
        add_block_json(out, &run->blocks[i]);
    }
    ipl_text_add(out, "]");
}

void ipl_html_run_release(ipl_html_run *run)
{
    for (size_t i = 0; i < run->n_blocks; i++) {
        ipl_free(run->blocks[i].ty);
        ipl_free(run->blocks[i].xt);
        ipl_track_release(&run->blocks[i].table.track);
    }
    ipl_free(run->blocks);
    ipl_free(run->transition);
    ipl_track_release(&run->layers.track);
    ipl_track_release(&run->training.track);
    ipl_free(run->summary);
    ipl_free(run->provenance);
    ipl_free(run->experiment);
    *run = (ipl_html_run){0};
}
