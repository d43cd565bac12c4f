#include "scratch.h"

#include "base/alloc.h"
#include "run/experiment.h"
#include "run/when.h"

static ipl_experiment exp_a, exp_b; /* large */

/* Write text to a file of its own; the caller unlinks it. */
static void write_file(char *path, const char *text)
{
    static const char pattern[] = "/tmp/ipl_experiment_XXXXXX";
    FILE *fp;
    int fd;

    memcpy(path, pattern, sizeof pattern);
    fd = mkstemp(path);
    assert_true(fd >= 0);
    fp = fdopen(fd, "w");
    assert_non_null(fp);
    fputs(text, fp);
    assert_int_equal(fclose(fp), 0);
}

static ipl_status read_text(ipl_experiment *exp, const char *text, ipl_error *err)
{
    char path[64];
    ipl_status st;

    ipl_opt_init(exp, ipl_experiment_opts);
    write_file(path, text);
    st = ipl_experiment_read(exp, path, err);
    unlink(path);
    return st;
}

static void what_is_printed_reads_back_the_same(void **state)
{
    ipl_text once = {0}, twice = {0};
    ipl_error err = {0};

    (void)state;
    assert_int_equal(read_text(&exp_a,
                               "# a comment\n"
                               "seed = 18446744073709551615\n"
                               "[training]\r\n  epochs=7\n"
                               "optimiser = adam:lr=0.0004\n\n"
                               "[measuring]\nestimator = logdet:beta=rd\n"
                               "estimator = logdet:beta=own\n",
                               &err),
                     IPL_OK);
    assert_string_equal(exp_a.estimator, "logdet:beta=rd logdet:beta=own");
    assert_true(exp_a.seed == UINT64_MAX);
    ipl_experiment_print(&once, &exp_a);
    assert_int_equal(read_text(&exp_b, once.s, &err), IPL_OK);
    ipl_experiment_print(&twice, &exp_b);
    assert_string_equal(once.s, twice.s);
    assert_int_equal(exp_b.epochs, 7);
    ipl_text_release(&once);
    ipl_text_release(&twice);
}

/* "net =" is no default: it has to be written down as what it is. */
static void an_empty_text_is_printed_as_empty(void **state)
{
    ipl_text text = {0};
    ipl_error err = {0};

    (void)state;
    assert_int_equal(read_text(&exp_a, "net =\nestimator = \n", &err), IPL_OK);
    ipl_experiment_print(&text, &exp_a);
    assert_non_null(text.s);
    assert_int_equal(read_text(&exp_b, text.s, &err), IPL_OK);
    assert_string_equal(exp_b.net, "");
    assert_string_equal(exp_b.estimator, "");
    ipl_text_release(&text);
}

static void a_bad_line_is_named_with_its_number(void **state)
{
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"epochs 5\n", ":1: 'epochs 5' is not key = value"},
        {"\nepoch = 5\n", ":2: unknown key 'epoch'; did you mean 'epochs'?"},
        {"epochs = 5\nepochs = 6\n", ":2: 'epochs' is given twice"},
        {"epochs = many\n", ":1: epochs: 'many' is not a number"},
        {"epochs = 1.5\n", ":1: epochs: '1.5' is not a whole number"},
        {"batch = 0\n", ":1: batch: 0 is out of range"},
        {"train-share = 2\n", ":1: train-share: 2 is out of range"},
        {"scale = huge\n", ":1: scale: 'huge' is not one of unit|raw|channel|feature"},
        {"[net]\nepochs = 5\n", ":2: 'epochs' belongs to section [training]"},
        {"[nets]\n", ":1: no section 'nets'"},
        {"[net\n", ":1: section without ']'"},
        {"seed = -1\n", ":1: seed: '-1' is not a whole number"},
        {"shuffle = maybe\n", ":1: shuffle: 'maybe' is not yes or no"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ipl_error err = {0};

        assert_int_equal(read_text(&exp_a, bad[i].text, &err), IPL_E_FORMAT);
        if (!strstr(err.msg, bad[i].message))
            fail_msg("want '%s', got '%s'", bad[i].message, err.msg);
    }
}

