/* Products in panels for any processor: 16 registers of 2 doubles, if it has vectors. */
#define LANES 2
#include "math/panel_tile.h"

static void tile_1(const panel_tile *t)
{
    for (size_t r = 0; r < IPL_PANEL; r += 2)
        panel_sum(t, r, 2, 4);
}

static const panel_kernels plain = {.name = "plain", .group = 1, .tile = {tile_1}};

const panel_kernels *const ipl_panels_plain = &plain;
