/**
 * Strict reader of the tables in a run directory: CSV after RFC 4180, one header row, columns
 * by name.
 *
 *     ipl_table *table;
 *     double *epochs;
 *
 *     if (ipl_table_read(&table, "results/demo/training.csv", &err) == IPL_OK &&
 *         ipl_table_numbers(&epochs, table, "epoch", &err) == IPL_OK)
 *         ...
 *
 * The table of a run that is still being written is fine: rows count when their line break is
 * there, what follows the last one is left out. A byte order mark before the header is passed
 * over. The header is words: a first row of numbers is refused, so that no row of values is
 * taken for it, and so are semicolons or tabs between fields.
 */
#ifndef IPL_TABLE_H
#define IPL_TABLE_H

#include "ipl/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Longest file, and most columns, that are read. */
#define IPL_TABLE_BYTES_MAX ((size_t)1 << 30)
#define IPL_TABLE_COLUMNS_MAX 256

typedef struct ipl_table ipl_table; /* opaque */

/**
 * Read a whole table.
 *
 * owner   *out belongs to the caller, for ipl_table_destroy(); NULL on error
 * errors  IPL_E_NOINPUT  no such file
 *         IPL_E_FORMAT   not strict CSV, or too large; the message names file and line
 *         IPL_E_IO, IPL_E_NOMEM
 */
ipl_status ipl_table_read(ipl_table **out, const char *path, ipl_error *err) IPL_NODISCARD;

/**
 * Read a table that another program has finished: its last row counts without a line break,
 * too.
 *
 * owner, errors  as above
 */
ipl_status ipl_table_read_finished(ipl_table **out, const char *path,
                                   ipl_error *err) IPL_NODISCARD;

/**
 * Read the table folder/name of a run that may have only begun.
 *
 * owner   as above; *out is NULL, without a fault, when there is no such file, or no row yet
 */
ipl_status ipl_table_read_begun(ipl_table **out, const char *folder, const char *name,
                                ipl_error *err) IPL_NODISCARD;

/**
 * Reader of a long table in pieces of whole rows, each a table of its own:
 *
 *     ipl_table_reader reader;
 *     ipl_table *piece;
 *
 *     st = ipl_table_reader_init(&reader, folder, "information.csv", block, err);
 *     while (st == IPL_OK && (st = ipl_table_reader_next(&piece, &reader, err)) == IPL_OK && piece)
 *         ...
 *     ipl_table_reader_release(&reader);
 *
 * The file is open only while a piece is read, so that there may be many readers.
 */
typedef struct ipl_table_reader {
    char *path, *header; /* owned */
    size_t header_len, block;
    uint64_t at;  /* bytes that have been read */
    size_t lines; /* of these, and of the header */
    bool end;
} ipl_table_reader;

/** Begin with the table folder/name, about so many bytes a piece. IPL_E_ARG, IPL_E_NOMEM */
ipl_status ipl_table_reader_init(ipl_table_reader *out, const char *folder,
                                 const char *name, size_t block,
                                 ipl_error *err) IPL_NODISCARD;

/**
 * Read the next piece, with its rows and the columns of the whole; NULL, without a fault, at
 * the end, and when there is no such file or no row yet. Errors of ipl_table_read().
 */
ipl_status ipl_table_reader_next(ipl_table **out, ipl_table_reader *reader,
                                 ipl_error *err) IPL_NODISCARD;

/** Free what a reader owns and leave it empty; an empty one is allowed. */
void ipl_table_reader_release(ipl_table_reader *reader);

/** Release a table; NULL is allowed. */
void ipl_table_destroy(ipl_table *table);

/** Rows below the header. */
size_t ipl_table_rows(const ipl_table *table);

/** Columns of every row. */
size_t ipl_table_columns(const ipl_table *table);

/** Path it was read from, for messages; borrowed. */
const char *ipl_table_path(const ipl_table *table);

/** Line of the file on which a row starts, the header being line 1. */
size_t ipl_table_line(const ipl_table *table, size_t row);

/** Index of a column; IPL_E_FORMAT when there is none of that name. */
ipl_status ipl_table_column(size_t *column, const ipl_table *table, const char *name,
                            ipl_error *err) IPL_NODISCARD;

/** Text of one field, its quotes removed; borrowed. */
const char *ipl_table_text(const ipl_table *table, size_t row, size_t column);

/**
 * A column as numbers; "NaN" is the one word allowed.
 *
 * owner   *out (rows, at least one element) belongs to the caller, for ipl_free()
 * errors  IPL_E_FORMAT  no such column, or a field that is no number
 *         IPL_E_NOMEM
 */
ipl_status ipl_table_numbers(double **out, const ipl_table *table, const char *name,
                             ipl_error *err) IPL_NODISCARD;

#endif /* IPL_TABLE_H */
