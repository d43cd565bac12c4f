/* F_OFD_SETLK: locks of fcntl() that belong to an open file and not to a process. */
#define _GNU_SOURCE /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#include "base/lock.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK ".lock"
#define OWNER ".lock-owner"

/* Looks, of a millisecond each, that are waited for; bytes of .lock-owner. */
enum { LOOKS_MAX = 10000, OWNER_MAX = 512, HOST_MAX = 256 };

/* What became of an attempt. */
typedef enum attempt {
    TAKEN,
    HELD,    /* by somebody else */
    MISSING, /* this file system has no such locks */
    FAILED   /* for another reason, in errno */
} attempt;

#ifdef F_OFD_SETLK
enum { SET = F_OFD_SETLK, GET = F_OFD_GETLK };
#else
enum { SET = F_SETLK, GET = F_GETLK };
#endif

static attempt fault(void)
{
    const int code = errno;

    return code == ENOSYS || code == ENOLCK || code == EOPNOTSUPP || code == EINVAL
               ? MISSING
               : FAILED;
}

/* ---- flock() ---- */

/* Those who only look hold a shared lock for a moment. */
static attempt take_flock(int fd)
{
    for (int tries = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; tries++) {
        if (errno != EWOULDBLOCK)
            return fault();
        if (flock(fd, LOCK_SH | LOCK_NB) != 0 || tries == LOOKS_MAX)
            return HELD;
        (void)flock(fd, LOCK_UN);
        (void)poll(NULL, 0, 1);
    }
    return TAKEN;
}

static attempt look_flock(int fd)
{
    if (flock(fd, LOCK_SH | LOCK_NB) == 0)
        return TAKEN; /* goes with the descriptor */
    return errno == EWOULDBLOCK ? HELD : fault();
}

/* ---- fcntl() ---- */

static attempt take_fcntl(int fd)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    if (fcntl(fd, SET, &whole) == 0)
        return TAKEN;
    return errno == EACCES || errno == EAGAIN ? HELD : fault();
}

static attempt look_fcntl(int fd)
{
    struct flock whole = {.l_type = F_RDLCK, .l_whence = SEEK_SET};

    if (fcntl(fd, GET, &whole) != 0)
        return fault();
    return whole.l_type == F_UNLCK ? TAKEN : HELD;
}

/* ---- a file that names its owner ---- */

typedef struct owner {
    char host[HOST_MAX];
    uint64_t process;
    uint64_t start; /* in ticks since the machine started; 0: not known */
} owner;

/* The number at *at, which goes past it; false when there is none. */
static bool next_number(uint64_t *out, char **at)
{
    char *word = *at + strspn(*at, " ");
    const size_t len = strcspn(word, " \n");

    *at = word + len + (word[len] != '\0');
    word[len] = '\0';
    return ipl_count_parse(out, word);
}

/* The 22nd word of /proc/PID/stat; its second, a name in brackets, may hold anything. */
static uint64_t start_of(uint64_t process)
{
    char path[64], text[1024], *at;
    uint64_t start = 0;
    FILE *fp;

    (void)snprintf(path, sizeof path, "/proc/%" PRIu64 "/stat", process);
    if (ipl_file_stream(&fp, path, NULL) != IPL_OK)
        return 0;
    at = fgets(text, sizeof text, fp) ? strrchr(text, ')') : NULL;
    (void)fclose(fp); /* read only: nothing to lose */
    for (int word = 2; at && word < 22; word++)
        at = strchr(at + 1, ' ');
    return at && next_number(&start, &at) ? start : 0;
}

static owner this_process(void)
{
    owner me = {.process = (uint64_t)getpid()};

    if (gethostname(me.host, sizeof me.host - 1) != 0 || me.host[0] == '\0')
        (void)snprintf(me.host, sizeof me.host, "unknown");
    me.start = start_of(me.process);
    return me;
}

static bool read_owner(owner *out, const char *path)
{
    char *text, *at;
    size_t len, host;
    bool read;

    *out = (owner){0};
    if (ipl_file_read(&text, &len, path, OWNER_MAX, NULL) != IPL_OK)
        return false;
    host = strcspn(text, " ");
    at = text + host;
    read = ipl_text_copy(out->host, sizeof out->host, text, host, "host", NULL) == IPL_OK &&
           next_number(&out->process, &at) && next_number(&out->start, &at);
    ipl_free(text);
    return read;
}

/* Whether the owner may still be there: of another host nothing is known. */
static bool may_live(const owner *o)
{
    const owner me = this_process();

    if (strcmp(o->host, me.host) != 0)
        return true;
    if (kill((pid_t)o->process, 0) != 0 && errno == ESRCH)
        return false;
    return o->start == 0 || start_of(o->process) == o->start;
}

/* Make the file, unless somebody else has; who is gone has not. */
static attempt take_file(owner *other, const char *path)
{
    const owner me = this_process();
    char text[OWNER_MAX];
    const int len = snprintf(text, sizeof text, "%s %" PRIu64 " %" PRIu64 "\n", me.host,
                             me.process, me.start);

    for (int tries = 0; tries < 2; tries++) {
        const int fd = ipl_file_open(path, O_WRONLY | O_CREAT | O_EXCL);

        if (fd >= 0) {
            const bool written = write(fd, text, (size_t)len) == len;

            if (close(fd) == 0 && written)
                return TAKEN;
            (void)ipl_file_unlink(path); /* it would name nobody */
            return FAILED;
        }
        if (errno != EEXIST)
            return FAILED;
        if (!read_owner(other, path) || may_live(other))
            return HELD;
        (void)ipl_file_unlink(path);
    }
    return HELD;
}

/* ---- the lock ---- */

