/*
 * What the nets of the presets are expected to show, in nats.
 *
 * LogDet values have beta = 100 d for each variable and conditional labels, as in the curves
 * of Zhouyin and Liu (arXiv:2105.03705). Two sources: the curves committed with their code
 * (300 epochs at learning rate 1e-4, n = 5000), and PyTorch runs of the same nets made for
 * this table (one net each; learning rate 1e-2, n = 3000, and as noted). An interval spans
 * both. Layers are hidden layers in their order, the last one is the logits.
 */
#include "run/verify_nets.h"

#define OWN "logdet:beta=own"
#define RD "logdet:beta=rd"
#define SUM "logdet:beta=sum"
#define KDE "kde"
#define BINS "binning"
#define BITS(lo, hi)                                                                       \
    {                                                                                      \
        0.69314718055994530942 * (lo), 0.69314718055994530942 * (hi)                       \
    }
#define NONE                                                                               \
    {                                                                                      \
        0.0, 0.0                                                                           \
    }
#define ONE(x)                                                                             \
    {                                                                                      \
        (x), (x)                                                                           \
    }
#define N(a) (sizeof(a) / sizeof((a)[0]))

/* ---- the 12-bit task ---- */

static const ipl_net_value szt_tanh[] = {
    {OWN, IPL_NET_XT, 1, {ONE(15.7), ONE(16.2), ONE(14.7)}},
    {OWN, IPL_NET_XT, 2, {ONE(8.6), ONE(8.8), ONE(6.7)}},
    {OWN, IPL_NET_XT, 3, {ONE(5.9), ONE(6.2), ONE(3.6)}},
    {OWN, IPL_NET_XT, 4, {ONE(3.8), ONE(4.0), ONE(1.9)}},
    {OWN, IPL_NET_XT, 5, {ONE(2.1), ONE(2.2), ONE(0.56)}},
    {OWN, IPL_NET_XT, 6, {ONE(0.76), ONE(0.89), ONE(0.40)}},
    {OWN, IPL_NET_TY_COND, 1, {ONE(0.36), NONE, ONE(0.54)}},
    {OWN, IPL_NET_TY_COND, 2, {ONE(0.11), NONE, ONE(0.64)}},
    {OWN, IPL_NET_TY_COND, 3, {ONE(0.03), NONE, ONE(0.78)}},
    {OWN, IPL_NET_TY_COND, 4, {ONE(0.02), NONE, ONE(0.98)}},
    {OWN, IPL_NET_TY_COND, 5, {{0.0, 0.005}, NONE, ONE(1.42)}},
    {OWN, IPL_NET_TY_COND, 6, {{0.0, 0.005}, NONE, ONE(1.64)}},
    {BINS, IPL_NET_XT, 1, {BITS(12, 12), NONE, BITS(12, 12)}},
    {BINS, IPL_NET_XT, 2, {BITS(12, 12), NONE, BITS(12, 12)}},
    {BINS, IPL_NET_XT, 3, {BITS(11.7, 11.7), NONE, BITS(11.7, 11.7)}},
    {BINS, IPL_NET_XT, 4, {BITS(11.6, 11.6), NONE, BITS(10.7, 10.7)}},
    {BINS, IPL_NET_XT, 5, {BITS(9.4, 9.4), NONE, BITS(3.5, 3.5)}},
    {BINS, IPL_NET_XT, 6, {BITS(4.4, 4.4), NONE, BITS(1.4, 1.4)}},
    {BINS, IPL_NET_TY, 1, {NONE, NONE, BITS(0.95, 1.0)}},
    {BINS, IPL_NET_TY, 6, {NONE, NONE, BITS(0.95, 1.0)}},
};

static const ipl_net_fact szt_tanh_facts[] = {
    {IPL_NET_RISES_THEN_FALLS, OWN, IPL_NET_XT, 1, 6},
    {IPL_NET_ENDS_HIGHER, OWN, IPL_NET_TY_COND, 1, 6},
    {IPL_NET_ENDS_LOWER, BINS, IPL_NET_XT, 4, 6},
    {IPL_NET_ENDS_LOWER, KDE, IPL_NET_XT, 4, 6},
    {IPL_NET_DOES_NOT_FALL, BINS, IPL_NET_XT, 1, 3},
    {IPL_NET_ORDERED, OWN, IPL_NET_XT, 1, 6},
    {IPL_NET_ORDERED, RD, IPL_NET_XT, 1, 6},
    {IPL_NET_BOUNDED, BINS, IPL_NET_TY, 1, 6},
    {IPL_NET_BOUNDED, KDE, IPL_NET_TY, 1, 6},
};

