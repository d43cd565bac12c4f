#include "base/alloc.h"
#include "base/pool.h"
#include "math/abreast.h"
#include "math/linalg.h"
#include "nn/net_parts.h"

#include <assert.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#define MEMORY_MAX 1e12 /* bytes: more is a slip of the pen */

/* Where the next array of the arena goes. With base NULL only the size is counted. */
typedef struct cursor {
    char *base;
    size_t used;
    bool overflow;
} cursor;

static void *take(cursor *at, size_t rows, size_t cols, size_t size)
{
    char *p = at->base ? at->base + at->used : NULL;
    size_t bytes;

    if (ipl_mul_overflows(&bytes, rows, cols) || ipl_mul_overflows(&bytes, bytes, size) ||
        bytes > SIZE_MAX / 2 - 63 - at->used)
        at->overflow = true;
    else
        at->used += (bytes + 63) / 64 * 64;
    return p;
}

static size_t n_shards(const ipl_net *net)
{
    assert(net->shard > 0);
    return (net->batch - 1) / net->shard + 1;
}

static size_t n_groups(const ipl_net *net)
{
    assert(net->group > 0);
    return (n_shards(net) - 1) / net->group + 1;
}

/* Pieces of the parameters of one layer, written to *out when it is not NULL. */
static size_t cut_pieces(net_piece *out, const net_layer *l, size_t layer)
{
    size_t n = 0, start = 0;
    ipl_param param;

    for (size_t k = 0; l->ops->param && l->ops->param(&param, l->spec.self, k); k++) {
        const size_t size = ipl_param_size(&param);

        for (size_t i = 0; i < size; i += IPL_NET_PIECE, n++)
            if (out)
                out[n] = (net_piece){
                    .layer = layer,
                    .first = start + i,
                    .n = size - i < IPL_NET_PIECE ? size - i : IPL_NET_PIECE,
                    .weight = param.kind == IPL_PARAM_WEIGHT,
                };
        start += size;
    }
    return n;
}

static size_t n_tiles(const net_layer *l)
{
    return l->ops->n_tiles ? l->ops->n_tiles(l->spec.self) : 0;
}

static size_t n_reduces(const net_layer *l)
{
    return l->adds ? (l->info.n_params - 1) / IPL_TILE_FLOATS + 1 : 0;
}

/* Samples that arrays between layers have room for. */
static size_t rows_held(const ipl_net *net)
{
    return net->abreast ? ipl_abreast_up(net->batch) : net->batch;
}

/* Arrays that the passes of one layer work on, but for dy. */
static void lay_out_layer(ipl_net *net, net_layer *l, cursor *at)
{
    const size_t n_state = net->optimiser_ops->n_state(net->optimiser.self);
    const size_t n = l->info.n_params;
    float *x = l->from == IPL_NET_INPUT ? net->x : net->layers[l->from].y;

    l->y = ipl_layer_gives_input(l->ops) ? x : take(at, rows_held(net), l->U, sizeof *l->y);
    l->keep = take(at, net->batch, l->n_keep, sizeof *l->keep);
    l->w = take(at, n, 1, sizeof *l->w);
    l->dw = take(at, n, 1, sizeof *l->dw);
    for (size_t k = 0; k < n_state; k++)
        l->state[k] = take(at, n, 1, sizeof *l->state[k]);
    l->running = take(at, l->n_running, 1, sizeof *l->running);
    l->sums = take(at, 2, l->n_sums, sizeof *l->sums);
    l->shard_sums = take(at, n_shards(net), l->n_sums, sizeof *l->shard_sums);
    l->group_dw = take(at, l->adds ? n_groups(net) : 0, n, sizeof *l->group_dw);
}

/* Gradients, from the top down: of the net's output, and of every output that depends on
 * parameters. A layer that works in place turns its dy into the dx that the layer below calls
 * dy. */
