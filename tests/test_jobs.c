#include "scratch.h"

#include "base/alloc.h"
#include "base/jobs.h"
#include "run/study.h"

#include <signal.h>
#include <unistd.h>

enum { JOBS = 4 };

/* Shell lines to run, and how they ended. */
typedef struct lines {
    const char *line[JOBS];
    char text[512];
    char *words[4];
    ipl_job_end end[JOBS];
    size_t ended;
    const char *log;
} lines;

static char sh[] = "sh", c[] = "-c", missing[] = "./no-such-program";

static char *const *argv_of(void *self, size_t i)
{
    lines *l = self;

    (void)snprintf(l->text, sizeof l->text, "%s", l->line[i] ? l->line[i] : "");
    l->words[0] = l->line[i] ? sh : missing;
    l->words[1] = c;
    l->words[2] = l->text;
    l->words[3] = NULL;
    return l->words;
}

static const char *log_of(void *self, size_t i)
{
    (void)i;
    return ((lines *)self)->log;
}

static void on_end(void *self, size_t i, const ipl_job_end *end)
{
    lines *l = self;

    l->end[i] = *end;
    l->ended++;
}

static ipl_jobs jobs_of(lines *l, size_t n, size_t at_once)
{
    return (ipl_jobs){.n = n,
                      .at_once = at_once,
                      .self = l,
                      .argv = argv_of,
                      .log = log_of,
                      .ended = on_end};
}

static void every_job_tells_how_it_ended(void **state)
{
    lines l = {.line = {"exit 0", "exit 7", "kill -9 $$", NULL}};
    const ipl_jobs jobs = jobs_of(&l, 4, 2);
    int number;

    (void)state;
    assert_int_equal(ipl_jobs_run(&number, &jobs, NULL), IPL_OK);
    assert_int_equal(number, 0);
    assert_int_equal(l.ended, 4);
    assert_int_equal(l.end[0].status, 0);
    assert_int_equal(l.end[1].status, 7);
    assert_int_equal(l.end[2].signal, SIGKILL);
    assert_int_equal(l.end[3].status, 127);
}

static void output_is_appended_to_the_log(void **state)
{
    const char *log = scratch_path(state, "log");
    lines l = {.line = {"echo one; echo two >&2", "echo three"}, .log = log};
    const ipl_jobs jobs = jobs_of(&l, 2, 1);
    char *text;
    size_t len;
    int number;

    assert_int_equal(ipl_jobs_run(&number, &jobs, NULL), IPL_OK);
    assert_int_equal(ipl_file_read(&text, &len, log, 1000, NULL), IPL_OK);
    assert_string_equal(text, "one\ntwo\nthree\n");
    ipl_free(text);
}

/* Each job counts the others that run with it by their files, and prints the number alone. */
static void no_more_run_at_once_than_may(void **state)
{
    char line[400];
    const char *log = scratch_path(state, "log");
    lines l = {.line = {line, line, line, line}, .log = log};
    const ipl_jobs jobs = jobs_of(&l, 4, 2);
    char *text;
    size_t len;
    int number;

    (void)snprintf(
        line, sizeof line,
        "cd %s && : >run-$$ && sleep 0.1 && set -- run-* && echo $# && rm run-$$",
        (const char *)*state);
    assert_int_equal(ipl_jobs_run(&number, &jobs, NULL), IPL_OK);
    assert_int_equal(ipl_file_read(&text, &len, log, 1000, NULL), IPL_OK);
    assert_null(strchr(text, '3'));
    assert_null(strchr(text, '4'));
    ipl_free(text);
}

/* The first job sends the signal to us; the second ends by it in its own way. */
static void a_signal_is_passed_on_and_nothing_new_starts(void **state)
{
    char sender[300], receiver[300];
    const char *ready = scratch_path(state, "ready");
    lines l = {.line = {sender, receiver, "exit 0", "exit 0"}};
    const ipl_jobs jobs = jobs_of(&l, 4, 2);
    int number;

    (void)snprintf(sender, sizeof sender,
                   "trap '' TERM; while [ ! -e %s ]; do sleep 0.05; done; kill -TERM %ld; "
                   "sleep 0.2",
                   ready, (long)getpid());
    (void)snprintf(receiver, sizeof receiver,
                   "trap 'exit 9' TERM; : >%s; while :; do sleep 0.05; done", ready);
    assert_int_equal(ipl_jobs_run(&number, &jobs, NULL), IPL_OK);
    assert_int_equal(number, SIGTERM);
    assert_int_equal(l.ended, 2);
    assert_int_equal(l.end[0].status, 0);
    assert_int_equal(l.end[1].status, 9);
    assert_true(l.end[1].stopped);
}

/* As under nohup: the second job starts although the first one hangs us up. */
static void a_hang_up_that_is_ignored_stops_nothing(void **state)
{
    char sender[80];
    lines l = {.line = {sender, "exit 0"}};
    const ipl_jobs jobs = jobs_of(&l, 2, 1);
    void (*before)(int) = signal(SIGHUP, SIG_IGN);
    int number;

    (void)state;
    (void)snprintf(sender, sizeof sender, "kill -HUP %ld", (long)getpid());
    assert_int_equal(ipl_jobs_run(&number, &jobs, NULL), IPL_OK);
    (void)signal(SIGHUP, before);
    assert_int_equal(number, 0);
    assert_int_equal(l.ended, 2);
}

