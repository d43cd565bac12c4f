#include "run/verify_nets.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "math/stats.h"
#include "run/plot_run.h"
#include "run/run_dir.h"
#include "run/summary.h"
#include "run/trainer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Trends: shares of a maximum. */
#define STEP 0.01
#define FALL 0.05

/* Degrees of freedom of a deviation that comes from other nets than the source's one. */
#define OF_OTHERS 2.0

/* Standard errors by which the mean over the nets may be off. */
#define ERRORS 4.0

static const char *const symbols[IPL_NET_FIELDS + 1] = {
    "I(X;T)", "I(T;Y)", "I_c(T;Y)", "LTC", "H(T)", "H(Y)", "test accuracy"};

/* The nets of an experiment: what they recorded, and one estimator of it. */
typedef struct nets {
    const ipl_net_experiment *what;
    const ipl_net_version *version;
    const ipl_verify_task *task;
    ipl_net_list expected;
    size_t n, epochs;
    ipl_table **tables; /* (n) of information.csv */
    double *accuracy;   /* (n) test accuracy at the end */
    double *scores;     /* (n) scratch */
    const char *wanted; /* estimator whose tracks are loaded */
    char estimator[IPL_ESTIMATOR_MAX];
    ipl_track *tracks; /* (n) */
} nets;

static void unload(nets *s)
{
    for (size_t k = 0; s->tracks && k < s->n; k++)
        ipl_track_release(&s->tracks[k]);
    s->wanted = NULL;
}

static void release(nets *s)
{
    unload(s);
    for (size_t k = 0; s->tables && k < s->n; k++)
        ipl_table_destroy(s->tables[k]);
    ipl_net_list_release(&s->expected);
    ipl_free(s->tracks);
    ipl_free(s->scores);
    ipl_free(s->accuracy);
    ipl_free(s->tables);
}

static ipl_status apply(ipl_experiment *exp, const char *name, const char *value,
                        ipl_error *err)
{
    return ipl_opt_set(exp, ipl_opt_find(ipl_experiment_opts, name), value, err);
}

/* The preset with the settings of the version. */
static ipl_status resolve(ipl_experiment *exp, const nets *s, size_t k, ipl_error *err)
{
    char path[IPL_PATH_MAX], number[32];
    ipl_status st = ipl_preset_find(path, s->what->name, err);

    ipl_opt_init(exp, ipl_experiment_opts);
    if (st == IPL_OK)
        st = ipl_experiment_read(exp, path, err);
    for (const ipl_net_setting *set = s->version->settings; set->name && st == IPL_OK;
         set++)
        st = apply(exp, set->name, set->value, err);
    (void)snprintf(number, sizeof number, "%zu", s->epochs);
    if (st == IPL_OK)
        st = apply(exp, "epochs", number, err);
    (void)snprintf(number, sizeof number, "%zu", k + 1);
    if (st == IPL_OK)
        st = apply(exp, "seed", number, err);
    return st == IPL_OK ? ipl_experiment_name(exp, s->what->name, err) : st;
}

/*
 * Whether the folder holds this experiment, finished. One that was interrupted goes on;
 * another one stays as it is.
 */
static ipl_status look(bool *done, const char *folder, const ipl_experiment *exp,
                       ipl_error *err)
{
    char path[IPL_PATH_MAX];
    ipl_experiment *there = NULL;
    ipl_text a = {0}, b = {0};
    ipl_status st = ipl_path_join(path, folder, "experiment.ini", err);

    *done = false;
    if (st != IPL_OK || !ipl_file_exists(path))
        return st;
    there = ipl_array(1, 1, sizeof *there, err);
    if (!there)
        return IPL_E_NOMEM;
    ipl_opt_init(there, ipl_experiment_opts);
    st = ipl_experiment_read(there, path, err);
    if (st != IPL_OK)
        goto done;
    ipl_experiment_print(&a, there);
    ipl_experiment_print(&b, exp);
    st = ipl_text_status(&a, err);
    if (st == IPL_OK)
        st = ipl_text_status(&b, err);
    if (st == IPL_OK && strcmp(a.s, b.s) != 0)
        st = ipl_fail(err, IPL_E_CANTCREATE,
                      "%.300s: a run of other options is there; choose another --out, or "
                      "remove it",
                      folder);
    *done = st == IPL_OK && ipl_run_dir_look(folder) == IPL_RUN_DIR_DONE;
done:
    ipl_free(there);
    ipl_text_release(&a);
    ipl_text_release(&b);
    return st;
}

