/**
 * Columns of text on a terminal, as wcwidth() counts them: a combining character takes none,
 * an East Asian wide one two, any other one. Does not depend on the locale.
 *
 *     printf("  %s%*s %8zu\n", name, ipl_columns_left(name, 12), "", count);
 */
#ifndef IPL_TEXT_COLUMNS_H
#define IPL_TEXT_COLUMNS_H

#include "ipl/status.h"

#include <stddef.h>

/** Room for one label: IPL_LABEL_COLUMNS_MAX characters with their combining ones. */
enum { IPL_LABEL_BYTES = 256, IPL_LABEL_COLUMNS_MAX = 60 };

/** A label that has been cut to a width. */
typedef char ipl_label[IPL_LABEL_BYTES];

/**
 * Columns of a text. Bytes that are not UTF-8 and control characters have those of the escapes
 * that are printed for them, see ipl_text_add_visible().
 */
size_t ipl_columns(const char *s);

/** Columns of the first character of a text, which is not empty, and its bytes. */
size_t ipl_columns_of_first(size_t *bytes, const char *s);

/** Blanks that fill a text up to so many columns; 0 when it is as wide. */
int ipl_columns_left(const char *s, size_t columns);

/** Copy a text, cut in its middle to so many (>= 3) columns by an ellipsis: "enc...roj". */
void ipl_columns_cut(ipl_label out, const char *s, size_t columns);

/**
 * Cut n names to labels of at most `columns` (3 ... IPL_LABEL_COLUMNS_MAX) columns that tell
 * them apart: what is left out is at the same place in all names that are too long, and is
 * chosen such that no two labels are equal unless the names are. Where no place does, the
 * parts that all of them share ("model", "layers" in model.layers.0.q) are left out; at last
 * the number of the name, from 1, stands before its end.
 */
void ipl_columns_cut_all(ipl_label *out, const char *const *names, size_t n,
                         size_t columns);

/** Columns of the widest of n names, but at least `least` and at most `most`. */
size_t ipl_columns_widest(const char *const *names, size_t n, size_t least, size_t most);

#endif /* IPL_TEXT_COLUMNS_H */
