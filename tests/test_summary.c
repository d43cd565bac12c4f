#include "scratch.h"

#include "base/alloc.h"
#include "base/text.h"
#include "run/summary.h"
#include "run/table.h"

/* A track of one layer and two fields. */
static ipl_track track_of(double *epochs, double *values, size_t n)
{
    return (ipl_track){
        .n_epochs = n, .n_layers = 1, .n_fields = 2, .epochs = epochs, .values = values};
}

static void compression_is_the_fall_from_the_maximum_to_the_end(void **state)
{
    double epochs[20], values[40];
    const ipl_track t = track_of(epochs, values, 20);
    ipl_course c;

    (void)state;
    for (size_t i = 0; i < 20; i++) {
        epochs[i] = (double)i;
        values[2 * i] = i <= 5 ? 10.0 + 2.0 * (double)i : 20.0 - 0.5 * ((double)i - 5.0);
    }
    c = ipl_course_of(&t, 0, 0);
    assert_int_equal(c.n, 20);
    assert_close(c.first, 10.0, 0.0);
    assert_close(c.max, 20.0, 0.0);
    assert_close(c.max_epoch, 5.0, 0.0);
    assert_close(c.final, (13.5 + 13.0) / 2.0, 1e-14); /* epochs 18 and 19 */
    assert_close(c.end, 13.0, 0.0);
    assert_close(c.compression_end, (20.0 - 13.0) / 20.0, 1e-15);
    assert_true(isnan(c.last50) && isnan(c.compression_last50)); /* a shorter run */
    assert_close(c.turning_epoch, 5.0, 0.0); /* 19.5 is more than 1 % below */
}

static void the_turning_epoch_is_the_last_within_a_hundredth_of_the_maximum(void **state)
{
    double epochs[] = {0, 1, 2, 3, 4};
    double values[] = {1, 0, 100, 0, 98, 0, 99.5, 0, 50, 0};
    const ipl_track t = track_of(epochs, values, 5);

    (void)state;
    assert_close(ipl_course_of(&t, 0, 0).max_epoch, 1.0, 0.0);
    assert_close(ipl_course_of(&t, 0, 0).turning_epoch, 3.0, 0.0);
}

static void what_only_rises_never_turns(void **state)
{
    double epochs[] = {0, 1, 2}, values[] = {1, 0, 2, 0, 3, 0};
    const ipl_track t = track_of(epochs, values, 3);

    (void)state;
    assert_true(isnan(ipl_course_of(&t, 0, 0).turning_epoch));
    assert_close(ipl_course_of(&t, 0, 0).compression_end, 0.0, 0.0);
}

/* v at epoch e of the series that follow, and the epochs 0 ... 100 of it. */
typedef double (*series)(double e);

static ipl_course course_of(series v, const double *epochs, size_t n)
{
    double own[128], values[256] = {0};
    const ipl_track t = track_of(own, values, n);

    assert_true(n <= 128);
    for (size_t i = 0; i < n; i++) {
        own[i] = epochs ? epochs[i] : (double)i;
        values[2 * i] = v(own[i]);
    }
    return ipl_course_of(&t, 0, 0);
}

static double rising(double e)
{
    return 1.0 + e;
}

static double falling(double e)
{
    return 200.0 - e;
}

static double tent(double e)
{
    return e <= 40.0 ? 10.0 + e : 50.0 - 0.5 * (e - 40.0);
}

static double constant(double e)
{
    (void)e;
    return 3.5;
}

static double with_gaps(double e)
{
    return e == 60.0 || e == 75.0 ? (double)NAN : falling(e);
}

static void both_scores_have_their_closed_forms(void **state)
{
    ipl_course c = course_of(rising, NULL, 101);

    (void)state;
    /* The mean of 51 ... 100 is 75.5, that of rising 76.5; its maximum is 101. */
    assert_close(c.compression_end, 0.0, 0.0);
    assert_close(c.last50, 76.5, 1e-12);
    assert_close(c.compression_last50, (101.0 - 76.5) / 101.0, 1e-15);
    assert_true(isnan(c.turning_epoch));
    c = course_of(falling, NULL, 101);
    assert_close(c.compression_end, 0.5, 1e-15);
    assert_close(c.compression_last50, 75.5 / 200.0, 1e-15);
    assert_close(c.turning_epoch, 2.0, 0.0);
    c = course_of(tent, NULL, 101);
    assert_close(c.max_epoch, 40.0, 0.0);
    assert_close(c.compression_end, 30.0 / 50.0, 1e-15);
    assert_close(c.last50, 50.0 - 0.5 * 35.5, 1e-12);
    assert_close(c.turning_epoch, 41.0, 0.0);
    c = course_of(constant, NULL, 101);
    assert_close(c.compression_end, 0.0, 0.0);
    assert_close(c.compression_last50, 0.0, 0.0);
    assert_true(isnan(c.turning_epoch));
    c = course_of(with_gaps, NULL, 101);
    assert_int_equal(c.n, 99);
    assert_close(c.last50, (50.0 * 124.5 - 140.0 - 125.0) / 48.0, 1e-12);
    assert_close(c.compression_end, 0.5, 1e-15);
}

