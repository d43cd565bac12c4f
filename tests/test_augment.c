#include "test.h"

#include "base/rng.h"
#include "data/augment.h"

#include <string.h>

enum { C = 2, H = 5, W = 7, D = C * H * W, DRAWS = 4000 };

static const ipl_shape shape = {C, H, W};

/* Every number another one, none of them 0. */
static void make_image(float *x)
{
    for (size_t k = 0; k < D; k++)
        x[k] = (float)(k + 1);
}

/* The definition: pad, cut out, mirror. */
static void crop_and_flip(float *to, const float *from, const float *edge, size_t padding,
                          size_t top, size_t left, bool mirrored)
{
    for (size_t c = 0; c < C; c++)
        for (size_t i = 0; i < H; i++)
            for (size_t j = 0; j < W; j++) {
                const size_t y = i + top, x = j + left, at = (c * H + i) * W;
                const bool inside =
                    y >= padding && y < H + padding && x >= padding && x < W + padding;
                const float v = inside ? from[(c * H + y - padding) * W + x - padding]
                                : edge ? edge[at + j]
                                       : 0.0f;

                to[at + (mirrored ? W - 1 - j : j)] = v;
            }
}

/* Draw by its definition and compare, for many samples. */
static void check_draws(const ipl_augment_opts *opts)
{
    float image[D], want[D], got[D];

    make_image(image);
    for (uint32_t s = 0; s < 500; s++) {
        ipl_rng rng = ipl_rng_at(7, IPL_RNG_AUGMENT, 3, s);
        const bool mirrored = (ipl_rng_bits(&rng) & 1) != 0 && opts->flip;
        const size_t top = opts->crop ? ipl_rng_below(&rng, 2 * opts->crop + 1) : 0;
        const size_t left = opts->crop ? ipl_rng_below(&rng, 2 * opts->crop + 1) : 0;

        crop_and_flip(want, image, opts->edge, opts->crop, top, left, mirrored);
        memcpy(got, image, sizeof got);
        ipl_augment(got, shape, opts, 7, 3, s);
        assert_memory_equal(got, want, sizeof got);
    }
}

static void an_image_is_padded_cut_out_and_mirrored(void **state)
{
    (void)state;
    for (size_t crop = 0; crop < H; crop++)
        for (int flip = 0; flip < 2; flip++)
            check_draws(&(ipl_augment_opts){.crop = crop, .flip = flip != 0});
}

static void a_crop_sees_the_given_edge_outside_the_image(void **state)
{
    float edge[D];

    (void)state;
    for (size_t k = 0; k < D; k++)
        edge[k] = -(float)(k + 1);
    check_draws(&(ipl_augment_opts){.crop = 4, .flip = true, .edge = edge});
}

static void the_same_seed_epoch_and_sample_give_the_same_image(void **state)
{
    const ipl_augment_opts opts = {.crop = 2, .flip = true};
    float a[D], b[D];

    (void)state;
    for (uint32_t s = 0; s < 50; s++) {
        make_image(a);
        ipl_augment(a, shape, &opts, 1, 2, s);
        make_image(b);
        ipl_augment(b, shape, &opts, 1, 2, s);
        assert_memory_equal(a, b, sizeof a);
    }
}

static bool same(const float *a, const float *b)
{
    for (size_t k = 0; k < D; k++)
        if (a[k] != b[k])
            return false;
    return true;
}

/* How many of 200 samples come out the same with other names of the draw. */
static size_t count_equal(uint64_t seed, uint32_t epoch, uint32_t offset)
{
    const ipl_augment_opts opts = {.crop = 4, .flip = true};
    size_t equal = 0;

    for (uint32_t s = 0; s < 200; s++) {
        float a[D], b[D];

        make_image(a);
        make_image(b);
        ipl_augment(a, shape, &opts, 1, 1, s);
        ipl_augment(b, shape, &opts, seed, epoch, s + offset);
        equal += same(a, b);
    }
    return equal;
}

/* Two draws agree with probability 1 / (9 * 9 * 2). */
static void seed_epoch_and_sample_each_change_the_draw(void **state)
{
    (void)state;
    assert_int_equal(count_equal(1, 1, 0), 200);
    assert_true(count_equal(2, 1, 0) < 10);
    assert_true(count_equal(1, 2, 0) < 10);
    assert_true(count_equal(1, 1, 1) < 10);
}

