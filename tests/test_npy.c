/* Reading .npy files: every dtype, order and header that NumPy knows, and what is damaged. */
#include "npy_bytes.h"
#include "scratch.h"

#include "base/alloc.h"
#include "math/npy.h"

static ipl_status read_npy(ipl_npy *a, void **state, int major, const char *dictionary,
                           const void *data, size_t n, ipl_error *err)
{
    unsigned char bytes[1024];
    const char *path = scratch_path(state, "a.npy");

    scratch_write(path, bytes, make_npy(bytes, major, dictionary, data, n));
    return ipl_npy_read(a, path, err);
}

static void every_numeric_dtype_and_byte_order_is_read(void **state)
{
    static const struct {
        const char *dtype;
        size_t n;
        unsigned char bytes[8];
        double value;
    } cases[] = {
        {"|b1", 1, {1}, 1.0},
        {"|u1", 1, {0xff}, 255.0},
        {"|i1", 1, {0xff}, -1.0},
        {"|i1", 1, {0x80}, -128.0},
        {"<u2", 2, {0x01, 0xff}, 65281.0},
        {">u2", 2, {0xff, 0x01}, 65281.0},
        {"<i2", 2, {0x00, 0x80}, -32768.0},
        {">i2", 2, {0xff, 0xfe}, -2.0},
        {"<u4", 4, {0, 0, 0, 0x80}, 2147483648.0},
        {">u4", 4, {0x80, 0, 0, 0}, 2147483648.0},
        {"<i4", 4, {0, 0, 0, 0x80}, -2147483648.0},
        {">i4", 4, {0, 0, 0x01, 0x02}, 258.0},
        {"<u8", 8, {0, 0, 0, 0, 0, 0, 0x20, 0}, 9007199254740992.0},
        {">i8", 8, {0xff, 0xe0, 0, 0, 0, 0, 0, 0}, -9007199254740992.0},
        {"<i8", 8, {0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, -2.0},
        {"<f2", 2, {0x00, 0x3c}, 1.0},
        {">f2", 2, {0xc4, 0x00}, -4.0},
        {"<f2", 2, {0x01, 0x00}, 0x1p-24},
        {"<f2", 2, {0xff, 0x7b}, 65504.0},
        {"<f4", 4, {0, 0, 0x20, 0xc0}, -2.5},
        {">f4", 4, {0x3f, 0x80, 0, 0}, 1.0},
        {"<f8", 8, {0, 0, 0, 0, 0, 0, 0xf0, 0x3f}, 1.0},
        {">f8", 8, {0xc0, 0x04, 0, 0, 0, 0, 0, 0}, -2.5},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char dictionary[96];
        ipl_error err = {0};
        ipl_npy a;

        (void)snprintf(dictionary, sizeof dictionary,
                       "{'descr': '%s', 'fortran_order': False, 'shape': (1,), }\n",
                       cases[i].dtype);
        if (read_npy(&a, state, 1, dictionary, cases[i].bytes, cases[i].n, &err) != IPL_OK)
            fail_msg("%s: %s", cases[i].dtype, err.msg);
        if (a.data[0] != cases[i].value)
            fail_msg("%s: got %g, want %g", cases[i].dtype, a.data[0], cases[i].value);
        assert_string_equal(a.dtype, cases[i].dtype);
        ipl_npy_release(&a);
    }
}

static void half_precision_has_infinity_and_nan(void **state)
{
    const unsigned char halves[] = {0x00, 0x7c, 0x00, 0xfc, 0x01, 0x7c, 0x00, 0x80};
    ipl_npy a;

    assert_int_equal(read_npy(&a, state, 1,
                              "{'descr':'<f2','fortran_order':False,'shape':(4,)}", halves,
                              sizeof halves, NULL),
                     IPL_OK);
    assert_true(isinf(a.data[0]) && a.data[0] > 0.0);
    assert_true(isinf(a.data[1]) && a.data[1] < 0.0);
    assert_true(isnan(a.data[2]));
    assert_true(a.data[3] == 0.0 && signbit(a.data[3]));
    ipl_npy_release(&a);
}

static void fortran_order_becomes_c_order(void **state)
{
    /* (2, 3, 2), element ijk = 100 i + 10 j + k, first index fastest in the file */
    static const int want[12] = {0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121};
    unsigned char file[12];
    size_t n = 0;
    ipl_npy a;

    for (unsigned k = 0; k < 2; k++)
        for (unsigned j = 0; j < 3; j++)
            for (unsigned i = 0; i < 2; i++)
                file[n++] = (unsigned char)(100 * i + 10 * j + k);
    assert_int_equal(read_npy(&a, state, 1,
                              "{'descr':'|u1','fortran_order':True,'shape':(2,3,2)}", file,
                              n, NULL),
                     IPL_OK);
    assert_int_equal(a.rows, 2);
    assert_int_equal(a.cols, 6);
    for (size_t i = 0; i < 12; i++)
        assert_close(a.data[i], (double)want[i], 0.0);
    ipl_npy_release(&a);
}

static void header_text_may_be_written_in_any_way_python_allows(void **state)
{
    static const char *const dictionaries[] = {
        "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 1), }          \n",
        "{'shape':(2,1),'fortran_order':False,'descr':'<i2'}",
        "{\"descr\": \"<i2\", \"fortran_order\": False, \"shape\": (2, 1)}\n",
        "  { 'descr' : '<i2' , 'shape' : ( 2 , 1 , ) , 'fortran_order' : False , }\n",
        "{'descr': '<i2', 'fortran_order': False, 'shape': (2L, 1L)}\n",
    };
    const unsigned char data[] = {7, 0, 9, 0};

    for (int major = 1; major <= 3; major++)
        for (size_t i = 0; i < sizeof dictionaries / sizeof dictionaries[0]; i++) {
            ipl_error err = {0};
            ipl_npy a;

            if (read_npy(&a, state, major, dictionaries[i], data, sizeof data, &err) !=
                IPL_OK)
                fail_msg("%s: %s", dictionaries[i], err.msg);
            assert_int_equal(a.n_dims, 2);
            assert_close(a.data[1], 9.0, 0.0);
            ipl_npy_release(&a);
        }
}

static void a_bad_header_is_a_format_error(void **state)
{
    static const char *const dictionaries[] = {
        "",
        "{",
        "{}",
        "nonsense",
        "{'descr': '<i2', 'fortran_order': False}",
        "{'descr': '<i2', 'shape': (2,)}",
        "{'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<i2', 'fortran_order': False, 'shape': (2,), 'more': 1}",
        "{'descr': '<i2', 'descr': '<i2', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<i2', 'fortran_order': 0, 'shape': (2,)}",
        "{'descr': '<i2', 'fortran_order': False, 'shape': 2}",
        "{'descr': '<i2', 'fortran_order': False, 'shape': (2,}",
        "{'descr': '<i2', 'fortran_order': False, 'shape': (-2,)}",
        "{'descr': '<i2', 'fortran_order': False, 'shape': (2 1)}",
        "{'descr': '<i2', 'fortran_order': False, 'shape': (0,)}",
        "{'descr': '<i2', 'fortran_order': False, 'shape': (3,)}",
        "{'descr': '<i2', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<i2', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,2)}",
        "{'descr': '<i2', 'fortran_order': False, 'shape': (2,)} more",
        "{'descr': '<i2 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<i2', 'fortran_order': False, 'shape': (2,)",
        "{'descr': '<c8', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '|O', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<f16', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<i3', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '|i2', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<M8', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': [('a', '<i2')], 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<i2', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': '<i2', 'fortran_order': False, 'shape': (4294967296, 4294967296)}",
        "{'descr': '<i2', 'fortran_order': False, 'shape': (4294967296, 1073741824)}",
    };
    const unsigned char data[] = {7, 0, 9, 0};

    for (size_t i = 0; i < sizeof dictionaries / sizeof dictionaries[0]; i++) {
        ipl_error err = {0};
        ipl_npy a;

        if (read_npy(&a, state, 1, dictionaries[i], data, sizeof data, &err) !=
            IPL_E_FORMAT)
            fail_msg("accepted: %s", dictionaries[i]);
        assert_null(a.data);
        assert_non_null(strstr(err.msg, "a.npy"));
    }
}

static void files_written_by_numpy_are_read(void **state)
{
    ipl_npy a;

    (void)state;
    assert_int_equal(ipl_npy_read(&a, "tests/golden/npy/f2_fortran.npy", NULL), IPL_OK);
    assert_int_equal(a.rows, 3);
    assert_int_equal(a.cols, 4);
    for (size_t i = 0; i < 12; i++)
        assert_close(a.data[i], (double)i / 4.0, 0.0);
    ipl_npy_release(&a);
    assert_int_equal(ipl_npy_read(&a, "tests/golden/npy/f4_big_endian.npy", NULL), IPL_OK);
    for (size_t i = 0; i < 12; i++)
        assert_close(a.data[i], (double)i * 0.5 - 1.0, 0.0);
    ipl_npy_release(&a);
    assert_int_equal(ipl_npy_read(&a, "tests/golden/npy/i8_fortran_3d.npy", NULL), IPL_OK);
    assert_int_equal(a.rows, 2);
    assert_int_equal(a.cols, 12);
    for (size_t i = 0; i < 24; i++)
        assert_close(a.data[i], (double)i, 0.0);
    ipl_npy_release(&a);
    assert_int_equal(ipl_npy_read(&a, "tests/golden/npy/b1.npy", NULL), IPL_OK);
    for (size_t i = 0; i < 12; i++)
        assert_close(a.data[i], i % 3 == 0 ? 1.0 : 0.0, 0.0);
    ipl_npy_release(&a);
    assert_int_equal(ipl_npy_read(&a, "tests/golden/npy/scalar.npy", NULL), IPL_OK);
    assert_int_equal(a.n_dims, 0);
    assert_int_equal(a.rows * a.cols, 1);
    assert_close(a.data[0], 2.5, 0.0);
    ipl_npy_release(&a);
}

static void objects_complex_numbers_structures_and_text_are_refused(void **state)
{
    static const char *const names[] = {"object", "complex", "structured", "text"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        char path[64];
        ipl_error err = {0};
        ipl_npy a;

        (void)snprintf(path, sizeof path, "tests/golden/npy/%s.npy", names[i]);
        assert_int_equal(ipl_npy_read(&a, path, &err), IPL_E_FORMAT);
        assert_non_null(strstr(err.msg, "dtype"));
        assert_null(a.data);
    }
}

static void an_integer_that_no_double_can_hold_is_refused(void **state)
{
    const unsigned char over[] = {1, 0, 0, 0, 0, 0, 0x20, 0};
    ipl_error err = {0};
    ipl_npy a;

    assert_int_equal(read_npy(&a, state, 1,
                              "{'descr':'<i8','fortran_order':False,'shape':(1,)}", over, 8,
                              &err),
                     IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "2^53"));
    assert_int_equal(read_npy(&a, state, 1,
                              "{'descr':'<u8','fortran_order':False,'shape':(1,)}",
                              "\xff\xff\xff\xff\xff\xff\xff\xff", 8, &err),
                     IPL_E_FORMAT);
}

