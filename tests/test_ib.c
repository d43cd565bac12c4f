#include "scratch.h"
#include "test.h"

#include "base/alloc.h"
#include "base/rng.h"
#include "info/ib.h"
#include "run/bottleneck.h"

#include <stdio.h>

#define LN_2 0.69314718055994530942

/* Entropy of a coin, in nats, and its inverse below 1/2. */
static double coin(double p)
{
    return p <= 0.0 || p >= 1.0 ? 0.0 : -p * log(p) - (1.0 - p) * log(1.0 - p);
}

static double inverse_coin(double h)
{
    double lo = 0.0, hi = 0.5;

    for (int i = 0; i < 200; i++) {
        const double mid = 0.5 * (lo + hi);

        *(coin(mid) < h ? &lo : &hi) = mid;
    }
    return 0.5 * (lo + hi);
}

/* A binary symmetric channel with uniform input: Mrs. Gerber's lemma, in nats. */
static double gerber(double p, double R)
{
    const double a = inverse_coin(LN_2 - fmin(R, LN_2));

    return LN_2 - coin(p * (1.0 - a) + (1.0 - p) * a);
}

static ipl_ib_curve curve_of(const double *p, size_t n_x, size_t n_y)
{
    ipl_ib_curve curve;

    assert_int_equal(ipl_ib_curve_create(&curve, p, n_x, n_y, NULL, NULL), IPL_OK);
    return curve;
}

static void a_binary_symmetric_channel_has_the_curve_of_mrs_gerber(void **state)
{
    static const double flips[] = {0.01, 0.1, 0.3};

    (void)state;
    for (size_t k = 0; k < 3; k++) {
        const double f = flips[k];
        const double p[] = {0.5 - f / 2, f / 2, f / 2, 0.5 - f / 2};
        ipl_ib_curve curve = curve_of(p, 2, 2);

        assert_true(curve.n > 20);
        assert_int_equal(curve.unconverged, 0);
        assert_int_equal(curve.below, 0);
        assert_close(curve.I_XY, LN_2 - coin(f), 1e-12);
        for (size_t i = 0; i < curve.n; i++)
            assert_close(curve.points[i].I_TY, gerber(f, curve.points[i].I_XT), 1e-9);
        for (int i = 1; i < 20; i++) /* between the vertices too */
            assert_close(ipl_ib_curve_at(&curve, LN_2 * i / 20.0),
                         gerber(f, LN_2 * i / 20.0), 2e-4);
        ipl_ib_curve_release(&curve);
    }
}

/* Where the iteration stops at beta, the curve has slope 1 / beta. */
static void beta_is_the_inverse_of_the_slope(void **state)
{
    const double p[] = {0.45, 0.05, 0.05, 0.45};
    ipl_ib_curve curve = curve_of(p, 2, 2);
    size_t seen = 0;

    (void)state;
    for (size_t i = 0; i < curve.n; i++) {
        const ipl_ib_point *point = &curve.points[i];
        const double step = 1e-4, R = point->I_XT;

        if (point->kind != IPL_IB_FIXED || R < 0.02 || R > LN_2 - 0.02)
            continue;
        assert_close((gerber(0.1, R + step) - gerber(0.1, R - step)) / (2.0 * step),
                     1.0 / point->beta, 1e-4);
        seen++;
    }
    assert_true(seen > 10);
    ipl_ib_curve_release(&curve);
}

/* The curve of an erasure channel is the line of slope 1 - e. */
static void a_binary_erasure_channel_has_a_straight_curve(void **state)
{
    const double e = 0.3;
    const double p[] = {0.5 * (1 - e), 0, 0.5 * e, 0, 0.5 * (1 - e), 0.5 * e};
    ipl_ib_curve curve = curve_of(p, 2, 3);

    (void)state;
    for (int i = 0; i <= 20; i++)
        assert_close(ipl_ib_curve_at(&curve, LN_2 * i / 20.0), (1.0 - e) * LN_2 * i / 20.0,
                     1e-9);
    assert_int_equal(curve.n, 2);
    ipl_ib_curve_release(&curve);
}

