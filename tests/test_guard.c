/* A run's folder from a stranger, or removed under our hands; locks where there are none. */
#include "in_front.h"

#include "base/alloc.h"
#include "base/gzip.h"
#include "base/lock.h"
#include "math/npy_view.h"
#include "run/run_files.h"
#include "run/table.h"

#include <fcntl.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

static int no_flock, no_fcntl; /* what these calls fail with; 0: they work */

int flock(int fd, int operation)
{
    int (*real)(int, int);

    find(&real, "flock");
    errno = no_flock;
    return no_flock ? -1 : real(fd, operation);
}

int fcntl(int fd, int cmd, ...)
{
    int (*real)(int, int, ...);
    va_list args;
    void *argument;

    va_start(args, cmd);
    argument = va_arg(args, void *);
    va_end(args);
    find(&real, "fcntl");
    errno = no_fcntl;
    return no_fcntl && cmd != F_DUPFD_CLOEXEC ? -1 : real(fd, cmd, argument);
}

static const char *folder_in(void **state, const char *name)
{
    const char *path = scratch_path(state, name);

    assert_int_equal(ipl_folder_create(path, NULL), IPL_OK);
    return path;
}

static bool holds(const char *path, const char *text)
{
    char *bytes;
    size_t len;
    bool same;

    if (ipl_file_read(&bytes, &len, path, 1 << 20, NULL) != IPL_OK)
        return false;
    same = strcmp(bytes, text) == 0;
    ipl_free(bytes);
    return same;
}

/* ---- links ---- */

static void no_link_below_a_guarded_folder_is_followed(void **state)
{
    const char *precious = scratch_path(state, "precious");
    const char *run = folder_in(state, "run");
    char inside[128], deep[128];
    char *bytes;
    size_t len;
    ipl_appender table;
    ipl_error err = {0};

    scratch_write(precious, "thesis", 6);
    (void)folder_in(state, "elsewhere");
    (void)snprintf(inside, sizeof inside, "%s/training.csv", run);
    assert_int_equal(symlink("../precious", inside), 0);
    (void)snprintf(deep, sizeof deep, "%s/figures", run);
    assert_int_equal(symlink("../elsewhere", deep), 0);
    (void)snprintf(deep, sizeof deep, "%s/figures/a.csv", run);

    assert_int_equal(ipl_file_read(&bytes, &len, inside, 100, NULL), IPL_OK); /* not yet */
    ipl_free(bytes);
    assert_int_equal(ipl_guard(run, NULL), IPL_OK);
    assert_int_equal(ipl_file_read(&bytes, &len, inside, 100, &err), IPL_E_FORMAT);
    says(&err, "training.csv: a symbolic link");
    assert_int_equal(ipl_appender_open(&table, inside, NULL, &err), IPL_E_CANTCREATE);
    assert_int_equal(ipl_file_replace(deep, "x", 1, &err), IPL_E_CANTCREATE);
    says(&err, "a symbolic link");
    assert_int_equal(ipl_file_replace(inside, "new", 3, NULL), IPL_OK); /* in its place */
    assert_true(holds(precious, "thesis"));
    assert_true(holds(inside, "new"));
    assert_false(ipl_file_exists(scratch_path(state, "elsewhere/a.csv")));
    assert_null(ipl_folder_open(scratch_path(state, "run/figures")));
}

static void a_file_with_another_name_is_not_written(void **state)
{
    const char *precious = scratch_path(state, "precious");
    const char *run = folder_in(state, "run");
    char inside[128];
    ipl_appender table;
    ipl_error err = {0};

    scratch_write(precious, "thesis", 6);
    (void)snprintf(inside, sizeof inside, "%s/layers.csv", run);
    assert_int_equal(link(precious, inside), 0);
    assert_int_equal(ipl_guard(run, NULL), IPL_OK);
    assert_int_equal(ipl_appender_open(&table, inside, NULL, &err), IPL_E_CANTCREATE);
    says(&err, "a hard link");
    assert_true(holds(precious, "thesis"));
    assert_true(holds(inside, "thesis")); /* to read it is fine */
}

