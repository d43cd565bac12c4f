#include "run/figure.h"

#include "base/alloc.h"
#include "base/file.h"
#include "run/gnuplot.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const palettes[] = {"viridis", "classic"};

ipl_status ipl_figure_init(ipl_figure *out, const ipl_plot_opts *opts,
                           const ipl_plot_data *data, size_t n_panels, ipl_error *err)
{
    ipl_range all = {HUGE_VAL, -HUGE_VAL};
    double ends[3];
    size_t n = 0;
    bool zero = false;

    *out = (ipl_figure){.opts = opts, .data = data, .end_columns = 7};
    if (n_panels > IPL_PANELS_MAX)
        return ipl_fail(err, IPL_E_ARG, "a figure of %zu panels; plot fewer runs at a time",
                        n_panels);
    out->panels = ipl_array(n_panels, 1, sizeof *out->panels, err);
    if (!out->panels)
        return IPL_E_NOMEM;
    out->n_panels = n_panels;
    for (size_t g = 0; g < data->n_groups; g++) {
        const ipl_plot_tracks *mean = &data->groups[g].mean;
        const ipl_track *tracks[] = {&mean->info, &mean->training, &mean->layers};

        for (size_t t = 0; t < 3; t++)
            for (size_t i = 0; i < tracks[t]->n_epochs; i++) {
                const double e = tracks[t]->epochs[i];

                zero = zero || e == 0.0;
                if (e > 0.0)
                    all = (ipl_range){fmin(all.lo, e), fmax(all.hi, e)};
            }
    }
    if (zero)
        ends[n++] = 0.0;
    if (all.lo <= all.hi) {
        ends[n++] = all.lo;
        ends[n++] = all.hi;
    }
    ipl_axis_fit_epochs(&out->epochs, ends, n);
    return IPL_OK;
}

void ipl_figure_release(ipl_figure *figure)
{
    for (size_t p = 0; p < figure->n_panels; p++) {
        ipl_text_release(&figure->panels[p].colours);
        ipl_text_release(&figure->panels[p].dashes);
        ipl_text_release(&figure->panels[p].from);
        ipl_text_release(&figure->panels[p].to);
    }
    ipl_free(figure->panels);
    ipl_text_release(&figure->points.text);
    ipl_text_release(&figure->joins.text);
    ipl_text_release(&figure->names.text);
    ipl_text_release(&figure->ib.text);
    ipl_text_release(&figure->curves.text);
    ipl_text_release(&figure->ends.text);
    ipl_text_release(&figure->frames);
    ipl_text_release(&figure->texts);
    ipl_text_release(&figure->scores.text);
    ipl_text_release(&figure->legend.text);
    *figure = (ipl_figure){0};
}

void ipl_csv_end_row(ipl_csv *csv, const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ipl_text_add(&csv->text, ",");
        ipl_text_add_number(&csv->text, values[i]);
    }
    ipl_text_add(&csv->text, "\n");
    csv->n++;
}

double ipl_figure_add_text(ipl_figure *figure, const char *text)
{
    ipl_text escaped = {0};

    for (; *text != '\0'; text++) /* labels of points are read for escapes once more */
        ipl_text_add(&escaped, "%s%c", *text == '\\' ? "\\" : "", *text);
    ipl_text_add(&figure->texts, "TEXT[%zu] = ", ++figure->n_texts);
    ipl_gnuplot_add_string(&figure->texts, escaped.s ? escaped.s : "");
    ipl_text_add(&figure->texts, "\n");
    figure->texts.failed = figure->texts.failed || escaped.failed;
    ipl_text_release(&escaped);
    return (double)figure->n_texts;
}

void ipl_figure_lay_out(ipl_figure *figure, const ipl_layout *layout)
{
    const double columns = (double)layout->columns, rows = (double)layout->rows;
    const double width =
        (layout->width - layout->left - layout->right - layout->gap_x * (columns - 1.0)) /
        columns;

    figure->width = layout->width;
    figure->height =
        layout->top + layout->bottom + rows * layout->height + (rows - 1.0) * layout->gap_y;
    for (size_t p = 0; p < figure->n_panels; p++) {
        const double column = (double)(p % layout->columns);
        const size_t whole = p / layout->columns;
        const double row = (double)whole;
        ipl_panel *panel = &figure->panels[p];

        panel->width = width;
        panel->height = layout->height;
        panel->left = layout->left + column * (width + layout->gap_x);
        panel->bottom = figure->height - layout->top - layout->height -
                        row * (layout->height + layout->gap_y);
    }
}

