/* Writing a user with all that changes at the same time, in one transaction. */
#include "store/internal.h"
#include "store/totp.h"
#include "store/user_names.h"
#include "store/user_row.h"
#include "store/users.h"
#include "util/unicode.h"

#include <assert.h>

/* Attributes that ListUsers filters on, in the order of the columns in the texts. */
static const struct ph_str INDEXED[] = {
    PH_STR_INIT("email"),      PH_STR_INIT("phone_number"), PH_STR_INIT("name"),
    PH_STR_INIT("given_name"), PH_STR_INIT("family_name"),  PH_STR_INIT("preferred_username"),
};
enum { INDEXED_COUNT = sizeof INDEXED / sizeof INDEXED[0] };

struct ph_user_writing {
    struct ph_ctx *ctx;
    const struct ph_pool_ref *pool;
    const struct ph_user_change *change;
    /* Made before the transaction, so that it stays short. */
    struct ph_str attrs;
    struct ph_db_value indexed[INDEXED_COUNT]; /* folded */
    struct ph_str password;
    struct ph_str history;
    struct ph_str hash;
    const struct ph_message *messages;
    const struct ph_totp_change *totp;
    /* Results. */
    enum ph_user_write result;
    enum ph_alias_kind taken;
};

static void give_up(struct ph_tx *tx, struct ph_user_writing *w, enum ph_user_write result)
{
    if (tx->verdict == PH_DB_DONE) {
        w->result = result;
        ph_tx_abandon(tx);
    }
}

/* --- the user --- */

static const char INSERT_USER[] =
    "INSERT INTO users (pool_id, sub, username, status, enabled, created_ms, modified_ms,"
    " tokens_valid_after_ms, password_set_ms, attrs, password, password_history, email,"
    " phone_number, name, given_name, family_name, preferred_username, revision, mfa, "
    "password_hash, origin)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,"
    " $19 + 1, $20, $21, $22) ON CONFLICT (pool_id, sub) DO NOTHING";

static const char UPDATE_USER[] =
    "UPDATE users SET username = $3, status = $4, enabled = $5, created_ms = $6,"
    " modified_ms = $7,"
    " tokens_valid_after_ms = CASE WHEN tokens_valid_after_ms > $8 THEN tokens_valid_after_ms"
    " ELSE $8 END,"
    " password_set_ms = $9, attrs = $10, password = $11, password_history = $12, email = $13,"
    " phone_number = $14, name = $15, given_name = $16, family_name = $17,"
    " preferred_username = $18, revision = revision + 1, mfa = $20, password_hash = $21,"
    " origin = $22"
    " WHERE pool_id = $1 AND sub = $2 AND revision = $19";

static void put_user(struct ph_tx *tx, struct ph_user_writing *w)
{
    const struct ph_user *user = w->change->user;
    const int64_t changed =
        PH_RUN(tx, user->revision == 0 ? INSERT_USER : UPDATE_USER, ph_v_text(w->pool->id),
               ph_v_text(user->sub), ph_v_bytes(user->username),
               ph_v_bytes(ph_user_status_text(user->status)), ph_v_int(user->enabled),
               ph_v_int(user->created_ms), ph_v_int(user->modified_ms),
               ph_v_int(user->tokens_valid_after_ms), ph_v_int(user->password_set_ms),
               ph_v_text(w->attrs), ph_v_bytes(w->password), ph_v_bytes(w->history), w->indexed[0],
               w->indexed[1], w->indexed[2], w->indexed[3], w->indexed[4], w->indexed[5],
               ph_v_int(user->revision), ph_v_int(ph_user_mfa_encode(user)), ph_v_bytes(w->hash),
               ph_v_int(ph_user_origin_encode(user)));

    if (changed == 0) {
        give_up(tx, w, PH_USER_CONFLICT);
    }
}

/* --- its names --- */

static const char CLAIM_ALIAS[] = "INSERT INTO user_aliases (pool_id, kind, value, sub)"
                                  " VALUES ($1, $2, $3, $4)"
                                  " ON CONFLICT (pool_id, kind, value) DO NOTHING";
static const char ALIAS_OWNER[] = "SELECT sub FROM user_aliases"
                                  " WHERE pool_id = $1 AND kind = $2 AND value = $3";