static void a_function_of_x_has_two_straight_pieces(void **state)
{
    const double p[] = {0.1, 0, 0, 0.3, 0, 0, 0, 0.2, 0, 0, 0.15, 0, 0, 0, 0.25};
    const double H_Y = -0.4 * log(0.4) - 0.35 * log(0.35) - 0.25 * log(0.25);
    ipl_ib_curve curve = curve_of(p, 5, 3);

    (void)state;
    assert_int_equal(curve.n_groups, 3);
    assert_close(curve.H_Y, H_Y, 1e-12);
    for (int i = 0; i <= 40; i++) {
        const double R = curve.H_X * i / 40.0;

        assert_close(ipl_ib_curve_at(&curve, R), fmin(R, H_Y), 1e-9);
    }
    assert_close(ipl_ib_curve_at(&curve, 100.0), H_Y, 1e-12);
    assert_close(curve.points[curve.n - 1].I_XT, curve.H_X, 1e-12);
    ipl_ib_curve_release(&curve);
}

static void independent_variables_have_a_flat_curve(void **state)
{
    const double p[] = {0.06, 0.14, 0.24, 0.56};
    ipl_ib_curve curve = curve_of(p, 2, 2);

    (void)state;
    assert_int_equal(curve.n_groups, 1);
    assert_close(curve.I_XY, 0.0, 1e-12);
    assert_close(ipl_ib_curve_at(&curve, curve.H_X), 0.0, 1e-12);
    ipl_ib_curve_release(&curve);
}

/* Soft joints of several sizes, from the seed. */
static void draw_joint(double *p, size_t n, uint32_t which)
{
    ipl_rng rng = ipl_rng_at(9, IPL_RNG_DATA, 0, which);

    for (size_t i = 0; i < n; i++)
        p[i] = pow(ipl_rng_unit_double(&rng), 3.0) + 1e-3;
}

static void a_curve_is_concave_and_within_its_bounds(void **state)
{
    static const size_t sizes[][2] = {{2, 2}, {3, 2}, {4, 3}, {6, 4}};

    (void)state;
    for (uint32_t k = 0; k < 4; k++) {
        double p[24], slope = 1.0 + 1e-9;
        ipl_ib_curve curve;

        draw_joint(p, sizes[k][0] * sizes[k][1], k);
        curve = curve_of(p, sizes[k][0], sizes[k][1]);
        assert_true(curve.n > 10);
        assert_true(curve.I_XY > 0.0 && curve.I_XY < fmin(curve.H_X, curve.H_Y));
        for (size_t i = 1; i < curve.n; i++) {
            const ipl_ib_point *a = &curve.points[i - 1], *b = &curve.points[i];
            const double next = (b->I_TY - a->I_TY) / (b->I_XT - a->I_XT);

            assert_true(b->I_XT > a->I_XT && b->I_TY > a->I_TY);
            /* Data processing: each nat of Y costs at least one of X. */
            assert_true(next <= slope);
            slope = next;
        }
        assert_close(curve.points[0].I_XT, 0.0, 0.0);
        assert_close(curve.points[curve.n - 1].I_TY, curve.I_XY, 1e-9);
        ipl_ib_curve_release(&curve);
    }
}

/* No encoder is above the curve, whatever it is. */
static void random_encoders_lie_below(void **state)
{
    enum { X = 4, Y = 3, T = 4, TRIES = 2000 };
    double p[X * Y], total = 0.0, nearest = 1.0;
    ipl_ib_curve curve;

    (void)state;
    draw_joint(p, X * Y, 77);
    for (size_t i = 0; i < X * Y; i++)
        total += p[i];
    curve = curve_of(p, X, Y);
    for (uint32_t k = 0; k < TRIES; k++) {
        ipl_rng rng = ipl_rng_at(5, IPL_RNG_DATA, 1, k);
        double xt[X * T] = {0}, ty[T * Y] = {0}, px[X] = {0}, py[Y] = {0}, pt[T] = {0};
        double keeps = 0.0, tells = 0.0;

        for (size_t x = 0; x < X; x++) {
            double q[T], sum = 0.0;

            for (size_t t = 0; t < T; t++)
                sum += q[t] =
                    pow(ipl_rng_unit_double(&rng), 1.0 + 40.0 * (double)k / TRIES);
            for (size_t y = 0; y < Y; y++)
                for (size_t t = 0; t < T; t++) {
                    const double mass = p[x * Y + y] / total * q[t] / sum;

                    xt[x * T + t] += mass;
                    ty[t * Y + y] += mass;
                    px[x] += mass;
                    py[y] += mass;
                    pt[t] += mass;
                }
        }
        for (size_t i = 0; i < X * T; i++)
            if (xt[i] > 0.0)
                keeps += xt[i] * log(xt[i] / px[i / T] / pt[i % T]);
        for (size_t i = 0; i < T * Y; i++)
            if (ty[i] > 0.0)
                tells += ty[i] * log(ty[i] / pt[i / Y] / py[i % Y]);
        nearest = fmin(nearest, ipl_ib_curve_at(&curve, keeps) - tells);
    }
    assert_true(nearest > -1e-4); /* the hull of 200 points is that near to the curve */
    assert_true(nearest < 0.05);  /* and not far above all of them */
    ipl_ib_curve_release(&curve);
}

