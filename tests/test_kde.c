/* KDE bounds: the definition, the bounds that are proved, and what is refused. */
#include "estimate.h"

#define PI 3.14159265358979323846

/* I(X;T) of samples with rate 1 / (a v) by the definition. */
static double naive_information(const double *t, size_t n, size_t d, double rate)
{
    long double sum = 0.0L;

    for (size_t i = 0; i < n; i++) {
        long double mean = 0.0L;

        for (size_t j = 0; j < n; j++) {
            long double far = 0.0L;

            for (size_t k = 0; k < d; k++) {
                const long double diff =
                    (long double)t[i * d + k] - (long double)t[j * d + k];

                far += diff * diff;
            }
            mean += expl(-far * (long double)rate) / (long double)n;
        }
        sum -= logl(mean) / (long double)n;
    }
    return (double)sum;
}

static void both_bounds_agree_with_their_definition(void **state)
{
    sample_set s = correlated(90, 3, 4, 0.5, 3, 1);
    const double noise = 2.0 * log(2.0 * PI * exp(1.0) * 0.3);
    const ipl_measures up = measure_set("kde:var=0.3", &s);
    const ipl_measures low = measure_set("kde:var=0.3,bound=lower", &s);

    (void)state;
    assert_close(up.I_XT, naive_information(s.t, s.n, s.q, 1.0 / 0.6), 1e-12);
    assert_close(low.I_XT, naive_information(s.t, s.n, s.q, 1.0 / 2.4), 1e-12);
    assert_close(up.H_T, up.I_XT + noise, 1e-12);
    assert_close(low.H_T, low.I_XT + noise, 1e-12);
    sample_set_release(&s);
}

static void the_label_form_is_the_sum_over_classes(void **state)
{
    enum { N = 60, K = 3 };
    sample_set s = correlated(N, 2, 2, 0.5, K, 2);
    const ipl_measures m = measure_set("kde:var=0.2", &s);
    double within = 0.0;

    (void)state;
    for (int32_t c = 0; c < K; c++) {
        double t[N * 2];
        size_t n = 0;

        for (size_t i = 0; i < N; i++)
            if (s.y[i] == c)
                memcpy(t + 2 * n++, s.t + 2 * i, 2 * sizeof *t);
        within += (double)n / N * naive_information(t, n, 2, 1.0 / 0.4);
    }
    assert_close(m.I_TY, m.I_XT - within, 1e-12);
    assert_close(m.H_T - m.H_T_given_Y, m.I_TY, 1e-12);
    assert_true(m.I_TY_cond == m.I_TY);
    assert_close(m.H_Y, log(3.0), 1e-14);
    sample_set_release(&s);
}

static void zero_lower_upper_log_n_are_in_this_order(void **state)
{
    const char *vars[] = {"1e-9", "0.001", "0.1", "1", "30", "1e9"};

    (void)state;
    for (uint64_t seed = 0; seed < 4; seed++)
        for (size_t v = 0; v < sizeof vars / sizeof vars[0]; v++) {
            sample_set s = correlated(50, 2, 1 + seed, 0.9, 4, seed);
            char text[64];
            ipl_measures up, low;

            (void)snprintf(text, sizeof text, "kde:var=%s", vars[v]);
            up = measure_set(text, &s);
            (void)snprintf(text, sizeof text, "kde:var=%s,bound=lower", vars[v]);
            low = measure_set(text, &s);
            assert_true(low.I_XT >= 0.0 && low.I_XT <= up.I_XT);
            assert_true(up.I_XT <= log(50.0) + 1e-12);
            assert_true(up.I_TY <= up.H_Y + 1e-12 && low.I_TY <= low.H_Y + 1e-12);
            sample_set_release(&s);
        }
}

static void the_lower_bound_is_the_upper_one_at_four_times_the_noise(void **state)
{
    sample_set s = correlated(40, 2, 3, 0.5, 2, 3);
    const ipl_measures low = measure_set("kde:var=0.1,bound=lower", &s);
    const ipl_measures up = measure_set("kde:var=0.4", &s);

    (void)state;
    assert_close(low.I_XT, up.I_XT, 1e-14);
    assert_close(low.H_T, up.H_T + 1.5 * log(0.25), 1e-12);
    sample_set_release(&s);
}

static void equal_samples_have_no_information(void **state)
{
    sample_set s = correlated(30, 2, 3, 0.5, 2, 4);
    ipl_measures m;

    (void)state;
    for (size_t i = 0; i < s.n * s.q; i++)
        s.t[i] = 0.1;
    m = measure_set("kde", &s);
    assert_true(m.I_XT == 0.0 && m.I_TY == 0.0);
    assert_string_equal(last_fault, "");
    sample_set_release(&s);
}

