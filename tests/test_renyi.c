/* Matrix-based Renyi entropy: limits, bounds, invariances, and its kernels' widths. */
#include "estimate.h"
#include "info/kernel.h"
#include "math/linalg.h"

/* Eigenvalues, and sums of powers of them. */

static void eigenvalues_of_a_matrix_by_hand(void **state)
{
    double a[] = {2.0, 99.0, 99.0, 1.0, 2.0, 99.0, 0.0, 0.0, 5.0}; /* lower triangle */
    double values[3], *scratch = ipl_array(ipl_eigenvalues_scratch(3), 1, 8, NULL);
    ipl_error err = {0};

    (void)state;
    assert_int_equal(ipl_eigenvalues(values, a, 3, scratch, &err), IPL_OK);
    assert_close(values[0], 1.0, 1e-14);
    assert_close(values[1], 3.0, 1e-14);
    assert_close(values[2], 5.0, 1e-14);
    a[3] = (double)NAN;
    assert_int_equal(ipl_eigenvalues(values, a, 3, scratch, &err), IPL_E_NUMERIC);
    assert_non_null(strstr(err.msg, "row 1"));
    ipl_free(scratch);
}

/* The spectrum of -1 2 -1 chains: 2 - 2 cos(i pi / (n + 1)). */
static void eigenvalues_of_a_chain(void **state)
{
    enum { N = 150 };
    double *a = ipl_array(N, N, sizeof *a, NULL), values[N];
    double *scratch = ipl_array(ipl_eigenvalues_scratch(N), 1, sizeof *scratch, NULL);

    (void)state;
    for (size_t i = 0; i < N; i++) {
        a[i * N + i] = 2.0;
        if (i > 0)
            a[i * N + i - 1] = -1.0;
    }
    assert_int_equal(ipl_eigenvalues(values, a, N, scratch, NULL), IPL_OK);
    for (size_t i = 0; i < N; i++)
        assert_close(values[i],
                     2.0 - 2.0 * cos((double)(i + 1) * 3.14159265358979323846 / (N + 1)),
                     1e-13);
    ipl_free(scratch);
    ipl_free(a);
}

static void
the_entropy_of_equal_shares_is_log2_of_their_number_for_every_order(void **state)
{
    const double alpha[] = {0.01,     0.5,  0.95, 0.999999, 1.0,
                            1.000001, 1.01, 2.0,  50.0,     1000.0};
    double p[64];

    (void)state;
    for (size_t i = 0; i < 64; i++)
        p[i] = i < 32 ? 1.0 / 32.0 : 0.0;
    for (size_t k = 0; k < sizeof alpha / sizeof alpha[0]; k++)
        assert_close(ipl_renyi_entropy(p, 64, alpha[k]), 5.0, 1e-9);
}

static void the_order_one_is_the_limit(void **state)
{
    const double p[] = {0.5, 0.3, 0.15, 0.05, 0.0};
    double shannon = 0.0;

    (void)state;
    for (size_t i = 0; i < 4; i++)
        shannon -= p[i] * log2(p[i]);
    assert_close(ipl_renyi_entropy(p, 5, 1.0), shannon, 1e-14);
    for (int digits = 3; digits <= 12; digits++) {
        const double order = pow(10.0, -digits);

        assert_close(ipl_renyi_entropy(p, 5, 1.0 + order), shannon, 2.0 * order + 1e-14);
        assert_close(ipl_renyi_entropy(p, 5, 1.0 - order), shannon, 2.0 * order + 1e-14);
    }
}

static void entropy_falls_as_the_order_rises(void **state)
{
    const double p[] = {0.5, 0.3, 0.15, 0.05};
    double last = 2.0 + 1e-12;

    (void)state;
    for (int i = 0; i < 700; i++) {
        const double h = ipl_renyi_entropy(p, 4, 0.02 * pow(1.01, i));

        assert_true(h <= last);
        last = h;
    }
    assert_close(ipl_renyi_entropy(p, 4, 1000.0), 1.0, 2e-3); /* -log2 max p */
}

/* Bounds and limits of the estimator. */

static const char *const orders[] = {"renyi:alpha=0.5", "renyi:alpha=1", "renyi",
                                     "renyi:alpha=2", "renyi:alpha=3"};
enum { ORDERS = sizeof orders / sizeof orders[0] };

