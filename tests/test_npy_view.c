/* Views of .npy files: mapped where they can be, and the same as what is read. */
#include "npy_bytes.h"
#include "scratch.h"

#include "math/npy.h"
#include "math/npy_view.h"

#include <fcntl.h>

static void a_view_shows_what_reading_gives(void **state)
{
    static const char *const files[] = {"f4_big_endian", "f2_fortran", "i8_fortran_3d",
                                        "scalar", "b1"};
    const char *plain = scratch_path(state, "plain.npy");
    const float data[] = {1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f};
    const size_t dims[] = {2, 3};
    const int next = next_descriptor();
    size_t rows, cols;
    ipl_npy_view view;
    ipl_npy a;

    assert_int_equal(ipl_npy_write_f32(plain, data, dims, 2, NULL), IPL_OK);
    assert_int_equal(ipl_npy_view_open(&view, plain, NULL), IPL_OK);
    assert_non_null(view.map);
    assert_int_equal(view.rows.rows, 2);
    assert_memory_equal(view.rows.f32, data, sizeof data);
    ipl_npy_view_close(&view);
    assert_int_equal(ipl_npy_shape(&rows, &cols, plain, NULL), IPL_OK);
    assert_true(rows == 2 && cols == 3);
    for (size_t f = 0; f < sizeof files / sizeof files[0]; f++) {
        char path[64];

        (void)snprintf(path, sizeof path, "tests/golden/npy/%s.npy", files[f]);
        assert_int_equal(ipl_npy_view_open(&view, path, NULL), IPL_OK);
        assert_int_equal(ipl_npy_read(&a, path, NULL), IPL_OK);
        assert_int_equal(view.rows.rows * view.rows.cols, a.rows * a.cols);
        for (size_t i = 0; i < a.rows * a.cols; i++)
            assert_true(view.rows.f64[i] == a.data[i]);
        ipl_npy_release(&a);
        ipl_npy_view_close(&view);
    }
    assert_int_equal(ipl_npy_view_open(&view, "tests/golden/npy/object.npy", NULL),
                     IPL_E_FORMAT);
    ipl_npy_view_close(&view);
    assert_int_equal(next_descriptor(), next);
}

/* Columns one behind the other are copied; where that is the same, the file is mapped. */
static void a_view_of_fortran_order_is_mapped_only_where_it_is_c_order(void **state)
{
    static const struct {
        const char *shape;
        bool mapped;
        double want[6];
    } cases[] = {{"(6,)", true, {1, 2, 3, 4, 5, 6}}, {"(2,3)", false, {1, 3, 5, 2, 4, 6}}};
    static const double data[] = {1, 2, 3, 4, 5, 6};

    for (size_t i = 0; i < 2; i++) {
        const char *path = scratch_path(state, "f.npy");
        unsigned char bytes[256];
        char said[100], dictionary[119]; /* the data begin at byte 128 */
        ipl_npy_view view;

        (void)snprintf(said, sizeof said,
                       "{'descr': '<f8', 'fortran_order': True, 'shape': %s, }",
                       cases[i].shape);
        (void)snprintf(dictionary, sizeof dictionary, "%-117s\n", said);
        scratch_write(path, bytes, make_npy(bytes, 1, dictionary, data, sizeof data));
        assert_int_equal(ipl_npy_view_open(&view, path, NULL), IPL_OK);
        assert_int_equal(view.map != NULL, cases[i].mapped);
        assert_int_equal(view.rows.rows * view.rows.cols, 6);
        assert_memory_equal(view.rows.f64, cases[i].want, sizeof data);
        ipl_npy_view_close(&view);
    }
}

