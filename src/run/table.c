#include "run/table.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct ipl_table {
    char path[IPL_PATH_MAX];
    char *bytes;     /* the file; fields are NUL-terminated in place */
    size_t len;      /* of it that ends with a line break */
    uint32_t *cells; /* (rows + 1, columns) offsets into bytes, the header first */
    uint32_t *lines; /* (rows + 1) line on which a row starts */
    size_t first;    /* lines of the file before those of the bytes */
    size_t rows, columns;
};

/* Where the reader is; fields are unquoted in place, so writing never overtakes reading. */
typedef struct cursor {
    size_t at;
    size_t line;
} cursor;

typedef enum field_end { END_OF_FIELD, END_OF_ROW, END_OF_FILE } field_end;

/* Step over "," or a line break behind a field; the field is terminated at `stop`. */
static ipl_status end_field(field_end *end, ipl_table *table, cursor *cur, size_t stop,
                            ipl_error *err)
{
    const char c = table->bytes[cur->at];

    if (c == '\r' && table->bytes[cur->at + 1] == '\n')
        cur->at++;
    else if (c != ',' && c != '\n')
        return ipl_fail(err, IPL_E_FORMAT, "%s:%zu: a stray %s in a field", table->path,
                        cur->line,
                        c == '"'    ? "quote"
                        : c == '\r' ? "carriage return"
                        : c == '\0' ? "NUL byte"
                                    : "character behind a quoted text");
    *end = c == ',' ? END_OF_FIELD : END_OF_ROW;
    table->bytes[stop] = '\0';
    cur->at++;
    return IPL_OK;
}

/* One field that starts with a quote: "" is a quote, line breaks are text. */
static ipl_status read_quoted(field_end *end, ipl_table *table, cursor *cur, ipl_error *err)
{
    const size_t first_line = cur->line;
    char *bytes = table->bytes;
    size_t to = cur->at++;

    for (; cur->at < table->len; cur->at++) {
        if (bytes[cur->at] == '"') {
            cur->at++;
            if (bytes[cur->at] != '"')
                return end_field(end, table, cur, to, err);
        } else if (bytes[cur->at] == '\0') {
            return ipl_fail(err, IPL_E_FORMAT, "%s:%zu: a stray NUL byte in a field",
                            table->path, cur->line);
        } else if (bytes[cur->at] == '\n') {
            cur->line++;
        }
        bytes[to++] = bytes[cur->at];
    }
    return ipl_fail(err, IPL_E_FORMAT, "%s:%zu: a quote is opened and never closed",
                    table->path, first_line);
}

static ipl_status read_field(size_t *start, field_end *end, ipl_table *table, cursor *cur,
                             ipl_error *err)
{
    *start = cur->at;
    if (table->bytes[cur->at] == '"')
        return read_quoted(end, table, cur, err);
    cur->at += strcspn(table->bytes + cur->at, ",\"\r\n");
    return end_field(end, table, cur, cur->at, err);
}

/* Refuse a first row that is no header: the names of columns are words, between commas. */
static ipl_status check_header(const uint32_t *names, const ipl_table *table,
                               ipl_error *err)
{
    size_t numbers = 0;

    for (size_t j = 0; j < table->columns; j++) {
        const char *name = table->bytes + names[j];
        double value;

        if (strpbrk(name, ";\t"))
            return ipl_fail(err, IPL_E_FORMAT,
                            "%s:1: %s between fields, want commas, and points in numbers "
                            "(pandas: to_csv without sep and decimal)",
                            table->path, strchr(name, ';') ? "semicolons" : "tabs");
        numbers += ipl_number_parse(&value, name);
    }
    if (numbers == table->columns)
        return ipl_fail(
            err, IPL_E_FORMAT,
            "%s:1: the first row is numbers, want the names of the columns: put a "
            "row of words above it",
            table->path);
    for (size_t j = 1; j < table->columns; j++)
        for (size_t i = 0; i < j; i++)
            if (strcmp(table->bytes + names[i], table->bytes + names[j]) == 0)
                return ipl_fail(err, IPL_E_FORMAT, "%s:1: two columns are called '%.60s'",
                                table->path, table->bytes + names[j]);
    return IPL_OK;
}

