#include "data/png.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/gzip.h"

#include <png.h>
#include <setjmp.h>
#include <stdbool.h>
#include <string.h>

#define FILE_MAX ((size_t)1 << 30)
#define CHUNK_MAX ((size_t)8 << 20) /* of an ancillary chunk */
#define DEFLATE_RATIO 1032u /* no deflate stream unpacks to more than this times its size */

enum {
    CHUNKS_MAX = 128,
    SIGNATURE = 8,
    CHUNK = 12 /* of a chunk without data: its length, name and checksum */
};

/*
 * One picture on its way. libpng leaves by longjmp: what changes after setjmp lives here, and
 * the caller that owns the struct frees everything.
 */
typedef struct codec {
    const char *path;
    ipl_error *err;
    ipl_status fault; /* set before a longjmp */
    char *bytes;      /* the file; owned */
    size_t len, at;   /* used; read so far */
    size_t capacity;
    ipl_picture picture;
    png_structp png;
    png_infop info;
} codec;

/* ---- what libpng calls ---- */

static PNG_CALLBACK(void, on_fault, (png_structp png, png_const_charp text))
{
    codec *c = png_get_error_ptr(png);

    if (c->fault == IPL_OK) /* else the allocator or the file has said why */
        c->fault = ipl_fail(c->err, IPL_E_FORMAT, "%s: damaged PNG (%s)", c->path, text);
    png_longjmp(png, 1);
}

static PNG_CALLBACK(void, on_warning, (png_structp png, png_const_charp text))
{
    (void)png; /* what libpng can mend by itself is no fault */
    (void)text;
}

static PNG_CALLBACK(png_voidp, on_malloc, (png_structp png, png_alloc_size_t size))
{
    codec *c = png_get_mem_ptr(png);
    void *p = ipl_array(1, size, 1, c->err);

    if (!p)
        c->fault = IPL_E_NOMEM;
    return p;
}

static PNG_CALLBACK(void, on_free, (png_structp png, png_voidp p))
{
    (void)png;
    ipl_free(p);
}

static PNG_CALLBACK(void, on_read, (png_structp png, png_bytep out, size_t n))
{
    codec *c = png_get_io_ptr(png);

    if (n > c->len - c->at) {
        c->fault = ipl_fail(c->err, IPL_E_FORMAT, "%s: truncated PNG, ends at byte %zu",
                            c->path, c->len);
        png_error(png, "truncated");
    }
    memcpy(out, c->bytes + c->at, n);
    c->at += n;
}

static PNG_CALLBACK(void, on_write, (png_structp png, png_bytep bytes, size_t n))
{
    codec *c = png_get_io_ptr(png);

    if (n > c->capacity - c->len) {
        const size_t capacity = 2 * c->capacity + n;
        char *grown = ipl_array(1, capacity, 1, c->err);

        if (!grown) {
            c->fault = IPL_E_NOMEM;
            png_error(png, "out of memory");
        }
        if (c->len > 0)
            memcpy(grown, c->bytes, c->len);
        ipl_free(c->bytes);
        c->bytes = grown;
        c->capacity = capacity;
    }
    memcpy(c->bytes + c->len, bytes, n);
    c->len += n;
}

static PNG_CALLBACK(void, on_flush, (png_structp png))
{
    (void)png; /* memory has nothing to flush */
}

/* ---- writing ---- */

static int color_type(const ipl_picture *p, bool with_palette)
{
    if (with_palette)
        return PNG_COLOR_TYPE_PALETTE;
    return p->channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY;
}

/* Everything from setjmp on; false after a longjmp. */
static bool encode(codec *c, const uint8_t *pixels, const png_color *palette, int n_colours)
{
    const ipl_picture *p = &c->picture;

    if (setjmp(png_jmpbuf(c->png)))
        return false;
    c->info = png_create_info_struct(c->png);
    if (!c->info)
        return false;
    png_set_write_fn(c->png, c, on_write, on_flush);
    png_set_IHDR(c->png, c->info, (png_uint_32)p->width, (png_uint_32)p->height, 8,
                 color_type(p, palette != NULL), PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (palette) {
        png_set_PLTE(c->png, c->info, palette, n_colours);
        png_set_compression_level(c->png, 9);
    }
    png_write_info(c->png, c->info);
    for (size_t y = 0; y < p->height; y++)
        png_write_row(c->png, pixels + y * p->width * p->channels);
    png_write_end(c->png, c->info);
    return true;
}

/* Encode into c->bytes, which the caller frees; the status is c->fault. */
static void write_png(codec *c, const uint8_t *pixels, const png_color *palette,
                      int n_colours)
{
    c->png = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, c, on_fault, on_warning, c,
                                       on_malloc, on_free);
    if ((!c->png || !encode(c, pixels, palette, n_colours)) && c->fault == IPL_OK)
        c->fault = ipl_fail(c->err, IPL_E_NOMEM, "%s: libpng could not start", c->path);
    png_destroy_write_struct(&c->png, &c->info);
}

