#include "open_data.h"

#include "ipl/dataset.h"

enum { PIXELS = 3 * 32 * 32, ROW = 1 + PIXELS, N = 3 };

static const char meta[] = "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\n"
                           "truck\n\n";

/* N rows; labels and bytes follow from the number of the batch. */
static void make_rows(uint8_t *rows, unsigned batch)
{
    for (size_t i = 0; i < N; i++) {
        rows[i * ROW] = (uint8_t)((batch + i) % 10);
        for (size_t k = 0; k < PIXELS; k++)
            rows[i * ROW + 1 + k] =
                (uint8_t)(k / 1024 * 80 + k % 7 + 10 * (size_t)batch + i);
    }
}

static void write_batch(void **state, const char *name, unsigned batch)
{
    static uint8_t rows[N * ROW];

    make_rows(rows, batch);
    scratch_write(scratch_path(state, name), rows, sizeof rows);
}

static ipl_status open_folder(ipl_dataset **out, const char *folder, ipl_error *err)
{
    char text[256];
    const ipl_data_opts opts = {.text = text, .scaling = IPL_SCALE_RAW};

    (void)snprintf(text, sizeof text, "cifar10:path=%s", folder);
    return ipl_dataset_open(out, &opts, err);
}

/* Search for the set, first in the folders of a list. */
static ipl_status search_in(ipl_dataset **out, const char *list, ipl_error *err)
{
    const ipl_data_opts opts = {.text = "cifar10"};
    const char *kept = getenv("INFOPLANE_DATASETS");
    char *copy = kept ? strdup(kept) : NULL;
    ipl_status st;

    assert_int_equal(setenv("INFOPLANE_DATASETS", list, 1), 0);
    st = ipl_dataset_open(out, &opts, err);
    (void)(copy ? setenv("INFOPLANE_DATASETS", copy, 1) : unsetenv("INFOPLANE_DATASETS"));
    free(copy);
    return st;
}

/* Open the folder of the test and expect a fault whose message has both words. */
static void expect_fault(void **state, ipl_status want, const char *a, const char *b)
{
    ipl_error err = {0};
    ipl_dataset *ds;

    assert_int_equal(open_folder(&ds, *state, &err), want);
    assert_null(ds);
    assert_non_null(strstr(err.msg, a));
    assert_non_null(strstr(err.msg, b));
    assert_null(strchr(err.msg, '\n'));
}

static void the_batches_that_are_there_are_read_in_their_order(void **state)
{
    const ipl_data_info *info;
    ipl_dataset *ds;

    write_batch(state, "data_batch_4.bin", 4);
    write_batch(state, "data_batch_2.bin", 2);
    write_batch(state, "test_batch.bin", 6);
    assert_int_equal(open_folder(&ds, *state, NULL), IPL_OK);
    info = ipl_dataset_info(ds);
    assert_int_equal(info->n[IPL_TRAIN], 2 * N);
    assert_int_equal(info->n[IPL_TEST], N);
    assert_int_equal(info->n_classes, 10);
    assert_string_equal(info->note, "2 of 5 training batches");
    assert_int_equal(ipl_dataset_label(ds, IPL_TRAIN, 0), 2);
    assert_int_equal(ipl_dataset_label(ds, IPL_TRAIN, N), 4);
    assert_int_equal(ipl_dataset_label(ds, IPL_TEST, N - 1), 8);
    ipl_dataset_destroy(ds);
}

static void a_row_is_a_label_and_three_planes(void **state)
{
    static uint8_t rows[N * ROW];
    static float x[N * PIXELS];
    int32_t y[N];
    ipl_dataset *ds;

    write_batch(state, "data_batch_1.bin", 1);
    write_batch(state, "test_batch.bin", 6);
    make_rows(rows, 6);
    assert_int_equal(open_folder(&ds, *state, NULL), IPL_OK);
    assert_int_equal(ipl_dataset_info(ds)->shape.c, 3);
    assert_int_equal(ipl_dataset_info(ds)->shape.h, 32);
    assert_int_equal(ipl_dataset_info(ds)->shape.w, 32);
    ipl_dataset_gather(x, y, ds, IPL_TEST, NULL, 0, N);
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(y[i], rows[i * ROW]);
        for (size_t k = 0; k < PIXELS; k++)
            assert_int_equal((int)x[i * PIXELS + k], rows[i * ROW + 1 + k]);
    }
    ipl_dataset_destroy(ds);
}

