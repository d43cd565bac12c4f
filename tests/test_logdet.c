/* LogDet: closed forms, identities and bounds, and agreement with the definition. */
#include "base/alloc.h"
#include "base/rng.h"
#include "estimate.h"
#include "ipl/estimator.h"
#include "math/linalg.h"
#include "naive.h"
#include "one_thread.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

static double *normal(size_t n, size_t d, uint32_t stream)
{
    ipl_rng rng = ipl_rng_at(7, IPL_RNG_DATA, stream, 0);
    double *x = ipl_array(n, d, sizeof *x, NULL);

    assert_non_null(x);
    for (size_t i = 0; i < n * d; i++)
        x[i] = ipl_rng_normal(&rng);
    return x;
}

/* t = tanh(x w), w normal: a layer that depends on x. */
static double *layer_of(const double *x, size_t n, size_t p, size_t q, uint32_t stream)
{
    double *w = normal(p, q, stream), *t = ipl_array(n, q, sizeof *t, NULL);

    assert_non_null(t);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < q; j++) {
            double sum = 0.0;

            for (size_t k = 0; k < p; k++)
                sum += x[i * p + k] * w[k * q + j];
            t[i * q + j] = tanh(sum / sqrt((double)p));
        }
    ipl_free(w);
    return t;
}

static int32_t *labels(size_t n, size_t k, uint32_t stream)
{
    ipl_rng rng = ipl_rng_at(7, IPL_RNG_LABELS, stream, 0);
    int32_t *y = ipl_array(n, 1, sizeof *y, NULL);

    assert_non_null(y);
    for (size_t i = 0; i < n; i++) /* every class has a sample */
        y[i] = i < k ? (int32_t)i : (int32_t)ipl_rng_below(&rng, k);
    return y;
}

/* Measures of one layer by one estimator; y may be NULL. */
static ipl_measures measure(const char *text, const double *x, size_t p, const double *t,
                            size_t q, const int32_t *y, size_t n)
{
    const char *texts[] = {text};
    const ipl_plane_opts opts = {.estimators = texts, .n_estimators = 1};
    const ipl_cmat layer = ipl_cmat_f64(t, n, q);
    ipl_measures m;
    ipl_plane *plane;
    ipl_error err = {0};

    if (ipl_plane_create(&plane, &opts, ipl_cmat_f64(x, n, p), y, &err) != IPL_OK)
        fail_msg("%s", err.msg);
    if (ipl_plane_measure(&m, plane, &layer, 1, &err) != IPL_OK)
        fail_msg("%s", err.msg);
    ipl_plane_destroy(plane);
    return m;
}

/* H_T of x under a fixed beta. */
static double entropy(const double *x, size_t n, size_t d, const char *scale, double beta)
{
    char text[96];

    (void)snprintf(text, sizeof text, "logdet:scale=%s,beta=%.17g", scale, beta);
    return measure(text, x, d, x, d, NULL, n).H_T;
}

/* Column j of the Hadamard matrix of order n = 2^m. */
static double hadamard(size_t i, size_t j)
{
    return __builtin_popcountll(i & j) % 2 ? -1.0 : 1.0;
}

/* n x d columns with mean 0 and covariance exactly I. */
static double *white(size_t n, size_t d, size_t first)
{
    double *x = ipl_array(n, d, sizeof *x, NULL);

    assert_non_null(x);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < d; j++)
            x[i * d + j] = hadamard(i, first + j);
    return x;
}

/* E1: closed forms. */

static void white_columns_have_half_log_one_plus_beta_each(void **state)
{
    double *x = white(64, 9, 1);

    (void)state;
    assert_close(entropy(x, 64, 9, "cov", 700.0), 4.5 * log1p(700.0), 1e-12);
    assert_close(entropy(x, 64, 9, "corr", 700.0), 4.5 * log1p(700.0), 1e-12);
    ipl_free(x);
}

static void equicorrelated_columns_have_the_closed_form(void **state)
{
    enum { N = 64, D = 6 };
    const double rho = 0.7, b = 30.0, d = D;
    double *x = white(N, D + 1, 1), *z = ipl_array(N, D, sizeof *z, NULL);

    (void)state;
    assert_non_null(z);
    for (size_t i = 0; i < N; i++) /* one common column: covariance rho off the diagonal */
        for (size_t j = 0; j < D; j++)
            z[i * D + j] =
                sqrt(rho) * x[i * (D + 1) + D] + sqrt(1.0 - rho) * x[i * (D + 1) + j];
    assert_close(
        entropy(z, N, D, "corr", b),
        0.5 * ((d - 1.0) * log1p(b * (1.0 - rho)) + log1p(b * (1.0 - rho + d * rho))),
        1e-12);
    ipl_free(z);
    ipl_free(x);
}

static void correlated_pairs_have_the_closed_form(void **state)
{
    enum { N = 64, D = 5 };
    double *x = white(N, D, 1), *w = white(N, D, 20);

    (void)state;
    for (size_t i = 0; i < (size_t)N * D; i++)
        w[i] = 0.6 * x[i] + 0.8 * w[i];
    for (double b = 0.1; b < 1e6; b *= 10.0) {
        char text[64];
        const double r = b * 0.6 / (1.0 + b);
        ipl_measures m;

        (void)snprintf(text, sizeof text, "logdet:beta=%.17g", b);
        m = measure(text, x, D, w, D, NULL, N);
        assert_close(m.I_XT, -0.5 * D * log1p(-r * r), 1e-11);
    }
    ipl_free(w);
    ipl_free(x);
}

static void two_samples_are_as_far_as_they_are(void **state)
{
    const double x[] = {1.0, 2.0, -3.0, 4.0, 6.5, -3.0};
    const double distance2 = 9.0 + 20.25;

    (void)state;
    assert_close(entropy(x, 2, 3, "cov", 12.0), 0.5 * log1p(12.0 * distance2 / 4.0), 1e-14);
}

