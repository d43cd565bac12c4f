/*
 * Mutual information of d pairs of Gaussians with correlation rho, T = rho X + c W:
 * mi-dimension and mi-samples. Every repetition keeps its X and W for all rho.
 */
#include "base/alloc.h"
#include "run/verify_report.h"
#include "run/verify_tools.h"

#include <math.h>
#include <stdio.h>

enum { RHOS = 19, RHOS_QUICK = 7, REPEATS = 8, REPEATS_QUICK = 2, TEXTS = 3 };

/* One panel of an experiment. */
typedef struct pairs {
    size_t n, d, n_rho, n_repeats;
    double beta;
    double *rho;    /* (n_rho) */
    double *x, *w;  /* (n_repeats, n, d) */
    double *values; /* (n_rho, n_repeats, TEXTS) */
    double *mean[TEXTS];
    double *expected; /* at n samples */
    double *limit;    /* n -> infinity */
    double *truth;    /* and beta -> infinity */
    const char *texts[TEXTS];
    size_t n_texts;
} pairs;

enum { LOGDET, KSG, GAUSS };

static void release(pairs *p)
{
    ipl_free(p->rho);
    ipl_free(p->x);
    ipl_free(p->w);
    ipl_free(p->values);
    for (size_t t = 0; t < TEXTS; t++)
        ipl_free(p->mean[t]);
    ipl_free(p->expected);
    ipl_free(p->limit);
    ipl_free(p->truth);
}

/* I of the population and what n samples of it give. */
static void add_theory(pairs *p)
{
    const double b = p->beta / (1.0 + p->beta), d = (double)p->d;
    const ipl_spectrum alone = {{1.0}, {p->d}};

    for (size_t i = 0; i < p->n_rho; i++) {
        const double r = p->rho[i];
        const ipl_spectrum joint = {{1.0 + r, 1.0 - r}, {p->d, p->d}};

        p->expected[i] = 2.0 * ipl_spectrum_sampled(&alone, p->beta, p->n) -
                         ipl_spectrum_sampled(&joint, p->beta, p->n);
        p->limit[i] = -0.5 * d * log1p(-b * r * b * r);
        p->truth[i] = -0.5 * d * log1p(-r * r);
    }
}

static ipl_status reserve(pairs *p, ipl_error *err)
{
    const size_t size = p->n * p->d;

    p->rho = ipl_array(p->n_rho, 1, sizeof *p->rho, err);
    p->x = ipl_array(p->n_repeats, size, sizeof *p->x, err);
    p->w = ipl_array(p->n_repeats, size, sizeof *p->w, err);
    p->values = ipl_array(p->n_rho * p->n_repeats, TEXTS, sizeof *p->values, err);
    for (size_t t = 0; t < TEXTS; t++) {
        p->mean[t] = ipl_array(p->n_rho, 1, sizeof *p->mean[t], err);
        if (!p->mean[t])
            return IPL_E_NOMEM;
    }
    p->expected = ipl_array(p->n_rho, 1, sizeof *p->expected, err);
    p->limit = ipl_array(p->n_rho, 1, sizeof *p->limit, err);
    p->truth = ipl_array(p->n_rho, 1, sizeof *p->truth, err);
    if (!p->rho || !p->x || !p->w || !p->values || !p->expected || !p->limit || !p->truth)
        return IPL_E_NOMEM;
    for (size_t k = 0; k < p->n_repeats; k++) {
        ipl_verify_normal(p->x + k * size, size, (uint32_t)p->d, (uint32_t)(2 * k));
        ipl_verify_normal(p->w + k * size, size, (uint32_t)p->d, (uint32_t)(2 * k + 1));
    }
    ipl_verify_grid(p->rho, p->n_rho, -0.9, 0.9);
    p->rho[p->n_rho / 2] = 0.0;
    return IPL_OK;
}

/* Point i is rho i / n_repeats of repetition i % n_repeats. */
static ipl_status measure_point(void *job, size_t i, ipl_error *err)
{
    const pairs *p = job;
    const size_t size = p->n * p->d, k = i % p->n_repeats;
    const double rho = p->rho[i / p->n_repeats], own = sqrt(1.0 - rho * rho);
    const double *x = p->x + k * size, *w = p->w + k * size;
    double *t = ipl_array(p->n, p->d, sizeof *t, err);
    ipl_status st = IPL_E_NOMEM;

    if (t) {
        for (size_t j = 0; j < size; j++)
            t[j] = rho * x[j] + own * w[j];
        st = ipl_verify_information(p->values + i * TEXTS, p->texts, p->n_texts,
                                    ipl_cmat_f64(x, p->n, p->d),
                                    ipl_cmat_f64(t, p->n, p->d), err);
    }
    ipl_free(t);
    return st;
}

static ipl_status measure_all(pairs *p, const ipl_verify_task *task, ipl_error *err)
{
    const ipl_status st =
        ipl_verify_sweep(task->pool, p->n_rho * p->n_repeats, measure_point, p, err);

    for (size_t i = 0; i < p->n_rho; i++)
        for (size_t t = 0; t < p->n_texts; t++) {
            double sum = 0.0;

            for (size_t k = 0; k < p->n_repeats; k++)
                sum += p->values[(i * p->n_repeats + k) * TEXTS + t];
            p->mean[t][i] = sum / (double)p->n_repeats;
        }
    return st;
}

