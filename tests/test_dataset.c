/* Data sets: their table, IDX sets found, scaled and refused, and the real ones. */
#include "open_data.h"
#include "small_mnist.h"

#include "data/data_opts.h"
#include "data/locate.h"
#include "data/source.h"
#include "math/npy.h"

/* ---- the table ---- */

static void every_row_has_what_a_source_needs(void **state)
{
    size_t n = 0;

    (void)state;
    for (; ipl_source_table[n]; n++) {
        assert_non_null(ipl_source_table[n]->row.name);
        assert_non_null(ipl_source_table[n]->row.summary);
        assert_non_null(ipl_source_table[n]->load);
        assert_ptr_equal(ipl_source_row(n), &ipl_source_table[n]->row);
    }
    assert_null(ipl_source_row(n));
    assert_true(n >= 5);
}

static void an_unknown_name_or_option_is_a_format_error(void **state)
{
    (void)state;
    open_must_fail(&(ipl_data_opts){.text = "mnits"}, IPL_E_FORMAT,
                   "did you mean 'mnist'?");
    open_must_fail(&(ipl_data_opts){.text = ""}, IPL_E_FORMAT, "no dataset");
    open_must_fail(&(ipl_data_opts){.text = "szt:n=3"}, IPL_E_FORMAT, "unknown option 'n'");
    open_must_fail(&(ipl_data_opts){.text = "gaussian:rho=1"}, IPL_E_FORMAT, "rho");
    open_must_fail(&(ipl_data_opts){.text = "teacher:d=4,relevant=9"}, IPL_E_FORMAT,
                   "relevant=9 of d=4");
}

/* ---- IDX sets ---- */

static void an_idx_set_is_found_and_described(void **state)
{
    ipl_dataset *ds = open_or_fail(&(ipl_data_opts){.text = "mnist"});
    const ipl_data_info *info = ipl_dataset_info(ds);

    assert_string_equal(info->name, "mnist");
    assert_int_equal(info->n[IPL_TRAIN], N_TRAIN);
    assert_int_equal(info->n[IPL_TEST], N_TEST);
    assert_int_equal(info->shape.c, 1);
    assert_int_equal(info->shape.h, SIDE);
    assert_int_equal(info->shape.w, SIDE);
    assert_int_equal(info->n_classes, 10);
    assert_true(info->pixels);
    assert_null(info->class_names);
    assert_int_equal(info->n_files, 4);
    assert_string_equal(info->files[0].path,
                        scratch_path(state, "mnist/train-images-idx3-ubyte"));
    assert_string_equal(info->files[3].path,
                        scratch_path(state, "mnist/t10k-labels-idx1-ubyte"));
    assert_string_equal(info->note, "");
    assert_string_equal(info->files[0].sha256, "");
    assert_int_equal(ipl_dataset_hash(ds, NULL), IPL_OK);
    assert_int_equal(strlen(info->files[3].sha256), 64);
    ipl_dataset_destroy(ds);
}

/* float(x) / 255.0f, to the last bit. */
static void unit_scaling_divides_by_255(void **state)
{
    ipl_dataset *ds = open_or_fail(&(ipl_data_opts){.text = "mnist"});
    float x[2 * PIXELS];
    int32_t y[2];

    (void)state;
    for (uint32_t i = 0; i + 1 < N_TRAIN; i++) {
        const uint32_t rows[2] = {i + 1, i};

        ipl_dataset_gather(x, y, ds, IPL_TRAIN, rows, 0, 2);
        for (size_t k = 0; k < PIXELS; k++) {
            assert_true(x[k] == (float)pixel(i + 1, k) / 255.0f);
            assert_true(x[PIXELS + k] == (float)pixel(i, k) / 255.0f);
        }
        assert_int_equal(y[0], (i + 1) % 10);
        assert_int_equal(y[1], ipl_dataset_label(ds, IPL_TRAIN, i));
    }
    ipl_dataset_gather(NULL, y, ds, IPL_TEST, NULL, 13, 2);
    assert_int_equal(y[0], 3);
    assert_int_equal(y[1], 4);
    ipl_dataset_destroy(ds);
}

