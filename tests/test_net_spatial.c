/* Nets of maps: order of values, residual blocks, sums over the batch, names. */
#include "map_net.h"

#include "base/pool.h"
#include "math/linalg.h"
#include "nn/layer.h"
#include "nn/net_parts.h"

#define CAL(last)                                                                          \
    "conv2d:filters=8 layernorm tanh maxpool:size=3,stride=2 conv2d:filters=16 layernorm " \
    "tanh maxpool:size=3,stride=2 conv2d:filters=32 layernorm tanh "                       \
    "maxpool:size=3,stride=2 adaptiveavgpool:size=6 " last

/* Activations that wait for a pool; more than a small job. */
#define WAITING                                                                            \
    "conv2d:filters=32,padding=1 relu maxpool:size=3,stride=2 conv2d:filters=17,size=2 "   \
    "tanh maxpool:size=2,stride=1 dense:units=4"

/* So many outputs that only some rows of a shard of 25 go forward and back at once. */
#define TURNING                                                                            \
    "conv2d:filters=64,padding=1 layernorm tanh maxpool:size=2 dropout:p=0.1 "             \
    "conv2d:filters=9,padding=1 layernorm:affine=yes relu dense:units=4"

/* ---- order of values ---- */

static void the_input_reaches_a_probe_as_it_was(void **state)
{
    ipl_net *net = create_text("identity dense:units=4");
    const size_t start = 0;
    float x[5 * D], *y = output(net, 0, 5);
    int32_t labels[5];

    (void)state;
    fill(x, labels, &start, 0, 5);
    assert_memory_equal(x, y, sizeof x);
    ipl_free(y);
    ipl_net_destroy(net);
}

static void dense_needs_no_flatten(void **state)
{
    const char *maps = "conv2d:filters=5 tanh ";
    char a_text[128], b_text[128];
    ipl_net *a, *b;

    (void)state;
    (void)snprintf(a_text, sizeof a_text, "%sidentity dense:units=4", maps);
    (void)snprintf(b_text, sizeof b_text, "%sflatten dense:units=4", maps);
    a = create_text(a_text);
    b = create_text(b_text);
    assert_same_outputs(a, b, 1e-6);
    assert_close(train(a, 10), train(b, 10), 1e-5);
    assert_same_outputs(a, b, 1e-4);
    ipl_net_destroy(a);
    ipl_net_destroy(b);
}

static void an_autoencoder_of_maps_compares_in_one_order(void **state)
{
    /* An identity has no loss, whichever way its values lie. */
    static const char *const texts[] = {"identity", "flatten", "identity flatten"};
    const size_t start = 0;
    const ipl_batch batch = {.n = BATCH, .fill = fill, .source = &start};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        ipl_net_opts opts = options(texts[i]);
        ipl_batch_sums sums;
        ipl_net *net;

        opts.loss = "mse:target=input";
        net = create(&opts);
        ipl_net_evaluate(&sums, net, &batch);
        assert_true(sums.loss == 0.0);
        ipl_net_destroy(net);
    }
}

static void copied_parameters_are_in_the_order_of_files(void **state)
{
    ipl_net *net = create_text("conv2d:filters=5,size=2 dense:units=4");
    char folder[] = "build/spatial-XXXXXX", path[128];
    ipl_param_view view;
    ipl_npy file;

    (void)state;
    write_all(net, folder);
    for (size_t k = 0; ipl_net_param(&view, net, k); k++) {
        float *values;

        (void)snprintf(path, sizeof path, "%s/%zu.%s.npy", folder, view.layer, view.name);
        assert_int_equal(ipl_npy_read(&file, path, NULL), IPL_OK);
        assert_int_equal(file.n_dims, view.n_dims);
        assert_memory_equal(file.dims, view.dims, view.n_dims * sizeof *file.dims);
        values = ipl_array(file.rows, file.cols, sizeof *values, NULL);
        assert_non_null(values);
        assert_true(ipl_net_copy_param(values, net, k));
        for (size_t i = 0; i < file.rows * file.cols; i++)
            assert_true((double)values[i] == file.data[i]);
        ipl_free(values);
        ipl_npy_release(&file);
        assert_int_equal(remove(path), 0);
    }
    assert_int_equal(remove(folder), 0);
    ipl_net_destroy(net);
}

