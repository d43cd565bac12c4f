/* Estimators against reference values: 90-digit arithmetic on the stored arrays. */
#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"
#include "info/kernel.h"
#include "ipl/estimator.h"
#include "math/npy.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

enum { FIELDS = 5, TEXTS = 12, OTHER_FIELDS = 4, OTHERS = 24 };

static const char *const scales[] = {"cov", "corr", "corr-ref"};
static const char *const betas[] = {"1", "rd", "sum", "own"};

typedef struct golden {
    ipl_npy x, t;
    int32_t *y;
    char *expected;
    ipl_plane *plane;
    ipl_measures m[OTHERS]; /* of every text */
} golden;

static char texts[TEXTS][64];

static void read_arrays(golden *g, const char *name, const char *expected)
{
    char path[IPL_PATH_MAX];
    size_t length;
    ipl_npy y;

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
    (void)snprintf(path, sizeof path, "tests/golden/measures/%s/%s", name, expected);
    assert_int_equal(ipl_file_read(&g->expected, &length, path, 1 << 20, NULL), IPL_OK);
}

static void measure_texts(golden *g, const char *const *words, size_t n)
{
    const ipl_plane_opts opts = {.estimators = words, .n_estimators = n};
    const ipl_cmat t = ipl_cmat_f64(g->t.data, g->t.rows, g->t.cols);
    ipl_error err = {0};

    if (ipl_plane_create(&g->plane, &opts, ipl_cmat_f64(g->x.data, g->x.rows, g->x.cols),
                         g->y, &err) != IPL_OK ||
        ipl_plane_measure(g->m, g->plane, &t, 1, &err) != IPL_OK)
        fail_msg("%s", err.msg);
}

static void read_case(golden *g, const char *name)
{
    const char *pointers[TEXTS];

    for (size_t i = 0; i < TEXTS; i++) {
        (void)snprintf(texts[i], sizeof texts[i], "logdet:scale=%s,beta=%s", scales[i / 4],
                       betas[i % 4]);
        pointers[i] = texts[i];
    }
    read_arrays(g, name, "expected.tsv");
    measure_texts(g, pointers, TEXTS);
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
    char text[96];

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

static void check_number(double got, const char *value, double tolerance, const char *line)
{
    double want;

    if (strcmp(value, "NaN") == 0) {
        if (!isnan(got))
            print_error("%s\n", line);
        assert_true(isnan(got));
        return;
    }
    assert_true(ipl_number_parse(&want, value));
    if (!(fabs(got - want) <= tolerance))
        print_error("%s\n", line);
    assert_close(got, want, tolerance);
}

static void check_line(const golden *g, const char *line)
{
    char name[32], scale[32], beta[32], value[64], tol[32];
    double tolerance, got;

    assert_int_equal(
        sscanf(line, "%31s %31s %31s %63s %31s", name, scale, beta, value, tol), FIELDS);
    assert_true(ipl_number_parse(&tolerance, tol));
    got = ipl_measures_get(&g->m[text_of(scale, beta)], measure_of(name));
    check_number(got, value, tolerance, line);
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

/* A line of estimators.tsv. */
typedef struct other {
    const char *line;
    char measure[32], text[96], value[64];
    double tolerance;
} other;

static void parse_other(other *out, const char *line)
{
    char tol[32];

    out->line = line;
    assert_int_equal(
        sscanf(line, "%31s %95s %63s %31s", out->measure, out->text, out->value, tol),
        OTHER_FIELDS);
    assert_true(ipl_number_parse(&out->tolerance, tol));
}

/* Place of a text among the first n, which grow when it is new. */
static size_t place_of(const char *text, char (*list)[96], size_t *n)
{
    for (size_t i = 0; i < *n; i++)
        if (strcmp(list[i], text) == 0)
            return i;
    assert_true(*n < OTHERS);
    (void)snprintf(list[*n], sizeof list[0], "%s", text);
    return (*n)++;
}

/* The width a rule chooses, measured on the arrays of a case. */
static double width_of(const golden *g, const other *o)
{
    ipl_work work = {0};
    ipl_var t = {.name = "T", .keep_given = true};
    ipl_groups groups = {0};
    ipl_subset subset = {0};
    ipl_distance dist = {0};
    double width;

    if (strcmp(o->measure, "width_X") == 0)
        return ipl_width_silverman(g->x.rows, g->x.cols);
    assert_int_equal(ipl_groups_set(&groups, g->y, g->t.rows, &work, NULL), IPL_OK);
    assert_int_equal(ipl_var_set(&t, ipl_cmat_f64(g->t.data, g->t.rows, g->t.cols),
                                 groups.order, &work, NULL),
                     IPL_OK);
    assert_int_equal(ipl_subset_take(&subset, 0, g->t.rows, &groups, 0, NULL), IPL_OK);
    ipl_distance_begin(&dist, &t, IPL_EUCLID);
    assert_int_equal(ipl_distance_set(&dist, &subset, IPL_BELOW, &work, NULL), IPL_OK);
    assert_int_equal(ipl_width_aligned(&width, &dist, IPL_RBF, &subset, &work, NULL),
                     IPL_OK);
    ipl_distance_release(&dist);
    ipl_subset_release(&subset);
    ipl_var_release(&t);
    ipl_groups_release(&groups);
    ipl_work_release(&work);
    return width;
}

/* Every estimator but LogDet, all of them in one plane. */
static void check_others(const char *name, size_t least)
{
    static char list[OTHERS][96];
    const char *pointers[OTHERS];
    other lines[64];
    golden g;
    size_t n = 0, n_lines = 0;

    read_arrays(&g, name, "estimators.tsv");
    (void)strtok(g.expected, "\n"); /* the header */
    for (char *line = strtok(NULL, "\n"); line; line = strtok(NULL, "\n")) {
        assert_true(n_lines < 64);
        parse_other(&lines[n_lines], line);
        (void)place_of(lines[n_lines++].text, list, &n);
    }
    for (size_t i = 0; i < n; i++)
        pointers[i] = list[i];
    measure_texts(&g, pointers, n);
    for (size_t i = 0; i < n_lines; i++) {
        const other *o = &lines[i];
        const double got = strncmp(o->measure, "width", 5) == 0
                               ? width_of(&g, o)
                               : ipl_measures_get(&g.m[place_of(o->text, list, &n)],
                                                  measure_of(o->measure));

        check_number(got, o->value, o->tolerance, o->line);
    }
    assert_true(n_lines >= least);
    release_case(&g);
}

static void correlated_normal_data(void **state)
{
    (void)state;
    check_case("01_gauss_f64");
    check_others("01_gauss_f64", 45);
}

static void hadamard_columns(void **state)
{
    (void)state;
    check_case("03_hadamard_closed");
    check_others("03_hadamard_closed", 42);
}

static void constant_columns_and_dead_units(void **state)
{
    (void)state;
    check_case("04_const_cols");
    check_others("04_const_cols", 40);
}

static void fewer_samples_than_columns(void **state)
{
    (void)state;
    check_case("07_n_lt_d");
    check_others("07_n_lt_d", 40);
}

static void two_samples(void **state)
{
    (void)state;
    check_case("08_n2");
    check_others("08_n2", 30);
}

static void a_single_class(void **state)
{
    (void)state;
    check_case("10_single_class");
    check_others("10_single_class", 42);
}

static void real_digits_and_a_relu_layer(void **state)
{
    (void)state;
    check_case("14_mnist7x7");
    check_others("14_mnist7x7", 40);
}

static void the_full_cube(void **state)
{
    (void)state;
    check_case("20_full_cube_szt");
    check_others("20_full_cube_szt", 5);
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
