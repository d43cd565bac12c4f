#include "test.h"

#include "math/abreast.h"
#include "nn/loss.h"

#include <string.h>

enum { ROWS = 5, OUTPUTS = 3, INPUTS = 3, N_OUT = 15, N_IN = 15 };

static const int32_t labels[ROWS] = {0, 2, 1, 1, 0};

/* A shard with its loss. */
typedef struct bench {
    ipl_spec spec;
    const ipl_loss_ops *ops;
    float z[N_OUT], x[N_IN], dz[N_OUT];
    ipl_loss_pass pass;
    size_t correct;
} bench;

static void fill(float *x, size_t n, uint32_t seed)
{
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        x[i] = 4.0f * (float)(seed >> 9) / 8388608.0f - 2.0f;
    }
}

static void set_up(bench *b, const char *text)
{
    *b = (bench){0};
    assert_int_equal(ipl_spec_create(&b->spec, "loss", ipl_loss_row, text, NULL), IPL_OK);
    b->ops = ipl_loss_table[b->spec.index];
    fill(b->z, N_OUT, 1);
    fill(b->x, N_IN, 2);
    for (size_t i = 0; i < N_OUT; i++)
        b->dz[i] = NAN;
    b->pass = (ipl_loss_pass){.rows = ROWS,
                              .n = ROWS,
                              .outputs = OUTPUTS,
                              .inputs = INPUTS,
                              .z = b->z,
                              .x = b->x,
                              .y = labels,
                              .dz = b->dz};
}

static double apply(bench *b)
{
    return b->ops->apply(&b->correct, b->spec.self, &b->pass);
}

static const char *const texts[] = {"cross-entropy", "mse", "mse:target=input"};

static void gradients_are_those_of_the_mean_over_the_batch(void **state)
{
    const float step = 1.0f / 64.0f;

    (void)state;
    for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
        float grad[N_OUT];
        bench b;

        set_up(&b, texts[k]);
        b.pass.n = 10; /* the shard is half of the batch */
        (void)apply(&b);
        memcpy(grad, b.dz, sizeof grad);
        for (size_t i = 0; i < N_OUT; i++) {
            const float kept = b.z[i];
            double up, down;

            b.z[i] = kept + step;
            up = apply(&b);
            b.z[i] = kept - step;
            down = apply(&b);
            b.z[i] = kept;
            assert_close((double)grad[i], (up - down) / (2.0 * (double)step) / 10.0, 1e-5);
        }
        ipl_spec_release(&b.spec);
    }
}

static void cross_entropy_of_equal_outputs_is_log_k(void **state)
{
    bench b;

    (void)state;
    set_up(&b, "cross-entropy");
    for (size_t i = 0; i < N_OUT; i++)
        b.z[i] = 7.5f;
    assert_close(apply(&b), ROWS * log(3.0), 1e-6);
    ipl_spec_release(&b.spec);
}

static void cross_entropy_is_minus_log_of_the_softmax(void **state)
{
    double want = 0.0;
    bench b;

    (void)state;
    set_up(&b, "cross-entropy");
    for (size_t r = 0; r < ROWS; r++) {
        double sum = 0.0;

        for (size_t i = 0; i < OUTPUTS; i++)
            sum += exp((double)b.z[r * OUTPUTS + i]);
        want -= log(exp((double)b.z[r * OUTPUTS + (size_t)labels[r]]) / sum);
    }
    assert_close(apply(&b), want, 1e-6);
    ipl_spec_release(&b.spec);
}

static void cross_entropy_of_huge_outputs_is_finite(void **state)
{
    bench b;

    (void)state;
    set_up(&b, "cross-entropy");
    for (size_t i = 0; i < N_OUT; i++)
        b.z[i] = i % OUTPUTS == 0 ? 1e4f : -1e4f;
    assert_close(apply(&b), 3 * 2e4, 1e-6); /* three labels are not 0 */
    assert_int_equal(b.correct, 2);
    for (size_t i = 0; i < N_OUT; i++)
        assert_true(isfinite(b.dz[i]));
    ipl_spec_release(&b.spec);
}

static void gradients_of_cross_entropy_sum_to_zero_in_each_row(void **state)
{
    bench b;

    (void)state;
    set_up(&b, "cross-entropy");
    (void)apply(&b);
    for (size_t r = 0; r < ROWS; r++) {
        const float *dz = b.dz + r * OUTPUTS;

        assert_close((double)dz[0] + (double)dz[1] + (double)dz[2], 0.0, 1e-7);
    }
    ipl_spec_release(&b.spec);
}

static void mse_is_the_mean_over_all_elements(void **state)
{
    double onehot = 0.0, input = 0.0;
    bench b;

    (void)state;
    set_up(&b, "mse");
    for (size_t i = 0; i < N_OUT; i++) {
        const double t = (size_t)labels[i / OUTPUTS] == i % OUTPUTS;

        onehot += pow((double)b.z[i] - t, 2.0);
        input += pow((double)b.z[i] - (double)b.x[i], 2.0);
    }
    assert_close(apply(&b) / ROWS, onehot / (N_OUT), 1e-12);
    ipl_spec_release(&b.spec);
    set_up(&b, "mse:target=input");
    assert_close(apply(&b) / ROWS, input / (N_OUT), 1e-12);
    assert_int_equal(b.correct, 0);
    ipl_spec_release(&b.spec);
}

static void a_hit_is_the_first_largest_output(void **state)
{
    const float z[] = {1.0f, 3.0f, 3.0f}, bad[] = {1.0f, 3.0f, NAN};

    (void)state;
    assert_true(ipl_loss_hit(z, 3, 1));
    assert_false(ipl_loss_hit(z, 3, 2));
    assert_false(ipl_loss_hit(z, 3, 0));
    assert_false(ipl_loss_hit(bad, 3, 1));
}

