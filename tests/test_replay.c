/* Kept checkpoints measured again give the rows of the run. */
#include "whole_run.h"

#include "base/alloc.h"
#include "run/replay.h"

/* Lines of a table whose first field is one of the epochs of a list; the header too. */
static void keep_epochs(ipl_text *out, const char *bytes, const char *const *epochs,
                        size_t n)
{
    for (const char *line = bytes; *line; line += strcspn(line, "\n") + 1)
        for (size_t i = 0; i < n; i++)
            if (strcspn(line, ",") == strlen(epochs[i]) &&
                strncmp(line, epochs[i], strlen(epochs[i])) == 0)
                ipl_text_add(out, "%.*s\n", (int)strcspn(line, "\n"), line);
}

static void checkpoints_measured_again_give_the_rows_of_the_run(void **state)
{
    static const char *const epochs[] = {"epoch", "0", "2", "4"};

    (void)state;
    write_images();
    for (size_t c = 1; c < N_CASES; c += 3) { /* an MLP and a CNN */
        char run[IPL_PATH_MAX];
        ipl_replay_opts opts = {.run = run, .exp = &trial, .split = ""};
        ipl_replay_size size;
        content f;

        cases[c].make(cases[c].net, cases[c].optimiser);
        strcpy(trial.estimator, "logdet:beta=rd logdet:scale=corr,beta=own");
        strcpy(trial.measure, "every:2");
        strcpy(trial.checkpoint, "every:2,keep=measured");
        trial.probe = c == 1 ? IPL_PROBE_RANDOM : IPL_PROBE_POOLED;
        (void)snprintf(run, sizeof run, "%s/run", folder);
        trial.null_repeats = 2;
        trial.early_steps = 2;
        if (trial.probe == IPL_PROBE_POOLED)
            trial.probe_train = trial.probe_test = 0;
        train_ok("run", 0, 2, IPL_RESUME_NO);
        assert_int_equal(unlink(in("run/checkpoint/best")), 0); /* of any epoch */
        f = read_file("run/information.csv");
        for (size_t threads = 1; threads <= 3; threads++) {
            ipl_text again = {0}, want = {0};
            ipl_error err = {0};

            opts.threads = threads;
            if (ipl_replay_measure(&again, &size, &opts, &err) != IPL_OK)
                fail_msg("%s", err.msg);
            keep_epochs(&want, f.bytes, epochs, 4);
            assert_string_equal(again.s, want.s);
            assert_int_equal(size.epochs, 3);
            ipl_text_release(&want);
            ipl_text_release(&again);
        }
        ipl_free(f.bytes);
        assert_int_equal(ipl_folder_remove(in("run"), NULL), IPL_OK);
    }
}

static void fewer_rows_and_one_split_are_measured_again(void **state)
{
    char run[IPL_PATH_MAX];
    ipl_replay_opts opts = {.run = run, .exp = &trial, .split = "test", .rows = 20};
    ipl_replay_size size;
    ipl_text few = {0}, all = {0};
    ipl_error err = {0};

    (void)state;
    (void)snprintf(run, sizeof run, "%s/run", folder);
    mlp("12-4-2", "sgd:lr=0.05");
    strcpy(trial.checkpoint, "every:1,keep=1");
    train_ok("run", 0, 1, IPL_RESUME_NO);
    assert_int_equal(ipl_replay_measure(&few, &size, &opts, NULL), IPL_OK);
    assert_null(strstr(few.s, ",train,"));
    opts.threads = 3; /* the same draw of rows */
    assert_int_equal(ipl_replay_measure(&all, &size, &opts, NULL), IPL_OK);
    assert_string_equal(few.s, all.s);
    (void)strtok(few.s, "\n"); /* the names of the columns */
    for (char *line = strtok(NULL, "\n"); line; line = strtok(NULL, "\n"))
        assert_string_equal(strrchr(line, ','), ",20");
    opts.rows = 41;
    assert_int_equal(ipl_replay_measure(&all, &size, &opts, &err), IPL_E_SHAPE);
    opts.rows = 0;
    opts.split = "all";
    assert_int_equal(ipl_replay_measure(&all, &size, &opts, &err), IPL_E_ARG);
    assert_int_equal(ipl_folder_remove(in("run/checkpoint"), NULL), IPL_OK);
    opts.split = "";
    assert_int_equal(ipl_replay_measure(&all, &size, &opts, &err), IPL_E_NOINPUT);
    assert_non_null(strstr(err.msg, "keep=measured"));
    ipl_text_release(&all);
    ipl_text_release(&few);
}

