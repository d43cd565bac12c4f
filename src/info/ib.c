#include "info/ib.h"

#include "base/alloc.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* p(y|x) that agree to this step are the same. */
#define SAME 0x1p-40

/* Fixed points further below the hull are counted. */
#define BELOW 1e-6

/* Points beside the fixed ones: T = nothing, T = p(y|X), T = X. */
enum { ENDS = 3 };

/* Groups of inputs with one p(y|x) each, and the encoder of them. */
typedef struct bottleneck {
    size_t S, Y;     /* groups, which are the values of T too; values of y */
    double *p;       /* (S) mass of a group */
    double *cond;    /* (S, Y) p(y|s) */
    double *y;       /* (Y) p(y) */
    double *own;     /* (S) sum_y p(y|s) log p(y|s) */
    double *q;       /* (S, S) q(t|s) */
    double *mass;    /* (S) q(t) */
    double *decoder; /* (S, Y) p(y|t) */
    double *log_dec; /* (S, Y) its logarithm */
} bottleneck;

static void bottleneck_release(bottleneck *b)
{
    ipl_free(b->p);
    ipl_free(b->cond);
    ipl_free(b->y);
    ipl_free(b->own);
    ipl_free(b->q);
    ipl_free(b->mass);
    ipl_free(b->decoder);
    ipl_free(b->log_dec);
}

/* x log x, 0 at 0. */
static double xlogx(double x)
{
    return x > 0.0 ? x * log(x) : 0.0;
}

/* One input x while inputs are sorted. */
typedef struct input {
    const double *row; /* (Y) of the joint */
    double mass;
    size_t Y;
} input;

static double rounded(const input *x, size_t y)
{
    return round(x->row[y] / x->mass / SAME);
}

static int compare_inputs(const void *a, const void *b)
{
    const input *x = a, *z = b;

    for (size_t y = 0; y < x->Y; y++) {
        const double u = rounded(x, y), v = rounded(z, y);

        if (u < v || u > v)
            return u < v ? -1 : 1;
    }
    return 0;
}

/* Sum of all entries, or 0 when one of them is no mass. */
static double total_of(const double *p, size_t n)
{
    double total = 0.0;

    for (size_t i = 0; i < n; i++) {
        if (!isfinite(p[i]) || p[i] < 0.0)
            return 0.0;
        total += p[i];
    }
    return isfinite(total) ? total : 0.0;
}

/* Collect the inputs that have a mass, sorted by p(y|x); H(X) by the way. */
static size_t collect(input *inputs, double *H_X, const double *p, size_t n_x, size_t n_y,
                      double total)
{
    size_t n = 0;

    *H_X = 0.0;
    for (size_t x = 0; x < n_x; x++) {
        const double *row = p + x * n_y;
        double mass = 0.0;

        for (size_t y = 0; y < n_y; y++)
            mass += row[y];
        *H_X -= xlogx(mass / total);
        if (mass > 0.0)
            inputs[n++] = (input){row, mass, n_y};
    }
    qsort(inputs, n, sizeof *inputs, compare_inputs);
    return n;
}

static ipl_status reserve(bottleneck *b, ipl_error *err)
{
    b->p = ipl_array(b->S, 1, sizeof *b->p, err);
    b->cond = ipl_array(b->S, b->Y, sizeof *b->cond, err);
    b->y = ipl_array(b->Y, 1, sizeof *b->y, err);
    b->own = ipl_array(b->S, 1, sizeof *b->own, err);
    b->q = ipl_array(b->S, b->S, sizeof *b->q, err);
    b->mass = ipl_array(b->S, 1, sizeof *b->mass, err);
    b->decoder = ipl_array(b->S, b->Y, sizeof *b->decoder, err);
    b->log_dec = ipl_array(b->S, b->Y, sizeof *b->log_dec, err);
    return b->p && b->cond && b->y && b->own && b->q && b->mass && b->decoder && b->log_dec
               ? IPL_OK
               : IPL_E_NOMEM;
}

/* Make inputs with one p(y|x) one. */
static ipl_status group(bottleneck *b, const input *inputs, size_t n, double total,
                        ipl_error *err)
{
    ipl_status st;

    for (size_t i = 0; i < n; i++)
        b->S += i == 0 || compare_inputs(&inputs[i - 1], &inputs[i]) != 0;
    st = reserve(b, err);
    if (st != IPL_OK)
        return st;
    memset(b->cond, 0, b->S * b->Y * sizeof *b->cond);
    memset(b->p, 0, b->S * sizeof *b->p);
    memset(b->y, 0, b->Y * sizeof *b->y);
    for (size_t i = 0, s = 0; i < n; i++) {
        s += i > 0 && compare_inputs(&inputs[i - 1], &inputs[i]) != 0;
        b->p[s] += inputs[i].mass / total;
        for (size_t y = 0; y < b->Y; y++)
            b->cond[s * b->Y + y] += inputs[i].row[y] / total;
    }
    for (size_t s = 0; s < b->S; s++) {
        b->own[s] = 0.0;
        for (size_t y = 0; y < b->Y; y++) {
            b->y[y] += b->cond[s * b->Y + y];
            b->cond[s * b->Y + y] /= b->p[s];
            b->own[s] += xlogx(b->cond[s * b->Y + y]);
        }
    }
    return IPL_OK;
}

