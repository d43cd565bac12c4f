/*
 * student-teacher: a linear net learns the sign of a noisy linear teacher, so that what its
 * layers keep of the Gaussian inputs is known at every epoch. With T = W x, x ~ N(0, I) and
 * noise Z ~ N(0, v I) added to the layer,
 *
 *     I(x; T+Z)          = 1/2 log det(I + W W' / v)
 *     I(relevant; T+Z)   = 1/2 log det(I + W W' / v) - 1/2 log det(I + W_i W_i' / v)
 *     I(irrelevant; T+Z) = 1/2 log det(I + W W' / v) - 1/2 log det(I + W_r W_r' / v)
 *
 * W_r and W_i being the columns of W for the relevant and the irrelevant inputs. LogDet, which
 * has noise of variance 1/beta on both sides, has its own:
 *
 *     I_beta(x;T) = 1/2 log det(I + beta W W') - 1/2 log det(I + beta / (1 + beta) W W').
 *
 * KDE is given T without noise, as its variance is that noise; gauss and KSG get T + Z.
 *
 * source  Saxe et al., ICLR 2018, linear student and teacher; differs: the sign is learned,
 *         inputs have variance 1, and the sizes are ours
 */
#include "base/alloc.h"
#include "ipl/dataset.h"
#include "ipl/net.h"
#include "math/linalg.h"
#include "run/verify_report.h"
#include "run/verify_tools.h"
#include "run/when.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { D = 30, RELEVANT = 10, HIDDEN = 5, OUTPUTS = 2, LAYERS = 2, BATCH = 10 };
enum { TRAINED = 500, PROBED = 2000, EPOCHS = 100, EPOCHS_QUICK = 10, TIMES = 25 };

#define V 0.1 /* variance of the noise */
#define DATA "teacher:n=2500,d=30,relevant=10,snr=4"

/* What is measured on T, and what on T + Z. */
enum { KDE_UP, KDE_LOW, LOGDET, PLAIN, GAUSS = PLAIN, KSG, MEASURED };
static const char *const texts[MEASURED] = {"kde:var=0.1,bound=upper",
                                            "kde:var=0.1,bound=lower",
                                            "logdet:scale=cov,beta=10", "gauss", "ksg:k=3"};

/* Closed forms. */
enum { ALL, OF_RELEVANT, OF_IRRELEVANT, OF_LOGDET, EXACT };

/* One layer over the measured epochs. */
typedef struct course {
    double exact[EXACT][TIMES + 2], got[MEASURED][TIMES + 2];
} course;

typedef struct school {
    ipl_dataset *ds;
    ipl_net *net;
    const ipl_verify_task *task;
    size_t epochs, n_times;
    bool due[EPOCHS + 1];
    double epoch[TIMES + 2];
    course layer[LAYERS];
    double *x, *t, *noisy; /* (PROBED, D), (PROBED, HIDDEN) twice */
    float *tap[LAYERS];    /* (PROBED, width) */
} school;

static void release(school *s)
{
    ipl_net_destroy(s->net);
    ipl_dataset_destroy(s->ds);
    ipl_free(s->x);
    ipl_free(s->t);
    ipl_free(s->noisy);
    for (size_t i = 0; i < LAYERS; i++)
        ipl_free(s->tap[i]);
    ipl_free(s);
}

/* Where a batch starts in the training part. */
typedef struct place {
    const school *school;
    size_t at;
} place;

static void fill_training(float *x, int32_t *y, const void *source, size_t first, size_t n)
{
    const place *p = source;

    ipl_dataset_gather(x, y, p->school->ds, IPL_TRAIN, NULL, p->at + first, n);
}

static void fill_probe(float *x, int32_t *y, const void *source, size_t first, size_t n)
{
    const school *s = source;

    ipl_dataset_gather(x, y, s->ds, IPL_TEST, NULL, first, n);
}

