#include "scratch.h"

#include "base/alloc.h"
#include "data/data_opts.h"
#include "data/locate.h"
#include "data/source.h"
#include "math/npy.h"

#include <sys/stat.h>

enum { SIDE = 3, PIXELS = SIDE * SIDE, N_TRAIN = 60, N_TEST = 20 };

/* ---- a small MNIST of our own ---- */

/* Pixel k of image i: every value occurs, feature 4 is constant. */
static unsigned char pixel(size_t i, size_t k)
{
    return k == 4 ? 77 : (unsigned char)(31 * i + 57 * k);
}

static void write_images(const char *path, size_t n, size_t side)
{
    unsigned char bytes[16 + 4096] = {0, 0, 8, 3};

    bytes[7] = (unsigned char)n;
    bytes[11] = bytes[15] = (unsigned char)side;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < side * side; k++)
            bytes[16 + i * side * side + k] = pixel(i, k);
    scratch_write(path, bytes, 16 + n * side * side);
}

/* Labels 0, 1, ..., 9, 0, ... */
static void write_labels(const char *path, size_t n)
{
    unsigned char bytes[8 + 255] = {0, 0, 8, 1};

    bytes[7] = (unsigned char)n;
    for (size_t i = 0; i < n; i++)
        bytes[8 + i] = (unsigned char)(i % 10);
    scratch_write(path, bytes, 8 + n);
}

/* Folder <scratch>/mnist with the four files. */
static int setup(void **state)
{
    if (scratch_setup(state) != 0 || setenv("INFOPLANE_DATASETS", *state, 1) != 0 ||
        mkdir(scratch_path(state, "mnist"), 0777) != 0)
        return -1;
    write_images(scratch_path(state, "mnist/train-images-idx3-ubyte"), N_TRAIN, SIDE);
    write_labels(scratch_path(state, "mnist/train-labels-idx1-ubyte"), N_TRAIN);
    write_images(scratch_path(state, "mnist/t10k-images-idx3-ubyte"), N_TEST, SIDE);
    write_labels(scratch_path(state, "mnist/t10k-labels-idx1-ubyte"), N_TEST);
    return 0;
}

static int teardown(void **state)
{
    return unsetenv("INFOPLANE_DATASETS") | scratch_teardown(state);
}

static ipl_dataset *open_or_fail(const ipl_data_opts *opts)
{
    ipl_dataset *ds;
    ipl_error err = {0};

    if (ipl_dataset_open(&ds, opts, &err) != IPL_OK)
        fail_msg("%s: %s", opts->text, err.msg);
    return ds;
}

/* Open must fail with this status and a message that has this text. */
static void open_must_fail(const ipl_data_opts *opts, ipl_status status, const char *part)
{
    ipl_dataset *ds;
    ipl_error err = {0};
    const ipl_status st = ipl_dataset_open(&ds, opts, &err);

    if (st != status || !strstr(err.msg, part))
        fail_msg("%s: %s: %s; want %s: %s", opts->text, ipl_status_name(st), err.msg,
                 ipl_status_name(status), part);
    assert_null(ds);
}

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

/* ---- options ---- */

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
    for (const ipl_opt *row = rows; row->name; row++)
        assert_string_equal(row->group, "data");
}

/* ---- gaussian ---- */

static void gaussian_pairs_have_the_correlation_and_labels_they_say(void **state)
{
    enum { N = 20000, D = 3, BOTH = 2 * D };
    ipl_dataset *ds = open_or_fail(&(ipl_data_opts){
        .text = "gaussian:n=20000,d=3,rho=-0.6", .train_share = 1.0, .seed = 4});
    double mean[BOTH] = {0}, product[BOTH][BOTH] = {{0}};

    (void)state;
    for (size_t i = 0; i < N; i++) {
        float u[BOTH];
        int32_t y;

        ipl_dataset_gather(u, &y, ds, IPL_TRAIN, NULL, i, 1);
        assert_int_equal(y, (double)u[0] + (double)u[1] + (double)u[2] > 0.0);
        for (size_t a = 0; a < BOTH; a++) {
            mean[a] += (double)u[a] / N;
            for (size_t b = 0; b < BOTH; b++)
                product[a][b] += (double)u[a] * (double)u[b] / N;
        }
    }
    for (size_t a = 0; a < BOTH; a++) {
        assert_close(mean[a], 0.0, 0.03);
        for (size_t b = 0; b < BOTH; b++)
            assert_close(product[a][b], a == b ? 1.0 : a % D == b % D ? -0.6 : 0.0, 0.04);
    }
    ipl_dataset_destroy(ds);
}

