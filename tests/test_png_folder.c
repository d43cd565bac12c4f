#include "open_data.h"

#include "data/png.h"
#include "ipl/dataset.h"

#include <sys/stat.h>

enum { H = 3, W = 5, SIZE = H * W };

/* A grey or RGB picture at a path below the folder, whose bytes are value, value + 1, ... */
static void write_picture(void **state, const char *name, size_t channels, unsigned value)
{
    uint8_t pixels[SIZE * 3];
    char folder[IPL_PATH_MAX];
    char *slash;

    (void)snprintf(folder, sizeof folder, "%s", scratch_path(state, name));
    slash = strrchr(folder, '/');
    assert_non_null(slash);
    *slash = '\0';
    assert_int_equal(ipl_folder_create(folder, NULL), IPL_OK);
    for (unsigned i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(value + i);
    assert_int_equal(ipl_png_write(scratch_path(state, name), pixels, H, W, channels, NULL),
                     IPL_OK);
}

static ipl_status open_folder(ipl_dataset **out, const char *folder, ipl_error *err)
{
    char text[256];
    const ipl_data_opts opts = {.text = text, .scaling = IPL_SCALE_RAW, .train_share = 0.5};

    (void)snprintf(text, sizeof text, "png:path=%s", folder);
    return ipl_dataset_open(out, &opts, err);
}

static void expect_fault(void **state, ipl_status want, const char *a, const char *b)
{
    const int before = next_descriptor();
    ipl_error err = {0};
    ipl_dataset *ds;

    assert_int_equal(open_folder(&ds, *state, &err), want);
    assert_null(ds);
    if (!strstr(err.msg, a) || !strstr(err.msg, b))
        fail_msg("'%s' lacks '%s' or '%s'", err.msg, a, b);
    assert_null(strchr(err.msg, '\n'));
    assert_int_equal(next_descriptor(), before);
}

static void classes_are_sorted_by_number_and_files_by_name(void **state)
{
    static const char *const files[] = {"train/dog/10.png", "train/dog/2.png",
                                        "train/cat/b.PNG",  "train/cat/a.png",
                                        "test/dog/z.png",   "test/cat/z.png"};
    /* cat: a b, dog: 10 2, as strcmp has it */
    static const unsigned value[] = {40, 30, 20, 10, 60, 50};
    float x[4 * SIZE];
    int32_t y[4];
    ipl_dataset *ds;

    for (size_t i = 0; i < 6; i++)
        write_picture(state, files[i], 1, value[i]);
    assert_int_equal(open_folder(&ds, *state, NULL), IPL_OK);
    assert_int_equal(ipl_dataset_info(ds)->n_classes, 2);
    assert_string_equal(ipl_dataset_info(ds)->class_names[0], "cat");
    assert_string_equal(ipl_dataset_info(ds)->class_names[1], "dog");
    assert_int_equal(ipl_dataset_info(ds)->n[IPL_TRAIN], 4);
    assert_int_equal(ipl_dataset_info(ds)->n[IPL_TEST], 2);
    ipl_dataset_gather(x, y, ds, IPL_TRAIN, NULL, 0, 4);
    for (unsigned i = 0; i < 4; i++) {
        static const int first[] = {10, 20, 40, 30};

        assert_int_equal(y[i], i / 2);
        for (int k = 0; k < SIZE; k++)
            assert_int_equal((int)x[i * SIZE + (unsigned)k], first[i] + k);
    }
    ipl_dataset_destroy(ds);
}

static void colour_becomes_three_planes(void **state)
{
    float x[3 * SIZE];
    ipl_dataset *ds;

    write_picture(state, "train/a/1.png", 3, 100);
    write_picture(state, "test/a/1.png", 3, 7);
    assert_int_equal(open_folder(&ds, *state, NULL), IPL_OK);
    assert_int_equal(ipl_dataset_info(ds)->shape.c, 3);
    assert_int_equal(ipl_dataset_info(ds)->shape.h, H);
    assert_int_equal(ipl_dataset_info(ds)->shape.w, W);
    ipl_dataset_gather(x, NULL, ds, IPL_TRAIN, NULL, 0, 1);
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < SIZE; i++)
            assert_int_equal((int)x[c * SIZE + i], 100 + 3 * i + c);
    ipl_dataset_destroy(ds);
}

/* Copy a picture of tests/golden/png into the folder. */
static void copy_golden(void **state, const char *to, const char *name)
{
    char from[IPL_PATH_MAX];

    (void)snprintf(from, sizeof from, "tests/golden/png/%s", name);
    assert_int_equal(ipl_file_copy(scratch_path(state, to), from, NULL), IPL_OK);
}

