/* Checkpoints, and that a run which was interrupted ends as one that was not. */
#include "whole_run.h"

#include "base/alloc.h"
#include "math/npy.h"
#include "run/checkpoint.h"
#include "run/checkpoint_when.h"
#include "run/replay.h"
#include "run/trained.h"

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

typedef struct file {
    char *bytes;
    size_t len;
} file;

static file read_file(const char *name)
{
    file f;

    assert_int_equal(ipl_file_read(&f.bytes, &f.len, in(name), 1u << 24, NULL), IPL_OK);
    return f;
}

static void write_file(const char *name, const char *bytes, size_t len)
{
    FILE *fp = fopen(in(name), "wb");

    assert_non_null(fp);
    assert_int_equal(fwrite(bytes, 1, len, fp), len);
    assert_int_equal(fclose(fp), 0);
}

static ipl_status read_checkpoint(const char *name, ipl_error *err)
{
    ipl_checkpoint c;
    const ipl_status st = ipl_checkpoint_read(&c, in(name), 1u << 24, err);

    ipl_checkpoint_release(&c);
    return st;
}

static void every_cut_and_every_flipped_bit_is_found(void **state)
{
    file f;

    (void)state;
    mlp("12-3-2", "sgd:lr=0.05,momentum=0.9");
    train_ok("run", 7, 1, IPL_RESUME_NO);
    f = read_file("run/checkpoint/last");
    assert_int_equal(read_checkpoint("run/checkpoint/last", NULL), IPL_OK);
    for (size_t len = 0; len < f.len; len++) {
        ipl_error err = {0};

        write_file("cut", f.bytes, len);
        if (read_checkpoint("cut", &err) != IPL_E_FORMAT || !strstr(err.msg, "/cut: "))
            fail_msg("cut to %zu bytes: %s", len, err.msg);
    }
    for (size_t bit = 0; bit < 8 * f.len; bit++) {
        ipl_error err = {0};

        f.bytes[bit / 8] = (char)(f.bytes[bit / 8] ^ 1 << bit % 8);
        write_file("flipped", f.bytes, f.len);
        f.bytes[bit / 8] = (char)(f.bytes[bit / 8] ^ 1 << bit % 8);
        if (read_checkpoint("flipped", &err) != IPL_E_FORMAT)
            fail_msg("bit %zu flipped: %s", bit, err.msg);
    }
    ipl_free(f.bytes);
}

static void version_and_byte_order_are_named(void **state)
{
    ipl_error err = {0};
    file f;

    (void)state;
    mlp("12-3-2", "sgd:lr=0.05");
    train_ok("run", 7, 1, IPL_RESUME_NO);
    f = read_file("run/checkpoint/last");
    f.bytes[12]++;
    write_file("other", f.bytes, f.len);
    assert_int_equal(read_checkpoint("other", &err), IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "a checkpoint of version 2, want 1"));
    for (size_t i = 0; i < 2; i++) { /* the order mark back to front */
        const char c = f.bytes[8 + i];

        f.bytes[8 + i] = f.bytes[11 - i];
        f.bytes[11 - i] = c;
    }
    write_file("other", f.bytes, f.len);
    assert_int_equal(read_checkpoint("other", &err), IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "another byte order"));
    write_file("other", "epoch,step\n", 11);
    assert_int_equal(read_checkpoint("other", &err), IPL_E_FORMAT);
    ipl_free(f.bytes);
}

/* last is spoilt in some way: previous is good for the same bytes. */
static void a_damaged_checkpoint_falls_back_to_the_one_before(void **state)
{
    file f;

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
            write_file("run/checkpoint/last", f.bytes, f.len / 2);
        else if (way == 2)
            write_file("run/checkpoint/last", "", 0);
        if (way == 3) {
            f.bytes[f.len / 2] ^= 1;
            write_file("run/checkpoint/last", f.bytes, f.len);
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
    write_file("run/checkpoint/last", "ipl-ckpt", 8);
    write_file("run/checkpoint/previous", "ipl-ckpt", 8);
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
        file f;

        train_ok("run", 7, 1, IPL_RESUME_NO);
        f = read_file(names[i]);
        write_file(names[i], f.bytes, 10);
        assert_int_equal(train(&s, "run", 0, 1, IPL_RESUME_RUN, &err), IPL_E_FORMAT);
        assert_non_null(strstr(err.msg, names[i] + 4));
        f.bytes[9]++;
        write_file(names[i], f.bytes, f.len);
        assert_int_equal(train(&s, "run", 0, 1, IPL_RESUME_RUN, &err), IPL_E_FORMAT);
        f.bytes[9]--;
        write_file(names[i], f.bytes, f.len);
        train_ok("run", 0, 1, IPL_RESUME_RUN);
        ipl_free(f.bytes);
        assert_int_equal(ipl_folder_remove(in("run"), NULL), IPL_OK);
    }
}

