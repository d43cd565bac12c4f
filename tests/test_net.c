#include "test.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/pool.h"
#include "base/rng.h"
#include "ipl/net.h"
#include "math/linalg.h"
#include "math/npy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { D = 64, CLASSES = 10, BATCH = 200 };

#define DEEP "dense:units=96 tanh dropout:p=0.2 dense:units=40 relu dense:units=10"

/* Samples made on the spot: class prototypes and noise, from the row number. */
static void fill(float *x, int32_t *y, const void *source, size_t first, size_t n)
{
    const size_t *start = source;

    for (size_t i = 0; i < n; i++) {
        const uint32_t row = (uint32_t)(*start + first + i);
        ipl_rng rng = ipl_rng_at(1, IPL_RNG_DATA, 0, row);

        y[i] = (int32_t)(row % CLASSES);
        for (size_t k = 0; k < D; k++)
            x[i * D + k] =
                ipl_rng_unit(&rng) + (k % CLASSES == row % CLASSES ? 1.0f : 0.0f);
    }
}

static void fill_nan(float *x, int32_t *y, const void *source, size_t first, size_t n)
{
    fill(x, y, source, first, n);
    x[0] = NAN;
}

static ipl_net_opts options(const char *text)
{
    return (ipl_net_opts){.text = text,
                          .activation = "tanh",
                          .loss = "cross-entropy",
                          .optimiser = "sgd:lr=0.05,momentum=0.9",
                          .init = "default",
                          .input = {1, 8, 8},
                          .n_classes = CLASSES,
                          .batch = BATCH,
                          .seed = 3};
}

static ipl_net *create(const ipl_net_opts *opts)
{
    ipl_error err = {0};
    ipl_net *net;

    if (ipl_net_create(&net, opts, &err) != IPL_OK)
        fail_msg("%s", err.msg);
    return net;
}

static ipl_net *create_text(const char *text)
{
    const ipl_net_opts opts = options(text);

    return create(&opts);
}

static ipl_batch batch_at(const size_t *start, size_t n)
{
    return (ipl_batch){.n = n, .fill = fill, .source = start};
}

/* Train on batches of BATCH rows, the last of seven partial; returns the last mean loss. */
static double train(ipl_net *net, size_t steps)
{
    ipl_batch_sums sums = {0};
    size_t n = BATCH;

    for (size_t step = 0; step < steps; step++) {
        const size_t start = step % 7 * BATCH;
        ipl_batch batch;

        n = step % 7 == 6 ? 37 : BATCH;
        batch = batch_at(&start, n);
        assert_int_equal(ipl_net_train_batch(&sums, net, &batch, ipl_net_learning_rate(net),
                                             step / 7, step, NULL),
                         IPL_OK);
    }
    return sums.loss / (double)n;
}

static size_t size_of(const ipl_param_view *view)
{
    return view->dims[0] * (view->n_dims > 1 ? view->dims[1] : 1);
}

/* Fail unless all parameters of two nets have the same bytes. */
static void assert_same_params(ipl_net *a, ipl_net *b)
{
    ipl_param_view va, vb;

    for (size_t k = 0; ipl_net_param(&va, a, k); k++) {
        assert_true(ipl_net_param(&vb, b, k));
        assert_int_equal(size_of(&va), size_of(&vb));
        assert_memory_equal(va.data, vb.data, size_of(&va) * sizeof *va.data);
    }
}

/* ---- texts ---- */

static void the_short_form_is_the_long_form(void **state)
{
    ipl_net *a = create_text("64-20-12-10");
    ipl_net *b = create_text(" dense:units=20 tanh\tdense:units=12\n tanh dense:units=10 ");

    (void)state;
    assert_string_equal(ipl_net_text(a), ipl_net_text(b));
    assert_string_equal(ipl_net_text(a),
                        "dense:units=20 tanh dense:units=12 tanh dense:units=10");
    assert_int_equal(ipl_net_n_layers(a), 5);
    assert_same_params(a, b);
    ipl_net_destroy(a);
    ipl_net_destroy(b);
}

static void a_recorded_text_makes_the_same_net(void **state)
{
    ipl_net *a = create_text(DEEP), *b;
    ipl_net_opts opts = options(ipl_net_text(a));

    (void)state;
    opts.loss = ipl_net_loss_text(a);
    opts.optimiser = ipl_net_optimiser_text(a);
    b = create(&opts);
    assert_string_equal(ipl_net_text(a), ipl_net_text(b));
    assert_string_equal(ipl_net_optimiser_text(a),
                        "sgd:lr=0.05,momentum=0.9,nesterov=no,weight-decay=0");
    assert_same_params(a, b);
    ipl_net_destroy(a);
    ipl_net_destroy(b);
}

static void create_fails(const ipl_net_opts *opts, ipl_status want, const char *part)
{
    ipl_error err = {0};
    ipl_net *net;

    assert_int_equal(ipl_net_create(&net, opts, &err), want);
    assert_null(net);
    if (!strstr(err.msg, part))
        fail_msg("'%s' is not in '%s'", part, err.msg);
}

static void a_net_for_another_input_is_a_shape_error_with_both_sizes(void **state)
{
    ipl_net_opts opts = options("784-20-10");

    (void)state;
    create_fails(&opts, IPL_E_SHAPE, "starts with 784, a sample has 64 numbers (1x8x8)");
}

