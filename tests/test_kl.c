/* Kozachenko-Leonenko entropy: closed forms, scaling, and where there is no number. */
#include "estimate.h"
#include "info/knn.h"

#define PI 3.14159265358979323846
#define EULER 0.57721566490153286061

static void digamma_is_the_harmonic_sum(void **state)
{
    double sum = -EULER;

    (void)state;
    for (size_t n = 1; n < 3000; n++) {
        assert_close(ipl_digamma(n), sum, 1e-14 * (1.0 + fabs(sum)));
        sum += 1.0 / (double)n;
    }
}

static void the_kth_smallest_leaves_the_sample_itself_out(void **state)
{
    const double x[] = {5.0, 0.0, 3.0, 3.0, 9.0, 1.0};
    double scratch[6];

    (void)state;
    assert_close(ipl_kth_smallest(x, 0, 6, 1, 1, scratch), 1.0, 0.0);
    assert_close(ipl_kth_smallest(x, 0, 6, 1, 2, scratch), 3.0, 0.0);
    assert_close(ipl_kth_smallest(x, 0, 6, 1, 3, scratch), 3.0, 0.0);
    assert_close(ipl_kth_smallest(x, 0, 6, 1, 5, scratch), 9.0, 0.0);
    assert_close(ipl_kth_smallest(x, 0, 6, 4, 1, scratch), 0.0, 0.0);
    assert_close(ipl_kth_smallest(x, 2, 5, 3, 2, scratch), 9.0, 0.0);
}

/* Points 0, 1, 3 on a line, k = 1: distances 1, 1, 2. */
static void three_points_by_hand(void **state)
{
    double x[] = {0.0, 1.0, 3.0}, t[] = {0.0, 3.0, 1.0, 7.0, 3.0, 15.0};
    sample_set s = {.x = x, .t = t, .n = 3, .p = 1, .q = 2};
    const ipl_measures m = measure_set("kl:k=1", &s),
                       l2 = measure_set("kl:k=1,norm=l2", &s);

    (void)state;
    assert_close(m.H_X, 1.5 + log(2.0) + log(2.0) / 3.0, 1e-13);
    /* T: (0,3) (1,7) (3,15): maximum norm 4 4 8, squares 17 17 68 */
    assert_close(m.H_T, 1.5 + 2.0 * log(2.0) + 2.0 / 3.0 * log(4.0 * 4.0 * 8.0), 1e-13);
    assert_close(l2.H_T, 1.5 + log(PI) + 1.0 / 3.0 * log(17.0 * 17.0 * 68.0), 1e-13);
}

static void scaling_by_a_adds_d_log_a(void **state)
{
    sample_set s = correlated(80, 2, 5, 0.5, 2, 1);

    (void)state;
    for (int norm = 0; norm < 2; norm++) {
        const char *text = norm ? "kl:norm=l2" : "kl:norm=max";
        const ipl_measures before = measure_set(text, &s);
        ipl_measures after;

        for (size_t i = 0; i < s.n * s.q; i++)
            s.t[i] *= 1e-8;
        after = measure_set(text, &s);
        assert_close(after.H_T, before.H_T + 5.0 * log(1e-8), 1e-9);
        assert_close(after.I_TY, before.I_TY, 1e-9);
        for (size_t i = 0; i < s.n * s.q; i++)
            s.t[i] *= 1e8;
    }
    sample_set_release(&s);
}

static void normal_samples_have_nearly_the_normal_entropy(void **state)
{
    sample_set s = correlated(2000, 1, 2, 0.0, 2, 2);
    const double want = log(2.0 * PI * exp(1.0));

    (void)state;
    assert_close(measure_set("kl", &s).H_T, want, 0.1);
    assert_close(measure_set("kl:norm=l2", &s).H_T, want, 0.1);
    assert_close(measure_set("kl:k=10", &s).H_X, 0.5 * want, 0.1);
    assert_close(measure_set("kl", &s).I_TY, 0.0, 0.1);
    sample_set_release(&s);
}

static void the_label_form_is_the_sum_over_classes(void **state)
{
    enum { N = 60, K = 3 };
    sample_set s = correlated(N, 2, 2, 0.5, K, 3);
    const ipl_measures m = measure_set("kl:k=2", &s);
    double within = 0.0;

    (void)state;
    for (int32_t c = 0; c < K; c++) {
        double t[N * 2];
        sample_set one = {.x = t, .t = t, .p = 2, .q = 2};

        for (size_t i = 0; i < N; i++)
            if (s.y[i] == c)
                memcpy(t + 2 * one.n++, s.t + 2 * i, 2 * sizeof *t);
        within += (double)one.n / N * measure_set("kl:k=2", &one).H_T;
    }
    assert_close(m.H_T_given_Y, within, 1e-12);
    assert_close(m.I_TY, m.H_T - within, 1e-12);
    assert_true(m.I_TY_cond == m.I_TY);
    sample_set_release(&s);
}

