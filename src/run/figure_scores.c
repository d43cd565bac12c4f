/* Scores of a study: test accuracy over compression, a panel for each layer and their mean. */
#include "run/figure.h"

#include "base/alloc.h"
#include "math/stats.h"
#include "run/gnuplot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 3, LEGEND_MAX = 18, LEGEND_COLUMNS = 34 };

/* What is drawn, and room for the numbers of all runs. */
typedef struct scatter {
    ipl_figure *figure;
    const ipl_collection *c;
    double *x, *y; /* (n_runs) */
} scatter;

/* Compression of a layer in percent; of the mean for the layer behind the last. */
static double x_of(const scatter *s, const ipl_collected *run, size_t layer)
{
    const int k = s->figure->opts->score;

    if (layer == s->c->n_layers)
        return 100.0 * run->compression[k];
    return layer < run->n_layers ? 100.0 * run->layers[layer].compression[k] : (double)NAN;
}

static double y_of(const ipl_collected *run)
{
    return 100.0 * run->training[IPL_SCORE_TEST_ACCURACY];
}

/* Values of the runs of a point, or of all points; how many are defined. */
static size_t values_of(const scatter *s, size_t layer, size_t point, bool all)
{
    size_t n = 0;

    for (size_t r = 0; r < s->c->n_runs; r++) {
        const ipl_collected *run = &s->c->runs[r];

        if (!all && run->point != point)
            continue;
        s->x[n] = x_of(s, run, layer);
        s->y[n] = y_of(run);
        n += isfinite(s->x[n]) && isfinite(s->y[n]);
    }
    return n;
}

static double colour_of(const scatter *s, size_t point)
{
    char colour[8];

    ipl_figure_colour(colour, point, s->c->n_points);
    return (double)strtoul(colour + 1, NULL, 16);
}

/* Ends of a deviation around a mean; accuracies end at 0 and 100 %. */
static ipl_range bar_of(double mean, double sd, bool accuracy)
{
    const ipl_range r = {mean - sd, mean + sd};

    return accuracy ? (ipl_range){fmax(0.0, r.lo), fmin(100.0, r.hi)} : r;
}

static void add_row(const scatter *s, size_t p, const char *name, size_t n,
                    const double values[4], double colour)
{
    const ipl_range x = bar_of(values[0], values[2], false);
    const ipl_range y = bar_of(values[1], values[3], true);
    const ipl_panel *panel = &s->figure->panels[p];
    ipl_csv *csv = &s->figure->scores;

    ipl_text_add(&csv->text, "%zu,", p + 1);
    ipl_gnuplot_add_field(&csv->text, name);
    ipl_text_add(&csv->text, ",%zu", n);
    ipl_csv_end_row(csv,
                    (const double[]){values[0], values[1], values[2], values[3],
                                     ipl_axis_place(&panel->x.axis, values[0]),
                                     ipl_axis_place(&panel->y.axis, values[1]),
                                     ipl_axis_place(&panel->x.axis, x.lo),
                                     ipl_axis_place(&panel->x.axis, x.hi),
                                     ipl_axis_place(&panel->y.axis, y.lo),
                                     ipl_axis_place(&panel->y.axis, y.hi), colour},
                    11);
}

static void add_runs(const scatter *s, size_t p, size_t layer)
{
    ipl_panel *panel = &s->figure->panels[p];

    panel->runs.first = s->figure->scores.n;
    for (size_t r = 0; r < s->c->n_runs; r++) {
        const ipl_collected *run = &s->c->runs[r];
        const double values[] = {x_of(s, run, layer), y_of(run), 0.0, 0.0};

        if (!isfinite(values[0]) || !isfinite(values[1]))
            continue;
        add_row(s, p, run->run->name, 1, values, colour_of(s, run->point));
        panel->runs.n++;
    }
}

/* Means of the points, when there are replicates. */
static void add_means(const scatter *s, size_t p, size_t layer)
{
    ipl_panel *panel = &s->figure->panels[p];

    panel->means.first = s->figure->scores.n;
    for (size_t k = 0; k < s->c->n_points && s->c->n_points < s->c->n_runs; k++) {
        const size_t n = values_of(s, layer, k, false);
        const double values[] = {ipl_mean(s->x, n), ipl_mean(s->y, n),
                                 ipl_deviation(s->x, n), ipl_deviation(s->y, n)};

        if (n == 0)
            continue;
        add_row(s, p, s->c->points[k].label.s, n, values, colour_of(s, k));
        panel->means.n++;
    }
}

