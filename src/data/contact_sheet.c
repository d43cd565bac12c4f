#include "data/contact_sheet.h"

#include "base/alloc.h"
#include "data/png.h"

#include <string.h>

enum { LINE = 2, GREY = 128, SIDE_WANTED = 56 };

bool ipl_shape_is_image(ipl_shape shape)
{
    return (shape.c == 1 || shape.c == 3) && shape.h > 1 && shape.w > 1;
}

ipl_status ipl_contact_sheet_init(ipl_contact_sheet *out, size_t rows, size_t cols,
                                  ipl_shape shape, ipl_error *err)
{
    const size_t side = shape.h > shape.w ? shape.h : shape.w;
    ipl_contact_sheet sheet = {.shape = shape, .zoom = 1};

    *out = (ipl_contact_sheet){0};
    if (!ipl_shape_is_image(shape) || side > IPL_PNG_SIDE_MAX)
        return ipl_fail(err, IPL_E_SHAPE, "samples of %zu x %zu x %zu are no pictures",
                        shape.c, shape.h, shape.w);
    if (side < SIDE_WANTED)
        sheet.zoom = SIDE_WANTED / side;
    sheet.height = rows * (shape.h * sheet.zoom + LINE) + LINE;
    sheet.width = cols * (shape.w * sheet.zoom + LINE) + LINE;
    if (sheet.height > IPL_PNG_SIDE_MAX || sheet.width > IPL_PNG_SIDE_MAX)
        return ipl_fail(err, IPL_E_SHAPE, "a sheet of %zu x %zu pixels is too large",
                        sheet.height, sheet.width);
    sheet.pixels = ipl_array(sheet.height, sheet.width * shape.c, 1, err);
    if (!sheet.pixels)
        return IPL_E_NOMEM;
    memset(sheet.pixels, GREY, sheet.height * sheet.width * shape.c);
    *out = sheet;
    return IPL_OK;
}

/* Brightness of a value; a range of nothing is black. */
static uint8_t brightness(double v, double low, double high)
{
    const double t = high > low ? (v - low) / (high - low) : 0.0;

    return (uint8_t)(t <= 0.0 ? 0.0 : t >= 1.0 ? 255.0 : 255.0 * t + 0.5);
}

void ipl_contact_sheet_place(ipl_contact_sheet *sheet, size_t row, size_t col,
                             const float *x, double low, double high)
{
    const ipl_shape s = sheet->shape;
    const size_t top = row * (s.h * sheet->zoom + LINE) + LINE;
    const size_t left = col * (s.w * sheet->zoom + LINE) + LINE;

    for (size_t i = 0; i < s.h * sheet->zoom; i++)
        for (size_t j = 0; j < s.w * sheet->zoom; j++) {
            const size_t from = i / sheet->zoom * s.w + j / sheet->zoom;
            uint8_t *to = sheet->pixels + ((top + i) * sheet->width + left + j) * s.c;

            for (size_t c = 0; c < s.c; c++)
                to[c] = brightness((double)x[c * s.h * s.w + from], low, high);
        }
}

void ipl_contact_sheet_release(ipl_contact_sheet *sheet)
{
    ipl_free(sheet->pixels);
    *sheet = (ipl_contact_sheet){0};
}
