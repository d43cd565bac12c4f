/* Bands of replicates, and what stands on the zero of a logarithmic axis. */
#include "fake_run.h"

#include "base/alloc.h"
#include "run/axis.h"
#include "run/report.h"
#include "run/table.h"

enum { RUNS = 5, EPOCHS = 12 };

/* Four nets learn, the fifth is late: mean - s.d. of the loss is below 0. */
static double loss_of(size_t run, size_t epoch)
{
    if (epoch == 0)
        return 0.7;
    if (run == 4)
        return 0.65 * (1.0 - (double)epoch / (double)EPOCHS);
    return 0.7 * pow(10.0, -(double)epoch / 3.0) + 1e-4 * (double)(run + 1);
}

static double accuracy_of(size_t run)
{
    return run == 4 ? 0.5 : 1.0;
}

static void write_losses(const char *folder, size_t run)
{
    FILE *fp = create(folder, "training.csv");

    (void)fprintf(fp, "epoch,train_loss,train_accuracy,test_loss,test_accuracy\n");
    for (size_t e = 0; e < EPOCHS; e++)
        (void)fprintf(fp, "%zu,%.17g,%g,%.17g,%g\n", e, loss_of(run, e), accuracy_of(run),
                      1.1 * loss_of(run, e), accuracy_of(run));
    assert_int_equal(fclose(fp), 0);
}

/* The columns of a table that the tests look at. */
typedef struct columns {
    size_t n;
    double *panel, *series, *epoch, *value, *v, *low, *high;
} columns;

static void read_curves(columns *c, const char *folder)
{
    char path[IPL_PATH_MAX];
    ipl_table *t;

    assert_int_equal(ipl_path_join(path, folder, "dashboard-curves.csv", NULL), IPL_OK);
    assert_int_equal(ipl_table_read(&t, path, NULL), IPL_OK);
    c->n = ipl_table_rows(t);
    assert_int_equal(ipl_table_numbers(&c->panel, t, "panel", NULL), IPL_OK);
    assert_int_equal(ipl_table_numbers(&c->series, t, "series", NULL), IPL_OK);
    assert_int_equal(ipl_table_numbers(&c->epoch, t, "epoch", NULL), IPL_OK);
    assert_int_equal(ipl_table_numbers(&c->value, t, "value", NULL), IPL_OK);
    assert_int_equal(ipl_table_numbers(&c->v, t, "v", NULL), IPL_OK);
    assert_int_equal(ipl_table_numbers(&c->low, t, "low", NULL), IPL_OK);
    assert_int_equal(ipl_table_numbers(&c->high, t, "high", NULL), IPL_OK);
    ipl_table_destroy(t);
}

static void columns_release(columns *c)
{
    double *all[] = {c->panel, c->series, c->epoch, c->value, c->v, c->low, c->high};

    for (size_t k = 0; k < sizeof all / sizeof all[0]; k++)
        ipl_free(all[k]);
}

static void plot_replicates(columns *out, ipl_plot_opts *opts)
{
    char folders[RUNS][IPL_PATH_MAX];
    const char *runs[RUNS];
    heard h;

    for (size_t r = 0; r < RUNS; r++) {
        char name[16];
        fake f = {NULL, "b", (unsigned)r + 1, EPOCHS, 2, 9.0, 0.3, NULL, "fc"};

        (void)snprintf(name, sizeof name, "band-s%zu", r + 1);
        f.name = name;
        runs[r] = write_fake(folders[r], &f);
        write_losses(folders[r], r);
    }
    *opts = (ipl_plot_opts){.kind = IPL_PLOT_DASHBOARD};
    (void)snprintf(opts->out, sizeof opts->out, "%s/bands", top);
    assert_int_equal(plot_data(opts, runs, RUNS, &h, NULL), IPL_OK);
    read_curves(out, opts->out);
}

static void
a_logarithmic_panel_has_quantiles_and_its_values_at_their_logarithm(void **state)
{
    ipl_plot_opts opts;
    columns c;
    char *text;

    (void)state;
    plot_replicates(&c, &opts);
    text = slurp(opts.out, "dashboard-settings.gp");
    assert_non_null(strstr(text, "TITLE[1] = 'Loss'"));
    assert_null(strstr(strstr(text, "Y_TICS[1]"), "Y_TICS[1] = '(\"0\""));
    for (size_t i = 0; i < c.n; i++) {
        double x[RUNS], mean = 0.0;

        if (c.panel[i] != 1.0 || c.series[i] != 1.0)
            continue;
        for (size_t r = 0; r < RUNS; r++)
            x[r] = loss_of(r, (size_t)c.epoch[i]);
        for (size_t r = 0; r < RUNS; r++)
            mean += x[r] / RUNS;
        assert_close(c.value[i], mean, 1e-12);
        assert_close(c.v[i], log10(mean), 1e-9);
        assert_true(c.low[i] <= c.v[i] && c.v[i] <= c.high[i]);
        /* Sorted: 0 1 2 3 are the runs that learn, 4 is the late one; h = 4 * 0.95. */
        if (c.epoch[i] == 6.0)
            assert_close(c.high[i], log10(0.2 * x[3] + 0.8 * x[4]), 1e-9);
    }
    ipl_free(text);
    columns_release(&c);
}

