/*
 * Convolutions: cutting maps, kernels and filters into what the inner loops work on.
 *
 * All three products are one of two sums. A sweep makes pixels of a map from runs of
 * kw c floats, kh of them: the forward pass with the input map, the backward pass with dy
 * and the kernel turned round, once for each of the stride^2 places a pixel can have between
 * the strides. A fold makes rows of dw (conv_gradient.c).
 *
 * Where a kernel hangs over the edge, either the map is copied into a frame of zeros, a few
 * images at a time so that they are still in cache when they are read; or, where the zeros
 * would be a good part of the work, pixels are swept in groups that see the same taps.
 *
 * Few channels do not fill a vector. Then neighbouring pixels of a row are joined to one: in
 * memory their channels lie side by side, and they are the channels of a convolution whose
 * kernel is wider by the steps between them and zero where a pixel sees less than all. Two
 * pixels of 8 channels and a 3 x 3 kernel cost 4 columns of 16 lanes, not 6 of 8.
 */
#include "math/conv.h"

#include "math/conv_frame.h"
#include "math/conv_parts.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

enum {
    PANEL_FLOATS = 1 << 15, /* weights worked with: part of a second-level cache */
    MAX_WIDTH = 64
};

ipl_shape ipl_conv_out(const ipl_conv *g)
{
    return (ipl_shape){.c = g->filters,
                       .h = (g->h + 2 * g->pad - g->kh) / g->stride + 1,
                       .w = (g->w + 2 * g->pad - g->kw) / g->stride + 1};
}

/*
 * One direction of a sweep: tap t of pixel j lies on row or column j step + t + offset of a
 * map that has `size` of them.
 */
typedef struct side {
    size_t n, step, taps, size;
    ptrdiff_t offset;
} side;

/* Pixels from `first` on whose taps on the map are the same, low <= t < high. */
typedef struct run {
    size_t first, n, low, high;
} run;

static void see(run *r, const side *s, size_t j)
{
    const ptrdiff_t at = (ptrdiff_t)(j * s->step) + s->offset; /* of tap 0 */
    const ptrdiff_t end = (ptrdiff_t)s->size - at;

    r->low = at < 0 ? conv_min((size_t)-at, s->taps) : 0;
    r->high = conv_max(r->low, end > 0 ? conv_min((size_t)end, s->taps) : 0);
}

static run run_from(const side *s, size_t first)
{
    run r = {.first = first}, next = r;

    see(&r, s, first);
    do {
        r.n++;
        see(&next, s, first + r.n);
    } while (first + r.n < s->n && next.low == r.low && next.high == r.high);
    return r;
}

/* Taps of all pixels that lie on the map. */
static size_t taps_seen(const side *s)
{
    size_t sum = 0;
    run r = {0};

    for (size_t j = 0; j < s->n; j += r.n) {
        r = run_from(s, j);
        sum += r.n * (r.high - r.low);
    }
    return sum;
}

/* The rows or columns of y, from a map of x of the given size. */
static side forward_side(const ipl_conv *g, size_t n, size_t size, size_t taps)
{
    return (side){.n = n,
                  .step = g->stride,
                  .taps = taps,
                  .size = size,
                  .offset = -(ptrdiff_t)g->pad};
}

/*
 * The rows or columns of x that lie `r` after a stride, from a map of dy of the given size;
 * n in all, *first is the first one. They see every stride-th tap; the last comes first.
 */
static side backward_side(size_t *first, const ipl_conv *g, size_t r, size_t n, size_t size,
                          size_t kernel)
{
    side s = {.step = 1, .size = size};

    *first = (r + g->stride - g->pad % g->stride) % g->stride;
    s.n = *first < n ? (n - 1 - *first) / g->stride + 1 : 0;
    s.taps = r < kernel ? (kernel - 1 - r) / g->stride + 1 : 0;
    s.offset = (ptrdiff_t)((*first + g->pad) / g->stride) + 1 - (ptrdiff_t)s.taps;
    return s;
}

