/*
 * Correlated Gaussian pairs with everything known in closed form.
 *
 *     u = (x_1 ... x_d, t_1 ... t_d), every entry N(0, 1), corr(x_i, t_i) = rho, all else
 *     independent; y = 1 iff x_1 + ... + x_d > 0
 *
 * in nats:  H(x) = H(t) = d/2 ln(2 pi e),  I(x;t) = -d/2 ln(1 - rho^2),
 *           H(u) = 2 H(x) - I(x;t),  H(y) = I(u;y) = I(x;y) = ln 2,
 *           I(t;y) = ln 2 - E[h(Phi(rho g / sqrt(1 - rho^2)))],  g ~ N(0, 1),
 *
 * h the entropy of a coin. A net can learn y; what its second half of inputs alone can tell
 * of y is known too.
 */
#include "base/alloc.h"
#include "base/rng.h"
#include "data/sign_information.h"
#include "data/source.h"

#include <math.h>

#define LN_2 0.69314718055994530942
#define HALF_LN_2PIE 1.4189385332046727418 /* entropy of N(0, 1) */

typedef struct gaussian {
    size_t n, d;
    double rho;
} gaussian;

static const ipl_opt gaussian_opts[] = {
    IPL_OPT_NUMBER(gaussian, n, "n", 2.0, 1e7, 5000.0, "samples, before the split"),
    IPL_OPT_NUMBER(gaussian, d, "d", 1.0, 1e4, 5.0, "pairs (x_i, t_i) in a sample"),
    IPL_OPT_NUMBER(gaussian, rho, "rho", -0.999, 0.999, 0.5, "correlation of x_i and t_i"),
    IPL_OPT_END,
};

static ipl_status add_note(ipl_text *note, const gaussian *self, ipl_error *err)
{
    const double d = (double)self->d;
    const double H = d * HALF_LN_2PIE;
    const double I = -0.5 * d * log1p(-self->rho * self->rho);

    ipl_text_add(note,
                 "in nats: H(x) = H(t) = %.6g, H(x,t) = %.6g, I(x;t) = %.6g, "
                 "H(y) = I(x;y) = %.6g, I(t;y) = %.6g; x is the first half of a sample",
                 H, 2.0 * H - I, I, LN_2,
                 ipl_sign_information(self->rho / sqrt(1.0 - self->rho * self->rho)));
    return ipl_text_status(note, err);
}

static ipl_status load_gaussian(ipl_samples *out, const void *self, uint64_t seed,
                                ipl_error *err)
{
    const gaussian *g = self;
    const double other = sqrt(1.0 - g->rho * g->rho);
    ipl_store *part = &out->part[IPL_TRAIN];

    out->shape = (ipl_shape){2 * g->d, 1, 1};
    out->n_classes = 2;
    part->values = ipl_array(g->n, 2 * g->d, sizeof *part->values, err);
    part->labels = ipl_array(g->n, 1, sizeof *part->labels, err);
    if (!part->values || !part->labels)
        return IPL_E_NOMEM;
    part->n = g->n;
    for (size_t i = 0; i < g->n; i++) { /* a stream per row: row i is the same for any n */
        ipl_rng rng = ipl_rng_at(seed, IPL_RNG_DATA, 0, (uint32_t)i);
        float *x = part->values + i * 2 * g->d, *t = x + g->d;
        double sum = 0.0;

        for (size_t k = 0; k < g->d; k++) {
            const double z = ipl_rng_normal(&rng);

            x[k] = (float)z;
            t[k] = (float)(g->rho * z + other * ipl_rng_normal(&rng));
            sum += (double)x[k];
        }
        part->labels[i] = sum > 0.0;
    }
    return add_note(&out->note, g, err);
}

const ipl_source_ops ipl_source_gaussian = {
    .row = {.name = "gaussian",
            .summary = "correlated Gaussian pairs of known information (generated)",
            .source = NULL,
            .size = sizeof(gaussian),
            .opts = gaussian_opts},
    .load = load_gaussian,
};
