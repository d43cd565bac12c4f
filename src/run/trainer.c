#include "run/trainer.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/rng.h"
#include "math/linalg.h"
#include "nn/schedule.h"
#include "run/build.h"
#include "run/pictures.h"
#include "run/record.h"
#include "run/summary.h"
#include "run/when.h"

#include <math.h>
#include <string.h>

void ipl_run_warn(const ipl_run *r, const char *text)
{
    if (r->opts->watcher.warning && *text != '\0')
        r->opts->watcher.warning(r->opts->watcher.self, text);
}

bool ipl_run_stopping(const ipl_run *r)
{
    return r->opts->stop && *r->opts->stop != 0;
}

/* ---- preparing: everything that can be wrong is found before anything is written ---- */

/* Augmentation of the experiment, and a black sample for what lies over the edge. */
static ipl_status prepare_augmentation(ipl_run *r, ipl_error *err)
{
    const ipl_shape shape = ipl_dataset_info(r->ds)->shape;

    r->augment = (ipl_augment_opts){.crop = r->exp->crop, .flip = r->exp->flip};
    if (!ipl_augment_on(&r->augment))
        return IPL_OK;
    r->black = ipl_array(ipl_shape_size(shape), 1, sizeof *r->black, err);
    if (!r->black)
        return IPL_E_NOMEM;
    ipl_dataset_black(r->black, r->ds);
    r->augment.edge = r->black;
    return ipl_augment_check(&r->augment, shape, err);
}

static ipl_status build_probes(ipl_run *r, ipl_error *err)
{
    const size_t parts =
        r->exp->probe == IPL_PROBE_POOLED || ipl_dataset_info(r->ds)->n[IPL_TEST] == 0 ? 1
                                                                                       : 2;
    ipl_status st = IPL_OK;

    if (strcmp(r->exp->measure, "none") == 0 && r->exp->early_steps == 0)
        return IPL_OK;
    for (size_t p = 0; p < parts && st == IPL_OK; p++) {
        st = ipl_probe_create(&r->probes[p], r->exp, r->ds, r->net, (ipl_split)p, r->pool,
                              err);
        r->n_probes += st == IPL_OK;
    }
    return st;
}

static ipl_status prepare(ipl_run *r, ipl_error *err)
{
    const ipl_experiment *exp = r->exp;
    const size_t threads = r->opts->threads ? r->opts->threads : ipl_cpu_count();
    ipl_status st;

    ipl_blas_start();
    st = ipl_spec_create(&r->schedule, "schedule", ipl_schedule_row, exp->schedule, err);
    if (st != IPL_OK)
        return st;
    r->due = ipl_array(exp->epochs + 1, 1, sizeof *r->due, err);
    if (!r->due)
        return IPL_E_NOMEM;
    st = ipl_when_parse(r->due, exp->epochs, exp->measure, err);
    if (st == IPL_OK)
        st = ipl_pool_create(&r->pool, threads, ipl_blas_start, err);
    if (st == IPL_OK)
        st = ipl_build_data(&r->ds, exp, err);
    if (st == IPL_OK)
        st = prepare_augmentation(r, err);
    if (st == IPL_OK)
        st = ipl_build_net(&r->net, exp, r->ds, NULL, r->pool, err);
    if (st == IPL_OK)
        st = build_probes(r, err);
    if (st != IPL_OK)
        return st;
    r->order = ipl_array(ipl_dataset_info(r->ds)->n[IPL_TRAIN], 1, sizeof *r->order, err);
    if (!r->order)
        return IPL_E_NOMEM;
    r->steps = (ipl_dataset_info(r->ds)->n[IPL_TRAIN] + exp->batch - 1) / exp->batch;
    return IPL_OK;
}

