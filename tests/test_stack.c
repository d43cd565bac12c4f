/* Names and folders of activations that another program wrote, at their limits. */
#include "scratch.h"

#include "run/stack.h"

static ipl_status stack_of(const char *path, ipl_error *err)
{
    ipl_stack s;
    const ipl_status st = ipl_stack_of_files(&s, &path, 1, "", err);

    ipl_stack_release(&s);
    return st;
}

/* 63 digits are a number; an epoch of more characters is none, and says so. */
static void an_epoch_of_too_many_characters_is_none(void **state)
{
    static const char *const around[][2] = {
        {"epoch", "/fc1.npy"}, {"fc1-", ".npy"}, {"fc1-epoch", ".npy"}};
    static const char *const bad[] = {"epoch-/fc1.npy", "epoch--1/fc1.npy",
                                      "epoch_-1/fc1.npy", "fc1--.npy", "fc1-epoch.npy"};

    (void)state;
    for (size_t i = 0; i < sizeof around / sizeof around[0]; i++)
        for (int digits = 63; digits < 65; digits++) {
            char path[128];
            ipl_error err = {0};

            (void)snprintf(path, sizeof path, "%s%0*d%s", around[i][0], digits, 7,
                           around[i][1]);
            assert_int_equal(stack_of(path, &err), digits == 63 ? IPL_OK : IPL_E_FORMAT);
            if (digits > 63)
                assert_non_null(strstr(err.msg, "no epoch in its name"));
        }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (stack_of(bad[i], NULL) != IPL_E_FORMAT)
            fail_msg("%s was accepted", bad[i]);
}

static void a_layer_of_too_many_characters_is_refused(void **state)
{
    char path[128];
    ipl_error err = {0};

    (void)state;
    memset(path, 'f', 70);
    memcpy(path + 70, "-1.npy", 7);
    assert_int_equal(stack_of(path, &err), IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "has 70 characters, at most 63"));
}

static void a_thousand_layers_are_the_most(void **state)
{
    enum { N = IPL_STACK_LAYERS_MAX + 1 };
    static char names[N][16];
    static const char *paths[N];
    ipl_error err = {0};
    ipl_stack s;

    (void)state;
    for (size_t i = 0; i < N; i++) {
        (void)snprintf(names[i], sizeof names[i], "l%zu-0.npy", i);
        paths[i] = names[i];
    }
    assert_int_equal(ipl_stack_of_files(&s, paths, N - 1, "", NULL), IPL_OK);
    assert_int_equal(s.n_layers, N - 1);
    assert_string_equal(s.names[999], "l999"); /* in the order of the numbers */
    ipl_stack_release(&s);
    assert_int_equal(ipl_stack_of_files(&s, paths, N, "", &err), IPL_E_FORMAT);
    assert_string_equal(err.msg, "l0-0.npy: more than 1000 layers");
}

/* Hidden files, other files, files in folders that are no epochs, and x and y themselves. */
static void only_arrays_that_are_not_x_or_y_are_found(void **state)
{
    static const char *const folders[] = {"epoch1", "epoch2", "other", "epoch1/epoch3"};
    static const char *const files[] = {"epoch1/a.npy",
                                        "epoch2/a.npy",
                                        "a-4.npy",
                                        ".b-4.npy",
                                        "other/c-4.npy",
                                        "readme",
                                        "epochs.txt",
                                        "npy",
                                        "x.npy",
                                        "y.npy",
                                        "epoch1/epoch3/a.npy"};
    const char *x = scratch_path(state, "x.npy"), *y = scratch_path(state, "y.npy");
    char link[128];
    ipl_stack s;

    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        (void)snprintf(link, sizeof link, "%s/%s", (const char *)*state, folders[i]);
        assert_int_equal(ipl_folder_create(link, NULL), IPL_OK);
    }
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        (void)snprintf(link, sizeof link, "%s/%s", (const char *)*state, files[i]);
        scratch_write(link, "", 0);
    }
    (void)snprintf(link, sizeof link, "%s/epoch1/y.npy", (const char *)*state);
    assert_int_equal(symlink(y, link), 0); /* y by another name */
    assert_int_equal(ipl_stack_of_folder(&s, *state, x, y, "", NULL), IPL_OK);
    assert_int_equal(s.n_layers, 1);
    assert_int_equal(s.n_epochs, 3);
    assert_string_equal(s.names[0], "a");
    assert_true(s.epochs[0] == 1.0 && s.epochs[1] == 2.0 && s.epochs[2] == 4.0);
    ipl_stack_release(&s);
}

/* A link that leads nowhere is found, and missed when it is read; x may be elsewhere. */
static void a_file_that_is_gone_is_not_x(void **state)
{
    char link[128];
    ipl_stack s;

    (void)snprintf(link, sizeof link, "%s/a-0.npy", (const char *)*state);
    assert_int_equal(symlink("nowhere", link), 0);
    (void)snprintf(link, sizeof link, "%s/a-1.npy", (const char *)*state);
    scratch_write(link, "", 0);
    assert_int_equal(
        ipl_stack_of_folder(&s, *state, "/dev/null", "/proc/self/stat", "", NULL), IPL_OK);
    assert_int_equal(s.n_epochs, 2);
    ipl_stack_release(&s);
}

static void a_folder_of_many_files_is_read_whole(void **state)
{
    char path[128];
    ipl_stack s;

    for (int i = 0; i < 300; i++) {
        (void)snprintf(path, sizeof path, "%s/a-%d.npy", (const char *)*state, i);
        scratch_write(path, "", 0);
    }
    assert_int_equal(ipl_stack_of_folder(&s, *state, "x", "", "", NULL), IPL_OK);
    assert_int_equal(s.n_epochs, 300);
    for (size_t e = 0; e < 300; e++) {
        (void)snprintf(path, sizeof path, "%s/a-%zu.npy", (const char *)*state, e);
        assert_string_equal(s.files[e], path);
    }
    ipl_stack_release(&s);
}

static void a_path_too_long_for_its_files_is_refused(void **state)
{
    ipl_error err = {0};
    ipl_stack s;

    scratch_write(scratch_path(state, "a-0.npy"), "", 0);
    assert_int_equal(
        ipl_stack_of_folder(&s, scratch_long(state, IPL_PATH_MAX - 7), "x", "", "", &err),
        IPL_E_ARG);
    assert_non_null(strstr(err.msg, "path is too long"));
    assert_int_equal(
        ipl_stack_of_folder(&s, scratch_long(state, IPL_PATH_MAX - 8), "x", "", "", NULL),
        IPL_OK);
    assert_int_equal(s.n_epochs, 1);
    ipl_stack_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(an_epoch_of_too_many_characters_is_none),
        IN_SCRATCH(a_layer_of_too_many_characters_is_refused),
        IN_SCRATCH(a_thousand_layers_are_the_most),
        IN_SCRATCH(only_arrays_that_are_not_x_or_y_are_found),
        IN_SCRATCH(a_file_that_is_gone_is_not_x),
        IN_SCRATCH(a_folder_of_many_files_is_read_whole),
        IN_SCRATCH(a_path_too_long_for_its_files_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
