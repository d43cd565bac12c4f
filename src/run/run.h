/**
 * A run while it runs, shared by the files that make it.
 *
 * trainer.c is the whole of a run, from its start to its end; train_prepare.c builds it and
 * creates its folder, train_epoch.c is the training loop, train_measure.c what is done between
 * batches, train_overlap.c measures beside training, train_checkpoint.c writes checkpoints, train_resume.c goes on from them, record.c
 * is the rows and run.json.
 */
#ifndef IPL_RUN_H
#define IPL_RUN_H

#include "base/opt.h"
#include "base/pool.h"
#include "data/augment.h"
#include "run/activations.h"
#include "run/checkpoint.h"
#include "run/checkpoint_when.h"
#include "run/probe.h"
#include "run/run_dir.h"
#include "run/trainer.h"
#include "run/when.h"

/** What a run needs to write checkpoints. */
typedef struct ipl_run_checkpoints {
    ipl_checkpoint_when when;
    ipl_text experiment, data, build; /* as they stand in every checkpoint */
    void *best;                       /* parameters of the best epoch, not yet written */
    size_t best_size;
    bool best_waits;
    ipl_position best_at;
    size_t next_step; /* due by steps */
    double last;      /* clock at the last one */
    bool failed;      /* the last attempt */
    size_t written;
    double seconds; /* spent on it */
} ipl_run_checkpoints;

/** Where the segments of a run began: each start and each --resume makes one. */
typedef struct ipl_run_segment {
    size_t step, samples;
    double train_seconds, measure_seconds;
} ipl_run_segment;

/** Room for "epoch,step". */
enum { IPL_WHEN_MAX = 64 };

/** One measurement: of what, and what came of it. */
typedef struct ipl_run_measurement {
    const ipl_net *net; /* that the probes look at */
    char when[IPL_WHEN_MAX];
    size_t step;
    bool whole;                   /* an epoch has just ended: its gradients are known */
    size_t measured;              /* probes without a fault */
    const ipl_measures *measures; /* of the first probe */
    size_t rows[IPL_TABLE_COUNT]; /* bytes that waited before it */
    bool given_up;
    ipl_error fault;         /* of measuring */
    ipl_error lost;          /* of recording the activations */
    char note[IPL_NOTE_MAX]; /* on them */
} ipl_run_measurement;

typedef struct ipl_overlap ipl_overlap; /* opaque: run/train_overlap.c */

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
    bool probes_are_known;        /* of a run that is only checked: they were made before */
    ipl_overlap *overlap;         /* NULL: every measurement is waited for */
    ipl_when due, drawn;          /* when to measure, when to draw */
    ipl_activations *activations; /* NULL: not recorded */
    size_t unrecorded;            /* measurements whose activations could not be written */
    size_t undrawn;               /* pictures and kept parameters that could not */
    ipl_text not_written; /* what these were: the member of the segment in run.json */
    size_t loaded_bytes;  /* peak of the process once the data set was there */
    double free_bytes;    /* on the disk before the run; NaN: not recording */
    bool noted;           /* a note on recording was passed on */

    bool created; /* the run directory exists */
    ipl_run_dir dir;
    ipl_text rows[IPL_TABLE_COUNT]; /* not yet written */
    bool write_failed;              /* the last attempt to write rows */
    bool told;                      /* a fault of writing, not yet mended, was passed on */
    bool cautioned;

    uint32_t *order;     /* (n_train) of the current epoch */
    size_t steps;        /* of an epoch */
    size_t epoch;        /* whole ones done */
    size_t batch;        /* of the next one done */
    bool unmeasured;     /* the measurement that is due at this place was given up */
    size_t step;         /* of the run */
    size_t samples;      /* trained on so far */
    ipl_batch_sums sums; /* of the epoch so far */
    double lr;           /* of the last step; NaN: none yet */
    double first_loss;   /* of the untrained net on the training set; NaN: not known */
    double epoch_train_seconds, epoch_measure_seconds; /* of the epoch so far */
    double lap;                                        /* clock up to which they count */
    double train_seconds, measure_seconds;             /* sums over the run */

    bool resumed; /* the run went on from a checkpoint */
    ipl_run_checkpoints checkpoints;
    char start[32];
    ipl_text segments; /* of run.json, those before this one */
    ipl_run_segment segment;
    const ipl_measures *measures; /* of the first probe */
} ipl_run;

