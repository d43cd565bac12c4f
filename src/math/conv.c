/*
 * Convolutions: cutting maps, kernels and filters into what the inner loops work on.
 *
 * All three products are one of two sums. A sweep makes pixels of a map from runs of
 * kw c floats, kh of them: the forward pass with the input map, the backward pass with dy
 * and the kernel turned round, once for each of the stride^2 places a pixel can have between
 * the strides. A fold makes rows of dw. Padding becomes copies with a border of zeros, of a
 * few images at a time, so that they are still in cache when they are read.
 */
#include "math/conv.h"

#include "math/conv_parts.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

enum {
    BLOCK_PIXELS = 512,     /* of the images worked on together, about */
    BLOCK_FLOATS = 1 << 18, /* of their padded maps, unless one image has more */
    PANEL_FLOATS = 1 << 15, /* weights worked with: half of a second-level cache */
    MAX_WIDTH = 64
};

static const conv_kernels *find_kernels(void)
{
#if defined(__GNUC__) && defined(__x86_64__)
    if (ipl_conv_avx512 && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512vl"))
        return ipl_conv_avx512;
    if (ipl_conv_avx2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return ipl_conv_avx2;
#endif
    return ipl_conv_plain;
}

const char *ipl_conv_kernels(void)
{
    return find_kernels()->name;
}

/* The kernel for the next output channels, of which `left` remain. */
static const conv_kernel *kernel_for(size_t left)
{
    const conv_kernels *k = find_kernels();

    for (size_t i = 0; i + 1 < k->n; i++)
        if (k->list[i].width <= left)
            return &k->list[i];
    return &k->list[k->n - 1];
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
    return (a + b - 1) / b;
}

ipl_shape ipl_conv_out(const ipl_conv *g)
{
    return (ipl_shape){.c = g->filters,
                       .h = (g->h + 2 * g->pad - g->kh) / g->stride + 1,
                       .w = (g->w + 2 * g->pad - g->kw) / g->stride + 1};
}

/* A map and where it lies in its padded copy. */
typedef struct frame {
    ipl_shape map, padded;
    size_t top, left; /* rows and columns of zeros before it */
} frame;

static bool is_bare(const frame *f)
{
    return ipl_shape_size(f->map) == ipl_shape_size(f->padded);
}

/* x in its padding. */
static frame input_frame(const ipl_conv *g)
{
    return (frame){.map = {.c = g->c, .h = g->h, .w = g->w},
                   .padded = {.c = g->c, .h = g->h + 2 * g->pad, .w = g->w + 2 * g->pad},
                   .top = g->pad,
                   .left = g->pad};
}

/* dy with zeros wherever a tap of a pixel of x asks for an output that is not there. */
static frame output_frame(const ipl_conv *g)
{
    frame f = {.map = ipl_conv_out(g),
               .top = (g->kh - 1) / g->stride,
               .left = (g->kw - 1) / g->stride};

    f.padded = (ipl_shape){
        .c = g->filters,
        .h = f.top + max(f.map.h, (g->h - 1 + g->pad) / g->stride + 1),
        .w = f.left + max(f.map.w, (g->w - 1 + g->pad) / g->stride + 1),
    };
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
    const size_t wanted = ceil_div(BLOCK_PIXELS, f->map.h * f->map.w);

    return max(1, min(wanted, BLOCK_FLOATS / ipl_shape_size(f->padded)));
}

static size_t block_floats(const frame *f)
{
    return is_bare(f) ? 0 : block_images(f) * ipl_shape_size(f->padded);
}

size_t ipl_conv_scratch(const ipl_conv *g)
{
    const frame in = input_frame(g), out = output_frame(g), filled = filled_frame(g);
    const size_t images = min(block_images(&in), block_images(&filled));
    const size_t sweep =
        max(block_floats(&in), block_floats(&out)) + PANEL_FLOATS + MAX_WIDTH;
    const size_t fold =
        images * (ipl_shape_size(in.padded) + ipl_shape_size(filled.padded));

    return max(sweep, fold);
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
    size_t n_inner;
} weights;

/* Rows [k, k + span) of taps [t, t + taps) for channels [o, o + count), zeros up to width. */
static void fill_panel(float *panel, const weights *from, const conv_sweep *s, size_t t,
                       size_t k, size_t o, size_t width)
{
    for (size_t u = t; u < t + s->taps; u++)
        for (size_t r = k; r < k + s->span; r++, panel += width) {
            const float *w = from->w + (ptrdiff_t)u * from->tap +
                             (ptrdiff_t)(r / from->n_inner) * from->place +
                             (ptrdiff_t)(r % from->n_inner) * from->inner +
                             (ptrdiff_t)o * from->channel;

            for (size_t i = 0; i < s->count; i++)
                panel[i] = w[(ptrdiff_t)i * from->channel];
            for (size_t i = s->count; i < width; i++)
                panel[i] = 0.0f;
        }
}

/* All `channels` of the pixels of `whole`, a panel of weights at a time. */
static void sweep_all(const conv_sweep *whole, const weights *from, const float *b,
                      size_t channels, float *panel)
{
    float *bias = panel + PANEL_FLOATS;

    for (size_t o = 0; o < channels;) {
        const conv_kernel *kernel = kernel_for(channels - o);
        const size_t most = PANEL_FLOATS / kernel->width; /* rows of a panel */
        const bool all = whole->taps * whole->span <= most;
        const size_t taps = all ? whole->taps : 1, span = all ? whole->span : most;
        conv_sweep s = *whole;

        s.count = min(kernel->width, channels - o);
        s.panel = panel;
        s.bias = bias;
        for (size_t i = 0; i < kernel->width; i++)
            bias[i] = b && i < s.count ? b[o + i] : 0.0f;
        for (size_t t = 0; t < whole->taps; t += taps)
            for (size_t k = 0; k < whole->span; k += span) {
                s.taps = taps;
                s.span = min(span, whole->span - k);
                s.x = whole->x + t * whole->tap + k;
                s.y = whole->y + o;
                fill_panel(panel, from, &s, t, k, o, kernel->width);
                kernel->sweep(&s);
                s.bias = NULL;
            }
        o += s.count;
    }
}

void ipl_conv_forward(float *y, const float *x, const float *w, const float *b,
                      float *scratch, const ipl_conv *g, size_t n)
{
    const frame in = input_frame(g);
    const ipl_shape out = ipl_conv_out(g);
    const size_t block = block_images(&in), F = g->filters;
    float *panel = scratch + block_floats(&in);
    const weights from = {
        .w = w,
        .tap = (ptrdiff_t)(g->kw * g->c * F),
        .inner = (ptrdiff_t)F,
        .channel = 1,
        .n_inner = g->kw * g->c,
    };

    for (size_t m = 0; m < n; m += block) {
        const size_t images = min(block, n - m);
        const conv_sweep s = {
            .y = y + m * ipl_shape_size(out),
            .x = framed(scratch, x + m * ipl_shape_size(in.map), &in, images),
            .at_y = grid_of(out, 1),
            .at_x = grid_of(in.padded, g->stride),
            .images = images,
            .rows = out.h,
            .cols = out.w,
            .taps = g->kh,
            .tap = in.padded.w * g->c,
            .span = g->kw * g->c,
        };

        sweep_all(&s, &from, b, F, panel);
    }
}

/*
 * In one direction, the pixels of x that a stride of the output starts at: the first of
 * them, how many, and the taps that see them. Tap t of `taps`, counted from the last one, is
 * tap first_tap + (taps - 1 - t) stride of the kernel and meets output start + j - (taps - 1)
 * + t of pixel j.
 */
typedef struct phase {
    size_t first, n, taps, start;
} phase;

static phase phase_of(size_t r, size_t stride, size_t pad, size_t size, size_t kernel)
{
    phase p = {.first = (r + stride - pad % stride) % stride};

    p.n = p.first < size ? (size - 1 - p.first) / stride + 1 : 0;
    p.taps = r < kernel ? (kernel - 1 - r) / stride + 1 : 0;
    p.start = (p.first + pad) / stride;
    return p;
}

/* Zeros for pixels of dx that no tap sees. */
static void clear_pixels(const conv_sweep *s, size_t channels)
{
    for (size_t n = 0; n < s->images; n++)
        for (size_t r = 0; r < s->rows; r++)
            for (size_t c = 0; c < s->cols; c++)
                memset(s->y + n * s->at_y.image + r * s->at_y.row + c * s->at_y.col, 0,
                       channels * sizeof *s->y);
}

/* The pixels of dx in one phase, of images whose dy lies in its frame. */
static void backward_phase(float *dx, const float *dy, const float *w, const ipl_conv *g,
                           size_t images, const size_t r[2], float *panel)
{
    const frame out = output_frame(g);
    const phase v = phase_of(r[0], g->stride, g->pad, g->h, g->kh);
    const phase h = phase_of(r[1], g->stride, g->pad, g->w, g->kw);
    const size_t C = g->c, F = g->filters, row = out.padded.w * F;
    const ipl_shape in = {.c = C, .h = g->h, .w = g->w};
    conv_sweep s = {
        .y = dx + (v.first * g->w + h.first) * C,
        .at_y = grid_of(in, g->stride),
        .at_x = grid_of(out.padded, 1),
        .images = images,
        .rows = v.n,
        .cols = h.n,
        .taps = v.taps,
        .tap = row,
        .span = h.taps * F,
    };

    if (v.n == 0 || h.n == 0)
        return;
    if (v.taps > 0 && h.taps > 0) {
        /* The last tap comes first. */
        const size_t last_u = r[0] + (v.taps - 1) * g->stride;
        const size_t last_v = r[1] + (h.taps - 1) * g->stride;
        const weights from = {
            .w = w + (last_u * g->kw + last_v) * C * F,
            .tap = -(ptrdiff_t)(g->stride * g->kw * C * F),
            .place = -(ptrdiff_t)(g->stride * C * F),
            .inner = 1,
            .channel = (ptrdiff_t)F,
            .n_inner = F,
        };

        s.x = dy + (out.top + v.start + 1 - v.taps) * row +
              (out.left + h.start + 1 - h.taps) * F;
        sweep_all(&s, &from, NULL, C, panel);
    } else {
        clear_pixels(&s, C);
    }
}

void ipl_conv_backward(float *dx, const float *dy, const float *w, float *scratch,
                       const ipl_conv *g, size_t n)
{
    const frame out = output_frame(g);
    const size_t block = block_images(&out), D = g->c * g->h * g->w;
    float *panel = scratch + block_floats(&out);

    for (size_t m = 0; m < n; m += block) {
        const size_t images = min(block, n - m);
        const float *from = framed(scratch, dy + m * ipl_shape_size(out.map), &out, images);

        for (size_t i = 0; i < g->stride; i++)
            for (size_t j = 0; j < g->stride; j++)
                backward_phase(dx + m * D, from, w, g, images, (const size_t[]){i, j},
                               panel);
    }
}

/* Rows [first, first + rows) of dw += their sum over the images of `whole`. */
static void fold_all(const conv_fold *whole, const ipl_conv *g, size_t tap, size_t first,
                     size_t rows)
{
    const size_t span = g->kw * g->c;

    for (size_t o = 0; o < g->filters;) {
        const conv_kernel *kernel = kernel_for(g->filters - o);
        conv_fold f = *whole;

        f.count = min(kernel->width, g->filters - o);
        f.dy = whole->dy + o;
        for (size_t k = first; k < first + rows; k += f.span) {
            f.span = min(span - k % span, first + rows - k);
            f.x = whole->x + k / span * tap + k % span;
            f.dw = whole->dw + k * g->filters + o;
            kernel->fold(&f);
        }
        o += f.count;
    }
}

/* db += the sum of rows of dy (pixels, filters). */
static void add_rows(float *db, const float *dy, size_t pixels, size_t F)
{
    for (size_t i = 0; i < pixels; i++)
        for (size_t f = 0; f < F; f++)
            db[f] += dy[i * F + f];
}

void ipl_conv_gradient(float *dw, float *db, const float *x, const float *dy,
                       float *scratch, const ipl_conv *g, size_t n, size_t first,
                       size_t rows)
{
    const frame in = input_frame(g), filled = filled_frame(g);
    const size_t block = min(block_images(&in), block_images(&filled)), F = g->filters;
    float *filled_dy = scratch + block * ipl_shape_size(in.padded);

    assert(first + rows <= g->kh * g->kw * g->c);
    memset(dw + first * F, 0, rows * F * sizeof *dw);
    if (db)
        memset(db, 0, F * sizeof *db);
    for (size_t m = 0; m < n; m += block) {
        const size_t images = min(block, n - m);
        const float *dy_m = dy + m * ipl_shape_size(filled.map);
        const conv_fold f = {
            .dw = dw,
            .x = framed(scratch, x + m * ipl_shape_size(in.map), &in, images),
            .dy = framed(filled_dy, dy_m, &filled, images),
            .at_x = grid_of(in.padded, g->stride),
            .at_dy = grid_of(filled.padded, 1),
            .images = images,
            .rows = filled.map.h,
            .cols = filled.map.w,
            .dw_row = F,
        };

        fold_all(&f, g, in.padded.w * g->c, first, rows);
        if (db)
            add_rows(db, dy_m, images * filled.map.h * filled.map.w, F);
    }
}
