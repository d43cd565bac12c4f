/* Curves over epochs, with a band of a standard deviation when there are replicates. */
#include "run/figure.h"

#include "base/alloc.h"
#include "run/gnuplot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Inches that panels give up at most for long names at the ends of curves. */
#define END_INCHES_MAX 0.32

/* Few epochs are shown as points on the lines. */
enum { MARKED_MAX = 16, NAME_COLUMNS = 7, NAME_COLUMNS_MAX = 11, CURVES_MAX = 1024 };

/* One curve: a field of one layer, times a factor, over that of another field if there is. */
typedef struct curve {
    const ipl_track *mean, *sd, *low, *high;
    size_t layer, field;
    size_t over; /* field it is divided by */
    bool divided;
    double factor;
    double most;        /* largest value that there can be; 0: none */
    const char *name;   /* written at its end; "": none */
    const char *colour; /* "#rrggbb" */
    int dash;           /* gnuplot's dash type */
    bool filled;        /* from the bottom of the panel: a baseline */
} curve;

/* Colours of up to seven layers: Okabe and Ito's, safe for the colour-blind. */
static const char *const colours[] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                      "#E69F00", "#56B4E9", "#555555"};

void ipl_figure_colour(char out[8], size_t k, size_t n)
{
    enum { NAMED = sizeof colours / sizeof colours[0] };
    static const double stops[][3] = {{49, 54, 149},  {69, 117, 180}, {64, 160, 160},
                                      {110, 170, 60}, {230, 150, 30}, {215, 60, 40},
                                      {130, 0, 38}};

    if (n <= NAMED) {
        memcpy(out, colours[k], 8);
        return;
    }
    {
        const double t = 6.0 * (double)k / (double)(n - 1);
        const size_t s = t < 5.0 ? (size_t)t : 5;
        unsigned rgb[3];

        for (size_t c = 0; c < 3; c++)
            rgb[c] = (unsigned)lround(stops[s][c] +
                                      (t - (double)s) * (stops[s + 1][c] - stops[s][c]));
        (void)snprintf(out, 8, "#%02x%02x%02x", rgb[0] & 0xFF, rgb[1] & 0xFF,
                       rgb[2] & 0xFF);
    }
}

/* A track of the curve at epoch i, scaled as its mean is. */
static double value_in(const curve *c, const ipl_track *track, size_t i)
{
    const double value = c->factor * ipl_track_get(track, i, c->layer, c->field);

    return c->divided ? value / ipl_track_get(c->mean, i, c->layer, c->over) : value;
}

static double value_at(const curve *c, size_t i, bool deviation)
{
    return value_in(c, deviation ? c->sd : c->mean, i);
}

/*
 * Ends of the band at epoch i: a deviation around the mean on linear axes, as far as values go,
 * and the quantiles 0.05 and 0.95 on logarithmic ones, where a deviation may reach below 0.
 */
static ipl_range band_at(const curve *c, size_t i, bool log)
{
    const double v = value_at(c, i, false), d = value_at(c, i, true);
    const double s = isfinite(d) ? d : 0.0;
    ipl_range r = {value_in(c, c->low, i), value_in(c, c->high, i)};

    if (!log || !isfinite(r.lo) || !isfinite(r.hi))
        r = (ipl_range){v >= 0.0 ? fmax(0.0, v - s) : v - s, v + s};
    if (c->most > 0.0)
        r.hi = fmin(r.hi, c->most);
    return r;
}

/* Range of a curve and its band; the curve itself is added to the values. */
static ipl_range range_of(ipl_axis_values *values, const curve *c, bool log)
{
    ipl_range r = {HUGE_VAL, -HUGE_VAL};

    for (size_t i = 0; i < c->mean->n_epochs; i++) {
        const double v = value_at(c, i, false);
        const ipl_range band = band_at(c, i, log);

        if (!isfinite(v))
            continue;
        r = (ipl_range){fmin(r.lo, band.lo), fmax(r.hi, fmax(v, band.hi))};
        ipl_axis_values_add(values, v);
    }
    return r;
}