/* Bytes of the first n characters of a text, all of it when it has fewer. */
static size_t bytes_of(const char *text, size_t n)
{
    size_t len = 0;

    while (text[len] != '\0' && (((unsigned char)text[len] & 0xC0) == 0x80 || n-- > 0))
        len++;
    return len;
}

void ipl_shorten(char *out, size_t size, const char *text, size_t characters)
{
    static const char ellipsis[] = "\xE2\x80\xA6";
    const size_t whole = strlen(text);
    size_t len = bytes_of(text, characters);

    if (len == whole && whole < size) {
        memcpy(out, text, whole + 1);
        return;
    }
    if (len == whole || len + sizeof ellipsis > size)
        len = size - sizeof ellipsis;
    else
        len = bytes_of(text, characters - 1);
    while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80)
        len--;
    memcpy(out, text, len);
    memcpy(out + len, ellipsis, sizeof ellipsis);
}

/* Labels of n names that stand `stride` bytes apart. */
static ipl_label *labels_of(const char *first, size_t stride, size_t n, size_t columns,
                            ipl_error *err)
{
    ipl_label *labels = ipl_array(n + 1, 1, sizeof *labels, err);
    const char **names = ipl_array(n + 1, 1, sizeof *names, err);

    for (size_t i = 0; labels && names && i < n; i++)
        names[i] = first + i * stride;
    if (labels && names)
        ipl_columns_cut_all(labels, names, n, columns);
    else
        ipl_free(labels);
    labels = names ? labels : NULL;
    ipl_free(names);
    return labels;
}

ipl_label *ipl_layer_labels(const ipl_track *track, size_t columns, ipl_error *err)
{
    return labels_of(track->names[0], sizeof *track->names, track->n_layers, columns, err);
}

ipl_label *ipl_group_labels(const ipl_plot_data *data, size_t columns, ipl_error *err)
{
    return labels_of(data->groups[0].label, sizeof *data->groups, data->n_groups, columns,
                     err);
}

void ipl_add_enhanced(char *out, size_t size, const char *text, size_t len)
{
    size_t n = strlen(out);

    for (size_t i = 0; i < len && n + 3 < size; i++) {
        if (strchr("_^@&~{}\\", text[i]))
            out[n++] = '\\';
        out[n++] = text[i];
    }
    out[n] = '\0';
}

/* Value of an option in "name:option=value,...": its start and length, NULL when absent. */
static const char *option_value(size_t *len, const char *text, const char *option)
{
    for (const char *s = strchr(text, ':'); s; s = strchr(s, ',')) {
        const size_t n = strlen(option);

        s++;
        if (strncmp(s, option, n) == 0 && s[n] == '=') {
            *len = strcspn(s + n + 1, ",");
            return s + n + 1;
        }
    }
    *len = 0;
    return NULL;
}

void ipl_estimator_label(char *out, size_t size, const char *text)
{
    static const struct {
        const char *name, *shown, *option, *symbol;
    } known[] = {
        {"logdet", "LogDet", "beta", " \xCE\xB2 = "},
        {"renyi", "R\xC3\xA9nyi", "alpha", " \xCE\xB1 = "},
        {"kde", "KDE", "var", " \xCF\x83\xC2\xB2 = "},
        {"kl", "kNN", "k", " k = "},
        {"ksg", "KSG", "k", " k = "},
        {"gauss", "Gaussian", "shrink", " a = "},
        {"binning", "binning", "bins", " bins: "},
    };
    const size_t name = strcspn(text, ":");
    const char *value;
    size_t len, k = 0;

    *out = '\0';
    while (k < sizeof known / sizeof known[0] &&
           (strlen(known[k].name) != name || strncmp(known[k].name, text, name) != 0))
        k++;
    if (k == sizeof known / sizeof known[0]) {
        char brief[48];

        ipl_shorten(brief, sizeof brief, text, 24);
        ipl_add_enhanced(out, size, brief, strlen(brief));
        return;
    }
    (void)snprintf(out, size, "%s", known[k].shown);
    value = option_value(&len, text, known[k].option);
    if (value) {
        (void)snprintf(out + strlen(out), size - strlen(out), "%s", known[k].symbol);
        ipl_add_enhanced(out, size, value, len);
    }
    value = option_value(&len, text, "scale");
    if (value && len == 4 && strncmp(value, "corr", len) == 0)
        (void)snprintf(out + strlen(out), size - strlen(out), ", corr");
}

