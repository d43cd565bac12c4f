/* When to measure: the epochs that are due, and the memory for them. */
#include "test.h"

#include "base/alloc.h"
#include "run/when.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MANY = 1000000000 };

static void log_points_are_those_of_the_formula(void **state)
{
    static const size_t lasts[] = {1, 2, 3, 10, 100, 1000, 8000};

    (void)state;
    for (size_t k = 0; k < sizeof lasts / sizeof *lasts; k++)
        for (size_t n = 1; n <= 400; n += n < 40 ? 1 : 9) {
            const size_t last = lasts[k];
            bool *due = calloc(last + 1, sizeof *due);
            char text[32];
            size_t count = 0;
            ipl_when when;

            assert_non_null(due);
            due[0] = due[last] = true;
            for (size_t i = 0; i < n; i++)
                due[(size_t)(exp((n > 1 ? (double)i / (double)(n - 1) : 1.0) *
                                 log((double)last)) +
                             0.5)] = true;
            (void)snprintf(text, sizeof text, "log:%zu", n);
            assert_int_equal(ipl_when_read(&when, last, text, "measure", NULL), IPL_OK);
            for (size_t e = 0; e <= last; e++) {
                if (when.points > 0)
                    assert_int_equal(ipl_when_due(&when, e), due[e]);
                count += ipl_when_due(&when, e);
            }
            assert_int_equal(ipl_when_count(&when), count);
            ipl_when_release(&when);
            free(due);
        }
}

static void memory_does_not_grow_with_epochs(void **state)
{
    static const struct {
        const char *text;
        size_t count;
    } cases[] = {{"every", (size_t)MANY + 1},
                 {"every:300000000", 5},
                 {"log:10", 11},
                 {"7,0,1000000000,7", 3},
                 {"none", 0}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const size_t before = ipl_alloc_held();
        ipl_when when;

        assert_int_equal(ipl_when_read(&when, MANY, cases[i].text, "measure", NULL),
                         IPL_OK);
        assert_true(ipl_alloc_held() - before < 4096);
        assert_int_equal(ipl_when_count(&when), cases[i].count);
        assert_int_equal(ipl_when_due(&when, MANY), cases[i].count > 0);
        assert_int_equal(ipl_when_due(&when, 8), cases[i].count > MANY);
        ipl_when_release(&when);
        assert_int_equal(ipl_alloc_held(), before);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_points_are_those_of_the_formula),
        cmocka_unit_test(memory_does_not_grow_with_epochs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
