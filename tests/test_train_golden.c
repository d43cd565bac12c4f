/* Training compared step by step with float64 trajectories (tests/golden/make_train.py). */
#include "test.h"

#include "base/alloc.h"
#include "base/file.h"
#include "ipl/net.h"
#include "math/npy.h"
#include "nn/net_parts.h"

#include <stdio.h>
#include <string.h>

typedef struct golden {
    const char *name, *text, *loss, *optimiser;
    size_t batch;
} golden;

static const golden cases[] = {
    {"mlp_tanh_sgd", "dense:units=6 tanh dense:units=4 tanh dense:units=3", "cross-entropy",
     "sgd:lr=0.5", 10},
    {"mlp_tanh_momentum", "dense:units=6 tanh dense:units=4 tanh dense:units=3",
     "cross-entropy", "sgd:lr=0.1,momentum=0.9", 10},
    {"mlp_sigmoid_adam", "dense:units=6 sigmoid dense:units=4 sigmoid dense:units=3",
     "cross-entropy", "adam:lr=0.01", 10},
    {"nesterov_decay", "dense:units=5 relu dense:units=4 gelu dense:units=3",
     "cross-entropy", "sgd:lr=0.1,momentum=0.8,nesterov=yes,weight-decay=0.01", 4},
    {"adam_decay", "dense:units=5 silu dense:units=4 elu dense:units=3", "cross-entropy",
     "adam:lr=0.01,beta1=0.8,beta2=0.99,eps=1e-6,weight-decay=0.05", 10},
    {"adamw", "dense:units=5 softplus dense:units=4 softsign dense:units=3",
     "cross-entropy", "adamw:lr=0.02,weight-decay=0.1", 10},
    {"rmsprop", "dense:units=5 leaky-relu dense:units=4 hard-tanh dense:units=3", "mse",
     "rmsprop:lr=0.01,alpha=0.9", 4},
    {"rmsprop_centered", "dense:units=5 sigmoid dense:units=4 identity dense:units=3",
     "mse", "rmsprop:lr=0.01,alpha=0.9,momentum=0.5,centered=yes,weight-decay=0.01", 10},
};

/* Nets of maps, which also have the gradient at the input. */
static const golden maps[] = {
    {"cnn_cal",
     "conv2d:filters=3 layernorm tanh maxpool:size=3,stride=2 conv2d:filters=4 layernorm "
     "tanh "
     "maxpool:size=3,stride=2 adaptiveavgpool:size=2 flatten dense:units=3",
     "cross-entropy", "sgd:lr=0.05,momentum=0.9", 5},
    {"residual",
     "conv2d:filters=4,size=3,padding=1,bias=no batchnorm relu "
     "skip conv2d:filters=6,size=3,stride=2,padding=1,bias=no batchnorm relu "
     "conv2d:filters=6,size=3,padding=1,bias=no batchnorm "
     "shortcut conv2d:filters=6,size=1,stride=2,bias=no batchnorm add relu "
     "skip conv2d:filters=6,size=3,padding=1 batchnorm:affine=no add tanh "
     "globalavgpool dense:units=3",
     "cross-entropy", "sgd:lr=0.05,momentum=0.9", 4},
    {"pools",
     "avgpool:size=3,stride=2,padding=1 conv2d:filters=5,size=2 tanh "
     "maxpool:size=3,stride=1,padding=1 layernorm:affine=yes softplus "
     "adaptiveavgpool:size=3 dense:units=3",
     "cross-entropy", "sgd:lr=0.05,momentum=0.9", 10},
    {"flat",
     "layernorm adaptiveavgpool:size=4 avgpool:size=2,stride=1 flatten "
     "layernorm:affine=yes "
     "dense:units=6 silu skip skip dense:units=6 tanh shortcut tanh add add dense:units=3",
     "cross-entropy", "sgd:lr=0.05,momentum=0.9", 10},
};

enum { MAX_LAYERS = 32 };

/* Files of a case. */
typedef struct trajectory {
    ipl_npy x, y, losses, grads, params, logits, acts;
    char init[IPL_PATH_MAX];
} trajectory;

static void load(ipl_npy *out, const char *name, const char *file)
{
    char path[IPL_PATH_MAX];
    ipl_error err = {0};

    (void)snprintf(path, sizeof path, "tests/golden/train/%s/%s.npy", name, file);
    if (ipl_npy_read(out, path, &err) != IPL_OK)
        fail_msg("%s", err.msg);
}

