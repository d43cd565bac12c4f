#include "base/file.h"
#include "cli/command.h"
#include "cli/print.h"
#include "math/linalg.h"
#include "run/verify.h"

#include <stdio.h>

typedef struct verify_opts {
    char experiment[64], out[IPL_PATH_MAX];
    bool quick;
    size_t nets, epochs;
    size_t threads; /* 0: all processors */
} verify_opts;

static const ipl_opt verify_rows[] = {
    IPL_OPT_STRING(verify_opts, experiment, "experiment", "",
                   "one more NAME: --experiment szt-tanh"),
    IPL_OPT_STRING(verify_opts, out, "out", "results/verify", "folder of data and figures"),
    IPL_OPT_FLAG(verify_opts, quick, "quick", false,
                 "fewer dimensions, steps and samples: a few seconds; for nets: fewer and "
                 "shorter runs, some minutes"),
    IPL_OPT_NUMBER(verify_opts, nets, "nets", 0, 10000, 0,
                   "nets to train, of seeds 1, 2, ...; 0: as many as the experiment says"),
    IPL_OPT_NUMBER(verify_opts, epochs, "epochs", 0, 1e9, 0,
                   "of each net; 0: as many as the experiment says"),
    IPL_OPT_NUMBER(verify_opts, threads, "threads", 0, 1024, 0,
                   "threads; 0: as SLURM_CPUS_PER_TASK or OMP_NUM_THREADS say, else one "
                   "per processor"),
    IPL_OPT_END,
};

enum { WORDS_MAX = 32 };

static void say(void *context, const char *line)
{
    (void)context;
    ipl_print("%s\n", line);
    (void)fflush(stdout); /* an experiment may take minutes */
}

static ipl_status run_verify(void *opts, const ipl_args *args, ipl_error *err)
{
    const verify_opts *o = opts;
    ipl_verify_opts what = {
        .quick = o->quick, .out = o->out, .nets = o->nets, .epochs = o->epochs};
    const char *names[WORDS_MAX + 1];
    size_t n_names = args->n_words;
    ipl_verdicts sum = {0};
    ipl_status st = ipl_blas_pool_create(&what.pool, ipl_threads_for(o->threads).n, err);

    if (st != IPL_OK)
        return st;
    for (size_t i = 0; i < n_names; i++)
        names[i] = args->words[i];
    if (*o->experiment)
        names[n_names++] = o->experiment;
    st = ipl_verify_run(&sum, &what, names, n_names, say, NULL, err);
    if (st == IPL_OK || st == IPL_E_NUMERIC)
        ipl_print("%zu checks passed, %zu failed, %zu skipped", sum.passed, sum.failed,
                  sum.skipped);
    if (sum.unreached > 0)
        ipl_print(", %zu not reached at this length", sum.unreached);
    if (st == IPL_OK || st == IPL_E_NUMERIC)
        ipl_print("\n");
    ipl_pool_destroy(what.pool);
    return st;
}

const ipl_command ipl_cmd_verify = {
    .name = "verify",
    .summary = "compare with closed forms and with what others found, row by row",
    .usage = "[NAME...]",
    .details =
        "Without a name the experiments on estimators are run; 'infoplane list "
        "experiments'\n"
        "has all names. Those of presets train their nets first, each a run folder below "
        "--out\n"
        "that is not trained again when it is there, and goes on when it was interrupted; "
        "then\n"
        "they compare them with the values in the share folder's presets/expected/: those "
        "of\n"
        "papers, of their authors' logs, and of nets of PyTorch or NumPy, each with its "
        "source.\n"
        "\n"
        "Each writes NAME.csv and NAME.png, and prints what was expected against what was\n"
        "obtained; verdicts.csv has all rows, NAME-expected.csv the values of nets with "
        "their\n"
        "source, mean and s.d. The verdict is PASS or FAIL for what is known, agree or\n"
        "DISAGREE for what others found, 'not reached' when they trained longer; SKIPPED "
        "where\n"
        "data are missing; 'note' is a number that nothing is promised of. A value agrees "
        "when\n"
        "it is within the stated spread and four standard errors of the nets on both "
        "sides.\n"
        "\n"
        "Exit status 0: nothing failed or disagrees; 3: something does, and all is written "
        "all\n"
        "the same; anything else is a fault.\n"
        "\n"
        "examples:\n"
        "  infoplane verify --quick\n"
        "  infoplane verify mi-dimension mi-samples --out results/bias\n"
        "  infoplane verify --experiment szt-tanh --quick\n",
    .max_words = WORDS_MAX,
    .size = sizeof(verify_opts),
    .opts = verify_rows,
    .run = run_verify,
};
