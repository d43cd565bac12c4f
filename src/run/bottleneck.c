#include "run/bottleneck.h"

#include "base/alloc.h"
#include "base/file.h"
#include "run/table.h"
#include "run/track.h"
#include "run/verify_report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LN_2 0.69314718055994530942

static const char *const kinds[] = {[IPL_IB_ORIGIN] = "origin",
                                    [IPL_IB_FIXED] = "fixed",
                                    [IPL_IB_SUFFICIENT] = "sufficient",
                                    [IPL_IB_INPUT] = "input"};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static ipl_status write_csv(const ipl_ib_curve *curve, bool bits, const char *folder,
                            ipl_error *err)
{
    const double unit = bits ? LN_2 : 1.0;
    char path[IPL_PATH_MAX];
    ipl_text csv = {0};
    ipl_status st = ipl_path_join(path, folder, IPL_IB_FILE, err);

    ipl_text_add(&csv, "kind,beta,I_XT,I_TY,gap,iterations,unit\n");
    for (size_t i = 0; i < curve->n; i++) {
        const ipl_ib_point *p = &curve->points[i];

        ipl_text_add(&csv, "%s,", kinds[p->kind]);
        ipl_text_add_number(&csv, p->beta);
        ipl_text_add(&csv, ",");
        ipl_text_add_number(&csv, p->I_XT / unit);
        ipl_text_add(&csv, ",");
        ipl_text_add_number(&csv, p->I_TY / unit);
        ipl_text_add(&csv, ",");
        ipl_text_add_number(&csv, p->gap / unit);
        ipl_text_add(&csv, ",%zu,%s\n", p->iterations, bits ? "bits" : "nats");
    }
    if (st == IPL_OK)
        st = ipl_text_status(&csv, err);
    if (st == IPL_OK)
        st = ipl_file_replace(path, csv.s, csv.len, err);
    ipl_text_release(&csv);
    return st;
}

/* The curve, and the two bounds that every representation has. */
static ipl_status compose(ipl_report *report, const ipl_ib_curve *curve, bool bits,
                          ipl_error *err)
{
    const double unit = bits ? LN_2 : 1.0, most = curve->I_XY / unit;
    const double bound_x[] = {0.0, most, curve->H_X / unit}, bound[] = {0.0, most, most};
    double *x = ipl_array(2, curve->n, sizeof *x, err), *y;
    char x_label[64], y_label[64];

    if (!x)
        return IPL_E_NOMEM;
    y = x + curve->n;
    for (size_t i = 0; i < curve->n; i++) {
        x[i] = curve->points[i].I_XT / unit;
        y[i] = curve->points[i].I_TY / unit;
    }
    (void)snprintf(x_label, sizeof x_label, "I({/:Italic X};{/:Italic T}) [%s]",
                   bits ? "bits" : "nats");
    (void)snprintf(y_label, sizeof y_label, "I({/:Italic T};{/:Italic Y}) [%s]",
                   bits ? "bits" : "nats");
    ipl_report_add_panel(report, x_label, y_label, "information bottleneck")->from_zero =
        true;
    (void)ipl_report_add_series(report, "bottleneck", "bottleneck curve", NULL, 1);
    (void)ipl_report_add_series(
        report, "bound", "min(I({/:Italic X};{/:Italic T}), I({/:Italic X};{/:Italic Y}))",
        "#555555", 3);
    ipl_report_add_curve(report, 0, 0, x, y, curve->n);
    ipl_report_add_curve(report, 0, 1, bound_x, bound, 3);
    ipl_free(x);
    return IPL_OK;
}

ipl_status ipl_bottleneck_write(ipl_drawn *drawn, const ipl_ib_curve *curve, bool bits,
                                const char *folder, ipl_error *err)
{
    ipl_report *report = ipl_array(1, 1, sizeof *report, err);
    ipl_text said = {0};
    ipl_status st = report ? ipl_folder_create(folder, err) : IPL_E_NOMEM;

    if (st == IPL_OK)
        st = write_csv(curve, bits, folder, err);
    if (st == IPL_OK)
        st = compose(report, curve, bits, err);
    if (st == IPL_OK)
        st = ipl_report_draw(drawn, &said, report, folder, "ib", err);
    ipl_text_release(&said);
    if (report)
        ipl_report_release(report);
    ipl_free(report);
    return st;
}

/* One row of the table. */
static ipl_status read_point(ipl_ib_point *p, const ipl_table *table, size_t row,
                             const size_t *columns, double last, ipl_error *err)
{
    const char *kind = ipl_table_text(table, row, columns[0]);
    const char *unit = ipl_table_text(table, row, columns[3]);
    const double scale = strcmp(unit, "bits") == 0 ? LN_2 : 1.0;
    size_t k = 0;

    while (k < KINDS && strcmp(kinds[k], kind) != 0)
        k++;
    if (k == KINDS || (scale < 1.0) == (strcmp(unit, "nats") == 0) ||
        !ipl_number_parse(&p->I_XT, ipl_table_text(table, row, columns[1])) ||
        !ipl_number_parse(&p->I_TY, ipl_table_text(table, row, columns[2])) ||
        p->I_XT * scale < last || fabs(p->I_XT) > IPL_DRAWABLE_MAX ||
        fabs(p->I_TY) > IPL_DRAWABLE_MAX)
        return ipl_fail(err, IPL_E_FORMAT,
                        "%.300s:%zu: no row of a bottleneck curve; 'infoplane ib' writes "
                        "one",
                        ipl_table_path(table), ipl_table_line(table, row));
    p->kind = (ipl_ib_kind)k;
    p->I_XT *= scale;
    p->I_TY *= scale;
    return IPL_OK;
}

ipl_status ipl_bottleneck_read(ipl_ib_curve *out, const char *path, ipl_error *err)
{
    static const char *const names[] = {"kind", "I_XT", "I_TY", "unit"};
    ipl_table *table = NULL;
    size_t columns[4];
    ipl_status st = ipl_table_read(&table, path, err);

    *out = (ipl_ib_curve){0};
    for (size_t c = 0; c < 4 && st == IPL_OK; c++)
        st = ipl_table_column(&columns[c], table, names[c], err);
    if (st == IPL_OK) {
        out->n = ipl_table_rows(table);
        out->points = ipl_array(out->n, 1, sizeof *out->points, err);
        st = out->points ? IPL_OK : IPL_E_NOMEM;
    }
    for (size_t i = 0; i < out->n && st == IPL_OK; i++)
        st = read_point(&out->points[i], table, i, columns,
                        i > 0 ? out->points[i - 1].I_XT : 0.0, err);
    if (st == IPL_OK && out->n > 0)
        out->I_XY = out->points[out->n - 1].I_TY;
    ipl_table_destroy(table);
    if (st != IPL_OK)
        ipl_ib_curve_release(out);
    return st;
}
