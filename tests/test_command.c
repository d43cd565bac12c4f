/* The command line of the program, with a command made for the test. */
#include "test.h"

int infoplane_main(int argc, char **argv);
#define main infoplane_main
#include "cli/main.c" /* NOLINT(bugprone-suspicious-include): its functions are static */
#undef main
#include "cli/bus_error.c" /* NOLINT(bugprone-suspicious-include): no part of the library */
#include "cli/links.c"     /* NOLINT(bugprone-suspicious-include): no part of the library */
#include "cli/print.c"     /* NOLINT(bugprone-suspicious-include): no part of the library */

typedef struct tool_opts {
    double rate;
    bool quiet;
    char out[16], words[16];
} tool_opts;

typedef struct model_opts {
    size_t epochs;
    bool measure;
    char seed[8];
} model_opts;

static const ipl_opt own[] = {
    IPL_OPT_NUMBER(tool_opts, rate, "rate", 0, 1, 0.5, "a rate"),
    IPL_OPT_FLAG(tool_opts, quiet, "quiet", false, "say nothing"),
    IPL_OPT_STRING(tool_opts, out, "out", "", "a folder"),
    {.name = "word",
     .type = IPL_OPT_TEXT,
     IPL_OPT_FIELD(tool_opts, words),
     .text = "none",
     .repeat = true,
     .help = "words"},
    IPL_OPT_END,
};

static const ipl_opt later[] = {
    IPL_OPT_NUMBER(model_opts, epochs, "epochs", 1, 1e6, 10, "a number"),
    IPL_OPT_FLAG(model_opts, measure, "measure", true, "look"),
    IPL_OPT_STRING(model_opts, seed, "seed", "1", "a seed"),
    IPL_OPT_END,
};

static tool_opts seen;
static ipl_text seen_words, seen_later;

static ipl_status note(void *opts, const ipl_args *args, ipl_error *err)
{
    seen = *(const tool_opts *)opts;
    ipl_text_clear(&seen_words);
    ipl_text_clear(&seen_later);
    ipl_text_add(&seen_words, "%s", "");
    ipl_text_add(&seen_later, "%s", "");
    for (size_t i = 0; i < args->n_words; i++)
        ipl_text_add(&seen_words, "%s;", args->words[i]);
    for (size_t i = 0; i < args->n_later; i++)
        ipl_text_add(&seen_later, "%s=%s;", args->later[i].row->name, args->later[i].value);
    if (seen.rate == 0.25)
        return ipl_fail(err, IPL_E_NUMERIC, "loss is NaN");
    return IPL_OK;
}

static const ipl_command tool = {
    .name = "tool",
    .summary = "does things",
    .usage = "FILE...",
    .min_words = 1,
    .max_words = 2,
    .size = sizeof(tool_opts),
    .opts = own,
    .later = later,
    .run = note,
};

const ipl_command *const ipl_command_table[] = {&tool, NULL};

/* Run a command line, words separated by one blank. */
static ipl_status run(const char *line, ipl_error *err)
{
    char copy[256];
    char *argv[24];
    int argc = 0;

    assert_true(strlen(line) < sizeof copy);
    memcpy(copy, line, strlen(line) + 1);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    *err = (ipl_error){0};
    return run_command(&tool, argc, argv, err);
}

static void check_good(const char *line, const char *words, const char *assignments)
{
    ipl_error err;

    assert_int_equal(run(line, &err), IPL_OK);
    assert_string_equal(seen_words.s, words);
    assert_string_equal(seen_later.s, assignments);
}

static void check_bad(const char *line, const char *message)
{
    ipl_error err;

    assert_int_equal(run(line, &err), IPL_E_ARG);
    assert_string_equal(err.msg, message);
}

static void defaults_hold_where_nothing_is_said(void **state)
{
    (void)state;
    check_good("infoplane tool a", "a;", "");
    assert_true(seen.rate == 0.5 && !seen.quiet);
    assert_string_equal(seen.out, "");
    assert_string_equal(seen.words, "none");
}

static void options_take_the_next_word_or_what_follows_the_equals_sign(void **state)
{
    (void)state;
    check_good("infoplane tool --rate 1 a --out=x", "a;", "");
    assert_true(seen.rate == 1.0);
    assert_string_equal(seen.out, "x");
    check_good("infoplane tool --out=a=b a", "a;", "");
    assert_string_equal(seen.out, "a=b");
    check_good("infoplane tool --out -1 a", "a;", "");
    assert_string_equal(seen.out, "-1");
    check_good("infoplane tool -o y a", "a;", "");
    assert_string_equal(seen.out, "y");
}

static void a_flag_takes_no_word(void **state)
{
    (void)state;
    check_good("infoplane tool --quiet a", "a;", "");
    assert_true(seen.quiet);
    check_good("infoplane tool -q a", "a;", "");
    assert_true(seen.quiet);
    check_good("infoplane tool --quiet=no a", "a;", "");
    assert_false(seen.quiet);
}

