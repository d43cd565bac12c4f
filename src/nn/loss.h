/**
 * What one loss file provides.
 *
 * A loss sees one shard: it returns the sum of the losses of its rows and writes the gradient
 * of the mean over the whole batch, so that shards need nothing of each other.
 */
#ifndef IPL_LOSS_H
#define IPL_LOSS_H

#include "base/opt.h"
#include "ipl/matrix.h"

#include <stdint.h>

/** N = rows, U = outputs of the net, D = values of an input sample. */
typedef struct ipl_loss_pass {
    size_t rows;      /* N, of the shard */
    size_t n;         /* of the batch */
    size_t outputs;   /* U */
    size_t inputs;    /* D */
    const float *z;   /* (N, U) output of the net */
    const float *x;   /* (N, D) input of the net */
    const int32_t *y; /* (N) labels 0 ... U-1 */
    float *dz;        /* (N, U) overwritten with dL/dz, L = mean over the batch */
    bool abreast;     /* z and dz lie abreast (math/abreast.h); dz of no sample is zero */
} ipl_loss_pass;

/** What a loss must know of a net to say whether they fit. */
typedef struct ipl_loss_sizes {
    ipl_shape input;
    size_t outputs;
    size_t n_classes; /* 0: no labels */
} ipl_loss_sizes;

typedef struct ipl_loss_ops {
    ipl_row row;
    bool logits;        /* the net's outputs are log odds: a final dense is named so */
    bool takes_abreast; /* apply() may be asked for samples abreast */

    /** IPL_OK, or IPL_E_SHAPE naming both sizes. */
    ipl_status (*check)(const void *self, const ipl_loss_sizes *sizes, ipl_error *err);
    /** Sum of the losses of the rows; *correct = rows whose largest output is their label. */
    double (*apply)(size_t *correct, const void *self, const ipl_loss_pass *p);
} ipl_loss_ops;

extern const ipl_loss_ops ipl_loss_cross_entropy;
extern const ipl_loss_ops ipl_loss_mse;

/** NULL-terminated; to add a loss, write loss_<name>.c and add one row. */
extern const ipl_loss_ops *const ipl_loss_table[];

/** Row i of the table, NULL past the last. */
const ipl_row *ipl_loss_row(size_t i);

/** Whether the largest of n outputs is number y, the first of equal ones; false on NaN. */
bool ipl_loss_hit(const float *z, size_t n, int32_t y);

/** IPL_OK when the net has one output per class; IPL_E_SHAPE names both numbers. */
ipl_status ipl_loss_check_classes(const ipl_loss_sizes *sizes, ipl_error *err);

#endif /* IPL_LOSS_H */
