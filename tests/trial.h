/**
 * An experiment, and a folder for it that is made anew for every test.
 *
 * A test file that includes this sets `trial` and writes IN_FOLDER() in the table of its tests.
 */
#ifndef IPL_TRIAL_H
#define IPL_TRIAL_H

#include "scratch.h"

#include "run/experiment.h"

static ipl_experiment trial; /* large */
static char folder[64];

/* The same time in every record, so that whole files can be compared. */
static inline int make_folder(void **state)
{
    (void)state;
    /* Every checkpoint waits for the disk: memory is faster, where there is such a folder. */
    (void)snprintf(folder, sizeof folder, "%s/ipl_trial_XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    return mkdtemp(folder) && setenv("SOURCE_DATE_EPOCH", "0", 1) == 0 ? 0 : -1;
}

static inline int remove_folder(void **state)
{
    (void)state;
    return ipl_folder_remove(folder, NULL) == IPL_OK ? 0 : -1;
}

/* Path of something in the folder; up to eight are valid at a time. */
static inline const char *in(const char *name)
{
    static char path[8][2 * IPL_PATH_MAX];
    static unsigned turn;

    turn = (turn + 1) % 8;
    (void)snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

/** A row of cmocka's table: a test with a folder of its own. */
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

typedef struct content {
    char *bytes; /* to be freed */
    size_t len;
} content;

static inline content read_file(const char *name)
{
    content f;

    assert_int_equal(ipl_file_read(&f.bytes, &f.len, in(name), 1u << 24, NULL), IPL_OK);
    return f;
}

#endif /* IPL_TRIAL_H */
