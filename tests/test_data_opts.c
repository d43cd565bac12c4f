/* What may be chosen of a data set: classes, samples, shares, labels. */
#include "open_data.h"
#include "small_mnist.h"

#include "data/data_opts.h"

static void classes_are_kept_and_numbered_anew_in_the_order_given(void **state)
{
    ipl_dataset *ds = open_or_fail(&(ipl_data_opts){.text = "mnist", .classes = "7,0,3"});
    const ipl_data_info *info = ipl_dataset_info(ds);

    (void)state;
    assert_int_equal(info->n_classes, 3);
    assert_int_equal(info->n[IPL_TRAIN], 18);
    assert_int_equal(info->n[IPL_TEST], 6);
    assert_string_equal(info->class_names[0], "7");
    assert_string_equal(info->class_names[1], "0");
    assert_string_equal(info->class_names[2], "3");
    for (size_t i = 0; i < 18; i++) { /* stored order: 0, 3, 7, 10, 13, 17, ... */
        static const size_t old[3] = {0, 3, 7};
        static const int32_t label[3] = {1, 2, 0};
        float x[PIXELS];
        int32_t y;

        ipl_dataset_gather(x, &y, ds, IPL_TRAIN, NULL, i, 1);
        assert_int_equal(y, label[i % 3]);
        assert_true(x[1] == (float)pixel(10 * (i / 3) + old[i % 3], 1) / 255.0f);
    }
    ipl_dataset_destroy(ds);
}