static void raw_scaling_gives_the_stored_bytes(void **state)
{
    ipl_dataset *ds =
        open_or_fail(&(ipl_data_opts){.text = "mnist", .scaling = IPL_SCALE_RAW});
    float x[PIXELS];

    (void)state;
    ipl_dataset_gather(x, NULL, ds, IPL_TEST, NULL, 7, 1);
    for (size_t k = 0; k < PIXELS; k++)
        assert_true(x[k] == (float)pixel(7, k));
    ipl_dataset_destroy(ds);
}

static void a_standardised_training_part_has_mean_0_and_variance_1(void **state)
{
    for (int scaling = IPL_SCALE_CHANNEL; scaling <= IPL_SCALE_FEATURE; scaling++) {
        const size_t group = scaling == IPL_SCALE_CHANNEL ? PIXELS : 1;
        ipl_dataset *ds = open_or_fail(&(ipl_data_opts){
            .text = "mnist", .scaling = (ipl_scaling)scaling, .n_train = 40});
        float x[40 * PIXELS];

        (void)state;
        ipl_dataset_gather(x, NULL, ds, IPL_TRAIN, NULL, 0, 40);
        for (size_t g = 0; g < PIXELS; g += group) {
            double sum = 0.0, squares = 0.0;
            const double n = 40.0 * (double)group;

            for (size_t i = 0; i < 40; i++)
                for (size_t k = g; k < g + group; k++) {
                    sum += (double)x[i * PIXELS + k];
                    squares += (double)x[i * PIXELS + k] * (double)x[i * PIXELS + k];
                }
            assert_close(sum / n, 0.0, 1e-6);
            assert_close(squares / n, group == 1 && g == 4 ? 0.0 : 1.0, 1e-6);
        }
        ipl_dataset_destroy(ds);
    }
}

/* (x - m) / s of the training part, not of its own. */
static void the_test_part_is_scaled_by_the_training_part(void **state)
{
    ipl_dataset *ds =
        open_or_fail(&(ipl_data_opts){.text = "mnist", .scaling = IPL_SCALE_FEATURE});
    double sum = 0.0, squares = 0.0;
    float x[PIXELS];

    (void)state;
    for (size_t i = 0; i < N_TRAIN; i++) {
        sum += pixel(i, 2) / 255.0 / N_TRAIN;
        squares += pixel(i, 2) / 255.0 * (pixel(i, 2) / 255.0) / N_TRAIN;
    }
    ipl_dataset_gather(x, NULL, ds, IPL_TEST, NULL, 5, 1);
    assert_close((double)x[2], (pixel(5, 2) / 255.0 - sum) / sqrt(squares - sum * sum),
                 1e-5);
    assert_close((double)x[4], 0.0, 0.0);
    ipl_dataset_destroy(ds);
}

static void missing_files_are_named_with_the_way_to_get_them(void **state)
{
    char text[IPL_PATH_MAX + 32];

    assert_int_equal(unlink(scratch_path(state, "mnist/t10k-labels-idx1-ubyte")), 0);
    open_must_fail(
        &(ipl_data_opts){.text = "mnist"}, IPL_E_NOINPUT,
        "mnist has no t10k-labels-idx1-ubyte; run 'scripts/fetch_datasets.sh mnist'");
    (void)snprintf(text, sizeof text, "mnist:path=%s", scratch_path(state, "mnist"));
    open_must_fail(&(ipl_data_opts){.text = text}, IPL_E_NOINPUT,
                   "mnist: no t10k-labels-idx1-ubyte (plain or .gz) there; run");
    (void)snprintf(text, sizeof text, "fashion-mnist:path=%s", *(char **)state);
    open_must_fail(&(ipl_data_opts){.text = text}, IPL_E_NOINPUT,
                   "apt-get install dataset-fashion-mnist");
    open_must_fail(&(ipl_data_opts){.text = "mnist:path=/nonexistent"}, IPL_E_NOINPUT,
                   "/nonexistent: no such folder");
}

