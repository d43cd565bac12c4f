/** Small nets: samples made on the spot, a net of its text, parameters byte for byte. */
#ifndef IPL_SMALL_NET_H
#define IPL_SMALL_NET_H

#include "test.h"

#include "base/rng.h"
#include "ipl/net.h"

#include <string.h>

/* A sample: noise from its number, and `more` in every value that points at its class. */
static inline int32_t draw(float *x, size_t d, uint32_t n_classes, float more, size_t row)
{
    ipl_rng rng = ipl_rng_at(1, IPL_RNG_DATA, 0, (uint32_t)row);

    for (size_t k = 0; k < d; k++)
        x[k] = ipl_rng_unit(&rng) + (k % n_classes == row % n_classes ? more : 0.0f);
    return (int32_t)(row % n_classes);
}

static inline ipl_net *create(const ipl_net_opts *opts)
{
    ipl_error err = {0};
    ipl_net *net;

    if (ipl_net_create(&net, opts, &err) != IPL_OK)
        fail_msg("%s", err.msg);
    return net;
}

static inline void create_fails(const ipl_net_opts *opts, ipl_status want, const char *part)
{
    ipl_error err = {0};
    ipl_net *net;

    assert_int_equal(ipl_net_create(&net, opts, &err), want);
    assert_null(net);
    if (!strstr(err.msg, part))
        fail_msg("'%s' is not in '%s'", part, err.msg);
}

static inline size_t size_of(const ipl_param_view *view)
{
    size_t n = 1;

    for (size_t i = 0; i < view->n_dims; i++)
        n *= view->dims[i];
    return n;
}

/* Fail unless all parameters of two nets have the same bytes. */
static inline void assert_same_params(ipl_net *a, ipl_net *b)
{
    ipl_param_view va, vb;

    for (size_t k = 0; ipl_net_param(&va, a, k); k++) {
        assert_true(ipl_net_param(&vb, b, k));
        assert_int_equal(size_of(&va), size_of(&vb));
        assert_memory_equal(va.data, vb.data, size_of(&va) * sizeof *va.data);
    }
}

#endif /* IPL_SMALL_NET_H */
