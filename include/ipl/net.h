/**
 * Nets: layers given by text, a loss and an optimiser, trained one batch at a time.
 *
 *     const ipl_net_opts opts = {.text = "784-1024-20-20-20-10", .activation = "tanh",
 *                                .loss = "cross-entropy", .optimiser = "sgd:lr=0.01",
 *                                .init = "default", .input = {1, 28, 28}, .n_classes = 10,
 *                                .batch = 128, .seed = 1};
 *     ipl_net *net;
 *
 *     if (ipl_net_create(&net, &opts, &err) == IPL_OK)
 *         st = ipl_net_train_batch(&sums, net, &batch, 0.01, epoch, step, &err);
 *     ipl_net_destroy(net);
 *
 * A net has one arena for parameters, gradients, optimiser state, activations and scratch:
 * after create, training and evaluation allocate nothing. The batch is cut into shards of a
 * fixed number of rows; weight gradients are tiled over their output. Neither depends on the
 * number of threads, so neither do the bytes of the result.
 */
#ifndef IPL_NET_H
#define IPL_NET_H

#include "ipl/matrix.h"
#include "ipl/status.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ipl_pool;

typedef struct ipl_net_opts {
    const char *text; /* "784-20-10", or "conv2d:filters=8 relu dense:units=10" */
    const char
        *activation;  /* between the layers of the short form; NULL: for the long one */
    const char *loss; /* "cross-entropy", "mse:target=input" */
    const char *optimiser; /* "sgd:lr=0.1,momentum=0.9" */
    const char *init;      /* "default" (as NULL), "glorot", ..., "npy:FOLDER" */
    ipl_shape input;       /* of one sample */
    size_t n_classes;      /* of the data; 0: no labels */
    size_t batch;          /* most rows of a batch */
    size_t shard;          /* rows of a shard; 0: chosen from batch and net */
    uint64_t seed;
    struct ipl_pool *pool; /* threads, borrowed; NULL: one */
} ipl_net_opts;

/** What a net says of one of its layers; borrowed, valid as long as the net. */
typedef struct ipl_layer_info {
    const char *kind; /* "dense", "tanh" */
    const char *name; /* of its output, unique: "fc1", "logits", "fc1.dense" */
    const char *text; /* "dense:units=1024" */
    ipl_shape in, out;
    size_t n_params;
    double flops;     /* of one sample forward, an addition or a product is one */
    bool measured;    /* its output has a place on the information plane */
    double low, high; /* bounds of its values; NaN: none */
} ipl_layer_info;

/**
 * Where the rows of a batch come from: called by several threads for different rows. A row is
 * a sample of shape opts.input, channels first.
 */
typedef struct ipl_batch {
    size_t n; /* rows, 1 ... opts.batch */
    /** Write rows first ... first + n - 1 of the batch: x (n, d), labels y (n). */
    void (*fill)(float *x, int32_t *y, const void *source, size_t first, size_t n);
    const void *source;
} ipl_batch;

/** Sums over the rows of a batch. */
typedef struct ipl_batch_sums {
    double loss;    /* of the rows, before the update */
    size_t correct; /* rows whose largest output is their label */
} ipl_batch_sums;

typedef struct ipl_net ipl_net; /* opaque */

/**
 * Build a net and draw its initial parameters.
 *
 * owner   *out belongs to the caller, for ipl_net_destroy(); NULL on error
 * errors  IPL_E_FORMAT  a text is wrong; the message names the word
 *         IPL_E_SHAPE   the net does not fit the input, the number of classes or itself;
 *                       the message names the layer and both shapes
 *         IPL_E_NOINPUT a file of init=npy:FOLDER is missing
 *         IPL_E_ARG     out, opts, text, loss or optimiser is NULL; a batch out of range
 *         IPL_E_NOMEM
 */
ipl_status ipl_net_create(ipl_net **out, const ipl_net_opts *opts,
                          ipl_error *err) IPL_NODISCARD;

/** Release a net; NULL is allowed. */
void ipl_net_destroy(ipl_net *net);

/** Number of layers. Of NULL this and the numbers below are 0 or NaN, texts and layers NULL. */
size_t ipl_net_n_layers(const ipl_net *net);

/** Layer i = 0 ... ipl_net_n_layers() - 1, the words of the net's text in their order; else NULL. */
const ipl_layer_info *ipl_net_layer(const ipl_net *net, size_t i);

/**
 * Choose the measured layers. By default (text "" or "default"): the output of each block, after
 * activation and pooling, and the output of the net. "all": every layer's output. Otherwise
 * names or numbers of layers, separated by commas.
 *
 * errors  IPL_E_FORMAT  no such layer; the message lists the names
 *         IPL_E_ARG     net or text is NULL
 */
ipl_status ipl_net_measure(ipl_net *net, const char *text, ipl_error *err) IPL_NODISCARD;

/** Sum of n_params over the layers, and bytes of the arena. */
size_t ipl_net_n_params(const ipl_net *net);
size_t ipl_net_memory(const ipl_net *net);

