/*
 * Rows of up to two vectors of LANES floats. They are read and written whole where there is
 * something behind them: rows follow each other, so that the next row overwrites what a
 * vector has too much, and what is read too much stays in lanes that nobody looks at. The
 * last rows, behind which there is nothing, go through a copy.
 */
#include "math/narrow.h"

#include "math/vec.h"

#include <stdint.h>
#include <string.h>

enum {
    LANES = 16,
    SIDE = 8,       /* rows worked on together */
    SUM_ROWS = 128, /* of the batch, added up in float before they join the others */
    SUMS = 16       /* rows of dW added up together: their sums fill the registers */
};

typedef float lanes __attribute__((vector_size(4 * LANES)));
typedef int32_t bits __attribute__((vector_size(4 * LANES)));
/* Floats anywhere in memory. */
typedef float loose __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

/* The vector that begins at p. */
IPL_INLINE const loose *at(const float *p)
{
    return (const loose *)p;
}

IPL_INLINE loose *to(float *p)
{
    return (loose *)p;
}

bool ipl_narrow_fits(size_t D, size_t U)
{
    return D < IPL_NARROW_MAX && U <= IPL_NARROW_MAX; /* (x, 1) is a row, too */
}

/* Rows of n numbers, of N, that may be taken as V whole vectors. */
IPL_INLINE size_t whole_rows(size_t N, size_t n, size_t V)
{
    const size_t behind = (V * LANES - 1) / n; /* rows that the last vector reaches into */

    return N > behind ? N - behind : 0;
}

/* P rows of y = b + x m, with K rows of V vectors in m. */
IPL_INLINE void product_rows(float *y, const float *x, const float *m, const float *b,
                             size_t K, size_t y_row, const size_t P, const size_t V)
{
    lanes sum[SIDE];

#pragma GCC unroll 8
    for (size_t i = 0; i < P * V; i++)
        sum[i] = *at(b + i % V * LANES);
    for (size_t k = 0; k < K; k++) {
#pragma GCC unroll 8
        for (size_t i = 0; i < P * V; i++)
            sum[i] += x[i / V * K + k] * *at(m + (k * V + i % V) * LANES);
    }
#pragma GCC unroll 8
    for (size_t i = 0; i < P * V; i++)
        *to(y + i / V * y_row + i % V * LANES) = sum[i];
}

/* Y (N, U) = 1 b' + X M; x (N, K), m (K, V LANES), b (V LANES). */
IPL_INLINE void product(float *y, const float *x, const float *m, const float *b, size_t N,
                        size_t K, size_t U, const size_t V)
{
    const size_t whole = whole_rows(N, U, V), P = SIDE / V;
    size_t n = 0;

    for (; n + P <= whole; n += P)
        product_rows(y + n * U, x + n * K, m, b, K, U, P, V);
    for (; n < N; n++) {
        float row[2 * LANES];

        product_rows(row, x + n * K, m, b, K, V * LANES, 1, V);
        memcpy(y + n * U, row, U * sizeof *y);
    }
}

/* Lanes of a row of x: what lies behind its D numbers gives way to a one and zeros, so that
 * column D of a sum of dY' X is the sum of dY, the gradient of the bias. */
typedef struct ending {
    bits keep[2];
    lanes one[2];
} ending;

static inline ending end_at(size_t D)
{
    ending end = {0};

    for (size_t i = 0; i < (size_t)2 * LANES; i++) {
        end.keep[i / LANES][i % LANES] = i < D ? -1 : 0;
        end.one[i / LANES][i % LANES] = i == D ? 1.0f : 0.0f;
    }
    return end;
}

/* M, T rows of V vectors, += the sum over N rows of dY[n][t] (X[n], 1). */
IPL_INLINE void outer_rows(float *m, const float *dy, const float *x, const ending *end,
                           size_t N, size_t U, size_t D, const size_t T, const size_t V)
{
    lanes sum[SUMS];

#pragma GCC unroll 16
    for (size_t i = 0; i < T * V; i++)
        sum[i] = *at(m + i * LANES);
    for (size_t n = 0; n < N; n++, dy += U, x += D) {
        lanes row[2];

#pragma GCC unroll 2
        for (size_t j = 0; j < V; j++)
            row[j] = (lanes)(((bits)*at(x + j * LANES) & end->keep[j]) | (bits)end->one[j]);
#pragma GCC unroll 16
        for (size_t i = 0; i < T * V; i++)
            /* cppcheck-suppress uninitvar; V is 1 or more, so that every row was read */
            sum[i] += dy[i / V] * row[i % V];
    }
#pragma GCC unroll 16
    for (size_t i = 0; i < T * V; i++)
        *to(m + i * LANES) = sum[i];
}