static void bad_texts_are_format_errors_that_name_the_word(void **state)
{
    static const char *const bad[][2] = {
        {"", "no layers"},
        {" \n", "no layers"},
        {"64", "no layers"},
        {"64-", "a number is missing"},
        {"64--10", "a number is missing"},
        {"64-0-10", "layer of 0 units"},
        {"64-16777217-10", "16777217 units"},
        {"64-99999999999999999999-10", "99999999999999999999 units"},
        {"64-999999999999999999999999999-10", "99999999999999999999"},
        {"dens:units=3", "word 1: no layer 'dens'; did you mean 'dense'?"},
        {"dense:units=3 tanh dense:unit=3", "word 3: layer 'dense': unknown option 'unit'"},
        {"dense:units=0", "units: 0 is out of range"},
        {"dense:units=1e99", "out of range"},
        {"dense tanh:slope=1", "word 2: layer 'tanh'"},
        {"dropout:p=1.5 dense", "p: 1.5 is out of range"},
        {"64_10", "word 1: no layer '64_10'"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const ipl_net_opts opts = options(bad[i][0]);

        create_fails(&opts, IPL_E_FORMAT, bad[i][1]);
    }
}

static void bad_choices_are_format_errors(void **state)
{
    ipl_net_opts opts = options("64-20-10");

    (void)state;
    opts.activation = "tanhh";
    create_fails(&opts, IPL_E_FORMAT, "did you mean 'tanh'?");
    opts.activation = "dropout";
    create_fails(&opts, IPL_E_FORMAT,
                 "no activation 'dropout'; choose from identity, tanh, relu, ");
    opts.activation = NULL;
    create_fails(&opts, IPL_E_FORMAT, "activation: none given, the net's text needs one");
    opts.activation = "";
    create_fails(&opts, IPL_E_FORMAT, "activation: none given, the net's text needs one");
    opts = options("64-20-10");
    opts.loss = "hinge";
    create_fails(&opts, IPL_E_FORMAT, "no loss 'hinge'");
    opts = options("64-20-10");
    opts.optimiser = "sgd:lr=-1";
    create_fails(&opts, IPL_E_FORMAT, "lr: -1 is out of range");
    opts = options("64-20-10");
    opts.init = "xavier";
    create_fails(&opts, IPL_E_FORMAT, "no initialiser 'xavier'");
}

static void an_activation_may_have_options(void **state)
{
    ipl_net_opts opts = options("64-20-10");
    ipl_net *net;

    (void)state;
    opts.activation = "leaky-relu:slope=0.2";
    net = create(&opts);
    assert_string_equal(ipl_net_text(net),
                        "dense:units=20 leaky-relu:slope=0.2 dense:units=10");
    ipl_net_destroy(net);
}

/* A text of n words. */
static char *repeat(const char *head, const char *word, size_t n)
{
    const size_t start = strlen(head), len = strlen(word);
    char *text = ipl_array(1, start + n * len + 1, 1, NULL);

    assert_non_null(text);
    for (size_t i = 0; i < start; i++)
        text[i] = head[i];
    for (size_t i = 0; i < n * len; i++)
        text[start + i] = word[i % len];
    return text;
}

static void a_million_layers_are_a_format_error(void **state)
{
    char *texts[] = {repeat("64", "-10", 1000000), repeat("", "tanh ", 1000000),
                     repeat("", "tanh ", 257)};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const ipl_net_opts opts = options(texts[i]);

        create_fails(&opts, IPL_E_FORMAT, "256");
        ipl_free(texts[i]);
    }
}

static void sizes_beyond_the_caps_are_refused_before_arithmetic(void **state)
{
    ipl_net_opts opts = options("dense:units=16777216 dense:units=16777216");

    (void)state;
    create_fails(&opts, IPL_E_SHAPE, "layer 1 'dense:units=16777216'");
    opts = options("tanh");
    opts.input = (ipl_shape){SIZE_MAX / 2, 3, 1};
    create_fails(&opts, IPL_E_SHAPE, "input");
    opts.input = (ipl_shape){0, 1, 1};
    create_fails(&opts, IPL_E_SHAPE, "input");
    opts = options("64-10");
    opts.batch = 0;
    create_fails(&opts, IPL_E_ARG, "batch of 0 rows");
    opts.batch = 1 << 24;
    create_fails(&opts, IPL_E_ARG, "batch of 16777216 rows");
    opts = options("dense:units=100000 tanh tanh tanh tanh tanh tanh tanh tanh dense");
    opts.batch = (1 << 24) - 1;
    create_fails(&opts, IPL_E_NOMEM, "batch of 16777215 rows");
}

static void a_net_must_fit_the_classes(void **state)
{
    ipl_net_opts opts = options("64-20-12");

    (void)state;
    create_fails(&opts, IPL_E_SHAPE, "12 outputs, the data has 10 classes");
    opts.loss = "mse:target=input";
    create_fails(&opts, IPL_E_SHAPE, "12 outputs, its target is the input of 64 numbers");
    opts.loss = "cross-entropy";
    opts.n_classes = 0;
    create_fails(&opts, IPL_E_SHAPE, "no labels");
}

/* ---- what a net says of itself ---- */

static void names_are(const char *text, const char *loss, const char *const *names)
{
    ipl_net_opts opts = options(text);
    ipl_net *net;
    size_t n;

    opts.loss = loss;
    net = create(&opts);
    for (n = 0; names[n]; n++)
        assert_string_equal(ipl_net_layer(net, n)->name, names[n]);
    assert_int_equal(n, ipl_net_n_layers(net));
    ipl_net_destroy(net);
}

static void blocks_are_numbered_and_the_last_dense_is_logits(void **state)
{
    (void)state;
    names_are("64-20-12-10", "cross-entropy",
              (const char *[]){"fc1.dense", "fc1", "fc2.dense", "fc2", "logits", NULL});
    names_are("64-20-10", "mse", (const char *[]){"fc1.dense", "fc1", "fc2", NULL});
    names_are("dense:units=10 tanh", "cross-entropy",
              (const char *[]){"fc1.dense", "fc1", NULL});
    names_are("dropout tanh dense:units=9 tanh dropout tanh dense:units=10",
              "cross-entropy",
              (const char *[]){"input.dropout", "input", "fc1.dense", "fc1.tanh",
                               "fc1.dropout", "fc1", "logits", NULL});
    names_are(
        "dense:units=9 tanh tanh tanh dense:units=10", "cross-entropy",
        (const char *[]){"fc1.dense", "fc1.tanh", "fc1.tanh2", "fc1", "logits", NULL});
}

