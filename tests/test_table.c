#include "scratch.h"

#include "base/alloc.h"
#include "run/table.h"
#include "run/track.h"

#include <fenv.h>

static const char *folder, *path;

static int setup(void **state)
{
    if (scratch_setup(state) != 0)
        return -1;
    folder = *state;
    path = scratch_path(state, "t.csv");
    return 0;
}

static ipl_status read_text(ipl_table **out, const char *text, size_t len, ipl_error *err)
{
    scratch_write(path, text, len);
    return ipl_table_read(out, path, err);
}

static ipl_table *read_good(const char *text)
{
    ipl_error err = {0};
    ipl_table *table;

    if (read_text(&table, text, strlen(text), &err) != IPL_OK)
        fail_msg("%s", err.msg);
    return table;
}

static void a_column_is_found_by_name_and_read_as_numbers(void **state)
{
    ipl_table *t = read_good("epoch,loss\n0,2.5\n0.25,NaN\n1e2,-3\n");
    double *loss;

    (void)state;
    assert_int_equal(ipl_table_rows(t), 3);
    assert_int_equal(ipl_table_numbers(&loss, t, "loss", NULL), IPL_OK);
    assert_close(loss[0], 2.5, 0.0);
    assert_true(isnan(loss[1]));
    assert_close(loss[2], -3.0, 0.0);
    ipl_free(loss);
    ipl_table_destroy(t);
}

static void a_quoted_field_keeps_commas_quotes_and_line_breaks(void **state)
{
    ipl_table *t = read_good("a,b\n\"x,\"\"y\"\"\nz\",1\n\"\",2\n");

    (void)state;
    assert_int_equal(ipl_table_rows(t), 2);
    assert_string_equal(ipl_table_text(t, 0, 0), "x,\"y\"\nz");
    assert_string_equal(ipl_table_text(t, 0, 1), "1");
    assert_string_equal(ipl_table_text(t, 1, 0), "");
    assert_int_equal(ipl_table_line(t, 1), 4);
    ipl_table_destroy(t);
}

static void carriage_returns_before_line_feeds_are_line_breaks(void **state)
{
    ipl_table *t = read_good("a,b\r\n1,\"2\"\r\n");

    (void)state;
    assert_int_equal(ipl_table_rows(t), 1);
    assert_string_equal(ipl_table_text(t, 0, 1), "2");
    ipl_table_destroy(t);
}

static void a_last_row_without_line_break_is_left_out(void **state)
{
    ipl_table *t = read_good("a,b\n1,2\n3,\"4");

    (void)state;
    assert_int_equal(ipl_table_rows(t), 1);
    ipl_table_destroy(t);
}

static void a_header_alone_has_no_rows(void **state)
{
    ipl_table *t = read_good("a,b\n");

    (void)state;
    assert_int_equal(ipl_table_rows(t), 0);
    ipl_table_destroy(t);
}

static void what_is_no_strict_csv_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *text;
        size_t len; /* 0: strlen */
        const char *said;
    } cases[] = {
        {"", 0, "no header row yet"},
        {"a,b", 0, "no header row yet"},
        {"a,b\n1\n", 0, "t.csv:2: 1 fields, the header has 2"},
        {"a,b\n1,2\n1,2,3\n", 0, "t.csv:3: 3 fields"},
        {"a,b\n\n", 0, "t.csv:2: 1 fields"},
        {"a,a\n", 0, "t.csv:1: two columns are called 'a'"},
        {"a,\n", 0, "t.csv:1: column 2 has no name"},
        {"a,b\n1,x\"y\n", 0, "t.csv:2: a stray quote"},
        {"a,b\n\"1\"2,3\n", 0, "t.csv:2: a stray character behind a quoted text"},
        {"a,b\n1,\"2\n3,4\n", 0, "t.csv:2: a quote is opened and never closed"},
        {"a,b\n1,2\r3\n", 0, "t.csv:2: a stray carriage return"},
        {"a,b\n1,\0\n", 8, "t.csv:2: a stray NUL byte"},
        {"a,b\n1,\"\0\"\n", 10, "t.csv:2: a stray NUL byte"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const size_t len = cases[i].len ? cases[i].len : strlen(cases[i].text);
        ipl_error err = {0};
        ipl_table *t;

        assert_int_equal(read_text(&t, cases[i].text, len, &err), IPL_E_FORMAT);
        assert_null(t);
        if (!strstr(err.msg, cases[i].said))
            fail_msg("'%s' does not say '%s'", err.msg, cases[i].said);
    }
}

