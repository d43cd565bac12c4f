/* Binning: which cell a value is in, counting, and the bounds. */
#include "estimate.h"

/* H(T_b) of a layer with one unit of these values. */
static double entropy_of(const char *text, const double *t, size_t n)
{
    double x[256], copy[256];
    sample_set s = {.x = x, .t = copy, .n = n, .p = 1, .q = 1};

    for (size_t i = 0; i < n; i++) {
        x[i] = (double)i;
        copy[i] = t[i];
    }
    return measure_set(text, &s).H_T;
}

/* Whether a rule keeps two values apart: two samples have ln 2 or 0. */
static bool apart(const char *text, double a, double b)
{
    const double t[] = {a, b}, h = entropy_of(text, t, 2);

    assert_true(h == 0.0 || fabs(h - log(2.0)) < 1e-15);
    return h > 0.0;
}

static void szt_has_edges_from_minus_one_to_one(void **state)
{
    const char *five = "binning:bins=5"; /* -1 -0.5 0 0.5 1 */

    (void)state;
    assert_false(apart(five, -1.0, -0.51));
    assert_true(apart(five, -0.51, -0.5)); /* an edge belongs to the cell above */
    assert_false(apart(five, -0.5, -1e-300));
    assert_true(apart(five, -1e-300, 0.0));
    assert_false(apart(five, -0.0, 0.0));
    assert_true(apart(five, 0.999, 1.0));
    assert_false(
        apart(five, 1.0, 77.0)); /* beyond the edges: the last and the first cell */
    assert_false(apart(five, -77.0, -1.0));
    assert_true(apart("binning", 1.0 / 29.0 - 1e-9, 1.0 / 29.0 + 1e-9));
}

static void every_edge_of_szt_is_where_linspace_has_it(void **state)
{
    (void)state;
    for (size_t bins = 2; bins < 60; bins++)
        for (size_t i = 1; i < bins; i++) {
            const double edge =
                i + 1 == bins ? 1.0 : -1.0 + (double)i * (2.0 / (double)(bins - 1));
            char text[64];

            (void)snprintf(text, sizeof text, "binning:bins=%zu", bins);
            assert_true(apart(text, nextafter(edge, -2.0), edge));
            assert_false(apart(text, edge, nextafter(edge, 2.0)));
        }
}

static void width_counts_cells_from_zero_in_both_directions(void **state)
{
    const char *half = "binning:rule=width,width=0.5";

    (void)state;
    assert_false(apart(half, 0.0, 0.49));
    assert_true(apart(half, 0.49, 0.5));
    assert_true(apart(half, -0.01, 0.0));
    assert_false(apart(half, -0.5, -0.01));
    assert_false(apart(half, -0.0, 0.0));
    assert_true(apart(half, 1e300, -1e300));
    assert_true(apart("binning:rule=width,width=1e-300", 1e300, -1e300));
}

static void range_cuts_from_the_smallest_to_the_largest_value(void **state)
{
    const double t[] = {0.0, 0.9, 1.0, 1.9,
                        2.0, 3.0, 4.0}; /* cells of 1, the last closed */

    (void)state;
    assert_close(entropy_of("binning:rule=range,bins=4", t, 7),
                 log(7.0) - 3.0 * 2.0 * log(2.0) / 7.0, 1e-14);
    assert_true(apart("binning:rule=range", 5.0, 5.0 + 1e-12));
    assert_false(apart("binning:rule=range", 5.0, 5.0)); /* constant: one cell */
}

static void quantile_cells_have_equal_counts(void **state)
{
    double t[120];

    (void)state;
    for (size_t i = 0; i < 120; i++)
        t[i] = exp((double)(i * 7 % 120)); /* all different, far from evenly */
    assert_close(entropy_of("binning:rule=quantile,bins=10", t, 120), log(10.0), 1e-13);
    assert_close(entropy_of("binning:rule=quantile,bins=30", t, 120), log(30.0), 1e-13);
}

static void equal_values_share_their_quantile_cell(void **state)
{
    double t[120] = {0};

    (void)state;
    for (size_t i = 60; i < 120; i++)
        t[i] = (double)i; /* half of a ReLU layer is 0 */
    /* cells: 60 zeros, 5 times 12 */
    assert_close(entropy_of("binning:rule=quantile,bins=10", t, 120),
                 0.5 * log(2.0) + 0.5 * log(10.0), 1e-13);
}

