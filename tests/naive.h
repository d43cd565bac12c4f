/**
 * LogDet by its definition: concatenate, centre, covariance or correlation, elimination, all
 * in long double. What the fast formulation is compared with.
 */
#ifndef IPL_NAIVE_H
#define IPL_NAIVE_H

#include "base/alloc.h"
#include "test.h"

#include <stdbool.h>

/** Columns of several variables side by side, each with its weight. */
typedef struct naive {
    long double *z; /* (n, d) */
    size_t n, d, room;
} naive;

static inline naive naive_start(size_t n, size_t room)
{
    naive out = {ipl_array(n, room, sizeof(long double), NULL), n, 0, room};

    assert_non_null(out.z);
    return out;
}

/** Append the columns of x (n, d), centred, times sqrt(beta), z-scored for corr. */
static inline void naive_add(naive *out, const double *x, size_t d, bool corr, double beta)
{
    const size_t n = out->n;

    assert_true(out->d + d <= out->room);
    for (size_t j = 0; j < d; j++) {
        long double mean = 0.0L, ss = 0.0L, scale = sqrtl((long double)beta);
        bool constant = true;

        for (size_t i = 0; i < n; i++) {
            mean += (long double)x[i * d + j] / (long double)n;
            constant = constant && x[i * d + j] == x[j];
        }
        for (size_t i = 0; i < n; i++) {
            const long double c = (long double)x[i * d + j] - mean;

            ss += c * c / (long double)n;
        }
        scale = constant ? 0.0L : corr ? scale / sqrtl(ss) : scale;
        for (size_t i = 0; i < n; i++)
            out->z[i * out->room + out->d + j] = ((long double)x[i * d + j] - mean) * scale;
    }
    out->d += d;
}

/** 1/2 log det(I + Z'Z / n) on the smaller side. */
static inline double naive_half_logdet(const naive *in)
{
    const size_t n = in->n, d = in->d, m = n < d ? n : d, len = n < d ? d : n;
    long double *a = ipl_array(m, m, sizeof *a, NULL), sum = 0.0L;

    assert_non_null(a);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j <= i; j++) {
            for (size_t k = 0; k < len; k++)
                a[i * m + j] += n < d ? in->z[i * in->room + k] * in->z[j * in->room + k]
                                      : in->z[k * in->room + i] * in->z[k * in->room + j];
            a[i * m + j] = a[i * m + j] / (long double)n + (i == j ? 1.0L : 0.0L);
            a[j * m + i] = a[i * m + j];
        }
    for (size_t k = 0; k < m; k++) {
        sum += logl(a[k * m + k]);
        for (size_t i = k + 1; i < m; i++) {
            const long double f = a[i * m + k] / a[k * m + k];

            for (size_t j = k + 1; j < m; j++)
                a[i * m + j] -= f * a[k * m + j];
        }
    }
    ipl_free(a);
    return (double)(0.5L * sum);
}

/** H of one variable. */
static inline double naive_entropy(const double *x, size_t n, size_t d, bool corr,
                                   double beta)
{
    naive z = naive_start(n, d);
    double h;

    naive_add(&z, x, d, corr, beta);
    h = naive_half_logdet(&z);
    ipl_free(z.z);
    return h;
}

/** H of two variables, a weight for each. */
static inline double naive_joint(const double *x, size_t p, double beta_x, const double *t,
                                 size_t q, double beta_t, size_t n, bool corr)
{
    naive z = naive_start(n, p + q);
    double h;

    naive_add(&z, x, p, corr, beta_x);
    naive_add(&z, t, q, corr, beta_t);
    h = naive_half_logdet(&z);
    ipl_free(z.z);
    return h;
}

/** Samples of label c, z-scored over all samples for corr, into a matrix of their own. */
static inline naive naive_class(const double *x, size_t n, size_t d, bool corr,
                                const int32_t *y, int32_t c)
{
    naive all = naive_start(n, d), out = naive_start(n, d);

    naive_add(&all, x, d, corr, 1.0);
    out.n = 0;
    for (size_t i = 0; i < n; i++)
        if (y[i] == c) {
            for (size_t j = 0; j < d; j++)
                out.z[out.n * d + j] = all.z[i * d + j];
            out.n++;
        }
    out.d = d;
    for (size_t j = 0; j < d && out.n > 0; j++) {
        long double mean = 0.0L;

        for (size_t i = 0; i < out.n; i++)
            mean += out.z[i * d + j] / (long double)out.n;
        for (size_t i = 0; i < out.n; i++)
            out.z[i * d + j] -= mean;
    }
    ipl_free(all.z);
    return out;
}

/** H(T|Y) for labels 0 ... k-1, or with the pooled covariance. */
static inline double naive_within(const double *t, size_t n, size_t d, bool corr,
                                  double beta, const int32_t *y, int32_t k, bool pooled)
{
    naive all = naive_start(n, d);
    double sum = 0.0;

    all.d = d;
    all.n = 0;
    for (int32_t c = 0; c < k; c++) {
        naive one = naive_class(t, n, d, corr, y, c);

        for (size_t i = 0; i < one.n * d; i++) {
            one.z[i] *= sqrtl((long double)beta);
            all.z[all.n * d + i] = one.z[i];
        }
        all.n += one.n;
        if (one.n > 0)
            sum += (double)one.n / (double)n * naive_half_logdet(&one);
        ipl_free(one.z);
    }
    if (pooled)
        sum = naive_half_logdet(&all);
    ipl_free(all.z);
    return sum;
}

#endif /* IPL_NAIVE_H */
