/* Activations measured again give the rows of their run; those of other programs make a run. */
#include "recorded_run.h"

#include "base/alloc.h"
#include "math/npy.h"
#include "run/analysis.h"
#include "run/table.h"

/* ---- measuring again ---- */

static const char *const texts[] = {"logdet:beta=rd", "logdet:scale=corr,beta=own"};

/* Rows of a run measured again; both probes. */
static ipl_status analyze(ipl_text *out, const char *run, const char *layers, size_t rows,
                          size_t threads, ipl_error *err)
{
    const ipl_analysis_opts opts = {
        .estimators = texts, .n_estimators = 2, .rows = rows, .threads = threads};
    ipl_stack stacks[2] = {{.split = ""}};
    ipl_status st = ipl_stack_of_run(&stacks[0], run, "train", layers, err);

    if (st == IPL_OK)
        st = ipl_stack_of_run(&stacks[1], run, "test", layers, err);
    if (st == IPL_OK)
        st = ipl_analysis_measure(out, stacks, 2, &opts, err);
    ipl_stack_release(&stacks[1]);
    ipl_stack_release(&stacks[0]);
    return st;
}

static void a_run_measured_again_has_the_same_bytes_at_any_thread_count(void **state)
{
    char *own;

    (void)state;
    small_experiment("activations");
    train_ok("run");
    own = read_file("run/information.csv").bytes;
    for (size_t threads = 1; threads <= 8;
         threads++) { /* 5 measurements: 8 share a plane */
        ipl_text again = {0};
        ipl_error err = {0};

        if (analyze(&again, in("run"), "", 0, threads, &err) != IPL_OK)
            fail_msg("%s", err.msg);
        assert_string_equal(again.s, own);
        ipl_text_release(&again);
    }
    ipl_free(own);
}

static void float16_halves_the_files_and_moves_the_measures_little(void **state)
{
    ipl_text half = {0};
    ipl_table *a, *b;
    double *x, *y;
    ipl_npy array;

    (void)state;
    small_experiment("activations=float16,layers=fc1+logits");
    train_ok("half");
    assert_int_equal(
        ipl_npy_read(&array, in("half/activations/epoch-3/train-fc1.npy"), NULL), IPL_OK);
    assert_string_equal(array.dtype, "<f2");
    ipl_npy_release(&array);
    assert_false(ipl_file_exists(in("half/activations/epoch-3/train-fc2.npy")));

    small_experiment("activations");
    train_ok("full");
    assert_int_equal(analyze(&half, in("half"), "", 0, 2, NULL), IPL_OK);
    scratch_write(in("half.csv"), half.s, half.len);
    ipl_text_clear(&half);
    assert_int_equal(analyze(&half, in("full"), "fc1,logits", 0, 2, NULL), IPL_OK);
    scratch_write(in("full.csv"), half.s, half.len);
    ipl_text_release(&half);
    assert_int_equal(ipl_table_read(&a, in("half.csv"), NULL), IPL_OK);
    assert_int_equal(ipl_table_read(&b, in("full.csv"), NULL), IPL_OK);
    assert_int_equal(ipl_table_rows(a), ipl_table_rows(b));
    assert_int_equal(ipl_table_numbers(&x, a, "I_XT", NULL), IPL_OK);
    assert_int_equal(ipl_table_numbers(&y, b, "I_XT", NULL), IPL_OK);
    for (size_t i = 0; i < ipl_table_rows(a); i++)
        assert_close(x[i], y[i], 2e-2); /* the rounding noise has 2^-11 of the values */
    ipl_free(y);
    ipl_free(x);
    ipl_table_destroy(b);
    ipl_table_destroy(a);
}

