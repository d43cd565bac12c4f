/* Gaussian closed form: exact data, shrinkage, LogDet in disguise, singular covariances. */
#include "estimate.h"

#define HALF_LOG_2PIE 1.41893853320467274178

/* Columns of a Hadamard matrix: exact covariances. T_j = rho X_j + sqrt(1 - rho^2) W_j. */
static sample_set hadamard(size_t d, double rho)
{
    enum { N = 64 };
    sample_set s = correlated(N, d, d, 0.0, 2, 1);

    assert_true(2 * d < N);
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < d; j++) {
            const double a = __builtin_parity((unsigned)(i & (j + 1))) ? -1.0 : 1.0;
            const double b = __builtin_parity((unsigned)(i & (j + 1 + d))) ? -1.0 : 1.0;

            s.x[i * d + j] = a;
            s.t[i * d + j] = rho * a + sqrt(1.0 - rho * rho) * b;
        }
    return s;
}

static void correlated_pairs_have_the_closed_form_exactly(void **state)
{
    (void)state;
    for (size_t d = 1; d <= 15; d += 7) {
        sample_set s = hadamard(d, 0.6);
        const ipl_measures m = measure_set("gauss", &s);
        const double D = (double)d;

        assert_close(m.H_X, D * HALF_LOG_2PIE, 1e-12);
        assert_close(m.H_T, D * HALF_LOG_2PIE, 1e-12);
        assert_close(m.I_XT, -0.5 * D * log(1.0 - 0.36), 1e-12);
        assert_close(m.H_XT, m.H_X + m.H_T - m.I_XT, 1e-12);
        assert_close(m.H_X_given_T, m.H_XT - m.H_T, 1e-13);
        assert_true(m.I_prev == m.I_XT);
        sample_set_release(&s);
    }
}

static void information_does_not_depend_on_scales(void **state)
{
    sample_set s = correlated(80, 4, 3, 0.7, 2, 2);
    const ipl_measures before = measure_set("gauss", &s);
    ipl_measures after;

    (void)state;
    for (size_t i = 0; i < s.n; i++)
        for (size_t j = 0; j < s.q; j++)
            s.t[i * s.q + j] =
                s.t[i * s.q + j] * (j == 1 ? -1e-12 : 1e9) + (j == 1 ? 0.0 : 4.0);
    after = measure_set("gauss", &s);
    assert_close(after.I_XT, before.I_XT, 1e-9);
    assert_close(after.I_TY, before.I_TY, 1e-9);
    assert_close(after.H_T, before.H_T + log(1e-12) + 2.0 * log(1e9), 1e-9);
    sample_set_release(&s);
}

static void the_label_form_is_the_sum_over_classes(void **state)
{
    enum { N = 60, K = 3 };
    sample_set s = correlated(N, 2, 2, 0.5, K, 3);
    const ipl_measures m = measure_set("gauss", &s);
    double within = 0.0;

    (void)state;
    for (int32_t c = 0; c < K; c++) {
        double t[N * 2], x[N] = {0};
        sample_set one = {.x = x, .t = t, .p = 1, .q = 2};

        for (size_t i = 0; i < N; i++)
            if (s.y[i] == c) {
                x[one.n] = sin((double)i);
                memcpy(t + 2 * one.n++, s.t + 2 * i, 2 * sizeof *t);
            }
        within += (double)one.n / N * measure_set("gauss", &one).H_T;
    }
    assert_close(m.H_T_given_Y, within, 1e-12);
    assert_close(m.I_TY, m.H_T - within, 1e-12);
    assert_true(m.I_TY_cond == m.I_TY && m.I_TY >= 0.0);
    sample_set_release(&s);
}

static void shrinkage_tends_to_the_closed_form_and_to_nothing(void **state)
{
    sample_set s = correlated(100, 3, 3, 0.8, 2, 4);
    const ipl_measures exact = measure_set("gauss", &s);
    const ipl_measures little = measure_set("gauss:shrink=1e-9", &s);
    const ipl_measures all = measure_set("gauss:shrink=1", &s);
    double last = exact.I_XT;

    (void)state;
    assert_measures_close(&little, &exact, 1e-7);
    assert_close(all.I_XT, 0.0, 1e-12);
    assert_close(all.I_TY, 0.0, 1e-12);
    for (int i = 1; i <= 10; i++) {
        char text[40];
        ipl_measures m;

        (void)snprintf(text, sizeof text, "gauss:shrink=%g", 0.1 * i);
        m = measure_set(text, &s);
        assert_true(m.I_XT >= -1e-12 && m.I_XT <= last);
        assert_true(m.H_T >= exact.H_T - 1e-12); /* log det is concave */
        last = m.I_XT;
    }
    sample_set_release(&s);
}

static void a_constant_input_leaves_the_layer_its_entropy(void **state)
{
    static const char *const texts[] = {"gauss", "gauss:shrink=0.2"};
    sample_set s = correlated(50, 3, 3, 0.8, 2, 6);

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        const ipl_measures before = measure_set(texts[k], &s);
        double kept[50 * 3];
        ipl_measures after;

        memcpy(kept, s.x, sizeof kept);
        for (size_t i = 0; i < s.n * s.p; i++)
            s.x[i] = 0.1;
        after = measure_set(texts[k], &s);
        memcpy(s.x, kept, sizeof kept);
        assert_true(isnan(after.H_X) && isnan(after.H_XT) && isnan(after.I_XT));
        assert_close(after.H_T, before.H_T, 1e-12);
        assert_close(after.I_TY, before.I_TY, 1e-12);
    }
    sample_set_release(&s);
}

