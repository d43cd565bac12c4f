/** Files that may be compressed with gzip. The only file that includes zlib.h. */
#ifndef IPL_GZIP_H
#define IPL_GZIP_H

#include "ipl/status.h"

#include <stddef.h>
#include <stdint.h>

/** A file open for reading, gzip or plain. */
typedef struct ipl_gzip ipl_gzip;

/** Open path; IPL_E_NOINPUT, IPL_E_NOMEM. */
ipl_status ipl_gzip_open(ipl_gzip **out, const char *path, ipl_error *err) IPL_NODISCARD;

/**
 * Read exactly len bytes of content.
 *
 * errors  IPL_E_FORMAT  the content ends before, or the compressed data is damaged
 *         IPL_E_IO
 */
ipl_status ipl_gzip_read(void *out, size_t len, ipl_gzip *file,
                         ipl_error *err) IPL_NODISCARD;

/**
 * Whether len more bytes of content follow, as far as that can be said without keeping them:
 * to be asked before memory is taken for what a header says. The size of a plain file tells,
 * and deflate packs no more than 1032 bytes into one; content that is packed more densely
 * than data are is counted.
 *
 * errors  IPL_E_FORMAT  they do not, or the compressed data is damaged
 */
ipl_status ipl_gzip_expect(size_t len, ipl_gzip *file, ipl_error *err) IPL_NODISCARD;

/** IPL_OK when the content ends here; IPL_E_FORMAT when more follows or it is damaged. */
ipl_status ipl_gzip_expect_end(ipl_gzip *file, ipl_error *err) IPL_NODISCARD;

/** Close and free; NULL is allowed. */
void ipl_gzip_close(ipl_gzip *file);

/** CRC-32 (ISO 3309) of len bytes, continuing from crc (0 at the start). */
uint32_t ipl_crc32(uint32_t crc, const void *bytes, size_t len);

#endif /* IPL_GZIP_H */
