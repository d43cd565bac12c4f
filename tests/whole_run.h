/**
 * Whole runs of small experiments, and their folders compared byte for byte.
 *
 * cases[] and their functions set the `trial`.
 */
#ifndef IPL_WHOLE_RUN_H
#define IPL_WHOLE_RUN_H

#include "trial.h"

#include "math/npy.h"
#include "run/run_dir.h"
#include "run/trainer.h"

#include <dirent.h>

static bool overlap; /* measure beside training */

/* ---- runs ---- */

/* Stops a run after so many batches. */
typedef struct stopper {
    volatile sig_atomic_t stop;
    size_t left;
    ipl_text warnings;
    ipl_train_end end;
    bool ended;
} stopper;

static inline void count_batch(void *self, size_t epoch, size_t batch, size_t batches)
{
    stopper *s = self;

    (void)epoch;
    (void)batch;
    (void)batches;
    if (s->left > 0 && --s->left == 0)
        s->stop = SIGTERM;
}

static inline void note_warning(void *self, const char *text)
{
    ipl_text_add(&((stopper *)self)->warnings, "%s\n", text);
}

static inline void note_end(void *self, const ipl_train_end *end)
{
    ((stopper *)self)->end = *end;
    ((stopper *)self)->ended = true;
}

/* Train or go on, for at most so many batches (0: to the end). */
static inline ipl_status train(stopper *s, const char *name, size_t batches, size_t threads,
                               ipl_train_resume resume, ipl_error *err)
{
    const ipl_train_opts opts = {
        .exp = &trial,
        .path = in(name),
        .threads = threads,
        .overlap = overlap,
        .resume = resume,
        .stop = &s->stop,
        .watcher = {
            .self = s, .batch = count_batch, .warning = note_warning, .end = note_end}};

    *s = (stopper){.left = batches};
    return ipl_train(&opts, err);
}

static inline void train_ok(const char *name, size_t batches, size_t threads,
                            ipl_train_resume resume)
{
    ipl_error err = {0};
    stopper s;

    if (train(&s, name, batches, threads, resume, &err) != IPL_OK)
        fail_msg("%s: %s", name, err.msg);
    ipl_text_release(&s.warnings);
}

/* ---- comparing whole run directories ---- */

/* What must differ: it says when and how often a run was interrupted. */
static inline bool is_of_segments(const char *path)
{
    static const char *const names[] = {"/run.json", "/checkpoint/last",
                                        "/checkpoint/previous"};

    for (size_t i = 0; i < 3; i++) {
        const size_t n = strlen(names[i]), m = strlen(path);

        if (m >= n && strcmp(path + m - n, names[i]) == 0)
            return true;
    }
    return false;
}

/* Files below a, each compared with the one below b; returns their number. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static inline size_t compare_folders(const char *a, const char *b)
{
    DIR *dir = opendir(a);
    struct dirent *entry;
    size_t n = 0;

    assert_non_null(dir);
    while ((entry = readdir(dir))) {
        char p[IPL_PATH_MAX], q[IPL_PATH_MAX], x[65], y[65];

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        assert_int_equal(ipl_path_join(p, a, entry->d_name, NULL), IPL_OK);
        assert_int_equal(ipl_path_join(q, b, entry->d_name, NULL), IPL_OK);
        if (ipl_file_is_folder(p)) {
            n += compare_folders(p, q);
            continue;
        }
        n++;
        if (ipl_file_sha256(x, p, NULL) != IPL_OK || ipl_file_sha256(y, q, NULL) != IPL_OK)
            fail_msg("%s or %s cannot be read", p, q);
        if (strcmp(x, y) != 0 && !is_of_segments(p))
            fail_msg("%s and %s differ", p, q);
    }
    (void)closedir(dir);
    return n;
}

static inline void assert_same_run(const char *a, const char *b)
{
    assert_int_equal(compare_folders(in(a), in(b)), compare_folders(in(b), in(a)));
}

/* ---- experiments ---- */

