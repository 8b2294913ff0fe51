/*
 * From the columns and lines of an import file to users (management.md 11). The rules of users are
 * those of user/; here is only what the file says in its own way.
 */
#ifndef PH_IMPORT_ROW_H
#define PH_IMPORT_ROW_H

#include "import/csv.h"
#include "store/imports.h"
#include "user/user.h"

enum { PH_IMPORT_COLUMNS_MAX = 128 };

/* The columns of GetCSVHeader, in its order; made in the arena. */
void ph_import_header(struct ph_arena *arena, const struct ph_pool *pool, struct ph_str **names,
                      size_t *count);

/* What stands in which column of a file. */
struct ph_import_columns {
    struct ph_str names[PH_IMPORT_COLUMNS_MAX];
    size_t count;
    bool may_have_sub; /* beyond the service: a column `sub`, whose ids are kept */
};

/*
 * Reads the first line: every column of the header in any order, each once; `password_hash` only
 * where the job has an algorithm. NULL, or what is wrong with it (a CompletionMessage). The names
 * point into the line or lie in the arena.
 */
const char *ph_import_columns_read(struct ph_arena *arena, const struct ph_pool *pool,
                                   enum ph_hash_algorithm algorithm, struct ph_str line,
                                   struct ph_import_columns *columns);

/*
 * Makes the user of a line in ctx->arena, where it also keeps the line's values: out->change, or an
 * outcome and its text, which quotes no value. Fails only when the store does.
 */
PH_MUST_USE struct ph_err ph_import_row_read(struct ph_ctx *ctx, const struct ph_pool *pool,
                                             enum ph_hash_algorithm algorithm,
                                             const struct ph_import_columns *columns,
                                             const struct ph_csv_line *line,
                                             struct ph_import_line *out);

/* The same when only the write has found that a name is taken. */
void ph_import_row_taken(struct ph_ctx *ctx, const struct ph_pool *pool,
                         struct ph_import_line *line, enum ph_alias_kind kind);

/* "[FAILED] Line Number 7 - ...", as the service logs it. */
struct ph_str ph_import_log_line(struct ph_arena *arena, const struct ph_import_line *line);

#endif
