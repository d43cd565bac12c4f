/* The convolutions as the formulas say, to test the fast ones against. */
#include "math/conv.h"

/* Where the channels of pixel (row, col) of image n begin. */
static size_t pixel(ipl_shape map, size_t n, size_t row, size_t col)
{
    return ((n * map.h + row) * map.w + col) * map.c;
}

static ipl_shape input(const ipl_conv *g)
{
    return (ipl_shape){.c = g->c, .h = g->h, .w = g->w};
}

/* Where the filters of tap (u, v) and channel c begin. */
static size_t weight(const ipl_conv *g, size_t u, size_t v, size_t c)
{
    return ((u * g->kw + v) * g->c + c) * g->filters;
}

/* y[n][i][j][f] without its bias. In the padding, row or col wraps to a huge number. */
static double output(const float *x, const float *w, const ipl_conv *g, size_t n, size_t i,
                     size_t j, size_t f)
{
    double sum = 0.0;

    for (size_t u = 0; u < g->kh; u++)
        for (size_t v = 0; v < g->kw; v++) {
            const size_t row = i * g->stride + u - g->pad;
            const size_t col = j * g->stride + v - g->pad;

            if (row >= g->h || col >= g->w)
                continue;
            for (size_t c = 0; c < g->c; c++)
                sum += (double)x[pixel(input(g), n, row, col) + c] *
                       (double)w[weight(g, u, v, c) + f];
        }
    return sum;
}

void ipl_conv_forward_ref(float *y, const float *x, const float *w, const float *b,
                          const ipl_conv *g, size_t n)
{
    const ipl_shape out = ipl_conv_out(g);

    for (size_t m = 0; m < n; m++)
        for (size_t i = 0; i < out.h; i++)
            for (size_t j = 0; j < out.w; j++)
                for (size_t f = 0; f < out.c; f++)
                    y[pixel(out, m, i, j) + f] =
                        (float)(output(x, w, g, m, i, j, f) + (b ? (double)b[f] : 0.0));
}

/* dx[n][row][col][c]: the outputs that pixel was used for. */
static double input_slope(const float *dy, const float *w, const ipl_conv *g, size_t n,
                          size_t row, size_t col, size_t c)
{
    const ipl_shape out = ipl_conv_out(g);
    double sum = 0.0;

    for (size_t u = 0; u < g->kh; u++)
        for (size_t v = 0; v < g->kw; v++) {
            const size_t i = (row + g->pad - u) / g->stride;
            const size_t j = (col + g->pad - v) / g->stride;

            if (i >= out.h || j >= out.w || i * g->stride + u != row + g->pad ||
                j * g->stride + v != col + g->pad)
                continue;
            for (size_t f = 0; f < out.c; f++)
                sum +=
                    (double)dy[pixel(out, n, i, j) + f] * (double)w[weight(g, u, v, c) + f];
        }
    return sum;
}

void ipl_conv_backward_ref(float *dx, const float *dy, const float *w, const ipl_conv *g,
                           size_t n)
{
    for (size_t m = 0; m < n; m++)
        for (size_t row = 0; row < g->h; row++)
            for (size_t col = 0; col < g->w; col++)
                for (size_t c = 0; c < g->c; c++)
                    dx[pixel(input(g), m, row, col) + c] =
                        (float)input_slope(dy, w, g, m, row, col, c);
}

/* dw[u][v][c][f] over n images. */
static double weight_slope(const float *x, const float *dy, const ipl_conv *g, size_t n,
                           size_t u, size_t v, size_t c, size_t f)
{
    const ipl_shape out = ipl_conv_out(g);
    double sum = 0.0;

    for (size_t m = 0; m < n; m++)
        for (size_t i = 0; i < out.h; i++)
            for (size_t j = 0; j < out.w; j++) {
                const size_t row = i * g->stride + u - g->pad;
                const size_t col = j * g->stride + v - g->pad;

                if (row < g->h && col < g->w)
                    sum += (double)x[pixel(input(g), m, row, col) + c] *
                           (double)dy[pixel(out, m, i, j) + f];
            }
    return sum;
}

void ipl_conv_gradient_ref(float *dw, float *db, const float *x, const float *dy,
                           const ipl_conv *g, size_t n)
{
    const ipl_shape out = ipl_conv_out(g);
    const size_t pixels = n * out.h * out.w;

    for (size_t u = 0; u < g->kh; u++)
        for (size_t v = 0; v < g->kw; v++)
            for (size_t c = 0; c < g->c; c++)
                for (size_t f = 0; f < g->filters; f++)
                    dw[weight(g, u, v, c) + f] =
                        (float)weight_slope(x, dy, g, n, u, v, c, f);
    for (size_t f = 0; db && f < g->filters; f++) {
        double sum = 0.0;

        for (size_t i = 0; i < pixels; i++)
            sum += (double)dy[i * g->filters + f];
        db[f] = (float)sum;
    }
}
