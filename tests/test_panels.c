/* Products in panels against their naive twins, and what is in which panel. */
#include "base/alloc.h"
#include "base/rng.h"
#include "math/panel_tile.h"
#include "test.h"

#include <string.h>

/* Panels of random numbers, with NaN in the rows behind them that only the pitch has. */
static double *panels(size_t n, size_t d, uint32_t stream)
{
    ipl_rng rng = ipl_rng_at(1, IPL_RNG_DATA, stream, 0);
    double *p = ipl_array(1, ipl_panels_size(n, d), sizeof *p, NULL);

    assert_non_null(p);
    for (size_t i = 0; i < ipl_panels_size(n, d); i++) {
        const size_t pitch = ipl_panels_pitch(n) * IPL_PANEL, row = i % pitch / IPL_PANEL;
        const size_t column = i / pitch * IPL_PANEL + i % IPL_PANEL;

        p[i] = row >= n ? (double)NAN : column < d ? ipl_rng_normal(&rng) : 0.0;
    }
    return p;
}

static double *numbers(size_t n, uint32_t stream)
{
    ipl_rng rng = ipl_rng_at(2, IPL_RNG_DATA, stream, 0);
    double *p = ipl_array(n, 1, sizeof *p, NULL);

    assert_non_null(p);
    for (size_t i = 0; i < n; i++)
        p[i] = ipl_rng_normal(&rng);
    return p;
}

/* Rows [first, n) of A (n, p) and B (n, q). */
static void check_product(size_t n, size_t first, size_t p, size_t q, bool add)
{
    double *a = panels(n, p, 1), *b = panels(n, q, 2);
    double *c = numbers(p * q, 3), *want = numbers(p * q, 3);
    const ipl_panels A = ipl_panels_of(a, n, p, first, n - first);
    const ipl_panels B = ipl_panels_of(b, n, q, first, n - first);

    if (!add)
        c[0] = want[0] = (double)NAN; /* what was there must not matter */
    ipl_panels_product(c, &A, &B, add, NULL);
    ipl_panels_product_ref(want, &A, &B, add);
    for (size_t i = 0; i < p * q; i++)
        assert_close(c[i], want[i], 1e-13 * (double)(n + 1));
    ipl_free(want);
    ipl_free(c);
    ipl_free(b);
    ipl_free(a);
}

static void a_product_is_that_of_its_naive_twin(void **state)
{
    static const size_t sizes[] = {1, 3, 8, 9, 16, 20, 24, 25, 31, 100, 193, 270, 530};
    enum { SIZES = sizeof sizes / sizeof *sizes };

    (void)state;
    for (size_t i = 0; i < SIZES; i++) {
        check_product(1 + 37 * i, i / 2, sizes[i], sizes[SIZES - 1 - i], i % 2 > 0);
        check_product(140, 3, sizes[i], 20, i % 2 == 0);
        check_product(128, 0, 5, sizes[i], false); /* a pitch that is not n */
    }
}

/* Z (n, d), on the side of its columns or of its rows. */
static void check_gram(size_t n, size_t d, double alpha, bool rows)
{
    const size_t order = rows ? n : d;
    double *z = panels(n, d, 4), *turned = panels(d, n, 5), *room = NULL;
    double *g = numbers(order * order, 6), *want = numbers(order * order, 6);
    const ipl_panels Z = ipl_panels_of(z, n, d, 0, n),
                     T = ipl_panels_of(turned, d, n, 0, d);

    room = ipl_array(1, ipl_panels_room(n, d), sizeof *room, NULL);
    assert_non_null(room);
    ipl_panels_turn(turned, &Z, 0, d, NULL);
    if (rows)
        ipl_panels_gram_rows(g, &Z, alpha, room, NULL);
    else
        ipl_panels_gram(g, &Z, alpha, true, NULL);
    ipl_panels_gram_ref(want, rows ? &T : &Z, alpha, !rows);
    for (size_t i = 0; i < order; i++)
        for (size_t j = 0; j < order; j++)
            assert_close(g[i * order + j], want[i * order + j],
                         j > i ? 0.0 : 1e-13 * (double)(n + d + 1));
    ipl_free(room);
    ipl_free(turned);
    ipl_free(want);
    ipl_free(g);
    ipl_free(z);
}

static void a_gram_matrix_fills_the_lower_triangle_only(void **state)
{
    static const size_t sizes[] = {1, 7, 8, 9, 23, 24, 40, 192, 199, 264, 300, 601};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        check_gram(3 + 30 * i, sizes[i], -0.5, false);
        check_gram(sizes[i], 3 + 30 * i, 2.0, true);
    }
    check_gram(20, 1100, 1.0, true); /* turned in three steps */
}

