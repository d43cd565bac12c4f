#include "scratch.h"

#include "base/alloc.h"
#include "run/collect.h"
#include "run/plot_expand.h"
#include "run/plot_run.h"
#include "run/replicates.h"
#include "run/roles.h"
#include "run/table.h"

#include <fcntl.h>
#include <sys/file.h>

/* What a run of the tests is made of. */
typedef struct recipe {
    const char *folder, *keys, *state;
    double accuracy, i_xt[3], compression;
} recipe;

static void put(const char *folder, const char *name, const char *text)
{
    char path[IPL_PATH_MAX];

    assert_int_equal(ipl_path_join(path, folder, name, NULL), IPL_OK);
    scratch_write(path, text, strlen(text));
}

/* Write a run of three epochs, one layer and one estimator. */
static void make_run(void **state, const recipe *r)
{
    char folder[IPL_PATH_MAX], text[2000];

    (void)snprintf(folder, sizeof folder, "%s/%s", (const char *)*state, r->folder);
    assert_int_equal(ipl_folder_create(folder, NULL), IPL_OK);
    put(folder, "experiment.ini", r->keys);
    (void)snprintf(text, sizeof text,
                   "{\n  \"argv\": [\"\\\"state\\\": x\"],\n  \"state\": \"%s\"\n}\n",
                   r->state);
    put(folder, "run.json", text);
    (void)snprintf(text, sizeof text,
                   "epoch,step,train_loss,train_accuracy,test_loss,test_accuracy,lr\n"
                   "0,0,2,0.1,2,0.1,NaN\n2,20,0.5,0.9,0.6,%g,0.1\n",
                   r->accuracy);
    put(folder, "training.csv", text);
    put(folder, "layers.csv", "epoch,step,layer,name,weight_norm\n0,0,1,fc1,3\n");
    (void)snprintf(text, sizeof text,
                   "epoch,step,split,layer,name,estimator,unit,I_XT,I_TY\n"
                   "0,0,test,1,fc1,\"a:x=1,y=2\",nats,%g,NaN\n"
                   "1,10,test,1,fc1,\"a:x=1,y=2\",nats,%g,1\n"
                   "2,20,test,1,fc1,\"a:x=1,y=2\",nats,%g,1\n",
                   r->i_xt[0], r->i_xt[1], r->i_xt[2]);
    put(folder, "information.csv", text);
    (void)snprintf(
        text, sizeof text,
        "split,estimator,unit,layer,name,I_XT_first,I_XT_max,I_XT_end,compression_end,"
        "compression_last50,I_TY_end,I_prev_first,I_prev_end\n"
        "test,\"a:x=1,y=2\",nats,1,fc1,%g,10,8,%g,%g,1,5,4\n",
        r->i_xt[0], r->compression, r->compression / 2.0);
    put(folder, "summary.csv", text);
}

static const recipe study[] = {
    {"s/activation=tanh/seed1",
     "seed = 1\nactivation = tanh\n",
     "done",
     0.90,
     {1, 8, 3},
     0.1},
    {"s/activation=tanh/seed2",
     "seed = 2\nactivation = tanh\n",
     "done",
     0.92,
     {3, 4, 5},
     0.2},
    {"s/activation=tanh/seed10",
     "seed = 10\nactivation = tanh\n",
     "done",
     0.94,
     {5, 9, 10},
     0.3},
    {"s/activation=relu/seed1",
     "seed = 1\nactivation = relu\n",
     "diverged",
     0.10,
     {1, 1, 1},
     0.5},
};

static void make_study(void **state)
{
    for (size_t i = 0; i < sizeof study / sizeof study[0]; i++)
        make_run(state, &study[i]);
}

static ipl_runs find(void **state, const char *name)
{
    const char *const folders[] = {scratch_path(state, name)};
    ipl_runs runs;

    assert_int_equal(ipl_runs_find(&runs, folders, 1, NULL), IPL_OK);
    return runs;
}

/* ---- finding runs ---- */

