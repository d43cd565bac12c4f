/* Nets of narrow layers, which keep samples abreast. */
#include "vector_net.h"

#include "base/alloc.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(narrow_layers_give_the_same_abreast_and_in_rows),
        cmocka_unit_test(a_nan_in_a_narrow_net_is_traced_to_its_layer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
