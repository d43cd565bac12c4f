/** Outputs of the measured layers of a net for one sample, to look at. */
#ifndef IPL_FEATURE_MAPS_H
#define IPL_FEATURE_MAPS_H

#include "ipl/net.h"
#include "run/picture.h"

typedef struct ipl_feature_maps {
    ipl_feature *layers; /* (n) owned, their x too; flattened maps are shown as maps */
    size_t n;
    const float *output; /* of the net, borrowed from this struct */
    size_t n_outputs;
    float **taps; /* (n_taps) owned */
    size_t n_taps;
} ipl_feature_maps;

/**
 * Run the net on one sample in evaluation mode.
 *
 * shapes  x of the net's input shape, scaled as its training samples were
 * owner   out, for ipl_feature_maps_release(); also on error
 * errors  IPL_E_NOMEM
 * Changes nothing in the net but scratch.
 */
ipl_status ipl_feature_maps_of(ipl_feature_maps *out, ipl_net *net, const float *x,
                               ipl_error *err) IPL_NODISCARD;

/** Free what is owned; empty maps are allowed. */
void ipl_feature_maps_release(ipl_feature_maps *maps);

#endif /* IPL_FEATURE_MAPS_H */
