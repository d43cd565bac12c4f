#include "test.h"

#include "base/alloc.h"
#include "base/opt.h"

#include <float.h>
#include <string.h>

typedef struct thing {
    double rate;
    size_t units;
    uint64_t seed;
    bool nesterov;
    int mode;
    char path[12];
    char note[8];
} thing;

static const char *const modes[] = {"cov", "corr", NULL};

static const ipl_opt rows[] = {
    IPL_OPT_NUMBER(thing, rate, "rate", -1.0, 2.5, 0.1, "a rate"),
    IPL_OPT_NUMBER(thing, units, "units", 1, 1e6, 20, "a width"),
    {.name = "seed",
     .type = IPL_OPT_U64,
     IPL_OPT_FIELD(thing, seed),
     .init = 1,
     .help = "a seed"},
    IPL_OPT_FLAG(thing, nesterov, "nesterov", false, "look ahead"),
    IPL_OPT_WORD(thing, mode, "mode", modes, 1, "a matrix"),
    IPL_OPT_STRING(thing, path, "path", "here", "a folder"),
    IPL_OPT_STRING(thing, note, "note", "", "a text"),
    IPL_OPT_END,
};

static const ipl_row full_row = {"full", "everything", NULL, sizeof(thing), rows};
static const ipl_row bare_row = {"bare", "nothing", NULL, 0, NULL};

static const ipl_row *row_at(size_t i)
{
    return i == 0 ? &full_row : i == 1 ? &bare_row : NULL;
}

static void defaults_come_from_the_rows(void **state)
{
    thing t;

    (void)state;
    memset(&t, 0x5a, sizeof t);
    ipl_opt_init(&t, rows);
    assert_true(t.rate == 0.1 && t.units == 20 && t.seed == 1);
    assert_true(!t.nesterov && t.mode == 1);
    assert_string_equal(t.path, "here");
    assert_string_equal(t.note, "");
}

static void every_type_is_read(void **state)
{
    thing t;

    (void)state;
    ipl_opt_init(&t, rows);
    assert_int_equal(
        ipl_opt_parse(&t, rows,
                      "rate=-0.25,units=1e3,seed=18446744073709551615,nesterov=yes,"
                      "mode=cov,path=a/b,note=",
                      NULL),
        IPL_OK);
    assert_true(t.rate == -0.25 && t.units == 1000 && t.seed == UINT64_MAX);
    assert_true(t.nesterov && t.mode == 0);
    assert_string_equal(t.path, "a/b");
}

/* One assignment must be refused, naming the given words, and change nothing. */
static void check_refused(const char *text, const char *word, const char *also)
{
    thing t, before;
    ipl_error err = {0};

    memset(&t, 0, sizeof t);
    ipl_opt_init(&t, rows);
    before = t;
    assert_int_equal(ipl_opt_parse(&t, rows, text, &err), IPL_E_FORMAT);
    assert_int_equal(err.status, IPL_E_FORMAT);
    assert_memory_equal(&t, &before, sizeof t);
    if (!strstr(err.msg, word) || !strstr(err.msg, also)) {
        print_error("'%s': '%s' does not say '%s' and '%s'\n", text, err.msg, word, also);
        fail();
    }
}

