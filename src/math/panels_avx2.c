/* Products in panels for AVX2 and FMA: 16 registers of 4 doubles. */
#if defined(__AVX2__) && defined(__FMA__)
#    define LANES 4
#endif
#include "math/panel_tile.h"

#ifdef LANES

static void tile_1(const panel_tile *t)
{
    panel_sum(t, 0, 4, 2);
    panel_sum(t, 4, 4, 2);
}

static const panel_kernels avx2 = {.name = "avx2", .group = 1, .tile = {tile_1}};

const panel_kernels *const ipl_panels_avx2 = &avx2;

#else

const panel_kernels *const ipl_panels_avx2 = NULL;

#endif
