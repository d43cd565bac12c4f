/* Products in panels for AVX-512: 32 registers of 8 doubles. */
#if defined(__AVX512F__)
#    define LANES 8
#endif
#include "math/panel_tile.h"

#ifdef LANES

static void tile_1(const panel_tile *t)
{
    panel_sum(t, 0, 8, 1);
}

static void tile_2(const panel_tile *t)
{
    panel_sum(t, 0, 8, 2);
}

static void tile_3(const panel_tile *t)
{
    panel_sum(t, 0, 8, 3);
}

static const panel_kernels avx512 = {
    .name = "avx512", .group = 3, .tile = {tile_1, tile_2, tile_3}};

const panel_kernels *const ipl_panels_avx512 = &avx512;

#else

const panel_kernels *const ipl_panels_avx512 = NULL;

#endif
