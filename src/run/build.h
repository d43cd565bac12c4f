/** From an experiment to its data set and its net: one way, for every command that needs them. */
#ifndef IPL_BUILD_H
#define IPL_BUILD_H

#include "base/pool.h"
#include "ipl/dataset.h"
#include "ipl/net.h"
#include "run/experiment.h"

/** Open the data of an experiment; owner and errors of ipl_dataset_open(). */
ipl_status ipl_build_data(ipl_dataset **out, const ipl_experiment *exp,
                          ipl_error *err) IPL_NODISCARD;

/**
 * Build the net of an experiment for its data and choose the measured layers.
 *
 * params  folder with the parameters; NULL: as the experiment's init says
 * owner   *out belongs to the caller; pool is borrowed
 * errors  those of ipl_net_create(), ipl_net_measure() and ipl_net_read_params()
 */
ipl_status ipl_build_net(ipl_net **out, const ipl_experiment *exp, const ipl_dataset *ds,
                         const char *params, ipl_pool *pool, ipl_error *err) IPL_NODISCARD;

#endif /* IPL_BUILD_H */
