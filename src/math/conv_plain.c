/* Inner loops of the convolutions for any processor: vectors of 4 floats. */
#define LANES 4

#include "math/conv_tile.h"

static void sweep_8(const conv_sweep *s)
{
    sweep(s, 6, 2);
}

static void fold_8(const conv_fold *f)
{
    fold(f, 6, 2);
}

static void total_8(const conv_fold *f)
{
    total(f, 4, 2);
}

static const conv_kernel list[] = {
    {.width = 8, .sweep = sweep_8, .fold = fold_8, .total = total_8},
};

static const conv_kernels plain = {
    .name = "plain", .n = sizeof list / sizeof *list, .list = list};

const conv_kernels *const ipl_conv_plain = &plain;
