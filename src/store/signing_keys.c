#include "store/internal.h"
#include "store/pool_row.h"
#include "store/pools.h"

struct ph_err ph_read_int(struct ph_ctx *ctx, const char *sql, struct ph_str id, int64_t *n)
{
    int64_t read = 0;
    struct ph_q q;

    PH_READ(ctx, &q, sql, ph_v_text(id));
    if (ph_q_row(&q)) {
        read = ph_q_int(&q, 0);
    }
    PH_TRY(ph_read_end(&q));
    *n = read;
    return PH_OK;
}

bool ph_row_exists(struct ph_tx *tx, const char *sql, struct ph_str id)
{
    bool exists;
    struct ph_q q;

    PH_QUERY(tx, &q, sql, ph_v_text(id));
    exists = ph_q_row(&q);
    ph_q_end(&q);
    return exists;
}

static const char HOLD_POOL[] = "UPDATE pools SET revision = revision WHERE id = $1";
static const char HOLD_USER[] = "UPDATE users SET revision = revision"
                                " WHERE pool_id = $1 AND sub = $2";

bool ph_pool_hold(struct ph_tx *tx, struct ph_str pool_id)
{
    return PH_RUN(tx, HOLD_POOL, ph_v_text(pool_id)) > 0;
}

bool ph_user_hold(struct ph_tx *tx, struct ph_str pool_id, struct ph_str sub)
{
    return PH_RUN(tx, HOLD_USER, ph_v_text(pool_id), ph_v_text(sub)) > 0;
}

static const char BUMP_POOL[] = "UPDATE pools SET revision = revision + 1 WHERE id = $1";

bool ph_pool_bump(struct ph_tx *tx, struct ph_str pool_id)
{
    return PH_RUN(tx, BUMP_POOL, ph_v_text(pool_id)) > 0;
}

static struct ph_place place_of(struct ph_str pool_id, struct ph_str kid)
{
    return (struct ph_place){
        .table = "signing_keys",
        .column = "pkcs8",
        .pool_id = pool_id,
        .key = kid,
    };
}

struct ph_str *ph_signing_keys_seal(struct ph_arena *arena, const struct ph_pool_ref *pool,
                                    const struct ph_signing_key_record *keys, size_t count)
{
    struct ph_str *sealed = ph_arena_array(arena, count + 1, struct ph_str);

    for (size_t i = 0; i < count; i++) {
        const struct ph_place place = place_of(pool->id, keys[i].kid);

        sealed[i] = ph_pool_seal(arena, pool, &place, keys[i].pkcs8);
    }
    return sealed;
}

static const char INSERT_KEY[] =
    "INSERT INTO signing_keys (pool_id, kid, purpose, pkcs8, created_ms, active_from_ms,"
    " published_until_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)";

void ph_signing_key_insert(struct ph_tx *tx, struct ph_str pool_id,
                           const struct ph_signing_key_record *key, struct ph_str sealed)
{
    (void)PH_RUN(tx, INSERT_KEY, ph_v_text(pool_id), ph_v_text(key->kid), ph_v_int(key->use),
                 ph_v_bytes(sealed), ph_v_int(key->created_ms), ph_v_int(key->active_from_ms),
                 ph_v_int(key->published_until_ms));
}

static const char LIST_KEYS[] =
    "SELECT kid, purpose, pkcs8, created_ms, active_from_ms, published_until_ms"
    " FROM signing_keys WHERE pool_id = $1 ORDER BY active_from_ms DESC, created_ms DESC, kid";

static void decode_key(struct ph_q *q, struct ph_arena *arena, const struct ph_pool_ref *pool,
                       struct ph_signing_key_record *key)
{
    struct ph_place place;

    key->kid = ph_q_str(q, arena, 0);
    key->use = (enum ph_key_use)ph_q_int(q, 1);
    key->created_ms = ph_q_int(q, 3);
    key->active_from_ms = ph_q_int(q, 4);
    key->published_until_ms = ph_q_int(q, 5);
    place = place_of(pool->id, key->kid);
    if (!ph_pool_open(arena, pool, &place, ph_q_str(q, arena, 2), &key->pkcs8)) {
        ph_q_broken(q, "a signing key does not open");
    }
}

struct ph_err ph_store_signing_keys(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                    struct ph_signing_key_record **keys, size_t *count)
{
    struct ph_list list = { 0 };
    struct ph_q q;

    PH_READ(ctx, &q, LIST_KEYS, ph_v_text(pool->id));
    while (ph_q_row(&q)) {
        decode_key(&q, ctx->arena, pool,
                   PH_LIST_ADD(ctx->arena, &list, struct ph_signing_key_record));
    }
    PH_TRY(ph_read_end(&q));
    *keys = list.items;
    *count = list.count;
    return PH_OK;
}

struct rotating {
    struct ph_str pool_id;
    const struct ph_signing_key_record *keys;
    const struct ph_str *sealed;
    size_t count;
    int64_t old_until_ms;
};

/* A key that leaves earlier than that keeps its time. */
static const char RETIRE_KEYS[] =
    "UPDATE signing_keys SET published_until_ms = $3"
    " WHERE pool_id = $1 AND purpose = $2 AND published_until_ms > $3";

static void rotate(struct ph_tx *tx, void *arg)
{
    const struct rotating *r = arg;

    if (!ph_pool_bump(tx, r->pool_id)) {
        ph_tx_fail(tx, PH_DB_BROKEN, "signing keys for a pool that does not exist");
        return;
    }
    for (size_t i = 0; i < r->count; i++) {
        (void)PH_RUN(tx, RETIRE_KEYS, ph_v_text(r->pool_id), ph_v_int(r->keys[i].use),
                     ph_v_int(r->old_until_ms));
    }
    for (size_t i = 0; i < r->count; i++) {
        ph_signing_key_insert(tx, r->pool_id, &r->keys[i], r->sealed[i]);
    }
}

struct ph_err ph_store_signing_keys_rotate(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                           const struct ph_signing_key_record *keys,
                                           size_t key_count, int64_t old_published_until_ms)
{
    struct rotating r = {
        .pool_id = pool->id,
        .keys = keys,
        .sealed = ph_signing_keys_seal(ctx->arena, pool, keys, key_count),
        .count = key_count,
        .old_until_ms = old_published_until_ms,
    };

    return ph_write_sealed(ctx, pool, rotate, &r);
}
