/** A run that has ended, opened again: its experiment, its data, its net as it was trained. */
#ifndef IPL_TRAINED_H
#define IPL_TRAINED_H

#include "run/build.h"

typedef struct ipl_trained {
    ipl_experiment *exp;
    ipl_pool *pool;
    ipl_dataset *ds;
    ipl_net *net; /* with the final parameters */
    size_t epoch; /* they are of: that of the last row of training.csv */
} ipl_trained;

/**
 * Open the run in a folder.
 *
 * owner   out, for ipl_trained_release(); also on error
 * errors  IPL_E_NOINPUT  no run folder, or one without parameters yet
 *         IPL_E_FORMAT   a file of the run is damaged
 *         those of ipl_dataset_open() and ipl_net_read_params()
 */
ipl_status ipl_trained_open(ipl_trained *out, const char *run,
                            ipl_error *err) IPL_NODISCARD;

/** Free what is owned; an empty one is allowed. */
void ipl_trained_release(ipl_trained *trained);

#endif /* IPL_TRAINED_H */
