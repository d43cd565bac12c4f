#include "info/shuffle.h"

#include "base/alloc.h"
#include "base/rng.h"

ipl_status ipl_shuffle_set(ipl_shuffle *out, size_t repeats, uint64_t seed, size_t n,
                           const ipl_groups *groups, ipl_error *err)
{
    out->n = n;
    out->repeats = repeats;
    out->seed = seed;
    out->order = groups ? groups->order : NULL;
    out->place = ipl_array(n, 1, sizeof *out->place, err);
    out->deal = ipl_array(n, 1, sizeof *out->deal, err);
    out->row = ipl_array(n, 1, sizeof *out->row, err);
    if (!out->place || !out->deal || !out->row)
        return IPL_E_NOMEM;
    for (size_t i = 0; i < n; i++)
        out->place[out->order ? out->order[i] : i] = (uint32_t)i;
    return IPL_OK;
}

void ipl_shuffle_release(ipl_shuffle *shuffle)
{
    ipl_free(shuffle->row);
    ipl_free(shuffle->deal);
    ipl_free(shuffle->place);
    *shuffle = (ipl_shuffle){0};
}

void ipl_shuffle_deal(ipl_shuffle *shuffle, size_t r)
{
    ipl_rng rng = ipl_rng_at(shuffle->seed, IPL_RNG_NULL, (uint32_t)r, 0);

    for (size_t s = 0; s < shuffle->n; s++)
        shuffle->deal[s] = (uint32_t)s;
    ipl_rng_shuffle(&rng, shuffle->deal, shuffle->n);
    for (size_t i = 0; i < shuffle->n; i++) {
        const size_t sample = shuffle->order ? shuffle->order[i] : i;

        shuffle->row[i] = shuffle->place[shuffle->deal[sample]];
    }
}