static void options_for_later_keep_their_order_and_may_repeat(void **state)
{
    (void)state;
    check_good("infoplane tool --epochs 3 a --measure no --epochs=4", "a;",
               "epochs=3;measure=no;epochs=4;");
}

static void a_text_that_repeats_is_joined(void **state)
{
    (void)state;
    check_good("infoplane tool --word a --word=b x", "x;", "");
    assert_string_equal(seen.words, "a b"); /* the default is replaced */
}

static void two_hyphens_end_the_options(void **state)
{
    (void)state;
    check_good("infoplane tool -- --rate", "--rate;", "");
    check_good("infoplane tool - a", "-;a;", ""); /* one hyphen is a word */
}

static void misuse_names_the_word(void **state)
{
    (void)state;
    check_bad("infoplane tool a --rat 1", "unknown option '--rat'; did you mean '--rate'?");
    check_bad("infoplane tool a --epocs=1",
              "unknown option '--epocs=1'; did you mean '--epochs'?");
    check_bad("infoplane tool a --rate-of-it=1",
              "unknown option '--rate-of-it=1'; did you mean '--rate'?");
    check_bad("infoplane tool a --=1", "unknown option '--=1'");
}

static void a_missing_value_is_not_taken_from_the_next_option(void **state)
{
    (void)state;
    check_bad("infoplane tool a --rate", "option --rate wants a value");
    check_bad("infoplane tool a --out --quiet", "option --out wants a value");
    check_bad("infoplane tool a --measure", "option --measure wants a value");
    check_bad("infoplane tool a -o", "option --out wants a value");
}

static void an_unknown_letter_is_refused(void **state)
{
    (void)state;
    check_bad("infoplane tool a -x", "unknown option '-x'");
    check_bad("infoplane tool a -qq", "unknown option '-qq'");
    check_bad("infoplane tool a ---rate",
              "unknown option '---rate'; did you mean '--rate'?");
}

static void an_option_given_twice_is_refused(void **state)
{
    (void)state;
    check_bad("infoplane tool a --rate 1 --rate 1", "option --rate is given twice");
    check_bad("infoplane tool a -q --quiet", "option --quiet is given twice");
}

static void too_few_and_too_many_words_are_refused(void **state)
{
    (void)state;
    check_bad("infoplane tool", "missing argument: infoplane tool FILE...");
    check_bad("infoplane tool a b c d", "unexpected argument 'c'");
}

static void a_bad_value_is_misuse(void **state)
{
    (void)state;
    check_bad("infoplane tool a --rate 2",
              "rate: 2 is out of range, want a number 0 ... 1");
    check_bad("infoplane tool a --quiet=maybe", "quiet: 'maybe' is not yes or no");
}

static void what_a_command_reports_comes_through(void **state)
{
    ipl_error err;

    (void)state;
    assert_int_equal(run("infoplane tool a --rate 0.25", &err), IPL_E_NUMERIC);
    assert_string_equal(err.msg, "loss is NaN");
}

static void no_memory_is_reported_and_nothing_leaks(void **state)
{
    (void)state;
    for (long n = 0; n < 4; n++) {
        ipl_error err;

        ipl_alloc_fail_after(n);
        assert_int_equal(run("infoplane tool a", &err), IPL_E_NOMEM);
        ipl_alloc_fail_after(-1);
    }
}

static void every_fault_has_the_exit_status_that_help_promises(void **state)
{
    static const int want[] = {0, 2, 65, 71, 66, 73, 74, 75, 65, 3};

    (void)state;
    for (int st = 0; st < IPL_STATUS_COUNT; st++)
        assert_int_equal(ipl_status_exit((ipl_status)st), want[st]);
}

static int forget(void **state)
{
    (void)state;
    ipl_text_release(&seen_words);
    ipl_text_release(&seen_later);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_hold_where_nothing_is_said),
        cmocka_unit_test(options_take_the_next_word_or_what_follows_the_equals_sign),
        cmocka_unit_test(a_flag_takes_no_word),
        cmocka_unit_test(options_for_later_keep_their_order_and_may_repeat),
        cmocka_unit_test(a_text_that_repeats_is_joined),
        cmocka_unit_test(two_hyphens_end_the_options),
        cmocka_unit_test(misuse_names_the_word),
        cmocka_unit_test(a_missing_value_is_not_taken_from_the_next_option),
        cmocka_unit_test(an_unknown_letter_is_refused),
        cmocka_unit_test(an_option_given_twice_is_refused),
        cmocka_unit_test(too_few_and_too_many_words_are_refused),
        cmocka_unit_test(a_bad_value_is_misuse),
        cmocka_unit_test(what_a_command_reports_comes_through),
        cmocka_unit_test(no_memory_is_reported_and_nothing_leaks),
        cmocka_unit_test(every_fault_has_the_exit_status_that_help_promises),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}