/* Pixel i of each is 10 i + 5 of 255, in colour with 1 and 2 added in green and blue. */
static void interlaced_16_bit_and_palette_pictures_are_read(void **state)
{
    float x[3 * SIZE];
    ipl_dataset *ds;

    assert_int_equal(mkdir(scratch_path(state, "a"), 0700), 0);
    copy_golden(state, "a/1.png", "rgb16_interlaced.png");
    copy_golden(state, "a/2.png", "palette4.png");
    assert_int_equal(open_folder(&ds, *state, NULL), IPL_OK);
    for (unsigned part = IPL_TRAIN; part <= IPL_TEST; part++) {
        ipl_dataset_gather(x, NULL, ds, (ipl_split)part, NULL, 0, 1);
        for (int k = 0; k < 3 * SIZE; k++)
            assert_int_equal((int)x[k], 257 * (10 * (k % SIZE) + 5 + k / SIZE));
    }
    ipl_dataset_destroy(ds);
    assert_int_equal(unlink(scratch_path(state, "a/1.png")), 0);
    copy_golden(state, "a/2.png", "grey16_interlaced.png");
    assert_int_equal(open_folder(&ds, *state, NULL), IPL_OK);
    ipl_dataset_gather(x, NULL, ds, IPL_TRAIN, NULL, 0, 1);
    for (int k = 0; k < SIZE; k++)
        assert_int_equal((int)x[k], 257 * (10 * k + 5));
    ipl_dataset_destroy(ds);
}

static void classes_without_parts_are_split(void **state)
{
    ipl_dataset *ds;

    for (unsigned i = 0; i < 8; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "%c/%u.png", 'a' + (int)(i % 2), i);
        write_picture(state, name, 1, i);
    }
    assert_int_equal(open_folder(&ds, *state, NULL), IPL_OK);
    assert_int_equal(ipl_dataset_info(ds)->n[IPL_TRAIN], 4);
    assert_int_equal(ipl_dataset_info(ds)->n[IPL_TEST], 4);
    assert_int_equal(ipl_dataset_info(ds)->n_classes, 2);
    ipl_dataset_destroy(ds);
}

static void a_class_may_be_called_train(void **state)
{
    ipl_dataset *ds;

    write_picture(state, "bus/1.png", 1, 1);
    write_picture(state, "train/1.png", 1, 2);
    assert_int_equal(open_folder(&ds, *state, NULL), IPL_OK);
    assert_string_equal(ipl_dataset_info(ds)->class_names[1], "train");
    ipl_dataset_destroy(ds);
}

static void other_files_are_left_out_and_counted(void **state)
{
    ipl_dataset *ds;

    write_picture(state, "a/1.png", 1, 1);
    write_picture(state, "a/2.png", 1, 2);
    scratch_write(scratch_path(state, "README"), "x", 1);
    scratch_write(scratch_path(state, "a/notes.txt"), "x", 1);
    scratch_write(scratch_path(state, "a/.hidden.png"), "x", 1);
    assert_int_equal(open_folder(&ds, *state, NULL), IPL_OK);
    assert_string_equal(
        ipl_dataset_info(ds)->note,
        "2 files are no .png and were left out; 1 hidden or system files or "
        "folders were left out");
    ipl_dataset_destroy(ds);
}

/* As (cd FOLDER && sha256sum a/1.png a/2.png) | sha256sum. */
static void the_hash_is_that_of_the_list_of_hashes(void **state)
{
    char list[256], one[65], two[65], want[65];
    ipl_dataset *ds;

    write_picture(state, "a/1.png", 1, 1);
    write_picture(state, "a/2.png", 1, 2);
    assert_int_equal(ipl_file_sha256(one, scratch_path(state, "a/1.png"), NULL), IPL_OK);
    assert_int_equal(ipl_file_sha256(two, scratch_path(state, "a/2.png"), NULL), IPL_OK);
    (void)snprintf(list, sizeof list, "%s  a/1.png\n%s  a/2.png\n", one, two);
    scratch_write(scratch_path(state, "list"), list, strlen(list));
    assert_int_equal(ipl_file_sha256(want, scratch_path(state, "list"), NULL), IPL_OK);
    assert_int_equal(open_folder(&ds, *state, NULL), IPL_OK);
    assert_int_equal(ipl_dataset_hash(ds, NULL), IPL_OK);
    assert_int_equal(ipl_dataset_info(ds)->n_files, 1);
    assert_string_equal(ipl_dataset_info(ds)->files[0].sha256, want);
    ipl_dataset_destroy(ds);
}

static void a_picture_of_another_size_is_named_with_both(void **state)
{
    static const uint8_t pixels[30] = {0};

    write_picture(state, "a/1.png", 1, 1);
    write_picture(state, "b/1.png", 1, 1);
    assert_int_equal(ipl_png_write(scratch_path(state, "b/2.png"), pixels, 5, 6, 1, NULL),
                     IPL_OK);
    expect_fault(state, IPL_E_SHAPE, "b/2.png: a picture of 5 x 6 in grey",
                 "3 x 5 in grey");
}