/** Hand a warning to the watcher; "" is none. */
void ipl_run_warn(const ipl_run *r, const char *text);

/** Pass on a fault of writing, unless one that is not mended was passed on before. */
void ipl_run_tell_fault(ipl_run *r, const ipl_error *why);

/** Note in run.json that files of an epoch are given up, and pass on why. */
void ipl_run_give_up(ipl_run *r, const char *what, const char *epoch, const ipl_error *why);

/** Go back to before the end of an epoch, which was given up; its step and sums hold. */
void ipl_run_reopen_epoch(ipl_run *r, size_t epoch);

/** Whether a signal asked to stop. */
bool ipl_run_stopping(const ipl_run *r);

/**
 * Build everything the run needs, nothing written yet. A data set that is there is used.
 *
 * errors  those of ipl_train() that come before anything is written
 */
ipl_status ipl_run_prepare(ipl_run *r, ipl_error *err) IPL_NODISCARD;

/** Create the run directory and what stands in it from the start; errors of ipl_train(). */
ipl_status ipl_run_begin(ipl_run *r, ipl_error *err) IPL_NODISCARD;

/**
 * Look whether there is a run to go on with.
 *
 * done    it went to its end already, of the same experiment
 * errors  IPL_E_NOINPUT  --resume RUN without a run or a checkpoint
 *         IPL_E_FORMAT   a run of another experiment
 */
ipl_status ipl_run_look(ipl_run_dir_state *out, const ipl_run *r,
                        ipl_error *err) IPL_NODISCARD;

/**
 * Open the run directory and go on from its last checkpoint, or from the one before when that
 * is damaged; a run that has none yet starts again.
 *
 * done    another process has finished it in the meantime
 * errors  IPL_E_LOCKED; IPL_E_FORMAT  no checkpoint can be read, or of another experiment or
 *         other data; IPL_E_CANTCREATE, IPL_E_IO, IPL_E_NOMEM
 */
ipl_status ipl_run_resume(bool *done, ipl_run *r, ipl_error *err) IPL_NODISCARD;

/** Read the text of --checkpoint and allocate what writing needs; before anything is written. */
ipl_status ipl_run_prepare_checkpoints(ipl_run *r, ipl_error *err) IPL_NODISCARD;

/** Print the texts that stand in every checkpoint; the data is hashed already. */
ipl_status ipl_run_describe(ipl_run *r, ipl_error *err) IPL_NODISCARD;

/** Whether the net is fit to be kept: IPL_E_NUMERIC names epoch, step and layer. */
ipl_status ipl_run_check_numbers(const ipl_run *r, ipl_error *err) IPL_NODISCARD;

/** Parts of the net's state that a checkpoint has in the middle of an epoch, or between. */
unsigned ipl_run_state_parts(size_t batch);

/**
 * Write checkpoint/last.
 *
 * errors  IPL_E_NUMERIC  the net is not finite any more
 *         IPL_E_IO, IPL_E_CANTCREATE, IPL_E_NOMEM
 * On error the one before is whole.
 */
ipl_status ipl_run_save(ipl_run *r, ipl_error *err) IPL_NODISCARD;

/** Whether a checkpoint is to be written right after this epoch. */
bool ipl_run_save_due(const ipl_run *r, size_t epoch);

/** After a step: write a checkpoint if one is due; a fault does not stop training. */
void ipl_run_save_after_step(ipl_run *r);

/** After an epoch: note the best, keep parameters, write what is due. */
void ipl_run_save_after_epoch(ipl_run *r, const ipl_epoch_report *e);

