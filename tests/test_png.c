#include "odd_png.h"

#include "base/alloc.h"
#include "data/contact_sheet.h"
#include "data/png.h"

#include <zlib.h>

static void fill_ramp(unsigned char *pixels, size_t n)
{
    for (size_t i = 0; i < n; i++)
        pixels[i] = (unsigned char)(37 * i + i / 256);
}

static void grey_and_colour_come_back_byte_for_byte(void **state)
{
    static const struct {
        size_t height, width, channels;
    } cases[] = {{16, 16, 1}, {1, 1, 1}, {1, 1, 3}, {7, 5, 3}, {300, 3, 1}, {2, 400, 3}};
    const char *path = scratch_path(state, "a.png");
    unsigned char pixels[2400];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const size_t n = cases[i].height * cases[i].width * cases[i].channels;
        ipl_picture picture;

        fill_ramp(pixels, n);
        assert_int_equal(ipl_png_write(path, pixels, cases[i].height, cases[i].width,
                                       cases[i].channels, NULL),
                         IPL_OK);
        assert_int_equal(ipl_png_read(&picture, path, NULL), IPL_OK);
        assert_int_equal(picture.height, cases[i].height);
        assert_int_equal(picture.width, cases[i].width);
        assert_int_equal(picture.channels, cases[i].channels);
        assert_memory_equal(picture.pixels, pixels, n);
        ipl_picture_release(&picture);
        assert_null(picture.pixels);
    }
}

