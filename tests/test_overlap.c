/* Measuring beside training: the bytes of a run that waits for every measurement. */
#include "whole_run.h"

#include "base/alloc.h"
#include "base/text.h"

/* What the watcher saw: a line per epoch, and every warning. */
typedef struct seen {
    volatile sig_atomic_t stop;
    size_t stop_at; /* batches; 0: never */
    ipl_text epochs, warnings;
    size_t batches, late; /* epochs that were told of after a batch of the next */
    size_t threads;
} seen;

static void see_start(void *self, const ipl_train_plan *plan)
{
    ((seen *)self)->threads = plan->overlap_threads;
}

static void see_batch(void *self, size_t epoch, size_t batch, size_t batches)
{
    seen *s = self;

    (void)epoch;
    (void)batch;
    (void)batches;
    s->batches++;
    if (s->stop_at > 0 && --s->stop_at == 0)
        s->stop = SIGTERM;
}

static void see_epoch(void *self, const ipl_epoch_report *e)
{
    seen *s = self;

    s->late += s->batches > e->step;
    ipl_text_add(&s->epochs, "%zu,%zu,%.17g,%.17g", e->epoch, e->step, e->loss[IPL_TRAIN],
                 e->loss[IPL_TEST]);
    for (size_t i = 0; e->probe && i < ipl_probe_n_layers(e->probe); i++)
        ipl_text_add(&s->epochs, ",%.17g", e->measures[i].I_XT);
    ipl_text_add(&s->epochs, "\n");
}

static void see_warning(void *self, const char *text)
{
    ipl_text_add(&((seen *)self)->warnings, "%s\n", text);
}

static ipl_status watch(seen *s, const char *name, size_t threads, bool beside,
                        ipl_train_resume resume, ipl_error *err)
{
    const ipl_train_opts opts = {.exp = &trial,
                                 .path = in(name),
                                 .threads = threads,
                                 .overlap = beside,
                                 .resume = resume,
                                 .stop = &s->stop,
                                 .watcher = {.self = s,
                                             .start = see_start,
                                             .batch = see_batch,
                                             .epoch = see_epoch,
                                             .warning = see_warning}};

    return ipl_train(&opts, err);
}

static void forget(seen *s)
{
    ipl_text_release(&s->epochs);
    ipl_text_release(&s->warnings);
    *s = (seen){0};
}

/* Ways to measure and to write checkpoints that matter here. */
static const struct {
    const char *measure, *checkpoint, *record, *pictures, *estimator;
    size_t early_steps;
} ways[] = {
    {"every", "none", "none", "none", "logdet", 0},
    {"every", "every:1min", "activations", "every:2", "logdet:beta=rd binning", 0},
    {"every:2", "every:1h,keep=measured", "none", "none", "kde ksg", 2},
    {"every", "every:3steps,keep=2", "activations=float16", "none", "logdet", 0},
    {"every", "every:2", "none", "every", "logdet:scale=corr", 3},
};

enum { N_WAYS = sizeof ways / sizeof ways[0] };

static void choose_way(size_t w)
{
    (void)snprintf(trial.measure, sizeof trial.measure, "%s", ways[w].measure);
    (void)snprintf(trial.checkpoint, sizeof trial.checkpoint, "%s", ways[w].checkpoint);
    (void)snprintf(trial.record, sizeof trial.record, "%s", ways[w].record);
    (void)snprintf(trial.pictures, sizeof trial.pictures, "%s", ways[w].pictures);
    (void)snprintf(trial.estimator, sizeof trial.estimator, "%s", ways[w].estimator);
    trial.early_steps = ways[w].early_steps;
    trial.early_epochs = 3;
}

static void choose(size_t c, size_t w)
{
    cases[c].make(cases[c].net, cases[c].optimiser);
    choose_way(w);
}

/* Every net in one way, and one net of each kind in every way. */
static bool is_tried(size_t c, size_t w)
{
    return w == c % N_WAYS || c == 2 || c == 4;
}

static void it_writes_the_same_bytes_at_any_number_of_threads(void **state)
{
    (void)state;
    write_images();
    for (size_t i = 0; i < (size_t)N_CASES * N_WAYS; i++) {
        const size_t c = i / N_WAYS, w = i % N_WAYS;
        seen at_once = {0};
        ipl_error err = {0};

        if (!is_tried(c, w))
            continue;
        choose(c, w);
        if (watch(&at_once, "whole", 2, false, IPL_RESUME_NO, &err) != IPL_OK)
            fail_msg("%s, way %zu: %s", cases[c].name, w, err.msg);
        for (size_t threads = 1; threads <= 4; threads++) {
            seen beside = {0};

            if (watch(&beside, "beside", threads, true, IPL_RESUME_NO, &err) != IPL_OK)
                fail_msg("%s, way %zu: %s", cases[c].name, w, err.msg);
            assert_int_equal(beside.threads, threads / 2);
            assert_string_equal(beside.epochs.s, at_once.epochs.s);
            assert_same_run("whole", "beside");
            assert_int_equal(ipl_folder_remove(in("beside"), NULL), IPL_OK);
            forget(&beside);
        }
        assert_int_equal(ipl_folder_remove(in("whole"), NULL), IPL_OK);
        forget(&at_once);
    }
}

