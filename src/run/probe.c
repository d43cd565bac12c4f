#include "run/probe.h"

#include "base/alloc.h"
#include "base/draw.h"

#include <math.h>
#include <string.h>

enum { DEFAULT_ROWS = 3000, ESTIMATORS_MAX = 64 };

struct ipl_probe {
    const ipl_dataset *ds;
    ipl_net *net;
    size_t chunk; /* rows of one forward pass */
    const char *name;
    uint32_t *rows; /* (n) first those of the training part, then those of the test part */
    size_t n_train, n; /* rows of the training part, and all */
    bool of_part[2];   /* parts that rows are taken from */
    size_t n_layers, n_estimators;
    size_t *layers;  /* (n_layers) index in the net */
    float **taps;    /* (layers of the net) into store, NULL: not measured */
    ipl_cmat *views; /* (n_layers) */
    float *store;    /* all activations */
    size_t store_bytes, plane_bytes;
    ipl_measures *measures; /* (n_layers, n_estimators) */
    ipl_plane *plane;
};

/* Kinds of draws of a probe's rows; numbers of random streams: never renumber. */
enum { DRAW_RANDOM, DRAW_CLASS };

/* Number of rows to take from a part of `have` samples; wanted = 0: `most` or what it has. */
static ipl_status count_rows(size_t *n, size_t wanted, size_t most, size_t have,
                             const char *part, ipl_error *err)
{
    *n = wanted > 0 ? wanted : have < most ? have : most;
    if (*n > have)
        return ipl_fail(err, IPL_E_SHAPE, "probe-%s: %zu rows asked for, the data has %zu",
                        part, *n, have);
    return IPL_OK;
}

/* Labels of all samples of a part. */
static void read_labels(int32_t *y, const ipl_dataset *ds, ipl_split part)
{
    ipl_dataset_gather(NULL, y, ds, part, NULL, 0, ipl_dataset_info(ds)->n[part]);
}

/* Draw n rows of a part. */
static ipl_status draw_part(uint32_t *rows, size_t n, const ipl_experiment *exp,
                            const ipl_dataset *ds, ipl_split part, ipl_error *err)
{
    const size_t have = ipl_dataset_info(ds)->n[part];
    const bool by_class =
        exp->probe != IPL_PROBE_RANDOM && ipl_dataset_info(ds)->n_classes > 0;
    const ipl_rng rng = ipl_rng_at(exp->seed, IPL_RNG_PROBE, (uint32_t)part,
                                   by_class ? DRAW_CLASS : DRAW_RANDOM);
    int32_t *y = ipl_array(have, 1, sizeof *y, err);
    ipl_status st = IPL_E_NOMEM;

    if (y) {
        read_labels(y, ds, part);
        st = ipl_draw_rows(rows, n, by_class ? y : NULL, have, rng, err);
    }
    ipl_free(y);
    return st;
}

/* Numbers of rows of both parts. */
static ipl_status count_parts(size_t n[2], const ipl_experiment *exp, const ipl_dataset *ds,
                              ipl_split part, ipl_error *err)
{
    static const char *const names[] = {"train", "test"};
    const size_t *have = ipl_dataset_info(ds)->n;
    const size_t wanted[] = {exp->probe_train, exp->probe_test};
    const bool pooled = exp->probe == IPL_PROBE_POOLED;
    ipl_status st = IPL_OK;

    n[IPL_TRAIN] = n[IPL_TEST] = 0;
    for (size_t p = 0; p < 2 && st == IPL_OK; p++)
        if (pooled || p == (size_t)part)
            st = count_rows(&n[p], wanted[p], pooled ? have[p] : DEFAULT_ROWS, have[p],
                            names[p], err);
    if (st == IPL_OK && n[IPL_TRAIN] + n[IPL_TEST] < 2)
        return ipl_fail(err, IPL_E_SHAPE, "probe-%s: a probe needs at least 2 rows",
                        names[part]);
    return st;
}

