#include "store/backup.h"

#include "store/internal.h"
#include "store/schema.h"
#include "util/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

static bool refuse(const char **why, const char *text)
{
    *why = text;
    return false;
}

/* A file counts as there when its bytes and its name are on the disk. */
static bool sync_file(const char *path)
{
    return ph_sync_bytes(path) && ph_sync_name(path);
}

/* --- a connection to a copy --- */

static const char READ_BYTES[] = "SELECT bytes FROM meta WHERE name = $1";
static const char READ_NUMBER[] = "SELECT number FROM meta WHERE name = $1";
static const char WRITE_BYTES[] = "INSERT INTO meta (name, bytes) VALUES ($1, $2)"
                                  " ON CONFLICT (name) DO UPDATE SET bytes = excluded.bytes";
static const char DELETE_ROW[] = "DELETE FROM meta WHERE name = $1";

#define KEY_NAME PH_STR("wrapped_master_key")

static struct ph_db *open_copy(const char *path, struct ph_db_target *target, enum ph_db_role role)
{
    *target = (struct ph_db_target){ .path = path };
    return ph_driver_sqlite.open(target, role, NULL, 0);
}

static bool change_key(const char *path, struct ph_str key)
{
    struct ph_db_target target;
    struct ph_db *db = open_copy(path, &target, PH_DB_WRITER);
    struct ph_tx tx = { .driver = &ph_driver_sqlite, .db = db };

    if (db == NULL) {
        return false;
    }
    if (key.p != NULL) {
        (void)PH_RUN(&tx, WRITE_BYTES, ph_v_text(KEY_NAME), ph_v_bytes(key));
    } else {
        (void)PH_RUN(&tx, DELETE_ROW, ph_v_text(KEY_NAME));
    }
    ph_driver_sqlite.close(db); /* moves the log into the file */
    return tx.verdict == PH_DB_DONE;
}

static bool is_sound(const char *path)
{
    struct ph_db_target target;
    struct ph_db *db = open_copy(path, &target, PH_DB_READER);
    const bool sound = db != NULL && ph_driver_sqlite.check(db) == PH_DB_DONE;

    ph_driver_sqlite.close(db);
    return sound;
}

/* --- making --- */

static bool copy_to(struct ph_store *store, const char *path)
{
    struct ph_db *db = ph_readers_take(store->readers);
    enum ph_verdict verdict;

    if (db == NULL) {
        return false;
    }
    verdict = store->driver->backup(db, path);
    if (verdict != PH_DB_DONE) {
        PH_LOG(&store->log, PH_ERROR, "backup_failed",
               ph_f_text("reason", store->driver->message(db)));
    }
    ph_readers_give(store->readers, db);
    return verdict == PH_DB_DONE;
}

static bool make_copy(struct ph_store *store, const char *path, struct ph_str key, const char **why)
{
    if (!copy_to(store, path) || (key.p != NULL && !change_key(path, key))) {
        return refuse(why, "the copy could not be written (the log says why)");
    }
    if (!sync_file(path)) {
        return refuse(why, "the copy could not be brought to the disk");
    }
    return is_sound(path) || refuse(why, "the copy does not read as it was written: check the disk,"
                                         " and the database with poolhouse doctor");
}

bool ph_store_backup(struct ph_store *store, const char *path, struct ph_str key, const char **why)
{
    int fd;

    if (store->driver->backup == NULL) {
        return refuse(why, "PostgreSQL has its own tools for that: pg_basebackup with an archive of"
                           " the WAL, or pg_dump");
    }
    fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return refuse(why, errno == EEXIST ? "the file exists already: a backup overwrites nothing"
                                           : "the file cannot be created");
    }
    close(fd);
    if (!make_copy(store, path, key, why)) {
        unlink(path);
        return false;
    }
    return true;
}

/* --- when it was made --- */

static const char NOTE[] = "INSERT INTO meta (name, number) VALUES ('backup_ms', $1)"
                           " ON CONFLICT (name) DO UPDATE SET number = excluded.number";

struct noting {
    int64_t at_ms;
};

static void note(struct ph_tx *tx, void *arg)
{
    const struct noting *n = arg;

    (void)PH_RUN(tx, NOTE, ph_v_int(n->at_ms));
}

void ph_store_backup_note(struct ph_ctx *ctx)
{
    struct noting n = { ph_now_ms(ctx) };

    (void)ph_write_verdict(ctx, note, &n, sizeof n);
}

struct ph_err ph_store_backup_ms(struct ph_ctx *ctx, int64_t *at_ms)
{
    struct ph_q q;

    PH_READ(ctx, &q, READ_NUMBER, ph_v_text(PH_STR("backup_ms")));
    *at_ms = ph_q_row(&q) ? ph_q_int(&q, 0) : 0;
    return ph_read_end(&q);
}

/* --- looking into one --- */

