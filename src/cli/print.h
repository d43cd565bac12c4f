/**
 * What commands print. Names, texts and files of a run may come from anybody: control
 * characters in them never reach a terminal, nor a file that is shown on one later. They are
 * printed as \x1b (ipl_text_add_visible). No command calls printf() for text of that kind,
 * and scripts/check_layers.sh looks for it.
 */
#ifndef IPL_PRINT_H
#define IPL_PRINT_H

#include "ipl/status.h"

/** printf() without control characters other than line feeds and tabs. */
void ipl_print(const char *fmt, ...) IPL_PRINTF(1, 2);

/** The same on standard error, in one write. */
void ipl_print_error(const char *fmt, ...) IPL_PRINTF(1, 2);

/** Draw a line of stderr in the place of the one that stands there: "\r" and the text. */
void ipl_print_in_place(const char *fmt, ...) IPL_PRINTF(1, 2);

/** Remove such a line of at most so many columns. */
void ipl_print_nothing_in_place(int columns);

/** Switch the colour of stdout by a code of SGR: 42 a green background, 0 back to none. */
void ipl_print_colour(int code);

#endif /* IPL_PRINT_H */
