/** Files of a test: a folder that goes away, whole files, and the next free descriptor. */
#ifndef IPL_SCRATCH_H
#define IPL_SCRATCH_H

#include "test.h"

#include "base/file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/** cmocka set-up: *state becomes the path of a new folder. */
static inline int scratch_setup(void **state)
{
    static char folder[64];

    (void)snprintf(folder, sizeof folder, "/tmp/ipl_test_XXXXXX");
    *state = mkdtemp(folder);
    return *state ? 0 : -1;
}

/** cmocka tear-down: remove the folder and all in it. */
static inline int scratch_teardown(void **state)
{
    return ipl_folder_remove(*state, NULL) == IPL_OK ? 0 : -1;
}

/** A row of cmocka's table: a test with a folder of its own. */
#define IN_SCRATCH(test)                                                                   \
    cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

/** Path of a file in the folder; up to four of them are valid at a time. */
static inline const char *scratch_path(void **state, const char *name)
{
    static char path[4][IPL_PATH_MAX];
    static unsigned turn;

    turn = (turn + 1) % 4;
    (void)snprintf(path[turn], sizeof path[turn], "%s/%s", (const char *)*state, name);
    return path[turn];
}

/** Path of the folder, made len < IPL_PATH_MAX characters long by slashes at its end. */
static inline const char *scratch_long(void **state, size_t len)
{
    static char path[IPL_PATH_MAX];

    assert_within(len, strlen(*state), sizeof path - 1);
    memset(path, '/', len);
    memcpy(path, *state, strlen(*state));
    path[len] = '\0';
    return path;
}

/** Write a file; the test fails if it cannot. */
static inline void scratch_write(const char *path, const void *bytes, size_t len)
{
    FILE *fp = fopen(path, "wb");

    assert_non_null(fp);
    assert_int_equal(fwrite(bytes, 1, len, fp), len);
    assert_int_equal(fclose(fp), 0);
}

/** The leak checker does not see a forgotten fclose: compare descriptors instead. */
static inline int next_descriptor(void)
{
    const int fd = dup(STDERR_FILENO);

    close(fd);
    return fd;
}

/** How many files are open; 0 where no folder tells. */
static inline size_t open_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    size_t n = 0;

    if (!dir)
        return 0;
    while (readdir(dir))
        n++;
    (void)closedir(dir);
    return n;
}

#endif /* IPL_SCRATCH_H */
