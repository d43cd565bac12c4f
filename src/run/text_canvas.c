#include "run/text_canvas.h"

#include "base/alloc.h"
#include "base/text_columns.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

/* Colours of layers, as those of the figures: readable on dark and on light terminals. */
static const int codes_256[] = {33, 202, 35, 170, 178, 38, 245};
static const int codes_8[] = {36, 31, 32, 35, 33, 34, 37};
enum { CODES = sizeof codes_256 / sizeof codes_256[0] };

ipl_status ipl_text_canvas_init(ipl_text_canvas *out, size_t columns, size_t rows,
                                bool braille, int colours, ipl_error *err)
{
    *out = (ipl_text_canvas){
        .columns = columns, .rows = rows, .braille = braille, .colours = colours};
    out->cells = ipl_array(rows, columns, sizeof *out->cells, err);
    return out->cells ? IPL_OK : IPL_E_NOMEM;
}

void ipl_text_canvas_release(ipl_text_canvas *canvas)
{
    ipl_free(canvas->cells);
    *canvas = (ipl_text_canvas){0};
}

size_t ipl_text_canvas_dots_x(const ipl_text_canvas *canvas)
{
    return canvas->braille ? 2 : 1;
}

size_t ipl_text_canvas_dots_y(const ipl_text_canvas *canvas)
{
    return canvas->braille ? 4 : 1;
}

static void dot(ipl_text_canvas *canvas, long x, long y, int colour)
{
    /* Rows from the top; U+2800 numbers the left column 1 2 3 7 and the right one 4 5 6 8. */
    static const unsigned char bits[4][2] = {
        {0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    const long wide = (long)ipl_text_canvas_dots_x(canvas);
    const long high = (long)ipl_text_canvas_dots_y(canvas);
    ipl_cell *cell;

    if (x < 0 || y < 0 || x >= wide * (long)canvas->columns ||
        y >= high * (long)canvas->rows)
        return;
    cell = &canvas->cells[(size_t)(y / high) * canvas->columns + (size_t)(x / wide)];
    cell->dots = (unsigned char)(cell->dots | bits[y % high][x % wide]);
    cell->colour = colour;
}

void ipl_text_canvas_line(ipl_text_canvas *canvas, long x0, long y0, long x1, long y1,
                          int colour)
{
    const long steps = labs(x1 - x0) > labs(y1 - y0) ? labs(x1 - x0) : labs(y1 - y0);

    for (long i = 0; i <= steps; i++) {
        const double t = steps > 0 ? (double)i / (double)steps : 0.0;

        dot(canvas, x0 + (long)((double)(x1 - x0) * t + (x1 >= x0 ? 0.5 : -0.5)),
            y0 + (long)((double)(y1 - y0) * t + (y1 >= y0 ? 0.5 : -0.5)), colour);
    }
}

static bool is_shown(const char *character)
{
    const size_t n = ipl_utf8_length(character);

    return n > 0 && !ipl_utf8_is_control(character, n);
}

/* Put a character into a cell; one that a terminal could obey, or not show, is "~". */
static void set_glyph(ipl_cell *cell, const ipl_text_canvas *canvas, const char *character,
                      size_t bytes, int colour)
{
    *cell = (ipl_cell){.dots = cell->dots, .colour = colour};
    if (!is_shown(character) || (!canvas->braille && bytes > 1))
        memcpy(cell->glyph, "~", 2);
    else
        memcpy(cell->glyph, character, bytes);
}

/* What is written over a half of a wide character takes the other half away. */
static void uncover(ipl_cell *cells, size_t at, size_t columns)
{
    if (cells[at].covered && at > 0)
        memcpy(cells[at - 1].glyph, " ", 2);
    if (at + 1 < columns && cells[at + 1].covered) {
        cells[at + 1].covered = false;
        memcpy(cells[at + 1].glyph, " ", 2);
    }
}

/* Put a combining character behind the one that it belongs to, if there is room. */
static void combine(ipl_cell *cell, const ipl_text_canvas *canvas, const char *character,
                    size_t bytes)
{
    const size_t len = strlen(cell->glyph);

    if (canvas->braille && len > 0 && len + bytes < sizeof cell->glyph)
        memcpy(cell->glyph + len, character, bytes);
}

void ipl_text_canvas_write(ipl_text_canvas *canvas, long column, long row, const char *text,
                           int colour)
{
    size_t bytes, width;
    long at = -1; /* of the last character */

    if (row < 0 || row >= (long)canvas->rows)
        return;
    for (; *text != '\0'; text += bytes, column += (long)width) {
        ipl_cell *cells = canvas->cells + (size_t)row * canvas->columns;

        width = ipl_columns_of_first(&bytes, text);
        if (!is_shown(text))
            width = 1;
        if (width == 0 && at >= 0)
            combine(&cells[at], canvas, text, bytes);
        if (width == 0 || column < 0 || column + (long)width > (long)canvas->columns)
            continue;
        at = column;
        for (size_t half = 0; half < width; half++)
            uncover(cells, (size_t)at + half, canvas->columns);
        set_glyph(&cells[at], canvas, text, bytes, colour);
        if (width == 2)
            set_glyph(&cells[at + 1], canvas, "~", 1, colour);
        if (width == 2 && canvas->braille)
            cells[at + 1].covered = true;
    }
}

static bool is_blank(const ipl_cell *cell)
{
    return cell->dots == 0 && (*cell->glyph == '\0' || strcmp(cell->glyph, " ") == 0);
}

/* Switch to the colour of a cell, when it is another one. */
static void paint(ipl_text *out, int *now, const ipl_text_canvas *canvas, int colour)
{
    if (canvas->colours == 0 || colour == *now)
        return;
    *now = colour;
    if (colour == 0)
        ipl_text_add(out, "\033[0m");
    else if (canvas->colours >= 256)
        ipl_text_add(out, "\033[38;5;%dm", codes_256[(colour - 1) % CODES]);
    else
        ipl_text_add(out, "\033[%dm", codes_8[(colour - 1) % CODES]);
}

static void print_cell(ipl_text *out, const ipl_text_canvas *canvas, const ipl_cell *cell)
{
    if (cell->covered)
        return;
    if (*cell->glyph != '\0')
        ipl_text_add(out, "%s", cell->glyph);
    else if (cell->dots == 0)
        ipl_text_add(out, " ");
    else if (!canvas->braille)
        ipl_text_add(out, ".");
    else /* U+2800 + dots */
        ipl_text_add(out, "\xE2%c%c", (char)(0xA0 | cell->dots >> 6),
                     (char)(0x80 | (cell->dots & 0x3F)));
}

void ipl_text_canvas_print(ipl_text *out, const ipl_text_canvas *canvas)
{
    for (size_t r = 0; r < canvas->rows; r++) {
        const ipl_cell *row = canvas->cells + r * canvas->columns;
        size_t end = canvas->columns;
        int now = 0;

        while (end > 0 && is_blank(&row[end - 1]))
            end--;
        for (size_t c = 0; c < end; c++) {
            paint(out, &now, canvas, is_blank(&row[c]) ? now : row[c].colour);
            print_cell(out, canvas, &row[c]);
        }
        paint(out, &now, canvas, 0);
        ipl_text_add(out, "\n");
    }
}