/* The same for all U rows, as many at a time as fit. */
IPL_INLINE void outer(float *m, const float *dy, const float *x, const ending *end,
                      size_t N, size_t U, size_t D, const size_t V)
{
    const size_t most = SUMS / V;

    for (size_t u = 0, left = (U + most - 1) / most; left > 0; left--) {
        const size_t rows = (U - u + left - 1) / left;

#pragma GCC unroll 16
        for (size_t i = 1; i <= most; i++)
            if (rows == i)
                outer_rows(m + u * V * LANES, dy + u, x, end, N, U, D, i, V);
        u += rows;
    }
}

static size_t vectors(size_t n)
{
    return n <= LANES ? 1 : 2;
}

IPL_FMA_CLONES
static void product_any(float *y, const float *x, const float *m, const float *b, size_t N,
                        size_t K, size_t U)
{
    if (U <= LANES)
        product(y, x, m, b, N, K, U, 1);
    else
        product(y, x, m, b, N, K, U, 2);
}

void ipl_narrow_forward(float *y, const float *x, const float *w, const float *b, size_t N,
                        size_t D, size_t U)
{
    const size_t row = vectors(U) * LANES;
    float m[IPL_NARROW_MAX * 2 * LANES], first[2 * LANES] = {0};

    memset(m, 0, D * row * sizeof *m);
    for (size_t d = 0; d < D; d++)
        for (size_t u = 0; u < U; u++)
            m[d * row + u] = w[u * D + d];
    memcpy(first, b, U * sizeof *b);
    product_any(y, x, m, first, N, D, U);
}

void ipl_narrow_backward(float *dx, const float *dy, const float *w, size_t N, size_t D,
                         size_t U)
{
    const size_t row = vectors(D) * LANES;
    float m[IPL_NARROW_MAX * 2 * LANES];
    const float first[2 * LANES] = {0};

    memset(m, 0, U * row * sizeof *m);
    for (size_t u = 0; u < U; u++)
        memcpy(m + u * row, w + u * D, D * sizeof *w);
    product_any(dx, dy, m, first, N, U, D);
}

IPL_FMA_CLONES
static void outer_any(float *m, const float *dy, const float *x, const ending *end,
                      size_t N, size_t U, size_t D)
{
    if (vectors(D + 1) == 1)
        outer(m, dy, x, end, N, U, D, 1);
    else
        outer(m, dy, x, end, N, U, D, 2);
}

void ipl_narrow_gradient(float *dw, float *db, const float *dy, const float *x, size_t N,
                         size_t D, size_t U)
{
    const size_t row = vectors(D + 1) * LANES, whole = whole_rows(N, D, vectors(D + 1));
    const ending end = end_at(D);
    float all[IPL_NARROW_MAX * 2 * LANES], sum[IPL_NARROW_MAX * 2 * LANES];

    memset(all, 0, U * row * sizeof *all);
    for (size_t n = 0, rows; n < N; n += rows) {
        float copy[2 * LANES] = {0};
        const float *some = x + n * D;

        rows = n + SUM_ROWS < whole ? SUM_ROWS : whole - n;
        if (n >= whole) {
            rows = 1;
            memcpy(copy, some, D * sizeof *copy);
            some = copy;
        }
        memset(sum, 0, U * row * sizeof *sum);
        outer_any(sum, dy + n * U, some, &end, rows, U, D);
        for (size_t i = 0; i < U * row; i++)
            all[i] += sum[i];
    }
    for (size_t u = 0; u < U; u++) {
        memcpy(dw + u * D, all + u * row, D * sizeof *dw);
        db[u] = all[u * row + D];
    }
}
