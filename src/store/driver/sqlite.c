#include "store/driver/driver.h"

#include "util/memory.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    STATEMENTS = 256,          /* slots of the table of prepared statements: a power of two */
    PARAMETERS = 32,           /* $1 to $32 */
    BUSY_MS = 10000,           /* how long another process may hold the write lock */
    CHECKPOINT_IDLE = 512,     /* pages in the log from which an idle writer moves them */
    CHECKPOINT_BESIDE = 4096,  /* after which another thread moves those of a busy one */
    CHECKPOINT_FORCED = 16384, /* from which a busy one does, so that the log begins anew: 64 MB */
    MAP_MOST = 1024 * 1024 * 1024, /* bytes, as in READER_SETTINGS */
};

struct ph_db_stmt {
    const char *sql; /* the key: address of the text; NULL: free slot */
    sqlite3_stmt *stmt;
    int slots[PARAMETERS + 1]; /* SQLite numbers "$2" by first appearance, not by its digits */
};

struct ph_db {
    sqlite3 *handle;
    enum ph_db_role role;
    int log_pages;  /* in the write-ahead log after the last commit */
    int told_pages; /* when log_has_grown said so */
    struct ph_db_stmt statements[STATEMENTS];
};

static enum ph_verdict verdict_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_DONE:
        return PH_DB_DONE;
    case SQLITE_ROW:
        return PH_DB_ROW;
    case SQLITE_CONSTRAINT:
        return PH_DB_CONFLICT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return PH_DB_RETRY;
    case SQLITE_FULL:
        return PH_DB_FULL;
    case SQLITE_IOERR:
        /* After a failed fsync nobody knows what is on the disk, and SQLite would go on. */
        return code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC ? PH_DB_LOST
                                                                            : PH_DB_BROKEN;
    default:
        return PH_DB_BROKEN;
    }
}

static enum ph_verdict db_run(struct ph_db *db, const char *sql)
{
    return verdict_of(sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
}

static int count_log_pages(void *self, sqlite3 *handle, const char *name, int pages)
{
    struct ph_db *db = self;

    (void)handle;
    (void)name;
    db->log_pages = pages;
    return SQLITE_OK;
}

static void db_close(struct ph_db *db)
{
    if (db == NULL) {
        return;
    }
    for (size_t i = 0; i < STATEMENTS; i++) {
        sqlite3_finalize(db->statements[i].stmt);
    }
    sqlite3_close(db->handle);
    free(db);
}

/*
 * synchronous=FULL: a commit is on the disk when it returns, also in WAL mode. The file of the log
 * stays as long as a log gets (CHECKPOINT_FORCED and more, for a while): one that is cut each time
 * it begins anew must grow again, and a commit that makes a file longer waits for the file system,
 * too.
 */
static const char WRITER_SETTINGS[] = "PRAGMA journal_mode = WAL;"
                                      "PRAGMA synchronous = FULL;"
                                      "PRAGMA wal_autocheckpoint = 0;"
                                      "PRAGMA journal_size_limit = 134217728;"
                                      "PRAGMA cache_size = -16000;"
                                      "PRAGMA temp_store = MEMORY;"
                                      "PRAGMA trusted_schema = OFF";
/*
 * Each commit empties the page caches of all readers; pages that are mapped need not be read again.
 */
static const char READER_SETTINGS[] = "PRAGMA query_only = ON;"
                                      "PRAGMA mmap_size = 1073741824;"
                                      "PRAGMA temp_store = MEMORY;"
                                      "PRAGMA trusted_schema = OFF";

/*
 * An eighth of the machine's memory at most: pages that are mapped stay in it where the process is
 * locked there (main/process.c). What lies beyond is read.
 */
static void bound_map(sqlite3 *handle)
{
    sqlite3_int64 most = (sqlite3_int64)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE) / 8;

    if (most > 0 && most < MAP_MOST) {
        (void)sqlite3_file_control(handle, NULL, SQLITE_FCNTL_MMAP_SIZE, &most);
    }
}

