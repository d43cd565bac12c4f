/*
 * A case is some data with an exact answer: how to make it, what to measure with which
 * estimator, the closed form. To add one, add a row.
 */
#include "run/selftest_parts.h"

#include "base/alloc.h"
#include "info/est.h"
#include "run/verify_tools.h"

#include <math.h>
#include <string.h>

#define TWO_PI_E 17.079468445347132 /* 2 pi e */
#define EXACT 1e-9

enum { N_MAX = 4096, D_MAX = 12 };

/* What an estimator is given. */
typedef struct sample {
    size_t n, d_x, d_t;
    double *x, *t; /* (N_MAX * D_MAX) */
    int32_t *y;    /* (N_MAX) */
} sample;

/* ---- data ---- */

double ipl_selftest_hadamard(size_t i, size_t j)
{
    size_t common = i & j, odd = 0;

    for (; common > 0; common >>= 1)
        odd ^= common & 1;
    return odd ? -1.0 : 1.0;
}

/* Four pairs of columns with the correlation 0.6; labels in 4 equal classes. */
static void make_pairs(sample *s)
{
    s->n = 64;
    s->d_x = s->d_t = 4;
    for (size_t i = 0; i < s->n; i++) {
        s->y[i] = (int32_t)(i % 4);
        for (size_t k = 0; k < 4; k++) {
            s->x[i * 4 + k] = ipl_selftest_hadamard(i, 1 + k);
            s->t[i * 4 + k] = 0.6 * ipl_selftest_hadamard(i, 1 + k) +
                              0.8 * ipl_selftest_hadamard(i, 5 + k);
        }
    }
}

/* All 4096 words of 12 bits, and T = X. */
static void make_cube(sample *s)
{
    s->n = 4096;
    s->d_x = s->d_t = 12;
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < 12; k++)
            s->x[i * 12 + k] = s->t[i * 12 + k] = (double)(i >> k & 1);
}

/* The same a million times as large: too far for a Gram matrix. */
static void make_large_cube(sample *s)
{
    make_cube(s);
    for (size_t i = 0; i < s->n * 12; i++)
        s->t[i] *= 1e6;
}

/* Two samples at the distance 0.5. */
static void make_two(sample *s)
{
    s->n = 2;
    s->d_x = s->d_t = 2;
    s->x[0] = s->x[1] = s->t[0] = s->t[1] = 0.0;
    s->x[2] = s->t[2] = 0.3;
    s->x[3] = s->t[3] = 0.4;
}

/* Two samples at the distance 0.5 in each of two classes far apart. */
static void make_two_pairs(sample *s)
{
    s->n = 4;
    s->d_x = s->d_t = 1;
    for (size_t i = 0; i < s->n; i++) {
        s->y[i] = (int32_t)(i / 2);
        s->x[i] = s->t[i] = (i < 2 ? 0.0 : 100.0) + 0.5 * (double)(i % 2);
    }
}

/* 50, 30 and 20 equal samples, far apart; the labels say which. */
static void make_clusters(sample *s)
{
    s->n = 100;
    s->d_x = s->d_t = 2;
    for (size_t i = 0; i < s->n; i++) {
        const int32_t c = i < 50 ? 0 : i < 80 ? 1 : 2;

        s->y[i] = c;
        s->x[2 * i] = s->t[2 * i] = 1000.0 * c;
        s->x[2 * i + 1] = s->t[2 * i + 1] = c == 1 ? 500.0 : -500.0;
    }
}

/* A constant layer. */
static void make_constant(sample *s)
{
    make_clusters(s);
    for (size_t i = 0; i < 2 * s->n; i++)
        s->t[i] = 0.1;
}

/* 0, 1, 2 ... 99, all neighbours at the distance 1, and T = X. */
static void make_lattice(sample *s)
{
    s->n = 100;
    s->d_x = s->d_t = 1;
    for (size_t i = 0; i < s->n; i++) {
        s->x[i] = s->t[i] = (double)i;
        s->y[i] = (int32_t)(i % 4);
    }
}

/* 29 values in the middle of the cells of 30 edges in -1 ... 1. */
static void make_cells(sample *s)
{
    s->n = 29;
    s->d_x = s->d_t = 1;
    for (size_t i = 0; i < s->n; i++)
        s->x[i] = s->t[i] = -1.0 + ((double)i + 0.5) * 2.0 / 29.0;
}

