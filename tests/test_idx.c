#include "scratch.h"

#include "base/alloc.h"
#include "data/idx.h"

#include <sys/resource.h>
#include <zlib.h>

enum { N = 5, H = 2, W = 3, COUNT = N * H * W, HEADER = 16, LENGTH = HEADER + COUNT };

/* Five images of 2 x 3 whose bytes count up. */
static void make_images(unsigned char *bytes)
{
    static const unsigned char header[HEADER] = {0, 0, 8, 3, 0, 0, 0, N,
                                                 0, 0, 0, H, 0, 0, 0, W};

    memcpy(bytes, header, HEADER);
    for (unsigned i = 0; i < COUNT; i++)
        bytes[HEADER + i] = (unsigned char)(i + 1);
}

static void images_come_back_byte_for_byte(void **state)
{
    const char *path = scratch_path(state, "i");
    unsigned char bytes[LENGTH];
    ipl_idx idx;

    make_images(bytes);
    scratch_write(path, bytes, LENGTH);
    assert_int_equal(ipl_idx_read(&idx, path, 3, NULL), IPL_OK);
    assert_int_equal(idx.dims[0], N);
    assert_int_equal(idx.dims[1], H);
    assert_int_equal(idx.dims[2], W);
    assert_memory_equal(idx.bytes, bytes + HEADER, COUNT);
    ipl_idx_release(&idx);
}

static void a_compressed_file_of_several_steps_is_read(void **state)
{
    enum { BIG = 3 << 20 }; /* more than is allocated at first */
    static const unsigned char header[8] = {0, 0, 8, 1, 0, 0x30, 0, 0};
    const char *path = scratch_path(state, "l.gz");
    unsigned char *content = ipl_array(1, BIG, 1, NULL);
    gzFile fp = gzopen(path, "wb1");
    ipl_idx idx;

    assert_non_null(content);
    assert_non_null(fp);
    for (unsigned i = 0; i < BIG; i++)
        content[i] = (unsigned char)(i % 251);
    assert_int_equal(gzwrite(fp, header, 8), 8);
    assert_int_equal(gzwrite(fp, content, BIG), BIG);
    assert_int_equal(gzclose(fp), Z_OK);
    assert_int_equal(ipl_idx_read(&idx, path, 1, NULL), IPL_OK);
    assert_int_equal(idx.dims[0], BIG);
    assert_memory_equal(idx.bytes, content, BIG);
    ipl_idx_release(&idx);
    ipl_free(content);
}

static void a_file_cut_at_any_length_or_too_long_is_a_format_error(void **state)
{
    const char *path = scratch_path(state, "i");
    const int before = next_descriptor();
    unsigned char bytes[LENGTH + 1] = {0};
    ipl_idx idx;

    make_images(bytes);
    for (size_t keep = 0; keep <= LENGTH + 1; keep++) {
        scratch_write(path, bytes, keep);
        assert_int_equal(ipl_idx_read(&idx, path, 3, NULL),
                         keep == LENGTH ? IPL_OK : IPL_E_FORMAT);
        assert_true(keep == LENGTH || !idx.bytes);
        ipl_idx_release(&idx);
    }
    assert_int_equal(next_descriptor(), before);
}

/* Every bit of the header matters: the sizes must give the length of the file. */
static void every_single_bit_flip_of_the_header_is_a_format_error(void **state)
{
    const char *path = scratch_path(state, "i");
    unsigned char bytes[LENGTH];

    make_images(bytes);
    for (size_t bit = 0; bit < (size_t)8 * HEADER; bit++) {
        ipl_idx idx;

        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        scratch_write(path, bytes, LENGTH);
        assert_int_equal(ipl_idx_read(&idx, path, 3, NULL), IPL_E_FORMAT);
        assert_null(idx.bytes);
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
}

static void a_wrong_magic_number_is_named(void **state)
{
    const char *path = scratch_path(state, "i");
    unsigned char bytes[LENGTH];
    ipl_error err = {0};
    ipl_idx idx;

    make_images(bytes);
    scratch_write(path, bytes, LENGTH);
    assert_int_equal(ipl_idx_read(&idx, path, 1, &err), IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "begins with 00000803, want 00000801"));
}