static void bad_values_are_refused_by_name(void **state)
{
    static const char *const cases[][3] = {
        {"rate=fast", "rate", "'fast'"},
        {"rate=", "rate", "not a number"},
        {"rate=nan", "rate", "'nan'"},
        {"rate=2.6", "rate", "-1 ... 2.5"},
        {"rate=-1.5", "rate", "-1.5"},
        {"units=0", "units", "1 ... 1000000"},
        {"units=2.5", "units", "whole"},
        {"units=-3", "units", "-3"},
        {"units=1e300", "units", "1e300"},
        {"seed=-1", "seed", "'-1'"},
        {"seed=1.5", "seed", "'1.5'"},
        {"seed=18446744073709551616", "seed", "2^64-1"},
        {"nesterov=true", "nesterov", "yes or no"},
        {"nesterov=", "nesterov", "yes or no"},
        {"mode=covariance", "mode", "cov|corr"},
        {"mode=", "mode", "cov|corr"},
        {"path=abcdefghijkl", "path", "12 characters, at most 11"},
        {"path=a\tb", "path", "control"},
        {"rat=1", "'rat'", "did you mean 'rate'?"},
        {"Rate=1", "'Rate'", "did you mean 'rate'?"},
        {"colour=1", "'colour'", "choose from rate, units"},
        {"=1", "''", "choose from"},
        {"rate", "'rate'", "name=value"},
        {",rate=1", "''", "name=value"},
        {"note={1,2", "bracket", "note={1,2"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_refused(cases[i][0], cases[i][1], cases[i][2]);
}

static void commas_decide_where_a_word_ends(void **state)
{
    thing t;
    ipl_error err = {0};

    (void)state;
    assert_int_equal(ipl_opt_parse(&t, rows, "", NULL), IPL_OK);
    assert_int_equal(ipl_opt_parse(&t, rows, "rate=1,", &err), IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "last comma"));
    assert_int_equal(ipl_opt_parse(&t, rows, "rate=1,,units=2", &err), IPL_E_FORMAT);
    assert_int_equal(ipl_opt_parse(&t, rows, "path={1,(2,3)},note=[a,b],rate=1", NULL),
                     IPL_OK);
    assert_string_equal(t.path, "{1,(2,3)}");
    assert_string_equal(t.note, "[a,b]");
    assert_int_equal(ipl_opt_parse(&t, rows, "note=(a,b)", NULL), IPL_OK);
    assert_string_equal(t.note, "(a,b)");
    assert_int_equal(ipl_opt_parse(&t, rows, "note=a=b", NULL), IPL_OK);
    assert_string_equal(t.note, "a=b");
}

static void an_option_given_twice_is_refused(void **state)
{
    thing t;
    ipl_error err = {0};

    (void)state;
    assert_int_equal(ipl_opt_parse(&t, rows, "rate=1,units=2,rate=1", &err), IPL_E_FORMAT);
    assert_string_equal(err.msg, "option 'rate' is given twice");
}

static void a_single_value_out_of_range_is_a_bad_argument(void **state)
{
    thing t = {.units = 7};
    ipl_error err = {0};

    (void)state;
    assert_int_equal(ipl_opt_set(&t, &rows[1], "0", &err), IPL_E_ARG);
    assert_int_equal(t.units, 7);
}

static void words_are_appended_after_a_space(void **state)
{
    thing t;
    ipl_error err = {0};

    (void)state;
    ipl_opt_init(&t, rows);
    assert_int_equal(ipl_opt_append(&t, &rows[6], "a", NULL), IPL_OK);
    assert_string_equal(t.note, "a");
    assert_int_equal(ipl_opt_append(&t, &rows[6], "bcd", NULL), IPL_OK);
    assert_string_equal(t.note, "a bcd");
    assert_int_equal(ipl_opt_append(&t, &rows[6], "efg", &err), IPL_E_ARG);
    assert_string_equal(t.note, "a bcd");
}

static void ranges_are_readable(void **state)
{
    static const struct {
        ipl_opt row;
        const char *text;
    } cases[] = {
        {{.name = "x", .type = IPL_OPT_F64, .min = -DBL_MAX, .max = DBL_MAX}, "number"},
        {{.name = "x", .type = IPL_OPT_F64, .min = 0, .max = HUGE_VAL}, "number >= 0"},
        {{.name = "x", .type = IPL_OPT_F64, .min = -HUGE_VAL, .max = 3}, "number <= 3"},
        {{.name = "x", .type = IPL_OPT_F64, .min = 0, .max = 1}, "number 0 ... 1"},
        {{.name = "x", .type = IPL_OPT_SIZE, .min = 1, .max = 1e18}, "whole number >= 1"},
        {{.name = "x", .type = IPL_OPT_SIZE, .min = 1, .max = 16777216},
         "whole number 1 ... 16777216"},
        {{.name = "x", .type = IPL_OPT_U64}, "whole number"},
        {{.name = "x", .type = IPL_OPT_BOOL}, "yes|no"},
        {{.name = "x", .type = IPL_OPT_CHOICE, .choices = modes}, "cov|corr"},
        {{.name = "x", .type = IPL_OPT_TEXT}, "text"},
    };
    ipl_text text = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ipl_text_clear(&text);
        ipl_opt_print_range(&text, &cases[i].row);
        assert_string_equal(text.s, cases[i].text);
    }
    ipl_text_release(&text);
}

