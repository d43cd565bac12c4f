#include "base/opt.h"

#include "base/alloc.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

enum { VALUE_MAX = 4096, WORD_MAX = 64, ROWS_MAX = 64 };

#define EXACT_MAX 0x1p53 /* the largest count that is surely exact as a double */

/* The field of a row in obj. */
static void *field_of(void *obj, const ipl_opt *row)
{
    return (char *)obj + row->offset;
}

static const void *const_field_of(const void *obj, const ipl_opt *row)
{
    return (const char *)obj + row->offset;
}

/* Store a number, bool or choice, which is already checked, or the default of a text. */
static void store(void *obj, const ipl_opt *row, double v)
{
    void *field = field_of(obj, row);

    switch (row->type) {
    case IPL_OPT_F64:
        memcpy(field, &v, sizeof v);
        break;
    case IPL_OPT_SIZE: {
        const size_t n = (size_t)v;
        memcpy(field, &n, sizeof n);
        break;
    }
    case IPL_OPT_U64: {
        const uint64_t n = (uint64_t)v;
        memcpy(field, &n, sizeof n);
        break;
    }
    case IPL_OPT_BOOL: {
        const bool yes = v != 0.0;
        memcpy(field, &yes, sizeof yes);
        break;
    }
    case IPL_OPT_CHOICE: {
        const int i = (int)v;
        memcpy(field, &i, sizeof i);
        break;
    }
    case IPL_OPT_TEXT:
        assert(strlen(row->text) < row->size);
        memcpy(field, row->text, strlen(row->text) + 1);
        break;
    }
}

static ipl_status set_choice(void *obj, const ipl_opt *row, const char *value,
                             ipl_error *err)
{
    ipl_text words = {0};
    ipl_status st;

    for (int i = 0; row->choices[i]; i++)
        if (strcmp(value, row->choices[i]) == 0) {
            store(obj, row, i);
            return IPL_OK;
        }
    ipl_opt_print_range(&words, row);
    st = ipl_fail(err, IPL_E_ARG, "%s: '%.40s' is not one of %s", row->name, value,
                  words.s ? words.s : "its values");
    ipl_text_release(&words);
    return st;
}

static ipl_status set_number(void *obj, const ipl_opt *row, const char *value,
                             ipl_error *err)
{
    double v;

    if (!ipl_number_parse(&v, value))
        return ipl_fail(err, IPL_E_ARG, "%s: '%.40s' is not a number", row->name, value);
    if (row->type == IPL_OPT_SIZE && v != floor(v))
        return ipl_fail(err, IPL_E_ARG, "%s: '%.40s' is not a whole number", row->name,
                        value);
    if (v < row->min || v > row->max ||
        (row->type == IPL_OPT_SIZE && (v < 0.0 || v > EXACT_MAX))) {
        ipl_text range = {0};
        ipl_status st;

        ipl_opt_print_range(&range, row);
        st = ipl_fail(err, IPL_E_ARG, "%s: %.40s is out of range, want a %s", row->name,
                      value, range.s ? range.s : "number in range");
        ipl_text_release(&range);
        return st;
    }
    store(obj, row, v);
    return IPL_OK;
}

static ipl_status set_u64(void *obj, const ipl_opt *row, const char *value, ipl_error *err)
{
    uint64_t n;

    if (!ipl_count_parse(&n, value))
        return ipl_fail(err, IPL_E_ARG, "%s: '%.40s' is not a whole number 0 ... 2^64-1",
                        row->name, value);
    memcpy(field_of(obj, row), &n, sizeof n);
    return IPL_OK;
}

static ipl_status set_flag(void *obj, const ipl_opt *row, const char *value, ipl_error *err)
{
    const bool yes = strcmp(value, "yes") == 0;

    if (!yes && strcmp(value, "no") != 0)
        return ipl_fail(err, IPL_E_ARG, "%s: '%.40s' is not yes or no", row->name, value);
    store(obj, row, yes);
    return IPL_OK;
}

static ipl_status set_text(void *obj, const ipl_opt *row, const char *value, ipl_error *err)
{
    const size_t len = strlen(value);

    if (len >= row->size)
        return ipl_fail(err, IPL_E_ARG, "%s: '%.20s...' has %zu characters, at most %zu",
                        row->name, value, len, row->size - 1);
    for (size_t i = 0; i < len && !row->any; i++)
        if ((unsigned char)value[i] < ' ')
            return ipl_fail(err, IPL_E_ARG, "%s: control character in '%.40s'", row->name,
                            value);
    memcpy(field_of(obj, row), value, len + 1);
    return IPL_OK;
}

