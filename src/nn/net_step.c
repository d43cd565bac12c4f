/*
 * Running a net. One step is three jobs of the pool: shards forward and backward, tiles of
 * the parameter gradients, pieces of the update. Sums over the batch cut the first into
 * stages: forward up to the layer that wants them, then on, and the same way back. Shards, tiles
 * and pieces depend on the experiment alone, and sums over them are taken in their order.
 *
 * A few rows of a shard turn at a time: forward, loss and backward, before the next. What they
 * leave behind is written to the same few places by each thread, and never leaves the cache;
 * only what a gradient over the batch reads is kept for all rows.
 */
#include "base/pool.h"
#include "math/abreast.h"
#include "nn/net_parts.h"
#include "nn/net_state.h"

#include <math.h>
#include <string.h>

/* The pool for a job over n rows; `passes` of the cost of a forward pass each. */
static struct ipl_pool *pool_for(const ipl_net *net, size_t n, double passes)
{
    return net->flops * (double)n * passes < IPL_NET_SMALL_JOB ? NULL : net->pool;
}

/* Rows of array p with `cols` columns; a missing array stays missing. */
static float *row_of(float *p, size_t row, size_t cols)
{
    return p ? p + row * cols : NULL;
}

/* Where rows from `first` on lie in an array of which a thread holds so many rows in training:
 * those that go forward and back together, or some of them. */
static size_t row_at(const ipl_net *net, size_t held, size_t first, size_t thread)
{
    if (held == 0 || !net->job.training || net->job.whole)
        return first;
    return thread * held + first % net->shard % net->turn % held;
}

static float *input_of(const ipl_net *net, float *x, size_t first, size_t thread)
{
    return x + row_at(net, net->x_held, first, thread) * net->D;
}

static float *output_of(const ipl_net *net, const net_layer *l, size_t first, size_t thread)
{
    return l->y + row_at(net, l->y_held, first, thread) * l->U;
}

/* dL/dy of a layer, or NULL. */
static float *gradient_of(const ipl_net *net, const net_layer *l, size_t first,
                          size_t thread)
{
    return row_of(l->dy, row_at(net, l->dy_held, first, thread), l->U);
}

/* What layer `from` gives, which may be the input of the net. */
static const float *given_by(const ipl_net *net, size_t from, size_t first, size_t thread)
{
    return from == IPL_NET_INPUT ? input_of(net, net->x, first, thread)
                                 : output_of(net, &net->layers[from], first, thread);
}

/* What layer i works on: rows first ... first + rows - 1 of the batch. */
static ipl_pass pass_of(const ipl_net *net, size_t i, size_t first, size_t rows,
                        size_t thread)
{
    const net_layer *l = &net->layers[i];
    const size_t group = first / (net->shard * net->group);

    return (ipl_pass){
        .rows = net->abreast ? ipl_abreast_up(rows) : rows,
        .abreast = net->abreast,
        .first = first,
        .training = net->job.training,
        .seed = net->seed,
        .step = net->job.step,
        .layer = i,
        .x = given_by(net, l->from, first, thread),
        .y = output_of(net, l, first, thread),
        .dy = gradient_of(net, l, first, thread),
        .dx = l->dx ? gradient_of(net, &net->layers[l->from], first, thread) : NULL,
        .w = l->w,
        .dw = l->adds ? l->group_dw + group * l->info.n_params : l->dw,
        .keep = row_of(l->keep, row_at(net, l->keep_held, first, thread), l->n_keep),
        .scratch = net->scratch + thread * net->n_scratch,
        .x2 = l->other == IPL_NET_NONE ? NULL : given_by(net, l->other, first, thread),
        .dx2 = row_of(l->dx2, first, l->D),
        .batch = net->job.batch->n,
        .sums = l->sums,
        .running = l->running,
    };
}

static size_t shards_of(const ipl_net *net, size_t n)
{
    return (n - 1) / net->shard + 1;
}

/* First row and number of rows of a shard. */
static size_t shard_rows(size_t *first, const ipl_net *net, size_t shard)
{
    const size_t n = net->job.batch->n;

    *first = shard * net->shard;
    return n - *first < net->shard ? n - *first : net->shard;
}

