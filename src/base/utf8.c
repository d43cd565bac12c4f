#include "base/utf8.h"

#include <string.h>

enum { PIECE_MAX = 8 }; /* "\u202e" and its NUL */

size_t ipl_utf8_length(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
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

uint32_t ipl_utf8_code(const char *s, size_t n)
{
    uint32_t code = (unsigned char)*s;

    if (n > 1)
        code &= 0x7Fu >> n;
    for (size_t i = 1; i < n; i++)
        code = code << 6 | ((unsigned char)s[i] & 0x3Fu);
    return code;
}

bool ipl_utf8_is_control(const char *s, size_t n)
{
    const uint32_t c = ipl_utf8_code(s, n);

    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x061C || c == 0x200E ||
           c == 0x200F || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) ||
           c == 0xFEFF;
}

/* "\\u202e" or "\\x9b"; without stdio, for handlers of signals. */
static void write_code(char piece[PIECE_MAX], uint32_t code, bool wide)
{
    const unsigned digits = wide ? 4 : 2;

    *piece++ = '\\';
    *piece++ = wide ? 'u' : 'x';
    for (unsigned i = digits; i-- > 0;)
        *piece++ = "0123456789abcdef"[code >> 4 * i & 0xF];
    *piece = '\0';
}

/* The next character of s in a visible form; returns the bytes of s that it stands for. */
static size_t next_piece(char piece[PIECE_MAX], const char *s)
{
    const size_t n = ipl_utf8_length(s);
    const uint32_t code = n ? ipl_utf8_code(s, n) : (unsigned char)*s;

    if (n > 0 && !ipl_utf8_is_control(s, n)) {
        memcpy(piece, s, n);
        piece[n] = '\0';
    } else {
        write_code(piece, code, n > 1);
    }
    return n ? n : 1;
}

void ipl_text_add_visible(ipl_text *out, const char *s)
{
    while (*s != '\0') {
        /* Most text is plain: it is copied as a whole. */
        size_t plain = 0;
        char piece[PIECE_MAX];

        while (s[plain] == '\n' || s[plain] == '\t' || (s[plain] >= ' ' && s[plain] < 0x7F))
            plain++;
        if (plain > 0)
            ipl_text_add(out, "%.*s", (int)plain, s);
        s += plain;
        if (*s != '\0') {
            s += next_piece(piece, s);
            ipl_text_add(out, "%s", piece);
        }
    }
}

void ipl_visible_line(char *out, size_t size, const char *s)
{
    size_t used = 0;

    while (*s != '\0') {
        char piece[PIECE_MAX];
        const size_t n = next_piece(piece, s), len = strlen(piece);

        if (used + len >= size)
            break;
        memcpy(out + used, piece, len);
        used += len;
        s += n;
    }
    out[used] = '\0';
}
