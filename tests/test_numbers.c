/* Numbers that run away, and data at the edge of what makes sense. */
#include "trial.h"

#include "base/alloc.h"
#include "math/npy.h"
#include "nn/net_state.h"
#include "run/build.h"
#include "run/checkpoint.h"
#include "run/trainer.h"

enum { N = 30, D = 6 };

/* Samples whose class can be seen in them. */
static void fill(float *x, int64_t *y)
{
    for (size_t i = 0; i < N; i++) {
        y[i] = (int64_t)(i % 3);
        for (size_t j = 0; j < D; j++)
            x[i * D + j] =
                (float)((i * 37 + j * 11) % 17) / 17.0f + (j == i % 3 ? 1.0f : 0.0f);
    }
}

static void write_data(const float *x, const int64_t *y)
{
    const size_t dims[] = {N, D}, n = N;

    assert_int_equal(ipl_npy_write_f32(in("x.npy"), x, dims, 2, NULL), IPL_OK);
    assert_int_equal(ipl_npy_write_i64(in("y.npy"), y, &n, 1, NULL), IPL_OK);
}

static void experiment(const char *net, const char *optimiser)
{
    ipl_opt_init(&trial, ipl_experiment_opts);
    strcpy(trial.name, "test");
    (void)snprintf(trial.data, sizeof trial.data, "npy:x=%s,y=%s,xtest=%s,ytest=%s",
                   in("x.npy"), in("y.npy"), in("x.npy"), in("y.npy"));
    (void)snprintf(trial.net, sizeof trial.net, "%s", net);
    (void)snprintf(trial.optimiser, sizeof trial.optimiser, "%s", optimiser);
    strcpy(trial.checkpoint, "every:1steps");
    trial.batch = 8;
    trial.shard = 8;
    trial.epochs = 3;
}

static ipl_status train(const char *name, ipl_error *err)
{
    const ipl_train_opts opts = {.exp = &trial, .path = in(name), .threads = 1};

    return ipl_train(&opts, err);
}

static void assert_same_file(const char *a, const char *b)
{
    char x[65], y[65];

    assert_int_equal(ipl_file_sha256(x, in(a), NULL), IPL_OK);
    assert_int_equal(ipl_file_sha256(y, in(b), NULL), IPL_OK);
    if (strcmp(x, y) != 0)
        fail_msg("%s and %s differ", a, b);
}

/* The net of the run's last checkpoint is finite, and the place it says. */
static void assert_good_checkpoint(const char *run, size_t most_steps)
{
    ipl_dataset *ds;
    ipl_net *net;
    ipl_checkpoint_place place = {.name = "last"};
    ipl_position at;
    char path[IPL_PATH_MAX];

    assert_int_equal(ipl_build_data(&ds, &trial, NULL), IPL_OK);
    assert_int_equal(ipl_build_net(&net, &trial, ds, NULL, NULL, NULL), IPL_OK);
    assert_int_equal(ipl_checkpoint_path(path, in(run), "last", NULL), IPL_OK);
    assert_int_equal(ipl_checkpoint_peek(&at, path, NULL), IPL_OK);
    place.epoch = (size_t)at.epoch;
    place.step = (size_t)at.step;
    assert_int_equal(ipl_checkpoint_load(net, in(run), &place, &trial, NULL), IPL_OK);
    assert_int_equal(ipl_net_check_finite(net, NULL), IPL_OK);
    assert_true(at.step <= most_steps);
    ipl_net_destroy(net);
    ipl_dataset_destroy(ds);
}

/* ---- running away ---- */

static const struct {
    const char *name, *net, *optimiser, *measure;
} runaways[] = {
    {"large rate", "dense:units=8 relu dense:units=8 relu dense:units=3", "sgd:lr=1e6",
     "every"},
    {"large rate, unmeasured", "dense:units=8 relu dense:units=8 relu dense:units=3",
     "sgd:lr=1e6", "none"},
    {"overflow in an update", "dense:units=8 tanh dense:units=3", "sgd:lr=1e39", "none"},
    {"overflow with momentum", "dense:units=8 relu dense:units=3",
     "sgd:lr=1e20,momentum=0.9", "none"},
    {"overflow in Adam", "dense:units=8 relu dense:units=8 relu dense:units=3",
     "adam:lr=1e30", "every"},
};