static void all_five_batches_need_no_note(void **state)
{
    ipl_dataset *ds;

    for (unsigned k = 1; k <= 5; k++) {
        char name[32];

        (void)snprintf(name, sizeof name, "data_batch_%u.bin", k);
        write_batch(state, name, k);
    }
    write_batch(state, "test_batch.bin", 6);
    assert_int_equal(open_folder(&ds, *state, NULL), IPL_OK);
    assert_int_equal(ipl_dataset_info(ds)->n[IPL_TRAIN], 5 * N);
    assert_string_equal(ipl_dataset_info(ds)->note, "");
    assert_null(ipl_dataset_info(ds)->class_names);
    ipl_dataset_destroy(ds);
}

static void classes_are_named_by_their_file(void **state)
{
    static const char *const with_returns =
        "a\r\nb\r\nc\r\nd\r\ne\r\nf\r\ng\r\nh\r\ni\r\nj";
    ipl_dataset *ds;

    write_batch(state, "data_batch_1.bin", 1);
    write_batch(state, "test_batch.bin", 6);
    scratch_write(scratch_path(state, "batches.meta.txt"), meta, strlen(meta));
    assert_int_equal(open_folder(&ds, *state, NULL), IPL_OK);
    assert_string_equal(ipl_dataset_info(ds)->class_names[0], "airplane");
    assert_string_equal(ipl_dataset_info(ds)->class_names[9], "truck");
    assert_int_equal(ipl_dataset_info(ds)->n_files, 3);
    ipl_dataset_destroy(ds);
    scratch_write(scratch_path(state, "batches.meta.txt"), with_returns,
                  strlen(with_returns));
    assert_int_equal(open_folder(&ds, *state, NULL), IPL_OK);
    assert_string_equal(ipl_dataset_info(ds)->class_names[0], "a");
    assert_string_equal(ipl_dataset_info(ds)->class_names[9], "j");
    ipl_dataset_destroy(ds);
}

static void another_number_of_names_is_a_format_error(void **state)
{
    write_batch(state, "data_batch_1.bin", 1);
    write_batch(state, "test_batch.bin", 6);
    scratch_write(scratch_path(state, "batches.meta.txt"), meta, strlen(meta) - 7);
    expect_fault(state, IPL_E_FORMAT, "batches.meta.txt", "9 names");
    scratch_write(scratch_path(state, "batches.meta.txt"), "", 0);
    expect_fault(state, IPL_E_FORMAT, "batches.meta.txt", "0 names");
    scratch_write(scratch_path(state, "batches.meta.txt"),
                  "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n", 26);
    expect_fault(state, IPL_E_FORMAT, "batches.meta.txt", "more than 10 names");
}

static void a_missing_batch_is_named(void **state)
{
    expect_fault(state, IPL_E_NOINPUT, "data_batch_1.bin", "test_batch.bin");
    write_batch(state, "data_batch_1.bin", 1);
    expect_fault(state, IPL_E_NOINPUT, "no test_batch.bin", "cifar-10-binary.tar.gz");
    assert_int_equal(unlink(scratch_path(state, "data_batch_1.bin")), 0);
    write_batch(state, "test_batch.bin", 1);
    expect_fault(state, IPL_E_NOINPUT, "no data_batch_1.bin ... data_batch_5.bin;", "");
}

static void a_missing_folder_is_no_input(void **state)
{
    ipl_error err = {0};
    ipl_dataset *ds;

    assert_int_equal(open_folder(&ds, scratch_path(state, "none"), &err), IPL_E_NOINPUT);
    assert_non_null(strstr(err.msg, "none: no such folder"));
}

static void a_part_of_a_row_is_a_format_error(void **state)
{
    static const size_t lengths[] = {0, 1, ROW - 1, ROW + 1, N * ROW - 1};
    static uint8_t rows[N * ROW];

    write_batch(state, "data_batch_1.bin", 1);
    make_rows(rows, 6);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        scratch_write(scratch_path(state, "test_batch.bin"), rows, lengths[i]);
        expect_fault(state, IPL_E_FORMAT, "test_batch.bin", "3073");
    }
}

static void a_label_above_nine_is_a_format_error(void **state)
{
    static uint8_t rows[N * ROW];

    write_batch(state, "test_batch.bin", 6);
    make_rows(rows, 1);
    rows[(size_t)2 * ROW] = 10;
    scratch_write(scratch_path(state, "data_batch_1.bin"), rows, sizeof rows);
    expect_fault(state, IPL_E_FORMAT, "data_batch_1.bin", "label 10 at row 2");
}

