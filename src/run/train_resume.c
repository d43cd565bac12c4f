/* Going on with a run from its checkpoint. */
#include "base/alloc.h"
#include "base/clock.h"
#include "nn/net_state.h"
#include "run/record.h"
#include "run/run.h"
#include "run/table.h"

#include <math.h>
#include <string.h>

/* Whether the run at the path is of our experiment. */
static ipl_status check_experiment(const ipl_run *r, ipl_error *err)
{
    ipl_experiment *there = ipl_array(1, 1, sizeof *there, err);
    char path[IPL_PATH_MAX];
    ipl_checkpoint old = {0};
    ipl_text text = {0};
    ipl_status st =
        there ? ipl_path_join(path, r->opts->path, "experiment.ini", err) : IPL_E_NOMEM;

    if (st == IPL_OK) {
        ipl_opt_init(there, ipl_experiment_opts);
        st = ipl_experiment_read(there, path, err);
    }
    if (st == IPL_OK) {
        ipl_experiment_print_result(&text, there);
        st = ipl_text_status(&text, err);
    }
    old.experiment = text.s;
    if (st == IPL_OK)
        st = ipl_checkpoint_fits(&old, path, r->exp, err);
    ipl_text_release(&text);
    ipl_free(there);
    return st;
}

ipl_status ipl_run_look(ipl_run_dir_state *out, const ipl_run *r, ipl_error *err)
{
    const char *path = r->opts->path;
    const bool must = r->opts->resume == IPL_RESUME_RUN;

    *out = ipl_run_dir_look(path);
    switch (*out) {
    case IPL_RUN_DIR_FREE:
        if (must)
            return ipl_fail(err, IPL_E_NOINPUT, "%s: no run to go on with", path);
        return IPL_OK;
    case IPL_RUN_DIR_FOREIGN:
        return ipl_fail(err, must ? IPL_E_NOINPUT : IPL_E_CANTCREATE,
                        "%s: exists and is no run (no experiment.ini)", path);
    case IPL_RUN_DIR_BARE:
        if (must)
            return ipl_fail(err, IPL_E_NOINPUT,
                            "%s: no checkpoint yet; start it again with --force", path);
        break;
    case IPL_RUN_DIR_STARTED:
    case IPL_RUN_DIR_DONE:
        break;
    }
    return check_experiment(r, err);
}

/* ---- one checkpoint ---- */

/* Whether its numbers make sense for this run. */
static ipl_status check_position(const ipl_run *r, const ipl_checkpoint *c,
                                 const char *path, ipl_error *err)
{
    const ipl_position *at = &c->at;

    if (!c->whole)
        return ipl_fail(err, IPL_E_FORMAT,
                        "%s: parameters only, a run cannot go on from it", path);
    if (at->epoch > r->exp->epochs || at->batch > r->steps ||
        (at->batch > 0 && at->epoch == r->exp->epochs) ||
        at->step != at->epoch * r->steps + at->batch)
        return ipl_fail(err, IPL_E_FORMAT,
                        "%s: epoch %llu, batch %llu is no place of this run", path,
                        (unsigned long long)at->epoch, (unsigned long long)at->batch);
    return IPL_OK;
}

static void set_position(ipl_run *r, const ipl_position *at)
{
    r->epoch = (size_t)at->epoch;
    r->batch = (size_t)at->batch;
    r->step = (size_t)at->step;
    r->samples = (size_t)at->samples;
    r->sums = (ipl_batch_sums){.loss = at->loss, .correct = (size_t)at->correct};
    r->lr = at->lr;
    r->epoch_train_seconds = at->train_seconds[0];
    r->train_seconds = at->train_seconds[1];
    r->epoch_measure_seconds = at->measure_seconds[0];
    r->measure_seconds = at->measure_seconds[1];
    r->unrecorded = (size_t)at->unrecorded;
    r->undrawn = (size_t)at->undrawn;
    r->checkpoints.best_at = (ipl_position){.epoch = at->best_epoch,
                                            .best_epoch = at->best_epoch,
                                            .best_accuracy = at->best_accuracy,
                                            .best_loss = at->best_loss};
    r->checkpoints.next_step = r->step + r->checkpoints.when.steps;
    r->segment =
        (ipl_run_segment){r->step, r->samples, r->train_seconds, r->measure_seconds};
}

static ipl_status load_net(ipl_run *r, const ipl_checkpoint *c, const char *path,
                           ipl_error *err)
{
    const bool inside = c->at.batch > 0;
    ipl_error why = {0};
    ipl_status st = ipl_net_follow_gradients(
        r->net, inside && ipl_when_due(&r->due, c->at.epoch + 1) && r->n_probes > 0, err);

    if (st != IPL_OK)
        return st;
    st = ipl_net_load(r->net, ipl_run_state_parts((size_t)c->at.batch), c->state,
                      c->state_size, &why);
    return st == IPL_OK ? st : ipl_fail(err, IPL_E_FORMAT, "%s: %s", path, why.msg);
}

/* Open what grows, where the checkpoint left it. */
static ipl_status open_files(ipl_run *r, const ipl_checkpoint *c, ipl_error *err)
{
    ipl_status st = IPL_OK;

    if (r->activations)
        st = ipl_activations_resume(r->activations, r->dir.path, &c->marks[IPL_TABLE_COUNT],
                                    err);
    return st == IPL_OK ? ipl_run_dir_open_tables(&r->dir, c->marks, err) : st;
}

/* The loss of the untrained net: the first row of training.csv; not known when that cannot be
 * read, which is no reason not to go on. */