static void a_field_that_is_no_number_is_refused_with_its_line(void **state)
{
    static const char *const bad[] = {"", "nan", "inf", "1x", " 1", "1e999", "0,5"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[64];
        ipl_error err = {0};
        ipl_table *t;
        double *numbers;

        (void)snprintf(text, sizeof text, "a,b\n1,1\n\"%s\",2\n", bad[i]);
        t = read_good(text);
        assert_int_equal(ipl_table_numbers(&numbers, t, "a", &err), IPL_E_FORMAT);
        assert_null(numbers);
        assert_non_null(strstr(err.msg, "t.csv:3: a '"));
        ipl_table_destroy(t);
    }
}

static void a_missing_column_is_named(void **state)
{
    ipl_table *t = read_good("a,b\n1,2\n");
    ipl_error err = {0};
    size_t column;

    (void)state;
    assert_int_equal(ipl_table_column(&column, t, "epoch", &err), IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "no column 'epoch'"));
    ipl_table_destroy(t);
}

static void more_columns_than_allowed_are_refused(void **state)
{
    char text[4 * (IPL_TABLE_COLUMNS_MAX + 2)] = "";
    size_t len = 0;
    ipl_table *t;

    (void)state;
    for (int i = 0; i <= IPL_TABLE_COLUMNS_MAX; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%x", i ? "," : "", i);
    text[len++] = '\n';
    assert_int_equal(read_text(&t, text, len, NULL), IPL_E_FORMAT);
}

static void a_table_cut_at_any_byte_gives_whole_rows_or_a_clear_fault(void **state)
{
    static const char text[] = "epoch,name\n0,\"a,b\"\n1,c\r\n2,\"d\"\"e\"\n";

    (void)state;
    for (size_t len = 0; len < sizeof text - 1; len++) {
        ipl_table *t;
        const ipl_status st = read_text(&t, text, len, NULL);
        const size_t rows = (size_t)(len >= 19) + (len >= 24);

        assert_int_equal(st, len < 11 ? IPL_E_FORMAT : IPL_OK);
        if (st == IPL_OK)
            assert_int_equal(ipl_table_rows(t), rows);
        ipl_table_destroy(t);
    }
}

static void a_file_that_is_not_there_is_no_input(void **state)
{
    ipl_table *t;

    (void)state;
    assert_int_equal(ipl_table_read(&t, "/tmp/no/such/table.csv", NULL), IPL_E_NOINPUT);
    assert_null(t);
}

static void a_path_that_is_too_long_is_refused(void **state)
{
    static char longer[IPL_PATH_MAX + 10];
    ipl_error err = {0};
    ipl_table *t;

    (void)state;
    memset(longer, '/', sizeof longer - 1);
    assert_int_equal(ipl_table_read(&t, longer, &err), IPL_E_FORMAT);
    assert_null(t);
    assert_non_null(strstr(err.msg, "has 4105 characters, at most 4095"));
    assert_int_equal(ipl_table_read_begun(&t, longer, "t.csv", &err), IPL_E_ARG);
    assert_null(t);
    assert_non_null(strstr(err.msg, "path is too long"));
}

/* A table of a run that has just begun: no file, no row, half a row, a row, damage. */
static void a_table_that_has_hardly_begun_is_no_fault(void **state)
{
    static const struct {
        const char *text;
        ipl_status st;
        size_t rows; /* 0: no table */
    } cases[] = {{NULL, IPL_OK, 0},         {"", IPL_OK, 0},
                 {"a,b", IPL_OK, 0},        {"a,b\n", IPL_OK, 0},
                 {"a,b\n1,2", IPL_OK, 0},   {"a,b\n1,2\n", IPL_OK, 1},
                 {"a,a\n", IPL_E_FORMAT, 0}};

    (void)state;
    (void)unlink(path);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ipl_table *t;

        if (cases[i].text) {
            ipl_table *ignored;
            const ipl_status st =
                read_text(&ignored, cases[i].text, strlen(cases[i].text), NULL);

            assert_true(st == IPL_OK || st == IPL_E_FORMAT); /* it is there now */
            ipl_table_destroy(ignored);
        }
        assert_int_equal(ipl_table_read_begun(&t, folder, "t.csv", NULL), cases[i].st);
        assert_int_equal(t != NULL, cases[i].rows > 0);
        assert_int_equal(t ? ipl_table_rows(t) : 0, cases[i].rows);
        ipl_table_destroy(t);
    }
    for (long n = 0; n < 2; n++) { /* of reading it at all, and of the table */
        ipl_table *t;

        ipl_alloc_fail_after(n);
        assert_int_equal(ipl_table_read_begun(&t, folder, "t.csv", NULL), IPL_E_NOMEM);
        ipl_alloc_fail_after(-1);
        assert_null(t);
    }
}

