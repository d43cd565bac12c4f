#include "math/npy_header.h"

#include "base/alloc.h"
#include "base/file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum {
    PREFIX = 8,        /* "\x93NUMPY", two bytes of version */
    HEADER_MAX = 65536 /* longest header; NumPy's own limit is 10000 */
};

static const char magic[] = "\x93NUMPY";

/* ---- header: a Python dictionary with the keys descr, fortran_order and shape ---- */

typedef struct cursor {
    const char *at;
    const char *path;
    ipl_error *err;
} cursor;

static ipl_status bad_header(const cursor *c, const char *what)
{
    return ipl_fail(c->err, IPL_E_FORMAT, "%s: .npy header: %s at '%.20s'", c->path, what,
                    c->at);
}

static void skip_space(cursor *c)
{
    while (*c->at != '\0' && strchr(" \t\r\n", *c->at))
        c->at++;
}

/* Go past one character if it is next. */
static bool accept(cursor *c, char wanted)
{
    skip_space(c);
    if (*c->at != wanted)
        return false;
    c->at++;
    return true;
}

static bool accept_word(cursor *c, const char *word)
{
    const size_t len = strlen(word);

    skip_space(c);
    if (strncmp(c->at, word, len) != 0)
        return false;
    c->at += len;
    return true;
}

/* 'text' or "text". */
static ipl_status parse_string(char *out, size_t size, cursor *c)
{
    const char *end;
    char quote;

    skip_space(c);
    quote = *c->at;
    if (quote != '\'' && quote != '"')
        return bad_header(c, "want a string");
    end = strchr(c->at + 1, quote);
    if (!end)
        return bad_header(c, "string without an end");
    if ((size_t)(end - c->at) - 1 >= size)
        return bad_header(c, "string is too long");
    memcpy(out, c->at + 1, (size_t)(end - c->at) - 1);
    out[end - c->at - 1] = '\0';
    c->at = end + 1;
    return IPL_OK;
}

static ipl_status parse_bool(bool *out, cursor *c)
{
    if (accept_word(c, "True"))
        *out = true;
    else if (accept_word(c, "False"))
        *out = false;
    else
        return bad_header(c, "want True or False");
    return IPL_OK;
}

/* One length of the shape; Python 2 wrote 3L. */
static ipl_status parse_length(size_t *out, cursor *c)
{
    size_t n = 0;

    skip_space(c);
    if (*c->at < '0' || *c->at > '9')
        return bad_header(c, "want a length");
    for (; *c->at >= '0' && *c->at <= '9'; c->at++) {
        if (n > SIZE_MAX / 16)
            return bad_header(c, "length is too large");
        n = 10 * n + (size_t)(*c->at - '0');
    }
    if (*c->at == 'L')
        c->at++;
    *out = n;
    return IPL_OK;
}

/* (), (3,), (3, 4) */
static ipl_status parse_shape(ipl_npy_layout *l, cursor *c)
{
    l->n_dims = 0;
    if (!accept(c, '('))
        return bad_header(c, "want a tuple");
    while (!accept(c, ')')) {
        ipl_status st;

        if (l->n_dims == IPL_NPY_MAX_DIMS)
            return ipl_fail(c->err, IPL_E_FORMAT, "%s: more than %d dimensions", c->path,
                            IPL_NPY_MAX_DIMS);
        st = parse_length(&l->dims[l->n_dims], c);
        if (st != IPL_OK)
            return st;
        l->n_dims++;
        if (!accept(c, ',') && *c->at != ')')
            return bad_header(c, "want a comma");
    }
    return IPL_OK;
}

/* Why a dtype is refused, and what to do about it. */
static const char *dtype_hint(const char *dtype)
{
    if (strchr(dtype, 'O'))
        return " (Python objects)";
    if (strchr(dtype, 'c'))
        return " (complex)";
    if (strchr(dtype, 'U') || strchr(dtype, 'S'))
        return " (text; numbers of classes: numpy.unique(a, return_inverse=True)[1])";
    return "; save a.astype('float32')";
}

