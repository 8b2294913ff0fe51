/* Users as lines of an import file: what row.h reads, written (management.md 11). */
#ifndef PH_IMPORT_WRITTEN_H
#define PH_IMPORT_WRITTEN_H

#include "user/user.h"

/* The first line, without its end: the columns of the pool but `password_hash`, which nobody has.
 */
struct ph_str ph_import_written_header(struct ph_arena *arena, const struct ph_pool *pool);

/*
 * The line of a user, without its end; in the arena. NULL, or why such a file cannot have the user:
 * it has no quotation, and no users of other identity providers.
 */
const char *ph_import_written_user(struct ph_arena *arena, const struct ph_pool *pool,
                                   const struct ph_user *user, struct ph_str *line);

#endif
