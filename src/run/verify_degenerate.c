/*
 * degenerate: entropy of real images while they are replaced by images of one class, with
 * Gaussian noise. The samples of a share contain those of every smaller one, the noise is the
 * same for all shares, and values are means over the classes and over the noise with both
 * signs, so that its chance correlation with the images cancels to first order.
 */
#include "base/alloc.h"
#include "ipl/dataset.h"
#include "run/verify_report.h"
#include "run/verify_tools.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CONTENDERS = 5, LEVELS = 6, SHARES = 11, SHARES_QUICK = 5, N = 500, N_QUICK = 100 };

#define SLACK 0.03 /* share of the range that a step may go up */

static const char *const texts[CONTENDERS] = {"logdet:scale=cov,beta=1", "renyi:alpha=1.01",
                                              "kde:var=0.1", "kl:k=3",
                                              "binning:rule=softmax,bins=10"};
static const char *const names[CONTENDERS] = {
    "LogDet, {/Symbol b} = 1", "R\xC3\xA9nyi, {/Symbol a} = 1.01",
    "KDE, {/Symbol s}^2 = 0.1", "kNN, k = 3", "softmax, 10 bins"};
static const double levels[LEVELS] = {0.0, 0.2, 0.3, 0.6, 0.8, 1.0};
static const double levels_quick[] = {0.0, 0.3};

typedef struct mixture {
    size_t n, d, n_classes, n_shares, n_levels;
    size_t n_draws;      /* of a mean: classes, each with both signs of the noise */
    const double *level; /* (n_levels), standard deviation of the noise */
    float *mixed;        /* (n, d), images of all classes */
    float *same;         /* (n_classes, n, d), images of one */
    double *noise;       /* (n, d) */
    double *values;      /* (n_levels, n_shares, n_draws, CONTENDERS) */
    double *share;       /* (n_shares) */
    double *mean;        /* (CONTENDERS, n_levels, n_shares) */
} mixture;

static void release(mixture *m)
{
    ipl_free(m->mixed);
    ipl_free(m->same);
    ipl_free(m->noise);
    ipl_free(m->values);
    ipl_free(m->share);
    ipl_free(m->mean);
}

static ipl_status reserve(mixture *m, ipl_error *err)
{
    const size_t size = m->n * m->d, curves = m->n_levels * m->n_shares;

    m->mixed = ipl_array(m->n, m->d, sizeof *m->mixed, err);
    m->same = ipl_array(m->n_classes, size, sizeof *m->same, err);
    m->noise = ipl_array(m->n, m->d, sizeof *m->noise, err);
    m->values = ipl_array(curves, m->n_draws * CONTENDERS, sizeof *m->values, err);
    m->share = ipl_array(m->n_shares, 1, sizeof *m->share, err);
    m->mean = ipl_array(CONTENDERS, curves, sizeof *m->mean, err);
    if (!m->mixed || !m->same || !m->noise || !m->values || !m->share || !m->mean)
        return IPL_E_NOMEM;
    ipl_verify_normal(m->noise, size, (uint32_t)m->d, 0);
    ipl_verify_grid(m->share, m->n_shares, 0.0, 1.0);
    return IPL_OK;
}

/*
 * Images of the training part in their order: the first of every class make the mixture, the
 * classes taking turns, the next n of it are those of one class.
 */
static ipl_status gather(mixture *m, const ipl_dataset *ds, ipl_error *err)
{
    const ipl_data_info *info = ipl_dataset_info(ds);

    for (size_t c = 0; c < m->n_classes; c++) {
        const size_t n_mixed = (m->n + m->n_classes - 1 - c) / m->n_classes;
        size_t found = 0;

        for (size_t i = 0; i < info->n[IPL_TRAIN] && found < n_mixed + m->n; i++) {
            if (ipl_dataset_label(ds, IPL_TRAIN, i) != (int32_t)c)
                continue;
            ipl_dataset_gather(found < n_mixed
                                   ? m->mixed + (found * m->n_classes + c) * m->d
                                   : m->same + (c * m->n + found - n_mixed) * m->d,
                               NULL, ds, IPL_TRAIN, NULL, i, 1);
            found++;
        }
        if (found < n_mixed + m->n)
            return ipl_fail(err, IPL_E_SHAPE, "%s: %zu images of class %zu, want %zu",
                            info->name, found, c, n_mixed + m->n);
    }
    return IPL_OK;
}

/* Point i: level, share, class and sign, the sign running fastest. */
static ipl_status measure_point(void *job, size_t i, ipl_error *err)
{
    const mixture *m = job;
    const size_t c = i % m->n_draws / 2, s = i / m->n_draws % m->n_shares;
    const double sigma = (i % 2 ? -1.0 : 1.0) * m->level[i / m->n_draws / m->n_shares];
    const size_t n_same = (size_t)lround(m->share[s] * (double)m->n) * m->d;
    double *t = ipl_array(m->n, m->d, sizeof *t, err);
    ipl_status st = IPL_E_NOMEM;

    if (t) {
        for (size_t j = 0; j < m->n * m->d; j++)
            t[j] = (double)(j < n_same ? m->same[c * m->n * m->d + j] : m->mixed[j]) +
                   sigma * m->noise[j];
        st = ipl_verify_entropies(m->values + i * CONTENDERS, texts, CONTENDERS,
                                  ipl_cmat_f64(t, m->n, m->d), err);
    }
    ipl_free(t);
    return st;
}

