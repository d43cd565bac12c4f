/* Calls of the system and of libraries that fail under a parser: it says so. */
#include "in_front.h"

#include "dense_gzip.h"

#include "base/gzip.h"
#include "data/png.h"
#include "math/npy_view.h"

#include <fcntl.h>
#include <png.h>
#include <sys/mman.h>

/* ---- what stands in front ---- */

static int zlib_code;              /* what gzerror() says when gzread() is broken ... */
static const char *zlib_text;      /* ... and how */
static unsigned asked[4], n_asked; /* pieces that gzread() claims to have read */
static void (*at_fread)(int fd);   /* from call number fread_call on */
static int fread_call;

gzFile gzdopen(int fd, const char *mode)
{
    gzFile (*real)(int, const char *);

    find(&real, "gzdopen");
    return is_broken("gzdopen") ? NULL : real(fd, mode); /* NULL: no memory */
}

int gzread(gzFile file, voidp out, unsigned len)
{
    int (*real)(gzFile, voidp, unsigned);

    find(&real, "gzread");
    if (is_broken("gzread in pieces")) {
        asked[n_asked++] = len;
        return (int)len;
    }
    if (is_broken("gzread"))
        errno = EIO;
    return is_broken("gzread") ? -1 : real(file, out, len);
}

const char *gzerror(gzFile file, int *code)
{
    const char *(*real)(gzFile, int *);

    find(&real, "gzerror");
    if (!zlib_text)
        return real(file, code);
    *code = zlib_code;
    return zlib_text;
}

z_off_t gzseek(gzFile file, z_off_t offset, int whence)
{
    z_off_t (*real)(gzFile, z_off_t, int);

    find(&real, "gzseek");
    return is_broken("gzseek") ? -1 : real(file, offset, whence);
}

size_t fread(void *ptr, size_t size, size_t n, FILE *stream)
{
    size_t (*real)(void *, size_t, size_t, FILE *);

    find(&real, "fread");
    if (at_fread && --fread_call < 0)
        at_fread(fileno(stream));
    return real(ptr, size, n, stream);
}

/* What glibc makes of fread() in a hardened build, where the room is known. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
size_t __fread_chk(void *ptr, size_t room, size_t size, size_t n, FILE *stream);
size_t __fread_chk(void *ptr, size_t room, size_t size, size_t n, FILE *stream)
{
    (void)room;
    return fread(ptr, size, n, stream);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

void *mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
    void *(*real)(void *, size_t, int, int, int, off_t);

    find(&real, "mmap");
    return is_broken("mmap") ? MAP_FAILED : real(addr, len, prot, flags, fd, offset);
}

typedef png_structp create(png_const_charp version, png_voidp error_ptr,
                           png_error_ptr error, png_error_ptr warning, png_voidp mem_ptr,
                           png_malloc_ptr take, png_free_ptr give);

/* One of libpng's two creators; NULL when it is to fail. */
static create *creator(const char *name)
{
    create *real;

    find(&real, name);
    return is_broken("png_create") ? NULL : real;
}

png_structp png_create_write_struct_2(png_const_charp version, png_voidp error_ptr,
                                      png_error_ptr error, png_error_ptr warning,
                                      png_voidp mem_ptr, png_malloc_ptr take,
                                      png_free_ptr give)
{
    create *real = creator("png_create_write_struct_2");

    return real ? real(version, error_ptr, error, warning, mem_ptr, take, give) : NULL;
}

png_structp png_create_read_struct_2(png_const_charp version, png_voidp error_ptr,
                                     png_error_ptr error, png_error_ptr warning,
                                     png_voidp mem_ptr, png_malloc_ptr take,
                                     png_free_ptr give)
{
    create *real = creator("png_create_read_struct_2");

    return real ? real(version, error_ptr, error, warning, mem_ptr, take, give) : NULL;
}

png_infop png_create_info_struct(png_const_structrp png)
{
    png_infop (*real)(png_const_structrp);

    find(&real, "png_create_info_struct");
    return is_broken("png_create_info") ? NULL : real(png);
}

png_byte png_get_channels(png_const_structrp png, png_const_inforp info)
{
    png_byte (*real)(png_const_structrp, png_const_inforp);

    find(&real, "png_get_channels");
    return is_broken("png_get_channels") ? 5 : real(png, info);
}

size_t png_get_rowbytes(png_const_structrp png, png_const_inforp info)
{
    size_t (*real)(png_const_structrp, png_const_inforp);

    find(&real, "png_get_rowbytes");
    if (is_broken("png_get_channels"))
        return (size_t)5 * png_get_image_width(png, info); /* the row goes with them */
    return real(png, info) + is_broken("png_get_rowbytes");
}