/* Append the rows of one curve as series s; its last place, NaN when it has no points. */
static double add_rows(ipl_figure *figure, size_t p, size_t s, const curve *c)
{
    const ipl_panel *panel = &figure->panels[p];
    const ipl_axis *y = &panel->y.axis;
    const double bottom = ipl_axis_padded(y, panel->y.margin).lo;
    double last = (double)NAN;

    for (size_t i = 0; i < c->mean->n_epochs; i++) {
        const double v = value_at(c, i, false);
        const double d = isfinite(value_at(c, i, true)) ? value_at(c, i, true) : 0.0;
        const ipl_range band = band_at(c, i, y->log);
        const double values[] = {c->mean->epochs[i],
                                 v,
                                 d,
                                 ipl_axis_place(&figure->epochs, c->mean->epochs[i]),
                                 ipl_axis_place(y, v),
                                 c->filled ? bottom : ipl_axis_place(y, band.lo),
                                 ipl_axis_place(y, c->filled ? v : band.hi)};

        if (!isfinite(v))
            continue;
        last = values[4];
        ipl_text_add(&figure->curves.text, "%zu,%zu,", p + 1, s);
        ipl_gnuplot_add_field(&figure->curves.text, c->name);
        ipl_csv_end_row(&figure->curves, values, sizeof values / sizeof values[0]);
    }
    return last;
}

/* Name of a curve, to be written at its end. */
typedef struct ending {
    const char *name;
    const char *colour;
    double v;
} ending;

/* Move names apart: sort by height, push up with the least distance, then back down. */
static void spread(ending *ends, size_t n, double step, ipl_range range)
{
    for (size_t i = 1; i < n; i++)
        for (size_t k = i; k > 0 && ends[k].v < ends[k - 1].v; k--) {
            const ending swap = ends[k];

            ends[k] = ends[k - 1];
            ends[k - 1] = swap;
        }
    for (int turn = 0; turn < 60; turn++)
        for (size_t i = 0; i + 1 < n; i++) {
            const double lack = step - (ends[i + 1].v - ends[i].v);

            if (lack > 1e-12 * step) {
                ends[i].v -= 0.5 * lack;
                ends[i + 1].v += 0.5 * lack;
            }
        }
    for (size_t i = n; i-- > 0;) {
        const double limit = i + 1 < n ? ends[i + 1].v - step : range.hi;

        ends[i].v = fmin(ends[i].v, limit);
    }
    for (size_t i = 0; i < n; i++) {
        const double limit = i > 0 ? ends[i - 1].v + step : range.lo;

        ends[i].v = fmin(fmax(ends[i].v, limit), range.hi);
    }
}

static ipl_status add_ends(ipl_figure *figure, size_t p, ending *ends, size_t n,
                           ipl_error *err)
{
    const ipl_panel *panel = &figure->panels[p];
    ipl_label *labels = ipl_array(n + 1, 1, sizeof *labels, err);
    const char **names = ipl_array(n + 1, 1, sizeof *names, err);
    const ipl_status st = labels && names ? IPL_OK : IPL_E_NOMEM;
    const ipl_range y = ipl_axis_padded(&panel->y.axis, panel->y.margin);
    const ipl_range x = ipl_axis_padded(&figure->epochs, panel->x.margin);

    spread(ends, n, 0.95 * IPL_LINE_INCHES / panel->height * (y.hi - y.lo), y);
    for (size_t i = 0; names && i < n; i++)
        names[i] = ends[i].name;
    if (st == IPL_OK)
        ipl_columns_cut_all(labels, names, n, figure->end_columns);
    for (size_t i = 0; st == IPL_OK && i < n; i++) {
        ipl_text_add(&figure->ends.text, "%zu,", p + 1);
        ipl_gnuplot_add_field(&figure->ends.text, labels[i]);
        ipl_csv_end_row(&figure->ends,
                        (const double[]){x.hi, ends[i].v,
                                         (double)strtoul(ends[i].colour + 1, NULL, 16),
                                         ipl_figure_add_text(figure, labels[i])},
                        4);
    }
    ipl_free(names);
    ipl_free(labels);
    return st;
}

