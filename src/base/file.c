#include "base/file.h"

#include "base/alloc.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#ifndef IPL_SHARE_DIR
#    define IPL_SHARE_DIR "/usr/local/share/infoplane"
#endif

bool ipl_file_exists(const char *path)
{
    struct stat info;

    return lstat(path, &info) == 0;
}

bool ipl_file_is_folder(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

ipl_status ipl_path_join(char *out, const char *folder, const char *name, ipl_error *err)
{
    const size_t len = strlen(folder);
    const char *slash = len == 0 || folder[len - 1] == '/' ? "" : "/";
    const int n = snprintf(out, IPL_PATH_MAX, "%s%s%s", folder, slash, name);

    if (n < 0 || n >= IPL_PATH_MAX)
        return ipl_fail(err, IPL_E_ARG, "path is too long: %.60s.../%.60s", folder, name);
    return IPL_OK;
}

/* read() until len bytes or the end; -1 on a fault. */
static ssize_t read_all(int fd, char *out, size_t len)
{
    size_t have = 0;

    while (have < len) {
        const ssize_t n = read(fd, out + have, len - have);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        have += (size_t)n;
    }
    return (ssize_t)have;
}

/* write() all len bytes; -1 on a fault. */
static int write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        const ssize_t n = write(fd, bytes, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        bytes += n;
        len -= (size_t)n;
    }
    return 0;
}

ipl_status ipl_file_read(char **out, size_t *len, const char *path, size_t limit,
                         ipl_error *err)
{
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* no waiting on a pipe */
    struct stat info;
    char *bytes = NULL;
    size_t size;
    ssize_t n;
    ipl_status st = IPL_OK;

    *out = NULL;
    *len = 0;
    if (fd < 0)
        return ipl_fail(err, IPL_E_NOINPUT, "%s: %s", path, strerror(errno));
    if (fstat(fd, &info) != 0) {
        st = ipl_fail(err, IPL_E_IO, "%s: %s", path, strerror(errno));
        goto done;
    }
    if (!S_ISREG(info.st_mode)) {
        st = ipl_fail(err, IPL_E_NOINPUT, "%s: not a regular file", path);
        goto done;
    }
    size = (size_t)info.st_size;
    if (size > limit) {
        st = ipl_fail(err, IPL_E_FORMAT, "%s: %zu bytes, at most %zu are allowed", path,
                      size, limit);
        goto done;
    }
    bytes = ipl_array(1, size + 1, 1, err);
    if (!bytes) {
        st = IPL_E_NOMEM;
        goto done;
    }
    n = read_all(fd, bytes, size);
    if (n < 0) {
        st = ipl_fail(err, IPL_E_IO, "%s: %s", path, strerror(errno));
        goto done;
    }
    *out = bytes;
    *len = (size_t)n;
    bytes = NULL; /* now the caller's */
done:
    ipl_free(bytes);
    (void)close(fd); /* read only: nothing to lose */
    return st;
}

/* fsync the folder that holds path, so that a rename in it is on the disk. */
static void sync_folder_of(const char *path)
{
    char folder[IPL_PATH_MAX];
    const char *slash = strrchr(path, '/');
    const size_t len = slash ? (size_t)(slash - path) : 0;
    int fd;

    if (len >= sizeof folder)
        return;
    memcpy(folder, path, len);
    folder[len] = '\0';
    fd = open(len ? folder : slash ? "/" : ".", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd); /* not every file system can; the rename itself has happened */
        (void)close(fd);
    }
}

ipl_status ipl_file_replace(const char *path, const void *bytes, size_t len, ipl_error *err)
{
    char temporary[IPL_PATH_MAX];
    const int n = snprintf(temporary, sizeof temporary, "%s.tmp", path);
    int fd;
    ipl_status st = IPL_OK;

    if (n < 0 || n >= IPL_PATH_MAX)
        return ipl_fail(err, IPL_E_CANTCREATE, "path is too long: %.60s...", path);
    fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0)
        return ipl_fail(err, IPL_E_CANTCREATE, "%s: %s", path, strerror(errno));
    if (write_all(fd, bytes, len) != 0 || fsync(fd) != 0)
        st = ipl_fail(err, IPL_E_IO, "%s: %s", path, strerror(errno));
    if (close(fd) != 0 && st == IPL_OK)
        st = ipl_fail(err, IPL_E_IO, "%s: %s", path, strerror(errno));
    if (st == IPL_OK && rename(temporary, path) != 0)
        st = ipl_fail(err, IPL_E_IO, "%s: %s", path, strerror(errno));
    if (st != IPL_OK) {
        (void)unlink(temporary);
        return st;
    }
    sync_folder_of(path);
    return IPL_OK;
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

