/** Folders given to `plot`: those that hold runs stand for them. */
#ifndef IPL_PLOT_EXPAND_H
#define IPL_PLOT_EXPAND_H

#include "base/text.h"
#include "run/runs.h"

typedef struct ipl_plot_paths {
    const char **list; /* (n) */
    size_t n;
    bool expanded;  /* a folder stood for its runs */
    ipl_runs runs;  /* owns the paths that were found */
    char note[256]; /* runs that were left out; "": none */
} ipl_plot_paths;

/**
 * Put the runs of studies and of other folders in their place. Of these, the runs that are
 * done are taken, or all that have begun when none is.
 *
 * owner   out borrows paths and is to be released; empty on error
 * errors  those of ipl_runs_find()
 */
ipl_status ipl_plot_expand(ipl_plot_paths *out, const char *const *paths, size_t n,
                           ipl_error *err) IPL_NODISCARD;

/** Free what it owns and leave it empty; an empty one is allowed. */
void ipl_plot_paths_release(ipl_plot_paths *paths);

#endif /* IPL_PLOT_EXPAND_H */