static const char MOVE_ALIAS[] = "UPDATE user_aliases SET sub = $4 WHERE pool_id = $1"
                                 " AND kind = $2 AND value = $3 AND sub = $5";
static const char READ_ATTRS[] = "SELECT attrs, revision FROM users"
                                 " WHERE pool_id = $1 AND sub = $2";
static const char WRITE_ATTRS[] = "UPDATE users SET attrs = $3, modified_ms = $4,"
                                  " revision = revision + 1"
                                  " WHERE pool_id = $1 AND sub = $2 AND revision = $5";

/* The attribute that says whether a name of this kind was verified; absent: there is none. */
static struct ph_str verified_attribute(enum ph_alias_kind kind)
{
    switch (kind) {
    case PH_ALIAS_EMAIL:
        return PH_STR("email_verified");
    case PH_ALIAS_PHONE:
        return PH_STR("phone_number_verified");
    case PH_ALIAS_USERNAME:
    case PH_ALIAS_PREFERRED_USERNAME:
        break;
    }
    return (struct ph_str){ 0 };
}

static void write_unverified(struct ph_tx *tx, struct ph_user_writing *w, struct ph_str owner,
                             struct ph_attrs *attrs, int64_t revision, struct ph_str flag)
{
    struct ph_str text;

    ph_attrs_set(w->ctx->arena, attrs, flag, PH_STR("false"));
    text = ph_attrs_encode(w->ctx->arena, attrs);
    if (PH_RUN(tx, WRITE_ATTRS, ph_v_text(w->pool->id), ph_v_text(owner), ph_v_text(text),
               ph_v_int(w->change->user->modified_ms), ph_v_int(revision)) == 0) {
        give_up(tx, w, PH_USER_CONFLICT);
    }
}

static void unverify_owner(struct ph_tx *tx, struct ph_user_writing *w, struct ph_str owner,
                           enum ph_alias_kind kind)
{
    const struct ph_str flag = verified_attribute(kind);
    struct ph_attrs attrs;
    int64_t revision = 0;
    struct ph_q q;

    PH_QUERY(tx, &q, READ_ATTRS, ph_v_text(w->pool->id), ph_v_text(owner));
    if (ph_q_row(&q)) {
        revision = ph_q_int(&q, 1);
        if (!ph_attrs_decode(w->ctx->arena, ph_q_str(&q, w->ctx->arena, 0), &attrs)) {
            ph_q_broken(&q, "the attributes of an alias's owner are broken");
        }
    }
    ph_q_end(&q);
    if (tx->verdict == PH_DB_DONE && revision != 0 && flag.p != NULL) {
        write_unverified(tx, w, owner, &attrs, revision, flag);
    }
}

static struct ph_str owner_of(struct ph_tx *tx, struct ph_user_writing *w,
                              const struct ph_alias *alias)
{
    struct ph_str owner = { 0 };
    struct ph_q q;

    PH_QUERY(tx, &q, ALIAS_OWNER, ph_v_text(w->pool->id), ph_v_int(alias->kind),
             ph_v_bytes(alias->value));
    if (ph_q_row(&q)) {
        owner = ph_q_str(&q, w->ctx->arena, 0);
    }
    ph_q_end(&q);
    return owner;
}

static void take_alias(struct ph_tx *tx, struct ph_user_writing *w, const struct ph_alias *alias)
{
    const struct ph_str sub = w->change->user->sub;
    const struct ph_str owner = owner_of(tx, w, alias);

    if (tx->verdict != PH_DB_DONE || ph_str_eq(owner, sub)) {
        return; /* failed, or listed twice: ours already */
    }
    if (!alias->take) {
        w->taken = alias->kind;
        give_up(tx, w, PH_USER_ALIAS_TAKEN);
        return;
    }
    if (PH_RUN(tx, MOVE_ALIAS, ph_v_text(w->pool->id), ph_v_int(alias->kind),
               ph_v_bytes(alias->value), ph_v_text(sub), ph_v_text(owner)) == 0) {
        give_up(tx, w, PH_USER_CONFLICT);
    }
    unverify_owner(tx, w, owner, alias->kind);
}

