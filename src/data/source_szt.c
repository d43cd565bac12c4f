/*
 * The task of Shwartz-Ziv and Tishby: 12 bits on the vertices of an icosahedron and one
 * answer that every symmetry of the icosahedron leaves alone.
 */
#include "base/alloc.h"
#include "data/source.h"

enum { BITS = 12, PATTERNS = 1 << BITS, THRESHOLD = 99 };

/* Bit k of adjacent[v]: vertices v and k share an edge. */
static const uint16_t adjacent[BITS] = {
    1 << 1 | 1 << 3 | 1 << 5 | 1 << 10 | 1 << 11,
    1 << 0 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 11,
    1 << 1 | 1 << 3 | 1 << 4 | 1 << 8 | 1 << 9,
    1 << 0 | 1 << 1 | 1 << 2 | 1 << 8 | 1 << 10,
    1 << 1 | 1 << 2 | 1 << 6 | 1 << 9 | 1 << 11,
    1 << 0 | 1 << 6 | 1 << 7 | 1 << 10 | 1 << 11,
    1 << 4 | 1 << 5 | 1 << 7 | 1 << 9 | 1 << 11,
    1 << 5 | 1 << 6 | 1 << 8 | 1 << 9 | 1 << 10,
    1 << 2 | 1 << 3 | 1 << 7 | 1 << 9 | 1 << 10,
    1 << 2 | 1 << 4 | 1 << 6 | 1 << 7 | 1 << 8,
    1 << 0 | 1 << 3 | 1 << 5 | 1 << 7 | 1 << 8,
    1 << 0 | 1 << 1 | 1 << 4 | 1 << 5 | 1 << 6,
};

static const uint8_t antipode[BITS] = {9, 7, 5, 6, 10, 2, 3, 1, 11, 0, 4, 8};

/*
 * Answer to a pattern x of ones and zeros:
 *
 *     y = 1 iff 23 w + a - 5 b - 8 c >= 99
 *
 * with w ones, of whose w (w - 1) / 2 pairs a are adjacent, c antipodal and b neither.
 */
static int32_t szt_label(const uint8_t *x)
{
    int w = 0, a = 0, c = 0, b;

    for (unsigned i = 0; i < BITS; i++)
        for (unsigned j = 0; j <= i && x[i]; j++) {
            w += j == i;
            a += x[j] && adjacent[i] >> j & 1;
            c += x[j] && antipode[i] == j;
        }
    b = w * (w - 1) / 2 - a - c;
    return 23 * w + a - 5 * b - 8 * c >= THRESHOLD;
}

static ipl_status load_szt(ipl_samples *out, const void *self, uint64_t seed,
                           ipl_error *err)
{
    ipl_store *part = &out->part[IPL_TRAIN];

    (void)self; /* no options */
    (void)seed; /* nothing is drawn */
    out->shape = (ipl_shape){BITS, 1, 1};
    out->n_classes = 2;
    part->bytes = ipl_array(PATTERNS, BITS, 1, err);
    part->labels = ipl_array(PATTERNS, 1, sizeof *part->labels, err);
    if (!part->bytes || !part->labels)
        return IPL_E_NOMEM;
    part->n = PATTERNS;
    for (size_t i = 0; i < PATTERNS; i++) { /* counting order, bit 0 most significant */
        uint8_t *x = part->bytes + i * BITS;

        for (size_t k = 0; k < BITS; k++)
            x[k] = i >> (BITS - 1 - k) & 1;
        part->labels[i] = szt_label(x);
    }
    ipl_text_add(&out->note, "all 4096 patterns of 12 bits, each once: H(X) = 12 bits, "
                             "H(Y) = I(X;Y) = 0.99916 bits");
    return ipl_text_status(&out->note, err);
}

const ipl_source_ops ipl_source_szt = {
    .row = {.name = "szt",
            .summary = "4096 patterns of 12 bits, a symmetric yes or no (generated)",
            .source = "Shwartz-Ziv, Tishby, arXiv 1703.00810, 2017"},
    .load = load_szt,
};
