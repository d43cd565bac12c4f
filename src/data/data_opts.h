/**
 * The option rows of data, shared by every command that opens a data set.
 *
 * A struct T that has these fields
 *
 *     int scale;
 *     char classes[256];
 *     size_t train_samples, test_samples;
 *     double train_share, random_labels;
 *     uint64_t seed;
 *     char background[16];
 *
 * gets its rows by IPL_DATA_OPT_ROWS(T) and opens its data with IPL_DATA_OPTS(&t, text).
 */
#ifndef IPL_DATA_OPTS_H
#define IPL_DATA_OPTS_H

#include "base/opt.h"
#include "ipl/dataset.h"

/** "unit", "raw", "channel", "feature": the words of ipl_scaling, ended by NULL. */
extern const char *const ipl_scaling_words[];

/* Hand formatted, as in base/opt.h. */
/* clang-format off */
#define IPL_DATA_OPT_ROWS(T)                                                           \
    {.name = "scale", IPL_OPT_FIELD(T, scale), .group = "data",                        \
     .type = _Generic(((T *)0)->scale, int: IPL_OPT_CHOICE),                           \
     .choices = ipl_scaling_words, .init = IPL_SCALE_UNIT,                             \
     .help = "what is done to the values; unit: bytes and integers of 0 ... 255 are "   \
             "divided by 255, PNG of 16 bits by 65535, others stay"},                                           \
    {.name = "classes", IPL_OPT_FIELD(T, classes), .group = "data",                    \
     .type = _Generic(&((T *)0)->classes[0], char *: IPL_OPT_TEXT), .text = "all",     \
     .help = "keep these, 0,1,7 or by their names cat,dog, and number them anew"},     \
    {.name = "train-samples", IPL_OPT_FIELD(T, train_samples), .group = "data",        \
     .type = _Generic(((T *)0)->train_samples, size_t: IPL_OPT_SIZE),                  \
     .min = 0.0, .max = 4294967295.0, .init = 0.0,                                     \
     .help = "samples to train on, chosen by the seed (0: all)"},                      \
    {.name = "test-samples", IPL_OPT_FIELD(T, test_samples), .group = "data",          \
     .type = _Generic(((T *)0)->test_samples, size_t: IPL_OPT_SIZE),                   \
     .min = 0.0, .max = 4294967295.0, .init = 0.0,                                     \
     .help = "samples to test on, chosen by the seed (0: all)"},                       \
    {.name = "train-share", IPL_OPT_FIELD(T, train_share), .group = "data",            \
     .type = _Generic(((T *)0)->train_share, double: IPL_OPT_F64),                     \
     .min = 0.001, .max = 1.0, .init = 0.8,                                            \
     .help = "share to train on where the data has no test part"},                     \
    {.name = "random-labels", IPL_OPT_FIELD(T, random_labels), .group = "data",        \
     .type = _Generic(((T *)0)->random_labels, double: IPL_OPT_F64),                   \
     .min = 0.0, .max = 1.0, .init = 0.0,                                              \
     .help = "share of training labels replaced by random ones"},                      \
    {.name = "seed", IPL_OPT_FIELD(T, seed), .group = "data",                          \
     .type = _Generic(((T *)0)->seed, uint64_t: IPL_OPT_U64), .init = 1.0,             \
     .help = "of everything that is drawn"},                                           \
    {.name = "background", IPL_OPT_FIELD(T, background), .group = "data",              \
     .type = _Generic(&((T *)0)->background[0], char *: IPL_OPT_TEXT), .text = "white",\
     .help = "of PNG with alpha: white, black, a grey 0 ... 255 or a colour RRGGBB"}

#define IPL_DATA_OPTS(t, what)                                                         \
    ((ipl_data_opts){.text = (what), .scaling = (ipl_scaling)(t)->scale,               \
                     .classes = (t)->classes, .n_train = (t)->train_samples,           \
                     .n_test = (t)->test_samples, .train_share = (t)->train_share,     \
                     .random_labels = (t)->random_labels, .seed = (t)->seed,          \
                     .background = (t)->background})
/* clang-format on */

#endif /* IPL_DATA_OPTS_H */
