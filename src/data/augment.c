#include "data/augment.h"

#include "base/rng.h"

#include <assert.h>
#include <string.h>

ipl_status ipl_augment_check(const ipl_augment_opts *opts, ipl_shape shape, ipl_error *err)
{
    if (!ipl_augment_on(opts))
        return IPL_OK;
    if (shape.h < 2 || shape.w < 2)
        return ipl_fail(err, IPL_E_SHAPE,
                        "%s: samples of %zu x %zu x %zu are no images, nothing to augment",
                        opts->crop > 0 ? "crop" : "flip", shape.c, shape.h, shape.w);
    if (opts->crop >= shape.h || opts->crop >= shape.w)
        return ipl_fail(err, IPL_E_SHAPE,
                        "crop: %zu pixels of padding for images of %zu x %zu, want fewer "
                        "than a side",
                        opts->crop, shape.h, shape.w);
    return IPL_OK;
}

/* Copy n numbers of the edge, or zeros. */
static void fill_edge(float *x, const float *edge, size_t n)
{
    if (edge)
        memcpy(x, edge, n * sizeof *x);
    else
        memset(x, 0, n * sizeof *x);
}

/* x[j] = x[j + dx] within a row of w, from the edge where that is outside. */
static void shift_row(float *to, const float *from, const float *edge, size_t w,
                      ptrdiff_t dx)
{
    const size_t gone = (size_t)(dx < 0 ? -dx : dx), kept = w - gone;

    if (dx >= 0) {
        memmove(to, from + gone, kept * sizeof *to);
        fill_edge(to + kept, edge ? edge + kept : NULL, gone);
    } else {
        memmove(to + gone, from, kept * sizeof *to);
        fill_edge(to, edge, gone);
    }
}

/* x[i, j] = x[i + dy, j + dx] in one channel; rows in the order that needs no copy. */
static void shift(float *x, const float *edge, size_t h, size_t w, ptrdiff_t dy,
                  ptrdiff_t dx)
{
    for (size_t step = 0; step < h; step++) {
        const size_t i = dy >= 0 ? step : h - 1 - step;
        const ptrdiff_t from = (ptrdiff_t)i + dy;
        const float *edge_row = edge ? edge + i * w : NULL;

        if (from >= 0 && from < (ptrdiff_t)h)
            shift_row(x + i * w, x + (size_t)from * w, edge_row, w, dx);
        else
            fill_edge(x + i * w, edge_row, w);
    }
}

static void mirror_rows(float *x, size_t rows, size_t w)
{
    for (size_t i = 0; i < rows; i++, x += w)
        for (size_t j = 0; j < w / 2; j++) {
            const float kept = x[j];

            x[j] = x[w - 1 - j];
            x[w - 1 - j] = kept;
        }
}

void ipl_augment(float *x, ipl_shape shape, const ipl_augment_opts *opts, uint64_t seed,
                 uint32_t epoch, uint32_t sample)
{
    const size_t plane = shape.h * shape.w;
    ipl_rng rng = ipl_rng_at(seed, IPL_RNG_AUGMENT, epoch, sample);
    const bool mirrored = (ipl_rng_bits(&rng) & 1) != 0;

    if (opts->crop > 0) {
        const ptrdiff_t padding = (ptrdiff_t)opts->crop;
        const size_t places = 2 * opts->crop + 1;
        const ptrdiff_t dy = (ptrdiff_t)ipl_rng_below(&rng, places) - padding;
        const ptrdiff_t dx = (ptrdiff_t)ipl_rng_below(&rng, places) - padding;

        assert(opts->crop < shape.h && opts->crop < shape.w);
        for (size_t c = 0; c < shape.c; c++)
            shift(x + c * plane, opts->edge ? opts->edge + c * plane : NULL, shape.h,
                  shape.w, dy, dx);
    }
    if (opts->flip && mirrored)
        mirror_rows(x, shape.c * shape.h, shape.w);
}
