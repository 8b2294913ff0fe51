#include "store/passkeys.h"

#include "store/pool_row.h"
#include "util/encode.h"

#define COLUMNS                                                                                    \
    "id, relying_party, algorithm, public_key, sign_count, flags, aaguid, attachment,"             \
    " transports, created_ms"

struct adding {
    const struct ph_pool_ref *pool;
    struct ph_str sub;
    const struct ph_passkey *passkey;
    struct ph_str sealed; /* the public key */
    int64_t max;
    enum ph_passkey_write result;
};

struct using
{
    struct ph_str pool_id, sub, id;
    int64_t sign_count, flags;
    bool changed;
};

/* Whoever writes into the database alone can give nobody a key of theirs. */
static struct ph_place place_of(struct ph_arena *arena, const struct ph_pool_ref *pool,
                                struct ph_str sub, struct ph_str id)
{
    const struct ph_str text = ph_base64url(arena, id);

    return (struct ph_place){
        .table = "passkeys",
        .column = "public_key",
        .pool_id = pool->id,
        .key = ph_strf(arena, "%.*s/%.*s", PH_FMT(sub), PH_FMT(text)),
    };
}

static const char COUNT_PASSKEYS[] = "SELECT (SELECT COUNT(*) FROM passkeys WHERE pool_id = $1"
                                     " AND sub = $2) FROM users WHERE pool_id = $1 AND sub = $2";
static const char ADD_PASSKEY[] = "INSERT INTO passkeys (pool_id, sub, " COLUMNS ")"
                                  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
                                  " ON CONFLICT (pool_id, id) DO NOTHING";

static bool has_room(struct ph_tx *tx, const struct adding *a)
{
    bool room = false;
    struct ph_q q;

    PH_QUERY(tx, &q, COUNT_PASSKEYS, ph_v_text(a->pool->id), ph_v_text(a->sub));
    if (ph_q_row(&q)) {
        room = ph_q_int(&q, 0) < a->max;
    }
    ph_q_end(&q);
    return room;
}

static void add(struct ph_tx *tx, void *arg)
{
    struct adding *a = arg;
    const struct ph_passkey *p = a->passkey;

    if (!ph_user_hold(tx, a->pool->id, a->sub) || !has_room(tx, a)) {
        a->result = PH_PASSKEY_TOO_MANY;
        return;
    }
    if (PH_RUN(tx, ADD_PASSKEY, ph_v_text(a->pool->id), ph_v_text(a->sub), ph_v_bytes(p->id),
               ph_v_text(p->relying_party), ph_v_int(p->algorithm), ph_v_bytes(a->sealed),
               ph_v_int(p->sign_count), ph_v_int(p->flags), ph_v_bytes(p->aaguid),
               ph_v_text(p->attachment), ph_v_text(p->transports), ph_v_int(p->created_ms)) == 0) {
        a->result = PH_PASSKEY_TAKEN;
    }
}

struct ph_err ph_store_passkey_add(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                   struct ph_str sub, const struct ph_passkey *passkey, size_t max,
                                   enum ph_passkey_write *result)
{
    const struct ph_place place = place_of(ctx->arena, pool, sub, passkey->id);
    struct adding a = {
        .pool = pool,
        .sub = sub,
        .passkey = passkey,
        .sealed = ph_pool_seal(ctx->arena, pool, &place, passkey->public_key),
        .max = (int64_t)max,
        .result = PH_PASSKEY_ADDED,
    };

    PH_TRY(ph_write_sealed(ctx, pool, add, &a));
    *result = a.result;
    return PH_OK;
}

static const char LIST_PASSKEYS[] = "SELECT " COLUMNS " FROM passkeys"
                                    " WHERE pool_id = $1 AND sub = $2 ORDER BY created_ms, id";

static void decode(struct ph_q *q, struct ph_arena *arena, const struct ph_pool_ref *pool,
                   struct ph_str sub, struct ph_passkey *p)
{
    *p = (struct ph_passkey){
        .id = ph_q_str(q, arena, 0),
        .relying_party = ph_q_str(q, arena, 1),
        .algorithm = ph_q_int(q, 2),
        .sign_count = ph_q_int(q, 4),
        .flags = ph_q_int(q, 5),
        .aaguid = ph_q_str(q, arena, 6),
        .attachment = ph_q_str(q, arena, 7),
        .transports = ph_q_str(q, arena, 8),
        .created_ms = ph_q_int(q, 9),
    };
    const struct ph_place place = place_of(arena, pool, sub, p->id);

    if (!ph_pool_open(arena, pool, &place, ph_q_str(q, arena, 3), &p->public_key)) {
        ph_q_broken(q, "the key of a passkey does not open");
    }
}

struct ph_err ph_store_passkey_list(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                    struct ph_str sub, struct ph_passkey **passkeys, size_t *count)
{
    struct ph_list list = { 0 };
    struct ph_q q;

    PH_READ(ctx, &q, LIST_PASSKEYS, ph_v_text(pool->id), ph_v_text(sub));
    while (ph_q_row(&q)) {
        decode(&q, ctx->arena, pool, sub, PH_LIST_ADD(ctx->arena, &list, struct ph_passkey));
    }
    PH_TRY(ph_read_end(&q));
    *passkeys = list.items;
    *count = list.count;
    return PH_OK;
}

static const char DELETE_PASSKEY[] = "DELETE FROM passkeys"
                                     " WHERE pool_id = $1 AND sub = $2 AND id = $3";

static void delete_one(struct ph_tx *tx, void *arg)
{
    struct using *u = arg;

    u->changed =
        PH_RUN(tx, DELETE_PASSKEY, ph_v_text(u->pool_id), ph_v_text(u->sub), ph_v_bytes(u->id)) > 0;
}

struct ph_err ph_store_passkey_delete(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                      struct ph_str sub, struct ph_str id, bool *existed)
{
    struct using u = { .pool_id = pool->id, .sub = sub, .id = id };

    PH_TRY(ph_write(ctx, delete_one, &u));
    *existed = u.changed;
    return PH_OK;
}

static const char USE_PASSKEY[] = "UPDATE passkeys SET sign_count = $4, flags = $5"
                                  " WHERE pool_id = $1 AND sub = $2 AND id = $3"
                                  " AND (sign_count < $4 OR (sign_count = 0 AND $4 = 0))";

static void use(struct ph_tx *tx, void *arg)
{
    struct using *u = arg;

    u->changed = PH_RUN(tx, USE_PASSKEY, ph_v_text(u->pool_id), ph_v_text(u->sub),
                        ph_v_bytes(u->id), ph_v_int(u->sign_count), ph_v_int(u->flags)) > 0;
}

struct ph_err ph_store_passkey_use(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                   struct ph_str sub, struct ph_str id, int64_t sign_count,
                                   int64_t flags, bool *used)
{
    struct using u = {
        .pool_id = pool->id,
        .sub = sub,
        .id = id,
        .sign_count = sign_count,
        .flags = flags,
    };

    PH_TRY(ph_write(ctx, use, &u));
    *used = u.changed;
    return PH_OK;
}
