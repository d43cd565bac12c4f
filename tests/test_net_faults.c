/* Nets that diverge, and nets without memory: what is said, and what is kept. */
#include "vector_net.h"

#include "base/alloc.h"

static void fill_nan(float *x, int32_t *y, const void *source, size_t first, size_t n)
{
    fill(x, y, source, first, n);
    x[0] = NAN;
}

static void a_loss_that_diverges_names_the_layer_and_keeps_the_parameters(void **state)
{
    ipl_net *net = create_text("dense:units=20 relu dense:units=10");
    ipl_net *kept = create_text("dense:units=20 relu dense:units=10");
    const size_t start = 0;
    const ipl_batch batch = batch_at(&start, BATCH);
    ipl_error err = {0};
    ipl_batch_sums sums;
    ipl_param_view view;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_true(ipl_net_param(&view, i == 0 ? net : kept, 2));
        view.data[5] = INFINITY;
    }
    assert_int_equal(ipl_net_train_batch(&sums, net, &batch, 0.05, 3, 41, &err),
                     IPL_E_NUMERIC);
    assert_string_equal(err.msg,
                        "epoch 3, step 41: loss is NaN; first in layer 2 'logits' (dense)");
    assert_same_params(net, kept);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loss_that_diverges_names_the_layer_and_keeps_the_parameters),
        cmocka_unit_test(a_nan_in_an_activation_is_traced_to_its_layer),
        cmocka_unit_test(a_nan_in_the_data_is_said_to_be_in_the_input),
        cmocka_unit_test(creating_reports_every_allocation_that_fails),
        cmocka_unit_test(following_gradients_reports_that_memory_is_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
