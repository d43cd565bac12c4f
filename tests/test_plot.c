#include "test.h"

#include "base/alloc.h"
#include "base/file.h"
#include "run/axis.h"
#include "run/figure.h"
#include "run/gnuplot.h"
#include "run/plot.h"
#include "run/table.h"

#include <dirent.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char top[64];        /* folder of everything the tests write */
static char old_path[4096]; /* PATH as it was */

static int setup(void **state)
{
    const char *path = getenv("PATH");

    (void)state;
    (void)snprintf(top, sizeof top, "/tmp/ipl-plot-XXXXXX");
    (void)snprintf(old_path, sizeof old_path, "%s", path ? path : "");
    return mkdtemp(top) && setenv("INFOPLANE_SHARE", "scripts", 1) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    return ipl_folder_remove(top, NULL) == IPL_OK ? 0 : -1;
}

static void restore_path(void)
{
    assert_int_equal(setenv("PATH", old_path, 1), 0);
}

/* ---- axes ---- */

static void an_axis_without_values_is_zero_to_one(void **state)
{
    const ipl_range none[] = {{HUGE_VAL, -HUGE_VAL}, {(double)NAN, (double)NAN}};
    ipl_axis axis;

    (void)state;
    for (int scale = IPL_SCALE_AUTO; scale <= IPL_SCALE_BREAK; scale++) {
        ipl_axis_fit(&axis, none, 2, (ipl_scale)scale);
        assert_close(ipl_axis_range(&axis).lo, 0.0, 0.0);
        assert_true(ipl_axis_range(&axis).hi >= 1.0);
    }
}

static void a_constant_gets_an_axis_around_it(void **state)
{
    static const double values[] = {0.0, 5.0, -3.0, 1e-12, 1e12};

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        for (int scale = IPL_SCALE_AUTO; scale <= IPL_SCALE_BREAK; scale++) {
            const ipl_range r = {values[i], values[i]};
            ipl_axis axis;

            ipl_axis_fit(&axis, &r, 1, (ipl_scale)scale);
            assert_true(ipl_axis_range(&axis).lo < ipl_axis_place(&axis, values[i]));
            assert_true(ipl_axis_range(&axis).hi > ipl_axis_place(&axis, values[i]));
        }
}

static void a_layer_far_above_the_others_gets_a_piece_of_its_own(void **state)
{
    const ipl_range layers[] = {{1228, 1348}, {18.3, 28.3}, {12.3, 17.6}, {0.8, 7.7}};
    ipl_axis axis;

    (void)state;
    ipl_axis_fit(&axis, layers, 4, IPL_SCALE_AUTO);
    assert_int_equal(axis.n, 2);
    assert_true(axis.piece[0].data.hi >= 28.3 && axis.piece[0].data.hi < 40.0);
    assert_true(axis.piece[1].data.lo > 1000.0 && axis.piece[1].data.lo <= 1228.0);
    ipl_axis_fit(&axis, layers, 4, IPL_SCALE_LINEAR);
    assert_int_equal(axis.n, 1);
    assert_false(axis.log);
    ipl_axis_fit(&axis, layers, 4, IPL_SCALE_LOG);
    assert_true(axis.log);
}

static void layers_that_spread_evenly_over_decades_get_a_logarithm(void **state)
{
    const ipl_range layers[] = {{1, 4}, {2, 12}, {8, 40}, {30, 200}, {100, 1000}};
    ipl_axis axis;

    (void)state;
    ipl_axis_fit(&axis, layers, 5, IPL_SCALE_AUTO);
    assert_true(axis.log);
    assert_close(ipl_axis_place(&axis, 100.0), 2.0, 1e-12);
}

static void places_keep_the_order_of_values_on_every_axis(void **state)
{
    const ipl_range layers[] = {{1228, 1348}, {18.3, 28.3}, {0, 7.7}};

    (void)state;
    for (int scale = IPL_SCALE_AUTO; scale <= IPL_SCALE_BREAK; scale++) {
        double last = -HUGE_VAL;
        ipl_axis axis;

        ipl_axis_fit(&axis, layers, 3, (ipl_scale)scale);
        for (int v = 0; v <= 2696; v++) {
            const double place = ipl_axis_place(&axis, 0.5 * v);

            assert_true(place >= last);
            last = place;
        }
        assert_true(isnan(ipl_axis_place(&axis, (double)NAN)));
        assert_true(ipl_axis_range(&axis).lo <= ipl_axis_place(&axis, 0.0));
        assert_true(ipl_axis_range(&axis).hi >= last);
    }
}

