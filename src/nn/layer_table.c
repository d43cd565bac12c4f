#include "nn/layer.h"

const ipl_layer_ops *const ipl_layer_table[] = {
    &ipl_layer_dense,
    &ipl_layer_conv2d,
    &ipl_layer_dropout,
    &ipl_layer_identity,
    &ipl_layer_tanh,
    &ipl_layer_relu,
    &ipl_layer_leaky_relu,
    &ipl_layer_sigmoid,
    &ipl_layer_softplus,
    &ipl_layer_softsign,
    &ipl_layer_elu,
    &ipl_layer_gelu,
    &ipl_layer_silu,
    &ipl_layer_hard_tanh,
    &ipl_layer_maxpool,
    &ipl_layer_avgpool,
    &ipl_layer_adaptiveavgpool,
    &ipl_layer_globalavgpool,
    &ipl_layer_layernorm,
    &ipl_layer_batchnorm,
    &ipl_layer_flatten,
    &ipl_layer_skip,
    &ipl_layer_shortcut,
    &ipl_layer_add,
    NULL,
};

const ipl_row *ipl_layer_row(size_t i)
{
    return ipl_layer_table[i] ? &ipl_layer_table[i]->row : NULL;
}
