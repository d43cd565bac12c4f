/*
 * Matrix-based Renyi entropy of order alpha (kernel.h), in bits: I = S(A) + S(B) - S(A,B),
 * the joint matrix being the product of the kernels entry by entry. alpha = 1 is the von
 * Neumann entropy, alpha = 2 needs no eigenvalues. The labels have the kernel that is 1 for
 * equal labels and else 0, so S(Y) is the entropy of order alpha of the class shares.
 *
 * Widths: silverman, authors, alignment (wants labels) or a number, one for both variables
 * or X/T; the default is silverman for rbf2 and rbf, the authors' rule for their kernel.
 *
 * Cost 4/3 n^3 for each of S(X) (once), S(T) and S(X,T); n^2 (d + 1) for alpha = 2. Ceiling
 * log2 n. I >= 0 is a theorem for alpha = 1 alone. Equal samples count as one, constant
 * columns have no effect (but d enters the rules of the width); for n < d, and whenever the
 * width is small, all samples are far apart and S is log2 n.
 */
#include "info/est.h"
#include "info/kernel.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef enum rule { RULE_SILVERMAN, RULE_AUTHORS, RULE_ALIGNMENT, RULE_NUMBER } rule;

typedef struct width {
    rule rule;
    double number;
} width;

typedef struct renyi {
    double alpha;
    int kernel;
    char text[80];    /* of the widths */
    width of_x, of_t; /* what it says; set by check() */
    size_t n;
} renyi;

static const char *const kernel_names[] = {
    [IPL_RBF2] = "rbf2", [IPL_RBF] = "rbf", [IPL_RBF_AUTHORS] = "authors", NULL};
static const char *const rule_names[] = {[RULE_SILVERMAN] = "silverman",
                                         [RULE_AUTHORS] = "authors",
                                         [RULE_ALIGNMENT] = "alignment",
                                         NULL};

static const ipl_opt renyi_opts[] = {
    IPL_OPT_NUMBER(renyi, alpha, "alpha", 0, 1000, 1.01,
                   "order, above 0; 1: von Neumann, 2: no eigenvalues"),
    IPL_OPT_WORD(renyi, kernel, "kernel", kernel_names, IPL_RBF2,
                 "exp(-d^2/(2s^2)), exp(-d^2/s^2), or the LogDet authors' exp(-d^2/s)"),
    IPL_OPT_STRING(renyi, text, "width", "default",
                   "s: silverman, authors, alignment or a number; or X's/T's"),
    IPL_OPT_NUMBER(renyi, n, "n", 0, 1e9, IPL_SAMPLES,
                   "samples to look at, drawn by class; 0: all"),
    IPL_OPT_END,
};

static bool parse_width(width *out, const char *text)
{
    for (int i = 0; rule_names[i]; i++)
        if (strcmp(text, rule_names[i]) == 0) {
            out->rule = (rule)i;
            return true;
        }
    out->rule = RULE_NUMBER;
    return ipl_number_parse(&out->number, text) && out->number > 0.0;
}

static void print_width(char *out, size_t size, const width *w)
{
    if (w->rule == RULE_NUMBER)
        ipl_number_print(out, size, w->number);
    else
        (void)snprintf(out, size, "%s", rule_names[w->rule]);
}

static ipl_status renyi_check(void *self, ipl_error *err)
{
    renyi *o = self;
    char first[sizeof o->text], x[32], t[32], *slash;

    if (o->alpha == 0.0)
        return ipl_fail(err, IPL_E_FORMAT,
                        "estimator 'renyi': alpha: want a number above 0");
    if (strcmp(o->text, "default") == 0)
        (void)snprintf(o->text, sizeof o->text, "%s",
                       o->kernel == IPL_RBF_AUTHORS ? "authors" : "silverman");
    memcpy(first, o->text, sizeof first);
    slash = strchr(first, '/');
    if (slash)
        *slash++ = '\0';
    if (!parse_width(&o->of_x, first) || !parse_width(&o->of_t, slash ? slash : first))
        return ipl_fail(err, IPL_E_FORMAT,
                        "estimator 'renyi': width: '%s' is not silverman, authors, "
                        "alignment, a number above 0, or two of them as X/T",
                        o->text);
    print_width(x, sizeof x, &o->of_x);
    print_width(t, sizeof t, &o->of_t);
    (void)snprintf(o->text, sizeof o->text, slash ? "%s/%s" : "%s", x, t);
    return IPL_OK;
}

