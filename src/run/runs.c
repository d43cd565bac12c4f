#include "run/runs.h"

#include "base/alloc.h"
#include "base/text.h"
#include "run/plot_run.h"
#include "run/run_dir.h"
#include "run/table.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH_MAX = 8, JOBS_BYTES_MAX = 1 << 26 };

static const char *const state_names[] = {
    [IPL_RUN_PENDING] = "pending",
    [IPL_RUN_RUNNING] = "running",
    [IPL_RUN_INTERRUPTED] = "interrupted",
    [IPL_RUN_STOPPED] = "stopped",
    [IPL_RUN_FAILED] = "failed",
    [IPL_RUN_DIVERGED] = "diverged",
    [IPL_RUN_DONE] = "done",
};
_Static_assert(sizeof state_names / sizeof state_names[0] == IPL_RUN_STATES,
               "every state has a name");

const char *ipl_run_state_name(ipl_run_state state)
{
    return (unsigned)state < IPL_RUN_STATES ? state_names[state] : "unknown";
}

static bool has_file(const char *folder, const char *name)
{
    char path[IPL_PATH_MAX];

    return ipl_path_join(path, folder, name, NULL) == IPL_OK && ipl_file_exists(path);
}

bool ipl_is_run(const char *folder)
{
    return has_file(folder, "experiment.ini") && has_file(folder, "information.csv");
}

/* The state that a line of run.json gives, IPL_RUN_STATES for none. */
static ipl_run_state state_in(const char *line)
{
    static const char key[] = "  \"state\": \"";

    if (strncmp(line, key, sizeof key - 1) != 0)
        return IPL_RUN_STATES;
    line += sizeof key - 1;
    for (size_t s = 0; s < IPL_RUN_STATES; s++) {
        const size_t len = strlen(state_names[s]);

        if (strncmp(line, state_names[s], len) == 0 && line[len] == '"')
            return (ipl_run_state)s;
    }
    return IPL_RUN_STATES;
}

/* The state that run.json gives; without one the run did not come to write it. */
static ipl_run_state recorded_state(const char *folder)
{
    char path[IPL_PATH_MAX], line[512];
    ipl_run_state state = IPL_RUN_STATES;
    bool begins = true; /* a line is read in parts when it is long */
    FILE *fp = NULL;

    if (ipl_path_join(path, folder, "run.json", NULL) != IPL_OK ||
        ipl_file_stream(&fp, path, NULL) != IPL_OK)
        return IPL_RUN_INTERRUPTED;
    while (state == IPL_RUN_STATES && fgets(line, sizeof line, fp)) {
        if (begins)
            state = state_in(line);
        begins = strchr(line, '\n') != NULL;
    }
    (void)fclose(fp); /* read only: nothing to lose */
    return state == IPL_RUN_STATES ? IPL_RUN_INTERRUPTED : state;
}

ipl_run_state ipl_run_state_of(const char *folder)
{
    ipl_run_state state;

    if (!has_file(folder, "experiment.ini"))
        return IPL_RUN_PENDING;
    if (ipl_run_dir_is_locked(folder))
        return IPL_RUN_RUNNING;
    state = recorded_state(folder);
    return state == IPL_RUN_RUNNING ? IPL_RUN_INTERRUPTED : state;
}

/* A copy of a text, owned by the caller. */
static char *keep(const char *text, ipl_error *err)
{
    const size_t size = strlen(text) + 1;
    char *copy = ipl_array(size, 1, 1, err);

    if (copy)
        memcpy(copy, text, size);
    return copy;
}

ipl_place ipl_place_of(const char *path)
{
    struct stat info;

    if (stat(path, &info) != 0)
        return (ipl_place){0};
    return (ipl_place){.device = info.st_dev, .inode = info.st_ino, .known = true};
}

static bool same_place(ipl_place a, ipl_place b)
{
    return a.known && b.known && a.device == b.device && a.inode == b.inode;
}

ipl_status ipl_paths_once(const char ***out, size_t *n, const char *const *paths,
                          size_t n_paths, ipl_error *err)
{
    ipl_place *places = ipl_array(n_paths + 1, 1, sizeof *places, err);

    *n = 0;
    *out = places ? ipl_array(n_paths + 1, 1, sizeof **out, err) : NULL;
    for (size_t i = 0; *out && i < n_paths; i++) {
        size_t k = 0;

        places[*n] = ipl_place_of(paths[i]);
        while (k < *n && !same_place(places[k], places[*n]))
            k++;
        if (k == *n)
            (*out)[(*n)++] = paths[i];
    }
    ipl_free(places);
    return *out ? IPL_OK : IPL_E_NOMEM;
}

