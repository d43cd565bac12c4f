/**
 * Studies: the experiments of a grid in one folder, run side by side or by another engine.
 *
 *     experiments/NAME.ini    a resolved experiment for each point of the grid
 *     jobs.txt                their names, one a line: line k is job k, and stays so
 *     NAME/                   the run of each, "activation=tanh_optimiser.lr=0.1/seed3"
 *     logs/                   what the runs print
 *     jobs.csv                a row for each time that a run ended here
 *     job.sh, parallel.sh, slurm.sh    how other engines run the jobs
 *     sweep.csv, mean.csv ... what ipl_collection_write() makes of the runs
 *
 * A study can be run again: what is done stays, what is not goes on, new points come in.
 */
#ifndef IPL_STUDY_H
#define IPL_STUDY_H

#include "base/jobs.h"
#include "run/grid.h"
#include "run/runs.h"

/** What lets `infoplane train` go on with a run that was begun. */
#define IPL_STUDY_RESUME "--resume=auto"

typedef struct ipl_study_job {
    char *name;  /* of its folder below the study's; owned */
    size_t line; /* of jobs.txt, from 1 */
    ipl_run_state state;
} ipl_study_job;

typedef struct ipl_study {
    char path[IPL_PATH_MAX];
    ipl_study_job *jobs; /* (n), owned, in the order of the grid */
    size_t n;
    bool force; /* what is done is to be done again */
} ipl_study;

/**
 * Make the folder of a study and the experiments of a grid, or come back to it.
 *
 * base    resolved, with a name
 * force   replace experiments and runs that are there
 * owner   out is to be released; empty on error
 * errors  IPL_E_ARG         a value does not fit its key
 *         IPL_E_CANTCREATE  a folder is in the way: a run, or a point with other settings
 *         IPL_E_IO, IPL_E_NOMEM
 */
ipl_status ipl_study_create(ipl_study *out, const char *path, const ipl_experiment *base,
                            const ipl_grid *grid, bool force, ipl_error *err) IPL_NODISCARD;

/** Whether a job is still to be run: not done, nor diverged, for it would diverge again. */
static inline bool ipl_study_is_open(const ipl_study *study, const ipl_study_job *job)
{
    return study->force || (job->state != IPL_RUN_DONE && job->state != IPL_RUN_DIVERGED);
}

/** Free what a study owns and leave it empty; an empty one is allowed. */
void ipl_study_release(ipl_study *study);

/** How a job ended. */
typedef struct ipl_study_end {
    const ipl_study_job *job; /* with its new state */
    ipl_job_end end;
    bool failed;       /* it neither ended well nor was stopped */
    size_t ended, all; /* jobs of this call */
    char fault[256];   /* what it said of that, "" for nothing */
} ipl_study_end;

typedef struct ipl_study_run_opts {
    const char *program;     /* path of infoplane */
    size_t at_once, threads; /* processes, and threads of each; 0: chosen */
    void *self;
    void (*ended)(void *self, const ipl_study_end *end); /* NULL: none */
} ipl_study_run_opts;

/** What came of running a study. */
typedef struct ipl_study_result {
    int signal;         /* that stopped it; 0: none */
    size_t failed;      /* jobs that neither ended well nor were stopped */
    ipl_status failure; /* of the first of them */
} ipl_study_result;

/** Processes at once and threads of each that keep so many processors busy, and no more. */
void ipl_study_share(size_t *at_once, size_t *threads, size_t jobs, size_t processors);

/**
 * Run what is not done on this machine.
 *
 * errors  IPL_E_LOCKED  another process runs this study
 *         IPL_E_IO, IPL_E_CANTCREATE, IPL_E_NOMEM
 * Jobs that fail are no error of this function: see result.
 */
ipl_status ipl_study_run(ipl_study_result *result, ipl_study *study,
                         const ipl_study_run_opts *opts, ipl_error *err) IPL_NODISCARD;

/** How many jobs are still to be run. */
size_t ipl_study_n_open(const ipl_study *study);

/** What the scripts of other engines are made for. */
typedef struct ipl_engine_opts {
    const char *program;          /* absolute path of infoplane */
    const char *parallel, *slurm; /* words for each, as ipl_text_take_shell_word() reads */
    size_t at_once, threads;      /* 0: the engine's choice; one */
    size_t array_end;             /* indices of a Slurm array are below it */
} ipl_engine_opts;

/** MaxArraySize of Slurm where nobody changed it: indices of an array are below it. */
enum { IPL_SLURM_ARRAY_END = 1001 };

/**
 * Write job.sh, parallel.sh and slurm.sh, and slurm-2.sh ... when one array cannot have all
 * jobs. They start from the current folder, under the name the user gave it, so that relative
 * paths of data hold.
 *
 * arrays  how many scripts there are for Slurm, 0 without a job to do
 * errors  IPL_E_ARG  a path has a line break, a word is none, array_end is below 2
 *         IPL_E_CANTCREATE, IPL_E_IO, IPL_E_NOMEM
 */
ipl_status ipl_study_write_scripts(size_t *arrays, const ipl_study *study,
                                   const ipl_engine_opts *opts,
                                   ipl_error *err) IPL_NODISCARD;

/** Part of ipl_study_write_scripts(): those for Slurm, started from a folder. */
ipl_status ipl_study_write_slurm(size_t *arrays, const ipl_study *study, const char *from,
                                 const ipl_engine_opts *opts, ipl_error *err) IPL_NODISCARD;

/** Room for the name of a script for Slurm. */
enum { IPL_SLURM_NAME_MAX = 32 };

/** "slurm.sh" for k = 0, "slurm-2.sh" for the next. */
void ipl_study_slurm_name(char out[IPL_SLURM_NAME_MAX], size_t k);

/** Append NAME='VALUE' of a path, as a shell reads it; no option can be taken for it. */
void ipl_study_add_folder(ipl_text *out, const char *name, const char *path);

#endif /* IPL_STUDY_H */
