#include "scratch.h"
#include "test.h"

#include "base/alloc.h"
#include "base/rng.h"
#include "math/linalg.h"
#include "run/experiment.h"
#include "run/selftest.h"
#include "run/verify_nets.h"
#include "run/verify_tools.h"

static char old_path[4096]; /* PATH as it was */

static int setup(void **state)
{
    const char *path = getenv("PATH");

    (void)snprintf(old_path, sizeof old_path, "%s", path ? path : "");
    return setenv("INFOPLANE_SHARE", "scripts", 1) == 0 ? scratch_setup(state) : -1;
}

/* Without gnuplot a run is quicker, and its data are the same. */
static void hide_gnuplot(void)
{
    assert_int_equal(setenv("PATH", "/nonexistent", 1), 0);
}

static void restore_path(void)
{
    assert_int_equal(setenv("PATH", old_path, 1), 0);
}

/* Lines that were said, one after the other. */
static void collect(void *context, const char *line)
{
    ipl_text_add(context, "%s\n", line);
}

static bool file_has(const char *path, const char *text)
{
    char *bytes = NULL;
    size_t len;
    bool has;

    assert_int_equal(ipl_file_read(&bytes, &len, path, 1 << 24, NULL), IPL_OK);
    has = strstr(bytes, text) != NULL;
    ipl_free(bytes);
    return has;
}

/* ---- spectra ---- */

static void the_entropy_of_a_spectrum_is_its_log_determinant(void **state)
{
    const ipl_spectrum s = {{0.5, 4.0}, {3, 1}};

    (void)state;
    assert_close(ipl_spectrum_entropy(&s, 2.0), 0.5 * (3.0 * log(2.0) + log(9.0)), 1e-12);
    assert_close(ipl_spectrum_entropy(&s, 0.0), 0.0, 0.0);
}

/* Tulino and Verdu's explicit form for S = I: c = d / m, in nats, m the rows. */
static double marchenko_pastur(double beta, double d, double m)
{
    const double c = d / m;
    const double root = sqrt(beta * pow(1.0 + sqrt(c), 2.0) + 1.0) -
                        sqrt(beta * pow(1.0 - sqrt(c), 2.0) + 1.0);
    const double f = root * root / 4.0;

    return 0.5 * m * (c * log(1.0 + beta - f) + log(1.0 + c * beta - f) - f / beta);
}

static void the_sampled_entropy_of_white_data_is_that_of_marchenko_and_pastur(void **state)
{
    static const double betas[] = {0.01, 1.0, 100.0, 200000.0};
    static const size_t dims[] = {1, 3, 127, 1000};

    (void)state;
    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < 4; k++) {
            const ipl_spectrum white = {{1.0}, {dims[k]}};
            const double want = marchenko_pastur(betas[i], (double)dims[k], 127.0);

            assert_close(ipl_spectrum_sampled(&white, betas[i], 128), want, 1e-7 * want);
        }
}

static void the_sampled_entropy_is_lower_and_approaches_that_of_the_population(void **state)
{
    const ipl_spectrum s = {{1.9, 0.1}, {20, 20}};
    const double limit = ipl_spectrum_entropy(&s, 5.0);
    double last = 0.0;

    (void)state;
    for (size_t n = 4; n <= 4096; n *= 4) {
        const double h = ipl_spectrum_sampled(&s, 5.0, n);

        assert_true(h > last && h < limit);
        last = h;
    }
    assert_close(ipl_spectrum_sampled(&s, 5.0, 100000000), limit, 1e-4);
}

static void the_sampled_entropy_is_what_samples_have(void **state)
{
    const size_t n = 400, d = 60;
    const ipl_spectrum s = {{4.0, 1.0}, {10, 50}};
    const char *texts[] = {"logdet:beta=2"};
    double *t = ipl_array(n, d, sizeof *t, NULL), h;

    (void)state;
    assert_non_null(t);
    ipl_verify_normal(t, n * d, 77, 0);
    for (size_t i = 0; i < n * d; i++)
        t[i] *= i % d < 10 ? 2.0 : 1.0;
    assert_int_equal(ipl_verify_entropies(&h, texts, 1, ipl_cmat_f64(t, n, d), NULL),
                     IPL_OK);
    assert_close(h, ipl_spectrum_sampled(&s, 2.0, n), 0.01 * h);
    ipl_free(t);
}

/* ---- curves ---- */

