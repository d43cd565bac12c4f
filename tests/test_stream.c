/* LogDet of many samples that are read again instead of kept. */
#include "base/alloc.h"
#include "base/rng.h"
#include "info/logdet.h"
#include "info/rows.h"
#include "ipl/estimator.h"
#include "math/linalg.h"
#include "one_thread.h"
#include "test.h"

#include <string.h>

enum { D = 9, LAYERS = 2, TEXTS = 4 };

static const size_t widths[LAYERS] = {7, 3};
static const char *const texts[TEXTS] = {"logdet:beta=own", "logdet:scale=corr,beta=rd",
                                         "logdet:beta=sum", "logdet:scale=corr-ref"};

/* Samples far from zero with a constant column, two layers of them, labels. */
typedef struct stack {
    size_t n;
    double *x, *t[LAYERS];
    float *single; /* x in float */
    int32_t *y;
} stack;

static stack stack_of(size_t n)
{
    stack s = {.n = n, .x = ipl_array(n, D, sizeof *s.x, NULL)};

    s.single = ipl_array(n, D, sizeof *s.single, NULL);
    s.y = ipl_array(n, 1, sizeof *s.y, NULL);
    for (size_t l = 0; l < LAYERS; l++)
        s.t[l] = ipl_array(n, widths[l], sizeof *s.t[l], NULL);
    assert_true(s.x && s.single && s.y && s.t[0] && s.t[1]);
    for (size_t i = 0; i < n; i++) {
        ipl_rng rng = ipl_rng_at(5, IPL_RNG_DATA, (uint32_t)i, 0);

        s.y[i] = i % 4099 == 0 ? 7 : (int32_t)ipl_rng_below(&rng, 3); /* a class of few */
        for (size_t j = 0; j < D; j++) {
            const float v = j == 4 ? 0.1f : (float)ipl_rng_normal(&rng);

            s.single[i * D + j] = 100.0f * (float)j + v + (float)(j == 2) * (float)s.y[i];
            s.x[i * D + j] = (double)s.single[i * D + j];
        }
        for (size_t j = 0; j < widths[0]; j++)
            s.t[0][i * widths[0] + j] = tanh(s.x[i * D + j] - 100.0 * (double)j) - 30.0;
        for (size_t j = 0; j < widths[1]; j++)
            s.t[1][i * widths[1] + j] =
                s.t[0][i * widths[0] + j] * s.t[0][i * widths[0] + j + 1];
    }
    return s;
}

static void stack_release(stack *s)
{
    for (size_t l = 0; l < LAYERS; l++)
        ipl_free(s->t[l]);
    ipl_free(s->y);
    ipl_free(s->single);
    ipl_free(s->x);
}

/* Measure and return the bytes the plane held in the end; NaN where they are not counted. */
static double measure(ipl_measures *m, const stack *s, ipl_cmat x, bool stays,
                      size_t threads)
{
    const ipl_cmat t[LAYERS] = {ipl_cmat_f64(s->t[0], s->n, widths[0]),
                                ipl_cmat_f64(s->t[1], s->n, widths[1])};
    ipl_plane_opts opts = {.estimators = texts,
                           .n_estimators = TEXTS,
                           .n_layers = LAYERS,
                           .widths = widths,
                           .x_stays = stays};
    ipl_plane *plane;
    ipl_error err = {0};
    double held;

    assert_int_equal(ipl_pool_create(&opts.pool, threads, ipl_blas_start, NULL), IPL_OK);
    held = -(double)ipl_alloc_held();
    if (ipl_plane_create(&plane, &opts, x, s->y, &err) != IPL_OK ||
        ipl_plane_measure(m, plane, t, LAYERS, &err) != IPL_OK)
        fail_msg("%s", err.msg);
    assert_string_equal(ipl_plane_fault(plane), "");
    held += (double)ipl_alloc_held();
    ipl_plane_destroy(plane);
    ipl_pool_destroy(opts.pool);
    return held;
}

