/* A run that was interrupted ends as one that was not, or is refused. */
#include "whole_run.h"

#include "base/alloc.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/wait.h>

static void an_interrupted_run_writes_the_same_bytes(void **state)
{
    (void)state;
    write_images();
    for (size_t c = 0; c < N_CASES; c++) {
        char whole[32], pieces[32];

        (void)snprintf(whole, sizeof whole, "whole%zu", c);
        cases[c].make(cases[c].net, cases[c].optimiser);
        strcpy(trial.record, "activations");
        strcpy(trial.checkpoint, "every:3steps,keep=2");
        trial.early_steps = 2;
        trial.early_epochs = 2;
        strcpy(trial.pictures, "every:2");
        train_ok(whole, 0, 2, IPL_RESUME_NO);
        for (size_t piece = 1; piece <= 7; piece += 2) { /* 5 is an epoch of the MLP */
            (void)snprintf(pieces, sizeof pieces, "pieces%zu-%zu", c, piece);
            run_in_pieces(pieces, piece);
            assert_same_run(whole, pieces);
        }
    }
}

/* A run of which only the checkpoint is left goes on, measuring or not. */
static void sums_of_followed_gradients_survive(void **state)
{
    (void)state;
    mlp("12-10-5-2", "sgd:lr=0.05,momentum=0.9");
    strcpy(trial.measure, "every:2"); /* epochs with and without followed gradients */
    train_ok("whole", 0, 1, IPL_RESUME_NO);
    run_in_pieces("pieces", 3);
    assert_same_run("whole", "pieces");
}

static void a_run_that_is_done_says_so(void **state)
{
    stopper s;
    char before[65], after[65];

    (void)state;
    mlp("12-4-2", "sgd:lr=0.05");
    train_ok("done", 0, 1, IPL_RESUME_AUTO);
    assert_int_equal(ipl_file_sha256(before, in("done/run.json"), NULL), IPL_OK);
    for (int resume = IPL_RESUME_RUN; resume <= IPL_RESUME_AUTO; resume++) {
        assert_int_equal(train(&s, "done", 0, 1, (ipl_train_resume)resume, NULL), IPL_OK);
        assert_true(s.ended && s.end.before);
    }
    assert_int_equal(ipl_file_sha256(after, in("done/run.json"), NULL), IPL_OK);
    assert_string_equal(before, after);
}

static void there_must_be_a_run_to_go_on_with(void **state)
{
    ipl_error err = {0};
    stopper s;

    (void)state;
    mlp("12-4-2", "sgd:lr=0.05");
    assert_int_equal(train(&s, "none", 0, 1, IPL_RESUME_RUN, &err), IPL_E_NOINPUT);
    assert_false(ipl_file_exists(in("none")));
    assert_int_equal(ipl_folder_create(in("mine"), NULL), IPL_OK);
    assert_int_equal(ipl_file_replace(in("mine/notes"), "mine", 4, NULL), IPL_OK);
    assert_int_equal(train(&s, "mine", 0, 1, IPL_RESUME_RUN, &err), IPL_E_NOINPUT);
    assert_int_equal(train(&s, "mine", 0, 1, IPL_RESUME_AUTO, &err), IPL_E_CANTCREATE);
    /* Without checkpoints: it can only be started again, which auto does. */
    strcpy(trial.checkpoint, "none");
    train_ok("bare", 7, 1, IPL_RESUME_NO);
    assert_false(ipl_file_exists(in("bare/checkpoint")));
    assert_int_equal(train(&s, "bare", 0, 1, IPL_RESUME_RUN, &err), IPL_E_NOINPUT);
    assert_non_null(strstr(err.msg, "no checkpoint"));
    train_ok("bare", 0, 1, IPL_RESUME_AUTO);
    train_ok("whole", 0, 1, IPL_RESUME_NO);
    assert_same_run("whole", "bare");
}

