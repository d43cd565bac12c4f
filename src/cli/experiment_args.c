#include "cli/experiment_args.h"

ipl_status ipl_experiment_apply(ipl_experiment *exp, const ipl_args *args, ipl_error *err)
{
    ipl_status st = IPL_OK;

    for (size_t i = 0; i < args->n_later && st == IPL_OK; i++) {
        const ipl_opt *row = args->later[i].row;
        bool again = false;

        for (size_t k = 0; k < i; k++)
            again = again || args->later[k].row == row;
        if (again && !row->repeat)
            return ipl_fail(err, IPL_E_ARG, "option --%s is given twice", row->name);
        st = again ? ipl_opt_append(exp, row, args->later[i].value, err)
                   : ipl_opt_set(exp, row, args->later[i].value, err);
    }
    return st;
}

ipl_status ipl_experiment_resolve(ipl_experiment *exp, const char *preset,
                                  const ipl_args *args, ipl_error *err)
{
    char path[IPL_PATH_MAX];
    ipl_status st = IPL_OK;

    if (*preset && args->n_words > 0)
        return ipl_fail(err, IPL_E_ARG, "give an experiment file or --preset, not both");
    ipl_opt_init(exp, ipl_experiment_opts);
    if (*preset)
        st = ipl_preset_find(path, preset, err);
    else if (args->n_words > 0 && !ipl_file_exists(args->words[0]) &&
             ipl_preset_find(path, args->words[0], NULL) == IPL_OK)
        return ipl_fail(err, IPL_E_ARG, "no file '%.60s'; did you mean --preset %.60s?",
                        args->words[0], args->words[0]);
    if (st == IPL_OK && (*preset || args->n_words > 0))
        st = ipl_experiment_read(exp, *preset ? path : args->words[0], err);
    if (st == IPL_OK)
        st = ipl_experiment_apply(exp, args, err);
    return st;
}
