/**
 * One variable of a measuring (the input, a layer, the labels in one-hot form) and all that
 * is worth computing once for it: the centred samples, Gram matrices, factors, entropies.
 *
 * Every estimator text that is measured together reads the same variables, so that a second
 * text costs what is new in it and no more. What a function returns never depends on what
 * was asked before: only the time does.
 *
 * Notation: X (n, d) centred samples, D = diag(s) the scaling of the columns, W = beta / n,
 *
 *     H = 1/2 log det(I_d + W D X'X D) = 1/2 log det(I_n + W X D^2 X')
 */
#ifndef IPL_VAR_H
#define IPL_VAR_H

#include "base/pool.h"
#include "info/square.h"
#include "ipl/matrix.h"
#include "ipl/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Covariance: columns as they are; correlation: each divided by its standard deviation. */
typedef enum ipl_scale { IPL_COV, IPL_CORR, IPL_SCALES } ipl_scale;

/** Which of the two Gram matrices: X'X of order d or X X' of order n. */
typedef enum ipl_side { IPL_COLS, IPL_ROWS } ipl_side;

/** Longest reason for a NaN. */
enum { IPL_FAULT_MAX = 512 };

/** Scratch shared by all variables of a plane, and where faults are written. */
typedef struct ipl_work {
    ipl_pool *pool;            /* borrowed */
    ipl_buffer matrix, panel;  /* a matrix to factor; right-hand sides */
    ipl_buffer copy;           /* samples scaled or side by side */
    ipl_buffer rows[2];        /* blocks of variables that stream */
    ipl_buffer signs;          /* for ipl_half_logdet() */
    const char *estimator;     /* what is being measured, for the fault; borrowed */
    char fault[IPL_FAULT_MAX]; /* first reason for a NaN, "" without one */
} ipl_work;

/** Release the scratch; an empty work is allowed. */
void ipl_work_release(ipl_work *work);

/** Note why a measure will be NaN; the first reason since fault[0] was cleared stays. */
void ipl_work_fault(ipl_work *work, const char *fmt, ...) IPL_PRINTF(2, 3);

enum { IPL_FACTORS = 16, IPL_ENTROPIES = 64 };

/** L L' = I + W D X'X D, or its twin of order n. */
typedef struct ipl_factor {
    bool used;
    ipl_scale scale;
    double beta, h; /* h = 1/2 log det; NaN: no factor, or not to be trusted */
    double *l;
    ipl_buffer own; /* where l is when it is not below a Gram matrix */
} ipl_factor;

/** Whose entropy was noted: those before IPL_OF_SUBSET are of all samples in any order. */
typedef enum ipl_kind {
    IPL_OF_LOGDET,                                /* + ipl_scale; beta */
    IPL_OF_RELEASED = IPL_OF_LOGDET + IPL_SCALES, /* beta */
    IPL_OF_GAUSS,                                 /* shrink */
    IPL_OF_SUBSET,                                /* from here on: of a draw of n samples */
    IPL_OF_KL = IPL_OF_SUBSET,                    /* + metric; k, n */
    IPL_OF_RENYI = IPL_OF_KL + 8                  /* + kernel; alpha, width, n */
} ipl_kind;

enum { IPL_KEYS = 3 };

typedef struct ipl_entropy {
    int kind;             /* an ipl_kind and what is added to it */
    double key[IPL_KEYS]; /* the numbers it depends on, zeros after them */
    double h;
} ipl_entropy;

typedef struct ipl_var {
    const char *name;    /* "X", for messages */
    bool lasting;        /* stays for the whole run: its factors cost nothing */
    bool keep_given;     /* set by the owner: fill `given` */
    bool streams;        /* set by the owner: read the samples again instead of keeping z */
    size_t n, d;         /* samples, columns */
    ipl_cmat from;       /* samples as given, once centred read only if they stream;
                              borrowed */
    const size_t *start; /* (parts + 1) set by the owner: blocks of rows whose Gram
                              matrices are wanted too, while they stream; borrowed */
    size_t parts;        /* 0: none are wanted */
    ipl_buffer part_gram;  /* (parts, d, d) lower triangles, once cols is filled */
    ipl_buffer part_sum;   /* (parts, d in whole panels) sums of the rows */
    const uint32_t *order; /* (n) row of `from` that is row i, NULL: itself; borrowed */
    ipl_buffer z;     /* (n, d) centred, in panels, constant columns zero; empty when they
                         stream */
    ipl_buffer given; /* (n, d) the samples as they came, with keep_given */
    ipl_buffer mean;  /* (d, whole panels) */
    ipl_buffer rest;  /* (d, whole panels) what the mean is short of for being a double */
    bool far;         /* it streams and is far from zero: rows are less the rest, too */
    ipl_buffer s;  /* (d, whole panels) 1 / standard deviation, 0 for a constant column */
    ipl_buffer ss; /* (d, whole panels) sum of squares of z */
    double trace[IPL_SCALES];
    bool underflow;              /* squares of a column vanish: no Gram matrix for CORR */
    ipl_square cols;             /* X'X */
    ipl_square rows[IPL_SCALES]; /* X D^2 X' */
    ipl_factor factor[IPL_FACTORS]; /* of order d; the first is below cols */
    ipl_factor row_factor[IPL_SCALES];
    size_t next_factor;
    ipl_entropy entropy[IPL_ENTROPIES];
    size_t n_entropies;
} ipl_var;

