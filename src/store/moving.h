/*
 * All rows of all tables, read from one database and written into another, by the description in
 * store/tables.h.
 *
 * Reading sees one moment, whatever is written meanwhile. Writing fills a database that is empty:
 * each batch and the note of how far it got are one transaction, so that whoever is killed can go
 * on; until it is ended the database opens for nobody else (ph_store_options.filling).
 *
 * Failures are InternalErrorException with a text for the operator. For commands: one thread.
 */
#ifndef PH_STORE_MOVING_H
#define PH_STORE_MOVING_H

#include "crypto/hash.h"
#include "store/driver/driver.h"
#include "store/master_keys.h"
#include "store/store.h"
#include "store/tables.h"

enum { PH_ROWS_MAX = 500, PH_ROWS_MAX_HEAVY = 16 }; /* in one batch, which is one transaction */

/* Some rows of a table, in order of their keys. */
struct ph_rows {
    const struct ph_table *table; /* or a part of one: fewer columns */
    struct ph_db_value *values;   /* of a row as many as the table has columns, row after row */
    size_t count;
};

static inline struct ph_db_value *ph_rows_at(const struct ph_rows *rows, size_t row)
{
    return rows->values + row * rows->table->column_count;
}

size_t ph_rows_max(const struct ph_table *table);

/* --- reading --- */

struct ph_snapshot;

/* The store must outlive it. NULL and a text in *why: in memory, or the engine does not answer. */
struct ph_snapshot *ph_snapshot_begin(struct ph_ctx *ctx, const char **why);
void ph_snapshot_end(struct ph_snapshot *snapshot); /* NULL is fine */

/* Walks one table, some rows at a time. */
struct ph_walk {
    struct ph_snapshot *snapshot;
    const struct ph_table *table;
    const char *first, *next;        /* SQL */
    const struct ph_db_value *after; /* the key that the next rows are behind; NULL: the first */
    struct ph_rows rows;             /* until the next step */
    struct ph_arena arenas[2];       /* of these rows, and of those before */
    size_t turn;
};

/* after: the values of a key to begin behind, which live until the first step; NULL: at the first
 * row. The table lives as long as the walk. */
struct ph_walk ph_walk_begin(struct ph_snapshot *snapshot, const struct ph_table *table,
                             const struct ph_db_value *after);

/* The next rows; none: it was the end. */
PH_MUST_USE struct ph_err ph_walk_next(struct ph_walk *walk);

void ph_walk_end(struct ph_walk *walk);

/*
 * The latest time at which a process wrote to an engine of several servers, as far as they say;
 * 0: none ever, or an engine of one, where the lock says it (ph_store_options.exclusive).
 */
PH_MUST_USE struct ph_err ph_store_written_ms(struct ph_ctx *ctx, int64_t *at_ms);

/* --- writing --- */

/* A database that is being filled: from what, and how far it is. Both are the caller's texts. */
struct ph_fill {
    struct ph_ctx *ctx;
    struct ph_str source;
    struct ph_str position; /* absent: nothing is written yet */
};

/* Whether the database has such a mark. */
PH_MUST_USE struct ph_err ph_fill_has_begun(struct ph_ctx *ctx, bool *begun);

/*
 * Marks an empty database, or finds the mark of an earlier run with its position. Fails when the
 * database has rows of its own, or was being filled from another source.
 */
PH_MUST_USE struct ph_err ph_fill_begin(struct ph_fill *fill, struct ph_ctx *ctx,
                                        struct ph_str source);

/* Writes a text for one table, for ph_fill_put(); lives as long as the store. */
const char *ph_fill_prepare(struct ph_ctx *ctx, const struct ph_table *table);

/* One transaction: the rows and how far it is now. May have no rows. */
PH_MUST_USE struct ph_err ph_fill_put(struct ph_fill *fill, const char *prepared,
                                      const struct ph_rows *rows, struct ph_str position);

/* Deletes what was written and the mark; a database without a mark is left as it is. */
PH_MUST_USE struct ph_err ph_fill_undo(struct ph_ctx *ctx);

/* Removes the mark: the database is whole. */
PH_MUST_USE struct ph_err ph_fill_end(struct ph_fill *fill);

/* --- secrets of the master key --- */

/* What seals what no pool's key seals; two of each while a master key is being replaced. */
struct ph_store_keys {
    struct ph_key_pair wrapping; /* data keys of pools */
    struct ph_key_pair records;  /* what belongs to no pool */
};

void ph_store_keys_derive(const struct ph_key *master, struct ph_store_keys *keys);
void ph_store_keys_of(struct ph_store *store, struct ph_store_keys *keys);
void ph_store_keys_wipe(struct ph_store_keys *keys);

/* What a database keeps to know its master key by; says nothing about the key itself. */
void ph_store_check_value(const struct ph_key *master, struct ph_digest *check);

/*
 * Seals anew, in the arena, what the rows hold that depends on a master key: opened with `from`,
 * sealed with `to`. False: something does not open; *why names the column.
 */
PH_MUST_USE bool ph_rows_reseal(struct ph_arena *arena, struct ph_rows *rows,
                                const struct ph_store_keys *from, const struct ph_store_keys *to,
                                const char **why);

#endif
