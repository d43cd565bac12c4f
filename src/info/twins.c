#include "info/twins.h"

#include "base/alloc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDING 1e-4 /* of a row's largest number */

typedef struct hashed {
    uint64_t hash;
    uint32_t row;
} hashed;

static int by_hash(const void *a, const void *b)
{
    const hashed *p = a, *q = b;

    if (p->hash != q->hash)
        return p->hash < q->hash ? -1 : 1;
    return (p->row > q->row) - (p->row < q->row);
}

static double at(const ipl_cmat *m, size_t i, size_t j)
{
    return m->f32 ? (double)m->f32[i * m->cols + j] : m->f64[i * m->cols + j];
}

/* FNV-1a over the numbers; -0 counts as 0. */
static uint64_t hash_row(const ipl_cmat *m, size_t i)
{
    uint64_t h = 14695981039346656037u;

    for (size_t j = 0; j < m->cols; j++) {
        const double v = at(m, i, j) + 0.0;
        uint64_t bits;

        memcpy(&bits, &v, sizeof bits);
        h = (h ^ bits) * 1099511628211u;
        h ^= h >> 29;
    }
    return h;
}

static bool equal(const ipl_cmat *m, size_t a, size_t b)
{
    for (size_t j = 0; j < m->cols; j++)
        if (at(m, a, j) < at(m, b, j) || at(m, a, j) > at(m, b, j))
            return false;
    return true;
}

void ipl_twins_release(ipl_twins *twins)
{
    ipl_free(twins->pair);
    *twins = (ipl_twins){0};
}

ipl_status ipl_twins_find(ipl_twins *out, const ipl_cmat *x, ipl_error *err)
{
    hashed *row = ipl_array(x->rows, 1, sizeof *row, err);

    out->n = 0;
    out->pair = ipl_array(x->rows, 1, sizeof *out->pair, err);
    if (!row || !out->pair) {
        ipl_free(row);
        return IPL_E_NOMEM;
    }
    for (size_t i = 0; i < x->rows; i++)
        row[i] = (hashed){hash_row(x, i), (uint32_t)i};
    qsort(row, x->rows, sizeof *row, by_hash);
    for (size_t i = 1; i < x->rows; i++)
        if (row[i].hash == row[i - 1].hash && equal(x, row[i].row, row[i - 1].row))
            out->pair[out->n++] = (ipl_twin){row[i - 1].row, row[i].row};
    ipl_free(row);
    return IPL_OK;
}

static bool rows_differ(const ipl_cmat *t, size_t a, size_t b)
{
    double largest = 0.0, gap = 0.0;

    for (size_t j = 0; j < t->cols; j++) {
        const double p = at(t, a, j), q = at(t, b, j);

        largest = fmax(largest, fmax(fabs(p), fabs(q)));
        gap = fmax(gap, fabs(p - q));
    }
    return gap > ROUNDING * largest;
}

bool ipl_twins_differ(const ipl_twins *twins, const ipl_cmat *t)
{
    for (size_t i = 0; i < twins->n; i++)
        if (rows_differ(t, twins->pair[i].a, twins->pair[i].b))
            return true;
    return false;
}
