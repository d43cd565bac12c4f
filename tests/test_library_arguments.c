/* Calls of the library that cannot be: a status or a harmless value, and nothing is touched. */
#include "test.h"

#include "ipl/dataset.h"
#include "ipl/estimator.h"
#include "ipl/net.h"

#include <string.h>

enum { D = 6, K = 3, BATCH = 8 };

static int32_t label;

static void fill(float *x, int32_t *y, const void *source, size_t first, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < D; j++)
            x[i * D + j] = (float)((first + i + j) % 7) * 0.1f;
        y[i] = first + i == BATCH - 1 ? *(const int32_t *)source : 1;
    }
}

static ipl_net_opts net_opts(void)
{
    return (ipl_net_opts){.text = "6-5-3",
                          .activation = "tanh",
                          .loss = "cross-entropy",
                          .optimiser = "sgd:lr=0.1",
                          .init = "default",
                          .input = {1, 1, D},
                          .n_classes = K,
                          .batch = BATCH,
                          .seed = 1};
}

static ipl_net *make_net(const char *text, const char *loss)
{
    ipl_net_opts opts = net_opts();
    ipl_net *net;
    ipl_error err = {0};

    opts.text = text;
    opts.loss = loss;
    if (ipl_net_create(&net, &opts, &err) != IPL_OK)
        fail_msg("%s", err.msg);
    return net;
}

static void a_net_of_nothing_is_refused(void **state)
{
    ipl_net_opts opts = net_opts();
    ipl_net *net;
    ipl_error err = {0};

    (void)state;
    assert_int_equal(ipl_net_create(NULL, &opts, NULL), IPL_E_ARG);
    assert_int_equal(ipl_net_create(&net, NULL, NULL), IPL_E_ARG);
    assert_null(net);
    opts.text = NULL;
    assert_int_equal(ipl_net_create(&net, &opts, &err), IPL_E_ARG);
    assert_string_equal(err.msg, "text of a net is NULL");
    opts = net_opts();
    opts.loss = NULL;
    assert_int_equal(ipl_net_create(&net, &opts, NULL), IPL_E_ARG);
    opts = net_opts();
    opts.optimiser = NULL;
    assert_int_equal(ipl_net_create(&net, &opts, NULL), IPL_E_ARG);
    opts = net_opts();
    opts.activation = NULL; /* the short form wants one */
    assert_int_equal(ipl_net_create(&net, &opts, NULL), IPL_E_FORMAT);
    opts = net_opts();
    opts.input = (ipl_shape){SIZE_MAX, SIZE_MAX, 2};
    assert_int_equal(ipl_net_create(&net, &opts, NULL), IPL_E_SHAPE);
    opts = net_opts();
    opts.batch = SIZE_MAX;
    assert_int_equal(ipl_net_create(&net, &opts, NULL), IPL_E_ARG);
    opts = net_opts();
    opts.init = NULL; /* the default */
    assert_int_equal(ipl_net_create(&net, &opts, NULL), IPL_OK);
    ipl_net_destroy(net);
}

/* All parameters of a net, one after the other; returns how many. */
static size_t parameters(float *out, size_t room, ipl_net *net)
{
    ipl_param_view view;
    size_t n = 0;

    for (size_t k = 0; ipl_net_param(&view, net, k); k++) {
        size_t count = 1;

        for (size_t i = 0; i < view.n_dims; i++)
            count *= view.dims[i];
        assert_true(n + count <= room);
        memcpy(out + n, view.data, count * sizeof *out);
        n += count;
    }
    return n;
}

static void check_batches(const char *text, const char *loss)
{
    static const struct {
        size_t n;
        int32_t label;
    } bad[] = {{0, 1},     {BATCH + 1, 1}, {100000, 1},        {SIZE_MAX, 1},
               {BATCH, K}, {BATCH, -1},    {BATCH, INT32_MAX}, {BATCH, INT32_MIN}};
    ipl_net *net = make_net(text, loss);
    float before[512], after[512];
    const size_t n = parameters(before, 512, net);
    ipl_batch batch = {.n = BATCH, .fill = fill, .source = &label};
    ipl_batch_sums sums;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ipl_error err = {0};

        batch.n = bad[i].n;
        label = bad[i].label;
        assert_int_equal(ipl_net_train_batch(&sums, net, &batch, 0.1, 0, 0, &err),
                         IPL_E_ARG);
        if (bad[i].n == BATCH && !strstr(err.msg, "row 7 of the batch has label "))
            fail_msg("%s", err.msg);
        ipl_net_evaluate(&sums, net, &batch);
        assert_true(isnan(sums.loss) && sums.correct == 0);
    }
    batch = (ipl_batch){.n = BATCH, .source = &label};
    assert_int_equal(ipl_net_train_batch(&sums, net, &batch, 0.1, 0, 0, NULL), IPL_E_ARG);
    assert_int_equal(ipl_net_train_batch(&sums, net, NULL, 0.1, 0, 0, NULL), IPL_E_ARG);
    batch.fill = fill;
    label = 1;
    assert_int_equal(ipl_net_train_batch(NULL, net, &batch, 0.1, 0, 0, NULL), IPL_E_ARG);
    assert_int_equal(ipl_net_train_batch(&sums, NULL, &batch, 0.1, 0, 0, NULL), IPL_E_ARG);
    assert_int_equal(ipl_net_train_batch(&sums, net, &batch, (double)NAN, 0, 0, NULL),
                     IPL_E_ARG);
    assert_int_equal(parameters(after, 512, net), n);
    assert_memory_equal(before, after, n * sizeof *before);
    assert_int_equal(ipl_net_train_batch(&sums, net, &batch, 0.1, 0, 0, NULL), IPL_OK);
    ipl_net_destroy(net);
}

