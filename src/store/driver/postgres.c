/*
 * PostgreSQL through libpq.
 *
 * Whether a transaction was committed whose answer never came: each connection that writes has a
 * row of its own in write_slots, whose turn every transaction moves on. Who has lost an answer
 * reads the turn, at whichever server is the primary then. The read is a write: it waits for the
 * old transaction, if that still runs, and its own commit is replicated after that one.
 */
#include "store/driver/postgres.h"

#include "util/clock.h"
#include "util/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    OID_BYTEA = 17,
    OID_BIGINT = 20,
    OID_TEXT = 25,
    ANSWER_MS = 12000, /* longer than the server's own limits */
    ALONE_MS = 3600000,
    COMMIT_MS = 8000, /* may wait for a standby that is gone; statement_timeout does not end that */
};

static void pg_close(struct ph_db *db)
{
    if (db == NULL) {
        return;
    }
    for (size_t i = 0; i < PH_PG_STATEMENTS; i++) {
        if (db->statements[i] != NULL) {
            PQclear(db->statements[i]->result);
            free(db->statements[i]);
        }
    }
    ph_pg_disconnect(db);
    free(db);
}

static void choose_slot(struct ph_db *db)
{
    uint8_t bytes[16];

    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        ph_fatal("the system gives no random bytes");
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        snprintf(db->slot + 2 * i, 3, "%02x", bytes[i]);
    }
}

static struct ph_db *pg_open(struct ph_db_target *target, enum ph_db_role role, char *why,
                             size_t why_size)
{
    struct ph_db *db = ph_heap_zeroed(1, sizeof *db);

    db->target = target;
    db->role = role;
    choose_slot(db);
    if (ph_pg_connect(db)) {
        return db;
    }
    if (why != NULL) {
        snprintf(why, why_size, "%s", db->error);
    }
    pg_close(db);
    return NULL;
}

static int patience(const struct ph_db *db)
{
    return db->alone ? ALONE_MS : ANSWER_MS;
}

/* --- statements --- */

static struct ph_db_stmt *new_statement(struct ph_db *db, const char *sql)
{
    struct ph_db_stmt *stmt = ph_heap_zeroed(1, sizeof *stmt);

    stmt->sql = sql;
    stmt->db = db;
    snprintf(stmt->name, sizeof stmt->name, "s%zu", db->statement_count++);
    return stmt;
}

static struct ph_db_stmt *pg_prepare(struct ph_db *db, const char *sql)
{
    size_t at = ((uintptr_t)sql >> 3) % PH_PG_STATEMENTS;

    for (size_t tries = 0; tries < PH_PG_STATEMENTS; tries++) {
        if (db->statements[at] == NULL) {
            db->statements[at] = new_statement(db, sql);
        }
        if (db->statements[at]->sql == sql) {
            return db->statements[at];
        }
        at = (at + 1) % PH_PG_STATEMENTS;
    }
    ph_fatal("more SQL texts than slots for prepared statements");
}

static void put_number(uint8_t bytes[8], int64_t n)
{
    for (int i = 7; i >= 0; i--) {
        bytes[i] = (uint8_t)n;
        n = (int64_t)((uint64_t)n >> 8);
    }
}

static enum ph_verdict pg_bind(struct ph_db_stmt *stmt, int index, const struct ph_db_value *value)
{
    static const char EMPTY[] = "";
    const int i = index - 1;

    if (i < 0 || i >= PH_PG_PARAMETERS || value->s.n > INT32_MAX) {
        return PH_DB_BROKEN;
    }
    stmt->count = index > stmt->count ? index : stmt->count;
    if (value->kind == PH_DB_INT) {
        put_number(stmt->numbers[i], value->n);
        stmt->types[i] = OID_BIGINT;
        stmt->values[i] = (const char *)stmt->numbers[i];
        stmt->lengths[i] = 8;
        return PH_DB_DONE;
    }
    stmt->types[i] = value->kind == PH_DB_TEXT ? OID_TEXT : OID_BYTEA;
    stmt->values[i] = value->s.p == NULL ? NULL
                      : value->s.n == 0  ? EMPTY
                                         : (const char *)value->s.p;
    stmt->lengths[i] = (int)value->s.n;
    return PH_DB_DONE;
}

