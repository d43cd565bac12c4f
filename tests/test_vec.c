#include "test.h"

#include <float.h>
#include <string.h>

/* The plain twin: the same source compiled once, for the processor's base instructions. */
#define IPL_CLONES
#define ipl_vec_exp plain_exp
#define ipl_vec_exp_double plain_exp_double
#define ipl_vec_decay plain_decay
#define ipl_vec_sum plain_sum
#define ipl_vec_expm1 plain_expm1
#define ipl_vec_tanh plain_tanh
#define ipl_vec_sigmoid plain_sigmoid
#define ipl_vec_softplus plain_softplus
#define ipl_vec_normal plain_normal
#include "math/vec.c" /* NOLINT(bugprone-suspicious-include) */

#define bits_of double_bits_of
#define pick double_pick
#define exp_one double_exp_one
#undef ROUND
#include "math/vec_double.c" /* NOLINT(bugprone-suspicious-include) */
#undef bits_of
#undef pick
#undef exp_one
#undef ipl_vec_exp_double
#undef ipl_vec_decay
#undef ipl_vec_sum
#undef ipl_vec_exp
#undef ipl_vec_expm1
#undef ipl_vec_tanh
#undef ipl_vec_sigmoid
#undef ipl_vec_softplus
#undef ipl_vec_normal
#undef IPL_VEC_H
#include "math/vec.h"

typedef void vec_fn(float *y, const float *x, size_t n);

