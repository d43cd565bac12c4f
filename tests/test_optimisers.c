/* Optimisers and learning-rate schedules. */
#include "test.h"

#include "nn/moment.h"
#include "nn/optimiser.h"
#include "nn/schedule.h"

#include <string.h>

enum { STEPS = 6, N = 37 };

/* Gradient of step t, number i. */
static double gradient(size_t t, size_t i)
{
    return sin(1.0 + 3.0 * (double)t + 0.7 * (double)i);
}

/* Follow N numbers through STEPS steps; out[i] are the last values. */
static void run(double *out, const char *text)
{
    float w[N], g[N], state[IPL_OPTIMISER_STATE_MAX][N] = {{0}};
    ipl_error err = {0};
    ipl_spec spec;

    if (ipl_spec_create(&spec, "optimiser", ipl_optimiser_row, text, &err) != IPL_OK)
        fail_msg("%s", err.msg);
    assert_true(ipl_optimiser_table[spec.index]->n_state(spec.self) <=
                IPL_OPTIMISER_STATE_MAX);
    for (size_t i = 0; i < N; i++)
        w[i] = 0.05f * (float)i - 1.0f;
    for (size_t t = 0; t < STEPS; t++) {
        const ipl_update u = {.n = N,
                              .t = t,
                              .lr = ipl_optimiser_rate(&spec),
                              .w = w,
                              .g = g,
                              .state = {state[0], state[1], state[2]}};

        for (size_t i = 0; i < N; i++)
            g[i] = (float)gradient(t, i);
        ipl_optimiser_table[spec.index]->update(spec.self, &u);
    }
    for (size_t i = 0; i < N; i++)
        out[i] = (double)w[i];
    ipl_spec_release(&spec);
}

static double start(size_t i)
{
    return (double)(0.05f * (float)i - 1.0f);
}

static void sgd_follows_its_recurrence(void **state)
{
    double plain[N], heavy[N], nesterov[N], nesterov_without[N];

    (void)state;
    run(plain, "sgd:lr=0.1,weight-decay=0.02");
    run(heavy, "sgd:lr=0.1,momentum=0.9,weight-decay=0.02");
    run(nesterov, "sgd:lr=0.1,momentum=0.9,weight-decay=0.02,nesterov=yes");
    run(nesterov_without, "sgd:lr=0.1,weight-decay=0.02,nesterov=yes");
    for (size_t i = 0; i < N; i++) {
        double w0 = start(i), w1 = w0, w2 = w0, v1 = 0.0, v2 = 0.0;

        for (size_t t = 0; t < STEPS; t++) {
            const double g = gradient(t, i), g2 = g + 0.02 * w2;

            w0 -= 0.1 * (g + 0.02 * w0);
            v1 = t == 0 ? g + 0.02 * w1 : 0.9 * v1 + (g + 0.02 * w1);
            w1 -= 0.1 * v1;
            v2 = t == 0 ? g2 : 0.9 * v2 + g2;
            w2 -= 0.1 * (g2 + 0.9 * v2);
        }
        assert_close(plain[i], w0, 1e-6);
        assert_close(heavy[i], w1, 1e-6);
        assert_close(nesterov[i], w2, 1e-6);
        assert_close(nesterov_without[i], w0, 1e-6);
    }
}

static void adam_follows_its_recurrence(void **state)
{
    double l2[N], decoupled[N];

    (void)state;
    run(l2, "adam:lr=0.01,beta1=0.8,beta2=0.95,eps=0.001,weight-decay=0.1");
    run(decoupled, "adamw:lr=0.01,beta1=0.8,beta2=0.95,eps=0.001,weight-decay=0.1");
    for (size_t i = 0; i < N; i++) {
        double w[2] = {start(i), start(i)}, m[2] = {0}, s[2] = {0};

        for (size_t t = 1; t <= STEPS; t++)
            for (size_t k = 0; k < 2; k++) {
                const double g = gradient(t - 1, i) + (k == 0 ? 0.1 * w[k] : 0.0);
                double mean, square;

                if (k == 1)
                    w[k] -= 0.01 * 0.1 * w[k];
                m[k] = 0.8 * m[k] + 0.2 * g;
                s[k] = 0.95 * s[k] + 0.05 * g * g;
                mean = m[k] / (1.0 - pow(0.8, (double)t));
                square = s[k] / (1.0 - pow(0.95, (double)t));
                w[k] -= 0.01 * mean / (sqrt(square) + 0.001);
            }
        assert_close(l2[i], w[0], 1e-6);
        assert_close(decoupled[i], w[1], 1e-6);
    }
}

