#include "scratch.h"

#include "base/alloc.h"
#include "data/png.h"
#include "run/glyphs.h"
#include "run/picture.h"

enum { SIDE = 40 };

static const uint32_t white = 0xffffff, ink = 0x102030;

/* Colour of a pixel. */
static uint32_t at(const ipl_canvas *c, size_t y, size_t x)
{
    const uint8_t *p = c->pixels + (y * c->width + x) * 3;

    assert_true(y < c->height && x < c->width);
    return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static size_t count_colour(const ipl_canvas *c, uint32_t colour)
{
    size_t n = 0;

    for (size_t y = 0; y < c->height; y++)
        for (size_t x = 0; x < c->width; x++)
            n += at(c, y, x) == colour;
    return n;
}

static ipl_canvas blank(size_t height, size_t width)
{
    ipl_canvas c;

    assert_int_equal(ipl_canvas_init(&c, height, width, white, NULL), IPL_OK);
    return c;
}

/* ---- canvas ---- */

static void a_rectangle_is_filled_and_cut_off_at_the_edge(void **state)
{
    ipl_canvas c = blank(SIDE, SIDE);

    (void)state;
    ipl_canvas_fill(&c, 2, 3, 4, 5, ink);
    assert_int_equal(count_colour(&c, ink), 20);
    assert_int_equal(at(&c, 2, 3), ink);
    assert_int_equal(at(&c, 5, 7), ink);
    assert_int_equal(at(&c, 6, 7), white);
    ipl_canvas_fill(&c, SIDE - 1, SIDE - 2, 10, 10, ink);
    ipl_canvas_fill(&c, SIDE + 5, 0, 10, 10, ink);
    assert_int_equal(count_colour(&c, ink), 22);
    ipl_canvas_release(&c);
}

static void an_image_is_enlarged_without_blur(void **state)
{
    static const float x[] = {0.0f, 0.2f, 0.4f, 0.6f, 0.8f, 1.0f};
    static const uint32_t grey[] = {0x000000, 0x333333, 0x666666,
                                    0x999999, 0xcccccc, 0xffffff};
    ipl_canvas c = blank(SIDE, SIDE);

    (void)state;
    ipl_canvas_blit(&c, 1, 2, 5, x, (ipl_shape){1, 2, 3}, 0.0, 1.0);
    for (size_t i = 0; i < 10; i++)
        for (size_t j = 0; j < 15; j++)
            assert_int_equal(at(&c, 1 + i, 2 + j), grey[i / 5 * 3 + j / 5]);
    assert_int_equal(at(&c, 11, 2), white);
    assert_int_equal(at(&c, 1, 17), white);
    ipl_canvas_release(&c);
}

static void three_channels_are_red_green_and_blue(void **state)
{
    static const float x[] = {1.0f, 0.0f, 0.0f, 1.0f, 0.0f, 0.2f};
    ipl_canvas c = blank(1, 2);

    (void)state;
    ipl_canvas_blit(&c, 0, 0, 1, x, (ipl_shape){3, 1, 2}, 0.0, 1.0);
    assert_int_equal(at(&c, 0, 0), 0xff0000);
    assert_int_equal(at(&c, 0, 1), 0x00ff33);
    ipl_canvas_release(&c);
}

static void values_outside_the_range_are_cut_off_and_nan_is_red(void **state)
{
    static const float x[] = {-5.0f, 7.0f, INFINITY, -INFINITY, NAN};
    ipl_canvas c = blank(1, 5);

    (void)state;
    ipl_canvas_blit(&c, 0, 0, 1, x, (ipl_shape){1, 1, 5}, 0.0, 1.0);
    assert_int_equal(at(&c, 0, 0), 0x000000);
    assert_int_equal(at(&c, 0, 1), white);
    assert_int_equal(at(&c, 0, 2), white);
    assert_int_equal(at(&c, 0, 3), 0x000000);
    assert_int_equal(at(&c, 0, 4), 0xd01010);
    ipl_canvas_blit(&c, 0, 0, 1, x, (ipl_shape){1, 1, 5}, 0.0, (double)INFINITY);
    ipl_canvas_blit(&c, 0, 0, 1, x, (ipl_shape){1, 1, 5}, 2.0, 2.0);
    assert_int_equal(at(&c, 0, 0), 0x808080);
    ipl_canvas_release(&c);
}

static void text_that_runs_up_is_text_turned_by_a_quarter(void **state)
{
    ipl_canvas right = blank(SIDE, SIDE), up = blank(SIDE, SIDE);

    (void)state;
    ipl_canvas_text(&right, 0, 0, "Rg7", 2, ink, IPL_TEXT_RIGHT);
    ipl_canvas_text(&up, SIDE, 0, "Rg7", 2, ink, IPL_TEXT_UP);
    assert_true(count_colour(&right, ink) > 100);
    for (size_t y = 0; y < SIDE; y++)
        for (size_t x = 0; x < SIDE; x++)
            assert_int_equal(at(&right, y, x), at(&up, SIDE - 1 - x, y));
    ipl_canvas_release(&up);
    ipl_canvas_release(&right);
}

static void text_is_cut_off_at_every_edge(void **state)
{
    ipl_canvas c = blank(5, 5);

    (void)state;
    ipl_canvas_text(&c, 3, 2, "WWWWW", 2, ink, IPL_TEXT_RIGHT);
    ipl_canvas_text(&c, 3, 2, "WWWWW", 2, ink, IPL_TEXT_UP);
    ipl_canvas_text(&c, 100, 100, "W", 1, ink, IPL_TEXT_RIGHT);
    ipl_canvas_text(&c, 0, 100, "W", 1, ink, IPL_TEXT_UP);
    ipl_canvas_release(&c);
}

static void every_letter_and_digit_looks_different(void **state)
{
    static const char letters[] = " 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqr"
                                  "stuvwxyz.,:;%-+=_/()<>'&?";

    (void)state;
    for (const char *a = letters; *a != '\0'; a++)
        for (const char *b = a + 1; *b != '\0'; b++)
            if (memcmp(ipl_glyph(*a), ipl_glyph(*b), IPL_GLYPH_H) == 0)
                fail_msg("'%c' looks like '%c'", *a, *b);
    assert_ptr_equal(ipl_glyph('\x01'), ipl_glyph('?'));
}

static void a_letter_of_several_bytes_takes_one_place(void **state)
{
    (void)state;
    assert_int_equal(ipl_canvas_text_width("Z\xc3\xbcrich", 1),
                     ipl_canvas_text_width("Zurich", 1));
}

static void a_canvas_is_written_as_it_is(void **state)
{
    const char *path = scratch_path(state, "c.png");
    ipl_canvas c = blank(7, 9);
    ipl_picture p;

    ipl_canvas_fill(&c, 1, 2, 3, 4, ink);
    assert_int_equal(ipl_canvas_write(&c, path, NULL), IPL_OK);
    assert_int_equal(ipl_png_read(&p, path, NULL), IPL_OK);
    assert_int_equal(p.height, 7);
    assert_int_equal(p.width, 9);
    assert_int_equal(p.channels, 3);
    assert_memory_equal(p.pixels, c.pixels, (size_t)7 * 9 * 3);
    ipl_picture_release(&p);
    ipl_canvas_release(&c);
}

static void a_canvas_larger_than_a_png_is_refused(void **state)
{
    ipl_canvas c;

    (void)state;
    assert_int_equal(ipl_canvas_init(&c, IPL_PNG_SIDE_MAX + 1, 1, 0, NULL), IPL_E_SHAPE);
    assert_int_equal(ipl_canvas_init(&c, 1, IPL_PNG_SIDE_MAX + 1, 0, NULL), IPL_E_SHAPE);
    assert_int_equal(ipl_canvas_init(&c, 0, 1, 0, NULL), IPL_E_SHAPE);
    assert_null(c.pixels);
}

/* ---- filters ---- */

/* Filters k = 0, 1, ... of numbers between -k and k + 1, both taken. */
static void make_filters(float *w, size_t n, size_t d)
{
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < d; i++)
            w[k * d + i] =
                (float)(2 * k + 1) * (float)(i * 7 % d) / (float)(d - 1) - (float)k;
}

