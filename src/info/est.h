/**
 * Estimators: rows of a table.
 *
 * To add one, write est_<name>.c and add a row to est_table.c. An estimator sees one layer
 * at a time as a scene; what it leaves in the variables (centred samples, Gram matrices,
 * factors) is there for the next text and the next layer.
 */
#ifndef IPL_EST_H
#define IPL_EST_H

#include "base/opt.h"
#include "info/distance.h"
#include "info/groups.h"
#include "info/pair.h"
#include "info/subset.h"
#include "info/var.h"
#include "ipl/estimator.h"

/** What is measured now. Rows of every variable are in the same order. */
typedef struct ipl_scene {
    ipl_var *x;         /* the input */
    ipl_var *t;         /* the layer; NULL in prepare() */
    ipl_var *before;    /* the layer before it, x for the first */
    ipl_groups *groups; /* labels; NULL: none */
    ipl_pair xt;        /* (x, t) */
    ipl_pair bt;        /* (before, t) */
    ipl_pair ty;        /* (t, one-hot labels); not to be used without labels */
    uint64_t seed;      /* of the draw of a subset */
    ipl_subset subset;  /* for ipl_subset_take(); nothing is expected in it */
    ipl_distance dx[IPL_METRICS], dt[IPL_METRICS]; /* between samples of x, of t */
    ipl_buffer values;                             /* eigenvalues, shares */
    ipl_work work;
} ipl_scene;

/** Default limit of the samples that estimators of cost n^2 and more look at. */
enum { IPL_SAMPLES = 2000 };

typedef struct ipl_estimator_ops {
    ipl_row row;
    const char *unit;    /* what measure() writes: "nats" or "bits" */
    const char *ceiling; /* what the number cannot exceed */
    const char *cost;    /* in n and d */
    const char *limits;  /* what equal samples, constant columns and n < d do */
    bool wants_given;    /* reads ipl_var.given */
    bool may_stream;     /* needs moments only: the samples need not be kept */
    bool takes_map;      /* I(X;T) is H(T), as for T a function of X */
    bool shannon; /* I(X;T) and I(T;Y) are Shannon's: the bottleneck curve bounds them */
    /** Check what option rows cannot say and make texts canonical; NULL: nothing. */
    ipl_status (*check)(void *self, ipl_error *err);
    /** Do once what every layer needs of x; NULL: nothing. */
    ipl_status (*prepare)(const void *self, ipl_scene *scene, ipl_error *err);
    /**
     * Fill in what the estimator defines; the rest of out is NaN already. A measure that
     * fails stays NaN and leaves its reason with ipl_work_fault().
     */
    ipl_status (*measure)(ipl_measures *out, const void *self, ipl_scene *scene,
                          ipl_error *err);
} ipl_estimator_ops;

/** NULL-terminated. */
extern const ipl_estimator_ops *const ipl_estimator_table[];

/** Row i of the table, NULL past the last. */
const ipl_row *ipl_estimator_row(size_t i);

extern const ipl_estimator_ops ipl_est_logdet;
extern const ipl_estimator_ops ipl_est_renyi;
extern const ipl_estimator_ops ipl_est_kde;
extern const ipl_estimator_ops ipl_est_kl;
extern const ipl_estimator_ops ipl_est_ksg;
extern const ipl_estimator_ops ipl_est_binning;
extern const ipl_estimator_ops ipl_est_gauss;

#endif /* IPL_EST_H */
