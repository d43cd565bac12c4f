/**
 * The shuffled pairs of a null baseline: seeded permutations of the caller's samples, in the
 * order the variables have them. The same for every layer and epoch, so that what changes
 * in a baseline is the data.
 */
#ifndef IPL_SHUFFLE_H
#define IPL_SHUFFLE_H

#include "info/groups.h"

typedef struct ipl_shuffle {
    size_t n, repeats;
    uint64_t seed;
    const uint32_t *order; /* (n) caller's sample of row i, NULL: i; borrowed */
    uint32_t *place;       /* (n) row of the caller's sample; owned */
    uint32_t *deal;        /* (n) sample whose activations sample s gets; owned */
    uint32_t *row;         /* (n) the same of rows: what ipl_shuffle_deal() sets; owned */
} ipl_shuffle;

/**
 * Prepare for n samples; groups NULL: no labels.
 *
 * owner   *out belongs to the caller, for ipl_shuffle_release(), also on error
 * errors  IPL_E_NOMEM
 */
ipl_status ipl_shuffle_set(ipl_shuffle *out, size_t repeats, uint64_t seed, size_t n,
                           const ipl_groups *groups, ipl_error *err) IPL_NODISCARD;

/** Release the lists; an empty shuffle is allowed. */
void ipl_shuffle_release(ipl_shuffle *shuffle);

/** Set row[] for repetition r < repeats. */
void ipl_shuffle_deal(ipl_shuffle *shuffle, size_t r);

#endif /* IPL_SHUFFLE_H */