static void a_start_that_was_cut_short_is_no_run(void **state)
{
    (void)state;
    mlp("12-4-2", "sgd:lr=0.05");
    train_ok("whole", 0, 1, IPL_RESUME_NO);
    assert_int_equal(ipl_folder_create(in("empty"), NULL), IPL_OK);
    train_ok("empty", 0, 1, IPL_RESUME_AUTO);
    assert_same_run("whole", "empty");
    assert_int_equal(ipl_folder_create(in("cut"), NULL), IPL_OK);
    assert_int_equal(ipl_file_replace(in("cut/.lock"), "", 0, NULL), IPL_OK);
    assert_int_equal(ipl_file_replace(in("cut/experiment.ini.tmp"), "[da", 3, NULL),
                     IPL_OK);
    train_ok("cut", 0, 1, IPL_RESUME_AUTO);
    assert_same_run("whole", "cut");
}

/* Who only looks at the lock of a run, to tell whether it is written, keeps nobody out. */
static void a_look_at_the_lock_is_waited_for(void **state)
{
    ipl_run_dir dir;
    int pipes[2];
    char byte;
    pid_t child;

    (void)state;
    mlp("12-4-2", "sgd:lr=0.05");
    train_ok("run", 7, 1, IPL_RESUME_NO);
    assert_int_equal(ipl_file_replace(in("run/.lock"), "", 0, NULL), IPL_OK);
    assert_false(ipl_run_dir_is_locked(in("run")));
    assert_int_equal(pipe(pipes), 0);
    child = fork();
    if (child == 0) {
        const int fd = ipl_file_open(in("run/.lock"), O_RDONLY);
        const bool looks = fd >= 0 && flock(fd, LOCK_SH) == 0;
        const bool told = write(pipes[1], looks ? "y" : "n", 1) == 1;

        (void)poll(NULL, 0, 200);
        _exit(!told);
    }
    assert_int_equal(read(pipes[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    assert_int_equal(ipl_run_dir_reopen(&dir, in("run"), NULL), IPL_OK);
    assert_true(ipl_run_dir_is_locked(in("run")));
    ipl_run_dir_release(&dir);
    assert_false(ipl_run_dir_is_locked(in("run")));
    assert_int_equal(waitpid(child, NULL, 0), child);
    (void)close(pipes[0]);
    (void)close(pipes[1]);
}

/* ---- refusing ---- */

static void another_experiment_is_refused_with_what_differs(void **state)
{
    static const struct {
        const char *key, *value;
    } others[] = {{"batch", "32"},     {"seed", "2"},        {"net", "12-5-2"},
                  {"epochs", "5"},     {"shuffle", "no"},    {"estimator", "binning"},
                  {"measure", "none"}, {"schedule", "step"}, {"train-samples", "299"},
                  {"loss", "mse"},     {"early-steps", "1"}, {"probe-train", "41"}};
    char before[65], after[65], key[64];

    (void)state;
    mlp("12-4-2", "sgd:lr=0.05");
    train_ok("run", 7, 1, IPL_RESUME_NO);
    assert_int_equal(ipl_file_sha256(before, in("run/checkpoint/last"), NULL), IPL_OK);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        const ipl_opt *row = ipl_opt_find(ipl_experiment_opts, others[i].key);
        ipl_error err = {0};
        stopper s;

        mlp("12-4-2", "sgd:lr=0.05");
        assert_int_equal(ipl_opt_set(&trial, row, others[i].value, NULL), IPL_OK);
        (void)snprintf(key, sizeof key, "%s = ", others[i].key);
        if (train(&s, "run", 0, 1, IPL_RESUME_AUTO, &err) != IPL_E_FORMAT ||
            !strstr(err.msg, key))
            fail_msg("%s: %s", others[i].key, err.msg);
    }
    assert_int_equal(ipl_file_sha256(after, in("run/checkpoint/last"), NULL), IPL_OK);
    assert_string_equal(before, after);
}

/* experiment.ini was edited: the checkpoint knows better. */
static void a_checkpoint_of_another_experiment_is_refused(void **state)
{
    ipl_error err = {0};
    ipl_text text = {0};
    stopper s;

    (void)state;
    mlp("12-4-2", "sgd:lr=0.05");
    train_ok("run", 7, 1, IPL_RESUME_NO);
    trial.seed = 3;
    ipl_experiment_print(&text, &trial);
    assert_int_equal(ipl_file_replace(in("run/experiment.ini"), text.s, text.len, NULL),
                     IPL_OK);
    ipl_text_release(&text);
    assert_int_equal(train(&s, "run", 0, 1, IPL_RESUME_RUN, &err), IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "checkpoint/last: made with 'seed = 1'"));
}

static void pictures_and_checkpoints_may_be_chosen_anew(void **state)
{
    (void)state;
    mlp("12-4-2", "sgd:lr=0.05");
    train_ok("run", 7, 1, IPL_RESUME_NO);
    strcpy(trial.pictures, "every");
    strcpy(trial.checkpoint, "every:1,keep=1");
    train_ok("run", 0, 1, IPL_RESUME_RUN);
    assert_true(ipl_file_exists(in("run/figures/confusion-4.png")));
    assert_true(ipl_file_exists(in("run/checkpoint/epoch-000002")));
    assert_int_equal(ipl_experiment_read(&trial, in("run/experiment.ini"), NULL), IPL_OK);
    assert_string_equal(trial.pictures, "every");
}

static void other_data_is_refused(void **state)
{
    ipl_error err = {0};
    stopper s;
    int64_t y[60] = {0};
    const size_t n = 60;

    (void)state;
    write_images();
    cnn("conv2d:filters=3,size=3 relu dense:units=3", "sgd:lr=0.05");
    train_ok("run", 5, 1, IPL_RESUME_NO);
    y[1] = 1;
    y[2] = 2;
    assert_int_equal(ipl_npy_write_i64(in("y.npy"), y, &n, 1, NULL), IPL_OK);
    assert_int_equal(train(&s, "run", 0, 1, IPL_RESUME_RUN, &err), IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "have changed"));
}