static void the_environment_lists_folders_that_come_first(void **state)
{
    char list[256], folder[IPL_PATH_MAX];

    (void)snprintf(list, sizeof list, "/nonexistent:%s", *(char **)state);
    assert_int_equal(setenv("INFOPLANE_DATASETS", list, 1), 0);
    assert_true(ipl_data_folder(folder, 0, "mnist"));
    assert_string_equal(folder, "/nonexistent/mnist");
    assert_true(ipl_data_folder(folder, 1, "mnist"));
    assert_string_equal(folder, scratch_path(state, "mnist"));
    assert_true(ipl_data_folder(folder, 2, "mnist"));
    assert_string_equal(folder, "datasets/mnist");
    ipl_dataset_destroy(open_or_fail(&(ipl_data_opts){.text = "mnist"}));
    assert_int_equal(setenv("INFOPLANE_DATASETS", "", 1), 0);
    assert_true(ipl_data_folder(folder, 0, "mnist"));
    assert_string_equal(folder, "datasets/mnist");
    assert_true(ipl_data_folder(folder, 5, "mnist"));
    assert_string_equal(folder, "/usr/share/datasets/mnist");
    assert_false(ipl_data_folder(folder, 6, "mnist"));
}

static void images_and_labels_that_differ_in_number_do_not_fit(void **state)
{
    write_labels(scratch_path(state, "mnist/t10k-labels-idx1-ubyte"), N_TEST + 1);
    open_must_fail(&(ipl_data_opts){.text = "mnist"}, IPL_E_SHAPE,
                   "t10k-labels-idx1-ubyte: 21 labels for the 20 images of");
}

static void training_and_test_images_must_have_one_size(void **state)
{
    write_images(scratch_path(state, "mnist/t10k-images-idx3-ubyte"), N_TEST, SIDE + 1);
    open_must_fail(&(ipl_data_opts){.text = "mnist"}, IPL_E_SHAPE, "images of 4 x 4");
}

static void a_label_out_of_range_is_named(void **state)
{
    unsigned char bytes[8 + N_TEST] = {0, 0, 8, 1, 0, 0, 0, N_TEST};

    bytes[8 + 13] = 10;
    scratch_write(scratch_path(state, "mnist/t10k-labels-idx1-ubyte"), bytes, sizeof bytes);
    open_must_fail(&(ipl_data_opts){.text = "mnist"}, IPL_E_FORMAT,
                   "t10k-labels-idx1-ubyte: label 13 is 10, want 0 ... 9");
}

/* ---- faults ---- */

static void running_out_of_memory_leaves_nothing_behind(void **state)
{
    const double x[6] = {1, 2, 3, 4, 5, 6};
    const int64_t y[3] = {0, 1, 0};
    char npy[128];
    const char *const texts[] = {"mnist", "szt", "gaussian:n=20", "teacher:n=20,d=3", npy};

    assert_int_equal(
        ipl_npy_write_f64(scratch_path(state, "x.npy"), x, (size_t[]){3, 2}, 2, NULL),
        IPL_OK);
    assert_int_equal(
        ipl_npy_write_i64(scratch_path(state, "y.npy"), y, (size_t[]){3}, 1, NULL), IPL_OK);
    (void)snprintf(npy, sizeof npy, "npy:x=%s,y=%s", scratch_path(state, "x.npy"),
                   scratch_path(state, "y.npy"));
    for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++)
        fail_each_allocation(&(ipl_data_opts){.text = texts[k],
                                              .scaling = IPL_SCALE_FEATURE,
                                              .classes = "0,1",
                                              .n_train = 2,
                                              .random_labels = 0.5});
}

static void a_file_that_is_gone_cannot_be_hashed(void **state)
{
    ipl_dataset *ds = open_or_fail(&(ipl_data_opts){.text = "mnist"});

    assert_int_equal(unlink(scratch_path(state, "mnist/t10k-images-idx3-ubyte")), 0);
    assert_int_equal(ipl_dataset_hash(ds, NULL), IPL_E_NOINPUT);
    ipl_dataset_destroy(ds);
    ipl_dataset_destroy(NULL);
}