static void likeness_is_one_for_a_line_and_its_multiple(void **state)
{
    const double a[] = {1, 2, 3, 4}, b[] = {-1, -3, -5, -7}, flat[] = {2, 2, 2, 2};
    const double c[] = {10, (double)NAN, 30, 40};

    (void)state;
    assert_close(ipl_verify_likeness(a, a, 4), 1.0, 1e-12);
    assert_close(ipl_verify_likeness(a, b, 4), -1.0, 1e-12);
    assert_close(ipl_verify_likeness(a, c, 4), 1.0, 1e-12);
    assert_true(isnan(ipl_verify_likeness(a, flat, 4)));
}

static void steps_are_strict_without_slack(void **state)
{
    const double v[] = {0.0, 5.0, 5.0, 4.99, 10.0};

    (void)state;
    assert_int_equal(ipl_verify_rises(v, 5, 0.0), 2);
    assert_int_equal(ipl_verify_rises(v, 5, 0.01), 4);
    assert_int_equal(ipl_verify_falls(v, 5, 0.0), 1);
    assert_int_equal(ipl_verify_falls(v, 5, 0.01), 2);
}

static void a_nan_is_never_as_expected(void **state)
{
    const double v[] = {0.0, (double)NAN, 2.0}, w[] = {0.0, 1.0, 2.0};

    (void)state;
    assert_true(isnan(ipl_verify_worse(0.0, (double)NAN)));
    assert_true(isnan(ipl_verify_worse((double)NAN, 1.0)));
    assert_close(ipl_verify_worse(1.0, 2.0), 2.0, 0.0);
    assert_true(isnan(ipl_verify_apart(v, w, 3)));
    assert_close(ipl_verify_apart(w, w, 3), 0.0, 0.0);
    assert_int_equal(ipl_verify_rises(v, 3, 0.5), 0);
}

static void a_jump_is_a_share_of_the_range(void **state)
{
    const double v[] = {0.0, 1.0, 10.0}, flat[] = {3.0, 3.0};

    (void)state;
    assert_close(ipl_verify_range(v, 3), 10.0, 0.0);
    assert_close(ipl_verify_jump(v, 3), 0.9, 1e-12);
    assert_true(isnan(ipl_verify_jump(flat, 2)));
}

/* ---- sweeps ---- */

static ipl_status square_or_fail(void *job, size_t i, ipl_error *err)
{
    double *v = job;

    if (i % 7 == 5)
        return ipl_fail(err, IPL_E_NUMERIC, "point %zu", i);
    v[i] = (double)(i * i);
    return IPL_OK;
}

static void a_sweep_reports_its_first_fault_at_any_number_of_threads(void **state)
{
    (void)state;
    for (size_t threads = 1; threads <= 3; threads++) {
        double v[20] = {0};
        ipl_pool *pool = NULL;
        ipl_error err = {0};

        assert_int_equal(ipl_pool_create(&pool, threads, ipl_blas_start, NULL), IPL_OK);
        assert_int_equal(ipl_verify_sweep(pool, 20, square_or_fail, v, &err),
                         IPL_E_NUMERIC);
        assert_string_equal(err.msg, "point 5");
        assert_close(v[19], 0.0, 0.0);
        assert_close(v[18], 324.0, 0.0);
        ipl_pool_destroy(pool);
    }
}

/* ---- reports ---- */

static void a_report_writes_values_and_what_is_drawn(void **state)
{
    ipl_report *r = ipl_array(1, 1, sizeof *r, NULL);
    const double x[] = {0, 1, 2}, v[] = {5, (double)NAN, 7}, flat[] = {3, 3, 3 + 1e-12};
    const double none[] = {(double)NAN, (double)NAN, (double)NAN};

    assert_non_null(r);
    ipl_report_add_panel(r, "x", "it's y", "panel %d", 1)->log_x = true;
    ipl_report_add_shape_panel(r, "s", "shapes");
    (void)ipl_report_add_series(r, "a:b=1,c=2", "A", NULL, 1);
    (void)ipl_report_add_series(r, "closed form", "B", "#000000", 2);
    ipl_report_add_curve(r, 0, 0, x, v, 3);
    ipl_report_add_curve(r, 0, 1, x, none, 3);
    ipl_report_add_shape(r, 1, 0, x, v, 3);
    ipl_report_add_shape(r, 1, 1, x, flat, 3);
    assert_int_equal(ipl_report_write(r, *state, "test", NULL), IPL_OK);
    assert_true(file_has(scratch_path(state, "test.csv"),
                         "panel,panel_title,series,name,x,value,shown\n"
                         "1,panel 1,1,\"a:b=1,c=2\",0,5,5\n"
                         "1,panel 1,1,\"a:b=1,c=2\",1,NaN,NaN\n"));
    assert_true(file_has(scratch_path(state, "test.csv"),
                         "2,shapes,1,\"a:b=1,c=2\",0,5,0\n"
                         "2,shapes,1,\"a:b=1,c=2\",1,NaN,NaN\n"
                         "2,shapes,1,\"a:b=1,c=2\",2,7,10\n"));
    assert_true(
        file_has(scratch_path(state, "test.csv"), "2,shapes,2,closed form,1,3,0\n"));
    assert_true(file_has(scratch_path(state, "test-settings.gp"),
                         "Y_LABEL[1] = 'it'.\"\\047\".'s y'"));
    assert_true(file_has(scratch_path(state, "test-settings.gp"), "CURVES[1] = ' 1'"));
    assert_true(file_has(scratch_path(state, "test-settings.gp"), "CURVES[2] = ' 1 2'"));
    assert_true(
        file_has(scratch_path(state, "test-settings.gp"), "Y_RANGE[2] = '[0:10.3]'"));
    ipl_report_release(r);
    ipl_free(r);
}