static void runs_are_found_in_natural_order(void **state)
{
    ipl_runs runs;

    make_study(state);
    runs = find(state, "s");
    assert_int_equal(runs.n, 4);
    assert_string_equal(runs.list[0].name, "activation=relu/seed1");
    assert_string_equal(runs.list[1].name, "activation=tanh/seed1");
    assert_string_equal(runs.list[2].name, "activation=tanh/seed2");
    assert_string_equal(runs.list[3].name, "activation=tanh/seed10");
    assert_int_equal(runs.list[0].state, IPL_RUN_DIVERGED);
    assert_int_equal(runs.list[3].state, IPL_RUN_DONE);
    ipl_runs_release(&runs);
}

static void a_list_of_jobs_has_those_that_wait_too(void **state)
{
    ipl_runs runs;

    make_study(state);
    put(scratch_path(state, "s"), "jobs.txt",
        "activation=tanh/seed2\nactivation=tanh/seed3\nseed4\n../activation=relu/seed1\n");
    assert_int_equal(
        ipl_folder_create(scratch_path(state, "s/experiments/activation=tanh"), NULL),
        IPL_OK);
    put(scratch_path(state, "s/experiments/activation=tanh"), "seed3.ini", "seed = 3\n");
    put(scratch_path(state, "s/experiments"), "seed4.ini", "seed = 4\n");
    put(scratch_path(state, "s"), "jobs.csv",
        "job,folder,end,seconds,exit_status,signal,state\n3,seed4,x,1,66,0,failed\n");
    runs = find(state, "s");
    assert_int_equal(runs.n, 3);
    assert_string_equal(runs.list[0].name, "activation=tanh/seed2");
    assert_int_equal(runs.list[0].state, IPL_RUN_DONE);
    assert_int_equal(runs.list[1].state, IPL_RUN_PENDING);
    assert_int_equal(runs.list[2].state, IPL_RUN_FAILED); /* before it had a folder */
    ipl_runs_release(&runs);
}

static void a_run_without_a_process_was_interrupted(void **state)
{
    const recipe r = {"r", "seed = 1\n", "running", 0.5, {1, 2, 3}, 0.1};
    const char *folder = scratch_path(state, "r"), *lock = scratch_path(state, "r/.lock");
    int fd;

    make_run(state, &r);
    assert_int_equal(ipl_run_state_of(folder), IPL_RUN_INTERRUPTED);
    fd = open(lock, O_RDWR | O_CREAT, 0666);
    assert_true(fd >= 0);
    assert_int_equal(ipl_run_state_of(folder), IPL_RUN_INTERRUPTED);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_int_equal(ipl_run_state_of(folder), IPL_RUN_RUNNING);
    close(fd);
    assert_int_equal(ipl_run_state_of(scratch_path(state, "nothing")), IPL_RUN_PENDING);
}

static void folders_without_a_run_are_refused(void **state)
{
    const char *const empty[] = {*state}, *const missing[] = {"/no/such/folder"};
    ipl_runs runs;

    assert_int_equal(ipl_runs_find(&runs, empty, 1, NULL), IPL_E_NOINPUT);
    assert_int_equal(ipl_runs_find(&runs, missing, 1, NULL), IPL_E_NOINPUT);
}

static void numbers_in_names_count_as_numbers(void **state)
{
    (void)state;
    assert_true(ipl_natural_order("seed2", "seed10") < 0);
    assert_true(ipl_natural_order("lr=0.1/seed9", "lr=0.1/seed9") == 0);
    assert_true(ipl_natural_order("a", "ab") < 0);
    assert_true(ipl_natural_order("b", "ab") > 0);
}

/* ---- means over replicates ---- */

