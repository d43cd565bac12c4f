/*
 * Entropy of Gaussian samples, by all estimators: entropy-uncertainty and
 * entropy-correlation. Every curve comes from one draw, so that it shows the estimator and
 * not a new sample at every step.
 */
#include "base/alloc.h"
#include "run/verify_report.h"
#include "run/verify_tools.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { N_SAMPLES = 128, CONTENDERS = 5, STEPS = 99, STEPS_QUICK = 12 };

#define TWO_PI_E 17.079468445347132 /* 2 pi e */

/* LogDet is the first of every list. */
typedef struct contender {
    const char *text, *name;
} contender;

enum { LOGDET, RENYI, KDE, KNN, BINNING };

static const contender uncertainty_contenders[CONTENDERS] = {
    [LOGDET] = {"logdet:scale=cov,beta=1", "LogDet, {/Symbol b} = 1"},
    [RENYI] = {"renyi:alpha=1.01", "R\xC3\xA9nyi, {/Symbol a} = 1.01"},
    [KDE] = {"kde:var=0.1", "KDE, {/Symbol s}^2 = 0.1"},
    [KNN] = {"kl:k=3", "kNN, k = 3"},
    [BINNING] = {"binning:rule=softmax,bins=10", "softmax, 10 bins"},
};

static const contender correlation_contenders[CONTENDERS] = {
    [LOGDET] = {"logdet:scale=corr,beta=1", "LogDet, {/Symbol b} = 1"},
    [RENYI] = {"renyi:alpha=1.01", "R\xC3\xA9nyi, {/Symbol a} = 1.01"},
    [KDE] = {"kde:var=0.1", "KDE, {/Symbol s}^2 = 0.1"},
    [KNN] = {"kl:k=3", "kNN, k = 3"},
    [BINNING] = {"binning:rule=softmax,bins=10", "softmax, 10 bins"},
};

/* One dimension of an experiment: fill() makes the samples of step i. */
typedef struct curves {
    void (*fill)(double *t, const struct curves *c, size_t i);
    const char *const *texts;
    size_t d, n_steps;
    double *at;        /* (n_steps), the degree */
    double *noise;     /* (N_SAMPLES, d) */
    double *shared;    /* (N_SAMPLES), the factor that all columns have in common */
    double *values;    /* (n_steps, CONTENDERS) */
    double *by_series; /* (CONTENDERS, n_steps) */
    double *reference; /* (n_steps), a closed form */
} curves;

static void release(curves *c)
{
    ipl_free(c->at);
    ipl_free(c->noise);
    ipl_free(c->shared);
    ipl_free(c->values);
    ipl_free(c->by_series);
    ipl_free(c->reference);
}

static ipl_status reserve(curves *c, size_t d, size_t n_steps, ipl_error *err)
{
    c->d = d;
    c->n_steps = n_steps;
    c->at = ipl_array(n_steps, 1, sizeof *c->at, err);
    c->noise = ipl_array(N_SAMPLES, d, sizeof *c->noise, err);
    c->shared = ipl_array(N_SAMPLES, 1, sizeof *c->shared, err);
    c->values = ipl_array(n_steps, CONTENDERS, sizeof *c->values, err);
    c->by_series = ipl_array(n_steps, CONTENDERS, sizeof *c->by_series, err);
    c->reference = ipl_array(n_steps, 1, sizeof *c->reference, err);
    if (!c->at || !c->noise || !c->shared || !c->values || !c->by_series || !c->reference)
        return IPL_E_NOMEM;
    ipl_verify_normal(c->noise, N_SAMPLES * d, (uint32_t)d, 0);
    return IPL_OK;
}

static ipl_status measure_step(void *job, size_t i, ipl_error *err)
{
    const curves *c = job;
    double *t = ipl_array(N_SAMPLES, c->d, sizeof *t, err);
    ipl_status st = IPL_E_NOMEM;

    if (t) {
        c->fill(t, c, i);
        st = ipl_verify_entropies(c->values + i * CONTENDERS, c->texts, CONTENDERS,
                                  ipl_cmat_f64(t, N_SAMPLES, c->d), err);
    }
    ipl_free(t);
    return st;
}

/* Values of contender k over the steps. */
static const double *curve(const curves *c, size_t k)
{
    return c->by_series + k * c->n_steps;
}