/** Learning rate in the optimiser's text. */
double ipl_net_learning_rate(const ipl_net *net);

/** Rows of a shard. */
size_t ipl_net_shard(const ipl_net *net);

/** Full texts, every option spelled out, as they are recorded. */
const char *ipl_net_text(const ipl_net *net);
const char *ipl_net_loss_text(const ipl_net *net);
const char *ipl_net_optimiser_text(const ipl_net *net);

/**
 * One step: forward, loss averaged over the rows, backward, update.
 *
 * epoch, step  count from 0; step over the whole run. They name the dropout draws and the
 *              message of a fault.
 * errors  IPL_E_ARG      out, net, batch or batch->fill is NULL, batch->n is not 1 ... opts.batch,
 *                        lr is not finite; a label that the loss looks at is not 0 ...
 *                        n_classes - 1: the message names row and label
 *         IPL_E_SHAPE    batch normalisation would see one value per channel: a batch of one
 *                        row of one pixel; nothing is changed
 *         IPL_E_NUMERIC  the loss is NaN or Inf: the message names the first layer with such
 *                        an output
 * On error the parameters are those before the step. Allocates nothing.
 */
ipl_status ipl_net_train_batch(ipl_batch_sums *out, ipl_net *net, const ipl_batch *batch,
                               double lr, size_t epoch, size_t step,
                               ipl_error *err) IPL_NODISCARD;

/**
 * Loss and hits in evaluation mode. Changes nothing but scratch; allocates nothing. What
 * ipl_net_train_batch() calls IPL_E_ARG gives a loss of NaN and no hits; NULL as out: nothing.
 */
void ipl_net_evaluate(ipl_batch_sums *out, ipl_net *net, const ipl_batch *batch);

/**
 * Outputs in evaluation mode: row r of layer i goes to taps[i] + r * d_i, channels first.
 *
 * shapes  taps (n_layers), each (batch->n, d_i) or NULL: not wanted
 * A batch that is NULL, has no fill() or not 1 ... opts.batch rows, and NULL for taps or net,
 * write nothing. Changes nothing but scratch; allocates nothing.
 */
void ipl_net_probe(float *const *taps, ipl_net *net, const ipl_batch *batch);

/**
 * Follow the weight gradients of the steps to come (on), forgetting what was followed
 * before, or stop. The first call allocates one number per parameter.
 *
 * errors  IPL_E_NOMEM
 */
ipl_status ipl_net_follow_gradients(ipl_net *net, bool on, ipl_error *err) IPL_NODISCARD;

/**
 * Gradient signal and noise of the weights of one layer over the followed steps,
 *
 *     mean = |E g|,  sd = sqrt(E |g|^2 - |E g|^2)
 *
 * NaN for a layer without weights, one that does not exist, or when no step was followed.
 * source  Shwartz-Ziv & Tishby 2017, corrected: norms per layer, one root
 */
void ipl_net_gradient(double *mean, double *sd, const ipl_net *net, size_t layer);

/** Frobenius norm of the weights of one layer, NaN when it has none or does not exist. */
double ipl_net_weight_norm(const ipl_net *net, size_t layer);

/**
 * One parameter array; borrowed, valid as long as the net.
 *
 * data and grad are in the order in which the layer keeps them: C order of dims but for
 * convolutions, layers above a map of several channels and the like. ipl_net_copy_param()
 * gives the C order always.
 */
typedef struct ipl_param_view {
    size_t layer;      /* it belongs to */
    const char *name;  /* "weight", "bias" */
    float *data;       /* product of dims values */
    const float *grad; /* of the last step, same order */
    size_t n_dims, dims[4];
} ipl_param_view;

/** Array k in the order of the layers; false past the last. */
bool ipl_net_param(ipl_param_view *out, ipl_net *net, size_t k);

/** Copy array k in C order of its dims (dense weight out x in, convolution out x in x kh x kw). */
bool ipl_net_copy_param(float *out, const ipl_net *net, size_t k);

/** The same for its gradient of the last step. */
bool ipl_net_copy_gradient(float *out, const ipl_net *net, size_t k);

/**
 * Write every parameter array as FOLDER/<i>.<name>.npy (float32; dense weight out x in,
 * convolution out x in x kh x kw), and the running statistics of batch normalisation beside
 * them, i = index of the layer in the net's text.
 *
 * errors  IPL_E_CANTCREATE, IPL_E_IO, IPL_E_NOMEM
 */
ipl_status ipl_net_write_params(ipl_net *net, const char *folder,
                                ipl_error *err) IPL_NODISCARD;

/**
 * Read the files that ipl_net_write_params() writes.
 *
 * errors  IPL_E_NOINPUT  a file is missing
 *         IPL_E_SHAPE    an array has another shape; the message names both
 *         IPL_E_FORMAT   not an array, or a value that is not finite
 */
ipl_status ipl_net_read_params(ipl_net *net, const char *folder,
                               ipl_error *err) IPL_NODISCARD;

#ifdef __cplusplus
}
#endif

#endif /* IPL_NET_H */
