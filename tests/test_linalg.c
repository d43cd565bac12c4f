/* The double half of linalg.h against triple loops and closed forms. */
#include "base/alloc.h"
#include "base/rng.h"
#include "math/linalg.h"
#include "one_thread.h"
#include "test.h"

#include <float.h>
#include <string.h>

static const size_t sizes[] = {1, 2, 7, 63, 64, 65, 257, 300};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

static double *matrix(size_t rows, size_t cols, uint32_t stream)
{
    ipl_rng rng = ipl_rng_at(1, IPL_RNG_DATA, stream, 0);
    double *a = ipl_array(rows, cols, sizeof *a, NULL);

    assert_non_null(a);
    for (size_t i = 0; i < rows * cols; i++)
        a[i] = ipl_rng_normal(&rng);
    return a;
}

/* A well-conditioned symmetric matrix: I + Z'Z / d. */
static double *definite(size_t d, uint32_t stream)
{
    double *z = matrix(d, d, stream), *a = ipl_array(d, d, sizeof *a, NULL);

    assert_non_null(a);
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j < d; j++) {
            for (size_t k = 0; k < d; k++)
                a[i * d + j] += z[k * d + i] * z[k * d + j] / (double)d;
            a[i * d + j] += i == j ? 1.0 : 0.0;
        }
    ipl_free(z);
    return a;
}

/* log det by elimination in long double; a is destroyed. */
static double naive_logdet(const double *a, size_t n)
{
    long double *u = ipl_array(n, n, sizeof *u, NULL);
    long double sum = 0.0L;

    assert_non_null(u);
    for (size_t i = 0; i < n * n; i++)
        u[i] = (long double)a[i];
    for (size_t k = 0; k < n; k++) {
        sum += logl(u[k * n + k]);
        for (size_t i = k + 1; i < n; i++) {
            const long double f = u[i * n + k] / u[k * n + k];

            for (size_t j = k; j < n; j++)
                u[i * n + j] -= f * u[k * n + j];
        }
    }
    ipl_free(u);
    return (double)sum;
}

static void check_gram(size_t n, size_t d)
{
    double *z = matrix(n, d, 4), *g = matrix(n, n, 5), *old = matrix(n, n, 5);

    ipl_gram_rows(g, z, n, d, 0.5, -2.0, NULL);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            double dot = 0.0, want = old[i * n + j];

            for (size_t k = 0; k < d; k++)
                dot += z[i * d + k] * z[j * d + k];
            if (j <= i)
                want = -2.0 * want + 0.5 * dot;
            assert_close(g[i * n + j], want, j > i ? 0.0 : 1e-11);
        }
    ipl_free(old);
    ipl_free(g);
    ipl_free(z);
}

static void a_gram_matrix_fills_the_lower_triangle_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIZES; i++)
        check_gram(sizes[i], sizes[(i + 3) % SIZES]);
    for (size_t order = 383; order < 2100; order += 200) /* one to five strips */
        check_gram(order, 2);
}

static void a_gram_matrix_with_weight_zero_forgets_the_old_one(void **state)
{
    double *z = matrix(70, 300, 6), *g = matrix(300, 300, 7);

    (void)state;
    for (size_t i = 0; i < 300 * 300; i++)
        g[i] = (double)NAN;
    ipl_gram_rows(g, z, 70, 300, 1.0, 0.0, NULL);
    for (size_t i = 0; i < 70; i++)
        for (size_t j = 0; j <= i; j++)
            assert_true(isfinite(g[i * 70 + j]));
    ipl_free(g);
    ipl_free(z);
}

static void a_cholesky_factor_multiplies_back(void **state)
{
    (void)state;
    for (size_t s = 0; s < SIZES; s++) {
        const size_t n = sizes[s];
        double *a = definite(n, 8), *l = definite(n, 8);

        assert_int_equal(ipl_cholesky(l, n, NULL, NULL), IPL_OK);
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++) {
                double sum = 0.0;

                for (size_t k = 0; k <= j && j <= i; k++)
                    sum += l[i * n + k] * l[j * n + k];
                if (j <= i)
                    assert_close(sum, a[i * n + j], 1e-12);
                else /* above the diagonal nothing is touched */
                    assert_true(l[i * n + j] == a[i * n + j]);
            }
        assert_close(ipl_cholesky_logdet(l, n), naive_logdet(a, n), 1e-11);
        ipl_free(l);
        ipl_free(a);
    }
}

/*
 * A = I + Z'Z with Z (8, n): det A = det(I + Z Z'), and a product with a vector tells whether
 * L L' = A without n^3 operations.
 */
