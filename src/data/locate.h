/**
 * Where the files of a data set are looked for: the folders of $INFOPLANE_DATASETS, then
 * datasets/ of the current folder, beside the program, and where the distribution puts them.
 */
#ifndef IPL_LOCATE_H
#define IPL_LOCATE_H

#include "base/file.h"
#include "ipl/status.h"

#include <stdbool.h>
#include <stddef.h>

/** The files one data set needs, each plain or with ".gz" behind its name. */
typedef struct ipl_wanted {
    const char *name;         /* of the data set and of its folder: "mnist" */
    const char *const *files; /* without ".gz" */
    size_t n_files;
    const char *remedy; /* "run 'scripts/fetch_datasets.sh mnist'" */
} ipl_wanted;

/**
 * Write candidate folder i for data set `name` (IPL_PATH_MAX bytes), "" for one that does
 * not apply here; false past the last.
 */
bool ipl_data_folder(char *out, size_t i, const char *name);

/**
 * Find every file of a data set, all in one folder: `folder` if it is not "", otherwise the
 * first candidate that has them all.
 *
 * shapes  paths (want->n_files), written
 * errors  IPL_E_NOINPUT  no folder has them all; the message says what is missing, where it
 *                        was looked for and how to get it
 */
ipl_status ipl_data_locate(char (*paths)[IPL_PATH_MAX], const ipl_wanted *want,
                           const char *folder, ipl_error *err) IPL_NODISCARD;

#endif /* IPL_LOCATE_H */
