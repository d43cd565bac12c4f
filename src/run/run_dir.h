/**
 * The run directory: what a training run writes, and how.
 *
 *     experiment.ini    the resolved experiment
 *     run.json          provenance, written at the start and again at the end
 *     training.csv      a row per epoch
 *     information.csv   a row per epoch, split, layer and estimator
 *     layers.csv        a row per epoch and layer
 *     parameters/       the final parameters as .npy
 *
 * Tables are strict CSV; all rows of one epoch are appended with one write, so that a
 * running experiment can be plotted at any time.
 */
#ifndef IPL_RUN_DIR_H
#define IPL_RUN_DIR_H

#include "base/file.h"
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
    int lock; /* descriptor of the locked .lock file; -1: none */
} ipl_run_dir;

/**
 * Create a run directory with its experiment and empty tables, and lock it.
 *
 * force   remove a run that is there; only a folder that holds an experiment.ini is removed
 * errors  IPL_E_CANTCREATE  the folder is there already, or cannot be created
 *         IPL_E_LOCKED      another process is writing it
 *         IPL_E_IO
 * On error nothing of an earlier run was touched, unless writing failed after force removed it.
 */
ipl_status ipl_run_dir_create(ipl_run_dir *out, const char *path, bool force,
                              const char *experiment, ipl_error *err) IPL_NODISCARD;

/** Flush the tables to the disk and release the directory; the first fault is returned. */
ipl_status ipl_run_dir_finish(ipl_run_dir *dir, ipl_error *err) IPL_NODISCARD;

/** Close what is open and give up the lock; a directory that was released is allowed. */
void ipl_run_dir_release(ipl_run_dir *dir);

/** Append rows to a table; IPL_E_IO. */
ipl_status ipl_run_dir_append(ipl_run_dir *dir, ipl_run_table table, const ipl_text *rows,
                              ipl_error *err) IPL_NODISCARD;

/** Let the link "latest" beside the run point to it; silent where links do not exist. */
void ipl_run_dir_link_latest(const ipl_run_dir *dir);

/** Append the header row of a table. */
void ipl_run_dir_print_header(ipl_text *out, ipl_run_table table);

/** What a row of information.csv says of its layer. */
typedef struct ipl_layer_row {
    const char *when;  /* "epoch,step" as written */
    const char *split; /* "train", "test" or "all" */
    size_t layer;      /* from 1 */
    const char *name;
    size_t width, n; /* columns and samples */
} ipl_layer_row;

/** Append the rows of one layer to information.csv, one for each estimator of the plane. */
void ipl_run_dir_print_layer(ipl_text *out, const ipl_layer_row *row,
                             const ipl_plane *plane, const ipl_measures *m,
                             size_t n_estimators);

#endif /* IPL_RUN_DIR_H */