/* Value in the row of a table that has the given epoch and quantity. */
static double lookup(const ipl_table *t, const char *point, const char *epoch,
                     const char *measure, const char *column)
{
    size_t p, e = 0, m, c;
    double v = (double)NAN;

    assert_int_equal(ipl_table_column(&p, t, "point", NULL), IPL_OK);
    if (epoch)
        assert_int_equal(ipl_table_column(&e, t, "epoch", NULL), IPL_OK);
    assert_int_equal(ipl_table_column(&m, t, epoch ? "measure" : "score", NULL), IPL_OK);
    assert_int_equal(ipl_table_column(&c, t, column, NULL), IPL_OK);
    for (size_t i = 0; i < ipl_table_rows(t); i++)
        if (strcmp(ipl_table_text(t, i, p), point) == 0 &&
            (!epoch || strcmp(ipl_table_text(t, i, e), epoch) == 0) &&
            strcmp(ipl_table_text(t, i, m), measure) == 0)
            assert_true(ipl_number_parse(&v, ipl_table_text(t, i, c)));
    return v;
}

static ipl_table *read_out(void **state, const char *name)
{
    ipl_table *table;

    assert_int_equal(ipl_table_read(&table, scratch_path(state, name), NULL), IPL_OK);
    return table;
}

static void collect(void **state, const char *from)
{
    ipl_runs runs = find(state, from);
    ipl_collection c;

    assert_int_equal(ipl_collection_read(&c, &runs, NULL), IPL_OK);
    assert_int_equal(ipl_collection_write(&c, scratch_path(state, "out"), NULL), IPL_OK);
    ipl_collection_release(&c);
    ipl_runs_release(&runs);
}

static void means_are_over_the_replicates_that_are_done(void **state)
{
    ipl_table *t;

    make_study(state);
    collect(state, "s");
    t = read_out(state, "out/mean.csv");
    /* 4, 8 and 9: mean 7, s.d. sqrt((9 + 1 + 4) / 2), median 8, quartiles 6 and 8.5 */
    assert_close(lookup(t, "activation=tanh", "1", "I_XT", "n"), 3.0, 0.0);
    assert_close(lookup(t, "activation=tanh", "1", "I_XT", "mean"), 7.0, 1e-15);
    assert_close(lookup(t, "activation=tanh", "1", "I_XT", "sd"), sqrt(7.0), 1e-14);
    assert_close(lookup(t, "activation=tanh", "1", "I_XT", "median"), 8.0, 0.0);
    assert_close(lookup(t, "activation=tanh", "1", "I_XT", "q25"), 6.0, 0.0);
    assert_close(lookup(t, "activation=tanh", "1", "I_XT", "q75"), 8.5, 0.0);
    assert_true(
        isnan(lookup(t, "activation=tanh", "0", "I_TY", "n"))); /* nowhere defined */
    assert_true(isnan(lookup(t, "activation=relu", "1", "I_XT", "n"))); /* diverged */
    ipl_table_destroy(t);
    t = read_out(state, "out/training-mean.csv");
    assert_close(lookup(t, "activation=tanh", "2", "test_accuracy", "mean"), 0.92, 1e-15);
    assert_close(lookup(t, "activation=tanh", "2", "test_accuracy", "sd"), 0.02, 1e-15);
    ipl_table_destroy(t);
    t = read_out(state, "out/layers-mean.csv");
    assert_close(lookup(t, "activation=tanh", "0", "weight_norm", "mean"), 3.0, 0.0);
    ipl_table_destroy(t);
    t = read_out(state, "out/summary.csv");
    assert_close(lookup(t, "activation=tanh", NULL, "compression_end", "mean"), 0.2, 1e-15);
    assert_close(lookup(t, "activation=tanh", NULL, "compression_end", "sd"), 0.1, 1e-15);
    assert_close(lookup(t, "activation=tanh", NULL, "compression_last50", "mean"), 0.1,
                 1e-15);
    ipl_table_destroy(t);
}

