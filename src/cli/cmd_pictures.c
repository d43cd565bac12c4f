/* infoplane pictures RUN: filters, feature maps, confusion matrix, worst samples. */
#include "base/alloc.h"
#include "base/file.h"
#include "base/pool.h"
#include "cli/command.h"
#include "ipl/dataset.h"
#include "ipl/net.h"
#include "math/linalg.h"
#include "run/build.h"
#include "run/checkpoint.h"
#include "run/pictures.h"

#include <stdio.h>
#include <string.h>

#define TABLE_MAX ((size_t)1 << 30)

typedef struct pictures_args {
    char out[IPL_PATH_MAX], epoch[24];
    size_t image;
} pictures_args;

static const ipl_opt pictures_rows[] = {
    IPL_OPT_STRING(pictures_args, out, "out", "", "folder to write to (else RUN/figures)"),
    IPL_OPT_STRING(pictures_args, epoch, "epoch", "",
                   "one that has a checkpoint (else the last, from the final parameters)"),
    IPL_OPT_NUMBER(pictures_args, image, "image", 0.0, 4294967295.0, 0.0,
                   "test sample whose feature maps are drawn"),
    IPL_OPT_END,
};

/* The epoch the parameters are of: that of the last row of training.csv. */
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

static void report(const bool written[IPL_PICTURE_COUNT], const char *folder, size_t epoch)
{
    for (size_t k = 0; k < IPL_PICTURE_COUNT; k++)
        if (written[k])
            printf("wrote %s/%s-%zu.png\n", folder, ipl_picture_words[k], epoch);
        else
            printf("no %s: the net or the data has none to show\n", ipl_picture_words[k]);
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

/* Which parameters to draw: *params is their folder, or "" and *place a checkpoint. */
static ipl_status find_parameters(char *params, ipl_checkpoint_place *place,
                                  const pictures_args *a, const char *run, ipl_error *err)
{
    ipl_status st = ipl_path_join(params, run, "parameters", err);

    if (st != IPL_OK)
        return st;
    if (*a->epoch != '\0') {
        *params = '\0';
        return find_checkpoint(place, run, a->epoch, err);
    }
    if (!ipl_file_is_folder(params))
        return ipl_fail(err, IPL_E_NOINPUT,
                        "%s: no folder parameters; it is written when a run ends; before, "
                        "give --epoch with one that has a checkpoint",
                        run);
    return last_epoch(&place->epoch, run, err);
}

/* The experiment of a run, and where the pictures go. */
static ipl_status read_run(ipl_experiment *exp, char *out, const char *run,
                           const char *wanted, ipl_error *err)
{
    char ini[IPL_PATH_MAX];
    ipl_status st = ipl_path_join(ini, run, "experiment.ini", err);

    if (st == IPL_OK && *wanted != '\0')
        memcpy(out, wanted, strlen(wanted) + 1);
    else if (st == IPL_OK)
        st = ipl_path_join(out, run, "figures", err);
    ipl_opt_init(exp, ipl_experiment_opts);
    return st == IPL_OK ? ipl_experiment_read(exp, ini, err) : st;
}

static ipl_status run_pictures(void *opts, const ipl_args *args, ipl_error *err)
{
    const pictures_args *a = opts;
    const char *run = args->words[0];
    char params[IPL_PATH_MAX], out[IPL_PATH_MAX];
    bool written[IPL_PICTURE_COUNT];
    ipl_experiment *exp = ipl_array(1, 1, sizeof *exp, err);
    ipl_checkpoint_place place = {0};
    ipl_pool *pool = NULL;
    ipl_dataset *ds = NULL;
    ipl_net *net = NULL;
    ipl_status st = exp ? read_run(exp, out, run, a->out, err) : IPL_E_NOMEM;

    if (st == IPL_OK)
        st = find_parameters(params, &place, a, run, err);
    if (st != IPL_OK)
        goto done;
    ipl_blas_start();
    st = ipl_pool_create(&pool, ipl_cpu_count(), ipl_blas_start, err);
    if (st == IPL_OK)
        st = ipl_build_data(&ds, exp, err);
    if (st == IPL_OK)
        st = ipl_build_net(&net, exp, ds, *params != '\0' ? params : NULL, pool, err);
    if (st == IPL_OK && *params == '\0')
        st = ipl_checkpoint_load(net, run, place.name, exp, err);
    if (st == IPL_OK)
        st = ipl_pictures_write(
            written, out, net, ds, place.epoch,
            &(ipl_pictures_opts){.image = a->image, .batch = exp->batch}, err);
    if (st == IPL_OK)
        report(written, out, place.epoch);
done:
    ipl_net_destroy(net);
    ipl_dataset_destroy(ds);
    ipl_pool_destroy(pool);
    ipl_free(exp);
    return st;
}

const ipl_command ipl_cmd_pictures = {
    .name = "pictures",
    .summary = "draw filters, feature maps, confusion matrix and the worst samples",
    .usage = "RUN",
    .details = "Uses the final parameters of the run, or those of an epoch that has a "
               "checkpoint,\n"
               "and the data it was trained on.\n"
               "\n"
               "examples:\n"
               "  infoplane pictures results/latest\n"
               "  infoplane pictures results/latest --image 42 --out figures\n"
               "  infoplane pictures results/latest --epoch 10\n",
    .min_words = 1,
    .max_words = 1,
    .size = sizeof(pictures_args),
    .opts = pictures_rows,
    .run = run_pictures,
};
