/* Columns of text on a terminal, and labels that tell names apart. */
#include "test.h"

#include "base/text.h"
#include "base/text_columns.h"
#include "run/text_canvas.h"

#include <string.h>

static void columns_are_those_of_a_terminal(void **state)
{
    static const struct {
        const char *text;
        size_t columns;
    } cases[] = {
        {"", 0},
        {"ape", 3},
        {"\xC3\xA9t\xC3\xA9", 3},   /* e with acute, one character */
        {"e\xCC\x81te\xCC\x81", 3}, /* e and a combining acute */
        {"gr\xC3\xB6\xC3\x9F"
         "e",
         5},                                         /* groesse in German */
        {"\xE7\x8C\xAB\xE7\x8A\xAC", 4},             /* cat and dog in Chinese */
        {"\xEF\xBC\xA1", 2},                         /* full-width A */
        {"\xEF\xBD\xB1", 1},                         /* half-width katakana */
        {"\xED\x95\x9C", 2},                         /* a Hangul syllable */
        {"\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB", 2}, /* the same of three jamo */
        {"\xF0\x9F\x90\xB1", 2},                     /* cat face */
        {"a\xE2\x80\x8B"
         "b",
         2},                            /* zero width space */
        {"\xCE\xB2 = \xE2\x88\x9E", 5}, /* beta = infinity */
        {"\xFF\xFE", 8},                /* no UTF-8: two escapes */
        {"a\xC3", 5},                   /* cut inside of a character */
        {"\033[1m", 7},                 /* an escape and three characters */
    };

    const char mark[] = {(char)0xE2, (char)0x80, (char)0xAE,
                         '\0'}; /* turns the direction */

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(ipl_columns(cases[i].text), cases[i].columns);
    assert_int_equal(ipl_columns(mark), 6);
    assert_int_equal(ipl_columns_left("\xC3\xA9t\xC3\xA9", 12), 9);
    assert_int_equal(ipl_columns_left("longer than that", 12), 0);
}

static void a_text_is_cut_in_its_middle_between_characters(void **state)
{
    ipl_label out;

    (void)state;
    ipl_columns_cut(out, "abcdefg", 7);
    assert_string_equal(out, "abcdefg");
    ipl_columns_cut(out, "abcdefgh", 7);
    assert_string_equal(out, "abc\xE2\x80\xA6"
                             "fgh");
    ipl_columns_cut(out, "\xE7\x8C\xAB\xE7\x8A\xAC\xE7\x8C\xAB\xE7\x8A\xAC", 6);
    assert_int_equal(ipl_columns(out), 5); /* a wide one does not fit into half a column */
    ipl_columns_cut(out, "xe\xCC\x81 in the middle e\xCC\x81y", 5);
    assert_int_equal(ipl_columns(out), 5);
    assert_null(strstr(out, "\xE2\x80\xA6\xCC\x81"));
}

/* Whether what is kept of a name, in order, is found in another name too. */
static bool is_short_of(const char *label, const char *name)
{
    while (*label != '\0') {
        if (strncmp(label, "\xE2\x80\xA6", 3) == 0) {
            label += 3;
            continue;
        }
        name = strchr(name, *label);
        if (!name)
            return false;
        name++;
        label++;
    }
    return true;
}

static void labels_tell_names_apart(void **state)
{
    static const char *const sets[][6] = {
        {"encoder.layer_one.q_proj", "encoder.layer_one.k_proj",
         "encoder.layer_one.v_proj"},
        {"block1_convolution", "block2_convolution", "block3_convolution"},
        {"a_long_beginning_x_a_long_end", "a_long_beginning_y_a_long_end",
         "a_long_beginning_z_a_long_end"},
        {"model.layers.0.attn.q.out", "model.layers.0.attn.k.out",
         "model.layers.1.attn.q.out", "model.layers.1.attn.k.out"},
        {"fc1", "fc2", "a very long name of a layer", "a very long name of another"},
        {"\xC3\xA9tape premi\xC3\xA8re couche une", "\xC3\xA9tape seconde couche une"},
    };

    (void)state;
    for (size_t s = 0; s < sizeof sets / sizeof sets[0]; s++)
        for (size_t columns = 7; columns < 32; columns++) {
            ipl_label labels[6];
            size_t n = 0;

            while (n < 6 && sets[s][n])
                n++;
            ipl_columns_cut_all(labels, sets[s], n, columns);
            for (size_t i = 0; i < n; i++) {
                assert_true(ipl_columns(labels[i]) <= columns);
                assert_true(is_short_of(labels[i], sets[s][i]));
                for (size_t k = 0; k < n; k++)
                    if (k != i)
                        assert_string_not_equal(labels[i], labels[k]);
                if (ipl_columns(sets[s][i]) <= columns)
                    assert_string_equal(labels[i], sets[s][i]);
            }
        }
}

/* Where nothing that fits tells them apart, numbers do; equal names stay equal. */
static void at_last_names_are_numbered(void **state)
{
    static const char *const names[] = {
        "onelongwordabcdefXghijkAlmnop", "onelongwordabcdefYghijkAlmnop",
        "onelongwordabcdefXghijkBlmnop", "onelongwordabcdefYghijkBlmnop"};
    static const char *const equal[] = {"the very same name", "the very same name"};
    ipl_label labels[4];

    (void)state;
    ipl_columns_cut_all(labels, names, 4, 5);
    assert_string_equal(labels[2], "3\xE2\x80\xA6nop");
    ipl_columns_cut_all(labels, equal, 2, 9);
    assert_string_equal(labels[0], labels[1]);
    assert_string_equal(labels[0], "the \xE2\x80\xA6name");
}

static void a_drawing_counts_columns_too(void **state)
{
    ipl_text_canvas canvas;
    ipl_text out = {0};

    (void)state;
    assert_int_equal(ipl_text_canvas_init(&canvas, 8, 1, true, 0, NULL), IPL_OK);
    ipl_text_canvas_write(&canvas, 0, 0,
                          "\xE7\x8C\xAB"
                          "e\xCC\x81|",
                          0);
    ipl_text_canvas_print(&out, &canvas);
    assert_string_equal(out.s, "\xE7\x8C\xAB"
                               "e\xCC\x81|\n");
    assert_int_equal(ipl_columns(out.s) - ipl_columns("\n"), 4);
    ipl_text_canvas_write(&canvas, 1, 0, "x", 0); /* over the second half */
    ipl_text_clear(&out);
    ipl_text_canvas_print(&out, &canvas);
    assert_string_equal(out.s, " xe\xCC\x81|\n");
    ipl_text_canvas_write(&canvas, 7, 0, "\xE7\x8C\xAB", 0); /* no room for it */
    ipl_text_clear(&out);
    ipl_text_canvas_print(&out, &canvas);
    assert_string_equal(out.s, " xe\xCC\x81|\n");
    ipl_text_release(&out);
    ipl_text_canvas_release(&canvas);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_those_of_a_terminal),
        cmocka_unit_test(a_text_is_cut_in_its_middle_between_characters),
        cmocka_unit_test(labels_tell_names_apart),
        cmocka_unit_test(at_last_names_are_numbered),
        cmocka_unit_test(a_drawing_counts_columns_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
