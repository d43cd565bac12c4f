/* Writing: files that are replaced at once, and files that grow. */
#include "base/alloc.h"
#include "base/file.h"
#include "base/gzip.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TRIES_MAX = 100, TEMPORARY_MAX = IPL_PATH_MAX + 8 };

/* Whether to try again a call that a signal interrupted; not for ever. */
static bool again(int *tries)
{
    return errno == EINTR && ++*tries < TRIES_MAX;
}

static int sync_file(int fd)
{
    int result, tries = 0;

    do
        result = fsync(fd);
    while (result != 0 && again(&tries));
    return result;
}

static int cut_file(int fd, uint64_t length)
{
    int result, tries = 0;

    do
        result = ftruncate(fd, (off_t)length);
    while (result != 0 && again(&tries));
    return result;
}

/* An interrupted close() has closed; a second one might hit another file. */
static int close_file(int fd)
{
    return close(fd) != 0 && errno != EINTR ? -1 : 0;
}

/* write() all len bytes; -1 on a fault. */
static int write_all(int fd, const char *bytes, size_t len)
{
    int tries = 0;

    while (len > 0) {
        const ssize_t n = write(fd, bytes, len);

        if (n < 0 && again(&tries))
            continue;
        if (n == 0)
            errno = ENOSPC;
        if (n <= 0)
            return -1;
        bytes += n;
        len -= (size_t)n;
        tries = 0;
    }
    return 0;
}

/* The mark behind what is marked and len more bytes. */
static ipl_file_mark move_mark(ipl_file_mark mark, const void *bytes, size_t len)
{
    mark.crc = ipl_crc32(mark.crc, bytes, len);
    mark.length += len;
    return mark;
}

static ipl_status io_fault(const char *path, ipl_error *err)
{
    return ipl_fail(err, IPL_E_IO, "%s: %s", path, ipl_file_reason(errno));
}

/* fsync the folder that holds path, so that a rename in it is on the disk. */
static ipl_status sync_folder_of(const char *path, ipl_error *err)
{
    char folder[IPL_PATH_MAX];
    const char *slash = strrchr(path, '/');
    const size_t len = slash ? (size_t)(slash - path) : 0;
    ipl_status st = ipl_text_copy(folder, sizeof folder, path, len, "path", err);
    DIR *dir;

    if (st != IPL_OK)
        return st;
    dir = ipl_folder_open(len ? folder : slash ? "/" : ".");
    if (!dir) /* one may write to a folder that one may not list */
        return errno == EACCES ? IPL_OK : io_fault(path, err);
    if (sync_file(dirfd(dir)) != 0 && errno != EINVAL &&
        errno != ENOTSUP) /* not every system can */
        st = io_fault(path, err);
    (void)closedir(dir); /* nothing was written through it */
    return st;
}

static void temporary_of(char out[TEMPORARY_MAX], const char *path)
{
    (void)snprintf(out, TEMPORARY_MAX, "%s.tmp", path);
}

ipl_status ipl_file_writer_open(ipl_file_writer *out, const char *path, ipl_error *err)
{
    char temporary[TEMPORARY_MAX];
    ipl_status st;

    out->fd = -1;
    out->mark = (ipl_file_mark){0};
    if (strlen(path) + sizeof ".tmp" > IPL_PATH_MAX)
        return ipl_fail(err, IPL_E_CANTCREATE, "path is too long: %.60s...", path);
    st = ipl_text_copy(out->path, sizeof out->path, path, strlen(path), "path", err);
    if (st != IPL_OK)
        return st;
    if (ipl_file_check_replaceable(path) != 0)
        return ipl_fail(err, IPL_E_CANTCREATE, "%s: %s", path, ipl_file_reason(errno));
    temporary_of(temporary, path);
    out->fd = ipl_file_open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
    if (out->fd < 0)
        return ipl_fail(err, IPL_E_CANTCREATE, "%s: %s", path, ipl_file_reason(errno));
    return IPL_OK;
}

ipl_status ipl_file_writer_add(ipl_file_writer *w, const void *bytes, size_t len,
                               ipl_error *err)
{
    if (write_all(w->fd, bytes, len) != 0)
        return io_fault(w->path, err);
    w->mark = move_mark(w->mark, bytes, len);
    return IPL_OK;
}

ipl_status ipl_file_writer_close(ipl_file_writer *w, const char *backup, ipl_status st,
                                 ipl_error *err)
{
    char temporary[TEMPORARY_MAX];

    if (w->fd < 0)
        return st;
    temporary_of(temporary, w->path);
    if (st == IPL_OK && sync_file(w->fd) != 0)
        st = io_fault(w->path, err);
    if (close_file(w->fd) != 0 && st == IPL_OK)
        st = io_fault(w->path, err);
    w->fd = -1;
    if (st == IPL_OK && backup && ipl_file_rename(w->path, backup) != 0 && errno != ENOENT)
        st = io_fault(backup, err);
    if (st == IPL_OK && ipl_file_rename(temporary, w->path) != 0)
        st = io_fault(w->path, err);
    if (st != IPL_OK) {
        (void)ipl_file_unlink(temporary);
        return st;
    }
    return sync_folder_of(w->path, err);
}

ipl_status ipl_file_replace(const char *path, const void *bytes, size_t len, ipl_error *err)
{
    ipl_file_writer w;
    ipl_status st = ipl_file_writer_open(&w, path, err);

    if (st == IPL_OK)
        st = ipl_file_writer_add(&w, bytes, len, err);
    return ipl_file_writer_close(&w, NULL, st, err);
}

