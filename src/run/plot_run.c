#include "run/plot_run.h"

#include "base/alloc.h"
#include "run/bottleneck.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Epochs that a figure shows at most; more cannot be told apart. */
enum { EPOCHS_MAX = 240, EXPERIMENT_BYTES_MAX = 1 << 20 };

static const char *const split_names[] = {NULL, "train", "test", "all"};
static const char *const label_columns[] = {"I_TY", "I_TY_cond", "I_TY_pooled"};
static const char *const null_columns[] = {"I_TY_null", "I_TY_cond_null", NULL};
static const char *const training_fields[IPL_TRAINING_FIELDS] = {
    "train_loss", "test_loss", "train_accuracy", "test_accuracy"};
static const char *const layer_fields[IPL_LAYERS_FIELDS] = {"weight_norm", "gradient_mean",
                                                            "gradient_sd"};

/* Where the last part of path[0 ... end - 1] begins. */
static size_t last_part(const char *path, size_t end)
{
    while (end > 0 && path[end - 1] != '/')
        end--;
    return end;
}

/* Whether a part is that of a replicate: "seed12". */
static bool is_seed(const char *part, size_t len)
{
    return len > 4 && strncmp(part, "seed", 4) == 0 &&
           strspn(part + 4, "0123456789") == len - 4;
}

void ipl_plot_label(char *out, size_t size, const char *path)
{
    char link[IPL_PATH_MAX], target[IPL_PATH_MAX];
    size_t end = strlen(path), start;
    ssize_t length;

    while (end > 1 && path[end - 1] == '/')
        end--;
    (void)snprintf(link, sizeof link, "%.*s", (int)end, path);
    length = readlink(link, target, sizeof target - 1);
    if (length > 0) {
        target[length] = '\0';
        path = target;
        end = (size_t)length;
    }
    start = last_part(path, end);
    if (is_seed(path + start, end - start) && start > 1)
        start = last_part(path, start - 1);
    (void)snprintf(out, size, "%.*s", (int)(end - start), path + start);
}

/* Whether "option=value" is one of the options of a text. */
static bool has_option(const char *text, const char *option, size_t len)
{
    const char *s = strchr(text, ':');

    while (s) {
        s++;
        if (strncmp(s, option, len) == 0 && (s[len] == ',' || s[len] == '\0'))
            return true;
        s = strchr(s, ',');
    }
    return false;
}

bool ipl_estimator_fits(const char *text, const char *wanted)
{
    const char *s = strchr(wanted, ':');
    const size_t name = s ? (size_t)(s - wanted) : strlen(wanted);

    if (strncmp(text, wanted, strlen(wanted)) == 0)
        return true;
    if (strncmp(text, wanted, name) != 0 || text[name] != ':')
        return false;
    while (s) {
        const size_t len = strcspn(s + 1, ",");

        if (!has_option(text, s + 1, len))
            return false;
        s = strchr(s + 1, ',');
    }
    return true;
}

/* Refuse an estimator, naming those that the table has. */
static ipl_status no_estimator(const ipl_table *table, size_t column, const char *wanted,
                               ipl_error *err)
{
    char known[320] = "";
    size_t len = 0;

    for (size_t i = 0; i < ipl_table_rows(table); i++) {
        const char *text = ipl_table_text(table, i, column);

        if (strstr(known, text) || strlen(text) + len + 3 >= sizeof known)
            continue;
        len += (size_t)snprintf(known + len, sizeof known - len, "%s%s", len ? "; " : "",
                                text);
    }
    return ipl_fail(err, IPL_E_ARG, "%.60s: no estimator '%.60s'; it has: %s",
                    ipl_table_path(table), wanted, known);
}

