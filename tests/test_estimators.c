/* All estimators together: sharing, threads, memory, what every row says. */
#include "estimate.h"
#include "info/est.h"
#include "math/linalg.h"

static const char *const texts[] = {"logdet",
                                    "renyi",
                                    "renyi:width=1",
                                    "renyi:kernel=rbf,width=1",
                                    "renyi:width=1,n=33",
                                    "renyi:alpha=2,width=alignment",
                                    "renyi:alpha=1,kernel=authors,n=33",
                                    "kde",
                                    "kde:bound=lower,n=33",
                                    "kl",
                                    "kl:k=2",
                                    "kl:n=33",
                                    "kl:k=2,n=33",
                                    "kl:norm=l2,k=2,n=33",
                                    "ksg",
                                    "ksg:variant=2",
                                    "binning",
                                    "binning:rule=quantile,correction=miller-madow",
                                    "binning:rule=softmax,bins=10",
                                    "gauss:shrink=0.1",
                                    "gauss"};
enum { TEXTS = sizeof texts / sizeof texts[0], LAYERS = 3, N = 48, D = 6 };

static const size_t widths[LAYERS] = {8, 3, 5};

/* A small stack of layers with labels of 4 classes. */
typedef struct stack {
    double *x, *data[LAYERS];
    ipl_cmat t[LAYERS];
    int32_t y[N];
} stack;

static stack stack_create(void)
{
    stack s = {.x = normal_numbers(N, D, 1)};

    for (size_t i = 0; i < N; i++)
        s.y[i] = (int32_t)(i * 5 % 4);
    for (size_t l = 0; l < LAYERS; l++) {
        s.data[l] = normal_numbers(N, widths[l], 2 + l);
        for (size_t i = 0; i < N * widths[l]; i++)
            s.data[l][i] = tanh(s.data[l][i] + s.x[i / widths[l] * D + i % D]);
        s.t[l] = ipl_cmat_f64(s.data[l], N, widths[l]);
    }
    return s;
}

static void stack_release(stack *s)
{
    for (size_t l = 0; l < LAYERS; l++)
        ipl_free(s->data[l]);
    ipl_free(s->x);
}

/* One pass over all layers with some of the texts; a null baseline of two shuffles. */
static void measure_stack(ipl_measures *m, const stack *s, const char *const *some,
                          size_t n_texts, ipl_pool *pool)
{
    const ipl_plane_opts opts = {.estimators = some,
                                 .n_estimators = n_texts,
                                 .pool = pool,
                                 .null_repeats = 2,
                                 .null_seed = 3};
    ipl_plane *plane;
    ipl_error err = {0};

    if (ipl_plane_create(&plane, &opts, ipl_cmat_f64(s->x, N, D), s->y, &err) != IPL_OK ||
        ipl_plane_measure(m, plane, s->t, LAYERS, &err) != IPL_OK)
        fail_msg("%s", err.msg);
    assert_string_equal(ipl_plane_fault(plane), "");
    ipl_plane_destroy(plane);
}

static void together_they_say_what_each_says_alone(void **state)
{
    stack s = stack_create();
    ipl_measures all[LAYERS * TEXTS], one[LAYERS];

    (void)state;
    measure_stack(all, &s, texts, TEXTS, NULL);
    for (size_t k = 0; k < TEXTS; k++) {
        measure_stack(one, &s, &texts[k], 1, NULL);
        for (size_t l = 0; l < LAYERS; l++)
            assert_memory_equal(&one[l], &all[l * TEXTS + k], sizeof *one);
    }
    stack_release(&s);
}

static void their_order_does_not_matter(void **state)
{
    stack s = stack_create();
    const char *turned[TEXTS];
    ipl_measures forward[LAYERS * TEXTS], backward[LAYERS * TEXTS];

    (void)state;
    for (size_t k = 0; k < TEXTS; k++)
        turned[k] = texts[TEXTS - 1 - k];
    measure_stack(forward, &s, texts, TEXTS, NULL);
    measure_stack(backward, &s, turned, TEXTS, NULL);
    for (size_t l = 0; l < LAYERS; l++)
        for (size_t k = 0; k < TEXTS; k++)
            assert_memory_equal(&backward[l * TEXTS + TEXTS - 1 - k],
                                &forward[l * TEXTS + k], sizeof *forward);
    stack_release(&s);
}

