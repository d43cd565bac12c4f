#include "nn/layer.h"

const ipl_layer_ops *const ipl_layer_table[] = {
    &ipl_layer_dense,      &ipl_layer_conv2d,    &ipl_layer_dropout,
    &ipl_layer_identity,   &ipl_layer_tanh,      &ipl_layer_relu,
    &ipl_layer_leaky_relu, &ipl_layer_sigmoid,   &ipl_layer_softplus,
    &ipl_layer_softsign,   &ipl_layer_elu,       &ipl_layer_gelu,
    &ipl_layer_silu,       &ipl_layer_hard_tanh, NULL,
};

const ipl_row *ipl_layer_row(size_t i)
{
    return ipl_layer_table[i] ? &ipl_layer_table[i]->row : NULL;
}
