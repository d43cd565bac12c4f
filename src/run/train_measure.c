/* What is done between the batches of a run: testing, measuring, pictures, rows. */
#include "base/clock.h"
#include "run/pictures.h"
#include "run/record.h"
#include "run/run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Doubts about the classes of the probes. */
static void tell_shares(ipl_run *r)
{
    for (size_t p = 0; p < r->n_probes; p++) {
        ipl_text line = {0};
        ipl_error why = {0};

        if (ipl_probe_check_shares(&line, r->probes[p], &why) != IPL_OK)
            ipl_run_tell_fault(r, &why);
        else if (line.len > 0)
            ipl_run_warn(r, line.s);
        ipl_text_release(&line);
    }
}

static void caution(ipl_run *r, const ipl_probe *probe)
{
    const ipl_plane *plane = ipl_probe_plane(probe);

    if (r->cautioned)
        return;
    r->cautioned = true;
    tell_shares(r);
    for (size_t l = 0; l < ipl_probe_n_layers(probe); l++) {
        const ipl_layer_info *layer = ipl_net_layer(r->net, ipl_probe_layer(probe, l));
        const char *text = ipl_plane_caution(plane, ipl_shape_size(layer->out));
        ipl_text line = {0};

        if (*text == '\0')
            continue;
        ipl_text_add(&line, "%s: %s", layer->name, text);
        ipl_run_warn(r, line.s ? line.s : text);
        ipl_text_release(&line);
    }
}

/* Pass on what recording the activations met; a fault does not stop training. */
static void tell_recording(ipl_run *r, const ipl_run_measurement *m)
{
    char epoch[sizeof m->when];

    (void)snprintf(epoch, sizeof epoch, "%.*s", (int)strcspn(m->when, ","), m->when);
    if (m->lost.status != IPL_OK) {
        r->unrecorded++;
        ipl_run_give_up(r, "activations", epoch, &m->lost);
    }
    if (*m->note != '\0' && !r->noted) {
        ipl_run_warn(r, m->note);
        r->noted = true;
    }
}

void ipl_run_measure_begin(ipl_run_measurement *out, ipl_run *r, const ipl_net *net,
                           bool whole)
{
    *out = (ipl_run_measurement){.net = net, .step = r->step, .whole = whole};
    for (int t = 0; t < IPL_TABLE_COUNT; t++)
        out->rows[t] = r->rows[t].len;
    r->unmeasured = false;
    ipl_record_when(out->when, sizeof out->when, r);
    caution(r, r->probes[0]);
}

void ipl_run_measure_work(ipl_run_measurement *m, ipl_run *r)
{
    for (size_t p = 0; p < r->n_probes; p++) {
        const ipl_measures *measures = NULL;

        if (ipl_probe_measure(&measures, r->probes[p], &m->fault) != IPL_OK) {
            m->given_up = r->opts->hurry && r->opts->hurry();
            return;
        }
        ipl_record_rows(&r->rows[IPL_TABLE_INFORMATION], m->when, m->net, r->probes[p],
                        measures);
        if (p == 0) {
            m->measures = measures;
            ipl_record_layers(r, m, r->probes[p]);
        }
        m->measured++;
    }
    /* What goes wrong stands in m->lost. */
    if (r->activations &&
        ipl_activations_write(m->note, r->activations, m->when, &m->lost) == IPL_OK)
        m->lost.status = IPL_OK;
}

/* Rows of the probes that were measured before it was given up. */
static void forget_rows(ipl_run *r, const ipl_run_measurement *m)
{
    for (int t = 0; t < IPL_TABLE_COUNT; t++)
        if (r->rows[t].len > m->rows[t]) {
            r->rows[t].len = m->rows[t];
            r->rows[t].s[m->rows[t]] = '\0';
        }
}

ipl_status ipl_run_measure_end(ipl_run *r, const ipl_run_measurement *m, ipl_error *err)
{
    if (m->given_up) {
        forget_rows(r, m);
        r->unmeasured = true;
        return IPL_OK;
    }
    for (size_t p = 0; p < m->measured; p++)
        ipl_run_warn(r, ipl_plane_fault(ipl_probe_plane(r->probes[p])));
    if (m->fault.status != IPL_OK)
        return ipl_fail(err, m->fault.status, "after step %zu: %s", m->step, m->fault.msg);
    r->measures = m->measures;
    tell_recording(r, m);
    return IPL_OK;
}

ipl_status ipl_run_measure(ipl_run *r, bool whole, ipl_error *err)
{
    const double from = ipl_clock();
    ipl_run_measurement m;
    ipl_status st;

    ipl_run_measure_begin(&m, r, r->net, whole);
    ipl_run_measure_work(&m, r);
    st = ipl_run_measure_end(r, &m, err);
    r->measure_seconds += ipl_clock_spent(from);
    return st;
}

/* Rows of a part as a batch of the net. */
typedef struct rows {
    const ipl_run *r;
    ipl_split part;
    size_t first;
} rows;

