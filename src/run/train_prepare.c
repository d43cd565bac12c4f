/* Preparing a run: everything that can be wrong is found before anything is written. */
#include "base/alloc.h"
#include "math/linalg.h"
#include "nn/net_state.h"
#include "nn/schedule.h"
#include "run/build.h"
#include "run/provenance.h"
#include "run/record.h"
#include "run/run.h"
#include "run/when.h"

#include <math.h>
#include <string.h>

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
        st = ipl_probe_create(&r->probes[p], r->exp, r->ds, r->net, (ipl_split)p, 0,
                              r->pool, err);
        r->n_probes += st == IPL_OK;
        if (st == IPL_OK)
            ipl_probe_use_quit(r->probes[p], r->opts->hurry);
    }
    return st;
}

/* Measurements of the whole run. */
static size_t count_measurements(const ipl_run *r)
{
    const size_t reach =
        r->exp->early_epochs < r->exp->epochs ? r->exp->early_epochs : r->exp->epochs;
    size_t n = ipl_when_count(&r->due);

    if (r->exp->early_steps > 0)
        n += reach * ((r->steps - 1) / r->exp->early_steps);
    return n;
}

/* Code, its tables and stacks that are first touched after the data set was loaded. */
enum { CODE_BYTES = 1000000 };

/* Estimate of what the run writes, without recorded activations. */
static double table_bytes(const ipl_run *r)
{
    enum { ROW_BYTES = 420, LAYER_BYTES = 200, EPOCH_BYTES = 110 };
    const double measurements = (double)count_measurements(r);
    double bytes =
        (double)(r->exp->epochs + 1) * EPOCH_BYTES + 4.0 * (double)ipl_net_n_params(r->net);

    for (size_t p = 0; p < r->n_probes; p++) {
        const double rows = (double)ipl_probe_n_layers(r->probes[p]);
        const double texts = (double)ipl_probe_n_estimators(r->probes[p]);

        bytes += measurements * rows * texts * ROW_BYTES;
        bytes += p == 0 ? measurements * rows * LAYER_BYTES : 0.0;
    }
    return bytes;
}

/* Bytes of checkpoint/last; 0: none is written. */
static double checkpoint_bytes(const ipl_run *r)
{
    if (!ipl_checkpoint_when_any(&r->checkpoints.when))
        return 0.0;
    return (double)ipl_net_state_size(r->net, ipl_run_state_parts(0));
}

/* Bytes of all checkpoints that the run leaves. */
static double all_checkpoint_bytes(const ipl_run *r)
{
    const ipl_checkpoint_when *when = &r->checkpoints.when;
    size_t kept = when->keep > 0 ? r->exp->epochs / when->keep + 1 : 0;

    if (when->keep_measured)
        kept += ipl_when_count(&r->due);
    return 2.0 * checkpoint_bytes(r) +
           (double)(kept + 1) * (double)r->checkpoints.best_size;
}

/* Prepare recording; refuse it when the disk is too small for the whole run. */
static ipl_status prepare_recording(ipl_run *r, ipl_error *err)
{
    double need;
    ipl_status st =
        ipl_activations_create(&r->activations, r->exp->record, r->net,
                               (const ipl_probe *const *)r->probes, r->n_probes, err);

    r->free_bytes = (double)NAN;
    if (st != IPL_OK || !r->activations)
        return st;
    need = table_bytes(r) + all_checkpoint_bytes(r) +
           ipl_activations_bytes(r->activations, count_measurements(r));
    st = ipl_disk_free(&r->free_bytes, r->opts->path, err);
    if (st == IPL_OK && need > r->free_bytes)
        st =
            ipl_fail(err, IPL_E_CANTCREATE,
                     "record: the run would take %.4g GB, the disk of %s has %.4g GB free; "
                     "record fewer layers, float16, or measure less often",
                     need / 1e9, r->opts->path, r->free_bytes / 1e9);
    return st;
}

/*
 * The smallest batch of an epoch is its last one. What a layer cannot be trained on is refused
 * here, before the first step.
 */
static ipl_status check_batches(const ipl_run *r, ipl_error *err)
{
    const size_t n = ipl_dataset_info(r->ds)->n[IPL_TRAIN], batch = r->exp->batch;
    const size_t last = n - (r->steps - 1) * batch;
    size_t other = batch + 1;
    ipl_error why = {0};
    const ipl_status st = ipl_net_check_batch(r->net, last, &why);

    if (st == IPL_OK)
        return IPL_OK;
    while (n > 1 &&
           ipl_net_check_batch(r->net, n % other ? n % other : other, NULL) != IPL_OK)
        other++;
    if (n == 1)
        return ipl_fail(err, st, "%.300s; there is only one training sample", why.msg);
    return ipl_fail(err, st,
                    "batch: %.300s; %zu training samples in batches of %zu end with one of "
                    "%zu: choose another --batch, for example %zu",
                    why.msg, n, batch, last, other);
}

