/* Planes: dots for every epoch and layer, lines that join them, and names that fit between. */
#include "run/figure.h"

#include "base/alloc.h"
#include "run/gnuplot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Epochs whose layers are joined by a line, and epochs of a single run among replicates. */
/* Width of a character of a title. */
#define TITLE_INCHES 0.07

enum { JOINED_MAX = 48, FAINT_MAX = 100, NAME_COLUMNS = 14 };

/* A point of a panel as shares of its width and height. */
typedef struct spot {
    double x, y;
} spot;

/* Box of a name: its middle, and half its size. */
typedef struct box {
    spot at;
    double w, h;
} box;

/* One dot of epoch i and layer l; false when it has no value. */
static bool add_dot(ipl_figure *figure, size_t p, const char *run, bool mean,
                    const ipl_track *track, size_t i, size_t l, size_t x_field, bool last)
{
    const ipl_panel *panel = &figure->panels[p];
    const double x = ipl_track_get(track, i, l, x_field);
    const double y = ipl_track_get(track, i, l, IPL_INFO_TY);
    const double values[] = {x, y, ipl_axis_place(&figure->epochs, track->epochs[i]),
                             ipl_axis_place(&panel->x.axis, x),
                             ipl_axis_place(&panel->y.axis, y)};
    ipl_text *out = &figure->points.text;

    if (!isfinite(x) || !isfinite(y))
        return false;
    ipl_text_add(out, "%zu,", p + 1);
    ipl_gnuplot_add_field(out, run);
    ipl_text_add(out, ",%d,", mean);
    ipl_text_add_number(out, track->epochs[i]);
    ipl_text_add(out, ",%d,%zu,", last, l + 1);
    ipl_gnuplot_add_field(out, track->names[l]);
    ipl_csv_end_row(&figure->points, values, sizeof values / sizeof values[0]);
    return true;
}

/* A line from one dot to another. */
static void add_join(ipl_figure *figure, size_t p, const ipl_track *track, size_t x_field,
                     const size_t from[2], const size_t to[2])
{
    ipl_panel *panel = &figure->panels[p];
    const double x0 = ipl_track_get(track, from[0], from[1], x_field);
    const double y0 = ipl_track_get(track, from[0], from[1], IPL_INFO_TY);
    const double x1 = ipl_track_get(track, to[0], to[1], x_field);
    const double y1 = ipl_track_get(track, to[0], to[1], IPL_INFO_TY);
    const double u = ipl_axis_place(&panel->x.axis, x0);
    const double v = ipl_axis_place(&panel->y.axis, y0);
    const double values[] = {ipl_axis_place(&figure->epochs, track->epochs[to[0]]), u, v,
                             ipl_axis_place(&panel->x.axis, x1) - u,
                             ipl_axis_place(&panel->y.axis, y1) - v};

    if (!isfinite(x0 + y0 + x1 + y1))
        return;
    ipl_text_add(&figure->joins.text, "%zu,", p + 1);
    ipl_text_add_number(&figure->joins.text, track->epochs[to[0]]);
    ipl_csv_end_row(&figure->joins, values, sizeof values / sizeof values[0]);
    panel->joins.n++;
}

/* Join the layers of an epoch, for some epochs; a panel of one layer joins its epochs. */
static void add_joins(ipl_figure *figure, size_t p, const ipl_track *track, size_t x_field,
                      size_t first, size_t end, bool *keep)
{
    ipl_track_spread(keep, track->epochs, track->n_epochs, JOINED_MAX);
    for (size_t i = 0; i < track->n_epochs; i++) {
        if (end - first == 1 && i > 0)
            add_join(figure, p, track, x_field, (const size_t[]){i - 1, first},
                     (const size_t[]){i, first});
        for (size_t l = first + 1; keep[i] && l < end; l++)
            add_join(figure, p, track, x_field, (const size_t[]){i, l - 1},
                     (const size_t[]){i, l});
    }
}

static spot spot_of(const ipl_panel *panel, const ipl_track *track, size_t i, size_t l,
                    size_t x_field)
{
    const ipl_range x = ipl_axis_padded(&panel->x.axis, panel->x.margin);
    const ipl_range y = ipl_axis_padded(&panel->y.axis, panel->y.margin);
    const double u = ipl_axis_place(&panel->x.axis, ipl_track_get(track, i, l, x_field));
    const double v =
        ipl_axis_place(&panel->y.axis, ipl_track_get(track, i, l, IPL_INFO_TY));

    return (spot){(u - x.lo) / (x.hi - x.lo), (v - y.lo) / (y.hi - y.lo)};
}