static void the_full_cube_has_six_logarithms(void **state)
{
    double *x = ipl_array(4096, 12, sizeof *x, NULL);

    (void)state;
    assert_non_null(x);
    for (size_t i = 0; i < 4096; i++)
        for (size_t j = 0; j < 12; j++)
            x[i * 12 + j] = (double)(i >> j & 1);
    assert_close(measure("logdet", x, 12, x, 12, NULL, 4096).H_X, 6.0 * log1p(1200.0 / 4.0),
                 1e-11);
    ipl_free(x);
}

static void one_hot_labels_have_the_closed_form(void **state)
{
    enum { N = 60 };
    const size_t counts[] = {10, 20, 30};
    const double b = 250.0;
    double *x = normal(N, 3, 1), first = 0.0, second = 0.0;
    int32_t y[N];
    size_t at = 0;

    (void)state;
    for (size_t c = 0; c < 3; c++) {
        const double p = (double)counts[c] / N;

        for (size_t i = 0; i < counts[c]; i++)
            y[at++] = (int32_t)c;
        first += log1p(b * p);
        second += p * p / (1.0 + b * p);
    }
    assert_close(measure("logdet:beta=250", x, 3, x, 3, y, N).H_Y,
                 0.5 * (first + log1p(-b * second)), 1e-12);
    ipl_free(x);
}

static void balanced_labels_have_k_minus_one_equal_terms(void **state)
{
    enum { N = 200, K = 10 };
    double *x = normal(N, 4, 2);
    int32_t y[N];

    (void)state;
    for (int32_t i = 0; i < N; i++)
        y[i] = i % K;
    assert_close(measure("logdet:beta=78400", x, 4, x, 4, y, N).H_Y,
                 0.5 * (K - 1) * log1p(78400.0 / K), 1e-10);
    ipl_free(x);
}

/* E2, E3, E4, E5, E12: what may be done to the samples. */

/* Rotate columns a and b of x (n, d). */
static void rotate(double *x, size_t n, size_t d, size_t a, size_t b, double angle)
{
    for (size_t i = 0; i < n; i++) {
        const double u = x[i * d + a], v = x[i * d + b];

        x[i * d + a] = cos(angle) * u - sin(angle) * v;
        x[i * d + b] = sin(angle) * u + cos(angle) * v;
    }
}

static void rotations_and_shifts_change_nothing_in_covariance_mode(void **state)
{
    enum { N = 50, P = 6, Q = 4 };
    double *x = normal(N, P, 3), *t = layer_of(x, N, P, Q, 4);
    const ipl_measures before = measure("logdet", x, P, t, Q, NULL, N);
    ipl_measures after;

    (void)state;
    for (size_t k = 0; k + 1 < P; k++)
        rotate(x, N, P, k, k + 1, 0.3 + (double)k);
    for (size_t k = 0; k + 1 < Q; k++)
        rotate(t, N, Q, k, k + 1, 1.1 + (double)k);
    for (size_t i = 0; i < N; i++)
        t[i * Q] += 5.0;
    after = measure("logdet", x, P, t, Q, NULL, N);
    assert_close(after.H_X, before.H_X, 1e-10);
    assert_close(after.H_T, before.H_T, 1e-10);
    assert_close(after.I_XT, before.I_XT, 1e-10);
    ipl_free(t);
    ipl_free(x);
}

static void scaling_and_flipping_columns_changes_nothing_in_correlation_mode(void **state)
{
    enum { N = 50, P = 6, Q = 4 };
    double *x = normal(N, P, 5), *t = layer_of(x, N, P, Q, 6);
    int32_t *y = labels(N, 3, 1);
    const ipl_measures before = measure("logdet:scale=corr", x, P, t, Q, y, N);
    ipl_measures after;

    (void)state;
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < Q; j++)
            t[i * Q + j] = t[i * Q + j] * (j % 2 ? -1e-6 : 1e4) + 3.0;
    after = measure("logdet:scale=corr", x, P, t, Q, y, N);
    assert_measures_close(&after, &before, 1e-8);
    ipl_free(y);
    ipl_free(t);
    ipl_free(x);
}

static void the_order_of_samples_does_not_matter(void **state)
{
    enum { N = 40, P = 5, Q = 3 };
    double *x = normal(N, P, 7), *t = layer_of(x, N, P, Q, 8);
    double *rx = ipl_array(N, P, sizeof *rx, NULL), *rt = ipl_array(N, Q, sizeof *rt, NULL);
    int32_t *y = labels(N, 4, 2), ry[N];
    ipl_measures before, after;

    (void)state;
    assert_non_null(rx);
    assert_non_null(rt);
    for (size_t i = 0; i < N; i++) {
        const size_t from = i * 7 % N; /* 7 and 40 have no common factor */

        memcpy(rx + i * P, x + from * P, P * sizeof *x);
        memcpy(rt + i * Q, t + from * Q, Q * sizeof *t);
        ry[i] = y[from];
    }
    before = measure("logdet", x, P, t, Q, y, N);
    after = measure("logdet", rx, P, rt, Q, ry, N);
    assert_measures_close(&after, &before, 1e-10);
    ipl_free(y);
    ipl_free(rt);
    ipl_free(rx);
    ipl_free(t);
    ipl_free(x);
}

static void repeating_every_sample_changes_nothing(void **state)
{
    enum { N = 30, P = 5, Q = 3, TIMES = 3 };
    double *x = normal(N, P, 9), *t = layer_of(x, N, P, Q, 10);
    double *rx = ipl_array(TIMES * N, P, sizeof *rx, NULL);
    double *rt = ipl_array(TIMES * N, Q, sizeof *rt, NULL);
    int32_t *y = labels(N, 2, 3), ry[TIMES * N];
    ipl_measures before, after;

    (void)state;
    assert_non_null(rx);
    assert_non_null(rt);
    for (size_t k = 0; k < TIMES; k++) {
        memcpy(rx + k * N * P, x, N * P * sizeof *x);
        memcpy(rt + k * N * Q, t, N * Q * sizeof *t);
        memcpy(ry + k * N, y, N * sizeof *y);
    }
    before = measure("logdet", x, P, t, Q, y, N);
    after = measure("logdet", rx, P, rt, Q, ry, TIMES * N);
    assert_measures_close(&after, &before, 1e-10);
    ipl_free(y);
    ipl_free(rt);
    ipl_free(rx);
    ipl_free(t);
    ipl_free(x);
}

