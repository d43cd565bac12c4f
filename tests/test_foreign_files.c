/* Files as other programs write them: bfloat16, gzip, one-hot labels, byte order marks, tables. */
#include "npy_bytes.h"
#include "scratch.h"

#include "base/alloc.h"
#include "math/npy_view.h"
#include "run/experiment.h"
#include "run/joint.h"
#include "run/stack.h"
#include "run/table.h"

#include <zlib.h>

/* Write an array; the file is compressed when its name ends in .gz. */
static const char *write_array(void **state, const char *name, const char *dictionary,
                               const void *data, size_t n)
{
    unsigned char bytes[1024];
    const size_t len = make_npy(bytes, 1, dictionary, data, n);
    const char *path = scratch_path(state, name);

    if (strstr(name, ".gz")) {
        gzFile fp = gzopen(path, "wb");

        assert_non_null(fp);
        assert_int_equal(gzwrite(fp, bytes, (unsigned)len), len);
        assert_int_equal(gzclose(fp), Z_OK);
    } else {
        scratch_write(path, bytes, len);
    }
    return path;
}

/* 1.5, -2, the smallest normal number, infinity: the upper halves of float32. */
static const unsigned char little_bfloat16[] = {0xc0, 0x3f, 0x00, 0xc0,
                                                0x80, 0x00, 0x80, 0x7f};

static void bfloat16_is_the_upper_half_of_float32(void **state)
{
    static const unsigned char big[] = {0x3f, 0xc0, 0xc0, 0x00, 0x00, 0x80, 0x7f, 0x80};
    static const struct {
        const char *dtype;
        const unsigned char *bytes;
    } cases[] = {{"<V2", little_bfloat16}, {"|V2", little_bfloat16}, {">V2", big}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char dictionary[96];
        ipl_npy a;
        const char *path;

        (void)snprintf(dictionary, sizeof dictionary,
                       "{'descr': '%s', 'fortran_order': False, 'shape': (4,), }\n",
                       cases[i].dtype);
        path = write_array(state, "b.npy", dictionary, cases[i].bytes, 8);
        assert_int_equal(ipl_npy_read(&a, path, NULL), IPL_OK);
        assert_true(a.data[0] == 1.5 && a.data[1] == -2.0);
        assert_true(a.data[2] == 0x1p-126 && isinf(a.data[3]));
        ipl_npy_release(&a);
    }
}

static void a_dtype_that_is_refused_comes_with_the_remedy(void **state)
{
    static const char *const cases[][2] = {{"|V1", "astype('float32')"},
                                           {"<f16", "astype('float32')"},
                                           {"<U5", "return_inverse=True"}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char dictionary[96];
        ipl_error err = {0};
        ipl_npy a;

        (void)snprintf(dictionary, sizeof dictionary,
                       "{'descr': '%s', 'fortran_order': False, 'shape': (1,), }\n",
                       cases[i][0]);
        assert_int_equal(ipl_npy_read(&a,
                                      write_array(state, "d.npy", dictionary,
                                                  "0123456789abcdef0123", 20),
                                      &err),
                         IPL_E_FORMAT);
        if (!strstr(err.msg, cases[i][1]))
            fail_msg("%s", err.msg);
    }
}

static const char two_by_two[] =
    "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }\n";

static void a_compressed_array_has_the_values_of_the_plain_one(void **state)
{
    const double values[] = {1.0, -2.5, 1e300, 0.0};
    const char *path = write_array(state, "x.npy.gz", two_by_two, values, sizeof values);
    ipl_npy_view view;
    size_t rows, cols;

    assert_int_equal(ipl_npy_view_open(&view, path, NULL), IPL_OK);
    assert_int_equal(view.rows.rows, 2);
    assert_memory_equal(view.rows.f64, values, sizeof values);
    ipl_npy_view_close(&view);
    assert_int_equal(ipl_npy_shape(&rows, &cols, path, NULL), IPL_OK);
    assert_int_equal(rows * 10 + cols, 22);
}

static void a_compressed_array_that_is_cut_or_too_long_is_refused(void **state)
{
    const double values[] = {1.0, -2.5, 1e300, 0.0, 5.0};
    const char *path = write_array(state, "long.npy.gz", two_by_two, values, sizeof values);
    ipl_npy a;
    char *bytes;
    size_t len;

    assert_int_equal(ipl_npy_read(&a, path, NULL), IPL_E_FORMAT);
    path = write_array(state, "cut.npy.gz", two_by_two, values, 32);
    assert_int_equal(ipl_file_read(&bytes, &len, path, 1 << 20, NULL), IPL_OK);
    for (size_t n = 2; n < len; n++) {
        scratch_write(path, bytes, n);
        if (ipl_npy_read(&a, path, NULL) != IPL_E_FORMAT)
            fail_msg("%zu of %zu bytes were accepted", n, len);
    }
    ipl_free(bytes);
}

