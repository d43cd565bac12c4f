/* The training loop. */
#include "base/clock.h"
#include "base/rng.h"
#include "nn/net_state.h"
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

/* Train the next batch and add its sums. */
static ipl_status train_batch(ipl_run *r, ipl_error *err)
{
    const size_t n = ipl_dataset_info(r->ds)->n[IPL_TRAIN];
    const size_t first = r->batch * r->exp->batch;
    const double now = (double)r->epoch + (double)r->batch / (double)r->steps;
    const rows s = {.r = r, .epoch = r->epoch, .first = first};
    const ipl_batch batch = {
        .n = n - first < r->exp->batch ? n - first : r->exp->batch,
        .fill = fill_shuffled,
        .source = &s,
    };
    const double lr = ipl_net_learning_rate(r->net) *
                      ipl_schedule_factor(&r->schedule, now, (double)r->exp->epochs);
    ipl_batch_sums sums;
    const ipl_status st =
        ipl_net_train_batch(&sums, r->net, &batch, lr, r->epoch, r->step, err);

    if (st != IPL_OK)
        return st;
    r->lr = lr;
    r->sums.loss += sums.loss;
    r->sums.correct += sums.correct;
    r->batch++;
    r->step++;
    r->samples += batch.n;
    return IPL_OK;
}

/* Whether to measure after the batches done so far, before the end of the epoch. */
static bool due_early(const ipl_run *r)
{
    return r->n_probes > 0 && r->exp->early_steps > 0 && r->epoch < r->exp->early_epochs &&
           r->batch % r->exp->early_steps == 0 && r->batch < r->steps;
}

static ipl_status measure_early(ipl_run *r, ipl_error *err)
{
    ipl_status st = ipl_overlap_settle(r, err); /* rows keep their order */
    const double measured = r->measure_seconds;

    if (st != IPL_OK || r->unmeasured)
        return st;
    ipl_run_lap(r);
    st = ipl_run_measure(r, false, err);
    ipl_record_flush(r);
    r->epoch_measure_seconds += r->measure_seconds - measured;
    r->lap = ipl_clock();
    return st;
}

void ipl_run_lap(ipl_run *r)
{
    const double spent = ipl_clock_spent(r->lap);

    if (r->batch > 0) { /* inside an epoch */
        r->epoch_train_seconds += spent;
        r->train_seconds += spent;
    }
    r->lap = ipl_clock();
}

/* Begin an epoch, or take it up where a checkpoint left it. */
static ipl_status begin_epoch(ipl_run *r, ipl_error *err)
{
    new_order(r, r->epoch);
    r->lap = ipl_clock();
    if (r->batch > 0)
        return IPL_OK;
    r->sums = (ipl_batch_sums){0};
    r->epoch_train_seconds = r->epoch_measure_seconds = 0.0;
    return ipl_net_follow_gradients(
        r->net, ipl_when_due(&r->due, r->epoch + 1) && r->n_probes > 0, err);
}

/* Train an epoch up to its last batch, or until asked to stop. */
static ipl_status train_epoch(ipl_run *r, ipl_error *err)
{
    ipl_status st = begin_epoch(r, err);

    while (st == IPL_OK && r->batch < r->steps && !ipl_run_stopping(r)) {
        st = train_batch(r, err);
        if (st == IPL_OK && due_early(r))
            st = measure_early(r, err);
        if (st != IPL_OK)
            return st;
        if (r->opts->watcher.batch)
            r->opts->watcher.batch(r->opts->watcher.self, r->epoch, r->batch, r->steps);
        if (ipl_overlap_ready(r))
            st = ipl_overlap_settle(r, err);
        if (st == IPL_OK && !ipl_run_stopping(r))
            ipl_run_save_after_step(r);
    }
    ipl_run_lap(r);
    return st;
}

/*
 * Every number may be finite and the net have diverged all the same. Its training loss is
 * compared with that of the untrained net, or with 1 where that was less: this many times as
 * much ends a run at any epoch, and spoils it at the last.
 */
#define LOST 1e5
#define LOST_AT_END 1e2

static ipl_status check_loss(const ipl_run *r, double loss, ipl_error *err)
{
    const double most = r->epoch < r->exp->epochs ? LOST : LOST_AT_END;

    if (!(loss > most * fmax(r->first_loss, 1.0)))
        return IPL_OK;
    return ipl_fail(err, IPL_E_NUMERIC,
                    "epoch %zu: the training loss is %.3g, that of the untrained net was "
                    "%.3g: lower the learning rate",
                    r->epoch, loss, r->first_loss);
}

ipl_status ipl_run_check_numbers(const ipl_run *r, ipl_error *err)
{
    ipl_error why = {0};
    const ipl_status st = ipl_net_check_finite(r->net, &why);

    return st == IPL_OK ? st
                        : ipl_fail(err, st, "epoch %zu, after step %zu: %s", r->epoch,
                                   r->step, why.msg);
}

/* An epoch has all its batches: test, measure, write. */
static ipl_status close_epoch(ipl_run *r, ipl_error *err)
{
    const double n = (double)ipl_dataset_info(r->ds)->n[IPL_TRAIN];
    ipl_epoch_report e = {
        .epoch = ++r->epoch,
        .lr = r->lr,
        .loss[IPL_TRAIN] = r->sums.loss / n,
        .accuracy[IPL_TRAIN] = (double)r->sums.correct / n,
        .train_seconds = r->epoch_train_seconds,
        .measure_seconds = r->epoch_measure_seconds,
    };

    ipl_status st;

    r->batch = 0;
    st = ipl_run_check_numbers(r, err);
    if (st == IPL_OK)
        st = check_loss(r, e.loss[IPL_TRAIN], err);
    return st == IPL_OK ? ipl_run_end_epoch(r, &e, err) : st;
}

static ipl_status train_epochs(ipl_run *r, ipl_error *err)
{
    const bool given_up = r->unmeasured; /* when the run was stopped before */
    ipl_status st = IPL_OK;

    r->unmeasured = false;
    r->lap = ipl_clock();
    if (!r->resumed || (given_up && r->step == 0)) {
        ipl_epoch_report e = {.lr = (double)NAN};

        ipl_run_evaluate(&e.loss[IPL_TRAIN], &e.accuracy[IPL_TRAIN], r, IPL_TRAIN);
        r->first_loss = e.loss[IPL_TRAIN];
        st = ipl_run_end_epoch(r, &e, err);
    } else if (given_up && due_early(r)) {
        st = measure_early(r, err);
    }
    while (st == IPL_OK && r->epoch < r->exp->epochs && !ipl_run_stopping(r)) {
        st = train_epoch(r, err);
        if (st == IPL_OK && r->batch == r->steps && !ipl_run_stopping(r))
            st = close_epoch(r, err);
    }
    return st;
}

/* What is still being measured comes before whatever ended training after it. */
ipl_status ipl_run_epochs(ipl_run *r, ipl_error *err)
{
    ipl_error why = {0};
    const ipl_status trained = train_epochs(r, &why);
    const ipl_status measured = ipl_overlap_settle(r, err);

    if (measured != IPL_OK || trained == IPL_OK)
        return measured;
    return ipl_fail(err, trained, "%s", why.msg);
}
