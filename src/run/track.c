#include "run/track.h"

#include "base/alloc.h"
#include "base/text.h"
#include "math/stats.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { LAYERS_MAX = 1000, SPARSE = 64, SPARSE_FREE = 4096 };

/* Columns of a table that a query looks at, and the rows it keeps. */
typedef struct selection {
    double *epoch, *layer; /* (rows); layer NULL: none */
    double **fields;       /* (n_fields) columns */
    bool *keep;            /* (rows) */
    size_t name;           /* column of the layer's name */
} selection;

static void selection_release(selection *sel, size_t n_fields)
{
    for (size_t f = 0; sel->fields && f < n_fields; f++)
        ipl_free(sel->fields[f]);
    ipl_free(sel->fields);
    ipl_free(sel->keep);
    ipl_free(sel->layer);
    ipl_free(sel->epoch);
}

/* Drop the rows that have another text in a column. */
static ipl_status filter(selection *sel, const ipl_table *table, const char *column,
                         const char *text, ipl_error *err)
{
    size_t j;
    const ipl_status st = text ? ipl_table_column(&j, table, column, err) : IPL_OK;

    if (!text || st != IPL_OK)
        return st;
    for (size_t i = 0; i < ipl_table_rows(table); i++)
        sel->keep[i] = sel->keep[i] && strcmp(ipl_table_text(table, i, j), text) == 0;
    return IPL_OK;
}

static ipl_status read_columns(selection *sel, const ipl_table *table,
                               const ipl_track_query *query, ipl_error *err)
{
    ipl_status st = ipl_table_numbers(&sel->epoch, table, "epoch", err);

    if (st == IPL_OK && query->layers)
        st = ipl_table_numbers(&sel->layer, table, "layer", err);
    if (st == IPL_OK && query->layers)
        st = ipl_table_column(&sel->name, table, "name", err);
    if (st != IPL_OK)
        return st;
    sel->fields = ipl_array(query->n_fields, 1, sizeof *sel->fields, err);
    sel->keep = ipl_array(ipl_table_rows(table) + 1, 1, sizeof *sel->keep, err);
    if (!sel->fields || !sel->keep)
        return IPL_E_NOMEM;
    for (size_t f = 0; st == IPL_OK && f < query->n_fields; f++)
        if (query->fields[f])
            st = ipl_table_numbers(&sel->fields[f], table, query->fields[f], err);
    for (size_t i = 0; i < ipl_table_rows(table); i++)
        sel->keep[i] = true;
    if (st == IPL_OK)
        st = filter(sel, table, "split", query->split, err);
    if (st == IPL_OK)
        st = filter(sel, table, "estimator", query->estimator, err);
    return st;
}

/* Check the kept rows, and count their epochs and layers. */
static ipl_status measure(ipl_track *out, const selection *sel, const ipl_table *table,
                          ipl_error *err)
{
    double last = -HUGE_VAL;
    size_t kept = 0;

    out->n_layers = 1;
    for (size_t i = 0; i < ipl_table_rows(table); i++) {
        const double layer = sel->layer ? sel->layer[i] : 1.0;

        if (!sel->keep[i])
            continue;
        if (!(sel->epoch[i] >= 0.0) || sel->epoch[i] < last)
            return ipl_fail(err, IPL_E_FORMAT, "%s:%zu: epoch %g after epoch %g",
                            ipl_table_path(table), ipl_table_line(table, i), sel->epoch[i],
                            last);
        if (!(layer >= 1.0 && layer <= LAYERS_MAX) || layer != floor(layer))
            return ipl_fail(err, IPL_E_FORMAT, "%s:%zu: layer %g is none of 1 ... %d",
                            ipl_table_path(table), ipl_table_line(table, i), layer,
                            LAYERS_MAX);
        kept++;
        out->n_epochs += sel->epoch[i] > last;
        last = sel->epoch[i];
        if ((size_t)layer > out->n_layers)
            out->n_layers = (size_t)layer;
    }
    if (out->n_epochs == 0)
        return ipl_fail(err, IPL_E_FORMAT,
                        "%s: no row to draw yet; wait for the first epoch to end",
                        ipl_table_path(table));
    /* A number of a layer must not decide how much memory a short table takes. */
    if (out->n_epochs * out->n_layers > SPARSE * kept + SPARSE_FREE)
        return ipl_fail(
            err, IPL_E_FORMAT,
            "%s: %zu epochs of %zu layers in %zu rows, most of them are missing",
            ipl_table_path(table), out->n_epochs, out->n_layers, kept);
    return IPL_OK;
}

static ipl_status allocate(ipl_track *track, ipl_error *err)
{
    const size_t row = track->n_layers * track->n_fields;

    track->epochs = ipl_array(track->n_epochs, 1, sizeof *track->epochs, err);
    track->values = ipl_array(track->n_epochs, row, sizeof *track->values, err);
    track->names = ipl_array(track->n_layers, 1, sizeof *track->names, err);
    if (!track->epochs || !track->values || !track->names)
        return IPL_E_NOMEM;
    for (size_t i = 0; i < track->n_epochs * row; i++)
        track->values[i] = (double)NAN;
    return IPL_OK;
}