static void one_hot_rows_are_labels(void **state)
{
    const double one_hot[] = {0, 0, 1, 1, 0, 0, 0, 1, 0}, not [] = {0, 1, 0.5, 0.5};
    ipl_npy a = {.data = (double[9]){0}, .n_dims = 2, .rows = 3, .cols = 3};
    int32_t y[3];
    ipl_error err = {0};

    (void)state;
    memcpy(a.data, one_hot, sizeof one_hot);
    assert_int_equal(ipl_npy_labels(y, &a, "y", NULL), IPL_OK);
    assert_true(y[0] == 2 && y[1] == 0 && y[2] == 1);
    assert_int_equal(ipl_npy_classes(y, &a, "y", NULL), IPL_OK);
    assert_true(y[0] == 2 && y[1] == 0 && y[2] == 1);
    memcpy(a.data, not, sizeof not );
    a.rows = a.cols = 2;
    assert_int_equal(ipl_npy_labels(y, &a, "y", &err), IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "row 1 is not one-hot"));
    a.data[2] = a.data[3] = 1.0; /* two labels */
    assert_int_equal(ipl_npy_classes(y, &a, "y", NULL), IPL_E_FORMAT);
    a.data[2] = a.data[3] = 0.0; /* none */
    assert_int_equal(ipl_npy_classes(y, &a, "y", NULL), IPL_E_FORMAT);
}

static const char *write_text(void **state, const char *text)
{
    const char *path = scratch_path(state, "file");

    scratch_write(path, text, strlen(text));
    return path;
}

static void a_byte_order_mark_is_no_part_of_the_text(void **state)
{
    ipl_experiment with, without;
    ipl_table *table;
    ipl_error err = {0};
    size_t column;

    ipl_opt_init(&with, ipl_experiment_opts);
    ipl_opt_init(&without, ipl_experiment_opts);
    assert_int_equal(
        ipl_experiment_read(&with, write_text(state, "\xef\xbb\xbf[data]\r\nseed = 7\r\n"),
                            &err),
        IPL_OK);
    assert_int_equal(
        ipl_experiment_read(&without, write_text(state, "[data]\nseed = 7\n"), NULL),
        IPL_OK);
    assert_true(with.seed == 7 && without.seed == 7);
    assert_int_equal(ipl_table_read(&table,
                                    write_text(state, "\xef\xbb\xbf"
                                                      "a,b\n1,2\n"),
                                    NULL),
                     IPL_OK);
    assert_int_equal(ipl_table_column(&column, table, "a", NULL), IPL_OK);
    ipl_table_destroy(table);
    assert_int_equal(ipl_table_read(&table,
                                    write_text(state, "\xff\xfe"
                                                      "a"),
                                    &err),
                     IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "save it as UTF-8"));
}

static void a_first_row_of_numbers_is_no_header(void **state)
{
    static const char *const bad[] = {"0.5,0.1\n0.1,0.3\n", "30,10\n20,40\n", "0.25,0.25\n",
                                      "1\n2\n"};
    ipl_joint joint;
    ipl_error err = {0};

    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(ipl_joint_read(&joint, write_text(state, bad[i]), &err),
                         IPL_E_FORMAT);
        if (!strstr(err.msg, ":1: the first row is numbers"))
            fail_msg("%s", err.msg);
    }
}

static void the_last_row_of_a_joint_counts_without_a_line_break(void **state)
{
    ipl_joint joint;

    assert_int_equal(
        ipl_joint_read(&joint, write_text(state, "y0,y1\n0.5,0.1\n0.1,0.3"), NULL), IPL_OK);
    assert_int_equal(joint.n_x, 2);
    assert_close(joint.p[3], 0.3, 0.0);
    ipl_joint_release(&joint);
}

static void semicolons_and_tabs_are_refused_with_the_remedy(void **state)
{
    static const char *const bad[] = {"y0;y1\n0,5;0,1\n", "y0\ty1\n0.5\t0.1\n"};

    for (size_t i = 0; i < 2; i++) {
        ipl_error err = {0};
        ipl_table *table;

        assert_int_equal(ipl_table_read(&table, write_text(state, bad[i]), &err),
                         IPL_E_FORMAT);
        if (!strstr(err.msg, "want commas"))
            fail_msg("%s", err.msg);
    }
}

