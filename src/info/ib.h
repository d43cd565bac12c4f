/**
 * The information bottleneck curve of a known joint distribution p(x, y): the most that any
 * representation T of X, made without looking at Y, can tell of Y for what it keeps of X,
 *
 *     F(R) = max { I(T;Y) : T - X - Y, I(X;T) <= R }.
 *
 *     const double p[] = {0.45, 0.05, 0.05, 0.45}; // a binary symmetric channel, (2, 2)
 *     ipl_ib_curve curve;
 *
 *     if (ipl_ib_curve_create(&curve, p, 2, 2, NULL, &err) == IPL_OK)
 *         most = ipl_ib_curve_at(&curve, 0.3);
 *     ipl_ib_curve_release(&curve);
 *
 * Everything is in nats.
 */
#ifndef IPL_IB_H
#define IPL_IB_H

#include "ipl/status.h"

#include <stddef.h>

/** How the curve is computed. */
typedef struct ipl_ib_opts {
    size_t steps;      /* values of beta, >= 2 */
    double beta_max;   /* the largest of them, > 1 */
    double tolerance;  /* nats, > 0: see ipl_ib_curve_create() */
    size_t iterations; /* at most, for each beta */
} ipl_ib_opts;

/** What a NULL pointer to options stands for. */
#define IPL_IB_DEFAULTS                                                                    \
    ((ipl_ib_opts){                                                                        \
        .steps = 200, .beta_max = 1000.0, .tolerance = 1e-10, .iterations = 100000})

/** Where a vertex of the curve comes from. */
typedef enum ipl_ib_kind {
    IPL_IB_ORIGIN,     /* T says nothing */
    IPL_IB_FIXED,      /* fixed point of the iteration at a beta */
    IPL_IB_SUFFICIENT, /* T = p(y|X), the least that says all of Y that X can */
    IPL_IB_INPUT       /* T = X */
} ipl_ib_kind;

typedef struct ipl_ib_point {
    ipl_ib_kind kind;
    double beta;       /* NaN unless kind is IPL_IB_FIXED */
    double I_XT, I_TY; /* of an encoder that was found: never above the curve */
    double gap;        /* nats, see ipl_ib_curve_create(); 0 unless IPL_IB_FIXED */
    size_t iterations; /* that it took */
} ipl_ib_point;

typedef struct ipl_ib_curve {
    ipl_ib_point *points; /* (n) owned: vertices of the concave hull, I_XT ascending */
    size_t n;
    double H_X, H_Y, I_XY;
    size_t n_groups;    /* different p(y|x) */
    size_t unconverged; /* values of beta at which the iterations ran out */
    size_t below;       /* fixed points left out: more than 1e-6 nats below the hull */
} ipl_ib_curve;

/**
 * Compute the curve by the Blahut-Arimoto iteration of the bottleneck.
 *
 *     q(t) = sum_x p(x) q(t|x),   p(y|t) = 1/q(t) sum_x p(x) q(t|x) p(y|x),
 *     q(t|x) = q(t) exp(-beta KL(p(y|x) || p(y|t))) / Z(x),
 *
 * which never raises I(X;T) - beta I(T;Y). Inputs x with the same p(y|x) share their q(t|x)
 * in every optimum, so they are made one first: T has as many values as there are different
 * p(y|x). 1/beta, which is the slope of the curve, rises from 1/beta_max to 1 in equal steps, each
 * step starting from the encoder of the last one and the first from T = X (reverse annealing:
 * started from the other side, the iteration stays at the trivial encoder). A step has converged when the
 * functional fell by less than tolerance in the last iteration and the dual gap of the
 * rate-distortion problem with these p(y|t),
 *
 *     gap = max_t log (q'(t) / q(t)),  q' after one more update of q(t|x),
 *
 * is below tolerance too. The bottleneck itself is not convex, so a fixed point may be a
 * local optimum; it is achieved by an encoder all the same.
 *
 * The curve is the upper concave hull of the fixed points, of T = nothing and of T = X:
 * between two encoders, T may be the one or the other by the toss of a coin that it shows,
 * which moves both informations along the line between them. So straight pieces, of which
 * the Lagrangian with any beta finds nothing but the ends, are part of it. When Y is a
 * function of X all of the curve is straight, I(T;Y) = min(I(X;T), H(Y)).
 *
 * shapes  p (n_x, n_y), row-major, >= 0; divided by its sum
 * owner   out is to be released; empty on error
 * errors  IPL_E_NUMERIC  an entry is negative, NaN or Inf, or all are 0
 *         IPL_E_ARG      options outside their ranges; IPL_E_NOMEM
 * cost    n_groups^2 n_y for an iteration
 * source  Tishby, Pereira and Bialek, The information bottleneck method, 1999; the gap:
 *         Blahut, IEEE Trans. Inf. Theory 18 (1972); deterministic Y: Kolchinsky, Tracey and
 *         Van Kuyk, Caveats for information bottleneck in deterministic scenarios, ICLR 2019,
 *         whose squared functional reaches the inside of straight pieces as the coin does
 */
ipl_status ipl_ib_curve_create(ipl_ib_curve *out, const double *p, size_t n_x, size_t n_y,
                               const ipl_ib_opts *opts, ipl_error *err) IPL_NODISCARD;

/** Free what a curve owns and leave it empty; an empty one is allowed. */
void ipl_ib_curve_release(ipl_ib_curve *curve);

/** F(R) by linear interpolation; I(X;Y) beyond the last vertex, 0 below the first. */
double ipl_ib_curve_at(const ipl_ib_curve *curve, double R);

#endif /* IPL_IB_H */
