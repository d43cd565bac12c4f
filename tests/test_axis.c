/* Axes of figures: what they show, where values are, and their tics. */
#include "test.h"

#include "run/axis.h"

#include <string.h>

static void an_axis_without_values_is_zero_to_one(void **state)
{
    const ipl_range none[] = {{HUGE_VAL, -HUGE_VAL}, {(double)NAN, (double)NAN}};
    ipl_axis axis;

    (void)state;
    for (int scale = IPL_SCALE_AUTO; scale <= IPL_SCALE_BREAK; scale++) {
        ipl_axis_fit(&axis, none, 2, (ipl_scale)scale);
        assert_close(ipl_axis_range(&axis).lo, 0.0, 0.0);
        assert_true(ipl_axis_range(&axis).hi >= 1.0);
    }
}

static void a_constant_gets_an_axis_around_it(void **state)
{
    static const double values[] = {0.0, 5.0, -3.0, 1e-12, 1e12};

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        for (int scale = IPL_SCALE_AUTO; scale <= IPL_SCALE_BREAK; scale++) {
            const ipl_range r = {values[i], values[i]};
            ipl_axis axis;

            ipl_axis_fit(&axis, &r, 1, (ipl_scale)scale);
            assert_true(ipl_axis_range(&axis).lo < ipl_axis_place(&axis, values[i]));
            assert_true(ipl_axis_range(&axis).hi > ipl_axis_place(&axis, values[i]));
        }
}

static void a_layer_far_above_the_others_gets_a_piece_of_its_own(void **state)
{
    const ipl_range layers[] = {{1228, 1348}, {18.3, 28.3}, {12.3, 17.6}, {0.8, 7.7}};
    ipl_axis axis;

    (void)state;
    ipl_axis_fit(&axis, layers, 4, IPL_SCALE_AUTO);
    assert_int_equal(axis.n, 2);
    assert_true(axis.piece[0].data.hi >= 28.3 && axis.piece[0].data.hi < 40.0);
    assert_true(axis.piece[1].data.lo > 1000.0 && axis.piece[1].data.lo <= 1228.0);
    ipl_axis_fit(&axis, layers, 4, IPL_SCALE_LINEAR);
    assert_int_equal(axis.n, 1);
    assert_false(axis.log);
    ipl_axis_fit(&axis, layers, 4, IPL_SCALE_LOG);
    assert_true(axis.log);
}

static void layers_that_spread_evenly_over_decades_get_a_logarithm(void **state)
{
    const ipl_range layers[] = {{1, 4}, {2, 12}, {8, 40}, {30, 200}, {100, 1000}};
    ipl_axis axis;

    (void)state;
    ipl_axis_fit(&axis, layers, 5, IPL_SCALE_AUTO);
    assert_true(axis.log);
    assert_close(ipl_axis_place(&axis, 100.0), 2.0, 1e-12);
}

static void places_keep_the_order_of_values_on_every_axis(void **state)
{
    const ipl_range layers[] = {{1228, 1348}, {18.3, 28.3}, {0, 7.7}};

    (void)state;
    for (int scale = IPL_SCALE_AUTO; scale <= IPL_SCALE_BREAK; scale++) {
        double last = -HUGE_VAL;
        ipl_axis axis;

        ipl_axis_fit(&axis, layers, 3, (ipl_scale)scale);
        for (int v = 0; v <= 2696; v++) {
            const double place = ipl_axis_place(&axis, 0.5 * v);

            assert_true(place >= last);
            last = place;
        }
        assert_true(isnan(ipl_axis_place(&axis, (double)NAN)));
        assert_true(ipl_axis_range(&axis).lo <= ipl_axis_place(&axis, 0.0));
        assert_true(ipl_axis_range(&axis).hi >= last);
    }
}

static void zero_has_a_place_before_the_first_epoch(void **state)
{
    const double epochs[] = {0.0, 0.25, 0.5, 1.0, 40.0};
    ipl_text tics = {0};
    ipl_axis axis;

    (void)state;
    ipl_axis_fit_epochs(&axis, epochs, 5);
    assert_true(ipl_axis_place(&axis, 0.0) < ipl_axis_place(&axis, 0.25) - 0.2);
    assert_close(ipl_axis_place(&axis, 10.0), 1.0, 1e-12);
    ipl_axis_print_tics(&tics, &axis, (ipl_tic_style){.inches = 2.0, .labels = true});
    assert_non_null(strstr(tics.s, "(\"0\" "));
    assert_non_null(strstr(tics.s, "\"1\" 0, "));
    assert_non_null(strstr(tics.s, "\"10\" 1"));
    assert_null(strstr(tics.s, "\"100\""));
    ipl_text_release(&tics);
    ipl_axis_fit_epochs(&axis, epochs, 1);
    assert_true(ipl_axis_range(&axis).hi > ipl_axis_place(&axis, 0.0));
}

static void few_epochs_are_labelled_as_whole_numbers_with_room_between(void **state)
{
    static const double epochs[] = {0.0, 1.0, 2.0, 3.0};
    ipl_text tics = {0};
    ipl_axis axis;

    (void)state;
    ipl_axis_fit_epochs(&axis, epochs, 4);
    ipl_axis_print_tics(&tics, &axis, (ipl_tic_style){.inches = 6.0, .labels = true});
    assert_non_null(strstr(tics.s, "\"2\" "));
    assert_non_null(strstr(tics.s, "\"3\" "));
    assert_null(strstr(tics.s, ".5\""));
    ipl_text_release(&tics);
    ipl_axis_print_tics(&tics, &axis, (ipl_tic_style){.inches = 0.6, .labels = true});
    assert_null(strstr(tics.s, "\"3\" ")); /* it would touch the 2 */
    ipl_text_release(&tics);
}

static size_t count(const char *text, const char *word)
{
    size_t n = 0;

    for (const char *s = strstr(text, word); s; s = strstr(s + 1, word))
        n++;
    return n;
}

static void every_axis_has_a_labelled_tic_and_none_overlap(void **state)
{
    static const ipl_range ranges[] = {{0, 1},        {0, 0},           {1228, 1348},
                                       {1e-9, 2e-9},  {-5, 7},          {123456, 123457},
                                       {0.98, 0.981}, {1e12, 1.0001e12}};

    (void)state;
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        for (int scale = IPL_SCALE_AUTO; scale <= IPL_SCALE_LOG; scale++) {
            const double inches = 1.0;
            ipl_text tics = {0};
            ipl_axis axis;
            size_t labels;

            ipl_axis_fit(&axis, &ranges[i], 1, (ipl_scale)scale);
            ipl_axis_print_tics(&tics, &axis,
                                (ipl_tic_style){.inches = inches, .labels = true});
            labels = count(tics.s, "\"") / 2 - count(tics.s, "\"\"");
            assert_true(labels >= 1);
            assert_true((double)labels * 0.15 <= inches || labels <= 2);
            ipl_text_release(&tics);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_axis_without_values_is_zero_to_one),
        cmocka_unit_test(a_constant_gets_an_axis_around_it),
        cmocka_unit_test(a_layer_far_above_the_others_gets_a_piece_of_its_own),
        cmocka_unit_test(layers_that_spread_evenly_over_decades_get_a_logarithm),
        cmocka_unit_test(places_keep_the_order_of_values_on_every_axis),
        cmocka_unit_test(zero_has_a_place_before_the_first_epoch),
        cmocka_unit_test(few_epochs_are_labelled_as_whole_numbers_with_room_between),
        cmocka_unit_test(every_axis_has_a_labelled_tic_and_none_overlap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