static const ipl_net_value szt_relu[] = {
    {OWN, IPL_NET_XT, 1, {ONE(6.0), ONE(11.6), ONE(11.1)}},
    {OWN, IPL_NET_XT, 2, {ONE(3.3), ONE(5.7), ONE(5.2)}},
    {OWN, IPL_NET_XT, 3, {ONE(1.2), ONE(2.9), ONE(2.4)}},
    {OWN, IPL_NET_XT, 4, {ONE(0.6), ONE(2.1), ONE(1.8)}},
    {OWN, IPL_NET_XT, 5, {ONE(0.3), ONE(1.0), ONE(0.8)}},
    {OWN, IPL_NET_XT, 6, {ONE(0.1), ONE(0.8), ONE(0.44)}},
    {KDE, IPL_NET_XT, 4, {BITS(4, 4), NONE, BITS(10.3, 10.3)}},
};

static const ipl_net_fact szt_relu_facts[] = {
    {IPL_NET_RISES_THEN_FALLS, OWN, IPL_NET_XT, 1, 6},
    {IPL_NET_DOES_NOT_FALL, KDE, IPL_NET_XT, 1, 5},
    {IPL_NET_DOES_NOT_FALL, BINS, IPL_NET_XT, 1, 5},
    {IPL_NET_ORDERED, OWN, IPL_NET_XT, 1, 6},
    {IPL_NET_ORDERED, RD, IPL_NET_XT, 1, 6},
    {IPL_NET_BOUNDED, BINS, IPL_NET_TY, 1, 6},
    {IPL_NET_BOUNDED, KDE, IPL_NET_TY, 1, 6},
};

/* ---- the fully connected net on MNIST ---- */

static const ipl_net_value fnn_tanh[] = {
    {OWN, IPL_NET_XT, 1, {{1347, 1348}, {1347, 1348}, {1212, 1228}}},
    {OWN, IPL_NET_XT, 2, {{23.9, 24.4}, {27.4, 28.3}, {16.9, 18.3}}},
    {OWN, IPL_NET_XT, 3, {ONE(12.3), {16.4, 17.6}, {13.0, 13.4}}},
    {OWN, IPL_NET_XT, 4, {{5.7, 5.8}, {10.8, 12.1}, {9.4, 9.5}}},
    {OWN, IPL_NET_XT, 5, {ONE(0.8), ONE(7.7), ONE(6.7)}},
    {OWN, IPL_NET_T, 1, {ONE(1714), NONE, NONE}},
    {OWN, IPL_NET_T, 2, {ONE(24.5), NONE, NONE}},
    {OWN, IPL_NET_T, 3, {ONE(12.4), NONE, NONE}},
    {OWN, IPL_NET_T, 4, {ONE(5.8), NONE, ONE(49)}},
    {OWN, IPL_NET_T, 5, {ONE(0.8), NONE, NONE}},
    {OWN, IPL_NET_TY_COND, 2, {ONE(3.5), NONE, {12.5, 12.8}}},
    {OWN, IPL_NET_TY_COND, 3, {ONE(2.0), NONE, {12.2, 12.9}}},
    {OWN, IPL_NET_TY_COND, 4, {ONE(1.0), NONE, {15.1, 16.0}}},
    {RD, IPL_NET_TY, 2, {ONE(1.7), NONE, ONE(5.4)}},
    {RD, IPL_NET_TY, 3, {ONE(1.6), NONE, ONE(6.3)}},
    {RD, IPL_NET_TY, 4, {ONE(1.3), NONE, ONE(7.5)}},
    {RD, IPL_NET_TY, 5, {ONE(0.8), NONE, ONE(6.9)}},
    {SUM, IPL_NET_PREV, 1, {ONE(1479), NONE, ONE(1327)}},
    {SUM, IPL_NET_PREV, 2, {ONE(60), ONE(62), {26, 28}}},
    {SUM, IPL_NET_PREV, 3, {ONE(14), NONE, ONE(21)}},
    {SUM, IPL_NET_PREV, 4, {ONE(7), ONE(19), ONE(14)}},
    {SUM, IPL_NET_PREV, 5, {ONE(1.4), NONE, ONE(33)}},
};