static void rows_go_into_panels_and_come_back(void **state)
{
    static const size_t n[] = {1, 70, 128}, d[] = {1, 8, 21};

    (void)state;
    for (size_t k = 0; k < 9; k++) {
        const size_t N = n[k / 3], D = d[k % 3];
        double *x = numbers(N * D, 7), *back = numbers(N * D, 8), *p = panels(N, D, 9);
        const ipl_panels z = ipl_panels_of(p, N, D, 0, N);

        ipl_panels_fill(p, x, N, D, NULL);
        ipl_panels_empty(back, &z, NULL);
        assert_memory_equal(back, x, N * D * sizeof *x);
        for (size_t i = 0; i < N; i++) {
            ipl_panels_row(back, &z, i);
            assert_memory_equal(back, x + i * D, D * sizeof *x);
            for (size_t j = D; j < ipl_panels_up(D); j++)
                assert_true(p[j / 8 * z.stride + i * 8 + j % 8] == 0.0);
        }
        ipl_free(p);
        ipl_free(back);
        ipl_free(x);
    }
}

static void check_solve(size_t n, size_t d)
{
    double *b = panels(n, d, 1), *want = panels(n, d, 1), *l = numbers(n * n, 2);
    double *room = ipl_array(1, ipl_panels_solve_room(n), sizeof *room, NULL);

    assert_non_null(room);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            l[i * n + j] = j > i ? (double)NAN : j == i ? 2.0 : l[i * n + j] / (double)n;
    ipl_panels_solve(b, l, n, d, room, NULL);
    ipl_panels_solve_ref(want, l, n, d);
    for (size_t j = 0; j < d; j++)
        for (size_t i = 0; i < n; i++) {
            const size_t at = j / 8 * ipl_panels_pitch(n) * 8 + i * 8 + j % 8;

            assert_close(b[at], want[at], 1e-13 * fmax(1.0, fabs(want[at])));
        }
    ipl_free(room);
    ipl_free(l);
    ipl_free(want);
    ipl_free(b);
}

static void a_solve_is_that_of_its_naive_twin(void **state)
{
    static const size_t sizes[] = {1, 7, 8, 9, 100, 191, 192, 193, 385, 500};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        check_solve(sizes[i], 1 + 31 * i);
        check_solve(sizes[i], 600 - 61 * i);
    }
}

static void bytes_do_not_depend_on_the_number_of_threads(void **state)
{
    enum { N = 700, P = 600, Q = 333 };
    double *a = panels(N, P, 1), *b = panels(N, Q, 2);
    double *c = numbers(2 * P * Q, 3), *g = numbers(2 * P * P, 3);
    const ipl_panels A = ipl_panels_of(a, N, P, 0, N), B = ipl_panels_of(b, N, Q, 0, N);

    (void)state;
    memset(g, 0, 2 * sizeof *g * P * P);
    for (size_t threads = 1; threads <= 4; threads++) {
        double *to = threads > 1 ? c + (size_t)P * Q : c,
               *h = threads > 1 ? g + (size_t)P * P : g;
        ipl_pool *pool;

        assert_int_equal(ipl_pool_create(&pool, threads, NULL, NULL), IPL_OK);
        ipl_panels_product(to, &A, &B, false, pool);
        ipl_panels_gram(h, &A, 1.0, false, pool);
        ipl_pool_destroy(pool);
        assert_memory_equal(to, c, sizeof *c * P * Q);
        assert_memory_equal(h, g, sizeof *g * P * P);
    }
    ipl_free(g);
    ipl_free(c);
    ipl_free(b);
    ipl_free(a);
}

static bool is_supported(const panel_kernels *set)
{
#if defined(__GNUC__) && defined(__x86_64__)
    if (set && set == ipl_panels_avx512)
        return __builtin_cpu_supports("avx512f");
    if (set && set == ipl_panels_avx2)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
    return set != NULL;
}

static void check_tile(const panel_kernels *set, size_t g, size_t k)
{
    double *a = panels(k, 8, 1), *b = panels(k, 8 * g, 2);
    double *sums = numbers(64 * g, 3), *want = numbers(64 * g, 3);
    const ipl_panels A = ipl_panels_of(a, k, 8, 0, k), B = ipl_panels_of(b, k, 8 * g, 0, k);

    set->tile[g - 1](&(panel_tile){sums, a, b, B.stride, k, a});
    ipl_panels_product_ref(want, &A, &B, true);
    for (size_t i = 0; i < 64 * g; i++)
        assert_close(sums[i], want[i], 1e-13 * (double)(k + 1));
    ipl_free(want);
    ipl_free(sums);
    ipl_free(b);
    ipl_free(a);
}

static void tiles_of_every_instruction_set_are_the_triple_loop(void **state)
{
    const panel_kernels *sets[] = {ipl_panels_plain, ipl_panels_avx2, ipl_panels_avx512};

    (void)state;
    for (size_t s = 0; s < 3; s++) {
        if (!is_supported(sets[s])) {
            print_message("kernels %zu: not for this processor\n", s);
            continue;
        }
        for (size_t g = 1; g <= sets[s]->group; g++)
            for (size_t k = 0; k < 20; k++)
                check_tile(sets[s], g, k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_product_is_that_of_its_naive_twin),
        cmocka_unit_test(a_gram_matrix_fills_the_lower_triangle_only),
        cmocka_unit_test(rows_go_into_panels_and_come_back),
        cmocka_unit_test(a_solve_is_that_of_its_naive_twin),
        cmocka_unit_test(bytes_do_not_depend_on_the_number_of_threads),
        cmocka_unit_test(tiles_of_every_instruction_set_are_the_triple_loop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
