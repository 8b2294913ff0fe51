/* Import jobs and their states. */
#include "store/imports.h"

#include "store/internal.h"
#include "store/pool_row.h"

static const struct ph_str NAMES[] = {
    [PH_IMPORT_CREATED] = PH_STR_INIT("Created"),
    [PH_IMPORT_PENDING] = PH_STR_INIT("Pending"),
    [PH_IMPORT_IN_PROGRESS] = PH_STR_INIT("InProgress"),
    [PH_IMPORT_STOPPING] = PH_STR_INIT("Stopping"),
    [PH_IMPORT_EXPIRED] = PH_STR_INIT("Expired"),
    [PH_IMPORT_STOPPED] = PH_STR_INIT("Stopped"),
    [PH_IMPORT_FAILED] = PH_STR_INIT("Failed"),
    [PH_IMPORT_SUCCEEDED] = PH_STR_INIT("Succeeded"),
};
enum { NAME_COUNT = sizeof NAMES / sizeof NAMES[0] };

struct ph_str ph_import_status_name(enum ph_import_status status)
{
    return NAMES[status];
}

/* --- reading --- */

#define COLUMNS                                                                                    \
    "pool_id, id, name, role, algorithm, status, created_ms, started_ms, completed_ms, upload,"    \
    " bytes, lines, at_byte, at_line, imported, skipped, failed, message"
#define IS_ACTIVE "status BETWEEN 1 AND 3"

static void decode(struct ph_q *q, struct ph_arena *arena, struct ph_import_job *job)
{
    const int64_t algorithm = ph_q_int(q, 4), status = ph_q_int(q, 5);

    if (algorithm < 0 || algorithm > PH_HASH_PBKDF2_SHA256 || status < 0 || status >= NAME_COUNT) {
        ph_q_broken(q, "a row of import_jobs is broken");
        return;
    }
    *job = (struct ph_import_job){
        .pool_id = ph_q_str(q, arena, 0),
        .id = ph_q_str(q, arena, 1),
        .name = ph_q_str(q, arena, 2),
        .role = ph_q_str(q, arena, 3),
        .algorithm = (enum ph_hash_algorithm)algorithm,
        .status = (enum ph_import_status)status,
        .created_ms = ph_q_int(q, 6),
        .started_ms = ph_q_int(q, 7),
        .completed_ms = ph_q_int(q, 8),
        .upload = ph_q_str(q, arena, 9),
        .bytes = ph_q_int(q, 10),
        .lines = ph_q_int(q, 11),
        .at_byte = ph_q_int(q, 12),
        .at_line = ph_q_int(q, 13),
        .imported = ph_q_int(q, 14),
        .skipped = ph_q_int(q, 15),
        .failed = ph_q_int(q, 16),
        .message = ph_q_str(q, arena, 17),
    };
}

static struct ph_err read_jobs(struct ph_ctx *ctx, struct ph_q *q, struct ph_import_job **jobs,
                               size_t *count)
{
    struct ph_list list = { 0 };

    while (ph_q_row(q)) {
        decode(q, ctx->arena, PH_LIST_ADD(ctx->arena, &list, struct ph_import_job));
    }
    PH_TRY(ph_read_end(q));
    *jobs = list.items;
    *count = list.count;
    return PH_OK;
}

static struct ph_err read_job(struct ph_ctx *ctx, struct ph_q *q, struct ph_import_job **job)
{
    struct ph_import_job *jobs;
    size_t count;

    PH_TRY(read_jobs(ctx, q, &jobs, &count));
    *job = count > 0 ? jobs : NULL;
    return PH_OK;
}

static const char FIND[] = "SELECT " COLUMNS " FROM import_jobs WHERE pool_id = $1 AND id = $2";

struct ph_err ph_store_import_find(struct ph_ctx *ctx, struct ph_str pool_id, struct ph_str id,
                                   struct ph_import_job **job)
{
    struct ph_q q;

    PH_READ(ctx, &q, FIND, ph_v_text(pool_id), ph_v_text(id));
    return read_job(ctx, &q, job);
}

static const char LIST[] =
    "SELECT " COLUMNS " FROM import_jobs WHERE pool_id = $1 AND created_ms <= $2"
    " AND (created_ms < $2 OR id < $3) ORDER BY created_ms DESC, id DESC LIMIT $4";

struct ph_err ph_store_import_list(struct ph_ctx *ctx, struct ph_str pool_id, int64_t after_ms,
                                   struct ph_str after_id, size_t limit,
                                   struct ph_import_job **jobs, size_t *count)
{
    struct ph_q q;

