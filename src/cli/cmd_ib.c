/* infoplane ib: the information bottleneck curve of a joint distribution. */
#include "base/file.h"
#include "cli/command.h"
#include "cli/print.h"
#include "run/bottleneck.h"

#include <string.h>

#define IB_DATA "szt"

typedef struct ib_opts {
    char data[1024], joint[IPL_PATH_MAX], out[IPL_PATH_MAX];
    size_t steps, iterations;
    double beta_max, tolerance;
    int unit;
} ib_opts;

static const char *const units[] = {"nats", "bits", NULL};

static const ipl_opt ib_rows[] = {
    IPL_OPT_STRING(ib_opts, data, "data", IB_DATA,
                   "data set in which p(x,y) is counted: x its different samples, y its "
                   "labels"),
    IPL_OPT_STRING(ib_opts, joint, "joint", "",
                   "p(x,y) instead: NAME.npy, or CSV with a header row; a row per x, a "
                   "column per y"),
    IPL_OPT_STRING(ib_opts, out, "out", "results/ib", "folder of ib_curve.csv and ib.png"),
    IPL_OPT_NUMBER(ib_opts, steps, "steps", 2, 1e6, 200,
                   "values of beta, 1/beta evenly spaced"),
    IPL_OPT_NUMBER(ib_opts, beta_max, "beta", 1.001, 1e9, 1000,
                   "largest beta; the smallest is 1"),
    IPL_OPT_NUMBER(ib_opts, tolerance, "tolerance", 1e-15, 1, 1e-10,
                   "nats: fall of the functional and dual gap at the end"),
    IPL_OPT_NUMBER(ib_opts, iterations, "iterations", 1, 1e9, 100000,
                   "at most, for each beta"),
    IPL_OPT_WORD(ib_opts, unit, "unit", units, 0, "of the table and the figure"),
    IPL_OPT_END,
};

static void print_curve(const ipl_ib_curve *curve, const ib_opts *o)
{
    const double scale = o->unit ? 1.0 / 0.69314718055994530942 : 1.0;
    const char *unit = units[o->unit];

    ipl_print("%s: H(X) = %.6g, H(Y) = %.6g, I(X;Y) = %.6g %s; %zu different p(y|x)\n",
              *o->joint ? o->joint : o->data, curve->H_X * scale, curve->H_Y * scale,
              curve->I_XY * scale, unit, curve->n_groups);
    if (curve->I_XY > curve->H_Y - 1e-9)
        ipl_print(
            "Y is a function of X: the curve is I(T;Y) = min(I(X;T), H(Y)), two straight "
            "pieces\n");
    ipl_print(
        "%zu vertices; of %zu values of beta %zu did not converge, %zu ended in a local "
        "optimum\n",
        curve->n, o->steps, curve->unconverged, curve->below);
}

static ipl_status run_ib(void *opts, const ipl_args *args, ipl_error *err)
{
    const ib_opts *o = opts;
    const ipl_ib_opts how = {.steps = o->steps,
                             .beta_max = o->beta_max,
                             .tolerance = o->tolerance,
                             .iterations = o->iterations};
    ipl_joint joint = {0};
    ipl_ib_curve curve = {0};
    ipl_drawn drawn = {.format = "png"};
    ipl_status st = IPL_OK;

    (void)args;
    if (*o->joint && strcmp(o->data, IB_DATA) != 0)
        return ipl_fail(err, IPL_E_ARG, "--data and --joint: give one");
    st = *o->joint ? ipl_joint_read(&joint, o->joint, err)
                   : ipl_joint_count(&joint, o->data, err);
    if (st == IPL_OK)
        st = ipl_ib_curve_create(&curve, joint.p, joint.n_x, joint.n_y, &how, err);
    if (st == IPL_OK)
        st = ipl_bottleneck_write(&drawn, &curve, o->unit == 1, o->out, err);
    if (st == IPL_OK) {
        print_curve(&curve, o);
        ipl_print("%s/" IPL_IB_FILE "\n", o->out);
        ipl_print("%s/ib.%s%s\n", o->out, drawn.format,
                  drawn.missing
                      ? " is not drawn: no gnuplot here; data and scripts are written"
                      : "");
        ipl_print("draw it on a plane with: infoplane plot RUN --estimator binning --ib "
                  "%s/" IPL_IB_FILE "\n",
                  o->out);
    }
    ipl_ib_curve_release(&curve);
    ipl_joint_release(&joint);
    return st;
}

const ipl_command ipl_cmd_ib = {
    .name = "ib",
    .summary = "compute the information bottleneck curve of a joint distribution",
    .usage = "",
    .details =
        "The curve is the most that a representation T of X can tell of Y for what it "
        "keeps "
        "of\n"
        "X. The Blahut-Arimoto iteration starts at T = X and the largest beta, and beta "
        "falls\n"
        "to 1; the curve is the concave hull of what it finds, because T may toss a coin\n"
        "between two encoders. A beta has converged when the functional I(X;T) - beta "
        "I(T;Y)\n"
        "fell by less than --tolerance and the dual gap is below it too. Every vertex is\n"
        "reached by an encoder, so the curve is never too high; a local optimum may leave "
        "it\n"
        "too low.\n"
        "\n"
        "Where Y is a function of X, as in szt, the curve is I(T;Y) = min(I(X;T), H(Y)). "
        "It\n"
        "bounds Shannon information: binning, kde and ksg estimate that, logdet does not.\n"
        "\n"
        "examples:\n"
        "  infoplane ib --unit bits\n"
        "  infoplane ib --joint channel.csv --out results/channel\n"
        "  infoplane train --preset szt-tanh --estimator binning --name szt-binned\n"
        "  infoplane plot results/szt-binned-seed1 --ib results/ib/ib_curve.csv\n",
    .size = sizeof(ib_opts),
    .opts = ib_rows,
    .run = run_ib,
};