static void the_order_of_samples_does_not_matter(void **state)
{
    sample_set s = correlated(50, 2, 3, 0.5, 1, 4), r = correlated(50, 2, 3, 0.5, 1, 4);
    ipl_measures before, after;

    (void)state;
    for (size_t i = 0; i < s.n; i++) {
        const size_t from = i * 7 % s.n;

        memcpy(r.x + i * s.p, s.x + from * s.p, s.p * sizeof *r.x);
        memcpy(r.t + i * s.q, s.t + from * s.q, s.q * sizeof *r.t);
    }
    before = measure_set("kl:norm=l2", &s);
    after = measure_set("kl:norm=l2", &r);
    assert_measures_close(&after, &before, 1e-12);
    sample_set_release(&r);
    sample_set_release(&s);
}

static void equal_samples_are_nan_with_the_reason(void **state)
{
    sample_set s = correlated(40, 2, 3, 0.5, 1, 5);

    (void)state;
    for (size_t copy = 1; copy <= 3; copy++) {
        const char *norms[] = {"max", "l2"};

        memcpy(s.t + copy * 11 * s.q, s.t + 2 * s.q, s.q * sizeof *s.t);
        for (size_t k = 1; k <= 4; k++)
            for (size_t norm = 0; norm < 2; norm++) {
                char text[64];
                ipl_measures m;

                (void)snprintf(text, sizeof text, "kl:k=%zu,norm=%s", k, norms[norm]);
                m = measure_set(text, &s);
                assert_true(isfinite(m.H_X));
                if (copy < k) {
                    assert_true(isfinite(m.H_T));
                    assert_string_equal(last_fault, "");
                    continue;
                }
                assert_true(isnan(m.H_T) && isnan(m.I_TY));
                assert_non_null(strstr(last_fault, "H(layer 1): "));
                assert_non_null(strstr(last_fault, "are equal"));
            }
    }
    sample_set_release(&s);
}

static void equal_samples_of_x_are_named_in_every_measuring(void **state)
{
    sample_set s = correlated(20, 1, 1, 0.5, 1, 6);
    const char *text = "kl:k=1";
    const ipl_plane_opts opts = {.estimators = &text, .n_estimators = 1};
    const ipl_cmat t = ipl_cmat_f64(s.t, s.n, s.q);
    ipl_plane *plane;
    ipl_measures m;

    (void)state;
    s.x[3] = s.x[17];
    assert_int_equal(
        ipl_plane_create(&plane, &opts, ipl_cmat_f64(s.x, s.n, s.p), NULL, NULL), IPL_OK);
    for (int epoch = 0; epoch < 2; epoch++) {
        assert_int_equal(ipl_plane_measure(&m, plane, &t, 1, NULL), IPL_OK);
        assert_true(isnan(m.H_X) && isfinite(m.H_T));
        assert_non_null(
            strstr(ipl_plane_fault(plane), "H(X): 2 samples or more are equal"));
    }
    ipl_plane_destroy(plane);
    sample_set_release(&s);
}

static void a_class_of_k_samples_has_no_conditional_entropy(void **state)
{
    sample_set s = correlated(40, 2, 3, 0.5, 1, 7);
    ipl_measures m;

    (void)state;
    for (size_t i = 0; i < 3; i++)
        s.y[i] = 9;
    m = measure_set("kl:k=3", &s);
    assert_true(isnan(m.I_TY) && isnan(m.H_T_given_Y) && isfinite(m.H_T));
    assert_non_null(strstr(last_fault, "a class has 3 samples, neighbour 3 wants more"));
    m = measure_set("kl:k=2", &s);
    assert_true(isfinite(m.I_TY));
    sample_set_release(&s);
}

static void as_many_neighbours_as_samples_are_refused(void **state)
{
    sample_set s = correlated(3, 1, 1, 0.5, 1, 8);

    (void)state;
    assert_refused("kl", "k=3"); /* of 3 samples */
    assert_refused("kl:k=10", "there are 3");
    assert_refused("kl:k=2,n=2", "there are 2");
    assert_refused("kl:k=0", "k: 0 is out of range");
    assert_refused("kl:k=1.5", "'1.5'");
    assert_refused("kl:norm=l1", "l1");
    assert_true(isfinite(measure_set("kl:k=2", &s).H_T));
    sample_set_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digamma_is_the_harmonic_sum),
        cmocka_unit_test(the_kth_smallest_leaves_the_sample_itself_out),
        cmocka_unit_test(three_points_by_hand),
        cmocka_unit_test(scaling_by_a_adds_d_log_a),
        cmocka_unit_test(normal_samples_have_nearly_the_normal_entropy),
        cmocka_unit_test(the_label_form_is_the_sum_over_classes),
        cmocka_unit_test(the_order_of_samples_does_not_matter),
        cmocka_unit_test(equal_samples_are_nan_with_the_reason),
        cmocka_unit_test(equal_samples_of_x_are_named_in_every_measuring),
        cmocka_unit_test(a_class_of_k_samples_has_no_conditional_entropy),
        cmocka_unit_test(as_many_neighbours_as_samples_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