static void a_large_factor_multiplies_back(void **state)
{
    const size_t orders[] = {1023, 1300, 2100}, few = 8;

    (void)state;
    for (size_t s = 0; s < 3; s++) {
        const size_t n = orders[s];
        double *z = matrix(few, n, 18), *x = matrix(n, 1, 19), *l = matrix(n, n, 20);
        double *t = ipl_array(n, 1, sizeof *t, NULL), small[64] = {0}, zx[8] = {0};

        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j <= i; j++) {
                l[i * n + j] = i == j ? 1.0 : 0.0;
                for (size_t k = 0; k < few; k++)
                    l[i * n + j] += z[k * n + i] * z[k * n + j];
            }
        for (size_t k = 0; k < few; k++) {
            small[k * few + k] = 1.0;
            for (size_t m = 0; m < few; m++)
                for (size_t i = 0; i < n; i++)
                    small[k * few + m] += z[k * n + i] * z[m * n + i];
            for (size_t i = 0; i < n; i++)
                zx[k] += z[k * n + i] * x[i];
        }
        assert_int_equal(ipl_cholesky(l, n, NULL, NULL), IPL_OK);
        assert_close(ipl_cholesky_logdet(l, n), naive_logdet(small, few), 1e-11);
        for (size_t i = 0; i < n; i++) /* t = L'x */
            for (size_t j = 0; j <= i; j++)
                t[j] += l[i * n + j] * x[i];
        for (size_t i = 0; i < n; i++) {
            double got = 0.0, want = x[i];

            for (size_t j = 0; j <= i; j++)
                got += l[i * n + j] * t[j];
            for (size_t k = 0; k < few; k++)
                want += z[k * n + i] * zx[k];
            assert_close(got, want, 1e-11);
        }
        ipl_free(t);
        ipl_free(l);
        ipl_free(x);
        ipl_free(z);
    }
}

static void an_indefinite_matrix_has_no_factor(void **state)
{
    const size_t orders[] = {2, 300};

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        const size_t n = orders[k], at = n - 1;
        double *a = definite(n, 9);
        ipl_error err = {0};

        a[at * n + at] = -1.0;
        assert_int_equal(ipl_cholesky(a, n, NULL, &err), IPL_E_NUMERIC);
        assert_non_null(strstr(err.msg, "not positive definite"));
        ipl_free(a);
    }
}

static void a_nan_has_no_factor(void **state)
{
    (void)state;
    for (size_t at = 0; at < 300; at += 99) {
        double *a = definite(300, 10);

        a[at * 300 + at / 2] = (double)NAN;
        assert_int_equal(ipl_cholesky(a, 300, NULL, NULL), IPL_E_NUMERIC);
        ipl_free(a);
    }
}

static void a_solve_undoes_the_factor(void **state)
{
    const size_t widths[] = {1, 2, 31, 33, 300};

    (void)state;
    for (size_t s = 0; s < SIZES; s++)
        for (size_t w = 0; w < 5; w++) {
            const size_t m = sizes[s], n = widths[w];
            double *l = definite(m, 11), *x = matrix(m, n, 12), *b = matrix(m, n, 13);

            assert_int_equal(ipl_cholesky(l, m, NULL, NULL), IPL_OK);
            for (size_t i = 0; i < m; i++)
                for (size_t j = 0; j < n; j++) {
                    b[i * n + j] = 0.0;
                    for (size_t k = 0; k <= i; k++)
                        b[i * n + j] += l[i * m + k] * x[k * n + j];
                }
            ipl_solve_lower(b, l, m, n, NULL);
            for (size_t i = 0; i < m * n; i++)
                assert_close(b[i], x[i], 1e-11);
            ipl_free(b);
            ipl_free(x);
            ipl_free(l);
        }
}

/* I + Z'Z by its definition. */
static double gram_logdet(const double *z, size_t n, size_t d)
{
    double *a = ipl_array(d, d, sizeof *a, NULL), value;

    assert_non_null(a);
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j < d; j++) {
            for (size_t k = 0; k < n; k++)
                a[i * d + j] += z[k * d + i] * z[k * d + j];
            a[i * d + j] += i == j ? 1.0 : 0.0;
        }
    value = naive_logdet(a, d);
    ipl_free(a);
    return value;
}

static void qr_agrees_with_elimination_on_both_sides(void **state)
{
    (void)state;
    for (size_t s = 0; s < SIZES; s++) {
        const size_t n = sizes[s], d = sizes[SIZES - 1 - s];
        double *z = matrix(n, d, 14), got;

        assert_int_equal(ipl_logdet_qr(&got, z, n, d, NULL), IPL_OK);
        assert_close(got, gram_logdet(z, n, d), 1e-9);
        ipl_free(z);
    }
}

static void qr_keeps_its_digits_where_squaring_loses_them(void **state)
{
    /* Columns u + e, u - e with |u| = 1e8, |e| = 1: eigenvalues 2e16 and 2. */
    const double z[] = {1e8, 1e8, 1.0, -1.0};
    double got;

    (void)state;
    assert_int_equal(ipl_logdet_qr(&got, z, 2, 2, NULL), IPL_OK);
    assert_close(got, log1p(2e16) + log(3.0), 1e-13);
}