/* ---- folders of epochs ---- */

static void make_epoch(void **state, const char *folder, const char *name, size_t bytes)
{
    static const double values[4] = {0};
    char path[96];

    assert_int_equal(ipl_folder_create(scratch_path(state, folder), NULL), IPL_OK);
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    (void)write_array(state, path, two_by_two, values, bytes);
}

static void epochs_are_found_however_they_are_spelled(void **state)
{
    static const char *const names[] = {"epoch0",  "Epoch1",   "EPOCH_2", "epoch=3",
                                        "epoch 4", "epoch-05", "epoch.6"};
    ipl_stack s;

    for (size_t i = 0; i < 7; i++)
        make_epoch(state, names[i], i == 2 ? "fc1.npy.gz" : "fc1.npy", 32);
    assert_int_equal(ipl_stack_of_folder(&s, *state, "x", "", "", NULL), IPL_OK);
    assert_int_equal(s.n_epochs, 7);
    assert_int_equal(s.n_layers, 1);
    for (size_t e = 0; e < 7; e++)
        assert_true(s.epochs[e] == (double)e);
    assert_null(s.notes.s);
    ipl_stack_release(&s);
}

static void what_is_no_epoch_is_named(void **state)
{
    ipl_stack s;

    make_epoch(state, "epoch0", "fc1.npy", 32);
    make_epoch(state, "epoch-final", "fc1.npy", 32);
    make_epoch(state, "__MACOSX", "fc1.npy", 32);
    scratch_write(scratch_path(state, ".DS_Store"), "", 0);
    assert_int_equal(ipl_stack_of_folder(&s, *state, "x", "", "", NULL), IPL_OK);
    assert_int_equal(s.n_epochs, 1);
    assert_non_null(strstr(s.notes.s, "epoch-final"));
    assert_non_null(strstr(s.notes.s, "__MACOSX"));
    assert_non_null(strstr(s.notes.s, ".DS_Store"));
    ipl_stack_release(&s);
}

static void a_half_written_epoch_is_left_out_and_named(void **state)
{
    ipl_stack s;
    ipl_error err = {0};

    for (int e = 0; e < 4; e++) {
        char folder[32];

        (void)snprintf(folder, sizeof folder, "epoch%d", e);
        make_epoch(state, folder, "fc1.npy", 32);
        if (e < 3)
            make_epoch(state, folder, "fc2.npy", 32);
    }
    assert_int_equal(ipl_stack_of_folder(&s, *state, "x", "", "", NULL), IPL_OK);
    assert_int_equal(s.n_epochs, 3);
    assert_non_null(strstr(s.notes.s, "epoch 3 is left out: it has 1 of 2 layers"));
    ipl_stack_release(&s);

    make_epoch(state, "epoch3", "fc2.npy", 31); /* all layers, one of them cut */
    assert_int_equal(ipl_stack_of_folder(&s, *state, "x", "", "", NULL), IPL_OK);
    assert_int_equal(s.n_epochs, 3);
    assert_non_null(strstr(s.notes.s, "truncated, 31 bytes"));
    ipl_stack_release(&s);

    make_epoch(state, "epoch1", "fc3.npy", 32); /* a layer that only one epoch has */
    assert_int_equal(ipl_stack_of_folder(&s, *state, "x", "", "", &err), IPL_E_NOINPUT);
    assert_string_equal(err.msg, "epoch 0: layer 'fc3' is missing");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(bfloat16_is_the_upper_half_of_float32),
        IN_SCRATCH(a_dtype_that_is_refused_comes_with_the_remedy),
        IN_SCRATCH(a_compressed_array_has_the_values_of_the_plain_one),
        IN_SCRATCH(a_compressed_array_that_is_cut_or_too_long_is_refused),
        cmocka_unit_test(one_hot_rows_are_labels),
        IN_SCRATCH(a_byte_order_mark_is_no_part_of_the_text),
        IN_SCRATCH(a_first_row_of_numbers_is_no_header),
        IN_SCRATCH(the_last_row_of_a_joint_counts_without_a_line_break),
        IN_SCRATCH(semicolons_and_tabs_are_refused_with_the_remedy),
        IN_SCRATCH(epochs_are_found_however_they_are_spelled),
        IN_SCRATCH(what_is_no_epoch_is_named),
        IN_SCRATCH(a_half_written_epoch_is_left_out_and_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
