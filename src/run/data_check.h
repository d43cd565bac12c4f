/** Whether the data of a run is what it was trained on. */
#ifndef IPL_DATA_CHECK_H
#define IPL_DATA_CHECK_H

#include "ipl/dataset.h"

#include <stdbool.h>

/** Longest line that says what has changed. */
enum { IPL_DATA_CHANGED_MAX = 512 };

/**
 * Compare the SHA-256 of the files of a data set, which are hashed here, with those in run.json
 * of a run. A run without a record, and generated data, are taken as they are.
 *
 * changed  a line to print when allow is set and something differs; else ""
 * errors   IPL_E_FORMAT  something differs, and allow is not set
 *          IPL_E_IO, IPL_E_NOMEM
 */
ipl_status ipl_data_check(char changed[IPL_DATA_CHANGED_MAX], const char *run,
                          ipl_dataset *ds, bool allow, ipl_error *err) IPL_NODISCARD;

#endif /* IPL_DATA_CHECK_H */
