#include "store/internal.h"
#include "store/sign_in.h"

struct moving {
    struct ph_str pool_id;
    struct ph_str id;
    int64_t from;
    int64_t now_ms;
    int64_t expires_ms;
    bool moved;
    struct ph_family family;
};

static const char FIND_FAMILY[] = "SELECT generation, rotated_ms, revoked FROM token_families"
                                  " WHERE pool_id = $1 AND id = $2";

/* Without a row the family is as it began. */
static void read_family(struct ph_q *q, struct ph_str id, struct ph_family *family)
{
    *family = (struct ph_family){ .id = id };
    if (ph_q_row(q)) {
        family->generation = ph_q_int(q, 0);
        family->rotated_ms = ph_q_int(q, 1);
        family->revoked = ph_q_int(q, 2) != 0;
    }
}

struct ph_err ph_store_family_find(struct ph_ctx *ctx, struct ph_str pool_id, struct ph_str id,
                                   struct ph_family *family)
{
    struct ph_family found;
    struct ph_q q;

    PH_READ(ctx, &q, FIND_FAMILY, ph_v_text(pool_id), ph_v_text(id));
    read_family(&q, id, &found);
    PH_TRY(ph_read_end(&q));
    *family = found;
    return PH_OK;
}

static const char REVOKE_FAMILY[] =
    "INSERT INTO token_families (pool_id, id, generation, rotated_ms, revoked, expires_ms)"
    " VALUES ($1, $2, 0, 0, 1, $3)"
    " ON CONFLICT (pool_id, id) DO UPDATE SET revoked = 1,"
    " expires_ms = CASE WHEN token_families.expires_ms > excluded.expires_ms"
    " THEN token_families.expires_ms ELSE excluded.expires_ms END";

static const char DELETE_SESSION[] = "DELETE FROM token_sessions"
                                     " WHERE pool_id = $1 AND family = $2";

/* An access token that was given out for the refresh token in its last moment lives on. */
enum { ACCESS_TOKEN_MS = 24 * 3600 * 1000 };

void ph_family_end(struct ph_tx *tx, struct ph_str pool_id, struct ph_str id, int64_t expires_ms)
{
    (void)PH_RUN(tx, REVOKE_FAMILY, ph_v_text(pool_id), ph_v_text(id),
                 ph_v_int(expires_ms + ACCESS_TOKEN_MS));
    (void)PH_RUN(tx, DELETE_SESSION, ph_v_text(pool_id), ph_v_text(id));
}

static void revoke(struct ph_tx *tx, void *arg)
{
    const struct moving *m = arg;

    ph_family_end(tx, m->pool_id, m->id, m->expires_ms);
}

struct ph_err ph_store_family_revoke(struct ph_ctx *ctx, struct ph_str pool_id, struct ph_str id,
                                     int64_t expires_ms)
{
    struct moving m = { .pool_id = pool_id, .id = id, .expires_ms = expires_ms };

    return ph_write(ctx, revoke, &m);
}

/* The first rotation makes the row, when nobody else did. */
static const char FIRST_ROTATION[] =
    "INSERT INTO token_families (pool_id, id, generation, rotated_ms, revoked, expires_ms)"
    " VALUES ($1, $2, 1, $3, 0, $4) ON CONFLICT (pool_id, id) DO NOTHING";
static const char NEXT_ROTATION[] =
    "UPDATE token_families SET generation = generation + 1, rotated_ms = $3,"
    " expires_ms = CASE WHEN expires_ms > $4 THEN expires_ms ELSE $4 END"
    " WHERE pool_id = $1 AND id = $2 AND generation = $5 AND revoked = 0";

static bool move(struct ph_tx *tx, const struct moving *m)
{
    const struct ph_db_value pool = ph_v_text(m->pool_id), id = ph_v_text(m->id);
    const struct ph_db_value now = ph_v_int(m->now_ms), expires = ph_v_int(m->expires_ms);

    if (m->from == 0 && PH_RUN(tx, FIRST_ROTATION, pool, id, now, expires) > 0) {
        return true;
    }
    return PH_RUN(tx, NEXT_ROTATION, pool, id, now, expires, ph_v_int(m->from)) > 0;
}

static void rotate(struct ph_tx *tx, void *arg)
{
    struct moving *m = arg;
    struct ph_q q;

    m->moved = move(tx, m);
    PH_QUERY(tx, &q, FIND_FAMILY, ph_v_text(m->pool_id), ph_v_text(m->id));
    read_family(&q, m->id, &m->family);
    ph_q_end(&q);
}

struct ph_err ph_store_family_rotate(struct ph_ctx *ctx, struct ph_str pool_id, struct ph_str id,
                                     int64_t from, int64_t now_ms, int64_t expires_ms, bool *moved,
                                     struct ph_family *family)
{
    struct moving m = {
        .pool_id = pool_id,
        .id = id,
        .from = from,
        .now_ms = now_ms,
        .expires_ms = expires_ms,
    };

    PH_TRY(ph_write(ctx, rotate, &m));
    *moved = m.moved;
    *family = m.family;
    return PH_OK;
}
