#include "base/file.h"

#include "base/alloc.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

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

static ipl_status open_fault(const char *path, ipl_error *err)
{
    const int code = errno;

    return ipl_fail(err, ipl_file_open_fault(code), "%s: %s", path, ipl_file_reason(code));
}

ipl_status ipl_file_stream(FILE **out, const char *path, ipl_error *err)
{
    const int fd = ipl_file_open(path, O_RDONLY);
    ipl_status st = IPL_OK;

    *out = fd >= 0 ? fdopen(fd, "rb") : NULL;
    if (!*out)
        st = open_fault(path, err);
    if (!*out && fd >= 0)
        (void)close(fd); /* nothing was read */
    return st;
}

ipl_status ipl_file_read(char **out, size_t *len, const char *path, size_t limit,
                         ipl_error *err)
{
    const int fd = ipl_file_open(path, O_RDONLY);
    struct stat info;
    char *bytes = NULL;
    size_t size;
    ssize_t n;
    ipl_status st = IPL_OK;

    *out = NULL;
    *len = 0;
    if (fd < 0)
        return open_fault(path, err);
    if (fstat(fd, &info) != 0) {
        st = ipl_fail(err, IPL_E_IO, "%s: %s", path, strerror(errno));
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

ipl_status ipl_file_read_text(char **out, size_t *len, const char *path, size_t limit,
                              ipl_error *err)
{
    static const char utf8[] = "\xef\xbb\xbf";
    const ipl_status st = ipl_file_read(out, len, path, limit, err);

    if (!*out)
        return st;
    if (strncmp(*out, "\xff\xfe", 2) == 0 || strncmp(*out, "\xfe\xff", 2) == 0) {
        ipl_free(*out);
        *out = NULL;
        return ipl_fail(
            err, IPL_E_FORMAT,
            "%s: UTF-16 (it begins with that byte order mark): save it as UTF-8", path);
    }
    if (strncmp(*out, utf8, sizeof utf8 - 1) == 0) {
        *len -= sizeof utf8 - 1;
        memmove(*out, *out + sizeof utf8 - 1, *len + 1);
    }
    return IPL_OK;
}

ipl_status ipl_file_read_head(char *out, size_t len, const char *path, ipl_error *err)
{
    const int fd = ipl_file_open(path, O_RDONLY);
    ipl_status st = IPL_OK;
    ssize_t n;

    if (fd < 0)
        return open_fault(path, err);
    n = read_all(fd, out, len);
    if (n < 0)
        st = ipl_fail(err, IPL_E_IO, "%s: %s", path, strerror(errno));
    else if ((size_t)n < len)
        st = ipl_fail(err, IPL_E_FORMAT, "%s: %zd bytes, want %zu at least", path, n, len);
    (void)close(fd); /* read only: nothing to lose */
    return st;
}

ipl_status ipl_file_read_part(char *out, size_t *got, size_t len, const char *path,
                              uint64_t offset, ipl_error *err)
{
    const int fd = ipl_file_open(path, O_RDONLY | O_NONBLOCK);
    struct stat info;
    ipl_status st = IPL_OK;
    ssize_t n;

    *got = 0;
    if (fd < 0)
        return ipl_fail(err, IPL_E_NOINPUT, "%s: %s", path, strerror(errno));
    if (fstat(fd, &info) == 0 && !S_ISREG(info.st_mode)) {
        st = ipl_fail(err, IPL_E_NOINPUT, "%s: not a regular file", path);
        goto done;
    }
    n = lseek(fd, (off_t)offset, SEEK_SET) < 0 ? -1 : read_all(fd, out, len);
    if (n < 0)
        st = ipl_fail(err, IPL_E_IO, "%s: %s", path, strerror(errno));
    else
        *got = (size_t)n;
done:
    (void)close(fd); /* read only: nothing to lose */
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
        if (ipl_folder_make(part) != 0 && errno != EEXIST)
            return ipl_fail(err, IPL_E_CANTCREATE, "%s: %s", part, ipl_file_reason(errno));
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
    if (st == IPL_OK && ipl_folder_make(path) != 0)
        st = ipl_fail(err, IPL_E_CANTCREATE, "%s: %s", path, ipl_file_reason(errno));
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