static bool set_up(struct ph_db *db, enum ph_db_role role)
{
    db->role = role;
    sqlite3_busy_timeout(db->handle, BUSY_MS);
    sqlite3_extended_result_codes(db->handle, 1);
    if (db_run(db, role == PH_DB_WRITER ? WRITER_SETTINGS : READER_SETTINGS) != PH_DB_DONE) {
        return false;
    }
    if (role == PH_DB_READER) {
        bound_map(db->handle);
    }
    sqlite3_wal_hook(db->handle, count_log_pages, db); /* wal_autocheckpoint would remove it */
    return true;
}

static struct ph_db *db_open(struct ph_db_target *target, enum ph_db_role role, char *why,
                             size_t why_size)
{
    const char *path = target->path == NULL ? ":memory:" : target->path;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    struct ph_db *db = ph_heap_zeroed(1, sizeof *db);

    if (sqlite3_open_v2(path, &db->handle, flags, NULL) != SQLITE_OK || !set_up(db, role)) {
        if (why != NULL) {
            snprintf(why, why_size, "%s", sqlite3_errmsg(db->handle));
        }
        db_close(db);
        return NULL;
    }
    return db;
}

static struct ph_db_stmt *slot_of(struct ph_db *db, const char *sql)
{
    size_t at = ((uintptr_t)sql >> 3) % STATEMENTS;

    for (size_t tries = 0; tries < STATEMENTS; tries++) {
        struct ph_db_stmt *slot = &db->statements[at];

        if (slot->sql == NULL || slot->sql == sql) {
            return slot;
        }
        at = (at + 1) % STATEMENTS;
    }
    ph_fatal("more SQL texts than slots for prepared statements");
}

static struct ph_db_stmt *db_prepare(struct ph_db *db, const char *sql)
{
    struct ph_db_stmt *slot = slot_of(db, sql);

    if (slot->sql != NULL) {
        return slot;
    }
    if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &slot->stmt, NULL) !=
        SQLITE_OK) {
        return NULL;
    }
    slot->sql = sql;
    for (int i = 1; i <= PARAMETERS; i++) {
        char name[8];

        snprintf(name, sizeof name, "$%d", i);
        slot->slots[i] = sqlite3_bind_parameter_index(slot->stmt, name);
    }
    return slot;
}

static enum ph_verdict db_bind(struct ph_db_stmt *stmt, int index, const struct ph_db_value *value)
{
    const int slot = index >= 1 && index <= PARAMETERS ? stmt->slots[index] : 0;

    if (slot == 0) {
        return PH_DB_BROKEN; /* a parameter that the text does not have */
    }
    if (value->kind == PH_DB_INT) {
        return verdict_of(sqlite3_bind_int64(stmt->stmt, slot, value->n));
    }
    if (value->s.p == NULL) {
        return verdict_of(sqlite3_bind_null(stmt->stmt, slot));
    }
    if (value->kind == PH_DB_TEXT) {
        return verdict_of(sqlite3_bind_text64(stmt->stmt, slot, (const char *)value->s.p,
                                              value->s.n, SQLITE_STATIC, SQLITE_UTF8));
    }
    return verdict_of(sqlite3_bind_blob64(stmt->stmt, slot, value->s.p, value->s.n, SQLITE_STATIC));
}

static enum ph_verdict db_step(struct ph_db_stmt *stmt)
{
    return verdict_of(sqlite3_step(stmt->stmt));
}

static int64_t db_column_int(struct ph_db_stmt *stmt, int column)
{
    return sqlite3_column_int64(stmt->stmt, column);
}

static struct ph_str db_column_bytes(struct ph_db_stmt *stmt, int column)
{
    const uint8_t *p;
    size_t n;

    if (sqlite3_column_type(stmt->stmt, column) == SQLITE_NULL) {
        return (struct ph_str){ 0 };
    }
    p = sqlite3_column_blob(stmt->stmt, column); /* NULL for no bytes */
    n = (size_t)sqlite3_column_bytes(stmt->stmt, column);
    return p == NULL ? PH_STR("") : (struct ph_str){ p, n };
}