static void a_spec_prints_as_it_reads(void **state)
{
    static const char *const cases[][2] = {
        {"bare", "bare"},
        {"full", "full:rate=0.1,units=20,seed=1,nesterov=no,mode=corr,path=here"},
        {"full:seed=18446744073709551615,rate=0.30000000000000004,mode=cov",
         "full:rate=0.30000000000000004,units=20,seed=18446744073709551615,nesterov=no,"
         "mode=cov,path=here"},
        {"full:path=,note={a,b}",
         "full:rate=0.1,units=20,seed=1,nesterov=no,mode=corr,path=,note={a,b}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ipl_text first = {0}, second = {0};
        ipl_spec spec;

        assert_int_equal(ipl_spec_create(&spec, "thing", row_at, cases[i][0], NULL),
                         IPL_OK);
        ipl_spec_print(&first, &spec);
        ipl_spec_release(&spec);
        assert_string_equal(first.s, cases[i][1]);
        assert_int_equal(ipl_spec_create(&spec, "thing", row_at, first.s, NULL), IPL_OK);
        ipl_spec_print(&second, &spec);
        ipl_spec_release(&spec);
        assert_string_equal(second.s, first.s);
        ipl_text_release(&first);
        ipl_text_release(&second);
    }
}

static void a_bad_spec_names_the_word(void **state)
{
    static const char *const cases[][2] = {
        {"", "choose from full, bare"},
        {"fulll", "did you mean 'full'?"},
        {"other", "no thing 'other'; choose from full, bare"},
        {"full:", "nothing after the colon"},
        {"full:rate=9", "thing 'full': rate: 9 is out of range"},
        {"full:unts=9", "did you mean 'units'?"},
        {"bare:x=1", "thing 'bare': unknown option 'x'; it takes no options"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ipl_spec spec;
        ipl_error err = {0};

        assert_int_equal(ipl_spec_create(&spec, "thing", row_at, cases[i][0], &err),
                         IPL_E_FORMAT);
        assert_null(spec.row);
        assert_null(spec.self);
        if (!strstr(err.msg, cases[i][1])) {
            print_error("'%s': '%s' does not say '%s'\n", cases[i][0], err.msg,
                        cases[i][1]);
            fail();
        }
    }
}

static void a_spec_without_memory_leaves_nothing(void **state)
{
    (void)state;
    ipl_spec spec;
    ipl_error err = {0};

    ipl_alloc_fail_after(0);
    assert_int_equal(ipl_spec_create(&spec, "thing", row_at, "full", &err), IPL_E_NOMEM);
    ipl_alloc_fail_after(-1);
    assert_null(spec.self);
    ipl_spec_release(&spec);
}

static void messages_survive_a_lack_of_memory(void **state)
{
    (void)state;
    static const char *const bad[] = {"mode=x", "rate=9", "colour=1", "rat=1"};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        thing t;
        ipl_error err = {0};

        ipl_alloc_fail_after(0);
        assert_int_equal(ipl_opt_parse(&t, rows, bad[i], &err), IPL_E_FORMAT);
        ipl_alloc_fail_after(-1);
        assert_true(strlen(err.msg) > 0);
    }
    for (size_t i = 0; i < 2; i++) { /* one that is near, and none */
        ipl_spec spec;
        ipl_error err = {0};

        ipl_alloc_fail_after(0);
        assert_int_equal(
            ipl_spec_create(&spec, "thing", row_at, i ? "other" : "fulll", &err),
            IPL_E_FORMAT);
        ipl_alloc_fail_after(-1);
        assert_string_equal(err.msg,
                            i ? "no thing 'other'; choose from those that are listed"
                              : "no thing 'fulll'; did you mean 'full'?");
    }
}

static void a_short_name_belongs_to_three_options(void **state)
{
    static const char *const names[][2] = {
        {"quiet", "-q, "}, {"verbose", "-v, "}, {"out", "-o, "}, {"output", ""}};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_string_equal(ipl_opt_letter(&(ipl_opt){.name = names[i][0]}), names[i][1]);
}

static void a_longer_word_is_near_what_it_begins_with_up_to_a_dash(void **state)
{
    char hint[40], small[8];

    (void)state;
    assert_ptr_equal(ipl_opt_nearest(rows, "seed-of-the-whole-run"), &rows[2]);
    assert_null(ipl_opt_nearest(rows, "seedling-that-grew-tall"));
    assert_null(ipl_opt_nearest(NULL, "seed"));
    ipl_opt_suggest(hint, sizeof hint, rows, "sead");
    assert_string_equal(hint, "; did you mean 'seed'?");
    ipl_opt_suggest(small, sizeof small, rows, "sead"); /* no room: nothing, not half */
    assert_string_equal(small, "");
    ipl_opt_suggest(hint, sizeof hint, rows, "colour");
    assert_string_equal(hint, "");
}

/* Whatever the range of a row says, a size_t holds no negative number and none beyond 2^53. */
static void a_count_is_within_what_a_double_counts_exactly(void **state)
{
    static const char *const bad[] = {"-1", "9007199254740994", "1e300"};
    static const ipl_opt any =
        IPL_OPT_NUMBER(thing, units, "units", -DBL_MAX, DBL_MAX, 0, "a count");
    thing t = {.units = 7};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ipl_error err = {0};

        assert_int_equal(ipl_opt_set(&t, &any, bad[i], &err), IPL_E_ARG);
        assert_non_null(strstr(err.msg, "is out of range, want a whole number"));
        assert_int_equal(t.units, 7);
    }
    assert_int_equal(ipl_opt_set(&t, &any, "9007199254740992", NULL), IPL_OK);
    assert_true(t.units == (size_t)1 << 53);
}

