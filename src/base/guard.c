#include "base/guard.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TRIES_MAX = 100, NAME_LENGTH = 256 };

/*
 * What these functions say by errno, in codes that no call on files uses: ELOOP and ESTALE are
 * also said of paths that no guard concerns.
 */
enum { NOT_REGULAR = EDOM, LINKED = ERANGE, OTHER_NAME = ECHILD, REPLACED = ENOTTY };

typedef struct guard {
    struct guard *next;
    char *folder; /* without slashes at its end */
    size_t len;
    int fd; /* -1: not held */
    dev_t device;
    ino_t inode;
} guard;

/* The list only grows; its entries are never freed. */
static guard *guards;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- calls that a signal may interrupt ---- */

/* Whether to try again; not for ever. */
static bool again(int *tries)
{
    return errno == EINTR && ++*tries < TRIES_MAX;
}

static int open_at(int folder, const char *name, int flags)
{
    int fd, tries = 0;

    do
        fd = folder == AT_FDCWD ? open(name, flags | O_CLOEXEC, 0666)
                                : openat(folder, name, flags | O_CLOEXEC, 0666);
    while (fd < 0 && again(&tries));
    return fd;
}

static int empty_file(int fd)
{
    int result, tries = 0;

    do
        result = ftruncate(fd, 0);
    while (result != 0 && again(&tries));
    return result;
}

/* ---- the list ---- */

static size_t length_of(const char *folder)
{
    size_t len = strlen(folder);

    while (len > 1 && folder[len - 1] == '/')
        len--;
    return len;
}

/* The entry of a folder; NULL: it is not guarded. */
static guard *find(const char *folder)
{
    const size_t len = length_of(folder);
    guard *g = guards;

    while (g && (g->len != len || strncmp(g->folder, folder, len) != 0))
        g = g->next;
    return g;
}

static guard *add(const char *folder, ipl_error *err)
{
    const size_t len = length_of(folder);
    guard *g = find(folder);

    if (g)
        return g;
    g = ipl_array(1, 1, sizeof *g, err);
    if (!g)
        return NULL;
    g->folder = ipl_array(len + 1, 1, 1, err);
    if (!g->folder) {
        ipl_free(g);
        return NULL;
    }
    memcpy(g->folder, folder, len);
    g->len = len;
    g->fd = -1;
    g->next = guards;
    guards = g;
    return g;
}

ipl_status ipl_guard(const char *folder, ipl_error *err)
{
    const guard *g;

    (void)pthread_mutex_lock(&lock);
    g = add(folder, err);
    (void)pthread_mutex_unlock(&lock);
    return g ? IPL_OK : IPL_E_NOMEM;
}

ipl_status ipl_guard_hold(const char *folder, ipl_error *err)
{
    struct stat info;
    guard *g;
    int fd = open_at(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY);

    if (fd < 0 || fstat(fd, &info) != 0) {
        const ipl_status st =
            ipl_fail(err, IPL_E_NOINPUT, "%s: %s", folder, ipl_file_reason(errno));

        if (fd >= 0)
            (void)close(fd); /* nothing was written through it */
        return st;
    }
    (void)pthread_mutex_lock(&lock);
    g = add(folder, err);
    if (g && g->fd >= 0)
        (void)close(g->fd);
    if (g) {
        g->fd = fd;
        g->device = info.st_dev;
        g->inode = info.st_ino;
        fd = -1; /* now the guard's */
    }
    (void)pthread_mutex_unlock(&lock);
    if (fd >= 0)
        (void)close(fd);
    return g ? IPL_OK : IPL_E_NOMEM;
}

void ipl_guard_release(const char *folder)
{
    guard *g;

    (void)pthread_mutex_lock(&lock);
    g = find(folder);
    if (g && g->fd >= 0) {
        (void)close(g->fd);
        g->fd = -1;
    }
    (void)pthread_mutex_unlock(&lock);
}

/* ---- from a path to a folder's descriptor and a name ---- */