/* ---- damage ---- */

/* last is spoilt in some way: previous is good for the same bytes. */
static void a_damaged_checkpoint_falls_back_to_the_one_before(void **state)
{
    content f;

    (void)state;
    mlp("12-4-2", "sgd:lr=0.05,momentum=0.9");
    strcpy(trial.checkpoint, "every:3steps");
    train_ok("whole", 0, 1, IPL_RESUME_NO);
    for (size_t way = 0; way < 4; way++) {
        ipl_error err = {0};
        stopper s;

        train_ok("run", 8, 1, IPL_RESUME_NO);
        f = read_file("run/checkpoint/last");
        if (way == 0)
            assert_int_equal(unlink(in("run/checkpoint/last")), 0);
        else if (way == 1)
            scratch_write(in("run/checkpoint/last"), f.bytes, f.len / 2);
        else if (way == 2)
            scratch_write(in("run/checkpoint/last"), "", 0);
        if (way == 3) {
            f.bytes[f.len / 2] ^= 1;
            scratch_write(in("run/checkpoint/last"), f.bytes, f.len);
        }
        if (train(&s, "run", 0, 1, IPL_RESUME_RUN, &err) != IPL_OK)
            fail_msg("way %zu: %s", way, err.msg);
        assert_non_null(strstr(s.warnings.s, "going on from"));
        assert_non_null(strstr(s.warnings.s, "checkpoint/previous"));
        ipl_text_release(&s.warnings);
        ipl_free(f.bytes);
        assert_same_run("whole", "run");
        assert_int_equal(ipl_folder_remove(in("run"), NULL), IPL_OK);
    }
}

static void when_both_are_damaged_the_run_is_refused_and_untouched(void **state)
{
    ipl_error err = {0};
    stopper s;
    char before[65], after[65];

    (void)state;
    mlp("12-4-2", "sgd:lr=0.05,momentum=0.9");
    strcpy(trial.checkpoint, "every:3steps");
    train_ok("run", 8, 1, IPL_RESUME_NO);
    scratch_write(in("run/checkpoint/last"), "ipl-ckpt", 8);
    scratch_write(in("run/checkpoint/previous"), "ipl-ckpt", 8);
    assert_int_equal(ipl_file_sha256(before, in("run/information.csv"), NULL), IPL_OK);
    assert_int_equal(train(&s, "run", 0, 1, IPL_RESUME_AUTO, &err), IPL_E_FORMAT);
    assert_int_equal(ipl_file_sha256(after, in("run/information.csv"), NULL), IPL_OK);
    assert_string_equal(before, after);
}

