/**
 * What one optimiser file provides. An update is elementwise: the net calls it for fixed
 * pieces of the parameters, from several threads.
 */
#ifndef IPL_OPTIMISER_H
#define IPL_OPTIMISER_H

#include "base/opt.h"

enum { IPL_OPTIMISER_STATE_MAX = 3 };

/** One piece of the parameters. */
typedef struct ipl_update {
    size_t n;
    size_t t;                              /* updates before this one */
    double lr;                             /* learning rate of this step */
    float *w;                              /* (n) parameters, updated */
    const float *g;                        /* (n) gradient of the loss */
    float *state[IPL_OPTIMISER_STATE_MAX]; /* (n) each, zero at first, updated */
} ipl_update;

typedef struct ipl_optimiser_ops {
    ipl_row row; /* its options have a number called "lr" */
    /** Arrays of state that update() uses, the first n of ipl_update.state. */
    size_t (*n_state)(const void *self);
    void (*update)(const void *self, const ipl_update *u);
} ipl_optimiser_ops;

extern const ipl_optimiser_ops ipl_optimiser_sgd;
extern const ipl_optimiser_ops ipl_optimiser_adam;
extern const ipl_optimiser_ops ipl_optimiser_adamw;
extern const ipl_optimiser_ops ipl_optimiser_rmsprop;

/** NULL-terminated; to add an optimiser, write optimiser_<name>.c and add one row. */
extern const ipl_optimiser_ops *const ipl_optimiser_table[];

/** Row i of the table, NULL past the last. */
const ipl_row *ipl_optimiser_row(size_t i);

/** The learning rate in an optimiser's options. */
double ipl_optimiser_rate(const ipl_spec *spec);

#endif /* IPL_OPTIMISER_H */
