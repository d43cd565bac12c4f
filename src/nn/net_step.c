/*
 * Running a net. One step is three jobs of the pool: shards forward and backward, tiles of
 * the parameter gradients, pieces of the update. Shards, tiles and pieces depend on the
 * experiment alone, and sums over them are taken in their order.
 */
#include "base/pool.h"
#include "nn/net_parts.h"

#include <math.h>
#include <string.h>

/* Operations below which handing tasks to other threads costs more than it saves. */
#define SMALL_JOB 4e6

/* The pool for a job over n rows; `passes` of the cost of a forward pass each. */
static struct ipl_pool *pool_for(const ipl_net *net, size_t n, double passes)
{
    return net->flops * (double)n * passes < SMALL_JOB ? NULL : net->pool;
}

/* Rows of array p with `cols` columns; a missing array stays missing. */
static float *row_of(float *p, size_t row, size_t cols)
{
    return p ? p + row * cols : NULL;
}

/* What layer i works on: rows first ... first + rows - 1 of the batch. */
static ipl_pass pass_of(const ipl_net *net, size_t i, size_t first, size_t rows)
{
    const net_layer *l = &net->layers[i];

    return (ipl_pass){
        .rows = rows,
        .first = first,
        .training = net->job.training,
        .seed = net->seed,
        .step = net->job.step,
        .layer = i,
        .x = row_of(i > 0 ? net->layers[i - 1].y : net->x, first, l->D),
        .y = row_of(l->y, first, l->U),
        .dy = row_of(l->dy, first, l->U),
        .dx = i > 0 ? row_of(net->layers[i - 1].dy, first, l->D) : NULL,
        .w = l->w,
        .dw = l->dw,
        .keep = row_of(l->keep, first, l->n_keep),
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

static void forward(ipl_net *net, size_t first, size_t rows)
{
    const ipl_batch *batch = net->job.batch;

    batch->fill(net->x + first * net->D, net->y + first, batch->source, first, rows);
    for (size_t i = 0; i < net->job.top; i++) {
        const net_layer *l = &net->layers[i];
        const ipl_pass p = pass_of(net, i, first, rows);

        ipl_layer_forward(l->ops, l->spec.self, l->info.in, l->info.out, &p);
    }
}

/* Loss of a shard and its gradient at the output. */
static void apply_loss(ipl_net *net, size_t shard, size_t first, size_t rows)
{
    const net_layer *last = &net->layers[net->n_layers - 1];
    const ipl_loss_pass p = {
        .rows = rows,
        .n = net->job.batch->n,
        .outputs = last->U,
        .inputs = net->D,
        .z = last->y + first * last->U,
        .x = net->x + first * net->D,
        .y = net->y + first,
        .dz = last->dy + first * last->U,
    };
    ipl_batch_sums *sums = &net->sums[shard];

    sums->loss = net->loss_ops->apply(&sums->correct, net->loss.self, &p);
}

static void evaluate_shard(void *arg, size_t task, size_t thread)
{
    ipl_net *net = arg;
    size_t first;
    const size_t rows = shard_rows(&first, net, task);

    (void)thread;
    forward(net, first, rows);
    apply_loss(net, task, first, rows);
}

static void train_shard(void *arg, size_t task, size_t thread)
{
    ipl_net *net = arg;
    size_t first;
    const size_t rows = shard_rows(&first, net, task);

    evaluate_shard(net, task, thread);
    for (size_t i = net->n_layers; i-- > net->bottom + 1;) {
        const net_layer *l = &net->layers[i];
        const ipl_pass p = pass_of(net, i, first, rows);

        ipl_layer_backward(l->ops, l->spec.self, l->info.in, l->info.out, &p);
    }
}

static void gradient_tile(void *arg, size_t task, size_t thread)
{
    const ipl_net *net = arg;
    const net_tile *tile = &net->tiles[task];
    const net_layer *l = &net->layers[tile->layer];
    const ipl_pass p = pass_of(net, tile->layer, 0, net->job.batch->n);

    (void)thread;
    l->ops->gradient(l->spec.self, tile->tile, &p);
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

/* Say where the loss of the batch that was just run went wrong. */
static ipl_status bad_loss(const ipl_net *net, double loss, size_t epoch, ipl_error *err)
{
    const size_t n = net->job.batch->n, step = net->job.step;
    const char *what = isnan(loss) ? "NaN" : "Inf";

    if (!all_finite(net->x, n * net->D))
        return ipl_fail(err, IPL_E_NUMERIC,
                        "epoch %zu, step %zu: loss is %s; the input is not finite", epoch,
                        step, what);
    for (size_t i = 0; i < net->n_layers; i++) {
        const net_layer *l = &net->layers[i];

        if (!all_finite(l->y, n * l->U))
            return ipl_fail(err, IPL_E_NUMERIC,
                            "epoch %zu, step %zu: loss is %s; first in layer %zu '%s' (%s)",
                            epoch, step, what, i, l->name, l->info.kind);
    }
    return ipl_fail(err, IPL_E_NUMERIC,
                    "epoch %zu, step %zu: loss is %s, though every layer is finite", epoch,
                    step, what);
}

ipl_status ipl_net_train_batch(ipl_batch_sums *out, ipl_net *net, const ipl_batch *batch,
                               double lr, size_t epoch, size_t step, ipl_error *err)
{
    struct ipl_pool *pool = pool_for(net, batch->n, 3.0);

    net->job = (net_job){
        .batch = batch, .top = net->n_layers, .training = true, .step = step, .lr = lr};
    ipl_pool_run(pool, shards_of(net, batch->n), train_shard, net);
    sum_shards(out, net, batch->n);
    if (!isfinite(out->loss))
        return bad_loss(net, out->loss, epoch, err);
    ipl_pool_run(pool, net->n_tiles, gradient_tile, net);
    ipl_pool_run(pool, net->n_pieces, update_piece, net);
    net->updates++;
    if (net->following)
        net->followed++;
    return IPL_OK;
}

void ipl_net_evaluate(ipl_batch_sums *out, ipl_net *net, const ipl_batch *batch)
{
    net->job = (net_job){.batch = batch, .top = net->n_layers};
    ipl_pool_run(pool_for(net, batch->n, 1.0), shards_of(net, batch->n), evaluate_shard,
                 net);
    sum_shards(out, net, batch->n);
}

static void probe_shard(void *arg, size_t task, size_t thread)
{
    ipl_net *net = arg;
    size_t first;
    const size_t rows = shard_rows(&first, net, task);

    (void)thread;
    forward(net, first, rows);
    for (size_t i = 0; i < net->job.top; i++) {
        const net_layer *l = &net->layers[i];

        if (net->job.taps[i])
            memcpy(net->job.taps[i] + first * l->U, l->y + first * l->U,
                   rows * l->U * sizeof *l->y);
    }
}

void ipl_net_probe(float *const *taps, ipl_net *net, const ipl_batch *batch)
{
    net->job = (net_job){.batch = batch, .taps = taps};
    for (size_t i = 0; i < net->n_layers; i++)
        if (taps[i])
            net->job.top = i + 1;
    ipl_pool_run(pool_for(net, batch->n, 1.0), shards_of(net, batch->n), probe_shard, net);
}
