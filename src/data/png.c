#include "data/png.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/gzip.h"
#include "base/text.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
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
    size_t stride; /* bytes of a row that is read */
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

/* The colour of pixel i with `bits` of each channel left, as a number below 4096. */
static unsigned coarse(const ipl_picture *p, size_t i, unsigned bits)
{
    const size_t at = i * p->channels;
    const unsigned r = ipl_picture_value(p, at),
                   g = ipl_picture_value(p, at + p->channels / 2),
                   b = ipl_picture_value(p, at + p->channels - 1);

    return r >> (16 - bits) << 8 | g >> (16 - bits) << 4 | b >> (16 - bits);
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
        const unsigned key = coarse(p, i, bits);

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

/* Ask for bytes, or pairs of bytes, of grey or RGB and alpha where the file has it; returns
 * the number of passes. */
static int set_transforms(codec *c)
{
    int passes;

    png_set_expand(c->png); /* palettes, bits fewer than 8, transparent colours */
    passes = png_set_interlace_handling(c->png);
    png_read_update_info(c->png, c->info);
    return passes;
}

/* Sizes into c->picture, its channels with that of alpha. */
static void read_sizes(codec *c)
{
    ipl_picture *p = &c->picture;

    p->height = png_get_image_height(c->png, c->info);
    p->width = png_get_image_width(c->png, c->info);
    p->channels = png_get_channels(c->png, c->info);
    p->wide = png_get_bit_depth(c->png, c->info) == 16;
    c->stride = png_get_rowbytes(c->png, c->info);
}

/* Room for the pixels, whose `stored` bytes the file must be able to hold. */
static void prepare_pixels(codec *c, size_t stored)
{
    ipl_picture *p = &c->picture;
    const size_t size = p->channels * (p->wide ? 2 : 1); /* of a pixel */
    const size_t most = size > 3 ? IPL_PNG_PIXELS_MAX * 3 / size : IPL_PNG_PIXELS_MAX;

    if (stored / DEFLATE_RATIO > c->len)
        c->fault = ipl_fail(c->err, IPL_E_FORMAT,
                            "%s: damaged PNG (%zu x %zu pixels cannot be in %zu bytes)",
                            c->path, p->height, p->width, c->len);
    else if (p->height > most / p->width)
        c->fault =
            ipl_fail(c->err, IPL_E_FORMAT, "%s: PNG of %zu x %zu pixels, at most %zu",
                     c->path, p->height, p->width, most);
    else if (p->channels > 4 || c->stride != p->width * size)
        c->fault = ipl_fail(c->err, IPL_E_FORMAT, "%s: PNG of an unknown kind", c->path);
    else
        p->pixels = ipl_array(p->height, c->stride, 1, c->err);
    if (!p->pixels) {
        if (c->fault == IPL_OK)
            c->fault = IPL_E_NOMEM;
        png_error(c->png, "no room");
    }
}

static size_t big_endian_word(const uint8_t *p)
{
    return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
}

/*
 * Every chunk up to IEND must be within the file, for libpng makes room for one as long as it
 * says, and have the right checksum: which wrong ones libpng refuses depends on the chunk and
 * on its version.
 */
static ipl_status check_chunks(const codec *c)
{
    const uint8_t *bytes = (const uint8_t *)c->bytes;
    size_t at = SIGNATURE, size = 0;

    if (c->len < SIGNATURE || png_sig_cmp(bytes, 0, SIGNATURE) != 0)
        return IPL_OK; /* no PNG, as libpng will say */
    for (bool end = false; !end; at += CHUNK + size) {
        const uint8_t *p = bytes + at;

        if (c->len - at >= CHUNK)
            size = big_endian_word(p);
        if (c->len - at < CHUNK || size > c->len - at - CHUNK)
            return ipl_fail(c->err, IPL_E_FORMAT, "%s: truncated PNG, ends at byte %zu",
                            c->path, c->len);
        if (ipl_crc32(0, p + 4, size + 4) != big_endian_word(p + 8 + size))
            return ipl_fail(c->err, IPL_E_FORMAT,
                            "%s: damaged PNG (wrong checksum of the chunk at byte %zu)",
                            c->path, at);
        end = memcmp(p + 4, "IEND", 4) == 0;
    }
    return IPL_OK;
}

/* Everything from setjmp on; false after a longjmp. */
static bool decode(codec *c)
{
    size_t stored;
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
    stored = png_get_image_height(c->png, c->info) * png_get_rowbytes(c->png, c->info);
    passes = set_transforms(c);
    read_sizes(c);
    prepare_pixels(c, stored);
    for (; passes > 0; passes--)
        for (size_t y = 0; y < c->picture.height; y++)
            png_read_row(c->png, c->picture.pixels + y * c->stride, NULL);
    png_read_end(c->png, NULL);
    return true;
}

/* Value of 8 or 16 bits at p. */
static uint32_t load(const uint8_t *p, bool wide)
{
    return wide ? (uint32_t)p[0] << 8 | p[1] : p[0];
}

static void store(uint8_t *p, bool wide, uint32_t value)
{
    if (wide)
        *p++ = (uint8_t)(value >> 8);
    *p = (uint8_t)value;
}

/* Take the last channel, alpha, away: every pixel over the background, in place. */
static void compose(ipl_picture *p, const ipl_background *background)
{
    const size_t C = p->channels - 1, n = p->height * p->width, size = p->wide ? 2 : 1;
    const uint32_t most = p->wide ? 65535 : 255;

    for (size_t i = 0; i < n; i++) {
        const uint8_t *in = p->pixels + i * (C + 1) * size;
        const uint32_t alpha = load(in + C * size, p->wide);

        p->alpha = p->alpha || alpha < most;
        for (size_t c = 0; c < C; c++) {
            const uint32_t behind = background->rgb[c] * (most / 255);
            const uint32_t sum = load(in + c * size, p->wide) * alpha +
                                 behind * (most - alpha); /* at most 65535^2 */

            store(p->pixels + (i * C + c) * size, p->wide, (sum + most / 2) / most);
        }
    }
    p->channels = C;
}

/* A picture of 1 or 3 channels from one that may have alpha. */
static ipl_status remove_alpha(codec *c, const ipl_background *background)
{
    const uint8_t *rgb = background->rgb;

    if (c->picture.channels % 2 == 1)
        return IPL_OK;
    if (c->picture.channels == 2 && (rgb[0] != rgb[1] || rgb[1] != rgb[2]))
        return ipl_fail(c->err, IPL_E_SHAPE,
                        "%s: a grey picture with alpha, want a grey background, not "
                        "%02x%02x%02x",
                        c->path, rgb[0], rgb[1], rgb[2]);
    compose(&c->picture, background);
    return IPL_OK;
}

ipl_status ipl_png_read_over(ipl_picture *out, const char *path,
                             const ipl_background *background, ipl_error *err)
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
    if (c.png && c.fault == IPL_OK && decode(&c))
        c.fault = remove_alpha(&c, background);
    else if (c.fault == IPL_OK)
        c.fault = ipl_fail(err, IPL_E_NOMEM, "%s: libpng could not start", path);
    if (c.fault == IPL_OK) {
        *out = c.picture;
        c.picture.pixels = NULL; /* now the caller's */
    }
    png_destroy_read_struct(&c.png, &c.info, NULL);
    ipl_picture_release(&c.picture);
    ipl_free(c.bytes);
    return c.fault;
}

