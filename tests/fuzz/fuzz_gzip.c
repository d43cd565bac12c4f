/* gzip streams, or what is taken for a plain file: as content of any length. */
#include "fuzz.h"

#include "base/gzip.h"

#include <string.h>

static const char *const pieces[] = {"\x1f\x8b\x08",     "\x1f\x8b\x08\x08",         "name",
                                     "\x1f\x8b\x08\x02", "\x1f\x8b\x08\x04\xff\xff", NULL};

/* CRC and length of the content behind a header without extras, when it is one stored block:
 * 10 bytes, then 01 len ~len content. */
static size_t repair(uint8_t *data, size_t size)
{
    size_t len;
    uint32_t crc;

    if (size < 23 || data[0] != 0x1f || data[1] != 0x8b)
        return size;
    len = size - 23;
    if (len > 65535)
        return size;
    memset(data + 3, 0, 7);
    data[2] = 8;
    data[10] = 1;
    data[11] = (uint8_t)len;
    data[12] = (uint8_t)(len >> 8);
    data[13] = (uint8_t)~data[11];
    data[14] = (uint8_t)~data[12];
    crc = ipl_crc32(0, data + 15, len);
    for (size_t i = 0; i < 4; i++) {
        data[15 + len + i] = (uint8_t)(crc >> 8 * i);
        data[19 + len + i] = (uint8_t)(len >> 8 * i);
    }
    return size;
}

const fuzz_format fuzz_target = {.name = "gzip", .pieces = pieces, .repair = repair};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t block[5000];
    const char *path = fuzz_file(data, size);
    ipl_error err = {0};
    ipl_gzip *file;
    ipl_status st = ipl_gzip_open(&file, path, &err);
    size_t n = 0;

    fuzz_check(st, &err, FUZZ_OK_OR_FORMAT);
    for (size_t len = 1; st == IPL_OK && n < (size_t)1 << 20; len = len * 3 % 4999 + 1) {
        st = ipl_gzip_read(block, len, file, &err);
        n += len;
    }
    fuzz_check(st, &err, FUZZ_OK_OR_FORMAT);
    if (st == IPL_OK)
        fuzz_check(ipl_gzip_expect_end(file, &err), &err, FUZZ_OK_OR_FORMAT);
    ipl_gzip_close(file);
    return 0;
}
