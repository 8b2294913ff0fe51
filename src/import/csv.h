/*
 * Lines and fields of an import file (management.md 11): UTF-8, fields between commas, lines that
 * end with LF or CRLF. A comma that belongs to a value is written "\,". Quotation marks are
 * ordinary characters, and no value spans lines: so it is a part of RFC 4180, as the service
 * describes it.
 *
 * Pure: pieces of bytes in, lines out. A line may begin in one piece and end in another.
 */
#ifndef PH_IMPORT_CSV_H
#define PH_IMPORT_CSV_H

#include "util/str.h"

enum {
    PH_CSV_LINE_CHARACTERS = 16000,
    PH_CSV_LINE_BYTES = 4 * PH_CSV_LINE_CHARACTERS, /* no character is longer than four */
};

struct ph_csv {
    struct ph_str piece; /* what is left of the bytes that were given last */
    uint8_t *begun;      /* PH_CSV_LINE_BYTES: the first part of a line that goes on */
    size_t begun_n;
    size_t line_bytes; /* of the line that goes on, those that were dropped included */
    int64_t at_byte;   /* where the next line begins */
    int64_t at_line;   /* lines before it */
};

struct ph_csv_line {
    struct ph_str text; /* without its end; lives until the next call */
    int64_t number;     /* from 1 */
    bool is_too_long;   /* than PH_CSV_LINE_BYTES: text is absent */
};

/* Begins at the start of the file. The arena must live as long as the reader. */
void ph_csv_init(struct ph_csv *csv, struct ph_arena *arena);

/* Goes on at a place between two lines, from which it must be fed. */
void ph_csv_seek(struct ph_csv *csv, int64_t at_byte, int64_t at_line);

/* The bytes that follow those before; only when ph_csv_next() has asked for more. */
void ph_csv_feed(struct ph_csv *csv, struct ph_str piece);

/* False when the piece is used up: feed the next one. */
PH_MUST_USE bool ph_csv_next(struct ph_csv *csv, struct ph_csv_line *line);

/* After the last piece: the line that no LF ends. False when there is none. */
PH_MUST_USE bool ph_csv_last(struct ph_csv *csv, struct ph_csv_line *line);

/*
 * The fields of a line: unescaped, without spaces and tabs at their ends. *count may be more than
 * max: only that many were written. An absent line has no field, an empty one has one.
 */
void ph_csv_split(struct ph_arena *arena, struct ph_str line, struct ph_str *fields, size_t max,
                  size_t *count);

/* Valid UTF-8 (RFC 3629) without NUL, of at most PH_CSV_LINE_CHARACTERS characters. */
bool ph_csv_is_text(struct ph_str line);

#endif