/* Measurements of the whole run. */
static size_t count_measurements(const ipl_run *r)
{
    const size_t reach =
        r->exp->early_epochs < r->exp->epochs ? r->exp->early_epochs : r->exp->epochs;
    size_t n = 0;

    for (size_t e = 0; e <= r->exp->epochs; e++)
        n += r->due[e];
    if (r->exp->early_steps > 0)
        n += reach * ((r->steps - 1) / r->exp->early_steps);
    return n;
}

static void announce(const ipl_run *r)
{
    enum { ROW_BYTES = 420, LAYER_BYTES = 200, EPOCH_BYTES = 110 };
    const size_t measurements = count_measurements(r);
    ipl_train_plan plan = {
        .exp = r->exp,
        .path = r->opts->path,
        .data = ipl_dataset_info(r->ds),
        .net = r->net,
        .probes = (const ipl_probe *const *)r->probes,
        .n_probes = r->n_probes,
        .threads = ipl_pool_threads(r->pool),
        .steps = r->steps,
        .measurements = measurements,
        .net_bytes = ipl_net_memory(r->net),
        .disk_bytes = (double)(r->exp->epochs + 1) * EPOCH_BYTES +
                      4.0 * (double)ipl_net_n_params(r->net),
    };

    for (size_t p = 0; p < r->n_probes; p++) {
        const double rows = (double)ipl_probe_n_layers(r->probes[p]);
        const double texts = (double)ipl_probe_n_estimators(r->probes[p]);

        plan.probe_bytes += ipl_probe_memory(r->probes[p]);
        plan.disk_bytes += (double)measurements * rows * texts * ROW_BYTES;
        plan.disk_bytes += p == 0 ? (double)measurements * rows * LAYER_BYTES : 0.0;
    }
    if (r->opts->watcher.start)
        r->opts->watcher.start(r->opts->watcher.self, &plan);
}

static ipl_status create_folder(ipl_run *r, ipl_error *err)
{
    ipl_text text = {0};
    ipl_status st = ipl_dataset_hash(r->ds, err);

    if (st != IPL_OK)
        return st;
    ipl_experiment_print(&text, r->exp);
    st = ipl_text_status(&text, err);
    if (st == IPL_OK)
        st = ipl_run_dir_create(&r->dir, r->opts->path, r->opts->force, text.s, err);
    ipl_text_release(&text);
    if (st != IPL_OK)
        return st;
    r->created = true;
    if (r->opts->link_latest)
        ipl_run_dir_link_latest(&r->dir);
    return ipl_record_provenance(r, "running", NULL, err);
}

/* ---- measuring and testing ---- */

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

static ipl_status measure(ipl_run *r, bool whole, ipl_error *err)
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
    r->measure_seconds += ipl_clock() - from;
    return st;
}

/* Rows of a part as a batch of the net. */
typedef struct rows {
    const ipl_run *r;
    ipl_split part;
    size_t epoch, first;
} rows;

static void fill_in_order(float *x, int32_t *y, const void *source, size_t first, size_t n)
{
    const rows *s = source;

    ipl_dataset_gather(x, y, s->r->ds, s->part, NULL, s->first + first, n);
}

static void fill_shuffled(float *x, int32_t *y, const void *source, size_t first, size_t n)
{
    const rows *s = source;
    const ipl_run *r = s->r;
    const ipl_shape shape = ipl_dataset_info(r->ds)->shape;
    const uint32_t *order = r->order + s->first + first;

    ipl_dataset_gather(x, y, r->ds, IPL_TRAIN, order, 0, n);
    if (ipl_augment_on(&r->augment))
        for (size_t i = 0; i < n; i++)
            ipl_augment(x + i * ipl_shape_size(shape), shape, &r->augment, r->exp->seed,
                        (uint32_t)s->epoch, order[i]);
}