ipl_status ipl_png_read(ipl_picture *out, const char *path, ipl_error *err)
{
    static const ipl_background white = {{255, 255, 255}};

    return ipl_png_read_over(out, path, &white, err);
}

uint16_t ipl_picture_value(const ipl_picture *picture, size_t i)
{
    return (uint16_t)(picture->wide ? load(picture->pixels + 2 * i, true)
                                    : picture->pixels[i] * 257u);
}

/* RRGGBB, all of it hexadecimal digits. */
static bool parse_colour(ipl_background *out, const char *text)
{
    unsigned long value;

    if (strlen(text) != 6 || strspn(text, "0123456789abcdefABCDEF") != 6)
        return false;
    value = strtoul(text, NULL, 16);
    for (int c = 0; c < 3; c++)
        out->rgb[c] = (uint8_t)(value >> (16 - 8 * c));
    return true;
}

ipl_status ipl_background_parse(ipl_background *out, const char *text, ipl_error *err)
{
    const char *digits = *text == '#' ? text + 1 : text;
    uint64_t grey = 256;

    if (strcmp(text, "white") == 0 || strcmp(text, "black") == 0)
        grey = *text == 'w' ? 255 : 0;
    else if (parse_colour(out, digits))
        return IPL_OK;
    if (grey == 256 && !(ipl_count_parse(&grey, text) && grey <= 255))
        return ipl_fail(err, IPL_E_ARG,
                        "background: '%.40s', want white, black, a grey 0 ... 255 or a "
                        "colour RRGGBB",
                        text);
    memset(out->rgb, (int)grey, sizeof out->rgb);
    return IPL_OK;
}

void ipl_picture_release(ipl_picture *picture)
{
    ipl_free(picture->pixels);
    *picture = (ipl_picture){0};
}