/* The width of one variable; NaN with a fault when there is none. */
static ipl_status find_width(double *out, const width *w, ipl_kernel kernel,
                             const ipl_distance *dist, ipl_scene *scene, ipl_error *err)
{
    ipl_status st = IPL_OK;

    *out = (double)NAN;
    switch (w->rule) {
    case RULE_SILVERMAN:
        *out = ipl_width_silverman(dist->n, dist->v->d);
        break;
    case RULE_AUTHORS:
        *out = ipl_width_authors(dist->n, dist->v->d);
        break;
    case RULE_NUMBER:
        *out = w->number;
        break;
    case RULE_ALIGNMENT:
        if (scene->subset.k > 0)
            st = ipl_width_aligned(out, dist, kernel, &scene->subset, &scene->work, err);
        else
            ipl_work_fault(&scene->work, "width=alignment wants labels");
        break;
    }
    if (st == IPL_OK && isnan(*out))
        ipl_work_fault(&scene->work, "%s: no width aligns its kernel", dist->v->name);
    return st;
}

/* What a measuring is about: the distances and the rates of both kernels. */
typedef struct kernels {
    ipl_product k; /* of X and T */
    int kind;      /* S(X) is noted with it and the key */
    double key[IPL_KEYS];
} kernels;

static ipl_status set_kernels(kernels *out, const renyi *o, ipl_scene *scene,
                              ipl_error *err)
{
    const ipl_kernel kernel = (ipl_kernel)o->kernel;
    const ipl_metric metric = ipl_kernel_metric(kernel);
    ipl_distance *x = &scene->dx[metric], *t = &scene->dt[metric];
    double sx = (double)NAN, st_width = (double)NAN;
    ipl_status st = ipl_distance_set(x, &scene->subset, IPL_BELOW, &scene->work, err);

    if (st == IPL_OK)
        st = ipl_distance_set(t, &scene->subset, IPL_BELOW, &scene->work, err);
    if (st == IPL_OK && x->sound && t->sound)
        st = find_width(&sx, &o->of_x, kernel, x, scene, err);
    if (st == IPL_OK && !isnan(sx))
        st = find_width(&st_width, &o->of_t, kernel, t, scene, err);
    *out = (kernels){.k = {.a = x,
                           .b = t,
                           .rate_a = ipl_kernel_rate(kernel, sx),
                           .rate_b = ipl_kernel_rate(kernel, st_width)},
                     .kind = IPL_OF_RENYI + o->kernel,
                     .key = {o->alpha, sx, (double)scene->subset.n}};
    return st;
}

/* S(X), S(T), S(X,T), S(T,Y) by eigenvalues. */
static ipl_status by_spectra(ipl_measures *out, const kernels *ker, double alpha,
                             ipl_scene *scene, ipl_error *err)
{
    const ipl_product list[] = {{.a = ker->k.b, .rate_a = ker->k.rate_b},
                                ker->k,
                                {.a = ker->k.a, .rate_a = ker->k.rate_a}};
    const size_t n = scene->subset.n;
    const bool known = ipl_var_recall(&out->H_X, scene->x, ker->kind, ker->key);
    double *values[IPL_SPECTRA];
    ipl_status st = ipl_buffer_reserve(&scene->values, IPL_SPECTRA, n, err);

    if (st != IPL_OK)
        return st;
    for (size_t i = 0; i < IPL_SPECTRA; i++)
        values[i] = scene->values.p + i * n;
    st = ipl_spectra(values, list, known ? 2 : 3, &scene->work, err);
    if (st != IPL_OK)
        return st;
    out->H_T = ipl_renyi_entropy(values[0], n, alpha);
    out->H_XT = ipl_renyi_entropy(values[1], n, alpha);
    if (!known)
        out->H_X = ipl_renyi_entropy(values[2], n, alpha);
    if (scene->subset.k == 0)
        return IPL_OK;
    st = ipl_label_spectrum(values[0], ker->k.b, ker->k.rate_b, &scene->subset,
                            &scene->work, err);
    if (st == IPL_OK)
        out->H_TY = ipl_renyi_entropy(values[0], n, alpha);
    return st;
}