static void a_batch_that_cannot_be_changes_nothing(void **state)
{
    (void)state;
    check_batches("6-5-3", "cross-entropy");
    check_batches("6-5-3", "mse");
    check_batches("dense:units=40 relu dropout:p=0.5 dense:units=3", "cross-entropy");
}

/* Labels that no loss looks at may be anything. */
static void labels_that_are_not_used_are_not_looked_at(void **state)
{
    ipl_net *net = make_net("6-4-6", "mse:target=input");
    const ipl_batch batch = {.n = BATCH, .fill = fill, .source = &label};
    ipl_batch_sums sums;

    (void)state;
    label = -7;
    assert_int_equal(ipl_net_train_batch(&sums, net, &batch, 0.1, 0, 0, NULL), IPL_OK);
    assert_true(isfinite(sums.loss));
    ipl_net_destroy(net);
}

static void what_a_net_does_not_have_is_nothing(void **state)
{
    ipl_net *net = make_net("6-5-3", "cross-entropy");
    const ipl_batch none = {.n = BATCH + 1, .fill = fill, .source = &label};
    float out[4] = {7.0f, 7.0f, 7.0f, 7.0f}, *taps[8] = {out};
    double mean, sd;
    ipl_param_view view;

    (void)state;
    assert_null(ipl_net_layer(net, ipl_net_n_layers(net)));
    assert_null(ipl_net_layer(net, SIZE_MAX));
    assert_true(isnan(ipl_net_weight_norm(net, 99)));
    ipl_net_gradient(&mean, &sd, net, 99);
    assert_true(isnan(mean) && isnan(sd));
    assert_false(ipl_net_param(&view, net, 99));
    assert_false(ipl_net_copy_param(NULL, net, 0));
    assert_false(ipl_net_copy_gradient(NULL, net, 0));
    ipl_net_probe(taps, net, &none);
    ipl_net_probe(taps, net, NULL);
    ipl_net_probe(NULL, net, &none);
    assert_true(out[0] == 7.0f);
    assert_int_equal(ipl_net_measure(net, NULL, NULL), IPL_E_ARG);
    assert_int_equal(ipl_net_write_params(net, NULL, NULL), IPL_E_ARG);
    assert_int_equal(ipl_net_read_params(net, NULL, NULL), IPL_E_ARG);
    ipl_net_destroy(net);

    assert_int_equal(ipl_net_n_layers(NULL) + ipl_net_n_params(NULL) +
                         ipl_net_memory(NULL) + ipl_net_shard(NULL),
                     0);
    assert_null(ipl_net_text(NULL));
    assert_null(ipl_net_layer(NULL, 0));
    assert_true(isnan(ipl_net_learning_rate(NULL)) && isnan(ipl_net_weight_norm(NULL, 0)));
    assert_int_equal(ipl_net_follow_gradients(NULL, true, NULL), IPL_E_ARG);
    ipl_net_destroy(NULL);
}

