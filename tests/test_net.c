/* Nets of vectors in training: they learn, are watched without a trace, and never vary. */
#include "vector_net.h"

#include "base/alloc.h"
#include "base/pool.h"
#include "math/linalg.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(training_learns),
        cmocka_unit_test(an_autoencoder_learns_its_input),
        cmocka_unit_test(the_bytes_are_the_same_at_any_number_of_threads),
        cmocka_unit_test(evaluating_and_probing_leave_no_trace),
        cmocka_unit_test(a_probe_gives_what_evaluation_sees),
        cmocka_unit_test(a_probe_writes_only_what_is_wanted),
        cmocka_unit_test(dropout_changes_what_is_trained_with),
        cmocka_unit_test(the_size_of_a_shard_changes_only_rounding),
        cmocka_unit_test(every_array_has_a_random_stream_of_its_own),
        cmocka_unit_test(a_net_without_parameters_trains_nothing),
        cmocka_unit_test(running_a_net_allocates_nothing),
        cmocka_unit_test(gradient_signal_and_noise_are_those_of_the_steps),
        cmocka_unit_test(one_step_has_no_noise),
        cmocka_unit_test(the_weight_norm_leaves_out_biases),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
