/* Whole runs: what they write, and that nothing but the experiment decides it. */
#include "trial.h"

#include "base/alloc.h"
#include "run/trainer.h"

/* A short run with everything that could depend on the order of work: shuffling, dropout. */
static void small_experiment(void)
{
    ipl_opt_init(&trial, ipl_experiment_opts);
    strcpy(trial.name, "test");
    strcpy(trial.data, "szt");
    strcpy(trial.net, "dense:units=40 tanh dropout:p=0.2 dense:units=9 relu dense:units=2");
    strcpy(trial.optimiser, "adam:lr=0.01");
    strcpy(trial.estimator, "logdet:beta=rd logdet:scale=corr,beta=own");
    trial.train_samples = 600;
    trial.test_samples = 300;
    trial.batch = 256; /* several shards, and a last batch of 88 */
    trial.shard = 64;
    trial.epochs = 2;
    trial.early_steps = 1;
    trial.probe_train = trial.probe_test = 200;
    trial.seed = 7;
}

static ipl_status train(const char *name, size_t threads, bool force, ipl_error *err)
{
    const ipl_train_opts opts = {
        .exp = &trial, .path = in(name), .threads = threads, .force = force};

    return ipl_train(&opts, err);
}

static void train_ok(const char *name, size_t threads)
{
    ipl_error err = {0};

    if (train(name, threads, false, &err) != IPL_OK)
        fail_msg("%s", err.msg);
}

static char *read_result(const char *run, const char *file)
{
    char name[128];

    (void)snprintf(name, sizeof name, "%s/%s", run, file);
    return read_file(name).bytes;
}

/* Bytes of a file as SHA-256. */
static void digest(char out[65], const char *run, const char *file)
{
    char name[128];

    (void)snprintf(name, sizeof name, "%s/%s", run, file);
    assert_int_equal(ipl_file_sha256(out, in(name), NULL), IPL_OK);
}

static void assert_same_file(const char *a, const char *b, const char *file)
{
    char x[65], y[65];

    digest(x, a, file);
    digest(y, b, file);
    if (strcmp(x, y) != 0)
        fail_msg("%s differs between %s and %s", file, a, b);
}

static const char *const parameter_files[] = {
    "parameters/0.weight.npy", "parameters/0.bias.npy",   "parameters/3.weight.npy",
    "parameters/3.bias.npy",   "parameters/5.weight.npy", "parameters/5.bias.npy",
};

static void assert_same_parameters(const char *a, const char *b)
{
    for (size_t i = 0; i < sizeof parameter_files / sizeof parameter_files[0]; i++)
        assert_same_file(a, b, parameter_files[i]);
}

/* training.csv without its last two columns, which are times. */
static char *without_times(const char *run)
{
    char *bytes = read_result(run, "training.csv"), *to = bytes;

    for (char *line = strtok(bytes, "\n"); line; line = strtok(NULL, "\n")) {
        *strrchr(line, ',') = '\0';
        *strrchr(line, ',') = '\0';
        memmove(to, line, strlen(line));
        to += strlen(line);
    }
    *to = '\0';
    return bytes;
}

static void every_thread_count_gives_the_same_bytes(void **state)
{
    static const char *const names[] = {"t1", "t2", "t3", "t4"};
    char *first;

    (void)state;
    small_experiment();
    for (size_t t = 0; t < 4; t++)
        train_ok(names[t], t + 1);
    first = without_times("t1");
    for (size_t t = 1; t < 4; t++) {
        char *other = without_times(names[t]);

        assert_string_equal(first, other);
        ipl_free(other);
        assert_same_file("t1", names[t], "information.csv");
        assert_same_file("t1", names[t], "layers.csv");
        assert_same_file("t1", names[t], "summary.csv");
        assert_same_parameters("t1", names[t]);
    }
    ipl_free(first);
}

static void measuring_does_not_change_training(void **state)
{
    (void)state;
    small_experiment();
    train_ok("watched", 2);
    trial.early_steps = 0;
    strcpy(trial.measure, "none");
    train_ok("alone", 2);
    assert_same_parameters("watched", "alone");
}

static void another_seed_gives_other_parameters(void **state)
{
    char a[65], b[65];

    (void)state;
    small_experiment();
    train_ok("seed7", 1);
    trial.seed = 8;
    train_ok("seed8", 1);
    digest(a, "seed7", "parameters/0.weight.npy");
    digest(b, "seed8", "parameters/0.weight.npy");
    assert_string_not_equal(a, b);
}

static void the_recorded_experiment_repeats_the_run(void **state)
{
    (void)state;
    small_experiment();
    train_ok("first", 2);
    ipl_opt_init(&trial, ipl_experiment_opts);
    assert_int_equal(ipl_experiment_read(&trial, in("first/experiment.ini"), NULL), IPL_OK);
    train_ok("again", 2);
    assert_same_file("first", "again", "information.csv");
    assert_same_parameters("first", "again");
}

