/* CIFAR-10: the input as a training batch beside an intact test batch, and as the file of
 * class names. */
#include "fuzz.h"

#include "data/source.h"

#include <stdio.h>
#include <string.h>

enum { ROW = 3073, N_CLASSES = 10, NAME_BITS = 8 * 128 };

static const char *const pieces[] = {"airplane\n", "\n\n", "\r\n", "truck",
                                     "\x09",       "\x0a", NULL};

/* A whole number of rows. */
/* NOLINTNEXTLINE(readability-non-const-parameter): as fuzz_format has it */
static size_t whole_rows(uint8_t *data, size_t size)
{
    const size_t want = size < ROW ? size : size / ROW * ROW;

    (void)data;
    return want;
}

const fuzz_format fuzz_target = {
    .name = "cifar", .pieces = pieces, .repair = whole_rows, .flips = NAME_BITS};

static void load(const char *name, const uint8_t *data, size_t size)
{
    static uint8_t row[ROW];
    ipl_samples samples = {0};
    ipl_spec spec = {0};
    ipl_error err = {0};
    char text[128];
    ipl_status st;

    fuzz_write("data_batch_1.bin", row, ROW);
    fuzz_write("test_batch.bin", row, ROW);
    fuzz_write("batches.meta.txt", (const uint8_t *)"a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n", 20);
    fuzz_write(name, data, size);
    (void)snprintf(text, sizeof text, "cifar10:path=%s", fuzz_folder());
    st = ipl_spec_create(&spec, "data", ipl_source_row, text, &err);
    fuzz_require(st == IPL_OK, "the folder is named");
    st = ipl_source_cifar.load(&samples, spec.self, 0, &err);
    fuzz_check(st, &err, FUZZ_OK_OR_FORMAT);
    for (size_t i = 0; st == IPL_OK && i < samples.part[IPL_TRAIN].n; i++)
        fuzz_require(samples.part[IPL_TRAIN].labels[i] >= 0 &&
                         samples.part[IPL_TRAIN].labels[i] < N_CLASSES,
                     "labels are below the number of classes");
    ipl_samples_release(&samples);
    ipl_spec_release(&spec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    load("data_batch_1.bin", data, size);
    load("batches.meta.txt", data, size);
    return 0;
}