static void the_mean_of_fifty_epochs_wants_as_many(void **state)
{
    static const double steps[] = {0, 0.25, 0.5, 0.75, 1, 2, 50}, sparse[] = {0, 10, 60};

    (void)state;
    assert_true(isnan(course_of(falling, NULL, 50).last50)); /* epochs 0 ... 49 */
    assert_close(course_of(falling, NULL, 51).last50, 200.0 - 25.5, 1e-12);
    /* Steps inside of epoch 1 are no epochs: 1, 2 and 50 are. */
    assert_close(course_of(falling, steps, 7).last50, 200.0 - 53.0 / 3.0, 1e-12);
    /* Epoch 10 is not among the last 50 of 60. */
    assert_close(course_of(falling, sparse, 3).last50, 140.0, 0.0);
    assert_close(course_of(falling, sparse, 1).compression_end, 0.0, 0.0);
    assert_true(isnan(course_of(falling, sparse, 1).last50));
    assert_close(course_of(falling, sparse, 2).compression_end, 10.0 / 200.0, 1e-15);
}

/* A point inside of an epoch is the maximum as any other: its peak is not averaged away. */
static void a_peak_between_two_steps_counts(void **state)
{
    double epochs[] = {0, 0.1, 0.2, 0.3, 1, 2, 3, 4};
    double values[] = {1, 0, 4, 0, 8, 0, 5, 0, 4, 0, 4, 0, 4, 0, 4, 0};
    const ipl_track t = track_of(epochs, values, 8);
    const ipl_course c = ipl_course_of(&t, 0, 0);

    (void)state;
    assert_close(c.max_epoch, 0.2, 0.0);
    assert_close(c.compression_end, 0.5, 0.0);
    assert_close(c.turning_epoch, 0.2, 0.0);
}

static void undefined_values_are_passed_over(void **state)
{
    const double nan = (double)NAN;
    double epochs[] = {0, 1, 2, 3}, values[] = {nan, nan, 4, nan, 2, nan, nan, nan};
    const ipl_track t = track_of(epochs, values, 4);
    const ipl_course c = ipl_course_of(&t, 0, 0), none = ipl_course_of(&t, 0, 1);

    (void)state;
    assert_int_equal(c.n, 2);
    assert_close(c.first, 4.0, 0.0);
    assert_close(c.turning_epoch, 1.0, 0.0);
    assert_true(isnan(c.end) && isnan(c.final) && isnan(c.compression_end));
    assert_int_equal(none.n, 0);
    assert_true(isnan(none.max) && isnan(none.turning_epoch) && isnan(none.first));
}

static void a_layer_without_information_has_no_compression(void **state)
{
    double epochs[] = {0, 1}, values[] = {0, 0, 0, 0};
    const ipl_track t = track_of(epochs, values, 2);

    (void)state;
    assert_true(isnan(ipl_course_of(&t, 0, 0).compression_end));
    assert_close(ipl_course_of(&t, 0, 0).end, 0.0, 0.0);
}

static void the_transition_is_the_first_fall_of_the_ratio_below_one(void **state)
{
    const double nan = (double)NAN;
    double epochs[] = {0, 1, 2, 3, 4, 5};
    double falls[] = {nan, nan, 0.5, 1, 3, 1, nan, nan, 0.9, 1, 2, 1};
    double below[] = {0.5, 1, 0.4, 1, 0.3, 1, 0.2, 1, 0.2, 1, 0.1, 1};
    const ipl_track a = track_of(epochs, falls, 6), b = track_of(epochs, below, 6);

    (void)state;
    assert_close(ipl_transition_epoch(&a, 0, 0, 1), 4.0, 0.0);
    assert_true(isnan(ipl_transition_epoch(&b, 0, 0, 1)));
}

static void put(void **state, const char *name, const char *text)
{
    scratch_write(scratch_path(state, name), text, strlen(text));
}

static void fill(void **state)
{
    put(state, "training.csv",
        "epoch,step,train_loss,train_accuracy,test_loss,test_accuracy\n"
        "0,0,2.3,0.1,2.3,0.11\n2,20,0.5,0.9,0.75,0.875\n");
    put(state, "layers.csv",
        "epoch,layer,name,gradient_mean,gradient_sd\n"
        "0,1,fc1,NaN,NaN\n1,1,fc1,2,1\n2,1,fc1,1,2\n");
    put(state, "information.csv",
        "epoch,split,layer,name,estimator,unit,I_XT,I_TY,I_prev,I_TY_cond\n"
        "0,test,1,fc1,\"a:x=1,y=2\",nats,24.4,1,6,2\n"
        "0,train,1,fc1,\"a:x=1,y=2\",nats,24.4,1.5,60,3\n"
        "0.5,test,1,fc1,\"a:x=1,y=2\",nats,28.3,2,5,3\n"
        "0.5,train,1,fc1,\"a:x=1,y=2\",nats,30,2,50,4\n"
        "2,test,1,fc1,\"a:x=1,y=2\",nats,18.3,3,4,5\n"
        "2,train,1,fc1,\"a:x=1,y=2\",nats,30,2.5,40,6\n");
}

