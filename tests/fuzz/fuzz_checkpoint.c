/* Checkpoints: whether they are whole, fit an experiment and set the parameters of a net. */
#include "fuzz.h"

#include "base/gzip.h"
#include "nn/net_state.h"
#include "run/checkpoint.h"

#include <math.h>
#include <string.h>

enum { LENGTH = 16, CRC_BYTES = 4, LIMIT = 1 << 20 };

static const char *const pieces[] = {"ipl-ckpt\x04\x03\x02\x01",
                                     "\x01\x02\x03\x04",
                                     "\x01\0\0\0",
                                     "net = 2-2\n",
                                     "logdet",
                                     "\x18",
                                     NULL};

/* Its length and its checksum. */
static size_t repair(uint8_t *data, size_t size)
{
    uint32_t crc;

    if (size < LENGTH + 8 + CRC_BYTES)
        return size;
    for (size_t i = 0; i < 8; i++)
        data[LENGTH + i] = (uint8_t)((uint64_t)size >> 8 * i);
    crc = ipl_crc32(0, data, size - CRC_BYTES);
    memcpy(data + size - CRC_BYTES, &crc, CRC_BYTES);
    return size;
}

const fuzz_format fuzz_target = {.name = "checkpoint", .pieces = pieces, .repair = repair};

/* A net of six parameters, made once. */
static ipl_net *small_net(void)
{
    static const ipl_net_opts opts = {.text = "dense:units=2",
                                      .loss = "cross-entropy",
                                      .optimiser = "sgd:lr=0.1",
                                      .init = "default",
                                      .activation = "tanh",
                                      .input = {1, 1, 2},
                                      .n_classes = 2,
                                      .batch = 1};
    ipl_error err = {0};
    ipl_net *net;

    fuzz_require(ipl_net_create(&net, &opts, &err) == IPL_OK, "a small net");
    return net;
}

/* Whether two numbers are the same, NaN being the same as NaN. */
static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static bool same_position(const ipl_position *a, const ipl_position *b)
{
    return a->epoch == b->epoch && a->batch == b->batch && a->step == b->step &&
           a->samples == b->samples && a->correct == b->correct && same(a->loss, b->loss) &&
           same(a->lr, b->lr) && same(a->train_seconds[0], b->train_seconds[0]) &&
           same(a->train_seconds[1], b->train_seconds[1]) &&
           same(a->measure_seconds[0], b->measure_seconds[0]) &&
           same(a->measure_seconds[1], b->measure_seconds[1]) &&
           a->unrecorded == b->unrecorded && a->undrawn == b->undrawn &&
           a->best_epoch == b->best_epoch && same(a->best_accuracy, b->best_accuracy) &&
           same(a->best_loss, b->best_loss);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static ipl_experiment exp;
    static bool started;
    const char *path = fuzz_file(data, size);
    ipl_error err = {0}, err2 = {0};
    ipl_checkpoint c;
    ipl_position at = {0};
    const ipl_status st = ipl_checkpoint_read(&c, path, LIMIT, &err);
    const ipl_status head = ipl_checkpoint_peek(&at, path, &err2);

    if (!started)
        ipl_opt_init(&exp, ipl_experiment_opts);
    started = true;
    fuzz_check(st, &err, FUZZ_OK_OR_FORMAT);
    fuzz_check(head, &err2, FUZZ_OK_OR_FORMAT);
    if (st == IPL_OK) {
        const size_t texts = strlen(c.experiment) + strlen(c.data) + strlen(c.build) +
                             strlen(c.segments) + c.state_size;
        ipl_net *net = small_net();

        fuzz_require(head == IPL_OK && same_position(&at, &c.at),
                     "a look at the head says the same");
        fuzz_require(texts < size, "texts and state are parts of the file");
        fuzz_check(ipl_checkpoint_fits(&c, path, &exp, &err2), &err2, FUZZ_OK_OR_FORMAT);
        fuzz_check(ipl_net_load(net, IPL_NET_LEARNED, c.state, c.state_size, &err2), &err2,
                   1u << IPL_OK | 1u << IPL_E_SHAPE);
        ipl_net_destroy(net);
    } else {
        fuzz_require(!c.bytes && !c.state, "nothing is left after a fault");
    }
    ipl_checkpoint_release(&c);
    return 0;
}
