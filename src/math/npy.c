#include "math/npy.h"

#include "base/alloc.h"
#include "base/file.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum {
    PREFIX = 8,         /* "\x93NUMPY", two bytes of version */
    HEADER_MAX = 65536, /* longest header; NumPy's own limit is 10000 */
    BLOCK = 8192,       /* elements converted at a time */
    WIDEST = 8          /* bytes of an element, at most */
};

static const char magic[] = "\x93NUMPY";

/* What the header of a file says. */
typedef struct layout {
    char kind; /* b, i, u, f */
    size_t width;
    bool big_endian, fortran;
    size_t n_dims, dims[IPL_NPY_MAX_DIMS], count;
    char dtype[8];
} layout;

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
static ipl_status parse_shape(layout *l, cursor *c)
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
static ipl_status parse_dtype(layout *l, const cursor *c)
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

static ipl_status parse_value(layout *l, unsigned *seen, const char *key, cursor *c)
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
static ipl_status count_elements(layout *l, const cursor *c)
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

static ipl_status parse_header(layout *l, const char *text, const char *path,
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

/* ---- elements ---- */

/* The bytes of one element, most significant first. */
static uint64_t element_bits(const unsigned char *p, size_t width, bool big_endian)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < width; i++)
        bits = bits << 8 | p[big_endian ? i : width - 1 - i];
    return bits;
}

/* IEEE 754 half precision: 1 sign, 5 exponent, 10 fraction bits. */
static double half_value(uint64_t bits)
{
    const int exponent = (int)(bits >> 10 & 0x1f);
    const double fraction = (double)(bits & 0x3ff);
    double v;

    if (exponent == 0x1f)
        v = fraction == 0.0 ? (double)INFINITY : (double)NAN;
    else if (exponent == 0)
        v = ldexp(fraction, -24);
    else
        v = ldexp(fraction + 1024.0, exponent - 25);
    return bits & 0x8000 ? -v : v;
}

