/**
 * Programs run side by side: so many at once, each in a process group of its own.
 *
 * Signals that ask to stop (base/stop.h) are passed on, those that belong together once, so
 * that every program can end in its own way; nothing new is started then. When the caller
 * dies, however that happens, its programs get TERM (on Linux).
 */
#ifndef IPL_JOBS_H
#define IPL_JOBS_H

#include "ipl/status.h"

#include <stdbool.h>
#include <stddef.h>

/** How a program ended. */
typedef struct ipl_job_end {
    int status;     /* exit status; 127: it could not be started */
    int signal;     /* that ended it; 0: none */
    bool stopped;   /* a signal had been passed on to it */
    double seconds; /* it ran */
} ipl_job_end;

/** Whether a program neither ended well nor by a signal that was passed on to it. */
bool ipl_job_has_failed(const ipl_job_end *end);

/** The fault that an exit status of infoplane stands for; IPL_E_IO where it tells of none. */
ipl_status ipl_job_status(const ipl_job_end *end);

/** What infoplane said last of a fault in a log: the line "infoplane: ..."; "" for none. */
void ipl_job_fault(char *out, size_t size, const char *log);

/** What to run. The functions are called by the thread that called ipl_jobs_run(). */
typedef struct ipl_jobs {
    size_t n, at_once; /* jobs in all; at the same time, >= 1 */
    int stop_by;       /* signal that is passed on whichever came; 0: the one that came */
    void *self;
    /** Words of job i, the program first (with a '/', or found on PATH), NULL-terminated. */
    char *const *(*argv)(void *self, size_t i);
    /** File that gets what job i prints, appended; NULL: it prints where the caller does. */
    const char *(*log)(void *self, size_t i);
    void (*ended)(void *self, size_t i, const ipl_job_end *end);
} ipl_jobs;

/**
 * Run all jobs and wait for them. A job that fails does not stop the others.
 *
 * signal  of the caller that stopped the jobs; 0: none, all have run
 * errors  IPL_E_IO  a process cannot be made; those that run are waited for
 *         IPL_E_NOMEM
 */
ipl_status ipl_jobs_run(int *signal, const ipl_jobs *jobs, ipl_error *err) IPL_NODISCARD;

/**
 * Absolute path of the program that runs, or `fallback` (argv[0]) where the system does not
 * tell; out has room for IPL_PATH_MAX.
 */
ipl_status ipl_jobs_self(char *out, const char *fallback, ipl_error *err) IPL_NODISCARD;

#endif /* IPL_JOBS_H */