typedef struct place {
    int folder;       /* AT_FDCWD, or a descriptor that is to be closed */
    const char *name; /* in that folder: no slash in it when guarded */
    bool guarded;
} place;

/*
 * A guard above a path, and where the path goes on behind it. It moves to the front of the
 * list: files are opened run by run.
 */
static guard *guard_of(const char **rest, const char *path)
{
    guard **link = &guards, *g = guards;

    while (g && (strncmp(path, g->folder, g->len) != 0 ||
                 (path[g->len] != '/' && (g->len != 1 || *g->folder != '/')))) {
        link = &g->next;
        g = g->next;
    }
    if (!g)
        return NULL;
    *link = g->next;
    g->next = guards;
    guards = g;
    *rest = path + g->len + strspn(path + g->len, "/");
    return g;
}

/* Whether the folder that is held still stands at its path. */
static bool is_intact(const guard *g)
{
    struct stat there;

    return stat(g->folder, &there) == 0 && there.st_dev == g->device &&
           there.st_ino == g->inode;
}

bool ipl_guard_intact(const char *path)
{
    const char *rest;
    const guard *g;
    bool intact;

    (void)pthread_mutex_lock(&lock);
    g = guard_of(&rest, path);
    intact = !g || g->fd < 0 || is_intact(g);
    (void)pthread_mutex_unlock(&lock);
    return intact;
}

/* A descriptor of the guarded folder itself; -1 with errno. */
static int enter(const guard *g)
{
    if (g->fd < 0)
        return open_at(AT_FDCWD, g->folder, O_RDONLY | O_DIRECTORY);
    if (!is_intact(g)) {
        errno = REPLACED;
        return -1;
    }
    return fcntl(g->fd, F_DUPFD_CLOEXEC, 0);
}

