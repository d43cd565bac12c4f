/* What scale unit divides by: bytes, integers like bytes, pictures of 16 bits, nothing else. */
#include "npy_bytes.h"
#include "odd_png.h"
#include "open_data.h"

#include <sys/stat.h>

enum { N = 4 };

/* An array of 2 x 2 x 1, or 2 x 2, of little-endian integers or floats. */
static void write_array(void **state, const char *name, const char *type,
                        const double *values, bool image)
{
    unsigned char bytes[256], data[8 * N];
    const unsigned width = (unsigned)(type[2] - '0');
    char dictionary[118];

    for (int i = 0; i < N; i++) {
        const int64_t whole = (int64_t)values[i];
        const float f = (float)values[i];

        if (type[1] == 'f')
            memcpy(data + 4 * i, &f, sizeof f);
        for (unsigned k = 0; k < width && type[1] != 'f'; k++)
            data[width * (unsigned)i + k] = (unsigned char)(whole >> 8 * k);
    }
    (void)snprintf(dictionary, sizeof dictionary,
                   "{'descr':'%s','fortran_order':False,'shape':(2,2%s)}\n", type,
                   image ? ",1" : "");
    scratch_write(scratch_path(state, name), bytes,
                  make_npy(bytes, 1, dictionary, data, (size_t)N * width));
}

static ipl_dataset *open_arrays(void **state, ipl_scaling scaling, bool test)
{
    char text[512];

    (void)snprintf(text, sizeof text, "npy:x=%s/x.npy%s%s%s", (const char *)*state,
                   test ? ",xtest=" : "", test ? (const char *)*state : "",
                   test ? "/t.npy" : "");
    return open_or_fail(
        &(ipl_data_opts){.text = text, .scaling = scaling, .train_share = 1.0});
}

/* The values of a part are those given, divided. */
static void check_values(const ipl_dataset *ds, ipl_split split, const double *values,
                         float white)
{
    float x[N];

    ipl_dataset_gather(x, NULL, ds, split, NULL, 0, 2);
    for (int i = 0; i < N; i++)
        if (x[i] != (float)values[i] / white)
            fail_msg("%g is %g, divided by %g", values[i], (double)x[i], (double)white);
}

static void integers_of_any_width_are_scaled_like_bytes(void **state)
{
    static const char *const types[] = {"|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8"};
    static const double values[N] = {0, 255, 51, 2};

    for (size_t i = 0; i < 2 * sizeof types / sizeof types[0]; i++)
        for (int scaling = IPL_SCALE_UNIT; scaling <= IPL_SCALE_RAW; scaling++) {
            ipl_dataset *ds;

            write_array(state, "x.npy", types[i / 2], values, i % 2 == 0);
            ds = open_arrays(state, (ipl_scaling)scaling, false);
            assert_true(ipl_dataset_info(ds)->pixels);
            assert_true(ipl_dataset_info(ds)->white == 255.0f);
            assert_string_equal(
                ipl_dataset_info(ds)->note,
                "integers 0 ... 255 are taken as pixels 0 ... 255, scale 1/255");
            check_values(ds, IPL_TRAIN, values, scaling == IPL_SCALE_RAW ? 1.0f : 255.0f);
            ipl_dataset_destroy(ds);
        }
}

static void other_numbers_stay_and_it_is_said_what_to_do(void **state)
{
    static const struct {
        const char *type;
        double values[N];
        bool said;
    } cases[] = {{"|u1", {0, 1, 1, 0}, false},      {"<i4", {0, 1, 1, 0}, false},
                 {"<i4", {-1, 1, 0, 0}, false},     {"<i4", {0, 256, 1, 1}, true},
                 {"<i2", {-1, 200, 1, 1}, true},    {"<f4", {0, 255, 1, 1}, true},
                 {"<f4", {0, 0.5, 1, 1}, false},    {"<f4", {-1.5, 0.5, 1, 1}, true},
                 {"<u2", {0, 65535, 1000, 1}, true}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int scaling = IPL_SCALE_UNIT; scaling <= IPL_SCALE_FEATURE; scaling++) {
            ipl_dataset *ds;
            bool said;

            write_array(state, "x.npy", cases[i].type, cases[i].values, true);
            ds = open_arrays(state, (ipl_scaling)scaling, false);
            assert_false(ipl_dataset_info(ds)->pixels);
            said = strstr(ipl_dataset_info(ds)->note,
                          "scale feature or channel standardises") != NULL;
            assert_int_equal(said, cases[i].said && scaling == IPL_SCALE_UNIT);
            if (scaling <= IPL_SCALE_RAW)
                check_values(ds, IPL_TRAIN, cases[i].values, 1.0f);
            ipl_dataset_destroy(ds);
        }
}

