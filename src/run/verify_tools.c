#include "run/verify_tools.h"

#include "base/alloc.h"
#include "base/rng.h"
#include "ipl/estimator.h"

#include <math.h>

enum { SEED = 20210517, TEXTS_MAX = 8, ITERATIONS_MAX = 10000 };

void ipl_verify_normal(double *out, size_t n, uint32_t array, uint32_t row)
{
    ipl_rng rng = ipl_rng_at(SEED, IPL_RNG_DATA, array, row);

    for (size_t i = 0; i < n; i++)
        out[i] = ipl_rng_normal(&rng);
}

static ipl_status measure(ipl_measures *out, const char *const *texts, size_t n_texts,
                          ipl_cmat x, ipl_cmat t, ipl_error *err)
{
    const ipl_plane_opts opts = {.estimators = texts, .n_estimators = n_texts};
    ipl_plane *plane = NULL;
    ipl_status st = n_texts <= TEXTS_MAX
                        ? ipl_plane_create(&plane, &opts, x, NULL, err)
                        : ipl_fail(err, IPL_E_ARG, "%zu estimators at once", n_texts);

    if (st == IPL_OK)
        st = ipl_plane_measure(out, plane, &t, 1, err);
    ipl_plane_destroy(plane);
    return st;
}

ipl_status ipl_verify_information(double *out, const char *const *texts, size_t n_texts,
                                  ipl_cmat x, ipl_cmat t, ipl_error *err)
{
    ipl_measures m[TEXTS_MAX];
    const ipl_status st = measure(m, texts, n_texts, x, t, err);

    for (size_t k = 0; k < n_texts && st == IPL_OK; k++)
        out[k] = m[k].I_XT;
    return st;
}

ipl_status ipl_verify_entropies(double *out, const char *const *texts, size_t n_texts,
                                ipl_cmat t, ipl_error *err)
{
    /* An entropy needs no input; a narrow one makes the joint measures cheap. */
    double *rows = ipl_array(t.rows, 1, sizeof *rows, err);
    ipl_measures m[TEXTS_MAX];
    ipl_status st = IPL_E_NOMEM;

    if (!rows)
        goto done;
    st = n_texts <= TEXTS_MAX ? IPL_OK
                              : ipl_fail(err, IPL_E_ARG, "%zu estimators at once", n_texts);
    if (st != IPL_OK)
        goto done;
    ipl_verify_grid(rows, t.rows, 0.0, 1.0);
    st = measure(m, texts, n_texts, ipl_cmat_f64(rows, t.rows, 1), t, err);
    for (size_t k = 0; k < n_texts && st == IPL_OK; k++)
        out[k] = m[k].H_T;
done:
    ipl_free(rows);
    return st;
}

/* A sweep: each point with the place of its fault. */
typedef struct sweep {
    ipl_verify_point point;
    void *job;
    ipl_error *faults; /* one for each point */
} sweep;

static void run_point(void *self, size_t i, size_t thread)
{
    sweep *s = self;

    (void)thread;
    s->faults[i].status = s->point(s->job, i, &s->faults[i]);
}

ipl_status ipl_verify_sweep(ipl_pool *pool, size_t n, ipl_verify_point point, void *job,
                            ipl_error *err)
{
    sweep s = {.point = point, .job = job};
    ipl_status st = IPL_OK;

    s.faults = ipl_array(n, 1, sizeof *s.faults, err);
    if (!s.faults)
        return IPL_E_NOMEM;
    ipl_pool_run(pool, n, run_point, &s);
    for (size_t i = 0; i < n && st == IPL_OK; i++)
        if (s.faults[i].status != IPL_OK)
            st = ipl_fail(err, s.faults[i].status, "%s", s.faults[i].msg);
    ipl_free(s.faults);
    return st;
}

double ipl_spectrum_entropy(const ipl_spectrum *spectrum, double beta)
{
    double sum = 0.0;

    for (size_t k = 0; k < 2; k++)
        sum += (double)spectrum->count[k] * log1p(beta * spectrum->value[k]);
    return 0.5 * sum;
}

double ipl_spectrum_sampled(const ipl_spectrum *spectrum, double beta, size_t n)
{
    const double m = (double)n - 1.0;
    double e = 0.0, last = -1.0, sum = 0.0;

    for (int i = 0; i < ITERATIONS_MAX && fabs(e - last) > 1e-13 * (1.0 + e); i++) {
        last = e;
        e = 0.0;
        for (size_t k = 0; k < 2; k++) {
            const double signal = beta * spectrum->value[k];

            e += (double)spectrum->count[k] / m * signal / (1.0 + signal / (1.0 + last));
        }
    }
    for (size_t k = 0; k < 2; k++)
        sum += (double)spectrum->count[k] * log1p(beta * spectrum->value[k] / (1.0 + e));
    return 0.5 * (sum + m * log1p(e) - m * e / (1.0 + e));
}

double ipl_verify_likeness(const double *a, const double *b, size_t n)
{
    double count = 0.0, mean_a = 0.0, mean_b = 0.0, aa = 0.0, bb = 0.0, ab = 0.0;

    for (size_t i = 0; i < n; i++)
        if (isfinite(a[i]) && isfinite(b[i])) {
            count += 1.0;
            mean_a += a[i];
            mean_b += b[i];
        }
    mean_a /= count;
    mean_b /= count;
    for (size_t i = 0; i < n; i++)
        if (isfinite(a[i]) && isfinite(b[i])) {
            aa += (a[i] - mean_a) * (a[i] - mean_a);
            bb += (b[i] - mean_b) * (b[i] - mean_b);
            ab += (a[i] - mean_a) * (b[i] - mean_b);
        }
    return aa > 0.0 && bb > 0.0 ? ab / sqrt(aa * bb) : (double)NAN;
}

/* Steps with sign * (v[i+1] - v[i]) above zero, or not below the slack. */
static size_t count_steps(const double *v, size_t n, double sign, double slack)
{
    const double least = -slack * ipl_verify_range(v, n);
    size_t steps = 0;

    for (size_t i = 0; i + 1 < n; i++) {
        const double step = sign * (v[i + 1] - v[i]);

        steps += step > 0.0 || (slack > 0.0 && step >= least);
    }
    return steps;
}

size_t ipl_verify_rises(const double *v, size_t n, double slack)
{
    return count_steps(v, n, 1.0, slack);
}

size_t ipl_verify_falls(const double *v, size_t n, double slack)
{
    return count_steps(v, n, -1.0, slack);
}

double ipl_verify_worse(double a, double b)
{
    return isnan(a) || a >= b ? a : b;
}

double ipl_verify_range(const double *v, size_t n)
{
    double lo = HUGE_VAL, hi = -HUGE_VAL;

    for (size_t i = 0; i < n; i++) {
        lo = fmin(lo, v[i]);
        hi = fmax(hi, v[i]);
    }
    return hi - lo;
}

double ipl_verify_jump(const double *v, size_t n)
{
    const double range = ipl_verify_range(v, n);
    double jump = 0.0;

    for (size_t i = 0; i + 1 < n; i++)
        jump = fmax(jump, fabs(v[i + 1] - v[i]));
    return range > 0.0 ? jump / range : (double)NAN;
}

double ipl_verify_apart(const double *a, const double *b, size_t n)
{
    double apart = 0.0;

    for (size_t i = 0; i < n; i++)
        apart = ipl_verify_worse(apart, fabs(a[i] - b[i]));
    return apart;
}

void ipl_verify_grid(double *out, size_t n, double a, double b)
{
    for (size_t i = 0; i < n; i++)
        out[i] = a + (b - a) * (double)i / (double)(n - 1);
}
