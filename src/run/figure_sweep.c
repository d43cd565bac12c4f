/* A plane for each estimator of one run, or for each run and each estimator. */
#include "run/figure.h"

#include "base/alloc.h"
#include "ipl/estimator.h"

#include <stdio.h>
#include <string.h>

enum { COLUMNS_MAX = 8 };

/* Where every group goes: a row for each run, a column for each estimator. */
typedef struct sweep_grid {
    size_t rows, columns;
    size_t *row, *column; /* (n_groups) */
} sweep_grid;

/* Group p is of the same run, or of the same estimator, as group q. */
static bool same_run(const ipl_plot_data *data, size_t p, size_t q)
{
    return data->groups[p].members[0]->folder == data->groups[q].members[0]->folder;
}

static bool same_estimator(const ipl_plot_data *data, size_t p, size_t q)
{
    return strcmp(data->groups[p].members[0]->estimator,
                  data->groups[q].members[0]->estimator) == 0;
}

/* Number the groups that are not the same as an earlier one; returns how many there are. */
static size_t number(size_t *out, const ipl_plot_data *data,
                     bool (*same)(const ipl_plot_data *, size_t, size_t))
{
    size_t n = 0;

    for (size_t g = 0; g < data->n_groups; g++) {
        size_t q = 0;

        while (q < g && !same(data, q, g))
            q++;
        out[g] = q < g ? out[q] : n++;
    }
    return n;
}

/* One run has its estimators in as many rows as it takes. */
static ipl_status arrange(sweep_grid *grid, const ipl_plot_data *data, ipl_error *err)
{
    const size_t n = data->n_groups;
    size_t runs;

    grid->row = ipl_array(n, 2, sizeof *grid->row, err);
    if (!grid->row)
        return IPL_E_NOMEM;
    grid->column = grid->row + n;
    runs = number(grid->row, data, same_run);
    grid->columns = number(grid->column, data, same_estimator);
    grid->rows = runs;
    if (runs > 1 && grid->columns > COLUMNS_MAX)
        return ipl_fail(err, IPL_E_ARG,
                        "plot: %zu estimators of %zu runs, at most %d fit beside each "
                        "other; choose some by --estimator",
                        grid->columns, runs, COLUMNS_MAX);
    if (runs > 1)
        return IPL_OK;
    grid->columns = n < 4 ? n : n == 4 ? 2 : 3;
    grid->rows = (n + grid->columns - 1) / grid->columns;
    for (size_t g = 0; g < n; g++) {
        grid->row[g] = g / grid->columns;
        grid->column[g] = g % grid->columns;
    }
    return IPL_OK;
}

/* Labels of the groups: of their runs, and of their estimators. */
typedef struct names {
    ipl_label *sides, *estimators; /* (n_groups) */
} names;

static ipl_status names_init(names *out, const ipl_plot_data *data, size_t columns,
                             ipl_error *err)
{
    const char **texts = ipl_array(data->n_groups, 1, sizeof *texts, err);

    out->sides = ipl_group_labels(data, 22, err);
    out->estimators = ipl_array(data->n_groups, 1, sizeof *out->estimators, err);
    if (!texts || !out->sides || !out->estimators) {
        ipl_free(texts);
        return IPL_E_NOMEM;
    }
    for (size_t g = 0; g < data->n_groups; g++)
        texts[g] = data->groups[g].members[0]->estimator;
    ipl_columns_cut_all(out->estimators, texts, data->n_groups, columns);
    ipl_free(texts);
    return IPL_OK;
}

/* Title of a panel: the estimator's short name, or its whole text if that is not enough. */
static void name_panel(ipl_panel *panel, const ipl_plot_data *data, size_t p,
                       const char *whole)
{
    const ipl_plot_run *run = data->groups[p].members[0];
    char name[96], other[96];

    ipl_estimator_label(name, sizeof name, run->estimator);
    panel->enhanced_title = true;
    (void)snprintf(panel->title, sizeof panel->title, "%s [%s]", name, run->unit);
    for (size_t g = 0; g < data->n_groups; g++) {
        const char *text = data->groups[g].members[0]->estimator;

        ipl_estimator_label(other, sizeof other, text);
        if (strcmp(name, other) != 0 || strcmp(text, run->estimator) == 0)
            continue;
        panel->enhanced_title = false;
        (void)snprintf(panel->title, sizeof panel->title, "%s", whole);
    }
}