/* The number behind "<name> = " in a note; NaN when it is not there. */
static double noted(const char *note, const char *name)
{
    char key[32];
    const char *at;

    (void)snprintf(key, sizeof key, "%s = ", name);
    at = strstr(note, key);
    return at ? strtod(at + strlen(key), NULL) : (double)NAN;
}

/* I(t;y) lies between that of the sign of t's sum, known by an angle, and I(x;t). */
static void the_gaussian_note_has_the_known_information(void **state)
{
    ipl_dataset *ds =
        open_or_fail(&(ipl_data_opts){.text = "gaussian:n=10,d=2,rho=0.5", .seed = 4});
    const char *note = ipl_dataset_info(ds)->note;
    const double pi = acos(-1.0), agree = 0.5 + asin(0.5) / pi;
    const double signs = log(2.0) + agree * log(agree) + (1 - agree) * log(1 - agree);
    const double H = log(2.0 * pi * exp(1.0)), I = -log(0.75);

    (void)state;
    assert_close(noted(note, "H(x) = H(t)"), H, 1e-5);
    assert_close(noted(note, "I(x;t)"), I, 1e-5);
    assert_close(noted(note, "H(x,t)"), 2.0 * H - I, 2e-5);
    assert_close(noted(note, "I(x;y)"), log(2.0), 1e-5);
    assert_true(noted(note, "I(t;y)") > signs && noted(note, "I(t;y)") < I);
    ipl_dataset_destroy(ds);
}

static void more_gaussian_samples_leave_the_first_ones_alone(void **state)
{
    ipl_dataset *few = open_or_fail(
        &(ipl_data_opts){.text = "gaussian:n=10", .train_share = 1.0, .seed = 9});
    ipl_dataset *many = open_or_fail(
        &(ipl_data_opts){.text = "gaussian:n=30", .train_share = 1.0, .seed = 9});

    (void)state;
    for (size_t i = 0; i < 10; i++) {
        float a[10], b[10];

        ipl_dataset_gather(a, NULL, few, IPL_TRAIN, NULL, i, 1);
        ipl_dataset_gather(b, NULL, many, IPL_TRAIN, NULL, i, 1);
        assert_memory_equal(a, b, sizeof a);
    }
    ipl_dataset_destroy(many);
    ipl_dataset_destroy(few);
}

/* ---- teacher ---- */

/* With noise of the signal's variance, Phi(g) is uniform and the integral is 1/2. */
static void the_teachers_note_has_the_known_information(void **state)
{
    ipl_dataset *ds = open_or_fail(
        &(ipl_data_opts){.text = "teacher:n=10,d=8,relevant=3,snr=1", .seed = 4});
    const char *note = ipl_dataset_info(ds)->note;

    (void)state;
    assert_close(noted(note, "H(y)"), log(2.0), 1e-5);
    assert_close(noted(note, "I(x;y)"), log(2.0) - 0.5, 1e-5);
    assert_non_null(strstr(note, "the first 3 of 8"));
    ipl_dataset_destroy(ds);
}

/*
 * E[x_k s] for s = +-1 is w_k sqrt(2/pi) / sqrt(1 + 1/snr): the teacher can be read off, it has
 * length 1, and inputs it does not see are uncorrelated.
 */