/* A label that is no class becomes 0, and its row is noted: the least one of all threads. */
static void check_labels(ipl_net *net, size_t first, size_t rows)
{
    for (size_t r = first; r < first + rows; r++) {
        size_t least = atomic_load(&net->bad_row);

        if (net->y[r] >= 0 && (size_t)net->y[r] < net->n_classes)
            continue;
        while (r < least && !atomic_compare_exchange_weak(&net->bad_row, &least, r)) {
        }
        if (r < least)
            atomic_store(&net->bad_label, net->y[r]);
        net->y[r] = 0;
    }
}

static void fill_rows(ipl_net *net, size_t first, size_t rows, size_t thread)
{
    const ipl_batch *batch = net->job.batch;
    float *from = input_of(net, net->rows, first, thread);
    float *x = input_of(net, net->x, first, thread);

    batch->fill(from, net->y + first, batch->source, first, rows);
    if (net->labelled)
        check_labels(net, first, rows);
    if (net->abreast)
        ipl_abreast(x, from, rows, net->D);
    else if (x != from)
        ipl_channels_last(x, from, net->input, rows);
}

/* The activation before layer i that waits for it in training, or NULL. */
static const net_layer *waiting(const ipl_net *net, size_t i)
{
    return net->job.training && i > 0 && net->layers[i - 1].put_off ? &net->layers[i - 1]
                                                                    : NULL;
}

/* A pool and the activation that waits for it; what was picked goes where the output of the
 * activation would have been. */
static void forward_pool(const ipl_net *net, const net_layer *l,
                         const net_layer *activation, const ipl_pass *p, size_t thread)
{
    ipl_pass pool = *p;

    pool.x = given_by(net, activation->from, p->first, thread);
    pool.y = output_of(net, activation, p->first, thread);
    ipl_layer_forward(l->ops, l->spec.self, l->info.in, l->info.out, &pool);
    activation->ops->value(activation->spec.self, p->y, pool.y, p->rows * l->U);
}

static void forward_layer(const ipl_net *net, size_t i, size_t first, size_t rows,
                          size_t thread)
{
    const net_layer *l = &net->layers[i], *activation = waiting(net, i);
    const ipl_pass p = pass_of(net, i, first, rows, thread);

    if (ipl_layer_gives_input(l->ops) || (l->put_off && net->job.training))
        return;
    if (activation)
        forward_pool(net, l, activation, &p, thread);
    else
        ipl_layer_forward(l->ops, l->spec.self, l->info.in, l->info.out, &p);
}

static void backward_layer(const ipl_net *net, size_t i, size_t first, size_t rows,
                           size_t thread)
{
    const net_layer *l = &net->layers[i], *activation = waiting(net, i);
    const ipl_pass p = pass_of(net, i, first, rows, thread);

    if (l->adds)
        l->ops->add_gradient(l->spec.self, &p);
    if (l->ops->role == IPL_LAYER_SHORTCUT || l->put_off ||
        !(p.dx || (p.dx2 && l->ops->role == IPL_LAYER_ADD)))
        return;
    if (activation) /* dy becomes that of what was picked */
        activation->ops->slope(activation->spec.self, gradient_of(net, l, first, thread),
                               output_of(net, activation, first, thread), p.y, rows * l->U);
    ipl_layer_backward(l->ops, l->spec.self, l->info.in, l->info.out, &p);
}

/* Where a shard adds up the sums of a layer over the batch. */
static double *sums_of(const net_layer *l, size_t shard)
{
    return l->shard_sums + shard * l->n_sums;
}

static void clear_sums(const net_layer *l, size_t shard)
{
    memset(sums_of(l, shard), 0, l->n_sums * sizeof *l->shard_sums);
}

/* One run over the rows of a shard. In training the layer behind it gets its sums. */
static void forward_run(const ipl_net *net, const net_run *run, size_t shard, size_t first,
                        size_t rows, size_t thread)
{
    const size_t end = run->end < net->job.top ? run->end : net->job.top;
    const bool couples = run->couples && net->job.training;

    if (couples)
        clear_sums(&net->layers[end], shard);
    for (size_t r = 0; r < rows; r += run->block) {
        const size_t n = rows - r < run->block ? rows - r : run->block;

        for (size_t i = run->first; i < end; i++)
            forward_layer(net, i, first + r, n, thread);
        if (couples) {
            const net_layer *l = &net->layers[end];
            const ipl_pass p = pass_of(net, end, first + r, n, thread);

            l->ops->sum_forward(l->spec.self, sums_of(l, shard), &p);
        }
    }
}