static void entropies_are_within_their_bounds(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 3; seed++)
        for (size_t k = 0; k < ORDERS; k++) {
            sample_set s = correlated(40, 3, 1 + seed, 0.8, 3, seed);
            const ipl_measures m = measure_set(orders[k], &s);
            const double top = log2(40.0) + 1e-12, slack = 1e-12;

            assert_true(m.H_X >= 0.0 && m.H_X <= top && m.H_T >= 0.0 && m.H_T <= top);
            assert_true(m.H_XT <= top && m.H_XT >= fmax(m.H_X, m.H_T) - slack);
            assert_true(m.H_TY <= top && m.H_TY >= fmax(m.H_T, m.H_Y) - slack);
            assert_close(m.I_XT, m.H_X + m.H_T - m.H_XT, 1e-13);
            assert_close(m.H_X_given_T, m.H_XT - m.H_T, 1e-13);
            sample_set_release(&s);
        }
}

static void
the_von_neumann_information_is_between_zero_and_the_smaller_entropy(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 6; seed++) {
        sample_set s = correlated(30, 2, 2, 0.2 * (double)seed, 3, seed);
        const ipl_measures m = measure_set("renyi:alpha=1,width=1", &s);

        assert_true(m.I_XT >= -1e-12 && m.I_XT <= fmin(m.H_X, m.H_T) + 1e-12);
        assert_true(m.I_TY >= -1e-12 && m.I_TY <= fmin(m.H_T, m.H_Y) + 1e-12);
        sample_set_release(&s);
    }
}

static void entropy_does_not_rise_with_the_order(void **state)
{
    sample_set s = correlated(50, 3, 3, 0.8, 3, 5);
    ipl_measures last = measure_set(orders[0], &s);

    (void)state;
    for (size_t k = 1; k < ORDERS; k++) {
        const ipl_measures m = measure_set(orders[k], &s);

        assert_true(m.H_X <= last.H_X && m.H_T <= last.H_T && m.H_XT <= last.H_XT);
        last = m;
    }
    sample_set_release(&s);
}

static void order_two_without_eigenvalues_is_what_they_give(void **state)
{
    sample_set s = correlated(60, 3, 4, 0.8, 3, 6);
    const ipl_measures fast = measure_set("renyi:alpha=2", &s);
    const ipl_measures slow = measure_set("renyi:alpha=2.0000000001", &s);

    (void)state;
    assert_measures_close(&fast, &slow, 1e-8);
    sample_set_release(&s);
}

static void equal_samples_have_no_entropy_and_distant_ones_log2_n(void **state)
{
    sample_set s = correlated(32, 3, 2, 0.8, 4, 7);

    (void)state;
    for (size_t i = 0; i < s.n * s.q; i++) {
        s.t[i] = 0.1;
        s.x[i] *= 1e6;
    }
    for (size_t k = 0; k < ORDERS; k++) {
        const ipl_measures m = measure_set(orders[k], &s);

        assert_close(m.H_T, 0.0, 1e-6); /* alpha = 0.5 magnifies eigenvalues of 1e-17 */
        assert_close(m.H_Y, 2.0, 1e-12);
        assert_close(m.H_TY, 2.0, 1e-6);
    }
    for (size_t i = 0; i < s.n; i++)
        s.x[i * s.p] = 1e6 * (double)i;
    assert_close(measure_set("renyi", &s).H_X, 5.0, 1e-12);
    sample_set_release(&s);
}

static void tight_clusters_have_the_entropy_of_their_shares(void **state)
{
    const double p[] = {0.25, 0.75}, alpha[] = {0.5, 1.0, 1.01, 2.0, 3.0};
    sample_set s = correlated(40, 1, 2, 0.8, 4, 8);

    (void)state;
    for (size_t i = 0; i < s.n; i++)
        s.t[2 * i] = s.t[2 * i + 1] = s.y[i] == 3 ? 1e4 : -1e4;
    for (size_t k = 0; k < ORDERS; k++)
        assert_close(measure_set(orders[k], &s).H_T, ipl_renyi_entropy(p, 2, alpha[k]),
                     alpha[k] < 1.0 ? 1e-6 : 1e-10);
    sample_set_release(&s);
}

static void rotating_shifting_and_reordering_change_nothing(void **state)
{
    sample_set s = correlated(40, 2, 2, 0.8, 3, 9), r = correlated(40, 2, 2, 0.8, 3, 9);
    ipl_measures before, after;

    (void)state;
    for (size_t i = 0; i < s.n; i++) {
        const size_t from = i * 7 % s.n;
        const double a = s.t[2 * from], b = s.t[2 * from + 1];

        r.t[2 * i] = 0.6 * a - 0.8 * b + 7.0;
        r.t[2 * i + 1] = 0.8 * a + 0.6 * b - 3.0;
        memcpy(r.x + 2 * i, s.x + 2 * from, 2 * sizeof *r.x);
        r.y[i] = 5 - s.y[from];
    }
    for (size_t k = 1; k < ORDERS; k++) {
        before = measure_set(orders[k], &s);
        after = measure_set(orders[k], &r);
        assert_measures_close(&after, &before, 1e-9);
    }
    sample_set_release(&r);
    sample_set_release(&s);
}

