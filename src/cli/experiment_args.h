/** The experiment of a command line. */
#ifndef IPL_EXPERIMENT_ARGS_H
#define IPL_EXPERIMENT_ARGS_H

#include "cli/command.h"
#include "run/experiment.h"

/**
 * Defaults, then the file (first word) or preset, then the options of the command line.
 *
 * preset  "": none
 * errors  IPL_E_ARG  both are given, or an option twice; those of ipl_preset_find(),
 *         ipl_experiment_read() and ipl_opt_set()
 */
ipl_status ipl_experiment_resolve(ipl_experiment *exp, const char *preset,
                                  const ipl_args *args, ipl_error *err) IPL_NODISCARD;

/** Only the options of the command line, on top of what exp has; errors of ipl_opt_set(). */
ipl_status ipl_experiment_apply(ipl_experiment *exp, const ipl_args *args,
                                ipl_error *err) IPL_NODISCARD;

#endif /* IPL_EXPERIMENT_ARGS_H */