static void a_missing_file_is_no_input(void **state)
{
    ipl_error err = {0};

    (void)state;
    assert_int_equal(ipl_experiment_read(&exp_a, "/nonexistent/x.ini", &err),
                     IPL_E_NOINPUT);
    assert_string_equal(err.msg, "/nonexistent/x.ini: No such file or directory");
}

static void the_name_comes_from_preset_or_data_and_activation(void **state)
{
    (void)state;
    ipl_opt_init(&exp_a, ipl_experiment_opts);
    assert_int_equal(ipl_experiment_name(&exp_a, "szt-tanh", NULL), IPL_OK);
    assert_string_equal(exp_a.name, "szt-tanh");

    ipl_opt_init(&exp_a, ipl_experiment_opts);
    strcpy(exp_a.activation, "relu");
    assert_int_equal(ipl_experiment_name(&exp_a, "szt-tanh", NULL), IPL_OK);
    assert_string_equal(exp_a.name, "szt-tanh-relu"); /* as long, and another */

    ipl_opt_init(&exp_a, ipl_experiment_opts);
    strcpy(exp_a.activation, "leaky-relu:slope=0.1");
    assert_int_equal(ipl_experiment_name(&exp_a, "demo", NULL), IPL_OK);
    assert_string_equal(exp_a.name, "demo-leaky-relu");

    ipl_opt_init(&exp_a, ipl_experiment_opts);
    strcpy(exp_a.data, "gaussian:n=100");
    assert_int_equal(ipl_experiment_name(&exp_a, NULL, NULL), IPL_OK);
    assert_string_equal(exp_a.name, "gaussian-tanh");

    strcpy(exp_a.name, "../up");
    assert_int_equal(ipl_experiment_name(&exp_a, NULL, NULL), IPL_E_ARG);
}

static void every_preset_reads_and_says_what_it_is(void **state)
{
    ipl_preset *list;
    ipl_error err = {0};
    size_t n;

    (void)state;
    assert_int_equal(ipl_preset_list(&list, &n, &err), IPL_OK);
    assert_true(n >= 8);
    for (size_t i = 0; i < n; i++) {
        char path[IPL_PATH_MAX];

        assert_true(list[i].about[0] && list[i].source[0] && list[i].time[0]);
        assert_int_equal(ipl_preset_find(path, list[i].name, &err), IPL_OK);
        ipl_opt_init(&exp_a, ipl_experiment_opts);
        if (ipl_experiment_read(&exp_a, path, &err) != IPL_OK)
            fail_msg("%s", err.msg);
    }
    ipl_free(list);
}

static void an_unknown_preset_names_the_nearest(void **state)
{
    char path[IPL_PATH_MAX];
    ipl_error err = {0};

    (void)state;
    assert_int_equal(ipl_preset_find(path, "szt-tahn", &err), IPL_E_ARG);
    assert_string_equal(err.msg, "no preset 'szt-tahn'; did you mean 'szt-tanh'?");
}

/* A folder "presets" of our own, below the one that INFOPLANE_SHARE names. */
static int begin_presets(void **state)
{
    return scratch_setup(state) != 0 || setenv("INFOPLANE_SHARE", *state, 1) != 0 ||
           ipl_folder_create(scratch_path(state, "presets"), NULL) != IPL_OK;
}

static int end_presets(void **state)
{
    return unsetenv("INFOPLANE_SHARE") | scratch_teardown(state);
}

static void write_preset(void **state, const char *name, const char *text)
{
    char file[128];

    (void)snprintf(file, sizeof file, "presets/%s", name);
    scratch_write(scratch_path(state, file), text, strlen(text));
}