/* The first estimator of the file that is meant; the same text goes before the others. */
static ipl_status choose_estimator(ipl_plot_run *run, const ipl_table *table,
                                   const char *wanted, ipl_error *err)
{
    const size_t rows = ipl_table_rows(table);
    size_t column, unit, found = rows;
    ipl_status st = ipl_table_column(&column, table, "estimator", err);

    if (st == IPL_OK)
        st = ipl_table_column(&unit, table, "unit", err);
    if (st != IPL_OK)
        return st;
    if (rows == 0)
        return ipl_fail(err, IPL_E_FORMAT,
                        "%s: nothing measured yet; wait for the first epoch to end",
                        ipl_table_path(table));
    for (size_t i = 0; i < rows; i++) {
        const char *text = ipl_table_text(table, i, column);

        if (strcmp(text, wanted) == 0) {
            found = i;
            break;
        }
        if (found == rows && ipl_estimator_fits(text, wanted))
            found = i;
    }
    if (found == rows)
        return no_estimator(table, column, wanted, err);
    {
        const char *text = ipl_table_text(table, found, column);
        const char *units = ipl_table_text(table, found, unit);

        for (const char *c = units; *c != '\0'; c++) /* it stands in enhanced text */
            if (!isalnum((unsigned char)*c))
                return ipl_fail(err, IPL_E_FORMAT, "%s:%zu: unit '%.20s' is no word",
                                ipl_table_path(table), ipl_table_line(table, found), units);
        st = ipl_text_copy(run->estimator, sizeof run->estimator, text, strlen(text),
                           "estimator", err);
        if (st == IPL_OK)
            st = ipl_text_copy(run->unit, sizeof run->unit, units, strlen(units), "unit",
                               err);
    }
    return st;
}

static ipl_status read_table(ipl_table **out, const char *folder, const char *name,
                             ipl_error *err)
{
    char path[IPL_PATH_MAX];
    const ipl_status st = ipl_path_join(path, folder, name, err);

    return st == IPL_OK ? ipl_table_read(out, path, err) : st;
}

/* A column, NULL when it has no name or the table does not have it. */
static const char *optional(const ipl_table *table, const char *column)
{
    size_t j;

    return column && ipl_table_column(&j, table, column, NULL) == IPL_OK ? column : NULL;
}

static ipl_status read_information(ipl_plot_run *run, const ipl_plot_opts *opts,
                                   const char *wanted, const char *folder, ipl_error *err)
{
    const char *fields[IPL_INFO_FIELDS] = {"I_XT", label_columns[opts->labels], "I_prev",
                                           "H_T"};
    ipl_track_query query = {.fields = fields,
                             .n_fields = IPL_INFO_FIELDS,
                             .layers = true,
                             .split = split_names[opts->split],
                             .estimator = run->estimator};
    ipl_table *table = NULL;
    size_t split;
    ipl_status st = read_table(&table, folder, "information.csv", err);

    if (st == IPL_OK)
        st = choose_estimator(run, table, wanted, err);
    if (st != IPL_OK)
        goto done;
    fields[IPL_INFO_XT_NULL] = optional(table, "I_XT_null");
    fields[IPL_INFO_TY_NULL] = optional(table, null_columns[opts->labels]);
    if (st == IPL_OK)
        st = ipl_table_column(&split, table, "split", err);
    if (st == IPL_OK && !query.split)
        query.split = ipl_table_text(table, 0, split);
    if (st == IPL_OK)
        st = ipl_track_read_drawable(&run->own.info, table, &query, err);
done:
    ipl_table_destroy(table);
    return st;
}

static ipl_status read_plain(ipl_track *out, const char *const *fields, size_t n_fields,
                             bool layers, const char *folder, const char *name,
                             ipl_error *err)
{
    const ipl_track_query query = {
        .fields = fields, .n_fields = n_fields, .layers = layers};
    ipl_table *table = NULL;
    ipl_status st = read_table(&table, folder, name, err);

    if (st == IPL_OK)
        st = ipl_track_read_drawable(out, table, &query, err);
    ipl_table_destroy(table);
    return st;
}

/* Whether a line of experiment.ini may differ between replicates. */
static bool is_individual(const char *line, size_t len)
{
    static const char *const keys[] = {"seed", "name", "out", "threads", "record"};
    size_t key = 0;

    while (key < len && line[key] != '=' && !isspace((unsigned char)line[key]))
        key++;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strlen(keys[i]) == key && strncmp(line, keys[i], key) == 0)
            return true;
    return false;
}

/* Keep the lines of experiment.ini that replicates share: no comments, no seed. */
static ipl_status read_experiment(ipl_plot_run *run, const char *folder, ipl_error *err)
{
    char path[IPL_PATH_MAX], *text = NULL;
    size_t length;
    ipl_status st = ipl_path_join(path, folder, "experiment.ini", err);

    if (st == IPL_OK)
        st = ipl_file_read_text(&text, &length, path, EXPERIMENT_BYTES_MAX, err);
    if (st != IPL_OK)
        return st;
    for (char *line = text; *line != '\0';) {
        const size_t whole = strcspn(line, "\n");
        size_t len = whole, from = 0;

        while (len > 0 && isspace((unsigned char)line[len - 1]))
            len--;
        while (from < len && isspace((unsigned char)line[from]))
            from++;
        if (from < len && line[from] != '#' && line[from] != ';' &&
            !is_individual(line + from, len - from))
            ipl_text_add(&run->experiment, "%.*s\n", (int)(len - from), line + from);
        line += whole + (line[whole] == '\n');
    }
    ipl_free(text);
    return ipl_text_status(&run->experiment, err);
}