static void words_that_are_too_long_are_refused(void **state)
{
    char text[5000];
    ipl_error err = {0};
    ipl_spec spec;
    thing t;

    (void)state;
    ipl_opt_init(&t, rows);
    memset(text, 'a', sizeof text);
    memcpy(text + 100, "=1", 3);
    assert_int_equal(ipl_opt_parse(&t, rows, text, &err), IPL_E_FORMAT);
    assert_string_equal(err.msg,
                        "option: 'aaaaaaaaaaaaaaaaaaaa...' has 100 characters, at most 63");
    assert_int_equal(ipl_spec_create(&spec, "thing", row_at, text, &err), IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "thing: 'aaaaaaaaaaaaaaaaaaaa...' has"));
    memset(text, 'a', sizeof text);
    memcpy(text, "path=", 5);
    text[sizeof text - 1] = '\0';
    assert_int_equal(ipl_opt_parse(&t, rows, text, &err), IPL_E_FORMAT);
    assert_string_equal(
        err.msg, "path: 'aaaaaaaaaaaaaaaaaaaa...' has 4994 characters, at most 4095");
}

static void the_status_does_not_need_a_message(void **state)
{
    thing t;

    (void)state;
    ipl_opt_init(&t, rows);
    assert_int_equal(ipl_opt_parse(&t, rows, "rate=9", NULL), IPL_E_FORMAT);
    assert_int_equal(ipl_opt_set(&t, &rows[0], "9", NULL), IPL_E_ARG);
}

static void defaults_are_printed_for_help(void **state)
{
    static const char *const want[] = {"0.1", "20", "1", "", "corr", "here", ""};
    ipl_opt key = IPL_OPT_FLAG(thing, nesterov, "nesterov", true, "look ahead");
    ipl_text text = {0};

    (void)state;
    for (size_t i = 0; rows[i].name; i++) {
        ipl_text_clear(&text);
        ipl_text_add(&text, "%s", "");
        ipl_opt_print_default(&text, &rows[i]);
        assert_string_equal(text.s, want[i]);
    }
    ipl_opt_print_default(&text, &key); /* an option alone: its absence says no */
    assert_string_equal(text.s, "");
    key.group = "training";
    ipl_opt_print_default(&text, &key);
    assert_string_equal(text.s, "yes");
    key.init = 0.0;
    ipl_opt_print_default(&text, &key);
    assert_string_equal(text.s, "yesno");
    ipl_text_release(&text);
}

/* What a row of a type to come would do: no field is touched, and setting it is an error. */
static void a_type_that_is_none_is_refused_and_prints_nothing(void **state)
{
    static const ipl_opt table[] = {{.name = "odd", .type = (ipl_opt_type)9}, IPL_OPT_END};
    thing t, before;
    ipl_text text = {0};
    ipl_error err = {0};

    (void)state;
    memset(&t, 0x5a, sizeof t);
    before = t;
    ipl_opt_init(&t, table);
    assert_int_equal(ipl_opt_set(&t, table, "1", &err), IPL_E_ARG);
    assert_string_equal(err.msg, "odd: unknown type of option");
    ipl_opt_print(&text, &t, table);
    ipl_opt_print_range(&text, table);
    ipl_opt_print_default(&text, table);
    assert_memory_equal(&t, &before, sizeof t);
    assert_int_equal(text.len, 0);
}

static void a_thing_without_options_has_nothing_to_set(void **state)
{
    thing t, before;

    (void)state;
    memset(&t, 0x5a, sizeof t);
    before = t;
    ipl_opt_init(&t, NULL);
    assert_memory_equal(&t, &before, sizeof t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_come_from_the_rows),
        cmocka_unit_test(every_type_is_read),
        cmocka_unit_test(bad_values_are_refused_by_name),
        cmocka_unit_test(commas_decide_where_a_word_ends),
        cmocka_unit_test(an_option_given_twice_is_refused),
        cmocka_unit_test(a_single_value_out_of_range_is_a_bad_argument),
        cmocka_unit_test(words_are_appended_after_a_space),
        cmocka_unit_test(ranges_are_readable),
        cmocka_unit_test(a_spec_prints_as_it_reads),
        cmocka_unit_test(a_bad_spec_names_the_word),
        cmocka_unit_test(a_spec_without_memory_leaves_nothing),
        cmocka_unit_test(messages_survive_a_lack_of_memory),
        cmocka_unit_test(a_short_name_belongs_to_three_options),
        cmocka_unit_test(a_longer_word_is_near_what_it_begins_with_up_to_a_dash),
        cmocka_unit_test(a_count_is_within_what_a_double_counts_exactly),
        cmocka_unit_test(words_that_are_too_long_are_refused),
        cmocka_unit_test(the_status_does_not_need_a_message),
        cmocka_unit_test(defaults_are_printed_for_help),
        cmocka_unit_test(a_type_that_is_none_is_refused_and_prints_nothing),
        cmocka_unit_test(a_thing_without_options_has_nothing_to_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