const ipl_opt *ipl_opt_find(const ipl_opt *table, const char *name)
{
    for (const ipl_opt *row = table; row && row->name; row++)
        if (strcmp(row->name, name) == 0)
            return row;
    return NULL;
}

const char *ipl_opt_letter(const ipl_opt *row)
{
    if (strcmp(row->name, "quiet") == 0)
        return "-q, ";
    if (strcmp(row->name, "verbose") == 0)
        return "-v, ";
    if (strcmp(row->name, "out") == 0)
        return "-o, ";
    return "";
}

const ipl_opt *ipl_opt_nearest(const ipl_opt *table, const char *name)
{
    const ipl_opt *nearest = NULL;
    size_t distance = IPL_TEXT_FAR;

    for (const ipl_opt *row = table; row && row->name; row++)
        if (ipl_text_nearer(&distance, row->name, name))
            nearest = row;
    for (const ipl_opt *row = table; !nearest && row && row->name; row++) {
        const size_t len = strlen(row->name);

        if (strncmp(row->name, name, len) == 0 && name[len] == '-')
            nearest = row;
    }
    return nearest;
}

void ipl_opt_suggest(char *out, size_t size, const ipl_opt *table, const char *name)
{
    const ipl_opt *nearest = ipl_opt_nearest(table, name);
    ipl_text text = {0};

    out[0] = '\0';
    if (nearest)
        ipl_text_add(&text, "; did you mean '%s'?", nearest->name);
    if (text.len > 0 && text.len < size)
        memcpy(out, text.s, text.len + 1);
    ipl_text_release(&text);
}

void ipl_opt_init(void *obj, const ipl_opt *table)
{
    for (const ipl_opt *row = table; row && row->name; row++)
        store(obj, row, row->init);
}

ipl_status ipl_opt_set(void *obj, const ipl_opt *row, const char *value, ipl_error *err)
{
    switch (row->type) {
    case IPL_OPT_F64:
    case IPL_OPT_SIZE:
        return set_number(obj, row, value, err);
    case IPL_OPT_U64:
        return set_u64(obj, row, value, err);
    case IPL_OPT_BOOL:
        return set_flag(obj, row, value, err);
    case IPL_OPT_CHOICE:
        return set_choice(obj, row, value, err);
    case IPL_OPT_TEXT:
        return set_text(obj, row, value, err);
    }
    return ipl_fail(err, IPL_E_ARG, "%s: unknown type of option", row->name);
}

ipl_status ipl_opt_append(void *obj, const ipl_opt *row, const char *value, ipl_error *err)
{
    const char *old = const_field_of(obj, row);
    ipl_text joined = {0};
    ipl_status st;

    ipl_text_add(&joined, "%s%s%s", old, *old != '\0' ? " " : "", value);
    st = ipl_text_status(&joined, err);
    if (st == IPL_OK)
        st = ipl_opt_set(obj, row, joined.s, err);
    ipl_text_release(&joined);
    return st;
}

/* Length of the word at text up to a comma that is not inside brackets; *open: one stays so. */
static size_t word_length(bool *open, const char *text)
{
    int depth = 0;
    size_t i;

    for (i = 0; text[i] != '\0'; i++) {
        if (strchr("{[(", text[i]))
            depth++;
        else if (strchr("}])", text[i]))
            depth--;
        else if (text[i] == ',' && depth <= 0)
            break;
    }
    *open = depth > 0;
    return i;
}

/* An option that the table has not: name one that is near, or all of them. */
static ipl_status unknown_option(const ipl_opt *table, const char *name, ipl_error *err)
{
    char hint[WORD_MAX + 32];
    ipl_text names = {0};
    ipl_status st;

    ipl_opt_suggest(hint, sizeof hint, table, name);
    if (*hint == '\0') {
        for (const ipl_opt *row = table; row && row->name; row++)
            ipl_text_add(&names, "%s%s", row == table ? "; choose from " : ", ", row->name);
        if (names.len == 0)
            ipl_text_add(&names, "; it takes no options");
    }
    st = ipl_fail(err, IPL_E_FORMAT, "unknown option '%s'%s", name,
                  names.s ? names.s : hint);
    ipl_text_release(&names);
    return st;
}

