/* IDX files, plain or compressed, of one to three dimensions. */
#include "fuzz.h"

#include "data/idx.h"

#include <string.h>
#include <zlib.h>

static const char *const pieces[] = {"\x08\x01",     "\x08\x03",     "\x1f\x8b\x08",
                                     "\x01\x01\x01", "\x02\x02\x02", NULL};

/* Pack it: damage of what is inside is found behind intact checksums. */
static size_t compress_it(uint8_t *data, size_t size)
{
    static uint8_t packed[FUZZ_MAX];
    z_stream z = {.next_in = data,
                  .avail_in = (unsigned)size,
                  .next_out = packed,
                  .avail_out = sizeof packed};
    int code;

    if ((size > 1 && data[0] == 0x1f && data[1] == 0x8b) || size % 2 == 0 ||
        deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return size;
    code = deflate(&z, Z_FINISH);
    if (code == Z_STREAM_END) {
        size = z.total_out;
        memcpy(data, packed, size);
    }
    (void)deflateEnd(&z);
    return size;
}

const fuzz_format fuzz_target = {.name = "idx", .pieces = pieces, .repair = compress_it};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file(data, size);

    for (size_t n = 1; n <= IPL_IDX_MAX_DIMS; n++) {
        ipl_error err = {0};
        ipl_idx idx;
        const ipl_status st = ipl_idx_read(&idx, path, n, &err);
        size_t total = 1, sum = 0;

        fuzz_check(st, &err, FUZZ_OK_OR_FORMAT);
        fuzz_require(st == IPL_OK || !idx.bytes, "nothing is left after a fault");
        for (size_t i = 0; st == IPL_OK && i < n; i++)
            total *= idx.dims[i];
        for (size_t i = 0; st == IPL_OK && i < total; i++)
            sum += idx.bytes[i];
        fuzz_require(sum <= total * 255, "every byte is there");
        ipl_idx_release(&idx);
    }
    return 0;
}