static void divergence_is_named_and_the_last_good_checkpoint_stays(void **state)
{
    float x[N * D];
    int64_t y[N];

    (void)state;
    fill(x, y);
    write_data(x, y);
    for (size_t i = 0; i < sizeof runaways / sizeof runaways[0]; i++) {
        ipl_error err = {0};
        char *record;
        ipl_status st;

        experiment(runaways[i].net, runaways[i].optimiser);
        (void)snprintf(trial.measure, sizeof trial.measure, "%s", runaways[i].measure);
        st = train("run", &err);
        if (st != IPL_E_NUMERIC ||
            !(strstr(err.msg, "the untrained net") ||
              (strstr(err.msg, "step ") && strstr(err.msg, "layer "))))
            fail_msg("%s: %s: %s", runaways[i].name, ipl_status_name(st), err.msg);
        record = read_file("run/run.json").bytes;
        assert_non_null(strstr(record, "\"state\": \"diverged\""));
        assert_non_null(strstr(record, "\"exit_status\": 3"));
        ipl_free(record);
        assert_good_checkpoint("run", 11);
        assert_int_equal(ipl_folder_remove(in("run"), NULL), IPL_OK);
    }
}

/* Nothing looks at the net after its only step but the end of the epoch. */
static void overflow_in_the_very_last_update_is_divergence(void **state)
{
    float x[N * D];
    int64_t y[N];
    ipl_error err = {0};

    (void)state;
    fill(x, y);
    write_data(x, y);
    experiment("dense:units=3", "sgd:lr=1e39");
    strcpy(trial.measure, "none");
    strcpy(trial.checkpoint, "none");
    trial.batch = N;
    trial.epochs = 1;
    assert_int_equal(train("run", &err), IPL_E_NUMERIC);
    assert_non_null(strstr(err.msg, "epoch 1, after step 1: parameters of layer 0"));
}

static void pixels_that_are_not_numbers_are_found(void **state)
{
    static const float bad[] = {NAN, INFINITY};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        float x[N * D];
        int64_t y[N];
        ipl_error err = {0};
        ipl_status st;

        fill(x, y);
        x[20 * D + 2] = bad[i];
        write_data(x, y);
        experiment("dense:units=3", "sgd:lr=0.1");
        st = train("run", &err);
        if ((st != IPL_E_FORMAT && st != IPL_E_NUMERIC) || !strstr(err.msg, "x.npy"))
            fail_msg("%s: %s", ipl_status_name(st), err.msg);
        assert_false(ipl_file_exists(in("run")));
    }
}

/* Finite pixels whose products are not. */
static void overflow_in_the_first_batch_is_found_in_it(void **state)
{
    float x[N * D];
    int64_t y[N];
    ipl_error err = {0};

    (void)state;
    fill(x, y);
    for (size_t i = 0; i < (size_t)N * D; i++)
        x[i] = (i % 2 ? 3e38f : -3e38f);
    write_data(x, y);
    experiment("dense:units=8 relu dense:units=8 relu dense:units=3", "sgd:lr=0.1");
    strcpy(trial.init, "he");
    strcpy(trial.measure, "none");
    strcpy(trial.checkpoint, "none");
    assert_int_equal(train("run", &err), IPL_E_NUMERIC);
    assert_non_null(strstr(err.msg, "epoch 0, step 0: "));
    assert_non_null(strstr(err.msg, "layer "));
}

/* ---- at the edge ---- */

