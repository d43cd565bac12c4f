/**
 * The run directory: what a training run writes, and how.
 *
 *     experiment.ini    the resolved experiment
 *     run.json          provenance, written at the start and again at the end
 *     training.csv      a row per epoch
 *     information.csv   a row per epoch, split, layer and estimator
 *     layers.csv        a row per epoch and layer
 *     parameters/       the final parameters as .npy
 *     checkpoint/       from which the run can go on (run/checkpoint.h)
 *
 * Tables are strict CSV; all rows of one epoch are appended with one write, so that a
 * running experiment can be plotted at any time.
 */
#ifndef IPL_RUN_DIR_H
#define IPL_RUN_DIR_H

#include "base/file.h"
#include "base/lock.h"
#include "base/text.h"
#include "ipl/estimator.h"

/** The tables of a run. */
typedef enum ipl_run_table {
    IPL_TABLE_TRAINING,
    IPL_TABLE_INFORMATION,
    IPL_TABLE_LAYERS,
    IPL_TABLE_COUNT
} ipl_run_table;

typedef struct ipl_run_dir {
    char path[IPL_PATH_MAX];
    ipl_appender tables[IPL_TABLE_COUNT];
    ipl_lock lock; /* held while the directory is open; so is its folder (base/guard.h) */
} ipl_run_dir;

/** What stands at the path of a run. */
typedef enum ipl_run_dir_state {
    IPL_RUN_DIR_FREE,    /* nothing, or nothing but a start that was cut short */
    IPL_RUN_DIR_FOREIGN, /* something else */
    IPL_RUN_DIR_BARE,    /* a run without a checkpoint */
    IPL_RUN_DIR_STARTED, /* a run with a checkpoint */
    IPL_RUN_DIR_DONE     /* a run that went to its end */
} ipl_run_dir_state;

/**
 * Whether a folder is a run: it has an experiment.ini. From then on the folder is guarded
 * (base/guard.h): no link in it is followed.
 *
 * errors  IPL_E_NOINPUT  there is none, or it is something else; a study, whose runs are below
 *                        it, is told to name one of them
 */
ipl_status ipl_run_dir_check(const char *path, ipl_error *err) IPL_NODISCARD;

/** Whether a process writes the run at a path: it holds the lock, which ends with it. */
bool ipl_run_dir_is_locked(const char *path);

/** Look at a path, without lock. */
ipl_run_dir_state ipl_run_dir_look(const char *path);

/**
 * Create a run directory with its experiment and empty tables, and lock it.
 *
 * force   remove what a run has written there, by name (run/run_files.h)
 * errors  IPL_E_CANTCREATE  something is there already, or it cannot be created; with force,
 *                           something that no run writes, which the message names, or it is
 *                           the current folder or one above it
 *         IPL_E_LOCKED      another process is writing it
 *         IPL_E_IO
 * On error nothing of an earlier run was touched, unless writing failed after force removed it.
 */
ipl_status ipl_run_dir_create(ipl_run_dir *out, const char *path, bool force,
                              const char *experiment, ipl_error *err) IPL_NODISCARD;

/**
 * Open a run directory that is there, and lock it; its tables stay closed.
 *
 * errors  IPL_E_NOINPUT  there is none; IPL_E_LOCKED; IPL_E_CANTCREATE
 */
ipl_status ipl_run_dir_reopen(ipl_run_dir *out, const char *path,
                              ipl_error *err) IPL_NODISCARD;

/** Write the experiment and empty tables into a directory that was reopened: start again. */
ipl_status ipl_run_dir_restart(ipl_run_dir *dir, const char *experiment,
                               ipl_error *err) IPL_NODISCARD;

/**
 * Open the tables of a directory that was reopened, up to their marks (IPL_TABLE_COUNT).
 *
 * errors  those of ipl_appender_open(); all tables are closed again
 */
ipl_status ipl_run_dir_open_tables(ipl_run_dir *dir, const ipl_file_mark *marks,
                                   ipl_error *err) IPL_NODISCARD;

/** Flush the tables to the disk; IPL_E_IO. */
ipl_status ipl_run_dir_sync(const ipl_run_dir *dir, ipl_error *err) IPL_NODISCARD;

/** Create a folder in the run unless it is there; IPL_E_CANTCREATE, also without the run. */
ipl_status ipl_run_dir_folder(char *out, const ipl_run_dir *dir, const char *name,
                              ipl_error *err) IPL_NODISCARD;

/** Flush the tables to the disk and release the directory; the first fault is returned. */
ipl_status ipl_run_dir_finish(ipl_run_dir *dir, ipl_error *err) IPL_NODISCARD;

/** Close what is open and give up the lock; a directory that was released is allowed. */
void ipl_run_dir_release(ipl_run_dir *dir);

/** Append rows to a table; IPL_E_IO. */
ipl_status ipl_run_dir_append(ipl_run_dir *dir, ipl_run_table table, const ipl_text *rows,
                              ipl_error *err) IPL_NODISCARD;

/** Whether a link "latest" lies beside a run. */
bool ipl_run_dir_has_latest(const char *path);

/**
 * Let the link "latest" beside a run that has ended point to it, in place of another link,
 * at once. Silent where links do not exist, or something else has this name.
 */
void ipl_run_dir_link_latest(const char *path);

/** Append the header row of a table. */
void ipl_run_dir_print_header(ipl_text *out, ipl_run_table table);

/** What a row of information.csv says of its layer. */
typedef struct ipl_layer_row {
    const char *when;  /* "epoch,step" as written */
    const char *split; /* "train", "test" or "all" */
    size_t layer;      /* from 1 */
    const char *name;
    size_t width; /* columns */
} ipl_layer_row;

/** Append the rows of one layer to information.csv, one for each estimator of the plane. */
void ipl_run_dir_print_layer(ipl_text *out, const ipl_layer_row *row,
                             const ipl_plane *plane, const ipl_measures *m,
                             size_t n_estimators);

#endif /* IPL_RUN_DIR_H */
