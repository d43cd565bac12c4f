#include "test.h"

#include "ipl/status.h"

#include <string.h>

static void every_status_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int a = 0; a < IPL_STATUS_COUNT; a++)
        for (int b = 0; b < a; b++)
            assert_string_not_equal(ipl_status_name((ipl_status)a),
                                    ipl_status_name((ipl_status)b));
    assert_string_equal(ipl_status_name(IPL_OK), "ok");
}

static void a_number_that_is_no_status_has_a_name_too(void **state)
{
    (void)state;
    assert_string_equal(ipl_status_name(IPL_STATUS_COUNT), "unknown status");
    assert_string_equal(ipl_status_name((ipl_status)1000), "unknown status");
}

static void a_fault_returns_its_status_and_keeps_its_text(void **state)
{
    ipl_error err = {0};

    (void)state;
    assert_int_equal(ipl_fail(&err, IPL_E_IO, "%s: row %d", "a.csv", 7), IPL_E_IO);
    assert_int_equal(err.status, IPL_E_IO);
    assert_string_equal(err.msg, "a.csv: row 7");
}

static void a_fault_without_a_carrier_is_only_a_status(void **state)
{
    (void)state;
    assert_int_equal(ipl_fail(NULL, IPL_E_ARG, "nobody reads this"), IPL_E_ARG);
}

static void a_message_is_one_line_whatever_it_quotes(void **state)
{
    ipl_error err = {0};

    (void)state;
    assert_int_equal(ipl_fail(&err, IPL_E_FORMAT, "%s", "a\nb\x1b[31mc\x7f\td"),
                     IPL_E_FORMAT);
    assert_string_equal(err.msg, "a\\x0ab\\x1b[31mc\\x7f\\x09d");
}

static void a_long_message_is_cut(void **state)
{
    char name[2000];
    ipl_error err = {0};

    (void)state;
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(ipl_fail(&err, IPL_E_NOINPUT, "%s", name), IPL_E_NOINPUT);
    assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
}

static void a_message_may_quote_the_message_before_it(void **state)
{
    ipl_error err = {0};

    (void)state;
    assert_int_equal(ipl_fail(&err, IPL_E_ARG, "lr: 'x' is not a number"), IPL_E_ARG);
    assert_int_equal(ipl_fail(&err, IPL_E_FORMAT, "sgd: %s", err.msg), IPL_E_FORMAT);
    assert_string_equal(err.msg, "sgd: lr: 'x' is not a number");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_name_of_its_own),
        cmocka_unit_test(a_number_that_is_no_status_has_a_name_too),
        cmocka_unit_test(a_fault_returns_its_status_and_keeps_its_text),
        cmocka_unit_test(a_fault_without_a_carrier_is_only_a_status),
        cmocka_unit_test(a_message_is_one_line_whatever_it_quotes),
        cmocka_unit_test(a_long_message_is_cut),
        cmocka_unit_test(a_message_may_quote_the_message_before_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