/* Number of lines of a file. */
static size_t count_lines(const char *run, const char *file)
{
    char *bytes = read_result(run, file);
    size_t n = 0;

    for (const char *c = bytes; *c; c++)
        n += *c == '\n';
    ipl_free(bytes);
    return n;
}

static void every_measurement_has_its_rows(void **state)
{
    char *bytes;

    (void)state;
    small_experiment();
    train_ok("rows", 2);
    /* Three steps an epoch; early-steps 1 in one epoch: epochs 0, 1/3, 2/3, 1, 2. */
    assert_int_equal(count_lines("rows", "training.csv"), 1 + 3);
    assert_int_equal(count_lines("rows", "information.csv"), 1 + 5 * 2 * 3 * 2);
    assert_int_equal(count_lines("rows", "layers.csv"), 1 + 5 * 3);
    bytes = read_file("rows/information.csv").bytes;
    assert_non_null(
        strstr(bytes, "\n0,0,train,1,fc1,40,\"logdet:scale=cov,beta=rd\",nats,"));
    assert_non_null(strstr(bytes, "\n0.3333333333333333,1,test,2,fc2,9,"));
    assert_non_null(strstr(bytes, "\n2,6,test,3,logits,2,"));
    assert_null(strstr(bytes, "inf"));
    ipl_free(bytes);
}

static void an_existing_run_is_not_touched_without_force(void **state)
{
    ipl_error err = {0};
    char before[65], after[65];

    (void)state;
    small_experiment();
    train_ok("kept", 1);
    digest(before, "kept", "information.csv");
    trial.seed = 9;
    assert_int_equal(train("kept", 1, false, &err), IPL_E_CANTCREATE);
    assert_non_null(strstr(err.msg, "--force"));
    /* With force but a fault in the experiment: nothing is touched either. */
    strcpy(trial.net, "dense:units=2 nosuch");
    assert_int_equal(train("kept", 1, true, &err), IPL_E_FORMAT);
    digest(after, "kept", "information.csv");
    assert_string_equal(before, after);

    small_experiment();
    trial.seed = 9;
    assert_int_equal(train("kept", 1, true, &err), IPL_OK);
    digest(after, "kept", "information.csv");
    assert_string_not_equal(before, after);
}

static void force_does_not_remove_a_folder_that_is_no_run(void **state)
{
    ipl_error err = {0};

    (void)state;
    assert_int_equal(ipl_folder_create(in("mine"), NULL), IPL_OK);
    assert_int_equal(ipl_file_replace(in("mine/notes"), "mine", 4, NULL), IPL_OK);
    small_experiment();
    assert_int_equal(train("mine", 1, true, &err), IPL_E_CANTCREATE);
    assert_true(ipl_file_exists(in("mine/notes")));
}

static void bad_experiments_are_refused_before_anything_is_written(void **state)
{
    static const struct {
        const char *field, *value, *message;
        ipl_status status;
    } bad[] = {
        {"net", "13-4-2", "13", IPL_E_SHAPE},
        {"net", "12-4-3", "3", IPL_E_SHAPE},
        {"net", "12-4-2-", "", IPL_E_FORMAT},
        {"probe-train", "100000", "100000", IPL_E_SHAPE},
        {"train-samples", "100000", "100000", IPL_E_SHAPE},
        {"estimator", "logdte", "did you mean 'logdet'?", IPL_E_FORMAT},
        {"estimator", "logdet:beta=-1", "beta", IPL_E_FORMAT},
        {"optimiser", "sgd:lr=x", "lr", IPL_E_FORMAT},
        {"loss", "hinge", "hinge", IPL_E_FORMAT},
        {"data", "mnits", "did you mean 'mnist'?", IPL_E_FORMAT},
        {"measure", "often", "often", IPL_E_FORMAT},
        {"schedule", "cosinus", "cosinus", IPL_E_FORMAT},
        {"measure-layers", "fc9", "fc9", IPL_E_FORMAT},
        {"init", "npy:/nonexistent", "/nonexistent", IPL_E_NOINPUT},
        {"classes", "0,5", "5", IPL_E_ARG},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ipl_error err = {0};
        ipl_status st;

        small_experiment();
        assert_int_equal(ipl_opt_set(&trial,
                                     ipl_opt_find(ipl_experiment_opts, bad[i].field),
                                     bad[i].value, NULL),
                         IPL_OK);
        st = train("never", 1, false, &err);
        if (st != bad[i].status || !strstr(err.msg, bad[i].message))
            fail_msg("%s = %s: got %s: %s", bad[i].field, bad[i].value, ipl_status_name(st),
                     err.msg);
        assert_false(ipl_file_exists(in("never")));
    }
}