static ipl_status check_folder(const char *folder, ipl_error *err)
{
    static const char *const needed[] = {"experiment.ini", "information.csv",
                                         "training.csv", "layers.csv"};

    if (!ipl_file_is_folder(folder))
        return ipl_fail(err, IPL_E_NOINPUT, "%.300s: no such run folder", folder);
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        char path[IPL_PATH_MAX];
        const ipl_status st = ipl_path_join(path, folder, needed[i], err);

        if (st != IPL_OK)
            return st;
        if (!ipl_file_exists(path))
            return ipl_fail(err, IPL_E_NOINPUT, "%.300s: not a run folder: it has no %s",
                            folder, needed[i]);
    }
    return IPL_OK;
}

/* Whether a figure shows every estimator of the runs, each as an entry of its own. */
static bool each_estimator(const ipl_plot_opts *opts)
{
    return opts->kind == IPL_PLOT_SWEEP || opts->kind == IPL_PLOT_ESTIMATORS;
}

static ipl_status read_run(ipl_plot_run *run, const ipl_plot_opts *opts, const char *wanted,
                           const char *folder, ipl_error *err)
{
    ipl_status st = check_folder(folder, err);

    ipl_plot_label(run->label, sizeof run->label, folder);
    if (st == IPL_OK)
        st = read_experiment(run, folder, err);
    if (st == IPL_OK)
        st = read_information(run, opts, wanted, folder, err);
    if (st == IPL_OK && each_estimator(opts)) { /* no replicates of each other */
        ipl_text_add(&run->experiment, "%s\n", run->estimator);
        st = ipl_text_status(&run->experiment, err);
    }
    if (st == IPL_OK)
        st = read_plain(&run->own.training, training_fields, IPL_TRAINING_FIELDS, false,
                        folder, "training.csv", err);
    if (st == IPL_OK)
        st = read_plain(&run->own.layers, layer_fields, IPL_LAYERS_FIELDS, true, folder,
                        "layers.csv", err);
    return st;
}

static void tracks_release(ipl_plot_tracks *tracks)
{
    ipl_track_release(&tracks->info);
    ipl_track_release(&tracks->training);
    ipl_track_release(&tracks->layers);
}

static bool replicates(const ipl_plot_run *a, const ipl_plot_run *b)
{
    return a->experiment.s && b->experiment.s &&
           strcmp(a->experiment.s, b->experiment.s) == 0;
}

void ipl_plot_prettify(char *label)
{
    static const char activation[] = "activation=";
    char *to = label;

    if (!strchr(label, '='))
        return;
    for (const char *from = label; *from != '\0';) {
        const size_t len = strcspn(from, "_ "), key = strcspn(from, "=");
        const char *dot = key < len ? memchr(from, '.', key) : NULL;
        size_t skip = dot ? (size_t)(dot - from) + 1 : 0;

        if (strncmp(from, activation, sizeof activation - 1) == 0)
            skip = sizeof activation - 1;
        memmove(to, from + skip, len - skip);
        to += len - skip;
        from += len;
        if (*from != '\0') {
            *to++ = ' ';
            from++;
        }
    }
    *to = '\0';
}

/* "demo-tanh-s1" and "demo-tanh-s2" are "demo-tanh (2 runs)". */
static void name_group(ipl_plot_group *group)
{
    const char *first = group->members[0]->label;
    size_t len = strlen(first);

    for (size_t m = 1; m < group->n_members; m++) {
        size_t same = 0;

        while (same < len && first[same] == group->members[m]->label[same])
            same++;
        len = same;
    }
    if (group->n_members > 1) {
        while (len > 0 && strchr("0123456789", first[len - 1]))
            len--;
        if (len > 5 && strncmp(first + len - 4, "seed", 4) == 0)
            len -= 4;
        else if (len > 2 && first[len - 1] == 's' && strchr("-_.", first[len - 2]))
            len--;
        while (len > 0 && strchr("-_./", first[len - 1]))
            len--;
    }
    if (len == 0)
        len = strlen(first);
    if (group->n_members > 1)
        (void)snprintf(group->label, sizeof group->label, "%.*s (%zu runs)",
                       len < 100 ? (int)len : 100, first, group->n_members);
    else
        (void)snprintf(group->label, sizeof group->label, "%s", first);
    ipl_plot_prettify(group->label);
}

