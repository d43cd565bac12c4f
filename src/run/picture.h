/**
 * Pictures of what a net has learned, drawn from plain arrays: filters, feature maps, the
 * confusion matrix, the samples it gets most wrong.
 *
 * Every function starts a canvas that the caller owns, for ipl_canvas_release(). Small images
 * are enlarged by whole numbers, never smoothed. Errors: IPL_E_SHAPE (nothing to draw, or a
 * picture larger than a PNG may be) and IPL_E_NOMEM.
 */
#ifndef IPL_PICTURE_H
#define IPL_PICTURE_H

#include "run/canvas.h"

/** At most so many filters, maps of a layer, classes and wrong samples are drawn. */
enum {
    IPL_FILTERS_MAX = 64,
    IPL_MAPS_MAX = 16,
    IPL_CONFUSION_MAX = 1000,
    IPL_WRONG_MAX = 40
};

/**
 * Filters side by side, each over its own range: black its least weight, white its greatest.
 * With 1 or 3 channels a filter is one image, else a row of grey images.
 *
 * shapes  w (n, c, h, w) of `shape`
 */
ipl_status ipl_picture_filters(ipl_canvas *out, const char *title, const float *w, size_t n,
                               ipl_shape shape, ipl_error *err) IPL_NODISCARD;

/** The output of a layer for one sample. */
typedef struct ipl_feature {
    const char *name;
    ipl_shape shape;
    const float *x; /* (c, h, w) */
} ipl_feature;

/**
 * The sample at left, then a row for each layer: its maps, all over the range of the layer,
 * which is printed. A layer without height and width is a block of squares, row by row.
 *
 * shapes  layers (n)
 */
ipl_status ipl_picture_features(ipl_canvas *out, const char *title,
                                const ipl_feature *input, const ipl_feature *layers,
                                size_t n, ipl_error *err) IPL_NODISCARD;

/**
 * Confusion matrix: a row for each label, a column for each prediction; the darker, the
 * larger the share of the row (its square root, so that rare mistakes are seen), right ones
 * blue, wrong ones red.
 *
 * shapes  count (n_classes, n_classes), names (n_classes) or NULL: numbers
 */
ipl_status ipl_picture_confusion(ipl_canvas *out, const char *title, const size_t *count,
                                 size_t n_classes, const char *const *names,
                                 ipl_error *err) IPL_NODISCARD;

/** A sample and what the net says of it. */
typedef struct ipl_wrong {
    const float *x; /* (c, h, w) */
    int32_t label, prediction;
    double loss;
} ipl_wrong;

/**
 * Samples in the order given, below each its label, its prediction and its loss.
 *
 * shapes  wrong (n), names (n_classes) or NULL: numbers
 * low, high  values that are black and white; low >= high: the range of each image
 */
ipl_status ipl_picture_wrong(ipl_canvas *out, const char *title, const ipl_wrong *wrong,
                             size_t n, ipl_shape shape, double low, double high,
                             const char *const *names, ipl_error *err) IPL_NODISCARD;

#endif /* IPL_PICTURE_H */
