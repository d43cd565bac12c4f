/** A run while it runs: shared by the training loop and what records it. */
#ifndef IPL_RUN_H
#define IPL_RUN_H

#include "base/opt.h"
#include "base/pool.h"
#include "data/augment.h"
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
    bool *due; /* (epochs + 1) */

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

#endif /* IPL_RUN_H */
