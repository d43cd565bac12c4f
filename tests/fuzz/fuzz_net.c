/*
 * Texts of nets: "net | loss | optimiser | init | activation | measured layers", what is
 * missing being a default. A net that is built prints a text that builds the same.
 */
#include "fuzz.h"

#include "ipl/net.h"

#include <string.h>

enum { N_FIELDS = 6, CLASSES = 10, MEGABYTE = 1 << 20 };

static const char *const pieces[] = {"dense:units=4 ",
                                     "conv2d:filters=2,size=3 ",
                                     "maxpool:size=2 ",
                                     "skip ",
                                     "add ",
                                     "shortcut ",
                                     "batchnorm ",
                                     "layernorm ",
                                     "dropout:p=0.5 ",
                                     "flatten ",
                                     "relu ",
                                     "tanh ",
                                     "globalavgpool ",
                                     "adaptiveavgpool:size=2 ",
                                     "avgpool:size=2,stride=2 ",
                                     "64-20-10",
                                     "|",
                                     ":",
                                     ",",
                                     "=",
                                     "cross-entropy",
                                     "mse:target=input",
                                     "sgd:lr=0.1",
                                     "adam",
                                     "momentum=0.9",
                                     "glorot",
                                     "he",
                                     "orthogonal",
                                     "truncated-normal",
                                     "all",
                                     "fc1",
                                     "logits",
                                     "stride=",
                                     "pad=",
                                     "groups=",
                                     "-",
                                     "leaky-relu:slope=0.1 ",
                                     NULL};

const fuzz_format fuzz_target = {.name = "net", .pieces = pieces};

/* Cut text at its bars, in place. */
static void cut(const char *fields[N_FIELDS], char *text)
{
    size_t n = 0;

    for (char *at = text; at && n < N_FIELDS; n++) {
        if (*at != '\0' && *at != '|')
            fields[n] = at;
        at = strchr(at, '|');
        if (at)
            *at++ = '\0';
    }
}

/* Build the net that the fields of a text describe, and print it and build it again. */
static void build(const uint8_t *data, size_t size)
{
    static char copy[FUZZ_MAX + 1];
    const char *fields[N_FIELDS] = {"64-10",   "cross-entropy", "sgd:lr=0.1",
                                    "default", "tanh",          "default"};
    const unsigned allowed = FUZZ_OK_OR_FORMAT | 1u << IPL_E_SHAPE | 1u << IPL_E_NOINPUT |
                             1u << IPL_E_ARG | 1u << IPL_E_NOMEM;
    ipl_error err = {0};
    ipl_net_opts opts;
    ipl_net *net, *again = NULL;
    ipl_status st;

    memcpy(copy, fuzz_text(data, size), sizeof copy);
    cut(fields, copy);
    opts = (ipl_net_opts){.text = fields[0],
                          .loss = fields[1],
                          .optimiser = fields[2],
                          .init = fields[3],
                          .activation = fields[4],
                          .input = {1, 8, 8},
                          .n_classes = CLASSES,
                          .batch = 4};
    st = ipl_net_create(&net, &opts, &err);
    fuzz_check(st, &err, allowed);
    fuzz_require(st == IPL_OK || !net, "nothing is left after a fault");
    if (st == IPL_OK)
        fuzz_check(ipl_net_measure(net, fields[5], &err), &err, FUZZ_OK_OR_FORMAT);
    if (st == IPL_OK && ipl_net_memory(net) < MEGABYTE) {
        opts.text = ipl_net_text(net);
        opts.loss = ipl_net_loss_text(net);
        opts.optimiser = ipl_net_optimiser_text(net);
        st = ipl_net_create(&again, &opts, &err);
        fuzz_require(st == IPL_OK && (strcmp(ipl_net_text(again), ipl_net_text(net)) == 0 &&
                                      ipl_net_n_params(again) == ipl_net_n_params(net)),
                     "the text it prints builds the same net");
    }
    ipl_net_destroy(again);
    ipl_net_destroy(net);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool started;

    if (!started) { /* BLAS gets its memory, once */
        started = true;
        build((const uint8_t *)"64-64-64-10|||orthogonal", 24);
    }
    build(data, size);
    return 0;
}