/* The same way back. The first layer of a stage only gets its sums: it is run with the stage
 * below, which begins with the layer above. */
static void backward_run(const ipl_net *net, const net_run *run, size_t shard, size_t first,
                         size_t rows, size_t thread)
{
    const net_layer *l = &net->layers[run->first];
    const bool sums = run->first < run->end && l->n_sums > 0;

    if (sums)
        clear_sums(l, shard);
    for (size_t r = 0; r < rows; r += run->block) {
        const size_t n = rows - r < run->block ? rows - r : run->block;

        if (run->couples)
            backward_layer(net, run->end, first + r, n, thread);
        for (size_t i = run->end; i-- > run->first + sums;)
            backward_layer(net, i, first + r, n, thread);
        if (sums && l->dy) {
            const ipl_pass p = pass_of(net, run->first, first + r, n, thread);

            l->ops->sum_backward(l->spec.self, sums_of(l, shard), &p);
        }
    }
}

/* All layers in evaluation mode, those of one stage in training. */
static void forward(ipl_net *net, size_t shard, size_t first, size_t rows, size_t thread)
{
    const net_job *job = &net->job;

    if (job->stage == 0)
        fill_rows(net, first, rows, thread);
    for (size_t k = 0; k < net->n_runs && net->runs[k].first < job->top; k++)
        if (!job->training || net->runs[k].stage == job->stage)
            forward_run(net, &net->runs[k], shard, first, rows, thread);
}

static void backward(const ipl_net *net, size_t shard, size_t first, size_t rows,
                     size_t thread)
{
    for (size_t k = net->n_runs; k-- > 0;)
        if (net->runs[k].stage == net->job.stage)
            backward_run(net, &net->runs[k], shard, first, rows, thread);
}

/* dL/dz from rows to samples abreast; what fills up the last block has none. */
static void spread_gradient(float *dz, const float *rows, size_t n, size_t U)
{
    ipl_abreast(dz, rows, n, U);
    for (size_t i = n; i < ipl_abreast_up(n); i++)
        for (size_t u = 0; u < U; u++)
            dz[(i / IPL_ABREAST * U + u) * IPL_ABREAST + i % IPL_ABREAST] = 0.0f;
}

/* Loss of some rows of a shard and its gradient at the output. */
static void apply_loss(ipl_net *net, size_t shard, size_t first, size_t rows, size_t thread)
{
    const net_layer *last = &net->layers[net->n_layers - 1];
    const size_t U = last->U;
    float *z = output_of(net, last, first, thread);
    float *dz = gradient_of(net, last, first, thread);
    const bool turned = net->abreast && !net->loss_ops->takes_abreast;
    const ipl_loss_pass p = {
        .rows = rows,
        .n = net->job.batch->n,
        .outputs = U,
        .inputs = net->D,
        .z = turned ? net->z + first * U : z,
        .x = input_of(net, ipl_shape_turns(last->info.out) ? net->x : net->rows, first,
                      thread),
        .y = net->y + first,
        .dz = turned ? net->dz + first * U : dz,
        .abreast = net->abreast && !turned,
    };
    size_t correct;

    if (turned)
        ipl_abreast_rows(net->z + first * U, z, rows, U);
    net->sums[shard].loss += net->loss_ops->apply(&correct, net->loss.self, &p);
    net->sums[shard].correct += correct;
    if (turned)
        spread_gradient(dz, p.dz, rows, U);
}

static void evaluate_shard(void *arg, size_t task, size_t thread)
{
    ipl_net *net = arg;
    size_t first;
    const size_t rows = shard_rows(&first, net, task);

    net->sums[task] = (ipl_batch_sums){0};
    forward(net, task, first, rows, thread);
    apply_loss(net, task, first, rows, thread);
}

