/**
 * The inner loops of the convolutions, for vectors of LANES floats.
 *
 * Included by one file per instruction set, which defines LANES and makes kernels of
 * sweep() and fold() by calling them with constants: all loops over a tile are unrolled and
 * its sums stay in registers.
 */
#ifndef IPL_CONV_TILE_H
#define IPL_CONV_TILE_H

#include "math/conv_parts.h"

#include <stdbool.h>
#include <string.h>

#ifndef LANES
#    define LANES 4
#endif

#if defined(__GNUC__)
#    define TILE_INLINE static inline __attribute__((always_inline))
#else
#    define TILE_INLINE static inline
#endif

enum { TILE_SUMS = 32, TILE_SIDE = 16 }; /* most vectors, most rows of a tile */

typedef float lanes __attribute__((vector_size(4 * LANES)));
/* The same anywhere in memory. */
typedef float loose __attribute__((vector_size(4 * LANES), aligned(4)));

TILE_INLINE lanes load(const float *p)
{
    return *(const loose *)p;
}

TILE_INLINE void store(float *p, lanes v)
{
    *(loose *)p = v;
}

/* p[i] = v[i] for i < count; halves of a vector at a time. */
TILE_INLINE void store_part(float *p, lanes v, size_t count)
{
    float part[LANES];
    size_t done = 0;

    store(part, v);
#pragma GCC unroll 4
    for (size_t half = LANES / 2; half > 0; half /= 2)
        if (count & half) {
            memcpy(p + done, part + done, half * sizeof *p);
            done += half;
        }
}

/* The first count floats of p, then zeros. */
TILE_INLINE lanes load_part(const float *p, size_t count)
{
    float part[LANES] = {0};

    for (size_t i = 0; i < count; i++)
        part[i] = p[i];
    return load(part);
}

/* Vector j of p, where the first count floats exist. */
TILE_INLINE lanes load_some(const float *p, size_t j, size_t count)
{
    if (count >= (j + 1) * LANES)
        return load(p + j * LANES);
    return count > j * LANES ? load_part(p + j * LANES, count - j * LANES) : (lanes){0};
}

TILE_INLINE void store_some(float *p, size_t j, size_t count, lanes v)
{
    if (count >= (j + 1) * LANES)
        store(p + j * LANES, v);
    else if (count > j * LANES)
        store_part(p + j * LANES, v, count - j * LANES);
}

/* A walk over the pixels of a sweep. */
typedef struct walk {
    const float *x;
    float *y;
    size_t row, col;
} walk;

TILE_INLINE void advance(walk *at, const conv_sweep *s)
{
    size_t x = s->at_x.col, y = s->at_y.col;

    if (++at->col == s->cols) {
        at->col = 0;
        x += s->at_x.row - s->cols * s->at_x.col;
        y += s->at_y.row - s->cols * s->at_y.col;
        if (++at->row == s->rows) {
            at->row = 0;
            x += s->at_x.image - s->rows * s->at_x.row;
            y += s->at_y.image - s->rows * s->at_y.row;
        }
    }
    at->x += (ptrdiff_t)x;
    at->y += (ptrdiff_t)y;
}

/* P pixels by V vectors at a time. The last tile repeats its last pixel. */
TILE_INLINE void sweep(const conv_sweep *s, const size_t P, const size_t V)
{
    const size_t pixels = s->images * s->rows * s->cols;
    walk at = {.x = s->x, .y = s->y};

    for (size_t done = 0; done < pixels; done += P) {
        const float *x[TILE_SIDE];
        float *y[TILE_SIDE];
        lanes sum[TILE_SUMS];

#pragma GCC unroll 16
        for (size_t p = 0; p < P; p++) {
            x[p] = at.x;
            y[p] = at.y;
            if (done + p + 1 < pixels)
                advance(&at, s);
        }
#pragma GCC unroll 16
        for (size_t p = 0; p < P; p++)
#pragma GCC unroll 4
            for (size_t j = 0; j < V; j++)
                sum[p * V + j] =
                    s->bias ? load(s->bias + j * LANES) : load_some(y[p], j, s->count);
        for (size_t t = 0; t < s->taps; t++) {
            const float *w = s->panel + t * s->panel_tap;

            for (size_t k = t * s->tap; k < t * s->tap + s->span; k++, w += V * LANES)
#pragma GCC unroll 16
                for (size_t p = 0; p < P; p++)
#pragma GCC unroll 4
                    for (size_t j = 0; j < V; j++)
                        sum[p * V + j] += x[p][k] * load(w + j * LANES);
        }
#pragma GCC unroll 16
        for (size_t p = 0; p < P; p++)
#pragma GCC unroll 4
            for (size_t j = 0; j < V; j++)
                store_some(y[p], j, s->count, sum[p * V + j]);
    }
}