ipl_status ipl_file_write_text(const ipl_text *text, const char *folder, const char *name,
                               ipl_error *err)
{
    char path[IPL_PATH_MAX];
    ipl_status st = ipl_text_status(text, err);

    if (st == IPL_OK)
        st = ipl_path_join(path, folder, name, err);
    return st == IPL_OK ? ipl_file_replace(path, text->s, text->len, err) : st;
}

ipl_status ipl_file_make_way(const char *path, ipl_error *err)
{
    struct stat info;

    if (ipl_file_check_replaceable(path) != 0)
        return ipl_fail(err, IPL_E_CANTCREATE, "%s: %s", path, ipl_file_reason(errno));
    if (lstat(path, &info) != 0 || (S_ISREG(info.st_mode) && info.st_nlink == 1))
        return IPL_OK;
    return ipl_file_unlink(path) == 0 ? IPL_OK : io_fault(path, err);
}

ipl_status ipl_file_copy(const char *to, const char *from, ipl_error *err)
{
    char *bytes;
    size_t len;
    ipl_status st = ipl_file_read(&bytes, &len, from, (size_t)1 << 30, err);

    if (st == IPL_OK)
        st = ipl_file_replace(to, bytes, len, err);
    ipl_free(bytes);
    return st;
}

/* Read what is to be kept, and compare it with its mark. */
static ipl_status check_mark(const ipl_appender *file, const ipl_file_mark *keep,
                             ipl_error *err)
{
    char piece[4096];
    ipl_file_mark have = {0};
    int tries = 0;

    while (have.length < keep->length) {
        const uint64_t left = keep->length - have.length;
        const ssize_t n = read(file->fd, piece, left < sizeof piece ? left : sizeof piece);

        if (n < 0 && again(&tries))
            continue;
        if (n < 0)
            return io_fault(file->path, err);
        if (n == 0)
            return ipl_fail(err, IPL_E_FORMAT, "%s: %llu bytes, expected at least %llu",
                            file->path, (unsigned long long)have.length,
                            (unsigned long long)keep->length);
        have = move_mark(have, piece, (size_t)n);
    }
    if (have.crc != keep->crc)
        return ipl_fail(err, IPL_E_FORMAT,
                        "%s: its first %llu bytes are not what was written", file->path,
                        (unsigned long long)keep->length);
    return IPL_OK;
}

ipl_status ipl_appender_open(ipl_appender *out, const char *path, const ipl_file_mark *keep,
                             ipl_error *err)
{
    ipl_appender file = {.fd = -1};
    ipl_status st;

    out->fd = -1;
    st = ipl_text_copy(file.path, sizeof file.path, path, strlen(path), "path", err);
    if (st != IPL_OK)
        return st;
    file.fd = ipl_file_open(path, keep ? O_RDWR : O_WRONLY | O_CREAT);
    if (file.fd < 0 && errno == ENOENT && keep)
        return ipl_fail(err, IPL_E_FORMAT, "%s: no such file, expected at least %llu bytes",
                        path, (unsigned long long)keep->length);
    if (file.fd < 0)
        return ipl_fail(err, IPL_E_CANTCREATE, "%s: %s", path, ipl_file_reason(errno));
    if (keep) {
        st = check_mark(&file, keep, err);
        if (st != IPL_OK)
            goto done;
        file.mark = *keep;
    }
    if (cut_file(file.fd, file.mark.length) != 0 ||
        lseek(file.fd, (off_t)file.mark.length, SEEK_SET) < 0) {
        st = io_fault(path, err);
        goto done;
    }
    *out = file;
    file.fd = -1; /* now the caller's */
done:
    if (file.fd >= 0)
        (void)close(file.fd); /* nothing was written */
    return st;
}

ipl_status ipl_appender_write(ipl_appender *file, const char *bytes, size_t len,
                              ipl_error *err)
{
    struct stat info;

    if ((fstat(file->fd, &info) == 0 && info.st_nlink == 0) ||
        !ipl_guard_intact(file->path))
        return ipl_fail(err, IPL_E_IO, "%s: removed or replaced while it was being written",
                        file->path);
    if (write_all(file->fd, bytes, len) != 0) {
        const int fault = errno;
        /* Keep the table whole; where that fails too, the next row overwrites this one. */
        const int cut = cut_file(file->fd, file->mark.length);

        (void)cut;
        (void)lseek(file->fd, (off_t)file->mark.length, SEEK_SET);
        return ipl_fail(err, IPL_E_IO, "%s: %s", file->path, strerror(fault));
    }
    file->mark = move_mark(file->mark, bytes, len);
    return IPL_OK;
}

ipl_status ipl_appender_sync(const ipl_appender *file, ipl_error *err)
{
    if (sync_file(file->fd) != 0 && errno != EINVAL && errno != EROFS)
        return io_fault(file->path, err);
    return IPL_OK;
}

ipl_status ipl_appender_close(ipl_appender *file, ipl_error *err)
{
    ipl_status st;

    if (file->fd < 0)
        return IPL_OK;
    st = ipl_appender_sync(file, err);
    if (close_file(file->fd) != 0 && st == IPL_OK)
        st = io_fault(file->path, err);
    file->fd = -1;
    return st;
}
