#include "run/text_plane.h"

#include "base/alloc.h"
#include "base/text_columns.h"
#include "base/utf8.h"
#include "run/figure.h"
#include "run/text_canvas.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Characters left of the axis, of the smallest panel, and between panels. */
enum { NUMBERS = 7, PANEL_MIN = 26, BETWEEN = 2, NAME_MIN = 7 };
/* Lines of a frame besides the plane: heading, axis, numbers, label, legend. */
enum { LINES = 5 };

/* Where a panel stands on the drawing, in cells, and the axes that all panels share. */
typedef struct panel {
    ipl_text_canvas *canvas;
    const ipl_plot_group *group;
    const ipl_axis *x, *y;
    long left, columns, rows; /* of the plane itself, which starts at row 1 */
} panel;

/* Signs of the frame, with and without box drawing characters. */
typedef struct signs {
    const char *upright, *level, *corner, *tick_y, *tick_x, *cut;
} signs;

static signs signs_of(const ipl_text_canvas *canvas)
{
    static const signs boxes = {"\xE2\x94\x82", "\xE2\x94\x80", "\xE2\x94\x94",
                                "\xE2\x94\xA4", "\xE2\x94\xB4", "\xE2\x89\x88"};
    static const signs plain = {"|", "-", "+", "+", "+", "~"};

    return canvas->braille ? boxes : plain;
}

static void fit(ipl_axis *axis, const ipl_plot_data *data, size_t n_groups, size_t field,
                int scale)
{
    enum { MOST = 1024 };
    ipl_axis_values values = {0};
    ipl_range ranges[MOST];
    size_t n = 0;

    for (size_t g = 0; g < n_groups; g++)
        for (size_t l = 0; l < data->groups[g].mean.info.n_layers && n < MOST; l++)
            ranges[n++] = ipl_group_range(&values, &data->groups[g], field, l, false);
    ipl_axis_fit_values(axis, ranges, n, (ipl_scale)scale, &values);
}

/* Share 0 ... 1 of the axis at a place. */
static double share(const ipl_axis *axis, double place)
{
    const ipl_range r = ipl_axis_padded(axis, 0.02);

    return (place - r.lo) / (r.hi - r.lo);
}

/* Column, and row from the top of the drawing, of a share of the axes. */
static long column_of(const panel *p, double at)
{
    return p->left + lround(at * (double)(p->columns - 1));
}

static long row_of(const panel *p, double at)
{
    return p->rows - lround(at * (double)(p->rows - 1));
}

/* Label of a tic for a terminal: "10^{5}" is 10^5. */
static void plain_label(char *out, size_t size, const char *label)
{
    size_t n = 0;

    for (; *label != '\0' && n + 1 < size; label++)
        if (*label != '{' && *label != '}')
            out[n++] = *label;
    out[n] = '\0';
}

static void y_tic(void *self, const char *label, double place, bool minor)
{
    const panel *p = self;
    const long row = row_of(p, share(p->y, place));
    char text[32];

    if (minor || *label == '\0')
        return;
    plain_label(text, sizeof text, label);
    ipl_text_canvas_write(p->canvas, p->left - 1, row, signs_of(p->canvas).tick_y, 0);
    if (p->left == NUMBERS)
        ipl_text_canvas_write(p->canvas, p->left - 2 - (long)strlen(text), row, text, 0);
}

static void x_tic(void *self, const char *label, double place, bool minor)
{
    const panel *p = self;
    const long column = column_of(p, share(p->x, place));
    char text[32];
    long from;

    if (minor || *label == '\0')
        return;
    plain_label(text, sizeof text, label);
    from = column - (long)strlen(text) / 2;
    if (from + (long)strlen(text) > p->left + p->columns)
        from = p->left + p->columns - (long)strlen(text);
    ipl_text_canvas_write(p->canvas, column, p->rows + 1, signs_of(p->canvas).tick_x, 0);
    ipl_text_canvas_write(p->canvas, from, p->rows + 2, text, 0);
}

/* Marks on the axes where they are cut. */
static void draw_cuts(const panel *p)
{
    const char *cut = signs_of(p->canvas).cut;

    for (size_t i = 0; i + 1 < p->x->n; i++)
        ipl_text_canvas_write(
            p->canvas,
            column_of(p, share(p->x, 0.5 * (p->x->piece[i].place.hi +
                                            p->x->piece[i + 1].place.lo))),
            p->rows + 1, cut, 0);
    for (size_t i = 0; i + 1 < p->y->n; i++)
        ipl_text_canvas_write(p->canvas, p->left - 1,
                              row_of(p, share(p->y, 0.5 * (p->y->piece[i].place.hi +
                                                           p->y->piece[i + 1].place.lo))),
                              cut, 0);
}

