/* sweep.txt: what a collection came to, for people. */
#include "run/collect.h"

#include "base/alloc.h"
#include "base/text_columns.h"
#include "math/stats.h"
#include "run/roles.h"

#include <math.h>
#include <stdio.h>

/* Columns of a layer's name: at least, at most. */
enum { NAME_COLUMNS_MIN = 14, NAME_COLUMNS_MAX = 32 };

typedef double (*score)(const ipl_collected *run, size_t layer);

static double test_accuracy(const ipl_collected *run, size_t layer)
{
    (void)layer;
    return run->training[IPL_SCORE_TEST_ACCURACY];
}

static double mean_end(const ipl_collected *run, size_t layer)
{
    (void)layer;
    return run->compression[IPL_COMPRESSION_END];
}

static double mean_last50(const ipl_collected *run, size_t layer)
{
    (void)layer;
    return run->compression[IPL_COMPRESSION_LAST50];
}

static double end_of(const ipl_collected *run, size_t layer)
{
    return layer < run->n_layers ? run->layers[layer].compression[IPL_COMPRESSION_END]
                                 : (double)NAN;
}

static double last50_of(const ipl_collected *run, size_t layer)
{
    return layer < run->n_layers ? run->layers[layer].compression[IPL_COMPRESSION_LAST50]
                                 : (double)NAN;
}

static double x_max_of(const ipl_collected *run, size_t layer)
{
    return layer < run->n_layers ? run->layers[layer].x_max : (double)NAN;
}

static double x_end_of(const ipl_collected *run, size_t layer)
{
    return layer < run->n_layers ? run->layers[layer].x_end : (double)NAN;
}

static double y_end_of(const ipl_collected *run, size_t layer)
{
    return layer < run->n_layers ? run->layers[layer].y_end : (double)NAN;
}

static double prev_first_of(const ipl_collected *run, size_t layer)
{
    return layer < run->n_layers ? run->layers[layer].prev_first : (double)NAN;
}

static double prev_end_of(const ipl_collected *run, size_t layer)
{
    return layer < run->n_layers ? run->layers[layer].prev_end : (double)NAN;
}

static bool belongs(const ipl_collected *run, size_t point)
{
    return run->point == point && run->run->state == IPL_RUN_DONE;
}

/* Defined values of a score among the runs of a point; values has room for all runs. */
static size_t values_of(double *values, const ipl_collection *c, size_t point, score of,
                        size_t layer)
{
    size_t n = 0;

    for (size_t r = 0; r < c->n_runs; r++) {
        const double v = belongs(&c->runs[r], point) ? of(&c->runs[r], layer) : (double)NAN;

        if (isfinite(v))
            values[n++] = v;
    }
    return n;
}

/* "96.21 +- 0.30", without the deviation of a single value, "-" for none. */
static void add_spread(ipl_text *out, int width, const double *values, size_t n,
                       double factor)
{
    char cell[64];

    if (n == 0)
        (void)snprintf(cell, sizeof cell, "-");
    else if (n == 1)
        (void)snprintf(cell, sizeof cell, "%.4g", factor * values[0]);
    else
        (void)snprintf(cell, sizeof cell, "%.4g +- %.2g", factor * ipl_mean(values, n),
                       factor * ipl_deviation(values, n));
    ipl_text_add(out, " %*s", width, cell);
}

/* How many runs of a point compress in a layer, of how many that tell. */
static void add_share(ipl_text *out, const ipl_collection *c, size_t point, size_t layer)
{
    char cell[48];
    size_t n = 0, all = 0;

    for (size_t r = 0; r < c->n_runs; r++) {
        const ipl_collected *run = &c->runs[r];
        ipl_role role;

        if (!belongs(run, point) || layer >= run->n_layers)
            continue;
        role = ipl_role_of("", run->layers[layer].x_max, run->layers[layer].x_end,
                           (double)NAN, (double)NAN);
        n += role.ends_below == 1;
        all += role.ends_below >= 0;
    }
    (void)snprintf(cell, sizeof cell, "%zu of %zu", n, all);
    ipl_text_add(out, " %10s", cell);
}

/* The run of a point that has the most layers, for their names. */
static const ipl_collected *example_of(const ipl_collection *c, size_t point)
{
    const ipl_collected *best = NULL;

    for (size_t r = 0; r < c->n_runs; r++)
        if (belongs(&c->runs[r], point) && (!best || c->runs[r].n_layers > best->n_layers))
            best = &c->runs[r];
    return best;
}

static double mean_of(double *values, const ipl_collection *c, size_t point, score of,
                      size_t layer)
{
    return ipl_mean(values, values_of(values, c, point, of, layer));
}

