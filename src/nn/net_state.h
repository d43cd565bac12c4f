/** The state of a net while it is trained, as bytes: what a checkpoint keeps of it. */
#ifndef IPL_NET_STATE_H
#define IPL_NET_STATE_H

#include "ipl/net.h"

/** Parts of the state, to be joined with |. */
typedef enum ipl_net_part {
    IPL_NET_LEARNED = 1,   /* parameters, and running statistics of batch normalisation */
    IPL_NET_OPTIMISER = 2, /* arrays of the optimiser, and how many updates it made */
    IPL_NET_FOLLOWED = 4   /* sums of the followed gradients */
} ipl_net_part;

/** Given one array of the state after the other, always in the same order. */
typedef ipl_status ipl_net_visitor(void *context, void *array, size_t bytes,
                                   ipl_error *err);

/**
 * Show every array of some parts of a net's state to a function, which may read or write it,
 * part after part in the order above; stop at the first status that is not IPL_OK.
 *
 * IPL_NET_FOLLOWED shows nothing unless gradients are followed.
 */
ipl_status ipl_net_visit(ipl_net *net, unsigned parts, ipl_net_visitor *visit,
                         void *context, ipl_error *err) IPL_NODISCARD;

/** Bytes of those arrays. */
size_t ipl_net_state_size(ipl_net *net, unsigned parts);

/** Copy those arrays to out. */
void ipl_net_save(void *out, ipl_net *net, unsigned parts);

/**
 * Set those arrays from what ipl_net_save() wrote, for a net of the same experiment.
 *
 * errors  IPL_E_SHAPE  another number of bytes; the net is untouched
 */
ipl_status ipl_net_load(ipl_net *net, unsigned parts, const void *bytes, size_t len,
                        ipl_error *err) IPL_NODISCARD;

/**
 * Make what can be measured of a net that of another: parameters, running statistics, and the
 * sums of followed gradients. Only the first call with followed gradients allocates.
 *
 * shapes  both are made of the same texts, for the same input and number of classes
 * errors  IPL_E_NOMEM; `to` is untouched
 */
ipl_status ipl_net_mirror(ipl_net *to, const ipl_net *from, ipl_error *err) IPL_NODISCARD;

/**
 * Whether every number of the parameters, running statistics and optimiser is finite.
 *
 * errors  IPL_E_NUMERIC  the message names the layer
 */
ipl_status ipl_net_check_finite(const ipl_net *net, ipl_error *err) IPL_NODISCARD;

/**
 * Whether every layer can be trained on a batch of n >= 1 rows.
 *
 * errors  IPL_E_SHAPE  the message names the layer, the batch and what the layer needs
 */
ipl_status ipl_net_check_batch(const ipl_net *net, size_t n, ipl_error *err) IPL_NODISCARD;

#endif /* IPL_NET_STATE_H */