/* The peak of the process must not move by anything like what the header says. */
static void a_header_of_gigabytes_in_a_short_file_allocates_little(void **state)
{
    static const unsigned char header[HEADER] = {0, 0, 8, 3,    0, 0, 0xff, 0xff,
                                                 0, 0, 0, 0xff, 0, 0, 0,    0xff};
    const char *path = scratch_path(state, "i");
    struct rusage before, after;
    ipl_error err = {0};
    ipl_idx idx;

    scratch_write(path, header, HEADER);
    assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
    assert_int_equal(ipl_idx_read(&idx, path, 3, &err), IPL_E_FORMAT);
    assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
    assert_non_null(strstr(err.msg, "truncated"));
    assert_true(after.ru_maxrss - before.ru_maxrss < 16384); /* KiB; 4 GiB are said */
}

static void dimensions_of_zero_or_beyond_4_gib_are_refused(void **state)
{
    static const unsigned char zero[HEADER] = {0, 0, 8, 3, 0, 0, 0, 1,
                                               0, 0, 0, 0, 0, 0, 0, 1};
    static const unsigned char huge[HEADER] = {
        0, 0, 8, 3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    const char *path = scratch_path(state, "i");
    ipl_error err = {0};
    ipl_idx idx;

    scratch_write(path, zero, HEADER);
    assert_int_equal(ipl_idx_read(&idx, path, 3, &err), IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "dimension 1 is 0"));
    ipl_alloc_fail_after(1); /* the reader, then no more */
    scratch_write(path, huge, HEADER);
    assert_int_equal(ipl_idx_read(&idx, path, 3, &err), IPL_E_FORMAT);
    ipl_alloc_fail_after(-1);
    assert_non_null(strstr(err.msg, "4 GiB"));
}

static void a_missing_file_is_no_input(void **state)
{
    ipl_idx idx;

    assert_int_equal(ipl_idx_read(&idx, scratch_path(state, "none"), 3, NULL),
                     IPL_E_NOINPUT);
    assert_null(idx.bytes);
}

static void running_out_of_memory_leaves_nothing_behind(void **state)
{
    const char *path = scratch_path(state, "i");
    const int before = next_descriptor();
    unsigned char bytes[LENGTH];
    ipl_status st = IPL_E_NOMEM;
    ipl_idx idx;
    long n;

    make_images(bytes);
    scratch_write(path, bytes, LENGTH);
    for (n = 0; st == IPL_E_NOMEM; n++) {
        ipl_alloc_fail_after(n);
        st = ipl_idx_read(&idx, path, 3, NULL);
        assert_true(st == IPL_OK || !idx.bytes);
    }
    ipl_alloc_fail_after(-1);
    assert_int_equal(st, IPL_OK);
    assert_true(n > 2);
    ipl_idx_release(&idx);
    assert_int_equal(next_descriptor(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(images_come_back_byte_for_byte),
        IN_SCRATCH(a_compressed_file_of_several_steps_is_read),
        IN_SCRATCH(a_file_cut_at_any_length_or_too_long_is_a_format_error),
        IN_SCRATCH(every_single_bit_flip_of_the_header_is_a_format_error),
        IN_SCRATCH(a_wrong_magic_number_is_named),
        IN_SCRATCH(a_header_of_gigabytes_in_a_short_file_allocates_little),
        IN_SCRATCH(dimensions_of_zero_or_beyond_4_gib_are_refused),
        IN_SCRATCH(a_missing_file_is_no_input),
        IN_SCRATCH(running_out_of_memory_leaves_nothing_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