static void both_names_of_the_folder_are_searched(void **state)
{
    static const char *const names[] = {"cifar10", "cifar-10-batches-bin"};

    for (size_t i = 0; i < 2; i++) {
        const char *root = scratch_path(state, i == 0 ? "a" : "b");
        char folder[256], file[320];
        ipl_dataset *ds;

        (void)snprintf(folder, sizeof folder, "%s/%s", root, names[i]);
        assert_int_equal(ipl_folder_create(folder, NULL), IPL_OK);
        (void)snprintf(file, sizeof file, "%c/%s/data_batch_5.bin", i == 0 ? 'a' : 'b',
                       names[i]);
        write_batch(state, file, 5);
        (void)snprintf(file, sizeof file, "%c/%s/test_batch.bin", i == 0 ? 'a' : 'b',
                       names[i]);
        write_batch(state, file, 6);
        assert_int_equal(search_in(&ds, root, NULL), IPL_OK);
        assert_non_null(strstr(ipl_dataset_info(ds)->files[0].path, names[i]));
        ipl_dataset_destroy(ds);
    }
}

static void a_path_too_long_for_its_batches_has_none(void **state)
{
    static char text[IPL_PATH_MAX + 32];
    const ipl_data_opts opts = {.text = text};
    ipl_error err = {0};
    ipl_dataset *ds;

    write_batch(state, "data_batch_1.bin", 1);
    write_batch(state, "test_batch.bin", 6);
    (void)snprintf(text, sizeof text, "cifar10:path=%s",
                   scratch_long(state, IPL_PATH_MAX - 14)); /* 13 characters more */
    assert_int_equal(ipl_dataset_open(&ds, &opts, &err), IPL_E_NOINPUT);
    assert_null(ds);
    assert_non_null(
        strstr(err.msg, "no data_batch_1.bin ... data_batch_5.bin and no test"));
}

/* The search is over where the set is whole; else the first folder that has a part is named. */
static void a_search_names_what_the_first_folder_with_a_part_lacks(void **state)
{
    static const char *const folders[] = {"a", "a/cifar10", "b", "b/cifar10",
                                          "b/cifar-10-batches-bin"};
    char list[512], cwd[IPL_PATH_MAX];
    ipl_error err = {0};
    ipl_dataset *ds;

    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        assert_int_equal(ipl_folder_create(scratch_path(state, folders[i]), NULL), IPL_OK);
    (void)snprintf(list, sizeof list, "::%s/a:%s/b", (const char *)*state,
                   (const char *)*state);
    if (search_in(&ds, "/nonexistent", &err) == IPL_OK) {
        ipl_dataset_destroy(ds);
        print_message("SKIPPED: CIFAR-10 is in a folder that every search looks at\n");
        skip();
    }
    assert_non_null(strstr(err.msg, "cifar10: no folder cifar10 or cifar-10-batches-bin"));
    /* A folder of the list without a name is none, not the one we are in. */
    assert_non_null(getcwd(cwd, sizeof cwd));
    write_batch(state, "a/data_batch_1.bin", 1);
    write_batch(state, "a/test_batch.bin", 6);
    assert_int_equal(chdir(scratch_path(state, "a")), 0);
    assert_int_equal(search_in(&ds, ":/nonexistent:", &err), IPL_E_NOINPUT);
    assert_int_equal(chdir(cwd), 0);
    write_batch(state, "a/cifar10/test_batch.bin", 6);
    write_batch(state, "b/cifar10/data_batch_2.bin", 2);
    assert_int_equal(search_in(&ds, list, &err), IPL_E_NOINPUT);
    assert_non_null(
        strstr(err.msg, "/a/cifar10: no data_batch_1.bin ... data_batch_5.bin;"));
    assert_int_equal(unlink(scratch_path(state, "a/cifar10/test_batch.bin")), 0);
    assert_int_equal(search_in(&ds, list, &err), IPL_E_NOINPUT);
    assert_non_null(strstr(err.msg, "/b/cifar10: no test_batch.bin;"));
    write_batch(state, "b/cifar-10-batches-bin/data_batch_1.bin", 1);
    write_batch(state, "b/cifar-10-batches-bin/test_batch.bin", 6);
    assert_int_equal(search_in(&ds, list, &err), IPL_OK);
    assert_non_null(strstr(ipl_dataset_info(ds)->files[0].path, "b/cifar-10-batches-bin"));
    ipl_dataset_destroy(ds);
}

static void black_is_a_sample_of_zeros_after_scaling(void **state)
{
    static float black[PIXELS], x[PIXELS];
    static uint8_t rows[2 * ROW]; /* the first all zero */
    char text[256];
    const ipl_scaling kinds[] = {IPL_SCALE_UNIT, IPL_SCALE_RAW, IPL_SCALE_CHANNEL,
                                 IPL_SCALE_FEATURE};

    (void)snprintf(text, sizeof text, "cifar10:path=%s", (const char *)*state);
    for (unsigned k = 0; k < ROW; k++)
        rows[ROW + k] = (uint8_t)(k % 9);
    scratch_write(scratch_path(state, "data_batch_1.bin"), rows, sizeof rows);
    scratch_write(scratch_path(state, "test_batch.bin"), rows, sizeof rows);
    for (size_t i = 0; i < 4; i++) {
        const ipl_data_opts opts = {.text = text, .scaling = kinds[i]};
        ipl_dataset *ds;

        assert_int_equal(ipl_dataset_open(&ds, &opts, NULL), IPL_OK);
        ipl_dataset_gather(x, NULL, ds, IPL_TRAIN, NULL, 0, 1);
        ipl_dataset_black(black, ds);
        for (unsigned k = 0; k < PIXELS; k++)
            assert_true(black[k] == x[k]);
        ipl_dataset_destroy(ds);
    }
}