static ipl_status measure_all(curves *c, const contender *contenders,
                              const ipl_verify_task *task, ipl_error *err)
{
    const char *texts[CONTENDERS];
    ipl_status st;

    for (size_t k = 0; k < CONTENDERS; k++)
        texts[k] = contenders[k].text;
    c->texts = texts;
    st = ipl_verify_sweep(task->pool, c->n_steps, measure_step, c, err);
    c->texts = NULL;
    for (size_t i = 0; i < c->n_steps; i++)
        for (size_t k = 0; k < CONTENDERS; k++)
            c->by_series[k * c->n_steps + i] = c->values[i * CONTENDERS + k];
    return st;
}

/* A row of the table that wants a number to be at most, or at least, a limit. */
static void check_below(ipl_finding *row, double value, double limit)
{
    ipl_finding_expect(row, "<= %.3g", limit);
    ipl_finding_obtain(row, value <= limit ? IPL_PASS : IPL_FAIL, "%.3g", value);
}

static void check_above(ipl_finding *row, double value, double limit)
{
    ipl_finding_expect(row, ">= %.3g", limit);
    ipl_finding_obtain(row, value >= limit ? IPL_PASS : IPL_FAIL, "%.4f", value);
}

static void check_between(ipl_finding *row, const double *v, size_t n, double lo, double hi)
{
    const double slack = 1e-9 * fmax(1.0, fabs(hi));
    double least = HUGE_VAL, most = -HUGE_VAL;
    bool inside = true;

    for (size_t i = 0; i < n; i++) {
        inside = inside && v[i] >= lo - slack && v[i] <= hi + slack;
        least = fmin(least, v[i]);
        most = fmax(most, v[i]);
    }
    ipl_finding_expect(row, "%.4g ... %.4g", lo, hi);
    ipl_finding_obtain(row, inside ? IPL_PASS : IPL_FAIL, "%.4g ... %.4g", least, most);
}

static void check_rising(ipl_finding *row, const double *v, size_t n, double slack)
{
    const size_t rises = ipl_verify_rises(v, n, slack);

    ipl_finding_expect(row, "%zu of %zu steps up", n - 1, n - 1);
    ipl_finding_obtain(row, rises == n - 1 ? IPL_PASS : IPL_FAIL, "%zu of %zu", rises,
                       n - 1);
}

/* Bounds that are theorems, for the estimators that have them. */
static void check_bounds(ipl_report *report, const curves *c)
{
    const double n = N_SAMPLES, floor = 0.5 * (double)c->d * log(TWO_PI_E * 0.1);

    check_between(ipl_report_find(report, "d=%zu renyi within 0 ... log2 n", c->d),
                  curve(c, RENYI), c->n_steps, 0.0, log2(n));
    check_between(ipl_report_find(report, "d=%zu kde at most ln n above its noise", c->d),
                  curve(c, KDE), c->n_steps, floor, floor + log(n));
    check_between(ipl_report_find(report, "d=%zu binning within 0 ... ln n", c->d),
                  curve(c, BINNING), c->n_steps, 0.0, log(n));
}

/* How like the reference every curve is, and its largest step. */
static void note_shapes(ipl_report *report, const curves *c, const contender *contenders,
                        const char *reference)
{
    for (size_t k = 0; k < CONTENDERS; k++) {
        ipl_finding *row = ipl_report_find(report, "d=%zu %.*s: likeness to %s", c->d,
                                           (int)strcspn(contenders[k].text, ":"),
                                           contenders[k].text, reference);

        ipl_finding_obtain(row, IPL_NOTE, "%.4f, largest step %.0f %% of its range",
                           ipl_verify_likeness(curve(c, k), c->reference, c->n_steps),
                           100.0 * ipl_verify_jump(curve(c, k), c->n_steps));
    }
}

/* ---- entropy-uncertainty: (1 - s) 1 + s Z ---- */

static void fill_uncertainty(double *t, const curves *c, size_t i)
{
    const double s = c->at[i];

    for (size_t j = 0; j < N_SAMPLES * c->d; j++)
        t[j] = (1.0 - s) + s * c->noise[j];
}

/* H_1(s Z) = H_{s^2}(Z): the largest difference over the steps. */
static ipl_status scaling_error(double *out, const curves *c, ipl_error *err)
{
    const ipl_cmat z = ipl_cmat_f64(c->noise, N_SAMPLES, c->d);
    ipl_status st = IPL_OK;

    *out = 0.0;
    for (size_t i = 0; i < c->n_steps && st == IPL_OK; i++) {
        char text[64];
        const char *texts[] = {text};
        double h;

        (void)snprintf(text, sizeof text, "logdet:beta=%.17g", c->at[i] * c->at[i]);
        st = ipl_verify_entropies(&h, texts, 1, z, err);
        *out = ipl_verify_worse(*out, fabs(h - curve(c, LOGDET)[i]));
    }
    return st;
}

