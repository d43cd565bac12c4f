/** The window that a pooling layer moves over a map: options, sizes and places. */
#ifndef IPL_WINDOW_H
#define IPL_WINDOW_H

#include "nn/layer.h"

typedef struct ipl_window {
    size_t size, stride, padding; /* stride 0: the size */
    ipl_shape in, out;            /* set by bind */
} ipl_window;

extern const ipl_opt ipl_window_opts[];

/** Cells of the map that the window covers at one place. */
typedef struct ipl_window_span {
    size_t first, end; /* on the map */
    size_t skipped;    /* of the window, which lie in the padding before the map */
} ipl_window_span;

/**
 * Fix the sizes in self, an ipl_window; the bind() of a pooling layer.
 *
 * errors  IPL_E_SHAPE  the window is larger than the padded map, or the padding larger than
 *                      half the window
 */
ipl_status ipl_window_bind(void *self, ipl_shape in, ipl_shape *out,
                           ipl_error *err) IPL_NODISCARD;

/** Operations of one sample: one per cell of every window. */
double ipl_window_flops(const void *self);

/** What place i of the window covers along an axis of n cells. */
static inline ipl_window_span ipl_window_at(const ipl_window *l, size_t i, size_t n)
{
    const size_t start = i * l->stride, end = start + l->size; /* with padding */
    ipl_window_span span = {.first = 0, .end = end - l->padding, .skipped = 0};

    if (start < l->padding)
        span.skipped = l->padding - start;
    else
        span.first = start - l->padding;
    if (span.end > n)
        span.end = n;
    return span;
}

#endif /* IPL_WINDOW_H */
