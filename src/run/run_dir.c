#include "run/run_dir.h"

#include "base/alloc.h"
#include "run/checkpoint.h"
#include "run/run_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXPERIMENT "experiment.ini"
#define WRITING "is writing this run"

/* Bytes of run.json. */
enum { RECORD_MAX = 1 << 26 };

static const char *const table_file[] = {
    [IPL_TABLE_TRAINING] = "training.csv",
    [IPL_TABLE_INFORMATION] = "information.csv",
    [IPL_TABLE_LAYERS] = "layers.csv",
};
_Static_assert(sizeof table_file / sizeof table_file[0] == IPL_TABLE_COUNT,
               "every table has a file");

void ipl_run_dir_print_header(ipl_text *out, ipl_run_table table)
{
    switch (table) {
    case IPL_TABLE_TRAINING:
        ipl_text_add(out, "epoch,step,train_loss,train_accuracy,test_loss,test_accuracy,lr,"
                          "train_seconds,measure_seconds\n");
        break;
    case IPL_TABLE_INFORMATION:
        ipl_text_add(out, "epoch,step,split,layer,name,width,estimator,unit");
        for (const ipl_measure_row *row = ipl_measure_table; row->name; row++)
            ipl_text_add(out, ",%s", row->name);
        ipl_text_add(out, ",n\n");
        break;
    case IPL_TABLE_LAYERS:
        ipl_text_add(out,
                     "epoch,step,layer,name,width,weight_norm,gradient_mean,gradient_sd,"
                     "gradient_snr,activation_mean,activation_sd,saturated,dead,"
                     "effective_rank\n");
        break;
    case IPL_TABLE_COUNT:
        break;
    }
}

void ipl_run_dir_print_layer(ipl_text *out, const ipl_layer_row *row,
                             const ipl_plane *plane, const ipl_measures *m,
                             size_t n_estimators)
{
    for (size_t k = 0; k < n_estimators; k++) {
        ipl_text_add(out, "%s,%s,%zu,", row->when, row->split, row->layer);
        ipl_text_add_field(out, row->name);
        ipl_text_add(out, ",%zu,", row->width);
        ipl_text_add_field(out, ipl_plane_estimator(plane, k));
        ipl_text_add(out, ",%s", ipl_plane_unit(plane, k));
        for (const ipl_measure_row *column = ipl_measure_table; column->name; column++) {
            ipl_text_add(out, ",");
            ipl_text_add_number(out, ipl_measures_get(&m[k], column));
        }
        ipl_text_add(out, ",%zu\n", ipl_plane_samples(plane, k));
    }
}

ipl_status ipl_run_dir_check(const char *path, ipl_error *err)
{
    char experiment[IPL_PATH_MAX], gathered[IPL_PATH_MAX];
    ipl_status st = ipl_path_join(experiment, path, EXPERIMENT, err);

    if (st == IPL_OK)
        st = ipl_path_join(gathered, path, "sweep.csv", err);
    if (st != IPL_OK || ipl_file_exists(experiment))
        return st == IPL_OK ? ipl_guard(path, err) : st;
    if (!ipl_file_is_folder(path))
        return ipl_fail(err, IPL_E_NOINPUT, "%.300s: no such run folder", path);
    if (ipl_file_exists(gathered))
        return ipl_fail(err, IPL_E_NOINPUT,
                        "%.300s: a study, no run; name a run below it, see its sweep.csv",
                        path);
    return ipl_fail(err, IPL_E_NOINPUT, "%.300s: not a run folder: it has no " EXPERIMENT,
                    path);
}

bool ipl_run_dir_is_locked(const char *path)
{
    return ipl_lock_is_held(path);
}

/* ---- what is there ---- */

static bool has(const char *path, const char *name)
{
    char file[IPL_PATH_MAX];

    return ipl_path_join(file, path, name, NULL) == IPL_OK && ipl_file_exists(file);
}

/* Whether a folder holds nothing, or nothing but what a run writes first. */
static bool is_empty(const char *path)
{
    static const char *const first[] = {".", "..", ".lock", ".lock-owner",
                                        (EXPERIMENT ".tmp")};
    DIR *dir = ipl_folder_open(path);
    const struct dirent *entry;
    bool empty = dir != NULL;

    while (empty && (entry = readdir(dir))) {
        empty = false;
        for (size_t i = 0; i < sizeof first / sizeof first[0]; i++)
            empty = empty || strcmp(entry->d_name, first[i]) == 0;
    }
    if (dir)
        (void)closedir(dir);
    return empty;
}