/* Whether the open file is still the one at that path. */
static bool is_at(int fd, const char *path)
{
    struct stat mine, there;

    return fstat(fd, &mine) == 0 && stat(path, &there) == 0 &&
           mine.st_ino == there.st_ino && mine.st_dev == there.st_dev;
}

static ipl_status take_by_file(ipl_lock *lock, const char *doing, ipl_error *err)
{
    char path[IPL_PATH_MAX];
    owner other = {0};
    attempt result;
    const ipl_status st = ipl_path_join(path, lock->folder, OWNER, err);

    if (st != IPL_OK)
        return st;
    result = take_file(&other, path);
    if (result == FAILED)
        return ipl_fail(err, IPL_E_CANTCREATE,
                        "%s: %s (flock and fcntl do not work on this file system)", path,
                        ipl_file_reason(errno));
    if (result == HELD)
        return ipl_fail(err, IPL_E_LOCKED,
                        "%s: process %" PRIu64 " of host %s %s; if it is gone, remove %s",
                        lock->folder, other.process, *other.host ? other.host : "unknown",
                        doing, path);
    lock->kind = "file";
    return IPL_OK;
}

/* Lock the open file; IPL_E_LOCKED, or IPL_E_IO when that cannot be done. */
static ipl_status take_open(ipl_lock *lock, const char *doing, ipl_error *err)
{
    attempt result = take_flock(lock->fd);

    lock->kind = "flock";
    if (result == MISSING) {
        result = take_fcntl(lock->fd);
        lock->kind = "fcntl";
    }
    if (result == TAKEN)
        return IPL_OK;
    lock->kind = NULL;
    if (result == HELD)
        return ipl_fail(err, IPL_E_LOCKED, "%s: another process %s", lock->folder, doing);
    if (result == MISSING)
        return take_by_file(lock, doing, err);
    return ipl_fail(err, IPL_E_IO, "%s/" LOCK ": %s", lock->folder, strerror(errno));
}

/* Lock the folder itself; what cannot be locked so is left to its files. */
static ipl_status take_folder(ipl_lock *lock, const char *doing, ipl_error *err)
{
    attempt result;

    lock->folder_fd = open(lock->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock->folder_fd < 0)
        return IPL_OK;
    result = take_flock(lock->folder_fd);
    if (result == TAKEN)
        return IPL_OK;
    (void)close(lock->folder_fd); /* nothing is written through it */
    lock->folder_fd = -1;
    return result == HELD
               ? ipl_fail(err, IPL_E_LOCKED, "%s: another process %s", lock->folder, doing)
               : IPL_OK;
}

/* Remove the files of a lock that is held, as far as they are still its own. */
static void remove_files(const ipl_lock *lock)
{
    char path[IPL_PATH_MAX];

    if (lock->kind && strcmp(lock->kind, "file") == 0 &&
        ipl_path_join(path, lock->folder, OWNER, NULL) == IPL_OK)
        (void)ipl_file_unlink(path);
    if (lock->kind && ipl_path_join(path, lock->folder, LOCK, NULL) == IPL_OK &&
        is_at(lock->fd, path))
        (void)ipl_file_unlink(path);
}

static void close_both(ipl_lock *lock)
{
    if (lock->fd >= 0)
        (void)close(lock->fd); /* nothing is written to it */
    if (lock->folder_fd >= 0)
        (void)close(lock->folder_fd);
    lock->fd = lock->folder_fd = -1;
}

/*
 * Who held the lock before may have removed the file between our two calls: then it is not the
 * lock any more, and the new file is.
 */
ipl_status ipl_lock_take(ipl_lock *out, const char *folder, const char *doing,
                         ipl_error *err)
{
    char path[IPL_PATH_MAX];
    ipl_status st;

    *out = (ipl_lock){.fd = -1, .folder_fd = -1};
    st =
        ipl_text_copy(out->folder, sizeof out->folder, folder, strlen(folder), "path", err);
    if (st == IPL_OK)
        st = ipl_path_join(path, folder, LOCK, err);
    while (st == IPL_OK) {
        st = take_folder(out, doing, err);
        if (st != IPL_OK)
            return st;
        out->fd = ipl_file_open(path, O_RDWR | O_CREAT);
        if (out->fd < 0)
            st = ipl_fail(err, IPL_E_CANTCREATE, "%s: %s", path, ipl_file_reason(errno));
        else
            st = take_open(out, doing, err);
        if (st == IPL_OK && is_at(out->fd, path))
            return IPL_OK;
        remove_files(out);
        close_both(out);
        out->kind = NULL;
    }
    return st;
}

void ipl_lock_give(ipl_lock *lock)
{
    if (!lock->kind)
        return;
    remove_files(lock);
    close_both(lock);
    *lock = (ipl_lock){.fd = -1, .folder_fd = -1};
}

/* Whether the folder itself is locked, whatever became of its files. */
static bool folder_is_held(const char *folder)
{
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool held;

    if (fd < 0)
        return false;
    held = look_flock(fd) == HELD;
    (void)close(fd); /* nothing was written through it */
    return held;
}

bool ipl_lock_is_held(const char *folder)
{
    char path[IPL_PATH_MAX];
    attempt result = MISSING;
    owner other;
    int fd;

    if (folder_is_held(folder))
        return true;
    if (ipl_path_join(path, folder, LOCK, NULL) != IPL_OK)
        return false;
    fd = ipl_file_open(path, O_RDONLY);
    if (fd >= 0) {
        result = look_flock(fd);
        if (result == MISSING)
            result = look_fcntl(fd);
        (void)close(fd);
    }
    if (result != MISSING)
        return result == HELD;
    return ipl_path_join(path, folder, OWNER, NULL) == IPL_OK && read_owner(&other, path) &&
           may_live(&other);
}
