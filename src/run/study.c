#include "run/study.h"

#include "base/alloc.h"
#include "base/text.h"
#include "run/data_check.h"
#include "run/trainer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { INI_BYTES_MAX = 1 << 20, LIST_BYTES_MAX = 1 << 26 };

/* ---- the folder ---- */

/* First line in which two texts differ, for a message. */
static void first_difference(char *out, size_t size, const char *old, const char *new)
{
    while (*old != '\0' && *new != '\0') {
        const size_t n = strcspn(old, "\n"), m = strcspn(new, "\n");

        if (n != m || memcmp(old, new, n) != 0)
            break;
        old += n + (old[n] == '\n');
        new += m + (new[m] == '\n');
    }
    (void)snprintf(out, size, "it has '%.*s', not '%.*s'",
                   (int)(strcspn(old, "\n") < 60 ? strcspn(old, "\n") : 60), old,
                   (int)(strcspn(new, "\n") < 60 ? strcspn(new, "\n") : 60), new);
}

/* Write an experiment; one that is there must be the same unless force. */
static ipl_status write_experiment(const char *file, const ipl_text *text, bool force,
                                   ipl_error *err)
{
    char *old = NULL, difference[200];
    size_t len;
    ipl_status st = IPL_OK;

    if (ipl_file_exists(file) && !force) {
        st = ipl_file_read_text(&old, &len, file, INI_BYTES_MAX, err);
        if (st == IPL_OK && strcmp(old, text->s) != 0) {
            first_difference(difference, sizeof difference, old, text->s);
            st = ipl_fail(err, IPL_E_CANTCREATE,
                          "%s: another experiment of this name: %s; give another --out, or "
                          "--force to replace it",
                          file, difference);
        }
        ipl_free(old);
        return st;
    }
    return ipl_file_replace(file, text->s, text->len, err);
}

/* "folder/experiments/name.ini", whose folder is created. */
static ipl_status experiment_path(char *out, const char *folder, const char *name,
                                  ipl_error *err)
{
    char experiments[IPL_PATH_MAX];
    ipl_text file = {0};
    char *slash;
    ipl_status st = ipl_path_join(experiments, folder, "experiments", err);

    ipl_text_add(&file, "%s.ini", name);
    if (st == IPL_OK)
        st = ipl_text_status(&file, err);
    if (st == IPL_OK)
        st = ipl_path_join(out, experiments, file.s, err);
    ipl_text_release(&file);
    if (st != IPL_OK)
        return st;
    slash = strrchr(out, '/');
    *slash = '\0';
    st = ipl_folder_create(out, err);
    *slash = '/';
    return st;
}

/* One point: its experiment on the disk, its job in the list. */
static ipl_status add_job(ipl_study *study, ipl_experiment *exp, const ipl_experiment *base,
                          const ipl_grid *grid, size_t point, ipl_error *err)
{
    ipl_study_job *job = &study->jobs[study->n];
    char path[IPL_PATH_MAX];
    ipl_text name = {0}, text = {0};
    ipl_status st;

    *exp = *base;
    st = ipl_grid_apply(exp, grid, point, err);
    if (st != IPL_OK)
        return st;
    ipl_grid_print_name(&name, grid, point);
    ipl_experiment_print(&text, exp);
    st = ipl_text_status(&name, err);
    if (st == IPL_OK)
        st = ipl_text_status(&text, err);
    if (st == IPL_OK)
        st = experiment_path(path, study->path, name.s, err);
    if (st == IPL_OK)
        st = write_experiment(path, &text, study->force, err);
    if (st == IPL_OK)
        st = ipl_path_join(path, study->path, name.s, err);
    if (st == IPL_OK) {
        *job = (ipl_study_job){.name = name.s, .state = ipl_run_state_of(path)};
        name = (ipl_text){0}; /* now the job's */
        study->n++;
    }
    ipl_text_release(&text);
    ipl_text_release(&name);
    return st;
}