/* q(t) and p(y|t) of the encoder; a value of T without mass keeps its decoder. */
static void decode(bottleneck *b)
{
    const size_t S = b->S, Y = b->Y;

    for (size_t t = 0; t < S; t++) {
        double mass = 0.0;

        for (size_t s = 0; s < S; s++)
            mass += b->p[s] * b->q[s * S + t];
        b->mass[t] = mass;
        for (size_t y = 0; y < Y && mass > 0.0; y++) {
            double joint = 0.0;

            for (size_t s = 0; s < S; s++)
                joint += b->p[s] * b->q[s * S + t] * b->cond[s * Y + y];
            b->decoder[t * Y + y] = joint / mass;
            b->log_dec[t * Y + y] = log(joint / mass);
        }
    }
}

/* KL(p(y|s) || p(y|t)). */
static double divergence(const bottleneck *b, size_t s, size_t t)
{
    double sum = b->own[s];

    for (size_t y = 0; y < b->Y; y++)
        if (b->cond[s * b->Y + y] > 0.0)
            sum -= b->cond[s * b->Y + y] * b->log_dec[t * b->Y + y];
    return sum;
}

/*
 * q(t|s) = q(t) exp(-beta KL) / Z(s), in logarithms against the largest. A group whose own
 * value of T is among the possible ones always has a finite term, so Z > 0.
 */
static void encode(bottleneck *b, double beta)
{
    const size_t S = b->S;

    for (size_t s = 0; s < S; s++) {
        double *q = b->q + s * S, most = -HUGE_VAL, Z = 0.0;

        for (size_t t = 0; t < S; t++) {
            q[t] =
                b->mass[t] > 0.0 ? log(b->mass[t]) - beta * divergence(b, s, t) : -HUGE_VAL;
            most = fmax(most, q[t]);
        }
        for (size_t t = 0; t < S; t++) {
            q[t] = exp(q[t] - most);
            Z += q[t];
        }
        for (size_t t = 0; t < S; t++)
            q[t] /= Z;
    }
}

/* I(X;T) and I(T;Y) of the encoder, decoded. */
static void measure(double *I_XT, double *I_TY, const bottleneck *b)
{
    double keeps = 0.0, tells = 0.0;

    for (size_t t = 0; t < b->S; t++) {
        for (size_t s = 0; s < b->S; s++) {
            const double q = b->q[s * b->S + t];

            if (q > 0.0)
                keeps += b->p[s] * q * log(q / b->mass[t]);
        }
        for (size_t y = 0; y < b->Y && b->mass[t] > 0.0; y++)
            if (b->decoder[t * b->Y + y] > 0.0)
                tells += b->mass[t] * b->decoder[t * b->Y + y] *
                         (b->log_dec[t * b->Y + y] - log(b->y[y]));
    }
    *I_XT = fmax(keeps, 0.0);
    *I_TY = fmax(tells, 0.0);
}

/* Iterate at one beta; old (S) is scratch. */
static bool settle(ipl_ib_point *point, bottleneck *b, double beta, const ipl_ib_opts *opts,
                   double *old)
{
    double F = HUGE_VAL;
    bool converged = false;

    *point = (ipl_ib_point){.kind = IPL_IB_FIXED, .beta = beta};
    while (point->iterations < opts->iterations && !converged) {
        const double before = F;

        memcpy(old, b->mass, b->S * sizeof *old);
        encode(b, beta);
        decode(b);
        measure(&point->I_XT, &point->I_TY, b);
        F = point->I_XT - beta * point->I_TY;
        point->gap = 0.0;
        for (size_t t = 0; t < b->S; t++)
            if (old[t] > 0.0 && b->mass[t] > 0.0)
                point->gap = fmax(point->gap, log(b->mass[t] / old[t]));
        point->iterations++;
        converged = before - F < opts->tolerance && point->gap < opts->tolerance;
    }
    return converged;
}

/* By I(X;T), then the higher I(T;Y), then the origin and the other ends first. */
static int compare_points(const void *a, const void *b)
{
    const ipl_ib_point *p = a, *q = b;

    if (p->I_XT < q->I_XT || p->I_XT > q->I_XT)
        return p->I_XT < q->I_XT ? -1 : 1;
    if (p->I_TY < q->I_TY || p->I_TY > q->I_TY)
        return p->I_TY > q->I_TY ? -1 : 1;
    return (p->kind == IPL_IB_FIXED) - (q->kind == IPL_IB_FIXED);
}

/* Whether b lies on or below the line from a to c, to rounding. */
static bool is_covered(const ipl_ib_point *a, const ipl_ib_point *b, const ipl_ib_point *c)
{
    return (b->I_XT - a->I_XT) * (c->I_TY - a->I_TY) >=
           (c->I_XT - a->I_XT) * (b->I_TY - a->I_TY) - 1e-15;
}