/* Inches of a name in the small type, DejaVu Sans: about, and rather too many. */
static double inches_of(const char *name)
{
    const double em = 0.0875;
    double sum = 0.0;

    for (size_t bytes; *name != '\0'; name += bytes) {
        const size_t columns = ipl_columns_of_first(&bytes, name);

        sum += bytes > 1                          ? (columns > 0 ? 1.0 : 0.0)
               : strchr("MWmw@%", *name)          ? 1.0
               : strchr("ijlI.,:;'!|()[]", *name) ? 0.4
               : *name >= 'A' && *name <= 'Z'     ? 0.75
                                                  : 0.62;
    }
    return em * sum;
}

/* Inches of the longest name of a layer that is cut to so many columns; < 0: no memory. */
static double longest(const ipl_plot_data *data, size_t columns, ipl_error *err)
{
    double most = 0.0;

    for (size_t g = 0; g < data->n_groups && most >= 0.0; g++) {
        const ipl_track *track = &data->groups[g].mean.info;
        ipl_label *labels = ipl_layer_labels(track, columns, err);

        for (size_t l = 0; labels && l < track->n_layers; l++)
            most = fmax(most, inches_of(labels[l]));
        if (!labels)
            most = -1.0;
        ipl_free(labels);
    }
    return most;
}

ipl_status ipl_figure_end_inches(double *more, ipl_figure *figure,
                                 const ipl_plot_data *data, ipl_error *err)
{
    const double usual = IPL_CHARACTER_INCHES * NAME_COLUMNS;

    figure->end_columns = NAME_COLUMNS_MAX;
    for (;; figure->end_columns--) {
        const double inches = longest(data, figure->end_columns, err);

        if (inches < 0.0)
            return IPL_E_NOMEM;
        *more = inches > usual + 0.05 ? inches - usual : 0.0;
        if (*more <= END_INCHES_MAX || figure->end_columns == NAME_COLUMNS)
            return IPL_OK;
    }
}

/* Fill a panel with curves; those without a value are left out. */
static ipl_status add_curves(ipl_figure *figure, size_t p, const curve *curves, size_t n,
                             ipl_error *err)
{
    ipl_panel *panel = &figure->panels[p];
    ending *ends = ipl_array(n, 1, sizeof *ends, err);
    size_t n_ends = 0, longest = 0;
    ipl_status st;

    if (!ends)
        return IPL_E_NOMEM;
    panel->kind = IPL_PANEL_CURVES;
    panel->x = (ipl_panel_axis){.axis = figure->epochs, .margin = 0.03, .tic_labels = true};
    (void)snprintf(panel->x.label, sizeof panel->x.label, "epoch");
    for (size_t k = 0; k < n; k++) {
        const size_t from = figure->curves.n;
        const double last = add_rows(figure, p, panel->series + 1, &curves[k]);
        const char *blank = panel->series > 0 ? " " : "";

        if (isnan(last))
            continue;
        panel->series++;
        ipl_text_add(&panel->colours, "%s%s", blank, curves[k].colour);
        ipl_text_add(&panel->dashes, "%s%d", blank, curves[k].dash);
        ipl_text_add(&panel->from, "%s%zu", blank, from);
        ipl_text_add(&panel->to, "%s%zu", blank, figure->curves.n - 1);
        if (*curves[k].name != '\0')
            ends[n_ends++] = (ending){curves[k].name, curves[k].colour, last};
        if (curves[k].mean->n_epochs > longest)
            longest = curves[k].mean->n_epochs;
    }
    panel->marks = longest <= MARKED_MAX;
    panel->ends = (ipl_rows){figure->ends.n, n_ends};
    st = add_ends(figure, p, ends, n_ends, err);
    ipl_free(ends);
    return st == IPL_OK ? ipl_text_status(&figure->curves.text, err) : st;
}

/* The field with the null baseline of another one; IPL_INFO_FIELDS: it has none. */
static size_t baseline_of(size_t field)
{
    return field == IPL_INFO_XT   ? IPL_INFO_XT_NULL
           : field == IPL_INFO_TY ? IPL_INFO_TY_NULL
                                  : IPL_INFO_FIELDS;
}