/* Fill in name, rows, n_train and n. */
static ipl_status choose_rows(ipl_probe *probe, const ipl_experiment *exp, ipl_split part,
                              ipl_error *err)
{
    size_t n[2];
    ipl_status st = count_parts(n, exp, probe->ds, part, err);

    if (st != IPL_OK)
        return st;
    probe->name = exp->probe == IPL_PROBE_POOLED ? "all"
                  : part == IPL_TEST             ? "test"
                                                 : "train";
    probe->n_train = n[IPL_TRAIN];
    probe->n = n[IPL_TRAIN] + n[IPL_TEST];
    probe->rows = ipl_array(probe->n, 1, sizeof *probe->rows, err);
    if (!probe->rows)
        return IPL_E_NOMEM;
    for (size_t p = 0; p < 2 && st == IPL_OK; p++) {
        uint32_t *rows = probe->rows + (p == IPL_TEST ? n[IPL_TRAIN] : 0);

        probe->of_part[p] = n[p] > 0;
        if (exp->probe != IPL_PROBE_FIRST && n[p] > 0)
            st = draw_part(rows, n[p], exp, probe->ds, (ipl_split)p, err);
        else
            for (size_t i = 0; i < n[p]; i++)
                rows[i] = (uint32_t)i;
    }
    return st;
}

ipl_status ipl_probe_draw(uint32_t *rows, size_t n, const int32_t *labels, size_t have,
                          uint64_t seed, ipl_error *err)
{
    return ipl_draw_rows(rows, n, labels, have, ipl_rng_at(seed, IPL_RNG_PROBE, 2, 0), err);
}

/* Rows first ... first + n - 1 of the probe, which may lie in both parts. */
static void fill(float *x, int32_t *y, const void *source, size_t first, size_t n)
{
    const ipl_probe *probe = source;
    const size_t d = ipl_shape_size(ipl_dataset_info(probe->ds)->shape);
    const size_t left = first < probe->n_train ? probe->n_train - first : 0;
    const size_t from_train = left < n ? left : n;

    if (from_train > 0)
        ipl_dataset_gather(x, y, probe->ds, IPL_TRAIN, probe->rows + first, 0, from_train);
    if (from_train < n)
        ipl_dataset_gather(x ? x + from_train * d : NULL, y ? y + from_train : NULL,
                           probe->ds, IPL_TEST, probe->rows + first + from_train, 0,
                           n - from_train);
}

/* Leave only a draw of so many rows; 0: all. */
static ipl_status limit_rows(ipl_probe *probe, size_t rows, uint64_t seed, ipl_error *err)
{
    int32_t *y;
    uint32_t *kept;
    size_t n_train = 0;
    ipl_status st = IPL_E_NOMEM;

    if (rows == 0)
        return IPL_OK;
    if (rows > probe->n)
        return ipl_fail(err, IPL_E_SHAPE, "rows: %zu asked for, the %s probe has %zu", rows,
                        probe->name, probe->n);
    if (rows < 2)
        return ipl_fail(err, IPL_E_SHAPE, "rows: a probe needs at least 2");
    y = ipl_array(probe->n, 1, sizeof *y, err);
    kept = ipl_array(rows, 1, sizeof *kept, err);
    if (!y || !kept)
        goto done;
    fill(NULL, y, probe, 0, probe->n);
    st = ipl_probe_draw(kept, rows, ipl_probe_has_labels(probe) ? y : NULL, probe->n, seed,
                        err);
    for (size_t i = 0; i < rows && st == IPL_OK; i++) {
        n_train += kept[i] < probe->n_train;
        probe->rows[i] = probe->rows[kept[i]];
    }
    probe->n = rows;
    probe->n_train = n_train;
done:
    ipl_free(kept);
    ipl_free(y);
    return st;
}

/* A chunk of the probe as a batch of the net. */
typedef struct chunk {
    const ipl_probe *probe;
    size_t first;
} chunk;

static void fill_chunk(float *x, int32_t *y, const void *source, size_t first, size_t n)
{
    const chunk *c = source;

    fill(x, y, c->probe, c->first + first, n);
}

