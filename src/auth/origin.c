/*
 * Sign-ins of those whom only the service knows that the pool leaves (docs/leaving.md): passwords
 * are asked for there, SRP exchanges are passed on, refresh tokens are adopted.
 */
#include "user/origin.h"
#include "auth/internal.h"
#include "crypto/hash.h"
#include "store/parked.h"
#include "token/refresh_token.h"
#include "token/token_session.h"
#include "user/event.h"
#include "util/encode.h"

static struct ph_err too_many(void)
{
    return PH_FAIL(TooManyRequestsException, "Too many requests");
}

/* ---- passwords ---- */

/* Whoever does not exist was asked for when he was looked for, if his password was there by then.
 */
static bool asks_for(const struct ph_attempt *attempt)
{
    return attempt->exists ? ph_user_waits(attempt->pool, attempt->user)
                           : attempt->pool->origin != NULL && !attempt->may_migrate;
}

static void become(struct ph_attempt *attempt, struct ph_user *user)
{
    attempt->user = user;
    attempt->exists = true;
}

struct ph_err ph_origin_prove(struct ph_ctx *ctx, struct ph_attempt *attempt,
                              struct ph_str password, bool *right)
{
    const struct ph_newcomer given = {
        .client = attempt->client,
        .name = attempt->name,
        .password = password,
        .known = attempt->exists ? attempt->user : NULL,
    };
    struct ph_user *user;

    *right = false;
    if (!asks_for(attempt)) {
        return PH_OK;
    }
    PH_TRY(ph_user_from_origin(ctx, attempt->pool, &given, &user));
    if (user != NULL) { /* what is kept decides: he may have got another password meanwhile */
        become(attempt, user);
        *right = ph_password_matches(ctx, attempt->pool, user, password);
    }
    return PH_OK;
}

/* ---- SRP ---- */

static struct ph_str relay_id(struct ph_ctx *ctx, struct ph_str secret_block)
{
    struct ph_digest digest;

    PH_SHA256(&digest, secret_block);
    return ph_strf(ctx->arena, "srp %.*s", PH_FMT(ph_hex(ctx->arena, ph_digest_str(&digest))));
}

/* Our own block stands for the state of the attempt: it opens by nothing else than that id. */
static struct ph_err park(struct ph_ctx *ctx, const struct ph_attempt *attempt,
                          const struct ph_session *session, const struct ph_origin_srp *srp)
{
    const struct ph_srp_state none = { .secret_b = { 0 } };
    const struct ph_str block = ph_secret_block_seal(ctx, attempt->pool, session, &none);
    const struct ph_str text = PH_CONCAT(ctx->arena, block, PH_STR(" "), srp->user_id);

    return ph_store_parked_put(ctx, &attempt->pool->ref, relay_id(ctx, srp->secret_block), text,
                               session->expires_ms);
}

static bool is_relayed(const struct ph_attempt *attempt)
{
    return attempt->exists ? ph_user_waits(attempt->pool, attempt->user)
                           : attempt->pool->origin != NULL && attempt->may_relay;
}

/* Without an exchange there: whoever exists here is told what helps him; others, as ever. */
static struct ph_err no_relay(const struct ph_attempt *attempt, enum ph_origin_word word)
{
    if (attempt->client->hides_users) {
        return PH_OK;
    }
    if (word == PH_ORIGIN_SAYS_NOTHING) {
        return too_many();
    }
    return attempt->exists ? PH_FAIL(PasswordResetRequiredException, PH_MSG_RESET_REQUIRED)
                           : PH_FAIL(UserNotFoundException, PH_MSG_USER_UNKNOWN);
}

struct ph_err ph_origin_relay(struct ph_ctx *ctx, const struct ph_attempt *attempt,
                              const struct ph_session *session, struct json_t *parameters,
                              bool *relayed)
{
    const struct ph_str name = attempt->exists ? attempt->user->username : attempt->name;
    struct ph_origin_srp srp;
    enum ph_origin_word word;

    *relayed = false;
    if (!is_relayed(attempt)) {
        return PH_OK;
    }
    word = ph_origin_begin_srp(ctx, attempt->pool, attempt->client, name,
                               ph_answer(attempt, "SRP_A"), &srp);
    if (word != PH_ORIGIN_SAYS_YES) {
        return no_relay(attempt, word);
    }
    PH_TRY(park(ctx, attempt, session, &srp));
    ph_json_set_str(ctx->arena, parameters, "SALT", srp.salt);
    ph_json_set_str(ctx->arena, parameters, "SECRET_BLOCK", srp.secret_block);
    ph_json_set_str(ctx->arena, parameters, "SRP_B", srp.srp_b);
    ph_json_set_str(ctx->arena, parameters, "USERNAME", srp.user_id);
    ph_json_set_str(ctx->arena, parameters, "USER_ID_FOR_SRP", srp.user_id);
    *relayed = true;
    return PH_OK;
}

