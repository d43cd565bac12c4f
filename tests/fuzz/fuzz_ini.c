/* Experiment files; what is read prints as a file that reads the same. */
#include "fuzz.h"

#include "base/alloc.h"
#include "run/experiment.h"

#include <string.h>

static const char *const pieces[] = {"[data]\n",
                                     "[net]\n",
                                     "[training]\n",
                                     "[measuring]\n",
                                     "net = 784-10\n",
                                     "seed = ",
                                     "batch = 1\n",
                                     " = ",
                                     "epochs",
                                     "estimator = ",
                                     "# about: ",
                                     "; ",
                                     "shuffle = no",
                                     "yes",
                                     "probe = random\n",
                                     "\r\n",
                                     "]",
                                     "data=",
                                     "unit = bits\n",
                                     "name = ",
                                     "pooled",
                                     "\n[",
                                     "1e9",
                                     NULL};

const fuzz_format fuzz_target = {.name = "ini", .pieces = pieces};

static ipl_status read_bytes(ipl_experiment *exp, const void *data, size_t size,
                             ipl_error *err)
{
    memset(exp, 0, sizeof *exp);
    ipl_opt_init(exp, ipl_experiment_opts);
    return ipl_experiment_read(exp, fuzz_file(data, size), err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static ipl_experiment exp, again;
    ipl_text text = {0}, text2 = {0};
    ipl_error err = {0};
    ipl_status st = read_bytes(&exp, data, size, &err);

    fuzz_check(st, &err, FUZZ_OK_OR_FORMAT);
    if (st == IPL_OK) {
        ipl_experiment_print(&text, &exp);
        st = read_bytes(&again, text.s, text.len, &err);
        fuzz_require(st == IPL_OK, "what is printed is read");
        ipl_experiment_print(&text2, &again);
        fuzz_require(strcmp(text.s, text2.s) == 0, "and prints the same");
        fuzz_check(ipl_experiment_name(&exp, NULL, &err), &err,
                   FUZZ_OK_OR_FORMAT | 1u << IPL_E_ARG);
    }
    ipl_text_release(&text2);
    ipl_text_release(&text);
    return 0;
}