/* ---- runs ---- */

static ipl_status run_mixed(ipl_report *report, const ipl_verify_task *task, ipl_error *err)
{
    const double x[] = {0, 1};
    ipl_finding *row = ipl_report_find(report, "a, b");

    (void)err;
    ipl_finding_expect(row, "1");
    ipl_finding_obtain(row, task->quick ? IPL_PASS : IPL_FAIL, "%d", task->quick);
    ipl_finding_obtain(ipl_report_find(report, "c"), IPL_SKIPPED, "no data");
    ipl_finding_obtain(ipl_report_find(report, "d"), IPL_NOTE, "9");
    (void)ipl_report_add_panel(report, "x", "y", "p");
    ipl_report_add_curve(report, 0, ipl_report_add_series(report, "s", "s", NULL, 1), x, x,
                         2);
    return IPL_OK;
}

static const ipl_verify_row own_table[] = {{"mixed", "a test", run_mixed, NULL},
                                           {.name = NULL}};

static void a_failed_check_is_a_numeric_fault_and_everything_is_written(void **state)
{
    ipl_verify_opts opts = {.out = scratch_path(state, "own")};
    ipl_text said = {0};
    ipl_verdicts sum;
    ipl_error err = {0};

    hide_gnuplot();
    assert_int_equal(ipl_verify_rows(&sum, own_table, &opts, NULL, 0, collect, &said, &err),
                     IPL_E_NUMERIC);
    assert_non_null(strstr(err.msg, "1 of 1 checks failed"));
    assert_int_equal(sum.failed, 1);
    assert_int_equal(sum.passed, 0);
    assert_int_equal(sum.skipped, 1);
    assert_non_null(strstr(said.s, "FAIL         a, b"));
    assert_non_null(strstr(said.s, "SKIPPED      c"));
    assert_non_null(strstr(said.s, "no gnuplot here"));
    assert_true(
        file_has(scratch_path(state, "own/verdicts.csv"),
                 "experiment,check,expected,obtained,verdict\n"
                 "mixed,\"a, b\",1,0,FAIL\nmixed,c,,no data,SKIPPED\nmixed,d,,9,note\n"));
    assert_true(file_has(scratch_path(state, "own/plot.sh"), "verify.gp mixed"));
    opts.quick = true;
    assert_int_equal(ipl_verify_rows(&sum, own_table, &opts, NULL, 0, NULL, NULL, &err),
                     IPL_OK);
    assert_int_equal(sum.passed, 1);
    restore_path();
    ipl_text_release(&said);
}

static ipl_status run_faulty(ipl_report *report, const ipl_verify_task *task,
                             ipl_error *err)
{
    (void)report;
    (void)task;
    return ipl_fail(err, IPL_E_NOINPUT, "no data for this one");
}

static void what_came_before_a_fault_is_written(void **state)
{
    static const ipl_verify_row table[] = {{"mixed", "a test", run_mixed, NULL},
                                           {"faulty", "another", run_faulty, NULL},
                                           {.name = NULL}};
    const ipl_verify_opts opts = {.quick = true, .out = scratch_path(state, "half")};
    ipl_verdicts sum;
    ipl_error err = {0};

    hide_gnuplot();
    assert_int_equal(ipl_verify_rows(&sum, table, &opts, NULL, 0, NULL, NULL, &err),
                     IPL_E_NOINPUT);
    restore_path();
    assert_string_equal(err.msg, "no data for this one");
    assert_true(file_has(scratch_path(state, "half/verdicts.csv"), "mixed,c,,no data"));
    assert_true(file_has(scratch_path(state, "half/plot.sh"), "verify.gp mixed"));
}