/* Train net k unless it is there; path of its run. */
static ipl_status train(char *path, const nets *s, size_t k, ipl_error *err)
{
    const double start = ipl_clock();
    ipl_experiment *exp = ipl_array(1, 1, sizeof *exp, err);
    char name[128], line[IPL_PATH_MAX + 128], time[16];
    ipl_train_opts opts = {.exp = exp,
                           .path = path,
                           .resume = IPL_RESUME_AUTO,
                           .threads = ipl_pool_threads(s->task->pool)};
    bool done = false;
    ipl_status st = exp ? resolve(exp, s, k, err) : IPL_E_NOMEM;

    (void)snprintf(name, sizeof name, "%s-seed%zu", s->what->name, k + 1);
    if (st == IPL_OK)
        st = ipl_path_join(path, s->task->out, name, err);
    if (st == IPL_OK)
        st = look(&done, path, exp, err);
    if (st == IPL_OK && !done)
        st = ipl_train(&opts, err);
    ipl_clock_print(time, sizeof time, ipl_clock() - start);
    (void)snprintf(line, sizeof line, "  net %zu of %zu: %.4000s %s%s", k + 1, s->n, path,
                   done ? "was there" : "trained in ", done ? "" : time);
    if (st == IPL_OK && s->task->say)
        s->task->say(s->task->context, line);
    ipl_free(exp);
    return st;
}

/* Tables of a run that is there. */
static ipl_status read_run(nets *s, size_t k, const char *folder, ipl_error *err)
{
    char path[IPL_PATH_MAX];
    ipl_table *training = NULL;
    double *accuracy = NULL;
    ipl_status st = ipl_path_join(path, folder, "information.csv", err);

    if (st == IPL_OK)
        st = ipl_table_read(&s->tables[k], path, err);
    if (st == IPL_OK)
        st = ipl_path_join(path, folder, "training.csv", err);
    if (st == IPL_OK)
        st = ipl_table_read(&training, path, err);
    if (st == IPL_OK)
        st = ipl_table_numbers(&accuracy, training, "test_accuracy", err);
    if (st == IPL_OK && ipl_table_rows(training) == 0)
        st = ipl_fail(err, IPL_E_FORMAT, "%s: no row below the header", path);
    if (st == IPL_OK)
        s->accuracy[k] = accuracy[ipl_table_rows(training) - 1];
    ipl_free(accuracy);
    ipl_table_destroy(training);
    return st;
}

/* Load the tracks of an estimator, unless they are. */
static ipl_status load(nets *s, const char *wanted, ipl_error *err)
{
    ipl_track_query query = {.fields = ipl_net_columns,
                             .n_fields = IPL_NET_FIELDS,
                             .layers = true,
                             .split = s->what->split,
                             .estimator = s->estimator};
    size_t column, row = 0;
    ipl_status st;

    if (s->wanted && strcmp(s->wanted, wanted) == 0)
        return IPL_OK;
    unload(s);
    st = ipl_table_column(&column, s->tables[0], "estimator", err);
    if (st != IPL_OK)
        return st;
    while (row < ipl_table_rows(s->tables[0]) &&
           !ipl_estimator_fits(ipl_table_text(s->tables[0], row, column), wanted))
        row++;
    if (row == ipl_table_rows(s->tables[0]))
        return ipl_fail(err, IPL_E_FORMAT, "%.200s: no estimator '%s'",
                        ipl_table_path(s->tables[0]), wanted);
    (void)snprintf(s->estimator, sizeof s->estimator, "%s",
                   ipl_table_text(s->tables[0], row, column));
    for (size_t k = 0; k < s->n && st == IPL_OK; k++)
        st = ipl_track_read(&s->tracks[k], s->tables[k], &query, err);
    if (st == IPL_OK)
        s->wanted = wanted;
    return st;
}

