/* Users as lines of an import file: what row.h reads, written (management.md 11). */
#ifndef PH_IMPORT_WRITTEN_H
#define PH_IMPORT_WRITTEN_H

#include "user/user.h"

/* The columns of a pool's file: those of ph_import_header() but `password_hash`, which nobody has.
 */
struct ph_import_writing {
    const struct ph_pool *pool;
    struct ph_str *columns;
    size_t count;
};

/* Everything lies in the arena, or belongs to the pool. */
struct ph_import_writing ph_import_writing_of(struct ph_arena *arena, const struct ph_pool *pool);

/* The first line, without its end. */
struct ph_str ph_import_written_header(struct ph_arena *arena, const struct ph_import_writing *w);

/*
 * The line of a user, without its end; in the arena. NULL, or why such a file cannot have the user:
 * it has no quotation, and no users of other identity providers.
 */
const char *ph_import_written_user(struct ph_arena *arena, const struct ph_import_writing *w,
                                   const struct ph_user *user, struct ph_str *line);

#endif
