#include "store/totp.h"

#include "store/pool_row.h"

#include <string.h>

enum { STEPS_KEPT = 16 /* far more than any clock is off */ };

static struct ph_place place_of(const struct ph_pool_ref *pool, struct ph_str sub,
                                const char *column)
{
    return (struct ph_place){
        .table = "user_totp",
        .column = column,
        .pool_id = pool->id,
        .key = sub,
    };
}

static const char FIND[] = "SELECT secret, pending, device_name FROM user_totp"
                           " WHERE pool_id = $1 AND sub = $2";

static void decode(struct ph_q *q, struct ph_arena *arena, const struct ph_pool_ref *pool,
                   struct ph_str sub, struct ph_totp *totp)
{
    const struct ph_place secret = place_of(pool, sub, "secret");
    const struct ph_place pending = place_of(pool, sub, "pending");

    totp->secret_row = ph_q_str(q, arena, 0);
    totp->pending_row = ph_q_str(q, arena, 1);
    totp->device_name = ph_q_str(q, arena, 2);
    if (!ph_pool_open(arena, pool, &secret, totp->secret_row, &totp->secret) ||
        !ph_pool_open(arena, pool, &pending, totp->pending_row, &totp->pending)) {
        ph_q_broken(q, "the software token of a user does not open");
    }
}

struct ph_err ph_store_totp_find(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                 struct ph_str sub, struct ph_totp *totp)
{
    struct ph_totp found = { .secret = { 0 } };
    struct ph_q q;

    PH_READ(ctx, &q, FIND, ph_v_text(pool->id), ph_v_text(sub));
    if (ph_q_row(&q)) {
        decode(&q, ctx->arena, pool, sub, &found);
    }
    PH_TRY(ph_read_end(&q));
    *totp = found;
    return PH_OK;
}

struct using
{
    const struct ph_pool_ref *pool;
    struct ph_str pool_id;
    struct ph_str sub;
    struct ph_str row;    /* sealed */
    struct ph_str secret; /* what is sealed there */
    int64_t step;
    bool first;
};

/*
 * True when the row has the same secret in other bytes: it was sealed anew (data_keys.h) since it
 * was read. *row are these bytes.
 */
static bool is_sealed_anew(struct ph_tx *tx, struct ph_arena *arena, const struct using *u,
                           const char *column, struct ph_str *row)
{
    const struct ph_place place = place_of(u->pool, u->sub, column);
    struct ph_str found = { 0 }, plain;
    struct ph_q q;

    PH_QUERY(tx, &q, FIND, ph_v_text(u->pool_id), ph_v_text(u->sub));
    if (ph_q_row(&q)) {
        found = ph_q_str(&q, arena, strcmp(column, "secret") == 0 ? 0 : 1);
    }
    ph_q_end(&q);
    *row = found;
    return found.p != NULL && !ph_str_eq(found, u->row) &&
           ph_pool_open(arena, u->pool, &place, found, &plain) && ph_equal_secret(plain, u->secret);
}

static const char ASSOCIATE[] =
    "INSERT INTO user_totp (pool_id, sub, pending)"
    " SELECT pool_id, sub, $3 FROM users WHERE pool_id = $1 AND sub = $2"
    " ON CONFLICT (pool_id, sub) DO UPDATE SET pending = excluded.pending";

static void associate(struct ph_tx *tx, void *arg)
{
    const struct using *u = arg;

    if (!ph_user_hold(tx, u->pool_id, u->sub)) {
        return;
    }
    (void)PH_RUN(tx, ASSOCIATE, ph_v_text(u->pool_id), ph_v_text(u->sub), ph_v_bytes(u->row));
}

struct ph_err ph_store_totp_associate(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                      struct ph_str sub, struct ph_str secret)
{
    const struct ph_place place = place_of(pool, sub, "pending");
    struct using u = {
        .pool_id = pool->id,
        .sub = sub,
        .row = ph_pool_seal(ctx->arena, pool, &place, secret),
    };

    return ph_write_sealed(ctx, pool, associate, &u);
}

/* --- time steps --- */

static const char USE_STEP[] = "INSERT INTO totp_steps (pool_id, sub, step)"
                               " SELECT pool_id, sub, $3 FROM user_totp"
                               " WHERE pool_id = $1 AND sub = $2 AND secret = $4"
                               " ON CONFLICT (pool_id, sub, step) DO NOTHING";