static void the_files_hold_a_row_and_a_sentence_for_each_layer(void **state)
{
    const char *folder = *state;
    char *text;
    ipl_error err = {0};
    ipl_table *t;
    double *rho, *crossing, *loss;
    size_t len;

    fill(state);
    if (ipl_summary_write(folder, &err) != IPL_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(ipl_table_read(&t, scratch_path(state, "summary.csv"), NULL), IPL_OK);
    assert_int_equal(ipl_table_rows(t), 2);
    assert_string_equal(ipl_table_text(t, 0, 0), "test");
    assert_string_equal(ipl_table_text(t, 0, 1), "a:x=1,y=2");
    assert_int_equal(ipl_table_numbers(&rho, t, "compression_end", NULL), IPL_OK);
    assert_int_equal(ipl_table_numbers(&crossing, t, "gradient_transition_epoch", NULL),
                     IPL_OK);
    assert_int_equal(ipl_table_numbers(&loss, t, "test_loss", NULL), IPL_OK);
    assert_close(rho[0], (28.3 - 18.3) / 28.3, 1e-15);
    assert_close(rho[1], 0.0, 0.0);
    assert_close(crossing[0], 2.0, 0.0);
    assert_close(loss[1], 0.75, 0.0);
    assert_int_equal(
        ipl_file_read(&text, &len, scratch_path(state, "summary.txt"), 1 << 16, NULL),
        IPL_OK);
    assert_non_null(strstr(text,
                           "fc1: I(X;T) rose from 24.4 to 28.3 nats by epoch 0.5, then "
                           "fell to 18.3 (compression 35 %); I(T;Y) went from 1 to 3."));
    assert_non_null(strstr(text, "fc1: I(X;T) rose from 24.4 to 30 nats and did not fall"));
    assert_non_null(strstr(text, "accuracy 90.00 % (train) 87.50 % (test)"));
    ipl_free(text);
    ipl_free(loss);
    ipl_free(crossing);
    ipl_free(rho);
    ipl_table_destroy(t);
}

/* I(X;T) that rises up to its last epoch: no word of a fall, no compression. */
static void what_rises_to_the_end_is_not_said_to_fall(void **state)
{
    const char *folder = *state;
    char *text;
    size_t len;
    ipl_text csv = {0};

    fill(state);
    ipl_text_add(&csv,
                 "epoch,split,layer,name,estimator,unit,I_XT,I_TY,I_prev,I_TY_cond\n");
    for (int e = 0; e <= 40; e++)
        ipl_text_add(&csv, "%d,test,1,fc1,a,nats,%d,1,6,2\n", e, 10 + e);
    put(state, "information.csv", csv.s);
    assert_int_equal(ipl_summary_write(folder, NULL), IPL_OK);
    assert_int_equal(
        ipl_file_read(&text, &len, scratch_path(state, "summary.txt"), 1 << 16, NULL),
        IPL_OK);
    assert_non_null(strstr(text, "fc1: I(X;T) rose from 10 to 50 nats and did not fall"));
    assert_null(strstr(text, "then fell"));
    assert_non_null(strstr(text, "I(X;T) ends at its maximum in fc1."));
    assert_non_null(strstr(text, "end       value at the last measured epoch"));
    ipl_free(text);
    ipl_text_release(&csv);
}

static void faults_leave_no_summary(void **state)
{
    const char *folder = *state;

    assert_int_equal(ipl_summary_write(folder, NULL), IPL_E_NOINPUT);
    fill(state);
    put(state, "information.csv", "epoch,split,layer,name,estimator,unit,I_XT\n");
    assert_int_equal(ipl_summary_write(folder, NULL), IPL_E_FORMAT);
    assert_false(ipl_file_exists(scratch_path(state, "summary.csv")));
    fill(state);
    for (long n = 0;; n++) {
        ipl_status st;

        ipl_alloc_fail_after(n);
        st = ipl_summary_write(folder, NULL);
        ipl_alloc_fail_after(-1);
        assert_true(n < 500);
        if (st == IPL_OK)
            break;
        assert_int_equal(st, IPL_E_NOMEM);
        assert_false(ipl_file_exists(scratch_path(state, "summary.csv")));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compression_is_the_fall_from_the_maximum_to_the_end),
        cmocka_unit_test(both_scores_have_their_closed_forms),
        cmocka_unit_test(the_mean_of_fifty_epochs_wants_as_many),
        cmocka_unit_test(a_peak_between_two_steps_counts),
        cmocka_unit_test(the_turning_epoch_is_the_last_within_a_hundredth_of_the_maximum),
        cmocka_unit_test(what_only_rises_never_turns),
        cmocka_unit_test(undefined_values_are_passed_over),
        cmocka_unit_test(a_layer_without_information_has_no_compression),
        cmocka_unit_test(the_transition_is_the_first_fall_of_the_ratio_below_one),
        IN_SCRATCH(the_files_hold_a_row_and_a_sentence_for_each_layer),
        IN_SCRATCH(what_rises_to_the_end_is_not_said_to_fall),
        IN_SCRATCH(faults_leave_no_summary),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
