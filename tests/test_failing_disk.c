/* A disk and folders that fail under a checkpoint: it says so, and the one before is kept. */
#include "in_front.h"

#include "base/alloc.h"
#include "run/checkpoint.h"
#include "run/stack.h"

#include <signal.h>
#include <sys/resource.h>

/* ---- what stands in front ---- */

static long write_call; /* this one fails, and it alone; < 0: none */

struct dirent *readdir(DIR *dirp)
{
    struct dirent *(*real)(DIR *);

    find(&real, "readdir");
    if (is_broken("readdir once")) {
        broken = NULL;
        return NULL; /* as if the folder were empty */
    }
    return real(dirp);
}

ssize_t write(int fd, const void *buf, size_t n)
{
    ssize_t (*real)(int, const void *, size_t);

    find(&real, "write");
    if (write_call >= 0 && write_call-- == 0) {
        errno = ENOSPC;
        return -1;
    }
    return real(fd, buf, n);
}

/* Every test starts with calls that work. */
static int setup(void **state)
{
    broken = NULL;
    write_call = -1;
    return scratch_setup(state);
}

static int teardown(void **state)
{
    write_call = -1;
    return scratch_teardown(state);
}

/* ---- checkpoints ---- */

static ipl_status write_checkpoint(const char *path, const char *state, ipl_error *err)
{
    const ipl_checkpoint c = {.experiment = "a = b\n",
                              .data = "two",
                              .build = "b",
                              .segments = "",
                              .state = state,
                              .state_size = strlen(state)};

    return ipl_checkpoint_write(path, NULL, &c, NULL, 0, err);
}

static size_t size_of(const char *path)
{
    char *bytes;
    size_t len;

    assert_int_equal(ipl_file_read(&bytes, &len, path, 1 << 20, NULL), IPL_OK);
    ipl_free(bytes);
    return len;
}

/* No file may be longer than `limit`, for a moment. */
static ipl_status write_within(rlim_t limit, const char *path, ipl_error *err)
{
    struct rlimit old, now;
    ipl_status st;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    now = old;
    now.rlim_cur = limit;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &now), 0);
    st = write_checkpoint(path, "new!", err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    return st;
}

static void a_disk_that_is_full_at_any_byte_keeps_the_checkpoint_before(void **state)
{
    char path[128], temporary[160]; /* many others are made on the way */
    const int before = next_descriptor();
    void (*old)(int) = signal(SIGXFSZ, SIG_IGN);
    size_t size;
    ipl_checkpoint c;

    (void)snprintf(path, sizeof path, "%s/last", (const char *)*state);
    (void)snprintf(temporary, sizeof temporary, "%s.tmp", path);
    assert_int_equal(write_checkpoint(path, "old!", NULL), IPL_OK);
    size = size_of(path);
    for (size_t limit = 0; limit < size; limit++) {
        ipl_error err = {0};

        assert_int_equal(write_within(limit, path, &err), IPL_E_IO);
        says(&err, "last: File too large");
        assert_false(ipl_file_exists(temporary));
        assert_int_equal(ipl_checkpoint_read(&c, path, size, NULL), IPL_OK);
        assert_memory_equal(c.state, "old!", 4);
        ipl_checkpoint_release(&c);
    }
    assert_int_equal(write_within(size, path, NULL), IPL_OK);
    assert_int_equal(ipl_checkpoint_read(&c, path, size, NULL), IPL_OK);
    assert_memory_equal(c.state, "new!", 4);
    ipl_checkpoint_release(&c);
    assert_int_equal(next_descriptor(), before);
    (void)signal(SIGXFSZ, old);
}

/* There is room again right after: what was not written must not be passed over. */
static void a_write_that_fails_once_keeps_the_checkpoint_before(void **state)
{
    const char *path = scratch_path(state, "last");
    ipl_status st = IPL_E_IO;
    ipl_checkpoint c;
    long n;

    assert_int_equal(write_checkpoint(path, "old!", NULL), IPL_OK);
    for (n = 0; st != IPL_OK; n++) {
        ipl_error err = {0};

        write_call = n;
        st = write_checkpoint(path, "new!", &err);
        write_call = -1;
        if (st != IPL_OK) {
            assert_int_equal(st, IPL_E_IO);
            says(&err, "last: No space left on device");
        }
        assert_int_equal(ipl_checkpoint_read(&c, path, 1 << 20, NULL), IPL_OK);
        assert_memory_equal(c.state, st == IPL_OK ? "new!" : "old!", 4);
        ipl_checkpoint_release(&c);
    }
    assert_true(n > 10); /* head, texts and their lengths, state, checksum */
}

static void a_checkpoint_in_a_folder_that_is_gone_cannot_be_created(void **state)
{
    ipl_error err = {0};

    assert_int_equal(write_checkpoint(scratch_path(state, "gone/last"), "new!", &err),
                     IPL_E_CANTCREATE);
    says(&err, "gone/last: No such file or directory");
}

/* ---- folders ---- */

/* Entries are counted first; those that come after are left for the next time. */
static void a_folder_of_checkpoints_that_grows_is_not_overrun(void **state)
{
    ipl_checkpoint_place *list;
    size_t n;

    assert_int_equal(ipl_folder_create(scratch_path(state, "checkpoint"), NULL), IPL_OK);
    assert_int_equal(write_checkpoint(scratch_path(state, "checkpoint/last"), "abc", NULL),
                     IPL_OK);
    broken = "readdir once";
    assert_int_equal(ipl_checkpoint_list(&list, &n, *state, NULL), IPL_OK);
    assert_int_equal(n, 0);
    ipl_free(list);
    assert_int_equal(ipl_checkpoint_list(&list, &n, *state, NULL), IPL_OK);
    assert_int_equal(n, 1);
    assert_string_equal(list[0].name, "last");
    ipl_free(list);
}

static void a_folder_below_that_cannot_be_read_is_no_input(void **state)
{
    const int before = next_descriptor();
    struct rlimit old, now;
    ipl_error err = {0};
    ipl_stack stack;
    ipl_status st;

    assert_int_equal(ipl_folder_create(scratch_path(state, "epoch0"), NULL), IPL_OK);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    now = old;
    now.rlim_cur = (rlim_t)before + 1; /* one more file may be open: the folder above */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
    st = ipl_stack_of_folder(&stack, *state, "x", "", "", &err);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_int_equal(st, IPL_E_NOINPUT);
    says(&err, "epoch0: Too many open files");
    assert_int_equal(next_descriptor(), before);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_disk_that_is_full_at_any_byte_keeps_the_checkpoint_before),
        TEST(a_write_that_fails_once_keeps_the_checkpoint_before),
        TEST(a_checkpoint_in_a_folder_that_is_gone_cannot_be_created),
        TEST(a_folder_of_checkpoints_that_grows_is_not_overrun),
        TEST(a_folder_below_that_cannot_be_read_is_no_input),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
