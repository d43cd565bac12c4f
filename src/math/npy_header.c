#include "math/npy_header.h"

#include "base/alloc.h"

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

/* What numbers "<f4" stands for. */
static ipl_status parse_dtype(ipl_npy_layout *l, const cursor *c)
{
    static const struct {
        char kind;
        const char *widths;
    } known[] = {{'b', "1"}, {'i', "1248"}, {'u', "1248"}, {'f', "248"}};
    const char *d = l->dtype;

    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
        if (strlen(d) != 3 || !strchr("<>|", d[0]) || d[1] != known[k].kind ||
            !strchr(known[k].widths, d[2]) || (d[0] == '|' && d[2] != '1'))
            continue;
        l->kind = d[1];
        l->width = (size_t)(d[2] - '0');
        l->big_endian = d[0] == '>';
        return IPL_OK;
    }
    return ipl_fail(c->err, IPL_E_FORMAT,
                    "%s: dtype '%s'%s, want bool, integers or floats of 1 to 8 bytes",
                    c->path, d,
                    strchr(d, 'O')   ? " (Python objects)"
                    : strchr(d, 'c') ? " (complex)"
                                     : "");
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

/* Header text of a file into out (HEADER_MAX + 1 bytes); *start = where the data begins. */
static ipl_status read_header(char *out, size_t *start, FILE *fp, const char *path,
                              ipl_error *err)
{
    unsigned char b[PREFIX + 4];
    size_t len, n_len;

    if (fread(b, 1, PREFIX, fp) != PREFIX || memcmp(b, magic, sizeof magic - 1) != 0)
        return ipl_fail(err, IPL_E_FORMAT, "%s: not a .npy file", path);
    if (b[6] < 1 || b[6] > 3 || b[7] != 0)
        return ipl_fail(err, IPL_E_FORMAT, "%s: .npy version %d.%d, want 1.0 to 3.0", path,
                        b[6], b[7]);
    n_len = b[6] == 1 ? 2 : 4;
    if (fread(b + PREFIX, 1, n_len, fp) != n_len)
        return ipl_fail(err, IPL_E_FORMAT, "%s: ends within its header", path);
    len = read_length(b + PREFIX, n_len);
    if (len > HEADER_MAX)
        return ipl_fail(err, IPL_E_FORMAT, "%s: header of %zu bytes, at most %d", path, len,
                        HEADER_MAX);
    if (fread(out, 1, len, fp) != len)
        return ipl_fail(err, IPL_E_FORMAT, "%s: ends within its header", path);
    if (memchr(out, '\0', len))
        return ipl_fail(err, IPL_E_FORMAT, "%s: zero byte in the header", path);
    out[len] = '\0';
    *start = PREFIX + n_len + len;
    return IPL_OK;
}

/* The file must hold exactly what its header says. */
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

ipl_status ipl_npy_open(FILE **fp, ipl_npy_layout *out, const char *path, ipl_error *err)
{
    ipl_npy_layout l = {0};
    struct stat info;
    char *header = NULL;
    FILE *file;
    ipl_status st;

    *fp = NULL;
    if (stat(path, &info) != 0)
        return ipl_fail(err, IPL_E_NOINPUT, "%s: %s", path, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return ipl_fail(err, IPL_E_NOINPUT, "%s: not a regular file", path);
    file = fopen(path, "rb");
    if (!file)
        return ipl_fail(err, IPL_E_NOINPUT, "%s: %s", path, strerror(errno));
    header = ipl_array(1, HEADER_MAX + 1, 1, err);
    if (!header) {
        st = IPL_E_NOMEM;
        goto done;
    }
    st = read_header(header, &l.start, file, path, err);
    if (st == IPL_OK)
        st = parse_header(&l, header, path, err);
    if (st == IPL_OK)
        st = check_length(&l, l.start, (size_t)info.st_size, path, err);
    if (st != IPL_OK)
        goto done;
    *out = l;
    *fp = file;
    file = NULL; /* now the caller's */
done:
    if (file)
        (void)fclose(file); /* read only: nothing to lose */
    ipl_free(header);
    return st;
}