/* Fit the axes of a panel to the groups of its estimator, so that runs can be compared. */
static ipl_status fit_axes(ipl_panel *panel, const ipl_figure *figure, size_t p,
                           ipl_error *err)
{
    const ipl_plot_data *data = figure->data;
    ipl_plot_data alike = {.ib = data->ib}; /* borrowed */
    bool bounded;
    ipl_status st = IPL_E_NOMEM;

    alike.groups = ipl_array(data->n_groups, 1, sizeof *alike.groups, err);
    if (!alike.groups)
        return st;
    for (size_t g = 0; g < data->n_groups; g++)
        if (same_estimator(data, p, g))
            alike.groups[alike.n_groups++] = data->groups[g]; /* borrowed */
    bounded = ipl_figure_is_bounded(&alike, IPL_INFO_XT);
    st = ipl_figure_fit(&panel->x.axis, &alike, IPL_INFO_XT, figure->opts->xscale, bounded,
                        err);
    if (st == IPL_OK)
        st = ipl_figure_fit(&panel->y.axis, &alike, IPL_INFO_TY, figure->opts->yscale,
                            bounded, err);
    ipl_free(alike.groups);
    return st;
}

/* The plane of group g at its place. */
static ipl_status add_plane(ipl_figure *figure, const sweep_grid *grid, size_t g,
                            bool several, const names *labels, ipl_error *err)
{
    const ipl_plot_group *group = &figure->data->groups[g];
    const size_t p = grid->row[g] * grid->columns + grid->column[g];
    ipl_panel *panel = &figure->panels[p];
    ipl_status st;

    panel->kind = IPL_PANEL_PLANE;
    panel->named = true;
    panel->x = (ipl_panel_axis){.margin = 0.02, .tic_labels = true};
    panel->y = (ipl_panel_axis){.margin = 0.03, .tic_labels = true};
    st = fit_axes(panel, figure, g, err);
    if (st != IPL_OK)
        return st;
    if (!several || grid->row[g] == 0)
        name_panel(panel, figure->data, g, labels->estimators[g]);
    if (several && grid->column[g] == 0)
        (void)snprintf(panel->side, sizeof panel->side, "%s", labels->sides[g]);
    if (figure->data->ib.n > 0 && ipl_estimator_is_shannon(group->members[0]->estimator))
        ipl_figure_add_ib(figure, p, group->members[0]->unit);
    ipl_figure_add_plane(figure, p, group, IPL_INFO_XT, 0, group->mean.info.n_layers);
    return IPL_OK;
}

/* One colour bar for all panels, at their right. */
static void add_bar(ipl_figure *figure, const ipl_layout *layout)
{
    for (size_t p = figure->n_panels; p-- > 0;) {
        ipl_panel *panel = &figure->panels[p];

        if (panel->kind != IPL_PANEL_PLANE)
            continue;
        panel->bar_left = figure->width - layout->right + 0.07;
        panel->bar_bottom = layout->bottom;
        panel->bar_height = figure->height - layout->top - layout->bottom;
        return;
    }
}

static ipl_status fill(ipl_figure *figure, const sweep_grid *grid, ipl_error *err)
{
    const ipl_plot_opts *opts = figure->opts;
    const ipl_plot_data *data = figure->data;
    const bool several = data->groups[data->n_groups - 1].members[0]->folder > 0;
    const bool headed = *opts->title != '\0' || !several;
    const ipl_layout layout = {.columns = grid->columns,
                               .rows = grid->rows,
                               .width = data->n_groups == 1 ? 3.5
                                        : several && grid->columns > 3
                                            ? 0.7 + 1.65 * (double)grid->columns
                                            : 7.0,
                               .left = several ? 0.72 : 0.56,
                               .right = 0.52,
                               .top = headed ? 0.46 : 0.28,
                               .bottom = 0.42,
                               .gap_x = 0.4,
                               .gap_y = several ? 0.3 : 0.44,
                               .height = grid->columns < 3 ? 2.1 : 1.7};
    names labels = {0};
    ipl_status st = names_init(&labels, data, several ? 24 : 34, err);

    ipl_figure_lay_out(figure, &layout);
    if (headed)
        ipl_shorten(figure->title, sizeof figure->title,
                    *opts->title != '\0' ? opts->title : data->groups[0].label, 100);
    (void)snprintf(figure->x_label, IPL_PANEL_TEXT, "%s",
                   ipl_info_label(IPL_INFO_XT, opts));
    (void)snprintf(figure->y_label, IPL_PANEL_TEXT, "%s",
                   ipl_info_label(IPL_INFO_TY, opts));
    for (size_t g = 0; g < data->n_groups && st == IPL_OK; g++)
        st = add_plane(figure, grid, g, several, &labels, err);
    ipl_free(labels.sides);
    ipl_free(labels.estimators);
    add_bar(figure, &layout);
    return st == IPL_OK ? ipl_text_status(&figure->points.text, err) : st;
}

ipl_status ipl_figure_sweep(ipl_figure *figure, const ipl_plot_opts *opts,
                            const ipl_plot_data *data, ipl_error *err)
{
    sweep_grid grid = {0};
    ipl_status st = arrange(&grid, data, err);

    if (st == IPL_OK)
        st = ipl_figure_init(figure, opts, data, grid.rows * grid.columns, err);
    if (st == IPL_OK)
        st = fill(figure, &grid, err);
    ipl_free(grid.row);
    return st;
}