/* Shares 0.25 and 0.75, 0.5 and 0.5: ten cells closed on the right. */
static void softmax_cuts_the_shares_of_a_sample(void **state)
{
    double x[] = {1.0, 2.0, 3.0}, t[] = {0.0, log(3.0), 7.0, 7.0 + log(3.0), 5.0, 5.0};
    sample_set s = {.x = x, .t = t, .n = 3, .p = 1, .q = 2};

    (void)state;
    assert_close(measure_set("binning:rule=softmax,bins=10", &s).H_T,
                 log(3.0) - 2.0 / 3.0 * log(2.0), 1e-14);
    t[5] = 5.0 + log(0.6 / 0.4) - 1e-9; /* 0.4+ 0.6-: the cells of 0.5 and 0.6 */
    t[3] = 7.0 + log(0.6 / 0.4) + 1e-9; /* 0.4- 0.6+: those of 0.4 and 0.7 */
    assert_close(measure_set("binning:rule=softmax,bins=10", &s).H_T, log(3.0), 1e-14);
    t[0] = -800.0; /* shares 0 and 1 are in the first and last cell */
    t[2] = 0.0;
    t[3] = 800.0;
    assert_close(measure_set("binning:rule=softmax,bins=10", &s).H_T,
                 log(3.0) - 2.0 / 3.0 * log(2.0), 1e-14);
}

static void a_share_on_an_edge_is_in_the_cell_below(void **state)
{
    double x[] = {1.0, 2.0}, t[] = {0.0, 0.0, -800.0, -800.0, 0.0, 0.0, 0.0, 0.0};
    sample_set s = {.x = x, .t = t, .n = 2, .p = 1, .q = 4};

    (void)state; /* shares 1/2 1/2 0 0 and 1/4 each: all of them in the lower half */
    assert_true(measure_set("binning:rule=softmax,bins=2", &s).H_T == 0.0);
    assert_close(measure_set("binning:rule=softmax,bins=4", &s).H_T, log(2.0), 1e-15);
}

static const char *const rules[] = {"binning", "binning:rule=width", "binning:rule=range",
                                    "binning:rule=quantile", "binning:rule=softmax"};
enum { RULES = sizeof rules / sizeof rules[0] };

static void entropy_and_information_are_within_their_bounds(void **state)
{
    (void)state;
    for (size_t r = 0; r < RULES; r++)
        for (size_t q = 1; q <= 4; q++) {
            sample_set s = correlated(70, 2, q, 0.5, 3, q);
            const ipl_measures m = measure_set(rules[r], &s);

            assert_true(m.H_T >= 0.0 && m.H_T <= log(70.0) + 1e-14);
            assert_true(m.I_XT == m.H_T);
            assert_true(m.I_TY >= -1e-14 && m.I_TY <= fmin(m.H_Y, m.H_T) + 1e-14);
            assert_true(m.I_TY_cond == m.I_TY);
            assert_close(m.H_T - m.H_T_given_Y, m.I_TY, 1e-14);
            sample_set_release(&s);
        }
}

static void
samples_that_all_differ_have_exactly_log_n_and_the_entropy_of_the_labels(void **state)
{
    sample_set s = correlated(64, 2, 20, 0.5, 4, 2);

    (void)state;
    for (size_t r = 0; r < 4; r++) {
        const ipl_measures m = measure_set(rules[r], &s);

        assert_true(m.H_T == log(64.0));
        assert_close(m.I_TY, m.H_Y, 1e-14);
        assert_close(m.H_Y, 2.0 * log(2.0), 1e-14);
    }
    sample_set_release(&s);
}

static void a_constant_layer_has_no_entropy(void **state)
{
    sample_set s = correlated(40, 2, 3, 0.5, 4, 3);

    (void)state;
    for (size_t i = 0; i < s.n * s.q; i++)
        s.t[i] = 0.1;
    for (size_t r = 0; r < RULES; r++) {
        const ipl_measures m = measure_set(rules[r], &s);

        assert_true(m.H_T == 0.0 && m.I_TY == 0.0);
    }
    sample_set_release(&s);
}