ipl_status ipl_appender_open(ipl_appender *out, const char *path, uint64_t keep,
                             ipl_error *err)
{
    ipl_appender file = {.fd = -1, .length = keep};
    struct stat info;
    ipl_status st;

    out->fd = -1;
    st = ipl_text_copy(file.path, sizeof file.path, path, strlen(path), "path", err);
    if (st != IPL_OK)
        return st;
    file.fd = open(path, O_WRONLY | (keep == 0 ? O_CREAT : 0) | O_CLOEXEC, 0666);
    if (file.fd < 0 && errno == ENOENT && keep > 0)
        return ipl_fail(err, IPL_E_FORMAT, "%s: no such file, expected at least %llu bytes",
                        path, (unsigned long long)keep);
    if (file.fd < 0)
        return ipl_fail(err, IPL_E_CANTCREATE, "%s: %s", path, strerror(errno));
    if (fstat(file.fd, &info) != 0) {
        st = ipl_fail(err, IPL_E_IO, "%s: %s", path, strerror(errno));
        goto done;
    }
    if ((uint64_t)info.st_size < keep) {
        st = ipl_fail(err, IPL_E_FORMAT, "%s: %lld bytes, expected at least %llu", path,
                      (long long)info.st_size, (unsigned long long)keep);
        goto done;
    }
    if (ftruncate(file.fd, (off_t)keep) != 0 || lseek(file.fd, (off_t)keep, SEEK_SET) < 0) {
        st = ipl_fail(err, IPL_E_IO, "%s: %s", path, strerror(errno));
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
    if (write_all(file->fd, bytes, len) != 0) {
        const int fault = errno;
        /* Keep the table whole; where that fails too, the next row overwrites this one. */
        const int cut = ftruncate(file->fd, (off_t)file->length);

        (void)cut;
        (void)lseek(file->fd, (off_t)file->length, SEEK_SET);
        return ipl_fail(err, IPL_E_IO, "%s: %s", file->path, strerror(fault));
    }
    file->length += len;
    return IPL_OK;
}

ipl_status ipl_appender_close(ipl_appender *file, ipl_error *err)
{
    const int fd = file->fd;
    ipl_status st = IPL_OK;

    if (fd < 0)
        return IPL_OK;
    file->fd = -1;
    if (fsync(fd) != 0 && errno != EINVAL && errno != EROFS)
        st = ipl_fail(err, IPL_E_IO, "%s: %s", file->path, strerror(errno));
    if (close(fd) != 0 && st == IPL_OK)
        st = ipl_fail(err, IPL_E_IO, "%s: %s", file->path, strerror(errno));
    return st;
}

ipl_status ipl_folder_create(const char *path, ipl_error *err)
{
    char part[IPL_PATH_MAX];
    const size_t len = strlen(path);
    ipl_status st = ipl_text_copy(part, sizeof part, path, len, "path", err);

    if (st != IPL_OK)
        return st;
    for (size_t i = 1; i <= len; i++) {
        if (part[i] != '/' && part[i] != '\0')
            continue;
        part[i] = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            return ipl_fail(err, IPL_E_CANTCREATE, "%s: %s", part, strerror(errno));
        part[i] = path[i];
    }
    if (!ipl_file_is_folder(path))
        return ipl_fail(err, IPL_E_CANTCREATE, "'%s' is not a folder", path);
    return IPL_OK;
}

/* Cut the last part off a path, in place: "a/b/" is "a", "b" is ".", "/b" is "/". */
static void cut_last_part(char *path)
{
    size_t end = strlen(path);

    while (end > 1 && path[end - 1] == '/')
        end--;
    while (end > 0 && path[end - 1] != '/')
        end--;
    while (end > 1 && path[end - 1] == '/')
        end--;
    if (end == 0)
        path[end++] = '.';
    path[end] = '\0';
}

ipl_status ipl_folder_create_new(const char *path, ipl_error *err)
{
    char parent[IPL_PATH_MAX];
    ipl_status st = ipl_text_copy(parent, sizeof parent, path, strlen(path), "path", err);

    if (st != IPL_OK)
        return st;
    cut_last_part(parent);
    st = ipl_folder_create(parent, err);
    if (st == IPL_OK && mkdir(path, 0777) != 0)
        st = ipl_fail(err, IPL_E_CANTCREATE, "%s: %s", path, strerror(errno));
    return st;
}

ipl_status ipl_disk_free(double *bytes, const char *path, ipl_error *err)
{
    char part[IPL_PATH_MAX];
    struct statvfs info;
    ipl_status st = ipl_text_copy(part, sizeof part, *path ? path : ".",
                                  *path ? strlen(path) : 1, "path", err);

    if (st != IPL_OK)
        return st;
    while (!ipl_file_is_folder(part) && strcmp(part, ".") != 0 && strcmp(part, "/") != 0)
        cut_last_part(part);
    if (statvfs(part, &info) != 0)
        return ipl_fail(err, IPL_E_IO, "%s: %s", part, strerror(errno));
    *bytes = (double)info.f_bavail * (double)info.f_frsize;
    return IPL_OK;
}

/* Remove path, which has no slash at its end. Calls go as deep as the tree. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static ipl_status remove_tree(const char *path, ipl_error *err)
{
    struct stat info;
    struct dirent *entry;
    DIR *dir;
    ipl_status st = IPL_OK;

    if (lstat(path, &info) != 0) {
        if (errno == ENOENT)
            return IPL_OK;
        return ipl_fail(err, IPL_E_IO, "%s: %s", path, strerror(errno));
    }
    if (!S_ISDIR(info.st_mode)) { /* a link is removed, never followed */
        if (unlink(path) != 0)
            return ipl_fail(err, IPL_E_IO, "%s: %s", path, strerror(errno));
        return IPL_OK;
    }
    dir = opendir(path);
    if (!dir)
        return ipl_fail(err, IPL_E_IO, "%s: %s", path, strerror(errno));
    while (st == IPL_OK && (entry = readdir(dir))) {
        char below[IPL_PATH_MAX];

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        st = ipl_path_join(below, path, entry->d_name, err);
        if (st == IPL_OK)
            st = remove_tree(below, err);
    }
    (void)closedir(dir);
    if (st == IPL_OK && rmdir(path) != 0)
        st = ipl_fail(err, IPL_E_IO, "%s: %s", path, strerror(errno));
    return st;
}