static void options_of_nets_need_a_net(void **state)
{
    const ipl_verify_opts opts = {.nets = 2, .out = scratch_path(state, "never")};
    ipl_verdicts sum;
    ipl_error err = {0};

    assert_int_equal(ipl_verify_rows(&sum, own_table, &opts, NULL, 0, NULL, NULL, &err),
                     IPL_E_ARG);
    assert_non_null(strstr(err.msg, "--nets"));
    assert_false(ipl_file_exists(opts.out));
}

static void a_figure_is_drawn(void **state)
{
    const ipl_verify_opts opts = {.quick = true, .out = scratch_path(state, "drawn")};
    ipl_text said = {0};
    ipl_verdicts sum;

    assert_int_equal(ipl_verify_rows(&sum, own_table, &opts, NULL, 0, collect, &said, NULL),
                     IPL_OK);
    if (strstr(said.s, "no gnuplot here"))
        print_message("SKIPPED: no gnuplot here, no figure drawn\n");
    else
        assert_true(ipl_file_exists(scratch_path(state, "drawn/mixed.png")));
    assert_null(strstr(said.s, "warning"));
    ipl_text_release(&said);
}

static void an_unknown_experiment_is_refused_before_anything_is_run(void **state)
{
    const ipl_verify_opts opts = {.quick = true, .out = scratch_path(state, "nothing")};
    const char *names[] = {"mi-dimension", "mi-sample"};
    ipl_verdicts sum;
    ipl_error err = {0};

    assert_int_equal(ipl_verify_run(&sum, &opts, names, 2, NULL, NULL, &err), IPL_E_ARG);
    assert_non_null(
        strstr(err.msg, "no experiment 'mi-sample'; did you mean 'mi-samples'?"));
    assert_false(ipl_file_exists(opts.out));
}

static void every_experiment_has_a_name_and_a_summary(void **state)
{
    ipl_verify_about about;
    size_t n = 0, nets = 0;

    (void)state;
    while (ipl_verify_describe(&about, n)) {
        assert_true(*about.name != '\0' && *about.summary != '\0');
        nets += about.nets;
        n++;
    }
    assert_int_equal(nets, 6);
    assert_int_equal(n - nets, 7);
}

/* ---- nets ---- */

static ipl_verdict judge(double low, double high, double spread, double sd, size_t nets,
                         double mean, double got_sd, size_t n)
{
    const ipl_net_expected row = {
        .low = low, .high = high, .spread = spread, .sd = sd, .nets = nets};

    return ipl_net_judge(&row, (ipl_net_got){mean, got_sd, n});
}

/* The standard error of the difference of two means of 20 nets, s.d. 0.85: 0.269. */
static void a_value_agrees_within_its_spread_and_four_standard_errors(void **state)
{
    const double none = (double)NAN;

    (void)state;
    assert_int_equal(judge(14.7, 14.7, 0.3, 0.85, 20, 14.7 - 1.37, 0.85, 20), IPL_AGREE);
    assert_int_equal(judge(14.7, 14.7, 0.3, 0.85, 20, 14.7 - 1.38, 0.85, 20), IPL_DISAGREE);
    assert_int_equal(judge(14.7, 14.7, 0.3, 0.85, 20, 14.7 + 1.38, 0.85, 20), IPL_DISAGREE);
    assert_int_equal(judge(9, 12, 0, 1, 20, 12.0 + 1.26, 1, 20), IPL_AGREE);
    assert_int_equal(judge(9, 12, 0, 1, 20, 12.0 + 1.27, 1, 20), IPL_DISAGREE);
    /* Few nets here: the deviation over those of the source counts, too. */
    assert_int_equal(judge(10, 10, 0, 1, 20, 10.0 + 2.2, 0.1, 3), IPL_AGREE);
    assert_int_equal(judge(10, 10, 0, 1, 20, 10.0 + 2.4, 0.1, 3), IPL_DISAGREE);
    /* One net of the source: the deviation here, and it is one of them. */
    assert_int_equal(judge(10, 10, 0.5, none, 1, 10.0 + 5.11, 1, 3), IPL_AGREE);
    assert_int_equal(judge(10, 10, 0.5, none, 1, 10.0 + 5.13, 1, 3), IPL_DISAGREE);
    /* The deviation of such nets elsewhere counts as two: (2 x 0.5^2 + 2 x 1) / 4. */
    assert_int_equal(judge(10, 10, 0.5, 0.5, 1, 10.0 + 4.15, 1, 3), IPL_AGREE);
    assert_int_equal(judge(10, 10, 0.5, 0.5, 1, 10.0 + 4.16, 1, 3), IPL_DISAGREE);
    assert_int_equal(judge(10, 10, 0.5, 0.5, 1, 10.0 + 3.32, 0, 1), IPL_AGREE);
    assert_int_equal(judge(10, 10, 0.5, 0.5, 1, 10.0 + 3.34, 0, 1), IPL_DISAGREE);
    /* One against one: the spread alone. */
    assert_int_equal(judge(10, 10, 0.5, none, 1, 10.49, 0, 1), IPL_AGREE);
    assert_int_equal(judge(10, 10, 0.5, none, 1, 10.51, 0, 1), IPL_DISAGREE);
    assert_int_equal(judge(10, 10, 1, 1, 20, none, 0, 20), IPL_DISAGREE);
    assert_int_equal(judge(10, 10, 1, 1, 20, 10, none, 20), IPL_DISAGREE);
}

