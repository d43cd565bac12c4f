#include "dense_gzip.h"
#include "scratch.h"

#include "base/gzip.h"

enum { CONTENT = 5000 };

static unsigned char content[CONTENT];

/* A gzip file of `content`; returns its length, bytes (capacity) hold it. */
static size_t make_gzip(unsigned char *bytes, size_t capacity, const char *path)
{
    gzFile fp = gzopen(path, "wb");
    FILE *back;
    size_t len;

    assert_non_null(fp);
    for (unsigned i = 0; i < CONTENT; i++)
        content[i] = (unsigned char)(i * i / 7);
    assert_int_equal(gzwrite(fp, content, CONTENT), CONTENT);
    assert_int_equal(gzclose(fp), Z_OK);
    back = fopen(path, "rb");
    assert_non_null(back);
    len = fread(bytes, 1, capacity, back);
    assert_int_equal(fclose(back), 0);
    assert_true(len > 18 && len < capacity);
    return len;
}

/* Read the whole content and its end. */
static ipl_status read_whole(const char *path, ipl_error *err)
{
    unsigned char out[CONTENT];
    ipl_gzip *file;
    ipl_status st = ipl_gzip_open(&file, path, err);

    if (st != IPL_OK)
        return st;
    st = ipl_gzip_read(out, CONTENT, file, err);
    if (st == IPL_OK)
        st = ipl_gzip_expect_end(file, err);
    if (st == IPL_OK)
        assert_memory_equal(out, content, CONTENT);
    ipl_gzip_close(file);
    return st;
}

static void plain_and_compressed_files_read_alike(void **state)
{
    const char *path = scratch_path(state, "a");
    unsigned char bytes[2 * CONTENT];

    (void)make_gzip(bytes, sizeof bytes, path);
    assert_int_equal(read_whole(path, NULL), IPL_OK);
    scratch_write(path, content, CONTENT);
    assert_int_equal(read_whole(path, NULL), IPL_OK);
}

static void a_gzip_file_cut_at_any_length_is_a_format_error(void **state)
{
    const char *path = scratch_path(state, "a.gz");
    const int before = next_descriptor();
    unsigned char bytes[2 * CONTENT];
    const size_t len = make_gzip(bytes, sizeof bytes, path);

    for (size_t keep = 0; keep < len; keep += keep < 64 || keep + 64 > len ? 1 : 37) {
        ipl_error err = {0};

        scratch_write(path, bytes, keep);
        if (read_whole(path, &err) != IPL_E_FORMAT)
            fail_msg("%zu of %zu bytes: %s", keep, len, err.msg);
    }
    assert_int_equal(next_descriptor(), before);
}

static void a_wrong_checksum_is_a_format_error(void **state)
{
    const char *path = scratch_path(state, "a.gz");
    unsigned char bytes[2 * CONTENT];
    const size_t len = make_gzip(bytes, sizeof bytes, path);
    ipl_error err = {0};

    bytes[len - 8] ^= 1; /* CRC-32 */
    scratch_write(path, bytes, len);
    assert_int_equal(read_whole(path, &err), IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "a.gz: damaged gzip data (incorrect data check)"));
    bytes[len - 8] ^= 1;
    bytes[len - 1] ^= 1; /* length */
    scratch_write(path, bytes, len);
    assert_int_equal(read_whole(path, &err), IPL_E_FORMAT);
}

static void more_content_than_expected_is_a_format_error(void **state)
{
    const char *path = scratch_path(state, "a");
    unsigned char longer[CONTENT + 1] = {0};
    unsigned char bytes[2 * CONTENT];
    ipl_error err = {0};

    (void)make_gzip(bytes, sizeof bytes, path);
    memcpy(longer, content, CONTENT);
    scratch_write(path, longer, sizeof longer);
    assert_int_equal(read_whole(path, &err), IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "more data"));
}

static void a_fault_says_where_the_content_ends(void **state)
{
    const char *path = scratch_path(state, "a");
    unsigned char out[8];
    ipl_error err = {0};
    ipl_gzip *file;

    scratch_write(path, "0123456789", 10);
    assert_int_equal(ipl_gzip_open(&file, path, NULL), IPL_OK);
    assert_int_equal(ipl_gzip_read(out, 8, file, NULL), IPL_OK);
    assert_int_equal(ipl_gzip_read(out, 8, file, &err), IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "ends at byte 10"));
    ipl_gzip_close(file);
}