/* ---- best and kept ---- */

static void the_best_epoch_is_kept(void **state)
{
    ipl_checkpoint best;
    ipl_position last;
    char *bytes, *line, *end;
    double top = 0.0, loss = 0.0;
    size_t epoch = 0, at_epoch = 0;

    (void)state;
    mlp("12-10-5-2", "sgd:lr=0.5,momentum=0.9");
    trial.epochs = 12;
    train_ok("run", 0, 1, IPL_RESUME_NO);
    bytes = read_file("run/training.csv").bytes;
    line = strchr(bytes, '\n') + 1;
    for (; *line; line = strchr(line, '\n') + 1, epoch++) {
        char *cell = line;
        double test_loss, accuracy;

        for (int k = 0; k < 4; k++)
            cell = strchr(cell, ',') + 1;
        test_loss = strtod(cell, &end);
        accuracy = strtod(end + 1, NULL);
        if (epoch == 0 || accuracy > top || (accuracy == top && test_loss < loss)) {
            top = accuracy;
            loss = test_loss;
            at_epoch = epoch;
        }
    }
    ipl_free(bytes);
    assert_int_equal(ipl_checkpoint_read(&best, in("run/checkpoint/best"), 1u << 24, NULL),
                     IPL_OK);
    assert_int_equal(best.at.epoch, at_epoch);
    assert_close(best.at.best_accuracy, top, 0.0);
    ipl_checkpoint_release(&best);
    assert_int_equal(ipl_checkpoint_peek(&last, in("run/checkpoint/last"), NULL), IPL_OK);
    assert_int_equal(last.epoch, 12);
    assert_int_equal(last.best_epoch, at_epoch);
}

static void kept_parameters_are_those_of_their_epoch(void **state)
{
    ipl_checkpoint_place *list;
    size_t n;

    (void)state;
    mlp("12-4-2", "sgd:lr=0.05");
    strcpy(trial.checkpoint, "every:1,keep=2");
    train_ok("run", 0, 1, IPL_RESUME_NO);
    assert_int_equal(ipl_checkpoint_list(&list, &n, in("run"), NULL), IPL_OK);
    assert_int_equal(n >= 3, true); /* 0, 2, 4, and where best and previous are */
    for (size_t i = 0; i + 1 < n; i++)
        assert_true(list[i].epoch < list[i + 1].epoch);
    assert_string_equal(list[n - 1].name, "epoch-000004");
    assert_int_equal(list[n - 1].step, 20);
    ipl_free(list);
    assert_int_equal(ipl_checkpoint_list(&list, &n, in("nothing"), NULL), IPL_OK);
    assert_int_equal(n, 0);
}

/* A folder with a file in it stands where parameters of epoch 2 and 4 are to be kept. */
static void block(const char *run, const char *epoch)
{
    char path[IPL_PATH_MAX];

    (void)snprintf(path, sizeof path, "%s/checkpoint/epoch-%s", in(run), epoch);
    assert_int_equal(ipl_folder_create(path, NULL), IPL_OK);
    (void)snprintf(path, sizeof path, "%s/checkpoint/epoch-%s/x", in(run), epoch);
    scratch_write(path, "", 0);
}