/* ---- shapes and words ---- */

static void refuse(const ipl_net_opts *opts, ipl_status want, const char *a, const char *b)
{
    ipl_error err = {0};
    ipl_net *net;

    assert_int_equal(ipl_net_create(&net, opts, &err), want);
    assert_null(net);
    if (!strstr(err.msg, a) || !strstr(err.msg, b))
        fail_msg("'%s' has no '%s' or no '%s'", err.msg, a, b);
}

static void refuse_text(const char *text, ipl_status want, const char *a, const char *b)
{
    const ipl_net_opts opts = options(text);

    refuse(&opts, want, a, b);
}

static void a_net_that_shrinks_to_nothing_names_the_layer_and_both_shapes(void **state)
{
    ipl_net_opts opts = options(CAL("dense:units=4"));

    (void)state;
    opts.input = (ipl_shape){1, 28, 28};
    refuse(&opts, IPL_E_SHAPE, "layer 11 'maxpool", "32x2x2");
    refuse(&opts, IPL_E_SHAPE, "32x0x0", "3x3");
}

static void residual_words_must_match(void **state)
{
    (void)state;
    refuse_text("dense:units=4 add", IPL_E_FORMAT, "layer 1 'add'", "skip");
    refuse_text("shortcut dense:units=4", IPL_E_FORMAT, "layer 0 'shortcut'", "skip");
    refuse_text("skip dense:units=4", IPL_E_FORMAT, "layer 0 'skip'", "add");
    refuse_text("skip skip tanh add dense:units=4", IPL_E_FORMAT, "layer 0 'skip'", "add");
    refuse_text("skip shortcut shortcut add", IPL_E_FORMAT, "layer 2", "layer 0");
    refuse_text("skip conv2d:filters=3 add dense:units=4", IPL_E_SHAPE, "3x7x5", "3x9x7");
    refuse_text("skip tanh shortcut conv2d:filters=2,padding=1 add dense:units=4",
                IPL_E_SHAPE, "3x9x7", "2x9x7");
}

static void a_map_is_no_vector_of_classes(void **state)
{
    (void)state;
    refuse_text("adaptiveavgpool:size=2 conv2d:filters=2,size=1 maxpool:size=2,stride=1",
                IPL_E_SHAPE, "2", "4");
    refuse_text("conv2d:filters=2,size=1 adaptiveavgpool:size=2 conv2d:filters=2,size=1 "
                "conv2d:filters=1,size=1 conv2d:filters=2,size=1 avgpool:size=2,stride=2 "
                "adaptiveavgpool:size=2",
                IPL_E_SHAPE, "8", "4");
}

/* ---- names ---- */

static void assert_names(const char *text, ipl_shape in, const char *want)
{
    ipl_net_opts opts = options(text);
    ipl_text names = {0};
    ipl_net *net;

    opts.input = in;
    net = create(&opts);
    for (size_t i = 0; i < ipl_net_n_layers(net); i++)
        if (ipl_net_layer(net, i)->measured)
            ipl_text_add(&names, "%s ", ipl_net_layer(net, i)->name);
    assert_string_equal(names.s, want);
    ipl_text_release(&names);
    ipl_net_destroy(net);
}

static void blocks_of_convolutions_are_measured_behind_their_pools(void **state)
{
    (void)state;
    assert_names(CAL("dense:units=4"), (ipl_shape){3, 32, 32}, "conv1 conv2 conv3 logits ");
    assert_names(RESIDUAL, (ipl_shape){C, H, W}, "conv1 add1 fc1 logits ");
    assert_names("conv2d:filters=4 relu globalavgpool", (ipl_shape){C, H, W},
                 "conv1 logits ");
}

static void layers_inside_blocks_can_be_measured_by_name(void **state)
{
    ipl_net *net = create_text(RESIDUAL);

    (void)state;
    assert_int_equal(ipl_net_measure(net, "conv2,conv4,add1.add,1", NULL), IPL_OK);
    assert_true(ipl_net_layer(net, 1)->measured);
    assert_string_equal(ipl_net_layer(net, 1)->name, "conv1.batchnorm");
    assert_false(ipl_net_layer(net, 2)->measured);
    assert_int_equal(ipl_net_measure(net, "default", NULL), IPL_OK);
    assert_true(ipl_net_layer(net, 2)->measured);
    assert_false(ipl_net_layer(net, 1)->measured);
    ipl_net_destroy(net);
}