static void samples_read_again_measure_as_samples_kept(void **state)
{
    stack s = stack_of(IPL_STREAM_ROWS + 77);
    ipl_measures kept[LAYERS * TEXTS] = {{0}}, again[LAYERS * TEXTS] = {{0}};

    (void)state;
    measure(kept, &s, ipl_cmat_f64(s.x, s.n, D), false, 1);
    measure(again, &s, ipl_cmat_f32(s.single, s.n, D), true, 2);
    for (size_t i = 0; i < (size_t)LAYERS * TEXTS; i++)
        for (const ipl_measure_row *row = ipl_measure_table; row->name; row++) {
            const double a = ipl_measures_get(&again[i], row);
            const double k = ipl_measures_get(&kept[i], row);

            if (isnan(k))
                assert_true(isnan(a));
            else
                assert_close(a, k, 1e-10 * fmax(1.0, fabs(k)));
        }
    stack_release(&s);
}

/* Classes of many samples, so that their sums add up to that of all; the further they lie
 * apart, the fewer digits are left of what is within them. */
static void classes_add_up_whether_near_or_far_apart(void **state)
{
    static const double gaps[] = {0.0, 1.0, 1e3, 1e7};

    (void)state;
    for (size_t k = 0; k < sizeof gaps / sizeof *gaps; k++) {
        stack s = stack_of(IPL_STREAM_ROWS + 77);
        ipl_measures kept[LAYERS * TEXTS] = {{0}}, again[LAYERS * TEXTS] = {{0}};

        for (size_t i = 0; i < s.n; i++) {
            s.y[i] = (int32_t)(i * i % 3);
            for (size_t j = 0; j < widths[0]; j++)
                s.t[0][i * widths[0] + j] += gaps[k] * s.y[i] * (double)(1 + j % 2);
        }
        measure(kept, &s, ipl_cmat_f64(s.x, s.n, D), false, 1);
        measure(again, &s, ipl_cmat_f32(s.single, s.n, D), true, 2);
        for (size_t i = 0; i < (size_t)LAYERS * TEXTS; i++) {
            const double h = kept[i].H_T_given_Y, i_ty = kept[i].I_TY_cond;

            if (isnan(h))
                continue;
            assert_close(again[i].H_T_given_Y, h, 1e-10 * fmax(1.0, h));
            assert_close(again[i].I_TY_cond, i_ty, 1e-10 * fmax(1.0, kept[i].H_T));
        }
        stack_release(&s);
    }
}

/* M = I as a difference of large sums: nothing is left of their digits, at any order. */
static void digits_that_a_difference_lost_are_noticed(void **state)
{
    enum { ORDER = 160 };
    const size_t orders[] = {20, ORDER};
    double *m = ipl_array(ORDER, ORDER, sizeof *m, NULL), p[ORDER], h;

    (void)state;
    assert_non_null(m);
    for (size_t k = 0; k < 2; k++)
        for (int large = 0; large < 2; large++) {
            const size_t n = orders[k];
            const ipl_definite matrix = {.m = m, .p = p, .order = n};
            ipl_buffer room = {0};

            memset(m, 0, n * n * sizeof *m);
            for (size_t i = 0; i < n; i++) {
                m[i * n + i] = 1.0;
                p[i] = large ? 1e10 : 1.0;
            }
            assert_int_equal(ipl_half_logdet(&h, &matrix, &room, NULL, NULL), IPL_OK);
            assert_true(large ? isnan(h) : fabs(h) < 1e-12);
            ipl_buffer_release(&room);
        }
    ipl_free(m);
}

static void bytes_do_not_depend_on_the_number_of_threads(void **state)
{
    stack s = stack_of(IPL_STREAM_ROWS);
    ipl_measures one[LAYERS * TEXTS], many[LAYERS * TEXTS];

    (void)state;
    measure(one, &s, ipl_cmat_f32(s.single, s.n, D), true, 1);
    for (size_t threads = 2; threads <= 4; threads++) {
        measure(many, &s, ipl_cmat_f32(s.single, s.n, D), true, threads);
        assert_memory_equal(one, many, sizeof one);
    }
    stack_release(&s);
}

