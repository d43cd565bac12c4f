/** Files and folders: whole-file reads, atomic replacement, whole-row appends. */
#ifndef IPL_FILE_H
#define IPL_FILE_H

#include "ipl/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Longest path the program builds, with the final NUL. */
#define IPL_PATH_MAX 4096

/** Whether path exists, as anything. */
bool ipl_file_exists(const char *path);

/** Whether path is a folder. */
bool ipl_file_is_folder(const char *path);

/** Write "folder/name", or "name" for an empty folder, to out (IPL_PATH_MAX); IPL_E_ARG. */
ipl_status ipl_path_join(char *out, const char *folder, const char *name,
                         ipl_error *err) IPL_NODISCARD;

/**
 * Read a whole file, a NUL added behind it.
 *
 * owner   *out belongs to the caller, for ipl_free()
 * errors  IPL_E_NOINPUT  it does not exist, is a folder or may not be read
 *         IPL_E_FORMAT   it is longer than `limit` bytes
 *         IPL_E_IO       reading failed
 *         IPL_E_NOMEM
 */
ipl_status ipl_file_read(char **out, size_t *len, const char *path, size_t limit,
                         ipl_error *err) IPL_NODISCARD;

/**
 * Replace a file by len bytes, atomically: temporary file "<path>.tmp", checked writes,
 * fsync, rename, fsync of the folder. A reader sees the old content or the new.
 *
 * errors  IPL_E_CANTCREATE  the temporary file cannot be created
 *         IPL_E_IO          writing failed; the old content is untouched
 */
ipl_status ipl_file_replace(const char *path, const void *bytes, size_t len,
                            ipl_error *err) IPL_NODISCARD;

/** Copy a file atomically; errors of ipl_file_read() and ipl_file_replace(). */
ipl_status ipl_file_copy(const char *to, const char *from, ipl_error *err) IPL_NODISCARD;

/** A file that only grows, one write per row. */
typedef struct ipl_appender {
    int fd;          /* -1: not open */
    uint64_t length; /* bytes written so far */
    char path[IPL_PATH_MAX];
} ipl_appender;

/**
 * Open path for appending; `keep` bytes of what it holds stay, the rest is cut off
 * (0: start anew).
 *
 * errors  IPL_E_CANTCREATE, IPL_E_IO; IPL_E_FORMAT when it is shorter than `keep`
 */
ipl_status ipl_appender_open(ipl_appender *out, const char *path, uint64_t keep,
                             ipl_error *err) IPL_NODISCARD;

/** Append len bytes with one write; on IPL_E_IO a part that was written is cut off again. */
ipl_status ipl_appender_write(ipl_appender *file, const char *bytes, size_t len,
                              ipl_error *err) IPL_NODISCARD;

/** Flush to the disk and close; a file that is not open is allowed. */
ipl_status ipl_appender_close(ipl_appender *file, ipl_error *err) IPL_NODISCARD;

/** Create a folder and its parents; fine when it exists. IPL_E_CANTCREATE. */
ipl_status ipl_folder_create(const char *path, ipl_error *err) IPL_NODISCARD;

/** Remove a folder and everything below it; fine when it does not exist. IPL_E_IO. */
ipl_status ipl_folder_remove(const char *path, ipl_error *err) IPL_NODISCARD;

/**
 * Find a file that ships with the program ("presets/demo.ini", "plane.gp"): in
 * $INFOPLANE_SHARE, beside the executable in scripts/, in scripts/ of the current folder,
 * then where `make install` puts it.
 *
 * errors  IPL_E_NOINPUT  it is in none of them; the message lists where it was looked for
 */
ipl_status ipl_share_find(char *out, const char *name, ipl_error *err) IPL_NODISCARD;

/** SHA-256 of a file as 64 hexadecimal digits and a NUL (FIPS 180-4, by nettle). */
ipl_status ipl_file_sha256(char out[65], const char *path, ipl_error *err) IPL_NODISCARD;

/** SHA-256 of len bytes, in the same form. */
void ipl_bytes_sha256(char out[65], const void *bytes, size_t len);

#endif /* IPL_FILE_H */