static bool is_listed(const ipl_runs *runs, ipl_place place)
{
    for (size_t i = 0; i < runs->n; i++)
        if (same_place(runs->list[i].place, place))
            return true;
    return false;
}

static ipl_status add(ipl_runs *runs, const char *path, const char *experiment,
                      const char *name, ipl_error *err)
{
    ipl_place place = ipl_place_of(path);
    ipl_found_run *run;

    if (!place.known)
        place = ipl_place_of(experiment);
    runs->found++;
    if (is_listed(runs, place))
        return IPL_OK;

    if (runs->n == runs->capacity) {
        const size_t capacity = runs->capacity ? 2 * runs->capacity : 64;
        ipl_found_run *list = ipl_array(capacity, 1, sizeof *list, err);

        if (!list)
            return IPL_E_NOMEM;
        if (runs->n > 0)
            memcpy(list, runs->list, runs->n * sizeof *list);
        ipl_free(runs->list);
        runs->list = list;
        runs->capacity = capacity;
    }
    run = &runs->list[runs->n++];
    *run = (ipl_found_run){.path = keep(path, err),
                           .experiment = keep(experiment, err),
                           .name = keep(name, err),
                           .state = ipl_run_state_of(path),
                           .place = place};
    return run->path && run->experiment && run->name ? IPL_OK : IPL_E_NOMEM;
}

static ipl_status add_run(ipl_runs *runs, const char *path, const char *name,
                          ipl_error *err)
{
    char experiment[IPL_PATH_MAX];
    ipl_status st = ipl_guard(path, err);

    if (st == IPL_OK)
        st = ipl_path_join(experiment, path, "experiment.ini", err);
    return st == IPL_OK ? add(runs, path, experiment, name, err) : st;
}

/* One job of a list: its run, or else its experiment. */
static ipl_status add_job(ipl_runs *runs, const char *folder, const char *prefix,
                          const char *job, ipl_error *err)
{
    char path[IPL_PATH_MAX], experiments[IPL_PATH_MAX], experiment[IPL_PATH_MAX];
    char name[IPL_PATH_MAX];
    ipl_text file = {0};
    ipl_status st = ipl_path_join(path, folder, job, err);

    if (st == IPL_OK)
        st = ipl_path_join(name, prefix, job, err);
    if (st == IPL_OK && has_file(path, "experiment.ini"))
        return add_run(runs, path, name, err);
    ipl_text_add(&file, "%s.ini", job);
    if (st == IPL_OK)
        st = ipl_text_status(&file, err);
    if (st == IPL_OK)
        st = ipl_path_join(experiments, folder, "experiments", err);
    if (st == IPL_OK)
        st = ipl_path_join(experiment, experiments, file.s, err);
    if (st == IPL_OK && ipl_file_exists(experiment))
        st = add(runs, path, experiment, name, err);
    ipl_text_release(&file);
    return st;
}

/* Jobs that ended before they had a folder have failed: the log of the jobs knows. */
static void mark_failed(ipl_runs *runs, size_t first, const char *folder,
                        const char *prefix)
{
    char path[IPL_PATH_MAX];
    ipl_table *table;
    size_t job, status;

    if (ipl_path_join(path, folder, "jobs.csv", NULL) != IPL_OK || !ipl_file_exists(path) ||
        ipl_table_read(&table, path, NULL) != IPL_OK)
        return;
    for (size_t i = first; i < runs->n; i++) {
        ipl_found_run *run = &runs->list[i];
        const char *name = run->name + strlen(prefix) + (*prefix != '\0');

        for (size_t r = 0; run->state == IPL_RUN_PENDING && r < ipl_table_rows(table) &&
                           ipl_table_column(&job, table, "folder", NULL) == IPL_OK &&
                           ipl_table_column(&status, table, "exit_status", NULL) == IPL_OK;
             r++)
            if (strcmp(ipl_table_text(table, r, job), name) == 0 &&
                strcmp(ipl_table_text(table, r, status), "0") != 0)
                run->state = IPL_RUN_FAILED;
    }
    ipl_table_destroy(table);
}

static ipl_status add_jobs(ipl_runs *runs, const char *folder, const char *prefix,
                           ipl_error *err)
{
    const size_t first = runs->n;
    char path[IPL_PATH_MAX], *text = NULL, *next;
    size_t len;
    ipl_status st = ipl_path_join(path, folder, "jobs.txt", err);

    if (st == IPL_OK)
        st = ipl_file_read_text(&text, &len, path, JOBS_BYTES_MAX, err);
    for (char *line = text; st == IPL_OK && line && *line != '\0'; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        if (*line != '\0' && *line != '/' && !strstr(line, ".."))
            st = add_job(runs, folder, prefix, line, err);
    }
    ipl_free(text);
    if (st == IPL_OK)
        mark_failed(runs, first, folder, prefix);
    return st;
}