static void a_teacher_looks_at_its_relevant_inputs_alone(void **state)
{
    enum { N = 40000, D = 6, RELEVANT = 4 };
    ipl_dataset *ds = open_or_fail(&(ipl_data_opts){
        .text = "teacher:n=40000,d=6,relevant=4,snr=4", .train_share = 1.0, .seed = 4});
    const double scale = sqrt(2.0 / acos(-1.0)) / sqrt(1.25);
    double w[D] = {0}, length = 0.0, squares = 0.0;

    (void)state;
    for (size_t i = 0; i < N; i++) {
        float x[D];
        int32_t y;

        ipl_dataset_gather(x, &y, ds, IPL_TRAIN, NULL, i, 1);
        for (size_t k = 0; k < D; k++) {
            w[k] += (y > 0 ? 1.0 : -1.0) * (double)x[k] / N / scale;
            squares += (double)(x[k] * x[k]) / (N * D);
        }
    }
    for (size_t k = 0; k < RELEVANT; k++)
        length += w[k] * w[k];
    assert_close(length, 1.0, 0.03);
    assert_close(squares, 1.0, 0.02);
    for (size_t k = RELEVANT; k < D; k++)
        assert_close(w[k], 0.0, 0.02);
    ipl_dataset_destroy(ds);
}

static void more_lessons_leave_the_first_ones_alone(void **state)
{
    ipl_dataset *few = open_or_fail(
        &(ipl_data_opts){.text = "teacher:n=10,d=5", .train_share = 1.0, .seed = 9});
    ipl_dataset *many = open_or_fail(
        &(ipl_data_opts){.text = "teacher:n=30,d=5", .train_share = 1.0, .seed = 9});

    (void)state;
    for (size_t i = 0; i < 10; i++) {
        float a[5], b[5];
        int32_t y, z;

        ipl_dataset_gather(a, &y, few, IPL_TRAIN, NULL, i, 1);
        ipl_dataset_gather(b, &z, many, IPL_TRAIN, NULL, i, 1);
        assert_memory_equal(a, b, sizeof a);
        assert_int_equal(y, z);
    }
    ipl_dataset_destroy(many);
    ipl_dataset_destroy(few);
}

/* ---- npy ---- */

/* "npy:x=<scratch>/x.npy" and more, where "=./" stands for the scratch folder. */
static const char *npy_text(void **state, const char *more)
{
    static char text[512];

    (void)snprintf(text, sizeof text, "npy:x=%s/x.npy%s", *(char **)state, more);
    for (char *c = strstr(text, "=./"); c; c = strstr(text, "=./")) {
        char tail[256];

        (void)snprintf(tail, sizeof tail, "%s", c + 3);
        (void)snprintf(c + 1, sizeof text - (size_t)(c + 1 - text), "%s/%s",
                       *(char **)state, tail);
    }
    return text;
}

static void write_f64(void **state, const char *name, const double *data, size_t n,
                      size_t d)
{
    assert_int_equal(
        ipl_npy_write_f64(scratch_path(state, name), data, (size_t[]){n, d}, 2, NULL),
        IPL_OK);
}

static void write_i64(void **state, const char *name, const int64_t *data, size_t n)
{
    assert_int_equal(ipl_npy_write_i64(scratch_path(state, name), data, &n, 1, NULL),
                     IPL_OK);
}

static void numpy_arrays_with_and_without_labels_and_test_part(void **state)
{
    const double x[6] = {0.5, 300.0, -1.0, 4.0, 1e-3, 7.0};
    const int64_t y[3] = {2, 0, 4}, y_test[1] = {5};
    float row[2];
    int32_t label;
    ipl_dataset *ds;

    write_f64(state, "x.npy", x, 3, 2);
    write_f64(state, "xt.npy", x, 1, 2);
    write_i64(state, "y.npy", y, 3);
    write_i64(state, "yt.npy", y_test, 1);
    ds = open_or_fail(&(ipl_data_opts){
        .text = npy_text(state, ",y=./y.npy,xtest=./xt.npy,ytest=./yt.npy")});
    assert_int_equal(ipl_dataset_info(ds)->n[IPL_TRAIN], 3);
    assert_int_equal(ipl_dataset_info(ds)->n[IPL_TEST], 1);
    assert_int_equal(ipl_dataset_info(ds)->n_classes, 6);
    assert_int_equal(ipl_dataset_info(ds)->n_files, 4);
    assert_int_equal(ipl_dataset_info(ds)->shape.c, 2);
    ipl_dataset_gather(row, &label, ds, IPL_TRAIN, NULL, 0, 1);
    assert_true(row[0] == 0.5f && row[1] == 300.0f); /* numbers stay as they are */
    assert_int_equal(label, 2);
    ipl_dataset_gather(NULL, &label, ds, IPL_TEST, NULL, 0, 1);
    assert_int_equal(label, 5);
    ipl_dataset_destroy(ds);

    ds = open_or_fail(&(ipl_data_opts){.text = npy_text(state, "")});
    assert_int_equal(ipl_dataset_info(ds)->n[IPL_TRAIN], 2);
    assert_int_equal(ipl_dataset_info(ds)->n[IPL_TEST], 1);
    assert_int_equal(ipl_dataset_info(ds)->n_classes, 0);
    assert_int_equal(ipl_dataset_label(ds, IPL_TEST, 0), 0);
    ipl_dataset_destroy(ds);
    open_must_fail(&(ipl_data_opts){.text = npy_text(state, ""), .classes = "0"}, IPL_E_ARG,
                   "npy has no labels");
    open_must_fail(&(ipl_data_opts){.text = npy_text(state, ""), .random_labels = 0.5},
                   IPL_E_ARG, "npy has no labels");
}