/* 4.8 GB, nearly all of it a hole in the file: rows are found beyond what 32 bits count. */
static void a_view_reaches_beyond_four_gigabytes(void **state)
{
    enum { ROWS = 1200000, COLS = 1000, HEADER = 128 };
    const char *path = scratch_path(state, "huge.npy");
    const float last[] = {1.5f, -2.5f};
    const long end = (long)HEADER + 4L * ROWS * COLS;
    unsigned char bytes[HEADER + 1];
    char dictionary[HEADER];
    ipl_npy_view view;
    size_t rows, cols;
    FILE *fp;

    (void)snprintf(dictionary, sizeof dictionary, "%-117s\n",
                   "{'descr': '<f4', 'fortran_order': False, 'shape': (1200000, 1000), }");
    scratch_write(path, bytes, make_npy(bytes, 1, dictionary, "", 0));
    fp = fopen(path, "r+b");
    assert_non_null(fp);
    assert_int_equal(fseek(fp, end - (long)sizeof last, SEEK_SET), 0);
    if (fwrite(last, sizeof last, 1, fp) != 1 || fclose(fp) != 0) {
        print_message("SKIPPED: no room for a file with a hole of 4.8 GB\n");
        skip();
    }
    assert_int_equal(ipl_npy_shape(&rows, &cols, path, NULL), IPL_OK);
    assert_true(rows == ROWS && cols == COLS);
    assert_int_equal(ipl_npy_view_open(&view, path, NULL), IPL_OK);
    assert_non_null(view.map);
    assert_memory_equal(view.rows.f32 + (size_t)ROWS * COLS - 2, last, sizeof last);
    assert_true(view.rows.f32[(size_t)1100000 * COLS] == 0.0f);
    ipl_npy_view_close(&view);
}

static void a_view_of_a_nan_names_row_and_column(void **state)
{
    const char *path = scratch_path(state, "nan.npy");
    const float data[] = {1.0f, 2.0f, 3.0f, (float)NAN};
    const size_t dims[] = {2, 2};
    ipl_npy_view view;
    ipl_error err = {0};

    assert_int_equal(ipl_npy_write_f32(path, data, dims, 2, NULL), IPL_OK);
    assert_int_equal(ipl_npy_view_open(&view, path, NULL), IPL_OK);
    assert_int_equal(ipl_npy_view_check_finite(&view, path, &err), IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "NaN at row 1, column 1"));
    ipl_npy_view_close(&view);
}

/* Written to in place, cut or the same size: changed. Replaced or removed: as it was. */
static void a_view_tells_whether_its_file_was_written_to(void **state)
{
    const char *path = scratch_path(state, "x.npy"), *other = scratch_path(state, "y.npy");
    const float data[] = {1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f};
    const size_t dims[] = {2, 3};
    const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    ipl_npy_view view;
    ipl_error err = {0};

    assert_int_equal(ipl_npy_write_f32(path, data, dims, 2, NULL), IPL_OK);
    assert_int_equal(ipl_npy_view_open(&view, path, NULL), IPL_OK);
    assert_int_equal(ipl_npy_view_check_unchanged(&view, path, NULL), IPL_OK);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    assert_int_equal(ipl_npy_view_check_unchanged(&view, path, &err), IPL_E_IO);
    assert_non_null(strstr(err.msg, "x.npy: was written to while"));
    ipl_npy_view_close(&view);

    assert_int_equal(ipl_npy_view_open(&view, path, NULL), IPL_OK);
    assert_int_equal(ipl_npy_write_f32(other, data, dims, 1, NULL), IPL_OK);
    assert_int_equal(rename(other, path), 0);
    assert_int_equal(ipl_npy_view_check_unchanged(&view, path, NULL), IPL_OK);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(ipl_npy_view_check_unchanged(&view, path, NULL), IPL_OK);
    assert_memory_equal(view.rows.f32, data, sizeof data);
    ipl_npy_view_close(&view);

    assert_int_equal(ipl_npy_write_f32(path, data, dims, 2, NULL), IPL_OK);
    assert_int_equal(ipl_npy_view_open(&view, path, NULL), IPL_OK);
    assert_int_equal(truncate(path, 100), 0);
    assert_int_equal(ipl_npy_view_check_unchanged(&view, path, NULL), IPL_E_IO);
    ipl_npy_view_close(&view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(a_view_shows_what_reading_gives),
        IN_SCRATCH(a_view_of_fortran_order_is_mapped_only_where_it_is_c_order),
        IN_SCRATCH(a_view_reaches_beyond_four_gigabytes),
        IN_SCRATCH(a_view_of_a_nan_names_row_and_column),
        IN_SCRATCH(a_view_tells_whether_its_file_was_written_to),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