const char *ipl_info_label(size_t field, const ipl_plot_opts *opts)
{
    static const char *const ty[] = {
        "I({/:Italic T};{/:Italic Y})",
        "I({/:Italic T};{/:Italic Y}) cond.",
        "I({/:Italic T};{/:Italic Y}) pooled",
    };

    switch (field) {
    case IPL_INFO_XT:
        return "I({/:Italic X};{/:Italic T})";
    case IPL_INFO_TY:
        return ty[opts->labels];
    case IPL_INFO_PREV:
        return "I({/:Italic T}_{l-1};{/:Italic T}_{l})";
    default:
        return "H({/:Italic T})";
    }
}

ipl_range ipl_group_range(ipl_axis_values *values, const ipl_plot_group *group,
                          size_t field, size_t layer, bool with_band)
{
    ipl_range r = {HUGE_VAL, -HUGE_VAL};
    const ipl_track *mean = &group->mean.info, *sd = &group->sd.info;

    for (size_t i = 0; i < mean->n_epochs; i++) {
        const double m = ipl_track_get(mean, i, layer, field);
        const double s = with_band ? ipl_track_get(sd, i, layer, field) : 0.0;

        if (!isfinite(m) || !isfinite(s))
            continue;
        r = (ipl_range){fmin(r.lo, m >= 0.0 ? fmax(0.0, m - s) : m - s), fmax(r.hi, m + s)};
        ipl_axis_values_add(values, m);
    }
    for (size_t k = 0; !with_band && k < group->n_members; k++) {
        const ipl_track *own = &group->members[k]->own.info;

        for (size_t i = 0; i < own->n_epochs; i++) {
            const double v = ipl_track_get(own, i, layer, field);

            if (isfinite(v))
                r = (ipl_range){fmin(r.lo, v), fmax(r.hi, v)};
            ipl_axis_values_add(values, v);
        }
    }
    return r;
}

static void add_assignment(ipl_text *out, const char *name, size_t p, const char *value)
{
    ipl_text_add(out, "%s[%zu] = ", name, p + 1);
    ipl_gnuplot_add_string(out, value);
    ipl_text_add(out, "\n");
}

/* "[lo:hi]" */
static void print_range(char *out, size_t size, ipl_range r)
{
    char lo[32], hi[32];

    ipl_number_print(lo, sizeof lo, r.lo);
    ipl_number_print(hi, sizeof hi, r.hi);
    (void)snprintf(out, size, "[%s:%s]", lo, hi);
}

static void print_axis(ipl_text *out, const char *letter, size_t p,
                       const ipl_panel_axis *axis, double inches)
{
    char range[80];
    ipl_text text = {0};

    print_range(range, sizeof range, ipl_axis_padded(&axis->axis, axis->margin));
    ipl_text_add(out, "%s_RANGE[%zu] = '%s'\n", letter, p + 1, range);
    ipl_axis_print_tics(&text, &axis->axis,
                        (ipl_tic_style){.inches = inches / (1.0 + 2.0 * axis->margin),
                                        .upright = *letter == 'Y',
                                        .labels = axis->tic_labels});
    ipl_text_add(out, "%s_TICS[%zu] = '%s'\n", letter, p + 1, text.s ? text.s : "()");
    ipl_text_clear(&text);
    ipl_axis_print_breaks(&text, &axis->axis);
    ipl_text_add(out, "%s_BREAKS[%zu] = '%s'\n", letter, p + 1, text.s ? text.s : "");
    ipl_text_add(out, "%s_LABEL[%zu] = ", letter, p + 1);
    ipl_gnuplot_add_string(out, axis->label);
    ipl_text_add(out, "\n");
    out->failed = out->failed || text.failed;
    ipl_text_release(&text);
}

/* NAME[1] = 25; NAME_FROM[1] = 0: rows of a CSV file. */
static void print_rows(ipl_text *out, const char *name, size_t p, ipl_rows rows)
{
    ipl_text_add(out, "%s[%zu] = %zu; %s_FROM[%zu] = %zu\n", name, p + 1, rows.n, name,
                 p + 1, rows.first);
}

static const char *const kinds[] = {[IPL_PANEL_EMPTY] = "empty",
                                    [IPL_PANEL_PLANE] = "plane",
                                    [IPL_PANEL_CURVES] = "curves",
                                    [IPL_PANEL_SCORES] = "scores"};

