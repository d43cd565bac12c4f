/**
 * Draws of rows without replacement, stratified by class.
 *
 * The number of rows of a class is its share of the n rows, by largest remainder; equal
 * remainders are ranked at random. Within a class every choice of rows is equally likely.
 * The numbers per class depend on the class sizes and the random stream, not on the order of
 * the rows.
 */
#ifndef IPL_DRAW_H
#define IPL_DRAW_H

#include "base/rng.h"
#include "ipl/status.h"

/** What the share of a class leaves over whole rows: scratch of a draw. */
typedef struct ipl_draw_rest {
    uint64_t left;
    uint32_t tie; /* random rank among equals */
    size_t group;
} ipl_draw_rest;

/**
 * Draw n of start[k] rows that are sorted by class: class c has rows start[c] ... start[c + 1]
 * - 1. Without classes: start = {0, number of rows}, k = 1.
 *
 * row     (n) the rows, ascending
 * taken   (k) rows of each class
 * rest    (k) scratch
 * shapes  n <= start[k]
 */
void ipl_draw_sorted(uint32_t *row, size_t *taken, ipl_draw_rest *rest, size_t n,
                     const size_t *start, size_t k, ipl_rng rng);

/**
 * Draw n of `have` rows in any order.
 *
 * row     (n) the rows, ascending
 * labels  (have) classes, any integers; NULL: a simple random draw
 * errors  IPL_E_NOMEM
 */
ipl_status ipl_draw_rows(uint32_t *row, size_t n, const int32_t *labels, size_t have,
                         ipl_rng rng, ipl_error *err) IPL_NODISCARD;

#endif /* IPL_DRAW_H */