static void constant_columns_have_no_effect(void **state)
{
    enum { N = 40, D = 3, WIDE = 6 };
    const double constants[] = {0.1, 1e6, -1.0 / 3.0};
    const char *texts[] = {"logdet:beta=700", "logdet:scale=corr,beta=700",
                           "logdet:scale=corr-ref,beta=700"};
    double *x = normal(N, 4, 11), *t = normal(N, D, 12);
    double *wide = ipl_array(N, WIDE, sizeof *wide, NULL);

    (void)state;
    assert_non_null(wide);
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < WIDE; j++)
            wide[i * WIDE + j] = j % 2 ? t[i * D + j / 2] : constants[j / 2];
    for (size_t k = 0; k < 3; k++) {
        const ipl_measures m = measure(texts[k], x, 4, t, D, NULL, N);
        const ipl_measures w = measure(texts[k], x, 4, wide, WIDE, NULL, N);

        assert_close(w.H_T, m.H_T, 1e-12);
        assert_close(w.I_XT, m.I_XT, 1e-12);
    }
    ipl_free(wide);
    ipl_free(t);
    ipl_free(x);
}

static void a_constant_float_column_is_constant_whatever_its_mean_rounds_to(void **state)
{
    enum { N = 1000, D = 2 };
    float t[N * D];
    double *x = normal(N, 1, 13);
    const char *texts[] = {"logdet:scale=corr,beta=1e6"};
    const ipl_plane_opts opts = {.estimators = texts, .n_estimators = 1};
    const ipl_cmat layer = ipl_cmat_f32(t, N, D);
    ipl_measures m;
    ipl_plane *plane;

    (void)state;
    for (size_t i = 0; i < N; i++) {
        t[i * D] = 0.1f;
        t[i * D + 1] = -3.3e7f;
    }
    assert_int_equal(ipl_plane_create(&plane, &opts, ipl_cmat_f64(x, N, 1), NULL, NULL), 0);
    assert_int_equal(ipl_plane_measure(&m, plane, &layer, 1, NULL), 0);
    assert_true(m.H_T == 0.0);
    assert_close(m.I_XT, 0.0, 1e-14);
    assert_true(isnan(ipl_plane_effective_rank(plane, 0)));
    ipl_plane_destroy(plane);
    ipl_free(x);
}

static void copies_of_all_columns_multiply_beta(void **state)
{
    enum { N = 40, D = 4, TIMES = 3 };
    double *x = normal(N, D, 14), *copies = ipl_array(N, TIMES * D, sizeof *copies, NULL);

    (void)state;
    assert_non_null(copies);
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < (size_t)TIMES * D; j++)
            copies[i * TIMES * D + j] = x[i * D + j % D];
    assert_close(entropy(copies, N, TIMES * D, "cov", 20.0), entropy(x, N, D, "cov", 60.0),
                 1e-12);
    ipl_free(copies);
    ipl_free(x);
}

static void
information_of_a_variable_with_itself_is_two_h_minus_h_of_twice_beta(void **state)
{
    enum { N = 40, D = 4 };
    double *x = normal(N, D, 15);
    const ipl_measures m = measure("logdet:beta=50", x, D, x, D, NULL, N);

    (void)state;
    assert_close(m.I_XT, 2.0 * m.H_X - entropy(x, N, D, "cov", 100.0), 1e-12);
    assert_true(m.I_XT < m.H_X);
    ipl_free(x);
}

static void scaling_all_samples_is_a_change_of_beta(void **state)
{
    enum { N = 40, D = 4 };
    double *x = normal(N, D, 16), *scaled = normal(N, D, 16);

    (void)state;
    for (size_t i = 0; i < (size_t)N * D; i++)
        scaled[i] *= 3.0;
    assert_close(entropy(scaled, N, D, "cov", 5.0), entropy(x, N, D, "cov", 45.0), 1e-12);
    ipl_free(scaled);
    ipl_free(x);
}

/* E6 ... E11: forms, monotony, bounds, labels. */

/* Everything against the definition: the estimator chooses its form by these shapes. */
static void check_against_definition(size_t n, size_t p, size_t q, size_t k)
{
    double *x = normal(n, p, 17), *t = layer_of(x, n, p, q, 18);
    double *hot = ipl_array(n, k, sizeof *hot, NULL);
    int32_t *y = labels(n, k, 4);

    assert_non_null(hot);
    for (size_t i = 0; i < n; i++)
        hot[i * k + (size_t)y[i]] = 1.0;
    for (int mode = 0; mode < 4; mode++) {
        const bool corr = mode % 2, own = mode / 2;
        char text[64];
        ipl_measures m;
        const double bx = 100.0 * (double)p, bt = own ? 100.0 * (double)q : bx;
        const double by = own ? 100.0 * (double)k : bx;
        const double hx = naive_entropy(x, n, p, corr, bx);
        const double ht = naive_entropy(t, n, q, corr, bt);
        const double hy = naive_entropy(hot, n, k, corr, by);
        const double hxt = naive_joint(x, p, bx, t, q, bt, n, corr);
        const double hty = naive_joint(t, q, bt, hot, k, by, n, corr);
        const double within = naive_within(t, n, q, corr, bt, y, (int32_t)k, false);
        const double pooled = naive_within(t, n, q, corr, bt, y, (int32_t)k, true);
        const double tol = 1e-9 * (1.0 + hxt);

        (void)snprintf(text, sizeof text, "logdet:scale=%s,beta=%s", corr ? "corr" : "cov",
                       own ? "own" : "rd");
        m = measure(text, x, p, t, q, y, n);
        assert_close(m.H_X, hx, tol);
        assert_close(m.H_T, ht, tol);
        assert_close(m.H_XT, hxt, tol);
        assert_close(m.I_XT, hx + ht - hxt, tol);
        assert_close(m.H_X_given_T, hxt - ht, tol);
        assert_close(m.H_Y, hy, tol);
        assert_close(m.H_TY, hty, tol);
        assert_close(m.I_TY, ht + hy - hty, tol);
        assert_close(m.H_T_given_Y, within, tol);
        assert_close(m.I_TY_cond, ht - within, tol);
        assert_close(m.I_TY_pooled, ht - pooled, tol);
        assert_true(m.I_prev == m.I_XT);
        assert_close(m.beta_X, bx, 0.0);
        assert_close(m.beta_T, bt, 0.0);
    }
    ipl_free(y);
    ipl_free(hot);
    ipl_free(t);
    ipl_free(x);
}

