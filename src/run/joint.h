/** Joint distributions p(x, y): read from a file, or counted in a data set. */
#ifndef IPL_JOINT_H
#define IPL_JOINT_H

#include "ipl/status.h"

#include <stddef.h>

typedef struct ipl_joint {
    double *p; /* (n_x, n_y) owned, row-major; not normalised */
    size_t n_x, n_y;
} ipl_joint;

/**
 * Read a table: NAME.npy, an array (n_x, n_y); or CSV with a header row that names the
 * values of y and a row of masses or counts for each x.
 *
 * owner   out is to be released; empty on error
 * errors  IPL_E_NOINPUT, IPL_E_IO, IPL_E_NOMEM
 *         IPL_E_FORMAT  not such a file, or an entry is negative or no number; the message
 *                       names file and line
 */
ipl_status ipl_joint_read(ipl_joint *out, const char *path, ipl_error *err) IPL_NODISCARD;

/**
 * Count a data set: x are its different samples, y their labels, all parts together.
 *
 * owner   as above
 * errors  those of ipl_dataset_open(); IPL_E_SHAPE when the data have no labels
 */
ipl_status ipl_joint_count(ipl_joint *out, const char *data, ipl_error *err) IPL_NODISCARD;

/** Free what a joint owns and leave it empty; an empty one is allowed. */
void ipl_joint_release(ipl_joint *joint);

#endif /* IPL_JOINT_H */