/* Sent with the types that were bound: no text needs casts for the engine's guesses. */
static enum ph_verdict make_ready(struct ph_db_stmt *stmt)
{
    struct ph_db *db = stmt->db;
    enum ph_verdict verdict;
    PGresult *result;

    if (stmt->prepared == db->number) {
        return PH_DB_DONE;
    }
    result = PQsendPrepare(db->conn, stmt->name, stmt->sql, stmt->count, stmt->types) == 1
                 ? ph_pg_await(db, patience(db))
                 : NULL;
    verdict = ph_pg_judge(db, result);
    PQclear(result);
    if (verdict == PH_DB_DONE) {
        stmt->prepared = db->number;
    }
    return verdict;
}

static enum ph_verdict execute(struct ph_db_stmt *stmt)
{
    static const int BINARY[PH_PG_PARAMETERS] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                                  1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
    struct ph_db *db = stmt->db;
    enum ph_verdict verdict = db->conn == NULL ? PH_DB_AWAY : make_ready(stmt);

    if (verdict != PH_DB_DONE) {
        return verdict;
    }
    PQclear(stmt->result);
    stmt->result = PQsendQueryPrepared(db->conn, stmt->name, stmt->count, stmt->values,
                                       stmt->lengths, BINARY, 1) == 1
                       ? ph_pg_await(db, patience(db))
                       : NULL;
    verdict = ph_pg_judge(db, stmt->result);
    if (verdict == PH_DB_DONE) {
        int64_t changed = 0;

        (void)ph_str_to_int(ph_str_from(PQcmdTuples(stmt->result)), 0, INT64_MAX, &changed);
        db->changed = changed;
    } else {
        PQclear(stmt->result);
        stmt->result = NULL;
    }
    return verdict;
}

/* What reads may be asked again, of another server when this one is gone. */
static enum ph_verdict read_once_more(struct ph_db_stmt *stmt, enum ph_verdict verdict)
{
    if (verdict == PH_DB_RETRY) {
        return execute(stmt);
    }
    return verdict == PH_DB_AWAY && ph_pg_connect(stmt->db) ? execute(stmt) : verdict;
}

static enum ph_verdict run_statement(struct ph_db_stmt *stmt)
{
    struct ph_db *db = stmt->db;
    enum ph_verdict verdict;

    if (db->role == PH_DB_WRITER) {
        return execute(stmt);
    }
    if (db->conn == NULL || ph_pg_is_outdated(db)) {
        if (!ph_pg_connect(db)) {
            return PH_DB_AWAY;
        }
    }
    verdict = execute(stmt);
    return read_once_more(stmt, verdict);
}

static enum ph_verdict pg_step(struct ph_db_stmt *stmt)
{
    if (stmt->result == NULL) {
        const enum ph_verdict verdict = run_statement(stmt);

        if (verdict != PH_DB_DONE) {
            return verdict;
        }
        stmt->row = -1;
    }
    stmt->row++;
    return stmt->row < PQntuples(stmt->result) ? PH_DB_ROW : PH_DB_DONE;
}

static bool has_value(const struct ph_db_stmt *stmt, int column)
{
    return stmt->result != NULL && stmt->row >= 0 && stmt->row < PQntuples(stmt->result) &&
           column < PQnfields(stmt->result) && !PQgetisnull(stmt->result, stmt->row, column);
}

/* Big-endian, of 2, 4 or 8 bytes: the constants in our texts are not all of BIGINT. */
static int64_t pg_column_int(struct ph_db_stmt *stmt, int column)
{
    const uint8_t *bytes;
    uint64_t n;
    int length;

    if (!has_value(stmt, column)) {
        return 0;
    }
    bytes = (const uint8_t *)PQgetvalue(stmt->result, stmt->row, column);
    length = PQgetlength(stmt->result, stmt->row, column);
    n = length > 0 && (bytes[0] & 0x80) != 0 ? UINT64_MAX : 0;
    for (int i = 0; i < length; i++) {
        n = n << 8 | bytes[i];
    }
    return (int64_t)n;
}

static struct ph_str pg_column_bytes(struct ph_db_stmt *stmt, int column)
{
    if (!has_value(stmt, column)) {
        return (struct ph_str){ 0 };
    }
    return (struct ph_str){ (const uint8_t *)PQgetvalue(stmt->result, stmt->row, column),
                            (size_t)PQgetlength(stmt->result, stmt->row, column) };
}

