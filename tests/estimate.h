/** Small data and one measuring of it, for the tests of estimators. */
#ifndef IPL_TEST_ESTIMATE_H
#define IPL_TEST_ESTIMATE_H

#include "base/alloc.h"
#include "base/draw.h"
#include "ipl/estimator.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

/** Two variables and labels of n samples; y may be NULL. */
typedef struct sample_set {
    double *x, *t;
    int32_t *y;
    size_t n, p, q;
} sample_set;

/** Why the last measuring left a NaN. */
static char last_fault[512];

/** n * d normal deviates. */
static inline double *normal_numbers(size_t n, size_t d, uint64_t seed)
{
    ipl_rng rng = ipl_rng_at(seed, IPL_RNG_DATA, 0, 0);
    double *x = ipl_array(n, d, sizeof *x, NULL);

    assert_non_null(x);
    for (size_t i = 0; i < n * d; i++)
        x[i] = ipl_rng_normal(&rng);
    return x;
}

/** Normal X, T = rho X + sqrt(1 - rho^2) W over the first columns, labels i mod k. */
static inline sample_set correlated(size_t n, size_t p, size_t q, double rho, int32_t k,
                                    uint64_t seed)
{
    sample_set s = {.x = normal_numbers(n, p, seed),
                    .t = normal_numbers(n, q, seed + 1000),
                    .y = ipl_array(n, 1, sizeof(int32_t), NULL),
                    .n = n,
                    .p = p,
                    .q = q};

    assert_non_null(s.y);
    for (size_t i = 0; i < n; i++) {
        s.y[i] = (int32_t)(i % (size_t)k);
        for (size_t j = 0; j < q && j < p; j++)
            s.t[i * q + j] = rho * s.x[i * p + j] + sqrt(1.0 - rho * rho) * s.t[i * q + j];
    }
    return s;
}

static inline void sample_set_release(sample_set *s)
{
    ipl_free(s->y);
    ipl_free(s->t);
    ipl_free(s->x);
}

/** The n samples that an estimator takes with its option n and seed 0. */
static inline sample_set drawn_from(const sample_set *s, size_t n)
{
    const ipl_rng rng = ipl_rng_at(0, IPL_RNG_SAMPLES, 0, 0);
    sample_set few = {.x = ipl_array(n, s->p, sizeof *s->x, NULL),
                      .t = ipl_array(n, s->q, sizeof *s->t, NULL),
                      .y = ipl_array(n, 1, sizeof(int32_t), NULL),
                      .n = n,
                      .p = s->p,
                      .q = s->q};
    uint32_t *row = ipl_array(n, 1, sizeof *row, NULL);

    assert_true(few.x && few.t && few.y && row);
    assert_int_equal(ipl_draw_rows(row, n, s->y, s->n, rng, NULL), IPL_OK);
    for (size_t i = 0; i < n; i++) {
        memcpy(few.x + i * s->p, s->x + row[i] * s->p, s->p * sizeof *s->x);
        memcpy(few.t + i * s->q, s->t + row[i] * s->q, s->q * sizeof *s->t);
        few.y[i] = s->y[row[i]];
    }
    ipl_free(row);
    return few;
}

/** Measure with one text; repeats of a null baseline, and threads. */
static inline ipl_measures measure_opts(const char *text, const sample_set *s,
                                        const ipl_plane_opts *more)
{
    ipl_plane_opts opts = more ? *more : (ipl_plane_opts){0};
    const ipl_cmat t = ipl_cmat_f64(s->t, s->n, s->q);
    ipl_measures m = {0};
    ipl_plane *plane = NULL;
    ipl_error err = {0};

    opts.estimators = &text;
    opts.n_estimators = 1;
    if (ipl_plane_create(&plane, &opts, ipl_cmat_f64(s->x, s->n, s->p), s->y, &err) !=
            IPL_OK ||
        ipl_plane_measure(&m, plane, &t, 1, &err) != IPL_OK)
        fail_msg("%s: %s", text, err.msg);
    (void)snprintf(last_fault, sizeof last_fault, "%s", ipl_plane_fault(plane));
    ipl_plane_destroy(plane);
    return m;
}

static inline ipl_measures measure_set(const char *text, const sample_set *s)
{
    return measure_opts(text, s, NULL);
}

/** Fail unless creating a plane with the text is a format error that has the word. */
static inline void assert_refused(const char *text, const char *word)
{
    const float x[] = {1.0f, 2.0f, 4.0f};
    const ipl_plane_opts opts = {.estimators = &text, .n_estimators = 1};
    ipl_plane *plane;
    ipl_error err = {0};

    if (ipl_plane_create(&plane, &opts, ipl_cmat_f32(x, 3, 1), NULL, &err) !=
            IPL_E_FORMAT ||
        !strstr(err.msg, word))
        fail_msg("%s: '%s' does not say '%s'", text, err.msg, word);
    assert_null(plane);
}

/** Fail unless all measures agree: NaN where the other is NaN, else within tol. */
static inline void assert_measures_close(const ipl_measures *got, const ipl_measures *want,
                                         double tol)
{
    for (const ipl_measure_row *row = ipl_measure_table; row->name; row++) {
        const double a = ipl_measures_get(got, row), b = ipl_measures_get(want, row);

        if (isnan(a) && isnan(b))
            continue;
        if (!(fabs(a - b) <= tol * (1.0 + fabs(b))))
            print_error("%s\n", row->name);
        assert_close(a, b, tol * (1.0 + fabs(b)));
    }
}

#endif /* IPL_TEST_ESTIMATE_H */