static const ipl_net_fact fnn_tanh_facts[] = {
    {IPL_NET_ONLY_FALLS, OWN, IPL_NET_XT, 1, 1},
    {IPL_NET_RISES_THEN_FALLS, OWN, IPL_NET_XT, 2, 5},
    {IPL_NET_ENDS_HIGHER, OWN, IPL_NET_TY_COND, 2, 5},
    {IPL_NET_ENDS_HIGHER, OWN, IPL_NET_T, 2, 5},
    {IPL_NET_ENDS_LOWER, SUM, IPL_NET_PREV, 1, 2},
    {IPL_NET_ENDS_HIGHER, SUM, IPL_NET_PREV, 5, 5},
    {IPL_NET_ORDERED, OWN, IPL_NET_XT, 1, 5},
    {IPL_NET_ORDERED, RD, IPL_NET_XT, 1, 5},
    {IPL_NET_BOUNDED, RD, IPL_NET_TY, 1, 5},
    {IPL_NET_DOES_NOT_FALL, BINS, IPL_NET_XT, 1, 4},
    {IPL_NET_DOES_NOT_FALL, KDE, IPL_NET_XT, 1, 4},
};

static const ipl_net_value fnn_relu[] = {
    {OWN, IPL_NET_XT, 1, {{470, 545}, {726, 786}, {509, 616}}},
    {OWN, IPL_NET_XT, 2, {{6.6, 8.6}, {21.6, 24.4}, {18.5, 20.6}}},
    {OWN, IPL_NET_XT, 3, {{1.4, 2.4}, {17.5, 19.1}, {12.6, 14.8}}},
    {OWN, IPL_NET_XT, 4, {{0.2, 0.7}, {16.2, 17.3}, {10.7, 13.4}}},
    {OWN, IPL_NET_XT, 5, {ONE(0.02), ONE(12.2), ONE(7.7)}},
    {OWN, IPL_NET_TY_COND, 2, {ONE(2.1), NONE, ONE(7.7)}},
    {OWN, IPL_NET_TY_COND, 3, {ONE(0.5), NONE, {9.8, 12.5}}},
    {OWN, IPL_NET_TY_COND, 4, {ONE(0.1), NONE, {21.7, 27.5}}},
    {SUM, IPL_NET_PREV, 2, {ONE(23), NONE, ONE(50)}},
    {SUM, IPL_NET_PREV, 5, {NONE, NONE, ONE(40)}},
};

static const ipl_net_fact fnn_relu_facts[] = {
    {IPL_NET_RISES_THEN_FALLS, OWN, IPL_NET_XT, 1, 5},
    {IPL_NET_ENDS_HIGHER, OWN, IPL_NET_TY_COND, 2, 5},
    {IPL_NET_ENDS_HIGHER, SUM, IPL_NET_PREV, 2, 2},
    {IPL_NET_ENDS_HIGHER, SUM, IPL_NET_PREV, 5, 5},
    {IPL_NET_ORDERED, OWN, IPL_NET_XT, 1, 5},
    {IPL_NET_ORDERED, RD, IPL_NET_XT, 1, 5},
    {IPL_NET_BOUNDED, RD, IPL_NET_TY, 1, 5},
    {IPL_NET_DOES_NOT_FALL, BINS, IPL_NET_XT, 1, 4},
    {IPL_NET_DOES_NOT_FALL, KDE, IPL_NET_XT, 1, 4},
};

/*
 * ---- the convolutional net on CIFAR-10, n = 2000 ----
 *
 * An untrained net depends on its seed: smallest and largest of 20 untrained nets of PyTorch,
 * seeds 0 to 19. Peak and end are those of the net with seed 0.
 */