static void forward_shard(void *arg, size_t task, size_t thread)
{
    ipl_net *net = arg;
    size_t first;
    const size_t rows = shard_rows(&first, net, task);

    forward(net, task, first, rows, thread);
}

/* Shards of a group. */
static size_t group_shards(size_t *first, const ipl_net *net, size_t group)
{
    const size_t shards = shards_of(net, net->job.batch->n);

    *first = group * net->group;
    return shards - *first < net->group ? shards - *first : net->group;
}

static size_t groups_of(const ipl_net *net, size_t n)
{
    return (shards_of(net, n) - 1) / net->group + 1;
}

static void backward_group(void *arg, size_t task, size_t thread)
{
    ipl_net *net = arg;
    size_t shard, first;

    for (size_t left = group_shards(&shard, net, task); left > 0; left--, shard++) {
        const size_t rows = shard_rows(&first, net, shard);

        backward(net, shard, first, rows, thread);
    }
}

/* The last stage forward and, at once, the first stage back: of a few rows, whose outputs are
 * still in the cache then, before the next. */
static void turn_shard(ipl_net *net, size_t shard, size_t thread)
{
    size_t first;
    const size_t rows = shard_rows(&first, net, shard);

    net->sums[shard] = (ipl_batch_sums){0};
    for (size_t r = 0; r < rows; r += net->turn) {
        const size_t n = rows - r < net->turn ? rows - r : net->turn;

        forward(net, shard, first + r, n, thread);
        apply_loss(net, shard, first + r, n, thread);
        backward(net, shard, first + r, n, thread);
    }
}

static void turn_group(void *arg, size_t task, size_t thread)
{
    ipl_net *net = arg;
    size_t shard;

    for (size_t i = 0; i < net->n_layers; i++) {
        const net_layer *l = &net->layers[i];
        const size_t n = l->info.n_params;

        if (l->adds)
            memset(l->group_dw + task * n, 0, n * sizeof *l->group_dw);
    }
    for (size_t left = group_shards(&shard, net, task); left > 0; left--, shard++)
        turn_shard(net, shard, thread);
}

static void gradient_tile(void *arg, size_t task, size_t thread)
{
    const ipl_net *net = arg;
    const net_tile *tile = &net->tiles[task];
    const net_layer *l = &net->layers[tile->layer];
    const ipl_pass p = pass_of(net, tile->layer, 0, net->job.batch->n, thread);

    l->ops->gradient(l->spec.self, tile->tile, &p);
}

/* Some of dw: the groups, added in their order. */
static void reduce_tile(void *arg, size_t task, size_t thread)
{
    const ipl_net *net = arg;
    const net_tile *tile = &net->reduces[task];
    const net_layer *l = &net->layers[tile->layer];
    const size_t n = l->info.n_params, first = tile->tile * IPL_TILE_FLOATS;
    const size_t count = n - first < IPL_TILE_FLOATS ? n - first : IPL_TILE_FLOATS;
    float *dw = l->dw + first;

    (void)thread;
    memcpy(dw, l->group_dw + first, count * sizeof *dw);
    for (size_t g = 1; g < groups_of(net, net->job.batch->n); g++) {
        const float *from = l->group_dw + g * n + first;

        for (size_t i = 0; i < count; i++)
            dw[i] += from[i];
    }
}

static void update_piece(void *arg, size_t task, size_t thread)
{
    ipl_net *net = arg;
    net_piece *piece = &net->pieces[task];
    net_layer *l = &net->layers[piece->layer];
    ipl_update u = {
        .n = piece->n,
        .t = net->updates,
        .lr = net->job.lr,
        .w = l->w + piece->first,
        .g = l->dw + piece->first,
    };

    (void)thread;
    for (size_t k = 0; k < IPL_OPTIMISER_STATE_MAX; k++)
        u.state[k] = row_of(l->state[k], piece->first, 1);
    if (net->following && piece->weight)
        ipl_net_follow_piece(net, piece);
    net->optimiser_ops->update(net->optimiser.self, &u);
}