static void measured_are(const ipl_net *net, const char *want)
{
    for (size_t i = 0; i < ipl_net_n_layers(net); i++)
        assert_int_equal(ipl_net_layer(net, i)->measured, want[i] == '1');
}

static void measured_layers_are_blocks_or_those_that_are_named(void **state)
{
    ipl_net *net = create_text("64-20-12-10");
    char longer[300] = "";
    ipl_error err = {0};

    (void)state;
    measured_are(net, "01011");
    assert_int_equal(ipl_net_measure(net, "all", NULL), IPL_OK);
    measured_are(net, "11111");
    assert_int_equal(ipl_net_measure(net, "fc2,0,logits", NULL), IPL_OK);
    measured_are(net, "10011");
    assert_int_equal(ipl_net_measure(net, "fc3", &err), IPL_E_FORMAT);
    assert_string_equal(err.msg,
                        "no layer 'fc3'; there are fc1.dense, fc1, fc2.dense, fc2, "
                        "logits");
    ipl_alloc_fail_after(0);
    assert_int_equal(ipl_net_measure(net, "fc3", &err), IPL_E_FORMAT);
    ipl_alloc_fail_after(-1);
    assert_string_equal(err.msg, "no layer 'fc3'; there are others");
    memset(longer, 'f', sizeof longer - 1);
    assert_int_equal(ipl_net_measure(net, longer, &err), IPL_E_FORMAT);
    assert_string_equal(err.msg,
                        "layer: 'ffffffffffffffffffff...' has 299 characters, at most 63");
    assert_int_equal(ipl_net_measure(net, "fc1,", &err), IPL_E_FORMAT);
    assert_int_equal(ipl_net_measure(net, "5", &err), IPL_E_FORMAT);
    measured_are(net, "10011");
    assert_int_equal(ipl_net_measure(net, "", NULL), IPL_OK);
    measured_are(net, "01011");
    assert_int_equal(ipl_net_measure(net, "default", NULL), IPL_OK);
    measured_are(net, "01011");
    ipl_net_destroy(net);
}

static void layers_say_their_sizes(void **state)
{
    ipl_net *net = create_text(DEEP);
    const ipl_layer_info *first = ipl_net_layer(net, 0), *dropout = ipl_net_layer(net, 2);

    (void)state;
    assert_string_equal(first->kind, "dense");
    assert_string_equal(first->text, "dense:units=96");
    assert_int_equal(ipl_shape_size(first->in), 64);
    assert_int_equal(first->out.c, 96);
    assert_int_equal(first->n_params, 65 * 96);
    assert_close(first->flops, 2.0 * 64.0 * 96.0, 0.0);
    assert_true(isnan(first->low) && isnan(first->high));
    /* Dropout is the identity when it is measured. */
    assert_close(dropout->low, -1.0, 0.0);
    assert_close(dropout->high, 1.0, 0.0);
    assert_int_equal(ipl_net_n_params(net), 65 * 96 + 97 * 40 + 41 * 10);
    assert_true(ipl_net_memory(net) > ipl_net_n_params(net) * 3 * sizeof(float));
    assert_close(ipl_net_learning_rate(net), 0.05, 0.0);
    ipl_net_destroy(net);
}

static void shards_come_from_the_experiment_alone(void **state)
{
    static const struct {
        const char *text;
        size_t batch, option, rows;
    } cases[] = {
        {"64-2000-10", 1, 0, 1},      {"64-2000-10", 128, 0, 64},
        {"64-2000-10", 256, 0, 64},   {"64-2000-10", 257, 0, 72},
        {"64-2000-10", 512, 0, 128},  {"64-2000-10", 1024, 0, 256},
        {"64-2000-10", 4096, 0, 256}, {"64-2000-10", 512, 10, 10},
        {"64-10", 1, 0, 1},           {"64-10", 512, 0, 512}, /* one thread is enough */
        {"64-10", 512, 10, 10},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t threads = 1; threads <= 2; threads++) {
            ipl_net_opts opts = options(cases[i].text);
            ipl_pool *pool;
            ipl_error err;
            ipl_net *net;

            assert_int_equal(ipl_pool_create(&pool, threads, NULL, &err), IPL_OK);
            opts.batch = cases[i].batch;
            opts.shard = cases[i].option;
            opts.pool = pool;
            net = create(&opts);
            assert_int_equal(ipl_net_shard(net), cases[i].rows);
            ipl_net_destroy(net);
            ipl_pool_destroy(pool);
        }
}

/* ---- training ---- */

static void training_learns(void **state)
{
    static const char *const optimisers[] = {"sgd:lr=0.05,momentum=0.9", "adam", "adamw",
                                             "rmsprop:lr=0.001"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        ipl_net_opts opts = options(DEEP);
        const size_t start = 50000;
        const ipl_batch fresh = batch_at(&start, BATCH);
        ipl_batch_sums sums;
        ipl_net *net;

        opts.optimiser = optimisers[i];
        net = create(&opts);
        (void)train(net, 70);
        ipl_net_evaluate(&sums, net, &fresh);
        assert_true(sums.correct > 190);
        assert_true(sums.loss / BATCH < 0.5);
        ipl_net_destroy(net);
    }
}

