/* A list of estimators, where braces stand for all combinations. */
#include "test.h"

#include "run/estimator_texts.h"

static void braces_stand_for_all_combinations(void **state)
{
    ipl_estimator_texts list;

    (void)state;
    assert_int_equal(ipl_estimator_texts_create(
                         &list, "logdet:scale={cov,corr},beta={1,10,rd}  a b:{x}", NULL),
                     IPL_OK);
    assert_int_equal(list.n, 8);
    assert_string_equal(list.texts[0], "logdet:scale=cov,beta=1");
    assert_string_equal(list.texts[1], "logdet:scale=cov,beta=10");
    assert_string_equal(list.texts[2], "logdet:scale=cov,beta=rd");
    assert_string_equal(list.texts[3], "logdet:scale=corr,beta=1");
    assert_string_equal(list.texts[5], "logdet:scale=corr,beta=rd");
    assert_string_equal(list.texts[6], "a");
    assert_string_equal(list.texts[7], "b:x");
    ipl_estimator_texts_release(&list);
}

static void bad_braces_are_refused(void **state)
{
    static const char *const cases[] = {
        "",         "   ",
        "a:{1",     "a:1}",
        "a:{}",     "a:{1,}",
        "a:{,1}",   "a:{1,{2}}",
        "a:{1, 2}", "a:{0,1}{0,1}{0,1}{0,1}{0,1}{0,1}{0,1}" /* 128 */};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ipl_estimator_texts list;
        ipl_error err = {0};

        if (ipl_estimator_texts_create(&list, cases[i], &err) != IPL_E_FORMAT)
            fail_msg("'%s' is accepted", cases[i]);
        assert_null(list.store);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(braces_stand_for_all_combinations),
        cmocka_unit_test(bad_braces_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
