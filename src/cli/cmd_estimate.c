/* infoplane estimate: arrays of any program, measured. */
#include "base/alloc.h"
#include "cli/estimate_table.h"
#include "cli/print.h"
#include "math/linalg.h"
#include "math/npy_view.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PATH_LENGTH = 1024, TEXTS_LENGTH = 16384, FILES_MAX = 1 << 24 };

typedef struct estimate_opts {
    char x[PATH_LENGTH], y[PATH_LENGTH], run[PATH_LENGTH], out[PATH_LENGTH];
    char layers[TEXTS_LENGTH];
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
                   "threads; 0: as SLURM_CPUS_PER_TASK or OMP_NUM_THREADS say, else one per processor"),
    IPL_OPT_STRING(estimate_opts, run, "run", "",
                   "folder of many T: epoch<e>/<layer>.npy or <layer>-<e>.npy"),
    IPL_OPT_STRING(estimate_opts, layers, "layers", "",
                   "of many T, names in this order: fc1,fc2 (default: all, by name)"),
    IPL_OPT_STRING(estimate_opts, out, "out", "",
                   "of many T, folder to write for plot (default: a table on stdout)"),
    IPL_OPT_END,
};

/* Applied by run_estimate(): there is no bound on their number. */
static const ipl_opt estimate_files[] = {
    {.name = "t", .type = IPL_OPT_TEXT, .text = "", .repeat = true,
     .help = "layer T, a .npy file with as many rows; many: words and more --t"},
    IPL_OPT_END,
};
/* clang-format on */

/* The arrays of one call. */
typedef struct inputs {
    const char *t_path;
    ipl_npy_view x, t;
    ipl_npy y;
    int32_t *labels; /* (rows of y), NULL without --y */
    bool has_null;   /* a null baseline is wanted */
} inputs;

static void release_inputs(inputs *in)
{
    ipl_free(in->labels);
    ipl_npy_release(&in->y);
    ipl_npy_view_close(&in->t);
    ipl_npy_view_close(&in->x);
}

static ipl_status read_samples(ipl_npy_view *out, const char *path, ipl_error *err)
{
    const ipl_status st = ipl_npy_view_open(out, path, err);

    return st == IPL_OK ? ipl_npy_view_check_finite(out, path, err) : st;
}

static ipl_status check_rows(size_t rows, const char *path, const inputs *in,
                             const char *x_path, ipl_error *err)
{
    if (rows == in->x.rows.rows)
        return IPL_OK;
    return ipl_fail(err, IPL_E_SHAPE, "%s has %zu samples, %s has %zu", path, rows, x_path,
                    in->x.rows.rows);
}

static ipl_status read_inputs(inputs *in, const estimate_opts *o, ipl_error *err)
{
    ipl_status st = read_samples(&in->x, o->x, err);

    if (st == IPL_OK)
        st = read_samples(&in->t, in->t_path, err);
    if (st == IPL_OK)
        st = check_rows(in->t.rows.rows, in->t_path, in, o->x, err);
    if (st != IPL_OK || *o->y == '\0')
        return st;
    st = ipl_npy_read(&in->y, o->y, err);
    if (st == IPL_OK)
        st = check_rows(in->y.rows, o->y, in, o->x, err);
    if (st != IPL_OK)
        return st;
    in->labels = ipl_array(in->y.rows, 1, sizeof *in->labels, err);
    return in->labels ? ipl_npy_classes(in->labels, &in->y, o->y, err) : IPL_E_NOMEM;
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
        ipl_print("%s,%s,", field.s, row->name);
        if (isnan(value))
            ipl_print("NaN");
        else
            ipl_print("%.17g", value);
        ipl_print(",%s\n", row->information ? ipl_plane_unit(plane, k) : "1");
        *n_finite += row->information && isfinite(value);
    }
    ipl_text_release(&field);
    return st;
}

/* Results on stdout, doubts about them on stderr. */
static ipl_status report(const ipl_plane *plane, const ipl_measures *m, size_t n,
                         const inputs *in, ipl_error *err)
{
    const char *caution = ipl_plane_caution(plane, in->t.rows.cols);
    const char *fault = ipl_plane_fault(plane);
    size_t n_finite = 0;
    ipl_status st = IPL_OK;

    ipl_print("estimator,measure,value,unit\n");
    for (size_t k = 0; k < n && st == IPL_OK; k++)
        st = print_rows(plane, &m[k], k, in, &n_finite, err);
    if (st != IPL_OK)
        return st;
    if (*caution != '\0')
        ipl_print_error("infoplane: caution: %s\n", caution);
    if (*ipl_plane_doubt(plane) != '\0')
        ipl_print_error("infoplane: warning: %s\n", ipl_plane_doubt(plane));
    if (n_finite == 0)
        return ipl_fail(err, IPL_E_NUMERIC, "nothing could be measured: %s",
                        *fault ? fault : "no measure is defined for these inputs");
    if (*fault != '\0')
        ipl_print_error("infoplane: warning: %s\n", fault);
    return IPL_OK;
}

/* Whether somebody wrote to the samples: then whatever came of them is not theirs. */
static bool is_changed(const inputs *in, const char *x_path, ipl_error *err)
{
    return ipl_npy_view_check_unchanged(&in->x, x_path, err) != IPL_OK ||
           ipl_npy_view_check_unchanged(&in->t, in->t_path, err) != IPL_OK;
}

