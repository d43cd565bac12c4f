/**
 * Counter-based random numbers, Philox4x32-10.
 *
 * A draw is a pure function of (seed, purpose, a, b, how many came before it), never of the
 * order in which other parts of the program run: threads, measuring and resuming cannot
 * change it.
 *
 *     ipl_rng rng = ipl_rng_at(seed, IPL_RNG_SHUFFLE, (uint32_t)epoch, 0);
 *     size_t j = ipl_rng_below(&rng, n);
 *
 * source  Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011
 */
#ifndef IPL_RNG_H
#define IPL_RNG_H

#include <stddef.h>
#include <stdint.h>

/** What a stream is for; the numbers are part of every run's identity: never renumber. */
typedef enum ipl_rng_purpose {
    IPL_RNG_INIT = 1,    /* a = layer, b = parameter array */
    IPL_RNG_SHUFFLE = 2, /* a = epoch */
    IPL_RNG_DROPOUT = 3, /* a = step, b = layer * 2^24 + sample in the batch */
    IPL_RNG_SPLIT = 4,   /* train/test split of a data set without one */
    IPL_RNG_SUBSET = 5,  /* choice of a number of samples; a = split */
    IPL_RNG_LABELS = 6,  /* random labels */
    IPL_RNG_PROBE = 7,   /* probe rows; a = split, b = kind of draw */
    IPL_RNG_DATA = 8,    /* generated data sets; a = array, b = row */
    IPL_RNG_AUGMENT = 9, /* a = epoch, b = sample */
    IPL_RNG_NULL = 10,   /* shuffled pairs of a null baseline; a = repetition */
    IPL_RNG_PIVOT = 11,  /* places of a selection: no result depends on them */
    IPL_RNG_CHECK = 12,  /* signs that estimate a rounding error */
    IPL_RNG_SAMPLES = 13 /* samples that an estimator looks at */
} ipl_rng_purpose;

typedef struct ipl_rng {
    uint32_t key[2];
    uint32_t counter[4]; /* draw / 4, a, b, purpose */
    uint32_t block[4];   /* the four numbers of the current counter */
    unsigned used;       /* how many of them are gone, 4: none left */
    double spare;        /* second normal deviate of a pair; NaN: none */
} ipl_rng;

/** One Philox4x32-10 block: out = bijection of counter under key. */
void ipl_philox(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2]);

/** The stream (seed, purpose, a, b) at its start. */
ipl_rng ipl_rng_at(uint64_t seed, ipl_rng_purpose purpose, uint32_t a, uint32_t b);

/** 32 random bits. */
uint32_t ipl_rng_bits(ipl_rng *rng);

/** Uniform in [0, 1), a multiple of 2^-24: exact in float. */
float ipl_rng_unit(ipl_rng *rng);

/** Uniform in [0, 1), a multiple of 2^-53. */
double ipl_rng_unit_double(ipl_rng *rng);

/** Standard normal deviate (Box-Muller). */
double ipl_rng_normal(ipl_rng *rng);

/** Uniform in 0 ... n-1 without bias; 1 <= n < 2^32. */
size_t ipl_rng_below(ipl_rng *rng, size_t n);

/** Shuffle index[0 ... n-1] (Fisher-Yates). */
void ipl_rng_shuffle(ipl_rng *rng, uint32_t *index, size_t n);

#endif /* IPL_RNG_H */
