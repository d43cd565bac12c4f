/* Writing .npy files: what NumPy reads, in full and in half precision. */
#include "scratch.h"

#include "base/alloc.h"
#include "math/npy.h"

#include <float.h>

static void what_is_written_reads_back_exactly(void **state)
{
    const float f32[6] = {0.1f, -2.0f, 3e38f, FLT_MIN, 0.0f, 1e-30f};
    const double f64[6] = {0.1, -2.0, DBL_MAX, DBL_MIN, 0.0, 1e-300};
    const int64_t i64[6] = {0, -1, 9007199254740992, -9007199254740992, 5, 6};
    const size_t dims[] = {3, 1, 2};
    const char *path = scratch_path(state, "w.npy");
    ipl_npy a;

    assert_int_equal(ipl_npy_write_f32(path, f32, dims, 3, NULL), IPL_OK);
    assert_int_equal(ipl_npy_read(&a, path, NULL), IPL_OK);
    assert_int_equal(a.n_dims, 3);
    assert_memory_equal(a.dims, dims, sizeof dims);
    assert_string_equal(a.dtype, "<f4");
    for (size_t i = 0; i < 6; i++)
        assert_close(a.data[i], (double)f32[i], 0.0);
    ipl_npy_release(&a);
    assert_int_equal(ipl_npy_write_f64(path, f64, dims, 3, NULL), IPL_OK);
    assert_int_equal(ipl_npy_read(&a, path, NULL), IPL_OK);
    for (size_t i = 0; i < 6; i++)
        assert_close(a.data[i], f64[i], 0.0);
    ipl_npy_release(&a);
    assert_int_equal(ipl_npy_write_i64(path, i64, dims, 3, NULL), IPL_OK);
    assert_int_equal(ipl_npy_read(&a, path, NULL), IPL_OK);
    for (size_t i = 0; i < 6; i++)
        assert_close(a.data[i], (double)i64[i], 0.0);
    ipl_npy_release(&a);
}

/* The bytes numpy.save gives for np.array([1.5], '<f4'), so NumPy reads ours. */
static void the_header_is_that_of_numpy(void **state)
{
    static const char want[] = "\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': "
                               "False, 'shape': (1,), }";
    const float value = 1.5f;
    const size_t one = 1;
    const char *path = scratch_path(state, "w.npy");
    char *bytes;
    size_t len;

    assert_int_equal(ipl_npy_write_f32(path, &value, &one, 1, NULL), IPL_OK);
    assert_int_equal(ipl_file_read(&bytes, &len, path, 4096, NULL), IPL_OK);
    assert_int_equal(len, 128 + 4);
    assert_memory_equal(bytes, want, sizeof want - 1);
    for (size_t i = sizeof want - 1; i < 127; i++)
        assert_int_equal(bytes[i], ' ');
    assert_int_equal(bytes[127], '\n');
    assert_memory_equal(bytes + 128, "\x00\x00\xc0\x3f", 4);
    ipl_free(bytes);
}

/* half_out.npy is half_in.npy after NumPy's astype(float16). */
static void float16_is_rounded_as_numpy_rounds_it(void **state)
{
    ipl_npy in, out;

    (void)state;
    assert_int_equal(ipl_npy_read(&in, "tests/golden/npy/half_in.npy", NULL), IPL_OK);
    assert_int_equal(ipl_npy_read(&out, "tests/golden/npy/half_out.npy", NULL), IPL_OK);
    assert_int_equal(in.rows, out.rows);
    for (size_t i = 0; i < in.rows; i++) {
        const unsigned half = ipl_half_bits((float)in.data[i]);
        const unsigned exponent = half >> 10 & 31, fraction = half & 0x3ff;
        double v = exponent == 0    ? ldexp(fraction, -24)
                   : exponent == 31 ? (double)INFINITY
                                    : ldexp(fraction + 1024.0, (int)exponent - 25);

        v = half & 0x8000 ? -v : v;
        if (v != out.data[i] || signbit(v) != signbit(out.data[i]))
            fail_msg("%.9g becomes %.9g, numpy says %.9g", in.data[i], v, out.data[i]);
    }
    assert_int_equal(ipl_half_bits((float)NAN) & 0x7fff, 0x7e00);
    ipl_npy_release(&out);
    ipl_npy_release(&in);
}

static void float16_reads_back_within_its_precision(void **state)
{
    const char *path = scratch_path(state, "half.npy");
    float data[64];
    const size_t dims[] = {8, 8};
    ipl_npy a;

    for (size_t i = 0; i < 64; i++)
        data[i] = (float)exp(0.25 * (double)i - 8.0) * (i % 2 ? -1.0f : 1.0f);
    assert_int_equal(ipl_npy_write_f16(path, data, dims, 2, NULL), IPL_OK);
    assert_int_equal(ipl_npy_read(&a, path, NULL), IPL_OK);
    assert_string_equal(a.dtype, "<f2");
    assert_int_equal(a.cols, 8);
    for (size_t i = 0; i < 64; i++)
        assert_close(a.data[i], (double)data[i], 0x1p-11 * fabs((double)data[i]));
    ipl_npy_release(&a);
}

static void a_value_beyond_float16_is_refused_and_nothing_is_written(void **state)
{
    const char *path = scratch_path(state, "large.npy");
    const float data[] = {1.0f, 65504.0f, -65520.0f};
    const size_t n = 3, fits = 2;
    ipl_error err = {0};

    assert_int_equal(ipl_npy_write_f16(path, data, &n, 1, &err), IPL_E_NUMERIC);
    assert_non_null(strstr(err.msg, "element 2 is -65520"));
    assert_false(ipl_file_exists(path));
    assert_int_equal(ipl_npy_write_f16(path, data, &fits, 1, &err), IPL_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(what_is_written_reads_back_exactly),
        IN_SCRATCH(the_header_is_that_of_numpy),
        cmocka_unit_test(float16_is_rounded_as_numpy_rounds_it),
        IN_SCRATCH(float16_reads_back_within_its_precision),
        IN_SCRATCH(a_value_beyond_float16_is_refused_and_nothing_is_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
