/* Distances: every digit, with and without a table, and what they refuse. */
#include "estimate.h"
#include "info/distance.h"
#include "math/linalg.h"

typedef struct fixture {
    ipl_work work;
    ipl_var v;
    ipl_subset subset;
    ipl_distance dist;
} fixture;

/* Distances of x (n, d) in a metric; `limit` as for ipl_subset_take(). */
static void set_up(fixture *f, const double *x, size_t n, size_t d, ipl_metric metric,
                   size_t limit, ipl_pool *pool)
{
    *f = (fixture){.work = {.pool = pool}, .v = {.name = "X", .keep_given = true}};
    assert_int_equal(ipl_var_set(&f->v, ipl_cmat_f64(x, n, d), NULL, &f->work, NULL), 0);
    assert_int_equal(ipl_subset_take(&f->subset, limit, n, NULL, 0, NULL), IPL_OK);
    ipl_distance_begin(&f->dist, &f->v, metric);
    assert_int_equal(ipl_distance_set(&f->dist, &f->subset, IPL_WHOLE, &f->work, NULL),
                     IPL_OK);
}

static void tear_down(fixture *f)
{
    ipl_distance_release(&f->dist);
    ipl_subset_release(&f->subset);
    ipl_var_release(&f->v);
    ipl_work_release(&f->work);
}

/* The whole table, block by block. */
static double *table_of(const fixture *f)
{
    const size_t n = f->dist.n;
    double *all = ipl_array(n, n, sizeof *all, NULL);
    double *scratch = ipl_array(IPL_DISTANCE_BLOCK, n, sizeof *scratch, NULL);

    assert_non_null(all);
    assert_non_null(scratch);
    for (size_t b = 0; b < ipl_distance_blocks(&f->dist); b++) {
        size_t first, end;

        ipl_distance_range(&first, &end, &f->dist, b);
        memcpy(all + first * n, ipl_distance_rows(&f->dist, scratch, 0, b),
               (end - first) * n * sizeof *all);
    }
    ipl_free(scratch);
    return all;
}

static double naive_distance(const double *a, const double *b, size_t d, ipl_metric metric)
{
    long double sum = 0.0L, top = 0.0L;

    for (size_t j = 0; j < d; j++) {
        const long double far = fabsl((long double)a[j] - (long double)b[j]);

        sum += far * far;
        top = far > top ? far : top;
    }
    return (double)(metric == IPL_CHEBYSHEV ? top : sum);
}

static void check_against_definition(const double *x, size_t n, size_t d, ipl_metric metric)
{
    fixture f;
    double *all;

    set_up(&f, x, n, d, metric, 0, NULL);
    all = table_of(&f);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            const double want = naive_distance(x + i * d, x + j * d, d, metric);

            assert_close(all[i * n + j], want,
                         metric == IPL_CHEBYSHEV ? 0.0 : 1e-11 * want);
        }
    ipl_free(all);
    tear_down(&f);
}

static void distances_agree_with_their_definition(void **state)
{
    const struct {
        size_t n, d;
    } shapes[] = {{2, 1}, {33, 3}, {64, 40}, {97, 7}};

    (void)state;
    for (size_t k = 0; k < sizeof shapes / sizeof shapes[0]; k++) {
        double *x = normal_numbers(shapes[k].n, shapes[k].d, k);

        check_against_definition(x, shapes[k].n, shapes[k].d, IPL_EUCLID);
        check_against_definition(x, shapes[k].n, shapes[k].d, IPL_CHEBYSHEV);
        ipl_free(x);
    }
}

static void close_pairs_far_from_the_mean_keep_their_digits(void **state)
{
    enum { N = 40, D = 5 };
    double *x = normal_numbers(N, D, 1);

    (void)state;
    for (size_t i = 0; i < N; i++) /* two clusters far apart, their inner distances tiny */
        for (size_t j = 0; j < D; j++)
            x[i * D + j] =
                ldexp(round(ldexp(x[i * D + j], 20)), -40) + (i % 2 ? 1024.0 : -1024.0);
    check_against_definition(x, N, D, IPL_EUCLID);
    ipl_free(x);
}

static void equal_samples_are_at_distance_zero_exactly(void **state)
{
    const size_t N = 70, D = 9;
    double *x = normal_numbers(N, D, 2);

    (void)state;
    memcpy(x + 66 * D, x + 3 * D, D * sizeof *x);
    for (int metric = 0; metric < IPL_METRICS; metric++) {
        fixture f;
        double *all;

        set_up(&f, x, N, D, (ipl_metric)metric, 0, NULL);
        all = table_of(&f);
        assert_true(all[66 * N + 3] == 0.0 && all[3 * N + 66] == 0.0);
        for (size_t i = 0; i < N; i++) {
            assert_true(all[i * N + i] == 0.0);
            for (size_t j = 0; j < N; j++)
                assert_true(all[i * N + j] == all[j * N + i]);
        }
        ipl_free(all);
        tear_down(&f);
    }
    ipl_free(x);
}