static void sum_shards(ipl_batch_sums *out, const ipl_net *net, size_t n)
{
    *out = (ipl_batch_sums){0};
    for (size_t s = 0; s < shards_of(net, n); s++) {
        out->loss += net->sums[s].loss;
        out->correct += net->sums[s].correct;
    }
}

static bool all_finite(const float *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(p[i]))
            return false;
    return true;
}

/* Add up what the shards found for the layer that begins a stage, in their order. */
static void add_shards(const ipl_net *net, size_t stage, bool way_back)
{
    for (size_t k = 0; k < net->n_runs; k++) {
        const net_run *run = &net->runs[k];

        if (run->couples && run->stage + 1 == stage) {
            const net_layer *l = &net->layers[run->end];
            double *sums = l->sums + (way_back ? l->n_sums : 0);

            memset(sums, 0, l->n_sums * sizeof *sums);
            for (size_t s = 0; s < shards_of(net, net->job.batch->n); s++)
                for (size_t i = 0; i < l->n_sums; i++)
                    sums[i] += sums_of(l, s)[i];
        }
    }
}

/* Forward, loss and backward, stage by stage. */
static void run_stages(ipl_net *net, struct ipl_pool *pool)
{
    const size_t shards = shards_of(net, net->job.batch->n), last = net->n_stages - 1;
    const size_t groups = groups_of(net, net->job.batch->n);

    for (net->job.stage = 0; net->job.stage < last; net->job.stage++) {
        ipl_pool_run(pool, shards, forward_shard, net);
        add_shards(net, net->job.stage + 1, false);
    }
    ipl_pool_run(pool, groups, turn_group, net);
    while (net->job.stage > 0) {
        add_shards(net, net->job.stage, true);
        net->job.stage--;
        ipl_pool_run(pool, groups, backward_group, net);
    }
}

/* All outputs of the batch that was just run: most were overwritten. */
static void forward_again(ipl_net *net, struct ipl_pool *pool)
{
    net->job.whole = true;
    for (net->job.stage = 0; net->job.stage < net->n_stages; net->job.stage++) {
        if (net->job.stage > 0)
            add_shards(net, net->job.stage, false);
        ipl_pool_run(pool, shards_of(net, net->job.batch->n), forward_shard, net);
    }
}

/* Say where the loss of the batch that was just run went wrong. */
static ipl_status bad_loss(ipl_net *net, struct ipl_pool *pool, double loss, size_t epoch,
                           ipl_error *err)
{
    const size_t n = net->job.batch->n, step = net->job.step;
    const char *what = isnan(loss) ? "NaN" : "Inf";

    forward_again(net, pool);
    if (!all_finite(net->rows, n * net->D))
        return ipl_fail(err, IPL_E_NUMERIC,
                        "epoch %zu, step %zu: loss is %s; the input is not finite", epoch,
                        step, what);
    for (size_t i = 0; i < net->n_layers; i++) {
        const net_layer *l = &net->layers[i];

        if (!all_finite(l->y, (net->abreast ? ipl_abreast_up(n) : n) * l->U))
            return ipl_fail(err, IPL_E_NUMERIC,
                            "epoch %zu, step %zu: loss is %s; first in layer %zu '%s' (%s)",
                            epoch, step, what, i, l->name, l->info.kind);
    }
    return ipl_fail(err, IPL_E_NUMERIC,
                    "epoch %zu, step %zu: loss is %s, though every layer is finite", epoch,
                    step, what);
}

static void remember(const ipl_net *net)
{
    for (size_t i = 0; i < net->n_layers; i++) {
        const net_layer *l = &net->layers[i];
        const ipl_pass p = pass_of(net, i, 0, net->job.batch->n, 0);

        if (l->ops->remember)
            l->ops->remember(l->spec.self, &p);
    }
}

/* A batch that the net has room for, and that can be filled. */
static ipl_status check_call(const ipl_net *net, const ipl_batch *batch, ipl_error *err)
{
    if (!net || !batch || !batch->fill)
        return ipl_fail(err, IPL_E_ARG, "%s is NULL",
                        !net     ? "the net"
                        : !batch ? "the batch"
                                 : "fill() of the batch");
    if (batch->n < 1 || batch->n > net->batch)
        return ipl_fail(err, IPL_E_ARG, "a batch of %zu rows, want 1 ... %zu", batch->n,
                        net->batch);
    return IPL_OK;
}

