/**
 * Augmentation: what is done to a training image at random, anew in every epoch.
 *
 * The draw is a pure function of (seed, epoch, sample), the number of the sample in its part:
 * batches, their order and threads cannot change it. Probes and tests never see it.
 *
 *     ipl_dataset_gather(x, y, ds, IPL_TRAIN, rows, 0, n);
 *     for (size_t i = 0; i < n; i++)
 *         ipl_augment(x + i * d, shape, &opts, seed, epoch, rows[i]);
 */
#ifndef IPL_AUGMENT_H
#define IPL_AUGMENT_H

#include "base/opt.h"
#include "ipl/matrix.h"

/** Largest padding of a crop. */
enum { IPL_CROP_MAX = 256 };

typedef struct ipl_augment_opts {
    size_t crop; /* pixels of padding on every side before a random crop; 0: no crop */
    bool flip;   /* mirror every other image, left to right */
    /**
     * (c, h, w) what is seen where a crop reaches over the edge, borrowed; NULL: 0. A black
     * image (ipl_dataset_black()) does what torchvision does: pad first, then standardise.
     */
    const float *edge;
} ipl_augment_opts;

/** Rows for a struct with the fields `size_t crop; bool flip;`. */
/* clang-format off */
#define IPL_AUGMENT_OPT_ROWS(T)                                                        \
    {.name = "crop", IPL_OPT_FIELD(T, crop), .group = "data",                          \
     .type = _Generic(((T *)0)->crop, size_t: IPL_OPT_SIZE),                           \
     .min = 0.0, .max = IPL_CROP_MAX, .init = 0.0,                                     \
     .help = "train on random crops after padding by so many pixels (0: none)"},       \
    {.name = "flip", IPL_OPT_FIELD(T, flip), .group = "data",                          \
     .type = _Generic(((T *)0)->flip, bool: IPL_OPT_BOOL), .init = 0.0,                \
     .help = "train on images mirrored at random, left to right"}
/* clang-format on */

/** Whether anything is done at all. */
static inline bool ipl_augment_on(const ipl_augment_opts *opts)
{
    return opts->crop > 0 || opts->flip;
}

/**
 * Check the options against the samples.
 *
 * errors  IPL_E_SHAPE  the samples are no images, or a crop could miss the image entirely
 */
ipl_status ipl_augment_check(const ipl_augment_opts *opts, ipl_shape shape,
                             ipl_error *err) IPL_NODISCARD;

/**
 * Crop and flip one image in place; the options have passed ipl_augment_check().
 *
 *     top, left ~ uniform on 0 ... 2 crop,  mirrored with probability 1/2
 *     x'[c, i, j] = padded[c, i + top, j + left], then mirrored
 *
 * shapes  x (c, h, w)
 * source  torchvision's RandomCrop(size, padding) and RandomHorizontalFlip, but one draw for
 *         each sample and epoch; whether an image is mirrored does not depend on the crop
 */
void ipl_augment(float *x, ipl_shape shape, const ipl_augment_opts *opts, uint64_t seed,
                 uint32_t epoch, uint32_t sample);

#endif /* IPL_AUGMENT_H */