static void memory_hardly_grows_with_the_samples(void **state)
{
    ipl_measures m[LAYERS * TEXTS];
    double held[2];

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        stack s = stack_of((k + 1) * IPL_STREAM_ROWS);

        held[k] = measure(m, &s, ipl_cmat_f32(s.single, s.n, D), true, 1);
        stack_release(&s);
    }
    /* The order of the samples, room for as many classes, the labels as a panel. */
    assert_true(held[1] - held[0] < IPL_STREAM_ROWS * (4.0 + 8.0 + 64.0 + 1.0));
    assert_true(held[1] - held[0] < IPL_STREAM_ROWS * 8.0 * (double)ipl_panels_up(D));
}

/* What is wide enough for matrices to outweigh blocks and labels. */
enum { WIDE_X = 256, WIDE_T = 300, NARROW_T = 10, CLASSES = 10 };

static void predicted_memory_is_what_is_held(void **state)
{
    const size_t n = IPL_STREAM_ROWS, wide[] = {WIDE_T, NARROW_T};
    const char *logdet[] = {"logdet"};
    const ipl_plane_opts opts = {.estimators = logdet,
                                 .n_estimators = 1,
                                 .n_layers = LAYERS,
                                 .widths = wide,
                                 .x_stays = true};
    float *x = ipl_array(n, WIDE_X, sizeof *x, NULL);
    float *t = ipl_array(n, WIDE_T, sizeof *t, NULL);
    int32_t *y = ipl_array(n, 1, sizeof *y, NULL);
    const double want = (double)ipl_plane_memory(&opts, n, WIDE_X);
    size_t before;
    ipl_measures m[LAYERS];
    ipl_plane *plane;
    ipl_cmat layers[LAYERS];
    ipl_error err;

    (void)state;
    assert_true(x && t && y);
    for (size_t i = 0; i < n; i++) {
        ipl_rng rng = ipl_rng_at(6, IPL_RNG_DATA, (uint32_t)i, 0);

        y[i] = (int32_t)(i % CLASSES);
        for (size_t j = 0; j < WIDE_X; j++)
            x[i * WIDE_X + j] = (float)ipl_rng_normal(&rng);
        for (size_t j = 0; j < WIDE_T; j++) {
            const size_t turn = j / WIDE_X;

            t[i * WIDE_T + j] = tanhf(x[i * WIDE_X + j % WIDE_X] + (float)turn);
        }
    }
    layers[0] = ipl_cmat_f32(t, n, WIDE_T);
    layers[1] = ipl_cmat_f32(x, n, NARROW_T);
    before = ipl_alloc_held();
    assert_int_equal(ipl_plane_create(&plane, &opts, ipl_cmat_f32(x, n, WIDE_X), y, &err),
                     IPL_OK);
    assert_int_equal(ipl_plane_measure(m, plane, layers, LAYERS, &err), IPL_OK);
    assert_close((double)(ipl_alloc_held() - before), want, 0.1 * want);
    ipl_plane_destroy(plane);
    ipl_free(y);
    ipl_free(t);
    ipl_free(x);
}

static void few_samples_and_wide_variables_are_kept(void **state)
{
    (void)state;
    assert_true(ipl_rows_stream(60000, 1024));
    assert_false(ipl_rows_stream(IPL_STREAM_ROWS - 1, 10));
    assert_false(ipl_rows_stream(20000, 3072));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_read_again_measure_as_samples_kept),
        cmocka_unit_test(classes_add_up_whether_near_or_far_apart),
        cmocka_unit_test(digits_that_a_difference_lost_are_noticed),
        cmocka_unit_test(bytes_do_not_depend_on_the_number_of_threads),
        cmocka_unit_test(memory_hardly_grows_with_the_samples),
        cmocka_unit_test(predicted_memory_is_what_is_held),
        cmocka_unit_test(few_samples_and_wide_variables_are_kept),
    };

    return cmocka_run_group_tests(tests, one_thread, NULL);
}
