/** Nets of maps: 9 x 7 values in three channels, of four classes, in batches of 50. */
#ifndef IPL_MAP_NET_H
#define IPL_MAP_NET_H

#include "small_net.h"

#include "base/alloc.h"
#include "math/npy.h"

#include <stdio.h>
#include <stdlib.h>

enum { C = 3, H = 9, W = 7, D = C * H * W, CLASSES = 4, BATCH = 50 };

#define RESIDUAL                                                                           \
    "conv2d:filters=5,padding=1,bias=no batchnorm relu skip conv2d:filters=6,stride=2,"    \
    "padding=1,bias=no batchnorm relu conv2d:filters=6,padding=1,bias=no batchnorm "       \
    "shortcut conv2d:filters=6,size=1,stride=2,bias=no batchnorm add relu dropout:p=0.1 "  \
    "maxpool:size=2 dense:units=12 batchnorm tanh dense:units=4"

static inline void fill(float *x, int32_t *y, const void *source, size_t first, size_t n)
{
    const size_t *start = source;

    for (size_t i = 0; i < n; i++)
        y[i] = draw(x + i * D, D, CLASSES, 0.5f, *start + first + i);
}

static inline ipl_net_opts options(const char *text)
{
    return (ipl_net_opts){.text = text,
                          .loss = "cross-entropy",
                          .optimiser = "sgd:lr=0.05,momentum=0.9",
                          .init = "default",
                          .input = {C, H, W},
                          .n_classes = CLASSES,
                          .batch = BATCH,
                          .shard = 8,
                          .seed = 3};
}

static inline ipl_net *create_text(const char *text)
{
    const ipl_net_opts opts = options(text);

    return create(&opts);
}

/* Steps over batches of BATCH rows, every fifth smaller; the last mean loss. */
static inline double train(ipl_net *net, size_t steps)
{
    ipl_batch_sums sums = {0};
    size_t n = BATCH;

    for (size_t step = 0; step < steps; step++) {
        const size_t start = step % 5 * BATCH;
        const ipl_batch batch = {
            .n = n = step % 5 == 4 ? 13 : BATCH, .fill = fill, .source = &start};

        assert_int_equal(ipl_net_train_batch(&sums, net, &batch, 0.05, 0, step, NULL),
                         IPL_OK);
    }
    return sums.loss / (double)n;
}

/* Output of one layer for the first n rows, in the order of the API; to be freed. */
static inline float *output(ipl_net *net, size_t layer, size_t n)
{
    const size_t start = 0, size = ipl_shape_size(ipl_net_layer(net, layer)->out);
    const ipl_batch batch = {.n = n, .fill = fill, .source = &start};
    float *taps[64] = {NULL};

    taps[layer] = ipl_array(n, size, sizeof(float), NULL);
    assert_non_null(taps[layer]);
    ipl_net_probe(taps, net, &batch);
    return taps[layer];
}

static inline void assert_same_outputs(ipl_net *a, ipl_net *b, double tol)
{
    const size_t last_a = ipl_net_n_layers(a) - 1, last_b = ipl_net_n_layers(b) - 1;
    const size_t n = BATCH * ipl_shape_size(ipl_net_layer(a, last_a)->out);
    float *ya = output(a, last_a, BATCH), *yb = output(b, last_b, BATCH);

    for (size_t i = 0; i < n; i++)
        assert_close((double)ya[i], (double)yb[i], tol);
    ipl_free(ya);
    ipl_free(yb);
}

static inline void write_all(ipl_net *net, char *folder)
{
    assert_non_null(mkdtemp(folder));
    assert_int_equal(ipl_net_write_params(net, folder, NULL), IPL_OK);
}

/* Compare the files of two folders and remove both. */
static inline void assert_same_files(const char *a, const char *b, const ipl_net *net)
{
    static const char *const names[] = {"weight", "bias", "running_mean", "running_var"};
    size_t found = 0;

    for (size_t i = 0; i < ipl_net_n_layers(net); i++)
        for (size_t k = 0; k < 4; k++) {
            char pa[128], pb[128];
            ipl_npy fa = {0}, fb = {0};

            (void)snprintf(pa, sizeof pa, "%s/%zu.%s.npy", a, i, names[k]);
            (void)snprintf(pb, sizeof pb, "%s/%zu.%s.npy", b, i, names[k]);
            if (ipl_npy_read(&fa, pa, NULL) != IPL_OK)
                continue;
            found++;
            assert_int_equal(ipl_npy_read(&fb, pb, NULL), IPL_OK);
            assert_memory_equal(fa.data, fb.data, fa.rows * fa.cols * sizeof *fa.data);
            ipl_npy_release(&fa);
            ipl_npy_release(&fb);
            (void)remove(pa);
            (void)remove(pb);
        }
    assert_true(found > 0);
    assert_int_equal(remove(a), 0);
    assert_int_equal(remove(b), 0);
}

#endif /* IPL_MAP_NET_H */
