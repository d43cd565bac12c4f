/* Products of samples abreast: a vector is one number of sixteen samples. */
#include "math/abreast.h"

#include "math/narrow.h"
#include "math/vec.h"

#include <assert.h>
#include <string.h>

enum {
    LANES = IPL_ABREAST,
    OUTPUTS = 6,     /* of a product, made together */
    SIDE_U = 2,      /* numbers of dW summed together: so many rows */
    SIDE_D = 4,      /* and columns */
    SUM_ROWS = 2048, /* of the batch, added up in float before they join the others */
    SUMS = IPL_NARROW_MAX * IPL_NARROW_MAX
};

typedef float lanes __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

IPL_INLINE const lanes *at(const float *p)
{
    return (const lanes *)p;
}

IPL_INLINE lanes *to(float *p)
{
    return (lanes *)p;
}

void ipl_abreast(float *out, const float *rows, size_t N, size_t D)
{
    size_t n = 0;

    for (; n + LANES <= N; n += LANES, rows += LANES * D, out += LANES * D)
        for (size_t d = 0; d < D; d++)
            for (size_t i = 0; i < LANES; i++)
                out[d * LANES + i] = rows[i * D + d];
    for (size_t i = 0; n < N && i < LANES; i++)
        for (size_t d = 0; d < D; d++)
            out[d * LANES + i] = rows[(n + i < N ? i : N - 1 - n) * D + d];
}

void ipl_abreast_rows(float *rows, const float *x, size_t N, size_t D)
{
    for (size_t n = 0; n < N; n++, rows += D)
        for (size_t d = 0; d < D; d++)
            rows[d] = x[(n / LANES * D + d) * LANES + n % LANES];
}

/* T of U numbers of y = b + x m, with K rows of U numbers in m. */
IPL_INLINE void product_some(float *y, const float *x, const float *m, const float *b,
                             size_t N, size_t K, size_t U, const size_t T)
{
    for (size_t n = 0; n < N; n += LANES, x += K * LANES, y += U * LANES) {
        lanes sum[OUTPUTS];

#pragma GCC unroll 8
        for (size_t t = 0; t < T; t++)
            sum[t] = (lanes){0} + b[t];
        for (size_t k = 0; k < K; k++) {
            const lanes v = *at(x + k * LANES);

#pragma GCC unroll 8
            for (size_t t = 0; t < T; t++)
                /* cppcheck-suppress uninitvar; every sum begins with b */
                sum[t] += v * m[k * U + t];
        }
#pragma GCC unroll 8
        for (size_t t = 0; t < T; t++)
            *to(y + t * LANES) = sum[t];
    }
}

IPL_FMA_CLONES
static void product(float *y, const float *x, const float *m, const float *b, size_t N,
                    size_t K, size_t U)
{
    for (size_t u = 0, left = (U + OUTPUTS - 1) / OUTPUTS; left > 0; left--) {
        const size_t some = (U - u + left - 1) / left;

#pragma GCC unroll 8
        for (size_t i = 1; i <= OUTPUTS; i++)
            if (some == i)
                product_some(y + u * LANES, x, m + u, b + u, N, K, U, i);
        u += some;
    }
}

void ipl_abreast_forward(float *y, const float *x, const float *w, const float *b, size_t N,
                         size_t D, size_t U)
{
    float m[SUMS];

    assert(ipl_narrow_fits(D, U) && N % LANES == 0);
    for (size_t d = 0; d < D; d++)
        for (size_t u = 0; u < U; u++)
            m[d * U + u] = w[u * D + d];
    product(y, x, m, b, N, D, U);
}

void ipl_abreast_backward(float *dx, const float *dy, const float *w, size_t N, size_t D,
                          size_t U)
{
    const float zeros[IPL_NARROW_MAX] = {0};

    assert(ipl_narrow_fits(D, U) && N % LANES == 0);
    product(dx, dy, w, zeros, N, U, D);
}

