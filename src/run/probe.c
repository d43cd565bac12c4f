#include "run/probe.h"

#include "base/alloc.h"
#include "base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_ROWS = 3000, ESTIMATORS_MAX = 64 };

struct ipl_probe {
    const ipl_dataset *ds;
    ipl_net *net;
    size_t chunk; /* rows of one forward pass */
    const char *name;
    uint32_t *rows; /* (n) first those of the training part, then those of the test part */
    size_t n_train, n; /* rows of the training part, and all */
    size_t n_layers, n_estimators;
    size_t *layers;  /* (n_layers) index in the net */
    float **taps;    /* (layers of the net) into store, NULL: not measured */
    ipl_cmat *views; /* (n_layers) */
    float *store;    /* all activations */
    size_t store_bytes, plane_bytes;
    ipl_measures *measures; /* (n_layers, n_estimators) */
    ipl_plane *plane;
};

/* Number of rows to take from a part of `have` samples. */
static ipl_status count_rows(size_t *n, size_t wanted, size_t have, const char *part,
                             ipl_error *err)
{
    *n = wanted > 0 ? wanted : have < DEFAULT_ROWS ? have : DEFAULT_ROWS;
    if (*n > have)
        return ipl_fail(err, IPL_E_SHAPE, "probe-%s: %zu rows asked for, the data has %zu",
                        part, *n, have);
    if (*n < 2)
        return ipl_fail(err, IPL_E_SHAPE, "probe-%s: a probe needs at least 2 rows", part);
    return IPL_OK;
}

static int by_value(const void *a, const void *b)
{
    const uint32_t p = *(const uint32_t *)a, q = *(const uint32_t *)b;

    return (p > q) - (p < q);
}

/* n random rows of `have`, in order, into rows (n). */
static ipl_status draw_rows(uint32_t *rows, size_t n, size_t have, uint64_t seed,
                            ipl_split part, ipl_error *err)
{
    ipl_rng rng = ipl_rng_at(seed, IPL_RNG_PROBE, (uint32_t)part, 0);
    uint32_t *all = ipl_array(have, 1, sizeof *all, err);

    if (!all)
        return IPL_E_NOMEM;
    for (size_t i = 0; i < have; i++)
        all[i] = (uint32_t)i;
    ipl_rng_shuffle(&rng, all, have);
    memcpy(rows, all, n * sizeof *rows);
    qsort(rows, n, sizeof *rows, by_value);
    ipl_free(all);
    return IPL_OK;
}

/* Fill in name, rows, n_train and n. */
static ipl_status choose_rows(ipl_probe *probe, const ipl_experiment *exp, ipl_split part,
                              ipl_error *err)
{
    const size_t *have = ipl_dataset_info(probe->ds)->n;
    const bool test = part == IPL_TEST;
    ipl_status st;

    if (exp->probe == IPL_PROBE_POOLED) {
        probe->name = "all";
        probe->n_train = have[IPL_TRAIN];
        probe->n = have[IPL_TRAIN] + have[IPL_TEST];
    } else {
        probe->name = test ? "test" : "train";
        st = count_rows(&probe->n, test ? exp->probe_test : exp->probe_train, have[part],
                        probe->name, err);
        if (st != IPL_OK)
            return st;
        probe->n_train = test ? 0 : probe->n;
    }
    probe->rows = ipl_array(probe->n, 1, sizeof *probe->rows, err);
    if (!probe->rows)
        return IPL_E_NOMEM;
    if (exp->probe == IPL_PROBE_RANDOM)
        return draw_rows(probe->rows, probe->n, have[part], exp->seed, part, err);
    for (size_t i = 0; i < probe->n; i++)
        probe->rows[i] = (uint32_t)(i < probe->n_train ? i : i - probe->n_train);
    return IPL_OK;
}

/* Leave only the first so many rows; 0: all. */
static ipl_status limit_rows(ipl_probe *probe, size_t rows, ipl_error *err)
{
    if (rows == 0)
        return IPL_OK;
    if (rows > probe->n)
        return ipl_fail(err, IPL_E_SHAPE, "rows: %zu asked for, the %s probe has %zu", rows,
                        probe->name, probe->n);
    if (rows < 2)
        return ipl_fail(err, IPL_E_SHAPE, "rows: a probe needs at least 2");
    probe->n = rows;
    probe->n_train = probe->n_train < rows ? probe->n_train : rows;
    return IPL_OK;
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
        st = limit_rows(probe, rows, err);
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
