/*
 * activation-gain: I(a; f(w a W)) for Gaussian a and the gain w from 0 to 10, f = tanh and
 * ReLU. The first steps of the even grid are divided further: a tanh layer of width 1000 is
 * saturated at w = 0.1.
 */
#include "base/alloc.h"
#include "ipl/estimator.h"
#include "run/verify_report.h"
#include "run/verify_tools.h"

#include <math.h>
#include <stdio.h>

enum { STEPS = 100, STEPS_QUICK = 10, FINE = 10, SAMPLES = 3000, SAMPLES_QUICK = 400 };

enum { TANH, RELU, ACTIVATIONS };

typedef struct gain {
    size_t n, d, n_w;
    double *w;                   /* (n_w) */
    double *a, *z, *t;           /* (n, d): the input, a W, the layer */
    double *values[ACTIVATIONS]; /* (n_w) */
    double h_input;              /* H(a) */
} gain;

static void release(gain *g)
{
    ipl_free(g->w);
    ipl_free(g->a);
    ipl_free(g->z);
    ipl_free(g->t);
    ipl_free(g->values[TANH]);
    ipl_free(g->values[RELU]);
}

/* 0, FINE values that grow by a constant factor up to the first step, then even steps. */
static void set_gains(double *w, size_t n_steps)
{
    const double step = 10.0 / (double)n_steps;

    w[0] = 0.0;
    for (size_t i = 0; i < FINE; i++)
        w[1 + i] = step * pow(10.0, -3.0 * (1.0 - (double)i / FINE));
    for (size_t i = 1; i <= n_steps; i++)
        w[FINE + i] = step * (double)i;
}

/* z = a W with W = 1 + N(0, 1). */
static ipl_status multiply(gain *g, ipl_error *err)
{
    const size_t d = g->d;
    double *matrix = ipl_array(d, d, sizeof *matrix, err);

    if (!matrix)
        return IPL_E_NOMEM;
    ipl_verify_normal(matrix, d * d, (uint32_t)d, 1);
    for (size_t r = 0; r < g->n; r++) {
        double *z = g->z + r * d;

        for (size_t i = 0; i < d; i++)
            for (size_t j = 0; j < d; j++)
                z[j] += g->a[r * d + i] * (1.0 + matrix[i * d + j]);
    }
    ipl_free(matrix);
    return IPL_OK;
}

static ipl_status reserve(gain *g, size_t n_steps, ipl_error *err)
{
    g->n_w = n_steps + FINE + 1;
    g->w = ipl_array(g->n_w, 1, sizeof *g->w, err);
    g->a = ipl_array(g->n, g->d, sizeof *g->a, err);
    g->z = ipl_array(g->n, g->d, sizeof *g->z, err);
    g->t = ipl_array(g->n, g->d, sizeof *g->t, err);
    g->values[TANH] = ipl_array(g->n_w, 1, sizeof *g->values[TANH], err);
    g->values[RELU] = ipl_array(g->n_w, 1, sizeof *g->values[RELU], err);
    if (!g->w || !g->a || !g->z || !g->t || !g->values[TANH] || !g->values[RELU])
        return IPL_E_NOMEM;
    set_gains(g->w, n_steps);
    ipl_verify_normal(g->a, g->n * g->d, (uint32_t)g->d, 0);
    return multiply(g, err);
}

/* All gains of one activation; the plane keeps the Gram matrix of a. */
static ipl_status measure_gains(gain *g, ipl_plane *plane, int activation, ipl_error *err)
{
    const ipl_cmat t = ipl_cmat_f64(g->t, g->n, g->d);
    ipl_status st = IPL_OK;

    for (size_t i = 0; i < g->n_w && st == IPL_OK; i++) {
        ipl_measures m;

        for (size_t j = 0; j < g->n * g->d; j++) {
            const double z = g->w[i] * g->z[j];

            g->t[j] = activation == TANH ? tanh(z) : fmax(z, 0.0);
        }
        st = ipl_plane_measure(&m, plane, &t, 1, err);
        if (st == IPL_OK) {
            g->values[activation][i] = m.I_XT;
            g->h_input = m.H_X;
        }
    }
    return st;
}

static ipl_status measure_all(gain *g, ipl_pool *pool, ipl_error *err)
{
    char text[48];
    const char *texts[] = {text};
    const ipl_plane_opts opts = {.estimators = texts,
                                 .n_estimators = 1,
                                 .n_layers = 1,
                                 .widths = &g->d,
                                 .pool = pool};
    ipl_plane *plane = NULL;
    ipl_status st;

    (void)snprintf(text, sizeof text, "logdet:scale=cov,beta=%zu", 200 * g->d);
    st = ipl_plane_create(&plane, &opts, ipl_cmat_f64(g->a, g->n, g->d), NULL, err);
    for (int f = 0; f < ACTIVATIONS && st == IPL_OK; f++)
        st = measure_gains(g, plane, f, err);
    ipl_plane_destroy(plane);
    return st;
}

