/**
 * Guarded folders: a run's folder may come from a stranger, and may be removed and made again
 * while a process works in it. Below a guarded folder this process
 *
 * - follows no symbolic link, of a file or of a folder;
 * - writes to regular files that have no other name (hard link);
 * - while the folder is held: reaches files through its descriptor, and none when another
 *   folder, or none, stands at its path.
 *
 *     ipl_status st = ipl_guard_hold("results/demo", err);
 *     ...                                     every function of base/file.h obeys
 *     ipl_guard_release("results/demo");
 *
 * The path of the folder itself may lead through links (results/latest). Paths below it are
 * recognised by their beginning, as ipl_path_join() makes them. Safe in several threads.
 */
#ifndef IPL_GUARD_H
#define IPL_GUARD_H

#include "ipl/status.h"

#include <dirent.h>
#include <stdbool.h>

/** Guard a folder, which need not exist, for the life of the process; IPL_E_NOMEM. */
ipl_status ipl_guard(const char *folder, ipl_error *err) IPL_NODISCARD;

/**
 * Guard a folder and hold it open. Holding it again holds what stands there now.
 *
 * errors  IPL_E_NOINPUT  it is no folder or cannot be opened; IPL_E_NOMEM
 */
ipl_status ipl_guard_hold(const char *folder, ipl_error *err) IPL_NODISCARD;

/** Close a folder that is held; it stays guarded. One that is not held is allowed. */
void ipl_guard_release(const char *folder);

/** Whether a path is not below a folder that is held, or that folder still stands there. */
bool ipl_guard_intact(const char *path);

/**
 * Open a regular file, with flags | O_CLOEXEC and mode 0666; tried again when a signal
 * interrupts it. Waits for nothing: not for the other end of a pipe, not for a device. With
 * O_NOFOLLOW a file that has another name (a hard link) is not opened for writing either.
 *
 * returns  a descriptor, or -1 with errno, which ipl_file_reason() puts into words
 */
int ipl_file_open(const char *path, int flags);

/**
 * Whether a rename may put a file in the place of path: nothing, a regular file, or a symbolic
 * link to one stands there. A device, a pipe, a socket, a folder and what /dev/stdout is do
 * not; a rename would take their name from them.
 *
 * returns  0, or -1 with errno as above
 */
int ipl_file_check_replaceable(const char *path);

/** opendir(), and the calls of that name, with errno as above. */
DIR *ipl_folder_open(const char *path);
int ipl_folder_make(const char *path);
int ipl_file_rename(const char *from, const char *to);
int ipl_file_unlink(const char *path);
int ipl_folder_unlink(const char *path);

/** strerror(), and what these functions mean by their own codes. */
const char *ipl_file_reason(int code);

/** The kind of fault that a failed open for reading is: IPL_E_NOINPUT, or IPL_E_FORMAT. */
ipl_status ipl_file_open_fault(int code);

#endif /* IPL_GUARD_H */