/* Symmetric in rho, lowest at rho = 0, and where random-matrix theory puts it. */
static void check_shape(ipl_report *report, const pairs *p, const char *name, size_t value)
{
    const double *v = p->mean[LOGDET];
    const double range = ipl_verify_range(p->expected, p->n_rho);
    const double step = p->rho[1] - p->rho[0];
    double apart = 0.0, worst;
    size_t lowest = 0;
    ipl_finding *row;

    for (size_t i = 0; i < p->n_rho; i++) {
        apart = ipl_verify_worse(apart, fabs(v[i] - v[p->n_rho - 1 - i]));
        lowest = v[i] < v[lowest] ? i : lowest;
    }
    row = ipl_report_find(report, "%s=%zu symmetric: |I(rho) - I(-rho)|, share of range",
                          name, value);
    ipl_finding_expect(row, "<= 0.1");
    ipl_finding_obtain(row, apart <= 0.1 * range ? IPL_PASS : IPL_FAIL, "%.4f",
                       apart / range);
    row = ipl_report_find(report, "%s=%zu rho of the lowest I", name, value);
    ipl_finding_expect(row, "0, at most a step of %.2g beside it", step);
    ipl_finding_obtain(row, fabs(p->rho[lowest]) < 1.5 * step ? IPL_PASS : IPL_FAIL, "%.2g",
                       p->rho[lowest]);
    worst = ipl_verify_apart(v, p->expected, p->n_rho);
    row = ipl_report_find(report, "%s=%zu off random-matrix theory, share of range", name,
                          value);
    ipl_finding_expect(row, "<= 0.1");
    ipl_finding_obtain(row, worst <= 0.1 * range ? IPL_PASS : IPL_FAIL, "%.4f",
                       worst / range);
}

/* What independent data measure as: all of it is bias. */
static void check_bias(ipl_report *report, const pairs *p, const char *name, size_t value)
{
    const size_t zero = p->n_rho / 2;
    const double bias = p->expected[zero], got = p->mean[LOGDET][zero];
    ipl_finding *row =
        ipl_report_find(report, "%s=%zu bias: I at rho = 0, where it is 0", name, value);

    ipl_finding_expect(row, "%.4g nats at n = %zu", bias, p->n);
    ipl_finding_obtain(row, fabs(got - bias) <= 0.02 * bias + 0.01 ? IPL_PASS : IPL_FAIL,
                       "%.4g", got);
}

/* The two series of draw_sample(). */
static void add_series(ipl_report *report, const char *name, const char *shown,
                       const char *theory)
{
    (void)ipl_report_add_series(report, name, shown, NULL, 1);
    (void)ipl_report_add_series(report, "random-matrix theory", theory, "#000000", 3);
}

/* A panel of the sample and of what it should be. */
static void draw_sample(ipl_report *report, size_t panel, const pairs *p)
{
    ipl_report_add_curve(report, panel, 0, p->rho, p->mean[LOGDET], p->n_rho);
    ipl_report_add_curve(report, panel, 1, p->rho, p->expected, p->n_rho);
}

/* ---- mi-dimension ---- */

static ipl_status run_dimension(ipl_report *report, const ipl_verify_task *task, size_t d,
                                size_t panel, size_t n_dims, ipl_error *err)
{
    pairs p = {.n = 128,
               .d = d,
               .n_rho = task->quick ? RHOS_QUICK : RHOS,
               .n_repeats = task->quick ? REPEATS_QUICK : REPEATS,
               .beta = 1.0,
               .texts = {"logdet:scale=corr,beta=1", "ksg:k=3", "gauss"},
               .n_texts = TEXTS};
    ipl_status st = reserve(&p, err);
    ipl_finding *row;
    double like;

    if (st != IPL_OK)
        goto done;
    st = measure_all(&p, task, err);
    if (st != IPL_OK)
        goto done;
    add_theory(&p);
    draw_sample(report, panel, &p);
    draw_sample(report, n_dims + panel, &p);
    ipl_report_add_curve(report, n_dims + panel, 2, p.rho, p.limit, p.n_rho);
    ipl_report_add_curve(report, n_dims + panel, 3, p.rho, p.truth, p.n_rho);
    ipl_report_add_curve(report, n_dims + panel, 4, p.rho, p.mean[KSG], p.n_rho);
    ipl_report_add_curve(report, n_dims + panel, 5, p.rho, p.mean[GAUSS], p.n_rho);
    report->panels[n_dims + panel].top = 1.3 * fmax(p.limit[0], p.mean[LOGDET][0]);
    check_shape(report, &p, "d", d);
    check_bias(report, &p, "d", d);
    row = ipl_report_find(report, "d=%zu likeness to the closed form with beta", d);
    ipl_finding_expect(row, ">= 0.98");
    like = ipl_verify_likeness(p.mean[LOGDET], p.limit, p.n_rho);
    ipl_finding_obtain(row, like >= 0.98 ? IPL_PASS : IPL_FAIL, "%.4f", like);
done:
    release(&p);
    return st;
}

