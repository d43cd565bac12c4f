/**
 * What a run came to, layer by layer: summary.csv for programs, summary.txt for people.
 *
 * With the measured epochs e_1 ... e_m of one layer, one split and one estimator, and v the
 * value at each (those that are not defined are passed over):
 *
 *     first, max, end    v at the first epoch; the largest v, and the first epoch that has it;
 *                        v at the last measured epoch e_m
 *     compression_end    (max - end) / max, both the value at one epoch; NaN unless max > 0
 *     last50             mean of v over the last 50 epochs, each epoch by its last measured
 *                        point; NaN for a run that is shorter
 *     compression_last50 (max - last50) / max. The mean lags: above 0 also while v still rises
 *     turning epoch      last epoch with v >= max - |max| / 100, from where on it stays below;
 *                        NaN when that is the last epoch: it never turned
 *     transition epoch   of the gradient: first epoch with mean / s.d. < 1 after one with
 *                        mean / s.d. >= 1; NaN when there is none
 */
#ifndef IPL_SUMMARY_H
#define IPL_SUMMARY_H

#include "run/track.h"

/** The course of one quantity; everything is NaN when it was never defined. */
typedef struct ipl_course {
    size_t n; /* epochs at which it is defined */
    double first, max, max_epoch, end, last50;
    double compression_end, compression_last50, turning_epoch;
    double final; /* mean over the last tenth of the measured epochs, at least one */
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