/* A thousand pairs of Gaussians with the correlation 0.8. */
static void make_gaussian(sample *s)
{
    s->n = 1000;
    s->d_x = s->d_t = 1;
    ipl_verify_normal(s->x, s->n, 1, 0);
    ipl_verify_normal(s->t, s->n, 1, 1);
    for (size_t i = 0; i < s->n; i++)
        s->t[i] = 0.8 * s->x[i] + 0.6 * s->t[i];
}

/* ---- closed forms ---- */

static double zero(void)
{
    return 0.0;
}

/* LogDet, beta = 3: S = I, and pairs of correlation 0.6. */
static double pairs_entropy(void)
{
    return 2.0 * log(4.0);
}

static double pairs_information(void)
{
    return -2.0 * log(1.0 - 0.45 * 0.45);
}

/* The rules: rd 400, sum 800, own 400 of each. */
static double pairs_information_400(void)
{
    return -2.0 * log(1.0 - pow(0.6 * 400.0 / 401.0, 2.0));
}

static double pairs_information_800(void)
{
    return -2.0 * log(1.0 - pow(0.6 * 800.0 / 801.0, 2.0));
}

/* One-hot labels of 4 equal classes, beta = 3: (K-1)/2 log(1 + beta/K). */
static double labels_entropy(void)
{
    return 1.5 * log(1.75);
}

/*
 * The labels of the pairs are two bits, and columns 1, 2 and 3 their contrasts: T in a class is
 * 0.8 h (+-1, +-1, +-1, 0.75) + (0, 0, 0, 0.8) h', two directions.
 */
static double pairs_conditional(void)
{
    const double b = 3.0;

    return 0.5 * log((1.0 + 2.28 * b) * (1.0 + 0.64 * b) - pow(0.48 * b, 2.0));
}

static double pairs_conditional_information(void)
{
    return pairs_entropy() - pairs_conditional();
}

/* About the class means the signs cancel: variances 0.64 three times, and 1. */
static double pairs_pooled_information(void)
{
    return 1.5 * (log(4.0) - log(1.0 + 0.64 * 3.0));
}

/* A contrast of the one-hot labels has variance 1/4, and covariance 0.3 with its column. */
static double pairs_label_information(void)
{
    const double b = 3.0;

    return -1.5 * log(1.0 - pow(0.3 * b, 2.0) / ((1.0 + b) * (1.0 + b / 4.0)));
}

/* A cube of 12 bits, S = I/4, beta = 100. */
static double cube_entropy(void)
{
    return 6.0 * log(26.0);
}

static double large_cube_entropy(void)
{
    return 6.0 * log1p(25e12);
}

/* I(X;X) = 2 H_b - H_2b. */
static double cube_information(void)
{
    return 12.0 * log(26.0) - 6.0 * log(51.0);
}

/* Two samples, beta = 100: 1/2 log(1 + beta r^2 / 4). */
static double two_logdet(void)
{
    return 0.5 * log(1.0 + 100.0 * 0.25 / 4.0);
}

/* Differential entropy and information of the pairs as Gaussians. */
static double gauss_entropy(void)
{
    return 2.0 * log(TWO_PI_E);
}

static double gauss_information(void)
{
    return -2.0 * log(1.0 - 0.36);
}

/* Renyi entropy in bits of two samples whose kernel is k: eigenvalues (1 +- k) / 2. */
static double two_renyi(double alpha, double k)
{
    const double p = (1.0 + k) / 2.0, q = (1.0 - k) / 2.0;

    if (alpha == 1.0)
        return -(p * log2(p) + q * log2(q));
    return log2(pow(p, alpha) + pow(q, alpha)) / (1.0 - alpha);
}

static double two_renyi_101(void)
{
    return two_renyi(1.01, exp(-0.25 / 2.0));
}

static double two_renyi_2(void)
{
    return two_renyi(2.0, exp(-0.25));
}

static double two_renyi_1(void)
{
    return two_renyi(1.0, exp(-0.25 / 2.0));
}

/* Entropies of the clusters. */
static double clusters_renyi(void)
{
    return log2(pow(0.5, 1.01) + pow(0.3, 1.01) + pow(0.2, 1.01)) / (1.0 - 1.01);
}

static double clusters_shannon(void)
{
    return -(0.5 * log(0.5) + 0.3 * log(0.3) + 0.2 * log(0.2));
}