/* Read an odd picture and compare it with the bytes wanted, so many of each pixel. */
static void check_odd(void **state, const odd_png *odd, size_t size,
                      const unsigned char *want)
{
    const char *path = scratch_path(state, "odd.png");
    ipl_picture picture;
    ipl_error err = {0};

    write_odd(path, odd);
    if (ipl_png_read(&picture, path, &err) != IPL_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(picture.channels * (picture.wide ? 2 : 1), size);
    assert_int_equal(picture.width, odd->width);
    assert_int_equal(picture.height, odd->height);
    assert_memory_equal(picture.pixels, want, odd->width * odd->height * size);
    ipl_picture_release(&picture);
}

static void few_bits_of_grey_are_stretched(void **state)
{
    const unsigned char one[] = {0xa0}, two[] = {0x1b}, four[] = {0x0f, 0x70};

    check_odd(state, &(odd_png){PNG_COLOR_TYPE_GRAY, 1, false, 4, 1, one, 1, NULL}, 1,
              (const unsigned char[]){255, 0, 255, 0});
    check_odd(state, &(odd_png){PNG_COLOR_TYPE_GRAY, 2, false, 4, 1, two, 1, NULL}, 1,
              (const unsigned char[]){0, 85, 170, 255});
    check_odd(state, &(odd_png){PNG_COLOR_TYPE_GRAY, 4, false, 3, 1, four, 2, NULL}, 1,
              (const unsigned char[]){0, 255, 119});
}

static void sixteen_bits_are_kept(void **state)
{
    const unsigned char grey[] = {0x12, 0x12, 0x80, 0x00, 0xff, 0xff, 0x00, 0x81};
    const unsigned char colour[] = {0, 0, 0xff, 0xff, 0x40, 0x41};
    const char *path = scratch_path(state, "odd.png");
    ipl_picture p;

    check_odd(state, &(odd_png){PNG_COLOR_TYPE_GRAY, 16, false, 4, 1, grey, 8, NULL}, 2,
              grey);
    check_odd(state, &(odd_png){PNG_COLOR_TYPE_GRAY, 16, true, 2, 2, grey, 4, NULL}, 2,
              grey);
    check_odd(state, &(odd_png){PNG_COLOR_TYPE_RGB, 16, false, 1, 1, colour, 6, NULL}, 6,
              colour);
    write_odd(path, &(odd_png){PNG_COLOR_TYPE_RGB, 16, false, 1, 1, colour, 6, NULL});
    assert_int_equal(ipl_png_read(&p, path, NULL), IPL_OK);
    assert_true(p.wide && !p.alpha);
    assert_int_equal(ipl_picture_value(&p, 1), 65535);
    assert_int_equal(ipl_picture_value(&p, 2), 0x4041);
    ipl_picture_release(&p);
}

/* The value at i of an odd picture over a background. */
static void check_over(void **state, const odd_png *odd, const char *background,
                       const uint16_t *want, size_t n)
{
    const char *path = scratch_path(state, "odd.png");
    ipl_background behind;
    ipl_picture p;

    write_odd(path, odd);
    assert_int_equal(ipl_background_parse(&behind, background, NULL), IPL_OK);
    assert_int_equal(ipl_png_read_over(&p, path, &behind, NULL), IPL_OK);
    assert_true(p.alpha);
    assert_int_equal(p.height * p.width * p.channels, n);
    for (size_t i = 0; i < n; i++)
        if (ipl_picture_value(&p, i) != want[i] * (p.wide ? 1u : 257u))
            fail_msg("%s, value %zu: %u, want %u", background, i,
                     ipl_picture_value(&p, i) / (p.wide ? 1u : 257u), want[i]);
    ipl_picture_release(&p);
}

/* 100 * 51 / 255 + 255 * 204 / 255 = 224, over black 20, over 30 44. */
static void alpha_lies_on_the_background(void **state)
{
    const unsigned char grey[] = {100, 51, 20, 255, 77, 0};
    const unsigned char colour[] = {1, 2, 3, 0, 100, 0, 255, 51};
    const odd_png g = {PNG_COLOR_TYPE_GRAY_ALPHA, 8, false, 3, 1, grey, 6, NULL};
    const odd_png c = {PNG_COLOR_TYPE_RGB_ALPHA, 8, false, 2, 1, colour, 8, NULL};

    check_over(state, &g, "white", (const uint16_t[]){224, 20, 255}, 3);
    check_over(state, &g, "black", (const uint16_t[]){20, 20, 0}, 3);
    check_over(state, &g, "30", (const uint16_t[]){44, 20, 30}, 3);
    check_over(state, &c, "white", (const uint16_t[]){255, 255, 255, 224, 204, 255}, 6);
    check_over(state, &c, "#0a14FF", (const uint16_t[]){10, 20, 255, 28, 16, 255}, 6);
    check_over(state, &c, "000000", (const uint16_t[]){0, 0, 0, 20, 0, 51}, 6);
}

/* A grey of 16 bits: (1000 * 1 + 65535 * 65534 + 32767) / 65535 = 65534. */
static void alpha_of_sixteen_bits_and_of_interlaced_pictures(void **state)
{
    const unsigned char wide[] = {0x03, 0xe8, 0, 1, 0x03, 0xe8, 0xff, 0xff,
                                  0x03, 0xe8, 0, 0, 0x03, 0xe8, 0x80, 0};
    const uint16_t want[] = {65534, 1000, 65535, 33267};
    unsigned char rgba[3 * 5 * 4];
    uint16_t over[3 * 5 * 3];

    check_over(state,
               &(odd_png){PNG_COLOR_TYPE_GRAY_ALPHA, 16, false, 4, 1, wide, 16, NULL},
               "white", want, 4);
    check_over(state, &(odd_png){PNG_COLOR_TYPE_GRAY_ALPHA, 16, true, 2, 2, wide, 8, NULL},
               "white", want, 4);
    fill_ramp(rgba, sizeof rgba);
    for (size_t i = 0; i < 3 * 5; i++)
        for (size_t c = 0; c < 3; c++) {
            const double a = rgba[4 * i + 3] / 255.0;

            over[3 * i + c] = (uint16_t)(rgba[4 * i + c] * a + 255.0 * (1.0 - a) + 0.5);
        }
    check_over(state, &(odd_png){PNG_COLOR_TYPE_RGB_ALPHA, 8, true, 5, 3, rgba, 20, NULL},
               "white", over, 45);
}

/* tRNS of a palette (alpha 0 and 128 of the first two colours), and of one colour. */
static void transparent_colours_lie_on_the_background(void **state)
{
    const unsigned char rows[] = {0x1b}, grey[] = {7, 8, 7}, four[] = {0x5a};
    const unsigned char rgb[] = {1, 2, 3, 1, 2, 4}, wide[] = {1, 2, 1, 3};
    const png_color_16 seven = {.gray = 7}, five = {.gray = 5}, wide_key = {.gray = 0x102};
    const png_color_16 colour = {.red = 1, .green = 2, .blue = 3};

    check_over(state, &(odd_png){PNG_COLOR_TYPE_PALETTE, 2, false, 4, 1, rows, 1, NULL},
               "white",
               (const uint16_t[]){255, 255, 255, 127, 255, 127, 0, 0, 255, 9, 8, 7}, 12);
    check_over(state, &(odd_png){PNG_COLOR_TYPE_GRAY, 8, false, 3, 1, grey, 3, &seven},
               "white", (const uint16_t[]){255, 8, 255}, 3);
    check_over(state, &(odd_png){PNG_COLOR_TYPE_GRAY, 4, false, 2, 1, four, 1, &five}, "9",
               (const uint16_t[]){9, 170}, 2);
    check_over(state, &(odd_png){PNG_COLOR_TYPE_RGB, 8, false, 2, 1, rgb, 6, &colour},
               "black", (const uint16_t[]){0, 0, 0, 1, 2, 4}, 6);
    check_over(state, &(odd_png){PNG_COLOR_TYPE_GRAY, 16, false, 2, 1, wide, 4, &wide_key},
               "white", (const uint16_t[]){65535, 0x103}, 2);
}

static void opaque_alpha_changes_nothing(void **state)
{
    const unsigned char grey[] = {100, 255, 20, 255};
    const char *path = scratch_path(state, "odd.png");
    ipl_picture p;

    write_odd(path, &(odd_png){PNG_COLOR_TYPE_GRAY_ALPHA, 8, false, 2, 1, grey, 4, NULL});
    assert_int_equal(ipl_png_read(&p, path, NULL), IPL_OK);
    assert_true(!p.alpha && p.pixels[0] == 100 && p.pixels[1] == 20);
    ipl_picture_release(&p);
}

static void a_background_that_is_none_or_does_not_fit_is_refused(void **state)
{
    static const char *const wrong[] = {"",    "grey", "256",    "-1",     "#12345",
                                        "#10", "1e2",  "0x1234", "gggggg", "1234567"};
    const unsigned char grey[] = {100, 51};
    const char *path = scratch_path(state, "odd.png");
    ipl_background behind;
    ipl_error err = {0};
    ipl_picture p;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(ipl_background_parse(&behind, wrong[i], &err), IPL_E_ARG);
        assert_non_null(strstr(err.msg, "want white, black"));
    }
    write_odd(path, &(odd_png){PNG_COLOR_TYPE_GRAY_ALPHA, 8, false, 1, 1, grey, 2, NULL});
    assert_int_equal(ipl_background_parse(&behind, "ff0000", NULL), IPL_OK);
    assert_int_equal(ipl_png_read_over(&p, path, &behind, &err), IPL_E_SHAPE);
    assert_non_null(strstr(err.msg, "odd.png: a grey picture with alpha"));
    assert_null(p.pixels);
}