static void bytes_do_not_depend_on_the_number_of_threads(void **state)
{
    stack s = stack_create();
    ipl_measures alone[LAYERS * TEXTS], shared[LAYERS * TEXTS];

    (void)state;
    measure_stack(alone, &s, texts, TEXTS, NULL);
    for (size_t threads = 1; threads <= 4; threads++) {
        ipl_pool *pool;

        assert_int_equal(ipl_pool_create(&pool, threads, ipl_blas_start, NULL), IPL_OK);
        measure_stack(shared, &s, texts, TEXTS, pool);
        assert_memory_equal(shared, alone, sizeof alone);
        ipl_pool_destroy(pool);
    }
    stack_release(&s);
}

static void blocks_do_not_depend_on_the_number_of_threads(void **state)
{
    static const char *const large[] = {"renyi:alpha=2,n=0", "kde:n=0", "kl:n=0,norm=l2",
                                        "ksg:n=0"};
    sample_set s = correlated(2100, 2, 2, 0.5, 3, 1);

    (void)state;
    for (size_t k = 0; k < sizeof large / sizeof large[0]; k++) {
        const ipl_measures alone = measure_set(large[k], &s);
        ipl_plane_opts opts = {0};
        ipl_measures shared;

        assert_int_equal(ipl_pool_create(&opts.pool, 3, ipl_blas_start, NULL), IPL_OK);
        shared = measure_opts(large[k], &s, &opts);
        assert_memory_equal(&shared, &alone, sizeof alone);
        ipl_pool_destroy(opts.pool);
    }
    sample_set_release(&s);
}

static void later_epochs_are_measured_like_the_first_and_allocate_nothing(void **state)
{
    stack s = stack_create();
    const ipl_plane_opts opts = {
        .estimators = texts, .n_estimators = TEXTS, .null_repeats = 2, .null_seed = 3};
    ipl_measures first[LAYERS * TEXTS], later[LAYERS * TEXTS];
    ipl_plane *plane;
    ipl_cmat other[LAYERS];

    (void)state;
    for (size_t l = 0; l < LAYERS; l++)
        other[l] = s.t[LAYERS - 1 - l];
    assert_int_equal(ipl_plane_create(&plane, &opts, ipl_cmat_f64(s.x, N, D), s.y, NULL),
                     0);
    assert_int_equal(ipl_plane_measure(first, plane, s.t, LAYERS, NULL), IPL_OK);
    assert_int_equal(ipl_plane_measure(later, plane, other, LAYERS, NULL), IPL_OK);
    ipl_alloc_fail_after(0);
    assert_int_equal(ipl_plane_measure(later, plane, s.t, LAYERS, NULL), IPL_OK);
    ipl_alloc_fail_after(-1);
    assert_memory_equal(later, first, sizeof first);
    ipl_plane_destroy(plane);
    stack_release(&s);
}

static void no_failed_allocation_goes_unnoticed(void **state)
{
    stack s = stack_create();

    (void)state;
    for (size_t k = 0; k < TEXTS; k++) {
        const ipl_plane_opts opts = {
            .estimators = &texts[k], .n_estimators = 1, .null_repeats = 1};
        ipl_status st = IPL_E_NOMEM;

        for (long after = 0; st != IPL_OK; after++) {
            ipl_measures m[LAYERS];
            ipl_plane *plane = NULL;
            ipl_error err = {0};

            assert_true(after < 400);
            ipl_alloc_fail_after(after);
            st = ipl_plane_create(&plane, &opts, ipl_cmat_f64(s.x, N, D), s.y, &err);
            if (st == IPL_OK)
                st = ipl_plane_measure(m, plane, s.t, LAYERS, &err);
            ipl_alloc_fail_after(-1);
            assert_true(st == IPL_OK || st == IPL_E_NOMEM);
            if (st != IPL_OK && plane && after % 4 == 0) { /* it can be used again */
                ipl_measures fresh[LAYERS];

                assert_int_equal(ipl_plane_measure(m, plane, s.t, LAYERS, NULL), IPL_OK);
                ipl_plane_destroy(plane);
                plane = NULL;
                assert_int_equal(
                    ipl_plane_create(&plane, &opts, ipl_cmat_f64(s.x, N, D), s.y, NULL),
                    IPL_OK);
                assert_int_equal(ipl_plane_measure(fresh, plane, s.t, LAYERS, NULL), 0);
                assert_memory_equal(fresh, m, sizeof m);
            }
            ipl_plane_destroy(plane);
        }
    }
    stack_release(&s);
}

