/*
 * How layers go together: inputs, shapes, and the runs in which they are worked through.
 */
#include "base/pool.h"
#include "nn/net_parts.h"
#include "nn/net_state.h"

#include <string.h>

enum {
    CACHE_FLOATS = 1 << 17, /* of tensors that stay in the second level of cache */
    TURN_SHARE = 32,        /* outputs to a weight of a matrix product, at least */
    HEAVY_PARAMS = 1 << 16  /* parameters worth being read once for all rows of a shard */
};

/* A residual block that is not closed. */
typedef struct open_skip {
    size_t skip, shortcut; /* IPL_NET_NONE: none yet */
} open_skip;

static ipl_status find_shortcut(net_layer *l, size_t i, open_skip *last, ipl_error *err)
{
    if (last->shortcut != IPL_NET_NONE)
        return ipl_fail(
            err, IPL_E_FORMAT,
            "layer %zu 'shortcut': the block of the 'skip' at layer %zu has one "
            "already",
            i, last->skip);
    last->shortcut = i;
    l->from = last->skip;
    return IPL_OK;
}

/* A sum has the end of the main way and that of the shortcut. */
static void find_terms(net_layer *l, size_t i, const open_skip *last)
{
    l->other = last->skip;
    if (last->shortcut != IPL_NET_NONE) {
        l->other = i - 1;
        l->from = last->shortcut - 1;
    }
}

/* Inputs of layer i; the innermost of *depth open blocks is open[*depth - 1]. */
static ipl_status find_inputs(ipl_net *net, size_t i, open_skip *open, size_t *depth,
                              ipl_error *err)
{
    net_layer *l = &net->layers[i];
    const ipl_layer_role role = l->ops->role;
    ipl_status st = IPL_OK;

    l->from = i > 0 ? i - 1 : IPL_NET_INPUT;
    l->other = l->grad_of = IPL_NET_NONE;
    if (role == IPL_LAYER_SKIP) {
        open[(*depth)++] = (open_skip){.skip = i, .shortcut = IPL_NET_NONE};
    } else if (role != IPL_LAYER_PLAIN && *depth == 0) {
        st = ipl_fail(err, IPL_E_FORMAT, "layer %zu '%s' has no 'skip' before it", i,
                      l->ops->row.name);
    } else if (role == IPL_LAYER_SHORTCUT) {
        st = find_shortcut(l, i, &open[*depth - 1], err);
    } else if (role == IPL_LAYER_ADD) {
        (*depth)--;
        find_terms(l, i, &open[*depth]);
    }
    l->branch = *depth > 0;
    return st;
}

static ipl_shape shape_of(const ipl_net *net, size_t layer)
{
    return layer == IPL_NET_INPUT ? net->input : net->layers[layer].info.out;
}

static ipl_status check_sum(const ipl_net *net, size_t i, ipl_error *err)
{
    const net_layer *l = &net->layers[i];
    const ipl_shape a = shape_of(net, l->from), b = shape_of(net, l->other);

    if (a.c == b.c && a.h == b.h && a.w == b.w)
        return IPL_OK;
    return ipl_fail(
        err, IPL_E_SHAPE,
        "layer %zu 'add': layer %zu gives %zux%zux%zu, the shortcut (layer %zu) "
        "%zux%zux%zu",
        i, l->from, a.c, a.h, a.w, l->other, b.c, b.h, b.w);
}

/* Numbers of the arrays that a layer has. */
static size_t count_values(bool (*array)(ipl_param *, const void *, size_t),
                           const void *self)
{
    ipl_param param;
    size_t n = 0;

    for (size_t k = 0; array && array(&param, self, k); k++)
        n += ipl_param_size(&param);
    return n;
}

