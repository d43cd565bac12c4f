/*
 * Self test of nets: D inputs, U units, an activation, K outputs and cross-entropy. Outputs are
 * held against the formulas in double, and what one step of SGD changed against central
 * differences of the loss by these formulas.
 */
#include "ipl/net.h"
#include "nn/layer.h"
#include "run/selftest_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { D = 3, U = 5, K = 2, N = 16, HIDDEN = U * D, OUT = K * U, PARAMS = 4 };
enum { VALUES = HIDDEN + U + OUT + K };

#define RATE 0.5
#define STEP 1e-3             /* of the central differences */
#define OUTPUT_TOLERANCE 1e-5 /* floats */
#define STEP_TOLERANCE 1e-4

/* ---- the formulas ---- */

static double identity(double x)
{
    return x;
}

static double relu(double x)
{
    return x > 0.0 ? x : 0.0;
}

static double leaky_relu(double x)
{
    return x > 0.0 ? x : 0.01 * x;
}

static double sigmoid(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

static double softplus(double x)
{
    return log1p(exp(x));
}

static double softsign(double x)
{
    return x / (1.0 + fabs(x));
}

static double elu(double x)
{
    return x > 0.0 ? x : expm1(x);
}

static double gelu(double x)
{
    return 0.5 * x * (1.0 + erf(x * sqrt(0.5)));
}

static double silu(double x)
{
    return x * sigmoid(x);
}

static double hard_tanh(double x)
{
    return fmin(fmax(x, -1.0), 1.0);
}

static const struct {
    const char *name;
    double (*f)(double x);
} formulas[] = {{"identity", identity},
                {"tanh", tanh},
                {"relu", relu},
                {"elu", elu},
                {"leaky-relu", leaky_relu},
                {"sigmoid", sigmoid},
                {"softplus", softplus},
                {"softsign", softsign},
                {"gelu", gelu},
                {"silu", silu},
                {"hard-tanh", hard_tanh}};

/* ---- the net by the formulas ---- */

typedef struct plain_net {
    double (*f)(double x);
    double value[VALUES]; /* weight (U, D), bias (U), weight (K, U), bias (K) */
} plain_net;

static float input_at(size_t i, size_t j)
{
    return (float)((i * 7 + j * 5) % 11) / 4.0f - 1.25f;
}

static int32_t label_of(size_t i)
{
    return (int32_t)(i * i % K);
}

static void plain_outputs(double *z, const plain_net *net, size_t i)
{
    const double *w = net->value, *b = w + HIDDEN, *w2 = b + U, *b2 = w2 + OUT;
    double t[U];

    for (size_t u = 0; u < U; u++) {
        double sum = b[u];

        for (size_t j = 0; j < D; j++)
            sum += w[u * D + j] * (double)input_at(i, j);
        t[u] = net->f(sum);
    }
    for (size_t k = 0; k < K; k++) {
        z[k] = b2[k];
        for (size_t u = 0; u < U; u++)
            z[k] += w2[k * U + u] * t[u];
    }
}

/* Mean cross-entropy over the N samples. */
static double plain_loss(const plain_net *net)
{
    double loss = 0.0;

    for (size_t i = 0; i < N; i++) {
        double z[K], sum = 0.0;

        plain_outputs(z, net, i);
        for (size_t k = 0; k < K; k++)
            sum += exp(z[k]);
        loss += (log(sum) - z[label_of(i)]) / N;
    }
    return loss;
}

/* ---- the net of the program ---- */

static void fill(float *x, int32_t *y, const void *source, size_t first, size_t n)
{
    (void)source;
    for (size_t i = 0; i < n; i++) {
        y[i] = label_of(first + i);
        for (size_t j = 0; j < D; j++)
            x[i * D + j] = input_at(first + i, j);
    }
}

static const ipl_batch all = {.n = N, .fill = fill};

static void copy_values(double *out, const ipl_net *net)
{
    static const size_t sizes[PARAMS] = {HIDDEN, U, OUT, K};
    float part[HIDDEN];

    for (size_t k = 0; k < PARAMS; k++) {
        if (!ipl_net_copy_param(part, net, k))
            return;
        for (size_t i = 0; i < sizes[k]; i++)
            *out++ = (double)part[i];
    }
}

/* Keep the comparison that is furthest off; a NaN is. */
static void compare(ipl_selftest_row *row, double expected, double obtained)
{
    if (!(fabs(obtained - expected) <= fabs(row->obtained - row->expected))) {
        row->expected = expected;
        row->obtained = obtained;
    }
}

static void test_outputs(ipl_selftest_row *row, ipl_net *net, const plain_net *plain)
{
    float z[N * K];
    float *taps[] = {NULL, NULL, z};

    ipl_net_probe(taps, net, &all);
    for (size_t i = 0; i < N; i++) {
        double want[K] = {0};

        plain_outputs(want, plain, i);
        for (size_t k = 0; k < K; k++)
            compare(row, want[k], (double)z[i * K + k]);
    }
}

/* What a step takes off each parameter, divided by the rate. */
static ipl_status test_step(ipl_selftest_row *row, ipl_net *net, const plain_net *plain,
                            ipl_error *err)
{
    plain_net moved = *plain;
    double after[VALUES] = {0};
    ipl_batch_sums sums;
    const ipl_status st = ipl_net_train_batch(&sums, net, &all, RATE, 0, 0, err);

    if (st != IPL_OK)
        return st;
    copy_values(after, net);
    for (size_t i = 0; i < VALUES; i++) {
        double up, down;

        moved.value[i] = plain->value[i] + STEP;
        up = plain_loss(&moved);
        moved.value[i] = plain->value[i] - STEP;
        down = plain_loss(&moved);
        moved.value[i] = plain->value[i];
        compare(row, (up - down) / (2.0 * STEP), (plain->value[i] - after[i]) / RATE);
    }
    return IPL_OK;
}

static ipl_status test_activation(ipl_selftest_sink *sink, const char *name,
                                  double (*f)(double x), ipl_error *err)
{
    char text[96];
    const ipl_net_opts opts = {.text = text,
                               .activation = name,
                               .loss = "cross-entropy",
                               .optimiser = "sgd:lr=0.5",
                               .init = "default",
                               .input = {D, 1, 1},
                               .n_classes = K,
                               .batch = N,
                               .seed = 1};
    ipl_selftest_row outputs = {
        .estimator = name, .what = "net 3-5-2, outputs", .tolerance = OUTPUT_TOLERANCE};
    ipl_selftest_row step = {.estimator = name,
                             .what = "net 3-5-2, gradient of a step",
                             .tolerance = STEP_TOLERANCE};
    plain_net plain = {.f = f};
    ipl_net *net;
    ipl_status st;

    (void)snprintf(text, sizeof text, "dense:units=%d %s dense:units=%d", U, name, K);
    st = ipl_net_create(&net, &opts, err);
    if (st != IPL_OK)
        return st;
    copy_values(plain.value, net);
    test_outputs(&outputs, net, &plain);
    st = test_step(&step, net, &plain, err);
    if (st == IPL_OK) {
        ipl_selftest_tell(sink, &outputs);
        ipl_selftest_tell(sink, &step);
    }
    ipl_net_destroy(net);
    return st;
}

ipl_status ipl_selftest_nets(ipl_selftest_sink *sink, ipl_error *err)
{
    ipl_status st = IPL_OK;

    for (size_t i = 0; ipl_layer_table[i] && st == IPL_OK; i++) {
        const char *name = ipl_layer_table[i]->row.name;
        size_t k = 0;

        if (!ipl_layer_table[i]->value)
            continue;
        while (k < sizeof formulas / sizeof formulas[0] &&
               strcmp(formulas[k].name, name) != 0)
            k++;
        if (k < sizeof formulas / sizeof formulas[0]) {
            st = test_activation(sink, name, formulas[k].f, err);
        } else {
            ipl_selftest_row row = {.estimator = name,
                                    .what = "has no formula to compare with",
                                    .obtained = (double)NAN};

            ipl_selftest_tell(sink, &row);
        }
    }
    return st;
}