static void divergence_is_detected_and_recorded(void **state)
{
    ipl_error err = {0};
    char *record;

    (void)state;
    small_experiment();
    strcpy(trial.net, "dense:units=10 relu dense:units=10 relu dense:units=2");
    strcpy(trial.optimiser, "sgd:lr=1e30");
    trial.early_steps = 0;
    assert_int_equal(train("diverged", 2, false, &err), IPL_E_NUMERIC);
    assert_non_null(strstr(err.msg, "epoch 0, step "));
    assert_non_null(strstr(err.msg, "layer "));
    record = read_file("diverged/run.json").bytes;
    assert_non_null(strstr(record, "\"state\": \"diverged\""));
    assert_non_null(strstr(record, "\"exit_status\": 3"));
    ipl_free(record);
    assert_true(count_lines("diverged", "training.csv") >= 2);
}

static void a_probe_that_is_not_finite_is_divergence(void **state)
{
    ipl_error err = {0};

    (void)state;
    small_experiment();
    strcpy(trial.net, "dense:units=10 relu dense:units=10 relu dense:units=2");
    strcpy(trial.optimiser, "sgd:lr=1e30");
    assert_int_equal(train("overflow", 2, false, &err), IPL_E_NUMERIC);
    assert_non_null(strstr(err.msg, "after step 1: train probe: layer "));
}

static void a_signal_ends_the_run_with_its_rows_written(void **state)
{
    const volatile sig_atomic_t stop = SIGTERM;
    const ipl_train_opts opts = {
        .exp = &trial, .path = in("stopped"), .threads = 1, .stop = &stop};
    char *record;

    (void)state;
    small_experiment();
    assert_int_equal(ipl_train(&opts, NULL), IPL_OK);
    assert_int_equal(count_lines("stopped", "training.csv"), 2); /* header and epoch 0 */
    record = read_file("stopped/run.json").bytes;
    assert_non_null(strstr(record, "\"state\": \"stopped\""));
    ipl_free(record);
}

/* A golden trajectory (PyTorch, float64) through data, net, loop and tables. */
static void a_run_from_given_parameters_follows_pytorch(void **state)
{
    static const double want[] = {1.141378114219472, 1.1191300701949083, 1.0792973363661327,
                                  1.0275241832284965, 0.9697459036406606};
    char *bytes;
    const char *line;

    (void)state;
    ipl_opt_init(&trial, ipl_experiment_opts);
    strcpy(trial.name, "golden");
    strcpy(trial.data, "npy:x=tests/golden/train/mlp_tanh_momentum/x.npy,"
                       "y=tests/golden/train/mlp_tanh_momentum/y.npy,"
                       "xtest=tests/golden/train/mlp_tanh_momentum/x.npy,"
                       "ytest=tests/golden/train/mlp_tanh_momentum/y.npy");
    strcpy(trial.net, "8-6-4-3");
    strcpy(trial.init, "npy:tests/golden/train/mlp_tanh_momentum/init");
    strcpy(trial.optimiser, "sgd:lr=0.1,momentum=0.9");
    trial.batch = 10;
    trial.epochs = 5;
    trial.shuffle = false;
    train_ok("golden", 2);
    bytes = read_file("golden/training.csv").bytes;
    line = strchr(bytes, '\n') + 1;
    for (size_t e = 0; e <= 5; e++) {
        /* Row 0 is the initial net, row e the loss before step e - 1; third column. */
        const char *loss = strchr(strchr(line, ',') + 1, ',') + 1;

        assert_close(strtod(loss, NULL), want[e == 0 ? 0 : e - 1], 5e-6);
        line = strchr(line, '\n') + 1;
    }
    ipl_free(bytes);
}

/* Fail allocation 0, 1, 2, ... until the run succeeds: always a status, never a crash. */
static void every_allocation_may_fail(void **state)
{
    ipl_status st = IPL_E_NOMEM;
    long k;

    (void)state;
    small_experiment();
    trial.epochs = 1;
    trial.early_steps = 0;
    for (k = 0; st != IPL_OK && k < 5000; k++) {
        ipl_error err = {0};

        ipl_alloc_fail_after(k);
        st = train("memory", 1, true, &err);
        ipl_alloc_fail_after(-1);
        if (st != IPL_OK && st != IPL_E_NOMEM)
            fail_msg("allocation %ld: %s: %s", k, ipl_status_name(st), err.msg);
    }
    assert_int_equal(st, IPL_OK);
    assert_true(k > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(every_thread_count_gives_the_same_bytes),
        IN_FOLDER(measuring_does_not_change_training),
        IN_FOLDER(another_seed_gives_other_parameters),
        IN_FOLDER(the_recorded_experiment_repeats_the_run),
        IN_FOLDER(every_measurement_has_its_rows),
        IN_FOLDER(an_existing_run_is_not_touched_without_force),
        IN_FOLDER(force_does_not_remove_a_folder_that_is_no_run),
        IN_FOLDER(bad_experiments_are_refused_before_anything_is_written),
        IN_FOLDER(divergence_is_detected_and_recorded),
        IN_FOLDER(a_probe_that_is_not_finite_is_divergence),
        IN_FOLDER(a_signal_ends_the_run_with_its_rows_written),
        IN_FOLDER(a_run_from_given_parameters_follows_pytorch),
        IN_FOLDER(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