static void the_draw_is_uniform(void **state)
{
    enum { CROP = 1, PLACES = 9, OUTCOMES = 2 * PLACES };
    const ipl_augment_opts opts = {.crop = CROP, .flip = true};
    size_t count[OUTCOMES] = {0};
    double chi2 = 0.0;

    (void)state;
    for (uint32_t s = 0; s < DRAWS; s++) {
        float x[D];
        int middle, dy, dx;

        /* The middle pixel of the middle row tells the place, its neighbour the mirror. */
        make_image(x);
        ipl_augment(x, shape, &opts, 5, 0, s);
        middle = (int)x[2 * W + 3] - 1;
        dy = middle / W - 2;
        dx = middle % W - 3;
        assert_within(dy + CROP, 0, 2 * CROP);
        assert_within(dx + CROP, 0, 2 * CROP);
        count[(x[2 * W + 4] < x[2 * W + 3] ? PLACES : 0) + (dy + CROP) * 3 + dx + CROP]++;
    }
    for (size_t k = 0; k < OUTCOMES; k++) {
        const double want = (double)DRAWS / OUTCOMES, d = (double)count[k] - want;

        chi2 += d * d / want;
    }
    assert_true(chi2 < 40.8); /* 17 degrees of freedom, 0.1 % */
}

static void whether_an_image_is_mirrored_does_not_depend_on_the_crop(void **state)
{
    (void)state;
    for (uint32_t s = 0; s < 100; s++) {
        float a[D], b[D];

        make_image(a);
        make_image(b);
        ipl_augment(a, shape, &(ipl_augment_opts){.flip = true}, 1, 1, s);
        ipl_augment(b, shape, &(ipl_augment_opts){.crop = 1, .flip = true}, 1, 1, s);
        assert_int_equal(a[2 * W + 3] > a[2 * W + 4], b[2 * W + 3] > b[2 * W + 4]);
    }
}

static void nothing_is_done_without_an_option(void **state)
{
    const ipl_augment_opts none = {0};
    float a[D], b[D];

    (void)state;
    make_image(a);
    make_image(b);
    ipl_augment(a, shape, &none, 1, 1, 1);
    assert_memory_equal(a, b, sizeof a);
    assert_false(ipl_augment_on(&none));
    assert_int_equal(ipl_augment_check(&none, (ipl_shape){12, 1, 1}, NULL), IPL_OK);
}

static void samples_that_are_no_images_are_refused(void **state)
{
    const ipl_augment_opts crop = {.crop = 1}, flip = {.flip = true};
    ipl_error err = {0};

    (void)state;
    assert_int_equal(ipl_augment_check(&crop, (ipl_shape){12, 1, 1}, &err), IPL_E_SHAPE);
    assert_non_null(strstr(err.msg, "12 x 1 x 1"));
    assert_int_equal(ipl_augment_check(&flip, (ipl_shape){12, 1, 1}, &err), IPL_E_SHAPE);
    assert_non_null(strstr(err.msg, "flip"));
}

static void a_crop_that_could_miss_the_image_is_refused(void **state)
{
    ipl_error err = {0};

    (void)state;
    assert_int_equal(ipl_augment_check(&(ipl_augment_opts){.crop = H - 1}, shape, NULL),
                     IPL_OK);
    assert_int_equal(ipl_augment_check(&(ipl_augment_opts){.crop = H}, shape, &err),
                     IPL_E_SHAPE);
    assert_non_null(strstr(err.msg, "5 x 7"));
}

static void the_option_rows_set_the_fields(void **state)
{
    typedef struct args {
        size_t crop;
        bool flip;
    } args;
    static const ipl_opt rows[] = {IPL_AUGMENT_OPT_ROWS(args), IPL_OPT_END};
    args a = {9, true};

    (void)state;
    ipl_opt_init(&a, rows);
    assert_int_equal(a.crop, 0);
    assert_false(a.flip);
    assert_int_equal(ipl_opt_parse(&a, rows, "crop=4,flip=yes", NULL), IPL_OK);
    assert_int_equal(a.crop, 4);
    assert_true(a.flip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_image_is_padded_cut_out_and_mirrored),
        cmocka_unit_test(a_crop_sees_the_given_edge_outside_the_image),
        cmocka_unit_test(the_same_seed_epoch_and_sample_give_the_same_image),
        cmocka_unit_test(seed_epoch_and_sample_each_change_the_draw),
        cmocka_unit_test(the_draw_is_uniform),
        cmocka_unit_test(whether_an_image_is_mirrored_does_not_depend_on_the_crop),
        cmocka_unit_test(nothing_is_done_without_an_option),
        cmocka_unit_test(samples_that_are_no_images_are_refused),
        cmocka_unit_test(a_crop_that_could_miss_the_image_is_refused),
        cmocka_unit_test(the_option_rows_set_the_fields),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
