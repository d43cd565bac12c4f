/* Writing checkpoints while a run runs. */
#include "base/alloc.h"
#include "base/clock.h"
#include "math/linalg.h"
#include "nn/net_state.h"
#include "run/record.h"
#include "run/run.h"
#include "run/version.h"

#include <math.h>
#include <stdio.h>

ipl_status ipl_run_prepare_checkpoints(ipl_run *r, ipl_error *err)
{
    ipl_run_checkpoints *c = &r->checkpoints;
    ipl_status st = ipl_checkpoint_when_parse(&c->when, r->exp->checkpoint, err);

    if (st != IPL_OK || !ipl_checkpoint_when_any(&c->when))
        return st;
    c->best_size = ipl_net_state_size(r->net, IPL_NET_LEARNED);
    c->best = ipl_array(c->best_size, 1, 1, err);
    return c->best ? IPL_OK : IPL_E_NOMEM;
}

ipl_status ipl_run_describe(ipl_run *r, ipl_error *err)
{
    const ipl_data_info *data = ipl_dataset_info(r->ds);
    ipl_run_checkpoints *c = &r->checkpoints;
    char blas[256];
    ipl_status st;

    ipl_experiment_print_result(&c->experiment, r->exp);
    ipl_text_add(&c->data, "%s", "");
    for (size_t i = 0; i < data->n_files; i++)
        ipl_text_add(&c->data, "%s\n", data->files[i].sha256);
    ipl_blas_describe(blas, sizeof blas);
    ipl_text_add(&c->build, "infoplane %s, %s", IPL_VERSION, blas);
    st = ipl_text_status(&c->experiment, err);
    if (st == IPL_OK)
        st = ipl_text_status(&c->data, err);
    return st == IPL_OK ? ipl_text_status(&c->build, err) : st;
}

unsigned ipl_run_state_parts(size_t batch)
{
    const unsigned always = IPL_NET_LEARNED | IPL_NET_OPTIMISER;

    return batch > 0 ? always | IPL_NET_FOLLOWED : always;
}

static ipl_position position_of(const ipl_run *r)
{
    const ipl_position *best = &r->checkpoints.best_at;

    return (ipl_position){
        .epoch = r->epoch,
        .batch = r->batch,
        .step = r->step,
        .samples = r->samples,
        .correct = r->sums.correct,
        .loss = r->sums.loss,
        .lr = r->lr,
        .train_seconds = {r->epoch_train_seconds, r->train_seconds},
        .measure_seconds = {r->epoch_measure_seconds, r->measure_seconds},
        .unrecorded = r->unrecorded,
        .undrawn = r->undrawn,
        .best_epoch = best->best_epoch,
        .best_accuracy = best->best_accuracy,
        .best_loss = best->best_loss,
    };
}

/* A checkpoint of parameters alone; it says nothing of the time, so its bytes are the run's. */
static ipl_status write_learned(const ipl_run *r, const char *name, const ipl_position *at,
                                const void *state, ipl_error *err)
{
    const ipl_run_checkpoints *c = &r->checkpoints;
    const ipl_checkpoint file = {.at = {.epoch = at->epoch,
                                        .step = at->step,
                                        .best_epoch = at->best_epoch,
                                        .best_accuracy = at->best_accuracy,
                                        .best_loss = at->best_loss},
                                 .experiment = c->experiment.s,
                                 .data = c->data.s,
                                 .build = c->build.s,
                                 .segments = "",
                                 .state = state,
                                 .state_size = c->best_size};
    char path[IPL_PATH_MAX];
    const ipl_status st = ipl_checkpoint_path(path, r->dir.path, name, err);

    return st == IPL_OK
               ? ipl_checkpoint_write(path, NULL, &file, r->net, IPL_NET_LEARNED, err)
               : st;
}

/* checkpoint/last, the one that was it becoming checkpoint/previous. */
static ipl_status write_last(ipl_run *r, ipl_error *err)
{
    const ipl_run_checkpoints *c = &r->checkpoints;
    char path[IPL_PATH_MAX], previous[IPL_PATH_MAX];
    ipl_checkpoint file = {.whole = true,
                           .unmeasured = r->unmeasured,
                           .at = position_of(r),
                           .experiment = c->experiment.s,
                           .data = c->data.s,
                           .build = c->build.s};
    ipl_text segments = {0};
    ipl_status st = IPL_OK;

    for (int t = 0; t < IPL_TABLE_COUNT; t++)
        file.marks[t] = r->dir.tables[t].mark;
    if (r->activations)
        st = ipl_activations_sync(&file.marks[IPL_TABLE_COUNT], r->activations, err);
    ipl_record_segments(&segments, r);
    if (st == IPL_OK)
        st = ipl_text_status(&segments, err);
    file.segments = segments.s;
    if (st == IPL_OK)
        st = ipl_checkpoint_path(path, r->dir.path, "last", err);
    if (st == IPL_OK)
        st = ipl_checkpoint_path(previous, r->dir.path, "previous", err);
    if (st == IPL_OK)
        st = ipl_checkpoint_write(path, previous, &file, r->net,
                                  ipl_run_state_parts(r->batch), err);
    ipl_text_release(&segments);
    return st;
}

