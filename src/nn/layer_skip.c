/*
 * Start of a residual block, in a line of words:
 *
 *     skip A B C add                  y = C(B(A(x))) + x
 *     skip A B C shortcut D E add     y = C(B(A(x))) + E(D(x))
 *
 * The net finds the inputs; what `skip` and `shortcut` take in is also what they give out.
 * Blocks may hold blocks.
 */
#include "nn/layer.h"

/* Two ways lead forward, so the gradient is the sum of theirs; dx may be dy. */
static void skip_backward(const void *self, ipl_shape in, ipl_shape out, const ipl_pass *p)
{
    const size_t n = p->rows * ipl_shape_size(in);

    (void)self;
    (void)out;
    for (size_t i = 0; i < n; i++)
        p->dx[i] = p->dy[i] + p->dx2[i];
}

const ipl_layer_ops ipl_layer_skip = {
    .row = {.name = "skip",
            .summary = "starts a residual block: skip ... add, skip ... shortcut ... add",
            .source = "He et al. 2016"},
    .example = "",
    .tag = "skip",
    .low = IPL_UNBOUNDED,
    .high = IPL_UNBOUNDED,
    .keeps_range = true,
    .unmeasured = true,
    .role = IPL_LAYER_SKIP,
    .backward = skip_backward,
};