/* The run goes on while it is measured: after the first epoch, that of the second is gone. */
static void go_on(void *self, size_t done, size_t all)
{
    (void)self;
    (void)all;
    if (done == 1)
        assert_int_equal(unlink(in("run/checkpoint/epoch-000002")), 0);
}

static void warn_going(void *self, const char *text)
{
    ipl_text_add(self, "%s\n", text);
}

static void an_epoch_that_is_gone_is_left_out_with_a_warning(void **state)
{
    static const char *const epochs[] = {"epoch", "0", "4"};
    char run[IPL_PATH_MAX];
    ipl_text warnings = {0};
    const ipl_replay_opts opts = {.run = run,
                                  .exp = &trial,
                                  .split = "",
                                  .self = &warnings,
                                  .progress = go_on,
                                  .warning = warn_going};
    ipl_text got = {0}, want = {0};
    ipl_replay_size size;
    char *rows;

    (void)state;
    (void)snprintf(run, sizeof run, "%s/run", folder);
    mlp("12-4-2", "sgd:lr=0.05");
    trial.early_steps = trial.early_epochs = 0;
    strcpy(trial.checkpoint, "every:1h,keep=2");
    train_ok("run", 0, 1, IPL_RESUME_NO);
    (void)unlink(in("run/checkpoint/best"));
    (void)unlink(in("run/checkpoint/previous"));
    assert_int_equal(ipl_replay_measure(&got, &size, &opts, NULL), IPL_OK);
    assert_int_equal(size.epochs, 2);
    assert_non_null(strstr(warnings.s, "epoch-000002: No such file"));
    rows = read_file("run/information.csv").bytes;
    keep_epochs(&want, rows, epochs, 3);
    assert_string_equal(got.s, want.s);
    ipl_free(rows);
    ipl_text_release(&warnings);
    ipl_text_release(&want);
    ipl_text_release(&got);
}

static void allocations_of_replaying_may_fail(void **state)
{
    char run[IPL_PATH_MAX];
    const ipl_replay_opts opts = {.run = run, .exp = &trial, .split = "", .threads = 1};
    ipl_status st = IPL_E_NOMEM;
    ipl_text want = {0};
    ipl_replay_size size;
    long k;

    (void)state;
    (void)snprintf(run, sizeof run, "%s/run", folder);
    mlp("12-4-2", "sgd:lr=0.05");
    strcpy(trial.checkpoint, "every:1,keep=2");
    train_ok("run", 0, 1, IPL_RESUME_NO);
    assert_int_equal(ipl_replay_measure(&want, &size, &opts, NULL), IPL_OK);
    for (k = 0; st != IPL_OK; k++) {
        ipl_text out = {0};
        ipl_error err = {0};

        ipl_alloc_fail_after(k);
        st = ipl_replay_measure(&out, &size, &opts, &err);
        ipl_alloc_fail_after(-1);
        if (st == IPL_OK)
            assert_string_equal(out.s, want.s);
        else if (st != IPL_E_NOMEM)
            fail_msg("allocation %ld: %s: %s", k, ipl_status_name(st), err.msg);
        ipl_text_release(&out);
    }
    assert_true(k > 50);
    ipl_text_release(&want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(checkpoints_measured_again_give_the_rows_of_the_run),
        IN_FOLDER(fewer_rows_and_one_split_are_measured_again),
        IN_FOLDER(an_epoch_that_is_gone_is_left_out_with_a_warning),
        IN_FOLDER(allocations_of_replaying_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
