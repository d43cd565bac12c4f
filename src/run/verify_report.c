#include "run/verify_report.h"

#include "base/file.h"
#include "base/program.h"
#include "run/gnuplot.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Okabe and Ito's colours, safe for the colour-blind, the black one for closed forms. */
static const char *const colours[] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                      "#E69F00", "#56B4E9", "#8C6D46", "#555555"};

static const char *const verdict_names[IPL_VERDICT_COUNT] = {[IPL_PASS] = "PASS",
                                                             [IPL_FAIL] = "FAIL",
                                                             [IPL_SKIPPED] = "SKIPPED",
                                                             [IPL_NOTE] = "note",
                                                             [IPL_AGREE] = "agree",
                                                             [IPL_DISAGREE] = "DISAGREE",
                                                             [IPL_NOT_REACHED] =
                                                                 "not reached"};

const char *ipl_verdict_name(ipl_verdict verdict)
{
    return verdict_names[verdict];
}

void ipl_report_release(ipl_report *report)
{
    ipl_text_release(&report->rows);
    ipl_text_release(&report->table);
}

ipl_report_panel *ipl_report_add_panel(ipl_report *report, const char *x_label,
                                       const char *y_label, const char *title, ...)
{
    ipl_report_panel *panel;
    va_list ap;

    assert(report->n_panels < IPL_REPORT_PANELS);
    panel = &report->panels[report->n_panels++];
    (void)snprintf(panel->x_label, sizeof panel->x_label, "%s", x_label);
    (void)snprintf(panel->y_label, sizeof panel->y_label, "%s", y_label);
    va_start(ap, title);
    (void)vsnprintf(panel->title, sizeof panel->title, title, ap);
    va_end(ap);
    return panel;
}

size_t ipl_report_add_series(ipl_report *report, const char *name, const char *shown,
                             const char *colour, int dash)
{
    enum { N_COLOURS = sizeof colours / sizeof colours[0] };
    ipl_report_series *series;

    assert(report->n_series < IPL_REPORT_SERIES);
    series = &report->series[report->n_series];
    (void)snprintf(series->name, sizeof series->name, "%s", name);
    (void)snprintf(series->shown, sizeof series->shown, "%s", shown);
    (void)snprintf(series->colour, sizeof series->colour, "%s",
                   colour ? colour : colours[report->n_series % N_COLOURS]);
    series->dash = dash;
    return report->n_series++;
}

/* One row of the CSV file: drawn at (x, shown). */
static void add_point(ipl_report *report, size_t panel, size_t series, double x,
                      double value, double shown)
{
    ipl_text *rows = &report->rows;

    report->shown[panel][series] = report->shown[panel][series] || isfinite(shown);
    ipl_text_add(rows, "%zu,", panel + 1);
    ipl_text_add_field(rows, report->panels[panel].title);
    ipl_text_add(rows, ",%zu,", series + 1);
    ipl_text_add_field(rows, report->series[series].name);
    ipl_text_add(rows, ",");
    ipl_text_add_number(rows, x);
    ipl_text_add(rows, ",");
    ipl_text_add_number(rows, value);
    ipl_text_add(rows, ",");
    ipl_text_add_number(rows, shown);
    ipl_text_add(rows, "\n");
}

void ipl_report_add_curve(ipl_report *report, size_t panel, size_t series, const double *x,
                          const double *value, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add_point(report, panel, series, x[i], value[i], value[i]);
}

void ipl_report_add_shape(ipl_report *report, size_t panel, size_t series, const double *x,
                          const double *value, size_t n)
{
    double lo = HUGE_VAL, hi = -HUGE_VAL;

    for (size_t i = 0; i < n; i++)
        if (isfinite(value[i])) {
            lo = fmin(lo, value[i]);
            hi = fmax(hi, value[i]);
        }
    for (size_t i = 0; i < n; i++) {
        /* A constant, to rounding, has no shape: it lies on the axis. */
        const double shown = hi - lo > IPL_FLAT * fmax(fabs(lo), fabs(hi))
                                 ? 10.0 * (value[i] - lo) / (hi - lo)
                                 : 0.0;

        add_point(report, panel, series, x[i], value[i],
                  isfinite(value[i]) ? shown : (double)NAN);
    }
}

void ipl_report_add_shape_panel(ipl_report *report, const char *x_label, const char *title)
{
    ipl_report_panel *panel =
        ipl_report_add_panel(report, x_label, "H({/:Italic T}), rescaled", "%s", title);

    panel->from_zero = true;
    panel->top = 10.3;
    panel->step = 0.25;
}

ipl_finding *ipl_report_find(ipl_report *report, const char *what, ...)
{
    ipl_finding *row;
    va_list ap;

    assert(report->n_findings < IPL_REPORT_FINDINGS);
    row = &report->findings[report->n_findings++];
    row->verdict = IPL_NOTE;
    va_start(ap, what);
    (void)vsnprintf(row->what, sizeof row->what, what, ap);
    va_end(ap);
    return row;
}

void ipl_finding_expect(ipl_finding *row, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(row->expected, sizeof row->expected, fmt, ap);
    va_end(ap);
}

