/**
 * One writer for a folder: a lock on the file ".lock" in it, which ends with the process.
 *
 * Taken by flock(); where the file system has none (Lustre without its option, some NFS) by a
 * lock of fcntl(); where it has none of these either by the file ".lock-owner", which names
 * host, process and the time the process started, and is taken over when that process of this
 * host is gone. Where flock() works the folder itself is locked too, so that the lock holds
 * when somebody removes the file ".lock".
 */
#ifndef IPL_LOCK_H
#define IPL_LOCK_H

#include "base/file.h"

typedef struct ipl_lock {
    int fd;           /* of ".lock"; -1: not by a lock on it */
    int folder_fd;    /* of the folder, locked by flock(); -1: that does not work there */
    const char *kind; /* "flock", "fcntl" or "file"; NULL: not held */
    char folder[IPL_PATH_MAX];
} ipl_lock;

/**
 * Take the lock of a folder.
 *
 * doing   what its holder does, for the message: "is writing this run"
 * errors  IPL_E_LOCKED      another process holds it
 *         IPL_E_CANTCREATE  the file cannot be opened
 *         IPL_E_IO          it cannot be locked in any of the ways above
 */
ipl_status ipl_lock_take(ipl_lock *out, const char *folder, const char *doing,
                         ipl_error *err) IPL_NODISCARD;

/** Give the lock back and remove its file; one that is not held is allowed. */
void ipl_lock_give(ipl_lock *lock);

/** Whether a process holds the lock of a folder. */
bool ipl_lock_is_held(const char *folder);

#endif /* IPL_LOCK_H */
