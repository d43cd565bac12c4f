/** Wall clock: durations and time stamps. */
#ifndef IPL_CLOCK_H
#define IPL_CLOCK_H

#include <stddef.h>

/** Seconds of a clock that never goes back; its zero is arbitrary. */
double ipl_clock(void);

/**
 * Seconds since ipl_clock() was `from`, for a record. With the environment variable
 * SOURCE_DATE_EPOCH set it is 0, so that two runs of one experiment write the same bytes.
 *
 * source  reproducible-builds.org/specs/source-date-epoch
 */
double ipl_clock_spent(double from);

/**
 * Write the current time, or SOURCE_DATE_EPOCH, as ISO 8601 in UTC, "2026-11-22T19:57:34Z";
 * size >= 21.
 */
void ipl_clock_stamp(char *out, size_t size);

/** Write a duration in seconds for a human: "3.1s", "9m42s", "2h05m", "3d04h"; size >= 16. */
void ipl_clock_print(char *out, size_t size, double seconds);

#endif /* IPL_CLOCK_H */
