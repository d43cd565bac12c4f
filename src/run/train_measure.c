/* What is done between the batches of a run: testing, measuring, pictures, rows. */
#include "base/clock.h"
#include "run/pictures.h"
#include "run/record.h"
#include "run/run.h"

#include <math.h>
#include <string.h>

static void caution(ipl_run *r, const ipl_probe *probe)
{
    const ipl_plane *plane = ipl_probe_plane(probe);

    if (r->cautioned)
        return;
    r->cautioned = true;
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

/* Keep the activations just measured; a fault does not stop training. */
static void record_activations(ipl_run *r)
{
    char when[IPL_WHEN_MAX], note[IPL_NOTE_MAX];
    ipl_error why = {0};

    if (!r->activations)
        return;
    ipl_record_when(when, sizeof when, r);
    if (ipl_activations_write(note, r->activations, when, &why) != IPL_OK) {
        r->unrecorded++;
        ipl_run_tell_fault(r, &why);
    }
    if (*note != '\0' && !r->noted) {
        ipl_run_warn(r, note);
        r->noted = true;
    }
}

ipl_status ipl_run_measure(ipl_run *r, bool whole, ipl_error *err)
{
    const double from = ipl_clock();
    ipl_error why = {0};
    ipl_status st = IPL_OK;

    for (size_t p = 0; p < r->n_probes && st == IPL_OK; p++) {
        const ipl_measures *m = NULL;

        caution(r, r->probes[p]);
        st = ipl_probe_measure(&m, r->probes[p], &why);
        if (st != IPL_OK) {
            st = ipl_fail(err, st, "after step %zu: %s", r->step, why.msg);
            break;
        }
        ipl_run_warn(r, ipl_plane_fault(ipl_probe_plane(r->probes[p])));
        ipl_record_information(r, r->probes[p], m);
        if (p == 0) {
            r->measures = m;
            ipl_record_layers(r, r->probes[p], whole);
        }
    }
    if (st == IPL_OK)
        record_activations(r);
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
    char folder[IPL_PATH_MAX];
    ipl_error why = {0};

    if (!r->drawn[epoch])
        return;
    if (ipl_run_dir_folder(folder, &r->dir, "figures", &why) != IPL_OK ||
        ipl_pictures_write(NULL, folder, r->net, r->ds, epoch, &opts, &why) != IPL_OK) {
        r->undrawn++;
        ipl_run_tell_fault(r, &why);
    }
}

/* Everything that belongs to the end of an epoch. */
ipl_status ipl_run_end_epoch(ipl_run *r, ipl_epoch_report *e, ipl_error *err)
{
    const double measured = r->measure_seconds;
    ipl_status st = IPL_OK;

    ipl_run_evaluate(&e->loss[IPL_TEST], &e->accuracy[IPL_TEST], r, IPL_TEST);
    if (!classifies(r))
        e->accuracy[IPL_TRAIN] = e->accuracy[IPL_TEST] = (double)NAN;
    if (r->due[e->epoch] && r->n_probes > 0) {
        st = ipl_run_measure(r, e->epoch > 0, err);
        if (st != IPL_OK)
            return st;
        e->probe = r->probes[0];
        e->measures = r->measures;
    }
    e->measure_seconds += r->measure_seconds - measured;
    e->step = r->step;
    e->epochs = r->exp->epochs;
    if (e->epoch > 0)
        e->seconds_left = (r->train_seconds + r->measure_seconds) / (double)e->epoch *
                          (double)(e->epochs - e->epoch);
    ipl_record_training(r, e);
    ipl_record_flush(r);
    draw_pictures(r, e->epoch);
    ipl_run_save_after_epoch(r, e);
    if (r->opts->watcher.epoch)
        r->opts->watcher.epoch(r->opts->watcher.self, e);
    return IPL_OK;
}
