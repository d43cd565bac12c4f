#include "nn/net_state.h"

#include "nn/net_parts.h"

#include <assert.h>
#include <string.h>

/* A visit under way: after a fault nothing more is shown. */
typedef struct tour {
    ipl_net_visitor *visit;
    void *context;
    ipl_error *err;
    ipl_status st;
} tour;

static void show(tour *t, void *array, size_t n, size_t size)
{
    if (t->st == IPL_OK && array && n > 0)
        t->st = t->visit(t->context, array, n * size, t->err);
}

static void show_learned(tour *t, net_layer *l)
{
    show(t, l->w, l->info.n_params, sizeof *l->w);
    show(t, l->running, l->n_running, sizeof *l->running);
}

static void show_optimiser(tour *t, ipl_net *net)
{
    const size_t n_state = net->optimiser_ops->n_state(net->optimiser.self);

    for (size_t i = 0; i < net->n_layers; i++)
        for (size_t k = 0; k < n_state; k++)
            show(t, net->layers[i].state[k], net->layers[i].info.n_params, sizeof(float));
    show(t, &net->updates, 1, sizeof net->updates);
}

static void show_followed(tour *t, ipl_net *net)
{
    show(t, net->follow, net->n_params, sizeof *net->follow);
    show(t, &net->followed, 1, sizeof net->followed);
    for (size_t k = 0; k < net->n_pieces; k++)
        show(t, &net->pieces[k].square, 1, sizeof net->pieces[k].square);
}

ipl_status ipl_net_visit(ipl_net *net, unsigned parts, ipl_net_visitor *visit,
                         void *context, ipl_error *err)
{
    tour t = {visit, context, err, IPL_OK};

    for (size_t i = 0; i < net->n_layers && parts & IPL_NET_LEARNED; i++)
        show_learned(&t, &net->layers[i]);
    if (parts & IPL_NET_OPTIMISER)
        show_optimiser(&t, net);
    if (parts & IPL_NET_FOLLOWED && net->following)
        show_followed(&t, net);
    return t.st;
}

static ipl_status count(void *context, void *array, size_t bytes, ipl_error *err)
{
    size_t *sum = context;

    (void)array;
    (void)err;
    *sum += bytes;
    return IPL_OK;
}

size_t ipl_net_state_size(ipl_net *net, unsigned parts)
{
    size_t sum = 0;

    return ipl_net_visit(net, parts, count, &sum, NULL) == IPL_OK ? sum : 0;
}

static ipl_status copy_out(void *context, void *array, size_t bytes, ipl_error *err)
{
    char **to = context;

    (void)err;
    memcpy(*to, array, bytes);
    *to += bytes;
    return IPL_OK;
}

void ipl_net_save(void *out, ipl_net *net, unsigned parts)
{
    char *to = out;

    if (ipl_net_visit(net, parts, copy_out, &to, NULL) != IPL_OK)
        return; /* it has nothing to fail with */
}

static ipl_status copy_in(void *context, void *array, size_t bytes, ipl_error *err)
{
    const char **from = context;

    (void)err;
    memcpy(array, *from, bytes);
    *from += bytes;
    return IPL_OK;
}

ipl_status ipl_net_load(ipl_net *net, unsigned parts, const void *bytes, size_t len,
                        ipl_error *err)
{
    const size_t want = ipl_net_state_size(net, parts);
    const char *from = bytes;

    if (len != want)
        return ipl_fail(err, IPL_E_SHAPE, "state of %zu bytes, the net has %zu", len, want);
    return ipl_net_visit(net, parts, copy_in, &from, err);
}

static void copy_floats(float *to, const float *from, size_t n)
{
    if (n > 0)
        memcpy(to, from, n * sizeof *to);
}

ipl_status ipl_net_mirror(ipl_net *to, const ipl_net *from, ipl_error *err)
{
    const ipl_status st = ipl_net_follow_gradients(to, from->following, err);

    if (st != IPL_OK)
        return st;
    assert(to->n_layers == from->n_layers && to->n_params == from->n_params);
    for (size_t i = 0; i < from->n_layers; i++) {
        const net_layer *l = &from->layers[i];

        copy_floats(to->layers[i].w, l->w, l->info.n_params);
        copy_floats(to->layers[i].running, l->running, l->n_running);
    }
    if (!from->following)
        return IPL_OK;
    memcpy(to->follow, from->follow, from->n_params * sizeof *to->follow);
    for (size_t k = 0; k < from->n_pieces; k++)
        to->pieces[k].square = from->pieces[k].square;
    to->followed = from->followed;
    return IPL_OK;
}

/* A sum of n times 0 is 0 unless one of them is not finite; eight of them side by side. */
static bool all_finite(const float *x, size_t n)
{
    float sum[8] = {0};
    size_t i = 0;

    for (; i + 8 <= n; i += 8)
        for (size_t k = 0; k < 8; k++)
            sum[k] += 0.0f * x[i + k];
    for (; i < n; i++)
        sum[0] += 0.0f * x[i];
    for (size_t k = 1; k < 8; k++)
        sum[0] += sum[k];
    return sum[0] == 0.0f;
}

ipl_status ipl_net_check_finite(const ipl_net *net, ipl_error *err)
{
    const size_t n_state = net->optimiser_ops->n_state(net->optimiser.self);

    for (size_t i = 0; i < net->n_layers; i++) {
        const net_layer *l = &net->layers[i];
        bool good =
            all_finite(l->w, l->info.n_params) && all_finite(l->running, l->n_running);

        for (size_t k = 0; k < n_state; k++)
            good = good && all_finite(l->state[k], l->info.n_params);
        if (!good)
            return ipl_fail(err, IPL_E_NUMERIC,
                            "parameters of layer %zu '%s' (%s) are not finite any more", i,
                            l->name, l->info.kind);
    }
    return IPL_OK;
}