static void lay_out_gradients(ipl_net *net, cursor *at)
{
    const size_t threads = ipl_pool_threads(net->pool);

    for (size_t i = net->n_layers; i-- > 0;) {
        net_layer *l = &net->layers[i];

        if (l->follows || i + 1 == net->n_layers)
            l->dy = l->grad_of != IPL_NET_NONE
                        ? net->layers[l->grad_of].dy
                        : take(at, l->dy_held ? l->dy_held * threads : rows_held(net), l->U,
                               sizeof *l->dy);
    }
    for (size_t i = 0; i < net->n_layers; i++) {
        net_layer *l = &net->layers[i];
        net_layer *from = l->from == IPL_NET_INPUT ? NULL : &net->layers[l->from];

        if (from && l->ops->role == IPL_LAYER_SHORTCUT)
            from->dx2 = l->dy;
        else if (from && from->follows)
            l->dx = from->dy;
    }
    for (size_t i = 0; i < net->n_layers; i++) {
        net_layer *l = &net->layers[i];
        net_layer *other = l->other == IPL_NET_NONE ? NULL : &net->layers[l->other];

        if (!other || !other->follows)
            continue;
        /* What goes straight to the start of a block needs a place there. */
        if (other->ops->role == IPL_LAYER_SKIP)
            l->dx2 = other->dx2 = take(at, net->batch, l->D, sizeof *l->dx2);
        else
            l->dx2 = other->dy;
    }
}

/* Every array of the net in one order; called once to count and once to place. */
static void lay_out(ipl_net *net, cursor *at)
{
    const size_t threads = ipl_pool_threads(net->pool);
    const size_t outputs = net->layers[net->n_layers - 1].U;
    const bool turned = net->abreast && !net->loss_ops->takes_abreast;

    net->rows = take(at, net->batch, net->D, sizeof *net->rows);
    net->x = net->abreast || ipl_shape_turns(net->input)
                 ? take(at, rows_held(net), net->D, sizeof *net->x)
                 : net->rows;
    net->z = take(at, turned ? net->batch : 0, outputs, sizeof *net->z);
    net->dz = take(at, turned ? net->batch : 0, outputs, sizeof *net->dz);
    net->y = take(at, net->batch, 1, sizeof *net->y);
    net->scratch = take(at, threads, net->n_scratch, sizeof *net->scratch);
    net->sums = take(at, n_shards(net), 1, sizeof *net->sums);
    net->pieces = take(at, net->n_pieces, 1, sizeof *net->pieces);
    net->tiles = take(at, net->n_tiles, 1, sizeof *net->tiles);
    net->reduces = take(at, net->n_reduces, 1, sizeof *net->reduces);
    net->runs = take(at, net->n_runs, 1, sizeof *net->runs);
    for (size_t i = 0; i < net->n_layers; i++)
        lay_out_layer(net, &net->layers[i], at);
    lay_out_gradients(net, at);
}

static ipl_status create_arena(ipl_net *net, ipl_error *err)
{
    cursor at = {0};
    net_piece *piece;
    size_t n = 0, m = 0;

    for (size_t i = 0; i < net->n_layers; i++) {
        net->n_pieces += cut_pieces(NULL, &net->layers[i], i);
        net->n_tiles += n_tiles(&net->layers[i]);
        net->n_reduces += n_reduces(&net->layers[i]);
    }
    net->n_runs = ipl_net_cut_runs(NULL, net);
    ipl_net_find_held(net);
    net->n_scratch = (net->n_scratch + 15) / 16 * 16; /* a cache line for every thread */
    lay_out(net, &at);
    if (at.overflow || (double)at.used > MEMORY_MAX)
        return ipl_fail(
            err, IPL_E_NOMEM,
            "net of %zu parameters, batch of %zu rows: more than 1 TB of memory",
            net->n_params, net->batch);
    net->memory = at.used;
    net->arena = ipl_array(at.used, 1, 1, err);
    if (!net->arena)
        return IPL_E_NOMEM;
    at = (cursor){.base = net->arena};
    lay_out(net, &at);

    (void)ipl_net_cut_runs(net->runs, net);
    net->n_stages = net->runs[net->n_runs - 1].stage + 1;
    piece = net->pieces;
    for (size_t i = 0; i < net->n_layers; i++) {
        piece += cut_pieces(piece, &net->layers[i], i);
        for (size_t t = 0; t < n_tiles(&net->layers[i]); t++)
            net->tiles[n++] = (net_tile){.layer = i, .tile = t};
        for (size_t t = 0; t < n_reduces(&net->layers[i]); t++)
            net->reduces[m++] = (net_tile){.layer = i, .tile = t};
    }
    return IPL_OK;
}