/* Taps that all rows or columns of x ask for, on the map of dy or not. */
static size_t taps_asked(const ipl_conv *g, size_t n, size_t size, size_t kernel)
{
    size_t sum = 0, first;

    for (size_t r = 0; r < g->stride; r++) {
        const side s = backward_side(&first, g, r, n, size, kernel);

        sum += s.n * s.taps;
    }
    return sum;
}

/* Whether the zeros of a frame are more than an eighth of the work. */
static bool is_wasteful(const ipl_conv *g, size_t rows, size_t cols)
{
    const ipl_shape out = ipl_conv_out(g);
    const side v = forward_side(g, out.h, g->h, g->kh);
    const side h = forward_side(g, out.w, g->w, g->kw);
    const double seen = (double)taps_seen(&v) * (double)taps_seen(&h);

    return seen < 0.875 * (double)rows * (double)cols;
}

/* x as the forward pass wants it. */
static conv_frame input_frame(const ipl_conv *g)
{
    const ipl_shape out = ipl_conv_out(g);
    const conv_frame f = ipl_conv_padded(g);

    return is_wasteful(g, out.h * g->kh, out.w * g->kw)
               ? (conv_frame){.map = f.map, .padded = f.map}
               : f;
}

/* dy as the backward pass wants it: zeros where an output is asked for that is not there. */
static conv_frame output_frame(const ipl_conv *g)
{
    const ipl_shape out = ipl_conv_out(g);
    conv_frame f = {.map = out, .padded = out};

    if (is_wasteful(g, taps_asked(g, g->h, out.h, g->kh),
                    taps_asked(g, g->w, out.w, g->kw)))
        return f;
    f.top = (g->kh - 1) / g->stride;
    f.left = (g->kw - 1) / g->stride;
    f.padded.h = f.top + conv_max(out.h, (g->h - 1 + g->pad) / g->stride + 1);
    f.padded.w = f.left + conv_max(out.w, (g->w - 1 + g->pad) / g->stride + 1);
    return f;
}

size_t ipl_conv_scratch(const ipl_conv *g)
{
    const conv_frame in = input_frame(g), out = output_frame(g);
    const size_t sweep = conv_max(ipl_conv_block_floats(&in), ipl_conv_block_floats(&out));

    return conv_max(sweep + PANEL_FLOATS + MAX_WIDTH, ipl_conv_gradient_scratch(g));
}

/*
 * Where a sweep finds the weight of tap t, run position (v, i) and output channel o:
 * w[t tap + v place + i inner + o channel].
 */
typedef struct weights {
    const float *w;
    ptrdiff_t tap, place, inner, channel;
} weights;

/* Pixels to be swept; all their channels. Of joined pixels those of one after the other. */
typedef struct job {
    float *y;
    conv_grid at_y;
    size_t channels;      /* of one pixel */
    size_t joined, shift; /* pixels that are one, columns from one to the next */
    const float *x;
    ipl_shape map; /* of x, with its conv_frame */
    size_t images;
    side v, h; /* rows, columns */
    weights from;
    const float *bias; /* (channels) or NULL */
} job;

/* Part of a kernel, for some output channels: taps [t, t + taps) of runs [k, k + span). */
typedef struct part {
    size_t first, count, width; /* output channels */
    size_t t, taps, k, span;
} part;

/* Weights of a part, zero from its channel count on and where a joined pixel sees nothing. */
static void fill_panel(float *panel, const job *j, const part *a)
{
    const weights *from = &j->from;
    const size_t c = j->map.c, taps = j->h.taps - (j->joined - 1) * j->shift;
    const size_t count = conv_min(a->count, j->channels);

    for (size_t t = a->t; t < a->t + a->taps; t++)
        for (size_t k = a->k; k < a->k + a->span; k++, panel += a->width) {
            const float *row = from->w + (ptrdiff_t)t * from->tap +
                               (ptrdiff_t)(k % c) * from->inner +
                               (ptrdiff_t)a->first * from->channel;

            memset(panel, 0, a->width * sizeof *panel);
            for (size_t q = 0; q < j->joined && q * j->shift <= k / c; q++) {
                const size_t v = k / c - q * j->shift;
                const float *w = row + (ptrdiff_t)v * from->place;

                for (size_t i = 0; v < taps && i < count; i++)
                    panel[q * count + i] = w[(ptrdiff_t)i * from->channel];
            }
        }
}