/* 20 nets, each value 21 % below: 16 standard errors of a mean. */
static void twenty_nets_a_fifth_too_low_disagree(void **state)
{
    ipl_net_list list;
    size_t n = 0;

    (void)state;
    assert_int_equal(ipl_net_list_read(&list, "szt-tanh", NULL), IPL_OK);
    for (size_t i = 0; i < list.n; i++) {
        const ipl_net_expected *row = &list.rows[i];

        if (row->claim != IPL_NET_END || row->field != IPL_NET_XT || row->first != 1 ||
            !row->run[0] || strcmp(row->estimator, "logdet:beta=own") != 0)
            continue;
        assert_int_equal(ipl_net_judge(row, (ipl_net_got){row->low, row->sd, 20}),
                         IPL_AGREE);
        assert_int_equal(ipl_net_judge(row, (ipl_net_got){0.79 * row->low, row->sd, 20}),
                         IPL_DISAGREE);
        n++;
    }
    assert_int_equal(n, 1);
    ipl_net_list_release(&list);
}

static void a_trend_is_compared_as_a_share_of_nets(void **state)
{
    const ipl_net_expected all = {
        .claim = IPL_NET_ENDS_LOWER, .low = 1.0, .high = 1.0, .nets = 20};
    const ipl_net_expected said = {.claim = IPL_NET_ENDS_LOWER, .low = 0.9, .high = 1.0};

    (void)state;
    assert_int_equal(ipl_net_judge(&all, (ipl_net_got){1.0, 0.0, 20}), IPL_AGREE);
    assert_int_equal(ipl_net_judge(&all, (ipl_net_got){0.8, 0.4, 20}), IPL_AGREE);
    assert_int_equal(ipl_net_judge(&all, (ipl_net_got){0.2, 0.4, 20}), IPL_DISAGREE);
    assert_int_equal(ipl_net_judge(&said, (ipl_net_got){0.9, 0.3, 10}), IPL_AGREE);
    assert_int_equal(ipl_net_judge(&said, (ipl_net_got){0.8, 0.4, 10}), IPL_DISAGREE);
    assert_int_equal(ipl_net_judge(&said, (ipl_net_got){0.0, 0.0, 1}), IPL_DISAGREE);
}

/* What is wrong with a file of expected values is one line that names file and line. */
static void expected_values_that_are_malformed_are_refused(void **state)
{
    static const char header[] =
        "claim,quantity,first,last,estimator,low,high,spread,sd,nets,"
        "run,from,to,source\n";
    static const struct {
        const char *rows, *said;
    } cases[] = {
        {"peek,I_XT,1,1,kde,1,1,1,NaN,1,any,0,NaN,x\n", ":2: claim: 'peek'"},
        {"peak,I_TX,1,1,kde,1,1,1,NaN,1,any,0,NaN,x\n", ":2: quantity: 'I_TX'"},
        {"peak,test_accuracy,0,0,,1,1,1,NaN,1,any,0,NaN,x\n", ":2: claim: 'peak'"},
        {"peak,I_XT,0,0,kde,1,1,1,NaN,1,any,0,NaN,x\n", ":2: first: '0'"},
        {"peak,I_XT,1,2,kde,1,1,1,NaN,1,any,0,NaN,x\n", ":2: last: '2'"},
        {"peak,I_XT,2,1,kde,1,1,1,NaN,1,any,0,NaN,x\n", ":2: last: '1'"},
        {"peak,I_XT,1,1,,1,1,1,NaN,1,any,0,NaN,x\n", ":2: estimator: ''"},
        {"peak,I_XT,1,1,kde,two,1,1,NaN,1,any,0,NaN,x\n", ":2: low: 'two'"},
        {"peak,I_XT,1,1,kde,2,1,1,NaN,1,any,0,NaN,x\n", ":2: high: '1'"},
        {"peak,I_XT,1,1,kde,1,NaN,1,NaN,1,any,0,NaN,x\n", ":2: high: 'NaN'"},
        {"peak,I_XT,1,1,kde,1,1,-1,NaN,1,any,0,NaN,x\n", ":2: spread: '-1'"},
        {"peak,I_XT,1,1,kde,1,1,1,NaN,20,any,0,NaN,x\n", ":2: sd: 'NaN'"},
        {"peak,I_XT,1,1,kde,1,1,1,1,0,any,0,NaN,x\n", ":2: nets: '0'"},
        {"peak,I_XT,1,1,kde,1,1,1,NaN,1,some,0,NaN,x\n", ":2: run: 'some'"},
        {"peak,I_XT,1,1,kde,1,1,1,NaN,1,any,9,8,x\n", ":2: to: '8'"},
        {"peak,I_XT,1,1,kde,1,1,1,NaN,1,any,0,NaN,\n", ":2: source: ''"},
        {"bounded,I_TY,1,6,kde,1,2,0,NaN,0,any,0,NaN,x\n", ":2: high: '2'"},
        {"peak,I_XT,1,1,kde,1,1,1,NaN,1,any,0,NaN\n", ":2: "},
        {"", "0 rows"},
    };
    const char *path = scratch_path(state, "expected.csv");

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ipl_net_list list;
        ipl_text text = {0};
        ipl_error err = {0};

        ipl_text_add(&text, "%s%s", header, cases[i].rows);
        assert_int_equal(ipl_file_replace(path, text.s, text.len, NULL), IPL_OK);
        assert_int_equal(ipl_net_list_read_file(&list, path, &err), IPL_E_FORMAT);
        if (!strstr(err.msg, "expected.csv") || !strstr(err.msg, cases[i].said))
            fail_msg("%s: %s", cases[i].said, err.msg);
        assert_null(list.rows);
        ipl_text_release(&text);
    }
}