/* Begin a call: nothing is known of its labels. */
static void begin(ipl_net *net, const net_job *job)
{
    net->job = *job;
    atomic_store(&net->bad_row, SIZE_MAX);
}

static ipl_status bad_label(const ipl_net *net, ipl_error *err)
{
    return ipl_fail(err, IPL_E_ARG, "row %zu of the batch has label %d, want 0 ... %zu",
                    atomic_load(&net->bad_row), atomic_load(&net->bad_label),
                    net->n_classes - 1);
}

ipl_status ipl_net_train_batch(ipl_batch_sums *out, ipl_net *net, const ipl_batch *batch,
                               double lr, size_t epoch, size_t step, ipl_error *err)
{
    struct ipl_pool *pool;
    ipl_status st;

    if (!out)
        return ipl_fail(err, IPL_E_ARG, "the sums are NULL");
    st = check_call(net, batch, err);
    if (st == IPL_OK && !isfinite(lr))
        st = ipl_fail(err, IPL_E_ARG, "learning rate %g", lr);
    if (st == IPL_OK)
        st = ipl_net_check_batch(net, batch->n, err);
    if (st != IPL_OK)
        return st;
    pool = pool_for(net, batch->n, 3.0);
    begin(net, &(net_job){.batch = batch,
                          .top = net->n_layers,
                          .training = true,
                          .step = step,
                          .lr = lr});
    run_stages(net, pool);
    sum_shards(out, net, batch->n);
    if (atomic_load(&net->bad_row) != SIZE_MAX)
        return bad_label(net, err);
    if (!isfinite(out->loss))
        return bad_loss(net, pool, out->loss, epoch, err);
    ipl_pool_run(pool, net->n_tiles, gradient_tile, net);
    ipl_pool_run(pool, net->n_reduces, reduce_tile, net);
    ipl_pool_run(pool, net->n_pieces, update_piece, net);
    remember(net);
    net->updates++;
    if (net->following)
        net->followed++;
    return IPL_OK;
}

void ipl_net_evaluate(ipl_batch_sums *out, ipl_net *net, const ipl_batch *batch)
{
    if (!out)
        return;
    *out = (ipl_batch_sums){.loss = (double)NAN};
    if (check_call(net, batch, NULL) != IPL_OK)
        return;
    begin(net, &(net_job){.batch = batch, .top = net->n_layers});
    ipl_pool_run(pool_for(net, batch->n, 1.0), shards_of(net, batch->n), evaluate_shard,
                 net);
    sum_shards(out, net, batch->n);
    if (atomic_load(&net->bad_row) != SIZE_MAX)
        *out = (ipl_batch_sums){.loss = (double)NAN};
}

/* Write the outputs of a layer in the order of the data. */
static void tap(float *out, const ipl_net *net, const net_layer *l, size_t first,
                size_t rows)
{
    const float *y = l->y + first * l->U;

    if (net->abreast)
        ipl_abreast_rows(out + first * l->U, y, rows, l->U);
    else if (ipl_shape_turns(l->info.out))
        ipl_channels_first(out + first * l->U, y, l->info.out, rows);
    else
        memcpy(out + first * l->U, y, rows * l->U * sizeof *y);
}

static void probe_shard(void *arg, size_t task, size_t thread)
{
    ipl_net *net = arg;
    size_t first;
    const size_t rows = shard_rows(&first, net, task);

    forward(net, task, first, rows, thread);
    for (size_t i = 0; i < net->job.top; i++)
        if (net->job.taps[i])
            tap(net->job.taps[i], net, &net->layers[i], first, rows);
}

void ipl_net_probe(float *const *taps, ipl_net *net, const ipl_batch *batch)
{
    if (!taps || check_call(net, batch, NULL) != IPL_OK)
        return;
    begin(net, &(net_job){.batch = batch, .taps = taps});
    for (size_t i = 0; i < net->n_layers; i++)
        if (taps[i])
            net->job.top = i + 1;
    ipl_pool_run(pool_for(net, batch->n, 1.0), shards_of(net, batch->n), probe_shard, net);
}