static void an_autoencoder_learns_its_input(void **state)
{
    ipl_net_opts opts = options("64-32-64");
    ipl_net *net;
    double before, after;

    (void)state;
    opts.loss = "mse:target=input";
    opts.optimiser = "adam:lr=0.003";
    opts.n_classes = 0;
    net = create(&opts);
    before = train(net, 1);
    after = train(net, 70);
    assert_true(after < 0.3 * before);
    ipl_net_destroy(net);
}

static void the_bytes_are_the_same_at_any_number_of_threads(void **state)
{
    static const char *const optimisers[] = {"sgd:lr=0.05,momentum=0.9", "adam"};

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        ipl_net_opts opts = options(DEEP);
        ipl_net *alone;

        opts.optimiser = optimisers[k];
        alone = create(&opts);
        assert_int_equal(ipl_net_follow_gradients(alone, true, NULL), IPL_OK);
        (void)train(alone, 9);
        for (size_t threads = 1; threads <= 4; threads++) {
            double mean[2], sd[2];
            ipl_net *net;

            assert_int_equal(ipl_pool_create(&opts.pool, threads, ipl_blas_start, NULL),
                             IPL_OK);
            net = create(&opts);
            assert_int_equal(ipl_net_follow_gradients(net, true, NULL), IPL_OK);
            (void)train(net, 9);
            assert_same_params(alone, net);
            ipl_net_gradient(&mean[0], &sd[0], alone, 0);
            ipl_net_gradient(&mean[1], &sd[1], net, 0);
            assert_memory_equal(&mean[0], &mean[1], sizeof mean[0]);
            assert_memory_equal(&sd[0], &sd[1], sizeof sd[0]);
            ipl_net_destroy(net);
            ipl_pool_destroy(opts.pool);
        }
        ipl_net_destroy(alone);
    }
}

/* Buffers for the outputs of all layers. */
static void create_taps(float **taps, const ipl_net *net, size_t rows)
{
    for (size_t i = 0; i < ipl_net_n_layers(net); i++) {
        taps[i] = ipl_array(rows, ipl_shape_size(ipl_net_layer(net, i)->out), sizeof(float),
                            NULL);
        assert_non_null(taps[i]);
    }
}

static void free_taps(float **taps, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ipl_free(taps[i]);
}

static void evaluating_and_probing_leave_no_trace(void **state)
{
    ipl_net *plain = create_text(DEEP), *watched = create_text(DEEP);
    const size_t start = 9000;
    const ipl_batch probe = batch_at(&start, 150);
    float *taps[6] = {NULL};

    (void)state;
    create_taps(taps, watched, probe.n);
    (void)train(plain, 3);
    for (size_t step = 0; step < 3; step++) {
        const size_t at = step * BATCH;
        const ipl_batch batch = batch_at(&at, BATCH);
        ipl_batch_sums sums;

        ipl_net_evaluate(&sums, watched, &probe);
        ipl_net_probe(taps, watched, &probe);
        assert_int_equal(ipl_net_train_batch(&sums, watched, &batch, 0.05, 0, step, NULL),
                         IPL_OK);
        assert_int_equal(ipl_net_follow_gradients(watched, step == 1, NULL), IPL_OK);
    }
    assert_same_params(plain, watched);
    free_taps(taps, 6);
    ipl_net_destroy(plain);
    ipl_net_destroy(watched);
}

static void a_probe_gives_what_evaluation_sees(void **state)
{
    ipl_net *net = create_text(DEEP);
    const size_t start = 5, n = 150;
    const ipl_batch batch = batch_at(&start, n);
    ipl_batch_sums sums;
    double loss = 0.0;
    float *taps[6] = {NULL};

    (void)state;
    create_taps(taps, net, n);
    (void)train(net, 3);
    ipl_net_probe(taps, net, &batch);
    ipl_net_evaluate(&sums, net, &batch);
    for (size_t r = 0; r < n; r++) {
        const float *z = taps[5] + r * CLASSES;
        double sum = 0.0;

        for (size_t k = 0; k < CLASSES; k++)
            sum += exp((double)z[k]);
        loss += log(sum) - (double)z[(start + r) % CLASSES];
    }
    assert_close(sums.loss, loss, 1e-4);
    /* Evaluation mode: dropout does nothing. */
    assert_memory_equal(taps[1], taps[2], n * 96 * sizeof(float));
    free_taps(taps, 6);
    ipl_net_destroy(net);
}

static void a_probe_writes_only_what_is_wanted(void **state)
{
    ipl_net *net = create_text(DEEP);
    const size_t start = 0;
    const ipl_batch batch = batch_at(&start, 3);
    float *all[6] = {NULL}, *one[6] = {NULL};

    (void)state;
    create_taps(all, net, 3);
    ipl_net_probe(all, net, &batch);
    one[1] = ipl_array(3, 96, sizeof(float), NULL);
    assert_non_null(one[1]);
    ipl_net_probe(one, net, &batch);
    assert_memory_equal(one[1], all[1], batch.n * 96 * sizeof(float));
    ipl_free(one[1]);
    free_taps(all, 6);
    ipl_net_destroy(net);
}

static void dropout_changes_what_is_trained_with(void **state)
{
    ipl_net *with = create_text("dense:units=20 dropout:p=0.5 dense:units=10");
    ipl_net *without = create_text("dense:units=20 dropout:p=0 dense:units=10");
    ipl_param_view a = {0}, b = {0};

    (void)state;
    (void)train(with, 1);
    (void)train(without, 1);
    assert_true(ipl_net_param(&a, with, 0) && ipl_net_param(&b, without, 0));
    assert_memory_not_equal(a.data, b.data, size_of(&a) * sizeof *a.data);
    ipl_net_destroy(with);
    ipl_net_destroy(without);
}