static void pg_reset(struct ph_db_stmt *stmt)
{
    PQclear(stmt->result);
    stmt->result = NULL;
    memset(stmt->values, 0, sizeof stmt->values); /* they point into memory of the caller */
}

static int64_t pg_changed(struct ph_db *db)
{
    return db->changed;
}

/* --- texts without parameters --- */

/* The last result; the caller clears it. */
static PGresult *query(struct ph_db *db, const char *sql, int timeout_ms)
{
    if (db->conn == NULL || PQsendQuery(db->conn, sql) != 1) {
        return NULL;
    }
    return ph_pg_await(db, timeout_ms);
}

/* *changed: rows of the last of the statements. */
static enum ph_verdict run_text(struct ph_db *db, const char *sql, int64_t *changed)
{
    PGresult *result = query(db, sql, patience(db));
    const enum ph_verdict verdict = ph_pg_judge(db, result);

    *changed = 0;
    if (verdict == PH_DB_DONE) {
        (void)ph_str_to_int(ph_str_from(PQcmdTuples(result)), 0, INT64_MAX, changed);
    }
    PQclear(result);
    return verdict;
}

static enum ph_verdict pg_run(struct ph_db *db, const char *sql)
{
    int64_t changed;

    return run_text(db, sql, &changed);
}

/* --- transactions --- */

static bool pg_in_transaction(struct ph_db *db)
{
    return db->conn != NULL && PQtransactionStatus(db->conn) != PQTRANS_IDLE;
}

static void pg_rollback(struct ph_db *db)
{
    db->alone = false;
    if (pg_in_transaction(db) && pg_run(db, "ROLLBACK") != PH_DB_DONE) {
        ph_pg_disconnect(db);
    }
}

static long long now_ms(void)
{
    return (long long)ph_system_clock.now_ms(ph_system_clock.self);
}

/* The row is not there before the first transaction, or was swept after a long silence. */
static enum ph_verdict make_slot(struct ph_db *db)
{
    char sql[200];
    int64_t changed;
    enum ph_verdict verdict;

    snprintf(sql, sizeof sql,
             "INSERT INTO write_slots (id, turn, at_ms) VALUES ('%s', %lld, %lld)"
             " ON CONFLICT (id) DO NOTHING",
             db->slot, (long long)db->turn + 1, now_ms());
    verdict = run_text(db, sql, &changed);
    return verdict == PH_DB_DONE && changed != 1 ? PH_DB_BROKEN : verdict;
}

static enum ph_verdict pg_begin(struct ph_db *db)
{
    char sql[200];
    int64_t changed;
    enum ph_verdict verdict;

    snprintf(sql, sizeof sql,
             "BEGIN; UPDATE write_slots SET turn = %lld, at_ms = %lld"
             " WHERE id = '%s' AND turn = %lld",
             (long long)db->turn + 1, now_ms(), db->slot, (long long)db->turn);
    verdict = run_text(db, sql, &changed);
    return verdict == PH_DB_DONE && changed == 0 ? make_slot(db) : verdict;
}

/* Ends with the transaction. The number is the name of this program to other users of the server.
 */
static enum ph_verdict pg_begin_alone(struct ph_db *db)
{
    db->alone = true;
    return pg_run(db, "BEGIN; SET LOCAL statement_timeout = 0;"
                      " SELECT pg_advisory_xact_lock(8101117112104);"
                      " SET LOCAL lock_timeout = 2000"); /* or all would queue behind us */
}

/* Between two reads the rows go elsewhere, which may take its time. */
static enum ph_verdict pg_begin_snapshot(struct ph_db *db)
{
    db->alone = true;
    return pg_run(db, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
                      " SET LOCAL statement_timeout = 0;"
                      " SET LOCAL idle_in_transaction_session_timeout = 0");
}

/*
 * A warning may say that the wait for a standby was cancelled: the row is there, but only here. And
 * a transaction that had failed is rolled back by COMMIT.
 */
static enum ph_verdict judge_commit(struct ph_db *db, PGresult *result)
{
    const enum ph_verdict verdict = ph_pg_judge(db, result);

    if (verdict == PH_DB_AWAY || (verdict == PH_DB_DONE && db->warned)) {
        return PH_DB_LOST;
    }
    if (verdict == PH_DB_DONE && strcmp(PQcmdStatus(result), "COMMIT") != 0) {
        return PH_DB_BROKEN;
    }
    return verdict;
}