static void print_panel(ipl_text *out, const ipl_figure *figure, size_t p)
{
    const ipl_panel *panel = &figure->panels[p];

    if (panel->kind == IPL_PANEL_EMPTY) {
        ipl_text_add(out, "\nTYPE[%zu] = 'empty'\n", p + 1);
        return;
    }
    ipl_text_add(out, "\nLEFT[%zu] = %.4f; RIGHT[%zu] = %.4f\n", p + 1,
                 panel->left / figure->width, p + 1,
                 (panel->left + panel->width) / figure->width);
    ipl_text_add(out, "BOTTOM[%zu] = %.4f; TOP[%zu] = %.4f\n", p + 1,
                 panel->bottom / figure->height, p + 1,
                 (panel->bottom + panel->height) / figure->height);
    ipl_text_add(out, "TYPE[%zu] = '%s'\n", p + 1, kinds[panel->kind]);
    add_assignment(out, "TITLE", p, panel->title);
    ipl_text_add(out, "MARKUP[%zu] = '%s'\n", p + 1,
                 panel->enhanced_title ? "enhanced" : "noenhanced");
    add_assignment(out, "SIDE", p, panel->side);
    print_axis(out, "X", p, &panel->x, panel->width);
    print_axis(out, "Y", p, &panel->y, panel->height);
    if (panel->kind == IPL_PANEL_PLANE) {
        ipl_text_add(out, "BAR_LEFT[%zu] = %.4f; BAR_BOTTOM[%zu] = %.4f; BAR[%zu] = %.4f\n",
                     p + 1, panel->bar_left / figure->width, p + 1,
                     panel->bar_bottom / figure->height, p + 1,
                     panel->bar_height / figure->height);
        print_rows(out, "FAINT", p, panel->faint);
        print_rows(out, "DOTS", p, panel->dots);
        print_rows(out, "JOINS", p, panel->joins);
        print_rows(out, "NAMES", p, panel->names);
        print_rows(out, "IB", p, panel->ib);
        return;
    }
    if (panel->kind == IPL_PANEL_SCORES) {
        print_rows(out, "RUNS", p, panel->runs);
        print_rows(out, "MEANS", p, panel->means);
        print_rows(out, "LEGEND", p, panel->legend);
        return;
    }
    ipl_text_add(out, "SERIES[%zu] = %zu; BAND[%zu] = %d; MARKS[%zu] = %d\n", p + 1,
                 panel->series, p + 1, panel->band, p + 1, panel->marks);
    add_assignment(out, "COLOURS", p, panel->colours.s ? panel->colours.s : "");
    add_assignment(out, "DASHES", p, panel->dashes.s ? panel->dashes.s : "");
    add_assignment(out, "FROM", p, panel->from.s ? panel->from.s : "");
    add_assignment(out, "TO", p, panel->to.s ? panel->to.s : "");
    print_rows(out, "ENDS", p, panel->ends);
}

/* Middle of all panels as a share of the page: where labels for all of them stand. */
static void print_middle(ipl_text *out, const ipl_figure *figure)
{
    ipl_range x = {HUGE_VAL, -HUGE_VAL}, y = x;

    for (size_t p = 0; p < figure->n_panels; p++) {
        const ipl_panel *panel = &figure->panels[p];

        x = (ipl_range){fmin(x.lo, panel->left), fmax(x.hi, panel->left + panel->width)};
        y = (ipl_range){fmin(y.lo, panel->bottom),
                        fmax(y.hi, panel->bottom + panel->height)};
    }
    ipl_text_add(out, "MIDDLE_X = %.4f; MIDDLE_Y = %.4f\n",
                 (x.lo + x.hi) / 2.0 / figure->width, (y.lo + y.hi) / 2.0 / figure->height);
}

