#include "base/alloc.h"
#include "cli/command.h"
#include "ipl/estimator.h"
#include "math/linalg.h"
#include "math/npy.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PATH_LENGTH = 1024, TEXTS_LENGTH = 2048, MAX_ESTIMATORS = 64 };

typedef struct estimate_opts {
    char x[PATH_LENGTH], t[PATH_LENGTH], y[PATH_LENGTH];
    char estimators[TEXTS_LENGTH]; /* separated by spaces */
    int unit;                      /* an ipl_unit */
    size_t threads;                /* 0: all processors */
    size_t null_repeats;           /* shuffles of the null baseline */
    uint64_t seed;                 /* of the shuffles */
} estimate_opts;

static const char *const unit_names[] = {[IPL_UNIT_NATURAL] = "natural",
                                         [IPL_UNIT_NATS] = "nats",
                                         [IPL_UNIT_BITS] = "bits",
                                         NULL};

/* clang-format off */
static const ipl_opt estimate_rows[] = {
    IPL_OPT_STRING(estimate_opts, x, "x", "", "input X, a .npy file, one sample per row"),
    IPL_OPT_STRING(estimate_opts, t, "t", "", "layer T, a .npy file with as many rows"),
    IPL_OPT_STRING(estimate_opts, y, "y", "", "labels, a .npy file of whole numbers"),
    {.name = "estimator", IPL_OPT_FIELD(estimate_opts, estimators), .type = IPL_OPT_TEXT,
     .text = "logdet", .repeat = true, .help = "what to measure with; may be given again"},
    IPL_OPT_WORD(estimate_opts, unit, "unit", unit_names, IPL_UNIT_NATURAL,
                 "unit of entropies and information"),
    IPL_OPT_NUMBER(estimate_opts, null_repeats, "null", 0, 100000, 0,
                   "shuffles of the null baseline, measures .._null; 0: none"),
    {.name = "seed", IPL_OPT_FIELD(estimate_opts, seed), .type = IPL_OPT_U64,
     .max = 18446744073709551615.0, .help = "of the shuffles"},
    IPL_OPT_NUMBER(estimate_opts, threads, "threads", 0, 1024, 0,
                   "threads; 0: one per processor"),
    IPL_OPT_END,
};
/* clang-format on */

/* The arrays of one call. */
typedef struct inputs {
    ipl_npy x, t, y;
    int32_t *labels; /* (rows of y), NULL without --y */
    bool has_null;   /* a null baseline is wanted */
} inputs;

static void release_inputs(inputs *in)
{
    ipl_free(in->labels);
    ipl_npy_release(&in->y);
    ipl_npy_release(&in->t);
    ipl_npy_release(&in->x);
}

static ipl_status read_samples(ipl_npy *out, const char *path, ipl_error *err)
{
    const ipl_status st = ipl_npy_read(out, path, err);

    return st == IPL_OK ? ipl_npy_check_finite(out, path, err) : st;
}

static ipl_status check_rows(const ipl_npy *a, const char *path, const inputs *in,
                             const char *x_path, ipl_error *err)
{
    if (a->rows == in->x.rows)
        return IPL_OK;
    return ipl_fail(err, IPL_E_SHAPE, "%s has %zu samples, %s has %zu", path, a->rows,
                    x_path, in->x.rows);
}

static ipl_status read_inputs(inputs *in, const estimate_opts *o, ipl_error *err)
{
    ipl_status st = read_samples(&in->x, o->x, err);

    if (st == IPL_OK)
        st = read_samples(&in->t, o->t, err);
    if (st == IPL_OK)
        st = check_rows(&in->t, o->t, in, o->x, err);
    if (st == IPL_OK && in->x.rows < 2)
        st = ipl_fail(err, IPL_E_SHAPE, "%s has %zu samples: want 2 at least", o->x,
                      in->x.rows);
    if (st != IPL_OK || *o->y == '\0')
        return st;
    st = ipl_npy_read(&in->y, o->y, err);
    if (st == IPL_OK)
        st = check_rows(&in->y, o->y, in, o->x, err);
    if (st != IPL_OK)
        return st;
    in->labels = ipl_array(in->y.rows, 1, sizeof *in->labels, err);
    return in->labels ? ipl_npy_labels(in->labels, &in->y, o->y, err) : IPL_E_NOMEM;
}

/* Cut a text at its spaces; returns how many words there are, `room` at most are stored. */
static size_t split_words(const char **words, size_t room, char *text)
{
    size_t n = 0;

    for (char *at = text; *at != '\0';) {
        at += strspn(at, " ");
        if (*at == '\0')
            break;
        if (n < room)
            words[n] = at;
        n++;
        at += strcspn(at, " ");
        if (*at != '\0')
            *at++ = '\0';
    }
    return n;
}

/*
 * Whether the inputs define a measure: those of the labels need --y. What an estimator does
 * not define is NaN and is left out as well, unless a measure failed: then NaN says so.
 */
static bool is_defined(const char *name, double value, const inputs *in, bool failed)
{
    if (strchr(name, 'Y') && !in->labels)
        return false;
    if (strstr(name, "_null") && !in->has_null)
        return false;
    return failed || !isnan(value);
}