/* Fix the shapes of layer i for the input that the layer below gives. */
static ipl_status bind_layer(net_layer *l, size_t i, ipl_shape in, ipl_error *err)
{
    ipl_layer_info *info = &l->info;
    const ipl_layer_ops *ops = l->ops;
    ipl_error why = {0};

    info->in = in;
    info->out = in;
    if (ops->bind) {
        const ipl_status st = ops->bind(l->spec.self, in, &info->out, &why);

        if (st != IPL_OK)
            return ipl_fail(err, st, "layer %zu '%s', input %zux%zux%zu: %s", i, l->text.s,
                            in.c, in.h, in.w, why.msg);
    }
    l->D = ipl_shape_size(in);
    l->U = ipl_shape_size(info->out);
    l->n_keep = ops->n_keep ? ops->n_keep(l->spec.self) : 0;
    l->n_sums = ops->n_sums ? ops->n_sums(l->spec.self) : 0;
    l->adds = ops->adds && ops->adds(l->spec.self);
    l->n_running = count_values(ops->running, l->spec.self);
    info->n_params = count_values(ops->param, l->spec.self);
    info->kind = ops->row.name;
    info->text = l->text.s;
    info->flops = ops->flops ? ops->flops(l->spec.self) : (double)l->U;
    info->low = ops->low;
    info->high = ops->high;
    return IPL_OK;
}

/* Whether dL/dx of a layer may take the place of dL/dy. */
static bool works_in_place(const net_layer *l)
{
    return l->ops->slope || l->ops->role == IPL_LAYER_SKIP || l->ops->role == IPL_LAYER_ADD;
}

static size_t least_batch(const net_layer *l)
{
    return l->ops->least_batch ? l->ops->least_batch(l->spec.self) : 1;
}

ipl_status ipl_net_check_batch(const ipl_net *net, size_t n, ipl_error *err)
{
    const net_layer *l = &net->layers[net->needy];

    if (n >= least_batch(l))
        return IPL_OK;
    return ipl_fail(
        err, IPL_E_SHAPE,
        "layer %zu '%s' cannot be trained on a batch of %zu row%s of %zux%zux%zu: "
        "it needs more than one value per channel, %zu rows",
        net->needy, l->info.kind, n, n == 1 ? "" : "s", l->info.in.c, l->info.in.h,
        l->info.in.w, least_batch(l));
}

static void pass_on(ipl_net *net, size_t i)
{
    net_layer *l = &net->layers[i];
    net_layer *from = l->from == IPL_NET_INPUT ? NULL : &net->layers[l->from];
    const size_t n_scratch = l->ops->n_scratch ? l->ops->n_scratch(l->spec.self) : 0;

    l->follows = l->info.n_params > 0 || (from && from->follows) ||
                 (l->other != IPL_NET_NONE && net->layers[l->other].follows);
    if (from && works_in_place(l))
        from->grad_of = i;
    if (l->ops->keeps_range && from) {
        l->info.low = from->info.low;
        l->info.high = from->info.high;
    }
    net->n_params += l->info.n_params;
    net->flops += l->info.flops;
    if (least_batch(l) > least_batch(&net->layers[net->needy]))
        net->needy = i;
    if (n_scratch > net->n_scratch)
        net->n_scratch = n_scratch;
}

/*
 * max f(x) = f(max x): in training an activation before a pool is run behind it, on a fraction
 * of the numbers, in both directions. Its own output is not there then.
 */
static void put_off_activations(ipl_net *net)
{
    for (size_t i = 1; i + 1 < net->n_layers; i++) {
        net_layer *l = &net->layers[i];

        l->put_off = l->ops->monotone && net->layers[i + 1].ops->picks_largest &&
                     l->from == i - 1 && net->layers[i - 1].follows;
    }
}

ipl_status ipl_net_connect(ipl_net *net, ipl_error *err)
{
    open_skip open[IPL_NET_MAX_LAYERS];
    size_t depth = 0;
    ipl_status st;

    for (size_t i = 0; i < net->n_layers; i++) {
        net_layer *l = &net->layers[i];

        st = find_inputs(net, i, open, &depth, err);
        if (st == IPL_OK && l->ops->role == IPL_LAYER_ADD)
            st = check_sum(net, i, err);
        if (st == IPL_OK)
            st = bind_layer(l, i, shape_of(net, l->from), err);
        if (st != IPL_OK)
            return st;
        pass_on(net, i);
    }
    put_off_activations(net);
    if (depth > 0)
        return ipl_fail(err, IPL_E_FORMAT, "layer %zu 'skip' has no 'add' behind it",
                        open[depth - 1].skip);
    return IPL_OK;
}