/* Set one field from a word "name=value" of len characters; *row is the one it named. */
static ipl_status set_word(const ipl_opt **row, void *obj, const ipl_opt *table,
                           const char *word, size_t len, ipl_error *err)
{
    const char *eq = memchr(word, '=', len);
    char name[WORD_MAX], value[VALUE_MAX];
    ipl_status st;

    if (!eq)
        return ipl_fail(err, IPL_E_FORMAT, "'%.*s' is not name=value",
                        (int)(len < 40 ? len : 40), word);
    st = ipl_text_copy(name, sizeof name, word, (size_t)(eq - word), "option", err);
    if (st != IPL_OK)
        return st;
    *row = ipl_opt_find(table, name);
    if (!*row)
        return unknown_option(table, name, err);
    st = ipl_text_copy(value, sizeof value, eq + 1, len - (size_t)(eq + 1 - word), name,
                       err);
    if (st != IPL_OK)
        return st;
    st = ipl_opt_set(obj, *row, value, err);
    if (st != IPL_E_ARG)
        return st;
    if (err)
        err->status = IPL_E_FORMAT; /* a text with a bad value is a bad text */
    return IPL_E_FORMAT;
}

ipl_status ipl_opt_parse(void *obj, const ipl_opt *table, const char *text, ipl_error *err)
{
    uint64_t seen = 0; /* bit i: row i was given */

    while (*text != '\0') {
        bool open;
        const size_t len = word_length(&open, text);
        const ipl_opt *row = NULL;
        uint64_t bit;
        ipl_status st;

        if (open)
            return ipl_fail(err, IPL_E_FORMAT, "bracket not closed in '%.80s'", text);
        st = set_word(&row, obj, table, text, len, err);
        if (st != IPL_OK)
            return st;
        assert(row && row - table < ROWS_MAX);
        bit = (uint64_t)1 << (row - table);
        if (seen & bit)
            return ipl_fail(err, IPL_E_FORMAT, "option '%s' is given twice", row->name);
        seen |= bit;
        text += len;
        if (*text == ',' && *++text == '\0')
            return ipl_fail(err, IPL_E_FORMAT, "nothing after the last comma");
    }
    return IPL_OK;
}

void ipl_opt_print(ipl_text *out, const void *obj, const ipl_opt *row)
{
    const void *field = const_field_of(obj, row);

    switch (row->type) {
    case IPL_OPT_F64: {
        double v;
        memcpy(&v, field, sizeof v);
        ipl_text_add_number(out, v);
        break;
    }
    case IPL_OPT_SIZE: {
        size_t n;
        memcpy(&n, field, sizeof n);
        ipl_text_add(out, "%zu", n);
        break;
    }
    case IPL_OPT_U64: {
        uint64_t n;
        memcpy(&n, field, sizeof n);
        ipl_text_add(out, "%llu", (unsigned long long)n);
        break;
    }
    case IPL_OPT_BOOL: {
        bool yes;
        memcpy(&yes, field, sizeof yes);
        ipl_text_add(out, yes ? "yes" : "no");
        break;
    }
    case IPL_OPT_CHOICE: {
        int i;
        memcpy(&i, field, sizeof i);
        ipl_text_add(out, "%s", row->choices[i]);
        break;
    }
    case IPL_OPT_TEXT:
        ipl_text_add(out, "%s", (const char *)field);
        break;
    }
}

void ipl_opt_print_range(ipl_text *out, const ipl_opt *row)
{
    const char *what = row->type == IPL_OPT_SIZE ? "whole number" : "number";

    switch (row->type) {
    case IPL_OPT_F64:
    case IPL_OPT_SIZE:
        if (row->min <= -DBL_MAX && row->max >= DBL_MAX)
            ipl_text_add(out, "%s", what);
        else if (row->max >= (row->type == IPL_OPT_SIZE ? 0x1p48 : DBL_MAX))
            ipl_text_add(out, "%s >= %.10g", what, row->min);
        else if (row->min <= -DBL_MAX)
            ipl_text_add(out, "%s <= %.10g", what, row->max);
        else
            ipl_text_add(out, "%s %.10g ... %.10g", what, row->min, row->max);
        break;
    case IPL_OPT_U64:
        ipl_text_add(out, "whole number");
        break;
    case IPL_OPT_BOOL:
        ipl_text_add(out, "yes|no");
        break;
    case IPL_OPT_CHOICE:
        for (int i = 0; row->choices[i]; i++)
            ipl_text_add(out, "%s%s", i ? "|" : "", row->choices[i]);
        break;
    case IPL_OPT_TEXT:
        ipl_text_add(out, "text");
        break;
    }
}