static void a_file_cut_at_any_length_or_too_long_is_a_format_error(void **state)
{
    const double data[] = {1.0, 2.0, 3.0};
    const int before = next_descriptor();
    const char *path = scratch_path(state, "a.npy");
    unsigned char bytes[256];
    const size_t len = make_npy(
        bytes, 1, "{'descr':'<f8','fortran_order':False,'shape':(3,)}", data, sizeof data);
    ipl_npy a;

    for (size_t keep = 0; keep < len; keep++) {
        scratch_write(path, bytes, keep);
        assert_int_equal(ipl_npy_read(&a, path, NULL), IPL_E_FORMAT);
        assert_null(a.data);
    }
    bytes[len] = 0;
    scratch_write(path, bytes, len + 1);
    assert_int_equal(ipl_npy_read(&a, path, NULL), IPL_E_FORMAT);
    assert_int_equal(next_descriptor(), before);
}

/* Whatever bit is wrong: a result or an error, never a crash. */
static void every_single_bit_flip_of_the_header_is_survived(void **state)
{
    const double data[] = {1.0, 2.0, 3.0};
    const char *path = scratch_path(state, "a.npy");
    unsigned char bytes[256];
    const size_t len = make_npy(
        bytes, 1, "{'descr':'<f8','fortran_order':False,'shape':(3,)}", data, sizeof data);

    for (size_t bit = 0; bit < 8 * (len - sizeof data); bit++) {
        ipl_npy a;

        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        scratch_write(path, bytes, len);
        if (ipl_npy_read(&a, path, NULL) == IPL_OK)
            assert_int_equal(a.rows * a.cols, 3);
        ipl_npy_release(&a);
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
}

static void a_header_of_ten_gigabytes_allocates_nothing(void **state)
{
    ipl_npy a;

    ipl_alloc_fail_after(1); /* the header's text, then no more */
    assert_int_equal(read_npy(&a, state, 1,
                              "{'descr':'<f4','fortran_order':False,'shape':(2684354560,)}",
                              "0123456789abcdef", 16, NULL),
                     IPL_E_FORMAT);
    ipl_alloc_fail_after(-1);
}

static void a_missing_file_or_a_folder_is_no_input(void **state)
{
    ipl_error err = {0};
    ipl_npy a;

    assert_int_equal(ipl_npy_read(&a, scratch_path(state, "none.npy"), &err),
                     IPL_E_NOINPUT);
    assert_non_null(strstr(err.msg, "none.npy: No such file"));
    assert_int_equal(ipl_npy_read(&a, *state, &err), IPL_E_NOINPUT);
    assert_int_equal(ipl_npy_read(&a, "/dev/zero", &err), IPL_E_NOINPUT);
}

static void running_out_of_memory_leaves_nothing_behind(void **state)
{
    const double data[] = {1.0, 2.0};
    const size_t dims[] = {2};
    const char *path = scratch_path(state, "w.npy");
    const int before = next_descriptor();
    ipl_npy a = {0};
    ipl_status st = IPL_E_NOMEM;
    long n;

    for (n = 0; st == IPL_E_NOMEM; n++) {
        ipl_alloc_fail_after(n);
        st = ipl_npy_write_f64(path, data, dims, 1, NULL);
        if (st == IPL_E_NOMEM)
            assert_false(ipl_file_exists(path));
    }
    assert_int_equal(st, IPL_OK);
    assert_true(n > 2);
    st = IPL_E_NOMEM;
    for (n = 0; st == IPL_E_NOMEM; n++) {
        assert_null(a.data);
        ipl_alloc_fail_after(n);
        st = ipl_npy_read(&a, path, NULL);
    }
    ipl_alloc_fail_after(-1);
    assert_int_equal(st, IPL_OK);
    assert_true(n > 2);
    ipl_npy_release(&a);
    assert_int_equal(next_descriptor(), before);
}

static void a_nan_is_named_by_row_and_column(void **state)
{
    double data[6] = {0};
    const ipl_npy a = {.data = data, .n_dims = 2, .dims = {3, 2}, .rows = 3, .cols = 2};
    ipl_error err = {0};

    (void)state;
    assert_int_equal(ipl_npy_check_finite(&a, "X.npy", &err), IPL_OK);
    data[5] = (double)NAN;
    assert_int_equal(ipl_npy_check_finite(&a, "X.npy", &err), IPL_E_FORMAT);
    assert_string_equal(err.msg, "X.npy: NaN at row 2, column 1");
    data[2] = -(double)INFINITY;
    assert_int_equal(ipl_npy_check_finite(&a, "X.npy", &err), IPL_E_FORMAT);
    assert_string_equal(err.msg, "X.npy: Inf at row 1, column 0");
}

static void labels_are_whole_numbers_of_32_bits(void **state)
{
    static const double bad[] = {0.5, 2147483648.0, -2147483649.0, (double)NAN,
                                 (double)INFINITY};
    double data[3] = {3.0, -2147483648.0, 2147483647.0};
    ipl_npy a = {.data = data, .n_dims = 1, .dims = {3}, .rows = 3, .cols = 1};
    ipl_error err = {0};
    int32_t y[3];

    (void)state;
    assert_int_equal(ipl_npy_labels(y, &a, "y.npy", &err), IPL_OK);
    assert_int_equal(y[0], 3);
    assert_int_equal(y[1], INT32_MIN);
    assert_int_equal(y[2], INT32_MAX);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        data[1] = bad[i];
        assert_int_equal(ipl_npy_labels(y, &a, "y.npy", &err), IPL_E_FORMAT);
        assert_non_null(strstr(err.msg, "y.npy: row 1"));
    }
    a.cols = 2;
    assert_int_equal(ipl_npy_labels(y, &a, "y.npy", &err), IPL_E_FORMAT);
}

