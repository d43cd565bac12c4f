/* Running means and variances of batchnorm: whose they are, and that nothing else moves them. */
#include "map_net.h"

static void fill_nan(float *x, int32_t *y, const void *source, size_t first, size_t n)
{
    fill(x, y, source, first, n);
    x[0] = NAN;
}

static void measuring_leaves_no_trace_in_running_statistics(void **state)
{
    char fa[] = "build/spatial-XXXXXX", fb[] = "build/spatial-XXXXXX";
    const size_t start = 0;
    const ipl_batch batch = {.n = BATCH, .fill = fill, .source = &start};
    ipl_net *a = create_text(RESIDUAL), *b = create_text(RESIDUAL);
    ipl_batch_sums sums;

    (void)state;
    (void)train(a, 3);
    (void)train(b, 3);
    ipl_net_evaluate(&sums, b, &batch);
    ipl_free(output(b, 2, BATCH));
    (void)train(a, 2);
    (void)train(b, 2);
    write_all(a, fa);
    write_all(b, fb);
    assert_same_files(fa, fb, a);
    ipl_net_destroy(a);
    ipl_net_destroy(b);
}

static void running_statistics_are_read_back(void **state)
{
    char fa[] = "build/spatial-XXXXXX", fb[] = "build/spatial-XXXXXX";
    ipl_net *a = create_text(RESIDUAL), *b = create_text(RESIDUAL);

    (void)state;
    (void)train(a, 4);
    write_all(a, fa);
    assert_int_equal(ipl_net_read_params(b, fa, NULL), IPL_OK);
    assert_same_outputs(a, b, 0.0);
    write_all(b, fb);
    assert_same_files(fa, fb, a);
    ipl_net_destroy(a);
    ipl_net_destroy(b);
}

/* After one step the running values are a tenth of the batch and nine tenths of 0 and 1. */
static void running_statistics_are_those_of_the_batch(void **state)
{
    ipl_net *net = create_text("batchnorm dense:units=4");
    char folder[] = "build/spatial-XXXXXX", other[] = "build/spatial-XXXXXX", path[128];
    const double n = BATCH * H * W;
    float x[BATCH * D];
    int32_t y[BATCH];
    const size_t start = 0;
    ipl_npy mean, variance;

    (void)state;
    fill(x, y, &start, 0, BATCH);
    (void)train(net, 1);
    write_all(net, folder);
    write_all(net, other);
    (void)snprintf(path, sizeof path, "%s/0.running_mean.npy", folder);
    assert_int_equal(ipl_npy_read(&mean, path, NULL), IPL_OK);
    (void)snprintf(path, sizeof path, "%s/0.running_var.npy", folder);
    assert_int_equal(ipl_npy_read(&variance, path, NULL), IPL_OK);
    for (size_t c = 0; c < C; c++) {
        double m = 0.0, v = 0.0;

        for (size_t i = 0; i < BATCH * H * W; i++)
            m += (double)x[i / (H * W) * D + c * H * W + i % (H * W)] / n;
        for (size_t i = 0; i < BATCH * H * W; i++) {
            const double d = (double)x[i / (H * W) * D + c * H * W + i % (H * W)] - m;

            v += d * d / (n - 1.0);
        }
        assert_close(mean.data[c], 0.1 * m, 1e-6);
        assert_close(variance.data[c], 0.9 + 0.1 * v, 1e-6);
    }
    ipl_npy_release(&mean);
    ipl_npy_release(&variance);
    assert_same_files(folder, other, net);
    ipl_net_destroy(net);
}

static void a_step_that_fails_changes_no_running_statistics(void **state)
{
    char fa[] = "build/spatial-XXXXXX", fb[] = "build/spatial-XXXXXX";
    const size_t start = 0;
    const ipl_batch batch = {.n = BATCH, .fill = fill_nan, .source = &start};
    ipl_net *net = create_text(RESIDUAL);
    ipl_batch_sums sums;

    (void)state;
    (void)train(net, 2);
    write_all(net, fa);
    assert_int_equal(ipl_net_train_batch(&sums, net, &batch, 0.1, 0, 2, NULL),
                     IPL_E_NUMERIC);
    write_all(net, fb);
    assert_same_files(fa, fb, net);
    ipl_net_destroy(net);
}

/* As PyTorch: one value per channel is refused in training, nothing is changed. */
static void one_value_per_channel_is_refused(void **state)
{
    static const struct {
        const char *text;
        bool refused;
    } cases[] = {{"globalavgpool batchnorm dense:units=4", true},
                 {"dense:units=6 batchnorm:affine=no tanh dense:units=4", true},
                 {"batchnorm dense:units=4", false},
                 {"globalavgpool layernorm dense:units=4", false}};
    const size_t start = 0;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char fa[] = "build/spatial-XXXXXX", fb[] = "build/spatial-XXXXXX";
        ipl_batch batch = {.n = 1, .fill = fill, .source = &start};
        ipl_net *net = create_text(cases[i].text);
        ipl_batch_sums sums;
        ipl_error err = {0};

        write_all(net, fa);
        assert_int_equal(ipl_net_train_batch(&sums, net, &batch, 0.1, 0, 0, &err),
                         cases[i].refused ? IPL_E_SHAPE : IPL_OK);
        if (cases[i].refused) {
            assert_non_null(strstr(err.msg, "'batchnorm'"));
            write_all(net, fb);
            assert_same_files(fa, fb, net);
        }
        ipl_net_evaluate(&sums, net, &batch); /* in evaluation mode one row will do */
        assert_true(isfinite(sums.loss));
        batch.n = 2;
        assert_int_equal(ipl_net_train_batch(&sums, net, &batch, 0.1, 0, 1, &err), IPL_OK);
        ipl_net_destroy(net);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measuring_leaves_no_trace_in_running_statistics),
        cmocka_unit_test(running_statistics_are_read_back),
        cmocka_unit_test(running_statistics_are_those_of_the_batch),
        cmocka_unit_test(one_value_per_channel_is_refused),
        cmocka_unit_test(a_step_that_fails_changes_no_running_statistics),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
