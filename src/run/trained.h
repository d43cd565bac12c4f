/** A run opened again: its experiment, its data, its net as it was trained. */
#ifndef IPL_TRAINED_H
#define IPL_TRAINED_H

#include "run/build.h"
#include "run/data_check.h"

typedef struct ipl_trained {
    ipl_experiment *exp;
    ipl_pool *pool;
    ipl_dataset *ds;
    ipl_net *net; /* with its parameters */
    size_t epoch; /* after which it had them */
    char
        changed[IPL_DATA_CHANGED_MAX]; /* what of the data has changed since; "": nothing */
} ipl_trained;

/**
 * Open the run in a folder.
 *
 * epoch   a whole number: parameters of the checkpoint after it; "": the final ones
 * allow   open it also when its data has changed since training
 * owner   out, for ipl_trained_release(); also on error
 * errors  IPL_E_ARG      epoch is no number
 *         IPL_E_NOINPUT  no run folder, one without parameters yet, or no such checkpoint
 *         IPL_E_FORMAT   a file of the run is damaged, or the data has changed
 *         those of ipl_dataset_open(), ipl_net_read_params() and ipl_checkpoint_load()
 */
ipl_status ipl_trained_open(ipl_trained *out, const char *run, const char *epoch,
                            bool allow, ipl_error *err) IPL_NODISCARD;

/** Free what is owned; an empty one is allowed. */
void ipl_trained_release(ipl_trained *trained);

#endif /* IPL_TRAINED_H */
