/** One run as a report shows it: its tables as tracks, and what it says of itself. */
#ifndef IPL_REPORT_RUN_H
#define IPL_REPORT_RUN_H

#include "base/text.h"
#include "run/plot_run.h"
#include "run/summary.h"
#include "run/track.h"

enum { IPL_HTML_FIELDS_MAX = 16 };

/** Columns of a table, those it has. */
typedef struct ipl_html_table {
    ipl_track track; /* empty: nothing there */
    const char *fields[IPL_HTML_FIELDS_MAX];
    size_t measured; /* epochs before they were thinned out */
} ipl_html_table;

/** One probe measured by one estimator. */
typedef struct ipl_html_block {
    char split[32], estimator[IPL_ESTIMATOR_MAX], unit[16];
    char samples[24];
    ipl_html_table table;
    ipl_course *xt, *ty; /* (n_layers) courses of I(X;T) and I(T;Y); NULL: no such column */
} ipl_html_block;

typedef struct ipl_html_run {
    char folder[IPL_PATH_MAX];
    char label[IPL_LABEL_MAX]; /* last part of its path */
    ipl_html_table training, layers;
    double *transition; /* (layers.track.n_layers) epoch at which m / s crosses 1 */
    ipl_html_block *blocks;
    size_t n_blocks;
    char *experiment, *provenance, *summary; /* texts of files; NULL: none */
} ipl_html_run;

/**
 * Read a run.
 *
 * texts   whether the texts of its files are wanted too
 * owner   out, for ipl_html_run_release(); also on error
 * errors  those of ipl_html_report_write()
 */
ipl_status ipl_html_run_read(ipl_html_run *out, const char *folder, bool texts,
                             ipl_error *err) IPL_NODISCARD;

/** Numbers that one epoch of the run takes. */
size_t ipl_html_run_width(const ipl_html_run *run);

/** The most measured epochs of a table, or those that are left after thinning. */
size_t ipl_html_run_epochs(const ipl_html_run *run, bool left);

/** Keep at most so many epochs of every table. */
ipl_status ipl_html_run_thin(ipl_html_run *run, size_t limit, ipl_error *err) IPL_NODISCARD;

/** Append the run as members of a JSON object, without the braces. */
void ipl_html_run_print(ipl_text *out, const ipl_html_run *run);

/** Free what a run owns; an empty one is allowed. */
void ipl_html_run_release(ipl_html_run *run);

#endif /* IPL_REPORT_RUN_H */
