/*
 * Orthogonal weights: rows (or columns, where there are fewer) are orthogonal and of length
 * `gain`, uniformly distributed; biases zero.
 *
 * Gaussian vectors made orthonormal by modified Gram-Schmidt, run twice: that is the factor
 * Q with positive diagonal of R, to working precision.
 */
#include "base/alloc.h"
#include "nn/initialiser.h"

#include <float.h>

typedef struct orthogonal {
    double gain;
} orthogonal;

static const ipl_opt orthogonal_opts[] = {
    IPL_OPT_NUMBER(orthogonal, gain, "gain", 0, DBL_MAX, 1, "length of a row"),
    IPL_OPT_END,
};

/* Inner product; independent partial sums let the compiler use vectors. */
static double dot(const double *a, const double *b, size_t n)
{
    double part[8] = {0}, sum = 0.0;
    size_t i = 0;

    for (; i + 8 <= n; i += 8)
        for (size_t k = 0; k < 8; k++)
            part[k] += a[i + k] * b[i + k];
    for (; i < n; i++)
        sum += a[i] * b[i];
    for (size_t k = 0; k < 8; k++)
        sum += part[k];
    return sum;
}

/* Make the rows of q (count, length) orthonormal, count <= length. */
static void gram_schmidt(double *q, size_t count, size_t length)
{
    for (size_t i = 0; i < count; i++) {
        double *v = q + i * length;
        const double norm = sqrt(dot(v, v, length));

        for (size_t k = 0; k < length; k++)
            v[k] /= norm;
        for (size_t j = i + 1; j < count; j++) {
            double *u = q + j * length;
            const double along = dot(u, v, length);

            for (size_t k = 0; k < length; k++)
                u[k] -= along * v[k];
        }
    }
}

static ipl_status orthogonal_weight(const void *self, float *out, size_t n,
                                    const ipl_param *param, ipl_rng *rng, ipl_error *err)
{
    const orthogonal *s = self;
    const size_t rows = param->dims[0], cols = n / rows;
    const size_t count = rows < cols ? rows : cols, length = n / count;
    double *q = ipl_array(count, length, sizeof *q, err);

    if (!q)
        return IPL_E_NOMEM;
    for (size_t i = 0; i < n; i++)
        q[i] = ipl_rng_normal(rng);
    gram_schmidt(q, count, length);
    gram_schmidt(q, count, length);
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < cols; c++)
            out[r * cols + c] =
                (float)(s->gain * (rows < cols ? q[r * length + c] : q[c * length + r]));
    ipl_free(q);
    return IPL_OK;
}

const ipl_initialiser_ops ipl_initialiser_orthogonal = {
    .row = {.name = "orthogonal",
            .summary = "orthogonal rows or columns, zero biases",
            .source = "Saxe et al., ICLR 2014",
            .size = sizeof(orthogonal),
            .opts = orthogonal_opts},
    .weight = orthogonal_weight,
};
