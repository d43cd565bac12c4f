/**
 * What an experiment of `infoplane verify` leaves: panels of curves, and a table of what was
 * expected against what was obtained.
 */
#ifndef IPL_VERIFY_REPORT_H
#define IPL_VERIFY_REPORT_H

#include "base/pool.h"
#include "base/text.h"
#include "ipl/status.h"
#include "run/gnuplot.h"
#include "run/verify.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    IPL_REPORT_PANELS = 16,
    IPL_REPORT_SERIES = 12,
    IPL_REPORT_FINDINGS = 320,
    IPL_FINDING_TEXT = 72
};

typedef enum ipl_verdict {
    IPL_PASS,
    IPL_FAIL,
    IPL_SKIPPED, /* it could not be looked at here */
    IPL_NOTE,    /* a number for the reader, nothing is promised of it */
    IPL_AGREE,   /* with what was published or computed elsewhere */
    IPL_DISAGREE,
    IPL_NOT_REACHED, /* it was found after longer training than there was here */
    IPL_VERDICT_COUNT
} ipl_verdict;

/** One row of the table. */
typedef struct ipl_finding {
    char what[IPL_FINDING_TEXT], expected[IPL_FINDING_TEXT], obtained[IPL_FINDING_TEXT];
    ipl_verdict verdict;
} ipl_finding;

typedef struct ipl_report_panel {
    char title[IPL_FINDING_TEXT], x_label[IPL_FINDING_TEXT], y_label[IPL_FINDING_TEXT];
    bool log_x;
    bool from_zero; /* the y axis starts at 0 */
    double top;     /* and ends here; 0: where the curves do */
    double step;    /* between the tics of the x axis; 0: gnuplot's choice */
} ipl_report_panel;

typedef struct ipl_report_series {
    char name[IPL_FINDING_TEXT];  /* in the CSV file */
    char shown[IPL_FINDING_TEXT]; /* in the key, gnuplot's enhanced text */
    char colour[8];               /* "#rrggbb" */
    int dash;                     /* gnuplot's dash type: 1 solid, 2 dashed, 3 dotted */
} ipl_report_series;

typedef struct ipl_report {
    size_t n_panels, n_series, n_findings, columns; /* of panels on the page */
    ipl_report_panel panels[IPL_REPORT_PANELS];
    ipl_report_series series[IPL_REPORT_SERIES];
    ipl_finding findings[IPL_REPORT_FINDINGS];
    bool shown[IPL_REPORT_PANELS]
              [IPL_REPORT_SERIES]; /* the panel has points of the series */
    ipl_text rows;                 /* of the CSV file */
    ipl_text table; /* NAME-expected.csv, header and all; empty: there is none */
} ipl_report;

/** Free what a report owns. */
void ipl_report_release(ipl_report *report);

/** Add a panel; title and labels are gnuplot's enhanced text. */
ipl_report_panel *ipl_report_add_panel(ipl_report *report, const char *x_label,
                                       const char *y_label, const char *title, ...)
    IPL_PRINTF(4, 5);

/**
 * Add a series with its names in the CSV file and in the key; colour NULL: the next one.
 *
 * returns  its number
 */
size_t ipl_report_add_series(ipl_report *report, const char *name, const char *shown,
                             const char *colour, int dash);

/** Add curve (x, value) (n) of a series to a panel, as it is. Points that are NaN are left
 * out of the figure. */
void ipl_report_add_curve(ipl_report *report, size_t panel, size_t series, const double *x,
                          const double *value, size_t n);

/** A curve that varies by less than this share of its values is flat: that is rounding. */
#define IPL_FLAT 1e-9

/** The same, drawn from 0 to 10: its smallest value at 0, its largest at 10. */
void ipl_report_add_shape(ipl_report *report, size_t panel, size_t series, const double *x,
                          const double *value, size_t n);

/** A panel for curves drawn by ipl_report_add_shape(), over x = 0 ... 1. */
void ipl_report_add_shape_panel(ipl_report *report, const char *x_label, const char *title);