static const char *const fields[] = {"x"};

static ipl_status track_of(ipl_track *out, const char *text, ipl_error *err)
{
    const ipl_track_query query = {.fields = fields,
                                   .n_fields = 1,
                                   .layers = true,
                                   .split = "train",
                                   .estimator = "e:a=1,b=2"};
    ipl_table *t = read_good(text);
    const ipl_status st = ipl_track_read(out, t, &query, err);

    ipl_table_destroy(t);
    return st;
}

#define HEAD "epoch,split,layer,name,estimator,x\n"

static void a_track_has_the_rows_of_its_split_and_estimator(void **state)
{
    ipl_track t;

    (void)state;
    assert_int_equal(track_of(&t,
                              HEAD "0,train,1,fc1,\"e:a=1,b=2\",5\n0,train,1,fc1,f,6\n"
                                   "0,train,2,fc2,\"e:a=1,b=2\",7\n0,test,1,fc1,f,8\n"
                                   "0.5,train,1,fc1,\"e:a=1,b=2\",9\n"
                                   "0.5,train,2,fc2,\"e:a=1,b=2\",NaN\n",
                              NULL),
                     IPL_OK);
    assert_int_equal(t.n_epochs, 2);
    assert_int_equal(t.n_layers, 2);
    assert_close(ipl_track_get(&t, 0, 1, 0), 7.0, 0.0);
    assert_close(ipl_track_get(&t, 1, 0, 0), 9.0, 0.0);
    assert_true(isnan(ipl_track_get(&t, 1, 1, 0)));
    assert_string_equal(t.names[1], "fc2");
    ipl_track_release(&t);
}

static void an_epoch_that_is_not_complete_yet_is_left_out(void **state)
{
    ipl_track t;

    (void)state;
    assert_int_equal(track_of(&t,
                              HEAD
                              "0,train,1,a,\"e:a=1,b=2\",5\n0,train,2,b,\"e:a=1,b=2\",7\n"
                              "1,train,1,a,\"e:a=1,b=2\",9\n",
                              NULL),
                     IPL_OK);
    assert_int_equal(t.n_epochs, 1);
    ipl_track_release(&t);
}

static void epochs_that_go_back_and_layers_that_are_none_are_refused(void **state)
{
    static const char *const bad[] = {
        HEAD "1,train,1,a,\"e:a=1,b=2\",5\n0,train,1,a,\"e:a=1,b=2\",5\n",
        HEAD "NaN,train,1,a,\"e:a=1,b=2\",5\n",
        HEAD "0,train,0,a,\"e:a=1,b=2\",5\n",
        HEAD "0,train,1.5,a,\"e:a=1,b=2\",5\n",
        HEAD "0,train,1e9,a,\"e:a=1,b=2\",5\n",
        HEAD "0,test,1,a,\"e:a=1,b=2\",5\n"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ipl_track t;

        assert_int_equal(track_of(&t, bad[i], NULL), IPL_E_FORMAT);
        assert_null(t.epochs);
    }
}

/*
 * Rows that the query leaves out are not checked, so nothing may be made of their numbers: to
 * convert 1e300 to an integer is undefined, and raises the flag of invalid operations.
 */
static void a_layer_of_a_row_that_is_left_out_may_be_any_number(void **state)
{
    ipl_track t;

    (void)state;
    assert_int_equal(feclearexcept(FE_INVALID), 0);
    assert_int_equal(track_of(&t,
                              HEAD "0,train,1,a,\"e:a=1,b=2\",5\n"
                                   "0,train,1e300,a,f,5\n0,test,-7,a,f,5\n",
                              NULL),
                     IPL_OK);
    assert_false(fetestexcept(FE_INVALID));
    assert_int_equal(t.n_layers, 1);
    ipl_track_release(&t);
}