/* What numbers "<f4" stands for. NumPy knows no bfloat16: its two bytes are written as "V2". */
static ipl_status parse_dtype(ipl_npy_layout *l, const cursor *c)
{
    static const struct {
        char kind;
        const char *widths;
    } known[] = {{'b', "1"}, {'i', "1248"}, {'u', "1248"}, {'f', "248"}, {'V', "2"}};
    const char *d = l->dtype;

    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
        if (strlen(d) != 3 || !strchr("<>|", d[0]) || d[1] != known[k].kind ||
            !strchr(known[k].widths, d[2]) || (d[0] == '|' && d[2] != '1' && d[1] != 'V'))
            continue;
        l->kind = d[1];
        l->width = (size_t)(d[2] - '0');
        l->big_endian = d[0] == '>';
        return IPL_OK;
    }
    return ipl_fail(c->err, IPL_E_FORMAT,
                    "%s: dtype '%s', want bool, integers or floats of 1 to 8 bytes, or "
                    "bfloat16%s",
                    c->path, d, dtype_hint(d));
}

static ipl_status parse_value(ipl_npy_layout *l, unsigned *seen, const char *key, cursor *c)
{
    static const char *const keys[] = {"descr", "fortran_order", "shape"};
    unsigned k = 0;

    while (k < 3 && strcmp(key, keys[k]) != 0)
        k++;
    if (k == 3)
        return bad_header(c, "unknown key");
    if (*seen & 1u << k)
        return bad_header(c, "a key is given twice");
    *seen |= 1u << k;
    if (k == 1)
        return parse_bool(&l->fortran, c);
    if (k == 2)
        return parse_shape(l, c);
    skip_space(c);
    if (*c->at == '[')
        return ipl_fail(c->err, IPL_E_FORMAT, "%s: structured dtype, want plain numbers",
                        c->path);
    return parse_string(l->dtype, sizeof l->dtype, c);
}

/* Count the elements; the product must not overflow. */
static ipl_status count_elements(ipl_npy_layout *l, const cursor *c)
{
    size_t bytes;

    l->count = 1;
    for (size_t i = 0; i < l->n_dims; i++)
        if (l->dims[i] == 0)
            return ipl_fail(c->err, IPL_E_FORMAT, "%s: no elements, dimension %zu is 0",
                            c->path, i);
    for (size_t i = 0; i < l->n_dims; i++)
        if (ipl_mul_overflows(&l->count, l->count, l->dims[i]))
            return ipl_fail(c->err, IPL_E_FORMAT, "%s: shape overflows", c->path);
    if (ipl_mul_overflows(&bytes, l->count, sizeof(double)))
        return ipl_fail(c->err, IPL_E_FORMAT, "%s: shape overflows", c->path);
    return IPL_OK;
}

static ipl_status parse_header(ipl_npy_layout *l, const char *text, const char *path,
                               ipl_error *err)
{
    cursor c = {text, path, err};
    unsigned seen = 0;
    ipl_status st;

    if (!accept(&c, '{'))
        return bad_header(&c, "want a dictionary");
    while (!accept(&c, '}')) {
        char key[16];

        st = parse_string(key, sizeof key, &c);
        if (st != IPL_OK)
            return st;
        if (!accept(&c, ':'))
            return bad_header(&c, "want a colon");
        st = parse_value(l, &seen, key, &c);
        if (st != IPL_OK)
            return st;
        if (!accept(&c, ',') && *c.at != '}')
            return bad_header(&c, "want a comma");
    }
    skip_space(&c);
    if (*c.at != '\0')
        return bad_header(&c, "text after the dictionary");
    if (seen != 7)
        return bad_header(&c, "descr, fortran_order or shape is missing");
    st = parse_dtype(l, &c);
    return st == IPL_OK ? count_elements(l, &c) : st;
}

/* ---- file ---- */

/* Length of the header: n bytes, little endian. */
static size_t read_length(const unsigned char *p, size_t n)
{
    size_t len = 0;

    for (size_t i = n; i-- > 0;)
        len = len << 8 | p[i];
    return len;
}

/* Bytes of the header: a file that ends within it has its own message. */
static ipl_status take_header(void *out, size_t len, ipl_npy_file *file, const char *path,
                              const char *otherwise, ipl_error *err)
{
    const ipl_status st = ipl_npy_take(out, len, file, path, err);

    return st == IPL_E_FORMAT ? ipl_fail(err, st, "%s: %s", path, otherwise) : st;
}

