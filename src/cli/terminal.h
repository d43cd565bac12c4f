/** What the terminal can do: size, colours, characters, pictures. */
#ifndef IPL_TERMINAL_H
#define IPL_TERMINAL_H

#include "run/text_plane.h"

/** Whether a descriptor is a terminal on which lines may be redrawn in place. */
bool ipl_terminal_is_live(int fd);

/**
 * Size of the terminal and what it shows: ioctl, then COLUMNS and LINES, then 80 x 24. Colours
 * are off with NO_COLOR, TERM=dumb or when fd is no terminal; braille needs a UTF-8 locale,
 * and is off on the Linux console, whose font lacks it.
 */
ipl_text_style ipl_terminal_style(int fd);

/** Print a command for the user to type, "infoplane WORDS PATH", the path quoted if need be. */
void ipl_print_command(const char *words, const char *path);

/** Width of the terminal in pixels; 0: it does not say. */
size_t ipl_terminal_pixels(int fd);

/**
 * Whether the terminal draws sixel pictures: it is asked for its attributes (DA1), and has a
 * third of a second to answer. False when fd or standard input is no terminal.
 */
bool ipl_terminal_has_sixel(int fd);

#endif /* IPL_TERMINAL_H */