static void parameters_that_could_not_be_kept_are_named_in_the_end(void **state)
{
    static const char *const parts[] = {"\"not_written\": [\"parameters 2\"]}",
                                        "\"not_written\": [\"parameters 4\"]}"};
    char path[IPL_PATH_MAX], *text, a[65], b[65];
    ipl_error err = {0};
    stopper s;
    size_t len;

    (void)state;
    mlp("12-4-2", "sgd:lr=0.05");
    trial.epochs = 5;
    strcpy(trial.checkpoint, "every:1,keep=2");
    train_ok("whole", 0, 1, IPL_RESUME_NO);
    train_ok("run", 2, 1, IPL_RESUME_NO); /* the folder is there */
    block("run", "000002");
    assert_int_equal(train(&s, "run", 10, 1, IPL_RESUME_RUN, &err), IPL_E_IO);
    assert_non_null(strstr(err.msg, ": 1 pictures or kept parameters could not be"));
    assert_non_null(strstr(s.warnings.s, "checkpoint/epoch-000002"));
    ipl_text_release(&s.warnings);
    block("run", "000004");
    assert_int_equal(train(&s, "run", 0, 1, IPL_RESUME_RUN, &err), IPL_E_IO);
    assert_non_null(strstr(err.msg, ": 2 pictures or kept parameters could not be"));
    assert_non_null(strstr(err.msg, "see not_written in its run.json"));
    ipl_text_release(&s.warnings);
    assert_int_equal(ipl_path_join(path, in("run"), "run.json", NULL), IPL_OK);
    assert_int_equal(ipl_file_read(&text, &len, path, 1 << 20, NULL), IPL_OK);
    for (size_t i = 0; i < 2; i++)
        assert_non_null(strstr(text, parts[i]));
    assert_non_null(strstr(text, "\"state\": \"failed\",\n  \"exit_status\": 74,"));
    ipl_free(text);
    assert_int_equal(ipl_file_sha256(a, in("whole/training.csv"), NULL), IPL_OK);
    assert_int_equal(ipl_file_sha256(b, in("run/training.csv"), NULL), IPL_OK);
    assert_string_equal(a, b); /* training did not mind */
}

/* ---- replaying ---- */

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
        file f;

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
    char *small;

    (void)state;
    (void)snprintf(run, sizeof run, "%s/run", folder);
    mlp("12-4-2", "sgd:lr=0.05");
    strcpy(trial.checkpoint, "every:1,keep=1");
    train_ok("run", 0, 1, IPL_RESUME_NO);
    assert_int_equal(ipl_replay_measure(&few, &size, &opts, NULL), IPL_OK);
    trial.probe_train = trial.probe_test = 20; /* the same rows, from the start */
    train_ok("small", 0, 1, IPL_RESUME_NO);
    small = read_file("small/information.csv").bytes;
    assert_null(strstr(few.s, ",train,"));
    for (char *line = strtok(few.s, "\n"); line; line = strtok(NULL, "\n"))
        assert_non_null(strstr(small, line));
    ipl_free(small);
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

/* The first parameters of a net of 12-4-2. */
static const float *weights_of(ipl_net *net)
{
    ipl_param_view view;

    assert_true(ipl_net_param(&view, net, 0));
    assert_true(view.dims[0] == 4 && view.dims[1] == 12);
    return view.data;
}

/* A list of checkpoints is out of date as soon as the run writes the next one. */
static void a_checkpoint_is_that_of_its_epoch_or_none(void **state)
{
    const ipl_checkpoint_place was_last = {.epoch = 3, .step = 15, .name = "last"},
                               is_gone = {.epoch = 2, .step = 10, .name = "previous"},
                               other_step = {.epoch = 4, .step = 19, .name = "last"},
                               kept = {.epoch = 3, .step = 15, .name = "epoch-000003"};
    float before[12 * 4], after[12 * 4];
    ipl_trained t;
    ipl_error err = {0};

    (void)state;
    mlp("12-4-2", "sgd:lr=0.05");
    strcpy(trial.checkpoint, "every:1,keep=3");
    train_ok("run", 0, 1, IPL_RESUME_NO);
    assert_int_equal(ipl_trained_open(&t, in("run"), "", NULL), IPL_OK);
    memcpy(before, weights_of(t.net), sizeof before);
    assert_int_equal(ipl_checkpoint_load(t.net, in("run"), &is_gone, t.exp, &err),
                     IPL_E_NOINPUT);
    assert_non_null(strstr(err.msg, "replaced its checkpoint after epoch 2"));
    assert_int_equal(ipl_checkpoint_load(t.net, in("run"), &other_step, t.exp, &err),
                     IPL_E_NOINPUT);
    assert_memory_equal(weights_of(t.net), before, sizeof before);
    assert_int_equal(ipl_checkpoint_load(t.net, in("run"), &was_last, t.exp, NULL), IPL_OK);
    memcpy(after, weights_of(t.net), sizeof after);
    assert_int_equal(ipl_checkpoint_load(t.net, in("run"), &kept, t.exp, NULL), IPL_OK);
    assert_memory_equal(weights_of(t.net), after, sizeof after);
    assert_memory_not_equal(before, after, sizeof after);
    ipl_trained_release(&t);
}

