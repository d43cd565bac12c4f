/* Back to the start of a residual block: see layer_skip.c. */
#include "nn/layer.h"

const ipl_layer_ops ipl_layer_shortcut = {
    .row = {.name = "shortcut",
            .summary = "the layers from here to `add` work on what `skip` marked",
            .source = "He et al. 2016"},
    .example = "",
    .tag = "shortcut",
    .low = IPL_UNBOUNDED,
    .high = IPL_UNBOUNDED,
    .keeps_range = true,
    .unmeasured = true,
    .role = IPL_LAYER_SHORTCUT,
};
