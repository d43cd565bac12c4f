/* Uniform in +-1 / sqrt(fan_in), weights and biases: PyTorch's default for nn.Linear. */
#include "nn/initialiser.h"

static ipl_status default_weight(const void *self, float *out, size_t n,
                                 const ipl_param *param, ipl_rng *rng, ipl_error *err)
{
    (void)self;
    (void)err;
    ipl_draw_uniform(out, n, 1.0 / sqrt((double)param->fan_in), rng);
    return IPL_OK;
}

static void default_bias(const void *self, float *out, size_t n, const ipl_param *param,
                         ipl_rng *rng)
{
    (void)self;
    ipl_draw_uniform(out, n, 1.0 / sqrt((double)param->fan_in), rng);
}

const ipl_initialiser_ops ipl_initialiser_default = {
    .row = {.name = "default",
            .summary = "weights and biases uniform in +-1 / sqrt(fan_in), as PyTorch"},
    .weight = default_weight,
    .bias = default_bias,
};