static void presets_are_the_ini_files_of_their_folder(void **state)
{
    char longest[80], too_long[80], path[IPL_PATH_MAX];
    ipl_preset *list;
    ipl_error err = {0};
    size_t n;

    memset(longest, 'z', 63);
    memcpy(longest + 63, ".ini", 5);
    memset(too_long, 'z', 64);
    memcpy(too_long + 64, ".ini", 5);
    write_preset(state, longest, "# about: the longest\n# time: 1 s");
    write_preset(state, too_long, "");
    write_preset(state, "a.ini", "epochs = 1\n# about: A b\r\n");
    write_preset(state, "a.txt", "");
    write_preset(state, ".ini", "");
    assert_int_equal(ipl_preset_list(&list, &n, &err), IPL_OK);
    assert_int_equal(n, 2);
    assert_string_equal(list[0].name, "a");
    assert_string_equal(list[0].about, "A b");
    assert_string_equal(list[0].source, "");
    assert_int_equal(strlen(list[1].name), 63);
    assert_string_equal(list[1].time, "1 s");
    ipl_free(list);
    assert_int_equal(ipl_preset_find(path, "entirely-different", &err), IPL_E_ARG);
    assert_string_equal(err.msg,
                        "no preset 'entirely-different'; see 'infoplane list presets'");
}

static void a_preset_too_many_is_told(void **state)
{
    char name[32];
    ipl_preset *list;
    ipl_error err = {0};
    size_t n;

    for (int i = 0; i < 256; i++) {
        (void)snprintf(name, sizeof name, "p%03d.ini", i);
        write_preset(state, name, "");
    }
    assert_int_equal(ipl_preset_list(&list, &n, &err), IPL_OK);
    assert_int_equal(n, 256);
    ipl_free(list);
    write_preset(state, "p256.ini", "");
    assert_int_equal(ipl_preset_list(&list, &n, &err), IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "more than 256 presets"));
    assert_null(list);
}

static void presets_that_cannot_be_read_are_named(void **state)
{
    static char many[IPL_PATH_MAX];
    const char *share = *state, *folder = scratch_path(state, "presets");
    const int before = next_descriptor();
    const char *file = scratch_path(state, "presets/b.ini");
    char path[IPL_PATH_MAX];
    ipl_preset *list;
    ipl_error err = {0};
    size_t n;

    assert_int_equal(ipl_folder_create(file, NULL), IPL_OK); /* a folder of that name */
    assert_int_equal(ipl_preset_list(&list, &n, &err), IPL_E_NOINPUT);
    assert_non_null(strstr(err.msg, "/b.ini: is a folder"));
    assert_null(list);
    assert_int_equal(ipl_folder_remove(file, NULL), IPL_OK);

    write_preset(state, "c.ini", "");
    for (long k = 0; k < 2; k++) { /* of the list, and of a file */
        ipl_alloc_fail_after(k);
        assert_int_equal(ipl_preset_list(&list, &n, &err), IPL_E_NOMEM);
        ipl_alloc_fail_after(-1);
        assert_null(list);
    }
    memset(many, '/', sizeof many - 1); /* the folder fits, and not its files */
    memcpy(many, share, strlen(share));
    many[sizeof many - 1 - sizeof "presets/"] = '\0';
    assert_int_equal(setenv("INFOPLANE_SHARE", many, 1), 0);
    assert_int_equal(ipl_preset_list(&list, &n, &err), IPL_E_ARG);
    assert_non_null(strstr(err.msg, "path is too long"));
    memset(many, '/', sizeof many - 1); /* nor does the folder */
    assert_int_equal(setenv("INFOPLANE_SHARE", many, 1), 0);
    assert_int_equal(ipl_preset_list(&list, &n, &err), IPL_E_ARG);
    assert_int_equal(ipl_preset_find(path, "c", &err), IPL_E_ARG);
    assert_non_null(strstr(err.msg, "path is too long"));

    assert_int_equal(setenv("INFOPLANE_SHARE", share, 1), 0);
    assert_int_equal(ipl_folder_remove(folder, NULL), IPL_OK);
    scratch_write(folder, "", 0); /* a file in place of the folder */
    assert_int_equal(ipl_preset_list(&list, &n, &err), IPL_E_NOINPUT);
    assert_non_null(strstr(err.msg, "/presets: cannot be read"));
    assert_null(list);
    assert_int_equal(next_descriptor(), before);
}