static void the_first_step_of_adam_has_the_length_of_the_rate(void **state)
{
    float w = 1.0f, m = 0.0f, s = 0.0f;
    const float g = 1e-3f;
    ipl_spec spec;

    (void)state;
    assert_int_equal(
        ipl_spec_create(&spec, "optimiser", ipl_optimiser_row, "adam:lr=0.25", NULL),
        IPL_OK);
    ipl_optimiser_adam.update(
        spec.self, &(ipl_update){.n = 1, .lr = 0.25, .w = &w, .g = &g, .state = {&m, &s}});
    assert_close((double)w, 0.75, 1e-5);
    ipl_spec_release(&spec);
}

static void rmsprop_follows_its_recurrence(void **state)
{
    double plain[N], centered[N];

    (void)state;
    run(plain, "rmsprop:lr=0.01,alpha=0.9,eps=0.001");
    run(centered, "rmsprop:lr=0.01,alpha=0.9,eps=0.001,momentum=0.5,centered=yes,"
                  "weight-decay=0.1");
    for (size_t i = 0; i < N; i++) {
        double w0 = start(i), w1 = w0, s0 = 0.0, s1 = 0.0, c = 0.0, v = 0.0;

        for (size_t t = 0; t < STEPS; t++) {
            const double g0 = gradient(t, i), g1 = g0 + 0.1 * w1;

            s0 = 0.9 * s0 + 0.1 * g0 * g0;
            w0 -= 0.01 * g0 / (sqrt(s0) + 0.001);
            s1 = 0.9 * s1 + 0.1 * g1 * g1;
            c = 0.9 * c + 0.1 * g1;
            v = 0.5 * v + g1 / (sqrt(s1 - c * c) + 0.001);
            w1 -= 0.01 * v;
        }
        assert_close(plain[i], w0, 1e-6);
        assert_close(centered[i], w1, 2e-6);
    }
}

/* s - c^2 may round below zero when all gradients are equal. */
static void centered_rmsprop_of_constant_gradients_is_finite(void **state)
{
    float g[N], w[N] = {0}, s[N] = {0}, v[N] = {0}, c[N] = {0};
    ipl_spec spec;

    (void)state;
    assert_int_equal(ipl_spec_create(&spec, "optimiser", ipl_optimiser_row,
                                     "rmsprop:alpha=0.3,centered=yes", NULL),
                     IPL_OK);
    for (size_t i = 0; i < N; i++)
        g[i] = 0.1f + 0.013f * (float)i;
    for (size_t t = 0; t < 200; t++)
        ipl_optimiser_rmsprop.update(
            spec.self,
            &(ipl_update){.n = N, .t = t, .lr = 1e-9, .w = w, .g = g, .state = {s, v, c}});
    for (size_t i = 0; i < N; i++)
        assert_true(isfinite(w[i]));
    ipl_spec_release(&spec);
}

static void a_row_that_is_all_zero_stays_zero(void **state)
{
    (void)state;
    for (size_t r = 0; ipl_optimiser_table[r]; r++) {
        float w = 0.0f, s[IPL_OPTIMISER_STATE_MAX] = {0};
        const float g = 0.0f;
        ipl_spec spec;

        assert_int_equal(ipl_spec_create(&spec, "optimiser", ipl_optimiser_row,
                                         ipl_optimiser_row(r)->name, NULL),
                         IPL_OK);
        assert_non_null(ipl_opt_find(spec.row->opts, "lr"));
        ipl_optimiser_table[r]->update(
            spec.self,
            &(ipl_update){
                .n = 1, .lr = 0.1, .w = &w, .g = &g, .state = {&s[0], &s[1], &s[2]}});
        assert_true(w == 0.0f);
        ipl_spec_release(&spec);
    }
}