static void small_pairs_agree_with_the_definition(void **state)
{
    (void)state;
    check_against_definition(150, 12, 10, 2);
    check_against_definition(40, 30, 25, 3); /* n below p + q */
    check_against_definition(20, 60, 45, 2); /* n below both */
    check_against_definition(5, 3, 1, 2);
}

static void eliminating_the_input_agrees_with_the_definition(void **state)
{
    (void)state;
    check_against_definition(400, 140, 30, 4);
}

static void
eliminating_the_input_on_the_sample_side_agrees_with_the_definition(void **state)
{
    (void)state;
    check_against_definition(140, 150, 40, 3);
    check_against_definition(150, 140, 20, 3);
}

static void adding_sample_side_matrices_agrees_with_the_definition(void **state)
{
    (void)state;
    check_against_definition(140, 160, 145, 3);
    check_against_definition(135, 100, 130, 131);
}

static void eliminating_the_layer_agrees_with_the_definition(void **state)
{
    (void)state;
    check_against_definition(400, 8, 150, 3);
    check_against_definition(140, 6, 160, 3);
}

static void a_larger_beta_never_lowers_entropy_or_information(void **state)
{
    enum { N = 40, P = 5, Q = 4 };
    double *x = normal(N, P, 19), *t = layer_of(x, N, P, Q, 20);
    double h = 0.0, i = 0.0, trace = 0.0, mean;

    (void)state;
    for (size_t j = 0; j < Q; j++) {
        mean = 0.0;
        for (size_t r = 0; r < N; r++)
            mean += t[r * Q + j] / N;
        for (size_t r = 0; r < N; r++)
            trace += (t[r * Q + j] - mean) * (t[r * Q + j] - mean) / N;
    }
    for (double b = 1e-3; b < 1e9; b *= 7.0) {
        char text[64];
        ipl_measures m;

        (void)snprintf(text, sizeof text, "logdet:beta=%.17g", b);
        m = measure(text, x, P, t, Q, NULL, N);
        assert_true(m.H_T > h);
        assert_true(m.I_XT > i);
        assert_true(m.H_T <= 0.5 * b * trace);
        h = m.H_T;
        i = m.I_XT;
    }
    ipl_free(t);
    ipl_free(x);
}

static void entropy_is_concave_in_beta(void **state)
{
    enum { N = 30, D = 6 };
    double *x = normal(N, D, 400);

    (void)state;
    for (double b = 1e-4; b < 1e7; b *= 10.0) {
        const double low = entropy(x, N, D, "cov", b);
        const double middle = entropy(x, N, D, "cov", 2.0 * b);
        const double high = entropy(x, N, D, "cov", 3.0 * b);

        assert_true(middle - low > high - middle);
    }
    ipl_free(x);
}

static void small_and_large_beta_have_their_limits(void **state)
{
    enum { N = 40, P = 5, Q = 4 };
    double *x = normal(N, P, 21), *t = normal(N, Q, 22), cross = 0.0;
    double mx[P] = {0}, mt[Q] = {0};
    ipl_measures low, high;

    (void)state;
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < P; j++)
            mx[j] += x[i * P + j] / N;
        for (size_t j = 0; j < Q; j++)
            mt[j] += t[i * Q + j] / N;
    }
    for (size_t a = 0; a < P; a++)
        for (size_t c = 0; c < Q; c++) {
            double s = 0.0;

            for (size_t i = 0; i < N; i++)
                s += (x[i * P + a] - mx[a]) * (t[i * Q + c] - mt[c]) / N;
            cross += s * s;
        }
    low = measure("logdet:beta=1e-4", x, P, t, Q, NULL, N);
    assert_close(low.I_XT, 0.5e-8 * cross, 1e-3 * 0.5e-8 * cross);
    low = measure("logdet:beta=1e6", x, P, t, Q, NULL, N);
    high = measure("logdet:beta=1e7", x, P, t, Q, NULL, N);
    assert_close((high.H_T - low.H_T) / log(10.0), Q / 2.0, 1e-5);
    ipl_free(t);
    ipl_free(x);
}

static void beyond_as_many_samples_as_columns_information_saturates(void **state)
{
    enum { N = 12, P = 30, Q = 25 };
    double *x = normal(N, P, 23), *t = normal(N, Q, 24);
    const ipl_measures low = measure("logdet:beta=1e6", x, P, t, Q, NULL, N);
    const ipl_measures high = measure("logdet:beta=1e7", x, P, t, Q, NULL, N);

    (void)state;
    assert_close((high.I_XT - low.I_XT) / log(10.0), (N - 1) / 2.0, 1e-5);
    ipl_free(t);
    ipl_free(x);
}

