#include "test.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static void additions_join(void **state)
{
    ipl_text text = {0};

    (void)state;
    assert_null(text.s);
    ipl_text_add(&text, "%s", "");
    assert_string_equal(text.s, "");
    for (int i = 0; i < 1000; i++)
        ipl_text_add(&text, "%d,", i % 10);
    assert_int_equal(text.len, 2000);
    assert_int_equal(strlen(text.s), 2000);
    assert_memory_equal(text.s + 1980, "0,1,2,3,4,5,6,7,8,9,", 21);
    assert_int_equal(ipl_text_status(&text, NULL), IPL_OK);
    ipl_text_clear(&text);
    assert_string_equal(text.s, "");
    ipl_text_add(&text, "again");
    assert_string_equal(text.s, "again");
    ipl_text_release(&text);
    assert_null(text.s);
    ipl_text_release(&text);
}

static void there_is_always_room_for_the_final_nul(void **state)
{
    (void)state;
    for (int n = 0; n < 600; n++) {
        ipl_text text = {0};

        ipl_text_add(&text, "%*s", n, "");
        assert_int_equal(text.len, n);
        assert_true(text.len < text.capacity);
        ipl_text_release(&text);
    }
}

static void memory_that_runs_out_is_remembered(void **state)
{
    (void)state;
    for (long n = 0; n < 3; n++) {
        ipl_text text = {0};
        ipl_error err = {0};

        ipl_alloc_fail_after(n);
        for (int i = 0; i < 100; i++)
            ipl_text_add(&text, "%40d", i); /* 4000 characters: 256, 512, 1024 ... */
        assert_int_equal(ipl_text_status(&text, &err), IPL_E_NOMEM);
        assert_int_equal(err.status, IPL_E_NOMEM);
        ipl_text_release(&text);
    }
    ipl_alloc_fail_after(-1);
}

static void csv_fields_are_quoted_when_they_must_be(void **state)
{
    static const char *const cases[][2] = {
        {"plain", "plain"},
        {"", ""},
        {"a b", "a b"},
        {"a,b", "\"a,b\""},
        {"say \"x\"", "\"say \"\"x\"\"\""},
        {"two\nlines", "\"two\nlines\""},
        {"cr\r", "\"cr\r\""},
        {"\"", "\"\"\"\""},
    };
    ipl_text text = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ipl_text_clear(&text);
        ipl_text_add_field(&text, cases[i][0]);
        assert_string_equal(text.s, cases[i][1]);
    }
    ipl_text_release(&text);
}

static void a_word_reads_back_from_a_shell(void **state)
{
    static const char *const cases[][2] = {
        {"results/szt-tanh_1.0", "results/szt-tanh_1.0"},
        {"", "''"},
        {"a b", "'a b'"},
        {"say \"x\"", "'say \"x\"'"},
        {"o'clock", "'o'\\''clock'"},
        {"$HOME;`x`*", "'$HOME;`x`*'"},
        {"~", "'~'"},
    };
    ipl_text text = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ipl_text_clear(&text);
        ipl_text_add_shell_word(&text, cases[i][0], strlen(cases[i][0]));
        assert_string_equal(text.s, cases[i][1]);
    }
    ipl_text_release(&text);
}

static void json_strings_are_escaped(void **state)
{
    static const char *const cases[][2] = {
        {"", "\"\""},
        {"a \"b\" \\ c/", "\"a \\\"b\\\" \\\\ c/\""},
        {"\n\t\x01\x1f", "\"\\u000a\\u0009\\u0001\\u001f\""},
        {"h\xc3\xb6he \xe2\x82\xac \xf0\x9f\x99\x82",
         "\"h\xc3\xb6he \xe2\x82\xac \xf0\x9f\x99\x82\""},
        {"\xef\xbf\xbf\xed\x9f\xbf\xf4\x8f\xbf\xbf",
         "\"\xef\xbf\xbf\xed\x9f\xbf\xf4\x8f\xbf\xbf\""},
    };
    ipl_text text = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ipl_text_clear(&text);
        ipl_text_add_json(&text, cases[i][0]);
        assert_string_equal(text.s, cases[i][1]);
    }
    ipl_text_release(&text);
}

