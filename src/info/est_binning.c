/*
 * Binning: every activation falls into a cell, a sample becomes the list of its cells, and
 * what is left is counting.
 *
 *     I(X;T) = H(T_b)                    the net is deterministic, each sample its own x
 *     I(T;Y) = H(T_b) - sum_c p_c H(T_b|c)
 *
 * Rules for the cell of a value t:
 *
 *     szt       number of edges <= t, the edges being `bins` points from -1 to 1; less one,
 *               0 for t < -1
 *     width     floor(t / width)
 *     range     `bins` equal cells from the layer's smallest to its largest value
 *     quantile  number of those edges <= t that cut the layer's values into `bins` parts of
 *               equal count; equal values stay together
 *     softmax   softmax over the units first, then `bins` cells of [0, 1], closed on the
 *               right (the LogDet authors take 10)
 *
 * Miller-Madow adds (cells that occur - 1) / (2 n) to an entropy, (.. - 1) / (2 n_c) within
 * a class.
 *
 * Cost n d (quantile: n d log(bins)). Ceiling ln n: it is reached, and says nothing, when all
 * samples differ in a cell, as they do in wide layers. Equal samples share their cells,
 * constant columns have no effect (but for the range of the layer), n < d is at ln n. The
 * pairs are not looked at: shuffling them does not change I(X;T).
 */
#include "base/rng.h"
#include "info/est.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct binning {
    int rule, correction;
    size_t bins;
    double width;
} binning;

enum { RULE_SZT, RULE_WIDTH, RULE_RANGE, RULE_QUANTILE, RULE_SOFTMAX };
static const char *const rule_names[] = {
    [RULE_SZT] = "szt",           [RULE_WIDTH] = "width",     [RULE_RANGE] = "range",
    [RULE_QUANTILE] = "quantile", [RULE_SOFTMAX] = "softmax", NULL};
enum { CORRECTION_NONE, CORRECTION_MILLER_MADOW };
static const char *const correction_names[] = {
    [CORRECTION_NONE] = "none", [CORRECTION_MILLER_MADOW] = "miller-madow", NULL};

enum { BINS_MAX = 100000, ROWS = 64 /* of a task */ };

static const ipl_opt binning_opts[] = {
    IPL_OPT_WORD(binning, rule, "rule", rule_names, RULE_SZT,
                 "edges -1 ... 1, fixed width, the layer's range or quantiles, softmax"),
    IPL_OPT_NUMBER(binning, bins, "bins", 2, BINS_MAX, 30,
                   "edges of szt, cells of range, quantile and softmax"),
    IPL_OPT_NUMBER(binning, width, "width", 0, 1e300, 0.07, "of a cell, above 0"),
    IPL_OPT_WORD(binning, correction, "correction", correction_names, CORRECTION_NONE,
                 "of the bias of an entropy"),
    IPL_OPT_END,
};

/* A sample as its cells. */
typedef struct pattern {
    uint64_t hash;
    const double *cells;
    size_t d, row;
} pattern;

typedef struct cells_job {
    const binning *o;
    const ipl_var *t;
    double low, high;    /* of the layer */
    const double *edges; /* (bins - 1) of quantile */
    double *cells;       /* (n, d) */
    pattern *patterns;   /* (n) */
} cells_job;