/** Add the time since the last lap to the training of the epoch. */
void ipl_run_lap(ipl_run *r);

/** Tell the watcher what is about to run. */
void ipl_run_announce(const ipl_run *r);

/** Measure the untrained net, then train epoch after epoch, until done or asked to stop. */
ipl_status ipl_run_epochs(ipl_run *r, ipl_error *err) IPL_NODISCARD;

/** Mean loss and accuracy of a part in evaluation mode; NaN when it is empty. */
void ipl_run_evaluate(double *loss, double *accuracy, const ipl_run *r, ipl_split part);

/**
 * Measure every probe as the net is now and let the rows wait; r->unmeasured when that was
 * given up, no row of it left.
 *
 * whole   an epoch has just ended, so that the gradients of its steps are known
 */
ipl_status ipl_run_measure(ipl_run *r, bool whole, ipl_error *err) IPL_NODISCARD;

/*
 * The same in three steps, with one probe at least. The second may be done by another thread: it uses the probes, the
 * rows that wait and the recorded activations, and nobody else may meanwhile. What went wrong
 * there the third tells.
 */
void ipl_run_measure_begin(ipl_run_measurement *out, ipl_run *r, const ipl_net *net,
                           bool whole);
void ipl_run_measure_work(ipl_run_measurement *m, ipl_run *r);
ipl_status ipl_run_measure_end(ipl_run *r, const ipl_run_measurement *m,
                               ipl_error *err) IPL_NODISCARD;

/**
 * Test, measure and write what belongs to the end of an epoch; fills in the rest of e. When
 * measuring is given up the epoch is open again.
 */
ipl_status ipl_run_end_epoch(ipl_run *r, ipl_epoch_report *e, ipl_error *err) IPL_NODISCARD;

/** Write the rows of an epoch whose measures are known, those of the probes waiting already. */
void ipl_run_record_epoch(ipl_run *r, ipl_epoch_report *e);

/** Show an epoch to the watcher. */
void ipl_run_tell_epoch(const ipl_run *r, const ipl_epoch_report *e);

/**
 * Prepare measuring beside training, if that is wanted: a second net, and the threads of the
 * run dealt out between the two. With one thread there is nothing to deal out: the watcher is
 * told, and every measurement is waited for.
 *
 * errors  those of ipl_build_net(); IPL_E_NOMEM
 */
ipl_status ipl_overlap_create(ipl_run *r, ipl_error *err) IPL_NODISCARD;

/** Release it, waiting for its thread; NULL is allowed. */
void ipl_overlap_destroy(ipl_overlap *o);

/** Bytes it holds, and threads that measure while others train; 0 for NULL. */
size_t ipl_overlap_memory(const ipl_overlap *o);
size_t ipl_overlap_threads(const ipl_overlap *o);

/**
 * Begin to measure the net as it is now, at the end of epoch e, and return at once.
 *
 * false   measure it yourself: overlap is not wanted, the epoch is the last one, a checkpoint
 *         is due, which claims the rows of this epoch, or there is no memory for it
 * Nothing may be pending. Until ipl_overlap_settle() the net trains on fewer threads.
 */
bool ipl_overlap_start(ipl_run *r, const ipl_epoch_report *e);

/** Whether a measurement was started and not yet settled, and whether its thread is through. */
bool ipl_overlap_pending(const ipl_run *r);
bool ipl_overlap_ready(const ipl_run *r);

/**
 * Wait for the measurement that is pending, write the rows of its epoch and tell the watcher
 * of it; without one do nothing. The time of waiting counts as that of measuring.
 *
 * errors  those of ipl_run_measure(): the net and the place of the run are those of the end of
 *         that epoch again, where measuring it at once would have ended the run
 * When measuring is given up the run is before the end of that epoch again, as if it had been
 * measured at once.
 */
ipl_status ipl_overlap_settle(ipl_run *r, ipl_error *err) IPL_NODISCARD;

#endif /* IPL_RUN_H */