ipl_status ipl_run_prepare(ipl_run *r, ipl_error *err)
{
    const ipl_experiment *exp = r->exp;
    const size_t threads = ipl_threads_for(r->opts->threads).n;
    ipl_status st;

    ipl_blas_start();
    st = ipl_spec_create(&r->schedule, "schedule", ipl_schedule_row, exp->schedule, err);
    if (st != IPL_OK)
        return st;
    st = ipl_when_read(&r->due, exp->epochs, exp->measure, "measure", err);
    if (st == IPL_OK)
        st = ipl_when_read(&r->drawn, exp->epochs, exp->pictures, "pictures", err);
    if (st == IPL_OK)
        st = ipl_blas_pool_create(&r->pool, threads, err);
    if (st == IPL_OK && !r->ds)
        st = ipl_build_data(&r->ds, exp, err);
    r->loaded_bytes = ipl_provenance_peak_memory();
    if (st == IPL_OK)
        st = prepare_augmentation(r, err);
    if (st == IPL_OK)
        st = ipl_build_net(&r->net, exp, r->ds, NULL, r->pool, err);
    if (st == IPL_OK && !r->probes_are_known)
        st = build_probes(r, err);
    if (st == IPL_OK)
        st = ipl_overlap_create(r, err);
    if (st != IPL_OK)
        return st;
    r->order = ipl_array(ipl_dataset_info(r->ds)->n[IPL_TRAIN], 1, sizeof *r->order, err);
    if (!r->order)
        return IPL_E_NOMEM;
    r->steps = (ipl_dataset_info(r->ds)->n[IPL_TRAIN] + exp->batch - 1) / exp->batch;
    st = check_batches(r, err);
    if (st == IPL_OK)
        st = ipl_run_prepare_checkpoints(r, err);
    return st == IPL_OK && !r->probes_are_known ? prepare_recording(r, err) : st;
}

void ipl_run_announce(const ipl_run *r)
{
    const size_t measurements = count_measurements(r);
    ipl_train_plan plan = {
        .exp = r->exp,
        .path = r->opts->path,
        .data = ipl_dataset_info(r->ds),
        .net = r->net,
        .probes = (const ipl_probe *const *)r->probes,
        .n_probes = r->n_probes,
        .threads = ipl_pool_threads(r->pool),
        .overlap_threads = ipl_overlap_threads(r->overlap),
        .steps = r->steps,
        .measurements = measurements,
        .net_bytes = ipl_net_memory(r->net),
        .activation_bytes = ipl_activations_bytes(r->activations, measurements),
        .free_bytes = r->free_bytes,
        .checkpoint_bytes = checkpoint_bytes(r),
        .resumed = r->resumed,
        .epoch = r->epoch,
        .batch = r->batch,
    };

    plan.disk_bytes = table_bytes(r) + all_checkpoint_bytes(r) + plan.activation_bytes;
    plan.probe_bytes = ipl_overlap_memory(r->overlap);
    for (size_t p = 0; p < r->n_probes; p++)
        plan.probe_bytes += ipl_probe_memory(r->probes[p]);
    plan.process_bytes = r->loaded_bytes + CODE_BYTES + plan.net_bytes + plan.probe_bytes;
    if (r->opts->watcher.start)
        r->opts->watcher.start(r->opts->watcher.self, &plan);
}

ipl_status ipl_run_begin(ipl_run *r, ipl_error *err)
{
    ipl_text text = {0};
    ipl_status st = ipl_dataset_hash(r->ds, err);

    if (st != IPL_OK)
        return st;
    ipl_experiment_print(&text, r->exp);
    st = ipl_text_status(&text, err);
    if (st == IPL_OK)
        st = ipl_run_describe(r, err);
    if (st == IPL_OK)
        st = ipl_run_dir_create(&r->dir, r->opts->path, r->opts->force, text.s, err);
    ipl_text_release(&text);
    if (st != IPL_OK)
        return st;
    r->created = true;
    if (r->activations)
        st = ipl_activations_begin(r->activations, r->dir.path, err);
    if (st != IPL_OK)
        return st;
    return ipl_record_provenance(r, "running", NULL, err);
}