/* It is counted before, and read from where it was after. */
static void dense_content_is_counted_before_it_is_kept(void **state)
{
    static unsigned char block[DENSE_BLOCK];
    const char *path = scratch_path(state, "dense.gz");
    ipl_error err = {0};
    ipl_gzip *file;

    write_dense_gzip(path);
    assert_int_equal(ipl_gzip_open(&file, path, NULL), IPL_OK);
    assert_int_equal(ipl_gzip_expect(DENSE + 1, file, &err), IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "ends at byte 20971520"));
    ipl_gzip_close(file);

    assert_int_equal(ipl_gzip_open(&file, path, NULL), IPL_OK);
    assert_int_equal(ipl_gzip_read(block, 1, file, NULL), IPL_OK);
    assert_int_equal(block[0], 7);
    assert_int_equal(ipl_gzip_expect(DENSE - 1, file, NULL), IPL_OK);
    assert_int_equal(ipl_gzip_read(block, DENSE_BLOCK, file, NULL), IPL_OK);
    assert_int_equal(block[DENSE_BLOCK - 1], 8); /* the first byte of the second block */
    ipl_gzip_close(file);
}

static void a_missing_file_or_a_folder_is_no_input(void **state)
{
    ipl_gzip *file;

    assert_int_equal(ipl_gzip_open(&file, scratch_path(state, "none"), NULL),
                     IPL_E_NOINPUT);
    assert_null(file);
    assert_int_equal(ipl_gzip_open(&file, *state, NULL), IPL_E_NOINPUT);
    assert_null(file);
}

/* 300 KB that say they are 17 MB: neither short enough to refuse nor dense enough to count. */
static void content_that_may_be_there_is_not_counted(void **state)
{
    static unsigned char bytes[300000] = {0x1f, 0x8b, 8};
    const char *path = scratch_path(state, "a.gz");
    ipl_error err = {0};
    ipl_gzip *file;

    scratch_write(path, bytes, sizeof bytes); /* a header, then a block that is damaged */
    bytes[10] = 7;
    assert_int_equal(ipl_gzip_open(&file, path, NULL), IPL_OK);
    assert_int_equal(ipl_gzip_expect((size_t)17 << 20, file, NULL), IPL_OK);
    assert_int_equal(ipl_gzip_read(bytes, 1, file, &err), IPL_E_FORMAT);
    ipl_gzip_close(file);
}

/* A device has no end; what a removed file had is read. */
static void a_device_is_refused_and_a_file_that_is_gone_is_read_on(void **state)
{
    const char *path = scratch_path(state, "a");
    char bytes[100] = "x";
    ipl_error err = {0};
    ipl_gzip *file;

    assert_int_equal(ipl_gzip_open(&file, "/dev/zero", &err), IPL_E_NOINPUT);
    assert_non_null(strstr(err.msg, "not a regular file"));

    scratch_write(path, "0123456789", 10);
    assert_int_equal(ipl_gzip_open(&file, path, NULL), IPL_OK);
    assert_int_equal(ipl_gzip_expect(10, file, NULL), IPL_OK);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(ipl_gzip_expect(50, file, NULL), IPL_OK);
    assert_int_equal(ipl_gzip_read(bytes, 50, file, &err), IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "ends at byte 10"));
    assert_memory_equal(bytes, "0123456789", 10);
    ipl_gzip_close(file);
}

static void a_path_that_is_too_long_is_refused(void **state)
{
    static char path[IPL_PATH_MAX + 10];
    ipl_error err = {0};
    ipl_gzip *file;

    (void)state;
    memset(path, '/', sizeof path - 1);
    assert_int_equal(ipl_gzip_open(&file, path, &err), IPL_E_FORMAT);
    assert_null(file);
    assert_string_equal(
        err.msg, "path: '////////////////////...' has 4105 characters, at most 4095");
}

static void crc32_has_its_check_value(void **state)
{
    (void)state;
    assert_int_equal(ipl_crc32(0, "123456789", 9), 0xcbf43926);
    assert_int_equal(ipl_crc32(ipl_crc32(0, "1234", 4), "56789", 5), 0xcbf43926);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(plain_and_compressed_files_read_alike),
        IN_SCRATCH(a_gzip_file_cut_at_any_length_is_a_format_error),
        IN_SCRATCH(a_wrong_checksum_is_a_format_error),
        IN_SCRATCH(more_content_than_expected_is_a_format_error),
        IN_SCRATCH(a_fault_says_where_the_content_ends),
        IN_SCRATCH(a_missing_file_or_a_folder_is_no_input),
        IN_SCRATCH(dense_content_is_counted_before_it_is_kept),
        cmocka_unit_test(crc32_has_its_check_value),
        IN_SCRATCH(content_that_may_be_there_is_not_counted),
        IN_SCRATCH(a_device_is_refused_and_a_file_that_is_gone_is_read_on),
        IN_SCRATCH(a_path_that_is_too_long_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
