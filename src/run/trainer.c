#include "run/trainer.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "run/record.h"
#include "run/run.h"
#include "run/summary.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void ipl_run_warn(const ipl_run *r, const char *text)
{
    if (r->opts->watcher.warning && *text != '\0')
        r->opts->watcher.warning(r->opts->watcher.self, text);
}

void ipl_run_tell_fault(ipl_run *r, const ipl_error *why)
{
    if (!r->told)
        ipl_run_warn(r, why->msg);
    r->told = true;
}

void ipl_run_give_up(ipl_run *r, const char *what, const char *epoch, const ipl_error *why)
{
    ipl_text_add(&r->not_written, "%s\"%s %s\"", r->not_written.len > 0 ? ", " : "", what,
                 epoch);
    ipl_run_tell_fault(r, why);
}

bool ipl_run_stopping(const ipl_run *r)
{
    return r->opts->stop && *r->opts->stop != 0;
}
static ipl_status write_parameters(const ipl_run *r, ipl_error *err)
{
    char folder[IPL_PATH_MAX];
    const ipl_status st = ipl_run_dir_folder(folder, &r->dir, "parameters", err);

    return st == IPL_OK ? ipl_net_write_params(r->net, folder, err) : st;
}

/* Files that were given up along the way. */
static ipl_status check_losses(const ipl_run *r, ipl_error *err)
{
    char recorded[64] = "", drawn[64] = "";

    if (r->write_failed)
        return ipl_fail(err, IPL_E_IO, "%s: rows could not be written", r->dir.path);
    if (r->unrecorded == 0 && r->undrawn == 0)
        return IPL_OK;
    if (r->unrecorded > 0)
        (void)snprintf(recorded, sizeof recorded, "activations of %zu measurements%s",
                       r->unrecorded, r->undrawn > 0 ? " and " : "");
    if (r->undrawn > 0)
        (void)snprintf(drawn, sizeof drawn, "%zu pictures or kept parameters", r->undrawn);
    return ipl_fail(
        err, IPL_E_IO,
        "%.200s: %s%s could not be written: see not_written in its run.json; to "
        "get them, train its experiment.ini with another --out",
        r->dir.path, recorded, drawn);
}

/* The first fault counts. */
static void note_fault(ipl_error *first, ipl_status st, const ipl_error *why)
{
    if (st != IPL_OK && first->status == IPL_OK) {
        *first = *why;
        if (st == IPL_E_CANTCREATE || st == IPL_E_NOINPUT)
            first->status = IPL_E_IO; /* the run did exist */
    }
}

/* Whether anything was measured, in this segment or before. */
static bool has_information(const ipl_run *r)
{
    ipl_text header = {0};
    bool more;

    ipl_run_dir_print_header(&header, IPL_TABLE_INFORMATION);
    more = r->dir.tables[IPL_TABLE_INFORMATION].mark.length > header.len;
    ipl_text_release(&header);
    return more;
}

/* Write what a run leaves, each part whatever became of the others. */
static void write_end(ipl_error *first, ipl_run *r, bool save)
{
    ipl_error why = {0};

    ipl_record_flush(r);
    note_fault(first, check_losses(r, &why), &why);
    if (save)
        note_fault(first, ipl_run_save(r, &why), &why);
    note_fault(first, write_parameters(r, &why), &why);
    if (has_information(r) && !r->write_failed)
        note_fault(first, ipl_summary_write(r->dir.path, &why), &why);
    note_fault(first, ipl_run_dir_sync(&r->dir, &why), &why);
}

/* Write what a run leaves, whatever ended it; trained is how training ended. */
static ipl_status finish(ipl_run *r, ipl_status trained, ipl_error *err)
{
    const bool stopped = r->epoch < r->exp->epochs || r->unmeasured;
    const bool save = trained == IPL_OK && ipl_checkpoint_when_any(&r->checkpoints.when);
    ipl_train_end end = {.stopped = stopped, .epoch = r->epoch, .batch = r->batch};
    ipl_error first = {0}, why = {0};
    const char *state;

    if (trained != IPL_OK && err)
        first = *err;
    else if (trained != IPL_OK)
        first.status = trained;
    write_end(&first, r, save);
    state = first.status == IPL_E_NUMERIC ? "diverged"
            : first.status != IPL_OK      ? "failed"
            : stopped                     ? "stopped"
                                          : "done";
    /* Last of all: a run whose record says "done" has everything. */
    note_fault(&first, ipl_record_provenance(r, state, &first, &why), &why);
    note_fault(&first, ipl_run_dir_finish(&r->dir, &why), &why);
    if (r->opts->link_latest)
        ipl_run_dir_link_latest(r->dir.path);
    end.resumable = save && !r->checkpoints.failed;
    if (first.status == IPL_OK && r->opts->watcher.end)
        r->opts->watcher.end(r->opts->watcher.self, &end);
    if (trained != IPL_OK)
        return trained; /* its message stands in err already */
    return first.status == IPL_OK ? IPL_OK : ipl_fail(err, first.status, "%s", first.msg);
}