static bool has_baseline(const ipl_plot_group *group, size_t field)
{
    const ipl_track *track = &group->mean.info;
    const size_t null = baseline_of(field);

    for (size_t i = 0; null < IPL_INFO_FIELDS && i < track->n_epochs; i++)
        for (size_t l = 0; l < track->n_layers; l++)
            if (isfinite(ipl_track_get(track, i, l, null)))
                return true;
    return false;
}

/*
 * Curves of a field for every layer of a group, and after them those of its null baseline if
 * there is one; the caller frees *out.
 */
static ipl_status layer_curves(curve **out, char (**paint)[8], size_t *n_curves,
                               const ipl_plot_group *group, size_t field, ipl_error *err)
{
    const size_t n = group->mean.info.n_layers;

    *n_curves = has_baseline(group, field) ? 2 * n : n;
    *out = ipl_array(*n_curves, 1, sizeof **out, err);
    *paint = ipl_array(n, 1, sizeof **paint, err);
    if (!*out || !*paint)
        return IPL_E_NOMEM;
    for (size_t k = 0; k < *n_curves; k++) {
        const bool null = k >= n;
        const size_t l = null ? k - n : k;

        ipl_figure_colour((*paint)[l], l, n);
        (*out)[k] = (curve){.mean = &group->mean.info,
                            .sd = &group->sd.info,
                            .low = &group->low.info,
                            .high = &group->high.info,
                            .layer = l,
                            .field = null ? baseline_of(field) : field,
                            .factor = 1.0,
                            .name = null ? "" : group->mean.info.names[l],
                            .colour = (*paint)[l],
                            .dash = null ? 3 : 1,
                            .filled = null};
    }
    return IPL_OK;
}

ipl_status ipl_figure_add_layer_curves(ipl_figure *figure, size_t p,
                                       const ipl_plot_group *group, size_t field,
                                       bool named, ipl_error *err)
{
    ipl_panel *panel = &figure->panels[p];
    const size_t n_layers = group->mean.info.n_layers;
    curve *curves = NULL;
    char(*paint)[8] = NULL;
    size_t n = 0;
    ipl_status st = layer_curves(&curves, &paint, &n, group, field, err);

    for (size_t l = 0; st == IPL_OK && !named && l < group->mean.info.n_layers; l++)
        curves[l].name = "";
    if (st == IPL_OK) {
        panel->band = group->n_members > 1 || n > n_layers;
        st = add_curves(figure, p, curves, n, err);
    }
    if (n > n_layers)
        (void)snprintf(panel->x.label, sizeof panel->x.label,
                       "epoch (dotted: shuffled pairs)");
    ipl_free(paint);
    ipl_free(curves);
    return st;
}

ipl_status ipl_figure_fit_layers(ipl_axis *axis, const ipl_plot_group *const *groups,
                                 size_t n, size_t field, ipl_error *err)
{
    size_t most = 0, k = 0;
    ipl_axis_values values = {0};
    ipl_range *ranges;

    for (size_t g = 0; g < n; g++)
        most += groups[g]->mean.info.n_layers;
    ranges = ipl_array(most, 1, sizeof *ranges, err);
    if (!ranges)
        return IPL_E_NOMEM;
    for (size_t g = 0; g < n; g++)
        for (size_t l = 0; l < groups[g]->mean.info.n_layers; l++)
            ranges[k++] = ipl_group_range(&values, groups[g], field, l, true);
    ipl_axis_fit(axis, ranges, k, IPL_SCALE_LINEAR);
    ipl_free(ranges);
    return IPL_OK;
}

/* Range of a layer's field, down to its null baseline unless that is next to nothing. */
static ipl_range layer_range(ipl_axis_values *values, const ipl_plot_group *group,
                             size_t field, size_t layer)
{
    const double little = 0.1;
    const size_t null = baseline_of(field);
    ipl_range r = ipl_group_range(values, group, field, layer, true), base;

    if (null == IPL_INFO_FIELDS)
        return r;
    base = ipl_group_range(values, group, null, layer, true);
    if (base.hi > little * r.hi)
        r.lo = fmin(r.lo, base.lo);
    return r;
}

