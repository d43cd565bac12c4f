#include "run/picture.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define PAPER 0xffffffu
#define INK 0x202020u
#define PALE 0x707070u
#define LINES 0xb4b4b4u
#define GRID 0x4a78b0u /* between greys: not one of them */
#define RIGHT 0x1a7a1au
#define WRONG 0xb01818u

enum {
    MARGIN = 12,
    MARGINS = 2 * MARGIN,
    LINE = 1,
    FRAME = 2 * LINE,
    RULE = 2, /* between images */
    RULES = 2 * RULE,
    GAP = 6,
    TITLE = 2, /* zoom of the letters */
    NOTE = 1,
    HEAD = MARGIN + 8 * TITLE + GAP + 8 * NOTE + MARGIN, /* title and note */
    COLUMNS = 8,
    NAME_MAX_LETTERS = 12
};

/* Least and greatest of n numbers, NaN left out; *low > *high when there are none. */
static void range_of(double *low, double *high, const float *x, size_t n)
{
    *low = (double)INFINITY;
    *high = -(double)INFINITY;
    for (size_t i = 0; i < n; i++) {
        *low = (double)x[i] < *low ? (double)x[i] : *low;
        *high = (double)x[i] > *high ? (double)x[i] : *high;
    }
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Whole number that enlarges an image to at most `side`, at least 1. */
static size_t zoom_to(size_t side, ipl_shape shape)
{
    const size_t longest = larger(shape.h, shape.w);

    return longest < side ? side / longest : 1;
}

/* A canvas with a title and a note, wide enough for both, for content of a size. */
static ipl_status start(ipl_canvas *out, const char *title, const char *note, size_t height,
                        size_t width, ipl_error *err)
{
    const size_t text =
        larger(ipl_canvas_text_width(title, TITLE), ipl_canvas_text_width(note, NOTE));
    const ipl_status st = ipl_canvas_init(out, HEAD + height + MARGIN,
                                          larger(width, text) + MARGINS, PAPER, err);

    if (st != IPL_OK)
        return st;
    ipl_canvas_text(out, MARGIN, MARGIN, title, TITLE, INK, IPL_TEXT_RIGHT);
    ipl_canvas_text(out, MARGIN + ipl_canvas_text_height(TITLE) + GAP, MARGIN, note, NOTE,
                    PALE, IPL_TEXT_RIGHT);
    return IPL_OK;
}

/* Name of class k, cut to a few letters; its number when it has none. */
static void class_name(char out[NAME_MAX_LETTERS + 1], const char *const *names, size_t k)
{
    if (names)
        (void)snprintf(out, NAME_MAX_LETTERS + 1, "%s", names[k]);
    else
        (void)snprintf(out, NAME_MAX_LETTERS + 1, "%zu", k);
}

/* ---- filters ---- */

enum { FILTER_SIDE = 64 };

ipl_status ipl_picture_filters(ipl_canvas *out, const char *title, const float *w, size_t n,
                               ipl_shape shape, ipl_error *err)
{
    const bool whole = shape.c == 1 || shape.c == 3; /* one image for a filter */
    const size_t plane = shape.h * shape.w,
                 shown = n < IPL_FILTERS_MAX ? n : IPL_FILTERS_MAX;
    const size_t maps = shape.c < IPL_MAPS_MAX ? shape.c : IPL_MAPS_MAX;
    const size_t cols = !whole ? maps : shown < COLUMNS ? shown : COLUMNS;
    const size_t rows = whole && cols > 0 ? (shown + cols - 1) / cols : shown;
    const size_t zoom = zoom_to(FILTER_SIDE, shape);
    const size_t y_step = shape.h * zoom + RULE, x_step = shape.w * zoom + RULE;
    const ipl_shape tile = {whole ? shape.c : 1, shape.h, shape.w};
    char note[128], of[32] = "";
    ipl_status st;

    *out = (ipl_canvas){0};
    if (n == 0 || plane == 0 || shape.c == 0)
        return ipl_fail(err, IPL_E_SHAPE, "no filters to draw");
    if (shown < n)
        (void)snprintf(of, sizeof of, " of %zu", n);
    (void)snprintf(note, sizeof note,
                   "%zu%s filters of %zu x %zu x %zu, each from its least (black) to its "
                   "greatest weight",
                   shown, of, shape.c, shape.h, shape.w);
    st = start(out, title, note, rows * y_step + RULE, cols * x_step + RULE, err);
    if (st != IPL_OK)
        return st;
    for (size_t k = 0; k < shown; k++) {
        const float *filter = w + k * shape.c * plane;
        double low, high;

        range_of(&low, &high, filter, shape.c * plane);
        for (size_t m = 0; m < (whole ? 1 : maps); m++) {
            const size_t row = whole ? k / cols : k, col = whole ? k % cols : m;
            const size_t top = HEAD + row * y_step, left = MARGIN + col * x_step;

            ipl_canvas_fill(out, top, left, y_step + RULE, x_step + RULE,
                            shape.c == 3 ? PAPER : GRID);
            ipl_canvas_blit(out, top + RULE, left + RULE, zoom, filter + m * plane, tile,
                            low, high);
        }
    }
    return IPL_OK;
}

/* ---- features ---- */

enum { MAP_SIDE = 64, INPUT_SIDE = 160, STRIP = IPL_MAPS_MAX * (MAP_SIDE + RULE) + RULE };
enum { LABEL = IPL_MAPS_MAX, CELL_MAX = 32, CELL_LINED = 6 };

static bool is_flat(const ipl_feature *f)
{
    return f->shape.h == 1 && f->shape.w == 1;
}

/* Side of the squares of a layer without height and width: all must fit in its strip. */
static size_t cell_side(size_t units)
{
    size_t side = CELL_MAX;

    while (side > 1 && (STRIP / side) * (MAP_SIDE / side) < units)
        side--;
    return side;
}

/* Height and width that the maps of a layer take. */
static size_t strip_height(const ipl_feature *f)
{
    if (is_flat(f)) {
        const size_t side = cell_side(f->shape.c), cols = STRIP / side;

        return (f->shape.c + cols - 1) / cols * side;
    }
    return f->shape.h * zoom_to(MAP_SIDE, f->shape) + RULES;
}

static size_t strip_width(const ipl_feature *f)
{
    const size_t maps = f->shape.c < IPL_MAPS_MAX ? f->shape.c : IPL_MAPS_MAX;

    if (is_flat(f))
        return STRIP;
    return maps * (f->shape.w * zoom_to(MAP_SIDE, f->shape) + RULE) + RULE;
}

static void draw_maps(ipl_canvas *out, size_t top, size_t left, const ipl_feature *f,
                      double low, double high)
{
    const size_t zoom = zoom_to(MAP_SIDE, f->shape), plane = f->shape.h * f->shape.w;
    const ipl_shape map = {1, f->shape.h, f->shape.w};

    ipl_canvas_fill(out, top, left, strip_height(f), strip_width(f), GRID);
    for (size_t c = 0; c < f->shape.c && c < IPL_MAPS_MAX; c++)
        ipl_canvas_blit(out, top + RULE, left + RULE + c * (map.w * zoom + RULE), zoom,
                        f->x + c * plane, map, low, high);
}

static void draw_units(ipl_canvas *out, size_t top, size_t left, const ipl_feature *f,
                       double low, double high)
{
    const size_t side = cell_side(f->shape.c), cols = STRIP / side;
    const size_t line = side >= CELL_LINED ? LINE : 0;
    const ipl_shape one = {1, 1, 1};

    for (size_t k = 0; k < f->shape.c; k++) {
        const size_t y = top + k / cols * side, x = left + k % cols * side;

        ipl_canvas_fill(out, y, x, side + line, side + line, GRID);
        ipl_canvas_blit(out, y + line, x + line, side - line, f->x + k, one, low, high);
    }
}

/* Name, shape and range of a layer, then its maps; returns the height used. */
static size_t draw_layer(ipl_canvas *out, size_t top, size_t left, const ipl_feature *f)
{
    char label[192], maps[32] = "";
    double low, high;

    range_of(&low, &high, f->x, ipl_shape_size(f->shape));
    if (!is_flat(f) && f->shape.c > IPL_MAPS_MAX)
        (void)snprintf(maps, sizeof maps, ", the first %d", IPL_MAPS_MAX);
    if (is_flat(f))
        (void)snprintf(label, sizeof label, "%.64s: %zu units; %.3g ... %.3g", f->name,
                       f->shape.c, low, high);
    else
        (void)snprintf(label, sizeof label, "%.64s: %zu maps of %zu x %zu%s; %.3g ... %.3g",
                       f->name, f->shape.c, f->shape.h, f->shape.w, maps, low, high);
    ipl_canvas_text(out, top, left, label, NOTE, INK, IPL_TEXT_RIGHT);
    if (is_flat(f))
        draw_units(out, top + LABEL, left, f, low, high);
    else
        draw_maps(out, top + LABEL, left, f, low, high);
    return LABEL + strip_height(f) + MARGIN;
}

/* The sample: an image at left, enlarged; a vector as a layer would be. */
static void draw_input(ipl_canvas *out, const ipl_feature *f, size_t zoom)
{
    char label[96];
    double low, high;

    range_of(&low, &high, f->x, ipl_shape_size(f->shape));
    (void)snprintf(label, sizeof label, "%.64s", f->name);
    ipl_canvas_text(out, HEAD, MARGIN, label, NOTE, INK, IPL_TEXT_RIGHT);
    ipl_canvas_fill(out, HEAD + LABEL, MARGIN, f->shape.h * zoom + FRAME,
                    f->shape.w * zoom + FRAME, LINES);
    ipl_canvas_blit(out, HEAD + LABEL + LINE, MARGIN + LINE, zoom, f->x, f->shape, low,
                    high);
}

ipl_status ipl_picture_features(ipl_canvas *out, const char *title,
                                const ipl_feature *input, const ipl_feature *layers,
                                size_t n, ipl_error *err)
{
    const size_t zoom = zoom_to(INPUT_SIDE, input->shape);
    const size_t left =
        larger(input->shape.w * zoom + FRAME, ipl_canvas_text_width(input->name, NOTE)) +
        MARGINS;
    size_t height = LABEL + input->shape.h * zoom + FRAME, width = 0, rows = 0;
    ipl_status st;

    *out = (ipl_canvas){0};
    if (n == 0)
        return ipl_fail(err, IPL_E_SHAPE, "no layers to draw");
    for (size_t i = 0; i < n; i++) {
        rows += LABEL + strip_height(&layers[i]) + MARGIN;
        width = larger(width, strip_width(&layers[i]));
        width = larger(width, STRIP / 2); /* for the label */
    }
    height = larger(height, rows);
    st =
        start(out, title,
              "outputs of the layers, each over its own range: least black, greatest white",
              height, left + width, err);
    if (st != IPL_OK)
        return st;
    draw_input(out, input, zoom);
    for (size_t i = 0, top = HEAD; i < n; i++)
        top += draw_layer(out, top, MARGIN + left, &layers[i]);
    return IPL_OK;
}

/* ---- confusion matrix ---- */

enum { LARGE_TEXT_MAX = 12, TEXT_MAX = 40, BARE_SIDE = 800 };

/* Colour of a share of a row. */
static uint32_t shade(double share, bool right)
{
    static const double dark[2][3] = {{150, 0, 10}, {8, 48, 107}};
    const double t = sqrt(share);
    uint32_t colour = 0;

    for (size_t c = 0; c < 3; c++)
        colour = colour << 8 | (uint32_t)(255.0 + t * (dark[right][c] - 255.0) + 0.5);
    return colour;
}

/* How a confusion matrix is laid out. */
typedef struct grid {
    size_t n, cell;
    size_t zoom;      /* of its text; 0: none */
    size_t name;      /* pixels of the longest name */
    size_t top, left; /* of the first cell */
} grid;

static grid lay_out(const size_t *count, size_t n, const char *const *names)
{
    grid g = {.n = n, .zoom = n <= LARGE_TEXT_MAX ? 2 : n <= TEXT_MAX ? 1 : 0};
    size_t most = 0, digits = 1;

    for (size_t i = 0; i < n * n; i++)
        most = larger(most, count[i]);
    for (; most > 9; most /= 10)
        digits++;
    for (size_t k = 0; k < n && g.zoom > 0; k++) {
        char name[NAME_MAX_LETTERS + 1];

        class_name(name, names, k);
        g.name = larger(g.name, ipl_canvas_text_width(name, g.zoom) + GAP);
    }
    g.cell = g.zoom > 0 ? larger(digits * 6 * g.zoom + GAP, 20 * g.zoom)
                        : larger(1, BARE_SIDE / n);
    g.top = HEAD + ipl_canvas_text_height(TITLE) + GAP + g.name;
    g.left = MARGIN + ipl_canvas_text_height(TITLE) + GAP + g.name;
    return g;
}

/* Names of the classes at the rows and columns, and what these are. */
static void draw_axes(ipl_canvas *out, const grid *g, const char *const *names)
{
    const size_t middle = (g->cell - ipl_canvas_text_height(g->zoom)) / 2;

    ipl_canvas_text(out, HEAD, g->left, "prediction", TITLE, INK, IPL_TEXT_RIGHT);
    ipl_canvas_text(out, g->top + ipl_canvas_text_width("label", TITLE), MARGIN, "label",
                    TITLE, INK, IPL_TEXT_UP);
    for (size_t k = 0; k < g->n && g->zoom > 0; k++) {
        char name[NAME_MAX_LETTERS + 1];

        class_name(name, names, k);
        ipl_canvas_text(out, g->top + k * g->cell + middle,
                        g->left - GAP - ipl_canvas_text_width(name, g->zoom) + g->zoom,
                        name, g->zoom, INK, IPL_TEXT_RIGHT);
        ipl_canvas_text(out, g->top - GAP, g->left + k * g->cell + middle, name, g->zoom,
                        INK, IPL_TEXT_UP);
    }
}

/* One cell: its shade, and its number unless that is 0. */
static void draw_cell(ipl_canvas *out, const grid *g, size_t row, size_t col, size_t count,
                      size_t total)
{
    const double share = total > 0 ? (double)count / (double)total : 0.0;
    const size_t top = g->top + row * g->cell, left = g->left + col * g->cell;
    const size_t line = g->zoom > 0 ? LINE : 0;
    char number[24];
    size_t width;

    ipl_canvas_fill(out, top, left, g->cell + line, g->cell + line, LINES);
    ipl_canvas_fill(out, top + line, left + line, g->cell - line, g->cell - line,
                    shade(share, row == col));
    if (g->zoom == 0 || count == 0)
        return;
    (void)snprintf(number, sizeof number, "%zu", count);
    width = ipl_canvas_text_width(number, g->zoom) - g->zoom;
    ipl_canvas_text(out, top + (g->cell - 7 * g->zoom) / 2, left + (g->cell - width) / 2,
                    number, g->zoom, share > 0.2 ? PAPER : INK, IPL_TEXT_RIGHT);
}

ipl_status ipl_picture_confusion(ipl_canvas *out, const char *title, const size_t *count,
                                 size_t n_classes, const char *const *names, ipl_error *err)
{
    const size_t K = n_classes;
    size_t total = 0, right = 0;
    char note[160];
    grid g;
    ipl_status st;

    *out = (ipl_canvas){0};
    if (K == 0 || K > IPL_CONFUSION_MAX)
        return ipl_fail(err, IPL_E_SHAPE,
                        "a confusion matrix of %zu classes, want 1 ... %d", K,
                        IPL_CONFUSION_MAX);
    g = lay_out(count, K, names);
    for (size_t i = 0; i < K * K; i++) {
        total += count[i];
        right += i / K == i % K ? count[i] : 0;
    }
    (void)snprintf(
        note, sizeof note,
        "%zu of %zu right (%.2f %%); colour: square root of the share of the row", right,
        total, total ? 100.0 * (double)right / (double)total : 0.0);
    st = start(out, title, note, g.top - HEAD + larger(K * g.cell, 72) + LINE,
               g.left - MARGIN + larger(K * g.cell, 132) + LINE, err);
    if (st != IPL_OK)
        return st;
    ipl_canvas_fill(out, g.top - LINE, g.left - LINE, K * g.cell + FRAME,
                    K * g.cell + FRAME, LINES);
    draw_axes(out, &g, names);
    for (size_t i = 0; i < K; i++) {
        size_t sum = 0;

        for (size_t j = 0; j < K; j++)
            sum += count[i * K + j];
        for (size_t j = 0; j < K; j++)
            draw_cell(out, &g, i, j, count[i * K + j], sum);
    }
    return IPL_OK;
}

/* ---- most wrong ---- */

enum { WRONG_SIDE = 128, WRONG_LINES = 3 };

/* Zoom of the names: large if the longest fits below an image. */
static size_t name_zoom(const ipl_wrong *wrong, size_t n, size_t width,
                        const char *const *names)
{
    for (size_t i = 0; i < n; i++) {
        char label[NAME_MAX_LETTERS + 1], prediction[NAME_MAX_LETTERS + 1];

        class_name(label, names, (size_t)wrong[i].label);
        class_name(prediction, names, (size_t)wrong[i].prediction);
        if (ipl_canvas_text_width(label, 2) > width ||
            ipl_canvas_text_width(prediction, 2) > width)
            return 1;
    }
    return 2;
}

static void draw_wrong(ipl_canvas *out, size_t top, size_t left, size_t zoom,
                       const ipl_wrong *wrong, ipl_shape shape, double low, double high)
{
    if (low >= high)
        range_of(&low, &high, wrong->x, ipl_shape_size(shape));
    ipl_canvas_fill(out, top, left, shape.h * zoom + FRAME, shape.w * zoom + FRAME, LINES);
    ipl_canvas_blit(out, top + LINE, left + LINE, zoom, wrong->x, shape, low, high);
}

/* Label, prediction and loss, one below the other. */
static void draw_names(ipl_canvas *out, size_t top, size_t left, size_t zoom,
                       const ipl_wrong *wrong, const char *const *names)
{
    const size_t step = ipl_canvas_text_height(zoom) + 2;
    char text[NAME_MAX_LETTERS + 1];

    class_name(text, names, (size_t)wrong->label);
    ipl_canvas_text(out, top, left, text, zoom, RIGHT, IPL_TEXT_RIGHT);
    class_name(text, names, (size_t)wrong->prediction);
    ipl_canvas_text(out, top + step, left, text, zoom,
                    wrong->prediction == wrong->label ? RIGHT : WRONG, IPL_TEXT_RIGHT);
    (void)snprintf(text, sizeof text, "%.4g", wrong->loss);
    ipl_canvas_text(out, top + 2 * step, left, text, zoom, PALE, IPL_TEXT_RIGHT);
}

ipl_status ipl_picture_wrong(ipl_canvas *out, const char *title, const ipl_wrong *wrong,
                             size_t n, ipl_shape shape, double low, double high,
                             const char *const *names, ipl_error *err)
{
    const size_t shown = n < IPL_WRONG_MAX ? n : IPL_WRONG_MAX;
    const size_t cols = shown < COLUMNS ? shown : COLUMNS,
                 zoom = zoom_to(WRONG_SIDE, shape);
    const size_t width = shape.w * zoom + FRAME, height = shape.h * zoom + FRAME;
    const size_t text = name_zoom(wrong, shown, width, names);
    const size_t y_step =
        height + GAP + WRONG_LINES * (ipl_canvas_text_height(text) + 2) + MARGIN;
    const size_t x_step = width + MARGIN;
    ipl_status st;

    *out = (ipl_canvas){0};
    if (n == 0 || ipl_shape_size(shape) == 0)
        return ipl_fail(err, IPL_E_SHAPE, "no samples to draw");
    st = start(out, title, "below each: its label (green), the prediction, the loss",
               (shown + cols - 1) / cols * y_step, cols * x_step, err);
    if (st != IPL_OK)
        return st;
    for (size_t i = 0; i < shown; i++) {
        const size_t top = HEAD + i / cols * y_step, left = MARGIN + i % cols * x_step;

        draw_wrong(out, top, left, zoom, &wrong[i], shape, low, high);
        draw_names(out, top + height + GAP, left, text, &wrong[i], names);
    }
    return IPL_OK;
}