static void a_path_out_of_a_guarded_folder_is_refused(void **state)
{
    const char *run = folder_in(state, "run");

    scratch_write(scratch_path(state, "secret"), "x", 1);
    assert_int_equal(ipl_guard(run, NULL), IPL_OK);
    assert_int_equal(ipl_file_open(scratch_path(state, "run/../secret"), O_RDONLY), -1);
}

static void a_folder_that_was_replaced_is_not_written_to(void **state)
{
    const char *run = folder_in(state, "run");
    ipl_appender table;
    ipl_error err = {0};
    char path[128];
    const int before = next_descriptor();

    (void)snprintf(path, sizeof path, "%s/run.json", run);
    assert_int_equal(ipl_guard_hold(run, NULL), IPL_OK);
    assert_int_equal(ipl_appender_open(&table, path, NULL, NULL), IPL_OK);
    assert_int_equal(rename(run, scratch_path(state, "moved")), 0);
    assert_int_equal(ipl_file_replace(path, "x", 1, &err), IPL_E_CANTCREATE); /* gone */
    (void)folder_in(state, "run");
    assert_int_equal(ipl_file_replace(path, "x", 1, &err), IPL_E_CANTCREATE);
    says(&err, "removed or replaced");
    assert_int_equal(ipl_appender_write(&table, "x", 1, &err), IPL_E_IO);
    assert_false(ipl_file_exists(path));
    assert_int_equal(ipl_appender_close(&table, NULL), IPL_OK);
    ipl_guard_release(run);
    assert_int_equal(next_descriptor(), before);
    assert_int_equal(ipl_file_replace(path, "x", 1, NULL), IPL_OK); /* not held any more */
}

/* ---- what is no file ---- */

static void nobody_waits_for_a_pipe(void **state)
{
    const char *path = scratch_path(state, "pipe");
    const int before = next_descriptor();
    char *bytes, head[4], hash[65];
    size_t len;
    ipl_error err = {0};
    ipl_gzip *gzip;
    ipl_npy a;
    ipl_npy_view view;
    ipl_table *table;
    ipl_appender appender;

    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(ipl_file_read(&bytes, &len, path, 100, &err), IPL_E_NOINPUT);
    says(&err, "pipe: not a regular file");
    assert_int_equal(ipl_file_read_head(head, 1, path, NULL), IPL_E_NOINPUT);
    assert_int_equal(ipl_file_sha256(hash, path, NULL), IPL_E_NOINPUT);
    assert_int_equal(ipl_gzip_open(&gzip, path, NULL), IPL_E_NOINPUT);
    assert_int_equal(ipl_npy_read(&a, path, NULL), IPL_E_NOINPUT);
    assert_int_equal(ipl_npy_view_open(&view, path, NULL), IPL_E_NOINPUT);
    assert_int_equal(ipl_table_read(&table, path, NULL), IPL_E_NOINPUT);
    assert_int_equal(ipl_appender_open(&appender, path, NULL, NULL), IPL_E_CANTCREATE);
    assert_int_equal(ipl_appender_open(&appender, path, &(ipl_file_mark){1, 1}, NULL),
                     IPL_E_CANTCREATE);
    assert_int_equal(next_descriptor(), before);
}

/* ---- what --force removes ---- */