static void zero_has_a_place_before_the_first_epoch(void **state)
{
    const double epochs[] = {0.0, 0.25, 0.5, 1.0, 40.0};
    ipl_text tics = {0};
    ipl_axis axis;

    (void)state;
    ipl_axis_fit_epochs(&axis, epochs, 5);
    assert_true(ipl_axis_place(&axis, 0.0) < ipl_axis_place(&axis, 0.25) - 0.2);
    assert_close(ipl_axis_place(&axis, 10.0), 1.0, 1e-12);
    ipl_axis_print_tics(&tics, &axis, (ipl_tic_style){.inches = 2.0, .labels = true});
    assert_non_null(strstr(tics.s, "(\"0\" "));
    assert_non_null(strstr(tics.s, "\"1\" 0, "));
    assert_non_null(strstr(tics.s, "\"10\" 1"));
    assert_null(strstr(tics.s, "\"100\""));
    ipl_text_release(&tics);
    ipl_axis_fit_epochs(&axis, epochs, 1);
    assert_true(ipl_axis_range(&axis).hi > ipl_axis_place(&axis, 0.0));
}

static void few_epochs_are_labelled_as_whole_numbers_with_room_between(void **state)
{
    static const double epochs[] = {0.0, 1.0, 2.0, 3.0};
    ipl_text tics = {0};
    ipl_axis axis;

    (void)state;
    ipl_axis_fit_epochs(&axis, epochs, 4);
    ipl_axis_print_tics(&tics, &axis, (ipl_tic_style){.inches = 6.0, .labels = true});
    assert_non_null(strstr(tics.s, "\"2\" "));
    assert_non_null(strstr(tics.s, "\"3\" "));
    assert_null(strstr(tics.s, ".5\""));
    ipl_text_release(&tics);
    ipl_axis_print_tics(&tics, &axis, (ipl_tic_style){.inches = 0.6, .labels = true});
    assert_null(strstr(tics.s, "\"3\" ")); /* it would touch the 2 */
    ipl_text_release(&tics);
}

static size_t count(const char *text, const char *word)
{
    size_t n = 0;

    for (const char *s = strstr(text, word); s; s = strstr(s + 1, word))
        n++;
    return n;
}

static void every_axis_has_a_labelled_tic_and_none_overlap(void **state)
{
    static const ipl_range ranges[] = {{0, 1},        {0, 0},           {1228, 1348},
                                       {1e-9, 2e-9},  {-5, 7},          {123456, 123457},
                                       {0.98, 0.981}, {1e12, 1.0001e12}};

    (void)state;
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        for (int scale = IPL_SCALE_AUTO; scale <= IPL_SCALE_LOG; scale++) {
            const double inches = 1.0;
            ipl_text tics = {0};
            ipl_axis axis;
            size_t labels;

            ipl_axis_fit(&axis, &ranges[i], 1, (ipl_scale)scale);
            ipl_axis_print_tics(&tics, &axis,
                                (ipl_tic_style){.inches = inches, .labels = true});
            labels = count(tics.s, "\"") / 2 - count(tics.s, "\"\"");
            assert_true(labels >= 1);
            assert_true((double)labels * 0.15 <= inches || labels <= 2);
            ipl_text_release(&tics);
        }
}

/* ---- names ---- */

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

/* ---- figures of made-up runs ---- */

typedef struct fake {
    const char *name;
    const char *net; /* replicates have the same */
    unsigned seed;
    size_t epochs, layers;
    double scale, slope; /* of the values: scale * (1 + slope * ...) */
    const char *value;   /* written for every measure; NULL: numbers */
    const char *layer;   /* name of the layers */
} fake;

static const fake plain = {"plain", "a", 1, 12, 4, 20.0, 0.4, NULL, "fc"};

static FILE *create(const char *folder, const char *name)
{
    char path[IPL_PATH_MAX];
    FILE *fp;

    assert_int_equal(ipl_path_join(path, folder, name, NULL), IPL_OK);
    fp = fopen(path, "w");
    assert_non_null(fp);
    return fp;
}