/* How bad it is to have a name here: outside, on other names, on dots. */
static double cost(box name, const box *others, size_t n_others, const spot *dots,
                   size_t n_dots)
{
    double sum = 0.0;

    if (name.at.x - name.w < 0.0 || name.at.x + name.w > 1.0 || name.at.y - name.h < 0.0 ||
        name.at.y + name.h > 1.0)
        sum += 1e4;
    for (size_t i = 0; i < n_others; i++)
        if (fabs(name.at.x - others[i].at.x) < name.w + others[i].w &&
            fabs(name.at.y - others[i].at.y) < name.h + others[i].h)
            sum += 1e3;
    for (size_t i = 0; i < n_dots; i++)
        if (fabs(name.at.x - dots[i].x) < name.w && fabs(name.at.y - dots[i].y) < name.h)
            sum += 1.0;
    return sum;
}

/* How doubtful it is which layer a name belongs to: ends of other layers nearer than its own. */
static double doubt(box name, spot own, const spot *ends, size_t n)
{
    const double distance = hypot(name.at.x - own.x, name.at.y - own.y);
    double sum = 0.0;

    for (size_t i = 0; i < n; i++)
        if (hypot(name.at.x - ends[i].x, name.at.y - ends[i].y) < 0.999 * distance)
            sum += 2.5;
    return sum;
}

/* The best place around some anchors: eight directions, near ones first. */
static box place(const spot *anchors, size_t n_anchors, double w, double h,
                 const box *others, size_t n_others, const spot *dots, size_t n_dots,
                 const spot *ends, size_t n_ends)
{
    static const spot directions[] = {{0, -1}, {0, 1},   {1, 0}, {-1, 0},
                                      {1, -1}, {-1, -1}, {1, 1}, {-1, 1}};
    box best = {.w = w, .h = h};
    double least = HUGE_VAL;

    for (size_t a = 0; a < n_anchors; a++)
        for (int step = 0; step < 6; step++)
            for (size_t d = 0; d < sizeof directions / sizeof directions[0]; d++) {
                const double far_x = w + 0.02 + 0.5 * step * h;
                const double far_y = h + 0.02 + 0.5 * step * h;
                const box name = {.at = {anchors[a].x + far_x * directions[d].x,
                                         anchors[a].y + far_y * directions[d].y},
                                  .w = w,
                                  .h = h};
                const double c = cost(name, others, n_others, dots, n_dots) +
                                 doubt(name, anchors[0], ends, n_ends) + 0.8 * step +
                                 0.05 * (double)d + 3.0 * (double)a;

                if (c < least) {
                    least = c;
                    best = name;
                }
            }
    return best;
}

/* First and last epoch at which a layer has a dot; false when it has none. */
static bool ends_of(size_t *first, size_t *last, const ipl_track *track, size_t l,
                    size_t x_field)
{
    bool any = false;

    for (size_t i = 0; i < track->n_epochs; i++) {
        if (!isfinite(ipl_track_get(track, i, l, x_field)) ||
            !isfinite(ipl_track_get(track, i, l, IPL_INFO_TY)))
            continue;
        if (!any)
            *first = i;
        *last = i;
        any = true;
    }
    return any;
}

/* Name the layers; boxes has room for their number, dots for the dots of the panel. */
static void add_names(ipl_figure *figure, size_t p, const ipl_track *track, size_t x_field,
                      ipl_label *labels, box *boxes, spot *dots, spot *ends)
{
    ipl_panel *panel = &figure->panels[p];
    const ipl_range x = ipl_axis_padded(&panel->x.axis, panel->x.margin);
    const ipl_range y = ipl_axis_padded(&panel->y.axis, panel->y.margin);
    size_t n_dots = 0, n_boxes = 0, n_ends = 0;

    for (size_t k = 0; k < track->n_epochs * track->n_layers; k++) {
        const spot s =
            spot_of(panel, track, k / track->n_layers, k % track->n_layers, x_field);

        if (isfinite(s.x + s.y))
            dots[n_dots++] = s;
    }
    for (size_t l = 0; l < track->n_layers; l++) {
        size_t first = 0, last = 0;

        if (ends_of(&first, &last, track, l, x_field))
            ends[n_ends++] = spot_of(panel, track, last, l, x_field);
    }
    for (size_t l = 0; l < track->n_layers; l++) {
        const size_t length = ipl_columns(labels[l]);
        size_t first = 0, last = 0;
        box *b = &boxes[n_boxes];

        if (!ends_of(&first, &last, track, l, x_field))
            continue;
        {
            const spot anchors[] = {spot_of(panel, track, last, l, x_field),
                                    spot_of(panel, track, first, l, x_field),
                                    spot_of(panel, track, (first + last) / 2, l, x_field)};

            *b = place(anchors, 3,
                       0.5 * IPL_CHARACTER_INCHES * (double)length / panel->width,
                       0.5 * IPL_LINE_INCHES / panel->height, boxes, n_boxes, dots, n_dots,
                       ends, n_ends);
        }
        n_boxes++;
        ipl_text_add(&figure->names.text, "%zu,", p + 1);
        ipl_gnuplot_add_field(&figure->names.text, labels[l]);
        ipl_csv_end_row(&figure->names,
                        (const double[]){x.lo + b->at.x * (x.hi - x.lo),
                                         y.lo + b->at.y * (y.hi - y.lo),
                                         ipl_figure_add_text(figure, labels[l])},
                        3);
        panel->names.n++;
    }
}