static void words_of_a_shell_are_quoted_when_they_must_be(void **state)
{
    static const char *const cases[][2] = {{"results/a-1_b.c", "results/a-1_b.c"},
                                           {"", "''"},
                                           {"two words", "'two words'"},
                                           {"it's", "'it'\\''s'"},
                                           {"$(rm) `x` \"\\;", "'$(rm) `x` \"\\;'"},
                                           {"line\nbreak", "'line\nbreak'"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ipl_text text = {0};

        ipl_text_add_shell_word(&text, cases[i][0], strlen(cases[i][0]));
        assert_string_equal(text.s, cases[i][1]);
        ipl_text_release(&text);
    }
}

static void every_byte_that_is_not_utf8_is_replaced(void **state)
{
    static const struct {
        const char *s;
        size_t bad; /* bytes that must be replaced */
    } cases[] = {
        {"\xff", 1},
        {"\x80", 1},
        {"\xc3", 1},             /* cut off at the end of the string */
        {"\xe2\x82", 2},         /* the same, three-byte sequence */
        {"\xc0\xaf", 2},         /* longer than needed */
        {"\xe0\x9f\xbf", 3},     /* the same */
        {"\xf0\x8f\xbf\xbf", 4}, /* the same */
        {"\xed\xa0\x80", 3},     /* surrogate */
        {"\xf4\x90\x80\x80", 4}, /* past U+10FFFF */
        {"\xf5\x80\x80\x80", 4},
        {"\xc3\xc3", 2}, /* the second byte begins another one */
        {"\xe2\x82\xff", 3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ipl_text got = {0}, want = {0};

        ipl_text_add_json(&got, cases[i].s);
        ipl_text_add(&want, "\"");
        for (size_t k = 0; k < cases[i].bad; k++)
            ipl_text_add(&want, "\\ufffd");
        ipl_text_add(&want, "\"");
        assert_string_equal(got.s, want.s);
        ipl_text_release(&got);
        ipl_text_release(&want);
    }
}

/* Characters of three and four bytes that begin as the ill-formed ones above do. */
static void utf8_at_its_edges_is_kept(void **state)
{
    static const char *const good[] = {"\xe0\xa0\x80",     "\xed\x9f\xbf",
                                       "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf",
                                       "\xee\x80\x80",     "\xf1\x80\x80\x80"};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        ipl_text got = {0}, want = {0};

        ipl_text_add_json(&got, good[i]);
        ipl_text_add(&want, "\"%s\"", good[i]);
        assert_string_equal(got.s, want.s);
        ipl_text_release(&got);
        ipl_text_release(&want);
    }
}

/* No locale has a character for a surrogate: printf() fails, and the text says so. */
static void what_cannot_be_printed_is_remembered_as_a_fault(void **state)
{
    static const wchar_t surrogate[] = {0xd800, 0};
    ipl_text text = {0};

    (void)state;
    ipl_text_add(&text, "before");
    ipl_text_add(&text, "%ls", surrogate);
    assert_int_equal(ipl_text_status(&text, NULL), IPL_E_NOMEM);
    assert_string_equal(text.s, "before");
    ipl_text_release(&text);
}

static void numbers_read_back_exactly(void **state)
{
    static const double cases[] = {0.0,
                                   -0.0,
                                   1.0,
                                   0.1,
                                   1.0 / 3.0,
                                   1e22,
                                   123456789.0,
                                   5e-324,
                                   1e-5,
                                   -2.5e9,
                                   1e308,
                                   0x1.fffffffffffffp1023,
                                   0x1p-1022,
                                   3.141592653589793,
                                   2.0 / 7.0 * 1e-300,
                                   4096.0};
    ipl_text text = {0};
    double back;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ipl_text_clear(&text);
        ipl_text_add_number(&text, cases[i]);
        assert_true(text.len < 32);
        assert_true(ipl_number_parse(&back, text.s));
        assert_memory_equal(&back, &cases[i], sizeof back);
    }
    ipl_text_release(&text);
}