/* Two estimators, two splits; returns the folder in `out`. */
static void write_information(FILE *fp, const fake *f)
{
    static const char *const splits[] = {"test", "train"};
    static const char *const estimators[] = {"logdet:scale=cov,beta=rd", "kde:var=0.1"};

    (void)fprintf(fp,
                  "epoch,split,layer,name,estimator,unit,H_T,I_XT,I_TY,I_prev,I_TY_cond,"
                  "I_TY_pooled\n");
    for (size_t e = 0; e < f->epochs; e++)
        for (size_t k = 0; k < 4 * f->layers; k++) {
            const size_t l = k / 2 % f->layers;
            const double t = (double)e / 5.0, wide = l == 0 ? 50.0 : 1.0;
            const double v = f->scale * wide / (double)(l + 1) *
                             (1.0 + f->slope * sin(t + 0.1 * (double)f->seed));

            (void)fprintf(fp, "%zu,%s,%zu,%s%zu,\"%s\",nats", e, splits[k / 2 / f->layers],
                          l + 1, f->layer, l + 1, estimators[k % 2]);
            for (int i = 0; i < 6; i++) {
                if (f->value)
                    (void)fprintf(fp, ",%s", f->value);
                else
                    (void)fprintf(fp, ",%.9g", v * (1.0 + 0.1 * i));
            }
            (void)fprintf(fp, "\n");
        }
}

static const char *write_fake(char out[IPL_PATH_MAX], const fake *f)
{
    FILE *fp;

    assert_int_equal(ipl_path_join(out, top, f->name, NULL), IPL_OK);
    assert_int_equal(ipl_folder_create(out, NULL), IPL_OK);
    fp = create(out, "experiment.ini");
    (void)fprintf(fp, "# %s\nname = %s\nseed = %u\nnet = %s\n", f->name, f->name, f->seed,
                  f->net);
    assert_int_equal(fclose(fp), 0);
    fp = create(out, "information.csv");
    write_information(fp, f);
    assert_int_equal(fclose(fp), 0);
    fp = create(out, "training.csv");
    (void)fprintf(fp, "epoch,train_loss,train_accuracy,test_loss,test_accuracy\n");
    for (size_t e = 0; e < f->epochs; e++)
        (void)fprintf(fp, "%zu,%g,%g,%g,%g\n", e, 2.3 / (double)(e + 1),
                      1.0 - 0.9 / (double)(e + 1), 2.4 / (double)(e + 1), 0.9);
    assert_int_equal(fclose(fp), 0);
    fp = create(out, "layers.csv");
    (void)fprintf(fp, "epoch,layer,name,weight_norm,gradient_mean,gradient_sd\n");
    for (size_t e = 0; e < f->epochs; e++)
        for (size_t l = 0; l < f->layers; l++) {
            (void)fprintf(fp, "%zu,%zu,%s%zu,3,", e, l + 1, f->layer, l + 1);
            if (e == 0)
                (void)fprintf(fp, "NaN,NaN\n");
            else
                (void)fprintf(fp, "%g,%g\n", 1.0 / (double)e, 0.1 * (double)(l + 1));
        }
    assert_int_equal(fclose(fp), 0);
    return out;
}

/* What plotting said. */
typedef struct heard {
    size_t figures, notes;
    char last_figure[IPL_PATH_MAX], last_note[IPL_PATH_MAX];
} heard;

static void listen(void *context, ipl_plot_line kind, const char *line)
{
    heard *h = context;

    if (kind == IPL_PLOT_FIGURE) {
        h->figures++;
        (void)snprintf(h->last_figure, sizeof h->last_figure, "%s", line);
    } else {
        h->notes++;
        (void)snprintf(h->last_note, sizeof h->last_note, "%s", line);
    }
}

/* Plot one run without gnuplot: data and scripts only. */
static ipl_status plot_data(const ipl_plot_opts *opts, const char *const *runs, size_t n,
                            heard *h, ipl_error *err)
{
    ipl_status st;

    *h = (heard){0};
    assert_int_equal(setenv("PATH", top, 1), 0);
    st = ipl_plot_runs(opts, runs, n, listen, h, err);
    restore_path();
    return st;
}

