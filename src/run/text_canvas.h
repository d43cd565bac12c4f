/**
 * A drawing made of characters. Each cell is one column with one colour; lines are drawn with
 * the eight dots of a braille character, or with full stops where there is no braille.
 */
#ifndef IPL_TEXT_CANVAS_H
#define IPL_TEXT_CANVAS_H

#include "base/text.h"

#include <stdbool.h>

/** One cell: a character of its own, or dots. */
typedef struct ipl_cell {
    char glyph[16];     /* UTF-8, with combining characters; "": none, the dots are shown */
    bool covered;       /* by the wide character before it */
    unsigned char dots; /* of braille, bit by bit as U+2800 counts them */
    int colour;         /* 0: that of the terminal; else 1 + index of the layer's colour */
} ipl_cell;

typedef struct ipl_text_canvas {
    size_t columns, rows;
    bool braille;
    int colours;     /* 0, 8 or 256 */
    ipl_cell *cells; /* (rows, columns), owned */
} ipl_text_canvas;

/** Start an empty drawing; IPL_E_NOMEM. */
ipl_status ipl_text_canvas_init(ipl_text_canvas *out, size_t columns, size_t rows,
                                bool braille, int colours, ipl_error *err) IPL_NODISCARD;

/** Free what a drawing owns; an empty one is allowed. */
void ipl_text_canvas_release(ipl_text_canvas *canvas);

/** Dots of a cell along x and y: 2 and 4 of braille, 1 and 1 otherwise. */
size_t ipl_text_canvas_dots_x(const ipl_text_canvas *canvas);
size_t ipl_text_canvas_dots_y(const ipl_text_canvas *canvas);

/** Set dots from (x0, y0) to (x1, y1), y downwards; what lies outside is left out. */
void ipl_text_canvas_line(ipl_text_canvas *canvas, long x0, long y0, long x1, long y1,
                          int colour);

/** Write UTF-8 text from a cell to the right; what lies outside is left out. */
void ipl_text_canvas_write(ipl_text_canvas *canvas, long column, long row, const char *text,
                           int colour);

/** Append the drawing, blanks at the ends of lines left out. */
void ipl_text_canvas_print(ipl_text *out, const ipl_text_canvas *canvas);

#endif /* IPL_TEXT_CANVAS_H */
