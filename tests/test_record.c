/* Recorded activations: what is kept, what it takes, and what is said when it cannot be. */
#include "recorded_run.h"

#include "base/alloc.h"
#include "math/npy.h"

static void recording_does_not_change_the_run(void **state)
{
    char *with, *without;

    (void)state;
    small_experiment("activations");
    train_ok("with");
    small_experiment("none");
    train_ok("without");
    with = read_file("with/information.csv").bytes;
    without = read_file("without/information.csv").bytes;
    assert_string_equal(with, without);
    assert_false(ipl_file_exists(in("without/activations")));
    ipl_free(without);
    ipl_free(with);
}

static void arrays_have_the_shape_of_their_layer(void **state)
{
    ipl_npy a;

    (void)state;
    small_experiment("activations");
    train_ok("shapes");
    assert_int_equal(ipl_npy_read(&a, in("shapes/activations/train-x.npy"), NULL), IPL_OK);
    assert_true(a.n_dims == 2 && a.dims[0] == 200 && a.dims[1] == 12);
    ipl_npy_release(&a);
    assert_int_equal(ipl_npy_read(&a, in("shapes/activations/test-y.npy"), NULL), IPL_OK);
    assert_true(a.n_dims == 1 && a.dims[0] == 100);
    assert_string_equal(a.dtype, "<i8");
    ipl_npy_release(&a);
    assert_int_equal(
        ipl_npy_read(&a, in("shapes/activations/epoch-0.5/test-fc2.npy"), NULL), IPL_OK);
    assert_true(a.n_dims == 2 && a.dims[0] == 100 && a.dims[1] == 5);
    assert_string_equal(a.dtype, "<f4");
    ipl_npy_release(&a);
}

static void bad_record_texts_name_the_word(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"all", "'all'"},
        {"activation", "'activation'"},
        {"activations=float8", "'=float8'"},
        {"activations,layers=", "choose from fc1, fc2, logits"},
        {"activations,layers=fc1+fc9", "no measured layer 'fc9'"},
        {"activations,layers=fc1,fc2", "no measured layer 'fc1,fc2'"},
        {"activations,every=2", "',every=2'"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ipl_error err = {0};

        small_experiment(cases[i].text);
        assert_int_equal(train("bad", (ipl_train_watcher){0}, &err), IPL_E_FORMAT);
        if (!strstr(err.msg, cases[i].says))
            fail_msg("'%s' does not say \"%s\"", err.msg, cases[i].says);
        assert_false(ipl_file_exists(in("bad")));
    }
}

static void recording_without_measuring_is_refused(void **state)
{
    ipl_error err = {0};

    (void)state;
    small_experiment("activations");
    strcpy(trial.measure, "none");
    trial.early_steps = 0;
    assert_int_equal(train("nothing", (ipl_train_watcher){0}, &err), IPL_E_ARG);
    assert_non_null(strstr(err.msg, "nothing is measured"));
}

static void a_run_larger_than_the_disk_is_refused_before_it_starts(void **state)
{
    ipl_error err = {0};

    (void)state;
    small_experiment("activations");
    trial.epochs = 80000000; /* a petabyte and more */
    trial.early_steps = 0;
    assert_int_equal(train("huge", (ipl_train_watcher){0}, &err), IPL_E_CANTCREATE);
    assert_non_null(strstr(err.msg, "would take"));
    assert_non_null(strstr(err.msg, " GB free"));
    assert_false(ipl_file_exists(in("huge")));
}

/* What the plan says of the disk. */
static void note_plan(void *self, const ipl_train_plan *plan)
{
    double *bytes = self;

    *bytes = plan->activation_bytes;
    assert_true(plan->disk_bytes > plan->activation_bytes);
    assert_true(plan->free_bytes > 0.0);
}

/* Bytes of the arrays that a run with this experiment leaves. */
static double array_bytes(const char *run)
{
    static const char *const files[] = {"train-x",
                                        "train-y",
                                        "test-x",
                                        "test-y",
                                        "epoch-%s/train-fc1",
                                        "epoch-%s/train-fc2",
                                        "epoch-%s/train-logits",
                                        "epoch-%s/test-fc1",
                                        "epoch-%s/test-fc2",
                                        "epoch-%s/test-logits"};
    static const char *const epochs[] = {"0", "0.5", "1", "2", "3"};
    double sum = 0.0;

    for (size_t f = 0; f < sizeof files / sizeof files[0]; f++)
        for (size_t e = 0; e < (f < 4 ? 1 : 5); e++) {
            char name[256];
            ipl_text path = {0};
            content array;
            const char *mark = strchr(files[f], '%');

            if (mark)
                ipl_text_add(&path, "epoch-%s%s", epochs[e], mark + 2);
            else
                ipl_text_add(&path, "%s", files[f]);
            (void)snprintf(name, sizeof name, "%s/activations/%s.npy", run, path.s);
            ipl_text_release(&path);
            array = read_file(name);
            sum += (double)array.len;
            ipl_free(array.bytes);
        }
    return sum;
}

