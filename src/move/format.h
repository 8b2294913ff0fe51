/*
 * The file of `export`: lines of JSON (docs/decisions/0029-moving.md), in this order:
 *
 *   {"poolhouse_export": 1, "schema": 19, "made": TIME, "key": WRAPPED}
 *   {"table": NAME, "columns": [NAME, ...]}       one for each table, followed by
 *   [VALUE, ...]                                  its rows, and
 *   {"rows": N, "sum": HEX}                       their number and sum (move/sum.h)
 *   {"tables": N, "rows": N, "hmac": HEX}         the end
 *
 * Numbers are numbers, text is a string, bytes are base64 in a string. Text that JSON cannot hold
 * is {"base64": ...}. The HMAC is that of all lines before, by a key of the file: each line is
 * chained to those before it.
 */
#ifndef PH_MOVE_FORMAT_H
#define PH_MOVE_FORMAT_H

#include "store/moving.h"

struct json_t;

enum { PH_EXPORT_FORMAT = 1, PH_EXPORT_LINE_MAX = 64 * 1024 * 1024 };

struct ph_str ph_row_text(struct ph_arena *arena, const struct ph_table *table,
                          const struct ph_db_value *row);

/* The other way; values has room for a row. False: it is no row of this table. */
PH_MUST_USE bool ph_row_parse(struct ph_arena *arena, const struct ph_table *table,
                              struct ph_str text, struct ph_db_value *values);

struct ph_str ph_table_line(struct ph_arena *arena, const struct ph_table *table);

/*
 * The table of such a line, with the columns that it names: all of its key first. NULL and a text
 * in *why: there is no such table or column here.
 */
const struct ph_table *ph_table_parse(struct ph_arena *arena, const struct json_t *line,
                                      const char **why);

/* The part of a table that is its key. */
struct ph_table ph_table_key(const struct ph_table *table);

/* Each line's HMAC takes in that of the line before. */
struct ph_chain {
    struct ph_key key;
    struct ph_digest mac;
};

/* root: the key of the file. */
void ph_chain_begin(struct ph_chain *chain, const struct ph_key *root);
void ph_chain_add(struct ph_chain *chain, struct ph_str line); /* without its end */
void ph_chain_wipe(struct ph_chain *chain);

#endif
