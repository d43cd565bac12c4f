#include "info/subset.h"

#include "base/alloc.h"

#include <math.h>

void ipl_subset_release(ipl_subset *subset)
{
    ipl_free(subset->rest);
    ipl_free(subset->start);
    ipl_free(subset->row);
    *subset = (ipl_subset){0};
}

static ipl_status reserve(ipl_subset *out, size_t n, const ipl_groups *groups,
                          ipl_error *err)
{
    if (out->room >= n)
        return IPL_OK;
    ipl_subset_release(out);
    out->row = ipl_array(n, 1, sizeof *out->row, err);
    out->start = ipl_array(groups ? groups->k + 1 : 1, 1, sizeof *out->start, err);
    out->rest = ipl_array(groups ? groups->k : 1, 1, sizeof *out->rest, err);
    if (!out->row || !out->start || !out->rest)
        return IPL_E_NOMEM;
    out->room = n;
    return IPL_OK;
}

/* Start of each class that has samples, from the numbers of samples in start (k). */
static void set_classes(ipl_subset *out, size_t k)
{
    size_t first = 0;

    for (size_t c = 0; c < k; c++) {
        const size_t size = out->start[c];

        if (size == 0)
            continue;
        out->start[out->k++] = first;
        first += size;
        if (size < out->least)
            out->least = size;
    }
    out->start[out->k] = first;
}

ipl_status ipl_subset_take(ipl_subset *out, size_t limit, size_t n,
                           const ipl_groups *groups, uint64_t seed, ipl_error *err)
{
    const size_t one[] = {0, n};
    const ipl_rng rng = ipl_rng_at(seed, IPL_RNG_SAMPLES, 0, 0);
    const ipl_status st = reserve(out, n, groups, err);

    if (st != IPL_OK)
        return st;
    out->n = limit == 0 || limit > n ? n : limit;
    out->k = 0;
    out->least = n;
    ipl_draw_sorted(out->row, out->start, out->rest, out->n, groups ? groups->start : one,
                    groups ? groups->k : 1, rng);
    if (groups)
        set_classes(out, groups->k);
    return IPL_OK;
}

size_t ipl_subset_size(const ipl_subset *subset, size_t c)
{
    return subset->start[c + 1] - subset->start[c];
}

size_t ipl_subset_class(const ipl_subset *subset, size_t i)
{
    size_t low = 0, high = subset->k;

    while (high - low > 1) {
        const size_t middle = (low + high) / 2;

        if (subset->start[middle] <= i)
            low = middle;
        else
            high = middle;
    }
    return low;
}

double ipl_subset_label_entropy(const ipl_subset *subset)
{
    double h = 0.0;

    for (size_t c = 0; c < subset->k; c++) {
        const double p = (double)ipl_subset_size(subset, c) / (double)subset->n;

        h -= p * log(p);
    }
    return h + 0.0; /* one class: not -0 */
}
