/** When to measure or to draw: epochs chosen by text. */
#ifndef IPL_WHEN_H
#define IPL_WHEN_H

#include "ipl/status.h"

#include <stdbool.h>
#include <stddef.h>

/** Epochs that are due; its memory does not grow with the number of epochs. */
typedef struct ipl_when {
    size_t epochs; /* the last */
    size_t step;   /* every so many; 0: not by steps */
    size_t points; /* evenly spaced in log epoch; 0: none */
    size_t *list;  /* (n) ascending; NULL: no list */
    size_t n;
} ipl_when;

/**
 * Read what ipl_when_parse() reads.
 *
 * owner   *when is to be released by ipl_when_release(), after a fault too
 * errors  as ipl_when_parse()
 */
ipl_status ipl_when_read(ipl_when *when, size_t epochs, const char *text,
                         const char *option, ipl_error *err) IPL_NODISCARD;

/** Release what it holds; one of zeros is allowed. */
void ipl_when_release(ipl_when *when);

/** Whether an epoch is due. */
bool ipl_when_due(const ipl_when *when, size_t epoch);

/** Epochs that are due; an upper bound above a million points in log epoch. */
size_t ipl_when_count(const ipl_when *when);

/**
 * Mark the epochs 0 ... epochs that are due; epoch e is the state after e epochs of training.
 *
 *     every      all of them                  every:N   0, N, 2N ... and the last
 *     log:N      0 and N points evenly spaced in log epoch from 1 to the last, without repeats
 *     0,1,10     these                        none      none
 *
 * shapes  due (epochs + 1), overwritten
 * option  its name, for messages
 * errors  IPL_E_FORMAT  another text, or an epoch beyond the last
 *         IPL_E_NOMEM   no memory for the list
 */
ipl_status ipl_when_parse(bool *due, size_t epochs, const char *text, const char *option,
                          ipl_error *err) IPL_NODISCARD;

#endif /* IPL_WHEN_H */
