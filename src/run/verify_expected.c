#include "run/verify_expected.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/program.h"
#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const ipl_net_columns[] = {"I_XT", "I_TY", "I_TY_cond", "I_prev", "H_T", "H_Y"};

const char *const ipl_net_claims[] = {
    [IPL_NET_START] = "untrained",
    [IPL_NET_PEAK] = "peak",
    [IPL_NET_END] = "end",
    [IPL_NET_RISES_THEN_FALLS] = "rises-then-falls",
    [IPL_NET_ONLY_FALLS] = "only-falls",
    [IPL_NET_DOES_NOT_FALL] = "does-not-fall",
    [IPL_NET_ENDS_HIGHER] = "ends-higher",
    [IPL_NET_ENDS_LOWER] = "ends-lower",
    [IPL_NET_ORDERED] = "ordered",
    [IPL_NET_BOUNDED] = "bounded",
};

/* Columns in their order; those from NUMBERS on up to TEXTS are numbers. */
enum {
    CLAIM,
    QUANTITY,
    FIRST,
    LAST,
    ESTIMATOR,
    LOW,
    HIGH,
    SPREAD,
    SD,
    NETS,
    RUN,
    FROM,
    TO,
    SOURCE,
    COLUMNS
};
static const char *const names[COLUMNS] = {
    "claim",  "quantity", "first", "last", "estimator", "low", "high",
    "spread", "sd",       "nets",  "run",  "from",      "to",  "source"};

/* Index of a word among n, n when it is none of them. */
static size_t index_of(const char *word, const char *const *words, size_t n)
{
    size_t i = 0;

    while (i < n && strcmp(word, words[i]) != 0)
        i++;
    return i;
}

static ipl_status bad(const ipl_table *table, size_t row, const char *column,
                      const char *want, ipl_error *err)
{
    size_t c = index_of(column, names, COLUMNS);

    return ipl_fail(err, IPL_E_FORMAT, "%.200s:%zu: %s: '%.40s' is not %s",
                    ipl_table_path(table), ipl_table_line(table, row), column,
                    ipl_table_text(table, row, c), want);
}

/* A number >= 0; NaN is allowed where `open` says so. */
static ipl_status read_number(double *out, const ipl_table *table, size_t row,
                              size_t column, bool open, ipl_error *err)
{
    const char *text = ipl_table_text(table, row, column);

    *out = (double)NAN;
    if (open && strcmp(text, "NaN") == 0)
        return IPL_OK;
    if (ipl_number_parse(out, text) && *out >= 0.0)
        return IPL_OK;
    return bad(table, row, names[column], open ? "a number >= 0, or NaN" : "a number >= 0",
               err);
}

static ipl_status read_count(size_t *out, const ipl_table *table, size_t row, size_t column,
                             ipl_error *err)
{
    uint64_t count;

    if (!ipl_count_parse(&count, ipl_table_text(table, row, column)) || count > 100000)
        return bad(table, row, names[column], "a whole number", err);
    *out = (size_t)count;
    return IPL_OK;
}

/* What is looked at: claim, quantity, layers, estimator, source. */
static ipl_status read_subject(ipl_net_expected *out, const ipl_table *table, size_t row,
                               ipl_error *err)
{
    const char *quantity = ipl_table_text(table, row, QUANTITY);
    const size_t claim =
        index_of(ipl_table_text(table, row, CLAIM), ipl_net_claims, IPL_NET_CLAIMS);
    size_t field = index_of(quantity, ipl_net_columns, IPL_NET_FIELDS);
    const bool accuracy = strcmp(quantity, "test_accuracy") == 0;
    ipl_status st;

    out->estimator = ipl_table_text(table, row, ESTIMATOR);
    out->source = ipl_table_text(table, row, SOURCE);
    out->claim = (ipl_net_claim)claim;
    out->field = accuracy ? IPL_NET_ACCURACY : (ipl_net_field)field;
    if (claim == IPL_NET_CLAIMS)
        return bad(table, row, "claim", "untrained, peak, end or a trend", err);
    if (!accuracy && field == IPL_NET_FIELDS)
        return bad(table, row, "quantity", "a column of information.csv or test_accuracy",
                   err);
    if (accuracy && claim != IPL_NET_END)
        return bad(table, row, "claim", "'end', as test_accuracy wants", err);
    if (*out->source == '\0')
        return bad(table, row, "source", "a source", err);
    if (!accuracy && *out->estimator == '\0')
        return bad(table, row, "estimator", "an estimator", err);
    st = read_count(&out->first, table, row, FIRST, err);
    if (st == IPL_OK)
        st = read_count(&out->last, table, row, LAST, err);
    if (st != IPL_OK)
        return st;
    if (accuracy ? out->first != 0 : out->first < 1)
        return bad(table, row, "first", accuracy ? "0" : "a layer from 1", err);
    if (out->last < out->first || (claim < IPL_NET_MOMENTS && out->last > out->first))
        return bad(table, row, "last",
                   claim < IPL_NET_MOMENTS ? "the layer in 'first'" : "at least 'first'",
                   err);
    return IPL_OK;
}

