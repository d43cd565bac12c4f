/* KSG: the definition by brute force, Gaussian closed form, ceiling, coincidences. */
#include "estimate.h"
#include "info/knn.h"

static double chebyshev(const double *x, size_t i, size_t j, size_t d)
{
    double top = 0.0;

    for (size_t k = 0; k < d; k++)
        top = fmax(top, fabs(x[i * d + k] - x[j * d + k]));
    return top;
}

/* Both variants; neighbours at the distance of the k-th belong to them. */
static double naive_ksg(const sample_set *s, size_t k, int variant)
{
    const size_t n = s->n;
    double sum = 0.0;

    for (size_t i = 0; i < n; i++) {
        double e = -1.0, ex = 0.0, et = 0.0;
        size_t nx = 0, nt = 0, within = 0;

        while (within < k) { /* the next distance after e */
            double near = (double)INFINITY;

            within = 0;
            for (size_t j = 0; j < n; j++) {
                const double dx = chebyshev(s->x, i, j, s->p);
                const double dt = chebyshev(s->t, i, j, s->q);

                if (j != i && fmax(dx, dt) > e)
                    near = fmin(near, fmax(dx, dt));
            }
            e = near;
            for (size_t j = 0; j < n; j++) {
                const double dx = chebyshev(s->x, i, j, s->p);
                const double dt = chebyshev(s->t, i, j, s->q);

                if (j == i || fmax(dx, dt) > e)
                    continue;
                within++;
                ex = fmax(ex, dx);
                et = fmax(et, dt);
            }
        }
        for (size_t j = 0; j < n; j++) {
            const double dx = chebyshev(s->x, i, j, s->p);
            const double dt = chebyshev(s->t, i, j, s->q);

            nx += j != i && (variant == 1 ? dx < e : dx <= ex);
            nt += j != i && (variant == 1 ? dt < e : dt <= et);
        }
        sum += variant == 1 ? ipl_digamma(nx + 1) + ipl_digamma(nt + 1)
                            : ipl_digamma(nx) + ipl_digamma(nt);
    }
    return ipl_digamma(k) + ipl_digamma(n) - sum / (double)n -
           (variant == 1 ? 0.0 : 1.0 / (double)k);
}

static void both_variants_agree_with_their_definition(void **state)
{
    (void)state;
    for (size_t k = 1; k <= 7; k += 3) {
        sample_set s = correlated(70, 3, 2, 0.8, 2, k);

        for (int ties = 0; ties < 2; ties++)
            for (int variant = 1; variant <= 2; variant++) {
                char text[64];

                (void)snprintf(text, sizeof text, "ksg:k=%zu,variant=%d", k, variant);
                assert_close(measure_set(text, &s).I_XT, naive_ksg(&s, k, variant), 1e-12);
                for (size_t i = 0; i < s.n * s.p && variant == 2; i++)
                    s.x[i] = round(2.0 * s.x[i]) + (i % s.p ? 0.0 : 0.0625 * (double)i);
                for (size_t i = 0; i < s.n * s.q && variant == 2; i++)
                    s.t[i] = round(2.0 * s.t[i]);
            }
        sample_set_release(&s);
    }
}

static void normal_pairs_have_the_closed_form(void **state)
{
    const double rho[] = {0.0, 0.6, 0.9};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        sample_set s = correlated(2000, 1, 1, rho[i], 2, 10 + i);
        const double want = -0.5 * log(1.0 - rho[i] * rho[i]);

        assert_close(measure_set("ksg", &s).I_XT, want, 0.05);
        assert_close(measure_set("ksg:variant=2", &s).I_XT, want, 0.05);
        sample_set_release(&s);
    }
}

static void exchanging_the_variables_changes_nothing(void **state)
{
    sample_set s = correlated(60, 2, 3, 0.7, 2, 20), r = s;

    (void)state;
    r.x = s.t;
    r.t = s.x;
    r.p = s.q;
    r.q = s.p;
    assert_close(measure_set("ksg", &r).I_XT, measure_set("ksg", &s).I_XT, 1e-13);
    sample_set_release(&s);
}