static void shapes_of_arrays_become_shapes_of_samples(void **state)
{
    static const float data[120] = {0};
    static const struct {
        size_t n_dims, dims[4];
        ipl_shape shape;
    } cases[] = {{1, {120}, {1, 1, 1}},
                 {2, {12, 10}, {10, 1, 1}},
                 {3, {10, 3, 4}, {1, 3, 4}},
                 {4, {2, 3, 4, 5}, {3, 4, 5}}};

    for (size_t i = 0; i < 4; i++) {
        ipl_dataset *ds;
        ipl_shape shape;

        assert_int_equal(ipl_npy_write_f32(scratch_path(state, "x.npy"), data,
                                           cases[i].dims, cases[i].n_dims, NULL),
                         IPL_OK);
        ds =
            open_or_fail(&(ipl_data_opts){.text = npy_text(state, ""), .train_share = 1.0});
        shape = ipl_dataset_info(ds)->shape;
        assert_int_equal(shape.c, cases[i].shape.c);
        assert_int_equal(shape.h, cases[i].shape.h);
        assert_int_equal(shape.w, cases[i].shape.w);
        assert_int_equal(ipl_dataset_info(ds)->n[IPL_TRAIN], cases[i].dims[0]);
        ipl_dataset_destroy(ds);
    }
    assert_int_equal(ipl_npy_write_f32(scratch_path(state, "x.npy"), data,
                                       (size_t[]){5, 4, 3, 2, 1}, 5, NULL),
                     IPL_OK);
    open_must_fail(&(ipl_data_opts){.text = npy_text(state, "")}, IPL_E_SHAPE,
                   "5 dimensions, want n x d");
}

static void eight_bit_images_are_pixels_and_eight_bit_vectors_are_not(void **state)
{
    static const char image[] = "\x93NUMPY\x01\x00\x38\x00"
                                "{'descr':'|u1','fortran_order':False,'shape':(2,1,2)}  \n"
                                "\x00\xff\x33\x01";
    static const char vector[] = "\x93NUMPY\x01\x00\x38\x00"
                                 "{'descr':'|u1','fortran_order':False,'shape':(2,2)}    \n"
                                 "\x00\xff\x33\x01";
    ipl_data_opts opts = {.text = npy_text(state, ""), .train_share = 1.0};
    float x[4];
    ipl_dataset *ds;

    scratch_write(scratch_path(state, "x.npy"), image, sizeof image - 1);
    ds = open_or_fail(&opts);
    assert_true(ipl_dataset_info(ds)->pixels);
    ipl_dataset_gather(x, NULL, ds, IPL_TRAIN, NULL, 0, 2);
    assert_true(x[0] == 0.0f && x[1] == 1.0f && x[2] == 0.2f && x[3] == 1.0f / 255.0f);
    ipl_dataset_destroy(ds);
    scratch_write(scratch_path(state, "x.npy"), vector, sizeof vector - 1);
    ds = open_or_fail(&opts);
    assert_false(ipl_dataset_info(ds)->pixels);
    ipl_dataset_gather(x, NULL, ds, IPL_TRAIN, NULL, 0, 2);
    assert_true(x[0] == 0.0f && x[1] == 255.0f && x[2] == 51.0f && x[3] == 1.0f);
    ipl_dataset_destroy(ds);
}