/* ---- running ---- */

static void nets_of_maps_learn(void **state)
{
    static const char *const texts[] = {
        "conv2d:filters=6 layernorm tanh maxpool:size=3,stride=2 dense:units=4", RESIDUAL};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        ipl_net *net = create_text(texts[i]);
        const double before = train(net, 1), after = train(net, 120);

        assert_true(after < 0.5 * before);
        ipl_net_destroy(net);
    }
}

static void check_threads(const char *text, size_t shard)
{
    for (size_t threads = 2; threads <= 4; threads++) {
        char fa[] = "build/spatial-XXXXXX", fb[] = "build/spatial-XXXXXX";
        ipl_net_opts opts = options(text);
        ipl_net *a, *b;

        opts.shard = shard;
        a = create(&opts);

        assert_int_equal(ipl_pool_create(&opts.pool, threads, ipl_blas_start, NULL),
                         IPL_OK);
        b = create(&opts);
        assert_true(train(a, 7) == train(b, 7));
        write_all(a, fa);
        write_all(b, fb);
        assert_same_files(fa, fb, a);
        ipl_net_destroy(a);
        ipl_net_destroy(b);
        ipl_pool_destroy(opts.pool);
    }
}

static void the_bytes_are_the_same_at_any_number_of_threads(void **state)
{
    (void)state;
    check_threads(RESIDUAL, 8);
    check_threads(WAITING, 8);
    check_threads(WAITING, 2); /* several shards to a group */
    check_threads(TURNING, 25);
}

static void check_shards(const char *text, size_t shard, size_t other)
{
    ipl_net_opts opts = options(text);
    ipl_net *a, *b;

    opts.shard = shard;
    a = create(&opts);
    opts.shard = other;
    b = create(&opts);
    assert_close(train(a, 6), train(b, 6), 1e-4); /* the last over a whole batch */
    assert_same_outputs(a, b, 1e-3);
    ipl_net_destroy(a);
    ipl_net_destroy(b);
}

static void shards_change_rounding_only(void **state)
{
    (void)state;
    for (size_t shard = 1; shard <= 8; shard++) {
        check_shards("conv2d:filters=6,bias=no batchnorm relu dense:units=4", shard, 64);
        check_shards(WAITING, shard, 64);
    }
}

static void rows_that_turn_together_change_rounding_only(void **state)
{
    (void)state;
    for (size_t shard = 20; shard <= 25; shard++) {
        ipl_net_opts opts = options(TURNING);
        ipl_net *net;

        opts.shard = shard;
        net = create(&opts);
        assert_within(net->turn, 1, shard - 1);
        assert_within(net->layers[1].y_held, 1, net->turn); /* layer normalisation */
        assert_int_equal(net->layers[5].y_held, 0);         /* below one with scales */
        assert_int_equal(net->n_runs, 4);                   /* maps shrink twice */
        ipl_net_destroy(net);
        check_shards(TURNING, shard, 5); /* small enough to turn as a whole */
    }
}

/* The pool is run with the maps, the activation with the rows behind them. */
static void a_gradient_between_maps_and_rows_is_of_the_whole_batch(void **state)
{
    (void)state;
    check_shards("conv2d:filters=6 globalavgpool tanh dense:units=4", 8, 64);
    check_threads("conv2d:filters=6 globalavgpool tanh dense:units=4", 8);
}

static void fill_huge(float *x, int32_t *y, const void *source, size_t first, size_t n)
{
    fill(x, y, source, first, n);
    for (size_t k = 0; first == 0 && k < D; k++)
        x[k] = 3e38f;
}

/* Later rows have taken its place by then. */
static void an_overflow_in_the_first_row_is_traced_to_its_layer(void **state)
{
    ipl_net_opts opts = options(TURNING);
    const size_t start = 0;
    const ipl_batch batch = {.n = BATCH, .fill = fill_huge, .source = &start};
    ipl_batch_sums sums;
    ipl_error err = {0};
    ipl_net *net;

    (void)state;
    opts.shard = 25;
    net = create(&opts);
    assert_int_equal(ipl_net_train_batch(&sums, net, &batch, 0.05, 3, 7, &err),
                     IPL_E_NUMERIC);
    assert_string_equal(
        err.msg, "epoch 3, step 7: loss is NaN; first in layer 0 'conv1.conv2d' (conv2d)");
    ipl_net_destroy(net);
}