static void every_filter_has_its_own_range(void **state)
{
    static float w[4 * 25];
    ipl_canvas c;

    (void)state;
    make_filters(w, 4, 25);
    assert_int_equal(ipl_picture_filters(&c, "", w, 4, (ipl_shape){1, 5, 5}, NULL), IPL_OK);
    /* Each of 4 filters has one black pixel, drawn as a square of 64 / 5 = 12. */
    assert_int_equal(count_colour(&c, 0x000000), 4 * 12 * 12);
    ipl_canvas_release(&c);
}

static void at_most_64_filters_are_drawn(void **state)
{
    static float w[70 * 25];
    ipl_canvas all, most;

    (void)state;
    make_filters(w, 70, 25);
    assert_int_equal(ipl_picture_filters(&all, "", w, 70, (ipl_shape){1, 5, 5}, NULL),
                     IPL_OK);
    assert_int_equal(ipl_picture_filters(&most, "", w, 64, (ipl_shape){1, 5, 5}, NULL),
                     IPL_OK);
    assert_int_equal(all.height, most.height);
    assert_int_equal(count_colour(&all, 0x000000), 64 * 12 * 12);
    ipl_canvas_release(&most);
    ipl_canvas_release(&all);
}

static void filters_of_other_channels_are_rows_of_maps(void **state)
{
    static float w[2 * 4 * 9];
    ipl_canvas c;

    (void)state;
    make_filters(w, 2, 36);
    assert_int_equal(ipl_picture_filters(&c, "", w, 2, (ipl_shape){4, 3, 3}, NULL), IPL_OK);
    assert_int_equal(count_colour(&c, 0x000000), 2 * 21 * 21);
    ipl_canvas_release(&c);
}