/* Line of a name in a list, counted from 1; 0: it is not there. *n: how many lines. */
static size_t find_line(size_t *n, const char *list, const char *name)
{
    const size_t len = strlen(name);
    size_t found = 0;

    *n = 0;
    for (const char *line = list; *line != '\0';) {
        const size_t whole = strcspn(line, "\n");

        ++*n;
        if (whole == len && memcmp(line, name, len) == 0)
            found = *n;
        line += whole + (line[whole] == '\n');
    }
    return found;
}

/* Put the jobs into jobs.txt behind those that are there, and note their lines. */
static ipl_status write_list(ipl_study *study, ipl_error *err)
{
    char path[IPL_PATH_MAX], *old = NULL;
    ipl_text list = {0};
    size_t len, n, lines = 0;
    ipl_status st = ipl_path_join(path, study->path, "jobs.txt", err);

    if (st == IPL_OK && ipl_file_exists(path))
        st = ipl_file_read_text(&old, &len, path, LIST_BYTES_MAX, err);
    if (st != IPL_OK)
        return st;
    ipl_text_add(&list, "%s", old ? old : "");
    if (old)
        (void)find_line(&lines, old, "");
    for (size_t i = 0; i < study->n; i++) {
        study->jobs[i].line = old ? find_line(&n, old, study->jobs[i].name) : 0;
        if (study->jobs[i].line > 0)
            continue;
        ipl_text_add(&list, "%s\n", study->jobs[i].name);
        study->jobs[i].line = ++lines;
    }
    st = ipl_text_status(&list, err);
    if (st == IPL_OK)
        st = ipl_file_replace(path, list.s, list.len, err);
    ipl_text_release(&list);
    ipl_free(old);
    return st;
}

/* Whether a point is the one before but for the seed; *before becomes its text. */
static ipl_status differs_by_seed(bool *same, ipl_text *before, const ipl_experiment *exp,
                                  ipl_error *err)
{
    ipl_text now = {0};
    ipl_status st;

    for (const ipl_opt *row = ipl_experiment_opts; row->name; row++)
        if (strcmp(row->name, "seed") != 0) {
            ipl_opt_print(&now, exp, row);
            ipl_text_add(&now, "\n");
        }
    st = ipl_text_status(&now, err);
    *same = before->s && now.s && strcmp(before->s, now.s) == 0;
    ipl_text_release(before);
    *before = now;
    return st;
}

/* Where the run of a point is, and whether it has to be made. */
static ipl_status place_of_point(char path[IPL_PATH_MAX], bool *is_open,
                                 const ipl_study *study, const ipl_grid *grid, size_t point,
                                 ipl_error *err)
{
    ipl_study_job job = {0};
    ipl_text name = {0};
    ipl_status st;

    ipl_grid_print_name(&name, grid, point);
    st = ipl_text_status(&name, err);
    if (st == IPL_OK)
        st = ipl_path_join(path, study->path, name.s, err);
    ipl_text_release(&name);
    if (st != IPL_OK)
        return st;
    job.state = ipl_run_state_of(path);
    *is_open = ipl_study_is_open(study, &job);
    return IPL_OK;
}

/*
 * Check what a run of one point would find before it begins; of one that is done, that it was
 * trained on the same data. A point that differs from the one before by the seed alone is
 * right with it.
 */
static ipl_status check_point(ipl_train_checks *checks, const ipl_study *study,
                              const ipl_experiment *exp, const ipl_grid *grid, size_t point,
                              bool same, ipl_error *err)
{
    char path[IPL_PATH_MAX], changed[IPL_DATA_CHANGED_MAX];
    ipl_error why = {0};
    bool is_open;
    ipl_status st = place_of_point(path, &is_open, study, grid, point, err);

    if (st != IPL_OK)
        return st;
    if (!same)
        st = ipl_train_check(checks, exp, path, &why);
    if (st != IPL_OK) {
        const char *name = path + strlen(study->path);

        return ipl_fail(err, st, "run %s: %s", name + strspn(name, "/"), why.msg);
    }
    if (is_open)
        return IPL_OK;
    st = ipl_data_check(changed, path, checks->ds, true, err);
    return st == IPL_OK && changed[0] != '\0'
               ? ipl_fail(
                     err, IPL_E_FORMAT,
                     "%s; bring it back, or give another --out, or --force to make all "
                     "runs anew",
                     changed)
               : st;
}

