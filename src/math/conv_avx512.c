/* Inner loops of the convolutions for AVX-512: 32 registers of 16 floats. */
#include "math/conv_parts.h"

#if defined(__AVX512F__) && defined(__AVX512VL__)

#    define LANES 16
#    include "math/conv_tile.h"

static void sweep_64(const conv_sweep *s)
{
    sweep(s, 6, 4);
}

static void fold_64(const conv_fold *f)
{
    fold(f, 6, 4);
}

static void total_64(const conv_fold *f)
{
    total(f, 4, 4);
}

static void sweep_32(const conv_sweep *s)
{
    sweep(s, 8, 2);
}

static void fold_32(const conv_fold *f)
{
    fold(f, 12, 2);
}

static void total_32(const conv_fold *f)
{
    total(f, 4, 2);
}

static void sweep_16(const conv_sweep *s)
{
    sweep(s, 8, 1);
}

static void fold_16(const conv_fold *f)
{
    fold(f, 12, 1);
}

static void total_16(const conv_fold *f)
{
    total(f, 8, 1);
}

static const conv_kernel list[] = {
    {.width = 64, .sweep = sweep_64, .fold = fold_64, .total = total_64},
    {.width = 32, .sweep = sweep_32, .fold = fold_32, .total = total_32},
    {.width = 16, .sweep = sweep_16, .fold = fold_16, .total = total_16},
};

static const conv_kernels avx512 = {.name = "avx512",
                                    .n = sizeof list / sizeof *list,
                                    .list = list,
                                    .narrow = &ipl_conv_avx2};

const conv_kernels *const ipl_conv_avx512 = &avx512;

#else

const conv_kernels *const ipl_conv_avx512 = NULL;

#endif
