/** Letters of pictures: a small bitmap font for names and numbers. */
#ifndef IPL_GLYPHS_H
#define IPL_GLYPHS_H

#include <stdint.h>

/** Pixels of a letter; the last row is for tails. Letters stand IPL_GLYPH_STEP apart. */
enum { IPL_GLYPH_W = 5, IPL_GLYPH_H = 8, IPL_GLYPH_STEP = 6 };

/** Rows of a letter from the top, bit 4 leftmost; a letter that is not drawn is "?". */
const uint8_t *ipl_glyph(char letter);

#endif /* IPL_GLYPHS_H */