/* Copies of an input, and inputs that never occur, change H(X) alone. */
static void equal_inputs_are_one(void **state)
{
    const double once[] = {0.3, 0.1, 0.2, 0.4};
    const double twice[] = {0.1, 0.1 / 3, 0.2, 0.4, 0.0, 0.0, 0.2, 0.2 / 3};
    ipl_ib_curve a = curve_of(once, 2, 2), b = curve_of(twice, 4, 2);

    (void)state;
    assert_int_equal(b.n_groups, 2);
    assert_close(b.H_X, a.H_X + 0.4 * coin(1.0 / 3.0), 1e-12);
    for (int i = 0; i <= 10; i++)
        assert_close(ipl_ib_curve_at(&b, a.H_X * i / 10.0),
                     ipl_ib_curve_at(&a, a.H_X * i / 10.0), 1e-7);
    ipl_ib_curve_release(&a);
    ipl_ib_curve_release(&b);
}

static void counts_are_as_good_as_probabilities(void **state)
{
    const double counts[] = {45, 5, 5, 45};
    ipl_ib_curve curve = curve_of(counts, 2, 2);

    (void)state;
    assert_close(ipl_ib_curve_at(&curve, 0.3), gerber(0.1, 0.3), 1e-3);
    assert_close(curve.H_X, LN_2, 1e-12);
    ipl_ib_curve_release(&curve);
}

static void what_is_no_distribution_is_refused(void **state)
{
    static const double bad[][4] = {{0.5, -0.1, 0.3, 0.3},
                                    {0, 0, 0, 0},
                                    {0.5, (double)NAN, 0.2, 0.3},
                                    {HUGE_VAL, 0, 0, 1}};
    const ipl_ib_opts one_step = {
        .steps = 1, .beta_max = 10.0, .tolerance = 1e-9, .iterations = 10};
    ipl_ib_curve curve;
    ipl_error err;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(ipl_ib_curve_create(&curve, bad[i], 2, 2, NULL, &err),
                         IPL_E_NUMERIC);
        assert_null(curve.points);
    }
    assert_int_equal(
        ipl_ib_curve_create(&curve, (double[]){1, 0, 0, 1}, 2, 2, &one_step, &err),
        IPL_E_ARG);
}

static void too_few_iterations_are_said(void **state)
{
    const double p[] = {0.45, 0.05, 0.05, 0.45};
    const ipl_ib_opts hasty = {
        .steps = 50, .beta_max = 100.0, .tolerance = 1e-12, .iterations = 2};
    ipl_ib_curve curve;

    (void)state;
    assert_int_equal(ipl_ib_curve_create(&curve, p, 2, 2, &hasty, NULL), IPL_OK);
    assert_true(curve.unconverged > 10);
    ipl_ib_curve_release(&curve);
}

static void running_out_of_memory_leaves_nothing(void **state)
{
    const double p[] = {0.45, 0.05, 0.05, 0.45};
    ipl_status st = IPL_E_NOMEM;

    (void)state;
    for (long n = 0; st == IPL_E_NOMEM; n++) {
        ipl_ib_curve curve;

        ipl_alloc_fail_after(n);
        st = ipl_ib_curve_create(&curve, p, 2, 2, NULL, NULL);
        ipl_alloc_fail_after(-1);
        assert_true(st == IPL_OK || curve.points == NULL);
        ipl_ib_curve_release(&curve);
        assert_true(n < 100);
    }
    assert_int_equal(st, IPL_OK);
}

static void the_task_of_twelve_bits_has_the_curve_of_its_labels(void **state)
{
    ipl_joint joint;
    ipl_ib_curve curve;
    double zero = 0.0, one = 0.0;

    (void)state;
    assert_int_equal(ipl_joint_count(&joint, "szt", NULL), IPL_OK);
    assert_int_equal(joint.n_x, 4096);
    assert_int_equal(joint.n_y, 2);
    for (size_t x = 0; x < joint.n_x; x++) {
        zero += joint.p[2 * x];
        one += joint.p[2 * x + 1];
    }
    assert_close(one, 2118.0, 0.0);
    assert_close(zero, 4096.0 - 2118.0, 0.0);
    curve = curve_of(joint.p, joint.n_x, joint.n_y);
    assert_close(curve.H_X, 12.0 * LN_2, 1e-9);
    assert_close(curve.I_XY, 0.99916 * LN_2, 1e-5 * LN_2);
    for (int i = 0; i <= 60; i++) {
        const double R = 0.2 * i * LN_2;

        assert_close(ipl_ib_curve_at(&curve, R), fmin(R, coin(2118.0 / 4096.0)), 1e-9);
    }
    ipl_ib_curve_release(&curve);
    ipl_joint_release(&joint);
}

