/** A small MNIST of our own: 60 and 20 images of 3 x 3, found by their environment. */
#ifndef IPL_SMALL_MNIST_H
#define IPL_SMALL_MNIST_H

#include "scratch.h"

#include <sys/stat.h>

enum { SIDE = 3, PIXELS = SIDE * SIDE, N_TRAIN = 60, N_TEST = 20 };

/* Pixel k of image i: every value occurs, feature 4 is constant. */
static inline unsigned char pixel(size_t i, size_t k)
{
    return k == 4 ? 77 : (unsigned char)(31 * i + 57 * k);
}

static inline void write_images(const char *path, size_t n, size_t side)
{
    unsigned char bytes[16 + 4096] = {0, 0, 8, 3};

    bytes[7] = (unsigned char)n;
    bytes[11] = bytes[15] = (unsigned char)side;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < side * side; k++)
            bytes[16 + i * side * side + k] = pixel(i, k);
    scratch_write(path, bytes, 16 + n * side * side);
}

/* Labels 0, 1, ..., 9, 0, ... */
static inline void write_labels(const char *path, size_t n)
{
    unsigned char bytes[8 + 255] = {0, 0, 8, 1};

    bytes[7] = (unsigned char)n;
    for (size_t i = 0; i < n; i++)
        bytes[8 + i] = (unsigned char)(i % 10);
    scratch_write(path, bytes, 8 + n);
}

/* Folder <scratch>/mnist with the four files. */
static inline int mnist_setup(void **state)
{
    if (scratch_setup(state) != 0 || setenv("INFOPLANE_DATASETS", *state, 1) != 0 ||
        mkdir(scratch_path(state, "mnist"), 0777) != 0)
        return -1;
    write_images(scratch_path(state, "mnist/train-images-idx3-ubyte"), N_TRAIN, SIDE);
    write_labels(scratch_path(state, "mnist/train-labels-idx1-ubyte"), N_TRAIN);
    write_images(scratch_path(state, "mnist/t10k-images-idx3-ubyte"), N_TEST, SIDE);
    write_labels(scratch_path(state, "mnist/t10k-labels-idx1-ubyte"), N_TEST);
    return 0;
}

static inline int mnist_teardown(void **state)
{
    return unsetenv("INFOPLANE_DATASETS") | scratch_teardown(state);
}

#define WITH_MNIST(test) cmocka_unit_test_setup_teardown(test, mnist_setup, mnist_teardown)

#endif /* IPL_SMALL_MNIST_H */