static ipl_status print_rows(const ipl_plane *plane, const ipl_measures *m, size_t k,
                             const inputs *in, size_t *n_finite, ipl_error *err)
{
    const bool failed = *ipl_plane_fault(plane) != '\0';
    ipl_text field = {0};
    ipl_status st;

    ipl_text_add_field(&field, ipl_plane_estimator(plane, k));
    st = ipl_text_status(&field, err);
    for (const ipl_measure_row *row = ipl_measure_table; row->name && st == IPL_OK; row++) {
        const double value = ipl_measures_get(m, row);

        if (!is_defined(row->name, value, in, failed))
            continue;
        printf("%s,%s,", field.s, row->name);
        if (isnan(value))
            printf("NaN");
        else
            printf("%.17g", value);
        printf(",%s\n", row->information ? ipl_plane_unit(plane, k) : "1");
        *n_finite += row->information && isfinite(value);
    }
    ipl_text_release(&field);
    return st;
}

/* Results on stdout, doubts about them on stderr. */
static ipl_status report(const ipl_plane *plane, const ipl_measures *m, size_t n,
                         const inputs *in, ipl_error *err)
{
    const char *caution = ipl_plane_caution(plane, in->t.cols);
    const char *fault = ipl_plane_fault(plane);
    size_t n_finite = 0;
    ipl_status st = IPL_OK;

    printf("estimator,measure,value,unit\n");
    for (size_t k = 0; k < n && st == IPL_OK; k++)
        st = print_rows(plane, &m[k], k, in, &n_finite, err);
    if (st != IPL_OK)
        return st;
    if (*caution != '\0')
        fprintf(stderr, "infoplane: caution: %s\n", caution);
    if (n_finite == 0)
        return ipl_fail(err, IPL_E_NUMERIC, "nothing could be measured: %s",
                        *fault ? fault : "no measure is defined for these inputs");
    if (*fault != '\0')
        fprintf(stderr, "infoplane: warning: %s\n", fault);
    return IPL_OK;
}

static ipl_status measure(const estimate_opts *o, const char *const *texts, size_t n_texts,
                          const inputs *in, ipl_error *err)
{
    const ipl_cmat t = ipl_cmat_f64(in->t.data, in->t.rows, in->t.cols);
    const size_t widths[] = {in->t.cols};
    const size_t threads = o->threads > 0 ? o->threads : ipl_cpu_count();
    ipl_plane_opts opts = {.estimators = texts,
                           .n_estimators = n_texts,
                           .unit = (ipl_unit)o->unit,
                           .n_layers = 1,
                           .widths = widths,
                           .null_repeats = o->null_repeats,
                           .null_seed = o->seed};
    ipl_measures *m = ipl_array(n_texts, 1, sizeof *m, err);
    ipl_plane *plane = NULL;
    ipl_status st = IPL_E_NOMEM;

    if (!m)
        goto done;
    st = ipl_pool_create(&opts.pool, threads, ipl_blas_start, err);
    if (st != IPL_OK)
        goto done;
    st = ipl_plane_create(&plane, &opts, ipl_cmat_f64(in->x.data, in->x.rows, in->x.cols),
                          in->labels, err);
    if (st != IPL_OK)
        goto done;
    st = ipl_plane_measure(m, plane, &t, 1, err);
    if (st == IPL_OK)
        st = report(plane, m, n_texts, in, err);
done:
    ipl_plane_destroy(plane);
    ipl_pool_destroy(opts.pool);
    ipl_free(m);
    return st;
}

static ipl_status run_estimate(void *opts, const ipl_args *args, ipl_error *err)
{
    estimate_opts *o = opts;
    const char *texts[MAX_ESTIMATORS];
    const size_t n_texts = split_words(texts, MAX_ESTIMATORS, o->estimators);
    inputs in = {.has_null = o->null_repeats > 0};
    ipl_status st;

    (void)args;
    if (*o->x == '\0' || *o->t == '\0')
        return ipl_fail(err, IPL_E_ARG, "option --%s is missing: a .npy file",
                        *o->x == '\0' ? "x" : "t");
    if (n_texts == 0 || n_texts > MAX_ESTIMATORS)
        return ipl_fail(err, IPL_E_ARG, "--estimator: want 1 to %d texts, got %zu",
                        (int)MAX_ESTIMATORS, n_texts);
    st = read_inputs(&in, o, err);
    if (st == IPL_OK)
        st = measure(o, texts, n_texts, &in, err);
    release_inputs(&in);
    return st;
}

const ipl_command ipl_cmd_estimate = {
    .name = "estimate",
    .summary = "entropies and information of two .npy arrays, as CSV",
    .usage = "--x X.npy --t T.npy",
    .details =
        "Arrays have one sample per row; further dimensions are flattened. Any integer or\n"
        "float type is read. 'infoplane list estimators' explains --estimator.\n\n"
        "example:\n"
        "  infoplane estimate --x X.npy --t T.npy --y y.npy \\\n"
        "      --estimator logdet:scale=cov,beta=own --estimator kde:var=0.1 --null 10\n\n"
        "--null R shuffles the rows of T against X and Y R times: the measures I_XT_null,\n"
        "I_TY_null and I_TY_cond_null are what independent data of these shapes would "
        "give.\n\n"
        "Columns: estimator,measure,value,unit. A measure that failed is NaN, with a "
        "warning\n"
        "on stderr and exit status 0; when none could be had the exit status is 3.\n",
    .size = sizeof(estimate_opts),
    .opts = estimate_rows,
    .run = run_estimate,
};
