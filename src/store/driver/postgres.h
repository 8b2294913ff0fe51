/* A connection to PostgreSQL as the files of this driver share it. Included only by them. */
#ifndef PH_STORE_DRIVER_POSTGRES_H
#define PH_STORE_DRIVER_POSTGRES_H

#include "store/driver/driver.h"

#include <libpq-fe.h>

enum {
    PH_PG_STATEMENTS = 512, /* slots of the table of prepared statements: a power of two */
    PH_PG_PARAMETERS = 32,  /* $1 to $32 */
    PH_PG_SLOT_SIZE = 33,   /* 32 hexadecimal digits */
};

struct ph_db_stmt {
    const char *sql; /* the key: address of the text */
    struct ph_db *db;
    char name[16];
    uint64_t prepared; /* the number of the connection that knows the name; 0: none */
    int count;         /* the highest parameter that was bound */
    Oid types[PH_PG_PARAMETERS];
    const char *values[PH_PG_PARAMETERS];
    int lengths[PH_PG_PARAMETERS];
    uint8_t numbers[PH_PG_PARAMETERS][8];
    PGresult *result; /* NULL: not run since the last reset */
    int row;
};

struct ph_db {
    struct ph_db_target *target;
    enum ph_db_role role;
    PGconn *conn;    /* NULL: none now */
    uint64_t number; /* of the connection: counts up */
    bool standby;    /* at a server that only reads */
    int64_t timeline;
    int64_t connected_ns;
    bool alone;      /* in a migration, which may take its time */
    bool warned;     /* the server has warned since the flag was cleared */
    int64_t changed; /* rows */
    char error[256];

    /* Says afterwards whether a transaction was committed (postgres.c). */
    char slot[PH_PG_SLOT_SIZE];
    int64_t turn;

    size_t statement_count;
    struct ph_db_stmt *statements[PH_PG_STATEMENTS];
};

/* Connects, or connects anew; false with db->error when no server will do. */
PH_MUST_USE bool ph_pg_connect(struct ph_db *db);
void ph_pg_disconnect(struct ph_db *db);

/* True when a reader should connect anew: there is a primary again, or a younger timeline. */
bool ph_pg_is_outdated(const struct ph_db *db);

/* Keeps the engine's text without its details, which may hold values of rows. */
void ph_pg_note_error(struct ph_db *db, const PGresult *result);

/*
 * The last result of what was sent; NULL, and no connection any more, when none came in time. The
 * server may still do what it was asked for.
 */
PGresult *ph_pg_await(struct ph_db *db, int timeout_ms);

/* What a result means outside of a commit; notes the error. NULL: the connection is gone. */
enum ph_verdict ph_pg_judge(struct ph_db *db, const PGresult *result);

#endif