/* One folder down; the descriptor above is closed. -1 with errno. */
static int step(int above, const char *name)
{
    struct stat info;
    const int fd = open_at(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    int code = errno;

    if (fd < 0 && fstatat(above, name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISLNK(info.st_mode))
        code = LINKED;
    (void)close(above);
    errno = code;
    return fd;
}

/* Where a path leads; false with errno. */
static bool find_place(place *out, const char *path)
{
    const char *rest = NULL;
    const guard *g;
    int fd = AT_FDCWD;

    *out = (place){.folder = AT_FDCWD, .name = path};
    (void)pthread_mutex_lock(&lock);
    g = guard_of(&rest, path);
    if (g)
        fd = enter(g);
    (void)pthread_mutex_unlock(&lock);
    if (!g)
        return true;
    while (fd >= 0 && strchr(rest, '/')) {
        char part[NAME_LENGTH];
        const size_t len = strcspn(rest, "/");

        if (len >= sizeof part || strncmp(rest, "../", 3) == 0) {
            (void)close(fd);
            errno = len >= sizeof part ? ENAMETOOLONG : LINKED;
            return false;
        }
        memcpy(part, rest, len);
        part[len] = '\0';
        fd = step(fd, part);
        rest += len + strspn(rest + len, "/");
    }
    if (fd < 0)
        return false;
    *out = (place){.folder = fd, .name = *rest == '\0' ? "." : rest, .guarded = true};
    return true;
}

/* Close what find_place() opened, and keep errno. */
static void leave(const place *p)
{
    const int code = errno;

    if (p->folder >= 0)
        (void)close(p->folder); /* nothing was written through it */
    errno = code;
}

/* ---- the calls ---- */

/* 0 when an open file may be used as the flags say, else why not. */
static int check_open(int fd, int flags, bool one_name)
{
    struct stat info;

    if (fstat(fd, &info) != 0)
        return errno;
    if (S_ISDIR(info.st_mode))
        return EISDIR;
    if (!S_ISREG(info.st_mode))
        return NOT_REGULAR;
    if (one_name && (flags & O_ACCMODE) != O_RDONLY && info.st_nlink > 1)
        return OTHER_NAME;
    return flags & O_TRUNC && empty_file(fd) != 0 ? errno : 0;
}

int ipl_file_open(const char *path, int flags)
{
    /* Cut only when it is known to be the right file. */
    const int how = (flags & ~O_TRUNC) | O_NONBLOCK | O_NOCTTY;
    place p;
    int fd, code;

    if (!find_place(&p, path))
        return -1;
    fd = open_at(p.folder, p.name, p.guarded ? how | O_NOFOLLOW : how);
    if (fd < 0 && errno == ELOOP && p.guarded)
        errno = LINKED;
    if (fd < 0 && errno == ENXIO)
        errno = NOT_REGULAR; /* a pipe that nobody reads, a socket */
    leave(&p);
    if (fd < 0)
        return -1;
    code = check_open(fd, flags, p.guarded || flags & O_NOFOLLOW);
    if (code != 0) {
        (void)close(fd); /* nothing was written */
        errno = code;
        return -1;
    }
    return fd;
}

/* Whether a link leads into /proc: /dev/stdout is one to a file, maybe, that is open. */
static bool leads_to_open_file(const place *p)
{
    char target[8];
    const ssize_t n = readlinkat(p->folder, p->name, target, sizeof target);

    return n >= 6 && memcmp(target, "/proc/", 6) == 0;
}

int ipl_file_check_replaceable(const char *path)
{
    struct stat info;
    place p;
    int code = 0;

    if (!find_place(&p, path))
        return -1;
    if (fstatat(p.folder, p.name, &info, AT_SYMLINK_NOFOLLOW) != 0)
        code = errno == ENOENT ? 0 : errno;
    else if (S_ISDIR(info.st_mode))
        code = EISDIR;
    else if (S_ISLNK(info.st_mode)
                 ? leads_to_open_file(&p) ||
                       (fstatat(p.folder, p.name, &info, 0) == 0 && !S_ISREG(info.st_mode))
                 : !S_ISREG(info.st_mode))
        code = NOT_REGULAR;
    leave(&p);
    errno = code;
    return code == 0 ? 0 : -1;
}

DIR *ipl_folder_open(const char *path)
{
    place p;
    DIR *dir;
    int fd;

    if (!find_place(&p, path))
        return NULL;
    if (!p.guarded)
        return opendir(path);
    fd = step(p.folder, p.name); /* closes it */
    dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (fd >= 0 && !dir)
        (void)close(fd);
    return dir;
}

int ipl_folder_make(const char *path)
{
    place p;
    int result;

    if (!find_place(&p, path))
        return -1;
    result = p.guarded ? mkdirat(p.folder, p.name, 0777) : mkdir(path, 0777);
    leave(&p);
    return result;
}

int ipl_file_rename(const char *from, const char *to)
{
    place p, q;
    int result, tries = 0;

    if (!find_place(&p, from))
        return -1;
    if (!find_place(&q, to)) {
        leave(&p);
        return -1;
    }
    do
        result = p.guarded || q.guarded ? renameat(p.folder, p.name, q.folder, q.name)
                                        : rename(from, to);
    while (result != 0 && again(&tries));
    leave(&q);
    leave(&p);
    return result;
}

static int remove_one(const char *path, int flags)
{
    place p;
    int result;

    if (!find_place(&p, path))
        return -1;
    result = unlinkat(p.folder, p.name, flags);
    leave(&p);
    return result;
}

int ipl_file_unlink(const char *path)
{
    return remove_one(path, 0);
}

int ipl_folder_unlink(const char *path)
{
    return remove_one(path, AT_REMOVEDIR);
}

const char *ipl_file_reason(int code)
{
    switch (code) {
    case NOT_REGULAR:
        return "not a regular file (a pipe, a device or a socket)";
    case LINKED:
        return "a symbolic link, and links are not followed inside a run";
    case OTHER_NAME:
        return "a hard link: writing would change the file under its other name";
    case REPLACED:
        return "its folder was removed or replaced meanwhile";
    case EISDIR:
        return "is a folder";
    default:
        return strerror(code);
    }
}

ipl_status ipl_file_open_fault(int code)
{
    return code == LINKED ? IPL_E_FORMAT : IPL_E_NOINPUT;
}
