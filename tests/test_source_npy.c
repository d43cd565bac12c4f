/* NumPy arrays as a data set. */
#include "open_data.h"
#include "scratch.h"

#include "math/npy.h"

/* "npy:x=<scratch>/x.npy" and more, where "=./" stands for the scratch folder. */
static const char *npy_text(void **state, const char *more)
{
    static char text[512];

    (void)snprintf(text, sizeof text, "npy:x=%s/x.npy%s", *(char **)state, more);
    for (char *c = strstr(text, "=./"); c; c = strstr(text, "=./")) {
        char tail[256];

        (void)snprintf(tail, sizeof tail, "%s", c + 3);
        (void)snprintf(c + 1, sizeof text - (size_t)(c + 1 - text), "%s/%s",
                       *(char **)state, tail);
    }
    return text;
}

static void write_f64(void **state, const char *name, const double *data, size_t n,
                      size_t d)
{
    assert_int_equal(
        ipl_npy_write_f64(scratch_path(state, name), data, (size_t[]){n, d}, 2, NULL),
        IPL_OK);
}

static void write_i64(void **state, const char *name, const int64_t *data, size_t n)
{
    assert_int_equal(ipl_npy_write_i64(scratch_path(state, name), data, &n, 1, NULL),
                     IPL_OK);
}

static void numpy_arrays_with_and_without_labels_and_test_part(void **state)
{
    const double x[6] = {0.5, 300.0, -1.0, 4.0, 1e-3, 7.0};
    const int64_t y[3] = {2, 0, 4}, y_test[1] = {5};
    float row[2];
    int32_t label;
    ipl_dataset *ds;

    write_f64(state, "x.npy", x, 3, 2);
    write_f64(state, "xt.npy", x, 1, 2);
    write_i64(state, "y.npy", y, 3);
    write_i64(state, "yt.npy", y_test, 1);
    ds = open_or_fail(&(ipl_data_opts){
        .text = npy_text(state, ",y=./y.npy,xtest=./xt.npy,ytest=./yt.npy")});
    assert_int_equal(ipl_dataset_info(ds)->n[IPL_TRAIN], 3);
    assert_int_equal(ipl_dataset_info(ds)->n[IPL_TEST], 1);
    assert_int_equal(ipl_dataset_info(ds)->n_classes, 6);
    assert_int_equal(ipl_dataset_info(ds)->n_files, 4);
    assert_int_equal(ipl_dataset_info(ds)->shape.c, 2);
    ipl_dataset_gather(row, &label, ds, IPL_TRAIN, NULL, 0, 1);
    assert_true(row[0] == 0.5f && row[1] == 300.0f); /* numbers stay as they are */
    assert_int_equal(label, 2);
    ipl_dataset_gather(NULL, &label, ds, IPL_TEST, NULL, 0, 1);
    assert_int_equal(label, 5);
    ipl_dataset_destroy(ds);

    ds = open_or_fail(&(ipl_data_opts){.text = npy_text(state, "")});
    assert_int_equal(ipl_dataset_info(ds)->n[IPL_TRAIN], 2);
    assert_int_equal(ipl_dataset_info(ds)->n[IPL_TEST], 1);
    assert_int_equal(ipl_dataset_info(ds)->n_classes, 0);
    assert_int_equal(ipl_dataset_label(ds, IPL_TEST, 0), 0);
    ipl_dataset_destroy(ds);
    open_must_fail(&(ipl_data_opts){.text = npy_text(state, ""), .classes = "0"}, IPL_E_ARG,
                   "npy has no labels");
    open_must_fail(&(ipl_data_opts){.text = npy_text(state, ""), .random_labels = 0.5},
                   IPL_E_ARG, "npy has no labels");
}

static void shapes_of_arrays_become_shapes_of_samples(void **state)
{
    static const float data[120] = {0};
    static const struct {
        size_t n_dims, dims[4];
        ipl_shape shape;
    } cases[] = {{1, {120}, {1, 1, 1}},
                 {2, {12, 10}, {10, 1, 1}},
                 {3, {10, 3, 4}, {1, 3, 4}},
                 {4, {2, 3, 4, 5}, {3, 4, 5}}};

    for (size_t i = 0; i < 4; i++) {
        ipl_dataset *ds;
        ipl_shape shape;

        assert_int_equal(ipl_npy_write_f32(scratch_path(state, "x.npy"), data,
                                           cases[i].dims, cases[i].n_dims, NULL),
                         IPL_OK);
        ds =
            open_or_fail(&(ipl_data_opts){.text = npy_text(state, ""), .train_share = 1.0});
        shape = ipl_dataset_info(ds)->shape;
        assert_int_equal(shape.c, cases[i].shape.c);
        assert_int_equal(shape.h, cases[i].shape.h);
        assert_int_equal(shape.w, cases[i].shape.w);
        assert_int_equal(ipl_dataset_info(ds)->n[IPL_TRAIN], cases[i].dims[0]);
        ipl_dataset_destroy(ds);
    }
    assert_int_equal(ipl_npy_write_f32(scratch_path(state, "x.npy"), data,
                                       (size_t[]){5, 4, 3, 2, 1}, 5, NULL),
                     IPL_OK);
    open_must_fail(&(ipl_data_opts){.text = npy_text(state, "")}, IPL_E_SHAPE,
                   "5 dimensions, want n x d");
}