static double factor(const char *text, double epoch, double total)
{
    ipl_error err = {0};
    ipl_spec spec;
    double f;

    if (ipl_spec_create(&spec, "schedule", ipl_schedule_row, text, &err) != IPL_OK)
        fail_msg("%s", err.msg);
    f = ipl_schedule_factor(&spec, epoch, total);
    ipl_spec_release(&spec);
    return f;
}

/* Every row that keeps moments, after a gradient that is there once and never again. */
static void moments_that_decay_end_at_zero(void **state)
{
    static const char *const rows[] = {
        "sgd:momentum=0.5",  "sgd:momentum=0.5,nesterov=yes",
        "adam:beta2=0.5",    "adamw:beta2=0.5",
        "rmsprop:alpha=0.5", "rmsprop:alpha=0.5,centered=yes"};

    (void)state;
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        float w[N] = {0}, g[N] = {0}, moment[IPL_OPTIMISER_STATE_MAX][N] = {{0}};
        ipl_error err = {0};
        ipl_spec spec;

        if (ipl_spec_create(&spec, "optimiser", ipl_optimiser_row, rows[k], &err) != IPL_OK)
            fail_msg("%s", err.msg);
        g[3] = 1e-3f;
        for (size_t t = 0; t < 1500; t++) {
            const ipl_update u = {.n = N,
                                  .t = t,
                                  .lr = 0.01,
                                  .w = w,
                                  .g = g,
                                  .state = {moment[0], moment[1], moment[2]}};

            ipl_optimiser_table[spec.index]->update(spec.self, &u);
            g[3] = 0.0f;
            for (size_t j = 0; j < IPL_OPTIMISER_STATE_MAX; j++)
                assert_false(fpclassify(moment[j][3]) == FP_SUBNORMAL);
        }
        for (size_t j = 0; j < IPL_OPTIMISER_STATE_MAX; j++)
            assert_true(moment[j][3] == 0.0f);
        assert_true(isfinite(w[3]) && w[3] != 0.0f);
        ipl_spec_release(&spec);
    }
}

static void the_quick_root_is_right_to_three_units_in_the_last_place(void **state)
{
    (void)state;
    assert_true(ipl_quick_sqrt(0.0f) == 0.0f);
    assert_true(isnan(ipl_quick_sqrt((float)NAN)));
    for (float x = FLT_MIN; x < 1e38f; x *= 1.00003f) {
        const double exact = sqrt((double)x);

        assert_true(fabs((double)ipl_quick_sqrt(x) - exact) <=
                    3.0 * exact * (double)FLT_EPSILON);
    }
}

static void a_constant_schedule_is_one(void **state)
{
    (void)state;
    assert_close(factor("constant", 0, 10), 1.0, 0.0);
    assert_close(factor("constant", 9.5, 10), 1.0, 0.0);
}

/* torch.optim.lr_scheduler.StepLR(step_size=3, gamma=0.5) */
static void a_step_schedule_falls_every_few_epochs(void **state)
{
    const double want[] = {1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25};

    (void)state;
    for (size_t e = 0; e < 8; e++)
        assert_close(factor("step:every=3,factor=0.5", (double)e, 8), want[e], 0.0);
    assert_close(factor("step:every=3,factor=0.5", 2.999, 8), 1.0, 0.0);
    assert_close(factor("step:every=1.5,factor=0.5", 1.6, 8), 1.0, 0.0);
    assert_close(factor("step:every=1.5,factor=0.5,per=step", 1.6, 8), 0.5, 0.0);
}

/* CosineAnnealingLR(T_max=8, eta_min=0.2 of the rate) */
static void a_cosine_schedule_goes_from_one_to_its_minimum(void **state)
{
    (void)state;
    assert_close(factor("cosine:min=0.2", 0, 8), 1.0, 1e-15);
    assert_close(factor("cosine:min=0.2", 4, 8), 0.6, 1e-15);
    assert_close(factor("cosine:min=0.2", 2, 8), 0.2 + 0.8 * (1.0 + sqrt(0.5)) / 2.0,
                 1e-15);
    assert_close(factor("cosine:min=0.2", 8, 8), 0.2, 1e-15);
    assert_close(factor("cosine:min=0.2", 9, 8), 0.2, 1e-15);
}