static double clusters_miller_madow(void)
{
    return clusters_shannon() + (3.0 - 1.0) / (2.0 * 100.0);
}

/* 100 samples far apart. */
static double bits_100(void)
{
    return log2(100.0);
}

static double nats_100(void)
{
    return log(100.0);
}

/* Two samples: -log((1 + exp(-r^2 / (a v))) / 2), v = 0.1, a = 2 or 8. */
static double two_kde_upper(void)
{
    return -log((1.0 + exp(-0.25 / 0.2)) / 2.0);
}

static double two_kde_lower(void)
{
    return -log((1.0 + exp(-0.25 / 0.8)) / 2.0);
}

static double nats_2(void)
{
    return log(2.0);
}

/* psi(100) - psi(1) = 1 + 1/2 + ... + 1/99. */
static double harmonic_99(void)
{
    double sum = 0.0;

    for (int i = 99; i > 0; i--)
        sum += 1.0 / i;
    return sum;
}

/* psi(100) - psi(3): the third neighbour is 2 away, or 3 at the ends, and 2 samples are closer
 * in either margin. */
static double lattice_ksg_of_three(void)
{
    return harmonic_99() - 1.5;
}

/* k = 1 and a distance of 1 to every neighbour, a ball of length 2. */
static double lattice_entropy(void)
{
    return harmonic_99() + log(2.0);
}

/* psi(1) - 1 + psi(n) - 2 <psi(n_x)>, n_x = 2 but 1 at the two ends. */
static double lattice_ksg_2(void)
{
    return harmonic_99() - 1.0 - 2.0 * 98.0 / 100.0;
}

static double normal_entropy(void)
{
    return 0.5 * log(TWO_PI_E);
}

static double normal_information(void)
{
    return -0.5 * log(1.0 - 0.64);
}

static double nats_29(void)
{
    return log(29.0);
}

static double nats_10(void)
{
    return log(10.0);
}

static double nats_4(void)
{
    return log(4.0);
}

/* ---- cases ---- */

typedef struct test_case {
    const char *estimator, *what;
    void (*make)(sample *s);
    bool labels;
    const char *measure; /* column of ipl_measure_table */
    double (*expected)(void);
    double tolerance;
} test_case;

