/** Running gnuplot, without a shell in between. */
#ifndef IPL_GNUPLOT_H
#define IPL_GNUPLOT_H

#include "base/text.h"
#include "ipl/status.h"

#include <stdbool.h>

/**
 * Run `gnuplot -d -c script arguments...` in a folder and wait for it. Nothing of the user's
 * takes part in what it draws: no .gnuplot, no system-wide gnuplotrc, no variable of the
 * environment that gnuplot reads; LC_ALL is C.UTF-8.
 *
 * missing   whether there is no gnuplot on the PATH; nothing else is then an error
 * said      what it printed, warnings for instance, is appended
 * argv      script and its arguments, NULL-terminated
 * errors    IPL_E_IO     gnuplot failed; the message has its exit status and its first words
 *           IPL_E_NOMEM
 */
ipl_status ipl_gnuplot(bool *missing, ipl_text *said, const char *folder,
                       const char *const *argv, ipl_error *err) IPL_NODISCARD;

/** How a figure was drawn. */
typedef struct ipl_drawn {
    bool missing;       /* not at all: there is no gnuplot on the PATH */
    const char *format; /* "png": that asked for, or "svg" where gnuplot cannot draw it */
} ipl_drawn;

/**
 * Run `script name format` as above to draw name.format. Where that fails, for want of a
 * terminal or whatever else, the figure is drawn as SVG, which every gnuplot can, and `said`
 * says why. A link in the place of the figure is replaced.
 *
 * errors  those of ipl_gnuplot(), and IPL_E_CANTCREATE: a pipe, a device or a folder stands
 *         in the place of the figure
 */
ipl_status ipl_gnuplot_draw(ipl_drawn *out, ipl_text *said, const char *folder,
                            const char *script, const char *name, const char *format,
                            ipl_error *err) IPL_NODISCARD;

/** Append the lines of a shell script that give gnuplot such an environment. */
void ipl_gnuplot_add_environment(ipl_text *script);

/**
 * Append any text as a string expression of gnuplot. A line break in it is one on the page, other
 * control characters are blanks, bytes that are not UTF-8 U+FFFD.
 */
void ipl_gnuplot_add_string(ipl_text *out, const char *s);

/**
 * Append a text as a field of a CSV file that gnuplot reads: one line, and without the double
 * quote, which gnuplot does not read as RFC 4180 has it (it is a single one then).
 */
void ipl_gnuplot_add_field(ipl_text *out, const char *s);

/** A gnuplot that stays and takes commands: a window. */
typedef struct ipl_gnuplot_window {
    int in, out; /* its standard input and output; -1: not open */
    int pid;
    bool busy; /* it has not yet said that the last commands are done */
} ipl_gnuplot_window;

/**
 * Start `gnuplot -persist` in a folder; its window outlives it. Its environment is that of
 * ipl_gnuplot(): display and driver are the user's.
 *
 * errors  IPL_E_NOINPUT  there is no gnuplot on the PATH
 *         IPL_E_IO       it cannot be started
 */
ipl_status ipl_gnuplot_open(ipl_gnuplot_window *out, const char *folder,
                            ipl_error *err) IPL_NODISCARD;

/** Send commands, at most 500 characters, to a gnuplot that is ready. */
void ipl_gnuplot_tell(ipl_gnuplot_window *window, const char *commands);

/** How a gnuplot is. */
typedef enum ipl_gnuplot_state {
    IPL_GNUPLOT_READY, /* for commands, and not reading any file */
    IPL_GNUPLOT_BUSY,
    IPL_GNUPLOT_GONE /* killed, or left by its user, or it found a fault */
} ipl_gnuplot_state;

/** Wait at most so many milliseconds for it to be ready. */
ipl_gnuplot_state ipl_gnuplot_wait(ipl_gnuplot_window *window, int milliseconds);

/** Let it do what it was told and end, and do not wait; one that is not open is allowed. */
void ipl_gnuplot_leave(ipl_gnuplot_window *window);

#endif /* IPL_GNUPLOT_H */
