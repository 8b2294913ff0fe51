/*
 * Copies of the database file: made beside a running server, checked, and put in its place again.
 * Only engines that are one file; PostgreSQL has tools of its own.
 *
 * Reasons (*why) are texts for the operator, static or in the arena.
 */
#ifndef PH_STORE_BACKUP_H
#define PH_STORE_BACKUP_H

#include "crypto/hash.h"
#include "store/store.h"

/*
 * Writes a consistent copy to a new file that only this user may read, reads all of it again and
 * checks it. key: the master key under a passphrase (crypto/passphrase.h), kept in the copy only;
 * absent: none. It is on the disk when this returns true, else there is no file.
 */
PH_MUST_USE bool ph_store_backup(struct ph_store *store, const char *path, struct ph_str key,
                                 const char **why);

/* Notes that a backup was made now, for ph_store_backup_ms(). A failure is logged. */
void ph_store_backup_note(struct ph_ctx *ctx);

/* When the last backup was made; 0: none is known of. */
PH_MUST_USE struct ph_err ph_store_backup_ms(struct ph_ctx *ctx, int64_t *at_ms);

/* What a copy says about itself. */
struct ph_backup {
    struct ph_str check; /* of its master key: ph_store_check_value() */
    struct ph_str key;   /* that key under a passphrase; absent: it is not in it */
};

/* Reads all of the file and checks it: damaged, no database of ours, of a newer version, half
 * filled. Opens it for writing: its own companions may be beside it meanwhile. */
PH_MUST_USE bool ph_backup_inspect(struct ph_arena *arena, const char *path,
                                   struct ph_backup *backup, const char **why);

/*
 * Takes the key out of the file, and makes it the database at `target`, in one step: whatever ends
 * the process leaves the old one or the new one. An old one is kept as `aside` (NULL: there must be
 * none). No server may have the target open; none starts meanwhile. Both on one file system.
 */
PH_MUST_USE bool ph_backup_place(const char *path, const char *target, const char *aside,
                                 const char **why);

#endif