static bool is_map(ipl_shape shape)
{
    return shape.h * shape.w > 1;
}

/* Whether a layer is run over all rows of a shard at once: matrix products are better so, and
 * many parameters are read once only. */
static bool is_whole(const net_layer *l)
{
    return l->ops->whole_shard || l->info.n_params > HEAVY_PARAMS ||
           !(is_map(l->info.in) || is_map(l->info.out));
}

static bool has_sums(const ipl_net *net)
{
    for (size_t i = 0; i < net->n_layers; i++)
        if (net->layers[i].n_sums > 0)
            return true;
    return false;
}

/* Numbers that a layer works on, values and gradients. */
static size_t size_of(const net_layer *l)
{
    return 2 * (l->D + l->U);
}

/* Rows whose tensors stay in the cache, for the largest layer of a run. */
static size_t block_rows(const ipl_net *net, size_t first, size_t end)
{
    size_t largest = 1, rows;

    for (size_t i = first; i < end; i++) {
        const net_layer *l = &net->layers[i];

        if (is_whole(l))
            return net->shard;
        if (size_of(l) > largest)
            largest = size_of(l);
    }
    rows = CACHE_FLOATS / largest;
    return rows < 1 ? 1 : rows > net->shard ? net->shard : rows;
}

/*
 * Rows that go forward and back at once: as few blocks of maps as make up for the weights of
 * matrix products, which are read anew each time. All of a shard where sums over the batch come
 * in between.
 */
static size_t turn_rows(const ipl_net *net, size_t block)
{
    size_t outputs = net->D, weights = 0, rows;

    if (has_sums(net))
        return net->shard;
    for (size_t i = 0; i < net->n_layers; i++) {
        const net_layer *l = &net->layers[i];

        outputs += l->U;
        weights += is_whole(l) ? l->info.n_params : 0;
    }
    rows = (TURN_SHARE * weights / outputs / block + 1) * block;
    return rows < net->shard ? rows : net->shard;
}

bool ipl_net_takes_abreast(const ipl_net *net)
{
    for (size_t i = 0; i < net->n_layers; i++) {
        const net_layer *l = &net->layers[i];

        const bool takes = l->ops->takes_abreast ? l->ops->takes_abreast(l->spec.self)
                                                 : l->ops->value != NULL;

        if (!takes || is_map(l->info.in) || is_map(l->info.out))
            return false;
    }
    return true;
}

/*
 * Whether a new run begins at layer i, behind that of layers first ... i - 1: where the kind of
 * layer changes; before sums over the batch; and where twice as many rows stay in the cache.
 */
static bool begins_run(const ipl_net *net, size_t first, size_t i, bool sums)
{
    const net_layer *l = &net->layers[i];
    size_t largest = 0;

    if (l->n_sums > 0 || (i > first && is_whole(l) != is_whole(l - 1)))
        return true;
    for (size_t k = first; k < i; k++)
        if (size_of(&net->layers[k]) > largest)
            largest = size_of(&net->layers[k]);
    return !sums && !is_whole(l) && !works_in_place(l) && 2 * size_of(l) <= largest;
}

size_t ipl_net_cut_runs(net_run *out, const ipl_net *net)
{
    const bool sums = has_sums(net);
    size_t n = 0, stage = 0, first = 0;

    for (size_t i = 0; i <= net->n_layers; i++) {
        const bool last = i == net->n_layers;
        const bool couples = !last && net->layers[i].n_sums > 0;

        if (!last && !begins_run(net, first, i, sums))
            continue;
        if (out)
            out[n] = (net_run){.first = first,
                               .end = i,
                               .block = block_rows(net, first, i),
                               .stage = stage,
                               .couples = couples};
        n++;
        first = i;
        stage += couples;
    }
    return n;
}

