/**
 * Runs shown while they are trained: their information plane, drawn again and again in a
 * window or in the terminal.
 *
 * What is shown is read from the tables of the run directories, by a process of its own with
 * low priority: training does not wait for it and does not know of it, a window that is closed
 * ends the view and nothing else.
 */
#ifndef IPL_LIVE_H
#define IPL_LIVE_H

#include "run/plot.h"
#include "run/text_plane.h"

typedef enum ipl_live_mode {
    IPL_LIVE_NO,
    IPL_LIVE_AUTO,   /* the first of the others that works here */
    IPL_LIVE_WINDOW, /* of gnuplot */
    IPL_LIVE_SIXEL,  /* a picture in the terminal, by gnuplot */
    IPL_LIVE_TEXT
} ipl_live_mode;

/** Words of the modes, NULL-terminated: for option rows. */
extern const char *const ipl_live_words[];

/** A row for the option --live[=HOW]. */
#define IPL_OPT_LIVE_DEFAULT(T, field, value)                                              \
    {                                                                                      \
        .name = "live", IPL_OPT_FIELD(T, field), .type = IPL_OPT_CHOICE,                   \
        .choices = ipl_live_words, .init = (value), .bare = "auto",                        \
        .help = "show the plane while it grows"                                            \
    }
#define IPL_OPT_LIVE(T, field) IPL_OPT_LIVE_DEFAULT(T, field, IPL_LIVE_NO)

/** How to show what. */
typedef struct ipl_live {
    ipl_live_mode mode; /* IPL_LIVE_NO or a way that works here */
    char window[16];    /* gnuplot's terminal, for a window */
    int fd;             /* that text and pictures go to */
    bool redraw;        /* fd is a terminal: frames replace each other */
    bool lines;         /* without redraw: a line about each run now and then ... */
    bool frame;         /* ... or the last frame at the end */
    ipl_plot_opts plot; /* which estimator, split and labels are shown, and the axes */
    const char *const *runs;
    size_t n_runs;
    bool alone; /* nothing else is printed: text takes the place of a window that fails */
    bool fresh; /* tables written before the view began are those of earlier runs */
} ipl_live;

/**
 * Choose how runs are shown: fill in mode, window, fd and redraw.
 *
 * errors  IPL_E_ARG  the mode asked for does not work here; the message says why
 */
ipl_status ipl_live_choose(ipl_live *live, ipl_live_mode wanted,
                           ipl_error *err) IPL_NODISCARD;

/** Whether the view is redrawn on the terminal, where nothing else may then be printed. */
bool ipl_live_owns_terminal(const ipl_live *live);

/**
 * Show runs until they are finished: until `until`, a pipe, is closed by its writer, or with
 * -1 until no process writes them any more.
 *
 * errors  those of ipl_plot_data_read() when not even the last frame could be read
 */
ipl_status ipl_live_follow(const ipl_live *live, int until, ipl_error *err) IPL_NODISCARD;

/** A view in a process of its own. */
typedef struct ipl_live_view {
    int pid; /* 0: none */
    int fd;  /* closing it ends the view */
} ipl_live_view;

/** Start one, before this process has threads; no view for IPL_LIVE_NO. IPL_E_IO. */
ipl_status ipl_live_start(ipl_live_view *out, const ipl_live *live,
                          ipl_error *err) IPL_NODISCARD;

/** Let the view draw its last frame, and wait for it some seconds; none is allowed. */
void ipl_live_finish(ipl_live_view *view);

#endif /* IPL_LIVE_H */
