#include "math/vec.h"

#include <stdint.h>
#include <string.h>

static inline uint64_t bits_of(double x)
{
    uint64_t bits;

    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline double double_of(uint64_t bits)
{
    double x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

/* yes where the condition holds, no elsewhere: a branch would end the vector loop. */
static inline double pick(int condition, double yes, double no)
{
    const uint64_t mask = -(uint64_t)condition;

    return double_of((bits_of(yes) & mask) | (bits_of(no) & ~mask));
}

#define ROUND 0x1.8p52 /* adding it rounds to a whole number in the low bits */

/* e^r for |r| <= log(2) / 2: the Taylor series, whose next term is below 2^-57. */
static inline double exp_core(double r)
{
    double q = 1.0 / 6227020800.0;

    q = q * r + 1.0 / 479001600.0;
    q = q * r + 1.0 / 39916800.0;
    q = q * r + 1.0 / 3628800.0;
    q = q * r + 1.0 / 362880.0;
    q = q * r + 1.0 / 40320.0;
    q = q * r + 1.0 / 5040.0;
    q = q * r + 1.0 / 720.0;
    q = q * r + 1.0 / 120.0;
    q = q * r + 1.0 / 24.0;
    q = q * r + 1.0 / 6.0;
    q = q * r + 0.5;
    return 1.0 + (r + r * r * q);
}

static inline double exp_one(double x)
{
    const double low = pick(x < -746.0, -746.0, x), in = pick(low > 710.0, 710.0, low);
    const double shifted = in * 0x1.71547652b82fep+0 + ROUND, whole = shifted - ROUND;
    /* The first constant has 33 bits: its product with `whole` is exact. */
    const double r = (in - whole * 0x1.62e42feep-1) - whole * 0x1.a39ef35793c76p-33;
    const uint64_t n = bits_of(shifted) - bits_of(ROUND) + 2048u, half = n >> 1;

    /* 2^(n - 2048) as a product of two powers, so that subnormal results are rounded once. */
    return exp_core(r) * double_of((half - 1u) << 52) * double_of((n - half - 1u) << 52);
}

IPL_CLONES
void ipl_vec_exp_double(double *y, const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = exp_one(x[i]);
}

IPL_CLONES
void ipl_vec_decay(double *y, const double *d, double rate, double least, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const double x = -rate * d[i];

        y[i] = exp_one(pick(x < least, least, x));
    }
}

enum { SUMS = 8 };

IPL_CLONES
double ipl_vec_sum(const double *x, size_t n)
{
    double sums[SUMS] = {0}, sum = 0.0;
    size_t i = 0;

    for (; i + SUMS <= n; i += SUMS)
        for (size_t k = 0; k < SUMS; k++)
            sums[k] += x[i + k];
    for (size_t k = 0; i < n; i++, k++)
        sums[k] += x[i];
    for (size_t k = 0; k < SUMS; k++)
        sum += sums[k];
    return sum;
}