/* Mean loss and accuracy of a part in evaluation mode; NaN when it is empty. */
static void evaluate(double *loss, double *accuracy, const ipl_run *r, ipl_split part)
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

    if (r->exp->pictures == 0 || (epoch % r->exp->pictures != 0 && epoch != r->exp->epochs))
        return;
    if (ipl_path_join(folder, r->dir.path, "figures", &why) != IPL_OK ||
        ipl_folder_create(folder, &why) != IPL_OK ||
        ipl_pictures_write(NULL, folder, r->net, r->ds, epoch, &opts, &why) != IPL_OK)
        ipl_run_warn(r, why.msg);
}

/* Everything that belongs to the end of an epoch. */
static ipl_status end_epoch(ipl_run *r, ipl_epoch_report *e, ipl_error *err)
{
    const double measured = r->measure_seconds;
    ipl_status st = IPL_OK;

    evaluate(&e->loss[IPL_TEST], &e->accuracy[IPL_TEST], r, IPL_TEST);
    if (!classifies(r))
        e->accuracy[IPL_TRAIN] = e->accuracy[IPL_TEST] = (double)NAN;
    if (r->due[e->epoch] && r->n_probes > 0) {
        st = measure(r, e->epoch > 0, err);
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
    if (r->opts->watcher.epoch)
        r->opts->watcher.epoch(r->opts->watcher.self, e);
    return IPL_OK;
}

/* ---- training ---- */

static void new_order(ipl_run *r, size_t epoch)
{
    const size_t n = ipl_dataset_info(r->ds)->n[IPL_TRAIN];
    ipl_rng rng = ipl_rng_at(r->exp->seed, IPL_RNG_SHUFFLE, (uint32_t)epoch, 0);

    for (size_t i = 0; i < n; i++)
        r->order[i] = (uint32_t)i;
    if (r->exp->shuffle)
        ipl_rng_shuffle(&rng, r->order, n);
}

/* Train one batch and add its sums. */
static ipl_status train_batch(ipl_run *r, ipl_batch_sums *total, double *lr, size_t epoch,
                              size_t b, ipl_error *err)
{
    const size_t n = ipl_dataset_info(r->ds)->n[IPL_TRAIN], first = b * r->exp->batch;
    const double now = (double)epoch + (double)b / (double)r->steps;
    const rows s = {.r = r, .part = IPL_TRAIN, .epoch = epoch, .first = first};
    const ipl_batch batch = {
        .n = n - first < r->exp->batch ? n - first : r->exp->batch,
        .fill = fill_shuffled,
        .source = &s,
    };
    ipl_batch_sums sums;
    ipl_status st;

    *lr = ipl_net_learning_rate(r->net) *
          ipl_schedule_factor(&r->schedule, now, (double)r->exp->epochs);
    st = ipl_net_train_batch(&sums, r->net, &batch, *lr, epoch, r->step, err);
    if (st != IPL_OK)
        return st;
    total->loss += sums.loss;
    total->correct += sums.correct;
    r->step++;
    r->samples += batch.n;
    return IPL_OK;
}

/* Whether to measure after batch b of an epoch, before its end. */
static bool due_early(const ipl_run *r, size_t epoch, size_t b)
{
    return r->n_probes > 0 && r->exp->early_steps > 0 && epoch < r->exp->early_epochs &&
           (b + 1) % r->exp->early_steps == 0 && b + 1 < r->steps;
}

static ipl_status train_epoch(ipl_run *r, size_t epoch, ipl_error *err)
{
    const double n = (double)ipl_dataset_info(r->ds)->n[IPL_TRAIN];
    const double from = ipl_clock(), measured = r->measure_seconds;
    ipl_batch_sums total = {0};
    ipl_epoch_report e = {.epoch = epoch + 1};
    ipl_status st =
        ipl_net_follow_gradients(r->net, r->due[epoch + 1] && r->n_probes > 0, err);

    if (st != IPL_OK)
        return st;
    new_order(r, epoch);
    for (size_t b = 0; b < r->steps; b++) {
        if (ipl_run_stopping(r))
            return IPL_OK;
        st = train_batch(r, &total, &e.lr, epoch, b, err);
        if (st == IPL_OK && due_early(r, epoch, b)) {
            st = measure(r, false, err);
            ipl_record_flush(r);
        }
        if (st != IPL_OK)
            return st;
        if (r->opts->watcher.batch)
            r->opts->watcher.batch(r->opts->watcher.self, epoch, b + 1, r->steps);
    }
    e.loss[IPL_TRAIN] = total.loss / n;
    e.accuracy[IPL_TRAIN] = (double)total.correct / n;
    e.measure_seconds = r->measure_seconds - measured;
    e.train_seconds = ipl_clock() - from - e.measure_seconds;
    r->train_seconds += e.train_seconds;
    return end_epoch(r, &e, err);
}

static ipl_status train_all(ipl_run *r, ipl_error *err)
{
    ipl_epoch_report e = {.lr = (double)NAN};
    ipl_status st;

    evaluate(&e.loss[IPL_TRAIN], &e.accuracy[IPL_TRAIN], r, IPL_TRAIN);
    st = end_epoch(r, &e, err);
    for (size_t epoch = 0; epoch < r->exp->epochs && st == IPL_OK && !ipl_run_stopping(r);
         epoch++)
        st = train_epoch(r, epoch, err);
    return st;
}

/* ---- the end ---- */

static ipl_status write_parameters(const ipl_run *r, ipl_error *err)
{
    char folder[IPL_PATH_MAX];
    ipl_status st = ipl_path_join(folder, r->dir.path, "parameters", err);

    if (st == IPL_OK)
        st = ipl_folder_create(folder, err);
    if (st == IPL_OK)
        st = ipl_net_write_params(r->net, folder, err);
    return st;
}

/* Write what a run leaves, whatever ended it; trained is how training ended. */
static ipl_status finish(ipl_run *r, ipl_status trained, ipl_error *err)
{
    const char *state = trained == IPL_E_NUMERIC ? "diverged"
                        : trained != IPL_OK      ? "failed"
                        : ipl_run_stopping(r)    ? "stopped"
                                                 : "done";
    const ipl_error fault = trained != IPL_OK && err ? *err : (ipl_error){0};
    ipl_error why = {0};
    ipl_status st = IPL_OK;

    ipl_record_flush(r);
    if (r->write_failed)
        st = ipl_fail(&why, IPL_E_IO, "%s: rows could not be written", r->dir.path);
    if (st == IPL_OK)
        st = write_parameters(r, &why);
    if (st == IPL_OK)
        st = ipl_record_provenance(r, state, &fault, &why);
    if (st == IPL_OK && r->measures)
        st = ipl_summary_write(r->dir.path, &why);
    if (st == IPL_OK)
        st = ipl_run_dir_finish(&r->dir, &why);
    if (trained != IPL_OK)
        return trained; /* its message stands in err already */
    return st == IPL_OK ? st : ipl_fail(err, st, "%s", why.msg);
}

ipl_status ipl_train(const ipl_train_opts *opts, ipl_error *err)
{
    ipl_run r = {.opts = opts, .exp = opts->exp};
    ipl_status st;

    ipl_clock_stamp(r.start, sizeof r.start);
    st = prepare(&r, err);
    if (st != IPL_OK)
        goto done;
    st = create_folder(&r, err);
    if (st != IPL_OK)
        goto done;
    announce(&r);
    st = train_all(&r, err);
    st = finish(&r, st, err);
done:
    if (r.created)
        ipl_run_dir_release(&r.dir);
    for (int t = 0; t < IPL_TABLE_COUNT; t++)
        ipl_text_release(&r.rows[t]);
    ipl_free(r.order);
    ipl_free(r.black);
    ipl_free(r.due);
    for (size_t p = 0; p < 2; p++)
        ipl_probe_destroy(r.probes[p]);
    ipl_spec_release(&r.schedule);
    ipl_net_destroy(r.net);
    ipl_dataset_destroy(r.ds);
    ipl_pool_destroy(r.pool);
    return st;
}
