#include "run/data_check.h"

#include "base/alloc.h"
#include "base/file.h"

#include <stdio.h>
#include <string.h>

enum { RECORD_MAX = 1 << 26, DIGITS = 64 };

/* The next hash of the list that ends at `end`; NULL: there is none. */
static const char *next_hash(const char **at, const char *end)
{
    static const char key[] = "\"sha256\": \"";
    const char *hash = strstr(*at, key);

    if (!hash || hash > end)
        return NULL;
    hash += sizeof key - 1;
    *at = hash;
    return hash;
}

/* Path of the first file that differs, "another number of files", or NULL. */
static const char *first_difference(const char *record, const ipl_data_info *data)
{
    const char *at = strstr(record, "\n  \"data\": ["), *end;
    bool more;

    if (!at)
        return NULL;
    end = strstr(at, "],\n  \""); /* that of the list: every file has a line of its own */
    if (!end)
        return NULL;
    for (size_t i = 0; i < data->n_files; i++) {
        const char *hash = next_hash(&at, end);

        if (!hash)
            return "another number of files";
        if (strncmp(hash, data->files[i].sha256, DIGITS) != 0)
            return data->files[i].path;
    }
    more = next_hash(&at, end) != NULL;
    return more ? "another number of files" : NULL;
}

ipl_status ipl_data_check(char changed[IPL_DATA_CHANGED_MAX], const char *run,
                          ipl_dataset *ds, bool allow, ipl_error *err)
{
    const ipl_data_info *data = ipl_dataset_info(ds);
    char path[IPL_PATH_MAX], *record = NULL;
    const char *difference;
    size_t len;
    ipl_status st = ipl_path_join(path, run, "run.json", err);

    changed[0] = '\0';
    if (st != IPL_OK || !ipl_file_exists(path))
        return st;
    st = ipl_file_read(&record, &len, path, RECORD_MAX, err);
    if (st == IPL_OK)
        st = ipl_dataset_hash(ds, err);
    difference = st == IPL_OK ? first_difference(record, data) : NULL;
    if (difference && allow)
        (void)snprintf(changed, IPL_DATA_CHANGED_MAX,
                       "the data has changed since %.150s was trained: %.200s", run,
                       difference);
    else if (difference)
        st = ipl_fail(
            err, IPL_E_FORMAT,
            "%.150s: the data has changed since training: %.200s; bring it back, or "
            "give --allow-changed-data",
            run, difference);
    ipl_free(record);
    return st;
}
