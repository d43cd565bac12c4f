#include "test.h"

#include "base/alloc.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void an_array_is_zero_and_aligned(void **state)
{
    (void)state;
    for (size_t n = 0; n < 300; n += 7) {
        unsigned char *a = ipl_array(n, 3, 1, NULL);

        assert_non_null(a);
        assert_int_equal((uintptr_t)a % 64, 0);
        for (size_t i = 0; i < 3 * n; i++)
            assert_int_equal(a[i], 0);
        memset(a, 0xff, 3 * n); /* what is freed dirty must come back clean */
        ipl_free(a);
    }
}

/* Small and large arrays come from different places. */
static void an_array_of_some_megabytes_is_zero_and_aligned(void **state)
{
    const size_t limit = (size_t)3 << 22;

    (void)state;
    for (int round = 0; round < 3; round++)
        for (size_t bytes = limit - 128; bytes <= 2 * limit; bytes += limit / 2 + 64) {
            unsigned char *a = ipl_array(bytes, 1, 1, NULL);
            size_t sum = 0;

            assert_non_null(a);
            assert_int_equal((uintptr_t)a % 64, 0);
            for (size_t i = 0; i < bytes; i++)
                sum += a[i];
            assert_int_equal(sum, 0);
            memset(a, 0xff, bytes);
            ipl_free(a);
        }
}

/* Memory of its own: what is released is not there any more. The address sanitizer keeps it. */
static void a_large_array_goes_back_to_the_system(void **state)
{
#ifdef __SANITIZE_ADDRESS__
    (void)state;
    print_message("SKIPPED: the address sanitizer keeps what is released\n");
    skip();
#else
    const size_t bytes = (size_t)1 << 26, page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *a = ipl_array(bytes, 1, 1, NULL);
    unsigned char *at;

    (void)state;
    assert_non_null(a);
    a[0] = a[bytes - 1] = 1;
    at = a - (uintptr_t)a % page;
    assert_int_equal(msync(at, bytes, MS_ASYNC), 0);
    ipl_free(a);
    for (size_t i = 0; i < bytes; i += page)
        assert_int_equal(msync(at + i, page, MS_ASYNC), -1);
#endif
}

static void what_is_held_is_counted(void **state)
{
    const size_t bytes[] = {1, 1000, (size_t)1 << 20, (size_t)1 << 23};

    (void)state;
    for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++) {
        const size_t before = ipl_alloc_held();
        void *a = ipl_array(bytes[i], 1, 1, NULL), *b = ipl_array(bytes[i], 1, 1, NULL);

        assert_within(ipl_alloc_held() - before, 2 * bytes[i], 2 * (bytes[i] + 64));
        ipl_free(a);
        assert_within(ipl_alloc_held() - before, bytes[i], bytes[i] + 64);
        ipl_free(b);
        assert_int_equal(ipl_alloc_held(), before);
    }
}

static void nothing_can_be_released(void **state)
{
    (void)state;
    ipl_free(NULL);
}

static void a_size_that_overflows_is_no_memory(void **state)
{
    const size_t half = SIZE_MAX / 2;
    const size_t sizes[][3] = {
        {SIZE_MAX, 2, 1},
        {half + 1, 2, 1},
        {2, 2, half + 1},
        {SIZE_MAX, SIZE_MAX, SIZE_MAX},
        {SIZE_MAX, 1, 1}, /* fits in size_t, rounding it up does not */
        {(size_t)1 << 32, (size_t)1 << 32, 4},
    };

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        ipl_error err = {0};

        assert_null(ipl_array(sizes[i][0], sizes[i][1], sizes[i][2], &err));
        assert_int_equal(err.status, IPL_E_NOMEM);
        assert_non_null(strstr(err.msg, "overflow"));
    }
}

static void products_that_fit_are_exact(void **state)
{
    size_t p;

    (void)state;
    assert_false(ipl_mul_overflows(&p, 0, SIZE_MAX));
    assert_int_equal(p, 0);
    assert_false(ipl_mul_overflows(&p, SIZE_MAX, 0));
    assert_false(ipl_mul_overflows(&p, SIZE_MAX, 1));
    assert_true(p == SIZE_MAX);
    assert_false(ipl_mul_overflows(&p, SIZE_MAX / 3, 3));
    assert_true(ipl_mul_overflows(&p, SIZE_MAX / 3 + 1, 3));
    assert_true(ipl_mul_overflows(&p, SIZE_MAX, SIZE_MAX));
}

static void an_injected_fault_hits_exactly_one_allocation(void **state)
{
    (void)state;
    for (long n = 0; n < 4; n++) {
        ipl_alloc_fail_after(n);
        for (long i = 0; i < 6; i++) {
            ipl_error err = {0};
            void *p = ipl_array(1, 1, 1, &err);

            assert_true((p == NULL) == (i == n));
            assert_int_equal(err.status, i == n ? IPL_E_NOMEM : IPL_OK);
            ipl_free(p);
        }
    }
    ipl_alloc_fail_after(-1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_array_is_zero_and_aligned),
        cmocka_unit_test(an_array_of_some_megabytes_is_zero_and_aligned),
        cmocka_unit_test(a_large_array_goes_back_to_the_system),
        cmocka_unit_test(what_is_held_is_counted),
        cmocka_unit_test(nothing_can_be_released),
        cmocka_unit_test(a_size_that_overflows_is_no_memory),
        cmocka_unit_test(products_that_fit_are_exact),
        cmocka_unit_test(an_injected_fault_hits_exactly_one_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
