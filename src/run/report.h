/**
 * The report of one run, or of several side by side: one HTML file that needs nothing else,
 * no network and no library, with everything the tables of the runs say.
 *
 *     const char *runs[] = {"results/demo-tanh", "results/demo-relu"};
 *     ipl_html_report_notes notes;
 *
 *     st = ipl_html_report_write("report.html", "", runs, 2, &notes, &err);
 *
 * The page is scripts/report.html with report.css and report.js put in, and the data of the
 * runs as JSON in an element of their own. Whatever a run says of itself (names, texts) is
 * data and never becomes markup.
 */
#ifndef IPL_REPORT_H
#define IPL_REPORT_H

#include "base/file.h"
#include "base/text.h"

/** What was left out to keep the file small. */
typedef struct ipl_html_report_notes {
    size_t bytes;           /* of the file */
    size_t epochs;          /* most measured epochs of a run */
    size_t shown;           /* of these, epochs in the report */
    size_t pictures, drawn; /* pictures of all runs, and those in the report */
} ipl_html_report_notes;

/**
 * Write a report, atomically. A run that is still training is fine; so is one whose tables
 * lack columns, or that has measured nothing: what is there is shown.
 *
 * title   "": names of the runs
 * errors  IPL_E_NOINPUT     a run is no run folder, or the page is not found
 *         IPL_E_FORMAT      a table is damaged, or no row has been written yet
 *         IPL_E_CANTCREATE, IPL_E_IO, IPL_E_NOMEM
 */
ipl_status ipl_html_report_write(const char *path, const char *title,
                                 const char *const *runs, size_t n_runs,
                                 ipl_html_report_notes *notes,
                                 ipl_error *err) IPL_NODISCARD;

/** The data of a report as JSON without any "<", so that it can stand inside HTML. */
ipl_status ipl_html_report_print(ipl_text *out, const char *title, const char *const *runs,
                                 size_t n_runs, ipl_html_report_notes *notes,
                                 ipl_error *err) IPL_NODISCARD;

#endif /* IPL_REPORT_H */
