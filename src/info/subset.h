/**
 * The samples an estimator looks at: all of a probe, or a draw of them when the estimator
 * costs n^2 and was given a limit. The draw is stratified by class (base/draw.h). Variables have their rows sorted by class, so the subset
 * is a list of rows, and its classes are blocks of that list.
 */
#ifndef IPL_SUBSET_H
#define IPL_SUBSET_H

#include "base/draw.h"
#include "info/groups.h"

typedef struct ipl_subset {
    size_t n;            /* samples taken */
    size_t k;            /* classes that have one; 0: no labels */
    size_t least;        /* samples of the smallest class */
    uint32_t *row;       /* (n) rows of the variables; owned */
    size_t *start;       /* (k + 1) first sample of each class, in row; owned */
    ipl_draw_rest *rest; /* (k) scratch of the draw; owned */
    size_t room;         /* samples row has room for */
} ipl_subset;

/**
 * Draw `limit` of n samples, all of them for 0. The draw is a function of its arguments alone.
 *
 * groups  labels of the n samples, NULL: none
 * seed    of the draw
 * errors  IPL_E_NOMEM
 */
ipl_status ipl_subset_take(ipl_subset *out, size_t limit, size_t n,
                           const ipl_groups *groups, uint64_t seed,
                           ipl_error *err) IPL_NODISCARD;

/** Release the lists; an empty subset is allowed. */
void ipl_subset_release(ipl_subset *subset);

/** Samples of class c. */
size_t ipl_subset_size(const ipl_subset *subset, size_t c);

/** Class of sample i; the subset has labels. */
size_t ipl_subset_class(const ipl_subset *subset, size_t i);

/** Entropy of the labels, -sum p log p in nats. */
double ipl_subset_label_entropy(const ipl_subset *subset);

#endif /* IPL_SUBSET_H */