/* Every test starts with calls that work. */
static int setup(void **state)
{
    broken = zlib_text = NULL;
    at_fread = NULL;
    return scratch_setup(state);
}

static int teardown(void **state)
{
    broken = zlib_text = NULL;
    return scratch_teardown(state);
}

/* ---- gzip ---- */

static void a_gzip_file_that_cannot_be_opened_for_lack_of_memory_says_so(void **state)
{
    const char *path = scratch_path(state, "a.gz");
    const int before = next_descriptor();
    ipl_error err = {0};
    ipl_gzip *file;

    scratch_write(path, "x", 1);
    broken = "gzdopen";
    assert_int_equal(ipl_gzip_open(&file, path, &err), IPL_E_NOMEM);
    assert_null(file);
    says(&err, "a.gz: out of memory");
    assert_int_equal(next_descriptor(), before);
}

static void what_zlib_says_is_told_with_the_name_of_the_file_once(void **state)
{
    const char *path = scratch_path(state, "a.gz");
    char named[300], half[300], want_half[600];
    const struct {
        int code;
        const char *text;
        ipl_status st;
        const char *message;
    } cases[] = {{Z_ERRNO, "", IPL_E_IO, "a.gz: Input/output error"},
                 {Z_MEM_ERROR, "out of memory", IPL_E_NOMEM, "a.gz: out of memory"},
                 {Z_DATA_ERROR, named, IPL_E_FORMAT, "a.gz: damaged gzip data (wrong)"},
                 {Z_DATA_ERROR, "wrong", IPL_E_FORMAT, "a.gz: damaged gzip data (wrong)"},
                 {Z_DATA_ERROR, half, IPL_E_FORMAT, want_half}};
    unsigned char byte;

    (void)snprintf(named, sizeof named, "<fd:7>: wrong");
    (void)snprintf(half, sizeof half, "%s is wrong", path);
    (void)snprintf(want_half, sizeof want_half, "a.gz: damaged gzip data (%s is wrong)",
                   path);
    scratch_write(path, "x", 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ipl_error err = {0};
        ipl_gzip *file;

        assert_int_equal(ipl_gzip_open(&file, path, NULL), IPL_OK);
        broken = "gzread";
        zlib_code = cases[i].code;
        zlib_text = cases[i].text;
        assert_int_equal(ipl_gzip_read(&byte, 1, file, &err), cases[i].st);
        says(&err, cases[i].message);
        err = (ipl_error){0};
        assert_int_equal(ipl_gzip_expect_end(file, &err), cases[i].st);
        says(&err, cases[i].message);
        broken = zlib_text = NULL;
        ipl_gzip_close(file);
    }
}

/* gzread() takes an unsigned and gives an int: no piece may be longer than either. */
static void more_than_a_gibibyte_is_read_in_pieces(void **state)
{
    const char *path = scratch_path(state, "a");
    const size_t gibibyte = (size_t)1 << 30;
    unsigned char out;
    ipl_gzip *file;

    scratch_write(path, "x", 1);
    assert_int_equal(ipl_gzip_open(&file, path, NULL), IPL_OK);
    broken = "gzread in pieces"; /* it writes nothing to `out` */
    n_asked = 0;
    assert_int_equal(ipl_gzip_read(&out, 2 * gibibyte + 5, file, NULL), IPL_OK);
    assert_int_equal(n_asked, 3);
    assert_true(asked[0] == gibibyte && asked[1] == gibibyte && asked[2] == 5);
    ipl_gzip_close(file);
}

static void content_that_cannot_be_gone_back_to_is_an_error(void **state)
{
    const char *path = scratch_path(state, "dense.gz");
    ipl_error err = {0};
    ipl_gzip *file;

    write_dense_gzip(path);
    assert_int_equal(ipl_gzip_open(&file, path, NULL), IPL_OK);
    broken = "gzseek";
    assert_int_equal(ipl_gzip_expect(DENSE, file, &err), IPL_E_FORMAT);
    says(&err, "dense.gz: damaged gzip data");
    ipl_gzip_close(file);
}

/* ---- arrays ---- */

enum { ROWS = 9000, COLS = 3 };

/* An array of four blocks, as the reader takes them. */
static const char *write_array(void **state)
{
    static const size_t dims[] = {ROWS, COLS};
    static double data[ROWS * COLS];
    const char *path = scratch_path(state, "a.npy");

    for (size_t i = 0; i < (size_t)ROWS * COLS; i++)
        data[i] = (double)i;
    assert_int_equal(ipl_npy_write_f64(path, data, dims, 2, NULL), IPL_OK);
    return path;
}

