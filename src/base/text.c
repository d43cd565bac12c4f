#include "base/text.h"

#include "base/alloc.h"
#include "base/utf8.h"

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

void ipl_text_add_args(ipl_text *text, const char *fmt, va_list args)
{
    const size_t room = text->s && !text->failed ? text->capacity - text->len : 0;
    va_list again;
    int n;

    va_copy(again, args);
    n = vsnprintf(room > 0 ? text->s + text->len : NULL, room, fmt, args);
    if (n >= 0 && (size_t)n < room) {
        text->len += (size_t)n;
    } else {
        if (room > 0)
            text->s[text->len] = '\0'; /* what was cut off */
        if (n < 0)
            text->failed = true;
        else if (reserve(text, (size_t)n)) {
            (void)vsnprintf(text->s + text->len, (size_t)n + 1, fmt, again);
            text->len += (size_t)n;
        }
    }
    va_end(again);
}

void ipl_text_add(ipl_text *text, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    ipl_text_add_args(text, fmt, args);
    va_end(args);
}

void ipl_text_add_string(ipl_text *text, const char *s)
{
    const size_t len = strlen(s);

    if (!reserve(text, len))
        return;
    memcpy(text->s + text->len, s, len + 1);
    text->len += len;
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
        ipl_text_add_string(text, field);
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

void ipl_text_add_json(ipl_text *text, const char *s)
{
    add_char(text, '"');
    while (*s != '\0') {
        const size_t n = ipl_utf8_length(s);

        if (n == 0)
            ipl_text_add(text, "\\ufffd");
        else if (*s == '"' || *s == '\\')
            ipl_text_add(text, "\\%c", *s);
        else if (ipl_utf8_is_control(s, n))
            ipl_text_add(text, "\\u%04x", (unsigned)ipl_utf8_code(s, n));
        else
            ipl_text_add(text, "%.*s", (int)n, s);
        s += n ? n : 1;
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

/* A word, from its first character on; *s ends behind it, or where it is wrong. */
static bool take_word(ipl_text *text, const char **s)
{
    char quote = '\0';

    for (; **s != '\0' && **s != '\n'; ++*s) {
        const char c = **s;

        if (quote == '\0' && (c == ' ' || c == '\t'))
            return true;
        if (c == quote || (quote == '\0' && (c == '\'' || c == '"'))) {
            quote = quote == '\0' ? c : '\0';
            continue;
        }
        if (c == '\\' && (quote == '\0' ||
                          (quote == '"' && (*s)[1] != '\0' && strchr("\"\\$`", (*s)[1]))))
            ++*s;
        if (**s == '\0' || **s == '\n')
            return false;
        add_char(text, **s);
    }
    return quote == '\0' && **s == '\0';
}

ipl_status ipl_text_take_shell_word(ipl_text *text, bool *more, const char **s,
                                    ipl_error *err)
{
    const char *start = *s += strspn(*s, " \t");

    *more = *start != '\0';
    ipl_text_add(text, "%s", "");
    if (!*more || take_word(text, s))
        return IPL_OK;
    return ipl_fail(err, IPL_E_ARG, "'%.80s': %s", start,
                    **s == '\n' ? "a line break" : "a quote or backslash without its end");
}

void ipl_text_add_number(ipl_text *text, double value)
{
    char number[32];

    ipl_number_print(number, sizeof number, value);
    ipl_text_add_string(text, number);
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

/* Print so many digits; whether they read back exactly. */
static bool print_digits(char *out, size_t size, double value, int digits)
{
    const int n = snprintf(out, size, "%.*g", digits, value);

    return n > 0 && strtod(out, NULL) == value;
}

void ipl_number_print(char *out, size_t size, double value)
{
    if (!isfinite(value)) {
        (void)snprintf(out, size, "NaN");
        return;
    }
    if (value == 0.0 && !signbit(value)) {
        (void)memcpy(out, "0", 2);
        return;
    }
    if (print_digits(out, size, value, 15)) {
        /* More digits are never farther from the value: halve 6 ... 15. */
        int least = 6, enough = 15;

        for (int digits = 6; least < enough; digits = (least + enough) / 2)
            if (print_digits(out, size, value, digits))
                enough = digits;
            else
                least = digits + 1;
        (void)print_digits(out, size, value, enough);
    } else if (!print_digits(out, size, value, 16)) {
        (void)print_digits(out, size, value, 17); /* always enough */
    }
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
