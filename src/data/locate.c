#include "data/locate.h"

#include "base/program.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Number of entries of a list with colons, 0 for NULL or "". */
static size_t list_length(const char *list)
{
    size_t n = 1;

    if (!list || *list == '\0')
        return 0;
    for (; *list != '\0'; list++)
        n += *list == ':';
    return n;
}

/* Entry i of a list with colons; "" when it is too long. */
static void list_entry(char *out, const char *list, size_t i)
{
    for (; i > 0; i--)
        list += strcspn(list, ":") + 1;
    if (ipl_text_copy(out, IPL_PATH_MAX, list, strcspn(list, ":"), "", NULL) != IPL_OK)
        *out = '\0';
}

/* Root i of the data sets, after those of the environment; false past the last. */
static bool fixed_root(char *out, size_t i)
{
    /* In a build tree the program is build/<mode>/infoplane, two levels below datasets/. */
    static const struct {
        int above_program; /* levels; 0: not by the program */
        const char *folder;
    } roots[] = {{0, "datasets"},
                 {1, "datasets"},
                 {3, "datasets"},
                 {2, "share/infoplane/datasets"},
                 {0, "/usr/local/share/datasets"},
                 {0, "/usr/share/datasets"}};
    char program[IPL_PATH_MAX];

    *out = '\0';
    if (i >= sizeof roots / sizeof roots[0])
        return false;
    if (roots[i].above_program == 0)
        (void)snprintf(out, IPL_PATH_MAX, "%s", roots[i].folder);
    else if (ipl_program_folder(program, roots[i].above_program) &&
             ipl_path_join(out, program, roots[i].folder, NULL) != IPL_OK)
        *out = '\0';
    return true;
}

bool ipl_data_folder(char *out, size_t i, const char *name)
{
    const char *list = getenv("INFOPLANE_DATASETS");
    const size_t n_listed = list_length(list);
    char root[IPL_PATH_MAX];

    *out = '\0';
    if (list && i < n_listed)
        list_entry(root, list, i);
    else if (!fixed_root(root, i - n_listed))
        return false;
    if (*root != '\0' && ipl_path_join(out, root, name, NULL) != IPL_OK)
        *out = '\0';
    return true;
}

/* Path of one file in folder, plain or compressed, x-idx3-ubyte also as x.idx3-ubyte, the
 * name that some programs unpack it to; false when none is there. */
static bool find_file(char *out, const char *folder, const char *file)
{
    const char *idx = strstr(file, "-idx");

    for (int dotted = 0; dotted <= (idx ? 1 : 0); dotted++)
        for (int packed = 0; packed <= 1; packed++) {
            char name[256];

            (void)snprintf(name, sizeof name, "%s%s", file, packed ? ".gz" : "");
            if (dotted)
                name[idx - file] = '.';
            if (ipl_path_join(out, folder, name, NULL) == IPL_OK && ipl_file_exists(out))
                return true;
        }
    return false;
}

/* Look for all files in folder; returns how many are missing and lists them. */
static size_t find_files(char (*paths)[IPL_PATH_MAX], ipl_text *missing,
                         const ipl_wanted *want, const char *folder)
{
    size_t n = 0;

    ipl_text_clear(missing);
    for (size_t i = 0; i < want->n_files; i++)
        if (*folder == '\0' || !find_file(paths[i], folder, want->files[i]))
            ipl_text_add(missing, "%s%s", n++ ? ", " : "", want->files[i]);
    return n;
}

static ipl_status locate_in(char (*paths)[IPL_PATH_MAX], const ipl_wanted *want,
                            const char *folder, ipl_error *err)
{
    ipl_text missing = {0};
    ipl_status st = IPL_OK;

    if (!ipl_file_is_folder(folder))
        return ipl_fail(err, IPL_E_NOINPUT, "%s: no such folder; %s", folder, want->remedy);
    if (find_files(paths, &missing, want, folder) > 0)
        st = ipl_fail(err, IPL_E_NOINPUT, "%.200s: no %s (plain or .gz) there; %s", folder,
                      missing.s ? missing.s : "files", want->remedy);
    ipl_text_release(&missing);
    return st;
}

ipl_status ipl_data_locate(char (*paths)[IPL_PATH_MAX], const ipl_wanted *want,
                           const char *folder, ipl_error *err)
{
    ipl_text missing = {0}, lacking = {0};
    char candidate[IPL_PATH_MAX];
    ipl_status st = IPL_OK;

    if (*folder != '\0')
        return locate_in(paths, want, folder, err);
    for (size_t i = 0; ipl_data_folder(candidate, i, want->name); i++) {
        const size_t n = find_files(paths, &missing, want, candidate);

        if (n == 0)
            goto done;
        if (n < want->n_files && lacking.len == 0) /* some are there: say what is not */
            ipl_text_add(&lacking, "%.200s has no %s", candidate, missing.s);
    }
    if (lacking.len > 0)
        st = ipl_fail(err, IPL_E_NOINPUT, "%s; %s", lacking.s, want->remedy);
    else
        st = ipl_fail(
            err, IPL_E_NOINPUT,
            "%s: no %s (plain or .gz) in $INFOPLANE_DATASETS, datasets/%s (here or "
            "beside the program) or /usr/share/datasets/%s; %s",
            want->name, missing.s ? missing.s : "files", want->name, want->name,
            want->remedy);
done:
    ipl_text_release(&lacking);
    ipl_text_release(&missing);
    return st;
}
