/** A .npy file byte by byte, as NumPy or somebody else may have written it. */
#ifndef IPL_NPY_BYTES_H
#define IPL_NPY_BYTES_H

#include <stddef.h>
#include <string.h>

/* A .npy file of version `major` with this dictionary and data; returns its length. */
static inline size_t make_npy(unsigned char *out, int major, const char *dictionary,
                              const void *data, size_t n)
{
    const size_t len = strlen(dictionary), n_len = major == 1 ? 2 : 4;

    memcpy(out, "\x93NUMPY", 6);
    out[6] = (unsigned char)major;
    out[7] = 0;
    for (size_t i = 0; i < n_len; i++)
        out[8 + i] = (unsigned char)(len >> 8 * i);
    memcpy(out + 8 + n_len, dictionary, len);
    memcpy(out + 8 + n_len + len, data, n);
    return 8 + n_len + len + n;
}

#endif /* IPL_NPY_BYTES_H */