/* The pixels of row run v and column run h; bias NULL: add to what is there. */
static void sweep_runs(const job *j, const part *a, const run *v, const run *h,
                       const float *panel, const float *bias, const conv_kernel *kernel)
{
    const size_t C = j->map.c, row = j->map.w * C;
    const size_t t = conv_max(v->low, a->t), t_end = conv_min(v->high, a->t + a->taps);
    const size_t k = conv_max(h->low * C, a->k),
                 k_end = conv_min(h->high * C, a->k + a->span);
    conv_sweep s = {
        .y = j->y + v->first * j->at_y.row + h->first * j->at_y.col + a->first,
        .x = j->x,
        .at_y = j->at_y,
        .images = j->images,
        .rows = v->n,
        .cols = h->n,
        .bias = bias,
        .count = a->count,
    };

    if (t < t_end && k < k_end) {
        s.x += ((ptrdiff_t)(v->first * j->v.step + t) + j->v.offset) * (ptrdiff_t)row +
               ((ptrdiff_t)(h->first * j->h.step) + j->h.offset) * (ptrdiff_t)C +
               (ptrdiff_t)k;
        s.at_x = (conv_grid){
            .image = ipl_shape_size(j->map), .row = j->v.step * row, .col = j->h.step * C};
        s.taps = t_end - t;
        s.tap = row;
        s.span = k_end - k;
        s.panel = panel + ((t - a->t) * a->span + k - a->k) * a->width;
        s.panel_tap = a->span * a->width;
    }
    if (s.taps > 0 || bias)
        kernel->sweep(&s);
}

static void sweep_part(const job *j, const part *a, float *panel, const float *bias,
                       const conv_kernel *kernel)
{
    run v, h;

    fill_panel(panel, j, a);
    for (size_t r = 0; r < j->v.n; r += v.n) {
        v = run_from(&j->v, r);
        for (size_t c = 0; c < j->h.n; c += h.n) {
            h = run_from(&j->h, c);
            sweep_runs(j, a, &v, &h, panel, bias, kernel);
        }
    }
}

/* A panel of weights at a time: the whole kernel if it is small, else a piece of a run. */
static void sweep_joined(const job *j, float *panel)
{
    float *bias = panel + PANEL_FLOATS;
    const size_t span = j->h.taps * j->map.c, channels = j->joined * j->channels;

    for (size_t o = 0; o < channels;) {
        const conv_kernel *kernel = ipl_conv_kernel_for(channels - o);
        const size_t width = kernel->width, most = PANEL_FLOATS / width;
        const bool whole = j->v.taps * span <= most;
        part a = {.first = o, .count = conv_min(width, channels - o), .width = width};

        for (size_t i = 0; i < width; i++)
            bias[i] = j->bias && i < a.count ? j->bias[(o + i) % j->channels] : 0.0f;
        a.taps = whole ? j->v.taps : 1;
        do {
            a.k = 0;
            do {
                a.span = whole ? span : conv_min(most, span - a.k);
                sweep_part(j, &a, panel, a.t == 0 && a.k == 0 ? bias : NULL, kernel);
                a.k += a.span;
            } while (a.k < span);
            a.t += a.taps;
        } while (a.t < j->v.taps);
        o += a.count;
    }
}

/* The columns in joined groups, as many as can be; what is left of them in smaller ones. */
static void sweep_all(const job *j, float *panel)
{
    const bool side_by_side = j->at_y.col == j->channels;
    const size_t most =
        side_by_side ? ipl_conv_most_joined(j->channels, j->h.taps, j->h.step) : 1;

    for (size_t first = 0; first < j->h.n;) {
        const size_t m = conv_min(most, j->h.n - first);
        job some = *j;

        assert(m > 0);
        some.y += first * j->at_y.col;
        some.at_y.col *= m;
        some.joined = m;
        some.shift = j->h.step;
        some.h.offset += (ptrdiff_t)(first * j->h.step);
        some.h.n = (j->h.n - first) / m;
        some.h.step *= m;
        some.h.taps += (m - 1) * j->h.step;
        sweep_joined(&some, panel);
        first += some.h.n * m;
    }
}

