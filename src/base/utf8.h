/** UTF-8, and text from outside as a terminal may show it. */
#ifndef IPL_UTF8_H
#define IPL_UTF8_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Bytes of the UTF-8 sequence at a place in a text, 0 when it is not one (RFC 3629). */
size_t ipl_utf8_length(const char *text);

/** Number of the character of n bytes at s. */
uint32_t ipl_utf8_code(const char *s, size_t n);

/**
 * Whether the character of n bytes at s does something to a terminal instead of being shown:
 * C0, DEL, C1, line separators, marks that turn the direction of text, the byte order mark.
 */
bool ipl_utf8_is_control(const char *s, size_t n);

/**
 * Append text for a terminal: what is not UTF-8 as \x9b, control characters as \x1b or
 * \u202e. Line feeds and tabs stay. Visible text comes out as it went in.
 */
void ipl_text_add_visible(ipl_text *out, const char *s);

/**
 * The same in a string of size bytes, on one line: line feeds and tabs are escaped too. What
 * has no room is cut off, between characters. May be called by a handler of a signal.
 */
void ipl_visible_line(char *out, size_t size, const char *s);

#endif /* IPL_UTF8_H */
