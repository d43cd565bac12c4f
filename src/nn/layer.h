/**
 * What one layer file provides.
 *
 * A layer is a plain struct of options and sizes. It owns no buffers: the net lays out
 * parameters, gradients, activations and scratch in one arena and hands them over in an
 * ipl_pass, so the passes cannot fail and allocate nothing.
 *
 * forward() and backward() see one shard, some rows of the batch; gradient() sees the whole
 * batch and writes one tile of the parameter gradient. Tiles depend on the shape of the
 * layer alone, so the sums are the same at any thread count. A layer with few parameters may
 * add up its gradient beside backward() instead, add_gradient(): for each group of shards
 * there is a sum, and the net adds them in their order.
 *
 * An activation is a layer whose row has value() and slope() instead: ipl_layer_forward()
 * and ipl_layer_backward() make the passes of them.
 *
 * A sample with several channels and pixels lies channels last, (H, W, C), in every buffer of
 * a pass, whatever the layer; how a sample lies depends on its shape alone. Outside of the
 * net, and in the order of random draws, it is (C, H, W): an ipl_param says how its array is
 * turned.
 *
 * In a net of narrow layers alone samples lie abreast.
 *
 * Rows of a batch do not depend on each other, with one exception: a layer with n_sums() is
 * run forward (in training) and backward when its sums over the whole batch are known.
 */
#ifndef IPL_LAYER_H
#define IPL_LAYER_H

#include "base/opt.h"
#include "ipl/matrix.h"

#include <math.h>
#include <stdbool.h>

enum {
    IPL_TILE_FLOATS = 4096 /* of an elementwise parameter gradient in one tile */
};

/** No bound, for low and high of a row. */
#define IPL_UNBOUNDED ((double)NAN)

/** Buffers of one pass. N = rows, D and U = sizes of one input and one output sample. */
typedef struct ipl_pass {
    size_t rows;     /* N */
    size_t first;    /* row of the batch that row 0 is: names random draws */
    bool training;   /* false: evaluation mode */
    uint64_t seed;   /* of the run, with step and layer: names random draws */
    size_t step;     /* of the run, from 0 */
    size_t layer;    /* index in the net */
    const float *x;  /* (N, D) */
    float *y;        /* (N, U) written by forward, unchanged until backward has seen it */
    const float *dy; /* (N, U) dL/dy */
    float *dx;       /* (N, D) overwritten with dL/dx; NULL: not wanted */
    const float *w;  /* (n_params) arrays in the order of param() */
    float *dw;       /* (n_params) dL/dw: overwritten, or added to by add_gradient */
    float *keep;     /* (N, n_keep) written by forward, read by backward and gradient */
    float *scratch;  /* (n_scratch) of this thread, not kept from one pass to the next */
    const float *x2; /* (N, D) second input of a sum, or NULL */
    float *dx2;      /* (N, D) its gradient: written by a sum, added by the branching */
    size_t batch;    /* rows of the whole batch */
    bool abreast;    /* samples lie abreast, and N is a multiple of 16 (math/abreast.h) */
    double *sums;    /* (2 n_sums) over the batch: sum_forward(), then sum_backward() */
    float *running;  /* (n_running) arrays in the order of running() */
} ipl_pass;

/** How the initialiser treats an array. */
typedef enum ipl_param_kind {
    IPL_PARAM_WEIGHT, /* drawn with fan_in and fan_out */
    IPL_PARAM_BIAS,   /* what the initialiser does with biases */
    IPL_PARAM_ZERO,
    IPL_PARAM_ONE
} ipl_param_kind;

/**
 * One parameter array of a layer.
 *
 * In files and random draws it is in C order of its dims. The layer may keep it otherwise:
 * seen with four axes in C order, stored with axis order[0] outermost. A convolution with
 * dims = axes = {out, in, kh, kw} and order = {2, 3, 1, 0} gets (kh, kw, in, out).
 */
