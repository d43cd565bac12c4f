/* infoplane data NAME: what was found where, and a picture of samples. */
#include "base/alloc.h"
#include "base/file.h"
#include "base/text_columns.h"
#include "cli/command.h"
#include "cli/print.h"
#include "data/contact_sheet.h"
#include "data/data_opts.h"
#include "data/png.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { SHEET_COLS = 10, SHEET_ROWS = 10, BLOCK = 256, CLASSES_SHOWN = 100 };

/* Columns of a class's name: at least, at most. */
enum { NAME_COLUMNS_MIN = 12, NAME_COLUMNS_MAX = 40 };

typedef struct data_args {
    char out[IPL_PATH_MAX];
    int scale;
    char classes[256];
    size_t train_samples, test_samples;
    double train_share, random_labels;
    uint64_t seed;
    char background[16];
} data_args;

static const ipl_opt data_rows[] = {
    IPL_OPT_STRING(data_args, out, "out", "",
                   "picture of samples (else results/<name>-samples.png)"),
    IPL_DATA_OPT_ROWS(data_args),
    IPL_OPT_END,
};

static const char *const part_name[] = {[IPL_TRAIN] = "train", [IPL_TEST] = "test"};

/* Values of one part. */
typedef struct value_stats {
    double low, high, mean, sd;
} value_stats;

static void print_files(const ipl_data_info *info)
{
    for (size_t i = 0; i < info->n_files; i++) {
        struct stat st = {0};

        (void)stat(info->files[i].path, &st); /* it was read a moment ago */
        if (S_ISDIR(st.st_mode))
            ipl_print("  %s  folder\n    sha256 %s (of the list of its files)\n",
                      info->files[i].path, info->files[i].sha256);
        else
            ipl_print("  %s  %lld bytes\n    sha256 %s\n", info->files[i].path,
                      (long long)st.st_size, info->files[i].sha256);
    }
    if (info->n_files == 0)
        ipl_print("  generated, no file\n");
}

/* Running mean and sum of squares (Welford) over all values of a part. */
static ipl_status measure(value_stats *out, const ipl_dataset *ds, ipl_split split,
                          ipl_error *err)
{
    const ipl_data_info *info = ipl_dataset_info(ds);
    const size_t d = ipl_shape_size(info->shape), n = info->n[split];
    float *x = ipl_array(BLOCK, d, sizeof *x, err);
    double mean = 0.0, squares = 0.0, count = 0.0;

    *out = (value_stats){.low = (double)INFINITY, .high = -(double)INFINITY};
    if (!x)
        return IPL_E_NOMEM;
    for (size_t first = 0; first < n; first += BLOCK) {
        const size_t rows = n - first < BLOCK ? n - first : BLOCK;

        ipl_dataset_gather(x, NULL, ds, split, NULL, first, rows);
        for (size_t i = 0; i < rows * d; i++) {
            const double v = (double)x[i], step = v - mean;

            count += 1.0;
            mean += step / count;
            squares += step * (v - mean);
            out->low = v < out->low ? v : out->low;
            out->high = v > out->high ? v : out->high;
        }
    }
    ipl_free(x);
    out->mean = mean;
    out->sd = count > 0.0 ? sqrt(squares / count) : 0.0;
    return IPL_OK;
}