static void qr_refuses_a_nan(void **state)
{
    const double z[] = {1.0, (double)NAN, 0.0, 2.0, 1.0, 1.0};
    double got;

    (void)state;
    assert_int_equal(ipl_logdet_qr(&got, z, 3, 2, NULL), IPL_E_NUMERIC);
    assert_int_equal(ipl_logdet_qr(&got, z, 2, 3, NULL), IPL_E_NUMERIC);
}

static void lu_agrees_with_elimination(void **state)
{
    (void)state;
    for (size_t s = 0; s < SIZES; s++) {
        double *a = definite(sizes[s], 15), got, want = naive_logdet(a, sizes[s]);

        assert_int_equal(ipl_logdet_lu(&got, a, sizes[s], NULL), IPL_OK);
        assert_close(got, want, 1e-10);
        ipl_free(a);
    }
}

static void lu_knows_the_sign_of_a_determinant(void **state)
{
    double swap[] = {0.0, 1.0, 1.0, 0.0},
           turn[] = {0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0};
    double minus[] = {-2.0, 0.0, 0.0, -3.0}, none[] = {1.0, 2.0, 2.0, 4.0}, got;
    ipl_error err = {0};

    (void)state;
    assert_int_equal(ipl_logdet_lu(&got, swap, 2, &err), IPL_E_NUMERIC);
    assert_non_null(strstr(err.msg, "negative"));
    assert_int_equal(ipl_logdet_lu(&got, turn, 3, NULL), IPL_OK);
    assert_close(got, 0.0, 0.0);
    assert_int_equal(ipl_logdet_lu(&got, minus, 2, NULL), IPL_OK);
    assert_close(got, log(6.0), 1e-15);
    assert_int_equal(ipl_logdet_lu(&got, none, 2, &err), IPL_E_NUMERIC);
    assert_non_null(strstr(err.msg, "zero"));
}

enum { N = 301, D = 517 };

/* Everything that takes a pool, one after the other, on `threads` threads. */
static double *all_results(size_t threads, size_t *count)
{
    ipl_pool *pool;
    double *z = matrix(N, D, 16), *w = matrix(D, 333, 17);
    double *y = matrix(D, N, 18);
    double *out = ipl_array(1, D * D + N * N + D * 333, sizeof *out, NULL);
    double *cols = out, *rows = cols + D * D, *solved = rows + N * N;

    assert_non_null(out);
    assert_int_equal(ipl_pool_create(&pool, threads, ipl_blas_start, NULL), IPL_OK);
    ipl_gram_rows(cols, y, D, N, 0.01, 0.0, pool);
    ipl_gram_rows(rows, z, N, D, 0.01, 0.0, pool);
    for (size_t i = 0; i < D; i++)
        cols[i * D + i] += 1.0;
    assert_int_equal(ipl_cholesky(cols, D, pool, NULL), IPL_OK);
    memcpy(solved, w, D * 333 * sizeof *solved);
    ipl_solve_lower(solved, cols, D, 333, pool);
    ipl_pool_destroy(pool);
    ipl_free(y);
    ipl_free(w);
    ipl_free(z);
    *count = D * D + N * N + D * 333;
    return out;
}

static void bytes_do_not_depend_on_the_number_of_threads(void **state)
{
    size_t count;
    double *one = all_results(1, &count);

    (void)state;
    for (size_t threads = 2; threads <= 4; threads++) {
        double *many = all_results(threads, &count);

        assert_memory_equal(one, many, count * sizeof *one);
        ipl_free(many);
    }
    ipl_free(one);
}

static void running_out_of_memory_is_reported(void **state)
{
    double z[] = {1.0, 2.0, 3.0, 4.0}, got;

    (void)state;
    for (long k = 0; k < 3; k++) {
        ipl_alloc_fail_after(k);
        assert_int_equal(ipl_logdet_qr(&got, z, 2, 2, NULL), IPL_E_NOMEM);
    }
    ipl_alloc_fail_after(0);
    assert_int_equal(ipl_logdet_lu(&got, z, 2, NULL), IPL_E_NOMEM);
    ipl_alloc_fail_after(-1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gram_matrix_fills_the_lower_triangle_only),
        cmocka_unit_test(a_gram_matrix_with_weight_zero_forgets_the_old_one),
        cmocka_unit_test(a_cholesky_factor_multiplies_back),
        cmocka_unit_test(a_large_factor_multiplies_back),
        cmocka_unit_test(an_indefinite_matrix_has_no_factor),
        cmocka_unit_test(a_nan_has_no_factor),
        cmocka_unit_test(a_solve_undoes_the_factor),
        cmocka_unit_test(qr_agrees_with_elimination_on_both_sides),
        cmocka_unit_test(qr_keeps_its_digits_where_squaring_loses_them),
        cmocka_unit_test(qr_refuses_a_nan),
        cmocka_unit_test(lu_agrees_with_elimination),
        cmocka_unit_test(lu_knows_the_sign_of_a_determinant),
        cmocka_unit_test(bytes_do_not_depend_on_the_number_of_threads),
        cmocka_unit_test(running_out_of_memory_is_reported),
    };

    return cmocka_run_group_tests(tests, one_thread, NULL);
}
