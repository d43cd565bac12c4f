#include "base/text.h"

#include "base/alloc.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Make room for `extra` characters and the final NUL. */
static bool reserve(ipl_text *text, size_t extra)
{
    const size_t need = text->len + extra + 1;
    size_t capacity = text->capacity ? text->capacity : 256;
    char *grown;

    if (text->failed)
        return false;
    if (need <= text->capacity)
        return true;
    while (capacity < need)
        capacity *= 2;
    grown = ipl_array(1, capacity, 1, NULL);
    if (!grown) {
        text->failed = true;
        return false;
    }
    if (text->s)
        memcpy(grown, text->s, text->len);
    ipl_free(text->s);
    text->s = grown;
    text->capacity = capacity;
    return true;
}

void ipl_text_add(ipl_text *text, const char *fmt, ...)
{
    va_list ap, again;
    int n;

    va_start(ap, fmt);
    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, ap);
    if (n < 0)
        text->failed = true;
    else if (reserve(text, (size_t)n)) {
        (void)vsnprintf(text->s + text->len, (size_t)n + 1, fmt, again);
        text->len += (size_t)n;
    }
    va_end(again);
    va_end(ap);
}

static void add_char(ipl_text *text, char c)
{
    if (reserve(text, 1)) {
        text->s[text->len++] = c;
        text->s[text->len] = '\0';
    }
}

void ipl_text_add_field(ipl_text *text, const char *field)
{
    if (field[strcspn(field, ",\"\r\n")] == '\0') {
        ipl_text_add(text, "%s", field);
        return;
    }
    add_char(text, '"');
    for (; *field != '\0'; field++) {
        if (*field == '"')
            add_char(text, '"');
        add_char(text, *field);
    }
    add_char(text, '"');
}

/* Length of the UTF-8 sequence at s, 0 when it is not one (RFC 3629). */
static size_t utf8_length(const unsigned char *s)
{
    const size_t n = s[0] < 0x80                    ? 1
                     : s[0] >= 0xC2 && s[0] <= 0xDF ? 2
                     : s[0] >= 0xE0 && s[0] <= 0xEF ? 3
                     : s[0] >= 0xF0 && s[0] <= 0xF4 ? 4
                                                    : 0;

    for (size_t i = 1; i < n; i++)
        if (s[i] < 0x80 || s[i] > 0xBF)
            return 0;
    /* Longer than needed, a surrogate, or past the last character. */
    if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) ||
        (s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F))
        return 0;
    return n;
}

void ipl_text_add_json(ipl_text *text, const char *s)
{
    const unsigned char *c = (const unsigned char *)s;

    add_char(text, '"');
    while (*c != '\0') {
        const size_t n = utf8_length(c);

        if (n == 0)
            ipl_text_add(text, "\\ufffd");
        else if (*c == '"' || *c == '\\')
            ipl_text_add(text, "\\%c", *c);
        else if (*c < 0x20)
            ipl_text_add(text, "\\u%04x", (unsigned)*c);
        else
            ipl_text_add(text, "%.*s", (int)n, (const char *)c);
        c += n ? n : 1;
    }
    add_char(text, '"');
}

void ipl_text_add_shell_word(ipl_text *text, const char *word, size_t len)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                "0123456789_./+,:@%=-";

    if (len > 0 && strspn(word, plain) >= len) {
        ipl_text_add(text, "%.*s", (int)len, word);
        return;
    }
    add_char(text, '\'');
    for (size_t i = 0; i < len; i++)
        if (word[i] == '\'')
            ipl_text_add(text, "'\\''");
        else
            add_char(text, word[i]);
    add_char(text, '\'');
}

void ipl_text_add_number(ipl_text *text, double value)
{
    char number[32];

    ipl_number_print(number, sizeof number, value);
    ipl_text_add(text, "%s", number);
}

void ipl_text_clear(ipl_text *text)
{
    text->len = 0;
    if (text->s)
        text->s[0] = '\0';
}

void ipl_text_release(ipl_text *text)
{
    ipl_free(text->s);
    *text = (ipl_text){0};
}

ipl_status ipl_text_status(const ipl_text *text, ipl_error *err)
{
    if (text->failed)
        return ipl_fail(err, IPL_E_NOMEM, "out of memory: text of %zu bytes", text->len);
    return IPL_OK;
}

void ipl_number_print(char *out, size_t size, double value)
{
    if (!isfinite(value)) {
        (void)snprintf(out, size, "NaN");
        return;
    }
    for (int digits = 6; digits < 17; digits++) {
        (void)snprintf(out, size, "%.*g", digits, value);
        if (strtod(out, NULL) == value)
            return;
    }
    (void)snprintf(out, size, "%.17g", value); /* always enough */
}

bool ipl_number_parse(double *out, const char *s)
{
    char *end;

    if (*s == '\0' || s[strspn(s, "+-.0123456789eE")] != '\0')
        return false; /* strtod() would take blanks, hexadecimal, "inf" and "nan" */
    *out = strtod(s, &end);
    return *end == '\0' && isfinite(*out);
}

int ipl_natural_order(const char *a, const char *b)
{
    static const char digits[] = "0123456789";
    const char *const first = a, *const second = b;

    while (*a != '\0' && *b != '\0') {
        size_t n, m;

        if (!strchr(digits, *a) || !strchr(digits, *b)) {
            if (*a != *b)
                return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
            a++;
            b++;
            continue;
        }
        a += strspn(a, "0");
        b += strspn(b, "0");
        n = strspn(a, digits);
        m = strspn(b, digits);
        if (n != m || memcmp(a, b, n) != 0) /* the longer number is the larger one */
            return n != m ? (n < m ? -1 : 1) : memcmp(a, b, n);
        a += n;
        b += m;
    }
    if (*a != '\0' || *b != '\0')
        return *a != '\0' ? 1 : -1;
    return strcmp(first, second); /* 07 and 7 */
}

bool ipl_count_parse(uint64_t *out, const char *s)
{
    char *end;

    if (*s < '0' || *s > '9')
        return false;
    errno = 0;
    *out = strtoull(s, &end, 10);
    return errno == 0 && *end == '\0';
}

size_t ipl_text_distance(const char *a, const char *b, size_t limit)
{
    enum { LONGEST = 32 };
    const size_t n = strlen(a), m = strlen(b);
    size_t row[LONGEST + 1];

    if (n > LONGEST || m > LONGEST)
        return limit;
    for (size_t j = 0; j <= m; j++)
        row[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            const size_t replace = diagonal + (a[i - 1] != b[j - 1]);
            const size_t change = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;

            diagonal = row[j];
            row[j] = replace < change ? replace : change;
        }
    }
    return row[m] < limit ? row[m] : limit;
}

bool ipl_text_nearer(size_t *distance, const char *candidate, const char *word)
{
    const size_t wrong = strlen(word) / 2; /* of short words fewer letters may differ */
    const size_t limit = *distance < wrong + 1 ? *distance : wrong + 1;
    const size_t d = ipl_text_distance(candidate, word, limit);

    if (d >= limit)
        return false;
    *distance = d;
    return true;
}

ipl_status ipl_text_copy(char *out, size_t size, const char *s, size_t len,
                         const char *what, ipl_error *err)
{
    if (len >= size)
        return ipl_fail(err, IPL_E_FORMAT, "%s: '%.20s...' has %zu characters, at most %zu",
                        what, s, len, size - 1);
    memcpy(out, s, len);
    out[len] = '\0';
    return IPL_OK;
}