/** Begin a row: what is looked at. */
ipl_finding *ipl_report_find(ipl_report *report, const char *what, ...) IPL_PRINTF(2, 3);

/** What the row expects. */
void ipl_finding_expect(ipl_finding *row, const char *fmt, ...) IPL_PRINTF(2, 3);

/** What was obtained, and whether that is as expected. */
void ipl_finding_obtain(ipl_finding *row, ipl_verdict verdict, const char *fmt, ...)
    IPL_PRINTF(3, 4);

/** "PASS", "FAIL", "SKIPPED", "note", "agree", "DISAGREE", "not reached". */
const char *ipl_verdict_name(ipl_verdict verdict);

/** Write NAME.csv and NAME-settings.gp; errors of ipl_file_replace(). */
ipl_status ipl_report_write(const ipl_report *report, const char *folder, const char *name,
                            ipl_error *err) IPL_NODISCARD;

/**
 * Write the data of a figure with the scripts that draw it, and run gnuplot on them.
 *
 * drawn    as PNG, as SVG or, without gnuplot, not: data and scripts are written all the same
 * said     what gnuplot had to say is appended
 * errors   IPL_E_CANTCREATE, IPL_E_NOMEM, IPL_E_NOINPUT (a script), IPL_E_IO
 */
ipl_status ipl_report_draw(ipl_drawn *drawn, ipl_text *said, const ipl_report *report,
                           const char *folder, const char *name,
                           ipl_error *err) IPL_NODISCARD;

struct ipl_net_experiment;

/** What every experiment is told. */
typedef struct ipl_verify_task {
    bool quick;
    ipl_pool *pool;
    const char *out;                      /* folder of the results */
    const struct ipl_net_experiment *net; /* NULL: no nets are trained */
    size_t nets, epochs;                  /* of it; 0: its own */
    ipl_verify_say say;                   /* for progress; NULL: nobody listens */
    void *context;
} ipl_verify_task;

/** One experiment. */
typedef struct ipl_verify_row {
    const char *name;    /* NULL ends the table */
    const char *summary; /* one line with the parameters */
    ipl_status (*run)(ipl_report *report, const ipl_verify_task *task, ipl_error *err);
    const struct ipl_net_experiment
        *net; /* run by name only, since it takes long; or NULL */
} ipl_verify_row;

/** The experiments, ended by a NULL name. */
extern const ipl_verify_row ipl_verify_table[];

/** ipl_verify_run() on a table of one's own. */
ipl_status ipl_verify_rows(ipl_verdicts *out, const ipl_verify_row *table,
                           const ipl_verify_opts *opts, const char *const *names,
                           size_t n_names, ipl_verify_say say, void *context,
                           ipl_error *err) IPL_NODISCARD;

ipl_status ipl_verify_uncertainty(ipl_report *report, const ipl_verify_task *task,
                                  ipl_error *err) IPL_NODISCARD;
ipl_status ipl_verify_correlation(ipl_report *report, const ipl_verify_task *task,
                                  ipl_error *err) IPL_NODISCARD;
ipl_status ipl_verify_dimension(ipl_report *report, const ipl_verify_task *task,
                                ipl_error *err) IPL_NODISCARD;
ipl_status ipl_verify_samples(ipl_report *report, const ipl_verify_task *task,
                              ipl_error *err) IPL_NODISCARD;
ipl_status ipl_verify_gain(ipl_report *report, const ipl_verify_task *task,
                           ipl_error *err) IPL_NODISCARD;
ipl_status ipl_verify_teacher(ipl_report *report, const ipl_verify_task *task,
                              ipl_error *err) IPL_NODISCARD;
ipl_status ipl_verify_degenerate(ipl_report *report, const ipl_verify_task *task,
                                 ipl_error *err) IPL_NODISCARD;

#endif /* IPL_VERIFY_REPORT_H */
