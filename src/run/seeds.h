/** Lists of seeds: "1-50", "1,2,5-9". */
#ifndef IPL_SEEDS_H
#define IPL_SEEDS_H

#include "ipl/status.h"

#include <stddef.h>
#include <stdint.h>

/** Most seeds of a list. */
enum { IPL_SEEDS_MAX = 10000 };

/**
 * Read numbers and ranges first-last that are separated by commas.
 *
 * owner   *out (n) belongs to the caller, for ipl_free(); NULL on error
 * errors  IPL_E_ARG  no number, a range that goes back, a seed given twice, more than
 *                    IPL_SEEDS_MAX
 *         IPL_E_NOMEM
 */
ipl_status ipl_seeds_parse(uint64_t **out, size_t *n, const char *text,
                           ipl_error *err) IPL_NODISCARD;

#endif /* IPL_SEEDS_H */