/* An axis for a field of all layers, of one group or of all. */
static void fit_information(ipl_axis *axis, const ipl_plot_data *data, size_t first,
                            size_t end, size_t field)
{
    ipl_range ranges[CURVES_MAX];
    ipl_axis_values values = {0};
    size_t n = 0;

    for (size_t g = first; g < end; g++)
        for (size_t l = 0; l < data->groups[g].mean.info.n_layers && n < CURVES_MAX; l++)
            ranges[n++] = layer_range(&values, &data->groups[g], field, l);
    ipl_axis_fit_values(axis, ranges, n, IPL_SCALE_AUTO, &values);
}

/* Room for the names at the ends of the curves. */
static ipl_status make_room(ipl_layout *layout, ipl_figure *figure, ipl_error *err)
{
    double more = 0.0;
    const ipl_status st = ipl_figure_end_inches(&more, figure, figure->data, err);

    layout->right += more;
    layout->gap_x += more;
    return st;
}

ipl_status ipl_figure_curves(ipl_figure *figure, const ipl_plot_opts *opts,
                             const ipl_plot_data *data, ipl_error *err)
{
    static const size_t fields[] = {IPL_INFO_XT, IPL_INFO_TY, IPL_INFO_T};
    enum { COLUMNS = 3 };
    const size_t n = data->n_groups;
    const bool headed = n == 1 || *opts->title != '\0';
    ipl_layout layout = {.columns = COLUMNS,
                         .rows = n,
                         .width = 7.0,
                         .left = n > 1 ? 0.7 : 0.54,
                         .right = 0.5,
                         .top = headed ? 0.46 : 0.24,
                         .bottom = 0.4,
                         .gap_x = 0.84,
                         .gap_y = 0.34,
                         .height = 1.6};
    ipl_status st = ipl_figure_init(figure, opts, data, COLUMNS * n, err);
    ipl_label *sides = st == IPL_OK ? ipl_group_labels(data, 28, err) : NULL;
    char estimator[96];

    if (st != IPL_OK || !sides)
        return st != IPL_OK ? st : IPL_E_NOMEM;
    st = make_room(&layout, figure, err);
    ipl_figure_lay_out(figure, &layout);
    ipl_estimator_label(estimator, sizeof estimator, data->runs[0].estimator);
    if (headed)
        ipl_shorten(figure->title, sizeof figure->title,
                    *opts->title ? opts->title : data->groups[0].label, 100);
    for (size_t p = 0; st == IPL_OK && p < COLUMNS * n; p++) {
        ipl_panel *panel = &figure->panels[p];
        const size_t g = p / COLUMNS, field = fields[p % COLUMNS];

        panel->y = (ipl_panel_axis){.margin = 0.02, .tic_labels = true};
        fit_information(&panel->y.axis, data, 0, n, field);
        if (g == 0)
            (void)snprintf(panel->title, sizeof panel->title, "%s, %s",
                           ipl_info_label(field, opts), estimator);
        panel->enhanced_title = true;
        (void)snprintf(panel->y.label, sizeof panel->y.label, "%s", data->runs[0].unit);
        if (n > 1 && p % COLUMNS == 0)
            (void)snprintf(panel->side, sizeof panel->side, "%s", sides[g]);
        st = ipl_figure_add_layer_curves(figure, p, &data->groups[g], field, true, err);
        if (g + 1 < n)
            panel->x.label[0] = '\0';
    }
    ipl_free(sides);
    return st;
}