ipl_status ipl_verify_dimension(ipl_report *report, const ipl_verify_task *task,
                                ipl_error *err)
{
    static const size_t dims[] = {3, 50, 100, 1000}, dims_quick[] = {3, 50, 1000};
    const size_t *d = task->quick ? dims_quick : dims, n = task->quick ? 3 : 4;
    ipl_status st = IPL_OK;

    report->columns = n;
    add_series(report, "logdet:scale=corr,beta=1", "LogDet, n = 128, {/Symbol b} = 1",
               "random-matrix theory for n = 128");
    (void)ipl_report_add_series(report, "closed form", "closed form, {/Symbol b} = 1",
                                "#009E73", 2);
    (void)ipl_report_add_series(report, "closed form without beta",
                                "closed form without {/Symbol b}", "#CC79A7", 2);
    (void)ipl_report_add_series(report, "ksg:k=3", "KSG, k = 3", "#D55E00", 1);
    (void)ipl_report_add_series(report, "gauss", "Gaussian, n > 2d only", "#E69F00", 1);
    for (size_t k = 0; k < 2 * n; k++) {
        ipl_report_panel *panel =
            ipl_report_add_panel(report, "{/Symbol r}", "I({/:Italic X};{/:Italic T})",
                                 k < n ? "d = %zu" : "d = %zu, from 0", d[k % n]);

        panel->step = 0.5;
        panel->from_zero = k >= n;
    }
    for (size_t k = 0; k < n && st == IPL_OK; k++)
        st = run_dimension(report, task, d[k], k, n, err);
    return st;
}

/* ---- mi-samples ---- */

/* d I / d ln beta at rho = 0: (n - 1) / 2 when X and T alone already fill n - 1 dimensions. */
static ipl_status check_saturation(ipl_report *report, const pairs *p, ipl_error *err)
{
    char text[48];
    const char *texts[] = {text};
    const double slope = ((double)p->n - 1.0) / 2.0;
    double more, got;
    ipl_finding *row;
    ipl_status st;

    (void)snprintf(text, sizeof text, "logdet:scale=corr,beta=%.17g", 10.0 * p->beta);
    st = ipl_verify_information(&more, texts, 1, ipl_cmat_f64(p->x, p->n, p->d),
                                ipl_cmat_f64(p->w, p->n, p->d), err);
    if (st != IPL_OK)
        return st;
    got = (more - p->values[p->n_rho / 2 * p->n_repeats * TEXTS]) / log(10.0);
    row = ipl_report_find(report, "n=%zu saturated: dI / d ln beta", p->n);
    ipl_finding_expect(row, "(n-1)/2 = %.1f", slope);
    ipl_finding_obtain(row, fabs(got - slope) <= 0.005 * slope ? IPL_PASS : IPL_FAIL,
                       "%.3f", got);
    got = ipl_verify_range(p->mean[LOGDET], p->n_rho) / p->mean[LOGDET][p->n_rho / 2];
    row = ipl_report_find(report, "n=%zu < d: I over all rho varies by, share", p->n);
    ipl_finding_expect(row, "<= 0.03, hides the dependence");
    ipl_finding_obtain(row, got <= 0.03 ? IPL_PASS : IPL_FAIL, "%.4f", got);
    return st;
}

static ipl_status run_samples(ipl_report *report, const ipl_verify_task *task, size_t n,
                              size_t panel, ipl_error *err)
{
    pairs p = {.n = n,
               .d = 1000,
               .n_rho = task->quick ? RHOS_QUICK : RHOS,
               .n_repeats = task->quick ? 1 : REPEATS,
               .beta = 100.0 * 2000.0,
               .texts = {"logdet:scale=corr,beta=200000"},
               .n_texts = 1};
    ipl_status st = reserve(&p, err);

    if (st == IPL_OK)
        st = measure_all(&p, task, err);
    if (st == IPL_OK) {
        add_theory(&p);
        draw_sample(report, panel, &p);
        check_shape(report, &p, "n", n);
        check_bias(report, &p, "n", n);
        st = check_saturation(report, &p, err);
    }
    release(&p);
    return st;
}

ipl_status ipl_verify_samples(ipl_report *report, const ipl_verify_task *task,
                              ipl_error *err)
{
    static const size_t samples[] = {128, 256, 512};
    ipl_status st = IPL_OK;

    add_series(report, "logdet:scale=corr,beta=200000", "LogDet, {/Symbol b} = 200000",
               "random-matrix theory for n samples");
    for (size_t k = 0; k < (task->quick ? 2u : 3u) && st == IPL_OK; k++) {
        ipl_report_add_panel(report, "{/Symbol r}", "I({/:Italic X};{/:Italic T})",
                             "d = 1000, n = %zu", samples[k])
            ->step = 0.5;
        st = run_samples(report, task, samples[k], k, err);
    }
    return st;
}
