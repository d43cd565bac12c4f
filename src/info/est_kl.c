/*
 * Kozachenko-Leonenko entropy of the k-th nearest neighbours (knn.h), with the labels in
 * conditional form:
 *
 *     I(T;Y) = H(T) - sum_c n_c/n H(T|Y=c)
 *
 * Cost n^2 d. There is no ceiling, neither above nor below: H is a differential entropy, it
 * shifts by d log a when the data are multiplied by a. I(T;Y) is signed, about the noise of
 * two estimates. Equal samples make H minus infinity: NaN with the reason as soon as k + 1
 * coincide. Constant columns count in d though no density exists then; for n < d neighbours
 * are all equally far and H says little.
 */
#include "info/est.h"
#include "info/knn.h"

#include <math.h>

typedef struct kl {
    size_t k, n;
    int norm;
} kl;

enum { NORM_MAX, NORM_L2 };
static const char *const norm_names[] = {[NORM_MAX] = "max", [NORM_L2] = "l2", NULL};
static const ipl_metric norm_metric[] = {
    [NORM_MAX] = IPL_CHEBYSHEV, [NORM_L2] = IPL_EUCLID};

static const ipl_opt kl_opts[] = {
    IPL_OPT_NUMBER(kl, k, "k", 1, 1000000, 3, "which neighbour; less than the samples"),
    IPL_OPT_WORD(kl, norm, "norm", norm_names, NORM_MAX, "maximum norm or Euclidean"),
    IPL_OPT_NUMBER(kl, n, "n", 0, 1e9, IPL_SAMPLES,
                   "samples to look at, drawn by class; 0: all"),
    IPL_OPT_END,
};

/* H(X), once for all layers. */
static ipl_status input_entropy(double *h, const kl *o, ipl_scene *scene, ipl_error *err)
{
    const ipl_metric metric = norm_metric[o->norm];
    const double key[IPL_KEYS] = {(double)o->k, (double)scene->subset.n};
    ipl_distance *dist = &scene->dx[metric];
    ipl_status st;

    if (ipl_var_recall(h, scene->x, IPL_OF_KL + (int)metric, key))
        return IPL_OK;
    st = ipl_distance_set(dist, &scene->subset, IPL_WHOLE, &scene->work, err);
    if (st == IPL_OK)
        st = ipl_knn_entropy(h, NULL, dist, &scene->subset, o->k, &scene->work, err);
    if (st == IPL_OK && !isnan(*h)) /* a NaN is to say why in every measuring */
        ipl_var_note(scene->x, IPL_OF_KL + (int)metric, key, *h);
    return st;
}

static ipl_status kl_prepare(const void *self, ipl_scene *scene, ipl_error *err)
{
    const kl *o = self;

    return ipl_knn_check("kl", o->k, o->n, scene->x->n, err);
}

static ipl_status kl_measure(ipl_measures *out, const void *self, ipl_scene *scene,
                             ipl_error *err)
{
    const kl *o = self;
    ipl_subset *subset = &scene->subset;
    ipl_distance *dist = &scene->dt[norm_metric[o->norm]];
    ipl_status st =
        ipl_subset_take(subset, o->n, scene->x->n, scene->groups, scene->seed, err);

    if (st == IPL_OK)
        st = input_entropy(&out->H_X, o, scene, err);
    if (st == IPL_OK)
        st = ipl_distance_set(dist, subset, IPL_WHOLE, &scene->work, err);
    if (st == IPL_OK)
        st = ipl_knn_entropy(&out->H_T, subset->k > 0 ? &out->H_T_given_Y : NULL, dist,
                             subset, o->k, &scene->work, err);
    if (st != IPL_OK || subset->k == 0)
        return st;
    out->H_Y = ipl_subset_label_entropy(subset);
    out->I_TY = out->I_TY_cond = out->H_T - out->H_T_given_Y;
    return IPL_OK;
}

const ipl_estimator_ops ipl_est_kl = {
    .row = {.name = "kl",
            .summary = "Kozachenko-Leonenko entropy from distances to the k-th neighbour",
            .source = "Kozachenko and Leonenko, Probl. Inf. Transm. 23 (1987)",
            .size = sizeof(kl),
            .opts = kl_opts},
    .unit = "nats",
    .ceiling = "none, H may be negative",
    .cost = "n^2 d",
    .limits = "k+1 equal samples: NaN; constant columns count in d; n < d: says little",
    .wants_given = true,
    .prepare = kl_prepare,
    .measure = kl_measure,
};