static enum ph_verdict pg_commit(struct ph_db *db)
{
    enum ph_verdict verdict;
    PGresult *result;

    if (db->conn == NULL) {
        return PH_DB_AWAY;
    }
    db->alone = false;
    db->warned = false;
    result = query(db, "COMMIT", COMMIT_MS);
    verdict = judge_commit(db, result);
    PQclear(result);
    if (verdict == PH_DB_DONE) {
        db->turn++;
    }
    return verdict;
}

/* The turn in the database, durably read; not DONE: it could not be. -1: there is no row. */
static enum ph_verdict read_turn(struct ph_db *db, int64_t *turn)
{
    enum ph_verdict verdict;
    PGresult *result;
    char sql[120];

    snprintf(sql, sizeof sql, "UPDATE write_slots SET at_ms = %lld WHERE id = '%s' RETURNING turn",
             now_ms(), db->slot);
    db->warned = false;
    result = query(db, sql, COMMIT_MS);
    verdict = ph_pg_judge(db, result);
    *turn = -1;
    if (verdict == PH_DB_DONE && PQntuples(result) == 1) {
        (void)ph_str_to_int(ph_str_from(PQgetvalue(result, 0, 0)), 0, INT64_MAX, turn);
    }
    PQclear(result);
    return verdict == PH_DB_DONE && db->warned ? PH_DB_LOST : verdict;
}

/* Takes the place that the lost transaction would have taken: it cannot commit any more. */
static enum ph_verdict take_place(struct ph_db *db)
{
    char sql[200];
    int64_t changed;

    snprintf(sql, sizeof sql,
             "INSERT INTO write_slots (id, turn, at_ms) VALUES ('%s', %lld, %lld)"
             " ON CONFLICT (id) DO NOTHING",
             db->slot, (long long)db->turn, now_ms());
    return run_text(db, sql, &changed) == PH_DB_DONE && changed == 1 ? PH_DB_RETRY : PH_DB_LOST;
}

static enum ph_verdict pg_settle(struct ph_db *db)
{
    int64_t turn;

    if (db->conn == NULL || ph_pg_is_outdated(db) || PQstatus(db->conn) != CONNECTION_OK) {
        if (!ph_pg_connect(db)) {
            return PH_DB_LOST;
        }
    }
    if (read_turn(db, &turn) != PH_DB_DONE) {
        return PH_DB_LOST;
    }
    if (turn < 0) {
        return take_place(db);
    }
    if (turn == db->turn) {
        return PH_DB_RETRY;
    }
    db->turn = turn;
    return PH_DB_DONE;
}

static bool pg_is_well(struct ph_db *db)
{
    return db->conn != NULL && PQstatus(db->conn) == CONNECTION_OK && !ph_pg_is_outdated(db);
}

static enum ph_verdict pg_mark(struct ph_db *db)
{
    return pg_run(db, "SAVEPOINT job");
}

static enum ph_verdict pg_unmark(struct ph_db *db, bool keep)
{
    return pg_run(db, keep ? "RELEASE SAVEPOINT job"
                           : "ROLLBACK TO SAVEPOINT job; RELEASE SAVEPOINT job");
}

static enum ph_verdict pg_tidy(struct ph_db *db, bool idle)
{
    (void)db;
    (void)idle;
    return PH_DB_DONE; /* autovacuum and the checkpointer are the server's */
}

static const char *pg_message(struct ph_db *db)
{
    return db->error;
}

const struct ph_driver ph_driver_postgres = {
    .name = "postgres",
    .several = true,
    .open = pg_open,
    .close = pg_close,
    .prepare = pg_prepare,
    .bind = pg_bind,
    .step = pg_step,
    .column_int = pg_column_int,
    .column_bytes = pg_column_bytes,
    .reset = pg_reset,
    .changed = pg_changed,
    .run = pg_run,
    .begin = pg_begin,
    .begin_alone = pg_begin_alone,
    .begin_snapshot = pg_begin_snapshot,
    .commit = pg_commit,
    .rollback = pg_rollback,
    .in_transaction = pg_in_transaction,
    .settle = pg_settle,
    .is_well = pg_is_well,
    .mark = pg_mark,
    .unmark = pg_unmark,
    .tidy = pg_tidy,
    .message = pg_message,
};