/* A name that the table has not: name one that is near, or all of them. */
static ipl_status unknown_name(const char *kind, ipl_row_at at, const char *name,
                               ipl_error *err)
{
    const char *nearest = NULL;
    size_t distance = IPL_TEXT_FAR;
    ipl_text names = {0};
    ipl_status st;

    for (size_t i = 0; at(i); i++) {
        ipl_text_add(&names, "%s%s", i ? ", " : "", at(i)->name);
        if (ipl_text_nearer(&distance, at(i)->name, name))
            nearest = at(i)->name;
    }
    if (nearest)
        st = ipl_fail(err, IPL_E_FORMAT, "no %s '%s'; did you mean '%s'?", kind, name,
                      nearest);
    else
        st = ipl_fail(err, IPL_E_FORMAT, "no %s '%s'; choose from %s", kind, name,
                      names.s ? names.s : "those that are listed");
    ipl_text_release(&names);
    return st;
}

ipl_status ipl_spec_create(ipl_spec *out, const char *kind, ipl_row_at at, const char *text,
                           ipl_error *err)
{
    const size_t len = strcspn(text, ":");
    char name[WORD_MAX];
    ipl_error why = {0};
    ipl_spec spec = {0};
    ipl_status st;

    *out = (ipl_spec){0};
    st = ipl_text_copy(name, sizeof name, text, len, kind, err);
    if (st != IPL_OK)
        return st;
    for (size_t i = 0; at(i) && !spec.row; i++)
        if (strcmp(at(i)->name, name) == 0)
            spec = (ipl_spec){.index = i, .row = at(i)};
    if (!spec.row)
        return unknown_name(kind, at, name, err);
    if (text[len] == ':' && text[len + 1] == '\0')
        return ipl_fail(err, IPL_E_FORMAT, "%s '%s': nothing after the colon", kind, name);

    if (spec.row->size > 0) {
        spec.self = ipl_array(1, 1, spec.row->size, err);
        if (!spec.self)
            return IPL_E_NOMEM;
        ipl_opt_init(spec.self, spec.row->opts);
    }
    st = ipl_opt_parse(spec.self, spec.row->opts, text + len + (text[len] == ':'), &why);
    if (st != IPL_OK) {
        ipl_spec_release(&spec);
        return ipl_fail(err, st, "%s '%s': %s", kind, name, why.msg);
    }
    *out = spec;
    return IPL_OK;
}

void ipl_spec_release(ipl_spec *spec)
{
    ipl_free(spec->self);
    *spec = (ipl_spec){0};
}

void ipl_spec_print(ipl_text *out, const ipl_spec *spec)
{
    const char *mark = ":";

    ipl_text_add(out, "%s", spec->row->name);
    for (const ipl_opt *row = spec->row->opts; row && row->name; row++) {
        if (row->type == IPL_OPT_TEXT && *row->text == '\0' &&
            *(const char *)const_field_of(spec->self, row) == '\0')
            continue; /* the default, and nothing to say */
        ipl_text_add(out, "%s%s=", mark, row->name);
        ipl_opt_print(out, spec->self, row);
        mark = ",";
    }
}

void ipl_opt_print_default(ipl_text *out, const ipl_opt *row)
{
    switch (row->type) {
    case IPL_OPT_F64:
    case IPL_OPT_SIZE:
    case IPL_OPT_U64:
        ipl_text_add_number(out, row->init);
        break;
    case IPL_OPT_BOOL:
        if (row->group) /* a key of experiment files too; else the absent flag says no */
            ipl_text_add(out, "%s", row->init != 0.0 ? "yes" : "no");
        break;
    case IPL_OPT_CHOICE:
        ipl_text_add(out, "%s", row->choices[(int)row->init]);
        break;
    case IPL_OPT_TEXT:
        ipl_text_add(out, "%s", row->text);
        break;
    }
}
