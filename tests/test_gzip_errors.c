/*
 * A gzip file that is cut off, read with a zlib that forgets: from 1.3.2 on gzread() clears
 * Z_BUF_ERROR, "unexpected end of file", when it is called again.
 */
#include "in_front.h"

#include "base/gzip.h"

#include <zlib.h>

enum { CONTENT = 5000, PACKED_MAX = 20000 };

static bool forgetful, forgotten;

const char *gzerror(gzFile file, int *code)
{
    const char *(*real)(gzFile, int *);
    const char *text;

    find(&real, "gzerror");
    text = real(file, code);
    if (!forgotten)
        return text;
    *code = Z_OK;
    return "";
}

/* NOLINTNEXTLINE(readability-non-const-parameter): as zlib declares it */
int gzread(gzFile file, voidp out, unsigned len)
{
    int (*real)(gzFile, voidp, unsigned);
    int code;

    find(&real, "gzread");
    (void)gzerror(file, &code);
    forgotten = forgotten || (forgetful && code == Z_BUF_ERROR);
    return forgotten ? 0 : real(file, out, len);
}

static unsigned char content[CONTENT];

/* One member; returns its length. */
static size_t pack(unsigned char *out, size_t capacity)
{
    z_stream z = {.next_in = content, .avail_in = CONTENT, .avail_out = (unsigned)capacity};

    z.next_out = out;

    for (unsigned i = 0; i < CONTENT; i++)
        content[i] = (unsigned char)(i * i / 7);
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(deflateEnd(&z), Z_OK);
    return z.total_out;
}

/* `members` times the content and its end, in pieces of `step` bytes. */
static ipl_status read_whole(const char *path, size_t members, size_t step)
{
    static unsigned char out[2 * CONTENT];
    const size_t total = members * CONTENT;
    ipl_gzip *file;
    ipl_status st = ipl_gzip_open(&file, path, NULL);

    forgotten = false;
    for (size_t at = 0; at < total && st == IPL_OK; at += step)
        st = ipl_gzip_read(out + at, step < total - at ? step : total - at, file, NULL);
    if (st == IPL_OK)
        st = ipl_gzip_expect_end(file, NULL);
    for (size_t m = 0; m < members && st == IPL_OK; m++)
        assert_memory_equal(out + m * CONTENT, content, CONTENT);
    ipl_gzip_close(file);
    return st;
}

static void a_trailer_that_is_cut_off_is_never_accepted(void **state)
{
    static const size_t steps[] = {4, 1000, CONTENT, 2 * (size_t)CONTENT};
    const char *path = scratch_path(state, "a.gz");
    unsigned char bytes[2 * PACKED_MAX];
    const size_t len = pack(bytes, PACKED_MAX);

    memcpy(bytes + len, bytes, len); /* a second member */
    for (size_t i = 0; i < 2 * sizeof steps / sizeof steps[0]; i++) {
        const size_t step = steps[i / 2];

        forgetful = i % 2 == 1;
        for (size_t cut = 0; cut <= 9; cut++) {
            const ipl_status want = cut == 0 ? IPL_OK : IPL_E_FORMAT;

            scratch_write(path, bytes, len - cut);
            if (read_whole(path, 1, step) != want)
                fail_msg("%zu bytes cut off, read by %zu", cut, step);
            scratch_write(path, bytes, 2 * len - cut);
            if (read_whole(path, 2, step) != want)
                fail_msg("%zu bytes cut off the second member, read by %zu", cut, step);
        }
    }
}

/* As gzip does, with a warning. */
static void what_follows_the_trailer_and_is_no_member_is_ignored(void **state)
{
    const char *path = scratch_path(state, "a.gz");
    unsigned char bytes[PACKED_MAX] = {0};
    const size_t len = pack(bytes, PACKED_MAX - 100);

    for (int i = 0; i < 2; i++) {
        forgetful = i == 1;
        memset(bytes + len, 0, 100);
        scratch_write(path, bytes, len + 100);
        assert_int_equal(read_whole(path, 1, CONTENT), IPL_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(a_trailer_that_is_cut_off_is_never_accepted),
        IN_SCRATCH(what_follows_the_trailer_and_is_no_member_is_ignored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