/* A table that lost or changed what it had is not written on. */
static void a_table_that_was_changed_is_refused(void **state)
{
    static const char *const names[] = {"run/training.csv", "run/information.csv",
                                        "run/layers.csv"};

    (void)state;
    mlp("12-4-2", "sgd:lr=0.05");
    for (size_t i = 0; i < 3; i++) {
        ipl_error err = {0};
        stopper s;
        content f;

        train_ok("run", 7, 1, IPL_RESUME_NO);
        f = read_file(names[i]);
        scratch_write(in(names[i]), f.bytes, 10);
        assert_int_equal(train(&s, "run", 0, 1, IPL_RESUME_RUN, &err), IPL_E_FORMAT);
        assert_non_null(strstr(err.msg, names[i] + 4));
        f.bytes[9]++;
        scratch_write(in(names[i]), f.bytes, f.len);
        assert_int_equal(train(&s, "run", 0, 1, IPL_RESUME_RUN, &err), IPL_E_FORMAT);
        f.bytes[9]--;
        scratch_write(in(names[i]), f.bytes, f.len);
        train_ok("run", 0, 1, IPL_RESUME_RUN);
        ipl_free(f.bytes);
        assert_int_equal(ipl_folder_remove(in("run"), NULL), IPL_OK);
    }
}

/* ---- memory ---- */

/* Parts of a run that its record tells of: it was stopped between them. */
static size_t count_segments(void)
{
    char *text = read_file("run/run.json").bytes;
    size_t n = 0;

    for (const char *at = text; (at = strstr(at, "\"first_step\"")); at++)
        n++;
    ipl_free(text);
    return n;
}

/* Fail each allocation of a resumed run: a status, and it goes on to the same end after. */
static void allocations_of_going_on_may_fail(void **state)
{
    size_t failed = 0;
    long left = -1, k;

    (void)state;
    mlp("12-4-2", "adam:lr=0.01");
    trial.epochs = 2;
    strcpy(trial.checkpoint, "every:3steps");
    train_ok("whole", 0, 1, IPL_RESUME_NO);
    for (k = 0; left < 0; k++) { /* until there are no more */
        ipl_error err = {0};
        ipl_status st;
        stopper s;

        train_ok("run", 7, 1, IPL_RESUME_NO);
        ipl_alloc_fail_after(k);
        st = train(&s, "run", 0, 1, IPL_RESUME_RUN, &err);
        left = ipl_alloc_fail_after(-1);
        ipl_text_release(&s.warnings);
        if (st != IPL_OK && st != IPL_E_NOMEM && st != IPL_E_IO)
            fail_msg("allocation %ld: %s: %s", k, ipl_status_name(st), err.msg);
        assert_true(left < 0 || st == IPL_OK);
        failed += st != IPL_OK;
        if (st != IPL_OK)
            train_ok("run", 0, 1, IPL_RESUME_RUN);
        assert_same_run("whole", "run");
        assert_true(count_segments() >= 2);
        assert_int_equal(ipl_folder_remove(in("run"), NULL), IPL_OK);
    }
    assert_true(failed > 200);
    print_message("%ld allocations failed, %zu of them ended the run\n", k - 1, failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(an_interrupted_run_writes_the_same_bytes),
        IN_FOLDER(sums_of_followed_gradients_survive),
        IN_FOLDER(a_run_that_is_done_says_so),
        IN_FOLDER(there_must_be_a_run_to_go_on_with),
        IN_FOLDER(a_start_that_was_cut_short_is_no_run),
        IN_FOLDER(a_look_at_the_lock_is_waited_for),
        IN_FOLDER(another_experiment_is_refused_with_what_differs),
        IN_FOLDER(a_checkpoint_of_another_experiment_is_refused),
        IN_FOLDER(pictures_and_checkpoints_may_be_chosen_anew),
        IN_FOLDER(other_data_is_refused),
        IN_FOLDER(a_damaged_checkpoint_falls_back_to_the_one_before),
        IN_FOLDER(when_both_are_damaged_the_run_is_refused_and_untouched),
        IN_FOLDER(a_table_that_was_changed_is_refused),
        IN_FOLDER(allocations_of_going_on_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