static void only_what_runs_write_is_removed(void **state)
{
    static const char *const ours[] = {"run.json",
                                       "training.csv",
                                       "information.csv.tmp",
                                       "checkpoint/epoch-000003",
                                       "parameters/0.weight.npy",
                                       "activations/epoch-2/train-fc1.npy",
                                       "figures/plane-points.csv",
                                       "figures/style.gp",
                                       "figures/filters-3.png",
                                       "analysis-12/figures/grid.png",
                                       "analysis-12/run.json"};
    static const char *const foreign[] = {"notes.txt",
                                          "figures/thesis.tex",
                                          ".git/HEAD",
                                          "data/x.npy",
                                          "analysis-12/a.tex",
                                          "parameters/a/b.npy",
                                          "checkpoint/run.json",
                                          "parameters/mine.npy",
                                          "activations/mine.npy",
                                          "activations/epoch-2/mine.npy",
                                          "figures/drawing.svg",
                                          "figures/mine.gp",
                                          "figures/style.gp.bak",
                                          "figures/plane-notes.csv",
                                          "figures/filters-.png"};
    const char *run = folder_in(state, "run");
    char path[160], *slash;
    ipl_error err = {0};

    assert_int_equal(ipl_guard(run, NULL), IPL_OK);
    for (size_t f = 0; f <= sizeof foreign / sizeof foreign[0]; f++) {
        const bool alone = f == sizeof foreign / sizeof foreign[0];

        for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
            (void)snprintf(path, sizeof path, "%s/%s", run, ours[i]);
            slash = strrchr(path, '/');
            *slash = '\0';
            assert_int_equal(ipl_folder_create(path, NULL), IPL_OK);
            *slash = '/';
            scratch_write(path, "x", 1);
        }
        if (alone)
            break;
        (void)snprintf(path, sizeof path, "%s/%s", run, foreign[f]);
        slash = strrchr(path, '/');
        *slash = '\0';
        assert_int_equal(ipl_folder_create(path, NULL), IPL_OK);
        *slash = '/';
        scratch_write(path, "x", 1);
        if (ipl_run_files_remove(run, &err) != IPL_E_CANTCREATE)
            fail_msg("%s was removed", foreign[f]);
        for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
            char kept[160];

            (void)snprintf(kept, sizeof kept, "%s/%s", run, ours[i]);
            assert_true(holds(kept, "x"));
        }
        assert_int_equal(ipl_file_unlink(path), 0);
        *slash = '\0';
        (void)ipl_folder_unlink(path); /* unless something of ours is in it */
        if (f == 5)
            assert_false(ipl_file_exists(path));
    }
    if (ipl_run_files_remove(run, &err) != IPL_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(rmdir(run), 0); /* empty */
}

static void the_current_folder_and_those_above_are_not_replaced(void **state)
{
    const char *run = folder_in(state, "run");
    char here[IPL_PATH_MAX];
    ipl_error err = {0};

    (void)folder_in(state, "run/figures");
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(scratch_path(state, "run/figures")), 0);
    assert_int_equal(ipl_run_files_remove(run, &err), IPL_E_CANTCREATE);
    says(&err, "the current folder or one above it");
    assert_int_equal(ipl_run_files_remove(".", &err), IPL_E_CANTCREATE);
    assert_int_equal(ipl_run_files_remove("..", &err), IPL_E_CANTCREATE);
    assert_int_equal(chdir(here), 0);
}

/* ---- locks ---- */

