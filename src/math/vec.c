#include "math/vec.h"

#include <stdint.h>
#include <string.h>

/*
 * Branches would keep the loops from being vectorised, so both sides are computed and the
 * bits of one are kept. Polynomials are minimax fits, found by reweighted least squares;
 * their own error is below 1e-8.
 */

static inline uint32_t bits_of(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float float_of(uint32_t bits)
{
    float x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

/* yes where the condition holds, no elsewhere. */
static inline float pick(int condition, float yes, float no)
{
    const uint32_t mask = -(uint32_t)condition;

    return float_of((bits_of(yes) & mask) | (bits_of(no) & ~mask));
}

static inline float magnitude(float x)
{
    return float_of(bits_of(x) & 0x7fffffffu);
}

/* Within low ... high; NaN stays NaN. */
static inline float clamp(float x, float low, float high)
{
    x = pick(x < low, low, x);
    return pick(x > high, high, x);
}

#define ROUND                                                                              \
    12582912.0f /* 1.5 * 2^23: adding it rounds to a whole number in the low bits */

/* x = n log 2 + r, |r| <= log(2) / 2. Returns r and n + 256. */
static inline float reduce(uint32_t *n, float x)
{
    const float shifted = x * 0x1.715476p+0f + ROUND;
    const float whole = shifted - ROUND;

    *n = bits_of(shifted) - bits_of(ROUND) + 256u;
    /* The first constant has 15 bits: its product with n is exact. */
    return (x - whole * 0x1.62e4p-1f) - whole * 0x1.7f7d1cp-20f;
}

/* e^r - 1 - r for |r| <= log(2) / 2. */
static inline float expm1_rest(float r)
{
    float q = 0.00139508524f;

    q = q * r + 0.00836909749f;
    q = q * r + 0.0416662022f;
    q = q * r + 0.166665167f;
    q = q * r + 0.5f;
    return r * r * q;
}

/* e^r - 1. */
static inline float expm1_core(float r)
{
    return r + expm1_rest(r);
}

/* 2^(n - 256) as a product of two powers, so that subnormal results are rounded once. */
static inline float scale(float x, uint32_t n)
{
    const uint32_t half = n >> 1;

    return x * float_of((half - 1u) << 23) * float_of((n - half - 1u) << 23);
}

static inline float exp_one(float x)
{
    uint32_t n;
    const float r = reduce(&n, clamp(x, -104.0f, 89.0f));

    return scale(1.0f + expm1_core(r), n);
}

static inline float expm1_one(float x)
{
    uint32_t n;
    const float r = reduce(&n, clamp(x, -20.0f, 89.0f));
    const float half = float_of((n - 256u + 126u) << 23); /* 2^n / 2: 2^128 has no float */

    return 2.0f * (half * expm1_core(r) + (half - 0.5f));
}

/* u / (u + 1) for u = (e^2|x| - 1) / 2; as u - u d for small u, which rounds less. */
static inline float tanh_one(float x)
{
    const float a = 2.0f * magnitude(x);
    uint32_t n;
    const float r = reduce(&n, pick(a > 20.0f, 20.0f, a));
    const float half = float_of((n - 256u + 126u) << 23); /* 2^n / 2 */
    const float u = ((half - 0.5f) + half * r) + half * expm1_rest(r);
    const float d = u / (u + 1.0f);

    return float_of(bits_of(pick(u < 0.5f, u - u * d, d)) | (bits_of(x) & 0x80000000u));
}

static inline float sigmoid_one(float x)
{
    const float e = exp_one(-magnitude(x));

    return pick(x < 0.0f, e, 1.0f) / (1.0f + e);
}

static inline float softplus_one(float x)
{
    const float e = exp_one(-magnitude(x));
    const float u = e / (2.0f + e); /* log(1 + e) = 2 atanh(u), u <= 1/3 */
    const float s = u * u;
    float p = 0.140122294f;

    p = p * s + 0.139995709f;
    p = p * s + 0.200108498f;
    p = p * s + 0.333332062f;
    return pick(x > 0.0f, x, 0.0f) + 2.0f * (u + u * (s * p));
}

static inline float normal_one(float x)
{
    const float a = clamp(magnitude(x), 0.0f, 14.5f);
    const float t = 1.0f / (1.0f + 0.28f * a);
    float p = 0.0230559856f;

    p = p * t - 0.0846663266f;
    p = p * t + 0.0725003034f;
    p = p * t + 0.01769007f;
    p = p * t + 0.055468265f;
    p = p * t + 0.0911249891f;
    p = p * t + 0.1011777f;
    p = p * t + 0.111959681f;
    p = p * t + 0.111689359f;
    {
        const float tail = exp_one(-0.5f * a * a) * (t * p); /* of |x| */

        return pick(x < 0.0f, tail, 1.0f - tail);
    }
}

IPL_CLONES
void ipl_vec_exp(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = exp_one(x[i]);
}

IPL_CLONES
void ipl_vec_expm1(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = expm1_one(x[i]);
}

IPL_CLONES
void ipl_vec_tanh(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = tanh_one(x[i]);
}

IPL_CLONES
void ipl_vec_sigmoid(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = sigmoid_one(x[i]);
}

IPL_CLONES
void ipl_vec_softplus(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = softplus_one(x[i]);
}

IPL_CLONES
void ipl_vec_normal(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = normal_one(x[i]);
}
