/* The training loop. */
#include "base/clock.h"
#include "base/rng.h"
#include "nn/schedule.h"
#include "run/record.h"
#include "run/run.h"

#include <math.h>

/* Rows of the current order as a batch of the net. */
typedef struct rows {
    const ipl_run *r;
    size_t epoch, first;
} rows;

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
    const rows s = {.r = r, .epoch = epoch, .first = first};
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
            st = ipl_run_measure(r, false, err);
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
    return ipl_run_end_epoch(r, &e, err);
}

ipl_status ipl_run_epochs(ipl_run *r, ipl_error *err)
{
    ipl_epoch_report e = {.lr = (double)NAN};
    ipl_status st;

    ipl_run_evaluate(&e.loss[IPL_TRAIN], &e.accuracy[IPL_TRAIN], r, IPL_TRAIN);
    st = ipl_run_end_epoch(r, &e, err);
    for (size_t epoch = 0; epoch < r->exp->epochs && st == IPL_OK && !ipl_run_stopping(r);
         epoch++)
        st = train_epoch(r, epoch, err);
    return st;
}