static ipl_status prepare(school *s, ipl_error *err)
{
    const ipl_data_opts data = {
        .text = DATA, .train_share = (double)TRAINED / (TRAINED + PROBED), .seed = 1};
    ipl_net_opts opts = {.text = "dense:units=5 dense:units=2",
                         .activation = "identity",
                         .loss = "mse",
                         .optimiser = "sgd:lr=0.02",
                         .init = "default",
                         .batch = PROBED,
                         .seed = 1,
                         .pool = s->task->pool};
    ipl_status st = ipl_dataset_open(&s->ds, &data, err);

    if (st != IPL_OK)
        return st;
    opts.input = ipl_dataset_info(s->ds)->shape;
    opts.n_classes = ipl_dataset_info(s->ds)->n_classes;
    st = ipl_net_create(&s->net, &opts, err);
    if (st != IPL_OK)
        return st;
    s->x = ipl_array(PROBED, D, sizeof *s->x, err);
    s->t = ipl_array(PROBED, HIDDEN, sizeof *s->t, err);
    s->noisy = ipl_array(PROBED, HIDDEN, sizeof *s->noisy, err);
    s->tap[0] = ipl_array(PROBED, HIDDEN, sizeof **s->tap, err);
    s->tap[1] = ipl_array(PROBED, OUTPUTS, sizeof **s->tap, err);
    if (!s->x || !s->t || !s->noisy || !s->tap[0] || !s->tap[1])
        return IPL_E_NOMEM;
    for (size_t i = 0; i < PROBED; i++) {
        float x[D];

        ipl_dataset_gather(x, NULL, s->ds, IPL_TEST, NULL, i, 1);
        for (size_t k = 0; k < D; k++)
            s->x[i * D + k] = (double)x[k];
    }
    return ipl_when_parse(s->due, s->epochs, s->task->quick ? "log:6" : "log:25", "measure",
                          err);
}

/* 1/2 log det(I + scale W W') over columns first ... end - 1 of W (u, D). */
static ipl_status half_logdet(double *out, const double *W, size_t u, size_t first,
                              size_t end, double scale, ipl_error *err)
{
    double G[HIDDEN * HIDDEN];
    ipl_status st;

    for (size_t i = 0; i < u; i++)
        for (size_t j = 0; j < u; j++) {
            G[i * u + j] = i == j ? 1.0 : 0.0;
            for (size_t k = first; k < end; k++)
                G[i * u + j] += scale * W[i * D + k] * W[j * D + k];
        }
    st = ipl_cholesky(G, u, NULL, err);
    if (st == IPL_OK)
        *out = 0.5 * ipl_cholesky_logdet(G, u);
    return st;
}

/* The closed forms of a layer x -> W x. */
static ipl_status know(double exact[EXACT], const double *W, size_t u, ipl_error *err)
{
    const double beta = 1.0 / V;
    double all = 0.0, relevant = 0.0, irrelevant = 0.0, shared = 0.0;
    ipl_status st = half_logdet(&all, W, u, 0, D, 1.0 / V, err);

    if (st == IPL_OK)
        st = half_logdet(&relevant, W, u, 0, RELEVANT, 1.0 / V, err);
    if (st == IPL_OK)
        st = half_logdet(&irrelevant, W, u, RELEVANT, D, 1.0 / V, err);
    if (st == IPL_OK)
        st = half_logdet(&shared, W, u, 0, D, beta / (1.0 + beta), err);
    exact[ALL] = all;
    exact[OF_RELEVANT] = all - irrelevant;
    exact[OF_IRRELEVANT] = all - relevant;
    exact[OF_LOGDET] = all - shared; /* beta is 1 / V */
    return st;
}

/* W of the first layer, and of both together. */
static void weights(double *W1, double *W2, const school *s)
{
    float first[HIDDEN * D], second[OUTPUTS * HIDDEN];

    (void)ipl_net_copy_param(first, s->net, 0);
    (void)ipl_net_copy_param(second, s->net, 2); /* 1 is the bias */
    for (size_t i = 0; i < (size_t)HIDDEN * D; i++)
        W1[i] = (double)first[i];
    for (size_t i = 0; i < (size_t)OUTPUTS * D; i++) {
        W2[i] = 0.0;
        for (size_t j = 0; j < HIDDEN; j++)
            W2[i] += (double)second[i / D * HIDDEN + j] * W1[j * D + i % D];
    }
}

static ipl_status measure_layer(school *s, size_t l, size_t u, ipl_error *err)
{
    const ipl_cmat x = ipl_cmat_f64(s->x, PROBED, D);
    double got[MEASURED];
    ipl_status st;

    ipl_verify_normal(s->noisy, PROBED * u, 901, (uint32_t)l);
    for (size_t i = 0; i < PROBED * u; i++) {
        s->t[i] = (double)s->tap[l][i];
        s->noisy[i] = s->t[i] + sqrt(V) * s->noisy[i];
    }
    st = ipl_verify_information(got, texts, PLAIN, x, ipl_cmat_f64(s->t, PROBED, u), err);
    if (st == IPL_OK)
        st = ipl_verify_information(got + PLAIN, texts + PLAIN, MEASURED - PLAIN, x,
                                    ipl_cmat_f64(s->noisy, PROBED, u), err);
    for (size_t k = 0; k < MEASURED && st == IPL_OK; k++)
        s->layer[l].got[k][s->n_times] = got[k];
    return st;
}

