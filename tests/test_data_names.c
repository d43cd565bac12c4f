/* Names of files and of classes: how a data set is found, and which class is meant. */
#include "open_data.h"
#include "small_mnist.h"

#include "base/file.h"
#include "data/png.h"

#include <sys/stat.h>
#include <zlib.h>

/* Write a file's content compressed, and remove the file. */
static void compress_file(const char *to, const char *from)
{
    char *bytes;
    size_t len;
    gzFile fp = gzopen(to, "wb");

    assert_non_null(fp);
    assert_int_equal(ipl_file_read(&bytes, &len, from, 1 << 20, NULL), IPL_OK);
    assert_int_equal(gzwrite(fp, bytes, (unsigned)len), (int)len);
    assert_int_equal(gzclose(fp), Z_OK);
    ipl_free(bytes);
    assert_int_equal(unlink(from), 0);
}

/* Two of the four, one of these compressed. */
static void idx_files_may_have_a_dot(void **state)
{
    char to[IPL_PATH_MAX], from[IPL_PATH_MAX];
    ipl_dataset *ds;

    (void)snprintf(from, sizeof from, "%s",
                   scratch_path(state, "mnist/train-images-idx3-ubyte"));
    (void)snprintf(to, sizeof to, "%s",
                   scratch_path(state, "mnist/train-images.idx3-ubyte"));
    assert_int_equal(rename(from, to), 0);
    (void)snprintf(from, sizeof from, "%s",
                   scratch_path(state, "mnist/t10k-labels-idx1-ubyte"));
    (void)snprintf(to, sizeof to, "%s",
                   scratch_path(state, "mnist/t10k-labels.idx1-ubyte.gz"));
    compress_file(to, from);
    ds = open_or_fail(&(ipl_data_opts){.text = "mnist"});
    assert_int_equal(ipl_dataset_info(ds)->n[IPL_TRAIN], N_TRAIN);
    assert_int_equal(ipl_dataset_info(ds)->n[IPL_TEST], N_TEST);
    assert_int_equal(ipl_dataset_label(ds, IPL_TEST, 13), 3);
    ipl_dataset_destroy(ds);
}

/* A grey picture of one pixel. */
static void write_picture(void **state, const char *name, uint8_t value)
{
    char folder[IPL_PATH_MAX];

    (void)snprintf(folder, sizeof folder, "%s", scratch_path(state, name));
    *strrchr(folder, '/') = '\0';
    assert_int_equal(ipl_folder_create(folder, NULL), IPL_OK);
    assert_int_equal(ipl_png_write(scratch_path(state, name), &value, 1, 1, 1, NULL),
                     IPL_OK);
}

static ipl_data_opts folder_opts(char *text, size_t size, void **state, const char *more,
                                 const char *classes)
{
    (void)snprintf(text, size, "png:path=%s%s", (const char *)*state, more);
    return (ipl_data_opts){
        .text = text, .scaling = IPL_SCALE_RAW, .classes = classes, .train_share = 1.0};
}

/* Class k of these names is the picture of value k. */
static void write_classes(void **state, const char *const *names, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        char name[64];

        (void)snprintf(name, sizeof name, "%s/1.png", names[k]);
        write_picture(state, name, (uint8_t)k);
    }
}

/* The classes of a list are those of the values, in this order. */
static void check_classes(void **state, const char *classes, const int *want, size_t n)
{
    char text[256];
    const ipl_data_opts opts = folder_opts(text, sizeof text, state, "", classes);
    ipl_dataset *ds = open_or_fail(&opts);

    assert_int_equal(ipl_dataset_info(ds)->n_classes, n);
    assert_int_equal(ipl_dataset_info(ds)->n[IPL_TRAIN], n);
    for (size_t i = 0; i < n; i++) {
        float x;
        int32_t y;

        ipl_dataset_gather(&x, &y, ds, IPL_TRAIN, NULL, i, 1);
        assert_int_equal(x, want[y]);
    }
    ipl_dataset_destroy(ds);
}

static void folders_of_numbers_are_in_their_order_and_chosen_by_name(void **state)
{
    static const char *const names[] = {"0", "1", "2", "3", "9", "10", "11"};
    char text[256];
    ipl_data_opts opts = folder_opts(text, sizeof text, state, "", "10,2");
    ipl_dataset *ds;

    write_classes(state, names, 7);
    check_classes(state, "all", (const int[]){0, 1, 2, 3, 4, 5, 6}, 7);
    check_classes(state, "2,3", (const int[]){2, 3}, 2);
    check_classes(state, "10,2", (const int[]){5, 2}, 2);
    ds = open_or_fail(&opts);
    assert_string_equal(
        ipl_dataset_info(ds)->note,
        "classes are numbered in natural order, 9 before 10, and not by spelling as "
        "torchvision's ImageFolder has it; class 0 is 10, 1 is 2");
    ipl_dataset_destroy(ds);
    opts.classes = "2,5";
    open_must_fail(&opts, IPL_E_ARG,
                   "classes: png has no class '5'; there are 0, 1, 2, 3, 9, ... (7)");
}

