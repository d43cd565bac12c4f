/**
 * Sums down the columns of a block of a matrix: the inner loops of centring.
 *
 * A block is the columns [first, first + width) of z (n, d), width at most IPL_COLUMNS. Rows
 * of a narrow matrix are taken several at a time, so that the loops are long enough for the
 * vector unit; the order of additions depends on the shape alone.
 */
#ifndef IPL_COLUMNS_H
#define IPL_COLUMNS_H

#include <stddef.h>

enum { IPL_COLUMNS = 64 };

/** A block of columns. */
typedef struct ipl_columns {
    double *z; /* (n, d) */
    size_t n, d, first, width;
} ipl_columns;

/** Number of blocks that d columns are cut into. */
size_t ipl_columns_blocks(size_t d);

/** Block number `block` of z (n, d). */
ipl_columns ipl_columns_block(double *z, size_t n, size_t d, size_t block);

/**
 * Mean of every column in two passes, the second over what is left, so that an offset far
 * larger than the spread costs no digits.
 *
 * shapes  mean (width)
 */
void ipl_columns_mean(double *mean, const ipl_columns *block);

/** rest (width) = sums over the rows of z - shift, shift (width). */
void ipl_columns_rest(double *rest, const ipl_columns *block, const double *shift);

/** z -= mean in every row; ss (width) the sums of squares of the result. */
void ipl_columns_centre(double *ss, const ipl_columns *block, const double *mean);

#endif /* IPL_COLUMNS_H */