static char *slurp(const char *folder, const char *name)
{
    char path[IPL_PATH_MAX], *text;
    size_t len;

    assert_int_equal(ipl_path_join(path, folder, name, NULL), IPL_OK);
    if (ipl_file_read(&text, &len, path, 1 << 24, NULL) != IPL_OK)
        fail_msg("%s is missing", path);
    return text;
}

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
    assert_non_null(strstr(text, "gnuplot -d -c figure.gp plane \"${1:-pdf}\"\n"));
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
    assert_non_null(strstr(text, "HEADING = 'it''s_a `date`'\n"));
    assert_non_null(strstr(text, "TITLE[1] = 'l''a_\\y1'\n"));
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
    char folder[IPL_PATH_MAX], path[IPL_PATH_MAX], search[2 * IPL_PATH_MAX];
    ipl_error err = {0};
    ipl_text said = {0};
    bool missing;
    FILE *fp;
    ipl_status st;

    (void)state;
    assert_int_equal(ipl_path_join(folder, top, "bin", NULL), IPL_OK);
    assert_int_equal(ipl_folder_create(folder, NULL), IPL_OK);
    fp = create(folder, "gnuplot");
    (void)fprintf(fp, "#!/bin/sh\necho; echo \"$4 is no good\" >&2; exit 3\n");
    assert_int_equal(fclose(fp), 0);
    assert_int_equal(ipl_path_join(path, folder, "gnuplot", NULL), IPL_OK);
    assert_int_equal(chmod(path, 0700), 0);
    (void)snprintf(search, sizeof search, "%s:%s", folder, old_path);
    assert_int_equal(setenv("PATH", search, 1), 0);
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

static size_t open_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    size_t n = 0;

    if (!dir)
        return 0;
    while (readdir(dir))
        n++;
    (void)closedir(dir);
    return n;
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

/* ---- pictures ---- */

static bool have_gnuplot(void)
{
    static const char *const argv[] = {"/dev/null", NULL};
    ipl_text said = {0};
    bool missing = true;
    const ipl_status st = ipl_gnuplot(&missing, &said, top, argv, NULL);

    ipl_text_release(&said);
    if (st == IPL_OK && !missing)
        return true;
    print_message("SKIPPED: gnuplot is not installed; no picture was drawn\n");
    return false;
}

/* Different colours in a PNG file, and the share of pixels that are not white. */
static size_t count_colours(double *drawn, const char *path)
{
    static bool seen[1 << 15];
    png_image image = {.version = PNG_IMAGE_VERSION};
    size_t n = 0, ink = 0, pixels;
    png_byte *rgb;

    assert_int_not_equal(png_image_begin_read_from_file(&image, path), 0);
    image.format = PNG_FORMAT_RGB;
    rgb = malloc(PNG_IMAGE_SIZE(image));
    assert_non_null(rgb);
    assert_int_not_equal(png_image_finish_read(&image, NULL, rgb, 0, NULL), 0);
    pixels = (size_t)image.width * image.height;
    memset(seen, 0, sizeof seen);
    for (size_t i = 0; i < pixels; i++) {
        const png_byte *c = rgb + 3 * i;
        const size_t k = (size_t)(c[0] >> 3) << 10 | (size_t)(c[1] >> 3) << 5 | c[2] >> 3;

        n += !seen[k];
        seen[k] = true;
        ink += c[0] + c[1] + c[2] < 600;
    }
    free(rgb);
    *drawn = (double)ink / (double)pixels;
    return n;
}