/* clang-format off */
static const test_case cases[] = {
    {"logdet:beta=3", "S = I, H(X)", make_pairs, false, "H_X", pairs_entropy, EXACT},
    {"logdet:beta=3", "4 pairs, rho 0.6, I(X;T)", make_pairs, false, "I_XT", pairs_information, EXACT},
    {"logdet:scale=corr,beta=3", "4 pairs, rho 0.6, I(X;T)", make_pairs, false, "I_XT", pairs_information, EXACT},
    {"logdet:scale=corr-ref,beta=3", "4 pairs, rho 0.6, I(X;T)", make_pairs, false, "I_XT", pairs_information, 1e-6},
    {"logdet:beta=rd", "4 pairs, rho 0.6, I(X;T)", make_pairs, false, "I_XT", pairs_information_400, EXACT},
    {"logdet:beta=own", "4 pairs, rho 0.6, I(X;T)", make_pairs, false, "I_XT", pairs_information_400, EXACT},
    {"logdet:beta=sum", "4 pairs, rho 0.6, I(X;T)", make_pairs, false, "I_XT", pairs_information_800, EXACT},
    {"logdet:beta=3", "4 equal classes, H(Y)", make_pairs, true, "H_Y", labels_entropy, EXACT},
    {"logdet:beta=3", "4 pairs in 4 classes, H(T|Y)", make_pairs, true, "H_T_given_Y", pairs_conditional, EXACT},
    {"logdet:beta=3", "4 pairs in 4 classes, I_c(T;Y)", make_pairs, true, "I_TY_cond", pairs_conditional_information, EXACT},
    {"logdet:beta=3", "4 pairs in 4 classes, I_p(T;Y)", make_pairs, true, "I_TY_pooled", pairs_pooled_information, EXACT},
    {"logdet:beta=3", "4 pairs in 4 classes, I(T;Y)", make_pairs, true, "I_TY", pairs_label_information, EXACT},
    {"logdet:beta=100", "12-bit cube, H(X)", make_cube, false, "H_X", cube_entropy, EXACT},
    {"logdet:beta=100", "12-bit cube, I(X;X)", make_cube, false, "I_XT", cube_information, EXACT},
    {"logdet:beta=100", "cube of edge 1e6, H(T)", make_large_cube, false, "H_T", large_cube_entropy, EXACT},
    {"logdet:beta=100", "two samples, H(T)", make_two, false, "H_T", two_logdet, EXACT},
    {"logdet:beta=100", "collapsed classes, H(T|Y)", make_clusters, true, "H_T_given_Y", zero, EXACT},
    {"logdet:scale=corr", "constant layer, H(T)", make_constant, false, "H_T", zero, EXACT},
    {"gauss", "S = I, H(X)", make_pairs, false, "H_X", gauss_entropy, EXACT},
    {"gauss", "4 pairs, rho 0.6, I(X;T)", make_pairs, false, "I_XT", gauss_information, EXACT},
    {"renyi:alpha=1.01,width=1", "two samples, H(T)", make_two, false, "H_T", two_renyi_101, EXACT},
    {"renyi:alpha=2,kernel=rbf,width=1", "two samples, H(T)", make_two, false, "H_T", two_renyi_2, EXACT},
    {"renyi:alpha=1,width=1", "two samples, H(T)", make_two, false, "H_T", two_renyi_1, EXACT},
    {"renyi:alpha=1.01,width=1", "three clusters, H(T)", make_clusters, false, "H_T", clusters_renyi, EXACT},
    {"renyi:alpha=1.01,width=1", "three clusters, I(T;Y)", make_clusters, true, "I_TY", clusters_renyi, EXACT},
    {"renyi:alpha=2,width=0.01", "100 samples far apart, H(T)", make_lattice, false, "H_T", bits_100, EXACT},
    {"renyi:alpha=1.01,width=1", "constant layer, H(T)", make_constant, false, "H_T", zero, EXACT},
    {"kde:var=0.1", "two samples, I(X;T)", make_two, false, "I_XT", two_kde_upper, EXACT},
    {"kde:var=0.1,bound=lower", "two samples, I(X;T)", make_two, false, "I_XT", two_kde_lower, EXACT},
    {"kde:var=0.1", "three clusters, I(X;T)", make_clusters, false, "I_XT", clusters_shannon, EXACT},
    {"kde:var=0.1", "three clusters, I(T;Y)", make_clusters, true, "I_TY", clusters_shannon, EXACT},
    {"kde:var=0.1", "two pairs far apart, I(T;Y)", make_two_pairs, true, "I_TY", nats_2, EXACT},
    {"kde:var=0.001", "100 samples far apart, I(X;T)", make_lattice, false, "I_XT", nats_100, EXACT},
    {"kde:var=0.1", "constant layer, I(X;T)", make_constant, false, "I_XT", zero, EXACT},
    {"kl:k=1", "lattice of 100 samples, H(T)", make_lattice, false, "H_T", lattice_entropy, EXACT},
    {"kl:k=3", "1000 normal samples, H(X)", make_gaussian, false, "H_X", normal_entropy, 0.1},
    {"ksg:k=1,variant=1", "lattice of 100 samples, I(X;X)", make_lattice, false, "I_XT", harmonic_99, EXACT},
    {"ksg:k=3,variant=1", "lattice of 100 samples, I(X;X)", make_lattice, false, "I_XT", lattice_ksg_of_three, EXACT},
    {"ksg:k=1,variant=2", "lattice of 100 samples, I(X;X)", make_lattice, false, "I_XT", lattice_ksg_2, EXACT},
    {"ksg:k=3", "1000 pairs, rho 0.8, I(X;T)", make_gaussian, false, "I_XT", normal_information, 0.1},
    {"binning:rule=szt,bins=30", "a sample in each cell, I(X;T)", make_cells, false, "I_XT", nats_29, EXACT},
    {"binning:rule=width,width=1", "three clusters, I(X;T)", make_clusters, false, "I_XT", clusters_shannon, EXACT},
    {"binning:rule=width,width=1", "three clusters, I(T;Y)", make_clusters, true, "I_TY", clusters_shannon, EXACT},
    {"binning:rule=width,correction=miller-madow", "three clusters, H(T)", make_clusters, false, "H_T", clusters_miller_madow, EXACT},
    {"binning:rule=width,width=1", "distinct samples, I(T;Y)", make_lattice, true, "I_TY", nats_4, EXACT},
    {"binning:rule=range,bins=10", "0 ... 99, I(X;T)", make_lattice, false, "I_XT", nats_10, EXACT},
    {"binning:rule=quantile,bins=4", "0 ... 99, I(X;T)", make_lattice, false, "I_XT", nats_4, EXACT},
    {"binning:rule=softmax,bins=10", "constant layer, H(T)", make_constant, false, "H_T", zero, EXACT},
};
/* clang-format on */