bool ph_user_writing_is_taken(struct ph_tx *tx, struct ph_user_writing *w, enum ph_alias_kind *kind)
{
    for (size_t i = 0; i < w->change->alias_count; i++) {
        if (owner_of(tx, w, &w->change->aliases[i]).p != NULL) {
            *kind = w->change->aliases[i].kind;
            return true;
        }
    }
    return false;
}

static void claim_alias(struct ph_tx *tx, struct ph_user_writing *w, const struct ph_alias *alias)
{
    if (PH_RUN(tx, CLAIM_ALIAS, ph_v_text(w->pool->id), ph_v_int(alias->kind),
               ph_v_bytes(alias->value), ph_v_text(w->change->user->sub)) == 0) {
        take_alias(tx, w, alias);
    }
}

static void put_aliases(struct ph_tx *tx, struct ph_user_writing *w,
                        const struct ph_user_names *before)
{
    const struct ph_user_change *c = w->change;

    ph_user_names_drop(tx, w->pool->id, c->user->sub, before, c->aliases, c->alias_count);
    for (size_t i = 0; i < c->alias_count; i++) {
        claim_alias(tx, w, &c->aliases[i]);
    }
}

/* --- its codes --- */

static const char DROP_CODE[] = "DELETE FROM user_codes"
                                " WHERE pool_id = $1 AND sub = $2 AND purpose = $3";
static const char PUT_CODE[] =
    "INSERT INTO user_codes (pool_id, sub, purpose, hmac, attribute, destination, expires_ms,"
    " attempts) VALUES ($1, $2, $3, $4, $5, $6, $7, 0)"
    " ON CONFLICT (pool_id, sub, purpose) DO UPDATE SET hmac = excluded.hmac,"
    " attribute = excluded.attribute, destination = excluded.destination,"
    " expires_ms = excluded.expires_ms, attempts = 0";

static int64_t drop_code(struct ph_tx *tx, struct ph_user_writing *w, enum ph_code_purpose purpose)
{
    return PH_RUN(tx, DROP_CODE, ph_v_text(w->pool->id), ph_v_text(w->change->user->sub),
                  ph_v_int(purpose));
}

static void spend_code(struct ph_tx *tx, struct ph_user_writing *w)
{
    if (drop_code(tx, w, w->change->drop_purpose) == 0) {
        give_up(tx, w, PH_USER_CONFLICT);
    }
}

static void forget_codes(struct ph_tx *tx, struct ph_user_writing *w)
{
    for (unsigned purpose = 0; w->change->forget_codes >> purpose != 0; purpose++) {
        if ((w->change->forget_codes >> purpose & 1U) != 0) {
            (void)drop_code(tx, w, (enum ph_code_purpose)purpose);
        }
    }
}

static void put_code(struct ph_tx *tx, struct ph_user_writing *w, const struct ph_code *code)
{
    const struct ph_str hmac = { code->hmac, sizeof code->hmac };

    (void)PH_RUN(tx, PUT_CODE, ph_v_text(w->pool->id), ph_v_text(w->change->user->sub),
                 ph_v_int(code->purpose), ph_v_bytes(hmac), ph_v_text(code->attribute),
                 ph_v_text(code->destination), ph_v_int(code->expires_ms));
}

/* --- its identities at other providers --- */

/* That of a provider that is gone is free. */
static const char CLAIM_IDENTITY[] =
    "INSERT INTO identities (pool_id, provider, attribute, value, sub, provider_ms)"
    " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (pool_id, provider, attribute, value)"
    " DO UPDATE SET sub = excluded.sub, provider_ms = excluded.provider_ms"
    " WHERE identities.provider_ms <> excluded.provider_ms";
static const char DROP_IDENTITY[] =
    "DELETE FROM identities WHERE pool_id = $1 AND provider = $2 AND attribute = $3"
    " AND value = $4 AND sub = $5";

static void put_identities(struct ph_tx *tx, struct ph_user_writing *w)
{
    const struct ph_identity *link = w->change->link, *unlink = w->change->unlink;
    const struct ph_db_value pool = ph_v_text(w->pool->id), sub = ph_v_text(w->change->user->sub);

    if (unlink != NULL &&
        PH_RUN(tx, DROP_IDENTITY, pool, ph_v_text(unlink->provider), ph_v_text(unlink->attribute),
               ph_v_bytes(unlink->value), sub) == 0) {
        give_up(tx, w, PH_USER_CONFLICT);
    }
    if (link != NULL &&
        PH_RUN(tx, CLAIM_IDENTITY, pool, ph_v_text(link->provider), ph_v_text(link->attribute),
               ph_v_bytes(link->value), sub, ph_v_int(link->provider_ms)) == 0) {
        give_up(tx, w, PH_USER_IDENTITY_TAKEN);
    }
}