static void a_part_of_the_layers_and_rows_can_be_measured(void **state)
{
    ipl_text out = {0};
    ipl_error err = {0};
    size_t lines = 0;

    (void)state;
    small_experiment("activations");
    train_ok("part");
    assert_int_equal(analyze(&out, in("part"), "logits,fc1", 60, 1, &err), IPL_OK);
    const char *table = out.s ? out.s : "";
    for (const char *c = strchr(table, '\n'); c; c = strchr(c + 1, '\n'))
        lines++;
    assert_int_equal(lines, 1 + 5 * 2 * 2 * 2); /* epochs, probes, layers, estimators */
    assert_non_null(strstr(table, "\n0,0,train,1,logits,2,"));
    assert_non_null(strstr(table, "\n3,6,test,2,fc1,9,"));
    assert_non_null(strstr(table, ",60\n"));
    ipl_text_release(&out);
    assert_int_equal(analyze(&out, in("part"), "fc7", 0, 1, &err), IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "no layer 'fc7'; choose from fc1, fc2, logits"));
    assert_int_equal(analyze(&out, in("part"), "fc1,fc1", 0, 1, &err), IPL_E_FORMAT);
    assert_int_equal(analyze(&out, in("part"), "", 150, 1, &err), IPL_E_SHAPE);
    assert_non_null(strstr(err.msg, "150 asked for"));
    ipl_text_release(&out);
}

static void a_run_without_activations_says_how_to_record_them(void **state)
{
    ipl_text out = {0};
    ipl_error err = {0};

    (void)state;
    small_experiment("none");
    train_ok("plain");
    assert_int_equal(analyze(&out, in("plain"), "", 0, 1, &err), IPL_E_NOINPUT);
    assert_non_null(strstr(err.msg, "train with --record activations"));
    ipl_text_release(&out);
}

static void damaged_recordings_are_named(void **state)
{
    static const size_t n = 7;
    const int64_t few[7] = {0};
    ipl_text out = {0};
    ipl_error err = {0};

    (void)state;
    small_experiment("activations");
    train_ok("damaged");
    scratch_write(in("damaged/activations/epoch-2/train-fc2.npy"), "\x93NUMPY", 6);
    assert_int_equal(analyze(&out, in("damaged"), "", 0, 3, &err), IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "epoch-2/train-fc2.npy"));
    assert_int_equal(remove(in("damaged/activations/epoch-1/test-fc1.npy")), 0);
    assert_int_equal(analyze(&out, in("damaged"), "fc1", 0, 2, &err), IPL_E_NOINPUT);
    assert_non_null(strstr(err.msg, "epoch-1/test-fc1.npy"));
    assert_int_equal(
        ipl_npy_write_i64(in("damaged/activations/train-y.npy"), few, &n, 1, NULL), IPL_OK);
    assert_int_equal(analyze(&out, in("damaged"), "logits", 0, 1, &err), IPL_E_SHAPE);
    assert_non_null(strstr(err.msg, "train-y.npy has 7 samples"));
    scratch_write(in("damaged/activations/index.csv"), "epoch,step\n", 11);
    assert_int_equal(analyze(&out, in("damaged"), "", 0, 1, &err), IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "nothing recorded yet"));
    ipl_text_release(&out);
}

static void running_out_of_memory_leaves_nothing_behind(void **state)
{
    const int next = next_descriptor();
    ipl_status st = IPL_E_NOMEM;

    (void)state;
    small_experiment("activations");
    trial.epochs = 1;
    trial.early_steps = 0;
    train_ok("memory");
    for (long k = 0; st != IPL_OK; k++) {
        ipl_text out = {0};
        ipl_error err = {0};

        ipl_alloc_fail_after(k);
        st = analyze(&out, in("memory"), "", 0, 1, &err);
        ipl_alloc_fail_after(-1);
        if (st != IPL_OK)
            assert_int_equal(st, IPL_E_NOMEM);
        ipl_text_release(&out);
        assert_int_equal(next_descriptor(), next);
    }
}

