/* Inner loops of the convolutions for AVX2 and FMA: 16 registers of 8 floats. */
#include "math/conv_parts.h"

#if defined(__AVX2__) && defined(__FMA__)

#    define LANES 8
#    include "math/conv_tile.h"

static void sweep_16(const conv_sweep *s)
{
    sweep(s, 6, 2);
}

static void fold_16(const conv_fold *f)
{
    fold(f, 6, 2);
}

static void total_16(const conv_fold *f)
{
    total(f, 4, 2);
}

static void sweep_8(const conv_sweep *s)
{
    sweep(s, 8, 1);
}

static void fold_8(const conv_fold *f)
{
    fold(f, 12, 1);
}

static void total_8(const conv_fold *f)
{
    total(f, 8, 1);
}

static const conv_kernel list[] = {
    {.width = 16, .sweep = sweep_16, .fold = fold_16, .total = total_16},
    {.width = 8, .sweep = sweep_8, .fold = fold_8, .total = total_8},
};

static const conv_kernels avx2 = {
    .name = "avx2", .n = sizeof list / sizeof *list, .list = list};

const conv_kernels *const ipl_conv_avx2 = &avx2;

#else

const conv_kernels *const ipl_conv_avx2 = NULL;

#endif
