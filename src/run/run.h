/**
 * A run while it runs, shared by the files that make it.
 *
 * trainer.c is the whole of a run, from its start to its end; train_prepare.c builds it and
 * creates its folder, train_epoch.c is the training loop, train_measure.c what is done between
 * batches, record.c the rows and run.json.
 */
#ifndef IPL_RUN_H
#define IPL_RUN_H

#include "base/opt.h"
#include "base/pool.h"
#include "data/augment.h"
#include "run/activations.h"
#include "run/probe.h"
#include "run/run_dir.h"
#include "run/trainer.h"

/* A run while it runs. */
typedef struct ipl_run {
    const ipl_train_opts *opts;
    const ipl_experiment *exp;
    ipl_pool *pool;
    ipl_dataset *ds;
    ipl_augment_opts augment; /* of the training samples */
    float *black;             /* a black sample, for augment */
    ipl_net *net;
    ipl_spec schedule;
    ipl_probe *probes[2];
    size_t n_probes;
    bool *due, *drawn;            /* (epochs + 1): when to measure, when to draw */
    ipl_activations *activations; /* NULL: not recorded */
    size_t unrecorded;            /* measurements whose activations could not be written */
    double free_bytes;            /* on the disk before the run; NaN: not recording */
    bool noted;                   /* a note on recording was passed on */

    bool created; /* the run directory exists */
    ipl_run_dir dir;
    ipl_text rows[IPL_TABLE_COUNT]; /* not yet written */
    bool write_failed;              /* the last attempt to write rows */
    bool cautioned;

    uint32_t *order; /* (n_train) of the current epoch */
    size_t steps;    /* of an epoch */
    size_t step;     /* of the run */
    size_t samples;  /* trained on so far */
    char start[32];
    double train_seconds, measure_seconds; /* sums over the run */
    const ipl_measures *measures;          /* of the first probe */
} ipl_run;

/** Hand a warning to the watcher; "" is none. */
void ipl_run_warn(const ipl_run *r, const char *text);

/** Whether a signal asked to stop. */
bool ipl_run_stopping(const ipl_run *r);

/**
 * Build everything the run needs, nothing written yet.
 *
 * errors  those of ipl_train() that come before anything is written
 */
ipl_status ipl_run_prepare(ipl_run *r, ipl_error *err) IPL_NODISCARD;

/** Create the run directory and what stands in it from the start; errors of ipl_train(). */
ipl_status ipl_run_begin(ipl_run *r, ipl_error *err) IPL_NODISCARD;

/** Tell the watcher what is about to run. */
void ipl_run_announce(const ipl_run *r);

/** Measure the untrained net, then train epoch after epoch, until done or asked to stop. */
ipl_status ipl_run_epochs(ipl_run *r, ipl_error *err) IPL_NODISCARD;

/** Mean loss and accuracy of a part in evaluation mode; NaN when it is empty. */
void ipl_run_evaluate(double *loss, double *accuracy, const ipl_run *r, ipl_split part);

/**
 * Measure every probe as the net is now and let the rows wait.
 *
 * whole   an epoch has just ended, so that the gradients of its steps are known
 */
ipl_status ipl_run_measure(ipl_run *r, bool whole, ipl_error *err) IPL_NODISCARD;

/** Test, measure and write what belongs to the end of an epoch; fills in the rest of e. */
ipl_status ipl_run_end_epoch(ipl_run *r, ipl_epoch_report *e, ipl_error *err) IPL_NODISCARD;

#endif /* IPL_RUN_H */