/* A course of I(X;T) in layer 0 over five epochs, half of it in layer 1; H(Y) = 3. */
static bool shows(ipl_net_claim trend, const double course[5])
{
    double epochs[5] = {0, 1, 2, 3, 4}, values[5 * 2 * IPL_NET_FIELDS];
    const ipl_track track = {.n_epochs = 5,
                             .n_layers = 2,
                             .n_fields = IPL_NET_FIELDS,
                             .epochs = epochs,
                             .values = values};
    const ipl_net_expected fact = {
        .claim = trend, .field = IPL_NET_XT, .first = 1, .last = 2};

    for (size_t i = 0; i < 10; i++)
        for (size_t f = 0; f < IPL_NET_FIELDS; f++)
            values[i * IPL_NET_FIELDS + f] =
                f == IPL_NET_Y ? 3.0 : course[i / 2] / (double)(1 + i % 2);
    return ipl_net_shows(&track, &fact, 0);
}

static void trends_are_seen_where_they_are_and_nowhere_else(void **state)
{
    static const double hill[] = {1.0, 2.0, 2.9, 2.0, 1.5},
                        down[] = {3.0, 2.5, 2.0, 2.0, 1.0};
    static const double up[] = {1.0, 2.0, 2.5, 2.8, 2.9},
                        high[] = {1.0, 2.0, 3.1, 2.9, 2.8};
    static const double below[] = {-1.0, -2.0, -1.0, -1.0, -1.0};

    (void)state;
    assert_true(shows(IPL_NET_RISES_THEN_FALLS, hill));
    assert_false(shows(IPL_NET_RISES_THEN_FALLS, up));
    assert_false(shows(IPL_NET_RISES_THEN_FALLS, down));
    assert_true(shows(IPL_NET_ONLY_FALLS, down));
    assert_false(shows(IPL_NET_ONLY_FALLS, hill));
    assert_true(shows(IPL_NET_DOES_NOT_FALL, up));
    assert_false(shows(IPL_NET_DOES_NOT_FALL, hill));
    assert_true(shows(IPL_NET_ENDS_HIGHER, hill));
    assert_false(shows(IPL_NET_ENDS_HIGHER, down));
    assert_true(shows(IPL_NET_ENDS_LOWER, down));
    assert_false(shows(IPL_NET_ENDS_LOWER, up));
    assert_true(shows(IPL_NET_BOUNDED, hill));
    assert_false(shows(IPL_NET_BOUNDED, high));
    assert_true(shows(IPL_NET_ORDERED, hill)); /* layer 1 has half of it */
    assert_false(shows(IPL_NET_ORDERED, below));
}