struct ph_err ph_origin_relay_open(struct ph_ctx *ctx, struct ph_attempt *attempt, bool *opened)
{
    const struct ph_str given = ph_answer(attempt, "PASSWORD_CLAIM_SECRET_BLOCK");
    struct ph_str text, block, user_id;

    PH_TRY(ph_store_parked_find(ctx, &attempt->pool->ref, relay_id(ctx, given), &text));
    *opened = text.n > 0 && ph_str_cut(text, ' ', &block, &user_id) &&
              ph_secret_block_open(ctx, attempt->pool, block, &attempt->opened, &attempt->srp,
                                   &attempt->secret_block);
    if (*opened) {
        attempt->relayed = user_id;
    }
    return PH_OK;
}

struct ph_err ph_origin_relay_answer(struct ph_ctx *ctx, struct ph_attempt *attempt, bool *right)
{
    const struct ph_origin_proof proof = {
        .user_id = attempt->relayed,
        .secret_block = ph_answer(attempt, "PASSWORD_CLAIM_SECRET_BLOCK"),
        .signature = ph_answer(attempt, "PASSWORD_CLAIM_SIGNATURE"),
        .timestamp = ph_answer(attempt, "TIMESTAMP"),
    };
    const struct ph_newcomer given = {
        .client = attempt->client,
        .name = attempt->name,
        .known = attempt->exists ? attempt->user : NULL,
    };
    struct ph_origin_reply reply;
    struct ph_user *user;

    *right = false;
    if (attempt->exists && !ph_user_waits(attempt->pool, attempt->user)) {
        return PH_OK; /* he has got a password here meanwhile: that one counts */
    }
    ph_origin_answer_srp(ctx, attempt->pool, attempt->client, &proof, &reply);
    if (reply.word == PH_ORIGIN_SAYS_NOTHING) {
        return too_many();
    }
    PH_TRY(ph_user_keep_from_origin(ctx, attempt->pool, &given, &reply, &user));
    if (user != NULL && ph_user_waits(attempt->pool, user)) {
        become(attempt, user);
        *right = true;
    }
    return PH_OK;
}

/* ---- refresh tokens ---- */

static struct ph_str adopted_id(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str text)
{
    PH_AUTO(ph_key_wipe) struct ph_key key = { 0 };
    struct ph_digest digest;

    ph_pool_key(pool, PH_PURPOSE_ADOPTED_TOKEN, &key);
    PH_HMAC(((struct ph_str){ key.bytes, sizeof key.bytes }), &digest, text);
    return ph_strf(ctx->arena, "refresh %.*s", PH_FMT(ph_hex(ctx->arena, ph_digest_str(&digest))));
}

struct ph_err ph_refresh_adopted(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str text,
                                 struct ph_refresh_token *token, bool *adopted)
{
    struct ph_str ours;

    PH_TRY(ph_store_parked_find(ctx, &pool->ref, adopted_id(ctx, pool, text), &ours));
    *adopted = ours.n > 0 && ph_refresh_token_open(ctx, pool, ours, token);
    return PH_OK;
}

/* By his sub; who came by a file without subs, by the Username that he brought along. */
static struct ph_err find_owner(struct ph_ctx *ctx, const struct ph_pool *pool,
                                const struct ph_origin_refresh *given,
                                const struct ph_origin_reply *reply, struct ph_user **user)
{
    const struct ph_newcomer newcomer = {
        .client = given->client,
        .name = ph_json_get_str(reply->claims, "username"),
    };
    struct ph_user *named;

    PH_TRY(ph_store_user_by_sub(ctx, &pool->ref, ph_json_get_str(reply->claims, "sub"), user));
    if (*user != NULL) {
        return PH_OK;
    }
    PH_TRY(ph_store_user_by_alias(ctx, &pool->ref, PH_ALIAS_USERNAME,
                                  ph_user_fold(ctx, pool, newcomer.name), &named));
    if (named != NULL) {
        *user = named->origin != PH_ORIGIN_NONE ? named : NULL;
        return PH_OK;
    }
    return ph_user_keep_from_origin(ctx, pool, &newcomer, reply, user);
}