static void replicates_are_averaged_over_the_epochs_they_share(void **state)
{
    ipl_track a, b, mean, sd;
    const ipl_track *const runs[] = {&a, &b};

    (void)state;
    assert_int_equal(track_of(&a,
                              HEAD
                              "0,train,1,a,\"e:a=1,b=2\",1\n1,train,1,a,\"e:a=1,b=2\",4\n"
                              "2,train,1,a,\"e:a=1,b=2\",9\n",
                              NULL),
                     IPL_OK);
    assert_int_equal(
        track_of(&b, HEAD "0,train,1,a,\"e:a=1,b=2\",3\n2,train,1,a,\"e:a=1,b=2\",NaN\n",
                 NULL),
        IPL_OK);
    assert_int_equal(ipl_track_mean(&mean, &sd, runs, 2, NULL), IPL_OK);
    assert_int_equal(mean.n_epochs, 2);
    assert_close(mean.epochs[1], 2.0, 0.0);
    assert_close(ipl_track_get(&mean, 0, 0, 0), 2.0, 1e-15);
    assert_close(ipl_track_get(&sd, 0, 0, 0), sqrt(2.0), 1e-15);
    assert_true(isnan(ipl_track_get(&mean, 1, 0, 0)));
    ipl_track_release(&mean);
    ipl_track_release(&sd);
    ipl_track_release(&a);
    ipl_track_release(&b);
}

static void thinning_keeps_the_ends_and_at_most_the_limit(void **state)
{
    double epochs[500];
    bool keep[500];

    (void)state;
    for (size_t i = 0; i < 500; i++)
        epochs[i] = (double)i;
    for (size_t limit = 2; limit < 520; limit += 7) {
        size_t n = 0;

        ipl_track_spread(keep, epochs, 500, limit);
        for (size_t i = 0; i < 500; i++)
            n += keep[i];
        assert_true(keep[0] && keep[499]);
        assert_true(n <= limit && n >= 2);
        assert_true(n == 500 || limit < 500);
    }
}

static void no_fault_leaves_a_file_open_or_memory_behind(void **state)
{
    const size_t before = open_files();

    (void)state;
    ipl_table_destroy(read_good("a,b\n1,2\n"));
    for (long n = 0;; n++) {
        ipl_table *t = NULL;
        double *numbers = NULL;
        ipl_status st;

        ipl_alloc_fail_after(n);
        st = ipl_table_read(&t, path, NULL);
        if (st == IPL_OK)
            st = ipl_table_numbers(&numbers, t, "a", NULL);
        ipl_alloc_fail_after(-1);
        ipl_free(numbers);
        ipl_table_destroy(t);
        assert_true(n < 50);
        if (st == IPL_OK)
            break;
        assert_int_equal(st, IPL_E_NOMEM);
    }
    assert_int_equal(open_files(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_column_is_found_by_name_and_read_as_numbers),
        cmocka_unit_test(a_quoted_field_keeps_commas_quotes_and_line_breaks),
        cmocka_unit_test(carriage_returns_before_line_feeds_are_line_breaks),
        cmocka_unit_test(a_last_row_without_line_break_is_left_out),
        cmocka_unit_test(a_header_alone_has_no_rows),
        cmocka_unit_test(what_is_no_strict_csv_is_refused_with_its_line),
        cmocka_unit_test(a_field_that_is_no_number_is_refused_with_its_line),
        cmocka_unit_test(a_missing_column_is_named),
        cmocka_unit_test(more_columns_than_allowed_are_refused),
        cmocka_unit_test(a_table_cut_at_any_byte_gives_whole_rows_or_a_clear_fault),
        cmocka_unit_test(a_file_that_is_not_there_is_no_input),
        cmocka_unit_test(a_track_has_the_rows_of_its_split_and_estimator),
        cmocka_unit_test(an_epoch_that_is_not_complete_yet_is_left_out),
        cmocka_unit_test(epochs_that_go_back_and_layers_that_are_none_are_refused),
        cmocka_unit_test(a_layer_of_a_row_that_is_left_out_may_be_any_number),
        cmocka_unit_test(replicates_are_averaged_over_the_epochs_they_share),
        cmocka_unit_test(thinning_keeps_the_ends_and_at_most_the_limit),
        cmocka_unit_test(no_fault_leaves_a_file_open_or_memory_behind),
        cmocka_unit_test(a_path_that_is_too_long_is_refused),
        cmocka_unit_test(a_table_that_has_hardly_begun_is_no_fault),
    };

    return cmocka_run_group_tests(tests, setup, scratch_teardown);
}
