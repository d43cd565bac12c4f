/** PNG files of the types that ipl_png_write() never writes. */
#ifndef IPL_ODD_PNG_H
#define IPL_ODD_PNG_H

#include "scratch.h"

#include <png.h>
#include <stdbool.h>

/* A picture made by libpng directly, of a type that ipl_png_write() never writes. */
typedef struct odd_png {
    int type, depth;
    bool interlaced;
    size_t width, height;
    const unsigned char *rows; /* as the file stores them, width * depth * channels bits */
    size_t stride;
    const png_color_16 *key; /* a transparent colour, or NULL */
} odd_png;

/* setjmp and the picture live in one frame; libpng does not fail here. */
static inline void write_odd(const char *path, const odd_png *odd)
{
    static const png_color palette[4] = {{255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {9, 8, 7}};
    static const png_byte alpha[2] = {0, 128};
    FILE *fp = fopen(path, "wb");
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    int passes;

    assert_non_null(fp);
    if (setjmp(png_jmpbuf(png)))
        fail();
    png_init_io(png, fp);
    png_set_IHDR(png, info, (png_uint_32)odd->width, (png_uint_32)odd->height, odd->depth,
                 odd->type, odd->interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (odd->type == PNG_COLOR_TYPE_PALETTE) {
        png_set_PLTE(png, info, palette, 4);
        png_set_tRNS(png, info, alpha, 2, NULL);
    }
    if (odd->key)
        png_set_tRNS(png, info, NULL, 0, odd->key);
    png_write_info(png, info);
    passes = png_set_interlace_handling(png);
    for (; passes > 0; passes--)
        for (size_t y = 0; y < odd->height; y++)
            png_write_row(png, odd->rows + y * odd->stride);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    assert_int_equal(fclose(fp), 0);
}

#endif /* IPL_ODD_PNG_H */
