/**
 * The inner loop of products in panels, for vectors of LANES doubles.
 *
 * Included by one file per instruction set, which defines LANES and makes kernels of
 * panel_sum() by calling it with constants: the sums of a tile stay in registers.
 */
#ifndef IPL_PANEL_TILE_H
#define IPL_PANEL_TILE_H

#include "math/panels.h"
#include "math/vec.h"

enum { PANEL_GROUP = 3, PANEL_SUMS = 24 }; /* most panels, most vectors of a tile */

/**
 * Tile of one panel of A and g of B, added to its sums:
 *
 *     S (8, 8 g) += A'B
 */
typedef struct panel_tile {
    double *sums; /* row-major, aligned to a vector */
    const double *a, *b;
    size_t hop;          /* from one panel of B to the next */
    size_t k;            /* rows of A and B */
    const double *ahead; /* (8 k) what will be read soon; any address */
} panel_tile;

/** Kernels of an instruction set: tile[g - 1] takes g <= group panels of B. */
typedef struct panel_kernels {
    const char *name;
    size_t group;
    void (*tile[PANEL_GROUP])(const panel_tile *);
} panel_kernels;

/* One per file; NULL where the compiler makes none. */
extern const panel_kernels *const ipl_panels_plain;
extern const panel_kernels *const ipl_panels_avx2;
extern const panel_kernels *const ipl_panels_avx512;

#ifdef LANES

typedef double lanes __attribute__((vector_size(8 * LANES)));
/* The same in arrays of doubles, which are aligned all the same. */
typedef double loose __attribute__((vector_size(8 * LANES), aligned(8), may_alias));

/* Rows [r, r + R) of the sums, V vectors each. */
IPL_INLINE void panel_sum(const panel_tile *t, const size_t r, const size_t R,
                          const size_t V)
{
    const double *a = t->a + r, *b = t->b, *ahead = t->ahead;
    loose *to = (loose *)(t->sums + r * V * LANES);
    lanes sum[PANEL_SUMS];

#    pragma GCC unroll 24
    for (size_t i = 0; i < R * V; i++)
        sum[i] = to[i];
    for (size_t k = 0; k < t->k; k++, a += IPL_PANEL, b += IPL_PANEL) {
        __builtin_prefetch(ahead + k * IPL_PANEL);
#    pragma GCC unroll 24
        for (size_t i = 0; i < R * V; i++) {
            const size_t at = i % V * LANES;

            sum[i] +=
                a[i / V] * *(const loose *)(b + at / IPL_PANEL * t->hop + at % IPL_PANEL);
        }
    }
#    pragma GCC unroll 24
    for (size_t i = 0; i < R * V; i++)
        to[i] = sum[i];
}

#endif
#endif /* IPL_PANEL_TILE_H */