/* Sums over the batch lie between forward and backward. */
static void a_net_with_sums_over_the_batch_turns_whole_shards(void **state)
{
    ipl_net_opts opts = options("conv2d:filters=64,padding=1 batchnorm relu dense:units=4");
    ipl_net *net;

    (void)state;
    opts.shard = 25;
    net = create(&opts);
    assert_int_equal(net->turn, 25);
    ipl_net_destroy(net);
}

/* The output of the convolution is gone by then: only what was picked of it is there. */
static void a_nan_before_an_activation_that_waits_is_traced_to_its_layer(void **state)
{
    ipl_net *net = create_text(WAITING);
    const size_t start = 0;
    const ipl_batch batch = {.n = BATCH, .fill = fill, .source = &start};
    ipl_error err = {0};
    ipl_batch_sums sums;
    ipl_param_view view;

    (void)state;
    (void)train(net, 2);
    assert_true(ipl_net_param(&view, net, 2));
    view.data[0] = NAN;
    assert_int_equal(ipl_net_train_batch(&sums, net, &batch, 0.05, 0, 0, &err),
                     IPL_E_NUMERIC);
    assert_non_null(strstr(err.msg, "first in layer 3 "));
    ipl_net_destroy(net);
}

static void running_a_net_of_maps_allocates_nothing(void **state)
{
    const size_t start = 0;
    const ipl_batch batch = {.n = BATCH, .fill = fill, .source = &start};
    ipl_net *net = create_text(RESIDUAL);
    ipl_batch_sums sums;

    (void)state;
    ipl_alloc_fail_after(0);
    (void)train(net, 2);
    ipl_net_evaluate(&sums, net, &batch);
    ipl_alloc_fail_after(-1);
    ipl_net_destroy(net);
}

static void creating_a_net_of_maps_reports_every_allocation_that_fails(void **state)
{
    const ipl_net_opts opts = options(RESIDUAL);
    ipl_status st = IPL_E_NOMEM;
    ipl_net *net = NULL;

    (void)state;
    for (long n = 0; st != IPL_OK; n++) {
        ipl_alloc_fail_after(n);
        st = ipl_net_create(&net, &opts, NULL);
        ipl_alloc_fail_after(-1);
        assert_true(st == IPL_OK || st == IPL_E_NOMEM);
        assert_true((st == IPL_OK) == (net != NULL));
    }
    ipl_net_destroy(net);
}

/* ---- gradients through residual blocks, by differences of the loss ---- */

static double loss_of(ipl_net *net, const ipl_batch *batch)
{
    ipl_batch_sums sums;

    assert_int_equal(ipl_net_train_batch(&sums, net, batch, 0.0, 0, 0, NULL), IPL_OK);
    return sums.loss / (double)batch->n;
}

static void check_gradient(const char *text)
{
    const size_t start = 0;
    const ipl_batch batch = {.n = 5, .fill = fill, .source = &start};
    const float step = 1.0f / 128.0f;
    ipl_net *net = create_text(text);
    ipl_param_view view;

    for (size_t k = 0; ipl_net_param(&view, net, k); k++) {
        double grad;

        (void)loss_of(net, &batch);
        grad = (double)view.grad[0];
        view.data[0] += step;
        grad -= loss_of(net, &batch) / (2.0 * (double)step);
        view.data[0] -= 2.0f * step;
        grad += loss_of(net, &batch) / (2.0 * (double)step);
        view.data[0] += step;
        assert_close(grad, 0.0, 5e-4);
    }
    ipl_net_destroy(net);
}

static void residual_blocks_have_the_right_gradient(void **state)
{
    (void)state;
    check_gradient("dense:units=6 skip add dense:units=4");
    check_gradient("dense:units=6 skip tanh add tanh dense:units=4");
    check_gradient("dense:units=6 tanh skip dense:units=6 tanh add dense:units=4");
    check_gradient("dense:units=6 skip shortcut dense:units=6 tanh add dense:units=4");
    check_gradient("dense:units=6 skip tanh shortcut add dense:units=4");
    check_gradient("dense:units=6 skip tanh skip dense:units=6 sigmoid add shortcut "
                   "dense:units=6 skip tanh add add dense:units=4");
    check_gradient("skip dense:units=6 shortcut dense:units=6 add dense:units=4");
    check_gradient("skip dense:units=189 flatten shortcut flatten add dense:units=4");
    check_gradient("skip tanh add dense:units=4");
    check_gradient("batchnorm batchnorm skip conv2d:filters=3,padding=1 batchnorm shortcut "
                   "batchnorm add tanh dense:units=4");
}

