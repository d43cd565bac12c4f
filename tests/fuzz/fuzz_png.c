/* PNG pictures of every kind. */
#include "fuzz.h"

#include "base/gzip.h"
#include "data/png.h"

#include <string.h>

enum { SIGNATURE = 8, EMPTY = 12 }; /* a chunk without data: length, name, checksum */

static const char *const pieces[] = {"IHDR",
                                     "IDAT",
                                     "IEND",
                                     "PLTE",
                                     "tRNS",
                                     "zTXt",
                                     "iCCP",
                                     "gAMA",
                                     "sBIT",
                                     "eXIf",
                                     "\x89PNG\r\n\x1a\n",
                                     NULL};

/* Checksums of all chunks, as far as they follow each other. */
static size_t repair(uint8_t *data, size_t size)
{
    static const uint8_t signature[SIGNATURE] = {0x89, 'P', 'N', 'G', 13, 10, 26, 10};

    if (size < SIGNATURE)
        return size;
    memcpy(data, signature, SIGNATURE);
    for (size_t at = SIGNATURE; size - at >= EMPTY;) {
        const size_t len = (size_t)data[at] << 24 | (size_t)data[at + 1] << 16 |
                           (size_t)data[at + 2] << 8 | data[at + 3];
        uint32_t crc;

        if (len > size - at - EMPTY)
            break;
        crc = ipl_crc32(0, data + at + 4, len + 4);
        for (size_t i = 0; i < 4; i++)
            data[at + 8 + len + i] = (uint8_t)(crc >> (24 - 8 * i));
        at += EMPTY + len;
    }
    return size;
}

const fuzz_format fuzz_target = {.name = "png", .pieces = pieces, .repair = repair};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ipl_error err = {0};
    ipl_picture picture;
    const ipl_status st = ipl_png_read(&picture, fuzz_file(data, size), &err);
    size_t sum = 0, n = picture.height * picture.width * picture.channels;

    fuzz_check(st, &err, FUZZ_OK_OR_FORMAT);
    fuzz_require(st == IPL_OK ? n > 0 : !picture.pixels, "pixels or nothing");
    for (size_t i = 0; st == IPL_OK && i < n; i++)
        sum += ipl_picture_value(&picture, i);
    fuzz_require(sum <= n * 65535, "every pixel is there");
    ipl_picture_release(&picture);
    return 0;
}