static void numpy_arrays_that_do_not_fit_are_refused(void **state)
{
    double x[6] = {1, 2, 3, 4, 5, 6};
    const int64_t y[4] = {0, 1, 2, 3}, negative[3] = {0, -1, 1}, huge[3] = {0, 1, 70000};
    const double half[3] = {0.0, 0.5, 1.0};

    write_f64(state, "x.npy", x, 3, 2);
    write_f64(state, "xt.npy", x, 2, 3);
    write_i64(state, "y4.npy", y, 4);
    write_i64(state, "y3.npy", y, 3);
    write_i64(state, "negative.npy", negative, 3);
    write_i64(state, "huge.npy", huge, 3);
    write_f64(state, "half.npy", half, 3, 1);
    write_f64(state, "wide.npy", x, 3, 2);
    open_must_fail(&(ipl_data_opts){.text = "npy"}, IPL_E_FORMAT, "want x=FILE");
    open_must_fail(&(ipl_data_opts){.text = "npy:x=/nonexistent/x.npy"}, IPL_E_NOINPUT,
                   "/nonexistent/x.npy: No such file");
    open_must_fail(&(ipl_data_opts){.text = npy_text(state, ",y=./y4.npy")}, IPL_E_SHAPE,
                   "y4.npy: 4 labels for the 3 samples of");
    open_must_fail(&(ipl_data_opts){.text = npy_text(state, ",y=./negative.npy")},
                   IPL_E_FORMAT, "label -1 at row 1");
    open_must_fail(&(ipl_data_opts){.text = npy_text(state, ",y=./huge.npy")}, IPL_E_FORMAT,
                   "label 70000 at row 2");
    open_must_fail(&(ipl_data_opts){.text = npy_text(state, ",y=./half.npy")}, IPL_E_FORMAT,
                   "half.npy: row 1 is 0.5");
    open_must_fail(&(ipl_data_opts){.text = npy_text(state, ",y=./wide.npy")}, IPL_E_FORMAT,
                   "2 columns");
    open_must_fail(&(ipl_data_opts){.text = npy_text(state, ",xtest=./xt.npy")},
                   IPL_E_SHAPE, "xt.npy: samples of 3 x 1 x 1");
    open_must_fail(&(ipl_data_opts){.text = npy_text(state, ",y=./y3.npy,xtest=./x.npy")},
                   IPL_E_FORMAT, "ytest is missing");
    open_must_fail(&(ipl_data_opts){.text = npy_text(state, ",ytest=./y3.npy")},
                   IPL_E_FORMAT, "ytest wants xtest");
    x[3] = 1e300;
    write_f64(state, "x.npy", x, 3, 2);
    open_must_fail(&(ipl_data_opts){.text = npy_text(state, "")}, IPL_E_FORMAT,
                   "1e+300 at row 1, column 1 does not fit in a float");
    x[3] = (double)NAN;
    write_f64(state, "x.npy", x, 3, 2);
    open_must_fail(&(ipl_data_opts){.text = npy_text(state, "")}, IPL_E_FORMAT,
                   "x.npy: NaN at row 1, column 1");
}

static void a_feature_constant_in_training_is_0_in_the_test_part_too(void **state)
{
    const double x[6] = {7.0, 1.0, 7.0, 2.0, 7.0, 3.0}, x_test[2] = {9.0, 2.0};
    ipl_dataset *ds;
    float row[2];

    write_f64(state, "x.npy", x, 3, 2);
    write_f64(state, "xt.npy", x_test, 1, 2);
    ds = open_or_fail(&(ipl_data_opts){.text = npy_text(state, ",xtest=./xt.npy"),
                                       .scaling = IPL_SCALE_FEATURE});
    ipl_dataset_gather(row, NULL, ds, IPL_TEST, NULL, 0, 1);
    assert_true(row[0] == 0.0f && row[1] == 0.0f);
    ipl_dataset_gather(row, NULL, ds, IPL_TRAIN, NULL, 2, 1);
    assert_close((double)row[1], sqrt(1.5), 1e-6); /* divisor n: s.d. of 1, 2, 3 */
    ipl_dataset_destroy(ds);
}

