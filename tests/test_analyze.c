/* Recorded activations: what is kept, and that measuring them again gives the same. */
#include "scratch.h"

#include "base/alloc.h"
#include "math/npy.h"
#include "run/analysis.h"
#include "run/estimator_texts.h"
#include "run/table.h"
#include "run/trainer.h"

static ipl_experiment trial; /* large */
static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/ipl_analyze_XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return ipl_folder_remove(folder, NULL) == IPL_OK ? 0 : -1;
}

/* Path of something in the folder; up to four are valid at a time. */
static const char *at(const char *name)
{
    static char path[4][IPL_PATH_MAX];
    static unsigned turn;

    turn = (turn + 1) % 4;
    (void)snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

static void small_experiment(const char *record)
{
    ipl_opt_init(&trial, ipl_experiment_opts);
    strcpy(trial.name, "test");
    strcpy(trial.data, "szt");
    strcpy(trial.net, "dense:units=9 tanh dense:units=5 tanh dense:units=2");
    strcpy(trial.estimator, "logdet:beta=rd logdet:scale=corr,beta=own");
    (void)snprintf(trial.record, sizeof trial.record, "%s", record);
    trial.train_samples = 400;
    trial.test_samples = 200;
    trial.batch = 256;
    trial.epochs = 3;
    trial.early_steps = 1;
    trial.probe_train = 200;
    trial.probe_test = 100;
}

static ipl_status train(const char *name, ipl_train_watcher watcher, ipl_error *err)
{
    const ipl_train_opts opts = {
        .exp = &trial, .path = at(name), .threads = 2, .watcher = watcher};

    return ipl_train(&opts, err);
}

static void train_ok(const char *name)
{
    ipl_error err = {0};

    if (train(name, (ipl_train_watcher){0}, &err) != IPL_OK)
        fail_msg("%s", err.msg);
}

static char *read_file(const char *path)
{
    char *bytes;
    size_t len;

    assert_int_equal(ipl_file_read(&bytes, &len, path, 1u << 24, NULL), IPL_OK);
    return bytes;
}

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

/* ---- recording ---- */

static void a_run_measured_again_has_the_same_bytes_at_any_thread_count(void **state)
{
    char *own;

    (void)state;
    small_experiment("activations");
    train_ok("run");
    own = read_file(at("run/information.csv"));
    for (size_t threads = 1; threads <= 8;
         threads++) { /* 5 measurements: 8 share a plane */
        ipl_text again = {0};
        ipl_error err = {0};

        if (analyze(&again, at("run"), "", 0, threads, &err) != IPL_OK)
            fail_msg("%s", err.msg);
        assert_string_equal(again.s, own);
        ipl_text_release(&again);
    }
    ipl_free(own);
}

static void recording_does_not_change_the_run(void **state)
{
    char *with, *without;

    (void)state;
    small_experiment("activations");
    train_ok("with");
    small_experiment("none");
    train_ok("without");
    with = read_file(at("with/information.csv"));
    without = read_file(at("without/information.csv"));
    assert_string_equal(with, without);
    assert_false(ipl_file_exists(at("without/activations")));
    ipl_free(without);
    ipl_free(with);
}

static void arrays_have_the_shape_of_their_layer(void **state)
{
    ipl_npy a;

    (void)state;
    small_experiment("activations");
    train_ok("shapes");
    assert_int_equal(ipl_npy_read(&a, at("shapes/activations/train-x.npy"), NULL), IPL_OK);
    assert_true(a.n_dims == 2 && a.dims[0] == 200 && a.dims[1] == 12);
    ipl_npy_release(&a);
    assert_int_equal(ipl_npy_read(&a, at("shapes/activations/test-y.npy"), NULL), IPL_OK);
    assert_true(a.n_dims == 1 && a.dims[0] == 100);
    assert_string_equal(a.dtype, "<i8");
    ipl_npy_release(&a);
    assert_int_equal(
        ipl_npy_read(&a, at("shapes/activations/epoch-0.5/test-fc2.npy"), NULL), IPL_OK);
    assert_true(a.n_dims == 2 && a.dims[0] == 100 && a.dims[1] == 5);
    assert_string_equal(a.dtype, "<f4");
    ipl_npy_release(&a);
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
        ipl_npy_read(&array, at("half/activations/epoch-3/train-fc1.npy"), NULL), IPL_OK);
    assert_string_equal(array.dtype, "<f2");
    ipl_npy_release(&array);
    assert_false(ipl_file_exists(at("half/activations/epoch-3/train-fc2.npy")));

    small_experiment("activations");
    train_ok("full");
    assert_int_equal(analyze(&half, at("half"), "", 0, 2, NULL), IPL_OK);
    scratch_write(at("half.csv"), half.s, half.len);
    ipl_text_clear(&half);
    assert_int_equal(analyze(&half, at("full"), "fc1,logits", 0, 2, NULL), IPL_OK);
    scratch_write(at("full.csv"), half.s, half.len);
    ipl_text_release(&half);
    assert_int_equal(ipl_table_read(&a, at("half.csv"), NULL), IPL_OK);
    assert_int_equal(ipl_table_read(&b, at("full.csv"), NULL), IPL_OK);
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
        assert_false(ipl_file_exists(at("bad")));
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
    assert_false(ipl_file_exists(at("huge")));
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
            char name[256], *bytes;
            ipl_text path = {0};
            size_t len;
            const char *mark = strchr(files[f], '%');

            if (mark)
                ipl_text_add(&path, "epoch-%s%s", epochs[e], mark + 2);
            else
                ipl_text_add(&path, "%s", files[f]);
            (void)snprintf(name, sizeof name, "%s/activations/%s.npy", run, path.s);
            ipl_text_release(&path);
            assert_int_equal(ipl_file_read(&bytes, &len, at(name), 1u << 24, NULL), IPL_OK);
            sum += (double)len;
            ipl_free(bytes);
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
        scratch_write(at("blocked/activations/epoch-2"), "x", 1);
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
    record = read_file(at("blocked/run.json"));
    assert_non_null(strstr(record, "\"not_written\": [\"activations 2\"]}"));
    ipl_free(record);
    index = read_file(at("blocked/activations/index.csv"));
    assert_string_equal(index, "epoch,step\n0,0\n0.5,1\n1,2\n3,6\n");
    rows = read_file(at("blocked/training.csv"));
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
    assert_int_equal(ipl_npy_write_f32(at("x.npy"), x, dims, 2, NULL), IPL_OK);
    assert_int_equal(ipl_npy_write_i64(at("y.npy"), y, &n, 1, NULL), IPL_OK);
    small_experiment("activations=float16");
    (void)snprintf(trial.data, sizeof trial.data, "npy:x=%s,y=%s", at("x.npy"),
                   at("y.npy"));
    strcpy(trial.net, "dense:units=4 relu dense:units=2");
    trial.train_samples = trial.test_samples = 0;
    trial.probe_train = trial.probe_test = 0;
    trial.epochs = 0;
    assert_int_equal(
        train("large", (ipl_train_watcher){.self = &notes, .warning = count_float32}, NULL),
        IPL_OK);
    assert_int_equal(notes, 1);
    assert_int_equal(ipl_npy_read(&a, at("large/activations/epoch-0/train-fc1.npy"), NULL),
                     IPL_OK);
    assert_string_equal(a.dtype, "<f4");
    ipl_npy_release(&a);
}

