/** Files and folders: whole-file reads, atomic replacement, whole-row appends. */
#ifndef IPL_FILE_H
#define IPL_FILE_H

#include "base/guard.h"
#include "base/text.h"
#include "ipl/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

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
 * errors  IPL_E_NOINPUT  it does not exist, is no regular file or may not be read
 *         IPL_E_FORMAT   it is longer than `limit` bytes, or a link inside a run
 *         IPL_E_IO       reading failed
 *         IPL_E_NOMEM
 */
ipl_status ipl_file_read(char **out, size_t *len, const char *path, size_t limit,
                         ipl_error *err) IPL_NODISCARD;

/**
 * The same for a text: a byte order mark of UTF-8 before it is left out.
 *
 * errors  those of ipl_file_read(); IPL_E_FORMAT for UTF-16, by its byte order mark
 */
ipl_status ipl_file_read_text(char **out, size_t *len, const char *path, size_t limit,
                              ipl_error *err) IPL_NODISCARD;

/**
 * Open a regular file as a stream for reading.
 *
 * owner   *out is for fclose(); NULL on error
 * errors  IPL_E_NOINPUT, IPL_E_FORMAT as above
 */
ipl_status ipl_file_stream(FILE **out, const char *path, ipl_error *err) IPL_NODISCARD;

/**
 * Read the first len bytes of a file into out.
 *
 * errors  IPL_E_NOINPUT  it does not exist; IPL_E_FORMAT  it is shorter; IPL_E_IO
 */
ipl_status ipl_file_read_head(char *out, size_t len, const char *path,
                              ipl_error *err) IPL_NODISCARD;

/**
 * Read at most len bytes of a regular file from an offset on; *got is less at its end.
 *
 * errors  IPL_E_NOINPUT  it does not exist, or is no regular file; IPL_E_IO
 */
ipl_status ipl_file_read_part(char *out, size_t *got, size_t len, const char *path,
                              uint64_t offset, ipl_error *err) IPL_NODISCARD;

/**
 * Replace a file by len bytes, atomically: temporary file "<path>.tmp", checked writes,
 * fsync, rename, fsync of the folder. A reader sees the old content or the new.
 *
 * errors  IPL_E_CANTCREATE  the temporary file cannot be created
 *         IPL_E_IO          writing failed; the old content is untouched
 */
ipl_status ipl_file_replace(const char *path, const void *bytes, size_t len,
                            ipl_error *err) IPL_NODISCARD;

/**
 * Write a text as folder/name, in place of what was there: ipl_file_replace() with its errors.
 *
 * errors  IPL_E_NOMEM  an addition to the text was lost; IPL_E_ARG  the path is too long
 */
ipl_status ipl_file_write_text(const ipl_text *text, const char *folder, const char *name,
                               ipl_error *err) IPL_NODISCARD;

/**
 * Make way for a file that another program will write: a symbolic or hard link is removed,
 * never what it leads to; a regular file of one name stays.
 *
 * errors  IPL_E_CANTCREATE  it is a folder, a pipe or a device (ipl_file_check_replaceable()), or
 *                           its folder is a link below a guarded one
 *         IPL_E_IO          it cannot be removed
 */
ipl_status ipl_file_make_way(const char *path, ipl_error *err) IPL_NODISCARD;

/** Copy a file atomically; errors of ipl_file_read() and ipl_file_replace(). */
ipl_status ipl_file_copy(const char *to, const char *from, ipl_error *err) IPL_NODISCARD;

/** The beginning of a file: how long, and its CRC-32. */
typedef struct ipl_file_mark {
    uint64_t length;
    uint32_t crc;
} ipl_file_mark;

/**
 * A file that is written piece by piece and takes its place all at once:
 *
 *     ipl_file_writer w;
 *     ipl_status st = ipl_file_writer_open(&w, path, err);
 *
 *     if (st == IPL_OK)
 *         st = ipl_file_writer_add(&w, bytes, len, err);
 *     st = ipl_file_writer_close(&w, NULL, st, err);
 */
typedef struct ipl_file_writer {
    int fd;             /* of the temporary file "<path>.tmp"; -1: none */
    ipl_file_mark mark; /* of what was written so far */
    char path[IPL_PATH_MAX];
} ipl_file_writer;

/** Start writing; IPL_E_CANTCREATE. */
ipl_status ipl_file_writer_open(ipl_file_writer *out, const char *path,
                                ipl_error *err) IPL_NODISCARD;

/** Append len bytes; IPL_E_IO. */
ipl_status ipl_file_writer_add(ipl_file_writer *w, const void *bytes, size_t len,
                               ipl_error *err) IPL_NODISCARD;

/**
 * End writing. When st, how it went so far, is IPL_OK: fsync, rename to path, fsync of the
 * folder. Otherwise the temporary file is removed.
 *
 * backup  a file of the same folder that gets the old content; NULL: none
 * returns st, or IPL_E_IO: the old content is at path or at backup, whole
 */
ipl_status ipl_file_writer_close(ipl_file_writer *w, const char *backup, ipl_status st,
                                 ipl_error *err) IPL_NODISCARD;

/** A file that only grows, one write per row. */
typedef struct ipl_appender {
    int fd;             /* -1: not open */
    ipl_file_mark mark; /* of what was written so far */
    char path[IPL_PATH_MAX];
} ipl_appender;

/**
 * Open path for appending. The part that `keep` marks stays, the rest is cut off; NULL: start
 * anew.
 *
 * errors  IPL_E_CANTCREATE, IPL_E_IO; IPL_E_FORMAT, with the file untouched, when it is not
 *         there, shorter than the mark, or not what was marked
 */
ipl_status ipl_appender_open(ipl_appender *out, const char *path, const ipl_file_mark *keep,
                             ipl_error *err) IPL_NODISCARD;

/**
 * Append len bytes with one write; on a fault a part that was written is cut off again.
 *
 * errors  IPL_E_IO, also when the file was removed behind our back
 */
ipl_status ipl_appender_write(ipl_appender *file, const char *bytes, size_t len,
                              ipl_error *err) IPL_NODISCARD;

/** Flush to the disk; IPL_E_IO. */
ipl_status ipl_appender_sync(const ipl_appender *file, ipl_error *err) IPL_NODISCARD;

/** Flush to the disk and close; a file that is not open is allowed. */
ipl_status ipl_appender_close(ipl_appender *file, ipl_error *err) IPL_NODISCARD;

/** Create a folder and its parents; fine when it exists. IPL_E_CANTCREATE. */
ipl_status ipl_folder_create(const char *path, ipl_error *err) IPL_NODISCARD;

/** Create a folder that is not there yet, and its parents; IPL_E_CANTCREATE. */
ipl_status ipl_folder_create_new(const char *path, ipl_error *err) IPL_NODISCARD;

/**
 * Bytes that this process may still write below a folder, which need not exist yet: those of
 * its nearest parent.
 *
 * errors  IPL_E_IO  the file system does not tell
 */
ipl_status ipl_disk_free(double *bytes, const char *path, ipl_error *err) IPL_NODISCARD;

/** Remove a folder and everything below it; fine when it does not exist. IPL_E_IO. */
ipl_status ipl_folder_remove(const char *path, ipl_error *err) IPL_NODISCARD;

/** SHA-256 of a file as 64 hexadecimal digits and a NUL (FIPS 180-4, by nettle). */
ipl_status ipl_file_sha256(char out[65], const char *path, ipl_error *err) IPL_NODISCARD;

/** SHA-256 of len bytes, in the same form. */
void ipl_bytes_sha256(char out[65], const void *bytes, size_t len);

#endif /* IPL_FILE_H */