static ipl_status measure(school *s, size_t epoch, ipl_error *err)
{
    const ipl_batch probe = {.n = PROBED, .fill = fill_probe, .source = s};
    double W1[HIDDEN * D], W2[OUTPUTS * D], exact[EXACT];
    ipl_status st = IPL_OK;

    ipl_net_probe(s->tap, s->net, &probe);
    weights(W1, W2, s);
    for (size_t l = 0; l < LAYERS && st == IPL_OK; l++) {
        const size_t u = l == 0 ? HIDDEN : OUTPUTS;

        st = know(exact, l == 0 ? W1 : W2, u, err);
        for (size_t k = 0; k < EXACT && st == IPL_OK; k++)
            s->layer[l].exact[k][s->n_times] = exact[k];
        if (st == IPL_OK)
            st = measure_layer(s, l, u, err);
    }
    s->epoch[s->n_times++] = epoch > 0 ? (double)epoch : 0.5; /* drawn before the first */
    return st;
}

static ipl_status teach(school *s, ipl_error *err)
{
    ipl_status st = IPL_OK;

    for (size_t e = 0; e <= s->epochs && st == IPL_OK; e++) {
        if (s->due[e])
            st = measure(s, e, err);
        for (size_t b = 0; b < TRAINED / BATCH && e < s->epochs && st == IPL_OK; b++) {
            const place at = {s, b * BATCH};
            const ipl_batch batch = {.n = BATCH, .fill = fill_training, .source = &at};
            ipl_batch_sums sums;

            st = ipl_net_train_batch(&sums, s->net, &batch, 0.02, e,
                                     e * (TRAINED / BATCH) + b, err);
        }
    }
    return st;
}

/* Largest relative distance of a measure from a closed form. */
static double apart(const school *s, const double *got, const double *exact)
{
    double worst = 0.0;

    for (size_t i = 0; i < s->n_times; i++)
        worst = ipl_verify_worse(worst, fabs(got[i] - exact[i]) / exact[i]);
    return worst;
}

static void check_near(ipl_report *report, const school *s, const char *what, size_t l,
                       const double *got, const double *exact, double share)
{
    const double worst = apart(s, got, exact);
    ipl_finding *row =
        ipl_report_find(report, "%s layer: %s", l == 0 ? "hidden" : "output", what);

    ipl_finding_expect(row, "within %.0f %% of the closed form", 100.0 * share);
    ipl_finding_obtain(row, worst <= share ? IPL_PASS : IPL_FAIL, "within %.1f %%",
                       100.0 * worst);
}

/* KDE's bounds around the exact value, 2 % left to the sample. */
static void check_bounds(ipl_report *report, const school *s, size_t l)
{
    const course *c = &s->layer[l];
    size_t inside = 0;
    ipl_finding *row =
        ipl_report_find(report, "%s layer: KDE bounds hold", l == 0 ? "hidden" : "output");

    for (size_t i = 0; i < s->n_times; i++)
        inside += c->got[KDE_LOW][i] <= 1.02 * c->exact[ALL][i] &&
                  c->got[KDE_UP][i] >= 0.98 * c->exact[ALL][i];
    ipl_finding_expect(row, "at all %zu epochs, to 2 %%", s->n_times);
    ipl_finding_obtain(row, inside == s->n_times ? IPL_PASS : IPL_FAIL, "at %zu", inside);
}

static void check(ipl_report *report, const school *s)
{
    const course *out = &s->layer[1];
    const size_t last = s->n_times - 1;
    ipl_finding *row;

    for (size_t l = 0; l < LAYERS; l++) {
        const course *c = &s->layer[l];

        check_near(report, s, "gauss of T + noise", l, c->got[GAUSS], c->exact[ALL], 0.05);
        check_near(report, s, "LogDet, its own", l, c->got[LOGDET], c->exact[OF_LOGDET],
                   0.05);
        check_bounds(report, s, l);
        ipl_finding_obtain(ipl_report_find(report, "%s layer: KSG of T + noise",
                                           l == 0 ? "hidden" : "output"),
                           IPL_NOTE, "%.3g at the end, exact %.3g", c->got[KSG][last],
                           c->exact[ALL][last]);
    }
    row = ipl_report_find(report, "output: irrelevant inputs are forgotten");
    ipl_finding_expect(row, "ends below a tenth of the start");
    ipl_finding_obtain(
        row,
        out->exact[OF_IRRELEVANT][last] < 0.1 * out->exact[OF_IRRELEVANT][0] ? IPL_PASS
                                                                             : IPL_FAIL,
        "%.3g to %.3g nats", out->exact[OF_IRRELEVANT][0], out->exact[OF_IRRELEVANT][last]);
    row = ipl_report_find(report, "output: relevant inputs outweigh them at the end");
    ipl_finding_expect(row, "I(relevant) > I(irrelevant)");
    ipl_finding_obtain(
        row,
        out->exact[OF_RELEVANT][last] > out->exact[OF_IRRELEVANT][last] ? IPL_PASS
                                                                        : IPL_FAIL,
        "%.3g, %.3g nats", out->exact[OF_RELEVANT][last], out->exact[OF_IRRELEVANT][last]);
}