static double exact_sigmoid(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

static double exact_softplus(double x)
{
    return x > 0.0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

static double exact_normal(double x)
{
    return 0.5 * erfc(-x / sqrt(2.0));
}

/* Errors stated in math/vec.h: in units of the last place, or absolute. */
static const struct function {
    const char *name;
    vec_fn *fn, *plain;
    double (*exact)(double);
    double ulps, absolute;
} functions[] = {
    {"exp", ipl_vec_exp, plain_exp, exp, 1.1, 0.0},
    {"expm1", ipl_vec_expm1, plain_expm1, expm1, 2.0, 0.0},
    {"tanh", ipl_vec_tanh, plain_tanh, tanh, 2.0, 0.0},
    {"sigmoid", ipl_vec_sigmoid, plain_sigmoid, exact_sigmoid, 3.0, 0.0},
    {"softplus", ipl_vec_softplus, plain_softplus, exact_softplus, 3.0, 0.0},
    {"normal", ipl_vec_normal, plain_normal, exact_normal, 0.0, 3e-7},
};

enum { N_FUNCTIONS = sizeof functions / sizeof functions[0], CHUNK = 1000 };

/* Distance of neighbouring floats at x. */
static double spacing(double x)
{
    int exponent;

    (void)frexp(x, &exponent);
    return ldexp(1.0, (exponent < -125 ? -125 : exponent) - 24);
}

static void check_value(const struct function *f, float x, float y)
{
    const double exact = f->exact((double)x);

    if (isnan(x)) {
        assert_true(isnan(y));
        return;
    }
    if (isinf((float)exact) || isinf(y)) {
        assert_true(y == (float)exact);
        return;
    }
    if (!(fabs((double)y - exact) <= f->ulps * spacing(exact) + f->absolute))
        fail_msg("%s(%.9g) = %.9g, exactly %.17g", f->name, (double)x, (double)y, exact);
}

/* CHUNK floats from a bit pattern on, `stride` patterns apart. */
static void fill(float *x, uint64_t start, uint64_t stride)
{
    for (size_t i = 0; i < CHUNK; i++) {
        const uint32_t bits = (uint32_t)(start + i * stride);

        memcpy(&x[i], &bits, sizeof bits);
    }
}

/* All exponents, both signs, NaN, Inf and subnormal numbers. */
static void errors_stay_within_what_is_stated(void **state)
{
    const uint64_t stride = 1999;
    float x[CHUNK], y[CHUNK];

    (void)state;
    for (size_t k = 0; k < N_FUNCTIONS; k++)
        for (uint64_t start = 0; start < (1ull << 32); start += CHUNK * stride) {
            fill(x, start, stride);
            functions[k].fn(y, x, CHUNK);
            for (size_t i = 0; i < CHUNK; i++)
                check_value(&functions[k], x[i], y[i]);
        }
}

/* Dense where the functions bend. */
static void errors_stay_within_what_is_stated_near_zero(void **state)
{
    float x[CHUNK], y[CHUNK];

    (void)state;
    for (size_t k = 0; k < N_FUNCTIONS; k++)
        for (int start = -200; start < 200; start++) {
            for (size_t i = 0; i < CHUNK; i++)
                x[i] = ((float)start + (float)i / (float)CHUNK) / 20.0f;
            functions[k].fn(y, x, CHUNK);
            for (size_t i = 0; i < CHUNK; i++)
                check_value(&functions[k], x[i], y[i]);
        }
}

/* Every float of 0.125 ... 0.5, where tanh is nearest to what is stated. */
static void tanh_stays_within_what_is_stated_where_it_is_worst(void **state)
{
    const struct function *f = &functions[2];
    float x[CHUNK], y[CHUNK];

    (void)state;
    assert_string_equal(f->name, "tanh");
    for (uint64_t start = 0x3e000000u; start < 0x3f000000u; start += CHUNK) {
        fill(x, start, 1);
        f->fn(y, x, CHUNK);
        for (size_t i = 0; i < CHUNK; i++)
            check_value(f, x[i], y[i]);
    }
}

static void vector_code_gives_the_bytes_of_the_plain_twin(void **state)
{
    const uint64_t stride = 20011;
    float x[CHUNK], y[CHUNK], plain[CHUNK];

    (void)state;
    for (size_t k = 0; k < N_FUNCTIONS; k++)
        for (uint64_t start = 0; start < (1ull << 32); start += CHUNK * stride) {
            fill(x, start, stride);
            functions[k].fn(y, x, CHUNK);
            for (size_t i = 0; i < CHUNK; i++)
                functions[k].plain(&plain[i], &x[i], 1);
            for (size_t i = 0; i < CHUNK; i++)
                assert_true(bits_of(y[i]) == bits_of(plain[i]) ||
                            (isnan(y[i]) && isnan(plain[i])));
        }
}

static void the_place_in_an_array_does_not_matter(void **state)
{
    float x[CHUNK], whole[CHUNK], parts[CHUNK];

    (void)state;
    for (size_t i = 0; i < CHUNK; i++)
        x[i] = (float)i / 100.0f - 5.0f;
    for (size_t k = 0; k < N_FUNCTIONS; k++) {
        functions[k].fn(whole, x, CHUNK);
        for (size_t first = 0, n = 1; first < CHUNK; first += n, n++) {
            if (n > CHUNK - first)
                n = CHUNK - first;
            functions[k].fn(parts + first, x + first, n);
        }
        assert_memory_equal(whole, parts, sizeof whole);
    }
}

static void results_may_overwrite_arguments(void **state)
{
    float x[CHUNK], y[CHUNK];

    (void)state;
    for (size_t k = 0; k < N_FUNCTIONS; k++) {
        for (size_t i = 0; i < CHUNK; i++)
            x[i] = (float)i / 100.0f - 5.0f;
        functions[k].fn(y, x, CHUNK);
        functions[k].fn(x, x, CHUNK);
        assert_memory_equal(x, y, sizeof x);
    }
}

/* Distance of neighbouring doubles at x. */
static long double double_spacing(long double x)
{
    int exponent;

    (void)frexpl(x, &exponent);
    return ldexpl(1.0L, (exponent < -1021 ? -1021 : exponent) - 53);
}

static void the_double_exponential_errs_as_stated(void **state)
{
    enum { N = 4001, ROUNDS = 150 };
    static double x[N], y[N], plain[N];
    long double worst = 0.0L;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        /* From -746 to 710, and in every third round close to zero. */
        for (int i = 0; i < N; i++) {
            const double u = (double)i / N + (double)round / ROUNDS / N;

            x[i] = round % 3 == 0 ? (u - 0.5) * exp(-0.2 * round) : -746.0 + 1456.0 * u;
        }
        ipl_vec_exp_double(y, x, N);
        plain_exp_double(plain, x, N);
        assert_memory_equal(y, plain, sizeof y);
        for (int i = 0; i < N; i++) {
            const long double exact = expl((long double)x[i]);

            if (exact > (long double)DBL_MAX)
                assert_true(isinf(y[i]));
            else
                worst =
                    fmaxl(worst, fabsl((long double)y[i] - exact) / double_spacing(exact));
        }
    }
    assert_true(worst <= 1.1L);
    assert_true(worst > 0.4L); /* of rounding alone: the sweep sees something */
}

static void the_double_exponential_has_exact_limits(void **state)
{
    const double x[] = {0.0,    -0.0,     1e300,     -1e300,     710.0,
                        -745.2, HUGE_VAL, -HUGE_VAL, (double)NAN};
    double y[9];

    (void)state;
    ipl_vec_exp_double(y, x, 9);
    assert_true(y[0] == 1.0 && y[1] == 1.0);
    assert_true(isinf(y[2]) && y[3] == 0.0);
    assert_true(isinf(y[4]) && y[5] == 0.0);
    assert_true(isinf(y[6]) && y[7] == 0.0);
    assert_true(isnan(y[8]));
}

static void what_is_left_at_a_distance_is_the_exponential_of_it(void **state)
{
    enum { N = 997 };
    double d[N], x[N], y[N], want[N], plain[N];

    (void)state;
    for (int i = 0; i < N; i++) {
        d[i] = 0.5 * i;
        x[i] = fmax(-3.0 * d[i], -300.0);
    }
    ipl_vec_exp_double(want, x, N);
    ipl_vec_decay(y, d, 3.0, -300.0, N);
    plain_decay(plain, d, 3.0, -300.0, N);
    assert_memory_equal(y, want, sizeof y);
    assert_memory_equal(y, plain, sizeof y);
    assert_true(y[0] == 1.0 && y[N - 1] > 0.0);
    ipl_vec_decay(y, d, 3.0, -HUGE_VAL, N);
    assert_true(y[N - 1] == 0.0); /* e^-1494 */
    d[1] = (double)NAN;
    ipl_vec_decay(y, d, 3.0, -300.0, N);
    assert_true(isnan(y[1]));
}

static void a_sum_has_every_number_once(void **state)
{
    enum { N = 67 };
    double x[N];

    (void)state;
    for (size_t i = 0; i < N; i++)
        x[i] = ldexp(1.0, (int)(i % 50)); /* sums of these are exact */
    for (size_t n = 0; n <= N; n++) {
        double want = 0.0;

        for (size_t i = 0; i < n; i++)
            want += x[i];
        assert_true(ipl_vec_sum(x, n) == want);
    }
    for (size_t i = 0; i < N; i++)
        x[i] = sin((double)i) * pow(10.0, (double)(i % 30));
    assert_true(ipl_vec_sum(x, N) == plain_sum(x, N));
}

static void limits_are_exact(void **state)
{
    const float x[] = {-INFINITY, INFINITY, 0.0f, -0.0f};
    float y[4];

    (void)state;
    ipl_vec_exp(y, x, 4);
    assert_true(y[0] == 0.0f && y[1] == INFINITY && y[2] == 1.0f && y[3] == 1.0f);
    ipl_vec_expm1(y, x, 4);
    assert_true(y[0] == -1.0f && y[1] == INFINITY && y[2] == 0.0f);
    ipl_vec_tanh(y, x, 4);
    assert_true(y[0] == -1.0f && y[1] == 1.0f && y[2] == 0.0f && signbit(y[3]));
    ipl_vec_sigmoid(y, x, 4);
    assert_true(y[0] == 0.0f && y[1] == 1.0f && y[2] == 0.5f);
    ipl_vec_softplus(y, x, 4);
    assert_true(y[0] == 0.0f && y[1] == INFINITY);
    ipl_vec_normal(y, x, 4);
    assert_true(y[0] == 0.0f && y[1] == 1.0f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_stay_within_what_is_stated),
        cmocka_unit_test(errors_stay_within_what_is_stated_near_zero),
        cmocka_unit_test(tanh_stays_within_what_is_stated_where_it_is_worst),
        cmocka_unit_test(vector_code_gives_the_bytes_of_the_plain_twin),
        cmocka_unit_test(the_place_in_an_array_does_not_matter),
        cmocka_unit_test(results_may_overwrite_arguments),
        cmocka_unit_test(the_double_exponential_errs_as_stated),
        cmocka_unit_test(the_double_exponential_has_exact_limits),
        cmocka_unit_test(what_is_left_at_a_distance_is_the_exponential_of_it),
        cmocka_unit_test(a_sum_has_every_number_once),
        cmocka_unit_test(limits_are_exact),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