/* The same for alpha = 2. */
static ipl_status by_squares(ipl_measures *out, const kernels *ker, ipl_scene *scene,
                             ipl_error *err)
{
    const double pairs = (double)scene->subset.n * (double)scene->subset.n;
    ipl_kernel_sums sum;
    const ipl_status st =
        ipl_kernel_squares(&sum, &ker->k, &scene->subset, &scene->work, err);

    if (st != IPL_OK)
        return st;
    out->H_X = log2(pairs / sum.a);
    out->H_T = log2(pairs / sum.b);
    out->H_XT = log2(pairs / sum.ab);
    if (scene->subset.k > 0)
        out->H_TY = log2(pairs / sum.b_within);
    return IPL_OK;
}

/* S(Y) from the shares of the classes. */
static ipl_status label_entropy(double *out, double alpha, ipl_scene *scene, ipl_error *err)
{
    const ipl_subset *subset = &scene->subset;
    const ipl_status st = ipl_buffer_reserve(&scene->values, subset->k, 1, err);

    if (st != IPL_OK)
        return st;
    for (size_t c = 0; c < subset->k; c++)
        scene->values.p[c] = (double)ipl_subset_size(subset, c) / (double)subset->n;
    *out = ipl_renyi_entropy(scene->values.p, subset->k, alpha);
    return IPL_OK;
}

static ipl_status renyi_measure(ipl_measures *out, const void *self, ipl_scene *scene,
                                ipl_error *err)
{
    const renyi *o = self;
    kernels ker;
    ipl_status st =
        ipl_subset_take(&scene->subset, o->n, scene->x->n, scene->groups, scene->seed, err);

    if (st == IPL_OK)
        st = set_kernels(&ker, o, scene, err);
    if (st != IPL_OK || isnan(ker.k.rate_a + ker.k.rate_b))
        return st;
    st = o->alpha == 2.0 ? by_squares(out, &ker, scene, err)
                         : by_spectra(out, &ker, o->alpha, scene, err);
    if (st == IPL_OK && scene->subset.k > 0)
        st = label_entropy(&out->H_Y, o->alpha, scene, err);
    if (st != IPL_OK)
        return st;
    if (!isnan(out->H_X))
        ipl_var_note(scene->x, ker.kind, ker.key, out->H_X);
    out->I_XT = out->H_X + out->H_T - out->H_XT;
    out->I_TY = out->H_T + out->H_Y - out->H_TY;
    out->H_X_given_T = out->H_XT - out->H_T;
    return IPL_OK;
}

const ipl_estimator_ops ipl_est_renyi = {
    .row = {.name = "renyi",
            .summary = "matrix-based Renyi entropy of kernel matrices",
            .source =
                "Sanchez Giraldo, Rao and Principe, IEEE Trans. Inf. Theory 61 (2015)",
            .size = sizeof(renyi),
            .opts = renyi_opts},
    .unit = "bits",
    .ceiling = "S <= log2 n",
    .cost = "n^3 (alpha=2: n^2 d)",
    .limits =
        "equal samples count as one; constant columns: no effect; far apart: at log2 n",
    .wants_given = true,
    .check = renyi_check,
    .measure = renyi_measure,
};
