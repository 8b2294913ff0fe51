/*
 * An SQL engine behind the store: one struct of functions, one implementation for each engine.
 *
 * A connection belongs to one thread at a time. SQL texts use $1, $2, ... and the subset that the
 * engines share; a text is a static constant, because prepared statements are kept by its address.
 * Values that are bound are not copied: they live until the statement is reset.
 */
#ifndef PH_STORE_DRIVER_DRIVER_H
#define PH_STORE_DRIVER_DRIVER_H

#include "util/str.h"

/* How a call ended. The store decides by this alone; the engine's own codes stay in the driver. */
enum ph_verdict {
    PH_DB_DONE,
    PH_DB_ROW,      /* of step: a row can be read */
    PH_DB_CONFLICT, /* refused for what the rows say: a claim that is taken, a changed row */
    PH_DB_RETRY,    /* not now: somebody else holds a lock; nothing happened */
    PH_DB_FULL,     /* no space left; nothing of the transaction was kept */
    PH_DB_LOST,     /* the outcome of a write is unknown */
    PH_DB_BROKEN,   /* anything else */
};

struct ph_db;      /* a connection */
struct ph_db_stmt; /* a prepared statement of one connection */

enum ph_db_kind { PH_DB_INT, PH_DB_TEXT, PH_DB_BYTES };

/* An absent slice binds NULL. */
struct ph_db_value {
    enum ph_db_kind kind;
    int64_t n;
    struct ph_str s;
};

enum ph_db_role { PH_DB_WRITER, PH_DB_READER };

struct ph_driver {
    const char *name;

    /* path NULL: a database in memory, private to the connection. NULL when it cannot be opened. */
    struct ph_db *(*open)(const char *path, enum ph_db_role role);
    void (*close)(struct ph_db *db); /* NULL is fine */

    /* Prepares, or finds what was prepared from the same address; NULL when the text is wrong. */
    struct ph_db_stmt *(*prepare)(struct ph_db *db, const char *sql);
    enum ph_verdict (*bind)(struct ph_db_stmt *stmt, int index, const struct ph_db_value *value);
    enum ph_verdict (*step)(struct ph_db_stmt *stmt);
    int64_t (*column_int)(struct ph_db_stmt *stmt, int column);
    struct ph_str (*column_bytes)(struct ph_db_stmt *stmt, int column); /* until the next step */
    void (*reset)(struct ph_db_stmt *stmt);
    int64_t (*changed)(struct ph_db *db); /* rows changed by the last statement */
    enum ph_verdict (*run)(struct ph_db *db, const char *sql); /* once, without parameters */

    enum ph_verdict (*begin)(struct ph_db *db);
    enum ph_verdict (*commit)(struct ph_db *db); /* durable when DONE */
    void (*rollback)(struct ph_db *db);          /* fine when there is no transaction */
    bool (*in_transaction)(struct ph_db *db); /* an engine may end one by itself after an error */

    /* A mark inside the transaction: one of several jobs is kept or undone alone. */
    enum ph_verdict (*mark)(struct ph_db *db);
    enum ph_verdict (*unmark)(struct ph_db *db, bool keep);

    /* Housekeeping of the writer between transactions; cheap when there is nothing to do. */
    enum ph_verdict (*tidy)(struct ph_db *db, bool idle);
    enum ph_verdict (*backup)(struct ph_db *db, const char *path);
    const char *(*message)(struct ph_db *db); /* about the last failure, for the log */

    /*
     * Makes `to` what `from` is, all of it, in one step, outside of transactions; one of the two is
     * in memory. NULL: the engine cannot. Then nobody asks for the size, which is in bytes.
     */
    enum ph_verdict (*copy)(struct ph_db *from, struct ph_db *to);
    size_t (*size)(struct ph_db *db);
};

extern const struct ph_driver ph_driver_sqlite;

#endif