static void add(ipl_report *report, const school *s, size_t panel, size_t series,
                const double *v)
{
    ipl_report_add_curve(report, panel, series, s->epoch, v, s->n_times);
}

/* I over the epochs; what is a title with a place for the layer. */
static void add_panel(ipl_report *report, bool from_zero, const char *what,
                      const char *layer)
{
    char title[IPL_FINDING_TEXT];
    ipl_report_panel *panel;

    (void)snprintf(title, sizeof title, "%s, %s", layer, what);
    panel = ipl_report_add_panel(report, "epoch", "I({/:Italic X};{/:Italic T}) [nats]",
                                 "%s", title);
    panel->log_x = true;
    panel->from_zero = from_zero;
}

static void draw(ipl_report *report, const school *s)
{
    static const char *const names[LAYERS] = {"hidden layer", "output"};
    const size_t exact = ipl_report_add_series(report, "exact", "exact", "#000000", 1);
    const size_t up = ipl_report_add_series(report, "kde upper", "KDE, upper", NULL, 2);
    const size_t low = ipl_report_add_series(report, "kde lower", "KDE, lower", NULL, 2);
    const size_t gauss =
        ipl_report_add_series(report, "gauss", "gauss, T + noise", NULL, 3);
    const size_t ksg = ipl_report_add_series(report, "ksg", "KSG, T + noise", NULL, 3);
    const size_t logdet =
        ipl_report_add_series(report, "logdet", "LogDet, {/Symbol b} = 10", NULL, 2);
    const size_t rel =
        ipl_report_add_series(report, "relevant", "relevant inputs, exact", "#009E73", 1);
    const size_t irr = ipl_report_add_series(report, "irrelevant",
                                             "irrelevant inputs, exact", "#D55E00", 1);

    for (size_t l = 0; l < LAYERS; l++) {
        const course *c = &s->layer[l];

        add_panel(report, true, "noise 0.1", names[l]);
        add(report, s, report->n_panels - 1, exact, c->exact[ALL]);
        add(report, s, report->n_panels - 1, up, c->got[KDE_UP]);
        add(report, s, report->n_panels - 1, low, c->got[KDE_LOW]);
        add(report, s, report->n_panels - 1, gauss, c->got[GAUSS]);
        add(report, s, report->n_panels - 1, ksg, c->got[KSG]);
    }
    for (size_t l = 0; l < LAYERS; l++) {
        const course *c = &s->layer[l];

        add_panel(report, false, "LogDet and its closed form", names[l]);
        add(report, s, report->n_panels - 1, exact, c->exact[OF_LOGDET]);
        add(report, s, report->n_panels - 1, logdet, c->got[LOGDET]);
    }
    for (size_t l = 0; l < LAYERS; l++) {
        const course *c = &s->layer[l];

        add_panel(report, true, "what it keeps", names[l]);
        add(report, s, report->n_panels - 1, rel, c->exact[OF_RELEVANT]);
        add(report, s, report->n_panels - 1, irr, c->exact[OF_IRRELEVANT]);
    }
    report->columns = 2;
}

ipl_status ipl_verify_teacher(ipl_report *report, const ipl_verify_task *task,
                              ipl_error *err)
{
    school *s = ipl_array(1, 1, sizeof *s, err);
    ipl_status st;

    if (!s)
        return IPL_E_NOMEM;
    s->task = task;
    s->epochs = task->quick ? EPOCHS_QUICK : EPOCHS;
    st = prepare(s, err);
    if (st == IPL_OK)
        st = teach(s, err);
    if (st == IPL_OK) {
        draw(report, s);
        check(report, s);
    }
    release(s);
    return st;
}
