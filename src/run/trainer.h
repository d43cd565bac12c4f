/**
 * Training: an experiment becomes a run directory.
 *
 * Nothing is printed here. A caller that wants to see something gives a watcher; its
 * functions are called between batches and must not change the experiment.
 */
#ifndef IPL_TRAINER_H
#define IPL_TRAINER_H

#include "run/experiment.h"
#include "run/probe.h"

#include <signal.h>

/** What is about to run. */
typedef struct ipl_train_plan {
    const ipl_experiment *exp;
    const char *path; /* of the run directory */
    const ipl_data_info *data;
    const ipl_net *net;
    const ipl_probe *const *probes;
    size_t n_probes, threads;
    size_t overlap_threads; /* of them, those that measure beside training; 0: none does */
    size_t steps;           /* of an epoch */
    size_t measurements;    /* of the whole run */
    size_t net_bytes, probe_bytes;
    size_t process_bytes;    /* the peak of the process: these, the program and the data */
    double disk_bytes;       /* estimate of what the run writes */
    double activation_bytes; /* the part of it that is recorded activations; 0: none */
    double free_bytes;       /* on the disk; NaN: not asked for */
    double checkpoint_bytes; /* of one; 0: none are written */
    bool resumed;            /* goes on from a checkpoint: */
    size_t epoch, batch;     /* after these whole epochs and batches of the next */
} ipl_train_plan;

/** State after an epoch. */
typedef struct ipl_epoch_report {
    size_t epoch, epochs, step;
    double loss[2], accuracy[2]; /* of IPL_TRAIN and IPL_TEST; NaN: not defined */
    double lr;
    const ipl_probe *probe;       /* NULL: not measured at this epoch */
    const ipl_measures *measures; /* (n_layers, n_estimators) of that probe */
    double train_seconds;         /* of this epoch */
    double measure_seconds;       /* for which training waited */
    double seconds_left;          /* of the run, estimated */
} ipl_epoch_report;

/** How a run ended that did not fail. */
typedef struct ipl_train_end {
    bool before;    /* it had gone to its end before; nothing was done */
    bool stopped;   /* by a signal; else it went to its end */
    bool resumable; /* a checkpoint holds all of it */
    size_t epoch, batch;
} ipl_train_end;

/** Who looks on; a NULL function is not called. */
typedef struct ipl_train_watcher {
    void *self;
    void (*start)(void *self, const ipl_train_plan *plan);
    void (*batch)(void *self, size_t epoch, size_t batch, size_t batches);
    void (*epoch)(void *self, const ipl_epoch_report *report);
    void (*warning)(void *self, const char *text);
    void (*end)(void *self, const ipl_train_end *end);
} ipl_train_watcher;

/** Whether to go on with a run that is there. */
typedef enum ipl_train_resume {
    IPL_RESUME_NO,  /* make a new run */
    IPL_RESUME_RUN, /* there must be one */
    IPL_RESUME_AUTO /* go on, or start when there is none */
} ipl_train_resume;

typedef struct ipl_train_opts {
    const ipl_experiment *exp; /* with a name */
    const char *path;          /* of the run directory to create */
    bool force;                /* replace a run that is there */
    ipl_train_resume resume;
    bool link_latest; /* when it ends let "latest" beside it point to it */
    size_t threads;   /* 0: as many as processors */
    bool overlap;     /* measure an epoch beside the training of the next; same bytes */
    int argc;         /* command line, for the record */
    char *const *argv;
    ipl_train_watcher watcher;
    const volatile sig_atomic_t
        *stop; /* number of a signal that asks to stop; NULL: none */
    bool (*hurry)(
        void); /* whether the measurement in progress is to be given up; NULL: no */
} ipl_train_opts;

/**
 * Train and measure as the experiment says, and write the run directory.
 *
 * A run that was interrupted and resumed, once or many times, at any place and any thread
 * count, writes the same bytes as one that was not: parameters, information.csv, layers.csv,
 * summaries, activations, pictures, checkpoint/best and kept parameters, and training.csv but
 * for its two columns of seconds (which SOURCE_DATE_EPOCH in the environment sets to 0).
 *
 * errors  those of ipl_dataset_open(), ipl_net_create(), ipl_probe_create(),
 *         ipl_run_dir_create(), and of going on (IPL_E_FORMAT, with the reason), all before
 *         anything is written
 *         IPL_E_CANTCREATE  recording activations needs more than the disk has free
 *         IPL_E_NUMERIC  training diverged: what was written stays, with the parameters
 *                        before the bad step
 *         IPL_E_IO       training went to its end, but rows, files or the last checkpoint
 *                        could not be written
 * When stopped by a signal: finishes the batch and a measurement in progress, writes
 * everything and returns IPL_OK. A measurement that is given up is made when the run goes on.
 */
ipl_status ipl_train(const ipl_train_opts *opts, ipl_error *err) IPL_NODISCARD;

/** What checks of several experiments share. */
typedef struct ipl_train_checks {
    struct ipl_dataset *ds; /* that was opened last */
    ipl_text data,
        probes; /* the options that it depends on, and those of the last probes */
} ipl_train_checks;

/**
 * Whether ipl_train() would come as far as to make the run directory: everything is parsed,
 * opened, bound and allocated as there, with one thread, and nothing is written.
 *
 * checks  {0} at first; what is the same as in the check before, the data set or the probes,
 *         is not made again, so a check that fails must be the last one
 * path    where the run would be
 * errors  those of ipl_train() before anything is written
 */
ipl_status ipl_train_check(ipl_train_checks *checks, const ipl_experiment *exp,
                           const char *path, ipl_error *err) IPL_NODISCARD;

/** Release what they share; {0} is allowed. */
void ipl_train_checks_release(ipl_train_checks *checks);

#endif /* IPL_TRAINER_H */
