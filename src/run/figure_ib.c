/* The information bottleneck curve on planes of Shannon information. */
#include "ipl/estimator.h"
#include "run/figure.h"

#include <string.h>

/* Points of the curve in a panel: a straight piece is bent where an axis is. */
enum { STEPS = 400 };

bool ipl_figure_is_bounded(const ipl_plot_data *data, size_t x_field)
{
    return data->ib.n > 0 && x_field == IPL_INFO_XT && data->n_groups > 0 &&
           ipl_estimator_is_shannon(data->groups[0].members[0]->estimator);
}

double ipl_figure_nat(const char *unit)
{
    return strcmp(unit, "bits") == 0 ? 1.4426950408889634074 : 1.0;
}

void ipl_figure_add_ib(ipl_figure *figure, size_t p, const char *unit)
{
    const double nat = ipl_figure_nat(unit);
    const ipl_ib_curve *curve = &figure->data->ib;
    ipl_panel *panel = &figure->panels[p];
    const ipl_axis *axis = &panel->x.axis;
    const ipl_range reach = ipl_axis_range(axis);
    const double last = curve->points[curve->n - 1].I_XT * nat;

    panel->ib.first = figure->ib.n;
    for (size_t i = 0; i <= STEPS; i++) {
        const double x = last * (double)i / STEPS;
        const double y = ipl_ib_curve_at(curve, x / nat) * nat;
        const double u = ipl_axis_place(axis, x), v = ipl_axis_place(&panel->y.axis, y);

        if (u < reach.lo || u > reach.hi)
            continue;
        ipl_text_add(&figure->ib.text, "%zu", p + 1);
        ipl_csv_end_row(&figure->ib, (const double[]){x, y, u, v}, 4);
        panel->ib.n++;
    }
}