/*
 * Everything is right before anything is written: the values, and the runs that they make. A
 * study of which all is done needs its data no more.
 */
static ipl_status check_points(const ipl_study *study, ipl_experiment *exp,
                               const ipl_experiment *base, const ipl_grid *grid,
                               ipl_error *err)
{
    ipl_train_checks checks = {0};
    ipl_text before = {0};
    bool any_open = false;
    ipl_status st = IPL_OK;

    for (size_t i = 0; i < grid->n_points && st == IPL_OK; i++) {
        char path[IPL_PATH_MAX];
        bool is_open = false;

        *exp = *base;
        st = ipl_grid_apply(exp, grid, i, err);
        if (st == IPL_OK)
            st = place_of_point(path, &is_open, study, grid, i, err);
        any_open = any_open || is_open;
    }
    for (size_t i = 0; any_open && i < grid->n_points && st == IPL_OK; i++) {
        bool same = false;

        *exp = *base;
        st = ipl_grid_apply(exp, grid, i, err);
        if (st == IPL_OK)
            st = differs_by_seed(&same, &before, exp, err);
        if (st == IPL_OK)
            st = check_point(&checks, study, exp, grid, i, same, err);
    }
    ipl_text_release(&before);
    ipl_train_checks_release(&checks);
    return st;
}

ipl_status ipl_study_create(ipl_study *out, const char *path, const ipl_experiment *base,
                            const ipl_grid *grid, bool force, ipl_error *err)
{
    ipl_experiment *exp = ipl_array(1, 1, sizeof *exp, err);
    ipl_study study = {.force = force};
    ipl_status st = exp ? IPL_OK : IPL_E_NOMEM;

    *out = (ipl_study){0};
    if (st == IPL_OK)
        st = ipl_text_copy(study.path, sizeof study.path, path, strlen(path), "path", err);
    if (st == IPL_OK)
        st = ipl_guard(path, err);
    if (st == IPL_OK && ipl_is_run(path))
        st = ipl_fail(err, IPL_E_CANTCREATE,
                      "%s: is a single run; give another --out for the study", path);
    if (st == IPL_OK)
        st = check_points(&study, exp, base, grid, err);
    study.jobs = ipl_array(grid->n_points, 1, sizeof *study.jobs, err);
    if (!study.jobs)
        st = IPL_E_NOMEM;
    for (size_t i = 0; i < grid->n_points && st == IPL_OK; i++)
        st = add_job(&study, exp, base, grid, i, err);
    if (st == IPL_OK)
        st = write_list(&study, err);
    if (st == IPL_OK) {
        *out = study;
        study = (ipl_study){0}; /* now the caller's */
    }
    ipl_study_release(&study);
    ipl_free(exp);
    return st;
}

void ipl_study_release(ipl_study *study)
{
    for (size_t i = 0; i < study->n; i++)
        ipl_free(study->jobs[i].name);
    ipl_free(study->jobs);
    *study = (ipl_study){0};
}

void ipl_study_share(size_t *at_once, size_t *threads, size_t jobs, size_t processors)
{
    if (*at_once == 0)
        *at_once = *threads > 0 ? processors / *threads : processors;
    if (*at_once > jobs)
        *at_once = jobs;
    if (*at_once == 0)
        *at_once = 1;
    if (*threads == 0)
        *threads = processors / *at_once;
    if (*threads == 0)
        *threads = 1;
}

size_t ipl_study_n_open(const ipl_study *study)
{
    size_t n = 0;

    for (size_t i = 0; i < study->n; i++)
        n += ipl_study_is_open(study, &study->jobs[i]);
    return n;
}
