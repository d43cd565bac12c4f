/* I(X;T) over epochs as each estimator sees it: the ruler as a part of the result. */
#include "run/figure.h"

#include "base/alloc.h"

#include <stdio.h>
#include <string.h>

/* Inches between runs, in addition to the gap between panels. */
#define BETWEEN_BLOCKS 0.3

/* Where a group stands: the row of its estimator, the block of its run, the place in it. */
typedef struct place {
    size_t row, block, column;
} place;

/* Rows, blocks and columns of a block. */
typedef struct grid {
    size_t rows, blocks, columns;
} grid;

static const char *text_of(const ipl_plot_group *group)
{
    return group->members[0]->estimator;
}

/* Whether two texts have the same word before the colon. */
static bool same_estimator(const char *a, const char *b)
{
    const size_t n = strcspn(a, ":");

    return strncmp(a, b, n) == 0 && (b[n] == ':' || b[n] == '\0');
}

/* Rows in the order of the first run's table, blocks in the order of the runs. */
static grid arrange(place *places, const ipl_plot_data *data)
{
    grid all = {0};

    for (size_t g = 0; g < data->n_groups; g++) {
        const ipl_plot_group *group = &data->groups[g];

        places[g] = (place){.row = all.rows, .block = all.blocks};
        for (size_t k = 0; k < g; k++) {
            const bool same = same_estimator(text_of(group), text_of(&data->groups[k]));
            const bool beside = strcmp(group->label, data->groups[k].label) == 0;

            if (same)
                places[g].row = places[k].row;
            if (beside)
                places[g].block = places[k].block;
            places[g].column += same && beside;
        }
        all.rows += places[g].row == all.rows;
        all.blocks += places[g].block == all.blocks;
        if (places[g].column >= all.columns)
            all.columns = places[g].column + 1;
    }
    return all;
}

/* The same axis for all runs that were measured with one estimator. */
static ipl_status fit_row(ipl_axis *axis, const ipl_plot_data *data, size_t g,
                          ipl_error *err)
{
    const ipl_plot_group **same = ipl_array(data->n_groups, 1, sizeof(void *), err);
    size_t n = 0;
    ipl_status st;

    if (!same)
        return IPL_E_NOMEM;
    for (size_t k = 0; k < data->n_groups; k++)
        if (strcmp(text_of(&data->groups[k]), text_of(&data->groups[g])) == 0)
            same[n++] = &data->groups[k];
    st = ipl_figure_fit_layers(axis, same, n, IPL_INFO_XT, err);
    ipl_free(same);
    return st;
}

/* "tanh: I(X;T) [nats]" beside the first panel of a block. */
static void label_block(ipl_panel *panel, const ipl_plot_group *group, const char *name,
                        const ipl_plot_opts *opts)
{
    size_t n;

    panel->y.label[0] = '\0';
    ipl_add_enhanced(panel->y.label, 100, name, strlen(name));
    n = strlen(panel->y.label);
    (void)snprintf(panel->y.label + n, sizeof panel->y.label - n, ": %s [%s]",
                   ipl_info_label(IPL_INFO_XT, opts), group->members[0]->unit);
}

static ipl_status add_panel(ipl_figure *figure, size_t g, place at, grid all,
                            const char *name, ipl_error *err)
{
    const size_t columns = all.blocks * all.columns;
    const size_t p = at.row * columns + at.block * all.columns + at.column;
    const ipl_plot_group *group = &figure->data->groups[g];
    ipl_panel *panel = &figure->panels[p];
    const bool last = p % columns + 1 == columns;
    ipl_status st;

    panel->y = (ipl_panel_axis){.margin = 0.02, .tic_labels = true};
    st = fit_row(&panel->y.axis, figure->data, g, err);
    if (st == IPL_OK)
        st = ipl_figure_add_layer_curves(figure, p, group, IPL_INFO_XT, last, err);
    if (st != IPL_OK)
        return st;
    ipl_estimator_label(panel->title, sizeof panel->title, text_of(group));
    panel->enhanced_title = true;
    if (at.column == 0)
        label_block(panel, group, name, figure->opts);
    panel->left += (double)at.block * BETWEEN_BLOCKS;
    if (at.row + 1 < all.rows)
        panel->x.label[0] = '\0';
    return IPL_OK;
}

ipl_status ipl_figure_estimators(ipl_figure *figure, const ipl_plot_opts *opts,
                                 const ipl_plot_data *data, ipl_error *err)
{
    place *places = ipl_array(data->n_groups, 1, sizeof *places, err);
    ipl_label *names = ipl_group_labels(data, 14, err);
    ipl_status st = IPL_E_NOMEM;
    ipl_layout layout;
    double more = 0.0;
    grid all;

    if (!places || !names) {
        ipl_free(names);
        ipl_free(places);
        return st;
    }
    all = arrange(places, data);
    layout = (ipl_layout){.columns = all.blocks * all.columns,
                          .rows = all.rows,
                          .left = 0.56,
                          .right = 0.42,
                          .top = *opts->title != '\0' ? 0.46 : 0.26,
                          .bottom = 0.4,
                          .gap_x = 0.42,
                          .gap_y = 0.42,
                          .height = 1.15};
    st = ipl_figure_init(figure, opts, data, layout.columns * layout.rows, err);
    if (st == IPL_OK)
        st = ipl_figure_end_inches(&more, figure, data, err);
    layout.right += more;
    layout.width = layout.left + layout.right + 1.05 * (double)layout.columns +
                   layout.gap_x * (double)(layout.columns - 1);
    if (st == IPL_OK) {
        ipl_figure_lay_out(figure, &layout);
        ipl_shorten(figure->title, sizeof figure->title, opts->title, 100);
        figure->width += BETWEEN_BLOCKS * (double)(all.blocks - 1);
    }
    for (size_t g = 0; g < data->n_groups && st == IPL_OK; g++)
        st = add_panel(figure, g, places[g], all, names[g], err);
    ipl_free(names);
    ipl_free(places);
    return st;
}