    PH_READ(ctx, &q, LIST, ph_v_text(pool_id), ph_v_int(after_ms),
            ph_v_text(after_id.p == NULL ? PH_STR("") : after_id), ph_v_int((int64_t)limit));
    return read_jobs(ctx, &q, jobs, count);
}

static const char ACTIVE_OF_POOL[] = "SELECT COUNT(*) FROM import_jobs"
                                     " WHERE pool_id = $1 AND " IS_ACTIVE;

struct ph_err ph_store_import_is_active(struct ph_ctx *ctx, struct ph_str pool_id, bool *active)
{
    int64_t count;

    PH_TRY(ph_read_int(ctx, ACTIVE_OF_POOL, pool_id, &count));
    *active = count > 0;
    return PH_OK;
}

/* Whoever has taken the job runs it, until nothing has been heard of him for too long. */
#define IS_FREE "(runner IS NULL OR runner = $1 OR leased_ms <= $2)"
static const char NEXT[] =
    "SELECT " COLUMNS " FROM import_jobs WHERE " IS_ACTIVE " AND (status = 3 OR " IS_FREE ")"
    " ORDER BY started_ms, pool_id, id LIMIT 1";

/* A lease that ended by this time is over; of one process that has the store to itself, any. */
static int64_t leases_over_ms(const struct ph_ctx *ctx)
{
    return ctx->store->driver->several ? ph_now_ms(ctx) : INT64_MAX;
}

struct ph_err ph_store_import_next(struct ph_ctx *ctx, struct ph_import_job **job)
{
    struct ph_q q;

    PH_READ(ctx, &q, NEXT, ph_v_text(ph_store_node(ctx->store)), ph_v_int(leases_over_ms(ctx)));
    return read_job(ctx, &q, job);
}

static const char COUNT_ACTIVE[] = "SELECT COUNT(*) FROM import_jobs WHERE " IS_ACTIVE;

struct ph_err ph_store_import_count(struct ph_ctx *ctx, int64_t *count)
{
    int64_t found = 0;
    struct ph_q q;

    ph_read_begin(ctx, &q, COUNT_ACTIVE, NULL, 0);
    if (ph_q_row(&q)) {
        found = ph_q_int(&q, 0);
    }
    PH_TRY(ph_read_end(&q));
    *count = found;
    return PH_OK;
}

/* --- making --- */

struct inserting {
    const struct ph_import_job *job;
    enum ph_import_insert result;
};

static const char INSERT[] =
    "INSERT INTO import_jobs (pool_id, id, name, role, algorithm, status, created_ms, started_ms,"
    " completed_ms, bytes, lines, at_byte, at_line, imported, skipped, failed)"
    " SELECT id, $2, $3, $4, $5, 0, $6, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM pools WHERE id = $1";
static const char COUNT_OTHERS[] = "SELECT COUNT(*) FROM import_jobs"
                                   " WHERE pool_id = $1 AND id <> $2";

static void insert(struct ph_tx *tx, void *arg)
{
    struct inserting *i = arg;
    const struct ph_import_job *job = i->job;
    struct ph_q q;

    if (!ph_pool_hold(tx, job->pool_id) || /* while the others are counted */
        PH_RUN(tx, INSERT, ph_v_text(job->pool_id), ph_v_text(job->id), ph_v_text(job->name),
               ph_v_text(job->role), ph_v_int(job->algorithm), ph_v_int(job->created_ms)) == 0) {
        i->result = PH_IMPORT_GONE;
        ph_tx_abandon(tx);
        return;
    }
    PH_QUERY(tx, &q, COUNT_OTHERS, ph_v_text(job->pool_id), ph_v_text(job->id));
    if (ph_q_row(&q) && ph_q_int(&q, 0) >= PH_IMPORT_JOBS_MAX) {
        i->result = PH_IMPORT_FULL;
    }
    ph_q_end(&q);
    if (i->result == PH_IMPORT_FULL) {
        ph_tx_abandon(tx);
    }
}

struct ph_err ph_store_import_insert(struct ph_ctx *ctx, const struct ph_import_job *job,
                                     enum ph_import_insert *result)
{
    struct inserting i = { .job = job, .result = PH_IMPORT_DONE };

    PH_TRY(ph_write(ctx, insert, &i));
    *result = i.result;
    return PH_OK;
}

/* --- states --- */

struct moving {
    const struct ph_import_move *move;
    struct ph_str pool_id;
    struct ph_str id;
    struct ph_str runner;
    int64_t at_ms, until_ms;
    int64_t moved;
};

