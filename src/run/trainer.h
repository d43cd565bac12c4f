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
    size_t steps;        /* of an epoch */
    size_t measurements; /* of the whole run */
    size_t net_bytes, probe_bytes;
    double disk_bytes;       /* estimate of what the run writes */
    double activation_bytes; /* the part of it that is recorded activations; 0: none */
    double free_bytes;       /* on the disk; NaN: not asked for */
} ipl_train_plan;

/** State after an epoch. */
typedef struct ipl_epoch_report {
    size_t epoch, epochs, step;
    double loss[2], accuracy[2]; /* of IPL_TRAIN and IPL_TEST; NaN: not defined */
    double lr;
    const ipl_probe *probe;                /* NULL: not measured at this epoch */
    const ipl_measures *measures;          /* (n_layers, n_estimators) of that probe */
    double train_seconds, measure_seconds; /* of this epoch */
    double seconds_left;                   /* of the run, estimated */
} ipl_epoch_report;

/** Who looks on; a NULL function is not called. */
typedef struct ipl_train_watcher {
    void *self;
    void (*start)(void *self, const ipl_train_plan *plan);
    void (*batch)(void *self, size_t epoch, size_t batch, size_t batches);
    void (*epoch)(void *self, const ipl_epoch_report *report);
    void (*warning)(void *self, const char *text);
} ipl_train_watcher;

typedef struct ipl_train_opts {
    const ipl_experiment *exp; /* with a name */
    const char *path;          /* of the run directory to create */
    bool force;                /* replace a run that is there */
    bool link_latest;          /* let results/latest point to it */
    size_t threads;            /* 0: as many as processors */
    int argc;                  /* command line, for the record */
    char *const *argv;
    ipl_train_watcher watcher;
    const volatile sig_atomic_t
        *stop; /* number of a signal that asks to stop; NULL: none */
} ipl_train_opts;

/**
 * Train and measure as the experiment says, and write the run directory.
 *
 * errors  those of ipl_dataset_open(), ipl_net_create(), ipl_probe_create() and
 *         ipl_run_dir_create(), all before anything is written
 *         IPL_E_CANTCREATE  recording activations needs more than the disk has free
 *         IPL_E_NUMERIC  training diverged: what was written stays, with the parameters
 *                        before the bad step
 *         IPL_E_IO       rows could not be written although training went to its end
 * When stopped by a signal: finishes the batch, writes everything and returns IPL_OK.
 */
ipl_status ipl_train(const ipl_train_opts *opts, ipl_error *err) IPL_NODISCARD;

#endif /* IPL_TRAINER_H */