/* Whether a gradient over the batch reads what a layer works on. */
static bool is_tiled(const net_layer *l)
{
    return l->ops->n_tiles && l->ops->n_tiles(l->spec.self) > 0;
}

/* Whether so many rows for every thread are fewer than the batch. */
static bool is_few(const ipl_net *net, size_t rows)
{
    return rows * ipl_pool_threads(net->pool) < net->batch;
}

/* Rows to hold of an array that is used up when some rows have gone forward and back. */
static size_t turn_held(const ipl_net *net)
{
    return !has_sums(net) && is_few(net, net->turn) ? net->turn : 0;
}

/* Whether in training a pool alone asks for the output of layer i, at once: the activation
 * between them waits, and the way back wants what was picked. */
static bool is_brief(const ipl_net *net, size_t i, const net_run *run)
{
    const net_layer *l = &net->layers[i];

    return i + 2 < run->end && l[1].put_off && l[2].n_sums == 0 && !l->ops->value &&
           l->ops->role == IPL_LAYER_PLAIN && !l->branch && is_few(net, run->block);
}

static size_t *held_of(ipl_net *net, size_t from)
{
    return from == IPL_NET_INPUT ? &net->x_held : &net->layers[from].y_held;
}

static void hold_outputs(ipl_net *net, const net_run *runs, size_t n)
{
    const size_t held = turn_held(net);

    net->x_held = held;
    for (size_t i = 0; i < net->n_layers; i++) {
        net->layers[i].y_held = held;
        net->layers[i].keep_held = is_tiled(&net->layers[i]) ? 0 : held;
    }
    for (size_t k = 0; k < n; k++)
        for (size_t i = runs[k].first; i < runs[k].end; i++)
            if (is_brief(net, i, &runs[k]))
                net->layers[i].y_held = runs[k].block;
    for (size_t i = net->n_layers; i-- > 0;) {
        const net_layer *l = &net->layers[i];

        if (is_tiled(l) || (ipl_layer_gives_input(l->ops) && l->y_held == 0))
            *held_of(net, l->from) = 0;
    }
    for (size_t i = 0; i < net->n_layers; i++)
        if (ipl_layer_gives_input(net->layers[i].ops))
            net->layers[i].y_held = *held_of(net, net->layers[i].from);
}

/* Whether dL/dy of a layer is used up with the rows that it is of: no gradient over the batch
 * asks for it, and no residual block. */
static bool is_passing(const net_layer *l)
{
    return l->n_sums == 0 && l->ops->role == IPL_LAYER_PLAIN && !l->branch && !is_tiled(l);
}

/* Whether it is so with a block of rows: layer i + 1, of the same run, makes it. */
static bool is_local(const ipl_net *net, size_t i, const net_run *run)
{
    const net_layer *next = &net->layers[i + 1];

    return i + 1 < run->end && next->n_sums == 0 && next->from == i &&
           next->ops->role == IPL_LAYER_PLAIN && !next->branch;
}

static void hold_gradients(ipl_net *net, const net_run *run)
{
    const size_t turn = turn_held(net);

    for (size_t i = 0; i < net->n_layers; i++) {
        size_t top = i, held; /* layers i ... top share one dy */
        bool passing = is_passing(&net->layers[i]), local;

        while (i >= run->end)
            run++;
        local = is_local(net, i, run);
        while (net->layers[top].grad_of == top + 1) {
            top++;
            passing = passing && is_passing(&net->layers[top]);
            local = local && is_local(net, top, run);
        }
        /* A loss writes its gradient in evaluation, too. */
        passing =
            passing && net->layers[top].grad_of == IPL_NET_NONE && top + 1 < net->n_layers;
        held = !passing ? 0 : local ? run->block : turn;
        for (; i < top; i++)
            net->layers[i].dy_held = held;
        net->layers[top].dy_held = held;
    }
}

void ipl_net_find_held(ipl_net *net)
{
    net_run runs[IPL_NET_MAX_LAYERS + 1];
    const size_t n = ipl_net_cut_runs(runs, net);

    net->turn = turn_rows(net, runs[0].block);
    hold_outputs(net, runs, n);
    hold_gradients(net, runs);
}
