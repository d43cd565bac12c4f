/**
 * Labels as the estimators see them: samples sorted by class, the one-hot variable, and the
 * entropies within classes.
 *
 *     H(T|Y)  = sum_c n_c/n 1/2 log det(I + beta S_c)     S_c: class c about its own mean
 *     H_W(T)  = 1/2 log det(I + beta sum_c n_c/n S_c)     pooled
 *
 * Every variable of a plane takes its rows in the order of groups->order, so that a class is
 * a block of rows. Labels are any integers; a class exists when a sample has it.
 */
#ifndef IPL_GROUPS_H
#define IPL_GROUPS_H

#include "info/pair.h"
#include "info/var.h"

typedef struct ipl_groups {
    size_t n, k;      /* samples, classes */
    size_t least;     /* samples of the smallest class */
    uint32_t *order;  /* (n) row of the caller that is row i here; owned */
    size_t *start;    /* (k + 1) first row of each class; owned */
    size_t *at;       /* (k + 1) place of each class's Gram matrix in gram; owned */
    double *h;        /* (k) entropies of the classes; owned */
    ipl_status *fate; /* (k) what became of them; owned */
    ipl_var y;        /* (n, k) one-hot */

    ipl_var *t;                  /* what the rest is about; borrowed */
    bool centred;                /* z is there */
    ipl_scale scale;             /* of z */
    ipl_buffer z;                /* (n, d) T about its class means, in panels */
    ipl_buffer gram[IPL_SCALES]; /* per class, on its smaller side, lower triangles */
    bool filled[IPL_SCALES];
    ipl_buffer scratch; /* one matrix, or the rows of a class, per thread */
    ipl_buffer mean;    /* (d) of one class, while T streams */
} ipl_groups;

/**
 * Sort n samples by their labels.
 *
 * owner   *out belongs to the caller, for ipl_groups_release(), also on error
 * errors  IPL_E_NOMEM
 */
ipl_status ipl_groups_set(ipl_groups *out, const int32_t *labels, size_t n, ipl_work *work,
                          ipl_error *err) IPL_NODISCARD;

/** Release everything; empty groups are allowed. */
void ipl_groups_release(ipl_groups *groups);

/**
 * Turn to a variable that was just set, its rows in groups->order. While it streams and no
 * class has fewer samples than columns, its Gram matrix is the sum of those of the classes,
 * which it keeps for ipl_groups_conditional().
 */
void ipl_groups_begin(ipl_groups *groups, ipl_var *t);

/** Samples of class c. */
static inline size_t ipl_groups_size(const ipl_groups *groups, size_t c)
{
    return groups->start[c + 1] - groups->start[c];
}

/** Make z, the samples of T about their class means, unless it is there. IPL_E_NOMEM. */
ipl_status ipl_groups_centre(ipl_groups *groups, ipl_scale scale, ipl_work *work,
                             ipl_error *err) IPL_NODISCARD;

/**
 * 1/2 log det(I + beta/n Z'Z) of rows [first, first + n) of z by QR, which loses no digits;
 * NaN with a fault when LAPACK fails. IPL_E_NOMEM.
 */
ipl_status ipl_groups_entropy_qr(double *h, const ipl_groups *groups, size_t first,
                                 size_t n, double beta, ipl_work *work,
                                 ipl_error *err) IPL_NODISCARD;

/** H(T|Y) in nats, NaN with a fault when it cannot be had. IPL_E_NOMEM. */
ipl_status ipl_groups_conditional(double *h, ipl_groups *groups, ipl_scale scale,
                                  double beta, ipl_work *work,
                                  ipl_error *err) IPL_NODISCARD;

/**
 * H_W(T) in nats, NaN with a fault when it cannot be had.
 *
 * For a wide T it follows from H(T) and the residual R of the labels given T:
 *
 *     H_W = H + 1/2 log det(N^-1/2 (R + c c' / n) N^-1/2),  N = diag(c), c the class counts
 *
 * Where R has lost its digits (T knows the labels) and d > n, from the Gram matrix of the rows
 * about their class means.
 *
 * shapes  ty is the pair (T, one-hot Y)
 * errors  IPL_E_NOMEM
 */
ipl_status ipl_groups_pooled(double *h, ipl_groups *groups, ipl_pair *ty, ipl_scale scale,
                             double beta, ipl_work *work, ipl_error *err) IPL_NODISCARD;

#endif /* IPL_GROUPS_H */