static void an_estimator_that_is_given_twice_is_refused(void **state)
{
    static const char *const twice[] = {"logdet:beta=100", "logdet:beta=1e2"};
    const ipl_analysis_opts opts = {.estimators = twice, .n_estimators = 2, .threads = 1};
    ipl_stack stack;
    ipl_text out = {0};
    ipl_error err = {0};

    (void)state;
    small_experiment("activations");
    train_ok("twice");
    assert_int_equal(ipl_stack_of_run(&stack, in("twice"), "train", "", NULL), IPL_OK);
    assert_int_equal(ipl_analysis_measure(&out, &stack, 1, &opts, &err), IPL_E_ARG);
    assert_non_null(strstr(err.msg, "given twice"));
    ipl_text_release(&out);
    ipl_stack_release(&stack);
}

/* ---- files of other programs ---- */

static void names_of_files_tell_layer_and_epoch(void **state)
{
    static const char *const paths[] = {"a/epoch10/layer2.npy",  "a/epoch2/layer10.npy",
                                        "a/epoch-2/layer2.npy",  "layer10-epoch10.npy",
                                        "a/b/layer1_epoch2.npy", "x/layer1-10.npy"};
    ipl_stack s;
    ipl_error err = {0};

    (void)state;
    if (ipl_stack_of_files(&s, paths, 6, "", &err) != IPL_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(s.n_epochs, 2);
    assert_int_equal(s.n_layers, 3);
    assert_string_equal(s.names[0], "layer1");
    assert_string_equal(s.names[1], "layer2");
    assert_string_equal(s.names[2], "layer10");
    assert_string_equal(s.when[0], "2,NaN");
    assert_string_equal(s.files[0], paths[4]);
    assert_string_equal(s.files[1], paths[2]);
    assert_string_equal(s.files[5], paths[3]);
    ipl_stack_release(&s);
    assert_int_equal(ipl_stack_of_files(&s, paths, 6, "layer10,layer2", &err), IPL_OK);
    assert_int_equal(s.n_layers, 2);
    assert_string_equal(s.files[3], paths[0]);
    ipl_stack_release(&s);
}

static void files_that_make_no_table_are_refused(void **state)
{
    static const struct {
        const char *paths[4];
        const char *layers;
        ipl_status st;
        const char *says;
    } cases[] = {
        {{"fc1.npy"}, "", IPL_E_FORMAT, "no epoch in its name"},
        {{"epochs/fc1.npy"}, "", IPL_E_FORMAT, "no epoch in its name"},
        {{"epoch/fc1.npy"}, "", IPL_E_FORMAT, "no epoch in its name"},
        {{"epoch-1x/fc1.npy"}, "", IPL_E_FORMAT, "no epoch in its name"},
        {{"fc1-last.npy"}, "", IPL_E_FORMAT, "fc1-last.npy: no epoch"},
        {{"-3.npy"}, "", IPL_E_FORMAT, "no epoch in its name"},
        {{"a-0.npy", "b-0.npy", "b-1.npy"}, "", IPL_E_NOINPUT, "epoch 1: layer 'a'"},
        {{"a-0.npy", "b-0.npy", "a-1.npy"}, "", IPL_E_NOINPUT, "epoch 1: layer 'b'"},
        {{"a-0.npy", "a-1.npy", "b-1.npy"}, "", IPL_E_NOINPUT, "epoch 0: layer 'b'"},
        {{"a-0.npy", "epoch0/a.npy"}, "", IPL_E_FORMAT, "both are 'a' at 0"},
        {{"a-0.npy", "a-1.npy"}, "b", IPL_E_FORMAT, "no file of layer 'b'"},
        {{"a-0.npy", "a-1.npy"}, "a,a", IPL_E_FORMAT, "given twice"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ipl_error err = {0};
        ipl_stack s;
        size_t n = 0;

        while (n < 4 && cases[i].paths[n])
            n++;
        if (ipl_stack_of_files(&s, cases[i].paths, n, cases[i].layers, &err) != cases[i].st)
            fail_msg("case %zu: %s", i, err.msg);
        if (!strstr(err.msg, cases[i].says))
            fail_msg("'%s' does not say \"%s\"", err.msg, cases[i].says);
        ipl_stack_release(&s);
    }
}

static void a_folder_of_another_program_becomes_a_run_for_plots(void **state)
{
    static const size_t dims[] = {20, 3}, n = 20;
    const ipl_analysis_opts opts = {.estimators = texts, .n_estimators = 2, .threads = 2};
    ipl_analysis_files files = {.experiment = "[net]\nnet = elsewhere\n", .source = "here"};
    float t[60];
    int64_t y[20];
    ipl_stack s;
    ipl_text rows = {0};
    ipl_error err = {0};

    (void)state;
    assert_int_equal(ipl_folder_create(in("net"), NULL), IPL_OK);
    for (size_t i = 0; i < 20; i++)
        y[i] = (int64_t)i % 3;
    for (size_t k = 0; k < 4; k++) {
        static const char *const names[] = {"net/x.npy", "net/a-0.npy", "net/a-1.npy",
                                            "net/a-1.5.npy"};

        for (size_t i = 0; i < 60; i++)
            t[i] = (float)((i * (7 + k)) % 13);
        assert_int_equal(ipl_npy_write_f32(in(names[k]), t, dims, 2, NULL), IPL_OK);
    }
    assert_int_equal(ipl_npy_write_i64(in("net/y.npy"), y, &n, 1, NULL), IPL_OK);
    if (ipl_stack_of_folder(&s, in("net"), in("net/x.npy"), in("net/y.npy"), "", &err) !=
        IPL_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(s.n_epochs, 3);
    (void)snprintf(s.x, sizeof s.x, "%s", in("net/x.npy"));
    (void)snprintf(s.y, sizeof s.y, "%s", in("net/y.npy"));
    assert_int_equal(ipl_analysis_measure(&rows, &s, 1, &opts, &err), IPL_OK);
    files.information = rows.s;
    files.stack = &s;
    if (ipl_analysis_write(in("plane"), &files, &err) != IPL_OK)
        fail_msg("%s", err.msg);
    assert_true(ipl_file_exists(in("plane/training.csv")));
    assert_true(ipl_file_exists(in("plane/layers.csv")));
    assert_true(ipl_file_exists(in("plane/summary.csv")));
    assert_int_equal(ipl_analysis_write(in("plane"), &files, &err), IPL_E_CANTCREATE);
    assert_true(ipl_file_exists(in("plane/information.csv")));
    ipl_text_release(&rows);
    ipl_stack_release(&s);
}

static void an_empty_or_missing_folder_is_no_input(void **state)
{
    ipl_stack s;
    ipl_error err = {0};

    (void)state;
    assert_int_equal(ipl_folder_create(in("empty"), NULL), IPL_OK);
    assert_int_equal(ipl_stack_of_folder(&s, in("empty"), "x", "", "", &err),
                     IPL_E_NOINPUT);
    assert_non_null(strstr(err.msg, "no epoch<e>/<layer>.npy"));
    assert_int_equal(ipl_stack_of_folder(&s, in("nosuch"), "x", "", "", &err),
                     IPL_E_NOINPUT);
    assert_int_equal(ipl_stack_of_files(&s, NULL, 0, "", &err), IPL_E_NOINPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_run_measured_again_has_the_same_bytes_at_any_thread_count),
        IN_FOLDER(float16_halves_the_files_and_moves_the_measures_little),
        IN_FOLDER(a_part_of_the_layers_and_rows_can_be_measured),
        IN_FOLDER(a_run_without_activations_says_how_to_record_them),
        IN_FOLDER(damaged_recordings_are_named),
        IN_FOLDER(running_out_of_memory_leaves_nothing_behind),
        IN_FOLDER(an_estimator_that_is_given_twice_is_refused),
        IN_FOLDER(names_of_files_tell_layer_and_epoch),
        IN_FOLDER(files_that_make_no_table_are_refused),
        IN_FOLDER(a_folder_of_another_program_becomes_a_run_for_plots),
        IN_FOLDER(an_empty_or_missing_folder_is_no_input),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
