#include "store/pools.h"

#include "store/internal.h"
#include "store/pool_row.h"

#include <string.h>

struct ph_place ph_data_key_place(struct ph_str pool_id, const char *column)
{
    return (struct ph_place){
        .table = "pools",
        .column = column,
        .pool_id = pool_id,
        .key = pool_id,
    };
}

/* --- making --- */

struct making {
    const struct ph_pool_record *pool;
    struct ph_str data_key; /* wrapped */
    const struct ph_signing_key_record *keys;
    const struct ph_str *sealed_keys;
    size_t key_count;
    bool taken;
};

static const char INSERT_POOL[] =
    "INSERT INTO pools (id, name, settings, data_key, created_ms, modified_ms, revision)"
    " VALUES ($1, $2, $3, $4, $5, $6, 1) ON CONFLICT (id) DO NOTHING";

static void insert_pool(struct ph_tx *tx, void *arg)
{
    struct making *m = arg;
    const struct ph_pool_record *p = m->pool;

    if (PH_RUN(tx, INSERT_POOL, ph_v_text(p->id), ph_v_text(p->name), ph_v_text(p->settings),
               ph_v_bytes(m->data_key), ph_v_int(p->created_ms), ph_v_int(p->modified_ms)) == 0) {
        m->taken = tx->verdict == PH_DB_DONE;
        ph_tx_abandon(tx);
        return;
    }
    ph_purge_before_reuse(tx, p->id);
    for (size_t i = 0; i < m->key_count; i++) {
        ph_signing_key_insert(tx, p->id, &m->keys[i], m->sealed_keys[i]);
    }
}

struct ph_err ph_store_pool_insert(struct ph_ctx *ctx, const struct ph_pool_record *pool,
                                   const struct ph_signing_key_record *keys, size_t key_count,
                                   enum ph_write_result *result)
{
    const struct ph_pool_ref ref = { .id = pool->id, .data_key = &pool->data_key };
    const struct ph_place place = ph_data_key_place(pool->id, "data_key");
    const struct ph_str plain = { pool->data_key.bytes, sizeof pool->data_key.bytes };
    struct making m = {
        .pool = pool,
        .data_key = ph_master_wrap(ctx, &place, plain),
        .keys = keys,
        .sealed_keys = ph_signing_keys_seal(ctx->arena, &ref, keys, key_count),
        .key_count = key_count,
    };

    PH_TRY(ph_write(ctx, insert_pool, &m));
    *result = m.taken ? PH_WRITE_TAKEN : PH_WRITE_DONE;
    return PH_OK;
}

/* --- reading --- */

#define POOL_COLUMNS                                                                               \
    "id, name, settings, data_key, created_ms, modified_ms, revision, key_number, key_state,"      \
    " key_ms, other_data_key, kept_keys"

static bool unwrap_key(struct ph_ctx *ctx, struct ph_str pool_id, const char *column,
                       struct ph_str wrapped, struct ph_key *key)
{
    const struct ph_place place = ph_data_key_place(pool_id, column);
    struct ph_str plain;

    if (!ph_master_unwrap(ctx, &place, wrapped, &plain)) {
        return false;
    }
    if (plain.p != NULL && plain.n == sizeof key->bytes) {
        memcpy(key->bytes, plain.p, plain.n);
    }
    return plain.p == NULL || plain.n == sizeof key->bytes;
}

static bool unwrap(struct ph_q *q, struct ph_ctx *ctx, struct ph_pool_record *pool)
{
    const struct ph_place kept = ph_data_key_place(pool->id, "kept_keys");
    struct ph_pool_keys *keys = &pool->keys;

    keys->number = ph_q_int(q, 7);
    keys->state = (enum ph_data_key_state)ph_q_int(q, 8);
    keys->since_ms = ph_q_int(q, 9);
    if (!unwrap_key(ctx, pool->id, "data_key", ph_q_str(q, ctx->arena, 3), &pool->data_key) ||
        !unwrap_key(ctx, pool->id, "other_data_key", ph_q_str(q, ctx->arena, 10), &keys->other) ||
        !ph_master_unwrap(ctx, &kept, ph_q_str(q, ctx->arena, 11), &keys->kept)) {
        ph_q_broken(q, "the data key of a pool does not open");
        return false;
    }
    return true;
}

struct ph_pool_ref ph_pool_record_ref(const struct ph_pool_record *record)
{
    return (struct ph_pool_ref){
        .id = record->id,
        .data_key = &record->data_key,
        .other_key = record->keys.state == PH_DATA_KEY_ALONE ? NULL : &record->keys.other,
        .key_number = record->keys.number,
    };
}

static bool decode_pool(struct ph_q *q, struct ph_ctx *ctx, struct ph_pool_record *pool)
{
    pool->id = ph_q_str(q, ctx->arena, 0);
    pool->name = ph_q_str(q, ctx->arena, 1);
    pool->settings = ph_q_str(q, ctx->arena, 2);
    pool->created_ms = ph_q_int(q, 4);
    pool->modified_ms = ph_q_int(q, 5);
    pool->revision = ph_q_int(q, 6);
    return unwrap(q, ctx, pool);
}

static const char FIND_POOL[] = "SELECT " POOL_COLUMNS " FROM pools WHERE id = $1";

struct ph_err ph_store_pool_find(struct ph_ctx *ctx, struct ph_str id, struct ph_pool_record **pool)
{
    struct ph_pool_record *found = NULL;
    struct ph_q q;