static void a_bad_list_of_classes_is_an_argument_error(void **state)
{
    static const struct {
        const char *classes, *message;
    } cases[] = {{"0,10", "mnist has no class 10, want 0 ... 9"},
                 {"0,1,0", "0 is given twice"},
                 {"0,,1", "'' is not a number"},
                 {"0,", "'' is not a number"},
                 {"zero", "'zero' is not a number"},
                 {"-1", "'-1' is not a number"},
                 {"00000000000000000000001", "is not a number"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        open_must_fail(&(ipl_data_opts){.text = "mnist", .classes = cases[i].classes},
                       IPL_E_ARG, cases[i].message);
}

static void a_subset_keeps_the_order_and_follows_the_seed(void **state)
{
    size_t first[2][15];

    (void)state;
    for (unsigned seed = 1; seed <= 2; seed++) {
        ipl_dataset *ds = open_or_fail(
            &(ipl_data_opts){.text = "mnist", .n_train = 15, .n_test = 4, .seed = seed});
        ipl_dataset *again = open_or_fail(
            &(ipl_data_opts){.text = "mnist", .n_train = 15, .n_test = 20, .seed = seed});
        size_t last = 0;

        assert_int_equal(ipl_dataset_info(ds)->n[IPL_TRAIN], 15);
        assert_int_equal(ipl_dataset_info(ds)->n[IPL_TEST], 4);
        for (size_t i = 0; i < 15; i++) {
            float x[PIXELS], twice[PIXELS];
            int32_t y;
            size_t from = 0;

            ipl_dataset_gather(x, &y, ds, IPL_TRAIN, NULL, i, 1);
            ipl_dataset_gather(twice, NULL, again, IPL_TRAIN, NULL, i, 1);
            assert_memory_equal(x, twice, sizeof x);
            while (from < N_TRAIN && (float)pixel(from, 0) / 255.0f != x[0])
                from++;
            assert_true(from < N_TRAIN && (i == 0 || from > last));
            assert_int_equal(y, from % 10);
            first[seed - 1][i] = last = from;
        }
        ipl_dataset_destroy(again);
        ipl_dataset_destroy(ds);
    }
    assert_memory_not_equal(first[0], first[1], sizeof first[0]);
}

static void more_samples_than_there_are_is_a_shape_error(void **state)
{
    (void)state;
    open_must_fail(&(ipl_data_opts){.text = "mnist", .n_train = 61}, IPL_E_SHAPE,
                   "61 training samples asked for, there are 60");
    open_must_fail(&(ipl_data_opts){.text = "mnist", .n_test = 21}, IPL_E_SHAPE,
                   "21 test samples asked for, there are 20");
    open_must_fail(&(ipl_data_opts){.text = "mnist", .n_train = 13, .classes = "0,1"},
                   IPL_E_SHAPE, "13 training samples asked for, there are 12");
}

static void options_out_of_range_are_argument_errors(void **state)
{
    (void)state;
    open_must_fail(&(ipl_data_opts){.text = "szt", .train_share = 1.5}, IPL_E_ARG,
                   "train-share");
    open_must_fail(&(ipl_data_opts){.text = "szt", .train_share = (double)NAN}, IPL_E_ARG,
                   "train-share");
    open_must_fail(&(ipl_data_opts){.text = "szt", .random_labels = -0.1}, IPL_E_ARG,
                   "random-labels");
    open_must_fail(&(ipl_data_opts){.text = "szt", .scaling = (ipl_scaling)9}, IPL_E_ARG,
                   "scaling");
}

static void a_split_shares_out_every_sample_once(void **state)
{
    ipl_dataset *ds = open_or_fail(
        &(ipl_data_opts){.text = "gaussian:n=101,d=1", .train_share = 0.7, .seed = 5});
    ipl_dataset *all = open_or_fail(
        &(ipl_data_opts){.text = "gaussian:n=101,d=1", .train_share = 1.0, .seed = 5});
    double sum[2] = {0.0, 0.0};
    float x[2];
    int32_t y;

    (void)state;
    assert_int_equal(ipl_dataset_info(ds)->n[IPL_TRAIN], 71);
    assert_int_equal(ipl_dataset_info(ds)->n[IPL_TEST], 30);
    assert_int_equal(ipl_dataset_info(all)->n[IPL_TEST], 0);
    for (size_t i = 0; i < 101; i++) {
        ipl_dataset_gather(x, &y, ds, i < 71 ? IPL_TRAIN : IPL_TEST, NULL,
                           i < 71 ? i : i - 71, 1);
        assert_int_equal(y, x[0] > 0.0f); /* labels move with their samples */
        sum[0] += (double)x[0] * (double)x[1];
        ipl_dataset_gather(x, NULL, all, IPL_TRAIN, NULL, i, 1);
        sum[1] += (double)x[0] * (double)x[1];
    }
    assert_close(sum[0], sum[1], 1e-12);
    ipl_dataset_destroy(all);
    ipl_dataset_destroy(ds);
}

/* Share s: about s (K-1)/K of the labels differ; a larger share changes these and more. */
static void random_labels_change_their_share_of_the_training_part_alone(void **state)
{
    size_t changed[3] = {0};
    ipl_dataset *plain = open_or_fail(&(ipl_data_opts){.text = "szt", .seed = 2});
    const size_t n = ipl_dataset_info(plain)->n[IPL_TRAIN];
    ipl_dataset *noisy[3] = {NULL};

    (void)state;
    for (size_t k = 0; k < 3; k++) {
        noisy[k] = open_or_fail(
            &(ipl_data_opts){.text = "szt", .seed = 2, .random_labels = 0.5 * (double)k});
        for (size_t i = 0; i < n; i++)
            changed[k] += ipl_dataset_label(plain, IPL_TRAIN, i) !=
                          ipl_dataset_label(noisy[k], IPL_TRAIN, i);
        for (size_t i = 0; i < ipl_dataset_info(plain)->n[IPL_TEST]; i++)
            assert_int_equal(ipl_dataset_label(plain, IPL_TEST, i),
                             ipl_dataset_label(noisy[k], IPL_TEST, i));
    }
    assert_int_equal(changed[0], 0);
    assert_close((double)changed[1] / (double)n, 0.25, 0.03);
    assert_close((double)changed[2] / (double)n, 0.5, 0.04);
    for (size_t i = 0; i < n; i++) {
        const int32_t was = ipl_dataset_label(plain, IPL_TRAIN, i);
        const int32_t half = ipl_dataset_label(noisy[1], IPL_TRAIN, i);

        if (half != was)
            assert_int_equal(ipl_dataset_label(noisy[2], IPL_TRAIN, i), half);
    }
    for (size_t k = 0; k < 3; k++)
        ipl_dataset_destroy(noisy[k]);
    ipl_dataset_destroy(plain);
}

typedef struct shared_opts {
    int scale;
    char classes[256];
    size_t train_samples, test_samples;
    double train_share, random_labels;
    uint64_t seed;
    char background[16];
} shared_opts;

static void the_shared_option_rows_reach_the_data(void **state)
{
    static const ipl_opt rows[] = {IPL_DATA_OPT_ROWS(shared_opts), IPL_OPT_END};
    shared_opts o;
    ipl_data_opts opts;

    (void)state;
    ipl_opt_init(&o, rows);
    opts = IPL_DATA_OPTS(&o, "szt");
    assert_int_equal(opts.scaling, IPL_SCALE_UNIT);
    assert_string_equal(opts.classes, "all");
    assert_close(opts.train_share, 0.8, 0.0);
    assert_int_equal(opts.seed, 1);
    assert_int_equal(ipl_opt_set(&o, ipl_opt_find(rows, "scale"), "feature", NULL), IPL_OK);
    assert_int_equal(ipl_opt_set(&o, ipl_opt_find(rows, "classes"), "1,0", NULL), IPL_OK);
    assert_int_equal(ipl_opt_set(&o, ipl_opt_find(rows, "train-samples"), "7", NULL),
                     IPL_OK);
    assert_int_equal(ipl_opt_set(&o, ipl_opt_find(rows, "test-samples"), "8", NULL),
                     IPL_OK);
    assert_int_equal(ipl_opt_set(&o, ipl_opt_find(rows, "train-share"), "0.5", NULL),
                     IPL_OK);
    assert_int_equal(ipl_opt_set(&o, ipl_opt_find(rows, "random-labels"), "0.25", NULL),
                     IPL_OK);
    assert_int_equal(
        ipl_opt_set(&o, ipl_opt_find(rows, "seed"), "18446744073709551615", NULL), IPL_OK);
    opts = IPL_DATA_OPTS(&o, "szt");
    assert_string_equal(opts.text, "szt");
    assert_int_equal(opts.scaling, IPL_SCALE_FEATURE);
    assert_string_equal(opts.classes, "1,0");
    assert_int_equal(opts.n_train, 7);
    assert_int_equal(opts.n_test, 8);
    assert_close(opts.train_share, 0.5, 0.0);
    assert_close(opts.random_labels, 0.25, 0.0);
    assert_true(opts.seed == UINT64_MAX);
    assert_string_equal(opts.background, "white");
    for (const ipl_opt *row = rows; row->name; row++)
        assert_string_equal(row->group, "data");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_MNIST(classes_are_kept_and_numbered_anew_in_the_order_given),
        WITH_MNIST(a_bad_list_of_classes_is_an_argument_error),
        WITH_MNIST(a_subset_keeps_the_order_and_follows_the_seed),
        WITH_MNIST(more_samples_than_there_are_is_a_shape_error),
        cmocka_unit_test(options_out_of_range_are_argument_errors),
        cmocka_unit_test(a_split_shares_out_every_sample_once),
        cmocka_unit_test(random_labels_change_their_share_of_the_training_part_alone),
        cmocka_unit_test(the_shared_option_rows_reach_the_data),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