static ipl_status print_layers(ipl_text *out, double *values, const ipl_collection *c,
                               size_t point, ipl_error *err)
{
    const ipl_collected *example = example_of(c, point);
    const size_t n = example ? example->n_layers : 0;
    ipl_role *roles = ipl_array(n + 1, 1, sizeof *roles, err);
    ipl_label *labels = ipl_array(n + 1, 1, sizeof *labels, err);
    const char **names = ipl_array(n + 1, 1, sizeof *names, err);
    const ipl_status st = roles && labels && names ? IPL_OK : IPL_E_NOMEM;
    size_t columns;

    if (st != IPL_OK || n == 0)
        goto done;
    ipl_text_add(out, "  %s probe, %s, %s\n", example->split, example->estimator,
                 example->unit);
    for (size_t l = 0; l < n; l++)
        names[l] = example->layers[l].name;
    ipl_columns_cut_all(labels, names, n, NAME_COLUMNS_MAX);
    columns = ipl_columns_widest(names, n, NAME_COLUMNS_MIN, NAME_COLUMNS_MAX);
    ipl_text_add(out, "  %-*s %16s %10s %16s %16s %16s %18s %18s\n", (int)columns, "layer",
                 "compression %", "fell in", "of last 50 %", "I(X;T) end", "I(T;Y) end",
                 "I(Tprev;T) first", "I(Tprev;T) end");
    for (size_t l = 0; l < n; l++) {
        ipl_text_add(out, "  %s%*s", labels[l], ipl_columns_left(labels[l], columns), "");
        add_spread(out, 16, values, values_of(values, c, point, end_of, l), 100.0);
        add_share(out, c, point, l);
        add_spread(out, 16, values, values_of(values, c, point, last50_of, l), 100.0);
        add_spread(out, 16, values, values_of(values, c, point, x_end_of, l), 1.0);
        add_spread(out, 16, values, values_of(values, c, point, y_end_of, l), 1.0);
        add_spread(out, 18, values, values_of(values, c, point, prev_first_of, l), 1.0);
        add_spread(out, 18, values, values_of(values, c, point, prev_end_of, l), 1.0);
        ipl_text_add(out, "\n");
        roles[l] =
            ipl_role_of(example->layers[l].name, mean_of(values, c, point, x_max_of, l),
                        mean_of(values, c, point, x_end_of, l),
                        mean_of(values, c, point, prev_first_of, l),
                        mean_of(values, c, point, prev_end_of, l));
    }
    ipl_text_add(out, "  In the mean, ");
    ipl_roles_print(out, roles, n);
done:
    ipl_free(names);
    ipl_free(labels);
    ipl_free(roles);
    return st;
}

static ipl_status print_point(ipl_text *out, double *values, const ipl_collection *c,
                              size_t p, ipl_error *err)
{
    const ipl_point *point = &c->points[p];
    size_t n;

    ipl_text_add(out, "\n%s: %zu of %zu run%s done", point->label.s, point->n_done,
                 point->n_runs, point->n_runs == 1 ? "" : "s");
    n = values_of(values, c, p, test_accuracy, 0);
    if (n > 0) {
        ipl_text_add(out, ", test accuracy");
        add_spread(out, 0, values, n, 100.0);
        ipl_text_add(out, " %%");
    }
    ipl_text_add(out, "\n");
    return print_layers(out, values, c, p, err);
}

/* Pairs of a score and the test accuracy: of runs, or of the means of points. */
static size_t pairs_of(double *x, double *y, double *values, const ipl_collection *c,
                       score of, size_t layer, bool points)
{
    size_t n = 0;

    for (size_t k = 0; k < (points ? c->n_points : c->n_runs); k++) {
        const ipl_collected *run = &c->runs[points ? 0 : k];

        if (!points && run->run->state != IPL_RUN_DONE)
            continue;
        x[n] = points ? mean_of(values, c, k, of, layer) : of(run, layer);
        y[n] = points ? mean_of(values, c, k, test_accuracy, 0) : test_accuracy(run, 0);
        n += isfinite(x[n]) && isfinite(y[n]);
    }
    return n;
}

/* "rho +0.62, p 0.031, n 12" */
static ipl_status add_correlation(ipl_text *out, const double *x, const double *y, size_t n,
                                  ipl_error *err)
{
    char cell[64];
    double rho, p;
    const ipl_status st = ipl_spearman(&rho, &p, x, y, n, err);

    if (isnan(rho))
        (void)snprintf(cell, sizeof cell, "-, n = %zu", n);
    else
        (void)snprintf(cell, sizeof cell, "%+.2f, p = %.2g, n = %zu", rho, p, n);
    ipl_text_add(out, "  %-28s", cell);
    return st;
}