    PH_READ(ctx, &q, FIND_POOL, ph_v_text(id));
    if (ph_q_row(&q)) {
        found = ph_arena_new(ctx->arena, struct ph_pool_record);
        (void)decode_pool(&q, ctx, found); /* a failure is in the query */
    }
    PH_TRY(ph_read_end(&q));
    *pool = found;
    return PH_OK;
}

static const char POOL_REVISION[] = "SELECT revision FROM pools WHERE id = $1";

struct ph_err ph_store_pool_revision(struct ph_ctx *ctx, struct ph_str id, int64_t *revision)
{
    return ph_read_int(ctx, POOL_REVISION, id, revision);
}

/* Those of a region begin with it; an id without a hyphen lies in none. */
static const char LIST_POOLS[] = "SELECT " POOL_COLUMNS " FROM pools WHERE id > $1"
                                 " AND (substr(id, 1, length($2)) = $2 OR id NOT LIKE '%-%')"
                                 " ORDER BY id LIMIT $3";

struct ph_err ph_store_pool_list(struct ph_ctx *ctx, struct ph_str region, struct ph_str after,
                                 size_t limit, struct ph_pool_record **pools, size_t *count)
{
    const struct ph_str from = after.p == NULL ? PH_STR("") : after;
    const struct ph_str start =
        region.n == 0 ? PH_STR("") : ph_strf(ctx->arena, "%.*s_", PH_FMT(region));
    struct ph_list list = { 0 };
    struct ph_q q;

    PH_READ(ctx, &q, LIST_POOLS, ph_v_text(from), ph_v_text(start), ph_v_int((int64_t)limit));
    while (ph_q_row(&q)) {
        (void)decode_pool(&q, ctx, PH_LIST_ADD(ctx->arena, &list, struct ph_pool_record));
    }
    PH_TRY(ph_read_end(&q));
    *pools = list.items;
    *count = list.count;
    return PH_OK;
}

static const char COUNT_USERS[] = "SELECT COUNT(*) FROM users WHERE pool_id = $1";

struct ph_err ph_store_pool_user_count(struct ph_ctx *ctx, struct ph_str pool_id, int64_t *count)
{
    return ph_read_int(ctx, COUNT_USERS, pool_id, count);
}

/* --- changing --- */

struct updating {
    const struct ph_pool_record *pool;
    enum ph_write_result result;
};

static const char UPDATE_POOL[] = "UPDATE pools SET name = $2, settings = $3, modified_ms = $4,"
                                  " revision = revision + 1 WHERE id = $1 AND revision = $5";

static void update_pool(struct ph_tx *tx, void *arg)
{
    struct updating *u = arg;
    const struct ph_pool_record *p = u->pool;

    if (PH_RUN(tx, UPDATE_POOL, ph_v_text(p->id), ph_v_text(p->name), ph_v_text(p->settings),
               ph_v_int(p->modified_ms), ph_v_int(p->revision)) == 0) {
        u->result = ph_row_exists(tx, POOL_REVISION, p->id) ? PH_WRITE_CONFLICT : PH_WRITE_GONE;
        ph_tx_abandon(tx);
    }
}

struct ph_err ph_store_pool_update(struct ph_ctx *ctx, const struct ph_pool_record *pool,
                                   enum ph_write_result *result)
{
    struct updating u = { .pool = pool, .result = PH_WRITE_DONE };

    PH_TRY(ph_write(ctx, update_pool, &u));
    *result = u.result;
    return PH_OK;
}

/* --- deleting --- */

struct deleting {
    struct ph_str id;
    struct ph_arena *arena;
    bool existed;
};

static const char DELETE_POOL[] = "DELETE FROM pools WHERE id = $1";
static const char DELETE_CLIENTS[] = "DELETE FROM clients WHERE pool_id = $1";
static const char DELETE_KEYS[] = "DELETE FROM signing_keys WHERE pool_id = $1";
static const char DELETE_PARTS[] = "DELETE FROM pool_parts WHERE pool_id = $1";
static const char DELETE_CLAIMS[] = "DELETE FROM part_claims WHERE pool_id = $1";
static const char DELETE_IMPORTS[] = "DELETE FROM import_jobs WHERE pool_id = $1";
static const char NOTE_DELETED[] = "INSERT INTO deleted_pools (id) VALUES ($1)"
                                   " ON CONFLICT (id) DO NOTHING";

/*
 * Nobody can reach the users without the pool, its clients, its keys and its parts: these go at
 * once. The
 * rest may be millions of rows and goes piece by piece (purge.c), also after a crash.
 */
static void delete_pool(struct ph_tx *tx, void *arg)
{
    struct deleting *d = arg;

    d->existed = PH_RUN(tx, DELETE_POOL, ph_v_text(d->id)) > 0;
    if (!d->existed) {
        return;
    }
    (void)PH_RUN(tx, DELETE_CLIENTS, ph_v_text(d->id));
    (void)PH_RUN(tx, DELETE_KEYS, ph_v_text(d->id));
    (void)PH_RUN(tx, DELETE_PARTS, ph_v_text(d->id));
    (void)PH_RUN(tx, DELETE_CLAIMS, ph_v_text(d->id));
    (void)PH_RUN(tx, DELETE_IMPORTS, ph_v_text(d->id));
    (void)PH_RUN(tx, NOTE_DELETED, ph_v_text(d->id));
    ph_purge_pools(tx, d->arena);
}

struct ph_err ph_store_pool_delete(struct ph_ctx *ctx, struct ph_str id,
                                   enum ph_write_result *result)
{
    struct deleting d = { .id = id, .arena = ctx->arena };

    PH_TRY(ph_write(ctx, delete_pool, &d));
    *result = d.existed ? PH_WRITE_DONE : PH_WRITE_GONE;
    return PH_OK;
}
