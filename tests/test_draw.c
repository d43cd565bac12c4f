/* Draws by class: of the rows of a probe, and of the samples that estimators look at. */
#include "estimate.h"

#include <math.h>

enum { N = 1000, K = 4 };

/* Labels with 400, 300, 200 and 100 of the classes, sorted or mixed. */
static void set_labels(int32_t y[N], bool sorted)
{
    static const int32_t tenth[] = {0, 0, 0, 0, 1, 1, 1, 2, 2, 3};

    for (size_t i = 0; i < N; i++)
        y[i] = tenth[sorted ? i * 10 / N : i * 7 % 10];
}

static void count_classes(size_t count[K], const uint32_t *row, size_t n, const int32_t *y)
{
    memset(count, 0, K * sizeof *count);
    for (size_t i = 0; i < n; i++)
        count[y[row[i]]]++;
}

static void classes_have_their_shares_in_any_order_of_the_data(void **state)
{
    static const size_t want[K] = {200, 150, 100, 50};
    int32_t y[N];
    uint32_t row[N];
    size_t count[K];

    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        const ipl_rng rng = ipl_rng_at(seed, IPL_RNG_PROBE, 0, 1);

        for (int sorted = 0; sorted < 2; sorted++) {
            set_labels(y, sorted);
            assert_int_equal(ipl_draw_rows(row, N / 2, y, N, rng, NULL), IPL_OK);
            count_classes(count, row, N / 2, y);
            assert_memory_equal(count, want, sizeof want);
            for (size_t i = 1; i < N / 2; i++)
                assert_true(row[i - 1] < row[i]);
        }
    }
}

/* 7 of shares 0.4 0.3 0.2 0.1: 2.8 2.1 1.4 0.7, so 3 2 1 1. */
static void counts_are_those_of_the_largest_remainder(void **state)
{
    static const size_t want[K] = {3, 2, 1, 1};
    int32_t y[N];
    uint32_t row[7];
    size_t count[K];

    (void)state;
    set_labels(y, true);
    for (uint64_t seed = 0; seed < 20; seed++) {
        const ipl_rng rng = ipl_rng_at(seed, IPL_RNG_PROBE, 0, 1);

        assert_int_equal(ipl_draw_rows(row, 7, y, N, rng, NULL), IPL_OK);
        count_classes(count, row, 7, y);
        assert_memory_equal(count, want, sizeof want);
    }
}

/* Each row is drawn with probability n / have: 4 standard deviations of 2000 draws. */
static void rows_are_equally_likely(void **state)
{
    enum { HAVE = 10, WANTED = 4, DRAWS = 2000 };
    const int32_t y[HAVE] = {0, 0, 0, 0, 0, 1, 1, 1, 1, 1};
    const int32_t *const labels[] = {NULL, y};

    (void)state;
    for (size_t l = 0; l < 2; l++) {
        size_t hits[HAVE] = {0};
        uint32_t row[WANTED];

        for (uint64_t seed = 0; seed < DRAWS; seed++) {
            const ipl_rng rng = ipl_rng_at(seed, IPL_RNG_PROBE, 0, 1);

            assert_int_equal(ipl_draw_rows(row, WANTED, labels[l], HAVE, rng, NULL),
                             IPL_OK);
            for (size_t i = 0; i < WANTED; i++)
                hits[row[i]]++;
        }
        for (size_t i = 0; i < HAVE; i++)
            assert_true(fabs((double)hits[i] - 800.0) < 4.0 * sqrt(DRAWS * 0.4 * 0.6));
    }
}

/* Of classes with one sample each, the seed chooses, not the order of the labels. */
static void equal_remainders_are_ranked_at_random(void **state)
{
    int32_t y[N];
    uint32_t row[N / 2];
    const ipl_rng rng = ipl_rng_at(1, IPL_RNG_PROBE, 0, 1);

    (void)state;
    for (size_t i = 0; i < N; i++)
        y[i] = (int32_t)i;
    assert_int_equal(ipl_draw_rows(row, N / 2, y, N, rng, NULL), IPL_OK);
    assert_true(row[N / 2 - 1] > 3 * N / 4);
}