/* One compression score: a row for each layer and one for their mean. */
static ipl_status print_correlation(ipl_text *out, double *x, double *y, double *values,
                                    const ipl_collection *c, ipl_compression k,
                                    ipl_error *err)
{
    static const score of_layer[] = {end_of, last50_of},
                       of_mean[] = {mean_end, mean_last50};
    static const char *const what[] = {"by the end point",
                                       "by the mean of the last 50 epochs"};
    const bool both = c->n_points > 1 && c->n_points < c->n_runs;
    ipl_status st = IPL_OK;

    ipl_text_add(out, "  %s\n  %-14s  %-28s", what[k], "layer",
                 c->n_points > 1 && !both ? "over points" : "over runs");
    ipl_text_add(out, "%s\n", both ? "  over points (means of runs)" : "");
    for (size_t l = 0; l <= c->n_layers && st == IPL_OK; l++) {
        const bool mean = l == c->n_layers;
        const score of = mean ? of_mean[k] : of_layer[k];
        char name[24];

        (void)snprintf(name, sizeof name, "%zu", l + 1);
        ipl_text_add(out, "  %-14s", mean ? "mean of layers" : name);
        st = add_correlation(out, x, y, pairs_of(x, y, values, c, of, l, false), err);
        if (st == IPL_OK && both)
            st = add_correlation(out, x, y, pairs_of(x, y, values, c, of, l, true), err);
        ipl_text_add(out, "\n");
    }
    return st;
}

/* Whether any run has a compression score of a kind. */
static bool any_score(const ipl_collection *c, ipl_compression k)
{
    for (size_t r = 0; r < c->n_runs; r++)
        if (isfinite(c->runs[r].compression[k]))
            return true;
    return false;
}

static ipl_status print_correlations(ipl_text *out, double *values, const ipl_collection *c,
                                     ipl_error *err)
{
    double *x = ipl_array(c->n_runs + 1, 1, sizeof *x, err);
    double *y = ipl_array(c->n_runs + 1, 1, sizeof *y, err);
    ipl_status st = x && y ? IPL_OK : IPL_E_NOMEM;

    ipl_text_add(out, "\ncompression of I(X;T) against test accuracy, Spearman's rank "
                      "correlation\n");
    for (int k = 0; k < IPL_COMPRESSIONS && st == IPL_OK; k++)
        if (k == IPL_COMPRESSION_END || any_score(c, (ipl_compression)k))
            st = print_correlation(out, x, y, values, c, (ipl_compression)k, err);
    ipl_text_add(out, "p is two-sided, of the null hypothesis that both are independent: "
                      "exact for n <= 8 (no p\nbelow 2/n! can occur), by Student's t "
                      "above. Ties have mean ranks; -: not defined.\n");
    if (c->n_points > 1 && c->n_points < c->n_runs)
        ipl_text_add(out, "Runs of one point share their settings and are not independent: "
                          "the points tell more.\n");
    ipl_free(y);
    ipl_free(x);
    return st;
}

ipl_status ipl_collection_print(ipl_text *out, const ipl_collection *c, ipl_error *err)
{
    double *values = ipl_array(c->n_runs + 1, 1, sizeof *values, err);
    size_t n_in[IPL_RUN_STATES] = {0};
    ipl_status st = values ? IPL_OK : IPL_E_NOMEM;

    for (size_t r = 0; r < c->n_runs; r++)
        n_in[c->runs[r].run->state]++;
    ipl_text_add(out, "%zu run%s of %zu point%s:", c->n_runs, c->n_runs == 1 ? "" : "s",
                 c->n_points, c->n_points == 1 ? "" : "s");
    for (size_t s = IPL_RUN_STATES, any = 0; s-- > 0;)
        if (n_in[s] > 0)
            ipl_text_add(out, "%s %zu %s", any++ ? "," : "", n_in[s],
                         ipl_run_state_name((ipl_run_state)s));
    ipl_text_add(
        out,
        "\nmean +- standard deviation over the runs that are done; end is the value at "
        "the last measured epoch,\ncompression (max - end) / max of I(X;T), of last 50 "
        "the same with the mean over the last 50 epochs\n(-: shorter runs; it lags "
        "behind a layer that rises), fell: the end is more than 1 %% below max,\nTprev "
        "the layer before T\n");
    for (size_t p = 0; p < c->n_points && st == IPL_OK; p++)
        st = print_point(out, values, c, p, err);
    if (st == IPL_OK && c->n_layers > 0)
        st = print_correlations(out, values, c, err);
    ipl_free(values);
    return st == IPL_OK ? ipl_text_status(out, err) : st;
}