static void copy_params(ipl_net *to, ipl_net *from)
{
    ipl_param_view a, b;

    for (size_t k = 0; ipl_net_param(&a, from, k); k++) {
        assert_true(ipl_net_param(&b, to, k));
        memcpy(b.data, a.data, size_of(&a) * sizeof *a.data);
    }
}

/* In training an activation before a pool runs behind it; the identity in between keeps it
 * where it stands. */
static void an_activation_may_wait_for_the_pool(void **state)
{
    size_t found = 0;

    (void)state;
    for (size_t i = 0; ipl_layer_table[i]; i++)
        if (ipl_layer_table[i]->monotone) {
            const char *name = ipl_layer_table[i]->row.name;
            char waits[160], stays[160];
            ipl_net *a, *b;

            (void)snprintf(
                waits, sizeof waits,
                "conv2d:filters=6,padding=1 %s maxpool:size=3,stride=2 "
                "conv2d:filters=5,size=2 %s maxpool:size=2,stride=1 dense:units=4",
                name, name);
            (void)snprintf(stays, sizeof stays,
                           "conv2d:filters=6,padding=1 %s identity maxpool:size=3,stride=2 "
                           "conv2d:filters=5,size=2 %s identity maxpool:size=2,stride=1 "
                           "dense:units=4",
                           name, name);
            a = create_text(waits);
            b = create_text(stays);
            copy_params(b, a);
            assert_true(fabs(train(a, 7) - train(b, 7)) < 1e-5);
            /* The activation itself is there to be probed. */
            for (size_t l = 0; l < 2; l++) {
                float *y = output(a, 1 + 3 * l, BATCH), *z = output(b, 1 + 4 * l, BATCH);
                const size_t n = BATCH * ipl_shape_size(ipl_net_layer(a, 1 + 3 * l)->out);

                for (size_t k = 0; k < n; k++)
                    assert_close((double)y[k], (double)z[k], 1e-4);
                ipl_free(y);
                ipl_free(z);
            }
            ipl_net_destroy(a);
            ipl_net_destroy(b);
            found++;
        }
    assert_true(found >= 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_input_reaches_a_probe_as_it_was),
        cmocka_unit_test(dense_needs_no_flatten),
        cmocka_unit_test(an_autoencoder_of_maps_compares_in_one_order),
        cmocka_unit_test(copied_parameters_are_in_the_order_of_files),
        cmocka_unit_test(a_net_that_shrinks_to_nothing_names_the_layer_and_both_shapes),
        cmocka_unit_test(residual_words_must_match),
        cmocka_unit_test(a_map_is_no_vector_of_classes),
        cmocka_unit_test(blocks_of_convolutions_are_measured_behind_their_pools),
        cmocka_unit_test(layers_inside_blocks_can_be_measured_by_name),
        cmocka_unit_test(nets_of_maps_learn),
        cmocka_unit_test(the_bytes_are_the_same_at_any_number_of_threads),
        cmocka_unit_test(shards_change_rounding_only),
        cmocka_unit_test(rows_that_turn_together_change_rounding_only),
        cmocka_unit_test(a_gradient_between_maps_and_rows_is_of_the_whole_batch),
        cmocka_unit_test(an_overflow_in_the_first_row_is_traced_to_its_layer),
        cmocka_unit_test(a_net_with_sums_over_the_batch_turns_whole_shards),
        cmocka_unit_test(a_nan_before_an_activation_that_waits_is_traced_to_its_layer),
        cmocka_unit_test(running_a_net_of_maps_allocates_nothing),
        cmocka_unit_test(creating_a_net_of_maps_reports_every_allocation_that_fails),
        cmocka_unit_test(residual_blocks_have_the_right_gradient),
        cmocka_unit_test(an_activation_may_wait_for_the_pool),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