static void an_epoch_that_some_runs_lack_counts_those_that_have_it(void **state)
{
    recipe longer = study[0];
    char path[IPL_PATH_MAX];
    ipl_table *t;

    make_study(state);
    (void)snprintf(path, sizeof path, "%s/%s", (const char *)*state, longer.folder);
    put(path, "information.csv",
        "epoch,step,split,layer,name,estimator,unit,I_XT,I_TY\n"
        "1,10,test,1,fc1,\"a:x=1,y=2\",nats,6,NaN\n"
        "1.5,15,test,1,fc1,\"a:x=1,y=2\",nats,2.5,NaN\n");
    collect(state, "s");
    t = read_out(state, "out/mean.csv");
    assert_close(lookup(t, "activation=tanh", "0", "I_XT", "n"), 2.0, 0.0);
    assert_close(lookup(t, "activation=tanh", "1.5", "I_XT", "n"), 1.0, 0.0);
    assert_close(lookup(t, "activation=tanh", "1.5", "I_XT", "mean"), 2.5, 0.0);
    assert_close(lookup(t, "activation=tanh", "1.5", "I_XT", "sd"), 0.0, 0.0);
    ipl_table_destroy(t);
}

/* ---- collections ---- */

static void what_differs_becomes_a_column(void **state)
{
    const recipe a = {"d/a", "optimiser = sgd:lr=0.1\nname = x\n", "done", 0.5, {1, 2, 3},
                      0.1};
    const recipe b = {"d/b", "optimiser = sgd:lr=0.2\nname = y\n", "done", 0.6, {1, 2, 3},
                      0.2};
    const recipe c = {"d/c",     "optimiser = adam:lr=0.2\nrecord = activations\n",
                      "stopped", 0.7,
                      {1, 2, 3}, 0.3};
    ipl_runs runs;
    ipl_collection found;
    size_t len;

    make_run(state, &a);
    make_run(state, &b);
    make_run(state, &c);
    runs = find(state, "d");
    assert_int_equal(ipl_collection_read(&found, &runs, NULL), IPL_OK);
    assert_int_equal(found.n_points, 3);
    assert_int_equal(found.n_keys, 2); /* not what only one of the optimisers has */
    assert_string_equal(found.keys[0], "optimiser");
    assert_string_equal(found.keys[1], "optimiser.lr");
    assert_string_equal(found.points[0].label.s, "optimiser=sgd optimiser.lr=0.1");
    assert_memory_equal(ipl_collected_value(&len, &found.runs[1], "optimiser.lr"), "0.2",
                        3);
    assert_int_equal(len, 3);
    assert_int_equal(found.points[2].n_done, 0);
    ipl_collection_release(&found);
    ipl_runs_release(&runs);
}

static void seeds_alone_are_one_point_with_the_name_of_the_experiment(void **state)
{
    recipe a = {"d/seed1", "seed = 1\nname = szt-tanh\n", "done", 0.5, {1, 2, 3}, 0.1};
    ipl_runs runs;
    ipl_collection found;

    make_run(state, &a);
    a.folder = "d/seed2";
    a.keys = "seed = 2\nname = szt-tanh\n";
    make_run(state, &a);
    runs = find(state, "d");
    assert_int_equal(ipl_collection_read(&found, &runs, NULL), IPL_OK);
    assert_int_equal(found.n_points, 1);
    assert_int_equal(found.points[0].n_runs, 2);
    assert_string_equal(found.points[0].label.s, "szt-tanh");
    ipl_collection_release(&found);
    ipl_runs_release(&runs);
}

/* Compression 0.1 0.2 0.3 with accuracy 0.90 0.92 0.94: rho = 1, p = 2 / 3!. */
static void the_text_has_the_spread_and_the_correlation(void **state)
{
    ipl_text text = {0};
    ipl_runs runs;
    ipl_collection c;

    make_study(state);
    runs = find(state, "s");
    assert_int_equal(ipl_collection_read(&c, &runs, NULL), IPL_OK);
    assert_int_equal(ipl_collection_print(&text, &c, NULL), IPL_OK);
    assert_non_null(strstr(text.s, "4 runs of 2 points: 3 done, 1 diverged"));
    assert_non_null(
        strstr(text.s, "activation=tanh: 3 of 3 runs done, test accuracy 92 +- 2 %"));
    assert_non_null(strstr(text.s, "20 +- 10"));
    assert_non_null(strstr(text.s, "3 of 3"));
    assert_non_null(strstr(text.s, "+1.00, p = 0.33, n = 3"));
    assert_non_null(strstr(text.s, "I(T_prev;T) falls in fc1."));
    ipl_text_release(&text);
    ipl_collection_release(&c);
    ipl_runs_release(&runs);
}

