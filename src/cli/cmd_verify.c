#include "base/file.h"
#include "cli/command.h"
#include "math/linalg.h"
#include "run/verify.h"

#include <stdio.h>

typedef struct verify_opts {
    char out[IPL_PATH_MAX];
    bool quick;
    size_t threads; /* 0: all processors */
} verify_opts;

static const ipl_opt verify_rows[] = {
    IPL_OPT_STRING(verify_opts, out, "out", "results/verify", "folder of data and figures"),
    IPL_OPT_FLAG(verify_opts, quick, "quick", false,
                 "fewer dimensions, steps and samples: a few seconds"),
    IPL_OPT_NUMBER(verify_opts, threads, "threads", 0, 1024, 0,
                   "threads; 0: one per processor"),
    IPL_OPT_END,
};

static void say(void *context, const char *line)
{
    (void)context;
    printf("%s\n", line);
    (void)fflush(stdout); /* an experiment may take minutes */
}

static ipl_status run_verify(void *opts, const ipl_args *args, ipl_error *err)
{
    const verify_opts *o = opts;
    ipl_verify_opts what = {.quick = o->quick, .out = o->out};
    ipl_verdicts sum = {0};
    ipl_status st = ipl_pool_create(
        &what.pool, o->threads > 0 ? o->threads : ipl_cpu_count(), ipl_blas_start, err);

    if (st != IPL_OK)
        return st;
    st = ipl_verify_run(&sum, &what, args->words, args->n_words, say, NULL, err);
    if (st == IPL_OK || st == IPL_E_NUMERIC)
        printf("%zu checks passed, %zu failed, %zu skipped\n", sum.passed, sum.failed,
               sum.skipped);
    ipl_pool_destroy(what.pool);
    return st;
}

const ipl_command ipl_cmd_verify = {
    .name = "verify",
    .summary = "repeat the experiments that show what the estimators can and cannot see",
    .usage = "[NAME...]",
    .details =
        "All experiments are run unless some are named; 'infoplane list experiments' has "
        "the\n"
        "names. "
        "Each writes NAME.csv and NAME.png, and prints what was expected against what was\n"
        "obtained; verdicts.csv has all rows. The verdict is PASS or FAIL; SKIPPED where "
        "data\n"
        "are missing; 'note' is a number that nothing is promised of. Exit status 0: no "
        "check\n"
        "failed; 3: at least one did.\n"
        "\n"
        "examples:\n"
        "  infoplane verify --quick\n"
        "  infoplane verify mi-dimension mi-samples --out results/bias\n",
    .max_words = 32,
    .size = sizeof(verify_opts),
    .opts = verify_rows,
    .run = run_verify,
};