static void the_size_of_a_shard_changes_only_rounding(void **state)
{
    /* Smooth: rounding could carry a rectifier over its kink. */
    ipl_net_opts opts =
        options("dense:units=96 tanh dropout:p=0.2 dense:units=40 tanh dense:units=10");
    ipl_net *few, *many;
    ipl_param_view a, b;

    (void)state;
    few = create(&opts);
    opts.shard = 7;
    many = create(&opts);
    assert_close(train(few, 5), train(many, 5), 1e-5);
    for (size_t k = 0; ipl_net_param(&a, few, k); k++) {
        assert_true(ipl_net_param(&b, many, k));
        for (size_t i = 0; i < size_of(&a); i++)
            assert_close((double)a.data[i], (double)b.data[i], 1e-5);
    }
    ipl_net_destroy(few);
    ipl_net_destroy(many);
}

/* Twelve numbers and a label of two. */
static void fill_short(float *x, int32_t *y, const void *source, size_t first, size_t n)
{
    const size_t *start = source;

    for (size_t i = 0; i < n; i++) {
        const uint32_t row = (uint32_t)(*start + first + i);
        ipl_rng rng = ipl_rng_at(1, IPL_RNG_DATA, 0, row);

        y[i] = (int32_t)(row / 3 % 2);
        for (size_t k = 0; k < 12; k++)
            x[i * 12 + k] = ipl_rng_unit(&rng) - (k % 2 == row / 3 % 2 ? 0.5f : 0.2f);
    }
}

/*
 * A net of narrow layers keeps samples abreast, but where shards cut blocks of them: outputs
 * have the same bytes, training the same but for rounding, whole batches or not.
 */
static void check_narrow(const char *loss, size_t n)
{
    ipl_net_opts opts = options("12-10-7-5-4-3-2");
    const size_t start = 40, widths[] = {10, 10, 7, 7, 5, 5, 4, 4, 3, 3, 2};
    const ipl_batch batch = {.n = n, .fill = fill_short, .source = &start};
    float *taps[2][11];
    ipl_param_view a, b;
    ipl_net *net[2];

    opts.input = (ipl_shape){12, 1, 1};
    opts.n_classes = 2;
    opts.loss = loss;
    for (size_t k = 0; k < 2; k++) {
        ipl_batch_sums sums;

        opts.shard = k == 0 ? 0 : 7;
        net[k] = create(&opts);
        for (size_t i = 0; i < 11; i++)
            taps[k][i] = ipl_array(n, widths[i], sizeof(float), NULL);
        ipl_net_probe(taps[k], net[k], &batch);
        for (size_t step = 0; step < 20; step++)
            assert_int_equal(
                ipl_net_train_batch(&sums, net[k], &batch, 0.05, 0, step, NULL), IPL_OK);
    }
    for (size_t i = 0; i < 11; i++)
        assert_memory_equal(taps[0][i], taps[1][i], n * widths[i] * sizeof(float));
    for (size_t k = 0; ipl_net_param(&a, net[0], k); k++) {
        assert_true(ipl_net_param(&b, net[1], k));
        for (size_t i = 0; i < size_of(&a); i++)
            assert_close((double)a.data[i], (double)b.data[i], 1e-6);
    }
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < 11; i++)
            ipl_free(taps[k][i]);
        ipl_net_destroy(net[k]);
    }
}

static void narrow_layers_give_the_same_abreast_and_in_rows(void **state)
{
    (void)state;
    check_narrow("cross-entropy", BATCH);
    check_narrow("cross-entropy", 16);
    check_narrow("cross-entropy", 5);
    check_narrow("mse", 37);
}

static void every_array_has_a_random_stream_of_its_own(void **state)
{
    ipl_net *net = create_text("dense:units=64 dense:units=64 dense:units=10");
    ipl_net *longer = create_text("dense:units=64 dense:units=64 dense:units=30 dense");
    ipl_param_view first, bias, second, same;

    (void)state;
    assert_true(ipl_net_param(&first, net, 0));
    assert_true(ipl_net_param(&bias, net, 1));
    assert_true(ipl_net_param(&second, net, 2));
    assert_memory_not_equal(first.data, second.data, 64 * sizeof(float));
    assert_memory_not_equal(first.data, bias.data, 64 * sizeof(float));
    /* Layers above change nothing. */
    assert_true(ipl_net_param(&same, longer, 2));
    assert_memory_equal(second.data, same.data, size_of(&same) * sizeof(float));
    ipl_net_destroy(net);
    ipl_net_destroy(longer);
}

static void a_net_without_parameters_trains_nothing(void **state)
{
    ipl_net_opts opts = options("tanh");
    ipl_net *net;
    double loss;

    (void)state;
    opts.loss = "mse:target=input";
    net = create(&opts);
    assert_int_equal(ipl_net_n_params(net), 0);
    loss = train(net, 1);
    assert_close(train(net, 1), loss, 0.0);
    assert_true(isnan(ipl_net_weight_norm(net, 0)));
    ipl_net_destroy(net);
}

/* ---- faults ---- */

static void a_loss_that_diverges_names_the_layer_and_keeps_the_parameters(void **state)
{
    ipl_net *net = create_text("dense:units=20 relu dense:units=10");
    ipl_net *kept = create_text("dense:units=20 relu dense:units=10");
    const size_t start = 0;
    const ipl_batch batch = batch_at(&start, BATCH);
    ipl_error err = {0};
    ipl_batch_sums sums;
    ipl_param_view view, copy;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_true(ipl_net_param(&view, i == 0 ? net : kept, 2));
        view.data[5] = INFINITY;
    }
    assert_int_equal(ipl_net_train_batch(&sums, net, &batch, 0.05, 3, 41, &err),
                     IPL_E_NUMERIC);
    assert_string_equal(err.msg,
                        "epoch 3, step 41: loss is NaN; first in layer 2 'logits' (dense)");
    for (size_t k = 0; ipl_net_param(&view, net, k); k++) {
        assert_true(ipl_net_param(&copy, kept, k));
        assert_memory_equal(view.data, copy.data, size_of(&view) * sizeof *view.data);
    }
    ipl_net_destroy(net);
    ipl_net_destroy(kept);
}

