#include "data/idx.h"

#include "base/alloc.h"
#include "base/gzip.h"

#include <assert.h>
#include <string.h>

#define FIRST_STEP ((size_t)1 << 20)
#define BYTES_MAX ((size_t)1 << 32)

enum { WORD = 4, TYPE_BYTE = 8, GROWTH = 4 };

static size_t big_endian_word(const uint8_t *p)
{
    return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
}

/* Magic number and dimensions; *total = bytes that follow. */
static ipl_status read_header(ipl_idx *idx, size_t *total, ipl_gzip *file, const char *path,
                              ipl_error *err)
{
    uint8_t word[WORD];
    ipl_status st = ipl_gzip_read(word, WORD, file, err);

    if (st != IPL_OK)
        return st;
    if (word[0] != 0 || word[1] != 0 || word[2] != TYPE_BYTE || word[3] != idx->n_dims)
        return ipl_fail(err, IPL_E_FORMAT,
                        "%s: begins with %02x%02x%02x%02x, want 000008%02zx (IDX, bytes in "
                        "%zu dimensions)",
                        path, word[0], word[1], word[2], word[3], idx->n_dims, idx->n_dims);
    *total = 1;
    for (size_t i = 0; i < idx->n_dims; i++) {
        st = ipl_gzip_read(word, WORD, file, err);
        if (st != IPL_OK)
            return st;
        idx->dims[i] = big_endian_word(word);
        if (idx->dims[i] == 0)
            return ipl_fail(err, IPL_E_FORMAT, "%s: dimension %zu is 0", path, i);
        if (idx->dims[i] > BYTES_MAX / *total)
            return ipl_fail(err, IPL_E_FORMAT, "%s: its header says more than 4 GiB", path);
        *total *= idx->dims[i];
    }
    return ipl_gzip_expect(*total, file, err);
}

/* Read total bytes into an array that grows as they arrive. */
static ipl_status read_bytes(ipl_idx *idx, size_t total, ipl_gzip *file, ipl_error *err)
{
    size_t have = 0;

    while (have < total) {
        const size_t wanted = have == 0 ? FIRST_STEP : GROWTH * have;
        const size_t size = total < wanted ? total : wanted;
        uint8_t *grown = ipl_array(size, 1, 1, err);
        ipl_status st;

        if (!grown)
            return IPL_E_NOMEM;
        if (have > 0)
            memcpy(grown, idx->bytes, have);
        ipl_free(idx->bytes);
        idx->bytes = grown;
        st = ipl_gzip_read(grown + have, size - have, file, err);
        if (st != IPL_OK)
            return st;
        have = size;
    }
    return IPL_OK;
}

ipl_status ipl_idx_read(ipl_idx *out, const char *path, size_t n_dims, ipl_error *err)
{
    ipl_idx idx = {.n_dims = n_dims};
    ipl_gzip *file = NULL;
    size_t total = 0;
    ipl_status st;

    assert(n_dims >= 1 && n_dims <= IPL_IDX_MAX_DIMS);
    *out = (ipl_idx){0};
    st = ipl_gzip_open(&file, path, err);
    if (st != IPL_OK)
        return st;
    st = read_header(&idx, &total, file, path, err);
    if (st == IPL_OK)
        st = read_bytes(&idx, total, file, err);
    if (st == IPL_OK)
        st = ipl_gzip_expect_end(file, err);
    ipl_gzip_close(file);
    if (st != IPL_OK)
        ipl_idx_release(&idx);
    else
        *out = idx;
    return st;
}

void ipl_idx_release(ipl_idx *idx)
{
    ipl_free(idx->bytes);
    *idx = (ipl_idx){0};
}