/* Lay out the activations of the measured layers. */
static ipl_status lay_out(ipl_probe *probe, ipl_error *err)
{
    const size_t all = ipl_net_n_layers(probe->net);
    size_t values = 0, l = 0;

    for (size_t i = 0; i < all; i++)
        if (ipl_net_layer(probe->net, i)->measured) {
            probe->n_layers++;
            values += ipl_shape_size(ipl_net_layer(probe->net, i)->out);
        }
    probe->layers = ipl_array(probe->n_layers, 1, sizeof *probe->layers, err);
    probe->views = ipl_array(probe->n_layers, 1, sizeof *probe->views, err);
    probe->taps = ipl_array(all, 1, sizeof *probe->taps, err);
    probe->store = ipl_array(probe->n, values, sizeof *probe->store, err);
    if (!probe->layers || !probe->views || !probe->taps || !probe->store)
        return IPL_E_NOMEM;
    probe->store_bytes = probe->n * values * sizeof *probe->store;
    values = 0;
    for (size_t i = 0; i < all; i++) {
        const size_t d = ipl_shape_size(ipl_net_layer(probe->net, i)->out);

        if (!ipl_net_layer(probe->net, i)->measured)
            continue;
        probe->taps[i] = probe->store + probe->n * values;
        probe->views[l] = ipl_cmat_f32(probe->taps[i], probe->n, d);
        probe->layers[l++] = i;
        values += d;
    }
    return IPL_OK;
}

/* Split the texts at spaces, in place; returns how many. */
static size_t split_words(const char **words, char *text)
{
    size_t n = 0;

    for (char *word = strtok(text, " "); word && n < ESTIMATORS_MAX;
         word = strtok(NULL, " "))
        words[n++] = word;
    return n;
}

/* Read X and Y and prepare the plane. */
static ipl_status prepare_plane(ipl_probe *probe, const ipl_experiment *exp,
                                struct ipl_pool *pool, ipl_error *err)
{
    const ipl_data_info *info = ipl_dataset_info(probe->ds);
    const size_t d = ipl_shape_size(info->shape);
    const char *words[ESTIMATORS_MAX];
    char texts[sizeof exp->estimator];
    float *x = ipl_array(probe->n, d, sizeof *x, err);
    int32_t *y = ipl_array(probe->n, 1, sizeof *y, err);
    size_t *widths = ipl_array(probe->n_layers, 1, sizeof *widths, err);
    ipl_plane_opts opts;
    ipl_status st = IPL_E_NOMEM;

    if (!x || !y || !widths)
        goto done;
    memcpy(texts, exp->estimator, sizeof texts);
    for (size_t l = 0; l < probe->n_layers; l++)
        widths[l] = probe->views[l].cols;
    fill(x, y, probe, 0, probe->n);
    opts = (ipl_plane_opts){
        .estimators = words,
        .n_estimators = split_words(words, texts),
        .unit = (ipl_unit)exp->unit,
        .null_repeats = exp->null_repeats,
        .null_seed = exp->seed,
        .n_layers = probe->n_layers,
        .widths = widths,
        .pool = pool,
    };
    if (opts.n_estimators == 0) {
        st = ipl_fail(err, IPL_E_FORMAT, "estimator: no text given; try logdet");
        goto done;
    }
    probe->n_estimators = opts.n_estimators;
    probe->plane_bytes = ipl_plane_memory(&opts, probe->n, d);
    st = ipl_plane_create(&probe->plane, &opts, ipl_cmat_f32(x, probe->n, d),
                          ipl_probe_has_labels(probe) ? y : NULL, err);
    if (st != IPL_OK)
        goto done;
    probe->measures =
        ipl_array(probe->n_layers, probe->n_estimators, sizeof *probe->measures, err);
    st = probe->measures ? IPL_OK : IPL_E_NOMEM;
done:
    ipl_free(widths);
    ipl_free(y);
    ipl_free(x);
    return st;
}

ipl_status ipl_probe_create(ipl_probe **out, const ipl_experiment *exp,
                            const ipl_dataset *ds, ipl_net *net, ipl_split part,
                            size_t rows, struct ipl_pool *pool, ipl_error *err)
{
    ipl_probe *probe = ipl_array(1, 1, sizeof *probe, err);
    ipl_status st = IPL_E_NOMEM;

    *out = NULL;
    if (!probe)
        goto done;
    probe->ds = ds;
    probe->net = net;
    probe->chunk = exp->batch;
    st = choose_rows(probe, exp, part, err);
    if (st == IPL_OK)
        st = limit_rows(probe, rows, exp->seed, err);
    if (st == IPL_OK)
        st = lay_out(probe, err);
    if (st == IPL_OK)
        st = prepare_plane(probe, exp, pool, err);
    if (st != IPL_OK)
        goto done;
    *out = probe;
    probe = NULL; /* now the caller's */
done:
    ipl_probe_destroy(probe);
    return st;
}