/* The header: counts the columns and notes where their names start. */
static ipl_status read_header(uint32_t *names, ipl_table *table, cursor *cur,
                              ipl_error *err)
{
    field_end end = END_OF_FIELD;

    while (end == END_OF_FIELD) {
        size_t start;
        const ipl_status st = read_field(&start, &end, table, cur, err);

        if (st != IPL_OK)
            return st;
        if (table->columns == IPL_TABLE_COLUMNS_MAX)
            return ipl_fail(err, IPL_E_FORMAT, "%s:1: more than %d columns", table->path,
                            IPL_TABLE_COLUMNS_MAX);
        if (table->bytes[start] == '\0')
            return ipl_fail(err, IPL_E_FORMAT, "%s:1: column %zu has no name", table->path,
                            table->columns + 1);
        names[table->columns++] = (uint32_t)start;
    }
    return check_header(names, table, err);
}

static ipl_status read_row(ipl_table *table, cursor *cur, ipl_error *err)
{
    uint32_t *cells = table->cells + (table->rows + 1) * table->columns;
    field_end end = END_OF_FIELD;
    size_t n = 0;
    const size_t line = cur->line;

    while (end == END_OF_FIELD) {
        size_t start;
        const ipl_status st = read_field(&start, &end, table, cur, err);

        if (st != IPL_OK)
            return st;
        if (n < table->columns)
            cells[n] = (uint32_t)start;
        n++;
    }
    if (n != table->columns)
        return ipl_fail(err, IPL_E_FORMAT, "%s:%zu: %zu fields, the header has %zu",
                        table->path, line, n, table->columns);
    table->lines[++table->rows] = (uint32_t)line;
    cur->line++;
    return IPL_OK;
}

/* Length up to the last line break; a quote left open in what follows is a cut row too. */
static size_t whole_rows(const char *bytes, size_t len, size_t *n_lines)
{
    size_t whole = 0;

    *n_lines = 0;
    for (size_t i = 0; i < len; i++)
        if (bytes[i] == '\n') {
            whole = i + 1;
            ++*n_lines;
        }
    return whole;
}

static ipl_status parse(ipl_table *table, size_t len, ipl_error *err)
{
    uint32_t names[IPL_TABLE_COLUMNS_MAX] = {0};
    cursor cur = {0, 1 + table->first};
    size_t n_lines;
    ipl_status st;

    table->len = whole_rows(table->bytes, len, &n_lines);
    table->bytes[table->len] = '\0';
    if (n_lines == 0)
        return ipl_fail(err, IPL_E_FORMAT, "%s: no header row yet", table->path);
    st = read_header(names, table, &cur, err);
    if (st != IPL_OK)
        return st;
    cur.line++;
    /* No row is shorter than its commas and line break: blank lines make no cells. */
    if (n_lines - 1 > (table->len - cur.at) / table->columns)
        n_lines = 2 + (table->len - cur.at) / table->columns;
    table->cells = ipl_array(n_lines, table->columns, sizeof *table->cells, err);
    table->lines = ipl_array(n_lines, 1, sizeof *table->lines, err);
    if (!table->cells || !table->lines)
        return IPL_E_NOMEM;
    memcpy(table->cells, names, table->columns * sizeof *names);
    while (st == IPL_OK && cur.at < table->len)
        st = read_row(table, &cur, err);
    return st;
}

/* Give the last row its line break; bytes are NUL-terminated before and after. */
static ipl_status finish_last_row(ipl_table *table, size_t *len, ipl_error *err)
{
    char *longer;

    if (*len == 0 || table->bytes[*len - 1] == '\n')
        return IPL_OK;
    longer = ipl_array(1, *len + 2, 1, err);
    if (!longer)
        return IPL_E_NOMEM;
    memcpy(longer, table->bytes, *len);
    longer[(*len)++] = '\n';
    ipl_free(table->bytes);
    table->bytes = longer;
    return IPL_OK;
}

static ipl_status read_table(ipl_table **out, const char *path, bool finished,
                             ipl_error *err)
{
    ipl_table *table = ipl_array(1, 1, sizeof *table, err);
    ipl_status st = IPL_E_NOMEM;
    size_t len;

    *out = NULL;
    if (!table)
        goto done;
    st = ipl_text_copy(table->path, sizeof table->path, path, strlen(path), "path", err);
    if (st != IPL_OK)
        goto done;
    st = ipl_file_read_text(&table->bytes, &len, path, IPL_TABLE_BYTES_MAX, err);
    if (st == IPL_OK && finished)
        st = finish_last_row(table, &len, err);
    if (st != IPL_OK)
        goto done;
    st = parse(table, len, err);
    if (st != IPL_OK)
        goto done;
    *out = table;
    table = NULL;
done:
    ipl_table_destroy(table);
    return st;
}

