/* infoplane classify RUN IMAGE...: what a trained net says of pictures, and what it sees. */
#include "base/alloc.h"
#include "base/text_columns.h"
#include "cli/command.h"
#include "cli/print.h"
#include "cli/terminal.h"
#include "run/classify.h"
#include "run/trained.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

enum { IMAGES_MAX = 1000, BAR = 40, NAME_MAX = 20 };

typedef struct classify_args {
    char maps[IPL_PATH_MAX], epoch[24];
    size_t top;
    bool invert, allow_changed_data;
} classify_args;

static const ipl_opt classify_rows[] = {
    IPL_OPT_STRING(classify_args, maps, "maps", "",
                   "folder for pictures of the layers' outputs"),
    IPL_OPT_STRING(classify_args, epoch, "epoch", "",
                   "parameters of the checkpoint after this epoch (else the final ones)"),
    IPL_OPT_NUMBER(classify_args, top, "top", 1.0, 1000.0, 10.0,
                   "classes to print at most"),
    IPL_OPT_FLAG(classify_args, invert, "invert", 0,
                 "turn black on white into white on black first"),
    IPL_OPT_FLAG(classify_args, allow_changed_data, "allow-changed-data", 0,
                 "go on, with a warning, when the data has changed since training"),
    IPL_OPT_END,
};

/* A bar for a share: spaces on a colour, or hashes. */
static void print_bar(double share, bool best, bool colourful)
{
    static const char hashes[] = "########################################";
    const double inside = share > 1.0 ? 1.0 : share > 0.0 ? share : 0.0;
    const int n = (int)lround(inside * BAR);

    if (n == 0)
        return;
    if (colourful) {
        ipl_print("  ");
        ipl_print_colour(best ? 42 : 44);
        ipl_print("%*s", n, "");
        ipl_print_colour(0);
    } else
        ipl_print("  %.*s", n, hashes);
}

/* The largest class that comes after `last` (with value v) in the order of the table. */
static size_t next_class(const ipl_classified *seen, const bool *done)
{
    size_t best = seen->n_classes;

    for (size_t k = 0; k < seen->n_classes; k++)
        if (!done[k] && (best == seen->n_classes || seen->p[k] > seen->p[best]))
            best = k;
    return best;
}

static void print_row(const ipl_classified *seen, const ipl_dataset *ds, size_t k,
                      size_t width, bool colourful)
{
    char name[NAME_MAX + 1];

    ipl_class_name(name, sizeof name, ds, k);
    ipl_print("  %s%*s ", name, ipl_columns_left(name, width), "");
    if (seen->shares)
        ipl_print("%6.2f %%", 100.0 * seen->p[k]);
    else
        ipl_print("%8.3f", seen->p[k]);
    print_bar(seen->p[k], k == seen->best, colourful);
    ipl_print("\n");
}

/* "three.png: 3" and a bar for each class, largest first. */
static ipl_status print_verdict(const ipl_classified *seen, const ipl_dataset *ds,
                                const char *path, size_t top, ipl_error *err)
{
    const bool colourful = ipl_terminal_style(STDOUT_FILENO).colours > 0;
    bool *done = ipl_array(seen->n_classes, 1, sizeof *done, err);
    char name[256];
    size_t width = 1;

    if (!done)
        return IPL_E_NOMEM;
    for (size_t k = 0; k < seen->n_classes; k++) {
        char cut[NAME_MAX + 1];

        ipl_class_name(cut, sizeof cut, ds, k);
        width = ipl_columns(cut) > width ? ipl_columns(cut) : width;
    }
    ipl_class_name(name, sizeof name, ds, seen->best);
    ipl_print("%s: %s\n", path, name);
    for (size_t i = 0; i < top && i < seen->n_classes; i++) {
        const size_t k = next_class(seen, done);

        done[k] = true;
        print_row(seen, ds, k, width, colourful);
    }
    ipl_free(done);
    return IPL_OK;
}