/* The last epoch has none after it, and a checkpoint waits for the rows it claims. */
static void epochs_are_measured_while_the_next_is_trained(void **state)
{
    static const struct {
        const char *checkpoint;
        size_t late; /* of epochs 0 ... 4 */
    } expected[] = {
        {"none", 4}, {"every:1h", 3}, {"every:2", 2}, {"every:1", 0}, {"every:1steps", 0}};

    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        seen s = {0};

        mlp("12-10-5-2", "sgd:lr=0.05");
        (void)snprintf(trial.checkpoint, sizeof trial.checkpoint, "%s",
                       expected[i].checkpoint);
        assert_int_equal(watch(&s, "run", 2, true, IPL_RESUME_NO, NULL), IPL_OK);
        assert_int_equal(s.late, expected[i].late);
        assert_int_equal(ipl_folder_remove(in("run"), NULL), IPL_OK);
        forget(&s);
    }
}

/* Stopped after every few batches, and gone on with in either way. */
static void an_interrupted_run_writes_the_same_bytes(void **state)
{
    (void)state;
    write_images();
    for (size_t c = 0; c < N_CASES; c += 2) { /* an MLP, and batchnorm in MLP and CNN */
        choose(c, 3);
        overlap = false;
        train_ok("whole", 0, 2, IPL_RESUME_NO);
        for (size_t piece = 1; piece <= 7; piece += 2) {
            for (size_t k = 0; ipl_run_dir_look(in("pieces")) != IPL_RUN_DIR_DONE; k++) {
                overlap = k % 3 != 2;
                train_ok("pieces", piece, k % 4 + 1, IPL_RESUME_AUTO);
                if (k > 100)
                    fail_msg("%s: no end after %zu pieces", cases[c].name, k);
            }
            assert_same_run("whole", "pieces");
            assert_int_equal(ipl_folder_remove(in("pieces"), NULL), IPL_OK);
        }
        assert_int_equal(ipl_folder_remove(in("whole"), NULL), IPL_OK);
    }
    overlap = false;
}

/* Stopped while an epoch is measured: its rows are there, and it is told of. */
static void a_stop_waits_for_what_is_measured(void **state)
{
    seen s = {.stop_at = 11}; /* the first batch of the third epoch */
    char *rows;

    (void)state;
    mlp("12-10-5-2", "sgd:lr=0.05");
    strcpy(trial.checkpoint, "every:1h");
    assert_int_equal(watch(&s, "run", 2, true, IPL_RESUME_NO, NULL), IPL_OK);
    assert_non_null(strstr(s.epochs.s, "\n2,10,"));
    assert_null(strstr(s.epochs.s, "\n3,"));
    rows = read_file("run/information.csv").bytes;
    assert_non_null(strstr(rows, "\n2,10,test,"));
    ipl_free(rows);
    forget(&s);
}

static void one_thread_says_that_it_measures_at_once(void **state)
{
    seen s = {0};

    (void)state;
    mlp("12-4-2", "sgd:lr=0.05");
    assert_int_equal(watch(&s, "run", 1, true, IPL_RESUME_NO, NULL), IPL_OK);
    assert_non_null(strstr(s.warnings.s, "overlap: a run of one thread"));
    assert_int_equal(s.threads, 0);
    forget(&s);
    assert_int_equal(ipl_folder_remove(in("run"), NULL), IPL_OK);
    strcpy(trial.measure, "none"); /* nothing to measure, nothing to say */
    assert_int_equal(watch(&s, "run", 1, true, IPL_RESUME_NO, NULL), IPL_OK);
    assert_null(s.warnings.s);
    forget(&s);
}

/* Test samples for which the first layer overflows, while training samples are harmless. */
static void write_overflowing(void)
{
    enum { N = 40, D = 8 };
    static float x[N * D];
    int64_t y[N];
    const size_t dims[] = {N, D}, n = N;

    for (size_t i = 0; i < (size_t)N * D; i++)
        x[i] = (float)(i * 7919 % 101) / 101.0f;
    for (size_t i = 0; i < N; i++)
        y[i] = (int64_t)(i % 2);
    assert_int_equal(ipl_npy_write_f32(in("x.npy"), x, dims, 2, NULL), IPL_OK);
    for (size_t i = 0; i < (size_t)N * D; i++)
        x[i] = i / D % 2 ? 3e38f : -3e38f;
    assert_int_equal(ipl_npy_write_f32(in("xtest.npy"), x, dims, 2, NULL), IPL_OK);
    assert_int_equal(ipl_npy_write_i64(in("y.npy"), y, &n, 1, NULL), IPL_OK);
}