static void joint_entropy_and_information_keep_their_bounds(void **state)
{
    enum { N = 60, P = 7, Q = 5 };

    (void)state;
    for (uint32_t s = 0; s < 10; s++) {
        double *x = normal(N, P, 100 + s), *t = layer_of(x, N, P, Q, 200 + s);
        double *noise = normal(N, Q, 300 + s);
        const char *texts[] = {"logdet", "logdet:scale=corr", "logdet:beta=own",
                               "logdet:beta=sum"};

        for (size_t k = 0; k < 4; k++) {
            const ipl_measures m = measure(texts[k], x, P, t, Q, NULL, N);
            const ipl_measures o = measure(texts[k], x, P, noise, Q, NULL, N);

            assert_true(m.H_XT >= fmax(m.H_X, m.H_T));
            assert_true(m.I_XT >= 0.0 && m.I_XT <= fmin(m.H_X, m.H_T));
            assert_true(m.H_X_given_T >= 0.0);
            assert_true(o.I_XT >= 0.0);
            assert_true(m.I_XT > o.I_XT);
        }
        ipl_free(noise);
        ipl_free(t);
        ipl_free(x);
    }
}

static void more_columns_never_lower_entropy_or_information(void **state)
{
    enum { N = 50, P = 5, Q = 6 };
    double *x = normal(N, P, 25), *t = layer_of(x, N, P, Q, 26);
    double h = 0.0, info = 0.0, *part = ipl_array(N, Q, sizeof *part, NULL);

    (void)state;
    assert_non_null(part);
    for (size_t q = 1; q <= Q; q++) { /* E8; with E10: dropping columns loses information */
        ipl_measures m;

        for (size_t i = 0; i < N; i++)
            memcpy(part + i * q, t + i * Q, q * sizeof *part);
        m = measure("logdet:beta=100", x, P, part, q, NULL, N);
        assert_true(m.H_T >= h && m.I_XT >= info);
        h = m.H_T;
        info = m.I_XT;
    }
    ipl_free(part);
    ipl_free(t);
    ipl_free(x);
}

static void the_chain_rule_holds_as_a_schur_complement(void **state)
{
    /* H(X,T) - H(X) = 1/2 log(1 + b s_tt - b^2 s_tx (I + b S_x)^-1 s_xt), one column each. */
    enum { N = 30 };
    double *x = normal(N, 1, 27), *t = layer_of(x, N, 1, 1, 28);
    const double b = 300.0;
    double mx = 0.0, mt = 0.0, sxx = 0.0, stt = 0.0, sxt = 0.0;
    const ipl_measures m = measure("logdet:beta=300", x, 1, t, 1, NULL, N);

    (void)state;
    for (size_t i = 0; i < N; i++) {
        mx += x[i] / N;
        mt += t[i] / N;
    }
    for (size_t i = 0; i < N; i++) {
        sxx += (x[i] - mx) * (x[i] - mx) / N;
        stt += (t[i] - mt) * (t[i] - mt) / N;
        sxt += (x[i] - mx) * (t[i] - mt) / N;
    }
    assert_close(m.H_XT - m.H_X,
                 0.5 * log(1.0 + b * stt - b * b * sxt * sxt / (1.0 + b * sxx)), 1e-12);
    ipl_free(t);
    ipl_free(x);
}

static void averaging_columns_loses_entropy_and_information(void **state)
{
    enum { N = 50, P = 5, Q = 6 };
    double *x = normal(N, P, 29), *t = layer_of(x, N, P, Q, 30);
    double *pooled = ipl_array(N, Q / 2, sizeof *pooled, NULL);
    ipl_measures m, a;

    (void)state;
    assert_non_null(pooled);
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < Q / 2; j++)
            pooled[i * (Q / 2) + j] = 0.5 * (t[i * Q + 2 * j] + t[i * Q + 2 * j + 1]);
    m = measure("logdet", x, P, t, Q, NULL, N);
    a = measure("logdet", x, P, pooled, Q / 2, NULL, N);
    assert_true(a.H_T <= m.H_T && a.I_XT <= m.I_XT);
    ipl_free(pooled);
    ipl_free(t);
    ipl_free(x);
}

/* T A with |A|_2 <= |A|_F = 1: noise that is added to T is not amplified by A. */
static void a_contraction_loses_entropy_and_information(void **state)
{
    enum { N = 40, P = 4, Q = 5, R = 3 };
    static const char *const rules[] = {"logdet", "logdet:beta=1", "logdet:beta=1e5"};

    (void)state;
    for (uint32_t seed = 0; seed < 5; seed++) {
        double *x = normal(N, P, 300 + seed), *t = layer_of(x, N, P, Q, 310 + seed);
        double *a = normal(Q, R, 320 + seed), ta[N * R] = {0}, norm = 0.0;

        for (size_t j = 0; j < (size_t)Q * R; j++)
            norm += a[j] * a[j];
        for (size_t i = 0; i < N; i++)
            for (size_t j = 0; j < Q; j++)
                for (size_t k = 0; k < R; k++)
                    ta[i * R + k] += t[i * Q + j] * a[j * R + k] / sqrt(norm);
        for (size_t k = 0; k < sizeof rules / sizeof rules[0]; k++) {
            const ipl_measures before = measure(rules[k], x, P, t, Q, NULL, N);
            const ipl_measures after = measure(rules[k], x, P, ta, R, NULL, N);

            assert_true(after.H_T < before.H_T && after.I_XT < before.I_XT);
            assert_true(after.H_T > 0.0 && after.I_XT > 0.0);
        }
        ipl_free(a);
        ipl_free(t);
        ipl_free(x);
    }
}

static void names_of_classes_do_not_matter(void **state)
{
    enum { N = 40 };
    const int32_t other[] = {7, INT32_MIN, 123456};
    double *x = normal(N, 3, 31), *t = layer_of(x, N, 3, 4, 32);
    int32_t *y = labels(N, 3, 5), renamed[N];
    ipl_measures m, r;

    (void)state;
    for (size_t i = 0; i < N; i++)
        renamed[i] = other[y[i]];
    m = measure("logdet", x, 3, t, 4, y, N);
    r = measure("logdet", x, 3, t, 4, renamed, N);
    assert_measures_close(&r, &m, 1e-11);
    ipl_free(y);
    ipl_free(t);
    ipl_free(x);
}

