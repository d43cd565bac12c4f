#include "nn/optimiser.h"

#include <string.h>

const ipl_optimiser_ops *const ipl_optimiser_table[] = {
    &ipl_optimiser_sgd,
    &ipl_optimiser_adam,
    &ipl_optimiser_adamw,
    &ipl_optimiser_rmsprop,
    NULL,
};

const ipl_row *ipl_optimiser_row(size_t i)
{
    return ipl_optimiser_table[i] ? &ipl_optimiser_table[i]->row : NULL;
}

double ipl_optimiser_rate(const ipl_spec *spec)
{
    const ipl_opt *lr = ipl_opt_find(spec->row->opts, "lr");
    double rate;

    memcpy(&rate, (const char *)spec->self + lr->offset, sizeof rate);
    return rate;
}
