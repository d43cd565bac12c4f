/*
 * Convolutions: cutting maps, kernels and filters into what the inner loops work on.
 *
 * All three products are one of two sums. A sweep makes pixels of a map from runs of
 * kw c floats, kh of them: the forward pass with the input map, the backward pass with dy
 * and the kernel turned round, once for each of the stride^2 places a pixel can have between
 * the strides. A fold makes rows of dw.
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

#include "math/conv_parts.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

enum {
    BLOCK_IMAGES = 4, /* worked on together at least */
    BLOCK_PIXELS = 1024,
    BLOCK_FLOATS = 1 << 18, /* of their padded maps at most, unless one image has more */
    PANEL_FLOATS = 1 << 15, /* weights worked with: part of a second-level cache */
    MAX_WIDTH = 64
};

static const conv_kernels *find_kernels(void)
{
#if defined(__GNUC__) && defined(__x86_64__)
    if (ipl_conv_avx2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return ipl_conv_avx512 && __builtin_cpu_supports("avx512f") &&
                       __builtin_cpu_supports("avx512vl")
                   ? ipl_conv_avx512
                   : ipl_conv_avx2;
#endif
    return ipl_conv_plain;
}

const char *ipl_conv_kernels(void)
{
    return find_kernels()->name;
}

static size_t min(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t max(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t ceil_div(size_t a, size_t b)
{
    assert(b > 0);
    return (a + b - 1) / b;
}

/* The kernel for the next output channels, of which `left` remain: the widest they fill but for
 * less than 8. */
static const conv_kernel *kernel_for(size_t left)
{
    const conv_kernels *set = find_kernels();

    left = ceil_div(left, 8) * 8;

    for (size_t i = 0;; i++) {
        if (i == set->n) {
            set = *set->narrow;
            i = 0;
        }
        if (set->list[i].width <= left || (i + 1 == set->n && !set->narrow))
            return &set->list[i];
    }
}

/* Pixels of so many channels that are joined, at most; their taps along a row lie `step`
 * apart. */
static size_t most_joined(size_t channels, size_t taps, size_t step)
{
    const conv_kernels *set = find_kernels();

    return step < taps ? max(1, set->list[set->n - 1].width / channels) : 1;
}

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

    r->low = at < 0 ? min((size_t)-at, s->taps) : 0;
    r->high = max(r->low, end > 0 ? min((size_t)end, s->taps) : 0);
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

/* A map and where it lies in its copy with zeros around it. */
typedef struct frame {
    ipl_shape map, padded;
    size_t top, left; /* rows and columns of zeros before it */
} frame;

static bool is_bare(const frame *f)
{
    return ipl_shape_size(f->map) == ipl_shape_size(f->padded);
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

/* x in its padding. */
static frame padded_frame(const ipl_conv *g)
{
    return (frame){.map = {.c = g->c, .h = g->h, .w = g->w},
                   .padded = {.c = g->c, .h = g->h + 2 * g->pad, .w = g->w + 2 * g->pad},
                   .top = g->pad,
                   .left = g->pad};
}

/* x as the forward pass wants it. */
static frame input_frame(const ipl_conv *g)
{
    const ipl_shape out = ipl_conv_out(g);
    const frame f = padded_frame(g);

    return is_wasteful(g, out.h * g->kh, out.w * g->kw)
               ? (frame){.map = f.map, .padded = f.map}
               : f;
}

/* dy as the backward pass wants it: zeros where an output is asked for that is not there. */
static frame output_frame(const ipl_conv *g)
{
    const ipl_shape out = ipl_conv_out(g);
    frame f = {.map = out, .padded = out};

    if (is_wasteful(g, taps_asked(g, g->h, out.h, g->kh),
                    taps_asked(g, g->w, out.w, g->kw)))
        return f;
    f.top = (g->kh - 1) / g->stride;
    f.left = (g->kw - 1) / g->stride;
    f.padded.h = f.top + max(out.h, (g->h - 1 + g->pad) / g->stride + 1);
    f.padded.w = f.left + max(out.w, (g->w - 1 + g->pad) / g->stride + 1);
    return f;
}

/* dy with its channels filled up to whole vectors. */
static frame filled_frame(const ipl_conv *g)
{
    frame f = {.map = ipl_conv_out(g)};

    f.padded = f.map;
    f.padded.c = ceil_div(g->filters, 8) * 8;
    return f;
}

/* Images worked on together. */
static size_t block_images(const frame *f)
{
    const size_t wanted = max(BLOCK_IMAGES, ceil_div(BLOCK_PIXELS, f->map.h * f->map.w));
    const size_t floats = ipl_shape_size(f->padded);

    assert(floats > 0);
    return max(1, min(wanted, BLOCK_FLOATS / floats));
}

static size_t block_floats(const frame *f)
{
    return is_bare(f) ? 0 : block_images(f) * ipl_shape_size(f->padded);
}

/* A fold reads whole vectors of dy, so that the last 8 floats are only read in a copy. */
static size_t tail_images(const frame *filled)
{
    return is_bare(filled) ? 0 : ceil_div(8, ipl_shape_size(filled->map));
}

/* Floats in a row of x that m joined pixels see. */
static size_t joined_span(const ipl_conv *g, size_t m)
{
    return (g->kw + (m - 1) * g->stride) * g->c;
}

/* Sums of a fold of joined pixels. */
static size_t joined_floats(const ipl_conv *g)
{
    const size_t m = most_joined(g->filters, g->kw, g->stride);

    return m > 1 ? g->kh * joined_span(g, m) * m * g->filters : 0;
}

size_t ipl_conv_scratch(const ipl_conv *g)
{
    const frame in = input_frame(g), out = output_frame(g);
    const frame padded = padded_frame(g), filled = filled_frame(g);
    const size_t sweep = max(block_floats(&in), block_floats(&out));
    const size_t fold = block_floats(&padded) +
                        tail_images(&filled) * ipl_shape_size(filled.padded) +
                        joined_floats(g);

    return max(sweep + PANEL_FLOATS + MAX_WIDTH, fold);
}

/* One image into its frame. */
static void pad_image(float *to, const float *from, const frame *f)
{
    const size_t C = f->padded.c, row = f->padded.w * C, c = f->map.c;
    const size_t after = f->padded.w - f->left - f->map.w;

    memset(to, 0, f->top * row * sizeof *to);
    to += f->top * row;
    for (size_t i = 0; i < f->map.h; i++, to += row) {
        memset(to, 0, f->left * C * sizeof *to);
        if (c == C)
            memcpy(to + f->left * C, from, f->map.w * C * sizeof *to);
        for (size_t j = 0; c < C && j < f->map.w; j++) {
            memcpy(to + (f->left + j) * C, from + j * c, c * sizeof *to);
            memset(to + (f->left + j) * C + c, 0, (C - c) * sizeof *to);
        }
        memset(to + row - after * C, 0, after * C * sizeof *to);
        from += f->map.w * c;
    }
    memset(to, 0, (f->padded.h - f->top - f->map.h) * row * sizeof *to);
}

/* Images in their frames: copies in scratch, or the images themselves. */
static const float *framed(float *scratch, const float *from, const frame *f, size_t images)
{
    if (is_bare(f))
        return from;
    for (size_t n = 0; n < images; n++)
        pad_image(scratch + n * ipl_shape_size(f->padded),
                  from + n * ipl_shape_size(f->map), f);
    return scratch;
}

static conv_grid grid_of(ipl_shape map, size_t step)
{
    return (conv_grid){
        .image = ipl_shape_size(map), .row = step * map.w * map.c, .col = step * map.c};
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
    ipl_shape map; /* of x, with its frame */
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
    const size_t count = min(a->count, j->channels);

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
    const size_t t = max(v->low, a->t), t_end = min(v->high, a->t + a->taps);
    const size_t k = max(h->low * C, a->k), k_end = min(h->high * C, a->k + a->span);
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
        const conv_kernel *kernel = kernel_for(channels - o);
        const size_t width = kernel->width, most = PANEL_FLOATS / width;
        const bool whole = j->v.taps * span <= most;
        part a = {.first = o, .count = min(width, channels - o), .width = width};

        for (size_t i = 0; i < width; i++)
            bias[i] = j->bias && i < a.count ? j->bias[(o + i) % j->channels] : 0.0f;
        a.taps = whole ? j->v.taps : 1;
        do {
            a.k = 0;
            do {
                a.span = whole ? span : min(most, span - a.k);
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
    const size_t most = side_by_side ? most_joined(j->channels, j->h.taps, j->h.step) : 1;

    for (size_t first = 0; first < j->h.n;) {
        const size_t m = min(most, j->h.n - first);
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
    const frame in = input_frame(g);
    const ipl_shape out = ipl_conv_out(g);
    const size_t block = block_images(&in), F = g->filters;
    job j = {
        .at_y = grid_of(out, 1),
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
        j.images = min(block, n - m);
        j.x = framed(scratch, x + m * ipl_shape_size(in.map), &in, j.images);
        j.y = y + m * ipl_shape_size(out);
        sweep_all(&j, scratch + block_floats(&in));
    }
}

/* The pixels of dx that lie r[0], r[1] after a stride, of images whose dy is in j. */
static void sweep_phase(job *j, float *dx, const float *w, const ipl_conv *g,
                        const frame *out, const size_t r[2], float *panel)
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
    const frame out = output_frame(g);
    const ipl_shape in = {.c = g->c, .h = g->h, .w = g->w};
    const size_t block = block_images(&out);
    const ptrdiff_t place = (ptrdiff_t)(g->stride * g->c * g->filters);
    job j = {
        .at_y = grid_of(in, g->stride),
        .channels = g->c,
        .map = out.padded,
        .from = {.tap = -place * (ptrdiff_t)g->kw,
                 .place = -place,
                 .inner = 1,
                 .channel = (ptrdiff_t)g->filters},
    };

    for (size_t m = 0; m < n; m += block) {
        j.images = min(block, n - m);
        j.x = framed(scratch, dy + m * ipl_shape_size(out.map), &out, j.images);
        for (size_t u = 0; u < g->stride; u++)
            for (size_t v = 0; v < g->stride; v++)
                sweep_phase(&j, dx + m * ipl_shape_size(in), w, g, &out,
                            (const size_t[]){u, v}, scratch + block_floats(&out));
    }
}

/* Rows [first, first + rows) of dw, `span` of a tap, += their sum over the images of `whole`. */
static void fold_all(const conv_fold *whole, size_t span, size_t first, size_t rows)
{
    for (size_t o = 0; o < whole->dw_row;) {
        const conv_kernel *kernel = kernel_for(whole->dw_row - o);
        conv_fold f = *whole;

        f.count = min(kernel->width, whole->dw_row - o);
        f.dy = whole->dy + o;
        for (size_t k = first; k < first + rows; k += f.taps * f.span) {
            const size_t left = first + rows - k;

            f.span = min(span - k % span, left);
            f.taps = f.span == span ? left / span : 1;
            f.x = whole->x + k / span * f.tap + k % span;
            f.dw = whole->dw + k * whole->dw_row + o;
            kernel->fold(&f);
        }
        o += f.count;
    }
}

/* dw += the sums over groups of m pixels: each pixel has its columns and is a step further. */
static void add_joined(float *dw, const float *sums, const ipl_conv *g, size_t m)
{
    const size_t F = g->filters, K = g->kw * g->c, span = joined_span(g, m);

    for (size_t t = 0; t < g->kh; t++, sums += span * m * F)
        for (size_t k = 0; k < K; k++, dw += F)
            for (size_t q = 0; q < m; q++) {
                const float *row = sums + (k + q * g->stride * g->c) * m * F + q * F;

                for (size_t f = 0; f < F; f++)
                    dw[f] += row[f];
            }
}

/* dw += its sum over the images of `whole`, pixels joined as in a sweep. */
static void fold_joined(const conv_fold *whole, const ipl_conv *g, float *sums)
{
    const size_t most = most_joined(g->filters, g->kw, g->stride);

    for (size_t first = 0; first < whole->cols;) {
        const size_t m = min(most, whole->cols - first);
        const size_t span = joined_span(g, m), rows = g->kh * span;
        conv_fold f = *whole;

        assert(m > 0);
        f.x += first * f.at_x.col;
        f.dy += first * f.at_dy.col;
        f.cols = (whole->cols - first) / m;
        f.at_x.col *= m;
        f.at_dy.col *= m;
        f.dw_row *= m;
        if (m > 1) {
            f.dw = sums;
            memset(sums, 0, rows * f.dw_row * sizeof *sums);
        }
        fold_all(&f, span, 0, rows);
        if (m > 1)
            add_joined(whole->dw, sums, g, m);
        first += f.cols * m;
    }
}

/* db += the sum of dy over the images of `whole`. */
static void total_all(float *db, const conv_fold *whole, const ipl_conv *g)
{
    for (size_t o = 0; o < g->filters;) {
        const conv_kernel *kernel = kernel_for(g->filters - o);
        conv_fold f = *whole;

        f.count = min(kernel->width, g->filters - o);
        f.dy = whole->dy + o;
        f.dw = db + o;
        kernel->total(&f);
        o += f.count;
    }
}

/* Rows [first, first + rows) of dw, and db, += their sums over n images. `join`, where these
 * are all rows: over joined pixels. */
static void add_gradient(float *dw, float *db, const float *x, const float *dy,
                         float *scratch, const ipl_conv *g, size_t n, size_t first,
                         size_t rows, bool join)
{
    const frame in = padded_frame(g), filled = filled_frame(g);
    const size_t block = min(block_images(&in), block_images(&filled)), F = g->filters;
    float *sums = scratch + block_floats(&in), *copy = sums + joined_floats(g);
    const size_t tail = tail_images(&filled), span = g->kw * g->c;
    size_t images;

    assert(first + rows <= g->kh * span);
    for (size_t m = 0; m < n; m += images) {
        const bool by_copy = n - m <= tail;
        const float *dy_m = dy + m * ipl_shape_size(filled.map);
        conv_fold f = {
            .at_dy = grid_of(by_copy ? filled.padded : filled.map, 1),
            .at_x = grid_of(in.padded, g->stride),
            .rows = filled.map.h,
            .cols = filled.map.w,
            .tap = in.padded.w * g->c,
            .dw_row = F,
        };

        images = min(block, by_copy ? n - m : n - m - tail);
        f.dw = dw;
        f.images = images;
        f.dy = by_copy ? framed(copy, dy_m, &filled, images) : dy_m;
        f.x = framed(scratch, x + m * ipl_shape_size(in.map), &in, images);
        if (join && !by_copy)
            fold_joined(&f, g, sums);
        else
            fold_all(&f, span, first, rows);
        if (db)
            total_all(db, &f, g);
    }
}

void ipl_conv_add_gradient(float *dw, float *db, const float *x, const float *dy,
                           float *scratch, const ipl_conv *g, size_t n)
{
    add_gradient(dw, db, x, dy, scratch, g, n, 0, g->kh * g->kw * g->c, true);
}

void ipl_conv_gradient(float *dw, float *db, const float *x, const float *dy,
                       float *scratch, const ipl_conv *g, size_t n, size_t first,
                       size_t rows)
{
    memset(dw + first * g->filters, 0, rows * g->filters * sizeof *dw);
    if (db)
        memset(db, 0, g->filters * sizeof *db);
    add_gradient(dw, db, x, dy, scratch, g, n, first, rows, false);
}