/* Whether run.json says that the run went to its end. */
static bool is_done(const char *path)
{
    char file[IPL_PATH_MAX], *bytes;
    size_t len;
    bool done;

    if (ipl_path_join(file, path, "run.json", NULL) != IPL_OK ||
        ipl_file_read(&bytes, &len, file, RECORD_MAX, NULL) != IPL_OK)
        return false;
    done = strstr(bytes, "\n  \"state\": \"done\",\n") != NULL;
    ipl_free(bytes);
    return done;
}

ipl_run_dir_state ipl_run_dir_look(const char *path)
{
    if (!ipl_file_exists(path) || is_empty(path))
        return IPL_RUN_DIR_FREE;
    if (!has(path, EXPERIMENT))
        return IPL_RUN_DIR_FOREIGN;
    if (is_done(path))
        return IPL_RUN_DIR_DONE;
    if (has(path, IPL_CHECKPOINT_FOLDER "/last") ||
        has(path, IPL_CHECKPOINT_FOLDER "/previous"))
        return IPL_RUN_DIR_STARTED;
    return IPL_RUN_DIR_BARE;
}

/* Remove the run at path, unless somebody is writing it. */
static ipl_status remove_old_run(const char *path, ipl_error *err)
{
    ipl_lock lock;
    ipl_status st = ipl_guard_hold(path, err);

    if (st != IPL_OK)
        return st;
    st = ipl_lock_take(&lock, path, WRITING, err);
    if (st == IPL_OK)
        st = ipl_run_files_remove(path, err);
    ipl_lock_give(&lock);
    ipl_guard_release(path);
    return st;
}

/* A run stands where a new one is to go: say so, or that it is being written. */
static ipl_status refuse(const char *path, ipl_error *err)
{
    ipl_lock lock;
    const ipl_status st = ipl_lock_take(&lock, path, WRITING, err);

    if (st == IPL_E_LOCKED)
        return st;
    ipl_lock_give(&lock);
    return ipl_fail(err, IPL_E_CANTCREATE,
                    "%s: exists; give --force to replace it, another --out, or --resume %s "
                    "to go on with it",
                    path, path);
}

/* ---- opening ---- */

static ipl_status close_tables(ipl_run_dir *dir, ipl_error *err)
{
    ipl_status st = IPL_OK;

    for (int t = 0; t < IPL_TABLE_COUNT; t++) {
        const ipl_status closed =
            ipl_appender_close(&dir->tables[t], st == IPL_OK ? err : NULL);

        st = st == IPL_OK ? closed : st;
    }
    return st;
}

static ipl_status open_table(ipl_run_dir *dir, int t, const ipl_file_mark *keep,
                             ipl_error *err)
{
    char file[IPL_PATH_MAX];
    ipl_text header = {0};
    ipl_status st = ipl_path_join(file, dir->path, table_file[t], err);

    if (st == IPL_OK)
        st = ipl_appender_open(&dir->tables[t], file, keep, err);
    if (st == IPL_OK && !keep) {
        ipl_run_dir_print_header(&header, (ipl_run_table)t);
        st = ipl_run_dir_append(dir, (ipl_run_table)t, &header, err);
    }
    ipl_text_release(&header);
    return st;
}

ipl_status ipl_run_dir_open_tables(ipl_run_dir *dir, const ipl_file_mark *marks,
                                   ipl_error *err)
{
    ipl_status st = IPL_OK;

    for (int t = 0; t < IPL_TABLE_COUNT && st == IPL_OK; t++)
        st = open_table(dir, t, marks ? &marks[t] : NULL, err);
    if (st != IPL_OK && close_tables(dir, NULL) != IPL_OK)
        return st; /* the first fault counts */
    return st;
}

ipl_status ipl_run_dir_restart(ipl_run_dir *dir, const char *experiment, ipl_error *err)
{
    char file[IPL_PATH_MAX];
    ipl_status st = ipl_path_join(file, dir->path, EXPERIMENT, err);

    if (st == IPL_OK)
        st = ipl_file_replace(file, experiment, strlen(experiment), err);
    return st == IPL_OK ? ipl_run_dir_open_tables(dir, NULL, err) : st;
}