static void a_nan_in_an_activation_is_traced_to_its_layer(void **state)
{
    ipl_net *net = create_text("64-20-10");
    const size_t start = 0;
    const ipl_batch batch = batch_at(&start, BATCH);
    ipl_error err = {0};
    ipl_batch_sums sums;
    ipl_param_view view;

    (void)state;
    assert_true(ipl_net_param(&view, net, 1));
    view.data[0] = NAN;
    assert_int_equal(ipl_net_train_batch(&sums, net, &batch, 0.05, 0, 0, &err),
                     IPL_E_NUMERIC);
    assert_non_null(strstr(err.msg, "first in layer 0 'fc1.dense' (dense)"));
    ipl_net_destroy(net);
}

/* The last number of a layer is not among the first n U where samples lie abreast. */
static void a_nan_in_a_narrow_net_is_traced_to_its_layer(void **state)
{
    ipl_net_opts opts = options("12-10-7-2");
    const size_t start = 0;
    const ipl_batch batch = {.n = 5, .fill = fill_short, .source = &start};
    ipl_batch_sums sums;
    ipl_param_view view;
    ipl_error err = {0};
    ipl_net *net;

    (void)state;
    opts.input = (ipl_shape){12, 1, 1};
    opts.n_classes = 2;
    net = create(&opts);
    assert_true(ipl_net_param(&view, net, 0));
    view.data[9 * 12] = NAN;
    assert_int_equal(ipl_net_train_batch(&sums, net, &batch, 0.05, 0, 0, &err),
                     IPL_E_NUMERIC);
    assert_non_null(strstr(err.msg, "first in layer 0 "));
    ipl_net_destroy(net);
}

static void a_nan_in_the_data_is_said_to_be_in_the_input(void **state)
{
    ipl_net *net = create_text("64-20-10");
    const size_t start = 0;
    const ipl_batch batch = {.n = 3, .fill = fill_nan, .source = &start};
    ipl_error err = {0};
    ipl_batch_sums sums;

    (void)state;
    assert_int_equal(ipl_net_train_batch(&sums, net, &batch, 0.05, 0, 0, &err),
                     IPL_E_NUMERIC);
    assert_non_null(strstr(err.msg, "the input is not finite"));
    ipl_net_destroy(net);
}

static void creating_reports_every_allocation_that_fails(void **state)
{
    ipl_net_opts opts = options("64-20-10");
    ipl_status st = IPL_E_NOMEM;
    long n;

    (void)state;
    opts.init = "orthogonal";
    for (n = 0; st != IPL_OK; n++) {
        ipl_error err = {0};
        ipl_net *net;

        ipl_alloc_fail_after(n);
        st = ipl_net_create(&net, &opts, &err);
        ipl_alloc_fail_after(-1);
        if (st != IPL_OK) {
            assert_int_equal(st, IPL_E_NOMEM);
            assert_null(net);
            assert_true(err.msg[0] != '\0');
        }
        ipl_net_destroy(net);
        assert_true(n < 100);
    }
    assert_true(n > 8);
}

static void running_a_net_allocates_nothing(void **state)
{
    ipl_net *net = create_text(DEEP);
    const size_t start = 0;
    const ipl_batch batch = batch_at(&start, BATCH);
    ipl_batch_sums sums;
    ipl_status st;
    float *taps[6] = {NULL};

    (void)state;
    create_taps(taps, net, BATCH);
    assert_int_equal(ipl_net_follow_gradients(net, true, NULL), IPL_OK);
    ipl_alloc_fail_after(0);
    st = ipl_net_train_batch(&sums, net, &batch, 0.05, 0, 0, NULL);
    ipl_net_evaluate(&sums, net, &batch);
    ipl_net_probe(taps, net, &batch);
    /* The next allocation would have been the one that fails. */
    assert_null(ipl_array(1, 1, 1, NULL));
    ipl_alloc_fail_after(-1);
    assert_int_equal(st, IPL_OK);
    free_taps(taps, 6);
    ipl_net_destroy(net);
}

static void following_gradients_reports_that_memory_is_out(void **state)
{
    ipl_net *net = create_text("64-20-10");

    (void)state;
    ipl_alloc_fail_after(0);
    assert_int_equal(ipl_net_follow_gradients(net, true, NULL), IPL_E_NOMEM);
    ipl_alloc_fail_after(-1);
    (void)train(net, 2);
    ipl_net_destroy(net);
}

/* ---- gradients and norms ---- */

static void gradient_signal_and_noise_are_those_of_the_steps(void **state)
{
    enum { STEPS = 5, SIZE = 20 * D };
    ipl_net *net = create_text("64-20-10");
    double sum[SIZE] = {0}, square = 0.0, norm = 0.0, mean, sd;
    ipl_param_view view;

    (void)state;
    ipl_net_gradient(&mean, &sd, net, 0);
    assert_true(isnan(mean) && isnan(sd));
    /* What came before is forgotten. */
    assert_int_equal(ipl_net_follow_gradients(net, true, NULL), IPL_OK);
    (void)train(net, 2);
    assert_int_equal(ipl_net_follow_gradients(net, true, NULL), IPL_OK);
    assert_true(ipl_net_param(&view, net, 0));
    for (size_t step = 0; step < STEPS; step++) {
        (void)train(net, 1);
        for (size_t i = 0; i < SIZE; i++) {
            sum[i] += (double)view.grad[i];
            square += (double)view.grad[i] * (double)view.grad[i];
        }
    }
    /* What comes later is not counted. */
    assert_int_equal(ipl_net_follow_gradients(net, false, NULL), IPL_OK);
    (void)train(net, 2);
    for (size_t i = 0; i < SIZE; i++)
        norm += sum[i] / STEPS * (sum[i] / STEPS);
    ipl_net_gradient(&mean, &sd, net, 0);
    assert_close(mean, sqrt(norm), 1e-12);
    assert_close(sd, sqrt(square / STEPS - norm), 1e-12);
    ipl_net_gradient(&mean, &sd, net, 1);
    assert_true(isnan(mean) && isnan(sd));
    ipl_net_destroy(net);
}