ipl_status ipl_png_write(const char *path, const uint8_t *pixels, size_t height,
                         size_t width, size_t channels, ipl_error *err)
{
    codec c = {.path = path,
               .err = err,
               .picture = {.height = height, .width = width, .channels = channels}};

    if (height == 0 || width == 0 || height > IPL_PNG_SIDE_MAX ||
        width > IPL_PNG_SIDE_MAX || (channels != 1 && channels != 3))
        return ipl_fail(
            err, IPL_E_SHAPE,
            "%s: picture of %zu x %zu with %zu channels, want sides of 1 ... %d "
            "and 1 or 3 channels",
            path, height, width, channels, IPL_PNG_SIDE_MAX);
    write_png(&c, pixels, NULL, 0);
    if (c.fault == IPL_OK)
        c.fault = ipl_file_replace(path, c.bytes, c.len, err);
    ipl_free(c.bytes);
    return c.fault;
}

/* A colour with `bits` of each channel left, as a number below 4096. */
static unsigned coarse(const uint8_t *pixel, size_t channels, unsigned bits)
{
    const unsigned r = pixel[0], g = pixel[channels / 2], b = pixel[channels - 1];

    return r >> (8 - bits) << 8 | g >> (8 - bits) << 4 | b >> (8 - bits);
}

/* The full colour of a coarse one: its highest value becomes 255. */
static png_color full(unsigned key, unsigned bits)
{
    const unsigned most = (1u << bits) - 1;

    return (png_color){(png_byte)((key >> 8 & 15) * 255 / most),
                       (png_byte)((key >> 4 & 15) * 255 / most),
                       (png_byte)((key & 15) * 255 / most)};
}

/* Index of every pixel in a palette of its coarse colours; 0 when these are more than 256. */
static int index_colours(uint8_t *index, png_color *palette, const ipl_picture *p,
                         unsigned bits)
{
    int16_t place[4096];
    int n = 0;

    memset(place, -1, sizeof place);
    for (size_t i = 0; i < p->height * p->width; i++) {
        const unsigned key = coarse(p->pixels + i * p->channels, p->channels, bits);

        if (place[key] < 0) {
            if (n == 256)
                return 0;
            palette[n] = full(key, bits);
            place[key] = (int16_t)n++;
        }
        index[i] = (uint8_t)place[key];
    }
    return n;
}

ipl_status ipl_png_pack(char **out, size_t *len, const ipl_picture *picture, ipl_error *err)
{
    codec c = {
        .path = "packed picture",
        .err = err,
        .picture = {.height = picture->height, .width = picture->width, .channels = 1}};
    uint8_t *index = ipl_array(picture->height, picture->width, 1, err);
    png_color palette[256];
    int n = 0;

    *out = NULL;
    if (!index)
        return IPL_E_NOMEM;
    for (unsigned bits = 4; n == 0; bits--) /* 2 bits are 64 colours at most */
        n = index_colours(index, palette, picture, bits);
    write_png(&c, index, palette, n);
    ipl_free(index);
    if (c.fault != IPL_OK) {
        ipl_free(c.bytes);
        return c.fault;
    }
    *out = c.bytes;
    *len = c.len;
    return IPL_OK;
}

/* ---- reading ---- */

/* Ask for 8-bit grey or RGB whatever the file has; returns the number of passes. */
static int set_transforms(codec *c)
{
    const png_byte type = png_get_color_type(c->png, c->info);
    int passes;

    if (type == PNG_COLOR_TYPE_PALETTE)
        png_set_palette_to_rgb(c->png);
    if (type == PNG_COLOR_TYPE_GRAY && png_get_bit_depth(c->png, c->info) < 8)
        png_set_expand_gray_1_2_4_to_8(c->png);
    png_set_scale_16(c->png);
    png_set_strip_alpha(c->png);
    passes = png_set_interlace_handling(c->png);
    png_read_update_info(c->png, c->info);
    return passes;
}

