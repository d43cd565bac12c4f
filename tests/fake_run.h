/**
 * Runs that are made up, and what plotting says of them.
 *
 * A test file that includes this has one folder, `top`, for all of its tests: setup() makes it,
 * teardown() removes it.
 */
#ifndef IPL_FAKE_RUN_H
#define IPL_FAKE_RUN_H

#include "scratch.h"

#include "run/plot.h"

#include <sys/stat.h>

static char top[64];        /* folder of everything the tests write */
static char old_path[4096]; /* PATH as it was */

static inline int setup(void **state)
{
    const char *path = getenv("PATH");

    (void)state;
    (void)snprintf(top, sizeof top, "/tmp/ipl-plot-XXXXXX");
    (void)snprintf(old_path, sizeof old_path, "%s", path ? path : "");
    return mkdtemp(top) && setenv("INFOPLANE_SHARE", "scripts", 1) == 0 ? 0 : -1;
}

static inline int teardown(void **state)
{
    (void)state;
    return ipl_folder_remove(top, NULL) == IPL_OK ? 0 : -1;
}

static inline void restore_path(void)
{
    assert_int_equal(setenv("PATH", old_path, 1), 0);
}

/* A program called gnuplot, in a folder of `top`, is found first until restore_path(). */
static inline void fake_gnuplot(const char *name, const char *script)
{
    char folder[IPL_PATH_MAX], path[IPL_PATH_MAX], search[2 * IPL_PATH_MAX];

    assert_int_equal(ipl_path_join(folder, top, name, NULL), IPL_OK);
    assert_int_equal(ipl_folder_create(folder, NULL), IPL_OK);
    assert_int_equal(ipl_path_join(path, folder, "gnuplot", NULL), IPL_OK);
    scratch_write(path, script, strlen(script));
    assert_int_equal(chmod(path, 0700), 0);
    (void)snprintf(search, sizeof search, "%s:%s", folder, old_path);
    assert_int_equal(setenv("PATH", search, 1), 0);
}

typedef struct fake {
    const char *name;
    const char *net; /* replicates have the same */
    unsigned seed;
    size_t epochs, layers;
    double scale, slope; /* of the values: scale * (1 + slope * ...) */
    const char *value;   /* written for every measure; NULL: numbers */
    const char *layer;   /* name of the layers */
} fake;

static const fake plain = {"plain", "a", 1, 12, 4, 20.0, 0.4, NULL, "fc"};

static inline FILE *create(const char *folder, const char *name)
{
    char path[IPL_PATH_MAX];
    FILE *fp;

    assert_int_equal(ipl_path_join(path, folder, name, NULL), IPL_OK);
    fp = fopen(path, "w");
    assert_non_null(fp);
    return fp;
}

/* Two estimators, two splits; returns the folder in `out`. */
static inline void write_information(FILE *fp, const fake *f)
{
    static const char *const splits[] = {"test", "train"};
    static const char *const estimators[] = {"logdet:scale=cov,beta=rd", "kde:var=0.1"};

    (void)fprintf(fp,
                  "epoch,split,layer,name,estimator,unit,H_T,I_XT,I_TY,I_prev,I_TY_cond,"
                  "I_TY_pooled\n");
    for (size_t e = 0; e < f->epochs; e++)
        for (size_t k = 0; k < 4 * f->layers; k++) {
            const size_t l = k / 2 % f->layers;
            const double t = (double)e / 5.0, wide = l == 0 ? 50.0 : 1.0;
            const double v = f->scale * wide / (double)(l + 1) *
                             (1.0 + f->slope * sin(t + 0.1 * (double)f->seed));

            (void)fprintf(fp, "%zu,%s,%zu,%s%zu,\"%s\",nats", e, splits[k / 2 / f->layers],
                          l + 1, f->layer, l + 1, estimators[k % 2]);
            for (int i = 0; i < 6; i++) {
                if (f->value)
                    (void)fprintf(fp, ",%s", f->value);
                else
                    (void)fprintf(fp, ",%.9g", v * (1.0 + 0.1 * i));
            }
            (void)fprintf(fp, "\n");
        }
}

static inline const char *write_fake(char out[IPL_PATH_MAX], const fake *f)
{
    FILE *fp;

    assert_int_equal(ipl_path_join(out, top, f->name, NULL), IPL_OK);
    assert_int_equal(ipl_folder_create(out, NULL), IPL_OK);
    fp = create(out, "experiment.ini");
    (void)fprintf(fp, "# %s\nname = %s\nseed = %u\nnet = %s\n", f->name, f->name, f->seed,
                  f->net);
    assert_int_equal(fclose(fp), 0);
    fp = create(out, "information.csv");
    write_information(fp, f);
    assert_int_equal(fclose(fp), 0);
    fp = create(out, "training.csv");
    (void)fprintf(fp, "epoch,train_loss,train_accuracy,test_loss,test_accuracy\n");
    for (size_t e = 0; e < f->epochs; e++)
        (void)fprintf(fp, "%zu,%g,%g,%g,%g\n", e, 2.3 / (double)(e + 1),
                      1.0 - 0.9 / (double)(e + 1), 2.4 / (double)(e + 1), 0.9);
    assert_int_equal(fclose(fp), 0);
    fp = create(out, "layers.csv");
    (void)fprintf(fp, "epoch,layer,name,weight_norm,gradient_mean,gradient_sd\n");
    for (size_t e = 0; e < f->epochs; e++)
        for (size_t l = 0; l < f->layers; l++) {
            (void)fprintf(fp, "%zu,%zu,%s%zu,3,", e, l + 1, f->layer, l + 1);
            if (e == 0)
                (void)fprintf(fp, "NaN,NaN\n");
            else
                (void)fprintf(fp, "%g,%g\n", 1.0 / (double)e, 0.1 * (double)(l + 1));
        }
    assert_int_equal(fclose(fp), 0);
    return out;
}

/* What plotting said. */
typedef struct heard {
    size_t figures, notes;
    char last_figure[IPL_PATH_MAX], last_note[IPL_PATH_MAX];
} heard;

static inline void listen(void *context, ipl_plot_line kind, const char *line)
{
    heard *h = context;

    if (kind == IPL_PLOT_FIGURE) {
        h->figures++;
        (void)snprintf(h->last_figure, sizeof h->last_figure, "%s", line);
    } else {
        h->notes++;
        (void)snprintf(h->last_note, sizeof h->last_note, "%s", line);
    }
}

/* Plot one run without gnuplot: data and scripts only. */
static inline ipl_status plot_data(const ipl_plot_opts *opts, const char *const *runs,
                                   size_t n, heard *h, ipl_error *err)
{
    ipl_status st;

    *h = (heard){0};
    assert_int_equal(setenv("PATH", top, 1), 0);
    st = ipl_plot_runs(opts, runs, n, listen, h, err);
    restore_path();
    return st;
}

static inline char *slurp(const char *folder, const char *name)
{
    char path[IPL_PATH_MAX], *text;
    size_t len;

    assert_int_equal(ipl_path_join(path, folder, name, NULL), IPL_OK);
    if (ipl_file_read(&text, &len, path, 1 << 24, NULL) != IPL_OK)
        fail_msg("%s is missing", path);
    return text;
}

#endif /* IPL_FAKE_RUN_H */
