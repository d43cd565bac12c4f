/* LogDet of rows far apart: the closed form, or NaN with its reason. */
#include "base/alloc.h"
#include "base/rng.h"
#include "ipl/estimator.h"
#include "one_thread.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Everything LogDet says of t (n, q) whose rows are a or b, x (n, p) as it comes, two classes. */
typedef struct far_rows {
    size_t n, p, q;
    double *x, *t, distance2, share; /* |a - b|^2; of the rows that are a */
    int32_t *y;
} far_rows;

enum { FIRST_OF_THREE = 3 };

static far_rows make(size_t n, size_t p, size_t q, double scale, double offset)
{
    ipl_rng rng = ipl_rng_at(3, IPL_RNG_DATA, (uint32_t)q, 0);
    far_rows f = {.n = n, .p = p, .q = q};
    double *ends = ipl_array(2, q, sizeof *ends, NULL);

    f.x = ipl_array(n, p, sizeof *f.x, NULL);
    f.t = ipl_array(n, q, sizeof *f.t, NULL);
    f.y = ipl_array(n, 1, sizeof *f.y, NULL);
    assert_true(ends && f.x && f.t && f.y);
    for (size_t j = 0; j < q; j++) {
        double d;

        ends[j] = scale * (offset + ipl_rng_normal(&rng));
        ends[q + j] = scale * (offset + ipl_rng_normal(&rng));
        d = ends[j] - ends[q + j];
        f.distance2 += d * d;
    }
    for (size_t i = 0; i < n; i++) {
        const bool a = i % FIRST_OF_THREE == 0;

        memcpy(f.t + i * q, ends + (a ? 0 : q), q * sizeof *f.t);
        f.share += (double)a / (double)n;
        f.y[i] = (int32_t)(i % 2);
        for (size_t j = 0; j < p; j++)
            f.x[i * p + j] = ipl_rng_normal(&rng);
    }
    ipl_free(ends);
    return f;
}

static void release(far_rows *f)
{
    ipl_free(f->y);
    ipl_free(f->t);
    ipl_free(f->x);
}

/* 1/2 log(1 + beta p (1 - p) |a - b|^2): the covariance has one eigenvalue. */
static double closed_form(const far_rows *f, double beta, double share)
{
    return 0.5 * log1p(beta * share * (1.0 - share) * f->distance2);
}

static double conditional_form(const far_rows *f, double beta)
{
    double h = 0.0;

    for (size_t c = 0; c < 2; c++) {
        double n = 0.0, a = 0.0;

        for (size_t i = c; i < f->n; i += 2) {
            n += 1.0;
            a += i % FIRST_OF_THREE == 0;
        }
        h += n / (double)f->n * closed_form(f, beta, a / n);
    }
    return h;
}

static ipl_measures measure(bool *said, const far_rows *f, const char *text)
{
    const char *texts[] = {text};
    const ipl_plane_opts opts = {.estimators = texts,
                                 .n_estimators = 1,
                                 .n_layers = 1,
                                 .widths = &f->q,
                                 .x_stays = true};
    const ipl_cmat layer = ipl_cmat_f64(f->t, f->n, f->q);
    ipl_measures m;
    ipl_plane *plane;
    ipl_error err = {0};

    if (ipl_plane_create(&plane, &opts, ipl_cmat_f64(f->x, f->n, f->p), f->y, &err) !=
        IPL_OK)
        fail_msg("%s", err.msg);
    if (ipl_plane_measure(&m, plane, &layer, 1, &err) != IPL_OK)
        fail_msg("%s", err.msg);
    *said = *ipl_plane_fault(plane) != '\0';
    ipl_plane_destroy(plane);
    return m;
}

static void assert_right_or_said(const char *what, double got, double want, bool said)
{
    if (isnan(got) ? !said : !(fabs(got - want) <= 1e-6 * fmax(1.0, fabs(want))))
        fail_msg("%s: %.12g, want %.12g, %s", what, got, want, said ? "said" : "not said");
}

static const struct {
    size_t n, p, q;
} shapes[] = {{120, 2, 2},   {30, 3, 5},    {4, 3, 40},
              {300, 3, 150}, {300, 150, 3}, {140, 2, 200}};