static size_t highest(const double *v, size_t n)
{
    size_t top = 0;

    for (size_t i = 0; i < n; i++)
        top = v[i] > v[top] ? i : top;
    return top;
}

static void check_gain(ipl_report *report, const gain *g)
{
    const size_t last = g->n_w - 1, peak = highest(g->values[TANH], g->n_w);
    const double *tanhs = g->values[TANH], *relus = g->values[RELU];
    const size_t rises = ipl_verify_rises(relus, g->n_w, 0.0);
    const double most = fmax(tanhs[peak], relus[highest(relus, g->n_w)]);
    const double share = relus[1] / tanhs[1];
    ipl_finding *row;

    row = ipl_report_find(report, "d=%zu a constant layer: I at w = 0", g->d);
    ipl_finding_expect(row, "0");
    ipl_finding_obtain(row, fabs(tanhs[0]) + fabs(relus[0]) <= 1e-9 ? IPL_PASS : IPL_FAIL,
                       "%.3g, %.3g", tanhs[0], relus[0]);
    row = ipl_report_find(report, "d=%zu tanh rises and falls: I(10) / highest I", g->d);
    ipl_finding_expect(row, "<= 0.95, the highest inside");
    ipl_finding_obtain(row,
                       peak > 0 && tanhs[last] <= 0.95 * tanhs[peak] ? IPL_PASS : IPL_FAIL,
                       "%.3f, highest %.2f at w = %.3g", tanhs[last] / tanhs[peak],
                       tanhs[peak], g->w[peak]);
    row = ipl_report_find(report, "d=%zu ReLU rises and stays", g->d);
    ipl_finding_expect(row, "%zu of %zu steps up", last, last);
    ipl_finding_obtain(row, rises == last ? IPL_PASS : IPL_FAIL, "%zu of %zu, to %.2f",
                       rises, last, relus[last]);
    /* ReLU passes half of the covariance: a quarter of I while I is small, then more. */
    row = ipl_report_find(report, "d=%zu smallest gain: I(ReLU) / I(tanh)", g->d);
    ipl_finding_expect(row, "0.2 ... 0.8, 1/4 for small I");
    ipl_finding_obtain(row, share >= 0.2 && share <= 0.8 ? IPL_PASS : IPL_FAIL, "%.4f",
                       share);
    row = ipl_report_find(report, "d=%zu largest I / H(a)", g->d);
    ipl_finding_expect(row, "<= 1");
    ipl_finding_obtain(row, most <= g->h_input * (1.0 + 1e-9) ? IPL_PASS : IPL_FAIL, "%.4f",
                       most / g->h_input);
}

static ipl_status run_gain(ipl_report *report, const ipl_verify_task *task, size_t d,
                           size_t panel, size_t n_dims, ipl_error *err)
{
    gain g = {.n = task->quick ? SAMPLES_QUICK : SAMPLES, .d = d};
    ipl_status st = reserve(&g, task->quick ? STEPS_QUICK : STEPS, err);

    if (st == IPL_OK)
        st = measure_all(&g, task->pool, err);
    for (size_t f = 0; f < ACTIVATIONS && st == IPL_OK; f++) {
        ipl_report_add_curve(report, panel, f, g.w, g.values[f], g.n_w);
        /* A logarithmic axis has no place for w = 0. */
        ipl_report_add_curve(report, n_dims + panel, f, g.w + 1, g.values[f] + 1,
                             g.n_w - 1);
    }
    if (st == IPL_OK)
        check_gain(report, &g);
    release(&g);
    return st;
}

ipl_status ipl_verify_gain(ipl_report *report, const ipl_verify_task *task, ipl_error *err)
{
    static const size_t dims[] = {10, 100, 500, 1000}, dims_quick[] = {10, 50};
    const size_t *d = task->quick ? dims_quick : dims, n = task->quick ? 2 : 4;
    ipl_status st = IPL_OK;

    report->columns = n;
    (void)ipl_report_add_series(report, "tanh", "tanh", NULL, 1);
    (void)ipl_report_add_series(report, "ReLU", "ReLU", NULL, 1);
    for (size_t k = 0; k < 2 * n; k++) {
        ipl_report_panel *panel = ipl_report_add_panel(
            report, "gain w", "I({/:Italic a};f({/:Italic w a W}))", "d = %zu", d[k % n]);

        panel->log_x = k >= n;
        panel->from_zero = true;
    }
    for (size_t k = 0; k < n && st == IPL_OK; k++)
        st = run_gain(report, task, d[k], k, n, err);
    return st;
}
