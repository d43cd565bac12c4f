/** Runs in folders: which there are, and how far each has come. */
#ifndef IPL_RUNS_H
#define IPL_RUNS_H

#include "base/file.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/** Most runs and folders that a command takes. */
enum { IPL_RUNS_NAMED_MAX = 100000 };

/** How far a run is: "state" of its run.json, and three that it cannot know itself. */
typedef enum ipl_run_state {
    IPL_RUN_PENDING,     /* not started: it has no folder yet */
    IPL_RUN_RUNNING,     /* a process holds its lock */
    IPL_RUN_INTERRUPTED, /* it was running, and no process is left */
    IPL_RUN_STOPPED,     /* by a signal */
    IPL_RUN_FAILED,
    IPL_RUN_DIVERGED,
    IPL_RUN_DONE,
    IPL_RUN_STATES
} ipl_run_state;

/** Word for a state. */
const char *ipl_run_state_name(ipl_run_state state);

/** State of the run in a folder; one that is missing or no run is pending. */
ipl_run_state ipl_run_state_of(const char *folder);

/** Whether a folder holds a run: an experiment and a table of information. */
bool ipl_is_run(const char *folder);

/** What a path leads to: two paths of one folder have the same. */
typedef struct ipl_place {
    dev_t device;
    ino_t inode;
    bool known; /* there is something */
} ipl_place;

/** Place of a path, behind links. */
ipl_place ipl_place_of(const char *path);

/**
 * Paths without those that lead to the place of an earlier one: "r r/ ./r" is r, and the link
 * results/latest is the run it points to. What leads nowhere stays.
 *
 * owner  *out (at least one element) belongs to the caller, for ipl_free(); the paths are
 *        borrowed
 */
ipl_status ipl_paths_once(const char ***out, size_t *n, const char *const *paths,
                          size_t n_paths, ipl_error *err) IPL_NODISCARD;

typedef struct ipl_found_run {
    char *path;       /* of its folder */
    char *experiment; /* file; the resolved experiment */
    char *name;       /* path below the folder that was searched, or its last part */
    ipl_run_state state;
    ipl_place place; /* of its folder, or of its experiment when it has not started */
} ipl_found_run;

typedef struct ipl_runs {
    ipl_found_run *list; /* (n), owned */
    size_t n, capacity;
    size_t found; /* n, and those that had been found before by another path */
} ipl_runs;

/**
 * Find the runs that some folders are or hold, at any depth, in natural order (seed2 before
 * seed10). A folder with a list of jobs (jobs.txt) has its jobs in that order, started or
 * not. A run that several paths lead to is there once, by the first.
 *
 * owner   out is to be released; empty on error
 * errors  IPL_E_NOINPUT  no such folder, or one without a run
 *         IPL_E_ARG, IPL_E_NOMEM
 */
ipl_status ipl_runs_find(ipl_runs *out, const char *const *folders, size_t n,
                         ipl_error *err) IPL_NODISCARD;

/** Free what a list owns and leave it empty; an empty one is allowed. */
void ipl_runs_release(ipl_runs *runs);

#endif /* IPL_RUNS_H */
