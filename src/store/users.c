#include "store/users.h"

#include "store/internal.h"
#include "store/user_names.h"
#include "store/user_row.h"

static const char BY_SUB[] = "SELECT " PH_USER_COLUMNS ", " PH_USER_SECRETS
                             " FROM users u WHERE u.pool_id = $1 AND u.sub = $2";

struct ph_err ph_store_user_by_sub(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                   struct ph_str sub, struct ph_user **user)
{
    struct ph_user *found = NULL;
    struct ph_q q;

    PH_READ(ctx, &q, BY_SUB, ph_v_text(pool->id), ph_v_text(sub));
    if (ph_q_row(&q)) {
        found = ph_user_decode_whole(&q, ctx->arena, pool);
    }
    PH_TRY(ph_read_end(&q));
    *user = found;
    return PH_OK;
}

static const char BY_ALIAS[] = "SELECT " PH_USER_COLUMNS ", " PH_USER_SECRETS " FROM user_aliases a"
                               " JOIN users u ON u.pool_id = a.pool_id AND u.sub = a.sub"
                               " WHERE a.pool_id = $1 AND a.kind = $2 AND a.value = $3";

struct ph_err ph_store_user_by_alias(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                     enum ph_alias_kind kind, struct ph_str value,
                                     struct ph_user **user)
{
    struct ph_user *found = NULL;
    struct ph_q q;

    PH_READ(ctx, &q, BY_ALIAS, ph_v_text(pool->id), ph_v_int(kind), ph_v_bytes(value));
    if (ph_q_row(&q)) {
        found = ph_user_decode_whole(&q, ctx->arena, pool);
    }
    PH_TRY(ph_read_end(&q));
    *user = found;
    return PH_OK;
}

static const char BY_IDENTITY[] =
    "SELECT " PH_USER_COLUMNS ", " PH_USER_SECRETS " FROM identities i"
    " JOIN users u ON u.pool_id = i.pool_id AND u.sub = i.sub WHERE i.pool_id = $1"
    " AND i.provider = $2 AND i.attribute = $3 AND i.value = $4"
    " AND ($5 = 0 OR i.provider_ms = $5)";

struct ph_err ph_store_user_by_identity(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                        const struct ph_identity *identity, struct ph_user **user)
{
    struct ph_user *found = NULL;
    struct ph_q q;

    PH_READ(ctx, &q, BY_IDENTITY, ph_v_text(pool->id), ph_v_text(identity->provider),
            ph_v_text(identity->attribute), ph_v_bytes(identity->value),
            ph_v_int(identity->provider_ms));
    if (ph_q_row(&q)) {
        found = ph_user_decode_whole(&q, ctx->arena, pool);
    }
    PH_TRY(ph_read_end(&q));
    *user = found;
    return PH_OK;
}

/* --- hashes that were made elsewhere --- */

static const char HASH_FROM[] = "SELECT sub, password_hash FROM users WHERE pool_id = $1"
                                " AND password_hash IS NOT NULL AND sub >= $2 ORDER BY sub LIMIT 1";

static struct ph_err hash_from(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                               struct ph_str sub, struct ph_str *hash)
{
    struct ph_str found = { 0 };
    struct ph_q q;

    PH_READ(ctx, &q, HASH_FROM, ph_v_text(pool->id), ph_v_text(sub));
    if (ph_q_row(&q) && !ph_user_open_hash(ctx->arena, pool, ph_q_str(&q, ctx->arena, 0),
                                           ph_q_str(&q, ctx->arena, 1), &found)) {
        ph_q_broken(&q, "the password hash of a user does not open");
    }
    PH_TRY(ph_read_end(&q));
    *hash = found;
    return PH_OK;
}

struct ph_err ph_store_user_some_hash(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                      struct ph_str sub, struct ph_str *hash)
{
    struct ph_str found;

    PH_TRY(hash_from(ctx, pool, sub, &found));
    if (found.p == NULL) {
        PH_TRY(hash_from(ctx, pool, PH_STR(""), &found));
    }
    *hash = found;
    return PH_OK;
}

