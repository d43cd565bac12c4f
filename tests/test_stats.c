#include "test.h"

#include "base/alloc.h"
#include "math/stats.h"

static void quantiles_are_those_of_type_seven(void **state)
{
    const double ten[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, four[] = {1, 2, 4, 8};

    (void)state;
    assert_close(ipl_quantile(ten, 10, 0.25), 3.25, 1e-15); /* R: quantile(1:10, .25) */
    assert_close(ipl_quantile(ten, 10, 0.5), 5.5, 1e-15);
    assert_close(ipl_quantile(ten, 10, 0.95), 9.55, 1e-14);
    assert_close(ipl_quantile(four, 4, 0.9), 4.0 + 0.7 * 4.0, 1e-14);
    assert_close(ipl_quantile(four, 4, 0.0), 1.0, 0.0);
    assert_close(ipl_quantile(four, 4, 1.0), 8.0, 0.0);
    assert_close(ipl_quantile(four, 1, 0.3), 1.0, 0.0);
    assert_true(isnan(ipl_quantile(four, 0, 0.5)));
}

static void the_deviation_is_that_of_a_sample(void **state)
{
    const double x[] = {2, 4, 4, 4, 5, 5, 7, 9};

    (void)state;
    assert_close(ipl_mean(x, 8), 5.0, 0.0);
    assert_close(ipl_deviation(x, 8), sqrt(32.0 / 7.0), 1e-15);
    assert_close(ipl_deviation(x, 1), 0.0, 0.0);
    assert_true(isnan(ipl_mean(x, 0)) && isnan(ipl_deviation(x, 0)));
}

static void numbers_are_sorted_upwards(void **state)
{
    double x[] = {3, -1, 2, -1, 0};
    const double want[] = {-1, -1, 0, 2, 3};

    (void)state;
    ipl_sort(x, 5);
    assert_memory_equal(x, want, sizeof want);
}

static void equal_numbers_share_the_mean_of_their_ranks(void **state)
{
    const double x[] = {30, 10, 20, 10, 30, 30};
    const double want[] = {5, 1.5, 3, 1.5, 5, 5};
    double rank[6];

    (void)state;
    assert_int_equal(ipl_ranks(rank, x, 6, NULL), IPL_OK);
    assert_memory_equal(rank, want, sizeof want);
}

/* The closed forms of one and two degrees of freedom, and the normal limit. */
static void students_probability_has_its_closed_forms(void **state)
{
    const double pi = acos(-1.0);

    (void)state;
    for (double t = 0.0; t < 40.0; t = 2.0 * t + 0.1) {
        assert_close(ipl_student_p(t, 1.0), 1.0 - 2.0 / pi * atan(t), 1e-13);
        assert_close(ipl_student_p(t, 2.0), 1.0 - t / sqrt(2.0 + t * t), 1e-13);
        assert_close(ipl_student_p(-t, 7.0), ipl_student_p(t, 7.0), 0.0);
    }
    assert_close(ipl_student_p(1.96, 1e7), erfc(1.96 / sqrt(2.0)), 1e-7);
}

/* Ten pairs of intelligence and hours of television: rho = -29/165 and the p that R and SciPy
 * give for t = -0.505 with 8 degrees of freedom. */
static void spearman_of_a_known_example(void **state)
{
    const double iq[] = {106, 100, 86, 101, 99, 103, 97, 113, 112, 110};
    const double tv[] = {7, 27, 2, 50, 28, 29, 20, 12, 6, 17};
    double rho, p;

    (void)state;
    assert_int_equal(ipl_spearman(&rho, &p, iq, tv, 10, NULL), IPL_OK);
    assert_close(rho, -29.0 / 165.0, 1e-15);
    assert_close(p, 0.6271883447764844, 1e-13);
}

static void the_same_order_is_as_rare_as_its_permutations(void **state)
{
    const double up[] = {1, 2, 3, 5, 8, 13, 21, 34, 55},
                 down[] = {9, 8, 7, 6, 5, 4, 3, 2, 1};
    double factorial = 2.0, rho, p;

    (void)state;
    for (size_t n = 3; n <= 8; n++) {
        factorial *= (double)n;
        assert_int_equal(ipl_spearman(&rho, &p, up, up, n, NULL), IPL_OK);
        assert_close(rho, 1.0, 1e-15);
        assert_close(p, 2.0 / factorial, 1e-15);
        assert_int_equal(ipl_spearman(&rho, &p, up, down, n, NULL), IPL_OK);
        assert_close(rho, -1.0, 1e-15);
        assert_close(p, 2.0 / factorial, 1e-15);
    }
    assert_int_equal(ipl_spearman(&rho, &p, up, up, 9, NULL), IPL_OK);
    assert_close(p, 0.0, 1e-15); /* t is infinite */
}

/* Ranks 1 2.5 2.5 4 and 1 3 2 4: rho = 4.5 / sqrt(4.5 5). The co-moment of an order s is
 * 1.5 (s_4 - s_1), which reaches 4.5 in 4 of 24 orders. */
static void ties_count_in_rho_and_in_p(void **state)
{
    const double x[] = {1, 2, 2, 3}, y[] = {1, 3, 2, 4};
    double rho, p;

    (void)state;
    assert_int_equal(ipl_spearman(&rho, &p, x, y, 4, NULL), IPL_OK);
    assert_close(rho, 4.5 / sqrt(22.5), 1e-15);
    assert_close(p, 4.0 / 24.0, 1e-15);
}

static void exact_and_approximate_p_agree_in_the_middle(void **state)
{
    const double x[] = {1, 2, 3, 4, 5, 6, 7, 8}, y[] = {2, 1, 5, 3, 8, 4, 7, 6};
    double rho, p;

    (void)state;
    assert_int_equal(ipl_spearman(&rho, &p, x, y, 8, NULL), IPL_OK);
    assert_close(rho, 1.0 - 6.0 * 24.0 / (8.0 * 63.0),
                 1e-15);           /* no ties: 1 - 6 sum d^2 / ... */
    assert_close(p, 0.0576, 5e-5); /* the tables have 0.0288 for one side */
    assert_close(p, ipl_student_p(rho * sqrt(6.0 / (1.0 - rho * rho)), 6.0), 0.015);
}

static void a_constant_side_or_two_pairs_have_no_correlation(void **state)
{
    const double x[] = {1, 2, 3}, same[] = {4, 4, 4};
    double rho, p;

    (void)state;
    assert_int_equal(ipl_spearman(&rho, &p, x, same, 3, NULL), IPL_OK);
    assert_true(isnan(rho) && isnan(p));
    assert_int_equal(ipl_spearman(&rho, &p, x, x, 2, NULL), IPL_OK);
    assert_true(isnan(rho) && isnan(p));
}

static void no_memory_is_reported(void **state)
{
    const double x[] = {1, 2, 3};
    double rho, p;
    ipl_status st = IPL_E_NOMEM;

    (void)state;
    for (long n = 0; n < 20 && st == IPL_E_NOMEM; n++) {
        ipl_alloc_fail_after(n);
        st = ipl_spearman(&rho, &p, x, x, 3, NULL);
        assert_true(n > 3 || st == IPL_E_NOMEM);
    }
    ipl_alloc_fail_after(-1);
    assert_int_equal(st, IPL_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_those_of_type_seven),
        cmocka_unit_test(the_deviation_is_that_of_a_sample),
        cmocka_unit_test(numbers_are_sorted_upwards),
        cmocka_unit_test(equal_numbers_share_the_mean_of_their_ranks),
        cmocka_unit_test(students_probability_has_its_closed_forms),
        cmocka_unit_test(spearman_of_a_known_example),
        cmocka_unit_test(the_same_order_is_as_rare_as_its_permutations),
        cmocka_unit_test(ties_count_in_rho_and_in_p),
        cmocka_unit_test(exact_and_approximate_p_agree_in_the_middle),
        cmocka_unit_test(a_constant_side_or_two_pairs_have_no_correlation),
        cmocka_unit_test(no_memory_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