static void equal_classes_have_the_entropy_log_k_for_every_estimator(void **state)
{
    static const char *const texts[] = {"kde:n=200", "ksg:n=200", "kl:n=200", "renyi:n=200",
                                        "binning"};
    sample_set s = correlated(N, 2, 2, 0.5, K, 3);

    (void)state;
    for (size_t i = 0; i < N; i++)
        s.y[i] = (int32_t)(i * K / N); /* sorted */
    for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
        const ipl_plane_opts opts = {.unit = IPL_UNIT_NATS, .null_seed = k};

        assert_close(measure_opts(texts[k], &s, &opts).H_Y, log(K), 1e-12);
    }
    sample_set_release(&s);
}

static ipl_plane *measured(const char *const *texts, size_t n, const sample_set *s)
{
    const ipl_plane_opts opts = {.estimators = texts, .n_estimators = n};
    const ipl_cmat t = ipl_cmat_f64(s->t, s->n, s->q);
    ipl_measures m[4];
    ipl_plane *plane;

    assert_true(n <= 4);
    assert_int_equal(
        ipl_plane_create(&plane, &opts, ipl_cmat_f64(s->x, s->n, s->p), s->y, NULL),
        IPL_OK);
    assert_int_equal(ipl_plane_measure(m, plane, &t, 1, NULL), IPL_OK);
    return plane;
}

static void a_plane_says_how_many_samples_an_estimator_looks_at(void **state)
{
    static const char *const texts[] = {"logdet", "kde:n=300", "ksg:n=0", "kl:n=5000"};
    static const size_t want[] = {N, 300, N, N};
    sample_set s = correlated(N, 2, 2, 0.5, K, 3);
    ipl_plane *plane = measured(texts, 4, &s);

    (void)state;
    for (size_t k = 0; k < 4; k++)
        assert_int_equal(ipl_plane_samples(plane, k), want[k]);
    ipl_plane_destroy(plane);
    sample_set_release(&s);
}

static void a_layer_that_is_no_function_of_x_is_doubted(void **state)
{
    static const char *const kde[] = {"kde"}, *const binning[] = {"logdet", "binning"},
                             *const ksg[] = {"ksg"};
    sample_set s = correlated(200, 2, 2, 0.5, 2, 3);
    ipl_plane *plane;

    (void)state;
    plane = measured(kde, 1, &s); /* no two samples have the same x */
    assert_string_equal(ipl_plane_doubt(plane), "");
    ipl_plane_destroy(plane);
    memcpy(s.x + 100, s.x + 10, 2 * sizeof *s.x);
    plane = measured(kde, 1, &s);
    assert_non_null(strstr(ipl_plane_doubt(plane), "no function of X: I(X;T) of kde"));
    ipl_plane_destroy(plane);
    plane = measured(binning, 2, &s);
    assert_non_null(strstr(ipl_plane_doubt(plane), "I(X;T) of binning"));
    ipl_plane_destroy(plane);
    plane = measured(ksg, 1, &s); /* looks at X */
    assert_string_equal(ipl_plane_doubt(plane), "");
    ipl_plane_destroy(plane);
    memcpy(s.t + 100, s.t + 10, 2 * sizeof *s.t); /* and of the same t */
    plane = measured(kde, 1, &s);
    assert_string_equal(ipl_plane_doubt(plane), "");
    ipl_plane_destroy(plane);
    sample_set_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_have_their_shares_in_any_order_of_the_data),
        cmocka_unit_test(counts_are_those_of_the_largest_remainder),
        cmocka_unit_test(rows_are_equally_likely),
        cmocka_unit_test(equal_remainders_are_ranked_at_random),
        cmocka_unit_test(equal_classes_have_the_entropy_log_k_for_every_estimator),
        cmocka_unit_test(a_plane_says_how_many_samples_an_estimator_looks_at),
        cmocka_unit_test(a_layer_that_is_no_function_of_x_is_doubted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
