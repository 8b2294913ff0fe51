/* From the tables that there are to those that are wanted. */
#include "store/node_row.h"
#include "store/schema.h"

enum { TRIES = 10 /* each as long as the driver waits for others */ };

static const char CREATE_META[] = "CREATE TABLE IF NOT EXISTS meta (name TEXT NOT NULL PRIMARY KEY,"
                                  " number BIGINT, bytes BYTEA)";

static const char TOO_NEW[] =
    "the tables of the database are too new for this version of Poolhouse (the log says by how"
    " much): start the newer version, or restore a backup made before it ran";
static const char TOO_OLD[] =
    "the tables of the database are those of an older version: run poolhouse migrate";
static const char FILLING[] =
    "the database is not complete: an import or a migration of the storage has begun and not ended."
    " Run that command again, it goes on where it was";
static const char NEWER_THAN_FILE[] =
    "the tables of the database are of a newer version than the file: import it into one without"
    " tables (a new data directory, or a new database)";
static const char HELD[] =
    "the tables of the database are in use by a long transaction (a dump?): try again when it is"
    " over";
static const char STILL_USED[] =
    "a server of an older version still runs and needs what would be taken away (the log says which"
    " one): replace it first; one that was killed is waited for a minute";

int64_t ph_schema_version(void)
{
    return ph_schema_steps[ph_schema_step_count - 1].version;
}

static bool contracts(size_t i)
{
    return i > 0 && ph_schema_steps[i].min_reader > ph_schema_steps[i - 1].min_reader;
}

/* What this program cannot do without: its last step that expands. */
static int64_t needed(void)
{
    size_t i = ph_schema_step_count - 1;

    while (contracts(i)) {
        i--;
    }
    return ph_schema_steps[i].version;
}

/* How far to go. An empty database has no users of older tables. */
static int64_t goal(const struct ph_migration *job, int64_t version)
{
    if (job->version > 0) {
        return job->version;
    }
    return version == 0 || job->kind == PH_MIGRATE_ALL ? ph_schema_version() : needed();
}

static void take_step(struct ph_tx *tx, const struct ph_schema_step *step)
{
    for (const char *const *sql = step->statements; *sql != NULL && tx->verdict == PH_DB_DONE;
         sql++) {
        ph_tx_fail(tx, tx->driver->run(tx->db, *sql), NULL);
    }
    ph_meta_write_number(tx, PH_STR("schema_version"), step->version);
    if (step->min_reader > ph_schema_min_reader(tx)) { /* data_keys.c may have raised it */
        ph_schema_write_min_reader(tx, step->min_reader);
    }
}

static const char *take_steps(struct ph_tx *tx, const struct ph_migration *job, int64_t version)
{
    const int64_t last = goal(job, version);

    for (size_t i = 0; i < ph_schema_step_count; i++) {
        const struct ph_schema_step *step = &ph_schema_steps[i];

        if (step->version <= version || step->version > last) {
            continue;
        }
        if (version > 0 && contracts(i) &&
            ph_nodes_older(tx, step->min_reader, job->now_ms, job->log) > 0) {
            return STILL_USED;
        }
        take_step(tx, step);
    }
    return NULL;
}

/* NULL, or why not; a failure of the engine is in tx. */
static const char *migrate(struct ph_tx *tx, const struct ph_migration *job)
{
    int64_t version, min_reader;

    ph_tx_fail(tx, tx->driver->run(tx->db, CREATE_META), NULL);
    version = ph_meta_number(tx, PH_STR("schema_version"));
    min_reader = ph_schema_min_reader(tx);
    if (min_reader > ph_schema_version()) {
        PH_LOG(job->log, PH_ERROR, "schema_too_new", ph_f_int("tables", version),
               ph_f_int("readable_from", min_reader), ph_f_int("knows", ph_schema_version()));
        return TOO_NEW;
    }
    if (!job->filling && ph_meta_number(tx, PH_STR(PH_SCHEMA_FILLING)) != 0) {
        return FILLING;
    }
    if (job->version > 0 && version > job->version) {
        return NEWER_THAN_FILE;
    }
    if (job->kind == PH_MIGRATE_EMPTY && version > 0 && version < needed()) {
        return TOO_OLD;
    }
    return take_steps(tx, job, version);
}

/* With the tables as they are by now. */
static void enter(struct ph_tx *tx, const struct ph_migration *job)
{
    if (job->alone) {
        ph_nodes_forget(tx);
    }
    if (job->node != NULL) {
        ph_node_enter(tx, job->node, job->now_ms);
    }
}

static enum ph_verdict attempt(struct ph_tx *tx, const struct ph_migration *job, const char **why)
{
    ph_tx_fail(tx, tx->driver->begin_alone(tx->db), NULL);
    *why = tx->verdict == PH_DB_DONE ? migrate(tx, job) : NULL;
    if (*why != NULL) {
        tx->driver->rollback(tx->db); /* else its message would be lost; closing rolls back, too */
        return PH_DB_CONFLICT;
    }
    enter(tx, job);
    return tx->verdict == PH_DB_DONE ? tx->driver->commit(tx->db) : tx->verdict;
}

bool ph_schema_migrate(const struct ph_driver *driver, struct ph_db *db,
                       const struct ph_migration *wanted, const char **why)
{
    static const struct ph_log silent;
    struct ph_migration job = *wanted;
    enum ph_verdict verdict = PH_DB_RETRY;

    job.log = job.log == NULL ? &silent : job.log;
    for (int i = 0; i < TRIES && verdict == PH_DB_RETRY; i++) {
        struct ph_tx tx = { .driver = driver, .db = db };

        if (i > 0) {
            driver->rollback(db);
        }
        verdict = attempt(&tx, &job, why);
    }
    if (verdict == PH_DB_RETRY) {
        *why = HELD;
    }
    return verdict == PH_DB_DONE;
}