static void every_experiment_with_nets_is_a_preset_with_options_that_exist(void **state)
{
    (void)state;
    for (const ipl_net_experiment *e = ipl_net_experiment_table; e->name; e++) {
        char path[IPL_PATH_MAX];
        ipl_net_list list;
        ipl_error err = {0};

        assert_int_equal(ipl_preset_find(path, e->name, NULL), IPL_OK);
        if (ipl_net_list_read(&list, e->name, &err) != IPL_OK)
            fail_msg("%s", err.msg);
        ipl_net_list_release(&list);
        for (size_t v = 0; v < 2; v++) {
            static ipl_experiment exp;

            ipl_opt_init(&exp, ipl_experiment_opts);
            assert_int_equal(ipl_experiment_read(&exp, path, NULL), IPL_OK);
            for (const ipl_net_setting *set = e->version[v].settings; set->name; set++) {
                const ipl_opt *row = ipl_opt_find(ipl_experiment_opts, set->name);

                assert_non_null(row);
                assert_int_equal(ipl_opt_set(&exp, row, set->value, NULL), IPL_OK);
            }
            assert_true(e->version[v].seeds > 0 && e->version[v].epochs > 0);
        }
    }
}

/* One net for one epoch: untrained values are compared, later ones are not reached. */
static void a_short_run_reaches_the_untrained_values_alone(void **state)
{
    const ipl_verify_opts opts = {
        .quick = true, .out = scratch_path(state, "nets"), .nets = 1, .epochs = 1};
    const char *names[] = {"szt-tanh"};
    ipl_text said = {0}, again = {0};
    ipl_verdicts sum, second;
    char table[IPL_PATH_MAX], hash[2][65];
    ipl_status st;

    hide_gnuplot();
    assert_int_equal(ipl_path_join(table, opts.out, "szt-tanh-expected.csv", NULL), IPL_OK);
    st = ipl_verify_run(&sum, &opts, names, 1, collect, &said, NULL);
    assert_true(st == IPL_OK || st == IPL_E_NUMERIC);
    assert_true(st == (sum.failed > 0 ? IPL_E_NUMERIC : IPL_OK));
    assert_true(sum.unreached > 20 && sum.passed > 10);
    assert_non_null(strstr(said.s, "trained in"));
    assert_int_equal(ipl_file_sha256(hash[0], table, NULL), IPL_OK);
    assert_true(file_has(table, "\"I(X;T), end\",fc1,"));
    assert_true(file_has(table, ",not reached\n") && file_has(table, ",agree\n"));

    /* The net is there, and what is said of it is the same. */
    st = ipl_verify_run(&second, &opts, names, 1, collect, &again, NULL);
    assert_true(st == (second.failed > 0 ? IPL_E_NUMERIC : IPL_OK));
    assert_non_null(strstr(again.s, "was there"));
    assert_int_equal(second.passed, sum.passed);
    assert_int_equal(ipl_file_sha256(hash[1], table, NULL), IPL_OK);
    assert_string_equal(hash[0], hash[1]);
    ipl_text_release(&again);
    ipl_text_release(&said);
    restore_path();
}

/* Experiments that take less than a second under the sanitizers. */
static const char *const quick_names[] = {"entropy-uncertainty", "entropy-correlation",
                                          "activation-gain"};

enum { N_QUICK_NAMES = sizeof quick_names / sizeof quick_names[0] };

static void data_are_the_same_at_any_number_of_threads(void **state)
{
    const char *const folders[] = {scratch_path(state, "one"),
                                   scratch_path(state, "three")};

    hide_gnuplot();
    for (size_t k = 0; k < 2; k++) {
        ipl_verify_opts opts = {.quick = true, .out = folders[k]};
        ipl_verdicts sum;

        assert_int_equal(ipl_pool_create(&opts.pool, 1 + 2 * k, ipl_blas_start, NULL),
                         IPL_OK);
        assert_int_equal(
            ipl_verify_run(&sum, &opts, quick_names, N_QUICK_NAMES, NULL, NULL, NULL),
            IPL_OK);
        assert_true(sum.passed > 0);
        ipl_pool_destroy(opts.pool);
    }
    for (size_t i = 0; i <= N_QUICK_NAMES; i++) {
        char name[80], path[2][IPL_PATH_MAX], hash[2][65];

        (void)snprintf(name, sizeof name, "%s.csv",
                       i < N_QUICK_NAMES ? quick_names[i] : "verdicts");
        for (size_t k = 0; k < 2; k++) {
            assert_int_equal(ipl_path_join(path[k], folders[k], name, NULL), IPL_OK);
            assert_int_equal(ipl_file_sha256(hash[k], path[k], NULL), IPL_OK);
        }
        assert_string_equal(hash[0], hash[1]);
    }
    restore_path();
}

