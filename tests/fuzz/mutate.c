/* Mutations: what goes wrong with files, and what someone may do to them. */
#include "fuzz.h"

#include <string.h>

uint64_t fuzz_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* 0 ... n - 1; 0 for n = 0. */
static size_t below(uint64_t *state, size_t n)
{
    return n ? (size_t)(fuzz_random(state) % n) : 0;
}

/* Replace `gone` bytes at `at` by `n` of `bytes`; nothing when it does not fit. */
static size_t replace(uint8_t *data, size_t size, size_t at, size_t gone, const void *bytes,
                      size_t n)
{
    if (size - gone + n > FUZZ_MAX)
        return size;
    memmove(data + at + n, data + at + gone, size - at - gone);
    if (n > 0)
        memcpy(data + at, bytes, n);
    return size - gone + n;
}

/* A binary number of 1, 2, 4 or 8 bytes, of either byte order, becomes a noteworthy one. */
static void change_binary(uint8_t *data, size_t size, uint64_t *state)
{
    static const uint64_t values[] = {0,
                                      1,
                                      0x7f,
                                      0x80,
                                      0xff,
                                      0x7fff,
                                      0xffff,
                                      0x10000,
                                      0x7fffffff,
                                      0x80000000,
                                      0xffffffff,
                                      0x100000000,
                                      0x7fffffffffffffff,
                                      0xffffffffffffffff};
    const size_t width = (size_t)1 << below(state, 4);
    const uint64_t value = values[below(state, sizeof values / sizeof values[0])];
    const int big = (int)below(state, 2);
    size_t at;

    if (size < width)
        return;
    at = below(state, size - width + 1);
    for (size_t i = 0; i < width; i++)
        data[big ? at + width - 1 - i : at + i] = (uint8_t)(value >> 8 * i);
}

/* A run of digits becomes another number. */
static size_t change_decimal(uint8_t *data, size_t size, uint64_t *state)
{
    static const char *const numbers[] = {
        "0",          "-1",         "1",      "255",   "256",    "65535",
        "65536",      "2147483647", "1e9",    "1e400", "1e-400", "0x10",
        "1000000000", "4294967296", "nan",    "inf",   "",       "18446744073709551615",
        "0.5",        "+1",         "1.5e+3", "00001", "1e",     "99999999999999999999999"};
    const char *number = numbers[below(state, sizeof numbers / sizeof numbers[0])];
    size_t at = below(state, size), end;

    while (at < size && (data[at] < '0' || data[at] > '9'))
        at++;
    for (end = at; end < size && data[end] >= '0' && data[end] <= '9';)
        end++;
    return replace(data, size, at, end - at, number, strlen(number));
}

static size_t n_pieces(void)
{
    size_t n = 0;

    while (fuzz_target.pieces && fuzz_target.pieces[n])
        n++;
    return n;
}

/* One change. */
static size_t change(uint8_t *data, size_t size, const uint8_t *other, size_t other_size,
                     uint64_t *state)
{
    const size_t at = below(state, size + 1), n = 1 + below(state, 16);
    const size_t rest = size - at, part = rest < n ? rest : n;
    uint8_t copy[256];

    switch (below(state, 12)) {
    case 0: /* a bit */
        if (rest > 0)
            data[at] ^= (uint8_t)(1u << below(state, 8));
        return size;
    case 1: /* a byte */
        if (rest > 0)
            data[at] = (uint8_t)fuzz_random(state);
        return size;
    case 2:
        change_binary(data, size, state);
        return size;
    case 3:
        return change_decimal(data, size, state);
    case 4: /* cut off */
        return at;
    case 5: /* leave out */
        return replace(data, size, at, part, NULL, 0);
    case 6: /* twice */
        memcpy(copy, data + at, part);
        return replace(data, size, at, 0, copy, part);
    case 7: /* many times */
        for (size_t k = below(state, 64); k > 0; k--) {
            memcpy(copy, data + at, part);
            size = replace(data, size, at, 0, copy, part);
        }
        return size;
    case 8: /* one byte in a row */
        memset(copy, (int)below(state, 256), sizeof copy);
        return replace(data, size, at, 0, copy, below(state, sizeof copy));
    case 9: { /* the rest of another file */
        const size_t from = below(state, other_size + 1);

        return replace(data, size, at, rest, other + from, other_size - from);
    }
    default: { /* a piece of the format, inserted or in place of something */
        const size_t k = below(state, n_pieces());
        const char *piece = n_pieces() > 0 ? fuzz_target.pieces[k] : "";

        return replace(data, size, at, below(state, 2) ? part : 0, piece, strlen(piece));
    }
    }
}

size_t fuzz_mutate(uint8_t *data, size_t size, const uint8_t *other, size_t other_size,
                   uint64_t seed)
{
    uint64_t state = seed;

    for (size_t n = 1 + below(&state, 4); n > 0; n--)
        size = change(data, size, other, other_size, &state);
    if (fuzz_target.repair && below(&state, 4) > 0)
        size = fuzz_target.repair(data, size);
    return size;
}
