/** Nets of vectors: 64 numbers of ten classes, in batches of 200. */
#ifndef IPL_VECTOR_NET_H
#define IPL_VECTOR_NET_H

#include "small_net.h"

enum { D = 64, CLASSES = 10, BATCH = 200 };

#define DEEP "dense:units=96 tanh dropout:p=0.2 dense:units=40 relu dense:units=10"

static inline void fill(float *x, int32_t *y, const void *source, size_t first, size_t n)
{
    const size_t *start = source;

    for (size_t i = 0; i < n; i++)
        y[i] = draw(x + i * D, D, CLASSES, 1.0f, *start + first + i);
}

static inline ipl_net_opts options(const char *text)
{
    return (ipl_net_opts){.text = text,
                          .activation = "tanh",
                          .loss = "cross-entropy",
                          .optimiser = "sgd:lr=0.05,momentum=0.9",
                          .init = "default",
                          .input = {1, 8, 8},
                          .n_classes = CLASSES,
                          .batch = BATCH,
                          .seed = 3};
}

static inline ipl_net *create_text(const char *text)
{
    const ipl_net_opts opts = options(text);

    return create(&opts);
}

static inline ipl_batch batch_at(const size_t *start, size_t n)
{
    return (ipl_batch){.n = n, .fill = fill, .source = start};
}

/* Train on batches of BATCH rows, the last of seven partial; returns the last mean loss. */
static inline double train(ipl_net *net, size_t steps)
{
    ipl_batch_sums sums = {0};
    size_t n = BATCH;

    for (size_t step = 0; step < steps; step++) {
        const size_t start = step % 7 * BATCH;
        ipl_batch batch;

        n = step % 7 == 6 ? 37 : BATCH;
        batch = batch_at(&start, n);
        assert_int_equal(ipl_net_train_batch(&sums, net, &batch, ipl_net_learning_rate(net),
                                             step / 7, step, NULL),
                         IPL_OK);
    }
    return sums.loss / (double)n;
}

#endif /* IPL_VECTOR_NET_H */