/* A measurement that fails ends the run where it would have ended at once. */
static void a_fault_of_measuring_ends_the_run_at_its_epoch(void **state)
{
    ipl_error at_once = {0}, beside = {0};
    seen s = {0};

    (void)state;
    write_overflowing();
    mlp("dense:units=10 relu dense:units=2", "sgd:lr=0.05");
    (void)snprintf(trial.data, sizeof trial.data, "npy:x=%s,y=%s,xtest=%s,ytest=%s",
                   in("x.npy"), in("y.npy"), in("xtest.npy"), in("y.npy"));
    strcpy(trial.init, "he");
    trial.train_samples = trial.test_samples = 0;
    trial.batch = 8;
    strcpy(trial.checkpoint, "none");
    for (size_t first = 0; first <= 1;
         first++) { /* fails at the start, or after an epoch */
        (void)snprintf(trial.measure, sizeof trial.measure, "%s", first ? "every:2" : "2");
        assert_int_equal(watch(&s, "whole", 2, false, IPL_RESUME_NO, &at_once),
                         IPL_E_NUMERIC);
        forget(&s);
        assert_int_equal(watch(&s, "beside", 2, true, IPL_RESUME_NO, &beside),
                         IPL_E_NUMERIC);
        forget(&s);
        assert_string_equal(beside.msg, at_once.msg);
        assert_same_run("whole", "beside");
        assert_int_equal(ipl_folder_remove(in("whole"), NULL), IPL_OK);
        assert_int_equal(ipl_folder_remove(in("beside"), NULL), IPL_OK);
    }
}

/* What is still measured when training diverges is written, and the fault is training's. */
static void the_epoch_before_a_divergence_is_written(void **state)
{
    ipl_error at_once = {0}, beside = {0};
    seen a = {0}, b = {0};

    (void)state;
    mlp("dense:units=10 relu dense:units=10 relu dense:units=2", "sgd:lr=1000");
    strcpy(trial.schedule, "constant");
    strcpy(trial.loss, "mse");
    strcpy(trial.checkpoint, "none");
    trial.epochs = 50;
    assert_int_equal(watch(&a, "whole", 2, false, IPL_RESUME_NO, &at_once), IPL_E_NUMERIC);
    assert_int_equal(watch(&b, "beside", 2, true, IPL_RESUME_NO, &beside), IPL_E_NUMERIC);
    assert_string_equal(beside.msg, at_once.msg);
    assert_string_equal(b.epochs.s, a.epochs.s);
    assert_same_run("whole", "beside");
    forget(&a);
    forget(&b);
}

static void allocations_may_fail(void **state)
{
    size_t failed = 0;

    (void)state;
    mlp("12-4-2", "adam:lr=0.01");
    trial.epochs = 3;
    strcpy(trial.checkpoint, "every:3steps");
    overlap = false;
    train_ok("whole", 0, 1, IPL_RESUME_NO);
    overlap = true;
    for (long k = 0; k < 3000; k += 1 + k / 8) { /* more than there are */
        ipl_error err = {0};
        ipl_status st;
        stopper s;

        ipl_alloc_fail_after(k);
        st = train(&s, "run", 0, 2, IPL_RESUME_NO, &err);
        ipl_alloc_fail_after(-1);
        ipl_text_release(&s.warnings);
        if (st != IPL_OK && st != IPL_E_NOMEM && st != IPL_E_IO)
            fail_msg("allocation %ld: %s: %s", k, ipl_status_name(st), err.msg);
        failed += st != IPL_OK;
        train_ok("run", 0, 2, IPL_RESUME_AUTO);
        assert_same_run("whole", "run");
        assert_int_equal(ipl_folder_remove(in("run"), NULL), IPL_OK);
    }
    assert_true(failed > 20);
    overlap = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(it_writes_the_same_bytes_at_any_number_of_threads),
        IN_FOLDER(epochs_are_measured_while_the_next_is_trained),
        IN_FOLDER(an_interrupted_run_writes_the_same_bytes),
        IN_FOLDER(a_stop_waits_for_what_is_measured),
        IN_FOLDER(one_thread_says_that_it_measures_at_once),
        IN_FOLDER(a_fault_of_measuring_ends_the_run_at_its_epoch),
        IN_FOLDER(the_epoch_before_a_divergence_is_written),
        IN_FOLDER(allocations_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