static void the_training_part_decides_for_both(void **state)
{
    static const double pixels[N] = {0, 255, 51, 2}, dark[N] = {0, 1, 1, 0},
                        counts[N] = {0, 300, 51, 2};
    char text[512];
    ipl_dataset *ds;

    write_array(state, "x.npy", "<i4", pixels, true);
    write_array(state, "t.npy", "|u1", dark, true);
    ds = open_arrays(state, IPL_SCALE_UNIT, true);
    check_values(ds, IPL_TRAIN, pixels, 255.0f);
    check_values(ds, IPL_TEST, dark, 255.0f);
    ipl_dataset_destroy(ds);
    write_array(state, "t.npy", "<i8", counts, true);
    ds = open_arrays(state, IPL_SCALE_UNIT, true);
    check_values(ds, IPL_TEST, counts, 255.0f);
    assert_non_null(strstr(ipl_dataset_info(ds)->note, "test part's values are 0 ... 300"));
    ipl_dataset_destroy(ds);
    write_array(state, "x.npy", "<i4", counts, true);
    write_array(state, "t.npy", "|u1", pixels, true);
    ds = open_arrays(state, IPL_SCALE_UNIT, true);
    check_values(ds, IPL_TRAIN, counts, 1.0f);
    check_values(ds, IPL_TEST, pixels, 1.0f);
    ipl_dataset_destroy(ds);
    (void)snprintf(text, sizeof text, "npy:x=%s/x.npy,xtest=%s/t.npy", (char *)*state,
                   (char *)*state);
    write_array(state, "x.npy", "<f4", dark, true);
    open_must_fail(&(ipl_data_opts){.text = text}, IPL_E_FORMAT,
                   "t.npy: integers of 0 ... 255, x has floats of 0 ... 1: both must be");
}

/* Sample i of (2, 2, 2, 3), value 12 i + 6 row + 3 column + channel. */
static void channels_may_come_last(void **state)
{
    unsigned char bytes[256], data[24];
    char text[600], name[512];
    float x[12];
    ipl_dataset *ds;
    size_t len;

    for (unsigned i = 0; i < 24; i++)
        data[i] = (unsigned char)i;
    len = make_npy(bytes, 1, "{'descr':'|u1','fortran_order':False,'shape':(2,2,2,3)}\n",
                   data, 24);
    scratch_write(scratch_path(state, "x.npy"), bytes, len);
    (void)snprintf(name, sizeof name, "npy:x=%s/x.npy", (char *)*state);
    ds = open_or_fail(&(ipl_data_opts){.text = name, .train_share = 1.0});
    assert_int_equal(ipl_dataset_info(ds)->shape.c, 2);
    assert_non_null(strstr(ipl_dataset_info(ds)->note,
                           "taken as 2 channels of 2 x 3; if the channels come last, give "
                           "layout=nhwc"));
    ipl_dataset_destroy(ds);
    (void)snprintf(text, sizeof text, "%s,layout=nhwc", name);
    ds = open_or_fail(
        &(ipl_data_opts){.text = text, .train_share = 1.0, .scaling = IPL_SCALE_RAW});
    assert_int_equal(ipl_dataset_info(ds)->shape.c, 3);
    assert_int_equal(ipl_dataset_info(ds)->shape.h, 2);
    assert_null(strstr(ipl_dataset_info(ds)->note, "layout"));
    ipl_dataset_gather(x, NULL, ds, IPL_TRAIN, NULL, 1, 1);
    for (int k = 0; k < 12; k++) /* channel k / 4, pixel k % 4 */
        assert_int_equal(x[k], 12 + 3 * (k % 4) + k / 4);
    ipl_dataset_destroy(ds);
    write_array(state, "x.npy", "|u1", (const double[N]){0, 1, 2, 3}, true);
    open_must_fail(&(ipl_data_opts){.text = text}, IPL_E_SHAPE, "layout=nhwc wants n x H");
}

/* ---- pictures ---- */

static void write_grey(void **state, const char *name, int depth, unsigned value)
{
    const unsigned char row[2] = {(unsigned char)(value >> 8), (unsigned char)value};

    write_odd(scratch_path(state, name), &(odd_png){PNG_COLOR_TYPE_GRAY, depth, false, 1, 1,
                                                    depth == 16 ? row : row + 1, 1, NULL});
}

static ipl_dataset *open_pictures(void **state, ipl_scaling scaling, const char *background)
{
    char text[256];

    (void)snprintf(text, sizeof text, "png:path=%s", (const char *)*state);
    return open_or_fail(&(ipl_data_opts){
        .text = text, .scaling = scaling, .train_share = 1.0, .background = background});
}

