/**
 * Fuzz targets: one parser each, fed with any bytes.
 *
 * A target is a file fuzz_<format>.c with `fuzz_target` and LLVMFuzzerTestOneInput(). The same
 * file is linked with libFuzzer (`make fuzz TARGET=npy`) and, for every compiler, with
 * replay.c, which runs the corpus, cuts, bit flips and mutations within `make check`.
 *
 * What a target promises of its parser is checked by fuzz_check(): a known status, a message
 * of one line, never "out of memory" where the input is small. A broken promise aborts.
 */
#ifndef IPL_FUZZ_H
#define IPL_FUZZ_H

#include "ipl/status.h"

#include <stddef.h>
#include <stdint.h>

/** Longest input. */
enum { FUZZ_MAX = 1 << 16 };

typedef struct fuzz_format {
    const char *name; /* folder below tests/fuzz/corpus */
    const char *const
        *pieces; /* what the format is made of, for mutations; NULL-terminated */
    /**
     * Make checksums and lengths right again after a mutation, or pack it, in place; returns
     * the new size, at most FUZZ_MAX. NULL: the format has none.
     */
    size_t (*repair)(uint8_t *data, size_t size);
    size_t flips;  /* bits of a seed that are flipped: those of its first bytes; 0: all */
    int unlimited; /* OpenBLAS waits for ever for memory that it does not get */
} fuzz_format;

extern const fuzz_format fuzz_target;

/** The entry of libFuzzer; returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Path of a file in memory with this content, overwritten by the next call. */
const char *fuzz_file(const uint8_t *data, size_t size);

/** Folder for targets that want files of a certain name; removed at exit. */
const char *fuzz_folder(void);

/** Write folder/name; the file is replaced. */
void fuzz_write(const char *name, const uint8_t *data, size_t size);

/** Input as a C string, cut at its first NUL; valid until the next call. */
const char *fuzz_text(const uint8_t *data, size_t size);

/** Abort with a text when a promise does not hold. */
void fuzz_require(int holds, const char *promise);

/** What holds of every status: it is one of `allowed` (bits 1 << status), with a message. */
void fuzz_check(ipl_status status, const ipl_error *err, unsigned allowed);

/** What damaged content may give. */
#define FUZZ_OK_OR_FORMAT (1u << IPL_OK | 1u << IPL_E_FORMAT)

/** Change data in a way that the format may notice, from the number `seed`; the new size. */
size_t fuzz_mutate(uint8_t *data, size_t size, const uint8_t *other, size_t other_size,
                   uint64_t seed);

/** Numbers for mutations (splitmix64). */
uint64_t fuzz_random(uint64_t *state);

#endif /* IPL_FUZZ_H */
