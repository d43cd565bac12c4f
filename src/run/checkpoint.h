/**
 * Checkpoints: the state of a run in one file, from which it goes on bit for bit.
 *
 *     RUN/checkpoint/last           everything: parameters, optimiser, place in the data, sums
 *                                   of the epoch, how far each table is written
 *                    previous       the one before
 *                    best           parameters after the best epoch: highest test accuracy,
 *                                   then lowest test loss; without labels lowest test loss;
 *                                   without a test part the same of the training part
 *                    epoch-000012   parameters after that epoch, as --checkpoint ...,keep= says
 *
 * A file is, in the byte order of the machine that wrote it:
 *
 *     "ipl-ckpt", u32 0x01020304, u32 version, u64 length of the file,
 *     u64 1: whole state, 0: parameters, ipl_position, four marks (u64 length, u64 CRC-32),
 *     four texts (u64 length, bytes, NUL): experiment, data, build, segments of run.json,
 *     u64 length and bytes of the net's state, u32 CRC-32 of all before it
 *
 * It is written under a temporary name, checked, flushed and renamed.
 */
#ifndef IPL_CHECKPOINT_H
#define IPL_CHECKPOINT_H

#include "base/file.h"
#include "ipl/net.h"
#include "run/experiment.h"

#define IPL_CHECKPOINT_FOLDER "checkpoint"

/** Where a run is. Members of eight bytes: it is written as it lies in memory. */
typedef struct ipl_position {
    uint64_t epoch, batch;           /* whole epochs, and batches of the next one */
    uint64_t step, samples;          /* of the run */
    uint64_t correct;                /* of the epoch so far */
    double loss;                     /* sum over the epoch so far */
    double lr;                       /* of the last step */
    double train_seconds[2];         /* of the epoch so far, of the run */
    double measure_seconds[2];       /* the same */
    uint64_t unrecorded, undrawn;    /* measurements and epochs whose files failed */
    uint64_t best_epoch;             /* with the values: */
    double best_accuracy, best_loss; /* NaN: not defined */
} ipl_position;

/** Files that grow, with their marks: the tables, and the index of the activations. */
enum { IPL_CHECKPOINT_MARKS = 4, IPL_CHECKPOINT_TEXTS = 4 };

typedef struct ipl_checkpoint {
    bool whole;      /* a run can go on from it; false: parameters only */
    bool unmeasured; /* the measurement that is due there was given up */
    ipl_position at;
    ipl_file_mark marks[IPL_CHECKPOINT_MARKS];
    const char *experiment; /* ipl_experiment_print_result() */
    const char *data;       /* SHA-256 of every data file, a line each */
    const char *build;      /* program and BLAS that made it */
    const char *segments;   /* of run.json, up to here */
    const void *state;      /* of the net */
    size_t state_size;
    char *bytes; /* what the pointers point into after reading; owned */
} ipl_checkpoint;

/**
 * Write a checkpoint.
 *
 * backup  name that the old file gets, in the same folder; NULL: it is replaced
 * net     whose state is written, unless c->state holds it
 * parts   of that state (ipl_net_part)
 * errors  IPL_E_CANTCREATE, IPL_E_IO: the old file is whole, under its name or the backup's
 * Allocates nothing.
 */
ipl_status ipl_checkpoint_write(const char *path, const char *backup,
                                const ipl_checkpoint *c, ipl_net *net, unsigned parts,
                                ipl_error *err) IPL_NODISCARD;

/**
 * Read a checkpoint and check all of it.
 *
 * limit   longest file, in bytes
 * owner   *out is to be released; empty on error
 * errors  IPL_E_NOINPUT  there is none
 *         IPL_E_FORMAT   not a checkpoint, of another version or byte order, cut off or damaged
 *         IPL_E_IO, IPL_E_NOMEM
 */
ipl_status ipl_checkpoint_read(ipl_checkpoint *out, const char *path, size_t limit,
                               ipl_error *err) IPL_NODISCARD;

/** Read only where the run was; nothing but the head of the file is checked. */
ipl_status ipl_checkpoint_peek(ipl_position *out, const char *path,
                               ipl_error *err) IPL_NODISCARD;

/** Free what a checkpoint that was read owns; an empty one is allowed. */
void ipl_checkpoint_release(ipl_checkpoint *c);

/** IPL_OK when a checkpoint belongs to an experiment, else IPL_E_FORMAT with what differs. */
ipl_status ipl_checkpoint_fits(const ipl_checkpoint *c, const char *path,
                               const ipl_experiment *exp, ipl_error *err) IPL_NODISCARD;

/** Longest checkpoint of a net: its whole state, and some room for texts. */
size_t ipl_checkpoint_limit(ipl_net *net);

/** "RUN/checkpoint/NAME"; IPL_E_ARG. */
ipl_status ipl_checkpoint_path(char *out, const char *run, const char *name,
                               ipl_error *err) IPL_NODISCARD;

/** A checkpoint that holds the parameters after a whole epoch. */
typedef struct ipl_checkpoint_place {
    size_t epoch, step;
    char name[32];
} ipl_checkpoint_place;

/**
 * Those of a run, by epoch, one for each.
 *
 * owner   *out belongs to the caller, for ipl_free()
 * errors  IPL_E_NOMEM; files that are no checkpoints are passed over
 */
ipl_status ipl_checkpoint_list(ipl_checkpoint_place **out, size_t *n, const char *run,
                               ipl_error *err) IPL_NODISCARD;

/**
 * Set the parameters of a net to those of a checkpoint of its run. The run may have gone on
 * since it was listed: what was last is then looked for where it is previous.
 *
 * errors  IPL_E_NOINPUT  the run has replaced it
 *         those of ipl_checkpoint_read() and ipl_checkpoint_fits(); the net is untouched
 */
ipl_status ipl_checkpoint_load(ipl_net *net, const char *run,
                               const ipl_checkpoint_place *place, const ipl_experiment *exp,
                               ipl_error *err) IPL_NODISCARD;

#endif /* IPL_CHECKPOINT_H */