static void all_of_them_are_without_labels_too(void **state)
{
    sample_set s = correlated(N, 3, 2, 0.5, 3, 4);

    (void)state;
    ipl_free(s.y);
    s.y = NULL;
    for (size_t i = 0; ipl_estimator_table[i]; i++) {
        const ipl_measures m = measure_set(ipl_estimator_table[i]->row.name, &s);

        assert_true(isfinite(m.H_T) || isfinite(m.I_XT));
        assert_true(isnan(m.H_Y) && isnan(m.H_TY) && isnan(m.I_TY) && isnan(m.I_TY_cond) &&
                    isnan(m.H_T_given_Y) && isnan(m.I_TY_pooled));
        assert_string_equal(last_fault, "");
    }
    sample_set_release(&s);
}

static void every_row_says_what_it_needs_to(void **state)
{
    (void)state;
    for (size_t i = 0; ipl_estimator_table[i]; i++) {
        const ipl_estimator_ops *ops = ipl_estimator_table[i];

        assert_non_null(ops->row.name);
        assert_non_null(ops->row.summary);
        assert_non_null(ops->row.source);
        assert_non_null(ops->ceiling);
        assert_non_null(ops->cost);
        assert_non_null(ops->limits);
        assert_non_null(ops->measure);
        assert_true(strcmp(ops->unit, "nats") == 0 || strcmp(ops->unit, "bits") == 0);
        for (const ipl_opt *opt = ops->row.opts; opt->name; opt++)
            assert_true(opt->help && *opt->help);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(ops->row.name, ipl_estimator_table[j]->row.name);
    }
}

static void units_are_converted_with_their_baselines(void **state)
{
    sample_set s = correlated(N, 3, 2, 0.5, 3, 5);

    (void)state;
    for (size_t i = 0; ipl_estimator_table[i]; i++) {
        const char *text = ipl_estimator_table[i]->row.name;
        ipl_plane_opts opts = {.null_repeats = 1, .unit = IPL_UNIT_NATS};
        const ipl_measures nats = measure_opts(text, &s, &opts);
        ipl_measures bits;

        opts.unit = IPL_UNIT_BITS;
        bits = measure_opts(text, &s, &opts);
        for (const ipl_measure_row *row = ipl_measure_table; row->name; row++) {
            const double n = ipl_measures_get(&nats, row), b = ipl_measures_get(&bits, row);

            if (!isnan(n))
                assert_close(b, row->information ? n / log(2.0) : n, 1e-12 * (1 + fabs(n)));
        }
    }
    sample_set_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(together_they_say_what_each_says_alone),
        cmocka_unit_test(their_order_does_not_matter),
        cmocka_unit_test(bytes_do_not_depend_on_the_number_of_threads),
        cmocka_unit_test(blocks_do_not_depend_on_the_number_of_threads),
        cmocka_unit_test(later_epochs_are_measured_like_the_first_and_allocate_nothing),
        cmocka_unit_test(no_failed_allocation_goes_unnoticed),
        cmocka_unit_test(all_of_them_are_without_labels_too),
        cmocka_unit_test(every_row_says_what_it_needs_to),
        cmocka_unit_test(units_are_converted_with_their_baselines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
