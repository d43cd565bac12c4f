/* Data and scripts of figures, without gnuplot or with one that fails. */
#include "fake_run.h"

#include "base/alloc.h"
#include "run/gnuplot.h"
#include "run/table.h"

static void without_gnuplot_data_scripts_and_the_command_remain(void **state)
{
    static const char *const files[] = {
        "plane-points.csv", "plane-joins.csv", "plane-names.csv", "plane-settings.gp",
        "figure.gp",        "style.gp",        "panel_plane.gp",  "panel_frame.gp"};
    const ipl_plot_opts opts = {.kind = IPL_PLOT_PLANE, .format = 1};
    char run[IPL_PATH_MAX], folder[IPL_PATH_MAX];
    const char *const runs[] = {write_fake(run, &plain)};
    ipl_error err = {0};
    char *text;
    heard h;

    (void)state;
    if (plot_data(&opts, runs, 1, &h, &err) != IPL_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(h.figures, 0);
    assert_int_equal(h.notes, 1);
    assert_non_null(strstr(h.last_note, "sh "));
    assert_non_null(strstr(h.last_note, "plain/figures/plot.sh"));
    assert_int_equal(ipl_path_join(folder, run, "figures", NULL), IPL_OK);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        ipl_free(slurp(folder, files[i]));
    text = slurp(folder, "plot.sh");
    assert_non_null(strstr(text, "\nunset GNUTERM "));
    assert_non_null(strstr(text, "gnuplot -d -c figure.gp plane \"${1:-pdf}\" || "
                                 "gnuplot -d -c figure.gp plane svg\n"));
    assert_null(strstr(text, "curves"));
    ipl_free(text);
}

static void points_are_the_rows_of_the_split_and_estimator_asked_for(void **state)
{
    ipl_plot_opts opts = {.kind = IPL_PLOT_LTC, .split = 2, .labels = 1};
    char run[IPL_PATH_MAX], path[IPL_PATH_MAX];
    const char *const runs[] = {write_fake(run, &plain)};
    ipl_table *t;
    double *x, *y, *last, *layer;
    heard h;

    (void)state;
    (void)snprintf(opts.estimator, sizeof opts.estimator, "logdet:beta=rd");
    assert_int_equal(plot_data(&opts, runs, 1, &h, NULL), IPL_OK);
    (void)snprintf(path, sizeof path, "%.4000s/figures/ltc-points.csv", run);
    assert_int_equal(ipl_table_read(&t, path, NULL), IPL_OK);
    assert_int_equal(ipl_table_rows(t), plain.epochs * plain.layers);
    assert_int_equal(ipl_table_numbers(&x, t, "x", NULL), IPL_OK);
    assert_int_equal(ipl_table_numbers(&y, t, "y", NULL), IPL_OK);
    assert_int_equal(ipl_table_numbers(&last, t, "last", NULL), IPL_OK);
    assert_int_equal(ipl_table_numbers(&layer, t, "layer", NULL), IPL_OK);
    for (size_t i = 0; i < ipl_table_rows(t); i++) {
        assert_close(y[i] / x[i], 1.4 / 1.3, 1e-7); /* I_TY_cond over I_prev, as written */
        assert_close(last[i], i >= (plain.epochs - 1) * plain.layers, 0.0);
        assert_close(layer[i], (double)(i % plain.layers + 1), 0.0);
    }
    ipl_free(layer);
    ipl_free(last);
    ipl_free(y);
    ipl_free(x);
    ipl_table_destroy(t);
}

/* Copy the line that begins with "key = ". */
static void setting(char out[1024], const char *settings, const char *key)
{
    const size_t len = strlen(key);

    for (const char *line = settings; *line != '\0'; line++) {
        const size_t whole = strcspn(line, "\n");

        if (whole < 1024 && strncmp(line, key, len) == 0 &&
            strncmp(line + len, " = ", 3) == 0) {
            memcpy(out, line + len, whole - len);
            out[whole - len] = '\0';
            return;
        }
        line += whole;
        if (*line == '\0')
            break;
    }
    fail_msg("no setting %s", key);
}

static void
a_sweep_of_several_runs_has_a_row_for_each_and_a_column_for_each_estimator(void **state)
{
    const fake a = {"sweep-a", "a", 1, 6, 3, 9.0, 0.3, NULL, "fc"};
    const fake b = {"sweep-b", "b", 1, 6, 3, 2.0, 0.3, NULL, "fc"};
    const fake c = {"sweep-c", "a", 2, 6, 3, 9.0, 0.3, NULL, "fc"};
    ipl_plot_opts opts = {.kind = IPL_PLOT_SWEEP};
    char run[3][IPL_PATH_MAX], one[1024], two[1024];
    const char *const runs[] = {write_fake(run[0], &a), write_fake(run[1], &b),
                                write_fake(run[2], &c)};
    char *text;
    heard h;

    (void)state;
    (void)snprintf(opts.out, sizeof opts.out, "%s/sweep-out", top);
    assert_int_equal(plot_data(&opts, runs, 3, &h, NULL), IPL_OK);
    text = slurp(opts.out, "sweep-settings.gp");
    assert_non_null(strstr(text, "PANELS = 4\n"));
    assert_non_null(strstr(text, "SIDE[1] = 'sweep (2 runs)'\n"));
    assert_non_null(strstr(text, "SIDE[2] = ''\n"));
    assert_non_null(strstr(text, "SIDE[3] = 'sweep-b'\n"));
    assert_non_null(strstr(text, "TITLE[1] = 'LogDet"));
    assert_non_null(strstr(text, "TITLE[2] = 'KDE"));
    assert_non_null(strstr(text, "TITLE[3] = ''\n"));
    for (int column = 1; column <= 2; column++) { /* one scale for one estimator */
        char key[32];

        (void)snprintf(key, sizeof key, "X_TICS[%d]", column);
        setting(one, text, key);
        (void)snprintf(key, sizeof key, "X_TICS[%d]", column + 2);
        setting(two, text, key);
        assert_string_equal(one, two);
    }
    ipl_free(text);
}

static void a_null_baseline_is_filled_from_the_bottom_of_its_panel(void **state)
{
    const fake f = {"baseline", "n", 1, 1, 1, 5.0, 0.1, NULL, "fc"};
    ipl_plot_opts opts = {.kind = IPL_PLOT_CURVES};
    char run[IPL_PATH_MAX], path[IPL_PATH_MAX];
    const char *const runs[] = {write_fake(run, &f)};
    double *value, *low, *high, *v, *panel;
    ipl_table *t;
    FILE *fp;
    char *text;
    heard h;

    (void)state;
    fp = create(run, "information.csv");
    (void)fprintf(fp, "epoch,split,layer,name,estimator,unit,H_T,I_XT,I_TY,I_prev,"
                      "I_XT_null,I_TY_null\n");
    for (int e = 0; e < 4; e++)
        (void)fprintf(fp, "%d,train,1,fc1,logdet,nats,9,%d,2,3,%d,NaN\n", e, 7 + e, 4 + e);
    assert_int_equal(fclose(fp), 0);
    assert_int_equal(plot_data(&opts, runs, 1, &h, NULL), IPL_OK);
    (void)snprintf(path, sizeof path, "%.4000s/figures", run);
    text = slurp(path, "curves-settings.gp");
    assert_non_null(strstr(text, "DASHES[1] = '1 3'"));
    assert_non_null(strstr(text, "X_LABEL[1] = 'epoch (dotted: shuffled pairs)'"));
    assert_non_null(strstr(text, "X_LABEL[2] = 'epoch'"));
    ipl_free(text);
    (void)snprintf(path, sizeof path, "%.4000s/figures/curves-curves.csv", run);
    assert_int_equal(ipl_table_read(&t, path, NULL), IPL_OK);
    assert_int_equal(ipl_table_rows(t), 4 * 4); /* I(X;T), its baseline, I(T;Y), H(T) */
    assert_int_equal(ipl_table_numbers(&panel, t, "panel", NULL), IPL_OK);
    assert_int_equal(ipl_table_numbers(&value, t, "value", NULL), IPL_OK);
    assert_int_equal(ipl_table_numbers(&v, t, "v", NULL), IPL_OK);
    assert_int_equal(ipl_table_numbers(&low, t, "low", NULL), IPL_OK);
    assert_int_equal(ipl_table_numbers(&high, t, "high", NULL), IPL_OK);
    for (size_t i = 0; i < 4; i++) {
        assert_close(low[i], high[i], 0.0); /* one run: no deviation */
        assert_close(value[4 + i], 4.0 + (double)i, 0.0);
        assert_close(panel[4 + i], 1.0, 0.0);
        assert_close(high[4 + i], v[4 + i], 0.0);
        assert_true(low[4 + i] == low[4] && low[4] < v[4]);
    }
    ipl_free(high);
    ipl_free(low);
    ipl_free(v);
    ipl_free(value);
    ipl_free(panel);
    ipl_table_destroy(t);
}

static void titles_and_names_are_text_and_never_commands(void **state)
{
    const fake f = {"it's_a `date`", "q", 1, 3, 2, 5.0, 0.1, NULL, "l'a_\\y"};
    ipl_plot_opts opts = {.kind = IPL_PLOT_GRID};
    char run[IPL_PATH_MAX], folder[IPL_PATH_MAX];
    const char *const runs[] = {write_fake(run, &f)};
    char *text;
    heard h;

    (void)state;
    assert_int_equal(plot_data(&opts, runs, 1, &h, NULL), IPL_OK);
    assert_int_equal(ipl_path_join(folder, run, "figures", NULL), IPL_OK);
    text = slurp(folder, "grid-settings.gp");
    assert_non_null(strstr(text, "HEADING = 'it'.\"\\047\".'s_a `date`'\n"));
    assert_non_null(strstr(text, "TITLE[1] = 'l'.\"\\047\".'a_\\y1'\n"));
    ipl_free(text);
}

static void replicates_share_a_panel_and_have_bands(void **state)
{
    const fake a = {"rep-s1", "r", 1, 6, 3, 9.0, 0.3, NULL, "fc"};
    const fake b = {"rep-s2", "r", 2, 6, 3, 9.0, 0.3, NULL, "fc"};
    const fake c = {"other", "o", 1, 6, 3, 9.0, 0.3, NULL, "fc"};
    ipl_plot_opts opts = {.kind = IPL_PLOT_CURVES};
    char run[3][IPL_PATH_MAX], path[IPL_PATH_MAX];
    const char *const runs[] = {write_fake(run[0], &a), write_fake(run[1], &b),
                                write_fake(run[2], &c)};
    ipl_table *t;
    double *value, *deviation;
    char *text;
    heard h;
    const double v1 = 450.0 * (1.0 + 0.3 * sin(0.1)), v2 = 450.0 * (1.0 + 0.3 * sin(0.2));

    (void)state;
    (void)snprintf(opts.out, sizeof opts.out, "%s/out", top);
    assert_int_equal(plot_data(&opts, runs, 3, &h, NULL), IPL_OK);
    text = slurp(opts.out, "curves-settings.gp");
    assert_non_null(strstr(text, "PANELS = 6\n"));
    assert_non_null(strstr(text, "SIDE[1] = 'rep (2 runs)'\n"));
    assert_non_null(strstr(text, "SIDE[4] = 'other'\n"));
    assert_non_null(strstr(text, "BAND[1] = 1;"));
    assert_non_null(strstr(text, "BAND[4] = 0;"));
    ipl_free(text);
    (void)snprintf(path, sizeof path, "%.4000s/curves-curves.csv", opts.out);
    assert_int_equal(ipl_table_read(&t, path, NULL), IPL_OK);
    assert_int_equal(ipl_table_numbers(&value, t, "value", NULL), IPL_OK);
    assert_int_equal(ipl_table_numbers(&deviation, t, "deviation", NULL), IPL_OK);
    assert_close(value[0], 1.1 * (v1 + v2) / 2.0, 1e-5);
    assert_close(deviation[0], 1.1 * fabs(v1 - v2) / sqrt(2.0), 1e-5);
    ipl_free(deviation);
    ipl_free(value);
    ipl_table_destroy(t);
}

static void a_script_that_was_edited_is_kept(void **state)
{
    const ipl_plot_opts opts = {.kind = IPL_PLOT_PLANE};
    char run[IPL_PATH_MAX], folder[IPL_PATH_MAX], path[IPL_PATH_MAX];
    const char *const runs[] = {write_fake(run, &plain)};
    char *text;
    heard h;

    (void)state;
    assert_int_equal(plot_data(&opts, runs, 1, &h, NULL), IPL_OK);
    assert_int_equal(ipl_path_join(folder, run, "figures", NULL), IPL_OK);
    assert_int_equal(ipl_path_join(path, folder, "style.gp", NULL), IPL_OK);
    assert_int_equal(ipl_file_replace(path, "mine\n", 5, NULL), IPL_OK);
    assert_int_equal(plot_data(&opts, runs, 1, &h, NULL), IPL_OK);
    assert_int_equal(h.notes, 2);
    text = slurp(folder, "style.gp.bak");
    assert_string_equal(text, "mine\n");
    ipl_free(text);
    assert_int_equal(plot_data(&opts, runs, 1, &h, NULL), IPL_OK);
    assert_int_equal(h.notes, 1);
}

static void what_is_no_run_is_refused_with_what_is_missing(void **state)
{
    const fake f = {"broken", "a", 1, 2, 2, 5.0, 0.1, NULL, "fc"};
    ipl_plot_opts opts = {0};
    char run[IPL_PATH_MAX], path[IPL_PATH_MAX];
    const char *const runs[] = {write_fake(run, &f)};
    const char *const none[] = {"/tmp/no/such/run"};
    ipl_error err = {0};
    FILE *fp;
    heard h;

    (void)state;
    assert_int_equal(plot_data(&opts, none, 1, &h, &err), IPL_E_NOINPUT);
    (void)snprintf(opts.estimator, sizeof opts.estimator, "knn");
    assert_int_equal(plot_data(&opts, runs, 1, &h, &err), IPL_E_ARG);
    assert_non_null(strstr(err.msg, "logdet:scale=cov,beta=rd; kde:var=0.1"));
    opts.estimator[0] = '\0';
    opts.kind = IPL_PLOT_KINDS;
    assert_int_equal(plot_data(&opts, runs, 1, &h, &err), IPL_E_ARG);
    opts.kind = IPL_PLOT_ALL;
    fp = create(run, "information.csv");
    (void)fprintf(fp, "epoch,split,layer,name,estimator,unit,H_T,I_XT,I_TY,I_prev\n");
    assert_int_equal(fclose(fp), 0);
    assert_int_equal(plot_data(&opts, runs, 1, &h, &err), IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "wait for the first epoch"));
    assert_int_equal(ipl_path_join(path, run, "layers.csv", NULL), IPL_OK);
    assert_int_equal(remove(path), 0);
    assert_int_equal(plot_data(&opts, runs, 1, &h, &err), IPL_E_NOINPUT);
    assert_non_null(strstr(err.msg, "not a run folder: it has no layers.csv"));
    assert_int_equal(ipl_path_join(path, run, "figures", NULL), IPL_OK);
    assert_false(ipl_file_exists(path));
}