static void draw_axes(panel *p)
{
    const signs s = signs_of(p->canvas);
    const ipl_tic_style across = {.inches = 0.065 * (double)p->columns, .labels = true};
    const ipl_tic_style up = {
        .inches = 0.085 * (double)p->rows, .upright = true, .labels = true};

    for (long r = 1; r <= p->rows; r++)
        ipl_text_canvas_write(p->canvas, p->left - 1, r, s.upright, 0);
    for (long c = 0; c < p->columns; c++)
        ipl_text_canvas_write(p->canvas, p->left + c, p->rows + 1, s.level, 0);
    ipl_text_canvas_write(p->canvas, p->left - 1, p->rows + 1, s.corner, 0);
    ipl_axis_each_tic(p->x, across, x_tic, p);
    ipl_axis_each_tic(p->y, up, y_tic, p);
    draw_cuts(p);
}

/* A place on the plane in dots of the canvas. */
typedef struct spot {
    long x, y;
    bool defined;
} spot;

static spot spot_of(const panel *p, size_t i, size_t l)
{
    const ipl_track *track = &p->group->mean.info;
    const double u =
        share(p->x, ipl_axis_place(p->x, ipl_track_get(track, i, l, IPL_INFO_XT)));
    const double v =
        share(p->y, ipl_axis_place(p->y, ipl_track_get(track, i, l, IPL_INFO_TY)));
    const long wide = (long)ipl_text_canvas_dots_x(p->canvas);
    const long high = (long)ipl_text_canvas_dots_y(p->canvas);
    spot at = {.defined = isfinite(u) && isfinite(v)};

    if (at.defined) {
        at.x = p->left * wide + lround(u * (double)(p->columns * wide - 1));
        at.y = high + lround((1.0 - v) * (double)(p->rows * high - 1));
    }
    return at;
}

/* The sign of layer l: 1 ... 9, then letters. */
static char sign_of(size_t l)
{
    static const char all[] = "123456789abcdefghijklmnopqrstuvwxyz";

    return l + 1 < sizeof all ? all[l] : '#';
}

/* Paths first, then the signs of the layers on top of them. */
static void draw_paths(const panel *p)
{
    const ipl_track *track = &p->group->mean.info;
    const long wide = (long)ipl_text_canvas_dots_x(p->canvas);
    const long high = (long)ipl_text_canvas_dots_y(p->canvas);

    for (size_t l = 0; l < track->n_layers; l++) {
        spot from = {0};

        for (size_t i = 0; i < track->n_epochs; i++) {
            const spot to = spot_of(p, i, l);

            if (i == 0)
                from = to;
            if (from.defined && to.defined)
                ipl_text_canvas_line(p->canvas, from.x, from.y, to.x, to.y, (int)l + 1);
            from = to;
        }
    }
    for (size_t l = 0; l < track->n_layers; l++) {
        const char sign[2] = {sign_of(l), '\0'};
        size_t i = track->n_epochs;

        while (i > 0 && !spot_of(p, i - 1, l).defined)
            i--;
        if (i == 0)
            continue;
        ipl_text_canvas_write(p->canvas, spot_of(p, i - 1, l).x / wide,
                              spot_of(p, i - 1, l).y / high, sign, (int)l + 1);
    }
}

/* Number of epochs that the experiment wants; 0 when it does not say. */
static unsigned long long epochs_wanted(const ipl_plot_group *group)
{
    static const char key[] = "\nepochs = ";
    const char *text = group->members[0]->experiment.s;
    const char *line = text ? strstr(text, key) : NULL;

    return line ? strtoull(line + sizeof key - 1, NULL, 10) : 0;
}

void ipl_text_group_state(ipl_text *out, const ipl_plot_group *group, size_t characters)
{
    const ipl_track *info = &group->mean.info, *training = &group->mean.training;
    const size_t last = training->n_epochs - 1;
    const double train = 100.0 * ipl_track_get(training, last, 0, IPL_TRAINING_ACCURACY);
    const double test = 100.0 * ipl_track_get(training, last, 0, IPL_TRAINING_ACCURACY + 1);
    const double epoch = fmax(info->epochs[info->n_epochs - 1], training->epochs[last]);
    char number[32], when[64], full[64], brief[64];
    ipl_label label;
    char visible[IPL_LABEL_MAX];
    const char *how = full;
    size_t left, name;

    ipl_visible_line(visible, sizeof visible, group->label);
    name = ipl_columns(visible);
    (void)snprintf(number, sizeof number, epoch == floor(epoch) ? "%.0f" : "%.2f", epoch);
    (void)snprintf(when, sizeof when, "  epoch %s", number);
    if (epochs_wanted(group) > 0)
        (void)snprintf(when, sizeof when, "  epoch %s/%llu", number, epochs_wanted(group));
    (void)snprintf(full, sizeof full, "  train %.1f test %.1f %%", train, test);
    (void)snprintf(brief, sizeof brief, "  test %.1f %%", test);
    if (!isfinite(test))
        (void)snprintf(brief, sizeof brief, "  train %.1f %%", train);
    if (!isfinite(test) && !isfinite(train))
        (void)snprintf(brief, sizeof brief, "  loss %.4g",
                       ipl_track_get(training, last, 0, IPL_TRAINING_LOSS));
    if (!isfinite(train + test) || name + strlen(when) + strlen(full) > characters)
        how = brief;
    if ((name < 8 ? name : 8) + strlen(when) + strlen(how) > characters)
        how = "";
    left = strlen(when) + strlen(how) + 1 < characters
               ? characters - strlen(when) - strlen(how)
               : 1;
    if (left < 3)
        ipl_shorten(label, sizeof label, visible, left);
    else /* runs often differ at their ends */
        ipl_columns_cut(label, visible, left);
    ipl_text_add(out, "%s%s%s", label, when, how);
}