/* Whatever libpng thinks of the checksums of IEND and of chunks that it may ignore. */
static void a_wrong_checksum_of_any_chunk_is_a_format_error(void **state)
{
    const unsigned char grey[] = {7, 8, 7};
    const png_color_16 seven = {.gray = 7};
    const char *path = scratch_path(state, "odd.png");
    const odd_png odd = {PNG_COLOR_TYPE_GRAY, 8, false, 3, 1, grey, 3, &seven};
    size_t len, n = 0;
    char *file;

    write_odd(path, &odd);
    assert_int_equal(ipl_file_read(&file, &len, path, 4096, NULL), IPL_OK);
    for (size_t at = 8; at < len; n++) {
        const size_t size = (unsigned char)file[at + 3], last = at + 11 + size;
        ipl_error err = {0};
        ipl_picture p;

        file[last] ^= 1;
        scratch_write(path, file, len);
        assert_int_equal(ipl_png_read(&p, path, &err), IPL_E_FORMAT);
        assert_non_null(strstr(err.msg, "odd.png: damaged PNG (wrong checksum"));
        file[last] ^= 1;
        at = last + 1;
    }
    assert_int_equal(n, 4); /* IHDR, tRNS, IDAT, IEND */
    ipl_free(file);
}

/* As other readers have it. */
static void what_follows_the_end_is_ignored(void **state)
{
    const char *path = scratch_path(state, "a.png");
    unsigned char bytes[4096] = {0};
    size_t len;
    char *file;
    ipl_picture p;

    assert_int_equal(ipl_png_write(path, (const uint8_t[]){5}, 1, 1, 1, NULL), IPL_OK);
    assert_int_equal(ipl_file_read(&file, &len, path, sizeof bytes, NULL), IPL_OK);
    memcpy(bytes, file, len);
    ipl_free(file);
    scratch_write(path, bytes, len + 20);
    assert_int_equal(ipl_png_read(&p, path, NULL), IPL_OK);
    assert_int_equal(p.pixels[0], 5);
    ipl_picture_release(&p);
}

