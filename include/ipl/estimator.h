/**
 * Estimators of entropy and mutual information, and the information plane they draw.
 *
 * An estimator is named by a text, "name" or "name:option=value,...", the form used by
 * `infoplane train --estimator` and written beside every number. A plane holds what does not
 * change during a run (the input X, the labels Y, the chosen estimators) and measures a
 * stack of layers against it:
 *
 *     const char *texts[] = {"logdet:beta=rd", "logdet:beta=own"};
 *     const ipl_plane_opts opts = {.estimators = texts, .n_estimators = 2};
 *     ipl_plane *plane;
 *     ipl_measures row[2];
 *     ipl_error err = {0};
 *
 *     if (ipl_plane_create(&plane, &opts, x, y, &err) != IPL_OK ||
 *         ipl_plane_measure(row, plane, &t, 1, &err) != IPL_OK)
 *         fprintf(stderr, "%s\n", err.msg);
 *     ipl_plane_destroy(plane);
 *
 * Estimators of cost n^2 have an option n: they look at that many samples. These are drawn
 * without replacement, the number of each class by its share and the largest remainder (a
 * simple random draw without labels), within a class at random by null_seed. The draw depends
 * on null_seed, n and the labels alone: all layers, measurements and estimators with the same
 * n look at the same samples, at any number of threads, and the order of the classes in the
 * data does not matter. ipl_plane_samples() says how many samples an estimator looks at.
 *
 * Everything takes plain arrays: nets and files are not known here.
 */
#ifndef IPL_ESTIMATOR_H
#define IPL_ESTIMATOR_H

#include "ipl/matrix.h"
#include "ipl/status.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What an estimator may say of one layer T; NaN where it defines no such measure. */
typedef struct ipl_measures {
    double H_X, H_T, H_Y, H_XT, H_TY; /* entropies; labels in one-hot form */
    double I_XT, I_TY;                /* mutual information with input and labels; I_TY is
                                         the conditional form where there is no other */
    double I_prev;                    /* I(T_{l-1}; T_l), the layer transmission capacity */
    double H_X_given_T;               /* H(X,T) - H(T) */
    double H_T_given_Y, I_TY_cond;    /* conditional form: class by class */
    double I_TY_pooled;               /* pooled within-class covariance */
    double beta_X, beta_T;            /* LogDet: the weights used for X and T */
    /** Null baseline: the mean over shuffled pairs, what independent data would give. */
    double I_XT_null, I_TY_null, I_TY_cond_null;
} ipl_measures;

/** One column of a table of measures. */
typedef struct ipl_measure_row {
    const char *name; /* "I_XT"; NULL ends the table */
    size_t offset;    /* in ipl_measures */
    bool information; /* entropy or information: has the estimator's unit; beta has none */
} ipl_measure_row;

/** The columns in the order of information.csv, ended by a NULL name. */
extern const ipl_measure_row ipl_measure_table[];

/** Value of one column. */
double ipl_measures_get(const ipl_measures *m, const ipl_measure_row *row);

typedef enum ipl_unit { IPL_UNIT_NATURAL, IPL_UNIT_NATS, IPL_UNIT_BITS } ipl_unit;

struct ipl_pool;

typedef struct ipl_plane_opts {
    const char *const *estimators; /* texts; read during create only */
    size_t n_estimators;
    ipl_unit unit;         /* IPL_UNIT_NATURAL: the estimator's own */
    size_t n_layers;       /* layers that will be measured together, with their widths: */
    const size_t *widths;  /* (n_layers) lets create choose sides; NULL: not known yet */
    struct ipl_pool *pool; /* threads, borrowed; NULL: one */
    size_t null_repeats;   /* shuffles of the null baseline; 0: none, and it is NaN */
    uint64_t null_seed;    /* of the shuffles, and of the draw of a subset (option n) */
    bool x_stays; /* x is there until ipl_plane_destroy(): see ipl_plane_create() */
} ipl_plane_opts;

typedef struct ipl_plane ipl_plane; /* opaque */