enum { N_CASES = sizeof cases / sizeof cases[0] };

double ipl_selftest_get(const ipl_measures *m, const char *measure)
{
    for (const ipl_measure_row *row = ipl_measure_table; row->name; row++)
        if (strcmp(row->name, measure) == 0)
            return ipl_measures_get(m, row);
    return (double)NAN;
}

void ipl_selftest_tell(ipl_selftest_sink *sink, ipl_selftest_row *row)
{
    row->passed = fabs(row->obtained - row->expected) <= row->tolerance;
    if (row->passed)
        sink->passed++;
    else
        sink->failed++;
    if (sink->say)
        sink->say(sink->context, row);
}

/* Measure one case; NaN when nothing could be measured. */
static ipl_status measure(double *out, const test_case *c, sample *s, ipl_error *err)
{
    const ipl_plane_opts opts = {.estimators = &c->estimator, .n_estimators = 1};
    ipl_plane *plane = NULL;
    ipl_measures m;
    ipl_cmat t;
    ipl_status st;

    c->make(s);
    t = ipl_cmat_f64(s->t, s->n, s->d_t);
    st = ipl_plane_create(&plane, &opts, ipl_cmat_f64(s->x, s->n, s->d_x),
                          c->labels ? s->y : NULL, err);
    if (st == IPL_OK)
        st = ipl_plane_measure(&m, plane, &t, 1, err);
    *out = st == IPL_OK ? ipl_selftest_get(&m, c->measure) : (double)NAN;
    ipl_plane_destroy(plane);
    return st;
}

/* Whether some case has this estimator. */
static bool is_tested(const char *name)
{
    for (size_t i = 0; i < N_CASES; i++)
        if (strcspn(cases[i].estimator, ":") == strlen(name) &&
            strncmp(cases[i].estimator, name, strlen(name)) == 0)
            return true;
    return false;
}

/* Every case of the table, and whether no estimator was forgotten. */
static ipl_status test_estimators(ipl_selftest_sink *sink, ipl_error *err)
{
    sample s = {.n = 0};
    ipl_status st = IPL_E_NOMEM;

    s.x = ipl_array(N_MAX, D_MAX, sizeof *s.x, err);
    s.t = ipl_array(N_MAX, D_MAX, sizeof *s.t, err);
    s.y = ipl_array(N_MAX, 1, sizeof *s.y, err);
    if (!s.x || !s.t || !s.y)
        goto done;
    st = IPL_OK;
    for (size_t i = 0; i < N_CASES && st == IPL_OK; i++) {
        ipl_selftest_row row = {.estimator = cases[i].estimator,
                                .what = cases[i].what,
                                .expected = cases[i].expected(),
                                .tolerance = cases[i].tolerance};

        st = measure(&row.obtained, &cases[i], &s, err);
        if (st == IPL_OK)
            ipl_selftest_tell(sink, &row);
    }
    for (size_t i = 0; ipl_estimator_row(i) && st == IPL_OK; i++)
        if (!is_tested(ipl_estimator_row(i)->name)) {
            ipl_selftest_row row = {.estimator = ipl_estimator_row(i)->name,
                                    .what = "has no closed form to compare with",
                                    .obtained = (double)NAN};

            ipl_selftest_tell(sink, &row);
        }
done:
    ipl_free(s.y);
    ipl_free(s.t);
    ipl_free(s.x);
    return st;
}

ipl_status ipl_selftest(size_t *passed, size_t *failed, ipl_selftest_say say, void *context,
                        ipl_error *err)
{
    ipl_selftest_sink sink = {.say = say, .context = context};
    ipl_status st = test_estimators(&sink, err);

    if (st == IPL_OK)
        st = ipl_selftest_pairs(&sink, err);
    if (st == IPL_OK)
        st = ipl_selftest_nets(&sink, err);
    *passed = sink.passed;
    *failed = sink.failed;
    if (st == IPL_OK && *failed > 0)
        st = ipl_fail(err, IPL_E_NUMERIC, "%zu of %zu comparisons failed", *failed,
                      *failed + *passed);
    return st;
}
