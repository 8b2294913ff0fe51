/*
 * Whole installations: into a file, out of one, from one database to another.
 *
 * All of it is driven by store/tables.h; the form of the file is in format.h. Errors carry a text
 * for the operator. The stores are opened by the caller; a target with ph_store_options.filling.
 */
#ifndef PH_MOVE_MOVE_H
#define PH_MOVE_MOVE_H

#include "store/moving.h"

/* Told of each table when it is done. */
struct ph_move_report {
    void (*table)(const char *name, int64_t rows);
};

/*
 * Writes all of a database to a new file that only this user may read, as of one moment: secrets
 * are under the passphrase. On the disk when this succeeds; else there is no file.
 */
PH_MUST_USE struct ph_err ph_export(struct ph_ctx *ctx, const char *path, struct ph_str passphrase,
                                    const struct ph_move_report *report);

/* --- import --- */

struct ph_export_file;

/*
 * Opens a file of ph_export() and reads all of it: nothing in it is damaged, missing or changed
 * when this succeeds. The arena outlives the file; NULL is put into *file on failure.
 */
PH_MUST_USE struct ph_err ph_export_open(struct ph_arena *arena, const char *path,
                                         struct ph_str passphrase, struct ph_export_file **file);
void ph_export_close(struct ph_export_file *file); /* NULL is fine */

/* Of the tables in it: the target is opened with it (ph_store_options.version). */
int64_t ph_export_version(const struct ph_export_file *file);

/*
 * Fills an empty database, or goes on with one that this file began to fill; in the end all of it
 * is read back and compared, and only then the database opens for others.
 */
PH_MUST_USE struct ph_err ph_import(struct ph_ctx *ctx, struct ph_export_file *file,
                                    const struct ph_move_report *report);

/* --- from one database to another, under the same master key --- */

/*
 * source: names where `from` is; another run with the same one goes on where this one ended. In the
 * end all rows of both are read and compared.
 */
PH_MUST_USE struct ph_err ph_copy(struct ph_ctx *from, struct ph_ctx *to, struct ph_str source,
                                  const struct ph_move_report *report);

#endif