static void numpy_arrays_that_do_not_fit_are_refused(void **state)
{
    double x[6] = {1, 2, 3, 4, 5, 6};
    const int64_t y[4] = {0, 1, 2, 3}, negative[3] = {0, -1, 1}, huge[3] = {0, 1, 70000};
    const double half[3] = {0.0, 0.5, 1.0};

    write_f64(state, "x.npy", x, 3, 2);
    write_f64(state, "xt.npy", x, 2, 3);
    write_i64(state, "y4.npy", y, 4);
    write_i64(state, "y3.npy", y, 3);
    write_i64(state, "negative.npy", negative, 3);
    write_i64(state, "huge.npy", huge, 3);
    write_f64(state, "half.npy", half, 3, 1);
    write_f64(state, "wide.npy", x, 3, 2);
    open_must_fail(&(ipl_data_opts){.text = "npy"}, IPL_E_FORMAT, "want x=FILE");
    open_must_fail(&(ipl_data_opts){.text = "npy:x=/nonexistent/x.npy"}, IPL_E_NOINPUT,
                   "/nonexistent/x.npy: No such file");
    open_must_fail(&(ipl_data_opts){.text = npy_text(state, ",y=./y4.npy")}, IPL_E_SHAPE,
                   "y4.npy: 4 labels for the 3 samples of");
    open_must_fail(&(ipl_data_opts){.text = npy_text(state, ",y=./negative.npy")},
                   IPL_E_FORMAT, "label -1 at row 1");
    open_must_fail(&(ipl_data_opts){.text = npy_text(state, ",y=./huge.npy")}, IPL_E_FORMAT,
                   "label 70000 at row 2");
    open_must_fail(&(ipl_data_opts){.text = npy_text(state, ",y=./half.npy")}, IPL_E_FORMAT,
                   "half.npy: row 1 is 0.5");
    open_must_fail(&(ipl_data_opts){.text = npy_text(state, ",y=./wide.npy")}, IPL_E_FORMAT,
                   "2 columns");
    open_must_fail(&(ipl_data_opts){.text = npy_text(state, ",xtest=./xt.npy")},
                   IPL_E_SHAPE, "xt.npy: samples of 3 x 1 x 1");
    open_must_fail(&(ipl_data_opts){.text = npy_text(state, ",y=./y3.npy,xtest=./x.npy")},
                   IPL_E_FORMAT, "ytest is missing");
    open_must_fail(&(ipl_data_opts){.text = npy_text(state, ",ytest=./y3.npy")},
                   IPL_E_FORMAT, "ytest wants xtest");
    x[3] = 1e300;
    write_f64(state, "x.npy", x, 3, 2);
    open_must_fail(&(ipl_data_opts){.text = npy_text(state, "")}, IPL_E_FORMAT,
                   "1e+300 at row 1, column 1 does not fit in a float");
    x[3] = (double)NAN;
    write_f64(state, "x.npy", x, 3, 2);
    open_must_fail(&(ipl_data_opts){.text = npy_text(state, "")}, IPL_E_FORMAT,
                   "x.npy: NaN at row 1, column 1");
}

static void a_feature_constant_in_training_is_0_in_the_test_part_too(void **state)
{
    const double x[6] = {7.0, 1.0, 7.0, 2.0, 7.0, 3.0}, x_test[2] = {9.0, 2.0};
    ipl_dataset *ds;
    float row[2];

    write_f64(state, "x.npy", x, 3, 2);
    write_f64(state, "xt.npy", x_test, 1, 2);
    ds = open_or_fail(&(ipl_data_opts){.text = npy_text(state, ",xtest=./xt.npy"),
                                       .scaling = IPL_SCALE_FEATURE});
    ipl_dataset_gather(row, NULL, ds, IPL_TEST, NULL, 0, 1);
    assert_true(row[0] == 0.0f && row[1] == 0.0f);
    ipl_dataset_gather(row, NULL, ds, IPL_TRAIN, NULL, 2, 1);
    assert_close((double)row[1], sqrt(1.5), 1e-6); /* divisor n: s.d. of 1, 2, 3 */
    ipl_dataset_destroy(ds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(numpy_arrays_with_and_without_labels_and_test_part),
        IN_SCRATCH(shapes_of_arrays_become_shapes_of_samples),
        IN_SCRATCH(numpy_arrays_that_do_not_fit_are_refused),
        IN_SCRATCH(a_feature_constant_in_training_is_0_in_the_test_part_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