void ipl_conv_forward(float *y, const float *x, const float *w, const float *b,
                      float *scratch, const ipl_conv *g, size_t n)
{
    const conv_frame in = input_frame(g);
    const ipl_shape out = ipl_conv_out(g);
    const size_t block = ipl_conv_block(&in), F = g->filters;
    job j = {
        .at_y = ipl_conv_grid(out, 1),
        .channels = F,
        .map = in.padded,
        .v = forward_side(g, out.h, in.padded.h, g->kh),
        .h = forward_side(g, out.w, in.padded.w, g->kw),
        .from = {.w = w,
                 .tap = (ptrdiff_t)(g->kw * g->c * F),
                 .place = (ptrdiff_t)(g->c * F),
                 .inner = (ptrdiff_t)F,
                 .channel = 1},
        .bias = b,
    };

    j.v.offset += (ptrdiff_t)in.top;
    j.h.offset += (ptrdiff_t)in.left;
    for (size_t m = 0; m < n; m += block) {
        j.images = conv_min(block, n - m);
        j.x = ipl_conv_framed(scratch, x + m * ipl_shape_size(in.map), &in, j.images);
        j.y = y + m * ipl_shape_size(out);
        sweep_all(&j, scratch + ipl_conv_block_floats(&in));
    }
}

/* The pixels of dx that lie r[0], r[1] after a stride, of images whose dy is in j. */
static void sweep_phase(job *j, float *dx, const float *w, const ipl_conv *g,
                        const conv_frame *out, const size_t r[2], float *panel)
{
    const size_t tap = g->kw * g->c * g->filters, place = g->c * g->filters;
    size_t row, col;

    j->v = backward_side(&row, g, r[0], g->h, out->padded.h, g->kh);
    j->h = backward_side(&col, g, r[1], g->w, out->padded.w, g->kw);
    if (j->v.n == 0 || j->h.n == 0)
        return;
    if (j->v.taps == 0 || j->h.taps == 0)
        j->v.taps = j->h.taps = 0; /* no tap falls on these pixels: zeros */
    else
        j->from.w = w + (r[0] + (j->v.taps - 1) * g->stride) * tap +
                    (r[1] + (j->h.taps - 1) * g->stride) * place;
    j->v.offset += (ptrdiff_t)out->top;
    j->h.offset += (ptrdiff_t)out->left;
    j->y = dx + (row * g->w + col) * g->c;
    sweep_all(j, panel);
}

void ipl_conv_backward(float *dx, const float *dy, const float *w, float *scratch,
                       const ipl_conv *g, size_t n)
{
    const conv_frame out = output_frame(g);
    const ipl_shape in = {.c = g->c, .h = g->h, .w = g->w};
    const size_t block = ipl_conv_block(&out);
    const ptrdiff_t place = (ptrdiff_t)(g->stride * g->c * g->filters);
    job j = {
        .at_y = ipl_conv_grid(in, g->stride),
        .channels = g->c,
        .map = out.padded,
        .from = {.tap = -place * (ptrdiff_t)g->kw,
                 .place = -place,
                 .inner = 1,
                 .channel = (ptrdiff_t)g->filters},
    };

    for (size_t m = 0; m < n; m += block) {
        j.images = conv_min(block, n - m);
        j.x = ipl_conv_framed(scratch, dy + m * ipl_shape_size(out.map), &out, j.images);
        for (size_t u = 0; u < g->stride; u++)
            for (size_t v = 0; v < g->stride; v++)
                sweep_phase(&j, dx + m * ipl_shape_size(in), w, g, &out,
                            (const size_t[]){u, v}, scratch + ipl_conv_block_floats(&out));
    }
}
