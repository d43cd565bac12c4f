/**
 * Two variables measured together: H(A,B) and I(A;B), never by concatenating them when
 * something cheaper gives the same number.
 *
 * Notation: A (n, p) and B (n, q) centred samples, wa = beta_A / n, wb = beta_B / n, column
 * scalings left out,
 *
 *     M_A = I + wa A'A = L L' (order p)   or   I + wa A A' = L L' (order n)
 *     R   = B' (I + wa A A')^-1 B         the residual Gram matrix of B given A
 *     H(A,B) = H(A) + 1/2 log det(I_q + wb R)
 *
 * R does not depend on beta_B nor on the scaling of B, so one R serves every rule that
 * gives A the same weight. Which of the forms below is taken follows from n, p and q alone.
 */
#ifndef IPL_PAIR_H
#define IPL_PAIR_H

#include "info/var.h"

/** How a pair is measured. */
typedef enum ipl_form {
    IPL_JOINT_COLS,         /* I + W [A B]'[A B] whole: small orders */
    IPL_JOINT_ROWS,         /* I + wa A A' + wb B B' */
    IPL_SCHUR_COLS,         /* R = B'B - wa V'V, V = L^-1 A'B, L of order p */
    IPL_SCHUR_ROWS,         /* R = V'V, V = L^-1 B, L of order n */
    IPL_SCHUR_COLS_SWAPPED, /* the last two with A and B exchanged */
    IPL_SCHUR_ROWS_SWAPPED
} ipl_form;

enum { IPL_RESIDUALS = 8 };

typedef struct ipl_residual {
    bool used, swapped;
    ipl_scale scale;
    double beta;
    ipl_buffer r; /* (q, q), lower triangle */
    bool sound;   /* false: the factor it needs could not be had */
} ipl_residual;

typedef struct ipl_pair {
    ipl_var *a, *b;   /* borrowed */
    ipl_var *spare;   /* whose rows may be borrowed for a sum; borrowed */
    ipl_buffer cross; /* A'B (p, q) */
    bool crossed;     /* cross is there */
    bool ordered;     /* A is always eliminated first */
    size_t next_residual;
    ipl_residual residual[IPL_RESIDUALS];
} ipl_pair;

/** What a pair says, in nats. */
typedef struct ipl_joint {
    double h_a, h_b, h_ab, mi; /* NaN with a fault where there is none */
} ipl_joint;

/** Form of least cost in multiplications for A (n, p), of a whole run or not, and B (n, q). */
ipl_form ipl_pair_form(size_t n, size_t p, bool lasting, size_t q);

/**
 * Point the pair at two variables that were just set; ordered: R is wanted of B given A.
 *
 * spare  a variable of n samples that may lose its factor of order n
 */
void ipl_pair_begin(ipl_pair *pair, ipl_var *a, ipl_var *b, ipl_var *spare, bool ordered);

/** Release the buffers; an empty pair is allowed. */
void ipl_pair_release(ipl_pair *pair);

/** Entropies and information of the pair, a weight for each. IPL_E_NOMEM. */
ipl_status ipl_pair_measure(ipl_joint *out, ipl_pair *pair, ipl_scale scale, double beta_a,
                            double beta_b, ipl_work *work, ipl_error *err) IPL_NODISCARD;

/**
 * R of B given A, A scaled as `scale` says, B as it is.
 *
 * owner   *r (q, q), lower triangle, is the pair's; NULL when the factor of A cannot be
 *         trusted
 * errors  IPL_E_NOMEM
 */
ipl_status ipl_pair_residual(const double **r, ipl_pair *pair, ipl_scale scale,
                             double beta_a, ipl_work *work, ipl_error *err) IPL_NODISCARD;

/** A'B into pair->cross unless it is there. IPL_E_NOMEM. */
ipl_status ipl_pair_cross(ipl_pair *pair, ipl_work *work, ipl_error *err) IPL_NODISCARD;

#endif /* IPL_PAIR_H */