static const char START[] =
    "UPDATE import_jobs SET status = 1, started_ms = $3, uploading = NULL"
    " WHERE pool_id = $1 AND id = $2 AND status = 0 AND upload IS NOT NULL AND NOT EXISTS"
    " (SELECT 1 FROM import_jobs AS other WHERE other.pool_id = $1 AND other." IS_ACTIVE ")";

static void start(struct ph_tx *tx, void *arg)
{
    struct moving *m = arg;

    if (ph_pool_hold(tx, m->pool_id)) { /* another job may be starting now */
        m->moved = PH_RUN(tx, START, ph_v_text(m->pool_id), ph_v_text(m->id), ph_v_int(m->at_ms));
    }
}

struct ph_err ph_store_import_start(struct ph_ctx *ctx, struct ph_str pool_id, struct ph_str id,
                                    bool *started)
{
    struct moving m = { .pool_id = pool_id, .id = id, .at_ms = ph_now_ms(ctx) };

    PH_TRY(ph_write(ctx, start, &m));
    *started = m.moved > 0;
    return PH_OK;
}

static const char MOVE[] = "UPDATE import_jobs SET status = $5, message = COALESCE($6, message),"
                           " completed_ms = CASE WHEN $7 > 0 THEN $7 ELSE completed_ms END"
                           " WHERE pool_id = $1 AND id = $2 AND (status = $3 OR status = $4)";

static void move(struct ph_tx *tx, void *arg)
{
    struct moving *m = arg;
    const struct ph_import_move *given = m->move;

    m->moved = PH_RUN(tx, MOVE, ph_v_text(given->pool_id), ph_v_text(given->id),
                      ph_v_int(given->from), ph_v_int(given->or_from), ph_v_int(given->to),
                      ph_v_text(given->message), ph_v_int(given->completes ? m->at_ms : 0));
}

struct ph_err ph_store_import_move(struct ph_ctx *ctx, const struct ph_import_move *given,
                                   bool *moved)
{
    struct moving m = { .move = given, .at_ms = ph_now_ms(ctx) };

    PH_TRY(ph_write(ctx, move, &m));
    *moved = m.moved > 0;
    return PH_OK;
}

static const char CLAIM[] = "UPDATE import_jobs SET status = 2, runner = $1, leased_ms = $3"
                            " WHERE pool_id = $4 AND id = $5 AND (status = 1 OR status = 2)"
                            " AND " IS_FREE;

static void claim(struct ph_tx *tx, void *arg)
{
    struct moving *m = arg;

    m->moved = PH_RUN(tx, CLAIM, ph_v_text(m->runner), ph_v_int(m->at_ms), ph_v_int(m->until_ms),
                      ph_v_text(m->pool_id), ph_v_text(m->id));
}

struct ph_err ph_store_import_claim(struct ph_ctx *ctx, struct ph_str pool_id, struct ph_str id,
                                    bool *claimed)
{
    struct moving m = {
        .pool_id = pool_id,
        .id = id,
        .at_ms = leases_over_ms(ctx),
        .runner = ph_store_node(ctx->store),
        .until_ms = ph_now_ms(ctx) + PH_IMPORT_LEASE_MS,
    };

    PH_TRY(ph_write(ctx, claim, &m));
    *claimed = m.moved > 0;
    return PH_OK;
}

static const char RELEASE[] = "UPDATE import_jobs SET runner = NULL"
                              " WHERE pool_id = $1 AND id = $2 AND runner = $3";

static void release(struct ph_tx *tx, void *arg)
{
    const struct moving *m = arg;

    (void)PH_RUN(tx, RELEASE, ph_v_text(m->pool_id), ph_v_text(m->id), ph_v_text(m->runner));
}

struct ph_err ph_store_import_release(struct ph_ctx *ctx, struct ph_str pool_id, struct ph_str id)
{
    struct moving m = { .pool_id = pool_id, .id = id, .runner = ph_store_node(ctx->store) };

    return ph_write(ctx, release, &m);
}

static const char EXPIRE[] = "UPDATE import_jobs SET status = 4, uploading = NULL"
                             " WHERE status = 0 AND created_ms < $1";

static void expire(struct ph_tx *tx, void *arg)
{
    struct moving *m = arg;

    m->moved = PH_RUN(tx, EXPIRE, ph_v_int(m->at_ms));
}

struct ph_err ph_store_import_expire(struct ph_ctx *ctx, int64_t created_before_ms,
                                     int64_t *expired)
{
    struct moving m = { .at_ms = created_before_ms };

    PH_TRY(ph_write(ctx, expire, &m));
    *expired = m.moved;
    return PH_OK;
}