static void sweep_csv_has_a_row_for_every_run(void **state)
{
    ipl_table *t;
    size_t folder, state_column, activation, seed, compression, last50;

    make_study(state);
    collect(state, "s");
    t = read_out(state, "out/sweep.csv");
    assert_int_equal(ipl_table_rows(t), 4);
    assert_int_equal(ipl_table_column(&folder, t, "folder", NULL), IPL_OK);
    assert_int_equal(ipl_table_column(&state_column, t, "state", NULL), IPL_OK);
    assert_int_equal(ipl_table_column(&activation, t, "activation", NULL), IPL_OK);
    assert_int_equal(ipl_table_column(&seed, t, "seed", NULL), IPL_OK);
    assert_int_equal(ipl_table_column(&compression, t, "compression_end_1", NULL), IPL_OK);
    assert_int_equal(ipl_table_column(&last50, t, "compression_last50_1", NULL), IPL_OK);
    assert_string_equal(ipl_table_text(t, 0, state_column), "diverged");
    assert_string_equal(ipl_table_text(t, 3, folder), "activation=tanh/seed10");
    assert_string_equal(ipl_table_text(t, 3, activation), "tanh");
    assert_string_equal(ipl_table_text(t, 3, seed), "10");
    assert_string_equal(ipl_table_text(t, 3, compression), "0.3");
    assert_string_equal(ipl_table_text(t, 3, last50), "0.15");
    ipl_table_destroy(t);
}

static void a_damaged_experiment_is_named(void **state)
{
    const recipe r = {"d/a", "bacth = 3\n", "done", 0.5, {1, 2, 3}, 0.1};
    ipl_runs runs;
    ipl_collection c;
    ipl_error err = {0};

    make_run(state, &r);
    runs = find(state, "d");
    assert_int_equal(ipl_collection_read(&c, &runs, &err), IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "d/a/experiment.ini:1"));
    ipl_runs_release(&runs);
}

static void no_memory_is_reported(void **state)
{
    ipl_status st = IPL_E_NOMEM;
    long n = 0;

    make_study(state);
    for (; st == IPL_E_NOMEM; n++) {
        const char *const folders[] = {scratch_path(state, "s")};
        ipl_runs runs = {0};
        ipl_collection c = {0};

        ipl_alloc_fail_after(n);
        st = ipl_runs_find(&runs, folders, 1, NULL);
        if (st == IPL_OK)
            st = ipl_collection_read(&c, &runs, NULL);
        if (st == IPL_OK)
            st = ipl_collection_write(&c, scratch_path(state, "out"), NULL);
        ipl_alloc_fail_after(-1);
        ipl_collection_release(&c);
        ipl_runs_release(&runs);
    }
    assert_int_equal(st, IPL_OK);
    assert_true(n > 50);
}

/* ---- roles ---- */

static void check_roles(const ipl_role *roles, size_t n, const char *want)
{
    ipl_text text = {0};

    ipl_roles_print(&text, roles, n);
    assert_string_equal(text.s, want);
    ipl_text_release(&text);
}

static void roles_say_who_compresses_and_who_gains(void **state)
{
    const double nan = (double)NAN;
    const ipl_role shallow_lose[] = {
        ipl_role_of("fc1", 10, 9.96, 60, 26),
        ipl_role_of("fc2", 10, 9, 20, 19),
        ipl_role_of("fc3", 10, 8, 7, 14),
    };
    const ipl_role deep_lose[] = {
        ipl_role_of("a", 10, 10, 5, 6),
        ipl_role_of("b", 10, 10, 6, 5),
    };
    const ipl_role mixed[] = {
        ipl_role_of("a", 10, 5, 5, 6),
        ipl_role_of("b", 10, 5, 6, 5),
        ipl_role_of("c", 10, 5, 5, 6),
        ipl_role_of("d", 10, 5, 5, 5.001),
    };
    const ipl_role none[] = {ipl_role_of("a", nan, nan, nan, nan)};

    (void)state;
    check_roles(
        shallow_lose, 3,
        "I(X;T) ends below its maximum in fc2, fc3, not in fc1. I(T_prev;T) falls in "
        "fc1, fc2 and grows in fc3: shallow layers lose capacity, deep ones gain it.\n");
    check_roles(
        deep_lose, 2,
        "I(X;T) ends at its maximum in a, b. I(T_prev;T) falls in b and grows in a: "
        "shallow layers gain capacity, deep ones lose it.\n");
    check_roles(
        mixed, 4,
        "I(X;T) ends below its maximum in a, b, c, d. I(T_prev;T) falls in b and grows "
        "in a, c and stays in d.\n");
    check_roles(none, 1, "I(X;T) is not defined at the end.\n");
}