static void without_a_table_the_distances_are_the_same(void **state)
{
    enum { N = IPL_DISTANCE_KEPT + 5, D = 2 };
    double *x = normal_numbers(N, D, 3);

    (void)state;
    for (int metric = 0; metric < IPL_METRICS; metric += IPL_CHEBYSHEV) {
        fixture f;
        double scratch[IPL_DISTANCE_BLOCK * N];

        set_up(&f, x, N, D, (ipl_metric)metric, 0, NULL);
        assert_null(f.dist.kept.p);
        for (size_t b = 0; b < ipl_distance_blocks(&f.dist); b += 16) {
            const double *rows = ipl_distance_rows(&f.dist, scratch, 0, b);
            size_t first, end;

            assert_ptr_equal(rows, scratch);
            ipl_distance_range(&first, &end, &f.dist, b);
            for (size_t i = first; i < end; i++)
                for (size_t j = 0; j < N; j += 7) {
                    const double want =
                        naive_distance(x + i * D, x + j * D, D, (ipl_metric)metric);

                    assert_close(rows[(i - first) * N + j], want, 1e-11 * want);
                }
        }
        assert_int_equal(ipl_distance_set(&f.dist, &f.subset, IPL_BELOW, &f.work, NULL), 0);
        for (size_t b = 0; b < ipl_distance_blocks(&f.dist); b += 16) {
            const double *rows = ipl_distance_rows(&f.dist, scratch, 0, b);
            size_t first, end;

            ipl_distance_range(&first, &end, &f.dist, b);
            for (size_t i = first; i < end; i++)
                for (size_t j = 0; j <= i; j += 7) {
                    const double want =
                        naive_distance(x + i * D, x + j * D, D, (ipl_metric)metric);

                    assert_close(rows[(i - first) * N + j], want, 1e-11 * want);
                }
        }
        tear_down(&f);
    }
    ipl_free(x);
}

static void half_a_table_becomes_a_whole_one_when_that_is_asked_for(void **state)
{
    enum { N = 3 * IPL_DISTANCE_BLOCK + 5, D = 3 };
    double *x = normal_numbers(N, D, 5);

    (void)state;
    for (int metric = 0; metric < IPL_METRICS; metric++) {
        fixture f, half;
        double *whole, *made;

        set_up(&f, x, N, D, (ipl_metric)metric, 0, NULL);
        whole = table_of(&f);
        set_up(&half, x, N, D, (ipl_metric)metric, N - 1, NULL); /* of fewer samples */
        for (int turn = 0; turn < 2; turn++) {
            ipl_subset_release(&half.subset);
            assert_int_equal(ipl_subset_take(&half.subset, 0, N, NULL, 0, NULL), IPL_OK);
            assert_int_equal(
                ipl_distance_set(&half.dist, &half.subset, IPL_BELOW, &half.work, NULL), 0);
            made = table_of(&half);
            for (size_t i = 0; i < N; i++)
                assert_memory_equal(made + i * N, whole + i * N, (i + 1) * sizeof *made);
            ipl_free(made);
            assert_int_equal(
                ipl_distance_set(&half.dist, &half.subset, IPL_WHOLE, &half.work, NULL), 0);
            made = table_of(&half);
            assert_memory_equal(made, whole, N * N * sizeof *made);
            ipl_free(made);
        }
        ipl_free(whole);
        tear_down(&half);
        tear_down(&f);
    }
    ipl_free(x);
}

static void columns_of_the_authors_kernel_have_unit_norm(void **state)
{
    enum { N = 12, D = 3 };
    double *x = normal_numbers(N, D, 4), *unit = normal_numbers(N, D, 4), *all;
    fixture f;

    (void)state;
    for (size_t j = 0; j < D; j++) {
        double sum = 0.0;

        for (size_t i = 0; i < N; i++)
            sum += x[i * D + j] * x[i * D + j];
        for (size_t i = 0; i < N; i++)
            unit[i * D + j] = x[i * D + j] / (sqrt(sum) + 1e-8);
    }
    set_up(&f, x, N, D, IPL_EUCLID_UNIT, 0, NULL);
    all = table_of(&f);
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++)
            assert_close(all[i * N + j],
                         naive_distance(unit + i * D, unit + j * D, D, IPL_EUCLID), 1e-14);
    ipl_free(all);
    tear_down(&f);
    ipl_free(unit);
    ipl_free(x);
}