typedef struct ipl_param {
    const char *name; /* "weight", "bias" */
    ipl_param_kind kind;
    size_t n_dims, dims[4];   /* weight: out x in (x kh x kw) */
    size_t fan_in, fan_out;   /* of the layer, for weights and biases */
    size_t axes[4], order[4]; /* axes[0] = 0: stored in C order of dims */
} ipl_param;

/** What a layer is in the course of a net. */
typedef enum ipl_layer_role {
    IPL_LAYER_PLAIN,    /* works on the output of the layer before it */
    IPL_LAYER_SKIP,     /* marks that output, which is also its own */
    IPL_LAYER_SHORTCUT, /* goes back to what the nearest open mark holds */
    IPL_LAYER_ADD       /* adds the shortcut and closes the mark */
} ipl_layer_role;

typedef struct ipl_layer_ops {
    ipl_row row;
    const char *example; /* options that make a small layer: shown in --help and used by
                            the gradient test, so a new row is tested without a new test */
    const char *tag;     /* begins the name of a block that starts here: "fc"; NULL: the
                            layer continues the block before it */
    double low, high;    /* bounds of the output, NaN: none */
    bool keeps_range;    /* in evaluation mode the bounds are those of the input */
    bool monotone;       /* activation that does not decrease: max f(x) = f(max x) */
    bool picks_largest;  /* every output is the largest of some inputs */
    ipl_layer_role role;
    bool whole_shard; /* best run over many rows at once, as a matrix product */
    bool unmeasured;  /* a block that starts here has no place on the plane by default */

    /** Fix the sizes in self for input shape in; errors: IPL_E_SHAPE. NULL: out = in. */
    ipl_status (*bind)(void *self, ipl_shape in, ipl_shape *out, ipl_error *err);
    /** Array k after bind; false past the last. NULL: none. */
    bool (*param)(ipl_param *out, const void *self, size_t k);
    /** Floats per sample kept from forward to backward, after bind. NULL: none. */
    size_t (*n_keep)(const void *self);
    /** Floats of scratch that one thread needs, after bind. NULL: none. */
    size_t (*n_scratch)(const void *self);
    /** Operations of one sample forward. NULL: as many as outputs. */
    double (*flops)(const void *self);
    /** Activation: y[i] = f(x[i]) for n numbers. NULL: forward() and backward(). */
    void (*value)(const void *self, float *y, const float *x, size_t n);
    /** Activation: g[i] = g[i] f'(x[i]), where y[i] = f(x[i]). */
    void (*slope)(const void *self, float *g, const float *x, const float *y, size_t n);
    void (*forward)(const void *self, ipl_shape in, ipl_shape out, const ipl_pass *p);
    /** dx from dy; only called when dx is wanted. */
    void (*backward)(const void *self, ipl_shape in, ipl_shape out, const ipl_pass *p);
    /** Whether its passes take samples abreast. NULL: an activation does, another layer not. */
    bool (*takes_abreast)(const void *self);
    /** Number of tiles of dw, after bind. NULL: no parameters. */
    size_t (*n_tiles)(const void *self);
    /** Tile of dw over the whole batch, from x, dy and keep; y is gone by then. */
    void (*gradient)(const void *self, size_t tile, const ipl_pass *p);
    /** Whether dw is instead summed on the way back, while x and dy are in the cache: pays
     * where dw is small. There are no tiles then. NULL: no. */
    bool (*adds)(const void *self);
    /** Add the gradient over some rows to dw. */
    void (*add_gradient)(const void *self, const ipl_pass *p);

    /** Rows that a batch needs in training, after bind. NULL: one. */
    size_t (*least_batch)(const void *self);
    /** Number of sums over the batch, forward and backward each. NULL: rows are independent. */
    size_t (*n_sums)(const void *self);
    /** Add the sums over the rows of x that forward() wants. */
    void (*sum_forward)(const void *self, double *sums, const ipl_pass *p);
    /** Add the sums over the rows of x and dy that backward() and gradient() want. */
    void (*sum_backward)(const void *self, double *sums, const ipl_pass *p);
    /** Array k of what the layer remembers of training but does not learn. NULL: none. */
    bool (*running)(ipl_param *out, const void *self, size_t k);
    /** Once per step that succeeds: bring the running arrays up to date. */
    void (*remember)(const void *self, const ipl_pass *p);
} ipl_layer_ops;