ipl_status ipl_table_read(ipl_table **out, const char *path, ipl_error *err)
{
    return read_table(out, path, false, err);
}

ipl_status ipl_table_read_finished(ipl_table **out, const char *path, ipl_error *err)
{
    return read_table(out, path, true, err);
}

ipl_status ipl_table_read_begun(ipl_table **out, const char *folder, const char *name,
                                ipl_error *err)
{
    char path[IPL_PATH_MAX], *text = NULL;
    size_t len = 0, n_lines = 0;
    ipl_status st = ipl_path_join(path, folder, name, err);

    *out = NULL;
    if (st != IPL_OK || !ipl_file_exists(path))
        return st;
    st = ipl_file_read_text(&text, &len, path, IPL_TABLE_BYTES_MAX, err);
    if (st == IPL_OK)
        (void)whole_rows(text, len, &n_lines);
    ipl_free(text);
    if (st != IPL_OK || n_lines == 0)
        return st;
    st = ipl_table_read(out, path, err);
    if (st == IPL_OK && ipl_table_rows(*out) == 0) {
        ipl_table_destroy(*out);
        *out = NULL;
    }
    return st;
}

/* Length of whole rows at the start of some bytes, and their lines: quotes hold line breaks. */
static size_t closed_rows(const char *bytes, size_t len, size_t *lines, bool first_only)
{
    size_t whole = 0, seen = 0;
    bool quoted = false;

    *lines = 0;
    for (size_t i = 0; i < len && !(first_only && whole > 0); i++) {
        quoted = quoted != (bytes[i] == '"');
        if (bytes[i] != '\n')
            continue;
        seen++;
        if (quoted)
            continue;
        whole = i + 1;
        *lines = seen;
    }
    return whole;
}

ipl_status ipl_table_reader_init(ipl_table_reader *out, const char *folder,
                                 const char *name, size_t block, ipl_error *err)
{
    char path[IPL_PATH_MAX], mark[3];
    size_t got = 0;
    ipl_status st = ipl_path_join(path, folder, name, err);

    *out = (ipl_table_reader){.block = block};
    if (st != IPL_OK)
        return st;
    out->path = ipl_array(strlen(path) + 1, 1, 1, err);
    if (!out->path)
        return IPL_E_NOMEM;
    memcpy(out->path, path, strlen(path) + 1);
    out->end = !ipl_file_exists(path);
    if (!out->end)
        st = ipl_file_read_part(mark, &got, sizeof mark, path, 0, err);
    if (got == sizeof mark && memcmp(mark, "\xEF\xBB\xBF", sizeof mark) == 0)
        out->at = sizeof mark; /* a byte order mark */
    return st;
}

static size_t lines_of(const char *bytes, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++)
        n += bytes[i] == '\n';
    return n;
}

/* Keep the header of the first piece for those that follow. */
static ipl_status keep_header(ipl_table_reader *r, const char *bytes, size_t len,
                              ipl_error *err)
{
    r->header_len = closed_rows(bytes, len, &r->lines, true);
    r->header = ipl_array(r->header_len + 1, 1, 1, err);
    if (!r->header)
        return IPL_E_NOMEM;
    memcpy(r->header, bytes, r->header_len);
    return IPL_OK;
}

/*
 * Bytes of whole rows behind the header; the block grows until a row has room. What follows
 * the last line break of the file is left out by the parser.
 */
static ipl_status read_block(ipl_table *table, size_t *len, ipl_table_reader *r,
                             ipl_error *err)
{
    size_t got, lines;
    ipl_status st = IPL_OK;

    for (*len = 0; st == IPL_OK && *len == 0 && !r->end;) {
        ipl_free(table->bytes);
        table->bytes = ipl_array(1, r->header_len + r->block + 1, 1, err);
        if (!table->bytes)
            return IPL_E_NOMEM;
        st = ipl_file_read_part(table->bytes + r->header_len, &got, r->block, r->path,
                                r->at, err);
        r->end = got < r->block;
        *len = r->end ? got : closed_rows(table->bytes + r->header_len, got, &lines, false);
        if (st == IPL_OK && *len == 0 && !r->end) {
            if (r->block >= IPL_TABLE_BYTES_MAX)
                return ipl_fail(err, IPL_E_FORMAT, "%s:%zu: a row of more than %zu bytes",
                                r->path, r->lines + 1, r->block);
            r->block *= 2;
        }
    }
    return st;
}