/* Rows k ... k + K - 1 of T taps from tap t on, by V vectors. */
TILE_INLINE void fold_rows(const conv_fold *f, size_t t, size_t k, const size_t T,
                           const size_t K, const size_t V)
{
    lanes sum[TILE_SUMS];

#pragma GCC unroll 32
    for (size_t i = 0; i < T * K * V; i++)
        sum[i] = (lanes){0};
    for (size_t n = 0; n < f->images; n++)
        for (size_t r = 0; r < f->rows; r++) {
            const float *x = f->x + n * f->at_x.image + r * f->at_x.row + t * f->tap + k;
            const float *dy = f->dy + n * f->at_dy.image + r * f->at_dy.row;

            for (size_t c = 0; c < f->cols; c++, x += f->at_x.col, dy += f->at_dy.col)
#pragma GCC unroll 16
                for (size_t i = 0; i < T * K; i++)
#pragma GCC unroll 4
                    for (size_t j = 0; j < V; j++)
                        sum[i * V + j] += x[i / K * f->tap + i % K] * load(dy + j * LANES);
        }
#pragma GCC unroll 16
    for (size_t i = 0; i < T * K; i++)
#pragma GCC unroll 4
        for (size_t j = 0; j < V; j++) {
            float *dw = f->dw + ((t + i / K) * f->span + k + i % K) * f->dw_row;

            store_some(dw, j, f->count, load_some(dw, j, f->count) + sum[i * V + j]);
        }
}

/* The rows of one tap, at most K at a time, in blocks as equal as can be. */
TILE_INLINE void fold_tap(const conv_fold *f, size_t t, const size_t K, const size_t V)
{
    for (size_t k = 0, left = (f->span + K - 1) / K; left > 0; left--) {
        const size_t rows = (f->span - k + left - 1) / left;

#pragma GCC unroll 16
        for (size_t i = 1; i <= K; i++)
            if (rows == i)
                fold_rows(f, t, k, 1, i, V);
        k += rows;
    }
}

/* All rows, at most K at a time. Two taps together where one does not fill half a tile. */
TILE_INLINE void fold(const conv_fold *f, const size_t K, const size_t V)
{
    size_t t = 0;

#pragma GCC unroll 16
    for (size_t i = 1; i <= K / 2; i++)
        if (f->span == i)
            for (; t + 2 <= f->taps; t += 2)
                fold_rows(f, t, 0, 2, i, V);
    for (; t < f->taps; t++)
        fold_tap(f, t, K, V);
}

/* The row of dw for x = 1, by V vectors; P pixels are added up side by side. */
TILE_INLINE void total(const conv_fold *f, const size_t P, const size_t V)
{
    const size_t pixels = f->images * f->rows * f->cols, step = f->at_dy.col;
    size_t done = 0;
    lanes sum[TILE_SUMS];

#pragma GCC unroll 32
    for (size_t i = 0; i < P * V; i++)
        sum[i] = (lanes){0};
    for (; done + P <= pixels; done += P) {
#pragma GCC unroll 16
        for (size_t p = 0; p < P; p++)
#pragma GCC unroll 4
            for (size_t j = 0; j < V; j++)
                sum[p * V + j] += load(f->dy + (done + p) * step + j * LANES);
    }
    for (; done < pixels; done++) {
#pragma GCC unroll 4
        for (size_t j = 0; j < V; j++)
            sum[j] += load(f->dy + done * step + j * LANES);
    }
#pragma GCC unroll 16
    for (size_t p = 1; p < P; p++)
#pragma GCC unroll 4
        for (size_t j = 0; j < V; j++)
            sum[j] += sum[p * V + j];
#pragma GCC unroll 4
    for (size_t j = 0; j < V; j++)
        store_some(f->dw, j, f->count, load_some(f->dw, j, f->count) + sum[j]);
}

#endif /* IPL_CONV_TILE_H */