static void print_settings(ipl_text *out, const ipl_figure *figure, const char *name)
{
    static const char *const arrays[] = {
        "LEFT",       "RIGHT",     "TOP",        "BOTTOM",     "TYPE",      "TITLE",
        "MARKUP",     "SIDE",      "X_RANGE",    "X_TICS",     "X_BREAKS",  "X_LABEL",
        "Y_RANGE",    "Y_TICS",    "Y_BREAKS",   "Y_LABEL",    "BAR",       "BAR_LEFT",
        "BAR_BOTTOM", "FAINT",     "FAINT_FROM", "DOTS",       "DOTS_FROM", "JOINS",
        "JOINS_FROM", "NAMES",     "NAMES_FROM", "SERIES",     "BAND",      "MARKS",
        "COLOURS",    "DASHES",    "FROM",       "TO",         "ENDS",      "ENDS_FROM",
        "RUNS",       "RUNS_FROM", "MEANS",      "MEANS_FROM", "LEGEND",    "LEGEND_FROM",
        "IB",         "IB_FROM"};
    ipl_range colours = ipl_axis_range(&figure->epochs);
    char range[80];

    ipl_text_add(out, "# Settings of %s, written by infoplane plot.\n", name);
    ipl_text_add(out,
                 "# Axes are given in places: a value of x stands at u, one of y at v, "
                 "see the CSV files.\n");
    ipl_text_add(out, "WIDTH = %.3f; HEIGHT = %.3f # inches\n", figure->width,
                 figure->height);
    print_middle(out, figure);
    ipl_text_add(out, "PALETTE = '%s'\n", palettes[figure->opts->palette]);
    ipl_text_add(out, "HEADING = ");
    ipl_gnuplot_add_string(out, figure->title);
    ipl_text_add(out, "\nALL_X = ");
    ipl_gnuplot_add_string(out, figure->x_label);
    ipl_text_add(out, "\nALL_Y = ");
    ipl_gnuplot_add_string(out, figure->y_label);
    if (colours.hi - colours.lo < 1e-9)
        colours.hi = colours.lo + 1.0;
    print_range(range, sizeof range, colours);
    ipl_text_add(out, "\nEPOCH_RANGE = '%s'\nEPOCH_TICS = '", range);
    ipl_axis_print_tics(out, &figure->epochs,
                        (ipl_tic_style){.inches = 1.6, .upright = true, .labels = true});
    ipl_text_add(out, "'\nPANELS = %zu\n", figure->n_panels);
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++)
        ipl_text_add(out, "array %s[PANELS]\n", arrays[i]);
    for (size_t p = 0; p < figure->n_panels; p++)
        print_panel(out, figure, p);
    if (figure->n_texts > 0)
        ipl_text_add(out, "\narray TEXT[%zu]\n%s", figure->n_texts,
                     figure->texts.s ? figure->texts.s : "");
    if (figure->frames.len > 0)
        ipl_text_add(out, "\n%s", figure->frames.s);
    out->failed = out->failed || figure->frames.failed || figure->texts.failed;
}

/* Write a text as folder/name-part. */
static ipl_status write_part(const ipl_text *text, const char *folder, const char *name,
                             const char *part, ipl_error *err)
{
    char file[64];

    (void)snprintf(file, sizeof file, "%s-%s", name, part);
    return ipl_file_write_text(text, folder, file, err);
}

static ipl_status write_rows(const ipl_csv *rows, const char *header, const char *folder,
                             const char *name, const char *part, ipl_error *err)
{
    ipl_text all = {0};
    ipl_status st = IPL_OK;

    if (rows->n == 0)
        return ipl_text_status(&rows->text, err);
    ipl_text_add(&all, "%s\n%s", header, rows->text.s ? rows->text.s : "");
    all.failed = all.failed || rows->text.failed;
    st = write_part(&all, folder, name, part, err);
    ipl_text_release(&all);
    return st;
}

ipl_status ipl_figure_write(const ipl_figure *figure, const char *folder, const char *name,
                            ipl_error *err)
{
    ipl_text settings = {0};
    ipl_status st;

    print_settings(&settings, figure, name);
    st = write_part(&settings, folder, name, "settings.gp", err);
    if (st == IPL_OK)
        st = write_rows(&figure->points,
                        "panel,run,mean,epoch,last,layer,name,x,y,colour,u,v", folder, name,
                        "points.csv", err);
    if (st == IPL_OK)
        st = write_rows(&figure->joins, "panel,epoch,colour,u,v,du,dv", folder, name,
                        "joins.csv", err);
    if (st == IPL_OK)
        st = write_rows(&figure->names, "panel,name,u,v,text", folder, name, "names.csv",
                        err);
    if (st == IPL_OK)
        st = write_rows(&figure->ib, "panel,x,y,u,v", folder, name, "ib.csv", err);
    if (st == IPL_OK)
        st = write_rows(&figure->curves,
                        "panel,series,name,epoch,value,deviation,u,v,low,high", folder,
                        name, "curves.csv", err);
    if (st == IPL_OK)
        st = write_rows(&figure->ends, "panel,name,u,v,colour,text", folder, name,
                        "ends.csv", err);
    if (st == IPL_OK)
        st = write_rows(&figure->scores,
                        "panel,run,n,compression,accuracy,compression_sd,accuracy_sd,"
                        "u,v,u_low,u_high,v_low,v_high,colour",
                        folder, name, "scores.csv", err);
    if (st == IPL_OK)
        st = write_rows(&figure->legend, "panel,name,u,v,colour,text", folder, name,
                        "legend.csv", err);
    ipl_text_release(&settings);
    return st;
}
