#include "test.h"

#include "base/rng.h"

#include <stdbool.h>
#include <string.h>

static void philox_gives_its_published_vectors(void **state)
{
    /* kat_vectors of Random123: philox4x32 10 */
    static const struct {
        uint32_t counter[4], key[2], want[4];
    } cases[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t out[4];

        ipl_philox(out, cases[i].counter, cases[i].key);
        assert_memory_equal(out, cases[i].want, sizeof out);
    }
}

static void a_stream_is_philox_of_its_name(void **state)
{
    const uint64_t seed = 0x0123456789abcdefu;
    const uint32_t key[2] = {0x89abcdef, 0x01234567};
    ipl_rng rng = ipl_rng_at(seed, IPL_RNG_SHUFFLE, 7, 9);

    (void)state;
    for (uint32_t draw = 0; draw < 12; draw++) {
        const uint32_t counter[4] = {draw / 4, 7, 9, IPL_RNG_SHUFFLE};
        uint32_t block[4];

        ipl_philox(block, counter, key);
        assert_int_equal(ipl_rng_bits(&rng), block[draw % 4]);
    }
}

static void streams_do_not_depend_on_each_other(void **state)
{
    ipl_rng a = ipl_rng_at(1, IPL_RNG_DATA, 0, 0), b = ipl_rng_at(1, IPL_RNG_DATA, 0, 1);
    double alone[50];

    (void)state;
    for (size_t i = 0; i < 50; i++)
        alone[i] = ipl_rng_normal(&a);
    a = ipl_rng_at(1, IPL_RNG_DATA, 0, 0);
    for (size_t i = 0; i < 50; i++) {
        for (size_t k = 0; k < i % 5; k++)
            (void)ipl_rng_bits(&b);
        assert_true(ipl_rng_normal(&a) == alone[i]);
    }
}

static void every_part_of_a_name_changes_the_stream(void **state)
{
    const ipl_rng streams[] = {
        ipl_rng_at(1, IPL_RNG_DATA, 2, 3),
        ipl_rng_at(2, IPL_RNG_DATA, 2, 3),
        ipl_rng_at(1 + ((uint64_t)1 << 32), IPL_RNG_DATA, 2, 3),
        ipl_rng_at(1, IPL_RNG_NULL, 2, 3),
        ipl_rng_at(1, IPL_RNG_DATA, 3, 3),
        ipl_rng_at(1, IPL_RNG_DATA, 2, 2),
    };
    const size_t n = sizeof streams / sizeof streams[0];

    (void)state;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++) {
            ipl_rng a = streams[i], b = streams[k];
            const uint64_t x = (uint64_t)ipl_rng_bits(&a) << 32 | ipl_rng_bits(&a);
            const uint64_t y = (uint64_t)ipl_rng_bits(&b) << 32 | ipl_rng_bits(&b);

            assert_true(x != y);
        }
}

static void unit_numbers_fill_zero_to_one_evenly(void **state)
{
    enum { N = 200000, BINS = 50 };
    ipl_rng rng = ipl_rng_at(3, IPL_RNG_DATA, 0, 0);
    size_t single[BINS] = {0}, twice[BINS] = {0};
    double chi_single = 0.0, chi_twice = 0.0;

    (void)state;
    for (size_t i = 0; i < N; i++) {
        const float u = ipl_rng_unit(&rng);
        const double v = ipl_rng_unit_double(&rng);

        assert_true(u >= 0.0f && u < 1.0f && v >= 0.0 && v < 1.0);
        assert_true(ldexp((double)u, 24) == floor(ldexp((double)u, 24)));
        assert_true(ldexp(v, 53) == floor(ldexp(v, 53)));
        single[(size_t)(u * BINS)]++;
        twice[(size_t)(v * BINS)]++;
    }
    for (size_t b = 0; b < BINS; b++) {
        const double e = (double)N / BINS;

        chi_single += ((double)single[b] - e) * ((double)single[b] - e) / e;
        chi_twice += ((double)twice[b] - e) * ((double)twice[b] - e) / e;
    }
    /* chi-squared with 49 degrees of freedom: 0.01 % beyond 94; far too even below 16 */
    assert_true(chi_single > 16.0 && chi_single < 94.0);
    assert_true(chi_twice > 16.0 && chi_twice < 94.0);
}

