#include "run/trainer.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "run/record.h"
#include "run/run.h"
#include "run/summary.h"

void ipl_run_warn(const ipl_run *r, const char *text)
{
    if (r->opts->watcher.warning && *text != '\0')
        r->opts->watcher.warning(r->opts->watcher.self, text);
}

bool ipl_run_stopping(const ipl_run *r)
{
    return r->opts->stop && *r->opts->stop != 0;
}
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
    else if (r->unrecorded > 0)
        st = ipl_fail(&why, IPL_E_IO,
                      "%s: the activations of %zu measurements could not be written",
                      r->dir.path, r->unrecorded);
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
    st = ipl_run_prepare(&r, err);
    if (st != IPL_OK)
        goto done;
    st = ipl_run_begin(&r, err);
    if (st != IPL_OK)
        goto done;
    ipl_run_announce(&r);
    st = ipl_run_epochs(&r, err);
    st = finish(&r, st, err);
done:
    if (r.created)
        ipl_run_dir_release(&r.dir);
    for (int t = 0; t < IPL_TABLE_COUNT; t++)
        ipl_text_release(&r.rows[t]);
    ipl_activations_destroy(r.activations);
    ipl_free(r.order);
    ipl_free(r.black);
    ipl_free(r.due);
    ipl_free(r.drawn);
    for (size_t p = 0; p < 2; p++)
        ipl_probe_destroy(r.probes[p]);
    ipl_spec_release(&r.schedule);
    ipl_net_destroy(r.net);
    ipl_dataset_destroy(r.ds);
    ipl_pool_destroy(r.pool);
    return st;
}
