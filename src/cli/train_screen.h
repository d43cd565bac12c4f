/** What `infoplane train` shows: a table before training, a line per epoch, progress between. */
#ifndef IPL_TRAIN_SCREEN_H
#define IPL_TRAIN_SCREEN_H

#include "base/text.h"
#include "cli/live.h"
#include "run/trainer.h"

/** What the watcher remembers. */
typedef struct ipl_train_screen {
    bool quiet, verbose, json;
    ipl_live_view *view; /* that ends before the last words; borrowed, NULL: none */
    bool muted;          /* it stands on the terminal: neither epochs nor progress */
    ipl_text kept;       /* warnings that wait until it is over */
    bool live;           /* progress may be redrawn in place */
    bool drawn;          /* a progress line stands on the terminal */
    double last_drawn;   /* clock */
    size_t epoch, first; /* that is trained, and the first batch of it that was seen, */
    double epoch_start;  /* at this time of the clock */
    size_t epochs, steps, batch;
    const ipl_net *net; /* that is trained, for the names of its layers; borrowed */
    const char *path;   /* of the run; borrowed */
    size_t threads;     /* as asked for; 0: not */
    bool overlap;       /* epochs are measured beside training */
    bool every_epoch;   /* print a line for epochs that were not measured too */
} ipl_train_screen;

/** Start a screen for an experiment; path, that of its run, is borrowed. */
void ipl_train_screen_init(ipl_train_screen *s, const char *path, const ipl_experiment *exp,
                           size_t threads, bool quiet, bool verbose, bool json);

/** The watcher that draws on it; s is borrowed. */
ipl_train_watcher ipl_train_screen_watcher(ipl_train_screen *s);

/** Let a view be: with `muted` the terminal is left to it. It is borrowed. */
void ipl_train_screen_begin_view(ipl_train_screen *s, ipl_live_view *view, bool muted);

/** Wait for the end of the view, if there is one yet, and print the warnings that waited. */
void ipl_train_screen_end_view(ipl_train_screen *s);

/** Take the progress line away. */
void ipl_train_screen_clear(ipl_train_screen *s);

#endif /* IPL_TRAIN_SCREEN_H */
