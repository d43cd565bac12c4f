#include "run/run_files.h"

#include "base/file.h"
#include "run/pictures.h"
#include "run/plot.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH_MAX = 4 };

/*
 * Paths below the folder of a run, as patterns of fnmatch(). What analyze writes is a run in
 * a folder of its own. A file that is being replaced is called NAME.tmp. A script that was
 * edited and kept as NAME.bak is its editor's.
 */
static const char *const files[] = {
    "experiment.ini",
    "run.json",
    "training.csv",
    "information.csv",
    "layers.csv",
    "summary.csv",
    "summary.txt",
    "report.html",
    ".lock",
    ".lock-owner",
    "checkpoint/last",
    "checkpoint/previous",
    "checkpoint/best",
    "checkpoint/epoch-[0-9]*",
    "parameters/[0-9]*.*.npy",
    "activations/index.csv",
    "activations/layers.csv",
    "activations/train-[xy].npy",
    "activations/test-[xy].npy",
    "activations/all-[xy].npy",
    "activations/epoch-[0-9]*/train-*.npy",
    "activations/epoch-[0-9]*/test-*.npy",
    "activations/epoch-[0-9]*/all-*.npy",
    NULL,
};
static const char *const folders[] = {
    "checkpoint", "parameters",      "activations", "activations/epoch-[0-9]*",
    "figures",    "analysis-[0-9]*", NULL};

/* A figure with what it is drawn from, or a picture of an epoch. */
static bool is_figure(const char *path)
{
    static const char folder[] = "figures/";
    const char *name = path + sizeof folder - 1;

    if (strncmp(path, folder, sizeof folder - 1) != 0)
        return false;
    for (size_t k = 0; k < IPL_PICTURE_COUNT; k++) {
        const size_t len = strlen(ipl_picture_words[k]);
        const char *epoch = name + len + 1;
        const size_t digits =
            strncmp(name, ipl_picture_words[k], len) == 0 && name[len] == '-'
                ? strspn(epoch, "0123456789")
                : 0;

        if (digits > 0 && strcmp(epoch + digits, ".png") == 0)
            return true;
    }
    return ipl_plot_writes(name);
}

/* The path without "analysis-N/" before it. */
static const char *inner(const char *path)
{
    const char *slash = strchr(path, '/');

    return slash && fnmatch("analysis-[0-9]*/*", path, 0) == 0 ? slash + 1 : path;
}

static bool matches(const char *const *patterns, const char *path)
{
    while (*patterns && fnmatch(*patterns, path, FNM_PATHNAME) != 0)
        patterns++;
    return *patterns != NULL;
}

static bool is_ours(const char *path, bool is_folder)
{
    char whole[IPL_PATH_MAX];
    size_t len = strlen(path);

    if (is_folder)
        return matches(folders, inner(path));
    if (len > 4 && strcmp(path + len - 4, ".tmp") == 0)
        len -= 4;
    return ipl_text_copy(whole, sizeof whole, path, len, "path", NULL) == IPL_OK &&
           (matches(files, inner(whole)) || is_figure(inner(whole)));
}

/* What is done with each entry: its whole path, and its path below the run. */
typedef ipl_status (*visitor)(const char *path, const char *below, bool is_folder,
                              ipl_error *err);

static ipl_status refuse_foreign(const char *path, const char *below, bool is_folder,
                                 ipl_error *err)
{
    if (is_ours(below, is_folder))
        return IPL_OK;
    return ipl_fail(
        err, IPL_E_CANTCREATE,
        "%s: no run has written this, so its folder is not replaced; move it, or "
        "give another --out",
        path);
}

static ipl_status remove_one(const char *path, const char *below, bool is_folder,
                             ipl_error *err)
{
    if (strcmp(below, ".lock") == 0 || strcmp(below, ".lock-owner") == 0)
        return IPL_OK;
    if ((is_folder ? ipl_folder_unlink(path) : ipl_file_unlink(path)) == 0)
        return IPL_OK;
    return ipl_fail(err, IPL_E_IO, "%s: %s", path, ipl_file_reason(errno));
}

/* Every entry below a folder, what is in a folder before the folder. */
/* NOLINTNEXTLINE(misc-no-recursion): DEPTH_MAX levels deep */
static ipl_status walk(const char *folder, const char *below, int depth, visitor visit,
                       ipl_error *err)
{
    DIR *dir = ipl_folder_open(folder);
    struct dirent *entry;
    ipl_status st = IPL_OK;

    if (!dir)
        return ipl_fail(err, IPL_E_IO, "%s: %s", folder, ipl_file_reason(errno));
    while (st == IPL_OK && (entry = readdir(dir))) {
        char path[IPL_PATH_MAX], inside[IPL_PATH_MAX];
        struct stat info;
        bool is_folder;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        st = ipl_path_join(path, folder, entry->d_name, err);
        if (st == IPL_OK)
            st = ipl_path_join(inside, below, entry->d_name, err);
        if (st != IPL_OK || lstat(path, &info) != 0)
            continue;
        is_folder = S_ISDIR(info.st_mode);
        if (is_folder && (depth == DEPTH_MAX || !is_ours(inside, true)))
            st = refuse_foreign(path, inside, true, err);
        else if (is_folder)
            st = walk(path, inside, depth + 1, visit, err);
        else if (!S_ISREG(info.st_mode))
            st = refuse_foreign(path, "", false, err); /* a link, a pipe */
        if (st == IPL_OK)
            st = visit(path, inside, is_folder, err);
    }
    (void)closedir(dir);
    return st;
}

/* Whether a folder is the current one or above it. */
static bool is_above_us(const char *folder)
{
    char up[IPL_PATH_MAX] = ".";
    struct stat wanted, here, before = {0};

    if (stat(folder, &wanted) != 0)
        return false;
    while (strlen(up) + 4 < sizeof up && stat(up, &here) == 0) {
        if (here.st_dev == wanted.st_dev && here.st_ino == wanted.st_ino)
            return true;
        if (here.st_dev == before.st_dev && here.st_ino == before.st_ino)
            break; /* the root is its own parent */
        before = here;
        memcpy(up + strlen(up), "/..", 4);
    }
    return false;
}

ipl_status ipl_run_files_remove(const char *folder, ipl_error *err)
{
    ipl_status st = IPL_OK;

    if (is_above_us(folder))
        st =
            ipl_fail(err, IPL_E_CANTCREATE,
                     "%s: the current folder or one above it is not replaced; give another "
                     "--out",
                     folder);
    if (st == IPL_OK)
        st = walk(folder, "", 0, refuse_foreign, err);
    return st == IPL_OK ? walk(folder, "", 0, remove_one, err) : st;
}