/**
 * Prepare the measuring of layers against X and Y: X is centred and its Gram matrix factored
 * here, once.
 *
 * shapes  x (n, d_X); y (n) labels, any integers, or NULL: label measures are NaN.
 *         Both are read during this call only, x with opts->x_stays until the plane is
 *         destroyed. LogDet of many samples then keeps no copy of X or T (16384 at least,
 *         8 times the widest variable, widths given, no null baseline): it reads them again,
 *         and its memory is O(d^2). Memory that is mapped from a file suits it.
 * owner   *out belongs to the caller, for ipl_plane_destroy(); NULL on error
 * errors  IPL_E_FORMAT   an estimator text is wrong; the message names the word
 *                        (k nearest neighbours of k samples or fewer is such a text)
 *         IPL_E_SHAPE    n = 0 or d_X = 0
 *         IPL_E_NUMERIC  a NaN or Inf in x
 *         IPL_E_NOMEM
 */
ipl_status ipl_plane_create(ipl_plane **out, const ipl_plane_opts *opts, ipl_cmat x,
                            const int32_t *y, ipl_error *err) IPL_NODISCARD;

/** Release a plane; NULL is allowed. */
void ipl_plane_destroy(ipl_plane *plane);

/** Let other threads measure from now on, the pool borrowed; the result is the same. */
void ipl_plane_use_pool(ipl_plane *plane, struct ipl_pool *pool);

/** Ask quit() before each estimator from now on whether to give up; NULL: never. */
void ipl_plane_use_quit(ipl_plane *plane, bool (*quit)(void));

/**
 * Measure the layers T_1 ... T_L, T_0 = X.
 *
 * shapes  t[l] (n, d_l), the rows in the order of x; out (n_layers, n_estimators), row-major
 * units   those of ipl_plane_unit()
 * errors  IPL_E_SHAPE    t[l] has not n rows, or no columns
 *         IPL_E_NUMERIC  a NaN or Inf in t[l]: the message names layer, row and column
 *         IPL_E_NOMEM
 *         IPL_E_IO       quit() said so; out is not to be used
 * A measure that fails numerically is NaN and ipl_plane_fault() says why; that is no error.
 *
 * Null baseline: the rows of T are shuffled against those of X and Y, null_repeats times, and
 * every estimator measures what is left. The mean is the number it gives independent data of
 * these shapes, that is its bias. Each repetition costs about one more measuring; LogDet
 * keeps the Gram matrices and entropies of X and T.
 */
ipl_status ipl_plane_measure(ipl_measures *out, ipl_plane *plane, const ipl_cmat *t,
                             size_t n_layers, ipl_error *err) IPL_NODISCARD;

/** Why the last measuring left a NaN, "" when nothing failed. */
const char *ipl_plane_fault(const ipl_plane *plane);

/** Full text of estimator k, every option spelled out: what tables name it by. */
const char *ipl_plane_estimator(const ipl_plane *plane, size_t k);

/** Samples that estimator k looks at: all, or what its option n says. */
size_t ipl_plane_samples(const ipl_plane *plane, size_t k);

/** "nats" or "bits". */
const char *ipl_plane_unit(const ipl_plane *plane, size_t k);

/**
 * Effective dimension (participation ratio) of layer l as last measured,
 * (sum lambda)^2 / sum lambda^2 over the eigenvalues of its covariance; NaN when constant.
 */
double ipl_plane_effective_rank(const ipl_plane *plane, size_t l);

/**
 * Caution about bias for a layer of width d_T, "" when there is none: fewer samples than
 * d_X + d_T, or a class with fewer than d_T (independent data then measures as dependent).
 */
const char *ipl_plane_caution(const ipl_plane *plane, size_t d_T);

/**
 * Doubt about the last measuring, "" when there is none: kde and binning set I(X;T) = H(T),
 * which is so when T is a function of X, and a layer differs between samples of equal x.
 */
const char *ipl_plane_doubt(const ipl_plane *plane);

/**
 * Bytes that a plane created with these options will hold at its peak when LogDet measures
 * opts->widths against n samples of d_X; 10 classes of equal size are expected. Whether it
 * keeps the samples or reads them again is decided as ipl_plane_create() does. Texts of
 * estimators that do not exist count as ones that keep. Counted are covariances under one or
 * two weights: correlations of layers wider than n, further weights and beta=sum hold up to
 * half as much again, other estimators what their own pairs of samples take.
 */
size_t ipl_plane_memory(const ipl_plane_opts *opts, size_t n, size_t d_X);

/**
 * Whether the I(X;T) and I(T;Y) of the estimator of this text are Shannon's, so that the
 * information bottleneck curve bounds them; false for a text that names no estimator.
 */
bool ipl_estimator_is_shannon(const char *text);

#ifdef __cplusplus
}
#endif

#endif /* IPL_ESTIMATOR_H */