/* Sizes into c->picture; room for its pixels, which the file must be able to fill. */
static void prepare_pixels(codec *c)
{
    const size_t height = png_get_image_height(c->png, c->info);
    const size_t width = png_get_image_width(c->png, c->info);
    const size_t channels = png_get_channels(c->png, c->info);
    const size_t bytes = height * png_get_rowbytes(c->png, c->info);
    /* The file's own rows can be 1/24 of ours: one bit that becomes three bytes. */
    const size_t most = c->len * DEFLATE_RATIO;

    if (bytes / 24 > most)
        c->fault = ipl_fail(c->err, IPL_E_FORMAT,
                            "%s: damaged PNG (%zu x %zu pixels cannot be in %zu bytes)",
                            c->path, height, width, c->len);
    else if (height > IPL_PNG_PIXELS_MAX / width)
        c->fault =
            ipl_fail(c->err, IPL_E_FORMAT, "%s: PNG of %zu x %zu pixels, at most %zu",
                     c->path, height, width, IPL_PNG_PIXELS_MAX);
    else if ((channels != 1 && channels != 3) || bytes != height * width * channels)
        c->fault = ipl_fail(c->err, IPL_E_FORMAT, "%s: PNG of an unknown kind", c->path);
    else
        c->picture.pixels = ipl_array(1, bytes, 1, c->err);
    if (!c->picture.pixels) {
        if (c->fault == IPL_OK)
            c->fault = IPL_E_NOMEM;
        png_error(c->png, "no room");
    }
    c->picture.height = height;
    c->picture.width = width;
    c->picture.channels = channels;
}

static uint32_t big_endian(const char *bytes)
{
    const unsigned char *p = (const unsigned char *)bytes;

    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/*
 * Every chunk must be within the file, for libpng makes room for one as long as it says. The
 * checksum of the last chunk is checked here, for libpng from 1.6.48 on only warns of it.
 */
static ipl_status check_chunks(const codec *c)
{
    size_t at = SIGNATURE;

    if (c->len < SIGNATURE || png_sig_cmp((png_const_bytep)c->bytes, 0, SIGNATURE) != 0)
        return IPL_OK; /* no PNG, as libpng will say */
    while (c->len - at >= CHUNK) {
        const char *p = c->bytes + at;
        const size_t size = big_endian(p);

        if (size > c->len - at - CHUNK)
            return ipl_fail(c->err, IPL_E_FORMAT, "%s: truncated PNG, ends at byte %zu",
                            c->path, c->len);
        if (memcmp(p + 4, "IEND", 4) == 0)
            return ipl_crc32(0, p + 4, 4 + size) == big_endian(p + 8 + size)
                       ? IPL_OK
                       : ipl_fail(c->err, IPL_E_FORMAT, "%s: damaged PNG (IEND: CRC error)",
                                  c->path);
        at += CHUNK + size;
    }
    return IPL_OK; /* one without an end is found when it is read */
}

/* Everything from setjmp on; false after a longjmp. */
static bool decode(codec *c)
{
    size_t stride;
    int passes;

    if (setjmp(png_jmpbuf(c->png)))
        return false;
    c->info = png_create_info_struct(c->png);
    if (!c->info)
        return false;
    png_set_user_limits(c->png, IPL_PNG_SIDE_MAX, IPL_PNG_SIDE_MAX);
    png_set_chunk_cache_max(c->png, CHUNKS_MAX);
    png_set_chunk_malloc_max(c->png, CHUNK_MAX);
    png_set_read_fn(c->png, c, on_read);
    png_read_info(c->png, c->info);
    passes = set_transforms(c);
    prepare_pixels(c);
    stride = c->picture.width * c->picture.channels;
    for (; passes > 0; passes--)
        for (size_t y = 0; y < c->picture.height; y++)
            png_read_row(c->png, c->picture.pixels + y * stride, NULL);
    png_read_end(c->png, NULL); /* the last checksums */
    return true;
}

ipl_status ipl_png_read(ipl_picture *out, const char *path, ipl_error *err)
{
    codec c = {.path = path, .err = err};

    *out = (ipl_picture){0};
    c.fault = ipl_file_read(&c.bytes, &c.len, path, FILE_MAX, err);
    if (c.fault != IPL_OK)
        return c.fault;
    c.png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &c, on_fault, on_warning, &c,
                                     on_malloc, on_free);
    if (c.png)
        c.fault = check_chunks(&c);
    if (c.png && c.fault == IPL_OK && decode(&c)) {
        *out = c.picture;
        c.picture.pixels = NULL; /* now the caller's */
    } else if (c.fault == IPL_OK) {
        c.fault = ipl_fail(err, IPL_E_NOMEM, "%s: libpng could not start", path);
    }
    png_destroy_read_struct(&c.png, &c.info, NULL);
    ipl_picture_release(&c.picture);
    ipl_free(c.bytes);
    return c.fault;
}

void ipl_picture_release(ipl_picture *picture)
{
    ipl_free(picture->pixels);
    *picture = (ipl_picture){0};
}