/* Largest |H(s) - H(last) - d log(s / last)| of the nearest-neighbour estimator. */
static double logarithm_error(const curves *c)
{
    const double *h = curve(c, KNN);
    const size_t last = c->n_steps - 1;
    double worst = 0.0;

    for (size_t i = 0; i < last; i++)
        worst =
            fmax(worst, fabs(h[i] - h[last] - (double)c->d * log(c->at[i] / c->at[last])));
    return worst;
}

static ipl_status check_uncertainty(ipl_report *report, curves *c, ipl_error *err)
{
    const double *h = curve(c, LOGDET);
    double worst = 0.0, identity;
    ipl_status st = scaling_error(&identity, c, err);

    if (st != IPL_OK)
        return st;
    for (size_t i = 0; i < c->n_steps; i++) {
        const ipl_spectrum noise = {{c->at[i] * c->at[i]}, {c->d}};
        const double expected = ipl_spectrum_sampled(&noise, 1.0, N_SAMPLES);

        c->reference[i] = c->at[i];
        worst = ipl_verify_worse(worst, fabs(h[i] - expected) / expected);
    }
    check_rising(ipl_report_find(report, "d=%zu logdet rises with s", c->d), h, c->n_steps,
                 0.0);
    check_below(ipl_report_find(report, "d=%zu logdet: |H_1(sZ) - H_{s^2}(Z)|", c->d),
                identity, 1e-9);
    /* Four standard deviations of the mean of n d squared normal deviates. */
    check_below(
        ipl_report_find(report, "d=%zu logdet off random-matrix theory, share", c->d),
        worst, 4.0 * sqrt(2.0 / (double)(N_SAMPLES * c->d)));
    check_below(ipl_report_find(report, "d=%zu logdet smooth: step over mean step", c->d),
                ipl_verify_jump(h, c->n_steps) * (double)(c->n_steps - 1), 2.0);
    check_below(ipl_report_find(report, "d=%zu kl: |H(s) - H(1) - d log s|", c->d),
                logarithm_error(c), 1e-8 * (double)c->d);
    check_bounds(report, c);
    note_shapes(report, c, uncertainty_contenders, "s");
    return IPL_OK;
}

/* One dimension: measure, draw, check. */
static ipl_status run_uncertainty(ipl_report *report, const ipl_verify_task *task, size_t p,
                                  size_t d, ipl_error *err)
{
    curves c = {.fill = fill_uncertainty};
    char title[32];
    ipl_status st = reserve(&c, d, task->quick ? STEPS_QUICK : STEPS, err);

    if (st != IPL_OK)
        goto done;
    ipl_verify_grid(c.at, c.n_steps, 0.01, 0.99);
    st = measure_all(&c, uncertainty_contenders, task, err);
    if (st != IPL_OK)
        goto done;
    (void)snprintf(title, sizeof title, "d = %zu", d);
    ipl_report_add_shape_panel(report, "degree of uncertainty s", title);
    for (size_t k = 0; k < CONTENDERS; k++)
        ipl_report_add_shape(report, p, k, c.at, curve(&c, k), c.n_steps);
    st = check_uncertainty(report, &c, err);
done:
    release(&c);
    return st;
}

/* ---- entropy-correlation: covariance (1 - f) 1 1' + f I ---- */

static void fill_correlation(double *t, const curves *c, size_t i)
{
    const double own = sqrt(c->at[i]), common = sqrt(1.0 - c->at[i]);

    for (size_t r = 0; r < N_SAMPLES; r++)
        for (size_t j = 0; j < c->d; j++)
            t[r * c->d + j] = common * c->shared[r] + own * c->noise[r * c->d + j];
}

