#include "base/alloc.h"
#include "info/est.h"
#include "info/rows.h"
#include "info/shuffle.h"
#include "info/twins.h"
#include "math/linalg.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MAX_LENGTH = 32, CAUTION_MAX = 256, CLASSES_EXPECTED = 10 };

/* A text that was chosen: its row, its options, and how it is written in full. */
typedef struct chosen {
    ipl_spec spec;
    const ipl_estimator_ops *ops;
    ipl_text text;
} chosen;

struct ipl_plane {
    chosen *estimators;
    size_t n_estimators;
    ipl_unit unit;
    ipl_var x, layer[2]; /* this layer and the one before take turns */
    char name[2][NAME_MAX_LENGTH];
    ipl_groups groups;
    ipl_scene scene;
    ipl_shuffle shuffle;            /* without repeats: no baseline */
    ipl_measures *drawn;            /* (n_estimators) of one shuffle */
    char fault_of_x[IPL_FAULT_MAX]; /* work.fault of what is measured of X alone */
    double *rank;                   /* effective rank of every layer last measured */
    size_t n_ranks, rank_room;
    ipl_twins twins;    /* of x, when an estimator takes T as a function of it */
    size_t odd_layer;   /* first layer that is none, from 1; 0: not seen */
    char *doubt;        /* text that ipl_plane_doubt() writes */
    char *caution;      /* text that ipl_plane_caution() writes */
    bool (*quit)(void); /* whether to give up; NULL: never */
};