static void one_step_has_no_noise(void **state)
{
    ipl_net *net = create_text("64-20-10");
    double mean, sd;

    (void)state;
    assert_int_equal(ipl_net_follow_gradients(net, true, NULL), IPL_OK);
    (void)train(net, 1);
    ipl_net_gradient(&mean, &sd, net, 2);
    assert_true(mean > 0.0);
    assert_close(sd, 0.0, 1e-7 * mean);
    ipl_net_destroy(net);
}

static void the_weight_norm_leaves_out_biases(void **state)
{
    ipl_net *net = create_text("64-20-10");
    ipl_param_view view;

    (void)state;
    assert_true(ipl_net_param(&view, net, 0));
    for (size_t i = 0; i < size_of(&view); i++)
        view.data[i] = 0.5f;
    assert_close(ipl_net_weight_norm(net, 0), 0.5 * sqrt(20.0 * D), 1e-12);
    assert_true(isnan(ipl_net_weight_norm(net, 1)));
    ipl_net_destroy(net);
}

/* ---- parameters in files ---- */

static void make_folder(char *folder)
{
    (void)strcpy(folder, "/tmp/ipl_net_XXXXXX"); /* NOLINT(clang-analyzer-security*) */
    assert_non_null(mkdtemp(folder));
}

static void written_parameters_are_read_back_exactly(void **state)
{
    char folder[64], init[80] = "npy:";
    ipl_net_opts opts = options(DEEP);
    ipl_net *trained = create(&opts), *other, *started;

    (void)state;
    make_folder(folder);
    (void)train(trained, 2);
    assert_int_equal(ipl_net_write_params(trained, folder, NULL), IPL_OK);
    opts.seed = 4;
    other = create(&opts);
    assert_int_equal(ipl_net_read_params(other, folder, NULL), IPL_OK);
    assert_same_params(trained, other);
    opts.init = strcat(init, folder); /* NOLINT(clang-analyzer-security*) */
    started = create(&opts);
    assert_same_params(trained, started);
    ipl_net_destroy(trained);
    ipl_net_destroy(other);
    ipl_net_destroy(started);
    assert_int_equal(ipl_folder_remove(folder, NULL), IPL_OK);
}

/* Replace one file of a folder and read it: the fault must be named, nothing changed. */
static void reading_fails(ipl_net *net, const char *folder, const float *data,
                          const size_t *dims, size_t n_dims, ipl_status want,
                          const char *part)
{
    ipl_net *kept = create_text("64-20-10");
    ipl_error err = {0};
    char path[IPL_PATH_MAX];

    assert_int_equal(ipl_path_join(path, folder, "2.weight.npy", NULL), IPL_OK);
    if (data)
        assert_int_equal(ipl_npy_write_f32(path, data, dims, n_dims, NULL), IPL_OK);
    else
        assert_int_equal(remove(path), 0);
    assert_int_equal(ipl_net_read_params(net, folder, &err), want);
    if (!strstr(err.msg, part) || !strstr(err.msg, "2.weight.npy"))
        fail_msg("'%s' is not in '%s'", part, err.msg);
    assert_same_params(net, kept);
    ipl_net_destroy(kept);
}

static void bad_parameter_files_change_nothing(void **state)
{
    ipl_net_opts opts = options("64-20-10");
    ipl_net *net = create(&opts), *source;
    float data[200] = {0};
    char folder[64];

    (void)state;
    make_folder(folder);
    opts.seed = 9;
    source = create(&opts);
    assert_int_equal(ipl_net_write_params(source, folder, NULL), IPL_OK);
    reading_fails(net, folder, data, (const size_t[]){20, 10}, 2, IPL_E_SHAPE,
                  "shape 20x10, layer 2 wants 10x20");
    reading_fails(net, folder, data, (const size_t[]){200}, 1, IPL_E_SHAPE, "shape 200");
    data[7] = NAN;
    reading_fails(net, folder, data, (const size_t[]){10, 20}, 2, IPL_E_FORMAT, "value 7");
    reading_fails(net, folder, NULL, NULL, 0, IPL_E_NOINPUT, "");
    ipl_net_destroy(net);
    ipl_net_destroy(source);
    assert_int_equal(ipl_folder_remove(folder, NULL), IPL_OK);
}

static void a_double_that_fits_no_float_is_a_format_error(void **state)
{
    ipl_net *net = create_text("64-10");
    double bias[10] = {1e39};
    ipl_error err = {0};
    char folder[64], path[IPL_PATH_MAX];

    (void)state;
    make_folder(folder);
    assert_int_equal(ipl_net_write_params(net, folder, NULL), IPL_OK);
    assert_int_equal(ipl_path_join(path, folder, "0.bias.npy", NULL), IPL_OK);
    assert_int_equal(ipl_npy_write_f64(path, bias, (const size_t[]){10}, 1, NULL), IPL_OK);
    assert_int_equal(ipl_net_read_params(net, folder, &err), IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "1e+39"));
    ipl_net_destroy(net);
    assert_int_equal(ipl_folder_remove(folder, NULL), IPL_OK);
}

