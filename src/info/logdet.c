#include "info/logdet.h"

#include "base/rng.h"
#include "math/linalg.h"

#include <float.h>
#include <math.h>
#include <stdint.h>

#define ACCURACY 1e-11      /* of max(1, H): a tenth of what golden values are held to */
#define ACCURACY_LARGE 1e-6 /* in nats: of a large order or a residual */
#define SLACK 4.0           /* roundings behind one entry of M */

enum { SIGNS = IPL_SIGNS_ROOM - 1 }; /* random vectors: the estimate is right to a third */

/* sum_j p_j (M^-1)_jj of a small factor. */
static double small_sum(const double *l, const double *p, size_t n)
{
    double x[IPL_SMALL], sum = 0.0;

    for (size_t j = 0; j < n; j++) { /* x = column j of L^-1: (M^-1)_jj = x' x */
        double square = 0.0;

        for (size_t i = j; i < n; i++) {
            double r = i == j ? 1.0 : 0.0;

            for (size_t k = j; k < i; k++)
                r -= l[i * n + k] * x[k];
            x[i] = r / l[i * n + i];
        }
        for (size_t i = j; i < n; i++)
            square += x[i] * x[i];
        sum += p[j] * square;
    }
    return sum;
}

/* The diagonal of M, or what it was summed from, weighs the signs: z_i = +- sqrt(p_i). */
static void fill_signs(double *z, const double *p, size_t n)
{
    ipl_rng rng = ipl_rng_at(0, IPL_RNG_CHECK, 0, 0);

    for (size_t i = 0; i < n; i++) {
        const uint32_t bits = ipl_rng_bits(&rng);

        for (size_t k = 0; k < SIGNS; k++)
            z[i * SIGNS + k] = (bits >> k & 1u ? 1.0 : -1.0) * sqrt(p[i]);
    }
}

/* The mean of z' M^-1 z, whose expectation is sum_j p_j (M^-1)_jj. */
static double estimated_sum(double *z, const double *l, size_t n, ipl_pool *pool)
{
    double sum = 0.0;

    ipl_solve_lower(z, l, n, SIGNS, pool);
    for (size_t i = 0; i < n * SIGNS; i++)
        sum += z[i] * z[i];
    return sum / SIGNS;
}

/* Move the eigenvalue of (1, ..., 1) from 1 to the mean of the diagonal, which is returned. */
static double lift(double *m, size_t n)
{
    double mean = 0.0, add;

    for (size_t i = 0; i < n; i++)
        mean += m[i * n + i] / (double)n;
    add = (mean - 1.0) / (double)n;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++)
            m[i * n + j] += add;
    return mean;
}

ipl_status ipl_half_logdet(double *h, const ipl_definite *matrix, ipl_buffer *room,
                           ipl_pool *pool, ipl_error *err)
{
    const size_t n = matrix->order;
    const bool small = n <= IPL_SMALL;
    double *m = matrix->m, diag[IPL_SMALL], trace = 0.0, lifted = 1.0, lost = 0.0;
    double summed = 0.0;
    bool check = small;
    ipl_status st;

    *h = (double)NAN;
    for (size_t i = 0; i < n; i++)
        trace += m[i * n + i];
    if (!isfinite(trace))
        return IPL_OK;
    if (matrix->centred)
        lifted = lift(m, n);
    for (size_t i = 0; !small && i < n;
         i++) /* M >= I: the error is below that of this sum */
        summed += matrix->p ? matrix->p[i] : m[i * n + i];
    if (SLACK * DBL_EPSILON * summed > ACCURACY_LARGE)
        check = true;
    if (check && !small && !room)
        return IPL_OK;
    for (size_t i = 0; small && i < n; i++)
        diag[i] = matrix->p ? matrix->p[i] : m[i * n + i];
    if (check && !small) {
        double *p;

        st = ipl_buffer_reserve(room, n, IPL_SIGNS_ROOM, err);
        if (st != IPL_OK)
            return st;
        p = room->p + n * SIGNS;
        for (size_t i = 0; i < n; i++)
            p[i] = matrix->p ? matrix->p[i] : m[i * n + i];
        fill_signs(room->p, p, n);
    }
    st = ipl_cholesky(m, n, pool, err);
    if (st == IPL_E_NUMERIC)
        return IPL_OK;
    if (st != IPL_OK)
        return st;
    if (check)
        lost = SLACK * DBL_EPSILON *
               (small ? small_sum(m, diag, n) : estimated_sum(room->p, m, n, pool));
    *h = 0.5 * (ipl_cholesky_logdet(m, n) - log(lifted));
    if (!(lost <= fmax(ACCURACY * fmax(1.0, *h),
                       small && !matrix->residual ? 0.0 : ACCURACY_LARGE)))
        *h = (double)NAN;
    return IPL_OK;
}