/* Take the lock in another process: its exit status is the status of the attempt. */
static int status_elsewhere(const char *folder)
{
    int status = 0;
    const pid_t child = fork();

    if (child == 0) {
        ipl_lock lock;

        _exit((int)ipl_lock_take(&lock, folder, "works here", NULL));
    }
    assert_true(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void one_process_holds_a_lock_whatever_the_file_system_can(void **state)
{
    static const struct {
        int no_flock, no_fcntl;
        const char *kind;
    } cases[] = {{0, 0, "flock"},
                 {ENOSYS, 0, "fcntl"},
                 {ENOLCK, 0, "fcntl"},
                 {EOPNOTSUPP, 0, "fcntl"},
                 {ENOSYS, ENOLCK, "file"}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char name[16];
        const char *folder;
        ipl_lock lock;

        (void)snprintf(name, sizeof name, "f%zu", i);
        folder = folder_in(state, name);
        no_flock = cases[i].no_flock;
        no_fcntl = cases[i].no_fcntl;
        assert_int_equal(ipl_lock_take(&lock, folder, "works here", NULL), IPL_OK);
        assert_string_equal(lock.kind, cases[i].kind);
        assert_int_equal(status_elsewhere(folder), IPL_E_LOCKED);
        assert_true(ipl_lock_is_held(folder));
        ipl_lock_give(&lock);
        assert_false(ipl_lock_is_held(folder));
        assert_int_equal(status_elsewhere(folder),
                         IPL_OK); /* and it ends with the process */
        assert_int_equal(ipl_lock_take(&lock, folder, "works here", NULL), IPL_OK);
        ipl_lock_give(&lock);
        no_flock = no_fcntl = 0;
    }
}

static void the_owner_of_another_host_is_named(void **state)
{
    static const char text[] = "some-other-host 12 34\n";
    const char *folder = folder_in(state, "f");
    char owner[128];
    ipl_error err = {0};
    ipl_lock lock;

    (void)snprintf(owner, sizeof owner, "%s/.lock-owner", folder);
    scratch_write(owner, text, strlen(text));
    no_flock = no_fcntl = ENOSYS;
    assert_int_equal(ipl_lock_take(&lock, folder, "works here", &err), IPL_E_LOCKED);
    says(&err, "process 12 of host some-other-host works here; if it is gone, remove ");
    no_flock = no_fcntl = 0;
}

/* ---- what a file may be put in the place of ---- */

/* The mode of what stands there itself, not of what a link leads to. */
static mode_t kind_of(const char *path)
{
    struct stat info;

    assert_int_equal(lstat(path, &info), 0);
    return info.st_mode & S_IFMT;
}

static void keeps_its_name(const char *path, const char *why)
{
    const mode_t kind = kind_of(path);
    ipl_error err = {0};

    assert_int_equal(ipl_file_replace(path, "x", 1, &err), IPL_E_CANTCREATE);
    says(&err, why);
    assert_int_equal(kind_of(path), kind);
}

static void a_pipe_a_device_and_the_standard_output_keep_their_name(void **state)
{
    const char *path = scratch_path(state, "pipe");

    assert_int_equal(mkfifo(path, 0600), 0);
    keeps_its_name(path, "pipe: not a regular file");
    path = scratch_path(state, "null");
    assert_int_equal(symlink("/dev/null", path), 0);
    keeps_its_name(path, "null: not a regular file");
    path = scratch_path(state, "out");
    assert_int_equal(symlink("/proc/self/fd/1", path), 0);
    keeps_its_name(path, "out: not a regular file");
    keeps_its_name(folder_in(state, "folder"), "folder: is a folder");
}

static void a_link_gives_way_to_the_new_file(void **state)
{
    const char *precious = scratch_path(state, "precious");
    const char *link_to_it = scratch_path(state, "link");

    scratch_write(precious, "thesis", 6);
    assert_int_equal(symlink("precious", link_to_it), 0);
    assert_int_equal(ipl_file_replace(link_to_it, "new", 3, NULL), IPL_OK);
    assert_int_equal(kind_of(link_to_it), S_IFREG);
    assert_true(holds(precious, "thesis"));
}

static void a_lock_that_cannot_be_for_another_reason_says_which(void **state)
{
    const char *folder = folder_in(state, "f");
    ipl_error err = {0};
    ipl_lock lock;

    no_flock = EIO;
    assert_int_equal(ipl_lock_take(&lock, folder, "works here", &err), IPL_E_IO);
    says(&err, "Input/output error");
    no_flock = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(no_link_below_a_guarded_folder_is_followed),
        IN_SCRATCH(a_file_with_another_name_is_not_written),
        IN_SCRATCH(a_path_out_of_a_guarded_folder_is_refused),
        IN_SCRATCH(a_folder_that_was_replaced_is_not_written_to),
        IN_SCRATCH(nobody_waits_for_a_pipe),
        IN_SCRATCH(only_what_runs_write_is_removed),
        IN_SCRATCH(the_current_folder_and_those_above_are_not_replaced),
        IN_SCRATCH(one_process_holds_a_lock_whatever_the_file_system_can),
        IN_SCRATCH(the_owner_of_another_host_is_named),
        IN_SCRATCH(a_pipe_a_device_and_the_standard_output_keep_their_name),
        IN_SCRATCH(a_link_gives_way_to_the_new_file),
        IN_SCRATCH(a_lock_that_cannot_be_for_another_reason_says_which),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