/* "I(X;T) ->  [nats, LogDet beta = rd]" in the middle below the planes. */
static void draw_x_label(ipl_text_canvas *canvas, const ipl_plot_data *data, long row)
{
    char estimator[96], text[192];
    size_t n = 0;

    if (canvas->braille) {
        ipl_estimator_label(estimator, sizeof estimator, data->runs[0].estimator);
        for (size_t i = 0; estimator[i] != '\0'; i++)
            if (estimator[i] != '\\')
                estimator[n++] = estimator[i];
        estimator[n] = '\0';
    } else {
        (void)snprintf(estimator, sizeof estimator, "%.40s", data->runs[0].estimator);
    }
    (void)snprintf(text, sizeof text, "I(X;T) to the right, I(T;Y) up [%s, %s]",
                   data->runs[0].unit, estimator);
    ipl_text_canvas_write(canvas, ((long)canvas->columns - (long)ipl_columns(text)) / 2,
                          row, text, 0);
}

/* Signs and names of the layers of the deepest group, and what found no room. */
static ipl_status draw_legend(ipl_text_canvas *canvas, const ipl_plot_data *data,
                              size_t shown, long row, ipl_error *err)
{
    const ipl_track *track = &data->groups[0].mean.info;
    ipl_label *labels;
    size_t each;
    long column = 1;

    for (size_t g = 1; g < shown; g++)
        if (data->groups[g].mean.info.n_layers > track->n_layers)
            track = &data->groups[g].mean.info;
    each = canvas->columns / track->n_layers; /* two of them for the sign, two between */
    each = each > NAME_MIN + 4 ? each - 4 : NAME_MIN;
    labels = ipl_layer_labels(
        track, each < IPL_LABEL_COLUMNS_MAX ? each : IPL_LABEL_COLUMNS_MAX, err);
    if (!labels)
        return IPL_E_NOMEM;
    for (size_t l = 0; l < track->n_layers && column < (long)canvas->columns; l++) {
        char text[IPL_LABEL_BYTES + 4];

        (void)snprintf(text, sizeof text, "%c %s", sign_of(l), labels[l]);
        ipl_text_canvas_write(canvas, column, row, text, (int)l + 1);
        column += (long)ipl_columns(text) + 2;
    }
    if (shown < data->n_groups) {
        char text[64];

        (void)snprintf(text, sizeof text, "(%zu more: widen the terminal)",
                       data->n_groups - shown);
        ipl_text_canvas_write(canvas, (long)canvas->columns - (long)strlen(text), row, text,
                              0);
    }
    ipl_free(labels);
    return IPL_OK;
}

static void draw_heading(const panel *p)
{
    ipl_text state = {0};

    ipl_text_group_state(&state, p->group, (size_t)p->columns);
    ipl_text_canvas_write(p->canvas, p->left, 0, state.s ? state.s : "", 0);
    ipl_text_release(&state);
}

ipl_status ipl_text_plane(ipl_text *out, const ipl_plot_data *data,
                          const ipl_plot_opts *opts, const ipl_text_style *style,
                          ipl_error *err)
{
    const size_t columns = style->columns > 40 ? style->columns : 40;
    const size_t rows = style->rows > 12 ? style->rows : 12;
    const size_t room = (columns - NUMBERS + BETWEEN) / (PANEL_MIN + BETWEEN);
    const size_t shown = data->n_groups < room ? data->n_groups : room;
    ipl_text_canvas canvas = {0};
    ipl_axis x, y;
    ipl_status st;

    if (shown == 0)
        return ipl_fail(err, IPL_E_ARG, "no run to draw");
    st = ipl_text_canvas_init(&canvas, columns, rows, style->braille, style->colours, err);
    if (st != IPL_OK)
        return st;
    fit(&x, data, shown, IPL_INFO_XT, opts->xscale);
    fit(&y, data, shown, IPL_INFO_TY, opts->yscale);
    for (size_t g = 0; g < shown; g++) {
        const size_t wide = (columns - NUMBERS + BETWEEN) / shown;
        panel p = {.canvas = &canvas,
                   .group = &data->groups[g],
                   .x = &x,
                   .y = &y,
                   .left = (long)(NUMBERS + g * wide),
                   .columns = (long)(wide - BETWEEN),
                   .rows = (long)(rows - LINES)};

        draw_heading(&p);
        draw_axes(&p);
        draw_paths(&p);
    }
    draw_x_label(&canvas, data, (long)rows - 2);
    st = draw_legend(&canvas, data, shown, (long)rows - 1, err);
    if (st == IPL_OK)
        ipl_text_canvas_print(out, &canvas);
    ipl_text_canvas_release(&canvas);
    return st == IPL_OK ? ipl_text_status(out, err) : st;
}
