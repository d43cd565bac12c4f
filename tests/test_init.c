#include "test.h"

#include "base/alloc.h"
#include "nn/initialiser.h"

#include <string.h>

enum { OUT = 60, IN = 100, N = OUT * IN };

static const ipl_param weight = {.name = "weight",
                                 .kind = IPL_PARAM_WEIGHT,
                                 .n_dims = 2,
                                 .dims = {OUT, IN},
                                 .fan_in = IN,
                                 .fan_out = OUT};

static void draw(float *out, const char *text, const ipl_param *param, size_t n)
{
    ipl_rng rng = ipl_rng_at(3, IPL_RNG_INIT, 0, 0);
    ipl_error err = {0};
    ipl_spec spec;

    for (size_t i = 0; i < n; i++)
        out[i] = NAN;
    if (ipl_initialiser_create(&spec, text, &err) != IPL_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(ipl_initialiser_draw(&spec, out, n, param, &rng, NULL), IPL_OK);
    ipl_spec_release(&spec);
}

/* Mean 0, the s.d. and the bound that are wanted; 5 standard errors. */
static void weights_have(const char *text, double sd, double bound)
{
    float w[N];
    double sum = 0.0, square = 0.0, largest = 0.0;

    draw(w, text, &weight, N);
    for (size_t i = 0; i < N; i++) {
        sum += (double)w[i];
        square += (double)w[i] * (double)w[i];
        largest = fmax(largest, fabs((double)w[i]));
    }
    assert_close(sum / N, 0.0, 5.0 * sd / sqrt(N));
    assert_close(sqrt(square / N), sd, 5.0 * sd / sqrt(2.0 * N));
    if (bound > 0.0) {
        assert_true(largest <= bound * (1.0 + 1e-7));
        assert_true(largest > 0.99 * bound);
    } else {
        assert_true(largest > 3.0 * sd);
    }
}

static void default_weights_are_uniform_within_one_over_root_fan_in(void **state)
{
    (void)state;
    weights_have("default", 0.1 / sqrt(3.0), 0.1);
}

static void default_biases_are_uniform_too(void **state)
{
    ipl_param bias = weight;
    double square = 0.0;
    float b[1000];

    (void)state;
    bias.kind = IPL_PARAM_BIAS;
    draw(b, "default", &bias, 1000);
    for (size_t i = 0; i < 1000; i++) {
        assert_true(fabsf(b[i]) <= 0.1f);
        square += (double)b[i] * (double)b[i];
    }
    assert_close(sqrt(square / 1000.0), 0.1 / sqrt(3.0), 0.005);
}

static void glorot_weights_have_variance_two_over_both_fans(void **state)
{
    (void)state;
    weights_have("glorot", sqrt(2.0 / 160.0), sqrt(6.0 / 160.0));
    weights_have("glorot:normal=yes", sqrt(2.0 / 160.0), 0.0);
}

static void he_weights_have_variance_two_over_fan_in(void **state)
{
    (void)state;
    weights_have("he", sqrt(2.0 / 100.0), sqrt(6.0 / 100.0));
    weights_have("he:normal=yes", sqrt(2.0 / 100.0), 0.0);
}

/* The s.d. of a standard normal cut at 2 is sqrt(1 - 4 phi(2) / (2 Phi(2) - 1)). */
static void truncated_normal_weights_are_cut_at_two_deviations(void **state)
{
    const double cut = 0.87962566103423978;

    (void)state;
    weights_have("truncated-normal", 0.1 * cut, 0.2);
    weights_have("truncated-normal:fan=out", cut / sqrt(60.0), 2.0 / sqrt(60.0));
}

static void conventional_biases_are_zero(void **state)
{
    static const char *const texts[] = {"glorot", "he", "truncated-normal", "orthogonal"};
    ipl_param bias = weight;

    (void)state;
    bias.kind = IPL_PARAM_BIAS;
    for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
        float b[10];

        draw(b, texts[k], &bias, 10);
        for (size_t i = 0; i < 10; i++)
            assert_true(b[i] == 0.0f);
    }
}

static void fixed_arrays_are_zeros_and_ones(void **state)
{
    ipl_param param = weight;
    float w[3];

    (void)state;
    param.kind = IPL_PARAM_ZERO;
    draw(w, "default", &param, 3);
    assert_true(w[0] == 0.0f && w[2] == 0.0f);
    param.kind = IPL_PARAM_ONE;
    draw(w, "he", &param, 3);
    assert_true(w[0] == 1.0f && w[2] == 1.0f);
}