/* The marked epochs of a run of 100 as text. */
static void marked(char *out, const char *text)
{
    bool due[101];

    out[0] = '\0';
    assert_int_equal(ipl_when_parse(due, 100, text, "measure", NULL), IPL_OK);
    for (size_t e = 0; e <= 100; e++)
        if (due[e])
            sprintf(out + strlen(out), "%zu ", e);
}

static void measuring_times_follow_the_text(void **state)
{
    char out[1024];
    bool all[4];

    (void)state;
    marked(out, "every:25");
    assert_string_equal(out, "0 25 50 75 100 ");
    marked(out, "every:40"); /* the last epoch always */
    assert_string_equal(out, "0 40 80 100 ");
    marked(out, "log:3"); /* 1, 10, 100 */
    assert_string_equal(out, "0 1 10 100 ");
    marked(out, "log:1");
    assert_string_equal(out, "0 100 ");
    marked(out, "100,0,7");
    assert_string_equal(out, "0 7 100 ");
    marked(out, "none");
    assert_string_equal(out, "");
    assert_int_equal(ipl_when_parse(all, 3, "every", "measure", NULL), IPL_OK);
    assert_true(all[0] && all[1] && all[2] && all[3]);
}

/* A thousand million points are as many as there are epochs, and no loop over them. */
static void more_points_than_epochs_are_all_epochs(void **state)
{
    bool due[101];
    size_t n = 0;

    (void)state;
    for (int k = 0; k < 100; k++)
        assert_int_equal(ipl_when_parse(due, 100, "log:1000000000", "measure", NULL),
                         IPL_OK);
    for (size_t e = 0; e <= 100; e++)
        n += due[e];
    assert_int_equal(n, 101);
    assert_int_equal(ipl_when_parse(due, 0, "log:1000000000", "measure", NULL), IPL_OK);
    assert_int_equal(ipl_when_parse(due, 100, "log:935", "measure", NULL),
                     IPL_OK); /* counted one by one */
    for (size_t e = n = 0; e <= 100; e++)
        n += due[e];
    assert_int_equal(n, 101);
}

static void a_bad_measuring_time_is_refused(void **state)
{
    static const char *const bad[] = {"",     "always", "log:", "log:0", "every:-1",
                                      "1,,2", "101",    "1,2,", "0x1",   "1 2"};
    bool due[101];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(ipl_when_parse(due, 100, bad[i], "measure", NULL), IPL_E_FORMAT);
}

#define WITH_PRESETS(test) cmocka_unit_test_setup_teardown(test, begin_presets, end_presets)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_printed_reads_back_the_same),
        cmocka_unit_test(an_empty_text_is_printed_as_empty),
        cmocka_unit_test(a_bad_line_is_named_with_its_number),
        cmocka_unit_test(a_missing_file_is_no_input),
        cmocka_unit_test(the_name_comes_from_preset_or_data_and_activation),
        cmocka_unit_test(every_preset_reads_and_says_what_it_is),
        cmocka_unit_test(an_unknown_preset_names_the_nearest),
        cmocka_unit_test(measuring_times_follow_the_text),
        cmocka_unit_test(more_points_than_epochs_are_all_epochs),
        cmocka_unit_test(a_bad_measuring_time_is_refused),
        WITH_PRESETS(presets_are_the_ini_files_of_their_folder),
        WITH_PRESETS(a_preset_too_many_is_told),
        WITH_PRESETS(presets_that_cannot_be_read_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