/* --- deleting --- */

struct naming {
    struct ph_arena *arena;
    struct ph_str pool_id;
    struct ph_str sub;
    int64_t at_ms;
    bool existed;
};

static const char DELETE_USER[] = "DELETE FROM users WHERE pool_id = $1 AND sub = $2";
static const char DELETE_CODES[] = "DELETE FROM user_codes WHERE pool_id = $1 AND sub = $2";
static const char DELETE_LOCKOUT[] = "DELETE FROM lockouts WHERE pool_id = $1 AND subject = $2";
static const char DELETE_TOTP[] = "DELETE FROM user_totp WHERE pool_id = $1 AND sub = $2";
static const char DELETE_STEPS[] = "DELETE FROM totp_steps WHERE pool_id = $1 AND sub = $2";
static const char DELETE_DEVICES[] = "DELETE FROM devices WHERE pool_id = $1 AND sub = $2";
static const char DELETE_PASSKEYS[] = "DELETE FROM passkeys WHERE pool_id = $1 AND sub = $2";
static const char DELETE_MEMBERSHIPS[] = "DELETE FROM group_members"
                                         " WHERE pool_id = $1 AND sub = $2";
static const char DELETE_SESSIONS[] = "DELETE FROM token_sessions"
                                      " WHERE pool_id = $1 AND sub = $2";
static const char DELETE_IDENTITIES[] = "DELETE FROM identities"
                                        " WHERE pool_id = $1 AND sub = $2";
static const char DELETE_EVENTS[] = "DELETE FROM auth_events WHERE pool_id = $1 AND sub = $2";

static void delete_user(struct ph_tx *tx, void *arg)
{
    struct naming *n = arg;
    const struct ph_db_value pool = ph_v_text(n->pool_id), sub = ph_v_text(n->sub);
    const struct ph_user_names names = ph_user_names_read(tx, n->arena, n->pool_id, n->sub);

    n->existed = PH_RUN(tx, DELETE_USER, pool, sub) > 0;
    ph_user_names_drop(tx, n->pool_id, n->sub, &names, NULL, 0);
    (void)PH_RUN(tx, DELETE_CODES, pool, sub);
    (void)PH_RUN(tx, DELETE_LOCKOUT, pool, ph_v_bytes(n->sub));
    (void)PH_RUN(tx, DELETE_DEVICES, pool, sub);
    (void)PH_RUN(tx, DELETE_PASSKEYS, pool, sub);
    (void)PH_RUN(tx, DELETE_MEMBERSHIPS, pool, sub);
    (void)PH_RUN(tx, DELETE_SESSIONS, pool, sub);
    (void)PH_RUN(tx, DELETE_IDENTITIES, pool, sub);
    (void)PH_RUN(tx, DELETE_EVENTS, pool, sub);
    (void)PH_RUN(tx, DELETE_TOTP, pool, sub);
    (void)PH_RUN(tx, DELETE_STEPS, pool, sub);
}

struct ph_err ph_store_user_delete(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                   struct ph_str sub, bool *existed)
{
    struct naming n = { .arena = ctx->arena, .pool_id = pool->id, .sub = sub };

    PH_TRY(ph_write(ctx, delete_user, &n));
    *existed = n.existed;
    return PH_OK;
}

/* --- signing out --- */

/*
 * The revision stays: whoever writes the whole user meanwhile never moves this back either
 * (user_write.c), so that nobody needs to read again.
 *
 * When the clock was set back there may be sign-ins later than now. They end, too: no sign-in is
 * later than the time of the last sign-out (auth/ makes it so) or its event, which is of the first
 * challenge, at most 15 minutes before the end.
 */
