#include "test.h"

#include "base/alloc.h"
#include "base/file.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static char root[] = "/tmp/infoplane-test-XXXXXX";

static int make_root(void **state)
{
    (void)state;
    return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
    (void)state;
    return ipl_folder_remove(root, NULL) == IPL_OK && !ipl_file_exists(root) ? 0 : -1;
}

/* Path below the test's folder; the last few stay valid. */
static const char *at(const char *name)
{
    static char paths[4][IPL_PATH_MAX];
    static size_t next;
    char *path = paths[next++ % 4];

    assert_int_equal(ipl_path_join(path, root, name, NULL), IPL_OK);
    return path;
}

static void put(const char *path, const char *text)
{
    assert_int_equal(ipl_file_replace(path, text, strlen(text), NULL), IPL_OK);
}

static void check_content(const char *path, const char *want)
{
    char *bytes;
    size_t len;

    assert_int_equal(ipl_file_read(&bytes, &len, path, 1000, NULL), IPL_OK);
    assert_int_equal(len, strlen(want));
    assert_string_equal(bytes, want);
    ipl_free(bytes);
}

/* Number the next open file would get: the same before and after when nothing is left open. */
static int next_descriptor(void)
{
    const int fd = open("/dev/null", O_RDONLY);

    assert_true(fd >= 0);
    (void)close(fd);
    return fd;
}

static void paths_join_with_one_slash(void **state)
{
    char out[IPL_PATH_MAX], longest[IPL_PATH_MAX];
    ipl_error err = {0};

    (void)state;
    assert_int_equal(ipl_path_join(out, "a", "b", NULL), IPL_OK);
    assert_string_equal(out, "a/b");
    assert_int_equal(ipl_path_join(out, "a/", "b", NULL), IPL_OK);
    assert_string_equal(out, "a/b");
    assert_int_equal(ipl_path_join(out, "", "b", NULL), IPL_OK);
    assert_string_equal(out, "b");
    assert_int_equal(ipl_path_join(out, "/", "b", NULL), IPL_OK);
    assert_string_equal(out, "/b");
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(ipl_path_join(out, longest, "b", &err), IPL_E_ARG);
}

static void a_file_reads_as_it_was_written(void **state)
{
    const char bytes[] = "a\0b\n";
    char *back;
    size_t len;

    (void)state;
    assert_int_equal(ipl_file_replace(at("bin"), bytes, 4, NULL), IPL_OK);
    assert_int_equal(ipl_file_read(&back, &len, at("bin"), 4, NULL), IPL_OK);
    assert_int_equal(len, 4);
    assert_memory_equal(back, bytes, 5); /* and a NUL behind it */
    ipl_free(back);
    put(at("empty"), "");
    check_content(at("empty"), "");
}

static void what_cannot_be_read_is_no_input(void **state)
{
    const int before = next_descriptor();
    const char *paths[3];

    (void)state;
    assert_int_equal(mkfifo(at("pipe"), 0600), 0);
    paths[0] = at("missing");
    paths[1] = root;
    paths[2] = at("pipe"); /* nobody writes into it: must not wait */
    for (size_t i = 0; i < 3; i++) {
        char *bytes = root;
        size_t len;
        ipl_error err = {0};

        assert_int_equal(ipl_file_read(&bytes, &len, paths[i], 10, &err), IPL_E_NOINPUT);
        assert_null(bytes);
        assert_non_null(strstr(err.msg, paths[i]));
    }
    assert_int_equal(next_descriptor(), before);
}

static void a_file_longer_than_the_limit_is_refused(void **state)
{
    char *bytes;
    size_t len;
    ipl_error err = {0};

    (void)state;
    put(at("five"), "12345");
    assert_int_equal(ipl_file_read(&bytes, &len, at("five"), 4, &err), IPL_E_FORMAT);
    assert_null(bytes);
    assert_non_null(strstr(err.msg, "at most 4"));
}

static void replacing_leaves_no_other_file(void **state)
{
    (void)state;
    put(at("table"), "old");
    put(at("table"), "new");
    check_content(at("table"), "new");
    assert_false(ipl_file_exists(at("table.tmp")));
}

static void a_failed_replacement_keeps_the_old_content(void **state)
{
    const struct rlimit small = {.rlim_cur = 1000, .rlim_max = RLIM_INFINITY};
    struct rlimit before;
    char *big = ipl_array(1, 5000, 1, NULL);
    ipl_error err = {0};

    (void)state;
    assert_non_null(big);
    put(at("kept"), "old");
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_int_equal(ipl_file_replace(at("kept"), big, 5000, &err), IPL_E_IO);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    ipl_free(big);
    check_content(at("kept"), "old");
    assert_false(ipl_file_exists(at("kept.tmp")));
}