static void nan_in_the_output_is_nan_in_the_loss(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++)
        for (size_t i = 0; i < N_OUT; i++) {
            bench b;

            set_up(&b, texts[k]);
            b.z[i] = NAN;
            assert_true(isnan(apply(&b)));
            ipl_spec_release(&b.spec);
        }
}

static void sums_of_shards_are_those_of_the_batch(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
        float whole[N_OUT];
        double sum, parts = 0.0;
        size_t correct, hits = 0;
        bench b;

        set_up(&b, texts[k]);
        sum = apply(&b);
        correct = b.correct;
        memcpy(whole, b.dz, sizeof whole);
        for (size_t r = 0; r < ROWS; r++) {
            b.pass.rows = 1;
            b.pass.z = b.z + r * OUTPUTS;
            b.pass.x = b.x + r * INPUTS;
            b.pass.y = labels + r;
            b.pass.dz = b.dz + r * OUTPUTS;
            parts += apply(&b);
            hits += b.correct;
        }
        assert_close(parts, sum, 1e-12);
        assert_int_equal(hits, correct);
        assert_memory_equal(whole, b.dz, sizeof whole);
        ipl_spec_release(&b.spec);
    }
}

/* A loss that takes samples abreast: 16 + n of them, like as many rows. */
static void check_abreast(const char *text, size_t n, size_t U, bool nan)
{
    enum { MOST = 48 * 12 };
    const size_t N = 16 + n;
    float z[MOST], z_a[MOST], dz[MOST], dz_a[MOST], back[MOST];
    size_t hits, correct;
    int32_t y[48];
    ipl_loss_pass pass = {
        .rows = N, .n = N + 3, .outputs = U, .z = z, .x = z, .y = y, .dz = dz};
    double rows, abreast;
    bench b;

    set_up(&b, text);
    fill(z, N * U, (uint32_t)(n + U));
    for (size_t i = 0; i < N; i++)
        y[i] = (int32_t)(i * i % U);
    memcpy(z + U, z + 2 * U, sizeof *z); /* some equal outputs */
    for (size_t u = 0; u < U; u++)
        z[3 * U + u] = 1.0f;
    z[5 * U] = 100.0f;
    if (nan)
        z[7 * U] = NAN;
    ipl_abreast(z_a, z, N, U);
    rows = b.ops->apply(&hits, b.spec.self, &pass);
    pass.z = z_a;
    pass.dz = dz_a;
    pass.abreast = true;
    abreast = b.ops->apply(&correct, b.spec.self, &pass);
    ipl_abreast_rows(back, dz_a, N, U);
    assert_int_equal(correct, hits);
    assert_true(nan ? isnan(abreast) : fabs(abreast - rows) <= 1e-6 * fabs(rows));
    for (size_t i = 0; i < N * U && !nan; i++)
        assert_close((double)back[i], (double)dz[i], 1e-8);
    ipl_abreast_rows(back, dz_a, ipl_abreast_up(N), U);
    for (size_t i = N * U; i < ipl_abreast_up(N) * U; i++)
        assert_true(back[i] == 0.0f);
    ipl_spec_release(&b.spec);
}

static void samples_abreast_have_the_loss_of_rows(void **state)
{
    size_t checked = 0;

    (void)state;
    for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
        bench b;
        bool takes;

        set_up(&b, texts[k]);
        takes = b.ops->takes_abreast;
        ipl_spec_release(&b.spec);
        for (size_t n = 0; takes && n <= 32; n++, checked++) {
            check_abreast(texts[k], n, 2 + n % 11, false);
            check_abreast(texts[k], n, 2 + n % 11, true);
        }
    }
    assert_true(checked > 0);
}

static void check_fails(const char *text, ipl_loss_sizes sizes, const char *a,
                        const char *b)
{
    ipl_error err = {0};
    ipl_spec spec;

    assert_int_equal(ipl_spec_create(&spec, "loss", ipl_loss_row, text, NULL), IPL_OK);
    assert_int_equal(ipl_loss_table[spec.index]->check(spec.self, &sizes, &err),
                     IPL_E_SHAPE);
    assert_non_null(strstr(err.msg, a));
    assert_non_null(strstr(err.msg, b));
    ipl_spec_release(&spec);
}

static void sizes_that_do_not_fit_are_named(void **state)
{
    const ipl_shape in = {1, 28, 28};

    (void)state;
    check_fails("cross-entropy", (ipl_loss_sizes){in, 12, 10}, "12", "10");
    check_fails("mse", (ipl_loss_sizes){in, 12, 10}, "12", "10");
    check_fails("mse:target=input", (ipl_loss_sizes){in, 10, 10}, "10", "784");
    check_fails("cross-entropy", (ipl_loss_sizes){in, 12, 0}, "no labels", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_are_those_of_the_mean_over_the_batch),
        cmocka_unit_test(cross_entropy_of_equal_outputs_is_log_k),
        cmocka_unit_test(cross_entropy_is_minus_log_of_the_softmax),
        cmocka_unit_test(cross_entropy_of_huge_outputs_is_finite),
        cmocka_unit_test(gradients_of_cross_entropy_sum_to_zero_in_each_row),
        cmocka_unit_test(mse_is_the_mean_over_all_elements),
        cmocka_unit_test(a_hit_is_the_first_largest_output),
        cmocka_unit_test(nan_in_the_output_is_nan_in_the_loss),
        cmocka_unit_test(sums_of_shards_are_those_of_the_batch),
        cmocka_unit_test(samples_abreast_have_the_loss_of_rows),
        cmocka_unit_test(sizes_that_do_not_fit_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
