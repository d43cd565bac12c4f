#include "base/draw.h"

#include "base/alloc.h"

#include <stdlib.h>

static int by_rest(const void *a, const void *b)
{
    const ipl_draw_rest *p = a, *q = b;

    if (p->left != q->left)
        return p->left > q->left ? -1 : 1;
    if (p->tie != q->tie)
        return p->tie < q->tie ? -1 : 1;
    return (p->group > q->group) - (p->group < q->group);
}

/* Rows of each class by largest remainder. */
static void apportion(size_t *taken, ipl_draw_rest *rest, size_t n, const size_t *start,
                      size_t k, ipl_rng *rng)
{
    size_t given = 0;

    for (size_t c = 0; c < k; c++) {
        const uint64_t share = (uint64_t)n * (start[c + 1] - start[c]);

        taken[c] = (size_t)(share / start[k]);
        rest[c] = (ipl_draw_rest){share % start[k], ipl_rng_bits(rng), c};
        given += taken[c];
    }
    qsort(rest, k, sizeof *rest, by_rest);
    for (size_t i = 0; given < n; i++, given++)
        taken[rest[i].group]++;
}

/* Selection sampling: each row in turn with probability wanted / left. */
void ipl_draw_sorted(uint32_t *row, size_t *taken, ipl_draw_rest *rest, size_t n,
                     const size_t *start, size_t k, ipl_rng rng)
{
    apportion(taken, rest, n, start, k, &rng);
    for (size_t c = 0; c < k; c++)
        for (size_t i = start[c], wanted = taken[c]; wanted > 0; i++)
            if (ipl_rng_below(&rng, start[c + 1] - i) < wanted) {
                *row++ = (uint32_t)i;
                wanted--;
            }
}

typedef struct labelled {
    int32_t label;
    uint32_t row;
} labelled;

static int by_label(const void *a, const void *b)
{
    const labelled *p = a, *q = b;

    if (p->label != q->label)
        return p->label < q->label ? -1 : 1;
    return (p->row > q->row) - (p->row < q->row);
}

static int by_value(const void *a, const void *b)
{
    const uint32_t p = *(const uint32_t *)a, q = *(const uint32_t *)b;

    return (p > q) - (p < q);
}

ipl_status ipl_draw_rows(uint32_t *row, size_t n, const int32_t *labels, size_t have,
                         ipl_rng rng, ipl_error *err)
{
    labelled *sorted = ipl_array(have, 1, sizeof *sorted, err);
    size_t *start = ipl_array(have + 1, 1, sizeof *start, err);
    size_t *taken = ipl_array(have, 1, sizeof *taken, err);
    ipl_draw_rest *rest = ipl_array(have, 1, sizeof *rest, err);
    size_t k = 0;
    ipl_status st = sorted && start && taken && rest ? IPL_OK : IPL_E_NOMEM;

    if (st != IPL_OK)
        goto done;
    for (size_t i = 0; i < have; i++)
        sorted[i] = (labelled){labels ? labels[i] : 0, (uint32_t)i};
    qsort(sorted, have, sizeof *sorted, by_label);
    for (size_t i = 0; i < have; i++)
        if (i == 0 || sorted[i].label != sorted[i - 1].label)
            start[k++] = i;
    start[k] = have;
    ipl_draw_sorted(row, taken, rest, n, start, k, rng);
    for (size_t i = 0; i < n; i++)
        row[i] = sorted[row[i]].row;
    qsort(row, n, sizeof *row, by_value);
done:
    ipl_free(rest);
    ipl_free(taken);
    ipl_free(start);
    ipl_free(sorted);
    return st;
}