/* clang-format off */
#define ROW(field, is_information)                                                     \
    {.name = #field, .offset = offsetof(ipl_measures, field), .information = (is_information)}
/* clang-format on */

const ipl_measure_row ipl_measure_table[] = {
    ROW(H_X, true),
    ROW(H_T, true),
    ROW(H_XT, true),
    ROW(I_XT, true),
    ROW(H_X_given_T, true),
    ROW(H_Y, true),
    ROW(H_TY, true),
    ROW(I_TY, true),
    ROW(H_T_given_Y, true),
    ROW(I_TY_cond, true),
    ROW(I_TY_pooled, true),
    ROW(I_prev, true),
    ROW(beta_X, false),
    ROW(beta_T, false),
    ROW(I_XT_null, true),
    ROW(I_TY_null, true),
    ROW(I_TY_cond_null, true),
    {.name = NULL},
};

double ipl_measures_get(const ipl_measures *m, const ipl_measure_row *row)
{
    double value = (double)NAN;

    if (!m || !row || !row->name)
        return value;
    memcpy(&value, (const char *)m + row->offset, sizeof value);
    return value;
}

static void set_measure(ipl_measures *m, const ipl_measure_row *row, double value)
{
    memcpy((char *)m + row->offset, &value, sizeof value);
}

static ipl_status choose(chosen *out, const char *text, ipl_error *err)
{
    ipl_status st = ipl_spec_create(&out->spec, "estimator", ipl_estimator_row, text, err);

    if (st != IPL_OK)
        return st;
    out->ops = ipl_estimator_table[out->spec.index];
    if (out->ops->check)
        st = out->ops->check(out->spec.self, err);
    if (st != IPL_OK)
        return st;
    ipl_spec_print(&out->text, &out->spec);
    return ipl_text_status(&out->text, err);
}

static ipl_status choose_all(ipl_plane *plane, const ipl_plane_opts *opts, ipl_error *err)
{
    ipl_status st = IPL_OK;

    plane->estimators = ipl_array(opts->n_estimators, 1, sizeof *plane->estimators, err);
    if (!plane->estimators)
        return IPL_E_NOMEM;
    plane->n_estimators = opts->n_estimators;
    for (size_t k = 0; k < opts->n_estimators && st == IPL_OK; k++)
        st = choose(&plane->estimators[k], opts->estimators[k], err);
    return st;
}

/* Room for what is kept per layer. */
static ipl_status reserve_ranks(ipl_plane *plane, size_t n_layers, ipl_error *err)
{
    double *room;

    plane->n_ranks = 0;
    if (n_layers <= plane->rank_room)
        return IPL_OK;
    room = ipl_array(n_layers, 1, sizeof *room, err);
    if (!room)
        return IPL_E_NOMEM;
    ipl_free(plane->rank);
    plane->rank = room;
    plane->rank_room = n_layers;
    return IPL_OK;
}

/* Keep the samples as given when an estimator reads them so. */
static bool wants_given(const ipl_plane *plane)
{
    bool wanted = false;

    for (size_t k = 0; k < plane->n_estimators; k++)
        wanted = wanted || plane->estimators[k].ops->wants_given;
    return wanted;
}

/* First estimator that takes T as a function of X, NULL: none. */
static const char *text_of_map(const ipl_plane *plane)
{
    for (size_t k = 0; k < plane->n_estimators; k++)
        if (plane->estimators[k].ops->takes_map)
            return plane->estimators[k].text.s;
    return NULL;
}

/* Whether the estimator that a text names does without the samples. */
static bool may_stream(const char *text)
{
    const size_t length = strcspn(text, ":");

    for (const ipl_estimator_ops *const *ops = ipl_estimator_table; *ops; ops++)
        if (strlen((*ops)->row.name) == length &&
            memcmp((*ops)->row.name, text, length) == 0)
            return (*ops)->may_stream;
    return false;
}

static size_t widest_of(const ipl_plane_opts *opts, size_t d_X)
{
    size_t widest = d_X;

    for (size_t l = 0; l < opts->n_layers; l++)
        widest = opts->widths[l] > widest ? opts->widths[l] : widest;
    return widest;
}

/* Whether X (n, d_X) and the layers are read again and again instead of kept. */
static bool streams(const ipl_plane_opts *opts, size_t n, size_t d_X)
{
    bool able = opts->x_stays && opts->widths && opts->null_repeats == 0;

    for (size_t k = 0; able && k < opts->n_estimators; k++)
        able = may_stream(opts->estimators[k]);
    return able && ipl_rows_stream(n, widest_of(opts, d_X));
}

static ipl_status take_input(ipl_plane *plane, const ipl_plane_opts *opts, ipl_cmat x,
                             const int32_t *y, ipl_error *err)
{
    ipl_scene *scene = &plane->scene;
    ipl_status st = IPL_OK;

    if (x.rows == 0 || x.cols == 0)
        return ipl_fail(err, IPL_E_SHAPE,
                        "an input of %zu x %zu: want a sample and a column at least",
                        x.rows, x.cols);
    plane->x.name = "X";
    plane->x.lasting = true;
    plane->x.keep_given = wants_given(plane);
    plane->layer[0].keep_given = plane->layer[1].keep_given = plane->x.keep_given;
    plane->x.streams = streams(opts, x.rows, x.cols);
    plane->layer[0].streams = plane->layer[1].streams = plane->x.streams;
    scene->x = &plane->x;
    for (size_t m = 0; m < IPL_METRICS; m++)
        ipl_distance_begin(&scene->dx[m], scene->x, (ipl_metric)m);
    if (y) {
        st = ipl_groups_set(&plane->groups, y, x.rows, &scene->work, err);
        if (st != IPL_OK)
            return st;
        scene->groups = &plane->groups;
    }
    return ipl_var_set(&plane->x, x, y ? plane->groups.order : NULL, &scene->work, err);
}

/* Whether a layer of these widths is measured with the column side of the input. */
static bool needs_columns(size_t n, size_t d_X, const size_t *widths, size_t n_layers)
{
    for (size_t l = 0; l < n_layers; l++) {
        const ipl_form form = ipl_pair_form(n, d_X, true, widths[l]);

        if (form != IPL_JOINT_ROWS && form != IPL_SCHUR_ROWS)
            return true;
    }
    return n_layers == 0;
}

/* What a null baseline needs beside. */
static ipl_status prepare_null(ipl_plane *plane, const ipl_plane_opts *opts, ipl_error *err)
{
    if (opts->null_repeats == 0)
        return IPL_OK;
    plane->drawn = ipl_array(plane->n_estimators, 1, sizeof *plane->drawn, err);
    if (!plane->drawn)
        return IPL_E_NOMEM;
    return ipl_shuffle_set(&plane->shuffle, opts->null_repeats, opts->null_seed, plane->x.n,
                           plane->scene.groups, err);
}

/* Whether a matrix is what it should be: one array, of a size that can be. */
static ipl_status check_matrix(const ipl_cmat *m, const char *name, ipl_error *err)
{
    size_t count;

    if (!m->f32 == !m->f64)
        return ipl_fail(err, IPL_E_ARG, "%s: want one of f32 and f64, the other NULL",
                        name);
    if (ipl_mul_overflows(&count, m->rows, m->cols))
        return ipl_fail(err, IPL_E_SHAPE, "%s: %zu x %zu overflows", name, m->rows,
                        m->cols);
    return IPL_OK;
}

static ipl_status check_create(ipl_plane **out, const ipl_plane_opts *opts,
                               const ipl_cmat *x, ipl_error *err)
{
    if (out)
        *out = NULL;
    if (!out || !opts || !opts->estimators)
        return ipl_fail(err, IPL_E_ARG, "ipl_plane_create: %s is NULL",
                        !out    ? "out"
                        : !opts ? "opts"
                                : "the list of estimators");
    for (size_t k = 0; k < opts->n_estimators; k++)
        if (!opts->estimators[k])
            return ipl_fail(err, IPL_E_ARG, "estimator %zu is NULL", k);
    return check_matrix(x, "X", err);
}

ipl_status ipl_plane_create(ipl_plane **out, const ipl_plane_opts *opts, ipl_cmat x,
                            const int32_t *y, ipl_error *err)
{
    ipl_plane *plane = NULL;
    ipl_status st = check_create(out, opts, &x, err);

    if (st != IPL_OK)
        return st;
    st = IPL_E_NOMEM;
    plane = ipl_array(1, 1, sizeof *plane, err);
    if (!plane)
        goto done;
    plane->caution = ipl_array(CAUTION_MAX, 1, 1, err);
    plane->doubt = ipl_array(CAUTION_MAX, 1, 1, err);
    if (!plane->caution || !plane->doubt)
        goto done;
    plane->unit = opts->unit;
    plane->scene.seed = opts->null_seed;
    plane->scene.work.pool = opts->pool;
    ipl_blas_start();
    st = choose_all(plane, opts, err);
    if (st == IPL_OK)
        st = take_input(plane, opts, x, y, err);
    if (st == IPL_OK && text_of_map(plane))
        st = ipl_twins_find(&plane->twins, &x, err);
    if (st == IPL_OK)
        st = prepare_null(plane, opts, err);
    if (st == IPL_OK)
        st = reserve_ranks(plane, opts->n_layers, err);
    for (size_t k = 0; k < opts->n_estimators && st == IPL_OK; k++) {
        const chosen *e = &plane->estimators[k];

        plane->scene.work.estimator = e->text.s;
        if (e->ops->prepare)
            st = e->ops->prepare(e->spec.self, &plane->scene, err);
    }
    memcpy(plane->fault_of_x, plane->scene.work.fault, sizeof plane->fault_of_x);
    if (st != IPL_OK)
        goto done;
    /* H(X) is known now: on the sample side nothing else asks for these d_X^2 doubles. */
    if (opts->widths && !needs_columns(x.rows, x.cols, opts->widths, opts->n_layers))
        ipl_var_drop_columns(&plane->x);

    *out = plane;
    plane = NULL; /* now the caller's */
done:
    ipl_plane_destroy(plane);
    return st;
}

void ipl_plane_destroy(ipl_plane *plane)
{
    if (!plane)
        return;
    ipl_free(plane->caution);
    ipl_free(plane->doubt);
    ipl_twins_release(&plane->twins);
    ipl_free(plane->rank);
    ipl_free(plane->drawn);
    ipl_shuffle_release(&plane->shuffle);
    for (size_t m = 0; m < IPL_METRICS; m++) {
        ipl_distance_release(&plane->scene.dt[m]);
        ipl_distance_release(&plane->scene.dx[m]);
    }
    ipl_buffer_release(&plane->scene.values);
    ipl_subset_release(&plane->scene.subset);
    ipl_pair_release(&plane->scene.ty);
    ipl_pair_release(&plane->scene.bt);
    ipl_pair_release(&plane->scene.xt);
    ipl_work_release(&plane->scene.work);
    ipl_groups_release(&plane->groups);
    ipl_var_release(&plane->layer[1]);
    ipl_var_release(&plane->layer[0]);
    ipl_var_release(&plane->x);
    for (size_t k = 0; k < plane->n_estimators; k++) {
        ipl_text_release(&plane->estimators[k].text);
        ipl_spec_release(&plane->estimators[k].spec);
    }
    ipl_free(plane->estimators);
    ipl_free(plane);
}

void ipl_plane_use_quit(ipl_plane *plane, bool (*quit)(void))
{
    if (plane)
        plane->quit = quit;
}

void ipl_plane_use_pool(ipl_plane *plane, struct ipl_pool *pool)
{
    if (plane)
        plane->scene.work.pool = pool;
}

/* Number of the wanted unit in one of the estimator's own. */
static double unit_factor(const ipl_plane *plane, const ipl_estimator_ops *ops)
{
    const bool bits = strcmp(ops->unit, "bits") == 0;

    if (plane->unit == IPL_UNIT_NATS && bits)
        return log(2.0);
    if (plane->unit == IPL_UNIT_BITS && !bits)
        return 1.0 / log(2.0);
    return 1.0;
}

/* Point the scene at t, its samples in place, after `before`; spare as in pair.h. */
static void set_scene(ipl_plane *plane, ipl_var *t, ipl_var *before, ipl_var *spare)
{
    ipl_scene *scene = &plane->scene;

    scene->t = t;
    scene->before = before;
    ipl_pair_begin(&scene->xt, scene->x, t, spare, false);
    ipl_pair_begin(&scene->bt, before, t, spare, false);
    for (size_t m = 0; m < IPL_METRICS; m++)
        ipl_distance_begin(&scene->dt[m], t, (ipl_metric)m);
    if (scene->groups) {
        ipl_pair_begin(&scene->ty, t, &plane->groups.y, spare, true);
        ipl_groups_begin(scene->groups, t);
    }
}

/* Take layer l. */
static ipl_status enter_layer(ipl_plane *plane, const ipl_cmat *t, size_t l, ipl_error *err)
{
    ipl_scene *scene = &plane->scene;
    ipl_var *now = &plane->layer[l % 2], *other = &plane->layer[(l + 1) % 2];
    char *name = plane->name[l % 2];
    ipl_status st;

    (void)snprintf(name, sizeof plane->name[0], "layer %zu", l + 1);
    now->name = name;
    if (t->rows != plane->x.n || t->cols == 0)
        return ipl_fail(err, IPL_E_SHAPE, "%s: %zu x %zu, but the input has %zu samples",
                        name, t->rows, t->cols, plane->x.n);
    st =
        ipl_var_set(now, *t, scene->groups ? plane->groups.order : NULL, &scene->work, err);
    if (st == IPL_OK)
        set_scene(plane, now, l == 0 ? &plane->x : other, other);
    return st;
}

static ipl_status measure_layer(ipl_measures *out, ipl_plane *plane, ipl_error *err)
{
    ipl_status st = IPL_OK;

    for (size_t k = 0; k < plane->n_estimators && st == IPL_OK; k++) {
        const chosen *e = &plane->estimators[k];
        const double factor = unit_factor(plane, e->ops);

        for (const ipl_measure_row *row = ipl_measure_table; row->name; row++)
            set_measure(&out[k], row, (double)NAN);
        plane->scene.work.estimator = e->text.s;
        if (plane->quit && plane->quit())
            return ipl_fail(err, IPL_E_IO, "given up");
        st = e->ops->measure(&out[k], e->spec.self, &plane->scene, err);
        for (const ipl_measure_row *row = ipl_measure_table; row->name; row++)
            if (row->information)
                set_measure(&out[k], row, factor * ipl_measures_get(&out[k], row));
    }
    return st;
}

/* (tr S)^2 / tr S^2 of the present layer, from its smaller Gram matrix. */
static ipl_status measure_rank(double *out, ipl_plane *plane, ipl_error *err)
{
    ipl_var *t = plane->scene.t;
    const ipl_side side = ipl_var_side(t);
    const ipl_square *sq = side == IPL_COLS ? &t->cols : &t->rows[IPL_COV];
    const ipl_status st = ipl_var_gram(t, side, IPL_COV, &plane->scene.work, err);
    double trace = 0.0;

    if (st != IPL_OK)
        return st;
    for (size_t i = 0; i < sq->order; i++)
        trace += sq->diag.p[i];
    *out = trace > 0.0 ? trace * trace / ipl_square_norm2(sq) : (double)NAN;
    return IPL_OK;
}

/* The mean of every information over shuffles of layer l, which was just measured. */
static ipl_status measure_null(ipl_measures *out, ipl_plane *plane, size_t l,
                               ipl_error *err)
{
    ipl_shuffle *shuffle = &plane->shuffle;
    ipl_var *now = &plane->layer[l % 2], *dealt = &plane->layer[(l + 1) % 2];
    const double share = 1.0 / (double)shuffle->repeats;
    ipl_status st = IPL_OK;

    if (shuffle->repeats == 0)
        return IPL_OK;
    for (size_t k = 0; k < plane->n_estimators; k++)
        out[k].I_XT_null = out[k].I_TY_null = out[k].I_TY_cond_null = 0.0;
    for (size_t r = 0; r < shuffle->repeats && st == IPL_OK; r++) {
        ipl_shuffle_deal(shuffle, r);
        dealt->name = now->name;
        st = ipl_var_shuffle(dealt, now, shuffle->row, err);
        if (st != IPL_OK)
            return st;
        set_scene(plane, dealt, &plane->x, now);
        st = measure_layer(plane->drawn, plane, err);
        for (size_t k = 0; k < plane->n_estimators; k++) {
            out[k].I_XT_null += share * plane->drawn[k].I_XT;
            out[k].I_TY_null += share * plane->drawn[k].I_TY;
            out[k].I_TY_cond_null += share * plane->drawn[k].I_TY_cond;
        }
    }
    return st;
}

ipl_status ipl_plane_measure(ipl_measures *out, ipl_plane *plane, const ipl_cmat *t,
                             size_t n_layers, ipl_error *err)
{
    ipl_status st = IPL_OK;

    if (!out || !plane || !t)
        return ipl_fail(err, IPL_E_ARG, "ipl_plane_measure: %s is NULL",
                        !out     ? "out"
                        : !plane ? "the plane"
                                 : "the list of layers");
    for (size_t l = 0; l < n_layers && st == IPL_OK; l++) {
        char name[32];

        (void)snprintf(name, sizeof name, "layer %zu", l + 1);
        st = check_matrix(&t[l], name, err);
    }
    if (st != IPL_OK)
        return st;
    /* What failed for X alone is not tried again, and is NaN in this measuring too. */
    memcpy(plane->scene.work.fault, plane->fault_of_x, sizeof plane->fault_of_x);
    ipl_blas_start();
    st = reserve_ranks(plane, n_layers, err);
    plane->odd_layer = 0;
    for (size_t l = 0; l < n_layers && st == IPL_OK; l++) {
        st = enter_layer(plane, &t[l], l, err);
        if (st == IPL_OK && plane->odd_layer == 0 && ipl_twins_differ(&plane->twins, &t[l]))
            plane->odd_layer = l + 1;
        if (st == IPL_OK)
            st = measure_layer(out + l * plane->n_estimators, plane, err);
        if (st == IPL_OK)
            st = measure_rank(&plane->rank[l], plane, err);
        if (st == IPL_OK)
            plane->n_ranks = l + 1;
        if (st == IPL_OK)
            st = measure_null(out + l * plane->n_estimators, plane, l, err);
    }
    return st;
}

const char *ipl_plane_fault(const ipl_plane *plane)
{
    return plane ? plane->scene.work.fault : "";
}

const char *ipl_plane_estimator(const ipl_plane *plane, size_t k)
{
    return plane && k < plane->n_estimators ? plane->estimators[k].text.s : NULL;
}

size_t ipl_plane_samples(const ipl_plane *plane, size_t k)
{
    const chosen *e = plane && k < plane->n_estimators ? &plane->estimators[k] : NULL;
    const ipl_opt *opt = e ? ipl_opt_find(e->ops->row.opts, "n") : NULL;
    size_t limit = 0;

    if (!e)
        return 0;

    if (opt)
        memcpy(&limit, (const char *)e->spec.self + opt->offset, sizeof limit);
    return limit == 0 || limit > plane->x.n ? plane->x.n : limit;
}

const char *ipl_plane_unit(const ipl_plane *plane, size_t k)
{
    if (!plane || k >= plane->n_estimators)
        return NULL;
    if (plane->unit == IPL_UNIT_NATURAL)
        return plane->estimators[k].ops->unit;
    return plane->unit == IPL_UNIT_BITS ? "bits" : "nats";
}

double ipl_plane_effective_rank(const ipl_plane *plane, size_t l)
{
    return plane && l < plane->n_ranks ? plane->rank[l] : (double)NAN;
}

const char *ipl_plane_doubt(const ipl_plane *plane)
{
    if (!plane)
        return "";
    plane->doubt[0] = '\0';
    if (plane->odd_layer > 0)
        (void)snprintf(plane->doubt, CAUTION_MAX,
                       "layer %zu differs between samples of equal X, so it is no function "
                       "of X: I(X;T) of %.60s is H(T) and does not look at X",
                       plane->odd_layer, text_of_map(plane));
    return plane->doubt;
}

const char *ipl_plane_caution(const ipl_plane *plane, size_t d_T)
{
    const size_t n = plane ? plane->x.n : 0, d_X = plane ? plane->x.d : 0;

    if (!plane)
        return "";
    if (n < d_X + d_T)
        (void)snprintf(plane->caution, CAUTION_MAX,
                       "%zu samples are fewer than d_X + d_T = %zu + %zu: information is "
                       "overestimated, compare trends only",
                       n, d_X, d_T);
    else if (plane->scene.groups && plane->groups.least < d_T)
        (void)snprintf(
            plane->caution, CAUTION_MAX,
            "a class has %zu samples, fewer than d_T = %zu: the conditional form "
            "of I(T;Y) is overestimated",
            plane->groups.least, d_T);
    else
        plane->caution[0] = '\0';
    return plane->caution;
}

/* Doubles of the buffers that grow to their largest use. */
typedef struct peak {
    double layer[2][3]; /* samples, Gram matrix of columns, of rows */
    double factor[2];   /* of a second weight */
    double x_rows, cross[2], residual[2], panel, matrix, within, turning;
} peak;

static void raise(double *top, double value)
{
    *top = value > *top ? value : *top;
}

/* V (rows, cols) and room to solve for it. */
static double panel_of(size_t rows, size_t cols)
{
    return (double)(ipl_panels_size(rows, cols) + ipl_panels_solve_room(rows));
}

/* What a pair of widths p and q adds; which: 0 with the input, 1 with the layer before. */
static void add_pair(peak *top, size_t which, size_t l, size_t n, size_t p, size_t q)
{
    const double N = (double)n, P = (double)p, Q = (double)q;

    switch (ipl_pair_form(n, p, which == 0, q)) {
    case IPL_JOINT_COLS:
        raise(&top->cross[which], P * Q);
        raise(&top->matrix, (P + Q) * (P + Q));
        break;
    case IPL_JOINT_ROWS:
        raise(&top->turning, (double)ipl_panels_room(n, p > q ? p : q));
        raise(which == 0 ? &top->x_rows : &top->layer[(l + 1) % 2][2], N * N);
        raise(&top->layer[l % 2][2], N * N);
        raise(&top->layer[(l + 1) % 2][2], q > n ? N * N : 0.0);
        break;
    case IPL_SCHUR_COLS:
        raise(&top->cross[which], P * Q);
        raise(&top->panel, panel_of(p, q));
        raise(&top->residual[which], Q * Q);
        raise(&top->matrix, Q * Q);
        break;
    case IPL_SCHUR_ROWS:
        raise(&top->turning, (double)ipl_panels_room(n, p));
        raise(which == 0 ? &top->x_rows : &top->layer[(l + 1) % 2][2], N * N);
        raise(&top->panel, panel_of(n, q));
        raise(&top->residual[which], Q * Q);
        raise(&top->matrix, Q * Q);
        break;
    case IPL_SCHUR_COLS_SWAPPED:
        raise(&top->cross[which], P * Q);
        raise(&top->panel, panel_of(q, p));
        raise(&top->residual[which], P * P);
        raise(&top->matrix, P * P);
        break;
    case IPL_SCHUR_ROWS_SWAPPED:
        raise(&top->turning, (double)ipl_panels_room(n, q));
        raise(&top->layer[l % 2][2], N * N);
        raise(&top->panel, panel_of(n, p));
        raise(&top->residual[which], P * P);
        raise(&top->matrix, P * P);
        break;
    }
}

static size_t memory_of(const ipl_plane_opts *opts, size_t n, size_t d_X)
{
    const size_t *widths = opts->widths, n_layers = opts->n_layers;
    const bool kept = !streams(opts, n, d_X);
    const double N = (double)n, X = (double)d_X, held = kept ? N : 0.0;
    peak top = {0};
    double sum;

    if (d_X > n)
        top.x_rows = N * N;
    for (size_t l = 0; l < n_layers; l++) {
        const double d = (double)widths[l],
                     samples = held * (double)ipl_panels_up(widths[l]);
        const size_t group = (n + CLASSES_EXPECTED - 1) / CLASSES_EXPECTED;
        const double order = (double)(widths[l] < group ? widths[l] : group);
        const double room =
            widths[l] > group ? (double)ipl_panels_room(group, widths[l]) : 0.0;

        raise(&top.layer[l % 2][0], samples);
        raise(&top.layer[l % 2][widths[l] <= n ? 1 : 2], widths[l] <= n ? d * d : N * N);
        if (opts->n_estimators > 1 && widths[l] <= n)
            raise(&top.factor[l % 2], d * d);
        raise(&top.within,
              CLASSES_EXPECTED * order * order + fmax(order * order, room) + samples);
        add_pair(&top, 0, l, n, d_X, widths[l]);
        if (l > 0)
            add_pair(&top, 1, l, n, widths[l - 1], widths[l]);
    }
    sum = held * (double)ipl_panels_up(d_X) +
          (needs_columns(n, d_X, widths, n_layers) && d_X <= n ? X * X : 0.0) + top.x_rows +
          top.panel + top.matrix + top.within + top.turning +
          N * (double)ipl_panels_up(CLASSES_EXPECTED);
    if (!kept) /* a block of rows of each of two variables */
        sum += 2.0 * IPL_ROWS_AT_ONCE * (double)widest_of(opts, d_X);
    for (size_t k = 0; k < 2; k++)
        sum += top.layer[k][0] + top.layer[k][1] + top.layer[k][2] + top.factor[k] +
               top.cross[k] + top.residual[k];
    return (size_t)sum * sizeof(double);
}

size_t ipl_plane_memory(const ipl_plane_opts *opts, size_t n, size_t d_X)
{
    return opts ? memory_of(opts, n, d_X) : 0;
}
