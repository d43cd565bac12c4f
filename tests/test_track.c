/* Tracks of what runs recorded: what tables may lack, and replicates that differ. */
#include "scratch.h"

#include "base/alloc.h"
#include "run/track.h"

static const char *const fields[] = {"x", NULL};

/* A table of the columns epoch, layer, name and x. */
static ipl_status track_of(ipl_track *out, void **state, const char *rows, bool layers,
                           ipl_error *err)
{
    const ipl_track_query query = {.fields = fields, .n_fields = 2, .layers = layers};
    const char *path = scratch_path(state, "t.csv");
    char text[4096];
    ipl_table *table;
    ipl_status st;

    (void)snprintf(text, sizeof text, "epoch,layer,name,x\n%s", rows);
    scratch_write(path, text, strlen(text));
    assert_int_equal(ipl_table_read(&table, path, NULL), IPL_OK);
    st = ipl_track_read(out, table, &query, err);
    ipl_table_destroy(table);
    return st;
}

static void a_field_without_a_column_is_undefined_everywhere(void **state)
{
    ipl_track t;

    assert_int_equal(track_of(&t, state, "0,1,a,5\n0,2,b,6\n", true, NULL), IPL_OK);
    assert_true(t.n_epochs == 1 && t.n_layers == 2 && t.n_fields == 2);
    assert_true(ipl_track_get(&t, 0, 1, 0) == 6.0);
    assert_true(isnan(ipl_track_get(&t, 0, 0, 1)) && isnan(ipl_track_get(&t, 0, 1, 1)));
    ipl_track_release(&t);
    assert_int_equal(track_of(&t, state, "0,0,a,5\n2,0,b,6\n", false, NULL), IPL_OK);
    assert_true(t.n_epochs == 2 && t.n_layers == 1); /* layers are not looked at */
    assert_true(ipl_track_get(&t, 1, 0, 0) == 6.0);
    ipl_track_release(&t);
}

/* 255 bytes of a name are kept, and no half character: a two-byte one stands at the end. */
static void a_long_name_is_cut_between_characters(void **state)
{
    char rows[400], name[300];
    ipl_track t;

    memset(name, 'n', sizeof name);
    name[254] = '\xc3';
    name[255] = '\xa9';
    name[270] = '\0';
    (void)snprintf(rows, sizeof rows, "0,1,%s,5\n", name);
    assert_int_equal(track_of(&t, state, rows, true, NULL), IPL_OK);
    assert_int_equal(strlen(t.names[0]), 254);
    assert_memory_equal(t.names[0], name, 254);
    ipl_track_release(&t);
    memset(name, '\x80', 270); /* bytes that begin no character: nothing is left */
    (void)snprintf(rows, sizeof rows, "0,1,%s,5\n", name);
    assert_int_equal(track_of(&t, state, rows, true, NULL), IPL_OK);
    assert_string_equal(t.names[0], "");
    ipl_track_release(&t);
}

static void a_single_run_is_its_own_mean_without_deviation(void **state)
{
    ipl_track t, mean, sd;
    const ipl_track *const runs[] = {&t};

    assert_int_equal(track_of(&t, state, "0,1,a,5\n1,1,a,7\n", true, NULL), IPL_OK);
    assert_int_equal(ipl_track_mean(&mean, &sd, runs, 1, NULL), IPL_OK);
    assert_int_equal(mean.n_epochs, 2);
    assert_true(ipl_track_get(&mean, 1, 0, 0) == 7.0);
    assert_true(ipl_track_get(&sd, 1, 0, 0) == 0.0);
    ipl_track_release(&mean);
    ipl_track_release(&sd);
    ipl_track_release(&t);
}

/* Epochs that only one of them has: before, between and behind those of the other. */
static void replicates_that_do_not_fit_together_are_refused(void **state)
{
    ipl_track a, b, mean, sd;
    const ipl_track *const runs[] = {&a, &b};
    ipl_error err = {0};

    assert_int_equal(track_of(&a, state, "1,1,a,5\n3,1,a,7\n", true, NULL), IPL_OK);
    assert_int_equal(track_of(&b, state, "0,1,a,5\n2,1,a,7\n", true, NULL), IPL_OK);
    assert_int_equal(ipl_track_mean(&mean, &sd, runs, 2, &err), IPL_E_SHAPE);
    assert_string_equal(err.msg, "replicates have no measured epoch in common");
    assert_null(mean.epochs);
    ipl_track_release(&b);
    assert_int_equal(track_of(&b, state, "1,1,a,5\n1,2,b,7\n", true, NULL), IPL_OK);
    assert_int_equal(ipl_track_mean(&mean, &sd, runs, 2, &err), IPL_E_SHAPE);
    assert_string_equal(err.msg, "replicates with 1 and 2 layers");
    assert_null(sd.epochs);
    ipl_track_release(&b);
    ipl_track_release(&a);
}

static void a_short_track_is_not_thinned(void **state)
{
    static const double epochs[] = {0.0, 0.0};
    bool keep[2] = {false, false};
    ipl_track t;

    assert_int_equal(track_of(&t, state, "0,1,a,5\n1,1,a,6\n2,1,a,7\n", true, NULL),
                     IPL_OK);
    assert_int_equal(ipl_track_thin(&t, 3, NULL), IPL_OK);
    assert_int_equal(t.n_epochs, 3);
    assert_int_equal(ipl_track_thin(&t, 2, NULL), IPL_OK);
    assert_int_equal(t.n_epochs, 2);
    assert_true(t.epochs[0] == 0.0 && t.epochs[1] == 2.0);
    assert_true(ipl_track_get(&t, 1, 0, 0) == 7.0);
    ipl_track_release(&t);
    ipl_track_spread(keep, epochs, 0, 2);
    assert_false(keep[0]);
}

/* Two epochs so far out that their logarithms are one number: the last slot is the last's. */
static void epochs_that_rounding_makes_one_are_not_both_kept(void **state)
{
    static const double epochs[] = {0.0, 1.0, 1e9, 1e16, 1e16 + 2.0};
    bool keep[5];

    (void)state;
    ipl_track_spread(keep, epochs, 5, 3);
    assert_true(keep[0] && !keep[1] && keep[2] && !keep[3] && keep[4]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(a_field_without_a_column_is_undefined_everywhere),
        IN_SCRATCH(a_long_name_is_cut_between_characters),
        IN_SCRATCH(a_single_run_is_its_own_mean_without_deviation),
        IN_SCRATCH(replicates_that_do_not_fit_together_are_refused),
        IN_SCRATCH(a_short_track_is_not_thinned),
        IN_SCRATCH(epochs_that_rounding_makes_one_are_not_both_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
