#include "test.h"

#include "base/alloc.h"
#include "run/experiment_keys.h"
#include "run/grid.h"
#include "run/seeds.h"

#include <stdio.h>
#include <string.h>

static ipl_experiment base; /* large */

static int setup(void **state)
{
    (void)state;
    ipl_opt_init(&base, ipl_experiment_opts);
    return 0;
}

/* ---- seeds ---- */

static void seeds_are_numbers_and_ranges(void **state)
{
    const uint64_t want[] = {1, 2, 5, 6, 7, 8, 9, UINT64_MAX};
    uint64_t *seeds;
    size_t n;

    (void)state;
    assert_int_equal(ipl_seeds_parse(&seeds, &n, "1,2,5-9,18446744073709551615", NULL),
                     IPL_OK);
    assert_int_equal(n, 8);
    assert_memory_equal(seeds, want, sizeof want);
    ipl_free(seeds);
    assert_int_equal(ipl_seeds_parse(&seeds, &n, "3-3", NULL), IPL_OK);
    assert_int_equal(n, 1);
    ipl_free(seeds);
}

static void bad_seeds_are_refused_with_what_is_wrong(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "neither"},
        {"1,", "neither"},
        {"a", "neither"},
        {"1-", "neither"},
        {"-5", "neither"},
        {"1-2-3", "neither"},
        {"1.5", "neither"},
        {"5-1", "want 1-5"},
        {"1,2,1", "1 is given twice"},
        {"1-4,3", "3 is given twice"},
        {"1-1000000000", "more than"},
        {"0-18446744073709551615", "more than"},
        {"1-9999999999999999999999999999999999999999999999999", "no number"},
        {"18446744073709551616", "neither"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t *seeds;
        size_t n;
        ipl_error err = {0};

        assert_int_equal(ipl_seeds_parse(&seeds, &n, cases[i].text, &err), IPL_E_ARG);
        assert_non_null(strstr(err.msg, cases[i].says));
        assert_null(seeds);
    }
}

/* ---- keys with a dot ---- */

static void a_dotted_key_sets_an_option_of_a_text(void **state)
{
    (void)state;
    assert_int_equal(
        ipl_experiment_set(&base, "optimiser", "sgd:lr=0.5,momentum=0.9", NULL), IPL_OK);
    assert_int_equal(ipl_experiment_set(&base, "optimiser.lr", "0.01", NULL), IPL_OK);
    assert_string_equal(base.optimiser, "sgd:lr=0.01,momentum=0.9");
    assert_int_equal(ipl_experiment_set(&base, "optimiser.nesterov", "yes", NULL), IPL_OK);
    assert_string_equal(base.optimiser, "sgd:lr=0.01,momentum=0.9,nesterov=yes");
    assert_int_equal(ipl_experiment_set(&base, "optimiser", "adam", NULL), IPL_OK);
    assert_int_equal(ipl_experiment_set(&base, "optimiser.lr", "0.001", NULL), IPL_OK);
    assert_string_equal(base.optimiser, "adam:lr=0.001");
    assert_int_equal(ipl_experiment_set(&base, "batch", "32", NULL), IPL_OK);
    assert_int_equal(base.batch, 32);
}

static void an_option_alone_is_found_when_one_text_has_it(void **state)
{
    char key[64];

    (void)state;
    assert_int_equal(ipl_experiment_key(key, sizeof key, &base, "lr", NULL), IPL_OK);
    assert_string_equal(key, "optimiser.lr");
    assert_int_equal(ipl_experiment_key(key, sizeof key, &base, "epochs", NULL), IPL_OK);
    assert_string_equal(key, "epochs");
}

