/* Texts of nets: what they mean, what is refused, and what a net says of itself. */
#include "vector_net.h"

#include "base/alloc.h"
#include "base/pool.h"

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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
