#include "store/parked.h"

#include "store/internal.h"

static struct ph_place place_of(const struct ph_pool_ref *pool, struct ph_str id)
{
    return (struct ph_place){
        .table = "parked",
        .column = "content",
        .pool_id = pool->id,
        .key = id,
    };
}

static const char PUT[] = "INSERT INTO parked (pool_id, id, content, expires_ms)"
                          " VALUES ($1, $2, $3, $4)";

struct putting {
    struct ph_str pool_id, id, sealed;
    int64_t expires_ms;
};

static void put(struct ph_tx *tx, void *arg)
{
    const struct putting *p = arg;

    (void)PH_RUN(tx, PUT, ph_v_text(p->pool_id), ph_v_text(p->id), ph_v_bytes(p->sealed),
                 ph_v_int(p->expires_ms));
}

struct ph_err ph_store_parked_put(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                  struct ph_str id, struct ph_str text, int64_t expires_ms)
{
    const struct ph_place place = place_of(pool, id);
    struct putting p = {
        .pool_id = pool->id,
        .id = id,
        .sealed = ph_pool_seal(ctx->arena, pool, &place, text),
        .expires_ms = expires_ms,
    };

    return ph_write_sealed(ctx, pool, put, &p);
}

static const char ADD[] = "INSERT INTO parked (pool_id, id, content, expires_ms)"
                          " VALUES ($1, $2, $3, $4) ON CONFLICT (pool_id, id) DO NOTHING";

struct adding {
    struct putting put;
    bool added;
};

static void add(struct ph_tx *tx, void *arg)
{
    struct adding *a = arg;

    a->added = PH_RUN(tx, ADD, ph_v_text(a->put.pool_id), ph_v_text(a->put.id),
                      ph_v_bytes(a->put.sealed), ph_v_int(a->put.expires_ms)) > 0;
}

struct ph_err ph_store_parked_add(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                  struct ph_str id, struct ph_str text, int64_t expires_ms,
                                  bool *added)
{
    const struct ph_place place = place_of(pool, id);
    struct adding a = { .put = {
                            .pool_id = pool->id,
                            .id = id,
                            .sealed = ph_pool_seal(ctx->arena, pool, &place, text),
                            .expires_ms = expires_ms,
                        } };

    PH_TRY(ph_write_sealed(ctx, pool, add, &a));
    *added = a.added;
    return PH_OK;
}

static const char FIND[] = "SELECT content FROM parked WHERE pool_id = $1 AND id = $2";

struct ph_err ph_store_parked_find(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                   struct ph_str id, struct ph_str *text)
{
    const struct ph_place place = place_of(pool, id);
    struct ph_str found = { 0 };
    struct ph_q q;

    PH_READ(ctx, &q, FIND, ph_v_text(pool->id), ph_v_text(id));
    if (ph_q_row(&q) &&
        !ph_pool_open(ctx->arena, pool, &place, ph_q_str(&q, ctx->arena, 0), &found)) {
        ph_q_broken(&q, "what a sign-in remembers does not open");
    }
    PH_TRY(ph_read_end(&q));
    *text = found;
    return PH_OK;
}