static void db_reset(struct ph_db_stmt *stmt)
{
    sqlite3_reset(stmt->stmt);
    sqlite3_clear_bindings(stmt->stmt); /* they point into memory of the caller */
}

static int64_t db_changed(struct ph_db *db)
{
    return sqlite3_changes64(db->handle);
}

/* Steps a statement of the driver's own. */
static enum ph_verdict run_prepared(struct ph_db *db, const char *sql)
{
    struct ph_db_stmt *stmt = db_prepare(db, sql);
    enum ph_verdict verdict;

    if (stmt == NULL) {
        return PH_DB_BROKEN;
    }
    verdict = db_step(stmt);
    sqlite3_reset(stmt->stmt);
    return verdict;
}

static enum ph_verdict db_begin(struct ph_db *db)
{
    static const char BEGIN[] = "BEGIN IMMEDIATE";

    return run_prepared(db, BEGIN);
}

/* The moment is that of the first read, which is made here. */
static enum ph_verdict db_begin_snapshot(struct ph_db *db)
{
    static const char BEGIN[] = "BEGIN DEFERRED";
    static const char FIRST_READ[] = "SELECT 1 FROM meta LIMIT 1";
    enum ph_verdict verdict = run_prepared(db, BEGIN);

    if (verdict == PH_DB_DONE) {
        verdict = run_prepared(db, FIRST_READ);
    }
    return verdict == PH_DB_ROW ? PH_DB_DONE : verdict;
}

/* Whether a commit that met an I/O error is on the disk is not known. */
static enum ph_verdict db_commit(struct ph_db *db)
{
    static const char COMMIT[] = "COMMIT";
    const enum ph_verdict verdict = run_prepared(db, COMMIT);

    if (verdict == PH_DB_BROKEN && (sqlite3_errcode(db->handle) & 0xff) == SQLITE_IOERR) {
        return PH_DB_LOST;
    }
    return verdict;
}

static bool db_in_transaction(struct ph_db *db)
{
    return sqlite3_get_autocommit(db->handle) == 0;
}

static void db_rollback(struct ph_db *db)
{
    static const char ROLLBACK[] = "ROLLBACK";

    if (db_in_transaction(db)) {
        (void)run_prepared(db, ROLLBACK);
    }
}

static bool db_is_well(struct ph_db *db)
{
    (void)db;
    return true;
}

static enum ph_verdict db_mark(struct ph_db *db)
{
    static const char MARK[] = "SAVEPOINT job";

    return run_prepared(db, MARK);
}

static enum ph_verdict db_unmark(struct ph_db *db, bool keep)
{
    static const char UNDO[] = "ROLLBACK TO job";
    static const char RELEASE[] = "RELEASE job";
    enum ph_verdict verdict = keep ? PH_DB_DONE : run_prepared(db, UNDO);

    return verdict == PH_DB_DONE ? run_prepared(db, RELEASE) : verdict;
}

static bool db_log_has_grown(struct ph_db *db)
{
    if (db->log_pages < db->told_pages) { /* it has begun anew */
        db->told_pages = 0;
    }
    if (db->log_pages < db->told_pages + CHECKPOINT_BESIDE) {
        return false;
    }
    db->told_pages = db->log_pages;
    return true;
}

/* A connection that has read nothing yet does not know that there is a log, and would find nothing.
 */
static enum ph_verdict db_checkpoint(struct ph_db *db)
{
    const enum ph_verdict verdict = db_run(db, "PRAGMA schema_version");

    if (verdict != PH_DB_DONE) {
        return verdict;
    }
    return verdict_of(
        sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL));
}

/*
 * The writer's own checkpoints stay out of the way of commits unless the log has grown very long.
 * Then they wait for the readers of the moment, so that the log begins anew instead of growing for
 * ever; most of it has been moved by then (checkpoint.h).
 */
static enum ph_verdict db_tidy(struct ph_db *db, bool idle)
{
    const int mode =
        db->log_pages < CHECKPOINT_FORCED ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_RESTART;
    int code;