/* Single runs among replicates, behind their mean. */
static void add_faint(ipl_figure *figure, size_t p, const ipl_plot_run *run, size_t x_field,
                      size_t first, size_t end)
{
    const ipl_track *track = &run->own.info;
    bool *keep = ipl_array(track->n_epochs, 1, sizeof *keep, NULL);

    if (!keep) {
        figure->points.text.failed = true;
        return;
    }
    ipl_track_spread(keep, track->epochs, track->n_epochs, FAINT_MAX);
    for (size_t i = 0; i < track->n_epochs; i++)
        for (size_t l = first; keep[i] && l < end; l++)
            figure->panels[p].faint.n +=
                add_dot(figure, p, run->label, false, track, i, l, x_field, false);
    ipl_free(keep);
}

void ipl_figure_add_plane(ipl_figure *figure, size_t p, const ipl_plot_group *group,
                          size_t x_field, size_t first, size_t end)
{
    const ipl_track *track = &group->mean.info;
    const size_t most = track->n_epochs * track->n_layers;
    size_t last = 0; /* epoch at which the path ends */
    bool *keep = ipl_array(track->n_epochs, 1, sizeof *keep, NULL);
    spot *dots = ipl_array(most, 1, sizeof *dots, NULL);
    box *boxes = ipl_array(track->n_layers, 1, sizeof *boxes, NULL);
    spot *ends = ipl_array(track->n_layers, 1, sizeof *ends, NULL);
    ipl_label *labels = ipl_layer_labels(track, NAME_COLUMNS, NULL);

    for (size_t l = first; l < end; l++) {
        size_t from = 0, to = 0;

        if (ends_of(&from, &to, track, l, x_field) && to > last)
            last = to;
    }
    if (!keep || !dots || !boxes || !ends || !labels) {
        figure->points.text.failed = true;
        goto done;
    }
    figure->panels[p].faint.first = figure->points.n;
    for (size_t k = 0; group->n_members > 1 && k < group->n_members; k++)
        add_faint(figure, p, group->members[k], x_field, first, end);
    figure->panels[p].dots.first = figure->points.n;
    for (size_t i = 0; i < track->n_epochs; i++)
        for (size_t l = first; l < end; l++)
            figure->panels[p].dots.n +=
                add_dot(figure, p, group->label, true, track, i, l, x_field, i == last);
    figure->panels[p].joins.first = figure->joins.n;
    figure->panels[p].names.first = figure->names.n;
    add_joins(figure, p, track, x_field, first, end, keep);
    if (figure->panels[p].named)
        add_names(figure, p, track, x_field, labels, boxes, dots, ends);
done:
    ipl_free(labels);
    ipl_free(ends);
    ipl_free(boxes);
    ipl_free(dots);
    ipl_free(keep);
}