/* ---- figures ---- */

static void a_replicate_is_called_after_its_folder(void **state)
{
    char label[IPL_LABEL_MAX];

    (void)state;
    ipl_plot_label(label, sizeof label, "results/szt-tanh/seed3/");
    assert_string_equal(label, "szt-tanh/seed3");
    ipl_plot_label(label, sizeof label, "seed3");
    assert_string_equal(label, "seed3");
    ipl_plot_label(label, sizeof label, "results/seedling");
    assert_string_equal(label, "seedling");
}

static void points_are_called_as_people_say(void **state)
{
    static const char *const cases[][2] = {
        {"activation=tanh_optimiser.lr=0.1", "tanh lr=0.1"},
        {"activation=tanh optimiser.lr=0.1", "tanh lr=0.1"},
        {"batch=32 (3 runs)", "batch=32 (3 runs)"},
        {"demo_tanh", "demo_tanh"},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char label[64];

        (void)snprintf(label, sizeof label, "%s", cases[i][0]);
        ipl_plot_prettify(label);
        assert_string_equal(label, cases[i][1]);
    }
}

static void a_folder_stands_for_its_runs_that_are_done(void **state)
{
    char own[IPL_PATH_MAX];
    const char *const paths[] = {own, "nothing", scratch_path(state, "s")};
    ipl_plot_paths found;

    make_study(state);
    (void)snprintf(own, sizeof own, "%s", scratch_path(state, "s/activation=relu/seed1"));
    assert_int_equal(ipl_plot_expand(&found, paths + 2, 1, NULL), IPL_OK);
    assert_int_equal(found.n, 3);
    assert_true(found.expanded);
    assert_non_null(strstr(found.note, "1 of 4"));
    ipl_plot_paths_release(&found);
    assert_int_equal(ipl_plot_expand(&found, paths, 2, NULL), IPL_OK);
    assert_int_equal(found.n, 2); /* as they were given: the reader judges them */
    assert_false(found.expanded);
    assert_string_equal(found.list[0], own);
    assert_string_equal(found.list[1], "nothing");
    ipl_plot_paths_release(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(runs_are_found_in_natural_order),
        IN_SCRATCH(a_list_of_jobs_has_those_that_wait_too),
        IN_SCRATCH(a_run_without_a_process_was_interrupted),
        IN_SCRATCH(folders_without_a_run_are_refused),
        cmocka_unit_test(numbers_in_names_count_as_numbers),
        IN_SCRATCH(means_are_over_the_replicates_that_are_done),
        IN_SCRATCH(an_epoch_that_some_runs_lack_counts_those_that_have_it),
        IN_SCRATCH(what_differs_becomes_a_column),
        IN_SCRATCH(seeds_alone_are_one_point_with_the_name_of_the_experiment),
        IN_SCRATCH(the_text_has_the_spread_and_the_correlation),
        IN_SCRATCH(sweep_csv_has_a_row_for_every_run),
        IN_SCRATCH(a_damaged_experiment_is_named),
        IN_SCRATCH(no_memory_is_reported),
        cmocka_unit_test(roles_say_who_compresses_and_who_gains),
        cmocka_unit_test(a_replicate_is_called_after_its_folder),
        cmocka_unit_test(points_are_called_as_people_say),
        IN_SCRATCH(a_folder_stands_for_its_runs_that_are_done),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
