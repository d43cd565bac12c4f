/**
 * The inside of a net, shared by the files net*.c.
 *
 * net.c lays it out, net_text.c makes layers of text, net_step.c runs them, net_params.c
 * reads, writes and watches parameters.
 */
#ifndef IPL_NET_PARTS_H
#define IPL_NET_PARTS_H

#include "ipl/net.h"
#include "nn/layer.h"
#include "nn/loss.h"
#include "nn/optimiser.h"

enum {
    IPL_NET_MAX_LAYERS = 256,    /* dropout names its draws by layer * 2^24 + row */
    IPL_NET_MAX_BATCH = 1 << 24, /* rows, exclusive */
    IPL_NET_MAX_UNITS = 1 << 24, /* of one layer in the short form */
    IPL_NET_PIECE = 1 << 14,     /* parameters updated by one task */
    IPL_NET_NAME = 64
};

/** One layer; D and U are the sizes of one sample at its input and output. */
typedef struct net_layer {
    ipl_spec spec;
    const ipl_layer_ops *ops;
    ipl_layer_info info;
    char name[IPL_NET_NAME];
    ipl_text text;
    size_t D, U, n_keep;
    float *w, *dw;                         /* (n_params) */
    float *state[IPL_OPTIMISER_STATE_MAX]; /* (n_params) of the optimiser */
    float *y;                              /* (batch, U) output */
    float
        *dy; /* (batch, U) dL/dy; shared with the activation above, which works in place */
    float *keep; /* (batch, n_keep) */
    double *sum; /* (n_params) of the followed gradients, or NULL */
} net_layer;

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
    size_t step;
    double lr;
} net_job;

struct ipl_net {
    net_layer *layers;
    size_t n_layers;
    size_t bottom; /* first layer with parameters; n_layers: none */
    ipl_spec loss, optimiser;
    const ipl_loss_ops *loss_ops;
    const ipl_optimiser_ops *optimiser_ops;
    ipl_text text, loss_text, optimiser_text;
    ipl_shape input;
    size_t D, n_classes, batch, shard;
    size_t n_params;
    double flops; /* of one sample forward */
    uint64_t seed;
    struct ipl_pool *pool;

    char *arena; /* all arrays below and those of the layers */
    size_t memory;
    float *x;             /* (batch, D) */
    int32_t *y;           /* (batch) labels */
    ipl_batch_sums *sums; /* (shards) */
    net_piece *pieces;
    net_tile *tiles;
    size_t n_pieces, n_tiles;

    net_job job;
    size_t updates; /* done so far */
    double *follow; /* arena of net_layer.sum, made on demand */
    bool following;
    size_t followed; /* steps */
};

/** Make net->layers of text and fix all shapes; errors of ipl_net_create(). */
ipl_status ipl_net_read_text(ipl_net *net, const ipl_net_opts *opts,
                             ipl_error *err) IPL_NODISCARD;

/** Name every layer and mark the measured ones. */
void ipl_net_name_layers(ipl_net *net);

/** Draw all parameters, or read them where the initialiser is a folder. */
ipl_status ipl_net_draw_params(ipl_net *net, const char *init,
                               ipl_error *err) IPL_NODISCARD;

/** Add the gradients of one piece to what is followed. */
void ipl_net_follow_piece(ipl_net *net, net_piece *piece);

/** Number of values of a parameter array. */
size_t ipl_param_size(const ipl_param *param);

#endif /* IPL_NET_PARTS_H */
