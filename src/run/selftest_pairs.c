/*
 * Self test of pairs of variables. Columns of a Hadamard matrix have exact covariances: with
 * A and W of orthogonal columns of variance 1,
 *
 *     X = A, r_X times side by side
 *     T = 0.6 A + 0.8 W, and W where A has no more columns, r_T times
 *
 * LogDet of r equal columns has r beta in the place of beta, so that
 *
 *     I(X;T) = -1/2 sum_k log(1 - q_k b c / ((1 + b)(1 + c))),  b = r_X beta_X, c = r_T beta_T
 *
 * over the columns of T, q = 0.36 where A has a share in them, else 0. W is the first layer
 * and T the second, so that I_prev is the same with q = 0.64 or 1 and b = beta_W. The shapes
 * are such that each form of info/pair.h is taken, and the rules of beta are told apart by
 * the widths of the first one.
 */
#include "base/alloc.h"
#include "run/selftest_parts.h"

#include <math.h>
#include <stdio.h>

#define EXACT 1e-9

typedef struct shape {
    const char *form;
    size_t n, a, r_x, w, r_t; /* samples; columns of A, their copies; of W, their copies */
} shape;

static const shape shapes[] = {
    {"whole, by columns", 64, 3, 1, 5, 1},
    {"whole, by rows", 64, 20, 2, 20, 2},
    {"residual, by columns", 256, 80, 1, 60, 1},
    {"residual, by rows", 256, 100, 3, 20, 1},
    {"exchanged, by columns", 256, 8, 1, 160, 1},
    {"exchanged, by rows", 256, 20, 1, 100, 3},
    {"read again, by columns", 16384, 3, 1, 3, 1},
};

/* Weights of X and T in I(X;T), of W and T in I_prev. */
typedef struct rule {
    const char *estimator;
    bool all_shapes; /* else the first */
    double x, t, before, after;
} rule;

static const rule rules[] = {
    {"logdet:beta=3", true, 3, 3, 3, 3},
    {"logdet:scale=corr,beta=3", true, 3, 3, 3, 3},
    {"logdet:beta=rd", false, 300, 300, 300, 300},
    {"logdet:beta=own", false, 300, 500, 500, 500},
    {"logdet:beta=sum", false, 800, 800, 1000, 1000},
};

/* Variables of a shape; x, w and t are owned. */
typedef struct variables {
    double *x, *w, *t;
    int32_t *y;
} variables;

static void release(variables *v)
{
    ipl_free(v->y);
    ipl_free(v->t);
    ipl_free(v->w);
    ipl_free(v->x);
}

/* Columns 1 ... of the matrix are A, the next ones W; labels are the first two bits of i. */
static ipl_status make(variables *v, const shape *s, ipl_error *err)
{
    const size_t a = s->a, w = s->w, d_x = a * s->r_x, d_t = w * s->r_t;

    v->x = ipl_array(s->n, d_x, sizeof *v->x, err);
    v->w = ipl_array(s->n, w, sizeof *v->w, err);
    v->t = ipl_array(s->n, d_t, sizeof *v->t, err);
    v->y = ipl_array(s->n, 1, sizeof *v->y, err);
    if (!v->x || !v->w || !v->t || !v->y)
        return IPL_E_NOMEM;
    for (size_t i = 0; i < s->n; i++) {
        v->y[i] = (int32_t)(i % 4);
        for (size_t r = 0; r < s->r_x; r++)
            for (size_t k = 0; k < a; k++)
                v->x[i * d_x + r * a + k] = ipl_selftest_hadamard(i, 1 + k);
        for (size_t j = 0; j < w; j++)
            v->w[i * w + j] = ipl_selftest_hadamard(i, 1 + a + j);
        for (size_t r = 0; r < s->r_t; r++)
            for (size_t k = 0; k < w; k++) {
                const double own = v->w[i * w + k];

                v->t[i * d_t + r * w + k] =
                    k < a ? 0.6 * ipl_selftest_hadamard(i, 1 + k) + 0.8 * own : own;
            }
    }
    return IPL_OK;
}

/* I of n columns whose squared correlation is q, weights b and c. */
static double information(size_t n, double q, double b, double c)
{
    return -0.5 * (double)n * log(1.0 - q * b * c / ((1.0 + b) * (1.0 + c)));
}

static ipl_status test_shape(ipl_selftest_sink *sink, const shape *s, const rule *r,
                             ipl_error *err)
{
    const ipl_plane_opts opts = {.estimators = &r->estimator, .n_estimators = 1};
    const size_t d_x = s->a * s->r_x, d_t = s->w * s->r_t;
    const size_t shared = s->a < s->w ? s->a : s->w;
    const double b = r->x * (double)s->r_x, c = r->t * (double)s->r_t;
    const double after = r->after * (double)s->r_t;
    const double h_x = 0.5 * (double)s->a * log1p(b), h_t = 0.5 * (double)s->w * log1p(c);
    const double i_xt = information(shared, 0.36, b, c);
    const double i_prev = information(shared, 0.64, r->before, after) +
                          information(s->w - shared, 1.0, r->before, after);
    const struct {
        const char *measure, *shown;
        double expected;
    } rows[] = {{"I_XT", "I(X;T)", i_xt},
                {"H_XT", "H(X,T)", h_x + h_t - i_xt},
                {"I_prev", "I_prev", i_prev}};
    variables v = {0};
    ipl_plane *plane = NULL;
    ipl_measures m[2];
    ipl_status st = make(&v, s, err);

    if (st == IPL_OK)
        st = ipl_plane_create(&plane, &opts, ipl_cmat_f64(v.x, s->n, d_x), v.y, err);
    if (st == IPL_OK) {
        const ipl_cmat layers[] = {ipl_cmat_f64(v.w, s->n, s->w),
                                   ipl_cmat_f64(v.t, s->n, d_t)};

        st = ipl_plane_measure(m, plane, layers, 2, err);
    }
    for (size_t k = 0; k < sizeof rows / sizeof rows[0] && st == IPL_OK; k++) {
        char what[64];
        ipl_selftest_row row = {.estimator = r->estimator,
                                .what = what,
                                .expected = rows[k].expected,
                                .obtained = ipl_selftest_get(&m[1], rows[k].measure),
                                .tolerance = EXACT};

        (void)snprintf(what, sizeof what, "%s, %s", s->form, rows[k].shown);
        ipl_selftest_tell(sink, &row);
    }
    ipl_plane_destroy(plane);
    release(&v);
    return st;
}

ipl_status ipl_selftest_pairs(ipl_selftest_sink *sink, ipl_error *err)
{
    ipl_status st = IPL_OK;

    for (size_t r = 0; r < sizeof rules / sizeof rules[0]; r++)
        for (size_t i = 0; i < sizeof shapes / sizeof shapes[0] && st == IPL_OK; i++)
            if (i == 0 || rules[r].all_shapes)
                st = test_shape(sink, &shapes[i], &rules[r], err);
    return st;
}
