/** A line on stderr that shows how far something is, drawn on terminals only. */
#ifndef IPL_PROGRESS_H
#define IPL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

/** Whether a line on stderr may be redrawn in place. */
bool ipl_stderr_is_live(void);

typedef struct ipl_progress {
    const char *label;
    bool live, drawn;
    double start, last_drawn; /* clock */
} ipl_progress;

/** Start the clock; nothing is ever drawn when quiet, or when stderr is no terminal. */
void ipl_progress_start(ipl_progress *bar, const char *label, bool quiet);

/** Show that `done` of `all` steps are done. */
void ipl_progress_draw(ipl_progress *bar, size_t done, size_t all);

/** Remove the line, if there is one. */
void ipl_progress_clear(ipl_progress *bar);

#endif /* IPL_PROGRESS_H */
