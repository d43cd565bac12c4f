/*
 * System calls that fail, for tests/cli/faults.sh: loaded before libc with LD_PRELOAD.
 *
 *     IPL_FAULT_UNDER  calls on paths that contain this text count, and on files opened there
 *     IPL_FAULT        CALL:ERRNO:N:once, CALL:ERRNO:N:ever; write:0:N:short writes half
 *     IPL_FAULT_COUNT  file that gets a line "CALL N" for each call, when the program ends
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum call { OPEN, WRITE, FSYNC, CLOSE, FTRUNCATE, RENAME, MKDIR, N_CALLS };
enum { FD_MAX = 4096 };

static const char *const names[N_CALLS] = {"open",      "write",  "fsync", "close",
                                           "ftruncate", "rename", "mkdir"};
static atomic_long counts[N_CALLS];
static atomic_bool watched[FD_MAX];

typedef enum verdict { PASS, FAIL, HALVE } verdict;

static bool concerns_path(const char *path)
{
    const char *under = getenv("IPL_FAULT_UNDER");

    return under && strstr(path, under);
}

static bool concerns_fd(int fd)
{
    return fd >= 0 && fd < FD_MAX && watched[fd];
}

/* Count a call and say what becomes of it; on FAIL errno is set. */
static verdict judge(enum call call)
{
    const long n = ++counts[call];
    const char *fault = getenv("IPL_FAULT");
    char name[16], mode[16];
    int number;
    long at;

    if (!fault || sscanf(fault, "%15[a-z]:%d:%ld:%15s", name, &number, &at, mode) != 4 ||
        strcmp(name, names[call]) != 0 || n < at || (n > at && strcmp(mode, "ever") != 0))
        return PASS;
    errno = number;
    return strcmp(mode, "short") == 0 ? HALVE : FAIL;
}

/* The call behind ours; a pointer to data becomes one to a function. */
static void find(void *function, const char *name)
{
    void *p = dlsym(RTLD_NEXT, name);

    memcpy(function, &p, sizeof p);
}

int open(const char *path, int flags, ...)
{
    static int (*real)(const char *, int, ...);
    const bool counted = concerns_path(path);
    va_list args;
    mode_t mode;
    int fd;

    va_start(args, flags);
    mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    va_end(args);
    if (counted && judge(OPEN) != PASS)
        return -1;
    find(&real, "open");
    fd = real(path, flags, mode);
    if (fd >= 0 && fd < FD_MAX)
        watched[fd] = counted;
    return fd;
}

ssize_t write(int fd, const void *bytes, size_t len)
{
    static ssize_t (*real)(int, const void *, size_t);
    const verdict v = concerns_fd(fd) ? judge(WRITE) : PASS;

    find(&real, "write");
    return v == FAIL ? -1 : real(fd, bytes, v == HALVE ? (len + 1) / 2 : len);
}

int fsync(int fd)
{
    static int (*real)(int);

    find(&real, "fsync");
    return concerns_fd(fd) && judge(FSYNC) != PASS ? -1 : real(fd);
}

/* A close() that fails has closed. */
int close(int fd)
{
    static int (*real)(int);
    const bool counted = concerns_fd(fd);
    int result;

    find(&real, "close");
    result = real(fd);
    if (counted)
        watched[fd] = false;
    return counted && judge(CLOSE) != PASS ? -1 : result;
}

int ftruncate(int fd, off_t length)
{
    static int (*real)(int, off_t);

    find(&real, "ftruncate");
    return concerns_fd(fd) && judge(FTRUNCATE) != PASS ? -1 : real(fd, length);
}

int rename(const char *from, const char *to)
{
    static int (*real)(const char *, const char *);

    find(&real, "rename");
    return concerns_path(from) && judge(RENAME) != PASS ? -1 : real(from, to);
}

/* Below a run's folder the program goes by the folder's descriptor: the same calls. */
int openat(int folder, const char *path, int flags, ...)
{
    static int (*real)(int, const char *, int, ...);
    const bool counted = concerns_fd(folder) || concerns_path(path);
    const bool is_folder = flags & O_DIRECTORY;
    va_list args;
    mode_t mode;
    int fd;

    va_start(args, flags);
    mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    va_end(args);
    if (counted && !is_folder && judge(OPEN) != PASS)
        return -1;
    find(&real, "openat");
    fd = real(folder, path, flags, mode);
    if (fd >= 0 && fd < FD_MAX)
        watched[fd] = counted;
    return fd;
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    static int (*real)(int, const char *, int, const char *);

    find(&real, "renameat");
    return (concerns_fd(from_folder) || concerns_path(from)) && judge(RENAME) != PASS
               ? -1
               : real(from_folder, from, to_folder, to);
}

int mkdirat(int folder, const char *path, mode_t mode)
{
    static int (*real)(int, const char *, mode_t);

    find(&real, "mkdirat");
    return (concerns_fd(folder) || concerns_path(path)) && judge(MKDIR) != PASS
               ? -1
               : real(folder, path, mode);
}

/* The descriptor of a watched folder is copied for each way through it. */
int fcntl(int fd, int command, ...)
{
    static int (*real)(int, int, ...);
    va_list args;
    void *argument;
    int result;

    va_start(args, command);
    argument = va_arg(args, void *);
    va_end(args);
    find(&real, "fcntl");
    result = real(fd, command, argument);
    if (command == F_DUPFD_CLOEXEC && result >= 0 && result < FD_MAX)
        watched[result] = concerns_fd(fd);
    return result;
}

int mkdir(const char *path, mode_t mode)
{
    static int (*real)(const char *, mode_t);

    find(&real, "mkdir");
    return concerns_path(path) && judge(MKDIR) != PASS ? -1 : real(path, mode);
}

__attribute__((destructor)) static void report(void)
{
    const char *path = getenv("IPL_FAULT_COUNT");
    FILE *fp = path ? fopen(path, "w") : NULL;

    if (!fp)
        return;
    for (int c = 0; c < N_CALLS; c++)
        fprintf(fp, "%s %ld\n", names[c], (long)counts[c]);
    (void)fclose(fp);
}