static void an_init_folder_that_is_missing_is_named(void **state)
{
    ipl_net_opts opts = options("64-10");

    (void)state;
    opts.init = "npy:/nowhere/at/all";
    create_fails(&opts, IPL_E_NOINPUT, "/nowhere/at/all/0.weight.npy");
}

/* ---- float products ---- */

static void products_are_those_of_three_loops(void **state)
{
    enum { M = 5, K = 4, C = 3, MK = 20, KC = 12, MC = 15 };
    static const ipl_trans forms[] = {IPL_NN, IPL_NT, IPL_TN};
    float a[MK], b[KC], c[MC];

    (void)state;
    for (size_t i = 0; i < MK; i++)
        a[i] = (float)((i * 7) % 11) - 5.0f;
    for (size_t i = 0; i < KC; i++)
        b[i] = (float)((i * 5) % 13) - 6.0f;
    for (size_t f = 0; f < 3; f++) {
        for (size_t i = 0; i < MC; i++)
            c[i] = 1.0f;
        ipl_gemm(forms[f], M, C, K, 2.0f, a, b, 3.0f, c);
        for (size_t i = 0; i < M; i++)
            for (size_t j = 0; j < C; j++) {
                float sum = 0.0f;

                for (size_t k = 0; k < K; k++)
                    sum += (forms[f] == IPL_TN ? a[k * M + i] : a[i * K + k]) *
                           (forms[f] == IPL_NT ? b[j * K + k] : b[k * C + j]);
                assert_true(c[i * C + j] == 2.0f * sum + 3.0f);
            }
    }
}

static void rows_of_a_product_are_those_of_the_whole(void **state)
{
    enum { M = 5, K = 4, C = 3, MK = 20, KC = 12, MC = 15 };
    float a[MK], b[KC], whole[MC], part[MC];

    (void)state;
    for (size_t i = 0; i < MK; i++)
        a[i] = (float)((i * 7) % 11) - 5.0f;
    for (size_t i = 0; i < KC; i++)
        b[i] = (float)((i * 5) % 13) - 6.0f;
    for (size_t i = 0; i < MC; i++)
        part[i] = NAN;
    ipl_gemm(IPL_TN, M, C, K, 1.0f, a, b, 0.0f, whole);
    ipl_gemm_tn_rows(0, 2, M, C, K, 1.0f, a, b, 0.0f, part);
    ipl_gemm_tn_rows(2, 3, M, C, K, 1.0f, a, b, 0.0f, part);
    assert_memory_equal(whole, part, sizeof whole);
}

static void the_blas_describes_itself(void **state)
{
    char text[256] = "";

    (void)state;
    ipl_blas_start();
    ipl_blas_describe(text, sizeof text);
    assert_non_null(strstr(text, "OpenBLAS"));
    assert_non_null(strstr(text, "kernels"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_short_form_is_the_long_form),
        cmocka_unit_test(a_recorded_text_makes_the_same_net),
        cmocka_unit_test(a_net_for_another_input_is_a_shape_error_with_both_sizes),
        cmocka_unit_test(bad_texts_are_format_errors_that_name_the_word),
        cmocka_unit_test(bad_choices_are_format_errors),
        cmocka_unit_test(an_activation_may_have_options),
        cmocka_unit_test(a_million_layers_are_a_format_error),
        cmocka_unit_test(sizes_beyond_the_caps_are_refused_before_arithmetic),
        cmocka_unit_test(a_net_must_fit_the_classes),
        cmocka_unit_test(blocks_are_numbered_and_the_last_dense_is_logits),
        cmocka_unit_test(measured_layers_are_blocks_or_those_that_are_named),
        cmocka_unit_test(layers_say_their_sizes),
        cmocka_unit_test(shards_come_from_the_experiment_alone),
        cmocka_unit_test(training_learns),
        cmocka_unit_test(an_autoencoder_learns_its_input),
        cmocka_unit_test(the_bytes_are_the_same_at_any_number_of_threads),
        cmocka_unit_test(evaluating_and_probing_leave_no_trace),
        cmocka_unit_test(a_probe_gives_what_evaluation_sees),
        cmocka_unit_test(a_probe_writes_only_what_is_wanted),
        cmocka_unit_test(dropout_changes_what_is_trained_with),
        cmocka_unit_test(the_size_of_a_shard_changes_only_rounding),
        cmocka_unit_test(narrow_layers_give_the_same_abreast_and_in_rows),
        cmocka_unit_test(every_array_has_a_random_stream_of_its_own),
        cmocka_unit_test(a_net_without_parameters_trains_nothing),
        cmocka_unit_test(a_loss_that_diverges_names_the_layer_and_keeps_the_parameters),
        cmocka_unit_test(a_nan_in_an_activation_is_traced_to_its_layer),
        cmocka_unit_test(a_nan_in_a_narrow_net_is_traced_to_its_layer),
        cmocka_unit_test(a_nan_in_the_data_is_said_to_be_in_the_input),
        cmocka_unit_test(creating_reports_every_allocation_that_fails),
        cmocka_unit_test(running_a_net_allocates_nothing),
        cmocka_unit_test(following_gradients_reports_that_memory_is_out),
        cmocka_unit_test(gradient_signal_and_noise_are_those_of_the_steps),
        cmocka_unit_test(one_step_has_no_noise),
        cmocka_unit_test(the_weight_norm_leaves_out_biases),
        cmocka_unit_test(written_parameters_are_read_back_exactly),
        cmocka_unit_test(bad_parameter_files_change_nothing),
        cmocka_unit_test(a_double_that_fits_no_float_is_a_format_error),
        cmocka_unit_test(an_init_folder_that_is_missing_is_named),
        cmocka_unit_test(products_are_those_of_three_loops),
        cmocka_unit_test(rows_of_a_product_are_those_of_the_whole),
        cmocka_unit_test(the_blas_describes_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