/* S rows and T columns of dY' X, from dy and x on, a vector each; rows of sum lie D apart. */
IPL_INLINE void outer_some(float *sum, const float *dy, const float *x, size_t N, size_t D,
                           size_t U, const size_t S, const size_t T)
{
    lanes s[SIDE_U * SIDE_D];

#pragma GCC unroll 8
    for (size_t i = 0; i < S * T; i++)
        s[i] = (lanes){0};
    for (size_t n = 0; n < N; n += LANES, dy += U * LANES, x += D * LANES) {
#pragma GCC unroll 8
        for (size_t i = 0; i < S * T; i++)
            /* cppcheck-suppress uninitvar; all were set to zero */
            s[i] += *at(dy + i / T * LANES) * *at(x + i % T * LANES);
    }
#pragma GCC unroll 8
    for (size_t i = 0; i < S * T; i++)
        *to(sum + (i / T * D + i % T) * LANES) = s[i];
}

/* All of dY' X. */
IPL_FMA_CLONES
static void outer(float *sum, const float *dy, const float *x, size_t N, size_t D, size_t U)
{
    for (size_t u = 0; u < U; u += SIDE_U)
        for (size_t d = 0; d < D; d += SIDE_D) {
            const size_t S = U - u < SIDE_U ? U - u : SIDE_U;
            const size_t T = D - d < SIDE_D ? D - d : SIDE_D;

#pragma GCC unroll 8
            for (size_t i = 0; i < (size_t)SIDE_U * SIDE_D; i++)
                if (S == i / SIDE_D + 1 && T == i % SIDE_D + 1)
                    outer_some(sum + (u * D + d) * LANES, dy + u * LANES, x + d * LANES, N,
                               D, U, i / SIDE_D + 1, i % SIDE_D + 1);
        }
}

/* T sums of dY, a vector each. */
IPL_INLINE void total_some(float *sum, const float *dy, size_t N, size_t U, const size_t T)
{
    lanes s[SIDE_D];

#pragma GCC unroll 8
    for (size_t i = 0; i < T; i++)
        s[i] = (lanes){0};
    for (size_t n = 0; n < N; n += LANES, dy += U * LANES) {
#pragma GCC unroll 8
        for (size_t i = 0; i < T; i++)
            s[i] += *at(dy + i * LANES);
    }
#pragma GCC unroll 8
    for (size_t i = 0; i < T; i++)
        *to(sum + i * LANES) = s[i];
}

IPL_CLONES
static void total(float *sum, const float *dy, size_t N, size_t U)
{
    for (size_t u = 0; u < U; u += SIDE_D) {
#pragma GCC unroll 8
        for (size_t i = 1; i <= SIDE_D; i++)
            if (i == SIDE_D ? U - u >= i : U - u == i)
                total_some(sum + u * LANES, dy + u * LANES, N, U, i);
    }
}

/* out[i] += the lanes of vector i: halves are added to each other. */
IPL_CLONES
static void add_lanes(float *out, const float *v, size_t n)
{
    for (size_t i = 0; i < n; i++, v += LANES) {
        float half[LANES / 2], quarter[LANES / 4];

        for (size_t k = 0; k < LANES / 2; k++)
            half[k] = v[k] + v[k + LANES / 2];
        for (size_t k = 0; k < LANES / 4; k++)
            quarter[k] = half[k] + half[k + LANES / 4];
        out[i] += (quarter[0] + quarter[2]) + (quarter[1] + quarter[3]);
    }
}

void ipl_abreast_gradient(float *dw, float *db, const float *dy, const float *x, size_t N,
                          size_t D, size_t U)
{
    float sum[SUMS * LANES];

    assert(ipl_narrow_fits(D, U) && N % LANES == 0);
    memset(dw, 0, U * D * sizeof *dw);
    memset(db, 0, U * sizeof *db);
    for (size_t n = 0; n < N; n += SUM_ROWS) {
        const size_t rows = N - n < SUM_ROWS ? N - n : SUM_ROWS;

        outer(sum, dy + n * U, x + n * D, rows, D, U);
        add_lanes(dw, sum, U * D);
        total(sum, dy + n * U, rows, U);
        add_lanes(db, sum, U);
    }
}