static void numbers_are_as_short_as_they_can_be(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0.1, "0.1"},           {1e-4, "0.0001"},   {1000000.0, "1e+06"},
        {1234567.0, "1234567"}, {0.5, "0.5"},       {(double)NAN, "NaN"},
        {HUGE_VAL, "NaN"},      {-HUGE_VAL, "NaN"}, {0.1 + 0.2, "0.30000000000000004"}};
    char out[32];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ipl_number_print(out, sizeof out, cases[i].value);
        assert_string_equal(out, cases[i].text);
    }
}

static void words_that_are_not_decimal_numbers_are_refused(void **state)
{
    static const char *const bad[] = {"",     " 1",    "1 ",    "1x",  "nan", "inf",
                                      "-inf", "1e999", "0x10",  "--1", "1e",  "e5",
                                      ".",    "1,5",   "1.2.3", "\t2"};
    static const char *const good[] = {"1", "-1", "+1", ".5", "5.", "1e3", "1E-3", "007"};
    double v;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(ipl_number_parse(&v, bad[i]));
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(ipl_number_parse(&v, good[i]));
        assert_true(v == strtod(good[i], NULL));
    }
}

static void counts_reach_to_the_last_64_bit_number(void **state)
{
    static const char *const bad[] = {
        "", "-1", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "18446744073709551616"};
    uint64_t n;

    (void)state;
    assert_true(ipl_count_parse(&n, "0") && n == 0);
    assert_true(ipl_count_parse(&n, "18446744073709551615") && n == UINT64_MAX);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(ipl_count_parse(&n, bad[i]));
}

static void the_distance_of_words_counts_changes(void **state)
{
    (void)state;
    assert_int_equal(ipl_text_distance("", "", 9), 0);
    assert_int_equal(ipl_text_distance("abc", "", 9), 3);
    assert_int_equal(ipl_text_distance("kitten", "sitting", 9), 3);
    assert_int_equal(ipl_text_distance("sitting", "kitten", 9), 3);
    assert_int_equal(ipl_text_distance("kitten", "sitting", 2), 2);
    assert_int_equal(ipl_text_distance("a word of more than thirty-two characters", "a", 9),
                     9);
}

static void only_misspellings_are_near(void **state)
{
    size_t distance = IPL_TEXT_FAR;

    (void)state;
    assert_true(ipl_text_nearer(&distance, "epoch", "epocs"));
    assert_int_equal(distance, 1);
    assert_false(ipl_text_nearer(&distance, "epoche", "epocs")); /* no nearer than 1 */
    assert_true(ipl_text_nearer(&distance, "epocs", "epocs"));
    distance = IPL_TEXT_FAR;
    assert_false(ipl_text_nearer(&distance, "lr", "x"));
    assert_false(ipl_text_nearer(&distance, "seed", "momentum"));
    assert_true(ipl_text_nearer(&distance, "lr", "lrr"));
}

static void a_copy_fits_or_is_refused(void **state)
{
    char out[4];
    ipl_error err = {0};

    (void)state;
    assert_int_equal(ipl_text_copy(out, sizeof out, "abcdef", 3, "word", &err), IPL_OK);
    assert_string_equal(out, "abc");
    assert_int_equal(ipl_text_copy(out, sizeof out, "abcdef", 4, "word", &err),
                     IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "word"));
    assert_int_equal(ipl_text_copy(out, sizeof out, "", 0, "word", &err), IPL_OK);
    assert_string_equal(out, "");
}