static ipl_net_got spread_of(const double *v, size_t n)
{
    return (ipl_net_got){.n = n, .mean = ipl_mean(v, n), .sd = ipl_deviation(v, n)};
}

static double moment_of(const ipl_course *c, ipl_net_claim moment)
{
    return moment == IPL_NET_START ? c->first : moment == IPL_NET_PEAK ? c->max : c->final;
}

/* Variance over the nets of both sides; of a share of them p (1 - p). */
static double pooled_variance(const ipl_net_expected *row, ipl_net_got got)
{
    const double a = (double)row->nets, b = (double)got.n;
    const double known = row->nets > 1 ? a - 1.0 : isnan(row->sd) ? 0.0 : OF_OTHERS;

    if (row->claim >= IPL_NET_MOMENTS) {
        const double p = (a * row->low + b * got.mean) / (a + b);

        return p * (1.0 - p);
    }
    if (known == 0.0)
        return got.sd * got.sd;
    return (known * row->sd * row->sd + (b - 1.0) * got.sd * got.sd) / (known + b - 1.0);
}

double ipl_net_allowed(const ipl_net_expected *row, ipl_net_got got)
{
    const double share =
        row->nets > 0 ? 1.0 / (double)row->nets + 1.0 / (double)got.n : 0.0;

    return row->spread + ERRORS * sqrt(pooled_variance(row, got) * share);
}

ipl_verdict ipl_net_judge(const ipl_net_expected *row, ipl_net_got got)
{
    const double allowed = ipl_net_allowed(row, got) + 1e-12; /* rounding of a share */

    return got.mean >= row->low - allowed && got.mean <= row->high + allowed ? IPL_AGREE
                                                                             : IPL_DISAGREE;
}

/* Whether a row is about runs of this kind and length, or of more epochs of it. */
static bool applies(const nets *s, const ipl_net_expected *row)
{
    return row->run[s->task->quick] && !((double)s->epochs > row->to);
}

/* "24.4" or "23.9 ... 24.4". */
static void print_interval(char *out, size_t size, const ipl_net_expected *row)
{
    if (row->low < row->high)
        (void)snprintf(out, size, "%.4g ... %.4g", row->low, row->high);
    else
        (void)snprintf(out, size, "%.4g", row->low);
}

/* A row of NAME-expected.csv; expected NULL: a note. */
static void tabulate(ipl_report *report, const nets *s, const char *what, const char *layer,
                     const ipl_net_expected *expected, ipl_net_got got, ipl_verdict verdict)
{
    const double none = (double)NAN;
    ipl_text *out = &report->table;

    if (out->len == 0)
        ipl_text_add(out, "experiment,quantity,layer,estimator,expected_low,expected_high,"
                          "allowed,source,mean,sd,nets,epochs,verdict\n");
    ipl_text_add(out, "%s,", s->what->name);
    ipl_text_add_field(out, what);
    ipl_text_add(out, ",");
    ipl_text_add_field(out, layer);
    ipl_text_add(out, ",");
    ipl_text_add_field(out, s->wanted ? s->estimator : "");
    ipl_text_add(out, ",");
    ipl_text_add_number(out, expected ? expected->low : none);
    ipl_text_add(out, ",");
    ipl_text_add_number(out, expected ? expected->high : none);
    ipl_text_add(out, ",");
    ipl_text_add_number(out, expected ? ipl_net_allowed(expected, got) : none);
    ipl_text_add(out, ",");
    ipl_text_add_field(out, expected ? expected->source : "");
    ipl_text_add(out, ",");
    ipl_text_add_number(out, got.mean);
    ipl_text_add(out, ",");
    ipl_text_add_number(out, got.sd);
    ipl_text_add(out, ",%zu,%zu,%s\n", got.n, s->epochs, ipl_verdict_name(verdict));
}