static void a_folder_that_cannot_be_made_is_reported(void **state)
{
    const ipl_verify_opts opts = {.quick = true, .out = "/proc/verify"};
    ipl_verdicts sum;

    (void)state;
    assert_int_equal(ipl_verify_run(&sum, &opts, NULL, 0, NULL, NULL, NULL),
                     IPL_E_CANTCREATE);
}

/* ---- selftest ---- */

static void count_row(void *context, const ipl_selftest_row *row)
{
    size_t *n = context;

    assert_true(row->passed == (fabs(row->obtained - row->expected) <= row->tolerance));
    ++*n;
}

static void the_selftest_passes(void **state)
{
    size_t passed, failed, rows = 0;

    (void)state;
    assert_int_equal(ipl_selftest(&passed, &failed, count_row, &rows, NULL), IPL_OK);
    assert_int_equal(failed, 0);
    assert_int_equal(passed, rows);
    assert_true(rows >= 40);
}

/* Fail every allocation in turn, in steps that grow, until a run gets through. */
static void running_out_of_memory_is_reported(void **state)
{
    const char *names[] = {"activation-gain"};
    const ipl_verify_opts opts = {.quick = true, .out = scratch_path(state, "memory")};
    const int descriptor = next_descriptor();
    ipl_status st = IPL_E_NOMEM;
    long tries = 0;

    hide_gnuplot();
    for (long n = 0; st == IPL_E_NOMEM; n += 1 + n / 20, tries++) {
        ipl_verdicts sum;
        ipl_error err = {0};

        ipl_alloc_fail_after(n);
        st = ipl_verify_run(&sum, &opts, names, 1, NULL, NULL, &err);
        ipl_alloc_fail_after(-1);
        assert_true(st == IPL_OK || (st == IPL_E_NOMEM && err.status == IPL_E_NOMEM));
    }
    assert_true(tries > 20);
    assert_int_equal(next_descriptor(), descriptor);
    restore_path();
}

static void the_selftest_reports_that_memory_ran_out(void **state)
{
    size_t passed, failed;
    ipl_status st = IPL_E_NOMEM;
    long tries = 0;

    (void)state;
    for (long n = 0; st == IPL_E_NOMEM; n += 1 + n / 20, tries++) {
        ipl_alloc_fail_after(n);
        st = ipl_selftest(&passed, &failed, NULL, NULL, NULL);
        ipl_alloc_fail_after(-1);
        assert_true(st == IPL_OK || st == IPL_E_NOMEM);
    }
    assert_true(tries > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_entropy_of_a_spectrum_is_its_log_determinant),
        cmocka_unit_test(the_sampled_entropy_of_white_data_is_that_of_marchenko_and_pastur),
        cmocka_unit_test(
            the_sampled_entropy_is_lower_and_approaches_that_of_the_population),
        cmocka_unit_test(the_sampled_entropy_is_what_samples_have),
        cmocka_unit_test(likeness_is_one_for_a_line_and_its_multiple),
        cmocka_unit_test(steps_are_strict_without_slack),
        cmocka_unit_test(a_nan_is_never_as_expected),
        cmocka_unit_test(a_jump_is_a_share_of_the_range),
        cmocka_unit_test(a_sweep_reports_its_first_fault_at_any_number_of_threads),
        cmocka_unit_test(a_report_writes_values_and_what_is_drawn),
        cmocka_unit_test(a_failed_check_is_a_numeric_fault_and_everything_is_written),
        cmocka_unit_test(what_came_before_a_fault_is_written),
        cmocka_unit_test(options_of_nets_need_a_net),
        cmocka_unit_test(a_figure_is_drawn),
        cmocka_unit_test(an_unknown_experiment_is_refused_before_anything_is_run),
        cmocka_unit_test(every_experiment_has_a_name_and_a_summary),
        cmocka_unit_test(a_value_agrees_within_its_spread_and_four_standard_errors),
        cmocka_unit_test(twenty_nets_a_fifth_too_low_disagree),
        cmocka_unit_test(a_trend_is_compared_as_a_share_of_nets),
        cmocka_unit_test(expected_values_that_are_malformed_are_refused),
        cmocka_unit_test(trends_are_seen_where_they_are_and_nowhere_else),
        cmocka_unit_test(every_experiment_with_nets_is_a_preset_with_options_that_exist),
        cmocka_unit_test(a_short_run_reaches_the_untrained_values_alone),
        cmocka_unit_test(data_are_the_same_at_any_number_of_threads),
        cmocka_unit_test(a_folder_that_cannot_be_made_is_reported),
        cmocka_unit_test(the_selftest_passes),
        cmocka_unit_test(running_out_of_memory_is_reported),
        cmocka_unit_test(the_selftest_reports_that_memory_ran_out),
    };

    return cmocka_run_group_tests(tests, setup, scratch_teardown);
}