/* Copy a name, cut between characters when it is too long. */
static void copy_name(char out[IPL_TRACK_NAME_MAX], const char *name)
{
    size_t len = strlen(name);

    if (len >= IPL_TRACK_NAME_MAX) {
        len = IPL_TRACK_NAME_MAX - 1;
        while (len > 0 && ((unsigned char)name[len] & 0xC0) == 0x80)
            len--;
    }
    memcpy(out, name, len);
    out[len] = '\0';
}

/* Fill the arrays; returns how many layers the last epoch has. */
static size_t fill(ipl_track *out, const selection *sel, const ipl_table *table)
{
    size_t e = 0, in_last = 0;
    bool first = true;

    for (size_t i = 0; i < ipl_table_rows(table); i++) {
        size_t l;

        if (!sel->keep[i])
            continue; /* nothing was checked of these */
        l = sel->layer ? (size_t)sel->layer[i] - 1 : 0;
        if (!first && sel->epoch[i] > out->epochs[e]) {
            e++;
            in_last = 0;
        }
        first = false;
        in_last++;
        out->epochs[e] = sel->epoch[i];
        if (sel->layer)
            copy_name(out->names[l], ipl_table_text(table, i, sel->name));
        for (size_t f = 0; f < out->n_fields; f++)
            if (sel->fields[f])
                out->values[(e * out->n_layers + l) * out->n_fields + f] =
                    sel->fields[f][i];
    }
    return in_last;
}

ipl_status ipl_track_read(ipl_track *out, const ipl_table *table,
                          const ipl_track_query *query, ipl_error *err)
{
    ipl_track track = {.n_fields = query->n_fields};
    selection sel = {0};
    ipl_status st;

    *out = (ipl_track){0};
    st = read_columns(&sel, table, query, err);
    if (st == IPL_OK)
        st = measure(&track, &sel, table, err);
    if (st == IPL_OK)
        st = allocate(&track, err);
    if (st != IPL_OK)
        goto done;
    if (fill(&track, &sel, table) < track.n_layers && track.n_epochs > 1)
        track.n_epochs--;
    *out = track;
    track = (ipl_track){0};
done:
    ipl_track_release(&track);
    selection_release(&sel, query->n_fields);
    return st;
}

/* Refuse numbers so large that an axis for them would overflow. */
static ipl_status check_drawable(const ipl_track *t, const ipl_table *table,
                                 const ipl_track_query *query, ipl_error *err)
{
    const size_t row = t->n_layers * t->n_fields;

    for (size_t k = 0; k < t->n_epochs * row; k++)
        if (isfinite(t->values[k]) && fabs(t->values[k]) > IPL_DRAWABLE_MAX)
            return ipl_fail(err, IPL_E_FORMAT,
                            "%s: %s is %g at epoch %g: more than %g cannot be drawn",
                            ipl_table_path(table), query->fields[k % t->n_fields],
                            t->values[k], t->epochs[k / row], IPL_DRAWABLE_MAX);
    if (t->epochs[t->n_epochs - 1] > IPL_DRAWABLE_MAX)
        return ipl_fail(err, IPL_E_FORMAT, "%s: epoch %g: more than %g cannot be drawn",
                        ipl_table_path(table), t->epochs[t->n_epochs - 1],
                        IPL_DRAWABLE_MAX);
    return IPL_OK;
}

ipl_status ipl_track_read_drawable(ipl_track *out, const ipl_table *table,
                                   const ipl_track_query *query, ipl_error *err)
{
    ipl_status st = ipl_track_read(out, table, query, err);

    if (st == IPL_OK)
        st = check_drawable(out, table, query, err);
    if (st != IPL_OK)
        ipl_track_release(out);
    return st;
}

void ipl_track_release(ipl_track *track)
{
    ipl_free(track->names);
    ipl_free(track->values);
    ipl_free(track->epochs);
    *track = (ipl_track){0};
}

/* Index of an epoch in a track, n_epochs when it has none. */
static size_t find_epoch(const ipl_track *track, double epoch)
{
    size_t lo = 0, hi = track->n_epochs;

    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;

        if (track->epochs[mid] < epoch)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < track->n_epochs && track->epochs[lo] == epoch ? lo : track->n_epochs;
}

static bool all_have(const ipl_track *const *runs, size_t n, double epoch)
{
    for (size_t r = 0; r < n; r++)
        if (find_epoch(runs[r], epoch) == runs[r]->n_epochs)
            return false;
    return true;
}