static struct ph_err begin_session(struct ph_ctx *ctx, const struct ph_pool *pool,
                                   const struct ph_client *client, const struct ph_user *user,
                                   const struct ph_refresh_token *token)
{
    const struct ph_auth_granted granted = {
        .pool = pool,
        .client = client,
        .user = user,
        .family = token->family,
    };

    return ph_token_session_begin(ctx, &granted, ph_event_address(ctx, client, NULL),
                                  token->expires_ms);
}

/* Keeps it, unless another server was faster: then its token counts. */
static struct ph_err keep(struct ph_ctx *ctx, const struct ph_pool *pool,
                          const struct ph_origin_refresh *given, const struct ph_user *user,
                          struct ph_refresh_token *token)
{
    const struct ph_str ours = ph_refresh_token_seal(ctx, pool, token);
    bool added, adopted;

    PH_TRY(ph_store_parked_add(ctx, &pool->ref, adopted_id(ctx, pool, given->token), ours,
                               token->expires_ms, &added));
    if (!added) {
        PH_TRY(ph_refresh_adopted(ctx, pool, given->token, token, &adopted));
        return adopted ? PH_OK : too_many();
    }
    return begin_session(ctx, pool, given->client, user, token);
}

/*
 * The sign-in was there, at the time that its token says: whoever was signed out here since is out,
 * and the token is good here for no longer than it would have been.
 */
static struct ph_err adopt_answer(struct ph_ctx *ctx, const struct ph_pool *pool,
                                  const struct ph_origin_refresh *given,
                                  const struct ph_origin_reply *reply,
                                  struct ph_refresh_token *token, bool *adopted)
{
    const int64_t auth_time_ms = ph_json_int(ph_json_get(reply->claims, "auth_time")) * 1000;
    struct ph_user *user;

    PH_TRY(find_owner(ctx, pool, given, reply, &user));
    *token = (struct ph_refresh_token){
        .pool_id = pool->id,
        .client_id = given->client->id,
        .auth_time_ms = auth_time_ms,
        .expires_ms = auth_time_ms + given->client->refresh_token_s * 1000,
    };
    if (user == NULL || auth_time_ms < user->tokens_valid_after_ms ||
        token->expires_ms <= ph_now_ms(ctx)) {
        return PH_OK;
    }
    token->sub = user->sub;
    token->family = ph_new_event_id(ctx, user);
    *adopted = true;
    return keep(ctx, pool, given, user, token);
}

static struct ph_err ask(struct ph_ctx *ctx, const struct ph_pool *pool,
                         const struct ph_origin_refresh *given, struct ph_refresh_token *token,
                         bool *adopted)
{
    struct ph_origin_reply reply;
    struct ph_err err = PH_OK;
    bool again;

    ph_origin_ask_refresh(ctx, pool, given, &reply, &again);
    if (again) {
        PH_TRY(ph_refresh_adopted(ctx, pool, given->token, token, adopted));
        return *adopted ? PH_OK : too_many();
    }
    if (reply.word == PH_ORIGIN_SAYS_YES) {
        err = adopt_answer(ctx, pool, given, &reply, token, adopted);
    } else if (reply.word == PH_ORIGIN_SAYS_NOTHING) {
        err = too_many();
    }
    if (reply.asked) {
        ph_origin_refresh_done(ctx, pool, given->token,
                               err.type == NULL && !*adopted ? PH_REFRESH_NOT_KEPT
                                                             : PH_REFRESH_KEPT);
    }
    return err;
}

struct ph_err ph_refresh_adopt(struct ph_ctx *ctx, const struct ph_pool *pool,
                               const struct ph_origin_refresh *given,
                               struct ph_refresh_token *token, bool *adopted)
{
    PH_TRY(ph_refresh_adopted(ctx, pool, given->token, token, adopted));
    return *adopted || pool->origin == NULL ? PH_OK : ask(ctx, pool, given, token, adopted);
}