static void the_three_forms_of_labels_are_ordered(void **state)
{
    enum { N = 90, Q = 5 };

    (void)state;
    for (uint32_t s = 0; s < 10; s++) {
        double *x = normal(N, 4, 400 + s), *t = normal(N, Q, 500 + s);
        int32_t *y = labels(N, 3, 600 + s);
        ipl_measures m;

        for (size_t i = 0; i < N; i++)
            t[i * Q] += (double)(s * (uint32_t)y[i]);
        m = measure("logdet:beta=100", x, 4, t, Q, y, N);
        assert_true(m.I_TY >= 0.0 && m.I_TY <= fmin(m.H_T, m.H_Y));
        assert_true(m.I_TY <= m.I_TY_pooled);
        assert_true(m.I_TY_pooled <= m.I_TY_cond + 1e-12);
        assert_true(m.I_TY_cond <= m.H_T);
        ipl_free(y);
        ipl_free(t);
        ipl_free(x);
    }
}

static void a_single_class_tells_nothing(void **state)
{
    enum { N = 30 };
    const char *texts[] = {"logdet", "logdet:scale=corr", "logdet:beta=own"};
    double *x = normal(N, 3, 33), *t = normal(N, 4, 34);
    int32_t y[N];

    (void)state;
    for (size_t i = 0; i < N; i++)
        y[i] = -5;
    for (size_t k = 0; k < 3; k++) {
        const ipl_measures m = measure(texts[k], x, 3, t, 4, y, N);

        assert_true(m.H_Y == 0.0);
        assert_close(m.I_TY, 0.0, 1e-12);
        assert_close(m.I_TY_cond, 0.0, 1e-12);
        assert_close(m.I_TY_pooled, 0.0, 1e-12);
    }
    ipl_free(t);
    ipl_free(x);
}

static void collapsed_classes_tell_everything_in_the_conditional_form(void **state)
{
    enum { N = 30 };
    double *x = normal(N, 3, 35), t[2 * N];
    int32_t y[N];
    ipl_measures m;

    (void)state;
    for (size_t i = 0; i < N; i++) {
        y[i] = (int32_t)(i % 3);
        t[2 * i] = 0.1 * y[i];
        t[2 * i + 1] = y[i] == 1 ? 1e3 : 0.3;
    }
    m = measure("logdet", x, 3, t, 2, y, N);
    assert_close(m.H_T_given_Y, 0.0, 1e-12);
    assert_close(m.I_TY_cond, m.H_T, 1e-12);
    ipl_free(x);
}

static void a_class_of_one_sample_has_no_entropy(void **state)
{
    const double t[] = {0.0, 1.0, 5.0};
    const int32_t y[] = {1, 1, 2};
    const ipl_measures m = measure("logdet:beta=8", t, 1, t, 1, y, 3);

    (void)state;
    assert_close(m.H_T_given_Y, 2.0 / 3.0 * 0.5 * log1p(8.0 * 0.25), 1e-15);
}

/* Rules of beta. */

static void the_rule_sum_weighs_each_pair_by_its_widths(void **state)
{
    enum { N = 40, P = 5, Q = 4, K = 3 };
    double *x = normal(N, P, 36), *t = layer_of(x, N, P, Q, 37);
    int32_t *y = labels(N, K, 6);
    const ipl_measures m = measure("logdet:beta=sum", x, P, t, Q, y, N);
    const ipl_measures pair = measure("logdet:beta=900", x, P, t, Q, y, N);
    const ipl_measures label = measure("logdet:beta=700", x, P, t, Q, y, N);

    (void)state;
    assert_close(m.beta_X, 900.0, 0.0);
    assert_close(m.beta_T, 900.0, 0.0);
    assert_true(m.H_X == pair.H_X && m.H_T == pair.H_T && m.I_XT == pair.I_XT);
    assert_true(m.I_prev == pair.I_XT);
    assert_true(m.H_Y == label.H_Y && m.H_TY == label.H_TY && m.I_TY == label.I_TY);
    assert_true(m.I_TY_cond == label.I_TY_cond && m.I_TY_pooled == label.I_TY_pooled);
    ipl_free(y);
    ipl_free(t);
    ipl_free(x);
}

static void beta_zero_measures_nothing(void **state)
{
    double *x = normal(20, 3, 38);
    const ipl_measures m = measure("logdet:beta=0", x, 3, x, 3, NULL, 20);

    (void)state;
    assert_true(m.H_X == 0.0 && m.I_XT == 0.0);
    ipl_free(x);
}

/* Precision. */

static void a_condition_number_of_1e16_leaves_half_of_the_digits(void **state)
{
    /* Columns 1e8 u + e and 1e8 u - e: the eigenvalues of I + S are 1 + 2e16 and 3. */
    double t[8], *x = normal(4, 2, 39);

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        t[2 * i] = 1e8 * hadamard(i, 1) + hadamard(i, 2);
        t[2 * i + 1] = 1e8 * hadamard(i, 1) - hadamard(i, 2);
    }
    assert_close(entropy(t, 4, 2, "cov", 1.0), 0.5 * (log1p(2e16) + log(3.0)), 1e-8);
    ipl_free(x);
}

static void small_matrices_are_checked_against_their_own_rounding(void **state)
{
    /* Columns c u + e and c u - e, c ~ 2^17: below the bound, but Cholesky is off by 1e-6. */
    double t[8], x[4], y[4];
    const double big = 131071.7, want = 0.5 * (log1p(2.0 * big * big) + log(3.0));
    const int32_t one[] = {1, 1, 1, 1};
    ipl_measures m;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        x[i] = t[2 * i] = big * hadamard(i, 1) + hadamard(i, 2);
        y[i] = t[2 * i + 1] = big * hadamard(i, 1) - hadamard(i, 2);
    }
    assert_close(entropy(t, 4, 2, "cov", 1.0), want, 1e-9);
    m = measure("logdet:beta=1", x, 1, y, 1, NULL, 4);
    assert_close(m.H_XT, want, 1e-9);
    m = measure("logdet:beta=1", x, 1, t, 2, one, 4);
    assert_close(m.H_T_given_Y, want, 1e-9);
    assert_close(m.I_TY_pooled, 0.0, 1e-9);
}