static const char SIGN_OUT[] =
    "UPDATE users SET tokens_valid_after_ms = (SELECT max(t.at) FROM (SELECT $3 AS at"
    " UNION ALL SELECT users.tokens_valid_after_ms + 1"
    " UNION ALL SELECT max(at_ms) + 900001 FROM auth_events"
    " WHERE pool_id = $1 AND sub = $2 AND at_ms > $3) AS t)"
    " WHERE pool_id = $1 AND sub = $2";

static void sign_out(struct ph_tx *tx, void *arg)
{
    const struct naming *n = arg;

    (void)PH_RUN(tx, SIGN_OUT, ph_v_text(n->pool_id), ph_v_text(n->sub), ph_v_int(n->at_ms));
    (void)PH_RUN(tx, DELETE_SESSIONS, ph_v_text(n->pool_id), ph_v_text(n->sub));
}

struct ph_err ph_store_user_sign_out(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                     struct ph_str sub, int64_t at_ms)
{
    struct naming n = { .pool_id = pool->id, .sub = sub, .at_ms = at_ms };

    return ph_write(ctx, sign_out, &n);
}

/* --- codes --- */

struct attempt {
    struct ph_ctx *ctx;
    struct ph_str pool_id;
    struct ph_str sub;
    enum ph_code_purpose purpose;
    struct ph_code *code;
    int64_t attempts;
};

#define CODE_COLUMNS "hmac, attribute, destination, expires_ms"

static const char FIND_CODE[] = "SELECT " CODE_COLUMNS " FROM user_codes"
                                " WHERE pool_id = $1 AND sub = $2 AND purpose = $3";
static const char COUNT_ATTEMPT[] = "UPDATE user_codes SET attempts = attempts + 1"
                                    " WHERE pool_id = $1 AND sub = $2 AND purpose = $3"
                                    " RETURNING " CODE_COLUMNS ", attempts";

static struct ph_code *decode_code(struct ph_q *q, struct ph_arena *arena,
                                   enum ph_code_purpose purpose)
{
    struct ph_code *code = ph_arena_new(arena, struct ph_code);
    const struct ph_str hmac = ph_q_str(q, arena, 0);

    if (hmac.n != sizeof code->hmac) {
        ph_q_broken(q, "a row of user_codes is broken");
        return NULL;
    }
    for (size_t i = 0; i < hmac.n; i++) {
        code->hmac[i] = hmac.p[i];
    }
    code->purpose = purpose;
    code->attribute = ph_q_str(q, arena, 1);
    code->destination = ph_q_str(q, arena, 2);
    code->expires_ms = ph_q_int(q, 3);
    return code;
}

struct ph_err ph_store_code_find(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                 struct ph_str sub, enum ph_code_purpose purpose,
                                 struct ph_code **code)
{
    struct ph_code *found = NULL;
    struct ph_q q;

    PH_READ(ctx, &q, FIND_CODE, ph_v_text(pool->id), ph_v_text(sub), ph_v_int(purpose));
    if (ph_q_row(&q)) {
        found = decode_code(&q, ctx->arena, purpose);
    }
    PH_TRY(ph_read_end(&q));
    *code = found;
    return PH_OK;
}

static void count_attempt(struct ph_tx *tx, void *arg)
{
    struct attempt *a = arg;
    struct ph_q q;

    PH_QUERY(tx, &q, COUNT_ATTEMPT, ph_v_text(a->pool_id), ph_v_text(a->sub), ph_v_int(a->purpose));
    while (ph_q_row(&q)) { /* to the end: only then the statement is whole */
        a->code = decode_code(&q, a->ctx->arena, a->purpose);
        a->attempts = ph_q_int(&q, 4);
    }
    ph_q_end(&q);
}

struct ph_err ph_store_code_attempt(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                    struct ph_str sub, enum ph_code_purpose purpose,
                                    struct ph_code **code, int64_t *attempts)
{
    struct attempt a = { .ctx = ctx, .pool_id = pool->id, .sub = sub, .purpose = purpose };

    PH_TRY(ph_write(ctx, count_attempt, &a));
    *code = a.code;
    *attempts = a.attempts;
    return PH_OK;
}