static void replace_file(int fd, const char *path)
{
    const int other = open(path, O_RDONLY | O_CLOEXEC);

    assert_true(other >= 0);
    assert_true(dup2(other, fd) == fd);
    assert_int_equal(close(other), 0);
}

static void end_here(int fd)
{
    replace_file(fd, "/dev/null");
}

/* A folder cannot be read: EISDIR. */
static void break_disk(int fd)
{
    replace_file(fd, "/");
}

static void an_array_that_ends_or_breaks_while_it_is_read_is_an_error(void **state)
{
    const char *path = write_array(state);
    const int before = next_descriptor();

    for (int call = 3; call < 7; call++) { /* behind the header: each block */
        ipl_error err = {0};
        ipl_npy a;

        fread_call = call;
        at_fread = end_here;
        assert_int_equal(ipl_npy_read(&a, path, &err), IPL_E_FORMAT);
        says(&err, "a.npy: ends before its last element");
        assert_null(a.data);
        fread_call = call;
        at_fread = break_disk;
        assert_int_equal(ipl_npy_read(&a, path, &err), IPL_E_IO);
        says(&err, "a.npy: Is a directory");
        assert_null(a.data);
        at_fread = NULL;
    }
    assert_int_equal(next_descriptor(), before);
}

static void an_array_that_cannot_be_mapped_is_copied(void **state)
{
    const char *path = write_array(state);
    ipl_npy_view view;

    broken = "mmap";
    assert_int_equal(ipl_npy_view_open(&view, path, NULL), IPL_OK);
    broken = NULL;
    assert_null(view.map);
    assert_non_null(view.copy);
    assert_int_equal(view.rows.rows, ROWS);
    for (size_t i = 0; i < (size_t)ROWS * COLS; i++)
        assert_true(view.rows.f64[i] == (double)i);
    ipl_npy_view_close(&view);
}

/* ---- pictures ---- */

static void a_libpng_that_does_not_start_is_an_error(void **state)
{
    static const char *const calls[] = {"png_create", "png_create_info"};
    static const uint8_t pixels[12] = {1, 2, 3};
    const char *path = scratch_path(state, "a.png");
    const ipl_picture small = {
        .height = 2, .width = 2, .channels = 3, .pixels = (uint8_t[12]){0}};

    assert_int_equal(ipl_png_write(path, pixels, 2, 2, 3, NULL), IPL_OK);
    for (size_t i = 0; i < 2; i++) {
        ipl_error err = {0};
        ipl_picture picture;
        char *bytes;
        size_t len;

        broken = calls[i];
        assert_int_equal(ipl_png_read(&picture, path, &err), IPL_E_NOMEM);
        says(&err, "a.png: libpng could not start");
        assert_null(picture.pixels);
        err = (ipl_error){0};
        assert_int_equal(ipl_png_write(scratch_path(state, "b.png"), pixels, 2, 2, 3, &err),
                         IPL_E_NOMEM);
        says(&err, "b.png: libpng could not start");
        assert_false(ipl_file_exists(scratch_path(state, "b.png")));
        assert_int_equal(ipl_png_pack(&bytes, &len, &small, &err), IPL_E_NOMEM);
        assert_null(bytes);
        broken = NULL;
    }
}

/* What libpng is asked for is what there is room for: other sizes are not written there. */
static void pixels_of_another_kind_than_was_asked_for_are_refused(void **state)
{
    static const char *const calls[] = {"png_get_channels", "png_get_rowbytes"};
    static const uint8_t pixels[12] = {1, 2, 3};
    const char *path = scratch_path(state, "a.png");

    assert_int_equal(ipl_png_write(path, pixels, 2, 2, 3, NULL), IPL_OK);
    for (size_t i = 0; i < 2; i++) {
        ipl_error err = {0};
        ipl_picture picture;

        broken = calls[i];
        assert_int_equal(ipl_png_read(&picture, path, &err), IPL_E_FORMAT);
        says(&err, "a.png: PNG of an unknown kind");
        assert_null(picture.pixels);
        broken = NULL;
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_gzip_file_that_cannot_be_opened_for_lack_of_memory_says_so),
        TEST(what_zlib_says_is_told_with_the_name_of_the_file_once),
        TEST(more_than_a_gibibyte_is_read_in_pieces),
        TEST(content_that_cannot_be_gone_back_to_is_an_error),
        TEST(an_array_that_ends_or_breaks_while_it_is_read_is_an_error),
        TEST(an_array_that_cannot_be_mapped_is_copied),
        TEST(a_libpng_that_does_not_start_is_an_error),
        TEST(pixels_of_another_kind_than_was_asked_for_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