static void a_sample_to_look_at_is_the_same_for_every_scaling(void **state)
{
    static float x[PIXELS];
    static uint8_t rows[N * ROW];
    char text[256];

    (void)snprintf(text, sizeof text, "cifar10:path=%s", (const char *)*state);
    write_batch(state, "data_batch_1.bin", 1);
    write_batch(state, "test_batch.bin", 6);
    make_rows(rows, 1);
    for (int scaling = IPL_SCALE_UNIT; scaling <= IPL_SCALE_FEATURE; scaling++) {
        const ipl_data_opts opts = {.text = text, .scaling = (ipl_scaling)scaling};
        ipl_dataset *ds;

        assert_int_equal(ipl_dataset_open(&ds, &opts, NULL), IPL_OK);
        ipl_dataset_unscaled(x, ds, IPL_TRAIN, 2);
        for (unsigned k = 0; k < PIXELS; k++)
            assert_true(x[k] == (float)rows[(size_t)2 * ROW + 1 + k] / 255.0f);
        ipl_dataset_destroy(ds);
    }
}

static void every_failed_allocation_is_reported_and_nothing_leaks(void **state)
{
    char text[256];

    write_batch(state, "data_batch_1.bin", 1);
    write_batch(state, "data_batch_2.bin", 2);
    write_batch(state, "test_batch.bin", 6);
    scratch_write(scratch_path(state, "batches.meta.txt"), meta, strlen(meta));
    (void)snprintf(text, sizeof text, "cifar10:path=%s", (const char *)*state);
    fail_each_allocation(&(ipl_data_opts){.text = text, .scaling = IPL_SCALE_RAW});
}

static void the_batches_of_the_shared_folder_have_a_thousand_tests_a_class(void **state)
{
    static const char *const folder = "../shared/datasets/cifar-10-batches-bin";
    const ipl_data_opts search = {.text = "cifar10"},
                        there = {.text = "cifar10:path=../shared/datasets/"
                                         "cifar-10-batches-bin"};
    size_t count[10] = {0};
    ipl_dataset *ds;

    (void)state;
    if (ipl_dataset_open(&ds, ipl_file_is_folder(folder) ? &there : &search, NULL) !=
        IPL_OK) {
        print_message("SKIPPED: no CIFAR-10 in %s or $INFOPLANE_DATASETS\n", folder);
        skip();
    }
    assert_int_equal(ipl_dataset_info(ds)->n[IPL_TEST], 10000);
    assert_int_equal(ipl_dataset_info(ds)->n[IPL_TRAIN] % 10000, 0);
    for (size_t i = 0; i < 10000; i++)
        count[ipl_dataset_label(ds, IPL_TEST, i)]++;
    for (size_t k = 0; k < 10; k++)
        assert_int_equal(count[k], 1000);
    ipl_dataset_destroy(ds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(the_batches_that_are_there_are_read_in_their_order),
        IN_SCRATCH(a_row_is_a_label_and_three_planes),
        IN_SCRATCH(all_five_batches_need_no_note),
        IN_SCRATCH(classes_are_named_by_their_file),
        IN_SCRATCH(another_number_of_names_is_a_format_error),
        IN_SCRATCH(a_missing_batch_is_named),
        IN_SCRATCH(a_missing_folder_is_no_input),
        IN_SCRATCH(a_part_of_a_row_is_a_format_error),
        IN_SCRATCH(a_label_above_nine_is_a_format_error),
        IN_SCRATCH(both_names_of_the_folder_are_searched),
        IN_SCRATCH(black_is_a_sample_of_zeros_after_scaling),
        IN_SCRATCH(a_sample_to_look_at_is_the_same_for_every_scaling),
        IN_SCRATCH(every_failed_allocation_is_reported_and_nothing_leaks),
        cmocka_unit_test(the_batches_of_the_shared_folder_have_a_thousand_tests_a_class),
        IN_SCRATCH(a_path_too_long_for_its_batches_has_none),
        IN_SCRATCH(a_search_names_what_the_first_folder_with_a_part_lacks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