static void classes_with_names_are_chosen_by_name_or_number(void **state)
{
    static const char *const names[] = {"cat", "dog 1", "ox", "ox07", "ox7"};
    char text[256];
    ipl_data_opts opts = folder_opts(text, sizeof text, state, "", "ox,cow");

    write_classes(state, names, 5);
    check_classes(state, "ox,cat", (const int[]){2, 0}, 2);
    check_classes(state, "dog 1,0", (const int[]){1, 0}, 2);
    check_classes(state, "ox7,ox07", (const int[]){4, 3}, 2);
    open_must_fail(&opts, IPL_E_ARG, "no class 'cow'; there are cat, dog 1, ox, ox07, ox7");
    opts.classes = "cat,0";
    open_must_fail(&opts, IPL_E_ARG, "classes: 0 is given twice");
    opts.classes = "cat,";
    open_must_fail(&opts, IPL_E_ARG, "has no class ''");
    opts.classes = "5";
    open_must_fail(&opts, IPL_E_ARG, "no class 5, want 0 ... 4");
}

static void a_folder_val_is_the_test_part(void **state)
{
    static const char *const parts[] = {"validation", "valid", "val", "test"};
    char text[256];
    const ipl_data_opts opts = folder_opts(text, sizeof text, state, "", "all");
    float x;

    write_picture(state, "train/a/1.png", 1);
    write_picture(state, "train/b/1.png", 2);
    open_must_fail(&opts, IPL_E_FORMAT,
                   "train/ has classes, want train/ and test/ or val/");
    for (size_t i = 0; i < 4; i++) { /* the later ones come before those that are there */
        char name[64];
        ipl_dataset *ds;

        (void)snprintf(name, sizeof name, "%s/a/1.png", parts[i]);
        write_picture(state, name, (uint8_t)(10 * i));
        (void)snprintf(name, sizeof name, "%s/b/1.png", parts[i]);
        write_picture(state, name, 3);
        ds = open_or_fail(&opts);
        assert_int_equal(ipl_dataset_info(ds)->n[IPL_TRAIN], 2);
        assert_int_equal(ipl_dataset_info(ds)->n[IPL_TEST], 2);
        ipl_dataset_gather(&x, NULL, ds, IPL_TEST, NULL, 0, 1);
        assert_int_equal(x, 10 * (int)i);
        (void)snprintf(name, sizeof name, "the test part is %s/, validation/ was left out",
                       parts[i]);
        assert_int_equal(strstr(ipl_dataset_info(ds)->note, name) != NULL, i > 0);
        ipl_dataset_destroy(ds);
    }
}

/* As Kaggle has it: pictures of test/ without labels. */
static void a_test_folder_without_classes_gives_way_to_val(void **state)
{
    char text[256];
    const ipl_data_opts opts = folder_opts(text, sizeof text, state, "", "all");
    ipl_dataset *ds;

    write_picture(state, "val/a/1.png", 1);
    open_must_fail(&opts, IPL_E_FORMAT, "val/ has classes, want train/ and test/ or val/");
    write_picture(state, "train/a/1.png", 1);
    write_picture(state, "test/1.png", 1);
    ds = open_or_fail(&opts);
    assert_string_equal(ipl_dataset_info(ds)->note,
                        "the test part is val/, test/ was left out");
    ipl_dataset_destroy(ds);
}

static void what_systems_leave_in_folders_is_left_out_and_said(void **state)
{
    char text[256];
    const ipl_data_opts opts = folder_opts(text, sizeof text, state, "", "all");
    ipl_dataset *ds;

    write_picture(state, "a/1.png", 1);
    write_picture(state, "b/1.png", 2);
    write_picture(state, "__MACOSX/a/._1.png", 3);
    write_picture(state, ".cache/1.png", 3);
    scratch_write(scratch_path(state, ".DS_Store"), "x", 1);
    scratch_write(scratch_path(state, "a/._1.png"), "x", 1);
    scratch_write(scratch_path(state, "b/Thumbs.db"), "x", 1);
    ds = open_or_fail(&opts);
    assert_int_equal(ipl_dataset_info(ds)->n_classes, 2);
    assert_int_equal(ipl_dataset_info(ds)->n[IPL_TRAIN], 2);
    assert_string_equal(ipl_dataset_info(ds)->note,
                        "5 hidden or system files or folders were left out");
    ipl_dataset_destroy(ds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_MNIST(idx_files_may_have_a_dot),
        IN_SCRATCH(folders_of_numbers_are_in_their_order_and_chosen_by_name),
        IN_SCRATCH(classes_with_names_are_chosen_by_name_or_number),
        IN_SCRATCH(a_folder_val_is_the_test_part),
        IN_SCRATCH(a_test_folder_without_classes_gives_way_to_val),
        IN_SCRATCH(what_systems_leave_in_folders_is_left_out_and_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