/* Keep the vertices of the upper concave hull of sorted points; the first is the origin. */
static size_t hull(ipl_ib_point *points, size_t n)
{
    size_t kept = 1;

    for (size_t i = 1; i < n; i++) {
        const ipl_ib_point next = points[i];

        /* What says no more than a point that keeps less is no vertex, but for the end. */
        if (next.kind != IPL_IB_INPUT && next.I_TY <= points[kept - 1].I_TY)
            continue;
        while (kept > 1 && is_covered(&points[kept - 2], &points[kept - 1], &next))
            kept--;
        points[kept++] = next;
    }
    return kept;
}

double ipl_ib_curve_at(const ipl_ib_curve *curve, double R)
{
    for (size_t i = 1; i < curve->n; i++) {
        const ipl_ib_point *a = &curve->points[i - 1], *b = &curve->points[i];

        if (R <= b->I_XT)
            return R <= a->I_XT ? a->I_TY
                                : a->I_TY + (b->I_TY - a->I_TY) * (R - a->I_XT) /
                                                (b->I_XT - a->I_XT);
    }
    return curve->n > 0 ? curve->points[curve->n - 1].I_TY : 0.0;
}

/* Sweep beta down and take the hull of what it finds. */
static ipl_status sweep(ipl_ib_curve *out, bottleneck *b, const ipl_ib_opts *opts,
                        ipl_error *err)
{
    const ipl_ib_point end = {.kind = IPL_IB_ORIGIN, .beta = (double)NAN};
    ipl_ib_point *found = ipl_array(opts->steps + ENDS, 1, sizeof *found, err);
    double *old = ipl_array(b->S, 1, sizeof *old, err);
    size_t n = opts->steps;
    ipl_status st = IPL_E_NOMEM;

    out->points = ipl_array(n + ENDS, 1, sizeof *out->points, err);
    if (!found || !old || !out->points)
        goto done;
    memset(b->q, 0, b->S * b->S * sizeof *b->q);
    for (size_t s = 0; s < b->S; s++)
        b->q[s * b->S + s] = 1.0;
    decode(b);
    found[n++] = end;
    found[n] = end;
    found[n].kind = IPL_IB_SUFFICIENT;
    measure(&found[n].I_XT, &found[n].I_TY, b);
    out->I_XY = found[n].I_TY;
    n++;
    if (out->H_X > found[n - 1].I_XT + SAME) {
        found[n] = found[n - 1];
        found[n].kind = IPL_IB_INPUT;
        found[n++].I_XT = out->H_X;
    }
    for (size_t i = 0; i < opts->steps; i++) {
        const double share = (double)i / (double)(opts->steps - 1);
        const double slope = 1.0 / opts->beta_max + share * (1.0 - 1.0 / opts->beta_max);

        out->unconverged += !settle(&found[i], b, 1.0 / slope, opts, old);
    }
    memcpy(out->points, found, n * sizeof *found);
    qsort(out->points, n, sizeof *out->points, compare_points);
    out->n = hull(out->points, n);
    for (size_t i = 0; i < opts->steps; i++)
        out->below += found[i].I_TY < ipl_ib_curve_at(out, found[i].I_XT) - BELOW;
    st = IPL_OK;
done:
    ipl_free(old);
    ipl_free(found);
    return st;
}

ipl_status ipl_ib_curve_create(ipl_ib_curve *out, const double *p, size_t n_x, size_t n_y,
                               const ipl_ib_opts *opts, ipl_error *err)
{
    const ipl_ib_opts defaults = IPL_IB_DEFAULTS;
    const double total = total_of(p, n_x * n_y);
    bottleneck b = {.Y = n_y};
    input *inputs = NULL;
    ipl_status st = IPL_E_NOMEM;

    *out = (ipl_ib_curve){0};
    opts = opts ? opts : &defaults;
    if (opts->steps < 2 || !(opts->beta_max > 1.0) || !(opts->tolerance > 0.0) ||
        opts->iterations < 1)
        return ipl_fail(err, IPL_E_ARG,
                        "bottleneck: want steps >= 2, beta > 1, tolerance > 0");
    if (!(total > 0.0))
        return ipl_fail(err, IPL_E_NUMERIC,
                        "joint distribution: an entry is negative or no number, or all "
                        "are 0");
    inputs = ipl_array(n_x, 1, sizeof *inputs, err);
    if (inputs)
        st = group(&b, inputs, collect(inputs, &out->H_X, p, n_x, n_y, total), total, err);
    if (st == IPL_OK)
        st = sweep(out, &b, opts, err);
    for (size_t y = 0; y < n_y && st == IPL_OK; y++)
        out->H_Y -= xlogx(b.y[y]);
    out->n_groups = b.S;
    bottleneck_release(&b);
    ipl_free(inputs);
    if (st != IPL_OK)
        ipl_ib_curve_release(out);
    return st;
}

void ipl_ib_curve_release(ipl_ib_curve *curve)
{
    ipl_free(curve->points);
    *curve = (ipl_ib_curve){0};
}