/* The run was at its end before: say so. A lock is left when it was killed right there. */
static void tell_done(const ipl_run *r)
{
    const ipl_train_end end = {.before = true, .epoch = r->exp->epochs};
    ipl_run_dir dir;

    if (!r->created && ipl_run_dir_reopen(&dir, r->opts->path, NULL) == IPL_OK)
        ipl_run_dir_release(&dir);
    if (r->opts->link_latest)
        ipl_run_dir_link_latest(r->opts->path);
    if (r->opts->watcher.end)
        r->opts->watcher.end(r->opts->watcher.self, &end);
}

static void release(ipl_run *r)
{
    if (r->created)
        ipl_run_dir_release(&r->dir);
    for (int t = 0; t < IPL_TABLE_COUNT; t++)
        ipl_text_release(&r->rows[t]);
    ipl_text_release(&r->segments);
    ipl_text_release(&r->not_written);
    ipl_text_release(&r->checkpoints.experiment);
    ipl_text_release(&r->checkpoints.data);
    ipl_text_release(&r->checkpoints.build);
    ipl_free(r->checkpoints.best);
    ipl_activations_destroy(r->activations);
    ipl_free(r->order);
    ipl_free(r->black);
    ipl_when_release(&r->due);
    ipl_when_release(&r->drawn);
    ipl_overlap_destroy(r->overlap); /* its thread first of all */
    for (size_t p = 0; p < 2; p++)
        ipl_probe_destroy(r->probes[p]);
    ipl_spec_release(&r->schedule);
    ipl_net_destroy(r->net);
    ipl_dataset_destroy(r->ds);
    ipl_pool_destroy(r->pool);
}

/* Create the run directory or go on with the one that is there. */
static ipl_status open_run(bool *done, ipl_run *r, ipl_run_dir_state there, ipl_error *err)
{
    *done = false;
    return there == IPL_RUN_DIR_FREE ? ipl_run_begin(r, err) : ipl_run_resume(done, r, err);
}

/* Whether probes or what is recorded of them depend on an option, once the data is chosen. */
static bool is_of_probes(const ipl_opt *row)
{
    return strcmp(row->group, "training") != 0 || strcmp(row->name, "batch") == 0 ||
           strcmp(row->name, "epochs") == 0;
}

static bool is_of_data(const ipl_opt *row)
{
    return strcmp(row->group, "data") == 0;
}

/* Print the options that something depends on; *same: as they were when it was last made. */
static ipl_status compare_options(bool *same, ipl_text *last, const ipl_experiment *exp,
                                  bool (*is_one)(const ipl_opt *row), ipl_error *err)
{
    ipl_text now = {0};

    for (const ipl_opt *row = ipl_experiment_opts; row->name; row++)
        if (is_one(row)) {
            ipl_opt_print(&now, exp, row);
            ipl_text_add(&now, "\n");
        }
    *same = last->s && now.s && strcmp(last->s, now.s) == 0;
    ipl_text_release(last);
    *last = now;
    return ipl_text_status(last, err);
}

ipl_status ipl_train_check(ipl_train_checks *checks, const ipl_experiment *exp,
                           const char *path, ipl_error *err)
{
    const ipl_train_opts opts = {.exp = exp, .path = path, .threads = 1};
    ipl_run r = {.opts = &opts, .exp = exp};
    bool same_data = false;
    ipl_status st = compare_options(&same_data, &checks->data, exp, is_of_data, err);

    if (st == IPL_OK)
        st = compare_options(&r.probes_are_known, &checks->probes, exp, is_of_probes, err);
    if (st == IPL_OK && !same_data) {
        ipl_dataset_destroy(checks->ds);
        checks->ds = NULL;
    }
    r.ds = checks->ds;
    if (st == IPL_OK)
        st = ipl_run_prepare(&r, err);
    checks->ds = r.ds;
    r.ds = NULL; /* kept for the next */
    release(&r);
    return st;
}

void ipl_train_checks_release(ipl_train_checks *checks)
{
    ipl_dataset_destroy(checks->ds);
    ipl_text_release(&checks->data);
    ipl_text_release(&checks->probes);
    *checks = (ipl_train_checks){0};
}

ipl_status ipl_train(const ipl_train_opts *opts, ipl_error *err)
{
    ipl_run r = {
        .opts = opts, .exp = opts->exp, .lr = (double)NAN, .first_loss = (double)NAN};
    ipl_run_dir_state there = IPL_RUN_DIR_FREE;
    bool done;
    ipl_status st = IPL_OK;

    r.checkpoints.best_at.best_accuracy = r.checkpoints.best_at.best_loss = (double)NAN;
    r.checkpoints.last = ipl_clock();
    ipl_clock_stamp(r.start, sizeof r.start);
    if (opts->resume != IPL_RESUME_NO)
        st = ipl_run_look(&there, &r, err);
    done = there == IPL_RUN_DIR_DONE;
    if (st == IPL_OK && !done)
        st = ipl_run_prepare(&r, err);
    if (st == IPL_OK && !done)
        st = open_run(&done, &r, there, err);
    if (st != IPL_OK)
        goto done;
    if (done) {
        tell_done(&r);
        goto done;
    }
    ipl_run_announce(&r);
    st = ipl_run_epochs(&r, err);
    st = finish(&r, st, err);
done:
    release(&r);
    return st;
}
