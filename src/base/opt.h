/**
 * Options as data: one row gives the name, type, range, default and help of one field, and
 * the same row is used to parse, to check, to print --help and to record a run.
 *
 * A thing that is chosen by text, "sgd:lr=0.1,momentum=0.9", is a row too: its name, one
 * line of help, its source and its option rows. Every ops table of the program (layers,
 * losses, optimisers, estimators, data sets ...) starts its entries with one.
 */
#ifndef IPL_OPT_H
#define IPL_OPT_H

#include "base/text.h"
#include "ipl/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum ipl_opt_type {
    IPL_OPT_F64,    /* field is a double */
    IPL_OPT_SIZE,   /* field is a size_t */
    IPL_OPT_U64,    /* field is a uint64_t */
    IPL_OPT_BOOL,   /* field is a bool: yes or no */
    IPL_OPT_CHOICE, /* field is an int, an index into choices */
    IPL_OPT_TEXT    /* field is an array of char */
} ipl_opt_type;

typedef struct ipl_opt {
    const char *name; /* NULL ends a table */
    ipl_opt_type type;
    size_t offset, size;        /* of the field */
    double min, max;            /* inclusive range of a number */
    double init;                /* default of a number, bool or choice */
    const char *text;           /* default of a text */
    const char *const *choices; /* NULL-terminated */
    const char *bare;  /* value on a command line that gives the name alone; NULL: none */
    bool repeat;       /* a text that may be given several times: joined by spaces */
    bool any;          /* a text with control characters too: a heading */
    const char *group; /* section of an experiment file; NULL: none */
    const char *help;  /* one line, with the unit */
} ipl_opt;

/* Hand formatted: clang-format 14 breaks _Generic at every colon. */
/* clang-format off */
#define IPL_OPT_FIELD(T, field)                                                        \
    .offset = offsetof(T, field), .size = sizeof(((T *)0)->field)

/** A row for a number; its type is read off the field, so the two cannot disagree. */
#define IPL_OPT_NUMBER(T, field, word, lo, hi, value, line) {                          \
    .name = (word), IPL_OPT_FIELD(T, field),                                           \
    .type = _Generic(((T *)0)->field, double: IPL_OPT_F64, size_t: IPL_OPT_SIZE),      \
    .min = (lo), .max = (hi), .init = (value), .help = (line)}

/** A row for yes or no. */
#define IPL_OPT_FLAG(T, field, word, value, line) {                                    \
    .name = (word), IPL_OPT_FIELD(T, field),                                           \
    .type = _Generic(((T *)0)->field, bool: IPL_OPT_BOOL),                             \
    .init = (value), .help = (line)}

/** A row for one of a NULL-terminated list of words; the field is an int. */
#define IPL_OPT_WORD(T, field, word, words, value, line) {                             \
    .name = (word), IPL_OPT_FIELD(T, field),                                           \
    .type = _Generic(((T *)0)->field, int: IPL_OPT_CHOICE),                            \
    .choices = (words), .init = (value), .help = (line)}

/** A row for a text; the field is an array of char. */
#define IPL_OPT_STRING(T, field, word, value, line) {                                  \
    .name = (word), IPL_OPT_FIELD(T, field),                                           \
    .type = _Generic(&((T *)0)->field[0], char *: IPL_OPT_TEXT),                       \
    .text = (value), .help = (line)}

/** The same for a heading, which may have line breaks and whatever else. */
#define IPL_OPT_HEADING(T, field, word, value, line) {                                 \
    .name = (word), IPL_OPT_FIELD(T, field),                                           \
    .type = _Generic(&((T *)0)->field[0], char *: IPL_OPT_TEXT),                       \
    .text = (value), .any = true, .help = (line)}

#define IPL_OPT_END {.name = NULL}
/* clang-format on */

/** The row called name, NULL when there is none. */
const ipl_opt *ipl_opt_find(const ipl_opt *table, const char *name);

/** How help begins a row that has a short name, its first letter: "-o, "; otherwise "". */
const char *ipl_opt_letter(const ipl_opt *row);

/**
 * The row whose name is nearest to a word, or that a longer word begins with (batch-size for
 * batch); NULL when there is none.
 */
const ipl_opt *ipl_opt_nearest(const ipl_opt *table, const char *name);

/** Write "; did you mean 'x'?" for the row nearest to name, or "" when none is near. */
void ipl_opt_suggest(char *out, size_t size, const ipl_opt *table, const char *name);

/** Set every field of obj that has a row to its default. */
void ipl_opt_init(void *obj, const ipl_opt *table);

/**
 * Set one field of obj from its text.
 *
 * errors  IPL_E_ARG  the value is not of the row's type or outside its range
 * On error obj is unchanged.
 */
ipl_status ipl_opt_set(void *obj, const ipl_opt *row, const char *value,
                       ipl_error *err) IPL_NODISCARD;

/** Append a word to a text field whose row may repeat, after a space; errors as above. */
ipl_status ipl_opt_append(void *obj, const ipl_opt *row, const char *value,
                          ipl_error *err) IPL_NODISCARD;

/**
 * Set fields of obj from "name=value,name=value". A comma inside {...}, [...] or (...)
 * belongs to the value. At most 64 rows.
 *
 * errors  IPL_E_FORMAT  a word is not name=value or a bracket is not closed, the name has no
 *                       row or is given twice, or the value is not of the row's type or
 *                       outside its range
 * On error the fields named before the bad word are already set.
 */
ipl_status ipl_opt_parse(void *obj, const ipl_opt *table, const char *text,
                         ipl_error *err) IPL_NODISCARD;

/** Append the value of one field as ipl_opt_set() reads it. */
void ipl_opt_print(ipl_text *out, const void *obj, const ipl_opt *row);

/** Append the row's type and range for --help: "number >= 0", "yes|no", "cov|corr". */
void ipl_opt_print_range(ipl_text *out, const ipl_opt *row);

/** Append the default of a row for --help; nothing when there is nothing to say. */
void ipl_opt_print_default(ipl_text *out, const ipl_opt *row);

/** What every entry of an ops table starts with. */
typedef struct ipl_row {
    const char *name;    /* word before the colon */
    const char *summary; /* one line for --help */
    const char *source;  /* paper or project the definition comes from; NULL: none */
    size_t size;         /* bytes of the options struct, `self`; 0: none */
    const ipl_opt *opts; /* its rows; NULL: none */
} ipl_row;

/** Entry i of a table, NULL past the last: what makes a table of ops readable as rows. */
typedef const ipl_row *(*ipl_row_at)(size_t i);

/** A choice made by text: which row, and its options. */
typedef struct ipl_spec {
    size_t index;       /* into the table */
    const ipl_row *row; /* borrowed: rows are constant */
    void *self;         /* row->size bytes, owned; NULL when the row has no options */
} ipl_spec;

/**
 * Read "name" or "name:option=value,...".
 *
 * kind    what the table holds, for messages: "estimator"
 * owner   *out owns self, for ipl_spec_release(); empty on error
 * errors  IPL_E_FORMAT  no such name or option, or a value outside its range
 *         IPL_E_NOMEM
 */
ipl_status ipl_spec_create(ipl_spec *out, const char *kind, ipl_row_at at, const char *text,
                           ipl_error *err) IPL_NODISCARD;

/** Free what a spec owns and leave it empty; an empty spec is allowed. */
void ipl_spec_release(ipl_spec *spec);

/** Append the spec with every option spelled out: "sgd:lr=0.1,momentum=0,nesterov=no". */
void ipl_spec_print(ipl_text *out, const ipl_spec *spec);

#endif /* IPL_OPT_H */