/* Header text of a file into out (HEADER_MAX + 1 bytes); *start = where the data begins. */
static ipl_status read_header(char *out, size_t *start, ipl_npy_file *file,
                              const char *path, ipl_error *err)
{
    static const char cut[] = "ends within its header";
    unsigned char b[PREFIX + 4];
    size_t len, n_len;
    ipl_status st = take_header(b, PREFIX, file, path, "not a .npy file", err);

    if (st != IPL_OK)
        return st;
    if (memcmp(b, magic, sizeof magic - 1) != 0)
        return ipl_fail(err, IPL_E_FORMAT, "%s: not a .npy file", path);
    if (b[6] < 1 || b[6] > 3 || b[7] != 0)
        return ipl_fail(err, IPL_E_FORMAT, "%s: .npy version %d.%d, want 1.0 to 3.0", path,
                        b[6], b[7]);
    n_len = b[6] == 1 ? 2 : 4;
    st = take_header(b + PREFIX, n_len, file, path, cut, err);
    if (st != IPL_OK)
        return st;
    len = read_length(b + PREFIX, n_len);
    if (len > HEADER_MAX)
        return ipl_fail(err, IPL_E_FORMAT, "%s: header of %zu bytes, at most %d", path, len,
                        HEADER_MAX);
    st = take_header(out, len, file, path, cut, err);
    if (st != IPL_OK)
        return st;
    if (memchr(out, '\0', len))
        return ipl_fail(err, IPL_E_FORMAT, "%s: zero byte in the header", path);
    out[len] = '\0';
    *start = PREFIX + n_len + len;
    return IPL_OK;
}

/* A plain file must hold exactly what its header says. */
static ipl_status check_length(const ipl_npy_layout *l, size_t start, size_t size,
                               const char *path, ipl_error *err)
{
    const size_t want = l->count * l->width; /* no overflow: count * 8 has none */
    const size_t have = size - start;

    if (size < start || have < want)
        return ipl_fail(err, IPL_E_FORMAT,
                        "%s: truncated, %zu bytes of data, its header says %zu", path,
                        size < start ? 0 : have, want);
    if (have > want)
        return ipl_fail(err, IPL_E_FORMAT, "%s: %zu bytes too many after the data", path,
                        have - want);
    return IPL_OK;
}

/* Open the file as what its first bytes say. */
static ipl_status open_file(ipl_npy_file *out, size_t *size, const char *path,
                            ipl_error *err)
{
    struct stat info;
    FILE *file;
    int first, second;
    const ipl_status st = ipl_file_stream(&file, path, err);

    if (st != IPL_OK)
        return st;
    *size = fstat(fileno(file), &info) == 0 ? (size_t)info.st_size : 0;
    first = getc(file);
    second = getc(file);
    if ((first != 0x1f || second != 0x8b) && fseek(file, 0, SEEK_SET) == 0) {
        out->plain = file;
        return IPL_OK;
    }
    (void)fclose(file); /* read only: nothing to lose */
    return ipl_gzip_open(&out->gzipped, path, err);
}

ipl_status ipl_npy_open(ipl_npy_file *out, ipl_npy_layout *layout, const char *path,
                        ipl_error *err)
{
    ipl_npy_layout l = {0};
    ipl_npy_file file = {0};
    char *header = NULL;
    size_t size = 0;
    ipl_status st = open_file(&file, &size, path, err);

    *out = (ipl_npy_file){0};
    if (st != IPL_OK)
        return st;
    header = ipl_array(1, HEADER_MAX + 1, 1, err);
    if (!header) {
        st = IPL_E_NOMEM;
        goto done;
    }
    st = read_header(header, &l.start, &file, path, err);
    if (st == IPL_OK)
        st = parse_header(&l, header, path, err);
    if (st == IPL_OK)
        st = file.plain ? check_length(&l, l.start, size, path, err)
                        : ipl_gzip_expect(l.count * l.width, file.gzipped, err);
    if (st != IPL_OK)
        goto done;
    *layout = l;
    *out = file;
    file = (ipl_npy_file){0}; /* now the caller's */
done:
    ipl_npy_close(&file);
    ipl_free(header);
    return st;
}

ipl_status ipl_npy_take(void *out, size_t len, ipl_npy_file *file, const char *path,
                        ipl_error *err)
{
    if (file->gzipped)
        return ipl_gzip_read(out, len, file->gzipped, err);
    if (fread(out, 1, len, file->plain) == len)
        return IPL_OK;
    return ipl_fail(err, ferror(file->plain) ? IPL_E_IO : IPL_E_FORMAT, "%s: %s", path,
                    ferror(file->plain) ? strerror(errno) : "ends before its last element");
}

void ipl_npy_close(ipl_npy_file *file)
{
    if (file->plain)
        (void)fclose(file->plain); /* read only: nothing to lose */
    ipl_gzip_close(file->gzipped);
    *file = (ipl_npy_file){0};
}