static void classes_are_numbered_by_the_values_of_any_labels(void **state)
{
    double data[] = {9007199254740992.0, -3.0, 17.0, -3.0, -1099511627776.0, 17.0, -0.0};
    static const int32_t expected[] = {4, 1, 3, 1, 0, 3, 2};
    static const double bad[] = {0.5, (double)NAN, -(double)INFINITY};
    enum { N = sizeof data / sizeof data[0] };
    ipl_npy a = {.data = data, .n_dims = 1, .dims = {N}, .rows = N, .cols = 1};
    ipl_error err = {0};
    int32_t y[N];

    (void)state;
    assert_int_equal(ipl_npy_classes(y, &a, "y.npy", &err), IPL_OK);
    assert_memory_equal(y, expected, sizeof y);
    data[0] = 0.0; /* equal to -0 */
    assert_int_equal(ipl_npy_classes(y, &a, "y.npy", &err), IPL_OK);
    assert_int_equal(y[0], y[6]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        data[1] = bad[i];
        assert_int_equal(ipl_npy_classes(y, &a, "y.npy", &err), IPL_E_FORMAT);
        assert_non_null(strstr(err.msg, "y.npy: row 1"));
    }
    a.cols = 2;
    assert_int_equal(ipl_npy_classes(y, &a, "y.npy", &err), IPL_E_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(every_numeric_dtype_and_byte_order_is_read),
        IN_SCRATCH(half_precision_has_infinity_and_nan),
        IN_SCRATCH(fortran_order_becomes_c_order),
        IN_SCRATCH(header_text_may_be_written_in_any_way_python_allows),
        IN_SCRATCH(a_bad_header_is_a_format_error),
        cmocka_unit_test(files_written_by_numpy_are_read),
        cmocka_unit_test(objects_complex_numbers_structures_and_text_are_refused),
        IN_SCRATCH(an_integer_that_no_double_can_hold_is_refused),
        IN_SCRATCH(a_file_cut_at_any_length_or_too_long_is_a_format_error),
        IN_SCRATCH(every_single_bit_flip_of_the_header_is_survived),
        IN_SCRATCH(a_header_of_ten_gigabytes_allocates_nothing),
        IN_SCRATCH(a_missing_file_or_a_folder_is_no_input),
        IN_SCRATCH(running_out_of_memory_leaves_nothing_behind),
        cmocka_unit_test(a_nan_is_named_by_row_and_column),
        cmocka_unit_test(labels_are_whole_numbers_of_32_bits),
        cmocka_unit_test(classes_are_numbered_by_the_values_of_any_labels),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