/* Judge a row, tell it and tabulate it; layer "": of the net. */
static void conclude(ipl_report *report, const nets *s, const ipl_net_expected *row,
                     const char *layer, ipl_net_got got)
{
    const bool trend = row->claim >= IPL_NET_MOMENTS;
    const ipl_verdict verdict =
        row->from <= (double)s->epochs ? ipl_net_judge(row, got) : IPL_NOT_REACHED;
    char what[96], range[64];
    ipl_finding *finding;

    (void)snprintf(what, sizeof what, trend ? "%s %s" : "%s, %s", symbols[row->field],
                   ipl_net_claims[row->claim]);
    finding = ipl_report_find(report, "%s%s%s%s%s", layer, *layer ? ": " : "", what,
                              *layer ? ", " : "", *layer ? row->estimator : "");
    print_interval(range, sizeof range, row);
    ipl_finding_expect(finding, "%s%s, within %.3g", trend ? "share of nets " : "", range,
                       ipl_net_allowed(row, got));
    if (trend)
        ipl_finding_obtain(finding, verdict, "in %.0f of %zu", got.mean * (double)got.n,
                           got.n);
    else
        ipl_finding_obtain(finding, verdict, "%.4g, s.d. %.2g, %zu net%s", got.mean, got.sd,
                           got.n, got.n == 1 ? "" : "s");
    tabulate(report, s, what, layer, row, got, verdict);
}

bool ipl_net_shows(const ipl_track *track, const ipl_net_expected *f, size_t layer)
{
    const ipl_course c = ipl_course_of(track, layer, f->field);
    const double step = STEP * fabs(c.max);

    switch (f->claim) {
    case IPL_NET_RISES_THEN_FALLS:
        return c.max - c.first > step && c.max - c.final > step;
    case IPL_NET_ONLY_FALLS:
        return c.max - c.first <= step && c.max - c.final > step;
    case IPL_NET_DOES_NOT_FALL:
        return c.max - c.final <= FALL * fabs(c.max);
    case IPL_NET_ENDS_HIGHER:
        return c.final > c.first;
    case IPL_NET_ENDS_LOWER:
        return c.final < c.first;
    case IPL_NET_ORDERED:
        for (size_t i = 0; i < track->n_epochs && layer + 1 < f->last; i++) {
            const double next = ipl_track_get(track, i, layer + 1, f->field);

            if (!(ipl_track_get(track, i, layer, f->field) >=
                  next - STEP * fabs(next) - 1e-9))
                return false;
        }
        return true;
    case IPL_NET_BOUNDED:
        for (size_t i = 0; i < track->n_epochs; i++)
            if (!(ipl_track_get(track, i, layer, f->field) <=
                  ipl_track_get(track, i, layer, IPL_NET_Y) + 1e-9))
                return false;
        return true;
    case IPL_NET_START:
    case IPL_NET_PEAK:
    case IPL_NET_END:
    case IPL_NET_CLAIMS:
        break;
    }
    return false;
}

/* What the nets say of one layer of a row. */
static ipl_net_got look_at(nets *s, const ipl_net_expected *row, size_t layer)
{
    for (size_t k = 0; k < s->n; k++) {
        const ipl_course c = ipl_course_of(&s->tracks[k], layer, row->field);

        s->scores[k] = row->claim < IPL_NET_MOMENTS
                           ? moment_of(&c, row->claim)
                           : (double)ipl_net_shows(&s->tracks[k], row, layer);
    }
    return spread_of(s->scores, s->n);
}