static void an_interlaced_picture_is_put_together(void **state)
{
    unsigned char pixels[11 * 13];

    fill_ramp(pixels, sizeof pixels);
    check_odd(state, &(odd_png){PNG_COLOR_TYPE_GRAY, 8, true, 11, 13, pixels, 11, NULL}, 1,
              pixels);
}

/* A small grey picture and its file; returns the length of the file. */
static size_t make_file(unsigned char *bytes, size_t capacity, const char *path)
{
    unsigned char pixels[64];
    char *file;
    size_t len;

    fill_ramp(pixels, sizeof pixels);
    assert_int_equal(ipl_png_write(path, pixels, 8, 8, 1, NULL), IPL_OK);
    assert_int_equal(ipl_file_read(&file, &len, path, capacity, NULL), IPL_OK);
    memcpy(bytes, file, len);
    ipl_free(file);
    return len;
}

static void a_file_cut_at_any_length_is_a_format_error(void **state)
{
    const char *path = scratch_path(state, "a.png");
    const int before = next_descriptor();
    unsigned char bytes[4096];
    const size_t len = make_file(bytes, sizeof bytes, path);

    for (size_t keep = 0; keep < len; keep++) {
        ipl_error err = {0};
        ipl_picture picture;

        scratch_write(path, bytes, keep);
        if (ipl_png_read(&picture, path, &err) != IPL_E_FORMAT)
            fail_msg("%zu of %zu bytes: %s", keep, len, err.msg);
        assert_null(picture.pixels);
        assert_non_null(strstr(err.msg, "a.png: "));
    }
    assert_int_equal(next_descriptor(), before);
}

/* Checksums cover every chunk, so no flipped bit gives a picture. */
static void every_single_bit_flip_is_a_format_error(void **state)
{
    const char *path = scratch_path(state, "a.png");
    unsigned char bytes[4096];
    const size_t len = make_file(bytes, sizeof bytes, path);

    for (size_t b = 0; b < 8 * len; b++) {
        ipl_picture picture;

        bytes[b / 8] ^= (unsigned char)(1u << b % 8);
        scratch_write(path, bytes, len);
        if (ipl_png_read(&picture, path, NULL) != IPL_E_FORMAT)
            fail_msg("bit %zu of byte %zu", b % 8, b / 8);
        bytes[b / 8] ^= (unsigned char)(1u << b % 8);
    }
}

/* Write the file with other sides in its header, as RGB and with the right checksum. */
static void write_sizes(unsigned char *bytes, size_t len, const char *path,
                        const unsigned char *sides)
{
    uLong crc;

    memcpy(bytes + 16, sides, 8);
    bytes[25] = PNG_COLOR_TYPE_RGB;
    crc = crc32(0, bytes + 12, 17);
    for (int i = 0; i < 4; i++)
        bytes[29 + i] = (unsigned char)(crc >> (24 - 8 * i));
    scratch_write(path, bytes, len);
}

/* A header alone that says 16000 x 16000 RGB, 768 MB: refused for its size. */
static void a_header_that_says_more_than_the_file_can_hold_is_refused(void **state)
{
    static const unsigned char wide[8] = {0, 0, 0x3e, 0x80, 0, 0, 0x3e, 0x80};
    static const unsigned char too_wide[8] = {0, 1, 0, 0, 0, 0, 0, 1};
    const char *path = scratch_path(state, "a.png");
    unsigned char bytes[4096];
    const size_t len = make_file(bytes, sizeof bytes, path);
    ipl_error err = {0};
    ipl_picture picture;

    write_sizes(bytes, len, path, wide);
    assert_int_equal(ipl_png_read(&picture, path, &err), IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "cannot be in"));
    write_sizes(bytes, len, path, too_wide);
    assert_int_equal(ipl_png_read(&picture, path, &err), IPL_E_FORMAT);
}