static void unknown_keys_name_a_near_one(void **state)
{
    static const struct {
        const char *key, *says;
    } cases[] = {{"activaton", "'activation'"},
                 {"lrr", "'optimiser.lr'"},
                 {"optimiser.lrr", ""},
                 {"qwertyuiop", "--help"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ipl_grid grid;
        ipl_error err = {0};
        char text[80];

        (void)snprintf(text, sizeof text, "%s=1,2", cases[i].key);
        if (*cases[i].says) {
            assert_int_equal(ipl_grid_create(&grid, text, "", &base, &err), IPL_E_ARG);
            assert_non_null(strstr(err.msg, cases[i].says));
            continue;
        }
        assert_int_equal(ipl_grid_create(&grid, text, "", &base, &err), IPL_OK);
        assert_int_equal(ipl_grid_apply(&base, &grid, 0, &err), IPL_E_ARG);
        assert_non_null(strstr(err.msg, "did you mean 'lr'"));
        ipl_grid_release(&grid);
    }
}

static void a_word_that_is_none_of_its_kind_is_refused(void **state)
{
    ipl_error err = {0};

    (void)state;
    assert_int_equal(ipl_experiment_set(&base, "activation", "tanhh", &err), IPL_E_ARG);
    assert_non_null(strstr(err.msg, "tanhh"));
    assert_int_equal(ipl_experiment_set(&base, "optimiser", "sgd:lr=x", &err), IPL_E_ARG);
    assert_int_equal(ipl_experiment_set(&base, "schedule", "cosin", &err), IPL_E_ARG);
    assert_string_equal(base.activation, "tanh");
}

/* Count the visits, and remember two of them. */
typedef struct visits {
    size_t n;
    char lr[32], optimiser[32];
} visits;

static void visit(void *self, const char *key, const char *value)
{
    visits *v = self;

    v->n++;
    if (strcmp(key, "optimiser.lr") == 0)
        (void)snprintf(v->lr, sizeof v->lr, "%s", value);
    if (strcmp(key, "optimiser") == 0)
        (void)snprintf(v->optimiser, sizeof v->optimiser, "%s", value);
}

static void a_text_is_visited_as_its_name_and_every_option(void **state)
{
    visits v = {0};

    (void)state;
    assert_int_equal(ipl_experiment_set(&base, "optimiser", "adam:lr=0.25", NULL), IPL_OK);
    assert_int_equal(ipl_experiment_each(&base, visit, &v, NULL), IPL_OK);
    assert_string_equal(v.optimiser, "adam");
    assert_string_equal(v.lr, "0.25");
    assert_true(v.n > 30);
}

/* ---- grids ---- */

static void check_name(const ipl_grid *grid, size_t point, const char *want)
{
    ipl_text name = {0};

    ipl_grid_print_name(&name, grid, point);
    assert_string_equal(name.s, want);
    ipl_text_release(&name);
}

static void a_grid_is_every_combination_seeds_last(void **state)
{
    ipl_grid grid;

    (void)state;
    assert_int_equal(ipl_grid_create(&grid, "seed=1-3 activation=tanh,relu lr=0.1,0.01", "",
                                     &base, NULL),
                     IPL_OK);
    assert_int_equal(grid.n_points, 12);
    check_name(&grid, 0, "activation=tanh_optimiser.lr=0.1/seed1");
    check_name(&grid, 1, "activation=tanh_optimiser.lr=0.1/seed2");
    check_name(&grid, 3, "activation=tanh_optimiser.lr=0.01/seed1");
    check_name(&grid, 11, "activation=relu_optimiser.lr=0.01/seed3");
    assert_int_equal(ipl_grid_apply(&base, &grid, 10, NULL), IPL_OK);
    assert_int_equal(base.seed, 2);
    assert_string_equal(base.activation, "relu");
    assert_string_equal(base.optimiser, "sgd:lr=0.01,momentum=0.9");
    ipl_grid_release(&grid);
}

static void seeds_alone_are_a_grid(void **state)
{
    ipl_grid grid;

    (void)state;
    assert_int_equal(ipl_grid_create(&grid, "", "7,9", &base, NULL), IPL_OK);
    assert_int_equal(grid.n_points, 2);
    check_name(&grid, 1, "seed9");
    ipl_grid_release(&grid);
}

static void whole_texts_are_set_before_their_options(void **state)
{
    ipl_grid grid;

    (void)state;
    assert_int_equal(
        ipl_grid_create(&grid, "lr=0.5 optimiser=adam,rmsprop", "", &base, NULL), IPL_OK);
    assert_int_equal(ipl_grid_apply(&base, &grid, 1, NULL), IPL_OK);
    assert_string_equal(base.optimiser, "rmsprop:lr=0.5");
    ipl_grid_release(&grid);
}

static void semicolons_separate_values_that_have_commas(void **state)
{
    ipl_grid grid;

    (void)state;
    assert_int_equal(
        ipl_grid_create(&grid, "optimiser=sgd:lr=0.1,momentum=0.5;adam", "", &base, NULL),
        IPL_OK);
    assert_int_equal(grid.n_points, 2);
    assert_string_equal(ipl_grid_value(&grid, 0, 0), "sgd:lr=0.1,momentum=0.5");
    ipl_grid_release(&grid);
}

static void values_may_have_blanks(void **state)
{
    ipl_grid grid;

    (void)state;
    assert_int_equal(
        ipl_grid_create(&grid, "net=dense:units=20 tanh dense:units=10,784-10 batch=1,2",
                        "", &base, NULL),
        IPL_OK);
    assert_int_equal(grid.n_axes, 2);
    assert_string_equal(ipl_grid_value(&grid, 0, 0), "dense:units=20 tanh dense:units=10");
    assert_string_equal(ipl_grid_value(&grid, 2, 0), "784-10");
    ipl_grid_release(&grid);
}

static void values_that_folders_should_not_have_get_distinct_names(void **state)
{
    ipl_grid grid;
    ipl_text a = {0}, b = {0};

    (void)state;
    assert_int_equal(ipl_grid_create(&grid, "data=a/b,a:b,../x", "", &base, NULL), IPL_OK);
    ipl_grid_print_name(&a, &grid, 0);
    ipl_grid_print_name(&b, &grid, 1);
    assert_memory_equal(a.s, "data=a-b-", 9);
    assert_memory_equal(b.s, "data=a-b-", 9);
    assert_string_not_equal(a.s, b.s);
    ipl_text_clear(&a);
    ipl_grid_print_name(&a, &grid, 2);
    assert_null(strchr(a.s, '/'));
    ipl_text_release(&b);
    ipl_text_release(&a);
    ipl_grid_release(&grid);
}

static void names_stay_when_a_grid_grows(void **state)
{
    ipl_grid small, large;
    ipl_text name = {0};

    (void)state;
    assert_int_equal(ipl_grid_create(&small, "batch=8,16", "1-2", &base, NULL), IPL_OK);
    assert_int_equal(ipl_grid_create(&large, "batch=4,8,16,32", "1-9", &base, NULL),
                     IPL_OK);
    ipl_grid_print_name(&name, &small, 3);
    check_name(&large, 2 * 9 + 1, name.s);
    ipl_text_release(&name);
    ipl_grid_release(&large);
    ipl_grid_release(&small);
}

static void bad_grids_are_refused_with_what_is_wrong(void **state)
{
    static const struct {
        const char *grid, *seeds, *says;
    } cases[] = {
        {"", "", "nothing to vary"},
        {"batch", "", "not key=value"},
        {"batch=", "", "not key=value"},
        {"=3", "", "not key=value"},
        {"batch=1,", "", "empty value"},
        {"batch=1,,2", "", "empty value"},
        {"batch=1,2,1", "", "batch=1 is given twice"},
        {"batch=1 batch=2", "", "batch is given twice"},
        {"lr=1 optimiser.lr=2", "", "optimiser.lr is given twice"},
        {"seed=1-3", "1-3", "seed is given twice"},
        {"seed=5-1", "", "goes back"},
        {"name=a,b", "", "--out"},
        {"seed=1-1000000000", "", "more than"},
        {"seed=1-5000 batch=1,2,3", "", "more than 10000 points"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ipl_grid grid;
        ipl_error err = {0};

        assert_int_equal(ipl_grid_create(&grid, cases[i].grid, cases[i].seeds, &base, &err),
                         IPL_E_ARG);
        if (!strstr(err.msg, cases[i].says))
            print_error("'%s': %s\n", cases[i].grid, err.msg);
        assert_non_null(strstr(err.msg, cases[i].says));
        assert_int_equal(grid.n_axes, 0);
    }
}

static void no_memory_is_reported(void **state)
{
    ipl_status st = IPL_E_NOMEM;
    ipl_grid grid;
    long n = 0;

    (void)state;
    for (; st == IPL_E_NOMEM; n++) {
        ipl_alloc_fail_after(n);
        st = ipl_grid_create(&grid, "activation=tanh,relu lr=1,2", "1-3", &base, NULL);
    }
    ipl_alloc_fail_after(-1);
    assert_int_equal(st, IPL_OK);
    assert_true(n > 5);
    ipl_grid_release(&grid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seeds_are_numbers_and_ranges),
        cmocka_unit_test(bad_seeds_are_refused_with_what_is_wrong),
        cmocka_unit_test_setup(a_dotted_key_sets_an_option_of_a_text, setup),
        cmocka_unit_test_setup(an_option_alone_is_found_when_one_text_has_it, setup),
        cmocka_unit_test_setup(unknown_keys_name_a_near_one, setup),
        cmocka_unit_test_setup(a_word_that_is_none_of_its_kind_is_refused, setup),
        cmocka_unit_test_setup(a_text_is_visited_as_its_name_and_every_option, setup),
        cmocka_unit_test_setup(a_grid_is_every_combination_seeds_last, setup),
        cmocka_unit_test_setup(seeds_alone_are_a_grid, setup),
        cmocka_unit_test_setup(whole_texts_are_set_before_their_options, setup),
        cmocka_unit_test_setup(semicolons_separate_values_that_have_commas, setup),
        cmocka_unit_test_setup(values_may_have_blanks, setup),
        cmocka_unit_test_setup(values_that_folders_should_not_have_get_distinct_names,
                               setup),
        cmocka_unit_test_setup(names_stay_when_a_grid_grows, setup),
        cmocka_unit_test_setup(bad_grids_are_refused_with_what_is_wrong, setup),
        cmocka_unit_test_setup(no_memory_is_reported, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
