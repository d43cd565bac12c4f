/**
 * Pictures of a net: what src/run/picture.h draws, for a net and the data it was trained on.
 *
 *     const ipl_pictures_opts opts = {.batch = exp->batch};
 *     st = ipl_pictures_write(NULL, "results/run/figures", net, ds, epoch, &opts, &err);
 */
#ifndef IPL_PICTURES_H
#define IPL_PICTURES_H

#include "ipl/dataset.h"
#include "ipl/net.h"

typedef enum ipl_picture_kind {
    IPL_PICTURE_FILTERS,   /* filters-<epoch>.png */
    IPL_PICTURE_FEATURES,  /* features-<epoch>.png */
    IPL_PICTURE_CONFUSION, /* confusion-<epoch>.png */
    IPL_PICTURE_WRONG,     /* wrong-<epoch>.png */
    IPL_PICTURE_COUNT
} ipl_picture_kind;

typedef struct ipl_pictures_opts {
    size_t image; /* the sample whose features are drawn, a row of the test part */
    size_t batch; /* most rows of a batch of the net; 0: one after the other */
} ipl_pictures_opts;

/** "filters", "features", "confusion", "wrong": how the files begin. */
extern const char *const ipl_picture_words[IPL_PICTURE_COUNT];

/**
 * Write the pictures that make sense for this net and data: filters when the first weights
 * look at images, features and the most-wrong samples when the samples are images, confusion
 * and most-wrong when the net names classes. The test part is used, the training part when
 * there is none.
 *
 * written  which files were written; NULL: not wanted
 * errors   IPL_E_ARG   opts->image is no row of the part
 *          IPL_E_SHAPE  a picture would be larger than a PNG may be
 *          IPL_E_CANTCREATE, IPL_E_IO, IPL_E_NOMEM
 * Changes nothing in the net but scratch.
 */
ipl_status ipl_pictures_write(bool written[IPL_PICTURE_COUNT], const char *folder,
                              ipl_net *net, const ipl_dataset *ds, size_t epoch,
                              const ipl_pictures_opts *opts, ipl_error *err) IPL_NODISCARD;

#endif /* IPL_PICTURES_H */