ipl_status ipl_figure_add_training(ipl_figure *figure, size_t p,
                                   const ipl_plot_group *group, size_t field,
                                   ipl_error *err)
{
    static const char *const names[] = {"train", "test"};
    ipl_panel *panel = &figure->panels[p];
    const bool loss = field == IPL_TRAINING_LOSS;
    ipl_axis_values values = {0};
    ipl_range ranges[2];
    curve curves[2];
    bool log;
    ipl_status st;

    for (size_t k = 0; k < 2; k++) {
        curves[k] = (curve){.mean = &group->mean.training,
                            .sd = &group->sd.training,
                            .low = &group->low.training,
                            .high = &group->high.training,
                            .field = field + k,
                            .factor = loss ? 1.0 : 100.0,
                            .most = loss ? 0.0 : 100.0,
                            .name = names[k],
                            .colour = colours[k],
                            .dash = 1};
        ranges[k] = range_of(&values, &curves[k], false);
        if (!loss)
            ranges[k] = (ipl_range){0.0, 95.0};
    }
    /* Losses that differ much need a logarithm. */
    log = loss && fmax(ranges[0].hi, ranges[1].hi) > 20.0 * values.least;
    for (size_t k = 0; log && k < 2; k++)
        ranges[k] = range_of(&values, &curves[k], true);
    panel->y = (ipl_panel_axis){.margin = 0.02, .tic_labels = true};
    ipl_axis_fit_values(&panel->y.axis, ranges, 2, log ? IPL_SCALE_WHOLE : IPL_SCALE_LINEAR,
                        &values);
    (void)snprintf(panel->title, sizeof panel->title, loss ? "Loss" : "Accuracy");
    (void)snprintf(panel->y.label, sizeof panel->y.label, loss ? "loss" : "accuracy [%%]");
    panel->band = group->n_members > 1;
    st = add_curves(figure, p, curves, 2, err);
    (void)snprintf(panel->x.label, sizeof panel->x.label, "epoch (train: mean over it)");
    return st;
}

/* Mean and deviation of the gradient of every layer, over the norm of its weights. */
static ipl_status add_gradients(ipl_figure *figure, size_t p, const ipl_plot_group *group,
                                ipl_error *err)
{
    const ipl_track *track = &group->mean.layers;
    ipl_panel *panel = &figure->panels[p];
    curve *curves = ipl_array(2 * track->n_layers, 1, sizeof *curves, err);
    ipl_range *ranges = ipl_array(2 * track->n_layers, 1, sizeof *ranges, err);
    char(*paint)[8] = ipl_array(track->n_layers, 1, sizeof *paint, err);
    ipl_axis_values values = {0};
    ipl_status st = IPL_E_NOMEM;

    if (!curves || !ranges || !paint)
        goto done;
    for (size_t k = 0; k < 2 * track->n_layers; k++) {
        const size_t l = k / 2;

        ipl_figure_colour(paint[l], l, track->n_layers);
        curves[k] = (curve){.mean = track,
                            .sd = &group->sd.layers,
                            .low = &group->low.layers,
                            .high = &group->high.layers,
                            .layer = l,
                            .field = k % 2 ? IPL_LAYERS_SD : IPL_LAYERS_MEAN,
                            .over = IPL_LAYERS_NORM,
                            .divided = true,
                            .factor = 1.0,
                            .name = k % 2 ? "" : track->names[l],
                            .colour = paint[l],
                            .dash = k % 2 ? 2 : 1};
        ranges[k] = range_of(&values, &curves[k], true);
    }
    panel->y = (ipl_panel_axis){.margin = 0.02, .tic_labels = true};
    ipl_axis_fit_values(&panel->y.axis, ranges, 2 * track->n_layers, IPL_SCALE_WHOLE,
                        &values);
    (void)snprintf(panel->title, sizeof panel->title,
                   "Gradient: \xE2\x80\x94 mean, - - s.d.");
    (void)snprintf(panel->y.label, sizeof panel->y.label, "norm / weight norm");
    st = add_curves(figure, p, curves, 2 * track->n_layers, err);
done:
    ipl_free(paint);
    ipl_free(ranges);
    ipl_free(curves);
    return st;
}

