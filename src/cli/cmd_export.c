/* infoplane export: the parameters of a run as .npy files. */
#include "base/file.h"
#include "cli/command.h"
#include "cli/print.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

static const char details[] =
    "Writes <i>.weight.npy (dense: out x in) and <i>.bias.npy, i = index of the layer in "
    "the\n"
    "net's text; 'infoplane train --init npy:FOLDER' starts from such files.\n"
    "\n"
    "example:\n"
    "  infoplane export results/latest weights\n";

/* Copy one file of the run when it is an array; *n counts them. */
static ipl_status export_file(size_t *n, const char *to, const char *from, const char *name,
                              ipl_error *err)
{
    const size_t len = strlen(name);
    char source[IPL_PATH_MAX], target[IPL_PATH_MAX];
    ipl_status st;

    if (len < 4 || strcmp(name + len - 4, ".npy") != 0)
        return IPL_OK;
    st = ipl_path_join(source, from, name, err);
    if (st == IPL_OK)
        st = ipl_path_join(target, to, name, err);
    if (st == IPL_OK && ipl_file_exists(target))
        st = ipl_fail(err, IPL_E_CANTCREATE, "%s: exists; name an empty folder", target);
    if (st == IPL_OK)
        st = ipl_file_copy(target, source, err);
    *n += st == IPL_OK;
    return st;
}

static ipl_status run_export(void *self, const ipl_args *args, ipl_error *err)
{
    const char *run = args->words[0], *to = args->words[1];
    char from[IPL_PATH_MAX];
    struct dirent *entry;
    DIR *dir = NULL;
    size_t n = 0;
    ipl_status st = ipl_guard(run, err);

    (void)self;
    if (st == IPL_OK)
        st = ipl_path_join(from, run, "parameters", err);
    if (st != IPL_OK)
        return st;
    dir = ipl_folder_open(from);
    if (!dir && errno != ENOENT)
        return ipl_fail(err, ipl_file_open_fault(errno), "%s: %s", from,
                        ipl_file_reason(errno));
    if (!dir)
        return ipl_fail(err, IPL_E_NOINPUT,
                        "%s: no folder parameters; it is written when a run ends", run);
    st = ipl_folder_create(to, err);
    while (st == IPL_OK && (entry = readdir(dir)))
        st = export_file(&n, to, from, entry->d_name, err);
    (void)closedir(dir);
    if (st == IPL_OK)
        ipl_print("%zu arrays written to %s\n", n, to);
    return st;
}

const ipl_command ipl_cmd_export = {
    .name = "export",
    .summary = "write the parameters of a run as .npy files",
    .usage = "RUN FOLDER",
    .details = details,
    .min_words = 2,
    .max_words = 2,
    .size = 1,
    .run = run_export,
};
