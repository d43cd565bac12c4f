/* A file that is cut short while it is mapped ends the program with a line, not by a signal. */
#include "scratch.h"

#include "cli/bus_error.c" /* NOLINT(bugprone-suspicious-include): no part of the library */

#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { BYTES = 1 << 20 };

/* How a child ended, and what it said. */
typedef struct ending {
    int status;
    char said[2048];
} ending;

/* Run a function with its argument in a child that catches bus errors. */
static ending run(void (*function)(const char *), const char *argument)
{
    ending end = {0};
    size_t used = 0;
    ssize_t n;
    int pipes[2];
    pid_t child;

    assert_int_equal(pipe(pipes), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (dup2(pipes[1], STDERR_FILENO) < 0)
            _exit(1);
        ipl_bus_error_catch();
        function(argument);
        _exit(0);
    }
    (void)close(pipes[1]);
    while ((n = read(pipes[0], end.said + used, sizeof end.said - 1 - used)) > 0)
        used += (size_t)n;
    (void)close(pipes[0]);
    assert_int_equal(waitpid(child, &end.status, 0), child);
    return end;
}

static volatile char seen;

/* Map a file of BYTES, cut it short, and read what is no more. */
static void read_cut(const char *path)
{
    const int fd = open(path, O_RDWR | O_CREAT, 0600);
    const char *map;

    if (fd < 0 || ftruncate(fd, BYTES) != 0)
        _exit(1);
    map = mmap(NULL, BYTES, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED || ftruncate(fd, 0) != 0)
        _exit(1);
    seen = map[BYTES / 2];
}

static void *read_cut_in_thread(void *path)
{
    read_cut(path);
    return NULL;
}

/* Two threads meet it at once. */
static void read_cut_twice(const char *path)
{
    char other[IPL_PATH_MAX];
    pthread_t threads[2];

    (void)snprintf(other, sizeof other, "%s", path);
    for (int i = 0; i < 2; i++)
        if (pthread_create(&threads[i], NULL, read_cut_in_thread, other) != 0)
            _exit(1);
    for (int i = 0; i < 2; i++)
        (void)pthread_join(threads[i], NULL);
}

static void raise_it(const char *unused)
{
    (void)unused;
    (void)raise(SIGBUS);
}

static size_t lines_of(const char *text)
{
    size_t n = 0;

    for (; *text != '\0'; text++)
        n += *text == '\n';
    return n;
}

static void the_file_is_named_and_the_status_is_that_of_input_and_output(void **state)
{
    const ending end = run(read_cut, scratch_path(state, "cut.npy"));

    assert_true(WIFEXITED(end.status));
    assert_int_equal(WEXITSTATUS(end.status), 74);
    assert_memory_equal(end.said, "infoplane: ", 11);
    assert_int_equal(lines_of(end.said), 1);
#ifdef __linux__
    assert_non_null(strstr(end.said, "/cut.npy: was cut short"));
#endif
}

static void it_is_said_once_by_any_thread(void **state)
{
    const ending end = run(read_cut_twice, scratch_path(state, "cut.npy"));

    assert_true(WIFEXITED(end.status));
    assert_int_equal(WEXITSTATUS(end.status), 74);
    assert_int_equal(lines_of(end.said), 1);
}

static void a_name_is_written_without_control_characters(void **state)
{
    const ending end = run(read_cut, scratch_path(state, "a\033[2J\x9b.npy"));

    assert_int_equal(WEXITSTATUS(end.status), 74);
    assert_null(strchr(end.said, '\033'));
#ifdef __linux__
    assert_non_null(strstr(end.said, "a\\x1b[2J\\x9b.npy"));
#endif
}

static void a_bus_error_of_another_cause_ends_the_program_as_ever(void **state)
{
    const ending end = run(raise_it, "");

    (void)state;
    assert_true(WIFSIGNALED(end.status));
    assert_int_equal(WTERMSIG(end.status), SIGBUS);
    assert_string_equal(end.said, "");
}

static void lines_of_the_map_of_memory_are_read(void **state)
{
    static const char line[] =
        "7f12a000-7f12b000 r--p 00000000 fd:01 1234    /data/x y.npy";

    (void)state;
    assert_string_equal(path_in_line(line, 0x7f12a000), "/data/x y.npy");
    assert_string_equal(path_in_line(line, 0x7f12afff), "/data/x y.npy");
    assert_null(path_in_line(line, 0x7f12b000));
    assert_null(path_in_line(line, 0x7f129fff));
    assert_null(path_in_line("7f12a000-7f12b000 rw-p 00000000 00:00 0 ", 0x7f12a000));
    assert_null(
        path_in_line("7f12a000-7f12b000 rw-p 00000000 00:00 0 [stack]", 0x7f12a000));
    assert_null(path_in_line("", 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(the_file_is_named_and_the_status_is_that_of_input_and_output),
        IN_SCRATCH(it_is_said_once_by_any_thread),
        IN_SCRATCH(a_name_is_written_without_control_characters),
        cmocka_unit_test(a_bus_error_of_another_cause_ends_the_program_as_ever),
        cmocka_unit_test(lines_of_the_map_of_memory_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