/* The plane of a group as the last panel of its block. */
static void add_plane(ipl_figure *figure, size_t p, const ipl_plot_group *group)
{
    ipl_panel *panel = &figure->panels[p];
    const size_t g = (size_t)(group - figure->data->groups);

    panel->kind = IPL_PANEL_PLANE;
    panel->named = true;
    panel->x = (ipl_panel_axis){.margin = 0.02, .tic_labels = true};
    panel->y = (ipl_panel_axis){.margin = 0.03, .tic_labels = true};
    fit_information(&panel->x.axis, figure->data, g, g + 1, IPL_INFO_XT);
    fit_information(&panel->y.axis, figure->data, g, g + 1, IPL_INFO_TY);
    (void)snprintf(panel->title, sizeof panel->title, "Information plane");
    (void)snprintf(panel->x.label, sizeof panel->x.label, "%s [%s]",
                   ipl_info_label(IPL_INFO_XT, figure->opts), figure->data->runs[0].unit);
    (void)snprintf(panel->y.label, sizeof panel->y.label, "%s [%s]",
                   ipl_info_label(IPL_INFO_TY, figure->opts), figure->data->runs[0].unit);
    panel->bar_left = panel->left + panel->width + 0.07;
    panel->bar_bottom = panel->bottom;
    panel->bar_height = panel->height;
    ipl_figure_add_plane(figure, p, group, IPL_INFO_XT, 0, group->mean.info.n_layers);
}

/* Curves of a field of the track `info`, with the estimator in the title. */
static ipl_status add_dashboard_curves(ipl_figure *figure, size_t p, size_t g, size_t field,
                                       ipl_error *err)
{
    ipl_panel *panel = &figure->panels[p];
    char estimator[96];

    ipl_estimator_label(estimator, sizeof estimator, figure->data->runs[0].estimator);
    panel->y = (ipl_panel_axis){.margin = 0.02, .tic_labels = true};
    fit_information(&panel->y.axis, figure->data, g, g + 1, field);
    (void)snprintf(panel->title, sizeof panel->title, "%s, %s",
                   ipl_info_label(field, figure->opts), estimator);
    panel->enhanced_title = true;
    (void)snprintf(panel->y.label, sizeof panel->y.label, "%s", figure->data->runs[0].unit);
    return ipl_figure_add_layer_curves(figure, p, &figure->data->groups[g], field, true,
                                       err);
}

ipl_status ipl_figure_dashboard(ipl_figure *figure, const ipl_plot_opts *opts,
                                const ipl_plot_data *data, ipl_error *err)
{
    enum { COLUMNS = 3, BLOCK = 6 };
    const size_t n = data->n_groups;
    const bool headed = n == 1 || *opts->title != '\0';
    ipl_layout layout = {.columns = COLUMNS,
                         .rows = 2 * n,
                         .width = 7.0,
                         .left = n > 1 ? 0.7 : 0.54,
                         .right = 0.52,
                         .top = headed ? 0.46 : 0.24,
                         .bottom = 0.42,
                         .gap_x = 0.84,
                         .gap_y = 0.64,
                         .height = 1.4};
    ipl_status st = ipl_figure_init(figure, opts, data, BLOCK * n, err);
    ipl_label *sides = st == IPL_OK ? ipl_group_labels(data, 24, err) : NULL;

    if (st != IPL_OK || !sides)
        return st != IPL_OK ? st : IPL_E_NOMEM;
    st = make_room(&layout, figure, err);
    ipl_figure_lay_out(figure, &layout);
    if (headed)
        ipl_shorten(figure->title, sizeof figure->title,
                    *opts->title ? opts->title : data->groups[0].label, 100);
    for (size_t g = 0; st == IPL_OK && g < n; g++) {
        const ipl_plot_group *group = &data->groups[g];
        const size_t p = BLOCK * g;

        if (n > 1)
            (void)snprintf(figure->panels[p].side, IPL_PANEL_TEXT, "%s", sides[g]);
        st = ipl_figure_add_training(figure, p, group, IPL_TRAINING_LOSS, err);
        if (st == IPL_OK)
            st = ipl_figure_add_training(figure, p + 1, group, IPL_TRAINING_ACCURACY, err);
        if (st == IPL_OK)
            st = add_gradients(figure, p + 2, group, err);
        if (st == IPL_OK)
            st = add_dashboard_curves(figure, p + 3, g, IPL_INFO_XT, err);
        if (st == IPL_OK)
            st = add_dashboard_curves(figure, p + 4, g, IPL_INFO_TY, err);
        if (st == IPL_OK)
            add_plane(figure, p + 5, group);
    }
    ipl_free(sides);
    return st == IPL_OK ? ipl_text_status(&figure->points.text, err) : st;
}
