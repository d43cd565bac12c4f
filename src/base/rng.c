#include "base/rng.h"

#include <assert.h>
#include <math.h>

#define TWO_PI 6.283185307179586476925286766559

void ipl_philox(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];

    for (int round = 0; round < 10; round++) {
        const uint64_t p0 = (uint64_t)0xD2511F53u * c0;
        const uint64_t p1 = (uint64_t)0xCD9E8D57u * c2;

        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

ipl_rng ipl_rng_at(uint64_t seed, ipl_rng_purpose purpose, uint32_t a, uint32_t b)
{
    return (ipl_rng){
        .key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
        .counter = {0, a, b, (uint32_t)purpose},
        .used = 4,
        .spare = (double)NAN,
    };
}

uint32_t ipl_rng_bits(ipl_rng *rng)
{
    if (rng->used == 4) {
        ipl_philox(rng->block, rng->counter, rng->key);
        rng->counter[0]++;
        rng->used = 0;
    }
    return rng->block[rng->used++];
}

float ipl_rng_unit(ipl_rng *rng)
{
    return (float)(ipl_rng_bits(rng) >> 8) * 0x1p-24f;
}

double ipl_rng_unit_double(ipl_rng *rng)
{
    const uint64_t high = ipl_rng_bits(rng), low = ipl_rng_bits(rng);

    return (double)((high << 32 | low) >> 11) * 0x1p-53;
}

double ipl_rng_normal(ipl_rng *rng)
{
    double radius, angle;

    if (!isnan(rng->spare)) {
        const double z = rng->spare;

        rng->spare = (double)NAN;
        return z;
    }
    radius = sqrt(-2.0 * log(1.0 - ipl_rng_unit_double(rng))); /* 1 - u is never 0 */
    angle = TWO_PI * ipl_rng_unit_double(rng);
    rng->spare = radius * sin(angle);
    return radius * cos(angle);
}

size_t ipl_rng_below(ipl_rng *rng, size_t n)
{
    uint32_t range, reject, bits;

    assert(n >= 1 && n <= UINT32_MAX);
    range = (uint32_t)n;
    reject = (0u - range) % range; /* 2^32 mod n */
    do {
        bits = ipl_rng_bits(rng);
    } while (bits < reject);
    return bits % range;
}

void ipl_rng_shuffle(ipl_rng *rng, uint32_t *index, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        const size_t j = ipl_rng_below(rng, i);
        const uint32_t keep = index[i - 1];

        index[i - 1] = index[j];
        index[j] = keep;
    }
}