/* Names of the folders in a folder, in order; hidden ones and links are passed over. */
static ipl_status list_folders(char ***out, size_t *n, const char *folder, ipl_error *err)
{
    size_t capacity = 0;
    char **names = NULL;
    DIR *dir = ipl_folder_open(folder);
    struct dirent *entry;
    ipl_status st = IPL_OK;

    *n = 0;
    if (!dir)
        return ipl_fail(err, IPL_E_NOINPUT, "%s: %s", folder, strerror(errno));
    while (st == IPL_OK && (entry = readdir(dir))) {
        char path[IPL_PATH_MAX];
        struct stat info;

        if (entry->d_name[0] == '.' ||
            ipl_path_join(path, folder, entry->d_name, NULL) != IPL_OK ||
            lstat(path, &info) != 0 || !S_ISDIR(info.st_mode))
            continue;
        if (*n == capacity) {
            char **more = ipl_array(capacity ? 2 * capacity : 64, 1, sizeof *more, err);

            if (more && *n > 0)
                memcpy(more, names, *n * sizeof *more);
            capacity = capacity ? 2 * capacity : 64;
            if (more) {
                ipl_free(names);
                names = more;
            }
            st = more ? IPL_OK : IPL_E_NOMEM;
        }
        if (st == IPL_OK)
            names[*n] = keep(entry->d_name, err);
        st = st == IPL_OK && names[*n] ? IPL_OK : IPL_E_NOMEM;
        *n += st == IPL_OK;
    }
    (void)closedir(dir);
    *out = names;
    return st;
}

static int by_name(const void *a, const void *b)
{
    return ipl_natural_order(*(char *const *)a, *(char *const *)b);
}

/* Add the runs of a folder and of those in it, so many levels down. */
/* NOLINTNEXTLINE(misc-no-recursion): as deep as DEPTH_MAX */
static ipl_status search(ipl_runs *runs, const char *folder, const char *prefix, int depth,
                         ipl_error *err)
{
    char **names = NULL, path[IPL_PATH_MAX], name[IPL_PATH_MAX];
    size_t n = 0;
    ipl_status st = IPL_OK;

    if (ipl_is_run(folder))
        return add_run(runs, folder, prefix, err);
    if (has_file(folder, "jobs.txt"))
        return add_jobs(runs, folder, prefix, err);
    if (depth == 0)
        return IPL_OK;
    st = list_folders(&names, &n, folder, err);
    if (n > 0)
        qsort(names, n, sizeof *names, by_name);
    for (size_t i = 0; i < n && st == IPL_OK; i++) {
        st = ipl_path_join(path, folder, names[i], err);
        if (st == IPL_OK)
            st = ipl_path_join(name, prefix, names[i], err);
        if (st == IPL_OK)
            st = search(runs, path, name, depth - 1, err);
    }
    for (size_t i = 0; i < n; i++)
        ipl_free(names[i]);
    ipl_free(names);
    return st;
}

ipl_status ipl_runs_find(ipl_runs *out, const char *const *folders, size_t n,
                         ipl_error *err)
{
    ipl_runs runs = {0};
    ipl_status st = IPL_OK;

    *out = (ipl_runs){0};
    for (size_t i = 0; i < n && st == IPL_OK; i++) {
        const size_t before = runs.found;
        char label[IPL_LABEL_MAX] = "";

        if (!ipl_file_is_folder(folders[i])) {
            st = ipl_fail(err, IPL_E_NOINPUT, "%.300s: no such folder", folders[i]);
            break;
        }
        if (n > 1 || ipl_is_run(folders[i]))
            ipl_plot_label(label, sizeof label, folders[i]);
        st = search(&runs, folders[i], label, DEPTH_MAX, err);
        if (st == IPL_OK && runs.found == before)
            st = ipl_fail(err, IPL_E_NOINPUT, "%.300s: no run in this folder", folders[i]);
    }
    if (st == IPL_OK) {
        *out = runs;
        runs = (ipl_runs){0}; /* now the caller's */
    }
    ipl_runs_release(&runs);
    return st;
}

void ipl_runs_release(ipl_runs *runs)
{
    for (size_t i = 0; i < runs->n; i++) {
        ipl_free(runs->list[i].path);
        ipl_free(runs->list[i].experiment);
        ipl_free(runs->list[i].name);
    }
    ipl_free(runs->list);
    *runs = (ipl_runs){0};
}