static void every_figure_is_a_picture_with_many_colours(void **state)
{
    const ipl_plot_opts opts = {0};
    char run[IPL_PATH_MAX];
    const char *const runs[] = {write_fake(run, &plain)};
    static const char *const kinds[] = {"plane", "grid", "ltc", "curves", "dashboard"};
    ipl_error err = {0};
    heard h = {0};

    (void)state;
    if (!have_gnuplot())
        return;
    if (ipl_plot_runs(&opts, runs, 1, listen, &h, &err) != IPL_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(h.figures, 5);
    if (h.notes > 0 && !strstr(h.last_note, ".bak"))
        fail_msg("%s", h.last_note);
    for (size_t k = 0; k < 5; k++) {
        char path[IPL_PATH_MAX];
        double drawn;
        size_t colours;

        (void)snprintf(path, sizeof path, "%.4000s/figures/%s.png", run, kinds[k]);
        colours = count_colours(&drawn, path);
        assert_true(colours > 100);
        assert_true(drawn > 0.003 && drawn < 0.3);
    }
}

static void pdf_and_svg_come_from_the_same_scripts(void **state)
{
    static const char *const magic[] = {"\x89PNG", "%PDF", "<?xm"};
    char run[IPL_PATH_MAX];
    const char *const runs[] = {write_fake(run, &plain)};

    (void)state;
    if (!have_gnuplot())
        return;
    for (int format = 1; format < 3; format++) {
        const ipl_plot_opts opts = {.kind = IPL_PLOT_PLANE, .format = format};
        heard h = {0};
        char *text;
        size_t len;

        assert_int_equal(ipl_plot_runs(&opts, runs, 1, listen, &h, NULL), IPL_OK);
        assert_int_equal(ipl_file_read(&text, &len, h.last_figure, 1 << 24, NULL), IPL_OK);
        assert_memory_equal(text, magic[format], 4);
        assert_true(len > 4000);
        ipl_free(text);
    }
}

/* What a GIF file has, read by its blocks (CompuServe's GIF89a). */
typedef struct gif {
    size_t frames, bytes;
    bool blue, orange, violet; /* of the first two layers and of the first epoch */
} gif;

static void note_colours(gif *out, const unsigned char *table, size_t n)
{
    for (size_t i = 0; i < n; i++, table += 3) {
        out->blue = out->blue || memcmp(table, "\x00\x72\xB2", 3) == 0;
        out->orange = out->orange || memcmp(table, "\xD5\x5E\x00", 3) == 0;
        out->violet = out->violet || memcmp(table, "\x44\x01\x54", 3) == 0;
    }
}

/* Past the sub-blocks that start at `at`. */
static size_t skip_blocks(const unsigned char *s, size_t at)
{
    while (s[at] != 0)
        at += (size_t)s[at] + 1;
    return at + 1;
}

static gif read_gif(const char *path)
{
    gif out = {0};
    char *text;
    const unsigned char *s;
    size_t at = 13;

    assert_int_equal(ipl_file_read(&text, &out.bytes, path, 1 << 24, NULL), IPL_OK);
    assert_memory_equal(text, "GIF89a", 6);
    s = (const unsigned char *)text;
    if (s[10] & 0x80) {
        note_colours(&out, s + at, (size_t)2 << (s[10] & 7));
        at += 3 * ((size_t)2 << (s[10] & 7));
    }
    while (s[at] != 0x3B) {
        assert_true(at < out.bytes && (s[at] == 0x21 || s[at] == 0x2C));
        if (s[at] == 0x21) {
            at = skip_blocks(s, at + 2);
            continue;
        }
        out.frames++;
        at += 10;
        if (s[at - 1] & 0x80) {
            const size_t n = (size_t)2 << (s[at - 1] & 7);

            note_colours(&out, s + at, n);
            at += 3 * n;
        }
        at = skip_blocks(s, at + 1);
    }
    ipl_free(text);
    return out;
}

static void a_movie_moves_in_colour_and_is_small(void **state)
{
    static const fake twin = {"twin", "b", 1, 12, 4, 10.0, 0.3, NULL, "fc"};
    const ipl_plot_opts opts = {.kind = IPL_PLOT_MOVIE};
    char run[2][IPL_PATH_MAX];
    const char *const runs[] = {write_fake(run[0], &plain), write_fake(run[1], &twin)};
    ipl_error err = {0};

    (void)state;
    if (!have_gnuplot())
        return;
    for (size_t n = 1; n <= 2; n++) {
        heard h = {0};
        gif movie;

        if (ipl_plot_runs(&opts, runs, n, listen, &h, &err) != IPL_OK)
            fail_msg("%s", err.msg);
        assert_int_equal(h.figures, 1);
        if (h.notes > 0 && !strstr(h.last_note, ".bak"))
            fail_msg("%s", h.last_note);
        assert_non_null(strstr(h.last_figure, "/movie.gif"));
        movie = read_gif(h.last_figure);
        assert_in_range(movie.frames, 13, 24); /* 12 epochs, and the last for a while */
        assert_in_range(movie.bytes, 20000, 1500000);
        assert_true(movie.blue && movie.orange && movie.violet);
    }
}

static void a_long_movie_of_many_runs_stays_small(void **state)
{
    fake runs_made[6];
    static const char *const names[] = {"m1", "m2", "m3", "m4", "m5", "m6", "m7"};
    const ipl_plot_opts opts = {.kind = IPL_PLOT_MOVIE};
    char run[7][IPL_PATH_MAX];
    const char *runs[7];
    ipl_error err = {0};
    heard h = {0};
    char *settings;
    gif movie;

    (void)state;
    for (size_t i = 0; i < 7; i++) {
        runs_made[i % 6] = plain;
        runs_made[i % 6].name = runs_made[i % 6].net = names[i];
        runs_made[i % 6].epochs = 300;
        runs[i] = write_fake(run[i], &runs_made[i % 6]);
    }
    assert_int_equal(ipl_plot_runs(&opts, runs, 7, listen, &h, &err), IPL_E_ARG);
    assert_non_null(strstr(err.msg, "7 runs"));
    /* Frames are spread over the logarithm of the epochs: the first ten are all there. */
    assert_int_equal(plot_data(&opts, runs, 1, &h, &err), IPL_OK);
    settings = slurp(run[0], "figures/movie-settings.gp");
    assert_non_null(strstr(settings, "EPOCH[10] = 9;"));
    assert_non_null(strstr(settings, "EPOCH_NAME[1] = '0'"));
    assert_non_null(strstr(settings, " = 299; EPOCH_NAME"));
    ipl_free(settings);
    if (!have_gnuplot())
        return;
    if (ipl_plot_runs(&opts, runs, 6, listen, &h, &err) != IPL_OK)
        fail_msg("%s", err.msg);
    movie = read_gif(h.last_figure);
    assert_in_range(movie.frames, 20, 40);
    assert_in_range(movie.bytes, 20000, 1500000);
}

/* A gnuplot that writes 60 kB for every frame: 40 are too many, 26 too, 17 fit. */
static void a_movie_too_large_is_drawn_again_with_fewer_frames(void **state)
{
    static const fake twins[] = {{"large1", "a", 1, 240, 4, 20.0, 0.4, NULL, "fc"},
                                 {"large2", "b", 1, 240, 4, 20.0, 0.4, NULL, "fc"}};
    const ipl_plot_opts opts = {.kind = IPL_PLOT_MOVIE};
    char run[2][IPL_PATH_MAX], folder[IPL_PATH_MAX], path[IPL_PATH_MAX];
    char search[2 * IPL_PATH_MAX], *drawn;
    const char *const runs[] = {write_fake(run[0], &twins[0]),
                                write_fake(run[1], &twins[1])};
    ipl_error err = {0};
    heard h = {0};
    size_t len;
    FILE *fp;
    ipl_status st;

    (void)state;
    assert_int_equal(ipl_path_join(folder, top, "large", NULL), IPL_OK);
    assert_int_equal(ipl_folder_create(folder, NULL), IPL_OK);
    fp = create(folder, "gnuplot");
    (void)fprintf(fp, "#!/bin/sh\nn=$(sed -n 's/^FRAMES = //p' movie-settings.gp)\n"
                      "head -c $((n * 60000)) /dev/zero >movie.gif\n");
    assert_int_equal(fclose(fp), 0);
    assert_int_equal(ipl_path_join(path, folder, "gnuplot", NULL), IPL_OK);
    assert_int_equal(chmod(path, 0700), 0);
    (void)snprintf(search, sizeof search, "%s:%s", folder, old_path);
    assert_int_equal(setenv("PATH", search, 1), 0);
    st = ipl_plot_runs(&opts, runs, 2, listen, &h, &err);
    restore_path();
    if (st != IPL_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(h.figures, 1);
    assert_int_equal(ipl_file_read(&drawn, &len, h.last_figure, 1 << 24, NULL), IPL_OK);
    assert_in_range(len, 600000, 1500000);
    ipl_free(drawn);
}

static void a_movie_is_a_gif_and_nothing_else(void **state)
{
    const ipl_plot_opts opts = {.kind = IPL_PLOT_MOVIE, .format = 1};
    const ipl_plot_opts good = {.kind = IPL_PLOT_MOVIE};
    char run[IPL_PATH_MAX], *text;
    const char *const runs[] = {write_fake(run, &plain)};
    ipl_error err = {0};
    heard h;

    (void)state;
    assert_int_equal(plot_data(&opts, runs, 1, &h, &err), IPL_E_ARG);
    assert_non_null(strstr(err.msg, "--format pdf"));
    assert_int_equal(plot_data(&good, runs, 1, &h, &err), IPL_OK);
    text = slurp(run, "figures/plot.sh");
    assert_non_null(strstr(text, "gnuplot -d -c movie.gp movie gif\n"));
    ipl_free(text);
}

static void runs_with_nothing_to_show_are_drawn_without_a_warning(void **state)
{
    static const fake odd[] = {
        {"one-epoch", "a", 1, 1, 3, 9.0, 0.3, NULL, "fc"},
        {"one_layer", "a", 1, 5, 1, 9.0, 0.3, NULL, "fc"},
        {"undefined", "a", 1, 4, 2, 9.0, 0.3, "NaN", "fc"},
        {"zero", "a", 1, 4, 2, 9.0, 0.3, "0", "fc"},
        {"constant", "a", 1, 4, 2, 9.0, 0.3, "7.25", "a_very_long_name_^of_a_layer_"},
        {"negative", "a", 1, 4, 2, -1e-9, 0.3, NULL, "fc"},
    };

    (void)state;
    if (!have_gnuplot())
        return;
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
        for (size_t k = 0; k < 3; k++) {
            static const int kinds[] = {IPL_PLOT_GRID, IPL_PLOT_DASHBOARD, IPL_PLOT_MOVIE};
            const int kind = kinds[k];
            const ipl_plot_opts opts = {.kind = kind};
            char run[IPL_PATH_MAX];
            const char *const runs[] = {write_fake(run, &odd[i])};
            ipl_error err = {0};
            heard h = {0};
            double drawn;

            if (ipl_plot_runs(&opts, runs, 1, listen, &h, &err) != IPL_OK)
                fail_msg("%s: %s", odd[i].name, err.msg);
            if (h.notes > 0)
                fail_msg("%s: %s", odd[i].name, h.last_note);
            if (kind == IPL_PLOT_MOVIE) {
                assert_true(read_gif(h.last_figure).frames > 1);
                continue;
            }
            assert_true(count_colours(&drawn, h.last_figure) > 5);
            assert_true(drawn > 0.001);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_axis_without_values_is_zero_to_one),
        cmocka_unit_test(a_constant_gets_an_axis_around_it),
        cmocka_unit_test(a_layer_far_above_the_others_gets_a_piece_of_its_own),
        cmocka_unit_test(layers_that_spread_evenly_over_decades_get_a_logarithm),
        cmocka_unit_test(places_keep_the_order_of_values_on_every_axis),
        cmocka_unit_test(zero_has_a_place_before_the_first_epoch),
        cmocka_unit_test(few_epochs_are_labelled_as_whole_numbers_with_room_between),
        cmocka_unit_test(every_axis_has_a_labelled_tic_and_none_overlap),
        cmocka_unit_test(an_estimator_is_meant_by_its_text_its_beginning_or_some_options),
        cmocka_unit_test(an_estimator_is_named_on_an_axis_by_what_matters),
        cmocka_unit_test(a_long_name_is_cut_between_characters),
        cmocka_unit_test(figures_of_several_runs_lie_beside_the_first),
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
        cmocka_unit_test(every_figure_is_a_picture_with_many_colours),
        cmocka_unit_test(pdf_and_svg_come_from_the_same_scripts),
        cmocka_unit_test(a_movie_moves_in_colour_and_is_small),
        cmocka_unit_test(a_long_movie_of_many_runs_stays_small),
        cmocka_unit_test(a_movie_too_large_is_drawn_again_with_fewer_frames),
        cmocka_unit_test(a_movie_is_a_gif_and_nothing_else),
        cmocka_unit_test(runs_with_nothing_to_show_are_drawn_without_a_warning),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