typedef const ipl_track *(*pick)(const ipl_plot_run *run);

static const ipl_track *pick_info(const ipl_plot_run *run)
{
    return &run->own.info;
}

static const ipl_track *pick_training(const ipl_plot_run *run)
{
    return &run->own.training;
}

static const ipl_track *pick_layers(const ipl_plot_run *run)
{
    return &run->own.layers;
}

/* One of the three tracks of a group: mean, deviation and quantiles over its members. */
typedef struct ensemble {
    ipl_track *mean, *sd, *low, *high;
} ensemble;

static ipl_status average(ensemble out, const ipl_plot_group *group, pick of,
                          ipl_error *err)
{
    const ipl_track **tracks = ipl_array(group->n_members, 1, sizeof(void *), err);
    ipl_track *const all[] = {out.mean, out.sd, out.low, out.high};
    ipl_status st = IPL_E_NOMEM;

    if (!tracks)
        return st;
    for (size_t m = 0; m < group->n_members; m++)
        tracks[m] = of(group->members[m]);
    st = ipl_track_mean(out.mean, out.sd, tracks, group->n_members, err);
    if (st == IPL_OK)
        st = ipl_track_quantile(out.low, tracks, group->n_members, 0.05, err);
    if (st == IPL_OK)
        st = ipl_track_quantile(out.high, tracks, group->n_members, 0.95, err);
    for (size_t k = 0; k < 4 && st == IPL_OK; k++)
        st = ipl_track_thin(all[k], EPOCHS_MAX, err);
    ipl_free(tracks);
    return st;
}

static ipl_status finish_group(ipl_plot_group *g, ipl_error *err)
{
    const ensemble info = {&g->mean.info, &g->sd.info, &g->low.info, &g->high.info};
    const ensemble training = {&g->mean.training, &g->sd.training, &g->low.training,
                               &g->high.training};
    const ensemble layers = {&g->mean.layers, &g->sd.layers, &g->low.layers,
                             &g->high.layers};
    ipl_status st = average(info, g, pick_info, err);

    name_group(g);
    if (st == IPL_OK)
        st = average(training, g, pick_training, err);
    if (st == IPL_OK)
        st = average(layers, g, pick_layers, err);
    return st;
}

/* Put runs with the same experiment together, groups in the order of their first runs. */
static ipl_status group_runs(ipl_plot_data *data, ipl_error *err)
{
    data->groups = ipl_array(data->n_runs, 1, sizeof *data->groups, err);
    if (!data->groups)
        return IPL_E_NOMEM;
    for (size_t r = 0; r < data->n_runs; r++) {
        const ipl_plot_run *run = &data->runs[r];
        size_t g = 0;

        while (g < data->n_groups && !replicates(data->groups[g].members[0], run))
            g++;
        if (g == data->n_groups) {
            data->groups[g].members = ipl_array(data->n_runs, 1, sizeof(void *), err);
            if (!data->groups[g].members)
                return IPL_E_NOMEM;
            data->n_groups++;
        }
        data->groups[g].members[data->groups[g].n_members++] = run;
    }
    for (size_t g = 0; g < data->n_groups; g++) {
        const ipl_status st = finish_group(&data->groups[g], err);

        if (st != IPL_OK)
            return st;
    }
    return IPL_OK;
}

/* Estimators of a run's table that fit `wanted`, all for "", one a line. */
static ipl_status list_estimators(ipl_text *out, size_t *n, const char *folder,
                                  const char *wanted, ipl_error *err)
{
    ipl_table *table = NULL;
    size_t column = 0;
    ipl_status st = check_folder(folder, err);

    *n = 0;
    if (st == IPL_OK)
        st = read_table(&table, folder, "information.csv", err);
    if (st == IPL_OK)
        st = ipl_table_column(&column, table, "estimator", err);
    if (st != IPL_OK)
        goto done;
    ipl_text_add(out, "\n");
    for (size_t i = 0; i < ipl_table_rows(table); i++) {
        const char *text = ipl_table_text(table, i, column);
        char line[IPL_ESTIMATOR_MAX + 2];

        (void)snprintf(line, sizeof line, "\n%.*s\n", IPL_ESTIMATOR_MAX - 1, text);
        if (!ipl_estimator_fits(text, wanted) || (out->s && strstr(out->s, line)))
            continue;
        ipl_text_add(out, "%s", line + 1);
        ++*n;
    }
    st = ipl_text_status(out, err);
    if (st == IPL_OK && *n == 0)
        st = ipl_table_rows(table) == 0
                 ? ipl_fail(err, IPL_E_FORMAT,
                            "%s: nothing measured yet; wait for the first epoch to end",
                            ipl_table_path(table))
                 : no_estimator(table, column, wanted, err);
done:
    ipl_table_destroy(table);
    return st;
}

