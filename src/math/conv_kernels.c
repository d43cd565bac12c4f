/* Which inner loops this processor runs, and how many channels they take. */
#include "math/conv.h"

#include "math/conv_parts.h"

static const conv_kernels *find_kernels(void)
{
#if defined(__GNUC__) && defined(__x86_64__)
    if (ipl_conv_avx2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return ipl_conv_avx512 && __builtin_cpu_supports("avx512f") &&
                       __builtin_cpu_supports("avx512vl")
                   ? ipl_conv_avx512
                   : ipl_conv_avx2;
#endif
    return ipl_conv_plain;
}

const char *ipl_conv_kernels(void)
{
    return find_kernels()->name;
}

const conv_kernel *ipl_conv_kernel_for(size_t left)
{
    const conv_kernels *set = find_kernels();

    left = conv_ceil_div(left, 8) * 8;

    for (size_t i = 0;; i++) {
        if (i == set->n) {
            set = *set->narrow;
            i = 0;
        }
        if (set->list[i].width <= left || (i + 1 == set->n && !set->narrow))
            return &set->list[i];
    }
}

size_t ipl_conv_most_joined(size_t channels, size_t taps, size_t step)
{
    const conv_kernels *set = find_kernels();

    return step < taps ? conv_max(1, set->list[set->n - 1].width / channels) : 1;
}