static void read_first_loss(ipl_run *r)
{
    char path[IPL_PATH_MAX];
    ipl_table *training = NULL;
    double *loss = NULL;

    if (ipl_path_join(path, r->dir.path, "training.csv", NULL) == IPL_OK &&
        ipl_table_read(&training, path, NULL) == IPL_OK &&
        ipl_table_numbers(&loss, training, "train_loss", NULL) == IPL_OK &&
        ipl_table_rows(training) > 0)
        r->first_loss = loss[0];
    ipl_free(loss);
    ipl_table_destroy(training);
}

/* *other: the file is sound, but of another experiment or other data: no use to look on. */
static ipl_status go_on_from(bool *other, ipl_run *r, const char *path, ipl_error *err)
{
    ipl_checkpoint c = {0};
    ipl_status st = ipl_checkpoint_read(&c, path, ipl_checkpoint_limit(r->net), err);

    *other = false;
    if (st == IPL_OK) {
        st = ipl_checkpoint_fits(&c, path, r->exp, err);
        if (st == IPL_OK && strcmp(c.data, r->checkpoints.data.s) != 0)
            st = ipl_fail(err, IPL_E_FORMAT,
                          "%s: made with other data: the files of '%s' have changed", path,
                          r->exp->data);
        *other = st != IPL_OK;
    }
    if (st == IPL_OK)
        st = check_position(r, &c, path, err);
    if (st == IPL_OK)
        st = load_net(r, &c, path, err);
    if (st == IPL_OK)
        st = open_files(r, &c, err);
    if (st != IPL_OK)
        goto done;
    read_first_loss(r);
    set_position(r, &c.at);
    r->unmeasured = c.unmeasured;
    ipl_text_add(&r->segments, "%s", c.segments);
    st = ipl_text_status(&r->segments, err);
    if (strcmp(c.build, r->checkpoints.build.s) != 0) {
        ipl_text line = {0};

        ipl_text_add(&line, "%s: made by %s, this is %s: the last digits may differ", path,
                     c.build, r->checkpoints.build.s);
        ipl_run_warn(r, line.s ? line.s : "");
        ipl_text_release(&line);
    }
done:
    ipl_checkpoint_release(&c);
    return st;
}

/* ---- the run ---- */

static ipl_status find_checkpoint(ipl_run *r, ipl_error *err)
{
    char last[IPL_PATH_MAX], previous[IPL_PATH_MAX];
    ipl_error why = {0}, why_previous = {0};
    ipl_text line = {0};
    bool other;
    ipl_status st = ipl_checkpoint_path(last, r->dir.path, "last", err);

    if (st == IPL_OK)
        st = ipl_checkpoint_path(previous, r->dir.path, "previous", err);
    if (st != IPL_OK)
        return st;
    st = go_on_from(&other, r, last, &why);
    if (st == IPL_OK)
        return st;
    if (other || (st != IPL_E_FORMAT && st != IPL_E_NOINPUT) ||
        go_on_from(&other, r, previous, &why_previous) != IPL_OK)
        return ipl_fail(err, st == IPL_E_NOINPUT ? why_previous.status : st, "%s",
                        st == IPL_E_NOINPUT ? why_previous.msg : why.msg);
    ipl_text_add(&line, "%s; going on from %s", why.msg, previous);
    ipl_run_warn(r, line.s ? line.s : why.msg);
    ipl_text_release(&line);
    return IPL_OK;
}

/* Write the experiment again: pictures and checkpoint may have been chosen anew. */
static ipl_status write_experiment(const ipl_run *r, ipl_error *err)
{
    char path[IPL_PATH_MAX];
    ipl_text text = {0};
    ipl_status st = ipl_path_join(path, r->dir.path, "experiment.ini", err);

    ipl_experiment_print(&text, r->exp);
    if (st == IPL_OK)
        st = ipl_text_status(&text, err);
    if (st == IPL_OK)
        st = ipl_file_replace(path, text.s, text.len, err);
    ipl_text_release(&text);
    return st;
}

static ipl_status start_again(ipl_run *r, ipl_error *err)
{
    ipl_text text = {0};
    ipl_status st;

    ipl_experiment_print(&text, r->exp);
    st = ipl_text_status(&text, err);
    if (st == IPL_OK)
        st = ipl_run_dir_restart(&r->dir, text.s, err);
    ipl_text_release(&text);
    if (st == IPL_OK && r->activations)
        st = ipl_activations_begin(r->activations, r->dir.path, err);
    return st;
}

ipl_status ipl_run_resume(bool *done, ipl_run *r, ipl_error *err)
{
    ipl_run_dir_state there = IPL_RUN_DIR_FREE;
    ipl_status st = ipl_dataset_hash(r->ds, err);

    *done = false;
    if (st == IPL_OK)
        st = ipl_run_describe(r, err);
    if (st == IPL_OK)
        st = ipl_run_dir_reopen(&r->dir, r->opts->path, err);
    if (st != IPL_OK)
        return st;
    r->created = true;
    st = ipl_run_look(&there, r, err); /* again, now that nobody else writes */
    *done = there == IPL_RUN_DIR_DONE;
    if (st != IPL_OK || *done)
        return st;
    r->resumed = there == IPL_RUN_DIR_STARTED;
    if (!r->resumed)
        st = start_again(r, err);
    else
        st = find_checkpoint(r, err);
    if (st == IPL_OK && r->resumed)
        st = write_experiment(r, err);
    return st == IPL_OK ? ipl_record_provenance(r, "running", NULL, err) : st;
}