void ipl_finding_obtain(ipl_finding *row, ipl_verdict verdict, const char *fmt, ...)
{
    va_list ap;

    row->verdict = verdict;
    va_start(ap, fmt);
    (void)vsnprintf(row->obtained, sizeof row->obtained, fmt, ap);
    va_end(ap);
}

static void add_string(ipl_text *out, const char *name, size_t i, const char *s)
{
    ipl_text_add(out, "%s[%zu] = ", name, i + 1);
    ipl_gnuplot_add_string(out, s);
    ipl_text_add(out, "\n");
}

static void print_settings(ipl_text *out, const ipl_report *report, const char *name)
{
    const size_t columns = report->columns ? report->columns : report->n_panels;

    ipl_text_add(out,
                 "# Settings of %s, written by infoplane verify.\n"
                 "NAME = '%s'\n"
                 "PANELS = %zu; COLUMNS = %zu; SERIES = %zu\n"
                 "array TITLE[PANELS]\narray X_LABEL[PANELS]\narray Y_LABEL[PANELS]\n"
                 "array LOG_X[PANELS]\narray X_STEP[PANELS]\narray Y_RANGE[PANELS]\n"
                 "array CURVES[PANELS] # the series that have points there\n"
                 "array KEY[SERIES]\narray COLOUR[SERIES]\narray DASH[SERIES]\n",
                 name, name, report->n_panels, columns, report->n_series);
    for (size_t p = 0; p < report->n_panels; p++) {
        const ipl_report_panel *panel = &report->panels[p];

        add_string(out, "TITLE", p, panel->title);
        add_string(out, "X_LABEL", p, panel->x_label);
        add_string(out, "Y_LABEL", p, panel->y_label);
        ipl_text_add(out, "LOG_X[%zu] = %d; X_STEP[%zu] = ", p + 1, panel->log_x, p + 1);
        ipl_text_add_number(out, panel->step);
        ipl_text_add(out, "; Y_RANGE[%zu] = '[%s:", p + 1, panel->from_zero ? "0" : "*");
        if (panel->top > 0.0)
            ipl_text_add_number(out, panel->top);
        ipl_text_add(out, "%s]'\nCURVES[%zu] = '", panel->top > 0.0 ? "" : "*", p + 1);
        for (size_t s = 0; s < report->n_series; s++)
            if (report->shown[p][s])
                ipl_text_add(out, " %zu", s + 1);
        ipl_text_add(out, "'\n");
    }
    for (size_t s = 0; s < report->n_series; s++) {
        add_string(out, "KEY", s, report->series[s].shown);
        ipl_text_add(out, "COLOUR[%zu] = '%s'; DASH[%zu] = %d\n", s + 1,
                     report->series[s].colour, s + 1, report->series[s].dash);
    }
}

/* Write a text as folder/name-part. */
static ipl_status write_part(const ipl_text *text, const char *folder, const char *name,
                             const char *part, ipl_error *err)
{
    char file[80];

    (void)snprintf(file, sizeof file, "%s%s", name, part);
    return ipl_file_write_text(text, folder, file, err);
}

ipl_status ipl_report_write(const ipl_report *report, const char *folder, const char *name,
                            ipl_error *err)
{
    ipl_text all = {0};
    ipl_status st;

    ipl_text_add(&all, "panel,panel_title,series,name,x,value,shown\n%s",
                 report->rows.s ? report->rows.s : "");
    all.failed = all.failed || report->rows.failed;
    st = write_part(&all, folder, name, ".csv", err);
    ipl_text_clear(&all);
    print_settings(&all, report, name);
    if (st == IPL_OK)
        st = write_part(&all, folder, name, "-settings.gp", err);
    if (st == IPL_OK && report->table.len > 0)
        st = write_part(&report->table, folder, name, "-expected.csv", err);
    ipl_text_release(&all);
    return st;
}

/* Copy the scripts into the folder. */
static ipl_status install(const char *folder, ipl_error *err)
{
    static const char *const scripts[] = {"verify.gp", "style.gp"};
    ipl_status st = ipl_folder_create(folder, err);

    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0] && st == IPL_OK; i++) {
        char from[IPL_PATH_MAX], to[IPL_PATH_MAX];

        st = ipl_share_find(from, scripts[i], err);
        if (st == IPL_OK)
            st = ipl_path_join(to, folder, scripts[i], err);
        if (st == IPL_OK)
            st = ipl_file_copy(to, from, err);
    }
    return st;
}

ipl_status ipl_report_draw(bool *missing, ipl_text *said, const ipl_report *report,
                           const char *folder, const char *name, ipl_error *err)
{
    const char *const argv[] = {"verify.gp", name, "png", NULL};
    char file[64], path[IPL_PATH_MAX];
    ipl_status st = install(folder, err);

    (void)snprintf(file, sizeof file, "%.48s.png", name);
    if (st == IPL_OK)
        st = ipl_path_join(path, folder, file, err);
    if (st == IPL_OK)
        st = ipl_file_make_way(path, err);
    if (st == IPL_OK)
        st = ipl_report_write(report, folder, name, err);
    if (st == IPL_OK)
        st = ipl_gnuplot(missing, said, folder, argv, err);
    return st;
}
