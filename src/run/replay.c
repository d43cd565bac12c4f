#include "run/replay.h"

#include "base/alloc.h"
#include "base/pool.h"
#include "math/linalg.h"
#include "run/build.h"
#include "run/data_check.h"
#include "run/probe.h"
#include "run/record.h"

#include <stdio.h>
#include <string.h>

/* Everything that takes part. */
typedef struct replay {
    const ipl_replay_opts *opts;
    ipl_experiment *own;  /* of the run */
    ipl_experiment *here; /* the same, measured as asked for */
    ipl_checkpoint_place *places;
    size_t n_places, n_measured;
    ipl_pool *pool;
    ipl_dataset *ds;
    ipl_net *net;
    ipl_probe *probes[2];
    size_t n_probes;
    bool told; /* why a measure is not defined */
} replay;

static ipl_status read_experiments(replay *r, ipl_error *err)
{
    char path[IPL_PATH_MAX];
    ipl_status st = ipl_path_join(path, r->opts->run, "experiment.ini", err);

    r->own = ipl_array(1, 1, sizeof *r->own, err);
    r->here = ipl_array(1, 1, sizeof *r->here, err);
    if (!r->own || !r->here)
        return IPL_E_NOMEM;
    ipl_opt_init(r->own, ipl_experiment_opts);
    if (st == IPL_OK)
        st = ipl_experiment_read(r->own, path, err);
    if (st != IPL_OK)
        return st;
    *r->here = *r->own;
    memcpy(r->here->estimator, r->opts->exp->estimator, sizeof r->here->estimator);
    memcpy(r->here->measure_layers, r->opts->exp->measure_layers,
           sizeof r->here->measure_layers);
    r->here->unit = r->opts->exp->unit;
    r->here->null_repeats = r->opts->exp->null_repeats;
    return IPL_OK;
}

/* Whether a probe of that name is wanted. */
static bool is_wanted(const replay *r, const char *name)
{
    return *r->opts->split == '\0' || strcmp(r->opts->split, name) == 0;
}

static ipl_status create_probes(replay *r, ipl_error *err)
{
    const bool pooled = r->own->probe == IPL_PROBE_POOLED;
    const char *const names[] = {pooled ? "all" : "train", "test"};
    const size_t parts = pooled || ipl_dataset_info(r->ds)->n[IPL_TEST] == 0 ? 1 : 2;
    ipl_status st = IPL_OK;

    for (size_t p = 0; p < parts && st == IPL_OK; p++) {
        if (!is_wanted(r, names[p]))
            continue;
        st = ipl_probe_create(&r->probes[r->n_probes], r->here, r->ds, r->net, (ipl_split)p,
                              r->opts->rows, r->pool, err);
        r->n_probes += st == IPL_OK;
    }
    if (st == IPL_OK && r->n_probes == 0)
        st = ipl_fail(err, IPL_E_ARG, "split: the run has no probe '%s'", r->opts->split);
    return st;
}

/* Hand on what is odd about the classes of the probes. */
static ipl_status tell_shares(const replay *r, ipl_error *err)
{
    ipl_status st = IPL_OK;

    for (size_t p = 0; p < r->n_probes && st == IPL_OK; p++) {
        ipl_text line = {0};

        st = ipl_probe_check_shares(&line, r->probes[p], err);
        if (line.len > 0 && r->opts->warning)
            r->opts->warning(r->opts->self, line.s);
        ipl_text_release(&line);
    }
    return st;
}

