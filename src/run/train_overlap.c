/*
 * Measuring beside training: at the end of an epoch a second net takes over what was learned,
 * and a thread measures that while the next epoch is trained. The threads of the run are dealt
 * out between the two; whichever is through first leaves all of them to the other. What is
 * written is what measuring at once would write, for neither side sees the other's net, and
 * the rows of an epoch are complete before those of the next begin.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "math/linalg.h"
#include "nn/net_state.h"
#include "run/build.h"
#include "run/record.h"
#include "run/run.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

struct ipl_overlap {
    ipl_run *run;
    ipl_net *net;   /* of what was learned when the epoch ended */
    ipl_pool *pool; /* for measuring it: as many threads as the run, never all of both */
    size_t threads; /* of the run */
    pthread_t thread;
    bool pending;
    atomic_bool ready;     /* the thread is through */
    ipl_run_measurement m; /* its own until it is joined, as are the rows that wait */
    ipl_epoch_report e;    /* of the epoch */
    size_t samples;        /* trained on up to there */
    ipl_batch_sums sums;   /* of that epoch, and the rate of its last step: */
    double lr;
    void *optimiser; /* its state there, for going on from there */
    size_t optimiser_size;
};

ipl_status ipl_overlap_create(ipl_run *r, ipl_error *err)
{
    const size_t threads = ipl_pool_threads(r->pool);
    ipl_overlap *o;
    ipl_status st;

    if (!r->opts->overlap || r->n_probes == 0)
        return IPL_OK;
    if (threads == 1) {
        ipl_run_warn(r, "overlap: a run of one thread has none to measure with beside "
                        "training; every measurement is waited for");
        return IPL_OK;
    }
    o = r->overlap = ipl_array(1, 1, sizeof *o, err);
    if (!o)
        return IPL_E_NOMEM;
    o->run = r;
    o->threads = threads;
    st = ipl_blas_pool_create(&o->pool, threads, err);
    if (st == IPL_OK)
        st = ipl_build_net(&o->net, r->exp, r->ds, NULL, o->pool, err);
    /* What it will ever allocate, now. */
    if (st == IPL_OK)
        st = ipl_net_follow_gradients(o->net, true, err);
    if (st != IPL_OK)
        return st;
    o->optimiser_size = ipl_net_state_size(o->net, IPL_NET_OPTIMISER);
    o->optimiser = ipl_array(o->optimiser_size, 1, 1, err);
    return o->optimiser ? IPL_OK : IPL_E_NOMEM;
}

void ipl_overlap_destroy(ipl_overlap *o)
{
    if (!o)
        return;
    assert(!o->pending);
    ipl_free(o->optimiser);
    ipl_net_destroy(o->net);
    ipl_pool_destroy(o->pool);
    ipl_free(o);
}

size_t ipl_overlap_memory(const ipl_overlap *o)
{
    return o ? ipl_net_memory(o->net) + ipl_net_n_params(o->net) * sizeof(double) +
                   o->optimiser_size
             : 0;
}

size_t ipl_overlap_threads(const ipl_overlap *o)
{
    return o ? o->threads / 2 : 0;
}

/* Deal out threads and nets: apart, or together as without overlap. */
static void deal_out(ipl_overlap *o, bool apart)
{
    const size_t measuring = ipl_overlap_threads(o);
    ipl_run *r = o->run;

    ipl_pool_limit(o->pool, measuring);
    ipl_pool_limit(r->pool, apart ? o->threads - measuring : o->threads);
    for (size_t p = 0; p < r->n_probes; p++)
        ipl_probe_use(r->probes[p], apart ? o->net : r->net, apart ? o->pool : r->pool);
}

static void *measure(void *arg)
{
    ipl_overlap *o = arg;

    ipl_blas_start();
    ipl_run_measure_work(&o->m, o->run);
    atomic_store(&o->ready, true);
    return NULL;
}

bool ipl_overlap_start(ipl_run *r, const ipl_epoch_report *e)
{
    const double from = ipl_clock();
    ipl_overlap *o = r->overlap;

    if (!o || e->epoch == r->exp->epochs || ipl_run_save_due(r, e->epoch))
        return false;
    assert(!o->pending);
    if (ipl_net_mirror(o->net, r->net, NULL) != IPL_OK)
        return false;
    ipl_run_measure_begin(&o->m, r, o->net, e->epoch > 0);
    o->e = *e;
    o->samples = r->samples;
    o->sums = r->sums;
    o->lr = r->lr;
    ipl_net_save(o->optimiser, r->net, IPL_NET_OPTIMISER);
    atomic_store(&o->ready, false);
    deal_out(o, true);
    o->pending = pthread_create(&o->thread, NULL, measure, o) == 0;
    if (!o->pending)
        deal_out(o, false);
    o->e.measure_seconds += ipl_clock_spent(from);
    r->measure_seconds += ipl_clock_spent(from);
    return o->pending;
}

bool ipl_overlap_pending(const ipl_run *r)
{
    return r->overlap && r->overlap->pending;
}

bool ipl_overlap_ready(const ipl_run *r)
{
    return ipl_overlap_pending(r) && atomic_load(&r->overlap->ready);
}

/* Where the run stood when the epoch ended. */
static void go_back(ipl_run *r, const ipl_overlap *o)
{
    const ipl_status st = ipl_net_mirror(r->net, o->net, NULL);

    assert(st == IPL_OK); /* it has followed what the other has: nothing to allocate */
    (void)st;
    r->epoch = o->e.epoch;
    r->batch = 0;
    r->step = o->e.step;
    r->samples = o->samples;
}

/* Before the end of the epoch whose measuring was given up, to train on from there. */
static ipl_status reopen(ipl_run *r, const ipl_overlap *o, ipl_error *err)
{
    go_back(r, o);
    r->sums = o->sums;
    r->lr = o->lr;
    r->epoch_train_seconds = o->e.train_seconds;
    r->epoch_measure_seconds = o->e.measure_seconds;
    ipl_run_reopen_epoch(r, o->e.epoch);
    return ipl_net_load(r->net, IPL_NET_OPTIMISER, o->optimiser, o->optimiser_size, err);
}

ipl_status ipl_overlap_settle(ipl_run *r, ipl_error *err)
{
    const double from = ipl_clock();
    ipl_overlap *o = r->overlap;
    double waited;
    ipl_status st;

    if (!ipl_overlap_pending(r))
        return IPL_OK;
    ipl_run_lap(r);
    ipl_pool_limit(o->pool, o->threads); /* training waits: its threads are free */
    (void)pthread_join(o->thread, NULL); /* it exists, and nobody else joins it */
    o->pending = false;
    deal_out(o, false);
    st = ipl_run_measure_end(r, &o->m, err);
    waited = ipl_clock_spent(from);
    r->measure_seconds += waited;
    r->lap = ipl_clock();
    if (st != IPL_OK) {
        go_back(r, o);
        return st;
    }
    if (r->unmeasured)
        return reopen(r, o, err);
    o->e.measure_seconds += waited;
    o->e.probe = r->probes[0];
    o->e.measures = r->measures;
    ipl_run_record_epoch(r, &o->e);
    ipl_run_tell_epoch(r, &o->e);
    return IPL_OK;
}