/* Patterns a a a b b c with labels 0 0 1 1 1 1. */
static void counts_by_hand(void **state)
{
    double x[] = {1, 2, 3, 4, 5, 6}, t[] = {0.1, 0.1, 0.1, 0.3, 0.3, 0.9};
    int32_t y[] = {0, 0, 1, 1, 1, 1};
    sample_set s = {.x = x, .t = t, .y = y, .n = 6, .p = 1, .q = 1};
    const double h = 0.5 * log(2.0) + log(3.0) / 3.0 + log(6.0) / 6.0;
    const double within = 4.0 / 6.0 * 1.5 * log(2.0);
    const ipl_measures m = measure_set("binning:rule=width,width=0.2", &s);
    const ipl_measures mm =
        measure_set("binning:rule=width,width=0.2,correction=miller-madow", &s);

    (void)state;
    assert_close(m.H_T, h, 1e-14);
    assert_close(m.H_T_given_Y, within, 1e-14);
    assert_close(m.I_TY, h - within, 1e-14);
    assert_close(mm.H_T, h + 2.0 / 12.0, 1e-14);
    /* class 0 has one pattern, class 1 three: 4/6 * 2/8 */
    assert_close(mm.H_T_given_Y, within + 4.0 / 6.0 * 2.0 / 8.0, 1e-14);
    assert_close(mm.I_TY, mm.H_T - mm.H_T_given_Y, 1e-14);
}

static void miller_madow_lessens_the_bias(void **state)
{
    double t[60];
    ipl_rng rng = ipl_rng_at(1, IPL_RNG_DATA, 0, 0);
    double plain = 0.0, corrected = 0.0;

    (void)state;
    for (int repeat = 0; repeat < 50; repeat++) {
        for (size_t i = 0; i < 60; i++)
            t[i] = (double)ipl_rng_below(&rng, 16);
        plain += entropy_of("binning:rule=width,width=1", t, 60) / 50.0;
        corrected +=
            entropy_of("binning:rule=width,width=1,correction=miller-madow", t, 60) / 50.0;
    }
    assert_true(plain < log(16.0) - 0.08);
    assert_close(corrected, log(16.0), 0.03);
}

static void the_order_of_samples_and_names_of_classes_do_not_matter(void **state)
{
    sample_set s = correlated(64, 2, 1, 0.5, 3, 4), r = correlated(64, 2, 1, 0.5, 3, 4);

    (void)state;
    for (size_t i = 0; i < s.n; i++) {
        const size_t from = i * 7 % s.n;

        r.t[i] = s.t[from];
        r.y[i] = -s.y[from];
    }
    for (size_t k = 0; k < RULES; k++) {
        const ipl_measures before = measure_set(rules[k], &s);
        const ipl_measures after = measure_set(rules[k], &r);

        assert_measures_close(&after, &before, 1e-13);
    }
    sample_set_release(&r);
    sample_set_release(&s);
}

static void wrong_options_are_refused(void **state)
{
    (void)state;
    assert_refused("binning:bins=1", "bins: 1 is out of range");
    assert_refused("binning:bins=-3", "bins");
    assert_refused("binning:width=0", "width");
    assert_refused("binning:width=-1", "width: -1 is out of range");
    assert_refused("binning:rule=saxe", "saxe");
    assert_refused("binning:correction=jackknife", "jackknife");
    assert_refused("binning:cells=3", "cells");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(szt_has_edges_from_minus_one_to_one),
        cmocka_unit_test(every_edge_of_szt_is_where_linspace_has_it),
        cmocka_unit_test(width_counts_cells_from_zero_in_both_directions),
        cmocka_unit_test(range_cuts_from_the_smallest_to_the_largest_value),
        cmocka_unit_test(quantile_cells_have_equal_counts),
        cmocka_unit_test(equal_values_share_their_quantile_cell),
        cmocka_unit_test(softmax_cuts_the_shares_of_a_sample),
        cmocka_unit_test(a_share_on_an_edge_is_in_the_cell_below),
        cmocka_unit_test(entropy_and_information_are_within_their_bounds),
        cmocka_unit_test(
            samples_that_all_differ_have_exactly_log_n_and_the_entropy_of_the_labels),
        cmocka_unit_test(a_constant_layer_has_no_entropy),
        cmocka_unit_test(counts_by_hand),
        cmocka_unit_test(miller_madow_lessens_the_bias),
        cmocka_unit_test(the_order_of_samples_and_names_of_classes_do_not_matter),
        cmocka_unit_test(wrong_options_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
