/* What runs, estimators and figures are called. */
#include "scratch.h"

#include "run/figure.h"
#include "run/plot.h"
#include "run/plot_run.h"

static void a_run_is_called_by_the_last_part_of_its_path_or_of_a_link(void **state)
{
    const char *link = scratch_path(state, "latest");
    char label[64];

    ipl_plot_label(label, sizeof label, "results/szt-tanh/");
    assert_string_equal(label, "szt-tanh");
    ipl_plot_label(label, sizeof label, "results/szt-tanh/seed3");
    assert_string_equal(label, "szt-tanh/seed3");
    assert_int_equal(symlink("mnist-tanh-seed1", link), 0);
    ipl_plot_label(label, sizeof label, link);
    assert_string_equal(label, "mnist-tanh-seed1");
    ipl_plot_label(label, sizeof label, scratch_path(state, "latest/"));
    assert_string_equal(label, "mnist-tanh-seed1");
}

static void an_estimator_is_meant_by_its_text_its_beginning_or_some_options(void **state)
{
    const char *text = "logdet:scale=cov,beta=rd,mode=x";

    (void)state;
    assert_true(ipl_estimator_fits(text, ""));
    assert_true(ipl_estimator_fits(text, text));
    assert_true(ipl_estimator_fits(text, "logdet"));
    assert_true(ipl_estimator_fits(text, "logdet:scale=cov,be"));
    assert_true(ipl_estimator_fits(text, "logdet:beta=rd"));
    assert_true(ipl_estimator_fits(text, "logdet:mode=x,scale=cov"));
    assert_false(ipl_estimator_fits(text, "logdet:beta=r"));
    assert_false(ipl_estimator_fits(text, "logdet:beta=own"));
    assert_false(ipl_estimator_fits(text, "kde"));
    assert_false(ipl_estimator_fits("kde", "kde:var=0.1"));
}

static void an_estimator_is_named_on_an_axis_by_what_matters(void **state)
{
    char out[96];

    (void)state;
    ipl_estimator_label(out, sizeof out, "logdet:scale=corr,beta=rd");
    assert_string_equal(out, "LogDet \xCE\xB2 = rd, corr");
    ipl_estimator_label(out, sizeof out, "binning:bins=30");
    assert_string_equal(out, "binning bins: 30");
    ipl_estimator_label(out, sizeof out, "my_own:a=1");
    assert_string_equal(out, "my\\_own:a=1");
}

static void a_long_name_is_cut_between_characters(void **state)
{
    char out[64];

    (void)state;
    ipl_shorten(out, sizeof out, "abcdef", 6);
    assert_string_equal(out, "abcdef");
    ipl_shorten(out, sizeof out, "abcdefg", 6);
    assert_string_equal(out, "abcde\xE2\x80\xA6");
    ipl_shorten(out, sizeof out, "\xCE\xB1\xCE\xB2\xCE\xB3\xCE\xB4", 3);
    assert_string_equal(out, "\xCE\xB1\xCE\xB2\xE2\x80\xA6");
    ipl_shorten(out, 8, "abcdefghijklmnop", 40);
    assert_true(strlen(out) < 8);
}

static void figures_of_several_runs_lie_beside_the_first(void **state)
{
    const char *const runs[] = {"results/a/", "results/b", "results/c"};
    ipl_plot_opts opts = {0};
    char out[IPL_PATH_MAX];

    (void)state;
    assert_int_equal(ipl_plot_folder(out, &opts, runs + 1, 1, NULL), IPL_OK);
    assert_string_equal(out, "results/b/figures");
    assert_int_equal(ipl_plot_folder(out, &opts, runs, 2, NULL), IPL_OK);
    assert_string_equal(out, "results/compare-a+b/figures");
    assert_int_equal(ipl_plot_folder(out, &opts, runs, 3, NULL), IPL_OK);
    assert_string_equal(out, "results/compare-a+b+1-more/figures");
    (void)snprintf(opts.out, sizeof opts.out, "x/y");
    assert_int_equal(ipl_plot_folder(out, &opts, runs, 3, NULL), IPL_OK);
    assert_string_equal(out, "x/y");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(a_run_is_called_by_the_last_part_of_its_path_or_of_a_link),
        cmocka_unit_test(an_estimator_is_meant_by_its_text_its_beginning_or_some_options),
        cmocka_unit_test(an_estimator_is_named_on_an_axis_by_what_matters),
        cmocka_unit_test(a_long_name_is_cut_between_characters),
        cmocka_unit_test(figures_of_several_runs_lie_beside_the_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