static ipl_status classify_one(const classify_args *a, const ipl_trained *t, bool *said,
                               const char *path, ipl_error *err)
{
    ipl_classified seen;
    ipl_status st = ipl_classify(&seen, t->net, t->ds, path, a->invert, err);

    if (st == IPL_OK && seen.alpha && !*said) {
        ipl_print_error(
            "infoplane: %s has alpha and lies on the background of the run, %s\n", path,
            t->exp->background);
        *said = true;
    }
    if (st == IPL_OK)
        st = print_verdict(&seen, t->ds, path, a->top, err);
    if (st == IPL_OK && *a->maps != '\0') {
        st = ipl_classified_write(&seen, t->ds, a->maps, err);
        if (st == IPL_OK)
            ipl_print("  wrote %s/%s-maps.png and one for each of its %zu layers\n",
                      a->maps, seen.name, seen.maps.n);
    }
    ipl_classified_release(&seen);
    return st;
}

/* Pictures of one name would write the same files. */
static ipl_status check_names(const ipl_args *args, ipl_error *err)
{
    char name[128], other[128];

    for (size_t i = 2; i < args->n_words; i++) {
        ipl_classified_name(name, sizeof name, args->words[i]);
        for (size_t k = 1; k < i; k++) {
            ipl_classified_name(other, sizeof other, args->words[k]);
            if (strcmp(name, other) == 0)
                return ipl_fail(
                    err, IPL_E_ARG,
                    "%.150s and %.150s would write the same maps; give them one "
                    "after the other, with another --maps",
                    args->words[k], args->words[i]);
        }
    }
    return IPL_OK;
}

static ipl_status run_classify(void *opts, const ipl_args *args, ipl_error *err)
{
    const classify_args *a = opts;
    ipl_trained trained = {0};
    bool said = false;
    ipl_status st = *a->maps != '\0' ? check_names(args, err) : IPL_OK;

    if (st == IPL_OK)
        st = ipl_trained_open(&trained, args->words[0], a->epoch, a->allow_changed_data,
                              err);
    if (st == IPL_OK && *trained.changed != '\0')
        ipl_print_error("infoplane: warning: %s\n", trained.changed);
    if (st == IPL_OK && strncmp(ipl_net_loss_text(trained.net), "cross-entropy", 13) != 0)
        ipl_print_error("infoplane: the net was trained by %s: its outputs are no "
                        "probabilities\n",
                        ipl_net_loss_text(trained.net));
    for (size_t i = 1; st == IPL_OK && i < args->n_words; i++)
        st = classify_one(a, &trained, &said, args->words[i], err);
    ipl_trained_release(&trained);
    return st;
}

const ipl_command ipl_cmd_classify = {
    .name = "classify",
    .summary = "show pictures of your own to a trained net",
    .usage = "RUN IMAGE.png...",
    .details =
        "Prints what the net says of each picture, largest first. Pictures have the size "
        "and\n"
        "the channels of the training samples, and are scaled as these were. The images "
        "of\n"
        "MNIST and Fashion-MNIST are white on black, 28 x 28, grey, the digit in the "
        "middle\n"
        "20 x 20: --invert is for pictures drawn in black on white. Those with alpha lie "
        "on the\n"
        "background of the run. ImageMagick makes "
        "them:\n"
        "\n"
        "  convert photo.jpg -colorspace gray -resize 28x28! three.png\n"
        "\n"
        "Bars are plain text when the output is no terminal, with NO_COLOR or TERM=dumb.\n"
        "\n"
        "examples:\n"
        "  infoplane classify results/latest three.png\n"
        "  infoplane classify results/latest drawn/*.png --invert --maps maps\n",
    .min_words = 2,
    .max_words = IMAGES_MAX,
    .size = sizeof(classify_args),
    .opts = classify_rows,
    .run = run_classify,
};