/* A finding for each layer of a row; of the last of layers in order there is nothing to say. */
static ipl_status check_row(ipl_report *report, nets *s, const ipl_net_expected *row,
                            ipl_error *err)
{
    const bool pairs = row->claim == IPL_NET_ORDERED;
    ipl_status st;

    if (row->field == IPL_NET_ACCURACY) {
        unload(s);
        conclude(report, s, row, "", spread_of(s->accuracy, s->n));
        return IPL_OK;
    }
    st = load(s, row->estimator, err);
    for (size_t l = row->first - 1; st == IPL_OK && l + pairs < row->last; l++) {
        if (row->last > s->tracks[0].n_layers)
            return ipl_fail(err, IPL_E_FORMAT, "%.200s: layer %zu of %zu",
                            ipl_table_path(s->expected.table), row->last,
                            s->tracks[0].n_layers);
        if (report->n_findings == IPL_REPORT_FINDINGS)
            return ipl_fail(err, IPL_E_FORMAT, "%.200s: more than %d findings",
                            ipl_table_path(s->expected.table), IPL_REPORT_FINDINGS);
        conclude(report, s, row, s->tracks[0].names[l], look_at(s, row, l));
    }
    return st;
}

/* Compression of I(X;T), layer by layer: numbers for the reader. */
static ipl_status add_scores(ipl_report *report, nets *s, const char *wanted,
                             ipl_error *err)
{
    static const char what[] = "compression of I(X;T) by the end point";
    ipl_status st = load(s, wanted, err);

    for (size_t l = 0; st == IPL_OK && l < s->tracks[0].n_layers &&
                       report->n_findings < IPL_REPORT_FINDINGS;
         l++) {
        ipl_net_got got;

        for (size_t k = 0; k < s->n; k++)
            s->scores[k] = ipl_course_of(&s->tracks[k], l, IPL_NET_XT).compression_end;
        got = spread_of(s->scores, s->n);
        ipl_finding_obtain(
            ipl_report_find(report, "%s: %s, %s", s->tracks[0].names[l], what, wanted),
            IPL_NOTE, "%.3f, s.d. %.2g", got.mean, got.sd);
        tabulate(report, s, what, s->tracks[0].names[l], NULL, got, IPL_NOTE);
    }
    return st;
}

/* Levels of a layer's moments across a panel, beginning with series `first`. */
static void add_levels(ipl_report *report, size_t panel, size_t first, const nets *s,
                       size_t layer, const double *x, size_t n)
{
    const double ends[] = {x[0], x[n - 1]};

    for (size_t i = 0; i < s->expected.n; i++) {
        const ipl_net_expected *row = &s->expected.rows[i];
        const double middle = 0.5 * (row->low + row->high), level[] = {middle, middle};

        if (applies(s, row) && row->claim < IPL_NET_MOMENTS && row->field == IPL_NET_XT &&
            row->first == layer + 1 && strcmp(row->estimator, s->wanted) == 0)
            ipl_report_add_curve(report, panel, first + (size_t)row->claim, ends, level, 2);
    }
}

/* One layer: mean and deviations over the epochs, and what was expected of it. */
static ipl_status draw_layer(ipl_report *report, const nets *s, const ipl_track *mean,
                             const ipl_track *sd, size_t layer, ipl_error *err)
{
    const size_t n = mean->n_epochs, panel = report->n_panels;
    double *x = ipl_array(4, n, sizeof *x, err);

    if (!x)
        return IPL_E_NOMEM;
    for (size_t i = 0; i < n; i++) {
        const double m = ipl_track_get(mean, i, layer, IPL_NET_XT);
        const double d = ipl_track_get(sd, i, layer, IPL_NET_XT);

        /* Epoch 0 has its place half an epoch, or half a first step, before. */
        x[i] = mean->epochs[i] > 0.0 ? mean->epochs[i]
               : n > 1               ? 0.5 * mean->epochs[1]
                                     : 0.5;
        x[n + i] = m;
        x[2 * n + i] = m - d;
        x[3 * n + i] = m + d;
    }
    ipl_report_add_panel(report, "epoch", "I({/:Italic X};{/:Italic T}) [nats]", "%s",
                         mean->names[layer])
        ->log_x = true;
    ipl_report_add_curve(report, panel, 0, x, x + n, n);
    for (size_t side = 2; side < 4 && s->n > 1; side++)
        ipl_report_add_curve(report, panel, side - 1, x, x + side * n, n);
    add_levels(report, panel, s->n > 1 ? 3 : 1, s, layer, x, n);
    ipl_free(x);
    return IPL_OK;
}

