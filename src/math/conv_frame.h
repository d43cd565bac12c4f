/**
 * Maps of a convolution in frames of zeros, a block of images at a time.
 *
 *     const conv_frame f = ipl_conv_padded(g);
 *     const float *x_in_frame = ipl_conv_framed(scratch, x, &f, ipl_conv_block(&f));
 */
#ifndef IPL_CONV_FRAME_H
#define IPL_CONV_FRAME_H

#include "math/conv.h"
#include "math/conv_parts.h"

#include <stdbool.h>

/** A map and where it lies in its copy with zeros around it. */
typedef struct conv_frame {
    ipl_shape map, padded;
    size_t top, left; /* rows and columns of zeros before it */
} conv_frame;

/** x in its padding. */
conv_frame ipl_conv_padded(const ipl_conv *g);

/** Whether there are no zeros, so that no copy is made. */
bool ipl_conv_is_bare(const conv_frame *f);

/** Images worked on together. */
size_t ipl_conv_block(const conv_frame *f);

/** Floats of scratch for the copies of a block. */
size_t ipl_conv_block_floats(const conv_frame *f);

/** Images in their frames: copies in scratch, or the images themselves. */
const float *ipl_conv_framed(float *scratch, const float *from, const conv_frame *f,
                             size_t images);

/** Every step-th row and column of a map. */
conv_grid ipl_conv_grid(ipl_shape map, size_t step);

/** Floats of scratch that the weight gradient needs. */
size_t ipl_conv_gradient_scratch(const ipl_conv *g);

#endif /* IPL_CONV_FRAME_H */