ipl_status ipl_figure_fit(ipl_axis *axis, const ipl_plot_data *data, size_t field,
                          int scale, bool bounded, ipl_error *err)
{
    ipl_axis_values values = {0};
    ipl_range *ranges;
    size_t n = 0;

    for (size_t g = 0; g < data->n_groups; g++)
        n += data->groups[g].mean.info.n_layers;
    ranges = ipl_array(n + 1, 1, sizeof *ranges, err);
    if (!ranges)
        return IPL_E_NOMEM;
    n = 0;
    for (size_t g = 0; g < data->n_groups; g++)
        for (size_t l = 0; l < data->groups[g].mean.info.n_layers; l++)
            ranges[n++] = ipl_group_range(&values, &data->groups[g], field, l, false);
    if (bounded) { /* the curve is whole: from 0 on, and without a cut */
        double hi = data->ib.I_XY * ipl_figure_nat(data->groups[0].members[0]->unit);

        for (size_t i = 0; i < n; i++)
            hi = fmax(hi, ranges[i].hi);
        ranges[n++] = (ipl_range){0.0, hi};
        ipl_axis_values_add(&values, 0.0);
    }
    ipl_axis_fit_values(axis, ranges, n, (ipl_scale)scale, &values);
    ipl_free(ranges);
    return IPL_OK;
}

ipl_status ipl_figure_fit_plane(ipl_axis *x, ipl_axis *y, const ipl_plot_opts *opts,
                                const ipl_plot_data *data, size_t x_field, ipl_error *err)
{
    const bool bounded = ipl_figure_is_bounded(data, x_field);
    const ipl_status st = ipl_figure_fit(x, data, x_field, opts->xscale, bounded, err);

    return st == IPL_OK ? ipl_figure_fit(y, data, IPL_INFO_TY, opts->yscale, bounded, err)
                        : st;
}

/* "I(X;T) [nats], LogDet beta = rd" */
static void label_axes(char *x, char *y, size_t size, const ipl_figure *figure,
                       size_t x_field)
{
    const ipl_plot_run *run = &figure->data->runs[0];
    char estimator[96];

    ipl_estimator_label(estimator, sizeof estimator, run->estimator);
    (void)snprintf(x, size, "%s [%s], %s", ipl_info_label(x_field, figure->opts), run->unit,
                   estimator);
    (void)snprintf(y, size, "%s [%s], %s", ipl_info_label(IPL_INFO_TY, figure->opts),
                   run->unit, estimator);
}

/* Heading of a page: the title asked for, or the name of the only run. */
static void head(ipl_figure *figure, size_t characters)
{
    const char *text = figure->opts->title;

    if (*text == '\0' && figure->data->n_groups == 1)
        text = figure->data->groups[0].label;
    ipl_shorten(figure->title, sizeof figure->title, text, characters);
}

/* One colour bar for all panels, at their right. */
static void add_bar(const ipl_figure *figure, ipl_panel *panel, const ipl_layout *layout)
{
    panel->bar_left = figure->width - layout->right + 0.07;
    panel->bar_bottom = layout->bottom;
    panel->bar_height = figure->height - layout->top - layout->bottom;
}

ipl_status ipl_figure_plane(ipl_figure *figure, ipl_plot_kind kind,
                            const ipl_plot_opts *opts, const ipl_plot_data *data,
                            ipl_error *err)
{
    const size_t n = data->n_groups;
    const size_t x_field = kind == IPL_PLOT_LTC ? IPL_INFO_PREV : IPL_INFO_XT;
    const bool headed = n == 1 || *opts->title != '\0';
    const ipl_layout layout = {.columns = n < 3 ? n : 3,
                               .rows = (n + 2) / 3,
                               .width = n == 1 ? 3.5 : 7.0,
                               .left = 0.52,
                               .right = 0.52,
                               .top = (headed ? 0.26 : 0.08) + (n > 1 ? 0.2 : 0.0),
                               .bottom = 0.42,
                               .gap_x = 0.14,
                               .gap_y = 0.34,
                               .height = n < 3 ? 2.3 : 1.9};
    const bool bounded = ipl_figure_is_bounded(data, x_field);
    ipl_label *titles;
    ipl_axis x, y;
    ipl_status st = ipl_figure_init(figure, opts, data, n, err);

    if (st == IPL_OK)
        st = ipl_figure_fit_plane(&x, &y, opts, data, x_field, err);
    titles = st == IPL_OK ? ipl_group_labels(data, n < 3 ? 44 : 30, err) : NULL;
    if (!titles)
        return st != IPL_OK ? st : IPL_E_NOMEM;
    ipl_figure_lay_out(figure, &layout);
    head(figure, n == 1 ? 38 : 100);
    label_axes(figure->x_label, figure->y_label, IPL_PANEL_TEXT, figure, x_field);
    for (size_t p = 0; p < n; p++) {
        ipl_panel *panel = &figure->panels[p];

        panel->kind = IPL_PANEL_PLANE;
        panel->named = true;
        panel->x = (ipl_panel_axis){
            .axis = x, .margin = 0.02, .tic_labels = p + layout.columns >= n};
        panel->y = (ipl_panel_axis){
            .axis = y, .margin = 0.03, .tic_labels = p % layout.columns == 0};
        if (p + 1 == n)
            add_bar(figure, panel, &layout);
        if (n > 1)
            (void)snprintf(panel->title, sizeof panel->title, "%s", titles[p]);
        if (bounded)
            ipl_figure_add_ib(figure, p, data->runs[0].unit);
        ipl_figure_add_plane(figure, p, &data->groups[p], x_field, 0,
                             data->groups[p].mean.info.n_layers);
    }
    ipl_free(titles);
    return ipl_text_status(&figure->points.text, err);
}