static void no_filters_cannot_be_drawn(void **state)
{
    const float w[1] = {0.0f};
    ipl_canvas c;

    (void)state;
    assert_int_equal(ipl_picture_filters(&c, "", w, 0, (ipl_shape){1, 5, 5}, NULL),
                     IPL_E_SHAPE);
    assert_null(c.pixels);
}

/* ---- features ---- */

static void feature_maps_share_the_range_of_their_layer(void **state)
{
    /* The first map is at half of the range all over, the second has both ends. */
    static const float maps[] = {0.5f, 0.5f, 0.5f, 0.5f, 0.0f, 1.0f, 0.5f, 0.5f};
    static const float image[] = {0.0f, 1.0f, 1.0f, 1.0f};
    const ipl_feature input = {"input", {1, 2, 2}, image};
    const ipl_feature layer = {"conv1", {2, 2, 2}, maps};
    ipl_canvas c;

    (void)state;
    assert_int_equal(ipl_picture_features(&c, "", &input, &layer, 1, NULL), IPL_OK);
    assert_int_equal(count_colour(&c, 0x000000), 32 * 32 + 80 * 80);
    assert_int_equal(count_colour(&c, 0x808080), 6 * 32 * 32);
    ipl_canvas_release(&c);
}

static void every_unit_of_a_layer_is_a_square(void **state)
{
    static const size_t units[] = {1, 10, 100, 1024, 4096};
    static const float image[] = {0.5f, 0.5f, 0.5f, 0.5f};
    const ipl_feature input = {"input", {1, 2, 2}, image};
    static float x[4096];

    (void)state;
    for (size_t u = 0; u < 5; u++) {
        const ipl_feature layer = {"fc1", {units[u], 1, 1}, x};
        size_t black, side = 32, line = 1;
        ipl_canvas c;

        for (size_t i = 0; i < units[u]; i++)
            x[i] = i == 0 ? 1.0f : 0.0f;
        assert_int_equal(ipl_picture_features(&c, "", &input, &layer, 1, NULL), IPL_OK);
        black = count_colour(&c, 0x000000);
        if (units[u] > 1) {
            while (side > 1 && black != (units[u] - 1) * (side - line) * (side - line)) {
                side--;
                line = side >= 6;
            }
            assert_true(side > 1);
        }
        ipl_canvas_release(&c);
    }
}

static void at_most_16_maps_of_a_layer_are_drawn(void **state)
{
    static const float image[] = {0.5f, 0.5f, 0.5f, 0.5f};
    const ipl_feature input = {"input", {1, 2, 2}, image};
    static float x[20 * 4];
    const ipl_feature few = {"conv1", {16, 2, 2}, x}, many = {"conv1", {20, 2, 2}, x};
    ipl_canvas a, b;

    (void)state;
    assert_int_equal(ipl_picture_features(&a, "", &input, &few, 1, NULL), IPL_OK);
    assert_int_equal(ipl_picture_features(&b, "", &input, &many, 1, NULL), IPL_OK);
    assert_int_equal(a.width, b.width);
    assert_int_equal(a.height, b.height);
    ipl_canvas_release(&b);
    ipl_canvas_release(&a);
}