ipl_status ipl_folder_remove(const char *path, ipl_error *err)
{
    char bare[IPL_PATH_MAX];
    size_t len = strlen(path);
    ipl_status st;

    while (len > 1 && path[len - 1] == '/')
        len--; /* "link/" would be the folder behind the link */
    st = ipl_text_copy(bare, sizeof bare, path, len, "path", NULL);
    if (st != IPL_OK)
        return ipl_fail(err, IPL_E_IO, "path is too long: %.60s...", path);
    return remove_tree(bare, err);
}

/* Folder "scripts" beside the running executable; false when the system does not tell. */
static bool beside_executable(char *out)
{
    char exe[IPL_PATH_MAX];
    const ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    char *slash;

    if (n <= 0)
        return false;
    exe[n] = '\0';
    slash = strrchr(exe, '/');
    if (!slash)
        return false;
    *slash = '\0';
    return ipl_path_join(out, exe, "scripts", NULL) == IPL_OK;
}

ipl_status ipl_share_find(char *out, const char *name, ipl_error *err)
{
    char beside[IPL_PATH_MAX];
    const char *folders[4];
    const char *env = getenv("INFOPLANE_SHARE");
    size_t n = 0;

    if (env && *env != '\0')
        folders[n++] = env;
    if (beside_executable(beside))
        folders[n++] = beside;
    folders[n++] = "scripts";
    folders[n++] = IPL_SHARE_DIR;
    for (size_t i = 0; i < n; i++) {
        const ipl_status st = ipl_path_join(out, folders[i], name, err);

        if (st != IPL_OK)
            return st;
        if (ipl_file_exists(out))
            return IPL_OK;
    }
    return ipl_fail(err, IPL_E_NOINPUT,
                    "%s: not in %s, in scripts/ beside the program or here, nor in %s",
                    name, env && *env != '\0' ? env : "INFOPLANE_SHARE (not set)",
                    IPL_SHARE_DIR);
}