static void open_case(trajectory *t, const golden *c)
{
    load(&t->x, c->name, "x");
    load(&t->y, c->name, "y");
    load(&t->losses, c->name, "losses");
    load(&t->grads, c->name, "grads");
    load(&t->params, c->name, "params");
    load(&t->logits, c->name, "logits");
    load(&t->acts, c->name, "acts");
    (void)snprintf(t->init, sizeof t->init, "npy:tests/golden/train/%s/init", c->name);
}

static void close_case(trajectory *t)
{
    ipl_npy *all[] = {&t->x,      &t->y,      &t->losses, &t->grads,
                      &t->params, &t->logits, &t->acts};

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        ipl_npy_release(all[i]);
}

/* Rows of a trajectory from `start` on. */
typedef struct rows {
    const trajectory *t;
    size_t start;
} rows;

static void fill(float *x, int32_t *y, const void *source, size_t first, size_t n)
{
    const rows *r = source;
    const size_t d = r->t->x.cols;

    for (size_t i = 0; i < n; i++) {
        const size_t row = r->start + first + i;

        for (size_t k = 0; k < d; k++)
            x[i * d + k] = (float)r->t->x.data[row * d + k];
        y[i] = (int32_t)r->t->y.data[row];
    }
}

/* Of a sample: channels, lines, columns. */
static ipl_shape shape_of(const ipl_npy *x)
{
    if (x->n_dims == 4)
        return (ipl_shape){x->dims[1], x->dims[2], x->dims[3]};
    return (ipl_shape){x->cols, 1, 1};
}

static ipl_net *create(const golden *c, const trajectory *t)
{
    const ipl_net_opts opts = {.text = c->text,
                               .loss = c->loss,
                               .optimiser = c->optimiser,
                               .init = t->init,
                               .input = shape_of(&t->x),
                               .n_classes = 3,
                               .batch = c->batch};
    ipl_net *net;
    ipl_error err = {0};

    if (ipl_net_create(&net, &opts, &err) != IPL_OK)
        fail_msg("%s: %s", c->name, err.msg);
    return net;
}

static size_t size_of(const ipl_param_view *view)
{
    size_t n = 1;

    for (size_t i = 0; i < view->n_dims; i++)
        n *= view->dims[i];
    return n;
}

/* Values within tol of what they should be; relative: to the largest of these, or to 1e-2
 * where all of them vanish but for rounding. */
static void compare(const float *got, const double *want, size_t n, double tol,
                    bool relative)
{
    double largest = relative ? 1e-2 : 1.0;

    for (size_t i = 0; relative && i < n; i++)
        largest = fmax(largest, fabs(want[i]));
    for (size_t i = 0; i < n; i++)
        assert_close((double)got[i], want[i], tol * largest);
}

/* Gradients within 2e-5 of the largest entry of their array, parameters within 5e-6. */
static void compare_params(ipl_net *net, const double *grad, const double *param)
{
    ipl_param_view view;

    for (size_t k = 0; ipl_net_param(&view, net, k); k++) {
        const size_t n = size_of(&view);
        float *values = ipl_array(n, 1, sizeof *values, NULL);

        assert_non_null(values);
        assert_true(ipl_net_copy_gradient(values, net, k));
        compare(values, grad, n, 2e-5, true);
        assert_true(ipl_net_copy_param(values, net, k));
        compare(values, param, n, 5e-6, false);
        ipl_free(values);
        grad += n;
        param += n;
    }
}

/* Outputs of all layers (or the last one) against values one after another. */
static const double *compare_outputs(ipl_net *net, const ipl_batch *batch, bool all,
                                     const double *want)
{
    const size_t n_layers = ipl_net_n_layers(net);
    float *taps[MAX_LAYERS] = {NULL};

    assert_true(n_layers <= MAX_LAYERS);
    for (size_t i = all ? 0 : n_layers - 1; i < n_layers; i++) {
        taps[i] = ipl_array(batch->n, ipl_shape_size(ipl_net_layer(net, i)->out),
                            sizeof(float), NULL);
        assert_non_null(taps[i]);
    }
    ipl_net_probe(taps, net, batch);
    for (size_t i = 0; i < n_layers; i++) {
        const size_t n = batch->n * ipl_shape_size(ipl_net_layer(net, i)->out);

        if (!taps[i])
            continue;
        compare(taps[i], want, n, 5e-6, false);
        want += n;
        ipl_free(taps[i]);
    }
    return want;
}