static void a_joint_is_read_from_a_table_and_from_an_array(void **state)
{
    static const char csv[] = "rain,sun\n0.45,0.05\n5e-2,.45\n";
    const char *path = scratch_path(state, "p.csv");
    ipl_joint joint;

    scratch_write(path, csv, sizeof csv - 1);
    assert_int_equal(ipl_joint_read(&joint, path, NULL), IPL_OK);
    assert_int_equal(joint.n_x, 2);
    assert_int_equal(joint.n_y, 2);
    assert_close(joint.p[1], 0.05, 0.0);
    assert_close(joint.p[2], 0.05, 0.0);
    ipl_joint_release(&joint);
    /* An 8 x 1 array of the golden files. */
    assert_int_equal(ipl_joint_read(&joint, "tests/golden/npy/scalar.npy", NULL), IPL_OK);
    assert_int_equal(joint.n_x * joint.n_y, 1);
    ipl_joint_release(&joint);
}

static void a_damaged_joint_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *text, *says;
    } bad[] = {{"a,b\n0.5,x\n", "p.csv:2: 'x' is no number"},
               {"a,b\n0.5,0.5\n0.1,-1\n", "row 2: -1 is no probability"},
               {"a,b\n", "no entries"},
               {"a,b\n1\n", "p.csv:2"}};
    const char *path = scratch_path(state, "p.csv");

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ipl_joint joint;
        ipl_error err = {0};

        scratch_write(path, bad[i].text, strlen(bad[i].text));
        assert_int_equal(ipl_joint_read(&joint, path, &err), IPL_E_FORMAT);
        assert_non_null(strstr(err.msg, bad[i].says));
        assert_null(joint.p);
    }
}

static void a_curve_is_written_and_read_back(void **state)
{
    const double p[] = {0.45, 0.05, 0.05, 0.45};
    ipl_ib_curve curve = curve_of(p, 2, 2), back;
    ipl_drawn drawn;

    assert_int_equal(setenv("INFOPLANE_SHARE", "scripts", 1), 0);
    for (int bits = 0; bits < 2; bits++) {
        assert_int_equal(ipl_bottleneck_write(&drawn, &curve, bits, *state, NULL), IPL_OK);
        assert_int_equal(ipl_bottleneck_read(&back, scratch_path(state, IPL_IB_FILE), NULL),
                         IPL_OK);
        assert_int_equal(back.n, curve.n);
        for (size_t i = 0; i < curve.n; i++) {
            assert_int_equal(back.points[i].kind, curve.points[i].kind);
            assert_close(back.points[i].I_XT, curve.points[i].I_XT, 1e-14);
            assert_close(back.points[i].I_TY, curve.points[i].I_TY, 1e-14);
        }
        ipl_ib_curve_release(&back);
    }
    ipl_ib_curve_release(&curve);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_binary_symmetric_channel_has_the_curve_of_mrs_gerber),
        cmocka_unit_test(beta_is_the_inverse_of_the_slope),
        cmocka_unit_test(a_binary_erasure_channel_has_a_straight_curve),
        cmocka_unit_test(a_function_of_x_has_two_straight_pieces),
        cmocka_unit_test(independent_variables_have_a_flat_curve),
        cmocka_unit_test(a_curve_is_concave_and_within_its_bounds),
        cmocka_unit_test(random_encoders_lie_below),
        cmocka_unit_test(equal_inputs_are_one),
        cmocka_unit_test(counts_are_as_good_as_probabilities),
        cmocka_unit_test(what_is_no_distribution_is_refused),
        cmocka_unit_test(too_few_iterations_are_said),
        cmocka_unit_test(running_out_of_memory_leaves_nothing),
        cmocka_unit_test(the_task_of_twelve_bits_has_the_curve_of_its_labels),
        IN_SCRATCH(a_joint_is_read_from_a_table_and_from_an_array),
        IN_SCRATCH(a_damaged_joint_is_refused_with_its_line),
        IN_SCRATCH(a_curve_is_written_and_read_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
