#include "scratch.h"

#include "base/alloc.h"
#include "data/png.h"
#include "run/report.h"
#include "run/series.h"

/* ---- series ---- */

/* Read a series as the page does; returns how many numbers, at most n. */
static size_t unpack(double *out, size_t n, const char *series)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const bool logarithmic = strncmp(series, "[\"ln\"", 5) == 0;
    const long step = strtol(series + 1, NULL, 10);
    const char *c = strchr(series, ',') + 2;
    int64_t last = 0;
    size_t i = 0;

    for (; *c != '"' && i < n; i++) {
        int64_t value = 0;
        int shift = 0, digit = 32;

        if (*c == '!') {
            out[i] = (double)NAN;
            c++;
            continue;
        }
        for (; digit & 32; shift += 5) {
            digit = (int)(strchr(digits, *c++) - digits);
            value |= (int64_t)(digit & 31) << shift;
        }
        last += value & 1 ? -(value >> 1) : value >> 1;
        out[i] = logarithmic ? exp((double)last / 10000.0)
                             : (double)last * pow(10.0, (double)step);
    }
    assert_int_equal(*c, '"');
    return i;
}

/* Pack and unpack; every value comes back within tol, relative to itself or to the largest. */
static void assert_packs(const double *v, size_t n, bool relative)
{
    double got[64] = {0.0}, most = 0.0;
    ipl_text text = {0};

    for (size_t i = 0; i < n; i++)
        most = fmax(most, isfinite(v[i]) ? fabs(v[i]) : 0.0);
    ipl_series_add(&text, v, n, 1);
    assert_int_equal(unpack(got, 64, text.s), n);
    for (size_t i = 0; i < n; i++)
        if (isfinite(v[i]))
            assert_close(got[i], v[i], relative ? 5.1e-5 * v[i] : 5.1e-4 * most);
        else
            assert_true(isnan(got[i]));
    ipl_text_release(&text);
}

static void a_series_keeps_four_digits_of_the_largest(void **state)
{
    const double values[] = {0.0, 1.0, -1.0, 12345.678, -3.25, 999.95, 1e-9, 0.0};
    const double tiny[] = {3.1415e-200, -2e-201, 0.0};
    const double large[] = {1.7e308, -1.7e308};

    (void)state;
    assert_packs(values, 8, false);
    assert_packs(tiny, 3, false);
    assert_packs(large, 2, false);
}

static void a_series_over_decades_keeps_four_digits_of_each(void **state)
{
    const double loss[] = {2.302585, 0.7, 0.05, 1e-3, 2.5e-7, 1e-300, 1e300};

    (void)state;
    assert_packs(loss, 7, true);
}

static void what_is_not_finite_in_a_series_is_undefined(void **state)
{
    const double values[] = {(double)NAN, 1.5, HUGE_VAL, 2.5, -HUGE_VAL, (double)NAN};
    const double none[] = {(double)NAN, (double)NAN};

    (void)state;
    assert_packs(values, 6, false);
    assert_packs(none, 2, false);
    assert_packs(none, 0, false);
}

static void a_series_takes_every_so_manyth_number(void **state)
{
    const double values[] = {1.0, 100.0, 2.0, 200.0, 3.0, 300.0};
    double got[4] = {0.0};
    ipl_text text = {0};

    (void)state;
    ipl_series_add(&text, values + 1, 3, 2);
    assert_int_equal(unpack(got, 4, text.s), 3);
    assert_close(got[2], 300.0, 1e-9);
    ipl_text_release(&text);
}

