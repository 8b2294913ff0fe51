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

#include <stdatomic.h>

/* How a call ended. The store decides by this alone; the engine's own codes stay in the driver. */
enum ph_verdict {
    PH_DB_DONE,
    PH_DB_ROW,      /* of step: a row can be read */
    PH_DB_CONFLICT, /* refused for what the rows say: a claim that is taken, a changed row */
    PH_DB_RETRY,    /* not now: somebody else holds a lock; nothing happened */
    PH_DB_FULL,     /* no space left; nothing of the transaction was kept */
    PH_DB_AWAY,     /* no server takes it now; nothing of the transaction was kept */
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

/* A reader of an engine with several servers may be at one that only reads. */
enum ph_db_role { PH_DB_WRITER, PH_DB_READER };

/*
 * A database, and what this process has learned of it. Outlives its connections, which share it
 * between threads. Zeroed but for the first two members.
 */
struct ph_db_target {
    const char *path;     /* a file, or a URL; NULL: in memory, private to the connection */
    const char *password; /* of a URL; NULL: the URL says it, or none is needed */

    /* Of an engine with several servers. */
    _Atomic int64_t timeline;  /* the highest seen: a server at a lower one has lost writes */
    _Atomic int64_t missed_ns; /* when no primary was found; 0: there was one, last time */
    _Atomic int64_t found_ns;  /* when one was found again after that */
    atomic_size_t primary;     /* which host was one, the last time */
    atomic_size_t other;       /* which answered while there was none */
    atomic_bool doubted; /* a primary did not answer in time: another may have been promoted */
};

struct ph_driver {
    const char *name;

    /* Several connections write at once, also of other processes; the target is a URL. */
    bool several;

    /* NULL when it cannot be opened; why (when not NULL) then says the engine's reason. */
    struct ph_db *(*open)(struct ph_db_target *target, enum ph_db_role role, char *why,
                          size_t why_size);
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
    enum ph_verdict (*begin_alone)(struct ph_db *db);    /* nobody else has one of these open */
    enum ph_verdict (*begin_snapshot)(struct ph_db *db); /* reads one moment, as long as it takes */
    enum ph_verdict (*commit)(struct ph_db *db);         /* durable when DONE */
    void (*rollback)(struct ph_db *db);                  /* fine when there is no transaction */
    bool (*in_transaction)(struct ph_db *db); /* an engine may end one by itself after an error */

    /*
     * After a commit that was LOST, on the same connection, which it opens anew when needed. DONE:
     * it is durable; RETRY: it did not happen and never will; LOST: ask again. NULL: it can never
     * be known, the engine must be started anew.
     */
    enum ph_verdict (*settle)(struct ph_db *db);

    /* False when the connection is of no more use, or is at a server that should not be written. */
    bool (*is_well)(struct ph_db *db);

    /* A mark inside the transaction: one of several jobs is kept or undone alone. */
    enum ph_verdict (*mark)(struct ph_db *db);
    enum ph_verdict (*unmark)(struct ph_db *db, bool keep);

    /* Housekeeping of the writer between transactions; cheap when there is nothing to do. */
    enum ph_verdict (*tidy)(struct ph_db *db, bool idle);

    /*
     * Of an engine with one writer; elsewhere NULL. After a commit of the writer: whether its log
     * has grown so much that somebody should move it on, true once for each time. And, on a
     * connection of another thread: moves it as far as readers and the writer allow, beside them.
     */
    bool (*log_has_grown)(struct ph_db *db);
    enum ph_verdict (*checkpoint)(struct ph_db *db);

    /* NULL: the engine's own tools copy it. */
    enum ph_verdict (*backup)(struct ph_db *db, const char *path);
    enum ph_verdict (*check)(struct ph_db *db); /* DONE: all of it was read and is sound */
    const char *(*message)(struct ph_db *db);   /* about the last failure, for the log */

    /*
     * Makes `to` what `from` is, all of it, in one step, outside of transactions; one of the two is
     * in memory. NULL: the engine cannot. Then nobody asks for the size, which is in bytes.
     */
    enum ph_verdict (*copy)(struct ph_db *from, struct ph_db *to);
    size_t (*size)(struct ph_db *db);
};

extern const struct ph_driver ph_driver_sqlite;
extern const struct ph_driver ph_driver_postgres;

/* The driver that a path or URL is for; NULL is a database in memory. */
const struct ph_driver *ph_driver_for(const char *path);

#endif