static const char FORGET_STEPS[] = "DELETE FROM totp_steps"
                                   " WHERE pool_id = $1 AND sub = $2 AND step < $3";

static bool use_step(struct ph_tx *tx, const struct using *u, struct ph_str row)
{
    return PH_RUN(tx, USE_STEP, ph_v_text(u->pool_id), ph_v_text(u->sub), ph_v_int(u->step),
                  ph_v_bytes(row)) == 1;
}

static void use(struct ph_tx *tx, void *arg)
{
    struct ph_arena arena = { 0 };
    struct using *u = arg;
    struct ph_str row;

    u->first = use_step(tx, u, u->row) ||
               (is_sealed_anew(tx, &arena, u, "secret", &row) && use_step(tx, u, row));
    ph_arena_finish(&arena);
    (void)PH_RUN(tx, FORGET_STEPS, ph_v_text(u->pool_id), ph_v_text(u->sub),
                 ph_v_int(u->step - STEPS_KEPT));
}

struct ph_err ph_store_totp_use(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                struct ph_str sub, const struct ph_totp *totp, int64_t step,
                                bool *first)
{
    struct using u = {
        .pool = pool,
        .pool_id = pool->id,
        .sub = sub,
        .row = totp->secret_row,
        .secret = totp->secret,
        .step = step,
    };

    PH_TRY(ph_write(ctx, use, &u));
    *first = u.first;
    return PH_OK;
}

/* --- with the user --- */

static const char VERIFY[] = "UPDATE user_totp SET secret = $3, pending = NULL, device_name = $4"
                             " WHERE pool_id = $1 AND sub = $2 AND pending = $5";
static const char REMOVE[] = "DELETE FROM user_totp WHERE pool_id = $1 AND sub = $2";
static const char FORGET_ALL_STEPS[] = "DELETE FROM totp_steps WHERE pool_id = $1 AND sub = $2";

/* totp.secret_row of the sealed change is what the row gets. */
const struct ph_totp_change *ph_totp_seal(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                          struct ph_str sub, const struct ph_totp_change *change)
{
    const struct ph_place place = place_of(pool, sub, "secret");
    struct ph_totp_change *sealed;

    if (change == NULL || change->remove) {
        return change;
    }
    sealed = ph_arena_new(ctx->arena, struct ph_totp_change);
    *sealed = *change;
    sealed->totp.secret_row = ph_pool_seal(ctx->arena, pool, &place, change->totp.pending);
    return sealed;
}

static bool take_pending(struct ph_tx *tx, const struct using *u,
                         const struct ph_totp_change *sealed, struct ph_str pending)
{
    return PH_RUN(tx, VERIFY, ph_v_text(u->pool_id), ph_v_text(u->sub),
                  ph_v_bytes(sealed->totp.secret_row), ph_v_text(sealed->device_name),
                  ph_v_bytes(pending)) > 0;
}

static bool verify(struct ph_tx *tx, const struct ph_pool_ref *pool, struct ph_str sub,
                   const struct ph_totp_change *sealed)
{
    struct using u = {
        .pool = pool,
        .pool_id = pool->id,
        .sub = sub,
        .row = sealed->totp.pending_row,
        .secret = sealed->totp.pending,
        .step = sealed->step,
    };
    struct ph_arena arena = { 0 };
    struct ph_str pending;
    const bool taken = take_pending(tx, &u, sealed, u.row) ||
                       (is_sealed_anew(tx, &arena, &u, "pending", &pending) &&
                        take_pending(tx, &u, sealed, pending));

    ph_arena_finish(&arena);
    if (!taken) {
        return false;
    }
    u.row = sealed->totp.secret_row;
    (void)PH_RUN(tx, FORGET_ALL_STEPS, ph_v_text(u.pool_id), ph_v_text(sub)); /* another secret's */
    use(tx, &u);
    return true;
}

bool ph_totp_write(struct ph_tx *tx, const struct ph_pool_ref *pool, struct ph_str sub,
                   const struct ph_totp_change *sealed)
{
    if (sealed == NULL) {
        return true;
    }
    if (!sealed->remove) {
        return verify(tx, pool, sub, sealed);
    }
    (void)PH_RUN(tx, REMOVE, ph_v_text(pool->id), ph_v_text(sub));
    (void)PH_RUN(tx, FORGET_ALL_STEPS, ph_v_text(pool->id), ph_v_text(sub));
    return true;
}