void ipl_probe_destroy(ipl_probe *probe)
{
    if (!probe)
        return;
    ipl_plane_destroy(probe->plane);
    ipl_free(probe->measures);
    ipl_free(probe->store);
    ipl_free(probe->taps);
    ipl_free(probe->views);
    ipl_free(probe->layers);
    ipl_free(probe->rows);
    ipl_free(probe);
}

const char *ipl_probe_name(const ipl_probe *probe)
{
    return probe->name;
}

size_t ipl_probe_n(const ipl_probe *probe)
{
    return probe->n;
}

size_t ipl_probe_n_layers(const ipl_probe *probe)
{
    return probe->n_layers;
}

size_t ipl_probe_n_estimators(const ipl_probe *probe)
{
    return probe->n_estimators;
}

size_t ipl_probe_layer(const ipl_probe *probe, size_t l)
{
    return probe->layers[l];
}

const ipl_plane *ipl_probe_plane(const ipl_probe *probe)
{
    return probe->plane;
}

size_t ipl_probe_memory(const ipl_probe *probe)
{
    return probe->store_bytes + probe->plane_bytes;
}

void ipl_probe_use_quit(ipl_probe *probe, bool (*quit)(void))
{
    ipl_plane_use_quit(probe->plane, quit);
}

void ipl_probe_use(ipl_probe *probe, ipl_net *net, struct ipl_pool *pool)
{
    probe->net = net;
    ipl_plane_use_pool(probe->plane, pool);
}

ipl_status ipl_probe_measure(const ipl_measures **out, ipl_probe *probe, ipl_error *err)
{
    const size_t all = ipl_net_n_layers(probe->net);
    float **at = probe->taps;
    ipl_error why = {0};
    ipl_status st;

    for (size_t first = 0; first < probe->n; first += probe->chunk) {
        const size_t left = probe->n - first;
        const chunk c = {probe, first};
        const ipl_batch batch = {.n = left < probe->chunk ? left : probe->chunk,
                                 .fill = fill_chunk,
                                 .source = &c};

        ipl_net_probe(at, probe->net, &batch);
        /* Row r of the next chunk goes where this one ended. */
        for (size_t i = 0; i < all; i++)
            if (at[i])
                at[i] += batch.n * ipl_shape_size(ipl_net_layer(probe->net, i)->out);
    }
    for (size_t l = 0; l < probe->n_layers; l++)
        at[probe->layers[l]] -= probe->n * probe->views[l].cols;

    st = ipl_plane_measure(probe->measures, probe->plane, probe->views, probe->n_layers,
                           &why);
    if (st != IPL_OK)
        return ipl_fail(err, st, "%s probe: %s", probe->name, why.msg);
    *out = probe->measures;
    return IPL_OK;
}

ipl_cmat ipl_probe_activations(const ipl_probe *probe, size_t l)
{
    return probe->views[l];
}

bool ipl_probe_has_labels(const ipl_probe *probe)
{
    return ipl_dataset_info(probe->ds)->n_classes > 0;
}

void ipl_probe_samples(float *x, int32_t *y, const ipl_probe *probe)
{
    fill(x, y, probe, 0, probe->n);
}

/* Samples of each class in the rows of the probe, and in the parts they were taken from. */
static ipl_status count_classes(size_t *here, size_t *there, size_t *n_there,
                                const ipl_probe *probe, ipl_error *err)
{
    const size_t *have = ipl_dataset_info(probe->ds)->n;
    int32_t *y = ipl_array(probe->n, 1, sizeof *y, err);

    if (!y)
        return IPL_E_NOMEM;
    fill(NULL, y, probe, 0, probe->n);
    for (size_t i = 0; i < probe->n; i++)
        here[y[i]]++;
    ipl_free(y);
    *n_there = 0;
    for (size_t p = 0; p < 2; p++) {
        if (!probe->of_part[p])
            continue;
        for (size_t i = 0; i < have[p]; i++)
            there[ipl_dataset_label(probe->ds, (ipl_split)p, i)]++;
        *n_there += have[p];
    }
    return IPL_OK;
}