static void a_plane_of_nothing_is_refused(void **state)
{
    static const double x[4] = {0.0, 1.0, 2.0, 4.0};
    static const float f[4] = {0.0f};
    const char *texts[] = {"logdet", NULL};
    ipl_plane_opts opts = {.estimators = texts, .n_estimators = 1};
    const ipl_cmat good = ipl_cmat_f64(x, 4, 1);
    const ipl_cmat bad[] = {{NULL, NULL, 4, 1}, {f, x, 4, 1}};
    ipl_measures m;
    ipl_plane *plane;

    (void)state;
    assert_int_equal(ipl_plane_create(NULL, &opts, good, NULL, NULL), IPL_E_ARG);
    assert_int_equal(ipl_plane_create(&plane, NULL, good, NULL, NULL), IPL_E_ARG);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(ipl_plane_create(&plane, &opts, bad[i], NULL, NULL), IPL_E_ARG);
    assert_int_equal(
        ipl_plane_create(&plane, &opts, ipl_cmat_f64(x, SIZE_MAX, 2), NULL, NULL),
        IPL_E_SHAPE);
    assert_int_equal(ipl_plane_create(&plane, &opts, ipl_cmat_f64(x, 0, 1), NULL, NULL),
                     IPL_E_SHAPE);
    opts.n_estimators = 2;
    assert_int_equal(ipl_plane_create(&plane, &opts, good, NULL, NULL), IPL_E_ARG);
    opts.estimators = NULL;
    assert_int_equal(ipl_plane_create(&plane, &opts, good, NULL, NULL), IPL_E_ARG);
    assert_null(plane);

    opts = (ipl_plane_opts){.estimators = texts, .n_estimators = 1};
    assert_int_equal(ipl_plane_create(&plane, &opts, good, NULL, NULL), IPL_OK);
    assert_int_equal(ipl_plane_measure(NULL, plane, &good, 1, NULL), IPL_E_ARG);
    assert_int_equal(ipl_plane_measure(&m, NULL, &good, 1, NULL), IPL_E_ARG);
    assert_int_equal(ipl_plane_measure(&m, plane, NULL, 1, NULL), IPL_E_ARG);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(ipl_plane_measure(&m, plane, &bad[i], 1, NULL), IPL_E_ARG);
    assert_null(ipl_plane_estimator(plane, 1));
    assert_null(ipl_plane_unit(plane, SIZE_MAX));
    assert_true(isnan(ipl_plane_effective_rank(plane, 5)));
    assert_int_equal(ipl_plane_measure(&m, plane, &good, 1, NULL), IPL_OK);
    assert_true(isnan(ipl_measures_get(&m, NULL)) &&
                isnan(ipl_measures_get(NULL, ipl_measure_table)));
    ipl_plane_destroy(plane);
    ipl_plane_destroy(NULL);
    assert_string_equal(ipl_plane_fault(NULL), "");
    assert_string_equal(ipl_plane_caution(NULL, 3), "");
    assert_int_equal(ipl_plane_memory(NULL, 10, 10), 0);
    assert_false(ipl_estimator_is_shannon(NULL));
}

/* Labels of a plane are any integers: their number counts, not their size. */
static void labels_of_a_plane_may_be_any_integers(void **state)
{
    static const double x[4] = {0.0, 1.0, 2.0, 4.0};
    static const int32_t y[4] = {INT32_MAX, INT32_MIN, INT32_MAX, INT32_MIN};
    const char *texts[] = {"kde"};
    const ipl_plane_opts opts = {.estimators = texts, .n_estimators = 1};
    const ipl_cmat t = ipl_cmat_f64(x, 4, 1);
    ipl_measures m;
    ipl_plane *plane;

    (void)state;
    assert_int_equal(ipl_plane_create(&plane, &opts, t, y, NULL), IPL_OK);
    assert_int_equal(ipl_plane_measure(&m, plane, &t, 1, NULL), IPL_OK);
    assert_close(m.H_Y, log(2.0), 1e-12);
    ipl_plane_destroy(plane);
}

static void what_a_data_set_does_not_have_is_nothing(void **state)
{
    const ipl_data_opts opts = {.text = "szt", .train_share = 0.5, .seed = 1};
    const uint32_t far[] = {0, UINT32_MAX};
    float x[24];
    int32_t y[2];
    ipl_dataset *ds;

    (void)state;
    assert_int_equal(ipl_dataset_open(NULL, &opts, NULL), IPL_E_ARG);
    assert_int_equal(ipl_dataset_open(&ds, NULL, NULL), IPL_E_ARG);
    assert_int_equal(ipl_dataset_open(&ds, &(ipl_data_opts){.train_share = 0.5}, NULL),
                     IPL_E_ARG);
    assert_int_equal(ipl_dataset_open(&ds, &opts, NULL), IPL_OK);
    ipl_dataset_gather(x, y, ds, IPL_TRAIN, far, 0, 2);
    assert_true(y[0] >= 0 && y[1] == -1 && x[12] == 0.0f && x[23] == 0.0f);
    ipl_dataset_gather(x, y, ds, IPL_TRAIN, NULL, SIZE_MAX - 1, 2);
    assert_int_equal(y[0], -1);
    assert_int_equal(ipl_dataset_label(ds, IPL_TEST, SIZE_MAX), -1);
    ipl_dataset_unscaled(x, ds, IPL_TEST, SIZE_MAX);
    assert_true(x[0] == 0.0f);
    ipl_dataset_destroy(ds);
    ipl_dataset_destroy(NULL);
    assert_null(ipl_dataset_info(NULL));
    assert_int_equal(ipl_dataset_label(NULL, IPL_TRAIN, 0), -1);
    assert_int_equal(ipl_dataset_hash(NULL, NULL), IPL_E_ARG);
    ipl_dataset_gather(x, y, NULL, IPL_TRAIN, NULL, 0, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_net_of_nothing_is_refused),
        cmocka_unit_test(a_batch_that_cannot_be_changes_nothing),
        cmocka_unit_test(labels_that_are_not_used_are_not_looked_at),
        cmocka_unit_test(what_a_net_does_not_have_is_nothing),
        cmocka_unit_test(a_plane_of_nothing_is_refused),
        cmocka_unit_test(labels_of_a_plane_may_be_any_integers),
        cmocka_unit_test(what_a_data_set_does_not_have_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