/* Vectors of RFC 4648, section 10, and a length that fills the buffer. */
static void bytes_become_base_64(void **state)
{
    static const char *const vectors[][2] = {{"f", "Zg=="},         {"fo", "Zm8="},
                                             {"foo", "Zm9v"},       {"foob", "Zm9vYg=="},
                                             {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
    char zeros[9000] = {0};
    ipl_text text = {0};

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        ipl_text_clear(&text);
        ipl_base64_add(&text, vectors[i][0], strlen(vectors[i][0]));
        assert_string_equal(text.s, vectors[i][1]);
    }
    ipl_text_clear(&text);
    ipl_base64_add(&text, zeros, sizeof zeros);
    assert_int_equal(text.len, 12000);
    assert_int_equal(strspn(text.s, "A"), 12000);
    ipl_text_release(&text);
}

/* ---- reports ---- */

static const char training_header[] = "epoch,step,train_loss,train_accuracy,test_loss,"
                                      "test_accuracy,lr,train_seconds,measure_seconds\n";
static const char information_header[] =
    "epoch,step,split,layer,name,width,estimator,unit,H_T,I_XT,I_TY,n\n";

static void write_text(void **state, const char *name, const char *text)
{
    scratch_write(scratch_path(state, name), text, strlen(text));
}

/* A run with two epochs of one layer, whose name is given. */
static void write_run(void **state, const char *layer)
{
    ipl_text rows = {0};

    assert_int_equal(ipl_folder_create(scratch_path(state, "run"), NULL), IPL_OK);
    write_text(state, "run/experiment.ini", "data = szt\n");
    ipl_text_add(&rows, "%s0,0,2.5,0.1,2.5,0.1,0.1,0,0\n1,9,0.5,0.9,0.6,0.8,0.1,1,1\n",
                 training_header);
    write_text(state, "run/training.csv", rows.s);
    ipl_text_clear(&rows);
    ipl_text_add(&rows, "%s", information_header);
    for (int epoch = 0; epoch < 2; epoch++) {
        ipl_text_add(&rows, "%d,%d,train,1,", epoch, 9 * epoch);
        ipl_text_add_field(&rows, layer);
        ipl_text_add(&rows, ",3,logdet:beta=rd,nats,9,%d.5,0.25,100\n", 3 + epoch);
    }
    write_text(state, "run/information.csv", rows.s);
    ipl_text_release(&rows);
}

/* Data of a report of "run", for the caller to release; fails unless the status is st. */
static ipl_text report(void **state, ipl_status st, ipl_error *err)
{
    const char *runs[] = {scratch_path(state, "run")};
    ipl_html_report_notes notes;
    ipl_text out = {0};

    assert_int_equal(ipl_html_report_print(&out, "", runs, 1, &notes, err), st);
    return out;
}

static void assert_has(const ipl_text *text, const char *part)
{
    if (!strstr(text->s, part)) {
        print_error("no %s in %s\n", part, text->s);
        fail();
    }
}

static void a_report_has_the_tables_of_its_run(void **state)
{
    ipl_text out;
    double xt[4] = {0.0};

    write_run(state, "fc1");
    out = report(state, IPL_OK, NULL);
    assert_has(&out, "\"name\":\"run\"");
    assert_has(&out, "\"epochs\":[0,1],\"layers\":[\"fc1\"]");
    assert_has(&out, "\"estimator\":\"logdet:beta=rd\",\"unit\":\"nats\",\"n\":\"100\"");
    assert_int_equal(unpack(xt, 4, strstr(out.s, "\"I_XT\":[") + 8), 2);
    assert_close(xt[0], 3.5, 1e-9);
    assert_close(xt[1], 4.5, 1e-9);
    /* First, maximum and its epoch, end, compression; the run is too short for the rest. */
    assert_has(&out, "\"xt\":[[3.5,4.5,1,4.5,0,null,null,null]]");
    ipl_text_release(&out);
}

static void nothing_in_a_report_is_markup(void **state)
{
    static const char evil[] =
        "</script><script>alert('\"x\"')</script><!-- \xC3\xA9 \xFF &";
    const char *runs[1];
    ipl_html_report_notes notes;
    ipl_text out = {0};

    write_run(state, evil);
    write_text(state, "run/run.json", "{\"argv\": [\"</script>\"]}");
    write_text(state, "run/summary.txt", "<b>");
    write_text(state, "run/experiment.ini", "# </script><!--\nname = \"\\\n");
    runs[0] = scratch_path(state, "run");
    assert_int_equal(ipl_html_report_print(&out, evil, runs, 1, &notes, NULL), IPL_OK);
    assert_null(strchr(out.s, '<'));
    assert_has(&out, "\\u003c/script>\\u003cscript>alert('\\\"x\\\"')");
    assert_has(&out, "\xC3\xA9 \\ufffd &");
    assert_has(&out, "name = \\\"\\\\\\u000a");
    ipl_text_release(&out);
}

static void columns_that_are_missing_are_left_out(void **state)
{
    ipl_text out;

    write_run(state, "fc1");
    write_text(state, "run/information.csv",
               "epoch,split,layer,name,estimator,unit,I_XT\n0,test,1,fc1,kde,bits,2\n");
    write_text(state, "run/training.csv", "epoch,train_loss\n0,1\n");
    out = report(state, IPL_OK, NULL);
    assert_has(&out, "\"I_XT\":[");
    assert_null(strstr(out.s, "\"I_TY\""));
    assert_null(strstr(out.s, "train_accuracy"));
    assert_has(&out, "\"ty\":[]");
    ipl_text_release(&out);
}

static void a_column_that_says_what_a_row_is_must_be_there(void **state)
{
    ipl_error err;
    ipl_text out;

    write_run(state, "fc1");
    write_text(state, "run/information.csv",
               "epoch,layer,name,unit,I_XT\n0,1,fc1,bits,2\n");
    out = report(state, IPL_E_FORMAT, &err);
    assert_non_null(strstr(err.msg, "information.csv:1: no column 'split'"));
    ipl_text_release(&out);
}

static void undefined_values_stay_undefined(void **state)
{
    ipl_text out, rows = {0};

    write_run(state, "fc1");
    ipl_text_add(&rows,
                 "%s0,0,train,1,fc1,3,kde,bits,NaN,NaN,NaN,9\n"
                 "1,9,train,1,fc1,3,kde,bits,NaN,1,NaN,9\n",
                 information_header);
    write_text(state, "run/information.csv", rows.s);
    ipl_text_release(&rows);
    out = report(state, IPL_OK, NULL);
    assert_has(&out, "\"I_XT\":[[-3,\"!");
    assert_null(strstr(out.s, "\"H_T\""));
    assert_null(strstr(out.s, "NaN"));
    assert_null(strstr(out.s, "[nan"));
    assert_null(strstr(out.s, ",nan"));
    ipl_text_release(&out);
}

static void a_run_without_rows_is_an_error_that_says_to_wait(void **state)
{
    static const char *const headers[] = {"", "epoch,st", training_header};
    ipl_error err;
    ipl_text out;

    write_run(state, "fc1");
    write_text(state, "run/information.csv", information_header);
    for (size_t i = 0; i < 3; i++) {
        write_text(state, "run/training.csv", headers[i]);
        out = report(state, IPL_E_FORMAT, &err);
        assert_non_null(strstr(err.msg, "nothing measured yet"));
        ipl_text_release(&out);
    }
}

static void a_run_that_measured_nothing_has_its_training(void **state)
{
    ipl_text out;

    write_run(state, "fc1");
    write_text(state, "run/information.csv", information_header);
    out = report(state, IPL_OK, NULL);
    assert_has(&out, "\"blocks\":[]");
    assert_has(&out, "\"train_loss\":[[");
    ipl_text_release(&out);
}

/* A table cut anywhere is a table with fewer rows, or one that is not there yet. */
static void a_run_cut_anywhere_is_reported_or_refused_by_name(void **state)
{
    char *text;
    size_t len;

    write_run(state, "a \"quoted\", name");
    assert_int_equal(ipl_file_read(&text, &len, scratch_path(state, "run/information.csv"),
                                   1 << 16, NULL),
                     IPL_OK);
    for (size_t cut = 0; cut < len; cut++) {
        const char *runs[] = {scratch_path(state, "run")};
        ipl_html_report_notes notes;
        ipl_error err = {0};
        ipl_text out = {0};

        scratch_write(scratch_path(state, "run/information.csv"), text, cut);
        if (ipl_html_report_print(&out, "", runs, 1, &notes, &err) != IPL_OK)
            assert_non_null(strstr(err.msg, "information.csv"));
        ipl_text_release(&out);
    }
    ipl_free(text);
}

static void what_is_no_run_is_refused(void **state)
{
    ipl_error err;
    ipl_text out = report(state, IPL_E_NOINPUT, &err);

    assert_non_null(strstr(err.msg, "no such run folder"));
    assert_int_equal(ipl_folder_create(scratch_path(state, "run"), NULL), IPL_OK);
    (void)report(state, IPL_E_NOINPUT, &err);
    assert_non_null(strstr(err.msg, "no experiment.ini"));
    ipl_text_release(&out);
}

static void many_epochs_are_thinned_and_counted(void **state)
{
    const char *runs[1];
    ipl_html_report_notes notes;
    ipl_text rows = {0}, out = {0};

    write_run(state, "fc1");
    ipl_text_add(&rows, "%s", information_header);
    for (int e = 0; e < 3000; e++)
        ipl_text_add(&rows, "%d,%d,train,1,fc1,3,kde,bits,1,%d,1,9\n", e, e,
                     e == 1234 ? 7777 : 1);
    write_text(state, "run/information.csv", rows.s);
    runs[0] = scratch_path(state, "run");
    assert_int_equal(ipl_html_report_print(&out, "", runs, 1, &notes, NULL), IPL_OK);
    assert_int_equal(notes.epochs, 3000);
    assert_within(notes.shown, 100, 240);
    assert_has(&out, "\"measured\":3000");
    assert_has(&out, ",2999]");
    /* The summary is of all epochs, also of those that are not drawn. */
    assert_has(&out, "\"xt\":[[1,7777,1234,1,");
    ipl_text_release(&out);
    ipl_text_release(&rows);
}

static void pictures_are_found_and_chosen_by_their_epochs(void **state)
{
    static const char *const names[] = {"filters-0.png",     "filters-10.png",
                                        "filters-2.png",     "filters-x.png",
                                        "filters-3.png.tmp", "plane.png"};
    static const uint8_t pixels[4] = {0, 255, 128, 127};
    const char *runs[1];
    ipl_html_report_notes notes;
    ipl_text out = {0};

    write_run(state, "fc1");
    assert_int_equal(ipl_folder_create(scratch_path(state, "run/figures"), NULL), IPL_OK);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char name[64];

        (void)snprintf(name, sizeof name, "run/figures/%s", names[i]);
        assert_int_equal(ipl_png_write(scratch_path(state, name), pixels, 2, 2, 1, NULL),
                         IPL_OK);
    }
    write_text(state, "run/figures/features-1.png", "no picture");
    runs[0] = scratch_path(state, "run");
    assert_int_equal(ipl_html_report_print(&out, "", runs, 1, &notes, NULL), IPL_OK);
    assert_has(&out, "\"filters\":[[0,\"iVBORw0KGgo");
    assert_non_null(strstr(strstr(out.s, "[2,\"iVBORw0KGgo"), "[10,\"iVBORw0KGgo"));
    assert_has(&out, "],\"features\":[]");
    assert_int_equal(notes.pictures, 4);
    ipl_text_release(&out);
}