    if (db->log_pages < (idle ? CHECKPOINT_IDLE : CHECKPOINT_FORCED)) {
        return PH_DB_DONE;
    }
    db->log_pages = 0; /* the next commit tells anew */
    code = sqlite3_wal_checkpoint_v2(db->handle, NULL, mode, NULL, NULL);
    return code == SQLITE_BUSY ? PH_DB_DONE : verdict_of(code); /* busy: the next one will do */
}

/* To SQLite, filling the new file is writing: a reader is allowed to for this statement. */
static enum ph_verdict db_backup(struct ph_db *db, const char *path)
{
    sqlite3_stmt *stmt = NULL;
    int code;

    (void)db_run(db, "PRAGMA query_only = OFF");
    code = sqlite3_prepare_v2(db->handle, "VACUUM INTO $1", -1, &stmt, NULL);
    if (code == SQLITE_OK) {
        sqlite3_bind_text(stmt, 1, path, -1, SQLITE_STATIC);
        code = sqlite3_step(stmt);
    }
    sqlite3_finalize(stmt);
    if (db->role == PH_DB_READER) {
        (void)db_run(db, "PRAGMA query_only = ON");
    }
    return verdict_of(code);
}

static enum ph_verdict db_check(struct ph_db *db)
{
    static const char CHECK[] = "PRAGMA integrity_check(1)";
    struct ph_db_stmt *stmt = db_prepare(db, CHECK);
    bool sound;

    if (stmt == NULL) {
        return PH_DB_BROKEN;
    }
    sound = db_step(stmt) == PH_DB_ROW && ph_str_eq(db_column_bytes(stmt, 0), PH_STR("ok"));
    db_reset(stmt);
    return sound ? PH_DB_DONE : PH_DB_BROKEN;
}

static const char *db_message(struct ph_db *db)
{
    return sqlite3_errmsg(db->handle);
}

/* Page by page in memory; into a file it is one transaction, which readers see at its end. */
static enum ph_verdict db_copy(struct ph_db *from, struct ph_db *to)
{
    sqlite3_backup *backup = sqlite3_backup_init(to->handle, "main", from->handle, "main");
    int code;

    if (backup == NULL) {
        return PH_DB_BROKEN;
    }
    code = sqlite3_backup_step(backup, -1);
    if (code != SQLITE_DONE) {
        (void)sqlite3_backup_finish(backup);
        return code == SQLITE_OK ? PH_DB_BROKEN : verdict_of(code);
    }
    return verdict_of(sqlite3_backup_finish(backup));
}

static size_t db_size(struct ph_db *db)
{
    static const char PAGES[] = "PRAGMA page_count";
    enum { PAGE_BYTES = 4096 };
    struct ph_db_stmt *stmt = db_prepare(db, PAGES);
    size_t pages = 0;

    if (stmt != NULL && db_step(stmt) == PH_DB_ROW) {
        pages = (size_t)db_column_int(stmt, 0);
    }
    if (stmt != NULL) {
        db_reset(stmt);
    }
    return pages * PAGE_BYTES;
}

const struct ph_driver ph_driver_sqlite = {
    .name = "sqlite",
    .open = db_open,
    .close = db_close,
    .prepare = db_prepare,
    .bind = db_bind,
    .step = db_step,
    .column_int = db_column_int,
    .column_bytes = db_column_bytes,
    .reset = db_reset,
    .changed = db_changed,
    .run = db_run,
    .begin = db_begin,
    .begin_alone = db_begin,
    .begin_snapshot = db_begin_snapshot,
    .commit = db_commit,
    .rollback = db_rollback,
    .in_transaction = db_in_transaction,
    .is_well = db_is_well,
    .mark = db_mark,
    .unmark = db_unmark,
    .tidy = db_tidy,
    .log_has_grown = db_log_has_grown,
    .checkpoint = db_checkpoint,
    .backup = db_backup,
    .check = db_check,
    .message = db_message,
    .copy = db_copy,
    .size = db_size,
};
