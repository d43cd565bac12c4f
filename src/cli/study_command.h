/** Running a study and showing how it goes: train --seeds and sweep. */
#ifndef IPL_STUDY_COMMAND_H
#define IPL_STUDY_COMMAND_H

#include "cli/command.h"
#include "run/experiment.h"

typedef enum ipl_engine {
    IPL_ENGINE_LOCAL,
    IPL_ENGINE_PARALLEL,
    IPL_ENGINE_SLURM
} ipl_engine;

typedef struct ipl_study_command {
    const ipl_experiment *exp; /* resolved, with a name */
    const char *path;          /* of the study */
    const char *grid, *seeds;  /* "": none */
    size_t jobs, threads;      /* at a time, and of each; 0: chosen */
    bool force, quiet;
    bool dry_run; /* write experiments and scripts, run nothing */
    ipl_engine engine;
    const char *engine_options; /* words for the engine */
    const ipl_args *args;
} ipl_study_command;

/**
 * Make the study, run or submit it, gather the results, print a line for each run that ends.
 *
 * errors  those of ipl_grid_create(), ipl_study_create(), ipl_study_run() and the collection;
 *         when runs failed, the status of the first one, after all the others have ended
 * When stopped by a signal, everything is written and the signal is raised again.
 */
ipl_status ipl_study_command_run(const ipl_study_command *c, ipl_error *err) IPL_NODISCARD;

#endif /* IPL_STUDY_COMMAND_H */
