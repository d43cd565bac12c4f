/*
 * Normal weights with s.d. 1 / sqrt(fan), drawn again beyond two s.d. as TensorFlow's
 * truncated_normal does (the s.d. of what is left is 0.88 of that); biases zero.
 */
#include "nn/initialiser.h"

enum { FAN_IN, FAN_OUT };

typedef struct truncated {
    int fan;
} truncated;

static const char *const fans[] = {"in", "out", NULL};

static const ipl_opt truncated_opts[] = {
    IPL_OPT_WORD(truncated, fan, "fan", fans, FAN_IN, "inputs or outputs of a unit"),
    IPL_OPT_END,
};

static ipl_status truncated_weight(const void *self, float *out, size_t n,
                                   const ipl_param *param, ipl_rng *rng, ipl_error *err)
{
    const truncated *s = self;
    const double sd =
        1.0 / sqrt((double)(s->fan == FAN_IN ? param->fan_in : param->fan_out));

    (void)err;
    for (size_t i = 0; i < n; i++) {
        double z;

        do {
            z = ipl_rng_normal(rng);
        } while (fabs(z) > 2.0);
        out[i] = (float)(sd * z);
    }
    return IPL_OK;
}

const ipl_initialiser_ops ipl_initialiser_truncated_normal = {
    .row = {.name = "truncated-normal",
            .summary = "normal, s.d. 1 / sqrt(fan), cut at two s.d., zero biases",
            .source = "Shwartz-Ziv and Tishby 2017 (fan=in), Saxe et al. 2018 (fan=out)",
            .size = sizeof(truncated),
            .opts = truncated_opts},
    .weight = truncated_weight,
};
