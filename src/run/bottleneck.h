/** The information bottleneck curve as a file and a figure. */
#ifndef IPL_BOTTLENECK_H
#define IPL_BOTTLENECK_H

#include "info/ib.h"
#include "run/gnuplot.h"
#include "run/joint.h"

#include <stdbool.h>

/** Name of the table, in any folder. */
#define IPL_IB_FILE "ib_curve.csv"

/**
 * Write FOLDER/ib_curve.csv and the figure ib.png.
 *
 *     kind,beta,I_XT,I_TY,gap,iterations,unit
 *
 * with one row for each vertex of the curve, I_XT ascending; kind is origin, fixed,
 * sufficient or input. Between two vertices the curve is a straight line.
 *
 * bits     write bits instead of nats
 * drawn    as PNG, as SVG or, without gnuplot, not: data and scripts are written all the same
 * errors   IPL_E_CANTCREATE, IPL_E_IO, IPL_E_NOMEM, IPL_E_NOINPUT (a script)
 */
ipl_status ipl_bottleneck_write(ipl_drawn *drawn, const ipl_ib_curve *curve, bool bits,
                                const char *folder, ipl_error *err) IPL_NODISCARD;

/**
 * Read such a table back, in nats; what is not in it (entropies, counts) is 0.
 *
 * owner   out is to be released with ipl_ib_curve_release(); empty on error
 * errors  IPL_E_NOINPUT, IPL_E_IO, IPL_E_NOMEM; IPL_E_FORMAT when it is no such table
 */
ipl_status ipl_bottleneck_read(ipl_ib_curve *out, const char *path,
                               ipl_error *err) IPL_NODISCARD;

#endif /* IPL_BOTTLENECK_H */