static const ipl_net_value cal_tanh[] = {
    {OWN, IPL_NET_XT, 1, {{2011, 2601}, ONE(2471), ONE(2442)}},
    {OWN, IPL_NET_XT, 2, {{404, 455}, ONE(458), ONE(449)}},
    {OWN, IPL_NET_XT, 3, {{25.4, 31.8}, ONE(31.9), ONE(31.9)}},
    {OWN, IPL_NET_XT, 4, {{5.1, 9.6}, ONE(11.7), ONE(10.8)}},
    {OWN, IPL_NET_TY_COND, 3, {{2.3, 3.6}, NONE, {3.7, 3.9}}},
    {OWN, IPL_NET_TY_COND, 4, {{0.32, 0.67}, NONE, ONE(1.9)}},
    {SUM, IPL_NET_PREV, 4, {{10.8, 21.3}, ONE(28), ONE(26)}},
};

static const ipl_net_fact cal_tanh_facts[] = {
    {IPL_NET_DOES_NOT_FALL, OWN, IPL_NET_XT, 1, 3},
    {IPL_NET_RISES_THEN_FALLS, OWN, IPL_NET_XT, 4, 4},
    {IPL_NET_ENDS_HIGHER, OWN, IPL_NET_TY_COND, 3, 4},
    {IPL_NET_ENDS_HIGHER, SUM, IPL_NET_PREV, 4, 4},
    {IPL_NET_ORDERED, OWN, IPL_NET_XT, 1, 4},
    {IPL_NET_ORDERED, RD, IPL_NET_XT, 1, 4},
    {IPL_NET_BOUNDED, RD, IPL_NET_TY, 1, 4},
};

static const ipl_net_value cal_relu[] = {
    {OWN, IPL_NET_XT, 1, {{1514, 2698}, ONE(2895), ONE(2895)}},
    {OWN, IPL_NET_XT, 2, {{314, 424}, ONE(456), ONE(454)}},
    {OWN, IPL_NET_XT, 3, {{18.6, 28.4}, ONE(31.0), ONE(30.7)}},
    {OWN, IPL_NET_XT, 4, {{4.7, 8.2}, ONE(11.4), ONE(10.5)}},
    {OWN, IPL_NET_TY_COND, 3, {{1.3, 3.8}, NONE, {3.7, 3.9}}},
    {OWN, IPL_NET_TY_COND, 4, {{0.28, 0.44}, NONE, ONE(1.9)}},
};

static const ipl_net_fact cal_relu_facts[] = {
    {IPL_NET_DOES_NOT_FALL, OWN, IPL_NET_XT, 1, 3},
    {IPL_NET_RISES_THEN_FALLS, OWN, IPL_NET_XT, 4, 4},
    {IPL_NET_ENDS_HIGHER, SUM, IPL_NET_PREV, 1, 4},
    {IPL_NET_ENDS_HIGHER, OWN, IPL_NET_TY_COND, 3, 4},
    {IPL_NET_ORDERED, OWN, IPL_NET_XT, 1, 4},
    {IPL_NET_ORDERED, RD, IPL_NET_XT, 1, 4},
    {IPL_NET_BOUNDED, RD, IPL_NET_TY, 1, 4},
};

#define CLAIMS(v, f) .values = (v), .n_values = N(v), .facts = (f), .n_facts = N(f)

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
        .seeds = 20, .epochs = 8000, .reaches = {0, 100, 6000}, .settings = {              \
            {"estimator", estimators},                                                     \
            {"measure", when}                                                              \
        }                                                                                  \
    }
#define SZT_QUICK(estimators)                                                              \
    {                                                                                      \
        .seeds = 3, .epochs = 1000, .reaches = {0, 100, 6000}, .settings = {               \
            {"estimator", estimators},                                                     \
            {"measure", "log:25"}                                                          \
        }                                                                                  \
    }
#define SZT_SOURCE "PyTorch, one net, 6000 epochs, batch 256"

/* 300 epochs at 1e-4 are the authors' curves. */
#define FNN_FULL                                                                           \
    {                                                                                      \
        .seeds = 3, .epochs = 1000, .reaches = {0, 62, 300}, .settings = {                 \
            {"estimator", FNN_ESTIMATORS},                                                 \
            {"measure", "log:100"}                                                         \
        }                                                                                  \
    }
