/* Every allocation of a parser may fail: it says so, and leaves nothing behind. */
#include "scratch.h"

#include "base/alloc.h"
#include "base/gzip.h"
#include "math/npy_view.h"
#include "nn/net_state.h"
#include "run/checkpoint.h"
#include "run/estimator_texts.h"
#include "run/experiment.h"
#include "run/stack.h"
#include "run/table.h"
#include "run/track.h"

/* One go at a parser, from a folder with its files. */
typedef ipl_status (*attempt)(const char *folder, ipl_error *err);

/* The attempt passes with memory enough, and with less of it reports each allocation. */
static void reports_every_allocation(void **state, attempt fn)
{
    const int before = next_descriptor();
    ipl_error err = {0};
    ipl_status st = IPL_E_NOMEM;
    long n = 0;

    for (; st == IPL_E_NOMEM && n < 10000; n++) {
        err = (ipl_error){0};
        ipl_alloc_fail_after(n);
        st = fn(*state, &err);
        ipl_alloc_fail_after(-1);
        assert_true(st == IPL_OK || err.msg[0] != '\0');
        assert_int_equal(next_descriptor(), before);
    }
    if (st != IPL_OK)
        fail_msg("allocation %ld: %s", n - 1, err.msg);
    assert_true(n > 1); /* it does allocate */
}

static const char *path_of(const char *folder, const char *name)
{
    static char path[IPL_PATH_MAX];

    assert_int_equal(ipl_path_join(path, folder, name, NULL), IPL_OK);
    return path;
}

static ipl_status expand(const char *folder, ipl_error *err)
{
    ipl_estimator_texts texts;
    const ipl_status st =
        ipl_estimator_texts_create(&texts, "logdet:beta={1,2},scale={cov,corr} kde", err);

    (void)folder;
    assert_true(st == IPL_OK ? texts.n == 5 : !texts.store);
    ipl_estimator_texts_release(&texts);
    return st;
}

static ipl_status read_experiment(const char *folder, ipl_error *err)
{
    static ipl_experiment exp;
    const char *path = path_of(folder, "e.ini");
    ipl_status st;

    scratch_write(path, "[measuring]\nestimator = kde\nestimator = logdet\n", 47);
    ipl_opt_init(&exp, ipl_experiment_opts);
    st = ipl_experiment_read(&exp, path, err);
    return st == IPL_OK ? ipl_experiment_name(&exp, NULL, err) : st;
}

static ipl_status read_gzip(const char *folder, ipl_error *err)
{
    const char *path = path_of(folder, "plain");
    ipl_gzip *file;
    char byte;
    ipl_status st;

    scratch_write(path, "x", 1);
    st = ipl_gzip_open(&file, path, err);
    if (st == IPL_OK)
        st = ipl_gzip_read(&byte, 1, file, err);
    ipl_gzip_close(file);
    return st;
}

static ipl_status view_array(const char *folder, ipl_error *err)
{
    static const size_t dims[] = {3, 2};
    static const int64_t data[6];
    const char *path = path_of(folder, "a.npy");
    ipl_npy_view view;
    ipl_status st = IPL_OK;

    if (!ipl_file_exists(path)) { /* integers: they are copied */
        ipl_alloc_fail_after(-1);
        assert_int_equal(ipl_npy_write_i64(path, data, dims, 2, NULL), IPL_OK);
        ipl_alloc_fail_after(0);
    }
    st = ipl_npy_view_open(&view, path, err);
    ipl_npy_view_close(&view);
    return st;
}

static ipl_status read_track(const char *folder, ipl_error *err)
{
    static const char text[] = "epoch,layer,name,split,estimator,x\n0,1,a,train,e,1\n"
                               "1,1,a,train,e,2\n2,1,a,train,e,3\n";
    static const char *const fields[] = {"x"};
    const ipl_track_query query = {.fields = fields,
                                   .n_fields = 1,
                                   .layers = true,
                                   .split = "train",
                                   .estimator = "e"};
    const char *path = path_of(folder, "t.csv");
    ipl_table *table = NULL;
    ipl_track track = {0}, mean = {0}, sd = {0};
    const ipl_track *const runs[] = {&track, &track};
    ipl_status st;

    scratch_write(path, text, sizeof text - 1);
    st = ipl_table_read(&table, path, err);
    if (st == IPL_OK)
        st = ipl_track_read(&track, table, &query, err);
    if (st == IPL_OK)
        st = ipl_track_mean(&mean, &sd, runs, 2, err);
    if (st == IPL_OK)
        st = ipl_track_thin(&mean, 2, err);
    ipl_track_release(&sd);
    ipl_track_release(&mean);
    ipl_track_release(&track);
    ipl_table_destroy(table);
    return st;
}

static ipl_status read_folder(const char *folder, ipl_error *err)
{
    static const char *const names[] = {"epoch0", "epoch0/a.npy", "b-0.npy"};
    char path[IPL_PATH_MAX], x[IPL_PATH_MAX];
    ipl_stack stack;
    ipl_status st;

    assert_int_equal(ipl_path_join(path, folder, "arrays", NULL), IPL_OK);
    if (!ipl_file_exists(path)) {
        ipl_alloc_fail_after(-1);
        assert_int_equal(ipl_folder_create(path, NULL), IPL_OK);
        assert_int_equal(ipl_folder_create(path_of(path, names[0]), NULL), IPL_OK);
        scratch_write(path_of(path, names[1]), "", 0);
        scratch_write(path_of(path, names[2]), "", 0);
        ipl_alloc_fail_after(0);
    }
    assert_int_equal(ipl_path_join(x, path, "x.npy", NULL), IPL_OK);
    st = ipl_stack_of_folder(&stack, path, x, "", "", err);
    assert_true(st != IPL_OK || stack.n_layers == 2);
    ipl_stack_release(&stack);
    return st;
}

static ipl_status read_checkpoint(const char *folder, ipl_error *err)
{
    const char *path = path_of(folder, "last");
    const ipl_checkpoint out = {.experiment = "a\n",
                                .data = "",
                                .build = "b",
                                .segments = "",
                                .state = "1234",
                                .state_size = 4};
    ipl_checkpoint c;
    ipl_status st;

    assert_int_equal(ipl_checkpoint_write(path, NULL, &out, NULL, 0, NULL), IPL_OK);
    st = ipl_checkpoint_read(&c, path, 1 << 20, err);
    assert_true(st == IPL_OK || !c.bytes);
    ipl_checkpoint_release(&c);
    return st;
}

static void estimator_texts_report_it(void **state)
{
    reports_every_allocation(state, expand);
}

static void an_experiment_reports_it(void **state)
{
    reports_every_allocation(state, read_experiment);
}

static void a_gzip_file_reports_it(void **state)
{
    reports_every_allocation(state, read_gzip);
}

static void a_view_of_an_array_reports_it(void **state)
{
    reports_every_allocation(state, view_array);
}

static void a_table_and_its_tracks_report_it(void **state)
{
    reports_every_allocation(state, read_track);
}

static void a_folder_of_arrays_reports_it(void **state)
{
    reports_every_allocation(state, read_folder);
}

static void a_checkpoint_reports_it(void **state)
{
    reports_every_allocation(state, read_checkpoint);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(estimator_texts_report_it),
        cmocka_unit_test(an_experiment_reports_it),
        cmocka_unit_test(a_gzip_file_reports_it),
        cmocka_unit_test(a_view_of_an_array_reports_it),
        cmocka_unit_test(a_table_and_its_tracks_report_it),
        cmocka_unit_test(a_folder_of_arrays_reports_it),
        cmocka_unit_test(a_checkpoint_reports_it),
    };

    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