static void two_rows_far_apart_are_measured_right_or_said(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof shapes / sizeof shapes[0]; k++)
        for (int e = -12; e <= 30; e += 3)
            for (int o = 0; o < 3; o++) {
                const double scale = pow(10.0, e), beta = 1200.0;
                const double offset = o == 0 ? 0.0 : o == 1 ? 1e3 : 1e14;
                far_rows f = make(shapes[k].n, shapes[k].p, shapes[k].q, scale, offset);
                bool said;
                const ipl_measures m = measure(&said, &f, "logdet:beta=1200");
                const double h = closed_form(&f, beta, f.share);
                const double cond = conditional_form(&f, beta);
                char name[96];

                (void)snprintf(name, sizeof name, "n %zu p %zu q %zu scale 1e%d offset %g",
                               f.n, f.p, f.q, e, offset);
                assert_right_or_said(name, m.H_T, h, said);
                assert_right_or_said(name, m.H_T_given_Y, cond, said);
                assert_right_or_said(name, m.I_TY_cond, h - cond, said);
                if (!isnan(m.I_XT))
                    assert_true(m.I_XT >= -1e-6 && m.I_XT <= h + 1e-6);
                if (!isnan(m.I_TY_pooled))
                    assert_true(m.I_TY_pooled >= -1e-6 &&
                                m.I_TY_pooled <= m.I_TY_cond + 1e-6);
                if (!isnan(m.I_TY))
                    assert_true(m.I_TY >= -1e-6 && m.I_TY <= m.H_Y + 1e-6);
                if (e <= 6 && o == 0) /* scales of real data are always measured */
                    assert_false(said);
                release(&f);
            }
}

/* So many samples are read again instead of kept. */
static void samples_that_stream_are_centred_as_well(void **state)
{
    (void)state;
    for (int e = 0; e <= 6; e += 3)
        for (int o = 0; o < 3; o++) {
            const double offset = o == 0 ? 0.0 : o == 1 ? 1e3 : 1e14;
            far_rows f = make(17000, 2, 3, pow(10.0, e), offset);
            bool said;
            const ipl_measures m = measure(&said, &f, "logdet:beta=1200");
            const double h = closed_form(&f, 1200.0, f.share);
            const double cond = conditional_form(&f, 1200.0);
            char name[64];

            (void)snprintf(name, sizeof name, "17000 samples, scale 1e%d, offset %g", e,
                           offset);
            assert_right_or_said(name, m.H_T, h, said);
            assert_right_or_said(name, m.H_T_given_Y, cond, said);
            release(&f);
        }
}

/* X is measured once, before all layers: its failure is said of every measuring. */
static void so_are_those_of_the_input(void **state)
{
    static const char *const texts[] = {"logdet:beta=1200"};

    (void)state;
    for (int e = -12; e <= 30; e += 3) {
        far_rows f = make(120, 2, 3, pow(10.0, e), 0.0);
        const ipl_plane_opts opts = {.estimators = texts,
                                     .n_estimators = 1,
                                     .n_layers = 1,
                                     .widths = &f.p,
                                     .x_stays = true};
        const ipl_cmat layer = ipl_cmat_f64(f.x, f.n, f.p);
        ipl_measures m;
        ipl_plane *plane;

        assert_int_equal(
            ipl_plane_create(&plane, &opts, ipl_cmat_f64(f.t, f.n, f.q), f.y, NULL),
            IPL_OK);
        for (int twice = 0; twice < 2; twice++) {
            assert_int_equal(ipl_plane_measure(&m, plane, &layer, 1, NULL), IPL_OK);
            assert_right_or_said("H_X", m.H_X, closed_form(&f, 1200.0, f.share),
                                 strstr(ipl_plane_fault(plane), "beta=1200: H(X): ") !=
                                     NULL);
        }
        ipl_plane_destroy(plane);
        release(&f);
    }
}

/* In correlation mode the scale is divided out. */
static void correlation_does_not_see_the_scale(void **state)
{
    (void)state;
    for (int e = -30; e <= 30; e += 10) {
        far_rows f = make(120, 2, 4, pow(10.0, e), 0.0);
        bool said;
        const ipl_measures m = measure(&said, &f, "logdet:scale=corr,beta=1200");

        assert_right_or_said("corr", m.H_T, 0.5 * log1p(1200.0 * 4.0), said);
        release(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_rows_far_apart_are_measured_right_or_said),
        cmocka_unit_test(so_are_those_of_the_input),
        cmocka_unit_test(samples_that_stream_are_centred_as_well),
        cmocka_unit_test(correlation_does_not_see_the_scale),
    };

    return cmocka_run_group_tests(tests, one_thread, NULL);
}
