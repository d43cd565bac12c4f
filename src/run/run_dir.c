#include "run/run_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

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
        ipl_text_add(out, ",%zu\n", row->n);
    }
}

/* Take the lock of a run directory; *fd stays open as long as the lock is held. */
static ipl_status take_lock(int *fd, const char *path, ipl_error *err)
{
    char file[IPL_PATH_MAX];
    ipl_status st = ipl_path_join(file, path, ".lock", err);

    if (st != IPL_OK)
        return st;
    *fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (*fd < 0)
        return ipl_fail(err, IPL_E_CANTCREATE, "%s: %s", file, strerror(errno));
    if (flock(*fd, LOCK_EX | LOCK_NB) != 0) {
        (void)close(*fd);
        *fd = -1;
        return ipl_fail(err, IPL_E_LOCKED, "%s: another process is writing this run", path);
    }
    return IPL_OK;
}

/* Remove the run at path, unless it is no run or somebody is writing it. */
static ipl_status remove_old_run(const char *path, ipl_error *err)
{
    char file[IPL_PATH_MAX];
    int lock = -1;
    ipl_status st = ipl_path_join(file, path, "experiment.ini", err);

    if (st != IPL_OK)
        return st;
    if (!ipl_file_exists(file))
        return ipl_fail(err, IPL_E_CANTCREATE,
                        "%s: exists and is no run (no experiment.ini); remove it yourself",
                        path);
    st = take_lock(&lock, path, err);
    if (st == IPL_OK)
        st = ipl_folder_remove(path, err);
    if (lock >= 0)
        (void)close(lock); /* the lock went with the folder */
    return st;
}

static ipl_status open_tables(ipl_run_dir *dir, ipl_error *err)
{
    ipl_text header = {0};
    ipl_status st = IPL_OK;

    for (int t = 0; t < IPL_TABLE_COUNT && st == IPL_OK; t++) {
        char file[IPL_PATH_MAX];

        ipl_text_clear(&header);
        ipl_run_dir_print_header(&header, (ipl_run_table)t);
        st = ipl_path_join(file, dir->path, table_file[t], err);
        if (st == IPL_OK)
            st = ipl_appender_open(&dir->tables[t], file, NULL, err);
        if (st == IPL_OK)
            st = ipl_run_dir_append(dir, (ipl_run_table)t, &header, err);
    }
    ipl_text_release(&header);
    return st;
}

ipl_status ipl_run_dir_create(ipl_run_dir *out, const char *path, bool force,
                              const char *experiment, ipl_error *err)
{
    char file[IPL_PATH_MAX];
    ipl_status st;

    *out = (ipl_run_dir){.lock = -1, .tables = {{.fd = -1}, {.fd = -1}, {.fd = -1}}};
    st = ipl_text_copy(out->path, sizeof out->path, path, strlen(path), "path", err);
    if (st != IPL_OK)
        return st;
    if (ipl_file_exists(path) && !force)
        return ipl_fail(err, IPL_E_CANTCREATE,
                        "%s: exists; give --force to replace it, or another --out", path);
    if (ipl_file_exists(path))
        st = remove_old_run(path, err);
    if (st == IPL_OK)
        st = ipl_folder_create(path, err);
    if (st == IPL_OK)
        st = take_lock(&out->lock, path, err);
    if (st == IPL_OK)
        st = ipl_path_join(file, path, "experiment.ini", err);
    if (st == IPL_OK)
        st = ipl_file_replace(file, experiment, strlen(experiment), err);
    if (st == IPL_OK)
        st = open_tables(out, err);
    if (st != IPL_OK)
        ipl_run_dir_release(out);
    return st;
}

ipl_status ipl_run_dir_finish(ipl_run_dir *dir, ipl_error *err)
{
    ipl_status st = IPL_OK;

    for (int t = 0; t < IPL_TABLE_COUNT && st == IPL_OK; t++)
        st = ipl_appender_close(&dir->tables[t], err);
    ipl_run_dir_release(dir);
    return st;
}

void ipl_run_dir_release(ipl_run_dir *dir)
{
    char file[IPL_PATH_MAX];

    for (int t = 0; t < IPL_TABLE_COUNT; t++)
        if (ipl_appender_close(&dir->tables[t], NULL) != IPL_OK)
            continue; /* something failed before, and was reported */
    if (dir->lock < 0)
        return;
    if (ipl_path_join(file, dir->path, ".lock", NULL) == IPL_OK)
        (void)unlink(file);
    (void)close(dir->lock);
    dir->lock = -1;
}

ipl_status ipl_run_dir_append(ipl_run_dir *dir, ipl_run_table table, const ipl_text *rows,
                              ipl_error *err)
{
    ipl_status st = ipl_text_status(rows, err);

    if (st != IPL_OK || rows->len == 0)
        return st;
    return ipl_appender_write(&dir->tables[table], rows->s, rows->len, err);
}

void ipl_run_dir_link_latest(const ipl_run_dir *dir)
{
    char parent[IPL_PATH_MAX], link[IPL_PATH_MAX], temporary[IPL_PATH_MAX];
    const char *slash = strrchr(dir->path, '/');
    const char *name = slash ? slash + 1 : dir->path;

    (void)snprintf(parent, sizeof parent, "%.*s", slash ? (int)(slash - dir->path) : 1,
                   slash ? dir->path : ".");
    if (ipl_path_join(link, parent, "latest", NULL) != IPL_OK ||
        ipl_path_join(temporary, parent, ".latest.tmp", NULL) != IPL_OK)
        return;
    (void)unlink(temporary);
    if (symlink(name, temporary) == 0 && rename(temporary, link) != 0)
        (void)unlink(temporary);
}