static void a_missing_file_is_no_input(void **state)
{
    ipl_error err = {0};
    ipl_picture picture;

    (void)state;
    assert_int_equal(ipl_png_read(&picture, "/nonexistent/7.png", &err), IPL_E_NOINPUT);
    assert_string_equal(err.msg, "/nonexistent/7.png: No such file or directory");
    assert_null(picture.pixels);
}

static void a_picture_that_cannot_be_is_not_written(void **state)
{
    const unsigned char pixel[4] = {0};
    const char *path = scratch_path(state, "a.png");

    assert_int_equal(ipl_png_write(path, pixel, 0, 1, 1, NULL), IPL_E_SHAPE);
    assert_int_equal(ipl_png_write(path, pixel, 1, 0, 1, NULL), IPL_E_SHAPE);
    assert_int_equal(ipl_png_write(path, pixel, 1, 1, 2, NULL), IPL_E_SHAPE);
    assert_int_equal(ipl_png_write(path, pixel, 1, 20000, 1, NULL), IPL_E_SHAPE);
    assert_int_equal(ipl_png_write(path, pixel, 20000, 1, 1, NULL), IPL_E_SHAPE);
    assert_false(ipl_file_exists(path));
    assert_int_equal(ipl_png_write("/nonexistent/a.png", pixel, 1, 1, 1, NULL),
                     IPL_E_CANTCREATE);
}

static void running_out_of_memory_leaves_nothing_behind(void **state)
{
    const char *path = scratch_path(state, "a.png");
    const int before = next_descriptor();
    unsigned char pixels[64 * 64 * 3];
    ipl_picture picture = {0};
    ipl_status st = IPL_E_NOMEM;
    long n;

    fill_ramp(pixels, sizeof pixels);
    for (n = 0; st == IPL_E_NOMEM; n++) {
        assert_false(ipl_file_exists(path));
        ipl_alloc_fail_after(n);
        st = ipl_png_write(path, pixels, 64, 64, 3, NULL);
    }
    assert_int_equal(st, IPL_OK);
    assert_true(n > 4);
    st = IPL_E_NOMEM;
    for (n = 0; st == IPL_E_NOMEM; n++) {
        assert_null(picture.pixels);
        ipl_alloc_fail_after(n);
        st = ipl_png_read(&picture, path, NULL);
    }
    ipl_alloc_fail_after(-1);
    assert_int_equal(st, IPL_OK);
    assert_true(n > 4);
    st = IPL_E_NOMEM;
    for (n = 0; st == IPL_E_NOMEM; n++) {
        char *bytes;
        size_t len;

        ipl_alloc_fail_after(n);
        st = ipl_png_pack(&bytes, &len, &picture, NULL);
        ipl_alloc_fail_after(-1);
        assert_true(st == IPL_OK ? bytes != NULL : !bytes);
        ipl_free(bytes);
    }
    assert_int_equal(st, IPL_OK);
    assert_true(n > 4);
    ipl_picture_release(&picture);
    assert_int_equal(next_descriptor(), before);
}

/* Largest difference of a channel after packing. */
/* NOLINTNEXTLINE(readability-non-const-parameter): a picture may be written to */
static int packed_error(void **state, uint8_t *pixels, size_t side, size_t channels)
{
    const char *path = scratch_path(state, "packed.png");
    ipl_picture in = {.pixels = pixels,
                      .height = side,
                      .width = side,
                      .channels = channels},
                got;
    char *bytes;
    size_t len;
    int worst = 0;

    assert_int_equal(ipl_png_pack(&bytes, &len, &in, NULL), IPL_OK);
    scratch_write(path, bytes, len);
    ipl_free(bytes);
    assert_int_equal(ipl_png_read(&got, path, NULL), IPL_OK);
    assert_int_equal(got.height, side);
    assert_int_equal(got.width, side);
    assert_int_equal(got.channels, 3);
    for (size_t i = 0; i < side * side; i++)
        for (size_t c = 0; c < 3; c++) {
            const int from = pixels[i * channels + (channels == 3 ? c : 0)];
            const int off = abs(got.pixels[3 * i + c] - from);

            assert_true((from != 0 && from != 255) || off == 0);
            worst = off > worst ? off : worst;
        }
    ipl_picture_release(&got);
    return worst;
}

