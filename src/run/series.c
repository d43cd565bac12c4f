#include "run/series.h"

#include "base/alloc.h"

#include <math.h>
#include <stdint.h>

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Digits of a difference at most: 64 bits, five a digit; and steps of the natural logarithm. */
enum { DIGITS_MAX = 13, LN_STEPS = 10000, SIGNIFICANT = 4 };

/* Write a whole number, at most DIGITS_MAX characters; returns how many. */
static size_t put_vlq(char *out, int64_t value)
{
    uint64_t rest = value < 0 ? (uint64_t)-value << 1 | 1 : (uint64_t)value << 1;
    size_t n = 0;

    do {
        const uint64_t low = rest & 31;

        rest >>= 5;
        out[n++] = digits[low | (rest ? 32 : 0)];
    } while (rest);
    return n;
}

/* Largest and smallest |v| of the finite values; whether all of them are positive. */
static bool measure(double *most, double *least, const double *v, size_t n, size_t stride)
{
    bool positive = true;

    *most = 0.0;
    *least = HUGE_VAL;
    for (size_t i = 0; i < n; i++) {
        const double x = v[i * stride];

        if (!isfinite(x))
            continue;
        positive = positive && x > 0.0;
        *most = fmax(*most, fabs(x));
        *least = fmin(*least, fabs(x));
    }
    return positive;
}

void ipl_series_add(ipl_text *out, const double *v, size_t n, size_t stride)
{
    char *text = ipl_array(n + 1, DIGITS_MAX, 1, NULL);
    double most, least;
    const bool logarithmic = measure(&most, &least, v, n, stride) && most > 100.0 * least;
    const int step = most > 0.0 ? (int)floor(log10(most)) - (SIGNIFICANT - 1) : 0;
    int64_t last = 0;
    size_t len = 0;

    if (!text) {
        out->failed = true;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const double x = v[i * stride];
        int64_t k;

        if (!isfinite(x)) {
            text[len++] = '!';
            continue;
        }
        k = logarithmic ? llround(log(x) * LN_STEPS) : llround(x / pow(10.0, step));
        len += put_vlq(text + len, k - last);
        last = k;
    }
    if (logarithmic)
        ipl_text_add(out, "[\"ln\",\"%s\"]", text);
    else
        ipl_text_add(out, "[%d,\"%s\"]", step, text);
    ipl_free(text);
}

void ipl_base64_add(ipl_text *out, const void *bytes, size_t len)
{
    enum { ROOM = 4096 };
    const uint8_t *b = bytes;
    char text[ROOM + 1];
    size_t n = 0;

    for (size_t i = 0; i < len; i += 3) {
        const size_t left = len - i;
        const uint32_t three = (uint32_t)b[i] << 16 |
                               (uint32_t)(left > 1 ? b[i + 1] : 0) << 8 |
                               (uint32_t)(left > 2 ? b[i + 2] : 0);

        text[n++] = digits[three >> 18];
        text[n++] = digits[three >> 12 & 63];
        text[n++] = left > 1 ? digits[three >> 6 & 63] : '=';
        text[n++] = left > 2 ? digits[three & 63] : '=';
        if (n == ROOM || left <= 3) {
            ipl_text_add(out, "%.*s", (int)n, text);
            n = 0;
        }
    }
}