/* Rows r and s of w, `step` apart, its numbers `stride` apart. */
static double inner(const float *w, size_t r, size_t s, size_t step, size_t stride,
                    size_t n)
{
    double sum = 0.0;

    for (size_t i = 0; i < n; i++)
        sum += (double)w[r * step + i * stride] * (double)w[s * step + i * stride];
    return sum;
}

static void orthogonal_weights_are_orthogonal_on_their_shorter_side(void **state)
{
    ipl_param tall = weight;
    float w[N];

    (void)state;
    draw(w, "orthogonal", &weight, N);
    for (size_t r = 0; r < OUT; r++)
        for (size_t s = 0; s <= r; s++)
            assert_close(inner(w, r, s, IN, 1, IN), r == s ? 1.0 : 0.0, 1e-6);
    tall.dims[0] = IN;
    tall.dims[1] = OUT;
    draw(w, "orthogonal:gain=2", &tall, N);
    for (size_t r = 0; r < OUT; r++)
        for (size_t s = 0; s <= r; s++)
            assert_close(inner(w, r, s, 1, OUT, IN), r == s ? 4.0 : 0.0, 4e-6);
}

static void a_single_orthogonal_weight_has_length_gain(void **state)
{
    ipl_param one = weight;
    float w;

    (void)state;
    one.dims[0] = one.dims[1] = 1;
    draw(&w, "orthogonal:gain=3", &one, 1);
    assert_close(fabs((double)w), 3.0, 1e-6);
}

static void a_folder_may_hold_commas_and_equal_signs(void **state)
{
    ipl_text text = {0};
    ipl_spec spec;

    (void)state;
    assert_int_equal(ipl_initialiser_create(&spec, "npy:runs/a=1,b=2", NULL), IPL_OK);
    assert_string_equal(ipl_initialiser_table[spec.index]->folder(spec.self),
                        "runs/a=1,b=2");
    ipl_spec_print(&text, &spec);
    assert_string_equal(text.s, "npy:folder=runs/a=1,b=2");
    ipl_spec_release(&spec);
    ipl_text_release(&text);
    assert_int_equal(ipl_initialiser_create(&spec, "npy:folder=x", NULL), IPL_OK);
    assert_string_equal(ipl_initialiser_table[spec.index]->folder(spec.self), "x");
    ipl_spec_release(&spec);
}

static void bad_texts_are_format_errors(void **state)
{
    static const char *const bad[] = {"",
                                      "npy:",
                                      "npy",
                                      "xavier",
                                      "he:normal=maybe",
                                      "truncated-normal:fan=up",
                                      "orthogonal:gain=-1"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ipl_error err = {0};
        ipl_spec spec;

        assert_int_equal(ipl_initialiser_create(&spec, bad[i], &err), IPL_E_FORMAT);
        assert_true(err.msg[0] != '\0');
        assert_null(spec.self);
    }
}

static void every_row_has_what_it_needs(void **state)
{
    (void)state;
    for (size_t i = 0; ipl_initialiser_row(i); i++) {
        assert_non_null(ipl_initialiser_row(i)->name);
        assert_non_null(ipl_initialiser_row(i)->summary);
        assert_true(ipl_initialiser_table[i]->weight || ipl_initialiser_table[i]->folder);
    }
}

static void an_orthogonal_draw_reports_that_memory_is_out(void **state)
{
    ipl_rng rng = ipl_rng_at(3, IPL_RNG_INIT, 0, 0);
    ipl_spec spec;
    float w[N];

    (void)state;
    assert_int_equal(ipl_initialiser_create(&spec, "orthogonal", NULL), IPL_OK);
    ipl_alloc_fail_after(0);
    assert_int_equal(ipl_initialiser_draw(&spec, w, N, &weight, &rng, NULL), IPL_E_NOMEM);
    ipl_alloc_fail_after(-1);
    ipl_spec_release(&spec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_weights_are_uniform_within_one_over_root_fan_in),
        cmocka_unit_test(default_biases_are_uniform_too),
        cmocka_unit_test(glorot_weights_have_variance_two_over_both_fans),
        cmocka_unit_test(he_weights_have_variance_two_over_fan_in),
        cmocka_unit_test(truncated_normal_weights_are_cut_at_two_deviations),
        cmocka_unit_test(conventional_biases_are_zero),
        cmocka_unit_test(fixed_arrays_are_zeros_and_ones),
        cmocka_unit_test(orthogonal_weights_are_orthogonal_on_their_shorter_side),
        cmocka_unit_test(a_single_orthogonal_weight_has_length_gain),
        cmocka_unit_test(a_folder_may_hold_commas_and_equal_signs),
        cmocka_unit_test(bad_texts_are_format_errors),
        cmocka_unit_test(every_row_has_what_it_needs),
        cmocka_unit_test(an_orthogonal_draw_reports_that_memory_is_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
