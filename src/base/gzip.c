#include "base/gzip.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
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
    bool cut;        /* the file ended within its compressed data */
    char path[IPL_PATH_MAX];
};

ipl_status ipl_gzip_open(ipl_gzip **out, const char *path, ipl_error *err)
{
    ipl_gzip *file = NULL;
    int fd = -1;
    ipl_status st;

    *out = NULL;
    file = ipl_array(1, 1, sizeof *file, err);
    if (!file)
        return IPL_E_NOMEM;
    st = ipl_text_copy(file->path, sizeof file->path, path, strlen(path), "path", err);
    if (st != IPL_OK)
        goto done;
    fd = ipl_file_open(path, O_RDONLY);
    if (fd < 0) {
        const int code = errno;

        st =
            ipl_fail(err, ipl_file_open_fault(code), "%s: %s", path, ipl_file_reason(code));
        goto done;
    }
    file->fp = gzdopen(fd, "rb");
    if (!file->fp) {
        (void)close(fd); /* nothing was read */
        st = ipl_fail(err, IPL_E_NOMEM, "%s: out of memory", path);
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
    const char *colon = strstr(text, ">: ");

    if (strncmp(text, "<fd:", 4) == 0 && colon)
        text = colon + 3; /* zlib names the descriptor */
    if (code == Z_ERRNO)
        return ipl_fail(err, IPL_E_IO, "%s: %s", file->path, strerror(errno));
    if (code == Z_MEM_ERROR)
        return ipl_fail(err, IPL_E_NOMEM, "%s: out of memory", file->path);
    return ipl_fail(err, IPL_E_FORMAT, "%s: damaged gzip data (%s)", file->path, text);
}

/*
 * Up to len bytes of content; *n of them, 0 at its end. That the compressed data was cut is
 * noted when zlib says so, which may be with the last bytes: from 1.3.2 on the next gzread()
 * forgets it.
 */
static ipl_status read_piece(size_t *n, void *out, unsigned len, ipl_gzip *file,
                             ipl_error *err)
{
    int got, code;

    if (file->cut)
        return ipl_fail(err, IPL_E_FORMAT, "%s: damaged gzip data (unexpected end of file)",
                        file->path);
    got = gzread(file->fp, out, len);
    (void)gzerror(file->fp, &code);
    if (got < 0 || (got == 0 && code != Z_OK))
        return zlib_fault(file, err);
    file->cut = code == Z_BUF_ERROR;
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