/* --- all of it --- */

/* Of who is new, none; and they do not matter when the names stay as they are. */
static struct ph_user_names names_before(struct ph_tx *tx, const struct ph_user_writing *w)
{
    const struct ph_user *user = w->change->user;

    return user->revision == 0 || w->change->aliases == NULL
               ? (struct ph_user_names){ .count = 0 }
               : ph_user_names_read(tx, w->ctx->arena, w->pool->id, user->sub);
}

void ph_user_writing_run(struct ph_tx *tx, void *arg)
{
    struct ph_user_writing *w = arg;
    const struct ph_user_names before = names_before(tx, w);

    w->result = PH_USER_DONE; /* it may run again */
    put_user(tx, w);
    if (w->change->drop_code) {
        spend_code(tx, w);
    }
    if (w->change->aliases != NULL) {
        put_aliases(tx, w, &before);
    }
    forget_codes(tx, w);
    put_identities(tx, w);
    if (!ph_totp_write(tx, w->pool, w->change->user->sub, w->totp)) {
        give_up(tx, w, PH_USER_CONFLICT);
    }
    for (size_t i = 0; i < w->change->put_code_count; i++) {
        put_code(tx, w, &w->change->put_codes[i]);
    }
    ph_outbox_insert(tx, w->messages, w->change->message_count);
}

static void fold_indexed(struct ph_user_writing *w)
{
    for (size_t i = 0; i < INDEXED_COUNT; i++) {
        const struct ph_str value = ph_attrs_get(&w->change->user->attrs, INDEXED[i]);

        w->indexed[i] = ph_v_bytes(value.p == NULL ? value : ph_fold_case(w->ctx->arena, value));
    }
}

#ifndef NDEBUG
/* Else the next write of the user would not find them. */
static bool may_own_them(struct ph_arena *arena, const struct ph_user_change *c)
{
    const struct ph_user_names names = ph_user_names_of(arena, c->user->username, &c->user->attrs);

    for (size_t i = 0; i < c->alias_count; i++) {
        if (!ph_user_names_have(names.items, names.count, &c->aliases[i])) {
            return false;
        }
    }
    return true;
}
#endif

struct ph_user_writing *ph_user_writing_new(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                            const struct ph_user_change *change)
{
    struct ph_user_writing *w = ph_arena_new(ctx->arena, struct ph_user_writing);
    struct ph_user *user = change->user;

    assert(may_own_them(ctx->arena, change));
    *w = (struct ph_user_writing){
        .ctx = ctx,
        .pool = pool,
        .change = change,
        .attrs = ph_attrs_encode(ctx->arena, &user->attrs),
        .password = ph_user_seal_password(ctx->arena, pool, user),
        .history = ph_user_seal_history(ctx->arena, pool, user),
        .hash = ph_user_seal_hash(ctx->arena, pool, user),
        .messages = ph_outbox_seal(ctx, change->messages, change->message_count),
        .totp = ph_totp_seal(ctx, pool, user->sub, change->totp),
        .result = PH_USER_DONE,
    };
    fold_indexed(w);
    return w;
}

enum ph_user_write ph_user_writing_end(const struct ph_user_writing *w, enum ph_alias_kind *taken)
{
    if (w->result == PH_USER_DONE) {
        w->change->user->revision++;
    } else if (w->result == PH_USER_ALIAS_TAKEN && taken != NULL) {
        *taken = w->taken;
    }
    return w->result;
}

struct ph_err ph_store_user_write(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                  const struct ph_user_change *change, enum ph_user_write *result,
                                  enum ph_alias_kind *taken)
{
    struct ph_user_writing *w = ph_user_writing_new(ctx, pool, change);

    PH_TRY(ph_write_sealed(ctx, pool, ph_user_writing_run, w));
    *result = ph_user_writing_end(w, taken);
    return PH_OK;
}