static void fill_in_order(float *x, int32_t *y, const void *source, size_t first, size_t n)
{
    const rows *s = source;

    ipl_dataset_gather(x, y, s->r->ds, s->part, NULL, s->first + first, n);
}

/* Mean loss and accuracy of a part in evaluation mode; NaN when it is empty. */
void ipl_run_evaluate(double *loss, double *accuracy, const ipl_run *r, ipl_split part)
{
    const size_t n = ipl_dataset_info(r->ds)->n[part];
    double sum = 0.0;
    size_t correct = 0;

    for (size_t first = 0; first < n; first += r->exp->batch) {
        const rows s = {.r = r, .part = part, .first = first};
        const ipl_batch batch = {
            .n = n - first < r->exp->batch ? n - first : r->exp->batch,
            .fill = fill_in_order,
            .source = &s,
        };
        ipl_batch_sums sums;

        ipl_net_evaluate(&sums, r->net, &batch);
        sum += sums.loss;
        correct += sums.correct;
    }
    *loss = n ? sum / (double)n : (double)NAN;
    *accuracy = n ? (double)correct / (double)n : (double)NAN;
}

/* Whether accuracy means something for this loss. */
static bool classifies(const ipl_run *r)
{
    return ipl_dataset_info(r->ds)->n_classes > 0 &&
           !strstr(ipl_net_loss_text(r->net), "target=input");
}

/* Draw the pictures that are due; a picture that cannot be written does not stop training. */
static void draw_pictures(ipl_run *r, size_t epoch)
{
    const ipl_pictures_opts opts = {.batch = r->exp->batch};
    char folder[IPL_PATH_MAX], name[32];
    ipl_error why = {0};

    if (!ipl_when_due(&r->drawn, epoch))
        return;
    (void)snprintf(name, sizeof name, "%zu", epoch);
    if (ipl_run_dir_folder(folder, &r->dir, "figures", &why) != IPL_OK ||
        ipl_pictures_write(NULL, folder, r->net, r->ds, epoch, &opts, &why) != IPL_OK) {
        r->undrawn++;
        ipl_run_give_up(r, "pictures", name, &why);
    }
}

void ipl_run_record_epoch(ipl_run *r, ipl_epoch_report *e)
{
    const double done = (double)r->step / (double)r->steps; /* epochs */

    if (e->epoch > 0)
        e->seconds_left =
            (r->train_seconds + r->measure_seconds) / done * ((double)e->epochs - done);
    ipl_record_training(r, e);
    ipl_record_flush(r);
}

void ipl_run_tell_epoch(const ipl_run *r, const ipl_epoch_report *e)
{
    if (r->opts->watcher.epoch)
        r->opts->watcher.epoch(r->opts->watcher.self, e);
}

/* Measure the end of an epoch; *later: its measures will be known while the next is trained. */
static ipl_status measure_epoch(bool *later, ipl_run *r, ipl_epoch_report *e,
                                ipl_error *err)
{
    const double measured = r->measure_seconds;
    ipl_status st = IPL_OK;

    *later = ipl_overlap_start(r, e);
    if (*later)
        return IPL_OK;
    st = ipl_run_measure(r, e->epoch > 0, err);
    e->probe = r->probes[0];
    e->measures = r->measures;
    e->measure_seconds += r->measure_seconds - measured;
    return st;
}

void ipl_run_reopen_epoch(ipl_run *r, size_t epoch)
{
    if (epoch == 0)
        return;
    r->epoch = epoch - 1;
    r->batch = r->steps;
}

/* Everything that belongs to the end of an epoch. */
ipl_status ipl_run_end_epoch(ipl_run *r, ipl_epoch_report *e, ipl_error *err)
{
    bool later = false;
    ipl_status st = ipl_overlap_settle(r, err); /* rows keep their order */

    if (st != IPL_OK || r->unmeasured)
        return st;
    ipl_run_evaluate(&e->loss[IPL_TEST], &e->accuracy[IPL_TEST], r, IPL_TEST);
    if (e->epoch > 0 && ipl_dataset_info(r->ds)->n[IPL_TEST] > 0 &&
        !isfinite(e->loss[IPL_TEST]))
        return ipl_fail(err, IPL_E_NUMERIC, "epoch %zu: the test loss is %s", e->epoch,
                        isnan(e->loss[IPL_TEST]) ? "NaN" : "Inf");
    if (!classifies(r))
        e->accuracy[IPL_TRAIN] = e->accuracy[IPL_TEST] = (double)NAN;
    e->step = r->step;
    e->epochs = r->exp->epochs;
    if (ipl_when_due(&r->due, e->epoch) && r->n_probes > 0)
        st = measure_epoch(&later, r, e, err);
    if (st == IPL_OK && r->unmeasured)
        ipl_run_reopen_epoch(r, e->epoch);
    if (st != IPL_OK || r->unmeasured)
        return st;
    if (!later)
        ipl_run_record_epoch(r, e);
    draw_pictures(r, e->epoch);
    ipl_run_save_after_epoch(r, e);
    if (!later)
        ipl_run_tell_epoch(r, e);
    return IPL_OK;
}
