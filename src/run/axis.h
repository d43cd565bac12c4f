/**
 * Axes of a figure. The layers of one net differ a hundredfold (a wide first layer has 1300
 * nats of information, the last ones 10), so an axis may be linear, logarithmic, or cut into
 * two or three linear pieces. The piecewise and the logarithmic ones are drawn in placed
 * coordinates: ipl_axis_place() says where a value goes, and the tics are placed with it.
 */
#ifndef IPL_AXIS_H
#define IPL_AXIS_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum ipl_scale {
    IPL_SCALE_AUTO, /* the first of linear, break and log that shows every layer */
    IPL_SCALE_LINEAR,
    IPL_SCALE_LOG,
    IPL_SCALE_BREAK,
    IPL_SCALE_WHOLE /* logarithmic down to the smallest positive value */
} ipl_scale;

/** Range of what belongs together, a layer or a curve: lo <= hi. */
typedef struct ipl_range {
    double lo, hi;
} ipl_range;

/** What is drawn on an axis besides the bands that its ranges may include; {0} is empty. */
typedef struct ipl_axis_values {
    double least; /* smallest positive value; 0: none yet */
    bool zero;    /* there are values <= 0 */
} ipl_axis_values;

/** Take a value into account; one that is not finite is passed over. */
void ipl_axis_values_add(ipl_axis_values *values, double value);

enum { IPL_AXIS_PIECES = 3 };

typedef struct ipl_axis {
    bool log;
    bool zero;    /* logarithmic: values <= 0 stand at a place of their own, marked 0 */
    bool below;   /* so do positive ones below the floor; the mark is then "<" the floor */
    double floor; /* logarithmic: log10 of the smallest value with a place of its own */
    double zero_at; /* logarithmic: that place */
    double last;    /* epochs: the last one, which gets a label; 0: none */
    size_t n;       /* pieces, 1 unless the axis is cut */
    struct {
        ipl_range data;  /* values on the piece; logarithmic: their decimal logarithms */
        ipl_range place; /* where it is drawn */
    } piece[IPL_AXIS_PIECES];
} ipl_axis;

/**
 * Choose an axis for some ranges; those that are not finite are passed over, and without any
 * the axis is 0 ... 1.
 */
void ipl_axis_fit(ipl_axis *axis, const ipl_range *ranges, size_t n, ipl_scale scale);

/** The same where ranges include bands: a logarithmic axis starts at the least of the values. */
void ipl_axis_fit_values(ipl_axis *axis, const ipl_range *ranges, size_t n, ipl_scale scale,
                         const ipl_axis_values *values);

/** The epoch axis: logarithmic over the epochs above 0, epoch 0 a step before them. */
void ipl_axis_fit_epochs(ipl_axis *axis, const double *epochs, size_t n);

/** Where a value is drawn; NaN for NaN. */
double ipl_axis_place(const ipl_axis *axis, double value);

/** First and last place. */
ipl_range ipl_axis_range(const ipl_axis *axis);

/** The same with a margin, as a share of the length, on both sides. */
ipl_range ipl_axis_padded(const ipl_axis *axis, double margin);

/** How the tics of an axis are written. */
typedef struct ipl_tic_style {
    double inches; /* length of the axis, without its margins */
    bool upright;  /* the axis is a y axis: labels need height instead of width */
    bool labels;   /* tics have their numbers */
} ipl_tic_style;

/** Called with one tic: its label ("" for none), its place, and whether it is a minor one. */
typedef void (*ipl_tic_visit)(void *self, const char *label, double place, bool minor);

/** Visit the tics of an axis, in ascending order on a linear piece: as many as have room. */
void ipl_axis_each_tic(const ipl_axis *axis, ipl_tic_style style, ipl_tic_visit visit,
                       void *self);

/** Append gnuplot's argument of `set xtics`, ("0" 0, "10" 1): as many as have room. */
void ipl_axis_print_tics(ipl_text *out, const ipl_axis *axis, ipl_tic_style style);

/** Append the middles of the cuts between pieces, separated by blanks. */
void ipl_axis_print_breaks(ipl_text *out, const ipl_axis *axis);

#endif /* IPL_AXIS_H */