/* ---- real data, where it is there ---- */

/* Count of every class and the mean pixel of the training part. */
static void check_real(const ipl_dataset *ds, const size_t *count, double mean, double tol)
{
    const ipl_data_info *info = ipl_dataset_info(ds);
    size_t have[10] = {0};
    double sum = 0.0;

    assert_int_equal(info->n[IPL_TRAIN], 60000);
    assert_int_equal(info->n[IPL_TEST], 10000);
    for (size_t i = 0; i < 60000; i++) {
        float x[784];

        have[ipl_dataset_label(ds, IPL_TRAIN, i)]++;
        ipl_dataset_gather(x, NULL, ds, IPL_TRAIN, NULL, i, 1);
        for (size_t k = 0; k < 784; k++)
            sum += (double)x[k];
    }
    for (size_t k = 0; k < 10; k++)
        assert_int_equal(have[k], count[k]);
    assert_close(sum / (60000.0 * 784.0), mean, tol);
}

static void the_real_mnist_has_its_published_counts(void **state)
{
    static const size_t count[10] = {5923, 6742, 5958, 6131, 5842,
                                     5421, 5918, 6265, 5851, 5949};
    const char *beside = "../shared/datasets/mnist";
    const ipl_data_opts opts = {.text = ipl_file_is_folder(beside)
                                            ? "mnist:path=../shared/datasets/mnist"
                                            : "mnist"};
    ipl_dataset *ds;
    ipl_error err = {0};
    const ipl_status st = ipl_dataset_open(&ds, &opts, &err);

    (void)state;
    if (st == IPL_E_NOINPUT) {
        print_message("SKIPPED: no real MNIST here (%s)\n", err.msg);
        skip();
    }
    assert_int_equal(st, IPL_OK);
    check_real(ds, count, 0.1307, 5e-5);
    ipl_dataset_destroy(ds);
}

static void the_real_fashion_mnist_has_6000_of_each_class(void **state)
{
    static const size_t count[10] = {6000, 6000, 6000, 6000, 6000,
                                     6000, 6000, 6000, 6000, 6000};
    const ipl_data_opts opts = {.text = "fashion-mnist"};
    ipl_dataset *ds;
    ipl_error err = {0};
    const ipl_status st = ipl_dataset_open(&ds, &opts, &err);

    (void)state;
    if (st == IPL_E_NOINPUT) {
        print_message("SKIPPED: no real Fashion-MNIST here (%s)\n", err.msg);
        skip();
    }
    assert_int_equal(st, IPL_OK);
    check_real(ds, count, 0.2860, 5e-5);
    assert_string_equal(ipl_dataset_info(ds)->class_names[9], "ankle boot");
    ipl_dataset_destroy(ds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* First: the others take $INFOPLANE_DATASETS away. */
        cmocka_unit_test(the_real_mnist_has_its_published_counts),
        cmocka_unit_test(the_real_fashion_mnist_has_6000_of_each_class),
        cmocka_unit_test(every_row_has_what_a_source_needs),
        cmocka_unit_test(an_unknown_name_or_option_is_a_format_error),
        WITH_MNIST(an_idx_set_is_found_and_described),
        WITH_MNIST(unit_scaling_divides_by_255),
        WITH_MNIST(raw_scaling_gives_the_stored_bytes),
        WITH_MNIST(a_standardised_training_part_has_mean_0_and_variance_1),
        WITH_MNIST(the_test_part_is_scaled_by_the_training_part),
        WITH_MNIST(missing_files_are_named_with_the_way_to_get_them),
        WITH_MNIST(the_environment_lists_folders_that_come_first),
        WITH_MNIST(images_and_labels_that_differ_in_number_do_not_fit),
        WITH_MNIST(training_and_test_images_must_have_one_size),
        WITH_MNIST(a_label_out_of_range_is_named),
        WITH_MNIST(running_out_of_memory_leaves_nothing_behind),
        WITH_MNIST(a_file_that_is_gone_cannot_be_hashed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