/* A table without Inf, and with as many rows of training as epochs. */
static void assert_sound(const char *run, size_t epochs)
{
    char name[64], *bytes;
    size_t lines = 0;

    (void)snprintf(name, sizeof name, "%s/information.csv", run);
    bytes = read_file(name).bytes;
    assert_null(strstr(bytes, "inf"));
    assert_null(strstr(bytes, "Inf"));
    ipl_free(bytes);
    (void)snprintf(name, sizeof name, "%s/training.csv", run);
    bytes = read_file(name).bytes;
    for (const char *c = bytes; *c; c++)
        lines += *c == '\n';
    assert_int_equal(lines, epochs + 2);
    assert_null(strstr(bytes, "inf"));
    ipl_free(bytes);
}

/* Samples and labels that something is done to. */
typedef struct data {
    float x[N * D];
    int64_t y[N];
} data;

static void edge_zero(data *d)
{
    memset(d->x, 0, sizeof d->x);
}

static void edge_one_class(data *d)
{
    memset(d->y, 0, sizeof d->y);
}

static void edge_constant_labels(data *d)
{
    for (size_t i = 0; i < N; i++)
        d->y[i] = 2;
}

static void edge_equal_samples(data *d)
{
    for (size_t i = D; i < (size_t)N * D; i++)
        d->x[i] = d->x[i % D];
}

static const struct {
    const char *name;
    void (*edge)(data *d); /* NULL: nothing */
    const char *net;
    size_t batch;
} edges[] = {
    {"all zero", edge_zero, "dense:units=4 tanh dense:units=3", 8},
    {"all zero, batchnorm", edge_zero, "dense:units=4 batchnorm relu dense:units=3", 8},
    {"all zero, layernorm", edge_zero, "dense:units=4 layernorm relu dense:units=3", 8},
    {"one class", edge_one_class, "dense:units=4 tanh dense:units=1", 8},
    {"constant labels", edge_constant_labels, "dense:units=4 tanh dense:units=3", 8},
    {"equal samples", edge_equal_samples, "dense:units=4 tanh dense:units=3", 8},
    {"batch of 1", NULL, "dense:units=4 tanh dense:units=3", 1},
    {"not divisible", NULL, "dense:units=4 tanh dense:units=3", 7},
    {"one batch", NULL, "dense:units=4 tanh dense:units=3", N},
    {"batch larger than all", NULL, "dense:units=4 tanh dense:units=3", 1000},
};

static void data_at_the_edge_is_trained_and_measured(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        data d;
        ipl_error err = {0};

        fill(d.x, d.y);
        if (edges[i].edge)
            edges[i].edge(&d);
        write_data(d.x, d.y);
        experiment(edges[i].net, "sgd:lr=0.1,momentum=0.9");
        strcpy(trial.estimator, "logdet logdet:scale=corr kde:var=0.1 binning:bins=10");
        strcpy(trial.checkpoint, "every:1min");
        trial.batch = edges[i].batch;
        if (train("run", &err) != IPL_OK)
            fail_msg("%s: %s", edges[i].name, err.msg);
        assert_sound("run", 3);
        assert_int_equal(ipl_folder_remove(in("run"), NULL), IPL_OK);
    }
}

/* One value has no variance: refused before the run exists, with a batch that would do. */
static void a_batch_of_one_row_is_refused_to_batchnorm(void **state)
{
    static const struct {
        size_t batch;
        const char *net, *remedy; /* NULL: it is trained */
    } cases[] = {
        {1, "dense:units=4 batchnorm tanh dense:units=3", "for example 2"},
        {N - 1, "dense:units=4 batchnorm tanh dense:units=3", "for example 30"},
        {N - 1, "dense:units=4 tanh batchnorm:affine=no dense:units=3", "for example 30"},
        {1, "dense:units=4 layernorm tanh dense:units=3", NULL},
        {N - 2, "dense:units=4 batchnorm tanh dense:units=3", NULL},
        {N, "dense:units=4 batchnorm tanh dense:units=3", NULL},
    };
    float x[N * D];
    int64_t y[N];

    (void)state;
    fill(x, y);
    write_data(x, y);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ipl_error err = {0};
        ipl_status st;

        experiment(cases[i].net, "sgd:lr=0.1");
        trial.batch = cases[i].batch;
        st = train("run", &err);
        if (cases[i].remedy) {
            assert_int_equal(st, IPL_E_SHAPE);
            assert_non_null(strstr(err.msg, "'batchnorm'"));
            assert_non_null(strstr(err.msg, "one value per channel"));
            assert_non_null(strstr(err.msg, cases[i].remedy));
            assert_false(ipl_file_exists(in("run")));
        } else {
            assert_int_equal(st, IPL_OK);
            assert_int_equal(ipl_folder_remove(in("run"), NULL), IPL_OK);
        }
    }
}