static void a_link_in_the_place_of_the_temporary_file_is_not_followed(void **state)
{
    ipl_error err = {0};

    (void)state;
    put(at("precious"), "mine");
    assert_int_equal(symlink(at("precious"), at("fresh.tmp")), 0);
    assert_int_equal(ipl_file_replace(at("fresh"), "x", 1, &err), IPL_E_CANTCREATE);
    check_content(at("precious"), "mine");
}

static void what_cannot_be_created_says_so(void **state)
{
    const int before = next_descriptor();
    char longest[IPL_PATH_MAX];
    ipl_appender file;
    ipl_error err = {0};

    (void)state;
    assert_int_equal(ipl_file_replace(at("no/such"), "x", 1, &err), IPL_E_CANTCREATE);
    assert_int_equal(ipl_appender_open(&file, at("no/such"), NULL, &err), IPL_E_CANTCREATE);
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(ipl_file_replace(longest, "x", 1, &err), IPL_E_CANTCREATE);
    assert_int_equal(next_descriptor(), before);
}

static void a_copy_has_the_same_content(void **state)
{
    (void)state;
    put(at("from"), "content");
    assert_int_equal(ipl_file_copy(at("to"), at("from"), NULL), IPL_OK);
    check_content(at("to"), "content");
    assert_int_equal(ipl_file_copy(at("to"), at("missing"), NULL), IPL_E_NOINPUT);
    check_content(at("to"), "content");
}

static void rows_are_appended(void **state)
{
    ipl_appender file;

    (void)state;
    put(at("rows"), "left from another run\n");
    assert_int_equal(ipl_appender_open(&file, at("rows"), NULL, NULL), IPL_OK);
    assert_int_equal(ipl_appender_write(&file, "a,b\n", 4, NULL), IPL_OK);
    assert_int_equal(ipl_appender_write(&file, "1,2\n", 4, NULL), IPL_OK);
    assert_int_equal(file.mark.length, 8);
    check_content(at("rows"), "a,b\n1,2\n"); /* before it is closed */
    assert_int_equal(ipl_appender_close(&file, NULL), IPL_OK);
    assert_int_equal(ipl_appender_close(&file, NULL), IPL_OK); /* nothing left to close */
}

/* The mark of a text. */
static ipl_file_mark mark_of(const char *text)
{
    return (ipl_file_mark){strlen(text),
                           (uint32_t)crc32_z(0, (const unsigned char *)text, strlen(text))};
}

static void an_appender_goes_on_after_what_is_kept(void **state)
{
    const ipl_file_mark keep = mark_of("a,b\n1,2\n");
    ipl_appender file;

    (void)state;
    put(at("rows"), "a,b\n1,2\n3,");
    assert_int_equal(ipl_appender_open(&file, at("rows"), &keep, NULL), IPL_OK);
    assert_int_equal(ipl_appender_write(&file, "4,5\n", 4, NULL), IPL_OK);
    assert_int_equal(ipl_appender_close(&file, NULL), IPL_OK);
    check_content(at("rows"), "a,b\n1,2\n4,5\n");
    assert_int_equal(file.mark.length, 12);
    assert_int_equal(file.mark.crc, mark_of("a,b\n1,2\n4,5\n").crc);
}

static void a_file_that_is_not_what_is_kept_is_left_alone(void **state)
{
    const ipl_file_mark keep = mark_of("a,b\n1,2\n");
    const int before = next_descriptor();
    ipl_appender file;
    ipl_error err = {0};

    (void)state;
    put(at("rows"), "a,b\n1,9\n3,");
    assert_int_equal(ipl_appender_open(&file, at("rows"), &keep, &err), IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "first 8 bytes"));
    check_content(at("rows"), "a,b\n1,9\n3,");
    assert_int_equal(next_descriptor(), before);
}

static void a_file_that_was_removed_takes_no_rows(void **state)
{
    ipl_appender file;
    ipl_error err = {0};

    (void)state;
    assert_int_equal(ipl_appender_open(&file, at("gone"), NULL, NULL), IPL_OK);
    assert_int_equal(unlink(at("gone")), 0);
    assert_int_equal(ipl_appender_write(&file, "1,2\n", 4, &err), IPL_E_IO);
    assert_non_null(strstr(err.msg, "removed"));
    assert_int_equal(ipl_appender_close(&file, NULL), IPL_OK);
}