/* Mean and deviation of one epoch, all layers and fields. */
static void average(double *mean, double *sd, const ipl_track *const *runs, size_t n,
                    double epoch)
{
    const size_t row = runs[0]->n_layers * runs[0]->n_fields;

    for (size_t k = 0; k < row; k++) {
        double sum = 0.0, squares = 0.0;

        for (size_t r = 0; r < n; r++)
            sum += runs[r]->values[find_epoch(runs[r], epoch) * row + k];
        mean[k] = sum / (double)n;
        for (size_t r = 0; r < n; r++) {
            const double d =
                runs[r]->values[find_epoch(runs[r], epoch) * row + k] - mean[k];

            squares += d * d;
        }
        sd[k] = n > 1 ? sqrt(squares / (double)(n - 1)) : 0.0;
    }
}

/* An empty track of the epochs that all runs have. */
static ipl_status common(ipl_track *out, const ipl_track *const *runs, size_t n,
                         ipl_error *err)
{
    ipl_track t = {.n_layers = runs[0]->n_layers, .n_fields = runs[0]->n_fields};
    ipl_status st;
    size_t k = 0;

    for (size_t r = 1; r < n; r++)
        if (runs[r]->n_layers != t.n_layers)
            return ipl_fail(err, IPL_E_SHAPE, "replicates with %zu and %zu layers",
                            t.n_layers, runs[r]->n_layers);
    for (size_t i = 0; i < runs[0]->n_epochs; i++)
        t.n_epochs += all_have(runs, n, runs[0]->epochs[i]);
    if (t.n_epochs == 0)
        return ipl_fail(err, IPL_E_SHAPE, "replicates have no measured epoch in common");
    st = allocate(&t, err);
    if (st != IPL_OK) {
        ipl_track_release(&t);
        return st;
    }
    memcpy(t.names, runs[0]->names, t.n_layers * sizeof *t.names);
    for (size_t i = 0; i < runs[0]->n_epochs; i++)
        if (all_have(runs, n, runs[0]->epochs[i]))
            t.epochs[k++] = runs[0]->epochs[i];
    *out = t;
    return IPL_OK;
}

ipl_status ipl_track_mean(ipl_track *mean, ipl_track *sd, const ipl_track *const *runs,
                          size_t n, ipl_error *err)
{
    const size_t row = runs[0]->n_layers * runs[0]->n_fields;
    ipl_status st;

    *mean = *sd = (ipl_track){0};
    st = common(mean, runs, n, err);
    if (st == IPL_OK)
        st = common(sd, runs, n, err);
    if (st != IPL_OK) {
        ipl_track_release(mean);
        return st;
    }
    for (size_t i = 0; i < mean->n_epochs; i++)
        average(mean->values + i * row, sd->values + i * row, runs, n, mean->epochs[i]);
    return IPL_OK;
}

ipl_status ipl_track_quantile(ipl_track *out, const ipl_track *const *runs, size_t n,
                              double q, ipl_error *err)
{
    const size_t row = runs[0]->n_layers * runs[0]->n_fields;
    double *values = ipl_array(n, 1, sizeof *values, err);
    ipl_status st = IPL_E_NOMEM;

    *out = (ipl_track){0};
    if (values)
        st = common(out, runs, n, err);
    for (size_t k = 0; st == IPL_OK && k < out->n_epochs * row; k++) {
        size_t defined = 0;

        for (size_t r = 0; r < n; r++) {
            const size_t at = find_epoch(runs[r], out->epochs[k / row]);
            const double v = runs[r]->values[at * row + k % row];

            if (isfinite(v))
                values[defined++] = v;
        }
        ipl_sort(values, defined);
        out->values[k] = ipl_quantile(values, defined, q);
    }
    ipl_free(values);
    return st;
}

void ipl_track_spread(bool *keep, const double *epochs, size_t n, size_t limit)
{
    const double slots = (double)(limit - 1);
    double unit = 1.0, lo, hi, filled = -1.0;

    if (n == 0)
        return;
    for (size_t i = n; i-- > 0;)
        if (epochs[i] > 0.0)
            unit = epochs[i];
    lo = log1p(epochs[0] / unit);
    hi = log1p(epochs[n - 1] / unit);
    for (size_t i = 0; i < n; i++) {
        /* The first epoch of a slot is kept; the last slot is the last epoch. */
        const double slot = floor((log1p(epochs[i] / unit) - lo) / (hi - lo) * slots);

        keep[i] = n <= limit || i + 1 == n || (slot > filled && slot < slots);
        if (keep[i])
            filled = slot;
    }
}

ipl_status ipl_track_thin(ipl_track *track, size_t limit, ipl_error *err)
{
    const size_t row = track->n_layers * track->n_fields;
    bool *keep;
    size_t k = 0;

    if (track->n_epochs <= limit)
        return IPL_OK;
    keep = ipl_array(track->n_epochs, 1, sizeof *keep, err);
    if (!keep)
        return IPL_E_NOMEM;
    ipl_track_spread(keep, track->epochs, track->n_epochs, limit);
    for (size_t i = 0; i < track->n_epochs; i++) {
        if (!keep[i])
            continue;
        track->epochs[k] = track->epochs[i];
        memmove(track->values + k * row, track->values + i * row,
                row * sizeof *track->values);
        k++;
    }
    track->n_epochs = k;
    ipl_free(keep);
    return IPL_OK;
}
