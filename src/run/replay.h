/**
 * Replaying checkpoints: a run is measured again without recorded activations, from the
 * parameters that it kept.
 */
#ifndef IPL_REPLAY_H
#define IPL_REPLAY_H

#include "base/text.h"
#include "run/checkpoint.h"

typedef struct ipl_replay_opts {
    const char *run;
    const ipl_experiment *exp; /* how to measure: estimators, unit, null, measured layers */
    const char *split;         /* "train", "test" or "all"; "": those that the run has */
    size_t rows;               /* draw so many samples of each probe; 0: all */
    bool allow_changed_data;   /* go on, with a warning, when the data has changed */
    size_t threads;            /* 0: as many as processors; the result is the same */
    void *self;                /* of the functions below, which may be NULL */
    void (*progress)(void *self, size_t done, size_t all); /* epochs */
    void (*warning)(void *self, const char *text);
} ipl_replay_opts;

/** What was measured. */
typedef struct ipl_replay_size {
    size_t epochs, layers;
} ipl_replay_size;

/**
 * Measure the net of a run at every epoch that has a checkpoint: the bytes that the run writes
 * for these epochs when it measures the same. When the run goes on meanwhile and replaces one,
 * that epoch is left out, with a warning.
 *
 * out     the table information.csv with its header
 * errors  IPL_E_NOINPUT  no checkpoint at the end of an epoch, or none any more
 *         IPL_E_FORMAT   a checkpoint is damaged or of another experiment; the data has
 *                        changed since training
 *         IPL_E_ARG      the run has no such split
 *         those of ipl_build_data(), ipl_build_net(), ipl_probe_create(), ipl_probe_measure()
 */
ipl_status ipl_replay_measure(ipl_text *out, ipl_replay_size *size,
                              const ipl_replay_opts *opts, ipl_error *err) IPL_NODISCARD;

#endif /* IPL_REPLAY_H */