/* ---- measuring again ---- */

static void a_part_of_the_layers_and_rows_can_be_measured(void **state)
{
    ipl_text out = {0};
    ipl_error err = {0};
    size_t lines = 0;

    (void)state;
    small_experiment("activations");
    train_ok("part");
    assert_int_equal(analyze(&out, at("part"), "logits,fc1", 60, 1, &err), IPL_OK);
    const char *table = out.s ? out.s : "";
    for (const char *c = strchr(table, '\n'); c; c = strchr(c + 1, '\n'))
        lines++;
    assert_int_equal(lines, 1 + 5 * 2 * 2 * 2); /* epochs, probes, layers, estimators */
    assert_non_null(strstr(table, "\n0,0,train,1,logits,2,"));
    assert_non_null(strstr(table, "\n3,6,test,2,fc1,9,"));
    assert_non_null(strstr(table, ",60\n"));
    ipl_text_release(&out);
    assert_int_equal(analyze(&out, at("part"), "fc7", 0, 1, &err), IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "no layer 'fc7'; choose from fc1, fc2, logits"));
    assert_int_equal(analyze(&out, at("part"), "fc1,fc1", 0, 1, &err), IPL_E_FORMAT);
    assert_int_equal(analyze(&out, at("part"), "", 150, 1, &err), IPL_E_SHAPE);
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
    assert_int_equal(analyze(&out, at("plain"), "", 0, 1, &err), IPL_E_NOINPUT);
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
    scratch_write(at("damaged/activations/epoch-2/train-fc2.npy"), "\x93NUMPY", 6);
    assert_int_equal(analyze(&out, at("damaged"), "", 0, 3, &err), IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "epoch-2/train-fc2.npy"));
    assert_int_equal(remove(at("damaged/activations/epoch-1/test-fc1.npy")), 0);
    assert_int_equal(analyze(&out, at("damaged"), "fc1", 0, 2, &err), IPL_E_NOINPUT);
    assert_non_null(strstr(err.msg, "epoch-1/test-fc1.npy"));
    assert_int_equal(
        ipl_npy_write_i64(at("damaged/activations/train-y.npy"), few, &n, 1, NULL), IPL_OK);
    assert_int_equal(analyze(&out, at("damaged"), "logits", 0, 1, &err), IPL_E_SHAPE);
    assert_non_null(strstr(err.msg, "train-y.npy has 7 samples"));
    scratch_write(at("damaged/activations/index.csv"), "epoch,step\n", 11);
    assert_int_equal(analyze(&out, at("damaged"), "", 0, 1, &err), IPL_E_FORMAT);
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
        st = analyze(&out, at("memory"), "", 0, 1, &err);
        ipl_alloc_fail_after(-1);
        if (st != IPL_OK)
            assert_int_equal(st, IPL_E_NOMEM);
        ipl_text_release(&out);
        assert_int_equal(next_descriptor(), next);
    }
}