static void an_exponential_schedule_is_a_power(void **state)
{
    (void)state;
    assert_close(factor("exponential:factor=0.9", 0, 8), 1.0, 1e-15);
    assert_close(factor("exponential:factor=0.9", 3, 8), 0.729, 1e-15);
    assert_close(factor("exponential:factor=0.25,per=step", 0.5, 8), 0.5, 1e-15);
}

/* Within an epoch the rate stays, unless it is set at every step. */
static void a_schedule_is_set_per_epoch_unless_told_otherwise(void **state)
{
    const double pi = acos(-1.0);

    (void)state;
    for (size_t e = 0; e < 6; e++)
        for (size_t b = 0; b < 7; b++) {
            const double t = (double)e + (double)b / 7.0;

            assert_close(factor("exponential:factor=0.9", t, 6), pow(0.9, (double)e),
                         1e-15);
            assert_close(factor("exponential:factor=0.9,per=epoch", t, 6),
                         pow(0.9, (double)e), 1e-15);
            assert_close(factor("exponential:factor=0.9,per=step", t, 6),
                         pow(pow(0.9, 1.0 / 7.0), (double)(7 * e + b)), 1e-14);
            assert_close(factor("cosine:min=0.1", t, 6),
                         0.1 + 0.45 * (1.0 + cos(pi * (double)e / 6.0)), 1e-15);
            assert_close(factor("cosine:min=0.1,per=step", t, 6),
                         0.1 + 0.45 * (1.0 + cos(pi * (double)(7 * e + b) / 42.0)), 1e-14);
            if (e >= 2)
                assert_close(factor("exponential:factor=0.9,warmup=2", t, 6),
                             pow(0.9, (double)e - 2.0), 1e-15);
        }
}

static void a_warm_up_grows_linearly_and_starts_the_clock_at_its_end(void **state)
{
    (void)state;
    assert_close(factor("constant:warmup=4", 0, 10), 0.0, 0.0);
    assert_close(factor("constant:warmup=4", 1, 10), 0.25, 1e-15);
    assert_close(factor("constant:warmup=4", 2.5, 10), 0.625, 1e-15);
    assert_close(factor("constant:warmup=4", 4, 10), 1.0, 0.0);
    assert_close(factor("cosine:warmup=2", 2, 10), 1.0, 1e-15);
    assert_close(factor("cosine:warmup=2", 6, 10), 0.5, 1e-15);
    assert_close(factor("step:every=3,factor=0.5,warmup=2", 4.9, 10), 1.0, 0.0);
    assert_close(factor("step:every=3,factor=0.5,warmup=2", 5, 10), 0.5, 0.0);
    assert_close(factor("cosine:warmup=10", 10, 10), 0.0, 1e-15);
}

static void every_row_of_both_tables_has_a_name_and_a_summary(void **state)
{
    (void)state;
    for (size_t i = 0; ipl_optimiser_row(i); i++)
        assert_true(ipl_optimiser_row(i)->name && ipl_optimiser_row(i)->summary);
    for (size_t i = 0; ipl_schedule_row(i); i++)
        assert_true(ipl_schedule_row(i)->name && ipl_schedule_row(i)->summary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sgd_follows_its_recurrence),
        cmocka_unit_test(adam_follows_its_recurrence),
        cmocka_unit_test(the_first_step_of_adam_has_the_length_of_the_rate),
        cmocka_unit_test(rmsprop_follows_its_recurrence),
        cmocka_unit_test(centered_rmsprop_of_constant_gradients_is_finite),
        cmocka_unit_test(a_row_that_is_all_zero_stays_zero),
        cmocka_unit_test(moments_that_decay_end_at_zero),
        cmocka_unit_test(the_quick_root_is_right_to_three_units_in_the_last_place),
        cmocka_unit_test(a_constant_schedule_is_one),
        cmocka_unit_test(a_step_schedule_falls_every_few_epochs),
        cmocka_unit_test(a_cosine_schedule_goes_from_one_to_its_minimum),
        cmocka_unit_test(an_exponential_schedule_is_a_power),
        cmocka_unit_test(a_schedule_is_set_per_epoch_unless_told_otherwise),
        cmocka_unit_test(a_warm_up_grows_linearly_and_starts_the_clock_at_its_end),
        cmocka_unit_test(every_row_of_both_tables_has_a_name_and_a_summary),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