/* A piece of the table; NULL when there is none left. */
static ipl_status read_piece(ipl_table **out, ipl_table_reader *r, ipl_error *err)
{
    ipl_table *table = ipl_array(1, 1, sizeof *table, err);
    const bool begins = !r->header;
    size_t len = 0, lines = 0, n_lines;
    ipl_status st = IPL_E_NOMEM;

    *out = NULL;
    if (!table)
        goto done;
    st = ipl_text_copy(table->path, sizeof table->path, r->path, strlen(r->path), "path",
                       err);
    if (st == IPL_OK)
        st = read_block(table, &len, r, err);
    if (st != IPL_OK || len == 0 ||
        whole_rows(table->bytes + r->header_len, len, &n_lines) == 0)
        goto done;
    (void)closed_rows(table->bytes + r->header_len, len, &lines, false);
    if (begins)
        st = keep_header(r, table->bytes, len, err);
    else
        memcpy(table->bytes, r->header, r->header_len);
    if (st != IPL_OK)
        goto done;
    table->first = begins ? 0 : r->lines - lines_of(r->header, r->header_len);
    r->at += len;
    r->lines = begins ? lines : r->lines + lines;
    st = parse(table, begins ? len : r->header_len + len, err);
    if (st != IPL_OK)
        goto done;
    *out = table;
    table = NULL;
done:
    ipl_table_destroy(table);
    return st;
}

ipl_status ipl_table_reader_next(ipl_table **out, ipl_table_reader *reader, ipl_error *err)
{
    ipl_status st = IPL_OK;

    for (*out = NULL; st == IPL_OK && !*out && !reader->end;) {
        st = read_piece(out, reader, err);
        if (*out && ipl_table_rows(*out) == 0) { /* the header alone */
            ipl_table_destroy(*out);
            *out = NULL;
        }
    }
    return st;
}

void ipl_table_reader_release(ipl_table_reader *reader)
{
    ipl_free(reader->header);
    ipl_free(reader->path);
    *reader = (ipl_table_reader){0};
}

void ipl_table_destroy(ipl_table *table)
{
    if (!table)
        return;
    ipl_free(table->lines);
    ipl_free(table->cells);
    ipl_free(table->bytes);
    ipl_free(table);
}

size_t ipl_table_columns(const ipl_table *table)
{
    return table->columns;
}

size_t ipl_table_rows(const ipl_table *table)
{
    return table->rows;
}

const char *ipl_table_path(const ipl_table *table)
{
    return table->path;
}

size_t ipl_table_line(const ipl_table *table, size_t row)
{
    return table->lines[row + 1];
}

ipl_status ipl_table_column(size_t *column, const ipl_table *table, const char *name,
                            ipl_error *err)
{
    for (size_t j = 0; j < table->columns; j++)
        if (strcmp(table->bytes + table->cells[j], name) == 0) {
            *column = j;
            return IPL_OK;
        }
    return ipl_fail(err, IPL_E_FORMAT, "%s:1: no column '%s'", table->path, name);
}

const char *ipl_table_text(const ipl_table *table, size_t row, size_t column)
{
    return table->bytes + table->cells[(row + 1) * table->columns + column];
}

ipl_status ipl_table_numbers(double **out, const ipl_table *table, const char *name,
                             ipl_error *err)
{
    double *numbers = NULL;
    size_t column = 0;
    ipl_status st = ipl_table_column(&column, table, name, err);

    *out = NULL;
    if (st != IPL_OK)
        return st;
    numbers = ipl_array(table->rows + 1, 1, sizeof *numbers, err);
    if (!numbers)
        return IPL_E_NOMEM;
    for (size_t i = 0; i < table->rows; i++) {
        const char *text = ipl_table_text(table, i, column);

        if (strcmp(text, "NaN") == 0) {
            numbers[i] = (double)NAN;
        } else if (!ipl_number_parse(&numbers[i], text)) {
            st = ipl_fail(err, IPL_E_FORMAT, "%s:%zu: %s '%.40s' is no number", table->path,
                          ipl_table_line(table, i), name, text);
            goto done;
        }
    }
    *out = numbers;
    numbers = NULL;
done:
    ipl_free(numbers);
    return st;
}
