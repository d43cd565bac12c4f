/* Text from outside as a terminal may show it. */
#include "base/utf8.h"
#include "test.h"

#include <string.h>

/* NOLINTBEGIN(misc-misleading-bidirectional): that is what is tested */

/* What a terminal would get for a text from outside. */
static const struct {
    const char *in, *out;
} shown[] = {
    {"", ""},
    {"plain text, 100 % of it", "plain text, 100 % of it"},
    {"\033]0;title\007", "\\x1b]0;title\\x07"},
    {"\033[2J\r\b\f\v", "\\x1b[2J\\x0d\\x08\\x0c\\x0b"},
    {"\001\037\177", "\\x01\\x1f\\x7f"},
    {"\x9b"
     "31m",
     "\\x9b31m"}, /* C1 as a byte */
    {"\xC2\x9b"
     "31m\xC2\x80\xC2\x9f",
     "\\u009b31m\\u0080\\u009f"}, /* and as UTF-8 */
    {"\xC2\xA0\xC3\xA9\xE6\xBC\xA2\xF0\x9F\x98\x80",
     "\xC2\xA0\xC3\xA9\xE6\xBC\xA2\xF0\x9F\x98\x80"},
    {"\xE2\x80\xAE"
     "gnp.exe",
     "\\u202egnp.exe"},
    {"\xE2\x80\x8E\xE2\x80\x8F\xD8\x9C", "\\u200e\\u200f\\u061c"},
    {"\xE2\x81\xA6\xE2\x81\xA7\xE2\x81\xA8\xE2\x81\xA9", "\\u2066\\u2067\\u2068\\u2069"},
    {"\xE2\x80\xA8\xE2\x80\xA9", "\\u2028\\u2029"},
    {"\xEF\xBB\xBFkey", "\\ufeffkey"},
    {"\xFF\xFE\xC0\x80", "\\xff\\xfe\\xc0\\x80"}, /* no UTF-8, and too long */
    {"\xED\xA0\x80", "\\xed\\xa0\\x80"},          /* a surrogate */
    {"\xF4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, /* past the last character */
    {"cut \xE6\xBC", "cut \\xe6\\xbc"},
    {"back\\slash", "back\\slash"},
};

static void control_characters_become_visible(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        ipl_text text = {0};
        char line[128];

        ipl_text_add_visible(&text, shown[i].in);
        assert_string_equal(text.s ? text.s : "", shown[i].out);
        ipl_visible_line(line, sizeof line, shown[i].in);
        assert_string_equal(line, shown[i].out);
        ipl_text_clear(&text); /* what is visible stays as it is */
        ipl_text_add_visible(&text, shown[i].out);
        assert_string_equal(text.s ? text.s : "", shown[i].out);
        ipl_text_release(&text);
    }
}

static void every_byte_and_character_below_u_ffff_is_safe(void **state)
{
    (void)state;
    for (unsigned c = 1; c < 256; c++) {
        const char byte[2] = {(char)c, '\0'};
        char line[16];

        ipl_visible_line(line, sizeof line, byte);
        for (const char *s = line; *s != '\0'; s++)
            assert_within((unsigned char)*s, 0x20, 0x7E);
    }
    for (unsigned c = 0x80; c < 0x800; c++) {
        const char two[3] = {(char)(0xC0 | c >> 6), (char)(0x80 | (c & 0x3F)), '\0'};
        const bool control = c < 0xA0 || c == 0x061C;
        char line[16];

        assert_int_equal(ipl_utf8_length(two), 2);
        assert_int_equal(ipl_utf8_code(two, 2), c);
        assert_int_equal(ipl_utf8_is_control(two, 2), control);
        ipl_visible_line(line, sizeof line, two);
        assert_int_equal(*line == '\\', control);
    }
}

static void lines_and_tabs_stay_in_a_text_and_not_in_a_line(void **state)
{
    ipl_text text = {0};
    char line[32];

    (void)state;
    ipl_text_add_visible(&text, "a\n\tb\033\n");
    assert_string_equal(text.s, "a\n\tb\\x1b\n");
    ipl_text_release(&text);
    ipl_visible_line(line, sizeof line, "a\n\tb");
    assert_string_equal(line, "a\\x0a\\x09b");
}

static void a_line_is_cut_between_characters(void **state)
{
    char line[8];

    (void)state;
    ipl_visible_line(line, sizeof line, "12345\033");
    assert_string_equal(line, "12345");
    ipl_visible_line(line, sizeof line, "123456\xC3\xA9");
    assert_string_equal(line, "123456");
    ipl_visible_line(line, sizeof line, "12345\xC3\xA9");
    assert_string_equal(line, "12345\xC3\xA9");
    ipl_visible_line(line, 1, "1");
    assert_string_equal(line, "");
}

static void json_strings_have_no_control_characters(void **state)
{
    ipl_text text = {0};

    (void)state;
    ipl_text_add_json(&text, "a\"\\\033\n\x7f\xC2\x9b\xE2\x80\xAE\xC3\xA9\xFF");
    assert_string_equal(text.s,
                        "\"a\\\"\\\\\\u001b\\u000a\\u007f\\u009b\\u202e\xC3\xA9\\ufffd\"");
    ipl_text_release(&text);
}

/* NOLINTEND(misc-misleading-bidirectional) */

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_characters_become_visible),
        cmocka_unit_test(every_byte_and_character_below_u_ffff_is_safe),
        cmocka_unit_test(lines_and_tabs_stay_in_a_text_and_not_in_a_line),
        cmocka_unit_test(a_line_is_cut_between_characters),
        cmocka_unit_test(json_strings_have_no_control_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
