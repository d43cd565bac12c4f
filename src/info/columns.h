/**
 * Sums down the columns of a panel: the inner loops of centring.
 *
 * A panel is IPL_PANEL columns side by side, z (n, IPL_PANEL), see math/panels.h. The order of
 * additions depends on n alone.
 */
#ifndef IPL_COLUMNS_H
#define IPL_COLUMNS_H

#include "math/panels.h"

#include <stddef.h>

/**
 * Mean of every column in two passes, the second over what is left, so that an offset far
 * larger than the spread costs no digits.
 *
 * shapes  mean (IPL_PANEL)
 */
void ipl_columns_mean(double *mean, const double *z, size_t n);

/** rest (IPL_PANEL) = sums over the rows of z - shift, shift (IPL_PANEL). */
void ipl_columns_rest(double *rest, const double *z, size_t n, const double *shift);

/** z -= mean in every row; ss (IPL_PANEL) the sums of squares of the result. */
void ipl_columns_centre(double *ss, double *z, size_t n, const double *mean);

#endif /* IPL_COLUMNS_H */