ipl_status ipl_run_dir_reopen(ipl_run_dir *out, const char *path, ipl_error *err)
{
    ipl_status st;

    *out =
        (ipl_run_dir){.lock = {.fd = -1}, .tables = {{.fd = -1}, {.fd = -1}, {.fd = -1}}};
    st = ipl_text_copy(out->path, sizeof out->path, path, strlen(path), "path", err);
    if (st == IPL_OK && !ipl_file_is_folder(path))
        st = ipl_fail(err, IPL_E_NOINPUT, "%s: no such run", path);
    if (st == IPL_OK)
        st = ipl_guard_hold(path, err);
    if (st == IPL_OK)
        st = ipl_lock_take(&out->lock, path, WRITING, err);
    if (st != IPL_OK)
        ipl_guard_release(path);
    return st;
}

ipl_status ipl_run_dir_create(ipl_run_dir *out, const char *path, bool force,
                              const char *experiment, ipl_error *err)
{
    const ipl_run_dir_state there = ipl_run_dir_look(path);
    ipl_status st = IPL_OK;

    *out =
        (ipl_run_dir){.lock = {.fd = -1}, .tables = {{.fd = -1}, {.fd = -1}, {.fd = -1}}};
    if (there == IPL_RUN_DIR_FOREIGN)
        return ipl_fail(err, IPL_E_CANTCREATE,
                        "%s: exists and is no run (no experiment.ini); remove it yourself",
                        path);
    if (there != IPL_RUN_DIR_FREE)
        st = force ? remove_old_run(path, err) : refuse(path, err);
    if (st == IPL_OK)
        st = ipl_folder_create(path, err);
    if (st == IPL_OK)
        st = ipl_run_dir_reopen(out, path, err);
    if (st == IPL_OK)
        st = ipl_run_dir_restart(out, experiment, err);
    if (st != IPL_OK)
        ipl_run_dir_release(out);
    return st;
}

ipl_status ipl_run_dir_folder(char *out, const ipl_run_dir *dir, const char *name,
                              ipl_error *err)
{
    ipl_status st = ipl_path_join(out, dir->path, name, err);

    if (st == IPL_OK && ipl_folder_make(out) != 0 && errno != EEXIST)
        st = ipl_fail(err, IPL_E_CANTCREATE, "%s: %s", out, ipl_file_reason(errno));
    return st;
}

ipl_status ipl_run_dir_sync(const ipl_run_dir *dir, ipl_error *err)
{
    ipl_status st = IPL_OK;

    for (int t = 0; t < IPL_TABLE_COUNT && st == IPL_OK; t++)
        st = ipl_appender_sync(&dir->tables[t], err);
    return st;
}

ipl_status ipl_run_dir_finish(ipl_run_dir *dir, ipl_error *err)
{
    const ipl_status st = close_tables(dir, err);

    ipl_run_dir_release(dir);
    return st;
}

void ipl_run_dir_release(ipl_run_dir *dir)
{
    if (close_tables(dir, NULL) != IPL_OK)
        dir->tables[0].fd = -1; /* something failed before, and was reported */
    if (!dir->lock.kind)
        return;
    ipl_lock_give(&dir->lock);
    ipl_guard_release(dir->path);
}

ipl_status ipl_run_dir_append(ipl_run_dir *dir, ipl_run_table table, const ipl_text *rows,
                              ipl_error *err)
{
    ipl_status st = ipl_text_status(rows, err);

    if (st != IPL_OK || rows->len == 0)
        return st;
    return ipl_appender_write(&dir->tables[table], rows->s, rows->len, err);
}

/* Path of a file of the folder in which a run lies. */
static ipl_status beside(char *out, const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');
    char parent[IPL_PATH_MAX];
    const ipl_status st =
        ipl_text_copy(parent, sizeof parent, slash ? path : ".",
                      slash ? (size_t)(slash - path) + 1 : 1, "path", NULL);

    return st == IPL_OK ? ipl_path_join(out, parent, name, NULL) : st;
}

static bool is_link(const char *path)
{
    struct stat info;

    return lstat(path, &info) == 0 && S_ISLNK(info.st_mode);
}

bool ipl_run_dir_has_latest(const char *path)
{
    char link[IPL_PATH_MAX];

    return beside(link, path, "latest") == IPL_OK && is_link(link);
}

void ipl_run_dir_link_latest(const char *path)
{
    char link[IPL_PATH_MAX], temporary[IPL_PATH_MAX];
    const char *slash = strrchr(path, '/');

    if (beside(link, path, "latest") != IPL_OK ||
        beside(temporary, path, ".latest.tmp") != IPL_OK ||
        (ipl_file_exists(link) && !is_link(link)))
        return;
    (void)unlink(temporary);
    if (symlink(slash ? slash + 1 : path, temporary) == 0 && rename(temporary, link) != 0)
        (void)unlink(temporary);
}
