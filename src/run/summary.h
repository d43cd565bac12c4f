/**
 * What a run came to, layer by layer: summary.csv for programs, summary.txt for people.
 *
 * With the measured epochs e_1 ... e_m of one layer, one split and one estimator, and v the
 * value at each (those that are not defined are passed over):
 *
 *     first, max        v at the first epoch; the largest v, and the first epoch that has it
 *     final             mean of v over the last tenth of the measured epochs (at least one)
 *     compression       (max - final) / max, NaN unless max > 0
 *     turning epoch     last epoch with v >= max - |max| / 100, from where on it stays below;
 *                       NaN when that is the last epoch: it never turned
 *     transition epoch  of the gradient: first epoch with mean / s.d. < 1 after one with
 *                       mean / s.d. >= 1; NaN when there is none
 */
#ifndef IPL_SUMMARY_H
#define IPL_SUMMARY_H

#include "run/track.h"

/** The course of one quantity; everything is NaN when it was never defined. */
typedef struct ipl_course {
    size_t n; /* epochs at which it is defined */
    double first, max, max_epoch, final, compression, turning_epoch;
} ipl_course;

/** Describe a field of one layer. */
ipl_course ipl_course_of(const ipl_track *track, size_t layer, size_t field);

/** First epoch at which field a / field b falls from at least 1 to below it, or NaN. */
double ipl_transition_epoch(const ipl_track *track, size_t layer, size_t a, size_t b);

/**
 * Write summary.csv and summary.txt into a run folder from its tables.
 *
 * errors  IPL_E_NOINPUT  a table is missing; IPL_E_FORMAT  one is damaged or has no rows
 *         IPL_E_CANTCREATE, IPL_E_IO, IPL_E_NOMEM
 */
ipl_status ipl_summary_write(const char *run, ipl_error *err) IPL_NODISCARD;

#endif /* IPL_SUMMARY_H */