/* Kernels and widths. */

static void the_three_kernels_agree_when_their_widths_do(void **state)
{
    sample_set s = correlated(40, 2, 3, 0.8, 3, 10);
    const ipl_measures rbf2 = measure_set("renyi:kernel=rbf2,width=2", &s);
    const ipl_measures rbf = measure_set("renyi:kernel=rbf,width=2.8284271247461903", &s);

    (void)state;
    assert_measures_close(&rbf, &rbf2, 1e-11);
    assert_close(ipl_kernel_rate(IPL_RBF2, 2.0), 0.125, 0.0);
    assert_close(ipl_kernel_rate(IPL_RBF, 2.0), 0.25, 0.0);
    assert_close(ipl_kernel_rate(IPL_RBF_AUTHORS, 2.0), 0.5, 0.0);
    sample_set_release(&s);
}

static void a_width_for_each_variable_is_used_for_it(void **state)
{
    sample_set s = correlated(40, 2, 3, 0.8, 3, 11);
    const ipl_measures one = measure_set("renyi:width=2", &s);
    const ipl_measures other = measure_set("renyi:width=0.7", &s);
    const ipl_measures both = measure_set("renyi:width=2/0.7", &s);

    (void)state;
    assert_true(both.H_X == one.H_X && both.H_T == other.H_T);
    assert_true(both.H_XT > one.H_XT && both.H_XT < other.H_XT);
    sample_set_release(&s);
}

static void the_rules_of_the_width_are_the_published_ones(void **state)
{
    sample_set s = correlated(64, 5, 3, 0.8, 3, 12);
    char text[96];
    ipl_measures rule, number;

    (void)state;
    assert_close(ipl_width_silverman(64, 5), 5.0 * pow(64.0, -1.0 / 9.0), 1e-15);
    assert_close(ipl_width_authors(64, 5), 2.0 * sqrt(5.0) * pow(64.0, -1.0 / 9.0), 1e-15);
    (void)snprintf(text, sizeof text, "renyi:width=%.17g/%.17g", ipl_width_silverman(64, 5),
                   ipl_width_silverman(64, 3));
    rule = measure_set("renyi", &s);
    number = measure_set(text, &s);
    assert_measures_close(&number, &rule, 0.0);
    (void)snprintf(text, sizeof text, "renyi:kernel=authors,width=%.17g/%.17g",
                   ipl_width_authors(64, 5), ipl_width_authors(64, 3));
    rule = measure_set("renyi:kernel=authors", &s);
    number = measure_set(text, &s);
    assert_measures_close(&number, &rule, 0.0);
    sample_set_release(&s);
}

/* Classes at -d and d on a line with noise 1: a width between the two aligns best. */
static void alignment_chooses_a_width_that_tells_the_classes_apart(void **state)
{
    enum { N = 60 };
    double x[N], best;
    ipl_work work = {0};
    ipl_var v = {.name = "T", .keep_given = true};
    ipl_groups groups = {0};
    ipl_subset subset = {0};
    ipl_distance dist = {0};
    int32_t y[N];

    (void)state;
    for (size_t i = 0; i < N; i++) {
        y[i] = (int32_t)(i % 2);
        x[i] = (i % 2 ? 20.0 : -20.0) + sin((double)i);
    }
    assert_int_equal(ipl_groups_set(&groups, y, N, &work, NULL), IPL_OK);
    assert_int_equal(ipl_var_set(&v, ipl_cmat_f64(x, N, 1), groups.order, &work, NULL), 0);
    assert_int_equal(ipl_subset_take(&subset, 0, N, &groups, 0, NULL), IPL_OK);
    ipl_distance_begin(&dist, &v, IPL_EUCLID);
    assert_int_equal(ipl_distance_set(&dist, &subset, IPL_BELOW, &work, NULL), IPL_OK);
    assert_int_equal(ipl_width_aligned(&best, &dist, IPL_RBF, &subset, &work, NULL), 0);
    assert_true(best > 2.0 && best < 40.0);
    ipl_distance_release(&dist);
    ipl_subset_release(&subset);
    ipl_var_release(&v);
    ipl_groups_release(&groups);
    ipl_work_release(&work);
}