/* A quarter of the batch, a multiple of 8, within 64 ... 256: few large shards, and enough
 * of them for four threads. All of it where one thread does the step. */
static size_t shard_rows(const ipl_net_opts *opts, double flops)
{
    const size_t quarter = ((opts->batch - 1) / 4 / 8 + 1) * 8;

    if (opts->shard > 0)
        return opts->shard;
    if (3.0 * flops * (double)opts->batch < IPL_NET_SMALL_JOB)
        return opts->batch;
    return quarter < 64 ? 64 : quarter > 256 ? 256 : quarter;
}

static ipl_status check_opts(const ipl_net_opts *opts, ipl_error *err)
{
    const ipl_shape in = opts->input;
    const struct {
        const char *text, *name;
    } needed[] = {
        {opts->text, "text"}, {opts->loss, "loss"}, {opts->optimiser, "optimiser"}};
    size_t size;

    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (!needed[i].text)
            return ipl_fail(err, IPL_E_ARG, "%s of a net is NULL", needed[i].name);
    if (opts->batch < 1 || opts->batch >= IPL_NET_MAX_BATCH)
        return ipl_fail(err, IPL_E_ARG, "batch of %zu rows, want 1 ... %d", opts->batch,
                        IPL_NET_MAX_BATCH - 1);
    if (ipl_mul_overflows(&size, in.c, in.h) || ipl_mul_overflows(&size, size, in.w) ||
        size < 1 || size > INT_MAX)
        return ipl_fail(err, IPL_E_SHAPE, "input %zux%zux%zu: want 1 ... %d numbers", in.c,
                        in.h, in.w, INT_MAX);
    return IPL_OK;
}

/* A loss compares numbers in the order of the data; a map lies otherwise, and only the input
 * of the same shape does so, too. */
static ipl_status check_order(const ipl_net *net, ipl_error *err)
{
    const ipl_shape out = net->layers[net->n_layers - 1].info.out, in = net->input;

    if (!ipl_shape_turns(out) ||
        (!net->loss_ops->logits && out.c == in.c && out.h == in.h && out.w == in.w))
        return IPL_OK;
    return ipl_fail(
        err, IPL_E_SHAPE,
        "the net ends in a map of %zux%zux%zu; end it with 'flatten' or 'dense'", out.c,
        out.h, out.w);
}

/* The loss, and whether it fits the layers. */
static ipl_status create_loss(ipl_net *net, const char *text, ipl_error *err)
{
    const net_layer *last = &net->layers[net->n_layers - 1];
    const ipl_loss_sizes sizes = {
        .input = net->input, .outputs = last->U, .n_classes = net->n_classes};
    const ipl_loss_sizes without = {.input = net->input, .outputs = last->U};
    ipl_error why = {0};
    ipl_status st = ipl_spec_create(&net->loss, "loss", ipl_loss_row, text, err);

    if (st != IPL_OK)
        return st;
    net->loss_ops = ipl_loss_table[net->loss.index];
    st = net->loss_ops->check(net->loss.self, &sizes, &why);
    net->labelled = net->loss_ops->check(net->loss.self, &without, NULL) != IPL_OK;
    if (st == IPL_OK)
        st = check_order(net, &why);
    if (st != IPL_OK)
        return ipl_fail(err, st, "loss %s after layer %zu '%s': %s", net->loss.row->name,
                        net->n_layers - 1, last->text.s, why.msg);
    ipl_spec_print(&net->loss_text, &net->loss);
    return ipl_text_status(&net->loss_text, err);
}