#define FNN_QUICK                                                                          \
    {                                                                                      \
        .seeds = 2, .epochs = 30, .reaches = {0, 5, 30}, .settings = {                     \
            {"estimator", FNN_ESTIMATORS},                                                 \
            {"optimiser", "sgd:lr=0.01,momentum=0.9"},                                     \
            {"measure", "log:20"},                                                         \
            {"early-steps", "30"},                                                         \
            {"early-epochs", "1"},                                                         \
            {"probe-test", "500"}                                                          \
        }                                                                                  \
    }
#define FNN_SOURCE "authors' log, n = 5000; PyTorch, lr 1e-2, 40 epochs, n = 3000"

#define CAL_FULL                                                                           \
    {                                                                                      \
        .seeds = 3, .epochs = 24, .reaches = {0, 24, 24}, .settings = {                    \
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
        .seeds = 1, .epochs = 8, .reaches = {0, 48, 48}, .settings = {                     \
            {"estimator", CAL_ESTIMATORS},                                                 \
            {"optimiser", "sgd:lr=0.01,momentum=0.9"},                                     \
            {"batch", "128"},                                                              \
            {"train-samples", "10000"},                                                    \
            {"probe-train", "2000"},                                                       \
            {"probe-test", "500"},                                                         \
            {"measure", "every"}                                                           \
        }                                                                                  \
    }
#define CAL_SOURCE                                                                         \
    "PyTorch, 20 nets untrained, one of 20000 images, lr 1e-2, 24 epochs, n = 2000"

const ipl_net_experiment ipl_net_experiment_table[] = {
    {.name = "szt-tanh",
     .summary = "12-bit task, tanh: LogDet rises and falls, binning compresses",
     .source = SZT_SOURCE,
     .split = "all",
     .share = 0.1,
     .least = 0.1,
     .test_accuracy = ONE(0.962),
     .version = {SZT_FULL(SZT_TANH, "log:60"), SZT_QUICK(SZT_TANH)},
     CLAIMS(szt_tanh, szt_tanh_facts)},
    {.name = "szt-relu",
     .summary = "12-bit task, ReLU: mild fall in LogDet, none in KDE and binning",
     .source = SZT_SOURCE,
     .split = "all",
     .share = 0.1,
     .least = 0.1,
     .test_accuracy = ONE(0.939),
     .version = {SZT_FULL(SZT_RELU, "log:30"), SZT_QUICK(SZT_RELU)},
     CLAIMS(szt_relu, szt_relu_facts)},
    {.name = "logdet-fnn-tanh",
     .summary = "MNIST, tanh: every deep layer rises, then falls",
     .source = FNN_SOURCE,
     .split = "train",
     .share = 0.05,
     .least = 0.2,
     .test_accuracy = ONE(0.964),
     .version = {FNN_FULL, FNN_QUICK},
     CLAIMS(fnn_tanh, fnn_tanh_facts)},
    {.name = "logdet-fnn-relu",
     .summary = "MNIST, ReLU: a long rise, then a fall",
     .source = FNN_SOURCE,
     .split = "train",
     .share = 0.05,
     .least = 0.2,
     .test_accuracy = ONE(0.973),
     .version = {FNN_FULL, FNN_QUICK},
     CLAIMS(fnn_relu, fnn_relu_facts)},
    {.name = "logdet-cal-tanh",
     .summary = "CIFAR-10, convolutions, tanh: compression in the logits only",
     .source = CAL_SOURCE,
     .split = "train",
     .share = 0.05,
     .least = 0.2,
     .version = {CAL_FULL, CAL_QUICK},
     CLAIMS(cal_tanh, cal_tanh_facts)},
    {.name = "logdet-cal-relu",
     .summary = "CIFAR-10, convolutions, ReLU: the first layer rises throughout",
     .source = CAL_SOURCE,
     .split = "train",
     .share = 0.05,
     .least = 0.2,
     .version = {CAL_FULL, CAL_QUICK},
     CLAIMS(cal_relu, cal_relu_facts)},
    {.name = NULL},
};