static void a_small_spread_on_a_large_offset_is_measured_exactly(void **state)
{
    /* A mean that is off by the rounding of its sum would be seen. */
    enum { N = 4096 };
    double *t = ipl_array(N, 1, sizeof *t, NULL);
    int32_t *y = ipl_array(N, 1, sizeof *y, NULL);
    ipl_measures m;

    (void)state;
    assert_non_null(t);
    assert_non_null(y);
    for (size_t i = 0; i < N; i++)
        t[i] = 999999937.1 + 0x1p-20 * hadamard(i, 1);
    assert_close(entropy(t, N, 1, "cov", 0x1p40), 0.5 * log1p(1.0), 1e-12);
    for (size_t i = 0; i < N; i++) {
        y[i] = (int32_t)(i / 2 % 2);
        t[i] = (y[i] ? 999999937.0 : -3.1) + 0x1p-14 * hadamard(i, 1);
    }
    m = measure("logdet:beta=268435456", t, 1, t, 1, y, N);
    assert_close(m.H_T_given_Y, 0.5 * log1p(1.0), 1e-6);
    ipl_free(y);
    ipl_free(t);
}

static void large_matrices_beyond_the_bound_are_not_squared(void **state)
{
    /* Columns c u + e and c u - e, c ~ 2^24, among white ones: Cholesky is off by 1e-2. */
    enum { N = 256, D = 140, P = 70 };
    const double big = 16777215.7;
    const double want = 0.5 * (log1p(2.0 * big * big) + log(3.0) + (D - 2) * log(2.0));
    double *t = white(N, D, 1), *a = ipl_array(N, P, sizeof *a, NULL);
    double *b = ipl_array(N, D - P, sizeof *b, NULL);

    (void)state;
    assert_non_null(a);
    assert_non_null(b);
    for (size_t i = 0; i < N; i++) {
        const double u = t[i * D], e = t[i * D + D - 1];

        t[i * D] = big * u + e;
        t[i * D + D - 1] = big * u - e;
        memcpy(a + i * P, t + i * D, P * sizeof *a);
        memcpy(b + i * (D - P), t + i * D + P, (D - P) * sizeof *b);
    }
    assert_close(entropy(t, N, D, "cov", 1.0), want, 1e-6);
    assert_close(measure("logdet:beta=1", a, P, b, D - P, NULL, N).H_XT, want, 1e-6);
    ipl_free(b);
    ipl_free(a);
    ipl_free(t);
}

static void parallel_columns_of_very_different_size_are_measured_exactly(void **state)
{
    /* t = (u, 1e-6 u): correlation 1, so H = 1/2 log(1 + 2 b). */
    enum { N = 64 };
    double *u = white(N, 1, 1), t[2 * N];

    (void)state;
    for (size_t i = 0; i < N; i++) {
        t[2 * i] = u[i];
        t[2 * i + 1] = 1e-6 * u[i];
    }
    assert_close(entropy(t, N, 2, "corr", 700.0), 0.5 * log1p(1400.0), 1e-12);
    ipl_free(u);
}

static void columns_whose_squares_vanish_still_have_correlations(void **state)
{
    enum { N = 64 };
    double *u = white(N, 2, 1);

    (void)state;
    for (size_t i = 0; i < 2 * N; i++)
        u[i] *= 1e-200;
    assert_close(entropy(u, N, 2, "corr", 700.0), log1p(700.0), 1e-12);
    assert_close(entropy(u, N, 2, "cov", 700.0), 0.0, 1e-15);
    ipl_free(u);
}

static void large_ill_conditioned_layers_are_measured_by_qr(void **state)
{
    /* 140 white columns, the first 1e9 times larger: a bound of 1e18 b. */
    enum { N = 256, D = 140 };
    double *t = white(N, D, 1);
    const double b = 10.0;

    (void)state;
    for (size_t i = 0; i < N; i++)
        t[i * D] *= 1e9;
    assert_close(entropy(t, N, D, "cov", b), 0.5 * (log1p(b * 1e18) + (D - 1) * log1p(b)),
                 1e-9);
    ipl_free(t);
}

/* Wide variables whose traces times beta are far beyond IPL_TRUST_BOUND. */
static void check_beyond_the_bound(double *t, const double *x, size_t n, size_t p, size_t q,
                                   double beta, double tol)
{
    const int32_t k = 3;
    int32_t *y = labels(n, (size_t)k, 4);
    char text[64];
    ipl_measures m;
    const double ht = naive_entropy(t, n, q, false, beta);
    const double hxt = naive_joint(x, p, beta, t, q, beta, n, false);

    (void)snprintf(text, sizeof text, "logdet:beta=%g", beta);
    m = measure(text, x, p, t, q, y, n);
    assert_close(m.H_T, ht, tol);
    assert_close(m.H_XT, hxt, tol);
    assert_close(m.H_T_given_Y, naive_within(t, n, q, false, beta, y, k, false), tol);
    assert_close(m.I_TY_pooled, ht - naive_within(t, n, q, false, beta, y, k, true), tol);
    ipl_free(y);
}

static void wide_layers_beyond_the_bound_agree_with_the_definition(void **state)
{
    enum { N = 150, P = 170, Q = 190 };
    double *x = normal(N, P, 17), *t = layer_of(x, N, P, Q, 18);

    (void)state;
    check_beyond_the_bound(t, x, N, P, Q, 1e12, 1e-6);
    /* One column 1e5 times larger than the others: the Gram matrix loses 10 digits of them. */
    for (size_t i = 0; i < N; i++)
        t[i * Q] *= 1e5;
    check_beyond_the_bound(t, x, N, P, Q, 1e4, 1e-6);
    ipl_free(t);
    ipl_free(x);
}