/* Number of edges <= t. */
static size_t count_edges(const double *edges, size_t n, double t)
{
    size_t low = 0, high = n;

    while (low < high) {
        const size_t middle = (low + high) / 2;

        if (edges[middle] <= t)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static double clamp(double cell, size_t bins)
{
    const double last = (double)(bins - 1);

    return cell < 0.0 ? 0.0 : cell > last ? last : cell;
}

/* Edge i of szt, as linspace has it. */
static double szt_edge(size_t i, size_t bins)
{
    return i + 1 == bins ? 1.0 : -1.0 + (double)i * (2.0 / (double)(bins - 1));
}

/* Edges <= t, less one. */
static double szt_cell(double t, size_t bins)
{
    double guess = clamp(floor((t + 1.0) / 2.0 * (double)(bins - 1)), bins);
    size_t cell = (size_t)guess;

    while (cell + 1 < bins && szt_edge(cell + 1, bins) <= t)
        cell++;
    while (cell > 0 && szt_edge(cell, bins) > t)
        cell--;
    return (double)cell;
}

static double cell_of(const cells_job *job, double t)
{
    const binning *o = job->o;

    switch (o->rule) {
    case RULE_SZT:
        return szt_cell(t, o->bins);
    case RULE_WIDTH:
        return floor(t / o->width) + 0.0; /* no -0 */
    case RULE_RANGE:
        if (job->low == job->high)
            return 0.0;
        return clamp(floor((t - job->low) / (job->high - job->low) * (double)o->bins),
                     o->bins);
    case RULE_QUANTILE:
        return (double)count_edges(job->edges, o->bins - 1, t);
    default: /* softmax: t is a share */
        return clamp(ceil(t * (double)o->bins) - 1.0, o->bins);
    }
}

static void softmax(double *out, const double *x, size_t d)
{
    double top = x[0], sum = 0.0;

    for (size_t j = 1; j < d; j++)
        top = x[j] > top ? x[j] : top;
    for (size_t j = 0; j < d; j++) {
        out[j] = exp(x[j] - top);
        sum += out[j];
    }
    for (size_t j = 0; j < d; j++)
        out[j] /= sum;
}

static uint64_t hash_of(const double *cells, size_t d)
{
    uint64_t hash = UINT64_C(0x9e3779b97f4a7c15);

    for (size_t j = 0; j < d; j++) {
        uint64_t bits;

        memcpy(&bits, &cells[j], sizeof bits);
        hash = (hash ^ bits) * UINT64_C(0xbf58476d1ce4e5b9);
        hash ^= hash >> 29;
    }
    return hash;
}

static void cut_rows(void *arg, size_t task, size_t thread)
{
    const cells_job *job = arg;
    const size_t n = job->t->n, d = job->t->d;

    (void)thread;
    for (size_t i = task * ROWS; i < n && i < (task + 1) * ROWS; i++) {
        const double *x = job->t->given.p + i * d;
        double *cells = job->cells + i * d;

        if (job->o->rule == RULE_SOFTMAX) {
            softmax(cells, x, d);
            x = cells;
        }
        for (size_t j = 0; j < d; j++)
            cells[j] = cell_of(job, x[j]);
        job->patterns[i] =
            (pattern){.hash = hash_of(cells, d), .cells = cells, .d = d, .row = i};
    }
}

static int by_cells(const void *left, const void *right)
{
    const pattern *a = left, *b = right;
    int order;

    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    order = memcmp(a->cells, b->cells, a->d * sizeof *a->cells);
    if (order != 0)
        return order;
    return a->row < b->row ? -1 : a->row > b->row;
}

static bool same_cells(const pattern *a, const pattern *b)
{
    return a->hash == b->hash && memcmp(a->cells, b->cells, a->d * sizeof *a->cells) == 0;
}

/* What counting gives: sum of N log N over patterns, over patterns and classes. */
typedef struct tally {
    double whole, within;
    size_t patterns, pairs; /* that occur; pairs: of a pattern and a class */
} tally;

static double n_log_n(size_t n)
{
    return (double)n * log((double)n);
}

/* Patterns in order, equal ones next to each other, their rows rising: so are the classes. */
static tally count_patterns(const pattern *p, const ipl_subset *subset)
{
    tally sum = {0};
    size_t together = 0, alike = 0;

    for (size_t i = 0; i < subset->n; i++) {
        const bool old = i > 0 && same_cells(&p[i - 1], &p[i]);
        const bool same_class =
            old && (subset->k == 0 || ipl_subset_class(subset, p[i - 1].row) ==
                                          ipl_subset_class(subset, p[i].row));

        if (!old) {
            sum.whole += together ? n_log_n(together) : 0.0;
            sum.patterns++;
            together = 0;
        }
        if (!same_class) {
            sum.within += alike ? n_log_n(alike) : 0.0;
            sum.pairs++;
            alike = 0;
        }
        together++;
        alike++;
    }
    sum.whole += n_log_n(together);
    sum.within += n_log_n(alike);
    return sum;
}

static void swap(double *x, size_t i, size_t j)
{
    const double t = x[i];

    x[i] = x[j];
    x[j] = t;
}

/* Put the value that sorting would put at place `at` of x[low, high) there (Hoare's select). */
static void select_rank(double *x, size_t low, size_t high, size_t at)
{
    ipl_rng rng = ipl_rng_at(0, IPL_RNG_PIVOT, 0, 0);

    while (high - low > 1) {
        const double a = x[low + ipl_rng_below(&rng, high - low)];
        const double b = x[low + ipl_rng_below(&rng, high - low)];
        const double c = x[low + ipl_rng_below(&rng, high - low)];
        const double pivot = fmax(fmin(a, b), fmin(fmax(a, b), c));
        size_t below = low, above = high, i = low;

        while (i < above) /* smaller ones | equal ones | not seen | larger ones */
            if (x[i] < pivot)
                swap(x, i++, below++);
            else if (x[i] > pivot)
                swap(x, i, --above);
            else
                i++;
        if (at < below)
            high = below;
        else if (at >= above)
            low = above;
        else
            return;
    }
}

/*
 * The same for places rank[0] < ... < rank[n_ranks - 1] of x (count): the middle one first,
 * then those of the quarters, each between its neighbours that are in place.
 */
static void select_ranks(double *x, size_t count, const double *rank, size_t n_ranks)
{
    size_t step = 1;

    while (step < n_ranks)
        step *= 2;
    for (; step > 0; step /= 2)
        for (size_t i = step - 1; i < n_ranks; i += 2 * step)
            select_rank(x, i >= step ? (size_t)rank[i - step] + 1 : 0,
                        i + step < n_ranks ? (size_t)rank[i + step] : count,
                        (size_t)rank[i]);
}

/* What the rule needs to know of the whole layer. */
static ipl_status survey(cells_job *job, ipl_work *work, ipl_error *err)
{
    const size_t count = job->t->n * job->t->d, bins = job->o->bins;
    const double *x = job->t->given.p;
    double *edges, *rank;
    size_t n_ranks = 0;
    ipl_status st;

    job->low = job->high = x[0];
    for (size_t i = 0; i < count; i++) {
        job->low = x[i] < job->low ? x[i] : job->low;
        job->high = x[i] > job->high ? x[i] : job->high;
    }
    if (job->o->rule != RULE_QUANTILE)
        return IPL_OK;
    st = ipl_buffer_reserve(&work->matrix, bins, 2, err);
    if (st != IPL_OK)
        return st;
    memcpy(job->cells, x, count * sizeof *x); /* not needed yet */
    edges = work->matrix.p;
    rank = edges + bins;
    for (size_t b = 1; b < bins; b++) {
        const double at = floor((double)count * (double)b / (double)bins);

        if (n_ranks == 0 || rank[n_ranks - 1] < at)
            rank[n_ranks++] = at;
    }
    select_ranks(job->cells, count, rank, n_ranks);
    for (size_t b = 1; b < bins; b++)
        edges[b - 1] = job->cells[(size_t)((double)count * (double)b / (double)bins)];
    job->edges = edges;
    return IPL_OK;
}

static ipl_status binning_check(void *self, ipl_error *err)
{
    const binning *o = self;

    if (o->width == 0.0)
        return ipl_fail(err, IPL_E_FORMAT,
                        "estimator 'binning': width: want a number above 0");
    return IPL_OK;
}

static void fill_in(ipl_measures *out, const binning *o, const ipl_subset *subset,
                    const tally *sum)
{
    const double n = (double)subset->n;
    const bool corrected = o->correction == CORRECTION_MILLER_MADOW;
    double within = 0.0;

    out->H_T = log(n) - sum->whole / n;
    if (corrected)
        out->H_T += (double)(sum->patterns - 1) / (2.0 * n);
    out->I_XT = out->H_T;
    if (subset->k == 0)
        return;
    for (size_t c = 0; c < subset->k; c++)
        within += n_log_n(ipl_subset_size(subset, c));
    out->H_Y = ipl_subset_label_entropy(subset);
    out->H_T_given_Y = (within - sum->within) / n;
    if (corrected)
        out->H_T_given_Y += (double)(sum->pairs - subset->k) / (2.0 * n);
    out->I_TY = out->I_TY_cond = out->H_T - out->H_T_given_Y;
}

static ipl_status binning_measure(ipl_measures *out, const void *self, ipl_scene *scene,
                                  ipl_error *err)
{
    const ipl_var *t = scene->t;
    ipl_work *work = &scene->work;
    cells_job job = {.o = self, .t = t};
    tally sum;
    ipl_status st =
        ipl_subset_take(&scene->subset, 0, t->n, scene->groups, scene->seed, err);

    if (st == IPL_OK)
        st = ipl_buffer_reserve(&work->copy, t->n, t->d, err);
    if (st == IPL_OK)
        st = ipl_buffer_reserve(&work->panel, t->n, sizeof *job.patterns / sizeof(double),
                                err);
    if (st != IPL_OK)
        return st;
    job.cells = work->copy.p;
    job.patterns = (pattern *)(void *)work->panel.p;
    st = survey(&job, work, err);
    if (st != IPL_OK)
        return st;
    ipl_pool_run(work->pool, (t->n + ROWS - 1) / ROWS, cut_rows, &job);
    qsort(job.patterns, t->n, sizeof *job.patterns, by_cells);
    sum = count_patterns(job.patterns, &scene->subset);
    fill_in(out, self, &scene->subset, &sum);
    return IPL_OK;
}

const ipl_estimator_ops ipl_est_binning = {
    .row = {.name = "binning",
            .summary = "plug-in entropy of activations cut into cells",
            .source = "Shwartz-Ziv and Tishby, arXiv:1703.00810; Saxe et al., ICLR 2018",
            .size = sizeof(binning),
            .opts = binning_opts},
    .unit = "nats",
    .takes_map = true,
    .shannon = true,
    .ceiling = "I(X;T) <= ln n, I(T;Y) <= H(Y)",
    .cost = "n d (quantile: n d log(bins))",
    .limits = "equal samples share a cell; constant columns: no effect; n < d: at ln n; "
              "I(X;T) is H(T): X is not looked at, T must be a function of it",
    .wants_given = true,
    .check = binning_check,
    .measure = binning_measure,
};