/* Images of two channels and their labels, drawn by a formula. */
static inline void write_images(void)
{
    enum { N = 60, SIZE = 2 * 6 * 6 };
    static float x[N * SIZE];
    int64_t y[N];
    const size_t dims[] = {N, 2, 6, 6}, n = N;

    for (size_t i = 0; i < (size_t)N * SIZE; i++)
        x[i] = (float)((i * 7919 + i / 72 % 3 * 40) % 101) / 101.0f;
    for (size_t i = 0; i < N; i++)
        y[i] = (int64_t)(i % 3);
    assert_int_equal(ipl_npy_write_f32(in("x.npy"), x, dims, 4, NULL), IPL_OK);
    assert_int_equal(ipl_npy_write_i64(in("y.npy"), y, &n, 1, NULL), IPL_OK);
}

static inline void mlp(const char *net, const char *optimiser)
{
    ipl_opt_init(&trial, ipl_experiment_opts);
    strcpy(trial.name, "test");
    strcpy(trial.data, "szt");
    (void)snprintf(trial.net, sizeof trial.net, "%s", net);
    (void)snprintf(trial.optimiser, sizeof trial.optimiser, "%s", optimiser);
    strcpy(trial.schedule, "cosine");
    trial.train_samples = 300;
    trial.test_samples = 100;
    trial.batch = 64; /* five steps, the last of 44 */
    trial.shard = 16;
    trial.epochs = 4;
    trial.probe_train = trial.probe_test = 40;
}

static inline void cnn(const char *net, const char *optimiser)
{
    mlp(net, optimiser);
    (void)snprintf(trial.data, sizeof trial.data, "npy:x=%s,y=%s,xtest=%s,ytest=%s",
                   in("x.npy"), in("y.npy"), in("x.npy"), in("y.npy"));
    trial.train_samples = trial.test_samples = 0;
    trial.batch = 16; /* four steps, the last of 12 */
    trial.shard = 8;
    trial.crop = 1;
    trial.flip = true;
}

static const struct {
    const char *name;
    void (*make)(const char *net, const char *optimiser);
    const char *net, *optimiser;
} cases[] = {
    {"MLP, SGD", mlp, "12-10-5-2", "sgd:lr=0.05,momentum=0.9"},
    {"MLP, Adam, dropout", mlp,
     "dense:units=10 tanh dropout:p=0.3 dense:units=5 relu dense:units=2", "adam:lr=0.01"},
    {"MLP, RMSprop, batchnorm", mlp,
     "dense:units=10 batchnorm tanh dense:units=5 relu dense:units=2", "rmsprop:lr=0.01"},
    {"MLP, AdamW, layernorm", mlp, "dense:units=10 layernorm tanh dense:units=2",
     "adamw:lr=0.01"},
    {"CNN, SGD, batchnorm, augmentation", cnn,
     "conv2d:filters=3,size=3 batchnorm relu maxpool:size=2 dropout:p=0.2 dense:units=3",
     "sgd:lr=0.05,momentum=0.9"},
    {"CNN, Adam, augmentation, residual", cnn,
     "conv2d:filters=3,size=3,padding=1 relu skip conv2d:filters=3,size=3,padding=1 "
     "batchnorm add "
     "relu dense:units=3",
     "adam:lr=0.01"},
};

enum { N_CASES = sizeof cases / sizeof cases[0] };

/* Go on after every few batches until the run is done. */
static inline void run_in_pieces(const char *name, size_t piece)
{
    for (size_t k = 0; ipl_run_dir_look(in(name)) != IPL_RUN_DIR_DONE; k++) {
        train_ok(name, piece, k % 3 + 1, IPL_RESUME_AUTO);
        if (k > 100)
            fail_msg("%s: no end after %zu pieces", name, k);
    }
}

#endif /* IPL_WHOLE_RUN_H */
