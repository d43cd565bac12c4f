/* infoplane info: what a run directory holds. */
#include "base/alloc.h"
#include "base/file.h"
#include "cli/command.h"
#include "cli/print.h"
#include "run/run_dir.h"

#include <string.h>

enum { FILE_LIMIT = 1 << 28 };

/* Print a file of the run under a heading; one that is not there is passed over. */
static ipl_status print_file(const char *run, const char *name, ipl_error *err)
{
    char path[IPL_PATH_MAX], *bytes = NULL;
    size_t len;
    ipl_status st = ipl_path_join(path, run, name, err);

    if (st != IPL_OK || !ipl_file_exists(path))
        return st;
    st = ipl_file_read_text(&bytes, &len, path, FILE_LIMIT, err);
    if (st == IPL_OK)
        ipl_print("== %s ==\n%s\n", name, bytes);
    ipl_free(bytes);
    return st;
}

/* Rows of a table so far, without its header. */
static ipl_status print_rows(const char *run, const char *name, ipl_error *err)
{
    char path[IPL_PATH_MAX], *bytes = NULL;
    size_t len, rows = 0;
    ipl_status st = ipl_path_join(path, run, name, err);

    if (st == IPL_OK)
        st = ipl_file_read_text(&bytes, &len, path, FILE_LIMIT, err);
    if (st != IPL_OK)
        return st;
    for (size_t i = 0; i < len; i++)
        rows += bytes[i] == '\n';
    ipl_print("%-16s %zu rows\n", name, rows > 0 ? rows - 1 : 0);
    ipl_free(bytes);
    return st;
}

static ipl_status run_info(void *self, const ipl_args *args, ipl_error *err)
{
    static const char *const tables[] = {"training.csv", "information.csv", "layers.csv"};
    const char *run = args->words[0];
    ipl_status st = ipl_run_dir_check(run, err);

    (void)self;
    if (st == IPL_OK)
        st = print_file(run, "experiment.ini", err);
    if (st == IPL_OK)
        st = print_file(run, "run.json", err);
    if (st == IPL_OK)
        st = print_file(run, "summary.txt", err);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0] && st == IPL_OK; i++)
        st = print_rows(run, tables[i], err);
    return st;
}

const ipl_command ipl_cmd_info = {
    .name = "info",
    .summary = "print what a run directory holds",
    .usage = "RUN",
    .min_words = 1,
    .max_words = 1,
    .size = 1,
    .run = run_info,
};
