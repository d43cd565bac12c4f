/** A data set and a net for it. */
#ifndef IPL_WORLD_H
#define IPL_WORLD_H

#include "scratch.h"

#include "ipl/dataset.h"
#include "ipl/net.h"

typedef struct world {
    ipl_dataset *ds;
    ipl_net *net;
} world;

static inline world open_world(const char *data, const char *net, const char *loss,
                               ipl_scaling scaling)
{
    const ipl_data_opts data_opts = {.text = data, .scaling = scaling};
    ipl_net_opts opts = {.text = net,
                         .activation = "tanh",
                         .loss = loss,
                         .optimiser = "sgd:lr=0.1",
                         .init = "default",
                         .batch = 5,
                         .seed = 1};
    world w;

    assert_int_equal(ipl_dataset_open(&w.ds, &data_opts, NULL), IPL_OK);
    opts.input = ipl_dataset_info(w.ds)->shape;
    opts.n_classes = ipl_dataset_info(w.ds)->n_classes;
    assert_int_equal(ipl_net_create(&w.net, &opts, NULL), IPL_OK);
    assert_int_equal(ipl_net_measure(w.net, "default", NULL), IPL_OK);
    return w;
}

/* Of the pictures in the folder of the test. */
static inline world open_png_world(void **state, const char *net, const char *loss,
                                   ipl_scaling scaling)
{
    char text[128];

    (void)snprintf(text, sizeof text, "png:path=%s", (const char *)*state);
    return open_world(text, net, loss, scaling);
}

static inline void close_world(world *w)
{
    ipl_net_destroy(w->net);
    ipl_dataset_destroy(w->ds);
}

#endif /* IPL_WORLD_H */
