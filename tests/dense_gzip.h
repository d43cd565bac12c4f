/** A gzip file of 20 MB that are 900 times smaller when packed. */
#ifndef IPL_DENSE_GZIP_H
#define IPL_DENSE_GZIP_H

#include "test.h"

#include <zlib.h>

enum { DENSE = 20 << 20, DENSE_BLOCK = 1 << 16 };

/* Blocks of zeros but for their first byte: 7 in the first block, 8 in the others. */
static inline void write_dense_gzip(const char *path)
{
    static unsigned char block[DENSE_BLOCK];
    gzFile fp = gzopen(path, "wb1");

    assert_non_null(fp);
    for (int n = 0; n < DENSE; n += DENSE_BLOCK) {
        block[0] = n == 0 ? 7 : 8;
        assert_int_equal(gzwrite(fp, block, DENSE_BLOCK), DENSE_BLOCK);
    }
    assert_int_equal(gzclose(fp), Z_OK);
}

#endif /* IPL_DENSE_GZIP_H */