static void tight_clusters_far_apart_have_the_entropy_of_their_shares(void **state)
{
    sample_set s = correlated(40, 2, 2, 0.5, 4, 5);
    ipl_measures m;

    (void)state;
    for (size_t i = 0; i < s.n; i++) /* clusters of 10, 20 and 10; two labels share one */
        for (size_t j = 0; j < s.q; j++)
            s.t[i * s.q + j] = 1e3 * (double)(s.y[i] == 2 ? 1 : s.y[i]);
    m = measure_set("kde", &s);
    assert_close(m.I_XT, 1.5 * log(2.0), 1e-12);
    assert_close(m.I_TY, 1.5 * log(2.0), 1e-12);
    sample_set_release(&s);
}

static void rotating_and_shifting_the_layer_changes_nothing(void **state)
{
    sample_set s = correlated(40, 2, 2, 0.5, 3, 6);
    const ipl_measures before = measure_set("kde", &s);
    ipl_measures after;

    (void)state;
    for (size_t i = 0; i < s.n; i++) {
        const double a = s.t[2 * i], b = s.t[2 * i + 1];

        s.t[2 * i] = 0.6 * a - 0.8 * b + 7.0;
        s.t[2 * i + 1] = 0.8 * a + 0.6 * b - 3.0;
    }
    after = measure_set("kde", &s);
    assert_measures_close(&after, &before, 1e-12);
    sample_set_release(&s);
}

static void only_the_layer_over_the_noise_matters(void **state)
{
    sample_set s = correlated(40, 2, 3, 0.5, 3, 7);
    const ipl_measures before = measure_set("kde:var=0.1", &s);
    ipl_measures after;

    (void)state;
    for (size_t i = 0; i < s.n * s.q; i++)
        s.t[i] *= 8.0;
    after = measure_set("kde:var=6.4", &s);
    assert_close(after.I_XT, before.I_XT, 1e-13);
    assert_close(after.I_TY, before.I_TY, 1e-13);
    sample_set_release(&s);
}

static void more_samples_than_a_table_holds_are_measured_in_blocks(void **state)
{
    enum { N = 2200 };
    sample_set s = correlated(N, 1, 2, 0.5, 2, 8);
    sample_set few = drawn_from(&s, 2000);
    const ipl_measures all = measure_set("kde:n=0", &s), some = measure_set("kde", &s);

    (void)state;
    assert_close(all.I_XT, naive_information(s.t, N, 2, 5.0), 1e-11);
    assert_close(some.I_XT, naive_information(few.t, 2000, 2, 5.0), 1e-11);
    sample_set_release(&few);
    sample_set_release(&s);
}

static void a_layer_too_large_to_square_is_nan_with_the_reason(void **state)
{
    sample_set s = correlated(10, 1, 1, 0.0, 2, 9);

    (void)state;
    s.t[0] = 1e200;
    assert_true(isnan(measure_set("kde", &s).I_XT));
    assert_non_null(strstr(last_fault, "overflow"));
    sample_set_release(&s);
}

static void noise_without_variance_is_refused(void **state)
{
    (void)state;
    assert_refused("kde:var=0", "var");
    assert_refused("kde:var=-1", "var: -1 is out of range");
    assert_refused("kde:var=1e-310", "var");
    assert_refused("kde:var=nan", "'nan'");
    assert_refused("kde:bound=middle", "middle");
    assert_refused("kde:n=-1", "n: ");
    assert_refused("kde:noise=1", "'noise'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_bounds_agree_with_their_definition),
        cmocka_unit_test(the_label_form_is_the_sum_over_classes),
        cmocka_unit_test(zero_lower_upper_log_n_are_in_this_order),
        cmocka_unit_test(the_lower_bound_is_the_upper_one_at_four_times_the_noise),
        cmocka_unit_test(equal_samples_have_no_information),
        cmocka_unit_test(tight_clusters_far_apart_have_the_entropy_of_their_shares),
        cmocka_unit_test(rotating_and_shifting_the_layer_changes_nothing),
        cmocka_unit_test(only_the_layer_over_the_noise_matters),
        cmocka_unit_test(more_samples_than_a_table_holds_are_measured_in_blocks),
        cmocka_unit_test(a_layer_too_large_to_square_is_nan_with_the_reason),
        cmocka_unit_test(noise_without_variance_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