static void a_writer_keeps_the_old_file_as_backup(void **state)
{
    const ipl_file_mark whole = mark_of("new content");
    ipl_file_writer w;

    (void)state;
    put(at("last"), "old");
    assert_int_equal(ipl_file_writer_open(&w, at("last"), NULL), IPL_OK);
    assert_int_equal(ipl_file_writer_add(&w, "new ", 4, NULL), IPL_OK);
    check_content(at("last"), "old");
    assert_int_equal(ipl_file_writer_add(&w, "content", 7, NULL), IPL_OK);
    assert_int_equal(w.mark.length, whole.length);
    assert_int_equal(w.mark.crc, whole.crc);
    assert_int_equal(ipl_file_writer_close(&w, at("previous"), IPL_OK, NULL), IPL_OK);
    check_content(at("last"), "new content");
    check_content(at("previous"), "old");
    assert_false(ipl_file_exists(at("last.tmp")));
    /* Given up: nothing changes. */
    assert_int_equal(ipl_file_writer_open(&w, at("last"), NULL), IPL_OK);
    assert_int_equal(ipl_file_writer_close(&w, at("previous"), IPL_E_NUMERIC, NULL),
                     IPL_E_NUMERIC);
    check_content(at("last"), "new content");
    check_content(at("previous"), "old");
    assert_false(ipl_file_exists(at("last.tmp")));
}

static void a_file_shorter_than_what_is_kept_is_left_alone(void **state)
{
    const ipl_file_mark keep = {.length = 5};
    const int before = next_descriptor();
    ipl_appender file;
    ipl_error err = {0};

    (void)state;
    put(at("rows"), "a,b\n");
    assert_int_equal(ipl_appender_open(&file, at("rows"), &keep, &err), IPL_E_FORMAT);
    assert_int_equal(file.fd, -1);
    check_content(at("rows"), "a,b\n");
    assert_int_equal(ipl_appender_open(&file, at("none"), &keep, &err), IPL_E_FORMAT);
    assert_false(ipl_file_exists(at("none")));
    assert_int_equal(next_descriptor(), before);
}

static void half_a_row_is_cut_off_again(void **state)
{
    const struct rlimit small = {.rlim_cur = 6, .rlim_max = RLIM_INFINITY};
    struct rlimit before;
    ipl_appender file;
    ipl_error err = {0};

    (void)state;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(ipl_appender_open(&file, at("cut"), NULL, NULL), IPL_OK);
    assert_int_equal(ipl_appender_write(&file, "1,2\n", 4, NULL), IPL_OK);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_int_equal(ipl_appender_write(&file, "3,4\n", 4, &err), IPL_E_IO);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(file.mark.length, 4);
    check_content(at("cut"), "1,2\n");
    assert_int_equal(ipl_appender_write(&file, "5,6\n", 4, NULL), IPL_OK);
    assert_int_equal(ipl_appender_close(&file, NULL), IPL_OK);
    check_content(at("cut"), "1,2\n5,6\n");
}

static void folders_are_created_with_their_parents(void **state)
{
    ipl_error err = {0};

    (void)state;
    assert_int_equal(ipl_folder_create(at("a/b//c/"), NULL), IPL_OK);
    assert_true(ipl_file_is_folder(at("a/b/c")));
    assert_int_equal(ipl_folder_create(at("a/b/c"), NULL), IPL_OK);
    put(at("a/file"), "");
    assert_int_equal(ipl_folder_create(at("a/file"), &err), IPL_E_CANTCREATE);
    assert_int_equal(ipl_folder_create(at("a/file/below"), &err), IPL_E_CANTCREATE);
    assert_int_equal(ipl_folder_create("", &err), IPL_E_CANTCREATE);
}

static void removing_takes_everything_below_and_nothing_behind_links(void **state)
{
    static const char *const ends[] = {"", "/"};

    (void)state;
    assert_int_equal(ipl_folder_create(at("outside"), NULL), IPL_OK);
    put(at("outside/kept"), "kept");
    for (size_t i = 0; i < 2; i++) {
        char path[IPL_PATH_MAX];

        assert_int_equal(ipl_folder_create(at("gone/deep/er"), NULL), IPL_OK);
        put(at("gone/deep/file"), "x");
        assert_int_equal(symlink(at("outside"), at("gone/deep/link")), 0);
        assert_int_equal(symlink("/no/such/file", at("gone/broken")), 0);
        (void)snprintf(path, sizeof path, "%s%s", at("gone"), ends[i]);
        assert_int_equal(ipl_folder_remove(path, NULL), IPL_OK);
        assert_false(ipl_file_exists(at("gone")));

        assert_int_equal(symlink(at("outside"), at("link")), 0);
        (void)snprintf(path, sizeof path, "%s%s", at("link"), ends[i]);
        assert_int_equal(ipl_folder_remove(path, NULL), IPL_OK);
        assert_false(ipl_file_exists(at("link")));
        check_content(at("outside/kept"), "kept");
    }
    assert_int_equal(ipl_folder_remove(at("gone"), NULL), IPL_OK);
}

