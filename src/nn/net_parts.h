/**
 * The inside of a net, shared by the files net*.c.
 *
 * net_text.c makes layers of text, net_shape.c connects them, fixes their shapes and cuts them
 * into runs, net.c lays it out, net_step.c runs it, net_params.c reads, writes and watches
 * parameters.
 */
#ifndef IPL_NET_PARTS_H
#define IPL_NET_PARTS_H

#include "ipl/net.h"
#include "nn/layer.h"
#include "nn/loss.h"
#include "nn/optimiser.h"

#include <stdatomic.h>

enum {
    IPL_NET_MAX_LAYERS = 256,    /* dropout names its draws by layer * 2^24 + row */
    IPL_NET_MAX_BATCH = 1 << 24, /* rows, exclusive */
    IPL_NET_MAX_UNITS = 1 << 24, /* of one layer in the short form */
    IPL_NET_PIECE = 1 << 14,     /* parameters updated by one task */
    IPL_NET_GROUPS = 16,         /* of shards, at most */
    IPL_NET_NAME = 64
};

/** Operations below which handing tasks to other threads costs more than it saves. */
#define IPL_NET_SMALL_JOB 4e6

/** In place of the index of a layer: the input of the net, or nothing. */
#define IPL_NET_INPUT SIZE_MAX
#define IPL_NET_NONE (SIZE_MAX - 1)

/** One layer; D and U are the sizes of one sample at its input and output. */
typedef struct net_layer {
    ipl_spec spec;
    const ipl_layer_ops *ops;
    ipl_layer_info info;
    char name[IPL_NET_NAME];
    ipl_text text;
    size_t D, U, n_keep, n_sums, n_running;
    size_t from;    /* layer whose output is the input, or IPL_NET_INPUT */
    size_t other;   /* add: layer whose output is the second input, or IPL_NET_NONE */
    size_t grad_of; /* layer whose dy this one shares, or IPL_NET_NONE */
    /* Rows that are used up at once in training, so that every thread holds these alone: in
     * the same places over and over, which stay in the cache. 0: all of the batch. */
    size_t y_held, keep_held, dy_held;
    bool adds;    /* dw is summed on the way back */
    bool follows; /* its output depends on parameters, so dL/dy is wanted */
    bool branch;  /* inside a residual block */
    bool
        put_off; /* in training an activation that is run on what the pool behind it picks */
    float *w, *dw;                         /* (n_params) */
    float *state[IPL_OPTIMISER_STATE_MAX]; /* (n_params) of the optimiser */
    float *y;                              /* (batch, U) output */
    float *dy;                             /* (batch, U) dL/dy, or NULL */
    float *dx, *dx2;                       /* (batch, D) where they go, or NULL */
    float *keep;                           /* (batch, n_keep) */
    double *sums;                          /* (2 n_sums) over the batch */
    double *shard_sums;                    /* (shards, n_sums) */
    float *group_dw;                       /* (groups, n_params) where dw is summed */
    float *running;                        /* (n_running) */
    double *follow; /* (n_params) sums of the followed gradients, or NULL */
} net_layer;

/**
 * Layers first ... end - 1, run one after another over a block of rows before the next block:
 * maps in the cache are not written out and read back between layers.
 */
typedef struct net_run {
    size_t first, end;
    size_t block; /* rows */
    size_t stage; /* runs of one stage need no sums over the batch in between */
    bool couples; /* layer `end` is the first of the next stage and wants sums */
} net_run;

/** Some parameters of one array: what one task updates. */
typedef struct net_piece {
    size_t layer, first, n;
    bool weight;
    double square; /* sum of |g|^2 over the followed steps */
} net_piece;

/** One tile of the gradient of one layer. */
typedef struct net_tile {
    size_t layer, tile;
} net_tile;

/** What the tasks of one call have in common. */
typedef struct net_job {
    const ipl_batch *batch;
    float *const *taps; /* of a probe, or NULL */
    size_t top;         /* layers to run */
    bool training;
    bool whole;   /* all arrays hold the batch */
    size_t stage; /* in training: what to run */
    size_t step;
    double lr;
} net_job;

struct ipl_net {
    net_layer *layers;
    size_t n_layers;
    ipl_spec loss, optimiser;
    const ipl_loss_ops *loss_ops;
    const ipl_optimiser_ops *optimiser_ops;
    ipl_text text, loss_text, optimiser_text;
    ipl_shape input;
    size_t D, n_classes, batch, shard;
    bool labelled; /* the loss looks at the labels: 0 ... n_classes - 1 */
    atomic_size_t
        bad_row; /* of the batch, the first whose label is no class; SIZE_MAX: none */
    atomic_int bad_label; /* a label of such a row */
    size_t needy;         /* the layer that needs the largest batch in training */
    size_t turn;          /* rows of a shard that are run forward and at once backward */
    size_t x_held;        /* of the input, as y_held */
    bool abreast;         /* samples lie abreast in x, y and dy of every layer */
    size_t group;         /* shards that one task trains on, adding up gradients */
    size_t n_params;
    double flops; /* of one sample forward */
    uint64_t seed;
    struct ipl_pool *pool;

    char *arena; /* all arrays below and those of the layers */
    size_t memory;
    float *rows; /* (batch, D) input as the batch has it */
    float *x;    /* (batch, D) as the layers have it: the same, channels last, or abreast */
    float *z, *dz;  /* (batch, outputs) of a loss that does not take samples abreast */
    float *scratch; /* (threads, n_scratch) */
    size_t n_scratch;
    int32_t *y;           /* (batch) labels */
    ipl_batch_sums *sums; /* (shards) */
    net_piece *pieces;
    net_tile *tiles, *reduces; /* of dw: over the batch; over the groups */
    net_run *runs;
    size_t n_pieces, n_tiles, n_reduces, n_runs, n_stages;

    net_job job;
    size_t updates; /* done so far */
    double *follow; /* arena of net_layer.sum, made on demand */
    bool following;
    size_t followed; /* steps */
};

/** Make net->layers of text; errors of ipl_net_create(). */
ipl_status ipl_net_read_text(ipl_net *net, const ipl_net_opts *opts,
                             ipl_error *err) IPL_NODISCARD;

/** Find the inputs of every layer and fix all shapes; errors of ipl_net_create(). */
ipl_status ipl_net_connect(ipl_net *net, ipl_error *err) IPL_NODISCARD;

/** Whether every layer takes samples abreast. */
bool ipl_net_takes_abreast(const ipl_net *net);

/** Cut the layers into runs; returns how many, written to *out when it is not NULL. */
size_t ipl_net_cut_runs(net_run *out, const ipl_net *net);

/** Find how many rows go forward and back together, and which arrays hold no more. */
void ipl_net_find_held(ipl_net *net);

/** Name every layer and mark the measured ones. */
void ipl_net_name_layers(ipl_net *net);

/** Draw all parameters, or read them where the initialiser is a folder. */
ipl_status ipl_net_draw_params(ipl_net *net, const char *init,
                               ipl_error *err) IPL_NODISCARD;

/** Add the gradients of one piece to what is followed. */
void ipl_net_follow_piece(ipl_net *net, net_piece *piece);

#endif /* IPL_NET_PARTS_H */
