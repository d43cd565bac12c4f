#include "info/logdet.h"

#include "math/linalg.h"

#include <float.h>
#include <math.h>

#define ACCURACY 1e-11 /* of max(1, H): a tenth of what golden values are held to */
#define SLACK 4.0      /* roundings behind one entry of M */

/* Estimated error of log det(L L') when entry ij of it is wrong by eps sqrt(p_i p_j). */
static double rounding(const double *l, const double *p, size_t n)
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
    return SLACK * DBL_EPSILON * sum;
}

ipl_status ipl_half_logdet(double *h, double *m, const double *p, size_t order,
                           ipl_pool *pool, ipl_error *err)
{
    double diag[IPL_SMALL];
    ipl_status st;

    for (size_t i = 0; order <= IPL_SMALL && i < order; i++)
        diag[i] = p ? p[i] : m[i * order + i];
    st = ipl_cholesky(m, order, pool, err);
    *h = (double)NAN;
    if (st == IPL_E_NUMERIC)
        return IPL_OK;
    if (st != IPL_OK)
        return st;
    *h = 0.5 * ipl_cholesky_logdet(m, order);
    if (order <= IPL_SMALL && !(rounding(m, diag, order) <= ACCURACY * fmax(1.0, *h)))
        *h = (double)NAN;
    return IPL_OK;
}
