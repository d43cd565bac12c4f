/**
 * Recorded activations: what a run keeps so that it can be measured again without training.
 *
 *     RUN/activations/layers.csv                layer,name,c,h,w: what is recorded
 *                     index.csv                 epoch,step: a row when all its files are there
 *                     <split>-x.npy, -y.npy     samples and labels of each probe
 *                     epoch-<e>/<split>-<layer>.npy
 *
 * Arrays have one sample per row, channels first like the layer: (n, c, h, w), or (n, d).
 */
#ifndef IPL_ACTIVATIONS_H
#define IPL_ACTIVATIONS_H

#include "ipl/net.h"
#include "run/probe.h"

/** Folder below the run, and its tables. */
#define IPL_ACTIVATIONS "activations"
#define IPL_ACTIVATIONS_LAYERS "layers.csv"
#define IPL_ACTIVATIONS_INDEX "index.csv"

typedef struct ipl_activations ipl_activations; /* opaque */

/**
 * Prepare recording as the experiment's option `record` says; nothing is written yet.
 *
 * text    "none", or activations[=float32|float16][,layers=NAME+NAME...]
 * shapes  probes (n_probes) of the same measured layers
 * owner   *out belongs to the caller, NULL for "none"; net and probes are borrowed
 * errors  IPL_E_FORMAT  another text, or a layer that is not measured: the message names the
 *                       word
 *         IPL_E_ARG     nothing is measured, so there is nothing to record
 *         IPL_E_NOMEM
 */
ipl_status ipl_activations_create(ipl_activations **out, const char *text,
                                  const ipl_net *net, const ipl_probe *const *probes,
                                  size_t n_probes, ipl_error *err) IPL_NODISCARD;

/** Release; NULL is allowed. */
void ipl_activations_destroy(ipl_activations *rec);

/** Bytes that so many measurements will take on the disk; 0 for NULL. */
double ipl_activations_bytes(const ipl_activations *rec, size_t measurements);

/**
 * Create the folder in a run, with the samples and labels of the probes.
 *
 * errors  IPL_E_CANTCREATE, IPL_E_IO, IPL_E_NOMEM
 */
ipl_status ipl_activations_begin(ipl_activations *rec, const char *run,
                                 ipl_error *err) IPL_NODISCARD;

/**
 * Go on with the folder of a run: rows of the index up to the mark stay.
 *
 * errors  those of ipl_appender_open(); IPL_E_IO, IPL_E_NOMEM
 */
ipl_status ipl_activations_resume(ipl_activations *rec, const char *run,
                                  const ipl_file_mark *mark, ipl_error *err) IPL_NODISCARD;

/** How far the index is written, on the disk; IPL_E_IO. */
ipl_status ipl_activations_sync(ipl_file_mark *out, const ipl_activations *rec,
                                ipl_error *err) IPL_NODISCARD;

/**
 * Write the activations of all probes as last measured.
 *
 * when    "epoch,step"
 * note    "", or what the user should know (a value too large for float16); IPL_NOTE_MAX
 * errors  IPL_E_CANTCREATE, IPL_E_IO, IPL_E_NOMEM: the files of this measurement are removed
 */
ipl_status ipl_activations_write(char *note, ipl_activations *rec, const char *when,
                                 ipl_error *err) IPL_NODISCARD;

enum { IPL_NOTE_MAX = 512 };

#endif /* IPL_ACTIVATIONS_H */
