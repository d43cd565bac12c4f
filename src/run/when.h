/** When to measure or to draw: epochs chosen by text. */
#ifndef IPL_WHEN_H
#define IPL_WHEN_H

#include "ipl/status.h"

#include <stdbool.h>
#include <stddef.h>

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
 */
ipl_status ipl_when_parse(bool *due, size_t epochs, const char *text, const char *option,
                          ipl_error *err) IPL_NODISCARD;

#endif /* IPL_WHEN_H */