static void a_packed_picture_has_sixteen_levels_or_fewer(void **state)
{
    uint8_t pixels[3 * 64 * 64];
    uint32_t noise = 1;

    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)i;
    assert_within(packed_error(state, pixels, 64, 1), 1, 16);
    assert_within(packed_error(state, pixels, 1, 3), 0, 16);
    for (size_t i = 0; i < sizeof pixels; i++) {
        noise = noise * 1664525u + 1013904223u;
        pixels[i] = (uint8_t)(noise >> 24);
    }
    assert_within(packed_error(state, pixels, 64, 1), 1, 16);
    assert_within(packed_error(state, pixels, 64, 3), 33, 64); /* too many colours */
}

/* Two 2 x 2 colour pictures, 28 times enlarged: squares of one colour, grey lines around. */
static void a_contact_sheet_enlarges_without_blur(void **state)
{
    const float x[12] = {0, 1, 2, 3, 3, 3, 3, 3, -5, 9, 1.5f, 0};
    const size_t step = 2 * 28 + 2;
    ipl_contact_sheet sheet;

    (void)state;
    assert_int_equal(ipl_contact_sheet_init(&sheet, 1, 2, (ipl_shape){3, 2, 2}, NULL),
                     IPL_OK);
    assert_int_equal(sheet.height, step + 2);
    assert_int_equal(sheet.width, 2 * step + 2);
    ipl_contact_sheet_place(&sheet, 0, 1, x, 0.0, 3.0);
    for (size_t i = 0; i < sheet.height; i++)
        for (size_t j = 0; j < sheet.width; j++) {
            const bool inside = i >= 2 && i < step && j >= step + 2 && j < 2 * step;
            const size_t from = inside ? (i - 2) / 28 * 2 + (j - step - 2) / 28 : 0;
            static const unsigned char want[3][4] = {
                {0, 85, 170, 255}, {255, 255, 255, 255}, {0, 255, 128, 0}};

            for (size_t c = 0; c < 3; c++)
                assert_int_equal(sheet.pixels[(i * sheet.width + j) * 3 + c],
                                 inside ? want[c][from] : 128);
        }
    ipl_contact_sheet_release(&sheet);
    assert_int_equal(ipl_contact_sheet_init(&sheet, 1, 1, (ipl_shape){12, 1, 1}, NULL),
                     IPL_E_SHAPE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(grey_and_colour_come_back_byte_for_byte),
        IN_SCRATCH(few_bits_of_grey_are_stretched),
        IN_SCRATCH(sixteen_bits_are_kept),
        IN_SCRATCH(alpha_lies_on_the_background),
        IN_SCRATCH(alpha_of_sixteen_bits_and_of_interlaced_pictures),
        IN_SCRATCH(transparent_colours_lie_on_the_background),
        IN_SCRATCH(opaque_alpha_changes_nothing),
        IN_SCRATCH(a_background_that_is_none_or_does_not_fit_is_refused),
        IN_SCRATCH(a_wrong_checksum_of_any_chunk_is_a_format_error),
        IN_SCRATCH(what_follows_the_end_is_ignored),
        IN_SCRATCH(an_interlaced_picture_is_put_together),
        IN_SCRATCH(a_file_cut_at_any_length_is_a_format_error),
        IN_SCRATCH(every_single_bit_flip_is_a_format_error),
        IN_SCRATCH(a_header_that_says_more_than_the_file_can_hold_is_refused),
        cmocka_unit_test(a_missing_file_is_no_input),
        IN_SCRATCH(a_picture_that_cannot_be_is_not_written),
        IN_SCRATCH(running_out_of_memory_leaves_nothing_behind),
        IN_SCRATCH(a_packed_picture_has_sixteen_levels_or_fewer),
        cmocka_unit_test(a_contact_sheet_enlarges_without_blur),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