static void no_layers_cannot_be_drawn(void **state)
{
    static const float image[] = {0.0f, 1.0f, 1.0f, 1.0f};
    const ipl_feature input = {"input", {1, 2, 2}, image};
    ipl_canvas c;

    (void)state;
    assert_int_equal(ipl_picture_features(&c, "", &input, NULL, 0, NULL), IPL_E_SHAPE);
}

/* ---- confusion ---- */

/* Shade of a cell of a 2 x 2 matrix, whose cells of 40 pixels end at the lower margin. */
static uint32_t cell(const ipl_canvas *c, size_t row, size_t col)
{
    enum { MARGIN = 12, CELL = 40, ROOM = 2 * CELL + 1, LEFT = MARGIN + 16 + 6 + 18 };

    return at(c, c->height - MARGIN - ROOM + row * CELL + 3, LEFT + col * CELL + 3);
}

static void right_answers_are_blue_and_wrong_ones_red(void **state)
{
    static const size_t count[] = {6, 2, 0, 8};
    ipl_canvas c;
    uint32_t right, wrong;

    (void)state;
    assert_int_equal(ipl_picture_confusion(&c, "", count, 2, NULL, NULL), IPL_OK);
    right = cell(&c, 0, 0);
    wrong = cell(&c, 0, 1);
    assert_true((right & 0xff) > right >> 16);
    assert_true(wrong >> 16 > (wrong & 0xff));
    assert_int_equal(cell(&c, 1, 0), white);
    assert_int_equal(cell(&c, 1, 1), 0x08306b);
    ipl_canvas_release(&c);
}

static void shades_are_shares_of_a_row(void **state)
{
    static const size_t count[] = {1, 3, 30, 10};
    ipl_canvas c;

    (void)state;
    assert_int_equal(ipl_picture_confusion(&c, "", count, 2, NULL, NULL), IPL_OK);
    assert_int_equal(cell(&c, 0, 0), cell(&c, 1, 1));
    assert_int_equal(cell(&c, 0, 1), cell(&c, 1, 0));
    ipl_canvas_release(&c);
}

static void many_classes_are_drawn_without_numbers(void **state)
{
    static size_t count[200 * 200];
    ipl_canvas c;

    (void)state;
    for (size_t k = 0; k < 200; k++)
        count[k * 200 + k] = 1000000;
    assert_int_equal(ipl_picture_confusion(&c, "", count, 200, NULL, NULL), IPL_OK);
    assert_int_equal(count_colour(&c, 0x08306b), 200 * 4 * 4);
    ipl_canvas_release(&c);
}

static void a_confusion_of_no_or_too_many_classes_is_refused(void **state)
{
    static const size_t count[1] = {0};
    ipl_canvas c;

    (void)state;
    assert_int_equal(ipl_picture_confusion(&c, "", count, 0, NULL, NULL), IPL_E_SHAPE);
    assert_int_equal(
        ipl_picture_confusion(&c, "", count, IPL_CONFUSION_MAX + 1, NULL, NULL),
        IPL_E_SHAPE);
    assert_int_equal(ipl_picture_confusion(&c, "", count, 1, NULL, NULL), IPL_OK);
    ipl_canvas_release(&c);
}

/* ---- most wrong ---- */

static void samples_stand_in_their_order(void **state)
{
    static const float x[3][4] = {
        {0.2f, 0.2f, 0.2f, 0.2f}, {0.4f, 0.4f, 0.4f, 0.4f}, {0.6f, 0.6f, 0.6f, 0.6f}};
    static const char *const names[] = {"a very long name of a class", "dog"};
    ipl_wrong wrong[3];
    ipl_canvas c;

    (void)state;
    for (size_t i = 0; i < 3; i++)
        wrong[i] = (ipl_wrong){x[i], 0, (int32_t)(i % 2), 3.0 - (double)i};
    assert_int_equal(
        ipl_picture_wrong(&c, "", wrong, 3, (ipl_shape){1, 2, 2}, 0.0, 1.0, names, NULL),
        IPL_OK);
    /* From left to right each grey begins after the one before. */
    {
        static const uint32_t grey[] = {0x333333, 0x666666, 0x999999};
        size_t found = 0;

        for (size_t col = 0; col < c.width && found < 3; col++)
            found += at(&c, 60, col) == grey[found];
        assert_int_equal(found, 3);
        assert_int_equal(count_colour(&c, grey[0]), 128 * 128);
    }
    ipl_canvas_release(&c);
}

