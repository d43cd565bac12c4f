/* LogDet against reference values: 90-digit arithmetic on the stored arrays. */
#include "base/alloc.h"
#include "base/file.h"
#include "ipl/estimator.h"
#include "math/npy.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

enum { LINE = 256, FIELDS = 5, TEXTS = 12 };

static const char *const scales[] = {"cov", "corr", "corr-ref"};
static const char *const betas[] = {"1", "rd", "sum", "own"};

typedef struct golden {
    ipl_npy x, t;
    int32_t *y;
    char *expected;
    ipl_plane *plane;
    ipl_measures m[TEXTS];
} golden;

static char texts[TEXTS][64];

static void read_case(golden *g, const char *name)
{
    const char *pointers[TEXTS];
    const ipl_plane_opts opts = {.estimators = pointers, .n_estimators = TEXTS};
    char path[IPL_PATH_MAX];
    size_t length;
    ipl_npy y;
    ipl_cmat t;

    for (size_t i = 0; i < TEXTS; i++) {
        (void)snprintf(texts[i], sizeof texts[i], "logdet:scale=%s,beta=%s", scales[i / 4],
                       betas[i % 4]);
        pointers[i] = texts[i];
    }
    *g = (golden){0};
    (void)snprintf(path, sizeof path, "tests/golden/measures/%s/X.npy", name);
    assert_int_equal(ipl_npy_read(&g->x, path, NULL), IPL_OK);
    (void)snprintf(path, sizeof path, "tests/golden/measures/%s/T.npy", name);
    assert_int_equal(ipl_npy_read(&g->t, path, NULL), IPL_OK);
    (void)snprintf(path, sizeof path, "tests/golden/measures/%s/y.npy", name);
    assert_int_equal(ipl_npy_read(&y, path, NULL), IPL_OK);
    g->y = ipl_array(y.rows, 1, sizeof *g->y, NULL);
    assert_non_null(g->y);
    assert_int_equal(ipl_npy_labels(g->y, &y, path, NULL), IPL_OK);
    ipl_npy_release(&y);
    (void)snprintf(path, sizeof path, "tests/golden/measures/%s/expected.tsv", name);
    assert_int_equal(ipl_file_read(&g->expected, &length, path, 1 << 20, NULL), IPL_OK);

    t = ipl_cmat_f64(g->t.data, g->t.rows, g->t.cols);
    assert_int_equal(ipl_plane_create(&g->plane, &opts,
                                      ipl_cmat_f64(g->x.data, g->x.rows, g->x.cols), g->y,
                                      NULL),
                     IPL_OK);
    assert_int_equal(ipl_plane_measure(g->m, g->plane, &t, 1, NULL), IPL_OK);
}

static void release_case(golden *g)
{
    ipl_plane_destroy(g->plane);
    ipl_free(g->expected);
    ipl_free(g->y);
    ipl_npy_release(&g->t);
    ipl_npy_release(&g->x);
}

/* Number of the text with this scale and beta. */
static size_t text_of(const char *scale, const char *beta)
{
    char text[64];

    (void)snprintf(text, sizeof text, "logdet:scale=%s,beta=%s", scale, beta);
    for (size_t i = 0; i < TEXTS; i++)
        if (strcmp(texts[i], text) == 0)
            return i;
    fail_msg("no estimator %s", text);
    return 0;
}

static const ipl_measure_row *measure_of(const char *name)
{
    for (const ipl_measure_row *row = ipl_measure_table; row->name; row++)
        if (strcmp(row->name, name) == 0)
            return row;
    fail_msg("no measure %s", name);
    return NULL;
}

static void check_line(const golden *g, const char *line)
{
    char name[32], scale[32], beta[32], value[64];
    double want, tolerance, got;

    assert_int_equal(
        sscanf(line, "%31s %31s %31s %63s %lg", name, scale, beta, value, &tolerance),
        FIELDS);
    got = ipl_measures_get(&g->m[text_of(scale, beta)], measure_of(name));
    if (strcmp(value, "NaN") == 0) {
        assert_true(isnan(got));
        return;
    }
    assert_int_equal(sscanf(value, "%lg", &want), 1);
    if (!(fabs(got - want) <= tolerance))
        print_error("%s\n", line);
    assert_close(got, want, tolerance);
}

static void check_case(const char *name)
{
    golden g;
    size_t lines = 0;

    read_case(&g, name);
    for (char *line = strtok(g.expected, "\n"); line; line = strtok(NULL, "\n"))
        if (lines++ > 0) /* the header */
            check_line(&g, line);
    assert_true(lines > 30);
    release_case(&g);
}

static void correlated_normal_data(void **state)
{
    (void)state;
    check_case("01_gauss_f64");
}

static void hadamard_columns(void **state)
{
    (void)state;
    check_case("03_hadamard_closed");
}

static void constant_columns_and_dead_units(void **state)
{
    (void)state;
    check_case("04_const_cols");
}

static void fewer_samples_than_columns(void **state)
{
    (void)state;
    check_case("07_n_lt_d");
}

static void two_samples(void **state)
{
    (void)state;
    check_case("08_n2");
}

static void a_single_class(void **state)
{
    (void)state;
    check_case("10_single_class");
}

static void real_digits_and_a_relu_layer(void **state)
{
    (void)state;
    check_case("14_mnist7x7");
}

static void the_full_cube(void **state)
{
    (void)state;
    check_case("20_full_cube_szt");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(correlated_normal_data),
        cmocka_unit_test(hadamard_columns),
        cmocka_unit_test(constant_columns_and_dead_units),
        cmocka_unit_test(fewer_samples_than_columns),
        cmocka_unit_test(two_samples),
        cmocka_unit_test(a_single_class),
        cmocka_unit_test(real_digits_and_a_relu_layer),
        cmocka_unit_test(the_full_cube),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