/* ---- estimator texts ---- */

static void braces_stand_for_all_combinations(void **state)
{
    ipl_estimator_texts list;

    (void)state;
    assert_int_equal(ipl_estimator_texts_create(
                         &list, "logdet:scale={cov,corr},beta={1,10,rd}  a b:{x}", NULL),
                     IPL_OK);
    assert_int_equal(list.n, 8);
    assert_string_equal(list.texts[0], "logdet:scale=cov,beta=1");
    assert_string_equal(list.texts[1], "logdet:scale=cov,beta=10");
    assert_string_equal(list.texts[2], "logdet:scale=cov,beta=rd");
    assert_string_equal(list.texts[3], "logdet:scale=corr,beta=1");
    assert_string_equal(list.texts[5], "logdet:scale=corr,beta=rd");
    assert_string_equal(list.texts[6], "a");
    assert_string_equal(list.texts[7], "b:x");
    ipl_estimator_texts_release(&list);
}

static void bad_braces_are_refused(void **state)
{
    static const char *const cases[] = {
        "",         "   ",
        "a:{1",     "a:1}",
        "a:{}",     "a:{1,}",
        "a:{,1}",   "a:{1,{2}}",
        "a:{1, 2}", "a:{0,1}{0,1}{0,1}{0,1}{0,1}{0,1}{0,1}" /* 128 */};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ipl_estimator_texts list;
        ipl_error err = {0};

        if (ipl_estimator_texts_create(&list, cases[i], &err) != IPL_E_FORMAT)
            fail_msg("'%s' is accepted", cases[i]);
        assert_null(list.store);
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
    assert_int_equal(ipl_stack_of_run(&stack, at("twice"), "train", "", NULL), IPL_OK);
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
    assert_int_equal(ipl_folder_create(at("net"), NULL), IPL_OK);
    for (size_t i = 0; i < 20; i++)
        y[i] = (int64_t)i % 3;
    for (size_t k = 0; k < 4; k++) {
        static const char *const names[] = {"net/x.npy", "net/a-0.npy", "net/a-1.npy",
                                            "net/a-1.5.npy"};

        for (size_t i = 0; i < 60; i++)
            t[i] = (float)((i * (7 + k)) % 13);
        assert_int_equal(ipl_npy_write_f32(at(names[k]), t, dims, 2, NULL), IPL_OK);
    }
    assert_int_equal(ipl_npy_write_i64(at("net/y.npy"), y, &n, 1, NULL), IPL_OK);
    if (ipl_stack_of_folder(&s, at("net"), at("net/x.npy"), at("net/y.npy"), "", &err) !=
        IPL_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(s.n_epochs, 3);
    (void)snprintf(s.x, sizeof s.x, "%s", at("net/x.npy"));
    (void)snprintf(s.y, sizeof s.y, "%s", at("net/y.npy"));
    assert_int_equal(ipl_analysis_measure(&rows, &s, 1, &opts, &err), IPL_OK);
    files.information = rows.s;
    files.stack = &s;
    if (ipl_analysis_write(at("plane"), &files, &err) != IPL_OK)
        fail_msg("%s", err.msg);
    assert_true(ipl_file_exists(at("plane/training.csv")));
    assert_true(ipl_file_exists(at("plane/layers.csv")));
    assert_true(ipl_file_exists(at("plane/summary.csv")));
    assert_int_equal(ipl_analysis_write(at("plane"), &files, &err), IPL_E_CANTCREATE);
    assert_true(ipl_file_exists(at("plane/information.csv")));
    ipl_text_release(&rows);
    ipl_stack_release(&s);
}

static void an_empty_or_missing_folder_is_no_input(void **state)
{
    ipl_stack s;
    ipl_error err = {0};

    (void)state;
    assert_int_equal(ipl_folder_create(at("empty"), NULL), IPL_OK);
    assert_int_equal(ipl_stack_of_folder(&s, at("empty"), "x", "", "", &err),
                     IPL_E_NOINPUT);
    assert_non_null(strstr(err.msg, "no epoch<e>/<layer>.npy"));
    assert_int_equal(ipl_stack_of_folder(&s, at("nosuch"), "x", "", "", &err),
                     IPL_E_NOINPUT);
    assert_int_equal(ipl_stack_of_files(&s, NULL, 0, "", &err), IPL_E_NOINPUT);
}

/* ---- the disk ---- */

static void free_space_is_that_of_the_nearest_folder(void **state)
{
    double here, below;

    (void)state;
    assert_int_equal(ipl_disk_free(&here, folder, NULL), IPL_OK);
    assert_int_equal(ipl_disk_free(&below, at("no/such/folder"), NULL), IPL_OK);
    assert_true(here > 0.0);
    assert_close(below / here, 1.0, 0.1);
    assert_int_equal(ipl_disk_free(&below, "nosuch-relative/x/", NULL), IPL_OK);
    assert_int_equal(ipl_disk_free(&below, "", NULL), IPL_OK);
}

static void a_new_folder_must_not_exist(void **state)
{
    (void)state;
    assert_int_equal(ipl_folder_create_new(at("p/q/new"), NULL), IPL_OK);
    assert_int_equal(ipl_folder_create_new(at("p/q/new"), NULL), IPL_E_CANTCREATE);
    assert_true(ipl_file_is_folder(at("p/q/new")));
}

#define TEST(name) cmocka_unit_test_setup_teardown((name), make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_run_measured_again_has_the_same_bytes_at_any_thread_count),
        TEST(recording_does_not_change_the_run),
        TEST(arrays_have_the_shape_of_their_layer),
        TEST(float16_halves_the_files_and_moves_the_measures_little),
        TEST(bad_record_texts_name_the_word),
        TEST(recording_without_measuring_is_refused),
        TEST(a_run_larger_than_the_disk_is_refused_before_it_starts),
        TEST(the_plan_knows_what_will_be_written),
        TEST(activations_that_cannot_be_written_do_not_stop_training),
        TEST(what_float16_cannot_hold_is_kept_as_float32),
        TEST(a_part_of_the_layers_and_rows_can_be_measured),
        TEST(a_run_without_activations_says_how_to_record_them),
        TEST(damaged_recordings_are_named),
        TEST(running_out_of_memory_leaves_nothing_behind),
        TEST(braces_stand_for_all_combinations),
        TEST(bad_braces_are_refused),
        TEST(an_estimator_that_is_given_twice_is_refused),
        TEST(names_of_files_tell_layer_and_epoch),
        TEST(files_that_make_no_table_are_refused),
        TEST(a_folder_of_another_program_becomes_a_run_for_plots),
        TEST(an_empty_or_missing_folder_is_no_input),
        TEST(free_space_is_that_of_the_nearest_folder),
        TEST(a_new_folder_must_not_exist),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