static ipl_status print_classes(const ipl_dataset *ds, ipl_error *err)
{
    const ipl_data_info *info = ipl_dataset_info(ds);
    const size_t K = info->n_classes, shown = K < CLASSES_SHOWN ? K : CLASSES_SHOWN;
    ipl_label labels[CLASSES_SHOWN];
    size_t columns = NAME_COLUMNS_MIN;
    size_t *count;

    if (K == 0) {
        ipl_print("no labels\n");
        return IPL_OK;
    }
    count = ipl_array(2, K, sizeof *count, err);
    if (!count)
        return IPL_E_NOMEM;
    for (unsigned part = IPL_TRAIN; part <= IPL_TEST; part++)
        for (size_t i = 0; i < info->n[part]; i++)
            count[part * K + (size_t)ipl_dataset_label(ds, (ipl_split)part, i)]++;
    if (info->class_names) {
        columns = ipl_columns_widest(info->class_names, shown, columns, NAME_COLUMNS_MAX);
        ipl_columns_cut_all(labels, info->class_names, shown, NAME_COLUMNS_MAX);
    }
    ipl_print("%-5s  %-*s %8s %8s\n", "class", (int)columns, "name", "train", "test");
    for (size_t k = 0; k < shown; k++) {
        if (!info->class_names)
            (void)snprintf(labels[k], sizeof labels[k], "%zu", k);
        ipl_print("%5zu  %s%*s %8zu %8zu\n", k, labels[k],
                  ipl_columns_left(labels[k], columns), "", count[k], count[K + k]);
    }
    if (K > CLASSES_SHOWN)
        ipl_print("... and %zu classes more\n", K - CLASSES_SHOWN);
    ipl_free(count);
    return IPL_OK;
}

/* Values that become black and white: of pixels all, else three s.d. around the mean. */
static void grey_range(double *low, double *high, const ipl_data_info *info, int scale,
                       const value_stats *train)
{
    if (info->pixels && (scale == IPL_SCALE_UNIT || scale == IPL_SCALE_RAW)) {
        *low = 0.0;
        *high = scale == IPL_SCALE_RAW ? (double)info->white : 1.0;
    } else {
        *low = fmax(train->low, train->mean - 3.0 * train->sd);
        *high = fmin(train->high, train->mean + 3.0 * train->sd);
    }
}

/* Row of the sheet for sample i: its class, or without classes ten samples a row. */
static size_t sheet_row(const ipl_dataset *ds, size_t i)
{
    return ipl_dataset_info(ds)->n_classes > 0 ? (size_t)ipl_dataset_label(ds, IPL_TRAIN, i)
                                               : i / SHEET_COLS;
}

/* The first ten samples of each of the first ten classes. */
static ipl_status write_sheet(const char *path, const ipl_dataset *ds, double low,
                              double high, ipl_error *err)
{
    const ipl_data_info *info = ipl_dataset_info(ds);
    const size_t rows =
        info->n_classes > 0 && info->n_classes < SHEET_ROWS ? info->n_classes : SHEET_ROWS;
    float *x = ipl_array(1, ipl_shape_size(info->shape), sizeof *x, err);
    size_t placed[SHEET_ROWS] = {0};
    ipl_contact_sheet sheet = {0};
    ipl_status st = IPL_E_NOMEM;

    if (!x)
        goto done;
    st = ipl_contact_sheet_init(&sheet, rows, SHEET_COLS, info->shape, err);
    if (st != IPL_OK)
        goto done;
    for (size_t i = 0; i < info->n[IPL_TRAIN]; i++) {
        const size_t row = sheet_row(ds, i);

        if (row >= rows || placed[row] == SHEET_COLS)
            continue;
        ipl_dataset_gather(x, NULL, ds, IPL_TRAIN, NULL, i, 1);
        ipl_contact_sheet_place(&sheet, row, placed[row]++, x, low, high);
    }
    st = ipl_png_write(path, sheet.pixels, sheet.height, sheet.width, info->shape.c, err);
    if (st == IPL_OK)
        ipl_print("\nwrote %s: %s\n", path,
                  info->n_classes > 0 ? "ten training samples of each class, class by class"
                                      : "the first hundred training samples");
done:
    ipl_contact_sheet_release(&sheet);
    ipl_free(x);
    return st;
}

/* Where the picture goes; the default folder is made. */
static ipl_status picture_path(char *out, const data_args *args, const char *name,
                               ipl_error *err)
{
    int n;
    ipl_status st;

    if (*args->out != '\0') {
        memcpy(out, args->out, sizeof args->out);
        return IPL_OK;
    }
    st = ipl_folder_create("results", err);
    if (st != IPL_OK)
        return st;
    n = snprintf(out, IPL_PATH_MAX, "results/%s-samples.png", name);
    return n > 0 && n < IPL_PATH_MAX ? IPL_OK
                                     : ipl_fail(err, IPL_E_ARG, "%s: name too long", name);
}