static double float_value(uint64_t bits, size_t width)
{
    const uint32_t low = (uint32_t)bits;
    float single;
    double v;

    if (width == 2)
        return half_value(bits);
    if (width == 4) {
        memcpy(&single, &low, sizeof single);
        return (double)single;
    }
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* One element as a double; false for an integer that a double cannot hold. */
static bool element_value(double *out, uint64_t bits, const layout *l)
{
    const uint64_t exact = (uint64_t)1 << 53;
    const bool negative = l->kind == 'i' && bits >> (8 * l->width - 1) != 0;
    uint64_t size = bits;

    if (l->kind == 'f') {
        *out = float_value(bits, l->width);
        return true;
    }
    if (l->kind == 'b') {
        *out = bits != 0;
        return true;
    }
    if (negative) /* two's complement of `width` bytes */
        size = (l->width == 8 ? 0 : (uint64_t)1 << 8 * l->width) - bits;
    *out = negative ? -(double)size : (double)size;
    return size <= exact;
}

/* Where element number `index[]` of a Fortran-ordered array lies in C order; then count on. */
static size_t next_in_fortran_order(size_t *index, const layout *l)
{
    size_t at = 0;

    for (size_t i = 0; i < l->n_dims; i++)
        at = at * l->dims[i] + index[i];
    for (size_t i = 0; i < l->n_dims; i++) {
        if (++index[i] < l->dims[i])
            break;
        index[i] = 0;
    }
    return at;
}

static ipl_status read_elements(double *data, const layout *l, FILE *fp, const char *path,
                                ipl_error *err)
{
    unsigned char block[BLOCK * WIDEST];
    size_t index[IPL_NPY_MAX_DIMS] = {0};

    for (size_t done = 0; done < l->count;) {
        const size_t n = l->count - done < BLOCK ? l->count - done : BLOCK;

        if (fread(block, l->width, n, fp) != n)
            return ipl_fail(err, ferror(fp) ? IPL_E_IO : IPL_E_FORMAT, "%s: %s", path,
                            ferror(fp) ? strerror(errno) : "ends before its last element");
        for (size_t i = 0; i < n; i++, done++) {
            const size_t at = l->fortran ? next_in_fortran_order(index, l) : done;
            const uint64_t bits =
                element_bits(block + i * l->width, l->width, l->big_endian);

            if (!element_value(&data[at], bits, l))
                return ipl_fail(err, IPL_E_FORMAT,
                                "%s: element %zu is beyond 2^53, no double can hold it",
                                path, at);
        }
    }
    return IPL_OK;
}

/* ---- file ---- */

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
    len = (size_t)element_bits(b + PREFIX, n_len, false);
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
static ipl_status check_length(const layout *l, size_t start, size_t size, const char *path,
                               ipl_error *err)
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

/* Shape and dtype of the file as the caller sees them. */
static void describe(ipl_npy *out, const layout *l)
{
    out->n_dims = l->n_dims;
    memcpy(out->dims, l->dims, sizeof out->dims);
    memcpy(out->dtype, l->dtype, sizeof out->dtype);
    out->rows = l->n_dims ? l->dims[0] : 1;
    out->cols = l->count / out->rows;
}

ipl_status ipl_npy_read(ipl_npy *out, const char *path, ipl_error *err)
{
    struct stat info;
    layout l = {0};
    char *header = NULL;
    ipl_npy a = {0};
    size_t start = 0;
    FILE *fp = NULL;
    ipl_status st;

    *out = (ipl_npy){0};
    if (stat(path, &info) != 0)
        return ipl_fail(err, IPL_E_NOINPUT, "%s: %s", path, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return ipl_fail(err, IPL_E_NOINPUT, "%s: not a regular file", path);
    fp = fopen(path, "rb");
    if (!fp)
        return ipl_fail(err, IPL_E_NOINPUT, "%s: %s", path, strerror(errno));
    header = ipl_array(1, HEADER_MAX + 1, 1, err);
    if (!header) {
        st = IPL_E_NOMEM;
        goto done;
    }
    st = read_header(header, &start, fp, path, err);
    if (st == IPL_OK)
        st = parse_header(&l, header, path, err);
    if (st == IPL_OK)
        st = check_length(&l, start, (size_t)info.st_size, path, err);
    if (st != IPL_OK)
        goto done;
    a.data = ipl_array(l.count, 1, sizeof *a.data, err);
    if (!a.data) {
        st = IPL_E_NOMEM;
        goto done;
    }
    st = read_elements(a.data, &l, fp, path, err);
    if (st != IPL_OK)
        goto done;
    describe(&a, &l);
    *out = a;
    a.data = NULL; /* now the caller's */
done:
    ipl_free(a.data);
    ipl_free(header);
    (void)fclose(fp); /* read only: nothing to lose */
    return st;
}

ipl_status ipl_npy_check_finite(const ipl_npy *a, const char *path, ipl_error *err)
{
    for (size_t i = 0; i < a->rows * a->cols; i++)
        if (!isfinite(a->data[i]))
            return ipl_fail(err, IPL_E_FORMAT, "%s: %s at row %zu, column %zu", path,
                            isnan(a->data[i]) ? "NaN" : "Inf", i / a->cols, i % a->cols);
    return IPL_OK;
}

ipl_status ipl_npy_labels(int32_t *y, const ipl_npy *a, const char *path, ipl_error *err)
{
    if (a->cols != 1)
        return ipl_fail(err, IPL_E_FORMAT, "%s: %zu columns, want one label per row", path,
                        a->cols);
    for (size_t i = 0; i < a->rows; i++) {
        const double v = a->data[i];

        if (!(v >= INT32_MIN && v <= INT32_MAX) || v != floor(v))
            return ipl_fail(err, IPL_E_FORMAT,
                            "%s: row %zu is %g, labels are whole numbers of 32 bits", path,
                            i, v);
        y[i] = (int32_t)v;
    }
    return IPL_OK;
}

void ipl_npy_release(ipl_npy *a)
{
    ipl_free(a->data);
    *a = (ipl_npy){0};
}
