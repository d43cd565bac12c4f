/**
 * Strings: a growing buffer for output, and the small tools of every parser.
 *
 * A buffer remembers that memory ran out and stays quiet from then on, so that a long
 * sequence of additions needs one check at its end:
 *
 *     ipl_text line = {0};
 *     ipl_text_add(&line, "%zu,%s\n", epoch, name);
 *     st = ipl_text_status(&line, err);
 */
#ifndef IPL_TEXT_H
#define IPL_TEXT_H

#include "ipl/status.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ipl_text {
    char *s; /* NUL-terminated, NULL while nothing was added; owned */
    size_t len, capacity;
    bool failed; /* an addition did not fit in memory */
} ipl_text;

/** Append formatted text. */
void ipl_text_add(ipl_text *text, const char *fmt, ...) IPL_PRINTF(2, 3);

/** The same with a list of arguments, which is used up. */
void ipl_text_add_args(ipl_text *text, const char *fmt, va_list args) IPL_PRINTF(2, 0);

/** Append a string as it is: for rows by the million, where formatting takes time. */
void ipl_text_add_string(ipl_text *text, const char *s);

/** Append one CSV field (RFC 4180): quoted when it has a comma, a quote or a line break. */
void ipl_text_add_field(ipl_text *text, const char *field);

/**
 * Append a JSON string with its quotes: control characters (ipl_utf8_is_control) as \u001b,
 * bytes that are not UTF-8 as \ufffd.
 */
void ipl_text_add_json(ipl_text *text, const char *s);

/** Append len characters as one word of a shell: in single quotes unless they are plain. */
void ipl_text_add_shell_word(ipl_text *text, const char *word, size_t len);

/**
 * Append the next word of a shell's command line at *s and move *s behind it. Quotes and
 * backslashes are those of sh; nothing is expanded.
 *
 * more    false: there was no word any more
 * errors  IPL_E_ARG  a quote is not closed, nothing follows a backslash, or a word has a line
 *                    break
 */
ipl_status ipl_text_take_shell_word(ipl_text *text, bool *more, const char **s,
                                    ipl_error *err) IPL_NODISCARD;

/** Append a number so that it reads back exactly; NaN for every value that is not finite. */
void ipl_text_add_number(ipl_text *text, double value);

/** Forget the content, keep the memory. */
void ipl_text_clear(ipl_text *text);

/** Free the memory and leave text empty; an empty text is allowed. */
void ipl_text_release(ipl_text *text);

/** IPL_OK, or IPL_E_NOMEM when an addition was lost. */
ipl_status ipl_text_status(const ipl_text *text, ipl_error *err) IPL_NODISCARD;

/** Shortest "%g" form of value that reads back exactly ("NaN" when not finite); size >= 32. */
void ipl_number_print(char *out, size_t size, double value);

/** Whole string as a finite decimal number; false on anything else ("", "1x", "0x1", "nan"). */
bool ipl_number_parse(double *out, const char *s);

/** Order of two names with numbers in them: "seed2" before "seed10"; 0 for equal ones alone. */
int ipl_natural_order(const char *a, const char *b);

/** Whole string as a decimal number 0 ... 2^64-1; false on anything else. */
bool ipl_count_parse(uint64_t *out, const char *s);

/** Levenshtein distance of two words, at most `limit`. */
size_t ipl_text_distance(const char *a, const char *b, size_t limit);

/** What ipl_text_nearer() starts from: at most two letters differ. */
enum { IPL_TEXT_FAR = 3 };

/**
 * Whether word may be a misspelling of candidate, nearer than *distance, which is updated:
 *
 *     size_t distance = IPL_TEXT_FAR;
 *     if (ipl_text_nearer(&distance, row->name, word))
 *         nearest = row->name;
 */
bool ipl_text_nearer(size_t *distance, const char *candidate, const char *word);

/**
 * Copy len characters of s into out (size bytes) as a C string.
 *
 * errors  IPL_E_FORMAT  it does not fit; `what` names it in the message
 */
ipl_status ipl_text_copy(char *out, size_t size, const char *s, size_t len,
                         const char *what, ipl_error *err) IPL_NODISCARD;

#endif /* IPL_TEXT_H */