/* Bounded outputs keep the loss finite, however far the steps lead. */
static void a_loss_far_above_the_untrained_net_is_divergence(void **state)
{
    static const struct {
        const char *optimiser;
        size_t rows; /* of training.csv, the header among them */
    } cases[] = {{"sgd:lr=1e9", 2}, {"sgd:lr=1000", 4}};
    float x[N * D];
    int64_t y[N];

    (void)state;
    fill(x, y);
    write_data(x, y);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ipl_error err = {0};
        char *text;
        size_t rows = 0;

        experiment("dense:units=8 tanh dense:units=3", cases[i].optimiser);
        assert_int_equal(train("run", &err), IPL_E_NUMERIC);
        assert_non_null(strstr(err.msg, "that of the untrained net was"));
        text = read_file("run/run.json").bytes;
        assert_non_null(strstr(text, "\"state\": \"diverged\""));
        ipl_free(text);
        text = read_file("run/training.csv").bytes;
        for (const char *c = text; *c; c++)
            rows += *c == '\n';
        assert_int_equal(rows, cases[i].rows);
        ipl_free(text);
        assert_int_equal(ipl_folder_remove(in("run"), NULL), IPL_OK);
    }
}

static void a_batch_larger_than_the_data_is_the_whole_of_it(void **state)
{
    float x[N * D];
    int64_t y[N];

    (void)state;
    fill(x, y);
    write_data(x, y);
    experiment("dense:units=4 tanh dense:units=3", "adam:lr=0.1");
    trial.batch = N;
    assert_int_equal(train("all", NULL), IPL_OK);
    trial.batch = 1000;
    assert_int_equal(train("more", NULL), IPL_OK);
    assert_same_file("all/information.csv", "more/information.csv");
    assert_same_file("all/parameters/0.weight.npy", "more/parameters/0.weight.npy");
}

/* 30 samples in batches of 7 are five steps an epoch, the last of two samples. */
static void the_last_batch_of_an_epoch_may_be_short(void **state)
{
    float x[N * D];
    int64_t y[N];
    char *bytes;
    const char *first, *last;

    (void)state;
    fill(x, y);
    write_data(x, y);
    experiment("dense:units=4 tanh dense:units=3", "sgd:lr=0");
    trial.batch = 7;
    assert_int_equal(train("run", NULL), IPL_OK);
    bytes = read_file("run/training.csv").bytes;
    first = strstr(bytes, "\n0,0,");
    last = strstr(bytes, "\n3,15,");
    assert_non_null(first);
    assert_non_null(last);
    /* Nothing is learned: the mean over batches weighs samples, not batches. */
    assert_close(strtod(first + 5, NULL), strtod(last + 6, NULL), 1e-6);
    ipl_free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(divergence_is_named_and_the_last_good_checkpoint_stays),
        IN_FOLDER(overflow_in_the_very_last_update_is_divergence),
        IN_FOLDER(pixels_that_are_not_numbers_are_found),
        IN_FOLDER(overflow_in_the_first_batch_is_found_in_it),
        IN_FOLDER(data_at_the_edge_is_trained_and_measured),
        IN_FOLDER(a_batch_of_one_row_is_refused_to_batchnorm),
        IN_FOLDER(a_loss_far_above_the_untrained_net_is_divergence),
        IN_FOLDER(a_batch_larger_than_the_data_is_the_whole_of_it),
        IN_FOLDER(the_last_batch_of_an_epoch_may_be_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