static void shrunk_information_is_that_of_logdet(void **state)
{
    enum { N = 40, D = 3 };
    sample_set s = correlated(N, D, D, 0.8, 2, 5);
    char text[64];
    double trace = 0.0;

    (void)state;
    memcpy(s.x, s.t,
           s.n * s.q * sizeof *s.x); /* the same mean variance: one beta for both */
    for (size_t j = 0; j < D; j++) {
        double mean = 0.0;

        for (size_t i = 0; i < N; i++)
            mean += s.t[i * D + j] / N;
        for (size_t i = 0; i < N; i++)
            trace += (s.t[i * D + j] - mean) * (s.t[i * D + j] - mean) / N;
    }
    (void)snprintf(text, sizeof text, "logdet:beta=%.17g", 0.8 / 0.2 / (trace / D));
    assert_close(measure_set("gauss:shrink=0.2", &s).I_XT, measure_set(text, &s).I_XT,
                 1e-10);
    assert_close(measure_set("gauss:shrink=0.2", &s).I_TY_cond,
                 measure_set(text, &s).I_TY_cond, 1e-10);
    sample_set_release(&s);
}

static void a_singular_covariance_is_nan_with_the_reason(void **state)
{
    static const struct singular {
        size_t n, p, q;
        int what;
        bool h_x, h_t;
        const char *word;
    } cases[] = {
        {20, 3, 20, 0, true, false, "layer 1: 20 samples of 20 columns"},
        {20, 12, 8, 0, true, true, "20 samples of 20 columns"},
        {20, 20, 3, 0, false, true, "X: 20 samples of 20 columns"},
        {40, 3, 4, 1, true, false, "layer 1: the covariance is singular"}, /* constant */
        {40, 3, 4, 2, true, false, "layer 1: the covariance is singular"}, /* copy */
        {40, 3, 4, 3, true, false, "layer 1: the covariance is singular"}, /* sum */
        {40, 4, 4, 4, true, true, "layer 1: the covariance is singular"},  /* T = X */
    };

    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        const struct singular *c = &cases[k];
        sample_set s = correlated(c->n, c->p, c->q, 0.5, 1, 6 + k);
        ipl_measures m;

        for (size_t i = 0; i < s.n; i++) {
            double *t = s.t + i * s.q;

            if (c->what == 1)
                t[2] = 0.1;
            if (c->what == 2)
                t[2] = -3.0 * t[0] + 1.0;
            if (c->what == 3)
                t[2] = t[0] + 0.3 * t[1] - t[3];
            if (c->what == 4)
                memcpy(t, s.x + i * s.p, s.p * sizeof *t);
        }
        m = measure_set("gauss", &s);
        assert_true(isnan(m.I_XT) && isnan(m.H_XT));
        assert_true(isfinite(m.H_X) == c->h_x && (!c->h_x || isfinite(m.H_T) == c->h_t));
        if (!strstr(last_fault, c->word))
            fail_msg("'%s' does not say '%s'", last_fault, c->word);
        m = measure_set("gauss:shrink=0.01", &s);
        assert_true(isfinite(m.I_XT) && m.I_XT >= -1e-9);
        sample_set_release(&s);
    }
}

static void a_class_smaller_than_its_columns_is_nan_with_the_reason(void **state)
{
    sample_set s = correlated(40, 2, 5, 0.5, 8, 20); /* 5 samples a class */
    ipl_measures m = measure_set("gauss", &s);

    (void)state;
    assert_true(isnan(m.I_TY) && isnan(m.H_T_given_Y) && isfinite(m.I_XT));
    assert_non_null(strstr(last_fault, "smallest class: 5 samples of 5 columns"));
    m = measure_set("gauss:shrink=0.1", &s);
    assert_true(isfinite(m.I_TY) && m.I_TY >= 0.0 &&
                m.I_TY <= m.H_T - m.H_T_given_Y + 1e-12);
    sample_set_release(&s);
}

static void a_constant_layer_is_nan_with_any_shrinkage(void **state)
{
    sample_set s = correlated(40, 2, 2, 0.5, 2, 21);

    (void)state;
    for (size_t i = 0; i < s.n * s.q; i++)
        s.t[i] = 0.1;
    assert_true(isnan(measure_set("gauss:shrink=0.5", &s).I_XT));
    assert_non_null(strstr(last_fault, "all columns are constant"));
    sample_set_release(&s);
}

static void wrong_options_are_refused(void **state)
{
    (void)state;
    assert_refused("gauss:shrink=-0.1", "shrink: -0.1 is out of range");
    assert_refused("gauss:shrink=1.1", "shrink: 1.1 is out of range");
    assert_refused("gauss:lambda=1", "lambda");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(correlated_pairs_have_the_closed_form_exactly),
        cmocka_unit_test(information_does_not_depend_on_scales),
        cmocka_unit_test(the_label_form_is_the_sum_over_classes),
        cmocka_unit_test(shrinkage_tends_to_the_closed_form_and_to_nothing),
        cmocka_unit_test(a_constant_input_leaves_the_layer_its_entropy),
        cmocka_unit_test(shrunk_information_is_that_of_logdet),
        cmocka_unit_test(a_singular_covariance_is_nan_with_the_reason),
        cmocka_unit_test(a_class_smaller_than_its_columns_is_nan_with_the_reason),
        cmocka_unit_test(a_constant_layer_is_nan_with_any_shrinkage),
        cmocka_unit_test(wrong_options_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