/* What is said of it, and for which runs. */
static ipl_status read_claim(ipl_net_expected *out, const ipl_table *table, size_t row,
                             ipl_error *err)
{
    static const char *const runs[] = {"full", "quick", "any"};
    const size_t run = index_of(ipl_table_text(table, row, RUN), runs, 3);
    const struct {
        double *number;
        size_t column;
        bool open;
    } numbers[] = {{&out->low, LOW, false},       {&out->high, HIGH, false},
                   {&out->spread, SPREAD, false}, {&out->sd, SD, true},
                   {&out->from, FROM, false},     {&out->to, TO, true}};
    ipl_status st = IPL_OK;

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0] && st == IPL_OK; i++)
        st = read_number(numbers[i].number, table, row, numbers[i].column, numbers[i].open,
                         err);
    if (st == IPL_OK)
        st = read_count(&out->nets, table, row, NETS, err);
    if (st != IPL_OK)
        return st;
    if (run == 3)
        return bad(table, row, "run", "full, quick or any", err);
    out->run[0] = run != 1;
    out->run[1] = run != 0;
    if (out->high < out->low)
        return bad(table, row, "high", "at least 'low'", err);
    if (out->claim >= IPL_NET_MOMENTS && out->high > 1.0)
        return bad(table, row, "high", "a share of nets", err);
    if (out->claim < IPL_NET_MOMENTS && out->nets < 1)
        return bad(table, row, "nets", "at least 1", err);
    if (out->nets > 1 && out->claim < IPL_NET_MOMENTS && isnan(out->sd))
        return bad(table, row, "sd", "the deviation over the nets", err);
    if (out->to < out->from)
        return bad(table, row, "to", "at least 'from'", err);
    return IPL_OK;
}

static ipl_status check_header(const ipl_table *table, ipl_error *err)
{
    for (size_t c = 0; c < COLUMNS; c++) {
        size_t at;
        const ipl_status st = ipl_table_column(&at, table, names[c], err);

        if (st != IPL_OK)
            return st;
        if (at != c)
            return ipl_fail(err, IPL_E_FORMAT,
                            "%.200s: column '%s' is number %zu, want %zu",
                            ipl_table_path(table), names[c], at + 1, c + 1);
    }
    if (ipl_table_columns(table) != COLUMNS)
        return ipl_fail(err, IPL_E_FORMAT, "%.200s: %zu columns, want %d",
                        ipl_table_path(table), ipl_table_columns(table), COLUMNS);
    if (ipl_table_rows(table) == 0 || ipl_table_rows(table) > IPL_NET_LIST_MAX)
        return ipl_fail(err, IPL_E_FORMAT, "%.200s: %zu rows, want 1 to %d",
                        ipl_table_path(table), ipl_table_rows(table), IPL_NET_LIST_MAX);
    return IPL_OK;
}

ipl_status ipl_net_list_read_file(ipl_net_list *out, const char *path, ipl_error *err)
{
    ipl_status st;

    *out = (ipl_net_list){0};
    st = ipl_table_read(&out->table, path, err);
    if (st == IPL_OK)
        st = check_header(out->table, err);
    if (st == IPL_OK) {
        out->rows = ipl_array(ipl_table_rows(out->table), 1, sizeof *out->rows, err);
        st = out->rows ? IPL_OK : IPL_E_NOMEM;
    }
    while (st == IPL_OK && out->n < ipl_table_rows(out->table)) {
        st = read_subject(&out->rows[out->n], out->table, out->n, err);
        if (st == IPL_OK)
            st = read_claim(&out->rows[out->n], out->table, out->n, err);
        out->n++;
    }
    if (st != IPL_OK)
        ipl_net_list_release(out);
    return st;
}

ipl_status ipl_net_list_read(ipl_net_list *out, const char *name, ipl_error *err)
{
    char file[128], path[IPL_PATH_MAX];
    ipl_status st;

    *out = (ipl_net_list){0};
    (void)snprintf(file, sizeof file, "presets/expected/%.80s.csv", name);
    st = ipl_share_find(path, file, err);
    return st == IPL_OK ? ipl_net_list_read_file(out, path, err) : st;
}

void ipl_net_list_release(ipl_net_list *list)
{
    ipl_free(list->rows);
    ipl_table_destroy(list->table);
    *list = (ipl_net_list){0};
}