static void a_job_that_is_killed_has_failed_unless_it_was_asked(void **state)
{
    static const struct {
        ipl_job_end end;
        bool failed;
        ipl_status status;
    } cases[] = {
        {{.status = 0}, false, IPL_OK},
        {{.status = 3}, true, IPL_E_NUMERIC},
        {{.status = 66}, true, IPL_E_NOINPUT},
        {{.status = 127}, true, IPL_E_IO},
        {{.signal = SIGKILL}, true, IPL_E_IO},
        {{.signal = SIGTERM}, true, IPL_E_IO},
        {{.signal = SIGTERM, .stopped = true}, false, IPL_E_IO},
        {{.status = 74, .stopped = true}, true, IPL_E_IO},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(ipl_job_has_failed(&cases[i].end), cases[i].failed);
        assert_int_equal(ipl_job_status(&cases[i].end), cases[i].status);
    }
}

static void the_last_fault_of_a_log_is_found(void **state)
{
    static const char text[] = "infoplane: first\nepoch 1\ninfoplane: second\n"
                               "infoplane: warning: odd\ntry 'infoplane train --help'\n";
    const char *log = scratch_path(state, "log");
    char fault[100], cut[5];

    assert_int_equal(ipl_file_replace(log, text, sizeof text - 1, NULL), IPL_OK);
    ipl_job_fault(fault, sizeof fault, log);
    assert_string_equal(fault, "second");
    ipl_job_fault(cut, sizeof cut, log);
    assert_string_equal(cut, "seco");
    ipl_job_fault(fault, sizeof fault, "/no/such/log");
    assert_string_equal(fault, "");
}

static void descriptors_and_signals_are_as_before(void **state)
{
    const int before = next_descriptor();
    lines l = {.line = {"exit 0"}, .log = scratch_path(state, "log")};
    const ipl_jobs jobs = jobs_of(&l, 1, 1);
    sigset_t mask;
    int number;

    assert_int_equal(ipl_jobs_run(&number, &jobs, NULL), IPL_OK);
    assert_int_equal(next_descriptor(), before);
    assert_int_equal(sigprocmask(SIG_BLOCK, NULL, &mask), 0);
    assert_false(sigismember(&mask, SIGINT));
    assert_false(sigismember(&mask, SIGCHLD));
}

static void a_log_that_cannot_be_written_is_a_fault(void **state)
{
    lines l = {.line = {"exit 0"}, .log = "/no/such/folder/log"};
    const ipl_jobs jobs = jobs_of(&l, 1, 1);
    int number;
    ipl_error err = {0};

    (void)state;
    assert_int_equal(ipl_jobs_run(&number, &jobs, &err), IPL_E_CANTCREATE);
    assert_non_null(strstr(err.msg, "/no/such/folder/log"));
}

static void the_program_finds_itself(void **state)
{
    char path[IPL_PATH_MAX];

    (void)state;
    assert_int_equal(ipl_jobs_self(path, "fallback", NULL), IPL_OK);
    assert_true(ipl_file_exists(path));
}

static void processors_are_shared_and_not_oversubscribed(void **state)
{
    static const struct {
        size_t at_once, threads, jobs, processors, want_at_once, want_threads;
    } cases[] = {
        {0, 0, 50, 8, 8, 1}, /* many jobs: one thread each */
        {0, 0, 3, 8, 3, 2},  /* few: the processors are shared among them */
        {0, 0, 1, 8, 1, 8},    {0, 4, 50, 8, 2, 4}, {2, 0, 50, 8, 2, 4},
        {0, 16, 50, 8, 1, 16}, {5, 3, 50, 8, 5, 3}, {0, 0, 0, 8, 1, 8},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t at_once = cases[i].at_once, threads = cases[i].threads;

        ipl_study_share(&at_once, &threads, cases[i].jobs, cases[i].processors);
        assert_int_equal(at_once, cases[i].want_at_once);
        assert_int_equal(threads, cases[i].want_threads);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_job_tells_how_it_ended),
        IN_SCRATCH(output_is_appended_to_the_log),
        IN_SCRATCH(no_more_run_at_once_than_may),
        IN_SCRATCH(a_signal_is_passed_on_and_nothing_new_starts),
        cmocka_unit_test(a_hang_up_that_is_ignored_stops_nothing),
        cmocka_unit_test(a_job_that_is_killed_has_failed_unless_it_was_asked),
        IN_SCRATCH(the_last_fault_of_a_log_is_found),
        IN_SCRATCH(descriptors_and_signals_are_as_before),
        cmocka_unit_test(a_log_that_cannot_be_written_is_a_fault),
        cmocka_unit_test(the_program_finds_itself),
        cmocka_unit_test(processors_are_shared_and_not_oversubscribed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