static void colour_among_grey_is_a_shape_error(void **state)
{
    write_picture(state, "train/a/1.png", 1, 1);
    write_picture(state, "test/a/1.png", 3, 1);
    expect_fault(state, IPL_E_SHAPE, "test/a/1.png: a picture of 3 x 5 in colour",
                 "3 x 5 in grey");
}

static void a_class_without_pictures_is_an_error(void **state)
{
    write_picture(state, "a/1.png", 1, 1);
    assert_int_equal(mkdir(scratch_path(state, "b"), 0700), 0);
    expect_fault(state, IPL_E_FORMAT, "/b: no .png there", "every class");
}

static void a_folder_without_classes_is_an_error(void **state)
{
    expect_fault(state, IPL_E_FORMAT, "no folder of a class", "<class>/*.png");
    scratch_write(scratch_path(state, "1.png"), "x", 1);
    expect_fault(state, IPL_E_FORMAT, "no folder of a class", "<class>/*.png");
}

static void both_parts_need_the_same_classes(void **state)
{
    write_picture(state, "train/a/1.png", 1, 1);
    write_picture(state, "test/a/1.png", 1, 1);
    write_picture(state, "test/b/1.png", 1, 1);
    expect_fault(state, IPL_E_SHAPE, "/train: no class 'b'", "/test has it");
    write_picture(state, "train/b/1.png", 1, 1);
    write_picture(state, "train/0/1.png", 1, 1);
    expect_fault(state, IPL_E_SHAPE, "/test: no class '0'", "/train has it");
}

static void a_folder_that_cannot_be_read_is_no_input(void **state)
{
    char path[IPL_PATH_MAX];
    ipl_error err = {0};
    ipl_dataset *ds;

    assert_int_equal(open_folder(&ds, scratch_path(state, "none"), &err), IPL_E_NOINPUT);
    assert_non_null(strstr(err.msg, "none: No such file"));
    if (geteuid() == 0) {
        print_message("SKIPPED: the superuser may read every folder\n");
        return;
    }
    write_picture(state, "a/1.png", 1, 1);
    (void)snprintf(path, sizeof path, "%s", scratch_path(state, "a"));
    assert_int_equal(chmod(path, 0), 0);
    expect_fault(state, IPL_E_NOINPUT, "/a: ", "denied");
    assert_int_equal(chmod(path, 0700), 0);
}

static void a_damaged_picture_is_named(void **state)
{
    write_picture(state, "a/1.png", 1, 1);
    scratch_write(scratch_path(state, "a/2.png"), "\x89PNG\r\n\x1a\n", 8);
    expect_fault(state, IPL_E_FORMAT, "a/2.png", "truncated");
}

static void a_path_is_asked_for(void **state)
{
    const ipl_data_opts opts = {.text = "png"};
    ipl_error err = {0};
    ipl_dataset *ds;

    (void)state;
    assert_int_equal(ipl_dataset_open(&ds, &opts, &err), IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "png:path=FOLDER"));
}

static void every_failed_allocation_is_reported_and_nothing_leaks(void **state)
{
    char text[256];

    write_picture(state, "train/a/1.png", 3, 1);
    write_picture(state, "train/b/1.png", 3, 1);
    write_picture(state, "test/a/1.png", 3, 1);
    write_picture(state, "test/b/1.png", 3, 1);
    (void)snprintf(text, sizeof text, "png:path=%s", (const char *)*state);
    fail_each_allocation(
        &(ipl_data_opts){.text = text, .scaling = IPL_SCALE_RAW, .train_share = 0.5});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(classes_are_sorted_by_number_and_files_by_name),
        IN_SCRATCH(colour_becomes_three_planes),
        IN_SCRATCH(interlaced_16_bit_and_palette_pictures_are_read),
        IN_SCRATCH(classes_without_parts_are_split),
        IN_SCRATCH(a_class_may_be_called_train),
        IN_SCRATCH(other_files_are_left_out_and_counted),
        IN_SCRATCH(the_hash_is_that_of_the_list_of_hashes),
        IN_SCRATCH(a_picture_of_another_size_is_named_with_both),
        IN_SCRATCH(colour_among_grey_is_a_shape_error),
        IN_SCRATCH(a_class_without_pictures_is_an_error),
        IN_SCRATCH(a_folder_without_classes_is_an_error),
        IN_SCRATCH(both_parts_need_the_same_classes),
        IN_SCRATCH(a_folder_that_cannot_be_read_is_no_input),
        IN_SCRATCH(a_damaged_picture_is_named),
        IN_SCRATCH(a_path_is_asked_for),
        IN_SCRATCH(every_failed_allocation_is_reported_and_nothing_leaks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
