#include "cli/command.h"
#include "cli/print.h"
#include "math/linalg.h"
#include "run/selftest.h"

#include <math.h>

static void say(void *context, const ipl_selftest_row *row)
{
    (void)context;
    ipl_print("%-42s  %-32s  %16.10f  %16.10f  %9.1e  %s\n", row->estimator, row->what,
              row->expected, row->obtained, fabs(row->obtained - row->expected),
              row->passed ? "PASS" : "FAIL");
}

static ipl_status run_selftest(void *opts, const ipl_args *args, ipl_error *err)
{
    size_t passed, failed;
    ipl_status st;

    (void)opts;
    (void)args;
    ipl_print("%-42s  %-32s  %16s  %16s  %9s  %s\n", "estimator", "case", "expected",
              "obtained", "difference", "verdict");
    st = ipl_blas_reserve(1, err);
    if (st != IPL_OK)
        return st;
    st = ipl_selftest(&passed, &failed, say, NULL, err);
    ipl_print("%zu passed, %zu failed\n", passed, failed);
    return st;
}

const ipl_command ipl_cmd_selftest = {
    .name = "selftest",
    .summary = "compare estimators and nets with closed forms, within a second",
    .usage = "",
    .details =
        "Nothing is read or written. Entropies are in the estimator's own unit. A "
        "difference\n"
        "above rounding (above 0.1 nats for the two random samples of 1000) is a "
        "failure.\n"
        "LogDet is measured by each of its ways to a joint entropy, and a small net "
        "with each\n"
        "activation is held against its formulas: outputs, and the gradient of a step.\n"
        "Exit status 0: all passed; 3: at least one failed.\n",
    .size = 1,
    .run = run_selftest,
};
