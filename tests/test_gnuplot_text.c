/* Texts as gnuplot reads them. */
#include "test.h"

#include "run/figure.h"
#include "run/gnuplot.h"

#include <string.h>

static void any_text_is_a_string_of_gnuplot(void **state)
{
    static const struct {
        const char *text, *string;
    } cases[] = {
        {"", "''"},
        {"plain", "'plain'"},
        {"'90s", "''.\"\\047\".'90s'"},
        {"a''b", "'a'.\"\\047\".''.\"\\047\".'b'"},
        {"two\nlines", "'two'.\"\\n\".'lines'"},
        {"\\n `x` @y %s \"q\" #", "'\\n `x` @y %s \"q\" #'"},
        {"\033[1m\t\x7F", "' [1m  '"},
        {"\xC2\x9B", "' '"},                        /* a control character of two bytes */
        {"\xC3\xA9\xFF", "'\xC3\xA9\xEF\xBF\xBD'"}, /* what is not UTF-8 */
        {"\xEF\xBF\xBF", "'\xEF\xBF\xBD'"},         /* what XML does not allow */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ipl_text out = {0};

        ipl_gnuplot_add_string(&out, cases[i].text);
        assert_string_equal(out.s, cases[i].string);
        ipl_text_release(&out);
    }
}

static void a_field_is_one_that_gnuplot_reads(void **state)
{
    ipl_text out = {0};

    (void)state;
    ipl_gnuplot_add_field(&out, "plain");
    ipl_text_add(&out, "|");
    ipl_gnuplot_add_field(&out, "a, \"b\"\nc");
    assert_string_equal(out.s, "plain|\"a, 'b' c\"");
    ipl_text_release(&out);
}

/* Labels of points are read for escapes once more than other strings. */
static void backslashes_of_names_are_doubled(void **state)
{
    ipl_figure figure = {0};

    (void)state;
    assert_true(ipl_figure_add_text(&figure, "x\\n") == 1.0);
    assert_true(ipl_figure_add_text(&figure, "'") == 2.0);
    assert_string_equal(figure.texts.s, "TEXT[1] = 'x\\\\n'\nTEXT[2] = ''.\"\\047\".''\n");
    ipl_figure_release(&figure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_text_is_a_string_of_gnuplot),
        cmocka_unit_test(a_field_is_one_that_gnuplot_reads),
        cmocka_unit_test(backslashes_of_names_are_doubled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
