#include "run/trained.h"

#include "base/alloc.h"
#include "base/file.h"
#include "math/linalg.h"

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
        st = ipl_file_read(&text, &len, path, TABLE_MAX, err);
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

static ipl_status find_files(char *ini, char *params, const char *run, ipl_error *err)
{
    ipl_status st = ipl_path_join(ini, run, "experiment.ini", err);

    if (st == IPL_OK)
        st = ipl_path_join(params, run, "parameters", err);
    if (st == IPL_OK && ipl_file_exists(ini) && !ipl_file_is_folder(params))
        st = ipl_fail(err, IPL_E_NOINPUT,
                      "%s: no folder parameters; it is written when a run ends", run);
    return st;
}

ipl_status ipl_trained_open(ipl_trained *out, const char *run, ipl_error *err)
{
    char ini[IPL_PATH_MAX], params[IPL_PATH_MAX];
    ipl_status st;

    *out = (ipl_trained){.exp = ipl_array(1, 1, sizeof *out->exp, err)};
    st = out->exp ? find_files(ini, params, run, err) : IPL_E_NOMEM;
    if (st == IPL_OK) {
        ipl_opt_init(out->exp, ipl_experiment_opts);
        st = ipl_experiment_read(out->exp, ini, err);
    }
    if (st == IPL_OK)
        st = last_epoch(&out->epoch, run, err);
    if (st != IPL_OK)
        return st;
    ipl_blas_start();
    st = ipl_pool_create(&out->pool, ipl_cpu_count(), ipl_blas_start, err);
    if (st == IPL_OK)
        st = ipl_build_data(&out->ds, out->exp, err);
    if (st == IPL_OK)
        st = ipl_build_net(&out->net, out->exp, out->ds, params, out->pool, err);
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