static void normal_numbers_have_the_moments_of_a_normal(void **state)
{
    enum { N = 400000 };
    ipl_rng rng = ipl_rng_at(4, IPL_RNG_DATA, 0, 0);
    double m1 = 0.0, m2 = 0.0, m3 = 0.0, m4 = 0.0, lag = 0.0, last = 0.0;
    const double sd = 1.0 / sqrt(N);

    (void)state;
    for (size_t i = 0; i < N; i++) {
        const double z = ipl_rng_normal(&rng);

        m1 += z / N;
        m2 += z * z / N;
        m3 += z * z * z / N;
        m4 += z * z * z * z / N;
        lag += z * last / N;
        last = z;
    }
    /* five standard errors: var z = 1, z^2: 2, z^3: 15, z^4: 96 */
    assert_close(m1, 0.0, 5.0 * sd);
    assert_close(m2, 1.0, 5.0 * sd * sqrt(2.0));
    assert_close(m3, 0.0, 5.0 * sd * sqrt(15.0));
    assert_close(m4, 3.0, 5.0 * sd * sqrt(96.0));
    assert_close(lag, 0.0, 5.0 * sd); /* the two deviates of a pair are independent */
}

static void below_is_unbiased_where_remainders_are_not(void **state)
{
    /* 3 * 2^30: a remainder of 32 bits would give the lowest third twice as often. */
    enum { N = 60000 };
    const size_t n = (size_t)3 << 30;
    ipl_rng rng = ipl_rng_at(5, IPL_RNG_DATA, 0, 0);
    size_t low = 0;

    (void)state;
    for (size_t i = 0; i < N; i++) {
        const size_t k = ipl_rng_below(&rng, n);

        assert_true(k < n);
        low += k < n / 3;
    }
    assert_close((double)low / N, 1.0 / 3.0, 5.0 * sqrt(2.0 / 9.0 / N));
}

static void below_one_is_zero_and_below_most_is_any(void **state)
{
    ipl_rng rng = ipl_rng_at(6, IPL_RNG_DATA, 0, 0);

    (void)state;
    for (size_t i = 0; i < 20; i++) {
        assert_int_equal(ipl_rng_below(&rng, 1), 0);
        assert_true(ipl_rng_below(&rng, UINT32_MAX) < UINT32_MAX);
    }
}

static void a_shuffle_is_a_permutation(void **state)
{
    enum { N = 1000 };
    uint32_t index[N];
    bool seen[N] = {false};
    size_t fixed = 0;
    ipl_rng rng = ipl_rng_at(7, IPL_RNG_SHUFFLE, 0, 0);

    (void)state;
    for (uint32_t i = 0; i < N; i++)
        index[i] = i;
    ipl_rng_shuffle(&rng, index, N);
    for (size_t i = 0; i < N; i++) {
        assert_true(index[i] < N && !seen[index[i]]);
        seen[index[i]] = true;
        fixed += index[i] == i;
    }
    assert_true(fixed < 10); /* one is expected */
    ipl_rng_shuffle(&rng, index, 0);
    ipl_rng_shuffle(&rng, index, 1);
}

static void every_order_is_equally_likely(void **state)
{
    enum { N = 48000 };
    size_t count[3][3] = {{0}};

    (void)state;
    for (uint32_t i = 0; i < N; i++) {
        ipl_rng rng = ipl_rng_at(8, IPL_RNG_SHUFFLE, i, 0);
        uint32_t index[3] = {0, 1, 2};

        ipl_rng_shuffle(&rng, index, 3);
        count[index[0]][index[1]]++;
    }
    for (size_t a = 0; a < 3; a++)
        for (size_t b = 0; b < 3; b++)
            assert_close((double)count[a][b] / N, a == b ? 0.0 : 1.0 / 6.0,
                         5.0 * sqrt(5.0 / 36.0 / N));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_gives_its_published_vectors),
        cmocka_unit_test(a_stream_is_philox_of_its_name),
        cmocka_unit_test(streams_do_not_depend_on_each_other),
        cmocka_unit_test(every_part_of_a_name_changes_the_stream),
        cmocka_unit_test(unit_numbers_fill_zero_to_one_evenly),
        cmocka_unit_test(normal_numbers_have_the_moments_of_a_normal),
        cmocka_unit_test(below_is_unbiased_where_remainders_are_not),
        cmocka_unit_test(below_one_is_zero_and_below_most_is_any),
        cmocka_unit_test(a_shuffle_is_a_permutation),
        cmocka_unit_test(every_order_is_equally_likely),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
