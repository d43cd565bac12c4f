/* The only file that includes nettle. */
#include "base/file.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>

/* Digest of what was fed to hash, in hexadecimal. */
static void print_digest(char out[65], struct sha256_ctx *hash)
{
    uint8_t digest[SHA256_DIGEST_SIZE];

    sha256_digest(hash, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

void ipl_bytes_sha256(char out[65], const void *bytes, size_t len)
{
    struct sha256_ctx hash;

    sha256_init(&hash);
    sha256_update(&hash, len, bytes);
    print_digest(out, &hash);
}

ipl_status ipl_file_sha256(char out[65], const char *path, ipl_error *err)
{
    struct sha256_ctx hash;
    uint8_t block[65536];
    FILE *fp;
    size_t n;
    ipl_status st = ipl_file_stream(&fp, path, err);

    out[0] = '\0';
    if (st != IPL_OK)
        return st;
    sha256_init(&hash);
    while ((n = fread(block, 1, sizeof block, fp)) > 0)
        sha256_update(&hash, n, block);
    if (ferror(fp))
        st = ipl_fail(err, IPL_E_IO, "%s: %s", path, strerror(errno));
    (void)fclose(fp); /* read only: nothing to lose */
    if (st != IPL_OK)
        return st;
    print_digest(out, &hash);
    return IPL_OK;
}