ipl_status ipl_run_save(ipl_run *r, ipl_error *err)
{
    ipl_run_checkpoints *c = &r->checkpoints;
    const double from = ipl_clock();
    char folder[IPL_PATH_MAX];
    ipl_status st;

    ipl_run_lap(r);
    ipl_record_flush(r);
    st = ipl_run_check_numbers(r, err);
    /* Rows that wait are not in the tables: going on from here would lose them. */
    if (st == IPL_OK && r->write_failed)
        st = ipl_fail(err, IPL_E_IO, "%s: rows could not be written", r->dir.path);
    if (st == IPL_OK)
        st = ipl_run_dir_sync(&r->dir, err);
    if (st == IPL_OK)
        st = ipl_run_dir_folder(folder, &r->dir, IPL_CHECKPOINT_FOLDER, err);
    if (st == IPL_OK && c->best_waits) {
        st = write_learned(r, "best", &c->best_at, c->best, err);
        c->best_waits = st != IPL_OK;
    }
    if (st == IPL_OK)
        st = write_last(r, err);
    c->failed = st != IPL_OK;
    if (st == IPL_OK) {
        c->written++;
        r->told = false;
    }
    c->last = ipl_clock();
    c->next_step = r->step + c->when.steps;
    c->seconds += ipl_clock_spent(from);
    r->lap = ipl_clock();
    return st;
}

/* Write a checkpoint; training goes on when that fails, and finds itself what diverges. */
static void try_to_save(ipl_run *r)
{
    ipl_error why = {0};
    const ipl_status st = ipl_run_save(r, &why);

    if (st != IPL_OK && st != IPL_E_NUMERIC)
        ipl_run_tell_fault(r, &why);
}

static bool is_due(const ipl_run *r)
{
    const ipl_run_checkpoints *c = &r->checkpoints;

    return (c->when.steps > 0 && r->step >= c->next_step) ||
           (c->when.seconds > 0.0 && ipl_clock() - c->last >= c->when.seconds);
}

bool ipl_run_save_due(const ipl_run *r, size_t epoch)
{
    const ipl_run_checkpoints *c = &r->checkpoints;

    if (!ipl_checkpoint_when_any(&c->when))
        return false;
    return epoch == 0 || c->failed || (c->when.epochs && epoch % c->when.epochs == 0) ||
           is_due(r);
}

/* A checkpoint claims the rows of every epoch before it: while some are not known it waits. */
void ipl_run_save_after_step(ipl_run *r)
{
    if (r->batch < r->steps && is_due(r) && !ipl_overlap_pending(r))
        try_to_save(r);
}

/* Whether an epoch is better than the best before: see run/checkpoint.h. */
static bool is_better(const ipl_position *best, double accuracy, double loss)
{
    if (isnan(best->best_loss))
        return !isnan(loss);
    if (accuracy > best->best_accuracy)
        return true;
    return !(accuracy < best->best_accuracy) && loss < best->best_loss;
}

static void note_best(ipl_run *r, const ipl_epoch_report *e)
{
    ipl_run_checkpoints *c = &r->checkpoints;
    const ipl_split part = ipl_dataset_info(r->ds)->n[IPL_TEST] > 0 ? IPL_TEST : IPL_TRAIN;

    if (!is_better(&c->best_at, e->accuracy[part], e->loss[part]))
        return;
    c->best_at = (ipl_position){.epoch = e->epoch,
                                .step = r->step,
                                .best_epoch = e->epoch,
                                .best_accuracy = e->accuracy[part],
                                .best_loss = e->loss[part]};
    ipl_net_save(c->best, r->net, IPL_NET_LEARNED);
    c->best_waits = true;
}

/* Keep the parameters of this epoch, if they are wanted. */
static void keep(ipl_run *r, size_t epoch)
{
    const ipl_checkpoint_when *when = &r->checkpoints.when;
    const ipl_position at = {.epoch = epoch,
                             .step = r->step,
                             .best_accuracy = (double)NAN,
                             .best_loss = (double)NAN};
    const double from = ipl_clock();
    char folder[IPL_PATH_MAX], name[32];
    ipl_error why = {0};

    if (!(when->keep > 0 && epoch % when->keep == 0) &&
        !(when->keep_measured && ipl_when_due(&r->due, epoch)))
        return;
    (void)snprintf(name, sizeof name, "epoch-%06zu", epoch);
    if (ipl_run_dir_folder(folder, &r->dir, IPL_CHECKPOINT_FOLDER, &why) != IPL_OK ||
        write_learned(r, name, &at, NULL, &why) != IPL_OK) {
        r->undrawn++;
        (void)snprintf(name, sizeof name, "%zu", epoch);
        ipl_run_give_up(r, "parameters", name, &why);
    }
    r->checkpoints.seconds += ipl_clock_spent(from);
}

void ipl_run_save_after_epoch(ipl_run *r, const ipl_epoch_report *e)
{
    const ipl_run_checkpoints *c = &r->checkpoints;

    if (!ipl_checkpoint_when_any(&c->when))
        return;
    keep(r, e->epoch);
    note_best(r, e);
    if (e->epoch == r->exp->epochs)
        return; /* the end of the run writes one */
    if (ipl_run_save_due(r, e->epoch) && !ipl_overlap_pending(r))
        try_to_save(r);
}
