/* Checkpoints: every byte counts, the best and the kept are there, and when they are written. */
#include "whole_run.h"

#include "base/alloc.h"
#include "run/checkpoint.h"
#include "run/checkpoint_when.h"
#include "run/trained.h"

/* ---- damage ---- */

static ipl_status read_checkpoint(const char *name, ipl_error *err)
{
    ipl_checkpoint c;
    const ipl_status st = ipl_checkpoint_read(&c, in(name), 1u << 24, err);

    ipl_checkpoint_release(&c);
    return st;
}

static void every_cut_and_every_flipped_bit_is_found(void **state)
{
    content f;

    (void)state;
    mlp("12-3-2", "sgd:lr=0.05,momentum=0.9");
    train_ok("run", 7, 1, IPL_RESUME_NO);
    f = read_file("run/checkpoint/last");
    assert_int_equal(read_checkpoint("run/checkpoint/last", NULL), IPL_OK);
    for (size_t len = 0; len < f.len; len++) {
        ipl_error err = {0};

        scratch_write(in("cut"), f.bytes, len);
        if (read_checkpoint("cut", &err) != IPL_E_FORMAT || !strstr(err.msg, "/cut: "))
            fail_msg("cut to %zu bytes: %s", len, err.msg);
    }
    for (size_t bit = 0; bit < 8 * f.len; bit++) {
        ipl_error err = {0};

        f.bytes[bit / 8] = (char)(f.bytes[bit / 8] ^ 1 << bit % 8);
        scratch_write(in("flipped"), f.bytes, f.len);
        f.bytes[bit / 8] = (char)(f.bytes[bit / 8] ^ 1 << bit % 8);
        if (read_checkpoint("flipped", &err) != IPL_E_FORMAT)
            fail_msg("bit %zu flipped: %s", bit, err.msg);
    }
    ipl_free(f.bytes);
}

static void version_and_byte_order_are_named(void **state)
{
    ipl_error err = {0};
    content f;

    (void)state;
    mlp("12-3-2", "sgd:lr=0.05");
    train_ok("run", 7, 1, IPL_RESUME_NO);
    f = read_file("run/checkpoint/last");
    f.bytes[12]++;
    scratch_write(in("other"), f.bytes, f.len);
    assert_int_equal(read_checkpoint("other", &err), IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "a checkpoint of version 2, want 1"));
    for (size_t i = 0; i < 2; i++) { /* the order mark back to front */
        const char c = f.bytes[8 + i];

        f.bytes[8 + i] = f.bytes[11 - i];
        f.bytes[11 - i] = c;
    }
    scratch_write(in("other"), f.bytes, f.len);
    assert_int_equal(read_checkpoint("other", &err), IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "another byte order"));
    scratch_write(in("other"), "epoch,step\n", 11);
    assert_int_equal(read_checkpoint("other", &err), IPL_E_FORMAT);
    ipl_free(f.bytes);
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
    char *text, a[65], b[65];
    ipl_error err = {0};
    stopper s;

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
    text = read_file("run/run.json").bytes;
    for (size_t i = 0; i < 2; i++)
        assert_non_null(strstr(text, parts[i]));
    assert_non_null(strstr(text, "\"state\": \"failed\",\n  \"exit_status\": 74,"));
    ipl_free(text);
    assert_int_equal(ipl_file_sha256(a, in("whole/training.csv"), NULL), IPL_OK);
    assert_int_equal(ipl_file_sha256(b, in("run/training.csv"), NULL), IPL_OK);
    assert_string_equal(a, b); /* training did not mind */
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
    assert_int_equal(ipl_trained_open(&t, in("run"), "", false, NULL), IPL_OK);
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
    assert_within(n, 2, 3);
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
    assert_int_equal(ipl_trained_open(&t, in("run"), "", false, NULL), IPL_OK);
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
    assert_int_equal(ipl_trained_open(&t, in("run"), "", false, NULL), IPL_OK);
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

/* ---- when and where ---- */

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(every_cut_and_every_flipped_bit_is_found),
        IN_FOLDER(version_and_byte_order_are_named),
        IN_FOLDER(the_best_epoch_is_kept),
        IN_FOLDER(kept_parameters_are_those_of_their_epoch),
        IN_FOLDER(parameters_that_could_not_be_kept_are_named_in_the_end),
        IN_FOLDER(a_checkpoint_is_that_of_its_epoch_or_none),
        IN_FOLDER(files_that_are_no_checkpoints_are_passed_over),
        IN_FOLDER(a_checkpoint_with_too_few_parameters_is_refused),
        IN_FOLDER(checkpoints_are_chosen_by_text),
        IN_FOLDER(a_long_line_that_differs_is_cut_in_the_message),
        IN_FOLDER(a_path_of_a_checkpoint_must_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
