/* infoplane pictures RUN: filters, feature maps, confusion matrix, worst samples. */
#include "cli/command.h"
#include "cli/print.h"
#include "run/pictures.h"
#include "run/trained.h"

#include <string.h>

typedef struct pictures_args {
    char out[IPL_PATH_MAX], epoch[24];
    size_t image;
    bool allow_changed_data;
} pictures_args;

static const ipl_opt pictures_rows[] = {
    IPL_OPT_STRING(pictures_args, out, "out", "", "folder to write to (else RUN/figures)"),
    IPL_OPT_STRING(pictures_args, epoch, "epoch", "",
                   "one that has a checkpoint (else the last, from the final parameters)"),
    IPL_OPT_NUMBER(pictures_args, image, "image", 0.0, 4294967295.0, 0.0,
                   "test sample whose feature maps are drawn"),
    IPL_OPT_FLAG(pictures_args, allow_changed_data, "allow-changed-data", 0,
                 "go on, with a warning, when the data has changed since training"),
    IPL_OPT_END,
};

static void report(const bool written[IPL_PICTURE_COUNT], const char *folder, size_t epoch)
{
    for (size_t k = 0; k < IPL_PICTURE_COUNT; k++)
        if (written[k])
            ipl_print("wrote %s/%s-%zu.png\n", folder, ipl_picture_words[k], epoch);
        else
            ipl_print("no %s: the net or the data has none to show\n",
                      ipl_picture_words[k]);
}

static ipl_status run_pictures(void *opts, const ipl_args *args, ipl_error *err)
{
    const pictures_args *a = opts;
    bool written[IPL_PICTURE_COUNT];
    char out[IPL_PATH_MAX];
    ipl_trained t;
    ipl_status st =
        ipl_trained_open(&t, args->words[0], a->epoch, a->allow_changed_data, err);

    if (st == IPL_OK && *t.changed != '\0')
        ipl_print_error("infoplane: warning: %s\n", t.changed);
    if (st == IPL_OK && *a->out != '\0')
        memcpy(out, a->out, strlen(a->out) + 1);
    else if (st == IPL_OK)
        st = ipl_path_join(out, args->words[0], "figures", err);
    if (st == IPL_OK)
        st = ipl_pictures_write(
            written, out, t.net, t.ds, t.epoch,
            &(ipl_pictures_opts){.image = a->image, .batch = t.exp->batch}, err);
    if (st == IPL_OK && *ipl_dataset_info(t.ds)->note != '\0')
        ipl_print("note: %s\n", ipl_dataset_info(t.ds)->note);
    if (st == IPL_OK)
        report(written, out, t.epoch);
    ipl_trained_release(&t);
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