/* ---- faults ---- */

static void running_out_of_memory_leaves_nothing_behind(void **state)
{
    const double x[6] = {1, 2, 3, 4, 5, 6};
    const int64_t y[3] = {0, 1, 0};
    const int before = next_descriptor();
    const char *texts[] = {"mnist", "szt", "gaussian:n=20", "teacher:n=20,d=3", NULL};

    write_f64(state, "x.npy", x, 3, 2);
    write_i64(state, "y.npy", y, 3);
    texts[3] = npy_text(state, ",y=./y.npy");
    for (size_t k = 0; k < 4; k++) {
        const ipl_data_opts opts = {.text = texts[k],
                                    .scaling = IPL_SCALE_FEATURE,
                                    .classes = "0,1",
                                    .n_train = 2,
                                    .random_labels = 0.5};
        ipl_status st = IPL_E_NOMEM;
        ipl_dataset *ds = NULL;
        long n;

        for (n = 0; st == IPL_E_NOMEM; n++) {
            assert_null(ds);
            ipl_alloc_fail_after(n);
            st = ipl_dataset_open(&ds, &opts, NULL);
        }
        ipl_alloc_fail_after(-1);
        assert_int_equal(st, IPL_OK);
        assert_true(n > 10);
        ipl_dataset_destroy(ds);
    }
    assert_int_equal(next_descriptor(), before);
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

/* clang-format off */
#define WITH_FILES(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_real_mnist_has_its_published_counts),
        cmocka_unit_test(the_real_fashion_mnist_has_6000_of_each_class),
        cmocka_unit_test(every_row_has_what_a_source_needs),
        cmocka_unit_test(an_unknown_name_or_option_is_a_format_error),
        WITH_FILES(an_idx_set_is_found_and_described),
        WITH_FILES(unit_scaling_divides_by_255),
        WITH_FILES(raw_scaling_gives_the_stored_bytes),
        WITH_FILES(a_standardised_training_part_has_mean_0_and_variance_1),
        WITH_FILES(the_test_part_is_scaled_by_the_training_part),
        WITH_FILES(missing_files_are_named_with_the_way_to_get_them),
        WITH_FILES(the_environment_lists_folders_that_come_first),
        WITH_FILES(images_and_labels_that_differ_in_number_do_not_fit),
        WITH_FILES(training_and_test_images_must_have_one_size),
        WITH_FILES(a_label_out_of_range_is_named),
        WITH_FILES(classes_are_kept_and_numbered_anew_in_the_order_given),
        WITH_FILES(a_bad_list_of_classes_is_an_argument_error),
        WITH_FILES(a_subset_keeps_the_order_and_follows_the_seed),
        WITH_FILES(more_samples_than_there_are_is_a_shape_error),
        cmocka_unit_test(options_out_of_range_are_argument_errors),
        cmocka_unit_test(a_split_shares_out_every_sample_once),
        cmocka_unit_test(random_labels_change_their_share_of_the_training_part_alone),
        cmocka_unit_test(the_shared_option_rows_reach_the_data),
        cmocka_unit_test(gaussian_pairs_have_the_correlation_and_labels_they_say),
        cmocka_unit_test(the_gaussian_note_has_the_known_information),
        cmocka_unit_test(more_gaussian_samples_leave_the_first_ones_alone),
        cmocka_unit_test(the_teachers_note_has_the_known_information),
        cmocka_unit_test(a_teacher_looks_at_its_relevant_inputs_alone),
        cmocka_unit_test(more_lessons_leave_the_first_ones_alone),
        WITH_FILES(numpy_arrays_with_and_without_labels_and_test_part),
        WITH_FILES(shapes_of_arrays_become_shapes_of_samples),
        WITH_FILES(eight_bit_images_are_pixels_and_eight_bit_vectors_are_not),
        WITH_FILES(a_feature_constant_in_training_is_0_in_the_test_part_too),
        WITH_FILES(numpy_arrays_that_do_not_fit_are_refused),
        WITH_FILES(running_out_of_memory_leaves_nothing_behind),
        WITH_FILES(a_file_that_is_gone_cannot_be_hashed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
