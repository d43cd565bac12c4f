#include "run/build.h"

#include "data/data_opts.h"

ipl_status ipl_build_data(ipl_dataset **out, const ipl_experiment *exp, ipl_error *err)
{
    const ipl_data_opts opts = IPL_DATA_OPTS(exp, exp->data);

    return ipl_dataset_open(out, &opts, err);
}

ipl_status ipl_build_net(ipl_net **out, const ipl_experiment *exp, const ipl_dataset *ds,
                         const char *params, ipl_pool *pool, ipl_error *err)
{
    const ipl_data_info *data = ipl_dataset_info(ds);
    const ipl_net_opts opts = {
        .text = exp->net,
        .activation = exp->activation,
        .loss = exp->loss,
        .optimiser = exp->optimiser,
        .init = params ? "default" : exp->init,
        .input = data->shape,
        .n_classes = data->n_classes,
        .batch = exp->batch,
        .shard = exp->shard,
        .seed = exp->seed,
        .pool = pool,
    };
    ipl_net *net = NULL;
    ipl_status st = ipl_net_create(&net, &opts, err);

    *out = NULL;
    if (st == IPL_OK)
        st = ipl_net_measure(net, exp->measure_layers, err);
    if (st == IPL_OK && params)
        st = ipl_net_read_params(net, params, err);
    if (st != IPL_OK) {
        ipl_net_destroy(net);
        return st;
    }
    *out = net;
    return IPL_OK;
}
