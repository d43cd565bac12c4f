/*
 * The other texts of an experiment: when to measure and to write checkpoints, schedules, data sets (as texts, no file
 * is opened) and names of recorded files; each input is tried as each of them.
 */
#include "fuzz.h"

#include "base/alloc.h"
#include "data/source.h"
#include "nn/schedule.h"
#include "run/checkpoint_when.h"
#include "run/stack.h"
#include "run/when.h"

#include <math.h>
#include <string.h>

enum { EPOCHS = 100, PATHS_MAX = 16 };

static const char *const pieces[] = {
    "every", ":",        "log:",        "none",    "0,1,10",   ",",        "=",
    "step",  "cosine",   "exponential", "warmup=", "gamma=",   "every=",   "min=",
    "mnist", "npy:x=",   "y=",          "szt",     "gaussian", "path=",    "png",
    "keep=", "measured", "min",         "steps",   "200",      "epoch",    "-",
    "_",     "/fc1.npy", "fc10-",       ".npy",    "\n",       "constant", NULL};

const fuzz_format fuzz_target = {.name = "text", .pieces = pieces};

/* A text that is taken prints as one that is taken and prints the same. */
static void read_spec(ipl_spec *spec, const char *kind, ipl_row_at at, const char *text)
{
    ipl_text printed = {0}, again = {0};
    ipl_error err = {0};
    ipl_spec second;
    ipl_status st = ipl_spec_create(spec, kind, at, text, &err);

    fuzz_check(st, &err, FUZZ_OK_OR_FORMAT);
    if (st != IPL_OK)
        return;
    ipl_spec_print(&printed, spec);
    st = ipl_spec_create(&second, kind, at, printed.s, &err);
    fuzz_require(st == IPL_OK, "what is printed is read");
    ipl_spec_print(&again, &second);
    fuzz_require(strcmp(printed.s, again.s) == 0, "and prints the same");
    ipl_spec_release(&second);
    ipl_text_release(&again);
    ipl_text_release(&printed);
}

static void read_when(const char *text)
{
    static bool due[EPOCHS + 2];
    ipl_checkpoint_when when;
    ipl_error err = {0};
    const ipl_status st = ipl_checkpoint_when_parse(&when, text, &err);

    fuzz_check(st, &err, FUZZ_OK_OR_FORMAT);
    fuzz_require(st != IPL_OK || (isfinite(when.seconds) && when.seconds >= 0.0),
                 "a period is a number");
    due[EPOCHS + 1] = true;
    fuzz_check(ipl_when_parse(due, EPOCHS, text, "measure", &err), &err, FUZZ_OK_OR_FORMAT);
    fuzz_require(due[EPOCHS + 1], "nothing is marked beyond the last epoch");
    fuzz_check(ipl_when_parse(due, 0, text, "pictures", &err), &err, FUZZ_OK_OR_FORMAT);
}

/* Lines as paths, the last one as the list of layers. */
static void read_paths(char *text)
{
    const char *paths[PATHS_MAX];
    ipl_error err = {0};
    ipl_stack stack;
    size_t n = 0;

    for (char *next; n < PATHS_MAX && (next = strchr(text, '\n')); text = next) {
        *next++ = '\0';
        paths[n++] = text;
    }
    if (n == 0)
        return;
    fuzz_check(ipl_stack_of_files(&stack, paths, n, text, &err), &err,
               FUZZ_OK_OR_FORMAT | 1u << IPL_E_NOINPUT | 1u << IPL_E_SHAPE);
    for (size_t i = 0; i < stack.n_epochs; i++)
        fuzz_require(stack.epochs[i] >= 0.0, "epochs are numbers");
    ipl_stack_release(&stack);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char copy[FUZZ_MAX + 1];
    const char *text = fuzz_text(data, size);
    ipl_spec spec;

    read_when(text);
    read_spec(&spec, "schedule", ipl_schedule_row, text);
    for (int epoch = 0; spec.row && epoch <= EPOCHS; epoch += EPOCHS / 4)
        fuzz_require(isfinite(ipl_schedule_factor(&spec, epoch, EPOCHS)),
                     "a factor is a number");
    ipl_spec_release(&spec);
    read_spec(&spec, "data", ipl_source_row, text);
    ipl_spec_release(&spec);
    memcpy(copy, text, strlen(text) + 1);
    read_paths(copy);
    return 0;
}
