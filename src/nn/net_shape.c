/*
 * How layers go together: inputs, shapes, and the runs in which they are worked through.
 */
#include "base/pool.h"
#include "nn/net_parts.h"

#include <string.h>

enum {
    CACHE_FLOATS = 1 << 17, /* of tensors that stay in the second level of cache */
    TURN_FLOATS = 1 << 18,  /* of outputs that stay there from forward to backward */
    TURN_SHARE = 8,         /* outputs to a weight of a matrix product, at least */
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

/* Rows whose tensors stay in the cache, for the largest layer of a run. */
static size_t block_rows(const ipl_net *net, size_t first, size_t end)
{
    size_t largest = 1, rows;

    for (size_t i = first; i < end; i++) {
        const net_layer *l = &net->layers[i];
        const size_t size = 2 * (l->D + l->U); /* values and gradients */

        if (is_whole(l))
            return net->shard;
        if (size > largest)
            largest = size;
    }
    rows = CACHE_FLOATS / largest;
    return rows < 1 ? 1 : rows > net->shard ? net->shard : rows;
}

/*
 * As many blocks of the first run as have their outputs in the cache when they are run backward.
 * All of a shard where sums over the batch come in between; or where few outputs do not
 * make up for the weights of matrix products, which are read anew each time.
 */
size_t ipl_net_turn_rows(const ipl_net *net)
{
    net_run runs[IPL_NET_MAX_LAYERS + 1];
    size_t outputs = 2 * net->D, weights = 0, rows;

    (void)ipl_net_cut_runs(runs, net);
    for (size_t i = 0; i < net->n_layers; i++) {
        const net_layer *l = &net->layers[i];

        if (l->n_sums > 0)
            return net->shard;
        outputs += l->U + l->n_keep;
        weights += is_whole(l) ? l->info.n_params : 0;
    }
    rows = TURN_FLOATS / outputs / runs[0].block * runs[0].block;
    if (rows == 0 || rows > net->shard || weights * TURN_SHARE > rows * outputs)
        return net->shard;
    return rows;
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

size_t ipl_net_cut_runs(net_run *out, const ipl_net *net)
{
    size_t n = 0, stage = 0, first = 0;

    for (size_t i = 0; i <= net->n_layers; i++) {
        const bool last = i == net->n_layers;
        const bool couples = !last && net->layers[i].n_sums > 0;

        /* A run ends where the kind of layer changes, and before sums over the batch. */
        if (!last && !couples &&
            (i == first || is_whole(&net->layers[i]) == is_whole(&net->layers[i - 1])))
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

/* Whether dL/dy of layer i is made and used up within a block of rows: layer i + 1, of the
 * same run, makes it, and no gradient over the whole batch asks for it later. */
static bool is_passing(const ipl_net *net, size_t i, const net_run *run)
{
    const net_layer *l = &net->layers[i], *next = l + 1;

    return i >= run->first && i + 1 < run->end && l->n_sums == 0 && next->n_sums == 0 &&
           next->from == i && l->ops->role == IPL_LAYER_PLAIN && !l->branch &&
           next->ops->role == IPL_LAYER_PLAIN && !next->branch &&
           (l->info.n_params == 0 || l->adds);
}

/* Whether in training a pool alone asks for the output of layer i, at once: the activation
 * between them waits, and the way back wants what was picked. */
static bool is_brief(const ipl_net *net, size_t i, const net_run *run)
{
    const net_layer *l = &net->layers[i];

    return i + 2 < run->end && l[1].put_off && l[2].n_sums == 0 && !l->ops->value &&
           l->ops->role == IPL_LAYER_PLAIN && !l->branch &&
           run->block * ipl_pool_threads(net->pool) <= net->batch;
}

void ipl_net_find_local(ipl_net *net)
{
    net_run runs[IPL_NET_MAX_LAYERS + 1];
    const size_t n = ipl_net_cut_runs(runs, net);

    for (size_t k = 0; k < n; k++)
        for (size_t i = runs[k].first; i < runs[k].end; i++) {
            size_t top = i; /* layers i ... top share one dy */
            bool passing = is_passing(net, i, &runs[k]);

            while (net->layers[top].grad_of == top + 1 && top + 1 < runs[k].end) {
                top++;
                passing = passing && is_passing(net, top, &runs[k]);
            }
            for (size_t j = i; j <= top; j++)
                net->layers[j].brief = is_brief(net, j, &runs[k]) ? runs[k].block : 0;
            passing = passing && net->layers[top].grad_of == IPL_NET_NONE;
            for (; i < top; i++)
                net->layers[i].local = passing ? runs[k].block : 0;
            net->layers[top].local = passing ? runs[k].block : 0;
        }
}