static void follow(const golden *c)
{
    trajectory t;
    ipl_net *net;
    rows source = {.t = &t};
    const double *logits;
    size_t n_params;

    open_case(&t, c);
    net = create(c, &t);
    n_params = ipl_net_n_params(net);
    assert_int_equal(t.params.rows, t.losses.rows * n_params);
    logits = t.logits.data;
    for (size_t k = 0; k < t.losses.rows; k++) {
        const size_t left = t.x.rows - source.start;
        const ipl_batch batch = {
            .n = left < c->batch ? left : c->batch, .fill = fill, .source = &source};
        ipl_batch_sums sums;

        if (k == 0)
            (void)compare_outputs(net, &batch, true, t.acts.data);
        logits = compare_outputs(net, &batch, false, logits);
        assert_int_equal(
            ipl_net_train_batch(&sums, net, &batch, ipl_net_learning_rate(net), 0, k, NULL),
            IPL_OK);
        assert_close(sums.loss / (double)batch.n, t.losses.data[k], 5e-6);
        compare_params(net, t.grads.data + k * n_params, t.params.data + k * n_params);
        source.start = (source.start + batch.n) % t.x.rows;
    }
    ipl_net_destroy(net);
    close_case(&t);
}

static void training_follows_the_exact_trajectories(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_message("%s\n", cases[i].name);
        follow(&cases[i]);
    }
}

static void nets_of_maps_follow_the_exact_trajectories(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++) {
        print_message("%s\n", maps[i].name);
        follow(&maps[i]);
    }
}

/* The same net behind a convolution that changes nothing: the gradient at the input is what
 * that one gets. */
static ipl_net *create_behind_identity(const golden *c, const trajectory *t)
{
    const size_t channels = shape_of(&t->x).c;
    ipl_text text = {0};
    trajectory drawn = *t;
    golden behind = *c;
    ipl_param_view from, to;
    ipl_net *net = create(c, t), *out;

    ipl_text_add(&text, "conv2d:filters=%zu,size=1,bias=no %s", channels, c->text);
    behind.text = text.s;
    (void)snprintf(drawn.init, sizeof drawn.init, "default");
    out = create(&behind, &drawn);
    assert_true(ipl_net_param(&to, out, 0));
    for (size_t i = 0; i < channels * channels; i++)
        to.data[i] = i % (channels + 1) == 0 ? 1.0f : 0.0f;
    for (size_t k = 0; ipl_net_param(&from, net, k); k++) {
        assert_true(ipl_net_param(&to, out, k + 1));
        memcpy(to.data, from.data, size_of(&from) * sizeof *to.data);
    }
    ipl_net_destroy(net);
    ipl_text_release(&text);
    return out;
}

static void gradients_reach_the_input(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++) {
        const golden *c = &maps[i];
        trajectory t;
        rows source = {.t = &t};
        const ipl_batch batch = {.n = c->batch, .fill = fill, .source = &source};
        ipl_batch_sums sums;
        ipl_net *net;
        ipl_npy dx;
        float *got;

        open_case(&t, c);
        load(&dx, c->name, "dx");
        net = create_behind_identity(c, &t);
        assert_int_equal(ipl_net_train_batch(&sums, net, &batch, 0.0, 0, 0, NULL), IPL_OK);
        assert_true(net->layers[0].dy_held == 0 || net->layers[0].dy_held >= dx.rows);
        got = ipl_array(dx.rows, dx.cols, sizeof *got, NULL);
        assert_non_null(got);
        ipl_channels_first(got, net->layers[0].dy, shape_of(&t.x), dx.rows);
        compare(got, dx.data, dx.rows * dx.cols, 2e-5, true);
        ipl_free(got);
        ipl_net_destroy(net);
        ipl_npy_release(&dx);
        close_case(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(training_follows_the_exact_trajectories),
        cmocka_unit_test(nets_of_maps_follow_the_exact_trajectories),
        cmocka_unit_test(gradients_reach_the_input),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
