/* A measurement that is given up is made when the run goes on: the bytes are those of a run
 * that was never interrupted, wherever it was given up. */
#include "whole_run.h"

#include "base/alloc.h"

static volatile sig_atomic_t stop;
static size_t asked, patience; /* estimators that were begun; those before it is given up */

static bool hurry(void)
{
    if (asked++ == patience)
        stop = SIGTERM;
    return stop != 0;
}

/* Train or go on until so many estimators were begun; whether it came to its end before. */
static bool comes_to_its_end(const char *name, size_t estimators, ipl_train_end *end)
{
    ipl_error err = {0};
    stopper s = {0};
    const ipl_train_opts opts = {
        .exp = &trial,
        .path = in(name),
        .threads = 2,
        .overlap = overlap,
        .resume = IPL_RESUME_AUTO,
        .stop = &stop,
        .hurry = hurry,
        .watcher = {.self = &s, .warning = note_warning, .end = note_end}};

    stop = 0;
    asked = 0;
    patience = estimators;
    if (ipl_train(&opts, &err) != IPL_OK)
        fail_msg("%s: %s", name, err.msg);
    *end = s.end;
    ipl_text_release(&s.warnings);
    return stop == 0;
}

static void assert_stopped(const char *name, const ipl_train_end *end)
{
    char run[64];
    char *record;

    (void)snprintf(run, sizeof run, "%s/run.json", name);
    record = read_file(run).bytes;
    assert_non_null(strstr(record, "\"state\": \"stopped\""));
    ipl_free(record);
    assert_true(end->stopped && end->resumable);
}

/* Given up at its first estimator, at its second ... until it is not any more. */
static void give_up_everywhere(const char *whole)
{
    ipl_train_end end;
    bool done = false;

    for (size_t k = 0; !done; k += 3) {
        done = comes_to_its_end("pieces", k, &end);
        if (!done) {
            assert_stopped("pieces", &end);
            assert_true(comes_to_its_end("pieces", SIZE_MAX, &end));
        }
        assert_same_run(whole, "pieces");
        assert_int_equal(ipl_folder_remove(in("pieces"), NULL), IPL_OK);
    }
}

static void it_is_made_when_the_run_goes_on(void **state)
{
    static const size_t chosen[] = {1, 4};

    (void)state;
    write_images();
    for (size_t c = 0; c < 2; c++)
        for (int beside = 0; beside < 2; beside++) {
            cases[chosen[c]].make(cases[chosen[c]].net, cases[chosen[c]].optimiser);
            strcpy(trial.checkpoint, "every:1h,keep=2"); /* epochs may be measured beside */
            strcpy(trial.record, "activations");
            trial.epochs = 3;
            trial.early_steps = 2;
            trial.early_epochs = 2;
            overlap = false;
            train_ok("whole", 0, 2, IPL_RESUME_NO);
            overlap = beside == 1;
            give_up_everywhere("whole");
            assert_int_equal(ipl_folder_remove(in("whole"), NULL), IPL_OK);
        }
    overlap = false;
}

static void a_run_of_no_epochs_is_not_done_without_it(void **state)
{
    ipl_train_end end;
    char *rows;

    (void)state;
    mlp("12-4-2", "sgd:lr=0.05");
    trial.epochs = 0;
    assert_false(comes_to_its_end("run", 0, &end));
    assert_stopped("run", &end);
    assert_true(comes_to_its_end("run", SIZE_MAX, &end));
    rows = read_file("run/information.csv").bytes;
    assert_non_null(strstr(rows, "\n0,0,test,"));
    ipl_free(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(it_is_made_when_the_run_goes_on),
        IN_FOLDER(a_run_of_no_epochs_is_not_done_without_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
