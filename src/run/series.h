/**
 * Numbers of a curve as short text, for files that a browser reads: about two characters a
 * number instead of nine.
 *
 * A series is [step, "text"]. The text holds whole numbers k_0 k_1 ...: each the difference to
 * the one before (the first to 0), in base 64 with a variable length (the VLQ of source maps:
 * the sign is the lowest bit of the first digit, bit 5 says that more digits follow, low
 * digits first). "!" is an undefined value and leaves the last number as it was.
 *
 *     step a number  v_i = k_i 10^step, four significant digits of the largest |v|
 *     step "ln"      v_i = exp(k_i / 10000), within 0.005 %: all v are positive, and the
 *                    largest is more than a hundred times the smallest
 */
#ifndef IPL_SERIES_H
#define IPL_SERIES_H

#include "base/text.h"

/** Append n values v[0], v[stride], ... as a series; values that are not finite are undefined. */
void ipl_series_add(ipl_text *out, const double *v, size_t n, size_t stride);

/** Append bytes in base 64 (RFC 4648, padded). */
void ipl_base64_add(ipl_text *out, const void *bytes, size_t len);

#endif /* IPL_SERIES_H */