static ipl_status show_samples(const ipl_dataset *ds, const data_args *args,
                               const value_stats *train, ipl_error *err)
{
    const ipl_data_info *info = ipl_dataset_info(ds);
    char path[IPL_PATH_MAX];
    double low, high;
    ipl_status st;

    if (!ipl_shape_is_image(info->shape)) {
        if (*args->out != '\0')
            return ipl_fail(err, IPL_E_SHAPE,
                            "%s: samples of %zu x %zu x %zu are no pictures, --out cannot "
                            "be drawn",
                            info->name, info->shape.c, info->shape.h, info->shape.w);
        ipl_print("\nno picture: the samples are no images\n");
        return IPL_OK;
    }
    st = picture_path(path, args, info->name, err);
    if (st != IPL_OK)
        return st;
    grey_range(&low, &high, info, args->scale, train);
    return write_sheet(path, ds, low, high, err);
}

static ipl_status run_data(void *opts, const ipl_args *args, ipl_error *err)
{
    const data_args *a = opts;
    const ipl_data_opts data_opts = IPL_DATA_OPTS(a, args->words[0]);
    const ipl_data_info *info;
    ipl_dataset *ds;
    value_stats stats[2];
    ipl_status st = ipl_dataset_open(&ds, &data_opts, err);

    if (st != IPL_OK)
        return st;
    st = ipl_dataset_hash(ds, err);
    for (unsigned part = IPL_TRAIN; part <= IPL_TEST && st == IPL_OK; part++)
        st = measure(&stats[part], ds, (ipl_split)part, err);
    if (st != IPL_OK)
        goto done;

    info = ipl_dataset_info(ds);
    ipl_print("%s\n", info->name);
    print_files(info);
    ipl_print(
        "\nsamples of %zu x %zu x %zu (channels x height x width), %zu classes, scale %s\n",
        info->shape.c, info->shape.h, info->shape.w, info->n_classes,
        ipl_scaling_words[a->scale]);
    if (*info->note != '\0')
        ipl_print("note: %s\n", info->note);
    ipl_print("\n%-5s %9s %10s %10s %10s %10s\n", "part", "samples", "min", "max", "mean",
              "s.d.");
    for (unsigned part = IPL_TRAIN; part <= IPL_TEST; part++)
        if (info->n[part] > 0)
            ipl_print("%-5s %9zu %10.6g %10.6g %10.6g %10.6g\n", part_name[part],
                      info->n[part], stats[part].low, stats[part].high, stats[part].mean,
                      stats[part].sd);
        else
            ipl_print("%-5s %9d\n", part_name[part], 0);
    ipl_print("\n");
    st = print_classes(ds, err);
    if (st == IPL_OK)
        st = show_samples(ds, a, &stats[IPL_TRAIN], err);
done:
    ipl_dataset_destroy(ds);
    return st;
}

const ipl_command ipl_cmd_data = {
    .name = "data",
    .summary = "show a data set: files, shapes, classes, values, a picture",
    .usage = "NAME",
    .details =
        "scale unit, the default, divides pixels by their white: the bytes of MNIST, "
        "CIFAR\n"
        "and PNG by 255, PNG of 16 bits by 65535, and arrays of integers by 255 when "
        "those\n"
        "for training are not below 0, not above 255, and not all 0 and 1. Other "
        "integers and\n"
        "floats stay; scale feature or channel standardises them. --classes takes "
        "the names\n"
        "of classes that have names, else numbers; folders of classes are numbered "
        "2 before\n"
        "10. PNG with alpha lie on --background.\n"
        "\n"
        "examples:\n"
        "  infoplane data mnist\n"
        "  infoplane data fashion-mnist:path=FOLDER --classes 0,7 --out shoes.png\n"
        "  infoplane data npy:x=X.npy,y=y.npy --scale feature\n"
        "  infoplane data npy:x=X.npy,y=y.npy,layout=nhwc\n"
        "  infoplane data png:path=FOLDER --classes cat,dog --background black\n",
    .min_words = 1,
    .max_words = 1,
    .size = sizeof(data_args),
    .opts = data_rows,
    .run = run_data,
};