/* The first estimator of the list, I(X;T) of each layer. */
static ipl_status draw(ipl_report *report, nets *s, ipl_error *err)
{
    const ipl_track **tracks = ipl_array(s->n, 1, sizeof(void *), err);
    ipl_track mean = {0}, sd = {0};
    char shown[IPL_FINDING_TEXT];
    ipl_status st = tracks ? load(s, s->expected.rows[0].estimator, err) : IPL_E_NOMEM;

    for (size_t k = 0; k < s->n && st == IPL_OK; k++)
        tracks[k] = &s->tracks[k];
    if (st == IPL_OK)
        st = ipl_track_mean(&mean, &sd, tracks, s->n, err);
    if (st != IPL_OK)
        goto done;
    if (s->n > 1)
        (void)snprintf(shown, sizeof shown, "mean of %zu nets, LogDet", s->n);
    else
        (void)snprintf(shown, sizeof shown, "one net, LogDet");
    (void)ipl_report_add_series(report, "mean", shown, "#0072B2", 1);
    if (s->n > 1) {
        (void)ipl_report_add_series(report, "mean - s.d.", "- 1 s.d.", "#56B4E9", 2);
        (void)ipl_report_add_series(report, "mean + s.d.", "+ 1 s.d.", "#56B4E9", 2);
    }
    (void)ipl_report_add_series(report, "start", "expected at the start", "#009E73", 3);
    (void)ipl_report_add_series(report, "peak", "expected at the peak", "#E69F00", 3);
    (void)ipl_report_add_series(report, "end", "expected at the end", "#D55E00", 3);
    for (size_t l = 0; l < mean.n_layers && l < IPL_REPORT_PANELS && st == IPL_OK; l++)
        st = draw_layer(report, s, &mean, &sd, l, err);
    report->columns = report->n_panels < 3 ? report->n_panels : 3;
done:
    ipl_track_release(&sd);
    ipl_track_release(&mean);
    ipl_free(tracks);
    return st;
}

static ipl_status compare(ipl_report *report, nets *s, ipl_error *err)
{
    static const char *const scored[] = {"logdet:beta=own", "logdet:beta=rd", "kde",
                                         "binning"};
    ipl_status st = draw(report, s, err);

    for (size_t i = 0; i < s->expected.n && st == IPL_OK; i++)
        if (applies(s, &s->expected.rows[i]))
            st = check_row(report, s, &s->expected.rows[i], err);
    for (size_t i = 0; i < sizeof scored / sizeof scored[0] && st == IPL_OK; i++)
        st = add_scores(report, s, scored[i], err);
    return st;
}

ipl_status ipl_verify_nets(ipl_report *report, const ipl_verify_task *task, ipl_error *err)
{
    const ipl_net_version *version = &task->net->version[task->quick];
    nets s = {.what = task->net,
              .version = version,
              .task = task,
              .n = task->nets > 0 ? task->nets : version->seeds,
              .epochs = task->epochs > 0 ? task->epochs : version->epochs};
    ipl_status st = IPL_E_NOMEM;

    s.tables = ipl_array(s.n, 1, sizeof(void *), err);
    s.accuracy = ipl_array(s.n, 1, sizeof *s.accuracy, err);
    s.scores = ipl_array(s.n, 1, sizeof *s.scores, err);
    s.tracks = ipl_array(s.n, 1, sizeof *s.tracks, err);
    if (s.tables && s.accuracy && s.scores && s.tracks)
        st = ipl_net_list_read(&s.expected, task->net->name, err);
    for (size_t k = 0; k < s.n && st == IPL_OK; k++) {
        char path[IPL_PATH_MAX];

        st = train(path, &s, k, err);
        if (st == IPL_OK)
            st = read_run(&s, k, path, err);
    }
    if (st == IPL_OK)
        st = compare(report, &s, err);
    release(&s);
    return st;
}