/* Axes, title and points of one layer of one group. */
static void add_cell(ipl_figure *figure, size_t p, size_t g, size_t l, const char *title,
                     const char *side)
{
    const ipl_plot_group *group = &figure->data->groups[g];
    ipl_axis_values values = {0};
    const ipl_range x = ipl_group_range(&values, group, IPL_INFO_XT, l, false);
    const ipl_range y = ipl_group_range(&values, group, IPL_INFO_TY, l, false);
    ipl_panel *panel = &figure->panels[p];

    panel->kind = IPL_PANEL_PLANE;
    panel->x = (ipl_panel_axis){.margin = 0.04, .tic_labels = true};
    panel->y = (ipl_panel_axis){.margin = 0.04, .tic_labels = true};
    ipl_axis_fit(&panel->x.axis, &x, 1, IPL_SCALE_LINEAR);
    ipl_axis_fit(&panel->y.axis, &y, 1, IPL_SCALE_LINEAR);
    (void)snprintf(panel->title, sizeof panel->title, "%s", title);
    (void)snprintf(panel->side, sizeof panel->side, "%s", side);
    ipl_figure_add_plane(figure, p, group, IPL_INFO_XT, l, l + 1);
}

ipl_status ipl_figure_grid(ipl_figure *figure, const ipl_plot_opts *opts,
                           const ipl_plot_data *data, ipl_error *err)
{
    enum { COLUMNS_MAX = 6 };
    size_t most = 1, columns, bands, n_panels, title;
    ipl_label *sides;
    ipl_layout layout;
    ipl_status st;

    for (size_t g = 0; g < data->n_groups; g++)
        if (data->groups[g].mean.info.n_layers > most)
            most = data->groups[g].mean.info.n_layers;
    bands = (most + COLUMNS_MAX - 1) / COLUMNS_MAX;
    columns = (most + bands - 1) / bands;
    n_panels = columns * bands * data->n_groups;
    st = ipl_figure_init(figure, opts, data, n_panels, err);
    if (st != IPL_OK)
        return st;
    layout = (ipl_layout){.columns = columns,
                          .rows = bands * data->n_groups,
                          .width = columns < 3 ? 3.5 : 7.0,
                          .left = data->n_groups > 1 ? 0.72 : 0.52,
                          .right = 0.52,
                          .top = *opts->title || data->n_groups == 1 ? 0.44 : 0.24,
                          .bottom = 0.42,
                          .gap_x = 0.34,
                          .gap_y = 0.42,
                          .height = columns < 3 ? 1.3 : 1.05};
    ipl_figure_lay_out(figure, &layout);
    head(figure, columns < 3 ? 38 : 100);
    label_axes(figure->x_label, figure->y_label, IPL_PANEL_TEXT, figure, IPL_INFO_XT);
    /* Titles are as wide as their panels and most of the gap beside them. */
    title = (size_t)((figure->panels[0].width + 0.7 * layout.gap_x) / TITLE_INCHES);
    sides = ipl_group_labels(data, 22, err);
    for (size_t g = 0; sides && g < data->n_groups; g++) {
        ipl_label *titles = ipl_layer_labels(&data->groups[g].mean.info, title, err);

        if (!titles) {
            ipl_free(sides);
            return IPL_E_NOMEM;
        }
        for (size_t l = 0; l < data->groups[g].mean.info.n_layers; l++)
            add_cell(figure, g * columns * bands + l, g, l, titles[l],
                     l % columns == 0 && data->n_groups > 1 ? sides[g] : "");
        ipl_free(titles);
    }
    if (!sides)
        return IPL_E_NOMEM;
    ipl_free(sides);
    add_bar(figure, &figure->panels[0], &layout);
    return ipl_text_status(&figure->points.text, err);
}