/* Pictures of 12 bits differ; one of 8 bits among them has the number that it has alone. */
static void sixteen_bits_among_eight(void **state)
{
    ipl_dataset *ds;
    uint16_t own = 2001;
    float x[4], y, alone;

    assert_int_equal(mkdir(scratch_path(state, "a"), 0700), 0);
    write_grey(state, "a/1.png", 8, 77);
    ds = open_pictures(state, IPL_SCALE_UNIT, "");
    assert_string_equal(ipl_dataset_info(ds)->note, "");
    ipl_dataset_gather(&alone, NULL, ds, IPL_TRAIN, NULL, 0, 1);
    assert_true(alone == 77.0f / 255.0f);
    ipl_dataset_scale(&y, ds, &(uint16_t){77 * 257});
    assert_true(y == alone);
    ipl_dataset_destroy(ds);

    assert_int_equal(mkdir(scratch_path(state, "b"), 0700), 0);
    write_grey(state, "a/2.png", 16, 2000);
    write_grey(state, "b/1.png", 16, 2001);
    write_grey(state, "b/2.png", 8, 255);
    ds = open_pictures(state, IPL_SCALE_UNIT, "");
    assert_string_equal(ipl_dataset_info(ds)->note,
                        "2 of 4 pictures have 16 bits, read at full depth, scale 1/65535");
    ipl_dataset_gather(x, NULL, ds, IPL_TRAIN, NULL, 0, 4);
    assert_true(x[0] == alone && x[1] == 2000.0f / 65535.0f && x[2] == 2001.0f / 65535.0f &&
                x[3] == 1.0f);
    ipl_dataset_scale(&y, ds, &own);
    assert_true(y == x[2]);
    ipl_dataset_unscaled(&y, ds, IPL_TRAIN, 1);
    assert_true(y == x[1]);
    ipl_dataset_destroy(ds);
    ds = open_pictures(state, IPL_SCALE_RAW, "");
    ipl_dataset_gather(x, NULL, ds, IPL_TRAIN, NULL, 0, 4);
    assert_true(x[0] == 77.0f * 257.0f && x[1] == 2000.0f && x[3] == 65535.0f);
    ipl_dataset_destroy(ds);
}

static void pictures_with_alpha_lie_on_the_background_and_it_is_said(void **state)
{
    static const unsigned char clear[2] = {99, 0};
    const odd_png odd = {PNG_COLOR_TYPE_GRAY_ALPHA, 8, false, 1, 1, clear, 2, NULL};
    char text[256];
    ipl_dataset *ds;
    float x[2];

    assert_int_equal(mkdir(scratch_path(state, "a"), 0700), 0);
    write_grey(state, "a/1.png", 8, 99);
    write_odd(scratch_path(state, "a/2.png"), &odd);
    for (int i = 0; i < 2; i++) {
        ds = open_pictures(state, IPL_SCALE_RAW, i ? "32" : NULL);
        ipl_dataset_gather(x, NULL, ds, IPL_TRAIN, NULL, 0, 2);
        assert_true(x[0] == 99.0f && x[1] == (i ? 32.0f : 255.0f));
        assert_int_equal(ipl_dataset_info(ds)->background[1], i ? 32 : 255);
        assert_string_equal(
            ipl_dataset_info(ds)->note,
            i ? "1 of 2 pictures have alpha and lie on the background 202020"
              : "1 of 2 pictures have alpha and lie on the background "
                "ffffff");
        ipl_dataset_destroy(ds);
    }
    (void)snprintf(text, sizeof text, "png:path=%s", (const char *)*state);
    open_must_fail(&(ipl_data_opts){.text = text, .background = "blue"}, IPL_E_ARG,
                   "background: 'blue', want white");
}

static void every_failed_allocation_of_widening_is_reported(void **state)
{
    char text[256];

    assert_int_equal(mkdir(scratch_path(state, "a"), 0700), 0);
    write_grey(state, "a/1.png", 8, 1);
    write_grey(state, "a/2.png", 16, 2);
    (void)snprintf(text, sizeof text, "png:path=%s", (const char *)*state);
    fail_each_allocation(&(ipl_data_opts){.text = text, .train_share = 1.0});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(integers_of_any_width_are_scaled_like_bytes),
        IN_SCRATCH(other_numbers_stay_and_it_is_said_what_to_do),
        IN_SCRATCH(the_training_part_decides_for_both),
        IN_SCRATCH(channels_may_come_last),
        IN_SCRATCH(sixteen_bits_among_eight),
        IN_SCRATCH(pictures_with_alpha_lie_on_the_background_and_it_is_said),
        IN_SCRATCH(every_failed_allocation_of_widening_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