static void shifting_scaling_both_and_constant_columns_change_nothing(void **state)
{
    enum { N = 60 };
    sample_set s = correlated(N, 2, 2, 0.7, 2, 21);
    double x[N * 2], t[N * 3];
    sample_set r = {.x = x, .t = t, .y = s.y, .n = N, .p = 2, .q = 3};

    (void)state;
    for (size_t i = 0; i < s.n * s.p; i++)
        x[i] = 4.0 * s.x[i];
    for (size_t i = 0; i < N; i++) {
        t[3 * i] = 4.0 * s.t[2 * i];
        t[3 * i + 1] = 0.1;
        t[3 * i + 2] = 4.0 * s.t[2 * i + 1];
    }
    assert_close(measure_set("ksg", &r).I_XT, measure_set("ksg", &s).I_XT, 1e-13);
    sample_set_release(&s);
}

static void a_copy_reaches_the_ceiling_of_about_log_n(void **state)
{
    sample_set s = correlated(200, 2, 2, 1.0, 2, 22);
    const double got = measure_set("ksg:k=1", &s).I_XT;

    (void)state;
    assert_close(got, ipl_digamma(200) + ipl_digamma(1) - 2.0 * ipl_digamma(1), 1e-12);
    assert_true(got < log(200.0) + 0.5773);
    sample_set_release(&s);
}

static void equal_samples_on_one_side_do_no_harm(void **state)
{
    sample_set s = correlated(60, 2, 1, 0.5, 1, 23);
    ipl_measures m;

    (void)state;
    for (size_t i = 0; i < s.n; i++)
        s.t[i] = s.t[i] > 0.0 ? s.t[i] : 0.0; /* a ReLU unit: half of them are 0 */
    m = measure_set("ksg", &s);
    assert_true(isfinite(m.I_XT) && isnan(m.I_TY));
    assert_non_null(strstr(last_fault, "H(layer 1): 4 samples or more are equal"));
    sample_set_release(&s);
}

static void equal_pairs_are_nan_with_the_reason(void **state)
{
    sample_set s = correlated(60, 2, 2, 0.5, 2, 24);

    (void)state;
    for (size_t copy = 1; copy <= 3; copy++) {
        assert_true(isfinite(measure_set("ksg", &s).I_XT));
        memcpy(s.x + copy * 2, s.x, 2 * sizeof *s.x);
        memcpy(s.t + copy * 2, s.t, 2 * sizeof *s.t);
    }
    for (int variant = 1; variant <= 2; variant++) {
        const char *text = variant == 1 ? "ksg:variant=1" : "ksg:variant=2";

        assert_true(isnan(measure_set(text, &s).I_XT));
        assert_non_null(strstr(last_fault, "4 samples or more are equal in both"));
    }
    sample_set_release(&s);
}

static void the_label_form_is_that_of_kl(void **state)
{
    sample_set s = correlated(60, 2, 2, 0.5, 2, 25);
    const ipl_measures ksg = measure_set("ksg:k=4", &s), kl = measure_set("kl:k=4", &s);

    (void)state;
    assert_true(ksg.I_TY == kl.I_TY && ksg.H_T == kl.H_T && ksg.I_TY_cond == kl.I_TY);
    sample_set_release(&s);
}

static void more_samples_than_a_table_holds_are_measured_in_blocks(void **state)
{
    sample_set s = correlated(2100, 1, 1, 0.9, 2, 26), few = drawn_from(&s, 2000);
    const ipl_measures some = measure_set("ksg:n=2000", &s);

    (void)state;
    assert_true(some.I_XT == measure_set("ksg:n=0", &few).I_XT);
    assert_close(measure_set("ksg:n=0", &s).I_XT, -0.5 * log(1.0 - 0.81), 0.05);
    sample_set_release(&few);
    sample_set_release(&s);
}

static void wrong_options_are_refused(void **state)
{
    (void)state;
    assert_refused("ksg", "k=3");
    assert_refused("ksg:variant=3,k=1", "variant: 3 is out of range");
    assert_refused("ksg:variant=0,k=1", "variant: 0 is out of range");
    assert_refused("ksg:k=0", "k: 0 is out of range");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_variants_agree_with_their_definition),
        cmocka_unit_test(normal_pairs_have_the_closed_form),
        cmocka_unit_test(exchanging_the_variables_changes_nothing),
        cmocka_unit_test(shifting_scaling_both_and_constant_columns_change_nothing),
        cmocka_unit_test(a_copy_reaches_the_ceiling_of_about_log_n),
        cmocka_unit_test(equal_samples_on_one_side_do_no_harm),
        cmocka_unit_test(equal_pairs_are_nan_with_the_reason),
        cmocka_unit_test(the_label_form_is_that_of_kl),
        cmocka_unit_test(more_samples_than_a_table_holds_are_measured_in_blocks),
        cmocka_unit_test(wrong_options_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