static void alignment_without_labels_is_nan_with_the_reason(void **state)
{
    sample_set s = correlated(20, 2, 3, 0.8, 3, 13);
    sample_set bare = s;
    ipl_measures m;

    (void)state;
    bare.y = NULL;
    m = measure_set("renyi:width=alignment", &bare);
    assert_true(isnan(m.H_X) && isnan(m.H_T) && isnan(m.I_XT));
    assert_non_null(strstr(last_fault, "width=alignment wants labels"));
    m = measure_set("renyi:width=8/alignment", &s);
    assert_true(isfinite(m.I_XT) && isfinite(m.I_TY));
    sample_set_release(&s);
}

static void more_samples_than_a_table_holds_are_measured_in_blocks(void **state)
{
    sample_set s = correlated(2100, 1, 1, 0.9, 2, 14), few = drawn_from(&s, 2000);
    ipl_measures all, some;

    (void)state;
    all = measure_set("renyi:alpha=2,n=0", &few);
    some = measure_set("renyi:alpha=2,n=2000", &s);
    assert_measures_close(&some, &all, 1e-13); /* centred otherwise */
    all = measure_set("renyi:alpha=2,n=0,width=1", &s);
    some = measure_set("renyi:alpha=2,width=1", &s);
    assert_close(all.I_XT, some.I_XT, 0.01);
    sample_set_release(&few);
    sample_set_release(&s);
}

static void full_texts_name_the_widths(void **state)
{
    const char *texts[] = {"renyi", "renyi:kernel=authors", "renyi:width=1e1/alignment",
                           "renyi:width=8/08"};
    const char *full[] = {"renyi:alpha=1.01,kernel=rbf2,width=silverman,n=2000",
                          "renyi:alpha=1.01,kernel=authors,width=authors,n=2000",
                          "renyi:alpha=1.01,kernel=rbf2,width=10/alignment,n=2000",
                          "renyi:alpha=1.01,kernel=rbf2,width=8/8,n=2000"};
    const ipl_plane_opts opts = {.estimators = texts, .n_estimators = 4};
    const double x[] = {1.0, 2.0};
    ipl_plane *plane;

    (void)state;
    assert_int_equal(ipl_plane_create(&plane, &opts, ipl_cmat_f64(x, 2, 1), NULL, NULL), 0);
    for (size_t k = 0; k < 4; k++)
        assert_string_equal(ipl_plane_estimator(plane, k), full[k]);
    assert_string_equal(ipl_plane_unit(plane, 0), "bits");
    ipl_plane_destroy(plane);
}

static void wrong_options_are_refused(void **state)
{
    (void)state;
    assert_refused("renyi:alpha=0", "alpha");
    assert_refused("renyi:alpha=-1", "alpha: -1 is out of range");
    assert_refused("renyi:width=0", "width: '0'");
    assert_refused("renyi:width=-2", "width: '-2'");
    assert_refused("renyi:width=silver", "width: 'silver'");
    assert_refused("renyi:width=1/", "width: '1/'");
    assert_refused("renyi:width=1/2/3", "width: '1/2/3'");
    assert_refused("renyi:width=", "width: ''");
    assert_refused("renyi:kernel=laplace", "laplace");
    assert_refused("renyi:sigma=1", "sigma");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eigenvalues_of_a_matrix_by_hand),
        cmocka_unit_test(eigenvalues_of_a_chain),
        cmocka_unit_test(
            the_entropy_of_equal_shares_is_log2_of_their_number_for_every_order),
        cmocka_unit_test(the_order_one_is_the_limit),
        cmocka_unit_test(entropy_falls_as_the_order_rises),
        cmocka_unit_test(entropies_are_within_their_bounds),
        cmocka_unit_test(
            the_von_neumann_information_is_between_zero_and_the_smaller_entropy),
        cmocka_unit_test(entropy_does_not_rise_with_the_order),
        cmocka_unit_test(order_two_without_eigenvalues_is_what_they_give),
        cmocka_unit_test(equal_samples_have_no_entropy_and_distant_ones_log2_n),
        cmocka_unit_test(tight_clusters_have_the_entropy_of_their_shares),
        cmocka_unit_test(rotating_shifting_and_reordering_change_nothing),
        cmocka_unit_test(the_three_kernels_agree_when_their_widths_do),
        cmocka_unit_test(a_width_for_each_variable_is_used_for_it),
        cmocka_unit_test(the_rules_of_the_width_are_the_published_ones),
        cmocka_unit_test(alignment_chooses_a_width_that_tells_the_classes_apart),
        cmocka_unit_test(alignment_without_labels_is_nan_with_the_reason),
        cmocka_unit_test(more_samples_than_a_table_holds_are_measured_in_blocks),
        cmocka_unit_test(full_texts_name_the_widths),
        cmocka_unit_test(wrong_options_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
