/* What all targets share: files in memory, and promises. */
#include "fuzz.h"

#include "base/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];

static void remove_folder(void)
{
    (void)!ipl_folder_remove(folder, NULL);
}

void fuzz_require(int holds, const char *promise)
{
    if (holds)
        return;
    (void)fprintf(stderr, "fuzz_%s: broken promise: %s\n", fuzz_target.name, promise);
    abort();
}

const char *fuzz_folder(void)
{
    static pid_t owner; /* a child makes its own */

    if (*folder == '\0' || owner != getpid()) {
        (void)snprintf(folder, sizeof folder, "%s/ipl_fuzz_XXXXXX",
                       ipl_file_is_folder("/dev/shm") ? "/dev/shm" : "/tmp");
        fuzz_require(mkdtemp(folder) != NULL, "a folder for files");
        owner = getpid();
        (void)atexit(remove_folder);
    }
    return folder;
}

/* Replace the content of the file behind *fd, which is opened once. */
static void rewrite(int *fd, const char *path, const uint8_t *data, size_t size)
{
    if (*fd < 0)
        *fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    fuzz_require(*fd >= 0 && pwrite(*fd, data, size, 0) == (ssize_t)size &&
                     ftruncate(*fd, (off_t)size) == 0,
                 "a file is written");
}

const char *fuzz_file(const uint8_t *data, size_t size)
{
    static char path[128];
    static int fd = -1;
    static pid_t owner;

    if (owner != getpid()) {
        (void)snprintf(path, sizeof path, "%s/input", fuzz_folder());
        owner = getpid();
        fd = -1;
    }
    rewrite(&fd, path, data, size);
    return path;
}

void fuzz_write(const char *name, const uint8_t *data, size_t size)
{
    char path[128];
    int fd = -1;

    (void)snprintf(path, sizeof path, "%s/%s", fuzz_folder(), name);
    rewrite(&fd, path, data, size);
    (void)close(fd);
}

const char *fuzz_text(const uint8_t *data, size_t size)
{
    static char text[FUZZ_MAX + 1];

    size = size < FUZZ_MAX ? size : FUZZ_MAX;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

void fuzz_check(ipl_status status, const ipl_error *err, unsigned allowed)
{
    if (!(1u << status & allowed)) {
        (void)fprintf(stderr, "status '%s': %s\n", ipl_status_name(status), err->msg);
        fuzz_require(0, "a status that the parser documents");
    }
    if (status == IPL_OK)
        return;
    fuzz_require(err->status == status, "the error has the status that is returned");
    fuzz_require(err->msg[0] != '\0', "a fault has a message");
    fuzz_require(!strpbrk(err->msg, "\r\n"), "a message is one line");
}