/* One entry for each run and estimator. */
static ipl_status read_sweep(ipl_plot_data *data, const ipl_plot_opts *opts,
                             const char *const *runs, size_t n_runs, ipl_error *err)
{
    ipl_text *lists = ipl_array(n_runs, 1, sizeof *lists, err);
    size_t n = 0, at = 0;
    ipl_status st = lists ? IPL_OK : IPL_E_NOMEM;

    data->n_runs = 0;
    for (size_t r = 0; r < n_runs && st == IPL_OK; r++) {
        size_t more;

        st = list_estimators(&lists[r], &more, runs[r], opts->estimator, err);
        n += st == IPL_OK ? more : 0;
    }
    if (st != IPL_OK)
        goto done;
    data->runs = ipl_array(n, 1, sizeof *data->runs, err);
    if (!data->runs) {
        st = IPL_E_NOMEM;
        goto done;
    }
    data->n_runs = n;
    for (size_t r = 0; r < n_runs; r++)
        for (char *text = strtok(lists[r].s, "\n"); text && st == IPL_OK;
             text = strtok(NULL, "\n")) {
            data->runs[at].folder = r;
            st = read_run(&data->runs[at++], opts, text, runs[r], err);
        }
done:
    for (size_t r = 0; lists && r < n_runs; r++)
        ipl_text_release(&lists[r]);
    ipl_free(lists);
    return st;
}

/* The same estimator for all runs: the first one decides. */
static ipl_status read_runs(ipl_plot_data *data, const ipl_plot_opts *opts,
                            const char *const *runs, size_t n_runs, ipl_error *err)
{
    data->runs = ipl_array(n_runs, 1, sizeof *data->runs, err);
    if (!data->runs)
        return IPL_E_NOMEM;
    for (size_t r = 0; r < n_runs; r++) {
        const char *wanted = r == 0 ? opts->estimator : data->runs[0].estimator;
        const ipl_status st = read_run(&data->runs[r], opts, wanted, runs[r], err);

        if (st != IPL_OK)
            return st;
        if (strcmp(data->runs[r].unit, data->runs[0].unit) != 0)
            return ipl_fail(err, IPL_E_SHAPE, "%.200s is in %s, %.200s in %s", runs[0],
                            data->runs[0].unit, runs[r], data->runs[r].unit);
    }
    return IPL_OK;
}

ipl_status ipl_plot_data_read(ipl_plot_data *out, const ipl_plot_opts *opts,
                              const char *const *runs, size_t n_runs, ipl_error *err)
{
    ipl_plot_data data = {.n_runs = n_runs};
    ipl_status st = IPL_OK;

    *out = (ipl_plot_data){0};
    for (size_t r = 0; r < n_runs && st == IPL_OK; r++)
        st = ipl_guard(runs[r], err);
    if (st != IPL_OK)
        return st;
    st = each_estimator(opts) ? read_sweep(&data, opts, runs, n_runs, err)
                              : read_runs(&data, opts, runs, n_runs, err);
    if (st == IPL_OK)
        st = group_runs(&data, err);
    if (st == IPL_OK && *opts->ib != '\0')
        st = ipl_bottleneck_read(&data.ib, opts->ib, err);
    if (st != IPL_OK)
        goto done;
    *out = data;
    data = (ipl_plot_data){0};
done:
    ipl_plot_data_release(&data);
    return st;
}

void ipl_plot_data_release(ipl_plot_data *data)
{
    for (size_t g = 0; data->groups && g < data->n_runs; g++) {
        ipl_free(data->groups[g].members);
        tracks_release(&data->groups[g].mean);
        tracks_release(&data->groups[g].sd);
        tracks_release(&data->groups[g].low);
        tracks_release(&data->groups[g].high);
    }
    for (size_t r = 0; data->runs && r < data->n_runs; r++) {
        ipl_text_release(&data->runs[r].experiment);
        tracks_release(&data->runs[r].own);
    }
    ipl_ib_curve_release(&data->ib);
    ipl_free(data->groups);
    ipl_free(data->runs);
    *data = (ipl_plot_data){0};
}
