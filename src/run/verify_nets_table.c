/*
 * Nets of the presets that are trained and compared: how many, how long, what is measured. What
 * is expected of them is in scripts/presets/expected/.
 */
#include "run/verify_nets.h"

/* Estimators side by side. The edges -1 ... 1 are for tanh; ReLU has the layer's range. */
#define SZT_ESTIMATORS "logdet:scale=cov,beta=own logdet:scale=cov,beta=rd "
#define SZT_TANH SZT_ESTIMATORS "kde:var=0.001 binning:rule=szt,bins=30"
#define SZT_RELU SZT_ESTIMATORS "kde:var=0.001,n=1000 binning:rule=range,bins=30"
#define FNN_ESTIMATORS                                                                     \
    "logdet:scale=cov,beta=own logdet:scale=cov,beta=rd logdet:scale=cov,beta=sum "        \
    "kde:var=0.1,n=1000 "                                                                  \
    "binning:rule=range,bins=30"
#define CAL_ESTIMATORS FNN_ESTIMATORS

#define SZT_FULL(estimators, when)                                                         \
    {                                                                                      \
        .seeds = 20, .epochs = 8000, .settings = {                                         \
            {"estimator", estimators},                                                     \
            {"measure", when}                                                              \
        }                                                                                  \
    }
#define SZT_QUICK(estimators)                                                              \
    {                                                                                      \
        .seeds = 10, .epochs = 1000, .settings = {                                         \
            {"estimator", estimators},                                                     \
            {"measure", "log:25"}                                                          \
        }                                                                                  \
    }

/* The authors' curves: their learning rate is the preset's, their probe 5000 images. */
#define FNN_FULL                                                                           \
    {                                                                                      \
        .seeds = 3, .epochs = 300, .settings = {                                           \
            {"estimator", FNN_ESTIMATORS},                                                 \
            {"probe-train", "5000"},                                                       \
            {"measure", "log:100"}                                                         \
        }                                                                                  \
    }
#define FNN_QUICK                                                                          \
    {                                                                                      \
        .seeds = 2, .epochs = 30, .settings = {                                            \
            {"estimator", FNN_ESTIMATORS},                                                 \
            {"optimiser", "sgd:lr=0.01,momentum=0.9"},                                     \
            {"measure", "log:20"},                                                         \
            {"early-steps", "30"},                                                         \
            {"early-epochs", "1"},                                                         \
            {"probe-test", "500"}                                                          \
        }                                                                                  \
    }

#define CAL_FULL                                                                           \
    {                                                                                      \
        .seeds = 3, .epochs = 24, .settings = {                                            \
            {"estimator", CAL_ESTIMATORS},                                                 \
            {"optimiser", "sgd:lr=0.01,momentum=0.9"},                                     \
            {"batch", "128"},                                                              \
            {"train-samples", "20000"},                                                    \
            {"probe-train", "2000"},                                                       \
            {"probe-test", "500"},                                                         \
            {"measure", "every"}                                                           \
        }                                                                                  \
    }
#define CAL_QUICK                                                                          \
    {                                                                                      \
        .seeds = 1, .epochs = 8, .settings = {                                             \
            {"estimator", CAL_ESTIMATORS},                                                 \
            {"optimiser", "sgd:lr=0.01,momentum=0.9"},                                     \
            {"batch", "128"},                                                              \
            {"train-samples", "10000"},                                                    \
            {"probe-train", "2000"},                                                       \
            {"probe-test", "500"},                                                         \
            {"measure", "every"}                                                           \
        }                                                                                  \
    }

const ipl_net_experiment ipl_net_experiment_table[] = {
    {.name = "szt-tanh",
     .summary = "12-bit task, tanh: LogDet rises and falls, binning compresses",
     .split = "all",
     .version = {SZT_FULL(SZT_TANH, "log:60"), SZT_QUICK(SZT_TANH)}},
    {.name = "szt-relu",
     .summary = "12-bit task, ReLU: mild fall in LogDet, none in KDE and binning",
     .split = "all",
     .version = {SZT_FULL(SZT_RELU, "log:30"), SZT_QUICK(SZT_RELU)}},
    {.name = "logdet-fnn-tanh",
     .summary = "MNIST, tanh: every deep layer rises, then falls",
     .split = "train",
     .version = {FNN_FULL, FNN_QUICK}},
    {.name = "logdet-fnn-relu",
     .summary = "MNIST, ReLU: a long rise, then a fall",
     .split = "train",
     .version = {FNN_FULL, FNN_QUICK}},
    {.name = "logdet-cal-tanh",
     .summary = "CIFAR-10, convolutions, tanh: compression in the logits only",
     .split = "train",
     .version = {CAL_FULL, CAL_QUICK}},
    {.name = "logdet-cal-relu",
     .summary = "CIFAR-10, convolutions, ReLU: the first layer rises throughout",
     .split = "train",
     .version = {CAL_FULL, CAL_QUICK}},
    {.name = NULL},
};