static void large_pictures_are_thinned_to_the_size_of_a_report(void **state)
{
    enum { SIDE = 220 };
    static uint8_t pixels[SIDE * SIDE];
    uint32_t noise = 1;
    const char *runs[1];
    ipl_html_report_notes notes;
    ipl_text out = {0};

    write_run(state, "fc1");
    assert_int_equal(ipl_folder_create(scratch_path(state, "run/figures"), NULL), IPL_OK);
    for (size_t i = 0; i < sizeof pixels; i++) {
        noise = noise * 1664525u + 1013904223u;
        pixels[i] = (uint8_t)(noise >> 24);
    }
    for (int e = 0; e < 20; e++) {
        char name[64];

        (void)snprintf(name, sizeof name, "run/figures/features-%d.png", e);
        assert_int_equal(
            ipl_png_write(scratch_path(state, name), pixels, SIDE, SIDE, 1, NULL), IPL_OK);
    }
    runs[0] = scratch_path(state, "run");
    assert_int_equal(ipl_html_report_print(&out, "", runs, 1, &notes, NULL), IPL_OK);
    assert_int_equal(notes.pictures, 20);
    assert_within(notes.drawn, 3, 12);
    assert_within(out.len, 150000, 245000);
    assert_has(&out, "\"features\":[[0,");
    assert_has(&out, ",[19,\"");
    ipl_text_release(&out);
}