/* Values of contender k at a level over the shares. */
static double *curve(const mixture *m, size_t k, size_t level)
{
    return m->mean + (k * m->n_levels + level) * m->n_shares;
}

static void average(mixture *m)
{
    for (size_t k = 0; k < CONTENDERS; k++)
        for (size_t i = 0; i < m->n_levels * m->n_shares; i++) {
            double sum = 0.0;

            for (size_t c = 0; c < m->n_draws; c++)
                sum += m->values[(i * m->n_draws + c) * CONTENDERS + k];
            m->mean[k * m->n_levels * m->n_shares + i] = sum / (double)m->n_draws;
        }
}

/*
 * Some of the range is left to the sample: from the uniform mixture the mean over the
 * classes starts with slope 0, so that its first step is all noise.
 */
static void check(ipl_report *report, const mixture *m)
{
    const size_t steps = m->n_shares - 1;

    for (size_t i = 0; i < m->n_levels * CONTENDERS; i++) {
        const size_t l = i / CONTENDERS, k = i % CONTENDERS;
        const double *v = curve(m, k, l);
        const size_t falls = ipl_verify_falls(v, m->n_shares, SLACK);
        const ipl_verdict verdict = falls == steps && v[steps] < v[0] ? IPL_PASS : IPL_FAIL;
        ipl_finding *row =
            ipl_report_find(report, "noise %.1f: %.*s falls with the share", m->level[l],
                            (int)strcspn(texts[k], ":"), texts[k]);

        if (k == 0)
            ipl_finding_expect(row, "%zu of %zu steps down, to %.0f %%", steps, steps,
                               100.0 * SLACK);
        ipl_finding_obtain(row, k == 0 ? verdict : IPL_NOTE,
                           "%zu of %zu, from %.4g to %.4g", falls, steps, v[0], v[steps]);
    }
}

/* The first data set of real images that is on this machine; NULL: none. */
static ipl_status open_images(ipl_dataset **out, ipl_error *err)
{
    static const char *const sets[] = {"fashion-mnist", "mnist"};

    *out = NULL;
    for (size_t i = 0; i < 2; i++) {
        const ipl_data_opts opts = {.text = sets[i], .classes = "", .seed = 1};
        const ipl_status st = ipl_dataset_open(out, &opts, err);

        if (st != IPL_E_NOINPUT)
            return st;
    }
    return IPL_OK;
}

static void draw(ipl_report *report, const mixture *m, const char *name)
{
    char title[IPL_FINDING_TEXT];

    report->columns = m->n_levels <= 3 ? m->n_levels : 3;
    for (size_t k = 0; k < CONTENDERS; k++)
        (void)ipl_report_add_series(report, texts[k], names[k], NULL, 1);
    for (size_t l = 0; l < m->n_levels; l++) {
        (void)snprintf(title, sizeof title, "%s, noise %.1f", name, m->level[l]);
        ipl_report_add_shape_panel(report, "share of one class", title);
        for (size_t k = 0; k < CONTENDERS; k++)
            ipl_report_add_shape(report, l, k, m->share, curve(m, k, l), m->n_shares);
    }
}

ipl_status ipl_verify_degenerate(ipl_report *report, const ipl_verify_task *task,
                                 ipl_error *err)
{
    mixture m = {.n = task->quick ? N_QUICK : N,
                 .n_shares = task->quick ? SHARES_QUICK : SHARES,
                 .n_levels = task->quick ? 2 : LEVELS,
                 .level = task->quick ? levels_quick : levels};
    ipl_dataset *ds = NULL;
    ipl_status st = open_images(&ds, err);

    if (st != IPL_OK)
        return st;
    if (!ds) {
        ipl_finding_obtain(ipl_report_find(report, "real images"), IPL_SKIPPED,
                           "none here; scripts/fetch_datasets.sh fashion-mnist gets them");
        return IPL_OK;
    }
    m.d = ipl_shape_size(ipl_dataset_info(ds)->shape);
    m.n_classes = ipl_dataset_info(ds)->n_classes;
    m.n_draws = 2 * m.n_classes;
    st = reserve(&m, err);
    if (st == IPL_OK)
        st = gather(&m, ds, err);
    if (st == IPL_OK)
        st = ipl_verify_sweep(task->pool, m.n_levels * m.n_shares * m.n_draws,
                              measure_point, &m, err);
    if (st == IPL_OK) {
        average(&m);
        draw(report, &m, ipl_dataset_info(ds)->name);
        check(report, &m);
    }
    release(&m);
    ipl_dataset_destroy(ds);
    return st;
}
