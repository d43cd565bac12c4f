/*
 * Weights with a variance of 2 / (fan_in + fan_out) (Glorot) or 2 / fan_in (He), uniform or
 * normal; biases zero.
 */
#include "nn/initialiser.h"

typedef struct scaled {
    bool normal;
} scaled;

static const ipl_opt scaled_opts[] = {
    IPL_OPT_FLAG(scaled, normal, "normal", false, "normal instead of uniform"),
    IPL_OPT_END,
};

/* A uniform number in +-b has variance b^2 / 3. */
static void draw(const scaled *s, float *out, size_t n, double variance, ipl_rng *rng)
{
    if (s->normal)
        ipl_draw_normal(out, n, sqrt(variance), rng);
    else
        ipl_draw_uniform(out, n, sqrt(3.0 * variance), rng);
}

static ipl_status glorot_weight(const void *self, float *out, size_t n,
                                const ipl_param *param, ipl_rng *rng, ipl_error *err)
{
    (void)err;
    draw(self, out, n, 2.0 / ((double)param->fan_in + (double)param->fan_out), rng);
    return IPL_OK;
}

static ipl_status he_weight(const void *self, float *out, size_t n, const ipl_param *param,
                            ipl_rng *rng, ipl_error *err)
{
    (void)err;
    draw(self, out, n, 2.0 / (double)param->fan_in, rng);
    return IPL_OK;
}

const ipl_initialiser_ops ipl_initialiser_glorot = {
    .row = {.name = "glorot",
            .summary = "variance 2 / (fan_in + fan_out), zero biases",
            .source = "Glorot and Bengio, AISTATS 2010",
            .size = sizeof(scaled),
            .opts = scaled_opts},
    .weight = glorot_weight,
};

const ipl_initialiser_ops ipl_initialiser_he = {
    .row = {.name = "he",
            .summary = "variance 2 / fan_in, for rectifiers, zero biases",
            .source = "He et al., ICCV 2015",
            .size = sizeof(scaled),
            .opts = scaled_opts},
    .weight = he_weight,
};
