#include "run/trained.h"

#include "base/alloc.h"
#include "base/file.h"
#include "math/linalg.h"
#include "run/checkpoint.h"
#include "run/run_dir.h"

#include <string.h>

#define TABLE_MAX ((size_t)1 << 30)

/* The epoch of the last row of training.csv. */
static ipl_status last_epoch(size_t *out, const char *run, ipl_error *err)
{
    char path[IPL_PATH_MAX], *text, *line;
    uint64_t epoch = 0;
    size_t len;
    ipl_status st = ipl_path_join(path, run, "training.csv", err);

    if (st == IPL_OK)
        st = ipl_file_read_text(&text, &len, path, TABLE_MAX, err);
    if (st != IPL_OK)
        return st;
    while (len > 0 && text[len - 1] == '\n')
        text[--len] = '\0';
    line = strrchr(text, '\n');
    line = line ? line + 1 : text;
    line[strcspn(line, ",")] = '\0';
    if (!ipl_count_parse(&epoch, line))
        st = ipl_fail(err, IPL_E_FORMAT, "%s: its last row has no epoch", path);
    ipl_free(text);
    *out = (size_t)epoch;
    return st;
}

/* The checkpoint of the epoch asked for. */
static ipl_status find_checkpoint(ipl_checkpoint_place *out, const char *run,
                                  const char *epoch, ipl_error *err)
{
    ipl_checkpoint_place *list = NULL;
    ipl_text known = {0};
    uint64_t want;
    size_t n = 0;
    ipl_status st;

    if (!ipl_count_parse(&want, epoch))
        return ipl_fail(err, IPL_E_ARG, "epoch: '%s' is not a whole number", epoch);
    st = ipl_checkpoint_list(&list, &n, run, err);
    if (st != IPL_OK)
        return st;
    st = IPL_E_NOINPUT;
    for (size_t i = 0; i < n; i++) {
        if (list[i].epoch == want) {
            *out = list[i];
            st = IPL_OK;
        }
        ipl_text_add(&known, "%s%zu", i ? ", " : "; there are ", list[i].epoch);
    }
    if (st != IPL_OK)
        st = ipl_fail(err, st, "%s: no checkpoint after epoch %s%.200s", run, epoch,
                      known.s ? known.s : "");
    ipl_text_release(&known);
    ipl_free(list);
    return st;
}

/* Which parameters to take: *params is their folder, or "" and *place a checkpoint. */
static ipl_status find_parameters(char *params, ipl_checkpoint_place *place,
                                  const char *run, const char *epoch, ipl_error *err)
{
    ipl_status st = ipl_path_join(params, run, "parameters", err);

    if (st != IPL_OK)
        return st;
    if (*epoch != '\0') {
        *params = '\0';
        return find_checkpoint(place, run, epoch, err);
    }
    if (!ipl_file_is_folder(params))
        return ipl_fail(err, IPL_E_NOINPUT,
                        "%s: no folder parameters; it is written when a run ends; before, "
                        "give --epoch with one that has a checkpoint",
                        run);
    return last_epoch(&place->epoch, run, err);
}

static ipl_status read_experiment(ipl_experiment **out, const char *run, ipl_error *err)
{
    char path[IPL_PATH_MAX];
    ipl_status st = ipl_run_dir_check(run, err);

    if (st == IPL_OK)
        st = ipl_path_join(path, run, "experiment.ini", err);
    if (st != IPL_OK)
        return st;
    *out = ipl_array(1, 1, sizeof **out, err);
    if (!*out)
        return IPL_E_NOMEM;
    ipl_opt_init(*out, ipl_experiment_opts);
    return ipl_experiment_read(*out, path, err);
}

ipl_status ipl_trained_open(ipl_trained *out, const char *run, const char *epoch,
                            bool allow, ipl_error *err)
{
    ipl_checkpoint_place place = {0};
    char params[IPL_PATH_MAX];
    ipl_status st;

    *out = (ipl_trained){0};
    st = read_experiment(&out->exp, run, err);
    if (st == IPL_OK)
        st = find_parameters(params, &place, run, epoch, err);
    if (st != IPL_OK)
        return st;
    out->epoch = place.epoch;
    ipl_blas_start();
    st = ipl_blas_pool_create(&out->pool, ipl_threads_for(0).n, err);
    if (st == IPL_OK)
        st = ipl_build_data(&out->ds, out->exp, err);
    if (st == IPL_OK)
        st = ipl_data_check(out->changed, run, out->ds, allow, err);
    if (st == IPL_OK)
        st = ipl_build_net(&out->net, out->exp, out->ds, *params != '\0' ? params : NULL,
                           out->pool, err);
    if (st == IPL_OK && *params == '\0')
        st = ipl_checkpoint_load(out->net, run, &place, out->exp, err);
    return st;
}

void ipl_trained_release(ipl_trained *trained)
{
    ipl_net_destroy(trained->net);
    ipl_dataset_destroy(trained->ds);
    ipl_pool_destroy(trained->pool);
    ipl_free(trained->exp);
    *trained = (ipl_trained){0};
}