/* Whether a random draw of n may have that many of a class with share q. */
static bool is_likely(size_t count, size_t n, double q)
{
    const double p = (double)count / (double)n;

    if (count == 0)
        return q <= 0.0;
    return fabs(p - q) <= 4.0 * sqrt(q * (1.0 - q) / (double)n) + 1.0 / (double)n;
}

/* The line of ipl_probe_check_shares(). */
static void print_shares(ipl_text *out, const ipl_probe *probe, const size_t *here,
                         const size_t *there, size_t n_there)
{
    enum { SHOWN = 10 };
    const ipl_data_info *info = ipl_dataset_info(probe->ds);
    size_t n_odd = 0;

    for (size_t c = 0; c < info->n_classes; c++) {
        const double q = (double)there[c] / (double)n_there;

        if (is_likely(here[c], probe->n, q) || n_odd++ >= SHOWN)
            continue;
        ipl_text_add(out, "%s", n_odd == 1 ? "" : ", ");
        if (n_odd == 1)
            ipl_text_add(
                out, "%s probe: shares of classes differ from the data's: ", probe->name);
        if (info->class_names)
            ipl_text_add(out, "%.40s ", info->class_names[c]);
        else
            ipl_text_add(out, "%zu ", c);
        ipl_text_add(out, "%.3g %% (data %.3g %%)",
                     100.0 * (double)here[c] / (double)probe->n, 100.0 * q);
    }
    if (n_odd > SHOWN)
        ipl_text_add(out, " and %zu more", n_odd - SHOWN);
    if (n_odd > 0)
        ipl_text_add(out, "; use probe = class, or more rows");
}

ipl_status ipl_probe_check_shares(ipl_text *out, const ipl_probe *probe, ipl_error *err)
{
    const size_t k = ipl_dataset_info(probe->ds)->n_classes;
    size_t *count = ipl_array(2 * k + 1, 1, sizeof *count, err), n_there;
    ipl_status st = count ? IPL_OK : IPL_E_NOMEM;

    if (st == IPL_OK && k > 0)
        st = count_classes(count, count + k, &n_there, probe, err);
    if (st == IPL_OK && k > 0)
        print_shares(out, probe, count, count + k, n_there);
    ipl_free(count);
    return st == IPL_OK ? ipl_text_status(out, err) : st;
}

/* Share of the values that lie within 1 % of an end of the range low ... high. */
static double saturated_share(const ipl_cmat *t, double low, double high)
{
    const double margin = 0.01 * (high - low);
    const size_t n = t->rows * t->cols;
    size_t hits = 0;

    if (isnan(low) || isnan(high))
        return (double)NAN;
    for (size_t i = 0; i < n; i++) {
        const double v = (double)t->f32[i];

        hits += v <= low + margin || v >= high - margin;
    }
    return (double)hits / (double)n;
}

/* Share of the columns that hold one value. */
static double dead_share(const ipl_cmat *t)
{
    size_t dead = 0;

    for (size_t j = 0; j < t->cols; j++) {
        size_t i = 1;

        while (i < t->rows && t->f32[i * t->cols + j] == t->f32[j])
            i++;
        dead += i == t->rows;
    }
    return (double)dead / (double)t->cols;
}

void ipl_probe_activity(ipl_activity *out, const ipl_probe *probe, size_t l)
{
    const ipl_cmat *t = &probe->views[l];
    const ipl_layer_info *layer = ipl_net_layer(probe->net, probe->layers[l]);
    const size_t n = t->rows * t->cols;
    double sum = 0.0, squares = 0.0;

    for (size_t i = 0; i < n; i++)
        sum += (double)t->f32[i];
    out->mean = sum / (double)n;
    for (size_t i = 0; i < n; i++) {
        const double c = (double)t->f32[i] - out->mean;
        squares += c * c;
    }
    out->sd = sqrt(squares / (double)n);
    out->saturated = saturated_share(t, layer->low, layer->high);
    out->dead = dead_share(t);
    out->effective_rank = ipl_plane_effective_rank(probe->plane, l);
}