static void bytes_do_not_depend_on_threads(void **state)
{
    const size_t N = 150, D = 33;
    double *x = normal_numbers(N, D, 5);

    (void)state;
    for (int metric = 0; metric < IPL_METRICS; metric++) {
        fixture f;
        double *alone;

        set_up(&f, x, N, D, (ipl_metric)metric, 0, NULL);
        alone = table_of(&f);
        tear_down(&f);
        for (size_t threads = 2; threads <= 4; threads++) {
            double *shared;
            ipl_pool *pool;

            assert_int_equal(ipl_pool_create(&pool, threads, ipl_blas_start, NULL), IPL_OK);
            set_up(&f, x, N, D, (ipl_metric)metric, 0, pool);
            shared = table_of(&f);
            assert_memory_equal(shared, alone, N * N * sizeof *alone);
            ipl_free(shared);
            tear_down(&f);
            ipl_pool_destroy(pool);
        }
        ipl_free(alone);
    }
    ipl_free(x);
}

static void a_limit_draws_as_many_samples(void **state)
{
    enum { N = 30, D = 2, FIRST = 11 };
    double *x = normal_numbers(N, D, 6), *all;
    fixture f;

    (void)state;
    set_up(&f, x, N, D, IPL_CHEBYSHEV, FIRST, NULL);
    assert_int_equal(f.dist.n, FIRST);
    all = table_of(&f);
    for (size_t i = 0; i < FIRST; i++)
        for (size_t j = 0; j < FIRST; j++)
            assert_close(all[i * FIRST + j],
                         naive_distance(x + f.subset.row[i] * D, x + f.subset.row[j] * D, D,
                                        IPL_CHEBYSHEV),
                         0.0);
    ipl_free(all);
    tear_down(&f);
    ipl_free(x);
}

/* Labels 2 0 1 2 0 1 ...: 7 of 12 samples are 2, 2 and 3 of the classes in some order. */
static void a_limit_keeps_the_classes_together(void **state)
{
    enum { N = 12 };
    ipl_work work = {0};
    ipl_groups groups = {0};
    ipl_subset subset = {0};
    int32_t y[N];

    (void)state;
    for (size_t i = 0; i < N; i++)
        y[i] = (int32_t)((i + 2) % 3);
    assert_int_equal(ipl_groups_set(&groups, y, N, &work, NULL), IPL_OK);
    assert_int_equal(ipl_subset_take(&subset, 7, N, &groups, 0, NULL), IPL_OK);
    assert_int_equal(subset.n, 7);
    assert_int_equal(subset.k, 3);
    assert_int_equal(subset.least, 2);
    assert_int_equal(subset.start[3], 7);
    for (size_t i = 0; i < subset.n; i++) {
        const uint32_t sample = groups.order[subset.row[i]];

        assert_int_equal(y[sample], ipl_subset_class(&subset, i));
    }
    assert_int_equal(ipl_subset_take(&subset, 1, N, &groups, 0, NULL), IPL_OK);
    assert_int_equal(subset.k, 1);
    assert_int_equal(ipl_subset_take(&subset, 0, N, &groups, 0, NULL), IPL_OK);
    assert_int_equal(subset.n, N);
    ipl_subset_release(&subset);
    ipl_groups_release(&groups);
    ipl_work_release(&work);
}

static void a_distance_that_overflows_is_a_fault(void **state)
{
    const double x[] = {1e200, -1e200, 0.0}, huge[] = {1e308, -1e308, 0.0};
    fixture f;

    (void)state;
    set_up(&f, x, 3, 1, IPL_EUCLID, 0, NULL);
    assert_false(f.dist.sound);
    assert_non_null(strstr(f.work.fault, "X: distances between its samples overflow"));
    tear_down(&f);
    set_up(&f, x, 3, 1, IPL_CHEBYSHEV, 0, NULL);
    assert_true(f.dist.sound);
    tear_down(&f);
    set_up(&f, huge, 3, 1, IPL_CHEBYSHEV, 0, NULL);
    assert_false(f.dist.sound);
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_agree_with_their_definition),
        cmocka_unit_test(close_pairs_far_from_the_mean_keep_their_digits),
        cmocka_unit_test(equal_samples_are_at_distance_zero_exactly),
        cmocka_unit_test(half_a_table_becomes_a_whole_one_when_that_is_asked_for),
        cmocka_unit_test(without_a_table_the_distances_are_the_same),
        cmocka_unit_test(columns_of_the_authors_kernel_have_unit_norm),
        cmocka_unit_test(bytes_do_not_depend_on_threads),
        cmocka_unit_test(a_limit_draws_as_many_samples),
        cmocka_unit_test(a_limit_keeps_the_classes_together),
        cmocka_unit_test(a_distance_that_overflows_is_a_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