static void a_link_exists_even_when_it_leads_nowhere(void **state)
{
    (void)state;
    assert_int_equal(symlink("/no/such/file", at("dangling")), 0);
    assert_true(ipl_file_exists(at("dangling")));
    assert_false(ipl_file_is_folder(at("dangling")));
    assert_false(ipl_file_exists(at("missing")));
}

static void check_sha256(const char *text, const char *want)
{
    char got[65];

    put(at("hashed"), text);
    assert_int_equal(ipl_file_sha256(got, at("hashed"), NULL), IPL_OK);
    assert_string_equal(got, want);
}

static void sha256_gives_its_published_values(void **state)
{
    (void)state;
    check_sha256("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check_sha256("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check_sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void a_hash_of_no_file_is_empty(void **state)
{
    char got[65];

    (void)state;
    assert_int_equal(ipl_file_sha256(got, at("missing"), NULL), IPL_E_NOINPUT);
    assert_string_equal(got, "");
    assert_int_equal(ipl_file_sha256(got, root, NULL), IPL_E_NOINPUT); /* a folder */
    assert_string_equal(got, "");
}

static void a_text_that_lost_something_is_not_written(void **state)
{
    ipl_text text = {0};

    (void)state;
    ipl_text_add(&text, "%d lines", 2);
    assert_int_equal(ipl_file_write_text(&text, root, "text", NULL), IPL_OK);
    text.failed = true;
    text.len = 1;
    assert_int_equal(ipl_file_write_text(&text, root, "text", NULL), IPL_E_NOMEM);
    check_content(at("text"), "2 lines");
    ipl_text_release(&text);
}

static void free_space_is_that_of_the_nearest_folder(void **state)
{
    double here, below;

    (void)state;
    assert_int_equal(ipl_disk_free(&here, root, NULL), IPL_OK);
    assert_int_equal(ipl_disk_free(&below, at("no/such/folder"), NULL), IPL_OK);
    assert_true(here > 0.0);
    assert_close(below / here, 1.0, 0.1);
    assert_int_equal(ipl_disk_free(&below, "nosuch-relative/x/", NULL), IPL_OK);
    assert_int_equal(ipl_disk_free(&below, "", NULL), IPL_OK);
}

static void a_new_folder_must_not_exist(void **state)
{
    (void)state;
    assert_int_equal(ipl_folder_create_new(at("p/q/new"), NULL), IPL_OK);
    assert_int_equal(ipl_folder_create_new(at("p/q/new"), NULL), IPL_E_CANTCREATE);
    assert_true(ipl_file_is_folder(at("p/q/new")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_join_with_one_slash),
        cmocka_unit_test(a_file_reads_as_it_was_written),
        cmocka_unit_test(what_cannot_be_read_is_no_input),
        cmocka_unit_test(a_file_longer_than_the_limit_is_refused),
        cmocka_unit_test(replacing_leaves_no_other_file),
        cmocka_unit_test(a_failed_replacement_keeps_the_old_content),
        cmocka_unit_test(a_text_that_lost_something_is_not_written),
        cmocka_unit_test(a_link_in_the_place_of_the_temporary_file_is_not_followed),
        cmocka_unit_test(what_cannot_be_created_says_so),
        cmocka_unit_test(a_copy_has_the_same_content),
        cmocka_unit_test(rows_are_appended),
        cmocka_unit_test(an_appender_goes_on_after_what_is_kept),
        cmocka_unit_test(a_file_that_is_not_what_is_kept_is_left_alone),
        cmocka_unit_test(a_file_that_was_removed_takes_no_rows),
        cmocka_unit_test(a_writer_keeps_the_old_file_as_backup),
        cmocka_unit_test(a_file_shorter_than_what_is_kept_is_left_alone),
        cmocka_unit_test(half_a_row_is_cut_off_again),
        cmocka_unit_test(folders_are_created_with_their_parents),
        cmocka_unit_test(removing_takes_everything_below_and_nothing_behind_links),
        cmocka_unit_test(a_link_exists_even_when_it_leads_nowhere),
        cmocka_unit_test(sha256_gives_its_published_values),
        cmocka_unit_test(a_hash_of_no_file_is_empty),
        cmocka_unit_test(free_space_is_that_of_the_nearest_folder),
        cmocka_unit_test(a_new_folder_must_not_exist),
    };

    return cmocka_run_group_tests(tests, make_root, remove_root);
}
