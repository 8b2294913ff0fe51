/* A file of `export`, line by line, each checked as it comes. Included only inside move/. */
#ifndef PH_MOVE_READ_H
#define PH_MOVE_READ_H

#include "move/internal.h"

#include <stdio.h>

enum ph_line_kind { PH_LINE_TABLE, PH_LINE_ROW, PH_LINE_TABLE_END, PH_LINE_END };

enum { PH_READ_TABLES_MAX = 64 };

/* A table as the file has it. */
struct ph_read_table {
    const struct ph_table *table;
    struct ph_sum sum;
};

/* Zeroed but for the first two members. */
struct ph_reader {
    FILE *file;
    struct ph_arena *arena; /* of what outlives a line: tables, texts of errors */

    struct ph_arena line_arena;
    uint8_t *line;
    size_t length, capacity;
    int64_t number; /* of the line, from 1 */
    int64_t offset; /* of what comes after it, in bytes */
    struct ph_chain chain;
    int64_t schema;
    bool in_table; /* the rows of the last of the tables come */
    struct ph_read_table tables[PH_READ_TABLES_MAX];
    size_t table_count;
    int64_t rows;
};

/* Reads the header, whose key the passphrase opens. */
PH_MUST_USE struct ph_err ph_reader_begin(struct ph_reader *reader, struct ph_str passphrase,
                                          struct ph_key *root);

/* Begins at the first line again, with the key that is known. */
PH_MUST_USE struct ph_err ph_reader_again(struct ph_reader *reader, const struct ph_key *root);

/*
 * The next line after the header; of a row, which belongs to the last of the tables, the values in
 * `arena`: there is room for PH_ROW_MAX. After PH_LINE_END all of the file is as it was written.
 */
PH_MUST_USE struct ph_err ph_reader_next(struct ph_reader *reader, struct ph_arena *arena,
                                         enum ph_line_kind *kind, struct ph_db_value *values);

static inline const struct ph_table *ph_reader_table(const struct ph_reader *reader)
{
    return reader->tables[reader->table_count - 1].table;
}

void ph_reader_end(struct ph_reader *reader); /* closes the file */

#endif
