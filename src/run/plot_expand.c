#include "run/plot_expand.h"

#include "base/alloc.h"

#include <stdio.h>
#include <string.h>

/* Whether a path is a folder of runs; of anything else the reader of runs says what is wrong. */
static bool holds_runs(const char *path)
{
    ipl_runs runs;
    const char *const folders[] = {path};
    bool holds;

    if (!ipl_file_is_folder(path) || ipl_is_run(path))
        return false;
    holds = ipl_runs_find(&runs, folders, 1, NULL) == IPL_OK;
    ipl_runs_release(&runs);
    return holds;
}

/* Whether a run was asked for by its own path. */
static bool is_given(const char *path, const char *const *paths, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(paths[i], path) == 0)
            return true;
    return false;
}

/* Take the runs that were asked for, and of those that were found the ones worth drawing. */
static void choose(ipl_plot_paths *out, const char *const *paths, size_t n)
{
    size_t done = 0, left_out = 0;

    for (size_t i = 0; i < out->runs.n; i++)
        done += out->runs.list[i].state == IPL_RUN_DONE;
    for (size_t i = 0; i < out->runs.n; i++) {
        const ipl_found_run *run = &out->runs.list[i];

        if (is_given(run->path, paths, n) ||
            (done > 0 ? run->state == IPL_RUN_DONE : run->state != IPL_RUN_PENDING))
            out->list[out->n++] = run->path;
        else
            left_out++;
    }
    if (left_out > 0)
        (void)snprintf(out->note, sizeof out->note,
                       "%zu of %zu runs are not done and left out", left_out, out->runs.n);
}

ipl_status ipl_plot_expand(ipl_plot_paths *out, const char *const *paths, size_t n,
                           ipl_error *err)
{
    const char **found = ipl_array(n, 1, sizeof *found, err);
    size_t n_found = 0;
    ipl_status st = found ? IPL_OK : IPL_E_NOMEM;

    *out = (ipl_plot_paths){0};
    for (size_t i = 0; st == IPL_OK && i < n; i++) {
        const bool folder = holds_runs(paths[i]);

        out->expanded = out->expanded || folder;
        if (folder || ipl_is_run(paths[i]))
            found[n_found++] = paths[i];
    }
    if (st == IPL_OK && n_found > 0)
        st = ipl_runs_find(&out->runs, found, n_found, err);
    if (st == IPL_OK) {
        out->list = ipl_array(n + out->runs.n, 1, sizeof *out->list, err);
        st = out->list ? IPL_OK : IPL_E_NOMEM;
    }
    if (st == IPL_OK) {
        choose(out, paths, n);
        for (size_t i = 0; i < n; i++) /* their reader says what is wrong with the others */
            if (!is_given(paths[i], found, n_found))
                out->list[out->n++] = paths[i];
    } else {
        ipl_plot_paths_release(out);
    }
    ipl_free(found);
    return st;
}

void ipl_plot_paths_release(ipl_plot_paths *paths)
{
    ipl_free(paths->list);
    ipl_runs_release(&paths->runs);
    *paths = (ipl_plot_paths){0};
}