static void durations_are_short(void **state)
{
    static const struct {
        double seconds;
        const char *text;
    } cases[] = {{0.0, "0.0s"},     {3.14, "3.1s"},     {99.94, "99.9s"},
                 {99.96, "1m40s"},  {582.0, "9m42s"},   {3599.4, "59m59s"},
                 {3599.6, "1h00m"}, {86399.9, "1d00h"}, {273600.0, "3d04h"},
                 {-1.0, "?"},       {(double)NAN, "?"}, {1e12, "?"}};
    char out[16];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ipl_clock_print(out, sizeof out, cases[i].seconds);
        assert_string_equal(out, cases[i].text);
    }
}

static void the_clock_runs_and_stamps(void **state)
{
    const double before = ipl_clock();
    char stamp[21];

    (void)state;
    assert_true(ipl_clock() >= before);
    ipl_clock_stamp(stamp, sizeof stamp);
    assert_int_equal(strlen(stamp), 20);
    assert_true(stamp[4] == '-' && stamp[10] == 'T' && stamp[19] == 'Z');
}

/* Words of a command line as sh reads them, joined with '|'. */
static void words_are_those_of_a_shell(void **state)
{
    static const char *const good[][2] = {
        {"", ""},
        {"  ", ""},
        {" a  b\t c ", "a|b|c|"},
        {"--comment=\"a b\" --x", "--comment=a b|--x|"},
        {"'a b'c\"d e\"", "a bcd e|"},
        {"'' \"\"", "||"},
        {"a\\ b \\'", "a b|'|"},
        {"\"a\\\"b\\c\\\\\"", "a\"b\\c\\|"},
        {"'a\\'", "a\\|"},
        {"'$HOME' \"\\$x\" $y", "$HOME|$x|$y|"},
        {"\"it's\" 'a\"'", "it's|a\"|"},
    };
    static const char *const bad[] = {"\"a",  "'a",     "a\\",  "a b\"c d",
                                      "a\nb", "'a\nb'", "a\\\n"};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        const char *rest = good[i][0];
        ipl_text all = {0};
        bool more = true;

        ipl_text_add(&all, "%s", "");
        while (more) {
            assert_int_equal(ipl_text_take_shell_word(&all, &more, &rest, NULL), IPL_OK);
            ipl_text_add(&all, "%s", more ? "|" : "");
        }
        assert_string_equal(all.s, good[i][1]);
        ipl_text_release(&all);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *rest = bad[i];
        ipl_text word = {0};
        ipl_status st = IPL_OK;
        bool more = true;

        while (more && st == IPL_OK)
            st = ipl_text_take_shell_word(&word, &more, &rest, NULL);
        assert_int_equal(st, IPL_E_ARG);
        ipl_text_release(&word);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(additions_join),
        cmocka_unit_test(there_is_always_room_for_the_final_nul),
        cmocka_unit_test(memory_that_runs_out_is_remembered),
        cmocka_unit_test(csv_fields_are_quoted_when_they_must_be),
        cmocka_unit_test(a_word_reads_back_from_a_shell),
        cmocka_unit_test(json_strings_are_escaped),
        cmocka_unit_test(words_of_a_shell_are_quoted_when_they_must_be),
        cmocka_unit_test(every_byte_that_is_not_utf8_is_replaced),
        cmocka_unit_test(numbers_read_back_exactly),
        cmocka_unit_test(numbers_are_as_short_as_they_can_be),
        cmocka_unit_test(words_that_are_not_decimal_numbers_are_refused),
        cmocka_unit_test(counts_reach_to_the_last_64_bit_number),
        cmocka_unit_test(the_distance_of_words_counts_changes),
        cmocka_unit_test(only_misspellings_are_near),
        cmocka_unit_test(a_copy_fits_or_is_refused),
        cmocka_unit_test(durations_are_short),
        cmocka_unit_test(the_clock_runs_and_stamps),
        cmocka_unit_test(utf8_at_its_edges_is_kept),
        cmocka_unit_test(what_cannot_be_printed_is_remembered_as_a_fault),
        cmocka_unit_test(words_are_those_of_a_shell),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