static void an_empty_range_is_that_of_each_sample(void **state)
{
    static const float x[] = {5.0f, 9.0f, 7.0f, 7.0f};
    const ipl_wrong wrong = {x, 1, 0, 1.0};
    ipl_canvas c;

    (void)state;
    assert_int_equal(
        ipl_picture_wrong(&c, "", &wrong, 1, (ipl_shape){1, 2, 2}, 0.0, 0.0, NULL, NULL),
        IPL_OK);
    assert_int_equal(count_colour(&c, 0x000000), 64 * 64);
    assert_int_equal(count_colour(&c, 0x808080), 2 * 64 * 64);
    ipl_canvas_release(&c);
}

static void no_samples_cannot_be_drawn(void **state)
{
    ipl_canvas c;

    (void)state;
    assert_int_equal(
        ipl_picture_wrong(&c, "", NULL, 0, (ipl_shape){1, 2, 2}, 0.0, 1.0, NULL, NULL),
        IPL_E_SHAPE);
}

/* ---- faults ---- */

static void a_failed_allocation_leaves_an_empty_canvas(void **state)
{
    static const float x[] = {0.0f, 1.0f, 1.0f, 1.0f};
    static const size_t count[] = {1};
    const ipl_shape shape = {1, 2, 2};
    const ipl_feature f = {"f", {1, 2, 2}, x};
    const ipl_wrong wrong = {x, 0, 0, 1.0};

    (void)state;
    for (int which = 0; which < 4; which++) {
        ipl_canvas c;
        ipl_status st;

        ipl_alloc_fail_after(0);
        st = which == 0   ? ipl_picture_filters(&c, "", x, 1, shape, NULL)
             : which == 1 ? ipl_picture_features(&c, "", &f, &f, 1, NULL)
             : which == 2
                 ? ipl_picture_confusion(&c, "", count, 1, NULL, NULL)
                 : ipl_picture_wrong(&c, "", &wrong, 1, shape, 0.0, 1.0, NULL, NULL);
        ipl_alloc_fail_after(-1);
        assert_int_equal(st, IPL_E_NOMEM);
        assert_null(c.pixels);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rectangle_is_filled_and_cut_off_at_the_edge),
        cmocka_unit_test(an_image_is_enlarged_without_blur),
        cmocka_unit_test(three_channels_are_red_green_and_blue),
        cmocka_unit_test(values_outside_the_range_are_cut_off_and_nan_is_red),
        cmocka_unit_test(text_that_runs_up_is_text_turned_by_a_quarter),
        cmocka_unit_test(text_is_cut_off_at_every_edge),
        cmocka_unit_test(every_letter_and_digit_looks_different),
        cmocka_unit_test(a_letter_of_several_bytes_takes_one_place),
        IN_SCRATCH(a_canvas_is_written_as_it_is),
        cmocka_unit_test(a_canvas_larger_than_a_png_is_refused),
        cmocka_unit_test(every_filter_has_its_own_range),
        cmocka_unit_test(at_most_64_filters_are_drawn),
        cmocka_unit_test(filters_of_other_channels_are_rows_of_maps),
        cmocka_unit_test(no_filters_cannot_be_drawn),
        cmocka_unit_test(feature_maps_share_the_range_of_their_layer),
        cmocka_unit_test(every_unit_of_a_layer_is_a_square),
        cmocka_unit_test(at_most_16_maps_of_a_layer_are_drawn),
        cmocka_unit_test(no_layers_cannot_be_drawn),
        cmocka_unit_test(right_answers_are_blue_and_wrong_ones_red),
        cmocka_unit_test(shades_are_shares_of_a_row),
        cmocka_unit_test(many_classes_are_drawn_without_numbers),
        cmocka_unit_test(a_confusion_of_no_or_too_many_classes_is_refused),
        cmocka_unit_test(samples_stand_in_their_order),
        cmocka_unit_test(an_empty_range_is_that_of_each_sample),
        cmocka_unit_test(no_samples_cannot_be_drawn),
        cmocka_unit_test(a_failed_allocation_leaves_an_empty_canvas),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
