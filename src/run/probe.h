/**
 * Probe sets: the fixed samples whose activations are measured, and how.
 *
 * A probe runs the net in evaluation mode and touches no random stream, so training is the
 * same with and without it.
 */
#ifndef IPL_PROBE_H
#define IPL_PROBE_H

#include "base/text.h"
#include "ipl/dataset.h"
#include "ipl/estimator.h"
#include "ipl/net.h"
#include "run/experiment.h"

/** How the activations of one layer are spread over the samples and units of a probe. */
typedef struct ipl_activity {
    double mean, sd;  /* over samples and units */
    double saturated; /* share of values within 1 % of the range's ends; NaN: no range */
    double dead;      /* share of units with one value for all samples */
    double effective_rank;
} ipl_activity;

typedef struct ipl_probe ipl_probe; /* opaque */

/**
 * Choose the rows of one part, read them and prepare their information plane.
 *
 * rows    only so many of them, by ipl_probe_draw(); 0: all
 * part    IPL_TRAIN or IPL_TEST; with exp->probe = IPL_PROBE_POOLED, IPL_TRAIN means both
 * owner   *out belongs to the caller; ds and net are borrowed and must live longer
 * errors  IPL_E_SHAPE   more rows asked for than the part has, or fewer than two
 *         IPL_E_FORMAT  an estimator text is wrong
 *         IPL_E_NUMERIC a NaN in the data; IPL_E_NOMEM
 */
ipl_status ipl_probe_create(ipl_probe **out, const ipl_experiment *exp,
                            const ipl_dataset *ds, ipl_net *net, ipl_split part,
                            size_t rows, struct ipl_pool *pool,
                            ipl_error *err) IPL_NODISCARD;

/**
 * Draw n of the `have` rows of a probe, by class when there are labels (else NULL): the same
 * for activations that were recorded and for those of a checkpoint.
 *
 * rows    (n), ascending
 * errors  IPL_E_NOMEM
 */
ipl_status ipl_probe_draw(uint32_t *rows, size_t n, const int32_t *labels, size_t have,
                          uint64_t seed, ipl_error *err) IPL_NODISCARD;

/** Release a probe; NULL is allowed. */
void ipl_probe_destroy(ipl_probe *probe);

/** "train", "test" or "all". */
const char *ipl_probe_name(const ipl_probe *probe);

/**
 * Append a line about classes whose share of the probe differs from that of the data it was
 * taken from by more than 4 standard deviations of a random draw, or that the probe lacks;
 * nothing when there are none.
 *
 * errors  IPL_E_NOMEM
 */
ipl_status ipl_probe_check_shares(ipl_text *out, const ipl_probe *probe,
                                  ipl_error *err) IPL_NODISCARD;

/** Number of samples, measured layers and estimators. */
size_t ipl_probe_n(const ipl_probe *probe);
size_t ipl_probe_n_layers(const ipl_probe *probe);
size_t ipl_probe_n_estimators(const ipl_probe *probe);

/** Index in the net of measured layer l. */
size_t ipl_probe_layer(const ipl_probe *probe, size_t l);

/** The plane the probe measures on: estimator texts, units, cautions, faults. */
const ipl_plane *ipl_probe_plane(const ipl_probe *probe);

/** Bytes held by the activations and the plane. */
size_t ipl_probe_memory(const ipl_probe *probe);

/** Look from now on at another net of the same texts, with other threads; both borrowed. */
void ipl_probe_use(ipl_probe *probe, ipl_net *net, struct ipl_pool *pool);

/** Ask quit() now and then whether to give up measuring, as ipl_plane_use_quit(). */
void ipl_probe_use_quit(ipl_probe *probe, bool (*quit)(void));

/**
 * Measure every layer of the net as it is now.
 *
 * shapes  borrowed result (n_layers, n_estimators), valid until the next call
 * errors  IPL_E_NUMERIC  a NaN in the activations; IPL_E_NOMEM; IPL_E_IO  quit() said so
 */
ipl_status ipl_probe_measure(const ipl_measures **out, ipl_probe *probe,
                             ipl_error *err) IPL_NODISCARD;

/** Activations of measured layer l as last measured, (n, width); borrowed. */
ipl_cmat ipl_probe_activations(const ipl_probe *probe, size_t l);

/** Whether the samples have labels. */
bool ipl_probe_has_labels(const ipl_probe *probe);

/** Copy the samples: x (n, d_X) and labels y (n). */
void ipl_probe_samples(float *x, int32_t *y, const ipl_probe *probe);

/** Activation statistics of measured layer l as last measured. */
void ipl_probe_activity(ipl_activity *out, const ipl_probe *probe, size_t l);

#endif /* IPL_PROBE_H */