static void a_report_is_one_file_with_everything_in_it(void **state)
{
    const char *path = scratch_path(state, "report.html");
    ipl_html_report_notes notes;
    const char *runs[1];
    char *page;
    size_t len;

    write_run(state, "fc1");
    runs[0] = scratch_path(state, "run");
    assert_int_equal(ipl_html_report_write(path, "<i>", runs, 1, &notes, NULL), IPL_OK);
    assert_int_equal(ipl_file_read(&page, &len, path, 1 << 20, NULL), IPL_OK);
    assert_int_equal(len, notes.bytes);
    assert_true(len < 80000);
    assert_null(strstr(page, "@STYLE@"));
    assert_null(strstr(page, "@DATA@"));
    assert_null(strstr(page, "@SCRIPT@"));
    assert_null(strstr(page, "<i>\""));
    assert_non_null(strstr(page, "logdet:beta=rd"));
    ipl_free(page);
}

static void every_lost_allocation_is_a_clean_error(void **state)
{
    const char *runs[1];
    ipl_status st = IPL_E_NOMEM;

    write_run(state, "fc1");
    runs[0] = scratch_path(state, "run");
    for (long n = 0; st != IPL_OK; n++) {
        ipl_html_report_notes notes;
        ipl_text out = {0};
        const int fd = next_descriptor();

        assert_true(n < 2000);
        ipl_alloc_fail_after(n);
        st = ipl_html_report_print(&out, "", runs, 1, &notes, NULL);
        ipl_alloc_fail_after(-1);
        assert_true(st == IPL_OK || st == IPL_E_NOMEM);
        assert_int_equal(next_descriptor(), fd);
        ipl_text_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_series_keeps_four_digits_of_the_largest),
        cmocka_unit_test(a_series_over_decades_keeps_four_digits_of_each),
        cmocka_unit_test(what_is_not_finite_in_a_series_is_undefined),
        cmocka_unit_test(a_series_takes_every_so_manyth_number),
        cmocka_unit_test(bytes_become_base_64),
        IN_SCRATCH(a_report_has_the_tables_of_its_run),
        IN_SCRATCH(nothing_in_a_report_is_markup),
        IN_SCRATCH(columns_that_are_missing_are_left_out),
        IN_SCRATCH(a_column_that_says_what_a_row_is_must_be_there),
        IN_SCRATCH(undefined_values_stay_undefined),
        IN_SCRATCH(a_run_without_rows_is_an_error_that_says_to_wait),
        IN_SCRATCH(a_run_that_measured_nothing_has_its_training),
        IN_SCRATCH(a_run_cut_anywhere_is_reported_or_refused_by_name),
        IN_SCRATCH(what_is_no_run_is_refused),
        IN_SCRATCH(many_epochs_are_thinned_and_counted),
        IN_SCRATCH(pictures_are_found_and_chosen_by_their_epochs),
        IN_SCRATCH(large_pictures_are_thinned_to_the_size_of_a_report),
        IN_SCRATCH(a_report_is_one_file_with_everything_in_it),
        IN_SCRATCH(every_lost_allocation_is_a_clean_error),
    };

    return setenv("INFOPLANE_SHARE", "scripts", 1) == 0
               ? cmocka_run_group_tests(tests, NULL, NULL)
               : 1;
}