static void files_that_are_no_checkpoints_are_passed_over(void **state)
{
    static char longer[IPL_PATH_MAX], zeros[1000];
    ipl_checkpoint_place *list, place = {.name = "last"};
    ipl_error err = {0};
    ipl_trained t;
    size_t n;

    (void)state;
    mlp("12-4-2", "sgd:lr=0.05");
    strcpy(trial.checkpoint, "every:1");
    train_ok("run", 7, 1, IPL_RESUME_NO); /* within the second epoch: last is no place */
    assert_int_equal(ipl_checkpoint_list(&list, &n, in("run"), NULL), IPL_OK);
    for (size_t i = 0; i < n; i++)
        assert_string_not_equal(list[i].name, "last");
    ipl_free(list);
    train_ok("run", 0, 1, IPL_RESUME_RUN);
    scratch_write(in("run/checkpoint/epoch-000001"), "x", 1);
    scratch_write(in("run/checkpoint/epoch-000002"), zeros, sizeof zeros);
    assert_int_equal(
        ipl_file_copy(in("run/checkpoint/epoch-000000000000000000000000000001"),
                      in("run/checkpoint/last"), NULL),
        IPL_OK); /* a sound one with a name that is none of ours */
    assert_int_equal(
        ipl_file_copy(in("run/checkpoint/mine"), in("run/checkpoint/last"), NULL), IPL_OK);
    assert_int_equal(ipl_checkpoint_list(&list, &n, in("run"), NULL), IPL_OK);
    assert_in_range(n, 2, 3);
    for (size_t i = 0; i < n; i++)
        assert_true(strncmp(list[i].name, "epoch-", 6) != 0 &&
                    strcmp(list[i].name, "mine") != 0);
    ipl_free(list);
    ipl_alloc_fail_after(0);
    assert_int_equal(ipl_checkpoint_list(&list, &n, in("run"), &err), IPL_E_NOMEM);
    ipl_alloc_fail_after(-1);
    assert_null(list);
    memset(longer, '/', sizeof longer - 1);
    assert_int_equal(ipl_checkpoint_list(&list, &n, longer, &err), IPL_E_ARG);
    assert_non_null(strstr(err.msg, "path is too long"));
    assert_int_equal(ipl_trained_open(&t, in("run"), "", NULL), IPL_OK);
    assert_int_equal(ipl_checkpoint_load(t.net, longer, &place, t.exp, &err), IPL_E_ARG);
    ipl_trained_release(&t);
    memcpy(longer, in("run"), strlen(in("run")));
    longer[sizeof longer - 1 - strlen("checkpoint/")] = '\0'; /* the folder fits */
    assert_int_equal(ipl_checkpoint_list(&list, &n, longer, NULL), IPL_OK);
    assert_int_equal(n, 0);
    ipl_free(list);
}

/* Sound, of this experiment, and with other numbers in it than the net has parameters. */
static void a_checkpoint_with_too_few_parameters_is_refused(void **state)
{
    const ipl_checkpoint_place place = {.name = "odd"};
    char bytes[4] = {0};
    ipl_text text = {0};
    ipl_trained t;

    (void)state;
    mlp("12-4-2", "sgd:lr=0.05");
    train_ok("run", 0, 1, IPL_RESUME_NO);
    assert_int_equal(ipl_trained_open(&t, in("run"), "", NULL), IPL_OK);
    ipl_experiment_print_result(&text, t.exp);
    for (int whole = 0; whole < 2; whole++) {
        const ipl_checkpoint c = {.whole = whole != 0,
                                  .experiment = text.s,
                                  .data = "",
                                  .build = "",
                                  .segments = "",
                                  .state = bytes,
                                  .state_size = sizeof bytes};
        ipl_error err = {0};

        assert_int_equal(
            ipl_checkpoint_write(in("run/checkpoint/odd"), NULL, &c, NULL, 0, NULL),
            IPL_OK);
        assert_int_equal(ipl_checkpoint_load(t.net, in("run"), &place, t.exp, &err),
                         IPL_E_FORMAT);
        assert_non_null(strstr(err.msg, "checkpoint/odd: "));
    }
    ipl_text_release(&text);
    ipl_trained_release(&t);
}