/* Name of a layer, when all runs call it so, or NULL. */
static const char *common_name(const ipl_collection *c, size_t layer)
{
    const char *name = NULL;

    for (size_t r = 0; r < c->n_runs; r++) {
        if (layer >= c->runs[r].n_layers)
            continue;
        if (name && strcmp(name, c->runs[r].layers[layer].name) != 0)
            return NULL;
        name = c->runs[r].layers[layer].name;
    }
    return name;
}

/* "fc2" or "layer 2" for every layer, and "mean of layers"; NULL: no memory. */
static ipl_label *name_layers(const ipl_collection *c, ipl_error *err)
{
    const size_t n = c->n_layers + 1;
    ipl_label *labels = ipl_array(n, 1, sizeof *labels, err);
    ipl_label *numbers = ipl_array(n, 1, sizeof *numbers, err);
    const char **names = ipl_array(n, 1, sizeof *names, err);

    for (size_t l = 0; labels && numbers && names && l < n; l++) {
        const char *name = l < c->n_layers ? common_name(c, l) : "mean of layers";

        (void)snprintf(numbers[l], sizeof numbers[l], "layer %zu", l + 1);
        names[l] = name ? name : numbers[l];
    }
    if (labels && numbers && names)
        ipl_columns_cut_all(labels, names, n, 14);
    else
        ipl_free(labels);
    labels = numbers && names ? labels : NULL;
    ipl_free(names);
    ipl_free(numbers);
    return labels;
}

/* One panel, with Spearman's correlation in its title. */
static ipl_status add_panel(const scatter *s, size_t p, size_t layer, const char *name,
                            ipl_error *err)
{
    ipl_panel *panel = &s->figure->panels[p];
    const size_t n = values_of(s, layer, 0, true);
    ipl_range x = {HUGE_VAL, -HUGE_VAL};
    double rho, probability;
    const ipl_status st = ipl_spearman(&rho, &probability, s->x, s->y, n, err);

    for (size_t i = 0; i < n; i++)
        x = (ipl_range){fmin(x.lo, s->x[i]), fmax(x.hi, s->x[i])};
    for (size_t k = 0; k < s->c->n_points; k++) { /* room for the deviations */
        const size_t m = values_of(s, layer, k, false);
        const ipl_range bar = bar_of(ipl_mean(s->x, m), ipl_deviation(s->x, m), false);

        if (m > 0)
            x = (ipl_range){fmin(x.lo, bar.lo), fmax(x.hi, bar.hi)};
    }
    panel->kind = IPL_PANEL_SCORES;
    panel->x = (ipl_panel_axis){.margin = 0.04, .tics = 4, .tic_labels = true};
    panel->y.tic_labels = p % COLUMNS == 0;
    ipl_axis_fit(&panel->x.axis, &x, 1, IPL_SCALE_LINEAR);
    if (isnan(rho))
        (void)snprintf(panel->title, sizeof panel->title, "%s (n = %zu)", name, n);
    else
        (void)snprintf(panel->title, sizeof panel->title,
                       "%s: \xCF\x81 = %+.2f, p = %.2g, n = %zu", name, rho, probability,
                       n);
    add_runs(s, p, layer);
    add_means(s, p, layer);
    return st;
}

/* Names of the points with their colours, in a panel of their own. */
static ipl_status add_legend(const scatter *s, size_t p, ipl_error *err)
{
    ipl_panel *panel = &s->figure->panels[p];
    const size_t n = s->c->n_points < LEGEND_MAX ? s->c->n_points : LEGEND_MAX;
    const ipl_range unit = {0.0, 1.0};
    const double step = 1.15 * IPL_LINE_INCHES / panel->height;

    ipl_label *pretty = ipl_array(n, 1, sizeof *pretty, err);
    ipl_label *labels = ipl_array(n, 1, sizeof *labels, err);
    const char **names = ipl_array(n, 1, sizeof *names, err);
    const ipl_status st = pretty && labels && names ? IPL_OK : IPL_E_NOMEM;

    for (size_t k = 0; st == IPL_OK && k < n; k++) {
        (void)snprintf(pretty[k], sizeof pretty[k], "%.250s", s->c->points[k].label.s);
        ipl_plot_prettify(pretty[k]);
        names[k] = pretty[k];
    }
    if (st == IPL_OK)
        ipl_columns_cut_all(labels, names, n, LEGEND_COLUMNS);
    panel->kind = IPL_PANEL_SCORES;
    panel->x.tic_labels = panel->y.tic_labels = false;
    ipl_axis_fit(&panel->x.axis, &unit, 1, IPL_SCALE_LINEAR);
    ipl_axis_fit(&panel->y.axis, &unit, 1, IPL_SCALE_LINEAR);
    panel->legend.first = s->figure->legend.n;
    for (size_t k = 0; st == IPL_OK && k < n; k++) {
        if (k + 1 == n && n < s->c->n_points)
            (void)snprintf(labels[k], sizeof labels[k], "and %zu more", s->c->n_points - k);
        ipl_text_add(&s->figure->legend.text, "%zu,", p + 1);
        ipl_gnuplot_add_field(&s->figure->legend.text, labels[k]);
        ipl_csv_end_row(&s->figure->legend,
                        (const double[]){0.02, 0.97 - (double)k * step, colour_of(s, k),
                                         ipl_figure_add_text(s->figure, labels[k])},
                        4);
        panel->legend.n++;
    }
    ipl_free(names);
    ipl_free(labels);
    ipl_free(pretty);
    return st;
}

