#include "base/gzip.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

enum {
    BUFFER = 1 << 15,     /* bytes: MNIST is read no faster by more */
    DEFLATE_RATIO = 1032, /* no deflate stream unpacks to more than this times its size */
    DENSE = 64,       /* what is packed more densely is counted before memory is taken */
    COUNTED = 1 << 24 /* when it is longer than this */
};

struct ipl_gzip {
    gzFile fp;
    size_t position; /* bytes of content read so far */
    char path[IPL_PATH_MAX];
};

ipl_status ipl_gzip_open(ipl_gzip **out, const char *path, ipl_error *err)
{
    ipl_gzip *file = NULL;
    ipl_status st;

    *out = NULL;
    if (ipl_file_is_folder(path))
        return ipl_fail(err, IPL_E_NOINPUT, "%s: is a folder", path);
    file = ipl_array(1, 1, sizeof *file, err);
    if (!file)
        return IPL_E_NOMEM;
    st = ipl_text_copy(file->path, sizeof file->path, path, strlen(path), "path", err);
    if (st != IPL_OK)
        goto done;
    errno = 0;
    file->fp = gzopen(path, "rb");
    if (!file->fp) {
        st = errno == 0 ? ipl_fail(err, IPL_E_NOMEM, "%s: out of memory", path)
                        : ipl_fail(err, IPL_E_NOINPUT, "%s: %s", path, strerror(errno));
        goto done;
    }
    (void)gzbuffer(file->fp, BUFFER);
    *out = file;
    file = NULL; /* now the caller's */
done:
    ipl_gzip_close(file);
    return st;
}

/* What zlib says of the last fault. */
static ipl_status zlib_fault(const ipl_gzip *file, ipl_error *err)
{
    int code;
    const char *text = gzerror(file->fp, &code);
    const size_t len = strlen(file->path);

    if (strncmp(text, file->path, len) == 0 && strncmp(text + len, ": ", 2) == 0)
        text += len + 2; /* zlib names the file too */
    if (code == Z_ERRNO)
        return ipl_fail(err, IPL_E_IO, "%s: %s", file->path, strerror(errno));
    if (code == Z_MEM_ERROR)
        return ipl_fail(err, IPL_E_NOMEM, "%s: out of memory", file->path);
    return ipl_fail(err, IPL_E_FORMAT, "%s: damaged gzip data (%s)", file->path, text);
}

/*
 * Up to len bytes of content; *n of them, 0 at its end. An error counts although bytes came
 * with it: it says that the stream is cut off behind them, and is lost by the next read.
 */
static ipl_status read_piece(size_t *n, void *out, unsigned len, ipl_gzip *file,
                             ipl_error *err)
{
    const int got = gzread(file->fp, out, len);
    int code;

    (void)gzerror(file->fp, &code);
    if (got < 0 || code != Z_OK)
        return zlib_fault(file, err);
    *n = (size_t)got;
    return IPL_OK;
}

ipl_status ipl_gzip_read(void *out, size_t len, ipl_gzip *file, ipl_error *err)
{
    size_t have = 0;

    while (have < len) {
        const unsigned want = len - have < (1u << 30) ? (unsigned)(len - have) : 1u << 30;
        size_t n = 0;
        const ipl_status st = read_piece(&n, (char *)out + have, want, file, err);

        if (st != IPL_OK)
            return st;
        if (n == 0)
            return ipl_fail(err, IPL_E_FORMAT,
                            "%s: truncated, its content ends at byte %zu", file->path,
                            file->position);
        have += n;
        file->position += n;
    }
    return IPL_OK;
}

/* Go over len bytes of content and back. */
static ipl_status count_content(size_t len, ipl_gzip *file, ipl_error *err)
{
    char block[8192];
    const size_t start = file->position;
    ipl_status st = IPL_OK;

    while (len > 0 && st == IPL_OK) {
        const size_t n = len < sizeof block ? len : sizeof block;

        st = ipl_gzip_read(block, n, file, err);
        len -= n;
    }
    if (st == IPL_OK && gzseek(file->fp, (z_off_t)start, SEEK_SET) < 0)
        st = zlib_fault(file, err);
    file->position = start;
    return st;
}

ipl_status ipl_gzip_expect(size_t len, ipl_gzip *file, ipl_error *err)
{
    struct stat info;
    size_t size;

    if (stat(file->path, &info) != 0 || !S_ISREG(info.st_mode))
        return IPL_OK; /* reading will tell */
    size = (size_t)info.st_size;
    if (gzdirect(file->fp) ? len > size - file->position : len / DEFLATE_RATIO > size)
        return ipl_fail(err, IPL_E_FORMAT,
                        "%s: truncated, its header says %zu bytes more than %zu, the file "
                        "has %zu",
                        file->path, len, file->position, size);
    return !gzdirect(file->fp) && len > COUNTED && len / DENSE > size
               ? count_content(len, file, err)
               : IPL_OK;
}

ipl_status ipl_gzip_expect_end(ipl_gzip *file, ipl_error *err)
{
    char byte;
    size_t n = 0;
    const ipl_status st = read_piece(&n, &byte, 1, file, err);

    if (n > 0)
        return ipl_fail(err, IPL_E_FORMAT, "%s: more data than its header says",
                        file->path);
    return st;
}

void ipl_gzip_close(ipl_gzip *file)
{
    if (!file)
        return;
    if (file->fp)
        (void)gzclose(file->fp); /* read only: nothing to lose */
    ipl_free(file);
}

uint32_t ipl_crc32(uint32_t crc, const void *bytes, size_t len)
{
    return (uint32_t)crc32_z(crc, bytes, len);
}