/**
 * Take the samples of a matrix: promote to double, centre with a two-pass mean, note the
 * columns with max = min (decided on the numbers as given) as constant.
 *
 * shapes  x (n, d); order (n) the row of x that becomes row i, NULL: as they are. Both are
 *         read during this call only, unless v->streams: then as long as v is used.
 * errors  IPL_E_SHAPE    the d columns or n rows are more than BLAS can count
 *         IPL_E_NUMERIC  a NaN or Inf: the message names v->name, row and column
 *         IPL_E_NOMEM
 */
ipl_status ipl_var_set(ipl_var *v, ipl_cmat x, const uint32_t *order, ipl_work *work,
                       ipl_error *err) IPL_NODISCARD;

/**
 * Take the samples of another variable in another order: row i is its row[i]. What does not
 * depend on the order (Gram matrix of the columns, entropies) comes along, the Gram matrices
 * of the rows are rearranged: nothing is multiplied again.
 *
 * shapes  row (v->n)
 * errors  IPL_E_NOMEM
 */
ipl_status ipl_var_shuffle(ipl_var *out, const ipl_var *v, const uint32_t *row,
                           ipl_error *err) IPL_NODISCARD;

/** Release everything; an empty variable is allowed. */
void ipl_var_release(ipl_var *v);

/** Free X'X and its factors; what needs them again computes them again. */
void ipl_var_drop_columns(ipl_var *v);

/** s for IPL_CORR, NULL (ones) for IPL_COV. */
const double *ipl_var_scaling(const ipl_var *v, ipl_scale scale);

/** The side with the smaller Gram matrix. */
ipl_side ipl_var_side(const ipl_var *v);

/** 1 + beta tr S, an upper bound of the condition number. */
double ipl_var_bound(const ipl_var *v, ipl_scale scale, double beta);

/** The largest bound for which Cholesky is tried on a side. */
double ipl_side_bound(ipl_side side);

/** Compute X'X (scale is not looked at) or X D^2 X' unless it is there. IPL_E_NOMEM. */
ipl_status ipl_var_gram(ipl_var *v, ipl_side side, ipl_scale scale, ipl_work *work,
                        ipl_error *err) IPL_NODISCARD;

/**
 * The factor L of I + W D X'X D (IPL_COLS) or of I + W X D^2 X' (IPL_ROWS), row-major,
 * below the diagonal.
 *
 * owner   *l is the variable's, until the next call for it; NULL when there is no factor
 *         that can be trusted
 * errors  IPL_E_NOMEM
 */
ipl_status ipl_var_factor(const double **l, ipl_var *v, ipl_side side, ipl_scale scale,
                          double beta, ipl_work *work, ipl_error *err) IPL_NODISCARD;

/**
 * The triangle below rows[scale], (n, n), for other uses; a factor there is given up. The
 * variable need not have been set yet. IPL_E_NOMEM.
 */
ipl_status ipl_var_borrow(double **m, ipl_var *v, ipl_scale scale, size_t n,
                          ipl_error *err) IPL_NODISCARD;

/**
 * H in nats; NaN with a fault when it cannot be had.
 *
 * cost    one Gram matrix and one factor of order min(n, d) at most
 */
ipl_status ipl_var_entropy(double *h, ipl_var *v, ipl_scale scale, double beta,
                           ipl_work *work, ipl_error *err) IPL_NODISCARD;

/** Look up an entropy by its kind and its numbers; false when it was not noted. */
bool ipl_var_recall(double *h, const ipl_var *v, int kind, const double key[IPL_KEYS]);

/** Note an entropy. */
void ipl_var_note(ipl_var *v, int kind, const double key[IPL_KEYS], double h);

/** Write sqrt(beta / n) X D into columns [at, at + d) of out, rows `stride` apart. */
void ipl_var_weigh(double *out, size_t stride, size_t at, const ipl_var *v, ipl_scale scale,
                   double beta);

#endif /* IPL_VAR_H */