/* Test accuracies of all runs, with the deviations of the points: one axis for all panels. */
static ipl_range accuracies(const scatter *s)
{
    ipl_range y = {HUGE_VAL, -HUGE_VAL};

    for (size_t k = 0; k < s->c->n_points; k++) {
        size_t n = 0;
        ipl_range bar;

        for (size_t r = 0; r < s->c->n_runs; r++)
            if (s->c->runs[r].point == k && isfinite(y_of(&s->c->runs[r])))
                s->y[n++] = y_of(&s->c->runs[r]);
        bar = bar_of(ipl_mean(s->y, n), ipl_deviation(s->y, n), true);
        for (size_t i = 0; i < n; i++)
            y = (ipl_range){fmin(y.lo, fmin(bar.lo, s->y[i])),
                            fmax(y.hi, fmax(bar.hi, s->y[i]))};
    }
    return y;
}

/* Refuse numbers so large that an axis for them would overflow. */
static ipl_status check_drawable(const scatter *s, ipl_error *err)
{
    for (size_t r = 0; r < s->c->n_runs; r++) {
        const ipl_collected *run = &s->c->runs[r];

        for (size_t l = 0; l <= s->c->n_layers; l++)
            if (fabs(x_of(s, run, l)) > IPL_DRAWABLE_MAX ||
                fabs(y_of(run)) > IPL_DRAWABLE_MAX)
                return ipl_fail(
                    err, IPL_E_FORMAT,
                    "%.300s: a compression or accuracy beyond %g cannot be drawn",
                    run->run->path, IPL_DRAWABLE_MAX);
    }
    return IPL_OK;
}

ipl_status ipl_figure_scores(ipl_figure *figure, const ipl_plot_opts *opts,
                             const ipl_collection *collection, ipl_error *err)
{
    static const ipl_plot_data none = {0};
    const size_t layers = collection->n_layers + 1;
    const bool legend = collection->n_points > 1;
    const size_t n = layers + legend;
    const ipl_layout layout = {.columns = COLUMNS,
                               .rows = (n + COLUMNS - 1) / COLUMNS,
                               .width = 7.0,
                               .left = 0.56,
                               .right = 0.14,
                               .top = *opts->title ? 0.46 : 0.26,
                               .bottom = 0.42,
                               .gap_x = 0.16,
                               .gap_y = 0.46,
                               .height = 1.5};
    scatter s = {.figure = figure,
                 .c = collection,
                 .x = ipl_array(collection->n_runs, 1, sizeof *s.x, err),
                 .y = ipl_array(collection->n_runs, 1, sizeof *s.y, err)};
    static const char *const ends[] = {"end", "mean of the last 50 epochs"};
    ipl_label *names = name_layers(collection, err);
    ipl_range y;
    ipl_status st = s.x && s.y && names ? IPL_OK : IPL_E_NOMEM;

    if (st == IPL_OK)
        st = ipl_figure_init(figure, opts, &none, n, err);
    if (st == IPL_OK)
        st = check_drawable(&s, err);
    if (st != IPL_OK)
        goto done;
    ipl_figure_lay_out(figure, &layout);
    ipl_shorten(figure->title, sizeof figure->title, opts->title, 100);
    (void)snprintf(figure->x_label, IPL_PANEL_TEXT,
                   "compression of I({/:Italic X};{/:Italic T}): (max - %s) / max [%%]",
                   ends[opts->score]);
    (void)snprintf(figure->y_label, IPL_PANEL_TEXT, "test accuracy [%%]");
    y = accuracies(&s);
    for (size_t p = 0; p < layers && st == IPL_OK; p++) {
        figure->panels[p].y = (ipl_panel_axis){.margin = 0.05};
        ipl_axis_fit(&figure->panels[p].y.axis, &y, 1, IPL_SCALE_LINEAR);
        st = add_panel(&s, p, p, names[p], err);
    }
    if (st == IPL_OK && legend)
        st = add_legend(&s, n - 1, err);
    if (st == IPL_OK)
        st = ipl_text_status(&figure->scores.text, err);
done:
    ipl_free(names);
    ipl_free(s.y);
    ipl_free(s.x);
    return st;
}
