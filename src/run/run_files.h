/** The files that a run, and the commands that look at it, write below its folder. */
#ifndef IPL_RUN_FILES_H
#define IPL_RUN_FILES_H

#include "ipl/status.h"

/**
 * Remove what was written below the folder of a run, by name; the folder stays, with the file
 * of its lock.
 *
 * errors  IPL_E_CANTCREATE  it is the current folder or one above it, or holds something that
 *                           is none of these files: the message names it, and nothing was
 *                           removed
 *         IPL_E_IO          a file could not be removed
 */
ipl_status ipl_run_files_remove(const char *folder, ipl_error *err) IPL_NODISCARD;

#endif /* IPL_RUN_FILES_H */