static ipl_status create_optimiser(ipl_net *net, const char *text, ipl_error *err)
{
    const ipl_status st =
        ipl_spec_create(&net->optimiser, "optimiser", ipl_optimiser_row, text, err);

    if (st != IPL_OK)
        return st;
    net->optimiser_ops = ipl_optimiser_table[net->optimiser.index];
    ipl_spec_print(&net->optimiser_text, &net->optimiser);
    return ipl_text_status(&net->optimiser_text, err);
}

ipl_status ipl_net_create(ipl_net **out, const ipl_net_opts *opts, ipl_error *err)
{
    ipl_net_opts full;
    ipl_net *net = NULL;
    ipl_status st;

    if (out)
        *out = NULL;
    if (!out || !opts)
        return ipl_fail(err, IPL_E_ARG, "ipl_net_create: %s is NULL", out ? "opts" : "out");
    full = *opts;
    full.activation = full.activation ? full.activation : "";
    full.init = full.init ? full.init : "default";
    opts = &full;
    st = check_opts(opts, err);
    if (st != IPL_OK)
        goto done;
    ipl_blas_start(); /* the caller of a pool is one of its threads */
    net = ipl_array(1, 1, sizeof *net, err);
    st = IPL_E_NOMEM;
    if (!net)
        goto done;
    net->input = opts->input;
    net->D = ipl_shape_size(opts->input);
    net->n_classes = opts->n_classes;
    net->batch = opts->batch;
    net->seed = opts->seed;
    net->pool = opts->pool;

    st = ipl_net_read_text(net, opts, err);
    if (st == IPL_OK)
        st = ipl_net_connect(net, err);
    net->shard = shard_rows(opts, net->flops);
    net->abreast = st == IPL_OK && ipl_net_takes_abreast(net) &&
                   (net->shard >= net->batch || net->shard % IPL_ABREAST == 0);
    net->group = (n_shards(net) - 1) / IPL_NET_GROUPS + 1;
    if (st == IPL_OK)
        st = create_loss(net, opts->loss, err);
    if (st == IPL_OK)
        st = create_optimiser(net, opts->optimiser, err);
    if (st == IPL_OK)
        st = create_arena(net, err);
    if (st != IPL_OK)
        goto done;
    ipl_net_name_layers(net);
    st = ipl_net_draw_params(net, opts->init, err);
    if (st != IPL_OK)
        goto done;
    *out = net;
    net = NULL; /* now the caller's */
done:
    ipl_net_destroy(net);
    return st;
}

void ipl_net_destroy(ipl_net *net)
{
    if (!net)
        return;
    for (size_t i = 0; i < net->n_layers; i++) {
        ipl_spec_release(&net->layers[i].spec);
        ipl_text_release(&net->layers[i].text);
    }
    ipl_free(net->layers);
    ipl_spec_release(&net->loss);
    ipl_spec_release(&net->optimiser);
    ipl_text_release(&net->text);
    ipl_text_release(&net->loss_text);
    ipl_text_release(&net->optimiser_text);
    ipl_free(net->follow);
    ipl_free(net->arena);
    ipl_free(net);
}

size_t ipl_net_n_layers(const ipl_net *net)
{
    return net ? net->n_layers : 0;
}

const ipl_layer_info *ipl_net_layer(const ipl_net *net, size_t i)
{
    return net && i < net->n_layers ? &net->layers[i].info : NULL;
}

size_t ipl_net_n_params(const ipl_net *net)
{
    return net ? net->n_params : 0;
}

size_t ipl_net_memory(const ipl_net *net)
{
    return net ? net->memory : 0;
}

double ipl_net_learning_rate(const ipl_net *net)
{
    return net ? ipl_optimiser_rate(&net->optimiser) : (double)NAN;
}

size_t ipl_net_shard(const ipl_net *net)
{
    return net ? net->shard : 0;
}

const char *ipl_net_text(const ipl_net *net)
{
    return net ? net->text.s : NULL;
}

const char *ipl_net_loss_text(const ipl_net *net)
{
    return net ? net->loss_text.s : NULL;
}

const char *ipl_net_optimiser_text(const ipl_net *net)
{
    return net ? net->optimiser_text.s : NULL;
}