static void bands_of_accuracy_end_at_a_hundred_per_cent(void **state)
{
    ipl_plot_opts opts;
    columns c;
    size_t seen = 0;

    (void)state;
    plot_replicates(&c, &opts);
    for (size_t i = 0; i < c.n; i++) {
        if (c.panel[i] != 2.0)
            continue;
        /* 90 +- 22.4: the axis is linear, and places are the values. */
        assert_close(c.value[i], 90.0, 1e-9);
        assert_close(c.high[i], 100.0, 0.0);
        assert_close(c.low[i], 90.0 - 50.0 / sqrt(5.0), 1e-9);
        seen++;
    }
    assert_int_equal(seen, 2 * EPOCHS);
    columns_release(&c);
}

static void only_what_is_not_positive_stands_on_zero(void **state)
{
    const ipl_range r[] = {{0.0, 10.0}};
    ipl_axis_values values = {0};
    ipl_axis axis;

    (void)state;
    ipl_axis_values_add(&values, 10.0);
    ipl_axis_values_add(&values, 1e-12);
    ipl_axis_values_add(&values, (double)NAN);
    ipl_axis_fit_values(&axis, r, 1, IPL_SCALE_WHOLE, &values);
    assert_true(axis.log && !axis.zero && !axis.below);
    assert_close(ipl_axis_place(&axis, 1e-12), -12.0, 1e-9);
    assert_close(ipl_axis_place(&axis, 1e-13), -12.0, 1e-9); /* the end of a band */
    ipl_axis_values_add(&values, 0.0);
    ipl_axis_fit_values(&axis, r, 1, IPL_SCALE_WHOLE, &values);
    assert_true(axis.zero && ipl_axis_place(&axis, 0.0) == axis.zero_at);
    assert_true(ipl_axis_place(&axis, 1e-12) > axis.zero_at + 0.1);
}

static void collect_tic(void *self, const char *label, double place, bool minor)
{
    char *first = self;

    (void)place;
    if (!minor && *first == '\0')
        (void)snprintf(first, 32, "%s", label);
}

/* An axis of a few decades says that its lowest mark is not zero alone. */
static void what_is_far_below_the_floor_has_a_mark_that_says_so(void **state)
{
    const ipl_range r[] = {{0.0, 10.0}};
    const ipl_tic_style style = {.inches = 2.0, .upright = true, .labels = true};
    ipl_axis_values values = {0};
    ipl_axis axis;
    char label[32] = "";

    (void)state;
    ipl_axis_values_add(&values, 10.0);
    ipl_axis_values_add(&values, 1e-12);
    ipl_axis_fit_values(&axis, r, 1, IPL_SCALE_LOG, &values);
    assert_true(axis.log && axis.below && !axis.zero);
    ipl_axis_each_tic(&axis, style, collect_tic, label);
    assert_string_equal(label, "<1e-04");
}

/* A number that overflows an axis is refused with its place, by every kind and the report. */
static void what_cannot_be_drawn_is_refused(void **state)
{
    static const char *const values[] = {"1e308", "-1e308", "9e99"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const fake huge = {"huge", "h", 1, 6, 2, 9.0, 0.3, values[i], "fc"};
        char folder[IPL_PATH_MAX];
        const char *const runs[] = {write_fake(folder, &huge)};
        ipl_html_report_notes notes;
        ipl_text json = {0};
        ipl_error err = {0};
        ipl_status st;
        heard h;

        for (int kind = IPL_PLOT_PLANE; kind < IPL_PLOT_KINDS; kind++) {
            ipl_plot_opts opts = {.kind = kind};

            if (kind == IPL_PLOT_SCORES)
                continue; /* it reads summaries */
            (void)snprintf(opts.out, sizeof opts.out, "%s/huge-out", top);
            st = plot_data(&opts, runs, 1, &h, &err);
            assert_int_equal(st, i < 2 ? IPL_E_FORMAT : IPL_OK);
            if (i < 2)
                assert_non_null(strstr(err.msg, "information.csv: I_XT is "));
        }
        st = ipl_html_report_print(&json, "", runs, 1, &notes, &err);
        assert_int_equal(st, i < 2 ? IPL_E_FORMAT : IPL_OK);
        ipl_text_release(&json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_logarithmic_panel_has_quantiles_and_its_values_at_their_logarithm),
        cmocka_unit_test(bands_of_accuracy_end_at_a_hundred_per_cent),
        cmocka_unit_test(only_what_is_not_positive_stands_on_zero),
        cmocka_unit_test(what_is_far_below_the_floor_has_a_mark_that_says_so),
        cmocka_unit_test(what_cannot_be_drawn_is_refused),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