static ipl_status prepare(replay *r, ipl_error *err)
{
    const size_t threads = ipl_threads_for(r->opts->threads).n;
    char changed[IPL_DATA_CHANGED_MAX] = "";
    ipl_status st = read_experiments(r, err);

    if (st == IPL_OK)
        st = ipl_checkpoint_list(&r->places, &r->n_places, r->opts->run, err);
    if (st == IPL_OK && r->n_places == 0)
        st = ipl_fail(err, IPL_E_NOINPUT,
                      "%s: no checkpoint at the end of an epoch; train with --checkpoint "
                      "every:1min,keep=measured",
                      r->opts->run);
    ipl_blas_start();
    if (st == IPL_OK)
        st = ipl_blas_pool_create(&r->pool, threads, err);
    if (st == IPL_OK)
        st = ipl_build_data(&r->ds, r->own, err);
    if (st == IPL_OK)
        st = ipl_data_check(changed, r->opts->run, r->ds, r->opts->allow_changed_data, err);
    if (*changed != '\0' && r->opts->warning)
        r->opts->warning(r->opts->self, changed);
    if (st == IPL_OK)
        st = ipl_build_net(&r->net, r->here, r->ds, NULL, r->pool, err);
    if (st == IPL_OK)
        st = create_probes(r, err);
    return st == IPL_OK ? tell_shares(r, err) : st;
}

static void warn(replay *r, const char *text)
{
    if (!r->told && *text != '\0' && r->opts->warning) {
        r->opts->warning(r->opts->self, text);
        r->told = true;
    }
}

static ipl_status measure_place(ipl_text *out, replay *r, const ipl_checkpoint_place *place,
                                ipl_error *err)
{
    char when[IPL_WHEN_MAX], epoch[32];
    ipl_error why = {0};
    ipl_status st = ipl_checkpoint_load(r->net, r->opts->run, place, r->own, &why);

    if (st == IPL_E_NOINPUT) { /* of a run that goes on: the others are as good */
        if (r->opts->warning)
            r->opts->warning(r->opts->self, why.msg);
        return IPL_OK;
    }
    if (st != IPL_OK)
        return ipl_fail(err, st, "%s", why.msg);
    ipl_number_print(epoch, sizeof epoch, (double)place->epoch);
    (void)snprintf(when, sizeof when, "%s,%zu", epoch, place->step);
    for (size_t p = 0; p < r->n_probes && st == IPL_OK; p++) {
        const ipl_measures *m = NULL;

        st = ipl_probe_measure(&m, r->probes[p], &why);
        if (st != IPL_OK)
            return ipl_fail(err, st, "epoch %zu: %s", place->epoch, why.msg);
        warn(r, ipl_plane_fault(ipl_probe_plane(r->probes[p])));
        ipl_record_rows(out, when, r->net, r->probes[p], m);
    }
    r->n_measured++;
    return st;
}

static void release(replay *r)
{
    for (size_t p = 0; p < r->n_probes; p++)
        ipl_probe_destroy(r->probes[p]);
    ipl_net_destroy(r->net);
    ipl_dataset_destroy(r->ds);
    ipl_pool_destroy(r->pool);
    ipl_free(r->places);
    ipl_free(r->here);
    ipl_free(r->own);
}

ipl_status ipl_replay_measure(ipl_text *out, ipl_replay_size *size,
                              const ipl_replay_opts *opts, ipl_error *err)
{
    replay r = {.opts = opts};
    ipl_status st = prepare(&r, err);

    if (st != IPL_OK)
        goto done;
    ipl_run_dir_print_header(out, IPL_TABLE_INFORMATION);
    for (size_t i = 0; i < r.n_places && st == IPL_OK; i++) {
        st = measure_place(out, &r, &r.places[i], err);
        if (st == IPL_OK && opts->progress)
            opts->progress(opts->self, i + 1, r.n_places);
    }
    if (st == IPL_OK && r.n_measured == 0)
        st = ipl_fail(err, IPL_E_NOINPUT,
                      "%s: the run went on and replaced all its checkpoints; try again",
                      opts->run);
    if (st == IPL_OK)
        st = ipl_text_status(out, err);
    *size = (ipl_replay_size){r.n_measured, ipl_probe_n_layers(r.probes[0])};
done:
    release(&r);
    return st;
}