/* The run goes on while it is measured: after the first epoch, that of the second is gone. */
typedef struct going {
    ipl_text warnings;
} going;

static void go_on(void *self, size_t done, size_t all)
{
    (void)self;
    (void)all;
    if (done == 1)
        assert_int_equal(unlink(in("run/checkpoint/epoch-000002")), 0);
}

static void warn_going(void *self, const char *text)
{
    ipl_text_add(&((going *)self)->warnings, "%s\n", text);
}

static void an_epoch_that_is_gone_is_left_out_with_a_warning(void **state)
{
    static const char *const epochs[] = {"epoch", "0", "4"};
    char run[IPL_PATH_MAX];
    going g = {0};
    const ipl_replay_opts opts = {.run = run,
                                  .exp = &trial,
                                  .split = "",
                                  .self = &g,
                                  .progress = go_on,
                                  .warning = warn_going};
    ipl_text got = {0}, want = {0};
    char *rows;
    ipl_replay_size size;
    size_t len;

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
    assert_non_null(strstr(g.warnings.s, "epoch-000002: No such file"));
    assert_int_equal(ipl_file_read(&rows, &len, in("run/information.csv"), 1 << 20, NULL),
                     IPL_OK);
    keep_epochs(&want, rows, epochs, 3);
    assert_string_equal(got.s, want.s);
    ipl_free(rows);
    ipl_text_release(&g.warnings);
    ipl_text_release(&want);
    ipl_text_release(&got);
}

/* ---- when ---- */

static void checkpoints_are_chosen_by_text(void **state)
{
    static const struct {
        const char *text;
        ipl_checkpoint_when want;
    } good[] = {
        {"none", {0}},
        {"every:5", {.epochs = 5}},
        {"every:5epochs", {.epochs = 5}},
        {"every:200steps", {.steps = 200}},
        {"every:90s", {.seconds = 90.0}},
        {"every:2.5min", {.seconds = 150.0}},
        {"every:1h,keep=10", {.seconds = 3600.0, .keep = 10}},
        {"every:1,keep=measured", {.epochs = 1, .keep_measured = true}},
    };
    static const char *const bad[] = {"",
                                      "always",
                                      "every",
                                      "every:",
                                      "every:0",
                                      "every:-1",
                                      "every:x",
                                      "every:1.5",
                                      "every:5minutes",
                                      "every:1,",
                                      "every:1,keep",
                                      "every:1,keep=0",
                                      "every:1e3",
                                      "every:1,keep=x",
                                      "every:1,keep=1000000001",
                                      "every:1000000001",
                                      "none,keep=1",
                                      "every:5 min",
                                      "every:1..2s"};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        ipl_checkpoint_when w;

        assert_int_equal(ipl_checkpoint_when_parse(&w, good[i].text, NULL), IPL_OK);
        assert_int_equal(w.epochs, good[i].want.epochs);
        assert_int_equal(w.steps, good[i].want.steps);
        assert_close(w.seconds, good[i].want.seconds, 0.0);
        assert_int_equal(w.keep, good[i].want.keep);
        assert_int_equal(w.keep_measured, good[i].want.keep_measured);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ipl_checkpoint_when w;
        ipl_error err = {0};

        if (ipl_checkpoint_when_parse(&w, bad[i], &err) != IPL_E_FORMAT)
            fail_msg("'%s' was accepted", bad[i]);
        assert_non_null(strstr(err.msg, "every:5"));
    }
}