static ipl_status measure(const estimate_opts *o, const char *const *texts, size_t n_texts,
                          const inputs *in, ipl_error *err)
{
    const size_t widths[] = {in->t.rows.cols};
    const size_t threads = ipl_threads_for(o->threads).n;
    ipl_plane_opts opts = {.estimators = texts,
                           .n_estimators = n_texts,
                           .unit = (ipl_unit)o->unit,
                           .n_layers = 1,
                           .widths = widths,
                           .null_repeats = o->null_repeats,
                           .null_seed = o->seed,
                           .x_stays = true};
    ipl_measures *m = ipl_array(n_texts, 1, sizeof *m, err);
    ipl_plane *plane = NULL;
    ipl_status st = IPL_E_NOMEM;

    if (!m)
        goto done;
    st = ipl_blas_pool_create(&opts.pool, threads, err);
    if (st != IPL_OK)
        goto done;
    st = ipl_plane_create(&plane, &opts, in->x.rows, in->labels, err);
    if (st != IPL_OK)
        goto done;
    st = ipl_plane_measure(m, plane, &in->t.rows, 1, err);
    if (is_changed(in, o->x, err))
        st = IPL_E_IO;
    if (st == IPL_OK)
        st = report(plane, m, n_texts, in, err);
done:
    ipl_plane_destroy(plane);
    ipl_pool_destroy(opts.pool);
    ipl_free(m);
    return st;
}

/* One T: its measures one a line. */
static ipl_status estimate_one(const estimate_opts *o, const char *path,
                               const ipl_estimator_texts *estimators, ipl_error *err)
{
    inputs in = {.t_path = path, .has_null = o->null_repeats > 0};
    ipl_status st = read_inputs(&in, o, err);

    if (st == IPL_OK)
        st = measure(o, estimators->texts, estimators->n, &in, err);
    release_inputs(&in);
    return st;
}

/* Many T: a row for each layer and epoch. */
static ipl_status estimate_many(const estimate_opts *o, const char *const *files,
                                size_t n_files, const ipl_estimator_texts *estimators,
                                const ipl_args *args, ipl_error *err)
{
    const ipl_estimate_table job = {.x = o->x,
                                    .y = o->y,
                                    .files = files,
                                    .n_files = n_files,
                                    .run = o->run,
                                    .layers = o->layers,
                                    .out = o->out,
                                    .estimators = estimators,
                                    .unit = (ipl_unit)o->unit,
                                    .null_repeats = o->null_repeats,
                                    .null_seed = o->seed,
                                    .threads = o->threads,
                                    .args = args};

    return ipl_estimate_table_run(&job, err);
}

/* What the options say together. */
static ipl_status check(const estimate_opts *o, const ipl_args *args, ipl_error *err)
{
    const bool many =
        *o->run != '\0' || *o->out != '\0' || args->n_later + args->n_words > 1;

    if (*o->x == '\0')
        return ipl_fail(err, IPL_E_ARG, "option --x is missing: a .npy file");
    if (args->n_later == 0 && args->n_words > 0)
        return ipl_fail(err, IPL_E_ARG, "unexpected argument '%.80s'; files follow --t",
                        args->words[0]);
    if (*o->run != '\0' && args->n_later > 0)
        return ipl_fail(err, IPL_E_ARG, "give files by --t or a folder by --run, not both");
    if (*o->run == '\0' && args->n_later == 0)
        return ipl_fail(err, IPL_E_ARG, "option --t is missing: a .npy file");
    if (*o->layers != '\0' && !many)
        return ipl_fail(err, IPL_E_ARG, "option --layers goes with many --t, or --run");
    return IPL_OK;
}

static ipl_status run_estimate(void *opts, const ipl_args *args, ipl_error *err)
{
    const estimate_opts *o = opts;
    const char **files = NULL;
    ipl_estimator_texts estimators = {0};
    size_t n = 0;
    ipl_status st = check(o, args, err);

    if (st == IPL_OK)
        st = ipl_estimator_texts_create(&estimators, o->estimators, err);
    if (st != IPL_OK)
        goto done;
    files = ipl_array(args->n_later + args->n_words + 1, 1, sizeof *files, err);
    if (!files) {
        st = IPL_E_NOMEM;
        goto done;
    }
    for (size_t i = 0; i < args->n_later; i++)
        files[n++] = args->later[i].value;
    for (size_t i = 0; i < args->n_words; i++)
        files[n++] = args->words[i];
    st = n == 1 && *o->out == '\0' ? estimate_one(o, files[0], &estimators, err)
                                   : estimate_many(o, files, n, &estimators, args, err);
done:
    ipl_free(files);
    ipl_estimator_texts_release(&estimators);
    return st;
}

const ipl_command ipl_cmd_estimate = {
    .name = "estimate",
    .summary = "entropies and information of .npy arrays, as CSV",
    .usage = "--x X.npy --t T.npy...",
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
        "on stderr and exit status 0; when none could be had the exit status is 3.\n"
        "\n"
        "Many T are the layers of a net over its epochs; their files are called\n"
        "epoch<e>/<layer>.npy or <layer>-<e>.npy. The table then has the columns of\n"
        "information.csv, and with --out it is a folder that 'infoplane plot' draws:\n"
        "  infoplane estimate --x x.npy --y y.npy --run FOLDER --out plane\n"
        "  infoplane estimate --x x.npy --y y.npy --t epoch*/fc1.npy > information.csv\n",
    .max_words = FILES_MAX,
    .size = sizeof(estimate_opts),
    .opts = estimate_rows,
    .later = estimate_files,
    .run = run_estimate,
};