static void a_gnuplot_that_fails_is_a_fault_with_its_words(void **state)
{
    const char *const argv[] = {"figure.gp", "plane", "png", NULL};
    ipl_error err = {0};
    ipl_text said = {0};
    bool missing;
    ipl_status st;

    (void)state;
    fake_gnuplot("bin", "#!/bin/sh\necho; echo \"$4 is no good\" >&2; exit 3\n");
    st = ipl_gnuplot(&missing, &said, top, argv, &err);
    restore_path();
    assert_int_equal(st, IPL_E_IO);
    assert_false(missing);
    assert_string_equal(err.msg, "gnuplot figure.gp: exit status 3: plane is no good");
    ipl_text_release(&said);
    assert_int_equal(ipl_gnuplot(&missing, &said, "/tmp/no/such/folder", argv, &err),
                     IPL_E_IO);
    ipl_text_release(&said);
}

static void no_failed_allocation_goes_unnoticed(void **state)
{
    const fake a = {"fault-s1", "f", 1, 3, 2, 9.0, 0.3, NULL, "fc"};
    const fake b = {"fault-s2", "f", 2, 3, 2, 9.0, 0.3, NULL, "fc"};
    char run[2][IPL_PATH_MAX];
    const char *const runs[] = {write_fake(run[0], &a), write_fake(run[1], &b)};
    ipl_plot_opts opts = {.kind = IPL_PLOT_DASHBOARD};
    const size_t before = open_files();
    heard h;

    (void)state;
    (void)snprintf(opts.out, sizeof opts.out, "%s/fault-out", top);
    assert_int_equal(plot_data(&opts, runs, 2, &h, NULL), IPL_OK);
    for (long n = 0;; n++) {
        ipl_status st;

        ipl_alloc_fail_after(n);
        st = plot_data(&opts, runs, 2, &h, NULL);
        ipl_alloc_fail_after(-1);
        assert_true(n < 2000);
        if (st == IPL_OK)
            break;
        assert_int_equal(st, IPL_E_NOMEM);
    }
    assert_int_equal(open_files(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_gnuplot_data_scripts_and_the_command_remain),
        cmocka_unit_test(points_are_the_rows_of_the_split_and_estimator_asked_for),
        cmocka_unit_test(
            a_sweep_of_several_runs_has_a_row_for_each_and_a_column_for_each_estimator),
        cmocka_unit_test(a_null_baseline_is_filled_from_the_bottom_of_its_panel),
        cmocka_unit_test(titles_and_names_are_text_and_never_commands),
        cmocka_unit_test(replicates_share_a_panel_and_have_bands),
        cmocka_unit_test(a_script_that_was_edited_is_kept),
        cmocka_unit_test(what_is_no_run_is_refused_with_what_is_missing),
        cmocka_unit_test(a_gnuplot_that_fails_is_a_fault_with_its_words),
        cmocka_unit_test(no_failed_allocation_goes_unnoticed),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