static void the_plan_knows_what_will_be_written(void **state)
{
    double planned = 0.0;

    (void)state;
    small_experiment("activations");
    assert_int_equal(
        train("plan", (ipl_train_watcher){.self = &planned, .start = note_plan}, NULL),
        IPL_OK);
    assert_close(planned / array_bytes("plan"), 1.0, 0.01);
}

/* A file stands where the next epoch's folder should be. */
static void block_epoch_2(void *self, const ipl_epoch_report *report)
{
    (void)self;
    if (report->epoch == 1)
        scratch_write(in("blocked/activations/epoch-2"), "x", 1);
}

static void count_warning(void *self, const char *text)
{
    if (strstr(text, "epoch-2"))
        ++*(size_t *)self;
}

static void activations_that_cannot_be_written_do_not_stop_training(void **state)
{
    size_t warnings = 0;
    ipl_error err = {0};
    char *index, *rows, *record;

    (void)state;
    small_experiment("activations");
    assert_int_equal(train("blocked",
                           (ipl_train_watcher){.self = &warnings,
                                               .epoch = block_epoch_2,
                                               .warning = count_warning},
                           &err),
                     IPL_E_IO);
    assert_int_equal(warnings, 1);
    assert_non_null(strstr(err.msg, ": activations of 1 measurements could not be"));
    assert_non_null(strstr(err.msg, "train its experiment.ini with another --out"));
    record = read_file("blocked/run.json").bytes;
    assert_non_null(strstr(record, "\"not_written\": [\"activations 2\"]}"));
    ipl_free(record);
    index = read_file("blocked/activations/index.csv").bytes;
    assert_string_equal(index, "epoch,step\n0,0\n0.5,1\n1,2\n3,6\n");
    rows = read_file("blocked/training.csv").bytes;
    assert_non_null(strstr(rows, "\n3,6,"));
    ipl_free(rows);
    ipl_free(index);
}

static void count_float32(void *self, const char *text)
{
    if (strstr(text, "written as float32"))
        ++*(size_t *)self;
}

static void what_float16_cannot_hold_is_kept_as_float32(void **state)
{
    const size_t dims[] = {60, 3}, n = 60;
    float x[180];
    int64_t y[60];
    size_t notes = 0;
    ipl_npy a;

    (void)state;
    for (size_t i = 0; i < 180; i++)
        x[i] = 1e7f * (float)((i * 7) % 11);
    for (size_t i = 0; i < 60; i++)
        y[i] = (int64_t)i % 2;
    assert_int_equal(ipl_npy_write_f32(in("x.npy"), x, dims, 2, NULL), IPL_OK);
    assert_int_equal(ipl_npy_write_i64(in("y.npy"), y, &n, 1, NULL), IPL_OK);
    small_experiment("activations=float16");
    (void)snprintf(trial.data, sizeof trial.data, "npy:x=%s,y=%s", in("x.npy"),
                   in("y.npy"));
    strcpy(trial.net, "dense:units=4 relu dense:units=2");
    trial.train_samples = trial.test_samples = 0;
    trial.probe_train = trial.probe_test = 0;
    trial.epochs = 0;
    assert_int_equal(
        train("large", (ipl_train_watcher){.self = &notes, .warning = count_float32}, NULL),
        IPL_OK);
    assert_int_equal(notes, 1);
    assert_int_equal(ipl_npy_read(&a, in("large/activations/epoch-0/train-fc1.npy"), NULL),
                     IPL_OK);
    assert_string_equal(a.dtype, "<f4");
    ipl_npy_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(recording_does_not_change_the_run),
        IN_FOLDER(arrays_have_the_shape_of_their_layer),
        IN_FOLDER(bad_record_texts_name_the_word),
        IN_FOLDER(recording_without_measuring_is_refused),
        IN_FOLDER(a_run_larger_than_the_disk_is_refused_before_it_starts),
        IN_FOLDER(the_plan_knows_what_will_be_written),
        IN_FOLDER(activations_that_cannot_be_written_do_not_stop_training),
        IN_FOLDER(what_float16_cannot_hold_is_kept_as_float32),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