/** Whether the output of a layer is its input, no pass needed. */
static inline bool ipl_layer_gives_input(const ipl_layer_ops *ops)
{
    return ops->role == IPL_LAYER_SKIP || ops->role == IPL_LAYER_SHORTCUT;
}

/** Run a layer forward: y (and keep) from x. */
void ipl_layer_forward(const ipl_layer_ops *ops, const void *self, ipl_shape in,
                       ipl_shape out, const ipl_pass *p);

/** Run a layer backward: dx from dy. For an activation dx may be dy. */
void ipl_layer_backward(const ipl_layer_ops *ops, const void *self, ipl_shape in,
                        ipl_shape out, const ipl_pass *p);

/** Whether a sample of this shape lies channels last, other than outside of the net. */
static inline bool ipl_shape_turns(ipl_shape shape)
{
    return shape.c > 1 && shape.h * shape.w > 1;
}

/** (C, H, W) to (H, W, C) for rows samples; out and x must not overlap. */
void ipl_channels_last(float *out, const float *x, ipl_shape shape, size_t rows);

/** (H, W, C) to (C, H, W). */
void ipl_channels_first(float *out, const float *x, ipl_shape shape, size_t rows);

/** Number of values of a parameter array. */
size_t ipl_param_size(const ipl_param *param);

/** Say that the last three axes of an array, a sample of this shape, lie as samples do. */
void ipl_param_turn(ipl_param *param, size_t rows, ipl_shape shape);

/** An array from the order of its dims to the order of the layer. */
void ipl_param_store(float *stored, const float *values, const ipl_param *param);

/** The way back. */
void ipl_param_load(float *values, const float *stored, const ipl_param *param);

/** Rows of the table, one file each: layer_<name>.c. */
extern const ipl_layer_ops ipl_layer_dense;
extern const ipl_layer_ops ipl_layer_conv2d;
extern const ipl_layer_ops ipl_layer_dropout;
extern const ipl_layer_ops ipl_layer_identity;
extern const ipl_layer_ops ipl_layer_tanh;
extern const ipl_layer_ops ipl_layer_relu;
extern const ipl_layer_ops ipl_layer_leaky_relu;
extern const ipl_layer_ops ipl_layer_sigmoid;
extern const ipl_layer_ops ipl_layer_softplus;
extern const ipl_layer_ops ipl_layer_softsign;
extern const ipl_layer_ops ipl_layer_elu;
extern const ipl_layer_ops ipl_layer_gelu;
extern const ipl_layer_ops ipl_layer_silu;
extern const ipl_layer_ops ipl_layer_hard_tanh;
extern const ipl_layer_ops ipl_layer_maxpool;
extern const ipl_layer_ops ipl_layer_avgpool;
extern const ipl_layer_ops ipl_layer_adaptiveavgpool;
extern const ipl_layer_ops ipl_layer_globalavgpool;
extern const ipl_layer_ops ipl_layer_layernorm;
extern const ipl_layer_ops ipl_layer_batchnorm;
extern const ipl_layer_ops ipl_layer_flatten;
extern const ipl_layer_ops ipl_layer_skip;
extern const ipl_layer_ops ipl_layer_shortcut;
extern const ipl_layer_ops ipl_layer_add;

/** NULL-terminated; to add a layer, write its file and add one row. */
extern const ipl_layer_ops *const ipl_layer_table[];

/** Row i of the table, NULL past the last. */
const ipl_row *ipl_layer_row(size_t i);

#endif /* IPL_LAYER_H */