/* The common factor with mean 0 and variance 1 in the sample: else it alone moves H. */
static void standardise(double *v, size_t n)
{
    double mean = 0.0, square = 0.0;

    for (size_t i = 0; i < n; i++)
        mean += v[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        square += (v[i] - mean) * (v[i] - mean) / (double)n;
    for (size_t i = 0; i < n; i++)
        v[i] = (v[i] - mean) / sqrt(square);
}

/* Eigenvalues of the correlation matrix with 1 - f beside the diagonal. */
static ipl_spectrum equicorrelated(double f, size_t d)
{
    const ipl_spectrum spectrum = {{f, f + (double)d * (1.0 - f)}, {d - 1, 1}};

    return spectrum;
}

static void check_correlation(ipl_report *report, curves *c)
{
    const double *h = curve(c, LOGDET);
    const size_t last = c->n_steps - 1;
    double worst = 0.0;

    for (size_t i = 0; i < c->n_steps; i++) {
        const ipl_spectrum spectrum = equicorrelated(c->at[i], c->d);

        c->reference[i] = ipl_spectrum_entropy(&spectrum, 1.0);
        worst = ipl_verify_worse(
            worst, fabs(h[i] - ipl_spectrum_sampled(&spectrum, 1.0, N_SAMPLES)));
    }
    /* The closed form ends flat: a hundredth is left to the sample. */
    check_rising(ipl_report_find(report, "d=%zu logdet rises with independence", c->d), h,
                 c->n_steps, 0.01);
    check_above(ipl_report_find(report, "d=%zu logdet: likeness to the closed form", c->d),
                ipl_verify_likeness(h, c->reference, c->n_steps), 0.99);
    check_below(
        ipl_report_find(report, "d=%zu logdet equal columns: H - 1/2 log(1+d)", c->d),
        fabs(h[0] - 0.5 * log1p((double)c->d)), 1e-9);
    check_below(ipl_report_find(report, "d=%zu logdet off random-matrix theory", c->d),
                worst, 0.05 * ipl_verify_range(c->reference, c->n_steps));
    if (c->d >= 50) {
        ipl_finding *row =
            ipl_report_find(report, "d=%zu logdet: small-sample bias, f = 0.99", c->d);

        ipl_finding_expect(row, "below the closed form %.2f", c->reference[last]);
        ipl_finding_obtain(row, h[last] < c->reference[last] ? IPL_PASS : IPL_FAIL, "%.2f",
                           h[last]);
    }
    check_bounds(report, c);
    note_shapes(report, c, correlation_contenders, "closed form");
}

static ipl_status run_correlation(ipl_report *report, const ipl_verify_task *task, size_t p,
                                  size_t d, ipl_error *err)
{
    curves c = {.fill = fill_correlation};
    char title[32];
    ipl_status st = reserve(&c, d, task->quick ? STEPS_QUICK : STEPS + 1, err);

    if (st != IPL_OK)
        goto done;
    ipl_verify_grid(c.at, c.n_steps, 0.0, 0.99);
    ipl_verify_normal(c.shared, N_SAMPLES, (uint32_t)d, 1);
    standardise(c.shared, N_SAMPLES);
    st = measure_all(&c, correlation_contenders, task, err);
    if (st != IPL_OK)
        goto done;
    (void)snprintf(title, sizeof title, "d = %zu", d);
    ipl_report_add_shape_panel(report, "1 - correlation", title);
    check_correlation(report, &c);
    for (size_t k = 0; k < CONTENDERS; k++)
        ipl_report_add_shape(report, p, k, c.at, curve(&c, k), c.n_steps);
    ipl_report_add_shape(report, p, CONTENDERS, c.at, c.reference, c.n_steps);
done:
    release(&c);
    return st;
}

/* ---- both ---- */

static const size_t dims[] = {3, 15, 50, 200}, dims_quick[] = {3, 50};

static void add_contenders(ipl_report *report, const contender *contenders)
{
    for (size_t k = 0; k < CONTENDERS; k++)
        (void)ipl_report_add_series(report, contenders[k].text, contenders[k].name, NULL,
                                    1);
}

ipl_status ipl_verify_uncertainty(ipl_report *report, const ipl_verify_task *task,
                                  ipl_error *err)
{
    ipl_status st = IPL_OK;

    add_contenders(report, uncertainty_contenders);
    for (size_t p = 0; p < (task->quick ? 2u : 4u) && st == IPL_OK; p++)
        st = run_uncertainty(report, task, p, task->quick ? dims_quick[p] : dims[p], err);
    return st;
}

ipl_status ipl_verify_correlation(ipl_report *report, const ipl_verify_task *task,
                                  ipl_error *err)
{
    ipl_status st = IPL_OK;

    add_contenders(report, correlation_contenders);
    (void)ipl_report_add_series(report, "closed form", "closed form", "#000000", 2);
    for (size_t p = 0; p < (task->quick ? 2u : 4u) && st == IPL_OK; p++)
        st = run_correlation(report, task, p, task->quick ? dims_quick[p] : dims[p], err);
    return st;
}