static void the_released_formula_has_no_value_for_parallel_columns(void **state)
{
    enum { N = 64 };
    const char *texts[] = {"logdet:scale=corr-ref,beta=700"};
    const ipl_plane_opts opts = {.estimators = texts, .n_estimators = 1};
    double *u = white(N, 2, 1), t[2 * N];
    const ipl_cmat layer = ipl_cmat_f64(t, N, 2);
    ipl_measures m;
    ipl_plane *plane;

    (void)state;
    for (size_t i = 0; i < N; i++) {
        t[2 * i] = u[2 * i];
        t[2 * i + 1] = 1e-6 * u[2 * i];
    }
    assert_int_equal(ipl_plane_create(&plane, &opts, ipl_cmat_f64(u, N, 2), NULL, NULL), 0);
    assert_int_equal(ipl_plane_measure(&m, plane, &layer, 1, NULL), 0);
    assert_true(isnan(m.H_T) && isnan(m.I_XT));
    assert_close(m.H_X, log1p(700.0), 1e-6);
    assert_non_null(strstr(ipl_plane_fault(plane), "logdet:scale=corr-ref,beta=700"));
    assert_non_null(strstr(ipl_plane_fault(plane), "layer 1"));
    assert_non_null(strstr(ipl_plane_fault(plane), "negative"));
    ipl_plane_destroy(plane);
    ipl_free(u);
}

static void values_that_overflow_are_nan_with_a_reason(void **state)
{
    const char *texts[] = {"logdet", "logdet:scale=corr"};
    const ipl_plane_opts opts = {.estimators = texts, .n_estimators = 2};
    const double x[] = {1.0, 2.0, 4.0, -1.0}, t[] = {1e300, -1e300, 1e200, 0.0};
    const ipl_cmat layer = ipl_cmat_f64(t, 4, 1);
    const int32_t y[] = {0, 0, 1, 1};
    ipl_measures m[2];
    ipl_plane *plane;

    (void)state;
    assert_int_equal(ipl_plane_create(&plane, &opts, ipl_cmat_f64(x, 4, 1), y, NULL), 0);
    assert_int_equal(ipl_plane_measure(m, plane, &layer, 1, NULL), 0);
    assert_true(isnan(m[0].H_T) && isnan(m[0].I_XT) && isnan(m[0].I_TY_pooled));
    assert_true(isfinite(m[0].H_X));
    assert_non_null(strstr(ipl_plane_fault(plane), "overflow"));
    ipl_plane_destroy(plane);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(white_columns_have_half_log_one_plus_beta_each),
        cmocka_unit_test(equicorrelated_columns_have_the_closed_form),
        cmocka_unit_test(correlated_pairs_have_the_closed_form),
        cmocka_unit_test(two_samples_are_as_far_as_they_are),
        cmocka_unit_test(the_full_cube_has_six_logarithms),
        cmocka_unit_test(one_hot_labels_have_the_closed_form),
        cmocka_unit_test(balanced_labels_have_k_minus_one_equal_terms),
        cmocka_unit_test(rotations_and_shifts_change_nothing_in_covariance_mode),
        cmocka_unit_test(scaling_and_flipping_columns_changes_nothing_in_correlation_mode),
        cmocka_unit_test(the_order_of_samples_does_not_matter),
        cmocka_unit_test(repeating_every_sample_changes_nothing),
        cmocka_unit_test(constant_columns_have_no_effect),
        cmocka_unit_test(a_constant_float_column_is_constant_whatever_its_mean_rounds_to),
        cmocka_unit_test(copies_of_all_columns_multiply_beta),
        cmocka_unit_test(
            information_of_a_variable_with_itself_is_two_h_minus_h_of_twice_beta),
        cmocka_unit_test(scaling_all_samples_is_a_change_of_beta),
        cmocka_unit_test(small_pairs_agree_with_the_definition),
        cmocka_unit_test(eliminating_the_input_agrees_with_the_definition),
        cmocka_unit_test(
            eliminating_the_input_on_the_sample_side_agrees_with_the_definition),
        cmocka_unit_test(adding_sample_side_matrices_agrees_with_the_definition),
        cmocka_unit_test(eliminating_the_layer_agrees_with_the_definition),
        cmocka_unit_test(a_larger_beta_never_lowers_entropy_or_information),
        cmocka_unit_test(entropy_is_concave_in_beta),
        cmocka_unit_test(small_and_large_beta_have_their_limits),
        cmocka_unit_test(beyond_as_many_samples_as_columns_information_saturates),
        cmocka_unit_test(joint_entropy_and_information_keep_their_bounds),
        cmocka_unit_test(more_columns_never_lower_entropy_or_information),
        cmocka_unit_test(the_chain_rule_holds_as_a_schur_complement),
        cmocka_unit_test(averaging_columns_loses_entropy_and_information),
        cmocka_unit_test(a_contraction_loses_entropy_and_information),
        cmocka_unit_test(names_of_classes_do_not_matter),
        cmocka_unit_test(the_three_forms_of_labels_are_ordered),
        cmocka_unit_test(a_single_class_tells_nothing),
        cmocka_unit_test(collapsed_classes_tell_everything_in_the_conditional_form),
        cmocka_unit_test(a_class_of_one_sample_has_no_entropy),
        cmocka_unit_test(the_rule_sum_weighs_each_pair_by_its_widths),
        cmocka_unit_test(beta_zero_measures_nothing),
        cmocka_unit_test(a_condition_number_of_1e16_leaves_half_of_the_digits),
        cmocka_unit_test(small_matrices_are_checked_against_their_own_rounding),
        cmocka_unit_test(a_small_spread_on_a_large_offset_is_measured_exactly),
        cmocka_unit_test(large_matrices_beyond_the_bound_are_not_squared),
        cmocka_unit_test(parallel_columns_of_very_different_size_are_measured_exactly),
        cmocka_unit_test(columns_whose_squares_vanish_still_have_correlations),
        cmocka_unit_test(large_ill_conditioned_layers_are_measured_by_qr),
        cmocka_unit_test(wide_layers_beyond_the_bound_agree_with_the_definition),
        cmocka_unit_test(the_released_formula_has_no_value_for_parallel_columns),
        cmocka_unit_test(values_that_overflow_are_nan_with_a_reason),
    };

    return cmocka_run_group_tests(tests, one_thread, NULL);
}
