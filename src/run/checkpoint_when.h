/** When checkpoints are written, chosen by text. */
#ifndef IPL_CHECKPOINT_WHEN_H
#define IPL_CHECKPOINT_WHEN_H

#include "ipl/status.h"

#include <stdbool.h>
#include <stddef.h>

/** One of epochs, steps and seconds is not 0, or all are: never. */
typedef struct ipl_checkpoint_when {
    size_t epochs, steps;
    double seconds;
    size_t keep;        /* keep the parameters of every so many epochs; 0: no */
    bool keep_measured; /* keep those of the epochs that are measured */
} ipl_checkpoint_when;

/**
 * Read the text of --checkpoint:
 *
 *     none                  never
 *     every:5               every 5 epochs
 *     every:200steps        every 200 steps
 *     every:10min           every 10 minutes, after a step; also s and h
 *     ...,keep=10           and keep the parameters of every 10th epoch
 *     ...,keep=measured     and keep those of the measured epochs
 *
 * errors  IPL_E_FORMAT  another text
 */
ipl_status ipl_checkpoint_when_parse(ipl_checkpoint_when *out, const char *text,
                                     ipl_error *err) IPL_NODISCARD;

/** Whether checkpoints are written at all. */
static inline bool ipl_checkpoint_when_any(const ipl_checkpoint_when *when)
{
    return when->epochs > 0 || when->steps > 0 || when->seconds > 0.0;
}

#endif /* IPL_CHECKPOINT_WHEN_H */
