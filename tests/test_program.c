/* Where the files that ship with the program are looked for, and the programs it starts. */
#include "base/file.h"
#include "base/program.h"
#include "scratch.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void the_running_program_has_an_absolute_path(void **state)
{
    char path[IPL_PATH_MAX], folder[IPL_PATH_MAX];

    (void)state;
    assert_true(ipl_program_path(path));
    assert_int_equal(path[0], '/');
    assert_non_null(strstr(path, "/tests/test_program"));
    assert_true(ipl_program_folder(folder, 1));
    assert_memory_equal(path, folder, strlen(folder));
    assert_string_equal(path + strlen(folder), "/test_program");
    assert_false(ipl_program_folder(folder, 1000));
}

static void a_program_of_the_build_tree_finds_its_scripts_from_everywhere(void **state)
{
    char out[IPL_PATH_MAX], before[IPL_PATH_MAX];

    (void)state;
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(unsetenv("INFOPLANE_SHARE"), 0);
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(ipl_share_find(out, "figure.gp", NULL), IPL_OK);
    assert_int_equal(chdir(before), 0);
    assert_int_equal(out[0], '/');
    assert_true(ipl_file_exists(out));
}

static void the_folder_of_the_environment_is_first(void **state)
{
    const char *root = *state;
    char out[IPL_PATH_MAX], own[IPL_PATH_MAX];
    ipl_error err = {0};

    assert_int_equal(setenv("INFOPLANE_SHARE", root, 1), 0);
    assert_int_equal(ipl_path_join(own, root, "figure.gp", NULL), IPL_OK);
    assert_int_equal(ipl_share_find(out, "figure.gp", NULL), IPL_OK);
    assert_string_not_equal(out, own);
    assert_int_equal(ipl_file_replace(own, "", 0, NULL), IPL_OK);
    assert_int_equal(ipl_share_find(out, "figure.gp", NULL), IPL_OK);
    assert_string_equal(out, own);
    assert_int_equal(ipl_share_find(out, "no/such.gp", &err), IPL_E_NOINPUT);
    assert_non_null(strstr(err.msg, "no/such.gp"));
    assert_non_null(strstr(err.msg, root));
    assert_int_equal(unsetenv("INFOPLANE_SHARE"), 0);
    assert_int_equal(ipl_share_find(out, "no/such.gp", &err), IPL_E_NOINPUT);
    assert_non_null(strstr(err.msg, "INFOPLANE_SHARE"));
}

static void the_current_folder_is_never_looked_in(void **state)
{
    char out[IPL_PATH_MAX], before[IPL_PATH_MAX];

    assert_int_equal(unsetenv("INFOPLANE_SHARE"), 0);
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(*state), 0);
    assert_int_equal(mkdir("scripts", 0777), 0);
    assert_int_equal(ipl_file_replace("scripts/foreign.gp", "", 0, NULL), IPL_OK);
    assert_int_equal(ipl_share_find(out, "foreign.gp", NULL), IPL_E_NOINPUT);
    assert_int_equal(ipl_file_replace("foreign.gp", "", 0, NULL), IPL_OK);
    assert_int_equal(ipl_share_find(out, "foreign.gp", NULL), IPL_E_NOINPUT);
    assert_int_equal(chdir(before), 0);
}

static void path_keeps_its_absolute_folders(void **state)
{
    static const struct {
        const char *before, *after;
    } cases[] = {
        {"/usr/bin:/bin", "/usr/bin:/bin"},
        {".:/usr/bin", "/usr/bin"},
        {":/usr/bin", "/usr/bin"},
        {"/usr/bin:", "/usr/bin"},
        {"/usr/bin::/bin", "/usr/bin:/bin"},
        {"bin:./x:../y:/opt/a b:/bin", "/opt/a b:/bin"},
        {"", "/usr/bin:/bin"},
        {"::", "/usr/bin:/bin"},
    };
    const char *path = getenv("PATH");
    char *before = strdup(path ? path : "/usr/bin");

    (void)state;
    assert_non_null(before);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(setenv("PATH", cases[i].before, 1), 0);
        assert_int_equal(ipl_program_clean_path(NULL), IPL_OK);
        assert_string_equal(getenv("PATH"), cases[i].after);
    }
    assert_int_equal(unsetenv("PATH"), 0);
    assert_int_equal(ipl_program_clean_path(NULL), IPL_OK);
    assert_string_equal(getenv("PATH"), "/usr/bin:/bin");
    assert_int_equal(setenv("PATH", before, 1), 0);
    free(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_running_program_has_an_absolute_path),
        cmocka_unit_test(a_program_of_the_build_tree_finds_its_scripts_from_everywhere),
        cmocka_unit_test_setup_teardown(the_folder_of_the_environment_is_first,
                                        scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(the_current_folder_is_never_looked_in,
                                        scratch_setup, scratch_teardown),
        cmocka_unit_test(path_keeps_its_absolute_folders),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