static struct ph_str read_bytes(struct ph_tx *tx, struct ph_arena *arena, struct ph_str name)
{
    struct ph_str found = { 0 };
    struct ph_q q;

    PH_QUERY(tx, &q, READ_BYTES, ph_v_text(name));
    if (ph_q_row(&q)) {
        found = ph_q_str(&q, arena, 0);
    }
    ph_q_end(&q);
    return found;
}

static int64_t read_number(struct ph_tx *tx, struct ph_str name)
{
    int64_t found = 0;
    struct ph_q q;

    PH_QUERY(tx, &q, READ_NUMBER, ph_v_text(name));
    if (ph_q_row(&q)) {
        found = ph_q_int(&q, 0);
    }
    ph_q_end(&q);
    return found;
}

static bool read_copy(struct ph_db *db, struct ph_arena *arena, struct ph_backup *backup,
                      const char **why)
{
    struct ph_tx tx = { .driver = &ph_driver_sqlite, .db = db };
    const int64_t version = read_number(&tx, PH_STR("schema_version"));
    const int64_t min_reader = read_number(&tx, PH_STR("schema_min_reader"));

    *backup = (struct ph_backup){
        .check = read_bytes(&tx, arena, PH_STR("master_key_check")),
        .key = read_bytes(&tx, arena, KEY_NAME),
    };
    if (tx.verdict != PH_DB_DONE || version == 0 || backup->check.p == NULL) {
        return refuse(why, "it is no database of Poolhouse");
    }
    if (min_reader > ph_schema_version()) {
        return refuse(why, "it was made by a newer version of Poolhouse, which this one cannot"
                           " read: restore it with that version");
    }
    if (read_number(&tx, PH_STR(PH_SCHEMA_FILLING)) != 0) {
        return refuse(why, "it is not complete: it was copied while an import or a migration of the"
                           " storage was under way");
    }
    return true;
}

bool ph_backup_inspect(struct ph_arena *arena, const char *path, struct ph_backup *backup,
                       const char **why)
{
    struct ph_db_target target;
    struct ph_db *db;
    bool good;

    if (!is_sound(path)) {
        return refuse(why, "it is damaged, or no database: take another backup");
    }
    db = open_copy(path, &target, PH_DB_READER);
    good = db != NULL && read_copy(db, arena, backup, why);
    ph_driver_sqlite.close(db);
    return good;
}

/* --- putting it in place --- */

struct placing {
    struct ph_arena arena;
    const char *path, *target, *aside;
    const char *why;
};

/* With the lock no server has the database open or opens it. */
static int lock(struct placing *p)
{
    const char *name = ph_textf(&p->arena, "%s.lock", p->target);
    const int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0) {
        p->why = "the lock file beside the database cannot be created";
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        p->why = "a server has the database open: stop it first";
        close(fd);
        return -1;
    }
    return fd;
}

/*
 * What is in the log of the old database goes into its file, or, when that is damaged or gone, out
 * of the way: a log that stays would be taken for that of the new one.
 */
static bool settle_log(struct placing *p, const char *log)
{
    if (access(p->target, F_OK) == 0) {
        struct ph_db_target target;

        ph_driver_sqlite.close(open_copy(p->target, &target, PH_DB_WRITER));
    }
    if (access(log, F_OK) == 0 && rename(log, ph_textf(&p->arena, "%s-wal", p->aside)) != 0) {
        return refuse(&p->why, "the log of the old database cannot be moved away");
    }
    (void)unlink(ph_textf(&p->arena, "%s-shm", p->target));
    return true;
}

static bool put_aside(struct placing *p)
{
    const char *log = ph_textf(&p->arena, "%s-wal", p->target);
    const bool there = access(p->target, F_OK) == 0;

    if (!there && access(log, F_OK) != 0) {
        return true;
    }
    if (p->aside == NULL) {
        return refuse(&p->why, "there is a database already");
    }
    if (!settle_log(p, log)) {
        return false;
    }
    return !there || link(p->target, p->aside) == 0 ||
           refuse(&p->why, "the old database cannot be kept under another name");
}

static bool place(struct placing *p)
{
    if (!change_key(p->path, (struct ph_str){ 0 }) || !sync_file(p->path)) {
        return refuse(&p->why, "the copy could not be brought to the disk");
    }
    if (!put_aside(p)) {
        return false;
    }
    if (rename(p->path, p->target) != 0) {
        return refuse(&p->why, "the copy could not be given the name of the database");
    }
    return ph_sync_name(p->target) ||
           refuse(&p->why, "the name of the database could not be brought to the disk");
}

bool ph_backup_place(const char *path, const char *target, const char *aside, const char **why)
{
    struct placing p = { .path = path, .target = target, .aside = aside };
    const int fd = lock(&p);
    const bool placed = fd >= 0 && place(&p);

    if (fd >= 0) {
        close(fd);
    }
    ph_arena_finish(&p.arena);
    *why = p.why;
    return placed;
}
