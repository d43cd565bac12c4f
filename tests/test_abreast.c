/*
 * Products of samples abreast against the naive twins of rows, and the way there and back.
 * The numbers are small integers, whose sums are exact in any order: the results are the same
 * to the bit.
 */
#include "base/alloc.h"
#include "base/rng.h"
#include "math/abreast.h"
#include "math/narrow.h"
#include "test.h"

#include <string.h>

enum { WIDEST = IPL_NARROW_MAX, BEHIND = 40 };

static float *array(size_t n, ipl_rng *rng)
{
    float *p = ipl_array(n + BEHIND, 1, sizeof *p, NULL);

    assert_non_null(p);
    for (size_t i = 0; i < n + BEHIND; i++)
        p[i] = rng ? floorf(4.0f * (float)ipl_rng_normal(rng)) : 77.0f;
    return p;
}

/* Fail unless N samples abreast are those rows, and nothing was written behind them. */
static void assert_abreast(const float *got, const float *rows, size_t N, size_t D)
{
    float *back = array(N * D, NULL);

    ipl_abreast_rows(back, got, N, D);
    assert_memory_equal(back, rows, N * D * sizeof *back);
    for (size_t i = 0; i < BEHIND; i++) {
        assert_true(back[N * D + i] == 77.0f);
        assert_true(got[ipl_abreast_up(N) * D + i] == 77.0f);
    }
    ipl_free(back);
}

static void a_lane_is_a_sample_and_the_last_fills_up_its_block(void **state)
{
    (void)state;
    for (size_t N = 1; N <= 50; N++)
        for (size_t D = 1; D <= 20; D += 3) {
            ipl_rng rng = ipl_rng_at(1, IPL_RNG_DATA, (uint32_t)(N * 32 + D), 0);
            float *rows = array(N * D, &rng), *x = array(ipl_abreast_up(N) * D, NULL);

            ipl_abreast(x, rows, N, D);
            for (size_t n = 0; n < ipl_abreast_up(N); n++)
                for (size_t d = 0; d < D; d++)
                    assert_true(x[(n / 16 * D + d) * 16 + n % 16] ==
                                rows[(n < N ? n : N - 1) * D + d]);
            assert_abreast(x, rows, N, D);
            ipl_free(rows);
            ipl_free(x);
        }
}

static void check(size_t N, size_t D, size_t U)
{
    ipl_rng rng = ipl_rng_at(2, IPL_RNG_DATA, (uint32_t)(N * 1024 + D * 32 + U), 0);
    float *x = array(N * D, &rng), *dy = array(N * U, &rng);
    float *w = array(U * D, &rng), *b = array(U, &rng);
    float *x_a = array(N * D, NULL), *dy_a = array(N * U, NULL);
    float *y = array(N * U, NULL), *dx = array(N * D, NULL);
    float *y_a = array(N * U, NULL), *dx_a = array(N * D, NULL);
    float *dw = array(U * D, NULL), *db = array(U, NULL);
    float *dw_a = array(U * D, NULL), *db_a = array(U, NULL);
    float *all[] = {x, dy, w, b, x_a, dy_a, y, dx, y_a, dx_a, dw, db, dw_a, db_a};

    ipl_abreast(x_a, x, N, D);
    ipl_abreast(dy_a, dy, N, U);
    ipl_abreast_forward(y_a, x_a, w, b, N, D, U);
    ipl_abreast_backward(dx_a, dy_a, w, N, D, U);
    ipl_abreast_gradient(dw_a, db_a, dy_a, x_a, N, D, U);
    ipl_narrow_forward_ref(y, x, w, b, N, D, U);
    ipl_narrow_backward_ref(dx, dy, w, N, D, U);
    ipl_narrow_gradient_ref(dw, db, dy, x, N, D, U);
    assert_abreast(y_a, y, N, U);
    assert_abreast(dx_a, dx, N, D);
    for (size_t i = 0; i < U * D + BEHIND; i++)
        assert_true(dw_a[i] == dw[i]);
    for (size_t i = 0; i < U + BEHIND; i++)
        assert_true(db_a[i] == db[i]);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        ipl_free(all[i]);
}

static void every_width_agrees_with_the_naive_twins_and_writes_no_more(void **state)
{
    (void)state;
    for (size_t D = 1; D <= WIDEST; D++)
        for (size_t U = 1; U <= WIDEST; U++)
            if (ipl_narrow_fits(D, U))
                check(16 + (D + U) % 3 * 16, D, U);
    check(2064, 5, 7); /* more rows than are summed in one go */
}

/* The order of sums is that of rows: whether samples lie abreast cannot be seen. */
static void outputs_have_the_bytes_of_rows(void **state)
{
    enum { N = 48, D = 13, U = 11 };
    ipl_rng rng = ipl_rng_at(3, IPL_RNG_DATA, 0, 0);
    float x[N * D], dy[N * U], w[U * D], b[U], x_a[N * D], dy_a[N * U];
    float y[N * U], dx[N * D], y_a[N * U], dx_a[N * D], back[N * D];

    (void)state;
    for (size_t i = 0; i < sizeof x / sizeof *x; i++)
        x[i] = (float)ipl_rng_normal(&rng);
    for (size_t i = 0; i < sizeof dy / sizeof *dy; i++)
        dy[i] = (float)ipl_rng_normal(&rng);
    for (size_t i = 0; i < sizeof w / sizeof *w; i++)
        w[i] = (float)ipl_rng_normal(&rng);
    for (size_t i = 0; i < U; i++)
        b[i] = (float)ipl_rng_normal(&rng);
    ipl_abreast(x_a, x, N, D);
    ipl_abreast(dy_a, dy, N, U);
    ipl_abreast_forward(y_a, x_a, w, b, N, D, U);
    ipl_abreast_backward(dx_a, dy_a, w, N, D, U);
    ipl_narrow_forward(y, x, w, b, N, D, U);
    ipl_narrow_backward(dx, dy, w, N, D, U);
    ipl_abreast_rows(back, y_a, N, U);
    assert_memory_equal(back, y, sizeof y);
    ipl_abreast_rows(back, dx_a, N, D);
    assert_memory_equal(back, dx, sizeof dx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lane_is_a_sample_and_the_last_fills_up_its_block),
        cmocka_unit_test(every_width_agrees_with_the_naive_twins_and_writes_no_more),
        cmocka_unit_test(outputs_have_the_bytes_of_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