static void a_long_line_that_differs_is_cut_in_the_message(void **state)
{
    static ipl_experiment now;
    char old[400], want[400];
    const ipl_checkpoint c = {.experiment = old};
    ipl_error err = {0};

    (void)state;
    ipl_opt_init(&now, ipl_experiment_opts);
    memset(old, 'x', sizeof old - 1); /* one line of 399 characters */
    old[sizeof old - 1] = '\0';
    assert_int_equal(ipl_checkpoint_fits(&c, "p", &now, &err), IPL_E_FORMAT);
    (void)snprintf(want, sizeof want, "p: made with '%.120s', not with '", old);
    assert_int_equal(strncmp(err.msg, want, strlen(want)), 0);
}

static void a_path_of_a_checkpoint_must_fit(void **state)
{
    static char run[IPL_PATH_MAX];
    char path[IPL_PATH_MAX];
    ipl_error err = {0};

    (void)state;
    memset(run, 'r', sizeof run - 1);
    assert_int_equal(ipl_checkpoint_path(path, run, "last", &err), IPL_E_ARG);
    assert_non_null(strstr(err.msg, ".../checkpoint"));
    run[sizeof run - 1 - sizeof "/checkpoint"] = '\0'; /* the folder fits, the file not */
    assert_int_equal(ipl_checkpoint_path(path, run, "last", &err), IPL_E_ARG);
    assert_non_null(strstr(err.msg, ".../last"));
    run[10] = '\0';
    assert_int_equal(ipl_checkpoint_path(path, run, "last", NULL), IPL_OK);
    assert_string_equal(path, "rrrrrrrrrr/checkpoint/last");
}

/* ---- memory ---- */

/* Parts of a run that its record tells of: it was stopped between them. */
static size_t count_segments(const char *run)
{
    char path[IPL_PATH_MAX], *text;
    size_t n = 0, len;

    assert_int_equal(ipl_path_join(path, in(run), "run.json", NULL), IPL_OK);
    assert_int_equal(ipl_file_read(&text, &len, path, 1 << 20, NULL), IPL_OK);
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
        assert_true(count_segments("run") >= 2);
        assert_int_equal(ipl_folder_remove(in("run"), NULL), IPL_OK);
    }
    assert_true(failed > 200);
    print_message("%ld allocations failed, %zu of them ended the run\n", k - 1, failed);
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

#define RUN_TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_TEST(an_interrupted_run_writes_the_same_bytes),
        RUN_TEST(sums_of_followed_gradients_survive),
        RUN_TEST(a_run_that_is_done_says_so),
        RUN_TEST(there_must_be_a_run_to_go_on_with),
        RUN_TEST(a_start_that_was_cut_short_is_no_run),
        RUN_TEST(a_look_at_the_lock_is_waited_for),
        RUN_TEST(another_experiment_is_refused_with_what_differs),
        RUN_TEST(a_checkpoint_of_another_experiment_is_refused),
        RUN_TEST(pictures_and_checkpoints_may_be_chosen_anew),
        RUN_TEST(other_data_is_refused),
        RUN_TEST(every_cut_and_every_flipped_bit_is_found),
        RUN_TEST(version_and_byte_order_are_named),
        RUN_TEST(a_damaged_checkpoint_falls_back_to_the_one_before),
        RUN_TEST(when_both_are_damaged_the_run_is_refused_and_untouched),
        RUN_TEST(a_table_that_was_changed_is_refused),
        RUN_TEST(the_best_epoch_is_kept),
        RUN_TEST(kept_parameters_are_those_of_their_epoch),
        RUN_TEST(parameters_that_could_not_be_kept_are_named_in_the_end),
        RUN_TEST(checkpoints_measured_again_give_the_rows_of_the_run),
        RUN_TEST(fewer_rows_and_one_split_are_measured_again),
        RUN_TEST(a_checkpoint_is_that_of_its_epoch_or_none),
        RUN_TEST(files_that_are_no_checkpoints_are_passed_over),
        RUN_TEST(a_checkpoint_with_too_few_parameters_is_refused),
        RUN_TEST(an_epoch_that_is_gone_is_left_out_with_a_warning),
        RUN_TEST(checkpoints_are_chosen_by_text),
        RUN_TEST(a_long_line_that_differs_is_cut_in_the_message),
        RUN_TEST(a_path_of_a_checkpoint_must_fit),
        RUN_TEST(allocations_of_going_on_may_fail),
        RUN_TEST(allocations_of_replaying_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
